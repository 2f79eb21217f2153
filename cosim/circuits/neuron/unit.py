"""The whole unit of a variant as a circuit that can be simulated, and chains of spiking units.

Signals of every unit: ``v(gate_in)`` input spike, ``v(tia_out)``, ``i(vsyn)`` synaptic current, ``v(mem)`` membrane,
``v(spike)`` output spike. Each block has a supply of its own behind a 0 V source, ``i(vdd_tia)``, ``i(vdd_synapse)``..., so
that energies can be told apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cosim.circuits.cells import cell
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Capacitor, CurrentSource, Element, Instance, Resistor, Vcvs, VoltageSource
from cosim.circuits.expression import Param
from cosim.circuits.neuron import dpi, frontend, matched, spiking
from cosim.circuits.neuron.card import CurrentBiasedCard, GateBiasedCard, NeuronCard, load_neuron, require
from cosim.circuits.stimuli import PiecewiseLinear, Stimulus, spikes
from cosim.devices.memristor.card import MemristorCard, load_memristor
from cosim.devices.memristor.static import conductance_range
from cosim.devices.mosfet import MosfetCard, load_mosfet
from cosim.devices.opamp import OpampCard
from cosim.errors import CircuitError, reject

SYNAPTIC_CURRENT, MEMBRANE, SPIKE = "i(vsyn)", "v(mem)", "v(spike)"
CELL_W_OVER_L = 65.0  # Lim 2025, section 3.2
DRIVE = 0.5  # [V] behind the transimpedance amplifier for one full weight, at most: MN3 and the synapse take no more
SPIKE_HEIGHT = 3.0  # [V] on the gate of a cell, section 3.3
UNITS_KEPT = 128  # that need not be wired again


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The devices that a unit is made of.

    Attributes:
        opamp: of both amplifiers; None for ideal ones.
        offsets: input offset voltages [V] of transimpedance and inverting amplifier, beside the op-amp card's own.
    """

    memristor: MemristorCard = field(default_factory=lambda: load_memristor("lim2025_analog_window"))
    nmos: MosfetCard = field(default_factory=lambda: load_mosfet("c5n_nmos"))
    pmos: MosfetCard = field(default_factory=lambda: load_mosfet("c5n_pmos"))
    opamp: OpampCard | None = None
    offsets: tuple[float, float] = (0.0, 0.0)


def unit(
    card: NeuronCard | str,
    times: Sequence[float] = (),
    *,
    parts: Parts | None = None,
    weight: float = 1.0,
    noise: float | Stimulus = 0.0,
    held: float | None = None,
    supply: float = 1.0,
    threshold: float | None = None,
) -> Circuit:
    """One unit with its sources.

    Args:
        card: a card, or the name of a variant.
        times: of the input spikes [s], at least a pulse width apart.
        parts: devices.
        weight: filament state of the cell, 0..1.
        noise: relative deviation of the memristor's current.
        held: gate voltage of the cell [V] in the place of spikes; Vread then carries the signal of an ac or noise analysis.
        supply: factor on the supply voltage.
        threshold: of the comparator [V]; None for a unit without spike output, whose membrane is only read.

    Raises:
        InputError: the variant has no spike output.
        CircuitError: the spikes touch, a weight is out of 0..1, the supply is below the need of the stack.
    """
    card, parts = load_neuron(card) if isinstance(card, str) else card, parts or Parts()
    if threshold is not None:
        require(card, "spikes", "a spike output")
    check_unit(card, parts, weight, supply, threshold)
    train = spikes(times, height=SPIKE_HEIGHT) if len(times) and held is None else None
    gate = VoltageSource("in", "gate_in", "0", held or 0.0, train)
    elements = [
        *shared_sources(card, parts, supply, ac=0.0 if held is None else 1.0),
        gate,
        _cell(parts, "", "gate_in", "col", noise),
        *wired_unit(card, parts, "", threshold),
    ]
    if threshold is not None:
        elements.append(Resistor("spike", "spike", "0", 1e12, exact=True))
    return Circuit(
        name=f"neuron_{card.name}",
        description=f"neuron-synapse-neuron unit, variant {card.name}: {card.description}" if card.description else f"unit {card.name}",
        elements=tuple(elements),
        parameters={"w": Parameter(weight, "1", "weight: filament state of the cell, 0..1")},
    )


def columns(card: NeuronCard | str, currents: Sequence[PiecewiseLinear], *, parts: Parts | None = None) -> Circuit:
    """Units side by side, each behind a column of an array whose current [A] is given; ``v(mem1)`` is the first one's membrane."""
    card, parts = load_neuron(card) if isinstance(card, str) else card, parts or Parts()
    elements = shared_sources(card, parts, 1.0)
    for number, current in enumerate(currents, 1):
        elements += [CurrentSource(f"col{number}", "te", f"col{number}", 0.0, current), *wired_unit(card, parts, str(number), None)]
    return Circuit(name=f"columns_{card.name}", description=f"{len(currents)} units behind columns, variant {card.name}", elements=tuple(elements))


def chain(card: NeuronCard | str, times: Sequence[float], *, parts: Parts | None = None, weight: float = 1.0, threshold: float, units: int = 2) -> Circuit:
    """Units in a row: the output spike of each one drives the word line of the next one's cell, through an ideal buffer of gain 1.

    Without the buffer the coupling from the cell back to the slow edges stops the simulator's Newton steps.

    Signals of the k-th unit carry its number: ``v(mem1)``, ``v(spike2)``.

    Raises:
        InputError: the variant has no spike output.
        CircuitError: fewer than two units, or as for `unit`.
    """
    card, parts = load_neuron(card) if isinstance(card, str) else card, parts or Parts()
    require(card, "spikes", "a spike output")
    check_unit(card, parts, weight, 1.0, threshold)
    if units < 2:
        raise reject(CircuitError, "chain", "units", units, ">= 2")
    elements = [*shared_sources(card, parts, 1.0), VoltageSource("in", "gate_in", "0", 0.0, spikes(times, height=SPIKE_HEIGHT))]
    for number in range(1, units + 1):
        source = "gate_in"
        if number > 1:
            source = f"word{number}"
            elements.append(Vcvs(source, source, "0", f"spike{number - 1}", "0", 1.0))
        elements += [_cell(parts, str(number), source, f"col{number}", 0.0), *wired_unit(card, parts, str(number), threshold)]
    elements.append(Resistor("spike", f"spike{units}", "0", 1e12, exact=True))
    return Circuit(
        name=f"chain_{card.name}",
        description=f"{units} spiking units in a row, variant {card.name}",
        elements=tuple(elements),
        parameters={"w": Parameter(weight, "1", "weight: filament state of all cells, 0..1")},
    )


def supplies(card: NeuronCard, parts: Parts, *, spiking_output: bool) -> tuple[str, ...]:
    """Names of the blocks that have a supply of their own."""
    names = [*(("tia", "inverter") if parts.opamp else ()), "synapse"]
    if isinstance(card, CurrentBiasedCard):
        names += ["mirror", *(("membrane", "references") if card.current_mode else ()), "bias", *(("spiking",) if spiking_output else ())]
    return tuple(names)


def check_unit(card: NeuronCard, parts: Parts, weight: float, supply: float, threshold: float | None) -> None:
    """Refuse what no unit can take.

    Raises:
        CircuitError: names weight, supply, threshold or the memristor's current, with what is allowed.
    """
    volts, where = card.supply * supply, f"unit {card.name}"
    if not 0.0 <= weight <= 1.0:
        raise reject(CircuitError, where, "weight", weight, "within 0..1")
    if not volts >= card.least_supply:
        raise reject(CircuitError, where, "supply", volts, f">= {card.least_supply:g} V, the need of its stack of transistors")
    if volts > parts.nmos.largest_voltage:
        raise reject(CircuitError, where, "supply", volts, f"<= {parts.nmos.largest_voltage:g} V, the range of card {parts.nmos.name}")
    if threshold is not None and not 0.0 < threshold < volts:
        raise reject(CircuitError, where, "threshold", threshold, f"> 0 and < {volts:g} V, the supply")
    drive = conductance_range(parts.memristor, voltage=card.read_voltage)[1] * card.read_voltage * card.feedback_resistance
    if drive > DRIVE:
        allowed = f"<= {DRIVE:g} V; a full weight of {parts.memristor.name} asks for a smaller feedback_resistance"
        raise reject(CircuitError, where, "voltage behind the transimpedance amplifier", drive, allowed)


def shared_sources(card: NeuronCard, parts: Parts, supply: float, *, ac: float = 0.0, paired: bool = False) -> list[Element]:
    """Supplies, read voltage and references, shared by all units of a circuit."""
    volts = card.supply * supply
    found: list[Element] = [VoltageSource("dd", "vdd", "0", volts), VoltageSource("read", "te", "0", card.read_voltage, ac=ac)]
    if parts.opamp:
        found.append(VoltageSource("ss", "vss", "0", -volts))
    found.append(VoltageSource("ref1", "ref_tia", "0", parts.offsets[0]))
    found.append(VoltageSource("ref2", "ref_inverter", "0", frontend.inverter_reference(card, paired=paired) + parts.offsets[1]))
    if isinstance(card, CurrentBiasedCard):
        found += _references(card)
    elif isinstance(card, GateBiasedCard):
        for name, value in (("thr", card.threshold_voltage), ("syntau", card.synapse_voltage), ("memtau", card.membrane_voltage)):
            found.append(VoltageSource(name, f"v{name}", "0", value))
    return found


def _references(card: CurrentBiasedCard) -> list[Element]:
    """Gate voltages of the pairs' reference sides and of their cascodes: they move nothing to first order."""
    found: list[Element] = [VoltageSource("tn", "tn", "0", card.npair_reference), VoltageSource("cn", "cn", "tn", card.cascode_shift)]
    if card.current_mode:
        found += [
            VoltageSource("dd_references", "vdd", "vdd_references", 0.0),
            VoltageSource("tp", "vdd_references", "tp", card.ppair_reference),
            VoltageSource("cp", "tp", "cp", card.cascode_shift),
        ]
    return found


@lru_cache(maxsize=8)
def quiet_cell(parts: Parts) -> Circuit:
    """The cell in front of a unit, whose state stays and that has no noise."""
    return cell("mod", parts.memristor, parts.nmos, w_over_l=CELL_W_OVER_L, frozen=True)


def _cell(parts: Parts, number: str, gate: str, column: str, noise: float | Stimulus) -> Instance:
    inner = cell("mod", parts.memristor, parts.nmos, w_over_l=CELL_W_OVER_L, frozen=True, noise=noise)
    return Instance(f"cell{number}", inner, ("te", gate, column, "0"), {"x0": Param("w")})


def wired_unit(
    card: NeuronCard, parts: Parts, number: str, threshold: float | None, *, paired: bool = False, rest: tuple[str, str] | None = None
) -> tuple[Element, ...]:
    """Everything behind the cells; nodes and sources carry the number of the unit.

    The current of the node ``col<number>`` is read; with `paired` that of ``neg<number>`` is subtracted (2T2R). `rest` are the nodes that the membrane is
    reset to and that the threshold is counted from, as `resting_unit` has them; left out, the membrane is reset to no current.
    """
    return _wired(card, parts, number, threshold, paired, rest)


@lru_cache(maxsize=UNITS_KEPT)
def _wired(card: NeuronCard, parts: Parts, number: str, threshold: float | None, paired: bool, rest: tuple[str, str] | None) -> tuple[Element, ...]:
    """Of `wired_unit`: thousands of images go through the same units."""
    builder = _Wiring(card, parts, number)
    found = [*builder.front_end(summing=paired), *(builder.minus() if paired else [])]
    if isinstance(card, CurrentBiasedCard):
        fires = threshold is not None
        return (*found, *builder.current_biased(card, resettable=fires), *(builder.spiking(card, threshold, rest) if threshold is not None else []))
    assert isinstance(card, GateBiasedCard)
    return (*found, *builder.gate_biased(card))


def resting_unit(card: CurrentBiasedCard, parts: Parts, *, paired: bool = False) -> tuple[list[Element], tuple[str, str]]:
    """A unit without input, and the nodes, behind ideal buffers, where it holds state and membrane of its equals at rest: resets and thresholds follow it."""
    builder, number = _Wiring(card, parts, "_rest"), "_rest"
    found = [*builder.front_end(summing=paired), *(builder.minus() if paired else []), *builder.current_biased(card, resettable=True)]
    found += [Resistor(f"off{sign}{number}", "te", f"{end}{number}", 1e12, exact=True) for sign, end in (("", "col"), *((("n", "neg"),) if paired else ()))]
    state = f"state{number}" if card.current_mode else f"mem{number}"
    found += [Vcvs("rest_state", "rest_state", "0", state, "0", 1.0), Vcvs("rest_mem", "rest_mem", "0", f"mem{number}", "0", 1.0)]
    return found, ("rest_state", "rest_mem")


@dataclass(frozen=True)
class _Wiring:
    """Instances of the blocks of one unit, and the probes between them."""

    card: NeuronCard
    parts: Parts
    number: str

    def at(self, node: str) -> str:
        """A node of this unit."""
        return f"{node}{self.number}"

    def supply(self, block: str) -> tuple[str, VoltageSource]:
        """The supply node of a block, and the 0 V source that measures its current."""
        node = self.at(f"vdd_{block}")
        return node, VoltageSource(self.at(f"dd_{block}"), "vdd", node, 0.0)

    def front_end(self, *, summing: bool) -> list[Element]:
        """Transimpedance amplifier, inverting amplifier, MN3."""
        card, opamp = self.card, self.parts.opamp
        found: list[Element] = []
        rails: dict[str, tuple[str, ...]] = {"tia": (), "inverter": ()}
        if opamp:
            for block in rails:
                node, probe = self.supply(block)
                low = self.at(f"vss_{block}")
                found += [probe, VoltageSource(self.at(f"ss_{block}"), low, "vss", 0.0)]
                rails[block] = (node, low)
        at = self.at
        inverting = (at("tia_out"), "ref_inverter", at("sense"), at("gate_n3"), *rails["inverter"], *((at("sum"),) if summing else ()))
        found += [
            Instance(at("tia"), frontend.tia(card, opamp), (at("col"), "ref_tia", at("tia_out"), *rails["tia"])),
            Instance(at("inv"), frontend.inverter(card, opamp, summing=summing), inverting),
            Instance(at("n3"), frontend.transconductor(card, self.parts.nmos), (at("gate_n3"), at("sense"), at("iw"))),
        ]
        return found

    def minus(self) -> list[Element]:
        """The second column of a pair: read, inverted, and led into the summing node of the inverting amplifier."""
        card, opamp, at = self.card, self.parts.opamp, self.at
        rails = () if opamp is None else (at("vdd_tia"), at("vss_tia"))
        inverted, resistance = at("neg_inv"), card.input_resistance
        return [
            Instance(at("tian"), frontend.tia(card, opamp), (at("neg"), "ref_tia", at("neg_out"), *rails)),
            Instance(at("invn"), frontend.plain_inverter(card, opamp), (at("neg_out"), "ref_tia", inverted, *rails)),
            Resistor(at("1n"), inverted, at("sum"), resistance, card.resistor_tempco),
        ]

    def gate_biased(self, card: GateBiasedCard) -> list[Element]:
        """DPI and membrane of Lim 2025, Fig. 6."""
        at, parts = self.at, self.parts
        node, probe = self.supply("synapse")
        return [
            probe,
            Instance(at("syn"), dpi.synapse(card, parts.nmos, parts.pmos), (at("iw"), at("isyn"), node, "vthr", "vsyntau")),
            VoltageSource(at("syn"), at("isyn"), at("mem"), 0.0),
            Instance(at("mem"), dpi.membrane(card, parts.nmos), (at("mem"), "vmemtau")),
        ]

    def current_biased(self, card: CurrentBiasedCard, *, resettable: bool) -> list[Element]:
        """Biases, matched synapse, mirror, and the membrane in current mode or as RC."""
        at, nmos, pmos = self.at, self.parts.nmos, self.parts.pmos
        (bias, bias_probe), (syn, syn_probe), (mir, mir_probe) = (self.supply(each) for each in ("bias", "synapse", "mirror"))
        found: list[Element] = [
            bias_probe,
            syn_probe,
            mir_probe,
            Instance(at("bias"), matched.bias(card, nmos, pmos), (bias, at("bsyn"), *((at("bmem"),) if card.current_mode else ()))),
            Instance(at("syn"), matched.synapse(card, nmos, pmos), (at("iw"), at("xs"), syn, at("bsyn"), "tn", "cn")),
            VoltageSource(at("syn"), at("xm"), at("xs"), 0.0),
            Instance(at("mir"), matched.mirror(card, pmos), (at("xm"), at("im"), mir)),
        ]
        if not card.current_mode:
            return [*found, VoltageSource(at("mem"), at("im"), at("mem"), 0.0), *self._board(card)]
        node, probe = self.supply("membrane")
        wired = (at("im"), at("xo"), node, at("bmem"), "tp", "cp", *((at("state"),) if resettable else ()))
        return [
            *found,
            probe,
            Instance(at("mem"), matched.membrane(card, nmos, pmos, resettable=resettable), wired),
            VoltageSource(at("mem"), at("xo"), at("mem"), 0.0),
            Resistor(at("mem"), at("mem"), "0", card.output_resistance, card.output_tempco),
        ]

    def _board(self, card: CurrentBiasedCard) -> list[Element]:
        return [
            Resistor(self.at("mem"), self.at("mem"), "0", card.output_resistance, card.output_tempco),
            Capacitor(self.at("mem"), self.at("mem"), "0", card.membrane_capacitance, card.capacitor_tempco),
        ]

    def spiking(self, card: CurrentBiasedCard, threshold: float, rest: tuple[str, str] | None) -> list[Element]:
        """Comparator, refractory time, driver and reset."""
        at, nmos, pmos = self.at, self.parts.nmos, self.parts.pmos
        node, probe = self.supply("spiking")
        state, empty = (at("state"), "tp") if card.current_mode else (at("mem"), "0")
        reset, level = rest or (empty, "0")
        return [
            probe,
            VoltageSource(at("threshold"), at("threshold"), level, threshold),
            Instance(at("sb"), spiking.spike_bias(card, nmos, pmos), (node, at("bp"), at("bn"), at("br"))),
            Instance(at("cmp"), spiking.comparator(card, nmos, pmos), (at("mem"), at("threshold"), at("fired"), node, at("bp"))),
            Instance(at("ref"), spiking.refractory(card, nmos, pmos), (at("fired"), at("rest"), at("reset"), node, at("bp"), at("br"))),
            Instance(at("drv"), spiking.driver(card, nmos, pmos), (at("rest"), at("spike"), node, at("bp"), at("bn"))),
            Instance(at("rst"), spiking.reset_switch(card, nmos), (state, reset, at("reset"))),
        ]
