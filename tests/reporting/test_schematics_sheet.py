"""Schematics of whole circuits: the netlist that can be read from the drawing is that of the circuit, and all of it can be read."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise

import pytest

from cosim.circuits.circuit import Circuit, spice_name
from cosim.circuits.elements import Capacitor, CurrentSource, Instance, Mosfet, Resistor, VoltageSource
from cosim.circuits.neuron import dpi, frontend, matched, spiking
from cosim.circuits.neuron.card import VARIANTS, load_neuron
from cosim.circuits.neuron.unit import Parts, unit
from cosim.devices.opamp import load_opamp
from cosim.errors import CircuitError
from cosim.reporting import schematics_plans as plans
from cosim.reporting.schematics_pen import POINTS, Box, Pen, Point
from cosim.reporting.schematics_sheet import Layout, draw_sheet, lay_out, pen_of
from cosim.reporting.schematics_symbols import hidden, values

PARTS = Parts()
ROBUST, PRINTED = load_neuron("robust"), load_neuron("as_printed")


def every_circuit() -> Iterator[tuple[str, Circuit]]:
    """All blocks of all variants, the units that hold them, and the blocks with an op-amp that has rails."""
    for name in VARIANTS:
        card = load_neuron(name)
        for opamp in (None, load_opamp("opamp_one_pole")):
            top = unit(card, (0.01,), parts=replace(PARTS, opamp=opamp), threshold=0.05 if card.has("spikes") else None)
            for circuit in (top, *top.subcircuits()):
                yield f"{name}-{'rails' if opamp else 'ideal'}-{circuit.name}", circuit
    yield "resettable", matched.membrane(ROBUST, PARTS.nmos, PARTS.pmos, resettable=True)


CIRCUITS: dict[str, Circuit] = {}
for label, found in every_circuit():
    if found not in CIRCUITS.values():
        CIRCUITS[label] = found
BLOCKS = [name for name, circuit in CIRCUITS.items() if circuit.name in plans.PLANS]


def words(pen: Pen) -> list[str]:
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line, _ in pen.labels]


def cuts(start: Point, end: Point, box: Box) -> bool:
    """Whether a line runs through a box: Liang and Barsky."""
    left, right, low, top = box
    first, last = 0.0, 1.0
    for origin, way, least, most in ((start[0], end[0] - start[0], left, right), (start[1], end[1] - start[1], low, top)):
        if abs(way) < 1e-12:
            if not least < origin < most:
                return False
            continue
        near, far = sorted(((least - origin) / way, (most - origin) / way))
        first, last = max(first, near), min(last, far)
    return first < last - 1e-9


def shrunk(box: Box, by: float = 0.03) -> Box:
    return box[0] + by, box[1] - by, box[2] + by, box[3] - by


def nets(layout: Layout) -> dict[tuple[str, str], str]:
    """(element, terminal) -> a name of the net that the drawing joins it to, read from lines, circles, names and symbols alone."""
    parent: dict[object, object] = {}

    def root(item: object) -> object:
        while parent.setdefault(item, item) != item:
            item = parent[item]
        return item

    points = {*(end.point for end in layout.terminals), *(mark.point for mark in layout.marks), *(point for wire in layout.wires for point in wire.points)}
    for wire in layout.wires:
        for (x0, y0), (x1, y1) in pairwise(wire.points):
            for x, y in points:
                if min(x0, x1) <= x <= max(x0, x1) and min(y0, y1) <= y <= max(y0, y1):
                    parent[root((x, y))] = root((x0, y0))
    for mark in layout.marks:
        parent[root(mark.point)] = root("0" if mark.kind == "ground" else mark.node)
    found = {(end.element, end.name): str(root(end.point)) for end in layout.terminals}
    for element in layout.circuit.elements:
        found |= {(spice_name(element), name): str(root(node)) for name, node in hidden(element).items()}
    return found


def nodes(circuit: Circuit) -> dict[tuple[str, str], str]:
    """(element, terminal) -> node in the netlist."""
    found: dict[tuple[str, str], str] = {}
    for element in circuit.elements:
        if isinstance(element, Mosfet):
            names: tuple[str, ...] = ("d", "g", "s", "b")
        elif isinstance(element, Instance):
            names = element.circuit.ports
        else:
            names = (("p", "n") if element.letter in "VIEGFHB" else ("a", "b")) + (("cp", "cn") if element.letter in "EGS" else ())
        found |= {(spice_name(element), name): node for name, node in zip(names, element.nodes, strict=True)}
    return found


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_netlist_that_the_drawing_shows_is_that_of_the_circuit(name):
    drawn, given = nets(lay_out(CIRCUITS[name])), nodes(CIRCUITS[name])
    assert set(drawn) == set(given)
    for one, other in combinations(given, 2):
        assert (drawn[one] == drawn[other]) == (given[one] == given[other]), (one, other)


@pytest.mark.parametrize("name", CIRCUITS)
def test_no_label_covers_another_and_no_line_runs_through_one(name):
    pen = pen_of(lay_out(CIRCUITS[name]))
    clashes = [
        (one, other)
        for (one, (left, right, low, top)), (other, (left2, right2, low2, top2)) in combinations(pen.labels, 2)
        if left < right2 and left2 < right and low < top2 and low2 < top
    ]
    crossed = [(line, stroke.points) for line, box in pen.labels for stroke in pen.strokes for pair in pairwise(stroke.points) if cuts(*pair, shrunk(box))]
    ringed = [
        (line, circle.center)
        for line, (left, right, low, top) in pen.labels
        for circle in pen.circles
        if left < circle.center[0] + circle.radius
        and right > circle.center[0] - circle.radius
        and low < circle.center[1] + circle.radius
        and top > circle.center[1] - circle.radius
    ]
    assert (clashes, crossed, ringed) == ([], [], [])


@pytest.mark.parametrize("name", CIRCUITS)
def test_every_element_port_and_node_is_named_and_every_value_printed(name):
    circuit, shown = CIRCUITS[name], words(pen_of(lay_out(CIRCUITS[name])))
    numbers = {key: each.default for key, each in circuit.parameters.items()}
    assert {spice_name(each) for each in circuit.elements} <= set(shown)
    assert set(circuit.nodes) <= set(shown)
    for element in circuit.elements:
        for value in values(element, numbers):
            assert any(value.replace("\N{NO-BREAK SPACE}", " ") in line for line in shown), (spice_name(element), value)


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_of_the_neuron_has_a_place_for_each_element_and_port_and_no_wire_through_a_symbol(name):
    circuit = CIRCUITS[name]
    layout = lay_out(circuit)
    assert {spice_name(each) for each in circuit.elements} <= set(plans.PLANS[circuit.name].places)
    assert sorted(mark.node for mark in layout.marks if mark.kind == "port") == sorted(circuit.ports)
    spots = [layout.plan.spot(spice_name(each)) for each in circuit.elements if not isinstance(each, Instance)]
    bodies = [(spot.x - 0.9, spot.x + 0.9, spot.y - 0.9, spot.y + 0.9) for spot in spots]
    assert [wire for wire in layout.wires for pair in pairwise(wire.points) for body in bodies if cuts(*pair, body)] == []


@pytest.mark.parametrize("name", CIRCUITS)
def test_a_sheet_fits_seven_inches_with_text_of_six_points_and_is_the_same_every_time(name):
    first, second = draw_sheet(CIRCUITS[name]), draw_sheet(CIRCUITS[name])
    width, view = re.findall(r'width="([^"]+)pt" height="[^"]+pt" viewBox="\S+ \S+ (\S+) ', first.svg.decode())[0]
    smallest = min(top - low for _, (_, _, low, top) in first.labels) * POINTS
    assert first.svg == second.svg
    assert float(width) <= 7 * 72 + 0.01
    assert smallest * float(width) / float(view) >= 6 - 0.001


def test_a_narrower_width_than_text_of_six_points_allows_is_refused():
    block = matched.synapse(ROBUST, PARTS.nmos, PARTS.pmos)
    with pytest.raises(CircuitError, match=r"^matched_synapse, schematic, width=3: must be >= \d\.\d\d inch, so that text keeps 6 pt$"):
        draw_sheet(block, width=3.0)


def test_the_printed_dpi_stands_as_in_the_paper():
    layout = lay_out(dpi.synapse(PRINTED, PARTS.nmos, PARTS.pmos))
    at = {(end.element, end.name): end.point for end in layout.terminals}
    assert at["Mn2", "s"][1] == at["Mn4", "s"][1] < at["Mn2", "d"][1] < at["Mp1", "d"][1] < at["Csyn", "a"][1] <= at["Mp1", "s"][1]
    assert at["Mp1", "d"][0] == at["Mn2", "d"][0]
    assert {"Mn2", "65/1", "Mp1", "20/2", "Csyn", "260 pF", "vthr", "vtau", "in", "out"} <= set(words(pen_of(layout)))


def test_values_are_printed_as_a_designer_writes_them():
    bias = words(pen_of(lay_out(matched.bias(replace(ROBUST, synapse_current=4.8e-9), PARTS.nmos, PARTS.pmos))))
    assert {"4.8 nA", "PTAT", "2.5/400", "1 MΩ", "∝ T", "kelvin"} <= set(bias)
    assert "10/60 ×2" in words(pen_of(lay_out(matched.mirror(ROBUST, PARTS.pmos))))
    assert "bulks of PMOS at vdd" in words(pen_of(lay_out(matched.mirror(ROBUST, PARTS.pmos))))[-1]


def test_a_source_of_zero_volts_is_a_wire_with_a_small_gray_name():
    block = frontend.transconductor(PRINTED, PARTS.nmos)
    with_probe, body = pen_of(lay_out(block)), replace(block.elements[1], dc=1.0)
    with_source = pen_of(lay_out(replace(block, elements=(block.elements[0], body))))
    assert len(with_source.circles) == len(with_probe.circles) + 1
    assert "Vsense" in words(with_probe)


def test_a_bulk_at_the_source_is_drawn_to_it_and_a_bulk_elsewhere_is_named():
    membrane = lay_out(matched.membrane(ROBUST, PARTS.nmos, PARTS.pmos))
    at = {(end.element, end.name): end for end in membrane.terminals}
    assert at["Mpf", "b"].point == at["Mpf", "s"].point
    assert ("Mp2", "b") not in at
    free = Mosfet(name="1", drain="d", gate="g", source="0", bulk="b", card=PARTS.nmos, width=1e-6, length=1e-6)
    assert {"d", "g", "b"} <= set(words(pen_of(lay_out(Circuit(name="free", ports=("d", "g", "b"), elements=(free,))))))


def test_a_circuit_without_a_plan_stands_in_columns_from_the_supply_down():
    parts = (VoltageSource("dd", "vdd", "0", 3.0), Resistor("low", "mid", "0", 1e3), Resistor("high", "vdd", "mid", 1e3), CurrentSource("up", "0", "mid", 1e-6))
    layout = lay_out(Circuit(name="divider", elements=parts))
    at = {(end.element, end.name): end.point for end in layout.terminals}
    assert at["Rhigh", "b"] == at["Rlow", "a"]
    assert at["Rhigh", "a"][1] > at["Rhigh", "b"][1] > at["Rlow", "b"][1]
    assert at["Iup", "p"][1] < at["Iup", "n"][1]


def test_an_element_that_a_plan_does_not_know_stands_beside_it():
    block = spiking.driver(ROBUST, PARTS.nmos, PARTS.pmos)
    layout = lay_out(block.with_elements(Capacitor("more", "spike", "0", 1e-12)))
    spot = layout.plan.spot("Cmore")
    assert spot.x > max(layout.plan.spot(spice_name(each)).x for each in block.elements)
    assert [mark.node for mark in layout.marks if mark.point == (spot.x, spot.y + 2.5)] == ["spike"]


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        ("Mn4.g -- Mn4.s", r"wire Mn4.g -- Mn4.s must run level or upright"),
        ("Mn4.g -| Mn4.s", r"wire Mn4.g -\| Mn4.s joins vthr and in"),
        ("Mp2.g -| (7, 16)", r"(vs|vdd) and (vs|vdd) meet at"),
    ],
)
def test_a_wire_that_joins_two_nodes_or_runs_askew_is_refused(monkeypatch, wire, message):
    wrong = replace(plans.DPI, wires=(*plans.DPI.wires, wire))
    monkeypatch.setattr(plans, "PLANS", {"dpi_synapse": wrong})
    with pytest.raises(CircuitError, match=rf"^dpi_synapse, schematic: {message}"):
        lay_out(dpi.synapse(PRINTED, PARTS.nmos, PARTS.pmos))
