"""How the state moves: the formula itself, its mirror, and the solver of its own."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.circuits.stimuli import PiecewiseLinear, pulses, triangular_sweep
from cosim.devices.memristor.card import MemristorCard, load_memristor
from cosim.devices.memristor.static import conductance
from cosim.devices.memristor.switching import evolve, rate, reset_threshold, voltage_across

CARDS = tuple(load_memristor(name) for name in ("lim2025_full_window", "lim2025_analog_window"))
FULL, ANALOG = CARDS
EVERY = (*CARDS, *(card.mirrored() for card in CARDS))
every = st.sampled_from(EVERY)
voltages, states = st.floats(-3, 3), st.floats(0, 1)


def one(card: MemristorCard, voltage: float, state: float) -> float:
    """One rate."""
    return float(rate(card, np.array([voltage]), np.array([state]))[0])


def negated(stimulus: PiecewiseLinear) -> PiecewiseLinear:
    """The stimulus upside down."""
    return PiecewiseLinear(tuple((time, -value) for time, value in stimulus.points))


def after(card: MemristorCard, *stops: float, state: float = 0.0) -> float:
    """The state after triangular sweeps to each stop."""
    corners = [0.0, *(corner for stop in stops for corner in (stop, 0.0))]
    return float(evolve(card, triangular_sweep(corners, rate=1.0), state)[1][-1])


def test_rates_are_those_worked_by_hand():
    assert one(FULL, 0.88, 0.0) == pytest.approx(25.0 * 2.0**3)  # two scales above the set threshold of 0.8 V
    assert one(FULL, -0.40, 1.0) == pytest.approx(-25.0 / 1.01 * 2.0**3)  # two scales beyond the reset threshold of 0.34 V
    assert one(FULL, 0.79, 0.0) == one(FULL, -0.33, 1.0) == 0.0


@given(card=every, voltage=voltages, state=states)
@settings(deadline=None, max_examples=150)
def test_a_positive_voltage_never_empties_the_filament_and_a_negative_one_never_fills_it(card: MemristorCard, voltage: float, state: float):
    assert one(card, voltage, state) * voltage >= 0


@given(card=every, voltage=voltages)
@settings(deadline=None, max_examples=50)
def test_nothing_moves_beyond_the_ends(card: MemristorCard, voltage: float):
    assert one(card, abs(voltage), 1.0) == 0.0
    assert one(card, -abs(voltage), 0.0) == 0.0


@given(card=every, voltage=voltages, beyond=st.floats(1e-6, 0.1))
@settings(deadline=None, max_examples=50)
def test_a_state_that_a_solver_overshoots_counts_as_the_end(card: MemristorCard, voltage: float, beyond: float):
    assert one(card, voltage, 1.0 + beyond) == one(card, voltage, 1.0)
    assert one(card, voltage, -beyond) == one(card, voltage, 0.0)


@given(card=st.sampled_from(CARDS), voltage=voltages, state=states)
@settings(deadline=None, max_examples=100)
def test_the_mirrored_device_is_the_exact_mirror(card: MemristorCard, voltage: float, state: float):
    assert one(card.mirrored(), voltage, state) == -one(card, -voltage, 1.0 - state)
    assert card.mirrored().mirrored() == replace(card, name=f"{card.name}_mirrored_mirrored")


def test_a_mirrored_history_is_the_mirror_of_the_history():
    train = pulses([1.4, -0.7, 1.1, -1.5], width=10e-3, edge=1e-3, gap=2e-3)
    there, back = evolve(FULL, train, 0.2, rtol=1e-8), evolve(FULL.mirrored(), negated(train), 0.8, rtol=1e-8)
    resting = 14e-3 * np.arange(1, 5)
    assert np.ptp(there[1]) > 0.5
    assert np.interp(resting, *back) == pytest.approx(1.0 - np.interp(resting, *there), abs=1e-5)


def test_the_reset_threshold_rises_as_the_filament_shrinks():
    grid = np.linspace(1.0, 0.0, 50)
    found = reset_threshold(FULL, grid)
    assert found[0] == pytest.approx(FULL.reset_threshold)
    assert np.all(np.diff(found) > 0)


@given(card=every, amplitudes=st.lists(st.floats(-2.5, 2.5), min_size=1, max_size=3), state=states)
@settings(deadline=None, max_examples=10)
def test_the_state_stays_between_its_ends_and_moves_with_the_sign_of_each_pulse(card: MemristorCard, amplitudes: list[float], state: float):
    train = pulses(amplitudes, width=5e-3, edge=1e-3, gap=1e-3)
    times, found = evolve(card, train, state)
    assert found.min() >= 0.0
    assert found.max() <= 1.0
    moved = np.diff(found) * train(0.5 * (times[1:] + times[:-1]))
    assert moved.min() > -1e-6


def test_the_set_of_the_card_is_full_and_its_reset_is_gradual():
    levels = [after(FULL, 2.0, -stop) for stop in (0.5, 1.0, 1.5, 2.0)]
    assert after(FULL, 2.0) > 0.999
    assert np.all(np.diff(levels) < 0)
    assert conductance(FULL, np.array(levels), voltage=0.05)[[0, -1]] == pytest.approx([200e-6, 5.7e-6], rel=0.03)


def test_a_read_voltage_moves_nothing():
    assert after(FULL, 0.05, -0.05, state=0.37) == 0.37


def test_a_series_resistor_takes_its_part_of_the_voltage():
    across = voltage_across(FULL, np.array([2.0]), np.array([1.0]), series=120.0)
    flowing = (2.0 - across) / 120.0
    assert across == pytest.approx(2.0 * (1 - 120 / 1120), rel=0.01)
    assert conductance(FULL, np.array([1.0]), voltage=float(across[0])) * across == pytest.approx(flowing, rel=1e-9)
    loop = triangular_sweep([0.0, 1.2, 0.0], rate=1.0)
    assert evolve(FULL, loop, 0.0, series=2000.0)[1][-1] < evolve(FULL, loop, 0.0)[1][-1]


def test_a_tighter_solver_gives_the_same_history():
    loop = triangular_sweep([0.0, 1.5, 0.0, -1.0, 0.0], rate=1.0)
    loose, tight = (evolve(ANALOG, loop, 0.0, rtol=rtol) for rtol in (1e-6, 1e-9))
    assert np.ptp(tight[1]) > 0.3
    assert loose[1][-1] == pytest.approx(tight[1][-1], abs=1e-5)


def test_torch_gives_the_same_rates_and_gradients():
    torch = pytest.importorskip("torch")
    grid, levels = (each.ravel() for each in np.meshgrid(np.linspace(-2.0, 2.0, 9) + 0.013, [0.1, 0.4, 0.8]))
    for card in EVERY:
        voltage, state = (torch.tensor(each, requires_grad=True) for each in (grid, levels))
        found = rate(card, voltage, state)
        assert found.detach().numpy() == pytest.approx(rate(card, grid, levels), rel=1e-12)
        found.sum().backward()
        step = 1e-6
        by_voltage = (rate(card, grid + step, levels) - rate(card, grid - step, levels)) / (2 * step)
        by_state = (rate(card, grid, levels + step) - rate(card, grid, levels - step)) / (2 * step)
        assert np.abs(by_voltage).max() > 0
        assert voltage.grad.numpy() == pytest.approx(by_voltage, rel=1e-5, abs=1e-6 * np.abs(by_voltage).max())
        assert state.grad.numpy() == pytest.approx(by_state, rel=1e-5, abs=1e-6 * np.abs(by_state).max())
