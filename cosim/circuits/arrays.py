"""Arrays of 1T1R cells with named word, bit and source lines.

Word line ``wl_i`` drives the gates of row i; bit line ``bl_j`` and source line ``sl_j`` run along column j. The lines are
ports and are driven from their end at row 0 (word lines: at column 0). With wire resistance each segment between
neighboring cells of a line, and the one between the port and the first cell, is a resistor.
"""

import numpy as np

from cosim._types import Array
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Element, Instance, Resistor, VoltageSource
from cosim.circuits.expression import Param
from cosim.errors import CircuitError, reject


def array(inner: Circuit, states: Array, *, wire_resistance: float = 0.0, w_over_l: float | None = None) -> Circuit:
    """An array of cells.

    Args:
        inner: a `cosim.circuits.cells.cell`.
        states: ``(rows, columns)`` initial filament states, 0..1.
        wire_resistance: of one segment of a bit, source or word line [ohm]; 0 for ideal lines.
        w_over_l: of all transistors; default that of the cell.

    Returns:
        Ports ``wl_0..``, ``bl_0..``, ``sl_0..``, ``body``; cells ``x_<row>_<column>``.

    Raises:
        CircuitError: states outside of 0..1 or not two-dimensional, a negative wire resistance.
    """
    states = np.asarray(states, dtype=float)
    if states.ndim != 2 or states.size == 0:
        raise reject(CircuitError, "array", "states", f"shape {states.shape}", "of shape (rows, columns)")
    if not (states.min() >= 0 and states.max() <= 1):
        raise reject(CircuitError, "array", "states", float(states.min() if states.min() < 0 else states.max()), "within 0..1")
    if not wire_resistance >= 0:
        raise reject(CircuitError, "array", "wire_resistance", wire_resistance, ">= 0 ohm")
    rows, columns = states.shape
    size = inner.parameters["w_over_l"].default if w_over_l is None else w_over_l
    if not size > 0:
        raise reject(CircuitError, "array", "w_over_l", size, "> 0")
    wired = wire_resistance > 0
    sized = {} if w_over_l is None else {"w_over_l": Param("w_over_l")}
    elements: list[Element] = []
    for row, line in enumerate(states.tolist()):
        for column, state in enumerate(line):
            place = f"_r{row}_c{column}" if wired else ""
            nodes = (f"bl_{column}{place}", f"wl_{row}{place}", f"sl_{column}{place}", "body")
            elements.append(Instance(f"x_{row}_{column}", inner, nodes, {"x0": state, **sized}))
    if wired:
        elements += _wires(rows, columns, wire_resistance)
    return Circuit(
        name=f"array_{rows}x{columns}",
        description=f"{rows} x {columns} array of: {inner.description}",
        ports=(*_lines("wl", rows), *_lines("bl", columns), *_lines("sl", columns), "body"),
        elements=tuple(elements),
        parameters={"w_over_l": Parameter(size, "1", "width over length of the transistors")} if sized else {},
    )


def _lines(kind: str, count: int) -> tuple[str, ...]:
    return tuple(f"{kind}_{index}" for index in range(count))


def _wires(rows: int, columns: int, resistance: float) -> list[Element]:
    """The segments of all lines; segment k of a line ends at its k-th cell."""
    wires: list[Element] = []
    for row in range(rows):
        for column in range(columns):
            here = f"_r{row}_c{column}"
            above = f"_r{row - 1}_c{column}" if row else ""
            left = f"_r{row}_c{column - 1}" if column else ""
            wires.append(Resistor(f"bl{here}", f"bl_{column}{above}", f"bl_{column}{here}", resistance))
            wires.append(Resistor(f"sl{here}", f"sl_{column}{above}", f"sl_{column}{here}", resistance))
            wires.append(Resistor(f"wl{here}", f"wl_{row}{left}", f"wl_{row}{here}", resistance))
    return wires


def read_bench(inner: Circuit, *, word: Array, read_voltage: float) -> Circuit:
    """An array with sources: word lines at `word` ``(rows,)`` [V], bit lines at `read_voltage` [V], source lines grounded.

    The current of source line j is that of the source ``vsl_j``.
    """
    rows = sum(port.startswith("wl_") for port in inner.ports)
    columns = sum(port.startswith("bl_") for port in inner.ports)
    gates = np.asarray(word, dtype=float)
    if gates.shape != (rows,):
        raise reject(CircuitError, "read bench", "word", f"shape {gates.shape}", f"of shape ({rows},)")
    sources = [VoltageSource(f"wl_{row}", f"wl_{row}", "0", float(gate)) for row, gate in enumerate(gates)]
    sources += [VoltageSource(f"bl_{column}", f"bl_{column}", "0", read_voltage) for column in range(columns)]
    sources += [VoltageSource(f"sl_{column}", f"sl_{column}", "0", 0.0) for column in range(columns)]
    return Circuit(
        name=f"{inner.name}_read",
        description=f"read of a {inner.description}",
        elements=(*sources, VoltageSource("body", "body", "0", 0.0), Instance("array", inner, inner.ports)),
    )
