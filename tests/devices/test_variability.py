"""Spread between devices and between cycles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.devices.memristor.variability import FLOOR, Spread, truncated
from cosim.errors import DeviceError


@given(device=st.floats(0, 2), cycle=st.floats(0, 2), seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=50)
def test_no_factor_is_below_five_percent_of_nominal(device: float, cycle: float, seed: int):
    scale, series = Spread(device=device, cycle=cycle).draw(np.random.default_rng(seed), devices=4, cycles=20)
    assert scale.shape == series.shape == (4, 20)
    assert min(scale.min(), series.min()) >= FLOOR == 0.05


@pytest.mark.parametrize("spread", [0.01, 0.05, 0.10])
def test_small_spreads_are_gaussian_around_one(spread: float):
    factors = truncated(np.random.default_rng(1), spread, (100000,))
    assert factors.mean() == pytest.approx(1.0, abs=0.01 * spread + 1e-3)
    assert factors.std() == pytest.approx(spread, rel=0.02)


def test_a_large_spread_is_the_truncated_gaussian():
    from scipy.stats import truncnorm

    factors = truncated(np.random.default_rng(2), 0.5, (100000,))
    wanted = truncnorm((FLOOR - 1.0) / 0.5, np.inf, loc=1.0, scale=0.5)
    assert factors.mean() == pytest.approx(wanted.mean(), rel=0.01)
    assert factors.std() == pytest.approx(wanted.std(), rel=0.01)


def test_a_device_keeps_its_factor_over_its_cycles():
    scale, series = Spread(device=0.3).draw(np.random.default_rng(3), devices=50, cycles=8)
    assert np.ptp(scale, axis=1).max() == 0.0
    assert scale[:, 0].std() > 0.2
    assert abs(np.corrcoef(scale[:, 0], series[:, 0])[0, 1]) < 0.4


def test_without_spread_every_factor_is_one():
    scale, series = Spread().draw(np.random.default_rng(4), devices=2, cycles=3)
    assert np.all(scale == 1.0)
    assert np.all(series == 1.0)


def test_the_same_seed_draws_the_same_factors():
    first, second = (Spread(device=0.1, cycle=0.1).draw(np.random.default_rng(5), devices=3, cycles=3) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_negative_spread_is_named():
    with pytest.raises(DeviceError, match=r"^spread, cycle=-0\.1: must be >= 0$"):
        Spread(cycle=-0.1)
