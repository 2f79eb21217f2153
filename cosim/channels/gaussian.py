"""`GaussianChannel`: the stand-in of any channel that is known by the mean and the deviation of its reads, and cards of such channels.

A card is a CSV file with header lines ``# key: text`` and the columns input, mean, deviation and quantiles; it ships what was derived from measurements that
may not be shipped.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cosim._types import Array
from cosim.channels.channel import Axis
from cosim.channels.kernel import normal_masses
from cosim.channels.measured import MeasuredChannel, even_edges, zarcone
from cosim.errors import DataError, InputError, reject
from cosim.resources import device_data

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
COLUMNS = ("input", "mean", "deviation", *(f"quantile_{100 * share:g}" for share in QUANTILES), "raw_mean", "raw_deviation")
PCM = "pcm_zarcone2020"
_KEYS = ("name", "source", "valid", "written", "written_unit", "read", "read_unit", "read_range", "raw_read", "raw_read_range")


@dataclass(frozen=True, kw_only=True, eq=False)
class GaussianChannel:
    """Normal reads; mean and deviation are linear between inputs.

    Attributes:
        name: of the channel.
        written, read: the two quantities.
        inputs: ``(levels,)`` rising.
        means, deviations: ``(levels,)`` of the reads.
        costs: ``(levels,)`` energy of a write [J], or None.
    """

    name: str
    written: Axis
    read: Axis
    inputs: Array
    means: Array
    deviations: Array
    costs: Array | None = None

    def __post_init__(self) -> None:
        where = f"channel {self.name}"
        if np.ndim(self.inputs) != 1 or len(self.inputs) < 2 or not np.all(np.diff(self.inputs) > 0.0):
            raise reject(InputError, where, "inputs", np.size(self.inputs), ">= 2 values that rise")
        for name in ("means", "deviations", *(("costs",) if self.costs is not None else ())):
            values = np.asarray(getattr(self, name))
            if values.shape != np.shape(self.inputs) or not np.all(np.isfinite(values)):
                raise reject(InputError, where, name, f"shape {values.shape}", f"{len(self.inputs)} finite values, one for each input")
        if np.min(self.deviations) <= 0.0:
            raise reject(InputError, where, "deviation", float(np.min(self.deviations)), "> 0")
        if self.costs is not None and np.min(self.costs) < 0.0:
            raise reject(InputError, where, "cost", float(np.min(self.costs)), ">= 0 J")

    @property
    def delays(self) -> tuple[float, float]:
        """No time."""
        return 0.0, 0.0

    def moments(self, written: Array) -> tuple[Array, Array]:
        """``(...)`` mean and deviation of a read of each of ``(...)`` written values."""
        return np.interp(written, self.inputs, self.means), np.interp(written, self.inputs, self.deviations)

    def sample(self, written: Array, *, delay: float = 0.0, rng: np.random.Generator) -> Array:
        """One read of each write."""
        mean, deviation = self.moments(written)
        return mean + deviation * rng.standard_normal(np.shape(written))

    def transition(self, inputs: Array, edges: Array, *, delay: float = 0.0) -> Array:
        """``(levels, bins)``, see `Channel`."""
        return normal_masses(*self.moments(inputs), edges)

    def energy(self, written: Array) -> Array:
        """``(...)`` energy of writing each [J], linear between inputs."""
        if self.costs is None:
            raise InputError(f"channel {self.name}: has no energies")
        return np.interp(written, self.inputs, self.costs)

    def levels(self, count: int | None = None) -> Array:
        """``(levels,)`` the inputs, or `count` evenly spaced ones."""
        return np.array(self.inputs) if count is None else np.linspace(self.written.least, self.written.most, count)

    def edges(self, bins: int, *, delay: float = 0.0) -> Array:
        """``(bins + 1,)`` evenly spaced over the read axis, the outer ones infinite."""
        return even_edges(self.read, bins)

    @classmethod
    def of(cls, channel: MeasuredChannel, *, delay: float = 0.0) -> "GaussianChannel":
        """The stand-in of a measured channel at one delay: the mean and the deviation of its reads at each level."""
        means, deviations = channel.moments(delay=delay)
        return cls(
            name=f"{channel.name}-gaussian",
            written=channel.written,
            read=channel.read,
            inputs=channel.inputs,
            means=means,
            deviations=deviations,
            costs=None if channel.costs is None or np.any(np.isnan(channel.costs)) else channel.costs,
        )


def load_gaussian(name: str = PCM, *, raw: bool = False) -> GaussianChannel:
    """The channel of a card ``device_data/channel/<name>.csv``.

    Args:
        name: of the card.
        raw: the reads as measured, instead of normalized to each device.

    Raises:
        DataError: no such card, or it is damaged.
    """
    path = device_data() / "channel" / f"{name}.csv"
    header, columns = read_card_table(path, COLUMNS)
    for key in _KEYS:
        if key not in header:
            raise DataError(f"{path.name}: header line {key} is missing")
    prefix = "raw_" if raw else ""
    least, most = (float(each) for each in header[f"{prefix}read_range"].split(".."))
    inputs = columns["input"]
    return GaussianChannel(
        name=f"{header['name']}{'-raw' if raw else ''}-gaussian",
        written=Axis(name=header["written"], unit=header["written_unit"], least=float(inputs[0]), most=float(inputs[-1])),
        read=Axis(name=header[f"{prefix}read"], unit=header["read_unit"], least=least, most=most),
        inputs=inputs,
        means=columns[f"{prefix}mean"],
        deviations=columns[f"{prefix}deviation"],
    )


def read_card_table(path: Path, names: tuple[str, ...]) -> tuple[dict[str, str], dict[str, Array]]:
    """Header texts and columns of a card in CSV; a column whose cells are no numbers stays text.

    Raises:
        DataError: it is not there, has other columns, or a row of another length.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"card {path.name}: {(error.strerror or 'cannot be read').lower()}") from None
    noted = [each[1:].partition(":") for each in lines if each.startswith("#")]
    rows = [each.split(",") for each in lines if each.strip() and not each.startswith("#")]
    if len(rows) < 2 or tuple(rows[0]) != names or any(len(row) != len(names) for row in rows):
        raise DataError(f"{path.name}: must be a table of {', '.join(names)}")
    columns = {name: _numbers([row[place] for row in rows[1:]]) for place, name in enumerate(names)}
    return {key.strip(): text.strip() for key, _, text in noted}, columns


def pcm_card() -> str:
    """The text of the card of the phase-change cells, derived from the measurements, to six digits.

    Raises:
        DataError: the measurements are not there.
    """
    normalized, raw = zarcone(), zarcone(raw=True)
    header = {
        "name": normalized.name,
        "source": "moments and quantiles of the reads of Zarcone et al. 2020, Sci. Rep. 10, 6831 (github.com/rzarcone/PCM_Paper, commit 686fd6a)",
        "valid": f"{normalized.written.least:g}..{normalized.written.most:g} V in 101 steps, 7 devices pooled, "
        f"{len(normalized.law.samples)} reads soon after the write; no delay and no temperature is known",
        "generated by": "cosim.channels.gaussian.pcm_card",
        "written": normalized.written.name,
        "written_unit": normalized.written.unit,
        "read": normalized.read.name,
        "read_unit": "1",
        "read_range": f"{normalized.read.least:.6g}..{normalized.read.most:.6g}",
        "raw_read": raw.read.name,
        "raw_read_range": f"{raw.read.least:.6g}..{raw.read.most:.6g}",
    }
    table = np.column_stack([normalized.inputs, *normalized.moments(), normalized.quantiles(QUANTILES), *raw.moments()])
    rows = [",".join(COLUMNS), *(",".join(f"{each:.6g}" for each in row) for row in np.round(table, 9) + 0.0)]
    return "".join(f"{line}\n" for line in (*(f"# {key}: {text}" for key, text in header.items()), *rows))


def _numbers(cells: list[str]) -> Array:
    try:
        numbers = [float(each) for each in cells]
    except ValueError:
        return np.array(cells)
    return np.array(numbers if all(math.isfinite(each) for each in numbers) else cells)
