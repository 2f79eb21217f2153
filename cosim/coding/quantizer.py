"""The scalar quantizer without a decoder: what is read of a level IS the value that it stands for, as where a conductance multiplies what comes in.

K of the candidate inputs and the thresholds between them, for values with masses: the expected squared error of a value ``v`` on an input whose reads have the
mean ``m`` and the variance ``s`` is ``(m - v)^2 + s``. Of two inputs the one with the larger mean is better from a threshold on, so that the cells of the best
quantizer are intervals of the sorted values, and dynamic programming over values and candidates finds it exactly.

Not here: a decoder of one's own (`scalar`).
Source: dynamic programming, Bruce, PhD thesis, MIT 1965; alternation, Lloyd, IEEE Trans. Inf. Theory 28, 129 (1982).
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.channel import Discretized
from cosim.errors import InputError, reject

WHERE = "quantizer"
ROUNDS = 1000  # of the alternation at most; each lowers the error, or is the last


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantizer:
    """Which inputs serve as levels, and for which values.

    Attributes:
        chosen: ``(levels,)`` indices of the candidates, by rising mean.
        reads: ``(levels,)`` mean reads.
        thresholds: ``(levels - 1,)`` between neighbors, where both cost the same.
        distortion: expected squared error, masses taken as shares.
        assigned: ``(values,)`` the level that each value of the design goes to.
    """

    chosen: Array
    reads: Array
    thresholds: Array
    distortion: float
    assigned: Array

    def levels_of(self, values: Array) -> Array:
        """``(...)`` index of the level for ``(...)`` values."""
        return np.asarray(np.searchsorted(self.thresholds, values))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Problem:
    """Values that rise, and candidates whose means rise.

    Attributes:
        values: ``(distinct values,)`` with a mass, rising.
        masses: ``(distinct values,)`` as shares.
        means: ``(candidates,)`` of the reads, rising.
        variances: ``(candidates,)`` of the reads.
        order: ``(candidates,)`` where each candidate was.
        given: ``(values,)`` as they came.
    """

    values: Array
    masses: Array
    means: Array
    variances: Array
    order: Array
    given: Array

    @classmethod
    def of(cls, values: Array, masses: Array | None, means: Array, variances: Array, levels: int) -> "_Problem":
        """Checked and sorted; equal values are one."""
        values, means, variances = (np.asarray(each, dtype=float) for each in (values, means, variances))
        masses = np.ones(np.shape(values)) if masses is None else np.asarray(masses, dtype=float)
        _check(values, masses, means, variances, levels)
        distinct, which = np.unique(values[masses > 0], return_inverse=True)
        order = np.lexsort((variances, means))
        shares = np.bincount(which, weights=masses[masses > 0]) / masses.sum()
        return cls(values=distinct, masses=shares, means=means[order], variances=variances[order], order=order, given=values)

    def costs(self, candidates: Array) -> Array:
        """``(values, candidates)`` of some candidates."""
        return np.asarray((self.means[candidates] - self.values[:, None]) ** 2 + self.variances[candidates])

    def result(self, candidates: Array) -> Quantizer:
        """The quantizer with these candidates; those that serve no value are left out."""
        used = np.unique(self.costs(candidates).argmin(axis=1))
        candidates = candidates[used]
        means, variances = self.means[candidates], self.variances[candidates]
        thresholds = thresholds_of(means, variances)
        return Quantizer(
            chosen=self.order[candidates],
            reads=means,
            thresholds=thresholds,
            distortion=float(self.masses @ self.costs(candidates).min(axis=1)),
            assigned=np.searchsorted(thresholds, self.given),
        )


def thresholds_of(means: Array, variances: Array) -> Array:
    """``(levels - 1,)`` values at which two neighbors cost the same, for levels whose means rise."""
    return np.asarray((means[1:] + means[:-1]) / 2.0 + np.diff(variances) / (2.0 * np.diff(means)))


def law_of(channel: Discretized) -> tuple[Array, Array]:
    """``(levels,)`` mean and variance of the reads of each input of a channel, from its transition matrix."""
    means = channel.matrix @ channel.centers
    return means, np.maximum(channel.matrix @ channel.centers**2 - means**2, 0.0)


def best_quantizer(
    values: Array,
    means: Array,
    variances: Array,
    *,
    levels: int,
    masses: Array | None = None,
    bands: tuple[Array, Array] | None = None,
) -> Quantizer:
    """The quantizer with the least expected squared error; time and memory grow with values x candidates x levels.

    Args:
        values: ``(values,)`` in any order.
        means: ``(candidates,)`` of the reads of each candidate input, in any order.
        variances: ``(candidates,)`` of these reads.
        levels: so many candidates are chosen at most: one that serves no value is left out.
        masses: ``(values,)``; equal ones if left out.
        bands: ``(candidates,)`` lower and upper end of what each candidate takes of the read axis; chosen ones do not overlap, but may touch.

    Raises:
        InputError: no values, fewer candidates than levels, arrays that do not fit or are not finite, or fewer levels than asked for fit side by side.
    """
    problem = _Problem.of(values, masses, means, variances, levels)
    before = _before(problem, bands)
    _check_separable(before, levels)
    prefix = _prefix_costs(problem)
    tables = [prefix]
    for _ in range(levels - 1):
        gained = np.minimum.accumulate(_cheapest_below(tables[-1], before) - prefix, axis=0)
        tables.append(prefix + gained)
    count = int(np.argmin([table[-1].min() for table in tables]))
    return problem.result(_traced(tables[: count + 1], prefix, before))


def lloyd_quantizer(values: Array, means: Array, variances: Array, *, start: Array, masses: Array | None = None) -> Quantizer:
    """What the alternation ends at: values to their best level, levels to their best candidate. A local optimum, beside which `best_quantizer` can be held.

    Args:
        values, means, variances, masses: as in `best_quantizer`.
        start: ``(levels,)`` indices of the candidates to start from.

    Raises:
        InputError: as in `best_quantizer`, or a start that is none of the candidates.
    """
    start = np.unique(np.asarray(start, dtype=int))
    if len(start) and not (start.min() >= 0 and start.max() < len(means)):
        raise reject(InputError, WHERE, "start", int(start.max() if start.min() >= 0 else start.min()), f"within 0..{len(means) - 1}, the candidates")
    problem = _Problem.of(values, masses, means, variances, len(start))
    candidates = np.sort(np.argsort(problem.order)[start])
    for _ in range(ROUNDS):
        cells = problem.costs(candidates).argmin(axis=1)
        shares = np.bincount(cells, weights=problem.masses, minlength=len(candidates))
        used = shares > 0
        centers = np.bincount(cells, weights=problem.masses * problem.values, minlength=len(candidates))[used] / shares[used]
        moved = np.unique(((problem.means - centers[:, None]) ** 2 + problem.variances).argmin(axis=1))
        if np.array_equal(moved, candidates):
            break
        candidates = moved
    return problem.result(candidates)


def _prefix_costs(problem: _Problem) -> Array:
    """``(values + 1, candidates)`` cost of the first values, all of them on one candidate; about their mean, so that nothing cancels."""
    center = float(problem.masses @ problem.values)
    values, means = problem.values - center, problem.means - center
    sums = [np.concatenate([[0.0], np.cumsum(problem.masses * values**power)])[:, None] for power in range(3)]
    return np.asarray((means**2 + problem.variances) * sums[0] - 2.0 * means * sums[1] + sums[2])


def _cheapest_below(table: Array, before: Array) -> Array:
    """``(values + 1, candidates)`` least cost of a table among the candidates that may lie below each."""
    least = np.minimum.accumulate(table, axis=1)
    return np.where(before > 0, least[:, np.maximum(before - 1, 0)], np.inf)


def _traced(tables: list[Array], prefix: Array, before: Array) -> Array:
    """The candidates on the cheapest way through the tables, rising."""
    end, candidate = len(prefix) - 1, int(np.argmin(tables[-1][-1]))
    found = [candidate]
    for table in tables[-2::-1]:
        below = table[: end + 1, : before[candidate]]
        end = int(np.argmin(below.min(axis=1) - prefix[: end + 1, candidate]))
        candidate = int(np.argmin(below[end]))
        found.append(candidate)
    return np.array(found[::-1])


def _before(problem: _Problem, bands: tuple[Array, Array] | None) -> Array:
    """``(candidates,)`` how many candidates, from the lowest mean on, may be the next level below each."""
    below = np.searchsorted(problem.means, problem.means)
    if bands is None:
        return np.asarray(below)
    low, high = (np.asarray(each, dtype=float) for each in bands)
    if not low.shape == high.shape == problem.order.shape:
        raise reject(InputError, WHERE, "bands", f"shapes {low.shape} and {high.shape}", f"of shape {problem.order.shape}, one for each candidate")
    low, high = low[problem.order], high[problem.order]
    if np.any(low > high) or np.any(np.diff(low) < 0) or np.any(np.diff(high) < 0):
        raise InputError(f"{WHERE}, bands: must be intervals whose ends rise with the mean")
    return np.asarray(np.minimum(below, np.searchsorted(high, low, side="right")))


def _check_separable(before: Array, levels: int) -> None:
    """Refuse more levels than fit side by side.

    Raises:
        InputError: names how many do.
    """
    fitting = np.ones(len(before), dtype=int)
    for index, number in enumerate(before):
        fitting[index] = 1 + (fitting[:number].max() if number else 0)
    if levels > fitting.max():
        raise reject(InputError, WHERE, "levels", levels, f"<= {fitting.max()}, as more of these {len(before)} candidates cannot be told apart")


def _check(values: Array, masses: Array, means: Array, variances: Array, levels: int) -> None:
    """Refuse what cannot be quantized.

    Raises:
        InputError: names it.
    """
    if values.ndim != 1 or not len(values):
        raise reject(InputError, WHERE, "values", f"shape {values.shape}", "of shape (values,), one at least")
    for name, array, shape in (("masses", masses, values.shape), ("variances", variances, means.shape)):
        if array.shape != shape:
            raise reject(InputError, WHERE, name, f"shape {array.shape}", f"of shape {shape}")
        if not np.all(array >= 0):
            raise reject(InputError, WHERE, name, float(np.min(array)), ">= 0")
    for name, array in (("values", values), ("masses", masses), ("means", means), ("variances", variances)):
        if not np.all(np.isfinite(array)):
            raise reject(InputError, WHERE, name, float(array[~np.isfinite(array)][0]), "finite")
    if not masses.sum() > 0:
        raise reject(InputError, WHERE, "sum of masses", 0.0, "> 0")
    if means.ndim != 1 or not 1 <= levels <= len(means):
        raise reject(InputError, WHERE, "levels", levels, f"within 1..{means.size}, the candidates")
