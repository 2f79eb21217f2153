"""Figures of closed-loop tuning (Lim 2025, Fig. 5): traces, the reset curve, what a step resolves, rates, the bound, and an array."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import binomtest

from cosim._types import Array
from cosim.codesign.tuning.arrays import TunedArray
from cosim.codesign.tuning.reading import inside_bound
from cosim.codesign.tuning.tune import Outcome, Traces
from cosim.reporting.style import (
    BLACK,
    BLUE,
    FULL,
    GAP,
    GRAY,
    HALF,
    ORANGE,
    VERMILLION,
    Drawing,
    band,
    canvas,
    decades,
    drawing_style,
    engineering_ticks,
    measured,
    mosaic,
    percent,
    quantity,
    shades,
    to_svg,
    volts,
)
from cosim.studies.lim2025.tuning import TuningResult
from cosim.studies.lim2025.tuning.study import Rates

PAPER, SLOPE = "paper, wide, white", "slope, wide, white"  # the cases that are tuned in SPICE
WAITED = "slope, wide, correlated"
NAMES = {"paper": "paper's controller", "slope": "our controller"}
ENDS = {Outcome.reached: ("o", "reached"), Outcome.false_success: ("X", "false success"), Outcome.not_reached: ("v", "not reached")}
SHOWN = (  # cases of the figure over the targets: color, marker and line
    (SLOPE, BLUE, "s", "-"),
    ("slope, narrow, white", BLUE, "D", ":"),
    (PAPER, VERMILLION, "o", "-"),
    ("paper, narrow, none", GRAY, "^", "--"),
    ("paper, narrow, white", VERMILLION, "v", ":"),
)
STEPS = 8  # shades of the targets of an array
WIDEST = 600.0  # of the axis of errors [% of the band]: a cell that was given up may lie anywhere
HEADROOM = 1.12  # of the linear axis over the highest target


def tuned_targets(result: TuningResult) -> Drawing:
    """The targets of the design tuned in SPICE: true conductance after each pulse."""
    names = [[f"{name}{part}" for name in NAMES] for part in ("set", "")]
    pulses = {name: len(result.examples[case].amplitudes) for name, case in zip(NAMES, (PAPER, SLOPE), strict=True)}
    figure, axes = mosaic(FULL, 84, names, height_ratios=[1, 5.2], width_ratios=[3.2, 1.0])
    for letter, (name, case) in zip("ab", zip(NAMES, (PAPER, SLOPE), strict=True), strict=True):
        _traces(axes[f"{name}set"], axes[name], result.examples[case], result.design.tuning.band, pulses[name])
        axes[f"{name}set"].set_title(f"{letter}{GAP}{NAMES[name]}")
    axes["paperset"].set_ylabel("after set")
    axes["paper"].set_ylabel("true conductance through the cell")
    for part in ("slope", "slopeset"):
        axes[part].set_yticklabels([])
    _legend_of_ends(axes["paperset"])
    tuning = result.design.tuning
    return Drawing(
        svg=to_svg(figure),
        title=f"{_count(len(tuning.targets)).capitalize()} targets tuned in SPICE, band {band(tuning.band)}, white noise of {percent(tuning.noise, digits=0)}",
        source="Lim 2025, Fig. 5C",
        caption=f"{_example(NAMES['paper'], result.examples[PAPER])} {_example(NAMES['slope'], result.examples[SLOPE])} "
        f"Gray: the bands; triangles: sets; both panels tune the same devices, which differ by {percent(tuning.spread, digits=0)}.",
        alt="Conductance over pulse number for nine targets and two controllers: many small steps down with new sets between them, and three pulses for each.",
        width=FULL,
    )


def _traces(top: Any, main: Any, traces: Traces, width: float, pulses: int) -> None:
    """Both parts of a broken axis: the conductance after sets above, the targets below."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    number = np.arange(1, len(traces.amplitudes) + 1)
    colors = shades(len(traces.target))
    for lane, (target, color) in enumerate(zip(traces.target, colors, strict=True)):
        main.axhspan(target * (1 - width), target * (1 + width), color="#DDDDDD", linewidth=0)
        for axes in (main, top):
            axes.plot(number, traces.conductances[:, lane], color=color, linewidth=0.8, marker=".", markersize=2.2)
        sets = traces.amplitudes[:, lane] > 0
        top.plot(number[sets], traces.conductances[sets, lane], "^", color=color, markersize=3.2)
        marker, _ = ENDS[traces.outcome[lane]]
        main.plot(traces.pulses[lane], traces.conductance[lane], marker, color=color, markersize=4.6, markeredgecolor="white", markeredgewidth=0.5)
    after = traces.conductances[traces.amplitudes > 0]
    top.set_ylim(0.93 * after.min(), 1.07 * after.max())
    main.set_ylim(0, HEADROOM * float(traces.target.max()))
    main.yaxis.set_major_locator(FixedLocator(list(traces.target)))
    main.set_xlabel("pulse")
    for axes in (top, main):
        axes.set_xlim(0.4, pulses + 0.6)
        axes.grid(visible=False)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        engineering_ticks(axes.yaxis, "S")
    top.set_xticklabels([])
    top.spines["bottom"].set_linestyle((0, (2, 2)))
    top.spines["bottom"].set_color(GRAY)
    top.tick_params(bottom=False)


def _legend_of_ends(axes: Any) -> None:
    from matplotlib.lines import Line2D

    marks = [Line2D([], [], color=BLACK, linestyle="", marker=marker, markersize=4.6, label=label) for marker, label in ENDS.values()]
    marks.append(Line2D([], [], color=BLACK, linestyle="", marker="^", markersize=3.2, label="set"))
    axes.legend(handles=marks, loc="lower right", bbox_to_anchor=(1.0, 0.95), ncols=4, columnspacing=1.0, handletextpad=0.3)


def _example(name: str, traces: Traces) -> str:
    """What became of the traces of one controller, in a sentence."""
    reached, count = int(traces.inside.sum()), len(traces.target)
    sets = int(traces.sets.max())
    again = f" (up to {sets} sets among them)" if sets > 1 else ""
    low, high = int(traces.pulses.min()), int(traces.pulses.max())
    pulses = f"{low}" if low == high else f"{low} to {high}"
    slowest = measured(float(traces.time.max()), "s")
    return f"{name[:1].upper()}{name[1:]} brings {reached} of {count} truly inside with {pulses} pulses{again} and at most {slowest}."


def _count(number: int) -> str:
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[number] if number < len(words) else str(number)


def reset_curve(result: TuningResult) -> Drawing:
    """The nominal reset curve, the targets on it, and where descents begin."""
    curve, tuning = result.curve, result.design.tuning
    targets = np.array(tuning.targets)
    voltages = curve.voltage(targets)
    figure, axes = canvas(HALF, 50)
    left, floor = float(curve.amplitude[0]), decades(curve.conductance)
    axes.set_yscale("log")
    axes.hlines(targets, left, voltages, color=GRAY, linewidth=0.5)
    axes.vlines(voltages, floor[0], targets, color=GRAY, linewidth=0.5)
    axes.plot(curve.amplitude, curve.conductance, color=BLACK, label="after one pulse from full set")
    axes.plot(voltages, targets, "o", color=BLUE, markersize=3.4, label="targets")
    axes.set_xlim(left, float(curve.amplitude[-1]))
    axes.set_ylim(floor)
    axes.set_xlabel("magnitude of the reset pulse (V)")
    axes.set_ylabel("conductance through the cell")
    engineering_ticks(axes.yaxis, "S")
    axes.legend(loc="upper right")
    low, high = (int(index) for index in (np.argmin(targets), np.argmax(targets)))
    return Drawing(
        svg=to_svg(figure),
        title="Nominal reset curve of the cell",
        source="",
        caption=f"One pulse of {quantity(tuning.pulse_width, 's')} after a full set leaves {measured(curve.conductance[0], 'S')} to "
        f"{measured(curve.conductance[-1], 'S')}; the targets lie at {volts(voltages[high])} to {volts(voltages[low])}. "
        "This one curve is all that a controller knows of its device before the first read.",
        alt="Conductance on a logarithmic axis falls with the magnitude of the reset pulse; dots mark the targets.",
        width=HALF,
    )


def resolvable(result: TuningResult) -> Drawing:
    """The band that one step of each controller resolves, against the target."""
    curve, tuning = result.curve, result.design.tuning
    conductance = np.linspace(max(0.5 * min(tuning.targets), curve.conductance[-1]), 1.15 * max(tuning.targets), 200)
    coarse, fine = (50.0 * curve.sensitivity(conductance) * step for step in (tuning.step, tuning.resolution))
    wide, narrow = 100 * tuning.band, 100 * tuning.strict_band
    figure, axes = canvas(HALF, 50)
    axes.fill_between(conductance, 0, coarse, color=VERMILLION, alpha=0.12, linewidth=0)
    axes.plot(conductance, coarse, color=VERMILLION, label=f"step {quantity(tuning.step, 'V')}, paper's controller")
    axes.plot(tuning.targets, 100 * result.resolvable, "o", color=VERMILLION, markersize=3.4)
    axes.plot(conductance, fine, color=BLUE, linestyle="-.", label=f"step {quantity(tuning.resolution, 'V')}, ours")
    for edge in (wide, narrow):
        axes.axhline(edge, color=BLACK, linewidth=0.8, linestyle="--")
    axes.text(conductance[4], wide, "wide band", va="bottom")
    axes.text(conductance[-4], narrow, "narrow band", ha="right", va="bottom")
    axes.text(conductance[-4], 0.6 * narrow, f"not resolvable by {quantity(tuning.step, 'V')}", ha="right", va="center", color=VERMILLION)
    axes.set_xlim(0, conductance[-1])
    axes.set_ylim(0, 1.3 * max(wide, float(coarse.max())))
    axes.set_xlabel("target")
    axes.set_ylabel("half-width of the band (%)")
    _target_ticks(axes)
    axes.legend(loc="upper left")
    return Drawing(
        svg=to_svg(figure),
        title="Band that one step of the amplitude resolves",
        source="",
        caption=_resolvable_caption(result),
        alt="Half of the relative change by one step rises with the target; the shaded region below the curve cannot be resolved.",
        width=HALF,
    )


def _resolvable_caption(result: TuningResult) -> str:
    tuning = result.design.tuning
    lost = [int(np.sum(result.resolvable > limit)) for limit in (tuning.strict_band, tuning.band)]
    first, last = result.resolvable[0], result.resolvable[-1]
    return (
        f"Half of the change by {quantity(tuning.step, 'V')}: ±{percent(first, digits=2)} at {quantity(tuning.targets[0], 'S')}, ±{percent(last, digits=2)} at "
        f"{quantity(tuning.targets[-1], 'S')}. A band in the shaded region is not resolvable, it can be stepped over: "
        f"that of {band(tuning.strict_band)} at {lost[0]} of {len(tuning.targets)} targets, that of {band(tuning.band)} at {lost[1]}."
    )


def reached_by_target(result: TuningResult) -> Drawing:
    """Share of seeds that are truly inside, for each target."""
    tuning = result.design.tuning
    targets = np.array(tuning.targets)
    figure, axes = canvas(HALF, 58)
    for index, (name, color, marker, line) in enumerate(SHOWN):
        share, low, high = _shares(result.cases[name])
        shifted = targets * (1 + 0.006 * (index - 2))  # so that bars do not hide each other
        style = {"color": color, "marker": marker, "linestyle": line, "linewidth": 0.9, "elinewidth": 0.6, "markersize": 3.4}
        axes.errorbar(shifted, share, yerr=(share - low, high - share), label=_case_label(name, tuning), **style)
    axes.set_xlabel("target")
    axes.set_ylabel("truly inside (% of the seeds)")
    axes.set_ylim(-2, 104)
    axes.set_xlim(0, None)
    _target_ticks(axes)
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.22), ncols=3, columnspacing=0.8, handlelength=2.0)
    wide, control = _shares(result.cases[PAPER])[0], _shares(result.cases["paper, narrow, none"])[0]
    worst, lost = int(np.argmin(wide)), int(np.argmin(control))
    return Drawing(
        svg=to_svg(figure),
        title=f"Share inside against the target, white noise, {tuning.seeds} seeds each",
        source="",
        caption=f"In the wide band the paper's controller is weakest at {quantity(targets[worst], 'S')}, where it keeps {wide[worst]:.0f} % of the seeds. "
        f"Without any noise its step alone leaves {control[lost]:.0f} % inside of the narrow band at {quantity(targets[lost], 'S')}. Bars: 95 % intervals.",
        alt="Five lines of the share of seeds inside of the band over the target; the share of the paper's controller falls as the target grows.",
        width=HALF,
    )


def _target_ticks(axes: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    engineering_ticks(axes.xaxis, "S")


def _shares(rates: Rates) -> tuple[Array, Array, Array]:
    """Share that reached each target and its 95 % interval (Wilson), all ``(targets,)`` [%]."""
    hits, count = (rates.outcome == list(Outcome).index(Outcome.reached)).sum(axis=0), len(rates.outcome)
    found = [binomtest(int(each), count).proportion_ci(method="wilson") for each in hits]
    share = hits / count
    low, high = (np.array([getattr(each, end) for each in found]) for end in ("low", "high"))
    return 100 * share, 100 * np.minimum(low, share), 100 * np.maximum(high, share)


def _case_label(name: str, tuning: Any) -> str:
    controller, width, noise = name.split(", ")
    width_there = tuning.band if width == "wide" else tuning.strict_band
    return f"{'paper' if controller == 'paper' else 'ours'} {band(width_there)}{', no noise' if noise == 'none' else ''}"


def waiting_bound(result: TuningResult) -> Drawing:
    """Largest share inside of a band against the time that one decision may read, under correlated noise."""
    tuning, rates = result.design.tuning, result.cases[WAITED]
    wide = inside_bound(tuning.band, deviation=tuning.noise, correlation_time=tuning.correlation_time, waiting=result.waiting)
    waited, span = _waiting(result, rates)
    share, (low, high) = rates.share(Outcome.reached), rates.interval(Outcome.reached)
    figure, axes = canvas(HALF, 58)
    axes.semilogx(result.waiting, 100 * wide, color=BLACK, linestyle="--", label=f"bound, band {band(tuning.band)}")
    axes.semilogx(result.waiting, 100 * result.bound, color=BLACK, label=f"bound, band {band(tuning.strict_band)}")
    axes.fill_between(result.waiting, 100 * result.bound, 100, color=ORANGE, alpha=0.15, linewidth=0)
    bars = (np.abs(np.array(span)[:, None] - waited), 100 * np.abs(np.array([[low], [high]]) - share))
    axes.errorbar(waited, 100 * share, xerr=bars[0], yerr=bars[1], color=BLUE, marker="s", markersize=4, linestyle="", label=_case_label(WAITED, tuning))
    axes.axvline(tuning.correlation_time, color=GRAY, linewidth=0.6)
    axes.text(0.03, 0.62, f"forbidden for {band(tuning.strict_band)}", color="#8a5a00", transform=axes.transAxes)
    axes.annotate("correlation time", (tuning.correlation_time, 24), xytext=(-3, 0), textcoords="offset points", color="#5a5a5a", ha="right")
    axes.set_ylim(20, 103)
    axes.set_xlim(result.waiting[0], result.waiting[-1])
    axes.set_xlabel("waiting for the reads of one decision")
    axes.set_ylabel("truly inside of the band (%)")
    engineering_ticks(axes.xaxis, "s", crowded=10.0)
    axes.legend(loc="lower right")
    return Drawing(
        svg=to_svg(figure),
        title=f"What noise correlated over {quantity(tuning.correlation_time, 's')} forbids",
        source="",
        caption=_bound_caption(result, waited, share),
        alt="Two bounds rise with the waiting time from below one half to one; a square marks our controller in the wide band at its bound.",
        width=HALF,
    )


def _waiting(result: TuningResult, rates: Rates) -> tuple[float, tuple[float, float]]:
    """Median time of the reads of one decision [s], and the 5th and 95th percentile; a decision follows each pulse."""
    tuning = result.design.tuning
    waited = rates.time / rates.pulses - (tuning.pulse_width + 2 * tuning.pulse_edge)
    middle, low, high = (float(value) for value in np.percentile(waited, [50, 5, 95]))
    return middle, (low, high)


def _bound_caption(result: TuningResult, waited: float, share: float) -> str:
    tuning, paper = result.design.tuning, result.cases["paper, narrow, correlated"]
    needed = float(np.interp(0.9, result.bound, result.waiting))
    quick, _ = _waiting(result, paper)
    shortest = float(np.interp(waited, result.waiting, result.bound))
    wide, narrow = band(tuning.band), band(tuning.strict_band)
    return (
        f"90 % inside of {narrow} needs {measured(needed, 's')} of reads for each decision. Ours waits {measured(waited, 's')} (median; bar: 5 to 95 %) for "
        f"{percent(share)} within {wide}; that wait gives {percent(shortest)} at most in {narrow}. The paper's decides in {quantity(quick, 's')}: "
        f"{percent(paper.share(Outcome.reached))} inside of {narrow}, {percent(paper.share(Outcome.false_success))} false successes."
    )


def array_errors(result: TuningResult) -> Drawing:
    """Error of every cell of the array over its row, their histogram, and what the loop added to the amplitude."""
    array, tuning = result.array, result.design.tuning
    traces = array.traces
    error, row = 100 * (traces.conductance / traces.target - 1.0), _rows(array)
    figure, panels = canvas(FULL, 66, columns=3, width_ratios=[2.1, 0.7, 1.5])
    shown = panels[0].scatter(row, error, c=1e6 * traces.target, cmap=_few_shades(), s=5, linewidths=0)
    limit = float(np.clip(1.1 * np.max(np.abs(error)), 130 * tuning.band, WIDEST * tuning.band))
    panels[1].hist(error, bins=np.linspace(-limit, limit, 27), orientation="horizontal", color=BLUE)
    for axes in panels[:2]:
        for edge in (-100 * tuning.band, 100 * tuning.band):
            axes.axhline(edge, color=BLACK, linewidth=0.8, linestyle="--")
        axes.set_ylim(-limit, limit)
    panels[1].set_yticklabels([])
    panels[1].set_xlabel("cells")
    panels[0].set_xlim(0, array.shape[0] + 1)
    panels[0].set_xlabel("row")
    panels[0].set_ylabel("true error (%)")
    figure.colorbar(shown, ax=panels[0], label="target (µS)", pad=0.01, aspect=30).outline.set_visible(False)
    trend = _correction(panels[2], result, row)
    for axes, title in zip(panels, (f"a{GAP}error over row", f"b{GAP}histogram", f"c{GAP}what the loop corrected"), strict=True):
        axes.set_title(title)
    return Drawing(
        svg=to_svg(figure),
        title=f"Array of {array.shape[0]} {chr(215)} {array.shape[1]} cells, tuned one after another by our controller",
        source="",
        caption=f"{int(traces.inside.sum())} of {len(error)} cells are truly inside of {band(tuning.band)} (dashed), with a standard deviation of "
        f"{percent(float(error.std()) / 100, digits=2)}. Both lines up to the last row have {quantity(float(array.lanes.wire.max()), 'ohm')}: from the first "
        f"row to the last the final reset {'rises' if trend > 0 else 'falls'} by {measured(abs(trend), 'V')} (line in c); around it, what devices differ by."
        f"{_beyond(error, limit)}",
        alt="Dots of relative error inside of both edges of the band over sixty-four rows, their histogram, and the added amplitude over the wire resistance.",
        width=FULL,
    )


def _few_shades() -> Any:
    """A color map in steps: a smooth one would be printed as pixels."""
    from matplotlib.colors import ListedColormap

    return ListedColormap(shades(STEPS))


def _beyond(error: Array, limit: float) -> str:
    """How many cells lie outside of the picture."""
    outside = int(np.sum(np.abs(error) > limit))
    return f" {outside} more lie outside of the axes." if outside else ""


def _rows(array: TunedArray) -> Array:
    return np.repeat(np.arange(1, array.shape[0] + 1), array.shape[1])


def _correction(axes: Any, result: TuningResult, row: Array) -> float:
    """Last reset beyond the nominal voltage of its target, over the row; gives back its rise from the first to the last row [V]."""
    traces = result.array.traces
    resets = np.where(traces.amplitudes < 0, -traces.amplitudes, np.nan)
    last = np.array([column[np.isfinite(column)][-1] if np.any(np.isfinite(column)) else np.nan for column in resets.T])
    added = last - result.curve.voltage(traces.target)
    good = np.isfinite(added)
    ends = np.array([row.min(), row.max()])
    slope, start = np.polyfit(row[good], added[good], 1) if ends[1] > ends[0] else (0.0, float(np.mean(added[good])))
    axes.plot(row, 1e3 * added, ".", color=GRAY, markersize=2.5)
    axes.plot(ends, 1e3 * (start + slope * ends), color=VERMILLION, label="fitted line")
    axes.set_xlim(0, row.max() + 1)
    axes.set_xlabel("row")
    axes.set_ylabel("last reset beyond the nominal one (mV)")
    axes.legend(loc="upper left")
    return float(slope * (ends[1] - ends[0]))


FIGURES: dict[str, Callable[[TuningResult], Drawing]] = {
    "tuned_targets": tuned_targets,
    "reset_curve": reset_curve,
    "resolvable": resolvable,
    "reached_by_target": reached_by_target,
    "waiting_bound": waiting_bound,
    "array_errors": array_errors,
}


def draw(name: str, result: TuningResult) -> Drawing:
    """One of `FIGURES`."""
    with drawing_style():
        return FIGURES[name](result)
