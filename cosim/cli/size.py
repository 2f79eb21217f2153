"""``cosim size``: which orientation and which W/L to build."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosim.cli.options import FILE, chosen_engine, engine_option, json_option, load_design, opened_store, store_option, workers_option
from cosim.cli.output import say_json, say_table
from cosim.errors import CheckFailed, InputError, reject

if TYPE_CHECKING:
    from cosim.design import Design


@click.command(short_help="Say which orientation and which W/L to build.")
@click.argument("design_path", metavar="[DESIGN]", type=FILE, required=False)
@click.option("--memristor", metavar="CARD", help="Name of a memristor card, or the path of one.")
@click.option("--supply", metavar="VOLTAGE", help="Supply of the cell's upper end, for example 3V.")
@click.option("--gate", metavar="VOLTAGE", help="Voltage of the word line.")
@click.option("--share", metavar="SHARE", help="Largest share of the transistor in the cell's voltage, for example 12%.")
@click.option("--lib", metavar="FILE", help="Your own model library; needs --nmos.")
@click.option("--nmos", metavar="NAME", help="NMOS model in the library; without --lib the name of a card.")
@engine_option
@store_option
@workers_option
@json_option
def size(
    design_path: Path | None,
    memristor: str | None,
    supply: str | None,
    gate: str | None,
    share: str | None,
    lib: str | None,
    nmos: str | None,
    engine: str | None,
    store_folder: Path | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Say which orientation and which W/L a memristor needs, each with the simulation behind it. Exit code 1 if the W/L that the design chose breaks a rule."""
    design = load_design(design_path)
    options = (("--memristor", "device", "memristor", memristor), ("--supply", "supply", "drain", supply), ("--gate", "supply", "gate", gate))
    for option, section, key, value in (*options, ("--share", "rule", "share", share)):
        if value is not None:
            design = design.replaced(section, {key: value}, where=option)
    design = _with_transistor(design, lib, nmos)
    _print(design, engine, store_folder, workers, as_json=as_json)


def _with_transistor(design: "Design", library: str | None, model: str | None) -> "Design":
    if library is not None:
        if model is None:
            raise InputError("--lib: needs --nmos, the name of the model in it")
        return design.replaced("transistor", {"library": library, "model": model}, where="--lib")
    if model is not None:
        return design.replaced("transistor", {"nmos": model}, where="--nmos")
    return design


def _print(design: "Design", engine: str | None, store_folder: Path | None, workers: int | None, *, as_json: bool) -> None:
    from cosim.codesign.sizing import advise
    from cosim.sweep.lab import Lab
    from cosim.sweep.progress import progress_bar

    chosen = chosen_engine(engine, design)
    with opened_store(store_folder) as store, progress_bar("size") as progress:
        advice = advise(design, Lab(engine=chosen, store=store, workers=workers, progress=progress))
    if as_json:
        say_json(advice.to_dict())
    else:
        say_table(("what", "value"), advice.rows())
    broken = [check for check in advice.checks if check.required and not check.passed]
    if broken:
        raise reject(CheckFailed, f"size, W/L {design.transistor.chosen:g}", broken[0].name, broken[0].value, broken[0].allowed)
