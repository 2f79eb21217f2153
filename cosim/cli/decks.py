"""Netlists from files, as decks: inside of the portable subset, with what they include and what their ``.meas`` lines ask for."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cosim.errors import DialectError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosim.measure import Measure
    from cosim.spice.deck import Deck

HOSTILE = (".control", "shell", "write", "A-device", "PWL file=")  # what no included file may hold either
_INCLUDE = re.compile(r"\.(?:inc|lib)\S*\s+[\"']?([^\s\"']+)", re.I)
_NUMBER = r"(\S+)"
_AT = re.compile(rf"\.meas \w+ (\w+) find (\S+) at ?=? ?{_NUMBER}$", re.I)
_WHEN = re.compile(rf"\.meas \w+ (\w+) (?:find (\S+) )?when (\S+)={_NUMBER} (rise|fall|cross)=(\d+)$", re.I)
_OVER = re.compile(rf"\.meas \w+ (\w+) (max|min|pp|avg|rms|integ) (\S+)(?: from {_NUMBER})?(?: to {_NUMBER})?$", re.I)


def read_deck(path: Path, text: str) -> "Deck":
    """The deck in a file, with the files that it includes and the measures of its ``.meas`` lines.

    Raises:
        DialectError: it leaves the portable subset, or a file that it includes could run commands or reach out of its folder.
    """
    from cosim.spice.deck import Deck
    from cosim.spice.dialect import check

    _check_comments(path, text)
    for finding in check(text, where=str(path)):
        raise DialectError(f"{path}, {finding}")
    return Deck(text, tuple(_included(path, text)), measures=tuple(measures_of(text, where=str(path))))


def _included(path: Path, text: str) -> "Iterator[tuple[str, str]]":
    """The files that a netlist includes, and those that these include: all beside it, none of them hostile."""
    from cosim.cli.netlist import read_text
    from cosim.spice.dialect import check

    folder, seen, waiting = path.parent.resolve(), set(), [(path, text)]
    while waiting:
        owner, content = waiting.pop()
        for number, line in _numbered(content):
            name = hit[1] if (hit := _INCLUDE.match(line)) else ""
            if not name or name in seen:
                continue
            if not (folder / name).resolve().is_relative_to(folder):
                raise DialectError(f"{owner}, line {number}: `{name}` must be a file beside the netlist, not an absolute path or a parent folder")
            if owner != path and not (folder / name).is_file():  # `.lib tt` in a library begins a section
                continue
            inner = path.parent / name
            found = read_text(inner)
            _check_comments(inner, found)
            for finding in check(found, where=str(inner)):
                if finding.construct in HOSTILE:
                    raise DialectError(f"{inner}, {finding}")
            seen.add(name)
            waiting.append((inner, found))
            yield name, found


def _check_comments(path: Path, text: str) -> None:
    """Refuse the one comment that is none: ngspice runs what stands behind ``*#``, as it does inside of ``.control``."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("*#"):
            raise DialectError(f"{path}, line {number}: `*#` is a command to ngspice, not a comment; refused")


def measures_of(text: str, *, where: str) -> "Iterator[Measure]":
    """The ``.meas`` lines of a netlist, as what is computed from the waves.

    Raises:
        UnitError: a position or a level is no number.
    """
    from cosim.measure import At, Over, When
    from cosim.units import parse

    for number, line in _numbered(text):

        def value(word: str, at: str = f"{where}, line {number}, .meas") -> float:
            return parse(word, "1", where=at)

        if hit := _AT.match(line):
            yield At(name=hit[1], of=hit[2], position=value(hit[3]))
        elif hit := _WHEN.match(line):
            yield When(name=hit[1], signal=hit[3], level=value(hit[4]), edge=hit[5].lower(), count=int(hit[6]), of=hit[2] or "")  # type: ignore[arg-type]
        elif hit := _OVER.match(line):
            start, stop = (value(end) if end else None for end in (hit[4], hit[5]))
            yield Over(name=hit[1], of=hit[3], how=hit[2].upper(), start=start, stop=stop)  # type: ignore[arg-type]


def _numbered(text: str) -> "Iterator[tuple[int, str]]":
    from cosim.spice.dialect import logical_lines

    return logical_lines(text)
