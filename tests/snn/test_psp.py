"""The potential of one spike: against integration of the equations, against the recursion, in NumPy and in torch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from cosim.errors import DeviceError
from cosim.snn.psp import DiscretePsp, continuous_psp, discrete_kernel
from cosim.snn.timing import TimeConstants, Trapezoid

TAUS, PULSE = TimeConstants(), Trapezoid()
TIME = np.linspace(-2e-3, 0.1, 1021)


def integrated(taus: TimeConstants, pulse: Trapezoid, time: np.ndarray) -> np.ndarray:
    """The chain of poles, integrated numerically from corner to corner of the pulse."""
    poles, corners = np.array(taus.present), np.array(pulse.corners)

    def slope(now: float, state: np.ndarray) -> np.ndarray:
        drive = np.interp(now, corners[:, 0], corners[:, 1])
        return (np.concatenate([[drive], state[:-1]]) - state) / poles

    state, result = np.zeros(len(poles)), np.zeros_like(time)
    for begin, end in zip(corners[:, 0], [*corners[1:, 0], time[-1]], strict=True):
        if end <= begin:
            continue
        inside = (time > begin) & (time <= end)
        solved = solve_ivp(slope, (begin, end), state, t_eval=[*time[inside], end] if end not in time[inside] else time[inside], rtol=1e-10, atol=1e-13)
        result[inside], state = solved.y[-1][: inside.sum()], solved.y[:, -1]
    return result


@pytest.mark.parametrize("taus", [TAUS, TimeConstants(rise=0.0), TimeConstants(rise=0.0, fall=0.0), TimeConstants(rise=3e-3, fall=30e-3, membrane=5e-3)])
@pytest.mark.parametrize("pulse", [PULSE, Trapezoid(rise=1e-3, top=0.0, fall=2e-3)])
def test_the_potential_is_the_response_of_the_equations_to_the_trapezoid(taus, pulse):
    psp, expected = continuous_psp(taus, pulse), integrated(taus, pulse, TIME)
    assert psp.unscaled_peak * psp.at(TIME) == pytest.approx(expected, abs=1e-8 * expected.max())


@pytest.mark.parametrize("order", [1, 2])
def test_the_derivatives_are_those_of_the_potential(order):
    psp, step = continuous_psp(TAUS, PULSE), 1e-7
    time = np.linspace(0.05e-3, 50e-3, 500)
    difference = (psp.at(time + step, derivative=order - 1) - psp.at(time - step, derivative=order - 1)) / (2 * step)
    found = psp.at(time, derivative=order)
    assert found == pytest.approx(difference, abs=1e-4 * np.abs(found).max())


@given(rise=st.floats(0.05e-3, 1e-3), ratio=st.floats(1.5, 10), membrane=st.floats(12e-3, 50e-3))
@settings(max_examples=30, deadline=None)
def test_the_peak_is_one_and_nothing_comes_before_the_spike(rise, ratio, membrane):
    psp = continuous_psp(TimeConstants(rise=rise, fall=ratio * rise, membrane=membrane), PULSE)
    values = psp.at(np.linspace(0, 0.2, 20001))
    assert values.max() == pytest.approx(1.0, abs=1e-4)
    assert values.min() > -1e-9
    assert not psp.at(np.array([-1e-3, -np.inf])).any()


def test_the_discrete_potential_is_the_recursion_of_the_equations():
    rise = fall = membrane = 0.0
    factor, values = TAUS.rise / TAUS.fall, []
    norm = 1 / (factor ** (TAUS.rise / (TAUS.fall - TAUS.rise)) - factor ** (TAUS.fall / (TAUS.fall - TAUS.rise)))
    for step in range(50):
        rise = np.exp(-2.0) * rise + (step == 0)
        fall = np.exp(-0.5) * fall + (step == 0)
        membrane = np.exp(-1 / 15) * membrane + norm * (fall - rise)
        values.append(membrane)
    psp = DiscretePsp(TAUS, 1e-3)
    assert psp.unscaled_peak == pytest.approx(max(values), rel=1e-12)
    assert psp.at(np.arange(50) * 1e-3) == pytest.approx(np.array(values) / max(values), abs=1e-12)
    assert psp.at(np.array([-1e-3, 3.4e-3, -np.inf])) == pytest.approx([0.0, values[3] / max(values), 0.0])


def test_short_steps_lead_to_the_continuous_response_to_a_short_pulse():
    discrete = DiscretePsp(TAUS, 5e-6).at(np.arange(0, 50e-3, 1e-3))
    continuous = continuous_psp(TAUS, Trapezoid(rise=1e-6, top=3e-6, fall=1e-6)).at(np.arange(0, 50e-3, 1e-3))
    assert discrete == pytest.approx(continuous, abs=5e-3)


def test_the_kernel_of_a_leaky_neuron_decays_from_one():
    assert discrete_kernel(TimeConstants(rise=0, fall=0), 15e-3, points=3) == pytest.approx([1, np.exp(-1), np.exp(-2)])


@pytest.mark.parametrize("psp", [continuous_psp(TAUS, PULSE), DiscretePsp(TAUS, 1e-3)])
def test_torch_gives_what_numpy_gives(psp):
    torch = pytest.importorskip("torch")
    assert psp.at(torch.as_tensor(TIME)).numpy() == pytest.approx(psp.at(TIME), abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TimeConstants(rise=2e-3), r"^time constants, rise=0\.002: must be < fall=0\.002 s: a current cannot rise slower than it decays$"),
        (lambda: TimeConstants(membrane=0.0), r"^time constants, membrane=0: must be > 0 and <= 100$"),
        (lambda: Trapezoid(rise=0.0), r"^pulse, rise=0: must be > 0 and <= 1$"),
        (
            lambda: continuous_psp(TimeConstants(fall=15e-3), PULSE),
            r"^time constants, membrane=0\.015: must be at least 0\.1% away from 0\.015 s, for a sum of exponentials$",
        ),
    ],
)
def test_times_that_make_no_neuron_are_named(call, message):
    with pytest.raises(DeviceError, match=message):
        call()
