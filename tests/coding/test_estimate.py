"""Capacity of samples, against channels whose capacity is known from their exact law."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.channels.kernel import normal_masses
from cosim.coding.capacity import capacity
from cosim.coding.estimate import WIDENED, CapacityEstimate, _left_out, estimate_capacity
from cosim.errors import InputError

INPUTS = np.linspace(0.0, 1.0, 10)


def _drawn(deviation, *, samples, seed):
    rng = np.random.default_rng(seed)
    return [each + deviation * rng.standard_normal(samples) for each in INPUTS]


def _estimate(deviation, *, samples, seed, bins=400):
    return estimate_capacity(_drawn(deviation, samples=samples, seed=seed), rng=np.random.default_rng(seed), bins=bins)


def _exact(deviation):
    edges = np.concatenate([[-np.inf], np.linspace(-0.5, 1.5, 2001), [np.inf]])
    return capacity(normal_masses(INPUTS, np.full(len(INPUTS), deviation), edges)).bits


@pytest.mark.parametrize("deviation", [0.02, 0.08, 0.3])
def test_the_estimate_lies_a_little_below_the_exact_capacity(deviation):
    exact, found = _exact(deviation), _estimate(deviation, samples=200, seed=3)
    assert exact - 0.12 < found.bits < exact + found.width
    assert found.low < found.bits < found.high


def test_intervals_hardly_ever_lie_above_the_exact_capacity():
    exact, found = _exact(0.06), [_estimate(0.06, samples=50, seed=seed) for seed in range(24)]
    assert sum(each.low > exact for each in found) <= 2


def test_intervals_cover_the_mean_bound_as_often_as_they_say_and_would_not_if_they_were_not_widened():
    found = [_estimate(0.06, samples=40, seed=seed, bins=100) for seed in range(120)]
    off = np.abs(np.array([each.bits for each in found]) - np.mean([each.bits for each in found]))
    half = np.array([each.width for each in found]) / 2.0
    assert 0.91 <= np.mean(off < half) <= 0.99
    assert np.mean(off < half / WIDENED) < 0.91


def test_leaving_out_some_of_many_samples_chooses_the_bandwidth_that_leaving_out_all_does(monkeypatch):
    drawn = np.random.default_rng(3).standard_normal(1200)
    whole = _left_out(drawn)
    monkeypatch.setattr("cosim.coding.estimate.MOST_LEFT_OUT", 300)
    some = _left_out(drawn)
    assert not np.array_equal(some, whole)
    assert np.argmax(some) == np.argmax(whole)
    assert some == pytest.approx(whole, rel=0.1)


def test_the_most_samples_that_a_design_may_ask_for_need_little_memory():
    drawn = _drawn(0.06, samples=5000, seed=0)
    tracemalloc.start()
    found = _left_out(drawn[0])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.all(np.isfinite(found))
    assert peak < 250e6


def test_more_samples_narrow_the_interval_as_it_was_said():
    few, many = _estimate(0.06, samples=50, seed=1), _estimate(0.06, samples=200, seed=1)
    assert few.needed(many.width) == pytest.approx(200, rel=0.25)


def test_few_samples_lose_bits_and_do_not_gain_them():
    found = np.mean([_estimate(0.06, samples=12, seed=seed).bits for seed in range(10)])
    assert _exact(0.06) - 0.6 < found < _exact(0.06) - 0.05


def test_levels_that_are_read_alike_hold_nothing():
    rng = np.random.default_rng(5)
    found = estimate_capacity([rng.standard_normal(40) for _ in range(6)], rng=rng, bins=200)
    assert 0.0 <= found.low <= found.bits <= found.high < 0.1


@settings(max_examples=6, deadline=None)
@given(scale=st.floats(1e-6, 1e6), shift=st.floats(-10.0, 10.0))
def test_the_unit_of_the_reads_does_not_matter(scale, shift):
    groups = _drawn(0.1, samples=20, seed=2)
    one, other = (estimate_capacity(each, rng=np.random.default_rng(0), bins=200) for each in (groups, [scale * (each + shift) for each in groups]))
    assert other.bits == pytest.approx(one.bits, abs=2e-2)


def test_too_few_samples_are_told_how_many_are_needed():
    found = CapacityEstimate(bits=4.5, low=4.43, high=4.57, kernel_bits=4.6, samples=20)
    with pytest.raises(InputError, match=r"^\[loop\], samples=20: must be >= 157, for an interval of the capacity of 0\.05 bits$"):
        found.require(0.05, where="[loop]")
    found.require(0.2, where="[loop]")


def test_a_level_with_hardly_a_sample_is_named():
    groups = _drawn(0.1, samples=20, seed=2)
    with pytest.raises(InputError, match=r"^capacity of samples, samples of level 1=3: must be >= 10$"):
        estimate_capacity([groups[0], groups[1][:3]], rng=np.random.default_rng(0))


def test_samples_that_are_all_equal_are_refused():
    groups = [np.ones(20), *_drawn(0.1, samples=20, seed=2)]
    with pytest.raises(InputError, match=r"^capacity of samples, distinct samples of level 0=1: must be >= 2$"):
        estimate_capacity(groups, rng=np.random.default_rng(0))


def test_one_level_is_no_channel():
    with pytest.raises(InputError, match=r"^capacity of samples, levels=1: must be >= 2$"):
        estimate_capacity([np.arange(20.0)], rng=np.random.default_rng(0))
