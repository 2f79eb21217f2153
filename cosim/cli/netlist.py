"""``cosim netlist``: write the deck of a cell or of an array, write the library, check the dialect of a file."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosim.cli.options import FILE, json_option, listed, load_design
from cosim.cli.output import say, say_json, write_text
from cosim.errors import CheckFailed, DataError, InputError

if TYPE_CHECKING:
    from cosim.circuits.cells import Orientation
    from cosim.design import Design
    from cosim.spice.deck import Deck

LONGEST = 100.0  # [s] of a spike train
orientation_option = click.option("--orientation", type=click.Choice(["mod", "mos"]), default="mod", show_default=True, help="Memristor on drain or on source.")
output_option = click.option("-o", "--output", type=FILE, default=Path("-"), help="File to write. Default: stdout.")
w_over_l_option = click.option("--w-over-l", metavar="NUMBER", help="Width over length of the transistor. Default: what the design chose.")
design_argument = click.argument("design_path", metavar="[DESIGN]", type=FILE, required=False)


@click.group(invoke_without_command=True, short_help="Write or check netlists.")
@click.option("--check", "checked", metavar="FILE", type=FILE, help="Name the lines of a netlist that LTspice and ngspice read differently.")
@json_option
@click.pass_context
def netlist(context: click.Context, checked: Path | None, as_json: bool) -> None:
    """Write netlists that run in LTspice and in ngspice as they are, or check one."""
    if context.invoked_subcommand is not None:
        return
    if checked is None:
        say(context.get_help())
        return
    _check(checked, as_json=as_json)


@netlist.command()
@design_argument
@orientation_option
@w_over_l_option
@output_option
def cell(design_path: Path | None, orientation: "Orientation", w_over_l: str | None, output: Path) -> None:
    """Write the I-V loop of the 1T1R cell of a design."""
    from cosim.codesign.decks import cell_deck

    _write(cell_deck(_sized(design_path, w_over_l), orientation), output)


@netlist.command()
@design_argument
@click.option("--rows", type=click.IntRange(min=1), required=True, help="Word lines.")
@click.option("--columns", type=click.IntRange(min=1), required=True, help="Bit and source lines.")
@click.option("--state", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="Filament state of all cells.")
@click.option("--wire-resistance", metavar="OHM", default="0", show_default=True, help="Of one segment between two cells.")
@orientation_option
@w_over_l_option
@output_option
def array(
    design_path: Path | None, rows: int, columns: int, state: float, wire_resistance: str, orientation: "Orientation", w_over_l: str | None, output: Path
) -> None:
    """Write the read-out of an array of cells."""
    from cosim.codesign.decks import array_deck
    from cosim.units import parse

    wire = parse(wire_resistance, "ohm", where="--wire-resistance")
    _write(array_deck(_sized(design_path, w_over_l), orientation, shape=(rows, columns), state=state, wire_resistance=wire), output)


@netlist.command()
@design_argument
@click.option("--variant", metavar="CARD", help="as_printed, linear, two_pole, robust, board, or the path of a card. Default: the design's.")
@click.option("--spikes", metavar="TIMES", default="10m,110m,150m,200m", show_default=True, help="When the input spikes begin.")
@click.option("--weight", metavar="NUMBER", default="1", show_default=True, help="Filament state of the cell, 0..1.")
@click.option("--threshold", metavar="VOLTAGE", help="Of the comparator: the unit fires. Default: its membrane is only read.")
@click.option("--supply", metavar="VOLTAGE", help="Supply voltage. Default: that of the card.")
@output_option
def neuron(design_path: Path | None, variant: str | None, spikes: str, weight: str, threshold: str | None, supply: str | None, output: Path) -> None:
    """Write a neuron-synapse-neuron unit, with the reason for the value of each part."""
    from cosim.cli.fit import card_for, parts_for
    from cosim.spice.library import neuron_deck
    from cosim.units import parse

    design = load_design(design_path)
    card = card_for(design, variant, supply)
    times = tuple(parse(str(each), "s", where="--spikes") for each in listed(spikes))
    trip = None if threshold is None else parse(threshold, "V", where="--threshold")
    if times and max(times) > LONGEST:
        raise InputError(f"--spikes={max(times):g}: must be within 0..{LONGEST:g} s")
    deck = neuron_deck(card, parts=parts_for(design, card), times=times, weight=parse(weight, "1", where="--weight"), threshold=trip)
    _write(deck, output)


@netlist.command()
@click.option("-o", "--output", type=FILE, default=Path("netlists"), show_default=True, help="Folder to write to; made if missing.")
def library(output: Path) -> None:
    """Write the device library, its LTspice symbols and the example decks."""
    from cosim.spice.library import files

    content = files()
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{output}: cannot be made, {(error.strerror or 'unknown reason').lower()}") from None
    for name, text in content.items():
        write_text(output / name, text)
    say(f"{len(content)} files in {output}")


def _sized(design_path: Path | None, w_over_l: str | None) -> "Design":
    design = load_design(design_path)
    return design if w_over_l is None else design.replaced("transistor", {"chosen": w_over_l}, where="--w-over-l")


def _write(deck: "Deck", output: Path) -> None:
    write_text(output, deck.text)
    if str(output) != "-":
        for name, content in deck.files:
            write_text(output.parent / name, content)


def _check(path: Path, *, as_json: bool) -> None:
    from cosim.spice.dialect import check
    from cosim.spice.foreign import read_netlist, read_text

    text = read_text(path)
    findings = check(text, where=str(path))
    if not findings:
        read_netlist(path)  # refuses what the files that it includes may not do
    if as_json:
        say_json([asdict(each) for each in findings])
    elif findings:
        say("\n".join(f"{path}, {each}" for each in findings))
    else:
        say(f"{path}: portable")
    if findings:
        raise CheckFailed(f"{path}: {len(findings)} line{'s' if len(findings) > 1 else ''} outside of the portable subset")
