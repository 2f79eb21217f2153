"""How well a code does: squared error and signal-to-noise ratio, on the channel that it was designed for or on reads that it has never seen."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from cosim._types import Array
from cosim.coding.sources import Source
from cosim.errors import InputError, reject


@dataclass(frozen=True, kw_only=True)
class Score:
    """What a code reaches.

    Attributes:
        distortion: mean squared error of a sample.
        snr: variance of the source over the distortion [dB].
    """

    distortion: float
    snr: float

    @classmethod
    def of(cls, distortion: float, source: Source) -> Self:
        """The score of a mean squared error."""
        return cls(distortion=distortion, snr=10.0 * math.log10(source.variance / distortion) if distortion > 0.0 else math.inf)


def score(matrix: Array, masses: Array, moments: Array, reconstruction: Array, source: Source) -> Score:
    """The exact score of any encoder and any decoder.

    Args:
        matrix: ``(inputs, bins)`` probabilities of the reads.
        masses: ``(inputs,)`` how often each input is written.
        moments: ``(inputs,)`` expectation of ``sample - mean`` where it is written, not divided by `masses`.
        reconstruction: ``(bins,)`` the decoded values.
        source: of the samples.
    """
    decoded = reconstruction - source.mean
    return Score.of(float(source.variance - 2.0 * (moments @ (matrix @ decoded)) + masses @ (matrix @ decoded**2)), source)


def held_out(count: int, *, share: float = 0.4, rng: np.random.Generator) -> Array:
    """``(count,)`` booleans: a random part of the measurements, to be left out of the design.

    Raises:
        InputError: the part is not between none and all.
    """
    if not 0.0 < share < 1.0:
        raise reject(InputError, "held out", "share", share, "between 0 and 1")
    return rng.permutation(count) < round(share * count)


def raw_matrix(inputs: Array, edges: Array, *, written: Array, read: Array) -> Array:
    """Shares of raw reads in each bin, without any smoothing: the matrix to score a code on with measurements that its design has not seen.

    Args:
        inputs: ``(levels,)`` rising.
        edges: ``(bins + 1,)``, the outer ones infinite.
        written: ``(measurements,)`` each one of the inputs.
        read: ``(measurements,)`` what was read.

    Returns:
        ``(levels, bins)``, rows sum to one.

    Raises:
        InputError: something else than an input was written, an input has no measurement, or a read lies in no bin.
    """
    inputs, bins = np.asarray(inputs, dtype=float), len(edges) - 1
    border = (inputs[1:] + inputs[:-1]) / 2.0
    level, column = np.searchsorted(border, written), np.searchsorted(edges, read, side="right") - 1
    off = np.abs(inputs[level] - written) > 1e-3 * np.min(np.diff(inputs))
    if np.any(off):
        raise reject(InputError, "raw reads", "written", float(np.asarray(written)[off][0]), "one of the inputs")
    if np.any((column < 0) | (column >= bins)):
        raise InputError("raw reads: a read lies outside of the edges")
    counts = np.bincount(level * bins + column, minlength=len(inputs) * bins).reshape(-1, bins).astype(float)
    if np.any(counts.sum(axis=1) == 0.0):
        raise reject(InputError, "raw reads", "measurements of input", float(inputs[np.argmin(counts.sum(axis=1))]), ">= 1, there is 0")
    return counts / counts.sum(axis=1, keepdims=True)
