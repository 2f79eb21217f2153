"""Block diagram of a neuron-synapse-neuron unit: what each block computes, from which values, and the signals between them.

Names of signals are the nodes of `cosim.circuits.neuron.unit`, values those of the card.
Not here: the transistors of a block (`schematics_sheet`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cosim.circuits.neuron.card import CurrentBiasedCard, GateBiasedCard, NeuronCard, require
from cosim.circuits.neuron.unit import CELL_W_OVER_L, Parts
from cosim.reporting.schematics import Schematic
from cosim.reporting.schematics_pen import LEAST, NAME, SMALL, Pen, Point
from cosim.reporting.schematics_symbols import DARK
from cosim.reporting.style import BLACK, BLUE, GRAY, MINUS, VERMILLION, quantity

WIDTH = 7.0  # [inch] in print
BOX = (13.4, 7.2)  # width and height
APART = (4.7, 4.4)  # between boxes, across and down
PITCH = 1.05  # of lines of text


@dataclass(frozen=True)
class Block:
    """A box.

    Attributes:
        name: of the instance in the unit's netlist.
        title: what it is.
        lines: what it computes, and its values.
        column, row: its place, from the left and from the top.
    """

    name: str
    title: str
    lines: tuple[str, ...]
    column: int
    row: int

    @property
    def middle(self) -> Point:
        """Of the box, in steps."""
        return self.column * (BOX[0] + APART[0]), -self.row * (BOX[1] + APART[1])

    def side(self, x: float, y: float) -> Point:
        """A point of the rim: -1 is the left and the lower end, 1 the right and the upper one."""
        return self.middle[0] + x * BOX[0] / 2, self.middle[1] + y * BOX[1] / 2


def draw_blocks(card: NeuronCard, parts: Parts, *, spiking: bool, width: float = WIDTH) -> Schematic:
    """The block diagram of a unit.

    Args:
        card: variant.
        parts: its devices.
        spiking: with comparator, refractory time and spike driver.
        width: largest width in print [inch].

    Raises:
        InputError: the variant has no spike output, or a package of the extra ``report`` is not installed.
        CircuitError: at that width the text would be smaller than 6 pt.
    """
    return pen_of(card, parts, spiking=spiking).finish(f"unit {card.name}", width)


def pen_of(card: NeuronCard, parts: Parts, *, spiking: bool) -> Pen:
    """The drawn diagram, before it is written."""
    if spiking:
        require(card, "spikes", "a spike output")
    pen = Pen()
    blocks = {block.name: block for block in blocks_of(card, parts, spiking=spiking)}
    for block in blocks.values():
        _draw(pen, block)
    _front_wires(pen, card, blocks)
    _back_wires(pen, card, blocks)
    if spiking:
        _spike_wires(pen, blocks)
    return pen


def blocks_of(card: NeuronCard, parts: Parts, *, spiking: bool) -> Iterator[Block]:
    """All boxes of a unit."""
    opamp = parts.opamp.name if parts.opamp else "ideal op-amp"
    read, feedback = quantity(card.read_voltage, "V"), quantity(card.feedback_resistance, "ohm")
    yield Block("Xcell", "1T1R cell", ("I = G Vread, gate high", f"Vread {read}, W/L {CELL_W_OVER_L:g}", parts.memristor.name), 0, 0)
    yield Block("Xtia", "transimpedance amplifier", (f"v(tia_out) = {MINUS}Rf I(col)", f"Rf {feedback}", opamp), 1, 0)
    yield Block("Xinv", "inverting low-pass" if card.has("rise") else "inverting amplifier", _inverter_lines(card), 2, 0)
    yield Block("Xn3", "MN3, transconductor" if card.has("linear_input") else "MN3", _transconductor_lines(card), 3, 0)
    if isinstance(card, GateBiasedCard):
        yield from _gate_biased(card)
    elif isinstance(card, CurrentBiasedCard):
        yield from _current_biased(card)
        if spiking:
            yield from _spiking(card)


def _inverter_lines(card: NeuronCard) -> tuple[str, ...]:
    first, second = quantity(card.input_resistance, "ohm"), quantity(card.inverter_resistance, "ohm")
    sizes = f"R1 {first}, R2 {second}"
    if not card.has("rise"):
        offset = (f"offset at out {quantity(card.inverter_offset, 'V')}",) if isinstance(card, GateBiasedCard) else ()
        return (f"v(sense) = {MINUS}(R2/R1) v(tia_out)", sizes, *offset)
    tau = quantity(card.inverter_resistance * card.rise_capacitance, "s")
    return (f"{MINUS}(R2/R1) / (1 + s τrise)", f"τrise = R2 Crise = {tau}", sizes, f"Crise {quantity(card.rise_capacitance, 'F')}")


def _transconductor_lines(card: NeuronCard) -> tuple[str, ...]:
    if not card.has("linear_input"):
        return ("gate driven open-loop:", "iw follows a square or", "an exponential law")
    resistance = f"Rs {quantity(card.source_resistance, 'ohm')}"
    if isinstance(card, CurrentBiasedCard):
        return ("iw = v(sense) / Rs + Iofs", resistance, f"Iofs {quantity(card.offset_current, 'A')}")
    return ("iw = v(sense) / Rs", resistance)


def _gate_biased(card: GateBiasedCard) -> Iterator[Block]:
    synapse = (
        "τsyn = Csyn UT / (κ Itau)",
        f"Csyn {quantity(card.synapse_capacitance, 'F')}",
        f"Vthr {quantity(card.threshold_voltage, 'V')}, Vsyntau {quantity(card.synapse_voltage, 'V')}",
    )
    membrane = (
        "τmem = Cmem UT / Ileak,",
        "while v(mem) is far below UT",
        f"Cmem {quantity(card.membrane_capacitance, 'F')}",
        f"Vmemtau {quantity(card.membrane_voltage, 'V')}",
    )
    yield Block("Xsyn", "DPI synapse", synapse, 0, 1)
    yield Block("Xmem", "membrane", membrane, 1, 1)


def _current_biased(card: CurrentBiasedCard) -> Iterator[Block]:
    size = f"Csyn {quantity(card.synapse_capacitance, 'F')}"
    yield Block("Xsyn", "matched DPI synapse", ("τsyn = Csyn n UT / Itau", size, f"Itau {quantity(card.synapse_current, 'A')}, PTAT"), 0, 1)
    yield Block("Xmir", "current mirror", (f"1 : {card.mirror_ratio}", f"im = {card.mirror_ratio} i(vsyn)"), 1, 1)
    capacitor, resistor = quantity(card.membrane_capacitance, "F"), quantity(card.output_resistance, "ohm")
    if card.current_mode:
        current = quantity(card.membrane_current, "A")
        lines: tuple[str, ...] = ("τmem = Cmem n UT / Itau", f"Cmem {capacitor}", f"Itau {current}, PTAT", f"v(mem) over Rmem {resistor}")
        yield Block("Xmem", "current-mode membrane", lines, 2, 1)
    else:
        tau = quantity(card.output_resistance * card.membrane_capacitance, "s")
        yield Block("Rmem, Cmem", "RC membrane", ("τmem = Rmem Cmem", f"= {tau}", f"Rmem {resistor}, Cmem {capacitor}"), 2, 1)
    yield Block("Xbias", "bias", ("Itau in proportion to T;", "dummies copy the leakage"), 0, 2)


def _spiking(card: CurrentBiasedCard) -> Iterator[Block]:
    held = "state at tp" if card.current_mode else "mem at ground"
    pulse = (f"Cref {quantity(card.refractory_capacitance, 'F')}", f"emptied by {quantity(card.refractory_current, 'A')}:", "pulse and refractory time")
    edge = quantity(card.edge_capacitance * card.supply / card.edge_current, "s")
    yield Block("Xcmp", "comparator", ("fired goes low when", "v(mem) > v(threshold)"), 3, 1)
    yield Block("Xref", "refractory time", pulse, 3, 2)
    yield Block("Xrst", "reset switch", (f"holds {held}", "while reset is high"), 2, 2)
    sizes = f"Cedge {quantity(card.edge_capacitance, 'F')}, Iedge {quantity(card.edge_current, 'A')}"
    yield Block("Xdrv", "spike driver", ("edge = Cedge VDD / Iedge", f"= {edge}", sizes), 3, 3)


def _draw(pen: Pen, block: Block) -> None:
    pen.shape(block.side(-1, -1), block.side(1, -1), block.side(1, 1), block.side(-1, 1))
    x, y = block.middle
    top = y + PITCH * (len(block.lines) + 1) / 2
    pen.text(block.title, x, top, align="center", size=NAME)
    pen.text(block.name, x, top - PITCH, align="center", size=LEAST, color=GRAY)
    for index, line in enumerate(block.lines):
        pen.text(line, x, top - PITCH * (index + 2), align="center", size=SMALL if pen.width(line, SMALL) < BOX[0] - 0.5 else LEAST, color=DARK)


def _flow(pen: Pen, *points: Point, color: str = BLACK) -> None:
    """A line with an arrow at its end."""
    pen.line(*points, color=color)
    pen.arrow(points[-2], points[-1], color=color, size=0.8)


def _across(pen: Pen, first: Block, second: Block, signal: str, *, above: bool = True) -> None:
    """An arrow to the right neighbour, with the signal's name over it or under it."""
    start, end = first.side(1, 0), second.side(-1, 0)
    _flow(pen, start, end)
    pen.text(signal, (start[0] + end[0]) / 2, start[1] + (0.75 if above else -0.75), align="center", size=SMALL, color=BLUE)


def _front_wires(pen: Pen, card: NeuronCard, blocks: dict[str, Block]) -> None:
    cell, tia, inverter, input_stage = (blocks[name] for name in ("Xcell", "Xtia", "Xinv", "Xn3"))
    _across(pen, cell, tia, "col")
    _across(pen, tia, inverter, "tia_out")
    _across(pen, inverter, input_stage, "gate_n3", above=card.has("linear_input"))
    for share, signal in ((-0.45, "te"), (0.3, "v(gate_in)")):
        x, y = cell.side(share, 1)
        _flow(pen, (x, y + 2.2), (x, y))
        pen.text(signal, x, y + 2.9, align="center", size=SMALL, color=BLUE)
    start = input_stage.side(-0.4, 1) if card.has("linear_input") else (input_stage.side(-1, 0)[0] - 1.2, input_stage.middle[1])
    roof, end = inverter.side(0, 1)[1] + 2.2, inverter.side(0.2, 1)
    _flow(pen, start, (start[0], roof), (end[0], roof), end, color=VERMILLION)
    if not card.has("linear_input"):
        pen.circle(start, 0.17, color=VERMILLION, fill=VERMILLION)
    words = "sense: feedback from MN3's source" if card.has("linear_input") else "sense: feedback from MN3's gate"
    pen.text(words, (start[0] + end[0]) / 2, roof + 0.7, align="center", size=SMALL, color=VERMILLION)


def _back_wires(pen: Pen, card: NeuronCard, blocks: dict[str, Block]) -> None:
    start, end = blocks["Xn3"].side(0, -1), blocks["Xsyn"].side(0, 1)
    level = (start[1] + end[1]) / 2
    _flow(pen, start, (start[0], level), (end[0], level), end)
    pen.text("iw", (start[0] + end[0]) / 2, level + 0.75, align="center", size=SMALL, color=BLUE)
    membrane = blocks.get("Xmem") or blocks["Rmem, Cmem"]
    if isinstance(card, CurrentBiasedCard):
        _across(pen, blocks["Xsyn"], blocks["Xmir"], "i(vsyn)")
        _across(pen, blocks["Xmir"], membrane, "im")
        _bias_wires(pen, card, blocks, membrane)
    else:
        _across(pen, blocks["Xsyn"], membrane, "i(vsyn)")
    if "Xcmp" not in blocks:
        (x, y), far = membrane.side(1, 0), APART[0]
        _flow(pen, (x, y), (x + far, y))
        pen.text("v(mem)", x + far / 2, y + 0.75, align="center", size=SMALL, color=BLUE)


def _bias_wires(pen: Pen, card: CurrentBiasedCard, blocks: dict[str, Block], membrane: Block) -> None:
    start, end = blocks["Xbias"].side(-0.3, 1), blocks["Xsyn"].side(-0.3, -1)
    _flow(pen, start, end)
    pen.text("bsyn", start[0] - 0.4, (start[1] + end[1]) / 2, align="right", size=SMALL, color=BLUE)
    if card.current_mode:
        start, end = blocks["Xbias"].side(0.4, 1), membrane.side(-0.6, -1)
        level = (start[1] + end[1]) / 2
        _flow(pen, start, (start[0], level), (end[0], level), end)
        pen.text("bmem", (start[0] + end[0]) / 2, level + 0.75, align="center", size=SMALL, color=BLUE)


def _spike_wires(pen: Pen, blocks: dict[str, Block]) -> None:
    membrane = blocks.get("Xmem") or blocks["Rmem, Cmem"]
    _across(pen, membrane, blocks["Xcmp"], "mem")
    reset, refractory, driver = blocks["Xrst"], blocks["Xref"], blocks["Xdrv"]
    held = "state" if "Xmem" in blocks else "mem"
    for first, second, share, signal in ((blocks["Xcmp"], refractory, 0.0, "fired"), (refractory, driver, 0.0, "rest"), (reset, membrane, 0.3, held)):
        upward = second.middle[1] > first.middle[1]
        start, end = first.side(share, 1 if upward else -1), second.side(share, -1 if upward else 1)
        _flow(pen, start, end)
        pen.text(signal, start[0] + 0.5, (start[1] + end[1]) / 2, size=SMALL, color=BLUE)
    start, end = refractory.side(-1, 0), reset.side(1, 0)
    _flow(pen, start, end)
    pen.text("reset", (start[0] + end[0]) / 2, start[1] + 0.75, align="center", size=SMALL, color=BLUE)
    start = driver.side(-1, 0)
    _flow(pen, start, (start[0] - APART[0], start[1]))
    pen.text("v(spike)", start[0] - APART[0] / 2, start[1] + 0.75, align="center", size=SMALL, color=BLUE)
    pen.text("to the gates of the next layer's cells", start[0] - APART[0] - 0.5, start[1], align="right", size=SMALL, color=DARK)
