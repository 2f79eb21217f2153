"""Capacity of a discrete memoryless channel, with a proof: the bits of a distribution of the input, and a bound that no distribution exceeds.

Method: interior-point Newton on the inputs that matter (`newton`). Not here: the classical iteration (`blahut_arimoto`), costs (`constrained`).
"""

import math
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.coding.information import check_distribution, stochastic
from cosim.coding.newton import Problem, solve
from cosim.errors import InputError, reject

NAT = 1.0 / math.log(2.0)  # bits
ROUNDING = 1e-13  # of a capacity [bits]


@dataclass(frozen=True, kw_only=True, eq=False)
class Capacity:
    """A capacity that lies within `bits`..`upper`.

    Attributes:
        bits: mutual information under `distribution`.
        upper: largest divergence of a row from an output distribution: no distribution of the input gives more.
        distribution: ``(levels,)``.
        iterations: Newton steps, or rounds of the classical iteration.
        touched: inputs that were ever part of a Newton step.
    """

    bits: float
    upper: float
    distribution: Array
    iterations: int
    touched: int

    @property
    def gap(self) -> float:
        """Distance of `bits` and `upper`."""
        return self.upper - self.bits

    @property
    def support(self) -> Array:
        """The inputs that are used, as row numbers."""
        return np.flatnonzero(self.distribution)


def capacity(matrix: Array, *, tolerance: float = 1e-9, start: Array | None = None) -> Capacity:
    """Capacity of a channel.

    Args:
        matrix: ``(levels, bins)`` probabilities of the reads, rows sum to one.
        tolerance: largest gap between the value and its bound [bits].
        start: ``(levels,)`` distribution to begin near; of a similar channel, for speed.

    Raises:
        InputError: no matrix of probabilities, or the gap stays above the tolerance; the message holds the gap that was reached.
    """
    matrix = stochastic(matrix, where="capacity")
    check_tolerance(tolerance, where="capacity")
    if start is not None:
        check_distribution(start, len(matrix), where="capacity, start")
    found = solve(Problem.of(matrix, tolerance=tolerance / NAT), start=start)
    if not found.gap * NAT <= tolerance:
        raise reject(InputError, "capacity", "tolerance", tolerance, f"at least {found.gap * NAT:.2g}, the gap that {found.steps} Newton steps reached")
    bits = max(found.value * NAT, 0.0)
    return Capacity(bits=bits, upper=max(found.upper * NAT, bits), distribution=found.distribution, iterations=found.steps, touched=found.touched)


def check_tolerance(tolerance: float, *, where: str) -> None:
    """Refuse a tolerance that says nothing.

    Raises:
        InputError: it is not finite, or below what rounding does to a value and its bound.
    """
    if not (math.isfinite(tolerance) and tolerance >= ROUNDING):
        raise reject(InputError, where, "tolerance", tolerance, f"finite and at least {ROUNDING:g} bits")
