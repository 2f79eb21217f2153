"""Models of how far a tuned conductance, or a read of it, lies from its target, held against the cells.

Errors are relative to the target. Fitted means and deviations, one pair over all levels or one a level, are allowed for by drawing the statistic under the
hypothesis, fitted in the same way (Lilliefors); a p-value is never below one over the draws.
Source of the scaling over sample sizes: Stephens 1974, J. Am. Stat. Assoc. 69, 730.
"""

import math
from typing import NamedTuple

import numpy as np

from cosim._types import Array
from cosim.channels.gaussian import GaussianChannel
from cosim.channels.kernel import normal_masses
from cosim.codesign.circuit_channel.measure import MeasuredCells
from cosim.codesign.circuit_channel.models import Held, ModelFit, judged
from cosim.coding.capacity import capacity
from cosim.devices.memristor.read_noise import ReadNoise

PAPER, FITTED, SUMMED, PCM = (
    "Gaussian of the band, 3 % of the target",
    "Gaussian relative error, fitted",
    "Gaussian a level, and the read noise of the card",
    "spread of phase-change cells over the levels",
)
DRAWN, DRAWN_SIZE = 4999, 1000  # draws under the hypothesis, and samples of each
LEVEL_DRAWN, LEVEL_SIZE = 1999, 100  # the same for fits a level, and at most so many samples of one
BINS = 1000
TOLERANCE = 1e-3  # of a capacity [bits]


def paper_gaussian(cells: MeasuredCells, band: float) -> list[ModelFit]:
    """Target plus a Gaussian whose deviation is the band, mean 0, as the network's studies of the paper take it."""
    tests, bits = [], _bits(cells, 0.0, band)
    for condition, values in cells.conditions():
        errors = _errors(cells, values)
        distance, p_value = _ks(errors / band)
        remark = f"measured mean {100 * errors.mean():+.2f} %, deviation {100 * errors.std():.2f} %: {_against(errors.std() / band)} the model's"
        tests.append(Held(condition, "KS distance", distance, p_value, remark, bits))
    return judged(PAPER.replace("3 %", f"{100 * band:g} %"), "Lim 2025, section 3.2", tests)


def fitted_gaussian(cells: MeasuredCells, *, rng: np.random.Generator) -> list[ModelFit]:
    """One relative mean and deviation for all levels, fitted."""
    null = np.sort(_scaled(_distance(_standardized(rng.standard_normal((DRAWN, DRAWN_SIZE)))), DRAWN_SIZE))
    tests = []
    for condition, values in cells.conditions():
        errors = _errors(cells, values)
        z = _standardized(errors)
        distance, p_value = _drawn_p_value(z, null)
        low, high = _end_deviations(cells, errors)
        remark = f"deviation {100 * low:.2f} % in the lower half of the levels, {100 * high:.2f} % in the upper; excess kurtosis {np.mean(z**4) - 3:+.2f}"
        bits = _bits(cells, float(errors.mean()), float(errors.std(ddof=1)))
        tests.append(Held(condition, "KS distance, Lilliefors", distance, p_value, remark, bits))
    return judged(FITTED, "the paper's form with our numbers", tests)


def gaussian_by_level(cells: MeasuredCells, noise: ReadNoise, *, rng: np.random.Generator) -> list[ModelFit]:
    """A mean and a deviation a level, fitted without noise; to reads the card's variance is added, as if it were independent."""
    added = noise.deviation(cells.written)
    laws = [_LevelLaw.of(cells, cells.true, 0.0 * added, rng), _LevelLaw.of(cells, cells.quiet, added, rng)]
    tests = []
    for condition, values in cells.conditions():
        law = laws[0 if values is cells.true else 1]
        z = (_errors(cells, values) - law.means[cells.level]) / law.deviations[cells.level]
        distance, p_value = _drawn_p_value(z, law.null)
        remark = f"deviation {_against(float(z.std()))} the model's, mean off by {z.mean():+.3f} deviations, skewness {np.mean(_standardized(z) ** 3):+.2f}"
        tests.append(Held(condition, "KS distance, Lilliefors", distance, p_value, remark, law.bits))
    return judged(SUMMED, f"level by level; card {noise.name}", tests)


class _LevelLaw(NamedTuple):
    """Means and deviations ``(levels,)``, rising distances ``(draws,)`` under the hypothesis, and the capacity."""

    means: Array
    deviations: Array
    null: Array
    bits: float

    @classmethod
    def of(cls, cells: MeasuredCells, fitted: Array, added: Array, rng: np.random.Generator) -> "_LevelLaw":
        """Fitted to values ``(cells,)``; ``added (levels,)`` is the deviation that reads add."""
        groups = cells.groups(_errors(cells, fitted))
        means, own = np.array([each.mean() for each in groups]), np.array([each.std(ddof=1) for each in groups])
        deviations = np.hypot(own, added)
        null = _null_by_level(own, added, min(LEVEL_SIZE, *(len(each) for each in groups)), rng)
        return cls(means, deviations, null, _bits(cells, means, deviations))


def pcm_spread(cells: MeasuredCells, channel: GaussianChannel) -> list[ModelFit]:
    """How the deviation of phase-change cells moves over what is written, scaled to the mean variance of ours; levels stand end to end."""
    from scipy.stats import chi2

    place = np.linspace(0.0, 1.0, len(cells.written))
    wanted = np.log(np.interp(place * np.ptp(channel.inputs) + channel.inputs[0], channel.inputs, channel.deviations) ** 2)
    ratio = math.exp(0.5 * (_half(wanted, lower=False) - _half(wanted, lower=True)))
    tests = []
    for condition, values in cells.conditions():
        groups = cells.groups(np.log10(values))
        found = np.log([each.var(ddof=1) for each in groups])
        count = min(len(each) for each in groups)
        kurtosis = np.mean([np.mean(((each - each.mean()) / each.std()) ** 4) for each in groups])
        difference = found - wanted
        value = float(np.sum((difference - difference.mean()) ** 2) * count / max(kurtosis - 1.0, 0.1))  # variance of ln s^2: (kurtosis - 1) / samples
        measured = math.exp(0.5 * (_half(found, lower=False) - _half(found, lower=True)))
        remark = f"spread of the upper half of the levels over that of the lower: {measured:.2f} measured, {ratio:.2f} in the model"
        tests.append(Held(condition, "chi-square over levels", value, float(chi2.sf(value, len(groups) - 1)), remark))
    return judged(PCM, f"Zarcone 2020, channel {channel.name}", tests)


def _errors(cells: MeasuredCells, values: Array) -> Array:
    return np.asarray(values / cells.target - 1.0)


def _ks(z: Array) -> tuple[float, float]:
    """Distance from the standard normal law, and its p-value."""
    from scipy.stats import kstwobign

    distance = float(_distance(z))
    return distance, float(kstwobign.sf(distance * math.sqrt(len(z))))


def _drawn_p_value(z: Array, null: Array) -> tuple[float, float]:
    """Distance of ``(samples,)`` from the standard normal law, and its p-value among rising scaled distances ``(draws,)``."""
    distance = float(_distance(z))
    above = len(null) - int(np.searchsorted(null, _scaled(np.array(distance), len(z))))
    return distance, (above + 1) / (len(null) + 1)


def _null_by_level(own: Array, added: Array, samples: int, rng: np.random.Generator) -> Array:
    """``(draws,)`` rising scaled distances of reads whose means and deviations were fitted a level, before ``added (levels,)`` came to them."""
    distances, shape = [], (len(own), samples)
    for _ in range(LEVEL_DRAWN):
        before = own[:, None] * rng.standard_normal(shape)
        read = before + added[:, None] * rng.standard_normal(shape)
        deviation = np.hypot(before.std(axis=1, ddof=1), added)[:, None]
        distances.append(_distance(np.ravel((read - before.mean(axis=1, keepdims=True)) / deviation)))
    return np.sort(_scaled(np.array(distances), len(own) * samples))


def _standardized(values: Array) -> Array:
    """``(..., samples)`` less their mean, over their deviation."""
    return np.asarray((values - values.mean(axis=-1, keepdims=True)) / values.std(axis=-1, ddof=1, keepdims=True))


def _distance(z: Array) -> Array:
    """Largest distance ``(...)`` between the distribution of ``(..., samples)`` and the standard normal one."""
    from scipy.special import ndtr

    probabilities, count = ndtr(np.sort(z, axis=-1)), z.shape[-1]
    rising = np.arange(1, count + 1) / count
    return np.maximum(np.max(rising - probabilities, axis=-1), np.max(probabilities - rising, axis=-1) + 1.0 / count)


def _scaled(distance: Array, count: int) -> Array:
    """Distances of which the law hardly depends on the number of samples."""
    return np.asarray(distance * (math.sqrt(count) - 0.01 + 0.85 / math.sqrt(count)))


def _end_deviations(cells: MeasuredCells, errors: Array) -> tuple[float, float]:
    low = cells.level < len(cells.written) // 2
    return float(errors[low].std()), float(errors[~low].std())


def _half(values: Array, *, lower: bool) -> float:
    middle = len(values) // 2
    return float(np.mean(values[:middle] if lower else values[-middle:]))


def _against(ratio: float) -> str:
    return f"{ratio:.2f} times"


def _bits(cells: MeasuredCells, mean: Array | float, deviation: Array | float) -> float:
    """Capacity of Gaussian relative errors at the levels that were written."""
    means, deviations = cells.written * (1.0 + mean), cells.written * deviation
    reach = 4.0 * float(np.max(np.asarray(deviation)))
    edges = np.geomspace(cells.written[0] * max(1.0 - reach, 0.1), cells.written[-1] * (1.0 + reach), BINS + 1)
    edges[0], edges[-1] = -np.inf, np.inf
    return capacity(normal_masses(means, deviations, edges), tolerance=TOLERANCE).bits
