"""``cosim sim``: run a netlist, or the cell of a design."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosim.cli.options import FILE, chosen_engine, engine_option, json_option, load_design, seconds, timeout_option
from cosim.cli.output import check_writable, say, say_json, say_table, write_text
from cosim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosim.circuits.cells import Orientation
    from cosim.netlist import NetlistRun
    from cosim.spice.translation import Note
    from cosim.waves import Waves

WAVE_ENDINGS = (".raw", ".csv")
LISTED_LINES = 6  # of a netlist, where one thing was translated often


@click.command(short_help="Run a netlist and print its measures.")
@click.argument("path", metavar="NETLIST|DESIGN.toml", type=FILE)
@click.option("--orientation", type=click.Choice(["mod", "mos"]), default="mod", show_default=True, help="Of a design's cell.")
@click.option("--set", "components", metavar="R1=10k", multiple=True, help="Value of a component of the netlist. May be given often.")
@click.option("--param", "parameters", metavar="W=5u", multiple=True, help="Value of a .param of the netlist. May be given often.")
@click.option("--step", "steps", metavar="'param R 1k 10k 1k'", multiple=True, help="Like a .step line: start, stop, increment, or list and values.")
@click.option("--trust", is_flag=True, help="Let the netlist run commands and read files from anywhere.")
@engine_option
@timeout_option
@click.option("--memory", type=str, default="4 GB", show_default=True, help="Most memory that one simulation may take.")
@click.option("-o", "--output", type=FILE, help="Keep the waves: .raw opens in LTspice, .csv in a spreadsheet.")
@json_option
def sim(
    path: Path,
    orientation: "Orientation",
    components: tuple[str, ...],
    parameters: tuple[str, ...],
    steps: tuple[str, ...],
    trust: bool,
    engine: str | None,
    timeout: str,
    memory: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Run a netlist (.net, .cir, .sp, .spi; .asc with LTspice), or the I-V loop of a design's cell, and print its measures.

    A netlist for LTspice is translated for ngspice where the two read it differently; each translation is said.
    """
    from cosim.spice.limits import Limits
    from cosim.units import parse

    limits = Limits(seconds=seconds(timeout, "--timeout"), memory=parse(memory, "B", where="--memory"))
    if output is not None:
        if output.suffix not in WAVE_ENDINGS:
            raise InputError(f"--output={output}: must end in {' or '.join(WAVE_ENDINGS)}")
        check_writable(output)
    if path.suffix == ".toml":
        if components or parameters or steps:
            raise InputError(f"{path}: --set, --param and --step are for netlists; change the design, or use `cosim sweep`")
        run = _cell(path, orientation, engine, limits.seconds)
    else:
        from cosim.netlist import simulate_netlist

        run = simulate_netlist(
            path,
            engine=chosen_engine(engine),
            components=_pairs(components, "--set"),
            parameters=_pairs(parameters, "--param"),
            steps=steps,
            trust=trust,
            limits=limits,
        )
    _report(path, run, output, as_json)


def _pairs(given: tuple[str, ...], option: str) -> dict[str, str | float]:
    """``("R1=10k",)`` as ``{"R1": "10k"}``."""
    found: dict[str, str | float] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise InputError(f"{option}={each}: must be written name=value")
        found[name.strip()] = value.strip()
    return found


def _cell(path: Path, orientation: "Orientation", engine: str | None, timeout: float) -> "NetlistRun":
    """The I-V loop of a design's cell."""
    from cosim.codesign.decks import cell_deck
    from cosim.measure import compute
    from cosim.netlist import NetlistRun
    from cosim.spice.run import run_deck

    design = load_design(path)
    deck = cell_deck(design, orientation)
    waves = run_deck(deck, chosen_engine(engine or design.run.engine or None), timeout=timeout).require()
    return NetlistRun(steps=(), points=({},), runs=(waves,), measures=(compute(deck.measures, waves),))


def _report(path: Path, run: "NetlistRun", output: Path | None, as_json: bool) -> None:
    """Print what came out and keep the waves; a failed run is an error at the end, after the others were printed."""
    if not run.steps:
        run.runs[0].require()
    if output is not None and all(waves.status == "ok" for waves in run.runs):
        _keep(run, output)
    if as_json:
        say_json(_summary(run))
    else:
        _say(path, run)
    if failed := _failed(run):
        click.echo(f"cosim: {path}: measures that failed: {failed}", err=True)
    for waves in run.runs:
        waves.require()


def _failed(run: "NetlistRun") -> str:
    """Each measure that failed, once, with the reason of the first run that it failed in; empty if none did."""
    reasons: dict[str, str] = {}
    for failed in run.failed:
        reasons = dict(failed) | reasons
    return ", ".join(f"{name} ({reason})" for name, reason in reasons.items())


def _say(path: Path, run: "NetlistRun") -> None:
    from cosim.netlist import operating_point, table

    for line in _grouped(run.notes):
        say(line)
    waves = run.runs[0]
    if not run.steps:
        say(f"{path}: {waves.status}, {waves.axis.shape[-1]} points, {len(waves.signals)} signals, {waves.engine} {waves.version}, {waves.seconds:.2g} s")
        if run.measures[0]:
            failed = run.failed[0] if run.failed else {}
            say_table(("measure", "value"), [(name, f"failed: {failed[name]}" if name in failed else value) for name, value in run.measures[0].items()])
        if values := operating_point(waves):
            say_table(("signal", "value"), list(values.items()))
        return
    good = sum(each.status == "ok" for each in run.runs)
    say(f"{path}: {good} of {len(run.runs)} runs ok, {waves.engine} {waves.version}, {sum(each.seconds for each in run.runs):.2g} s")
    if good:
        say_table(*table(run))


def _grouped(notes: "Iterable[Note]") -> list[str]:
    """One line for what was translated in the same way, with the lines of the netlist."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for note in notes:
        groups.setdefault((note.file, note.what, note.became), []).append(note.line)
    found = []
    for (file, what, became), lines in groups.items():
        shown = ", ".join(map(str, lines[:LISTED_LINES])) + (f" and {len(lines) - LISTED_LINES} more" if len(lines) > LISTED_LINES else "")
        found.append(f"{file}, line {shown}: {what}: {became}")
    return found


def _keep(run: "NetlistRun", output: Path) -> None:
    if output.suffix == ".csv":
        write_text(output, run.waves.to_pandas().to_csv())
        return
    for index, waves in enumerate(run.runs, 1):
        waves.to_raw(output.with_stem(f"{output.stem}-{index}") if run.steps else output)


def _summary(run: "NetlistRun") -> dict[str, object]:
    notes = [{"file": note.file, "line": note.line, "what": note.what, "became": note.became} for note in run.notes]
    if not run.steps:
        return {**_one(run.runs[0]), **_measured(run, 0), "notes": notes}
    runs = [{"point": point, **_one(waves), **_measured(run, index)} for index, (point, waves) in enumerate(zip(run.points, run.runs, strict=True))]
    return {"steps": {step.name: step.values for step in run.steps}, "runs": runs, "notes": notes}


def _measured(run: "NetlistRun", index: int) -> dict[str, object]:
    """Measures of a run, null where one failed; what failed and why; the values of an operating point."""
    from cosim.netlist import operating_point

    failed = run.failed[index] if run.failed else {}
    measures = {name: None if name in failed else value for name, value in run.measures[index].items()}
    values = operating_point(run.runs[index])
    listed = [{"measure": name, "reason": reason} for name, reason in failed.items()]
    return {"measures": measures, "failed": listed, **({"values": values} if values else {})}


def _one(waves: "Waves") -> dict[str, object]:
    return {
        "status": str(waves.status),
        "message": waves.message,
        "engine": waves.engine,
        "version": waves.version,
        "digest": waves.digest,
        "seconds": waves.seconds,
        "points": waves.axis.shape[-1],
        "signals": list(waves.signals),
    }
