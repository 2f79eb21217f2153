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
from keyword import iskeyword
from typing import Any

from cosim._types import Array
from cosim.errors import CircuitError
from cosim.units import plain

NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_UNLIKE = re.compile(r"[-+*/]\s*[-+]|\*\*[^-+*/()]+\*\*")
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
    """Arithmetic over parameters, in the text that SPICE and Python read alike.

    Raises:
        CircuitError: the text is no arithmetic, or one of the forms that ngspice refuses (``2*-a``) or reads from the left (``a**b**c``).
    """

    text: str

    def __post_init__(self) -> None:
        _parsed(self.text, "value")
        if hit := _UNLIKE.search(self.text):
            raise CircuitError(f"value, {self.text}: `{hit[0]}` is read differently by Python and by SPICE; write parentheses")

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
        return Expression(f"({_text(other)}-{_text(self)})")

    def __rmul__(self, other: Value) -> Expression:
        return Expression(f"{_text(other)}*{_text(self)}")

    def __rtruediv__(self, other: Value) -> Expression:
        return Expression(f"{_text(other)}/{_text(self)}")

    def __str__(self) -> str:
        return self.text


class Param(Expression):
    """A slot for a named parameter of the circuit around it."""

    def __init__(self, name: str) -> None:
        if not is_name(name):
            raise CircuitError(f"parameter {name!r}: must be lower-case letters, digits and _, a letter first, and no word of Python")
        super().__init__(name)


Value = float | Expression


def is_name(text: str) -> bool:
    """Whether a parameter may be named `text`: SPICE and Python must both read it as a name."""
    return bool(NAME.match(text)) and not iskeyword(text)


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
    return frozenset(node.id for node in ast.walk(_parsed(value.text, "value")) if isinstance(node, ast.Name))


def evaluate(value: Value, parameters: Mapping[str, float], *, where: str = "value") -> float:
    """The number that `value` stands for.

    Raises:
        CircuitError: a parameter is unknown, the text is more than arithmetic, or it has no finite value.
    """
    if not isinstance(value, Expression):
        return float(value)
    try:
        return float(_evaluate(_parsed(value.text, where), parameters, where))
    except (ZeroDivisionError, OverflowError, TypeError) as error:
        given = ", ".join(f"{name}={parameters[name]:g}" for name in sorted(names(value)))
        raise CircuitError(f"{where}: {value.text} has no finite value at {given or 'all'}") from error


def evaluate_arrays(text: str, arrays: Mapping[str, Array], *, where: str) -> Array:
    """Arithmetic over named arrays, by the same rules as `evaluate`."""
    return _evaluate(_parsed(text, where), arrays, where)


def _parsed(text: str, where: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise CircuitError(f"{where}, {text}: only numbers, parameters and + - * / ** may stand in a value") from error


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
