"""The gain of a mapping: weights are multiplied by it and cut off at 1 before they are rounded to levels.

Trained weights are mostly small: with few levels most of them would fall on the lowest two. Since all columns have the same gain, it moves no class by itself.
The best one is looked for on images that the network was trained on, so that no test image decides. `firing_rates` of them let rounding keep the
mean of each column.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cosim._types import Array
from cosim.codesign.network.ann import map_perceptron, mapped_scores
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.grids import FastMembranes
from cosim.codesign.network.mapping import MappingPlan, without_errors
from cosim.devices.memristor.card import MemristorCard
from cosim.snn.data import Examples
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork
from cosim.snn.perceptron import Perceptron

GAINS = np.geomspace(0.7, 4.0, 25)  # that are tried


def firing_rates(network: TrainedNetwork, images: Examples) -> tuple[float, ...]:
    """Share of the images in which each input of a network fires: `MappingPlan.rates`."""
    return tuple(np.isfinite(latency_times(images.pixels, network.encoding)).mean(axis=0).tolist())


def best_gain(network: TrainedNetwork, memristor: MemristorCard, plan: MappingPlan, images: Examples) -> float:
    """The gain with the highest accuracy on images, for the levels of a plan without its errors; 1 where there are no levels.

    Args:
        network: one layer, read by its membranes.
        memristor: whose window the weights are mapped to.
        plan: of the mapping.
        images: that the network was trained on.

    Raises:
        InputError: a network of several layers.
    """
    ready = FastMembranes.of(network, latency_times(images.pixels, network.encoding))

    def accuracy(tried: MappingPlan) -> float:
        (chip,) = map_network(network, memristor, tried, seed=0)
        return ready.accuracy(chip.weights, images.labels)

    return _best(accuracy, plan)


def best_perceptron_gain(perceptron: Perceptron, memristor: MemristorCard, plan: MappingPlan, images: Examples) -> float:
    """The same for a perceptron on the pixels."""

    def accuracy(tried: MappingPlan) -> float:
        scores = mapped_scores(map_perceptron(perceptron, memristor, tried, seed=0), images.pixels)
        return float(np.mean(scores.argmax(axis=1) == images.labels))

    return _best(accuracy, plan)


def _best(accuracy: Callable[[MappingPlan], float], plan: MappingPlan) -> float:
    """Of several gains that are equally good, the one nearest to 1."""
    if not plan.bits and not plan.levels:
        return 1.0
    exact = without_errors(plan)
    found: Array = np.array([accuracy(replace(exact, gain=float(gain))) for gain in GAINS])
    best = GAINS[found >= found.max() - 1e-12]
    return float(best[np.argmin(np.abs(np.log(best)))])
