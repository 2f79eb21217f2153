"""`Bench`: one design's cells ready to be tuned: programmer, nominal curve, controller, noise, devices."""

from dataclasses import dataclass, replace

import numpy as np

from cosim.circuits.cells import Orientation
from cosim.codesign.cellbench import Devices
from cosim.codesign.tuning.arrays import TunedArray, audit, tune_array
from cosim.codesign.tuning.controllers import Controller, NominalCurve, PaperController, SlopeController
from cosim.codesign.tuning.pulses import Lanes, Programmer, PulseShape
from cosim.codesign.tuning.spice import SpiceProgrammer
from cosim.codesign.tuning.tune import Traces, check_targets, nominal_curve, resolvable_band, tune
from cosim.codesign.tuning.twin import TransistorTable, TwinProgrammer
from cosim.design import Design
from cosim.devices.memristor.read_noise import ReadNoise, flat
from cosim.devices.memristor.variability import Spread
from cosim.sweep.lab import Lab

CORRELATED_MOST = 40  # reads of one decision under correlated noise, one correlation time apart
CORRELATED_CONFIDENCE = 2.0  # standard errors: what waiting can buy in minutes


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What tuning a design takes.

    Attributes:
        programmer: SPICE or the twin; `spice` is always SPICE.
        curve: nominal reset curve, by the twin where it serves the orientation.
        step: smallest change of the amplitude [V].
    """

    design: Design
    lab: Lab
    programmer: Programmer
    spice: SpiceProgrammer
    curve: NominalCurve
    controller: Controller
    noise: ReadNoise
    step: float
    most_pulses: int

    @classmethod
    def of(
        cls,
        design: Design,
        lab: Lab,
        *,
        controller: str = "slope",
        correlated: bool = False,
        most_reads: int | None = None,
        orientation: Orientation = "mod",
        twin: bool = False,
    ) -> "Bench":
        """From the section [tuning].

        Args:
            design, lab: what is tuned, and where it is simulated.
            controller: ``slope`` or ``paper``.
            correlated: the read noise has the design's correlation time; else it is white.
            most_reads: of one decision of the slope controller.
            orientation: of the cell.
            twin: pulses in Python; MOD only.

        Raises:
            DeviceError: a target lies outside of the window.
        """
        tuning, devices = design.tuning, Devices.of(design)
        shape = PulseShape(width=tuning.pulse_width, edge=tuning.pulse_edge)
        spice = SpiceProgrammer(design, devices, lab, shape, orientation)
        quick: Programmer = spice
        if orientation == "mod":
            table = TransistorTable.of(design, devices, lab, w_over_l=design.transistor.chosen)
            quick = TwinProgrammer(devices.memristor, table, shape, design.cell.read_voltage)
        curve = nominal_curve(quick, full_voltage=design.cell.full_voltage)
        check_targets(np.array(tuning.targets), curve)
        noise = flat(tuning.noise, correlation_time=tuning.correlation_time if correlated else 0.0)
        return cls(
            design=design,
            lab=lab,
            programmer=quick if twin else spice,
            spice=spice,
            curve=curve,
            controller=paper_controller(design, tuning.band) if controller == "paper" else slope_controller(design, tuning.band, noise, most_reads),
            noise=noise,
            step=tuning.step if controller == "paper" else tuning.resolution,
            most_pulses=tuning.most_pulses if tuning.band > tuning.strict_band else tuning.most_pulses_strict,
        )

    @property
    def by_twin(self) -> bool:
        """The pulses are computed in Python."""
        return self.programmer is not self.spice

    def resolvable(self) -> list[tuple[float, float]]:
        """Each target [S] and the half-width of the narrowest band that the step resolves there."""
        return [(target, resolvable_band(self.curve, target, self.step)) for target in self.design.tuning.targets]

    def tune(self) -> Traces:
        """The targets of the design, each on a device of its own."""
        tuning, seed = self.design.tuning, self.design.run.seed
        scale, series = Spread(device=tuning.spread).draw(np.random.default_rng([seed, 1]), devices=len(tuning.targets), cycles=1)
        return tune(
            self.programmer,
            self.controller,
            np.array(tuning.targets),
            noise=self.noise,
            curve=self.curve,
            lanes=Lanes(scale[:, 0], series[:, 0], np.zeros(len(scale))),
            rng=np.random.default_rng([seed, 2]),
            most_pulses=self.most_pulses,
            full_voltage=self.design.cell.full_voltage,
        )

    def tune_array(self, rows: int, columns: int) -> TunedArray:
        """An array with targets drawn between the lowest and the highest one of the design."""
        tuning, rng = self.design.tuning, np.random.default_rng([self.design.run.seed, 5])
        return tune_array(
            self.programmer,
            self.controller,
            rng.uniform(min(tuning.targets), max(tuning.targets), (rows, columns)),
            noise=self.noise,
            curve=self.curve,
            wire_resistance=tuning.wire_resistance,
            spread=tuning.spread,
            rng=rng,
            most_pulses=self.most_pulses,
            full_voltage=self.design.cell.full_voltage,
        )

    def audit(self, array: TunedArray, *, cells: int) -> float:
        """Largest relative difference of a final conductance when SPICE repeats every pulse of some cells."""
        ours, theirs = audit(array, self.spice, cells=cells, rng=np.random.default_rng([self.design.run.seed, 3]))
        return float(np.max(np.abs(ours / theirs - 1.0)))

    def describe(self) -> dict[str, object]:
        """What the tuning was done with, for files."""
        return {
            "design": self.design.name,
            "controller": "paper" if isinstance(self.controller, PaperController) else "slope",
            "programmer": "twin" if self.by_twin else "spice",
            "orientation": self.spice.orientation,
            "engine": str(self.lab.engine),
            "seed": self.design.run.seed,
            "band": self.controller.band,
            "step": self.step,
            "noise": self.design.tuning.noise,
            "correlation_time": self.noise.correlation_time,
            "spread": self.design.tuning.spread,
            "resolvable": [{"target": target, "band": band} for target, band in self.resolvable()],
        }

    def __str__(self) -> str:
        memory = f"correlated over {self.noise.correlation_time:g} s" if self.noise.correlation_time > 0 else "white"
        where = "twin" if self.by_twin else str(self.lab.engine)
        return f"{where}, band {100 * self.controller.band:.3g} %, {memory} noise of {100 * self.design.tuning.noise:.3g} %, seed {self.design.run.seed}"


def paper_controller(design: Design, band: float) -> PaperController:
    """The paper's controller with the design's numbers."""
    tuning = design.tuning
    return PaperController(band=band, step=tuning.step, back_off=tuning.back_off, reads=tuning.reads)


def slope_controller(design: Design, band: float, noise: ReadNoise, most_reads: int | None = None) -> SlopeController:
    """Ours, told the noise: under correlated noise it waits between reads, and settles for less confidence."""
    found = SlopeController(band=band, deviation=float(noise.relative_deviation[0]), resolution=design.tuning.resolution)
    if noise.correlation_time > 0:
        tau = noise.correlation_time
        found = replace(found, correlation_time=tau, spacing=tau, most=CORRELATED_MOST, confidence=CORRELATED_CONFIDENCE)
    return found if most_reads is None else replace(found, most=most_reads, batch=min(found.batch, most_reads))
