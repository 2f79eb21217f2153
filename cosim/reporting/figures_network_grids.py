"""Figures over bits, tuning error, read noise and sets of images (Lim 2025, Fig. 9A to 9D).

Lines are the model of many chips; square marks with bars are single chips in the circuit on a part of the images. Numbers of bits keep their color.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.codesign.network.grids import Grid, NoiseGrid
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
    engineering_ticks,
    listing,
    mosaic,
    percent,
    quantity,
    shades,
    to_svg,
)
from cosim.reporting.tables_network import bits_name, claim, mean_gains, noise_costs, points_lost, said, simulated, tuned_error, widest
from cosim.studies.lim2025.inference import InferenceResult
from cosim.studies.lim2025.inference.claims import SETS, loss
from cosim.studies.lim2025.inference.points import Point
from cosim.studies.lim2025.inference.study import ANALOG
from cosim.sweep.yields import clopper_pearson

DODGE = 0.012  # of the width of an axis, between circuit points that stand at the same place
NEAR = 0.75  # of a limit: from there on up to it a value on top of its bar would stand on the line
LIMIT_LOOK = {"color": BLACK, "linewidth": 0.8, "linestyle": "--"}


def bit_looks(bits: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Color, line and mark of each number of bits, few to many; weights without levels last."""
    levels = sorted(each for each in bits if each != ANALOG)
    looks: dict[int, dict[str, Any]] = {
        each: {"color": color, "linestyle": "-", "marker": MARKERS[index % len(MARKERS)], "markersize": 3.2, "linewidth": 1.0}
        for index, (each, color) in enumerate(zip(levels, shades(len(levels)), strict=True))
    }
    return {**looks, ANALOG: {"color": VERMILLION, "linestyle": "--", "marker": "x", "markersize": 3.2, "linewidth": 1.0}}


def _ordered(bits: Sequence[int]) -> list[int]:
    """Few to many, without levels last."""
    return sorted(bits, key=lambda each: (each == ANALOG, each))


def _bar(axes: Any, at: float, right: int, of: int, **look: Any) -> None:
    """One chip in the circuit: its accuracy with the interval of Clopper and Pearson [%]."""
    low, high = clopper_pearson(right, of)
    share = right / of
    style = {"marker": "s", "markersize": 3.6, "elinewidth": 0.8, "capsize": 1.6, "markeredgecolor": "white", "markeredgewidth": 0.4, "zorder": 5, **look}
    axes.errorbar([at], [100 * share], yerr=[[100 * (share - low)], [100 * (high - share)]], linestyle="", **style)


def bits(result: InferenceResult) -> Drawing:
    """Accuracy over the bits of a weight: perceptron, network, circuit."""
    grid, ann = result.grids["target"], result.ann
    shown = _ordered(grid.bits)
    place = {each: float(index) for index, each in enumerate(shown)}
    figure, axes = canvas(HALF, 70)
    for name, found, color, mark, shift in (("perceptron", ann, GREEN, "^", -0.14), ("network, model", grid, BLUE, "o", 0.0)):
        column = found.errors.index(min(found.errors))
        order = [found.bits.index(each) for each in shown]
        mean, half = (100 * values[order, column] for values in (found.mean, found.half_width))
        where = np.arange(len(shown)) + shift
        axes.errorbar(where, mean, yerr=half, color=color, marker=mark, elinewidth=0.8, capsize=1.6, label=f"{name} (mean of {len(found.accuracy)})")
    exact = [each for each in result.points.values() if not each.setting.tuning_error and not each.setting.noise and each.done.any()]
    for each in exact:
        _bar(axes, place[each.setting.bits] + 0.16, *each.right("circuit"), color=VERMILLION)
    right, of = result.check.right("circuit")
    _bar(axes, place[ANALOG] + 0.16, right, of, color=VERMILLION)
    axes.plot([], [], "s", color=VERMILLION, markersize=3.6, label="network of seed 0, circuit")
    axes.set_xticks(range(len(shown)), ["none" if each == ANALOG else f"{each}" for each in shown])
    axes.set_xlabel("bits of a weight (none: no levels)")
    axes.set_ylabel("accuracy (%)")
    axes.set_ylim(axes.get_ylim()[0], 100)
    figure.legend(loc="outside lower center", ncols=2, columnspacing=1.0)
    gains = listing(f"{value:.2f}" for value in mean_gains(result).values())
    images = max((len(each.labels) for each in exact), default=0)
    return Drawing(
        svg=to_svg(figure),
        title="Accuracy over the bits of a weight",
        source="Lim 2025, Fig. 9A",
        caption=f"Bars: 95 % over networks; of the circuit that of a share, from {images} images, at none from all {of}. Weights are scaled before they "
        f"are rounded, by {gains} for {listing(map(str, mean_gains(result)))} bits (mean of the networks), found on the training images; rounding "
        "keeps the mean of each column.",
        alt="Accuracies of perceptron, network and circuit rise with the bits and saturate.",
        width=HALF,
    )


def tuning(result: InferenceResult) -> Drawing:
    """Accuracy over the tuning error, relative to the target and to full scale, and what is lost to it."""
    figure, axes = mosaic(FULL, 112, [["target", "full_scale"], ["target lost", "full_scale lost"]], height_ratios=[1.35, 1.0])
    axes["full_scale"].sharey(axes["target"])
    for name, grid in result.grids.items():
        _tuning_lines(axes[name], axes[f"{name} lost"], grid)
        reach = 100 * max(grid.errors)
        for each in (axes[name], axes[f"{name} lost"]):
            each.set_xlim(-0.03 * reach, 1.09 * reach)
        axes[f"{name} lost"].set_xlabel(f"tuning error (% of {'the target' if name == 'target' else 'full scale'})")
    _tuned_marks(axes["target"], result)
    known = simulated(result, noisy=False)
    _circuit_points(axes["target"], known, [100 * each.setting.tuning_error for each in known], bit_looks(result.grids["target"].bits))
    axes["target"].set_title(f"a{GAP}error relative to the target")
    axes["full_scale"].set_title(f"b{GAP}error relative to full scale")
    for name in result.grids:
        below = axes[f"{name} lost"]
        below.axhline(_notable(), **LIMIT_LOOK)
        for each in (axes[name], below):
            each.xaxis.get_major_locator().set_params(steps=[1, 2, 5, 10])
        below.invert_yaxis()
    axes["target"].plot([], [], label=f"notable: {_notable():g} points", **LIMIT_LOOK)
    axes["target"].set_ylabel("accuracy (%)")
    axes["target lost"].set_ylabel("lost to the error (points)")
    figure.align_ylabels([axes["target"], axes["target lost"]])
    _legend(figure, axes["target"])
    return Drawing(
        svg=to_svg(figure), title="Accuracy over the tuning error", source="Lim 2025, Fig. 9B", caption=_tuning_caption(result), alt=_TUNING_ALT, width=FULL
    )


_TUNING_ALT = "Lines of accuracy over tuning error for each number of bits, two panels; below, the points lost, with a dashed line at a notable loss."


def _notable() -> float:
    """Points from which on a loss counts as notable."""
    from cosim.claims import Interval

    must_be = claim("tuning_10_target").must_be
    assert isinstance(must_be, Interval)
    return must_be.least


def _tuning_lines(upper: Any, lower: Any, grid: Grid) -> None:
    errors, looks = 100 * np.array(grid.errors), bit_looks(grid.bits)
    first = grid.errors.index(min(grid.errors))
    for each in _ordered(grid.bits):
        mean = 100 * grid.mean[grid.bits.index(each)]
        upper.plot(errors, mean, label=bits_name(each), **looks[each])
        lower.plot(errors, mean[first] - mean, **looks[each])


def _tuned_marks(axes: Any, result: InferenceResult) -> None:
    """What the errors of the tuned array give, at their root mean square."""
    grid = result.grids["target"]
    if grid.measured is None:
        return
    looks, at = bit_looks(grid.bits), 100 * tuned_error(result)
    for index, each in enumerate(grid.bits):
        axes.plot(at, 100 * grid.measured.mean[index, 0], "*", color=looks[each]["color"], markersize=7, markeredgecolor="white", markeredgewidth=0.4, zorder=4)
    axes.plot([], [], "*", color=GRAY, markersize=7, label=f"tuned array, rms {at:.1f} %")


def _circuit_points(axes: Any, known: Sequence[Point], at: Sequence[float], looks: Mapping[int, Mapping[str, Any]]) -> None:
    """Chips in the circuit; those at the same place stand beside each other."""
    low, high = axes.get_xlim()
    for point, where in zip(known, at, strict=True):
        beside = [other.setting.bits for other, there in zip(known, at, strict=True) if there == where]
        shift = (sorted(beside).index(point.setting.bits) - 0.5 * (len(beside) - 1)) * 1.6 * DODGE * (high - low)
        _bar(axes, where + shift, *point.right("circuit"), color=looks[point.setting.bits]["color"])
    if known:
        axes.plot([], [], "s", color=GRAY, markersize=3.6, label="circuit")


def _legend(figure: Any, axes: Any) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels) if len(labels) < 6 else -(-len(labels) // 2), columnspacing=1.4)


def _tuning_caption(result: InferenceResult) -> str:
    chosen, grids = result.design.network.chosen_bits, result.grids
    parts = []
    for name, grid in grids.items():
        lost = [
            f"{points_lost(loss(grid, chosen, error) / 100)} at {percent(error, digits=0)}" for error in grid.errors if error in (0.05, 0.1, max(grid.errors))
        ]
        parts.append(f"{'of the target' if name == 'target' else 'of full scale'} {listing(lost)}")
    known = simulated(result, noisy=False)
    done = max((int(each.done.sum()) for each in known), default=0)
    return (
        f"At {bits_name(chosen)} an error costs, in points: {'; '.join(parts)}. Means of {len(grids['target'].accuracy)} networks; 95 % intervals of a mean "
        f"are at most ±{100 * widest(grids['target']):.1f} points (a) and ±{100 * widest(grids['full_scale']):.1f} (b). Stars: errors drawn from the tuned "
        f"array. Squares: single chips in the circuit, {done} images, errors relative to the target; bars 95 %."
    )


def noise(result: InferenceResult) -> Drawing:
    """Accuracy over read noise, of network and perceptron, and over the correlation time of the noise."""
    figure, axes = mosaic(FULL, 74, [["snn", "ann", "curve"]])
    axes["ann"].sharey(axes["snn"])
    for name, grid in (("snn", result.noise), ("ann", result.ann_noise)):
        _noise_lines(axes[name], grid)
    known = simulated(result, noisy=True)
    _circuit_points(axes["snn"], known, [100 * each.setting.noise for each in known], bit_looks(result.noise.bits))
    _correlation(axes["curve"], result)
    axes["snn"].set_ylabel("accuracy (%)")
    axes["snn"].set_title(f"a{GAP}spiking network")
    axes["ann"].set_title(f"b{GAP}perceptron, read once")
    axes["curve"].set_title(f"c{GAP}network, {bits_name(result.curve.bits)}, noise {percent(result.curve.deviation, digits=0)}")
    _legend(figure, axes["snn"])
    chosen, level, costs, mean = result.design.network.chosen_bits, result.design.neuron.noise, noise_costs(result), 100 * result.curve.mean
    lost = (
        f" At {bits_name(chosen)} a noise of {percent(level, digits=0)} costs the network {points_lost(costs[0])} points (correlated over "
        f"{quantity(result.noise.correlation_time, 's')}), the perceptron {points_lost(costs[1])}."
        if costs
        else ""
    )
    return Drawing(
        svg=to_svg(figure),
        title="Accuracy over the read noise of the cells",
        source="Lim 2025, Figs. 9C and S7",
        caption=f"Tuning error {percent(result.noise.tuning_error, digits=0)} of the target throughout.{lost} c: from "
        f"{quantity(result.curve.times[0], 's')} to {quantity(result.curve.times[-1], 's')} the mean changes by {points_lost((mean[-1] - mean[0]) / 100)} "
        f"points; band: 95 %. Intervals of the means in a are at most ±{100 * widest(result.noise):.1f} points. Squares: single chips in the circuit.",
        alt="Lines of accuracy over read noise for each number of bits, in network and perceptron; a curve over the correlation time.",
        width=FULL,
    )


def _noise_lines(axes: Any, grid: NoiseGrid) -> None:
    looks = bit_looks(grid.bits)
    for each in _ordered(grid.bits):
        axes.plot(100 * np.array(grid.deviations), 100 * grid.mean[grid.bits.index(each)], label=bits_name(each), **looks[each])
    reach = 100 * max(grid.deviations)
    axes.set_xlim(-0.08 * reach, 1.12 * reach)
    axes.set_xlabel("read noise of a cell (% of its current)")


def _correlation(axes: Any, result: InferenceResult) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    curve = result.curve
    times, mean, half = np.array(result.curve.times), 100 * curve.mean, 100 * curve.half_width
    axes.semilogx(times, mean, color=BLUE, marker="o", markersize=3.0)
    axes.fill_between(times, mean - half, mean + half, color=BLUE, alpha=0.15, linewidth=0)
    axes.set_xlabel("correlation time of the noise")
    reach = max(2.0, 1.2 * float(np.max(np.abs(mean - mean.mean()) + half)))
    axes.set_ylim(mean.mean() - reach, min(mean.mean() + reach, 100.0))
    engineering_ticks(axes.xaxis, "s")
    axes.xaxis.set_major_locator(LogLocator(base=100.0))
    axes.xaxis.set_minor_locator(NullLocator())


def sparsity(result: InferenceResult) -> Drawing:
    """How many inputs and hidden neurons fire, against the limits of the paper."""
    from matplotlib.ticker import FixedLocator, FuncFormatter

    hidden = result.hidden
    figure, (left, right) = canvas(HALF, 70, columns=2, width_ratios=[1.15, 1.0])
    names = [SETS[name].replace(" ", "\n").replace("-", "-\n") for name in result.sparsity]
    _bars(left, names, {"": list(result.sparsity.values())}, _at_most("sparsity_optdigits"))
    names = [name.replace("-", "-\n", 1) if len(hidden) > 1 else name for name in hidden]
    _bars(
        right,
        names,
        {"for an image": [each.firing for each in hidden.values()], "in a step of 1 ms": [each.steps for each in hidden.values()]},
        _at_most("sparsity_hidden"),
    )
    left.set_ylim(0, 1.35 * max(left.get_ylim()[1], _at_most("sparsity_optdigits")))
    smallest = min((share for each in hidden.values() for share in (each.firing, each.steps) if share > 0), default=0.01)
    right.set_yscale("log")
    right.set_ylim(30 * smallest, 2000)
    right.yaxis.set_major_locator(FixedLocator([0.001, 0.01, 0.1, 1, 10, 100]))
    right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    left.set_title(f"a{GAP}inputs")
    right.set_title(f"b{GAP}hidden layer")
    left.set_ylabel("share that fires (%)")
    for axes in (left, right):
        axes.legend(loc="upper right", handlelength=1.2)
    return Drawing(svg=to_svg(figure), title="How few neurons fire", source="Lim 2025, Fig. 9D", caption=_sparsity_caption(result), alt=_SPARSE_ALT, width=HALF)


_SPARSE_ALT = "Bars of the share of inputs that fire for each set of images, and of hidden neurons for each network, with the limits of the paper as lines."


def _at_most(name: str) -> float:
    """The upper end of what a claim asks for [%]."""
    from cosim.claims import Interval

    must_be = claim(name).must_be
    assert isinstance(must_be, Interval)
    return must_be.most


def _bars(axes: Any, names: Sequence[str], groups: Mapping[str, Sequence[float]], limit: float) -> None:
    """Groups of shares beside each other [%], values on top, or inside of a bar that ends just below the line of the limit."""
    axes.axhline(limit, label=f"paper: {limit:g} %", **LIMIT_LOOK)
    width = 0.72 / len(groups)
    for index, ((label, shares), color) in enumerate(zip(groups.items(), (SKY if len(groups) == 1 else ORANGE, PURPLE), strict=False)):
        where: Array = np.arange(len(names)) + (index - 0.5 * (len(groups) - 1)) * width
        axes.bar(where, 100 * np.array(shares), width=0.92 * width, color=color, label=label or None)
        for at, value in zip(where, 100 * np.array(shares), strict=True):
            below = NEAR * limit < value <= limit
            look = {"xytext": (0, -2 if below else 2), "va": "top" if below else "bottom"}
            axes.annotate(f"{value:.3g}", (at, value), textcoords="offset points", ha="center", **look)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.6, max(len(names), 1) - 0.4)
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False, axis="x")


def _sparsity_caption(result: InferenceResult) -> str:
    limit, hidden = _at_most("sparsity_optdigits"), _at_most("sparsity_hidden")
    above = [SETS[name] for name, share in result.sparsity.items() if 100 * share > limit]
    busy = [name for name, each in result.hidden.items() if 100 * each.firing > hidden]
    return (
        f"Above the paper's {limit:g} %: {said(above)}. Hidden layers whose share of neurons that fire for an image is above {hidden:g} %: {said(busy)}. In "
        "steps (b, logarithmic), a neuron that fires once in 100 steps counts as 1 %."
    )
