"""Tuning: the loop of read, decide and pulse, and how each trace ends.

A trace ends as *reached* (accepted, and the true conductance is inside of the band), *false success* (accepted, but outside) or
*not reached* (the allowed pulses are spent). Only the simulation knows the true conductance; a laboratory sees "accepted".
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cosim._types import Array
from cosim.codesign.tuning.controllers import ABOVE, ACCEPT, Controller, NominalCurve
from cosim.codesign.tuning.pulses import Lanes, Programmer, nominal
from cosim.codesign.tuning.reading import NoisyReader
from cosim.devices.memristor.read_noise import ReadNoise
from cosim.errors import DeviceError, reject

CURVE_POINTS = 120
CURVE_RANGE = (0.30, 2.20)  # [V] magnitudes of the nominal curve


class Outcome(StrEnum):
    """How a trace ended."""

    reached = "reached"
    false_success = "false_success"
    not_reached = "not_reached"


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Tuned lanes; arrays ``(lanes,)`` unless said otherwise.

    Attributes:
        target, conductance: wanted and true final conductance through the cell [S].
        outcome: of each lane.
        pulses: applied, the sets among them too; `sets` counts these.
        time: of pulses, reads and waiting [s].
        energy: drawn from the bit line by the pulses [J].
        state: of the filament at the end.
        noise: present value of each lane's noise process after its last read, in standard deviations; a read soon after sees it still.
        amplitudes, conductances: ``(steps, lanes)`` amplitude of each pulse [V] and true conductance after it [S]; NaN once a lane has ended.
    """

    target: Array
    conductance: Array
    outcome: tuple[Outcome, ...]
    pulses: Array
    sets: Array
    time: Array
    energy: Array
    state: Array
    noise: Array
    amplitudes: Array
    conductances: Array

    def share(self, outcome: Outcome) -> float:
        """Part of the lanes that ended like this."""
        return float(np.mean([each is outcome for each in self.outcome]))

    @property
    def inside(self) -> Array:
        """Lanes that reached their band, as booleans."""
        return np.array([each is Outcome.reached for each in self.outcome])


def nominal_curve(programmer: Programmer, *, full_voltage: float = 2.0) -> NominalCurve:
    """One reset pulse after a full set, over the magnitude, on a device without spread: the one curve that every device shares."""
    magnitudes = np.linspace(*CURVE_RANGE, CURVE_POINTS)
    lanes = nominal(len(magnitudes))
    full = programmer.apply(lanes, np.zeros(len(magnitudes)), np.full(len(magnitudes), full_voltage))
    after = programmer.apply(lanes, full.state, -magnitudes)
    lowest = np.minimum.accumulate(after.conductance)
    falling = np.concatenate([[True], after.conductance[1:] < lowest[:-1] - 1e-12])
    return NominalCurve(magnitudes[falling], after.conductance[falling])


def resolvable_band(curve: NominalCurve, target: float, step: float) -> float:
    """Half of the relative change that one `step` [V] makes at `target` [S]: a narrower band can be stepped over."""
    return float(0.5 * curve.sensitivity(np.array([target]))[0] * step)


def tune(
    programmer: Programmer,
    controller: Controller,
    target: Array,
    *,
    noise: ReadNoise,
    curve: NominalCurve,
    lanes: Lanes,
    rng: np.random.Generator,
    most_pulses: int = 200,
    full_voltage: float = 2.0,
) -> Traces:
    """Tune every lane to its target.

    Args:
        programmer: SPICE, or its twin.
        controller: decides and steps.
        target: ``(lanes,)`` conductance through the cell at the read voltage [S].
        noise: of every read; it is never off unless a noise of zero deviation is handed in.
        curve: the nominal curve.
        lanes: the devices.
        rng: source of the noise.
        most_pulses: after so many a trace ends as not reached.
        full_voltage: amplitude of a set [V].

    Raises:
        DeviceError: a target lies outside of the nominal curve.
    """
    target = np.asarray(target, dtype=float)
    check_targets(target, curve)
    count = len(target)
    reader, memory = NoisyReader(noise, rng, count), controller.begin(target, curve)
    cells = _Cells(programmer, lanes)
    accepted, alive = np.zeros(count, dtype=bool), np.arange(count)
    cells.pulse(alive, np.full(count, full_voltage))
    while len(alive):
        verdict, estimate, spent = controller.decide(reader, alive, cells.conductance[alive], target[alive])
        cells.time[alive] += spent
        accepted[alive[verdict == ACCEPT]] = True
        go_on = (verdict != ACCEPT) & (cells.pulses[alive] < most_pulses)
        alive, verdict, estimate = alive[go_on], verdict[go_on], estimate[go_on]
        if not len(alive):
            break
        amplitude = np.full(len(alive), full_voltage)
        down = verdict == ABOVE
        amplitude[down] = -controller.descend(memory, alive[down], estimate[down], target[alive[down]], curve)
        controller.restart(memory, alive[~down], estimate[~down], target[alive[~down]], curve)
        cells.pulse(alive, amplitude)
        reader.pass_time(alive, programmer.shape.duration)
    return cells.traces(target, accepted, controller.band, noise=reader.level)


class _Cells:
    """The cells of a tuning: what pulses do to them, and what that costs; arrays ``(lanes,)``."""

    def __init__(self, programmer: Programmer, lanes: Lanes) -> None:
        count = len(lanes)
        self.programmer, self.lanes = programmer, lanes
        self.state, self.conductance, self.energy, self.time = (np.zeros(count) for _ in range(4))
        self.pulses, self.sets = np.zeros(count, dtype=int), np.zeros(count, dtype=int)
        self.amplitudes: list[Array] = []
        self.conductances: list[Array] = []

    def pulse(self, index: Array, amplitude: Array) -> None:
        """One pulse on the lanes of `index`; a positive amplitude [V] sets."""
        step = self.programmer.apply(self.lanes.pick(index), self.state[index], amplitude)
        self.state[index], self.conductance[index] = step.state, step.conductance
        self.energy[index] += step.energy
        self.time[index] += self.programmer.shape.duration
        self.pulses[index] += 1
        self.sets[index] += amplitude > 0
        for rows, values in ((self.amplitudes, amplitude), (self.conductances, step.conductance)):
            row = np.full(len(self.lanes), np.nan)
            row[index] = values
            rows.append(row)

    def traces(self, target: Array, accepted: Array, band: float, *, noise: Array) -> Traces:
        """How each lane ended."""
        inside = np.abs(self.conductance / target - 1.0) <= band
        ends = np.where(~accepted, Outcome.not_reached, np.where(inside, Outcome.reached, Outcome.false_success))
        return Traces(
            target=target,
            conductance=self.conductance,
            outcome=tuple(Outcome(each) for each in ends.tolist()),
            pulses=self.pulses,
            sets=self.sets,
            time=self.time,
            energy=self.energy,
            state=self.state,
            noise=noise.copy(),
            amplitudes=np.stack(self.amplitudes),
            conductances=np.stack(self.conductances),
        )


def check_targets(target: Array, curve: NominalCurve) -> None:
    """Refuse targets that no reset pulse of the nominal curve reaches.

    Raises:
        DeviceError: names the target and the window.
    """
    low, high = curve.conductance[-1], curve.conductance[0]
    outside = ~((target >= low) & (target <= high))
    if np.any(outside):
        raise reject(DeviceError, "tuning", "target", float(target[outside][0]), f"within {low:.3g}..{high:.3g} S, the window of the cell")
