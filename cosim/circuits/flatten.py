"""The flat netlist of a hierarchical circuit: every instance replaced by its elements, every value a number.

Nodes and elements inside of an instance ``x1`` are named ``x1.node``; this is what ngspice names them too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from cosim.circuits.circuit import Circuit, spice_name
from cosim.circuits.elements import CurrentControlled, Element, Instance
from cosim.circuits.expression import Expression, evaluate
from cosim.circuits.formula import renamed
from cosim.errors import CircuitError
from cosim.units import plain

NODE_FIELDS = frozenset(
    {"a", "b", "positive", "negative", "control_positive", "control_negative", "anode", "cathode", "drain", "gate", "source", "bulk", "top", "bottom"}
)


@dataclass(frozen=True)
class FlatCircuit:
    """Elements with full names, numbers for values, and the initial voltages of nodes.

    Attributes:
        elements: none of them an `Instance`.
        initial: full node name -> voltage [V].
    """

    elements: tuple[Element, ...]
    initial: Mapping[str, float]


def flatten(circuit: Circuit, values: Mapping[str, float] | None = None) -> FlatCircuit:
    """Flatten a top circuit.

    Args:
        circuit: without ports.
        values: parameters that differ from their defaults.

    Raises:
        CircuitError: the circuit has ports, `values` names an unknown parameter, or a value is not finite.
    """
    if circuit.ports:
        raise CircuitError(f"{circuit.name}: a circuit with ports cannot be flattened; put an instance of it into a circuit without")
    for name in values or {}:
        if name not in circuit.parameters:
            raise CircuitError(f"{circuit.name}: has no parameter {name!r}; it has {', '.join(circuit.parameters) or 'none'}")
    known = {name: parameter.default for name, parameter in circuit.parameters.items()} | dict(values or {})
    return FlatCircuit(tuple(_flat(circuit, known, "", {})), dict(_initial(circuit, known, "", {})))


def _flat(circuit: Circuit, values: Mapping[str, float], path: str, ports: Mapping[str, str]) -> Iterator[Element]:
    for element in circuit.elements:
        if isinstance(element, Instance):
            yield from _flat(element.circuit, *_scope(element, values, path, ports))
        else:
            yield _moved(element, values, path, ports)


def _initial(circuit: Circuit, values: Mapping[str, float], path: str, ports: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    for node, value in circuit.initial.items():
        yield _node(node, path, ports), evaluate(value, values, where=f"{circuit.name}, initial {node}")
    for element in circuit.elements:
        if isinstance(element, Instance):
            yield from _initial(element.circuit, *_scope(element, values, path, ports))


def _scope(instance: Instance, values: Mapping[str, float], path: str, ports: Mapping[str, str]) -> tuple[Mapping[str, float], str, Mapping[str, str]]:
    """Values, path and port map inside of an instance."""
    where = f"{path}{spice_name(instance)}"
    inner = {name: parameter.default for name, parameter in instance.circuit.parameters.items()}
    inner |= {name: evaluate(value, values, where=where) for name, value in instance.values.items()}
    outside = (_node(node, path, ports) for node in instance.nodes)
    return inner, f"{where.lower()}.", dict(zip(instance.circuit.ports, outside, strict=True))


def _node(node: str, path: str, ports: Mapping[str, str]) -> str:
    return node if node == "0" else ports.get(node, f"{path}{node}")


def _formula(text: str, values: Mapping[str, float], path: str, ports: Mapping[str, str]) -> str:
    """A behavioral expression with full names of nodes and sources, and numbers for parameters."""
    return renamed(
        text,
        node=lambda name: _node(name, path, ports),
        source=lambda name: f"{path}{name.lower()}",
        parameter=lambda name: f"({plain(values[name])})",
    )


def _moved(element: Element, values: Mapping[str, float], path: str, ports: Mapping[str, str]) -> Element:
    """An element with full names and numbers."""
    changes: dict[str, object] = {"name": f"{path}{spice_name(element).lower()}"}
    for each in fields(element):
        value = getattr(element, each.name)
        if each.name in NODE_FIELDS:
            changes[each.name] = _node(value, path, ports)
        elif each.name in ("voltage", "current") and isinstance(value, str):
            changes[each.name] = _formula(value, values, path, ports)
        elif isinstance(value, Expression):
            changes[each.name] = evaluate(value, values, where=f"{path}{spice_name(element)}")
    if isinstance(element, CurrentControlled):
        changes["control"] = f"{path}{element.control.lower()}"
    return replace(element, **changes)  # type: ignore[arg-type]
