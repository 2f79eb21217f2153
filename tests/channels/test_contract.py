"""What every channel obeys: one list of channels, one test for each promise of the protocol."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from scipy import stats

from cosim.channels.channel import Channel, check_delay, check_inputs, check_matrix, discretize
from cosim.channels.flash import qlc
from cosim.channels.measured import MeasuredChannel
from cosim.channels.named import NAMES, named
from cosim.channels.rram import ConfusionChannel
from cosim.channels.tables import Measurements
from cosim.channels.textbook import GaussianNoise, binary_erasure, binary_symmetric, symmetric, z_channel
from cosim.errors import InputError

DRAWS = 4000


def measured(*, delays: tuple[float, ...] = (), energy: bool = False) -> MeasuredChannel:
    """Five levels of sixteen reads each, at each delay."""
    rng = np.random.default_rng([0, 67])
    level, time, _ = (each.ravel() for each in np.meshgrid(range(5), range(max(1, len(delays))), range(16), indexing="ij"))
    table = Measurements(
        source="measured",
        written=0.5 * level,
        read=10.0 ** (4.0 + 0.2 * level + 0.1 * time + 0.1 * rng.standard_normal(level.shape)),
        delay=np.array(delays)[time] if delays else None,
        energy=1e-12 * level if energy else None,
    )
    return MeasuredChannel.from_measurements(table)


def confusion() -> ConfusionChannel:
    """Four levels at two delays."""
    near = np.array([[30, 5, 0, 0], [3, 20, 4, 1], [0, 6, 25, 2], [0, 0, 3, 40]])
    return ConfusionChannel(name="confusion", times=np.array([1.0, 1000.0]), counts=np.stack([near, near + 4]))


OWN: dict[str, Callable[[], Channel]] = {
    "binary-symmetric": lambda: binary_symmetric(0.1),
    "binary-erasure": lambda: binary_erasure(0.3),
    "z": lambda: z_channel(0.4),
    "symmetric": lambda: symmetric(5, 0.2),
    "gaussian-noise": lambda: GaussianNoise(peak=2.0, deviation=0.5),
    "equal-states": lambda: qlc(40.0),
    "measured": measured,
    "measured-energy": lambda: measured(energy=True),
    "measured-delays": lambda: measured(delays=(0.0, 10.0, 1000.0)),
    "confusion": confusion,
}
CHANNELS = (*OWN, *(name for name, each in NAMES.items() if not each.needs_data))


@cache
def made(name: str) -> Channel:
    return OWN[name]() if name in OWN else named(name)


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> Channel:
    return made(request.param)


def delays(channel: Channel) -> list[float]:
    """The first one, and one in the midst of the range."""
    least, most = channel.delays
    return [least] if most == least else [least, min(most, max(100.0, 10.0 * least))]


def few(channel: Channel, count: int = 3) -> np.ndarray:
    return channel.levels(min(count, len(channel.levels())))


def test_a_channel_has_the_protocol_and_its_range(channel: Channel):
    assert isinstance(channel, Channel)
    assert channel.name
    assert 0.0 <= channel.delays[0] <= channel.delays[1]
    assert channel.written.least < channel.written.most


def test_rows_are_probabilities(channel: Channel):
    for delay in delays(channel):
        edges = channel.edges(60, delay=delay)
        matrix = channel.transition(few(channel), edges, delay=delay)
        assert matrix.shape == (len(few(channel)), len(edges) - 1)
        check_matrix(matrix, where=channel.name)


def test_edges_rise_from_minus_to_plus_infinity(channel: Channel):
    for bins in (2, 7, 100):
        edges = channel.edges(bins, delay=delays(channel)[-1])
        assert (edges[0], edges[-1]) == (-math.inf, math.inf)
        assert np.all(np.diff(edges) > 0.0)
        assert 3 <= len(edges) <= bins + 1


def test_merged_bins_are_those_of_coarser_edges(channel: Channel):
    delay = delays(channel)[-1]
    edges = channel.edges(48, delay=delay)
    kept = np.unique(np.round(np.linspace(0.0, 1.0, 6) ** 2 * (len(edges) - 1)).astype(int))
    fine, coarse = channel.transition(few(channel), edges, delay=delay), channel.transition(few(channel), edges[kept], delay=delay)
    assert coarse == pytest.approx(np.add.reduceat(fine, kept[:-1], axis=1), abs=1e-9)


def test_draws_follow_the_law(channel: Channel):
    rng = np.random.default_rng([0, 68])
    for delay in delays(channel):
        edges, inputs = channel.edges(30, delay=delay), few(channel)
        expected = DRAWS * channel.transition(inputs, edges, delay=delay)
        for value, row in zip(inputs, expected, strict=True):
            drawn = channel.sample(np.full(DRAWS, value), delay=delay, rng=rng)
            counts = np.bincount(np.searchsorted(edges[1:-1], drawn, side="right"), minlength=len(row))
            assert chance(counts, row) > 1e-3


def chance(counts: np.ndarray, expected: np.ndarray) -> float:
    """Of counts as far off as these; bins that expect less than five are one bin."""
    rare = expected < 5.0
    seen, awaited = (np.append(each[~rare], np.sum(each[rare])) for each in (counts, expected))
    if awaited[-1] < 1.0:  # hardly ever: more than a few there would be no chance
        if seen[-1] > 8:
            return 0.0
        seen, awaited = seen[:-1], awaited[:-1]
    return 1.0 if len(seen) < 2 else float(stats.chisquare(seen, awaited * np.sum(seen) / np.sum(awaited)).pvalue)


def test_the_check_on_draws_sees_a_wrong_law():
    assert chance(np.array([2200, 1800]), np.array([2000.0, 2000.0])) < 1e-3
    assert chance(np.array([3980, 20]), np.array([4000.0, 0.0])) == 0.0
    assert chance(np.array([2010, 1990]), np.array([2000.0, 2000.0])) > 0.1


def test_the_same_seed_gives_the_same_draws(channel: Channel):
    written = np.resize(few(channel), 20)
    first, again, other = (channel.sample(written, delay=delays(channel)[0], rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_draws_keep_the_shape_of_what_was_written(channel: Channel, shape: tuple[int, ...]):
    written = np.resize(few(channel), shape)
    drawn = channel.sample(written, delay=delays(channel)[0], rng=np.random.default_rng(3))
    assert np.shape(drawn) == shape
    assert np.all(np.isfinite(drawn))


def test_energies_are_positive_or_refused(channel: Channel):
    written = np.resize(few(channel), (2, 3))
    energy, message = np.zeros((2, 3)), ""
    try:
        energy = channel.energy(written)
    except InputError as error:
        message = str(error)
    assert np.shape(energy) == (2, 3)
    assert np.all(energy >= 0.0)
    assert np.any(energy > 0.0) or message.startswith(f"channel {channel.name}")


@pytest.mark.parametrize("delay", [-1.0, math.nan, math.inf])
def test_a_delay_that_is_no_time_is_refused(channel: Channel, delay: float):
    with pytest.raises(InputError, match=r"delay=(-1|nan|inf): must be finite and >= 0 s$"):
        check_delay(channel, delay)
    with pytest.raises(InputError, match=r"delay="):
        discretize(channel, levels=2, bins=10, delay=delay)


def test_levels_lie_within_the_range_and_rise(channel: Channel):
    for levels in (channel.levels(), few(channel), few(channel, 2)):
        check_inputs(channel, levels)
        assert np.all(np.diff(levels) > 0.0)
    assert len(few(channel, 2)) == 2


def test_an_input_out_of_range_is_refused(channel: Channel):
    span = channel.written.most - channel.written.least
    with pytest.raises(InputError, match=r"must be within "):
        discretize(channel, levels=np.array([channel.written.least, channel.written.most + span]), bins=10, delay=delays(channel)[0])
