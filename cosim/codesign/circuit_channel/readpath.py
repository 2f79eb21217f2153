"""`ReadPath`: conductances of tuned cells as the circuit shows them: transistor, lines and the amplifier of the cell's column, in SPICE."""

from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.analysis import Op
from cosim.circuits.cells import LENGTH
from cosim.circuits.neuron.card import NeuronCard, load_neuron
from cosim.circuits.neuron.readout import ReadCells, readout
from cosim.circuits.neuron.unit import SPIKE_HEIGHT, Parts
from cosim.codesign.cellbench import Devices
from cosim.design import Design
from cosim.devices.opamp import load_opamp
from cosim.errors import DesignError, reject
from cosim.sweep.lab import Lab, Question

SIDE_BY_SIDE = 128  # cells of a deck: with fewer the start of the simulator takes longer than the cells
AT_ONCE = 32  # decks that are written before they run
OFFSETS = 704  # last word of the seed of the amplifiers


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadPath:
    """What reads.

    Attributes:
        card: of the unit that is built.
        parts: of cells and amplifiers.
        offsets: ``(columns,)`` that auto-zero left to the amplifier of each column [V].
        w_over_l: of the transistors of the cells.
    """

    card: NeuronCard
    parts: Parts
    offsets: Array
    w_over_l: float

    @classmethod
    def of(cls, design: Design, devices: Devices) -> "ReadPath":
        """From [network], [neuron] and [transistor]; the amplifiers are those of one chip, drawn from the seed of [run].

        Raises:
            DesignError: cells are tuned at one read voltage, gate supply or channel length, and read at another.
        """
        card = load_neuron(design.network.built)
        _check_same_cells(design, card)
        return cls(
            card=card,
            parts=Parts(memristor=devices.memristor, nmos=devices.mosfet, opamp=load_opamp(design.neuron.opamp)),
            offsets=chip_offsets(design, 0),
            w_over_l=design.transistor.chosen,
        )

    def key(self) -> list[object]:
        """Everything that a read follows from, for a store."""
        return [self.card, self.parts, self.offsets, self.w_over_l]

    def read(self, cells: ReadCells, lab: Lab) -> Array:
        """``(cells,)`` conductances: the output of the amplifier over feedback and read voltage [S]; what an offset adds is in it."""
        starts = range(0, len(cells), SIDE_BY_SIDE)
        found: list[Array] = []
        for first in range(0, len(starts), AT_ONCE):
            batch = [cells.pick(slice(start, start + SIDE_BY_SIDE)) for start in starts[first : first + AT_ONCE]]
            answers = _told(lab, first, len(starts)).ask([self._question(each) for each in batch])
            found += [np.array([answer.last(f"v(out{k})") for k in range(len(each))]) for answer, each in zip(answers, batch, strict=True)]
        return -np.concatenate(found) / (self.card.feedback_resistance * self.card.read_voltage)

    def behind(self, reads: Array, column: Array, offsets: Array) -> Array:
        """Reads ``(cells,)`` by this path [S] as they would be behind amplifiers with other ``offsets (columns,)`` [V].

        An amplifier holds the source line at its offset, which the cell's voltage is short of, and adds the offset to its output.
        """
        volts, full = self.card.read_voltage, self.card.feedback_resistance * self.card.read_voltage
        own, other = self.offsets[column], offsets[column]
        return np.asarray((reads + own / full) * (volts - other) / (volts - own) - other / full)

    def _question(self, cells: ReadCells) -> Question:
        circuit = readout(self.card, cells, offsets=self.offsets, parts=self.parts, w_over_l=self.w_over_l)
        return Question(circuit=circuit, analysis=Op(), saved=tuple(f"v(out{k})" for k in range(len(cells))))


def _check_same_cells(design: Design, card: NeuronCard) -> None:
    """Refuse a cell that is tuned behind one transistor or voltage and read behind another: it is one cell.

    Raises:
        DesignError: names the value and what reads are taken with.
    """
    read = (
        ("[cell]", "read_voltage", design.cell.read_voltage, card.read_voltage, f"read voltage of the unit {card.name}, [network] built [V]"),
        ("[transistor]", "length", design.transistor.length, LENGTH, "channel length of the cells that are read [m]"),
        ("[supply]", "gate", design.supply.gate, SPIKE_HEIGHT, "height of the spikes on the gates of the cells [V]"),
    )
    for where, name, given, allowed, words in read:
        if given != allowed:
            raise reject(DesignError, where, name, given, f"{allowed:g}, {words}")


def chip_offsets(design: Design, chip: int) -> Array:
    """``(columns,)`` what auto-zero leaves to the amplifiers of a chip [V]; chip 0 is the one that is measured."""
    seed = [design.run.seed, OFFSETS, *((chip,) if chip else ())]
    return np.asarray(design.neuron.offset * np.random.default_rng(seed).standard_normal(design.tuning.columns))


def _told(lab: Lab, first: int, decks: int) -> Lab:
    """The lab, whose progress counts all decks."""
    tell = lab.progress
    return lab if tell is None else replace(lab, progress=lambda done, _: tell(first + done, decks))
