"""OPTA and the distortion-rate function against closed forms and bounds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.coding.opta import least_distortion, opta
from cosim.coding.sources import gaussian, of_samples
from cosim.errors import InputError

UNIFORM = of_samples((np.arange(20_000) + 0.5) / 20_000)
COINS = of_samples(np.repeat([-1.0, 1.0], 500))


def test_two_bits_of_a_gaussian_source_are_twelve_decibels():
    assert opta(2.08) == pytest.approx(12.523, abs=1e-3)
    assert opta(1.0, devices=2) == opta(2.0) == pytest.approx(12.0412, abs=1e-4)
    assert opta(0.0) == 0.0


@pytest.mark.parametrize("rate", [0.3, 1.0, 2.08, 3.5])
def test_the_computed_distortion_of_a_gaussian_source_is_the_closed_form(rate):
    found, closed = least_distortion(gaussian(mean=3.0, deviation=2.0), rate), 4.0 * 4.0**-rate
    assert found.distortion == pytest.approx(closed, rel=0.01)
    assert 0.88 * closed < found.least <= closed


@settings(max_examples=8, deadline=None)
@given(rate=st.floats(0.05, 3.0))
def test_a_source_of_samples_is_no_harder_than_a_gaussian_one(rate):
    found = least_distortion(UNIFORM, rate, cells=300, values=200)
    shannon = 2.0 ** (-2.0 * rate) / (2.0 * math.pi * math.e)  # Shannon's lower bound, of the entropy of a uniform source
    assert found.least <= found.distortion <= UNIFORM.variance * 4.0**-rate * 1.01
    assert found.distortion >= shannon * 0.999


def test_a_bit_tells_a_coin():
    found = [least_distortion(COINS, rate, cells=100).distortion for rate in (0.25, 0.5, 0.9)]
    assert found[0] > found[1] > found[2]
    assert found[2] < 0.1 < 4.0**-0.9  # far less than a Gaussian of this variance
    assert opta(0.9, source=COINS) > 10.0


@pytest.mark.parametrize("rate", [0.5, 2.32, 5.0])
def test_opta_of_samples_is_the_proven_bound(rate: float):
    uniform = 20.0 * math.log10(2.0) * rate + 10.0 * math.log10(2.0 * math.pi * math.e / 12.0)  # no source of samples is easier than Shannon's bound says
    assert 20.0 * math.log10(2.0) * rate < opta(rate, source=UNIFORM) < uniform + 1.0
    assert rate > 4.6 or opta(rate, source=UNIFORM) == 10.0 * math.log10(UNIFORM.variance / least_distortion(UNIFORM, rate).least)


def test_samples_that_the_rate_tells_apart_have_no_bound():
    assert opta(1.5, source=COINS) == math.inf


def test_no_quantizer_of_as_many_levels_as_the_rate_allows_beats_opta():
    for levels in (2, 5, 12):
        assert 20.0 * math.log10(levels) < opta(math.log2(levels), source=UNIFORM)  # equal cells of a uniform source


def test_without_a_rate_the_variance_remains():
    found = least_distortion(UNIFORM, 0.0)
    assert found.distortion == found.least == UNIFORM.variance


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: opta(-1.0), "opta, capacity=-1: must be finite and >= 0 bits"),
        (lambda: opta(math.inf), "opta, capacity=inf: must be finite and >= 0 bits"),
        (lambda: opta(1.0, devices=0.0), "opta, devices=0: must be finite and > 0"),
        (lambda: opta(6.1, source=UNIFORM), "opta, rate=6.1: must be at most 6 bits for a source that is not Gaussian"),
        (lambda: least_distortion(UNIFORM, 9.0), "rate-distortion function, rate=9: must be within 0..4.64 bits with so many cells and values"),
        (lambda: least_distortion(UNIFORM, math.nan), "rate-distortion function, rate=nan: must be within 0..4.64 bits with so many cells and values"),
    ],
)
def test_what_is_no_rate_is_refused(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
