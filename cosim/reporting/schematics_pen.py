"""A pen for schematics: strokes and text on a sheet that is measured as it is drawn, and written as SVG at print size.

Lengths are in steps of a tenth of an inch, y points up. Text becomes outlines, so that a picture looks alike everywhere; its
widths are those of the font, which is what lets the boxes of the labels be trusted.
Not here: what elements look like (`schematics_symbols`), where they stand (`schematics_plans`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Literal

from cosim.errors import CircuitError, reject
from cosim.reporting.schematics import Schematic
from cosim.reporting.style import BLACK, missing_package

POINTS = 7.2  # [pt] of one step in print
NAME, SMALL, LEAST = 7.0, 6.5, 6.0  # [pt] of a name, of a value, and the smallest that may be printed
ASCENT, DESCENT = 0.76, 0.24  # of a line of text, in its size
LINE, THIN = 0.9, 0.55  # [pt]
MARGIN = 0.4
FONT_SIZE = 12.0  # [pt] of the outlines that the font gives

Point = tuple[float, float]
Box = tuple[float, float, float, float]
Align = Literal["left", "center", "right"]


@dataclass(frozen=True)
class Stroke:
    """A line through points; a `fill` closes it."""

    points: tuple[Point, ...]
    color: str
    width: float
    dashed: bool = False
    fill: str = ""


@dataclass(frozen=True)
class Circle:
    """A circle, open unless it has a `fill`."""

    center: Point
    radius: float
    color: str
    fill: str = "none"


class Pen:
    """Collects what is drawn.

    Attributes:
        strokes, circles: in the order in which they were drawn.
        texts: every line of text, left end of its base line, size [pt], color.
        labels: every line of text with the box that it takes: left, right, low, top, in steps.
    """

    def __init__(self) -> None:
        self._font = _font()
        self.texts: list[tuple[str, Point, float, str]] = []
        self.strokes: list[Stroke] = []
        self.circles: list[Circle] = []
        self.labels: list[tuple[str, Box]] = []

    def line(self, *points: Point, color: str = BLACK, width: float = LINE, dashed: bool = False) -> None:
        """An open line through `points`."""
        self.strokes.append(Stroke(points, color, width, dashed))

    def shape(self, *points: Point, color: str = BLACK, fill: str = "none", width: float = LINE) -> None:
        """A closed line through `points`."""
        self.strokes.append(Stroke((*points, points[0]), color, width, False, fill))

    def circle(self, center: Point, radius: float, *, color: str = BLACK, fill: str = "none") -> None:
        """A circle."""
        self.circles.append(Circle(center, radius, color, fill))

    def arrow(self, start: Point, end: Point, *, color: str = BLACK, size: float = 0.55) -> None:
        """A filled head at `end` that points away from `start`."""
        length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
        along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
        back = (end[0] - size * along[0], end[1] - size * along[1])
        half = 0.36 * size
        self.shape(end, (back[0] - half * along[1], back[1] + half * along[0]), (back[0] + half * along[1], back[1] - half * along[0]), color=color, fill=color)

    def text(self, line: str, x: float, y: float, *, align: Align = "left", size: float = NAME, color: str = BLACK) -> float:
        """One line of text, the middle of its height at `y`; gives its width."""
        width = self.width(line, size)
        left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[align] * width
        high = size / POINTS
        base = y - (ASCENT - DESCENT) / 2 * high
        self.texts.append((line, (left, base), size, color))
        self.labels.append((line, (left, left + width, base - DESCENT * high, base + ASCENT * high)))
        return width

    def width(self, line: str, size: float = NAME) -> float:
        """Of a line of text, in steps."""
        return sum(float(glyph.funits_to_points(glyph.advance(), size / FONT_SIZE)) for glyph in map(self._font.glyph, line)) / POINTS

    def extent(self) -> Box:
        """Left, right, low and top of everything that is drawn."""
        points = [point for stroke in self.strokes for point in stroke.points]
        for circle in self.circles:
            (x, y), r = circle.center, circle.radius
            points += [(x - r, y - r), (x + r, y + r)]
        for _, (left, right, low, top) in self.labels:
            points += [(left, low), (right, top)]
        return min(x for x, _ in points), max(x for x, _ in points), min(y for _, y in points), max(y for _, y in points)

    def finish(self, where: str, width: float) -> Schematic:
        """The picture, no wider than `width` [inch].

        Raises:
            CircuitError: at that width the text would be smaller than 6 pt.
        """
        left, right, low, top = self.extent()
        left, right, low, top = left - MARGIN, right + MARGIN, low - MARGIN, top + MARGIN
        scale = min(1.0, 72.0 * width / (POINTS * (right - left)))
        smallest = min(size for _, _, size, _ in self.texts)
        if scale * smallest < LEAST - 1e-9:
            needed = POINTS * (right - left) * LEAST / smallest / 72.0
            raise reject(CircuitError, f"{where}, schematic", "width", width, f">= {needed:.2f} inch, so that text keeps {LEAST:g} pt")
        return Schematic(self._svg((left, right, low, top), scale), tuple(self.labels))

    def _svg(self, extent: Box, scale: float) -> bytes:
        from xml.etree import ElementTree

        left, right, low, top = (POINTS * each for each in extent)
        size = {"width": f"{scale * (right - left):.2f}pt", "height": f"{scale * (top - low):.2f}pt"}
        view = f"{left:.2f} {-top:.2f} {right - left:.2f} {top - low:.2f}"
        root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, "viewBox": view})
        for stroke in self.strokes:
            ElementTree.SubElement(root, "path", _path(stroke))
        for circle in self.circles:
            (x, y), r = circle.center, circle.radius
            place = {"cx": _number(x), "cy": _number(-y), "r": _number(r)}
            ElementTree.SubElement(root, "circle", {**place, "stroke": circle.color, "stroke-width": f"{LINE:g}", "fill": circle.fill})
        for text in self.texts:
            ElementTree.SubElement(root, "path", self._outline(*text))
        return ElementTree.tostring(root)

    def _outline(self, line: str, at: Point, size: float, color: str) -> dict[str, str]:
        """A line of text as one path; its words stay readable in the file."""
        x, y = at[0] * POINTS, -at[1] * POINTS
        parts = []
        for glyph in map(self._font.glyph, line):
            outline = glyph.svgpath(x, y, size / FONT_SIZE)
            parts += [] if outline is None else [outline.attrib["d"].strip()]
            x += glyph.funits_to_points(glyph.advance(), size / FONT_SIZE)
        return {"d": " ".join(parts), "fill": color, "aria-label": line}


@cache
def _font() -> Any:
    """The font of all text; to read it takes half a second."""
    try:
        from ziafont.font import Font
    except ImportError as error:
        raise missing_package(error) from None
    return Font()


def segments(points: Iterable[Point]) -> list[tuple[Point, Point]]:
    """The straight parts of a line."""
    return list(pairwise(points))


def _path(stroke: Stroke) -> dict[str, str]:
    corners = " L ".join(f"{_number(x)} {_number(-y)}" for x, y in stroke.points)
    style = {"stroke": stroke.color, "stroke-width": f"{stroke.width:g}", "fill": stroke.fill or "none", "stroke-linejoin": "round", "stroke-linecap": "round"}
    return {"d": f"M {corners}", **style, **({"stroke-dasharray": "2.2 1.8"} if stroke.dashed else {})}


def _number(steps: float) -> str:
    return f"{steps * POINTS + 0.0:.2f}"
