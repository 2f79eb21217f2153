"""Training of networks, the same under the same seed.

One layer: softmax cross-entropy on the maxima of the membranes, in closed form (`cosim.snn.maximum`). Spiking layers: surrogate gradients of snnTorch through
every step (Neftci 2019). A perceptron of the same shape is what both are compared with. Weights start from the seed and are kept within 0..1 (or -1..1, split
into pairs) after each step; a scale of the logits is learned beside them and thrown away, since it moves no class.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from math import exp
from pathlib import Path

import numpy as np
import torch
from snntorch import surrogate

from cosim import __version__
from cosim._types import Array
from cosim.errors import DataError, reject
from cosim.snn.data import Examples
from cosim.snn.encoding import LatencyCard, latency_times, raster
from cosim.snn.fitting import Progress, deterministic, fit, noisy
from cosim.snn.layer import DoubleExponentialLeaky
from cosim.snn.maximum import MaximumReadout
from cosim.snn.network import Layer, Readout, Response, Signs, TrainedNetwork, accuracy, is_time
from cosim.snn.perceptron import Perceptron, perceptron_accuracy
from cosim.snn.plan import TrainingPlan
from cosim.snn.psp import DiscretePsp, Psp, continuous_psp
from cosim.snn.timing import TimeConstants, Trapezoid

Through = Callable[[torch.Tensor], torch.Tensor]  # weights (inputs, outputs) -> what takes their place in a batch, differentiable
LOGIT_SCALE = 0.5  # logarithm that the scale of the logits starts at
SPIKING_SCALE = -0.5  # the same of spiking layers
SURROGATE_SLOPE = 25.0  # of snnTorch's fast sigmoid; counted spikes of two layers reach 93..94 % on optdigits with it, 85..87 % with the arc tangent
HIGHEST_WEIGHT = 0.5  # of the first weights of one layer
LOWEST_THRESHOLD = 0.05  # in spikes of full weight
SOME_IMAGES = 512  # read at a time where a training begins from given weights
SCALES, HALVINGS = (-4.0, 8.0), 30  # logarithms between which the scale of its logits is looked for, and how often they are halved


@dataclass(frozen=True, kw_only=True)
class NetworkPlan:
    """What is trained: everything of a network but its weights.

    Attributes:
        hidden: neurons of each hidden layer; none for one layer.
        encoding, taus, pulse, dt, duration, readout, signs, response: as in `TrainedNetwork`; hidden layers and counted spikes need "impulse".
        threshold: that the firing layers start from, in spikes of full weight; it is learned, one for a layer.
    """

    hidden: tuple[int, ...] = ()
    encoding: LatencyCard = LatencyCard()  # noqa: RUF009 # frozen
    taus: TimeConstants = TimeConstants()  # noqa: RUF009
    pulse: Trapezoid = Trapezoid()  # noqa: RUF009
    dt: float = 1e-3
    duration: float = 0.1
    readout: Readout = "membrane_maximum"
    signs: Signs = "positive"
    response: Response = "trapezoid"
    threshold: float = 1.0

    def __post_init__(self) -> None:
        if not is_time(self.dt):
            raise reject(DataError, "network", "dt", self.dt, "a step in seconds, > 0")

    @property
    def psp(self) -> Psp:
        """Potential of a spike of the input."""
        return continuous_psp(self.taus, self.pulse) if self.response == "trapezoid" else DiscretePsp(self.taus, self.dt)


def train_network(
    train: Examples,
    test: Examples,
    network: NetworkPlan | None = None,
    plan: TrainingPlan | None = None,
    *,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> TrainedNetwork:
    """Train a network: one layer read by its maxima in closed form, any other one step by step.

    Args:
        train, test: images to train on and to state the accuracy for.
        network: what to train; one layer with positive weights if left out.
        plan: how to train.
        progress: called with the number of epochs done and to do.
        checkpoint: file that every epoch is kept in and that a training goes on from.

    Raises:
        Cancelled: Ctrl-C.
        DataError: the images do not fit each other, or the checkpoint belongs to another training.
    """
    network, plan = network or NetworkPlan(), plan or TrainingPlan()
    shape = _shape(train, test, network.hidden)
    closed = not network.hidden and network.readout == "membrane_maximum"
    model: _OneLayer | _Spiking = _OneLayer(network, plan, shape) if closed else _Spiking(network, plan, shape)
    model.check()
    fit(model, train, plan, what=f"{shape} {network}", progress=progress, checkpoint=checkpoint)
    trained = model.trained(plan.seed, None)
    return model.trained(plan.seed, accuracy(trained, test.pixels, test.labels))


def retrain(
    network: TrainedNetwork, images: Examples, plan: TrainingPlan, *, through: Through | None = None, progress: Progress | None = None
) -> TrainedNetwork:
    """Train one layer, read by its maxima, on from the weights that it has.

    Args:
        network: where the training starts; the scale of the logits, which a network does not keep, is fitted to its weights first.
        images: to train on.
        plan: how to train; its seed gives the order of the images and the noise on their pixels.
        through: what the weights are in each batch, in the place of themselves: what an array that holds them multiplies with.
        progress: called with the number of epochs done and to do.

    Returns:
        The network with other weights, its accuracy not known.

    Raises:
        Cancelled: Ctrl-C.
        DataError: a network of several layers or counted spikes, or images that do not fit it.
    """
    if len(network.layers) > 1 or network.readout != "membrane_maximum":
        raise reject(DataError, "training", "network", f"{len(network.layers)} layers, {network.readout}", "one layer that is read by membrane_maximum")
    inputs, outputs = network.shape
    if images.pixels.shape[1] != inputs or images.classes > outputs:
        given = f"{images.pixels.shape[1]} pixels, {images.classes} classes"
        raise reject(DataError, "training", "images", given, f"{inputs} pixels, at most {outputs} classes, as of the network")
    model = _OneLayer(_plan_of(network), plan, network.shape, through)
    model.start(network.layers[0].weights, images, plan)
    fit(model, images, plan, what="one layer", progress=progress)
    return model.trained(plan.seed, None)


def train_perceptron(
    train: Examples,
    test: Examples,
    plan: TrainingPlan | None = None,
    *,
    hidden: tuple[int, ...] = (),
    positive: bool = False,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> Perceptron:
    """Train a plain network on the pixels: softmax, rectified hidden layers, biases.

    Args:
        train, test, plan, progress, checkpoint: as in `train_network`.
        hidden: neurons of each hidden layer.
        positive: weights of 0..1 without biases, as a memristor without a pair holds them.
    """
    plan = plan or TrainingPlan()
    shape = _shape(train, test, hidden)
    model = _Rectified(plan, shape, positive)
    fit(model, train, plan, what=f"perceptron {shape} {positive}", progress=progress, checkpoint=checkpoint)
    trained = model.trained(plan.seed, None)
    return model.trained(plan.seed, perceptron_accuracy(trained, test.pixels, test.labels))


def _shape(train: Examples, test: Examples, hidden: Sequence[int]) -> tuple[int, ...]:
    if train.pixels.shape[1] != test.pixels.shape[1]:
        raise reject(DataError, "test images", "pixels", test.pixels.shape[1], f"{train.pixels.shape[1]}, as of the images to train on")
    if any(each < 1 for each in hidden):
        raise reject(DataError, "network", "hidden", tuple(hidden), "numbers of neurons, >= 1")
    return (train.pixels.shape[1], *hidden, max(train.classes, test.classes))


def _plan_of(network: TrainedNetwork) -> NetworkPlan:
    """What a network of one layer was trained from."""
    return NetworkPlan(
        encoding=network.encoding,
        taus=network.layers[0].taus,
        pulse=network.pulse,
        dt=network.dt,
        duration=network.duration,
        readout=network.readout,
        signs=network.signs,
        response=network.response,
    )


def _versions() -> dict[str, str]:
    return {"cosim": __version__, **{name: version(name) for name in ("numpy", "snntorch", "torch")}}


class _Latency:
    """What both kinds of networks share: weights, the scale of the logits, and their bounds."""

    def __init__(self, network: NetworkPlan, plan: TrainingPlan, shape: tuple[int, ...]) -> None:
        self.network, self.shape = network, shape
        self.low = 0.0 if network.signs == "positive" else -1.0
        generator = torch.Generator().manual_seed(plan.seed)
        self.weights = [
            torch.nn.Parameter(HIGHEST_WEIGHT * (torch.rand(size, generator=generator) if self.low == 0 else torch.rand(size, generator=generator) - 0.5))
            for size in pairwise(shape)
        ]
        self.scale = torch.nn.Parameter(torch.tensor(LOGIT_SCALE))
        self.parameters: list[torch.nn.Parameter] = [*self.weights, self.scale]

    def check(self) -> None:
        """Refuse a network that could not be run, before it is trained."""
        self.trained(0, None)

    def confine(self) -> None:
        for each in self.weights:
            each.clamp_(self.low, 1.0)

    def thresholds(self) -> list[float | None]:
        """Of each layer."""
        return [None] * len(self.weights)

    def trained(self, seed: int, reached: float | None) -> TrainedNetwork:
        """The network with the weights of now."""
        layers = []
        for each, threshold in zip(self.weights, self.thresholds(), strict=True):
            signed = each.detach().numpy().astype(float)
            minus = np.maximum(-signed, 0.0) if self.low < 0 else None
            layers.append(Layer(plus=np.maximum(signed, 0.0), minus=minus, taus=self.network.taus, threshold=threshold))
        plan = self.network
        return TrainedNetwork(
            layers=tuple(layers),
            encoding=plan.encoding,
            dt=plan.dt,
            duration=plan.duration,
            readout=plan.readout,
            signs=plan.signs,
            response=plan.response,
            pulse=plan.pulse,
            seed=seed,
            accuracy=reached,
            versions=_versions(),
        )


class _OneLayer(_Latency):
    """One layer, read by the maxima of its membranes."""

    def __init__(self, network: NetworkPlan, plan: TrainingPlan, shape: tuple[int, ...], through: Through | None = None) -> None:
        super().__init__(network, plan, shape)
        self.through = through

    def start(self, weights: Array, images: Examples, plan: TrainingPlan) -> None:
        """Begin from these weights, and from the scale of the logits with the least cross-entropy on the images of the first epoch."""
        self.weights[0].data.copy_(torch.as_tensor(weights))
        self.prepare(noisy(images, plan, 0))
        with deterministic(), torch.no_grad():
            parts = [torch.arange(first, min(first + SOME_IMAGES, len(images))) for first in range(0, len(images), SOME_IMAGES)]
            self.scale.fill_(_best_scale(torch.cat([self._read(some) for some in parts]), torch.as_tensor(images.labels)))

    def prepare(self, pixels: Array) -> None:
        self.readout = MaximumReadout(self.network.psp, latency_times(pixels, self.network.encoding), duration=self.network.duration)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        return self.scale.exp() * self._read(images)

    def _read(self, images: torch.Tensor) -> torch.Tensor:
        return self.readout(images, self.weights[0] if self.through is None else self.through(self.weights[0]))


def _best_scale(maxima: torch.Tensor, labels: torch.Tensor) -> float:
    """Logarithm of the factor on ``maxima (images, outputs)`` that gives the least cross-entropy: where its slope, which rises with the factor, is 0."""
    low, high = SCALES
    right = maxima.gather(1, labels[:, None])[:, 0]
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        slope = ((torch.softmax(exp(middle) * maxima, dim=1) * maxima).sum(dim=1) - right).mean()
        low, high = (low, middle) if slope > 0 else (middle, high)
    return 0.5 * (low + high)


class _Spiking(_Latency):
    """Layers in steps; hidden ones fire, the last one is read by maxima or spikes."""

    def __init__(self, network: NetworkPlan, plan: TrainingPlan, shape: tuple[int, ...]) -> None:
        super().__init__(network, plan, shape)
        self.scale.data.fill_(SPIKING_SCALE)
        counted = network.readout == "spike_count"
        self.neurons = [
            DoubleExponentialLeaky(
                network.taus,
                dt=network.dt,
                threshold=network.threshold,
                surrogate=surrogate.fast_sigmoid(slope=SURROGATE_SLOPE),
                reset="zero" if counted or index < len(shape) - 2 else "none",
                learn_threshold=counted or index < len(shape) - 2,
            )
            for index in range(len(shape) - 1)
        ]
        self.parameters = [*self.weights, self.scale, *(each.threshold for each in self.neurons if isinstance(each.threshold, torch.nn.Parameter))]

    def prepare(self, pixels: Array) -> None:
        self.times = latency_times(pixels, self.network.encoding)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        drive = torch.as_tensor(raster(self.times[images.numpy()], dt=self.network.dt, duration=self.network.duration), dtype=torch.float32)
        membranes = drive
        for weights, neurons in zip(self.weights, self.neurons, strict=True):
            drive, membranes = neurons.sequence(drive @ weights)
        read = membranes.amax(dim=0) if self.network.readout == "membrane_maximum" else drive.sum(dim=0)
        return self.scale.exp() * read

    def confine(self) -> None:
        super().confine()
        for each in self.neurons:
            each.threshold.clamp_(min=LOWEST_THRESHOLD)

    def thresholds(self) -> list[float | None]:
        return [float(each.threshold.detach()) if each.reset_mechanism != "none" else None for each in self.neurons]


class _Rectified:
    """The perceptron on pixels."""

    def __init__(self, plan: TrainingPlan, shape: tuple[int, ...], positive: bool) -> None:
        generator = torch.Generator().manual_seed(plan.seed)
        self.positive = positive
        sizes = list(pairwise(shape))
        self.weights = [torch.nn.Parameter((torch.rand(size, generator=generator) - (0.0 if positive else 0.5)) * 2 / size[0] ** 0.5) for size in sizes]
        self.biases = [torch.nn.Parameter(torch.zeros(size[1]), requires_grad=not positive) for size in sizes]
        self.scale = torch.nn.Parameter(torch.tensor(LOGIT_SCALE))
        self.parameters: list[torch.nn.Parameter] = [*self.weights, self.scale, *(() if positive else self.biases)]

    def prepare(self, pixels: Array) -> None:
        self.pixels = torch.as_tensor(pixels, dtype=torch.float32)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        value = self.pixels[images]
        for index, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            value = (torch.relu(value) if index else value) @ weights + bias
        return self.scale.exp() * value

    def confine(self) -> None:
        if self.positive:
            for each in self.weights:
                each.clamp_(0.0, 1.0)

    def trained(self, seed: int, reached: float | None) -> Perceptron:
        """The perceptron with the weights of now."""
        arrays = [tuple(each.detach().numpy().astype(float) for each in group) for group in (self.weights, self.biases)]
        return Perceptron(weights=arrays[0], biases=arrays[1], seed=seed, accuracy=reached)
