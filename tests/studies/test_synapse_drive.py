"""Table 1 and the bipolar drive, and loops over W/L."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.codesign.cellbench import Devices
from cosim.design import Design
from cosim.errors import InputError
from cosim.studies.lim2025.synapse.drive import Transfer, bipolar, is_follower, load_curves, table
from cosim.studies.lim2025.synapse.loops import CellLoops, cell_loops
from cosim.sweep.lab import Lab

DESIGN = replace(Design(), transistor=replace(Design().transistor, w_over_l=(20.0, 65.0)))
DEVICES = Devices.of(DESIGN)


@pytest.fixture(scope="module")
def rows(lab: Lab) -> tuple[Transfer, ...]:
    """Table 1."""
    return table(DESIGN, DEVICES, lab)


@pytest.fixture(scope="module")
def loops(lab: Lab) -> CellLoops:
    """Both orientations at two sizes."""
    return cell_loops(DESIGN, DEVICES, lab)


def test_the_table_holds_both_orientations_operations_and_states(rows: tuple[Transfer, ...]):
    assert len({(row.orientation, row.operation, row.state) for row in rows}) == len(rows) == 8


def test_two_of_four_cases_lose_the_threshold(rows: tuple[Transfer, ...]):
    assert [case for case in (("mod", "set"), ("mod", "reset"), ("mos", "set"), ("mos", "reset")) if is_follower(*case)] == [("mod", "reset"), ("mos", "set")]
    for row in rows:
        if row.state == "HRS":
            follower = is_follower(row.orientation, row.operation)
            assert row.expected == pytest.approx(3.0 - row.threshold)
            assert (row.threshold > 0.7) == follower
            assert row.voltage == pytest.approx(row.expected, abs=0.05 if follower else 0.02)


def test_a_low_resistance_gets_less_in_every_case(rows: tuple[Transfer, ...]):
    found = {(row.orientation, row.operation, row.state): row.voltage for row in rows}
    for orientation, operation in {(row.orientation, row.operation) for row in rows}:
        assert found[orientation, operation, "LRS"] < found[orientation, operation, "HRS"]


def test_the_four_cases_are_two_circuits(rows: tuple[Transfer, ...]):
    found = {(row.orientation, row.operation, row.state): row.voltage for row in rows}
    for state in ("HRS", "LRS"):
        assert found["mod", "set", state] == pytest.approx(found["mos", "reset", state], rel=1e-5)
        assert found["mod", "reset", state] == pytest.approx(found["mos", "set", state], rel=1e-5)


def test_voltages_over_load_rise_with_resistance_and_size(lab: Lab):
    found = load_curves(DESIGN, DEVICES, lab)
    assert found.direct.shape == found.follower.shape == (2, 12)
    for curve in (found.direct, found.follower):
        assert np.all(np.diff(curve, axis=1) > 0)
        assert np.all(curve[1] > curve[0])
    assert found.direct[1, -1] == pytest.approx(3.0, abs=0.01)
    assert found.follower[1, -1] == pytest.approx(2.186, abs=0.03)  # measured before this package, 1 Mohm


def test_a_grounded_body_clamps_mos_and_a_low_one_does_not(lab: Lab):
    found = {(row.orientation, row.body): row for row in bipolar(DESIGN, DEVICES, lab)}
    assert len(found) == 4
    clamped, free = found["mos", "grounded"], found["mos", "lowest"]
    assert clamped.reset_voltage == pytest.approx(-0.68, abs=0.1)
    assert clamped.body_current == pytest.approx(0.132, rel=0.1)
    assert free.reset_voltage == pytest.approx(-1.99, abs=0.02)
    assert abs(free.body_current) < 1e-6
    assert found["mod", "grounded"].set_voltage > found["mos", "grounded"].set_voltage + 0.25


def test_a_wider_transistor_loses_less_of_the_on_off_ratio(loops: CellLoops):
    ratios = {(orientation, size): loops.on_off(orientation, size) for orientation in ("mod", "mos") for size in (20.0, 65.0)}
    assert ratios["mod", 20.0] < ratios["mod", 65.0] < 1.0
    assert ratios["mod", 65.0] == pytest.approx(0.86, abs=0.03)
    assert all(ratios["mos", size] < ratios["mod", size] for size in (20.0, 65.0))


def test_loops_hold_the_voltages_of_both_devices(loops: CellLoops):
    assert len(loops.cells) == 4
    for each in loops.cells:
        assert each.voltage.max() == pytest.approx(2.0)
        assert np.all(np.abs(each.memristor) <= np.abs(each.voltage) + 1e-6)
        assert (each.memristor * each.current).min() > -1e-9
    assert np.abs(loops.alone_current).max() == pytest.approx(2e-3, rel=0.03)


def test_a_size_that_the_design_lacks_is_named(loops: CellLoops):
    with pytest.raises(InputError, match=r"^cells, w_over_l=130: must be one of 20, 65$"):
        loops.on_off("mod", 130.0)
