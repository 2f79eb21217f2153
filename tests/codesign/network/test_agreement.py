"""The verdict on network and circuit, with errors planted whose size is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.codesign.network.agreement import FEWEST, Bound, compare, measure_bound, moved, wave_errors
from cosim.errors import InputError

OUTPUTS = 4
EXACT = Bound(scale=1e3, error=0.02, images=100)


def scores(images: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(1.0, 5.0, (images, OUTPUTS))


def pair(best: float, second: float) -> np.ndarray:
    """One image whose two best outputs are these."""
    return np.array([[1.0, best, second, 0.5]])


def test_peaks_that_are_the_scores_but_for_a_factor_have_no_error_and_pass():
    found = scores(200)
    bound = measure_bound(found, 1e-3 * found)
    assert bound.scale == pytest.approx(1e3, rel=1e-12)
    assert bound.error == pytest.approx(0.0, abs=1e-12)
    assert bound.images == 200
    verdict = compare(found, 1e-3 * found, np.argmax(found, axis=1), bound)
    assert verdict.passed
    assert verdict.undecided == 0.0
    assert (verdict.equal, verdict.accuracy("network"), verdict.accuracy("circuit")) == (1.0, 1.0, 1.0)


def planted(errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and the same with one output lower by `errors` of the highest score; another is higher by what leaves the common scale exactly where it was."""
    found = np.tile([[5.0, 2.0, 2.0, 1.0]], (len(errors), 1))
    down = 5.0 * errors
    up = np.sqrt(1.0 + 2.0 * down - down**2) - 1.0
    return found, found + np.stack([0 * down, -down, up, 0 * down], axis=1)


def test_the_bound_is_the_error_that_was_planted():
    found, moved_by = planted(np.full(100, 0.03))
    bound = measure_bound(found, 1e-3 * moved_by)
    assert bound.scale == pytest.approx(1e3, rel=1e-12)
    assert bound.error == pytest.approx((moved_by[0, 2] - found[0, 2]) / 5.0, rel=1e-9)  # the best of the others rises by it
    assert 0.02 < bound.error < 0.03


def test_the_bound_is_the_99th_percentile_over_the_images():
    found, moved_by = planted(np.linspace(0.0, 0.1, 1001))
    expected = np.percentile((moved_by[:, 2] - found[:, 2]) / 5.0, 99.0)
    assert measure_bound(found, 1e-3 * moved_by).error == pytest.approx(expected, rel=1e-9)


def test_an_error_of_the_best_output_counts_as_much_as_one_of_its_rival_and_one_of_the_others_does_not():
    found = pair(4.0, 3.0)
    for index, expected in ((0, 0.0), (1, 0.2 / 4.0), (2, 0.2 / 4.0), (3, 0.0)):
        off = found.copy()
        off[0, index] += 0.2
        assert moved(found, off, 1.0) == pytest.approx([expected], abs=1e-12)


def test_an_output_that_overtakes_the_rival_counts_from_there():
    found = pair(4.0, 3.0)
    off = found.copy()
    off[0, 0] += 2.5  # from 1.0 to 3.5
    assert moved(found, off, 1.0) == pytest.approx([0.5 / 4.0])


def test_an_error_that_all_outputs_share_moves_nothing():
    found = scores(20)
    assert moved(found, found + 0.7, 1.0) == pytest.approx(np.zeros(20), abs=1e-12)


def test_a_swapped_pair_on_a_decided_image_is_listed():
    found = np.concatenate([pair(4.0, 3.0)] * 3)
    peaks = 1e-3 * found
    peaks[1, [1, 2]] = peaks[1, [2, 1]]
    verdict = compare(found, peaks, np.array([1, 1, 1]), EXACT)
    assert verdict.disagreements.tolist() == [1]
    assert not verdict.passed
    assert verdict.differences == pytest.approx([0.0, 2.0 / 4.0, 0.0], abs=1e-12)
    assert verdict.equal == pytest.approx(2 / 3)
    assert (verdict.accuracy("network"), verdict.accuracy("circuit")) == (1.0, pytest.approx(2 / 3))


def test_a_swapped_pair_on_an_undecided_image_is_not_listed_but_counted():
    found = np.concatenate([pair(4.0, 3.95), pair(4.0, 3.0)])
    peaks = 1e-3 * found
    peaks[0, [1, 2]] = peaks[0, [2, 1]]
    verdict = compare(found, peaks, np.array([1, 1]), EXACT)
    assert verdict.decided.tolist() == [False, True]
    assert verdict.passed
    assert not verdict.disagreements.size
    assert (verdict.undecided, verdict.equal) == (0.5, 0.5)


@pytest.mark.parametrize(("second", "decided"), [(3.9, True), (3.94, False)])
def test_an_image_is_decided_where_its_margin_exceeds_the_bound(second: float, decided: bool):
    found = pair(4.0, second)
    assert compare(found, 1e-3 * found, np.array([1]), EXACT).decided.tolist() == [decided]


def test_a_failed_run_is_not_a_pass():
    found = np.concatenate([pair(4.0, 3.0)] * 2)
    peaks = 1e-3 * found
    peaks[1] = np.nan
    verdict = compare(found, peaks, np.array([1, 1]), EXACT)
    assert verdict.circuit.tolist() == [1, -1]
    assert verdict.failed.tolist() == [1]
    assert np.isnan(verdict.differences[1])
    assert not verdict.disagreements.size  # it is counted as failed, not as another class
    assert not verdict.passed


def test_a_failed_run_fails_an_undecided_image_too():
    found = pair(4.0, 3.99)
    assert not compare(found, np.full((1, OUTPUTS), np.nan), np.array([1]), EXACT).passed


def test_a_bound_needs_twenty_images_whose_runs_passed():
    found = scores(FEWEST)
    assert measure_bound(found, found).images == 20
    peaks = found.copy()
    peaks[3, 2] = np.nan
    with pytest.raises(InputError, match=r"^agreement, images=19: must be >= 20 whose runs passed, to measure the error bound on$"):
        measure_bound(found, peaks)


def test_a_failed_calibration_image_moves_no_bound():
    found = scores(41)
    peaks = 1e-3 * found * np.random.default_rng(1).normal(1.0, 0.01, found.shape)
    expected = measure_bound(found[1:], peaks[1:])
    peaks[0] = np.nan
    assert measure_bound(found, peaks) == expected


@pytest.mark.parametrize(("peaks", "labels"), [((3, 2), 3), ((2, OUTPUTS), 3), ((3, OUTPUTS), 2)])
def test_peaks_and_labels_of_another_shape_are_refused(peaks: tuple[int, int], labels: int):
    with pytest.raises(InputError, match=r"^agreement, "):
        compare(scores(3), np.ones(peaks), np.zeros(labels, int), EXACT)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_calibration_image_without_a_spike_does_not_make_the_verdict_blind():
    found = scores(40)
    found[0] = 0.0
    bound = measure_bound(found, 1e-3 * found)
    swapped = 1e-3 * pair(4.0, 1.0)[:, [0, 2, 1, 3]]
    assert compare(pair(4.0, 1.0), swapped, np.array([1]), bound).disagreements.tolist() == [0]


@given(factor=st.floats(1e-6, 1e6), seed=st.integers(0, 2**16))
def test_the_verdict_does_not_depend_on_the_scale_of_the_peaks(factor: float, seed: int):
    rng = np.random.default_rng(seed)
    found = rng.uniform(1.0, 5.0, (30, OUTPUTS))
    peaks = found * rng.normal(1.0, 0.05, found.shape)
    labels = rng.integers(0, OUTPUTS, 30)
    first, second = (compare(found, each, labels, measure_bound(found, each)) for each in (peaks, factor * peaks))
    assert second.bound.scale * factor == pytest.approx(first.bound.scale, rel=1e-9)
    assert second.bound.error == pytest.approx(first.bound.error, rel=1e-9)
    assert second.disagreements.tolist() == first.disagreements.tolist()
    assert second.circuit.tolist() == first.circuit.tolist()
    assert second.differences == pytest.approx(first.differences, rel=1e-9)


@given(seed=st.integers(0, 2**16))
def test_within_the_bound_no_decided_image_changes_its_class(seed: int):
    """What the bound is for: the margin of a decided image is more than its best output can lose against any other."""
    rng = np.random.default_rng(seed)
    found = rng.uniform(1.0, 5.0, (60, OUTPUTS))
    peaks = found * rng.normal(1.0, 0.05, found.shape)
    bound = measure_bound(found, peaks)
    verdict = compare(found, peaks, np.argmax(found, axis=1), bound)
    assert set(verdict.disagreements) <= set(np.flatnonzero(verdict.differences > bound.error))


def test_a_wave_error_is_the_largest_deviation_over_the_highest_point_of_the_model():
    model = np.array([[[0.0, 0.0], [2.0, 1.0], [1.0, 4.0]]])
    circuit = 1e-3 * (model + np.array([[[0.0, 0.1], [-0.3, 0.0], [0.0, 0.2]]]))
    assert wave_errors(model, circuit, 1e3) == pytest.approx([0.3 / 4.0])


@pytest.mark.filterwarnings("error")
def test_an_image_whose_model_never_rises_has_no_wave_error_and_leaves_the_others_theirs():
    rising = np.array([[0.0, 1.0], [2.0, 1.0]])
    model = np.stack([rising, 0.0 * rising, -rising + np.array([0.0, 1.0]), rising])
    circuit = model + 0.1
    circuit[3] = np.nan
    found = wave_errors(model, circuit, 1.0)
    assert found[0] == pytest.approx(0.05)
    assert np.isnan(found[1:]).all()
