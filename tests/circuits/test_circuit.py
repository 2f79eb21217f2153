"""A circuit that is wired or named wrongly is refused when it is made."""

from collections.abc import Callable

import pytest

from cosim.circuits.circuit import Circuit, Parameter, spice_name
from cosim.circuits.elements import Behavioral, Capacitor, Cccs, Instance, Resistor, VoltageSource
from cosim.circuits.expression import Expression, Param
from cosim.circuits.formula import references, renamed
from cosim.errors import CircuitError

R = Parameter(1e3, "ohm", "resistance")
DIVIDER = Circuit(
    name="divider",
    ports=("in", "out"),
    elements=(Resistor("1", "in", "out", Param("r")), Resistor("2", "out", "0", Param("r") * 2.0)),
    parameters={"r": R},
)
TOP = Circuit(name="top", elements=(VoltageSource("in", "a", "0", 1.0), Instance("1", DIVIDER, ("a", "b"), {"r": 2e3}), Capacitor("1", "b", "0", 1e-9)))


def of(*elements, **others) -> Circuit:
    """A circuit named c with a source at node a."""
    return Circuit(name="c", elements=(VoltageSource("s", "a", "0", 1.0), *elements), **others)


def loaded(**others) -> Circuit:
    """A source with a resistor."""
    return of(Resistor("1", "a", "0", 1.0), **others)


REFUSED: dict[str, tuple[Callable[[], Circuit], str]] = {
    "a name twice": (lambda: of(Resistor("1", "a", "0", 1.0), Resistor("r1", "a", "0", 1.0)), "c: two elements are named 'r1'"),
    "a name in two cases": (lambda: of(Resistor("A", "a", "0", 1.0), Resistor("a", "a", "0", 1.0)), "c: two elements are named 'ra'"),
    "a name with a blank": (lambda: of(Resistor("1 2", "a", "0", 1.0)), "c: name 'r1 2' must be letters, digits and _"),
    "a node in capitals": (lambda: of(Resistor("1", "A", "0", 1.0)), "c, R1: node 'A' must be lower-case letters, digits and _"),
    "a node with a dot": (lambda: of(Resistor("1", "x1.a", "0", 1.0)), "c, R1: node 'x1.a' must be lower-case letters, digits and _"),
    "a hanging node": (lambda: of(Resistor("1", "a", "b", 1.0)), "c, R1: node 'b' is connected to nothing else"),
    "an unused port": (lambda: loaded(ports=("p",)), "c: port 'p' is connected to nothing"),
    "an undeclared parameter": (lambda: of(Resistor("1", "a", "0", Param("q")), parameters={"r": R}), "c, R1: parameter 'q' is not declared; declared are r"),
    "too few nodes": (lambda: of(Instance("1", DIVIDER, ("a",))), "c, X1: 1 nodes for the 2 ports of divider"),
    "an unknown value": (
        lambda: of(Instance("1", DIVIDER, ("a", "0"), {"w": 1.0})),
        "c, X1: divider has no parameter 'w'; it has r",
    ),
    "a value from nowhere": (lambda: of(Instance("1", DIVIDER, ("a", "0"), {"r": Param("q")})), "c, X1: parameter 'q' is not declared; declared are none"),
    "a parameter in capitals": (
        lambda: loaded(parameters={"W": R}),
        "c: parameter 'W' must be lower-case letters, digits and _, a letter first, and no word of Python",
    ),
    "a parameter that Python reads": (
        lambda: loaded(parameters={"lambda": R}),
        "c: parameter 'lambda' must be lower-case letters, digits and _, a letter first, and no word of Python",
    ),
    "a formula over no node": (lambda: of(Behavioral(name="1", positive="a", negative="0", current="V(b)")), "c, B1: node 'b' is connected to nothing"),
    "a formula over no parameter": (
        lambda: of(Behavioral(name="1", positive="a", negative="0", current="k*V(a)")),
        "c, B1: parameter 'k' is not declared; declared are none",
    ),
    "a formula over no source": (
        lambda: of(Behavioral(name="1", positive="a", negative="0", current="I(vx)")),
        "c, B1: source 'vx' is not in the circuit; it has vs",
    ),
    "a control that is missing": (lambda: of(Cccs("1", "a", "0", "vx", 2.0)), "c, F1: source 'vx' is not in the circuit; it has vs"),
    "a start of no node": (lambda: loaded(initial={"b": 1.0}), "c, initial: node 'b' is connected to nothing"),
    "a start from nowhere": (lambda: loaded(initial={"a": Param("q")}), "c, initial a: parameter 'q' is not declared; declared are none"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_circuit_is_named(case: str):
    make, message = REFUSED[case]
    with pytest.raises(CircuitError) as caught:
        make()
    assert str(caught.value) == message


def test_a_behavioral_source_is_a_voltage_or_a_current():
    for given in ({}, {"voltage": "1", "current": "1"}):
        with pytest.raises(CircuitError, match=r"^behavioral source 1: must have either a voltage or a current$"):
            Behavioral(name="1", positive="a", negative="0", **given)


def test_a_node_that_only_a_formula_senses_is_connected():
    sensed = of(
        Resistor("1", "a", "0", 1.0),
        Behavioral(name="1", positive="b", negative="0", voltage="V(a)"),
        Behavioral(name="2", positive="a", negative="0", current="V(b)+I(vs)"),
    )
    assert sensed.nodes == ("a", "b")


def test_nodes_and_sources_come_in_the_order_of_the_netlist():
    assert TOP.nodes == ("a", "b")
    assert TOP.sources == ("vin",)
    assert DIVIDER.nodes == ("in", "out")


def test_the_letter_of_a_kind_is_put_in_front_once():
    assert [spice_name(Resistor(name, "a", "b", 1.0)) for name in ("1", "R1", "r1", "load")] == ["R1", "R1", "R1", "Rload"]


def test_elements_are_added_to_a_copy():
    more = TOP.with_elements(Resistor("9", "b", "0", 1.0))
    assert len(more.elements) == len(TOP.elements) + 1
    assert more.elements[:3] == TOP.elements


def test_subcircuits_come_innermost_first_and_once():
    outer = Circuit(name="outer", ports=("p",), elements=(Instance("1", DIVIDER, ("p", "m")), Instance("2", DIVIDER, ("m", "p"))))
    assert [each.name for each in of(Instance("1", outer, ("a",))).subcircuits()] == ["divider", "outer"]


def test_two_different_subcircuits_of_one_name_are_refused():
    other = Circuit(name="divider", ports=("in", "out"), elements=(Resistor("1", "in", "out", 1.0),))
    both = of(Instance("1", DIVIDER, ("a", "0")), Instance("2", other, ("a", "0")))
    with pytest.raises(CircuitError, match=r"^c: two different subcircuits are named 'divider'$"):
        list(both.subcircuits())


def test_a_formula_tells_what_it_names():
    found = references("gain*V(a, b)+I(vx)*sinh(alpha*max(V(d),-4))+1e-06*k*time+2.5E+3")
    assert (found.nodes, found.sources, found.parameters) == (("a", "b", "d"), ("vx",), ("gain", "alpha", "k"))


def test_a_formula_is_renamed_throughout():
    text = renamed("v(a,0)*i(vx)+exp(k)+k2", node=lambda name: f"x1.{name}", source=lambda name: f"x1.{name}", parameter=lambda name: f"<{name}>")
    assert text == "V(x1.a,x1.0)*I(x1.vx)+exp(<k>)+<k2>"


def test_an_expression_that_is_no_arithmetic_never_reaches_a_circuit():
    with pytest.raises(CircuitError, match=r"^value, 2\*: only numbers"):
        of(Resistor("1", "a", "0", Expression("2*")))
