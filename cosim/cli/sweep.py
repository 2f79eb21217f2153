"""``cosim sweep``: the cells of a design over W/L and gate voltage, as a table."""

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
from cosim.cli.output import check_writable, say, say_json, say_table
from cosim.errors import InputError, SimulationError

if TYPE_CHECKING:
    from cosim.design import Design
    from cosim.sweep.jobs import Result

TABLE_ENDINGS = (".csv", ".parquet")
UNITS = {"gate": "V", "on": "S", "off": "S", "memristor_max": "V", "memristor_min": "V"}
COLUMNS = ("orientation", "w_over_l", "gate", "on", "off", "on_off", "share", "memristor_max", "memristor_min", "status")


@click.command(short_help="Simulate the cells of a design over W/L and gate voltage.")
@click.argument("design_path", metavar="DESIGN", type=FILE)
@click.option("--w-over-l", metavar="LIST", help="Widths over length, for example 5,10,20. Default: those of the design.")
@click.option("--gate", metavar="LIST", help="Gate voltages, for example 2V,3V. Default: that of the design.")
@click.option("--orientation", type=click.Choice(["mod", "mos", "both"]), default="both", show_default=True, help="Memristor on drain or on source.")
@click.option("-o", "--output", type=FILE, help="Write the table as .csv or .parquet.")
@engine_option
@timeout_option
@store_option
@workers_option
@json_option
def sweep(
    design_path: Path,
    w_over_l: str | None,
    gate: str | None,
    orientation: str,
    output: Path | None,
    engine: str | None,
    timeout: str,
    store_folder: Path | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Simulate the I-V loop of every cell. Runs that failed stand in the table with their status; exit code 4."""
    limit = seconds(timeout, "--timeout")
    design = load_design(design_path)
    if w_over_l is not None:
        design = design.replaced("transistor", {"w_over_l": listed(w_over_l)}, where="--w-over-l")
    gates = [design] if gate is None else [design.replaced("supply", {"gate": each}, where="--gate") for each in listed(gate)]
    if output is not None:
        if output.suffix not in TABLE_ENDINGS:
            raise InputError(f"--output={output}: must end in {' or '.join(TABLE_ENDINGS)}")
        check_writable(output)
    results = _run(design, gates, orientation, chosen_engine(engine, design), limit, store_folder, workers)
    _show(results, output, as_json=as_json)
    failed = [each for each in results if each.status != "ok"]
    if failed:
        where = ", ".join(f"{key}={value}" for key, value in failed[0].label.items())
        raise SimulationError(f"sweep: {len(failed)} of {len(results)} runs failed, first {where}: {failed[0].status}, {failed[0].message}")


def _run(
    design: "Design", gates: "list[Design]", orientation: str, engine: object, timeout: float, store_folder: Path | None, workers: int | None
) -> "list[Result]":
    from cosim.circuits.cells import ORIENTATIONS
    from cosim.codesign.decks import grid, measured
    from cosim.sweep.progress import progress_bar
    from cosim.sweep.runner import run_jobs

    chosen = [each for each in ORIENTATIONS if orientation in (each, "both")]
    jobs = list(grid(design, orientations=chosen, gates=gates))
    with opened_store(store_folder) as store, progress_bar("sweep") as progress:
        results = run_jobs(jobs, engine=engine, store=store, workers=workers, timeout=timeout, progress=progress)  # type: ignore[arg-type]
    return [measured(design, job, result) for job, result in zip(jobs, results, strict=True)]


def _show(results: "list[Result]", output: Path | None, *, as_json: bool) -> None:
    from cosim.sweep.tables import export_csv, export_parquet

    if output is not None:
        (export_csv if output.suffix == ".csv" else export_parquet)(results, output)
    if as_json:
        say_json([{**each.label, **each.measures, "status": str(each.status), "message": each.message, "key": each.key} for each in results])
    elif output is None:
        say_table(
            [f"{name} [{UNITS[name]}]" if name in UNITS else name for name in COLUMNS],
            [[{**each.label, **each.measures, "status": str(each.status)}.get(name) for name in COLUMNS] for each in results],
        )
    else:
        say(f"{output}: {len(results)} rows")
