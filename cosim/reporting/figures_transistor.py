"""Figure of the transistor alone (Lim 2025, Fig. 1C-E)."""

from typing import Any

import numpy as np

from cosim.design import Design
from cosim.reporting.style import (
    FULL,
    GAP,
    MARKERS,
    TIMES,
    Drawing,
    canvas,
    engineering_ticks,
    measured,
    percent,
    quantity,
    shades,
    size_colors,
    size_ticks,
    to_svg,
    volts,
)
from cosim.studies.lim2025.synapse import SynapseResult
from cosim.studies.lim2025.synapse.transistor import DRAIN, Transistors

FLOOR = 1e-13  # [A] end of the logarithmic axis, below the leakage that the simulator's gmin leaves
LINEAR = 2e-4  # [A] up to which the axis of the output curves is linear


def transistor(result: SynapseResult) -> Drawing:
    """Transfer, output and on-resistance for every W/L."""
    found, design = result.part("transistors"), result.design
    figure, panels = canvas(FULL, 64, columns=3)
    _transfer(panels[0], found, design.transistor.chosen)
    _output(panels[1], found, design.transistor.chosen)
    _on_resistance(panels[2], found)
    return Drawing(
        svg=to_svg(figure),
        title="Transfer curves, output curves and on-resistance over W/L",
        source="Lim 2025, Fig. 1C-E",
        caption=_caption(result, found, design),
        alt="Three panels: drain current over gate voltage, over drain voltage, and on-resistance over W/L for six gate voltages.",
        width=FULL,
    )


def _caption(result: SynapseResult, found: Transistors, design: Design) -> str:
    chosen, gate = design.transistor.chosen, design.supply.gate
    index = int(np.flatnonzero(found.w_over_l == chosen)[0])
    resistance = found.resistance_at(chosen, gate)
    return (
        f"At W/L {chosen:g} the threshold (100 nA {TIMES} W/L, drain at {volts(DRAIN, digits=1)}) is {volts(found.threshold[index])}, "
        f"{volts(found.threshold[0])} at {found.w_over_l[0]:g}. With the gate at {volts(gate, digits=1)} it delivers up to "
        f"{measured(found.output[index, -1], 'A')}, its "
        f"on-resistance is {measured(resistance, 'ohm')}.{_beside_the_memristor(result, float(found.threshold[index]))} "
        f"The axis of b is linear below {quantity(LINEAR, 'A')}."
    )


def _beside_the_memristor(result: SynapseResult, threshold: float) -> str:
    if result.advice is None:
        return ""
    point = result.advice.chosen
    memristor = point.memristor / point.current
    region = "in its triode region" if point.transistor < point.overdrive - threshold else "saturated"
    part = f"{percent(point.transistor / point.memristor)} of its {measured(memristor, 'ohm')}"
    return f" At full set the memristor draws {measured(point.current, 'A')}: the transistor is {region} and has {part}."


def _transfer(axes: Any, found: Transistors, chosen: float) -> None:
    for size, current, color in zip(found.w_over_l, found.transfer, size_colors(found.w_over_l, chosen), strict=True):
        axes.semilogy(found.gate, np.abs(current), color=color, linewidth=1.6 if size == chosen else 0.9, label=f"{size:g}")
    axes.set_title(f"a{GAP}transfer, drain {volts(DRAIN, digits=1)}")
    axes.set_xlabel("gate voltage (V)")
    axes.set_ylabel("drain current")
    axes.set_ylim(FLOOR, 3 * float(found.transfer.max()))
    axes.set_xlim(0, float(found.gate[-1]))
    engineering_ticks(axes.yaxis, "A")
    axes.legend(title="W/L", loc="lower right", ncols=2, title_fontsize=7)


def _output(axes: Any, found: Transistors, chosen: float) -> None:
    for size, current, color in zip(found.w_over_l, found.output, size_colors(found.w_over_l, chosen), strict=True):
        axes.plot(found.drain, current, color=color, linewidth=1.6 if size == chosen else 0.9)
        end = (found.drain[-1], current[-1])
        axes.annotate(f"{size:g}", end, xytext=(2, 0), textcoords="offset points", color=color, va="center", annotation_clip=False)
    axes.set_title(f"b{GAP}output")
    axes.set_yscale("symlog", linthresh=LINEAR, linscale=0.4)
    axes.set_ylim(0, None)
    axes.set_xlim(0, float(found.drain[-1]))
    axes.set_xlabel("drain-source voltage (V)")
    axes.set_ylabel("drain current")
    engineering_ticks(axes.yaxis, "A")


def _on_resistance(axes: Any, found: Transistors) -> None:
    for index, (each, color) in enumerate(zip(found.resistance_gates, shades(len(found.resistance_gates)), strict=True)):
        axes.loglog(found.w_over_l, found.resistance[:, index], marker=MARKERS[index], color=color, linewidth=0.9, label=volts(each, digits=1))
    size_ticks(axes, found.w_over_l)
    axes.set_title(f"c{GAP}on-resistance")
    axes.set_ylabel("on-resistance")
    engineering_ticks(axes.yaxis, "Ω")
    axes.legend(title="gate", loc="lower left", title_fontsize=7)
