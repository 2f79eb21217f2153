"""Membranes of a layer and their maxima: exact, linear in the weights, blind to the order of the inputs; with gradients in torch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cosim.snn.psp import DiscretePsp, continuous_psp
from cosim.snn.readout import membrane_maximum, membrane_traces
from cosim.snn.timing import TimeConstants, Trapezoid

PSP = continuous_psp(TimeConstants(), Trapezoid())
STEPS = DiscretePsp(TimeConstants(), 1e-3)
RNG = np.random.default_rng(4)
TIMES = np.where(RNG.random((6, 20)) < 0.4, RNG.uniform(0, 20e-3, (6, 20)), np.inf)
WEIGHTS = RNG.random((20, 5))
SIGNED = RNG.uniform(-1, 1, (20, 5))
SPIKES = arrays(float, (2, 4), elements=st.one_of(st.floats(0, 20e-3), st.just(np.inf)))
MATRIX = arrays(float, (4, 3), elements=st.floats(0, 1))


@pytest.mark.parametrize("weights", [WEIGHTS, SIGNED])
def test_the_maximum_is_that_of_a_very_fine_grid(weights):
    fine = membrane_traces(PSP, TIMES, weights, np.arange(0, 0.1, 2e-6)).max(axis=1)
    found = membrane_maximum(PSP, TIMES, weights, duration=0.1)
    assert found.value == pytest.approx(fine, abs=1e-7 * fine.max())
    assert (found.value >= fine - 1e-12).all()


def test_the_time_of_the_maximum_is_where_the_trace_has_it():
    found = membrane_maximum(PSP, TIMES, WEIGHTS, duration=0.1)
    there = membrane_traces(PSP, TIMES[:1], WEIGHTS, found.time[0])[0]
    assert np.diag(there[:5]) == pytest.approx(found.value[0], abs=1e-12)


def test_the_maximum_in_steps_is_that_of_the_steps():
    traces = membrane_traces(STEPS, TIMES, WEIGHTS, np.arange(101) * 1e-3)
    assert membrane_maximum(STEPS, TIMES, WEIGHTS, duration=0.1).value == pytest.approx(traces.max(axis=1))


def test_a_membrane_without_spikes_stays_at_rest():
    found = membrane_maximum(PSP, np.full((2, 20), np.inf), WEIGHTS, duration=0.1)
    assert found.value.tolist() == [[0.0] * 5] * 2
    assert membrane_maximum(PSP, np.zeros((0, 20)), WEIGHTS, duration=0.1).value.shape == (0, 5)


@given(times=SPIKES, weights=MATRIX, others=MATRIX, factor=st.floats(0, 5))
@settings(max_examples=30, deadline=None)
def test_membranes_are_linear_in_the_weights(times, weights, others, factor):
    at = np.linspace(0, 0.05, 51)
    both = membrane_traces(PSP, times, weights + factor * others, at)
    assert both == pytest.approx(membrane_traces(PSP, times, weights, at) + factor * membrane_traces(PSP, times, others, at), abs=1e-12)


@given(times=SPIKES, weights=MATRIX, factor=st.floats(0.1, 5))
@settings(max_examples=30, deadline=None)
def test_maxima_grow_with_the_weights_in_proportion(times, weights, factor):
    once, scaled = (membrane_maximum(PSP, times, each, duration=0.05).value for each in (weights, factor * weights))
    assert scaled == pytest.approx(factor * once, rel=1e-9, abs=1e-12)


@given(times=SPIKES, weights=MATRIX, order=st.permutations(range(4)))
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_inputs_is_of_no_account(times, weights, order):
    straight = membrane_maximum(PSP, times, weights, duration=0.05).value
    assert membrane_maximum(PSP, times[:, order], weights[list(order)], duration=0.05).value == pytest.approx(straight, abs=1e-12)


@given(times=SPIKES, weights=MATRIX, delay=st.floats(0, 20e-3))
@settings(max_examples=30, deadline=None)
def test_a_common_delay_moves_the_maximum_and_leaves_its_height(times, weights, delay):
    early, late = (membrane_maximum(PSP, each, weights, duration=0.1) for each in (times, times + delay))
    assert late.value == pytest.approx(early.value, abs=1e-9)


@pytest.mark.parametrize("psp", [PSP, STEPS])
@pytest.mark.parametrize("weights", [WEIGHTS, SIGNED])
def test_torch_finds_the_maxima_that_numpy_finds(psp, weights):
    torch = pytest.importorskip("torch")
    from cosim.snn.maximum import MaximumReadout

    found = MaximumReadout(psp, TIMES, duration=0.1)(torch.arange(6), torch.as_tensor(weights))
    assert found.numpy() == pytest.approx(membrane_maximum(psp, TIMES, weights, duration=0.1).value, abs=2e-6)


def test_the_gradient_of_a_maximum_is_the_difference_quotient():
    torch = pytest.importorskip("torch")
    from cosim.snn.maximum import MaximumReadout

    weights = torch.tensor(WEIGHTS, requires_grad=True)
    MaximumReadout(PSP, TIMES, duration=0.1)(torch.arange(6), weights).sum().backward()
    moved = WEIGHTS.copy()
    moved[3, 2] += 1e-5
    change = membrane_maximum(PSP, TIMES, moved, duration=0.1).value.sum() - membrane_maximum(PSP, TIMES, WEIGHTS, duration=0.1).value.sum()
    assert float(weights.grad[3, 2]) == pytest.approx(change / 1e-5, abs=1e-4)
    assert float(weights.grad[3, 2]) > 0.1


def test_many_firing_times_are_brought_together_and_move_maxima_little():
    torch = pytest.importorskip("torch")
    from cosim.snn.maximum import MOST_LEVELS, MaximumReadout

    times = RNG.uniform(0, 5e-3, (40, 20))
    readout = MaximumReadout(PSP, times, duration=0.05)
    expected = membrane_maximum(PSP, times, WEIGHTS, duration=0.05).value
    assert times.size > MOST_LEVELS > len(readout.distinct)
    assert readout(torch.arange(40), torch.as_tensor(WEIGHTS)).numpy() == pytest.approx(expected, rel=5e-3)
