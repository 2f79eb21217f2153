"""The twin's transistor table and its solution for the cell."""

import numpy as np
import pytest

import cosim.codesign.tuning.twin as module
from cosim.analysis import Op
from cosim.circuits.cells import Drive, bench, cell
from cosim.codesign.tuning.pulses import nominal
from cosim.codesign.tuning.twin import TransistorTable, TwinProgrammer
from cosim.errors import DeviceError
from cosim.sweep.lab import Question
from tests.codesign.tuning.cells import DESIGN, DEVICES, LAB, SHAPE, table, twin

OHMIC = TransistorTable(np.linspace(-1e-3, 1e-3, 21), 100.0 * np.linspace(-1e-3, 1e-3, 21))


def test_the_table_rises_through_zero():
    assert np.all(np.diff(table().current) > 0)
    assert table().drop(np.zeros(1)) == pytest.approx([0.0], abs=1e-9)
    assert table().drop(np.array([0.1 / 120.0])) == pytest.approx([0.1], rel=0.05)  # the on-resistance of the design


def test_between_its_points_the_table_is_straight():
    assert OHMIC.drop(np.array([-0.33e-3, 0.0, 0.77e-3])) == pytest.approx([-0.033, 0.0, 0.077])


@pytest.mark.parametrize(("current", "shown"), [(1.01e-3, "0.00101"), (-2e-3, "-0.002"), (float("nan"), "nan")])
def test_a_current_out_of_the_table_is_an_error_that_names_it(current: float, shown: str):
    with pytest.raises(DeviceError) as caught:
        OHMIC.drop(np.array([0.0, current]))
    assert str(caught.value) == f"transistor table, current={shown}: must be within -0.001..0.001 A"


def test_a_pulse_that_needs_more_current_than_the_table_holds_is_refused_and_not_clamped():
    small = TwinProgrammer(DEVICES.memristor, OHMIC, SHAPE, DESIGN.cell.read_voltage)
    assert small.apply(nominal(1), np.array([0.5]), np.array([0.5])).state == pytest.approx([0.5])
    with pytest.raises(DeviceError, match=r"^transistor table, current=0\.001\d*: must be within -0\.001\.\.0\.001 A$"):
        small.apply(nominal(1), np.array([1.0]), np.array([2.0]))


@pytest.mark.parametrize("w_over_l", [5.0, 65.0])
def test_current_and_voltage_are_those_of_the_operating_point_in_spice(w_over_l: float):
    made = TwinProgrammer(DEVICES.memristor, table(w_over_l), SHAPE, DESIGN.cell.read_voltage)
    volts, states = np.array([2.0, 2.0, 0.05, -0.3]), np.array([1.0, 0.1, 0.7, 0.4])
    current, across = made.solve(nominal(4), volts, states)
    for index, (bit, state) in enumerate(zip(volts, states, strict=True)):
        circuit = bench(cell("mod", DEVICES.memristor, DEVICES.mosfet, frozen=True), Drive(bit=float(bit), word=3.0), state=float(state), w_over_l=w_over_l)
        found = LAB.ask_one(Question(circuit=circuit, analysis=Op(), saved=("i(vbit)", "v(x1.mid)")))
        assert current[index] == pytest.approx(-found.last("i(vbit)"), rel=2e-3)
        assert across[index] == pytest.approx(bit - found.last("v(x1.mid)"), rel=2e-3)


def test_a_narrow_transistor_in_saturation_is_no_current_out_of_the_table():
    made = TwinProgrammer(DEVICES.memristor, table(5.0), SHAPE, DESIGN.cell.read_voltage)
    found = made.apply(nominal(2), np.array([0.0, 1.0]), np.array([2.0, 2.0]))
    wide = twin().apply(nominal(2), np.array([0.0, 1.0]), np.array([2.0, 2.0]))
    assert 0.1 < found.state[0] < wide.state[0] < 1.0


def test_a_solution_that_is_not_found_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "NEWTON_STEPS", 1)
    with pytest.raises(DeviceError, match=r"^twin, voltage=2: has no solution within 1 Newton steps; take SPICE$"):
        twin().solve(nominal(1), np.array([2.0]), np.array([1.0]))


def test_half_the_step_gives_the_same_state(monkeypatch: pytest.MonkeyPatch):
    state, amplitude = np.array([0.0, 0.3, 0.9, 0.9, 0.9]), np.array([2.0, 1.6, -0.45, -0.6, -1.2])
    coarse = twin().apply(nominal(5), state, amplitude)
    monkeypatch.setattr(module, "STATE_STEP", 0.02)
    monkeypatch.setattr(module, "FLAT_STEPS", 100)
    fine = twin().apply(nominal(5), state, amplitude)
    assert fine.state == pytest.approx(coarse.state, abs=1e-3)
    assert fine.conductance == pytest.approx(coarse.conductance, rel=3e-3)


def test_the_energy_of_a_cell_that_does_not_move_is_that_of_its_trapezoid():
    height = 0.3
    found = twin().apply(nominal(1), np.array([0.5]), np.array([height]))
    time = np.linspace(0.0, SHAPE.duration, 4001)
    volts = height * np.clip(np.minimum(time, SHAPE.duration - time) / SHAPE.edge, 0.0, 1.0)
    current, _ = twin().solve(nominal(len(time)), volts, np.full(len(time), 0.5))
    assert found.energy == pytest.approx([np.trapezoid(volts * current, time)], rel=2e-3)
