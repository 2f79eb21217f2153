"""Schematics: what the circuit holds is what is drawn, no text covers another, and what cannot be drawn is refused."""

from dataclasses import replace
from itertools import combinations

import pytest

from cosim.circuits.cells import Drive, bench, cell, device_bench, loaded_bench, transistor_bench
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Capacitor, Resistor, VoltageSource
from cosim.codesign.cellbench import loop
from cosim.devices.memristor.card import load_memristor
from cosim.devices.mosfet import load_mosfet
from cosim.errors import CircuitError
from cosim.reporting.schematics import draw, models_of, stack_of

MEMRISTOR, NMOS = load_memristor("lim2025_full_window"), load_mosfet("c5n_nmos")
LOOP = Drive(bit=loop(2.0), word=3.0)


def cell_bench(orientation, **rest) -> Circuit:
    return bench(cell(orientation, MEMRISTOR, NMOS), LOOP, **rest)


CIRCUITS = {
    "mod": cell_bench("mod", body="lowest"),
    "mos": cell_bench("mos", body="lowest"),
    "mod_grounded": cell_bench("mod"),
    "frozen": bench(cell("mos", MEMRISTOR, NMOS, frozen=True), Drive(bit=3.0, word=3.0, source=2.0), state=0.25),
    "device": device_bench(MEMRISTOR, loop(2.0)),
    "transistor": transistor_bench(NMOS, drain=0.1, gate=3.0),
    "loaded_mod": loaded_bench("mod", NMOS, resistance=1e3, drive=Drive(bit=3.0, word=3.0), w_over_l=65),
    "loaded_mos": loaded_bench("mos", NMOS, resistance=175e3, drive=Drive(bit=3.0, word=3.0), w_over_l=330),
}


def words(circuit: Circuit) -> list[str]:
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line, _ in draw(circuit).labels]


def test_the_stack_of_mod_has_the_memristor_on_top():
    stack = stack_of(CIRCUITS["mod"])
    assert [each.name for each in stack.elements] == ["x1.xr", "x1.m1"]
    assert stack.nodes == ("bit", "x1.mid", "sl")
    assert set(stack.feeds) == {"bit", "word", "sl", "body"}
    assert stack.frame == "X1: cell_mod"


def test_the_stack_of_mos_has_the_transistor_on_top():
    assert [each.name for each in stack_of(CIRCUITS["mos"]).elements] == ["x1.m1", "x1.xr"]


def test_every_element_node_and_value_stands_in_the_picture():
    shown = words(CIRCUITS["mod"])
    assert {"X1.Xr", "X1.M1", "Vbit", "Vword", "Vsl", "B_body", "TE", "BE", "X1: cell_mod"} <= set(shown)
    assert {"bit", "word", "mid", "sl", "body"} <= set(shown)
    assert {"W = 32.5 µm", "L = 500 nm", "x0 = 0", "3 V"} <= set(shown)
    assert "min(V(bit), min(V(sl), 0))" in " ".join(shown)


def test_values_follow_the_circuit():
    assert "x0 = 0.25, frozen" in words(CIRCUITS["frozen"])
    assert "175 kΩ" in words(CIRCUITS["loaded_mos"])
    assert "W = 165 µm" in words(CIRCUITS["loaded_mos"])


@pytest.mark.parametrize("name", CIRCUITS)
def test_no_text_covers_another(name):
    labels = draw(CIRCUITS[name]).labels
    overlaps = [
        (one, other)
        for (one, (left, right, low, top)), (other, (left2, right2, low2, top2)) in combinations(labels, 2)
        if left < right2 - 1e-9 and left2 < right - 1e-9 and low < top2 - 1e-9 and low2 < top - 1e-9
    ]
    assert overlaps == []


@pytest.mark.parametrize("name", CIRCUITS)
def test_a_schematic_fits_a_column_and_is_the_same_every_time(name):
    first, second = draw(CIRCUITS[name]).svg, draw(CIRCUITS[name]).svg
    width = float(first.decode().split('width="')[1].split("pt")[0])
    assert first == second
    assert 72 < width < 84 / 25.4 * 72 + 1


def test_the_models_are_named_for_the_caption():
    assert models_of(CIRCUITS["mos"]) == ["X1.M1 is c5n_nmos", "X1.Xr is lim2025_full_window"]


def test_an_element_without_a_place_is_named():
    circuit = CIRCUITS["device"].with_elements(Capacitor("load", "te", "0", 1e-12))
    with pytest.raises(CircuitError, match=r"^device_bench, schematic: Cload cannot be drawn; must be a stack element or a voltage source to ground$"):
        draw(circuit)


def test_two_stacks_are_refused():
    circuit = CIRCUITS["device"].with_elements(VoltageSource("b", "b", "0", 1.0), Resistor("2", "b", "0", 1e3))
    with pytest.raises(CircuitError, match=r"^device_bench, schematic: must be one stack of elements, not 2$"):
        stack_of(circuit)


def test_a_circuit_without_a_stack_is_refused():
    with pytest.raises(CircuitError, match=r"must be one stack of elements, not 0$"):
        stack_of(replace(CIRCUITS["device"], elements=(VoltageSource("a", "a", "0", 1.0), VoltageSource("b", "a", "0", 1.0))))
