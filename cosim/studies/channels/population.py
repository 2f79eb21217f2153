"""The law of a switch population against its own events, against itself in two steps, and at its equilibrium.

Conductance relaxes exponentially, so a start at 100 ohm, 5000 times the conductance of equilibrium, is still 5000 exp(-10) = 23 % above it after 10 time
constants. Hence two claims: 10 time constants from 1 kohm up, 13 from every start.

Source: the model is that of El-Geresy et al., arXiv 2407.04718, the range, equilibrium and delays those of arXiv 2501.10376; the closed law is ours.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.gillespie import simulate
from cosim.channels.population import SwitchPopulation, draw, population
from cosim.claims import Claim, Kind, Requirement, at_least, at_most
from cosim.design import Design
from cosim.sweep.lab import Lab

CONDITIONS = ((3e5, 100.0, 0.0), (2e5, 1000.0, 0.0), (2e4, 100.0, 0.0), (7.5e5, 300.0, 0.0), (1e5, 100.0, 0.02))  # [ohm], [s], [V]
STEPS = ((1e3, 30.0, 70.0), (1e5, 300.0, 700.0), (7.5e5, 10.0, 90.0))  # [ohm], [s], [s]
RUNS, DRAWS = 3000, 100_000
STARTS = 25  # resistances over the range
SOON, LATE, SOON_FROM = 10.0, 13.0, 1e3  # time constants until equilibrium, from this resistance up [ohm], and from every one
SPREAD_DELAYS = (10.0, 100.0, 1000.0)  # [s]


@dataclass(frozen=True, kw_only=True, eq=False)
class PopulationResult:
    """What was found.

    Attributes:
        event_p: ``(conditions,)`` Kolmogorov-Smirnov p of the law against events.
        step_p: ``(steps,)`` p of two delays one after the other against their sum.
        starts: ``(starts,)`` resistances [ohm].
        soon, late: ``(starts,)`` median resistances after `SOON` and `LATE` time constants [ohm].
        equilibrium: resistance of the mean number of switches in the end [ohm].
        spread_starts: ``(levels,)`` resistances from 100 ohm to the equilibrium [ohm].
        spread: ``(delays, levels)`` standard deviation of ln R.
    """

    event_p: Array
    step_p: Array
    starts: Array
    soon: Array
    late: Array
    equilibrium: float
    spread_starts: Array
    spread: Array


def run(design: Design, lab: Lab) -> PopulationResult:
    """Draw all of it; `lab` does not matter here."""
    card, rng = population("drift500k"), np.random.default_rng([design.run.seed, 610])
    starts = card.levels(STARTS)
    levels = card.levels(60)
    levels = np.append(levels[levels < 0.99 * 500e3], card.resistance(card.state(500e3)))
    return PopulationResult(
        event_p=np.array([_events(card, *each, rng=rng) for each in CONDITIONS]),
        step_p=np.array([_two_steps(card, *each, rng=rng) for each in STEPS]),
        starts=starts,
        soon=_medians(card, starts, SOON, rng=rng),
        late=_medians(card, starts, LATE, rng=rng),
        equilibrium=float(card.resistance(card.equilibrium)),
        spread_starts=levels,
        spread=np.array([[log_spread(card, level, delay) for level in levels] for delay in SPREAD_DELAYS]),
    )


def log_spread(card: SwitchPopulation, resistance: float, delay: float) -> float:
    """Exact standard deviation of ln R, without read noise; no conducting switch counts as one."""
    first, masses = card.pmf(int(card.state(resistance)), delay)
    logs = -np.log(card.conductance(np.maximum(np.arange(first, first + len(masses)), card.threshold + 1.0)))
    mean = masses @ logs
    return float(np.sqrt(masses @ (logs - mean) ** 2))


def _medians(card: SwitchPopulation, starts: Array, constants: float, *, rng: np.random.Generator) -> Array:
    return np.array([1.0 / np.median(card.sample(np.full(DRAWS, start), delay=constants / card.rate, rng=rng)) for start in starts])


def _events(card: SwitchPopulation, resistance: float, delay: float, voltage: float, *, rng: np.random.Generator) -> float:
    from scipy.stats import ks_2samp

    start = int(card.state(resistance))
    events = simulate(card, np.full(RUNS, start), delay, rng=rng, voltage=voltage).states
    law = draw(card.chain(delay, voltage=voltage), np.full(DRAWS, start), int(card.switches), rng=rng)
    return float(ks_2samp(events, law).pvalue)


def _two_steps(card: SwitchPopulation, resistance: float, first: float, second: float, *, rng: np.random.Generator) -> float:
    from scipy.stats import ks_2samp

    start = np.full(DRAWS, card.state(resistance))
    twice = card.series(start, np.array([first, first + second]), rng=rng)[:, -1]
    return float(ks_2samp(twice, card.series(start, np.array([first + second]), rng=rng)[:, -1]).pvalue)


def _claim(name: str, statement: str, unit: str, must_be: Requirement, value: Callable[[PopulationResult], float], *, kind: Kind = "prediction") -> Claim:
    return Claim(
        id=f"channels.population.{name}",
        kind=kind,
        source="none; model of El-Geresy et al., arXiv 2407.04718",
        statement=statement,
        paper=None,
        unit=unit,
        must_be=must_be,
        value=value,
    )


CLAIMS = (
    _claim(
        "law_against_events",
        f"binomial law of drift500k against {RUNS} runs event by event, 5 conditions, one with voltage: smallest KS p",
        "1",
        at_least(0.01),
        lambda result: float(np.min(result.event_p)),
    ),
    _claim(
        "two_steps_equal_one",
        "two delays one after the other against their sum, 3 conditions: smallest KS p",
        "1",
        at_least(0.01),
        lambda result: float(np.min(result.step_p)),
    ),
    _claim(
        "equilibrium_soon",
        "median resistance after 10 time constants from starts over 1 kohm..750 kohm: largest distance from 500 kohm",
        "%",
        at_most(3.0),
        lambda result: 100.0 * float(np.max(np.abs(result.soon / result.equilibrium - 1.0)[result.starts >= SOON_FROM])),
        kind="calibration",
    ),
    _claim(
        "equilibrium_late",
        "median resistance after 13 time constants from starts over 100 ohm..750 kohm: largest distance from 500 kohm",
        "%",
        at_most(3.0),
        lambda result: 100.0 * float(np.max(np.abs(result.late / result.equilibrium - 1.0))),
        kind="calibration",
    ),
    _claim(
        "spread_rises",
        "standard deviation of ln R after 10, 100 and 1000 s over starts from 100 ohm to 500 kohm: smallest rise between neighbors",
        "1",
        at_least(1e-9),
        lambda result: float(np.min(np.diff(result.spread, axis=1))),
    ),
)
