"""What a report is made of: texts, figures, tables, as plain values that go to the template as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cosim.reporting.figures import NotDrawn
from cosim.reporting.style import FULL, Drawing, pretty

Block = dict[str, Any]
MARKS = {"met": "good", "not_met": "bad", "not_run": "note", "pass": "good", "fail": "bad", "holds": "good", "does not hold": "note"}
WORDS = {"met": "met", "not_met": "not met", "not_run": "not run"}


@dataclass(frozen=True)
class Column:
    """A column: name, alignment (``left``, ``right``, ``center``), and width: ``auto`` or a share of what is left."""

    name: str
    align: str = "left"
    width: str = "auto"


def table(
    title: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]], *, caption: str = "", source: str = "", size: float = 8.5, long: bool = False
) -> Block:
    """A table; cells are text, or a mapping with ``text`` and ``mark``, ``bold``, ``code`` or ``label``.

    Args:
        title: what it holds.
        columns: as many as cells in a row.
        rows: of cells.
        caption: what to read from it.
        source: table of the paper that it stands beside.
        size: of the text [pt].
        long: it may break over pages.
    """
    return {
        "kind": "table",
        "title": pretty(title),
        "columns": [vars(each) for each in columns],
        "rows": [[each if isinstance(each, dict) else pretty(str(each)) for each in row] for row in rows],
        "caption": pretty(caption),
        "source": source,
        "size": size,
        "long": long,
    }


def figure(name: str, drawing: Drawing | NotDrawn) -> Block:
    """A figure, or what stands in its place when its simulation failed."""
    if isinstance(drawing, NotDrawn):
        return {"kind": "missing", "title": drawing.name.replace("_", " "), "reason": drawing.reason}
    words = {key: pretty(getattr(drawing, key)) for key in ("title", "caption", "alt")}
    return {"kind": "figure", "file": f"{name}.svg", "natural": False, **words, "source": drawing.source, "width": drawing.width}


def picture(name: str, *, title: str, caption: str, alt: str) -> Block:
    """A schematic, printed in its own size."""
    return {
        "kind": "figure",
        "file": f"{name}.svg",
        "natural": True,
        "title": pretty(title),
        "caption": pretty(caption),
        "alt": alt,
        "source": "",
        "width": FULL,
    }


def pair(first: Block, second: Block) -> Block:
    """Two blocks beside each other."""
    return {"kind": "pair", "blocks": [first, second]}


def text(content: str) -> Block:
    """A paragraph."""
    return {"kind": "text", "text": content}


def heading(content: str) -> Block:
    """A heading inside of a section."""
    return {"kind": "heading", "text": content}


def code(content: str, *, size: float) -> Block:
    """Text in a monospaced face, line by line, `size` [pt]."""
    return {"kind": "code", "text": content, "size": size}


def bullets(items: Sequence[tuple[str, str]]) -> Block:
    """A list of ``(title, text)``."""
    return {"kind": "list", "items": [{"title": pretty(title), "text": pretty(content)} for title, content in items]}


def section(title: str, *blocks: Block, page: bool = True) -> Block:
    """A section; it begins on a new page with `page`."""
    return {"title": title, "blocks": list(blocks), "page": page}


def marked(word: str) -> Block:
    """A verdict in its color; the word says it too."""
    return {"text": WORDS.get(word, word), "mark": MARKS[word]}


def code_cell(content: str) -> Block:
    """A monospaced cell."""
    return {"text": content, "code": True}


def labeled(label: str, content: str) -> Block:
    """Text that begins with a monospaced label."""
    return {"text": pretty(content), "label": label}


def missing(title: str, reason: str) -> Block:
    """What stands in the place of a table whose simulation failed."""
    return {"kind": "missing", "title": title, "reason": reason}
