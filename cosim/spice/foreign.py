"""Netlists from files, as decks: inside of the portable subset, with what they include and what their ``.meas`` lines ask for."""

import re
from collections.abc import Iterator
from pathlib import Path

from cosim.errors import DataError, DialectError
from cosim.measure import At, Measure, Over, When
from cosim.spice.deck import Deck
from cosim.spice.dialect import check, logical_lines
from cosim.spice.libraries import check_library
from cosim.units import parse

_INCLUDE = re.compile(r"\.(?:inc(?:lude)?|lib)\s+(.+)", re.I)
_NUMBER = r"(\S+)"
_AT = re.compile(rf"\.meas \w+ (\w+) find (\S+) at ?=? ?{_NUMBER}$", re.I)
_WHEN = re.compile(rf"\.meas \w+ (\w+) (?:find (\S+) )?when (\S+)={_NUMBER} (rise|fall|cross)=(\d+)$", re.I)
_OVER = re.compile(rf"\.meas \w+ (\w+) (max|min|pp|avg|rms|integ) (\S+)(?: from {_NUMBER})?(?: to {_NUMBER})?$", re.I)


def read_deck(path: Path, text: str) -> Deck:
    """The deck in a file, with the files that it includes and the measures of its ``.meas`` lines.

    Raises:
        DialectError: it leaves the portable subset, or a file that it includes could run commands or reach out of its folder.
    """
    for finding in check(text, where=str(path)):
        raise DialectError(f"{path}, {finding}")
    return Deck(text, tuple(_included(path, text)), measures=tuple(measures_of(text, where=str(path))))


def read_text(path: Path) -> str:
    """The text of a netlist.

    Raises:
        DataError: no such file, or it is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is no UTF-8 text") from None


def _included(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """The files that a netlist includes: beside it, and each past the gate for libraries."""
    folder = path.parent.resolve()
    for number, line in logical_lines(text):
        hit = _INCLUDE.match(line)
        if not hit:
            continue
        name = hit[1].strip("\"'")
        if not (folder / name).resolve().is_relative_to(folder):
            raise DialectError(f"{path}, line {number}: `{name}` must be a file beside the netlist, not an absolute path or a parent folder")
        found = read_text(path.parent / name)
        check_library(found, where=str(path.parent / name))
        yield name, found


def measures_of(text: str, *, where: str) -> Iterator[Measure]:
    """The ``.meas`` lines of a netlist, as what is computed from the waves.

    Raises:
        UnitError: a position or a level is no number.
    """
    for number, line in logical_lines(text):

        def value(word: str, at: str = f"{where}, line {number}, .meas") -> float:
            return parse(word, "1", where=at)

        if hit := _AT.match(line):
            yield At(name=hit[1], of=hit[2], position=value(hit[3]))
        elif hit := _WHEN.match(line):
            yield When(name=hit[1], signal=hit[3], level=value(hit[4]), edge=hit[5].lower(), count=int(hit[6]), of=hit[2] or "")  # type: ignore[arg-type]
        elif hit := _OVER.match(line):
            start, stop = (value(end) if end else None for end in (hit[4], hit[5]))
            yield Over(name=hit[1], of=hit[3], how=hit[2].upper(), start=start, stop=stop)  # type: ignore[arg-type]
