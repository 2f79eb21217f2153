"""Inputs that are equally likely: what they cost, and sets that cost little."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.channels.channel import discretize
from cosim.channels.gaussian import load_gaussian
from cosim.coding.capacity import capacity
from cosim.coding.equiprobable import equiprobable_information, equiprobable_sets, support_used_equally
from cosim.errors import InputError


def random_channel(seed: int, levels: int = 6, bins: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(bins, 0.4), levels)


@pytest.fixture(scope="module")
def cell() -> np.ndarray:
    """The shipped model of a phase-change cell."""
    return discretize(load_gaussian(), bins=400).matrix


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 5))
def test_the_set_is_worth_what_it_says_and_never_more_than_the_capacity(seed, count):
    matrix = random_channel(seed)
    (found,) = equiprobable_sets(matrix, (count,), np.random.default_rng(0), starts=2)
    assert len(found.levels) == count
    assert found.bits == pytest.approx(equiprobable_information(matrix, found.levels), abs=1e-12)
    assert found.bits <= capacity(matrix).upper + 1e-12
    assert found.loss == pytest.approx(1.0 - found.bits / capacity(matrix).bits, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_the_exchange_reaches_the_best_of_all_sets(seed):
    matrix = random_channel(seed)
    (found,) = equiprobable_sets(matrix, (3,), np.random.default_rng(0))
    every = itertools.combinations_with_replacement(range(6), 3)
    assert found.bits == pytest.approx(max(equiprobable_information(matrix, np.array(each)) for each in every), abs=1e-12)


def test_a_likelier_input_is_there_twice():
    matrix = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.5, 0.5], [0.0, 0.5, 0.5]])
    (found,) = equiprobable_sets(matrix, (4,), np.random.default_rng(0))
    assert found.levels.tolist().count(0) == 2
    assert found.bits == pytest.approx(1.0, abs=1e-12)


def test_members_of_a_phase_change_cell_cost_less_the_more_there_are(cell):
    losses = [each.loss for each in equiprobable_sets(cell, (4, 5, 6, 8, 14), np.random.default_rng(0))]
    assert np.all(np.diff(losses) < 0.0)
    assert losses[0] < 0.12
    assert losses[-1] < 0.01


def test_using_the_support_of_the_optimum_equally_costs_more_than_a_set_that_was_searched(cell):
    naive = support_used_equally(cell)
    (searched,) = equiprobable_sets(cell, (len(naive.levels),), np.random.default_rng(0))
    assert naive.loss > 0.02
    assert searched.loss < 0.4 * naive.loss


def test_one_input_holds_nothing():
    assert equiprobable_information(np.eye(3), np.array([1])) == 0.0


@pytest.mark.parametrize("levels", [[], [3], [-1]])
def test_a_row_that_is_not_there_is_named(levels):
    with pytest.raises(InputError, match=r"^equiprobable, levels=\[.*\]: must be rows of the matrix, 0\.\.2$"):
        equiprobable_information(np.eye(3), np.array(levels, dtype=int))


def test_a_set_without_members_is_refused():
    with pytest.raises(InputError, match=r"^equiprobable, counts=0: must be >= 1$"):
        equiprobable_sets(np.eye(3), (3, 0), np.random.default_rng(0))


def test_a_least_probability_that_no_input_has_is_refused():
    with pytest.raises(InputError, match=r"^equiprobable, least=0\.9: must be at most 0\.333, the largest probability$"):
        support_used_equally(np.eye(3), least=0.9)
