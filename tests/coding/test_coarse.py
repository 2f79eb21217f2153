"""The scalar code of coarse converters: each step exact, limits kept, closed forms, and what is refused."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from cosim.channels.channel import discretize
from cosim.channels.named import named
from cosim.coding.coarse import CoarseScalarCode, best_lines, best_means, design_coarse
from cosim.coding.scalar import design_scalar
from cosim.coding.sources import gaussian, of_samples
from cosim.errors import InputError
from tests.coding.additive import additive

NORMAL = gaussian()


def designed(matrix: np.ndarray, writes: int, reads: int, *, starts: int = 3, source=NORMAL) -> CoarseScalarCode:
    return design_coarse(matrix, source, writes=writes, reads=reads, starts=starts, rng=np.random.default_rng(0))


def mean_of_lowest(slopes: np.ndarray, offsets: np.ndarray) -> float:
    """Over a fine grid of a normal law."""
    samples = np.linspace(-8.0, 8.0, 8001)
    share = np.diff(ndtr(np.concatenate([[-np.inf], (samples[1:] + samples[:-1]) / 2.0, [np.inf]])))
    return float(share @ np.min(offsets - 2.0 * samples[:, None] * slopes, axis=1))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), bins=st.integers(2, 9), reads=st.integers(1, 9))
def test_the_intervals_are_the_best_of_all(seed, bins, reads):
    rng = np.random.default_rng(seed)
    masses, moments = rng.dirichlet(np.ones(bins)), rng.normal(size=bins)
    masses[rng.random(bins) < 0.2] = 0.0
    moments[masses == 0.0] = 0.0
    kept, cuts = best_means(masses, moments, reads)

    def kept_by(inner: tuple[int, ...]) -> float:
        parts = [(masses[low:high].sum(), moments[low:high].sum()) for low, high in zip((0, *inner), (*inner, bins), strict=True)]
        return sum(moment**2 / mass for mass, moment in parts if mass > 0.0)

    every = [kept_by(inner) for count in range(min(reads, bins)) for inner in combinations(range(1, bins), count)]
    assert kept == pytest.approx(max(every), rel=1e-9)
    assert kept_by(tuple(cuts[1:-1])) == pytest.approx(kept, rel=1e-9)
    assert len(cuts) - 1 <= reads


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 7), writes=st.integers(1, 6))
def test_the_lines_are_the_best_of_all(seed, count, writes):
    rng = np.random.default_rng(seed)
    slopes, offsets = rng.normal(size=count), rng.random(count)
    lines, thresholds = best_lines(slopes, offsets, NORMAL, writes)
    found = mean_of_lowest(slopes[lines], offsets[lines])
    every = [mean_of_lowest(slopes[list(each)], offsets[list(each)]) for each in combinations(range(count), min(writes, count))]
    assert found == pytest.approx(min(every), abs=1e-5)
    assert len(lines) <= writes
    assert np.all(np.diff(thresholds) > 0.0)


@pytest.mark.parametrize(("states", "snr"), [(2, 4.3965), (4, 9.3001), (8, 14.6157)])
def test_without_noise_the_code_is_the_quantizer_of_lloyd_and_max(states, snr):
    code = designed(np.eye(12), states, states)
    assert code.snr == pytest.approx(snr, abs=2e-3)
    assert len(code.levels) == states


@settings(max_examples=8, deadline=None)
@given(writes=st.integers(1, 8), reads=st.integers(1, 8))
def test_the_limits_are_kept_and_the_score_is_that_of_the_code_itself(writes, reads):
    matrix = additive(levels=17, bins=40)
    code = designed(matrix, writes, reads, starts=1)
    assert len(np.unique(code.levels)) == len(code.levels) <= writes
    assert len(code.reconstruction) == len(code.edges) - 1 <= reads
    assert np.count_nonzero(code.distribution) == len(code.levels)
    assert code.evaluate(matrix, NORMAL).snr == pytest.approx(code.snr, abs=1e-9)
    assert code.information <= np.log2(min(writes, reads)) + 1e-9


def test_more_states_store_better_up_to_the_code_without_limits():
    matrix = additive(levels=21, bins=60)
    snr = [designed(matrix, states, states, starts=4).snr for states in (2, 4, 8, 60)]
    assert np.all(np.diff(snr) > 0.0)
    assert snr[-1] == pytest.approx(design_scalar(matrix, NORMAL, starts=12, rng=np.random.default_rng(1)).snr, abs=1e-3)


def test_many_intervals_come_near_the_code_without_limits():
    matrix = additive(levels=21, bins=300)
    best = design_scalar(matrix, NORMAL, starts=12, rng=np.random.default_rng(1)).snr
    code = designed(matrix, 100, 100)
    assert best - 0.02 < code.snr <= best + 1e-6
    assert len(code.starts) == 1  # the code without limits only


def test_samples_sent_one_by_one_give_the_expected_error():
    matrix, rng = additive(), np.random.default_rng(2)
    code, samples = designed(matrix, 6, 6), rng.standard_normal(100_000)
    reads = np.array([np.searchsorted(row, draw) for row, draw in zip(np.cumsum(matrix, axis=1)[code.encode(samples)], rng.random(len(samples)), strict=True)])
    recalled = code.decode(np.minimum(reads, matrix.shape[1] - 1))
    assert -10 * np.log10(np.mean((recalled - samples) ** 2)) == pytest.approx(code.snr, abs=0.1)


def test_the_source_may_lie_anywhere_and_have_any_unit_or_be_samples():
    matrix = additive(levels=17, bins=60)
    plain, moved = (designed(matrix, 5, 5, source=each) for each in (NORMAL, gaussian(mean=-40.0, deviation=1e-3)))
    sampled = designed(matrix, 5, 5, source=of_samples(np.random.default_rng(3).standard_normal(40_000)))
    assert moved.snr == pytest.approx(plain.snr, abs=1e-5)
    assert moved.reconstruction == pytest.approx(-40.0 + 1e-3 * plain.reconstruction, abs=1e-8)
    assert sampled.snr == pytest.approx(plain.snr, abs=0.1)


def test_the_same_seed_gives_the_same_code():
    one, other = (designed(additive(), 4, 6) for _ in range(2))
    assert np.array_equal(one.levels, other.levels)
    assert np.array_equal(one.edges, other.edges)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 4), r"^coarse code, writes=0: must be >= 1$"),
        ((4, 0), r"^coarse code, reads=0: must be >= 1$"),
    ],
)
def test_what_cannot_be_designed_is_named(arguments, message):
    with pytest.raises(InputError, match=message):
        designed(np.eye(3), *arguments)


def test_no_start_and_another_shape_are_refused():
    with pytest.raises(InputError, match=r"^coarse code, starts=0: must be >= 1$"):
        designed(np.eye(3), 2, 2, starts=0)
    with pytest.raises(InputError, match=r"^coarse code, shape of the matrix=\(2, 2\): must be \(3, 3\)$"):
        designed(np.eye(3), 2, 2).evaluate(np.eye(2), NORMAL)


def test_four_bits_keep_most_of_what_a_phase_change_cell_can_do():
    matrix = discretize(named("pcm-zarcone2020-gaussian"), bins=500).matrix
    code = designed(matrix, 16, 16, starts=2)
    assert 10.0 < code.snr < design_scalar(matrix, NORMAL, starts=8, rng=np.random.default_rng(0)).snr
    assert (len(code.levels), len(code.reconstruction)) == (16, 16)
    assert np.ptp(code.starts) < 0.01  # which plain alternation scatters by more than a decibel
