"""``cosim tune``: conductances of a design's cells brought to their targets by pulses, in a closed loop."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosim.cli.options import FILE, chosen_engine, engine_option, json_option, load_design, opened_store, store_option, workers_option
from cosim.cli.output import say, say_json, say_table
from cosim.errors import CheckFailed, InputError, reject
from cosim.units import engineering

if TYPE_CHECKING:
    import numpy as np

    from cosim.codesign.tuning.bench import Bench
    from cosim.codesign.tuning.tune import Traces
    from cosim.design import Design

COLUMNS = ("target", "result", "error", "outcome", "pulses", "sets", "time", "energy")
UNITS = {"target": "S", "result": "S", "error": "%", "time": "s", "energy": "J"}
MOST_CELLS = 1_000_000  # of an array
AUDITED = 20  # cells of an array that SPICE repeats


@click.command(short_help="Tune conductances by pulses in a closed loop.")
@click.argument("design_path", metavar="[DESIGN]", type=FILE, required=False)
@click.option("--target", "targets", metavar="CONDUCTANCE", multiple=True, help="Conductance to reach, for example 100u; may be repeated.")
@click.option("--band", metavar="SHARE", help="Half-width around a target, for example 3%.")
@click.option("--controller", type=click.Choice(["slope", "paper"]), default="slope", show_default=True, help="What decides and steps.")
@click.option("--noise", metavar="SHARE", help="Relative deviation of a read.")
@click.option("--correlation-time", metavar="TIME", help="Of the read noise, for example 3s. Default: white noise.")
@click.option("--spread", metavar="SHARE", help="Device-to-device spread.")
@click.option("--reads", type=click.IntRange(min=1), help="Reads that must all lie inside (paper), reads of one decision at most (slope).")
@click.option("--step", metavar="VOLTAGE", help="Step of the amplitude (paper), its resolution (slope).")
@click.option("--orientation", type=click.Choice(["mod", "mos"]), default="mod", show_default=True, help="Memristor on drain or on source.")
@click.option("--twin/--spice", "twin", default=None, help="Pulses in Python or in SPICE. Default: SPICE; the twin for an array.")
@click.option("--array", "shape", metavar="ROWSxCOLUMNS", help="Tune a whole array, with targets drawn between the lowest and the highest one.")
@click.option("--seed", type=click.IntRange(min=0), help="Of devices, noise and the targets of an array.")
@engine_option
@store_option
@workers_option
@json_option
def tune(
    design_path: Path | None,
    targets: tuple[str, ...],
    band: str | None,
    controller: str,
    noise: str | None,
    correlation_time: str | None,
    spread: str | None,
    reads: int | None,
    step: str | None,
    orientation: str,
    twin: bool | None,
    shape: str | None,
    seed: int | None,
    engine: str | None,
    store_folder: Path | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Tune the conductances of a design's [tuning] by set and reset pulses, under noisy reads.

    Exit code 1 if one is not truly inside of its band at the end.
    """
    from cosim.codesign.tuning.bench import Bench
    from cosim.sweep.lab import Lab
    from cosim.sweep.progress import progress_bar

    given = {"targets": list(targets) or None, "band": band, "noise": noise, "correlation_time": correlation_time, "spread": spread, "reads": reads}
    design = _design(load_design(design_path), {**given, ("step" if controller == "paper" else "resolution"): step}, seed)
    rows_columns = _shape(shape) if shape is not None else None
    by_twin = twin if twin is not None else rows_columns is not None
    if orientation == "mos" and by_twin:
        raise reject(InputError, "--twin", "orientation", orientation, "mod; take --spice")
    chosen = chosen_engine(engine, design)
    with opened_store(store_folder) as store, progress_bar("tune") as progress:
        lab = Lab(engine=chosen, store=store, workers=workers, progress=progress)
        bench = Bench.of(
            design,
            lab,
            controller=controller,
            correlated=correlation_time is not None,
            most_reads=reads,
            orientation="mos" if orientation == "mos" else "mod",
            twin=by_twin,
        )
        _warn(bench)
        if rows_columns is None:
            _show_targets(bench, bench.tune(), as_json=as_json)
        else:
            _show_array(bench, rows_columns, as_json=as_json)


def _design(design: "Design", given: dict[str, Any], seed: int | None) -> "Design":
    """The design with the values of the options in the place of its own."""
    names = {"targets": "--target", "resolution": "--step"}
    for key, value in given.items():
        if value is not None:
            design = design.replaced("tuning", {key: value}, where=names.get(key, f"--{key.replace('_', '-')}"))
    return design if seed is None else replace(design, run=replace(design.run, seed=seed))


def _shape(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text.strip().lower())
    if found is None:
        raise reject(InputError, "tune", "--array", text, "ROWSxCOLUMNS, for example 64x10")
    if int(found[1]) * int(found[2]) > MOST_CELLS:
        raise reject(InputError, "tune", "--array", text, f"at most {MOST_CELLS} cells")
    return int(found[1]), int(found[2])


def _warn(bench: "Bench") -> None:
    """Say beforehand, on stderr, which targets the step is too coarse for."""
    coarse = [(target, least) for target, least in bench.resolvable() if least > bench.controller.band]
    if coarse:
        shown = ", ".join(f"{engineering(target, 'S')} {least:.2%}" for target, least in coarse)
        what = f"band {100 * bench.controller.band:.3g} % is narrower than what steps of {engineering(bench.step, 'V')} resolve"
        click.echo(f"cosim: tune: {what}; the resolvable band is {shown}", err=True)


def _show_targets(bench: "Bench", traces: "Traces", *, as_json: bool) -> None:
    rows = _rows(traces)
    if as_json:
        say_json({**bench.describe(), **_summary(traces), "traces": rows})
    else:
        say_table([f"{name} [{UNITS[name]}]" if name in UNITS else name for name in COLUMNS], [[row[name] for name in COLUMNS] for row in rows])
        say(f"\n{_line(traces)}; {bench}")
    _judge(traces, "targets")


def _show_array(bench: "Bench", shape: tuple[int, int], *, as_json: bool) -> None:
    import numpy as np

    array = bench.tune_array(*shape)
    error = bench.audit(array, cells=AUDITED) if bench.by_twin else None
    traces = array.traces
    if as_json:
        grids = {name: np.array([row[name] for row in _rows(traces)]).reshape(shape) for name in COLUMNS}
        say_json({**bench.describe(), **_summary(traces), "shape": shape, "audit_error": error, "cells": grids})
    else:
        pulses = traces.pulses
        say_table(
            ("what", "value"),
            [
                ("cells", f"{shape[0]} x {shape[1]}, wires of {bench.design.tuning.wire_resistance:g} ohm a segment"),
                *((name.replace("_", " "), _count(traces, name)) for name in ("reached", "false_success", "not_reached")),
                ("largest error", f"{float(np.max(np.abs(traces.conductance / traces.target - 1.0))):.3%}"),
                ("pulses, median and most", f"{np.median(pulses):g}, {pulses.max()}"),
                ("time, one cell after another", engineering(array.time, "s")),
                ("energy of the pulses", engineering(array.energy, "J")),
                *([] if error is None else [(f"largest difference to SPICE in {min(AUDITED, pulses.size)} cells", f"{error:.3%}")]),
            ],
        )
        say(f"\n{_line(traces)}; {bench}")
    _judge(traces, "cells")


def _rows(traces: "Traces") -> list[dict[str, Any]]:
    columns: dict[str, np.ndarray | list[str]] = {
        "target": traces.target,
        "result": traces.conductance,
        "error": 100.0 * (traces.conductance / traces.target - 1.0),
        "outcome": [str(each) for each in traces.outcome],
        "pulses": traces.pulses,
        "sets": traces.sets,
        "time": traces.time,
        "energy": traces.energy,
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _summary(traces: "Traces") -> dict[str, Any]:
    from cosim.codesign.tuning.tune import Outcome

    counts = {str(outcome): _count(traces, outcome) for outcome in Outcome}
    return {**counts, "time": float(traces.time.sum()), "energy": float(traces.energy.sum())}


def _line(traces: "Traces") -> str:
    import numpy as np

    found = _summary(traces)
    ends = f"{found['reached']} of {len(traces.target)} reached, {found['false_success']} false successes, {found['not_reached']} not reached"
    return f"{ends}; median {np.median(traces.pulses):g} pulses; {engineering(found['time'], 's')}, {engineering(found['energy'], 'J')} in all"


def _count(traces: "Traces", outcome: str) -> int:
    return sum(each == outcome for each in traces.outcome)


def _judge(traces: "Traces", what: str) -> None:
    false, not_reached = _count(traces, "false_success"), _count(traces, "not_reached")
    if false or not_reached:
        raise CheckFailed(f"tune: {false + not_reached} of {len(traces.target)} {what} are not truly inside of the band, {false} of them accepted all the same")
