"""Sparsity of spikes: how many neurons fire for an image, where every neuron of a network without time is busy (Lim 2025, Fig. 9D)."""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.datasets import Part, load
from cosim.errors import InputError, reject
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.network import TrainedNetwork, waves

CHUNK = 2000  # images at a time
STEPPED = 128  # images at a time that are run in steps


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Of the neurons of one layer that fires, over images.

    Attributes:
        firing: share of the neurons that fire at least once for an image.
        spikes: of a neuron for an image.
        steps: share of the neurons that fire in a step.
    """

    firing: float
    spikes: float
    steps: float


def input_sparsity(name: str, *, part: Part = "all", card: LatencyCard | None = None) -> float:
    """Share of the inputs that fire, over all images of a set.

    Args:
        name: of the set, as in `cosim.snn.data.examples`.
        part: of the set.
        card: of the latency code.

    Raises:
        DataError: the set was not fetched.
    """
    images, card = load(name, part=part), card or LatencyCard()
    fired = 0
    for start in range(0, len(images), CHUNK):
        pixels = images.images[start : start + CHUNK] / np.float64(images.top)
        fired += int(np.isfinite(latency_times(pixels, card)).sum())
    return fired / images.images.size


def hidden_sparsity(network: TrainedNetwork, pixels: Array) -> tuple[Activity, ...]:
    """Activity of each hidden layer.

    Args:
        network: with layers that fire.
        pixels: ``(images, inputs)``, 0..1.

    Raises:
        InputError: no hidden layer, or no image.
    """
    hidden = len(network.layers) - 1
    if not hidden or not len(pixels):
        raise reject(InputError, "hidden sparsity", "layers, images", f"{len(network.layers)}, {len(pixels)}", ">= 2 and >= 1")
    firing, spikes, steps = np.zeros(hidden), np.zeros(hidden), 0
    for start in range(0, len(pixels), STEPPED):
        ran = waves(network, pixels[start : start + STEPPED])
        steps = len(ran[0].spikes)
        for index in range(hidden):
            counts = ran[index].spikes.sum(axis=0)
            firing[index] += float((counts > 0).sum())
            spikes[index] += float(counts.sum())
    neurons = len(pixels) * np.array(network.shape[1:-1])
    return tuple(
        Activity(firing=float(one), spikes=float(all_), steps=float(all_) / steps) for one, all_ in zip(firing / neurons, spikes / neurons, strict=True)
    )
