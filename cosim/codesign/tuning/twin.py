"""`TwinProgrammer`: programming pulses by the Python face of the card, behind the tabulated transistor of the cell.

The transistor's voltage over current comes from one dc sweep of its model card at the word-line voltage (source and body
grounded), so the twin serves MOD, where the transistor's source stays at the source line. State steps are Heun steps with a step
of its own for each lane.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.analysis import Dc
from cosim.circuits.cells import transistor_bench
from cosim.codesign.cellbench import Devices
from cosim.codesign.tuning.pulses import Lanes, PulseShape, Step
from cosim.design import Design
from cosim.devices.memristor.card import MemristorCard
from cosim.devices.memristor.static import CLAMP, current_scale
from cosim.devices.memristor.switching import rate, reset_threshold
from cosim.errors import DeviceError, reject
from cosim.sweep.lab import Lab, Question

SPAN = 2.5  # [V] of the table, both signs
NEWTON_STEPS = 40  # 4 to 6 are the rule; more where the transistor saturates
NEWTON_TOLERANCE = 1e-9  # [V]
STATE_STEP = 0.1  # largest change of the state in one step, relative to state plus reset floor
EDGE_STEPS, FLAT_STEPS = 6, 10  # at least, so many steps in an edge and in the flat top


@dataclass(frozen=True)
class TransistorTable:
    """Voltage of the transistor over its current: ``(points,)`` each, rising through zero."""

    current: Array
    voltage: Array

    @classmethod
    def of(cls, design: Design, devices: Devices, lab: Lab, *, w_over_l: float) -> "TransistorTable":
        """From a dc sweep at the gate supply."""
        circuit = transistor_bench(devices.mosfet, drain=0.0, gate=design.supply.gate, w_over_l=w_over_l, length=design.transistor.length)
        reading = lab.ask_one(Question(circuit=circuit, analysis=Dc("vd", -0.6, SPAN, 0.01), saved=("i(vd)",)))
        return cls(-reading["i(vd)"], reading.axis)

    def drop(self, current: Array) -> Array:
        """Voltage [V] at `current` ``(lanes,)`` [A].

        Raises:
            DeviceError: a current lies outside of the table.
        """
        outside = ~((current >= self.current[0]) & (current <= self.current[-1]))
        if np.any(outside):
            allowed = f"within {self.current[0]:.3g}..{self.current[-1]:.3g} A"
            raise reject(DeviceError, "transistor table", "current", float(current[outside][0]), allowed)
        return self.line(current)[0]

    def line(self, current: Array) -> tuple[Array, Array]:
        """Voltage [V] and its slope [ohm], beyond the ends along the last segment: for iterations on their way to a solution."""
        right = np.clip(np.searchsorted(self.current, current), 1, len(self.current) - 1)
        low, high = self.current[right - 1], self.current[right]
        slope = (self.voltage[right] - self.voltage[right - 1]) / (high - low)
        return self.voltage[right - 1] + slope * (current - low), slope


@dataclass(frozen=True)
class TwinProgrammer:
    """Pulses in Python; see `cosim.codesign.tuning.pulses.Programmer`."""

    card: MemristorCard
    table: TransistorTable
    shape: PulseShape
    read_voltage: float

    def apply(self, lanes: Lanes, state: Array, amplitude: Array) -> Step:
        """One pulse a lane, then a read."""
        state, energy = self._integrate(lanes, lanes.held(np.asarray(state, dtype=float)).copy(), np.asarray(amplitude, dtype=float))
        current, _ = self.solve(lanes, np.full(len(lanes), self.read_voltage), state)
        return Step(state, current / self.read_voltage, energy)

    def solve(self, lanes: Lanes, voltage: Array, state: Array) -> tuple[Array, Array]:
        """Current into the cell [A] and voltage across the memristor [V] for `voltage` on the bit line; all ``(lanes,)``."""
        scale = current_scale(self.card, state) * lanes.current_scale
        series = self.card.series_resistance * lanes.series_scale + lanes.wire
        sign, size = np.sign(voltage), np.abs(voltage)
        _, smallest = self.table.line(np.zeros(len(lanes)))
        across = np.minimum(size, np.arcsinh(size / ((series + smallest) * scale)) / self.card.slope)
        moving = np.ones(len(lanes), dtype=bool)
        for _ in range(NEWTON_STEPS):
            bent = self.card.slope * np.minimum(across, CLAMP)
            current = scale * np.sinh(bent)
            drop, slope = self.table.line(sign * current)
            excess = across + series * current + sign * drop - size
            change = excess / (1.0 + (series + slope) * scale * self.card.slope * np.cosh(bent))
            across = np.where(moving, across - change, across)  # a lane that is done stays, whatever the others need
            moving &= ~(np.abs(change) < NEWTON_TOLERANCE)
            if not np.any(moving):
                break
        else:
            raise DeviceError(f"twin, voltage={float(voltage[moving][0]):.6g}: has no solution within {NEWTON_STEPS} Newton steps; take SPICE")
        current = sign * scale * np.sinh(self.card.slope * np.minimum(across, CLAMP))
        return current, voltage - self.table.drop(current) - current * lanes.wire

    def _integrate(self, lanes: Lanes, state: Array, amplitude: Array) -> tuple[Array, Array]:
        """State and energy after the trapezoid, each lane in its own steps."""
        shape, energy = self.shape, np.zeros(len(lanes))
        time, cap = np.zeros(len(lanes)), np.full(len(lanes), np.inf)
        corners = np.array([shape.edge, shape.edge + shape.width, shape.duration])
        largest = np.array([shape.edge / EDGE_STEPS, shape.width / FLAT_STEPS, shape.edge / EDGE_STEPS, shape.edge])
        alive = np.flatnonzero(amplitude != 0.0)
        while len(alive):
            some, now, x = lanes.pick(alive), time[alive], state[alive]
            phase = np.searchsorted(corners, now + 1e-15, side="right")
            before = self._voltage(now, amplitude[alive])
            first_current, first_voltage = self.solve(some, before, x)
            first = some.moved(rate(self.card, first_voltage, x))
            small = STATE_STEP * (x + self.card.reset_floor)
            step = np.minimum(np.minimum(largest[phase], small / np.maximum(np.abs(first), 1e-12)), cap[alive])
            step = np.maximum(step, self._idle(now, phase, x, amplitude[alive]))
            step = np.minimum(step, corners[np.minimum(phase, 2)] - now)
            guess = np.clip(x + step * first, 0.0, 1.0)
            after = self._voltage(now + step, amplitude[alive])
            second_current, second_voltage = self.solve(some, after, guess)
            second = some.moved(rate(self.card, second_voltage, guess))
            good = step * np.abs(second - first) <= small
            done = alive[good]
            state[done] = np.clip(x + 0.5 * step * (first + second), 0.0, 1.0)[good]
            energy[done] += (step / 6.0 * (before * (2.0 * first_current + second_current) + after * (first_current + 2.0 * second_current)))[good]
            time[done] = (now + step)[good]
            cap[alive] = np.where(good, 4.0 * step, 0.3 * step)
            alive = alive[time[alive] < shape.duration * (1 - 1e-12)]
        return state, energy

    def _idle(self, time: Array, phase: Array, state: Array, amplitude: Array) -> Array:
        """How long nothing can move [s]: in the rise up to the threshold, which the memristor's own voltage meets later still."""
        filament = state if self.card.polarity > 0 else 1.0 - state
        sets = amplitude * self.card.polarity > 0
        threshold = np.where(sets, self.card.set_threshold + self.card.set_shift * filament, reset_threshold(self.card, filament))
        reach = self.shape.edge * np.minimum(threshold / np.abs(amplitude), 1.0)
        return np.where(phase == 0, np.maximum(reach - time, 0.0), 0.0)

    def _voltage(self, time: Array, amplitude: Array) -> Array:
        shape = self.shape
        rise, fall = time / shape.edge, (shape.duration - time) / shape.edge
        return amplitude * np.clip(np.minimum(rise, fall), 0.0, 1.0)
