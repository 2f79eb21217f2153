"""Stimuli: what a source does over time.

Every stimulus is a `PiecewiseLinear` or a `Pulse`; sweeps, pulse trains and spike trains are built from the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

import numpy as np

from cosim._types import Array
from cosim.errors import CircuitError, reject


@dataclass(frozen=True)
class PiecewiseLinear:
    """Straight lines between ``(time [s], value [V or A])`` points; constant before the first and after the last."""

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if not self.points:
            raise CircuitError("piecewise linear stimulus: must have at least one point")
        if not self.points[0][0] >= 0:
            raise reject(CircuitError, "piecewise linear stimulus", "time", float(self.points[0][0]), ">= 0 s")
        for _, value in self.points:
            if not isfinite(value):
                raise reject(CircuitError, "piecewise linear stimulus", "value", float(value), "finite")
        for (before, _), (after, _) in pairwise(self.points):
            if not after > before:
                raise reject(CircuitError, "piecewise linear stimulus", "time", after, f"> {before:g}, the time before it")

    @property
    def end(self) -> float:
        """Time of the last point [s]."""
        return self.points[-1][0]

    def __call__(self, time: Array) -> Array:
        """Values at `time` [s], of any shape."""
        return np.interp(time, [t for t, _ in self.points], [v for _, v in self.points])


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """A periodic trapezoid: `low`, `high` [V or A], the rest in seconds."""

    low: float
    high: float
    delay: float
    rise: float
    fall: float
    width: float
    period: float

    def __post_init__(self) -> None:
        for name in ("rise", "fall", "width", "period"):
            if not getattr(self, name) > 0:
                raise reject(CircuitError, "pulse", name, getattr(self, name), "> 0")
        if self.rise + self.width + self.fall > self.period:
            raise reject(CircuitError, "pulse", "period", self.period, f">= rise + width + fall = {self.rise + self.width + self.fall:g}")


Stimulus = PiecewiseLinear | Pulse


def triangular_sweep(corners: Sequence[float], *, rate: float, start: float = 0.0) -> PiecewiseLinear:
    """A triangular sweep through `corners` [V] at `rate` [V/s]; a corner equal to the one before is skipped."""
    if not rate > 0:
        raise reject(CircuitError, "sweep", "rate", rate, "> 0 V/s")
    if len(corners) == 0:
        raise reject(CircuitError, "sweep", "corners", "[]", "at least one voltage")
    points = [(start, float(corners[0]))]
    for corner in corners[1:]:
        if corner != points[-1][1]:
            points.append((points[-1][0] + abs(corner - points[-1][1]) / rate, float(corner)))
    return PiecewiseLinear(tuple(points))


def pulses(amplitudes: Sequence[float], *, width: float, edge: float, gap: float, rest: float = 0.0, start: float = 0.0) -> PiecewiseLinear:
    """Trapezoids one after another.

    Args:
        amplitudes: of the flat tops [V].
        width: of each flat top [s].
        edge: of rise and fall [s].
        gap: between the end of a fall and the next rise, and before the first [s].
        rest: value between pulses [V].
        start: added to all times [s].
    """
    for name, value in (("width", width), ("edge", edge), ("gap", gap)):
        if not value > 0:
            raise reject(CircuitError, "pulses", name, value, "> 0 s")
    points, time = [(start, rest)], start
    for amplitude in amplitudes:
        corners = np.cumsum([time + gap, edge, width, edge])
        points += list(zip(corners.tolist(), (rest, float(amplitude), float(amplitude), rest), strict=True))
        time = points[-1][0]
    return PiecewiseLinear(tuple(points))


def spikes(times: Sequence[float], *, height: float = 3.0, rise: float = 100e-6, flat: float = 900e-6, fall: float = 100e-6) -> PiecewiseLinear:
    """A spike train: trapezoids of `height` [V] that begin to rise at `times` [s].

    Source: Lim 2025, section 3.3 (100 us rise, 900 us flat, 100 us fall, 3 V on the gate).
    """
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    for time in sorted(float(time) for time in times):
        if time < 0:
            raise reject(CircuitError, "spike train", "time", time, ">= 0 s")
        free = time - points[-1][0]
        if free < -1e-9 * rise:  # less is the rounding of a spike that touches the one before
            raise reject(CircuitError, "spike train", "time", time, f">= {points[-1][0]:g}, the end of the spike before it")
        corners = [(time, 0.0), (time + rise, height), (time + rise + flat, height), (time + rise + flat + fall, 0.0)]
        points += corners[1:] if free <= 1e-9 * rise else corners
    return PiecewiseLinear(tuple(points))
