"""Channels from measurements: densities, the mixture between levels and delays, normalization, and the published phase-change cells."""

import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cosim.channels.channel import DelayWarning, ReadsWarning, check_delay, discretize, refined
from cosim.channels.gaussian import GaussianChannel
from cosim.channels.kernel import kernel_masses, normal_masses, scott_bandwidth
from cosim.channels.measured import MeasuredChannel, zarcone
from cosim.channels.tables import Measurements, read_measurements
from cosim.coding.capacity import capacity
from cosim.errors import InputError

INFINITE = math.inf


def reads(*, levels: int = 3, count: int = 20, devices: int = 2, delays: tuple[float, ...] = (), energy: bool = False, seed: int = 0) -> Measurements:
    """Reads that fall with the level and with time, and of which each device has its own offset."""
    rng = np.random.default_rng([seed, 61])
    level, device, time, _ = (each.ravel() for each in np.meshgrid(range(levels), range(devices), range(max(1, len(delays))), range(count), indexing="ij"))
    decades = 5.0 - 0.3 * level + 0.2 * device - 0.1 * time + 0.05 * rng.standard_normal(level.shape)
    return Measurements(
        source="made",
        written=0.7 + 0.1 * level,
        read=10.0**decades,
        device=device,
        delay=np.array(delays)[time] if delays else None,
        energy=1e-12 * (1.0 + level) if energy else None,
        quantities=(("voltage", "V"), ("resistance", "ohm")),
    )


def test_a_matrix_that_would_be_too_large_is_refused_in_one_line():
    channel = MeasuredChannel.from_measurements(reads())
    with pytest.raises(InputError, match=r"^channel made, levels x bins=20000 x 20000: must be at most 2e\+07 cells$"):
        discretize(channel, levels=20_000, bins=20_000)


def test_a_grid_twice_as_fine_keeps_measured_levels_and_halves_the_others():
    channel = MeasuredChannel.from_measurements(reads())
    own, even = (discretize(channel, levels=levels, bins=20) for levels in (None, 5))
    finer = refined(channel, own), refined(channel, even)
    assert [np.shape(each.matrix) for each in finer if each] == [(3, 40), (9, 40)]
    assert np.array_equal(finer[1].inputs[::2], even.inputs)
    assert refined(channel, discretize(channel, levels=2000, bins=3000)) is None


@cache
def cells(raw: bool = False) -> MeasuredChannel:
    return zarcone(raw=raw)


@given(samples=st.lists(st.floats(-3, 3), min_size=2, max_size=30, unique=True), inner=st.lists(st.floats(-5, 5), min_size=1, max_size=8, unique=True))
def test_bin_masses_are_those_of_the_normal_laws_of_the_samples(samples: list[float], inner: list[float]):
    edges = np.array([-INFINITE, *sorted(inner), INFINITE])
    expected = np.mean([np.diff(stats.norm.cdf(edges, each, 0.3)) for each in samples], axis=0)
    assert kernel_masses(np.array(samples), edges, bandwidth=0.3) == pytest.approx(expected, abs=1e-15)


def test_scotts_bandwidth_is_the_one_of_scipy():
    samples = np.random.default_rng([0, 62]).standard_normal(50)
    assert scott_bandwidth(samples) == pytest.approx(float(np.sqrt(stats.gaussian_kde(samples, "scott").covariance[0, 0])), rel=1e-12)


def test_normal_masses_keep_their_digits_in_both_tails():
    edges = np.array([-INFINITE, -30.0, -29.0, 29.0, 30.0, INFINITE])
    masses = normal_masses(np.zeros(1), np.ones(1), edges)[0]
    assert masses[1] == pytest.approx(stats.norm.cdf(-29.0) - stats.norm.cdf(-30.0), rel=1e-10)
    assert masses[3] == pytest.approx(masses[1], rel=1e-12)


def test_between_two_levels_the_laws_are_mixed():
    channel = MeasuredChannel.from_measurements(reads())
    edges = channel.edges(50)
    low, high = channel.transition(np.array([0.7, 0.8]), edges)
    assert channel.transition(np.array([0.725]), edges)[0] == pytest.approx(0.75 * low + 0.25 * high, abs=1e-12)


HALFWAY = math.expm1((math.log(2.0) + math.log(11.0)) / 2.0)  # between 1 s and 10 s


def shifting(later: int = 40) -> MeasuredChannel:
    """Narrow reads that move by half a decade from 1 s to 10 s, where there are `later` of them."""
    rng = np.random.default_rng([0, 66])
    delay = np.concatenate([np.full(80, 1.0), np.full(2 * later, 10.0)])
    level = np.concatenate([np.repeat([0.0, 1.0], 40), np.repeat([0.0, 1.0], later)])
    decades = 4.0 + level - 0.5 * (delay > 5.0) + 0.02 * rng.standard_normal(len(level))
    return MeasuredChannel.from_measurements(Measurements(source="made", written=level, read=10.0**decades, delay=delay))


def test_between_two_delays_quantiles_and_bandwidths_are_straight_in_the_logarithm_of_one_plus_the_delay():
    channel = shifting()
    edges, inputs = channel.edges(200), channel.levels()
    moved = channel.transition(inputs, edges, delay=HALFWAY)
    for level in range(2):
        samples = (np.sort(channel.law.of(level)) + np.sort(channel.law.of(2 + level))) / 2.0
        width = (channel.law.bandwidths[level] + channel.law.bandwidths[2 + level]) / 2.0
        assert moved[level] == pytest.approx(kernel_masses(samples, edges, bandwidth=width), abs=1e-12)


@pytest.mark.parametrize("later", [40, 23])
def test_reads_that_shift_have_one_peak_between_two_delays(later: int):
    channel = shifting(later)
    edges, inputs = channel.edges(400), channel.levels()
    row = channel.transition(inputs, edges, delay=HALFWAY)[0]
    centers = (edges[1:-2] + edges[2:-1]) / 2.0
    mean = row[1:-1] @ centers
    assert mean == pytest.approx(3.75, abs=0.01)
    assert math.sqrt(row[1:-1] @ (centers - mean) ** 2) < 0.03  # a mixture of the two laws has 0.25
    found, deviation = channel.moments(delay=HALFWAY)
    assert (found[0], deviation[0]) == (pytest.approx(mean, abs=0.002), pytest.approx(0.02, rel=0.25))
    drawn = channel.sample(np.zeros(4000), delay=HALFWAY, rng=np.random.default_rng(4))
    assert (np.mean(drawn), np.std(drawn)) == (pytest.approx(mean, abs=0.002), pytest.approx(math.sqrt(row[1:-1] @ (centers - mean) ** 2), rel=0.05))


def test_near_a_measured_delay_the_law_is_that_of_its_own_reads():
    channel = shifting(23)
    edges, inputs = channel.edges(100), channel.levels()
    for group, delay in ((0, 1.0), (2, 10.0)):
        own = np.stack([channel.law.masses(group + level, edges) for level in range(2)])
        assert np.array_equal(channel.transition(inputs, edges, delay=delay), own / np.sum(own, axis=1, keepdims=True))
        nearby = delay * (1.0 + 1e-5 * (1.0 if group == 0 else -1.0))
        assert channel.transition(inputs, edges, delay=nearby) == pytest.approx(own, abs=1e-4)


def test_a_delay_outside_of_the_measured_ones_is_warned_of():
    channel = MeasuredChannel.from_measurements(reads(delays=(1.0, 10.0, 100.0)))
    edges, inputs = channel.edges(50), channel.levels()
    assert channel.delays == pytest.approx((1.0, 100.0))
    for outside, nearest in ((0.0, 1.0), (1e6, 100.0)):
        assert np.array_equal(channel.transition(inputs, edges, delay=outside), channel.transition(inputs, edges, delay=nearest))
        with pytest.warns(DelayWarning, match=r"is not within 1\.\.100 s, where it was measured or fitted"):
            discretize(channel, bins=20, delay=outside)
        with pytest.raises(InputError, match=r"must be within 1\.\.100 s"):
            check_delay(channel, outside, strict=True)


def test_normalization_takes_away_what_a_device_adds():
    pooled, normalized = (MeasuredChannel.from_measurements(reads(count=200), normalized=each) for each in (False, True))
    assert np.mean(pooled.moments()[1]) > 0.1
    assert normalized.moments()[1] == pytest.approx([0.05] * 3, rel=0.15)
    assert normalized.moments()[0] == pytest.approx([0.0, 0.3, 0.6], abs=0.02)
    assert normalized.read.name == "log10 of resistance at reset over resistance"


def test_one_device_alone_is_its_own_channel():
    measurements = reads()
    alone = MeasuredChannel.from_measurements(measurements, device=1)
    assert np.sort(alone.law.samples) == pytest.approx(np.sort(np.log10(measurements.read[measurements.device == 1])), rel=1e-12)


def test_a_wider_kernel_gives_a_smaller_capacity():
    bits = [capacity(discretize(MeasuredChannel.from_measurements(reads(), bandwidth=each), bins=200).matrix).bits for each in (0.5, 1.0, 2.0)]
    assert bits[0] > bits[1] > bits[2] > 0.1


def test_reads_that_may_be_negative_are_taken_as_they_are():
    rng = np.random.default_rng([0, 63])
    measurements = Measurements(source="made", written=np.repeat([0.0, 1.0], 30), read=rng.standard_normal(60) + np.repeat([-1.0, 1.0], 30))
    channel = MeasuredChannel.from_measurements(measurements, scale="linear")
    assert channel.read.least < np.min(measurements.read) < np.max(measurements.read) < channel.read.most
    assert channel.moments()[0] == pytest.approx([-1.0, 1.0], abs=0.5)
    with pytest.raises(InputError, match=r"^channel made, read=-\d.*: must be > 0 to be read in decades$"):
        MeasuredChannel.from_measurements(measurements)


def test_energies_are_means_of_a_level_and_straight_between():
    channel = MeasuredChannel.from_measurements(reads(energy=True))
    assert channel.energy(np.array([[0.7, 0.75], [0.8, 0.9]])) == pytest.approx(np.array([[1.0, 1.5], [2.0, 3.0]]) * 1e-12)


def test_a_draw_lies_by_a_measured_read():
    channel = MeasuredChannel.from_measurements(reads(), bandwidth=0.01)
    drawn = channel.sample(np.full(200, 0.8), rng=np.random.default_rng(5))
    own = channel.law.of(1)
    assert np.max(np.min(np.abs(drawn[:, None] - own), axis=1)) < 4.5 * channel.law.bandwidths[1] < 0.01
    assert len(np.unique(np.argmin(np.abs(drawn[:, None] - own), axis=1))) > 30


@pytest.mark.parametrize(
    ("measurements", "options", "message"),
    [
        (reads(count=2), {}, r"channel made, reads of level 0\.7=4 \(4 distinct\): must be at least 5, not all equal"),
        (reads(count=3, delays=(1.0, 5.0), devices=1), {}, r"channel made, reads of level 0\.7 at 1 s=3 \(3 distinct\): must be at least 5, not all equal"),
        (reads(levels=1), {}, r"channel made, written levels=1: must be >= 2"),
        (reads(), {"bandwidth": 0.0}, r"channel made, bandwidth=0: must be within 0\.01\.\.100, in units of Scott's"),
        (reads(), {"bandwidth": 1e3}, r"channel made, bandwidth=1000: must be within 0\.01\.\.100, in units of Scott's"),
        (reads(), {"bandwidth": math.nan}, r"channel made, bandwidth=nan: must be within 0\.01\.\.100, in units of Scott's"),
        (reads(), {"device": 4}, r"channel made, device=4: must be one of 0, 1"),
        (reads(), {"normalized": True, "scale": "linear"}, r"channel made: normalization needs a column device and reads in decades"),
    ],
)
def test_measurements_that_make_no_channel_are_refused(measurements: Measurements, options: dict[str, object], message: str):
    with pytest.raises(InputError, match=rf"^{message}$"):
        MeasuredChannel.from_measurements(measurements, **options)  # type: ignore[arg-type]


def test_a_level_without_any_energy_is_refused_only_when_energies_are_asked_for():
    rng = np.random.default_rng(6)
    table = {"V": np.repeat([1.0, 2.0, 3.0], 10), "R": 10.0 ** rng.normal(4.0, 0.1, 30)}
    energy = np.repeat([1e-12, np.nan, 3e-12], 10)
    energy[:4] = np.nan
    channel = MeasuredChannel.from_measurements(read_measurements({**table, "energy": energy}))
    assert len(channel.law.samples) == 30
    assert channel.energy(np.array([1.0, 3.0])) == pytest.approx([1e-12, 3e-12])
    assert GaussianChannel.of(channel).costs is None
    with pytest.raises(InputError, match=r"^channel table, rows with an energy at level 2=0: must be >= 1$"):
        channel.energy(np.array([2.0]))


@pytest.mark.parametrize("column", ["V", "t"])
def test_values_that_scatter_are_refused_with_the_advice_to_round_them(column: str):
    rng = np.random.default_rng(7)
    table = {"V": np.repeat([1.0, 2.0], 30), "R": 10.0 ** rng.normal(4.0, 0.1, 60), "t": np.tile([1.0, 2.0], 30)}
    table[column] = table[column] + 1e-3 * rng.standard_normal(60)
    with pytest.raises(InputError, match=r"close values are not joined, so round what was written and the delays to .*np\.round\(V, 2\)$") as caught:
        MeasuredChannel.from_measurements(read_measurements(table))
    assert "\n" not in str(caught.value)


def test_a_read_that_stretches_the_axis_is_warned_of_and_kept():
    rng = np.random.default_rng(8)
    table = {"V": np.repeat([1.0, 2.0], 30), "R": 10.0 ** rng.normal(4.0, 0.1, 60)}
    for value, why in ((1e30, r"span 26\.\d decades"), (1e8, r"without a few such reads the axis would be less than half as long")):
        table["R"][7] = value
        with pytest.warns(
            ReadsWarning, match=rf"^channel table, read={re.escape(f'{value:g}')} ohm at voltage 1 V: is the most extreme one; .*{why}"
        ) as caught:
            channel = MeasuredChannel.from_measurements(read_measurements(table))
        assert len(caught) == 1
        assert len(channel.law.samples) == 60


def test_reads_without_an_extreme_one_are_not_warned_of(recwarn: pytest.WarningsRecorder):
    MeasuredChannel.from_measurements(reads(count=6))
    shifting()
    assert [each for each in recwarn if issubclass(each.category, ReadsWarning)] == []


def test_equal_reads_of_a_level_are_refused():
    table = {"V": np.repeat([1.0, 2.0], 6), "R": np.concatenate([np.full(6, 5.0), np.arange(1.0, 7.0)])}
    with pytest.raises(InputError, match=r"reads of level 1=6 \(1 distinct\): must be at least 5, not all equal$"):
        MeasuredChannel.from_measurements(read_measurements(table))


def test_a_device_without_a_reset_cannot_be_normalized():
    table = {"V": np.repeat([1.0, 2.0], 6), "R": np.arange(1.0, 13.0), "device": np.repeat([7, 8], 6)}
    with pytest.raises(InputError, match=r"reads of device 8 at the lowest level=0: must be >= 1, for its normalization$"):
        MeasuredChannel.from_measurements(read_measurements(table), normalized=True)
    with pytest.raises(InputError, match=r"device=7: must be left out, as there is no column device$"):
        MeasuredChannel.from_measurements(read_measurements({"V": table["V"], "R": table["R"]}), device=7)


@pytest.mark.data
@pytest.mark.parametrize(("raw", "bits"), [(False, 2.0838), (True, 1.5254)])
def test_the_capacity_of_the_phase_change_cells(data_file: Callable[..., Path], raw: bool, bits: float):
    data_file("pcm_zarcone", "pcm_20140605.npz")
    found = discretize(cells(raw), bins=1000)
    assert found.matrix.shape == (101, 1000)
    assert capacity(found.matrix).bits == pytest.approx(bits, abs=2e-4)


@pytest.mark.data
def test_the_phase_change_cells_are_seven_devices_at_101_voltages(data_file: Callable[..., Path]):
    data_file("pcm_zarcone", "pcm_20140605.npz")
    channel = cells()
    assert channel.levels() == pytest.approx(np.linspace(0.7, 1.7, 101), abs=1e-12)
    assert len(channel.law.samples) == 83931
    assert channel.moments()[0][0] == pytest.approx(0.0, abs=1e-12)
    assert len(zarcone(device=4).law.samples) == 101 * 111


@pytest.mark.data
def test_one_phase_change_cell_alone_holds_more(data_file: Callable[..., Path]):
    data_file("pcm_zarcone", "pcm_20140605.npz")
    bits = capacity(discretize(zarcone(device=0), bins=500).matrix).bits
    assert bits == pytest.approx(2.652, abs=5e-3)
