"""Channels of the textbooks: their closed forms, against values worked by hand and against the solver."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.channels.channel import Axis, discretize
from cosim.channels.textbook import DiscreteChannel, GaussianNoise, TextbookChannel, binary_erasure, binary_symmetric, symmetric, z_channel
from cosim.coding.capacity import capacity
from cosim.errors import InputError


@pytest.mark.parametrize(
    ("channel", "bits"),
    [
        (binary_symmetric(0.11), 0.50008),
        (binary_symmetric(0.5), 0.0),
        (binary_symmetric(0.0), 1.0),
        (binary_erasure(0.25), 0.75),
        (z_channel(0.5), math.log2(1.25)),
        (z_channel(0.0), 1.0),
        (z_channel(1.0), 0.0),
        (symmetric(4, 0.75), 0.0),
        (symmetric(8, 0.0), 3.0),
    ],
)
def test_closed_forms_are_those_worked_by_hand(channel: TextbookChannel, bits: float):
    assert channel.capacity() == pytest.approx(bits, abs=1e-5)


@given(share=st.floats(0.01, 0.99), count=st.integers(2, 6))
def test_the_solver_finds_the_closed_forms(share: float, count: int):
    for channel in (binary_symmetric(share), binary_erasure(share), z_channel(share), symmetric(count, share)):
        found = capacity(discretize(channel).matrix, tolerance=1e-10).bits
        assert found == pytest.approx(channel.capacity(), abs=1e-9)
        assert found <= math.log2(len(channel.levels())) + 1e-12


def test_a_bin_holds_every_output_within_its_edges():
    channel = binary_erasure(0.25)
    assert channel.edges(1000).tolist() == [-math.inf, 0.25, 0.75, math.inf]
    assert channel.transition(channel.levels(), np.array([-math.inf, 0.4, math.inf])).tolist() == [[0.75, 0.25], [0.0, 1.0]]


def test_additive_noise_holds_less_than_its_power_allows():
    channel = GaussianNoise(peak=2.0, deviation=1.0)
    found = capacity(discretize(channel, bins=400).matrix).bits
    assert 0.8 < found < channel.capacity_at_power(4.0) == pytest.approx(0.5 * math.log2(5.0))


def test_two_far_inputs_with_noise_hold_one_bit():
    channel = GaussianNoise(peak=10.0, deviation=1.0)
    assert capacity(discretize(channel, levels=2, bins=100).matrix).bits == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("make", [binary_symmetric, binary_erasure, z_channel])
@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_share_outside_of_0_to_1_is_refused(make: object, share: float):
    with pytest.raises(InputError, match=r"^channel [a-z-]+, (error|erasure)=[^\n]*: must be within 0\.\.1$"):
        make(share)  # type: ignore[operator]


@pytest.mark.parametrize(("peak", "deviation"), [(0.0, 1.0), (1.0, 0.0), (math.inf, 1.0), (1.0, math.nan)])
def test_noise_without_a_size_is_refused(peak: float, deviation: float):
    with pytest.raises(InputError, match=r"^channel gaussian-noise, (peak|deviation)=[^\n]*: must be > 0$"):
        GaussianNoise(peak=peak, deviation=deviation)


def test_what_a_discrete_channel_does_not_have_is_refused():
    channel = symmetric(3, 0.1)
    with pytest.raises(InputError, match=r"^channel symmetric, value=0\.5: must be one of its 3 levels$"):
        channel.sample(np.array([0.0, 0.5]), rng=np.random.default_rng(0))
    with pytest.raises(InputError, match=r"^channel symmetric, levels=4: must be within 1\.\.3, as many as it has$"):
        channel.levels(4)
    with pytest.raises(InputError, match=r"^channel symmetric, values=1: must be >= 2$"):
        symmetric(1, 0.1)
    axis = Axis(name="value", unit="1", least=0.0, most=1.0)
    with pytest.raises(InputError, match=r"^channel made, sum of transition\[1\]=0\.5: must be 1$"):
        DiscreteChannel(name="made", written=axis, read=axis, inputs=np.arange(2.0), outputs=np.arange(2.0), matrix=np.array([[1.0, 0.0], [0.5, 0.0]]))
