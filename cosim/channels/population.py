"""`SwitchPopulation`: conductance that drifts because each of many two-state switches relaxes on its own.

A switch conducts or not; it leaves and enters the conducting state with Boltzmann rates. Switches do not act on one another, so the number of conducting
ones after any delay is a sum of two binomials: exact at any delay, without time steps. Holds for any voltage and temperature that do not depend on the
number itself; where they do (heating, volatility by current), see `gillespie.py`.
Written is a resistance, since that is what experiments on drift quote and what the energy of a write depends on; read is a conductance, since read noise
adds to the conductance and a read of a few switches may come out negative, where a resistance means nothing.
Below the threshold the readout is flat: there a resistance does not determine the number of switches, and the resistance alone is not a state.

Source: metastable switches of El-Geresy et al., arXiv 2407.04718; energy of a write: El-Geresy et al., arXiv 2501.10376.
Not here: fits to traces (`population_fit.py`), differentiable forms (`surrogates.py`).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.cards import read_card
from cosim.channels.channel import Axis
from cosim.errors import DeviceError, InputError, reject
from cosim.params import check_params, param

VOLT_PER_KELVIN = 1.380649e-23 / 1.602176634e-19  # Boltzmann constant over elementary charge
LEVELS = 200  # that represent the range where nobody says how many
SIGMAS, TAIL = 9.0, 30.0  # a window of the law reaches this many deviations, and this many switches more; outside lies less than 1e-17


@dataclass(frozen=True)
class Chain:
    """What becomes of one switch over a delay.

    Attributes:
        stay: probability that a conducting switch conducts at the end.
        enter: probability that one that does not conduct does at the end.
    """

    stay: float
    enter: float

    def then(self, later: "Chain") -> "Chain":
        """This chain, and `later` after it."""
        return Chain(later.enter + (later.stay - later.enter) * self.stay, later.enter + (later.stay - later.enter) * self.enter)


@dataclass(frozen=True, kw_only=True)
class SwitchPopulation:
    """A population of two-state switches behind one conductance, a `cosim.channels.channel.Channel`."""

    name: str = "population"
    description: str = ""
    switches: float = param("number of switches", "1", least=1.0)
    threshold: float = param("conducting switches below which the conductance is flat", "1", least=0.0)
    step: float = param("conductance of a switch", "S", above=0.0)
    parallel: float = param("conductance without switches", "S", least=0.0)
    activation: float = param("activation energy of a switch over the elementary charge", "V")
    offset: float = param("asymmetry of the two states", "V")
    temperature: float = param("temperature", "K", above=0.0)
    read_noise: float = param("standard deviation of a read, in conductances of a switch", "1", least=0.0)
    least: float = param("lowest resistance that is written", "ohm", above=0.0)
    most: float = param("highest resistance that is written", "ohm", above=0.0)
    write_time: float = param("time constant of a write pulse; 0 where no energy is known", "s", default=0.0, least=0.0)
    write_gain: float = param("voltage of a write", "V", default=0.0, least=0.0)
    write_resistance: float = param("resistance that sets the current of every write", "ohm", default=1.0, above=0.0)
    free_resistance: float = param("resistance that is written without energy", "ohm", default=1.0, above=0.0)
    sources: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_params(self)
        if self.switches != round(self.switches) or self.threshold != round(self.threshold):
            raise reject(DeviceError, self.name, "switches, threshold", f"{self.switches:g}, {self.threshold:g}", "whole numbers")
        if self.threshold >= self.switches:
            raise reject(DeviceError, self.name, "threshold", self.threshold, f"< switches={self.switches:g}")
        if self.least >= self.most:
            raise reject(DeviceError, self.name, "least", self.least, f"< most={self.most:g} ohm")

    @classmethod
    def from_targets(cls, card: "SwitchPopulation", *, equilibrium: float, rate: float) -> "SwitchPopulation":
        """`card` with the voltages at which `equilibrium` switches conduct in the end, approached with `rate` [1/s]."""
        thermal = card.temperature * VOLT_PER_KELVIN
        if not 0.0 < equilibrium < card.switches:
            raise reject(InputError, card.name, "equilibrium", equilibrium, f"within 0..{card.switches:g}, ends excluded")
        if not rate > 0.0:
            raise reject(InputError, card.name, "rate", rate, "> 0 /s")
        offset = thermal * math.log(card.switches / equilibrium - 1.0)
        return replace(card, offset=offset, activation=thermal * math.log(2.0 * math.cosh(offset / (2.0 * thermal)) / rate))

    @property
    def written(self) -> Axis:
        """The resistance that is written."""
        return Axis(name="resistance", unit="ohm", least=self.least, most=self.most, scale="log")

    @property
    def read(self) -> Axis:
        """The conductance that is read."""
        return Axis(name="conductance", unit="S", least=0.0, most=1.0 / self.least)

    @property
    def delays(self) -> tuple[float, float]:
        """Any: the law is exact."""
        return (0.0, math.inf)

    @property
    def rate(self) -> float:
        """With which a deviation from equilibrium decays, without voltage [1/s]."""
        return sum(rates(self))

    @property
    def equilibrium(self) -> float:
        """Mean number of conducting switches in the end, without voltage."""
        leave, enter = rates(self)
        return self.switches * enter / (leave + enter)

    def state(self, resistance: Array) -> Array:
        """The number of conducting switches at a resistance, rounded; at the threshold where it is 1/`parallel` or more."""
        number = self.threshold + (1.0 / np.asarray(resistance, dtype=float) - self.parallel) / self.step
        return np.clip(np.rint(number), self.threshold, self.switches).astype(np.int64)

    def conductance(self, state: Array) -> Array:
        """The conductance of a number of conducting switches, without read noise [S]."""
        return self.parallel + self.step * np.maximum(np.asarray(state) - self.threshold, 0.0)

    def resistance(self, state: Array) -> Array:
        """The resistance of a number of conducting switches, infinite where nothing conducts [ohm]."""
        with np.errstate(divide="ignore"):
            return 1.0 / self.conductance(state)

    def chain(self, delay: float, *, voltage: float = 0.0) -> Chain:
        """What becomes of one switch over `delay` [s] at a constant voltage."""
        return _relaxed(rates(self, voltage=voltage), delay)

    def moments(self, state: Array, delay: float) -> tuple[Array, Array]:
        """Mean and variance of the number of conducting switches, `delay` [s] after it was `state`."""
        chain, state = self.chain(delay), np.asarray(state, dtype=float)
        stay, enter, rest = chain.stay, chain.enter, self.switches - state
        return state * stay + rest * enter, state * stay * (1.0 - stay) + rest * enter * (1.0 - enter)

    def pmf(self, state: int, delay: float) -> tuple[int, Array]:
        """The law of the number of conducting switches: the first number, and the probabilities from there on; less than 1e-15 lies outside."""
        return pmf(self.chain(delay), int(state), int(self.switches))

    def series(self, state: Array, times: Array, *, rng: np.random.Generator) -> Array:
        """``(runs, times)`` numbers of conducting switches at rising `times` [s], from ``(runs,)`` `state` at time 0."""
        steps = np.diff(np.asarray(times, dtype=float), prepend=0.0)
        if np.any(steps < 0.0):
            raise InputError(f"{self.name}, times: must rise from 0 s")
        present = np.asarray(state, dtype=np.int64)
        found = np.empty((len(steps), len(present)), dtype=np.int64)
        for index, step in enumerate(steps):
            if step > 0.0:
                present = draw(self.chain(float(step)), present, int(self.switches), rng=rng)
            found[index] = present
        return found.T

    def sample(self, written: Array, *, delay: float = 0.0, rng: np.random.Generator) -> Array:
        """One read of each write [S]."""
        state = draw(self.chain(delay), self.state(written), int(self.switches), rng=rng)
        return self.conductance(state) + self.step * self.read_noise * rng.standard_normal(np.shape(state))

    def transition(self, inputs: Array, edges: Array, *, delay: float = 0.0) -> Array:
        """``(levels, bins)`` probabilities of the read bins: both binomials convolved exactly, read noise by its distribution function."""
        matrix = np.zeros((len(inputs), len(edges) - 1))
        for row, (first, masses) in zip(matrix, self.rows(self.state(inputs), edges, delay=delay), strict=True):
            row[first : first + len(masses)] = masses
        return matrix

    def rows(self, states: Array, edges: Array, *, delay: float) -> Iterator[tuple[int, Array]]:
        """The rows of a transition matrix one by one: the first bin that can be hit, and the probabilities from there on."""
        kernel = _Kernel(self, np.asarray(edges, dtype=float))
        chain = self.chain(delay)
        for state in np.asarray(states):
            yield kernel.row(*self._counted(*pmf(chain, int(state), int(self.switches))))

    def energy(self, written: Array) -> Array:
        """Energy of writing each resistance [J]: the current is the same for all, the width of the pulse makes the resistance.

        Raises:
            InputError: the card has no constants of a write.
        """
        return self._energy_scale("energy") * np.abs(np.log(self.free_resistance / np.asarray(written, dtype=float)))

    def compliance_energy(self, written: Array) -> Array:
        """Energy of writing each resistance [J] when the current makes it, up to a compliance of `write_gain` over the resistance.

        Raises:
            InputError: the card has no constants of a write.
        """
        self._energy_scale("compliance_energy")
        written = np.asarray(written, dtype=float)
        scale = self.write_time * self.write_gain**2 * (1.0 / written - 1.0 / self.free_resistance)
        return np.abs(scale * np.log(self.free_resistance / written))

    def levels(self, count: int | None = None) -> Array:
        """``(levels,)`` resistances that rise, each that of another number of switches, about equally spaced in their logarithm."""
        wanted = LEVELS if count is None else count
        lowest = math.ceil(self.threshold + (1.0 / self.most - self.parallel) / self.step - 1e-9)
        highest = min(int(self.switches), math.floor(self.threshold + (1.0 / self.least - self.parallel) / self.step + 1e-9))
        if not 1 <= wanted <= highest - lowest + 1:
            raise reject(InputError, f"channel {self.name}", "levels", wanted, f"within 1..{highest - lowest + 1}")
        ends = self.conductance(np.array([lowest, highest]))
        states = np.rint(self.threshold + (np.geomspace(ends[0], ends[1], wanted) - self.parallel) / self.step)
        rank = np.arange(wanted)
        states = np.maximum.accumulate(states - rank) + rank  # one more than the one before at least
        return self.resistance(np.minimum(states, highest - rank[::-1]))[::-1]

    def edges(self, bins: int, *, delay: float = 0.0) -> Array:
        """``(bins + 1,)`` edges, equally spaced in standard deviations of a read at this delay."""
        ends = self.state(np.array([self.most, self.least]))
        (low, high), variances = self.moments(ends, delay)
        low, high = max(low - self.threshold, 0.0), max(high - self.threshold, 1.0)
        noise = np.sqrt(variances + self.read_noise**2 + 1e-6)
        grid = np.concatenate([[low - 6.0 * noise[0]], low + (high - low) * np.linspace(0.0, 1.0, 4001) ** 2, [high + 6.0 * noise[1]]])
        local = np.sqrt(np.interp(grid, [low, high], noise**2)) if high > low else np.full(len(grid), noise[0])
        passed = np.concatenate([[0.0], np.cumsum(np.diff(grid) * (1.0 / local[1:] + 1.0 / local[:-1]) / 2.0)])
        inner = np.interp(np.linspace(0.0, passed[-1], bins + 1)[1:-1], passed, grid)
        return np.concatenate([[-np.inf], self.parallel + self.step * inner, [np.inf]])

    def _counted(self, first: int, masses: Array) -> tuple[int, Array]:
        """The law of the switches above the threshold."""
        threshold = int(self.threshold)
        if first >= threshold:
            return first - threshold, masses
        below = min(threshold - first, len(masses) - 1)
        return max(first + below - threshold, 0), np.concatenate([[np.sum(masses[: below + 1])], masses[below + 1 :]])

    def _energy_scale(self, what: str) -> float:
        if self.write_time == 0.0 or self.write_gain == 0.0:
            raise InputError(f"channel {self.name}, {what}: its card has no write_time and write_gain")
        return self.write_time * self.write_gain**2 * (1.0 / self.write_resistance - 1.0 / self.free_resistance)


def population(name: str) -> SwitchPopulation:
    """A card of ``device_data/channel``: ``drift500k``, ``tio2``, ``tio2-mm``, or the path of a card."""
    return read_card(SwitchPopulation, "channel", name)


def rates(card: SwitchPopulation, *, voltage: float = 0.0, volatility: float = 1.0) -> tuple[float, float]:
    """Rates at which one switch leaves and enters the conducting state [1/s]; a positive voltage makes it leave.

    Args:
        card: the population.
        voltage: over the device [V].
        volatility: factor of the temperature in the exponent.
    """
    thermal, drive = card.temperature * VOLT_PER_KELVIN * volatility, (card.offset + voltage) / 2.0
    return math.exp(-(card.activation - drive) / thermal), math.exp(-(card.activation + drive) / thermal)


def driven(card: SwitchPopulation, *, durations: Sequence[float], voltages: Sequence[float], temperatures: Sequence[float] | None = None) -> Chain:
    """What becomes of one switch under voltages [V] and temperatures [K] that are constant over each of `durations` [s]; exact."""
    chain = Chain(1.0, 0.0)
    warm = [card.temperature] * len(durations) if temperatures is None else temperatures
    for duration, voltage, temperature in zip(durations, voltages, warm, strict=True):
        chain = chain.then(replace(card, temperature=temperature).chain(duration, voltage=voltage))
    return chain


def draw(chain: Chain, state: Array, switches: int, *, rng: np.random.Generator) -> Array:
    """Numbers of conducting switches after a chain, one for each of `state`."""
    return rng.binomial(state, chain.stay) + rng.binomial(switches - state, chain.enter)


def pmf(chain: Chain, state: int, switches: int) -> tuple[int, Array]:
    """The law of the number of conducting switches after a chain: the first number, and the probabilities from there on."""
    kept, masses = _binomial(state, chain.stay)
    entered, others = _binomial(switches - state, chain.enter)
    return kept + entered, np.convolve(masses, others)


def _relaxed(two: tuple[float, float], delay: float) -> Chain:
    leave, enter = two
    gone = -math.expm1(-(leave + enter) * delay)
    share = enter / (leave + enter)
    return Chain(1.0 - (1.0 - share) * gone, share * gone)


def _binomial(trials: int, probability: float) -> tuple[int, Array]:
    """Binomial law around its mode by the ratio of neighbors: the first number, and the probabilities from there on, which sum to one."""
    if trials == 0 or probability <= 0.0:
        return 0, np.ones(1)
    if probability >= 1.0:
        return trials, np.ones(1)
    mean, reach = trials * probability, SIGMAS * math.sqrt(trials * probability * (1.0 - probability)) + TAIL
    first, last = max(0, math.floor(mean - reach)), min(trials, math.ceil(mean + reach))
    mode, odds = min(last, math.floor((trials + 1) * probability)), probability / (1.0 - probability)
    rising = np.arange(mode, last, dtype=float)
    falling = np.arange(mode, first, -1, dtype=float)
    above = np.cumprod((trials - rising) / (rising + 1.0) * odds)
    below = np.cumprod(falling / (trials - falling + 1.0) / odds)
    masses = np.concatenate([below[::-1], [1.0], above])
    return first, masses / np.sum(masses)


class _Kernel:
    """Read noise between whole numbers of switches and the edges of bins, worked out once for all levels."""

    def __init__(self, card: SwitchPopulation, edges: Array) -> None:
        from scipy.special import ndtr

        self.inner = (edges[1:-1] - card.parallel) / card.step
        self.reach = math.ceil(SIGMAS * card.read_noise) + 1
        self.base = np.floor(self.inner).astype(np.int64) - self.reach
        self.offsets = np.arange(2 * self.reach + 1)
        distance = (self.inner - self.base)[:, None] - self.offsets
        self.below = ndtr(distance / card.read_noise) if card.read_noise > 0.0 else (distance > 0.0).astype(float)

    def row(self, first: int, masses: Array) -> tuple[int, Array]:
        """The first bin that is hit and the probabilities from there on, for a law of whole numbers."""
        from_edge, to_edge = np.searchsorted(self.inner, [first - self.reach - 1, first + len(masses) + self.reach + 1])
        chosen = slice(from_edge, to_edge)
        start = self.base[chosen] - first
        surely = np.concatenate([[0.0], np.cumsum(masses)])[np.clip(start, 0, len(masses))]
        padded = np.concatenate([[0.0], masses, [0.0]])
        near = padded[np.clip(start[:, None] + self.offsets + 1, 0, len(masses) + 1)]
        reached = np.clip(surely + np.einsum("eo,eo->e", near, self.below[chosen]), 0.0, 1.0)
        return int(from_edge), np.maximum(np.diff(np.concatenate([[0.0], reached, [1.0]])), 0.0)
