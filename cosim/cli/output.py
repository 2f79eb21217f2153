"""What a command prints: text, tables, JSON, files. A reader that has left (``| head``) stops the printing, not the work."""

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from cosim.errors import InputError
from cosim.files import unwritten, write_file


def say(text: str) -> None:
    """Print text and a newline.

    Raises:
        StoreError: stdout is a file on a full disk.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise unwritten("stdout", error) from None


def say_json(value: Any) -> None:
    """Print a value as JSON; NumPy numbers and arrays as plain ones, NaN and infinity as null."""
    say(json.dumps(plain_value(value), indent=2, ensure_ascii=False, allow_nan=False))


def say_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table, two spaces between its columns; floats in six digits."""
    cells = [list(columns), *([_cell(each) for each in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    say("\n".join("  ".join(each.ljust(width) for each, width in zip(row, widths, strict=True)).rstrip() for row in cells))


def write_text(path: Path, text: str) -> None:
    """Write a file; ``-`` is stdout.

    Raises:
        InputError: it cannot be written.
        StoreError: the disk is full.
    """
    if str(path) == "-":
        say(text.removesuffix("\n"))
        return
    write_file(path, text)


def check_writable(path: Path) -> None:
    """Refuse, before the work begins, an output whose folder is missing.

    Raises:
        InputError: names the folder.
    """
    if str(path) != "-" and not path.parent.is_dir():
        raise InputError(f"{path}: cannot be written, there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"{path}: cannot be written, it is a folder")
    if str(path) != "-" and not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(f"{path}: cannot be written, permission denied")


def plain_value(value: Any) -> Any:
    """Something that JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(each) for each in value]
    if hasattr(value, "tolist"):  # a NumPy number or array, without importing NumPy here
        return plain_value(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | bool) or value is None else str(value)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
