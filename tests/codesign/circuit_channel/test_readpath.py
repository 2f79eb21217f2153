"""The read path in SPICE, against the cell as the twin has it and the amplifier worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.circuits.neuron.readout import ReadCells
from cosim.codesign.cellbench import Devices
from cosim.codesign.circuit_channel.readpath import ReadPath, chip_offsets
from cosim.codesign.tuning.pulses import Lanes, PulseShape
from cosim.codesign.tuning.twin import TransistorTable, TwinProgrammer
from cosim.design import Design
from cosim.errors import CircuitError, DesignError
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

DESIGN = replace(Design(), device=replace(Design().device, memristor="lim2025_analog_window"))
DEVICES = Devices.of(DESIGN)
LAB = Lab(engine=find_engine("ngspice"))
PATH = replace(ReadPath.of(DESIGN, DEVICES), offsets=np.zeros(3))
STATES = np.array([0.02, 0.2, 0.5, 1.0])
LANES = Lanes(np.array([0.9, 1.0, 1.1, 1.05]), np.array([1.0, 1.2, 0.8, 1.0]), np.array([0.0, 2.0, 64.0, 128.0]))


def _cells(*, noise=0.0, column=0):
    same = np.ones(len(STATES))
    return ReadCells(
        states=STATES,
        current_scale=LANES.current_scale,
        series_scale=LANES.series_scale,
        wire=LANES.wire,
        noise=noise * same,
        column=np.full(len(STATES), column),
    )


def test_a_read_without_noise_and_offset_is_the_conductance_that_was_tuned():
    twin = TwinProgrammer(DEVICES.memristor, TransistorTable.of(DESIGN, DEVICES, LAB, w_over_l=65.0), PulseShape(), DESIGN.cell.read_voltage)
    wanted = twin.apply(LANES, STATES, np.zeros(len(STATES))).conductance
    assert PATH.read(_cells(), LAB) == pytest.approx(wanted, rel=1e-3)


def test_an_offset_of_the_column_adds_its_share_of_a_full_read():
    quiet, offset = PATH.read(_cells(column=1), LAB), 0.5e-3
    moved = replace(PATH, offsets=np.array([0.0, offset, 0.0])).read(_cells(column=1), LAB)
    lost = quiet * (1.0 - offset / PATH.card.read_voltage) - offset / (PATH.card.feedback_resistance * PATH.card.read_voltage)
    assert moved == pytest.approx(lost, rel=2e-3)
    assert PATH.behind(quiet, np.full(4, 1), np.array([0.0, offset, 0.0])) == pytest.approx(moved, rel=2e-3)


def test_reads_behind_other_amplifiers_and_back_again_are_the_same():
    reads, column, other = np.array([1e-5, 1e-4]), np.array([0, 2]), np.array([1e-4, 0.0, -3e-4])
    there = PATH.behind(reads, column, other)
    assert np.min(np.abs(there / reads - 1.0)) > 1e-3
    assert replace(PATH, offsets=other).behind(there, column, PATH.offsets) == pytest.approx(reads, rel=1e-12)


def test_noise_moves_a_read_by_a_little_less_than_itself():
    quiet, noisy = (PATH.read(_cells(noise=noise), LAB) for noise in (0.0, 0.05))
    assert np.all((noisy / quiet > 1.04) & (noisy / quiet < 1.05))


def test_more_cells_than_one_deck_holds_are_read_in_their_order(monkeypatch):
    monkeypatch.setattr("cosim.codesign.circuit_channel.readpath.SIDE_BY_SIDE", 3)
    told = []
    found = PATH.read(_cells(), replace(LAB, progress=lambda done, among: told.append((done, among))))
    assert np.all(np.diff(found) > 0)
    assert told[-1] == (2, 2)


def test_the_offsets_are_those_of_one_chip():
    path = ReadPath.of(DESIGN, DEVICES)
    assert path.offsets.shape == (DESIGN.tuning.columns,)
    assert np.array_equal(path.offsets, chip_offsets(DESIGN, 0))
    assert not np.array_equal(path.offsets, chip_offsets(DESIGN, 1))
    assert 0 < np.abs(path.offsets).max() < 5 * DESIGN.neuron.offset


@pytest.mark.parametrize(
    ("section", "changed", "message"),
    [
        ("cell", {"read_voltage": 0.1}, r"^\[cell\], read_voltage=0\.1: must be 0\.05, read voltage of the unit \w+, \[network\] built \[V\]$"),
        ("supply", {"gate": 2.5}, r"^\[supply\], gate=2\.5: must be 3, height of the spikes on the gates of the cells \[V\]$"),
        ("transistor", {"length": 1e-6}, r"^\[transistor\], length=1e-06: must be 5e-07, channel length of the cells that are read \[m\]$"),
    ],
)
def test_cells_that_are_tuned_in_one_way_and_read_in_another_are_refused(section, changed, message):
    with pytest.raises(DesignError, match=message):
        ReadPath.of(replace(DESIGN, **{section: replace(getattr(DESIGN, section), **changed)}), DEVICES)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"wire": -LANES.wire}, r"^read path, wire=-128: must be >= 0 ohm$"),
        ({"noise": np.full(4, -1.5)}, r"^read path, noise=-1\.5: must be > -1: no memristor conducts backwards$"),
        ({"wire": np.zeros(3)}, r"^read path, wire=shape \(3,\): must be of shape \(4,\), as the states$"),
        ({"states": np.zeros(0)}, r"^read path, states=shape \(0,\): must be of shape \(cells,\)$"),
    ],
)
def test_cells_that_cannot_be_are_refused(changed, message):
    with pytest.raises(CircuitError, match=message):
        replace(_cells(), **changed)
