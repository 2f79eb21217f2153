"""Capacity by Newton: certified on any channel, right where the answer is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.coding import newton
from cosim.coding.capacity import capacity
from cosim.coding.information import conditional_entropies, divergences, entropy, mutual_information
from cosim.errors import InputError


@st.composite
def channels(draw, most: int = 40):
    """Matrices of all kinds: sparse, with equal rows, equal and empty columns, permuted identities."""
    levels, bins = draw(st.integers(1, most)), draw(st.integers(2, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    matrix = rng.dirichlet(np.full(bins, 10.0 ** draw(st.floats(-2.0, 2.0))), levels)
    kind = draw(st.sampled_from(("plain", "sparse", "equal rows", "equal columns", "empty column", "one row", "deterministic", "almost equal rows")))
    if kind == "sparse":
        matrix[rng.random(matrix.shape) < rng.random()] = 0.0
    elif kind == "equal rows":
        matrix = matrix[rng.integers(0, levels, levels)]
    elif kind == "equal columns":
        matrix = matrix[:, rng.integers(0, bins, bins)]
    elif kind == "empty column":
        matrix[:, rng.integers(bins)] = 0.0
    elif kind == "one row":
        matrix[:] = matrix[0]
    elif kind == "deterministic":
        matrix = np.eye(bins)[rng.integers(0, bins, levels)]
    elif kind == "almost equal rows":
        matrix = 0.999999 * matrix[0] + 1e-6 * matrix
    matrix[matrix.sum(axis=1) == 0.0, 0] = 1.0
    return matrix / matrix.sum(axis=1, keepdims=True)


def smooth(levels: int, bins: int, deviation: float) -> np.ndarray:
    """A value within 0..1, read with normal noise."""
    from scipy.special import ndtr

    inputs, edges = np.linspace(0.0, 1.0, levels), np.concatenate([[-np.inf], np.linspace(-0.2, 1.2, bins - 1), [np.inf]])
    return np.diff(ndtr((edges - inputs[:, None]) / deviation), axis=1)


@settings(max_examples=300, deadline=None)
@given(matrix=channels())
def test_value_and_bound_meet_on_any_channel(matrix):
    found = capacity(matrix, tolerance=1e-9)
    assert 0.0 <= found.gap <= 1e-9
    assert found.distribution.sum() == pytest.approx(1.0, abs=1e-12)
    assert found.bits == pytest.approx(mutual_information(matrix, found.distribution), abs=1e-12)
    assert found.upper <= math.log2(min(matrix.shape)) + 1e-9


@settings(max_examples=100, deadline=None)
@given(matrix=channels(most=12), seed=st.integers(0, 2**32))
def test_no_distribution_exceeds_the_bound(matrix, seed):
    upper = capacity(matrix).upper
    rng = np.random.default_rng(seed)
    for concentration in (0.05, 0.3, 1.0, 10.0):
        distribution = rng.dirichlet(np.full(len(matrix), concentration))
        assert mutual_information(matrix, distribution) <= upper + 1e-12


@settings(max_examples=100, deadline=None)
@given(matrix=channels())
def test_no_more_inputs_are_used_than_there_are_bins(matrix):
    assert len(capacity(matrix).support) <= matrix.shape[1]


@settings(max_examples=60, deadline=None)
@given(matrix=channels(most=20), seed=st.integers(0, 2**32))
def test_the_order_of_inputs_and_of_bins_does_not_matter(matrix, seed):
    rng = np.random.default_rng(seed)
    shuffled = matrix[rng.permutation(len(matrix))][:, rng.permutation(matrix.shape[1])]
    assert capacity(shuffled).bits == pytest.approx(capacity(matrix).bits, abs=2e-9)


@settings(max_examples=60, deadline=None)
@given(matrix=channels(most=20), cut=st.integers(1, 19))
def test_merging_bins_never_gives_more(matrix, cut):
    cut = min(cut, matrix.shape[1] - 1)
    merged = np.column_stack([matrix[:, :cut].sum(axis=1), matrix[:, cut:]])
    assert capacity(merged).bits <= capacity(matrix).upper + 1e-12


@pytest.mark.parametrize("error", [0.0, 1e-9, 0.11, 0.5, 1.0])
def test_binary_symmetric_channel(error):
    matrix = np.array([[1.0 - error, error], [error, 1.0 - error]])
    assert capacity(matrix, tolerance=1e-11).bits == pytest.approx(1.0 - entropy(np.array([error, 1.0 - error])), abs=1e-10)


def test_a_permutation_of_n_values_holds_log_n_bits():
    for count in (2, 7, 40, 300):
        matrix = np.eye(count)[np.random.default_rng(count).permutation(count)]
        assert capacity(matrix).bits == pytest.approx(math.log2(count), abs=1e-9)


def test_equal_rows_hold_nothing_with_one_input():
    found = capacity(np.tile([0.2, 0.3, 0.5], (9, 1)))
    assert found.bits == pytest.approx(0.0, abs=1e-12)
    assert len(found.support) == 1


def test_between_measured_levels_linear_interpolation_adds_no_capacity():
    knots = smooth(9, 200, 0.1)
    places = np.linspace(0.0, 8.0, 161)
    share = (places % 1.0)[:, None]
    between = (1.0 - share) * knots[places.astype(int)] + share * knots[np.minimum(places.astype(int) + 1, 8)]
    assert capacity(between).bits == pytest.approx(capacity(knots).bits, abs=2e-9)


def test_a_large_smooth_channel_is_certified_on_few_rows():
    found = capacity(smooth(1000, 1000, 0.05), tolerance=1e-8)
    assert found.gap <= 1e-8
    assert found.touched < 120


def test_thousands_of_inputs_with_few_bins():
    matrix = np.random.default_rng(0).dirichlet(np.full(8, 0.1), 5000)
    found = capacity(matrix)
    assert found.gap <= 1e-9
    assert len(found.support) <= 8


def test_reads_that_only_one_input_reaches_with_tiny_probability_do_not_break_the_bound():
    matrix = np.array([[1.0 - 1e-200, 1e-200, 0.0], [0.0, 1e-250, 1.0 - 1e-250], [0.5, 0.0, 0.5]])
    assert capacity(matrix).bits == pytest.approx(1.0, abs=1e-9)


def test_a_start_is_used_and_changes_nothing_but_the_steps():
    matrix = smooth(300, 300, 0.05)
    cold = capacity(matrix)
    warm = capacity(matrix, start=cold.distribution)
    assert warm.bits == pytest.approx(cold.bits, abs=1e-9)
    assert warm.iterations < cold.iterations


def test_a_gap_that_stays_above_the_tolerance_is_refused_with_its_size(monkeypatch):
    monkeypatch.setattr(newton, "ROUNDS", 1)
    with pytest.raises(InputError, match=r"^capacity, tolerance=1e-09: must be at least \d[.\de-]*, the gap that \d+ Newton steps reached$"):
        capacity(smooth(300, 300, 0.02))


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones(3), r"^capacity, shape of the transition matrix=\(3,\): must be \(levels, bins\)$"),
        (np.array([[0.5, 0.6]]), r"^capacity, sum of transition\[0\]=1\.1: must be 1$"),
        (np.array([[1.5, -0.5]]), r"^capacity, transition\[0, 1\]=-0\.5: must be a probability$"),
        (np.array([[math.nan, 1.0]]), r"^capacity, transition\[0, 0\]=nan: must be a probability$"),
    ],
)
def test_what_is_no_channel_is_named(matrix, message):
    with pytest.raises(InputError, match=message):
        capacity(matrix)


@pytest.mark.parametrize("tolerance", [0.0, -1e-9, 1e-14, math.inf, math.nan])
def test_a_tolerance_must_be_a_number_above_rounding(tolerance):
    with pytest.raises(InputError, match=r"^capacity, tolerance=.*: must be finite and at least 1e-13 bits$"):
        capacity(np.eye(2), tolerance=tolerance)


def test_a_start_must_fit_the_channel():
    with pytest.raises(InputError, match=r"^capacity, start, shape of the distribution=\(3,\): must be \(2,\)$"):
        capacity(np.eye(2), start=np.ones(3) / 3)


def test_a_divergence_is_infinite_where_a_row_reaches_what_the_output_does_not():
    found = divergences(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([1.0, 0.0]))
    assert found.tolist() == [math.inf, 0.0]


def test_entropies_worked_by_hand():
    assert entropy(np.array([0.5, 0.25, 0.25, 0.0])) == pytest.approx(1.5, abs=1e-15)
    assert conditional_entropies(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist() == [0.0, 1.0]


def test_a_distribution_that_is_none_is_refused():
    with pytest.raises(InputError, match=r"^mutual information, sum of the distribution=0\.9: must be 1, and no entry negative$"):
        mutual_information(np.eye(2), np.array([0.5, 0.4]))
