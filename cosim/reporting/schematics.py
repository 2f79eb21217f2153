"""Schematics drawn from a `Circuit`: what is simulated is what is shown.

The circuit is flattened and its elements are walked: memristors, resistors and channels of transistors form one stack from
the upper node to the lower one; every node that leaves it goes to its source, and all sources stand in one row over ground.
An instance with two ports that holds a law and nothing else is one box in the stack.
That covers cells, loaded cells and single devices. Everything is placed absolutely, so nothing can rotate or overlap.
"""

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from cosim.circuits.circuit import Circuit, spice_name
from cosim.circuits.elements import Behavioral, Element, Instance, Memristor, Mosfet, Resistor, VoltageSource
from cosim.circuits.expression import evaluate
from cosim.circuits.flatten import flatten
from cosim.circuits.stimuli import PiecewiseLinear, Stimulus
from cosim.errors import CircuitError
from cosim.reporting.style import missing_package, quantity

UNIT = 0.207  # [inch] of one step of the drawing in print
FONT = 7.0  # [pt]
LETTER = 0.58 * FONT / (72 * UNIT)  # width of a letter, on the safe side
STEP = 3.0  # height of one element of the stack
UPPER, GATE, BULK = -6.7, -3.6, 4.0  # columns of the sources of the upper node, of the gate and of the bulk
BOX = (-2.2, 3.3)  # left and right end of the frame around an instance
ROOF = 1.3  # height of the wire from the upper node to its source
LINE = 0.5  # distance of two lines of text
SOURCE = 1.9  # height of a source

Align = Literal["left", "right"]
Stacked = Memristor | Resistor | Mosfet | Instance  # an instance is a law of two ports
Feed = VoltageSource | Behavioral


@dataclass(frozen=True)
class Stack:
    """Elements between the upper and the lower node, the sources of the nodes, and the frame.

    Attributes:
        elements: from top to bottom.
        nodes: one more than elements, from top to bottom.
        feeds: node -> source between it and ground.
        frame: name and circuit of the instance that holds the elements, or empty.
    """

    elements: tuple[Stacked, ...]
    nodes: tuple[str, ...]
    feeds: dict[str, Feed]
    frame: str


@dataclass(frozen=True)
class Schematic:
    """A drawn circuit.

    Attributes:
        svg: the picture.
        labels: every line of text with the box that it takes: left, right, low, top, in steps of the drawing.
    """

    svg: bytes
    labels: tuple[tuple[str, tuple[float, float, float, float]], ...]


def draw(circuit: Circuit) -> Schematic:
    """The schematic of a top circuit.

    Raises:
        CircuitError: it is more than one stack of memristors, resistors, laws and transistors with sources to ground.
        InputError: schemdraw is not installed.
    """
    stack = stack_of(circuit)
    try:
        import schemdraw
    except ImportError as error:
        raise missing_package(error) from None
    schemdraw.use("svg")
    schemdraw.svgconfig.text = "path"
    sheet = schemdraw.Drawing(canvas="svg", show=False, inches_per_unit=UNIT, fontsize=FONT, lw=1.0, unit=STEP)
    pen = _Pen(sheet)
    pen.stack(stack)
    svg = _cropped(bytes(sheet.get_imagedata("svg")).decode(), pen.extent)
    return Schematic(svg.encode(), tuple(pen.labels))


def stack_of(circuit: Circuit) -> Stack:
    """The stack of a circuit.

    Raises:
        CircuitError: names the element that does not fit in.
    """
    laws = [each for each in circuit.elements if isinstance(each, Instance) and _is_law(each)]
    inside = tuple(f"{spice_name(each).lower()}." for each in laws)
    flat = [*laws, *(each for each in flatten(circuit).elements if not each.name.startswith(inside))]
    rising = {_ends(each)[0]: each for each in flat if isinstance(each, Stacked)}
    feeds = dict(_fed(circuit, each) for each in flat if not isinstance(each, Stacked))
    lower = {_ends(each)[1] for each in rising.values()}
    starts = [node for node in rising if node not in lower]
    if len(starts) != 1:
        raise CircuitError(f"{circuit.name}, schematic: must be one stack of elements, not {len(starts)}")
    nodes, elements = [starts[0]], []
    while nodes[-1] in rising:
        elements.append(rising.pop(nodes[-1]))
        nodes.append(_ends(elements[-1])[1])
    if rising:
        raise CircuitError(f"{circuit.name}, schematic: {next(iter(rising.values())).name} is not in the stack")
    frames = [each for each in circuit.elements if isinstance(each, Instance) and each not in laws]
    return Stack(tuple(elements), tuple(nodes), feeds, f"{spice_name(frames[0])}: {frames[0].circuit.name}" if frames else "")


def models_of(circuit: Circuit) -> list[str]:
    """``name: card`` of every memristor and transistor, for the caption."""
    return [f"{spice_of(each.name)} is {each.card.name}" for each in stack_of(circuit).elements if isinstance(each, Memristor | Mosfet)]


def spice_of(name: str) -> str:
    """``x1.m1`` as people read it: ``X1.M1``."""
    return ".".join(part[:1].upper() + part[1:] for part in name.split("."))


def _is_law(element: Instance) -> bool:
    """Whether it has two ports and behavioral sources only."""
    return len(element.nodes) == 2 and all(isinstance(each, Behavioral) for each in element.circuit.elements)


def _ends(element: Stacked) -> tuple[str, str]:
    """Upper and lower node."""
    if isinstance(element, Mosfet):
        return element.drain, element.source
    return (element.nodes[0], element.nodes[1])


def _fed(circuit: Circuit, element: Element) -> tuple[str, Feed]:
    """A source, and the node that it holds against ground."""
    if isinstance(element, Feed) and element.negative == "0":
        return element.positive, element
    raise CircuitError(f"{circuit.name}, schematic: {spice_name(element)} cannot be drawn; must be a stack element or a voltage source to ground")


class _Pen:
    """Draws on one sheet; y of the stack's top is 0, down is negative."""

    def __init__(self, sheet: Any) -> None:
        import schemdraw.elements as parts

        self.sheet, self.parts = sheet, parts
        self.extent = (0.0, 0.0, 0.0, 0.0)  # left, right, low, top of what is drawn, text included
        self.labels: list[tuple[str, tuple[float, float, float, float]]] = []

    def stack(self, stack: Stack) -> None:
        """Everything: elements, wires, sources, frame."""
        bottom = -STEP * len(stack.elements)
        base = bottom - 1.0 if stack.nodes[-1] in stack.feeds else bottom + SOURCE - 0.4
        for index, element in enumerate(stack.elements):
            self._element(element, -STEP * index, stack, base)
        self._upper(stack, base)
        self._lower(stack, bottom, base)
        for index, node in enumerate(stack.nodes[1:-1], 1):
            self._text([_short(node)], -0.35, -STEP * index, align="right")
        if stack.frame:
            self._frame(stack, bottom)

    def _upper(self, stack: Stack, base: float) -> None:
        node = stack.nodes[0]
        self._wire((0, 0), (0, ROOF), (UPPER, ROOF), (UPPER, base))
        self._port((0, 0.45), node, framed=bool(stack.frame), label=(-0.25, 0.85), align="right")
        self._feed(stack, node, UPPER, base)

    def _lower(self, stack: Stack, bottom: float, base: float) -> None:
        node = stack.nodes[-1]
        if node == "0":
            self._wire((0, bottom), (0, base - SOURCE))
            self._ground(0, base - SOURCE)
            return
        self._wire((0, bottom), (0, base))
        self._port((0, bottom - 0.45), node, framed=bool(stack.frame), label=(-0.3, bottom - 0.85), align="right")
        self._feed(stack, node, 0, base)

    def _element(self, element: Stacked, top: float, stack: Stack, base: float) -> None:
        if isinstance(element, Mosfet):
            self._transistor(element, top, stack, base)
            return
        symbols: dict[type, Any] = {Memristor: self.parts.Memristor, Instance: self.parts.ResistorIEC, Resistor: self.parts.Resistor}
        self.sheet.add(symbols[type(element)]().at((0, top)).to((0, top - STEP)))
        words = [spice_name(element) if isinstance(element, Instance) else spice_of(element.name), *_values(element)]
        self._text(words, 0.55, top - STEP / 2 + LINE * (len(words) - 1) / 2)
        if isinstance(element, Memristor):
            self._text(["TE"], 0.2, top - 0.65)
            self._text(["BE"], 0.2, top - STEP + 0.65)

    def _transistor(self, element: Mosfet, top: float, stack: Stack, base: float) -> None:
        """Channel, gate and bulk by lines: drain above, source below, gate at the left, bulk at the right."""
        middle, framed = top - STEP / 2, bool(stack.frame)
        channel, plate, half = -0.42, -0.62, 0.55
        self._wire((0, top), (0, middle + half - 0.12), (channel, middle + half - 0.12))
        self._wire((0, top - STEP), (0, middle - half + 0.12), (channel, middle - half + 0.12))
        self._wire((channel, middle + half), (channel, middle - half))
        self._wire((plate, middle + half - 0.1), (plate, middle - half + 0.1))
        self._wire((plate, middle), (GATE, middle), (GATE, base))
        self._port((BOX[0], middle), element.gate, framed=framed, label=(GATE + 0.05 if framed else GATE + 0.4, middle + 0.3))
        self._feed(stack, element.gate, GATE, base)
        self.sheet.add(self.parts.Line(arrow="->", arrowwidth=0.16, arrowlength=0.2).at((0.25, middle)).to((channel, middle)))
        self._text([spice_of(element.name), *_values(element)], 0.3, middle + 0.4 + LINE * len(_values(element)))
        if element.bulk == "0":
            self._wire((0.25, middle), (1.2, middle), (1.2, middle - 0.6))
            self._ground(1.2, middle - 0.6)
            return
        self._wire((0.25, middle), (BULK, middle), (BULK, base))
        self._port((BOX[1], middle), element.bulk, framed=framed, label=(BOX[1] + 0.2, middle + 0.3))
        self._feed(stack, element.bulk, BULK, base)

    def _feed(self, stack: Stack, node: str, x: float, base: float) -> None:
        """The source of a node, between `base` and ground."""
        if node == "0":
            self._ground(x, base)
            return
        if node not in stack.feeds:
            raise CircuitError(f"schematic: node {node} has no source to ground")
        source = stack.feeds[node]
        kind = self.parts.SourceControlledV if isinstance(source, Behavioral) else self.parts.SourceV
        self.sheet.add(kind().at((x, base - SOURCE)).to((x, base)))
        self._ground(x, base - SOURCE)
        words = [spice_of(source.name), *_source_words(source)]
        self._text(words, x + 0.65, base - SOURCE / 2 + LINE * (len(words) - 1) / 2)

    def _frame(self, stack: Stack, bottom: float) -> None:
        """A dashed line around the elements of the instance, with its name."""
        (left, right), top, low = BOX, 0.45, bottom - 0.45
        corners = [(left, top), (right, top), (right, low), (left, low), (left, top)]
        for first, second in pairwise(corners):
            self.sheet.add(self.parts.Line().at(first).to(second).linestyle("--").color("#6A6A6A").linewidth(0.7).zorder(0))
        self._text([stack.frame], right, top + 0.35, align="right", color="#4A4A4A")

    def _port(self, at: tuple[float, float], node: str, *, framed: bool, label: tuple[float, float], align: Align = "left") -> None:
        """The name of a node, and a small circle where it passes the frame."""
        if framed:
            self.sheet.add(self.parts.Dot(open=True, radius=0.09).at(at))
        self._text([_short(node)], *label, align=align)

    def _wire(self, *points: tuple[float, float]) -> None:
        for first, second in pairwise(points):
            self.sheet.add(self.parts.Line().at(first).to(second))
            self._cover(first[0], second[0], min(first[1], second[1]), max(first[1], second[1]))

    def _cover(self, left: float, right: float, low: float, top: float) -> None:
        self.extent = (min(self.extent[0], left, right), max(self.extent[1], left, right), min(self.extent[2], low), max(self.extent[3], top))

    def _ground(self, x: float, y: float) -> None:
        self.sheet.add(self.parts.Ground(lead=False).at((x, y)).right())
        self._cover(x - 0.5, x + 0.5, y - 0.4, y)

    def _text(self, lines: Iterable[str], x: float, y: float, *, align: Align = "left", color: str = "#111111") -> None:
        """Lines of text, the middle of the first one at (x, y)."""
        for index, line in enumerate(lines):
            label = self.parts.Label().at((x, y - LINE * index - 0.16)).right()
            self.sheet.add(label.label(line, halign=align, valign="base", fontsize=FONT, color=color, ofst=0))
            width = LETTER * len(line)
            left = x if align == "left" else x - width
            box = (left, left + width, y - LINE * (index + 0.5), y - LINE * (index - 0.5))
            self.labels.append((line, box))
            self._cover(*box)


def _cropped(svg: str, extent: tuple[float, float, float, float]) -> str:
    """The picture cut to `extent`: schemdraw does not count the width of text."""
    scale, (left, right, low, top) = 72 * UNIT, extent
    margin = 0.15
    x, y, width, height = (scale * each for each in (left - margin, -top - margin, right - left + 2 * margin, top - low + 2 * margin))
    head = f'height="{height:.2f}pt" width="{width:.2f}pt" viewBox="{x:.2f} {y:.2f} {width:.2f} {height:.2f}"'
    return re.sub(r'height="[^"]*" width="[^"]*" viewBox="[^"]*"', head, svg, count=1)


def _short(node: str) -> str:
    return node.rsplit(".", 1)[-1]


def _values(element: Stacked) -> list[str]:
    """What an element is set to."""
    if isinstance(element, Mosfet):
        return [f"W = {_number(element.width, 'm')}", f"L = {_number(element.length, 'm')}"]
    if isinstance(element, Resistor):
        return [_number(element.value, "ohm")]
    if isinstance(element, Instance):
        return [element.circuit.name]
    return [f"x0 = {evaluate(element.state, {}):g}{', frozen' if element.frozen else ''}"]


def _number(value: Any, unit: str) -> str:
    return quantity(evaluate(value, {}), unit)


def _source_words(source: Feed) -> list[str]:
    if isinstance(source, Behavioral):
        return textwrap.wrap((source.voltage or "").replace(",", ", "), 15)
    if source.wave is None:
        return [_number(source.dc, "V")]
    return _wave_words(source.wave)


def _wave_words(wave: Stimulus) -> list[str]:
    """A stimulus in a few short lines."""
    if isinstance(wave, PiecewiseLinear) and len(wave.points) <= 6:
        steps = " ".join(f"{value:g}," for _, value in wave.points).rstrip(",").replace("-", "\N{MINUS SIGN}")
        return [*textwrap.wrap(steps + " V", 8), f"in {quantity(wave.end, 's')}"]
    if isinstance(wave, PiecewiseLinear):
        return [f"{len(wave.points)} points", f"in {quantity(wave.end, 's')}"]
    return [f"pulses {wave.low:g}, {wave.high:g} V".replace("-", "\N{MINUS SIGN}"), f"every {quantity(wave.period, 's')}"]
