"""`Traces`: resistances read over time while nothing is written, one series a run; read from tables, and cut into pairs of reads.

Not here: what is fitted to them (`population_fit.py`).
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cosim._types import Array
from cosim.channels.files import read_arrays
from cosim.datasets import data_file
from cosim.errors import DataError, InputError, reject

TIO2 = ("tio2_drift", "tio2_drift.npz")
COLUMNS = ("trace", "t", "r")


@dataclass(frozen=True, kw_only=True, eq=False)
class Traces:
    """Reads of one or more devices.

    Attributes:
        names: of the traces.
        times: ``(points,)`` of each trace, from its start, never falling [s].
        resistances: ``(points,)`` of each trace [ohm].
        dropped: reads that were left out because they were no positive number.
    """

    names: tuple[str, ...]
    times: tuple[Array, ...]
    resistances: tuple[Array, ...]
    dropped: int = 0

    def __len__(self) -> int:
        return len(self.names)

    def pick(self, chosen: Sequence[int]) -> "Traces":
        """These traces, by their numbers."""
        return Traces(
            names=tuple(self.names[each] for each in chosen),
            times=tuple(self.times[each] for each in chosen),
            resistances=tuple(self.resistances[each] for each in chosen),
        )

    def pairs(self, reads: int) -> "Pairs":
        """Reads that are `reads` reads apart, each the start of the next; traces that are too short give none.

        Raises:
            InputError: no trace is long enough.
        """
        if reads < 1:
            raise reject(InputError, "traces", "reads", reads, ">= 1")
        parts = []
        for number, (time, resistance) in enumerate(zip(self.times, self.resistances, strict=True)):
            first = np.arange(0, len(time) - reads, reads)
            parts.append((np.full(len(first), number), time[first], time[first + reads], resistance[first], resistance[first + reads]))
        trace, start, end, before, after = (np.concatenate(each) for each in zip(*parts, strict=True))
        if len(trace) == 0:
            raise InputError(f"traces: none has more than {reads} reads")
        return Pairs(trace=trace, start=start, delay=end - start, before=before, after=after)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """Two reads of one trace.

    Attributes:
        trace: ``(pairs,)`` number of the trace.
        start: ``(pairs,)`` time of the first read since the start of the trace [s].
        delay: ``(pairs,)`` between the reads [s].
        before, after: ``(pairs,)`` resistances [ohm].
    """

    trace: Array
    start: Array
    delay: Array
    before: Array
    after: Array

    def __len__(self) -> int:
        return len(self.trace)

    def change(self, step: float) -> Array:
        """``(pairs,)`` change of the conductance, in units of `step` [S]."""
        return np.asarray((1.0 / self.after - 1.0 / self.before) / step)

    def pick(self, chosen: Array) -> "Pairs":
        """These pairs, by a mask or by numbers."""
        return Pairs(trace=self.trace[chosen], start=self.start[chosen], delay=self.delay[chosen], before=self.before[chosen], after=self.after[chosen])


def tio2_traces() -> Traces:
    """The traces of a TiO2 device that the authors of arXiv 2407.04718 published, as far as they are at hand.

    Raises:
        DataError: the data are not there.
    """
    path = data_file(*TIO2)
    time, resistance, offsets, names = _arrays(path, ("t", "r", "offsets", "name"))
    trace = np.repeat(np.arange(len(names)), np.diff(offsets))
    return _checked(trace, time, resistance, where=str(path), names=tuple(str(each) for each in names))


def read_traces(path: str | Path) -> Traces:
    """Traces from a table with the columns ``trace``, ``t`` [s] and ``r`` [ohm]: CSV, or npz with arrays of these names.

    Raises:
        DataError: no such file, a column is missing, times that fall, no trace of two reads.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    columns = _arrays(path, COLUMNS) if path.suffix == ".npz" else _csv(path)
    labels = columns[0].astype(str)
    names, first, trace = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.argsort(order)
    return _checked(rank[trace], columns[1], columns[2], where=str(path), names=tuple(str(names[each]) for each in order))


def _arrays(path: Path, names: tuple[str, ...]) -> tuple[Array, ...]:
    found = read_arrays(path, str(path))
    _check_columns(path, found, names)
    return tuple(found[each] for each in names)


def _csv(path: Path) -> tuple[Array, ...]:
    import pandas

    try:
        table = pandas.read_csv(path)
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: is no CSV table ({error})") from None
    _check_columns(path, table, COLUMNS)
    numbers = [pandas.to_numeric(table[each], errors="coerce").to_numpy(dtype=float) for each in COLUMNS[1:]]
    return table["trace"].to_numpy(), numbers[0], numbers[1]


def _check_columns(path: Path, found: Container[str], names: tuple[str, ...]) -> None:
    absent = [each for each in names if each not in found]
    if absent:
        raise DataError(f"{path}: has no column {absent[0]!r}; needed are {', '.join(names)}")


def _checked(trace: Array, time: Array, resistance: Array, *, where: str, names: tuple[str, ...]) -> Traces:
    if not len(trace) == len(time) == len(resistance):
        raise DataError(f"{where}: columns differ in length ({len(trace)}, {len(time)}, {len(resistance)})")
    time, resistance = np.asarray(time, dtype=float), np.asarray(resistance, dtype=float)
    kept = np.isfinite(time) & np.isfinite(resistance) & (resistance > 0.0)
    times, resistances, named = [], [], []
    for number, name in enumerate(names):
        chosen = kept & (trace == number)
        if np.any(np.diff(time[chosen]) < 0.0):
            raise DataError(f"{where}, trace {name}: times must not fall")
        if np.sum(chosen) >= 2:
            times.append(time[chosen] - time[chosen][0])
            resistances.append(resistance[chosen])
            named.append(name)
    if not named:
        raise DataError(f"{where}: no trace has two reads")
    return Traces(names=tuple(named), times=tuple(times), resistances=tuple(resistances), dropped=int(np.sum(~kept)))
