"""The classical iteration: right, bounded at any time, and never losing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.coding.blahut_arimoto import blahut_arimoto
from cosim.coding.capacity import capacity
from cosim.errors import InputError


def random_channel(seed: int, levels: int = 8, bins: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(bins, 0.5), levels)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), relaxation=st.sampled_from((1.0, 1.5, 1.9)))
def test_it_agrees_with_newton(seed, relaxation):
    matrix = random_channel(seed)
    assert blahut_arimoto(matrix, tolerance=1e-5, relaxation=relaxation).bits == pytest.approx(capacity(matrix).bits, abs=1.1e-5)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), rounds=st.integers(0, 20), relaxation=st.floats(0.1, 2.0))
def test_value_and_bound_enclose_the_capacity_at_any_time(seed, rounds, relaxation):
    matrix = random_channel(seed)
    found, exact = blahut_arimoto(matrix, tolerance=1e-12, relaxation=relaxation, rounds=rounds), capacity(matrix)
    assert found.bits <= exact.upper + 1e-12
    assert found.upper >= exact.bits - 1e-12


def test_no_round_of_the_plain_iteration_loses():
    matrix = random_channel(1)
    bits = [blahut_arimoto(matrix, tolerance=1e-12, rounds=rounds).bits for rounds in range(30)]
    assert np.all(np.diff(bits) >= -1e-14)
    assert bits[-1] > bits[0]


def test_over_relaxation_needs_about_as_many_times_fewer_rounds():
    matrix = random_channel(3)
    plain, relaxed = (blahut_arimoto(matrix, tolerance=1e-4, relaxation=each).iterations for each in (1.0, 1.9))
    assert 1.5 < plain / relaxed < 2.3


def test_z_channel():
    matrix = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert blahut_arimoto(matrix, tolerance=1e-10).bits == pytest.approx(math.log2(1.25), abs=1e-10)


def test_rounds_that_run_out_leave_the_gap_as_it_is():
    found = blahut_arimoto(random_channel(0), tolerance=1e-12, rounds=3)
    assert found.iterations == 3
    assert found.gap > 1e-3


@pytest.mark.parametrize("relaxation", [0.0, -1.0, 2.1, math.nan])
def test_a_relaxation_out_of_range_is_named(relaxation):
    with pytest.raises(InputError, match=r"^blahut_arimoto, relaxation=.*: must be above 0 and at most 2$"):
        blahut_arimoto(np.eye(2), relaxation=relaxation)
