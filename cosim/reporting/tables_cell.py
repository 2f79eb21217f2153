"""Tables of the report: Table 1, the cell over W/L, operating points, corners, rules and claims."""

import math
import re
from collections.abc import Sequence
from typing import Any

from cosim.circuits.cells import ORIENTATIONS
from cosim.claims import KINDS, Verdict
from cosim.codesign.sizing import Check, SizingAdvice
from cosim.reporting.blocks import Block, Column, code_cell, labeled, marked, table
from cosim.reporting.style import MINUS, TIMES, measured, percent, pretty, quantity, scientific, volts
from cosim.studies.lim2025.synapse import SynapseResult
from cosim.studies.lim2025.synapse.drive import is_follower

KIND_TITLES = {"reproduction": "Reproductions", "prediction": "Predictions", "calibration": "Calibrations"}
HASH = "deck"
WIDE = 14  # letters of a paper's value that has to wrap


def checks(advice: SizingAdvice) -> Block:
    """The design rules, each with the value behind it."""
    rows = []
    for each in advice.checks:
        word = ("pass" if each.passed else "fail") if each.required else ("holds" if each.passed else "does not hold")
        rows.append([each.name, check_value(each), each.allowed.replace("%", " %"), "decides" if each.required else "for information", marked(word)])
    return table(
        "Design rules",
        [Column("rule", width="1"), Column("simulated", "right"), Column("allowed"), Column("weight"), Column("verdict")],
        rows,
        size=9.0,
    )


def check_value(check: Check) -> str:
    """The value of a rule with its unit."""
    if check.unit == "%":
        return percent(check.value, digits=2)
    return volts(check.value, sign=True) if check.unit == "V" else f"{check.value:.4g}"


def positive_drive(result: SynapseResult) -> Block:
    """Table 1: largest voltage on the memristor when all supplies are positive."""
    rows = {(each.orientation, each.operation, each.state): each for each in result.part("table")}
    needed = result.design.cell.full_voltage
    shown = []
    for orientation in ORIENTATIONS:
        for operation in ("set", "reset"):
            high, low = (rows[orientation, operation, state] for state in ("HRS", "LRS"))
            rule = "VDD - Vth" if is_follower(orientation, operation) else "VDD"
            drop = volts(high.threshold, digits=3) if high.threshold else "-"
            difference = f"{1e3 * (high.voltage - high.expected):+.1f} mV".replace("-", MINUS)
            full = marked("pass" if low.voltage >= needed else "fail")
            full["text"] = "enough" if low.voltage >= needed else "too little"
            shown.append(
                [
                    f"{orientation.upper()} {operation}",
                    rule,
                    drop,
                    volts(high.expected, digits=3),
                    volts(high.voltage, digits=3),
                    difference,
                    volts(low.voltage, digits=3),
                    full,
                ]
            )
    high, low = (next(each.load for each in rows.values() if each.state == state) for state in ("HRS", "LRS"))
    return table(
        f"Largest voltage on the memristor, positive drive, W/L {result.design.transistor.chosen:g}",
        [
            Column("case"),
            Column("paper"),
            Column("Vth", "right"),
            Column("expected", "right"),
            Column("at HRS", "right"),
            Column("difference", "right"),
            Column("at LRS", "right"),
            Column(f"full {volts(needed, digits=0)} at LRS"),
        ],
        shown,
        caption=f"At the high-resistance state ({quantity(high, 'ohm')}) the paper's rule holds; at the low-resistance state ({quantity(low, 'ohm')}) "
        f"a source follower keeps only {volts(min(each.voltage for each in rows.values()))}. Vth at 100 nA {TIMES} W/L and the simulated body voltage.",
        source="Lim 2025, Table 1",
    )


def bipolar_drive(result: SynapseResult) -> Block:
    """The same under the bipolar sweep of the measurement, with the current through the body."""
    rows = result.part("bipolar")
    clamped = max(rows, key=lambda each: each.body_current)
    shown = [
        [
            each.orientation.upper(),
            "grounded" if each.body == "grounded" else "at the lowest node",
            volts(each.set_voltage, digits=3),
            volts(each.reset_voltage, digits=3),
            measured(each.body_current, "A") if abs(each.body_current) > 1e-9 else "< 1 nA",
        ]
        for each in rows
    ]
    return table(
        f"The same, bipolar sweep to ±{volts(result.design.cell.full_voltage, digits=0)}, source line grounded",
        [Column("cell"), Column("body"), Column("set", "right"), Column("reset", "right"), Column("body current at the negative end", "right")],
        shown,
        caption=f"No threshold is lost in the reset of MOD. {clamped.orientation.upper()} with its body {clamped.body} is clamped at "
        f"{volts(clamped.reset_voltage)} by the body diode, which carries {measured(clamped.body_current, 'A')}.",
        source="not in the paper",
    )


def windows(result: SynapseResult) -> Block:
    """On and off over W/L for both orientations."""
    found = result.part("cells")
    chosen = result.design.transistor.chosen
    rows = []
    for each in found.cells:
        cells = [
            each.orientation.upper(),
            f"{each.w_over_l:g}",
            measured(each.window.on, "S"),
            measured(each.window.off, "S"),
            f"{each.window.ratio:.1f}",
            percent(found.on_off(each.orientation, each.w_over_l)),
            percent(each.window.state_on),
        ]
        rows.append([*(_bold(cell) if each.w_over_l == chosen else cell for cell in cells), _hash(each.window.deck)])
    rows.append(
        [
            "alone",
            "-",
            measured(found.alone.on, "S"),
            measured(found.alone.off, "S"),
            f"{found.alone.ratio:.1f}",
            "100 %",
            percent(found.alone.state_on),
            _hash(found.alone.deck),
        ]
    )
    return table(
        "Window of the cell over W/L, bipolar sweep, body at the lowest node",
        [
            Column("cell"),
            Column("W/L", "right"),
            Column("after set", "right"),
            Column("after reset", "right"),
            Column("on/off", "right"),
            Column("relative", "right"),
            Column("state after set", "right"),
            Column(HASH),
        ],
        rows,
        caption=f"Read at {quantity(result.design.cell.read_voltage, 'V')}; the chosen W/L is bold.",
        source="Lim 2025, Table S2",
    )


def margins(advice: SizingAdvice) -> Block:
    """What decides the orientation."""
    full = advice.design.cell.full_operation
    rows = [
        [
            f"{each.orientation.upper()} {each.operation}",
            volts(each.available, digits=3),
            volts(each.required, digits=3),
            volts(each.volts, digits=3, sign=True),
            "decides" if each.operation == full else "for information",
            marked("pass" if each.volts > 0 else "fail"),
            _hash(each.deck),
        ]
        for each in advice.margins
    ]
    return table(
        f"Voltage left for the memristor at the end of each operation, W/L {advice.design.transistor.chosen:g}, positive drive",
        [
            Column("case"),
            Column("available", "right"),
            Column("required", "right"),
            Column("left over", "right"),
            Column("weight"),
            Column("verdict"),
            Column(HASH),
        ],
        rows,
        caption=f"The {full} must complete: {advice.orientation.upper()} has {volts(advice.headroom, sign=True)} left for it.",
    )


def operating_points(advice: SizingAdvice) -> Block:
    """The cell at full set over W/L, against both limits."""
    rule = advice.design.rule
    chosen = advice.chosen.w_over_l
    rows = []
    for each in sorted({each.w_over_l: each for each in (*advice.points, advice.chosen)}.values(), key=lambda point: point.w_over_l):
        cells = [
            f"{each.w_over_l:g}",
            volts(each.memristor, digits=3),
            volts(each.transistor, digits=3),
            volts(each.overdrive, digits=1),
            measured(each.current, "A"),
            percent(each.share, digits=2),
            measured(each.power, "W"),
            f"{each.area * 1e12:.1f} um2",
        ]
        limits = [marked("pass" if each.share <= limit else "fail") for limit in (rule.share, rule.strict_share)]
        rows.append([*(_bold(cell) if each.w_over_l == chosen else cell for cell in cells), *limits, _hash(each.deck)])
    return table(
        f"Operating points at full set, {volts(advice.design.cell.full_voltage, digits=0)} over the cell, {advice.orientation.upper()}",
        [
            Column("W/L", "right"),
            Column("memristor", "right"),
            Column("transistor", "right"),
            Column("overdrive", "right"),
            Column("current", "right"),
            Column("share", "right"),
            Column("power", "right"),
            Column("area", "right"),
            Column(f"{100 * rule.share:g} %"),
            Column(f"{100 * rule.strict_share:g} %"),
            Column(HASH),
        ],
        rows,
        caption="Overdrive: gate over source. Area: W times channel and both diffusions, without well contacts. The chosen W/L is bold.",
        size=8.0,
    )


def corner_rows(advice: SizingAdvice) -> Block:
    """Share, headroom and needed W/L at every corner."""
    rule = advice.design.rule
    margins_there = dict(advice.corner_margins)
    nominal = advice.corner_shares[0][0]
    rows = []
    for corner, share in sorted(advice.corner_shares, key=lambda each: (each[0].temperature, each[0].supply)):
        loose, strict = (advice.crossing(limit, corner) for limit in (rule.share, rule.strict_share))
        supply = "nominal" if corner.supply == 1 else f"{100 * (corner.supply - 1):+.0f} %".replace("-", MINUS)
        plain = [
            f"{corner.temperature:g} degC",
            supply,
            percent(share, digits=2),
            volts(margins_there[corner], digits=3, sign=True),
            _size(loose),
            _size(strict),
        ]
        shown: list[Any] = [_bold(cell) if corner == nominal else cell for cell in plain]
        shown.insert(3, marked("holds" if share <= rule.share else "does not hold"))
        shown.insert(5, marked("holds" if margins_there[corner] > 0 else "does not hold"))
        rows.append(shown)
    return table(
        f"Corners at W/L {advice.chosen.w_over_l:g}, {advice.orientation.upper()}",
        [
            Column("temperature", "right"),
            Column("supplies", "right"),
            Column("share", "right"),
            Column(f"≤ {100 * rule.share:g} %"),
            Column("headroom", "right"),
            Column("> 0 V"),
            Column(f"W/L for {100 * rule.share:g} %", "right"),
            Column(f"W/L for {100 * rule.strict_share:g} %", "right"),
        ],
        rows,
        caption="Bold: nominal. Each W/L is found by bisection over simulated operating points, to 0.01 %.",
    )


def claims(verdicts: Sequence[Verdict], kind: str, prefix: str) -> Block:
    """The claims of one kind."""
    rows = [
        [
            labeled(each.id.removeprefix(prefix).lstrip("."), f"{each.statement} ({each.source})" + (f". {each.reason}" if each.reason else "")),
            claim_value(each.paper, each.unit),
            claim_value(each.value, each.unit),
            f"{_powers(each.must_be)} {_unit(each.unit)}".strip(),
            marked(each.verdict),
        ]
        for each in verdicts
        if each.kind == kind
    ]
    met = sum(each.verdict == "met" for each in verdicts if each.kind == kind)
    return table(
        f"{KIND_TITLES[kind]}: {KINDS[kind]}",
        [
            Column("claim", width="1"),
            Column("paper", "right", "auto" if max((len(row[1]) for row in rows), default=0) < WIDE else "0.17"),
            Column("ours", "right"),
            Column("must be", "right"),
            Column("verdict"),
        ],
        rows,
        caption=f"{met} of {len(rows)} met.",
        size=7.5,
        long=True,
    )


def claim_value(value: float | str | None, unit: str) -> str:
    """A value of a claim, a number in four digits with its unit; a dash where there is none."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    shown = f"{value:.4g}"
    return f"{scientific(value) if 'e' in shown else shown.replace('-', MINUS)} {_unit(unit)}".strip()


def _powers(needed: str) -> str:
    """A requirement with ``1e-06`` as a power of ten."""
    return re.sub(r"\d+(\.\d+)?e[+-]\d+", lambda found: scientific(float(found[0])), needed)


def _unit(unit: str) -> str:
    return "" if unit == "1" else pretty(unit)


def _hash(deck: str) -> Block:
    return code_cell(deck[:12])


def _bold(cell: str) -> Block:
    return {"text": pretty(cell), "bold": True}


def _size(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "not reached"
