"""``cosim report``: the PDF of a design, its verdicts on the first page."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosim.claims import passed
from cosim.cli.channel import warned
from cosim.cli.options import (
    FILE,
    REPORT_PACKAGES,
    chosen_engine,
    engine_option,
    json_option,
    load_design,
    opened_store,
    require_packages,
    store_option,
    workers_option,
)
from cosim.cli.output import check_writable, say, say_json
from cosim.errors import CheckFailed, InputError, SimulationError

if TYPE_CHECKING:
    from cosim.reporting.pdf import ReportOutcome


@click.command(short_help="Write the PDF report of a design.")
@click.argument("design_path", metavar="DESIGN", type=FILE)
@click.option("-o", "--output", type=FILE, help="File to write. Default: the design's name with .pdf, in the current folder.")
@click.option("--picture", type=FILE, help="Write the first page as PNG too.")
@click.option(
    "--network", is_flag=True, help="Add the spiking network: all test images of the design through the circuit. Takes most of an hour on two processors."
)
@click.option("--storage", is_flag=True, help="Write the report on the storage channel of the design in the place of that on its cell and circuits.")
@engine_option
@store_option
@workers_option
@json_option
def report(
    design_path: Path,
    output: Path | None,
    picture: Path | None,
    network: bool,
    storage: bool,
    engine: str | None,
    store_folder: Path | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Simulate a design and write its report. Exit code 1 if it fails a check."""
    if storage and network:
        raise InputError("report, --storage: must be left out with --network; they are two reports")
    require_packages("report", *REPORT_PACKAGES)
    design = load_design(design_path)
    _check_kind(design_path, storage=storage)
    target = output or Path(f"{design.name}.pdf")
    if target.suffix != ".pdf":
        raise InputError(f"--output={target}: must end in .pdf")
    check_writable(target)
    chosen = chosen_engine(engine, design)
    from cosim.reporting.pdf import write_report, write_storage_report
    from cosim.sweep.lab import Lab
    from cosim.sweep.progress import progress_bar

    command = f"cosim report {design_path} -o {target}{' --network' if network else ''}{' --storage' if storage else ''}"
    with opened_store(store_folder) as store, progress_bar("report") as progress, warned():
        lab = Lab(engine=chosen, store=store, workers=workers, progress=progress)
        if storage:
            outcome = write_storage_report(design_path, target, lab, command=command, picture=picture)
        else:
            outcome = write_report(design_path, target, lab, command=command, picture=picture, network=network)
    _tell(outcome, as_json=as_json)


def _tell(outcome: "ReportOutcome", *, as_json: bool) -> None:
    """Say what became of a report.

    Raises:
        SimulationError: a check could not be run.
        CheckFailed: a claim, or a rule of the design, is not met.
    """
    open_claims = [each.id for each in outcome.verdicts if each.verdict != "met"]
    if as_json:
        say_json(
            {
                "path": str(outcome.path),
                "passed": passed(outcome.verdicts) and not outcome.failed,
                "not_met": open_claims,
                "failed_rules": outcome.failed,
                "absent": outcome.absent,
            }
        )
    else:
        absent = f"; {outcome.absent} more not run, as what they need is not there" if outcome.absent else ""
        say(f"{outcome.path}: {len(outcome.verdicts) - len(open_claims)} of {len(outcome.verdicts)} checks passed{absent}")
    not_run = [each for each in outcome.verdicts if each.verdict == "not_run"]
    if not_run:
        raise SimulationError(f"report: {len(not_run)} of {len(outcome.verdicts)} checks could not be run, first {not_run[0].id}: {not_run[0].reason}")
    if outcome.failed:
        raise CheckFailed(f"report: the design does not meet {len(outcome.failed)} of its rules, first: {outcome.failed[0]}")
    if open_claims:
        raise CheckFailed(f"report: {len(open_claims)} of {len(outcome.verdicts)} checks not passed, first {open_claims[0]}")


def _check_kind(design_path: Path, *, storage: bool) -> None:
    """Refuse a file that speaks of storage alone where the report on cell and circuits is asked for."""
    from cosim.design import read_toml

    if not storage and set(read_toml(design_path)) - {"format", "run"} == {"storage"}:
        raise InputError(f"report, {design_path}: has a section [storage] only; must be given --storage, or sections on a cell")
