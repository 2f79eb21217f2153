"""Information of inputs that are all equally likely: what a memory without shaping codes can have.

A set may hold an input more than once, which makes it likelier: with enough members any distribution is approached.
Sets are found by exchange of one member at a time, from several starts; no proof that none is better.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.coding.capacity import capacity
from cosim.coding.information import conditional_entropies, mutual_information, stochastic
from cosim.errors import InputError, reject

ROUNDS, GAIN = 200, 1e-12  # of the exchange; what a member's move must add [bits]


@dataclass(frozen=True, kw_only=True, eq=False)
class EquiprobableSet:
    """A set of inputs that are written equally often.

    Attributes:
        bits: mutual information.
        levels: ``(members,)`` rows of the matrix in rising order; one may be there more than once.
        loss: share of the capacity of the channel that is missing.
    """

    bits: float
    levels: Array
    loss: float


def equiprobable_information(matrix: Array, levels: Array) -> float:
    """Mutual information [bits] where each of the ``(members,)`` rows of the matrix is written equally often.

    Raises:
        InputError: no matrix of probabilities, no member, or a row that is not there.
    """
    matrix, levels = stochastic(matrix, where="equiprobable"), np.asarray(levels)
    if not len(levels) or np.min(levels) < 0 or np.max(levels) >= len(matrix):
        raise reject(InputError, "equiprobable", "levels", levels.tolist(), f"rows of the matrix, 0..{len(matrix) - 1}")
    return mutual_information(matrix, np.bincount(levels, minlength=len(matrix)) / len(levels))


def equiprobable_sets(matrix: Array, counts: Sequence[int], rng: np.random.Generator, *, starts: int = 8) -> tuple[EquiprobableSet, ...]:
    """The best set that was found for each number of members.

    Args:
        matrix: ``(levels, bins)`` probabilities of the reads, rows sum to one.
        counts: numbers of members.
        rng: for the starts.
        starts: random ones for each number, beside two from the capacity-achieving distribution.

    Raises:
        InputError: no matrix of probabilities, or a number below 1.
    """
    matrix = stochastic(matrix, where="equiprobable")
    if min(counts) < 1:
        raise reject(InputError, "equiprobable", "counts", min(counts), ">= 1")
    channel, entropies = capacity(matrix), conditional_entropies(matrix)
    found = []
    for count in counts:
        trials = [_quantiles(channel.distribution, count), np.resize(np.argsort(-channel.distribution), count)]
        trials += [rng.integers(len(matrix), size=count) for _ in range(starts)]
        bits, levels = max((_climb(matrix, entropies, trial) for trial in trials), key=lambda pair: pair[0])
        loss = 1.0 - bits / channel.bits if channel.bits > 0.0 else 0.0
        found.append(EquiprobableSet(bits=bits, levels=levels, loss=loss))
    return tuple(found)


def support_used_equally(matrix: Array, *, least: float = 1e-3) -> EquiprobableSet:
    """What is left if the inputs that the optimum gives at least the probability `least` are written equally often.

    Raises:
        InputError: no matrix of probabilities, or no input is that likely.
    """
    channel = capacity(matrix)
    levels = np.flatnonzero(channel.distribution >= least)
    if not len(levels):
        raise reject(InputError, "equiprobable", "least", least, f"at most {channel.distribution.max():.3g}, the largest probability")
    bits = equiprobable_information(matrix, levels)
    return EquiprobableSet(bits=bits, levels=levels, loss=1.0 - bits / channel.bits if channel.bits > 0.0 else 0.0)


def _quantiles(distribution: Array, count: int) -> Array:
    """Members at equal steps of the cumulated distribution."""
    return np.searchsorted(np.cumsum(distribution) / distribution.sum(), (np.arange(count) + 0.5) / count)


def _climb(matrix: Array, entropies: Array, levels: Array) -> tuple[float, Array]:
    """Bits and members after each member in turn was moved to the best row, until nothing is gained."""
    levels = np.array(levels)
    total, count = np.sum(matrix[levels], axis=0), len(levels)
    for _ in range(ROUNDS):
        moved = False
        for member in range(count):
            rest = total - matrix[levels[member]]
            output = np.maximum(rest + matrix, 0.0) / count
            gains = -np.sum(output * np.log2(np.maximum(output, 1e-300)), axis=1) - entropies / count
            best = int(np.argmax(gains))
            if gains[best] > gains[levels[member]] + GAIN:
                levels[member], moved = best, True
                total = rest + matrix[best]
        if not moved:
            break
    return mutual_information(matrix, np.bincount(levels, minlength=len(matrix)) / count), np.sort(levels)
