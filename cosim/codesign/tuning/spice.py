"""`SpiceProgrammer`: every pulse and the read after it simulated in the 1T1R cell, the state carried from run to run."""

from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.analysis import Options, Tran
from cosim.circuits.cells import Body, Drive, Orientation, bench, cell
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Instance, Resistor
from cosim.circuits.expression import Param
from cosim.circuits.stimuli import PiecewiseLinear
from cosim.codesign.cellbench import RELTOL, Devices
from cosim.codesign.tuning.pulses import Lanes, PulseShape, Step
from cosim.design import Design
from cosim.sweep.lab import Lab, Question

SETTLE = 0.2e-3  # [s] from the end of the pulse to the read
STATE = "v(x1.xr.x)"


@dataclass(frozen=True)
class SpiceProgrammer:
    """Pulses in SPICE; see `cosim.codesign.tuning.pulses.Programmer`."""

    design: Design
    devices: Devices
    lab: Lab
    shape: PulseShape
    orientation: Orientation = "mod"

    def apply(self, lanes: Lanes, state: Array, amplitude: Array) -> Step:
        """One pulse a lane, then a read; one transient for each lane."""
        stuck = np.zeros(len(lanes), dtype=bool) if lanes.stuck is None else np.isfinite(lanes.stuck)
        columns = (lanes.held(state), amplitude, lanes.current_scale, lanes.series_scale, lanes.wire, stuck)
        questions = [
            self._question(float(x), float(volts), scale=float(scale), series=float(series), wire=float(wire), stuck=bool(still))
            for x, volts, scale, series, wire, still in zip(*columns, strict=True)
        ]
        read, found = self.design.cell.read_voltage, []
        for reading, x, still in zip(self.lab.ask(questions), columns[0], stuck, strict=True):
            current = -reading["i(vbit)"]
            pulse = reading.axis <= self.shape.duration
            energy = np.trapezoid((reading["v(bit)"] * current)[pulse], reading.axis[pulse])
            last = float(x) if still else float(np.clip(reading[STATE][-1], 0.0, 1.0))
            found.append((last, float(current[-1]) / read, float(energy)))
        after, conductance, energy = (np.array(column) for column in zip(*found, strict=True))
        return Step(after, conductance, energy)

    def _question(self, state: float, amplitude: float, *, scale: float, series: float, wire: float, stuck: bool) -> Question:
        shape, read = self.shape, self.design.cell.read_voltage
        top, low = shape.edge + shape.width, shape.duration
        begin = low + SETTLE
        points = ((0.0, 0.0), (shape.edge, amplitude), (top, amplitude), (low, 0.0), (begin, 0.0), (begin + SETTLE, read), (begin + 3 * SETTLE, read))
        inner = cell(self.orientation, self.devices.memristor, self.devices.mosfet, length=self.design.transistor.length, frozen=stuck)
        body: Body = "lowest" if self.design.cell.body == "lowest" else "grounded"
        drive = Drive(bit=PiecewiseLinear(points), word=self.design.supply.gate)
        circuit = bench(inner, drive, body=body, state=state, w_over_l=self.design.transistor.chosen)
        return Question(
            circuit=_wired(circuit) if wire else circuit,
            analysis=Tran(stop=begin + 3 * SETTLE, max_step=shape.width / 40, options=Options(reltol=RELTOL)),
            saved=("v(bit)", "i(vbit)") if stuck else ("v(bit)", "i(vbit)", STATE),
            values={"i0s": scale, "rss": series, **({"wire": wire} if wire else {})},
        )


def _wired(circuit: Circuit) -> Circuit:
    """The bench with the resistance of the lines, half of it in the bit line and half in the source line, where the transistor sees it."""
    inside = [replace(each, nodes=("bit_cell", each.nodes[1], "sl_cell", each.nodes[3])) if isinstance(each, Instance) else each for each in circuit.elements]
    lines = (Resistor("bit_line", "bit", "bit_cell", 0.5 * Param("wire")), Resistor("source_line", "sl", "sl_cell", 0.5 * Param("wire")))
    return replace(
        circuit,
        elements=(*inside, *lines),
        parameters={**circuit.parameters, "wire": Parameter(0.0, "ohm", "bit and source line up to the cell")},
    )
