"""The latency code: firing times, what is silent, rasters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import DataError, DeviceError
from cosim.snn.data import digits
from cosim.snn.encoding import LatencyCard, latency_times, raster, sparsity

CARD = LatencyCard()


def test_a_white_pixel_fires_when_a_membrane_driven_by_it_crosses_the_threshold():
    time = latency_times(np.array([1.0]), CARD)
    assert time == pytest.approx([1.7833747e-3], rel=1e-6)  # 5 ms ln(1 / 0.7)
    assert 1.0 * (1 - np.exp(-time[0] / CARD.tau)) == pytest.approx(0.3)


def test_a_pixel_at_the_threshold_is_silent_and_one_just_above_fires_at_the_latest_time():
    assert latency_times(np.array([0.0, 0.3, 0.3 + 1e-9]), CARD).tolist() == [np.inf, np.inf, 20e-3]


@given(pixels=st.lists(st.floats(0, 1), min_size=2, max_size=2), threshold=st.floats(0, 0.9))
def test_a_brighter_pixel_never_fires_later(pixels, threshold):
    dark, bright = latency_times(np.sort(pixels), LatencyCard(threshold=threshold))
    assert bright <= dark


@given(pixel=st.floats(0, 1))
def test_a_pixel_fires_within_the_latest_time_or_not_at_all(pixel):
    time = latency_times(np.array([pixel]), CARD)[0]
    assert (0 < time <= CARD.latest) == (pixel > CARD.threshold)


def test_the_share_of_inputs_that_fire_is_that_of_the_pixels_above_the_threshold():
    pixels = digits().pixels
    share = sparsity(latency_times(pixels, CARD))
    assert share == (pixels > 0.3).mean()
    assert 0.35 < share < 0.4  # Lim 2025, Fig. 9D: below 40 %


def test_a_raster_holds_each_spike_once_on_the_step_nearest_to_it():
    times = np.array([[0.4e-3, 1.6e-3, np.inf], [3e-3, 0.0, 2.4e-3]])
    spikes = raster(times, dt=1e-3, duration=4e-3)
    assert spikes.shape == (5, 2, 3)
    assert spikes.sum() == 5
    assert [tuple(each) for each in np.argwhere(spikes)] == [(0, 0, 0), (0, 1, 1), (2, 0, 1), (2, 1, 2), (3, 1, 0)]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: latency_times(np.array([0.5, 16.0]), CARD), DataError, r"^latency code, pixel=16: must be within 0\.\.1$"),
        (lambda: latency_times(np.array([np.nan]), CARD), DataError, r"^latency code, pixel=nan: must be within 0\.\.1$"),
        (lambda: LatencyCard(threshold=1.0), DeviceError, r"^latency code, threshold=1: must be >= 0 and < 1$"),
        (lambda: raster(np.array([0.02]), dt=1e-3, duration=0.01), DataError, r"^raster, duration=0\.01: must be >= 0\.02 s, the last spike$"),
        (lambda: raster(np.array([0.0]), dt=0.0, duration=0.01), DataError, r"^time axis, dt=0: must be > 0 and <= duration=0\.01 s$"),
    ],
)
def test_what_cannot_be_encoded_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
