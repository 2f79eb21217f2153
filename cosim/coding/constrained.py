"""Capacity under a budget for the mean cost of a write (energy, say), between a value that is within the budget and a bound for every distribution.

The bound: for any output distribution q and price s >= 0, no distribution of mean cost <= budget carries more than
max_x (D(W_x||q) - s c_x) + s budget. Method: as `capacity`, with the budget as one more constraint of the Newton steps.
"""

import math
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.coding.capacity import NAT, Capacity, capacity, check_tolerance
from cosim.coding.information import stochastic
from cosim.coding.newton import Optimum, Problem, solve
from cosim.errors import InputError, reject

WHERE = "constrained capacity"
SAME = 1e-9  # relative; a budget that is less below the lowest cost is meant to be it
HARDLY = 1e-5  # a budget that is worth less than this [nat] may not bind at all


@dataclass(frozen=True, kw_only=True, eq=False)
class ConstrainedCapacity:
    """A capacity that lies within `bits`..`upper`.

    Attributes:
        bits: mutual information under `distribution`.
        upper: no distribution within the budget gives more.
        distribution: ``(levels,)``, its mean cost at most the budget.
        cost: its mean cost, in the unit of the costs.
        multiplier: bits for one more unit of the budget; 0 where the budget does not bind, infinite at the lowest cost.
        iterations: Newton steps.
    """

    bits: float
    upper: float
    distribution: Array
    cost: float
    multiplier: float
    iterations: int

    @property
    def gap(self) -> float:
        """Distance of `bits` and `upper`."""
        return self.upper - self.bits


def constrained_capacity(matrix: Array, costs: Array, budget: float, *, tolerance: float = 1e-9, start: Array | None = None) -> ConstrainedCapacity:
    """Largest mutual information at a mean cost of at most `budget`.

    Args:
        matrix: ``(levels, bins)`` probabilities of the reads, rows sum to one.
        costs: ``(levels,)`` of the inputs.
        budget: in the same unit.
        tolerance: largest gap between the value and its bound [bits].
        start: ``(levels,)`` distribution to begin near.

    Raises:
        InputError: costs that do not fit, a budget below the cheapest input, or the gap stays above the tolerance.
    """
    matrix, costs = stochastic(matrix, where=WHERE), _checked(costs, len(matrix))
    check_tolerance(tolerance, where=WHERE)
    least, range_ = float(np.min(costs)), float(np.max(costs) - np.min(costs))
    budget = checked_budget(budget, costs, where=WHERE)
    if budget == least and range_ > 0.0:
        return _on_the_cheapest(matrix, costs, capacity(matrix[costs == least], tolerance=tolerance))
    scaled, room = ((costs - least) / range_, min((budget - least) / range_, 1.0)) if range_ > 0.0 else (np.zeros_like(costs), 1.0)
    problem = Problem.of(matrix, tolerance=tolerance / NAT, costs=scaled, budget=room)
    found = solve(problem, start=start)
    if 0.0 < found.price * room < HARDLY:
        free = solve(Problem.of(matrix, tolerance=tolerance / NAT), start=found.distribution)
        found = free if free.gap * NAT <= tolerance and free.distribution @ costs <= budget else found
    if not found.gap * NAT <= tolerance:
        raise reject(InputError, WHERE, "tolerance", tolerance, f"at least {found.gap * NAT:.2g}, the gap that {found.steps} Newton steps reached")
    return _as_given(found, costs, budget, range_)


def energy_curve(matrix: Array, costs: Array, budgets: Array, *, tolerance: float = 1e-9) -> tuple[ConstrainedCapacity, ...]:
    """The constrained capacity at each of the ``(points,)`` budgets; each starts from the one before.

    Raises:
        InputError: as in `constrained_capacity`.
    """
    found: list[ConstrainedCapacity] = []
    for budget in budgets:
        start = found[-1].distribution if found else None
        found.append(constrained_capacity(matrix, costs, float(budget), tolerance=tolerance, start=start))
    return tuple(found)


def checked_budget(budget: float, costs: Array, *, where: str) -> float:
    """A budget that can be met: at least the lowest cost, which one that is only rounded below it is taken for.

    Raises:
        InputError: it is below the lowest cost, or no number.
    """
    least = float(np.min(costs))
    if not budget >= least - SAME * abs(least):
        allowed = f"at least {least:.12g}, the cost of the cheapest input ({int(np.argmin(costs))}): infeasible"
        raise reject(InputError, where, "budget", f"{float(budget):.12g}", allowed)
    return max(float(budget), least)


def _checked(costs: Array, levels: int) -> Array:
    costs = np.asarray(costs, dtype=float)
    if costs.shape != (levels,):
        raise reject(InputError, WHERE, "shape of the costs", costs.shape, f"({levels},), one for each input")
    if not np.all(np.isfinite(costs)):
        worst = int(np.flatnonzero(~np.isfinite(costs))[0])
        raise reject(InputError, WHERE, f"costs[{worst}]", float(costs[worst]), "finite")
    return costs


def _on_the_cheapest(matrix: Array, costs: Array, found: Capacity) -> ConstrainedCapacity:
    """Nothing but the cheapest inputs is within a budget that equals their cost."""
    distribution = np.zeros(len(matrix))
    distribution[costs == np.min(costs)] = found.distribution
    return ConstrainedCapacity(
        bits=found.bits, upper=found.upper, distribution=distribution, cost=float(np.min(costs)), multiplier=math.inf, iterations=found.iterations
    )


def _as_given(found: Optimum, costs: Array, budget: float, range_: float) -> ConstrainedCapacity:
    """In bits and in the unit of the costs."""
    bits = max(found.value * NAT, 0.0)
    return ConstrainedCapacity(
        bits=bits,
        upper=max(found.upper * NAT, bits),
        distribution=found.distribution,
        cost=min(float(found.distribution @ costs), budget),
        multiplier=found.price * NAT / range_ if range_ > 0.0 else 0.0,
        iterations=found.steps,
    )
