"""The sweep of a design as the report needs it: run once, then asked for its summary, its corners and the runs that did not pass smoothly.

Not here: the sweep itself (`cosim.codesign.sweeps`), its tables (`tables_sweep`) and its figure (`figures_sweep`).
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.corners import Corner
from cosim.codesign.sweeps import MEASURES, RANDOM, Sweep, measured, run_sweep
from cosim.design import Design, LimitsSection, MismatchSection, SweepSection
from cosim.params import Limit
from cosim.status import Status
from cosim.sweep.jobs import Result
from cosim.sweep.lab import Lab
from cosim.sweep.yields import ALL, Summary, clopper_pearson


@dataclass(frozen=True)
class Swept:
    """A sweep and a result for each of its runs."""

    sweep: Sweep
    results: list[Result]

    @property
    def design(self) -> Design:
        """Of the cells."""
        return self.sweep.design

    @property
    def summary(self) -> list[Summary]:
        """Min, typ, max and yield of every group of cells."""
        return self.sweep.summary(self.results)

    @property
    def failed(self) -> list[Result]:
        """Runs without measures."""
        return [each for each in self.results if each.status is not Status.ok]

    @property
    def relaxed(self) -> list[Result]:
        """Runs that passed on looser options only."""
        return [each for each in self.results if each.relaxed]

    @property
    def random(self) -> bool:
        """Whether the cells are draws, so that their values have a distribution."""
        return self.design.mismatch.draws > 0 or self.design.sweep.method in RANDOM

    @property
    def cells(self) -> int:
        """Cells of one orientation: points times draws."""
        return len(self.sweep.points) * len(self.sweep.draws)

    @property
    def measure(self) -> str:
        """The one that is looked at closely: the first with a limit, else the share, else the first of the bench."""
        taken = MEASURES[self.design.sweep.bench]
        return next(iter(self.design.limits.bounds), "share" if "share" in taken else taken[0])

    @property
    def limit(self) -> Limit | None:
        """Of that measure."""
        return self.design.limits.bounds.get(self.measure)

    def values(self, orientation: int = 0) -> Array:
        """``(cells, corners)`` of that measure, for one of the sweep's orientations; NaN where a run failed."""
        shape = (len(self.sweep.orientations), self.cells, len(self.sweep.corners))
        return measured(self.results, self.measure).reshape(shape)[orientation]

    def worst(self, orientation: int = 0) -> int:
        """Index of the corner whose median comes nearest to the limit or lies farthest beyond it; without a limit, farthest from the nominal one."""
        medians = np.array([np.median(each[np.isfinite(each)]) if np.isfinite(each).any() else np.nan for each in self.values(orientation).T])
        if not np.isfinite(medians).any():
            return 0
        margins = -np.abs(medians - medians[0]) if self.limit is None else _margins(medians, self.limit)
        return int(np.nanargmin(margins)) if np.isfinite(margins).any() else 0

    def corner(self, index: int, orientation: int = 0) -> tuple[Corner, int, int, tuple[float, float] | None]:
        """One corner: itself, the cells within the limit of `measure`, the cells that were simulated, and the interval of the yield."""
        values = self.values(orientation)[:, index]
        values = values[np.isfinite(values)]
        within = len(values) if self.limit is None else sum(map(self.limit.holds, values))
        interval = clopper_pearson(within, len(values)) if self.random and len(values) else None
        return self.sweep.corners[index], within, len(values), interval

    @property
    def too_low(self) -> list[Summary]:
        """Groups whose yield is below what the design asks for, or is not known."""
        return [each for each in self.summary if each.measure == ALL and not each.share >= self.design.limits.least_yield]


def _margins(values: Array, limit: Limit) -> Array:
    """How far each value lies inside of a limit; negative outside."""
    below = np.inf if limit.most is None else limit.most - values
    above = np.inf if limit.least is None else values - limit.least
    return np.asarray(np.minimum(below, above))


def asked(design: Design) -> bool:
    """Whether the design says anything of sweeps; one without these sections has no chapter."""
    return (design.sweep, design.mismatch, design.limits) != (SweepSection(), MismatchSection(), LimitsSection())


def run(design: Design, lab: Lab) -> Swept | None:
    """The sweep of a design; None if the design has none.

    Raises:
        DesignError: a limit on a measure that the bench does not take.
        SimulationError: a circuit that cannot be simulated at all. Single runs that fail are results.
        Cancelled, StoreError: what was computed is in the store.
    """
    if not asked(design):
        return None
    sweep = Sweep(design)
    return Swept(sweep, run_sweep(sweep, lab))
