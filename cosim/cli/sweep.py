"""``cosim sweep``: the cells of a design over what its ``[sweep]`` moves, as a table, and against its limits."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosim.cli.options import (
    FILE,
    chosen_engine,
    engine_option,
    json_option,
    listed,
    load_design,
    opened_store,
    seconds,
    store_option,
    timeout_option,
    workers_option,
)
from cosim.cli.output import check_writable, plain_value, say, say_json, say_table, write_text
from cosim.errors import CheckFailed, InputError, SimulationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosim.codesign.sweeps import Sweep
    from cosim.design import Design
    from cosim.sweep.jobs import Result
    from cosim.sweep.yields import Summary

TABLE_ENDINGS = (".csv", ".parquet")
SUMMARY_ENDINGS = (".csv", ".json")
SHOWN = 60  # rows on a terminal
UNITS = {
    **dict.fromkeys(("gate", "drain", "full_voltage", "read_voltage", "vt_shift", "memristor_max", "memristor_min"), "V"),
    **dict.fromkeys(("memristor", "transistor", "headroom"), "V"),
    **dict.fromkeys(("on", "off"), "S"),
    "length": "m",
    "temperature": "degC",
    "current": "A",
    "power": "W",
}


@click.command(short_help="Simulate the cells of a design over whatever moves.")
@click.argument("design_path", metavar="DESIGN", type=FILE)
@click.option("--w-over-l", metavar="LIST", help="Widths over length, for example 5,10,20. Default: those of the design.")
@click.option("--gate", metavar="LIST", help="Gate voltages, for example 2V,3V. Default: that of the design.")
@click.option("--axis", "axes", metavar="NAME=LIST", multiple=True, help="Values of any other quantity of [sweep], for example temperature=-40,27,85.")
@click.option("--orientation", type=click.Choice(["mod", "mos", "both"]), help="Memristor on drain or on source. Default: what the design says, else both.")
@click.option("--draws", type=click.IntRange(min=0), help="Cells to draw at each point, with the spread of [mismatch].")
@click.option("--retry/--no-retry", default=True, show_default=True, help="Run again on looser options what did not converge.")
@click.option("-o", "--output", type=FILE, help="Write the table as .csv or .parquet.")
@click.option("--summary", metavar="FILE", type=FILE, help="Write min, typ, max, limits and yield as .csv or .json.")
@engine_option
@timeout_option
@store_option
@workers_option
@json_option
def sweep(
    design_path: Path,
    w_over_l: str | None,
    gate: str | None,
    axes: tuple[str, ...],
    orientation: str | None,
    draws: int | None,
    retry: bool,
    output: Path | None,
    summary: Path | None,
    engine: str | None,
    timeout: str,
    store_folder: Path | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Simulate the cell of a design at every point of its [sweep]. Runs that failed stand in the table with their status; exit code 4.

    Exit code 1 if fewer cells are within the [limits] than the design asks for.
    """
    from cosim.codesign.sweeps import Sweep, run_sweep
    from cosim.sweep.lab import Lab
    from cosim.sweep.progress import progress_bar

    limit = seconds(timeout, "--timeout")
    design = _design(design_path, w_over_l, gate, axes, orientation, draws)
    _check_output("--output", output, TABLE_ENDINGS)
    _check_output("--summary", summary, SUMMARY_ENDINGS)
    chosen = chosen_engine(engine, design)
    jobs = Sweep(design)
    with opened_store(store_folder) as store, progress_bar("sweep") as progress:
        results = run_sweep(jobs, Lab(engine=chosen, store=store, workers=workers, timeout=limit, progress=progress), retry=retry)
    rows = jobs.summary(results)
    _show(jobs, results, rows, output, as_json=as_json)
    if summary is not None:
        _write_summary(rows, summary)
    _judge(design, results, rows)


def _design(path: Path, w_over_l: str | None, gate: str | None, axes: tuple[str, ...], orientation: str | None, draws: int | None) -> "Design":
    """The design, with what the options say in the place of its own values."""
    design = load_design(path)
    if w_over_l is None and not design.sweep.axes:  # the widths of [transistor] stay, whatever else the options move
        design = design.replaced("sweep", {"w_over_l": list(design.transistor.w_over_l)}, where=str(path))
    given: list[tuple[str, str, object]] = []
    given += [("--w-over-l", "w_over_l", listed(w_over_l))] if w_over_l is not None else []
    given += [("--gate", "gate", listed(gate))] if gate is not None else []
    for text in axes:
        name, sign, values = text.partition("=")
        if not sign:
            raise InputError(f"--axis={text}: must be NAME=LIST, for example temperature=-40,27,85")
        given.append((f"--axis {name}", name.strip(), listed(values)))
    given += [("--orientation", "orientation", orientation)] if orientation is not None else []
    for where, key, value in given:
        design = design.replaced("sweep", {key: value}, where=where)
    return design if draws is None else design.replaced("mismatch", {"draws": draws}, where="--draws")


def _check_output(option: str, path: Path | None, endings: tuple[str, ...]) -> None:
    if path is not None:
        if path.suffix not in endings:
            raise InputError(f"{option}={path}: must end in {' or '.join(endings)}")
        check_writable(path)


def _show(jobs: "Sweep", results: "list[Result]", rows: "list[Summary]", output: Path | None, *, as_json: bool) -> None:
    from cosim.codesign.sweeps import MEASURES
    from cosim.sweep.tables import export_csv, export_parquet

    if output is not None:
        (export_csv if output.suffix == ".csv" else export_parquet)(results, output)
    if as_json:
        say_json([_row(each) for each in results])
        return
    if output is None:
        columns = [*results[0].label, *MEASURES[jobs.design.sweep.bench], "status"]
        say_table([_headed(name) for name in columns], [[_row(each).get(name) for name in columns] for each in results[:SHOWN]])
        if len(results) > SHOWN:
            say(f"{len(results) - SHOWN} more rows; write all of them with -o FILE.csv")
    else:
        say(f"{output}: {len(results)} rows")
    if relaxed := sum(each.relaxed for each in results):
        say(f"{relaxed} of {len(results)} runs passed with relaxed options only")
    if jobs.design.limits.bounds:
        _show_summary(rows)


def _show_summary(rows: "Sequence[Summary]") -> None:
    from cosim.sweep.yields import LEVEL

    say("")
    columns = (*rows[0].group, "measure", "min", "typ", "max", "limit", "within", "yield", f"{LEVEL:.0%} interval")
    table = []
    for each in rows:
        row = each.row()
        share = f"{each.share:.2%}" if each.cells else "-"
        interval = f"{each.interval[0]:.2%} .. {each.interval[1]:.2%}" if each.interval else "-"
        ends = [row[name] if row[name] == row[name] else "" for name in ("min", "typ", "max")]
        verdict = [f"{each.within} of {each.cells}", share, interval] if each.asked else ["", "", ""]
        table.append([*each.group.values(), _headed(each.measure), *ends, row["limit"], *verdict])
    say_table(columns, table)


def _write_summary(rows: "Sequence[Summary]", path: Path) -> None:
    import json

    import pandas as pd

    flat = [each.row() for each in rows]
    write_text(path, json.dumps(plain_value(flat), indent=2) + "\n" if path.suffix == ".json" else pd.DataFrame(flat).to_csv(index=False, lineterminator="\n"))


def _judge(design: "Design", results: "list[Result]", rows: "Sequence[Summary]") -> None:
    """The exit code: failed runs first, then a yield that is too low."""
    from cosim.sweep.yields import ALL

    failed = [each for each in results if each.status != "ok"]
    if failed:
        where = ", ".join(f"{key}={value}" for key, value in failed[0].label.items())
        raise SimulationError(f"sweep: {len(failed)} of {len(results)} runs failed, first {where}: {failed[0].status}, {failed[0].message}")
    for each in rows:
        if each.measure == ALL and each.share < design.limits.least_yield:
            where = ", ".join(f"{key}={value}" for key, value in each.group.items())
            raise CheckFailed(f"sweep, {where}: {each.within} of {each.cells} cells are within all limits; must be >= {design.limits.least_yield:.6g}")


def _row(result: "Result") -> dict[str, object]:
    ends = {"status": str(result.status), "relaxed": result.relaxed, "message": result.message, "key": result.key}
    return {**result.label, **result.measures, **ends}


def _headed(name: str) -> str:
    return f"{name} [{UNITS[name]}]" if name in UNITS else name
