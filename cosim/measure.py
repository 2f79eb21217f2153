"""Measurements on waves: functions, and `.meas` lines that compute the same numbers.

A `Measure` is written into the deck as a ``.meas`` line, which LTspice evaluates, and computed here from the waves,
because ngspice never runs ``.meas`` when it writes a raw file. Signals are texts such as ``v(te)-v(d)`` or ``i(vbit)``.
Over a batch of runs a measure is an array with the batch's axes; of the complex signals of an ac sweep the magnitude counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cosim._types import Array
from cosim.circuits.expression import evaluate_arrays
from cosim.errors import InputError
from cosim.units import plain
from cosim.waves import Waves

_SIGNAL = re.compile(r"\b[viVI]\([^()]*\)|\btime\b")


def signal(waves: Waves, text: str) -> Array:
    """An arithmetic expression over signals, ``(..., points)``: ``v(te)-v(d)``, ``-i(vbit)/0.05``."""
    found: dict[str, Array] = {}

    def slot(hit: re.Match[str]) -> str:
        name = f"s{len(found)}"
        found[name] = _difference(waves, hit[0])
        return name

    with np.errstate(divide="ignore", invalid="ignore"):  # a conductance is not defined where the voltage crosses zero
        return evaluate_arrays(_SIGNAL.sub(slot, text), found, where=f"signal {text!r}")


def _difference(waves: Waves, name: str) -> Array:
    pair = re.fullmatch(r"[vV]\(([^,]+),([^,]+)\)", name)
    return waves[name] if pair is None else waves[f"v({pair[1].strip()})"] - waves[f"v({pair[2].strip()})"]


def at(waves: Waves, text: str, position: float) -> Array:
    """Value of a signal at a `position` on the axis, linearly interpolated; ``(...)``."""
    values = signal(waves, text)
    return interpolate(waves.axis, values, position)


def interpolate(axis: Array, values: Array, position: float) -> Array:
    """`values` ``(..., points)`` at `position`, which must lie on `axis` ``(points,)``; rising or falling."""
    low, high = min(axis[0], axis[-1]), max(axis[0], axis[-1])
    slack = 1e-9 * max(abs(low), abs(high))
    if not low - slack <= position <= high + slack:
        raise InputError(f"measure at {position:g}: must be within {low:g}..{high:g}")
    rising = axis[-1] >= axis[0]
    ordered = axis if rising else axis[::-1]
    flat = np.asarray(values if rising else values[..., ::-1])
    right = int(np.clip(np.searchsorted(ordered, position), 1, max(len(ordered) - 1, 1)))
    if len(ordered) == 1:
        return flat[..., 0]
    left = right - 1
    share = (position - ordered[left]) / (ordered[right] - ordered[left]) if ordered[right] != ordered[left] else 1.0
    return flat[..., left] * (1 - share) + flat[..., right] * share


def crossings(axis: Array, values: Array, level: float, *, edge: Literal["rise", "fall", "cross"] = "cross") -> Array:
    """Positions at which ``values (points,)`` crosses `level`, linearly interpolated."""
    above = values > level
    change = above[1:] != above[:-1]
    if edge != "cross":
        change &= above[1:] == (edge == "rise")
    index = np.flatnonzero(change)
    share = (level - values[index]) / (values[index + 1] - values[index])
    return axis[index] + share * (axis[index + 1] - axis[index])


def spike_times(waves: Waves, text: str, *, threshold: float) -> Array:
    """Times at which a signal rises through `threshold` [s]."""
    return crossings(waves.axis, signal(waves, text), threshold, edge="rise")


def energy(waves: Waves, voltage: str, current: str) -> float | Array:
    """Integral of voltage times current over the axis [J], one for each run of a batch."""
    return _plain(np.trapezoid(signal(waves, voltage) * signal(waves, current), waves.axis))


def threshold_voltage(gate: Array, drain: Array, *, w_over_l: float, density: float = 100e-9) -> float:
    """Gate voltage [V] at which the drain current is `density` times W/L (constant-current criterion, 100 nA).

    Args:
        gate: ``(points,)`` rising gate voltage [V].
        drain: ``(points,)`` drain current [A].
    """
    level = np.log(density * w_over_l)
    found = crossings(gate, np.log(np.maximum(drain, 1e-30)), level, edge="rise")
    if found.size == 0:
        raise InputError(f"threshold voltage: the current never rises through {density * w_over_l:.3g} A")
    return float(found[0])


@dataclass(frozen=True, kw_only=True)
class At:
    """A signal at a position of the axis."""

    name: str
    of: str
    position: float

    def meas(self, kind: str) -> str:
        """The line for LTspice."""
        return f".meas {kind} {self.name} FIND {spell(self.of)} AT={plain(self.position)}"

    def compute(self, waves: Waves) -> float | Array:
        """The same number from the waves."""
        return _plain(_real(at(waves, self.of, self.position)))


@dataclass(frozen=True, kw_only=True)
class Over:
    """Maximum, minimum, peak-to-peak, mean, RMS or integral over a part of the axis."""

    name: str
    of: str
    how: Literal["MAX", "MIN", "PP", "AVG", "RMS", "INTEG"]
    start: float | None = None
    stop: float | None = None

    def meas(self, kind: str) -> str:
        """The line for LTspice."""
        bounds = "".join(f" {word} {plain(end)}" for word, end in (("FROM", self.start), ("TO", self.stop)) if end is not None)
        return f".meas {kind} {self.name} {self.how} {spell(self.of)}{bounds}"

    def compute(self, waves: Waves) -> float | Array:
        """The same number from the waves."""
        axis, values = _cut(waves.axis, _real(signal(waves, self.of)), self.start, self.stop)
        return _plain(self._over(axis, values))

    def _over(self, axis: Array, values: Array) -> Array:
        span = axis[-1] - axis[0]
        match self.how:
            case "MAX":
                return values.max(axis=-1)
            case "MIN":
                return values.min(axis=-1)
            case "PP":
                return np.ptp(values, axis=-1)
            case "INTEG":
                return np.trapezoid(values, axis)
            case "AVG":
                return np.trapezoid(values, axis) / span
            case "RMS":
                return np.sqrt(np.trapezoid(values**2, axis) / span)


@dataclass(frozen=True, kw_only=True)
class When:
    """Position of the axis, or the value of `of`, where `signal` crosses `level` for the `count`-th time."""

    name: str
    signal: str
    level: float
    edge: Literal["rise", "fall", "cross"] = "cross"
    count: int = 1
    of: str = ""

    def meas(self, kind: str) -> str:
        """The line for LTspice."""
        find = f"FIND {spell(self.of)} " if self.of else ""
        return f".meas {kind} {self.name} {find}WHEN {spell(self.signal)}={plain(self.level)} {self.edge.upper()}={self.count}"

    def compute(self, waves: Waves) -> float | Array:
        """The same number from the waves; NaN when the crossing does not happen."""
        watched = _real(signal(waves, self.signal))
        read = np.broadcast_to(_real(signal(waves, self.of)), watched.shape) if self.of else watched
        found = np.empty(watched.shape[:-1])
        for index in np.ndindex(found.shape):
            found[index] = self._one(waves.axis, watched[index], read[index])
        return _plain(found)

    def _one(self, axis: Array, watched: Array, read: Array) -> float:
        found = crossings(axis, watched, self.level, edge=self.edge)
        if len(found) < self.count:
            return float("nan")
        position = float(found[self.count - 1])
        return float(interpolate(axis, read, position)) if self.of else position


Measure = At | Over | When


def compute(measures: Iterable[Measure], waves: Waves) -> dict[str, Any]:
    """All measures of a run by name: numbers, or an array each for a batch."""
    return {measure.name: measure.compute(waves) for measure in measures}


def unit(measure: Measure, waves: Waves) -> str:
    """The unit of a measure where its text tells it: of one voltage or one current, or of the axis; else empty."""
    axis = {"time": "s", "frequency": "Hz"}.get(waves.axis_name, "")
    if isinstance(measure, When) and not measure.of:
        return axis
    hit = re.fullmatch(r"-?\s*([viVI])\([^()]*\)", measure.of.strip())
    plain_unit = {"v": "V", "i": "A"}[hit[1].lower()] if hit else ""
    return f"{plain_unit}*{axis}" if plain_unit and isinstance(measure, Over) and measure.how == "INTEG" else plain_unit


def spell(text: str) -> str:
    """A signal as LTspice spells it: capital letter, ``:`` between levels of hierarchy."""
    return _SIGNAL.sub(lambda hit: hit[0] if hit[0] == "time" else hit[0][0].upper() + hit[0][1:].replace(".", ":"), text)


def _cut(axis: Array, values: Array, start: float | None, stop: float | None) -> tuple[Array, Array]:
    """The part ``(..., points)`` between `start` and `stop`, both ends interpolated; on a rising axis."""
    if axis[-1] < axis[0]:
        axis, values = axis[::-1], values[..., ::-1]
    begin = axis[0] if start is None else start
    end = axis[-1] if stop is None else stop
    if not end > begin:
        raise InputError(f"measure from {begin:g}: must end behind it, not at {end:g}")
    ends = np.stack([interpolate(axis, values, begin), interpolate(axis, values, end)], axis=-1)
    inside = (axis > begin) & (axis < end)
    return np.concatenate([[begin], axis[inside], [end]]), np.concatenate([ends[..., :1], values[..., inside], ends[..., 1:]], axis=-1)


def _real(values: Array) -> Array:
    return np.abs(values) if np.iscomplexobj(values) else np.asarray(values)


def _plain(value: Array) -> float | Array:
    return float(value) if np.ndim(value) == 0 else value
