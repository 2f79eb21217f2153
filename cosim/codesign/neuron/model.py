"""What the unit is meant to compute: the double-exponential synapse and the leaky membrane of Lim 2025, Eqs. 1-5.

Two references: the discrete model of the paper, a spike being one step of 1 ms, and the continuous one, driven by the very
pulse that the circuit gets. Its synapse is a rise pole and a fall pole in a row, whose response to an impulse is the double
exponential. Errors are maximal deviations over the maximum of the reference, after one free scale: the units of a network are
arbitrary, its time axis is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from scipy.signal import lfilter

from cosim._types import Array
from cosim.circuits.stimuli import spikes
from cosim.snn.timing import TimeConstants

STEP = 20e-6  # [s] of the continuous model; its filters are exact for inputs that are straight between steps
DISCRETE_STEP = 1e-3  # [s] Lim 2025, section 3.4
LAGS = np.arange(-0.5e-3, 1.5e-3, 1e-5)  # [s] tried against the discrete model
SHORTEST_RISE = 1e-5  # [s] that a fit tells from none


@dataclass(frozen=True)
class Wave:
    """Synaptic current and membrane potential of a model, in arbitrary units; ``(points,)`` each, time in seconds."""

    time: Array
    current: Array
    membrane: Array


def grid(duration: float, step: float = STEP) -> Array:
    """Times from 0 to `duration` [s]."""
    return np.arange(round(duration / step) + 1) * step


def pulse_train(times: Sequence[float], time: Array) -> Array:
    """The input spikes at ``time (points,)``, 0..1: the trapezoids that the circuit gets at its gate."""
    return np.asarray(spikes(times, height=1.0)(time)) if len(times) else np.zeros_like(time)


def low_pass(values: Array, tau: float, step: float, start: float = 0.0) -> Array:
    """First-order low-pass of ``values (points,)`` with the time constant `tau` [s], from `start`; exact where they are straight between steps."""
    if tau == 0.0:  # no such pole
        return np.asarray(values, dtype=float)
    kept = np.exp(-step / tau)
    share = tau / step * (1.0 - kept)
    first = np.array([start - (1.0 - share) * values[0]])  # so that the first value is `start`
    return np.asarray(lfilter([1.0 - share, share - kept], [1.0, -kept], values, zi=first)[0])


def continuous(times: Sequence[float], taus: TimeConstants, *, duration: float, step: float = STEP) -> Wave:
    """The continuous-time model driven by the circuit's own pulse.

    Args:
        times: of the spikes [s].
        taus: of the model.
        duration, step: of the time axis [s].
    """
    time = grid(duration, step)
    current = low_pass(low_pass(pulse_train(times, time), taus.rise, step), taus.fall, step)
    return Wave(time, current, low_pass(current, taus.membrane, step))


def discrete(times: Sequence[float], taus: TimeConstants, *, duration: float, step: float = DISCRETE_STEP) -> Wave:
    """The paper's model: forward steps of 1 ms, a spike is one step (Eqs. 1-5)."""
    time = grid(duration, step)
    spike = np.zeros_like(time)
    for each in times:
        spike[round(each / step)] += 1.0
    ratio = taus.rise / taus.fall
    norm = 1.0 / (ratio ** (taus.rise / (taus.fall - taus.rise)) - ratio ** (taus.fall / (taus.fall - taus.rise)))
    kept = [np.exp(-step / tau) for tau in (taus.rise, taus.fall, taus.membrane)]
    rise, fall = (norm * lfilter([1.0], [1.0, -each], spike) for each in kept[:2])
    current = fall - rise
    return Wave(time, current, np.asarray(lfilter([step / taus.membrane], [1.0, -kept[2]], current)))


def scaled_error(found: Array, reference: Array) -> float:
    """Largest deviation over the maximum of the reference, after the scale that fits best; both ``(points,)``."""
    energy = float(found @ found)
    scale = max(float(found @ reference) / energy, 0.0) if energy else 0.0  # an inverted wave is no wave
    return float(np.max(np.abs(scale * found - reference)) / np.max(reference))


def lagged_error(time: Array, found: Array, reference_time: Array, reference: Array) -> tuple[float, float]:
    """Error after the best scale and the best lag, and that lag [s]: the circuit is late by it."""
    errors = [scaled_error(np.interp(reference_time + lag, time, found), reference) for lag in LAGS]
    best = int(np.argmin(errors))
    return errors[best], float(LAGS[best])


def fit(time: Array, current: Array, membrane: Array, times: Sequence[float], start: TimeConstants) -> tuple[Array, float, float]:
    """Time constants that describe two waves best, and the scales from the unit pulse to them.

    Args:
        time: ``(points,)`` [s].
        current, membrane: ``(points,)`` without their baselines.
        times: of the spikes [s].
        start: where to begin.

    Returns:
        ``(3,)`` rise, fall and membrane time constant [s]; scale of the current, scale of the membrane, both in the units of the waves.
    """
    axis = grid(float(time[-1]), STEP)
    pulse = pulse_train(times, axis)
    goals = [np.interp(axis, time, each) for each in (current, membrane)]
    peaks = [float(np.max(np.abs(each))) or 1.0 for each in goals]

    def waves(logs: Array) -> list[Array]:
        rise, fall, leak = np.exp(logs)
        synaptic = low_pass(low_pass(pulse, rise, STEP), fall, STEP)
        return [synaptic, low_pass(synaptic, leak, STEP)]

    def scales(found: list[Array]) -> list[float]:
        return [float(each @ goal) / float(each @ each) for each, goal in zip(found, goals, strict=True)]

    def residual(logs: Array) -> Array:
        found = waves(logs)
        return np.concatenate([(k * each - goal) / peak for k, each, goal, peak in zip(scales(found), found, goals, peaks, strict=True)])

    begin = np.log([start.rise, start.fall, start.membrane])
    bounds = (np.log([SHORTEST_RISE, 5e-5, 1e-4]), np.log([2e-2, 1e-1, 1e2]))
    solved = least_squares(residual, np.clip(begin, bounds[0] + 1e-6, bounds[1] - 1e-6), bounds=bounds, diff_step=1e-4, xtol=1e-7, ftol=1e-9)
    found = scales(waves(solved.x))
    return np.exp(solved.x), found[0], found[1]


@dataclass(frozen=True, kw_only=True)
class Membrane:
    """The spiking membrane: potential at rest, threshold, potential after a spike, and how long it is held there.

    Attributes:
        rest: potential without input [V].
        gain: potential that the unit current would settle at, over `rest` [V].
        threshold: at which it fires [V].
        reset: where it is put then [V].
        hold: how long it is held there [s].
    """

    rest: float
    gain: float
    threshold: float
    reset: float
    hold: float

    def fire(self, pulse: Array, taus: TimeConstants, step: float) -> tuple[Array, Array]:
        """Membrane potential ``(points,)`` [V] and spike times [s] for an input pulse train ``(points,)`` 0..1."""
        goal = self.rest + self.gain * low_pass(low_pass(pulse, taus.rise, step), taus.fall, step)
        kept = np.exp(-step / taus.membrane)
        potential, fired, free = np.empty_like(goal), [], 0.0
        value = self.rest
        for index, aim in enumerate(goal):
            now = index * step
            if index and now >= free:
                before = value
                value = aim + (value - aim) * kept
                if before < self.threshold <= value:
                    crossing = now - step * (value - self.threshold) / (value - before)
                    fired.append(crossing)
                    free, value = crossing + self.hold, self.reset
            potential[index] = value
        return potential, np.array(fired)
