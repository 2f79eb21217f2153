"""``cosim loop``: from the circuit to the channel, to levels and weights made for it, and back into the circuit."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosim.claims import passed, to_json
from cosim.cli.channel import warned
from cosim.cli.options import (
    FILE,
    REPORT_PACKAGES,
    chosen_engine,
    engine_option,
    load_design,
    opened_store,
    require_packages,
    store_option,
    workers_option,
)
from cosim.cli.output import check_writable, say, say_json, say_table, write_text
from cosim.errors import AbsentError, CheckFailed, InputError, SimulationError

if TYPE_CHECKING:
    from cosim.claims import Verdict
    from cosim.reporting.loop import LoopFindings

COLUMNS = ("stage", "value", "unit", "must be", "verdict", "what was measured")
ENDINGS = {"--output": ".pdf", "--picture": ".png", "--channel": ".csv"}


@click.command(short_help="Circuit to channel to code, and back into the circuit.")
@click.argument("design_path", metavar="DESIGN", type=FILE)
@click.option("-o", "--output", type=FILE, help="Write the report (.pdf).")
@click.option("--picture", type=FILE, help="Write its first page (.png).")
@click.option("--channel", "channel_path", type=FILE, help="Write the measured channel (.csv), which `cosim channel capacity FILE` reads.")
@click.option("--json", "json_path", metavar="FILE|-", type=FILE, help="Write stages and verdicts as JSON; - is stdout, in the place of the table.")
@engine_option
@store_option
@workers_option
def loop(
    design_path: Path,
    output: Path | None,
    picture: Path | None,
    channel_path: Path | None,
    json_path: Path | None,
    engine: str | None,
    store_folder: Path | None,
    workers: int | None,
) -> None:
    """Measure what tuning and reading do to a conductance, design levels and train weights for it, and run the network in the circuit.

    Exit code 1 if a claim is not met, 4 if a simulation failed. What was computed is in the store: the same command goes on.
    """
    design = load_design(design_path)
    _check_outputs(output, picture, channel_path, json_path)
    if output or picture:
        require_packages("loop", *REPORT_PACKAGES)
    chosen = chosen_engine(engine, design)
    from cosim.reporting.loop import find
    from cosim.sweep.lab import Lab

    with opened_store(store_folder) as store, warned():
        found = find(design, Lab(engine=chosen, store=store, workers=workers))
    if channel_path is not None and found.channel is not None:
        write_text(channel_path, found.channel.cells.to_csv())
    _tell(found, json_path)
    if output or picture:
        from cosim.reporting.pdf import write_loop_report

        command = f"cosim loop {design_path}{f' -o {output}' if output else ''}"
        write_loop_report(found, chosen, output=output, picture=picture, command=command)
    _end(found, channel_path)


def _check_outputs(output: Path | None, picture: Path | None, channel: Path | None, json_path: Path | None) -> None:
    """Refuse, before the work begins, what cannot be written."""
    for option, path in zip(ENDINGS, (output, picture, channel), strict=True):
        if path is not None and path.suffix != ENDINGS[option]:
            raise InputError(f"{option}={path}: must end in {ENDINGS[option]}")
    for path in (output, picture, channel, json_path):
        if path is not None:
            check_writable(path)


def _tell(found: "LoopFindings", json_path: Path | None) -> None:
    """The table, or JSON in its place, and the line that closes it."""
    if json_path is not None and str(json_path) == "-":
        say_json(_as_json(found))
        return
    if json_path is not None:
        write_text(json_path, json.dumps(_as_json(found), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    say_table(COLUMNS, [_row(each) for each in found.verdicts])
    for stage, reason in found.failures.items():
        say(f"{stage}: not run: {reason}")
    for each in found.verdicts:
        if each.reason and each.id.split(".")[1] in found.results:
            say(f"{each.id}: {each.reason}")
    met = sum(each.verdict == "met" for each in found.verdicts)
    say(f"{len(found.results)} of {len(found.seconds)} stages run, {met} of {len(found.verdicts)} claims met")


def _row(verdict: "Verdict") -> tuple[object, ...]:
    from cosim.reporting.tables_loop import printed

    (shown,) = printed([verdict])
    return verdict.id.split(".")[1], shown.value, verdict.unit, verdict.must_be, verdict.verdict.replace("_", " "), verdict.statement


def _as_json(found: "LoopFindings") -> dict[str, Any]:
    stages = [{"stage": name, "run": name in found.results, "reason": found.failures.get(name, ""), "seconds": spent} for name, spent in found.seconds.items()]
    verdicts = json.loads(to_json(found.verdicts))
    return {"design": found.design.name, "passed": passed(found.verdicts) and not found.failures, "stages": stages, "claims": verdicts}


def _end(found: "LoopFindings", channel: Path | None) -> None:
    """The exit code.

    Raises:
        SimulationError: a simulation failed.
        AbsentError: the channel was asked for as a file, and was not measured.
        CheckFailed: a claim is not met, or not run for want of data or a package.
    """
    if found.failed:
        first = found.failed[0]
        raise SimulationError(f"loop: {len(found.failed)} of {len(found.seconds)} stages failed, first {first}: {found.failures[first]}")
    if channel is not None and found.channel is None:
        raise AbsentError(f"loop, --channel={channel}: not written, as the channel was not measured: {found.why_not('channel')}")
    missed = [each for each in found.verdicts if each.verdict != "met"]
    if missed:
        raise CheckFailed(f"loop: {len(missed)} of {len(found.verdicts)} claims not met, first {missed[0].id} ({missed[0].verdict.replace('_', ' ')})")
