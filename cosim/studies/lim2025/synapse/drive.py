"""How much voltage reaches the memristor: Table 1 and the bipolar drive of the measurement (Lim 2025, section 3.2, S4).

Table 1 holds for positive supplies only: set drives the bit line, reset the source line. Under the bipolar sweep of the
measurement (source line grounded) MOD loses no threshold voltage, and MOS with a grounded body is clamped by the body diode.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from cosim._types import Array
from cosim.analysis import Dc, Op
from cosim.circuits.cells import ORIENTATIONS, Body, Drive, Orientation, bench, cell, loaded_bench
from cosim.codesign.cellbench import CELL_SIGNALS, Devices, polar_voltage, positive_drive
from cosim.codesign.sizing import END_STATE, OPERATIONS
from cosim.design import Design
from cosim.devices.memristor.static import conductance_range
from cosim.studies.lim2025.synapse.transistor import threshold_at
from cosim.sweep.lab import Lab, Question

LOADS = np.geomspace(500.0, 1e6, 12)  # [ohm] of Fig. S4
BODIES: tuple[Body, ...] = ("grounded", "lowest")


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One entry of Table 1.

    Attributes:
        load: resistance in the place of the memristor [ohm].
        voltage: largest voltage on it, along the operation's polarity [V].
        threshold: of the transistor at the body voltage of that point [V]; 0 where the transistor's source is grounded.
        expected: supply, or supply less threshold [V].
    """

    orientation: Orientation
    operation: str
    state: str
    load: float
    voltage: float
    threshold: float
    expected: float


@dataclass(frozen=True, kw_only=True)
class Bipolar:
    """Largest voltages on the memristor under the bipolar sweep, and the current through the body.

    Attributes:
        set_voltage, reset_voltage: at the ends of the sweep, memristor at the end state of the operation [V].
        body_current: into the body at the negative end [A].
    """

    orientation: Orientation
    body: Body
    set_voltage: float
    reset_voltage: float
    body_current: float


@dataclass(frozen=True, kw_only=True)
class LoadCurves:
    """Voltage on a resistor in the place of the memristor under positive drive (Fig. S4).

    Attributes:
        loads: ``(loads,)`` [ohm].
        w_over_l: ``(sizes,)``.
        direct: ``(sizes, loads)`` MOD set and MOS reset: the transistor's source is grounded [V].
        follower: ``(sizes, loads)`` MOD reset and MOS set: the transistor is a source follower [V].
    """

    loads: Array
    w_over_l: Array
    direct: Array
    follower: Array


def table(design: Design, devices: Devices, lab: Lab) -> tuple[Transfer, ...]:
    """Both orientations and operations, at the resistance of the card's high- and low-resistance state."""
    low, high = conductance_range(devices.memristor, voltage=design.cell.read_voltage)
    loads = {"HRS": 1.0 / low, "LRS": 1.0 / high}
    cases = list(product(loads, ORIENTATIONS, OPERATIONS))
    readings = lab.ask([_loaded(design, devices, orientation, operation, loads[state], design.transistor.chosen) for state, orientation, operation in cases])
    rows = []
    for (state, orientation, operation), reading in zip(cases, readings, strict=True):
        bit, middle, line = (reading.last(name) for name in ("v(bit)", "v(mid)", "v(sl)"))
        voltage = polar_voltage(operation, bit - middle if orientation == "mod" else middle - line)
        follower = is_follower(orientation, operation)
        threshold = threshold_at(design, devices, lab, source=middle, w_over_l=design.transistor.chosen) if follower else 0.0
        rows.append(
            Transfer(
                orientation=orientation,
                operation=operation,
                state=state,
                load=loads[state],
                voltage=voltage,
                threshold=threshold,
                expected=design.supply.drain - threshold,
            )
        )
    return tuple(rows)


def is_follower(orientation: Orientation, operation: str) -> bool:
    """Whether the memristor hangs on the transistor's source while the supply is at its drain."""
    return (orientation, operation) in (("mod", "reset"), ("mos", "set"))


def _loaded(design: Design, devices: Devices, orientation: Orientation, operation: str, load: float, size: float) -> Question:
    drive = positive_drive(operation, supply=design.supply.drain, gate=design.supply.gate)
    circuit = loaded_bench(orientation, devices.mosfet, resistance=load, drive=drive, w_over_l=size, length=design.transistor.length)
    return Question(circuit=circuit, analysis=Op(), saved=("v(bit)", "v(mid)", "v(sl)"))


def load_curves(design: Design, devices: Devices, lab: Lab) -> LoadCurves:
    """Over resistance and W/L, for the two circuits that the four cases reduce to."""
    sizes = design.transistor.w_over_l
    cases = list(product(OPERATIONS, sizes, LOADS.tolist()))
    readings = lab.ask([_loaded(design, devices, "mod", operation, load, size) for operation, size, load in cases])
    voltage = np.array([abs(reading.last("v(bit)") - reading.last("v(mid)")) for reading in readings]).reshape(2, len(sizes), len(LOADS))
    return LoadCurves(loads=LOADS, w_over_l=np.array(sizes), direct=voltage[0], follower=voltage[1])


def bipolar(design: Design, devices: Devices, lab: Lab) -> tuple[Bipolar, ...]:
    """Both orientations, body grounded and at the lowest node, at the ends of the sweep."""
    voltage = design.cell.full_voltage
    cases = list(product(ORIENTATIONS, BODIES))
    questions = []
    for orientation, body in cases:
        for operation in OPERATIONS:
            inner = cell(orientation, devices.memristor, devices.mosfet, length=design.transistor.length, frozen=True)
            end = polar_voltage(operation, voltage)
            circuit = bench(inner, Drive(bit=0.0, word=design.supply.gate), body=body, state=END_STATE[operation], w_over_l=design.transistor.chosen)
            body_name = "i(vbody)" if body == "grounded" else "i(b_body)"
            questions.append(Question(circuit=circuit, analysis=Dc("vbit", 0.0, end, end / 50), saved=(*CELL_SIGNALS[:5], body_name)))
    readings = lab.ask(questions)
    rows = []
    for index, (orientation, body) in enumerate(cases):
        after_set, after_reset = readings[2 * index : 2 * index + 2]
        ends = []
        for reading in (after_set, after_reset):
            bit, middle, line = (reading.last(name) for name in ("v(bit)", "v(x1.mid)", "v(sl)"))
            ends.append(bit - middle if orientation == "mod" else middle - line)
        name = "i(vbody)" if body == "grounded" else "i(b_body)"
        rows.append(Bipolar(orientation=orientation, body=body, set_voltage=ends[0], reset_voltage=ends[1], body_current=-after_reset.last(name)))
    return tuple(rows)
