"""Arrays: wires by row, cell by cell tuning, the audit in SPICE, and half-selected cells."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.codesign.tuning.arrays import TunedArray, array_lanes, audit, half_selected, tune_array
from cosim.codesign.tuning.controllers import SlopeController
from cosim.codesign.tuning.tune import Outcome
from cosim.devices.memristor.read_noise import flat
from cosim.errors import DeviceError
from tests.codesign.tuning.cells import DESIGN, DEVICES, LAB, SHAPE, curve, spice, twin


def made(*, wire_resistance: float = 1.0, rows: int = 6, columns: int = 3) -> TunedArray:
    """A tuned array of the twin, targets falling from row to row."""
    target = np.linspace(150e-6, 50e-6, rows * columns).reshape(rows, columns)
    noise, rng = flat(0.02), np.random.default_rng(2)
    return tune_array(
        twin(), SlopeController(band=0.03), target, noise=noise, curve=curve(), wire_resistance=wire_resistance, spread=0.05, rng=rng, most_pulses=60
    )


def test_a_cell_lies_behind_the_segments_of_both_lines_up_to_its_row():
    lanes = array_lanes(3, 2, wire_resistance=1.5, spread=0.05, rng=np.random.default_rng(1))
    assert lanes.wire.tolist() == [3.0, 3.0, 6.0, 6.0, 9.0, 9.0]
    assert len(set(lanes.current_scale)) == len(set(lanes.series_scale)) == len(lanes) == 6
    assert array_lanes(3, 2, wire_resistance=0.0, spread=0.0, rng=np.random.default_rng(1)).current_scale == pytest.approx(np.ones(6))


def test_an_array_is_tuned_through_its_wires_in_the_order_of_its_rows():
    array = made(wire_resistance=2.0)
    assert array.shape == (6, 3)
    assert array.traces.outcome == (Outcome.reached,) * 18
    assert array.traces.target.reshape(6, 3)[0, 0] == pytest.approx(150e-6)
    assert array.lanes.wire.reshape(6, 3)[:, 0] == pytest.approx(4.0 * np.arange(1, 7))
    assert array.time == pytest.approx(array.traces.time.sum())
    assert array.energy == pytest.approx(array.traces.energy.sum())
    assert array.energy > 18 * 20e-6


def test_spice_repeats_every_pulse_of_some_cells_within_one_percent():
    array = made()
    ours, theirs = audit(array, spice(), cells=6, rng=np.random.default_rng(3))
    assert ours.shape == theirs.shape == (6,)
    assert set(ours) <= set(array.traces.conductance)
    assert np.max(np.abs(ours / theirs - 1.0)) <= 0.01
    assert not np.array_equal(ours, theirs)


def test_the_audit_by_the_programmer_itself_finds_no_difference_and_takes_all_cells_at_most():
    ours, again = audit(made(), twin(), cells=100, rng=np.random.default_rng(3))
    assert ours.shape == (18,)
    assert again == pytest.approx(ours, rel=1e-9)


def test_the_audit_sees_another_device():
    other = replace(twin(), card=replace(DEVICES.memristor, reset_threshold=DEVICES.memristor.reset_threshold * 1.02))
    ours, theirs = audit(made(), other, cells=5, rng=np.random.default_rng(3))
    assert np.max(np.abs(ours / theirs - 1.0)) > 0.01


def test_a_grounded_word_line_lets_a_reset_through_and_one_at_the_reset_voltage_does_not():
    grounded, held = half_selected(DESIGN, DEVICES, LAB, amplitude=2.0, shape=SHAPE)
    assert (grounded.word, held.word) == (0.0, -2.0)
    assert grounded.before == held.before == pytest.approx(1.0)
    assert grounded.after < 0.5
    assert held.after == pytest.approx(1.0, abs=1e-6)


def test_a_target_outside_of_the_window_is_refused():
    with pytest.raises(DeviceError, match=r"^tuning, target=0\.002: must be within .* S, the window of the cell$"):
        tune_array(
            twin(),
            SlopeController(band=0.03),
            np.full((2, 2), 2e-3),
            noise=flat(0.02),
            curve=curve(),
            wire_resistance=1.0,
            spread=0.05,
            rng=np.random.default_rng(1),
            most_pulses=60,
        )
