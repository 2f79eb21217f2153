"""A perceptron on the cells that the spiking network is mapped to: what a memristive network without time is compared with.

A pixel is a voltage on a row, a column's current the sum; it is read once, so that read noise is one sample of every cell for every image and is not averaged
over time (the case of Park 2022). Positive weights of 0..1 take one device each; signed ones a pair, scaled to the largest magnitude of their layer. Biases,
scales, the pedestal of the lowest conductance and the rectifiers stay digital and are exact; so are the converters.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.codesign.network.chip import Chip, map_layer
from cosim.codesign.network.grids import BITS, DEVIATIONS, ERRORS, Gains, Grid, NoiseGrid, chip_seed, grid_by, noise_grid_by, with_gain
from cosim.codesign.network.mapping import ErrorOf, MappingPlan
from cosim.devices.memristor.card import MemristorCard
from cosim.errors import DataError, InputError, reject
from cosim.snn.data import Examples
from cosim.snn.network import Layer
from cosim.snn.perceptron import Perceptron


@dataclass(frozen=True, kw_only=True, eq=False)
class MappedPerceptron:
    """A perceptron on arrays.

    Attributes:
        chips: the arrays of each layer.
        scales: weight that the whole window of each layer stands for, the gain of the plan taken out again.
        biases: ``(outputs,)`` of each layer.
    """

    chips: tuple[Chip, ...]
    scales: tuple[float, ...]
    biases: tuple[Array, ...]

    @property
    def devices(self) -> int:
        """Number of memristors."""
        return sum(each.conductance.size for chip in self.chips for each in chip.arrays.values())


def map_perceptron(perceptron: Perceptron, memristor: MemristorCard, plan: MappingPlan, *, seed: int) -> MappedPerceptron:
    """The arrays of a perceptron; an equal seed gives equal chips.

    Raises:
        DataError: a weight is no number, or a positive one is above 1.
    """
    rng = np.random.default_rng(seed)
    chips, scales = [], []
    for index, weights in enumerate(perceptron.weights, start=1):
        scale = _scale(weights, f"perceptron, layer {index}")
        minus = np.maximum(-weights, 0.0) / scale if np.min(weights) < 0 else None
        chips.append(map_layer(Layer(plus=np.maximum(weights, 0.0) / scale, minus=minus), memristor, plan, rng))
        scales.append(scale / plan.gain)
    return MappedPerceptron(chips=tuple(chips), scales=tuple(scales), biases=perceptron.biases)


def _scale(weights: Array, where: str) -> float:
    """1 for positive weights, the largest magnitude of signed ones."""
    if not np.isfinite(weights).all():
        raise DataError(f"{where}, weights: must be numbers, {int((~np.isfinite(weights)).sum())} of {weights.size} are not")
    if np.min(weights) < 0:
        return float(np.max(np.abs(weights)))
    if np.max(weights) > 1:
        raise reject(DataError, where, "weights", float(np.max(weights)), "within 0..1, or signed")
    return 1.0


def mapped_scores(mapped: MappedPerceptron, pixels: Array, *, noise: float = 0.0, rng: np.random.Generator | None = None) -> Array:
    """What the arrays give.

    Args:
        mapped: perceptron on its arrays.
        pixels: ``(images, inputs)``.
        noise: relative standard deviation of the current of every cell, independent for every image and layer.
        rng: source of the noise.

    Returns:
        ``(images, outputs)`` in the units of the perceptron.

    Raises:
        InputError: a negative noise, or noise without a source.
    """
    if not noise >= 0 or (noise and rng is None):
        raise reject(InputError, "perceptron", "noise", noise, ">= 0, with an rng where it is above 0")
    value = np.asarray(pixels, dtype=float)
    for index, (chip, scale, bias) in enumerate(zip(mapped.chips, mapped.scales, mapped.biases, strict=True)):
        value = np.maximum(value, 0.0) if index else value
        window = chip.plus.window
        current = value @ chip.plus.conductance
        current -= value.sum(axis=1, keepdims=True) * window.low if chip.minus is None else value @ chip.minus.conductance
        if noise and rng is not None:
            # a sum of independent Gaussian samples of all cells is one Gaussian: exact, and no array of (images, inputs, outputs)
            variance = value**2 @ sum(each.conductance**2 for each in chip.arrays.values())
            current += noise * np.sqrt(variance) * rng.standard_normal(current.shape)
        value = scale * current / (window.high - window.low) + bias
    return value


def perceptron_accuracy_on_chip(
    perceptron: Perceptron, test: Examples, memristor: MemristorCard, plan: MappingPlan, *, noise: float = 0.0, seed: int = 0
) -> float:
    """Share of the images that one chip puts into the right class; `noise` as in `mapped_scores`."""
    mapped = map_perceptron(perceptron, memristor, plan, seed=seed)
    scores = mapped_scores(mapped, test.pixels, noise=noise, rng=np.random.default_rng([seed, 1]))
    return float(np.mean(scores.argmax(axis=1) == test.labels))


def perceptron_tuning_grid(
    perceptrons: Sequence[Perceptron],
    test: Examples,
    memristor: MemristorCard,
    *,
    bits: Sequence[int] = BITS,
    errors: Sequence[float] = ERRORS,
    error_of: ErrorOf = "target",
    draws: int = 5,
    seed: int = 0,
    errors_measured: tuple[float, ...] = (),
    gains: Gains | None = None,
    rates: tuple[float, ...] = (),
) -> Grid:
    """Accuracy of chips over bits and tuning error; arguments as in `tuning_grid` of the network."""

    def evaluate(index: int, plan: MappingPlan, drawn: int) -> float:
        return perceptron_accuracy_on_chip(perceptrons[index], test, memristor, with_gain(plan, gains, index, rates), seed=drawn)

    return grid_by(evaluate, networks=len(perceptrons), bits=bits, errors=errors, error_of=error_of, draws=draws, seed=seed, errors_measured=errors_measured)


def perceptron_noise_grid(
    perceptrons: Sequence[Perceptron],
    test: Examples,
    memristor: MemristorCard,
    *,
    bits: Sequence[int] = BITS,
    deviations: Sequence[float] = DEVIATIONS,
    tuning_error: float = 0.03,
    error_of: ErrorOf = "target",
    draws: int = 5,
    seed: int = 0,
    gains: Gains | None = None,
    rates: tuple[float, ...] = (),
) -> NoiseGrid:
    """Accuracy of chips over bits and read noise, a sample of every cell for every image; arguments as in `noise_grid` of the network."""

    def evaluate(index: int, draw: int, each: int, deviation: float) -> float:
        plan = with_gain(MappingPlan(bits=each, tuning_error=tuning_error, error_of=error_of), gains, index, rates)
        return perceptron_accuracy_on_chip(perceptrons[index], test, memristor, plan, noise=deviation, seed=chip_seed(seed, index, draw))

    return noise_grid_by(
        evaluate,
        networks=len(perceptrons),
        bits=bits,
        deviations=deviations,
        tuning_error=tuning_error,
        error_of=error_of,
        correlation_time=0.0,
        draws=draws,
    )
