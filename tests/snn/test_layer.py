"""Neurons in steps: NumPy against torch, torch against snnTorch, surrogate gradients."""

import numpy as np
import pytest

from cosim.snn.psp import DiscretePsp
from cosim.snn.stepping import step_layer
from cosim.snn.timing import TimeConstants

torch = pytest.importorskip("torch")
snntorch = pytest.importorskip("snntorch")
from cosim.snn.layer import DoubleExponentialLeaky  # noqa: E402

KINDS = [TimeConstants(), TimeConstants(rise=0.0), TimeConstants(rise=0.0, fall=0.0)]
RNG = np.random.default_rng(0)
DRIVE = (RNG.random((60, 3, 6)) < 0.1).astype(float)
WEIGHTS = RNG.uniform(-0.5, 1, (6, 4))
DT = 1e-3


@pytest.mark.parametrize("taus", KINDS)
@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_numpy_and_torch_step_alike(taus, reset):
    layer = DoubleExponentialLeaky(taus, dt=DT, threshold=1.3, reset=reset)
    spikes, membranes = layer.sequence(torch.as_tensor(DRIVE @ WEIGHTS))
    found = step_layer(DRIVE, WEIGHTS, taus, dt=DT, threshold=1.3, reset=reset)
    assert found.spikes.sum() > 20
    assert np.array_equal(found.spikes, spikes.numpy())
    assert found.membrane == pytest.approx(membranes.numpy(), abs=1e-5)


@pytest.mark.parametrize("taus", KINDS)
def test_a_sequence_is_its_steps_one_after_the_other(taus):
    layer, state = DoubleExponentialLeaky(taus, dt=DT), None
    spikes, membranes = layer.sequence(torch.as_tensor(DRIVE @ WEIGHTS))
    for index, current in enumerate(torch.as_tensor(DRIVE @ WEIGHTS)):
        fired, state = layer(current, state)
        assert torch.equal(fired, spikes[index])
        assert state.membrane.numpy() == pytest.approx(membranes[index].numpy(), abs=1e-12)


@pytest.mark.parametrize("taus", KINDS)
def test_one_spike_through_a_full_weight_gives_the_discrete_potential(taus):
    spike = np.zeros((40, 1, 1))
    spike[3] = 1.0
    membrane = step_layer(spike, np.ones((1, 1)), taus, dt=DT, threshold=None).membrane[:, 0, 0]
    assert membrane == pytest.approx(DiscretePsp(taus, DT).at((np.arange(40) - 3) * DT), abs=1e-12)
    assert membrane.max() == pytest.approx(1.0)


@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_without_a_synapse_it_is_the_leaky_neuron_of_snntorch(reset):
    theirs = snntorch.Leaky(beta=float(np.exp(-DT / 15e-3)), threshold=1.3, reset_mechanism=reset)
    ours = DoubleExponentialLeaky(KINDS[2], dt=DT, threshold=1.3, reset=reset)
    inputs, membrane, expected = torch.as_tensor(DRIVE @ WEIGHTS), torch.zeros(3, 4, dtype=torch.float64), []
    for current in inputs:
        _, membrane = theirs(current, membrane)
        expected.append(membrane)
    assert ours.sequence(inputs)[1].numpy() == pytest.approx(torch.stack(expected).numpy(), abs=1e-5)


def test_gradients_flow_through_spikes_to_the_weights_and_the_threshold():
    hidden = DoubleExponentialLeaky(KINDS[0], dt=DT, threshold=1.0, learn_threshold=True)
    output = DoubleExponentialLeaky(KINDS[0], dt=DT, reset="none")
    first, second = (torch.tensor(each, requires_grad=True) for each in (WEIGHTS, np.ones((4, 2))))
    spikes, _ = hidden.sequence(torch.as_tensor(DRIVE) @ first)
    _, membranes = output.sequence(spikes.double() @ second)
    membranes.amax(dim=0).sum().backward()
    assert spikes.sum() > 0
    assert all(torch.isfinite(each.grad).all() and each.grad.abs().max() > 0 for each in (first, second, hidden.threshold))


def test_a_membrane_that_is_only_looked_at_is_never_reset():
    waves = step_layer(DRIVE, np.ones((6, 1)), KINDS[0], dt=DT, threshold=None)
    assert waves.spikes.sum() == 0
    assert waves.membrane.max() > step_layer(DRIVE, np.ones((6, 1)), KINDS[0], dt=DT, threshold=1.0).membrane.max()
