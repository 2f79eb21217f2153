"""Spiking units and chains of them against the model: does each spike come when it should?

The model is that of `Membrane`: the continuous synapse, a leaky membrane that fires at a threshold and is held at zero for the
refractory time. Its potential at rest and its gain are read from one run without spike output, the trip point of the comparator
from a DC sweep, the hold time from the length of the output pulse. Spike times are then predictions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.analysis import Dc
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Instance, Resistor, VoltageSource
from cosim.circuits.neuron import spiking
from cosim.circuits.neuron.card import CurrentBiasedCard
from cosim.circuits.neuron.drive import ONE_SPIKE, firing_transient, options
from cosim.circuits.neuron.unit import Parts, chain
from cosim.codesign.neuron.bench import Run, respond
from cosim.codesign.neuron.model import Membrane, continuous, pulse_train
from cosim.errors import SimulationError
from cosim.measure import crossings
from cosim.snn.timing import TimeConstants
from cosim.sweep.lab import Lab, Question, Reading

THRESHOLD_SHARE = 0.25  # of the swing of one spike of full weight, over the baseline: on the steep part of the rise
APART = (20e-3, 45e-3)  # [s] between two input spikes; the membrane has recovered by 3/4 and more
CLOSE = (12e-3, 20e-3)  # [s] where it has not
PULSE = (100e-6, 900e-6, 100e-6)  # [s] rise, top and fall that the driver is made for
LARGEST_TRAIN = 4  # spikes
TRAIN_DURATION = 0.16  # [s]
MODEL_STEP = 5e-6  # [s]


@dataclass(frozen=True, kw_only=True)
class Train:
    """One input train through a chain.

    Attributes:
        inputs: spikes that go in [s].
        circuit, model: for each unit its output spikes [s].
    """

    inputs: tuple[float, ...]
    circuit: tuple[Array, ...]
    model: tuple[Array, ...]

    @property
    def deviation(self) -> float:
        """Largest difference of a spike time [s]; infinite when a spike is missing or one too many."""
        worst = 0.0
        for found, expected in zip(self.circuit, self.model, strict=True):
            if len(found) != len(expected):
                return float("inf")
            if len(found):
                worst = max(worst, float(np.max(np.abs(found - expected))))
        return worst


def trip_point(card: CurrentBiasedCard, parts: Parts, threshold: float, lab: Lab) -> float:
    """Membrane potential [V] at which the comparator fires, by a DC sweep."""
    supply = VoltageSource("dd", "vdd", "0", card.supply)
    circuit = Circuit(
        name="comparator_bench",
        description="comparator alone",
        elements=(
            supply,
            VoltageSource("mem", "mem", "0", 0.0),
            VoltageSource("threshold", "threshold", "0", threshold),
            Instance("sb", spiking.spike_bias(card, parts.nmos, parts.pmos), ("vdd", "bp", "bn", "br")),
            Resistor("bn", "bn", "0", 1e12, exact=True),
            Resistor("br", "br", "0", 1e12, exact=True),
            Instance("cmp", spiking.comparator(card, parts.nmos, parts.pmos), ("mem", "threshold", "fired", "vdd", "bp")),
            Resistor("fired", "fired", "0", 1e12, exact=True),
        ),
    )
    sweep = Dc("vmem", threshold - 0.02, threshold + 0.02, 5e-5, options=options())
    answer = lab.ask_one(Question(circuit=circuit, analysis=sweep, saved=("v(fired)",)))
    found = crossings(answer.axis, answer["v(fired)"], card.supply / 2.0, edge="fall")
    if not found.size:
        raise SimulationError(f"comparator, threshold={threshold:g} V: does not trip within 20 mV of it; the pair has no room there")
    return float(found[0])


def membrane_model(card: CurrentBiasedCard, parts: Parts, lab: Lab, targets: TimeConstants) -> tuple[Membrane, float]:
    """The model of a spiking unit, and the threshold [V] that its circuit is given."""
    answer = respond([Run(card=card, parts=parts, times=ONE_SPIKE, duration=0.1)], lab, targets)[0]
    model = continuous(ONE_SPIKE, targets, duration=0.1)
    found = np.interp(model.time, answer.time, answer.membrane - answer.membrane[0])
    gain = float(found @ model.membrane) / float(model.membrane @ model.membrane)
    threshold = answer.baseline + THRESHOLD_SHARE * answer.swing
    trip = trip_point(card, parts, threshold, lab)
    return Membrane(rest=answer.baseline, gain=gain, threshold=trip, reset=0.0, hold=hold_time(card, parts, threshold, lab)), threshold


def hold_time(card: CurrentBiasedCard, parts: Parts, threshold: float, lab: Lab) -> float:
    """How long the first unit of a chain is held after a spike [s]."""
    answer = lab.ask_one(_question(card, parts, ONE_SPIKE, threshold, 0.03))
    level = card.supply / 2.0
    up, down = (crossings(answer.axis, answer["v(reset1)"], level, edge=edge) for edge in ("rise", "fall"))
    if not (up.size and down.size):
        raise SimulationError(f"chain, threshold={threshold:g} V: the first unit does not fire and come back on one spike of full weight")
    return float(down[0] - up[0])


def trains(number: int, gaps: tuple[float, float], rng: np.random.Generator) -> list[tuple[float, ...]]:
    """Input trains of one to four spikes, that far apart [s]; the last one leaves the chain time to answer."""
    found = []
    for _ in range(number):
        times = rng.uniform(2e-3, 20e-3) + np.concatenate([[0.0], np.cumsum(rng.uniform(*gaps, int(rng.integers(LARGEST_TRAIN))))])
        found.append(tuple(round(float(each), 5) for each in times if each < TRAIN_DURATION - 15e-3))
    return found


def fire_chain(
    card: CurrentBiasedCard, inputs: Sequence[tuple[float, ...]], lab: Lab, *, parts: Parts | None = None, targets: TimeConstants | None = None, units: int = 2
) -> list[Train]:
    """Trains through a chain of spiking units, simulated and by the model."""
    parts, targets = parts or Parts(), targets or TimeConstants()
    membrane, threshold = membrane_model(card, parts, lab, targets)
    answers = lab.ask([_question(card, parts, each, threshold, TRAIN_DURATION, units) for each in inputs])
    return [
        Train(inputs=each, circuit=_circuit_spikes(answer, card, units), model=_model_spikes(each, membrane, targets, units))
        for each, answer in zip(inputs, answers, strict=True)
    ]


def _question(card: CurrentBiasedCard, parts: Parts, times: Sequence[float], threshold: float, duration: float, units: int = 2) -> Question:
    circuit = chain(card, times, parts=parts, threshold=threshold, units=units)
    saved = tuple(f"v({name}{number})" for number in range(1, units + 1) for name in ("mem", "spike", "reset"))
    return Question(circuit=circuit, analysis=firing_transient(duration), saved=saved)


def _circuit_spikes(answer: Reading, card: CurrentBiasedCard, units: int) -> tuple[Array, ...]:
    """The moments at which each unit fires: its reset rises."""
    return tuple(crossings(answer.axis, answer[f"v(reset{number})"], card.supply / 2.0, edge="rise") for number in range(1, units + 1))


def _model_spikes(times: Sequence[float], membrane: Membrane, targets: TimeConstants, units: int) -> tuple[Array, ...]:
    axis = np.arange(round(TRAIN_DURATION / MODEL_STEP) + 1) * MODEL_STEP
    found: list[Array] = []
    arriving: Sequence[float] = times
    for _ in range(units):
        _, fired = membrane.fire(pulse_train(arriving, axis), targets, MODEL_STEP)
        found.append(fired)
        arriving = [float(each) for each in fired]
    return tuple(found)
