"""Options that several commands share, and what they stand for."""

import contextlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosim.errors import InputError

if TYPE_CHECKING:
    from cosim.design import Design
    from cosim.spice.engines import Engine
    from cosim.sweep.store import Store

FILE = click.Path(path_type=Path)
REPORT_PACKAGES = ("typst", "matplotlib", "schemdraw", "ziamath")  # of the extra `report`
ENGINES = click.Choice(["ngspice", "ltspice"])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
engine_option = click.option("--engine", type=ENGINES, help="Simulator. Default: what the design says, else the first one found.")
store_option = click.option("--store", "store_folder", type=FILE, help="Folder that keeps results. Default: COSIM_STORE, else .cosim/store.")
workers_option = click.option("--workers", type=click.IntRange(min=1), help="Simulations at a time. Default: one for each core.")
timeout_option = click.option("--timeout", type=str, default="60 s", show_default=True, help="Longest time that one simulation may take.")


def load_design(path: Path | None) -> "Design":
    """The design in a file, or the one of Lim 2025 that is the default."""
    from cosim import design

    return design.Design() if path is None else design.load_design(path)


def chosen_engine(kind: str | None, design: "Design | None" = None) -> "Engine":
    """The simulator that the option, then the design, asks for."""
    from cosim.spice.engines import find_engine

    return find_engine(kind or (design.run.engine if design else None) or None)


@contextlib.contextmanager
def opened_store(folder: Path | None) -> Iterator["Store"]:
    """The store, closed at the end."""
    from cosim.sweep.store import Store

    if folder is not None and folder == Path():
        raise InputError("--store=: must be the path of a folder; leave it out for the default")
    with Store.open(folder) as store:
        yield store


def seconds(text: str, option: str) -> float:
    """A duration from an option [s]."""
    from cosim.units import parse

    value = parse(text, "s", where=option)
    if not value > 0:
        raise InputError(f"{option}={text}: must be > 0 s")
    return value


def listed(text: str) -> list[object]:
    """The parts of ``5,10,20``."""
    return [part.strip() for part in text.split(",")]


def require_packages(command: str, *names: str, extra: str = "report") -> None:
    """Refuse a command whose Python packages of an extra are not installed.

    Raises:
        InputError: names the first one that is missing.
    """
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise InputError(f"{command}: the Python package {name} is missing; pip install 'cosim[{extra}]'")
