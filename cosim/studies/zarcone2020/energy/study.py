"""Run the energy study: the phase-change cell of a design in SPICE, and what storing a sample takes with the paper's write and with that of the cell.

Not here: how well a sample is stored (`storing`). That the cell's writes are all alike is assumed; a code uses some voltages more often.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.analysis import Dc
from cosim.circuits.cells import transistor_bench
from cosim.circuits.circuit import Circuit
from cosim.codesign.pcm_cell import LENGTH, PARTIAL_SET, RESET, RESET_WORD, SET_RANGE, W_OVER_L, WordLineSweep, cell_bench, pulse_question, word_line_sweep
from cosim.coding.storage_energy import MOST_BITS, Comparison, EnergySweep, StorageCard, compare, conversion, crossover, load_storage, mean_write, sweep
from cosim.design import Design
from cosim.devices.mosfet import MosfetCard, load_mosfet
from cosim.devices.phase_change import PhaseChangeCard, load_phase_change, on_current
from cosim.errors import DesignError, InputError
from cosim.sweep.lab import Lab, Question, Reading

ELEMENT = "gst_mushroom"  # card of the phase-change element
CONVERTERS = {"fitted": "zarcone2020", "walden": "walden"}  # case -> card of the constants
HAND_WORDS = np.array([1.0, 1.2, 1.45, 1.7, 2.0, 2.5, 3.0])  # [V] word lines at which the load line is solved; points of the sweep
DRAIN_POINTS = 600  # of the transistor's output curve
BALANCED = {"RESET": (RESET, RESET_WORD), "partial SET": (PARTIAL_SET, sum(SET_RANGE) / 2)}  # pulse -> its shape, word line [V]
WRITES = 101  # word-line voltages of the mean write, as many as the paper measures
LARGEST, SPACING = 16.0, 0.05  # [bits] of the sweep over precision


@dataclass(frozen=True, kw_only=True)
class PulseBalance:
    """Energy of a pulse by three ways [J]: from the sources, in the element by its law, in the transistor by its own terminals."""

    sources: float
    element: float
    transistor: float

    @property
    def error(self) -> float:
        """What is missing or too much, over what the sources gave."""
        return abs(self.sources - self.element - self.transistor) / self.sources


@dataclass(frozen=True, kw_only=True)
class Case:
    """Both ways of storing a sample under one set of constants.

    Attributes:
        card: the constants, with the converters of the design.
        comparison: at the paper's precision, part by part.
        over: over precision.
        crossover: precision from which on joint coding takes more [bits]; None if one of the two is ahead everywhere.
    """

    card: StorageCard
    comparison: Comparison
    over: EnergySweep
    crossover: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class EnergyResult:
    """Everything that figures and claims of the study read.

    Attributes:
        element: card of the phase-change element.
        circuit: the cell under a RESET pulse.
        cell: its currents and energies.
        hand_words, hand_currents: ``(points,)`` word line [V] and current where the element's line meets the transistor's output curve [A].
        balances: pulse -> energy by three ways.
        write: mean energy of a write of the cell over the range of partial SET, RESET with it [J].
        cases: ``fitted`` and ``walden`` (laws of the converters), and ``simulated``, as fitted with the write of the cell.
    """

    design: Design
    element: PhaseChangeCard
    circuit: Circuit
    cell: WordLineSweep
    hand_words: Array
    hand_currents: Array
    balances: Mapping[str, PulseBalance]
    write: float
    cases: Mapping[str, Case]

    @property
    def line_error(self) -> float:
        """Largest relative difference of SPICE's current from that of the load line."""
        simulated = np.interp(self.hand_words, self.cell.voltage, self.cell.current)
        return float(np.max(np.abs(simulated / self.hand_currents - 1.0)))


def run(design: Design, lab: Lab) -> EnergyResult:
    """The study of one design.

    Raises:
        DesignError: the access transistor is no NMOS, or a voltage or the converters are out of range.
        SimulationError: a run failed.
    """
    plan, element, mosfet = design.storage, load_phase_change(ELEMENT), _access(design)
    cards = {name: with_converters(load_storage(card), plan.converter_bits) for name, card in CONVERTERS.items()}
    cell = word_line_sweep(element, mosfet, lab, bit_line=plan.bit_line, read_voltage=plan.read_voltage)
    output = [
        Question(
            circuit=transistor_bench(mosfet, drain=0.0, gate=float(word), w_over_l=W_OVER_L, length=LENGTH),
            analysis=Dc("vd", 0.0, plan.bit_line, plan.bit_line / DRAIN_POINTS),
            saved=("i(vd)",),
        )
        for word in HAND_WORDS
    ]
    pulses = [pulse_question(element, mosfet, pulse, top=top, bit_line=plan.bit_line) for pulse, top in BALANCED.values()]
    answers = lab.ask([*output, *pulses])
    write = mean_write(cell.write_energy(np.linspace(*SET_RANGE, WRITES)), np.full(WRITES, 1.0 / WRITES))
    return EnergyResult(
        design=design,
        element=element,
        circuit=cell_bench(element, mosfet, bit=plan.bit_line, word=RESET.stimulus(RESET_WORD)),
        cell=cell,
        hand_words=HAND_WORDS,
        hand_currents=np.array([load_line(element, answer, plan.bit_line) for answer in answers[: len(output)]]),
        balances={name: balance(element, answer) for name, answer in zip(BALANCED, answers[len(output) :], strict=True)},
        write=write,
        cases={**{name: _case(card) for name, card in cards.items()}, "simulated": _case(cards["fitted"], write=write)},
    )


def load_line(element: PhaseChangeCard, output: Reading, bit_line: float) -> float:
    """Current where the element between `bit_line` [V] and the drain carries what the transistor draws [A]; `output` is the transistor's ``i(vd)``."""
    drain, drawn = output.axis, -output["i(vd)"]
    surplus = drawn - on_current(element, bit_line - drain)  # rises with the drain voltage
    return float(np.interp(np.interp(0.0, surplus, drain), drain, drawn))


def balance(element: PhaseChangeCard, answer: Reading) -> PulseBalance:
    """Energy of a pulse by three ways, from the answer to its `pulse_question`."""
    over = answer["v(bit)"] - answer["v(mid)"]
    drain = answer["i(vword)"] + answer["i(vsl)"] + answer["i(vbody)"]  # what leaves the transistor elsewhere
    sources = -answer["i(vbit)"] * answer["v(bit)"] - answer["i(vword)"] * answer["v(word)"]
    transistor = answer["v(mid)"] * drain - answer["v(word)"] * answer["i(vword)"]
    parts = {"sources": sources, "element": over * on_current(element, over), "transistor": transistor}
    return PulseBalance(**{name: float(np.trapezoid(power, answer.axis)) for name, power in parts.items()})


def with_converters(card: StorageCard, bits: int) -> StorageCard:
    """The constants with converters of so many bits in joint coding: conversions follow their law, the tables grow in proportion, the rest stays.

    Raises:
        DesignError: fewer bits than the converters of separate coding have.
    """
    if bits < card.separate_bits:
        raise DesignError(f"[storage] converter_bits={bits}: must be >= {card.separate_bits:g}, the bits of separate coding")
    conversions = 2.0 + card.joint_cells(card.separate_bits)
    more = conversions * (conversion(card, bits) - conversion(card, card.joint_bits)) + card.tables * (bits / card.joint_bits - 1.0)
    return replace(card, joint_bits=float(bits), joint_total=card.joint_total + more)


def _access(design: Design) -> MosfetCard:
    """Card of the access transistor."""
    plan, card = design.storage, load_mosfet(design.storage.nmos)
    if card.kind != "nmos":
        raise DesignError(f"[storage] nmos={plan.nmos}: must be an nmos card, not {card.kind}")
    for name in ("bit_line", "read_voltage"):
        if getattr(plan, name) > card.largest_voltage:
            raise DesignError(f"[storage] {name}={getattr(plan, name):g}: must be <= {card.largest_voltage:g} V, the range of card {card.name}")
    return card


def _case(card: StorageCard, *, write: float | None = None) -> Case:
    most = min(LARGEST, MOST_BITS - (card.joint_bits - card.separate_bits))
    bits = np.linspace(1.0, most, round((most - 1.0) / SPACING) + 1)
    return Case(
        card=card,
        comparison=compare(card.separate_bits, card=card, write=write),
        over=sweep(bits, card=card, write=write),
        crossover=_crossover(card, write),
    )


def _crossover(card: StorageCard, write: float | None) -> float | None:
    try:
        return crossover(card=card, write=write)
    except InputError:  # card and write are in range: one of the two is ahead everywhere
        return None
