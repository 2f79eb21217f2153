"""Symbols of the elements: where their terminals lie and how they are drawn, with name and value beside them.

A transistor stands with its current flowing downward: NMOS drain above, PMOS source above, the arrow at the source, a bubble at
the gate of a PMOS. A bulk at ground (NMOS), at ``vdd`` (PMOS) or at the source is left out or drawn to the source.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cosim.circuits.circuit import spice_name
from cosim.circuits.elements import (
    Behavioral,
    Capacitor,
    CurrentControlled,
    CurrentSource,
    Element,
    Inductor,
    Instance,
    Memristor,
    Mosfet,
    Resistor,
    Source,
    Switch,
    Vccs,
    Vcvs,
    VoltageControlled,
    VoltageSource,
)
from cosim.circuits.expression import Value, evaluate
from cosim.reporting.schematics_pen import LEAST, NAME, SMALL, THIN, Align, Pen, Point
from cosim.reporting.style import BLACK, GRAY, TIMES, quantity

REACH = 2.5  # from the middle of an element to the ends of its current path
GATE = 2.2  # from there to the end of the gate
AMPLIFIER = (3.0, 1.25)  # to the inputs and the output of an op-amp
BOX = (4.5, 1.6)  # half the width of an instance, and the distance of its ports
STUB = 2.4  # to the control of a controlled source
PITCH = 1.0  # of lines of text
OPAMP = ("p", "n", "o")
KELVIN = "kelvin"  # node whose voltage is the absolute temperature over 300.15 K: what it controls is PTAT
DARK = "#4A4A4A"


@dataclass(frozen=True)
class Spot:
    """Where an element stands.

    Attributes:
        x, y: of its middle.
        turn: words: ``flip`` (gate or text on the other side), and for two terminals where the second one lies: ``up``, ``left``, ``right``.
    """

    x: float
    y: float
    turn: str = ""

    @property
    def flipped(self) -> bool:
        """Whether gate and text change sides."""
        return "flip" in self.turn.split()

    @property
    def way(self) -> Point:
        """From the first to the second terminal."""
        ways = {"up": (0.0, 1.0), "left": (-1.0, 0.0), "right": (1.0, 0.0)}
        return next((ways[word] for word in self.turn.split() if word in ways), (0.0, -1.0))

    @property
    def side(self) -> float:
        """Sign of the side of the gate."""
        return 1.0 if self.flipped else -1.0


@dataclass(frozen=True)
class Terminal:
    """The end of an element's lead: element, terminal and node by name, and the direction that leads away from the element."""

    element: str
    name: str
    node: str
    point: Point
    way: Point


def is_opamp(element: Element) -> bool:
    """Whether an instance is drawn as a triangle."""
    return isinstance(element, Instance) and element.circuit.ports[:3] == OPAMP


def is_pmos(element: Mosfet) -> bool:
    """Whether a transistor stands with its source above."""
    return element.card.kind == "pmos"


def hidden(element: Element) -> dict[str, str]:
    """Terminal -> node of what is understood and not drawn: usual bulks, and ground as the reference of a control."""
    if isinstance(element, Mosfet) and element.bulk == ("vdd" if is_pmos(element) else "0"):
        return {"b": element.bulk}
    if isinstance(element, VoltageControlled | Switch) and element.control_negative == "0":
        return {"cn": "0"}
    return {}


def terminals(element: Element, spot: Spot) -> list[Terminal]:
    """What of an element can be wired."""
    name = spice_name(element)
    found = {key: Terminal(name, key, node, (round(spot.x + dx, 6), round(spot.y + dy, 6)), way) for key, (node, (dx, dy), way) in _ends(element, spot).items()}
    return [each for key, each in found.items() if key not in hidden(element)]


def _ends(element: Element, spot: Spot) -> dict[str, tuple[str, Point, Point]]:
    """Terminal -> node, place relative to the middle, direction outward."""
    if isinstance(element, Mosfet):
        return _channel_ends(element, spot)
    if isinstance(element, Instance):
        return _amplifier_ends(element) if is_opamp(element) else _box_ends(element)
    (x, y), (first, second) = spot.way, element.nodes[:2]
    keys = ("p", "n") if isinstance(element, Source | VoltageControlled | CurrentControlled | Behavioral) else ("a", "b")
    found = {keys[0]: (first, (-REACH * x, -REACH * y), (-x, -y)), keys[1]: (second, (REACH * x, REACH * y), (x, y))}
    if isinstance(element, VoltageControlled | Switch):
        apart = 0.0 if element.control_negative == "0" else 0.6
        for key, node, high in (("cp", element.control_positive, apart), ("cn", element.control_negative, -apart)):
            found[key] = (node, (spot.side * STUB, high), (spot.side, 0.0))
    return found


def _channel_ends(element: Mosfet, spot: Spot) -> dict[str, tuple[str, Point, Point]]:
    above, below = ("s", "d") if is_pmos(element) else ("d", "s")
    nodes = {"d": element.drain, "s": element.source}
    found: dict[str, tuple[str, Point, Point]] = {
        above: (nodes[above], (0.0, REACH), (0.0, 1.0)),
        below: (nodes[below], (0.0, -REACH), (0.0, -1.0)),
        "g": (element.gate, (spot.side * GATE, 0.0), (spot.side, 0.0)),
    }
    if element.bulk == element.source:
        found["b"] = (element.bulk, found["s"][1], found["s"][2])
    else:
        found["b"] = (element.bulk, (-spot.side * 0.9, 0.0), (-spot.side, 0.0))
    return found


def _amplifier_ends(element: Instance) -> dict[str, tuple[str, Point, Point]]:
    reach, apart = AMPLIFIER
    places: dict[str, tuple[Point, Point]] = {
        "p": ((-reach, -apart), (-1.0, 0.0)),
        "n": ((-reach, apart), (-1.0, 0.0)),
        "o": ((reach, 0.0), (1.0, 0.0)),
        "vp": ((0.0, 2.0), (0.0, 1.0)),
        "vn": ((0.0, -2.0), (0.0, -1.0)),
    }
    return {port: (node, *places[port]) for port, node in zip(element.circuit.ports, element.nodes, strict=True)}


def _box_ends(element: Instance) -> dict[str, tuple[str, Point, Point]]:
    half, pitch = BOX
    count = math.ceil(len(element.nodes) / 2)
    found: dict[str, tuple[str, Point, Point]] = {}
    for index, (port, node) in enumerate(zip(element.circuit.ports, element.nodes, strict=True)):
        sign = -1.0 if index < count else 1.0
        found[port] = (node, (sign * (half + 0.8), pitch * ((count - 1) / 2 - index % count)), (sign, 0.0))
    return found


def draw(pen: Pen, element: Element, spot: Spot, numbers: Mapping[str, float]) -> None:
    """An element with its name and its values; `numbers` are the parameters of its circuit."""
    if isinstance(element, Mosfet):
        _transistor(pen, element, spot)
    elif isinstance(element, Instance):
        (_amplifier if is_opamp(element) else _box)(pen, element, spot)
        return
    elif is_probe(element):
        _along(pen, spot, ((-REACH, 0.0), (REACH, 0.0)))
    else:
        _two_terminals(pen, element, spot)
    _words(pen, element, spot, values(element, numbers))


def is_probe(element: Element) -> bool:
    """Whether a source is a wire whose current is measured."""
    return isinstance(element, VoltageSource) and element.wave is None and element.dc == 0.0 and element.ac == 0.0


def values(element: Element, numbers: Mapping[str, float]) -> list[str]:
    """What an element is set to, in short lines."""

    def shown(value: Value, unit: str) -> str:
        return quantity(evaluate(value, numbers), unit)

    if isinstance(element, Mosfet):
        size = "/".join(f"{round(1e6 * evaluate(each, numbers), 3):g}" for each in (element.width, element.length))
        return [size + (f" {TIMES}{element.parallel}" if element.parallel > 1 else "")]
    if isinstance(element, Resistor | Capacitor | Inductor):
        unit = {"R": "ohm", "C": "F", "L": "H"}[element.letter]
        return [shown(element.value, unit), *(["∝ T"] if element.exact and element.tempco else [])]
    if isinstance(element, VoltageSource | CurrentSource):
        unit = "V" if isinstance(element, VoltageSource) else "A"
        return [] if is_probe(element) else ["wave" if element.wave else shown(element.dc, unit)]
    if isinstance(element, Vccs):
        return [shown(element.gain, "A"), "PTAT"] if element.control_positive == KELVIN else [shown(element.gain, "S")]
    if isinstance(element, Vcvs | CurrentControlled):
        return [f"{TIMES} {evaluate(element.gain, numbers):g}"]
    if isinstance(element, Memristor):
        return [f"x0 = {evaluate(element.state, numbers):g}"]
    return []


def _transistor(pen: Pen, element: Mosfet, spot: Spot) -> None:
    x, y, side = spot.x, spot.y, spot.side
    channel, plate, lead = x + 0.75 * side, x + 1.05 * side, 0.75
    for sign in (1.0, -1.0):
        pen.line((x, y + sign * REACH), (x, y + sign * lead), (channel, y + sign * lead))
    pen.line((channel, y - 1.0), (channel, y + 1.0))
    pen.line((plate, y - 0.75), (plate, y + 0.75))
    if is_pmos(element):
        pen.circle((plate + 0.24 * side, y), 0.24)
        pen.line((plate + 0.48 * side, y), (x + GATE * side, y))
        pen.arrow((x, y + lead), (channel, y + lead))
    else:
        pen.line((plate, y), (x + GATE * side, y))
        pen.arrow((channel, y - lead), (x, y - lead))
    if element.bulk == element.source and not hidden(element):
        end = y + lead if is_pmos(element) else y - lead
        pen.line((channel, y), (x, y), (x, end))
    elif not hidden(element):
        pen.line((channel, y), (x - 0.9 * side, y))


def _two_terminals(pen: Pen, element: Element, spot: Spot) -> None:
    if isinstance(element, Resistor):
        teeth = [(-1.2 + 0.2 + 0.4 * index, 0.45 * (-1) ** index) for index in range(6)]
        _along(pen, spot, ((-REACH, 0.0), (-1.2, 0.0), *teeth, (1.2, 0.0), (REACH, 0.0)))
    elif isinstance(element, Capacitor):
        for sign in (-1.0, 1.0):
            _along(pen, spot, ((sign * REACH, 0.0), (sign * 0.25, 0.0)))
            _along(pen, spot, ((sign * 0.25, -0.95), (sign * 0.25, 0.95)))
    else:
        for sign in (-1.0, 1.0):
            _along(pen, spot, ((sign * REACH, 0.0), (sign * 1.1, 0.0)))
        _body(pen, element, spot)


def _body(pen: Pen, element: Element, spot: Spot) -> None:
    """Circle of a source, diamond of a controlled one, box of the others."""
    if isinstance(element, VoltageControlled | Switch):
        for end in (each for each in terminals(element, spot) if each.name in ("cp", "cn")):
            inner = 1.1 - abs(end.point[1] - spot.y)
            pen.line((spot.x + spot.side * inner, end.point[1]), end.point, color=GRAY, width=THIN, dashed=True)
    controlled = isinstance(element, VoltageControlled | CurrentControlled | Behavioral)
    if not controlled and not isinstance(element, Source):
        _along(pen, spot, ((-1.1, -0.5), (1.1, -0.5), (1.1, 0.5), (-1.1, 0.5), (-1.1, -0.5)))
        if isinstance(element, Memristor):
            _along(pen, spot, ((0.8, -0.5), (0.8, 0.5)))
        return
    if controlled:
        _along(pen, spot, ((-1.1, 0.0), (0.0, 1.1), (1.1, 0.0), (0.0, -1.1), (-1.1, 0.0)))
    else:
        pen.circle((spot.x, spot.y), 1.1)
    if element.letter in "IGF" or (isinstance(element, Behavioral) and element.current):
        (first, last) = (_place(spot, each) for each in ((-0.7, 0.0), (0.7, 0.0)))
        pen.line(first, last)
        pen.arrow(first, last)
    else:
        for at, bars in ((-0.5, ((1, 0), (0, 1))), (0.5, ((0, 1),))):
            for dx, dy in bars:
                _along(pen, spot, ((at - 0.25 * dx, -0.25 * dy), (at + 0.25 * dx, 0.25 * dy)))


def _place(spot: Spot, point: Point) -> Point:
    """A point given along and across the way of an element."""
    (x, y), (along, across) = spot.way, point
    return spot.x + x * along - y * across, spot.y + y * along + x * across


def _along(pen: Pen, spot: Spot, points: tuple[Point, ...]) -> None:
    pen.line(*(_place(spot, each) for each in points))


def _words(pen: Pen, element: Element, spot: Spot, lines: list[str]) -> None:
    """Name and values: beside an element that stands, above and below one that lies."""
    probe = is_probe(element)
    half = 0.45 if isinstance(element, Mosfet) else 0.35 if probe else 0.75 if isinstance(element, Resistor) else 1.45
    first = (spice_name(element), LEAST if probe else NAME, GRAY if probe else BLACK)
    rest = [(line, SMALL, DARK) for line in lines]
    if spot.way[0]:
        apart = half + 0.7
        pen.text(first[0], spot.x, spot.y + apart, align="center", size=first[1], color=first[2])
        if lines:
            pen.text(", ".join(lines), spot.x, spot.y - apart, align="center", size=SMALL, color=DARK)
        return
    align: Align = "right" if spot.flipped else "left"
    pitch = 2.2 * PITCH if isinstance(element, Mosfet) and element.bulk != element.source and not hidden(element) else PITCH
    for index, (line, size, color) in enumerate([first, *rest]):
        pen.text(line, spot.x - spot.side * half, spot.y + pitch * (len(rest) / 2 - index), align=align, size=size, color=color)


def _amplifier(pen: Pen, element: Instance, spot: Spot) -> None:
    x, y, (reach, apart) = spot.x, spot.y, AMPLIFIER
    pen.shape((x - 2.0, y + 2.4), (x - 2.0, y - 2.4), (x + 2.0, y))
    for sign in (1.0, -1.0):
        pen.line((x - reach, y + sign * apart), (x - 2.0, y + sign * apart))
        pen.line((x - 1.7, y + sign * apart), (x - 1.2, y + sign * apart))
    pen.line((x - 1.45, y - apart - 0.25), (x - 1.45, y - apart + 0.25))
    pen.line((x + 2.0, y), (x + reach, y))
    for end in (each for each in terminals(element, spot) if each.name in ("vp", "vn")):
        pen.line((x, y + math.copysign(1.2, end.way[1])), end.point)
    pen.text(spice_name(element), x - 0.7, y, align="center")
    pen.text(element.circuit.name, x + 1.1, y - 2.2, size=LEAST, color=DARK)


def _box(pen: Pen, element: Instance, spot: Spot) -> None:
    half, pitch = BOX
    ends = terminals(element, spot)
    high = pitch * math.ceil(len(ends) / 2) / 2 + 0.3
    x, y = spot.x, spot.y
    pen.shape((x - half, y - high), (x + half, y - high), (x + half, y + high), (x - half, y + high))
    for end in ends:
        edge, align = x + end.way[0] * half, "left" if end.way[0] < 0 else "right"
        pen.line((edge, end.point[1]), end.point)
        pen.text(end.name, edge - 0.3 * end.way[0], end.point[1], align="left" if align == "left" else "right", size=LEAST, color=DARK)
    pen.text(spice_name(element), x, y + high + 1.7, align="center")
    pen.text(element.circuit.name, x, y + high + 0.6, align="center", size=LEAST, color=DARK)
