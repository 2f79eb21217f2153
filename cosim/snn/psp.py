"""The post-synaptic potential: what one spike does to a membrane, in closed form.

`ContinuousPsp` is the response of three poles in a row (rise, fall, membrane) to the trapezoid that the circuit gets: the double exponential of Lim 2025,
Eqs. 1-5, in continuous time. `DiscretePsp` is the paper's own model: steps of `dt`, a spike is one of them. Both are scaled to a peak of 1, so that a membrane
is counted in spikes through a full weight; `unscaled_peak` leads back.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from array_api_compat import array_namespace

from cosim._types import Array
from cosim.errors import DeviceError, reject
from cosim.snn.timing import TimeConstants, Trapezoid

CLOSEST = 1e-3  # relative distance of two time constants that the closed form bears


@dataclass(frozen=True, eq=False)
class ContinuousPsp:
    """A straight line and exponentials between the corners of the pulse.

    Attributes:
        starts: ``(segments,)`` where each segment begins [s].
        offsets, slopes: ``(segments,)`` of the line [1, 1/s].
        amplitudes: ``(segments, poles)`` of the exponentials.
        poles: ``(poles,)`` time constants [s].
        unscaled_peak: of the membrane if its gain for a constant input were 1.
    """

    starts: Array
    offsets: Array
    slopes: Array
    amplitudes: Array
    poles: Array
    unscaled_peak: float

    step = None

    def at(self, time: Array, *, derivative: int = 0) -> Array:
        """The potential, or one of its derivatives, `time` (any shape, [s]) after the spike; NumPy or torch; 0 before it."""
        xp = array_namespace(time)
        result = xp.zeros_like(time)
        for start, offset, slope, amplitudes in zip(self.starts, self.offsets, self.slopes, self.amplitudes, strict=True):
            since = xp.clip(time - float(start), min=0.0)
            value = offset + slope * since if derivative == 0 else xp.zeros_like(since) + (slope if derivative == 1 else 0.0)
            for amplitude, pole in zip(amplitudes, self.poles, strict=True):
                value = value + float(amplitude) * (-1.0 / float(pole)) ** derivative * xp.exp(-since / float(pole))
            result = xp.where(time >= float(start), value, result)
        return result


@dataclass(frozen=True, eq=False)
class DiscretePsp:
    """The potential on steps of `step` [s], a spike being one step."""

    taus: TimeConstants
    step: float

    @cached_property
    def unscaled_peak(self) -> float:
        """Of `discrete_kernel`."""
        return discrete_peak(self.taus, self.step)

    def at(self, time: Array) -> Array:
        """The potential `time` (any shape, [s]) after the spike, on the nearest step; NumPy or torch; 0 before it."""
        xp = array_namespace(time)
        after = xp.isfinite(time) & (time > -0.5 * self.step)
        index = xp.astype(xp.round(xp.where(after, time, xp.zeros_like(time)) / self.step), xp.int64)
        table = discrete_kernel(self.taus, self.step, points=int(xp.max(index)) + 1) / self.unscaled_peak
        values = xp.take(xp.asarray(table, dtype=time.dtype), xp.reshape(index, (-1,)), axis=0)
        return xp.where(after, xp.reshape(values, time.shape), xp.zeros_like(time))


Psp = ContinuousPsp | DiscretePsp


def continuous_psp(taus: TimeConstants, pulse: Trapezoid) -> ContinuousPsp:
    """The response to a trapezoid, scaled to a peak of 1.

    Raises:
        DeviceError: two time constants are (almost) equal, for which the sum of exponentials does not hold.
    """
    poles = np.array(taus.present)
    for index, pole in enumerate(poles):
        close = [each for each in poles[index + 1 :] if abs(each - pole) < CLOSEST * pole]
        if close:
            raise reject(DeviceError, "time constants", "membrane", float(close[0]), f"at least {CLOSEST:.1%} away from {pole:g} s, for a sum of exponentials")
    raw = _segments(poles, pulse)
    peak = _peak(raw, span=float(pulse.corners[-1][0] + 10 * poles.sum()))
    return ContinuousPsp(raw.starts, raw.offsets / peak, raw.slopes / peak, raw.amplitudes / peak, poles, peak)


def _segments(poles: Array, pulse: Trapezoid) -> ContinuousPsp:
    """The response for a gain of 1: each mode follows its own straight line, and its distance from it decays."""
    corners = np.array(pulse.corners)
    shares = np.array([np.prod([pole / (pole - other) for other in poles if other != pole]) for pole in poles])  # of each mode at constant input
    modes, offsets, slopes, amplitudes = np.zeros(len(poles)), [], [], []
    for index, (start, height) in enumerate(corners):
        length = corners[index + 1][0] - start if index + 1 < len(corners) else 0.0
        slope = (corners[index + 1][1] - height) / length if length > 0 else 0.0
        distance = modes - shares * (height - slope * poles)
        offsets.append(height - slope * poles.sum())
        slopes.append(slope)
        amplitudes.append(distance)
        modes = shares * (height + slope * (length - poles)) + distance * np.exp(-length / poles)
    return ContinuousPsp(corners[:, 0], np.array(offsets), np.array(slopes), np.array(amplitudes), poles, 1.0)


def _peak(psp: ContinuousPsp, *, span: float) -> float:
    """Its maximum: the fine grid's, then the point where the slope is 0."""
    from scipy.optimize import brentq

    grid = np.linspace(0.0, span, 20001)
    best = int(np.argmax(psp.at(grid)))
    low, high = grid[best - 1], grid[best + 1]
    when = brentq(lambda time: float(psp.at(np.array([time]), derivative=1)[0]), low, high, xtol=1e-15)
    return float(psp.at(np.array([when]))[0])


def current_factor(taus: TimeConstants) -> float:
    """Factor of Eq. 1, which gives the continuous double exponential a peak of 1; 1 for simpler synapses."""
    if taus.rise == 0:
        return 1.0
    ratio = taus.rise / taus.fall
    return float(1.0 / (ratio ** (taus.rise / (taus.fall - taus.rise)) - ratio ** (taus.fall / (taus.fall - taus.rise))))


def kept(tau: float, dt: float) -> float:
    """What is left of an exponential after a step; 0 for a time constant of 0."""
    return float(np.exp(-dt / tau)) if tau > 0 else 0.0


def discrete_current(drive: Array, taus: TimeConstants, dt: float) -> Array:
    """Synaptic current of a drive ``(steps, ...)``: Eqs. 2-4."""
    from scipy.signal import lfilter

    fall = np.asarray(lfilter([1.0], [1.0, -kept(taus.fall, dt)], drive, axis=0))
    if taus.rise == 0:
        return fall
    return current_factor(taus) * (fall - np.asarray(lfilter([1.0], [1.0, -kept(taus.rise, dt)], drive, axis=0)))


def discrete_kernel(taus: TimeConstants, dt: float, *, points: int) -> Array:
    """Membrane ``(points,)`` after one spike at step 0: Eqs. 1-5, ``U[n] = beta U[n-1] + I[n]`` as in snnTorch."""
    from scipy.signal import lfilter

    spike = np.zeros(points)
    spike[:1] = 1.0
    return np.asarray(lfilter([1.0], [1.0, -kept(taus.membrane, dt)], discrete_current(spike, taus, dt)))


def discrete_peak(taus: TimeConstants, dt: float) -> float:
    """Maximum of `discrete_kernel`."""
    points = min(int(np.ceil(8 * max(taus.present) / dt)) + 4, 1_000_000)
    return float(discrete_kernel(taus, dt, points=points).max())
