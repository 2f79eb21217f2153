"""Figures of the transistor alone (Lim 2025, Fig. 1C-E)."""

import numpy as np

from cosim.reporting.style import HALF, MARKERS, Drawing, canvas, engineering_ticks, percent, quantity, shades, size_colors, size_ticks, to_svg, volts
from cosim.studies.lim2025.synapse import SynapseResult
from cosim.studies.lim2025.synapse.transistor import DRAIN

FLOOR = 1e-12  # [A] end of the logarithmic axis: gmin of the simulator


def transfer(result: SynapseResult) -> Drawing:
    """Drain current over gate voltage, logarithmic, for every W/L."""
    found, chosen = result.part("transistors"), result.design.transistor.chosen
    figure, axes = canvas(HALF, 64)
    for size, current, color in zip(found.w_over_l, found.transfer, size_colors(found.w_over_l, chosen), strict=True):
        axes.semilogy(found.gate, np.abs(current), color=color, linewidth=1.6 if size == chosen else 0.9, label=f"{size:g}")
    axes.set_xlabel("gate voltage (V)")
    axes.set_ylabel("drain current")
    axes.set_ylim(FLOOR / 10, 3 * float(found.transfer.max()))
    axes.set_xlim(0, float(found.gate[-1]))
    engineering_ticks(axes.yaxis, "A")
    axes.legend(title="W/L", loc="lower right", ncols=2, title_fontsize=7)
    index = int(np.flatnonzero(found.w_over_l == chosen)[0])
    return Drawing(
        svg=to_svg(figure),
        title="Transfer curves",
        source="Lim 2025, Fig. 1C",
        caption=f"Drain-source {volts(DRAIN, digits=1)}, source and body grounded. The threshold at 100 nA × W/L is {volts(found.threshold[index])} at W/L {chosen:g} "
        f"and {volts(found.threshold[0])} at W/L {found.w_over_l[0]:g}, the narrowest.",
        alt="Drain current over gate voltage on a logarithmic axis for six W/L; wider transistors carry more current.",
        width=HALF,
    )


def output(result: SynapseResult) -> Drawing:
    """Drain current over drain voltage for every W/L."""
    found, design = result.part("transistors"), result.design
    chosen = design.transistor.chosen
    figure, axes = canvas(HALF, 64)
    for size, current, color in zip(found.w_over_l, found.output, size_colors(found.w_over_l, chosen), strict=True):
        axes.plot(found.drain, current, color=color, linewidth=1.6 if size == chosen else 0.9)
        axes.annotate(f"{size:g}", (found.drain[-1], current[-1]), xytext=(2, 0), textcoords="offset points", color=color, va="center", annotation_clip=False)
    axes.set_yscale("symlog", linthresh=2e-4, linscale=0.4)
    axes.set_ylim(0, None)
    axes.set_xlim(0, float(found.drain[-1]))
    axes.set_xlabel("drain-source voltage (V)")
    axes.set_ylabel("drain current")
    engineering_ticks(axes.yaxis, "A")
    index = int(np.flatnonzero(found.w_over_l == chosen)[0])
    saturated, point = float(found.output[index, -1]), result.part("advice").chosen
    region = "stays in its triode region" if point.transistor < point.overdrive - found.threshold[index] else "saturates"
    return Drawing(
        svg=to_svg(figure),
        title="Output curves, W/L at the right end",
        source="Lim 2025, Fig. 1D",
        caption=f"Gate at {volts(design.supply.gate, digits=1)}. W/L {chosen:g} delivers up to {quantity(saturated, 'A')}, "
        f"{saturated / _set_current(result):.1f} times the {quantity(_set_current(result), 'A')} that the memristor draws at full set: "
        f"in the cell the transistor {region}. The current axis is linear below {quantity(2e-4, 'A')}, logarithmic above.",
        alt="Drain current over drain-source voltage for six W/L, rising and then saturating.",
        width=HALF,
    )


def _set_current(result: SynapseResult) -> float:
    return float(result.part("advice").chosen.current)


def on_resistance(result: SynapseResult) -> Drawing:
    """On-resistance over W/L for every gate voltage."""
    found, design = result.part("transistors"), result.design
    chosen, gate = design.transistor.chosen, design.supply.gate
    figure, axes = canvas(HALF, 64)
    for index, (each, color) in enumerate(zip(found.resistance_gates, shades(len(found.resistance_gates)), strict=True)):
        axes.loglog(found.w_over_l, found.resistance[:, index], marker=MARKERS[index], color=color, linewidth=0.9, label=volts(each, digits=1))
    size_ticks(axes, found.w_over_l)
    axes.set_ylabel(f"on-resistance at {volts(DRAIN, digits=1)}")
    engineering_ticks(axes.yaxis, "Ω")
    axes.legend(title="gate", loc="lower left", title_fontsize=7)
    value = found.resistance_at(chosen, gate)
    set_resistance = result.part("advice").chosen.memristor / _set_current(result)
    return Drawing(
        svg=to_svg(figure),
        title="On-resistance over W/L and gate voltage",
        source="Lim 2025, Fig. 1E",
        caption=f"W/L {chosen:g} at a gate of {volts(gate, digits=1)} has {quantity(value, 'ohm')}, {percent(value / set_resistance)} of the "
        f"{quantity(set_resistance, 'ohm')} that the memristor shows at full set.",
        alt="On-resistance falls with W/L and with the gate voltage, on logarithmic axes.",
        width=HALF,
    )
