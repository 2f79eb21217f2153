"""What sources do over time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.circuits.stimuli import PiecewiseLinear, Pulse, pulses, spikes, triangular_sweep
from cosim.errors import CircuitError


def test_a_sweep_moves_at_its_rate_through_every_corner():
    loop = triangular_sweep([0.0, 2.0, 0.0, -2.0, 0.0], rate=4.0)
    assert loop.points == ((0.0, 0.0), (0.5, 2.0), (1.0, 0.0), (1.5, -2.0), (2.0, 0.0))
    assert loop.end == 2.0
    assert loop(np.array([-1.0, 0.25, 1.25, 9.0])).tolist() == [0.0, 1.0, -1.0, 0.0]


def test_a_corner_equal_to_the_one_before_is_skipped():
    assert triangular_sweep([1.0, 1.0, 2.0], rate=1.0, start=3.0).points == ((3.0, 1.0), (4.0, 2.0))


def test_pulses_have_edges_flat_tops_and_gaps():
    train = pulses([2.0, -1.0], width=10e-3, edge=1e-3, gap=2e-3, rest=0.1, start=1.0)
    times, values = zip(*train.points, strict=True)
    assert times == pytest.approx([1.0, 1.002, 1.003, 1.013, 1.014, 1.016, 1.017, 1.027, 1.028])
    assert values == (0.1, 0.1, 2.0, 2.0, 0.1, 0.1, -1.0, -1.0, 0.1)


def test_a_spike_is_the_trapezoid_of_the_paper():
    train = spikes([0.01])
    assert train(np.array([0.01, 0.01005, 0.0101, 0.011, 0.01105, 0.0111])) == pytest.approx([0.0, 1.5, 3.0, 3.0, 1.5, 0.0])
    assert train.points[0] == (0.0, 0.0)


def test_spikes_may_start_at_zero_touch_each_other_and_come_in_any_order():
    train = spikes([1.1e-3, 0.0])
    assert [time for time, _ in train.points] == pytest.approx([0.0, 1e-4, 1e-3, 1.1e-3, 1.2e-3, 2.1e-3, 2.2e-3])
    assert len(spikes([0.1 * index for index in range(1, 9)] + [0.1 * index + 1.1e-3 for index in range(1, 9)]).points) == 1 + 8 * 7


def test_spikes_come_from_an_array_too_and_none_at_all_is_silence():
    assert spikes(np.array([0.01, 0.11])) == spikes([0.01, 0.11])
    assert spikes([]).points == ((0.0, 0.0),)
    assert spikes(np.array([])).points == ((0.0, 0.0),)


@given(gaps=st.lists(st.floats(1.1e-3, 0.1), min_size=1, max_size=20))
@settings(deadline=None, max_examples=50)
def test_a_spike_train_has_the_area_of_its_spikes(gaps: list[float]):
    train = spikes(np.cumsum(gaps).tolist())
    times, values = np.array(train.points).T
    assert np.trapezoid(values, times) == pytest.approx(len(gaps) * 3.0 * 1e-3, rel=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PiecewiseLinear(()), "piecewise linear stimulus: must have at least one point"),
        (lambda: PiecewiseLinear(((0.0, 1.0), (0.0, 2.0))), "piecewise linear stimulus, time=0: must be > 0, the time before it"),
        (lambda: PiecewiseLinear(((-1.0, 1.0), (1.0, 2.0))), "piecewise linear stimulus, time=-1: must be >= 0 s"),
        (lambda: PiecewiseLinear(((0.0, float("nan")),)), "piecewise linear stimulus, value=nan: must be finite"),
        (lambda: triangular_sweep([0.0, 1.0], rate=0.0), "sweep, rate=0: must be > 0 V/s"),
        (lambda: triangular_sweep([], rate=1.0), "sweep, corners=[]: must be at least one voltage"),
        (lambda: pulses([1.0], width=0.0, edge=1.0, gap=1.0), "pulses, width=0: must be > 0 s"),
        (lambda: pulses([1.0], width=1.0, edge=1.0, gap=-1.0), "pulses, gap=-1: must be > 0 s"),
        (lambda: spikes([0.0, 1e-3]), "spike train, time=0.001: must be >= 0.0011, the end of the spike before it"),
        (lambda: spikes([-1.0]), "spike train, time=-1: must be >= 0 s"),
        (lambda: Pulse(low=0, high=1, delay=0, rise=0, fall=1, width=1, period=9), "pulse, rise=0: must be > 0"),
        (lambda: Pulse(low=0, high=1, delay=0, rise=1, fall=1, width=1, period=2), "pulse, period=2: must be >= rise + width + fall = 3"),
    ],
)
def test_an_impossible_stimulus_is_named(make, message: str):
    with pytest.raises(CircuitError) as caught:
        make()
    assert str(caught.value) == message
