"""Figures of the loop: the tuned cell as a channel, the array that was tuned, and the drift that is assumed beyond the measured retention.

Not here: levels and training (`figures_loop_code`), the picture of the whole loop (`figures_loop_ring`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.coding.estimate import CapacityEstimate
from cosim.devices.memristor.read_noise import load_read_noise
from cosim.reporting import figures_loop_code
from cosim.reporting.figures import NotDrawn
from cosim.reporting.loop import LoopFindings
from cosim.reporting.style import (
    BLACK,
    BLUE,
    FULL,
    GAP,
    GRAY,
    GREEN,
    MARKERS,
    TIMES,
    VERMILLION,
    Drawing,
    band,
    canvas,
    drawing_style,
    engineering_ticks,
    listing,
    measured,
    mosaic,
    percent,
    quantity,
    shades,
    to_svg,
)
from cosim.reporting.tables_loop import FEW, delay_name, tuning_error
from cosim.studies.loop.channel import ChannelResult
from cosim.studies.loop.tuned import TunedResult

BINS = 60  # of a histogram of errors
REACH = 2.2  # bands to each side that a histogram shows
TAIL = 0.999  # of the reads that their axis shows


def errors(result: ChannelResult) -> Drawing:
    """Relative error of the tuned cells and of the reads that follow."""
    cells, width = result.cells, 100 * result.design.tuning.band
    figure, (true, read) = canvas(FULL, 62, columns=2)
    found = 100 * tuning_error(cells)
    edge = REACH * width
    steps = np.linspace(-edge, edge, BINS)
    true.hist(np.clip(found, -edge, edge), bins=steps, density=True, color=BLUE, alpha=0.75, label="tuned cells")
    axis = np.linspace(-edge, edge, 301)
    true.plot(axis, _normal(axis, 0.0, width), color=BLACK, linestyle="--", label=f"Gaussian of {width:g} % (Lim 2025)")
    true.plot(axis, _normal(axis, float(found.mean()), float(found.std())), color=VERMILLION, label="Gaussian of the same moments")
    reads = [100 * (each / cells.target - 1.0) for each in cells.reads]
    reach = max(edge, *(float(np.quantile(np.abs(each), TAIL)) for each in reads))
    for number, (delay, each, color) in enumerate(zip(cells.delays, reads, shades(len(reads)), strict=True)):
        read.hist(
            each,
            bins=np.linspace(-reach, reach, BINS),
            density=True,
            histtype="step",
            color=color,
            linewidth=1.3,
            linestyle=("-", "--", ":")[number % 3],
            label=f"after {delay_name(delay)}",
        )
    for axes, limit in ((true, edge), (read, reach)):
        for border in (-width, width):
            axes.axvline(border, color=GRAY, linewidth=0.9, linestyle="-.")
        axes.set_xlim(-limit, limit)
        axes.set_xlabel("error relative to the target (%)")
        axes.set_ylabel("density (1/%)")
        axes.set_ylim(0, 1.32 * axes.get_ylim()[1])
        axes.legend(loc="upper left", ncols=1 if len(reads) <= FEW else 2, columnspacing=1.0)
    true.set_title(f"a{GAP}true conductance after tuning")
    read.set_title(f"b{GAP}one read of the same cells")
    outside = int((~cells.inside).sum())
    return Drawing(
        svg=to_svg(figure),
        title="What tuning and a read do to a conductance",
        source="Gaussian: Lim 2025, section 3.2",
        caption=f"{len(cells.target):,} devices at {len(cells.written)} targets, {outside} of them outside of the band of {band(width / 100)} (dash-dotted). "
        f"Tuned cells deviate by {percent(float(found.std()) / 100, digits=2)} around {percent(float(found.mean()) / 100, digits=2)}; single reads by "
        f"{_of_reads(reads)}.",
        alt="A narrow histogram inside of both edges of the band under a much wider dashed bell; beside it wider histograms of reads, one a delay.",
        width=FULL,
    )


def _of_reads(reads: Sequence[Array]) -> str:
    """Their deviations, one by one if they are few."""
    shown = [percent(float(each.std()) / 100, digits=2) for each in reads]
    return f"{listing(shown)} in the order of the delays" if len(shown) <= FEW else f"{shown[0]} after the first delay, {shown[-1]} after the last"


def _normal(axis: Array, mean: float, deviation: float) -> Array:
    return np.asarray(np.exp(-0.5 * ((axis - mean) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi)))


def spread(result: ChannelResult) -> Drawing:
    """Deviation and bias of the reads of each level, over its conductance, beside the card of the read noise."""
    cells = result.cells
    card = load_read_noise(result.design.loop.noise)
    figure, (wide, off) = canvas(FULL, 64, columns=2)
    for number, (delay, reads, color) in enumerate(zip(cells.delays, cells.reads, shades(len(cells.delays)), strict=True)):
        mark = MARKERS[number % len(MARKERS)]
        mean, deviation = _by_level(reads / cells.target - 1.0, cells.level, len(cells.written))
        wide.plot(cells.written, 100 * deviation, mark, color=color, markersize=2.8, label=f"read after {delay_name(delay)}")
        off.plot(cells.written, 100 * mean, mark, color=color, markersize=2.8)
    mean, deviation = _by_level(tuning_error(cells), cells.level, len(cells.written))
    wide.plot(cells.written, 100 * deviation, color=BLUE, label="tuned, without noise")
    off.plot(cells.written, 100 * mean, color=BLUE)
    wide.plot(cells.written, 100 * card.deviation(cells.written), color=BLACK, linestyle="--", label="card of the read noise")
    off.axhline(0.0, color=BLACK, linewidth=0.7)
    for axes, name in ((wide, "standard deviation (% of the target)"), (off, "mean error (% of the target)")):
        axes.set_xscale("log")
        axes.set_xlim(0.92 * cells.written.min(), 1.08 * cells.written.max())
        engineering_ticks(axes.xaxis, "S")
        axes.set_xlabel("target")
        axes.set_ylabel(name)
    wide.set_ylim(0, (1.4 + 0.035 * len(cells.delays) + 0.12) * wide.get_ylim()[1])
    wide.legend(loc="upper right", ncols=2, columnspacing=1.0)
    wide.set_title(f"a{GAP}spread")
    off.set_title(f"b{GAP}bias")
    return Drawing(
        svg=to_svg(figure),
        title="Spread and bias over the conductance that was written",
        source="",
        caption=f"Each mark: the {len(cells.target) // len(cells.written)} devices of one target. A read soon after tuning still sees the noise by which "
        f"tuning was ended; after some times {quantity(card.correlation_time, 's')}, the correlation time of the card, it sees another. Beside the noise a "
        "read holds the offset that auto-zero left to the amplifier of its column.",
        alt="Marks that fall from low to high conductance along a dashed curve, a flat line below; beside it marks around zero.",
        width=FULL,
    )


def _by_level(error: Array, level: Array, count: int) -> tuple[Array, Array]:
    """``(levels,)`` mean and standard deviation."""
    groups = [error[level == each] for each in range(count)]
    return np.array([each.mean() for each in groups]), np.array([each.std(ddof=1) for each in groups])


def array(result: TunedResult) -> Drawing:
    """Relative error of each cell of the array that was tuned in SPICE, and the pulses that it took."""
    traces, (rows, columns) = result.chip.array.traces, result.chip.array.shape
    error = 100 * (traces.conductance / traces.target - 1.0).reshape(rows, columns)
    limit = 100 * result.design.tuning.band
    figure, axes = mosaic(FULL, 88, [["map", "map"], ["pulses", "network"]], height_ratios=[0.8, 1.0])
    mesh = axes["map"].pcolormesh(np.arange(rows + 1) + 0.5, np.arange(columns + 1) + 0.5, error.T, cmap="RdBu_r", vmin=-limit, vmax=limit, edgecolors="face")
    mesh.set_linewidth(0.2)
    axes["map"].invert_yaxis()
    axes["map"].grid(visible=False)
    axes["map"].set_xlabel("row")
    axes["map"].set_ylabel("column")
    _mark_stuck(axes["map"], result)
    bar = figure.colorbar(mesh, ax=axes["map"], pad=0.01, aspect=14, extend="both")
    bar.set_label("true error (%)")
    bar.outline.set_visible(False)
    most = int(traces.pulses.max())
    axes["pulses"].hist(traces.pulses, bins=np.arange(most + 2) - 0.5, color=BLUE)
    axes["pulses"].set_xlabel("pulses of a cell")
    axes["pulses"].set_ylabel("cells")
    _accuracies(axes["network"], result)
    titles = {"map": "error of each cell", "pulses": "pulses", "network": "accuracy of arrays, in the model"}
    for letter, (name, title) in zip("abc", titles.items(), strict=True):
        axes[name].set_title(f"{letter}{GAP}{title}")
    inside = int(np.sum(traces.inside))
    return Drawing(
        svg=to_svg(figure),
        title=f"The network in {rows} {TIMES} {columns} cells, every pulse simulated",
        source="",
        caption=f"{inside} of {rows * columns} cells lie truly inside of {band(limit / 100)}, the largest error is "
        f"{percent(float(np.abs(error).max()) / 100)}. A cell took {traces.pulses.mean():.1f} pulses on average, {most} at most. In c the network in further "
        "arrays: tuned by the twin, and with errors drawn from a Gaussian as wide as the band.",
        alt="A map of small errors in red and blue, a histogram of pulses that falls steeply, and two rows of dots near a line.",
        width=FULL,
    )


def _mark_stuck(axes: Any, result: TunedResult) -> None:
    """A cross on each cell that no pulse moves."""
    row, column = np.nonzero(result.chip.stuck)
    axes.plot(row + 1, column + 1, "x", color=BLACK, markersize=4)


def _accuracies(axes: Any, result: TunedResult) -> None:
    """Model accuracies of drawn arrays, one dot each."""
    rng = np.random.default_rng(0)
    groups = (("Gaussian", result.shortcut, VERMILLION, "s"), ("tuned", result.tuned_draws, BLUE, "o"))
    for place, (_, values, color, mark) in enumerate(groups):
        axes.plot(100 * np.asarray(values), place + rng.uniform(-0.16, 0.16, len(values)), mark, color=color, markersize=3, alpha=0.8)
        axes.plot(2 * [100 * float(np.mean(values))], [place - 0.3, place + 0.3], color=BLACK)
    axes.axvline(100 * result.model_ideal, color=GREEN, linestyle="--", label="ideal mapping")
    axes.set_yticks([0, 1], [name for name, *_ in groups])
    axes.set_ylim(-0.6, 2.1)
    axes.legend(loc="upper left")
    axes.set_xlabel("test images classed right (%)")


def assumed(result: ChannelResult) -> Drawing:
    """What a drift model says beyond the measured retention; nothing was measured there."""
    figure, (bits, spread) = canvas(FULL, 52, columns=2)
    known = {each.delay: each.estimate for each in result.capacities if each.delay is not None}
    _with_bars(bits, list(known), list(known.values()), fmt="o", color=BLUE, label="measured in the circuit")
    delays = [each.delay for each in result.assumed]
    _with_bars(bits, delays, [each.bits for each in result.assumed], fmt="D", color=VERMILLION, markerfacecolor="white", label="ASSUMED")
    retention = load_read_noise(result.design.loop.noise).retention
    for axes in (bits, spread):
        first = min((each for each in (*known, retention) if each > 0.0), default=retention)
        axes.set_xscale("symlog", linthresh=first) if 0.0 in known else axes.set_xscale("log")
        axes.axvspan(retention, 10 * max(delays), color=VERMILLION, alpha=0.08, linewidth=0)
        axes.set_xlim(-0.3 * first if 0.0 in known else 0.3 * first, 10 * max(delays))
        axes.set_xlabel("time after tuning (s)")
    bits.set_ylim(0, 1.45 * bits.get_ylim()[1])
    bits.set_ylabel("capacity (bits a device)")
    bits.legend(loc="upper right")
    shift = np.array([100 * np.expm1(each.mean_shift) for each in result.assumed])
    wide = np.array([100 * each.deviation for each in result.assumed])
    spread.errorbar(delays, shift, yerr=wide, fmt="D", color=VERMILLION, markerfacecolor="white", capsize=2.5)
    spread.plot(result.cells.delays, np.zeros(len(result.cells.delays)), "o", color=BLUE)
    spread.set_ylabel("drift of the conductance (%)")
    bits.set_title(f"a{GAP}capacity")
    spread.set_title(f"b{GAP}mean drift, bars: its deviation over the cells")
    models = listing(dict.fromkeys(each.model for each in result.assumed))
    return Drawing(
        svg=to_svg(figure),
        title=f"ASSUMED: drift of {models} on top of the tuned cell",
        source="",
        caption=f"Blue: measured, up to the retention of {measured(retention, 's')} that the device was shown to have. In the shaded part nothing was "
        "measured: hollow marks are another material's drift, assumed to hold for this one.",
        alt="Solid marks at short times, hollow ones far to the right in a shaded part, lower and with wide bars.",
        width=FULL,
    )


def _with_bars(
    axes: Any, delays: Sequence[float], found: Sequence[CapacityEstimate], *, fmt: str, color: str, label: str, markerfacecolor: str | None = None
) -> None:
    """Capacities with their intervals over the delay."""
    ends = np.array([(each.bits - each.low, each.high - each.bits) for each in found]).T
    axes.errorbar(delays, [each.bits for each in found], yerr=ends, fmt=fmt, color=color, label=label, markerfacecolor=markerfacecolor or color, capsize=2.5)


def draw(name: str, found: LoopFindings) -> Drawing | NotDrawn:
    """A figure by its name; the reason in its place where the stage that it shows was not run."""
    with drawing_style():
        if name in OF_CHANNEL:
            return OF_CHANNEL[name](found.channel) if found.channel is not None else NotDrawn(name, found.why_not("channel"))
        if name == "array":
            return array(found.tuned) if found.tuned is not None else NotDrawn(name, found.why_not("tuned"))
        return figures_loop_code.draw(name, found)


OF_CHANNEL: dict[str, Callable[[ChannelResult], Drawing]] = {"errors": errors, "spread": spread, "assumed": assumed}
