"""Figures of the 1T1R cell and of the design rule (Lim 2025, Fig. 4C, S4 to S6, Table S2)."""

from dataclasses import replace
from typing import Any

import numpy as np

from cosim.circuits.cells import ORIENTATIONS
from cosim.circuits.corners import Corner
from cosim.codesign.sizing import SizingAdvice
from cosim.reporting.figures_device import SMALLEST
from cosim.reporting.style import (
    BLACK,
    BLUE,
    FULL,
    GAP,
    GRAY,
    GREEN,
    HALF,
    MARKERS,
    VERMILLION,
    Drawing,
    canvas,
    decades,
    engineering_ticks,
    percent,
    quantity,
    shades,
    size_colors,
    size_ticks,
    to_svg,
    volts,
)
from cosim.studies.lim2025.synapse import SynapseResult

SUPPLY_COLORS = (BLUE, BLACK, VERMILLION)


def load_curves(result: SynapseResult) -> Drawing:
    """Voltage that reaches a resistor in the place of the memristor."""
    found, design = result.part("load_curves"), result.design
    figure, panels = canvas(FULL, 62, columns=2, sharey=True)
    shown = ((f"a{GAP}MOD set, MOS reset: source grounded", found.direct), (f"b{GAP}MOD reset, MOS set: source follower", found.follower))
    for axes, (title, curves) in zip(panels, shown, strict=True):
        for index, (size, curve, color) in enumerate(zip(found.w_over_l, curves, size_colors(found.w_over_l, design.transistor.chosen), strict=True)):
            axes.semilogx(found.loads, curve, marker=MARKERS[index], color=color, linewidth=0.9, label=f"{size:g}")
        axes.axhline(design.cell.full_voltage, color=BLACK, linewidth=0.8, linestyle="--")
        axes.set_title(title)
        axes.set_xlabel("load in the place of the memristor")
        engineering_ticks(axes.xaxis, "Ω")
    panels[0].set_ylabel("voltage on the load (V)")
    panels[0].set_ylim(0, 1.05 * design.supply.drain)
    needed = (found.loads[-1], design.cell.full_voltage)
    panels[0].annotate("needed for a full set or reset", needed, xytext=(0, -3), textcoords="offset points", ha="right", va="top")
    panels[0].legend(title="W/L", loc="lower right", ncols=2, title_fontsize=7)
    direct, follower = (_load_that_gets(found, curves, design) for curves in (found.direct, found.follower))
    return Drawing(
        svg=to_svg(figure),
        title=f"Voltage on the memristor against its resistance, supply and gate {volts(design.supply.drain, digits=1)}",
        source="Lim 2025, Fig. S4",
        caption=f"At W/L {design.transistor.chosen:g} a grounded source leaves {volts(design.cell.full_voltage, digits=1)} {direct}; a source follower "
        f"does so {follower}, "
        f"and never more than {volts(_largest(found, design))}.",
        alt="Two panels of voltage over load resistance for six W/L; the follower saturates near the supply less a threshold.",
        width=FULL,
    )


def _largest(found: Any, design: Any) -> float:
    """The largest voltage behind a follower at the W/L of the design [V]."""
    return float(found.follower[int(np.argmin(np.abs(found.w_over_l - design.transistor.chosen)))].max())


def _load_that_gets(found: Any, curves: np.ndarray, design: Any) -> str:
    """From which load on the full voltage is reached, in words."""
    index = int(np.argmin(np.abs(found.w_over_l - design.transistor.chosen)))
    curve = curves[index]
    if curve.max() < design.cell.full_voltage:
        return "to no load"
    if curve.min() >= design.cell.full_voltage:
        return f"to every load from {quantity(float(found.loads[0]), 'ohm')} on"
    load = float(np.exp(np.interp(design.cell.full_voltage, curve, np.log(found.loads))))
    return f"to loads above {quantity(load, 'ohm', digits=2)}"


def cell_loops(result: SynapseResult) -> Drawing:
    """I-V of MOD and MOS over W/L, linear above, logarithmic below."""
    found, design = result.part("cells"), result.design
    figure, panels = canvas(FULL, 118, rows=2, columns=2, sharex=True, sharey="row")
    for column, orientation in enumerate(ORIENTATIONS):
        cells = [each for each in found.cells if each.orientation == orientation]
        for each, color in zip(cells, size_colors([each.w_over_l for each in cells], design.transistor.chosen), strict=True):
            width = 1.5 if each.w_over_l == design.transistor.chosen else 0.8
            panels[0, column].plot(each.voltage, 1e3 * each.current, color=color, linewidth=width, label=f"{each.w_over_l:g}")
            panels[1, column].semilogy(each.voltage, np.abs(each.current), color=color, linewidth=width)
        panels[0, column].plot(found.alone_voltage, 1e3 * found.alone_current, color=BLACK, linewidth=0.8, linestyle="--", label="alone")
        panels[1, column].semilogy(found.alone_voltage, np.abs(found.alone_current), color=BLACK, linewidth=0.8, linestyle="--")
        panels[0, column].set_title(f"{'ab'[column]}{GAP}{orientation.upper()}")
        panels[1, column].set_title(f"{'cd'[column]}{GAP}{orientation.upper()}, magnitude")
        panels[1, column].set_xlabel("voltage over the cell (V)")
    panels[0, 0].set_ylabel("current (mA)")
    panels[1, 0].set_ylabel("magnitude of current")
    panels[1, 0].set_ylim(decades(np.abs(found.alone_current), least=SMALLEST))
    engineering_ticks(panels[1, 0].yaxis, "A")
    panels[0, 0].legend(title="W/L", loc="upper left", ncols=2, title_fontsize=7)
    best = max(ORIENTATIONS, key=lambda each: found.on_off(each, design.transistor.chosen))
    chosen = {each.orientation: each for each in found.cells if each.w_over_l == design.transistor.chosen}
    return Drawing(
        svg=to_svg(figure),
        title=f"I-V of the 1T1R cell over W/L, gate {volts(design.supply.gate, digits=1)}, bipolar sweep, body at the lowest node",
        source="Lim 2025, Fig. 4C, S5, S6",
        caption=f"{best.upper()} keeps more of the window: at W/L {design.transistor.chosen:g} its filament reaches "
        f"{percent(chosen[best].window.state_on)} of full set, "
        f"in the other orientation {percent(min(each.window.state_on for each in chosen.values()))}. Dashed: the memristor alone.",
        alt="Four panels of current-voltage loops of the cell in both orientations for six W/L and of the memristor alone.",
        width=FULL,
    )


def on_off(result: SynapseResult) -> Drawing:
    """On/off ratio over W/L relative to the memristor alone."""
    found, design = result.part("cells"), result.design
    sizes = sorted({each.w_over_l for each in found.cells})
    figure, axes = canvas(HALF, 64)
    for orientation, color, marker in zip(ORIENTATIONS, (BLUE, VERMILLION), ("o", "s"), strict=True):
        values = [100 * found.on_off(orientation, size) for size in sizes]
        axes.plot(sizes, values, marker=marker, color=color, label=orientation.upper())
    size_ticks(axes, sizes)
    axes.set_ylabel("on/off over the memristor alone (%)")
    axes.set_ylim(0, 105)
    axes.axvline(design.transistor.chosen, color=GRAY, linewidth=0.8, linestyle=":")
    axes.legend(loc="lower right")
    mod, mos = (found.on_off(each, design.transistor.chosen) for each in ORIENTATIONS)
    return Drawing(
        svg=to_svg(figure),
        title="On/off ratio relative to the memristor alone",
        source="Lim 2025, Table S2",
        caption=f"At W/L {design.transistor.chosen:g} MOD keeps {percent(mod)} of the on/off ratio of {found.alone.ratio:.0f}, MOS {percent(mos)}, "
        f"read at {quantity(design.cell.read_voltage, 'V')}.",
        alt="On/off ratio in percent of that of the memristor alone, rising with W/L; MOD lies above MOS.",
        width=HALF,
    )


def shares(result: SynapseResult) -> Drawing:
    """Share of the transistor over W/L, both limits and where they are crossed."""
    advice = result.part("advice")
    figure, axes = canvas(HALF, 64)
    _share_plot(axes, advice)
    rule = advice.design.rule
    return Drawing(
        svg=to_svg(figure),
        title=f"Share of the transistor in the cell's voltage at full set, {advice.orientation.upper()}",
        source="Lim 2025, section 3.2",
        caption=f"The {_met_from(advice, rule.share)}, the {_met_from(advice, rule.strict_share)}; "
        f"the chosen {advice.chosen.w_over_l:g} takes {percent(advice.chosen.share, digits=2)}.",
        alt="Share of the transistor falling with W/L; two horizontal limits and the W/L at which they are crossed.",
        width=HALF,
    )


def _met_from(advice: SizingAdvice, limit: float) -> str:
    crossing = advice.crossing(limit)
    return f"{percent(limit, digits=0)} rule is met {f'from W/L {crossing:.1f} on' if np.isfinite(crossing) else 'at no W/L that was searched'}"


def key_picture(result: SynapseResult) -> Drawing:
    """The same for the first page: only the surroundings of the limits."""
    drawing, advice = shares(result), result.part("advice")
    figure, axes = canvas(HALF, 58)
    _share_plot(axes, advice)
    axes.set_xscale("linear")
    from matplotlib.ticker import AutoLocator, ScalarFormatter

    axes.xaxis.set_major_locator(AutoLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_xlim(0.4 * advice.chosen.w_over_l, 2.1 * advice.chosen.w_over_l)
    axes.set_ylim(0, 100 * max(2.5 * advice.design.rule.share, 1.3 * advice.chosen.share))
    return replace(drawing, svg=to_svg(figure))


def _share_plot(axes: Any, advice: SizingAdvice) -> None:
    """Simulated points, a line through them, both limits and their crossings."""
    rule = advice.design.rule
    sizes, values = (np.array(each) for each in zip(*sorted({(each.w_over_l, each.share) for each in (*advice.points, advice.chosen)}), strict=True))
    crossings = [(limit, advice.crossing(limit)) for limit in (rule.share, rule.strict_share)]
    axes.plot(*_between(sizes, values, [(size, limit) for limit, size in crossings]), color=BLUE, linewidth=1.0)
    axes.plot(sizes, 100 * values, "o", color=BLUE)
    for (limit, size), color, marker in zip(crossings, (GREEN, BLACK), ("D", "s"), strict=True):
        axes.axhline(100 * limit, color=color, linewidth=0.8, linestyle="--")
        if np.isfinite(size):
            axes.plot([size], [100 * limit], marker, color=color, markersize=4.5, label=f"{100 * limit:g} % rule: W/L {size:.1f}")
    label = f"chosen: W/L {advice.chosen.w_over_l:g}, {100 * advice.chosen.share:.1f} %"
    axes.plot([advice.chosen.w_over_l], [100 * advice.chosen.share], "o", color=VERMILLION, markersize=6, label=label)
    size_ticks(axes, sizes.tolist())
    axes.set_ylabel("share of the transistor (%)")
    axes.set_ylim(0, None)
    axes.legend(loc="upper right")


def _between(sizes: np.ndarray, values: np.ndarray, crossings: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """A line through simulated points: the ratio of transistor to memristor is close to a power of W/L between neighbors."""
    known = sorted([*zip(sizes, values, strict=True), *(each for each in crossings if np.isfinite(each[0]))])
    position, share = (np.array(each) for each in zip(*known, strict=True))
    fine = np.geomspace(position[0], position[-1], 300)
    ratio = np.exp(np.interp(np.log(fine), np.log(position), np.log(share / (1.0 - share))))
    return fine, 100 * ratio / (1.0 + ratio)


def corners(result: SynapseResult) -> Drawing:
    """Share, headroom and needed W/L over temperature and supply."""
    advice = result.part("advice")
    rule = advice.design.rule
    figure, panels = canvas(FULL, 62, columns=3)
    needed = [(each.corner, each.w_over_l) for each in advice.crossings if each.limit == rule.share]
    shown = (
        (f"a{GAP}share at full set", "share of the transistor (%)", [(corner, 100 * value) for corner, value in advice.corner_shares], 100 * rule.share),
        (f"b{GAP}headroom", "voltage left over (V)", list(advice.corner_margins), 0.0),
        (f"c{GAP}W/L needed for {percent(rule.share, digits=0)}", "W/L", needed, advice.chosen.w_over_l),
    )
    for axes, (title, label, values, limit) in zip(panels, shown, strict=True):
        _over_corners(axes, values)
        axes.axhline(limit, color=GRAY, linewidth=1.0, linestyle="--")
        axes.set_title(title)
        axes.set_ylabel(label)
        axes.set_xlabel("temperature (°C)")
    panels[0].legend(title="supply", loc="lower right", title_fontsize=7)
    panels[1].set_ylim(min(0.0, min(value for _, value in advice.corner_margins)) - 0.03, None)
    corner, share = max(advice.corner_shares, key=lambda each: each[1])
    narrow, margin = min(advice.corner_margins, key=lambda each: each[1])
    return Drawing(
        svg=to_svg(figure),
        title=f"Corners at W/L {advice.chosen.w_over_l:g}, {advice.orientation.upper()}; dashed: the limits, in c the chosen W/L",
        source="not in the paper",
        caption=f"The share is largest, {percent(share, digits=2)}, at {corner_words(corner)}; the headroom is smallest, {volts(margin, sign=True)}, at "
        f"{corner_words(narrow)}. "
        f"There the {percent(rule.share, digits=0)} rule needs W/L {_size(max(value for _, value in needed))}.",
        alt="Three panels over temperature with a line for each supply: share, headroom and the W/L that the rule needs.",
        width=FULL,
    )


def _over_corners(axes: Any, values: list[tuple[Corner, float]]) -> None:
    supplies = sorted({corner.supply for corner, _ in values})
    colors = SUPPLY_COLORS if len(supplies) == len(SUPPLY_COLORS) else shades(len(supplies))
    for supply, color, marker in zip(supplies, colors, MARKERS, strict=False):
        here = [(corner, value) for corner, value in values if corner.supply == supply]
        for threshold in sorted({corner.threshold for corner, _ in here}, key=abs):  # of the typical process first, which the legend names
            line = sorted((corner.temperature, value) for corner, value in here if corner.threshold == threshold)
            label = f"{100 * (supply - 1):+.0f} %".replace("-", "\N{MINUS SIGN}") if threshold == 0 else None
            axes.plot(*zip(*line, strict=True), marker=marker, color=color, linewidth=0.9 if threshold == 0 else 0.4, label=label)
    axes.set_xticks(sorted({corner.temperature for corner, _ in values}))


def corner_words(corner: Corner) -> str:
    """A corner as people say it: ``85 °C and supplies 10 % low``."""
    temperature = f"{corner.temperature:g}".replace("-", "\N{MINUS SIGN}")
    change = round(100 * (corner.supply - 1))
    supply = "nominal supplies" if change == 0 else f"supplies {abs(change)} % {'high' if change > 0 else 'low'}"
    process = f", {'slow' if corner.threshold > 0 or corner.mobility < 1 else 'fast'} process" if corner.skewed else ""
    return f"{temperature} °C and {supply}{process}"


def _size(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else "beyond the range searched"
