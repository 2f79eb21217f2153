"""A phase-change cell with its access transistor (1T1R): current against word-line voltage, energy of write pulses, read current.

Source: Zarcone 2020, Figs. 3b and 3c and its pulses. The paper names neither transistor nor current: element and transistor are those of the cards, W/L is
chosen so that RESET reaches the current of the element's card. The word-line axis is that of our transistor, not that of the paper's.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.analysis import Dc, Op, Tran
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Instance, Mosfet, VoltageSource
from cosim.circuits.expression import Param
from cosim.circuits.stimuli import PiecewiseLinear
from cosim.devices.mosfet import MosfetCard
from cosim.devices.phase_change import PhaseChangeCard, element
from cosim.errors import InputError, reject
from cosim.sweep.lab import Lab, Question, Reading

BIT_LINE = 3.0  # [V] of all writes
RESET_WORD = 3.0  # [V] word line of RESET and of reads
SET_RANGE = (0.7, 1.7)  # [V] word line of partial SET
READ_VOLTAGE = 0.1  # [V] on the bit line
W_OVER_L, LENGTH = 4.0, 0.5e-6  # of the access transistor; W/L for RESET at the card's current
STEP = 0.05  # [V] of the sweep
SET_POINTS = 21  # word-line voltages of which the partial SET is simulated
READ_POINTS = 7
QUIET = 10e-9  # [s] before and after a pulse
STEPS = 1000  # of a transient, at least
SIGNALS = ("v(bit)", "v(word)", "v(mid)", "i(vbit)", "i(vword)", "i(vsl)", "i(vbody)")


@dataclass(frozen=True, kw_only=True)
class WritePulse:
    """A trapezoid on the word line [s]."""

    rise: float
    width: float
    fall: float

    def stimulus(self, top: float) -> PiecewiseLinear:
        """Up to `top` [V]."""
        corners = np.cumsum([QUIET, self.rise, self.width, self.fall]).tolist()
        return PiecewiseLinear(((0.0, 0.0), *zip(corners, (0.0, top, top, 0.0), strict=True)))

    @property
    def end(self) -> float:
        """With the quiet time around it [s]."""
        return self.rise + self.width + self.fall + 2.0 * QUIET


RESET = WritePulse(rise=5e-9, width=60e-9, fall=5e-9)
PARTIAL_SET = WritePulse(rise=500e-9, width=2000e-9, fall=500e-9)


@dataclass(frozen=True, kw_only=True)
class PulseEnergy:
    """Energy of one pulse [J]: from bit line and word line together, and what of it ends in the phase-change element."""

    sources: float
    element: float


@dataclass(frozen=True, kw_only=True)
class WordLineSweep:
    """A cell over its word line.

    Attributes:
        w_over_l: of the access transistor.
        bit_line, read_voltage: on the bit line during writes and during reads [V].
        voltage, current, power: ``(points,)`` word-line voltage [V], current into the bit line [A], power in the element [W].
        set_voltage: ``(pulses,)`` word-line voltages of the simulated partial SETs [V].
        set_energy, set_element: ``(pulses,)`` energy of each from the sources, and in the element [J].
        reset: energy of RESET.
        resistance, read_current: ``(reads,)`` low-field resistance [ohm] and current [A] of a read.
    """

    w_over_l: float
    bit_line: float
    read_voltage: float
    voltage: Array
    current: Array
    power: Array
    set_voltage: Array
    set_energy: Array
    set_element: Array
    reset: PulseEnergy
    resistance: Array
    read_current: Array

    @property
    def reset_current(self) -> float:
        """At the end of the sweep, where RESET is written [A]."""
        return float(self.current[-1])

    def write_energy(self, voltage: Array, *, reset: bool = True) -> Array:
        """Energy from the sources of a write ``(...)`` [J]: partial SET at the word-line voltages, with the RESET that goes before it.

        Between the simulated voltages it is interpolated linearly.

        Raises:
            InputError: a voltage outside of the range of partial SET.
        """
        least, most = self.set_voltage[0], self.set_voltage[-1]
        for each in np.ravel(voltage):
            if not least - 1e-9 <= each <= most + 1e-9:
                raise reject(InputError, "phase-change cell", "word-line voltage", float(each), f"within {least:g}..{most:g} V")
        return np.interp(voltage, self.set_voltage, self.set_energy) + (self.reset.sources if reset else 0.0)


def cell_bench(card: PhaseChangeCard, mosfet: MosfetCard, *, bit: float, word: float | PiecewiseLinear, w_over_l: float = W_OVER_L) -> Circuit:
    """A cell between its sources ``vbit``, ``vword``, ``vsl`` and ``vbody``; element from ``bit`` to ``mid``; parameters ``resistance``, ``switched``."""
    for name, value in (("w_over_l", w_over_l), ("bit", bit)):
        if not value > 0:
            raise reject(InputError, "phase-change cell", name, value, "> 0")
    inner = element(card)
    gate = VoltageSource("word", "word", "0", 0.0, word) if isinstance(word, PiecewiseLinear) else VoltageSource("word", "word", "0", word)
    return Circuit(
        name="pcm_cell",
        description="phase-change element on the drain of its access transistor",
        elements=(
            VoltageSource("bit", "bit", "0", bit),
            gate,
            VoltageSource("sl", "sl", "0", 0.0),
            VoltageSource("body", "body", "0", 0.0),
            Instance("1", inner, ("bit", "mid"), {name: Param(name) for name in inner.parameters}),
            Mosfet(name="1", drain="mid", gate="word", source="sl", bulk="body", card=mosfet, width=Param("w_over_l") * LENGTH, length=LENGTH),
        ),
        parameters={**inner.parameters, "w_over_l": Parameter(w_over_l, "1", "width over length of the transistor")},
    )


def word_line_sweep(
    card: PhaseChangeCard,
    mosfet: MosfetCard,
    lab: Lab,
    *,
    w_over_l: float = W_OVER_L,
    bit_line: float = BIT_LINE,
    read_voltage: float = READ_VOLTAGE,
) -> WordLineSweep:
    """Currents, energies of the write pulses and reads of a cell.

    Args:
        card, mosfet: of element and access transistor.
        lab: simulator.
        w_over_l: of the access transistor.
        bit_line, read_voltage: on the bit line during writes and during reads [V].

    Raises:
        InputError: the W/L or a voltage is not positive.
        SimulationError: a run failed.
    """
    tops = np.linspace(*SET_RANGE, SET_POINTS)
    written = cell_bench(card, mosfet, bit=bit_line, word=0.0, w_over_l=w_over_l)
    resistances = np.geomspace(card.least_resistance, card.most_resistance, READ_POINTS)
    sweep = Question(circuit=written, analysis=Dc("vword", 0.0, RESET_WORD, STEP), saved=SIGNALS)
    pulses = [
        pulse_question(card, mosfet, pulse, top=float(top), w_over_l=w_over_l, bit_line=bit_line)
        for pulse, top in ((RESET, RESET_WORD), *((PARTIAL_SET, each) for each in tops))
    ]
    reading = cell_bench(card, mosfet, bit=read_voltage, word=RESET_WORD, w_over_l=w_over_l)
    reads = [Question(circuit=reading, analysis=Op(), saved=SIGNALS, values={"resistance": float(each), "switched": 0.0}) for each in resistances]
    curve, *rest = lab.ask([sweep, *pulses, *reads])
    reset, *sets = (pulse_energy(each) for each in rest[: len(pulses)])
    return WordLineSweep(
        w_over_l=w_over_l,
        bit_line=bit_line,
        read_voltage=read_voltage,
        voltage=curve.axis,
        current=-curve["i(vbit)"],
        power=-curve["i(vbit)"] * (curve["v(bit)"] - curve["v(mid)"]),
        set_voltage=tops,
        set_energy=np.array([each.sources for each in sets]),
        set_element=np.array([each.element for each in sets]),
        reset=reset,
        resistance=resistances,
        read_current=np.array([-each.last("i(vbit)") for each in rest[len(pulses) :]]),
    )


def pulse_question(
    card: PhaseChangeCard, mosfet: MosfetCard, pulse: WritePulse, *, top: float, w_over_l: float = W_OVER_L, bit_line: float = BIT_LINE
) -> Question:
    """A write pulse of `top` [V] on the word line, the bit line held; read the answer with `pulse_energy`."""
    circuit = cell_bench(card, mosfet, bit=bit_line, word=pulse.stimulus(top), w_over_l=w_over_l)
    return Question(circuit=circuit, analysis=Tran(stop=pulse.end, max_step=pulse.end / STEPS), saved=SIGNALS)


def pulse_energy(answer: Reading) -> PulseEnergy:
    """Energy of a write pulse, from the answer to its `pulse_question`."""
    drawn = -answer["i(vbit)"] * answer["v(bit)"] - answer["i(vword)"] * answer["v(word)"]
    spent = -answer["i(vbit)"] * (answer["v(bit)"] - answer["v(mid)"])
    return PulseEnergy(sources=float(np.trapezoid(drawn, answer.axis)), element=float(np.trapezoid(spent, answer.axis)))
