"""Trained networks: layers of weights with everything that is needed to run them, and their inference in NumPy.

Weights are what a memristor can be: 0..1, or pairs of two such (2T2R), the weight being plus less minus. A network says by itself how its input is encoded,
which potential a spike gives and how its output is read, so that a circuit can be held against it.
Files: `cosim.snn.storage`. Training: `cosim.snn.training`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from cosim._types import Array
from cosim.errors import DataError, reject
from cosim.snn.encoding import LatencyCard, latency_times, raster
from cosim.snn.psp import DiscretePsp, Psp, continuous_psp
from cosim.snn.readout import membrane_maximum
from cosim.snn.stepping import LayerWaves, Reset, step_layer
from cosim.snn.timing import TimeConstants, Trapezoid

Readout = Literal["membrane_maximum", "spike_count"]
Signs = Literal["positive", "pairs"]
Response = Literal["trapezoid", "impulse"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One layer.

    Attributes:
        plus: ``(inputs, outputs)``, 0..1.
        minus: the other halves of the pairs, of the same shape; None for positive weights.
        taus: time constants of synapse and membrane.
        threshold: at which a neuron fires, in spikes of full weight; None for membranes that are only looked at.
        reset: of a membrane that has fired.
    """

    plus: Array
    minus: Array | None = None
    taus: TimeConstants = field(default_factory=TimeConstants)
    threshold: float | None = None
    reset: Reset = "zero"

    @property
    def weights(self) -> Array:
        """``(inputs, outputs)``, signed."""
        return self.plus if self.minus is None else self.plus - self.minus

    @property
    def devices(self) -> int:
        """Number of memristors."""
        return int(self.plus.size + (0 if self.minus is None else self.minus.size))


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedNetwork:
    """A network, ready to be run or mapped onto a circuit.

    Attributes:
        layers: from the input to the output.
        encoding: latency code of the input.
        dt: step of a spiking network, and of the potential if the response is "impulse" [s].
        duration: how long an image is looked at [s].
        readout: "membrane_maximum" or "spike_count"; the class is the output with the most of it, the first one of several.
        signs: "positive" weights, or "pairs".
        response: what a spike of the input is: "trapezoid" for the pulse of the circuit in continuous time (one layer only), "impulse" for one step.
        pulse: the trapezoid.
        seed: of the training; None if it is not known.
        accuracy: share of the test images that were right; None if it is not known.
        versions: of what it was trained with.
    """

    layers: tuple[Layer, ...]
    encoding: LatencyCard
    dt: float
    duration: float = 0.1
    readout: Readout = "membrane_maximum"
    signs: Signs = "positive"
    response: Response = "trapezoid"
    pulse: Trapezoid = field(default_factory=Trapezoid)
    seed: int | None = None
    accuracy: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_network(self)

    @property
    def shape(self) -> tuple[int, ...]:
        """Inputs, neurons of the hidden layers, outputs."""
        return (self.layers[0].plus.shape[0], *(each.plus.shape[1] for each in self.layers))

    @property
    def psp(self) -> Psp:
        """Potential that a spike of the input gives in the first layer."""
        taus = self.layers[0].taus
        return continuous_psp(taus, self.pulse) if self.response == "trapezoid" else DiscretePsp(taus, self.dt)


def check_network(network: TrainedNetwork, where: str = "network") -> None:
    """Refuse a network that cannot be run.

    Raises:
        DataError: in one line, what is wrong with which layer.
    """
    if not network.layers:
        raise DataError(f"{where}: must have at least one layer")
    for name, value, allowed in (("readout", network.readout, Readout), ("signs", network.signs, Signs), ("response", network.response, Response)):
        if value not in get_args(allowed):
            raise reject(DataError, where, name, value, " or ".join(get_args(allowed)))
    if not is_time(network.dt):
        raise reject(DataError, where, "dt", network.dt, "a step in seconds, > 0")
    if not is_time(network.duration) or network.duration < network.dt:
        raise reject(DataError, where, "duration", network.duration, f"a time in seconds, >= dt={network.dt:g} s")
    if network.duration < network.encoding.latest:
        raise reject(DataError, where, "duration", network.duration, f">= {network.encoding.latest:g} s, the latest spike of the input")
    for index, layer in enumerate(network.layers, start=1):
        _check_layer(layer, network.signs, f"{where}, layer {index}")
    for index, (before, after) in enumerate(pairwise(network.layers), start=2):
        if before.plus.shape[1] != after.plus.shape[0]:
            raise reject(DataError, f"{where}, layer {index}", "inputs", after.plus.shape[0], f"{before.plus.shape[1]}, the outputs of the layer before")
    _check_firing(network, where)


def is_time(value: object) -> bool:
    """Whether a value is a number of seconds above 0."""
    return isinstance(value, int | float) and 0 < value < np.inf


def _check_layer(layer: Layer, signs: Signs, where: str) -> None:
    """Shapes, values and signs of a layer."""
    for name, array in (("weights", layer.plus), ("minus", layer.minus)):
        if array is None:
            continue
        if not isinstance(array, np.ndarray) or array.ndim != 2 or not array.size:
            raise reject(DataError, where, f"{name} of shape", getattr(array, "shape", "?"), "(inputs, outputs)")
        if not np.isfinite(array).all():
            raise DataError(f"{where}, {name}: must be numbers, {int((~np.isfinite(array)).sum())} of {array.size} are not")
        if array.min() < 0:
            help_ = "; give negative weights as pairs" if layer.minus is None else ""
            raise reject(DataError, where, name, float(array.min()), f"within 0..1{help_}")
        if array.max() > 1:
            raise reject(DataError, where, name, float(array.max()), "within 0..1")
    if (layer.minus is not None) != (signs == "pairs"):
        raise DataError(f"{where}: signs are {signs}, so minus must {'be given' if signs == 'pairs' else 'not be given'}")
    if layer.minus is not None and layer.minus.shape != layer.plus.shape:
        raise reject(DataError, where, "minus of shape", layer.minus.shape, f"{layer.plus.shape}, as plus")
    if layer.threshold is not None and not 0 < layer.threshold < np.inf:
        raise reject(DataError, where, "threshold", float(layer.threshold), "> 0")
    if layer.reset not in get_args(Reset):
        raise reject(DataError, where, "reset", layer.reset, " or ".join(get_args(Reset)))


def _check_firing(network: TrainedNetwork, where: str) -> None:
    """Hidden layers fire; the last one fires if its spikes are counted."""
    for index, layer in enumerate(network.layers, start=1):
        fires = index < len(network.layers) or network.readout == "spike_count"
        if fires != (layer.threshold is not None):
            why = "its spikes are needed" if fires else "its membranes are only looked at"
            raise DataError(f"{where}, layer {index}: must have {'a' if fires else 'no'} threshold, since {why}")
    if network.response == "trapezoid" and (len(network.layers) > 1 or network.readout != "membrane_maximum"):
        raise DataError(f"{where}: response trapezoid is for one layer that is read by membrane_maximum; use impulse")


def scores(network: TrainedNetwork, pixels: Array) -> Array:
    """What the output is read by.

    Args:
        network: to be run.
        pixels: ``(images, inputs)``, 0..1.

    Returns:
        ``(images, outputs)``: maxima in spikes of full weight, or numbers of spikes.

    Raises:
        DataError: the images have another number of pixels than the network has inputs.
    """
    times = _times(network, pixels)
    if len(network.layers) == 1 and network.readout == "membrane_maximum":
        return membrane_maximum(network.psp, times, network.layers[0].weights, duration=network.duration).value
    last = _run(network, times)[-1]
    return np.asarray(last.membrane.max(axis=0) if network.readout == "membrane_maximum" else last.spikes.sum(axis=0))


def waves(network: TrainedNetwork, pixels: Array) -> tuple[LayerWaves, ...]:
    """Currents, membranes and spikes of every layer in steps of `dt`, input spikes being impulses; ``pixels (images, inputs)``, 0..1."""
    return _run(network, _times(network, pixels))


def predict(network: TrainedNetwork, pixels: Array) -> Array:
    """Classes ``(images,)`` of ``pixels (images, inputs)``."""
    return scores(network, pixels).argmax(axis=1)


def accuracy(network: TrainedNetwork, pixels: Array, labels: Array) -> float:
    """Share of the images ``(images, inputs)`` whose class is that of ``labels (images,)``."""
    return float((predict(network, pixels) == labels).mean())


def margins(values: Array) -> Array:
    """How far the highest of ``values (images, outputs)`` is above the second, relative to the highest: ``(images,)``; 0 where nothing is above 0."""
    second, first = np.moveaxis(np.sort(values, axis=1)[:, -2:], 1, 0)
    return np.where(first > 0, (first - second) / np.where(first > 0, first, 1.0), 0.0)


def _times(network: TrainedNetwork, pixels: Array) -> Array:
    if np.ndim(pixels) != 2 or np.shape(pixels)[1] != network.shape[0]:
        raise reject(DataError, "network", "pixels of shape", np.shape(pixels), f"(images, {network.shape[0]})")
    return latency_times(pixels, network.encoding)


def _run(network: TrainedNetwork, times: Array) -> tuple[LayerWaves, ...]:
    """All layers in steps."""
    drive, ran = raster(times, dt=network.dt, duration=network.duration), []
    for layer in network.layers:
        ran.append(step_layer(drive, layer.weights, layer.taus, dt=network.dt, threshold=layer.threshold, reset=layer.reset))
        drive = ran[-1].spikes
    return tuple(ran)
