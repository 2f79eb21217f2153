"""Statements of a netlist: decoded text, one logical line each, with the file and line that it came from."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

from cosim.errors import DialectError

MICRO = str.maketrans(
    {
        "\N{MICRO SIGN}": "u",
        "\N{GREEK SMALL LETTER MU}": "u",
        "\N{SECTION SIGN}": "",
        "\N{NO-BREAK SPACE}": " ",
        "\N{OHM SIGN}": "",
        "\N{GREEK CAPITAL LETTER OMEGA}": "",
    }
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_OPENING, _CLOSING = "([{", ")]}"
_LIST = re.compile(r"(=[^\s,=(]+),\s*([-+\d.{])")  # ic=1, 2
_SEPARATED = re.compile(r",(?=[A-Za-z_]\w*=)|,$")  # Is=1e-14,N=1
_EQUALS = re.compile(r"\s*(?<![<>=!])=(?!=)\s*")


@dataclass(frozen=True)
class Statement:
    """A logical line: continuations joined, comments cut, ASCII, blanks folded."""

    file: str
    line: int
    text: str

    @property
    def where(self) -> str:
        """``amp.cir, line 14``."""
        return f"{self.file}, line {self.line}"

    def refuse(self, reason: str) -> NoReturn:
        """Refuse the netlist because of this statement.

        Raises:
            DialectError: always.
        """
        raise DialectError(f"{self.where}: {reason}")

    def with_text(self, text: str) -> "Statement":
        """The same place with another text."""
        return replace(self, text=text)


@dataclass(frozen=True)
class Note:
    """What was read as LTspice reads it, and written as the engine must read it."""

    file: str
    line: int
    what: str
    became: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.what}: {self.became}"


def decode(data: bytes) -> str:
    """The text of a file of LTspice: UTF-16 with or without a mark, UTF-8, or else Latin-1."""
    for mark, coding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(coding, "replace")
    if b"\0" in data[:200]:
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def statements(text: str, file: str) -> Iterator[Statement]:
    """The statements of a text, without comments; the first line counts like any other.

    Raises:
        DialectError: a character outside of ASCII that has no meaning in SPICE, in a line that is no comment.
    """
    pending: Statement | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = " ".join(raw.split(";", 1)[0].translate(MICRO).split())
        if not line or line.startswith("*"):
            continue
        if line.startswith("+") and pending is not None:
            pending = pending.with_text(f"{pending.text} {line[1:].strip()}".strip())
            continue
        if pending is not None:
            yield _ascii(pending)
        pending = Statement(file, number, line)
    if pending is not None:
        yield _ascii(pending)


def _ascii(statement: Statement) -> Statement:
    if not statement.text.isascii():
        odd = next(character for character in statement.text if not character.isascii())
        statement.refuse(f"{odd!r} is not ASCII and has no meaning in SPICE")
    return statement


def words(text: str) -> list[str]:
    """The words of a statement: split at blanks and commas outside of brackets and quotes; ``W = 3u`` is one word."""
    found, depth, quote, current = list[str](), 0, "", ""
    for character in _LIST.sub(r"\1,\2", joined_equals(text)):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth = max(0, depth - 1)
        if not quote and depth == 0 and (character.isspace() or (character == "," and "=" not in current)):
            found.append(current)
            current = ""
        else:
            current += character
    return [part for word in (*found, current) for part in _SEPARATED.split(word) if part]


def joined_equals(text: str) -> str:
    """``W = 3u`` as ``W=3u``; ``==``, ``<=``, ``>=`` and ``!=`` stay."""
    return _EQUALS.sub("=", text)


def unquoted(word: str) -> str:
    """A word without the quotes around it."""
    return word[1:-1] if len(word) >= 2 and word[0] == word[-1] and word[0] in "\"'" else word


def option(word: str) -> tuple[str, str] | None:
    """``("w", "3u")`` for ``W=3u``; None for a word without ``=`` outside of brackets."""
    hit = re.match(r"([A-Za-z_][\w.]*)=(?!=)(.*)$", word, re.S)
    return (hit[1].lower(), hit[2]) if hit else None
