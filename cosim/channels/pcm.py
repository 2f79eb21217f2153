"""`PcmDrift`: phase-change memory whose conductance misses its target, falls as a power of time, and is read with 1/f noise.

A write of the relative conductance g gives a conductance with a normal error, cut off at zero; its drift exponent is the absolute value of a normal number
whose mean and spread depend on g; a read has a relative error that grows with the logarithm of time. Reads are cut off at zero too. The delay counts from
the first read, `first_read` seconds after the write.

Source: Nandakumar et al., ICECS 2019; Joshi et al., Nature Communications 2020; Le Gallo et al., Nature Electronics 2023 (Hermes chip); constants as in IBM
aihwkit (MIT). Not here: what a network makes of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from cosim._types import Array
from cosim.cards import read_card
from cosim.channels.channel import Axis
from cosim.errors import DeviceError, InputError, reject
from cosim.params import check_params, param

LEVELS = 65  # that represent the range where nobody says how many
WRITES, EXPONENTS = 32, 40  # nodes of the quadrature over the written conductance and the drift exponent
REACH = 7.0  # standard deviations that the quadrature covers; 3e-12 lies outside
NEGLIGIBLE = 1e-14  # weight of a node
NEVER = 2.0  # a turn that no relative conductance reaches
SMALLEST = 1e-7  # relative conductance in logarithms


@dataclass(frozen=True, kw_only=True)
class PcmDrift:
    """Phase-change memory, a `cosim.channels.channel.Channel`; `compensated` multiplies every read by `compensation`.

    Mean and spread of the exponent, and the relative read noise, are straight lines in ln g between two limits up to a turn, and polynomials above;
    the read noise is a power of g instead where `read_scale` is given.
    """

    name: str = "pcm"
    description: str = ""
    compensated: bool = False
    full_scale: float = param("highest conductance", "S", above=0.0)
    first_read: float = param("time from the write to the first read", "s", above=0.0)
    longest: float = param("longest delay after the first read that the constants hold for", "s", above=0.0)
    read_time: float = param("duration of a read", "s", above=0.0)
    program_0: float = param("error of a write, constant", "S")
    program_1: float = param("error of a write, factor of g", "S", default=0.0)
    program_2: float = param("error of a write, factor of g^2", "S", default=0.0)
    program_3: float = param("error of a write, factor of g^3", "S", default=0.0)
    drift_slope: float = param("mean exponent, factor of ln g", "1")
    drift_offset: float = param("mean exponent, constant", "1")
    drift_least: float = param("mean exponent, lower limit", "1", least=0.0)
    drift_most: float = param("mean exponent, upper limit", "1", least=0.0)
    drift_turn: float = param("mean exponent, g from which the polynomial holds", "1", default=NEVER)
    drift_0: float = param("mean exponent above the turn, constant", "1", default=0.0)
    drift_1: float = param("mean exponent above the turn, factor of g", "1", default=0.0)
    drift_2: float = param("mean exponent above the turn, factor of g^2", "1", default=0.0)
    spread_slope: float = param("spread of the exponent, factor of ln g", "1")
    spread_offset: float = param("spread of the exponent, constant", "1")
    spread_least: float = param("spread of the exponent, lower limit", "1", above=0.0)
    spread_most: float = param("spread of the exponent, upper limit", "1", above=0.0)
    spread_turn: float = param("spread of the exponent, g from which the polynomial holds", "1", default=NEVER)
    spread_0: float = param("spread of the exponent above the turn, constant", "1", default=0.0)
    spread_1: float = param("spread of the exponent above the turn, factor of g", "1", default=0.0)
    spread_2: float = param("spread of the exponent above the turn, factor of g^2", "1", default=0.0)
    read_scale: float = param("read noise as a power of g: factor; 0 for the line and the polynomial", "1", default=0.0, least=0.0)
    read_power: float = param("read noise as a power of g: exponent", "1", default=0.0, least=0.0)
    read_slope: float = param("read noise, factor of ln g", "1", default=0.0)
    read_offset: float = param("read noise, constant", "1", default=0.0)
    read_least: float = param("read noise, lower limit", "1", default=0.0, least=0.0)
    read_most: float = param("read noise, upper limit", "1", least=0.0)
    read_turn: float = param("read noise, g from which the polynomial holds", "1", default=NEVER)
    read_0: float = param("read noise above the turn, constant", "1", default=0.0)
    read_1: float = param("read noise above the turn, factor of g", "1", default=0.0)
    read_2: float = param("read noise above the turn, factor of g^2", "1", default=0.0)
    read_3: float = param("read noise above the turn, factor of g^3", "1", default=0.0)
    sources: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_params(self)
        for what, least, most in (("drift", self.drift_least, self.drift_most), ("spread", self.spread_least, self.spread_most)):
            if least > most:
                raise reject(DeviceError, self.name, f"{what}_least", least, f"<= {what}_most={most:g}")

    @property
    def written(self) -> Axis:
        """The conductance that is aimed at, as a share of full scale."""
        return Axis(name="relative conductance", unit="1", least=0.0, most=1.0)

    @property
    def read(self) -> Axis:
        """The conductance that is read."""
        return Axis(name="conductance", unit="S", least=0.0, most=1.2 * self.full_scale)

    @property
    def delays(self) -> tuple[float, float]:
        """From the first read, from which a delay counts, to the longest one that the card allows [s]."""
        return 0.0, self.longest

    def write_error(self, target: Array) -> Array:
        """Standard deviation of the written conductance [S]."""
        return np.maximum(_polynomial(target, (self.program_0, self.program_1, self.program_2, self.program_3)), 0.0)

    def exponents(self, target: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the drift exponent, before its sign is dropped."""
        mean = _branches(target, (self.drift_slope, self.drift_offset, self.drift_least, self.drift_most), self.drift_turn, self._drift)
        spread = _branches(target, (self.spread_slope, self.spread_offset, self.spread_least, self.spread_most), self.spread_turn, self._spread)
        return mean, np.maximum(spread, 0.0)

    def read_noise(self, conductance: Array, delay: float) -> Array:
        """Relative standard deviation of a read of a device that was written to `conductance` [S]."""
        relative = np.abs(np.asarray(conductance, dtype=float)) / self.full_scale
        grown = math.sqrt(math.log((delay + self.first_read + self.read_time) / (2.0 * self.read_time)))
        if self.read_scale > 0.0:
            return np.minimum(self.read_scale / np.maximum(relative**self.read_power, 1e-3), self.read_most) * grown
        line = (self.read_slope, self.read_offset, self.read_least, self.read_most)
        return np.maximum(_branches(relative, line, self.read_turn, (self.read_0, self.read_1, self.read_2, self.read_3)), 0.0) * grown

    def decades(self, delay: float) -> float:
        """ln of the time since the write over that of the first read: the exponent multiplies it."""
        return math.log1p(delay / self.first_read)

    def sample(self, written: Array, *, delay: float = 0.0, rng: np.random.Generator) -> Array:
        """One read of each write [S]."""
        target = np.asarray(written, dtype=float)
        shape = np.shape(target)
        start = np.maximum(target * self.full_scale + self.write_error(target) * rng.standard_normal(shape), 0.0)
        mean, spread = self.exponents(target)
        drifted = start * np.exp(-np.abs(mean + spread * rng.standard_normal(shape)) * self.decades(delay))
        read = drifted * (1.0 + self.read_noise(start, delay) * rng.standard_normal(shape))
        return np.maximum(read, 0.0) * self._factor(delay)

    def transition(self, inputs: Array, edges: Array, *, delay: float = 0.0) -> Array:
        """``(levels, bins)`` probabilities of the read bins, by quadrature over written conductance and exponent; cut off at zero as the samples are."""
        from scipy.special import ndtr

        inner = np.asarray(edges, dtype=float)[1:-1] / self._factor(delay)
        below = np.zeros((len(inputs), len(inner)))
        positive = inner > 0.0
        for row, target in zip(below, np.asarray(inputs, dtype=float), strict=True):
            zero, weights, drifted, deviation = self._nodes(float(target), delay)
            chosen = inner[positive]
            known = (chosen[:, None] - drifted) / deviation
            row[positive] = np.clip(zero + ndtr(known) @ weights, 0.0, 1.0)
        ends = np.ones((len(inputs), 1))  # what was neglected falls into the last bin
        return np.maximum(np.diff(np.concatenate([0.0 * ends, below, ends], axis=1), axis=1), 0.0)

    def moments(self, written: Array, delay: float) -> tuple[Array, Array]:
        """Mean [S] and variance [S^2] of reads, by the same quadrature."""
        from scipy.special import ndtr

        found = []
        for target in np.ravel(np.asarray(written, dtype=float)):
            _, weights, drifted, deviation = self._nodes(float(target), delay)
            above, density = ndtr(drifted / deviation), np.exp(-0.5 * (drifted / deviation) ** 2) / math.sqrt(2.0 * math.pi)
            first = weights @ (drifted * above + deviation * density)
            second = weights @ ((drifted**2 + deviation**2) * above + drifted * deviation * density)
            found.append((first, second - first**2))
        shape, factor = np.shape(written), self._factor(delay)
        return np.reshape([each[0] * factor for each in found], shape), np.reshape([each[1] * factor**2 for each in found], shape)

    def compensation(self, delay: float) -> float:
        """The factor by which a tile of devices over all levels has fallen since the first read: what global drift compensation multiplies by."""
        plain = replace(self, compensated=False)
        levels = np.linspace(0.0, 1.0, 9)[1:]
        return float(np.sum(plain.moments(levels, 0.0)[0]) / np.sum(plain.moments(levels, delay)[0]))

    def energy(self, written: Array) -> Array:
        """Not known.

        Raises:
            InputError: always.
        """
        raise InputError(f"channel {self.name}, energy: its card gives none")

    def levels(self, count: int | None = None) -> Array:
        """``(levels,)`` relative conductances, equally spaced over 0..1."""
        wanted = LEVELS if count is None else count
        if wanted < 1:
            raise reject(InputError, f"channel {self.name}", "levels", wanted, ">= 1")
        return np.linspace(0.0, 1.0, wanted)

    def edges(self, bins: int, *, delay: float = 0.0) -> Array:
        """``(bins + 1,)`` edges, equally spaced from zero to where no read lies; the first bin is that of reads cut off at zero."""
        mean, variance = self.moments(np.array([0.9, 1.0]), delay)
        top = float(np.max(mean + 6.0 * np.sqrt(variance)))
        return np.concatenate([[-np.inf], np.linspace(0.0, top, bins - 1) + np.finfo(float).tiny, [np.inf]])

    @cached_property
    def _drift(self) -> tuple[float, ...]:
        return (self.drift_0, self.drift_1, self.drift_2)

    @cached_property
    def _spread(self) -> tuple[float, ...]:
        return (self.spread_0, self.spread_1, self.spread_2)

    @cached_property
    def _kinks(self) -> tuple[float, ...]:
        """Conductances at which the law of the read noise changes [S]."""
        if self.read_scale > 0.0:
            return (self.full_scale * (self.read_scale / self.read_most) ** (1.0 / self.read_power),)
        limits = [math.exp((limit - self.read_offset) / self.read_slope) for limit in (self.read_least, self.read_most)] if self.read_slope else []
        return tuple(self.full_scale * each for each in (*limits, self.read_turn))

    def _factor(self, delay: float) -> float:
        return self.compensation(delay) if self.compensated and delay > 0.0 else 1.0

    def _nodes(self, target: float, delay: float) -> tuple[float, Array, Array, Array]:
        """Probability of a write cut off at zero; weights, drifted conductances and deviations of reads of the others."""
        from scipy.special import ndtr

        aim, error = target * self.full_scale, max(float(self.write_error(np.array(target))), 1e-6 * self.full_scale)
        start, weight = _normal_nodes(aim, error, WRITES, kinks=self._kinks, lowest=0.0)
        mean, spread = (float(each) for each in self.exponents(np.array(target)))
        exponent, chance = _normal_nodes(mean, max(spread, 1e-9), EXPONENTS, kinks=(0.0,))
        drifted = start[:, None] * np.exp(-np.abs(exponent) * self.decades(delay))
        deviation = drifted * self.read_noise(start, delay)[:, None]
        weights = np.ravel(weight[:, None] * chance)
        counts = weights > NEGLIGIBLE
        return float(ndtr(-aim / error)), weights[counts], np.ravel(drifted)[counts], np.maximum(np.ravel(deviation)[counts], 1e-12 * self.full_scale)


def load_pcm(name: str, *, compensated: bool = False) -> PcmDrift:
    """A card of ``device_data/channel``: ``pcm-joshi2020``, ``pcm-hermes``, ``pcm-hermes-pair``, or the path of a card."""
    return replace(read_card(PcmDrift, "channel", name), compensated=compensated)


def global_drift_compensation(readout_then: Array, readout_now: Array) -> float:
    """The factor for a tile: mean size of its outputs to known inputs at the first read, over that now.

    Raises:
        InputError: the tile does not answer any more.
    """
    now = float(np.mean(np.abs(readout_now)))
    if not now > 0.0:
        raise reject(InputError, "drift compensation", "mean readout", now, "> 0")
    return float(np.mean(np.abs(readout_then))) / now


def column_drift_compensation(readout_then: Array, readout_now: Array) -> Array:
    """``(columns,)`` factors, one for each column of ``(inputs, columns)`` readouts.

    Raises:
        InputError: a column does not answer any more.
    """
    now = np.mean(np.abs(readout_now), axis=0)
    if not np.all(now > 0.0):
        raise reject(InputError, "drift compensation", f"mean readout of column {int(np.argmin(now))}", float(np.min(now)), "> 0")
    return np.mean(np.abs(readout_then), axis=0) / now


def _polynomial(relative: Array, coefficients: tuple[float, ...]) -> Array:
    return np.polynomial.polynomial.polyval(np.asarray(relative, dtype=float), coefficients)


def _branches(relative: Array, line: tuple[float, float, float, float], turn: float, coefficients: tuple[float, ...]) -> Array:
    slope, offset, least, most = line
    relative = np.asarray(relative, dtype=float)
    straight = np.clip(slope * np.log(np.maximum(relative, SMALLEST)) + offset, least, most)
    return np.where(relative < turn, straight, _polynomial(relative, coefficients))


def _normal_nodes(mean: float, deviation: float, count: int, *, kinks: Sequence[float], lowest: float = -math.inf) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights of a normal law above `lowest`, in pieces between `kinks`; the weights of each piece sum to its exact mass."""
    from scipy.special import ndtr

    low = max((lowest - mean) / deviation, -REACH)
    inside = sorted(place for place in ((kink - mean) / deviation for kink in kinks) if low < place < REACH)
    ends = [low, *inside, REACH]
    node, weight = np.polynomial.legendre.leggauss(count)
    nodes, weights = [], []
    for left, right in pairwise(ends):
        place = left + (right - left) * (node + 1.0) / 2.0
        density = weight * np.exp(-0.5 * (place**2 - np.min(place**2)))
        nodes.append(mean + deviation * place)
        weights.append(density / np.sum(density) * float(ndtr(-left) - ndtr(-right) if left > 0.0 else ndtr(right) - ndtr(left)))
    return np.concatenate(nodes), np.concatenate(weights) / np.sum(weights) * float(ndtr((mean - lowest) / deviation))
