"""Phase-change memory: published check values, the matrix against samples, compensation."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.channels.channel import Channel, DelayWarning, check_matrix, discretize
from cosim.channels.pcm import column_drift_compensation, global_drift_compensation, load_pcm
from cosim.errors import DeviceError, InputError

JOSHI = load_pcm("pcm-joshi2020")
NAMES = ("pcm-joshi2020", "pcm-hermes", "pcm-hermes-pair")
DAY = 86400.0


@pytest.mark.parametrize(
    ("target", "delay", "mean", "deviation"),
    [
        (0.1, 0.0, 2.500, 0.608),
        (0.5, 0.0, 12.500, 1.195),
        (1.0, 0.0, 24.998, 1.399),
        (0.1, DAY, 1.538, 0.512),
        (0.5, DAY, 8.313, 1.027),
        (1.0, DAY, 16.623, 1.514),
    ],
)
def test_mean_and_spread_are_those_of_the_published_model(target: float, delay: float, mean: float, deviation: float):
    first, variance = JOSHI.moments(np.array([target]), delay)
    assert 1e6 * first[0] == pytest.approx(mean, rel=2e-3)
    assert 1e6 * np.sqrt(variance[0]) == pytest.approx(deviation, rel=5e-3)
    reads = JOSHI.sample(np.full(100_000, target), delay=delay, rng=np.random.default_rng(0))
    assert 1e6 * np.mean(reads) == pytest.approx(mean, rel=3e-3)
    assert 1e6 * np.std(reads) == pytest.approx(deviation, rel=1e-2)


def test_the_constants_are_those_worked_by_hand():
    mean, spread = JOSHI.exponents(np.array([0.01, 0.5, 1.0]))
    assert mean == pytest.approx([0.09578, 0.049, 0.049], abs=1e-5)
    assert spread == pytest.approx([0.045, 0.008, 0.008], abs=1e-6)
    assert 1e6 * JOSHI.write_error(np.array([0.5])) == pytest.approx([0.952705])
    assert JOSHI.read_noise(np.array([25e-6]), 0.0) == pytest.approx([0.0088 * 4.184], rel=1e-3)
    assert JOSHI.read_noise(np.array([0.0]), DAY) == pytest.approx([0.2 * 5.087], rel=1e-3)
    hermes = load_pcm("pcm-hermes")
    assert hermes.exponents(np.array([1.0]))[0] == pytest.approx([0.0174])
    assert hermes.exponents(np.array([0.05]))[0] == pytest.approx([-0.0387 * np.log(0.05) - 0.0182])
    assert hermes.read_noise(np.array([10.35e-6]), 0.0) == pytest.approx([0.0168 * np.sqrt(np.log(200 / (2 * 512e-9)))], rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("delay", [0.0, DAY])
def test_samples_fall_into_the_bins_as_the_matrix_says(name: str, delay: float):
    card, rng = load_pcm(name), np.random.default_rng(3)
    channel = discretize(card, levels=np.array([0.0, 0.02, 0.3, 1.0]), bins=40, delay=delay)
    inner = channel.edges[1:-1]
    for value, row in zip(channel.inputs, channel.matrix, strict=True):
        reads = card.sample(np.full(50_000, value), delay=delay, rng=rng)
        counts = np.bincount(np.searchsorted(inner, reads, side="right"), minlength=40)
        assert counts / 50_000 == pytest.approx(row, abs=6.0 * np.sqrt(0.25 / 50_000))


def test_reads_of_devices_that_were_cut_off_are_zero_as_often_as_the_matrix_says():
    zero = JOSHI.transition(np.array([0.0]), np.array([-np.inf, 0.0, 1e-12, np.inf]), delay=DAY)[0]
    assert zero[0] == 0.0
    assert 0.5 < zero[1] < 0.7
    reads = JOSHI.sample(np.zeros(100_000), delay=DAY, rng=np.random.default_rng(1))
    assert np.mean(reads == 0.0) == pytest.approx(zero[1], abs=0.01)


@settings(max_examples=15, deadline=None)
@given(target=st.floats(0.0, 1.0), delay=st.floats(0.0, 1e7))
def test_finer_quadrature_gives_the_same_matrix(target: float, delay: float):
    from cosim.channels import pcm

    edges = JOSHI.edges(60, delay=delay)
    coarse = JOSHI.transition(np.array([target]), edges, delay=delay)
    before = pcm.WRITES, pcm.EXPONENTS
    pcm.WRITES, pcm.EXPONENTS = 100, 60
    try:
        fine = JOSHI.transition(np.array([target]), edges, delay=delay)
    finally:
        pcm.WRITES, pcm.EXPONENTS = before
    check_matrix(coarse, where="pcm")
    assert np.cumsum(coarse) == pytest.approx(np.cumsum(fine), abs=2e-5)


@pytest.mark.parametrize("name", NAMES)
def test_every_card_is_a_channel(name: str):
    assert isinstance(load_pcm(name), Channel)


def test_compensation_brings_the_mean_back_and_leaves_the_spread():
    compensated = load_pcm("pcm-joshi2020", compensated=True)
    assert compensated.compensation(0.0) == pytest.approx(1.0)
    mean, variance = compensated.moments(np.array([0.5]), DAY)
    assert 1e6 * mean[0] == pytest.approx(12.5, rel=0.02)
    assert np.sqrt(variance[0]) / mean[0] == pytest.approx(1.027 / 8.313, rel=5e-3)
    reads = compensated.sample(np.full(50_000, 0.5), delay=DAY, rng=np.random.default_rng(0))
    assert np.mean(reads) == pytest.approx(mean[0], rel=3e-3)
    edges = np.array([-np.inf, mean[0], np.inf])
    assert compensated.transition(np.array([0.5]), edges, delay=DAY)[0, 0] == pytest.approx(np.mean(reads < mean[0]), abs=0.01)


def test_factors_of_a_tile_and_of_its_columns():
    then, now = np.array([[4.0, -2.0], [4.0, 2.0]]), np.array([[2.0, -2.0], [2.0, 2.0]])
    assert global_drift_compensation(then, now) == pytest.approx(1.5)
    assert column_drift_compensation(then, now) == pytest.approx([2.0, 1.0])
    with pytest.raises(InputError, match=r"^drift compensation, mean readout=0: must be > 0$"):
        global_drift_compensation(then, 0.0 * now)
    with pytest.raises(InputError, match=r"^drift compensation, mean readout of column 1=0: must be > 0$"):
        column_drift_compensation(then, now * np.array([1.0, 0.0]))


def test_what_is_wrong_is_named():
    with pytest.raises(InputError, match=r"^channel pcm-joshi2020, energy: its card gives none$"):
        JOSHI.energy(np.array([0.5]))
    with pytest.raises(InputError, match=r"^channel pcm-joshi2020, levels=0: must be >= 1$"):
        JOSHI.levels(0)
    with pytest.raises(DeviceError, match=r"^pcm-joshi2020, drift_least=1: must be <= drift_most=0\.1$"):
        replace(JOSHI, drift_least=1.0)
    with pytest.warns(DelayWarning, match="is not within 0"):
        discretize(JOSHI, levels=2, bins=5, delay=1e9)


def test_delays_are_those_that_the_card_says_its_constants_hold_for():
    assert JOSHI.delays == (0.0, pytest.approx(365 * DAY))
    for name in NAMES[1:]:
        card = load_pcm(name)
        assert card.delays == (0.0, DAY)
        with pytest.warns(DelayWarning, match=r"delay=172800: is not within 0\.\.86400 s"):
            discretize(card, levels=2, bins=5, delay=2 * DAY)
