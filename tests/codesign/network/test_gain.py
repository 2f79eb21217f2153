"""The gain of a mapping: found on the images that it was asked to look at, never worse there than none, and 1 where there are no levels."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.codesign.network.ann import map_perceptron, mapped_scores
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.gain import GAINS, best_gain, best_perceptron_gain, firing_rates
from cosim.codesign.network.grids import accuracy_of
from cosim.codesign.network.mapping import MappingPlan, Window, quantized
from cosim.devices.memristor.card import load_memristor
from cosim.errors import InputError
from cosim.snn.data import Examples, digits, split
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.network import Layer, TrainedNetwork
from cosim.snn.perceptron import Perceptron

CARD = load_memristor("lim2025_analog_window")
TRAIN, TEST = split(digits(), seed=1)


def means(images: Examples) -> np.ndarray:
    """The mean image of each digit as a column, small as trained weights are."""
    columns = np.stack([images.pixels[images.labels == digit].mean(axis=0) for digit in range(10)], axis=1)
    columns = columns / np.linalg.norm(columns, axis=0)
    return 0.4 * columns / columns.max()


NETWORK = TrainedNetwork(layers=(Layer(plus=means(TRAIN)),), encoding=LatencyCard(), dt=1e-3)


def accuracy(network: TrainedNetwork, plan: MappingPlan, images: Examples) -> float:
    (chip,) = map_network(network, CARD, plan, seed=0)
    return accuracy_of(network, chip.weights, latency_times(images.pixels, network.encoding), images.labels)


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_small_weights_gain_by_it_on_images_that_it_has_not_seen(bits: int):
    plan = MappingPlan(bits=bits)
    gain = best_gain(NETWORK, CARD, plan, TRAIN)
    assert 1.5 < gain < GAINS[-1]
    assert accuracy(NETWORK, replace(plan, gain=gain), TEST) > accuracy(NETWORK, plan, TEST) + 0.02


def test_no_gain_is_better_on_the_images_that_it_was_found_on():
    plan = MappingPlan(bits=2)
    best = accuracy(NETWORK, replace(plan, gain=best_gain(NETWORK, CARD, plan, TRAIN)), TRAIN)
    assert best == max(accuracy(NETWORK, replace(plan, gain=float(each)), TRAIN) for each in GAINS)


def test_analog_weights_have_no_gain():
    assert best_gain(NETWORK, CARD, MappingPlan(tuning_error=0.1), TRAIN) == 1.0


def test_errors_do_not_decide():
    assert best_gain(NETWORK, CARD, MappingPlan(bits=2, tuning_error=0.5, stuck_low=0.3), TRAIN) == best_gain(NETWORK, CARD, MappingPlan(bits=2), TRAIN)


def test_a_weight_is_multiplied_and_cut_off():
    window = Window.of(CARD)
    found = quantized(np.array([0.1, 0.5, 0.9]), window, MappingPlan(gain=1.5))
    assert found == pytest.approx(window.conductance(np.array([0.15, 0.75, 1.0])))


def test_the_gain_of_a_perceptron_is_taken_out_of_its_scores():
    perceptron = Perceptron(weights=(means(TRAIN),), biases=(np.linspace(-0.1, 0.1, 10),))
    plain, doubled = (mapped_scores(map_perceptron(perceptron, CARD, MappingPlan(gain=gain), seed=0), TEST.pixels) for gain in (1.0, 2.0))
    assert doubled == pytest.approx(plain, rel=1e-9)


def test_a_perceptron_has_a_gain_of_its_own():
    perceptron = Perceptron(weights=(means(TRAIN),), biases=(np.zeros(10),))
    assert 1.5 < best_perceptron_gain(perceptron, CARD, MappingPlan(bits=2), TRAIN) <= GAINS[-1]


@pytest.mark.parametrize("gain", [0.0, -1.0, 1001.0, float("nan")])
def test_a_gain_out_of_its_range_is_refused(gain: float):
    with pytest.raises(InputError, match=r"^mapping, gain="):
        MappingPlan(gain=gain)


def test_rates_let_few_levels_do_better_on_images_that_they_have_not_seen():
    plan, rates = MappingPlan(bits=1), firing_rates(NETWORK, TRAIN)
    assert len(rates) == 64
    assert 0.38 < np.mean(rates) < 0.40
    found = {}
    for each in ((), rates):
        known = replace(plan, rates=each)
        found[each] = accuracy(NETWORK, replace(known, gain=best_gain(NETWORK, CARD, known, TRAIN)), TEST)
    assert found[rates] > found[()]
