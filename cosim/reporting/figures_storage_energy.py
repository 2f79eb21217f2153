"""Figures of the energy of storing a sample (Zarcone 2020, Figs. 3c, M1, M2): current and write energy of the cell, converters, precision, parts."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.codesign.pcm_cell import SET_RANGE
from cosim.coding.storage_energy import Row, StorageCard
from cosim.reporting.style import (
    BLACK,
    BLUE,
    FULL,
    GAP,
    GRAY,
    GREEN,
    HALF,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Drawing,
    canvas,
    decades,
    drawing_style,
    engineering_ticks,
    measured,
    percent,
    quantity,
    to_svg,
)
from cosim.studies.zarcone2020.energy import EnergyResult
from cosim.studies.zarcone2020.energy.study import Case

LAWS = {"fitted": ("fit to the survey", "-"), "walden": ("median Walden figure of merit", "--")}  # case -> words, line
PARTS = {  # part of a total -> color
    "ADC": PURPLE,
    "source code, LDPC encoder, control": GRAY,
    "look-up tables, control": GREEN,
    "writes": BLUE,
    "reads": SKY,
    "LDPC decoding": ORANGE,
    "DAC": VERMILLION,
}
INK = {"LDPC decoding": BLACK}  # of a number on a light part
NOT_ITEMIZED = ("not itemized", "assumed split")  # how the source of such a part begins
WIDE = 0.12  # of the longest bar: from here on a part carries its number


def word_line(result: EnergyResult) -> Drawing:
    """Current of the cell and energy of a write, both against the word line."""
    figure, (left, right) = canvas(FULL, 62, columns=2)
    _currents(left, result)
    _writes(right, result)
    cell, paper = result.cell, result.cases["fitted"].card.write
    low, high = np.interp(SET_RANGE, cell.voltage, cell.current)
    least, most = (measured(float(each), "J") for each in cell.write_energy(np.array(SET_RANGE)))
    reads = [measured(float(each), "A") for each in (cell.read_current[-1], cell.read_current[0])]
    return Drawing(
        svg=to_svg(figure),
        title="Current and write energy of the phase-change cell over its word line",
        source="Zarcone 2020, Fig. 3c",
        caption=f"Bit line at {quantity(cell.bit_line, 'V')}, W/L {cell.w_over_l:g}. The current is {measured(float(low), 'A')} and "
        f"{measured(float(high), 'A')} at the ends of partial SET, {measured(cell.reset_current, 'A')} at RESET; the load line solved by hand differs by "
        f"{percent(result.line_error, digits=3)} at most. RESET takes {measured(cell.reset.sources, 'J')}, a write with partial SET {least} to {most}, "
        f"{measured(result.write, 'J')} on average: {result.write / paper:.1f} times the paper's {quantity(paper, 'J')}. "
        f"A read at {quantity(cell.read_voltage, 'V')} draws {reads[0]} to {reads[1]}. Transistor and element are ours, so the word-line axis is too.",
        alt="Left: current rises slowly, then nearly in a straight line with the word-line voltage. Right: energy of a write rises from that of RESET "
        "to many times the paper's value.",
        width=FULL,
    )


def _currents(axes: Any, result: EnergyResult) -> None:
    cell = result.cell
    axes.axvspan(*SET_RANGE, color=ORANGE, alpha=0.18, linewidth=0)
    axes.plot(cell.voltage, cell.current, color=BLUE, label="SPICE")
    axes.plot(result.hand_words, result.hand_currents, "o", color=BLACK, markersize=3.4, markerfacecolor="none", label="load line by hand")
    axes.plot(cell.voltage[-1], cell.reset_current, "D", color=VERMILLION, markersize=4.4, zorder=4, clip_on=False)
    axes.annotate("RESET", (cell.voltage[-1], cell.reset_current), xytext=(-5, 5), textcoords="offset points", ha="right", color=VERMILLION)
    axes.axhline(result.element.reset_current, color=GRAY, linewidth=0.8, linestyle="--")
    axes.annotate("RESET current of the card", (0.0, result.element.reset_current), xytext=(3, -3), textcoords="offset points", va="top", color="#5a5a5a")
    axes.set_xlim(0, cell.voltage[-1])
    axes.set_ylim(0, 1.4 * max(cell.reset_current, result.element.reset_current))
    axes.text(sum(SET_RANGE) / 2, 0.42, "partial SET", ha="center", color="#8a5a00", transform=axes.get_xaxis_transform())
    axes.set_xlabel("word line (V)")
    axes.set_ylabel("current into the bit line")
    axes.set_title(f"a{GAP}current")
    engineering_ticks(axes.yaxis, "A")
    axes.legend(loc="upper left")


def _writes(axes: Any, result: EnergyResult) -> None:
    cell, paper = result.cell, result.cases["fitted"].card.write
    total = cell.set_energy + cell.reset.sources
    axes.set_yscale("log")
    axes.plot(cell.set_voltage, total, color=BLUE, label="RESET and partial SET")
    axes.plot(cell.set_voltage, cell.set_energy, color=ORANGE, linestyle="-.", label="partial SET")
    axes.axhline(cell.reset.sources, color=VERMILLION, linewidth=0.9, linestyle=":", label="RESET")
    axes.axhline(paper, color=BLACK, linewidth=0.9, linestyle="--", label="a write in the paper")
    axes.set_xlim(*SET_RANGE)
    axes.set_ylim(decades(total, cell.set_energy, np.array([paper])))
    axes.set_xlabel("word line of partial SET (V)")
    axes.set_ylabel("energy from the sources")
    axes.set_title(f"b{GAP}energy")
    engineering_ticks(axes.yaxis, "J")
    axes.legend(loc="lower right")


def conversion(result: EnergyResult) -> Drawing:
    """Energy of one conversion against its bits, both laws, with the converters of the two ways marked."""
    figure, axes = canvas(HALF, 62)
    axes.set_yscale("log")
    for name, color in (("fitted", BLUE), ("walden", ORANGE)):
        words, line = LAWS[name]
        axes.plot(result.cases[name].over.bits, result.cases[name].over.conversion, color=color, linestyle=line, label=words)
    card, over = result.cases["fitted"].card, result.cases["fitted"].over
    ways = (("separate", card.separate_bits, VERMILLION, "s"), ("joint", card.joint_bits, GREEN, "o"))
    energies = [float(np.interp(bits, over.bits, over.conversion)) for _, bits, _, _ in ways]
    for (name, bits, color, marker), energy in zip(ways, energies, strict=True):
        axes.plot(bits, energy, marker, color=color, markersize=4.6, linestyle="", label=f"{name} coding, {bits:g} bits", zorder=4)
    axes.set_xlim(0, over.bits[-1])
    axes.set_ylim(decades(over.conversion, result.cases["walden"].over.conversion))
    axes.set_xlabel("effective bits of the converter")
    axes.set_ylabel("energy of a conversion")
    engineering_ticks(axes.yaxis, "J")
    axes.legend(loc="upper left")
    return Drawing(
        svg=to_svg(figure),
        title="Energy of a conversion",
        source="Zarcone 2020, Fig. M1",
        caption=f"{quantity(card.conversion, 'J')} at zero bits and {card.doublings:g} doublings a bit: {measured(energies[0], 'J')} at {card.separate_bits:g} "
        f"bits, {measured(energies[1], 'J')} at {card.joint_bits:g}. The survey is the paper's, which prints no value. Range of the fit: {_range(card)}.",
        alt="Two straight lines on a logarithmic axis rise with the bits of a converter; marks stand at the bits of separate and of joint coding.",
        width=HALF,
    )


def _range(card: StorageCard) -> str:
    """Where the law of the converters is said to hold."""
    return card.source("conversion").rpartition("; valid ")[2]


def precision(result: EnergyResult) -> Drawing:
    """Energy a sample of both ways against precision, with the paper's write and with that of the cell."""
    figure, panels = canvas(FULL, 66, columns=2, sharey=True)
    columns = ((panels[0], ("fitted", "walden"), f"a{GAP}the paper's write"), (panels[1], ("simulated",), f"b{GAP}the write of our cell"))
    for axes, names, title in columns:
        axes.set_yscale("log")
        for name in names:
            _ways(axes, result.cases[name], LAWS.get(name, ("", "-"))[1], label="" if name == "fitted" or len(names) == 1 else ", Walden converters")
        axes.set_xlim(result.cases[names[0]].over.bits[[0, -1]])
        axes.set_xlabel("precision of a sample (bits)")
        axes.set_title(title)
        axes.legend(loc="upper left")
    panels[0].set_ylabel("energy a sample")
    panels[0].set_ylim(decades(*(each for case in result.cases.values() for each in (case.over.separate, case.over.joint))))
    engineering_ticks(panels[0].yaxis, "J")
    fitted, simulated = result.cases["fitted"], result.cases["simulated"]
    return Drawing(
        svg=to_svg(figure),
        title="Energy a sample over precision",
        source="Zarcone 2020, Fig. M2",
        caption=f"At {fitted.comparison.bits:g} bits {_totals(fitted)}, a write as in the paper; with our cell's {measured(result.write, 'J')} a write "
        f"{_totals(simulated)}. Dots, from which on joint coding takes more: {_crossover(fitted)} with converters fitted to the survey, "
        f"{_crossover(result.cases['walden'])} by Walden, {_crossover(simulated)} with the write of our cell. Steps: whole cells. "
        "Growth beyond one cell is assumed.",
        alt="Two rising curves in each panel: joint coding lies below separate coding at low precision, then grows exponentially and crosses it.",
        width=FULL,
    )


def _ways(axes: Any, case: Case, line: str, *, label: str) -> None:
    axes.plot(case.over.bits, case.over.separate, color=VERMILLION, linestyle=line, label=f"separate{label}")
    axes.plot(case.over.bits, case.over.joint, color=BLUE, linestyle=line, label=f"joint{label}")
    if case.crossover is not None and case.crossover <= case.over.bits[-1]:
        axes.plot(case.crossover, _at(case.over.bits, case.over.separate, case.crossover), "o", color=BLACK, markersize=4.2, zorder=4)


def _at(bits: Array, energy: Array, where: float) -> float:
    return float(np.interp(where, bits, energy))


def _totals(case: Case) -> str:
    joint, separate = (quantity(each, "J") for each in (case.comparison.joint_total, case.comparison.separate_total))
    return f"joint coding takes {joint}, separate {separate}"


def _crossover(case: Case) -> str:
    """Where joint coding begins to take more."""
    return "nowhere" if case.crossover is None else f"{case.crossover:.1f} bits"


def shares(result: EnergyResult) -> Drawing:
    """Both totals at the paper's precision, part by part; hatched is what the paper does not itemize."""
    from matplotlib.patches import Patch

    case = result.cases["fitted"]
    figure, axes = canvas(FULL, 52)
    longest = max(case.comparison.separate_total, case.comparison.joint_total)
    for place, rows in ((1, case.comparison.separate), (0, case.comparison.joint)):
        _bar(axes, place, rows, longest)
    axes.set_yticks([1, 0], ["separate", "joint"])
    axes.set_ylim(-0.5, 1.5)
    axes.set_xlim(0, 1.1 * longest)
    axes.set_xlabel("energy a sample")
    axes.grid(visible=False, axis="y")
    engineering_ticks(axes.xaxis, "J")
    marks = [Patch(facecolor=color, edgecolor="white", label=name) for name, color in PARTS.items()]
    marks.append(Patch(facecolor="white", edgecolor=BLACK, hatch="////", label="not itemized by the paper"))
    figure.legend(handles=marks, loc="outside lower center", ncols=4, columnspacing=1.2)
    separate, joint, card = case.comparison.separate_total, case.comparison.joint_total, case.card
    return Drawing(
        svg=to_svg(figure),
        title=f"Parts of both totals at {case.comparison.bits:g} bits a sample",
        source="Zarcone 2020, Separate vs joint comparison",
        caption=f"Separate coding takes {quantity(separate, 'J')}, joint coding {quantity(joint, 'J')}. The paper itemizes "
        f"{percent(1 - card.separate_rest / card.separate_total)} and {percent(1 - card.joint_rest / card.joint_total)} of them; {_left(case)} (hatched) are "
        f"split by an assumption: converters and reads by their law, the rest to encoder and tables.",
        alt="Two horizontal bars of stacked parts: writes and LDPC decoding fill most of the long bar, one write most of the short one.",
        width=FULL,
    )


def _bar(axes: Any, place: int, rows: tuple[Row, ...], longest: float) -> None:
    """One total from its parts, the wide ones with their number, and the sum at its end."""
    start = 0.0
    for row in rows:
        hatch = "////" if row.source.startswith(NOT_ITEMIZED) else None
        axes.barh(place, row.energy, left=start, height=0.55, color=PARTS[row.name], hatch=hatch, edgecolor="white", linewidth=0.4)
        if row.energy > WIDE * longest:
            axes.text(start + row.energy / 2, place, quantity(row.energy, "J"), ha="center", va="center", color=INK.get(row.name, "white"), fontweight="bold")
        start += row.energy
    axes.annotate(quantity(start, "J"), (start, place), xytext=(3, 0), textcoords="offset points", va="center", fontweight="bold")


def _left(case: Case) -> str:
    """What the paper does not itemize of both totals."""
    return " and ".join(quantity(each, "J") for each in (case.card.separate_rest, case.card.joint_rest))


FIGURES: dict[str, Callable[[EnergyResult], Drawing]] = {"word_line": word_line, "conversion": conversion, "precision": precision, "shares": shares}


def draw(name: str, result: EnergyResult) -> Drawing:
    """One of `FIGURES`."""
    with drawing_style():
        return FIGURES[name](result)
