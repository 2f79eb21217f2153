"""Models of what time does to a written cell, held against the reads: how the mean of ln G moves between two delays, and how its spread grows.

Every cell is read at each delay, so that shifts are those of one and the same cell, and their error is that of pairs. A delay counts from the end of tuning,
and from what each model counts it from: the first read of phase-change cells, the write of the others.
Nothing but read noise moves a simulated cell (`measure`): that the mean stays between late delays is how the simulation is built, and says nothing of devices.
A read soon after tuning still sees the noise that its cell was accepted on, which moves the mean until it is forgotten. The verdicts on the other models say
what their laws would have shown in as many cells.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cosim._types import Array
from cosim.channels.pcm import PcmDrift
from cosim.channels.population import SwitchPopulation
from cosim.channels.rram import RelaxingLevels
from cosim.codesign.circuit_channel.measure import MeasuredCells
from cosim.codesign.circuit_channel.models import Held, ModelFit, judged
from cosim.devices.memristor.read_noise import ReadNoise
from cosim.units import engineering

NO_DRIFT = "no drift"
STILL_SEEN = 0.05  # of the noise at acceptance: less is not spoken of; three correlation times
SHIFT, GROWTH = "z of the mean shift of ln G", "z of the growth of the spread"


class Step(NamedTuple):
    """Two delays, and what the reads did between them.

    Attributes:
        condition: in words.
        before, after: [s].
        shift, shift_error: mean of ln G after less before, and its standard error.
        growth, growth_error: ln of the variance within a level after over before, and its standard error.
        variance: of ln G within a level, before.
    """

    condition: str
    before: float
    after: float
    shift: float
    shift_error: float
    growth: float
    growth_error: float
    variance: float


def steps(cells: MeasuredCells) -> list[Step]:
    """Between the first delay and each of the others, and between the last two."""
    count = len(cells.delays)
    pairs = [(0, later) for later in range(1, count)] + ([(count - 2, count - 1)] if count > 2 else [])
    return [_step(cells, first, second) for first, second in pairs]


def no_drift(cells: MeasuredCells, noise: ReadNoise) -> list[ModelFit]:
    """The mean stays where it is; where that is rejected, the remark says what the first of both reads still sees of the noise at acceptance."""
    held = steps(cells)
    fits = _shifts(NO_DRIFT, f"card {noise.name}: reads over {noise.retention:g} s show no trend", [(each, 0.0) for each in held])
    return [fit if fit.accepted else replace(fit, remark=fit.remark + _still_seen(each, noise)) for fit, each in zip(fits, held, strict=True)]


def _still_seen(step: Step, noise: ReadNoise) -> str:
    """In words, and nothing where the noise is forgotten."""
    kept = math.exp(-step.before / noise.correlation_time) if noise.correlation_time > 0.0 else 0.0
    return (
        f"; after {engineering(step.before, 's')} a read still sees {100 * kept:.0f} % of the noise that the cell was accepted on" if kept > STILL_SEEN else ""
    )


def pcm_drift(cells: MeasuredCells, channel: PcmDrift) -> list[ModelFit]:
    """Phase-change memory: each device falls as a power of time, written to the same shares of full scale."""
    mean, spread = channel.exponents(cells.written / cells.written[-1])
    exponent = float(np.mean(_folded(mean, spread)))
    rows = [(each, -exponent * (channel.decades(each.after) - channel.decades(each.before))) for each in steps(cells)]
    return _shifts(f"drift of {channel.name}", channel.description, rows)


def population_drift(cells: MeasuredCells, channel: SwitchPopulation) -> list[ModelFit]:
    """A population of switches that conducts as much as each level: shift of the mean, and growth of the spread by its number of switches."""
    fits = _shifts(f"shift of {channel.name}", channel.description, [(each, _population_step(cells, channel, each)[0]) for each in steps(cells)])
    return fits + _growths(f"spread of {channel.name}", channel.description, [(each, _population_step(cells, channel, each)[1]) for each in steps(cells)])


def relaxation(cells: MeasuredCells, channel: RelaxingLevels) -> list[ModelFit]:
    """RRAM whose levels relax: the growth of their spread between two delays."""
    spread = np.mean(channel.deviations**2, axis=1)
    growth = [_interpolated(channel, spread, each.after) - _interpolated(channel, spread, each.before) for each in steps(cells)]
    return _growths(f"relaxation of {channel.name}", "level counts of A. Levy, 16 levels", list(zip(steps(cells), growth, strict=True)))


def _step(cells: MeasuredCells, first: int, second: int) -> Step:
    before, after = np.log(cells.reads[first]), np.log(cells.reads[second])
    moved = after - before
    centered = [_centered(cells, each) for each in (before, after)]
    variances = [float(np.mean(each**2)) for each in centered]
    change = centered[1] ** 2 / variances[1] - centered[0] ** 2 / variances[0]
    words = [engineering(float(cells.delays[index]), "s") for index in (first, second)]
    return Step(
        condition=f"from {words[0]} to {words[1]}",
        before=float(cells.delays[first]),
        after=float(cells.delays[second]),
        shift=float(moved.mean()),
        shift_error=float(moved.std(ddof=1) / math.sqrt(len(moved))),
        growth=math.log(variances[1] / variances[0]),
        growth_error=float(change.std(ddof=1) / math.sqrt(len(change))),
        variance=variances[0],
    )


def _centered(cells: MeasuredCells, values: Array) -> Array:
    """Values less the mean of their level."""
    counts = np.bincount(cells.level)
    return np.asarray(values - (np.bincount(cells.level, weights=values) / counts)[cells.level])


def _shifts(model: str, source: str, rows: Sequence[tuple[Step, float]]) -> list[ModelFit]:
    tests = []
    for each, predicted in rows:
        z = (each.shift - predicted) / each.shift_error
        remark = f"G moves by {100 * each.shift:+.2f} +- {100 * each.shift_error:.2f} %, in the model by {100 * predicted:+.2f} %"
        tests.append(Held(each.condition, SHIFT, z, _two_sided(z), remark))
    return judged(model, source, tests)


def _growths(model: str, source: str, rows: Sequence[tuple[Step, float]]) -> list[ModelFit]:
    tests = []
    for each, predicted in rows:
        z = (each.growth - predicted) / each.growth_error
        remark = f"the spread within a level grows to {math.exp(0.5 * each.growth):.3f} times, in the model to {math.exp(0.5 * predicted):.3f} times"
        tests.append(Held(each.condition, GROWTH, z, _two_sided(z), remark))
    return judged(model, source, tests)


def _two_sided(z: float) -> float:
    from scipy.special import ndtr

    return 2.0 * float(ndtr(-abs(z)))


def _folded(mean: Array, spread: Array) -> Array:
    """Mean size of a normal number."""
    from scipy.special import ndtr

    z = mean / np.maximum(spread, 1e-12)
    return np.asarray(spread * math.sqrt(2.0 / math.pi) * np.exp(-0.5 * z**2) + mean * (1.0 - 2.0 * ndtr(-z)))


def _population_step(cells: MeasuredCells, channel: SwitchPopulation, step: Step) -> tuple[float, float]:
    """Mean shift of ln G over the levels, and ln of the growth of our variance if the scatter of the switches is added to it."""
    states = channel.state(1.0 / cells.written)
    means, variances = zip(*(channel.moments(states, delay) for delay in (step.before, step.after)), strict=True)
    shift = float(np.mean(np.log(means[1] / means[0])))
    added = np.mean(variances[1] / means[1] ** 2) - np.mean(variances[0] / means[0] ** 2)
    return shift, math.log(max(1.0 + float(added) / step.variance, 1e-9))


def _interpolated(channel: RelaxingLevels, variance: Array, delay: float) -> float:
    """ln of the variance at a delay, straight in the logarithm of the delay; that of the first measured one before it."""
    return float(np.interp(math.log(max(delay, float(channel.times[0]))), np.log(channel.times), np.log(variance)))
