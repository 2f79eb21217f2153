"""Levels on a channel: bands that do not touch, never a larger loss than that of equal levels, and errors that say what fits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.codesign.network import levels as subject
from cosim.codesign.network.gain import GAINS
from cosim.codesign.network.levels import (
    LevelLaw,
    LevelTask,
    check_separable,
    cross_entropy,
    designed_levels,
    quantizer_levels,
    search_constants,
    searched_levels,
    separable_levels,
    uniform_levels,
)
from cosim.codesign.network.mapping import Window, quantized
from cosim.errors import DesignError, InputError
from cosim.snn.data import digits, split
from cosim.snn.encoding import LatencyCard
from cosim.snn.network import Layer, TrainedNetwork

WINDOW, BAND = Window(low=7.5e-6, high=140e-6), 0.03
TARGETS = np.geomspace(WINDOW.low, WINDOW.high, 8)
IMAGES = split(digits(), seed=1)[0].pick(np.arange(300))
MEANS = np.stack([IMAGES.pixels[IMAGES.labels == digit].mean(axis=0) for digit in range(10)], axis=1)
WEIGHTS = 0.4 * MEANS / np.linalg.norm(MEANS, axis=0) / np.max(MEANS / np.linalg.norm(MEANS, axis=0))
NETWORK = TrainedNetwork(layers=(Layer(plus=WEIGHTS),), encoding=LatencyCard(), dt=1e-3)


def law(*, bias: float = 0.002, deviation: float = 0.01) -> LevelLaw:
    return LevelLaw(targets=TARGETS, means=TARGETS * (1.0 + bias), deviations=np.full(8, deviation))


def task(**changed: object) -> LevelTask:
    found = LevelTask.of(NETWORK, IMAGES, window=WINDOW, band=BAND, law=law(), rng=np.random.default_rng(0))
    return replace(found, **changed)


TASK = task()


def test_seventeen_equal_levels_keep_bands_of_three_percent_apart():
    assert separable_levels(WINDOW, BAND) == 17


@given(low=st.floats(1e-6, 1e-4), ratio=st.floats(1.2, 50.0), band=st.floats(0.001, 0.2))
def test_one_more_level_would_touch(low: float, ratio: float, band: float):
    window = Window(low=low, high=ratio * low)
    count = separable_levels(window, band)
    fit, more = (np.linspace(window.low, window.high, each) for each in (count, count + 1))
    assert np.all(fit[1:] * (1 - band) >= fit[:-1] * (1 + band) * (1 - 1e-9))
    assert more[-1] * (1 - band) < more[-2] * (1 + band) * (1 + 1e-9)


@pytest.mark.parametrize("bits", [5, 6])
def test_bits_that_the_band_cannot_tell_apart_are_refused(bits: int):
    words = rf"^\[loop\], bits={bits}: must be <= 4, as bands of 3 % around more than 17 equal levels in 7\.5\.\.140 uS touch$"
    with pytest.raises(DesignError, match=words):
        check_separable(bits, WINDOW, BAND)
    with pytest.raises(DesignError, match=words):
        uniform_levels(TASK, bits)


def test_a_law_is_what_was_read_and_linear_between():
    found = LevelLaw.of(np.array([10e-6, 20e-6]), [np.array([9e-6, 11e-6]), np.array([21e-6, 21e-6, 24e-6])])
    assert found.mean(np.array([10e-6, 15e-6, 20e-6])) == pytest.approx([10e-6, 16e-6, 22e-6])
    assert np.sqrt(found.variance(np.array([10e-6, 20e-6]))) == pytest.approx([np.sqrt(2.0) * 1e-6, np.sqrt(3.0) * 1e-6])


@pytest.mark.parametrize(
    ("targets", "groups", "words"),
    [
        ([1e-5], [[1e-5, 2e-5]], r"^levels, targets=1 with 1 groups of reads: must be two at least that rise, with one group each$"),
        ([2e-5, 1e-5], [[1e-5, 2e-5]] * 2, r"^levels, targets=2 with 2 groups of reads: must be two at least that rise, with one group each$"),
        ([1e-5, 2e-5], [[1e-5, 2e-5], [2e-5]], r"^levels, reads of a target=1: must be >= 2$"),
    ],
)
def test_reads_that_make_no_law_are_refused(targets, groups, words):
    with pytest.raises(InputError, match=words):
        LevelLaw.of(np.array(targets), [np.array(each) for each in groups])


def test_equal_levels_have_the_gain_that_is_best_on_the_images():
    found = uniform_levels(TASK, 2)
    assert found.levels == pytest.approx(np.linspace(WINDOW.low, WINDOW.high, 4))
    assert found.thresholds == pytest.approx((found.levels[1:] + found.levels[:-1]) / 2)
    reached = [TASK.accuracy(TASK.targets(float(gain), found.levels, found.thresholds)) for gain in GAINS]
    assert TASK.accuracy(TASK.targets(found.gain, found.levels, found.thresholds)) == max(reached)
    assert found.gain > 1.5


@pytest.mark.parametrize("bits", [1, 2])
def test_designed_levels_never_lose_more_than_equal_ones_and_keep_their_bands_apart(bits: int, monkeypatch):
    monkeypatch.setattr(subject, "TRIALS", 30)
    wide = task(band=0.18)
    uniform = uniform_levels(wide, bits)
    searched = searched_levels(wide, bits, uniform=uniform)
    found = designed_levels(wide, bits, equal=(uniform, searched))
    assert (found.kind, found.bits, len(found.levels)) == ("designed", bits, 2**bits)
    assert found.loss < searched.loss <= uniform.loss
    assert found.loss == wide.loss(quantized(WEIGHTS, WINDOW, found.plan(wide.rates)))
    assert np.all(found.levels[1:] * 0.82 >= found.levels[:-1] * 1.18 * (1 - 1e-9))


def test_a_searched_gain_is_at_least_as_good_as_the_best_of_the_grid():
    found = searched_levels(TASK, 2)
    assert (found.kind, found.bits) == ("searched", 2)
    assert found.levels == pytest.approx(np.linspace(WINDOW.low, WINDOW.high, 4))
    on_grid = [TASK.loss(TASK.targets(float(gain), found.levels, found.thresholds)) for gain in GAINS]
    assert found.loss == TASK.loss(TASK.targets(found.gain, found.levels, found.thresholds)) <= min(on_grid)


def test_a_searched_gain_ends_at_the_one_of_the_accuracy_where_that_loses_less():
    uniform = replace(uniform_levels(TASK, 1), loss=0.0)
    found = searched_levels(TASK, 1, uniform=uniform)
    assert (found.kind, found.gain, found.loss) == ("searched", uniform.gain, 0.0)


def test_a_search_that_may_try_nothing_ends_where_the_best_start_is(monkeypatch):
    monkeypatch.setattr(subject, "TRIALS", 0)
    levels = np.linspace(WINDOW.low, WINDOW.high, 2)
    assert searched_levels(TASK, 1, uniform=replace(uniform_levels(TASK, 1), loss=np.inf)).gain in GAINS
    assert designed_levels(TASK, 1, equal=(replace(uniform_levels(TASK, 1), loss=0.0),)).levels == pytest.approx(levels)


def test_starts_are_compared_on_some_images_and_the_best_of_them_on_all(monkeypatch):
    monkeypatch.setattr(subject, "ROUGH", 60)
    few = task()
    assert few.rough.images == 60
    assert np.ptp(np.bincount(few.rough_labels)) == 0
    assert few.rough_loss(few.targets(1.0, np.array([1e-5, 1e-4]), np.array([5e-5]))) > 0.0


def test_levels_that_serve_no_weight_are_not_looked_for(monkeypatch):
    monkeypatch.setattr(subject, "TRIALS", 5)
    few = task(weights=np.where(WEIGHTS > 0.1, 0.25, 0.05), law=law(bias=0.0, deviation=1e-9))
    equal = replace(uniform_levels(few, 3), loss=np.inf)
    monkeypatch.setattr(subject, "_starts", lambda task, bits, gain, equal: [subject._point(gain, quantizer_levels(task, bits, gain))])
    assert len(designed_levels(few, 3, equal=(equal,)).levels) == 2


def test_progress_counts_up_to_what_was_announced(monkeypatch):
    monkeypatch.setattr(subject, "TRIALS", 5)
    calls: list[tuple[int, int]] = []
    designed_levels(TASK, 1, progress=lambda done, most: calls.append((done, most)))
    assert [done for done, _ in calls] == list(range(1, len(calls) + 1))
    assert {most for _, most in calls} == {len(calls)}


def test_every_constant_of_the_search_is_among_those_for_a_store(monkeypatch):
    for name in ("TRIALS", "SHARES", "GAINS", "GAIN_STEP", "LEVEL_STEP", "FINEST", "CANDIDATES", "ROUGH", "BEST", "SHARPNESS", "NEWTON"):
        with monkeypatch.context() as patch:
            patch.setattr(subject, name, name)
            assert name in [each for each in search_constants() if isinstance(each, str)]


def test_bands_of_the_quantizer_do_not_touch():
    free, kept = (quantizer_levels(task(band=band), 2, 1.0) for band in (0.001, 0.18))
    assert np.any(free[1:] * 0.82 < free[:-1] * 1.18)
    assert np.all(kept[1:] * 0.82 >= kept[:-1] * 1.18 * (1 - 1e-9))


def test_levels_of_the_quantizer_read_as_the_weights_that_they_stand_for():
    few = task(weights=np.array([[0.2, 0.5], [0.5, 0.9]]), law=law(bias=0.02, deviation=1e-9))
    found = quantizer_levels(few, 2, 1.0)
    assert found * 1.02 == pytest.approx(WINDOW.conductance(np.array([0.2, 0.5, 0.9])), rel=0.03)


def test_distortion_is_that_of_the_cells():
    levels, thresholds = np.array([20e-6, 60e-6]), np.array([40e-6])
    found = task(rates=()).design("designed", 1, 1.0, levels, thresholds)
    wanted = WINDOW.conductance(WEIGHTS)
    written = np.where(wanted > 40e-6, 60e-6, 20e-6)
    assert found.distortion == pytest.approx(np.mean((1.002 * written - wanted) ** 2 + (0.01 * written) ** 2), rel=1e-6)


def test_errors_of_the_cells_cost_loss():
    noisy, quiet = task(law=law(deviation=0.3)), task(law=law(deviation=1e-9))
    levels = uniform_levels(TASK, 2)
    targets = TASK.targets(levels.gain, levels.levels, levels.thresholds)
    assert noisy.loss(targets) > 1.05 * quiet.loss(targets)


def test_cross_entropy_is_the_least_over_all_scales():
    rng = np.random.default_rng(2)
    scores, labels = rng.standard_normal((200, 4)), rng.integers(0, 4, 200)
    scores[np.arange(200), labels] += 1.0

    def at(scale: float) -> float:
        scaled = scale * scores
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(200), labels]))

    found = cross_entropy(scores, labels)
    assert found == pytest.approx(min(at(each) for each in np.linspace(0.1, 3.0, 2901)), abs=1e-6)
    assert cross_entropy(1e-6 * scores + 5.0, labels) == pytest.approx(found, rel=1e-6)


def test_cross_entropy_of_scores_without_an_error_vanishes():
    labels = np.array([0, 1, 2])
    assert cross_entropy(np.eye(3), labels) == pytest.approx(0.0, abs=1e-9)


def test_cross_entropy_of_equal_scores_is_the_logarithm_of_the_classes():
    assert cross_entropy(np.ones((5, 4)), np.zeros(5, dtype=int)) == pytest.approx(np.log(4))


def test_pairs_are_refused():
    pairs = replace(NETWORK, layers=(Layer(plus=WEIGHTS, minus=WEIGHTS / 2),), signs="pairs")
    with pytest.raises(InputError, match=r"^levels, network=pairs of memristors: must be of positive weights$"):
        LevelTask.of(pairs, IMAGES, window=WINDOW, band=BAND, law=law(), rng=np.random.default_rng(0))
