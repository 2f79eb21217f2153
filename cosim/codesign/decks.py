"""The cells of a design as decks: the I-V loop, alone or over a grid, and the read-out of an array."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from cosim._types import Array
from cosim.analysis import Op
from cosim.circuits.arrays import array, read_bench
from cosim.circuits.cells import Drive, Orientation, bench, cell
from cosim.circuits.circuit import Circuit
from cosim.codesign.cellbench import SWEEP_RATE, Devices, loop, loop_analysis
from cosim.design import Design
from cosim.measure import At, Over
from cosim.spice.deck import Deck, write_deck
from cosim.sweep.jobs import Job, Result
from cosim.sweep.lab import saved_signals

SIGNALS = ("v(bit)", "v(sl)", "v(x1.mid)", "i(vbit)")


def cell_deck(design: Design, orientation: Orientation) -> Deck:
    """The bipolar I-V loop of the cell that a design chose: 0, full voltage, 0, minus full voltage, 0."""
    top, read = design.cell.full_voltage, design.cell.read_voltage
    circuit = bench(_cell(design, orientation), Drive(bit=loop(top), word=design.supply.gate), body=design.cell.body)  # type: ignore[arg-type]
    measures = (
        Over(name="i_max", of="-i(vbit)", how="MAX"),
        Over(name="i_min", of="-i(vbit)", how="MIN"),
        At(name="g_positive", of=f"-i(vbit)/{read:.12g}", position=(2 * top - read) / SWEEP_RATE),
        At(name="g_negative", of=f"i(vbit)/{read:.12g}", position=(4 * top - read) / SWEEP_RATE),
    )
    return write_deck(circuit, loop_analysis(top), measures=measures)


def array_deck(design: Design, orientation: Orientation, *, shape: tuple[int, int], state: float, wire_resistance: float) -> Deck:
    """The read-out of an array of ``shape`` (rows, columns) whose word lines are all on."""
    cells = array(_cell(design, orientation, frozen=True), np.full(shape, state), wire_resistance=wire_resistance)
    word = np.full(shape[0], design.supply.gate)
    return write_deck(read_bench(cells, word=word, read_voltage=design.cell.read_voltage), Op())


def grid(design: Design, *, orientations: Sequence[Orientation], gates: Sequence[Design]) -> Iterator[Job]:
    """The loop of every cell: each orientation, each W/L of the design, each of the designs in `gates`."""
    for orientation, w_over_l, gated in product(orientations, design.transistor.w_over_l, gates):
        sized = replace(gated, transistor=replace(gated.transistor, chosen=w_over_l))
        label = {"orientation": orientation, "w_over_l": w_over_l, "gate": gated.supply.gate}
        yield Job(cell_deck(sized, orientation), saved_signals, label)


def measured(design: Design, result: Result) -> Result:
    """The result of a job of `grid` with measures in the place of its waves; a failed one as it is.

    Measures: `on`, `off` conductance of the cell at the read voltage [S] after either half of the loop, their ratio,
    `share` of the cell's voltage across the transistor there in the on state, largest voltages across the memristor [V].
    """
    if not result.measures:
        return result

    top, read = design.cell.full_voltage, design.cell.read_voltage
    after = [_at(result.measures, end - read / SWEEP_RATE) for end in (2 * top / SWEEP_RATE, 4 * top / SWEEP_RATE)]
    on, off = sorted(after, key=lambda each: each["conductance"], reverse=True)
    memristor = _memristor(result.measures, str(result.label["orientation"]))
    return replace(
        result,
        measures={
            "on": on["conductance"],
            "off": off["conductance"],
            "on_off": on["conductance"] / off["conductance"],
            "share": on["upper" if result.label["orientation"] == "mos" else "lower"],
            "memristor_max": float(memristor.max()),
            "memristor_min": float(memristor.min()),
        },
    )


def _cell(design: Design, orientation: Orientation, *, frozen: bool = False) -> Circuit:

    devices, chosen = Devices.of(design), design.transistor
    return cell(orientation, devices.memristor, devices.mosfet, w_over_l=chosen.chosen, length=chosen.length, frozen=frozen)


def _at(signals: Mapping[str, Array], time: float) -> dict[str, float]:
    """Conductance of the cell at a time, and the shares of its voltage above and below the inner node."""
    bit, line, middle, current = (float(np.interp(time, signals["axis"], signals[name])) for name in (SIGNALS[0], *SIGNALS[1:]))
    return {"conductance": -current / (bit - line), "upper": (bit - middle) / (bit - line), "lower": (middle - line) / (bit - line)}


def _memristor(signals: Mapping[str, Array], orientation: str) -> Array:
    return signals["v(bit)"] - signals["v(x1.mid)"] if orientation == "mod" else signals["v(x1.mid)"] - signals["v(sl)"]
