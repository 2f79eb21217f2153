"""Sparsity: inputs of whole sets, and hidden neurons."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosim.codesign.network import sparse as module
from cosim.codesign.network.sparse import hidden_sparsity, input_sparsity
from cosim.errors import InputError
from cosim.snn.data import digits
from cosim.snn.encoding import LatencyCard, latency_times, sparsity
from cosim.snn.network import Layer, TrainedNetwork, waves

IMAGES = digits()
WEIGHTS = np.random.default_rng(0).uniform(0.0, 1.0, (64, 6)) * np.linspace(0.1, 1.0, 6)  # the first neurons fire for few images
NETWORK = TrainedNetwork(layers=(Layer(plus=WEIGHTS, threshold=4.0), Layer(plus=np.ones((6, 2)))), encoding=LatencyCard(), dt=1e-3, response="impulse")


def test_the_inputs_that_fire_are_the_pixels_above_the_threshold():
    assert input_sparsity("digits") == pytest.approx(np.mean(IMAGES.pixels > 0.3))
    assert input_sparsity("digits") == pytest.approx(sparsity(latency_times(IMAGES.pixels, LatencyCard())))
    assert input_sparsity("digits", card=LatencyCard(threshold=0.6)) == pytest.approx(np.mean(IMAGES.pixels > 0.6))


def test_chunks_do_not_change_it(monkeypatch: pytest.MonkeyPatch):
    whole = input_sparsity("digits")
    monkeypatch.setattr(module, "CHUNK", 70)
    assert input_sparsity("digits") == whole


def test_less_than_40_percent_of_the_pixels_of_optdigits_fire(data_file: Callable[..., Path]):
    assert data_file("optdigits").exists()
    assert 0.39 < input_sparsity("optdigits") < 0.40


def test_the_activity_of_hidden_neurons_is_counted_over_images_neurons_and_steps():
    pixels = IMAGES.pixels[:20]
    fired = waves(NETWORK, pixels)[0].spikes
    (found,) = hidden_sparsity(NETWORK, pixels)
    assert 0 < found.firing < 1
    assert found.firing == pytest.approx(np.mean(fired.any(axis=0)))
    assert found.spikes == pytest.approx(fired.sum() / (20 * 6))
    assert found.steps == pytest.approx(fired.mean())


def test_chunks_do_not_change_the_activity(monkeypatch: pytest.MonkeyPatch):
    (whole,) = hidden_sparsity(NETWORK, IMAGES.pixels[:20])
    monkeypatch.setattr(module, "STEPPED", 7)
    (parts,) = hidden_sparsity(NETWORK, IMAGES.pixels[:20])
    assert (parts.firing, parts.spikes, parts.steps) == pytest.approx((whole.firing, whole.spikes, whole.steps))


def test_every_hidden_layer_has_its_own_activity():
    deep = replace(NETWORK, layers=(NETWORK.layers[0], Layer(plus=np.full((6, 3), 0.01), threshold=4.0), Layer(plus=np.ones((3, 2)))))
    first, second = hidden_sparsity(deep, IMAGES.pixels[:20])
    assert first == hidden_sparsity(NETWORK, IMAGES.pixels[:20])[0]
    assert (second.firing, second.spikes, second.steps) == (0.0, 0.0, 0.0)


def test_a_network_without_a_hidden_layer_and_no_images_are_refused():
    single = TrainedNetwork(layers=(Layer(plus=WEIGHTS),), encoding=LatencyCard(), dt=1e-3)
    with pytest.raises(InputError, match=r"^hidden sparsity, layers, images=1, 20: must be >= 2 and >= 1$"):
        hidden_sparsity(single, IMAGES.pixels[:20])
    with pytest.raises(InputError, match=r"^hidden sparsity, layers, images=2, 0: must be >= 2 and >= 1$"):
        hidden_sparsity(NETWORK, IMAGES.pixels[:0])
