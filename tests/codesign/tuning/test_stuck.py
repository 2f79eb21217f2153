"""Stuck cells: pulses do not move them, whoever computes the pulses; an array finds them from that, and refuses too many."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.codesign.tuning.arrays import MOVED, Stuck, TunedArray, array_lanes, refuse_stuck, stuck_cells
from cosim.codesign.tuning.controllers import SlopeController
from cosim.codesign.tuning.pulses import Lanes, nominal
from cosim.codesign.tuning.tune import Outcome, tune
from cosim.codesign.tuning.twin import TwinProgrammer
from cosim.devices.memristor.read_noise import flat
from cosim.errors import DeviceError
from tests.codesign.tuning.cells import PROGRAMMERS, curve, drawn, spice, twin

FULL, LARGEST, MOST = 2.0, float(curve().amplitude[-1]), 12
STATES = np.array([0.0, np.nan, 0.95, np.nan])


def some_stuck(states: np.ndarray = STATES) -> Lanes:
    """Drawn devices, of which every second one is stuck."""
    return replace(drawn(len(states)), stuck=states)


def tuned(stuck: np.ndarray, *, target: float = 80e-6, weak: float = 1.0) -> TunedArray:
    """Four rows of two cells by the twin; the first device has a current scale of its own."""
    lanes = Lanes(np.array([weak, *np.ones(7)]), np.ones(8), np.zeros(8), stuck)
    rng = np.random.default_rng(1)
    traces = tune(twin(), SlopeController(band=0.03), np.full(8, target), noise=flat(0.02), curve=curve(), lanes=lanes, rng=rng, most_pulses=MOST)
    return TunedArray((4, 2), lanes, traces)


def found(array: TunedArray) -> np.ndarray:
    return stuck_cells(array, twin(), full_voltage=FULL, largest_reset=LARGEST)


@pytest.mark.parametrize("name", PROGRAMMERS)
@pytest.mark.parametrize("volts", [2.0, -1.2])
def test_no_pulse_moves_a_stuck_cell_and_those_beside_it_move_as_ever(name: str, volts: float):
    programmer, amplitude = PROGRAMMERS[name](), np.full(4, volts)
    state = np.array([0.0, 0.4, 0.95, 0.6])
    before, after = programmer.apply(some_stuck(), state, 0.0 * amplitude), programmer.apply(some_stuck(), state, amplitude)
    alone = programmer.apply(drawn(4).pick(np.array([1, 3])), state[[1, 3]], amplitude[:2])
    assert after.state[[0, 2]].tolist() == [0.0, 0.95]
    assert after.conductance[[0, 2]] == pytest.approx(before.conductance[[0, 2]], rel=1e-6)
    assert after.energy.min() > 1e-9  # the pulse drives its current all the same
    assert after.state[[1, 3]] == pytest.approx(alone.state, abs=1e-9)
    assert np.abs(alone.state - state[[1, 3]]).min() > 0.05


def test_a_stuck_cell_is_in_its_state_whatever_state_it_is_said_to_have():
    for programmer in (twin(), spice()):
        step = programmer.apply(some_stuck(), np.full(4, 0.3), np.zeros(4))
        assert step.state == pytest.approx([0.0, 0.3, 0.95, 0.3], abs=1e-6)
        assert step.conductance[0] < step.conductance[1] < step.conductance[2]


def test_programmers_agree_on_stuck_cells():
    lanes, amplitude = some_stuck(np.array([0.0, 0.0, 0.95, 0.95])), np.array([2.0, -2.2, 2.0, -2.2])
    ours, theirs = (programmer.apply(lanes, np.zeros(4), amplitude) for programmer in (twin(), spice()))
    assert ours.state.tolist() == theirs.state.tolist() == [0.0, 0.0, 0.95, 0.95]
    assert ours.conductance == pytest.approx(theirs.conductance, rel=0.01)
    assert ours.energy == pytest.approx(theirs.energy, rel=0.02)


def test_the_twin_takes_no_smaller_steps_for_a_cell_that_does_not_move(monkeypatch: pytest.MonkeyPatch):
    calls, solve = [], TwinProgrammer.solve
    monkeypatch.setattr(TwinProgrammer, "solve", lambda self, *given: calls.append(1) or solve(self, *given))
    twin().apply(replace(nominal(2), stuck=np.array([0.0, 0.95])), np.zeros(2), np.array([2.0, -2.2]))
    assert 20 <= len(calls) <= 80  # 22 steps, two solutions each, some begun anew


@given(cells=st.integers(1, 300), low=st.floats(0, 0.5), high=st.floats(0, 0.5), seed=st.integers(0, 99))
def test_as_many_cells_are_stuck_as_their_share_allows_and_no_more(cells: int, low: float, high: float, seed: int):
    states = Stuck(low=low, high=high, low_state=0.1, high_state=0.9).draw(cells, np.random.default_rng(seed))
    counts = np.array([np.sum(states == 0.1), np.sum(states == 0.9)])
    allowed = cells * np.array([low, high])
    assert states.shape == (cells,)
    assert np.sum(np.isnan(states)) == cells - counts.sum()
    assert np.all((counts <= allowed + 1e-6) & (counts > allowed - 1.0))


def test_stuck_cells_of_an_array_lie_where_full_pulses_leave_the_nominal_device():
    stuck = Stuck.at_full_pulses(twin(), low=0.25, high=0.25, full_voltage=FULL, largest_reset=LARGEST)
    lanes = array_lanes(4, 2, wire_resistance=1.0, spread=0.05, rng=np.random.default_rng(1), stuck=stuck)
    assert stuck.low_state < 0.01 < 0.9 < stuck.high_state
    assert sorted(lanes.stuck[~np.isnan(lanes.stuck)]) == [stuck.low_state] * 2 + [stuck.high_state] * 2


def test_an_array_without_stuck_cells_is_drawn_as_it_was():
    none = Stuck(low=0.0, high=0.0, low_state=0.0, high_state=1.0)
    plain, given = (array_lanes(4, 2, wire_resistance=1.0, spread=0.05, rng=np.random.default_rng(1), stuck=each) for each in (None, none))
    assert plain.stuck is None
    assert given.stuck is None
    assert np.array_equal(plain.current_scale, given.current_scale)


def test_stuck_cells_are_found_from_what_pulses_did():
    states = np.array([np.nan, 0.0, np.nan, np.nan, 0.95, np.nan, 0.0, np.nan])
    array = tuned(states)
    assert found(array).ravel().tolist() == (~np.isnan(states)).tolist()
    assert array.traces.inside.tolist() == np.isnan(states).tolist()
    assert array.traces.pulses[~np.isnan(states)].tolist() == [MOST] * 3


def test_a_cell_that_is_too_weak_for_its_target_is_not_reached_but_not_stuck():
    array = tuned(np.full(8, np.nan), target=0.98 * float(curve().conductance[0]), weak=0.6)
    assert array.traces.outcome[0] is Outcome.not_reached
    seen = array.traces.conductances[:, 0]
    assert seen.max() < MOVED * seen.min()  # sets only, all to the same conductance
    assert not found(array).any()


def test_finding_leaves_the_array_as_it_is():
    array = tuned(np.array([0.0, *np.full(7, np.nan)]))
    before = array.traces.state.copy()
    assert found(array).sum() == 1
    assert np.array_equal(array.traces.state, before)


def test_more_stuck_cells_than_allowed_are_refused_in_one_line():
    array = tuned(np.array([*np.full(5, np.nan), 0.0, np.nan, 0.0]))
    with pytest.raises(
        DeviceError,
        match=r"^array, stuck cells=2 of 8 \(the first in row 3, column 2, at 5\.\de-06 S\): must be <= 24 %, \[loop\] most_stuck$",
    ):
        refuse_stuck(array, found(array), most=0.24)


def test_as_many_as_allowed_are_not_refused():
    array = tuned(np.array([*np.full(5, np.nan), 0.0, np.nan, 0.0]))
    stuck = found(array)
    assert stuck.sum() == 2
    refuse_stuck(array, stuck, most=0.25)
