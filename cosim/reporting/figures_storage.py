"""Figures of a storage channel and its capacity (Zarcone 2020, Figs. 4 and 5).

`FIGURES` need a channel only, and show what the paper prints where the study on its measurements is given; `STUDY_FIGURES` need that study.
Not here: codes (`figures_storage_codes`), tables and what they share with the figures (`tables_storage`).
"""

from collections.abc import Callable, Sequence
from textwrap import fill
from typing import Any, Literal

import numpy as np

from cosim._types import Array
from cosim.channels.channel import Axis, Discretized
from cosim.reporting.style import (
    BLACK,
    BLUE,
    FULL,
    GAP,
    GRAY,
    GREEN,
    HALF,
    MARKERS,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Drawing,
    canvas,
    decades,
    drawing_style,
    engineering_ticks,
    measured,
    percent,
    pretty,
    scientific,
    shades,
    to_svg,
)
from cosim.reporting.tables_storage import PAPER, amount, bits, paper, quantity_name, signed, source_of, widths
from cosim.studies.zarcone2020.pcm.claims import PRINTED, READS, equal_cost, excess
from cosim.studies.zarcone2020.pcm.study import PcmResult
from cosim.studies.zarcone2020.storing import USED, Stored

DEVICE_COLORS = (BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE, BLACK)
CHANNELS = {  # key of `PcmResult.widened` -> name, color, mark, claim that holds the paper's value
    "device": ("one device (mean)", GREEN, "^", "devices"),
    "normalized": ("all, relative to reset", BLUE, "o", "capacity_normalized"),
    "raw": ("all, as they are", VERMILLION, "s", "capacity_raw"),
}
CELLS = 120  # of a map, along each axis at most
FAINT = 2e-3  # of the highest density of the picture: less is not filled
CLIPPED = 3.0  # times the usual height of a peak: where the axis of densities ends if a peak is much higher
LABEL = 26  # characters of a line of an axis label
PLAIN = (0.1, 1000.0)  # largest value of an axis that is printed in its unit without a prefix


def dress(axes: Any, which: Literal["x", "y"], quantity: Axis, *, label: int = LABEL) -> None:
    """Name, unit, scale and ticks of a quantity on an axis, its limits set before.

    Args:
        axes: of matplotlib.
        which: axis.
        quantity: that it shows.
        label: characters of a line of its name.
    """
    axis = getattr(axes, f"{which}axis")
    if quantity.scale == "log":
        getattr(axes, f"set_{which}scale")("log")
    largest, unit = max(abs(quantity.least), abs(quantity.most)), ""
    if quantity.unit != "1" and quantity.scale == "linear" and PLAIN[0] <= largest < PLAIN[1]:
        unit = f" ({pretty(quantity.unit)})" if quantity.unit != "ohm" else " (Ω)"
    elif quantity.unit != "1":
        engineering_ticks(axis, "Ω" if quantity.unit == "ohm" else quantity.unit)
    axis.set_label_text(fill(quantity_name(quantity), label, break_long_words=False) + unit)


def density_name(read: Axis) -> str:
    """Of a probability density of reads, with its unit."""
    unit = " (1/decade)" if read.name.startswith("log10") else "" if read.unit == "1" else f" (1/{'Ω' if read.unit == 'ohm' else read.unit})"
    return f"density{unit}"


def room(axis: Axis, share: float = 0.02) -> tuple[float, float]:
    """Limits a little beyond an axis."""
    if axis.scale == "log":
        factor = (axis.most / axis.least) ** share
        return axis.least / factor, axis.most * factor
    margin = share * (axis.most - axis.least)
    return axis.least - margin, axis.most + margin


def thinned(values: Array, count: int = 4 * CELLS) -> Array:
    """Indices of at most so many of the values, evenly, both ends among them."""
    return np.unique(np.linspace(0, len(values) - 1, min(count, len(values))).round().astype(int))


def measured_reads(study: PcmResult) -> Drawing:
    """Mean and deviation of each device, as measured and below its own reset, and the law of all of them."""
    figure, (raw, below, law) = canvas(FULL, 66, columns=3, width_ratios=[1.0, 0.95, 1.15])
    for number, each in enumerate(study.moments):
        color = DEVICE_COLORS[number % len(DEVICE_COLORS)]
        _ribbon(raw, each.voltage, 10.0 ** (each.mean - each.deviation), 10.0**each.mean, 10.0 ** (each.mean + each.deviation), color)
        _ribbon(below, each.voltage, each.below_reset - each.deviation, each.below_reset, each.below_reset + each.deviation, color, label=f"device {number}")
    channel = study.stored.matrix
    raw.set_yscale("log")
    raw.set_ylim(decades(*(10.0 ** (each.mean + sign * each.deviation) for each in study.moments for sign in (-1, 1))))
    engineering_ticks(raw.yaxis, "Ω", crowded=1e4)
    raw.set_ylabel("resistance")
    _map(figure, law, channel)
    below.sharey(law)
    law.set_ylim(*room(channel.read))
    dress(below, "y", channel.read)
    for axes, title in ((raw, f"a{GAP}as they are"), (below, f"b{GAP}relative to own reset"), (law, f"c{GAP}law of b, kernel densities")):
        axes.set_xlim(*room(channel.written))
        axes.xaxis.get_major_locator().set_params(nbins=6)
        dress(axes, "x", channel.written)
        axes.set_title(title)
    handles, names = below.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), columnspacing=1.4)
    resets = 10.0 ** np.array([each.mean[0] for each in study.moments])
    bins = len(channel.centers)
    return Drawing(
        svg=to_svg(figure),
        title=f"{len(study.moments)} phase-change cells: what is read after a partial set",
        source=f"{PAPER}, Fig. 4",
        caption=f"Lines: mean of the trials at {len(channel.inputs)} voltages; bands: one standard deviation to either side. a: the resets lie between "
        f"{measured(float(resets.min()), 'ohm')} and {measured(float(resets.max()), 'ohm')}; as one channel these devices hold {bits(study.raw.bits)} (paper: "
        f"{paper('capacity_raw'):g}). b: relative to the mean reset of each device it is {bits(study.stored.capacity.bits)} (paper: "
        f"{paper('capacity_normalized'):g}). c: Gaussian kernels with Scott's bandwidth, {bins} bins.",
        alt="A band of resistance over the word-line voltage for each device; the same relative to the reset, where the bands lie on each other at low "
        "voltages; a map of the density of all.",
        width=FULL,
    )


def _ribbon(axes: Any, place: Array, low: Array, middle: Array, high: Array, color: str, *, label: str | None = None) -> None:
    """A line with a band around it."""
    axes.fill_between(place, low, high, color=color, alpha=0.16, linewidth=0)
    axes.plot(place, middle, color=color, linewidth=0.9, label=label)


def _map(figure: Any, axes: Any, channel: Discretized) -> None:
    """The law of the channel as areas of equal density, vector graphics, with its bar."""
    from matplotlib.ticker import FixedFormatter

    rows = thinned(channel.inputs, CELLS)
    starts = np.arange(0, len(channel.centers), max(1, len(channel.centers) // CELLS))
    size = widths(channel)
    density = np.add.reduceat(channel.matrix[rows], starts, axis=1) / np.add.reduceat(size, starts)
    place = np.add.reduceat(channel.centers * size, starts) / np.add.reduceat(size, starts)
    steps = _steps(float(density.max()))
    areas = axes.contourf(channel.inputs[rows], place, density.T, levels=steps, colors=shades(len(steps))[::-1], extend="max")
    areas.set_edgecolor("face")
    areas.set_linewidth(0.2)
    bar = figure.colorbar(areas, ax=axes, pad=0.02, aspect=24)
    bar.ax.yaxis.set_major_formatter(FixedFormatter([f"{each:g}" for each in steps]))
    bar.set_label(density_name(channel.read), labelpad=1.0)
    bar.outline.set_linewidth(0.5)
    axes.grid(visible=False)


def _steps(highest: float) -> list[float]:
    """Densities at 1, 2 and 5 times powers of ten, nine of them up to the highest."""
    exponent = int(np.floor(np.log10(highest)))
    every = [mantissa * 10.0**power for power in range(exponent - 3, exponent + 1) for mantissa in (1.0, 2.0, 5.0)]
    return [each for each in every if each < highest][-9:]


def optimum(stored: Stored, study: PcmResult | None = None) -> Drawing:
    """How often the optimum writes each level, and what is read then."""
    channel, found = stored.matrix, stored.capacity
    figure, (above, below) = canvas(FULL, 88, rows=2, height_ratios=[0.8, 1.0])
    colors = shades(len(found.used))
    for level, color in zip(found.used, colors, strict=True):
        share = 100.0 * found.distribution[level]
        above.plot(2 * [channel.inputs[level]], [0.0, share], color=color, linewidth=2.4, solid_capstyle="butt")
        above.plot(channel.inputs[level], share, "o", color=color, markersize=3.6)
    above.set_xlim(*room(channel.written))
    above.set_ylim(0.0, 112.0 * found.distribution.max())
    dress(above, "x", channel.written)
    above.set_ylabel("written (%)")
    _laws(below, channel, found.distribution, found.used, colors)
    below.set_ylabel(density_name(channel.read))
    above.set_title(f"a{GAP}what is written")
    below.set_title(f"b{GAP}what is read: each level in its color, all of them as the outline")
    return Drawing(
        svg=to_svg(figure),
        title=f"The distribution that reaches the capacity, {bits(found.bits)}",
        source=source_of(study, "Fig. 5a"),
        caption=_optimum_caption(stored, study),
        alt="Stems of unequal height over the written quantity; below, overlapping peaks of the reads in the same colors under the outline of all.",
        width=FULL,
    )


def _laws(axes: Any, channel: Discretized, distribution: Array, used: Array, colors: Sequence[str]) -> None:
    """Density of the reads of each used level, times how often it is written, and of all."""
    size = widths(channel)
    total = distribution @ channel.matrix / size
    heights = []
    for level, color in zip(used, colors, strict=True):
        law = distribution[level] * channel.matrix[level] / size
        heights.append(float(total[np.argmax(law)]))
        there = np.flatnonzero(law > FAINT * law.max())
        part = np.arange(there[0], there[-1] + 1)
        part = part[thinned(part)]
        axes.fill_between(channel.centers[part], 0.0, law[part], color=color, alpha=0.5, linewidth=0.0)
        axes.plot(channel.centers[part], law[part], color=color, linewidth=0.6)
    shown = thinned(channel.centers)
    axes.plot(channel.centers[shown], total[shown], color=BLACK, linewidth=0.9)
    axes.set_xlim(*room(channel.read, 0.0))
    highest, usual = float(total.max()), CLIPPED * float(np.median(heights))
    axes.set_ylim(0.0, 1.06 * highest if highest < 1.5 * usual else usual)
    if highest >= 1.5 * usual:
        axes.annotate(f"up to {highest:.3g}", (channel.centers[np.argmax(total)], usual), xytext=(6, -2), textcoords="offset points", va="top")
    dress(axes, "x", channel.read, label=4 * LABEL)


def _optimum_caption(stored: Stored, study: PcmResult | None) -> str:
    channel, found = stored.matrix, stored.capacity
    inputs, top = channel.inputs[found.used], int(np.argmax(found.distribution))
    said = f" (paper: {paper('write_levels'):g})" if study else ""
    gap = ""
    if len(inputs) > 2:
        widest = int(np.argmax(np.diff(inputs)))
        gap = f" The widest gap lies between {amount(float(inputs[widest]), channel.written)} and {amount(float(inputs[widest + 1]), channel.written)}."
    return (
        f"{len(inputs)} of {len(channel.inputs)} inputs are written in more than {percent(USED)} of all cases; on a grid of {len(stored.fine.inputs)} inputs "
        f"{len(stored.fine.used)}{said}. {amount(float(channel.inputs[top]), channel.written)} is written most, in "
        f"{percent(float(found.distribution[top]))}.{gap} No distribution carries more than "
        f"{scientific(max(found.upper - found.bits, float(np.finfo(float).eps)))} bits beyond it."
    )


def states(stored: Stored, study: PcmResult | None = None) -> Drawing:
    """Capacity over the number of read states, a line for each number of write states."""
    from matplotlib.lines import Line2D

    found, best = stored.states, stored.capacity.bits
    figure, axes = canvas(HALF, 64)
    axes.set_xscale("log")
    axes.axhline(best, color=BLACK, linestyle="--", linewidth=0.8)
    axes.text(found.reads[0], best, "capacity", va="bottom", ha="left")
    handles = []
    for index, (writes, color) in enumerate(zip(found.writes, shades(len(found.writes)), strict=True)):
        look: dict[str, Any] = {"color": color, "marker": MARKERS[index % len(MARKERS)]}
        handles += axes.plot(found.reads, found.bits[index], label=f"{writes} write states", zorder=3, **look)
        if study and writes in PRINTED:
            axes.plot(READS, PRINTED[writes], linestyle=":", linewidth=0.7, markerfacecolor="white", markeredgewidth=0.8, **look)
    if study:
        handles.append(Line2D([], [], color=GRAY, marker="o", markerfacecolor="white", linestyle=":", linewidth=0.7, label="paper"))
    ticks = sorted({*found.reads, *(READS if study else ())})
    axes.set_xticks(ticks, [str(each) for each in ticks])
    axes.minorticks_off()
    least = min(float(found.bits.min()), min(min(each) for each in PRINTED.values()) if study else best)
    axes.set_ylim(least - 0.06 * best, 1.07 * best)
    axes.set_xlabel("read states")
    axes.set_ylabel("capacity (bits a device)")
    figure.legend(handles=handles, loc="outside lower center", ncols=3, columnspacing=1.0)
    return Drawing(
        svg=to_svg(figure),
        title="Capacity with few write and read states",
        source=source_of(study, "Fig. 5b"),
        caption=_states_caption(stored, study),
        alt="A line for each number of write states rises with the number of read states and levels off; those of many write states approach the dashed "
        "capacity.",
        width=HALF,
    )


def _states_caption(stored: Stored, study: PcmResult | None) -> str:
    found, best = stored.states, stored.capacity.bits
    most, finest = found.writes[-1], found.reads[-1]
    words = f"{most} write and {finest} read states hold {bits(found.at(most, finest))}, {percent(found.at(most, finest) / best)} of the capacity"
    if most in found.reads:
        words += f"; with only {most} reads {bits(found.at(most, most))}"
    above = excess(study) if study else {}
    if above:
        words += f". Ours lies {signed(min(above.values()), 3)} to {signed(max(above.values()), 3)} above the paper in all {len(above)} cells that are compared"
    return f"{words}."


def sensitivity(study: PcmResult) -> Drawing:
    """Capacity over the bandwidth of the kernels, and information of levels that are written equally often."""
    figure, (left, right) = canvas(FULL, 66, columns=2)
    _bandwidths(left, study)
    _equal(right, study.stored)
    left.set_title(f"a{GAP}bandwidth of the kernels")
    right.set_title(f"b{GAP}levels that are written equally often")
    order = np.argsort(study.bandwidths)
    low, high = (float(study.widened["normalized"][order[each]]) for each in (0, -1))
    device = float(np.interp(1.0, study.bandwidths[order], study.widened["device"][order]))
    stored = study.stored
    best = int(np.argmax(stored.equal.bits))
    return Drawing(
        svg=to_svg(figure),
        title="What the capacity depends on",
        source=source_of(study, "section on capacity"),
        caption=f"a: bars are the paper's values. From {study.bandwidths.min():g} to {study.bandwidths.max():g} times Scott's bandwidth the capacity "
        f"relative to reset goes from {bits(low)} to {bits(high)}; a single device has {bits(device)} with Scott's (paper: {paper('devices'):g}). b: the "
        f"levels of the optimum, used equally, lose {percent(equal_cost(study))} "
        f"(paper: about {paper('equal_probabilities'):g} %); {stored.equal.counts[best]} "
        f"levels chosen for it lose {percent(1.0 - float(stored.equal.bits[best]) / stored.capacity.bits)}.",
        alt="Three lines of capacity fall slowly with the bandwidth, single devices on top; information over the number of equally used levels rises to just "
        "below the capacity.",
        width=FULL,
    )


def _bandwidths(axes: Any, study: PcmResult) -> None:
    order = np.argsort(study.bandwidths)
    factors = study.bandwidths[order]
    axes.set_xscale("log")
    for name, (label, color, mark, claim) in CHANNELS.items():
        values = study.widened[name][order]
        axes.plot(factors, values, color=color, marker=mark)
        axes.annotate(label, (factors[0], values[0]), xytext=(2, 4), textcoords="offset points", color=color)
        printed = paper(claim)
        axes.plot([0.86, 1.16], [printed, printed], color=color, linewidth=2.2, solid_capstyle="butt", zorder=1)
        axes.annotate(f"paper {printed:g}", (1.0, printed), xytext=(0, -7), textcoords="offset points", color=color, ha="center", va="top")
    everything = np.concatenate([*study.widened.values(), [paper(each[3]) for each in CHANNELS.values()]])
    axes.set_ylim(everything.min() - 0.2, everything.max() + 0.2)
    apart = [each for each in factors if each == 1.0 or abs(np.log(each)) > np.log(1.2)]
    axes.set_xticks(apart, [f"{each:g}" for each in apart])
    axes.minorticks_off()
    axes.set_xlabel("bandwidth (times Scott's)")
    axes.set_ylabel("capacity (bits a device)")


def _equal(axes: Any, stored: Stored) -> None:
    best, found = stored.capacity.bits, stored.equal
    number = len(stored.capacity.used)
    axes.axhline(best, color=BLACK, linestyle="--", linewidth=0.8, label="capacity")
    axes.plot(found.counts, found.bits, color=BLUE, marker="o", label="best levels for equal use")
    axes.plot(number, found.support, "D", color=VERMILLION, markersize=4.2, label="levels of the optimum, used equally")
    axes.set_xlim(min(found.counts) - 0.7, max(*found.counts, number) + 0.7)
    low = min(float(found.bits.min()), found.support)
    axes.set_ylim(low - 0.35 * (best - low), best + 0.2 * (best - low))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("levels")
    axes.set_ylabel("information (bits a device)")
    axes.legend(loc="lower right")


FIGURES: dict[str, Callable[[Stored, PcmResult | None], Drawing]] = {"optimum": optimum, "states": states}
STUDY_FIGURES: dict[str, Callable[[PcmResult], Drawing]] = {"measured": measured_reads, "sensitivity": sensitivity}


def draw(name: str, stored: Stored, study: PcmResult | None = None) -> Drawing:
    """One of `FIGURES`; with the study on the measurements, beside what the paper prints."""
    with drawing_style():
        return FIGURES[name](stored, study)


def draw_study(name: str, study: PcmResult) -> Drawing:
    """One of `STUDY_FIGURES`."""
    with drawing_style():
        return STUDY_FIGURES[name](study)
