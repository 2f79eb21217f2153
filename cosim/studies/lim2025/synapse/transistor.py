"""The transistor alone: transfer and output curves, on-resistance over W/L and gate voltage (Lim 2025, Fig. 1C-E)."""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.analysis import Dc
from cosim.circuits.cells import transistor_bench
from cosim.codesign.cellbench import Devices
from cosim.design import Design
from cosim.errors import InputError, reject
from cosim.measure import threshold_voltage
from cosim.sweep.lab import Lab, Question

DRAIN = 0.1  # [V] of the transfer curves and of the on-resistance
GATE_STOP = 4.0  # [V]
STEP = 0.02  # [V]
RESISTANCE_GATES = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0)  # [V] of Fig. 1E


@dataclass(frozen=True, kw_only=True)
class Transistors:
    """Curves over W/L.

    Attributes:
        w_over_l: ``(sizes,)``.
        gate, transfer: ``(points,)`` [V] and ``(sizes, points)`` [A], at 0.1 V drain-source.
        drain, output: ``(points,)`` [V] and ``(sizes, points)`` [A], at the gate supply.
        resistance_gates, resistance: ``(gates,)`` [V] and ``(sizes, gates)`` [ohm], at 0.1 V drain-source.
        threshold: ``(sizes,)`` constant-current threshold at 100 nA x W/L [V].
    """

    w_over_l: Array
    gate: Array
    transfer: Array
    drain: Array
    output: Array
    resistance_gates: Array
    resistance: Array
    threshold: Array

    def resistance_at(self, w_over_l: float, gate: float) -> float:
        """On-resistance [ohm] at one W/L of the table, from the transfer curve.

        Raises:
            InputError: the design does not have this W/L.
        """
        if w_over_l not in self.w_over_l:
            raise reject(InputError, "transistors", "w_over_l", w_over_l, f"one of {', '.join(f'{size:g}' for size in self.w_over_l)}")
        index = int(np.flatnonzero(self.w_over_l == w_over_l)[0])
        return float(DRAIN / np.interp(gate, self.gate, self.transfer[index]))


def transistors(design: Design, devices: Devices, lab: Lab) -> Transistors:
    """Sweeps of the gate and of the drain for every W/L of the design."""
    sizes, length = sorted({*design.transistor.w_over_l, design.transistor.chosen}), design.transistor.length
    transfer = [
        Question(
            circuit=transistor_bench(devices.mosfet, drain=DRAIN, gate=0.0, w_over_l=size, length=length),
            analysis=Dc("vg", 0.0, GATE_STOP, STEP),
            saved=("i(vd)",),
        )
        for size in sizes
    ]
    output = [
        Question(
            circuit=transistor_bench(devices.mosfet, drain=0.0, gate=design.supply.gate, w_over_l=size, length=length),
            analysis=Dc("vd", 0.0, GATE_STOP, STEP),
            saved=("i(vd)",),
        )
        for size in sizes
    ]
    readings = lab.ask([*transfer, *output])
    first, second = readings[: len(sizes)], readings[len(sizes) :]
    gate = first[0].axis
    currents = np.stack([-reading["i(vd)"] for reading in first])
    gates = np.array(RESISTANCE_GATES)
    return Transistors(
        w_over_l=np.array(sizes),
        gate=gate,
        transfer=currents,
        drain=second[0].axis,
        output=np.stack([-reading["i(vd)"] for reading in second]),
        resistance_gates=gates,
        resistance=np.stack([DRAIN / np.interp(gates, gate, current) for current in currents]),
        threshold=np.array([threshold_voltage(gate, current, w_over_l=size) for size, current in zip(sizes, currents, strict=True)]),
    )


def threshold_at(design: Design, devices: Devices, lab: Lab, *, source: float, w_over_l: float) -> float:
    """Constant-current threshold [V] with the source at `source` [V] over the grounded body, the drain at the supply."""
    question = Question(
        circuit=transistor_bench(
            devices.mosfet, drain=max(design.supply.drain, source + DRAIN), gate=source, source=source, w_over_l=w_over_l, length=design.transistor.length
        ),
        analysis=Dc("vg", round(source, 3), round(source, 3) + 2.0, 0.01),
        saved=("v(s)", "i(vd)"),
    )
    reading = lab.ask_one(question)
    return threshold_voltage(reading.axis - reading["v(s)"], -reading["i(vd)"], w_over_l=w_over_l)
