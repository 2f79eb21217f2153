"""One layer of a network on its arrays: one for positive weights, two for pairs (2T2R), the weight being plus less minus."""

from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.codesign.network.mapping import READ_VOLTAGE, MappedLayer, MappingPlan, map_weights
from cosim.devices.memristor.card import MemristorCard
from cosim.snn.network import Layer, TrainedNetwork


@dataclass(frozen=True, kw_only=True, eq=False)
class Chip:
    """The arrays of one layer; `minus` is None for positive weights."""

    plus: MappedLayer
    minus: MappedLayer | None = None

    @property
    def weights(self) -> Array:
        """``(inputs, outputs)`` what the arrays multiply with, over the highest conductance; in pairs the pedestals cancel."""
        return self.plus.weights if self.minus is None else self.plus.weights - self.minus.weights

    @property
    def arrays(self) -> dict[str, MappedLayer]:
        """``plus``, and ``minus`` of pairs."""
        return {"plus": self.plus} if self.minus is None else {"plus": self.plus, "minus": self.minus}


def map_layer(layer: Layer, card: MemristorCard, plan: MappingPlan, rng: np.random.Generator, *, read_voltage: float = READ_VOLTAGE) -> Chip:
    """The arrays of a layer, each device with draws of its own; arguments as in `map_weights`."""
    plus = map_weights(layer.plus, card, plan, rng, read_voltage=read_voltage)
    minus = None if layer.minus is None else map_weights(layer.minus, card, plan, rng, read_voltage=read_voltage)
    return Chip(plus=plus, minus=minus)


def map_network(network: TrainedNetwork, card: MemristorCard, plan: MappingPlan, *, seed: int, read_voltage: float = READ_VOLTAGE) -> tuple[Chip, ...]:
    """The chips of all layers; an equal seed gives equal chips."""
    rng = np.random.default_rng(seed)
    later = replace(plan, rates=())  # rates are those of the input
    plans = (plan if index == 0 else later for index in range(len(network.layers)))
    return tuple(map_layer(each, card, one, rng, read_voltage=read_voltage) for each, one in zip(network.layers, plans, strict=True))
