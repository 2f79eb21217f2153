"""Figures of the network's chapter (Lim 2025, Figs. 8, 9, S7 and S8): one image, the verdict, error budget, drawn chips, energy.

The circuit keeps its color in all figures; the network it is held against is black.
Not here: what is drawn over bits, tuning error, noise and sets of images (`figures_network_grids`).
"""

from collections.abc import Callable
from math import isqrt
from textwrap import fill
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.codesign.network.check import membranes_of
from cosim.codesign.network.inference import START
from cosim.reporting.figures_network_grids import bits, noise, sparsity, tuning
from cosim.reporting.style import (
    BLACK,
    BLUE,
    FULL,
    GAP,
    GRAY,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    TIMES,
    VERMILLION,
    Drawing,
    canvas,
    drawing_style,
    listing,
    measured,
    mosaic,
    percent,
    pretty,
    quantity,
    to_svg,
)
from cosim.reporting.tables_network import HOWS, TOGETHER, WAYS, how_often, joules, leads, moved_by, points_lost, shape_name, shown_image, within_chips
from cosim.snn.encoding import latency_times
from cosim.snn.network import margins
from cosim.studies.lim2025.inference import InferenceResult

HOW_COLORS = {"model": BLUE, "units": GREEN, "circuit": VERMILLION}
WAY_LOOKS: dict[str, dict[str, Any]] = {
    "absolute": {"color": GRAY, "linestyle": ":", "linewidth": 1.6},
    "baseline": {"color": BLUE, "linestyle": "-"},
    "trimmed_absolute": {"color": ORANGE, "linestyle": "-."},
    "trimmed": {"color": GREEN, "linestyle": "--"},
}
SHOWN = 60e-3  # [s] of the membranes that is drawn
BEYOND = 3e-3  # [s] after the last spike that the raster is drawn to
BINS = 30  # of the histogram of leads
REACH = 8.0  # points of accuracy below the goal that are drawn
LABEL = 62  # characters of a line beside a bar of the budget
LEFT = 0.6  # of an energy axis below its smallest bar


def as_picture(values: Array) -> Array:
    """``(inputs,)`` as rows and columns: a square if the number is one, a line otherwise."""
    side = isqrt(len(values))
    return values.reshape(side, side) if side**2 == len(values) else values[None, :]


def _pixels(axes: Any, values: Array, **look: Any) -> Any:
    """Squares in vector graphics, the first row on top, without an axis."""
    mesh = axes.pcolormesh(as_picture(values)[::-1], edgecolors="face", linewidth=0.2, **look)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)
    return mesh


def image(result: InferenceResult) -> Drawing:
    """One test image: pixels, spikes, membranes of network and circuit, and what is between them."""
    checked, row = result.check, shown_image(result)
    number = int(checked.images[row])
    pixels = result.trained.test.pixels[number]
    times = latency_times(pixels, checked.network.encoding)
    at = checked.circuit.time - START - checked.lag
    model = membranes_of(checked.network, checked.chip, pixels[None], at)[0]
    circuit = checked.bound.scale * checked.circuit.traces[row]
    figure, axes = mosaic(FULL, 84, [["pixels", "raster", "raster"], ["network", "circuit", "apart"]], height_ratios=[0.72, 1.0])
    _pixels(axes["pixels"], pixels, cmap="gray_r", vmin=0, vmax=1)
    _raster(axes["raster"], times)
    first, second = np.argsort(-model.max(axis=0), kind="stable")[:2]
    looks = {int(first): (BLUE, 1.5), int(second): (VERMILLION, 1.1)}
    for name, waves in (("network", model), ("circuit", circuit), ("apart", 100 * (circuit - model) / model.max())):
        for output in sorted(range(waves.shape[1]), key=lambda each: -waves[:, each].max() if name != "apart" else each):
            color, width = looks.get(output, (GRAY, 0.6))
            axes[name].plot(1e3 * at, waves[:, output], color=color, linewidth=width, zorder=3 if output in looks else 2)
        axes[name].set_xlim(0, 1.04e3 * SHOWN)
        axes[name].set_xlabel("time (ms)")
    _winner(axes["network"], at, model)
    _winner(axes["circuit"], at, circuit)
    top = 1.12 * max(model.max(), circuit.max())
    for name in ("network", "circuit"):
        axes[name].set_ylim(-0.02 * top, top)
    axes["network"].set_ylabel("membrane (spikes of full weight)")
    axes["apart"].set_ylabel("of the highest peak (%)")
    titles = {"pixels": f"a{GAP}image {number}, a {int(checked.agreement.labels[row])}", "raster": f"b{GAP}spikes of the inputs", "network": f"c{GAP}network"}
    for name, title in {**titles, "circuit": f"d{GAP}circuit, scaled", "apart": f"e{GAP}circuit minus network"}.items():
        axes[name].set_title(title)
    peaks = checked.circuit.peaks[row]
    found = checked.agreement
    both = found.labels[row] == found.circuit[row] == found.network[row]
    chosen = (
        f"Of the images that {'circuit and network both get right' if both else 'were run'}, the one with the median error (largest deviation of a membrane)."
    )
    late = f" The circuit comes {moved_by(checked.lag)}, which is taken off." if checked.lag else ""
    return Drawing(
        svg=to_svg(figure),
        title=f"From image to class: test image {number}",
        source="Lim 2025, Fig. 8",
        caption=f"{chosen} {int(np.isfinite(times).sum())} of {len(times)} inputs fire. Blue: the highest output, red: the second, dots: their peaks. The "
        f"network's lead is {percent(float(margins(model.max(axis=0)[None])[0]))} of its highest peak, the circuit's "
        f"{percent(float(margins(peaks[None])[0]))}; its membranes peak at {measured(float(np.max(peaks)), 'V')} and are drawn with the one scale of the "
        f"error bound. No membrane is further off than {percent(float(found.waves[row]))}; the median of all images is "
        f"{percent(float(np.nanmedian(found.waves)))}.{late}",
        alt="Pixels of a digit, input spikes over time, membranes of ten outputs in network and circuit with the same order, and their small difference.",
        width=FULL,
    )


def _raster(axes: Any, times: Array) -> None:
    """Number of the input over time."""
    fires = np.flatnonzero(np.isfinite(times))
    axes.plot(1e3 * times[fires], fires, "|", color=BLACK, markersize=4.0, markeredgewidth=1.2)
    axes.set_xlim(0, 1e3 * (float(times[fires].max(initial=0.0)) + BEYOND))
    axes.set_ylim(len(times) + 0.5, -1.5)
    axes.set_xlabel("time (ms)")
    axes.set_ylabel("input")


def _winner(axes: Any, at: Array, waves: Array) -> None:
    """A dot on the peaks of the two highest outputs, and their numbers."""
    order = np.argsort(-waves.max(axis=0), kind="stable")
    for output, color, name, height in ((order[0], BLUE, "highest", 0.97), (order[1], VERMILLION, "second", 0.86)):
        top = int(waves[:, output].argmax())
        axes.plot(1e3 * at[top], waves[top, output], "o", color=color, markersize=4.0, zorder=4)
        words = f"{name}: {output}, {waves[top, output]:.1f}"
        axes.text(0.97, height, words, ha="right", va="top", color=color, weight="bold", transform=axes.transAxes)


def weights(result: InferenceResult) -> Drawing:
    """The conductances of the array, a map for each output."""
    layer = result.check.chip.plus
    conductance = 1e6 * layer.conductance
    outputs = conductance.shape[1]
    figure, axes = canvas(FULL, 23, columns=outputs)
    low, high = 1e6 * layer.window.low, 1e6 * layer.window.high
    for output, panel in enumerate(axes):
        mesh = _pixels(panel, conductance[:, output], cmap="cividis", vmin=low, vmax=high)
        panel.set_title(str(output), loc="center")
    bar = figure.colorbar(mesh, ax=axes, aspect=9, pad=0.012)
    bar.solids.set(rasterized=False, edgecolor="face")
    bar.ax.set_title("µS", fontweight="normal", loc="center")
    bar.outline.set_linewidth(0.5)
    above = layer.conductance > layer.window.low + 0.5 * (layer.window.high - layer.window.low)
    return Drawing(
        svg=to_svg(figure),
        title=f"The weights as conductances: {conductance.shape[0]} {TIMES} {outputs} cells, a map for each digit",
        source="Lim 2025, Fig. 8",
        caption=f"Of {measured(layer.window.low, 'S')} to {measured(layer.window.high, 'S')} that the memristor has. {percent(float(above.mean()), digits=0)} "
        f"of the cells lie in the upper half of that window; the median is {measured(float(np.median(layer.conductance)), 'S')}.",
        alt="Ten maps of eight by eight cells, bright where an input speaks for the digit.",
        width=FULL,
    )


def verdict(result: InferenceResult) -> Drawing:
    """Confusion matrix of the circuit, and the leads of the network with the error bound."""
    figure, (left, right) = canvas(FULL, 78, columns=2, width_ratios=[1.0, 1.2])
    found = result.check.agreement
    done = found.circuit >= 0
    classes = result.check.scores.shape[1]
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (found.labels[done], found.circuit[done]), 1)
    _confusion(left, counts)
    _leads(right, result)
    left.set_title(f"a{GAP}classes of the circuit")
    right.set_title(f"b{GAP}leads of the network")
    wrong = counts - np.diag(np.diag(counts))
    most = np.unravel_index(int(wrong.argmax()), wrong.shape)
    worst = f"most often label {most[0]} is given class {most[1]} ({how_often(int(wrong.max()))})" if wrong.any() else "no image is in a wrong class"
    total = int(found.disagreements.size)
    return Drawing(
        svg=to_svg(figure),
        title=f"The circuit on {int(done.sum())} test images: classes, and how clear they are",
        source="",
        caption=f"a: {int(np.trace(counts))} images lie on the diagonal; {worst}. b: {int((~found.decided).sum())} images lie below the bound of "
        f"{percent(found.bound.error, digits=2)} (dashed) and are undecided; on {total or 'none'} of the others circuit and network "
        f"differ{'; crosses: all images on which they do' if result.check.differing else ''}. Half of the images have a lead of more than "
        f"{percent(float(np.median(leads(result))))}.",
        alt="A matrix with most images on its diagonal; a histogram of leads of which a small part lies below the error bound.",
        width=FULL,
    )


def _confusion(axes: Any, counts: Array) -> None:
    """Rows are labels; shade of a cell by its part of the row."""
    classes = len(counts)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.pcolormesh(np.arange(classes + 1) - 0.5, np.arange(classes + 1) - 0.5, share, cmap="Blues", vmin=0, vmax=1.15, edgecolors="white", linewidth=0.5)
    for label, given in np.argwhere(counts > 0):
        dark = share[label, given] > 0.5
        color, bold = "white" if dark else (BLACK if label == given or share[label, given] > 0.3 else VERMILLION), "bold" if label == given else "normal"
        axes.text(given, label, str(counts[label, given]), ha="center", va="center", color=color, weight=bold)
    axes.set_xticks(range(classes))
    axes.set_yticks(range(classes))
    axes.set_ylim(classes - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.set_xlabel("class of the circuit")
    axes.set_ylabel("label")


def _leads(axes: Any, result: InferenceResult) -> None:
    """Histogram of leads, in bins that end at the bound; crosses where the classes differ."""
    found, above = result.check.agreement, 100 * leads(result)
    bound = 100 * found.bound.error
    width = max(float(above.max()), bound) / BINS
    edges = bound + width * np.arange(-np.ceil(bound / width), BINS + 1)
    parts = [above[found.decided], above[~found.decided]]
    axes.hist(parts, bins=edges, stacked=True, color=[SKY, ORANGE], edgecolor="white", linewidth=0.4, label=["decided", "undecided"])
    axes.axvline(bound, color=BLACK, linewidth=0.9, linestyle="--", label=f"bound {bound:.2f} %")
    rows = result.check.differing
    height = axes.get_ylim()[1]
    for held, color in ((True, VERMILLION), (False, BLACK)):
        some = [100 * each.margin for each in rows if each.decided == held]
        if some:
            label = f"classes differ, {'decided' if held else 'undecided'}: {len(some)}"
            axes.plot(some, np.full(len(some), 0.04 * height), "X", color=color, markersize=5, markeredgecolor="white", markeredgewidth=0.5, label=label)
    axes.set_xlim(0, max(float(above.max()), bound) + width)
    axes.set_xlabel("lead of the best output over the second (% of the best)")
    axes.set_ylabel("images")
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="upper right")


def budget(result: InferenceResult) -> Drawing:
    """Points that each source costs, with its interval."""
    from matplotlib.patches import Patch

    rows = result.budget
    labels = [fill(f"{each.source}, {pretty(each.setting)}".replace(" °", "\N{NO-BREAK SPACE}°"), LABEL, break_on_hyphens=False) for each in rows]
    heights = np.array([1.0 + 0.5 * each.count("\n") for each in labels])
    figure, axes = canvas(FULL, 12 + 5.6 * heights.sum())
    place = 0.5 * heights - np.cumsum(heights)
    values = np.array([[100 * each.loss, 100 * each.low, 100 * each.high] for each in rows])
    colors = [HOW_COLORS[each.how] for each in rows]
    axes.barh(place, values[:, 0], color=colors, height=0.6, alpha=0.75)
    for at, (value, low, high) in zip(place, values, strict=True):
        axes.plot([low, high], [at, at], color=BLACK, linewidth=0.9)
        axes.plot([low, high], [at, at], "|", color=BLACK, markersize=5)
        axes.annotate(points_lost(value / 100, digits=2), (max(high, value, 0.0), at), xytext=(4, 0), textcoords="offset points", va="center")
    axes.axvline(0, color=BLACK, linewidth=0.7)
    axes.set_yticks(place, labels)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("accuracy lost (points), 95 % interval")
    low, high = axes.get_xlim()
    axes.set_xlim(low, high + 0.07 * (high - low))
    used = [how for how in HOWS if any(each.how == how for each in rows)]
    figure.legend(handles=[Patch(color=HOW_COLORS[how], alpha=0.75, label=HOWS[how]) for how in used], loc="outside upper right", ncols=len(used))
    worst = max((each for each in rows if each.source != TOGETHER), key=lambda each: each.loss)
    clear = [each.source if each.source == TOGETHER else f"{each.source} ({each.setting})" for each in rows if each.low > 0]
    return Drawing(
        svg=to_svg(figure),
        title="Error budget: what each source costs",
        source="",
        caption=f"The largest single loss, {points_lost(worst.loss, digits=2)} points, comes from {worst.source}. "
        f"{f'The interval lies above 0 for {listing(clear)}.' if clear else 'No interval lies above 0.'} Few images in the circuit make wide intervals.",
        alt="Horizontal bars of the points lost to each source of error, with intervals; the color says how it was measured.",
        width=FULL,
    )


def chips(result: InferenceResult) -> Drawing:
    """Accuracy of drawn chips for each way to read them, and how far their units lie apart."""
    figure, (left, right) = canvas(FULL, 66, columns=2, width_ratios=[1.2, 1.0])
    goal = 100 * result.chips.goal
    for way, found in result.chips.accuracies.items():
        left.step(*_cumulative(100 * found), where="post", label=WAYS[way], **WAY_LOOKS[way])
    edge, values = goal - REACH, 100 * np.concatenate(list(result.chips.accuracies.values()))
    beyond = int(np.sum(values < edge))
    if beyond:
        left.set_xlim(edge, float(values.max()) + 1.0)
    left.axvline(goal, color=BLACK, linewidth=0.9, label=f"goal {goal:.1f} %")
    left.set_ylim(0, 102)
    left.set_xlabel("accuracy of a chip (%)")
    left.set_ylabel("chips up to this accuracy (%)")
    left.set_title(f"a{GAP}{len(result.drawn)} chips, weights exact")
    left.legend(loc="upper center", bbox_to_anchor=(0.46, -0.2), ncols=2, columnspacing=1.2)
    _spreads(right, result)
    right.set_title(f"b{GAP}their {result.drawn.gains.size} units")
    best = max(result.chips.accuracies, key=result.chips.share)
    return Drawing(
        svg=to_svg(figure),
        title=f"Chips with mismatch, A_VT {1e9 * result.design.neuron.a_vt:g} mV µm: accuracy by how membranes are compared",
        source="",
        caption=f"a: a curve that has not risen left of the goal has good chips only. {WAYS[best].capitalize()}, "
        f"{percent(result.chips.share(best), digits=0)} of the chips reach the goal. {f'{beyond} accuracies lie left of the axis. ' if beyond else ''}b: "
        "deviations of peak and decay over their mean, of the baseline over the mean peak.",
        alt="Cumulative distributions of the accuracy of chips for several ways to read, with the goal as a line; those of the deviations of units.",
        width=FULL,
    )


def _cumulative(values: Array) -> tuple[Array, Array]:
    """Corners of the cumulative distribution of values [%], steps after them."""
    ordered = np.sort(values.ravel())
    return np.append(ordered[0], ordered), 100 * np.arange(ordered.size + 1) / ordered.size


def _spreads(axes: Any, result: InferenceResult) -> None:
    gains, decays, baselines = result.drawn.gains, result.drawn.decays, result.drawn.baselines
    parts = (("peak", gains, gains, BLUE, "-"), ("decay", decays, decays, VERMILLION, "--"), ("baseline", baselines, gains, BLACK, ":"))
    for name, values, over, color, line in parts:
        scale = float(over.mean())
        label = f"{name}: sd {percent(float(values.std(ddof=1)) / scale, digits=2)}, in a chip {percent(within_chips(values) / scale, digits=2)}"
        axes.step(*_cumulative(100 * (values - values.mean()) / scale), where="post", color=color, linestyle=line, label=label)
    axes.set_ylim(0, 102)
    axes.set_xlabel("deviation from the mean (%)")
    axes.set_ylabel("units up to this deviation (%)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2))


def energy(result: InferenceResult) -> Drawing:
    """Where the energy of an inference goes, on a logarithmic axis."""
    from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

    found = result.efficiency
    figure, panels = canvas(FULL, 50, columns=len(found), sharey=True, squeeze=False)
    names = ("cells", "word lines", "units, spikes", "units at rest, decision", "units at rest, window")
    colors = (BLUE, SKY, GREEN, ORANGE, PURPLE)
    for letter, each, axes in zip("abcdefgh", found, panels[0], strict=False):
        values = np.array([each.array, each.word_lines, each.spiking, each.resting * each.decision, each.resting * each.window])
        start = LEFT * 10 ** np.floor(np.log10(values.min()))
        place = np.arange(len(values))[::-1]
        axes.set_xscale("log")
        axes.barh(place, values - start, left=start, color=colors, height=0.62)
        for at, value in zip(place, values, strict=True):
            axes.annotate(joules(value), (value, at), xytext=(3, 0), textcoords="offset points", va="center")
        axes.set_xlim(start, 40 * values.max())
        axes.xaxis.set_major_locator(LogLocator(base=1000.0))
        axes.xaxis.set_minor_locator(LogLocator(base=10.0, numticks=20))
        axes.xaxis.set_major_formatter(EngFormatter(unit="J", sep="\N{NO-BREAK SPACE}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_yticks(place, names)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("energy of an inference")
        axes.set_title(f"{letter}{GAP}{shape_name(each)}{', pairs' if each.pairs else ''}")
    first = found[0]
    rest = first.resting * first.window / first.energy("all, window")
    return Drawing(
        svg=to_svg(figure),
        title="Where the energy of one inference goes",
        source="Lim 2025, Fig. S8",
        caption=f"Logarithmic axes. In {shape_name(first)} units at rest take {percent(rest, digits=0)} of the energy of a window of "
        f"{quantity(first.window, 's')}, the cells {percent(first.array / first.energy('all, window'), digits=3)}. Decision: units powered for "
        f"{quantity(first.decision, 's')} only; one of the two bars of the units at rest counts.",
        alt="Bars of the energy of cells, word lines, units with spikes and units at rest for each network; units at rest dominate by orders of magnitude.",
        width=FULL,
    )


FIGURES: dict[str, Callable[[InferenceResult], Drawing]] = {
    "image": image,
    "weights": weights,
    "verdict": verdict,
    "bits": bits,
    "tuning": tuning,
    "noise": noise,
    "sparsity": sparsity,
    "budget": budget,
    "chips": chips,
    "energy": energy,
}


def draw(name: str, result: InferenceResult) -> Drawing:
    """One of `FIGURES`."""
    with drawing_style():
        return FIGURES[name](result)
