"""Transistor-level schematics of any `Circuit`: what is simulated is what is shown.

A plan says where the elements stand and which wires are drawn (`schematics_plans`). The rest follows from the circuit: ports as
open circles, ground and supply symbols, and a name at each end of a node that is not drawn as one wire. A wire that would join two
nodes is refused.
Not here: one stack of elements with its sources, drawn large (`schematics`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cosim.circuits.circuit import Circuit, spice_name
from cosim.circuits.elements import Mosfet
from cosim.errors import CircuitError
from cosim.reporting.schematics import Schematic
from cosim.reporting.schematics_pen import LEAST, NAME, SMALL, Align, Pen, Point, segments
from cosim.reporting.schematics_plans import Plan, plan_of
from cosim.reporting.schematics_symbols import DARK, Terminal, draw, hidden, is_pmos, terminals
from cosim.reporting.style import BLACK, BLUE

WIDTH = 7.0  # [inch] in print
SUPPLY = "vdd"
RADIUS = 0.32  # of a port
SIDES: dict[str, Point] = {
    "left": (-1, 0),
    "right": (1, 0),
    "up": (0, 1),
    "down": (0, -1),
    "w": (-1, 0),
    "e": (1, 0),
    "nw": (-1, 1),
    "ne": (1, 1),
    "sw": (-1, -1),
    "se": (1, -1),
}
_TOKEN = re.compile(r"\(\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)|(\w+)\.(\w+)|(--|-\||\|-)")


@dataclass(frozen=True)
class Wire:
    """A line, and the node that it is."""

    node: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Mark:
    """What says which node a place is: ``port`` (open circle and name), ``name``, ``ground`` or ``supply``; `way` is where it points."""

    kind: str
    node: str
    point: Point
    way: Point


@dataclass(frozen=True)
class Layout:
    """A circuit with a place for everything.

    Attributes:
        circuit: what is drawn.
        plan: where its elements stand.
        terminals: ends of the elements' leads.
        wires, marks: what joins them.
    """

    circuit: Circuit
    plan: Plan
    terminals: tuple[Terminal, ...]
    wires: tuple[Wire, ...]
    marks: tuple[Mark, ...]


def draw_sheet(circuit: Circuit, *, width: float = WIDTH) -> Schematic:
    """The schematic of a circuit.

    Args:
        circuit: any; the blocks of `cosim.circuits.neuron` have placements of their own.
        width: largest width in print [inch].

    Raises:
        CircuitError: at that width the text would be smaller than 6 pt.
        InputError: a package of the extra ``report`` is not installed.
    """
    return pen_of(lay_out(circuit)).finish(circuit.name, width)


def lay_out(circuit: Circuit) -> Layout:
    """Places, wires and marks of a circuit.

    Raises:
        CircuitError: a wire of the plan joins two nodes, or runs askew.
    """
    plan = plan_of(circuit)
    ends = [end for each in circuit.elements for end in terminals(each, plan.spot(spice_name(each)))]
    at = {(end.element, end.name): end for end in ends}
    wires = [wire for path in plan.wires if (wire := _wire(circuit, path, at))]
    ports = [_port(circuit, port, choices, at) for port, choices in plan.ports.items() if port in circuit.ports]
    wires += [wire for wire, _ in ports if wire]
    marks = [mark for _, mark in ports if mark]
    marks += [Mark("name", node, point, SIDES[side]) for node, point, side in plan.names if node in circuit.nodes and node not in circuit.ports]
    marks += _missing(circuit, ends, wires, marks)
    return Layout(circuit, plan, tuple(ends), tuple(wires), tuple(marks))


def pen_of(layout: Layout) -> Pen:
    """The drawn circuit, before it is written."""
    pen = Pen()
    for start, end in merged(layout.wires):
        pen.line(start, end)
    for point in junctions(layout.terminals, layout.wires, layout.marks):
        pen.circle(point, 0.17, fill=BLACK)
    numbers = {name: each.default for name, each in layout.circuit.parameters.items()}
    for element in layout.circuit.elements:
        draw(pen, element, layout.plan.spot(spice_name(element)), numbers)
    for mark in layout.marks:
        _draw_mark(pen, mark)
    _legend(pen, layout.circuit)
    return pen


def groups(places: Iterable[Point], wires: Iterable[Wire]) -> dict[Point, int]:
    """Point -> number of the connected piece of drawing that it is part of: wires touch where one ends upon the other."""
    drawn = list(wires)
    points = list(dict.fromkeys([*places, *(point for wire in drawn for point in wire.points)]))
    group = {point: index for index, point in enumerate(points)}

    def join(one: Point, other: Point) -> None:
        first, second = group[one], group[other]
        for point, number in group.items():
            group[point] = first if number == second else number

    for wire in drawn:
        for start, end in segments(wire.points):
            for point in points:
                if on_segment(point, start, end):
                    join(start, point)
    return group


def on_segment(point: Point, start: Point, end: Point) -> bool:
    """Whether a point lies on a level or upright line."""
    (x, y), (x0, y0), (x1, y1) = point, start, end
    return min(x0, x1) - 1e-6 <= x <= max(x0, x1) + 1e-6 and min(y0, y1) - 1e-6 <= y <= max(y0, y1) + 1e-6


def junctions(ends: Iterable[Terminal], wires: Iterable[Wire], marks: Iterable[Mark]) -> list[Point]:
    """Points where three lines or more meet; two ends that only touch are no dot."""
    drawn = [segment for wire in wires for segment in segments(wire.points)]
    leads = dict.fromkeys((end.point, end.way) for end in ends)
    points = dict.fromkeys([*(point for segment in drawn for point in segment), *(point for point, _ in leads)])
    found = []
    for point in points:
        ways = {(-way[0], -way[1]) for place, way in leads if place == point}
        ways |= {mark.way for mark in marks if mark.point == point and mark.kind in ("ground", "supply")}
        for start, end in drawn:
            if on_segment(point, start, end):
                ways |= {_toward(point, each) for each in (start, end) if each != point}
        if len(ways) > 2:
            found.append(point)
    return found


def merged(wires: Iterable[Wire]) -> list[tuple[Point, Point]]:
    """Straight lines that cover all wires, none of them twice."""
    found: list[tuple[Point, Point]] = []
    for start, end in sorted({(min(pair), max(pair)) for wire in wires for pair in segments(wire.points)}):
        level = start[1] == end[1]
        for index, (low, high) in enumerate(found):
            if on_segment(start, low, high) and (low[1] == high[1] if level else low[0] == high[0]):
                found[index] = (low, max(high, end))
                break
        else:
            found.append((start, end))
    return found


def _toward(point: Point, other: Point) -> Point:
    dx, dy = other[0] - point[0], other[1] - point[1]
    return (float((dx > 1e-6) - (dx < -1e-6)), float((dy > 1e-6) - (dy < -1e-6)))


def _wire(circuit: Circuit, path: str, at: dict[tuple[str, str], Terminal]) -> Wire | None:
    """The wire of a path; None where one of its elements is not in the circuit."""
    points: list[Point] = []
    nodes: list[str] = []
    corner = "--"
    for x, y, element, name, turn in _TOKEN.findall(path):
        if turn:
            corner = turn
            continue
        if element and (element, name) not in at:
            return None
        point = at[element, name].point if element else (float(x), float(y))
        nodes += [at[element, name].node] if element else []
        if points and corner != "--":
            points.append((point[0], points[-1][1]) if corner == "-|" else (points[-1][0], point[1]))
        points.append(point)
    straight = tuple(dict.fromkeys(points))
    if any(start[0] != end[0] and start[1] != end[1] for start, end in segments(straight)):
        raise CircuitError(f"{circuit.name}, schematic: wire {path} must run level or upright")
    if len(set(nodes)) > 1:
        raise CircuitError(f"{circuit.name}, schematic: wire {path} joins {' and '.join(nodes)}")
    return Wire(nodes[0], straight)


def _port(circuit: Circuit, port: str, choices: Iterable[tuple[str, str]], at: dict[tuple[str, str], Terminal]) -> tuple[Wire | None, Mark | None]:
    """The wire to a port and its circle; nothing where the circuit has no such terminal."""
    for path, side in choices:
        wire = _wire(circuit, path, at)
        if wire and wire.node == port:
            return (wire if len(wire.points) > 1 else None), Mark("port", port, wire.points[-1], SIDES[side])
    return None, None


def _missing(circuit: Circuit, ends: list[Terminal], wires: list[Wire], marks: list[Mark]) -> list[Mark]:
    """Marks for what the plan leaves open: grounds, supplies, ports, and a name wherever a node goes on elsewhere."""
    group = groups([*(end.point for end in ends), *(mark.point for mark in marks)], wires)
    _refuse_shorts(circuit, ends, wires, group)
    marked = {group[mark.point] for mark in marks}
    pieces: dict[str, dict[int, list[Terminal]]] = {}
    for end in ends:
        pieces.setdefault(end.node, {}).setdefault(group[end.point], []).append(end)
    shown = {mark.node for mark in marks if mark.kind == "port"}
    found = []
    for node, parts in pieces.items():
        for number, members in parts.items():
            end = min(members, key=lambda each: (each.way[0] >= 0, each.way[1] < 0))
            if number in marked:
                continue
            way = end.way if len(members) == 1 else _beside(members)
            if node == "0" and end.way != (0.0, 1.0):
                found.append(Mark("ground", node, end.point, end.way))
            elif node in circuit.ports and node not in shown:
                shown.add(node)
                found.append(Mark("port", node, end.point, way))
            elif node == SUPPLY and end.way == (0.0, 1.0):
                found.append(Mark("supply", node, end.point, end.way))
            else:
                found.append(Mark("name", node, end.point, way))
    return found


def _beside(members: list[Terminal]) -> Point:
    """Where the name of a joint stands, away from the gates."""
    return (0.0, 1.0) if all(end.way[0] for end in members) else (1.0, 0.0)


def _refuse_shorts(circuit: Circuit, ends: list[Terminal], wires: list[Wire], group: dict[Point, int]) -> None:
    owner: dict[int, str] = {}
    for point, node in [*((end.point, end.node) for end in ends), *((point, wire.node) for wire in wires for point in wire.points)]:
        if owner.setdefault(group[point], node) != node:
            raise CircuitError(f"{circuit.name}, schematic: {node} and {owner[group[point]]} meet at {point[0]:g}, {point[1]:g}")


def _draw_mark(pen: Pen, mark: Mark) -> None:
    (x, y), (dx, dy) = mark.point, mark.way
    if mark.kind == "ground":
        x, foot = x + 0.9 * dx, y - (1.0 if dx else 0.4)
        pen.line((mark.point[0], y), (x, y), (x, foot))
        for index, half in enumerate((0.8, 0.5, 0.2)):
            pen.line((x - half, foot - 0.3 * index), (x + half, foot - 0.3 * index))
        return
    if mark.kind == "supply":
        pen.line((x, y), (x, y + 0.4))
        pen.line((x - 0.8, y + 0.4), (x + 0.8, y + 0.4))
        pen.text(mark.node, x, y + 1.0, align="center", size=SMALL, color=BLUE)
        return
    away = 0.3
    if mark.kind == "port":
        pen.circle((x + RADIUS * dx, y + RADIUS * dy), RADIUS, fill="white")
        away += 2 * RADIUS
    align: Align = "center" if dx == 0 else "left" if dx > 0 else "right"
    size = NAME if mark.kind == "port" else SMALL
    pen.text(mark.node, x + away * dx, y + dy * (away + 0.35), align=align, size=size, color=BLACK if mark.kind == "port" else BLUE)


def _legend(pen: Pen, circuit: Circuit) -> None:
    """One line of small type below the drawing, about transistors."""
    transistors = [each for each in circuit.elements if isinstance(each, Mosfet)]
    if not transistors:
        return
    bulks = {is_pmos(each): hidden(each)["b"] for each in transistors if hidden(each)}
    words = [f"of {'PMOS' if kind else 'NMOS'} at {'ground' if node == '0' else node}" for kind, node in sorted(bulks.items())]
    left, right, low, _ = pen.extent()
    lines = ["W/L in µm", *([f"bulks {', '.join(words)}"] if words else [])]
    if pen.width(joined := "; ".join(lines), LEAST) < right - left:
        lines = [joined]
    for index, line in enumerate(lines):
        pen.text(line, left, low - 1.0 - index, size=LEAST, color=DARK)
