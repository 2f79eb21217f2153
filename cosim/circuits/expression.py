"""Element values: a float, or arithmetic over named parameters.

``Param("w_over_l") * 0.5e-6`` is an `Expression`: decks write it as ``{(w_over_l)*5e-07}``, `evaluate` turns it into a
number once the parameters are known. One text serves SPICE and Python, so both read the same value.
Only ``+ - * / **``, names and numbers: the part of SPICE arithmetic that every program reads alike.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cosim._types import Array
from cosim.errors import CircuitError
from cosim.units import plain

NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
}


@dataclass(frozen=True)
class Expression:
    """Arithmetic over parameters, in the text that SPICE and Python read alike."""

    text: str

    def __add__(self, other: Value) -> Expression:
        return Expression(f"({self.text}+{_text(other)})")

    def __sub__(self, other: Value) -> Expression:
        return Expression(f"({self.text}-{_text(other)})")

    def __mul__(self, other: Value) -> Expression:
        return Expression(f"{_text(self)}*{_text(other)}")

    def __truediv__(self, other: Value) -> Expression:
        return Expression(f"{_text(self)}/{_text(other)}")

    def __neg__(self) -> Expression:
        return Expression(f"(-{_text(self)})")

    def __radd__(self, other: Value) -> Expression:
        return Expression(f"({_text(other)}+{self.text})")

    def __rsub__(self, other: Value) -> Expression:
        return Expression(f"({_text(other)}-{self.text})")

    def __rmul__(self, other: Value) -> Expression:
        return Expression(f"{_text(other)}*{_text(self)}")

    def __rtruediv__(self, other: Value) -> Expression:
        return Expression(f"{_text(other)}/{_text(self)}")

    def __str__(self) -> str:
        return self.text


class Param(Expression):
    """A slot for a named parameter of the circuit around it."""

    def __init__(self, name: str) -> None:
        if not NAME.match(name):
            raise CircuitError(f"parameter {name!r}: must be lower-case letters, digits and _, a letter first")
        super().__init__(name)


Value = float | Expression


def _text(value: Value) -> str:
    """The operand of a product: sums and quotients in parentheses, negative numbers too."""
    if not isinstance(value, Expression):
        return plain(value) if value >= 0 else f"({plain(value)})"
    bare = NAME.match(value.text) or (value.text.startswith("(") and _closes_at_end(value.text))
    return value.text if bare else f"({value.text})"


def _closes_at_end(text: str) -> bool:
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return position == len(text) - 1
    return False


def names(value: Value) -> frozenset[str]:
    """The parameters that a value refers to."""
    if not isinstance(value, Expression):
        return frozenset()
    return frozenset(node.id for node in ast.walk(ast.parse(value.text, mode="eval")) if isinstance(node, ast.Name))


def evaluate(value: Value, parameters: Mapping[str, float], *, where: str = "value") -> float:
    """The number that `value` stands for.

    Raises:
        CircuitError: a parameter is unknown, or the text is more than arithmetic.
    """
    if not isinstance(value, Expression):
        return float(value)
    return float(_evaluate(ast.parse(value.text, mode="eval").body, parameters, where))


def evaluate_arrays(text: str, arrays: Mapping[str, Array], *, where: str) -> Array:
    """Arithmetic over named arrays, by the same rules as `evaluate`."""
    try:
        return _evaluate(ast.parse(text, mode="eval").body, arrays, where)
    except SyntaxError as error:
        raise CircuitError(f"{where}: only numbers, names and + - * / ** may stand in a value") from error


def substitute(value: Value, outer: Mapping[str, Value]) -> Value:
    """`value` with each parameter replaced by what the circuit around hands in."""
    if not isinstance(value, Expression):
        return value
    if all(not isinstance(outer.get(name, Param(name)), Expression) for name in names(value)):
        return evaluate(value, {name: float(outer[name]) for name in names(value)})  # type: ignore[arg-type]
    return Expression(re.sub(r"(?<![\w.])[a-z_]\w*", lambda hit: _text(outer[hit[0]]) if hit[0] in outer else hit[0], value.text))


def _evaluate(node: ast.AST, parameters: Mapping[str, Any], where: str) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name):
        if node.id not in parameters:
            raise CircuitError(f"{where}: parameter {node.id!r} has no value; known are {', '.join(sorted(parameters)) or 'none'}")
        return parameters[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_evaluate(node.left, parameters, where), _evaluate(node.right, parameters, where))
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_evaluate(node.operand, parameters, where))
    raise CircuitError(f"{where}: only numbers, parameters and + - * / ** may stand in a value")
