"""Training: what it reaches, the same under a seed, resumed bit for bit, stopped cleanly."""

from pathlib import Path

import numpy as np
import pytest

from cosim.errors import Cancelled, DataError, DeviceError
from cosim.snn.data import Examples, digits, optdigits, split

torch = pytest.importorskip("torch")
pytest.importorskip("snntorch")
from cosim.snn.network import accuracy  # noqa: E402
from cosim.snn.plan import TrainingPlan  # noqa: E402
from cosim.snn.training import NetworkPlan, train_network, train_perceptron  # noqa: E402

TRAIN, TEST = split(digits(), seed=0)
FEW = TRAIN.pick(np.arange(200))
SHORT = TrainingPlan(epochs=3, seed=5)
SPIKING = NetworkPlan(hidden=(8,), signs="pairs", response="impulse", duration=40e-3)
COUNTED = NetworkPlan(hidden=(8,), signs="pairs", response="impulse", readout="spike_count", duration=40e-3)
KINDS = {"one layer": NetworkPlan(), "pairs": NetworkPlan(signs="pairs"), "impulse": NetworkPlan(response="impulse"), "spiking": SPIKING, "counted": COUNTED}


def weights(network):
    return np.concatenate([each.weights.ravel() for each in network.layers])


@pytest.mark.parametrize("kind", KINDS)
def test_an_equal_seed_gives_equal_weights_and_another_one_does_not(kind):
    first, again, other = (train_network(FEW, TEST, KINDS[kind], TrainingPlan(epochs=1, seed=seed)) for seed in (5, 5, 6))
    assert np.array_equal(weights(first), weights(again))
    assert [each.threshold for each in first.layers] == [each.threshold for each in again.layers]
    assert not np.array_equal(weights(first), weights(other))


def test_one_layer_learns_digits_with_weights_of_0_to_1():
    network = train_network(TRAIN, TEST, plan=TrainingPlan(epochs=12, seed=0))
    values = network.layers[0].plus
    assert network.layers[0].minus is None
    assert (values.min(), 0.3 < values.max() <= 1.0) == (0.0, True)
    assert network.accuracy == accuracy(network, TEST.pixels, TEST.labels) > 0.88
    assert (network.seed, sorted(network.versions)) == (0, ["cosim", "numpy", "snntorch", "torch"])


def test_two_spiking_layers_learn_digits():
    network = train_network(TRAIN, TEST, SPIKING, TrainingPlan(epochs=4, seed=0, rate=2e-2))
    assert network.shape == (64, 8, 10)
    assert network.layers[0].threshold != SPIKING.threshold
    assert network.accuracy > 0.6


def test_a_perceptron_learns_digits():
    signed = train_perceptron(TRAIN, TEST, TrainingPlan(epochs=20, seed=0))
    positive = train_perceptron(TRAIN, TEST, TrainingPlan(epochs=20, seed=0), positive=True)
    assert min(signed.accuracy, positive.accuracy) > 0.92
    assert positive.weights[0].min() >= 0.0
    assert not positive.biases[0].any()


def test_a_plan_gives_a_small_network_of_the_size_of_mnist():
    generator = np.random.default_rng(0)
    large = Examples("large", generator.random((30, 784)), FEW.labels[:30])
    network = train_network(large, large, NetworkPlan(hidden=(256,), response="impulse", duration=30e-3), TrainingPlan(epochs=1))
    assert network.shape[:2] == (784, 256)


@pytest.mark.parametrize("kind", ["one layer", "spiking"])
def test_a_training_that_was_stopped_ends_where_an_uninterrupted_one_does(kind, tmp_path: Path):
    file = tmp_path / "training.safetensors"
    whole = train_network(FEW, TEST, KINDS[kind], SHORT)

    def stop(epoch: int, epochs: int) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(Cancelled) as caught:
        train_network(FEW, TEST, KINDS[kind], SHORT, progress=stop, checkpoint=file)
    assert str(caught.value) == f"training: interrupted after epoch 2 of 3; {file} holds it, the same call goes on from there"
    told: list[tuple[int, int]] = []
    resumed = train_network(FEW, TEST, KINDS[kind], SHORT, progress=lambda *each: told.append(each), checkpoint=file)
    assert told == [(3, 3)]
    assert np.array_equal(weights(resumed), weights(whole))


def test_without_a_checkpoint_an_interrupt_keeps_nothing_and_says_so():
    def stop(epoch: int, epochs: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Cancelled, match=r"^training: interrupted after epoch 1 of 3; nothing is kept$"):
        train_network(FEW, TEST, plan=SHORT, progress=stop)
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path):
    file = tmp_path / "training.safetensors"
    train_network(FEW, TEST, plan=SHORT, checkpoint=file)
    with pytest.raises(DataError, match=r", seed=5: must be 6; it belongs to another training, name another file$"):
        train_network(FEW, TEST, plan=TrainingPlan(epochs=3, seed=6), checkpoint=file)
    with pytest.raises(DataError, match=r", images=[0-9a-f]{64}: must be [0-9a-f]{64}; it belongs to another training, name another file$"):
        train_network(TRAIN, TEST, plan=SHORT, checkpoint=file)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: TrainingPlan(epochs=0), DeviceError, "training, epochs=0: must be within 1..100000"),
        (lambda: TrainingPlan(epochs=1.5), DataError, "training, epochs=1.5: must be a whole number"),
        (
            lambda: train_network(FEW, type(FEW)("small", np.zeros((2, 9)), np.zeros(2, int))),
            DataError,
            "test images, pixels=9: must be 64, as of the images to train on",
        ),
        (lambda: NetworkPlan(dt=0.0), DataError, "network, dt=0: must be a step in seconds, > 0"),
        (lambda: train_network(FEW, TEST, NetworkPlan(hidden=(0,))), DataError, "network, hidden=(0,): must be numbers of neurons, >= 1"),
        (
            lambda: train_network(FEW, TEST, NetworkPlan(hidden=(5,))),
            DataError,
            "network: response trapezoid is for one layer that is read by membrane_maximum; use impulse",
        ),
    ],
)
def test_a_plan_that_cannot_be_trained_is_refused_before_it_is(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.timeout(600)
def test_on_reduced_mnist_one_layer_and_the_perceptron_reach_their_figures(data_file):
    data_file("optdigits", "optdigits.tra")
    train, test = split(optdigits(), seed=0)
    plan = TrainingPlan(epochs=20, seed=0)
    assert train_network(train, test, plan=plan).accuracy >= 0.925
    assert train_perceptron(train, test, plan).accuracy >= 0.955
