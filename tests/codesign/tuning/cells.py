"""The cell that the tests of tuning program: the paper's design, its twin and its SPICE, and a stub with conductances known by construction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from cosim._types import Array
from cosim.codesign.cellbench import Devices
from cosim.codesign.tuning.controllers import NominalCurve
from cosim.codesign.tuning.pulses import Lanes, Programmer, PulseShape, Step
from cosim.codesign.tuning.spice import SpiceProgrammer
from cosim.codesign.tuning.tune import nominal_curve
from cosim.codesign.tuning.twin import TransistorTable, TwinProgrammer
from cosim.design import Design
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

DESIGN = Design()
DEVICES = Devices.of(DESIGN)
LAB = Lab(engine=find_engine("ngspice"))
SHAPE = PulseShape()
LINE = NominalCurve(np.linspace(0.5, 1.5, 101), 1e-4 * np.exp(-2.0 * np.linspace(0.0, 1.0, 101)))  # 100 uS at 0.5 V, two e-folds a volt


@cache
def table(w_over_l: float = 65.0) -> TransistorTable:
    """The transistor of the design at a width."""
    return TransistorTable.of(DESIGN, DEVICES, LAB, w_over_l=w_over_l)


@cache
def twin() -> TwinProgrammer:
    """The design's cell in Python."""
    return TwinProgrammer(DEVICES.memristor, table(), SHAPE, DESIGN.cell.read_voltage)


@cache
def spice() -> SpiceProgrammer:
    """The design's cell in SPICE."""
    return SpiceProgrammer(DESIGN, DEVICES, LAB, SHAPE)


@cache
def curve() -> NominalCurve:
    """Of the twin."""
    return nominal_curve(twin())


PROGRAMMERS: dict[str, Callable[[], Programmer]] = {"twin": twin, "spice": spice}  # whoever is listed here obeys the contract


def drawn(count: int, *, spread: float = 0.05, wire: float = 64.0, seed: int = 1) -> Lanes:
    """Devices with spread, every other one behind wires of up to `wire` ohm."""
    rng = np.random.default_rng(seed)
    scale, series = (1.0 + spread * rng.uniform(-2.0, 2.0, count) for _ in range(2))
    return Lanes(scale, series, rng.uniform(0.0, wire, count) * (np.arange(count) % 2))


@dataclass
class Stub:
    """A cell whose conductance after a reset is `LINE` times a factor of its device (`Lanes.current_scale`); a set leaves 200 uS.

    `noted` keeps the amplitudes of every call.
    """

    shape: PulseShape = SHAPE
    noted: list[Array] = field(default_factory=list)

    def apply(self, lanes: Lanes, state: Array, amplitude: Array) -> Step:
        """The state is the conductance in units of 200 uS; every pulse draws 1 uJ."""
        self.noted.append(np.array(amplitude))
        after = np.minimum(state * 2e-4, LINE.after(np.abs(amplitude)) * lanes.current_scale)
        conductance = np.where(amplitude > 0, 2e-4, np.where(amplitude < 0, after, state * 2e-4))
        return Step(conductance / 2e-4, conductance, np.full(len(lanes), 1e-6))
