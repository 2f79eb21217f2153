"""Event-by-event simulation of a switch population, also where the rates depend on the state through heating or volatility.

Waiting times are drawn by thinning: between two events the current is constant, so temperature and volatility relax monotonically towards their targets and
every rate is bounded by its value at one end of what is left to pass. A candidate event at the bound is kept with the probability rate over bound. This is
exact; no time step has to be small. Many runs go side by side.

Source: rates and volatilities of El-Geresy et al., arXiv 2407.04718, whose simulation holds the rates fixed over a step instead.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.population import VOLT_PER_KELVIN, SwitchPopulation
from cosim.errors import InputError, SimulationError, reject
from cosim.params import check_params, param

EVENTS = 10_000_000  # of one run at most, so that a wrong rate ends


@dataclass(frozen=True, kw_only=True)
class Volatility:
    """What makes the rates depend on the state; zeros switch an effect off."""

    name: str = "volatility"
    thermal_resistance: float = param("heating by dissipated power", "K/W", default=0.0, least=0.0)
    thermal_capacitance: float = param("heat stored by a kelvin", "J/K", default=0.0, least=0.0)
    current_factor: float = param("volatility by current", "1/A", default=0.0, least=0.0)
    current_time: float = param("time constant of the volatility by current", "s", default=1.0, above=0.0)

    def __post_init__(self) -> None:
        check_params(self)


@dataclass(frozen=True, kw_only=True)
class Events:
    """How runs ended.

    Attributes:
        states: ``(runs,)`` numbers of conducting switches.
        volatility: ``(runs,)`` factor of the temperature in the exponent, at the end.
        events: ``(runs,)`` switches that changed.
        rejected: candidates that thinning dropped, over all runs.
    """

    states: Array
    volatility: Array
    events: Array
    rejected: int


def simulate(
    card: SwitchPopulation, states: Array, delay: float, *, rng: np.random.Generator, voltage: float = 0.0, volatility: Volatility | None = None
) -> Events:
    """Runs from ``(runs,)`` `states` over `delay` [s] at a constant voltage [V].

    Raises:
        InputError: a negative delay, a state out of range.
        SimulationError: a run took more than `EVENTS` events.
    """
    states = np.array(states, dtype=np.int64)
    if not delay >= 0.0:
        raise reject(InputError, card.name, "delay", delay, ">= 0 s")
    if np.any((states < 0) | (states > card.switches)):
        raise reject(InputError, card.name, "state", int(states[(states < 0) | (states > card.switches)][0]), f"within 0..{card.switches:g}")
    heat = _Heat(card, volatility or Volatility(), voltage)
    time, events, active = np.zeros(len(states)), np.zeros(len(states), dtype=np.int64), np.arange(len(states))
    warm, excited = np.zeros(len(states)), np.zeros(len(states))
    rejected = 0
    while active.size:
        number = states[active]
        bound = heat.bounds(number, warm[active], excited[active])
        total = bound[0] * number + bound[1] * (card.switches - number)
        wait = np.minimum(rng.exponential(size=len(active)) / np.maximum(total, 1e-300), delay - time[active])
        ends = time[active] + wait >= delay
        warm[active], excited[active] = heat.relaxed(number, warm[active], excited[active], wait)
        time[active] += wait
        leave, enter = heat.rates(heat.factor(warm[active], excited[active]))
        down, up = leave * number, enter * (card.switches - number)
        threshold = rng.random(len(active)) * total
        change = np.where(threshold < down, -1, np.where(threshold < down + up, 1, 0)) * ~ends
        states[active] += change
        events[active] += change != 0
        rejected += int(np.sum((change == 0) & ~ends))
        if np.max(events) > EVENTS:
            raise SimulationError(f"{card.name}: a run took more than {EVENTS} events in {time[active].max():g} s; shorten the delay or lower the voltage")
        active = active[~ends]
    return Events(states=states, volatility=heat.factor(warm, excited), events=events, rejected=rejected)


class _Heat:
    """The factor of the temperature: a rise of temperature ``warm`` [K] and a volatility ``excited``, which relax towards what the state sets."""

    def __init__(self, card: SwitchPopulation, volatility: Volatility, voltage: float) -> None:
        self.card, self.volatility, self.voltage = card, volatility, voltage
        self.thermal_time = volatility.thermal_resistance * volatility.thermal_capacitance

    def targets(self, number: Array) -> tuple[Array, Array]:
        """Where temperature rise and volatility go while `number` switches conduct."""
        current = abs(self.voltage) * self.card.conductance(number)
        return abs(self.voltage) * current * self.volatility.thermal_resistance, self.volatility.current_factor * current

    def relaxed(self, number: Array, warm: Array, excited: Array, wait: Array) -> tuple[Array, Array]:
        """Temperature rise and volatility after `wait` [s]; heating without a capacitance is at its target at once."""
        hot, high = self.targets(number)
        left = np.exp(-wait / self.thermal_time) if self.thermal_time > 0.0 else np.zeros_like(wait)
        return hot + (warm - hot) * left, high + (excited - high) * np.exp(-wait / self.volatility.current_time)

    def factor(self, warm: Array, excited: Array) -> Array:
        """The factor of the temperature in the exponent."""
        return (1.0 + warm / self.card.temperature) * (1.0 + excited)

    def rates(self, factor: Array) -> tuple[Array, Array]:
        """Rates of leaving and entering the conducting state [1/s]."""
        thermal, drive = self.card.temperature * VOLT_PER_KELVIN * factor, (self.card.offset + self.voltage) / 2.0
        return np.exp(-(self.card.activation - drive) / thermal), np.exp(-(self.card.activation + drive) / thermal)

    def bounds(self, number: Array, warm: Array, excited: Array) -> tuple[Array, Array]:
        """The largest rates until the next event: both are monotonic in the factor, and the factor stays between these two."""
        hot, high = self.targets(number)
        low_end = self.rates(self.factor(np.minimum(warm, hot), np.minimum(excited, high)))
        high_end = self.rates(self.factor(np.maximum(warm, hot), np.maximum(excited, high)))
        return np.maximum(low_end[0], high_end[0]), np.maximum(low_end[1], high_end[1])
