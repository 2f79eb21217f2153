"""Training on from given weights, through what an array makes of them."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import DataError
from cosim.snn.data import Examples, digits, split
from cosim.snn.network import Layer, TrainedNetwork, accuracy

torch = pytest.importorskip("torch")
pytest.importorskip("snntorch")
from cosim.snn.plan import TrainingPlan  # noqa: E402
from cosim.snn.training import NetworkPlan, _best_scale, retrain, train_network  # noqa: E402

TRAIN, TEST = split(digits(), seed=0)
FEW = TRAIN.pick(np.arange(300))
SHORT = TrainingPlan(epochs=2, seed=3)
STILL = TrainingPlan(epochs=1, rate=1e-12)


@pytest.fixture(scope="module")
def network() -> TrainedNetwork:
    """A few epochs of one layer."""
    return train_network(FEW, TEST, plan=TrainingPlan(epochs=6, seed=0))


def weights(network: TrainedNetwork) -> np.ndarray:
    return network.layers[0].weights


def test_through_nothing_is_the_same_as_through_the_weights_themselves(network: TrainedNetwork):
    first, again = (retrain(network, FEW, SHORT, through=through) for through in (None, lambda plain: plain))
    assert np.array_equal(weights(first), weights(again))
    assert not np.array_equal(weights(first), weights(network))
    assert (first.seed, first.accuracy) == (3, None)


def test_a_training_that_moves_nothing_gives_the_weights_back(network: TrainedNetwork):
    assert weights(retrain(network, FEW, STILL)) == pytest.approx(weights(network), abs=1e-6)


def test_a_training_goes_on_from_where_it_is_and_does_not_begin_again(network: TrainedNetwork):
    before = accuracy(network, FEW.pixels, FEW.labels)
    assert accuracy(retrain(network, FEW, SHORT), FEW.pixels, FEW.labels) > before
    assert accuracy(train_network(FEW, TEST, plan=SHORT), FEW.pixels, FEW.labels) < before


def test_weights_that_do_not_come_through_stay(network: TrainedNetwork):
    held = torch.zeros(network.shape, dtype=torch.bool)
    held[:20] = True
    found = retrain(network, FEW, SHORT, through=lambda plain: torch.where(held, 0.3, plain))
    assert weights(found)[:20] == pytest.approx(weights(network)[:20], abs=1e-6)
    assert np.abs(weights(found)[20:] - weights(network)[20:]).max() > 1e-3


def test_the_layer_is_called_in_every_batch_with_weights_within_their_bounds(network: TrainedNetwork):
    seen = []

    def through(plain: torch.Tensor) -> torch.Tensor:
        seen.append((float(plain.detach().min()), float(plain.detach().max())))
        return plain

    retrain(network, FEW, replace(SHORT, batch=100), through=through)
    assert len(seen) == 1 + 2 * 3  # the scale of the logits first
    assert min(low for low, _ in seen) >= 0.0
    assert max(high for _, high in seen) <= 1.0


@given(seed=st.integers(0, 1000), size=st.floats(0.1, 10.0))
def test_the_scale_of_the_logits_has_the_least_cross_entropy(seed: int, size: float):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 10, (100,), generator=generator)
    maxima = size * (torch.randn((100, 10), generator=generator) + torch.nn.functional.one_hot(labels, 10))
    found = _best_scale(maxima, labels)

    def loss(scale: float) -> float:
        return float(torch.nn.functional.cross_entropy(exp(scale) * maxima.double(), labels))

    assert loss(found) <= min(loss(found - 0.01), loss(found + 0.01))


def test_pairs_are_trained_on_too():
    network = train_network(FEW, TEST, NetworkPlan(signs="pairs"), TrainingPlan(epochs=1))
    found = retrain(network, FEW, STILL)
    assert found.layers[0].minus is not None
    assert weights(found) == pytest.approx(weights(network), abs=1e-6)


@pytest.mark.parametrize(
    ("shapes", "readout", "refused"),
    [([(64, 12), (12, 10)], "membrane_maximum", "2 layers, membrane_maximum"), ([(64, 10)], "spike_count", "1 layers, spike_count")],
)
def test_other_networks_are_refused(shapes: list[tuple[int, int]], readout: str, refused: str, network: TrainedNetwork):
    fires = [index + 1 < len(shapes) or readout == "spike_count" for index in range(len(shapes))]
    layers = tuple(Layer(plus=np.full(shape, 0.2), threshold=1.0 if each else None) for shape, each in zip(shapes, fires, strict=True))
    with pytest.raises(DataError) as caught:
        retrain(replace(network, layers=layers, response="impulse", readout=readout), FEW, SHORT)
    assert str(caught.value) == f"training, network={refused}: must be one layer that is read by membrane_maximum"


def test_images_that_do_not_fit_are_refused(network: TrainedNetwork):
    with pytest.raises(DataError, match=r"^training, images=9 pixels, 1 classes: must be 64 pixels, at most 10 classes, as of the network$"):
        retrain(network, Examples("small", np.zeros((2, 9)), np.zeros(2, int)), SHORT)
    with pytest.raises(DataError, match=r"^training, images=64 pixels, 11 classes: must be 64 pixels, at most 10 classes, as of the network$"):
        retrain(network, Examples("many", np.zeros((1, 64)), np.full(1, 10)), SHORT)
