"""The transistor alone: curves over W/L, against runs and formulas of their own."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.analysis import Op
from cosim.circuits.cells import transistor_bench
from cosim.codesign.cellbench import Devices
from cosim.design import Design
from cosim.devices.mosfet import load_mosfet
from cosim.errors import InputError
from cosim.simulation import simulate
from cosim.studies.lim2025.synapse.transistor import RESISTANCE_GATES, Transistors, threshold_at, transistors
from cosim.sweep.lab import Lab

DESIGN = Design()
SMALL = replace(DESIGN, transistor=replace(DESIGN.transistor, w_over_l=(5.0, 65.0)))
PAPER = {5.0: 2019.0, 10.0: 874.0, 20.0: 410.0, 65.0: 121.0, 130.0: 60.0, 330.0: 23.5}  # [ohm] measured before this package


@pytest.fixture(scope="module")
def curves(lab: Lab) -> Transistors:
    """All six W/L."""
    return transistors(DESIGN, Devices.of(DESIGN), lab)


def test_on_resistances_are_those_that_were_measured_before(curves: Transistors):
    assert {size: curves.resistance_at(size, 3.0) for size in PAPER} == pytest.approx(PAPER, rel=0.01)


def test_a_point_of_a_curve_is_that_of_a_single_run(curves: Transistors):
    waves = simulate(transistor_bench(load_mosfet("c5n_nmos"), drain=0.1, gate=2.5, w_over_l=20.0), Op()).require()
    row = int(np.flatnonzero(curves.w_over_l == 20.0)[0])
    assert np.interp(2.5, curves.gate, curves.transfer[row]) == pytest.approx(-waves["i(vd)"][0], rel=1e-4)
    assert curves.resistance[row, RESISTANCE_GATES.index(2.5)] == pytest.approx(0.1 / -waves["i(vd)"][0], rel=1e-4)


def test_curves_rise_with_voltage_and_size(curves: Transistors):
    on = curves.gate > 1.0
    assert np.all(np.diff(curves.transfer[:, on], axis=1) > 0)
    assert np.all(np.diff(curves.output, axis=1)[:, 1:] > -1e-9)
    assert np.all(np.diff(curves.transfer[:, -1]) > 0)
    assert np.all(np.diff(curves.resistance, axis=0) < 0)
    assert np.all(np.diff(curves.resistance, axis=1) < 0)


def test_thresholds_fall_towards_that_of_a_wide_transistor(curves: Transistors):
    assert np.all(np.diff(curves.threshold) < 0)
    assert curves.threshold[[0, 3]] == pytest.approx([0.80, 0.61], abs=0.02)


def test_the_chosen_size_is_among_the_curves(lab: Lab):
    odd = replace(SMALL, transistor=replace(SMALL.transistor, w_over_l=(5.0,), chosen=42.0))
    assert transistors(odd, Devices.of(odd), lab).w_over_l.tolist() == [5.0, 42.0]


def test_a_size_that_the_design_lacks_is_named(curves: Transistors):
    with pytest.raises(InputError, match=r"^transistors, w_over_l=66: must be one of 5, 10, 20, 65, 130, 330$"):
        curves.resistance_at(66.0, 3.0)


def test_the_body_effect_raises_the_threshold(lab: Lab):
    found = [threshold_at(SMALL, Devices.of(SMALL), lab, source=source, w_over_l=65.0) for source in (0.0, 1.0, 2.2)]
    assert np.all(np.diff(found) > 0.05)
    assert found[2] == pytest.approx(0.86, abs=0.02)
