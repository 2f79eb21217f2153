"""I-V of 1T1R cells over W/L, and on/off ratios against the memristor alone (Lim 2025, Fig. 4C, S5, S6, Table S2)."""

from dataclasses import dataclass
from itertools import product

from cosim._types import Array
from cosim.circuits.cells import ORIENTATIONS, Orientation
from cosim.codesign.cellbench import Devices
from cosim.codesign.window import Window, cell_loop, cell_window, device_loop, device_window, transistor_share
from cosim.design import Design
from cosim.errors import InputError, reject
from cosim.sweep.lab import Lab


@dataclass(frozen=True, kw_only=True)
class CellLoop:
    """One cell under the bipolar sweep.

    Attributes:
        voltage, current, memristor: ``(points,)`` over the cell [V], into it [A], on the memristor [V].
        share: of the transistor in the cell's voltage at the top of the sweep, the state as it is then.
    """

    orientation: Orientation
    w_over_l: float
    voltage: Array
    current: Array
    memristor: Array
    share: float
    window: Window


@dataclass(frozen=True, kw_only=True)
class CellLoops:
    """All cells, and the memristor alone."""

    alone: Window
    alone_voltage: Array
    alone_current: Array
    cells: tuple[CellLoop, ...]

    def on_off(self, orientation: Orientation, w_over_l: float) -> float:
        """On/off ratio of a cell over that of the memristor alone.

        Raises:
            InputError: the design does not have this W/L.
        """
        found = {each.w_over_l: each for each in self.cells if each.orientation == orientation}
        if w_over_l not in found:
            raise reject(InputError, "cells", "w_over_l", w_over_l, f"one of {', '.join(f'{size:g}' for size in found)}")
        return found[w_over_l].window.ratio / self.alone.ratio


def cell_loops(design: Design, devices: Devices, lab: Lab) -> CellLoops:
    """MOD and MOS over every W/L; the body is at the lowest node, so that the body diode of MOS stays off."""
    voltage, read = design.cell.full_voltage, design.cell.read_voltage
    sizes = sorted({*design.transistor.w_over_l, design.transistor.chosen})
    cases = list(product(ORIENTATIONS, sizes))
    questions = [
        cell_loop(devices, orientation, w_over_l=size, length=design.transistor.length, voltage=voltage, gate=design.supply.gate, body="lowest")
        for orientation, size in cases
    ]
    alone, *readings = lab.ask([device_loop(devices, voltage), *questions])
    cells = []
    for (orientation, size), reading in zip(cases, readings, strict=True):
        share, memristor = transistor_share(reading, orientation)
        cells.append(
            CellLoop(
                orientation=orientation,
                w_over_l=size,
                voltage=reading["v(bit)"] - reading["v(sl)"],
                current=-reading["i(vbit)"],
                memristor=memristor,
                share=share,
                window=cell_window(reading, orientation, w_over_l=size, voltage=voltage, read=read),
            )
        )
    return CellLoops(alone=device_window(alone, voltage=voltage, read=read), alone_voltage=alone["v(te)"], alone_current=-alone["i(vte)"], cells=tuple(cells))
