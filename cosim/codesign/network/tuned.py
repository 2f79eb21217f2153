"""Chips whose arrays are really tuned: every weight written by pulses into a cell of its own, behind its wires, in a closed loop.

The target of a cell is its conductance as it is read, through transistor and wires, so that what these take is tuned away. What such a chip gives is held
against the shortcut of a target with a Gaussian error.
Not here: the loop itself (`cosim.codesign.tuning`), what is written with it (`cosim.codesign.circuit_channel.writer`).
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.layer import Cells
from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.chip import Chip
from cosim.codesign.network.mapping import MappedLayer
from cosim.codesign.tuning.arrays import Stuck, TunedArray, array_lanes, refuse_stuck, stuck_cells
from cosim.codesign.tuning.tune import Outcome


@dataclass(frozen=True, kw_only=True, eq=False)
class TunedChip:
    """One layer of positive weights in a tuned array.

    Attributes:
        array: its cells and their traces.
        chip: conductances through cell and wires; states and factors of the devices, as the circuit takes them.
        target: ``(inputs, outputs)`` [S].
        stuck: ``(inputs, outputs)`` cells that no pulse moves, found from what pulses did.
    """

    array: TunedArray
    chip: Chip
    target: Array
    stuck: Array

    @property
    def error(self) -> Array:
        """``(inputs, outputs)`` true conductance over target, less 1."""
        return np.asarray(self.chip.plus.conductance / self.target - 1.0)

    @property
    def inside(self) -> float:
        """Share of the cells that were accepted and are truly inside of the band."""
        return self.array.traces.share(Outcome.reached)

    @property
    def false_successes(self) -> int:
        """Cells that were accepted and lie outside."""
        return self._ended(Outcome.false_success)

    @property
    def not_reached(self) -> int:
        """Cells that took all pulses that they may have."""
        return self._ended(Outcome.not_reached)

    @property
    def pulses(self) -> int:
        """Of all cells."""
        return int(self.array.traces.pulses.sum())

    @property
    def time(self) -> float:
        """Programming one cell after another [s]."""
        return self.array.time

    @property
    def energy(self) -> float:
        """Drawn by all pulses [J]."""
        return self.array.energy

    def _ended(self, outcome: Outcome) -> int:
        return sum(each is outcome for each in self.array.traces.outcome)


def tune_chip(writer: Writer, target: Array, *, rng: np.random.Generator, in_spice: bool = False) -> TunedChip:
    """Write an array cell by cell.

    Args:
        writer: what writes; [tuning] of its design says spread and wires, [loop] how many cells are stuck and how many may be.
        target: ``(inputs, outputs)`` [S], as of `Window.conductance` of the writer's window.
        rng: of devices, stuck cells and noise.
        in_spice: each pulse in SPICE; else all by the twin.

    Raises:
        DeviceError: a target that the cell does not reach, or more stuck cells than [loop] allows.
    """
    rows, columns = target.shape
    tuning, loop, largest = writer.design.tuning, writer.design.loop, float(writer.curve.amplitude[-1])
    full_voltage = writer.design.cell.full_voltage
    stuck = Stuck.at_full_pulses(writer.twin, low=loop.stuck_low, high=loop.stuck_high, full_voltage=full_voltage, largest_reset=largest)
    lanes = array_lanes(rows, columns, wire_resistance=tuning.wire_resistance, spread=tuning.spread, rng=rng, stuck=stuck)
    array = TunedArray((rows, columns), lanes, writer.write(target.ravel(), lanes, rng=rng, in_spice=in_spice))
    found = stuck_cells(array, writer.spice if in_spice else writer.twin, full_voltage=full_voltage, largest_reset=largest)
    refuse_stuck(array, found, most=loop.most_stuck)
    return TunedChip(array=array, chip=_chip(writer, array), target=target, stuck=found)


def _chip(writer: Writer, array: TunedArray) -> Chip:
    """The array as `infer` and `FastMembranes` take it."""
    traces, lanes = array.traces, array.lanes
    state, scale, series, target, conductance = (
        each.reshape(array.shape) for each in (traces.state, lanes.current_scale, lanes.series_scale, traces.target, traces.conductance)
    )
    cells = Cells(states=state, current_scale=scale, series_scale=series)
    return Chip(plus=MappedLayer(target=target, conductance=conductance, cells=cells, window=writer.window))
