"""Figures of drift: the law of a switch population, its capacity over delay and energy, phase-change memory over a year, and measured TiO2 traces.

`FIGURES` names the study whose result each of them reads; one whose study gave none is kept as `NotDrawn`.
Laws and moments of phase-change memory are drawn from the cards by their exact laws; whatever was sampled or fitted is read from the result.
Not here: the tables (`tables_drift`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.channels.pcm import load_pcm
from cosim.channels.population import SwitchPopulation, population
from cosim.reporting.figures import NotDrawn
from cosim.reporting.style import (
    BLACK,
    BLUE,
    FULL,
    GAP,
    GRAY,
    MARKERS,
    ORANGE,
    VERMILLION,
    Drawing,
    canvas,
    decades,
    drawing_style,
    engineering_ticks,
    listing,
    measured,
    percent,
    quantity,
    shades,
    to_svg,
)
from cosim.reporting.tables_drift import MODELS, budget_name, delay_name, share_apart
from cosim.reporting.tables_storage import signed
from cosim.studies.channels.drift import DAY, DriftResult
from cosim.studies.channels.population import LATE, SOON, SOON_FROM, SPREAD_DELAYS, PopulationResult
from cosim.studies.channels.tio2 import Tio2Result

STARTS = (100.0, 1e3, 1e4, 1e5, 7.5e5)  # of the law [ohm]
TIMES = np.geomspace(1.0, 1e4, 49)  # of the law [s]
QUANTILES = (0.05, 0.5, 0.95)
WRITTEN = (0.1, 0.25, 0.5, 0.75, 1.0)  # of phase-change memory, shares of full scale
CALENDAR = {1.0: "1 s", 60.0: "1 min", 3600.0: "1 h", DAY: "1 day", 365.0 * DAY: "1 year"}
WHOLE = np.geomspace(1.0, 365.0 * DAY, 25)  # times of phase-change memory [s]
CHECKED = 0.5  # of full scale: what the study samples after a day
BIN = 2.0  # of the histogram of changes [switches]
FAR = 3.0  # standard deviations
NOTE: dict[str, Any] = {"textcoords": "offset points", "color": "#404040", "annotation_clip": False}  # of labels beside lines
NEAR = 0.06  # of the height of a panel: labels are not closer
PEERS = {"published": "published law", "moments": "law with\nour moments", "refitted": "population\nrefitted"}


def drift_law(result: PopulationResult) -> Drawing:
    """The law of the resistance over time from several starts, and its spread over the start."""
    card = population("drift500k")
    figure, (left, right) = canvas(FULL, 66, columns=2, width_ratios=[1.15, 1.0])
    _law(left, card, result.equilibrium)
    _spread(right, card, result)
    soon = share_apart(result.soon[result.starts >= SOON_FROM], result.equilibrium)
    return Drawing(
        svg=to_svg(figure),
        title="A population of two-state switches drifts to its equilibrium",
        source="",
        caption=f"drift500k, exact law without read noise: {card.switches:g} switches, time constant τ = {quantity(1.0 / card.rate, 's')}, equilibrium "
        f"{quantity(result.equilibrium, 'ohm')}. a: median and 5 % to 95 %; numbers between neighboring states are interpolated. b: solid: standard deviation "
        "of ln R; dashed: what switches that go off make alone, sqrt((exp(t/τ) - 1)/n) for n at the start. Smallest Kolmogorov-Smirnov p of the law against "
        f"runs event by event {np.min(result.event_p):.2f}, of two delays against their sum {np.min(result.step_p):.2f}. The median is within "
        f"{percent(soon)} of the equilibrium after {SOON:g} time constants from {quantity(SOON_FROM, 'ohm')} up, within "
        f"{percent(share_apart(result.late, result.equilibrium))} after {LATE:g} from every start.",
        alt="Left: resistances from five starts rise or fall to one equilibrium, with bands that widen on the way. Right: the spread of the logarithm of the "
        "resistance rises with the resistance at the start, one line for each delay.",
        width=FULL,
    )


def quantiles(card: SwitchPopulation, resistance: float, times: Array) -> Array:
    """``(quantiles, times)`` of the resistance [ohm] at `QUANTILES`, from the exact law of the number of switches, interpolated between numbers."""
    found = []
    for time in times:
        first, masses = card.pmf(int(card.state(resistance)), float(time))
        number = np.interp(QUANTILES, np.cumsum(masses), first + np.arange(len(masses)) + 0.5)
        found.append(card.resistance(number)[::-1])
    return np.array(found).T


def _law(axes: Any, card: SwitchPopulation, equilibrium: float) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.axhline(equilibrium, color=GRAY, linewidth=0.8, linestyle="--")
    axes.axvline(1.0 / card.rate, color=GRAY, linewidth=0.8, linestyle=":")
    axes.annotate("time constant", (1.0 / card.rate, 60.0), xytext=(3, 2), **NOTE)
    for start, color in zip(STARTS, shades(len(STARTS)), strict=True):
        low, median, high = quantiles(card, start, TIMES)
        axes.fill_between(TIMES, low, high, color=color, alpha=0.3, linewidth=0)
        axes.plot(TIMES, median, color=color)
        axes.annotate(f"from {quantity(start, 'ohm')}", (TIMES[0], median[0]), xytext=(3, 3), **NOTE)
    axes.set_xlim(TIMES[0], TIMES[-1])
    axes.set_ylim(60.0, 2e6)
    axes.xaxis.set_major_formatter(_plain)
    engineering_ticks(axes.yaxis, "Ω")
    axes.set_xlabel("time since the write (s)")
    axes.set_ylabel("resistance")
    axes.set_title(f"a{GAP}law over time")


def _spread(axes: Any, card: SwitchPopulation, result: PopulationResult) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    number = card.state(result.spread_starts)
    for delay, spread, color in zip(SPREAD_DELAYS, result.spread, shades(len(SPREAD_DELAYS)), strict=True):
        axes.plot(result.spread_starts, np.sqrt(np.expm1(delay * card.rate) / number), color=GRAY, linewidth=0.8, linestyle="--")
        axes.plot(result.spread_starts, spread, color=color)
    ends = np.full(len(SPREAD_DELAYS), result.spread_starts[-1])
    _beside(axes, ends, result.spread[:, -1], [f"after {delay_name(each)}" for each in SPREAD_DELAYS], least=0.0)
    axes.set_xlim(result.spread_starts[0], 1.1 * result.spread_starts[-1])
    axes.set_ylim(decades(result.spread))
    engineering_ticks(axes.xaxis, "Ω")
    axes.yaxis.set_major_formatter(_plain)
    axes.set_xlabel("resistance at the start")
    axes.set_ylabel("standard deviation of ln R")
    axes.set_title(f"b{GAP}spread")


def _plain(value: float, _: Any) -> str:
    """A tick without powers of ten."""
    return f"{value:g}"


def drift_capacity(result: DriftResult) -> Drawing:
    """Capacity between its bounds over the delay, and over the mean energy."""
    figure, (left, right) = canvas(FULL, 70, columns=2, sharey=True)
    for number, color in enumerate(shades(len(result.budgets))):
        _between(left, result.delays, result.lower[:, number], result.upper[:, number], color, MARKERS[number % len(MARKERS)])
    order = np.argsort(result.budgets)
    for row, color in enumerate(shades(len(result.delays))):
        _between(right, result.energy[row, order], result.lower[row, order], result.upper[row, order], color, MARKERS[row % len(MARKERS)])
    left.set_xlim(result.delays[0] / 1.15, result.delays[-1] * 1.15)
    top = 1.08 * float(np.max(result.upper))
    left.set_ylim(0.0, top)
    last = order[-1]
    _beside(left, np.full(len(order), result.delays[-1]), result.lower[-1], [budget_name(float(each)) for each in result.budgets], least=NEAR * top)
    _beside(right, result.energy[:, last], result.lower[:, last], [delay_name(float(each)) for each in result.delays], least=NEAR * top)
    left.set_xlabel("delay (s)")
    left.xaxis.set_major_formatter(_plain)
    left.set_ylabel("capacity (bits a device)")
    left.set_title(f"a{GAP}over the delay, for each limit of energy")
    engineering_ticks(right.xaxis, "J", crowded=100.0)
    right.set_xlabel("mean energy of a write")
    right.set_title(f"b{GAP}over the energy, for each delay")
    return Drawing(
        svg=to_svg(figure),
        title="What a drifting device stores",
        source="",
        caption=_capacities(result),
        alt="Left: the capacity falls over a logarithmic delay, one line for each limit of energy. Right: it rises with the mean energy of a write, one line "
        "for each delay.",
        width=FULL,
    )


def _between(axes: Any, place: Array, lower: Array, upper: Array, color: str, marker: str) -> None:
    """Both bounds with what lies between them, and marks at the lower one, over a logarithmic axis."""
    axes.set_xscale("log")
    axes.fill_between(place, lower, upper, color=color, alpha=0.35, linewidth=0)
    axes.plot(place, upper, color=color, linewidth=0.7)
    axes.plot(place, lower, color=color, marker=marker, linewidth=0.7)


def _beside(axes: Any, places: Array, heights: Array, words: Sequence[str], *, least: float) -> None:
    """Labels right of the ends of lines, the upper of two moved up where they are closer than `least`."""
    free = -np.inf
    for index in np.argsort(heights):
        free = max(float(heights[index]), free + least)
        axes.annotate(words[index], (places[index], free), xytext=(6, 0), va="center", **NOTE)


def _capacities(result: DriftResult) -> str:
    """Both ends of the delays, the distance of the bounds, and how much is missing."""
    most, tight = int(np.argmax(result.budgets)), int(np.argmin(result.budgets))
    ends = f"after {delay_name(float(result.delays[0]))} and {{:.2f}} after {delay_name(float(result.delays[-1]))}"
    (first, last), (least_first, least_last) = result.lower[[0, -1], most], result.lower[[0, -1], tight]
    return (
        f"drift500k, {first:.2f} bits {ends.format(last)} {_limit(float(result.budgets[most]))}; {least_first:.2f} and {least_last:.2f} "
        f"{_limit(float(result.budgets[tight]))}. Lines: lower bound (marks), which a distribution reaches, and upper bound, which holds for every one over "
        f"the states of the grid; they are {percent(float(np.max(result.gap)))} apart at most. Refining the grids of states and reads moves the lower one by "
        f"{percent(float(np.max(np.abs(result.moved))))} at most. b: at the mean energy that the distribution uses. Time constant and read noise are ours; "
        "energies are those of the model, not of a real device."
    )


def _limit(budget: float) -> str:
    return "without a limit" if np.isinf(budget) else f"at {quantity(budget, 'J')}"


def pcm_drift(result: DriftResult) -> Drawing:
    """Mean and deviation of reads of phase-change memory over a year, as they are and with global drift compensation."""
    figure, panels = canvas(FULL, 66, columns=2, sharey=True)
    means, deviations, factors = reads_over_time(WHOLE)
    top = 1.1 * float(np.max((means + deviations) * factors))
    for axes, factor, title in ((panels[0], np.ones(len(WHOLE)), f"a{GAP}as read"), (panels[1], factors, f"b{GAP}with global drift compensation")):
        for mean, deviation, color in zip(means * factor, deviations * factor, shades(len(WRITTEN)), strict=True):
            axes.fill_between(WHOLE, mean - deviation, mean + deviation, color=color, alpha=0.25, linewidth=0)
            axes.plot(WHOLE, mean, color=color)
        _beside(axes, np.full(len(WRITTEN), WHOLE[-1]), means[:, -1] * factor[-1], [f"g = {each:g}" for each in WRITTEN], least=NEAR * top)
        axes.axvline(DAY, color=GRAY, linewidth=0.8, linestyle=":")
        axes.set_xscale("log")
        axes.set_xlim(WHOLE[0], WHOLE[-1])
        _calendar(axes)
        axes.set_xlabel("time since the first read")
        axes.set_title(title)
    panels[0].errorbar(DAY, result.pcm_mean, result.pcm_deviation, fmt="o", color=VERMILLION, markersize=3.4, capsize=2.5, zorder=4)
    panels[0].set_ylim(0.0, top)
    panels[0].set_ylabel("conductance")
    engineering_ticks(panels[0].yaxis, "S")
    return Drawing(
        svg=to_svg(figure),
        title="Phase-change memory over a year",
        source="constants: Nandakumar 2019 and Joshi 2020, as in IBM aihwkit",
        caption=_kept(result),
        alt="Five bands of conductance over a logarithmic time from a second to a year. Left they fall; right, compensated, their means stay nearly level "
        "while the bands widen.",
        width=FULL,
    )


def reads_over_time(times: Array) -> tuple[Array, Array, Array]:
    """``(written, times)`` mean and standard deviation of reads of phase-change memory [S] by its exact moments; ``(times,)`` factor of the compensation."""
    card = load_pcm("pcm-joshi2020")
    means, variances = zip(*(card.moments(np.array(WRITTEN), float(time)) for time in times), strict=True)
    return np.array(means).T, np.sqrt(np.array(variances)).T, np.array([card.compensation(float(time)) for time in times])


def _calendar(axes: Any) -> None:
    """Ticks at a second, a minute, up to a year, on a logarithmic axis."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    axes.xaxis.set_major_locator(FixedLocator(list(CALENDAR)))
    axes.xaxis.set_major_formatter(FixedFormatter(list(CALENDAR.values())))
    axes.xaxis.set_minor_locator(NullLocator())


def _kept(result: DriftResult) -> str:
    """What is left after a day, before and after the compensation."""
    aims = np.array([WRITTEN[0], CHECKED, WRITTEN[-1]])
    card = load_pcm("pcm-joshi2020")
    kept, factor = card.moments(aims, DAY)[0] / card.moments(aims, 0.0)[0], card.compensation(DAY)
    shares = [f"{percent(share, digits=0)} at g = {aim:g}" for share, aim in zip(kept, aims, strict=True)]
    leveled = [percent(share * factor, digits=0) for share in kept]
    return (
        f"Lines: mean; bands: one standard deviation to either side; g: share of full scale, {quantity(card.full_scale, 'S')}, that was written. Dotted: a "
        f"day; mark: {measured(result.pcm_mean, 'S')} +- {measured(result.pcm_deviation, 'S')}, sampled at g = {CHECKED:g}. Of the mean of the first read a "
        f"day leaves {listing(shares)}; with one factor for a tile, {factor:.2f} after a day, it is {listing(leveled)}. The factor restores no single device."
    )


def tio2(result: Tio2Result) -> Drawing:
    """Changes of measured traces, their slowing, and how much better a model of ours predicts them."""
    figure, (changes, halves, gains) = canvas(FULL, 62, columns=3, width_ratios=[1.1, 1.0, 1.0])
    _changes(changes, result.change)
    _halves(halves, result.slopes)
    _gains(gains, result)
    far, expected = far_changes(result.change)
    first, second = np.median(result.slopes, axis=0)
    peers = [f"{signed(result.gain(peer), 2)} over {MODELS[peer]}" for peer in PEERS]
    return Drawing(
        svg=to_svg(figure),
        title="Measured TiO₂ traces: changes, slowing, and a model of both",
        source="traces of El-Geresy 2024, arXiv 2407.04718",
        caption=f"{len(result.pairs)} traces, {len(result.change)} pairs of reads 10⁴ s apart; a switch is 0.1 µS. a: line: normal law of the same mean and "
        f"variance; changes more than {FAR:g} standard deviations from the mean: {far}, where it expects {expected:.1f}; kurtosis {result.kurtosis:.1f} "
        f"(3 for a normal law). b: each trace a dot, the medians ({signed(float(first), 2)}, {signed(float(second), 2)}) a diamond; on the dashed line drift "
        f"would go on as it began. c: log density of a change by {MODELS['ours']} over other models, on traces that it was not fitted to, with 95 % intervals "
        f"under resampled traces: {listing(peers)}.",
        alt="Left: a histogram of changes with a narrow peak and a long tail of losses beyond the normal law. Middle: dots of the drift in the second half "
        "of a trace against the first, nearly all below the diagonal. Right: three gains with their intervals beside zero.",
        width=FULL,
    )


def far_changes(change: Array) -> tuple[int, float]:
    """How many changes lie more than `FAR` standard deviations from their mean, and how many of a normal law would."""
    from scipy.special import erfc

    rest = np.abs(change - np.mean(change))
    return int(np.sum(rest > FAR * np.std(change))), float(len(change) * erfc(FAR / np.sqrt(2.0)))


def _changes(axes: Any, change: Array) -> None:
    edges = BIN * np.arange(np.floor(np.min(change) / BIN), np.ceil(np.max(change) / BIN) + 1.5)
    counts, _, _ = axes.hist(change, bins=edges, color=BLUE, alpha=0.75, linewidth=0)
    place = np.linspace(edges[0], edges[-1], 301)
    deviation = float(np.std(change))
    normal = len(change) * BIN * np.exp(-0.5 * ((place - np.mean(change)) / deviation) ** 2) / (deviation * np.sqrt(2.0 * np.pi))
    axes.plot(place, normal, color=VERMILLION, label="normal law")
    axes.set_yscale("log")
    axes.set_ylim(0.5, 2.0 * float(np.max(counts)))
    axes.set_xlim(edges[0], edges[-1])
    axes.yaxis.set_major_formatter(_plain)
    axes.set_xlabel("change in 10⁴ s (switches)")
    axes.set_ylabel(f"pairs in a bin of {BIN:g}")
    axes.set_title(f"a{GAP}changes")
    axes.legend(loc="upper left")


def _halves(axes: Any, slopes: Array) -> None:
    first, second = slopes.T
    low, high = float(np.min(slopes)), float(np.max(slopes))
    margin = 0.05 * (high - low)
    axes.axhline(0.0, color=GRAY, linewidth=0.6)
    axes.axline((0.0, 0.0), slope=1.0, color=GRAY, linewidth=0.8, linestyle="--")
    axes.plot(first, second, "o", color=BLUE, alpha=0.55, markersize=3.0, markeredgewidth=0)
    axes.plot(np.median(first), np.median(second), "D", color=VERMILLION, markersize=4.6, markeredgecolor="white", markeredgewidth=0.6, zorder=4)
    axes.set_xlim(np.min(first) - margin, np.max(first) + margin)
    axes.set_ylim(np.min(second) - margin, max(float(np.max(second)), 0.25 * float(np.max(first))) + margin)
    axes.set_xlabel("first half (switches lost in 10⁴ s)")
    axes.set_ylabel("second half")
    axes.set_title(f"b{GAP}drift of a trace")


def _gains(axes: Any, result: Tio2Result) -> None:
    axes.axvline(0.0, color=BLACK, linewidth=0.7)
    for place, peer in enumerate(PEERS):
        low, high = result.interval(peer)
        axes.plot([low, high], [place, place], color=ORANGE, linewidth=2.2, solid_capstyle="butt")
        axes.plot(result.gain(peer), place, "o", color=BLACK, markersize=4.0)
        axes.annotate(signed(result.gain(peer), 2, plus=True), (result.gain(peer), place), xytext=(0, 5), ha="center", **NOTE)
    axes.set_yticks(range(len(PEERS)), list(PEERS.values()))
    axes.set_ylim(len(PEERS) - 0.5, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("gain (nat a pair)")
    axes.set_title(f"c{GAP}gain of our model")


FIGURES: dict[str, tuple[str, Callable[[Any], Drawing]]] = {  # name -> study whose result it reads, how it is drawn
    "drift_law": ("channels.population", drift_law),
    "drift_capacity": ("channels.drift", drift_capacity),
    "pcm_drift": ("channels.drift", pcm_drift),
    "tio2": ("channels.tio2", tio2),
}


def draw(name: str, results: Mapping[str, Any]) -> Drawing | NotDrawn:
    """One of `FIGURES`; where the study of it gave no result, this stands in its place."""
    study, figure = FIGURES[name]
    if study not in results:
        return NotDrawn(name, f"the study {study} gave no result")
    with drawing_style():
        return figure(results[study])
