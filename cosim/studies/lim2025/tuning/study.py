"""Run the tuning study: rates over seeds and targets by the twin, nine targets and an audit by SPICE, and one array.

A rate is over all seeds times all targets of the design; every seed draws its own devices and its own noise. The noise-free
control stands beside: what is lost there is lost to the steps, not to the reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from cosim._types import Array
from cosim.codesign.cellbench import Devices
from cosim.codesign.tuning.arrays import Disturbance, TunedArray, audit, half_selected, tune_array
from cosim.codesign.tuning.bench import paper_controller, slope_controller
from cosim.codesign.tuning.controllers import Controller, NominalCurve
from cosim.codesign.tuning.pulses import Lanes, PulseShape
from cosim.codesign.tuning.reading import inside_bound
from cosim.codesign.tuning.spice import SpiceProgrammer
from cosim.codesign.tuning.tune import Outcome, Traces, nominal_curve, resolvable_band, tune
from cosim.codesign.tuning.twin import TransistorTable, TwinProgrammer
from cosim.design import Design
from cosim.devices.memristor.read_noise import ReadNoise, flat
from cosim.devices.memristor.variability import Spread
from cosim.sweep.lab import Lab

VERSION = 2  # of the computation: raised when the controllers or the twin change
AUDITED = 20  # cells of the array that SPICE repeats
QUIET = 1e-9  # relative deviation of the noise-free control
WAITING = np.geomspace(0.3, 300.0, 60)  # [s] of the bound


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How the traces of one case ended.

    Attributes:
        outcome: ``(seeds, targets)`` 0 reached, 1 false success, 2 not reached.
        pulses, time, error: ``(seeds, targets)`` pulses, seconds, true conductance over target less 1.
    """

    name: str
    outcome: Array
    pulses: Array
    time: Array
    error: Array

    def share(self, outcome: Outcome) -> float:
        """Part of all traces that ended like this."""
        return float(np.mean(self.outcome == list(Outcome).index(outcome)))

    def interval(self, outcome: Outcome) -> tuple[float, float]:
        """95 % interval of that part (Wilson)."""
        hits = int(np.sum(self.outcome == list(Outcome).index(outcome)))
        found = binomtest(hits, self.outcome.size).proportion_ci(method="wilson")
        return float(found.low), float(found.high)


@dataclass(frozen=True, kw_only=True)
class TuningResult:
    """Everything that figures, tables and claims of the study read.

    Attributes:
        curve: nominal reset curve of the cell.
        cases: name -> rates.
        examples: name -> nine targets tuned in SPICE.
        resolvable: ``(targets,)`` half-width of the band that one step of the paper's controller resolves.
        waiting, bound: ``(points,)`` [s] and the largest share inside of the narrow band under correlated noise.
        array: tuned by the twin; `audited` holds conductances of some of its cells by twin and by SPICE [S].
        disturbances: half-selected cells.
    """

    design: Design
    curve: NominalCurve
    cases: Mapping[str, Rates]
    examples: Mapping[str, Traces]
    resolvable: Array
    waiting: Array
    bound: Array
    array: TunedArray
    audited: tuple[Array, Array]
    disturbances: tuple[Disturbance, ...]


@dataclass(frozen=True)
class Case:
    """A controller under a noise, with the pulses that it may use."""

    name: str
    controller: Controller
    noise: ReadNoise
    most_pulses: int


def twin_of(design: Design, devices: Devices, lab: Lab) -> TwinProgrammer:
    """The cell of a design as the Python twin programs it."""
    shape = PulseShape(width=design.tuning.pulse_width, edge=design.tuning.pulse_edge)
    table = TransistorTable.of(design, devices, lab, w_over_l=design.transistor.chosen)
    return TwinProgrammer(devices.memristor, table, shape, design.cell.read_voltage)


def tuned_array(design: Design, lab: Lab) -> TunedArray:
    """The array of a design alone, tuned by the twin."""
    twin = twin_of(design, Devices.of(design), lab)
    return _array(design, twin, nominal_curve(twin))


def run(design: Design, lab: Lab) -> TuningResult:
    """The study of one design."""
    devices, tuning = Devices.of(design), design.tuning
    shape = PulseShape(width=tuning.pulse_width, edge=tuning.pulse_edge)
    twin = twin_of(design, devices, lab)
    spice = SpiceProgrammer(design, devices, lab, shape)
    curve = nominal_curve(twin)
    cases = all_cases(design)
    array = _array(design, twin, curve)
    return TuningResult(
        design=design,
        curve=curve,
        cases={case.name: rates(design, case, twin, curve, lab) for case in cases},
        examples={case.name: _example(design, case, spice, curve) for case in cases if case.name in ("paper, wide, white", "slope, wide, white")},
        resolvable=np.array([resolvable_band(curve, target, tuning.step) for target in tuning.targets]),
        waiting=WAITING,
        bound=inside_bound(tuning.strict_band, deviation=tuning.noise, correlation_time=tuning.correlation_time, waiting=WAITING),
        array=array,
        audited=audit(array, spice, cells=AUDITED, rng=np.random.default_rng([design.run.seed, 3])),
        disturbances=half_selected(design, devices, lab, amplitude=design.cell.full_voltage, shape=shape),
    )


def all_cases(design: Design) -> tuple[Case, ...]:
    """Both controllers, both bands, white and correlated noise and none."""
    tuning = design.tuning
    kinds = {"white": flat(tuning.noise), "correlated": flat(tuning.noise, correlation_time=tuning.correlation_time), "none": flat(QUIET)}
    cases = []
    for kind, noise in kinds.items():
        for width, band, most in (("wide", tuning.band, tuning.most_pulses), ("narrow", tuning.strict_band, tuning.most_pulses_strict)):
            cases.append(Case(f"paper, {width}, {kind}", paper_controller(design, band), noise, most))
            if (width, kind) != ("narrow", "correlated"):  # what that needs in waiting time is shown as a bound
                cases.append(Case(f"slope, {width}, {kind}", slope_controller(design, band, noise), noise, most))
    return tuple(cases)


def rates(design: Design, case: Case, twin: TwinProgrammer, curve: NominalCurve, lab: Lab) -> Rates:
    """All seeds and targets of a case; kept in the store, since nothing but Python stands behind it."""
    tuning = design.tuning

    def compute() -> Mapping[str, Array]:
        lanes, target = _population(design)
        rng = np.random.default_rng([design.run.seed, 2])
        traces = tune(twin, case.controller, target, noise=case.noise, curve=curve, lanes=lanes, rng=rng, most_pulses=case.most_pulses)
        return {
            "outcome": np.array([list(Outcome).index(each) for each in traces.outcome]),
            "pulses": traces.pulses,
            "time": traces.time,
            "error": traces.conductance / traces.target - 1.0,
        }

    parts = [
        case.controller,
        case.noise,
        case.most_pulses,
        tuning,
        design.run.seed,
        twin.card,
        twin.shape,
        twin.read_voltage,
        twin.table.current,
        twin.table.voltage,
    ]
    found = lab.remember(f"{__name__}.rates", VERSION, parts, compute)
    shape = (tuning.seeds, len(tuning.targets))
    return Rates(name=case.name, **{name: values.reshape(shape) for name, values in found.items()})


def _population(design: Design) -> tuple[Lanes, Array]:
    """One device for each seed and target."""
    tuning = design.tuning
    target = np.tile(tuning.targets, tuning.seeds)
    scale, series = Spread(device=tuning.spread).draw(np.random.default_rng([design.run.seed, 1]), devices=len(target), cycles=1)
    return Lanes(scale[:, 0], series[:, 0], np.zeros(len(target))), target


def _example(design: Design, case: Case, spice: SpiceProgrammer, curve: NominalCurve) -> Traces:
    """The targets of the design, each pulse in SPICE, on the devices of the first seed."""
    lanes, target = _population(design)
    first = np.arange(len(design.tuning.targets))
    rng = np.random.default_rng([design.run.seed, 4])
    return tune(spice, case.controller, target[first], noise=case.noise, curve=curve, lanes=lanes.pick(first), rng=rng, most_pulses=case.most_pulses)


def _array(design: Design, twin: TwinProgrammer, curve: NominalCurve) -> TunedArray:
    tuning = design.tuning
    rng = np.random.default_rng([design.run.seed, 5])
    target = rng.uniform(min(tuning.targets), max(tuning.targets), (tuning.rows, tuning.columns))
    noise = flat(tuning.noise)
    return tune_array(
        twin,
        slope_controller(design, tuning.band, noise),
        target,
        noise=noise,
        curve=curve,
        wire_resistance=tuning.wire_resistance,
        spread=tuning.spread,
        rng=rng,
        most_pulses=tuning.most_pulses,
    )
