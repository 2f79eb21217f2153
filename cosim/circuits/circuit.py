"""`Circuit`: a hierarchical, frozen description that decks, sweeps and engines read.

Not here: the flat netlist (`flatten.py`), SPICE text (`cosim.spice.deck`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

from cosim.circuits.elements import Behavioral, CurrentControlled, Element, Include, Instance, Source
from cosim.circuits.expression import Expression, Value, is_name, names
from cosim.circuits.formula import References, references
from cosim.errors import CircuitError

_NODE = re.compile(r"[a-z0-9_]+\Z")
_NAME = re.compile(r"[A-Za-z0-9_]+\Z")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a circuit: default, unit and meaning; the deck prints all three at its top."""

    default: float
    unit: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """A circuit or subcircuit.

    Attributes:
        name: lower-case name of the subcircuit; the title of a deck.
        description: one line for people.
        ports: nodes that an instance connects, in order; empty at the top.
        elements: in the order of the netlist.
        parameters: name -> `Parameter`; values of elements may refer to them.
        initial: node -> voltage [V] at the start of a transient.
        includes: files of the user's own with models or subcircuits.

    Raises:
        CircuitError: a duplicate name, a node that hangs in the air, an unknown parameter, a wrong number of nodes, a behavioral
            source that names a node, source or parameter which is not there.
    """

    name: str
    description: str = ""
    ports: tuple[str, ...] = ()
    elements: tuple[Element, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    initial: Mapping[str, Value] = field(default_factory=dict)
    includes: tuple[Include, ...] = ()

    def __post_init__(self) -> None:
        _check_names(self)
        _check_nodes(self)
        for element in self.elements:
            _check_element(self, element)
        _check_initial(self)

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes in the order of their first use, ground left out."""
        seen = dict.fromkeys([*self.ports, *(node for element in self.elements for node in element.nodes)])
        return tuple(node for node in seen if node != "0")

    @property
    def sources(self) -> tuple[str, ...]:
        """Full names of the independent sources (``vdd``, ``ibias``), lower case."""
        return tuple(spice_name(element).lower() for element in self.elements if isinstance(element, Source))

    def subcircuits(self) -> Iterator[Circuit]:
        """The circuits of all instances, innermost first, each name once."""
        seen: dict[str, Circuit] = {}
        for element in self.elements:
            if isinstance(element, Instance):
                for inner in (*element.circuit.subcircuits(), element.circuit):
                    if seen.setdefault(inner.name, inner) != inner:
                        raise CircuitError(f"{self.name}: two different subcircuits are named {inner.name!r}")
        yield from seen.values()

    def with_elements(self, *elements: Element) -> Circuit:
        """The same circuit with `elements` added."""
        return replace(self, elements=(*self.elements, *elements))


def spice_name(element: Element) -> str:
    """The name in a netlist: the letter of the kind in front, unless it is there already."""
    name = element.name[1:] if element.name[:1].lower() == element.letter.lower() else element.name
    return f"{element.letter}{name}"


def _check_names(circuit: Circuit) -> None:
    counted = Counter(spice_name(element).lower() for element in circuit.elements)
    twice = [name for name, count in counted.items() if count > 1]
    if twice:
        raise CircuitError(f"{circuit.name}: two elements are named {twice[0]!r}")
    for name in (circuit.name, *counted):
        if not _NAME.match(name):
            raise CircuitError(f"{circuit.name}: name {name!r} must be letters, digits and _")
    for name in circuit.parameters:
        if not is_name(name):
            raise CircuitError(f"{circuit.name}: parameter {name!r} must be lower-case letters, digits and _, a letter first, and no word of Python")


def _check_nodes(circuit: Circuit) -> None:
    for element in circuit.elements:
        for node in element.nodes:
            if not _NODE.match(node):
                raise CircuitError(f"{circuit.name}, {spice_name(element)}: node {node!r} must be lower-case letters, digits and _")
    wired = Counter(node for element in circuit.elements for node in element.nodes)
    used = wired + Counter(node for element in circuit.elements for node in formula_of(element).nodes if node in wired)
    for node, count in used.items():
        if count == 1 and node != "0" and node not in circuit.ports:
            owner = next(spice_name(element) for element in circuit.elements if node in element.nodes)
            raise CircuitError(f"{circuit.name}, {owner}: node {node!r} is connected to nothing else")
    for port in circuit.ports:
        if port not in used:
            raise CircuitError(f"{circuit.name}: port {port!r} is connected to nothing")


def _check_element(circuit: Circuit, element: Element) -> None:
    where = f"{circuit.name}, {spice_name(element)}"
    _check_formula(circuit, element, where)
    if isinstance(element, Instance):
        if len(element.nodes) != len(element.circuit.ports):
            raise CircuitError(f"{where}: {len(element.nodes)} nodes for the {len(element.circuit.ports)} ports of {element.circuit.name}")
        for name in element.values:
            if name not in element.circuit.parameters:
                raise CircuitError(f"{where}: {element.circuit.name} has no parameter {name!r}; it has {', '.join(element.circuit.parameters) or 'none'}")
    for value in values_of(element):
        for name in names(value) - set(circuit.parameters):
            raise CircuitError(f"{where}: parameter {name!r} is not declared; declared are {', '.join(circuit.parameters) or 'none'}")


def _check_formula(circuit: Circuit, element: Element, where: str) -> None:
    named = formula_of(element)
    for node in named.nodes:
        if node != "0" and node not in circuit.nodes:
            raise CircuitError(f"{where}: node {node!r} is connected to nothing")
    for name in named.parameters:
        if name not in circuit.parameters:
            raise CircuitError(f"{where}: parameter {name!r} is not declared; declared are {', '.join(circuit.parameters) or 'none'}")
    for name in (*named.sources, *((element.control,) if isinstance(element, CurrentControlled) else ())):
        if name.lower() not in circuit.sources:
            raise CircuitError(f"{where}: source {name!r} is not in the circuit; it has {', '.join(circuit.sources) or 'none'}")


def _check_initial(circuit: Circuit) -> None:
    for node, value in circuit.initial.items():
        if node not in circuit.nodes:
            raise CircuitError(f"{circuit.name}, initial: node {node!r} is connected to nothing")
        for name in names(value) - set(circuit.parameters):
            raise CircuitError(f"{circuit.name}, initial {node}: parameter {name!r} is not declared; declared are {', '.join(circuit.parameters) or 'none'}")


def formula_of(element: Element) -> References:
    """What the formula of a behavioral source names; nothing for another element."""
    return references(element.voltage or element.current or "") if isinstance(element, Behavioral) else References((), (), ())


def values_of(element: Element) -> Iterator[Value]:
    """Every number or expression of an element."""
    if isinstance(element, Instance):
        yield from element.values.values()
        return
    for each in fields(element):
        value = getattr(element, each.name)
        if isinstance(value, float | int | Expression) and not isinstance(value, bool):
            yield value
