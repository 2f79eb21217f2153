"""The conductance window of a cell: what a full set and a full reset really leave, compared with the memristor alone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cosim.analysis import Options, Tran
from cosim.circuits.cells import ORIENTATIONS, Body, Drive, Orientation, bench, cell, device_bench
from cosim.circuits.stimuli import PiecewiseLinear, triangular_sweep
from cosim.codesign.cellbench import CELL_SIGNALS, RELTOL, SWEEP_POINTS, SWEEP_RATE, Devices, loop, loop_analysis, with_skew
from cosim.design import Design
from cosim.sweep.lab import Lab, Question, Reading

STATE_SIGNAL = "v(x1.xr.x)"


@dataclass(frozen=True, kw_only=True)
class Window:
    """Conductance at the read voltage after set and after reset [S], through the cell.

    Attributes:
        orientation: of the cell; None for the memristor alone.
        on, off: read after set and after reset [S].
        state_on, state_off: filament state then, 0..1.
    """

    orientation: Orientation | None
    w_over_l: float
    on: float
    off: float
    state_on: float
    state_off: float
    deck: str

    @property
    def ratio(self) -> float:
        """On over off; NaN for a cell that carries no current."""
        return self.on / self.off if self.off else float("nan")


def windows(design: Design, devices: Devices, lab: Lab) -> list[Window]:
    """The memristor alone, then MOD and MOS at the chosen W/L, under positive supplies."""
    voltage = design.cell.full_voltage
    questions = [device_loop(devices, voltage)]
    questions += [positive_loop(design, devices, orientation, w_over_l=design.transistor.chosen) for orientation in ORIENTATIONS]
    alone, *cells = lab.ask(questions)
    return [
        device_window(alone, voltage=voltage, read=design.cell.read_voltage),
        *(_positive_window(design, devices, orientation, reading) for orientation, reading in zip(ORIENTATIONS, cells, strict=True)),
    ]


def device_loop(devices: Devices, voltage: float) -> Question:
    """The memristor alone under a full set and reset."""
    return Question(circuit=device_bench(devices.memristor, loop(voltage)), analysis=loop_analysis(voltage), saved=("v(te)", "i(vte)", "v(x1.x)"))


def cell_loop(
    devices: Devices,
    orientation: Orientation,
    *,
    w_over_l: float,
    length: float,
    voltage: float,
    gate: float,
    body: Body,
    temperature: float = 27.0,
    values: Mapping[str, float] | None = None,
) -> Question:
    """A cell under the bipolar sweep of a measurement: the bit line moves, the source line is grounded; `values` as of `operating_point`."""
    inner = with_skew(cell(orientation, devices.memristor, devices.mosfet, length=length), values)
    return Question(
        circuit=bench(inner, Drive(bit=loop(voltage), word=gate), body=body, w_over_l=w_over_l),
        analysis=loop_analysis(voltage, temperature=temperature),
        saved=(*CELL_SIGNALS, "i(vbody)" if body == "grounded" else "i(b_body)", STATE_SIGNAL),
        values=dict(values) if values else None,
    )


def positive_loop(design: Design, devices: Devices, orientation: Orientation, *, w_over_l: float) -> Question:
    """Set by the bit line, then reset by the source line, both to the full voltage; no supply is negative."""
    voltage = design.cell.full_voltage
    half = 2.0 * voltage / SWEEP_RATE
    rise = triangular_sweep([0.0, voltage, 0.0], rate=SWEEP_RATE)
    fall = triangular_sweep([0.0, voltage, 0.0], rate=SWEEP_RATE, start=half)
    inner = cell(orientation, devices.memristor, devices.mosfet, length=design.transistor.length)
    drive = Drive(bit=rise, word=design.supply.gate, source=PiecewiseLinear(((0.0, 0.0), *fall.points)))
    return Question(
        circuit=bench(inner, drive, w_over_l=w_over_l),
        analysis=Tran(stop=2.0 * half, max_step=2.0 * half / SWEEP_POINTS, options=Options(reltol=RELTOL)),
        saved=(*CELL_SIGNALS, STATE_SIGNAL),
    )


def device_window(reading: Reading, *, voltage: float, read: float) -> Window:
    """From the answer to a `device_loop`."""
    on, off = read_branches(reading.axis, reading["v(te)"], -reading["i(vte)"], voltage=voltage, read=read)
    state = reading["v(x1.x)"]
    return Window(orientation=None, w_over_l=float("inf"), on=on, off=off, state_on=_middle(reading.axis, state), state_off=_end(state), deck=reading.deck)


def cell_window(reading: Reading, orientation: Orientation, *, w_over_l: float, voltage: float, read: float) -> Window:
    """From the answer to a `cell_loop`."""
    on, off = read_branches(reading.axis, reading["v(bit)"] - reading["v(sl)"], -reading["i(vbit)"], voltage=voltage, read=read)
    state = reading[STATE_SIGNAL]
    return Window(
        orientation=orientation,
        w_over_l=w_over_l,
        on=on,
        off=off,
        state_on=_middle(reading.axis, state),
        state_off=_end(state),
        deck=reading.deck,
    )


def transistor_share(reading: Reading, orientation: Orientation) -> tuple[float, np.ndarray]:
    """Share of the transistor in the cell's voltage at the top of the sweep, and the voltage on the memristor ``(points,)`` [V]."""
    bit, middle, line = reading["v(bit)"], reading["v(x1.mid)"], reading["v(sl)"]
    memristor = bit - middle if orientation == "mod" else middle - line
    top = int(np.argmax(bit - line))
    return float(1.0 - memristor[top] / (bit - line)[top]), memristor


def _positive_window(design: Design, devices: Devices, orientation: Orientation, reading: Reading) -> Window:
    return cell_window(reading, orientation, w_over_l=design.transistor.chosen, voltage=design.cell.full_voltage, read=design.cell.read_voltage)


def read_branches(time: np.ndarray, voltage_wave: np.ndarray, current: np.ndarray, *, voltage: float, read: float) -> tuple[float, float]:
    """Conductance [S] at `read` [V] on the falling branch after set, and at -`read` on the last branch, after reset."""
    quarter = voltage / SWEEP_RATE
    after_set = (time >= quarter) & (time <= 2 * quarter)
    after_reset = (time >= 3 * quarter) & (time <= 4 * quarter)
    on = np.interp(read, voltage_wave[after_set][::-1], current[after_set][::-1]) / read
    off = np.interp(-read, voltage_wave[after_reset], current[after_reset]) / -read
    return float(on), float(off)


def _middle(time: np.ndarray, values: np.ndarray) -> float:
    """The value between the two halves of a loop."""
    return float(np.clip(np.interp(0.5 * time[-1], time, values), 0.0, 1.0))


def _end(state: np.ndarray) -> float:
    return float(np.clip(state[-1], 0.0, 1.0))
