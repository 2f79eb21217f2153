"""A layer of a network as a circuit: an array of 1T1R cells, and a unit behind each column.

Input i drives the word line ``wl_i`` with its spikes; column j is read by unit j, whose membrane is ``v(mem<j>)``, j from 1. Each column
ends in the virtual ground of its amplifier, so that columns do not know of each other: they may be simulated together or one by one.
Units that fire have ``v(spike<j>)``; they are reset to, and their threshold is counted from, a unit without input that stands beside them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from cosim._types import Array
from cosim.circuits.cells import cell
from cosim.circuits.circuit import Circuit
from cosim.circuits.corners import NOMINAL, Corner, Mismatch, deviated_elements
from cosim.circuits.elements import Element, Instance, Resistor, VoltageSource
from cosim.circuits.neuron.card import CurrentBiasedCard, NeuronCard, require
from cosim.circuits.neuron.unit import CELL_W_OVER_L, SPIKE_HEIGHT, Parts, check_unit, quiet_cell, resting_unit, shared_sources, wired_unit
from cosim.circuits.stimuli import PiecewiseLinear, spikes
from cosim.errors import CircuitError, reject

NOISE_INTERVAL = 100e-6  # [s] between the samples of a cell's read noise, from the begin of its spike on
MISMATCH_DRAWS = 4  # last word of the seed of a unit, which the draws of cells and noise do not have


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
    times: Array | Sequence[Array],
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
    noise: Sequence[Array] = (),
    threshold: float | None = None,
) -> Circuit:
    """An array with its units, for one image.

    Args:
        card: of the units.
        times: ``(inputs,)`` spike of each input [s], infinite where it does not fire; or the spikes of each input, one array each.
        cells: the array; `minus` the second half of pairs, of the same shape.
        parts: devices.
        silent: keep the cells of inputs that do not fire; their word lines rest at ground. The wires along their rows stay in any case.
        wire_resistance: of one segment of a column, between two neighboring rows [ohm], whether their cells are simulated or not; bit and source line each.
        corner: temperature, supply and process of everything; the temperature goes into the options of the analysis too.
        mismatch: spread of the transistors of the units; unit j is drawn from `seed` and its number, whatever else is simulated.
        numbers: of the columns on the chip, for these draws; 0, 1, ... if left out.
        noise: of each array ``(inputs, columns, samples)`` relative deviations of currents, `NOISE_INTERVAL` apart from a spike's begin on; empty for none.
        threshold: of the comparators, over the membrane at rest [V]; None for membranes that are only read.

    Raises:
        InputError: a threshold for a variant without spike output.
        CircuitError: shapes that do not fit, a negative wire resistance, spikes that touch.
    """
    parts = parts or Parts()
    check_unit(card, parts, 1.0, corner.supply, None)
    _check_arrays(cells, minus, wire_resistance)
    halves = [("", "col", cells), *([("n", "neg", minus)] if minus is not None else [])]
    trains = _trains(times, len(cells.states))
    _check_noise(cells, len(halves), trains, noise)
    rows = [row for row, train in enumerate(trains) if silent or train.size]
    elements: list[Element] = shared_sources(card, parts, corner.supply, paired=minus is not None)
    resting, rest = ([], None) if threshold is None else _resting(card, parts, paired=minus is not None)
    elements += deviated_elements(resting, corner)
    elements += [_word_line(row, trains[row]) for row in rows]
    for column in range(cells.states.shape[1]):
        number = str(column + 1)
        for index, (sign, end, array) in enumerate(halves):
            traces = _noise_traces(trains, noise[index][:, column]) if len(noise) else {}
            elements += deviated_elements(_column(parts, rows, array, column, sign, f"{end}{number}", wire_resistance, traces), corner)
        rng = None if mismatch is None else np.random.default_rng([seed, column if numbers is None else numbers[column], MISMATCH_DRAWS])
        behind = wired_unit(card, parts, number, threshold, paired=minus is not None, rest=rest)
        elements += deviated_elements(behind, corner, mismatch=mismatch, rng=rng)
        elements += [Resistor(f"spike{number}", f"spike{number}", "0", 1e12, exact=True)] if rest else []
    return Circuit(
        name=f"layer_{card.name}",
        description=f"{cells.states.shape[0]} inputs, {cells.states.shape[1]} units, variant {card.name}; {len(rows)} rows are simulated",
        elements=tuple(elements),
    )


def _check_arrays(cells: Cells, minus: Cells | None, wire_resistance: float) -> None:
    """Refuse halves of pairs that differ in shape, and wires with gain."""
    if minus is not None and minus.states.shape != cells.states.shape:
        raise reject(CircuitError, "layer", "minus", f"shape {minus.states.shape}", f"of shape {cells.states.shape}, as the cells")
    if not wire_resistance >= 0:
        raise reject(CircuitError, "layer", "wire_resistance", wire_resistance, ">= 0 ohm")


def _word_line(row: int, train: Array) -> VoltageSource:
    """The source of one input, with its spikes if it has any."""
    return VoltageSource(f"wl_{row}", f"wl_{row}", "0", 0.0, spikes(train.tolist(), height=SPIKE_HEIGHT) if train.size else None)


def _trains(times: Array | Sequence[Array], rows: int) -> list[Array]:
    """Spikes of each input, one array each."""
    shape = times.shape if isinstance(times, np.ndarray) else (len(times),)
    if shape != (rows,):
        raise reject(CircuitError, "layer", "times", f"shape {shape}", f"of shape ({rows},), one for each row of the cells")
    return [np.sort(each[np.isfinite(each)]) for each in (np.atleast_1d(np.asarray(train, dtype=float)) for train in times)]


def _resting(card: NeuronCard, parts: Parts, *, paired: bool) -> tuple[list[Element], tuple[str, str]]:
    """The unit without input beside those that fire."""
    require(card, "spikes", "a spike output")
    assert isinstance(card, CurrentBiasedCard)
    return resting_unit(card, parts, paired=paired)


def _check_noise(cells: Cells, halves: int, trains: Sequence[Array], noise: Sequence[Array]) -> None:
    """Refuse samples that are not those of the arrays, and inputs that spike again."""
    if len(noise) not in (0, halves):
        raise reject(CircuitError, "layer", "noise", f"{len(noise)} arrays", f"{halves}, the number of arrays of cells, or none")
    if len(noise) and any(each.size > 1 for each in trains):
        raise reject(CircuitError, "layer, noise", "spikes of an input", max(each.size for each in trains), "1 at most: the samples are of one")
    for samples in noise:
        if samples.ndim != 3 or samples.shape[:2] != cells.states.shape or not samples.shape[2]:
            raise reject(CircuitError, "layer", "noise", f"shape {samples.shape}", f"of shape ({', '.join(map(str, cells.states.shape))}, samples)")
        if not samples.min() > -1:
            raise reject(CircuitError, "layer", "noise", float(samples.min()), "> -1: no memristor conducts backwards")


def _noise_traces(trains: Sequence[Array], samples: Array) -> dict[int, PiecewiseLinear]:
    """Read noise ``(inputs, samples)`` of the cells of one column whose input fires: row -> relative deviation over time."""
    knots = np.arange(samples.shape[1]) * NOISE_INTERVAL
    fires = [row for row, train in enumerate(trains) if train.size]
    return {row: PiecewiseLinear(tuple(zip((trains[row][0] + knots).tolist(), samples[row].tolist(), strict=True))) for row in fires}


def _column(
    parts: Parts, rows: Sequence[int], cells: Cells, column: int, sign: str, end: str, wire_resistance: float, noise: Mapping[int, PiecewiseLinear]
) -> list[Element]:
    """The cells of one column between the read voltage and the amplifier; with wires a ladder on both sides, fed and read at its first row.

    A row that is left out leaves its segments: the next one that is simulated lies behind them all.
    """
    quiet = quiet_cell(parts)
    found: list[Element] = [] if rows else [Resistor(f"off{sign}{column + 1}", "te", end, 1e12, exact=True)]
    top, bottom = "te", end
    for before, row in pairwise((-1, *rows)):
        place = f"{sign}{row}_{column + 1}"
        if wire_resistance:
            segments = (row - before) * wire_resistance
            found += [Resistor(f"b{place}", top, f"b{place}", segments), Resistor(f"l{place}", bottom, f"l{place}", segments)]
            top, bottom = f"b{place}", f"l{place}"
        values: dict[str, float] = {"x0": float(cells.states[row, column])}
        for name, scale in (("i0s", cells.current_scale), ("rss", cells.series_scale)):
            if scale is not None:
                values[name] = float(scale[row, column])
        inner = quiet
        if row in noise:
            noisy = cell("mod", parts.memristor, parts.nmos, w_over_l=CELL_W_OVER_L, frozen=True, noise=noise[row])
            inner = replace(noisy, name=f"{noisy.name}_{place}", description=f"{noisy.description}, with read noise")
        found.append(Instance(f"c{place}", inner, (top, f"wl_{row}", bottom, "0"), values))
    return found
