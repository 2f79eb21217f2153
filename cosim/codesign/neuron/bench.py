"""The unit under test: questions to the simulator, and what is read from the answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cosim._types import Array
from cosim.circuits.corners import NOMINAL, Corner, Mismatch, deviated
from cosim.circuits.neuron.card import NeuronCard
from cosim.circuits.neuron.drive import DURATION, TEXT_SPIKES, transient
from cosim.circuits.neuron.unit import MEMBRANE, SYNAPTIC_CURRENT, Parts, unit
from cosim.codesign.neuron.model import continuous, discrete, fit, lagged_error, scaled_error
from cosim.errors import InputError, reject
from cosim.snn.timing import TimeConstants
from cosim.sweep.lab import Lab, Question, Reading

SAVED = (SYNAPTIC_CURRENT, MEMBRANE)


@dataclass(frozen=True, kw_only=True)
class Response:
    """One run of a unit against the models.

    Attributes:
        time: ``(points,)`` [s].
        current, membrane: ``(points,)`` synaptic current [A] and membrane potential [V].
        times: of the input spikes [s].
        targets: time constants of the models.
        deck: the first digits of the deck's digest.
    """

    time: Array
    current: Array
    membrane: Array
    times: tuple[float, ...]
    targets: TimeConstants
    deck: str = ""

    @property
    def baseline(self) -> float:
        """Membrane potential at rest [V]."""
        return float(self.membrane[0])

    @property
    def swing(self) -> float:
        """Peak of the membrane over its baseline [V]."""
        return float(np.max(self.membrane) - self.membrane[0])

    @property
    def duration(self) -> float:
        """Of the run [s]."""
        return float(self.time[-1])

    def _signals(self) -> tuple[Array, Array]:
        return self.current - self.current[0], self.membrane - self.membrane[0]

    def continuous_errors(self) -> tuple[float, float]:
        """Errors of synaptic current and membrane against the continuous model: one scale each, no lag."""
        self._check()
        model = continuous(self.times, self.targets, duration=self.duration)
        current, membrane = (np.interp(model.time, self.time, each) for each in self._signals())
        return scaled_error(current, model.current), scaled_error(membrane, model.membrane)

    def discrete_errors(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Error and lag [s] of synaptic current and of membrane against the paper's 1 ms model: one scale and one lag each."""
        self._check()
        model = discrete(self.times, self.targets, duration=self.duration)
        current, membrane = self._signals()
        return lagged_error(self.time, current, model.time, model.current), lagged_error(self.time, membrane, model.time, model.membrane)

    def _check(self) -> None:
        if not self.times:
            raise reject(InputError, "response", "times", "()", "at least one spike, to be held against a model")

    @cached_property
    def _fit(self) -> tuple[Array, float, float]:
        self._check()
        return fit(self.time, *self._signals(), self.times, self.targets)

    @property
    def rise(self) -> float:
        """Fitted rise of the synaptic current [s]."""
        return float(self._fit[0][0])

    @property
    def fall(self) -> float:
        """Fitted decay of the synaptic current [s]."""
        return float(self._fit[0][1])

    @property
    def leak(self) -> float:
        """Fitted time constant of the membrane [s]."""
        return float(self._fit[0][2])

    @property
    def current_gain(self) -> float:
        """Synaptic current that the pulse would settle at [A]."""
        return self._fit[1]

    @property
    def gain(self) -> float:
        """Membrane potential that the pulse would settle at [V]."""
        return self._fit[2]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What to run: input spikes and weight of one unit at a corner, and which draw of its devices.

    Attributes:
        draw: number of the draw; None for nominal devices.
        mismatch: spread that the draw comes from.
    """

    card: NeuronCard
    parts: Parts = field(default_factory=Parts)
    times: tuple[float, ...] = TEXT_SPIKES
    weight: float = 1.0
    corner: Corner = NOMINAL
    draw: int | None = None
    mismatch: Mismatch = field(default_factory=Mismatch)
    seed: int = 0
    duration: float = DURATION

    def question(self, saved: tuple[str, ...] = SAVED) -> Question:
        """The transient of the unit."""
        circuit = unit(self.card, self.times, parts=self.parts, weight=self.weight, supply=self.corner.supply)
        rng = None if self.draw is None else np.random.default_rng([self.seed, self.draw])
        circuit = deviated(circuit, self.corner, mismatch=self.mismatch, rng=rng)
        analysis = transient(self.duration, temperature=self.corner.temperature)
        return Question(circuit=circuit, analysis=analysis, saved=saved, values={"w": self.weight}, seed=self.seed if self.draw is not None else 0)


def respond(runs: Sequence[Run], lab: Lab, targets: TimeConstants | None = None) -> list[Response]:
    """The responses of units, in the order of the runs.

    Raises:
        SimulationError: one of them failed.
    """
    readings = lab.ask([each.question() for each in runs])
    return [response(reading, run.times, targets or TimeConstants()) for run, reading in zip(runs, readings, strict=True)]


def response(reading: Reading, times: Sequence[float], targets: TimeConstants) -> Response:
    """From the answer to a question about a unit."""
    return Response(time=reading.axis, current=reading[SYNAPTIC_CURRENT], membrane=reading[MEMBRANE], times=tuple(times), targets=targets, deck=reading.deck)
