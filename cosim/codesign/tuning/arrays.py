"""Arrays tuned cell by cell, with the resistance of their lines, and what programming does to the cells beside.

The cell in row i is reached through i + 1 segments of its bit line and as many of its source line. Cells in other rows of the
same column share both lines: their gates are off, but a reset with a negative bit line pulls the inner node of such a cell below
its gate, so that its transistor (or its body diode) conducts and resets it too. Held at the reset voltage, an unselected word line keeps it off.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.analysis import Options, Tran
from cosim.circuits.cells import Body, Drive, bench, cell
from cosim.circuits.stimuli import pulses
from cosim.codesign.cellbench import RELTOL, Devices
from cosim.codesign.tuning.controllers import Controller, NominalCurve
from cosim.codesign.tuning.pulses import Lanes, Programmer, PulseShape
from cosim.codesign.tuning.tune import Traces, tune
from cosim.design import Design
from cosim.devices.memristor.read_noise import ReadNoise
from cosim.devices.memristor.variability import Spread
from cosim.sweep.lab import Lab, Question

STATE = "v(x1.xr.x)"


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


def array_lanes(rows: int, columns: int, *, wire_resistance: float, spread: float, rng: np.random.Generator) -> Lanes:
    """The cells of an array, row by row: drawn devices, and both lines up to each."""
    scale, series = Spread(device=spread).draw(rng, devices=rows * columns, cycles=1)
    segments = np.repeat(np.arange(1, rows + 1), columns)
    return Lanes(scale[:, 0], series[:, 0], 2.0 * wire_resistance * segments)


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
