"""The cells of a design as a sweep: plan, corners and mismatch in; a result for every run, and a table against the limits, out.

A point is laid by `cosim.sweep.plan`; at each point cells are drawn (`[mismatch]`), and each cell is simulated at every corner
asked for. What a run measures depends on the bench: ``loop``, the I-V loop of a measurement; ``share``, the transistor's part of
the full voltage at the end of the full operation; ``headroom``, what the memristor gets then under the design's supply.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import overload

import numpy as np

from cosim._types import Array
from cosim.circuits.cells import ORIENTATIONS, Orientation
from cosim.circuits.corners import NOMINAL, Corner, Deviation, Mismatch
from cosim.codesign.cellbench import Devices, Point, operating_point, polar_voltage, positive_drive
from cosim.codesign.sizing import END_STATE, all_corners
from cosim.codesign.window import cell_loop, cell_window, transistor_share
from cosim.design import Design
from cosim.errors import DesignError, SimulationError
from cosim.params import Span
from cosim.sweep.jobs import Extractor, Job, Result, extractor
from cosim.sweep.lab import Lab, Question, Reading
from cosim.sweep.ladder import climb
from cosim.sweep.plan import DRAW, generator, plan
from cosim.sweep.runner import run_jobs
from cosim.sweep.yields import Summary, summarize
from cosim.waves import Waves

MOST_CELLS = 1_000_000  # points times draws; at 100 cells a second a night of work
AT_THE_END = ("memristor", "transistor", "current", "power")
MEASURES = {
    "loop": ("on", "off", "on_off", "share", "memristor_max", "memristor_min"),
    "share": ("share", *AT_THE_END),
    "headroom": ("headroom", *AT_THE_END),
}
PLACES = {  # axis -> section and key of the design whose value it takes
    "w_over_l": ("transistor", "chosen"),
    "length": ("transistor", "length"),
    "gate": ("supply", "gate"),
    "drain": ("supply", "drain"),
    "full_voltage": ("cell", "full_voltage"),
    "read_voltage": ("cell", "read_voltage"),
}
ALWAYS = ("w_over_l", "gate")  # columns of every table
RANDOM = ("random", "latin_hypercube")
NEUTRAL = {"vt_shift": 0.0, "mobility": 1.0, "i0s": 1.0, "rss": 1.0}


@extractor(version=1)
def loop_measures(waves: Waves, *, orientation: Orientation, voltage: float, read: float) -> dict[str, float]:
    """`on` and `off` conductance at the read voltage [S], their ratio, `share` of the transistor at the top, voltages across the memristor [V].

    Raises:
        SimulationError: the sweep did not reach its corners.
    """
    reading = Reading(waves.axis, dict(waves.signals), "")
    across = reading["v(bit)"] - reading["v(sl)"]
    if max(abs(across.max() - voltage), abs(across.min() + voltage)) > 1e-5 * voltage:
        raise SimulationError(f"I-V loop: runs from {across.min():.6g} to {across.max():.6g} V, not to {voltage:g} V; change max_step")
    window = cell_window(reading, orientation, w_over_l=float("nan"), voltage=voltage, read=read)
    share, memristor = transistor_share(reading, orientation)
    largest, smallest = float(memristor.max()), float(memristor.min())
    return {"on": window.on, "off": window.off, "on_off": window.ratio, "share": share, "memristor_max": largest, "memristor_min": smallest}


@extractor(version=1)
def end_measures(waves: Waves, *, orientation: Orientation, gate: float, operation: str, needed: float) -> dict[str, float]:
    """Voltages across memristor and transistor [V], `headroom` of the memristor over what it needs [V], `share`, current [A] and power [W]."""
    point = Point.of(Reading(waves.axis, dict(waves.signals), ""), orientation, gate=gate)
    memristor = polar_voltage(operation, point.memristor)
    ends = {"memristor": memristor, "transistor": point.transistor, "current": abs(point.current), "power": point.power}
    return {"headroom": memristor - needed, "share": point.share, **ends}


@dataclass(frozen=True)
class Case:
    """One run: which cell, at which corner.

    Attributes:
        point: index of the point in the plan.
        values: the axes there.
        draw: index of the cell that was drawn at this point; None for the nominal one.
        deviation: what was drawn.
    """

    orientation: Orientation
    point: int
    values: dict[str, float]
    corner: Corner
    draw: int | None
    deviation: Deviation


class Sweep(Sequence[Job]):
    """The jobs of a design's ``[sweep]``, each made when it is asked for, so that 100,000 of them need little memory.

    Raises:
        DesignError: a limit on a measure that the bench does not take.
    """

    def __init__(self, design: Design, *, devices: Devices | None = None) -> None:
        """See the class; `devices` in the place of the design's own."""
        self.design = design
        self.devices = devices or Devices.of(design)
        self.axes = design.sweep.axes or {"w_over_l": design.transistor.w_over_l}
        for measure in design.limits.bounds:
            if measure not in MEASURES[design.sweep.bench]:
                raise DesignError(f"[limits] {measure}: must be one of {', '.join(MEASURES[design.sweep.bench])}, which bench {design.sweep.bench!r} measures")
        self._check_size()
        self.points = plan(design.sweep.method, self.axes, points=design.sweep.points, seed=design.run.seed)
        self.orientations: tuple[Orientation, ...] = tuple(each for each in ORIENTATIONS if design.sweep.orientation in (each, "both"))
        self.corners = tuple(all_corners(design)) if design.sweep.corners == "all" else (NOMINAL,)
        self.draws: tuple[int | None, ...] = tuple(range(design.mismatch.draws)) or (None,)
        self._moving = self._drawn_or_skewed()
        self._shape = (len(self.orientations), len(self.points), len(self.draws), len(self.corners))

    def _check_size(self) -> None:
        """Refuse a sweep that nobody can wait for, before its points are laid."""
        sweep, draws = self.design.sweep, max(self.design.mismatch.draws, 1)
        counts = [axis.points or 1 if isinstance(axis, Span) else len(axis) for axis in self.axes.values()]
        points = math.prod(counts) if sweep.method == "grid" else max(counts) if sweep.method == "list" else sweep.points
        if points * draws > MOST_CELLS:
            raise DesignError(f"[sweep] points={points} with [mismatch] draws={draws}: must be at most {MOST_CELLS} cells together")

    def __len__(self) -> int:
        return int(np.prod(self._shape))

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> list[Job]: ...
    def __getitem__(self, index: int | slice) -> Job | list[Job]:
        if isinstance(index, slice):
            return [self._job(self.case(each)) for each in range(*index.indices(len(self)))]
        return self._job(self.case(index))

    def case(self, index: int) -> Case:
        """What run `index` simulates; IndexError beyond the last."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        orientation, point, draw, corner = (int(each) for each in np.unravel_index(index, self._shape))
        drawn = self.draws[draw]
        values = self.points[point]
        deviation = Deviation() if drawn is None else self._deviation(point, drawn, values)
        return Case(self.orientations[orientation], point, values, self.corners[corner], drawn, deviation)

    def label(self, case: Case) -> dict[str, object]:
        """The columns of a case: orientation, axes, corner and draw, as far as they move."""
        design = self._placed(case)
        fixed = {name: _at(design, name) for name in ALWAYS}
        label: dict[str, object] = {"orientation": case.orientation, **fixed, **case.values}
        if len(self.corners) > 1:
            label |= {"temperature": case.corner.temperature, "supply": case.corner.supply}
        label |= {name: value for name, value in self._parameters(case).items() if name in self._moving}
        return label if case.draw is None else {**label, "draw": case.draw}

    def summary(self, results: Sequence[Result]) -> list[Summary]:
        """Min, typ, max and yield: for each orientation, and for each point where cells were drawn at chosen points."""
        apart = self.design.mismatch.draws > 0 and self.design.sweep.method not in RANDOM
        cases = [self.case(index) for index in range(len(self))]
        return summarize(
            results,
            self.design.limits.bounds,
            measures=MEASURES[self.design.sweep.bench],
            cell=lambda index: (cases[index].orientation, cases[index].point, cases[index].draw),
            group=lambda index: {"orientation": cases[index].orientation, **(cases[index].values if apart else {})},
            random=self.design.mismatch.draws > 0 or self.design.sweep.method in RANDOM,
        )

    def _job(self, case: Case) -> Job:
        question, extract = self._loop(case) if self.design.sweep.bench == "loop" else self._end(case, full=self.design.sweep.bench == "share")
        return Job(question.deck(), extract, self.label(case))

    def _drawn_or_skewed(self) -> set[str]:
        """Parameters of the bench that mismatch or corners move."""
        mismatch, drawn = self.design.mismatch, self.design.mismatch.draws > 0
        skewed = any(corner.skewed for corner in self.corners)
        moving = {"vt_shift": (drawn and mismatch.a_vt > 0) or skewed, "mobility": (drawn and mismatch.a_mobility > 0) or skewed}
        moving |= dict.fromkeys(("i0s", "rss"), drawn and mismatch.memristor > 0)
        return {name for name, moves in moving.items() if moves}

    def _placed(self, case: Case) -> Design:
        """The design with the axes' values in their places."""
        design = self.design
        for name in PLACES.keys() & case.values.keys():
            section, key = PLACES[name]
            design = replace(design, **{section: replace(getattr(design, section), **{key: case.values[name]})})
        return design

    def _corner(self, case: Case) -> Corner:
        """Temperature and supply, from the corner or from an axis."""
        return replace(case.corner, **{name: case.values[name] for name in ("temperature", "supply") if name in case.values})

    def _parameters(self, case: Case) -> dict[str, float]:
        """Parameters of the bench, from axes, corner and draw together."""
        drawn = case.deviation.values(case.corner)
        moved = {name: case.values.get(name, neutral) for name, neutral in NEUTRAL.items()}
        both = {name: moved[name] + drawn[name] if name == "vt_shift" else moved[name] * drawn[name] for name in NEUTRAL}
        return both | ({"x0": case.values["x0"]} if "x0" in case.values else {})

    def _given(self, case: Case) -> dict[str, float]:
        """Those that are not neutral, so that a nominal cell has the deck that it has elsewhere."""
        values = self._parameters(case)
        skewed = values["vt_shift"] != 0.0 or values["mobility"] != 1.0
        return {name: value for name, value in values.items() if value != NEUTRAL.get(name) or (skewed and name in ("vt_shift", "mobility"))}

    def _deviation(self, point: int, draw: int, values: dict[str, float]) -> Deviation:
        section, chosen = self.design.mismatch, self.design.transistor
        length = values.get("length", chosen.length)
        width = values.get("w_over_l", chosen.chosen) * length
        mismatch = Mismatch(a_vt=section.a_vt, a_mobility=section.a_mobility, memristor=section.memristor)
        return mismatch.draw(generator(self.design.run.seed, DRAW, point, draw), width=width, length=length)

    def _loop(self, case: Case) -> tuple[Question, Extractor]:
        design, corner = self._placed(case), self._corner(case)
        voltage = design.cell.full_voltage  # what the memristor needs, at every corner
        question = cell_loop(
            self.devices,
            case.orientation,
            w_over_l=design.transistor.chosen,
            length=design.transistor.length,
            voltage=voltage,
            gate=design.supply.gate * corner.supply,
            body="lowest" if design.cell.body == "lowest" else "grounded",
            temperature=corner.temperature,
            values=self._given(case),
        )
        return question, loop_measures.given(orientation=case.orientation, voltage=voltage, read=design.cell.read_voltage)

    def _end(self, case: Case, *, full: bool) -> tuple[Question, Extractor]:
        design, corner, operation = self._placed(case), self._corner(case), self.design.cell.full_operation
        supply = design.cell.full_voltage if full else design.supply.drain * corner.supply
        gate = design.supply.gate * corner.supply
        question = operating_point(
            self.devices,
            case.orientation,
            positive_drive(operation, supply=supply, gate=gate),
            w_over_l=design.transistor.chosen,
            state=END_STATE[operation],
            length=design.transistor.length,
            temperature=corner.temperature,
            values=self._given(case),
        )
        return question, end_measures.given(orientation=case.orientation, gate=gate, operation=operation, needed=design.cell.full_voltage)


def run_sweep(sweep: Sweep, lab: Lab, *, retry: bool = True) -> list[Result]:
    """A result for every run, in order; what did not converge climbs the ladder of looser options (`cosim.sweep.ladder`) unless `retry` is off.

    Raises:
        Cancelled, StoreError: as of `run_jobs`; what was computed is in the store.
    """
    run = partial(run_jobs, engine=lab.engine, store=lab.store, workers=lab.workers, timeout=lab.timeout, progress=lab.progress)
    results = run(sweep)
    results = climb(sweep, results, run) if retry else results
    wanted = MEASURES[sweep.design.sweep.bench]
    return [replace(each, measures={name: value for name, value in each.measures.items() if name in wanted}) for each in results]


def measured(results: Sequence[Result], measure: str) -> Array:
    """``(runs,)`` one measure of every run; NaN where a run failed."""
    return np.array([float(each.measures.get(measure, np.nan)) for each in results])


def _at(design: Design, name: str) -> float:
    section, key = PLACES[name]
    return float(getattr(getattr(design, section), key))
