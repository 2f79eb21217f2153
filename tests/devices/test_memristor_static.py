"""The static current and the relation between conductance and state."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from cosim.devices.memristor.card import MemristorCard, load_memristor
from cosim.devices.memristor.static import CLAMP, conductance, conductance_range, current, current_scale, state_of_conductance
from cosim.errors import DeviceError

CARDS = tuple(load_memristor(name) for name in ("lim2025_full_window", "lim2025_analog_window"))
FULL, ANALOG = CARDS
LOSSY = replace(ANALOG, name="lossy", series_resistance=5e4)
cards = st.sampled_from((*CARDS, LOSSY, FULL.mirrored()))
voltages = st.floats(-3, 3)
states = st.floats(0, 1)


def bracketed(card: MemristorCard, voltage: float, state: float) -> float:
    """The current by another solver, with the same flat continuation beyond the clamp."""
    scale = float(current_scale(card, state))

    def excess(amperes: float) -> float:
        across = np.clip(voltage - amperes * card.series_resistance, -CLAMP, CLAMP)
        return scale * np.sinh(card.slope * across) - amperes

    end = np.sign(voltage) * scale * np.sinh(card.slope * CLAMP) * 1.01
    return brentq(excess, min(end, 0.0) - 1e-15, max(end, 0.0) + 1e-15, xtol=1e-24, rtol=1e-14) if voltage else 0.0


def one(card: MemristorCard, voltage: float, state: float) -> float:
    """One current."""
    return float(current(card, np.array([voltage]), np.array([state]))[0])


@given(card=cards, voltage=st.floats(-20, 20), state=states)
@settings(deadline=None, max_examples=200)
def test_the_current_solves_its_implicit_equation_within_the_clamp_and_beyond(card: MemristorCard, voltage: float, state: float):
    assert one(card, voltage, state) == pytest.approx(bracketed(card, voltage, state), rel=1e-11, abs=1e-21)


def test_the_current_without_series_resistance_is_the_sinh_law_worked_by_hand():
    bare = replace(FULL, series_resistance=1e-6)
    assert one(bare, 1.0, 1.0) == pytest.approx(1.819e-3 * 0.5210953, rel=1e-6)
    assert one(bare, 1.0, 0.0) == pytest.approx(11.4e-6 * 0.5210953, rel=1e-6)


@given(card=cards, voltage=voltages, state=states)
@settings(deadline=None, max_examples=100)
def test_the_current_is_odd_in_the_voltage_and_never_gives_energy_back(card: MemristorCard, voltage: float, state: float):
    flowing = one(card, voltage, state)
    assert one(card, -voltage, state) == pytest.approx(-flowing, rel=1e-12)
    assert flowing * voltage >= 0


@given(card=cards, state=states, pair=st.tuples(voltages, voltages))
@settings(deadline=None, max_examples=100)
def test_the_current_rises_with_the_voltage(card: MemristorCard, state: float, pair: tuple[float, float]):
    low, high = sorted(pair)
    assert one(card, low, state) <= one(card, high, state) + 1e-18


@given(card=cards, voltage=st.floats(0.01, 3), pair=st.tuples(states, states))
@settings(deadline=None, max_examples=100)
def test_the_current_rises_with_the_state(card: MemristorCard, voltage: float, pair: tuple[float, float]):
    low, high = sorted(pair)
    assert one(card, voltage, low) <= one(card, voltage, high) * (1 + 1e-12)


@given(card=cards, state=states, voltage=st.floats(0.01, 0.5))
@settings(deadline=None, max_examples=150)
def test_state_and_conductance_are_exact_inverses(card: MemristorCard, state: float, voltage: float):
    given_ = np.array([state])
    there = conductance(card, given_, voltage=voltage)
    assert state_of_conductance(card, there, voltage=voltage) == pytest.approx(given_, abs=1e-9)
    assert conductance(card, state_of_conductance(card, there, voltage=voltage), voltage=voltage) == pytest.approx(there, rel=1e-9)


def test_conductance_is_not_linear_in_the_state():
    grid = np.linspace(0.0, 1.0, 101)
    found = conductance(ANALOG, grid, voltage=0.05)
    chord = found[0] + grid * (found[-1] - found[0])
    assert np.max(found - chord) / found[-1] > 0.005


def test_the_ends_of_the_full_window_are_those_of_the_paper():
    low, high = conductance_range(FULL, voltage=0.05)
    assert low == pytest.approx(5.7e-6, rel=0.02)
    assert one(FULL, 2.0, 1.0) / 2.0 == pytest.approx(1e-3, rel=0.02)
    assert high < 1e-3


def test_noise_scales_the_sinh_element():
    quiet, noisy = (current(FULL, np.array([0.05]), np.array([0.2]), noise=noise) for noise in (0.0, 0.02))
    assert noisy[0] / quiet[0] == pytest.approx(1.02, abs=5e-4)


def test_shapes_broadcast():
    found = current(FULL, np.linspace(-1, 1, 5), np.array([[0.0], [0.5], [1.0]]))
    assert found.shape == (3, 5)
    assert found[1, 4] == one(FULL, 1.0, 0.5)


@pytest.mark.parametrize(("state", "shown"), [(1.2, "1.2"), (-0.1, "-0.1"), (float("nan"), "nan")])
def test_a_state_out_of_range_is_named(state: float, shown: str):
    with pytest.raises(DeviceError) as caught:
        current(FULL, np.array([1.0, 1.0]), np.array([0.5, state]))
    assert str(caught.value) == f"memristor, state={shown}: must be within 0..1"


@pytest.mark.parametrize("level", [1e-6, 1e-2, 0.0, -1e-4, float("nan")])
def test_a_conductance_out_of_reach_is_named_with_what_is_in_reach(level: float):
    with pytest.raises(DeviceError) as caught:
        state_of_conductance(FULL, np.array([1e-4, level]), voltage=0.05)
    low, high = conductance_range(FULL, voltage=0.05)
    assert str(caught.value) == f"memristor lim2025_full_window, conductance={level:.6g}: must be within {low:.4g}..{high:.4g} S at 0.05 V"


def test_a_read_voltage_of_zero_is_refused():
    with pytest.raises(DeviceError, match=r"^memristor lim2025_full_window, voltage=0: must be other than 0 V$"):
        conductance(FULL, np.array([0.5]), voltage=0.0)


@pytest.mark.parametrize("polarity", [0, 0.5, 2])
def test_a_polarity_is_one_of_two(polarity: float):
    with pytest.raises(DeviceError, match=r"^memristor lim2025_full_window, polarity="):
        replace(FULL, polarity=polarity)


def test_torch_gives_the_same_currents():
    torch = pytest.importorskip("torch")
    grid, levels = np.meshgrid(np.linspace(-2, 2, 41), np.linspace(0, 1, 11))
    for card in (*CARDS, LOSSY):
        found = current(card, torch.tensor(grid), torch.tensor(levels))
        assert found.numpy() == pytest.approx(current(card, grid, levels), rel=1e-12, abs=1e-24)


@pytest.mark.parametrize("card", [*CARDS, LOSSY], ids=lambda card: card.name)
def test_torch_gradients_are_those_of_finite_differences_also_at_zero_volt(card: MemristorCard):
    torch = pytest.importorskip("torch")
    grid, levels = (each.ravel() for each in np.meshgrid([-2.0, -0.05, 0.0, 0.05, 0.7, 2.0], [0.1, 0.5, 0.9]))
    voltage, state = (torch.tensor(each, requires_grad=True) for each in (grid, levels))
    current(card, voltage, state).sum().backward()
    step = 1e-6
    by_voltage = (current(card, grid + step, levels) - current(card, grid - step, levels)) / (2 * step)
    by_state = (current(card, grid, levels + step) - current(card, grid, levels - step)) / (2 * step)
    assert by_voltage.min() > 0
    assert voltage.grad.numpy() == pytest.approx(by_voltage, rel=1e-6)
    assert state.grad.numpy() == pytest.approx(by_state, rel=1e-6, abs=1e-14)


def test_torch_inverts_conductance_too():
    torch = pytest.importorskip("torch")
    level = torch.tensor([2e-5, 1e-4], dtype=torch.float64, requires_grad=True)
    found = state_of_conductance(FULL, level, voltage=0.05)
    assert found.detach().numpy() == pytest.approx(state_of_conductance(FULL, level.detach().numpy(), voltage=0.05), rel=1e-12)
    found.sum().backward()
    assert bool((level.grad > 0).all())
