"""The best signal-to-noise ratio that any code could reach: optimum performance theoretically attainable (OPTA).

A channel that carries `capacity` bits a device, with `devices` for each sample, cannot store a source better than its rate-distortion function at that rate.
For a Gaussian source this is 6.02 dB a bit. For any other it is bounded by Blahut's algorithm, and what the grids can hide is taken off.
"""

import math
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.coding.sources import Gaussian, Source
from cosim.errors import InputError, reject

DECIBELS_A_BIT = 20.0 * math.log10(2.0)
VALUES, RATE_MARGIN = 400, 4.0  # that may be decoded, and bits by which they must tell more than the rate
MOST_RATE = 6.0  # bits, for a source that is not Gaussian
RARE, REACH = 1e-7, 15.0  # probability outside of the grids, and how far they go at most, in deviations
FINER = 4  # reconstructions that the bound is checked on, for each that is decoded
SETTLED, STEPS = 1e-4, 1000  # bits between the bounds at one slope, and steps at most
SEED = 1e-9  # share of every reconstruction at the start
TRIALS, CLOSE = 14, 2e-4  # of the slope, and bits that the rate may be off


@dataclass(frozen=True, kw_only=True)
class Distortion:
    """The least mean squared error at a rate.

    Attributes:
        rate: bits a sample.
        distortion: that codes reach with the reconstructions of the grid.
        least: no code has a smaller one. Steps that were not finished are taken off, and the width of the cells of the source; reconstructions are those of a
            grid four times finer.
    """

    rate: float
    distortion: float
    least: float


def opta(capacity: float, *, devices: float = 1.0, source: Source | None = None) -> float:
    """The signal-to-noise ratio that no code exceeds [dB]: exact for a Gaussian source, the proven bound of `least_distortion` for others.

    Args:
        capacity: of a device [bits].
        devices: for each sample.
        source: what is stored; None for a Gaussian one.

    Returns:
        Infinity where nothing is proven, as for samples of so few values that the rate tells them apart.

    Raises:
        InputError: a capacity that is negative or not finite, no devices, or more than `MOST_RATE` bits for another source than a Gaussian one.
    """
    if not (math.isfinite(capacity) and capacity >= 0.0):
        raise reject(InputError, "opta", "capacity", capacity, "finite and >= 0 bits")
    if not (math.isfinite(devices) and devices > 0.0):
        raise reject(InputError, "opta", "devices", devices, "finite and > 0")
    rate = capacity * devices
    if source is None or isinstance(source, Gaussian):
        return DECIBELS_A_BIT * rate
    if rate > MOST_RATE:
        raise reject(InputError, "opta", "rate", rate, f"at most {MOST_RATE:g} bits for a source that is not Gaussian")
    values = max(VALUES, 2 ** math.ceil(rate + RATE_MARGIN))
    least = least_distortion(source, rate, cells=2 * values, values=values).least
    return 10.0 * math.log10(source.variance / least) if least > 0.0 else math.inf


def least_distortion(source: Source, rate: float, *, cells: int = 2 * VALUES, values: int = VALUES) -> Distortion:
    """The distortion-rate function of a source, for the squared error.

    Args:
        source: what is stored.
        rate: bits a sample.
        cells: that the source is cut into.
        values: that may be decoded.

    Raises:
        InputError: a rate that is not finite or negative, or one that the cells are too few for.
    """
    most = math.log2(min(cells, values)) - RATE_MARGIN
    if not 0.0 <= rate <= most:
        raise reject(InputError, "rate-distortion function", "rate", rate, f"within 0..{most:.3g} bits with so many cells and values")
    points, shares, inside = _cut(source, cells)
    if rate == 0.0:
        return Distortion(rate=rate, distortion=source.variance, least=source.variance)
    decoded = np.linspace(points[0], points[-1], values)
    squares = (points[:, None] - decoded) ** 2
    finer = (points[:, None] - np.linspace(points[0], points[-1], FINER * (values - 1) + 1)) ** 2
    usage = np.exp(-0.5 * decoded**2 / (1.0 - 4.0**-rate)) + SEED  # right for a Gaussian source; too little grows faster than too much decays
    slope, low, high, least = 0.5 * 4.0**rate, 1e-3, 4.0 ** (rate + 6.0), 0.0
    reached = [(0.0, 1.0)]
    for _ in range(TRIALS):
        tangent = _tangent(squares, finer, shares, usage / usage.sum(), slope)
        least = max(least, (tangent.intercept - rate * math.log(2.0)) / slope)
        reached.append((tangent.rate, tangent.distortion))
        low, high = (slope, high) if tangent.rate < rate else (low, slope)
        if abs(tangent.rate - rate) < CLOSE:
            break
        slope = math.sqrt(low * high)
    proven = max(math.sqrt(max(least, 0.0)) - inside, 0.0) ** 2
    distortion = min(_mixed(reached, rate) + inside**2, 1.0)
    return Distortion(rate=rate, distortion=source.variance * distortion, least=source.variance * proven)


def _mixed(reached: list[tuple[float, float]], rate: float) -> float:
    """The least distortion at the rate that points of the curve, or two of them in turn, reach."""
    below, above = [each for each in reached if each[0] <= rate], [each for each in reached if each[0] > rate]
    pairs = [(low, high, (rate - low[0]) / (high[0] - low[0])) for low in below for high in above]
    return min([each[1] for each in below] + [low[1] + share * (high[1] - low[1]) for low, high, share in pairs])


@dataclass(frozen=True, kw_only=True)
class _Tangent:
    """A point of the distortion-rate curve [bits, variances], and a proven intercept: no rate [nats] is below ``intercept - slope * distortion``."""

    rate: float
    distortion: float
    intercept: float


def _tangent(squares: Array, finer: Array, shares: Array, usage: Array, slope: float) -> _Tangent:
    """Blahut's algorithm at one slope."""
    nearest = squares.min(axis=1)
    kernel = np.exp(-slope * (squares - nearest[:, None]))
    for step in range(STEPS):
        scale = kernel @ usage
        gain = (shares / scale) @ kernel
        if step % 10 == 0 and math.log2(gain.max()) < SETTLED:
            break
        usage = usage * gain
    scale = kernel @ usage
    joint = (shares / scale)[:, None] * kernel * usage
    kept = joint.sum(axis=0)
    ratio = np.where(joint > 0.0, joint / np.maximum(shares[:, None] * kept, np.finfo(float).tiny), 1.0)
    excess = float(np.max((shares / scale) @ np.exp(-slope * (finer - nearest[:, None]))))  # above one while the usage is not yet the best
    intercept = float(slope * (shares @ nearest) - shares @ np.log(scale)) - math.log(excess)
    return _Tangent(rate=float(np.sum(joint * np.log2(ratio))), distortion=float(np.sum(joint * squares)), intercept=intercept)


def _cut(source: Source, cells: int) -> tuple[Array, Array, float]:
    """Centers of mass and probabilities of cells, in deviations from the mean, and the deviation that is left inside of them."""
    deviation = math.sqrt(source.variance)
    least, most = (float(end) for end in np.clip((source.quantile(np.array([RARE, 1.0 - RARE])) - source.mean) / deviation, -REACH, REACH))
    shares, moments = source.cells(source.mean + deviation * np.linspace(least, most, cells + 1)[1:-1])
    there = shares > 0.0
    points = moments[there] / shares[there] / deviation
    return points, shares[there], math.sqrt(max(1.0 - float(shares[there] @ points**2), 0.0))
