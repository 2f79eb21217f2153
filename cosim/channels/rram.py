"""Levels of RRAM that relax: what level is read a while after one was written, out of sixteen.

`ConfusionChannel` holds counts of how often each level was read as each other; `RelaxingLevels` is its shipped stand-in, in which the conductance of a written
level has moved by a normal step. Between two delays the first mixes the laws, the second moves the parameters, both linearly in the logarithm of the delay.

Source of the counts: github.com/akashlevy/RRAM-Relaxation-Master-Model, commit ca0cfff, MIT. Time zero of that set defines the levels, and is left out.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from cosim._types import Array
from cosim.channels.channel import Axis
from cosim.channels.files import measured_file
from cosim.channels.gaussian import read_card_table
from cosim.channels.kernel import between, normal_masses
from cosim.channels.textbook import DiscreteChannel
from cosim.errors import DataError, InputError, reject
from cosim.resources import device_data

Technology = Literal["A", "B"]
TECHNOLOGIES: tuple[Technology, ...] = ("A", "B")
CARD = "rram_relaxation"
COLUMNS = ("technology", "delay", "level", "writes", "error_rate", "shift", "deviation")
_FOLDER = ("rram_relaxation", "confmats")


class LevelsOverTime(ABC):
    """Whole levels to write and to read, with a matrix of probabilities at each delay.

    Attributes:
        name: of the channel.
        times: ``(times,)`` delays that were measured, rising [s].
        count: of the levels.
    """

    name: str
    times: Array

    @property
    @abstractmethod
    def count(self) -> int:
        """How many levels."""

    @abstractmethod
    def matrix(self, delay: float) -> Array:
        """``(levels, levels)`` probabilities of the levels read, for each that was written."""

    @property
    def written(self) -> Axis:
        """The level that is written."""
        return Axis(name="level", unit="1", least=0.0, most=self.count - 1.0)

    @property
    def read(self) -> Axis:
        """The level that is read."""
        return self.written

    @property
    def delays(self) -> tuple[float, float]:
        """First and last measured delay [s]; the law of the nearest one holds outside."""
        return float(self.times[0]), float(self.times[-1])

    def at(self, delay: float) -> DiscreteChannel:
        """The channel at one delay."""
        levels = np.arange(float(self.count))
        axis = self.written
        return DiscreteChannel(name=self.name, written=axis, read=axis, inputs=levels, outputs=levels, matrix=self.matrix(delay), delays=self.delays)

    def sample(self, written: Array, *, delay: float = 0.0, rng: np.random.Generator) -> Array:
        """One read of each write."""
        return self.at(delay).sample(written, rng=rng)

    def transition(self, inputs: Array, edges: Array, *, delay: float = 0.0) -> Array:
        """``(levels, bins)``, see `Channel`."""
        return self.at(delay).transition(inputs, edges)

    def energy(self, written: Array) -> Array:
        """None is known."""
        raise InputError(f"channel {self.name}: has no energies")

    def levels(self, count: int | None = None) -> Array:
        """``(levels,)`` all levels, or `count` of them, evenly spread."""
        return self.at(self.delays[0]).levels(count)

    def edges(self, bins: int, *, delay: float = 0.0) -> Array:
        """Edges half way between levels, at most one bin a level."""
        return self.at(self.delays[0]).edges(bins)

    def _moment(self, delay: float) -> tuple[int, float]:
        """The measured delay before, and the share of the next one."""
        if len(self.times) == 1 or delay <= self.times[0]:
            return 0, 0.0
        before, share = between(np.log(self.times), np.array([math.log(delay)]))
        return int(before[0]), float(share[0])


@dataclass(frozen=True, kw_only=True, eq=False)
class ConfusionChannel(LevelsOverTime):
    """Counts of levels, measured.

    Attributes:
        name: of the channel.
        times: ``(times,)`` rising [s].
        counts: ``(times, levels read, levels written)``.
    """

    name: str
    times: Array
    counts: Array

    def __post_init__(self) -> None:
        where, shape = f"channel {self.name}", np.shape(self.counts)
        if len(shape) != 3 or shape[1] != shape[2] or shape[1] < 2 or shape[0] != len(self.times) or shape[0] < 1:
            raise reject(InputError, where, "shape of the counts", shape, "(times, levels read, levels written)")
        if not (np.all(self.times > 0.0) and np.all(np.isfinite(self.times)) and np.all(np.diff(self.times) > 0.0)):
            raise reject(InputError, where, "times", np.asarray(self.times).tolist(), "> 0 s and rising")
        if not np.all(np.isfinite(self.counts)) or np.min(self.counts) < 0:
            raise reject(InputError, where, "counts", float(np.min(self.counts)), "finite and >= 0")
        empty = np.argwhere(np.sum(self.counts, axis=1) <= 0)
        if len(empty):
            time, level = empty[0]
            raise reject(InputError, where, f"reads of level {level} at {self.times[time]:g} s", 0, ">= 1")

    @property
    def count(self) -> int:
        """How many levels."""
        return int(np.shape(self.counts)[1])

    def matrix(self, delay: float) -> Array:
        """``(levels, levels)`` shares of the reads, mixed between the measured delays."""
        before, share = self._moment(delay)
        total = (1.0 - share) * _shares(self.counts[before])
        return total if share == 0.0 else total + share * _shares(self.counts[before + 1])


@dataclass(frozen=True, kw_only=True, eq=False)
class RelaxingLevels(LevelsOverTime):
    """Levels one apart, moved by a normal step and read as the nearest level.

    Attributes:
        name: of the channel.
        times: ``(times,)`` rising [s].
        shifts, deviations: ``(times, levels)`` of the step, in levels.
    """

    name: str
    times: Array
    shifts: Array
    deviations: Array

    def __post_init__(self) -> None:
        if not np.shape(self.shifts) == np.shape(self.deviations) == (len(self.times), self.count):
            raise reject(InputError, f"channel {self.name}", "shape of the shifts", np.shape(self.shifts), "(times, levels), as of the deviations")
        if not np.min(self.deviations) > 0.0:
            raise reject(InputError, f"channel {self.name}", "deviation", float(np.min(self.deviations)), "> 0 levels")

    @property
    def count(self) -> int:
        """How many levels."""
        return int(np.shape(self.shifts)[-1])

    def matrix(self, delay: float) -> Array:
        """``(levels, levels)`` masses of the normal steps between the thresholds."""
        before, share = self._moment(delay)
        after = min(before + 1, len(self.times) - 1)
        shift, deviation = ((1.0 - share) * each[before] + share * each[after] for each in (self.shifts, self.deviations))
        levels = np.arange(float(self.count))
        thresholds = np.concatenate([[-np.inf], levels[1:] - 0.5, [np.inf]])
        return normal_masses(levels + shift, deviation, thresholds)


def load_rram(technology: Technology) -> ConfusionChannel:
    """The measured counts.

    Raises:
        DataError: the measurements are not there, or damaged.
        InputError: no such technology.
    """
    folder = measured_file(*_FOLDER, f"tech{_checked(technology)}", stand_in=f"rram-{technology.lower()}-levels")
    files = sorted((float(path.stem), path) for path in folder.glob("*.npy"))
    after = [(time, _read_counts(path)) for time, path in files if time > 0.0]
    if not after:
        raise DataError(f"{folder}: holds no counts")
    return ConfusionChannel(name=f"rram-{technology.lower()}", times=np.array([time for time, _ in after]), counts=np.stack([each for _, each in after]))


def load_relaxing(technology: Technology) -> RelaxingLevels:
    """The shipped stand-in.

    Raises:
        DataError: the card is damaged.
        InputError: no such technology.
    """
    _checked(technology)
    _, columns = read_card_table(device_data() / "channel" / f"{CARD}.csv", COLUMNS)
    own = columns["technology"] == technology
    times = np.unique(columns["delay"][own])
    shifts, deviations = (columns[name][own].reshape(len(times), -1) for name in ("shift", "deviation"))
    return RelaxingLevels(name=f"rram-{technology.lower()}-levels", times=times, shifts=shifts, deviations=deviations)


def rram_card() -> str:
    """The text of the card, derived from the counts.

    Raises:
        DataError: the measurements are not there.
    """
    lines = [
        f"# name: {CARD}",
        "# source: level confusion counts of github.com/akashlevy/RRAM-Relaxation-Master-Model, commit ca0cfff, MIT, Copyright (c) 2021 Akash Levy",
        "# valid: 16 levels of two technologies, 0.01..1e5 s after the write",
        "# derived: shift and deviation in levels give the shares of reads above and below the level (half a read added to each); end levels have no shift",
        "# generated by: cosim.channels.rram.rram_card",
        ",".join(COLUMNS),
    ]
    for technology in TECHNOLOGIES:
        channel = load_rram(technology)
        for time, counts in zip(channel.times, channel.counts, strict=True):
            writes, (shifts, deviations) = np.sum(counts, axis=0), normal_steps(counts)
            errors = 1.0 - np.diag(counts) / writes
            for level in range(channel.count):
                values = (errors[level], shifts[level] + 0.0, deviations[level])
                lines.append(f"{technology},{time:g},{level},{writes[level]}," + ",".join(f"{each:.6g}" for each in values))
    return "".join(f"{line}\n" for line in lines)


def normal_steps(counts: Array) -> tuple[Array, Array]:
    """``(levels,)`` shifts and deviations of the normal steps that give the shares of reads above and below each level, from ``(read, written)`` counts."""
    from scipy.special import ndtri

    total = np.sum(counts, axis=0) + 1.0
    above, below = (-ndtri((np.sum(half, axis=0) + 0.5) / total) for half in (np.tril(counts, -1), np.triu(counts, 1)))
    above[-1], below[0] = below[-1], above[0]  # beyond the ends nothing is read
    return 0.5 * (below - above) / (above + below), 1.0 / (above + below)


def _shares(counts: Array) -> Array:
    """``(levels written, levels read)``."""
    return (counts / np.sum(counts, axis=0)).T


def _checked(technology: str) -> str:
    if technology not in TECHNOLOGIES:
        raise reject(InputError, "rram", "technology", technology, f"one of {', '.join(TECHNOLOGIES)}")
    return technology


def _read_counts(path: Path) -> Array:
    try:
        counts = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise DataError(f"{path}: damaged, or not an array of counts") from None
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.dtype.kind not in "iu":
        raise DataError(f"{path}: must be a square array of counts")
    return counts
