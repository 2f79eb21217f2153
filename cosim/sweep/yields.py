"""What a sweep says about a design: min, typ and max of each measure against its limits, and the yield with its interval.

A cell is what was drawn at one point; at several corners it counts as within a limit if it is at every one of them. Typ is
the median. The interval of the yield is that of Clopper and Pearson (Biometrika 26 (1934) 404), 95 %: it covers the true yield at
least that often. For a Latin hypercube it is on the safe side, since its points spread more evenly than independent ones. A plan
without anything random has a share of cells, and no interval. Cells with a failed run are counted apart, neither within nor out.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cosim.errors import InputError, reject
from cosim.params import Limit
from cosim.status import Status
from cosim.sweep.jobs import Result

LEVEL = 0.95
ALL = "all limits"


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One measure over one group of cells, or all limits together.

    Attributes:
        group: what the cells have in common ("orientation": "mod").
        measure: its name, or `ALL`.
        least, typical, most: over the runs that passed; NaN for `ALL`.
        limit: what it must be; None if nothing is asked.
        cells: those without a failed run.
        within: how many of them are within the limit; all of them if nothing is asked.
        failed: cells with a failed run.
        interval: of the yield; None if nothing in the sweep is random, or no cell is left.
    """

    group: Mapping[str, object]
    measure: str
    least: float = float("nan")
    typical: float = float("nan")
    most: float = float("nan")
    limit: Limit | None = None
    cells: int
    within: int
    failed: int
    interval: tuple[float, float] | None = None

    @property
    def share(self) -> float:
        """The yield: cells within the limit over all that were simulated; NaN if there are none."""
        return self.within / self.cells if self.cells else float("nan")

    @property
    def asked(self) -> bool:
        """Whether there is a limit to be within."""
        return self.limit is not None or self.measure == ALL

    def row(self) -> dict[str, object]:
        """Flat, for a table; no yield where nothing is asked."""
        low, high = self.interval or (float("nan"), float("nan"))
        ends = {"min": self.least, "typ": self.typical, "max": self.most}
        counts = {"cells": self.cells, "within": self.within, "failed": self.failed}
        return {
            **self.group,
            "measure": self.measure,
            **ends,
            "limit": str(self.limit or ""),
            **counts,
            "yield": self.share if self.asked else float("nan"),
            "low": low,
            "high": high,
        }


def clopper_pearson(within: int, cells: int, *, level: float = LEVEL) -> tuple[float, float]:
    """The exact interval of a share.

    Args:
        within: successes.
        cells: trials.
        level: of confidence.

    Raises:
        InputError: no trial, or more successes than trials.
    """
    from scipy.stats import beta

    if not 0 <= within <= cells or cells == 0:
        raise reject(InputError, "interval of a share", "within", within, f"0..{cells} of at least 1 cell")
    tail = (1.0 - level) / 2.0
    low = 0.0 if within == 0 else float(beta.ppf(tail, within, cells - within + 1))
    high = 1.0 if within == cells else float(beta.ppf(1.0 - tail, within + 1, cells - within))
    return low, high


def summarize(
    results: Sequence[Result],
    limits: Mapping[str, Limit],
    *,
    measures: Sequence[str],
    cell: Callable[[int], Hashable],
    group: Callable[[int], Mapping[str, object]],
    random: bool,
) -> list[Summary]:
    """The table of a sweep.

    Args:
        results: of the sweep.
        limits: measure -> what it must be.
        measures: the rows wanted, in order.
        cell: index of a result -> the cell it belongs to; results of one cell are its corners.
        group: index of a result -> what its group is named by; groups stand in the order in which they come up.
        random: whether the cells are draws, so that their yield has an interval.
    """
    groups: dict[tuple[tuple[str, object], ...], list[int]] = {}
    for index in range(len(results)):
        groups.setdefault(tuple(group(index).items()), []).append(index)
    return [each for name, members in groups.items() for each in _group(dict(name), members, results, limits, measures, cell, random=random)]


def _group(
    name: Mapping[str, object],
    members: Sequence[int],
    results: Sequence[Result],
    limits: Mapping[str, Limit],
    measures: Sequence[str],
    cell: Callable[[int], Hashable],
    *,
    random: bool,
) -> list[Summary]:
    cells: dict[Hashable, list[Result]] = {}
    for index in members:
        cells.setdefault(cell(index), []).append(results[index])
    whole = [runs for runs in cells.values() if all(run.status is Status.ok for run in runs)]
    failed = len(cells) - len(whole)

    def counted(asked: Mapping[str, Limit]) -> tuple[int, tuple[float, float] | None]:
        within = sum(all(limit.holds(_value(run, measure)) for run in runs for measure, limit in asked.items()) for runs in whole)
        return within, clopper_pearson(within, len(whole)) if random and whole and asked else None

    rows = []
    for measure in measures:
        values = np.array([_value(results[index], measure) for index in members if results[index].status is Status.ok] or [np.nan])
        within, interval = counted({measure: limits[measure]} if measure in limits else {})
        ends = {"least": float(values.min()), "typical": float(np.median(values)), "most": float(values.max())}
        rows.append(Summary(group=name, measure=measure, limit=limits.get(measure), cells=len(whole), within=within, failed=failed, interval=interval, **ends))
    if limits:
        within, interval = counted(limits)
        rows.append(Summary(group=name, measure=ALL, cells=len(whole), within=within, failed=failed, interval=interval))
    return rows


def _value(result: Result, measure: str) -> float:
    value = result.measures.get(measure)
    return value if isinstance(value, float) else float("nan")
