"""A plain perceptron on pixels: what a spiking network of the same shape is compared with."""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Perceptron:
    """Layers of weights and biases, rectified in between.

    Attributes:
        weights: ``(inputs, outputs)`` of each layer.
        biases: ``(outputs,)`` of each layer.
        seed: of the training.
        accuracy: share of the test images that were right.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    seed: int | None = None
    accuracy: float | None = None


def perceptron_scores(perceptron: Perceptron, pixels: Array) -> Array:
    """``(images, outputs)`` before the softmax, of ``pixels (images, inputs)``."""
    value = np.asarray(pixels)
    for index, (weights, bias) in enumerate(zip(perceptron.weights, perceptron.biases, strict=True)):
        value = (np.maximum(value, 0.0) if index else value) @ weights + bias
    return value


def perceptron_probabilities(perceptron: Perceptron, pixels: Array) -> Array:
    """``(images, outputs)`` after the softmax."""
    values = perceptron_scores(perceptron, pixels)
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def perceptron_accuracy(perceptron: Perceptron, pixels: Array, labels: Array) -> float:
    """Share of the images whose class is that of ``labels (images,)``."""
    return float((perceptron_scores(perceptron, pixels).argmax(axis=1) == labels).mean())
