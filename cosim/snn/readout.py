"""Membranes of a latency-coded layer: weighted sums of shifted potentials, and their maxima.

Spikes of an image that fall at the same time are summed first, which makes images with a few gray levels cheap. The maximum is looked for on a grid and then,
for a continuous potential, where the derivative is 0. The torch form, with gradients, is `cosim.snn.maximum`.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.snn.psp import ContinuousPsp, Psp

GRID = 0.25e-3  # [s] on which maxima of continuous membranes are looked for
LOBES = 3  # highest local maxima that are refined
ROUNDS = 8  # of Newton's method, kept within a bracket
CHUNK = 64  # images at a time


@dataclass(frozen=True)
class Maximum:
    """Highest potential of each membrane, in spikes of full weight, and when [s]; ``(images, outputs)`` each."""

    value: Array
    time: Array


def levels(times: Array) -> tuple[Array, Array]:
    """The distinct firing times ``(levels,)`` [s] of ``times (images, inputs)``, and which input of an image fires at each, ``(images, levels, inputs)``."""
    distinct = np.unique(times[np.isfinite(times)])
    return distinct, (times[:, None, :] == distinct[:, None]).astype(float)


def grid_of(psp: Psp, *, duration: float) -> Array:
    """Times ``(points,)`` [s] at which membranes are looked at."""
    return np.arange(round(duration / (psp.step or GRID)) + 1) * (psp.step or GRID)


def on_steps(psp: Psp, times: Array) -> Array:
    """Firing times as the potential sees them: moved to the nearest step if it has steps."""
    return times if psp.step is None else np.rint(times / psp.step) * psp.step


def membrane_traces(psp: Psp, times: Array, weights: Array, at: Array) -> Array:
    """Membranes of one layer.

    Args:
        psp: potential of one spike.
        times: ``(images, inputs)`` firing times [s], infinite where an input is silent.
        weights: ``(inputs, outputs)``.
        at: ``(points,)`` times [s].

    Returns:
        ``(images, points, outputs)``, in spikes of full weight.
    """
    distinct, members = levels(on_steps(psp, times))
    return np.einsum("pl,blo->bpo", _shifted(psp, at, distinct), members @ weights, optimize=True)


def membrane_maximum(psp: Psp, times: Array, weights: Array, *, duration: float) -> Maximum:
    """Maxima of the membranes between 0 and `duration` [s]; arguments as in `membrane_traces`."""
    parts = [_chunk(psp, on_steps(psp, times[start : start + CHUNK]), weights, duration) for start in range(0, len(times), CHUNK)]
    shape = (0, weights.shape[1])
    value, time = ([part[index] for part in parts] or [np.zeros(shape)] for index in (0, 1))
    return Maximum(np.concatenate(value), np.concatenate(time))


def _shifted(psp: Psp, at: Array, distinct: Array) -> Array:
    return np.asarray(psp.at(at[:, None] - distinct)) if distinct.size else np.zeros((len(at), 0))


def _chunk(psp: Psp, times: Array, weights: Array, duration: float) -> tuple[Array, Array]:
    """Values and times ``(images, outputs)`` of the maxima."""
    grid = grid_of(psp, duration=duration)
    distinct, members = levels(times)
    sums = members @ weights  # (images, levels, outputs)
    traces = np.moveaxis(np.einsum("pl,blo->bpo", _shifted(psp, grid, distinct), sums, optimize=True), 1, 2)
    best = traces.argmax(axis=2)
    value, when = np.take_along_axis(traces, best[..., None], axis=2)[..., 0], grid[best]
    if not isinstance(psp, ContinuousPsp) or not distinct.size:
        return value, when
    inner = np.pad((traces[..., 1:-1] >= traces[..., :-2]) & (traces[..., 1:-1] >= traces[..., 2:]), [(0, 0), (0, 0), (1, 1)])
    lobes = grid[np.argsort(np.where(inner, -traces, np.inf), axis=2)[..., :LOBES]]
    found = _refined(psp, lobes, distinct, np.moveaxis(sums, 1, 2)[:, :, None, :], duration)
    height = np.einsum("bokl,blo->bok", psp.at(found[..., None] - distinct), sums, optimize=True)
    top = height.argmax(axis=2)[..., None]
    higher, later = np.take_along_axis(height, top, axis=2)[..., 0], np.take_along_axis(found, top, axis=2)[..., 0]
    return np.maximum(higher, value), np.where(higher >= value, later, when)


def _refined(psp: ContinuousPsp, near: Array, distinct: Array, sums: Array, duration: float) -> Array:
    """Times of the maxima beside ``near (images, outputs, lobes)``: Newton's method on the derivative, halving the bracket where it leaves it."""
    low, high, time = np.maximum(near - GRID, 0.0), np.minimum(near + GRID, duration), near
    for _ in range(ROUNDS):
        since = time[..., None] - distinct
        slope = (psp.at(since, derivative=1) * sums).sum(axis=-1)
        bend = (psp.at(since, derivative=2) * sums).sum(axis=-1)
        low, high = np.where(slope > 0, time, low), np.where(slope > 0, high, time)
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = time - slope / bend
        time = np.where((newton >= low) & (newton <= high), newton, 0.5 * (low + high))
    return time
