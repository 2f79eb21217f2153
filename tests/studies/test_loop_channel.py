"""The tuned cell as a channel: a few cells through the whole study."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.claims import judge
from cosim.design import Design
from cosim.errors import DesignError, InputError
from cosim.spice.engines import find_engine
from cosim.studies.loop import channel
from cosim.studies.loop.channel import CHIPS, CLAIMS, WITHOUT_NOISE
from cosim.sweep.lab import Lab


def _design(**changed):
    few = {"levels": 6, "samples": 20, "interval": 1.0, "assumed_drift": "pcm-joshi2020"}
    return replace(Design(), loop=replace(Design().loop, **{**few, **changed}))


@pytest.fixture(scope="module")
def small():
    """Six levels, twenty devices each."""
    return channel.run(_design(), Lab(engine=find_engine("ngspice")))


def test_every_delay_has_a_capacity_and_the_read_without_noise_the_largest(small):
    assert [each.name for each in small.capacities] == ["10 ms", "1 s", "100 s", WITHOUT_NOISE]
    assert small.quiet.bits >= max(each.estimate.bits for each in small.capacities[:-1]) - 0.1
    assert 1.5 < small.longest.bits <= np.log2(6)


def test_the_levels_that_bands_allow_are_those_worked_by_hand(small):
    assert (small.uniform_levels, small.touching_levels) == (17, 49)


def test_the_paper_s_gaussian_is_refused_for_tuned_cells(small):
    first = small.fits[0]
    assert (first.condition, first.accepted) == ("tuned conductance", False)
    assert first.p_value < 0.01


def test_every_model_is_held_against_every_condition(small):
    models = {each.model for each in small.fits}
    assert len(models) == 10
    assert all(sum(each.model == model for each in small.fits) >= 3 for model in models)
    assert all(each.remark and 0.0 < each.p_value <= 1.0 for each in small.fits)


def test_what_is_assumed_stands_apart_and_loses(small):
    assert [each.delay for each in small.assumed] == [1e4, 1e6]
    assert small.assumed[1].mean_shift < small.assumed[0].mean_shift < 0.0
    assert all(each.model == "pcm-joshi2020" for each in small.assumed)
    assert len(small.channel.times) == 3


def test_other_chips_differ_and_the_tuned_conductance_holds_most(small):
    assert small.chips.shape == (CHIPS,)
    assert np.ptp(small.chips) > 0.0
    assert small.tuned.bits >= small.longest.bits - 0.05


def test_the_claims_read_the_result(small):
    verdicts = {each.id: each for each in judge(CLAIMS, small)}
    assert verdicts["loop.channel.gaussian_p"].verdict == "met"
    assert verdicts["loop.channel.above_uniform"].verdict == "not_met"  # six levels cannot hold more than seventeen
    assert all(each.value is not None for each in verdicts.values())


def test_clearly_too_few_samples_are_refused_before_a_cell_is_read(monkeypatch):
    monkeypatch.setattr(channel, "measure", lambda writer, lab: pytest.fail("cells were read"))
    with pytest.raises(InputError, match=r"^\[loop\], samples=10: must be >= \d+, for an interval of the capacity of 0\.05 bits$"):
        channel.run(_design(samples=10, levels=64, interval=0.05, assumed_drift=""), Lab(engine=find_engine("ngspice")))


def test_too_few_samples_say_how_many_are_needed(monkeypatch):
    monkeypatch.setattr(channel, "check_samples", lambda writer, lab: None)
    with pytest.raises(InputError, match=r"^\[loop\], samples=10: must be >= \d+, for an interval of the capacity of 0\.05 bits$"):
        channel.run(_design(samples=10, levels=16, interval=0.05, assumed_drift=""), Lab(engine=find_engine("ngspice")))


def test_a_delay_beyond_the_retention_needs_the_label():
    with pytest.raises(DesignError, match=r"delays=1000: must be <= 100 s, the retention measured on card lim2025_read_noise; longer ones stand in assumed_"):
        channel.run(_design(delays=(1.0, 1000.0)), Lab(engine=find_engine("ngspice")))


def test_a_channel_without_a_law_of_drift_cannot_be_assumed():
    with pytest.raises(DesignError, match=r"^\[loop\], assumed_drift=flash-qlc: must be a channel with a law of drift: "):
        channel.run(_design(assumed_drift="flash-qlc"), Lab(engine=find_engine("ngspice")))
