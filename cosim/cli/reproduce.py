"""``cosim reproduce``: run the registered claims and print a verdict on each."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import cosim
from cosim.claims import Study, Verdict, judge, not_run, registered, to_json, write_results
from cosim.cli.options import FILE, chosen_engine, engine_option, load_design, opened_store, store_option, workers_option
from cosim.cli.output import check_writable, say, say_table, write_text
from cosim.errors import CheckFailed, DataError, EngineMissingError, SimulationError

if TYPE_CHECKING:
    from cosim.design import Design
    from cosim.spice.engines import Engine

COLUMNS = ("claim", "kind", "paper", "ours", "unit", "must be", "verdict")


@click.command(short_help="Run the claims on the papers.")
@click.argument("prefix", default="")
@click.option("--json", "json_path", metavar="FILE|-", type=FILE, help="Write the verdicts as JSON; - is stdout, in the place of the table.")
@click.option("--results", metavar="FILE", type=FILE, help="Write them without times, and times.json beside: the same text for the same figures.")
@click.option("--design", "design_path", metavar="DESIGN", type=FILE, help="Design to run them on. Default: that of the paper.")
@engine_option
@store_option
@workers_option
def reproduce(
    prefix: str, json_path: Path | None, results: Path | None, design_path: Path | None, engine: str | None, store_folder: Path | None, workers: int | None
) -> None:
    """Run the claims whose id begins with PREFIX. Exit code 1 if one is not met or could not be run."""
    design = load_design(design_path)
    studies = registered(prefix)
    for path in (json_path, results):
        if path is not None:
            check_writable(path)
    try:
        chosen = chosen_engine(engine, design)
    except EngineMissingError as error:
        _put([verdict for study in studies for verdict in not_run(study.claims, str(error), seed=design.run.seed)], json_path, results)
        raise
    with opened_store(store_folder) as store:
        verdicts = [verdict for study in studies for verdict in _run(study, design, engine=chosen, store=store, workers=workers)]
    _put(verdicts, json_path, results)
    failed = [each for each in verdicts if each.verdict != "met"]
    if failed:
        raise CheckFailed(f"reproduce: {len(failed)} of {len(verdicts)} claims not met, first {failed[0].id} ({failed[0].verdict})")


def _run(study: Study, design: "Design", *, engine: "Engine", store: Any, workers: int | None) -> list[Verdict]:
    from cosim.sweep.lab import Lab
    from cosim.sweep.progress import progress_bar

    versions = {"cosim": cosim.__version__, engine.kind: engine.version}
    begin = time.perf_counter()
    try:
        with progress_bar(study.name) as progress:
            result = study.run(design, Lab(engine=engine, store=store, workers=workers, progress=progress))
    except (SimulationError, DataError) as error:  # data that were not fetched do not keep the other studies back
        return not_run(study.claims, str(error), seed=design.run.seed, versions=versions)
    return judge(study.claims, result, seed=design.run.seed, seconds=time.perf_counter() - begin, versions=versions)


def _put(verdicts: list[Verdict], json_path: Path | None, results: Path | None) -> None:
    if results is not None:
        write_results(verdicts, results)
    if json_path is not None:
        write_text(json_path, to_json(verdicts))
    if str(json_path) == "-":
        return
    say_table(COLUMNS, [(each.id, each.kind, each.paper, each.value, each.unit, each.must_be, each.verdict) for each in verdicts])
    for each in verdicts:
        if each.reason:
            say(f"{each.id}: {each.reason}")
