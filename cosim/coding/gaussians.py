"""One device a sample, smooth: encoder and decoder are sums of Gaussians with learned weights.

Source: the parametrization of Zarcone 2020 (Sci. Rep. 10, 6831), trained in two ways. `design_gaussians` follows the gradient of the exact expectation over the
channel matrix; `design_on_surrogate` is the paper's way, Adam on samples through a channel that is Gaussian at each input. Both gradients are written out here.
Between two inputs the law of the reads is interpolated linearly, and an input out of range costs a penalty.
Not here: the best encoder without the demand that it be smooth (`scalar`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.channel import check_matrix
from cosim.coding.score import Score, score
from cosim.coding.sources import Source
from cosim.errors import InputError, reject
from cosim.params import check_params, param

REACH, POINTS = 4.5, 901  # source values that the exact expectation runs over, in deviations
STRETCH = 2.2  # deviations of the source that the training starts with over the range of reads
UNREACHED = 1e-14  # bins that are less probable are decoded as the mean of the source


@dataclass(frozen=True, kw_only=True)
class Training:
    """How the weights are learned."""

    kernels: int = param("Gaussians in the encoder, and in the decoder", "1", least=4, default=100)
    spread: float = param("width of a Gaussian over the distance to the next", "1", above=0.0, default=0.75)
    span: float = param("outermost Gaussian of the encoder, in deviations of the source", "1", above=0.0, default=4.5)
    penalty: float = param("of an input that is out by the whole range, in variances of the source", "1", least=0.0, default=2.5)
    steps: int = param("of Adam", "1", least=1, default=3000)
    rate: float = param("first step of Adam, in ranges of the inputs and deviations of the source; it falls to zero as a cosine", "1", above=0.0, default=0.02)
    batch: int = param("samples in a step on the surrogate", "1", least=1, default=1000)

    def __post_init__(self) -> None:
        check_params(self)


@dataclass(frozen=True, kw_only=True, eq=False)
class SumOfGaussians:
    """A smooth function: equal Gaussians at equal distances, each with a weight; where all weights are equal, that is its value between the outermost ones.

    Attributes:
        centers: ``(kernels,)`` at equal distances.
        width: deviation of each Gaussian.
        weights: ``(kernels,)``.
        offset: added to the sum.
    """

    centers: Array
    width: float
    weights: Array
    offset: float = 0.0

    def __call__(self, argument: Array) -> Array:
        """``(...)`` the function at ``(...)``."""
        return self.offset + _basis(argument, self.centers, self.width) @ self.weights


@dataclass(frozen=True, kw_only=True, eq=False)
class GaussiansCode:
    """A smooth code and what it does on the channel that it is scored on.

    Attributes:
        encoder: from a sample to an input, which `encode` keeps in range.
        decoder: from a read to a sample.
        inputs, outputs: ``(levels,)`` inputs of the channel, rising, and ``(bins,)`` value of the read in each bin.
        distortion, snr: mean squared error, and the variance of the source over it [dB].
        best_decoder_snr: with the mean of the source in each bin instead of `decoder` [dB].
        distribution: ``(levels,)`` how often each input is written, one between two counted in part to either.
    """

    encoder: SumOfGaussians
    decoder: SumOfGaussians
    inputs: Array
    outputs: Array
    distortion: float
    snr: float
    best_decoder_snr: float
    distribution: Array

    def encode(self, samples: Array) -> Array:
        """``(...)`` inputs to be written."""
        return np.clip(self.encoder(samples), self.inputs[0], self.inputs[-1])

    def decode(self, reads: Array) -> Array:
        """``(...)`` samples from reads; one outside of `outputs` is decoded as the nearest of them."""
        return self.decoder(np.clip(reads, self.outputs.min(), self.outputs.max()))

    def evaluate(self, matrix: Array, source: Source) -> Score:
        """The score of this code, unchanged, on another channel ``(levels, bins)`` with the same inputs and bins, or another source."""
        masses, moments = _written(self.encoder, self.inputs, source)
        return score(matrix, masses, moments, self.decode(self.outputs), source)


def design_gaussians(
    matrix: Array, source: Source, *, inputs: Array, outputs: Array, training: Training | None = None, start: GaussiansCode | None = None
) -> GaussiansCode:
    """A smooth code trained on the exact expectation of the squared error.

    Args:
        matrix: ``(levels, bins)`` probabilities of the reads.
        source: what is to be stored.
        inputs: ``(levels,)`` rising.
        outputs: ``(bins,)`` value of the read in each bin.
        training: how; None for the defaults.
        start: a code for the same source, inputs, outputs and kernels to begin with; None for one that is linear in the mean read.

    Raises:
        InputError: arrays of other shapes, inputs that do not rise, a start with other kernels.
    """
    matrix, inputs, outputs = _checked(matrix, inputs, outputs)
    training = training or Training()
    model = _Model.of(source, inputs, outputs, training)
    first = model.start(matrix) if start is None else model.weights(start, source)
    weights = _adam(lambda weights: model.gradient(matrix, weights), first, training)
    return model.code(matrix, weights, source)


def design_on_surrogate(
    matrix: Array, source: Source, *, inputs: Array, outputs: Array, means: Array, deviations: Array, rng: np.random.Generator, training: Training | None = None
) -> GaussiansCode:
    """A smooth code trained on samples through a channel that is Gaussian at each input, scored on the channel of the matrix.

    Args:
        matrix: ``(levels, bins)`` to start from, and to score on.
        source: what is to be stored.
        inputs: ``(levels,)`` rising.
        outputs: ``(bins,)`` value of the read in each bin.
        means, deviations: ``(levels,)`` of the reads.
        rng: draws samples and noise.
        training: how; None for the defaults.

    Raises:
        InputError: arrays of other shapes, inputs that do not rise.
    """
    matrix, inputs, outputs = _checked(matrix, inputs, outputs)
    if np.shape(means) != inputs.shape or np.shape(deviations) != inputs.shape:
        raise reject(InputError, "sum of Gaussians", "means and deviations", (np.shape(means), np.shape(deviations)), f"{len(inputs)} of each")
    training = training or Training()
    model = _Model.of(source, inputs, outputs, training)

    def gradient(weights: Array) -> Array:
        samples = (source.sample(training.batch, rng=rng) - source.mean) / math.sqrt(source.variance)
        return model.sampled_gradient(weights, samples, rng.standard_normal(training.batch), means, deviations)

    return model.code(matrix, _adam(gradient, model.start(matrix), training), source)


def _checked(matrix: Array, inputs: Array, outputs: Array) -> tuple[Array, Array, Array]:
    where = "sum of Gaussians"
    check_matrix(matrix, where=where)
    matrix, inputs, outputs = (np.asarray(each, dtype=float) for each in (matrix, inputs, outputs))
    if inputs.shape != matrix.shape[:1] or outputs.shape != matrix.shape[1:]:
        raise reject(InputError, where, "shapes of inputs and outputs", (inputs.shape, outputs.shape), f"those of the matrix, {matrix.shape}")
    if np.any(np.diff(inputs) <= 0.0):
        raise InputError(f"{where}, inputs: must rise")
    return matrix, inputs, outputs


@dataclass(frozen=True, kw_only=True, eq=False)
class _Model:
    """What a training does not change: samples in deviations from the mean, inputs as parts of their range."""

    inputs: Array
    outputs: Array
    parts: Array
    samples: Array
    shares: Array
    centers: tuple[Array, Array]
    widths: tuple[float, float]
    bases: tuple[Array, Array]
    penalty: float

    @classmethod
    def of(cls, source: Source, inputs: Array, outputs: Array, training: Training) -> "_Model":
        samples, shares = _points(source)
        centers = np.linspace(-training.span, training.span, training.kernels), np.linspace(outputs.min(), outputs.max(), training.kernels)
        widths = training.spread * (centers[0][1] - centers[0][0]), training.spread * (centers[1][1] - centers[1][0])
        bases = _basis(samples, centers[0], widths[0]), _basis(outputs, centers[1], widths[1])
        parts = (inputs - inputs[0]) / (inputs[-1] - inputs[0])
        return cls(
            inputs=inputs,
            outputs=outputs,
            parts=parts,
            samples=samples,
            shares=shares,
            centers=centers,
            widths=widths,
            bases=bases,
            penalty=training.penalty,
        )

    def start(self, matrix: Array) -> Array:
        """``(2, kernels)`` weights: the mean read is linear in the sample, on the stretch of inputs where it rises or falls farthest, and decoded so."""
        means = matrix @ self.outputs
        first, last = _longest_stretch(means)
        stretch = np.argsort(means[first : last + 1]) + first
        low, high = means[stretch[0]], means[stretch[-1]]
        wanted = np.interp(self.centers[0], [-STRETCH, STRETCH], [low, high])
        decoded = np.clip((self.centers[1] - low) / (high - low), 0.0, 1.0) * 2.0 * STRETCH - STRETCH
        return np.stack([np.interp(wanted, means[stretch], self.parts[stretch]), decoded])

    def weights(self, code: GaussiansCode, source: Source) -> Array:
        """``(2, kernels)`` weights of a code."""
        kernels = (len(code.encoder.centers), len(code.decoder.centers))
        if kernels != (len(self.centers[0]),) * 2:
            raise reject(InputError, "sum of Gaussians", "kernels of the start", kernels, f"{len(self.centers[0])} of each")
        return np.stack([code.encoder.weights / (self.inputs[-1] - self.inputs[0]), code.decoder.weights / math.sqrt(source.variance)])

    def gradient(self, matrix: Array, weights: Array) -> Array:
        """``(2, kernels)`` of the expected squared error with its penalty."""
        decoded = self.bases[1] @ weights[1]
        line, square = matrix @ decoded, matrix @ decoded**2
        part = self.bases[0] @ weights[0]
        below, fraction, inside = _between(part, self.parts)
        rise = np.diff(self.parts)[below]
        slope = (np.diff(square)[below] - 2.0 * self.samples * np.diff(line)[below]) / rise
        by_part = self.shares * (np.where(inside, slope, 0.0) + self.penalty * np.sign(part) * ~inside)
        masses, moments = _spread_over(below, fraction, self.shares, self.samples, levels=len(self.parts))
        by_decoded = 2.0 * decoded * (masses @ matrix) - 2.0 * (moments @ matrix)
        return np.stack([by_part @ self.bases[0], by_decoded @ self.bases[1]])

    def sampled_gradient(self, weights: Array, samples: Array, noise: Array, means: Array, deviations: Array) -> Array:
        """``(2, kernels)`` of the mean squared error with its penalty, for reads ``mean + deviation * noise``."""
        written = _basis(samples, self.centers[0], self.widths[0])
        part = written @ weights[0]
        below, fraction, inside = _between(part, self.parts)
        mean_rise, deviation_rise = np.diff(means)[below], np.diff(deviations)[below]
        read = means[below] + fraction * mean_rise + (deviations[below] + fraction * deviation_rise) * noise
        kept = np.clip(read, self.outputs.min(), self.outputs.max())
        decoding = _basis(kept, self.centers[1], self.widths[1])
        error = decoding @ weights[1] - samples
        by_read = (decoding * (self.centers[1] - kept[:, None])) @ weights[1] / self.widths[1] ** 2 * (read == kept)
        by_part = 2.0 * error * by_read * (mean_rise + deviation_rise * noise) / np.diff(self.parts)[below]
        by_part = np.where(inside, by_part, self.penalty * np.sign(part))
        return np.stack([by_part @ written, 2.0 * error @ decoding]) / len(samples)

    def code(self, matrix: Array, weights: Array, source: Source) -> GaussiansCode:
        """The code of these weights, in the units of source and inputs."""
        deviation, reach = math.sqrt(source.variance), self.inputs[-1] - self.inputs[0]
        centers, width = source.mean + deviation * self.centers[0], deviation * self.widths[0]
        encoder = SumOfGaussians(centers=centers, width=width, weights=reach * weights[0], offset=float(self.inputs[0]))
        decoder = SumOfGaussians(centers=self.centers[1], width=self.widths[1], weights=deviation * weights[1], offset=source.mean)
        masses, moments = _written(encoder, self.inputs, source)
        reached = score(matrix, masses, moments, decoder(self.outputs), source)
        reads = masses @ matrix
        best = np.where(reads > UNREACHED, (moments @ matrix) / np.maximum(reads, UNREACHED), 0.0)
        return GaussiansCode(
            encoder=encoder,
            decoder=decoder,
            inputs=self.inputs,
            outputs=self.outputs,
            distortion=reached.distortion,
            snr=reached.snr,
            best_decoder_snr=score(matrix, masses, moments, best + source.mean, source).snr,
            distribution=masses,
        )


def _adam(gradient: Callable[[Array], Array], weights: Array, training: Training) -> Array:
    """Weights after the steps of Adam, the rate falling as a cosine to zero."""
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(training.steps):
        slope = gradient(weights)
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        unbiased = first / (1.0 - 0.9 ** (step + 1)), second / (1.0 - 0.999 ** (step + 1))
        rate = training.rate * 0.5 * (1.0 + math.cos(math.pi * step / training.steps))
        weights = weights - rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
    return weights


def _basis(argument: Array, centers: Array, width: float) -> Array:
    """``(..., kernels)`` Gaussians that sum to one between the outermost centers."""
    height = (centers[1] - centers[0]) / (math.sqrt(2.0 * math.pi) * width)
    return height * np.exp(-0.5 * ((np.asarray(argument)[..., None] - centers) / width) ** 2)


def _points(source: Source) -> tuple[Array, Array]:
    """Values that stand for the source, in deviations from its mean, and their probabilities: the centers of mass of narrow cells."""
    deviation = math.sqrt(source.variance)
    shares, moments = source.cells(source.mean + deviation * np.linspace(-REACH, REACH, POINTS - 1))
    there = shares > 0.0
    return moments[there] / shares[there] / deviation, shares[there]


def _written(encoder: SumOfGaussians, inputs: Array, source: Source) -> tuple[Array, Array]:
    """``(levels,)`` probabilities of the inputs and moments of the source about its mean, an input between two levels counted in part to either."""
    deviation = math.sqrt(source.variance)
    samples, shares = _points(source)
    written = np.clip(encoder(source.mean + deviation * samples), inputs[0], inputs[-1])
    below, fraction, _ = _between(written, inputs)
    masses, moments = _spread_over(below, fraction, shares, samples, levels=len(inputs))
    return masses, deviation * moments


def _between(values: Array, levels: Array) -> tuple[Array, Array, Array]:
    """For each value the level below it, how far it is to the next (0..1), and whether it is in range."""
    kept = np.clip(values, levels[0], levels[-1])
    below = np.clip(np.searchsorted(levels, kept, side="right") - 1, 0, len(levels) - 2)
    return below, (kept - levels[below]) / (levels[below + 1] - levels[below]), kept == values


def _spread_over(below: Array, fraction: Array, shares: Array, samples: Array, *, levels: int) -> tuple[Array, Array]:
    """``(levels,)`` sums of the shares, and of the shares times samples."""
    low, high = shares * (1.0 - fraction), shares * fraction
    masses = np.bincount(below, low, levels) + np.bincount(below + 1, high, levels)
    return masses, np.bincount(below, low * samples, levels) + np.bincount(below + 1, high * samples, levels)


def _longest_stretch(means: Array) -> tuple[int, int]:
    """First and last level of the stretch of levels on which the mean read rises, or falls, by most."""
    steps = np.sign(np.diff(means))
    turns = np.flatnonzero(steps[1:] != steps[:-1]) + 1
    borders = np.concatenate([[0], turns, [len(means) - 1]])
    farthest = int(np.argmax(np.abs(np.diff(means[borders]))))
    return int(borders[farthest]), int(borders[farthest + 1])
