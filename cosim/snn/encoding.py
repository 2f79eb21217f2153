"""Latency code: the brighter a pixel, the earlier its only spike.

``T(x) = tau ln(x / (x - threshold))`` for ``x > threshold``, at most `latest`; darker pixels do not fire. It is the time at which a leaky membrane that is
driven by x crosses the threshold.

Source: Lim 2025, Eq. 10 (tmax 20 ms, thr 0.3). The equation itself is missing from the printed text and tau is not given: the form is the usual one
(Neftci 2019), tau is chosen.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.errors import DataError, reject
from cosim.params import check_params, param


@dataclass(frozen=True, kw_only=True)
class LatencyCard:
    """Parameters of the latency code."""

    latest: float = param("latest firing time, tmax", "s", default=20e-3, above=0.0, most=10.0)
    threshold: float = param("pixel that just does not fire", "1", default=0.3, least=0.0, below=1.0)
    tau: float = param("scale of the firing times", "s", default=5e-3, above=0.0, most=10.0)

    def __post_init__(self) -> None:
        check_params(self, where="latency code")


def latency_times(pixels: Array, card: LatencyCard) -> Array:
    """Firing times.

    Args:
        pixels: ``(..., inputs)``, 0..1.
        card: parameters of the code.

    Returns:
        ``(..., inputs)`` [s]; infinite where a pixel does not fire.

    Raises:
        DataError: a pixel is not a number within 0..1.
    """
    values = np.asarray(pixels, dtype=float)
    inside = (values >= 0) & (values <= 1)
    if not inside.all():
        raise reject(DataError, "latency code", "pixel", float(values[~inside][0]), "within 0..1")
    times = np.full(values.shape, np.inf)
    fires = values > card.threshold
    bright = values[fires]
    times[fires] = np.minimum(-card.tau * np.log1p(-card.threshold / bright), card.latest)
    return times


def sparsity(times: Array) -> float:
    """Share of the inputs that fire, over all of ``times (..., inputs)``."""
    return float(np.isfinite(times).mean())


def raster(times: Array, *, dt: float, duration: float) -> Array:
    """Spikes on a grid of steps.

    Args:
        times: ``(..., inputs)`` [s], infinite where nothing fires.
        dt: one step [s]; a spike falls on the step nearest to it.
        duration: last step [s].

    Returns:
        ``(steps, ..., inputs)``, 1 where an input fires; steps are ``0, dt, ... duration``.

    Raises:
        DataError: a spike comes after `duration`.
    """
    steps = steps_of(dt=dt, duration=duration)
    fires = np.isfinite(times)
    index = np.rint(np.where(fires, times, 0.0) / dt).astype(int)
    if index.max(initial=0) >= steps:
        raise reject(DataError, "raster", "duration", float(duration), f">= {float(np.max(np.where(fires, times, 0.0))):g} s, the last spike")
    spikes = np.zeros((steps, *np.shape(times)))
    places = np.nonzero(fires)
    spikes[(index[places], *places)] = 1.0
    return spikes


def steps_of(*, dt: float, duration: float) -> int:
    """Number of steps from 0 to `duration`, both included.

    Raises:
        DataError: dt is not a time, or longer than the duration.
    """
    if not 0 < dt <= duration:
        raise reject(DataError, "time axis", "dt", float(dt), f"> 0 and <= duration={float(duration):g} s")
    return round(duration / dt) + 1
