"""Tables of closed-loop tuning: the rules of both controllers, how traces end, the array, and the cells beside; its assumptions."""

from typing import Any

import numpy as np

from cosim.codesign.tuning.arrays import Disturbance
from cosim.codesign.tuning.bench import paper_controller, slope_controller
from cosim.codesign.tuning.tune import Outcome
from cosim.devices.memristor.read_noise import flat
from cosim.reporting.blocks import Block, Column, marked, table
from cosim.reporting.style import TIMES, band, measured, percent, quantity, scientific, volts
from cosim.studies.lim2025.tuning import TuningResult
from cosim.studies.lim2025.tuning.study import Rates

NOISES = {"white": "white", "correlated": "correlated", "none": "none (control)"}
CONTROLLERS = {"paper": "paper's", "slope": "ours"}
KEPT = 0.01  # of the state: a cell beside that moves by less in one pulse is not disturbed


def controllers(result: TuningResult) -> Block:
    """Where descents begin, the steps, and when each controller accepts."""
    design, tuning = result.design, result.design.tuning
    paper, slope = paper_controller(design, tuning.band), slope_controller(design, tuning.band, flat(tuning.noise))
    patient = slope_controller(design, tuning.band, flat(tuning.noise, correlation_time=tuning.correlation_time))
    rows = [
        [
            "a descent begins",
            f"{quantity(paper.back_off, 'V')} below the nominal voltage of the target",
            f"where the nominal device stops {percent(slope.guard, digits=0)} above the target; once a device is known, {slope.caution:g} bands above",
        ],
        [
            "next amplitude",
            f"{quantity(paper.step, 'V')} more",
            f"where the nominal curve, scaled to what the device has shown, meets the target plus {slope.aim:g} bands; "
            f"in steps of {quantity(slope.resolution, 'V')}",
        ],
        [
            "reads of a decision",
            f"{paper.reads}, one every {quantity(paper.read_time, 's')}",
            f"{slope.batch} at a time, every {quantity(slope.spacing, 's')}, up to {slope.most}; under correlated noise every "
            f"{quantity(patient.spacing, 's')}, up to {patient.most}",
        ],
        [
            "accepted",
            f"all {paper.reads} reads lie inside of the band",
            f"the mean lies {slope.confidence:g} standard errors inside of the band ({patient.confidence:g} under correlated noise); undecided after all "
            "reads, within half of the band",
        ],
        [
            "a set, and again",
            "the mean lies below the target",
            "the mean lies as many standard errors below the band; undecided after all reads, more than half of the band below the target",
        ],
        ["knows beforehand", "the nominal curve", "the nominal curve; deviation and correlation time of the noise"],
    ]
    return table(
        "Both controllers: acceptance rule and step",
        [Column("rule"), Column("paper's controller", width="0.6"), Column("our controller", width="1")],
        rows,
        caption=f"A trace ends after {tuning.most_pulses} pulses in the wide band ({band(tuning.band)}) and {tuning.most_pulses_strict} in the narrow one "
        f"({band(tuning.strict_band)}). The paper prints its step and its bands, but neither its acceptance rule nor where a descent begins.",
        source="Lim 2025, section 3.2",
        size=8.0,
    )


def rates(result: TuningResult) -> Block:
    """How the traces of every case ended, with 95 % intervals, pulses and time."""
    tuning, count = result.design.tuning, next(iter(result.cases.values())).outcome.size
    shown = [_row(result, case) for case in sorted(result.cases.values(), key=_order)]
    control = result.cases["paper, narrow, none"]
    return table(
        f"How traces end: {tuning.seeds} seeds {TIMES} {len(tuning.targets)} targets, {count} traces a row",
        [
            Column("band"),
            Column("noise"),
            Column("controller"),
            Column("reached (%)", "right"),
            Column("false success (%)", "right"),
            Column("not reached (%)", "right"),
            Column("pulses", "right"),
            Column("time per target", "right"),
        ],
        shown,
        caption=f"In brackets 95 % intervals (Wilson); pulses and time: median, 95th percentile. Noise {percent(tuning.noise, digits=0)} a read; correlated "
        f"over {quantity(tuning.correlation_time, 's')}. The noise-free rows are a control: what is lost there is lost to the steps, "
        f"{percent(control.share(Outcome.not_reached), digits=0)} of the traces of the paper's controller in the narrow band.{_missing(result)}",
        source="Lim 2025, Fig. 5C, D",
        size=8.0,
    )


def _order(case: Rates) -> tuple[int, int, int]:
    controller, width, noise = case.name.split(", ")
    return ("wide", "narrow").index(width), list(NOISES).index(noise), list(CONTROLLERS).index(controller)


def _row(result: TuningResult, case: Rates) -> list[Any]:
    controller, width, noise = case.name.split(", ")
    tuning = result.design.tuning
    pulses, time = (np.percentile(values, [50, 95]) for values in (case.pulses, case.time))
    return [
        band(tuning.band if width == "wide" else tuning.strict_band),
        NOISES[noise],
        CONTROLLERS[controller],
        *(_share(case, outcome) for outcome in Outcome),
        f"{pulses[0]:.0f}, {pulses[1]:.0f}",
        f"{measured(time[0], 's')}, {measured(time[1], 's')}",
    ]


def _share(case: Rates, outcome: Outcome) -> str:
    low, high = case.interval(outcome)
    return f"{100 * case.share(outcome):.1f} ({100 * low:.1f}..{100 * high:.1f})"


def _missing(result: TuningResult) -> str:
    if "slope, narrow, correlated" in result.cases:
        return ""
    return " Ours under correlated noise in the narrow band: see the bound."


def array(result: TuningResult) -> Block:
    """The array in numbers, and its audit by SPICE."""
    found, tuning, traces = result.array, result.design.tuning, result.array.traces
    ours, spice = result.audited
    rows, columns = found.shape
    cells = rows * columns
    return table(
        "Array: programming and audit",
        [Column("quantity", width="1"), Column("value", "right")],
        [
            ["cells", f"{rows} {TIMES} {columns} = {cells}"],
            ["a segment of a bit or source line", quantity(tuning.wire_resistance, "ohm")],
            ["both lines up to the last row", quantity(float(found.lanes.wire.max()), "ohm")],
            ["truly inside", f"{int(traces.inside.sum())} of {cells}"],
            ["largest error of a cell", percent(float(np.max(np.abs(traces.conductance / traces.target - 1.0))), digits=2)],
            ["pulses: all, of a cell (median, most)", f"{int(traces.pulses.sum())}, {np.median(traces.pulses):.0f}, {int(traces.pulses.max())}"],
            ["sets among them", f"{int(traces.sets.sum())}"],
            ["time, one cell after another", measured(found.time, "s")],
            ["energy of all pulses", measured(found.energy, "J")],
            ["cells repeated pulse by pulse in SPICE", f"{len(ours)}"],
            ["largest difference of their conductance", percent(float(np.max(np.abs(spice / ours - 1.0))), digits=2)],
        ],
        caption=f"Random targets of {quantity(min(tuning.targets), 'S')} to {quantity(max(tuning.targets), 'S')}; white noise.",
        size=8.0,
    )


def disturbances(result: TuningResult) -> Block:
    """Cells beside under one reset pulse, and what follows for the word lines."""
    reset = -result.design.cell.full_voltage
    shown = [[_word_line(each), f"{each.before:.3f}", f"{each.after:.3f}", _change(each), _kept(each)] for each in result.disturbances]
    return table(
        f"Half-selected cell, same column, {volts(reset, digits=0)} on the bit line",
        [Column("its word line", width="1"), Column("before", "right"), Column("after", "right"), Column("change", "right"), Column("")],
        shown,
        caption=conclusion(result),
        size=8.0,
    )


def _word_line(each: Disturbance) -> str:
    return "grounded" if each.word == 0 else f"at the reset voltage, {volts(each.word, digits=0)}"


def _change(each: Disturbance) -> str:
    moved = abs(each.after - each.before)
    return f"{moved:.3f}" if moved >= 1e-3 else scientific(moved)


def disturbed(each: Disturbance) -> bool:
    """Whether one pulse moves the cell beside."""
    return abs(each.after - each.before) >= KEPT


def _kept(each: Disturbance) -> Block:
    cell = marked("fail" if disturbed(each) else "pass")
    return {**cell, "text": "reset too" if disturbed(each) else "kept"}


def conclusion(result: TuningResult) -> str:
    """What the word lines that are not selected must be held at."""
    grounded = [each for each in result.disturbances if each.word == 0]
    held = [each for each in result.disturbances if each.word != 0]
    words = "One pulse, from full set; state of the filament. "
    if any(map(disturbed, held)):
        return f"{words}Neither way of holding its word line keeps the cell."
    if any(map(disturbed, grounded)):
        return (
            f"{words}The negative bit line pulls the inner node below a grounded gate, and the transistor conducts: unselected word lines must be held at the "
            f"reset voltage ({volts(held[0].word, digits=0)})."
        )
    return f"{words}A grounded word line keeps the cell as well."


def assumptions(result: TuningResult) -> list[tuple[str, str]]:
    """Title and text of what the numbers of the chapter rest on."""
    tuning = result.design.tuning
    return [
        (
            "The memristor's card is stretched by the pulses.",
            f"Its kinetics are fitted to sweeps of 1 V/s; pulses of {quantity(tuning.pulse_width, 's')} with edges of {quantity(tuning.pulse_edge, 's')} go "
            "beyond. The amplitudes follow the card; both controllers meet the same one.",
        ),
        (
            "Tuned devices differ in I0 and Rs only.",
            f"Both scale with a spread of {percent(tuning.spread, digits=0)}; thresholds and rates are those of the card for every device and cycle, and no "
            "device drifts, wears out or sticks.",
        ),
        (
            "Controllers know what they are told.",
            f"Both know the nominal reset curve; ours knows the deviation ({percent(tuning.noise, digits=0)} at every conductance) and the correlation time of "
            f"the noise as well. Correlated noise is one exponential of {quantity(tuning.correlation_time, 's')}, an assumption.",
        ),
        (
            "The paper's acceptance rule is ours.",
            f"It is not printed: all of {tuning.reads} reads must lie inside, and a descent begins {quantity(tuning.back_off, 'V')} below the nominal voltage. "
            "With fewer reads more traces are accepted, and more of them falsely. The text prints 55 pulses, the caption of Fig. 5 60 or fewer; here "
            f"{tuning.most_pulses} are allowed.",
        ),
        (
            "Rates are computed in Python.",
            f"They integrate the equations of the card behind the tabulated transistor. The traces that are drawn and {len(result.audited[0])} "
            "cells of the array are simulated in SPICE pulse by pulse.",
        ),
        (
            "Lines have resistance only.",
            f"The array has {quantity(tuning.wire_resistance, 'ohm')} a segment, no capacitance and no current through other cells; one cell is programmed at "
            "a time. Energy is what pulses draw from the bit line, without reads, word lines and drivers. The cell beside was given one pulse, not thousands.",
        ),
    ]
