"""The model: exact filters, the two references of the paper, errors that forgive scale (and lag), the fit, the spiking membrane."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lsim

from cosim.codesign.neuron.model import (
    Membrane,
    TimeConstants,
    continuous,
    discrete,
    fit,
    grid,
    lagged_error,
    low_pass,
    pulse_train,
    scaled_error,
)
from cosim.errors import CircuitError, DeviceError, InputError

TAUS = TimeConstants()
AREA = 1e-3  # [s] of one input pulse: 0.9 ms of top and two half edges of 0.1 ms
samples = st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=40).map(lambda found: np.array([0.0, *found]))
taus = st.floats(1e-4, 1e-1)


def spiking(**changes: float) -> Membrane:
    """A membrane that one unit of input takes from 0 to 1 V."""
    return Membrane(**{"rest": 0.0, "gain": 1.0, "threshold": 0.5, "reset": 0.0, "hold": 1e-3, **changes})


def test_the_filter_is_exact_for_a_ramp():
    time, tau, slope = grid(20e-3), 2e-3, 50.0
    assert low_pass(slope * time, tau, time[1]) == pytest.approx(slope * (time - tau * (1.0 - np.exp(-time / tau))), abs=1e-12)


def test_the_filter_relaxes_from_its_start_to_a_constant():
    time, tau = grid(20e-3), 2e-3
    values = np.where(time > 0, 0.0, 1.0)
    edge = tau / time[1] * (1.0 - np.exp(-time[1] / tau))  # the fall from 1 to 0 takes the first step
    found = low_pass(values, tau, time[1], start=1.0)
    assert found[0] == pytest.approx(1.0, abs=1e-12)
    assert found[1:] == pytest.approx(edge * np.exp(-(time[1:] - time[1]) / tau), abs=1e-12)


@pytest.mark.parametrize("start", [0.0, 0.3, -2.0])
def test_a_constant_input_equal_to_the_start_stays(start: float):
    assert low_pass(np.full(50, start), 1e-3, 2e-5, start=start) == pytest.approx(np.full(50, start), abs=1e-15)


@settings(max_examples=40, deadline=None)
@given(values=samples, tau=taus)
def test_the_filter_is_what_lsim_makes_of_straight_pieces(values: np.ndarray, tau: float):
    step = 1e-3
    _, expected, _ = lsim(([1.0], [tau, 1.0]), values, np.arange(len(values)) * step)
    assert low_pass(values, tau, step) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(first=samples, scale=st.floats(-3.0, 3.0), tau=taus, delay=st.integers(0, 20))
def test_the_filter_is_linear_and_does_not_know_the_time(first: np.ndarray, scale: float, tau: float, delay: int):
    second = np.sin(np.arange(len(first)))
    together = low_pass(scale * first + second, tau, 1e-3)
    assert together == pytest.approx(scale * low_pass(first, tau, 1e-3) + low_pass(second, tau, 1e-3), abs=1e-12)
    late = low_pass(np.concatenate([np.zeros(delay), first]), tau, 1e-3)
    assert late[delay:] == pytest.approx(low_pass(first, tau, 1e-3), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(values=samples, tau=taus, finer=st.integers(2, 9))
def test_the_filter_does_not_depend_on_the_step(values: np.ndarray, tau: float, finer: int):
    coarse = np.arange(len(values)) * 1e-3
    fine = np.arange((len(values) - 1) * finer + 1) * 1e-3 / finer
    found = low_pass(np.interp(fine, coarse, values), tau, 1e-3 / finer)
    assert found[::finer] == pytest.approx(low_pass(values, tau, 1e-3), abs=1e-9)


def test_the_pulse_is_the_trapezoid_of_the_paper():
    time = np.array([9.9e-3, 10.05e-3, 10.1e-3, 11e-3, 11.05e-3, 11.2e-3])
    assert pulse_train((0.010,), time) == pytest.approx([0.0, 0.5, 1.0, 1.0, 0.5, 0.0], abs=1e-9)
    assert pulse_train((), time) == pytest.approx(np.zeros(6))


def test_pulses_that_overlap_are_refused():
    with pytest.raises(CircuitError, match=r"^spike train, time=0\.0105: must be >= 0\.0111, the end of the spike before it$"):
        continuous((0.010, 0.0105), TAUS, duration=0.05)


def test_a_low_pass_keeps_the_area_of_the_pulse():
    model = continuous((0.010,), TAUS, duration=0.3)
    assert np.trapezoid(model.current, model.time) == pytest.approx(AREA, rel=1e-6)
    assert np.trapezoid(model.membrane, model.time) == pytest.approx(AREA, rel=1e-6)


def test_spikes_add_up():
    one, two, both = (continuous(times, TAUS, duration=0.1) for times in ((0.010,), (0.030,), (0.010, 0.030)))
    assert both.current.max() > 0.1
    assert both.current == pytest.approx(one.current + two.current, abs=1e-12)
    assert both.membrane == pytest.approx(one.membrane + two.membrane, abs=1e-12)


def test_no_spikes_are_no_response():
    for model in (continuous((), TAUS, duration=0.05), discrete((), TAUS, duration=0.05)):
        assert not model.current.any()
        assert not model.membrane.any()


def test_the_discrete_model_is_the_one_worked_by_hand():
    model = discrete((0.001,), TAUS, duration=5e-3)
    rise, fall, leak = np.exp(-2.0), np.exp(-0.5), np.exp(-1 / 15)
    norm = 1.0 / (0.25 ** (1 / 3) - 0.25 ** (4 / 3))
    current = norm * np.array([0.0, 0.0, fall - rise, fall**2 - rise**2, fall**3 - rise**3, fall**4 - rise**4])
    membrane = [0.0]
    for each in current[1:]:
        membrane.append(leak * membrane[-1] + each / 15.0)
    assert model.time == pytest.approx(np.arange(6) * 1e-3)
    assert model.current == pytest.approx(current, rel=1e-12)
    assert model.membrane == pytest.approx(membrane, rel=1e-12)


def test_the_discrete_current_peaks_at_one_where_its_steps_are_fine():
    model = discrete((1e-3,), TAUS, duration=20e-3, step=1e-6)
    peak = int(np.argmax(model.current))
    assert model.current[peak] == pytest.approx(1.0, rel=1e-5)
    assert model.time[peak] - 1e-3 == pytest.approx(0.5e-3 * 2e-3 / 1.5e-3 * np.log(4.0), abs=2e-6)


@settings(max_examples=60, deadline=None)
@given(values=samples.filter(lambda found: found.max() > 1e-3), scale=st.floats(1e-9, 1e9))
def test_a_scaled_copy_has_no_error(values: np.ndarray, scale: float):
    assert scaled_error(scale * values, values) == pytest.approx(0.0, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(values=samples.filter(lambda found: np.abs(found).max() > 1e-3), scale=st.floats(1e-6, 1e6), units=st.floats(1e-6, 1e6))
def test_the_error_does_not_know_the_units(values: np.ndarray, scale: float, units: float):
    reference = np.cos(np.arange(len(values)))
    assert scaled_error(scale * values, units * reference) == pytest.approx(scaled_error(values, reference), rel=1e-6, abs=1e-9)


def test_the_error_is_the_largest_deviation_over_the_peak():
    assert scaled_error(np.array([1.0, 1.0]), np.array([2.0, 1.0])) == pytest.approx(0.25)  # best scale 1.5, half a unit off at both
    assert scaled_error(np.zeros(3), np.array([0.0, 2.0, 1.0])) == pytest.approx(1.0)


@pytest.mark.parametrize("lag", [-0.3e-3, 0.0, 0.27e-3, 1.2e-3])
def test_a_planted_lag_is_found(lag: float):
    reference = discrete((0.010, 0.030), TAUS, duration=0.08)
    time = grid(0.08)
    late = 7.0 * np.interp(time - lag, reference.time, reference.membrane)
    error, found = lagged_error(time, late, reference.time, reference.membrane)
    assert found == pytest.approx(lag, abs=1.1e-5)
    assert error < 0.02
    assert scaled_error(np.interp(reference.time, time, late), reference.membrane) >= error


@pytest.mark.parametrize("planted", [(0.5e-3, 2e-3, 15e-3), (0.2e-3, 3e-3, 8e-3), (1e-3, 5e-3, 40e-3)])
def test_planted_time_constants_come_back(planted: tuple[float, float, float]):
    times = (0.010, 0.060)
    model = continuous(times, TimeConstants(rise=planted[0], fall=planted[1], membrane=planted[2]), duration=0.15)
    found, current_gain, gain = fit(model.time, 3e-9 * model.current, 0.8 * model.membrane, times, TAUS)
    assert found == pytest.approx(planted, rel=5e-3)
    assert (current_gain, gain) == pytest.approx((3e-9, 0.8), rel=5e-3)


def test_planted_time_constants_come_back_from_uneven_times():
    model = continuous((0.010,), TAUS, duration=0.1)
    time = np.sort(np.unique(np.concatenate([[0.0, 0.1], np.random.default_rng(3).uniform(0.0, 0.1, 6000)])))
    current, membrane = (np.interp(time, model.time, each) for each in (model.current, model.membrane))
    found, _, _ = fit(time, current, membrane, (0.010,), TimeConstants(rise=0.3e-3, fall=3e-3, membrane=10e-3))
    assert found == pytest.approx([0.5e-3, 2e-3, 15e-3], rel=5e-3)


@pytest.mark.parametrize(("rise", "fall"), [(2e-3, 2e-3), (3e-3, 2e-3)])
def test_a_current_that_rises_slower_than_it_decays_is_refused(rise: float, fall: float):
    with pytest.raises(InputError) as caught:
        TimeConstants(rise=rise, fall=fall)
    assert str(caught.value) == f"time constants, rise={rise:g}: must be < fall={fall:g} s: a current cannot rise slower than it decays"


def test_a_time_constant_out_of_range_is_refused():
    with pytest.raises(DeviceError) as caught:
        TimeConstants(membrane=0.0)
    assert str(caught.value) == "time constants, membrane=0: must be > 0 and <= 100"


def test_a_membrane_under_a_constant_current_fires_when_the_exponential_says_so():
    step = 1e-6
    pulse = np.ones(round(0.05 / step))
    quick = TimeConstants(rise=1e-6, fall=2e-6, membrane=10e-3)  # the current is there at once
    _, spikes = spiking(threshold=0.5, hold=2e-3).fire(pulse, quick, step)
    first = 10e-3 * np.log(2.0)
    assert len(spikes) == 1 + int((50e-3 - first) // (first + 2e-3))
    assert spikes[0] == pytest.approx(first, abs=5e-6)
    assert np.diff(spikes) == pytest.approx(np.full(len(spikes) - 1, first + 2e-3), abs=5e-6)


def test_a_membrane_at_rest_decays_to_the_rest():
    step = 1e-5
    quick = TimeConstants(rise=1e-6, fall=2e-6, membrane=5e-3)
    potential, spikes = spiking(rest=0.2, threshold=2.0).fire(np.where(np.arange(5000) < 1000, 1.0, 0.0), quick, step)
    assert not len(spikes)
    assert potential[999] == pytest.approx(0.2 + 1.0 - np.exp(-2.0), rel=2e-3)
    assert potential[1500] - 0.2 == pytest.approx((potential[1000] - 0.2) * np.exp(-1.0), rel=5e-3)
    assert potential[-1] == pytest.approx(0.2, abs=1e-3)


def test_the_potential_is_held_at_the_reset():
    step = 1e-5
    quick = TimeConstants(rise=1e-6, fall=2e-6, membrane=5e-3)
    potential, spikes = spiking(reset=-0.1, hold=3e-3).fire(np.ones(2000), quick, step)
    time = np.arange(2000) * step
    held = (time > spikes[0] + step) & (time < spikes[0] + 3e-3)
    assert held.sum() >= 298
    assert potential[held] == pytest.approx(np.full(held.sum(), -0.1))
    assert potential[time > spikes[0] + 3e-3 + 2 * step][0] > -0.1


def test_a_threshold_that_is_not_reached_gives_no_spike():
    potential, spikes = spiking(threshold=1.01).fire(np.ones(4000), TimeConstants(membrane=1e-3), 1e-5)
    assert potential.max() == pytest.approx(1.0, rel=1e-6)
    assert len(spikes) == 0
