"""Controllers: how the next pulse follows from the reads. Both work on many lanes at once, behind one interface.

`PaperController` (Lim 2025, Fig. 5B): full set, then resets from a nominal voltage in equal steps; accepted when all of a few
reads lie inside of the band; when a read falls below, it sets and begins again.
`SlopeController` is ours: it reads until the mean is known well enough to decide, and takes the next amplitude from the slope of
the nominal curve, shifted to what the device at hand has shown.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cosim._types import Array
from cosim.codesign.tuning.reading import NoisyReader, error_of_mean
from cosim.errors import DeviceError, reject

ACCEPT, ABOVE, BELOW = 0, 1, 2


@dataclass(frozen=True)
class NominalCurve:
    """Conductance through the cell after one reset pulse from full set, without spread: ``(points,)`` each.

    Attributes:
        amplitude: magnitude of the pulse, rising [V].
        conductance: falling [S].
    """

    amplitude: Array
    conductance: Array

    def voltage(self, conductance: Array) -> Array:
        """Magnitude of the pulse [V] that leaves `conductance` [S] on the nominal device; the ends outside of the curve."""
        return np.interp(-np.log(conductance), -np.log(self.conductance), self.amplitude)

    def after(self, voltage: Array) -> Array:
        """Conductance [S] that a pulse of magnitude `voltage` [V] leaves on the nominal device."""
        return np.exp(np.interp(voltage, self.amplitude, np.log(self.conductance)))

    def sensitivity(self, conductance: Array) -> Array:
        """Relative change of the conductance per volt of the pulse [1/V], at `conductance` [S]."""
        return np.interp(-np.log(conductance), -np.log(self.conductance), -np.gradient(np.log(self.conductance), self.amplitude))


@dataclass
class Memory:
    """What a controller remembers of each lane, ``(lanes,)``.

    Attributes:
        first: magnitude that a descent from full set begins with [V].
        last: magnitude of the last reset [V].
        fresh: no reset since the last set.
    """

    first: Array
    last: Array
    fresh: Array


class Controller(Protocol):
    """Decides from reads, then chooses the next reset; a lane that is BELOW is set by the caller."""

    @property
    def band(self) -> float:
        """Relative half-width around the target."""
        ...

    def begin(self, target: Array, curve: NominalCurve) -> Memory:
        """Memory of lanes with `target` ``(lanes,)`` [S]."""
        ...

    def decide(self, reader: NoisyReader, index: Array, conductance: Array, target: Array) -> tuple[Array, Array, Array]:
        """ACCEPT, ABOVE or BELOW for each lane of `index`, its estimate [S], and the time that the reads took [s]."""
        ...

    def descend(self, memory: Memory, index: Array, estimate: Array, target: Array, curve: NominalCurve) -> Array:
        """Magnitudes of the next resets [V] for lanes that are ABOVE; updates the memory."""
        ...

    def restart(self, memory: Memory, index: Array, estimate: Array, target: Array, curve: NominalCurve) -> None:
        """Lanes that are BELOW are set: what the memory keeps of the descent that ended there."""
        ...


@dataclass(frozen=True, kw_only=True)
class PaperController:
    """Equal steps, all reads inside (Lim 2025, section 3.2).

    Attributes:
        band: relative half-width around the target.
        step: of the amplitude [V].
        back_off: below the nominal voltage of the target, where a descent begins [V].
        reads: consecutive reads that must lie inside.
        read_time: of one read [s].
    """

    band: float
    step: float = 10e-3
    back_off: float = 0.05
    reads: int = 5
    read_time: float = 10e-3

    def __post_init__(self) -> None:
        _check(self.band, self.reads)
        if not self.step > 0:
            raise reject(DeviceError, "paper's controller", "step", self.step, "> 0 V")

    def begin(self, target: Array, curve: NominalCurve) -> Memory:
        """Descents begin below the nominal voltage of the target."""
        return _start(curve.voltage(target) - self.back_off, curve)

    def decide(self, reader: NoisyReader, index: Array, conductance: Array, target: Array) -> tuple[Array, Array, Array]:
        """All reads inside accept; otherwise their mean decides."""
        seen = reader.read(index, conductance, reads=self.reads, spacing=self.read_time)
        inside = np.all(np.abs(seen / target[:, None] - 1.0) <= self.band, axis=1)
        mean = seen.mean(axis=1)
        verdict = np.where(inside, ACCEPT, np.where(mean > target, ABOVE, BELOW))
        return verdict, mean, np.full(len(index), self.reads * self.read_time)

    def descend(self, memory: Memory, index: Array, estimate: Array, target: Array, curve: NominalCurve) -> Array:
        """The beginning of a descent, or one step more."""
        return _remember(memory, index, np.where(memory.fresh[index], memory.first[index], memory.last[index] + self.step))

    def restart(self, memory: Memory, index: Array, estimate: Array, target: Array, curve: NominalCurve) -> None:
        """Every descent begins at the same voltage."""
        memory.fresh[index] = True


@dataclass(frozen=True, kw_only=True)
class SlopeController:
    """Reads until it is sure, steps by the local slope.

    Attributes:
        band: relative half-width around the target.
        resolution: of the amplitude [V].
        deviation, correlation_time: of the read noise, as the controller knows it (relative; [s]).
        confidence: standard errors between the mean and an edge of the band before it is sure.
        spacing: between reads [s]; with correlated noise about the correlation time.
        batch, most: reads that are added at a time, and at most.
        guard: a descent aims at the target plus this much, relative, until the device is known.
        aim: where a pulse aims, in bands above the target.
        caution: where the first pulse of a later descent aims, in bands above the target.
    """

    band: float
    resolution: float = 1e-3
    deviation: float = 0.02
    correlation_time: float = 0.0
    confidence: float = 3.0
    spacing: float = 10e-3
    batch: int = 4
    most: int = 400
    guard: float = 0.25
    aim: float = 0.2
    caution: float = 1.5

    def __post_init__(self) -> None:
        _check(self.band, self.batch)
        for name in ("resolution", "confidence", "spacing"):
            if not getattr(self, name) > 0:
                raise reject(DeviceError, "slope controller", name, getattr(self, name), "> 0")
        for name in ("deviation", "correlation_time"):
            if not getattr(self, name) >= 0:
                raise reject(DeviceError, "slope controller", name, getattr(self, name), ">= 0")

    def begin(self, target: Array, curve: NominalCurve) -> Memory:
        """Descents begin where the nominal device would stop short of the target by the guard."""
        return _start(curve.voltage(target * (1.0 + self.guard)), curve)

    def decide(self, reader: NoisyReader, index: Array, conductance: Array, target: Array) -> tuple[Array, Array, Array]:
        """Reads in batches; a lane is decided when its mean lies `confidence` errors inside or outside of the band."""
        total, count = np.zeros(len(index)), np.zeros(len(index), dtype=int)
        verdict, open_lanes = np.full(len(index), -1), np.arange(len(index))
        while len(open_lanes):
            seen = reader.read(index[open_lanes], conductance[open_lanes], reads=self.batch, spacing=self.spacing)
            total[open_lanes] += seen.sum(axis=1)
            count[open_lanes] += self.batch
            reads = count[open_lanes]
            away = total[open_lanes] / reads / target[open_lanes] - 1.0
            error = self.confidence * self.deviation * error_of_mean(reads, spacing=self.spacing, correlation_time=self.correlation_time)
            last = reads >= self.most
            low, high = away - error, away + error
            inside = (low >= -self.band) & (high <= self.band)
            sure = np.select([inside, low > self.band, high < -self.band], [ACCEPT, ABOVE, BELOW], default=-1)
            half = np.where(np.abs(away) <= 0.5 * self.band, ACCEPT, np.where(away > 0, ABOVE, BELOW))
            verdict[open_lanes] = np.where((sure < 0) & last, half, sure)
            open_lanes = open_lanes[verdict[open_lanes] < 0]
        return verdict, total / count, count * self.spacing

    def descend(self, memory: Memory, index: Array, estimate: Array, target: Array, curve: NominalCurve) -> Array:
        """Where the nominal curve, scaled to what this device has shown, meets the aim; always a little more than the last one."""
        fresh, last = memory.fresh[index], memory.last[index]
        ratio = estimate / curve.after(last)
        goal = curve.voltage(target * (1.0 + self.aim * self.band) / ratio)
        wanted = np.where(fresh, memory.first[index], np.maximum(goal, last + self.resolution))
        return _remember(memory, index, np.round(wanted / self.resolution) * self.resolution)

    def restart(self, memory: Memory, index: Array, estimate: Array, target: Array, curve: NominalCurve) -> None:
        """The next descent begins where the device, as its last pulse has shown it, would stop short of the target; lower than this one ended."""
        last = memory.last[index]
        again = curve.voltage(target * (1.0 + self.caution * self.band) * curve.after(last) / estimate)
        again = np.maximum(np.minimum(again, last - self.resolution), curve.amplitude[0])
        memory.first[index] = np.where(memory.fresh[index], memory.first[index], again)
        memory.fresh[index] = True


def _start(voltage: Array, curve: NominalCurve) -> Memory:
    first = np.maximum(voltage, curve.amplitude[0])
    return Memory(first, first.copy(), np.ones(len(first), dtype=bool))


def _remember(memory: Memory, index: Array, chosen: Array) -> Array:
    memory.last[index], memory.fresh[index] = chosen, False
    return chosen


def _check(band: float, reads: int) -> None:
    if not 0 < band < 1:
        raise reject(DeviceError, "controller", "band", band, "> 0 and < 1")
    if reads < 1:
        raise reject(DeviceError, "controller", "reads", reads, ">= 1")
