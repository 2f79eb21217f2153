"""Read noise through the unit: images as spikes, columns as currents, model and circuit on the same traces."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.neuron import readnoise
from cosim.codesign.neuron.equations import cell_current
from cosim.codesign.neuron.model import continuous
from cosim.codesign.neuron.readnoise import DURATION, SAMPLE, Images, PeakNoise, by_circuit, by_model, column_currents, column_pulses, images, through_model
from cosim.snn.timing import TimeConstants
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAB = Lab(engine=find_engine("ngspice"), workers=1)
ROBUST = load_neuron("robust")
NETWORK = replace(ROBUST, feedback_resistance=5e3)  # many inputs at once
TAUS = TimeConstants()


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> Images:
    """Two images into three columns."""
    monkeypatch.setattr(readnoise, "COLUMNS", 3)
    return images(2, np.random.default_rng(3))


def currents(found: Images, *, deviation: float = 0.0, correlation_time: float = 1e-3, seed: int = 0) -> np.ndarray:
    return column_currents(found, 0, full=1e-5, deviation=deviation, correlation_time=correlation_time, rng=np.random.default_rng(seed))


# --- images


def test_bright_pixels_spike_early_and_dark_ones_never():
    from sklearn.datasets import load_digits

    found = images(20, np.random.default_rng(1))
    pixels = load_digits().data[np.random.default_rng(1).permutation(1797)[:20]] / 16.0
    assert found.times.shape == (20, 64)
    assert np.array_equal(np.isfinite(found.times), pixels > 0.3)
    assert np.nanmin(found.times) == pytest.approx(1e-3 + 5e-3 * np.log(1.0 / 0.7))
    assert np.nanmax(found.times) <= 21e-3
    order = np.argsort(pixels[0])[::-1]
    late = found.times[0][order][: int((pixels[0] > 0.3).sum())]
    assert np.all(np.diff(late) >= -1e-12)


def test_images_are_their_seed():
    first, again, other = (images(3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.weights, again.weights)
    assert np.array_equal(first.times, again.times, equal_nan=True)
    assert not np.array_equal(first.weights, other.weights)
    assert first.weights.shape == (10, 64)
    assert 0.0 <= first.weights.min() < first.weights.max() <= 1.0


# --- columns


def test_the_current_of_a_column_is_the_sum_of_its_cells():
    found = Images(times=np.array([[1e-3, np.nan, 1.5e-3]]), weights=np.array([[1.0, 0.5, 0.25]] * 10))
    wave = currents(found)
    time = np.arange(wave.shape[1]) * SAMPLE
    assert wave.shape == (10, round(DURATION / SAMPLE) + 1)
    assert wave[0, np.argmin(np.abs(time - 1.3e-3))] == pytest.approx(1e-5)
    assert wave[0, np.argmin(np.abs(time - 1.8e-3))] == pytest.approx(1.25e-5)
    assert wave[0, np.argmin(np.abs(time - 2.4e-3))] == pytest.approx(0.25e-5)
    assert wave[0, -1] == 0.0


def test_noise_scatters_the_current_and_leaves_its_mean():
    found = images(1, np.random.default_rng(1))
    quiet = currents(found)
    noisy = np.stack([currents(found, deviation=0.07, correlation_time=1.0, seed=seed) for seed in range(40)])
    top = quiet > 0.5 * quiet.max()
    relative = noisy[:, top] / quiet[top] - 1.0
    assert abs(relative.mean()) < 0.01
    assert 0.005 < relative.std() < 0.07  # independent cells average out


def test_the_model_gives_the_peak_of_the_membrane():
    found = Images(times=np.array([[10e-3]]), weights=np.ones((10, 1)))
    peaks = through_model(currents(found), TAUS)
    assert peaks == pytest.approx(np.full(10, 1e-5 * continuous((0.010,), TAUS, duration=0.06).membrane.max()), rel=0.01)


# --- noise


def test_no_noise_moves_no_peak(three: Images):
    assert np.all(by_model(three, TAUS, deviation=0.0, correlation_time=1e-3, seed=1).difference == 0.0)
    one = Images(times=three.times[:1], weights=three.weights)
    assert np.all(by_circuit(NETWORK, Parts(), one, LAB, deviation=0.0, correlation_time=1e-3, seed=1).difference == 0.0)


def test_a_longer_correlation_moves_the_peaks_more():
    found = images(30, np.random.default_rng(3))
    means = [by_model(found, TAUS, deviation=0.07, correlation_time=each, seed=1).mean for each in (1e-4, 1e-3, 1e-2, 1.0)]
    assert means == sorted(means)
    assert means[-1] > 2.0 * means[0] > 0.0


def test_more_noise_moves_the_peaks_more():
    found = images(5, np.random.default_rng(3))
    small, large = (by_model(found, TAUS, deviation=each, correlation_time=1e-3, seed=1).mean for each in (0.01, 0.07))
    assert large == pytest.approx(7.0 * small, rel=0.2)


def test_seven_percent_over_a_millisecond_move_the_worst_of_ten_by_some_percent():
    found = by_model(images(40, np.random.default_rng(3)), TAUS, deviation=0.07, correlation_time=1e-3, seed=1)
    assert found.difference.shape == (40, 10)
    assert 0.015 < found.typical_worst < 0.045
    assert 0.005 < found.mean < found.typical_worst


def test_the_circuit_does_to_the_peaks_what_the_model_does(three: Images):
    found = by_circuit(NETWORK, Parts(), three, LAB, deviation=0.07, correlation_time=1e-3, seed=1)
    model = by_model(three, TAUS, deviation=0.07, correlation_time=1e-3, seed=1)
    assert found.difference.shape == model.difference.shape == (2, 3)
    assert np.abs(model.difference).max() > 5e-3
    assert found.difference == pytest.approx(model.difference, abs=0.02)
    assert np.abs(found.difference - model.difference).mean() < 0.25 * np.abs(model.difference).mean()
    assert (found.correlation_time, model.correlation_time) == (1e-3, 1e-3)


def test_the_worst_column_of_each_draw_counts():
    found = PeakNoise(correlation_time=1e-3, difference=np.array([[0.01, -0.03], [0.02, 0.0], [-0.05, 0.01]]))
    assert found.worst == pytest.approx([0.03, 0.02, 0.05])
    assert found.typical_worst == pytest.approx(0.03)
    assert found.mean == pytest.approx(0.02)


def test_a_column_is_linear_in_its_current():
    full = cell_current(NETWORK, Parts())
    swings = column_pulses(NETWORK, Parts(), full * np.array([1.0, 2.0, 4.0]), LAB)
    assert swings[0] > 5e-3
    assert swings / swings[0] == pytest.approx([1.0, 2.0, 4.0], rel=0.08)
