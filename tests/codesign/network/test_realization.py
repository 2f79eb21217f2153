"""Circuits of networks: what has none is refused, and the hardware is that of the images that its bias is chosen for."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.circuits.corners import Mismatch
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.inference import Hardware
from cosim.codesign.network.mapping import MappingPlan, Window
from cosim.codesign.network.pairs import class_a, net_currents
from cosim.codesign.network.realization import Realization, fires
from cosim.errors import InputError
from cosim.snn.encoding import LatencyCard
from cosim.snn.network import Layer, TrainedNetwork

PARTS = Parts()
RNG = np.random.default_rng(0)
PIXELS = RNG.uniform(0.4, 1.0, (6, 12))


def layer(inputs: int, outputs: int, *, threshold: float | None = None) -> Layer:
    return Layer(plus=RNG.uniform(0.0, 0.3, (inputs, outputs)), minus=RNG.uniform(0.0, 1.0, (inputs, outputs)), threshold=threshold)


READ = TrainedNetwork(layers=(layer(12, 3),), encoding=LatencyCard(), dt=1e-3, duration=0.03, signs="pairs")
FIRING = replace(READ, layers=(layer(12, 4, threshold=0.4), layer(4, 3)), response="impulse")


def positive(network: TrainedNetwork) -> TrainedNetwork:
    return replace(network, layers=tuple(replace(each, minus=None) for each in network.layers), signs="positive")


def realized(network: TrainedNetwork, pixels: np.ndarray, *, variant: str = "robust_pairs", mismatch: Mismatch | None = None) -> Realization:
    chips = map_network(network, PARTS.memristor, MappingPlan(), seed=0)
    common = Hardware(card=load_neuron(variant), parts=PARTS, cells=chips[0].plus.cells, mismatch=mismatch)
    return Realization.of(network, chips, common, pixels)


@pytest.mark.parametrize("network", [FIRING, replace(FIRING, layers=FIRING.layers[:1], readout="spike_count")], ids=["hidden", "counted"])
def test_positive_layers_that_fire_are_refused(network: TrainedNetwork):
    allowed = "pairs for layers that fire: without a minus the lowest conductance lifts a membrane with each input, which its threshold does not know"
    with pytest.raises(InputError, match=rf"^check, signs=positive: must be {allowed}$"):
        realized(positive(network), PIXELS)
    assert fires(realized(network, PIXELS).network)


def test_the_lowest_conductance_is_some_percent_of_a_full_weight():
    window = Window.of(PARTS.memristor)
    assert window.low / window.high == pytest.approx(0.0285, abs=1e-4)


def test_positive_layers_that_are_read_stay():
    real = realized(positive(READ), PIXELS, variant="robust_array")
    assert real.hardware[0].card == load_neuron("robust_array")
    assert real.hardware[0].minus is None


def test_mismatch_of_layers_that_fire_is_refused():
    with pytest.raises(InputError, match=r"^check, mismatch=9e-09: must be 0 for layers that fire"):
        realized(FIRING, PIXELS, mismatch=Mismatch(a_vt=9e-9))


def test_the_bias_of_pairs_is_that_of_the_images_that_are_handed_in():
    real = realized(READ, PIXELS)
    asked = net_currents(real.network, PIXELS)
    assert [each.card for each in real.hardware] == list(class_a(load_neuron("robust_pairs"), PARTS.memristor, asked))
    dark, bright = (realized(READ, np.full((1, 12), level)).hardware[0].card.feedback_resistance for level in (0.2, 1.0))
    assert bright < 0.8 * dark
