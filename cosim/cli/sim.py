"""``cosim sim``: run a netlist, or the cell of a design, once."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosim.cli.options import FILE, chosen_engine, engine_option, json_option, load_design, seconds, timeout_option
from cosim.cli.output import check_writable, say, say_json, say_table, write_text
from cosim.errors import InputError

if TYPE_CHECKING:
    from cosim.circuits.cells import Orientation
    from cosim.spice.deck import Deck
    from cosim.waves import Waves

WAVE_ENDINGS = (".raw", ".csv")


@click.command(short_help="Run a netlist and print its measures.")
@click.argument("path", metavar="FILE.cir|DESIGN.toml", type=FILE)
@click.option("--orientation", type=click.Choice(["mod", "mos"]), default="mod", show_default=True, help="Of a design's cell.")
@engine_option
@timeout_option
@click.option("-o", "--output", type=FILE, help="Keep the waves: .raw opens in LTspice, .csv in a spreadsheet.")
@json_option
def sim(path: Path, orientation: "Orientation", engine: str | None, timeout: str, output: Path | None, as_json: bool) -> None:
    """Run a netlist that cosim wrote, or the I-V loop of a design's cell, and print its measures."""
    from cosim.measure import compute, unit
    from cosim.spice.run import run_deck

    limit = seconds(timeout, "--timeout")
    if output is not None:
        if output.suffix not in WAVE_ENDINGS:
            raise InputError(f"--output={output}: must end in {' or '.join(WAVE_ENDINGS)}")
        check_writable(output)
    deck, wanted = _deck(path, orientation, engine)
    waves = run_deck(deck, chosen_engine(wanted), timeout=limit).require()
    measures = compute(deck.measures, waves)
    if output is not None:
        _keep(waves, output)
    if as_json:
        say_json(_summary(waves, measures))
        return
    say(f"{path}: {waves.status}, {waves.axis.shape[-1]} points, {len(waves.signals)} signals, {waves.engine} {waves.version}, {waves.seconds:.2g} s")
    if measures:
        say_table(("measure", "value", "unit"), [(each.name, measures[each.name], unit(each, waves)) for each in deck.measures])


def _deck(path: Path, orientation: "Orientation", engine: str | None) -> "tuple[Deck, str | None]":
    """The deck, and the engine that was asked for."""
    from cosim.codesign.decks import cell_deck
    from cosim.spice.foreign import read_deck, read_text

    if path.suffix == ".toml":
        design = load_design(path)
        return cell_deck(design, orientation), engine or design.run.engine or None
    return read_deck(path, read_text(path)), engine


def _keep(waves: "Waves", output: Path) -> None:
    if output.suffix == ".csv":
        write_text(output, waves.to_pandas().to_csv())
    else:
        waves.to_raw(output)


def _summary(waves: "Waves", measures: dict[str, float]) -> dict[str, object]:
    return {
        "status": str(waves.status),
        "engine": waves.engine,
        "version": waves.version,
        "digest": waves.digest,
        "seconds": waves.seconds,
        "points": waves.axis.shape[-1],
        "signals": list(waves.signals),
        "measures": measures,
    }
