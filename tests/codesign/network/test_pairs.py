"""Pairs of columns in class A: what images ask for, what a card bears, and what is lost where it does not."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from cosim.circuits.corners import Corner
from cosim.circuits.neuron.card import CurrentBiasedCard, load_neuron
from cosim.circuits.neuron.layer import Cells
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.firing import on_chips
from cosim.codesign.network.inference import START, Hardware, infer
from cosim.codesign.network.mapping import MappingPlan
from cosim.codesign.network.pairs import CHUNK, ROOM, NetCurrent, class_a, full_weight, net_currents
from cosim.errors import InputError
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.network import Layer, TrainedNetwork, scores
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAB = Lab(engine=find_engine("ngspice"), workers=2)
PARTS = Parts()
DURATION = 0.03  # [s]


def biased(name: str) -> CurrentBiasedCard:
    card = load_neuron(name)
    assert isinstance(card, CurrentBiasedCard)
    return card


CARD = biased("robust_pairs")


def network(*layers: list[list[float]], threshold: float = 0.1) -> TrainedNetwork:
    signed = [np.array(each) for each in layers]
    return TrainedNetwork(
        layers=tuple(
            Layer(plus=np.maximum(each, 0.0), minus=np.maximum(-each, 0.0), threshold=threshold if index < len(signed) - 1 else None)
            for index, each in enumerate(signed)
        ),
        encoding=LatencyCard(),
        dt=1e-3,
        duration=DURATION,
        signs="pairs",
        response="impulse" if len(signed) > 1 else "trapezoid",
    )


PULLED = network([[0.9, 1.0], [-0.9, 0.2], [-0.9, 0.3], [0.7, 0.8]])
PIXELS = np.array([[0.35, 1.0, 1.0, 0.5], [0.4, 0.9, 0.8, 0.6]])  # the inputs of negative weights come first


def errors(card: CurrentBiasedCard) -> np.ndarray:
    """Of the peaks, over the highest one of their image, after the scale of the outputs that are never pulled down."""
    (chip,) = map_network(PULLED, PARTS.memristor, MappingPlan(), seed=0)
    assert chip.minus is not None
    hardware = Hardware(card=card, parts=PARTS, cells=chip.plus.cells, minus=chip.minus.cells)
    peaks = infer(hardware, latency_times(PIXELS, PULLED.encoding), LAB, duration=DURATION + START).peaks
    expected = scores(on_chips(PULLED, [chip]), PIXELS)
    scale = np.mean(expected[:, 1] / peaks[:, 1])
    return np.asarray((scale * peaks - expected) / expected.max(axis=1, keepdims=True))


def test_an_output_that_is_pulled_down_comes_out_right_in_class_a_alone():
    lost, kept = errors(biased("robust_array")), errors(CARD)
    assert lost[:, 0] == pytest.approx([0.4, 0.4], abs=0.05)  # the pull is lost, the output is too high
    assert np.abs(kept).max() < 0.03
    assert np.abs(lost[:, 1]).max() < 0.01  # no net current of this one is ever negative


def test_the_supply_may_fall_to_what_the_card_says():
    pushes = np.array([[1.0]] * 3 + [[0.0]] * 3)  # three full weights up at once, and three down later
    hardware = Hardware(card=CARD, parts=PARTS, cells=Cells(states=pushes), minus=Cells(states=pushes[::-1].copy()))
    times = np.array([[2e-3] * 3 + [12e-3] * 3])
    full, least = (
        infer(replace(hardware, corner=Corner(supply=share)), times, LAB, duration=0.02).peaks[0, 0] for share in (1.0, CARD.least_supply / CARD.supply)
    )
    assert full > 45e-3
    assert least == pytest.approx(full, rel=3e-3)


def test_one_pulse_through_the_pole_is_the_value_worked_by_hand():
    """Of a pulse of 1 ms 1 - exp(-1 ms / 0.5 ms) is left; its edges of 0.1 ms round that off."""
    (found,) = net_currents(network([[-0.5, 1.0]]), np.array([[1.0]]))
    assert found.highest == pytest.approx(1.0 - np.exp(-2.0), rel=0.02)
    assert found.lowest == pytest.approx(-0.5 * found.highest)


def test_pulls_at_the_same_time_add_up():
    (one,), (two,) = (net_currents(network([[-0.5]] * inputs), np.ones((1, inputs))) for inputs in (1, 2))
    assert two.lowest == pytest.approx(2.0 * one.lowest)
    assert two.highest == 0.0


def test_the_second_layer_is_asked_by_the_spikes_of_the_first():
    two = network([[1.0, 0.0], [0.0, 1.0]], [[-0.6], [0.5]])
    _, second = net_currents(two, np.array([[1.0, 0.0]]))  # only the first hidden neuron fires
    assert second.lowest < -0.6 * 0.8
    assert second.highest == pytest.approx(0.0, abs=1e-12)


SAMPLES = np.random.default_rng(3).uniform(0.0, 1.0, (2 * CHUNK + 5, 4))


def test_the_currents_of_many_images_are_the_extremes_of_each_alone():
    two = network([[1.0, -0.7], [-0.8, 1.0], [0.6, -0.5], [-0.9, 0.8]], [[-0.6], [0.5]])
    alone = [net_currents(two, SAMPLES[index : index + 1]) for index in range(len(SAMPLES))]
    for number, together in enumerate(net_currents(two, SAMPLES)):
        assert together.lowest == pytest.approx(min(each[number].lowest for each in alone), rel=1e-12)
        assert together.highest == pytest.approx(max(each[number].highest for each in alone), rel=1e-12)
        assert together.lowest < 0.0 < together.highest


def test_memory_does_not_grow_with_the_images():
    peaks = []
    for pixels in (SAMPLES[:CHUNK], np.tile(SAMPLES[:CHUNK], (4, 1))):
        tracemalloc.start()
        net_currents(PULLED, pixels)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] > 300 * CHUNK * 4 * 8  # bytes of the spikes of the input alone
    assert peaks[1] < 1.2 * peaks[0]


def test_no_images_are_refused():
    with pytest.raises(InputError, match=r"^pairs, images=0: must be >= 1, to choose a bias for$"):
        net_currents(PULLED, np.empty((0, 4)))


def test_a_full_weight_is_a_third_of_a_microampere():
    assert full_weight(CARD, PARTS.memristor) == pytest.approx(200.4e-6 * 50e-3 * 10e3 / 300e3, rel=1e-3)


def test_a_card_that_bears_the_currents_is_left_as_it_is():
    current = NetCurrent(lowest=-2.0, highest=9.0)
    assert 2.0 * full_weight(CARD, PARTS.memristor) * ROOM < CARD.offset_current
    assert class_a(CARD, PARTS.memristor, [current, NetCurrent(lowest=0.0, highest=1.0)]) == (CARD, CARD)


def test_a_card_that_does_not_is_given_a_smaller_feedback():
    current = NetCurrent(lowest=-6.0, highest=2.0)
    (card,) = class_a(CARD, PARTS.memristor, [current])
    assert card == replace(CARD, feedback_resistance=card.feedback_resistance)
    assert 6.0 * full_weight(card, PARTS.memristor) * ROOM == pytest.approx(CARD.offset_current)


def test_no_layers_are_refused():
    with pytest.raises(InputError, match=r"^pairs, currents=\(\): must be one for each layer$"):
        class_a(CARD, PARTS.memristor, [])
