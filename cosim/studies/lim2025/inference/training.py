"""The networks of the study, one a seed, and a perceptron beside each: trained once, then remembered."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.datasets import available
from cosim.design import Design
from cosim.errors import AbsentError
from cosim.snn.data import Examples, examples, split
from cosim.snn.encoding import LatencyCard
from cosim.snn.network import Layer, TrainedNetwork
from cosim.snn.perceptron import Perceptron
from cosim.snn.plan import TrainingPlan
from cosim.snn.timing import TimeConstants
from cosim.sweep.lab import Lab

VERSION = 1  # of the trainings
SPLIT_SEED = 1  # of the test images; the same as of the commands
DT = 1e-3  # [s] step of layers that fire
HIDDEN, HIDDEN_MNIST = 21, 256  # neurons of the hidden layer, Lim 2025, section 3.4
MNIST_IMAGES, MNIST_TESTS, MNIST_EPOCHS = 4000, 1000, 4  # a part, since it is wanted for its sparsity and not for its accuracy


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What was trained, and the images.

    Attributes:
        networks: one layer of positive weights, seeds 0, 1, ...
        perceptrons: of the same shape and signs, on the pixels themselves.
        deep: networks with a hidden layer that fires, pairs of memristors, seed 0, each with its test images: 64-21-10 on the same images, and 784-256-10 on a
            part of MNIST where that is there.
        train, test: 80 % and 20 % of each digit.
    """

    networks: tuple[TrainedNetwork, ...]
    perceptrons: tuple[Perceptron, ...]
    deep: tuple[tuple[TrainedNetwork, Examples], ...]
    train: Examples
    test: Examples

    @property
    def network(self) -> TrainedNetwork:
        """That of seed 0, which is built."""
        return self.networks[0]


def time_constants(design: Design) -> TimeConstants:
    """Those of the unit of a design."""
    return TimeConstants(rise=design.neuron.tau_rise, fall=design.neuron.tau_fall, membrane=design.neuron.tau_mem)


def trained(design: Design, lab: Lab) -> Trained:
    """Train what a design asks for, or fetch it from the store.

    Raises:
        AbsentError: the set of images is not there, or torch and snntorch are not.
        DataError: the set is damaged.
        Cancelled: Ctrl-C; the trainings that were done are in the store.
    """
    train, test = split(examples(design.network.data), seed=SPLIT_SEED)
    seeds = range(design.network.seeds)
    return Trained(
        networks=tuple(_network(design, seed, (), train, test, lab) for seed in seeds),
        perceptrons=tuple(_perceptron(design, seed, train, test, lab) for seed in seeds),
        deep=tuple(_deep(design, train, test, lab)),
        train=train,
        test=test,
    )


def first(design: Design, lab: Lab, *, networks: int = 1) -> tuple[tuple[TrainedNetwork, ...], Examples, Examples]:
    """The networks of seeds 0, 1, ... alone, with the images that they were trained on and those that they were not; errors as of `trained`."""
    train, test = split(examples(design.network.data), seed=SPLIT_SEED)
    return tuple(_network(design, seed, (), train, test, lab) for seed in range(networks)), train, test


def _deep(design: Design, train: Examples, test: Examples, lab: Lab) -> Iterator[tuple[TrainedNetwork, Examples]]:
    """Networks with a hidden layer."""
    yield _network(design, 0, (HIDDEN,), train, test, lab), test
    if design.network.data == "optdigits" and available("mnist"):
        draw = np.random.default_rng(SPLIT_SEED)
        parts = (("train", MNIST_IMAGES), ("test", MNIST_TESTS))
        some, others = (_some(examples("mnist", part=name), number, draw) for name, number in parts)  # type: ignore[arg-type]
        yield _network(design, 0, (HIDDEN_MNIST,), some, others, lab, epochs=MNIST_EPOCHS), others


def _some(images: Examples, number: int, draw: np.random.Generator) -> Examples:
    return images.pick(draw.permutation(len(images))[:number])


def _network(design: Design, seed: int, hidden: tuple[int, ...], train: Examples, test: Examples, lab: Lab, *, epochs: int | None = None) -> TrainedNetwork:
    """One layer with positive weights, or two with pairs."""
    epochs = design.network.epochs if epochs is None else epochs
    taus, encoding, duration = time_constants(design), LatencyCard(), design.network.window

    def compute() -> dict[str, Array]:
        torch_is_there()
        from cosim.snn.training import NetworkPlan, train_network

        if hidden:
            wanted = NetworkPlan(hidden=hidden, signs="pairs", response="impulse", taus=taus, encoding=encoding, dt=DT, duration=duration)
        else:
            wanted = NetworkPlan(taus=taus, encoding=encoding, dt=DT, duration=duration)
        found = train_network(train, test, wanted, plan, progress=lab.progress)
        arrays: dict[str, Array] = {"accuracy": np.array(found.accuracy)}
        for index, layer in enumerate(found.layers):
            arrays[f"plus{index}"] = layer.plus
            if layer.minus is not None:
                arrays[f"minus{index}"] = layer.minus
            if layer.threshold is not None:
                arrays[f"threshold{index}"] = np.array(layer.threshold)
        return arrays

    plan = TrainingPlan(seed=seed, epochs=epochs)
    kind = ("pairs", "impulse") if hidden else ("positive", "trapezoid")
    key = [digest(train), digest(test), taus, encoding, duration, hidden, *kind, DT, plan]
    arrays = lab.remember(f"{__name__}.network", VERSION, key, compute)
    layers = [
        Layer(
            plus=arrays[f"plus{index}"],
            minus=arrays.get(f"minus{index}"),
            taus=taus,
            threshold=float(arrays[f"threshold{index}"]) if f"threshold{index}" in arrays else None,
        )
        for index in range(len(hidden) + 1)
    ]
    return TrainedNetwork(
        layers=tuple(layers),
        encoding=encoding,
        dt=DT,
        duration=duration,
        signs="pairs" if hidden else "positive",
        response="impulse" if hidden else "trapezoid",
        seed=seed,
        accuracy=float(arrays["accuracy"]),
    )


def _perceptron(design: Design, seed: int, train: Examples, test: Examples, lab: Lab) -> Perceptron:
    """One layer with positive weights and no biases."""
    plan = TrainingPlan(seed=seed, epochs=design.network.epochs)

    def compute() -> dict[str, Array]:
        torch_is_there()
        from cosim.snn.training import train_perceptron

        found = train_perceptron(train, test, plan, positive=True, progress=lab.progress)
        return {"weights": found.weights[0], "bias": found.biases[0], "accuracy": np.array(found.accuracy)}

    key = [digest(train), digest(test), plan]
    arrays = lab.remember(f"{__name__}.perceptron", VERSION, key, compute)
    return Perceptron(weights=(arrays["weights"],), biases=(arrays["bias"],), seed=seed, accuracy=float(arrays["accuracy"]))


def digest(images: Examples) -> str:
    """sha256 of the pixels and labels of a set."""
    return hashlib.sha256(images.pixels.tobytes() + images.labels.tobytes()).hexdigest()


def torch_is_there() -> None:
    """Refuse to train without the extra ``snn``.

    Raises:
        AbsentError: names the package.
    """
    from importlib.util import find_spec

    for name in ("torch", "snntorch"):
        if find_spec(name) is None:
            raise AbsentError(f"training: the Python package {name} is missing; pip install 'cosim[snn]'")
