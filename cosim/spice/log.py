"""What an engine's log says about a failed run: which status, and the engine's own words with the line of the netlist.

ngspice counts lines from the top of the file that it reads just then, so the number is used only if that line holds what the
message is about; otherwise the line is looked up in the deck and in its includes.
Sources: runs of ngspice 39 for each kind of error (`tests/spice/test_log.py`); the wording of LTspice follows its manual and is
not verified.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosim.status import Status

DECK_NAME = "deck.cir"
_NO_ROOM = re.compile(r"rawfile write error|no space left on device", re.IGNORECASE)
_ABORTED = re.compile(r"(?:doAnalyses: |Fatal Error: )(.*)")
_DIVERGED = re.compile(r"time ?step too small|iteration limit|singular|can't be decomposed|stepping failed|magnitude overflow", re.IGNORECASE)
_OF_A_LINE = re.compile(r"Error on line(?: (\d+))?[^\n:]*:\s*(\S[^\n]*)\n\s*([^\n]+)")
_NUMBERED = re.compile(r"Netlist line no\. (\d+):\n\s*(Undefined parameter \[(\w+)\]|[^\n]+)")
_BEFORE = re.compile(r"^(?:Error: |warning, |PTerror: )(.*?)(?:, parsing stopped at)?(?: from line)?$", re.MULTILINE)
_GENERAL = re.compile(r"^\s*(?:Fatal error|Error|ERROR):? (?!fatal error in ngspice)([^\n]+)", re.MULTILINE | re.IGNORECASE)
_ABOUT = (  # an error without a line, and what to look for in the netlist
    re.compile(r"Error: (unknown subckt): ([^\n]+)"),
    re.compile(r"(Could not find include file) (\S+)"),
    re.compile(r"""(Too (?:few|many) parameters for subcircuit type "\S+") \(instance: x(\S+)\)"""),
    re.compile(r"(Mismatch of \.subckt \.\.\. \.ends statements)!.*?Check line ([^\n]+)", re.DOTALL),
    re.compile(r"(parameter mismatch for function call) in str: ([^\n]+)"),
)


@dataclass(frozen=True)
class Finding:
    """How the log explains the end of a run."""

    status: Status
    message: str


def read_log(path: Path) -> str:
    """Text of a log: UTF-8 or LTspice's UTF-16, without empty lines; empty if there is none."""
    if not path.exists():
        return ""
    data = path.read_bytes()
    text = data.decode("utf-16-le" if b"\0" in data[:64] else "utf-8", "replace").lstrip("\ufeff")
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


def diagnose(log: str, sources: dict[str, str]) -> Finding | None:
    """The first cause that the log names, None if it names none.

    Args:
        log: as `read_log` gives it.
        sources: file name -> text, of the deck and of its includes.
    """
    if _NO_ROOM.search(log):
        return Finding(Status.no_space, "the engine could not write its raw file")
    for said in _ABORTED.findall(log):
        if _DIVERGED.search(said):
            return Finding(Status.no_convergence, _one_line(said))
    rejected = _rejected(log, sources)
    return Finding(Status.rejected_netlist, rejected) if rejected else None


def _rejected(log: str, sources: dict[str, str]) -> str:
    """The engine's error about the netlist, with the file and line that it means; empty if there is none."""
    found = _OF_A_LINE.search(log)
    if found:
        number, text, reason = found.groups()
        reasons = [*_BEFORE.findall(log[: found.start()]), reason]
        said = "; ".join(dict.fromkeys(map(_one_line, reasons)))
        return _placed(sources, said, (text.split()[0], *re.findall(r"'(\S+)'", said)), number, text)
    found = _NUMBERED.search(log)
    if found:
        return _placed(sources, _one_line(found[2]), (found[3] or "",), found[1], "")
    for pattern in _ABOUT:
        found = pattern.search(log)
        if found:
            return _placed(sources, found[1], (found[2],), None, found[2])
    found = _GENERAL.search(log)
    return f"{DECK_NAME}: {_one_line(found[1])}" if found else ""


def _placed(sources: dict[str, str], reason: str, needles: tuple[str, ...], number: str | None, said: str) -> str:
    """``deck.cir, line 3: reason: `text of the line` ``; without a line where none fits.

    Args:
        sources: file name -> text.
        reason: the engine's words.
        needles: what the statement must hold, the best hint first.
        number: of the line, as the engine counts.
        said: the statement as the engine printed it.
    """
    statements = [(file, line, text) for file, source in sources.items() for line, text in _statements(source)]
    for needle in needles:
        hits = [each for each in statements if _holds(each[2], needle)]
        told = [each for each in hits if each[0] == DECK_NAME and str(each[1]) == number]
        if told or hits:
            file, line, text = (told or hits)[0]
            return f"{file}, line {line}: {reason}: `{text}`"
    return f"{DECK_NAME}: {reason}" + (f": `{_one_line(said)}`" if said else "")


def _statements(source: str) -> Iterator[tuple[int, str]]:
    """Each statement with the number of its first line: continuations joined, comments and the title left out."""
    first, parts = 0, list[str]()
    for number, line in enumerate(source.splitlines(), start=1):
        if line.startswith("*") or not line.strip():
            continue
        if line.startswith("+"):
            parts.append(line[1:])
            continue
        if parts:
            yield first, _one_line(" ".join(parts))
        first, parts = number, [line]
    if parts:
        yield first, _one_line(" ".join(parts))


def _holds(text: str, needle: str) -> bool:
    """Whether a statement holds the words that an error is about, whatever their case."""
    words = re.escape(_one_line(needle)).lower()
    return bool(words) and re.search(rf"(?<![\w.]){words}(?![\w.])", text.lower()) is not None


def _one_line(text: str) -> str:
    return " ".join(text.split())
