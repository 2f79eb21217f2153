"""Figures of the memristor alone (Lim 2025, Fig. 2 and S3)."""

from typing import Any

import numpy as np

from cosim._types import Array
from cosim.reporting.style import (
    BLACK,
    BLUE,
    FULL,
    GAP,
    GRAY,
    HALF,
    VERMILLION,
    Drawing,
    canvas,
    decades,
    engineering_ticks,
    measured,
    mosaic,
    percent,
    quantity,
    scientific,
    shades,
    to_svg,
    volts,
)
from cosim.studies.lim2025.synapse import SynapseResult

SMALLEST = 20e-9  # [A] end of the logarithmic current axes; below is the pinch


def pinched_loops(result: SynapseResult) -> Drawing:
    """Full set and reset of both cards, magnitude of the current on a logarithmic axis."""
    loops = result.part("loops")
    figure, panels = canvas(FULL, 60, columns=2, sharey=True)
    for axes, loop, color in zip(panels, loops, (BLUE, VERMILLION), strict=True):
        axes.semilogy(loop.voltage, np.abs(loop.current), color=color)
        axes.set_title(f"{'a' if loop is loops[0] else 'b'}{GAP}{loop.name}")
        axes.set_xlabel("voltage, top over bottom electrode (V)")
        axes.text(0.9, 0.42, "set", color=color, ha="center", transform=axes.transAxes)
        axes.text(0.12, 0.88, "reset", color=color, ha="center", transform=axes.transAxes)
    panels[0].set_ylabel("magnitude of current")
    panels[0].set_ylim(decades(*(np.abs(loop.current) for loop in loops), least=SMALLEST))
    engineering_ticks(panels[0].yaxis, "A")
    first, second = loops
    read, full = quantity(result.design.cell.read_voltage, "V"), volts(result.design.cell.full_voltage, digits=0)
    return Drawing(
        svg=to_svg(figure),
        title="Pinched I-V of the memristor alone, card of the design and the one beside it",
        source="Lim 2025, Fig. 2A",
        caption=f"A sweep to ±{full} at 1 V/s sets the card of the design to {measured(first.on, 'S')} and resets it to {measured(first.off, 'S')}, "
        f"read at {read}: on/off {first.on / first.off:.0f}. The card beside it spans {measured(second.on, 'S')} to {measured(second.off, 'S')}, "
        f"on/off {second.on / second.off:.0f}.",
        alt="Two current-voltage loops on a logarithmic current axis, pinched at zero volts.",
        width=FULL,
    )


def reset_stops(result: SynapseResult) -> Drawing:
    """Reset sweeps to rising stop voltages, without a set between them."""
    stairs = result.part("stairs")
    figure, axes = canvas(HALF, 62)
    for (stop, voltage, current), color in zip(stairs.sweeps, shades(len(stairs.sweeps)), strict=True):
        axes.semilogy(*(_dense(each) for each in (voltage, np.abs(current))), color=color, label=volts(-stop))
    axes.set_xlabel("voltage (V)")
    axes.set_ylabel("magnitude of current")
    axes.set_ylim(decades(*(np.abs(current) for _, _, current in stairs.sweeps), least=SMALLEST))
    engineering_ticks(axes.yaxis, "A")
    axes.legend(title="stop voltage", loc="lower left", ncols=1, title_fontsize=7)
    axes.set_xlim(-1.03 * result.design.levels.last_stop, 0.02)
    first, last = stairs.sweeps[0], stairs.sweeps[-1]
    steepest = float(np.max(1.0 - stairs.conductance[1:] / stairs.conductance[:-1]))
    return Drawing(
        svg=to_svg(figure),
        title="Reset sweeps to rising stop voltages",
        source="Lim 2025, Fig. 2A",
        caption=f"{len(stairs.sweeps)} of {len(stairs.stops)} sweeps: each continues where the one before stopped, from {measured(stairs.conductance[0], 'S')} "
        f"after {volts(-first[0])} to {measured(stairs.conductance[-1], 'S')} after {volts(-last[0])}. "
        f"The reset is gradual: a step of {quantity(result.design.levels.step, 'V')} takes {percent(steepest)} of the conductance at most.",
        alt="Seven reset sweeps on a logarithmic current axis; each goes further and leaves a lower current.",
        width=HALF,
    )


def _dense(values: Array) -> Array:
    """``(points,)`` with straight lines between them, cut fine enough for a logarithmic axis."""
    count = len(values)
    return np.interp(np.linspace(0, count - 1, 600), np.arange(count), values)


def staircase(result: SynapseResult) -> Drawing:
    """Conductance after each stop voltage, the levels of the first seed and the fixed ones."""
    stairs, levels = result.part("stairs"), result.part("levels")
    wanted = len(levels.fixed)
    figure, axes = canvas(HALF, 62)
    axes.semilogy(stairs.stops, stairs.conductance, color=GRAY, linewidth=0.9, label="after each 1 mV step")
    axes.plot(levels.stops, levels.conductance, "o", color=BLUE, markersize=3.0, label=f"rule, first seed: {len(levels.stops)} levels")
    fixed_stops = np.interp(-levels.fixed, -stairs.conductance, stairs.stops)
    axes.plot(fixed_stops, levels.fixed, "^", color=VERMILLION, markersize=4.2, markerfacecolor="none", label=f"{wanted} at fixed stops")
    axes.set_xlabel("reset-stop voltage, magnitude (V)")
    axes.set_ylabel("conductance")
    axes.set_ylim(decades(stairs.conductance, 0.5 * stairs.conductance[-1]))
    engineering_ticks(axes.yaxis, "S")
    axes.legend(loc="lower left")
    share, kept = float(np.mean(levels.counts >= wanted)), float(levels.survivors.mean())
    return Drawing(
        svg=to_svg(figure),
        title="Staircase of levels",
        source="Lim 2025, Fig. 2B",
        caption=f"The paper's rule forms {levels.counts.min()} to {levels.counts.max()} levels over {len(levels.counts)} seeds ({percent(share, digits=0)} "
        f"reach "
        f"{wanted}), but a second reading keeps {percent(kept, digits=0)} of their gaps{': the rule picks lucky reads' if kept < 0.9 else ''}. "
        f"All gaps of {wanted} levels at fixed stops hold in {percent(float(levels.fixed_held.mean()), digits=0)} of the seeds.",
        alt="Conductance falls with the stop voltage from 200 to 5.7 microsiemens; dots mark the levels.",
        width=HALF,
    )


def reads(result: SynapseResult) -> Drawing:
    """Reads of every level over time."""
    traces, design = result.part("traces"), result.design
    figure, axes = canvas(HALF, 66)
    for trace, color in zip(traces.conductance, shades(len(traces.conductance)), strict=True):
        axes.semilogy(traces.time, trace, color=color, linewidth=0.45)
    axes.set_xlabel("time (s)")
    axes.set_ylabel("conductance")
    axes.set_xlim(0, design.noise.duration)
    axes.set_ylim(decades(traces.conductance))
    engineering_ticks(axes.yaxis, "S")
    return Drawing(
        svg=to_svg(figure),
        title=f"Reads of {len(traces.conductance)} levels over {design.noise.duration:g} s",
        source="Lim 2025, Fig. 2C",
        caption=f"Read at {quantity(design.cell.read_voltage, 'V')} every {quantity(design.noise.interval, 's')}: no level drifts, the state moves by "
        f"{scientific(float(np.max(np.abs(traces.drift))))} at most; what is seen is the read noise of the noise card.",
        alt="Horizontal noisy traces of conductance over one hundred seconds, one for each level.",
        width=HALF,
    )


def deviations(result: SynapseResult) -> Drawing:
    """Relative deviation of the simulated reads against conductance, and the table they were drawn from."""
    traces, noise = result.part("traces"), result.noise
    mean = traces.conductance.mean(axis=1)
    figure, axes = canvas(HALF, 66)
    axes.semilogx(noise.conductance, 100 * np.array(noise.relative_deviation), "-s", color=GRAY, label=f"noise card {noise.name}")
    axes.plot(mean, 100 * traces.deviation, "o", color=BLUE, label="simulated reads")
    axes.set_xlabel("conductance")
    axes.set_ylabel("relative deviation (%)")
    axes.set_ylim(0, None)
    engineering_ticks(axes.xaxis, "S", crowded=10.0)
    axes.legend(loc="lower left")
    low, high = int(np.argmin(mean)), int(np.argmax(mean))
    return Drawing(
        svg=to_svg(figure),
        title="Relative deviation against conductance",
        source="Lim 2025, Fig. 2D",
        caption=f"The deviation {'rises' if traces.deviation[low] > traces.deviation[high] else 'does not rise'} as the conductance falls, from "
        f"{percent(traces.deviation[high])} at {measured(mean[high], 'S')} to "
        f"{percent(traces.deviation[low])} at {measured(mean[low], 'S')}. The points of Fig. 2D are not printed: the table is an assumption.",
        alt="Relative deviation in percent falls as the conductance grows; simulated points lie on the line of the table.",
        width=HALF,
    )


def variability(result: SynapseResult) -> Drawing:
    """Loops at every spread, and the spread of both resistance states."""
    found = result.part("variability")
    figure, panels = _variability_panels(len(found.spreads))
    for index, spread in enumerate(found.spreads):
        axes = panels[index]
        for voltage, current in zip(found.voltage[index], found.current[index], strict=True):
            axes.semilogy(voltage, np.abs(current), color=BLUE, linewidth=0.4, alpha=0.8)
        axes.set_title(f"{'abcdefghijkl'[index]}{GAP}spread {percent(float(spread), digits=0)}")
    last = panels[-1]
    for values, color, marker, label in ((found.on, VERMILLION, "o", "after set"), (found.off, BLACK, "s", "after reset")):
        for index, row in enumerate(values):
            last.semilogy(np.full(len(row), index), row, marker, color=color, markersize=2.4, alpha=0.7, label=label if index == 0 else None)
    _finish_variability(panels, found)
    apart = (
        "Both states stay apart at every spread." if np.all(found.on.min(axis=1) > found.off.max(axis=1)) else "The two states overlap at the largest spread."
    )
    on, off = (values[-1].std() / values[-1].mean() for values in (found.on, found.off))
    return Drawing(
        svg=to_svg(figure),
        title=f"Variation of I0 and Rs, {found.on.shape[1]} cycles at each spread",
        source="Lim 2025, Fig. S3",
        caption=f"At a spread of {percent(float(found.spreads[-1]), digits=0)} the conductance after set varies by {percent(float(on), digits=0)} and that "
        f"after reset "
        f"by {percent(float(off), digits=0)}; at {percent(float(found.spreads[0]), digits=0)} by {percent(float(found.on[0].std() / found.on[0].mean()))} and "
        f"{percent(float(found.off[0].std() / found.off[0].mean()))}. {apart}",
        alt="Six panels with ten loops each, the loops spreading with the variation, and a panel with the conductances after set and reset.",
        width=FULL,
    )


def _variability_panels(count: int) -> tuple[Any, list[Any]]:
    """Panels of loops in two rows, and a tall one at the right for the spread."""
    columns = (count + 1) // 2
    names = [[f"p{row * columns + column}" if row * columns + column < count else "." for column in range(columns)] + ["spread"] for row in range(2)]
    figure, made = mosaic(FULL, 94, names, width_ratios=[1.0] * columns + [1.15])
    return figure, [*(made[f"p{index}"] for index in range(count)), made["spread"]]


def _finish_variability(panels: list[Any], found: Any) -> None:
    *loops, last = panels
    columns = (len(loops) + 1) // 2
    for index, axes in enumerate(loops):
        axes.set_ylim(decades(np.abs(found.current), least=SMALLEST))
        engineering_ticks(axes.yaxis, "A")
        if index % columns:
            axes.set_yticklabels([])
        else:
            axes.set_ylabel("magnitude of current")
        if index >= len(loops) - columns:
            axes.set_xlabel("voltage (V)")
    last.set_title(f"{'abcdefghijkl'[len(loops)]}{GAP}conductance")
    last.set_xticks(range(len(found.spreads)), [f"{100 * spread:g}" for spread in found.spreads])
    last.set_xlabel("spread (%)")
    engineering_ticks(last.yaxis, "S")
    last.legend(loc="center left")
