"""What a table of measurements says of its channel at one measured delay: count, moments and quantiles of each level, and how normal the reads are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.channels.measured import MeasuredChannel
from cosim.units import engineering

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
COLUMNS = ("written", "reads", "mean", "deviation", "skewness", "bandwidth", *(f"quantile_{100 * each:g}" for each in QUANTILES))


@dataclass(frozen=True, kw_only=True, eq=False)
class FitSummary:
    """The reads of one delay, level by level.

    Attributes:
        channel: that was fitted.
        delay: measured one that is shown [s].
        counts: ``(levels,)`` reads.
        means, deviations, skewness: ``(levels,)`` of the reads.
        bandwidths: ``(levels,)`` of the kernels.
        quantiles: ``(levels, 5)`` at `QUANTILES`.
    """

    channel: MeasuredChannel
    delay: float
    counts: Array
    means: Array
    deviations: Array
    skewness: Array
    bandwidths: Array
    quantiles: Array

    def rows(self) -> list[tuple[float, ...]]:
        """A row for each level, in the order of `COLUMNS`."""
        parts = (self.channel.inputs, self.counts, self.means, self.deviations, self.skewness, self.bandwidths, *self.quantiles.T)
        return [tuple(float(each) for each in row) for row in zip(*parts, strict=True)]

    @property
    def after(self) -> str:
        """The delay in words, where there is any."""
        return f" after {engineering(self.delay, 's')}" if len(self.channel.times) else ""

    def to_csv(self) -> str:
        """The rows as a table in text, six digits."""
        read, written = self.channel.read, self.channel.written
        note = f"# {self.channel.name}{self.after}: reads of {read.name} [{read.unit}] for {written.name} [{written.unit}]"
        return "".join(f"{line}\n" for line in (note, ",".join(COLUMNS), *(",".join(f"{each:.6g}" for each in row) for row in self.rows())))

    def values(self) -> dict[str, Any]:
        """Everything for JSON."""
        columns = {name: [row[index] for row in self.rows()] for index, name in enumerate(COLUMNS)}
        return {"read": self.channel.read.name, "delays": self.channel.times, "dropped": dict(self.channel.dropped), "levels": columns}

    def __str__(self) -> str:
        channel = self.channel
        times = f"; this is one of {len(channel.times)} measured delays, {channel.times[0]:g}..{channel.times[-1]:g} s" if len(channel.times) else ""
        return (
            f"{channel.name}{self.after}: {int(self.counts.sum())} reads of {channel.read.name} at {len(self.counts)} levels of {channel.written.name} "
            f"{channel.written.least:g}..{channel.written.most:g} {channel.written.unit}{times}; dropped: {dropped_rows(channel.dropped)}"
        )


def dropped_rows(dropped: Mapping[str, int]) -> str:
    """Rows that were left out, in words."""
    return ", ".join(f"{count} {reason}" for reason, count in dropped.items() if count) or "none"


def fit_summary(channel: MeasuredChannel, *, delay: float = 0.0) -> FitSummary:
    """The summary of the measured delay that is nearest to `delay` [s]."""
    count, time = len(channel.inputs), int(np.argmin(np.abs(channel.times - delay))) if len(channel.times) else 0
    groups = [channel.law.of(time * count + level) for level in range(count)]
    means, deviations = (np.array([part(each) for each in groups]) for part in (np.mean, lambda reads: np.std(reads, ddof=1)))
    cubes = np.array([np.mean((each - mean) ** 3) for each, mean in zip(groups, means, strict=True)])
    spreads = np.array([np.std(each) for each in groups])
    return FitSummary(
        channel=channel,
        delay=float(channel.times[time]) if len(channel.times) else 0.0,
        counts=np.array([len(each) for each in groups]),
        means=means,
        deviations=deviations,
        skewness=cubes / spreads**3,
        bandwidths=channel.law.bandwidths[time * count : (time + 1) * count],
        quantiles=np.stack([np.quantile(each, QUANTILES) for each in groups]),
    )
