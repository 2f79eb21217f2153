"""Arrays tuned cell by cell, with the resistance of their lines, and what programming does to the cells beside.

The cell in row i is reached through i + 1 segments of its bit line and as many of its source line. Cells in other rows of the
same column share both lines: their gates are off, but a reset with a negative bit line pulls the inner node of such a cell below
its gate, so that its transistor (or its body diode) conducts and resets it too. Held at the reset voltage, an unselected word line keeps it off.

Cells may be stuck. Which ones are is found from what pulses did to them, as on a real array: no one looks at how they were drawn.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.analysis import Options, Tran
from cosim.circuits.cells import Body, Drive, bench, cell
from cosim.circuits.stimuli import pulses
from cosim.codesign.cellbench import RELTOL, Devices
from cosim.codesign.tuning.controllers import Controller, NominalCurve
from cosim.codesign.tuning.pulses import Lanes, Programmer, PulseShape, nominal
from cosim.codesign.tuning.tune import Outcome, Traces, tune
from cosim.design import Design
from cosim.devices.memristor.read_noise import ReadNoise
from cosim.devices.memristor.variability import Spread
from cosim.errors import DeviceError, reject
from cosim.sweep.lab import Lab, Question

STATE = "v(x1.xr.x)"
MOVED = 2.0  # a cell whose conductance a full set and the largest reset leave within this factor does not move


@dataclass(frozen=True)
class TunedArray:
    """An array after tuning.

    Attributes:
        shape: rows and columns.
        lanes: its cells, row by row.
        traces: one for each cell, in the same order.
    """

    shape: tuple[int, int]
    lanes: Lanes
    traces: Traces

    @property
    def time(self) -> float:
        """Programming one cell after another [s]."""
        return float(self.traces.time.sum())

    @property
    def energy(self) -> float:
        """Drawn by all pulses [J]."""
        return float(self.traces.energy.sum())


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """Shares of the cells that no pulse moves, and the states in which they stay."""

    low: float
    high: float
    low_state: float
    high_state: float

    @classmethod
    def at_full_pulses(cls, programmer: Programmer, *, low: float, high: float, full_voltage: float, largest_reset: float) -> "Stuck":
        """Stuck where a full set, and a reset of the magnitude `largest_reset` [V] after it, leave the nominal device."""
        full = programmer.apply(nominal(1), np.zeros(1), np.full(1, full_voltage))
        least = programmer.apply(nominal(1), full.state, np.full(1, -largest_reset))
        return cls(low=low, high=high, low_state=float(least.state[0]), high_state=float(full.state[0]))

    def draw(self, cells: int, rng: np.random.Generator) -> Array:
        """``(cells,)`` the state of each stuck cell, NaN for one that works; as many are stuck as their share allows, and no more."""
        order, states = rng.permutation(cells), np.full(cells, np.nan)
        low, high = (int(share * cells + 1e-9) for share in (self.low, self.high))
        states[order[:low]], states[order[low : low + high]] = self.low_state, self.high_state
        return states


def array_lanes(rows: int, columns: int, *, wire_resistance: float, spread: float, rng: np.random.Generator, stuck: Stuck | None = None) -> Lanes:
    """The cells of an array, row by row: drawn devices, both lines up to each, and the cells among them that are `stuck`; none if left out."""
    scale, series = Spread(device=spread).draw(rng, devices=rows * columns, cycles=1)
    segments = np.repeat(np.arange(1, rows + 1), columns)
    states = stuck.draw(rows * columns, rng) if stuck is not None and (stuck.low or stuck.high) else None
    return Lanes(scale[:, 0], series[:, 0], 2.0 * wire_resistance * segments, states)


def tune_array(
    programmer: Programmer,
    controller: Controller,
    target: Array,
    *,
    noise: ReadNoise,
    curve: NominalCurve,
    wire_resistance: float,
    spread: float,
    rng: np.random.Generator,
    most_pulses: int,
    full_voltage: float = 2.0,
) -> TunedArray:
    """Tune an array to ``target (rows, columns)`` [S], the conductance read through cell and lines."""
    rows, columns = target.shape
    lanes = array_lanes(rows, columns, wire_resistance=wire_resistance, spread=spread, rng=rng)
    traces = tune(programmer, controller, target.ravel(), noise=noise, curve=curve, lanes=lanes, rng=rng, most_pulses=most_pulses, full_voltage=full_voltage)
    return TunedArray((rows, columns), lanes, traces)


def stuck_cells(array: TunedArray, programmer: Programmer, *, full_voltage: float, largest_reset: float) -> Array:
    """Cells that no pulse moves.

    Under suspicion are those that were not reached and that all of their pulses left within a factor `MOVED`. Such a cell may have seen pulses of one sign only
    and lie at the end of its window; so each gets a full set and the largest reset more, which move every cell that works.

    Args:
        array: after tuning; it is left as it is.
        programmer: of the two pulses, which are counted nowhere.
        full_voltage, largest_reset: their magnitudes [V].

    Returns:
        ``(rows, columns)`` booleans.
    """
    traces, stuck = array.traces, np.zeros(len(array.lanes), dtype=bool)
    unreached = np.array([each is Outcome.not_reached for each in traces.outcome])
    suspects = np.flatnonzero(unreached & (np.nanmax(traces.conductances, axis=0) < MOVED * np.nanmin(traces.conductances, axis=0)))
    if len(suspects):
        lanes, ones = array.lanes.pick(suspects), np.ones(len(suspects))
        full = programmer.apply(lanes, traces.state[suspects], full_voltage * ones)
        least = programmer.apply(lanes, full.state, -largest_reset * ones)
        stuck[suspects] = full.conductance < MOVED * least.conductance
    return stuck.reshape(array.shape)


def refuse_stuck(array: TunedArray, stuck: Array, *, most: float) -> None:
    """Refuse an array with more than a share `most` of cells that are stuck: ``stuck (rows, columns)`` booleans.

    Raises:
        DeviceError: says how many, where the first one is (rows and columns counted from 1) and what it conducts.
    """
    count = int(stuck.sum())
    if count > most * stuck.size:
        row, column = np.argwhere(stuck)[0].tolist()
        conductance = float(array.traces.conductance.reshape(array.shape)[row, column])
        given = f"{count} of {stuck.size} (the first in row {row + 1}, column {column + 1}, at {conductance:.2g} S)"
        raise reject(DeviceError, "array", "stuck cells", given, f"<= {100 * most:g} %, [loop] most_stuck")


@dataclass(frozen=True)
class Disturbance:
    """A half-selected cell at full set under one reset pulse on its bit line: state before and after, word line [V]."""

    word: float
    before: float
    after: float


def half_selected(design: Design, devices: Devices, lab: Lab, *, amplitude: float, shape: PulseShape) -> tuple[Disturbance, ...]:
    """The cell beside: word line grounded, and word line at the reset voltage; the body is at the lowest node."""
    body: Body = "lowest"
    inner = cell("mod", devices.memristor, devices.mosfet, length=design.transistor.length)
    stimulus = pulses([-amplitude], width=shape.width, edge=shape.edge, gap=shape.edge)
    words = (0.0, -amplitude)
    questions = [
        Question(
            circuit=bench(inner, Drive(bit=stimulus, word=word), body=body, state=1.0, w_over_l=design.transistor.chosen),
            analysis=Tran(stop=stimulus.end + shape.edge, max_step=shape.width / 100, options=Options(reltol=RELTOL)),
            saved=(STATE,),
        )
        for word in words
    ]
    return tuple(
        Disturbance(word, float(reading[STATE][0]), float(np.clip(reading[STATE][-1], 0.0, 1.0)))
        for word, reading in zip(words, lab.ask(questions), strict=True)
    )


def audit(array: TunedArray, programmer: Programmer, *, cells: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Every pulse of some cells applied again by another programmer.

    Returns:
        ``(cells,)`` conductance by the array's own programmer and by `programmer` [S].
    """
    traces = array.traces
    chosen = rng.choice(len(traces.target), size=min(cells, len(traces.target)), replace=False)
    lanes, state = array.lanes.pick(chosen), np.zeros(len(chosen))
    conductance = np.zeros(len(chosen))
    for row in traces.amplitudes[:, chosen]:
        live = np.flatnonzero(np.isfinite(row))
        if not len(live):
            break
        step = programmer.apply(lanes.pick(live), state[live], row[live])
        state[live], conductance[live] = step.state, step.conductance
    return traces.conductance[chosen], conductance
