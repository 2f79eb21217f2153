"""Capacity of a channel with few states: M of its inputs may be written, and reads are told apart in K intervals only.

For given inputs and distribution, dynamic programming finds the K intervals that keep most information: exact among intervals. For two inputs whose
likelihood ratio is monotone no other grouping of the reads is better; for more inputs intervals are a restriction, the one that comparators can do.
For given intervals `capacity` gives the distribution. Inputs are exchanged one by one. Each step is optimal, their alternation need not be, so that
`state_capacity` starts many times, and `state_table` from its smaller neighbors too: a cell is never below them.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.coding.capacity import Capacity, capacity
from cosim.coding.information import conditional_entropies, stochastic
from cosim.errors import InputError, reject

WRITES, READS = (2, 4, 8, 16), (2, 4, 8, 16, 32, 64)
CANDIDATES = 256  # intervals end at as many edges at most
_Trial = tuple[Array, Array | None]  # inputs and their distribution, None for equal ones
ROUNDS, GAIN = 60, 1e-9  # of the alternation; what a round must add [bits]


@dataclass(frozen=True, kw_only=True, eq=False)
class StateCapacity:
    """What so many states can do.

    Attributes:
        bits: mutual information of the states.
        upper: the least of log2 of either number of states and the capacity of the channel. What lies between was not closed.
        writes, reads: numbers of states that were asked for.
        levels: rows of the matrix that are written, at most `writes`.
        edges: ``(intervals + 1,)``, at most `reads` + 1, columns at which the intervals of the reads begin, and the number of columns.
        distribution: of the levels.
    """

    bits: float
    upper: float
    writes: int
    reads: int
    levels: Array
    edges: Array
    distribution: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class _Design:
    """A choice of inputs, their distribution, intervals."""

    bits: float
    levels: Array
    distribution: Array
    cuts: Array


def state_capacity(matrix: Array, *, writes: int, reads: int, rng: np.random.Generator, starts: int = 16) -> StateCapacity:
    """Best use of `writes` inputs and `reads` intervals, at most, that was found.

    Args:
        matrix: ``(levels, bins)`` probabilities of the reads, bins in their order; beyond `CANDIDATES` bins neighbors that differ least are merged first.
        writes, reads: numbers of states.
        rng: for the starts.
        starts: random ones, beside that from the optimum of the channel; then as many moves of one input of the best.

    Raises:
        InputError: no matrix of probabilities, or less than 2 states.
    """
    matrix, columns, channel = _prepared(matrix, writes=(writes,), reads=(reads,))
    trials = _starts(matrix, channel, writes, starts, rng)
    design = _best(matrix, trials, writes=writes, reads=reads, kicks=starts, rng=rng)
    return _as_result(design, columns, channel, writes=writes, reads=reads)


def state_table(
    matrix: Array,
    *,
    writes: Sequence[int] = WRITES,
    reads: Sequence[int] = READS,
    rng: np.random.Generator,
    starts: int = 6,
    progress: Callable[[StateCapacity], None] | None = None,
) -> tuple[StateCapacity, ...]:
    """`state_capacity` for every pair, writes slowest; numbers of states must rise, and no cell is below one with fewer states.

    Args:
        matrix, rng, starts: as in `state_capacity`.
        writes, reads: numbers of states.
        progress: called with each cell.

    Raises:
        InputError: as in `state_capacity`, or numbers that do not rise.
    """
    matrix, columns, channel = _prepared(matrix, writes=writes, reads=reads)
    designs = dict[tuple[int, int], _Design]()
    found = []
    for number, many in enumerate(writes):
        for place, intervals in enumerate(reads):
            smaller = [designs[writes[number - 1], intervals]] if number else []
            smaller += [designs[many, reads[place - 1]]] if place else []
            trials: list[_Trial] = [(design.levels, design.distribution) for design in smaller]
            trials += [(_filled(design.levels, many, len(matrix), rng), None) for design in smaller for _ in range(2) if len(design.levels) < many]
            trials += _starts(matrix, channel, many, starts, rng)
            new = _best(matrix, trials, writes=many, reads=intervals, kicks=starts, rng=rng)
            designs[many, intervals] = max([new, *smaller], key=lambda design: design.bits)
            found.append(_as_result(designs[many, intervals], columns, channel, writes=many, reads=intervals))
            if progress is not None:
                progress(found[-1])
    return tuple(found)


def best_intervals(joint: Array, reads: int) -> tuple[float, Array]:
    """Intervals of the reads that keep most of the mutual information: bits, and ``(reads + 1,)`` where they begin and end.

    Args:
        joint: ``(levels, bins)`` probabilities of input and read together.
        reads: number of intervals; no more than bins.

    Raises:
        InputError: more intervals than bins, or none.
    """
    bins = joint.shape[1]
    if not 1 <= reads <= bins:
        raise reject(InputError, "states", "reads", reads, f"within 1..{bins}, the number of bins")
    worth = _worth(joint)
    best, origins = worth[0].copy(), []
    for _ in range(reads - 1):
        totals = best[1:, None] + worth[1:]  # (begin of the last interval, its end)
        origins.append(np.argmax(totals, axis=0) + 1)
        best = np.take_along_axis(totals, origins[-1][None] - 1, axis=0)[0]
    cuts = [bins]
    for origin in reversed(origins):
        cuts.append(int(origin[cuts[-1]]))
    return float(best[bins]), np.array([0, *reversed(cuts)])


def _worth(joint: Array) -> Array:
    """``(bins + 1, bins + 1)`` information of the interval from the first to the second edge; minus infinity where it is empty."""
    edges = np.concatenate([np.zeros((len(joint), 1)), np.cumsum(joint, axis=1)], axis=1)
    inputs = edges[:, -1]
    total = np.zeros((edges.shape[1], edges.shape[1]))
    mass = np.zeros_like(total)
    for level in np.flatnonzero(inputs > 0.0):
        part = np.maximum(edges[level][None, :] - edges[level][:, None], 0.0)
        mass += part
        total += part * np.log2(np.maximum(part, 1e-300) / inputs[level])
    total -= mass * np.log2(np.maximum(mass, 1e-300))
    total[np.tril_indices_from(total)] = -np.inf
    return total


def _prepared(matrix: Array, *, writes: Iterable[int], reads: Iterable[int]) -> tuple[Array, Array, Capacity]:
    """The matrix on the candidate edges, ``(candidates + 1,)`` columns of these, the capacity of the channel."""
    matrix = stochastic(matrix, where="states")
    for name, counts in (("writes", tuple(writes)), ("reads", tuple(reads))):
        if min(counts) < 2:
            raise reject(InputError, "states", name, min(counts), ">= 2")
        if list(counts) != sorted(set(counts)):
            raise reject(InputError, "states", name, counts, "numbers that rise")
    columns = merged_columns(matrix, CANDIDATES)
    return np.add.reduceat(matrix, columns[:-1], axis=1), columns, capacity(matrix)


def merged_columns(matrix: Array, bins: int) -> Array:
    """``(bins + 1,)`` columns at which groups begin, and their number, after merging neighbors that differ least (inputs equally likely)."""
    columns = np.arange(matrix.shape[1] + 1)
    while len(columns) - 1 > bins:
        joint = np.add.reduceat(matrix, columns[:-1], axis=1) / len(matrix)
        loss = _pieces(joint[:, :-1]) + _pieces(joint[:, 1:]) - _pieces(joint[:, :-1] + joint[:, 1:])
        order, taken = np.argsort(loss, kind="stable"), np.zeros(len(loss) + 2, dtype=bool)
        allowed = max(1, min(len(columns) - 1 - bins, len(loss) // 8))
        for place in order:
            if allowed and not (taken[place] or taken[place + 2]):  # no neighbor of a pair that is merged
                taken[place + 1], allowed = True, allowed - 1
        columns = np.delete(columns, np.flatnonzero(taken[1:-1]) + 1)
    return columns


def _pieces(joint: Array) -> Array:
    """What each column adds to the mutual information, but for a part that merging does not change."""
    mass = np.sum(joint, axis=0)
    return np.sum(joint * np.log2(np.maximum(joint, 1e-300)), axis=0) - mass * np.log2(np.maximum(mass, 1e-300))


def _starts(matrix: Array, channel: Capacity, writes: int, count: int, rng: np.random.Generator) -> list[_Trial]:
    """Inputs to start from: the likeliest of the optimum, and random ones."""
    likeliest = np.argsort(-channel.distribution, kind="stable")[: min(writes, len(channel.support))]
    chosen = [likeliest] + [rng.choice(len(matrix), min(writes, len(matrix)), replace=False) for _ in range(count)]
    return [(_filled(levels, writes, len(matrix), rng), None) for levels in chosen]


def _filled(levels: Array, writes: int, inputs: int, rng: np.random.Generator) -> Array:
    """`levels` and others drawn, `writes` in all if there are so many."""
    others = np.setdiff1d(np.arange(inputs), levels)
    drawn = rng.choice(others, max(min(writes - len(levels), len(others)), 0), replace=False)
    return np.sort(np.concatenate([levels, drawn]))


def _best(matrix: Array, trials: Sequence[_Trial], *, writes: int, reads: int, kicks: int, rng: np.random.Generator) -> _Design:
    """The best design that the trials lead to, or a design near it after one input was moved at random."""
    reads = min(reads, matrix.shape[1])
    best = max((_climb(matrix, *trial, writes=writes, reads=reads) for trial in trials), key=lambda design: design.bits)
    for _ in range(kicks):
        others = np.setdiff1d(np.arange(len(matrix)), best.levels)
        if not len(others):
            break
        levels = best.levels.copy()
        levels[rng.integers(len(levels))] = rng.choice(others)
        tried = _climb(matrix, levels, best.distribution, writes=writes, reads=reads)
        best = max(best, tried, key=lambda design: design.bits)
    return best


def _climb(matrix: Array, levels: Array, distribution: Array | None, *, writes: int, reads: int) -> _Design:
    """Alternate intervals, distribution and inputs until nothing is gained."""
    if distribution is None:
        distribution = np.full(len(levels), 1.0 / len(levels))
    best = None
    for _ in range(ROUNDS):
        _, cuts = best_intervals(distribution[:, None] * matrix[levels], reads)
        levels, distribution, bits = _inputs(np.add.reduceat(matrix, cuts[:-1], axis=1), levels, writes)
        before = 0.0 if best is None else best.bits
        if best is None or bits > best.bits:
            best = _Design(bits=bits, levels=levels, distribution=distribution, cuts=cuts)
        if bits - before < GAIN:
            break
    assert best is not None
    return best


def _inputs(grouped: Array, levels: Array, writes: int) -> tuple[Array, Array, float]:
    """Inputs and distribution for given intervals: the optimum if there are no more intervals than inputs, else by exchange."""
    if grouped.shape[1] <= writes:
        found = capacity(grouped)
        if len(found.support) <= writes:
            return found.support, found.distribution[found.support], found.bits
    entropies = conditional_entropies(grouped)
    found = capacity(grouped[levels])
    for _ in range(ROUNDS):
        moved = _exchanged(grouped, entropies, levels, found.distribution)
        if np.array_equal(moved, levels):
            break
        better = capacity(grouped[moved])
        if better.bits < found.bits + GAIN:
            break
        levels, found = moved, better
    return levels, found.distribution, found.bits


def _exchanged(grouped: Array, entropies: Array, levels: Array, distribution: Array) -> Array:
    """Each input in turn replaced by the best one, the distribution as it is."""
    levels = levels.copy()
    for place in np.argsort(distribution):
        share = min(max(distribution[place], 1e-3), 1.0 - 1e-3)
        rest = distribution.copy()
        rest[place] = 0.0
        if rest.sum() == 0.0:  # all that was written is to be replaced
            rest = np.where(np.arange(len(rest)) == place, 0.0, 1.0)
        rest *= (1.0 - share) / max(rest.sum(), np.finfo(float).tiny)
        output = (rest @ grouped[levels])[None, :] + share * grouped
        gains = -np.sum(output * np.log2(np.maximum(output, 1e-300)), axis=1) - share * entropies
        gains[np.delete(levels, place)] = -np.inf
        if gains.max() > gains[levels[place]] + 1e-12:
            levels[place] = int(np.argmax(gains))
    return levels


def _as_result(design: _Design, columns: Array, channel: Capacity, *, writes: int, reads: int) -> StateCapacity:
    used = np.flatnonzero(design.distribution)
    used = used[np.argsort(design.levels[used])]
    return StateCapacity(
        bits=design.bits,
        upper=min(math.log2(writes), math.log2(reads), channel.upper),
        writes=writes,
        reads=reads,
        levels=design.levels[used],
        edges=columns[design.cuts],
        distribution=design.distribution[used],
    )
