"""Netlists from files: read with what they include, and confined.

A file from outside may neither run commands nor write files, and reads only what lies in its own folder: everything that it
includes is read here and written into one text, so that the engine opens no file but that one. What a simulator is then
given is written line by line by `cosim.spice.translation`.
Not here: what its lines mean (`translation/`), limits of a run (`limits.py`), running (`cosim/netlist.py`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cosim.errors import DataError, DialectError
from cosim.spice.translation.blocks import arrange
from cosim.spice.translation.guard import check_size, hostile
from cosim.spice.translation.statements import Note, Statement, decode, option, statements, unquoted, words

LARGEST = 50_000_000  # bytes of a netlist with all that it includes
MOST_FILES = 200
OUTSIDE = "must be a file beside the netlist, not an absolute path or a parent folder"
_INCLUDE = re.compile(r"\.(inc|incl|include|lib)(?:\s+|(?=[\"']))(.+)$", re.I)
_OWN_LIBRARY = re.compile(r"standard\.\w+$|[\\/]ltspice\w*[\\/](?:.*[\\/])?lib[\\/]", re.I)


@dataclass(frozen=True)
class Netlist:
    """A netlist from a file.

    Attributes:
        path: of the file.
        statements: with those of the files that it includes in their places, the title left out.
        tables: files that its sources read, by the name that the netlist gives them.
        missing: libraries of LTspice's own that are not at hand.
        notes: what was done to read it.
        controls: lines of ``.control`` blocks; only of a trusted netlist.
    """

    path: Path
    statements: tuple[Statement, ...]
    tables: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    controls: tuple[str, ...] = ()


def read_netlist(path: Path, *, trust: bool = False) -> Netlist:
    """A netlist with all that it includes.

    Args:
        path: of the file.
        trust: allow ``.control`` blocks and files from anywhere.

    Raises:
        DataError: it cannot be read.
        DialectError: by file and line, what a netlist from outside must not do.
    """
    reader = _Reader(path, trust)
    text = reader.text(path)
    if "\n" not in text.strip():
        raise DataError(f"{path}: is no netlist; the first line is its title, and no other follows")
    found = tuple(reader.resolved(path, text, skip_title=True))
    if not found:
        raise DataError(f"{path}: is no netlist; it holds comments only")
    check_size(arrange(found, Statement(str(path), 1, "")))
    return Netlist(path, found, reader.tables, tuple(reader.missing), tuple(reader.notes), tuple(reader.controls))


def read_text(path: Path) -> str:
    """The text of a netlist, whatever LTspice wrote it in.

    Raises:
        DataError: no such file, no plain file, or too large.
    """
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: is no plain file")
        if path.exists() and path.stat().st_size > LARGEST:
            raise DataError(f"{path}: has {path.stat().st_size} bytes; must be at most {LARGEST}")
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    text = decode(data)
    if "\0" in text:
        raise DataError(f"{path}: is no text")
    return text


class _Reader:
    """Reads a netlist and what it includes, and refuses what must not be."""

    def __init__(self, path: Path, trust: bool) -> None:
        self.path, self.trust = path, trust
        self.folder = path.parent.resolve()
        self.tables: dict[str, str] = {}
        self.missing: list[str] = []
        self.notes: list[Note] = []
        self.controls: list[str] = []
        self.open: list[Path] = []
        self.read, self.files = 0, 0

    def text(self, path: Path) -> str:
        """The text of a file, within what all files together may have."""
        text = read_text(path)
        self.read, self.files = self.read + len(text), self.files + 1
        if self.read > LARGEST or self.files > MOST_FILES:
            raise DataError(f"{self.path}: includes more than {MOST_FILES} files or {LARGEST} bytes")
        return text

    def resolved(self, path: Path, text: str, *, skip_title: bool = False, section: str = "") -> Iterator[Statement]:
        """The statements of a text, each include replaced by what it names."""
        name = str(path)
        text = self._harmless(name, text)
        lines = text.splitlines()
        if skip_title and lines:
            text = "\n".join(["*", *lines[1:]])
        self.open.append(path.resolve())
        for statement in self._of_section(path, list(statements(text, name)), section):
            hit = _INCLUDE.match(statement.text)
            if hit is not None:
                yield from self._included(path, statement, hit[1].lower(), hit[2])
            elif statement.text.lower() != ".end" or skip_title:
                self._table(path, statement)
                yield statement
        self.open.pop()

    def _harmless(self, name: str, text: str) -> str:
        """The text without ``.control`` blocks.

        Raises:
            DialectError: it has some, or other lines that run or write, and is not trusted.
        """
        kept, inside = [], False
        for number, line in enumerate(text.splitlines(), 1):
            found = hostile(line)
            if found and not self.trust:
                raise DialectError(f"{name}, line {number}: `{found[0]}` {found[1]}; refused without --trust")
            starts = re.match(r"\s*\.control\b", line, re.I) is not None
            inside = inside or starts
            if inside:
                self.controls.append(line)
            kept.append("*" if inside or found else line)
            inside = inside and re.match(r"\s*\.endc\b", line, re.I) is None
        return "\n".join(kept)

    def _of_section(self, path: Path, found: list[Statement], section: str) -> list[Statement]:
        """The statements of a section of a library; all of a file without sections."""
        begins = [each for each in found if each.text.lower().startswith(".lib") and len(words(each.text)) == 2]
        ends = [each for each in found if each.text.lower().startswith(".endl")]
        if not ends:
            if section:
                raise DialectError(f"{path}: has no section {section}")
            return found
        if not section:
            begins[0].refuse("the library has sections; name one: .lib file section") if begins else ends[0].refuse("`.endl` without `.lib`")
        start = next((found.index(each) for each in begins if words(each.text)[1].lower() == section.lower()), None)
        if start is None:
            raise DialectError(f"{path}: has no section {section}; it has {', '.join(words(each.text)[1] for each in begins)}")
        stop = next((index for index in range(start, len(found)) if found[index].text.lower().startswith(".endl")), len(found))
        return found[start + 1 : stop]

    def _included(self, owner: Path, statement: Statement, kind: str, rest: str) -> Iterator[Statement]:
        parts = words(rest)
        quoted = rest[0] in "\"'"
        given = unquoted(parts[0]) if quoted or kind == "lib" else unquoted(rest.strip())
        section = parts[1] if kind == "lib" and len(parts) == 2 and not re.search(r"\.\w+$", parts[1]) else ""
        if kind == "lib" and not quoted and not section:
            given = rest.strip()
        path = self._allowed(owner, statement, given, library=kind == "lib")
        if path is None:
            return
        if path.resolve() in self.open:
            statement.refuse(f"`{given}` includes itself")
        yield from self.resolved(path, self.text(path), section=section)

    def _allowed(self, owner: Path, statement: Statement, given: str, *, library: bool) -> Path | None:
        """Where an included file lies; None for a library of LTspice's own that is not at hand."""
        name = given.replace("\\", "/")
        outside = name.startswith(("/", "~")) or re.match(r"[a-z]+:", name, re.I) is not None
        if library and (_OWN_LIBRARY.search(given) or not re.search(r"[\\/:]", given)):
            beside = self._inside(owner, name.rpartition("/")[2])
            if beside is None or not beside.is_file():
                self.missing.append(name.rpartition("/")[2])
                self.notes.append(Note(statement.file, statement.line, f".lib {name.rpartition('/')[2]}", "left out: LTspice's own library, not at hand"))
                return None
            return beside
        path = (Path(name) if outside else owner.parent / name) if self.trust else None if outside else self._inside(owner, name)
        if path is None:
            statement.refuse(f"`{given}` {OUTSIDE}" + ("" if self.trust else "; refused without --trust"))
        if not path.is_file():
            statement.refuse(f"`{given}`: no such file beside the netlist")
        return path

    def _inside(self, owner: Path, name: str) -> Path | None:
        """A file in the folder of the netlist, links followed; None if it leaves it."""
        path = owner.parent / name
        return path if path.resolve().is_relative_to(self.folder) else None

    def _table(self, owner: Path, statement: Statement) -> None:
        """Read the file of a ``PWL file=`` source."""
        if statement.text[0].lower() not in "vi":
            return
        for word in words(statement.text.replace("(", " ").replace(")", " ")):
            given = option(word)
            if given and given[0] in ("file", "wavefile"):
                name = unquoted(given[1])
                path = self._allowed(owner, statement, name, library=False)
                if path is not None and given[0] == "file":
                    self.tables[name] = self.text(path)
