"""Every programmer obeys one contract, and they agree."""

import numpy as np
import pytest

from cosim.codesign.tuning.pulses import Lanes, PulseShape, Step, nominal
from cosim.devices.memristor.static import conductance
from cosim.errors import DeviceError
from tests.codesign.tuning.cells import DEVICES, PROGRAMMERS, drawn, spice, twin

BOTH = pytest.mark.parametrize("name", PROGRAMMERS)
COUNT = 40


def program(name: str, lanes: Lanes, state: float | np.ndarray, amplitude: float | np.ndarray) -> Step:
    """One pulse a lane."""
    return PROGRAMMERS[name]().apply(lanes, np.broadcast_to(state, len(lanes)).astype(float), np.broadcast_to(amplitude, len(lanes)).astype(float))


def random_pulses(seed: int) -> tuple[Lanes, np.ndarray, np.ndarray]:
    """Lanes with states anywhere and amplitudes that read, set and reset."""
    rng = np.random.default_rng(seed)
    amplitude = np.concatenate([rng.uniform(0.6, 2.0, COUNT // 2), rng.uniform(-2.0, -0.35, COUNT // 2)])
    return drawn(COUNT, seed=seed), rng.uniform(0.0, 1.0, COUNT), amplitude


def assert_close(one: Step, other: Step, *, state: float = 2e-3) -> None:
    """Conductances within 1 %, states within `state`, energies within 2 %."""
    assert np.min(other.conductance) > 1e-6
    assert np.min(other.energy) > 1e-9
    assert np.max(np.abs(one.conductance / other.conductance - 1.0)) <= 0.01
    assert np.max(np.abs(one.state - other.state)) <= state
    assert np.max(np.abs(one.energy / other.energy - 1.0)) <= 0.02


@BOTH
def test_states_stay_within_their_range_and_energies_are_not_negative(name: str):
    lanes, state, amplitude = random_pulses(1)
    step = program(name, lanes, np.round(state), amplitude)  # from the ends of the range
    assert step.state.shape == step.conductance.shape == step.energy.shape == (COUNT,)
    assert step.state.min() >= 0.0
    assert step.state.max() <= 1.0
    assert step.energy.min() >= 0.0
    assert step.conductance.min() > 0.0


@BOTH
def test_an_amplitude_of_zero_only_reads(name: str):
    state = np.array([0.0, 0.3, 1.0])
    step = program(name, nominal(3), state, 0.0)
    assert step.state == pytest.approx(state, abs=1e-6)
    assert step.energy == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    alone = conductance(DEVICES.memristor, state, voltage=0.05)
    assert np.all(step.conductance < alone)  # the transistor stands in series
    assert 1.0 / step.conductance - 1.0 / alone == pytest.approx(130.0, abs=30.0)


@BOTH
def test_a_positive_pulse_sets_and_a_negative_one_resets(name: str):
    after_set = program(name, nominal(3), 0.2, np.array([1.4, 1.7, 2.0]))
    after_reset = program(name, nominal(3), 0.8, np.array([-0.5, -1.0, -2.0]))
    assert np.all(np.diff([0.2, *after_set.state]) > 0)
    assert np.all(np.diff([0.8, *after_reset.state]) < 0)
    assert np.all(np.diff(after_set.conductance) > 0)
    assert np.all(np.diff(after_reset.conductance) < 0)


@BOTH
def test_a_pulse_below_the_threshold_leaves_the_state(name: str):
    step = program(name, nominal(2), 0.5, np.array([0.7, -0.3]))
    assert step.state == pytest.approx([0.5, 0.5], abs=1e-6)
    assert step.energy.min() > 1e-7


@BOTH
def test_the_resistance_of_the_lines_lowers_what_reaches_the_cell(name: str):
    lanes = Lanes(np.ones(3), np.ones(3), np.array([0.0, 64.0, 128.0]))
    full, half = program(name, lanes, 0.0, 2.0), program(name, lanes, 0.9, -0.6)
    assert np.all(np.diff(full.state) < -0.002)  # set less far
    assert np.all(np.diff(half.state) > 0.002)  # reset less far
    read = program(name, lanes, 0.5, 0.0)
    assert np.diff(1.0 / read.conductance) == pytest.approx([64.0, 64.0], abs=1.5)


@BOTH
def test_a_larger_current_scale_conducts_more(name: str):
    step = program(name, Lanes(np.array([0.9, 1.0, 1.1]), np.ones(3), np.zeros(3)), 0.3, 0.0)
    assert np.all(np.diff(step.conductance) > 0.05 * step.conductance[:2])


@pytest.mark.parametrize("seed", [2, 3])
def test_the_programmers_agree_over_random_devices_states_and_pulses(seed: int):
    lanes, state, amplitude = random_pulses(seed)
    assert_close(program("twin", lanes, state, amplitude), program("spice", lanes, state, amplitude))


def test_the_programmers_agree_after_ten_pulses_with_the_state_carried():
    rng, lanes = np.random.default_rng(4), drawn(12, seed=4)
    states = {name: np.zeros(12) for name in PROGRAMMERS}
    last: dict[str, Step] = {}
    sequence = [2.0, *(-0.4 - 0.06 * step for step in range(5)), 2.0, *(-0.5 - 0.1 * step for step in range(3))]
    for volts in sequence:
        amplitude = volts + rng.uniform(-0.02, 0.02, 12)
        for name, make in PROGRAMMERS.items():
            last[name] = make().apply(lanes, states[name], amplitude)
            states[name] = last[name].state
    assert len(sequence) == 10
    assert_close(last["twin"], last["spice"])


def test_the_twin_takes_all_wires_as_one_in_the_bit_line_which_costs_little_at_128_ohm():
    lanes = Lanes(np.ones(4), np.ones(4), np.full(4, 128.0))
    assert_close(*(program(name, lanes, np.array([0.0, 0.3, 0.9, 0.9]), np.array([2.0, 1.7, -0.5, -1.5])) for name in ("twin", "spice")), state=3e-3)


def test_the_twin_does_not_depend_on_how_lanes_are_batched():
    lanes, state, amplitude = random_pulses(5)
    together = twin().apply(lanes, state, amplitude)
    for index in (np.arange(0, COUNT, 2), np.arange(1, COUNT, 2)[::-1], np.array([7])):
        apart = twin().apply(lanes.pick(index), state[index], amplitude[index])
        assert apart.state == pytest.approx(together.state[index], abs=1e-12)
        assert apart.conductance == pytest.approx(together.conductance[index], rel=1e-10)
        assert apart.energy == pytest.approx(together.energy[index], rel=1e-10)


def test_programmers_leave_the_arrays_that_they_are_given():
    state, amplitude = np.array([0.2, 0.9]), np.array([2.0, -1.0])
    for make in (twin, spice):
        make().apply(nominal(2), state, amplitude)
    assert (state.tolist(), amplitude.tolist()) == ([0.2, 0.9], [2.0, -1.0])


def test_a_pulse_without_duration_is_refused():
    with pytest.raises(DeviceError, match=r"^pulse shape, width=0: must be > 0$"):
        PulseShape(width=0.0)
    assert PulseShape(width=1e-3, edge=1e-4).duration == pytest.approx(1.2e-3)
