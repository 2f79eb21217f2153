"""Capacity with few states: intervals by dynamic programming, inputs by search; and the paper's table on the measured channel."""

import itertools
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.channels.channel import discretize
from cosim.channels.measured import zarcone
from cosim.coding.capacity import capacity
from cosim.coding.information import conditional_entropies, mutual_information
from cosim.coding.states import READS, WRITES, _exchanged, best_intervals, merged_columns, state_capacity, state_table
from cosim.errors import InputError

# Zarcone 2020, Fig. 5b: capacity at 4, 8, 16 writes (rows) and 4..64 reads [bits]
PAPER = {4: (1.555, 1.698, 1.7653, 1.813, 1.8295), 8: (1.6586, 1.82, 1.8849, 1.926, 2.0027), 16: (1.8092, 1.9005, 1.9296, 1.979, 2.0234)}


def noisy(levels: int = 12, bins: int = 40, deviation: float = 0.12) -> np.ndarray:
    centers, inputs = np.linspace(-0.3, 1.3, bins), np.linspace(0.0, 1.0, levels)
    masses = np.exp(-0.5 * ((centers - inputs[:, None]) / deviation) ** 2)
    return masses / masses.sum(axis=1, keepdims=True)


def information(joint: np.ndarray) -> float:
    return mutual_information(joint / joint.sum(axis=1, keepdims=True), joint.sum(axis=1))


@settings(max_examples=60, deadline=None)
@given(levels=st.integers(1, 5), bins=st.integers(1, 8), reads=st.integers(1, 8), seed=st.integers(0, 2**32))
def test_no_other_intervals_keep_more(levels, bins, reads, seed):
    reads = min(reads, bins)
    joint = np.random.default_rng(seed).dirichlet(np.full(levels * bins, 0.5)).reshape(levels, bins)
    bits, cuts = best_intervals(joint, reads)
    every = (np.add.reduceat(joint, [0, *inner], axis=1) for inner in itertools.combinations(range(1, bins), reads - 1))
    assert bits == pytest.approx(max(information(each) for each in every), abs=1e-12)
    assert information(np.add.reduceat(joint, cuts[:-1], axis=1)) == pytest.approx(bits, abs=1e-12)
    assert (cuts[0], cuts[-1], len(cuts)) == (0, bins, reads + 1)


def test_for_two_inputs_no_grouping_of_sorted_reads_is_better_than_intervals():
    joint = np.random.default_rng(1).dirichlet(np.ones(14)).reshape(2, 7)
    joint = joint[:, np.argsort(joint[0] / joint[1])]
    groupings = (np.array(each) for each in itertools.product(range(3), repeat=7))
    best = max(information(np.column_stack([joint[:, grouping == read].sum(axis=1) for read in range(3)])) for grouping in groupings)
    assert best_intervals(joint, 3)[0] == pytest.approx(best, abs=1e-12)


def test_a_distribution_of_one_input_is_exchanged_without_a_division_by_zero():
    grouped = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
    with np.errstate(all="raise"):
        moved = _exchanged(grouped, conditional_entropies(grouped), np.array([0, 1]), np.array([1.0, 0.0]))
    assert sorted(moved.tolist()) == [0, 2]


def test_a_cell_is_what_its_levels_and_edges_give():
    matrix = noisy()
    found = state_capacity(matrix, writes=4, reads=5, rng=np.random.default_rng(0))
    grouped = np.add.reduceat(matrix[found.levels], found.edges[:-1], axis=1)
    assert mutual_information(grouped, found.distribution) == pytest.approx(found.bits, abs=1e-12)
    assert len(found.levels) <= 4
    assert len(found.edges) == 6
    assert found.bits <= found.upper


def test_a_small_case_reaches_the_best_of_all_choices():
    matrix = noisy(levels=6, bins=9)
    found = state_capacity(matrix, writes=3, reads=3, rng=np.random.default_rng(0))
    cuts = [[0, *inner] for inner in itertools.combinations(range(1, 9), 2)]
    grouped = [np.add.reduceat(matrix, cut, axis=1) for cut in cuts]
    best = max(capacity(each[list(levels)]).bits for each in grouped for levels in itertools.combinations(range(6), 3))
    assert found.bits == pytest.approx(best, abs=2e-9)


def test_more_states_never_give_less():
    table = np.array([each.bits for each in state_table(noisy(), writes=(2, 3, 5), reads=(2, 3, 6, 9), rng=np.random.default_rng(0), starts=2)]).reshape(3, 4)
    assert np.all(np.diff(table, axis=0) >= 0.0)
    assert np.all(np.diff(table, axis=1) >= 0.0)
    assert table[-1, -1] > table[0, 0]


def test_with_all_states_the_capacity_of_the_channel_is_there():
    matrix = noisy(levels=5, bins=12)
    found = state_capacity(matrix, writes=8, reads=12, rng=np.random.default_rng(0), starts=2)
    assert found.bits == pytest.approx(capacity(matrix).bits, abs=2e-9)


def test_two_states_hold_at_most_one_bit():
    for writes, reads in ((2, 16), (16, 2)):
        assert state_capacity(noisy(), writes=writes, reads=reads, rng=np.random.default_rng(0), starts=1).bits <= 1.0


def test_the_same_seed_gives_the_same_cell():
    first, second = (state_capacity(noisy(), writes=3, reads=4, rng=np.random.default_rng(7), starts=2) for _ in range(2))
    assert first.bits == second.bits
    assert first.edges.tolist() == second.edges.tolist()


def test_progress_hears_of_every_cell():
    heard = []
    found = state_table(noisy(), writes=(2, 4), reads=(2, 4), rng=np.random.default_rng(0), starts=1, progress=heard.append)
    assert [(each.writes, each.reads) for each in heard] == [(2, 2), (2, 4), (4, 2), (4, 4)]
    assert heard == list(found)


def test_merging_the_bins_that_differ_least_loses_less_than_merging_evenly():
    matrix = noisy(levels=20, bins=1000, deviation=0.05)
    columns = merged_columns(matrix, 100)
    assert (len(columns), columns[0], columns[-1]) == (101, 0, 1000)
    full, merged, even = (capacity(np.add.reduceat(matrix, each, axis=1)).bits for each in (np.arange(1000), columns[:-1], np.arange(0, 1000, 10)))
    assert 0.0 < full - merged < 0.7 * (full - even)


@pytest.mark.data
@pytest.mark.slow
def test_every_cell_of_the_papers_table_is_beaten_on_the_measured_channel(data_file: Callable[..., Path]):
    data_file("pcm_zarcone")
    matrix = discretize(zarcone(), bins=240).matrix
    table = state_table(matrix, writes=WRITES[1:], reads=READS[1:], rng=np.random.default_rng(0), starts=2)
    for cell in table:
        assert cell.bits > PAPER[cell.writes][int(math.log2(cell.reads)) - 2], (cell.writes, cell.reads)


@pytest.mark.parametrize(
    ("writes", "reads", "message"),
    [
        ((1,), (2,), r"^states, writes=1: must be >= 2$"),
        ((2,), (4, 2), r"^states, reads=\(4, 2\): must be numbers that rise$"),
        ((2, 2), (2,), r"^states, writes=\(2, 2\): must be numbers that rise$"),
    ],
)
def test_wrong_numbers_of_states_are_named(writes, reads, message):
    with pytest.raises(InputError, match=message):
        state_table(noisy(), writes=writes, reads=reads, rng=np.random.default_rng(0))


def test_more_intervals_than_bins_are_refused():
    with pytest.raises(InputError, match=r"^states, reads=9: must be within 1\.\.8, the number of bins$"):
        best_intervals(np.full((2, 8), 1 / 16), 9)
