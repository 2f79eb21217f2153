"""How much a drifting device stores: capacity of ``drift500k`` against delay and energy, from both sides; constants of phase-change memory at a day.

The channel is taken at every state that can be told from its neighbor: states a fifth of a standard deviation of a read apart, bins a third of
one. After a second that is tens of thousands of states, so the distribution of the input is a sum of few shapes: single states where the range ends
and where writing is free, hats over ln n elsewhere. What the solver finds is the mutual information of a real distribution, hence a lower bound. The
upper bound holds for every distribution of the states: max_x (D(W_x||q) - s E(x)) + s B over all states of the grid, for the best of a few outputs q
and prices s; states between those of the grid leave it as it is.
Coarser grids give less: 380 inputs in bins of a fifth of sqrt(n) give 8.31, 8.03, 7.54, 7.11 bits without a limit after 1, 10, 100 and 300 s, because the grid
cannot hold more. Refining both grids says how much is still missing here (`DriftResult.moved`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.channels.pcm import load_pcm
from cosim.channels.population import SwitchPopulation, population
from cosim.claims import Claim, Kind, Requirement, at_most, within
from cosim.coding.newton import Problem, solve
from cosim.design import Design
from cosim.sweep.lab import Lab

NAT = 1.0 / np.log(2.0)  # bits
DELAYS = (1.0, 10.0, 100.0, 300.0, 1000.0)  # [s]
BUDGETS = (np.inf, 0.1, 0.05, 0.01, 0.001)  # mean energy of a write [J]
DEVICES, DAY = 1_000_000, 86400.0
TOLERANCE = 1e-4  # of the solver [nat]
SHARES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)  # of an output over all states, mixed in so that no divergence is huge


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """Grids of the channel.

    Attributes:
        states: distance of neighboring states, in standard deviations of a read; at least one switch.
        bins: width of the bins, in standard deviations of a read.
        single: states up to this number are shapes of their own.
        ratio: of the numbers at neighboring hats above.
    """

    states: float = 0.25
    bins: float = 0.5
    single: int = 60
    ratio: float = 1.15


FINE = Resolution(states=0.2, bins=0.35, single=90, ratio=1.1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bounds:
    """Capacities of one delay.

    Attributes:
        lower, upper: ``(budgets,)`` [bits].
        energy: ``(budgets,)`` mean energy that the lower bound uses [J].
    """

    lower: Array
    upper: Array
    energy: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class DriftResult:
    """What was found.

    Attributes:
        pcm_mean, pcm_deviation: of reads of phase-change memory written to 0.5, after a day [S].
        delays, budgets: of the rows and columns below.
        lower, upper, energy: ``(delays, budgets)`` capacity [bits] and mean energy [J].
        moved: ``(delays, budgets)`` relative change of `lower` where both grids are refined.
    """

    pcm_mean: float
    pcm_deviation: float
    delays: Array
    budgets: Array
    lower: Array
    upper: Array
    energy: Array
    moved: Array

    @property
    def gap(self) -> Array:
        """``(delays, budgets)`` distance of the bounds, relative to the upper one."""
        return 1.0 - self.lower / self.upper


def run(design: Design, lab: Lab, *, delays: Sequence[float] = DELAYS, budgets: Sequence[float] = BUDGETS) -> DriftResult:
    """Constants of phase-change memory, and bounds at all `delays` and `budgets`, on both grids."""
    seed = design.run.seed
    pcm = load_pcm("pcm-joshi2020")
    reads = pcm.sample(np.full(DEVICES, 0.5), delay=DAY, rng=np.random.default_rng([seed, 630]))
    channel = population("drift500k")
    coarse, fine = (_remembered(lab, channel, delays, budgets, grid) for grid in (Resolution(), FINE))
    return DriftResult(
        pcm_mean=float(np.mean(reads)),
        pcm_deviation=float(np.std(reads)),
        delays=np.asarray(delays),
        budgets=np.asarray(budgets),
        lower=fine["lower"],
        upper=fine["upper"],
        energy=fine["energy"],
        moved=fine["lower"] / coarse["lower"] - 1.0,
    )


def bounds(channel: SwitchPopulation, delay: float, budgets: Sequence[float], *, grid: Resolution | None = None, also: Array | None = None) -> Bounds:
    """Capacity after one delay at each mean energy, from both sides.

    Args:
        channel: the population.
        delay: between write and read [s].
        budgets: mean energies [J], infinite for none.
        grid: of states and bins.
        also: ``(states,)`` numbers of switches beside those of the grid that the upper bound is to hold for.
    """
    grid = grid or Resolution()
    states, passed = distinct_states(channel, delay, distance=grid.states, single=grid.single)
    edges = channel.edges(int(passed[-1] / grid.bins) + 24, delay=delay)
    matrix = sparse_transition(channel, states, edges, delay=delay)
    gains = _gains(matrix)
    checked = states if also is None else np.concatenate([states, also])
    checked_matrix = matrix if also is None else sparse_transition(channel, checked, edges, delay=delay)
    energies = channel.energy(channel.resistance(states))
    shapes = _shapes(states, passed, grid)
    outputs = np.asarray((shapes @ matrix).todense())
    wide = np.asarray((np.gradient(passed) / passed[-1]) @ matrix)
    range_, rows = float(np.max(energies)), []
    costs = channel.energy(channel.resistance(checked)) / range_
    for budget in budgets:
        room, scaled = min(budget / range_, 1.0), (shapes @ energies) / range_
        problem = Problem.of(outputs, tolerance=TOLERANCE, costs=scaled if room < 1.0 else None, budget=room)
        found = solve(replace(problem, gains=shapes @ gains))
        upper = _upper(checked_matrix, costs, room, found.distribution @ outputs, wide, found.price)
        rows.append((found.value * NAT, upper * NAT, float(found.distribution @ scaled) * range_))
    lower, upper_bits, energy = np.array(rows).T
    return Bounds(lower=lower, upper=upper_bits, energy=energy)


def distinct_states(channel: SwitchPopulation, delay: float, *, distance: float, single: int) -> tuple[Array, Array]:
    """``(states,)`` numbers of switches over the range, and how many standard deviations of a read lie below each.

    All numbers up to `single`, so that the one that is written for free is among them; above, about `distance` deviations apart.
    """
    lowest, highest = (int(each) for each in channel.state(np.array([channel.most, channel.least])))
    lowest += channel.resistance(lowest) > channel.most * (1.0 + 1e-9)
    every = np.arange(lowest, highest + 1)
    mean, variance = channel.moments(every, delay)
    passed = np.concatenate([[0.0], np.cumsum(np.diff(mean) / np.sqrt((variance + channel.read_noise**2)[1:]))])
    chosen = np.unique(np.concatenate([np.flatnonzero(every <= single), [len(every) - 1], np.searchsorted(passed, np.arange(0.0, passed[-1], distance))]))
    return every[chosen], passed[chosen]


def sparse_transition(channel: SwitchPopulation, states: Array, edges: Array, *, delay: float) -> Array:
    """``(states, bins)`` transition probabilities as a sparse matrix."""
    from scipy.sparse import csr_array

    firsts, masses = zip(*channel.rows(states, edges, delay=delay), strict=True)
    lengths = np.array([len(each) for each in masses])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    columns = np.arange(starts[-1]) - np.repeat(starts[:-1] - np.array(firsts), lengths)
    return csr_array((np.concatenate(masses), columns, starts), shape=(len(states), len(edges) - 1))


def _shapes(states: Array, passed: Array, grid: Resolution) -> Array:
    """``(shapes, states)`` distributions whose mixtures the input is: hats over ln n between knots, weighted by how well states are told apart."""
    from scipy.sparse import csr_array

    top = states[-1] - np.interp(passed[-1] - 0.7 * 1.5 ** np.arange(40.0), passed, states)
    hats = grid.single * grid.ratio ** np.arange(np.log(states[-1] / grid.single) / np.log(grid.ratio))
    wanted = np.concatenate([[states[0], states[-1]], hats, states[-1] - top[top < 0.1 * states[-1]]])
    knots = np.unique(np.concatenate([np.flatnonzero(states <= grid.single), np.searchsorted(states, wanted)]))
    place, at = np.log(states), np.log(states[knots])
    left = np.clip(np.searchsorted(at, place, side="right") - 1, 0, len(at) - 2)
    share = (place - at[left]) / (at[left + 1] - at[left])
    weight = np.gradient(passed)
    rows, columns = np.concatenate([left, left + 1]), np.tile(np.arange(len(states)), 2)
    values = np.concatenate([(1.0 - share) * weight, share * weight])
    kept = values > 0.0
    raw = csr_array((values[kept], (rows[kept], columns[kept])), shape=(len(knots), len(states)))
    return csr_array(raw / np.asarray(raw.sum(axis=1))[:, None])


def _gains(matrix: Array) -> Array:
    """``(states,)`` sums of W log W."""
    logs = matrix.copy()
    logs.data = matrix.data * np.log(np.where(matrix.data > 0.0, matrix.data, 1.0))
    return np.asarray(logs.sum(axis=1))


def _upper(matrix: Array, costs: Array, budget: float, output: Array, wide: Array, price: float) -> float:
    """The least bound [nat] over outputs and prices; every one of them holds."""
    from scipy.optimize import minimize_scalar

    found, gains = [], _gains(matrix)
    for share in SHARES:
        mixed = (1.0 - share) * output + share * wide
        reached = gains - matrix @ np.log(np.maximum(mixed, 1e-300))

        def bound(factor: float, reached: Array = reached) -> float:
            return float(np.max(reached - factor * price * costs)) + factor * price * budget

        best = minimize_scalar(bound, bounds=(0.5, 2.0), method="bounded", options={"xatol": 1e-4}) if price > 0.0 else None
        found.append(min(bound(1.0), float(best.fun)) if best is not None else bound(0.0))
    return min(found)


def _remembered(lab: Lab, channel: SwitchPopulation, delays: Sequence[float], budgets: Sequence[float], grid: Resolution) -> dict[str, Array]:
    found = [
        lab.remember(
            "capacity of a switch population",
            1,
            (channel, delay, [min(each, 1e9) for each in budgets], grid, TOLERANCE, SHARES),
            lambda delay=delay: vars(bounds(channel, delay, budgets, grid=grid)),  # type: ignore[misc]
        )
        for delay in delays
    ]
    return {name: np.stack([each[name] for each in found]) for name in ("lower", "upper", "energy")}


def _claim(
    name: str, statement: str, unit: str, must_be: Requirement, value: Callable[[DriftResult], float], *, kind: Kind, paper: float | None = None
) -> Claim:
    return Claim(
        id=f"channels.drift.{name}",
        kind=kind,
        source="Nandakumar 2019, Joshi 2020, as in IBM aihwkit"
        if name.startswith("pcm")
        else "none; channel of El-Geresy et al., arXiv 2501.10376, with our noise",
        statement=statement,
        paper=paper,
        unit=unit,
        must_be=must_be,
        value=value,
    )


CLAIMS = (
    _claim(
        "pcm_mean",
        "phase-change memory written to half of full scale, mean read after a day, 1e6 devices",
        "uS",
        within(8.313, 0.0416),
        lambda result: 1e6 * result.pcm_mean,
        kind="calibration",
    ),
    _claim(
        "pcm_deviation",
        "phase-change memory written to half of full scale, standard deviation of a read after a day, 1e6 devices",
        "uS",
        within(1.027, 0.0052),
        lambda result: 1e6 * result.pcm_deviation,
        kind="calibration",
    ),
    _claim(
        "capacity_gap",
        "capacity of drift500k after 1..1000 s at mean energies from 1 mJ to no limit: largest distance of lower and upper bound",
        "%",
        at_most(2.0),
        lambda result: 100.0 * float(np.max(result.gap)),
        kind="prediction",
    ),
    _claim(
        "capacity_moved",
        "the same: largest change of the lower bound when both grids are refined",
        "%",
        at_most(0.75),
        lambda result: 100.0 * float(np.max(np.abs(result.moved))),
        kind="calibration",
    ),
)
