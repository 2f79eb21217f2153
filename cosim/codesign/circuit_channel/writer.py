"""`Writer`: what writes conductances into the cells of a design's arrays, by pulses, in a closed loop or by one pulse.

Cells are those of the arrays behind the units: the memristor of [neuron] behind the transistor of [transistor]. Targets lie in a window that every device
reaches, whatever its spread: the window of the nominal cell is wider, and a target near its ends would be out of reach of one device in two.
"""

from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.codesign.cellbench import Devices
from cosim.codesign.network.mapping import Window
from cosim.codesign.tuning.bench import slope_controller
from cosim.codesign.tuning.controllers import Controller, NominalCurve
from cosim.codesign.tuning.pulses import Lanes, PulseShape, Step
from cosim.codesign.tuning.spice import SpiceProgrammer
from cosim.codesign.tuning.tune import Traces, nominal_curve, tune
from cosim.codesign.tuning.twin import TransistorTable, TwinProgrammer
from cosim.design import Design
from cosim.devices.memristor.read_noise import ReadNoise, load_read_noise
from cosim.devices.memristor.variability import Spread
from cosim.errors import DesignError, reject
from cosim.sweep.lab import Lab

REACH = 4.0  # standard deviations of a device's factors that the window must be reached with; one in 16,000 lies outside


@dataclass(frozen=True, kw_only=True)
class Writer:
    """What writes.

    Attributes:
        design: with the memristor of [neuron] as its device.
        twin, spice: the pulses in Python, and each in SPICE.
        curve: nominal reset curve.
        controller: closed loop, told the noise.
        noise: of every read.
        window: of the targets.
    """

    design: Design
    lab: Lab
    devices: Devices
    twin: TwinProgrammer
    spice: SpiceProgrammer
    curve: NominalCurve
    controller: Controller
    noise: ReadNoise
    window: Window

    @classmethod
    def of(cls, design: Design, lab: Lab) -> "Writer":
        """From [loop], [tuning], [neuron] and [transistor].

        Raises:
            DesignError: the window is wider than every device reaches, or a delay is longer than the retention that was measured.
        """
        design = replace(design, device=replace(design.device, memristor=design.neuron.memristor))
        devices, tuning, wanted = Devices.of(design), design.tuning, design.loop
        noise = load_read_noise(wanted.noise)
        _check_delays(design, noise)
        shape = PulseShape(width=tuning.pulse_width, edge=tuning.pulse_edge)
        table = TransistorTable.of(design, devices, lab, w_over_l=design.transistor.chosen)
        twin = TwinProgrammer(devices.memristor, table, shape, design.cell.read_voltage)
        found = cls(
            design=design,
            lab=lab,
            devices=devices,
            twin=twin,
            spice=SpiceProgrammer(design, devices, lab, shape),
            curve=nominal_curve(twin, full_voltage=design.cell.full_voltage),
            controller=slope_controller(design, tuning.band, noise),
            noise=noise,
            window=Window(low=wanted.low, high=wanted.high),
        )
        found.check_window()
        return found

    def lanes(self, cells: int, *, rng: np.random.Generator, wire: Array | None = None, spread: float | None = None) -> Lanes:
        """Drawn devices, ``wire (cells,)`` [ohm] away; `spread` is that of [tuning] if left out."""
        spread = self.design.tuning.spread if spread is None else spread
        scale, series = Spread(device=spread).draw(rng, devices=cells, cycles=1)
        return Lanes(scale[:, 0], series[:, 0], np.zeros(cells) if wire is None else wire)

    def write(self, target: Array, lanes: Lanes, *, rng: np.random.Generator, in_spice: bool = False) -> Traces:
        """Tune every cell to its target ``(cells,)`` [S]; each pulse in SPICE, or all by the twin."""
        return tune(
            self.spice if in_spice else self.twin,
            self.controller,
            target,
            noise=self.noise,
            curve=self.curve,
            lanes=lanes,
            rng=rng,
            most_pulses=self.design.tuning.most_pulses,
            full_voltage=self.design.cell.full_voltage,
        )

    def write_open(self, target: Array, lanes: Lanes) -> Step:
        """A full set, then the one reset that brings the nominal device to its target ``(cells,)`` [S]: no read, no second pulse."""
        full = self.twin.apply(lanes, np.zeros(len(lanes)), np.full(len(lanes), self.design.cell.full_voltage))
        return self.twin.apply(lanes, full.state, -self.curve.voltage(target))

    def key(self) -> list[object]:
        """Everything that the results of writing by the twin follow from, for a store."""
        twin, tuning = self.twin, self.design.tuning
        return [
            twin.card,
            twin.shape,
            twin.read_voltage,
            twin.table.current,
            twin.table.voltage,
            self.controller,
            self.noise,
            self.window,
            tuning.spread,
            tuning.wire_resistance,
            tuning.most_pulses,
            self.design.cell.full_voltage,
            self.design.run.seed,
        ]

    def check_window(self) -> None:
        """Refuse a window whose ends some device does not reach: the weakest after a full set, the strongest after the largest reset of the curve.

        Raises:
            DesignError: names the end and what is allowed.
        """
        spread, band, loop = self.design.tuning.spread, self.controller.band, self.design.loop
        rows = float(2 * self.design.tuning.rows) * self.design.tuning.wire_resistance
        factors = np.maximum(1.0 + REACH * spread * np.array([-1.0, 1.0]), 0.05)
        extremes = Lanes(factors, factors[::-1].copy(), np.array([rows, 0.0]))
        full = self.twin.apply(extremes, np.zeros(2), np.full(2, self.design.cell.full_voltage))
        least = self.twin.apply(extremes, full.state, np.full(2, -self.curve.amplitude[-1]))
        lowest, highest = float(least.conductance.max()) / (1.0 + band), float(full.conductance.min()) / (1.0 - band)
        for name, value in (("low", loop.low), ("high", loop.high)):
            if not lowest <= value <= highest:
                allowed = f"within {lowest:.3g}..{highest:.3g} S, which every device reaches at a spread of {100 * spread:g} %"
                raise reject(DesignError, "[loop]", name, value, allowed)


def _check_delays(design: Design, noise: ReadNoise) -> None:
    """Refuse delays that nothing was measured for, unless they stand apart under the name of a model.

    Raises:
        DesignError: names the delay and the retention.
    """
    loop = design.loop
    if loop.delays[-1] > noise.retention:
        allowed = f"<= {noise.retention:g} s, the retention measured on card {noise.name}; longer ones stand in assumed_delays, beside assumed_drift"
        raise reject(DesignError, "[loop]", "delays", loop.delays[-1], allowed)
    if loop.assumed_drift and loop.assumed_delays[0] <= noise.retention:
        raise reject(DesignError, "[loop]", "assumed_delays", loop.assumed_delays[0], f"> {noise.retention:g} s, up to which retention was measured")
