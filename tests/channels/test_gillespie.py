"""Event-by-event simulation: against the law where there is one, against a fine Euler scheme where there is none."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.channels import gillespie
from cosim.channels.gillespie import Volatility, simulate
from cosim.channels.population import population
from cosim.errors import DeviceError, InputError, SimulationError

DRIFT = population("drift500k")
HOT = Volatility(thermal_resistance=4e4, thermal_capacitance=2.5e-4, current_factor=3e4, current_time=20.0)


@pytest.mark.parametrize(("state", "delay", "voltage"), [(33, 100.0, 0.0), (50, 1000.0, 0.0), (500, 50.0, 0.0), (100, 200.0, 0.03)])
def test_events_at_constant_rates_follow_the_law(state: int, delay: float, voltage: float):
    from scipy.stats import ks_2samp

    from cosim.channels.population import draw

    rng = np.random.default_rng(7)
    found = simulate(DRIFT, np.full(3000, state), delay, rng=rng, voltage=voltage)
    law = draw(DRIFT.chain(delay, voltage=voltage), np.full(100_000, state), int(DRIFT.switches), rng=rng)
    assert ks_2samp(found.states, law).pvalue > 0.01
    assert found.rejected == 0
    assert np.all(found.volatility == 1.0)


def test_state_dependent_rates_agree_with_small_time_steps():
    rng, runs, step, voltage = np.random.default_rng(3), 4000, 0.05, 0.1
    number, warm, excited = np.full(runs, 200), np.zeros(runs), np.zeros(runs)
    for _ in range(round(40.0 / step)):
        current = voltage * DRIFT.conductance(number)
        warm += step * (voltage * current * HOT.thermal_resistance - warm) / (HOT.thermal_resistance * HOT.thermal_capacitance)
        excited += step * (HOT.current_factor * current - excited) / HOT.current_time
        factor = (1.0 + warm / DRIFT.temperature) * (1.0 + excited)
        leave, enter = _rates(factor, voltage)
        number = number - rng.binomial(number, 1.0 - np.exp(-leave * step)) + rng.poisson(enter * step * (DRIFT.switches - number))
    found = simulate(DRIFT, np.full(runs, 200), 40.0, rng=rng, voltage=voltage, volatility=HOT)
    assert np.mean(found.states) == pytest.approx(np.mean(number), rel=0.02)
    assert np.std(found.states) == pytest.approx(np.std(number), rel=0.08)
    assert np.mean(found.volatility) == pytest.approx(np.mean(factor), rel=0.02)
    assert found.rejected > 0


def _rates(factor: np.ndarray, voltage: float) -> tuple[np.ndarray, np.ndarray]:
    thermal, drive = DRIFT.temperature * 8.617333e-5 * factor, (DRIFT.offset + voltage) / 2.0
    return np.exp(-(DRIFT.activation - drive) / thermal), np.exp(-(DRIFT.activation + drive) / thermal)


def test_volatility_speeds_the_loss_up():
    calm = simulate(DRIFT, np.full(300, 500), 20.0, rng=np.random.default_rng(0), voltage=0.1)
    hot = simulate(DRIFT, np.full(300, 500), 20.0, rng=np.random.default_rng(0), voltage=0.1, volatility=HOT)
    assert np.mean(hot.states) < np.mean(calm.states) - 5.0
    assert np.mean(hot.volatility) > 1.01


def test_no_delay_changes_nothing():
    found = simulate(DRIFT, np.array([5, 50]), 0.0, rng=np.random.default_rng(0))
    assert found.states.tolist() == [5, 50]
    assert found.events.tolist() == [0, 0]


def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match=r"^drift500k, delay=-1: must be >= 0 s$"):
        simulate(DRIFT, np.array([5]), -1.0, rng=rng)
    with pytest.raises(InputError, match=r"^drift500k, state=-5: must be within 0\.\.200000$"):
        simulate(DRIFT, np.array([-5]), 1.0, rng=rng)
    with pytest.raises(DeviceError, match=r"^volatility, current_time=0: must be > 0$"):
        Volatility(current_time=0.0)
    monkeypatch.setattr(gillespie, "EVENTS", 10)
    with pytest.raises(SimulationError, match=r"^drift500k: a run took more than 10 events in .* s; shorten the delay"):
        simulate(replace(DRIFT), np.array([5000]), 100.0, rng=rng)
