"""Tables of sweeps and Monte Carlo: measures against their limits with yield, corners one by one, runs that failed or needed looser options."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cosim.design import Design, LimitsSection, SweepSection
from cosim.params import Limit, described
from cosim.reporting.blocks import Block, Column, table
from cosim.reporting.figures_cell import corner_words
from cosim.reporting.style import TIMES, listing, measured, percent, quantity, volts
from cosim.reporting.swept import Swept
from cosim.sweep.jobs import Result
from cosim.sweep.yields import ALL, LEVEL, Summary

UNITS = {each.name: str(each.metadata["unit"]) for kind in (SweepSection, LimitsSection) for each in described(kind)}
WORDS = {"w_over_l": "W/L", "on_off": "on/off", "share": "share of the transistor", "i0s": "I0 factor", "rss": "Rs factor"}
BENCHES = {
    "loop": "I-V loop to the full voltage",
    "share": "end of the full operation at the full voltage",
    "headroom": "end of the full operation under the supply",
}
INTERVAL = f"{100 * LEVEL:g}\N{NO-BREAK SPACE}% interval"
LISTED = 12  # runs that failed or were relaxed, at most; the rest is counted
HELD, NOT_HELD = {"text": "held", "mark": "good"}, {"text": "not held", "mark": "bad"}


def word(name: str) -> str:
    """A measure or an axis in plain words."""
    return WORDS.get(name, name.replace("_", " "))


def shown(name: str, value: float) -> str:
    """A value of a measure or an axis with its unit; a dash where there is none."""
    if not np.isfinite(value):
        return "-"
    unit = UNITS.get(name, "1")
    if unit == "%":
        return percent(value, digits=2)
    if unit == "1":
        return f"{value:.4g}"
    if unit == "V":
        return volts(value, digits=3)
    return f"{value:g} degC" if unit == "degC" else measured(value, unit)


def limit_words(name: str, limit: Limit) -> str:
    """``<= 12 %``, or both ends."""
    ends = ((">=", limit.least), ("<=", limit.most))
    return " and ".join(f"{sign} {_given(name, end)}" for sign, end in ends if end is not None)


def _given(name: str, value: float) -> str:
    unit = UNITS.get(name, "1")
    return f"{100 * value:g}\N{NO-BREAK SPACE}%" if unit == "%" else quantity(value, "" if unit == "1" else unit)


def where(label: Mapping[str, object]) -> str:
    """``MOD, W/L 65``: what a group of cells, or a run, is told from the others by."""
    words = []
    for name, value in label.items():
        if name == "orientation":
            words.append(str(value).upper())
        elif isinstance(value, (int, float)):
            words.append(f"{word(name)}\N{NO-BREAK SPACE}{_given(name, value) if name not in ('temperature', 'draw') else f'{value:g}'}")
    return ", ".join(words)


def plan_words(found: Swept) -> str:
    """What was swept, in a sentence or two."""
    sweep, design = found.sweep, found.design
    axes = listing(word(name) for name in sweep.axes)
    points = f"{len(sweep.points)} points over {axes} ({design.sweep.method.replace('_', ' ')})" if len(sweep.points) > 1 else where(sweep.points[0])
    drawn = f" {TIMES} {len(sweep.draws)} drawn cells" if design.mismatch.draws else ""
    corners = f" {TIMES} {len(sweep.corners)} corners" if len(sweep.corners) > 1 else ""
    sides = f" {TIMES} both orientations" if len(sweep.orientations) > 1 else ""
    plan = f"{points}{drawn}{corners}{sides}, {len(found.results)} runs"
    return f"Bench {design.sweep.bench}, {BENCHES[design.sweep.bench]}: {plan}.{spread_words(design)}{_supply_words(found)}"


def _supply_words(found: Swept) -> str:
    """What the corners of a sweep move."""
    if found.design.sweep.bench == "headroom" or all(corner.supply == 1.0 for corner in found.sweep.corners):
        return ""
    return f" The supplies of a corner move the gate; the {volts(found.design.cell.full_voltage, digits=0)} over the cell stay."


def spread_words(design: Design) -> str:
    """Which spreads the cells are drawn with; nothing without draws."""
    mismatch = design.mismatch
    if not mismatch.draws:
        return ""
    values = {key: value for section, key, value in design.describe() if section == "mismatch"}
    names = {"a_vt": "A_VT {}", "a_mobility": "A_mobility {}", "memristor": "I0 and Rs of the memristor {}"}
    parts = [text.format(values[key]) for key, text in names.items() if getattr(mismatch, key)]
    deviation = mismatch.a_vt / np.sqrt(design.transistor.chosen * design.transistor.length**2)
    at_size = f" A threshold deviates by {quantity(float(deviation), 'V')} at W/L {design.transistor.chosen:g}." if mismatch.a_vt else ""
    return f" Spread, standard deviation of one device: {listing(parts)}.{at_size}".replace(" um", "\N{NO-BREAK SPACE}µm")


def limits(found: Swept) -> Block:
    """Min, typ and max of every measure, against the limits, with the yield."""
    asked = bool(found.design.limits.bounds)
    columns = [Column("cells", width="1"), Column("measure"), *(Column(each, "right") for each in ("min", "typ", "max"))]
    more = [Column("must be"), Column("within", "right"), Column("yield", "right"), Column(INTERVAL, "right"), Column("")]
    rows = [[*_ends(each), *(_yield(found, each) if asked else [])] for each in found.summary]
    return table(
        "Measures against limits" if asked else "Measures over all cells",
        [*columns, *(more if asked else [])],
        rows,
        caption=_caption(found) if asked else "Typ is the median. The design sets no limits, so that there is no yield.",
        size=8.0,
        long=len(rows) > LISTED,
    )


def _ends(row: Summary) -> list[Any]:
    ends = ("", "", "") if row.measure == ALL else (shown(row.measure, value) for value in (row.least, row.typical, row.most))
    return [where(row.group), row.measure if row.measure == ALL else word(row.measure), *ends]


def _yield(found: Swept, row: Summary) -> list[Any]:
    if not row.asked:
        return [""] * 5
    least = found.design.limits.least_yield
    whole = row.measure == ALL
    must = (f"yield >= {percent(least, digits=0)}" if least else "") if whole else limit_words(row.measure, row.limit or Limit())
    mark: Any = (HELD if row.share >= least else NOT_HELD) if whole and least else ""
    return [must, f"{row.within} of {row.cells}", percent(row.share) if row.cells else "-", interval_words(row.interval), mark]


def interval_words(interval: tuple[float, float] | None) -> str:
    """``46.5..72.4 %``; a dash where nothing was drawn."""
    return f"{100 * interval[0]:.1f}..{100 * interval[1]:.1f}\N{NO-BREAK SPACE}%" if interval else "-"


def _caption(found: Swept) -> str:
    corners = " A cell counts as within if it is at every corner." if len(found.sweep.corners) > 1 else ""
    interval = " The interval is that of Clopper and Pearson." if found.random else " Nothing was drawn: the yield is a share of points, without interval."
    least = found.design.limits.least_yield
    missed = [where(each.group) for each in found.too_low]
    verdict = f" A yield of {percent(least, digits=0)} is not held by {listing(missed)}." if missed else ""
    return f"Typ is the median of all runs.{corners}{interval}{verdict}"


def corners(found: Swept) -> Block:
    """The measure of the figure at each corner."""
    name, values = found.measure, found.values()
    rows = []
    for index in range(len(found.sweep.corners)):
        corner, within, cells, interval = found.corner(index)
        here = values[np.isfinite(values[:, index]), index]
        ends = [shown(name, float(each)) for each in (here.min(), np.median(here), here.max())] if cells else ["-"] * 3
        rate = [f"{within} of {cells}", percent(within / cells) if cells else "-", interval_words(interval)] if found.limit else []
        text = corner_words(corner)
        rows.append([{"text": text, "bold": True} if index == 0 else text, *ends, *rate])
    heads = ["min", "typ", "max", *(["within", "yield", INTERVAL] if found.limit else [])]
    limit = f", must be {limit_words(name, found.limit)}" if found.limit else ""
    return table(
        f"{word(name).capitalize()} at each corner, {found.sweep.orientations[0].upper()}{limit}",
        [Column("corner", width="1"), *(Column(each, "right") for each in heads)],
        rows,
        caption="The same cells at every corner; the nominal one is bold.",
        size=8.0,
    )


def troubles(found: Swept) -> Block:
    """Runs that failed, and runs that passed on looser options only."""
    listed = [*found.failed, *found.relaxed]
    left = f" {len(listed) - LISTED} more are not listed." if len(listed) > LISTED else ""
    return table(
        f"Runs that failed ({len(found.failed)}) or passed with looser options only ({len(found.relaxed)}), of {len(found.results)}",
        [Column("run", width="0.8"), Column("status"), Column("message", width="1")],
        [_trouble(each) for each in listed[:LISTED]],
        caption=f"A cell with a failed run is neither within nor out.{left}",
        size=8.0,
    )


def _trouble(run: Result) -> list[Any]:
    status = {"text": "relaxed", "mark": "note"} if run.relaxed else {"text": str(run.status), "mark": "bad"}
    return [where(run.label), status, run.message]


def smooth(found: Swept) -> str:
    """Said where no run failed and none was relaxed."""
    return f"All {len(found.results)} runs passed, none of them with looser options."


def assumptions(found: Swept) -> list[tuple[str, str]]:
    """Title and text of what the Monte Carlo rests on; none without draws."""
    if not found.design.mismatch.draws:
        return []
    return [
        (
            "The spreads of the Monte Carlo are those of the design file.",
            f"{spread_words(found.design).strip()} In lim2025_synapse they are assumed: neither the paper nor the public card of the transistor gives any. "
            "Draws are normal and independent; there is no gradient, no spread of thresholds or rates of the memristor, and none of the wires.",
        )
    ]
