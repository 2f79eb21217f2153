"""The flat netlist: names, numbers, and the same waves as the hierarchical one."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.analysis import Options, Tran
from cosim.circuits.cells import Drive, bench, cell
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Behavioral, Capacitor, Cccs, Instance, Memristor, Mosfet, Resistor, VoltageSource
from cosim.circuits.expression import Param
from cosim.circuits.flatten import NODE_FIELDS, FlatCircuit, flatten
from cosim.circuits.stimuli import triangular_sweep
from cosim.devices.memristor.card import load_memristor
from cosim.devices.mosfet import load_mosfet
from cosim.errors import CircuitError
from cosim.simulation import simulate

INNER = Circuit(
    name="inner",
    ports=("p", "n"),
    elements=(
        VoltageSource("sense", "p", "q", 0.0),
        Resistor("1", "q", "n", Param("r")),
        Behavioral(name="1", positive="p", negative="n", current="k*V(q,n)+0.5*I(Vsense)"),
        Cccs("2", "p", "n", "Vsense", Param("k") * 100.0),
        Capacitor("1", "q", "0", 1e-6),
    ),
    parameters={"r": Parameter(1e3, "ohm", "resistance"), "k": Parameter(1e-4, "S", "transconductance")},
    initial={"q": Param("k") * 1e3},
)
OUTER = Circuit(
    name="outer",
    ports=("a",),
    elements=(
        Instance("1", INNER, ("a", "m"), {"r": Param("scale") * 1e3, "k": 2e-4}),
        Instance("2", INNER, ("m", "0")),
    ),
    parameters={"scale": Parameter(1.0, "1", "of the first resistance")},
)
TOP = Circuit(
    name="top",
    elements=(VoltageSource("in", "a", "0", 1.0), Instance("t", OUTER, ("a",), {"scale": Param("s")})),
    parameters={"s": Parameter(3.0, "1", "scale")},
)


def element(flat: FlatCircuit, name: str):
    """The element of that full name."""
    return next(each for each in flat.elements if each.name == name)


def as_circuit(flat: FlatCircuit) -> Circuit:
    """The flat elements as a circuit again, dots replaced, which names of circuits do not allow."""

    def plain(text: str) -> str:
        return text.replace(".", "_")

    elements = []
    for each in flat.elements:
        changes = {name: plain(getattr(each, name)) for name in ("name", "control", *NODE_FIELDS) if hasattr(each, name)}
        for name in ("voltage", "current"):
            if isinstance(getattr(each, name, None), str):
                changes[name] = getattr(each, name).replace("xt.x1.", "xt_x1_").replace("xt.x2.", "xt_x2_").replace("xt.m", "xt_m")
        if "control" in changes:
            changes["control"] = f"v{changes['control']}"
        if "current" in changes:
            changes["current"] = changes["current"].replace("I(", "I(v")
        elements.append(replace(each, **changes))
    return Circuit(name="flat", elements=tuple(elements), initial={plain(node): value for node, value in flat.initial.items()})


def test_elements_and_nodes_carry_the_path_of_their_instances():
    flat = flatten(TOP)
    assert [each.name for each in flat.elements][:3] == ["vin", "xt.x1.vsense", "xt.x1.r1"]
    assert element(flat, "xt.x1.r1").nodes == ("xt.x1.q", "xt.m")
    assert element(flat, "xt.x1.vsense").nodes == ("a", "xt.x1.q")
    assert element(flat, "xt.x2.c1").nodes == ("xt.x2.q", "0")


def test_values_become_numbers_through_all_levels():
    flat = flatten(TOP, {"s": 5.0})
    assert (element(flat, "xt.x1.r1").value, element(flat, "xt.x2.r1").value) == (5e3, 1e3)
    assert element(flat, "xt.x1.f2").gain == pytest.approx(2e-2)
    assert dict(flat.initial) == {"xt.x1.q": pytest.approx(0.2), "xt.x2.q": pytest.approx(0.1)}


def test_formulas_and_controls_are_renamed_and_their_parameters_filled_in():
    flat = flatten(TOP)
    assert element(flat, "xt.x1.b1").current == "(0.0002)*V(xt.x1.q,xt.m)+0.5*I(xt.x1.vsense)"
    assert element(flat, "xt.x2.b1").current == "(0.0001)*V(xt.x2.q,0)+0.5*I(xt.x2.vsense)"
    assert element(flat, "xt.x2.f2").control == "xt.x2.vsense"


def test_a_flat_circuit_simulates_as_the_hierarchical_one():
    analysis = Tran(stop=5e-3, max_step=5e-6, options=Options(reltol=1e-6))
    whole, flat = simulate(TOP, analysis).require(), simulate(as_circuit(flatten(TOP)), analysis).require()
    times = np.linspace(50e-6, 5e-3, 100)
    for name, twin in (("v(xt.m)", "v(xt_m)"), ("i(vin)", "i(vin)")):
        peak = np.abs(whole[name]).max()
        assert np.ptp(whole[name]) > 0.1 * peak > 0
        assert flat.at(twin, times) == pytest.approx(whole.at(name, times), abs=1e-6 * peak)


def test_a_flat_cell_simulates_as_the_hierarchical_one():
    loop = triangular_sweep([0.0, 2.0, 0.0, -2.0, 0.0], rate=1.0)
    circuit = bench(cell("mod", load_memristor("lim2025_full_window"), load_mosfet("c5n_nmos")), Drive(bit=loop, word=3.0), body="lowest", state=0.1)
    flat = flatten(circuit, {"w_over_l": 20.0})
    memristor = next(each for each in flat.elements if isinstance(each, Memristor))
    transistor = next(each for each in flat.elements if isinstance(each, Mosfet))
    assert (memristor.name, memristor.nodes, memristor.state) == ("x1.xr", ("bit", "x1.mid"), 0.1)
    assert (transistor.name, transistor.nodes, transistor.width) == ("x1.m1", ("x1.mid", "word", "sl", "body"), pytest.approx(10e-6))
    analysis = Tran(stop=8.0, max_step=0.02)
    whole = simulate(circuit, analysis, values={"w_over_l": 20.0}).require()
    again = simulate(as_circuit(flat), analysis).require()
    peak = np.abs(whole["i(vbit)"]).max()
    assert peak > 1e-3
    assert again.at("i(vbit)", whole.axis) == pytest.approx(whole["i(vbit)"], abs=1e-4 * peak)


def test_a_circuit_with_ports_is_not_flattened():
    with pytest.raises(CircuitError, match=r"^inner: a circuit with ports cannot be flattened; put an instance of it into a circuit without$"):
        flatten(INNER)


def test_an_unknown_parameter_is_named():
    with pytest.raises(CircuitError, match=r"^top: has no parameter 'typo'; it has s$"):
        flatten(TOP, {"typo": 1.0})


def test_a_value_that_divides_by_zero_is_named_with_its_element():
    inverse = Circuit(
        name="top",
        elements=(VoltageSource("in", "a", "0", 1.0), Resistor("1", "a", "0", 1.0 / Param("g"))),
        parameters={"g": Parameter(1.0, "S", "conductance")},
    )
    with pytest.raises(CircuitError, match=r"^R1: 1/g has no finite value at g=0$"):
        flatten(inverse, {"g": 0.0})
