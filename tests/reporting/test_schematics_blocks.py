"""Block diagrams: names are those of the unit's netlist, values those of its card, and no text runs out of its box."""

import re
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from cosim.circuits.circuit import spice_name
from cosim.circuits.neuron.card import VARIANTS, load_neuron
from cosim.circuits.neuron.unit import Parts, unit
from cosim.devices.opamp import load_opamp
from cosim.errors import InputError
from cosim.reporting.schematics_blocks import BOX, blocks_of, draw_blocks, pen_of
from cosim.reporting.schematics_pen import POINTS
from cosim.reporting.style import BLUE

ROOT = Path(__file__).resolve().parents[2]
PARTS = Parts()
KINDS = [(name, spiking) for name in VARIANTS for spiking in (False, True) if not spiking or load_neuron(name).has("spikes")]


def words(name: str, spiking: bool) -> list[str]:
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line, _ in draw_blocks(load_neuron(name), PARTS, spiking=spiking).labels]


@pytest.mark.parametrize(("name", "spiking"), KINDS)
def test_every_box_is_an_element_of_the_unit_and_every_block_has_a_box(name, spiking):
    circuit = unit(name, (0.01,), threshold=0.05 if spiking else None)
    boxed = {part for block in blocks_of(load_neuron(name), PARTS, spiking=spiking) for part in block.name.split(", ")}
    elements = {spice_name(each) for each in circuit.elements}
    assert boxed <= elements
    assert {each for each in elements if each.startswith("X")} - boxed <= {"Xsb"}


@pytest.mark.parametrize(("name", "spiking"), KINDS)
def test_every_signal_is_one_of_the_unit(name, spiking):
    circuit = unit(name, (0.01,), threshold=0.05 if spiking else None)
    pen = pen_of(load_neuron(name), PARTS, spiking=spiking)
    signals = {line for line, _, _, color in pen.texts if color == BLUE}
    bare = {re.sub(r"^v\((\w+)\)$", r"\1", signal) for signal in signals}
    assert bare - {f"i({source})" for source in circuit.sources} <= set(circuit.nodes)
    assert {"col", "tia_out", "gate_n3", "iw", "i(vsyn)", "gate_in", "mem"} <= bare
    assert ("spike" in bare) is spiking


@pytest.mark.parametrize(("name", "spiking"), KINDS)
def test_no_text_covers_another_or_a_line(name, spiking):
    pen = pen_of(load_neuron(name), replace(PARTS, opamp=load_opamp("opamp_one_pole")), spiking=spiking)
    boxes = [(line, left + 0.03, right - 0.03, low + 0.03, top - 0.03) for line, (left, right, low, top) in pen.labels]
    clashes = [(a[0], b[0]) for a, b in combinations(boxes, 2) if a[1] < b[2] and b[1] < a[2] and a[3] < b[4] and b[3] < a[4]]
    crossed = [
        line
        for line, left, right, low, top in boxes
        for stroke in pen.strokes
        for (x0, y0), (x1, y1) in pairwise(stroke.points)
        if min(x0, x1) < right and max(x0, x1) > left and min(y0, y1) < top and max(y0, y1) > low
    ]
    assert (clashes, crossed) == ([], [])


@pytest.mark.parametrize(("name", "spiking"), KINDS)
def test_a_diagram_fits_seven_inches_with_text_of_six_points(name, spiking):
    drawn = draw_blocks(load_neuron(name), PARTS, spiking=spiking)
    width, view = re.findall(r'width="([^"]+)pt" height="[^"]+pt" viewBox="\S+ \S+ (\S+) ', drawn.svg.decode())[0]
    smallest = min(top - low for _, (_, _, low, top) in drawn.labels) * POINTS
    assert float(width) <= 7 * 72 + 0.01
    assert smallest * float(width) / float(view) >= 6 - 0.001


def test_values_and_equations_follow_the_card():
    card = replace(load_neuron("robust"), synapse_current=5e-9, rise_capacitance=100e-12)
    shown = {line.replace("\N{NO-BREAK SPACE}", " ") for line, _ in draw_blocks(card, PARTS, spiking=True).labels}
    assert {"Itau 5 nA, PTAT", "τrise = R2 Crise = 500 µs", "τsyn = Csyn n UT / Itau", "1 : 2"} <= shown


def test_the_feedback_comes_from_the_gate_as_printed_and_from_the_source_where_it_is_linear():
    assert "sense: feedback from MN3's gate" in words("as_printed", False)
    assert "sense: feedback from MN3's source" in words("two_pole", False)


def test_boxes_stand_apart():
    places = [block.middle for block in blocks_of(load_neuron("robust"), PARTS, spiking=True)]
    assert len(set(places)) == len(places)
    assert all(abs(x - x2) > BOX[0] or abs(y - y2) > BOX[1] for (x, y), (x2, y2) in combinations(places, 2))


def test_a_variant_without_spikes_has_no_spiking_diagram():
    with pytest.raises(InputError, match="a spike output stands in robust, board, robust_array, robust_pairs"):
        draw_blocks(load_neuron("linear"), PARTS, spiking=True)


def test_the_picture_in_the_documentation_is_that_of_the_shipped_card():
    parts = Parts(opamp=load_opamp("opamp_micropower"))
    picture = ROOT / "docs" / "images" / "neuron_robust.svg"
    assert picture.read_bytes() == draw_blocks(load_neuron("robust"), parts, spiking=True).svg, "draw it again"
