"""Figures of codes for a Gaussian sample in one device (Zarcone 2020, Figs. 6 and 7), and how far each is from what is possible.

All of them need a channel only; the paper's value, and reads that the design has not seen, come with the study on the measurements.
Not here: the channel and its capacity (`figures_storage`).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.reporting.figures_storage import density_name, dress, room, thinned
from cosim.reporting.style import BLACK, BLUE, FULL, GAP, GRAY, GREEN, HALF, ORANGE, VERMILLION, Drawing, canvas, drawing_style, mosaic, percent, shades, to_svg
from cosim.reporting.tables_storage import SCALAR, amount, bits, decibels, paper, signed, source_of, widths
from cosim.studies.zarcone2020.pcm.study import PcmResult
from cosim.studies.zarcone2020.storing import Code, Stored

SCALAR_COLOR, SMOOTH_COLOR, OPTIMUM_COLOR, READ_COLOR = BLUE, VERMILLION, BLACK, GREEN
SMOOTH_LABELS = {"surrogate": "Gaussians, moments", "exact": "Gaussians, exact"}
SAMPLE = "sample (deviations of the source)"
REACH = 3.5  # of the axes of samples, in deviations
RARE = 1e-6  # of the reads: the decoder is not drawn at bins that are read less often
BINS = 70  # of a histogram of samples
WIDE = 60  # characters of a line of an axis label
SHADES = 7  # of a map of samples
FEWEST = 20  # samples that an error is taken of
MARGINS = 3.4  # how much wider a curve is than the law beside it


def scalar_code(stored: Stored, study: PcmResult | None = None) -> Drawing:
    """Encoder and decoder of the scalar code, and the laws of all four quantities."""
    code = stored.scalar
    steps = int(np.count_nonzero(np.diff(code.written)))
    return Drawing(
        svg=_chain(stored, code, SCALAR_COLOR, stepped=True),
        title=f"The scalar code: {decibels(code.snr)}",
        source=source_of(study, "Fig. 6a, c"),
        caption=f"The encoder has {steps + 1} steps between {signed(float(code.samples[0]), 0)} and {signed(float(code.samples[-1]), 0)} deviations and writes "
        f"{code.levels} of {len(code.distribution)} inputs. {_chain_words(stored, code)}",
        alt="A staircase from samples to inputs with the bell curve of the source above and the uneven law of the inputs beside it; a smooth decoder with "
        "the law of the reads above and that of the recalled samples beside it.",
        width=FULL,
    )


def smooth_code(stored: Stored, study: PcmResult | None = None) -> Drawing:
    """The same for sums of Gaussians."""
    code = stored.smooth["exact"]
    return Drawing(
        svg=_chain(stored, code, SMOOTH_COLOR, stepped=False),
        title=f"Sums of Gaussians as encoder and decoder: {decibels(code.snr)}",
        source=source_of(study, "Fig. 6a, c"),
        caption=f"Trained on the channel itself. {_chain_words(stored, code)} With the best decoder in the place of the smooth one this encoder reaches "
        f"{decibels(code.best_decoder_snr)}.",
        alt="A smooth curve from samples to inputs with the bell curve of the source above and the law of the inputs beside it; a smooth decoder with the "
        "law of the reads above and that of the recalled samples beside it.",
        width=FULL,
    )


def _chain_words(stored: Stored, code: Code) -> str:
    """Which input is written most, and what the reads tell of it."""
    channel, top = stored.matrix, int(np.argmax(code.distribution))
    return (
        f"{amount(float(channel.inputs[top]), channel.written)} is written most, in {percent(float(code.distribution[top]))} of all cases. "
        f"The reads carry {bits(code.information)} of what is written; the capacity is {bits(stored.capacity.bits)}."
    )


def _chain(stored: Stored, code: Code, color: str, *, stepped: bool) -> bytes:
    """Source, encoder, channel and decoder: curves with the law of each quantity at their sides."""
    figure, axes = mosaic(
        FULL,
        88,
        [["source", ".", "reads", "."], ["encoder", "writes", "decoder", "recalled"]],
        height_ratios=[1.0, MARGINS],
        width_ratios=[MARGINS, 1.0, MARGINS, 1.0],
    )
    channel = stored.matrix
    reads = code.distribution @ channel.matrix
    place = np.linspace(-REACH, REACH, 201)
    axes["source"].fill_between(place, _bell(place), color=GRAY, alpha=0.35, linewidth=0.0)
    points = _corners(code) if stepped else thinned(code.samples)
    axes["encoder"].plot(code.samples[points], code.written[points], color=color)
    share = 100.0 * code.distribution
    axes["writes"].hlines(channel.inputs[share > 0.0], 0.0, share[share > 0.0], color=color, linewidth=_stem(len(channel.inputs)))
    shown = thinned(channel.centers)
    axes["reads"].fill_between(channel.centers[shown], (reads / widths(channel))[shown], color=READ_COLOR, alpha=0.5, linewidth=0.0)
    decoded = np.where(reads > RARE, code.decoded, np.nan)
    axes["decoder"].plot(channel.centers[shown], decoded[shown], color=READ_COLOR)
    edges = np.linspace(-REACH, REACH, BINS + 1)
    axes["recalled"].stairs(recalled_law(stored, code, edges), edges, orientation="horizontal", fill=True, color=color, alpha=0.6)
    axes["recalled"].plot(_bell(place), place, color=BLACK, linestyle="--", linewidth=0.8)
    _dress_chain(axes, stored)
    return to_svg(figure)


def _dress_chain(axes: dict[str, Any], stored: Stored) -> None:
    """Limits and names of the panels of a chain."""
    channel = stored.matrix
    for name, which in (("encoder", "x"), ("source", "x"), ("decoder", "y"), ("recalled", "y")):
        getattr(axes[name], f"set_{which}lim")(-REACH, REACH)
    for name in ("encoder", "writes"):
        axes[name].set_ylim(*room(channel.written))
        dress(axes[name], "y", channel.written, label=WIDE)
    for name in ("decoder", "reads"):
        axes[name].set_xlim(*room(channel.read))
        dress(axes[name], "x", channel.read, label=WIDE)
    axes["encoder"].set_xlabel(f"stored {SAMPLE}")
    axes["decoder"].set_ylabel(f"recalled {SAMPLE}")
    axes["writes"].set_xlabel("written (%)")
    axes["recalled"].set_xlabel("density")
    axes["source"].set_ylabel("density")
    axes["reads"].set_ylabel(density_name(channel.read).replace(" ", "\n"))
    for name, hidden in (("source", "x"), ("reads", "x"), ("writes", "y"), ("recalled", "y")):
        getattr(axes[name], f"set_{hidden}label")("")
        axes[name].tick_params(**{"labelbottom" if hidden == "x" else "labelleft": False})
    for name in ("source", "reads"):
        axes[name].set_ylim(0.0, None)
    for name in ("writes", "recalled"):
        axes[name].set_xlim(0.0, None)
    for name, title in (("source", f"a{GAP}encoder: sample to input"), ("reads", f"b{GAP}decoder: read to sample")):
        axes[name].set_title(title)


def _stem(count: int) -> float:
    """Width of a line for each of so many inputs [pt]."""
    return 1.2 if count > 60 else 2.4


def _bell(place: Array) -> Array:
    """Density of the source."""
    return np.exp(-0.5 * place**2) / np.sqrt(2.0 * np.pi)


def _corners(code: Code) -> Array:
    """Indices of the samples at both sides of each step, and of both ends."""
    before = np.flatnonzero(np.diff(code.written))
    return np.unique(np.concatenate([[0], before, before + 1, [len(code.samples) - 1]]))


def recalled_law(stored: Stored, code: Code, edges: Array) -> Array:
    """Density of the recalled samples between edges, exact: what each read is taken for, as often as it is read."""
    reads = code.distribution @ stored.matrix.matrix
    return np.histogram(code.decoded, bins=edges, weights=reads)[0] / np.diff(edges)


def distributions(stored: Stored, study: PcmResult | None = None) -> Drawing:
    """How often each input is written, by both codes and by the optimum, and what is recalled."""
    channel, smooth = stored.matrix, stored.smooth["exact"]
    shown = {
        "capacity": ("reaches the capacity", stored.capacity.distribution, OPTIMUM_COLOR),
        "scalar": (SCALAR, stored.scalar.distribution, SCALAR_COLOR),
        "smooth": ("sums of Gaussians", smooth.distribution, SMOOTH_COLOR),
    }
    figure, axes = mosaic(FULL, 84, [["capacity", "recalled"], ["scalar", "recalled"], ["smooth", "recalled"]], width_ratios=[1.35, 1.0])
    highest = max(float(law.max()) for _, law, _ in shown.values())
    for name, (label, law, color) in shown.items():
        used = law > 0.0
        axes[name].vlines(channel.inputs[used], 0.0, 100.0 * law[used], color=color, linewidth=_stem(len(channel.inputs)))
        axes[name].set_xlim(*room(channel.written))
        axes[name].set_ylim(0.0, 106.0 * highest)
        axes[name].set_title(label, loc="right", fontweight="normal", fontsize=7.0, color=color, pad=2.0)
        dress(axes[name], "x", channel.written, label=WIDE)
        if name != "smooth":
            axes[name].tick_params(labelbottom=False)
            axes[name].set_xlabel("")
    axes["scalar"].set_ylabel("written (%)")
    place, edges = np.linspace(-REACH, REACH, 201), np.linspace(-REACH, REACH, BINS + 1)
    axes["recalled"].fill_between(place, _bell(place), color=GRAY, alpha=0.3, linewidth=0.0, label="source")
    for code, label, color in ((stored.scalar, SCALAR, SCALAR_COLOR), (smooth, "sums of Gaussians", SMOOTH_COLOR)):
        axes["recalled"].stairs(recalled_law(stored, code, edges), edges, color=color, linewidth=1.0, label=label)
    axes["recalled"].set_xlim(-REACH, REACH)
    axes["recalled"].set_ylim(0.0, None)
    axes["recalled"].set_xlabel(f"recalled {SAMPLE}")
    axes["recalled"].set_ylabel("density")
    axes["recalled"].legend(loc="upper right")
    axes["capacity"].set_title(f"a{GAP}what is written")
    axes["recalled"].set_title(f"b{GAP}what is recalled")
    return Drawing(
        svg=to_svg(figure),
        title="What the codes write and recall",
        source=source_of(study, "Fig. 7"),
        caption=_distributions_caption(stored),
        alt="Three rows of stems over the inputs, for the optimum and for two codes; outlines of the recalled samples of both codes over the bell curve of "
        "the source.",
        width=FULL,
    )


def _distributions_caption(stored: Stored) -> str:
    smooth = stored.smooth["exact"]
    spread = {name: float(np.sqrt(_power(stored, code))) for name, code in ((SCALAR, stored.scalar), ("sums of Gaussians", smooth))}
    recalled = " and ".join(f"{signed(value, 2)} ({name})" for name, value in spread.items())
    return (
        f"a: the optimum carries {bits(stored.capacity.bits)}, the scalar code {bits(stored.scalar.information)}, sums of Gaussians "
        f"{bits(smooth.information)}; "
        f"the smooth encoder passes through all inputs between two that it prefers. b: exact laws. The recalled samples have a root mean square of {recalled} "
        "where the source has 1: a best guess is narrower."
    )


def _power(stored: Stored, code: Code) -> float:
    """Mean square of the recalled samples."""
    return float((code.distribution @ stored.matrix.matrix) @ code.decoded**2)


def recalled(stored: Stored, study: PcmResult | None = None) -> Drawing:
    """Recalled against stored samples, and the error over the sample."""
    figure, axes = canvas(FULL, 68, columns=3, width_ratios=[1.0, 1.0, 1.15])
    edges = np.linspace(-REACH, REACH, BINS + 1)
    both = ((stored.recalled, SCALAR, SCALAR_COLOR), (stored.recalled_smooth, "sums of Gaussians", SMOOTH_COLOR))
    counts = [np.histogram2d(stored.samples, back, bins=edges)[0] for back, _, _ in both]
    limits = _count_limits(max(float(each.max()) for each in counts))
    for panel, count, (_, label, _), letter in zip(axes[:2], counts, both, "ab", strict=True):
        areas = _cells(panel, edges, count, limits)
        panel.plot([-REACH, REACH], [-REACH, REACH], color=BLACK, linestyle="--", linewidth=0.8)
        panel.set_xlim(-REACH, REACH)
        panel.set_ylim(-REACH, REACH)
        panel.set_xticks(range(-3, 4))
        panel.set_xlabel("stored sample")
        panel.set_title(f"{letter}{GAP}{label}")
    axes[0].set_ylabel("recalled sample")
    bar = figure.colorbar(areas, ax=axes[1], pad=0.02, aspect=24, ticks=limits[:-1])
    bar.solids.set(rasterized=False, edgecolor="face")
    bar.ax.set_yticklabels([f"{each:g}" for each in limits[:-1]])
    bar.set_label("samples in a cell", labelpad=3.0)
    bar.outline.set_linewidth(0.5)
    for back, label, color in both:
        middle, error = error_over_sample(stored.samples, back)
        axes[2].plot(middle, error, color=color, label=label)
        axes[2].axhline(float(np.sqrt(np.mean((back - stored.samples) ** 2))), color=color, linestyle="--", linewidth=0.8)
    axes[2].set_xlim(-REACH, REACH)
    axes[2].set_ylim(0.0, 1.25 * axes[2].get_ylim()[1])  # room for the legend
    axes[2].set_xlabel("stored sample")
    axes[2].set_ylabel("root mean square error")
    axes[2].set_title(f"c{GAP}error over the sample")
    axes[2].legend(loc="upper center")
    return Drawing(
        svg=to_svg(figure),
        title=f"Recalled against stored samples, {len(stored.samples)} of them",
        source=source_of(study, "Fig. 6d"),
        caption=_recalled_caption(stored),
        alt="Two maps of cells that lie along the diagonal and spread at large samples; two curves of the error that are lowest in the middle.",
        width=FULL,
    )


def _count_limits(highest: float) -> list[float]:
    """Limits of the shades of a map of counts, from one on, each twice the last or more."""
    return [float(each) for each in np.unique(np.ceil(np.geomspace(1.0, max(highest, 2.0) + 1.0, SHADES + 1)))]


def _cells(axes: Any, edges: Array, counts: Array, limits: list[float]) -> Any:
    """Squares that hold a sample, in vector graphics, shaded by how many."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import BoundaryNorm, ListedColormap

    columns, rows = np.nonzero(counts)
    corners = [
        [(edges[i], edges[j]), (edges[i + 1], edges[j]), (edges[i + 1], edges[j + 1]), (edges[i], edges[j + 1])] for i, j in zip(columns, rows, strict=True)
    ]
    colors = ListedColormap(shades(len(limits) - 1)[::-1])
    areas = PolyCollection(corners, array=counts[columns, rows], cmap=colors, norm=BoundaryNorm(limits, colors.N), linewidths=0.15)
    areas.set_edgecolor("face")
    axes.add_collection(areas)
    axes.grid(visible=False)
    return areas


def error_over_sample(samples: Array, back: Array, *, bins: int = 28) -> tuple[Array, Array]:
    """``(places,)`` samples, and the root mean square error of those near them; places with few samples are left out."""
    edges = np.linspace(-REACH, REACH, bins + 1)
    which = np.digitize(samples, edges) - 1
    inside = (which >= 0) & (which < bins)
    count = np.bincount(which[inside], minlength=bins)
    squares = np.bincount(which[inside], weights=(back - samples)[inside] ** 2, minlength=bins)
    known = count >= FEWEST
    return ((edges[:-1] + edges[1:]) / 2.0)[known], np.sqrt(squares[known] / count[known])


def _recalled_caption(stored: Stored) -> str:
    inner = np.abs(stored.samples) <= 1.0
    words = []
    codes = ((stored.recalled, SCALAR, stored.scalar), (stored.recalled_smooth, "sums of Gaussians", stored.smooth["exact"]))
    for back, name, code in codes:
        squares = (back - stored.samples) ** 2
        snr = 10.0 * np.log10(np.mean(stored.samples**2) / np.mean(squares))
        words.append(
            f"{name} {decibels(float(snr))} (exact: {signed(code.snr, 2)}), root mean square error {np.sqrt(np.mean(squares[inner])):.2f} within one "
            f"deviation and {np.sqrt(np.mean(squares[~inner])):.2f} beyond"
        )
    return f"Drawn one by one through the channel: {'; '.join(words)}. Dashed: recalled without error (a, b), and the error of all samples (c)."


def ladder(stored: Stored, study: PcmResult | None = None) -> Drawing:
    """Signal-to-noise ratios of all codes with one device a sample, below what no code exceeds.

    Args:
        stored: the channel.
        study: adds the paper's code, the scalar code on reads that its design has not seen, and blocks of devices.
    """
    shown = _ladder_rows(stored, study)
    figure, axes = canvas(HALF, 18 + 5.0 * len(shown))
    place = -np.arange(len(shown), dtype=float)
    values = np.array([snr for _, snr, _ in shown])
    axes.barh(place, values, color=[color for _, _, color in shown], height=0.62)
    for at, value in zip(place, values, strict=True):
        axes.annotate(signed(float(value), 2 if abs(value) < 100 else 0), (max(value, 0.0), at), xytext=(2, 0), textcoords="offset points", va="center")
    axes.axvline(stored.opta, color=BLACK, linestyle="--", linewidth=0.9)
    axes.annotate(f"OPTA {stored.opta:.2f}", (stored.opta, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2), textcoords="offset points", ha="center")
    axes.set_yticks(place, [label for label, _, _ in shown])
    axes.set_ylim(place[-1] - 0.6, 0.6)
    axes.set_xlim(min(0.0, 1.1 * float(values.min())), 1.15 * max(stored.opta, float(values.max())))
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("signal-to-noise ratio (dB)")
    return Drawing(
        svg=to_svg(figure),
        title="How well a Gaussian sample is stored in one device",
        source=source_of(study, "Fig. 6d"),
        caption=_ladder_caption(stored, study),
        alt="Horizontal bars of signal-to-noise ratios, one below the other, all short of a dashed line.",
        width=HALF,
    )


def _ladder_rows(stored: Stored, study: PcmResult | None) -> list[tuple[str, float, str]]:
    """Label, signal-to-noise ratio and color of each code of the result."""
    shown = [("paper", paper("sum_of_gaussians"), GRAY)] if study else []
    shown += [(SMOOTH_LABELS[name], stored.smooth[name].snr, SMOOTH_COLOR) for name in ("surrogate", "exact") if name in stored.smooth]
    shown += [(f"{stored.coarse.writes} levels, {stored.coarse.reads} reads", stored.coarse.snr, SCALAR_COLOR), (SCALAR, stored.scalar.snr, SCALAR_COLOR)]
    if study:
        shown.append(("raw unseen reads", study.unseen.scored, SCALAR_COLOR))
        shown += [(f"{each.devices} devices together", each.snr, ORANGE) for each in study.blocks if each.samples == each.devices]
    return shown


def _ladder_caption(stored: Stored, study: PcmResult | None) -> str:
    words = f"The scalar code is {decibels(stored.opta - stored.scalar.snr)} below what {bits(stored.capacity.bits)} allow (OPTA), which takes long blocks."
    if study:
        words += (
            f" It is {decibels(stored.scalar.snr - paper('sum_of_gaussians'))} above the paper's code. Designed on a part of the trials, it expects "
            f"{decibels(study.unseen.expected)} and has {decibels(study.unseen.scored)} on the others as they were read, without the width of kernels."
        )
    return words


FIGURES: dict[str, Callable[[Stored, PcmResult | None], Drawing]] = {
    "scalar_code": scalar_code,
    "smooth_code": smooth_code,
    "distributions": distributions,
    "recalled": recalled,
    "ladder": ladder,
}


def draw(name: str, stored: Stored, study: PcmResult | None = None) -> Drawing:
    """One of `FIGURES`; with the study on the measurements, beside what the paper prints."""
    with drawing_style():
        return FIGURES[name](stored, study)
