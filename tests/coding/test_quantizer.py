"""The quantizer without a decoder: exact among all choices of levels, never above the alternation, refused where levels cannot be told apart."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.channels.channel import Axis, discretize
from cosim.channels.gaussian import GaussianChannel
from cosim.coding.quantizer import Quantizer, best_quantizer, law_of, lloyd_quantizer, thresholds_of
from cosim.errors import InputError


def drawn(seed: int, *, values: int = 9, candidates: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Values, masses, means and variances; equal values and equal means happen."""
    rng = np.random.default_rng(seed)
    return (
        np.round(rng.uniform(-1.0, 1.0, values), 1),
        rng.uniform(0.1, 1.0, values),
        np.round(rng.uniform(-1.0, 1.0, candidates), 1),
        rng.uniform(0.0, 0.2, candidates),
    )


def error_of(chosen, values, masses, means, variances) -> float:
    """Each value on whichever of the chosen candidates is the best."""
    pick = list(chosen)
    return float(masses @ ((means[pick] - values[:, None]) ** 2 + variances[pick]).min(axis=1) / masses.sum())


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), levels=st.integers(1, 4))
def test_no_choice_of_levels_is_better(seed: int, levels: int):
    values, masses, means, variances = drawn(seed)
    levels = min(levels, len(np.unique(means)))
    found = best_quantizer(values, means, variances, levels=levels, masses=masses)
    least = min(error_of(each, values, masses, means, variances) for each in combinations(range(len(means)), levels))
    assert found.distortion == pytest.approx(least, rel=1e-9)
    assert error_of(found.chosen, values, masses, means, variances) == pytest.approx(least, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), width=st.floats(0.0, 0.4))
def test_no_choice_of_levels_that_do_not_overlap_is_better(seed: int, width: float):
    values, masses, means, variances = drawn(seed)
    means = np.unique(means)
    variances, low, high = variances[: len(means)], means - width / 2, means + width / 2
    apart = [each for each in combinations(range(len(means)), 2) if low[each[1]] >= high[each[0]]]
    if not apart:
        with pytest.raises(InputError, match=r"levels=2: must be <= 1, as more of these"):
            best_quantizer(values, means, variances, levels=2, masses=masses, bands=(low, high))
        return
    found = best_quantizer(values, means, variances, levels=2, masses=masses, bands=(low, high))
    choices = [*apart, *((each,) for each in range(len(means)))]
    assert found.distortion == pytest.approx(min(error_of(each, values, masses, means, variances) for each in choices), rel=1e-9)
    assert len(found.chosen) == 1 or tuple(found.chosen) in apart


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), levels=st.integers(1, 5))
def test_the_alternation_is_never_better(seed: int, levels: int):
    values, masses, means, variances = drawn(seed, values=40, candidates=25)
    exact = best_quantizer(values, means, variances, levels=levels, masses=masses)
    start = np.random.default_rng(seed).choice(len(means), size=levels, replace=False)
    alternated = lloyd_quantizer(values, means, variances, masses=masses, start=start)
    assert exact.distortion <= alternated.distortion * (1 + 1e-12)
    assert alternated.distortion <= error_of(start, values, masses, means, variances) * (1 + 1e-12)


def test_the_alternation_stays_where_dynamic_programming_ends():
    values, masses, means, variances = drawn(3, values=40, candidates=25)
    exact = best_quantizer(values, means, variances, levels=4, masses=masses)
    assert lloyd_quantizer(values, means, variances, masses=masses, start=exact.chosen).distortion == pytest.approx(exact.distortion, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), levels=st.integers(1, 5))
def test_every_value_goes_to_the_level_that_costs_least(seed: int, levels: int):
    values, masses, means, variances = drawn(seed, values=40, candidates=25)
    found = best_quantizer(values, means, variances, levels=levels, masses=masses)
    costs = (means[found.chosen] - values[:, None]) ** 2 + variances[found.chosen]
    assert costs[np.arange(len(values)), found.assigned] == pytest.approx(costs.min(axis=1), rel=1e-9, abs=1e-12)
    assert np.array_equal(found.levels_of(values), found.assigned)
    assert np.all(np.diff(found.thresholds) >= 0)
    assert np.array_equal(found.reads, means[found.chosen])


def test_two_levels_worked_by_hand():
    values = np.array([0.0, 1.0, 4.0, 6.0])
    found = best_quantizer(values, np.array([6.0, 5.0, 0.5]), np.array([0.0, 0.2, 0.0]), levels=2)
    assert list(found.chosen) == [2, 1]
    assert found.distortion == pytest.approx((0.25 + 0.25 + 1.2 + 1.2) / 4.0)
    assert found.thresholds == pytest.approx([2.75 + 0.2 / 9.0])


def test_a_noisy_level_is_given_fewer_values():
    quiet, noisy = thresholds_of(np.array([0.0, 1.0]), np.zeros(2)), thresholds_of(np.array([0.0, 1.0]), np.array([0.0, 0.3]))
    assert (quiet[0], noisy[0]) == (0.5, pytest.approx(0.65))


def test_without_noise_a_candidate_at_each_value_leaves_no_error():
    values = np.array([0.1, 0.5, 0.9, 0.5])
    found = best_quantizer(values, np.linspace(0.0, 1.0, 11), np.zeros(11), levels=3)
    assert found.distortion == pytest.approx(0.0, abs=1e-30)
    assert found.reads[found.assigned] == pytest.approx(values)


def test_a_level_that_serves_no_value_is_left_out():
    found = best_quantizer(np.array([0.2, 0.7]), np.linspace(0.0, 1.0, 11), np.zeros(11), levels=5)
    assert found.reads == pytest.approx([0.2, 0.7])
    assert len(found.thresholds) == 1


def test_values_without_mass_decide_nothing_but_have_a_level():
    found = best_quantizer(np.array([0.0, 1.0, 9.0]), np.array([0.0, 1.0, 9.0]), np.zeros(3), levels=2, masses=np.array([1.0, 1.0, 0.0]))
    assert list(found.reads[found.assigned]) == [0.0, 1.0, 1.0]


def test_a_transition_matrix_serves():
    """Reads whose mean is half of the input; the bins add next to nothing to the variance."""
    inputs, written, read = np.array([0.0, 1.0]), *(Axis(name="value", unit="1", least=each, most=1.0) for each in (0.0, -0.5))
    gaussian = GaussianChannel(name="half", written=written, read=read, inputs=inputs, means=inputs / 2.0, deviations=np.array([0.02, 0.05]))
    channel = discretize(gaussian, levels=41, bins=400)
    means, variances = law_of(channel)
    assert means == pytest.approx(channel.inputs / 2.0, abs=1e-4)
    assert np.sqrt(variances) == pytest.approx(0.02 + 0.03 * channel.inputs, rel=0.01)
    found = best_quantizer(np.linspace(0.1, 0.4, 50), means, variances, levels=4)
    assert isinstance(found, Quantizer)
    assert len(found.chosen) == 4


ONE = np.array([0.5])
TWO = np.array([0.0, 1.0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": np.array([])}, r"^quantizer, values=shape \(0,\): must be of shape \(values,\), one at least$"),
        ({"values": np.array([np.nan])}, r"^quantizer, values=nan: must be finite$"),
        ({"levels": 3}, r"^quantizer, levels=3: must be within 1\.\.2, the candidates$"),
        ({"levels": 0}, r"^quantizer, levels=0: must be within 1\.\.2, the candidates$"),
        ({"masses": TWO}, r"^quantizer, masses=shape \(2,\): must be of shape \(1,\)$"),
        ({"masses": -ONE}, r"^quantizer, masses=-0\.5: must be >= 0$"),
        ({"masses": 0 * ONE}, r"^quantizer, sum of masses=0: must be > 0$"),
        ({"variances": ONE}, r"^quantizer, variances=shape \(1,\): must be of shape \(2,\)$"),
        ({"means": np.ones(2)}, r"^quantizer, levels=2: must be <= 1, as more of these 2 candidates cannot be told apart$"),
        ({"bands": (TWO - 0.6, TWO + 0.6)}, r"^quantizer, levels=2: must be <= 1, as more of these 2 candidates cannot be told apart$"),
        ({"bands": (TWO, ONE)}, r"^quantizer, bands=shapes \(2,\) and \(1,\): must be of shape \(2,\), one for each candidate$"),
        ({"bands": (TWO + 1, TWO)}, r"^quantizer, bands: must be intervals whose ends rise with the mean$"),
    ],
)
def test_what_cannot_be_quantized_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        best_quantizer(**{"values": ONE, "means": TWO, "variances": np.zeros(2), "levels": 2, **arguments})


def test_a_start_that_is_no_candidate_is_refused():
    with pytest.raises(InputError, match=r"^quantizer, start=2: must be within 0\.\.1, the candidates$"):
        lloyd_quantizer(ONE, TWO, np.zeros(2), start=np.array([0, 2]))
