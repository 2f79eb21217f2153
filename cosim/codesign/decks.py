"""The cells of a design as decks: the I-V loop, and the read-out of an array."""

import numpy as np

from cosim.analysis import Op
from cosim.circuits.arrays import array, read_bench
from cosim.circuits.cells import Orientation, cell
from cosim.codesign.cellbench import SWEEP_RATE, Devices
from cosim.codesign.window import cell_loop
from cosim.design import Design
from cosim.measure import At, Over
from cosim.spice.deck import Deck, write_deck
from cosim.sweep.lab import Question


def loop_question(design: Design, orientation: Orientation) -> Question:
    """The bipolar I-V loop of the cell that a design chose: 0, full voltage, 0, minus full voltage, 0."""
    return cell_loop(
        Devices.of(design),
        orientation,
        w_over_l=design.transistor.chosen,
        length=design.transistor.length,
        voltage=design.cell.full_voltage,
        gate=design.supply.gate,
        body="lowest" if design.cell.body == "lowest" else "grounded",
    )


def cell_deck(design: Design, orientation: Orientation) -> Deck:
    """The same as a deck for people, with ``.meas`` lines."""
    question, top, read = loop_question(design, orientation), design.cell.full_voltage, design.cell.read_voltage
    measures = (
        Over(name="i_max", of="-i(vbit)", how="MAX"),
        Over(name="i_min", of="-i(vbit)", how="MIN"),
        At(name="g_positive", of=f"-i(vbit)/{read:.12g}", position=(2 * top - read) / SWEEP_RATE),
        At(name="g_negative", of=f"i(vbit)/{read:.12g}", position=(4 * top - read) / SWEEP_RATE),
    )
    return write_deck(question.circuit, question.analysis, measures=measures)


def array_deck(design: Design, orientation: Orientation, *, shape: tuple[int, int], state: float, wire_resistance: float) -> Deck:
    """The read-out of an array of ``shape`` (rows, columns) whose word lines are all on."""
    devices, chosen = Devices.of(design), design.transistor
    inner = cell(orientation, devices.memristor, devices.mosfet, w_over_l=chosen.chosen, length=chosen.length, frozen=True)
    cells = array(inner, np.full(shape, state), wire_resistance=wire_resistance)
    return write_deck(read_bench(cells, word=np.full(shape[0], design.supply.gate), read_voltage=design.cell.read_voltage), Op())
