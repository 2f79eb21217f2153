"""Capacity of a channel that is known by samples alone, with an interval: laws and a distribution of the input are found on some devices, scored on others.

On the training folds each level gets a kernel law W, whose bandwidth the left-out likelihood chooses, and the law the distribution p that reaches its
capacity. The mean of log2 W(y|x) / q(y) over the other devices, x weighed by p and q = p W, is free of bias for a lower bound of the mutual information of
p, whatever W is, and so of the capacity (mismatched decoding: Arnold et al. 2006, IEEE Trans. Inf. Theory 52, 3498). In sample the same kernels err both ways:
they have seen the noise that they are asked about, and they widen every law. The interval is that of the bound, averaged over drawings of as many devices:
samples must be independent devices, and errors that are too rare for their number are not in it.
Not here: the kernels (`cosim.channels.kernel`), capacity of a known law (`capacity`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cosim._types import Array
from cosim.channels.kernel import kernel_masses, scott_bandwidth
from cosim.coding.capacity import capacity
from cosim.errors import InputError, reject

FOLDS = 5
FACTORS = (0.5, 0.7, 1.0, 1.4, 2.0)  # of Scott's bandwidth, that are tried
BINS = 1500
NORMAL_95 = 1.959963984540054  # standard deviations of a 95 % interval
WIDENED = 1.25  # scores are added as if laws were fixed and folds independent; laws share devices, and where these are few the bound varies a quarter more
TOLERANCE = 1e-4  # of a capacity [bits]
LEAST_SAMPLES = 10  # of a level: two in each fold
MARGIN = 1e-3  # of the range of the samples, at either end of the bins
MOST_LEFT_OUT = 1000  # samples of a level by which a bandwidth is chosen: memory grows with their number times that of all


@dataclass(frozen=True, kw_only=True)
class CapacityEstimate:
    """A capacity as devices showed it.

    Attributes:
        bits: lower bound, out of sample.
        low, high: 95 % interval of that bound, `WIDENED`.
        kernel_bits: capacity of the kernel laws of all samples, in sample: what the plain kernel channel says.
        samples: devices at each level.
    """

    bits: float
    low: float
    high: float
    kernel_bits: float
    samples: int

    @property
    def width(self) -> float:
        """Of the interval."""
        return self.high - self.low

    def needed(self, width: float) -> int:
        """Samples at each level for an interval of `width`, as its width falls with the root of their number."""
        return math.ceil(self.samples * (self.width / width) ** 2 - 1e-9)

    def require(self, width: float, *, where: str) -> None:
        """Refuse too few samples.

        Raises:
            InputError: says how many samples a level an interval of `width` needs.
        """
        if self.width > width:
            raise too_few(self.samples, max(self.needed(width), self.samples + 1), width=width, where=where)


def too_few(samples: int, needed: int, *, width: float, where: str) -> InputError:
    """What is said of fewer samples a level than an interval of `width` needs."""
    return reject(InputError, where, "samples", samples, f">= {needed}, for an interval of the capacity of {width:g} bits")


def estimate_capacity(groups: Sequence[Array], *, rng: np.random.Generator, folds: int = FOLDS, bins: int = BINS) -> CapacityEstimate:
    """The capacity of a channel between levels and reads.

    Args:
        groups: ``(samples,)`` reads of each level, one from each device, in a unit in which a level's deviation is about the same everywhere.
        rng: deals the devices out to the folds.
        folds: parts of the devices; each is scored once.
        bins: of the reads; fewer never give more.

    Raises:
        InputError: fewer than two levels, too few samples of one, or samples that are all equal.
    """
    samples = _checked(groups, folds)
    edges = _edges(groups, bins)
    dealt = [rng.permutation(np.arange(len(each)) % folds) for each in groups]
    scored = [_score(groups, [each == fold for each in dealt], edges) for fold in range(folds)]
    bits = float(np.mean([each.mean for each in scored]))
    half = WIDENED * NORMAL_95 * math.sqrt(sum(each.variance for each in scored)) / folds
    kernel_bits = _kernel_bits(groups, edges)
    return CapacityEstimate(bits=max(bits, 0.0), low=max(bits - half, 0.0), high=max(bits + half, 0.0), kernel_bits=kernel_bits, samples=samples)


def _kernel_bits(groups: Sequence[Array], edges: Array) -> float:
    """Capacity of the kernel laws of all samples."""
    whole = np.stack([kernel_masses(each, edges, bandwidth=scott_bandwidth(each)) for each in groups])
    return capacity(whole / whole.sum(axis=1, keepdims=True), tolerance=TOLERANCE).bits


class _Scored(NamedTuple):
    mean: float
    variance: float


def _checked(groups: Sequence[Array], folds: int) -> int:
    """The smallest number of samples of a level."""
    if len(groups) < 2:
        raise reject(InputError, "capacity of samples", "levels", len(groups), ">= 2")
    least = max(LEAST_SAMPLES, 2 * folds)
    for level, each in enumerate(groups):
        if len(each) < least:
            raise reject(InputError, "capacity of samples", f"samples of level {level}", len(each), f">= {least}")
        if not np.ptp(each) > 0.0:
            raise reject(InputError, "capacity of samples", f"distinct samples of level {level}", 1, ">= 2")
    return min(len(each) for each in groups)


def _edges(groups: Sequence[Array], bins: int) -> Array:
    """``(bins + 1,)`` evenly spaced over all samples, the outer ones infinite."""
    low, high = min(float(each.min()) for each in groups), max(float(each.max()) for each in groups)
    slack = MARGIN * (high - low)
    return np.concatenate([[-np.inf], np.linspace(low - slack, high + slack, bins + 1)[1:-1], [np.inf]])


def _score(groups: Sequence[Array], held: Sequence[Array], edges: Array) -> _Scored:
    """Mean and variance of the score of the devices ``held (samples,)`` out of each level, by the laws of the others."""
    training = [each[~out] for each, out in zip(groups, held, strict=True)]
    factor = _best_factor(training)
    law = _laws(training, edges, factor)
    inputs = capacity(law, tolerance=TOLERANCE).distribution
    output = inputs @ law
    mean = variance = 0.0
    for level in np.flatnonzero(inputs).tolist():
        bin_of = np.searchsorted(edges, groups[level][held[level]], side="right") - 1
        scores = np.log2(law[level, bin_of] / output[bin_of])
        mean += float(inputs[level] * scores.mean())
        variance += float(inputs[level] ** 2 * scores.var(ddof=1) / len(scores))
    return _Scored(mean, variance)


def _laws(training: Sequence[Array], edges: Array, factor: float) -> Array:
    """``(levels, bins)`` kernel masses, all positive: as much of the law of all levels and of a flat one is mixed in as a single unseen sample would weigh."""
    masses = np.stack([kernel_masses(each, edges, bandwidth=factor * scott_bandwidth(each)) for each in training])
    everywhere = 0.5 * masses.mean(axis=0) + 0.5 / masses.shape[1]
    share = 1.0 / (1.0 + np.array([len(each) for each in training]))[:, None]
    law = (1.0 - share) * masses + share * everywhere
    return np.asarray(law / law.sum(axis=1, keepdims=True))


def _best_factor(training: Sequence[Array]) -> float:
    """The factor of Scott's bandwidth under which samples that are left out one by one are most likely, over all levels."""
    return FACTORS[int(np.argmax(np.sum([_left_out(each) for each in training], axis=0)))]


def _left_out(samples: Array) -> Array:
    """``(factors,)`` log-likelihood of samples under the kernels of all others: of every one, or of `MOST_LEFT_OUT` at most, equally far apart in the list."""
    out = np.arange(0, len(samples), math.ceil(len(samples) / MOST_LEFT_OUT))
    squares = -0.5 * ((samples[out, None] - samples) / scott_bandwidth(samples)) ** 2
    squares[np.arange(len(out)), out] = -np.inf
    least, share = np.finfo(float).tiny, len(samples) / len(out)
    logarithms = [np.sum(np.log(np.maximum(np.exp(squares / factor**2).sum(axis=1), least))) - len(out) * math.log(factor) for factor in FACTORS]
    return np.asarray(share * np.array(logarithms))
