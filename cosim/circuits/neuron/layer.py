"""A layer of a network as a circuit: an array of 1T1R cells, and a unit behind each column.

Input i drives the word line ``wl_i`` with one spike; column j is read by unit j, whose membrane is ``v(mem<j>)``, j from 1. Each column
ends in the virtual ground of its amplifier, so that columns do not know of each other: they may be simulated together or one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.cells import cell
from cosim.circuits.circuit import Circuit
from cosim.circuits.corners import NOMINAL, Corner, Mismatch, deviated_elements
from cosim.circuits.elements import Element, Instance, Resistor, VoltageSource
from cosim.circuits.neuron.card import NeuronCard
from cosim.circuits.neuron.unit import CELL_W_OVER_L, SPIKE_HEIGHT, Parts, check_unit, shared_sources, wired_unit
from cosim.circuits.stimuli import spikes
from cosim.errors import CircuitError, reject


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """The memristors of an array; all ``(inputs, columns)``.

    Attributes:
        states: filament states, 0..1.
        current_scale, series_scale: factors on I0 and Rs of each device.
    """

    states: Array
    current_scale: Array | None = None
    series_scale: Array | None = None

    def __post_init__(self) -> None:
        if self.states.ndim != 2 or not self.states.size:
            raise reject(CircuitError, "layer", "states", f"shape {self.states.shape}", "of shape (inputs, columns)")
        if not (self.states.min() >= 0 and self.states.max() <= 1):
            raise reject(CircuitError, "layer", "states", float(self.states.min() if self.states.min() < 0 else self.states.max()), "within 0..1")

    def columns(self, chosen: Sequence[int]) -> "Cells":
        """Some of the columns."""
        pick = list(chosen)
        scales = (None if each is None else each[:, pick] for each in (self.current_scale, self.series_scale))
        return Cells(states=self.states[:, pick], **dict(zip(("current_scale", "series_scale"), scales, strict=True)))


def layer(
    card: NeuronCard,
    times: Array,
    cells: Cells,
    *,
    minus: Cells | None = None,
    parts: Parts | None = None,
    silent: bool = True,
    wire_resistance: float = 0.0,
    corner: Corner = NOMINAL,
    mismatch: Mismatch | None = None,
    seed: int = 0,
    numbers: Sequence[int] | None = None,
) -> Circuit:
    """An array with its units, for one image.

    Args:
        card: of the units.
        times: ``(inputs,)`` spike of each input [s]; infinite where it does not fire.
        cells: the array; `minus` the second half of pairs, of the same shape.
        parts: devices.
        silent: keep the cells of inputs that do not fire; their word lines rest at ground.
        wire_resistance: of one segment of a column, between two neighboring rows [ohm]; bit and source line each.
        corner: temperature, supply and process of everything; the temperature goes into the options of the analysis too.
        mismatch: spread of the transistors of the units; unit j is drawn from `seed` and its number, whatever else is simulated.
        numbers: of the columns on the chip, for these draws; 0, 1, ... if left out.

    Raises:
        CircuitError: shapes that do not fit, a negative wire resistance.
    """
    parts = parts or Parts()
    check_unit(card, parts, 1.0, corner.supply, None)
    if minus is not None and minus.states.shape != cells.states.shape:
        raise reject(CircuitError, "layer", "minus", f"shape {minus.states.shape}", f"of shape {cells.states.shape}, as the cells")
    if times.shape != cells.states.shape[:1]:
        raise reject(CircuitError, "layer", "times", f"shape {times.shape}", f"of shape ({cells.states.shape[0]},), one for each row of the cells")
    if not wire_resistance >= 0:
        raise reject(CircuitError, "layer", "wire_resistance", wire_resistance, ">= 0 ohm")
    rows = [row for row in range(len(times)) if silent or np.isfinite(times[row])]
    elements: list[Element] = shared_sources(card, parts, corner.supply, paired=minus is not None)
    for row in rows:
        train = spikes([float(times[row])], height=SPIKE_HEIGHT) if np.isfinite(times[row]) else None
        elements.append(VoltageSource(f"wl_{row}", f"wl_{row}", "0", 0.0, train))
    for column in range(cells.states.shape[1]):
        number = str(column + 1)
        for sign, array, end in (("", cells, f"col{number}"), *((("n", minus, f"neg{number}"),) if minus is not None else ())):
            elements += deviated_elements(_column(parts, rows, array, column, sign, end, wire_resistance), corner)
            if not rows:
                elements.append(Resistor(f"off{sign}{number}", "te", end, 1e12, exact=True))
        rng = None if mismatch is None else np.random.default_rng([seed, column if numbers is None else numbers[column]])
        elements += deviated_elements(wired_unit(card, parts, number, None, paired=minus is not None), corner, mismatch=mismatch, rng=rng)
    return Circuit(
        name=f"layer_{card.name}",
        description=f"{cells.states.shape[0]} inputs, {cells.states.shape[1]} units, variant {card.name}; {len(rows)} rows are simulated",
        elements=tuple(elements),
    )


def _column(parts: Parts, rows: Sequence[int], cells: Cells, column: int, sign: str, end: str, wire_resistance: float) -> list[Element]:
    """The cells of one column between the read voltage and the amplifier; with wires a ladder on both sides, fed and read at its first row."""
    inner = cell("mod", parts.memristor, parts.nmos, w_over_l=CELL_W_OVER_L, frozen=True)
    found: list[Element] = []
    top, bottom = "te", end
    for row in rows:
        place = f"{sign}{row}_{column + 1}"
        if wire_resistance:
            found += [Resistor(f"b{place}", top, f"b{place}", wire_resistance), Resistor(f"l{place}", bottom, f"l{place}", wire_resistance)]
            top, bottom = f"b{place}", f"l{place}"
        values: dict[str, float] = {"x0": float(cells.states[row, column])}
        for name, scale in (("i0s", cells.current_scale), ("rss", cells.series_scale)):
            if scale is not None:
                values[name] = float(scale[row, column])
        found.append(Instance(f"c{place}", inner, (top, f"wl_{row}", bottom, "0"), values))
    return found
