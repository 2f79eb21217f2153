"""Conductance windows: read from waves that are known, and from cells that switch."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.codesign.cellbench import Devices, loop
from cosim.codesign.window import Window, cell_loop, cell_window, device_loop, device_window, read_branches, transistor_share, windows
from cosim.design import Design
from cosim.devices.memristor.static import conductance
from cosim.devices.memristor.switching import evolve
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

DESIGN = Design()
DEVICES = Devices.of(DESIGN)
LAB = Lab(engine=find_engine("ngspice"))


def test_branches_are_read_on_the_way_down_after_set_and_on_the_way_back_after_reset():
    time = np.linspace(0.0, 8.0, 801)
    voltage = loop(2.0)(time)
    current = voltage * np.select([time < 2, time < 5, time < 6], [1e-6, 1e-3, 2e-4], 5e-6)
    on, off = read_branches(time, voltage, current, voltage=2.0, read=0.05)
    assert (on, off) == (pytest.approx(1e-3), pytest.approx(5e-6))


def test_the_window_of_the_device_is_what_the_solver_of_its_own_leaves():
    found = device_window(LAB.ask_one(device_loop(DEVICES, 2.0)), voltage=2.0, read=0.05)
    times, states = evolve(DEVICES.memristor, loop(2.0), 0.0, rtol=1e-8)
    left = np.interp([4.0, 8.0], times, states)
    assert (found.state_on, found.state_off) == (pytest.approx(left[0], abs=2e-4), pytest.approx(left[1], abs=2e-4))
    assert [found.on, found.off] == pytest.approx(conductance(DEVICES.memristor, left, voltage=0.05), rel=0.01)
    assert found.ratio == found.on / found.off > 100


@pytest.mark.parametrize("orientation", ["mod", "mos"])
def test_a_wider_transistor_opens_the_window_of_a_cell(orientation: str):
    questions = [cell_loop(DEVICES, orientation, w_over_l=size, length=0.5e-6, voltage=2.0, gate=3.0, body="lowest") for size in (10.0, 65.0, 330.0)]
    readings = LAB.ask(questions)
    found = [cell_window(reading, orientation, w_over_l=size, voltage=2.0, read=0.05) for reading, size in zip(readings, (10.0, 65.0, 330.0), strict=True)]
    assert np.all(np.diff([each.ratio for each in found]) > 0)
    shares = [transistor_share(reading, orientation)[0] for reading in readings]
    assert np.all(np.diff(shares) < 0)
    memristor = transistor_share(readings[1], orientation)[1]
    assert memristor.shape == readings[1].axis.shape
    assert memristor.max() == pytest.approx(2.0 * (1 - shares[1]), rel=0.02)


def test_under_positive_supplies_the_drain_keeps_more_of_the_window_than_the_source():
    alone, mod, mos = windows(replace(DESIGN, transistor=replace(DESIGN.transistor, chosen=20.0)), DEVICES, LAB)
    assert alone.w_over_l == float("inf")
    assert alone.ratio > mod.ratio > mos.ratio > 1
    assert 1.0 >= mod.state_on > mos.state_on > mos.state_off >= 0.0


def test_a_ratio_is_on_over_off():
    window = Window(orientation=None, w_over_l=1.0, on=2e-4, off=1e-5, state_on=1.0, state_off=0.0, deck="")
    assert window.ratio == 20.0
