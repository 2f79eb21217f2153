"""A network with the weights of its arrays, and the circuits that compute it: one interface for membranes that are read and for layers that fire.

One layer that is read by its membranes is one deck an image; layers that fire are simulated one after the other (`firing`). Pairs on units with currents as
biases are put into class A, for the net currents of a sample of images (`pairs`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.card import CurrentBiasedCard, NeuronCard
from cosim.codesign.network.chip import Chip
from cosim.codesign.network.firing import FiringScores, SpikeAgreement, compare_spikes, infer_layers, last_membranes, network_spikes, on_chips
from cosim.codesign.network.inference import START, CircuitScores, Hardware, infer
from cosim.codesign.network.pairs import class_a, net_currents
from cosim.errors import InputError, reject
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork, scores
from cosim.snn.readout import membrane_traces
from cosim.sweep.lab import Lab

CHUNK = 64  # images whose membranes are computed at once


def fires(network: TrainedNetwork) -> bool:
    """Whether any layer of a network fires."""
    return any(each.threshold is not None for each in network.layers)


@dataclass(frozen=True, kw_only=True, eq=False)
class Realization:
    """What is compared.

    Attributes:
        network: with the weights that its arrays have.
        hardware: array and units of each layer.
    """

    network: TrainedNetwork
    hardware: tuple[Hardware, ...]

    @classmethod
    def of(cls, network: TrainedNetwork, chips: Sequence[Chip], common: Hardware, pixels: Array) -> "Realization":
        """The circuits of a network.

        Args:
            network: as it was trained.
            chips: its arrays.
            common: what all layers share: card, parts, conditions; its cells are not looked at.
            pixels: ``(images, inputs)`` that the bias of pairs is chosen for, and nothing else. Let them not depend on how many images will be run, such
                as the first 1,000 of a set: the hardware must be the same for one image as for all.

        Raises:
            InputError: positive weights or transistor mismatch with layers that fire.
        """
        if fires(network) and network.signs == "positive":
            allowed = "pairs for layers that fire: without a minus the lowest conductance lifts a membrane with each input, which its threshold does not know"
            raise reject(InputError, "check", "signs", "positive", allowed)
        real = on_chips(network, chips)
        if fires(real) and common.mismatch is not None and not common.mismatch.none:
            allowed = "0 for layers that fire: their thresholds lie 7 to 20 mV over the membrane at rest, and would have to be trimmed unit by unit"
            raise reject(InputError, "check", "mismatch", common.mismatch.a_vt, allowed)
        cards: Sequence[NeuronCard] = [common.card] * len(chips)
        if network.signs == "pairs" and isinstance(common.card, CurrentBiasedCard):
            cards = class_a(common.card, common.parts.memristor, net_currents(real, pixels))
        return cls(network=real, hardware=tuple(_wired(common, card, chip) for card, chip in zip(cards, chips, strict=True)))

    def scores(self, pixels: Array) -> Array:
        """``(images, outputs)`` of the network."""
        return scores(self.network, pixels)

    def run(self, pixels: Array, numbers: Sequence[int], lab: Lab) -> CircuitScores:
        """Of the circuit; `numbers` are those of the images."""
        times, duration = latency_times(pixels, self.network.encoding), self.network.duration + START
        if fires(self.network):
            return infer_layers(self.network, self.hardware, times, lab, duration=duration)
        return infer(self.hardware[0], times, lab, duration=duration, numbers=numbers)

    def membranes(self, pixels: Array, at: Array) -> Array:
        """Of the last layer of the network at times ``at (points,)`` [s]: ``(images, points, outputs)``."""
        if fires(self.network):
            return last_membranes(self.network, pixels, at)
        times, psp, weights = latency_times(pixels, self.network.encoding), self.network.psp, self.network.layers[0].weights
        parts = [membrane_traces(psp, times[start : start + CHUNK], weights, at) for start in range(0, len(times), CHUNK)]
        return np.concatenate(parts)

    def spikes(self, pixels: Array, ran: CircuitScores) -> tuple[SpikeAgreement, ...]:
        """How the spikes of each layer that fires stand to those of the network; images whose run failed are left out."""
        if not isinstance(ran, FiringScores):
            return ()
        done = np.flatnonzero(ran.done)
        expected = network_spikes(self.network, pixels[done])
        return tuple(compare_spikes(wanted, tuple(found[image] for image in done)) for wanted, found in zip(expected, ran.spikes, strict=True))


def _wired(common: Hardware, card: NeuronCard, chip: Chip) -> Hardware:
    return replace(common, card=card, cells=chip.plus.cells, minus=None if chip.minus is None else chip.minus.cells)
