"""Entropies, divergences and mutual information of finite channels, in bits, with 0 log 0 = 0.

Not here: their maximum over distributions of the input (`capacity`).
"""

import numpy as np

from cosim._types import Array
from cosim.channels.channel import check_matrix
from cosim.errors import InputError, reject

SUM_ERROR = 1e-9  # of a distribution that must sum to one


def entropy(distribution: Array) -> float:
    """Of one ``(outcomes,)`` distribution."""
    return -float(np.sum(_times_log2(np.asarray(distribution, dtype=float))))


def conditional_entropies(matrix: Array) -> Array:
    """``(levels,)`` entropy of the read for each input of a ``(levels, bins)`` matrix."""
    return -np.sum(_times_log2(np.asarray(matrix, dtype=float)), axis=1)


def divergences(matrix: Array, output: Array, *, entropies: Array | None = None) -> Array:
    """Divergence of each row from an output distribution.

    Args:
        matrix: ``(levels, bins)``.
        output: ``(bins,)``.
        entropies: `conditional_entropies` of the matrix, where they are known.

    Returns:
        ``(levels,)``; infinite where a row reaches a bin that `output` does not.
    """
    matrix, output = np.asarray(matrix, dtype=float), np.asarray(output, dtype=float)
    entropies = conditional_entropies(matrix) if entropies is None else entropies
    reached = output > 0.0
    found = -entropies - matrix[:, reached] @ np.log2(output[reached]) if not reached.all() else -entropies - matrix @ np.log2(output)
    if not reached.all():
        found = np.where(np.any(matrix[:, ~reached] > 0.0, axis=1), np.inf, found)
    return found


def mutual_information(matrix: Array, distribution: Array) -> float:
    """Between input and read, for a ``(levels,)`` distribution of the inputs of a ``(levels, bins)`` matrix.

    Raises:
        InputError: the distribution does not fit the matrix or is none.
    """
    check_distribution(distribution, len(matrix), where="mutual information")
    used = np.asarray(distribution) > 0.0
    matrix, distribution = np.asarray(matrix, dtype=float)[used], np.asarray(distribution, dtype=float)[used]
    return float(distribution @ divergences(matrix, distribution @ matrix))


def stochastic(matrix: Array, *, where: str) -> Array:
    """`matrix` as floats, checked, its rows summing to one up to rounding.

    Raises:
        InputError: it is no matrix of transition probabilities.
    """
    matrix = np.asarray(matrix, dtype=float)
    check_matrix(matrix, where=where)
    sums = np.sum(matrix, axis=1, keepdims=True)
    return matrix if np.max(np.abs(sums - 1.0)) < 1e-14 else matrix / sums


def check_distribution(distribution: Array, levels: int, *, where: str) -> None:
    """Refuse what is no distribution over `levels` inputs.

    Raises:
        InputError: a wrong shape, an entry that is negative or no number, a sum that is not one.
    """
    if np.shape(distribution) != (levels,):
        raise reject(InputError, where, "shape of the distribution", np.shape(distribution), f"({levels},)")
    distribution = np.asarray(distribution, dtype=float)
    if not np.all(distribution >= 0.0) or not abs(np.sum(distribution) - 1.0) < SUM_ERROR:
        raise reject(InputError, where, "sum of the distribution", float(np.sum(distribution)), "1, and no entry negative")


def _times_log2(values: Array) -> Array:
    return values * np.log2(np.where(values > 0.0, values, 1.0))
