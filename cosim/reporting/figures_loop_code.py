"""Figures of the loop: levels that were designed for the channel, what they keep of the accuracy, and networks that were trained for the errors."""

from typing import Any

import numpy as np

from cosim._types import Array
from cosim.codesign.network.levels import Kind
from cosim.reporting.figures import NotDrawn
from cosim.reporting.loop import LoopFindings
from cosim.reporting.style import BLACK, BLUE, FULL, GAP, GRAY, GREEN, ORANGE, VERMILLION, Drawing, canvas, listing, percent, to_svg
from cosim.reporting.tables_loop import AUDITED, KINDS, WAYS, interval_of_mean, signed_points
from cosim.studies.loop.levels import LevelsResult
from cosim.studies.loop.training import TrainingResult

BINS = 50  # of the histogram of the weights
KIND_LOOKS: dict[Kind, dict[str, Any]] = {
    "uniform": {"color": VERMILLION, "marker": "s"},
    "searched": {"color": ORANGE, "marker": "^"},
    "designed": {"color": BLUE, "marker": "o"},
}
WAY_LOOKS: dict[str, dict[str, Any]] = {
    "plain": {"color": VERMILLION, "marker": "s"},
    "longer": {"color": GRAY, "marker": "D"},
    "aware": {"color": ORANGE, "marker": "^"},
    "staged": {"color": BLUE, "marker": "o"},
}
PLACES = {"plain": "as\ntrained", "longer": "longer\n(control)", "aware": "through\nchannel", "staged": "in stages,\nread back"}


def levels(result: LevelsResult, weights: Array | None) -> Drawing:
    """Levels and thresholds of both kinds, over the weights that they are to stand for.

    Args:
        result: of the study.
        weights: ``(cells,)`` trained weights 0..1; None leaves their histograms out.
    """
    low, high = 1e6 * result.design.loop.low, 1e6 * result.design.loop.high
    figure, panels = canvas(FULL, 20 * len(result.rows) + 14, rows=len(result.rows), columns=2, sharex=True, squeeze=False)
    for line, row in zip(panels, result.rows, strict=True):
        for axes, kind in zip(line, AUDITED, strict=True):
            made = getattr(row, kind)
            if weights is not None:
                shown = low + np.minimum(made.gain * weights, 1.0) * (high - low)
                axes.hist(shown, bins=np.linspace(low, high, BINS), histtype="stepfilled", color="#C9C9C9", zorder=1)
                axes.set_yscale("log")
            for number, place in enumerate(made.levels):
                axes.axvline(1e6 * place, color=KIND_LOOKS[kind]["color"], linewidth=1.3, label="level" if number == 0 else None)
            for number, place in enumerate(made.thresholds):
                axes.axvline(1e6 * place, color=BLACK, linewidth=0.6, linestyle=":", label="threshold" if number == 0 else None)
            axes.set_title(f"{made.bits:g} bit{'s' if made.bits != 1 else ''}, {kind}, gain {made.gain:.3g}")
            axes.set_xlim(low - 0.015 * (high - low), high + 0.015 * (high - low))
            axes.grid(visible=False)
        line[0].set_ylabel("cells")
    for axes in panels[-1]:
        axes.set_xlabel("target (µS)")
    panels[0, 0].legend(loc="upper right", ncols=2)
    widest = result.rows[-1]
    return Drawing(
        svg=to_svg(figure),
        title="Levels and thresholds",
        source="",
        caption="Gray: the trained weights behind the gain of each design, their number on a logarithmic axis. Uniform levels spread over the whole window "
        f"(searched ones, the control, too, behind another gain); designed ones stand where the channel and the training images want them. With "
        f"{widest.bits:g} bits the cross-entropy of the training images is {widest.designed.loss:.3f} nat, with uniform levels {widest.uniform.loss:.3f}.",
        alt="Pairs of panels, one pair a number of bits: evenly spaced lines on the left, lines that crowd at low conductance on the right.",
        width=FULL,
    )


def level_accuracies(result: LevelsResult) -> Drawing:
    """Accuracy over the number of bits, and the difference of both kinds in pairs of arrays."""
    figure, (each, apart) = canvas(FULL, 60, columns=2)
    bits = np.array([row.bits for row in result.rows], dtype=float)
    for kind, shift in zip(KINDS, (-0.08, 0.0, 0.08), strict=True):
        values = 100 * np.stack([row.accuracy[kind] for row in result.rows])
        for place, points in zip(bits, values, strict=True):
            each.plot(np.full(len(points), place + shift), points, linestyle="", markersize=2.2, alpha=0.45, **KIND_LOOKS[kind])
        each.plot(bits + shift, values.mean(axis=1), markersize=5, label=f"{kind} levels", **KIND_LOOKS[kind])
    each.axhline(100 * result.analog, color=GREEN, linestyle="--", label="without levels and errors")
    each.set_ylabel("test images classed right (%)")
    each.legend(loc="lower right")
    means, ends = np.array([row.gain for row in result.rows]), np.array([row.interval for row in result.rows])
    over = "networks" if result.rows[0].networks > 1 else "arrays"
    alone = means - np.array([np.mean(row.over_searched) for row in result.rows])
    apart.errorbar(bits, means, yerr=np.abs(ends.T - means), fmt="o", color=BLUE, capsize=3, label=f"designed, 95 % over {over}")
    apart.plot(bits + 0.14, alone, linestyle="", label="searched: by the gain alone", **KIND_LOOKS["searched"])
    apart.legend(loc="upper right")
    apart.set_ylim(apart.get_ylim()[0], apart.get_ylim()[1] + 0.25 * np.ptp(apart.get_ylim()))
    apart.axhline(0.0, color=BLACK, linewidth=0.7)
    apart.set_ylabel("less uniform levels (points)")
    for axes in (each, apart):
        axes.set_xticks(bits, [f"{value:g}" for value in bits])
        axes.set_xlim(bits[0] - 0.5, bits[-1] + 0.5)
        axes.set_xlabel("bits of a weight")
    each.set_title(f"a{GAP}arrays that were tuned to the levels")
    apart.set_title(f"b{GAP}difference to uniform levels, same devices")
    draws = len(result.rows[0].accuracy[KINDS[0]])
    shown = listing(f"{signed_points(mean)} points at {value:g} bit{'s' if value != 1 else ''}" for value, mean in zip(bits, means, strict=True))
    return Drawing(
        svg=to_svg(figure),
        title="What the levels keep of the accuracy",
        source="",
        caption=f"{draws} arrays a kind and number of bits, as many of each network, tuned by the twin, all test images in the model. "
        f"Mean difference of designed and uniform levels: {shown}. Searched levels are uniform ones behind a gain found as that of designed levels is: what "
        "they bring comes from the gain alone.",
        alt="Accuracy over the number of bits for three kinds, marks for each array; beside it the mean differences at each number of bits with intervals.",
        width=FULL,
    )


def training(result: TrainingResult) -> Drawing:
    """Accuracy of each chip for each way of training."""
    figure, (chips, means) = canvas(FULL, 64, columns=2, width_ratios=[1.3, 1.0])
    number = np.arange(1, len(result.plain) + 1)
    for way in WAYS:
        chips.plot(number, 100 * getattr(result, way), linestyle="", label=PLACES[way].replace("\n", " "), **WAY_LOOKS[way])
    for axes in (chips, means):
        axes.axhline(100 * result.clean, color=GREEN, linestyle="--", label="without errors")
    half = 0.5 * (result.clean + float(np.mean(result.plain)))
    means.axhline(100 * half, color=GRAY, linestyle=":", label="half of the loss")
    for place, way in enumerate(WAYS):
        values = 100 * np.asarray(getattr(result, way))
        low, high = interval_of_mean(values)
        mean = float(values.mean())
        means.errorbar([place], [mean], yerr=[[mean - low], [high - mean]], capsize=3, linestyle="", **WAY_LOOKS[way])
    means.set_xticks(range(len(WAYS)), list(PLACES.values()))
    means.set_xlim(-0.6, len(WAYS) - 0.4)
    chips.xaxis.get_major_locator().set_params(integer=True)
    chips.set_xlabel("chip")
    chips.set_xlim(0.2, number[-1] + 0.8)
    for axes in (chips, means):
        axes.set_ylabel("test images classed right (%)")
    bottom, top = chips.get_ylim()
    chips.set_ylim(bottom - 0.36 * (top - bottom), top)
    chips.legend(loc="lower left", ncols=3, columnspacing=0.8, handletextpad=0.3)
    bottom, top = means.get_ylim()
    means.set_ylim(bottom - 0.35 * (top - bottom), top)
    means.legend(loc="lower right")
    chips.set_title(f"a{GAP}each chip")
    means.set_title(f"b{GAP}mean, 95 % interval")
    return Drawing(
        svg=to_svg(figure),
        title=f"Networks written by one pulse a cell, with an error of {percent(result.error)}",
        source="",
        caption=f"{len(number)} chips, each of devices of its own, the same for all ways. Longer: trained on for as many epochs as through the "
        f"channel, but without it. Without errors {percent(result.clean)} of the test images are classed right.",
        alt="Four rows of marks over the chips, one a way of training, under a dashed line; beside them their means with intervals.",
        width=FULL,
    )


def draw(name: str, found: LoopFindings) -> Drawing | NotDrawn:
    """A figure of levels or training by its name."""
    if name in ("levels", "level_accuracies"):
        if found.levels is None:
            return NotDrawn(name, found.why_not("levels"))
        if name == "level_accuracies":
            return level_accuracies(found.levels)
        tuned, window = found.tuned, found.design.loop
        weights = (tuned.chip.target.ravel() - window.low) / (window.high - window.low) if tuned else None
        return levels(found.levels, weights)
    return training(found.training) if found.training is not None else NotDrawn(name, found.why_not("training"))
