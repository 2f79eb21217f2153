"""Tables of what was written and what was read: CSV, npz, pandas and old pickles, read into `Measurements`.

A column is known by its name, with or without a unit (``V``, ``R [kohm]``, ``delay_ms``); other columns are ignored. What cannot be used is refused in one
line that says where it stands; rows without a number and reads that are not positive are dropped and counted. Only an energy may be left out of a row.
Not here: what a channel makes of them (`measured`).
"""

import contextlib
import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.channels.files import read_arrays
from cosim.channels.pickles import read_pickle_columns, shorten
from cosim.errors import DataError, UnitError, reject
from cosim.units import parse

Quantity = tuple[str, str]  # name and SI unit
SAME_LEVEL = 1e-6  # of the range of what was written; closer values are one level
MILLI = 1e-3
LARGEST = 1e100  # of a value, in its unit
NO_NUMBER, NOT_POSITIVE = "no number", "not positive"  # why a row is dropped
_VOLTAGE, _RESISTANCE, _CONDUCTANCE, _CURRENT = ("voltage", "V"), ("resistance", "ohm"), ("conductance", "S"), ("current", "A")
_WORD_LINE, _TIME, _ENERGY = ("word-line voltage", "V"), ("delay", "s"), ("energy", "J")
_WRITTEN, _READ, _DEVICE = ("written value", "1"), ("read value", "1"), ("device", "1")
COLUMNS: Mapping[str, Mapping[str, Quantity]] = {
    "written": {
        **dict.fromkeys(("written", "write", "written_value", "input", "target", "programmed", "pulse", "amplitude"), _WRITTEN),
        **dict.fromkeys(("level", "state"), ("level", "1")),
        **dict.fromkeys(("v", "voltage", "write_voltage", "v_write", "vwrite", "gate_voltage", "v_gate"), _VOLTAGE),
        **dict.fromkeys(("word_line_voltage", "wordline_voltage", "v_wl", "vwl"), _WORD_LINE),
    },
    "read": {
        **dict.fromkeys(("read", "read_value", "output", "measured", "reading"), _READ),
        **dict.fromkeys(("r", "resistance", "read_resistance", "r_read", "rread"), _RESISTANCE),
        **dict.fromkeys(("g", "conductance", "read_conductance", "g_read", "gread"), _CONDUCTANCE),
        **dict.fromkeys(("i", "current", "read_current", "i_read", "iread"), _CURRENT),
        **dict.fromkeys(("vt", "vth", "v_t", "v_th", "threshold_voltage"), ("threshold voltage", "V")),
    },
    "delay": dict.fromkeys(("delay", "time", "t", "elapsed", "wait"), _TIME),
    "device": dict.fromkeys(("device", "device_id", "cell", "cell_id", "dev", "address", "addr"), _DEVICE),
    "energy": dict.fromkeys(("energy", "cost", "write_energy", "e"), _ENERGY),
}
_BRACKETED = re.compile(r"(.*?)[\s_]*(?:\[(.*)\]|\((.*)\))")


MISSING = ("", "nan", "na", "n/a", "#n/a", "null", "none", "<na>", "-")  # cells without a number
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurements:
    """What was written, and what was read of it.

    Attributes:
        source: where they come from.
        written, read: ``(reads,)``.
        delay: ``(reads,)`` between write and read [s], or None.
        device: ``(reads,)`` number of the device, or None.
        energy: ``(reads,)`` of the write [J], NaN where a row has none; or None.
        dropped: rows left out, by reason.
        quantities: name and unit of what was written and of what was read.
    """

    source: str
    written: Array
    read: Array
    delay: Array | None = None
    device: Array | None = None
    energy: Array | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    quantities: tuple[Quantity, Quantity] = (_WRITTEN, _READ)


def read_measurements(source: Path | str | Mapping[str, Array] | Any, *, positive: bool = True) -> Measurements:
    """Measurements of a table.

    Args:
        source: a pandas DataFrame, arrays by name, or the path of a file: ``.npz``, ``.pkl`` (see `pickles`), anything else is read as CSV, separated by
            comma, semicolon or tab, with a header.
        positive: drop reads that are zero or negative, which no resistance is.

    Raises:
        DataError: it cannot be read, a column is missing or ambiguous, a cell holds text or an infinite number, a delay or an energy is negative, or more than
            half of the rows would be dropped.
    """
    table = _table(source)
    found = {role: _column(table, role) for role in COLUMNS}
    for role in ("written", "read"):
        if found[role] is None:
            raise reject(DataError, table.where, "columns", _listed(table.columns), f"such that one is {_listed(COLUMNS[role])} ({role})")
    columns = {role: _values(table, *each) for role, each in found.items() if each is not None}
    kept, dropped = _kept(table, columns, positive=positive)
    for role, values in columns.items():
        _check_values(table, role, np.where(kept & ~np.isnan(values), values, 0.0))
    quantities = {role: each[1] for role, each in found.items() if each is not None}
    chosen = {role: values[kept] for role, values in columns.items()}
    if "device" in chosen:
        chosen["device"] = chosen["device"].astype(int)
    return Measurements(source=table.where, **chosen, dropped=dropped, quantities=(quantities["written"], quantities["read"]))


def written_levels(written: Array) -> tuple[Array, Array]:
    """The levels among values that were written, and which one each is; values closer than a millionth of their range are one level.

    Args:
        written: ``(reads,)``.

    Returns:
        ``(levels,)`` rising, rounded to that accuracy, and ``(reads,)`` indices into it.
    """
    order = np.argsort(written, kind="stable")
    rising = np.asarray(written, dtype=float)[order]
    span = float(rising[-1] - rising[0])
    number = np.concatenate([[0], np.cumsum(np.diff(rising) > SAME_LEVEL * span)])
    means = np.bincount(number, weights=rising) / np.bincount(number)
    which = np.empty(len(rising), dtype=int)
    which[order] = number
    if span > 1e-290:
        means = np.round(means, int(np.ceil(-np.log10(SAME_LEVEL * span))))
    return means, which


@dataclass(frozen=True, kw_only=True)
class _Table:
    """Columns by name: arrays, or texts with the line that each row ends on."""

    where: str
    columns: Mapping[str, Any]
    lines: list[int] | None = None
    decimal_comma: bool = False

    def place(self, row: int) -> str:
        """Where a row stands."""
        return f"{self.where}, row {row + 1}" if self.lines is None else f"{self.where}, line {self.lines[row]}"


def _table(source: Any) -> _Table:
    """Columns by name, as texts or as numbers."""
    if isinstance(source, str | Path):
        shown = shorten(str(source), 120)
        suffix = Path(source).suffix.lower()
        if suffix == ".npz":
            return _numeric(shown, read_arrays(source, shown))
        if suffix in (".pkl", ".pickle"):
            return _numeric(shown, read_pickle_columns(source))
        return _text(source, shown)
    names = [str(each) for each in (source.columns if hasattr(source, "columns") else source)]
    for name in names:
        if names.count(name) > 1:
            raise reject(DataError, "table", "columns", f"twice {shorten(name)!r}", "of different names")
    return _numeric("table", {str(name): np.asarray(source[name]) for name in (source.columns if hasattr(source, "columns") else source)})


def _numeric(where: str, arrays: Mapping[str, Array]) -> _Table:
    """A table of arrays; only the columns that are used must be of one length."""
    used = {name: array for name, array in arrays.items() if _is_used(where, name)}
    lengths = {name: np.shape(array) for name, array in used.items()}
    if any(len(shape) != 1 for shape in lengths.values()) or len(set(lengths.values())) > 1:
        shown = ", ".join(f"{shorten(name)} {'x'.join(map(str, shape)) or 'single'}" for name, shape in lengths.items())
        raise reject(DataError, where, "rows", shown, "one row of cells for each read, in all columns as many")
    rows = next(iter(lengths.values()), (0,))[0]
    if used and not rows:
        raise DataError(f"{where}: holds no rows")
    return _Table(where=where, columns={**dict.fromkeys(arrays, np.zeros(rows)), **used})


def _text(path: Path | str, where: str) -> _Table:
    """A text file with a header, its cells as texts."""
    lines = _read_text(path, where).splitlines(keepends=True)
    first = next((each for each in lines if each.strip() and not each.lstrip().startswith("#")), "")
    separator = max(_SEPARATORS, key=first.count)  # the comma, where there is none
    rows, noted = _rows(lines, separator, where)
    if not rows:
        raise DataError(f"{where}: holds no header and no rows")
    comma = separator == ";"
    header = [cell.strip() for cell in rows[0][1]]
    if all(_is_number(cell, comma) for cell in header):
        if len(noted) != len(header):
            raise DataError(f"{where}, line {rows[0][0]}: must be a header with the names of the columns, such as written{separator}read")
        header, rows = noted, [(0, noted), *rows]
    while header and not header[-1]:
        header.pop()
    for name in header:
        if name and header.count(name) > 1:
            raise reject(DataError, f"{where}, line {rows[0][0]}", "columns", f"twice {shorten(name)!r}", "of different names")
    for line, cells in rows[1:]:
        if len(cells) < len(header) or any(cell.strip() for cell in cells[len(header) :]):
            raise reject(DataError, f"{where}, line {line}", "cells", len(cells), f"{len(header)}, separated by {_SEPARATORS[separator]} as in the header")
    if len(rows) < 2:
        raise DataError(f"{where}: holds no rows")
    columns = {name: [cells[place] for _, cells in rows[1:]] for place, name in enumerate(header) if name}
    return _Table(where=where, columns=columns, lines=[line for line, _ in rows[1:]], decimal_comma=comma)


def _rows(lines: list[str], separator: str, where: str) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """The rows that hold something, each with its line, and the cells of the last comment before them."""
    reader, rows, noted = csv.reader(lines, delimiter=separator), list[tuple[int, list[str]]](), list[str]()
    try:
        for cells in reader:
            if cells and cells[0].lstrip().startswith("#"):
                noted = noted if rows else [cells[0].lstrip().lstrip("#").strip(), *(cell.strip() for cell in cells[1:])]
            elif any(cell.strip() for cell in cells):
                rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise DataError(f"{where}, line {reader.line_num}: must be a row of a table ({error})") from None
    return rows, noted


def _read_text(path: Path | str, where: str) -> str:
    """The text of a file in UTF-8, UTF-16 with a mark, or the code page of Western Windows."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise DataError(f"{where}: {(error.strerror or 'cannot be read').lower()}") from None
    except ValueError:
        raise DataError(f"{where}: must be the name of a file") from None
    if not content.strip():
        raise DataError(f"{where}: is empty")
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    if b"\0" in content and not marked:
        raise DataError(f"{where}: must be text (CSV), .npz or .pkl; a spreadsheet is saved as CSV first")
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise DataError(f"{where}: must be text in UTF-8")


def _is_number(cell: str, decimal_comma: bool) -> bool:
    with contextlib.suppress(ValueError):
        float(cell.replace(",", ".") if decimal_comma else cell)
        return True
    return False


def _meaning(name: str, role: str) -> tuple[Quantity, float] | None:
    """What a column of this name is in this role, and the factor to its SI unit; None if it has no such role."""
    known, stripped = COLUMNS[role], name.strip()
    bracketed = _BRACKETED.fullmatch(stripped)
    whole, unit = (bracketed[1], (bracketed[2] or bracketed[3] or "").strip()) if bracketed else (stripped, "")
    if _key(whole) in known:
        quantity, expected = known[_key(whole)]
        return ((quantity, unit or "1"), 1.0) if expected == "1" else ((quantity, expected), parse(f"1{unit}", expected))
    base, _, suffix = stripped.rpartition("_")  # "delay_ms", but not "V_read"
    quantity, expected = known.get(_key(base), ("", "1"))
    with contextlib.suppress(UnitError):
        return None if expected == "1" else ((quantity, expected), parse(f"1{suffix}", expected))
    return None


def _checked_meaning(where: str, name: str, role: str) -> tuple[Quantity, float] | None:
    try:
        meaning = _meaning(name, role)
        if meaning and meaning[0][1] == "ohm" and meaning[1] == MILLI:
            raise reject(DataError, where, "column", shorten(name), "in ohm, kohm or Mohm; mohm is milliohm by its letters, and hardly what was meant")
        return meaning
    except UnitError:
        raise reject(DataError, where, "column", shorten(name), "in a unit that is known, such as V, ohm, kohm, S, uS, s, ms or J") from None


def _is_used(where: str, name: str) -> bool:
    return any(_checked_meaning(where, name, role) for role in COLUMNS)


def _key(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", name.strip().lower())


def _column(table: _Table, role: str) -> tuple[str, Quantity, float] | None:
    """Name, quantity and factor of the column in a role; the plain name of the role wins over other spellings."""
    found = [(name, *meaning) for name in table.columns if (meaning := _checked_meaning(table.where, name, role))]
    plain = [each for each in found if each[0].strip().lower() == role]
    if len(plain) != 1 and len(found) > 1:
        raise reject(DataError, table.where, "columns", _listed([each[0] for each in found]), f"one, not several, for {role}; name it {role}")
    return next(iter(plain or found), None)


def _values(table: _Table, name: str, quantity: Quantity, factor: float) -> Array:
    """``(rows,)`` numbers of a column in SI units; NaN where there is none."""
    cells = table.columns[name]
    if quantity == _DEVICE:
        return _device_numbers(table, cells)
    if table.lines is not None:
        return factor * np.array([_number(table, cell, row, name) for row, cell in enumerate(cells)])
    if cells.dtype.kind in "biuf":
        return factor * cells.astype(float)
    numbers = np.empty(len(cells))
    for row, cell in enumerate(cells):
        try:
            numbers[row] = np.nan if _is_missing(cell) else float(str(cell) if isinstance(cell, complex) else cell)
        except (TypeError, ValueError):
            raise reject(DataError, table.place(row), shorten(name), shorten(str(cell)), "a number") from None
    return factor * numbers


def _device_numbers(table: _Table, cells: Array) -> Array:
    """``(rows,)`` whole numbers of the devices; names are numbered in their order."""
    missing = np.array([_is_missing(cell) for cell in cells])
    try:
        numbers = np.where(missing, np.nan, np.array([np.nan if gone else float(cell) for cell, gone in zip(cells, missing, strict=True)]))
    except (TypeError, ValueError):
        numbers = np.full(len(cells), np.nan)
        names = [str(cell) for cell, gone in zip(cells, missing, strict=True) if not gone]
        numbers[~missing] = np.unique(names, return_inverse=True)[1]
    whole = np.isnan(numbers) | (numbers == np.round(numbers)) & (np.abs(numbers) < 2**53)
    if not np.all(whole):
        row = int(np.argmin(whole))
        raise reject(DataError, table.place(row), "device", float(numbers[row]), "a whole number or a name")
    return numbers


def _number(table: _Table, cell: str, row: int, name: str) -> float:
    """The number in a text cell, NaN if it is left out."""
    text = cell.strip().replace(",", ".") if table.decimal_comma else cell.strip()
    if text.lower() in MISSING:
        return float("nan")
    try:
        return float("_" if "_" in text else text)
    except ValueError:
        raise reject(DataError, table.place(row), shorten(name), repr(shorten(cell)), "a number") from None


def _is_missing(cell: Any) -> bool:
    return cell is None or str(cell).strip().lower() in MISSING


def _kept(table: _Table, columns: Mapping[str, Array], *, positive: bool) -> tuple[Array, dict[str, int]]:
    """``(rows,)`` which rows are kept, and how many go, by reason."""
    gone = np.any([np.isnan(each) for role, each in columns.items() if role != "energy"], axis=0)
    low = ~gone & (columns["read"] <= 0.0) & positive
    dropped = {reason: int(np.sum(each)) for reason, each in ((NO_NUMBER, gone), (NOT_POSITIVE, low)) if np.any(each)}
    total = sum(dropped.values())
    if 2 * total > len(gone):
        reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.items())
        raise reject(DataError, table.where, "rows dropped", f"{total} of {len(gone)} ({reasons})", "at most half")
    return ~(gone | low), dropped


def _check_values(table: _Table, role: str, values: Array) -> None:
    good, allowed = np.abs(values) < LARGEST, f"finite, below {LARGEST:g}"
    if role in ("delay", "energy"):
        good, allowed = good & (values >= 0.0), f"{allowed} and >= 0"
    if not np.all(good):
        row = int(np.argmin(good))
        raise reject(DataError, table.place(row), role, float(values[row]), allowed)


def _listed(names: Any) -> str:
    shown = [shorten(str(each)) for each in names]
    return ", ".join(shown[:6]) + (", ..." if len(shown) > 6 else "")
