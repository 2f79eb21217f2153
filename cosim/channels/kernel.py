"""Gaussian kernel densities by exact bin masses: each sample is a normal law, whose distribution function is taken at the edges.

Source: Scott 1992, Multivariate Density Estimation (the bandwidth).
Not here: which samples belong together (`measured`).
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array

_REACH = 8.5  # deviations beyond which a normal law holds less than 1e-16
_BLOCK = 2_000_000  # values of the distribution function held at a time


def scott_bandwidth(samples: Array) -> float:
    """Scott's bandwidth of ``(samples,)``: ``n^(-1/5)`` standard deviations, in the unit of the samples."""
    return float(len(samples) ** -0.2 * np.std(samples, ddof=1))


def kernel_masses(samples: Array, edges: Array, *, bandwidth: float, weights: Array | None = None) -> Array:
    """Masses of the kernel density of samples; the first and the last bin take the tails.

    Args:
        samples: ``(samples,)``.
        edges: ``(bins + 1,)``.
        bandwidth: of the kernels.
        weights: ``(samples,)`` with the sum one; None for equal ones.

    Returns:
        ``(bins,)``.
    """
    from scipy.special import ndtr

    inner = np.asarray(edges, dtype=float)[1:-1]
    below = np.where(inner < np.min(samples), 0.0, 1.0)  # of the edges that no kernel reaches
    reached = (inner > np.min(samples) - _REACH * bandwidth) & (inner < np.max(samples) + _REACH * bandwidth)
    total = np.zeros(np.count_nonzero(reached))
    step = max(1, _BLOCK // max(1, len(total)))
    for start in range(0, len(samples), step):
        values = ndtr((inner[reached] - samples[start : start + step, None]) / bandwidth)
        total += np.sum(values, axis=0) if weights is None else weights[start : start + step] @ values
    below[reached] = total / len(samples) if weights is None else np.minimum(total, 1.0)
    return np.maximum(np.diff(below, prepend=0.0, append=1.0), 0.0)


def normal_masses(means: Array, deviations: Array, edges: Array) -> Array:
    """``(..., bins)`` masses of normal laws ``(...)`` between ``(bins + 1,)`` edges, accurate in both tails; the outer edges count as infinite."""
    from scipy.special import ndtr

    inner = (np.asarray(edges, dtype=float)[1:-1] - np.asarray(means)[..., None]) / np.asarray(deviations)[..., None]
    ends = np.full((*inner.shape[:-1], 1), np.inf)
    scaled = np.concatenate([-ends, inner, ends], axis=-1)
    low, high = scaled[..., :-1], scaled[..., 1:]
    upper = low > 0.0  # where both are near one, the difference is taken of what lies above
    return np.maximum(np.where(upper, ndtr(-low) - ndtr(-high), ndtr(high) - ndtr(low)), 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Kernels:
    """Kernel densities of several groups of samples.

    Attributes:
        samples: ``(samples,)`` of all groups, one group behind the other.
        starts: ``(groups + 1,)`` where each begins, and the end.
        bandwidths: ``(groups,)`` deviation of the kernels.
    """

    samples: Array
    starts: Array
    bandwidths: Array

    def of(self, group: int) -> Array:
        """``(samples of the group,)``."""
        return self.samples[self.starts[group] : self.starts[group + 1]]

    def masses(self, group: int, edges: Array) -> Array:
        """``(bins,)`` masses of one group."""
        return kernel_masses(self.of(group), edges, bandwidth=float(self.bandwidths[group]))

    def between(self, group: int, other: int, share: float) -> tuple[Array, Array, float]:
        """A density on the way from one group to another: quantiles of the samples and the bandwidth are interpolated.

        Returns:
            ``(points,)`` samples and their weights, and the bandwidth; the samples of the group alone at a share of 0, those of the other at 1.
        """
        low, high = np.sort(self.of(group)), np.sort(self.of(other))
        ends = np.union1d(np.arange(1, len(low)) / len(low), np.arange(1, len(high)) / len(high))  # where one of the two steps to its next sample
        place, weights = np.concatenate([ends, [1.0]]), np.diff(ends, prepend=0.0, append=1.0)
        middle = place - weights / 2.0
        points = [each[np.minimum((middle * len(each)).astype(int), len(each) - 1)] for each in (low, high)]
        width = (1.0 - share) * self.bandwidths[group] + share * self.bandwidths[other]
        return (1.0 - share) * points[0] + share * points[1], weights, float(width)

    def draw(self, groups: Array, *, rng: np.random.Generator) -> Array:
        """``(...)`` one exact draw from the density of each of ``(...)`` groups: a sample of it and a normal step."""
        counts = self.starts[groups + 1] - self.starts[groups]
        chosen = self.starts[groups] + np.floor(rng.random(np.shape(groups)) * counts).astype(int)
        return self.samples[chosen] + self.bandwidths[groups] * rng.standard_normal(np.shape(groups))


def kernels(groups: list[Array], *, bandwidth: float = 1.0) -> Kernels:
    """Kernel densities of groups of samples ``(samples,)``, each with its own Scott bandwidth times `bandwidth`."""
    starts = np.concatenate([[0], np.cumsum([len(each) for each in groups])])
    widths = np.array([bandwidth * scott_bandwidth(each) for each in groups])
    return Kernels(samples=np.concatenate(groups), starts=starts, bandwidths=widths)


def between(knots: Array, values: Array) -> tuple[Array, Array]:
    """The knot below each value and the share of the next one; ends are held."""
    low = np.clip(np.searchsorted(knots, values, side="right") - 1, 0, len(knots) - 2)
    return low, np.clip((values - knots[low]) / (knots[low + 1] - knots[low]), 0.0, 1.0)
