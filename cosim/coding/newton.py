"""The interior-point Newton method behind `capacity` and `constrained`: on few rows of the channel, with a proof over all of them.

The concave problem is max_p  sum_x p_x D(W_x||pW), with c p <= budget where there are costs c. Conditions of its optimum, with the
multipliers level and price: D(W_x||q) = level + price c_x - slack_x, slack_x >= 0, p_x slack_x = 0. Newton steps (predictor and corrector)
follow p_x slack_x = mu -> 0. Scaled by the square root of p the Hessian has no eigenvalue above 1, so that its being singular
(more levels than bins, equal rows) does no harm.

For any output distribution q and price >= 0 the optimum is at most max_x (D(W_x||q) - price c_x) + price budget: rows that break this bound enter,
rows that carry nothing leave, until it is met.
Not here: checks of what the user gives; bits (nats inside).
"""

import math
from dataclasses import dataclass

import numpy as np

from cosim._types import Array

BLOCK = 32  # rows whose logarithms are taken at a time
STEPS, ROUNDS = 120, 300  # most Newton steps on one set of rows, most sets
IDLE = 4  # sets with no new row, after which the gap stays what it is
FIRST_ROWS = 16
ALL_ROWS = 48  # a channel of so few inputs is solved at once
MOST_REDUCED = 400  # a support of more rows is left as it is
FAR = 0.1  # above the level [nat]
NEAR = 0.999  # of the way to the boundary


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """What is maximized.

    Attributes:
        matrix: ``(levels, bins)``, rows sum to one.
        gains: ``(levels,)`` sum of W log W of each row [nat].
        mean: ``(bins,)`` of the rows.
        costs: ``(levels,)`` at least 0 and of the order of one, or None.
        budget: of the mean cost.
        tolerance: gap to stop at [nat].
    """

    matrix: Array
    gains: Array
    mean: Array
    costs: Array | None = None
    budget: float = 0.0
    tolerance: float = 1e-9

    @classmethod
    def of(cls, matrix: Array, *, tolerance: float, costs: Array | None = None, budget: float = 0.0) -> "Problem":
        """The problem of a channel."""
        gains = np.empty(len(matrix))
        for first in range(0, len(matrix), BLOCK):  # small enough for the cache
            rows = matrix[first : first + BLOCK]
            gains[first : first + BLOCK] = np.einsum("ij,ij->i", rows, np.log(np.maximum(rows, 1e-300)))
        return cls(matrix=matrix, gains=gains, mean=np.mean(matrix, axis=0), costs=costs, budget=budget, tolerance=tolerance)

    def bound(self, output: Array, price: float) -> tuple[float, Array]:
        """Upper bound [nat], and ``(levels,)`` what each row contributes to it."""
        spread = min(1e-6, self.tolerance / 16.0)  # of the mean of all rows, so that no divergence is infinite
        mixed = (1.0 - spread) * output + spread * self.mean
        reached = self.gains - self.matrix @ np.log(np.where(mixed > 0.0, mixed, 1.0))
        if self.costs is not None:
            reached = reached - price * self.costs
        return float(np.max(reached)) + price * self.budget, reached


@dataclass(frozen=True, kw_only=True, eq=False)
class Optimum:
    """What was found.

    Attributes:
        distribution: ``(levels,)``.
        price: multiplier of the cost.
        value, upper: of the distribution, and of no distribution more than this [nat].
        reached: ``(levels,)`` what each row contributes to the bound, at the price of the method.
        steps: Newton steps.
        touched: rows that were ever in the set.
    """

    distribution: Array
    price: float
    value: float
    upper: float
    reached: Array
    steps: int
    touched: int

    @property
    def gap(self) -> float:
        """Distance of value and bound [nat]."""
        return max(self.upper - self.value, 0.0)


@dataclass
class _Point:
    """An interior point: inputs, slacks of the rows, level; price of the cost and what is left of the budget."""

    inputs: Array
    slacks: Array
    level: float
    price: float
    left: float


def solve(problem: Problem, *, start: Array | None = None) -> Optimum:
    """Maximize; the gap of what comes back may be above the tolerance, then no more could be reached.

    Args:
        problem: what.
        start: ``(levels,)`` a distribution to begin near.
    """
    rows, inputs = _first(problem, start)
    best: Optimum | None = None
    steps, idle = 0, 0
    touched, left = np.zeros(len(problem.matrix), dtype=bool), np.zeros(len(problem.matrix), dtype=bool)
    gap, price, target = 1.0, 0.0, 1.0
    for _ in range(ROUNDS):
        touched[rows] = True
        target = max(0.25 * problem.tolerance, min(target, 0.02 * gap))
        point, taken = _center(problem, rows, _begin(problem, rows, inputs, gap=gap, price=price), target=target)
        steps += taken
        found = _certified(problem, rows, point, steps=steps, touched=int(touched.sum()))
        if best is None or found.gap < best.gap:
            best, idle = found, 0
        if best.gap <= problem.tolerance or idle > IDLE:
            break
        before, gap, price = rows, min(found.gap, 1.0), point.price
        rows, inputs = _exchange(problem, rows, point, found.reached, stays=left[rows])
        left[np.setdiff1d(before, rows)] = True  # a row leaves once only, so that none goes in circles
        idle = 0 if len(np.setdiff1d(rows, before)) else idle + 1
    assert best is not None
    return _polished(problem, best)


def _first(problem: Problem, start: Array | None) -> tuple[Array, Array]:
    levels = len(problem.matrix)
    if start is not None:
        rows = np.flatnonzero(start > 1e-12)
    else:
        rows = np.unique(np.linspace(0, levels - 1, levels if levels <= ALL_ROWS else FIRST_ROWS).astype(int))
    if problem.costs is not None:
        rows = np.union1d(rows, [int(np.argmin(problem.costs))])
    inputs = np.full(len(rows), 1.0 / len(rows)) if start is None else np.maximum(start[rows], 1e-4)
    return rows, inputs / inputs.sum()


def _begin(problem: Problem, rows: Array, inputs: Array, *, gap: float, price: float) -> _Point:
    """A point with equal products of inputs and slacks, within the budget."""
    left = 1.0
    if problem.costs is not None:
        costs = problem.costs[rows]
        cheapest, room = int(np.argmin(costs)), problem.budget - float(np.min(costs))
        mean = float(inputs @ costs) - float(np.min(costs))
        if mean > 0.99 * room:
            inputs = inputs * (0.9 * room / mean)
            inputs[cheapest] += 1.0 - inputs.sum()
        left = problem.budget - float(inputs @ costs)
    mu = max(0.1 * gap / len(rows), 1e-14)
    output = inputs @ problem.matrix[rows]
    level = float(inputs @ _divergences(problem.matrix[rows], problem.gains[rows], output))
    return _Point(inputs=inputs, slacks=mu / inputs, level=level, price=max(price, mu / left), left=left)


def _divergences(matrix: Array, gains: Array, output: Array) -> Array:
    return gains - matrix @ np.log(np.where(output > 0.0, output, 1.0))


def _center(problem: Problem, rows: Array, point: _Point, *, target: float) -> tuple[_Point, int]:
    """Newton steps on these rows until their own gap is below `target`; how many were taken."""
    matrix, gains = problem.matrix[rows], problem.gains[rows]
    costs = None if problem.costs is None else problem.costs[rows]
    for taken in range(STEPS):
        output = point.inputs @ matrix
        reached = _divergences(matrix, gains, output)
        value = float(point.inputs @ reached)
        upper = float(np.max(reached)) if costs is None else float(np.max(reached - point.price * costs)) + point.price * problem.budget
        spent = abs(point.inputs.sum() - 1.0) < 1e-12 and (costs is None or problem.budget - point.inputs @ costs >= -1e-13)
        if upper - value <= target and spent:
            return point, taken
        _advance(point, matrix, output, reached, costs, problem.budget)
    return point, STEPS


def _advance(point: _Point, matrix: Array, output: Array, reached: Array, costs: Array | None, budget: float) -> None:
    """One predictor-corrector step, in place."""
    system = _System(point, matrix, output, reached, costs, budget)
    product = float(point.inputs @ point.slacks)
    count = len(point.inputs)
    if costs is not None:
        product, count = product + point.price * point.left, count + 1
    predicted = system.step(0.0, 0.0)
    length = min(1.0, _length(point, predicted))
    if length > 0.1:
        after = (point.inputs + length * predicted.inputs) @ (point.slacks + length * predicted.slacks)
        if costs is not None:
            after += (point.price + length * predicted.price) * (point.left + length * predicted.left)
        mu = max(product / count * min(1.0, max(after / product, 1e-3)) ** 2, 1e-18)
        step = system.step(mu - predicted.inputs * predicted.slacks, mu - predicted.price * predicted.left)
    else:
        step = system.step(product / count, product / count)  # back towards the middle
    length = min(1.0, NEAR * _length(point, step))
    point.inputs = point.inputs + length * step.inputs
    point.slacks = point.slacks + length * step.slacks
    point.level += length * step.level
    point.price += length * step.price
    point.left += length * step.left


class _System:
    """The linear system of a Newton step, factored once for predictor and corrector."""

    def __init__(self, point: _Point, matrix: Array, output: Array, reached: Array, costs: Array | None, budget: float) -> None:
        self.point, self.costs = point, costs
        self.root = np.sqrt(point.inputs)
        self.factor = _factor(_hessian(matrix, self.root, output), point.slacks)
        self.sides = self.root[:, None] if costs is None else self.root[:, None] * np.stack([np.ones_like(costs), costs], axis=1)
        self.solved = _solve(self.factor, self.sides)
        self.small = self.sides.T @ self.solved
        self.missing = [1.0 - float(point.inputs.sum())]
        self.priced = reached - point.level
        if costs is not None:
            self.small[1, 1] += point.left / point.price
            self.missing.append(budget - float(point.inputs @ costs))
            self.priced = self.priced - point.price * costs
        self.priced *= self.root

    def step(self, inputs_product: Array | float, left_product: float) -> _Point:
        """The step to these products of inputs and slacks, and of the price and what is left of the budget."""
        point, wanted = self.point, np.array(self.missing)
        if self.costs is not None:
            wanted[1] -= left_product / point.price
        unscaled = _solve(self.factor, self.priced + inputs_product / self.root)
        missed = self.sides.T @ unscaled - wanted
        multipliers = missed / self.small[0, 0] if self.costs is None else np.linalg.solve(self.small, missed)
        inputs = self.root * (unscaled - self.solved @ multipliers)
        slacks = (inputs_product - point.slacks * inputs) / point.inputs - point.slacks
        if self.costs is None:
            return _Point(inputs=inputs, slacks=slacks, level=float(multipliers[0]), price=0.0, left=0.0)
        price = float(multipliers[1])
        left = (left_product - point.left * price) / point.price - point.left
        return _Point(inputs=inputs, slacks=slacks, level=float(multipliers[0]), price=price, left=left)


def _factor(matrix: Array, diagonal: Array | float) -> Array:
    """Cholesky factor of `matrix` plus a diagonal, which is raised until there is one."""
    from scipy.linalg.lapack import dpotrf

    for more in (1e-15, 1e-12, 1e-9, 1e-6):
        raised = matrix.copy()
        raised.ravel()[:: len(matrix) + 1] += diagonal + more
        factor, failed = dpotrf(raised.T, lower=1, overwrite_a=1, clean=0)  # symmetric: its transpose is in the order of LAPACK
        if not failed:
            break
    return factor


def _solve(factor: Array, sides: Array) -> Array:
    from scipy.linalg.lapack import dpotrs

    return dpotrs(factor, sides, lower=1)[0]


def _length(point: _Point, step: _Point) -> float:
    """How far a step may go before something that must be positive is zero; infinite if it never is."""
    shrink = max(float(np.max(-step.inputs / point.inputs)), float(np.max(-step.slacks / point.slacks)), -step.price / point.price, -step.left / point.left)
    return 1.0 / shrink if shrink > 0.0 else math.inf


def _certified(problem: Problem, rows: Array, point: _Point, *, steps: int, touched: int) -> Optimum:
    """The point as a distribution within the budget, with value and bound."""
    distribution = np.zeros(len(problem.matrix))
    distribution[rows] = np.maximum(point.inputs, 0.0)
    return _judged(problem, distribution, price=point.price, steps=steps, touched=touched)


def _judged(problem: Problem, distribution: Array, *, price: float, steps: int, touched: int) -> Optimum:
    distribution = _affordable(problem, distribution / distribution.sum())
    used = np.flatnonzero(distribution)
    output = distribution[used] @ problem.matrix[used]
    value = float(distribution[used] @ _divergences(problem.matrix[used], problem.gains[used], output))
    price = max(price, 0.0) if problem.costs is not None else 0.0
    upper, reached = problem.bound(output, price)
    if price > 0.0:
        free, _ = problem.bound(output, 0.0)
        if free <= max(upper, value + 0.5 * problem.tolerance):
            upper, price = free, 0.0
    return Optimum(distribution=distribution, price=price, value=value, upper=upper, reached=reached, steps=steps, touched=touched)


def _affordable(problem: Problem, distribution: Array) -> Array:
    """The distribution, moved towards the cheapest input where it is above the budget by rounding or more."""
    if problem.costs is None:
        return distribution
    cheapest = int(np.argmin(problem.costs))
    least, mean = float(problem.costs[cheapest]), float(distribution @ problem.costs)
    if mean <= problem.budget:
        return distribution
    moved = distribution * max(problem.budget - least, 0.0) / (mean - least) * (1.0 - 1e-15)
    moved[cheapest] += 1.0 - moved.sum()
    return moved


def _exchange(problem: Problem, rows: Array, point: _Point, reached: Array, *, stays: Array) -> tuple[Array, Array]:
    """The next set of rows and a distribution on it: rows with nothing leave, but for those in `stays`; the worst that break the bound enter."""
    inputs = point.inputs / point.inputs.sum()
    level = float(np.max(reached[rows]))
    stays = stays | (inputs > 1e-9) | (reached[rows] > level - 0.1 * problem.tolerance)
    if problem.costs is not None:
        stays |= rows == int(np.argmin(problem.costs))
    outside = np.ones(len(reached), dtype=bool)
    outside[rows] = False
    breaks = outside & (reached > level + 0.1 * problem.tolerance)
    before, after = np.concatenate([[-np.inf], reached[:-1]]), np.concatenate([reached[1:], [-np.inf]])
    peaks = np.flatnonzero(breaks & (reached >= before) & (reached >= after))
    entering = peaks if len(peaks) else np.flatnonzero(breaks)
    entering = entering[np.argsort(-reached[entering])][: max(8, len(rows))]
    if float(np.max(reached)) > level + FAR:  # whole regions are missing, not the place of a peak
        missing = np.flatnonzero(breaks)
        entering = np.union1d(entering, missing[:: 1 + len(missing) // max(8, len(rows))])
    weights = np.concatenate([inputs[stays], np.full(len(entering), min(1e-3, 0.1 / max(len(entering), 1)))])
    chosen = np.concatenate([rows[stays], entering])
    order = np.argsort(chosen)
    return chosen[order], weights[order] / weights.sum()


def _polished(problem: Problem, best: Optimum) -> Optimum:
    """Without rows that got weight only from being inside, on no more rows than needed; where the gap stays within the tolerance."""
    for floor in (1e-6, 1e-8, 1e-10):
        distribution = np.where(best.distribution > floor, best.distribution, 0.0)
        for _ in range(3):
            distribution = _plain_newton(problem, distribution, price=best.price)
        found = _judged(problem, distribution, price=best.price, steps=best.steps + 3, touched=best.touched)
        if found.gap <= min(best.gap, 0.5 * problem.tolerance):
            best = found
            break
    distribution = _fewest(problem, best.distribution)
    if distribution is best.distribution:
        return best
    fewer = _judged(problem, distribution, price=best.price, steps=best.steps, touched=best.touched)
    return fewer if fewer.gap <= max(best.gap, problem.tolerance) else best


def _plain_newton(problem: Problem, distribution: Array, *, price: float) -> Array:
    """One step on the support alone; the cost stays if it has a price. The same distribution where the step would leave the simplex."""
    rows = np.flatnonzero(distribution)
    inputs, matrix = distribution[rows] / distribution.sum(), problem.matrix[rows]
    output, root = inputs @ matrix, np.sqrt(inputs)
    factor = _factor(_hessian(matrix, root, output), 1e-13)  # singular directions change nothing
    sides, wanted = root[:, None], np.zeros(1)
    if problem.costs is not None and price > 0.0:
        sides = root[:, None] * np.stack([np.ones_like(inputs), problem.costs[rows]], axis=1)
        wanted = np.array([0.0, problem.budget - inputs @ problem.costs[rows]])
    solved = _solve(factor, np.column_stack([sides, root * _divergences(matrix, problem.gains[rows], output)]))
    multipliers = np.linalg.lstsq(sides.T @ solved[:, :-1], sides.T @ solved[:, -1] - wanted, rcond=None)[0]
    moved = inputs + root * (solved[:, -1] - solved[:, :-1] @ multipliers)
    if not np.all(moved > 0.0):
        return distribution
    found = np.zeros_like(distribution)
    found[rows] = moved / moved.sum()
    return found


def _hessian(matrix: Array, root: Array, output: Array) -> Array:
    """Second derivatives of the mutual information, negative, scaled by the root of the inputs on both sides."""
    weighted = matrix * (1.0 / np.sqrt(np.maximum(output, 1e-300)))
    scaled: Array = (weighted @ weighted.T) * root[:, None] * root
    return scaled


def _fewest(problem: Problem, distribution: Array) -> Array:
    """A distribution with the same output on linearly independent rows."""
    rows = np.flatnonzero(distribution)
    inputs, matrix = distribution[rows], problem.matrix[rows]
    if len(rows) > MOST_REDUCED:
        return distribution
    root = np.sqrt(inputs)
    if len(rows) <= matrix.shape[1] and np.linalg.eigvalsh(_hessian(matrix, root, inputs @ matrix))[0] > 1e-10:
        return distribution
    seen = matrix if problem.costs is None else np.column_stack([matrix, problem.costs[rows]])
    seen = root[:, None] * seen
    if seen.shape[1] > len(rows):  # the same kernel from a small square matrix
        triangle: Array = np.linalg.qr(seen.T, mode="r")
        seen = triangle.T
    vectors, sizes, _ = np.linalg.svd(seen, full_matrices=True)
    kernel = root[:, None] * vectors[:, np.count_nonzero(sizes > 1e-13 * sizes[0]) :]  # sums of rows that are zero
    reached = _divergences(matrix, problem.gains[rows], inputs @ matrix)
    while kernel.shape[1]:
        way = kernel[:, 0] if kernel[:, 0] @ reached >= 0.0 else -kernel[:, 0]  # with the same output, no value is lost
        falls = np.flatnonzero(way < -1e-16 * np.max(np.abs(way)))
        leaving = falls[np.argmin(-inputs[falls] / way[falls])]
        inputs = np.maximum(inputs - way * (inputs[leaving] / way[leaving]), 0.0)
        inputs[leaving] = 0.0
        pivot = int(np.argmax(np.abs(kernel[leaving])))
        kernel = np.delete(kernel - np.outer(kernel[:, pivot], kernel[leaving] / kernel[leaving, pivot]), pivot, axis=1)
        kernel[leaving] = 0.0
        kernel = kernel[:, np.max(np.abs(kernel), axis=0, initial=0.0) > 1e-12]
    found = np.zeros_like(distribution)
    found[rows] = inputs / inputs.sum()
    return found
