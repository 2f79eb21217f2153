"""The picture of the loop: four stations in a ring with what was measured at each, and what flows from one to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cosim.reporting.loop import LoopFindings
from cosim.reporting.style import (
    BLACK,
    BLUE,
    FULL,
    GRAY,
    GREEN,
    ORANGE,
    PURPLE,
    Drawing,
    band,
    canvas,
    drawing_style,
    measured,
    percent,
    pretty,
    to_svg,
)
from cosim.reporting.tables_loop import (
    best_levels,
    bit_words,
    chip_range,
    circuit_hits,
    delay_name,
    delay_names,
    duration,
    share_back,
    signed_points,
    tuning_error,
)

HEIGHT = 67.0  # [mm]
BOX, TALL = 69.0, 26.5  # [mm] of a station
FIRST, STEP = 10.0, 4.6  # [mm] from the top of a station to its first row, and to the next
EDGE = 0.5  # [mm] to the border
WORDS = 25.0  # [mm] from the left end of a station to the words behind a number
FLOWS = {  # between stations, in the order of the ring
    "network": "for the designer:\nband, bits",
    "levels": "levels, thresholds,\ntrained weights",
    "channel": "law of tuning:\nspread and bias",
}


@dataclass(frozen=True)
class Station:
    """A box of the ring: title, color, lower left corner [mm], and rows of ``(number, words)``."""

    title: str
    color: str
    corner: tuple[float, float]
    rows: Sequence[tuple[str, str]]


def ring(found: LoopFindings) -> Drawing:
    """The loop and its numbers."""
    with drawing_style():
        figure, axes = canvas(FULL, HEIGHT)
        figure.set_layout_engine("none")
        axes.set_position((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0, FULL)
        axes.set_ylim(0, HEIGHT)
        axes.set_axis_off()
        stations = _stations(found)
        for each in stations:
            _draw(axes, each)
        _arrows(axes, found)
        svg = to_svg(figure)
    words = "; ".join(f"{each.title}: {', '.join(f'{number} {said}' for number, said in each.rows)}" for each in stations)
    return Drawing(
        svg=svg,
        title="The loop",
        source="",
        caption="Clockwise from the upper left, numbers of this run. Gray, dashed: for the designer; no code hands it on.",
        alt=f"Four boxes in a ring, three black arrows between them and a gray dashed one. {words}.",
        width=FULL,
    )


def _stations(found: LoopFindings) -> list[Station]:
    left, far, top, bottom = EDGE, FULL - EDGE - BOX, HEIGHT - EDGE - TALL, EDGE
    return [
        Station("1T1R array, tuned by pulses", BLUE, (left, top), _array_rows(found)),
        Station("measured channel", ORANGE, (far, top), _channel_rows(found)),
        Station("levels and training", PURPLE, (far, bottom), _code_rows(found)),
        Station("network in the circuit", GREEN, (left, bottom), _network_rows(found)),
    ]


def _array_rows(found: LoopFindings) -> list[tuple[str, str]]:
    if found.tuned is None:
        return [("not run", "")]
    traces = found.tuned.chip.array.traces
    cells = len(traces.target)
    return [
        (f"{int(np.sum(traces.inside))} of {cells}", f"cells truly inside of {band(found.design.tuning.band)}"),
        (f"{traces.pulses.mean():.1f}", "pulses a cell"),
        (measured(found.tuned.energy, "J"), f"and {duration(found.tuned.time)} for all"),
    ]


def _channel_rows(found: LoopFindings) -> list[tuple[str, str]]:
    if found.channel is None:
        return [("not run", "")]
    cells = found.channel.cells
    error = tuning_error(cells)
    reads = cells.reads[-1] / cells.target - 1.0
    known = chip_range(found.channel)
    chips = [(f"{known[0]:.2f} to {known[1]:.2f}", f"bits on {known[2]} chips")] if known else []
    return [
        (f"{found.channel.longest.bits:.2f} bits", f"one read after {delay_name(cells.delays[-1])}, this chip"),
        *chips,
        (percent(float(error.std()), digits=2), f"tuned: deviation (bias {pretty(f'{100 * float(error.mean()):+.2f} %')})"),
        (percent(float(reads.std()), digits=2), "deviation of that read"),
    ]


def _code_rows(found: LoopFindings) -> list[tuple[str, str]]:
    rows = []
    if found.levels is not None:
        row, gain = best_levels(found.levels)
        rows.append((f"{signed_points(gain, digits=1)} points", f"designed levels, {bit_words(row.bits)}, model"))
    if found.training is not None:
        shares = {way: share_back(found.training, way) for way in ("staged", "aware")}
        for way, words in (("staged", "loss back, in stages, read back"), ("aware", "loss back, through the channel")):
            rows.append((shares[way], words))
        rows.append((percent(found.training.error), "tuning error in that training"))
    return rows or [("not run", "")]


def _network_rows(found: LoopFindings) -> list[tuple[str, str]]:
    """As trained and without levels; then what comes from levels and training."""
    rows = []
    if found.tuned is not None:
        result = found.tuned
        rows.append((percent(result.accuracy("tuned")), f"right of {int(result.done.sum())}, as trained, no levels"))
        rows.append((percent(result.accuracy("ideal")), "right, the same, ideal mapping"))
    if found.training is not None:
        right, _, ran = circuit_hits(found.training)
        rows.append((f"{right} of {ran}", "right, first array in stages"))
    if found.levels is not None:
        row, _ = best_levels(found.levels)
        rows.append((f"{signed_points(row.circuit_gain[0], digits=1)} points", f"designed levels, {bit_words(row.bits)}, estimate"))
    return rows or [("not run", "")]


def _draw(axes: Any, station: Station) -> None:
    from matplotlib.patches import FancyBboxPatch

    left, bottom = station.corner
    axes.add_patch(FancyBboxPatch((left, bottom), BOX, TALL, boxstyle="round,pad=0,rounding_size=2", facecolor=f"{station.color}14", edgecolor=station.color))
    axes.text(left + 3, bottom + TALL - 5.2, station.title, fontsize=8.5, fontweight="bold", va="center", color=BLACK)
    for number, (value, words) in enumerate(station.rows):
        height = bottom + TALL - FIRST - STEP * number
        axes.text(left + 3, height, value, fontsize=8.0, fontweight="bold", va="center", color=BLACK)
        axes.text(left + WORDS, height, words, fontsize=7.0, va="center", color=BLACK)


def _arrows(axes: Any, found: LoopFindings) -> None:
    from matplotlib.patches import FancyArrowPatch

    near, far = EDGE + BOX, FULL - EDGE - BOX
    low, high = EDGE + TALL, HEIGHT - EDGE - TALL
    upper, lower = HEIGHT - EDGE - TALL / 2, EDGE + TALL / 2
    left, right_side = EDGE + BOX / 2, FULL - EDGE - BOX / 2
    gap = 1.2
    ends = [((near + gap, upper), (far - gap, upper)), ((right_side, high - gap), (right_side, low + gap))]
    ends += [((far - gap, lower), (near + gap, lower)), ((left, low + gap), (left, high - gap))]
    for number, (start, end) in enumerate(ends):
        handed = number < len(ends) - 1  # the last one is for people
        look: dict[str, Any] = {"linewidth": 1.6, "color": BLACK} if handed else {"linewidth": 1.2, "color": GRAY, "linestyle": (0, (4, 3))}
        axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=13, shrinkA=0, shrinkB=0, **look))
    middle = FULL / 2
    axes.text(middle, upper + 2.0, _measured_words(found), ha="center", va="bottom", fontsize=7.0)
    axes.text(right_side - 2.5, HEIGHT / 2, FLOWS["channel"], ha="right", va="center", fontsize=7.0)
    axes.text(middle, lower + 2.0, FLOWS["levels"], ha="center", va="bottom", fontsize=7.0)
    axes.text(left + 2.5, HEIGHT / 2, FLOWS["network"], ha="left", va="center", fontsize=7.0, color=GRAY)


def _measured_words(found: LoopFindings) -> str:
    if found.channel is None:
        return "cells written and read"
    cells = found.channel.cells
    return f"{len(cells.target):,} cells written,\nread after\n{delay_names(cells.delays)}"
