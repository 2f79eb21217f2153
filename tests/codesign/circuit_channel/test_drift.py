"""Assumed drift: which laws there are, and what they keep of a conductance."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.channels.pcm import load_pcm
from cosim.channels.population import population
from cosim.codesign.circuit_channel.drift import drift_law, drifting
from cosim.design import Design
from cosim.errors import DesignError, InputError

CONDUCTANCE = np.repeat([20e-6, 100e-6], 4000)


def _law(name):
    return drift_law(replace(Design(), loop=replace(Design().loop, assumed_drift=name)))


def test_no_name_is_no_law():
    assert _law("") is None


def test_phase_change_memory_keeps_a_power_of_time_by_the_exponent_of_its_card():
    kept, channel = _law("pcm-joshi2020")(CONDUCTANCE, 100.0, 1e4, np.random.default_rng(0)), load_pcm("pcm-joshi2020")
    mean = channel.exponents(np.array([20.0, 100.0]) / 140.0)[0]
    assert [np.log(each).mean() for each in np.split(kept, 2)] == pytest.approx(-mean * np.log((1e4 + 20) / 120), rel=0.02)


def test_switches_keep_what_their_exact_moments_say():
    channel = population("drift500k")
    kept = _law("drift500k")(CONDUCTANCE, 100.0, 300.0, np.random.default_rng(0))
    mean, _ = channel.moments(channel.state(1.0 / np.array([20e-6, 100e-6])), 200.0)
    assert [float((part * value).mean()) for part, value in zip(np.split(kept, 2), (20e-6, 100e-6), strict=True)] == pytest.approx(
        channel.conductance(mean), rel=0.01
    )


def test_a_read_after_no_time_keeps_all():
    assert np.all(_law("pcm-joshi2020")(CONDUCTANCE, 100.0, 100.0, np.random.default_rng(0)) == 1.0)


@pytest.mark.parametrize("name", ["flash-qlc", "pcm-zarcone2020", "rram-a-levels"])
def test_a_channel_without_a_law_of_drift_is_refused_with_those_that_have_one(name):
    with pytest.raises(DesignError, match=rf"^\[loop\], assumed_drift={name}: must be a channel with a law of drift: drift500k, tio2, .*pcm-joshi2020"):
        _law(name)
    assert name not in drifting()


def test_a_name_that_is_none_gets_the_nearest_one():
    with pytest.raises(InputError, match="pcm-joshi2020"):
        _law("pcm-joshi")
