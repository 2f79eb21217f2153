"""The exact encoder of a scalar code: which of many lines is the lowest, for every sample.

Sending input ``i`` for a sample ``s`` costs ``s^2 - 2 s a_i + b_i``: the squared error that the decoder will make on average, where ``a_i`` and ``b_i`` are the
means of its output and of the square of it. Without ``s^2`` that is a straight line in ``s``, so that the best input is found on the lower envelope of the
lines. Its vertices are those of the lower convex hull of the points ``(a_i, b_i)``, which a walk along the hull finds, for many sets of lines at once.
"""

import numpy as np

from cosim._types import Array

EQUAL = 1e-13  # slopes closer than this part of their range are taken as equal


def lower_envelope(slopes: Array, offsets: Array) -> tuple[Array, Array]:
    """The lines ``offset - 2 s slope`` that are lowest somewhere, by rising ``s``, which is by rising slope.

    Args:
        slopes: ``(..., lines)``.
        offsets: ``(..., lines)``.

    Returns:
        ``(..., cells)`` the index of the lowest line in each cell, and ``(..., cells - 1)`` the thresholds between the cells. A set with fewer cells than
        another ends with its last line repeated behind infinite thresholds.
    """
    shape = np.shape(slopes)
    slope, offset = np.reshape(slopes, (-1, shape[-1])), np.reshape(offsets, (-1, shape[-1]))
    rows, tiny = np.arange(len(slope)), EQUAL * (np.ptp(slope, axis=1, keepdims=True) + np.finfo(float).tiny)
    flattest = slope <= slope.min(axis=1, keepdims=True) + tiny
    current = np.argmin(np.where(flattest, offset, np.inf), axis=1)
    lines, thresholds = [current], []
    while True:
        with np.errstate(divide="ignore", invalid="ignore"):
            run = slope - slope[rows, current][:, None]
            crossing = np.where(run > tiny, (offset - offset[rows, current][:, None]) / (2.0 * run), np.inf)
        first = crossing.min(axis=1)
        if not np.any(np.isfinite(first)):
            break
        nearest = np.where(crossing == first[:, None], slope, -np.inf)  # of lines through one point, the steepest stays the lowest
        current = np.where(np.isfinite(first), np.argmax(nearest, axis=1), current)
        lines.append(current)
        thresholds.append(first)
    cells = np.stack(lines, axis=-1).reshape(*shape[:-1], -1)
    edges = np.stack(thresholds, axis=-1) if thresholds else np.empty((len(slope), 0))
    return cells, edges.reshape(*shape[:-1], -1)
