"""`MeasuredChannel`: a storage channel as it was measured, with no model but a kernel density at each level that was written.

Between two written levels the law is mixed linearly. Between two measured delays the quantiles of the reads move linearly in the logarithm of one plus the
delay, and the bandwidth with them: reads that shift keep one peak, and at a measured delay the law is that of its own reads. Resistances and the like are read
in decades, ``log10``. With normalization, reads are decades below the mean of the same device at its lowest level: what a controller reads
that knows each device by one reset.

Source of `zarcone`: Zarcone et al. 2020, Sci. Rep. 10, 6831, and its published measurements, which are not shipped.
"""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from cosim._types import Array
from cosim.channels.channel import Axis, ReadsWarning
from cosim.channels.files import measured_file
from cosim.channels.kernel import Kernels, between, kernel_masses, kernels
from cosim.channels.tables import Measurements, read_measurements, written_levels
from cosim.errors import InputError, reject

Scale = Literal["log10", "linear"]
LEAST_READS = 5  # of a level, at each delay
SCATTERED = 3.0  # reads a level, below which what was written seems to scatter
MARGIN = 0.15  # of the read axis beyond the data: decades
BANDWIDTHS = (0.01, 100.0)  # least and most, in units of Scott's
DECADES = 12.0  # that reads hardly span
RARE, STRETCHED = 1e-3, 2.0  # share of reads at either end without which the axis should not be so many times shorter
_SMALLEST_SPREAD = 1e-100  # of the reads of a level; less is none
_SAME_DELAY = 1e-6  # relative; closer delays are one


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredChannel:
    """Kernel densities over levels and delays.

    Attributes:
        name: of the channel.
        written, read: the two quantities.
        inputs: ``(levels,)`` that were written, rising.
        times: ``(times,)`` delays at which reads were taken, rising [s]; empty if the measurements have no time.
        law: groups ``(times, levels)``, one behind the other.
        costs: ``(levels,)`` mean energy of a write [J], or None.
        dropped: rows of the table that were left out, by reason.
    """

    name: str
    written: Axis
    read: Axis
    inputs: Array
    times: Array
    law: Kernels
    costs: Array | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def delays(self) -> tuple[float, float]:
        """First and last delay [s]."""
        return (float(self.times[0]), float(self.times[-1])) if len(self.times) else (0.0, 0.0)

    def sample(self, written: Array, *, delay: float = 0.0, rng: np.random.Generator) -> Array:
        """One read of each write: a measured read of a neighboring level, moved by its kernel; between two delays on the way between two such reads."""
        low, share = between(self.inputs, np.asarray(written, dtype=float))
        level = low + (rng.random(np.shape(low)) < share)
        time, later = self._moment(delay)
        if later == 0.0:
            return self.law.draw(time * len(self.inputs) + level, rng=rng)
        drawn = np.empty(np.shape(level))
        for each in np.unique(level):
            here = level == each
            points, weights, width = self._law(int(each), time, later)
            drawn[here] = rng.choice(points, size=int(np.sum(here)), p=weights) + width * rng.standard_normal(int(np.sum(here)))
        return drawn

    def transition(self, inputs: Array, edges: Array, *, delay: float = 0.0) -> Array:
        """``(levels, bins)``, see `Channel`."""
        low, share = between(self.inputs, np.asarray(inputs, dtype=float))
        time, later = self._moment(delay)
        total = np.zeros((len(low), len(edges) - 1))
        for level in np.union1d(low[share < 1.0], low[share > 0.0] + 1):
            points, weights, width = self._law(int(level), time, later)
            masses = kernel_masses(points, edges, bandwidth=width, weights=weights)
            for rows, weight in ((low == level, 1.0 - share), (low + 1 == level, share)):
                total[rows] += weight[rows, None] * masses
        return total / np.sum(total, axis=1, keepdims=True)

    def energy(self, written: Array) -> Array:
        """``(...)`` energy of writing each [J], linear between levels."""
        if self.costs is None:
            raise InputError(f"channel {self.name}: has no energies; measurements with a column energy give them")
        costs = np.interp(written, self.inputs, self.costs)
        if np.any(np.isnan(costs)):
            level = float(self.inputs[np.isnan(self.costs)][0])
            raise reject(InputError, f"channel {self.name}", f"rows with an energy at level {level:g}", 0, ">= 1")
        return costs

    def levels(self, count: int | None = None) -> Array:
        """``(levels,)`` that were written, or `count` evenly spaced ones."""
        return self.inputs.copy() if count is None else np.linspace(self.written.least, self.written.most, count)

    def edges(self, bins: int, *, delay: float = 0.0) -> Array:
        """``(bins + 1,)`` evenly spaced over the read axis, the outer ones infinite."""
        return even_edges(self.read, bins)

    def moments(self, *, delay: float = 0.0) -> tuple[Array, Array]:
        """``(levels,)`` mean and standard deviation of the reads themselves, without kernels; between two delays those of their interpolated quantiles."""
        time, later = self._moment(delay)
        means, deviations = np.empty(len(self.inputs)), np.empty(len(self.inputs))
        for level in range(len(self.inputs)):
            points, weights, _ = self._law(level, time, later)
            if weights is None:
                means[level], deviations[level] = np.mean(points), np.std(points, ddof=1)
                continue
            means[level] = weights @ points
            deviations[level] = math.sqrt(weights @ (points - means[level]) ** 2 * len(points) / (len(points) - 1))
        return means, deviations

    def quantiles(self, shares: tuple[float, ...]) -> Array:
        """``(levels, shares)`` quantiles of the reads themselves at the first delay."""
        return np.stack([np.quantile(self.law.of(level), shares) for level in range(len(self.inputs))])

    def _moment(self, delay: float) -> tuple[int, float]:
        """Place among the delays: the one before, and the share of the next one, which is 0 at a measured one; the nearest one outside of the range."""
        if len(self.times) < 2:
            return 0, 0.0
        nearest = int(np.argmin(np.abs(self.times - delay)))
        if abs(self.times[nearest] - delay) <= _SAME_DELAY * delay or not self.times[0] < delay < self.times[-1]:
            return nearest, 0.0
        low, share = between(np.log1p(self.times), np.log1p(np.array([delay])))
        return int(low[0]), float(share[0])

    def _law(self, level: int, time: int, later: float) -> tuple[Array, Array | None, float]:
        """``(points,)`` reads of a level and their weights (None for equal ones), and the bandwidth."""
        group = time * len(self.inputs) + level
        if later == 0.0:
            return self.law.of(group), None, float(self.law.bandwidths[group])
        return self.law.between(group, group + len(self.inputs), later)

    @classmethod
    def from_measurements(
        cls,
        measurements: Measurements,
        *,
        name: str | None = None,
        written: str | None = None,
        read: str | None = None,
        bandwidth: float = 1.0,
        normalized: bool = False,
        device: int | None = None,
        scale: Scale = "log10",
    ) -> "MeasuredChannel":
        """The channel of a table.

        Args:
            measurements: of `read_measurements`.
            name: of the channel; the source of the measurements if left out.
            written, read: what the quantities are called; as in the measurements if left out.
            bandwidth: of the kernels, in units of Scott's; 0.01..100.
            normalized: reads are decades below the mean of their device at its lowest level.
            device: only reads of this one.
            scale: decades of the reads, or the reads as they are.

        Raises:
            InputError: fewer than two levels, too few reads of one, no such device, or a normalization that the table does not allow.

        Warns:
            ReadsWarning: a few extreme reads stretch the axis that the bins are spread over, or the reads span more than 12 decades.
        """
        name = name or measurements.source
        where = f"channel {name}"
        if not BANDWIDTHS[0] <= bandwidth <= BANDWIDTHS[1]:
            raise reject(InputError, where, "bandwidth", bandwidth, f"within {BANDWIDTHS[0]:g}..{BANDWIDTHS[1]:g}, in units of Scott's")
        rows = _rows_of(measurements, device, where)
        levels, which = written_levels(measurements.written[rows])
        times, time = _times(None if measurements.delay is None else measurements.delay[rows])
        if len(levels) < 2:
            raise reject(InputError, where, "written levels", len(levels), ">= 2")
        reads = _reads(measurements.read[rows], scale, where)
        if normalized:
            if scale != "log10" or measurements.device is None:
                raise InputError(f"{where}: normalization needs a column device and reads in decades")
            reads = _normalized(reads, device=measurements.device[rows], at_reset=(which == 0) & (time == 0), where=where)
        _warn_of_extremes(reads, measurements, rows, decades=scale == "log10", where=where)
        groups = _groups(reads, which, time, levels=levels, times=times, where=where)
        law = kernels(groups, bandwidth=bandwidth)
        quantities = (written or measurements.quantities[0][0], read or measurements.quantities[1][0])
        margin = MARGIN if scale == "log10" else 3.0 * float(np.max(law.bandwidths))
        return cls(
            name=name,
            written=Axis(name=quantities[0], unit=measurements.quantities[0][1], least=float(levels[0]), most=float(levels[-1])),
            read=_read_axis(quantities[1], measurements.quantities[1][1], reads, margin=margin, scale=scale, normalized=normalized),
            inputs=levels,
            times=times,
            law=law,
            costs=None if measurements.energy is None else _costs(measurements.energy[rows], which),
            dropped=measurements.dropped,
        )


def zarcone(*, raw: bool = False, device: int | None = None, bandwidth: float = 1.0) -> MeasuredChannel:
    """Phase-change cells of Zarcone et al. 2020: 7 devices, partial SET by the voltage of the word line.

    Args:
        raw: decades of the resistance, instead of decades below the reset of each device.
        device: 0..6 for one alone; all pooled if left out.
        bandwidth: in units of Scott's.

    Raises:
        DataError: the measurements are not there.
    """
    measurements = read_measurements(measured_file("pcm_zarcone", "pcm_20140605.npz", stand_in="pcm-zarcone2020-gaussian"))
    name = "pcm-zarcone2020" + ("-raw" if raw else "") + ("" if device is None else f", device {device}")
    return MeasuredChannel.from_measurements(measurements, name=name, written="word-line voltage", bandwidth=bandwidth, normalized=not raw, device=device)


def even_edges(read: Axis, bins: int) -> Array:
    """``(bins + 1,)`` edges evenly spaced over an axis, the outer ones infinite."""
    return np.concatenate([[-np.inf], np.linspace(read.least, read.most, bins + 1)[1:-1], [np.inf]])


def _rows_of(measurements: Measurements, device: int | None, where: str) -> Array:
    """``(reads,)`` whether each belongs to the channel."""
    if device is None:
        return np.ones(len(measurements.written), dtype=bool)
    known = [] if measurements.device is None else np.unique(measurements.device).tolist()
    if device not in known:
        raise reject(InputError, where, "device", device, f"one of {', '.join(map(str, known[:20]))}" if known else "left out, as there is no column device")
    return np.asarray(measurements.device == device)


def _times(delay: Array | None) -> tuple[Array, Array]:
    """``(times,)`` the delays, and ``(reads,)`` which one each read has."""
    if delay is None:
        return np.zeros(0), np.zeros(1, dtype=int)
    order = np.argsort(delay, kind="stable")
    rising = delay[order]
    number = np.concatenate([[0], np.cumsum(np.diff(rising) > _SAME_DELAY * rising[1:])])
    which = np.empty(len(delay), dtype=int)
    which[order] = number
    return np.bincount(number, weights=rising) / np.bincount(number), which


def _reads(read: Array, scale: Scale, where: str) -> Array:
    if scale == "linear":
        return read
    if np.min(read) <= 0.0:
        raise reject(InputError, where, "read", float(np.min(read)), "> 0 to be read in decades")
    return np.log10(read)


def _normalized(reads: Array, *, device: Array, at_reset: Array, where: str) -> Array:
    """Decades below the mean of the same device at the lowest level, soon after the write."""
    numbers, which = np.unique(device, return_inverse=True)
    count = np.bincount(which, weights=at_reset, minlength=len(numbers))
    if np.min(count) < 1:
        raise reject(InputError, where, f"reads of device {numbers[np.argmin(count)]} at the lowest level", 0, ">= 1, for its normalization")
    return np.asarray((np.bincount(which, weights=reads * at_reset) / count)[which] - reads)


def _groups(reads: Array, which: Array, time: Array, *, levels: Array, times: Array, where: str) -> list[Array]:
    """The reads of each delay and level, delays outermost."""
    cell = time * len(levels) + which
    order = np.argsort(cell, kind="stable")
    counts = np.bincount(cell, minlength=max(1, len(times)) * len(levels))
    groups = np.split(reads[order], np.cumsum(counts)[:-1])
    _check_joined(counts, len(levels), len(times), where)
    for index, group in enumerate(groups):
        if len(group) < LEAST_READS or np.ptp(group) < _SMALLEST_SPREAD:
            at = f" at {times[index // len(levels)]:g} s" if len(times) else ""
            given = f"{len(group)} ({len(np.unique(group))} distinct)"
            raise reject(InputError, where, f"reads of level {levels[index % len(levels)]:g}{at}", given, f"at least {LEAST_READS}, not all equal")
    return groups


def _check_joined(counts: Array, levels: int, times: int, where: str) -> None:
    """Refuse levels or delays of which hardly any was used twice: values that scatter about those that were meant."""
    few = int(np.sum(counts < LEAST_READS))
    if np.mean(counts) < SCATTERED:
        shape = f"{levels} levels" + (f" at {times} delays" if times else "")
        rounding = "close values are not joined, so round what was written" + (" and the delays" if times else "") + " to the values that were meant"
        given = f"{few} of {len(counts)} ({shape})"
        raise reject(InputError, where, f"levels with fewer than {LEAST_READS} reads", given, f"none; {rounding}, such as np.round(V, 2)")


def _costs(energy: Array, which: Array) -> Array:
    """``(levels,)`` mean energy of the rows that have one; NaN for a level without any."""
    known = ~np.isnan(energy)
    counts = np.bincount(which, weights=known)
    sums = np.bincount(which, weights=np.where(known, energy, 0.0))
    return np.where(counts > 0, sums / np.maximum(counts, 1.0), np.nan)


def _warn_of_extremes(reads: Array, measurements: Measurements, rows: Array, *, decades: bool, where: str) -> None:
    """Warn of reads that stretch the axis for all others."""
    rising = np.sort(reads)
    rare = max(1, math.ceil(RARE * len(rising)))
    span, inner = float(rising[-1] - rising[0]), float(rising[-1 - rare] - rising[rare]) if len(rising) > 2 * rare else math.inf
    stretched, wide = span > STRETCHED * inner, decades and span > DECADES
    if not (stretched or wide):
        return
    number = int(np.argmax(np.abs(reads - np.median(reads))))
    (written, volt), (read, unit) = ((name, "" if unit == "1" else f" {unit}") for name, unit in measurements.quantities)
    extreme = f"read={measurements.read[rows][number]:g}{unit} at {written} {measurements.written[rows][number]:g}{volt}"
    why = f"the {read}s span {span:.3g} decades" if wide else f"without a few such reads the axis would be less than half as long ({inner:.3g} of {span:.3g})"
    warnings.warn(f"{where}, {extreme}: is the most extreme one; {why}, over which the bins are spread; drop it if it is no read", ReadsWarning, stacklevel=3)


def _read_axis(name: str, unit: str, reads: Array, *, margin: float, scale: Scale, normalized: bool) -> Axis:
    least, most = float(np.min(reads)) - margin, float(np.max(reads)) + margin
    if scale == "linear":
        return Axis(name=name, unit=unit, least=least, most=most)
    called = f"log10 of {name} at reset over {name}" if normalized else f"log10 of {name} in {unit}" if unit != "1" else f"log10 of {name}"
    return Axis(name=called, unit="1", least=least, most=most)
