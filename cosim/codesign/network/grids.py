"""Accuracy over bits, tuning error and read noise, in the fast model: the network with the conductances of a chip, no circuit.

A cell of a grid is a mean over networks (seeds of the training) and chips (draws of the mapping). All cells of one network and one draw share their
random numbers, so that cells can be compared. What is expected of the mean beyond these networks is its 95 % interval by Student's t: over the means of
the networks, which differ more than the chips of one of them; over the chips if there is one network. The test images are the same for all.
Not here: how read noise comes through a membrane (`noise.py`), the perceptron (`ann.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.codesign.network.chip import Chip, map_network
from cosim.codesign.network.mapping import ErrorOf, MappingPlan
from cosim.devices.memristor.card import MemristorCard
from cosim.errors import InputError, reject
from cosim.snn.data import Examples
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork
from cosim.snn.psp import ContinuousPsp
from cosim.snn.readout import grid_of, on_steps

STEP = 0.125e-3  # [s] between the points of a continuous membrane
CHUNK = 512  # images at a time
LEVEL = 0.95  # of the intervals
BITS = (1, 2, 3, 4, 5, 6, 0)  # 0 for analog weights
ERRORS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2)
DEVIATIONS = (0.0, 0.01, 0.03, 0.05, 0.07)
Gains = Sequence[Mapping[int, float]]  # for each network: bits -> gain of the mapping
CORRELATION_TIMES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1.0, 10.0)  # [s]


@dataclass(frozen=True, kw_only=True, eq=False)
class FastMembranes:
    """Images ready to be put through one layer after the other of the same shape.

    Attributes:
        members: for each chunk of images a sparse matrix ``(levels * images, inputs)``: which input of an image fires at a level.
        potentials: ``(levels, points)`` of a spike at each level.
        needed: points up to which positive weights have their maxima.
        refined: whether there is something between the points; a parabola through the highest three gives the maximum.
        images: number of them.
        latest: time from the first step on until which a membrane of positive weights has had its maximum, whatever the weights [s].
    """

    members: tuple[Any, ...]
    potentials: Array
    needed: int
    refined: bool
    images: int
    latest: float

    @classmethod
    def of(cls, network: TrainedNetwork, times: Array) -> "FastMembranes":
        """For a layer with the potentials of a network; ``times (images, inputs)`` [s], infinite where an input is silent.

        Raises:
            InputError: the network has several layers, or is not read by its membranes.
        """
        if len(network.layers) > 1 or network.readout != "membrane_maximum":
            given = f"{len(network.layers)} layers, {network.readout}"
            raise reject(InputError, "fast membranes", "network", given, "one layer that is read by membrane_maximum")
        psp = network.psp
        continuous = isinstance(psp, ContinuousPsp)
        grid = np.arange(round(network.duration / STEP) + 1) * STEP if continuous else grid_of(psp, duration=network.duration)
        times = on_steps(psp, times)
        distinct = np.unique(times[np.isfinite(times)])
        potentials = np.asarray(psp.at(grid[None, :] - distinct[:, None])) if distinct.size else np.zeros((0, len(grid)))
        last = int(np.searchsorted(grid, distinct[-1])) + int(np.argmax(psp.at(grid))) + 2 if distinct.size else 1
        chunks = tuple(_members(times[start : start + CHUNK], distinct) for start in range(0, len(times), CHUNK))
        needed = min(last + 1, len(grid))
        return cls(members=chunks, potentials=potentials, needed=needed, refined=continuous, images=len(times), latest=float(grid[needed - 1]))

    def scores(self, weights: Array) -> Array:
        """``(images, outputs)`` maxima of the membranes for ``weights (inputs, outputs)``, in spikes of full weight."""
        outputs, levels = weights.shape[1], len(self.potentials)
        if not levels:
            return np.zeros((self.images, outputs))
        # with a weight below 0 a membrane may rise again after the last spike has had its peak
        points = self.needed if np.min(weights) >= 0 else self.potentials.shape[1]
        potentials = np.ascontiguousarray(self.potentials[:, :points])
        found = []
        for members in self.members:
            traces = (members @ weights).reshape(levels, -1).T @ potentials
            found.append(_maxima(traces, refined=self.refined).reshape(-1, outputs))
        return np.concatenate(found)

    def accuracy(self, weights: Array, labels: Array) -> float:
        """Share of the images that ``weights (inputs, outputs)`` put into the class of ``labels (images,)``."""
        return float(np.mean(self.scores(weights).argmax(axis=1) == labels))


def _members(times: Array, distinct: Array) -> Any:
    """Rows are the images of the first level, then those of the second, ..."""
    from scipy.sparse import csr_array

    image, row = np.nonzero(np.isfinite(times))
    level = np.searchsorted(distinct, times[image, row])
    return csr_array((np.ones(len(row)), (level * len(times) + image, row)), shape=(len(distinct) * len(times), times.shape[1]))


def _maxima(traces: Array, *, refined: bool) -> Array:
    """Of ``traces (membranes, points)``; `refined` by a parabola through the highest point and its neighbors."""
    best, rows = traces.argmax(axis=1), np.arange(len(traces))
    top = traces[rows, best]
    if not refined or traces.shape[1] < 3:
        return np.asarray(top)
    middle = np.clip(best, 1, traces.shape[1] - 2)
    before, at, after = (traces[rows, middle + shift] for shift in (-1, 0, 1))
    bend = 2.0 * at - before - after
    higher = at + np.where(bend > 0, (after - before) ** 2 / (8.0 * np.where(bend > 0, bend, 1.0)), 0.0)
    return np.where((best == middle) & (bend > 0), higher, top)


def accuracy_of(network: TrainedNetwork, weights: Array, times: Array, labels: Array) -> float:
    """Accuracy of one layer with the weights of a chip.

    Args:
        network: says the potential of a spike.
        weights: ``(inputs, outputs)``, as of `Chip.weights`.
        times: ``(images, inputs)`` spikes [s], infinite where an input is silent.
        labels: ``(images,)``.
    """
    return FastMembranes.of(network, times).accuracy(weights, labels)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampled:
    """Accuracies of networks and chips.

    Attributes:
        accuracy: ``(networks, draws, ...)``, a cell of the grid being what follows.
    """

    accuracy: Array

    @property
    def mean(self) -> Array:
        """``(...)`` over networks and draws."""
        return np.asarray(self.accuracy.mean(axis=(0, 1)))

    @property
    def half_width(self) -> Array:
        """``(...)`` of the 95 % interval of `mean`; NaN if there is one network and one draw."""
        from scipy.stats import t

        networks, draws = self.accuracy.shape[:2]
        values = self.accuracy.mean(axis=1) if networks > 1 else self.accuracy[0]
        count = networks if networks > 1 else draws
        if count < 2:
            return np.full(self.accuracy.shape[2:], np.nan)
        return np.asarray(t.ppf(0.5 + LEVEL / 2, count - 1) * values.std(axis=0, ddof=1) / np.sqrt(count))

    @property
    def interval(self) -> tuple[Array, Array]:
        """Lower and upper end of the 95 % interval of `mean`, ``(...)`` each."""
        return self.mean - self.half_width, self.mean + self.half_width


@dataclass(frozen=True, kw_only=True, eq=False)
class Grid(Sampled):
    """Accuracy over bits and tuning error: ``(networks, draws, bits, errors)``.

    Attributes:
        bits: of the weights; 0 for analog ones.
        errors: standard deviations of the tuned conductance.
        error_of: what they are relative to.
        measured: the same with measured errors, ``(networks, draws, bits, 1)``; None without.
    """

    bits: tuple[int, ...]
    errors: tuple[float, ...]
    error_of: ErrorOf
    measured: Sampled | None = None

    def at(self, bits: int, error: float) -> tuple[float, float]:
        """Mean and half width of one cell."""
        place = (_index(self.bits, bits, "grid", "bits"), _index(self.errors, error, "grid", "error"))
        return float(self.mean[place]), float(self.half_width[place])


@dataclass(frozen=True, kw_only=True, eq=False)
class NoiseGrid(Sampled):
    """Accuracy over bits and read noise: ``(networks, draws, bits, deviations)``.

    Attributes:
        bits: of the weights; 0 for analog ones.
        deviations: relative standard deviations of a cell's current.
        tuning_error, error_of: of the mapping.
        correlation_time: of the noise [s]; 0 where each image has a sample of its own from every cell.
    """

    bits: tuple[int, ...]
    deviations: tuple[float, ...]
    tuning_error: float
    error_of: ErrorOf
    correlation_time: float

    def at(self, bits: int, deviation: float) -> tuple[float, float]:
        """Mean and half width of one cell."""
        place = (_index(self.bits, bits, "noise grid", "bits"), _index(self.deviations, deviation, "noise grid", "deviation"))
        return float(self.mean[place]), float(self.half_width[place])


@dataclass(frozen=True, kw_only=True, eq=False)
class NoiseCurve(Sampled):
    """Accuracy over the correlation time of read noise: ``(networks, draws, times)``.

    Attributes:
        times: correlation times [s].
        bits, tuning_error, error_of: of the mapping.
        deviation: relative standard deviation of a cell's current.
    """

    times: tuple[float, ...]
    bits: int
    tuning_error: float
    error_of: ErrorOf
    deviation: float


def _index(known: Sequence[float], wanted: float, where: str, what: str) -> int:
    if wanted not in known:
        raise reject(InputError, where, what, wanted, f"one of {', '.join(f'{each:g}' for each in known)}")
    return list(known).index(wanted)


Evaluate = Callable[[int, MappingPlan, int], float]  # number of a network, plan and seed of its chip -> accuracy
EvaluateNoise = Callable[[int, int, int, float], float]  # numbers of a network and of a draw, bits, deviation -> accuracy


def with_gain(plan: MappingPlan, gains: Gains | None, index: int, rates: tuple[float, ...]) -> MappingPlan:
    """The plan with the gain that network `index` has for its bits, and the rates of the inputs."""
    return replace(plan, gain=1.0 if gains is None else gains[index].get(plan.bits, 1.0), rates=rates)


def tuning_grid(
    networks: Sequence[TrainedNetwork],
    test: Examples,
    memristor: MemristorCard,
    *,
    bits: Sequence[int] = BITS,
    errors: Sequence[float] = ERRORS,
    error_of: ErrorOf = "target",
    draws: int = 5,
    seed: int = 0,
    errors_measured: tuple[float, ...] = (),
    gains: Gains | None = None,
    rates: tuple[float, ...] = (),
) -> Grid:
    """Accuracy of chips over bits and tuning error.

    Args:
        networks: one layer each, as from several seeds of a training.
        test: images that they were not trained on.
        memristor: whose window the weights are mapped to.
        bits, errors: of the grid.
        error_of: what the errors are relative to.
        draws: chips of each network.
        seed: of all of them.
        errors_measured: relative errors of tuned cells; give a column of their own.
        gains: of the mapping, for each network and number of bits; 1 where left out.
        rates: of the inputs, as in `MappingPlan`.
    """
    ready = _ready(networks, test)

    def evaluate(index: int, plan: MappingPlan, chip_seed: int) -> float:
        (chip,) = map_network(networks[index], memristor, with_gain(plan, gains, index, rates), seed=chip_seed)
        return ready[index].accuracy(chip.weights, test.labels)

    return grid_by(evaluate, networks=len(networks), bits=bits, errors=errors, error_of=error_of, draws=draws, seed=seed, errors_measured=errors_measured)


def grid_by(
    evaluate: Evaluate,
    *,
    networks: int,
    bits: Sequence[int],
    errors: Sequence[float],
    error_of: ErrorOf,
    draws: int,
    seed: int,
    errors_measured: tuple[float, ...],
) -> Grid:
    """The grid of anything that is mapped by a plan; arguments as in `tuning_grid`."""
    plans = [[MappingPlan(bits=each, tuning_error=error, error_of=error_of) for error in errors] for each in bits]
    accuracy = _cells(evaluate, plans, networks=networks, draws=draws, seed=seed)
    measured = None
    if errors_measured:
        columns = [[MappingPlan(bits=each, errors=errors_measured)] for each in bits]
        measured = Sampled(accuracy=_cells(evaluate, columns, networks=networks, draws=draws, seed=seed))
    return Grid(accuracy=accuracy, bits=tuple(bits), errors=tuple(errors), error_of=error_of, measured=measured)


def _cells(evaluate: Evaluate, plans: Sequence[Sequence[MappingPlan]], *, networks: int, draws: int, seed: int) -> Array:
    """``(networks, draws, bits, columns)``."""
    check_draws(networks, draws)
    found = [[[[evaluate(index, plan, chip_seed(seed, index, draw)) for plan in row] for row in plans] for draw in range(draws)] for index in range(networks)]
    return np.array(found)


def check_draws(networks: int, draws: int) -> None:
    """Refuse a grid of nothing.

    Raises:
        InputError: no network, or no draw.
    """
    for name, value in (("networks", networks), ("draws", draws)):
        if value < 1:
            raise reject(InputError, "grid", name, value, ">= 1")


def chip_seed(seed: int, network: int, draw: int) -> int:
    """Of one chip of one network: the same for all cells of a grid."""
    return int(np.random.SeedSequence([seed, network, draw]).generate_state(1)[0])


def _ready(networks: Sequence[TrainedNetwork], test: Examples) -> list[FastMembranes]:
    return [FastMembranes.of(each, latency_times(test.pixels, each.encoding)) for each in networks]


@dataclass(frozen=True, kw_only=True, eq=False)
class _NoisyChips:
    """What noise is added to: networks with their membranes, images, and how the weights were mapped."""

    networks: Sequence[TrainedNetwork]
    ready: Sequence[FastMembranes]
    test: Examples
    memristor: MemristorCard
    tuning_error: float
    error_of: ErrorOf
    seed: int
    gains: Gains | None = None
    rates: tuple[float, ...] = ()

    def accuracy(self, index: int, draw: int, *, bits: int, deviation: float, correlation_time: float) -> float:
        """Of one chip of network `index`; without noise in the fast model."""
        from cosim.codesign.network.noise import ReadNoisePlan, noisy_scores

        seed, network = chip_seed(self.seed, index, draw), self.networks[index]
        plan = with_gain(MappingPlan(bits=bits, tuning_error=self.tuning_error, error_of=self.error_of), self.gains, index, self.rates)
        (chip,) = map_network(network, self.memristor, plan, seed=seed)
        if not deviation:
            return self.ready[index].accuracy(chip.weights, self.test.labels)
        noise = ReadNoisePlan(deviation=deviation, correlation_time=correlation_time, seed=seed)
        scores = noisy_scores(network, chip.plus.weights, self.test.pixels, noise, weights_minus=_minus(chip))
        return float(np.mean(scores.argmax(axis=1) == self.test.labels))


def _minus(chip: Chip) -> Array | None:
    return None if chip.minus is None else chip.minus.weights


def noise_grid(
    networks: Sequence[TrainedNetwork],
    test: Examples,
    memristor: MemristorCard,
    *,
    bits: Sequence[int] = BITS,
    deviations: Sequence[float] = DEVIATIONS,
    tuning_error: float = 0.03,
    error_of: ErrorOf = "target",
    correlation_time: float = 1e-3,
    draws: int = 5,
    seed: int = 0,
    gains: Gains | None = None,
    rates: tuple[float, ...] = (),
) -> NoiseGrid:
    """Accuracy of chips over bits and read noise; arguments as in `tuning_grid`, the noise as in `NoiseGrid`."""
    check_draws(len(networks), draws)
    ready = _ready(networks, test)
    chips = _NoisyChips(
        networks=networks, ready=ready, test=test, memristor=memristor, tuning_error=tuning_error, error_of=error_of, seed=seed, gains=gains, rates=rates
    )

    def evaluate(index: int, draw: int, each: int, deviation: float) -> float:
        return chips.accuracy(index, draw, bits=each, deviation=deviation, correlation_time=correlation_time)

    return noise_grid_by(
        evaluate,
        networks=len(networks),
        bits=bits,
        deviations=deviations,
        tuning_error=tuning_error,
        error_of=error_of,
        correlation_time=correlation_time,
        draws=draws,
    )


def noise_grid_by(
    evaluate: EvaluateNoise,
    *,
    networks: int,
    bits: Sequence[int],
    deviations: Sequence[float],
    tuning_error: float,
    error_of: ErrorOf,
    correlation_time: float,
    draws: int,
) -> NoiseGrid:
    """The grid of anything noisy; arguments as in `noise_grid`."""
    check_draws(networks, draws)
    accuracy = [[[[evaluate(index, draw, each, one) for one in deviations] for each in bits] for draw in range(draws)] for index in range(networks)]
    return NoiseGrid(
        accuracy=np.array(accuracy),
        bits=tuple(bits),
        deviations=tuple(deviations),
        tuning_error=tuning_error,
        error_of=error_of,
        correlation_time=correlation_time,
    )


def correlation_curve(
    networks: Sequence[TrainedNetwork],
    test: Examples,
    memristor: MemristorCard,
    *,
    bits: int = 3,
    deviation: float = 0.07,
    tuning_error: float = 0.03,
    error_of: ErrorOf = "target",
    times: Sequence[float] = CORRELATION_TIMES,
    draws: int = 5,
    seed: int = 0,
    gains: Gains | None = None,
    rates: tuple[float, ...] = (),
) -> NoiseCurve:
    """Accuracy of chips over the correlation time of read noise; arguments as in `noise_grid`."""
    check_draws(len(networks), draws)
    ready = _ready(networks, test)
    chips = _NoisyChips(
        networks=networks, ready=ready, test=test, memristor=memristor, tuning_error=tuning_error, error_of=error_of, seed=seed, gains=gains, rates=rates
    )
    accuracy = [
        [[chips.accuracy(index, draw, bits=bits, deviation=deviation, correlation_time=each) for each in times] for draw in range(draws)]
        for index in range(len(networks))
    ]
    return NoiseCurve(accuracy=np.array(accuracy), times=tuple(times), bits=bits, tuning_error=tuning_error, error_of=error_of, deviation=deviation)
