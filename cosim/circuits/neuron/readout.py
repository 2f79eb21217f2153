"""Read path of single cells: each 1T1R cell behind half of its lines, its source line held by the transimpedance amplifier of a column.

Cells stand side by side in one circuit and share nothing but sources, so that one operating point reads all of them. Every column has an amplifier of its
own on a chip, so that cells of one column share its offset; amplifiers of one column are drawn as many times as cells of it are read.
Signals: ``v(out<k>)`` of the k-th cell, from 0.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.cells import cell
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Element, Instance, Resistor, VoltageSource
from cosim.circuits.neuron.card import NeuronCard
from cosim.circuits.neuron.frontend import tia
from cosim.circuits.neuron.unit import CELL_W_OVER_L, SPIKE_HEIGHT, Parts
from cosim.errors import CircuitError, reject

LOAD = 1e9  # [ohm] at each output, which nothing else follows


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadCells:
    """Cells that are read; all ``(cells,)``.

    Attributes:
        states: filament states, 0..1.
        current_scale, series_scale: factors on I0 and Rs of each device.
        wire: resistance of bit and source line up to each cell [ohm].
        noise: relative deviation of the memristor's current.
        column: whose amplifier reads the cell.
    """

    states: Array
    current_scale: Array
    series_scale: Array
    wire: Array
    noise: Array
    column: Array

    def __post_init__(self) -> None:
        if not (self.states.ndim == 1 and self.states.size):
            raise reject(CircuitError, "read path", "states", f"shape {self.states.shape}", "of shape (cells,)")
        for name in ("current_scale", "series_scale", "wire", "noise", "column"):
            if getattr(self, name).shape != self.states.shape:
                raise reject(CircuitError, "read path", name, f"shape {getattr(self, name).shape}", f"of shape {self.states.shape}, as the states")
        if not np.min(self.wire) >= 0.0:
            raise reject(CircuitError, "read path", "wire", float(np.min(self.wire)), ">= 0 ohm")
        if not np.min(self.noise) > -1.0:
            raise reject(CircuitError, "read path", "noise", float(np.min(self.noise)), "> -1: no memristor conducts backwards")

    def __len__(self) -> int:
        return len(self.states)

    def pick(self, chosen: slice) -> "ReadCells":
        """Some of the cells."""
        return ReadCells(
            states=self.states[chosen],
            current_scale=self.current_scale[chosen],
            series_scale=self.series_scale[chosen],
            wire=self.wire[chosen],
            noise=self.noise[chosen],
            column=self.column[chosen],
        )


def readout(card: NeuronCard, cells: ReadCells, *, offsets: Array, parts: Parts, w_over_l: float = CELL_W_OVER_L) -> Circuit:
    """Every cell read at once.

    Args:
        card: of the unit whose transimpedance amplifiers read.
        cells: what is read.
        offsets: ``(columns,)`` of the amplifiers [V], beside the op-amp card's own.
        parts: devices.
        w_over_l: of the transistors of the cells.
    """
    elements: list[Element] = [VoltageSource("read", "te", "0", card.read_voltage), VoltageSource("word", "word", "0", SPIKE_HEIGHT)]
    if parts.opamp:
        elements += [VoltageSource("dd", "vdd", "0", card.supply), VoltageSource("ss", "vss", "0", -card.supply)]
    elements += [VoltageSource(f"ref{column}", f"ref{column}", "0", float(offsets[column])) for column in np.unique(cells.column).tolist()]
    rails = ("vdd", "vss") if parts.opamp else ()
    inner, amplifier = cell("mod", parts.memristor, parts.nmos, w_over_l=w_over_l, frozen=True), tia(card, parts.opamp)
    for k in range(len(cells)):
        lines, (top, bottom) = _lines(k, float(cells.wire[k]))
        values = {
            "x0": float(cells.states[k]),
            "i0s": float(cells.current_scale[k] * (1.0 + cells.noise[k])),  # the noise is a factor of the current, as I0 is
            "rss": float(cells.series_scale[k]),
        }
        elements += [
            *lines,
            Instance(f"c{k}", inner, (top, "word", bottom, "0"), values),
            Instance(f"t{k}", amplifier, (f"col{k}", f"ref{int(cells.column[k])}", f"out{k}", *rails)),
            Resistor(f"load{k}", f"out{k}", "0", LOAD, exact=True),
        ]
    return Circuit(name=f"readout_{card.name}", description=f"{len(cells)} cells read by the amplifiers of {card.name}", elements=tuple(elements))


def _lines(k: int, wire: float) -> tuple[list[Element], tuple[str, str]]:
    """Half of the wire on either side of a cell, and the nodes that it lies between."""
    if wire == 0.0:
        return [], ("te", f"col{k}")
    halves: list[Element] = [Resistor(f"b{k}", "te", f"bit{k}", wire / 2.0), Resistor(f"s{k}", f"col{k}", f"line{k}", wire / 2.0)]
    return halves, (f"bit{k}", f"line{k}")
