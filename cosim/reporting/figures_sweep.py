"""The figure of a Monte Carlo: how a measure spreads over the drawn cells, at the nominal and at the worst corner, against its limit."""

from typing import Any

import numpy as np

from cosim._types import Array
from cosim.errors import SimulationError
from cosim.params import Limit
from cosim.reporting.figures import NotDrawn
from cosim.reporting.figures_cell import corner_words
from cosim.reporting.style import BLACK, BLUE, FULL, GAP, GRAY, VERMILLION, Drawing, canvas, drawing_style, engineering_ticks, percent, to_svg
from cosim.reporting.swept import Swept
from cosim.reporting.tables_sweep import UNITS, interval_words, limit_words, shown, word

NAME = "monte_carlo"
BINS = 24
FEW = 5  # cells; fewer have no distribution


def draw(found: Swept) -> Drawing | NotDrawn:
    """The figure, or why it cannot be drawn."""
    try:
        with drawing_style():
            return distribution(found)
    except SimulationError as error:
        return NotDrawn(NAME, str(error))


def distribution(found: Swept) -> Drawing:
    """Counts at two corners, and the share of the cells below each value at all of them.

    Raises:
        SimulationError: too few runs passed.
    """
    scale = 100.0 if UNITS[found.measure] == "%" else 1.0
    values = scale * found.values()
    if np.isfinite(values[:, 0]).sum() < FEW:
        raise SimulationError(f"Monte Carlo: {int(np.isfinite(values[:, 0]).sum())} of {len(values)} cells passed at the nominal corner; needs {FEW}")
    chosen = _chosen(found)
    figure, (left, right) = canvas(FULL, 58, columns=2)
    _counts(left, found, values, chosen)
    _cumulative(right, found, values, chosen)
    for axes in (left, right):
        _ends(axes, found.limit, scale)
        axes.set_xlabel(f"{word(found.measure)}{' (%)' if scale > 1 else ''}")
        if UNITS[found.measure] not in ("%", "1"):
            engineering_ticks(axes.xaxis, UNITS[found.measure])
    left.legend(loc="upper left", frameon=True, framealpha=1.0, edgecolor="none")
    return Drawing(
        svg=to_svg(figure),
        title=f"{word(found.measure).capitalize()} over {found.cells} cells, {found.sweep.orientations[0].upper()}",
        source="",
        caption=_caption(found),
        alt="Histogram of the drawn cells at two corners, and the rising curve of the share of cells below each value; dashed lines mark the limit.",
        width=FULL,
    )


def _chosen(found: Swept) -> list[tuple[int, str]]:
    """The nominal corner and, where it is another one, the worst: index and color."""
    worst = found.worst()
    return [(0, BLUE), *([(worst, VERMILLION)] if worst else [])]


def _counts(axes: Any, found: Swept, values: Array, chosen: list[tuple[int, str]]) -> None:
    from matplotlib.ticker import MaxNLocator

    here = values[:, [index for index, _ in chosen]]
    low, high = np.nanmin(here), np.nanmax(here)
    edges = np.linspace(low, high, BINS + 1) if high > low else np.array([0.99, 1.01]) * low
    for index, color in chosen:
        name = ("nominal" if index == 0 else "worst") + f": {corner_words(found.sweep.corners[index])}"
        cells = values[np.isfinite(values[:, index]), index]
        axes.hist(cells, bins=edges, color=color, alpha=0.35, linewidth=0)
        axes.hist(cells, bins=edges, color=color, histtype="step", linewidth=0.9, label=name)
    axes.set_ylabel("cells")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0, 1.35 * axes.get_ylim()[1])
    axes.set_title(f"a{GAP}counts")


def _cumulative(axes: Any, found: Swept, values: Array, chosen: list[tuple[int, str]]) -> None:
    colors = dict(chosen)
    for index in sorted(range(values.shape[1]), key=lambda each: each in colors):  # the chosen ones on top
        cells = np.sort(values[np.isfinite(values[:, index]), index])
        color, width = colors.get(index, GRAY), 1.2 if index in colors else 0.6
        axes.step(cells, 100.0 * np.arange(1, len(cells) + 1) / max(len(cells), 1), where="post", color=color, linewidth=width)
    axes.set_ylim(0, 103)
    axes.set_ylabel("cells at or below (%)")
    axes.set_title(f"b{GAP}cumulative{', other corners gray' if values.shape[1] > len(chosen) else ''}")


def _ends(axes: Any, limit: Limit | None, scale: float) -> None:
    for end in (limit.least, limit.most) if limit else ():
        if end is not None:
            axes.axvline(scale * end, color=BLACK, linewidth=0.9, linestyle="--")


def _caption(found: Swept) -> str:
    said = []
    for index, _ in _chosen(found):
        corner, within, cells, interval = found.corner(index)
        typical = shown(found.measure, float(np.nanmedian(found.values()[:, index])))
        held = f" and {within} of {cells} hold the limit (yield {percent(within / cells)}, 95 % interval {interval_words(interval)})" if found.limit else ""
        said.append(f"At {'the nominal corner' if index == 0 else corner_words(corner)} the median is {typical}{held}.")
    limit = f" Dashed: the limit, {limit_words(found.measure, found.limit)}." if found.limit else ""
    return " ".join(said) + limit
