"""Noisy reads: their size, their memory, and what a mean of them is worth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.codesign.tuning.reading import NoisyReader, error_of_mean, inside_bound
from cosim.devices.memristor.read_noise import ReadNoise, flat

LANES = 4000
ALL = np.arange(LANES)


def errors(*, correlation_time: float, spacing: float, reads: int, seed: int = 1) -> np.ndarray:
    """``(lanes, reads)`` relative errors over the deviation."""
    reader = NoisyReader(flat(0.02, correlation_time=correlation_time), np.random.default_rng(seed), LANES)
    return (reader.read(ALL, np.full(LANES, 1e-4), reads=reads, spacing=spacing) / 1e-4 - 1.0) / 0.02


@pytest.mark.parametrize("correlation_time", [0.0, 3.0])
def test_every_read_has_the_deviation_of_the_noise(correlation_time: float):
    seen = errors(correlation_time=correlation_time, spacing=0.01, reads=5)
    assert seen.shape == (LANES, 5)
    assert seen.std(axis=0) == pytest.approx(np.ones(5), rel=0.05)
    assert np.abs(seen.mean(axis=0)).max() < 0.06


def test_the_deviation_is_that_of_the_conductance_read():
    table = ReadNoise(name="n", conductance=(1e-6, 1e-4), relative_deviation=(0.2, 0.01), correlation_time=0.0)
    reader = NoisyReader(table, np.random.default_rng(2), LANES)
    conductance = np.where(ALL % 2, 1e-6, 1e-4)
    seen = reader.read(ALL, conductance, reads=1, spacing=0.01)[:, 0] / conductance - 1.0
    assert [seen[ALL % 2 == 1].std(), seen[ALL % 2 == 0].std()] == pytest.approx([0.2, 0.01], rel=0.05)


@pytest.mark.parametrize("spacing", [0.1, 1.0, 3.0])
def test_reads_are_correlated_over_their_spacing(spacing: float):
    seen = errors(correlation_time=3.0, spacing=spacing, reads=2)
    assert np.corrcoef(seen.T)[0, 1] == pytest.approx(np.exp(-spacing / 3.0), abs=0.04)


def test_white_reads_have_no_memory():
    assert np.corrcoef(errors(correlation_time=0.0, spacing=1e-9, reads=2).T)[0, 1] == pytest.approx(0.0, abs=0.04)


def test_the_process_goes_on_between_reads_and_only_for_the_lanes_that_wait():
    reader = NoisyReader(flat(0.02, correlation_time=3.0), np.random.default_rng(3), LANES)
    before = reader.level.copy()
    reader.pass_time(ALL[::2], 3.0)
    assert np.array_equal(reader.level[1::2], before[1::2])
    assert np.corrcoef(before[::2], reader.level[::2])[0, 1] == pytest.approx(np.exp(-1.0), abs=0.05)
    assert reader.level[::2].std() == pytest.approx(1.0, rel=0.05)


def test_each_lane_may_wait_for_a_time_of_its_own():
    reader = NoisyReader(flat(0.02, correlation_time=3.0), np.random.default_rng(4), LANES)
    before = reader.level.copy()
    reader.pass_time(ALL, np.where(ALL % 2, 1e-9, 1e9))
    assert reader.level[1::2] == pytest.approx(before[1::2], abs=1e-3)
    assert np.corrcoef(before[::2], reader.level[::2])[0, 1] == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(("reads", "spacing", "correlation_time"), [(1, 0.01, 3.0), (5, 0.01, 0.0), (8, 1.0, 3.0), (20, 3.0, 3.0), (5, 0.01, 3.0)])
def test_the_error_of_a_mean_is_that_of_a_simulation(reads: int, spacing: float, correlation_time: float):
    found = errors(correlation_time=correlation_time, spacing=spacing, reads=reads, seed=5).mean(axis=1).std()
    assert error_of_mean(reads, spacing=spacing, correlation_time=correlation_time) == pytest.approx([found], rel=0.04)


def test_the_error_of_two_reads_worked_by_hand():
    share = np.exp(-1.0)
    assert error_of_mean(2, spacing=3.0, correlation_time=3.0) == pytest.approx([np.sqrt((1 + share) / 2)])
    assert error_of_mean(np.array([3, 1, 2]), spacing=1.0, correlation_time=0.0) == pytest.approx([3**-0.5, 1.0, 2**-0.5])


def test_without_memory_reads_average_out_and_with_endless_memory_they_do_not():
    for reads in (1, 10, 400):
        assert error_of_mean(reads, spacing=1.0, correlation_time=1e-3) == pytest.approx([reads**-0.5])
        for correlation_time in (1e5, 1e7, 1e9, 1e15):
            assert error_of_mean(reads, spacing=0.01, correlation_time=correlation_time) == pytest.approx([1.0], abs=1e-4)


@given(reads=st.integers(1, 100), spacing=st.floats(1e-3, 10.0), correlation_time=st.floats(0.0, 1e6))
def test_more_reads_are_never_worth_less(reads: int, spacing: float, correlation_time: float):
    found = error_of_mean(np.array([reads, reads + 1]), spacing=spacing, correlation_time=correlation_time)
    assert 1.0 + 1e-12 >= found[0] >= found[1] * (1 - 1e-12)
    assert found[1] >= (reads + 1) ** -0.5 * (1 - 1e-12)


def bound(waiting: float | np.ndarray, *, correlation_time: float = 3.0) -> np.ndarray:
    """Of a band of 1 % under noise of 2 %."""
    return inside_bound(0.01, deviation=0.02, correlation_time=correlation_time, waiting=np.atleast_1d(waiting))


def test_the_bound_rises_with_waiting_from_one_read_to_certainty():
    found = bound(np.concatenate([[0.0], np.geomspace(1e-9, 1e6, 100)]))
    assert np.all(np.diff(found) >= 0)
    assert found[0] == pytest.approx(0.382925, abs=1e-6)  # P(|z| <= 1/2)
    assert found[-1] == pytest.approx(1.0)
    assert bound(0.5, correlation_time=0.0) == pytest.approx([1.0])


@pytest.mark.parametrize("waiting", [1.0, 6.0, 30.0])
def test_the_bound_is_what_the_best_mean_of_dense_reads_reaches_and_the_plain_mean_does_not(waiting: float):
    reads = 120
    spacing = waiting / (reads - 1)
    seen = 0.02 * errors(correlation_time=3.0, spacing=spacing, reads=reads, seed=6)
    weights = np.full(reads, 1.0 - np.exp(-spacing / 3.0))
    weights[[0, -1]] = 1.0  # the best linear unbiased mean of a Gauss-Markov process leans on its ends
    best = np.mean(np.abs(seen @ weights / weights.sum()) <= 0.01)
    plain = np.mean(np.abs(seen.mean(axis=1)) <= 0.01)
    assert best == pytest.approx(bound(waiting)[0], abs=0.025)
    assert 0.3 < plain <= bound(waiting)[0] + 0.02


def test_the_same_seed_gives_the_same_reads():
    assert np.array_equal(errors(correlation_time=3.0, spacing=1.0, reads=3), errors(correlation_time=3.0, spacing=1.0, reads=3))
