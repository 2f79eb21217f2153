"""Pairs of columns (2T2R) in class A: a bias above every net current that pulls down.

MN3 and the synapse behind it pull current one way. The net current of a pair is that of plus less that of minus, and falls below zero while inputs with
negative weights fire; what is below zero is lost, and the output comes out higher than its model. The offset current of a card with current biases is pulled
at the source of MN3, so that the net current swings around it: all of it is linear as long as the offset is the larger of the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.card import CurrentBiasedCard
from cosim.codesign.neuron.firing import PULSE
from cosim.devices.memristor.card import MemristorCard
from cosim.devices.memristor.static import conductance_range
from cosim.errors import InputError, reject
from cosim.snn.encoding import latency_times, raster
from cosim.snn.network import Layer, TrainedNetwork, waves

STEP = 0.1e-3  # [s] on which the net current is looked at: an edge of a spike
ROOM = 1.1  # offset over the most negative net current
CHUNK = 32  # images at once: 784 inputs take 200 MB


@dataclass(frozen=True, kw_only=True)
class NetCurrent:
    """Lowest and highest net current of any pair of columns behind the pole of the rise, in those of a full weight."""

    lowest: float
    highest: float


def net_currents(network: TrainedNetwork, pixels: Array) -> tuple[NetCurrent, ...]:
    """What images ask of each layer: the extremes over all of them.

    Args:
        network: with the weights of its arrays, `on_chips`.
        pixels: ``(images, inputs)``, 0..1: a sample of what the hardware will meet, which its bias is chosen for. Hand in the same ones whichever are run
            later, or the hardware depends on them.

    Raises:
        InputError: no images.
    """
    if not len(pixels):
        raise reject(InputError, "pairs", "images", 0, ">= 1, to choose a bias for")
    parts = [_asked(network, pixels[start : start + CHUNK]) for start in range(0, len(pixels), CHUNK)]
    return tuple(NetCurrent(lowest=min(each.lowest for each in layer), highest=max(each.highest for each in layer)) for layer in zip(*parts, strict=True))


def _asked(network: TrainedNetwork, pixels: Array) -> list[NetCurrent]:
    """By a few images, of each layer."""
    times = latency_times(pixels, network.encoding)
    span = network.duration + sum(PULSE)
    found = [_range(raster(times, dt=STEP, duration=span), network.layers[0])]
    if len(network.layers) > 1:
        for before, layer in zip(waves(network, pixels), network.layers[1:], strict=False):
            places = np.rint(np.arange(len(before.spikes)) * network.dt / STEP).astype(int)
            drive = np.zeros((places[-1] + round(sum(PULSE) / STEP) + 1, *before.spikes.shape[1:]))
            np.add.at(drive, places, before.spikes)
            found.append(_range(drive, layer))
    return found


def _range(drive: Array, layer: Layer) -> NetCurrent:
    """Of spikes ``(points, images, inputs)``."""
    from scipy.signal import lfilter

    pulse = np.interp((np.arange(round(sum(PULSE) / STEP)) + 0.5) * STEP, np.cumsum((0.0, *PULSE)), (0.0, 1.0, 1.0, 0.0))
    net = lfilter(pulse, [1.0], drive @ layer.weights, axis=0)
    if layer.taus.rise:
        kept = float(np.exp(-STEP / layer.taus.rise))
        net = lfilter([1.0 - kept], [1.0, -kept], net, axis=0)
    return NetCurrent(lowest=float(net.min()), highest=float(net.max()))


def full_weight(card: CurrentBiasedCard, memristor: MemristorCard) -> float:
    """Current through MN3 for a full weight [A]."""
    conductance = conductance_range(memristor, voltage=card.read_voltage)[1]
    return conductance * card.read_voltage * card.feedback_resistance * card.inverter_resistance / (card.input_resistance * card.source_resistance)


def class_a(card: CurrentBiasedCard, memristor: MemristorCard, currents: Sequence[NetCurrent]) -> tuple[CurrentBiasedCard, ...]:
    """A card for each layer: a smaller feedback of the transimpedance amplifiers where the offset current is not `ROOM` times the most negative net current.

    Args:
        card: to begin with, as ``robust_pairs``; what it bears is left as it is.
        memristor: of the cells.
        currents: of each layer, by `net_currents`.

    Raises:
        InputError: no currents.
    """
    if not currents:
        raise reject(InputError, "pairs", "currents", "()", "one for each layer")
    most = card.offset_current / (ROOM * full_weight(card, memristor))  # full weights that may pull down at once
    return tuple(replace(card, feedback_resistance=card.feedback_resistance * min(1.0, most / -each.lowest if each.lowest < 0 else 1.0)) for each in currents)
