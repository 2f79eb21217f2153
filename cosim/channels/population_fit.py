"""Fits of drift to traces: the mean loss, a switch population by maximum likelihood, and `SlowingDrift`, which says more about the traces than either.

What measured TiO2 traces show and independent switches at constant rates cannot: the drift slows as the logarithm of time, its rate differs from trace to
trace, and single steps are heavy-tailed. `SlowingDrift` has these three and nothing else. A fold of `held_out` is scored by what was fitted without it.

Source: mean loss and its formula: El-Geresy et al., arXiv 2407.04718; `SlowingDrift` is ours.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from cosim._types import Array
from cosim.cards import read_card
from cosim.channels.channel import Axis
from cosim.channels.population import VOLT_PER_KELVIN, SwitchPopulation
from cosim.channels.traces import Pairs
from cosim.errors import InputError, reject
from cosim.params import check_params, param

Model = TypeVar("Model")
RATES = 41  # nodes over the rate of a trace
LEVELS = 64  # that represent the range where nobody says how many
FEWEST = 20  # pairs for a fit
QUIET = 0.1  # least read noise that is sought: with less, a density has a peak at every whole number of switches


@dataclass(frozen=True, kw_only=True)
class SlowingDrift:
    """Conductance that falls as the logarithm of time, a `cosim.channels.channel.Channel`; conductances in units of `step`.

    Between the times t and t + d of a trace the conductance changes by ``-c ln((onset + t + d) / (onset + t))`` plus a step of Student's law. The rate c is
    normal over traces and the same within one; some are negative. The steps were fitted at `delay_fitted`; what exceeds read noise is taken to grow with
    the root of the delay elsewhere.
    """

    name: str = "slowing drift"
    description: str = ""
    step: float = param("unit of the conductances below", "S", above=0.0)
    rate: float = param("mean loss over a factor e of time", "1")
    rate_spread: float = param("standard deviation of the rate over traces", "1", least=0.0)
    onset: float = param("time after which the drift slows", "s", above=0.0)
    scale: float = param("scale of a step", "1", above=0.0)
    freedom: float = param("degrees of freedom of a step", "1", above=1.0)
    read_noise: float = param("standard deviation of a read", "1", least=0.0)
    delay_fitted: float = param("delay of the steps that were fitted", "s", above=0.0)
    longest: float = param("length of the traces", "s", above=0.0)
    least: float = param("lowest resistance of the traces", "ohm", above=0.0)
    most: float = param("highest resistance of the traces", "ohm", above=0.0)
    sources: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_params(self)

    @property
    def written(self) -> Axis:
        """The resistance at the start of a trace."""
        return Axis(name="resistance", unit="ohm", least=self.least, most=self.most, scale="log")

    @property
    def read(self) -> Axis:
        """The conductance that is read."""
        return Axis(name="conductance", unit="S", least=0.0, most=1.0 / self.least)

    @property
    def delays(self) -> tuple[float, float]:
        """From the delay of the fitted steps to the length of the traces."""
        return (self.delay_fitted, self.longest)

    def spread(self, delay: Array) -> Array:
        """Scale of a step over `delay` [s], read noise at both ends included."""
        noise = 2.0 * self.read_noise**2
        return np.sqrt(noise + max(self.scale**2 - noise, 0.0) * np.asarray(delay, dtype=float) / self.delay_fitted)

    def sample(self, written: Array, *, delay: float = 0.0, rng: np.random.Generator) -> Array:
        """One read of each write [S], each on a trace of its own."""
        start = 1.0 / np.asarray(written, dtype=float)
        rate = self.rate + self.rate_spread * rng.standard_normal(np.shape(start))
        jump = self.spread(delay) * rng.standard_t(self.freedom, np.shape(start))
        return start + self.step * (jump - rate * math.log1p(delay / self.onset))

    def transition(self, inputs: Array, edges: Array, *, delay: float = 0.0) -> Array:
        """``(levels, bins)`` probabilities of the read bins: Student's distribution function, averaged over the rates."""
        from scipy.special import stdtr

        node, weight = _rate_nodes()
        distance = (np.asarray(edges, dtype=float)[1:-1] - 1.0 / np.asarray(inputs, dtype=float)[:, None]) / self.step
        below = np.zeros_like(distance)
        for place, share in zip(node, weight, strict=True):
            lost = (self.rate + self.rate_spread * place) * math.log1p(delay / self.onset)
            below += share * stdtr(self.freedom, (distance + lost) / self.spread(delay))
        ends = np.ones((len(distance), 1))
        return np.maximum(np.diff(np.concatenate([0.0 * ends, below, ends], axis=1), axis=1), 0.0)

    def energy(self, written: Array) -> Array:
        """Not known.

        Raises:
            InputError: always.
        """
        raise InputError(f"channel {self.name}, energy: traces give none")

    def levels(self, count: int | None = None) -> Array:
        """``(levels,)`` resistances, equally spaced in conductance."""
        wanted = LEVELS if count is None else count
        if wanted < 1:
            raise reject(InputError, f"channel {self.name}", "levels", wanted, ">= 1")
        return 1.0 / np.linspace(1.0 / self.least, 1.0 / self.most, wanted)

    def edges(self, bins: int, *, delay: float = 0.0) -> Array:
        """``(bins + 1,)`` edges, equally spaced over all levels and six scales around them."""
        lost, around = math.log1p(delay / self.onset), 6.0 * float(self.spread(delay))
        low = 1.0 / self.most - self.step * ((self.rate + 3.0 * self.rate_spread) * lost + around)
        high = 1.0 / self.least + self.step * (max(3.0 * self.rate_spread - self.rate, 0.0) * lost + around)
        return np.concatenate([[-np.inf], np.linspace(low, high, bins - 1), [np.inf]])


def slowing_drift(name: str) -> SlowingDrift:
    """A card of ``device_data/channel`` (``tio2-fitted``), or the path of a card."""
    return read_card(SlowingDrift, "channel", name)


def linear_loss(pairs: Pairs, *, step: float) -> float:
    """The loss, in units of `step`, that is the same for all pairs and fits their resistances with the least squares."""
    from scipy.optimize import minimize_scalar

    before = 1.0 / (pairs.before * step)

    def error(loss: float) -> float:
        return float(np.sum((1.0 / (np.maximum(before - loss, 1e-5) * step) - pairs.after) ** 2))

    found = minimize_scalar(error, bounds=(0.0, float(np.min(before))), method="bounded", options={"xatol": 1e-8})
    return float(found.x)


def activation_from_loss(loss: float, *, over: float, card: SwitchPopulation) -> float:
    """The activation [V] at which `loss` switches are lost over a time [s] at the threshold, where as many conduct as not, to first order in time."""
    if not loss > 0.0:
        raise reject(InputError, card.name, "loss", loss, "> 0 switches")
    thermal = card.temperature * VOLT_PER_KELVIN
    return -thermal * math.log(loss / (over * card.threshold * 2.0 * math.sinh(card.offset / (2.0 * thermal))))


def log_densities(card: SwitchPopulation, pairs: Pairs) -> Array:
    """``(pairs,)`` log density of each change of conductance in units of the card's step, given the first read.

    The number of switches at the start is the one nearest to the first read; both reads carry read noise.
    """
    from scipy.special import logsumexp

    noise = math.sqrt(2.0) * card.read_noise
    if not noise > 0.0:
        raise reject(InputError, card.name, "read_noise", card.read_noise, "> 0 for a density")
    change, starts = pairs.change(card.step), card.state(pairs.before)
    found = np.empty(len(pairs))
    for index, (start, delay) in enumerate(zip(starts, pairs.delay, strict=True)):
        first, masses = card.pmf(int(start), float(delay))
        moved = np.maximum(np.arange(first, first + len(masses)), card.threshold) - start
        found[index] = logsumexp(np.log(np.maximum(masses, 1e-300)) - 0.5 * ((change[index] - moved) / noise) ** 2)
    return found - math.log(noise * math.sqrt(2.0 * math.pi))


def fit_population(pairs: Pairs, card: SwitchPopulation) -> SwitchPopulation:
    """`card` with the rates and the read noise that make the pairs likeliest, sought from those it has.

    Raises:
        InputError: too few pairs.
    """
    _enough(pairs)

    def at(place: Array) -> SwitchPopulation:
        thermal = card.temperature * VOLT_PER_KELVIN
        leave, enter = (float(each) for each in place[:2])
        return replace(
            card, activation=-thermal * (leave + enter) / 2.0, offset=thermal * (leave - enter), read_noise=float(np.exp(max(place[2], math.log(QUIET))))
        )

    thermal = card.temperature * VOLT_PER_KELVIN
    start = [-(card.activation - card.offset / 2.0) / thermal, -(card.activation + card.offset / 2.0) / thermal, math.log(max(card.read_noise, QUIET))]
    roughly = _minimize(lambda place: -float(np.sum(_normal_log_densities(at(place), pairs))), start, tolerance=1e-3)
    roughly[2] = max(roughly[2], start[2])  # a normal law hardly tells read noise from the noise of switches
    return at(_minimize(lambda place: -float(np.sum(log_densities(at(place), pairs))), roughly, tolerance=0.05, spread=0.1))


def trace_log_densities(model: SlowingDrift, pairs: Pairs) -> tuple[Array, Array]:
    """``(traces,)`` numbers of the traces, and log density of all changes of each in units of the model's step, averaged over its unknown rate."""
    from scipy.special import gammaln, logsumexp

    node, weight = _rate_nodes()
    passed = np.log((model.onset + pairs.start + pairs.delay) / (model.onset + pairs.start))
    spread = model.spread(pairs.delay)
    rest = (pairs.change(model.step)[:, None] + passed[:, None] * (model.rate + model.rate_spread * node)) / spread[:, None]
    half = (model.freedom + 1.0) / 2.0
    constant = float(gammaln(half) - gammaln(model.freedom / 2.0)) - 0.5 * math.log(model.freedom * math.pi)
    each = constant - np.log(spread)[:, None] - half * np.log1p(rest**2 / model.freedom)
    traces, number = np.unique(pairs.trace, return_inverse=True)
    summed = np.zeros((len(traces), len(node)))
    np.add.at(summed, number, each)
    return traces, logsumexp(summed + np.log(weight), axis=1)


def fit_slowing_drift(pairs: Pairs, *, step: float, read_noise: float, name: str = "slowing drift") -> SlowingDrift:
    """The slowing drift that makes the pairs likeliest.

    Raises:
        InputError: too few pairs.
    """
    _enough(pairs)
    change, delay = pairs.change(step), float(np.median(pairs.delay))
    half = float(np.subtract(*np.percentile(change, [84.0, 16.0]))) / 2.0
    base = SlowingDrift(
        name=name,
        step=step,
        rate=0.0,
        rate_spread=1.0,
        onset=1.0,
        scale=1.0,
        freedom=2.0,
        read_noise=read_noise,
        delay_fitted=delay,
        longest=float(np.max(pairs.start + pairs.delay)),
        least=float(np.min(pairs.before)),
        most=float(np.max(pairs.before)),
    )

    def at(place: Array) -> SlowingDrift:
        spread, onset, scale, freedom = (float(each) for each in np.exp(np.clip(place[1:], -12.0, 12.0)))
        return replace(base, rate=float(place[0]), rate_spread=spread, onset=onset, scale=scale, freedom=1.0 + freedom)

    starts = [[half, math.log(half), math.log(each * delay), math.log(half / 2.0), 1.0] for each in (0.05, 0.5)]
    places = [_minimize(lambda place: -float(np.sum(trace_log_densities(at(place), pairs)[1])), start, tolerance=1e-2) for start in starts]
    return max((at(place) for place in places), key=lambda model: float(np.sum(trace_log_densities(model, pairs)[1])))


def held_out(pairs: Pairs, folds: Sequence[Array], *, fit: Callable[[Pairs], Model], score: Callable[[Model, Pairs], tuple[Array, Array]]) -> dict[int, float]:
    """Log density of each trace under what was fitted to the traces of the other folds.

    Args:
        pairs: of all traces.
        folds: numbers of the traces of each fold.
        fit: gives a model from pairs.
        score: gives numbers of traces and their log densities, as `trace_log_densities`.
    """
    found: dict[int, float] = {}
    for fold in folds:
        left_out = np.isin(pairs.trace, fold)
        if not np.any(left_out):
            continue
        traces, scores = score(fit(pairs.pick(~left_out)), pairs.pick(left_out))
        found.update(zip((int(each) for each in traces), (float(each) for each in scores), strict=True))
    return found


def population_scores(card: SwitchPopulation, pairs: Pairs) -> tuple[Array, Array]:
    """Numbers of the traces, and the log density of all changes of each under a population."""
    traces, number = np.unique(pairs.trace, return_inverse=True)
    return traces, np.bincount(number, weights=log_densities(card, pairs))


def _normal_log_densities(card: SwitchPopulation, pairs: Pairs) -> Array:
    """As `log_densities`, by the normal law of the same mean and variance: where a search begins."""
    start = card.state(pairs.before)
    chains = [card.chain(float(delay)) for delay in pairs.delay]
    stay, enter = np.array([each.stay for each in chains]), np.array([each.enter for each in chains])
    rest = card.switches - start
    mean = start * stay + rest * enter - start
    variance = start * stay * (1.0 - stay) + rest * enter * (1.0 - enter) + 2.0 * card.read_noise**2
    return -0.5 * ((pairs.change(card.step) - mean) ** 2 / variance + np.log(2.0 * math.pi * variance))


def _rate_nodes() -> tuple[Array, Array]:
    node, weight = np.polynomial.hermite_e.hermegauss(RATES)
    return node, weight / np.sum(weight)


def _enough(pairs: Pairs) -> None:
    if len(pairs) < FEWEST:
        raise reject(InputError, "fit of drift", "pairs", len(pairs), f">= {FEWEST}")


def _minimize(function: Callable[[Array], float], start: Sequence[float], *, tolerance: float, spread: float = 0.3) -> Array:
    """Simplex search: no derivative, and no step that leaves the domain for good."""
    from scipy.optimize import minimize

    first = np.asarray(start, dtype=float)
    simplex = np.concatenate([first[None, :], first + spread * np.eye(len(first))])
    found = minimize(function, first, method="Nelder-Mead", options={"initial_simplex": simplex, "xatol": tolerance, "fatol": tolerance, "maxiter": 800})
    return np.asarray(found.x)
