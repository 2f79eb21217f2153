"""The value of an expression, over numbers or arrays: parameters, analyses, steps, ``.meas``.

What LTspice computes: more than 0.5 is true, ``^`` is the exclusive or, of a power only the real part counts.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.errors import DialectError
from cosim.spice.translation.formula import Binary, Call, Choice, Name, Number, Signal, Tree, Unary
from cosim.spice.translation.write import MEMORY, RANDOM

Lookup = Callable[[str], Any]
SignalLookup = Callable[[Signal], Array]
Function = tuple[tuple[str, ...], Tree]
DEEPEST_CALLS = 50


class Evaluator:
    """Evaluates trees of one statement.

    Args:
        where: named in errors.
        lookup: the value of a name; raises KeyError for an unknown one.
        functions: the user's functions, ``name -> (arguments, body)``.
        signal: the value of a signal; None where none may stand.
    """

    def __init__(self, where: str, lookup: Lookup, functions: Mapping[str, Function], signal: SignalLookup | None = None, depth: int = 0) -> None:
        self.where, self.lookup, self.functions, self.signal, self.depth = where, lookup, functions, signal, depth

    def value(self, tree: Tree) -> Any:
        """The value: a float, or an array where signals are arrays.

        Raises:
            DialectError: an unknown name or function, a random one, or no finite number.
        """
        try:
            with np.errstate(all="ignore"):
                return self._value(tree)
        except (ZeroDivisionError, OverflowError, ValueError) as error:
            raise DialectError(f"{self.where}: the expression has no finite value ({error})") from None

    def number(self, tree: Tree) -> float:
        """The value as one finite number."""
        found = self.value(tree)
        if np.ndim(found) or isinstance(found, complex) or not math.isfinite(found):
            raise DialectError(f"{self.where}: the expression has no finite value")
        return float(found)

    def _value(self, tree: Tree) -> Any:
        match tree:
            case Number(value=value):
                return value
            case Name(name=name):
                return self._name(name)
            case Signal():
                if self.signal is None:
                    raise DialectError(f"{self.where}: `{tree.kind}({','.join(tree.of)})` has no value before the simulation")
                return self.signal(tree)
            case Unary(operator="-", operand=operand):
                return -self._value(operand)
            case Unary(operator="!", operand=operand):
                return _number(~_true(self._value(operand)))
            case Unary(operand=operand):
                return self._value(operand)
            case Binary(operator=operator, left=left, right=right):
                return OPERATORS[operator](self._value(left), self._value(right))
            case Choice(condition=condition, yes=yes, no=no):
                return self._choose(condition, yes, no)
            case Call():
                return self._call(tree)

    def _name(self, name: str) -> Any:
        try:
            return self.lookup(name)
        except KeyError:
            if name == "pi":
                return math.pi
            raise DialectError(f"{self.where}: `{name}` has no value: it is no parameter here") from None

    def _choose(self, condition: Tree, yes: Tree, no: Tree) -> Any:
        decided = _true(self._value(condition))
        if np.ndim(decided) == 0:
            return self._value(yes if decided else no)
        return np.where(decided, self._value(yes), self._value(no))

    def _call(self, tree: Call) -> Any:
        name = tree.name
        if name in self.functions:
            names, body = self.functions[name]
            if len(names) != len(tree.arguments) or self.depth > DEEPEST_CALLS:
                raise DialectError(f"{self.where}: `{name}()` " + (f"takes {len(names)} arguments" if self.depth <= DEEPEST_CALLS else "calls itself"))
            values = dict(zip(names, (self._value(each) for each in tree.arguments), strict=True))
            inner = Evaluator(self.where, lambda word: values[word] if word in values else self.lookup(word), self.functions, self.signal, self.depth + 1)
            return inner._value(body)
        if name == "if" and len(tree.arguments) == 3:
            return self._choose(*tree.arguments)
        given = [self._value(each) for each in tree.arguments]
        if name in RANDOM or name in MEMORY:
            raise DialectError(f"{self.where}: `{name}()` cannot be computed before the simulation" + (", it is random" if name in RANDOM else ""))
        if name == "table" and len(given) >= 5 and len(given) % 2:
            return np.interp(given[0], given[1::2], given[2::2])
        known = FUNCTIONS.get(name)
        if known is None or len(given) not in known[0]:
            raise DialectError(f"{self.where}: `{name}()` is not known with {len(given)} arguments")
        return _plain(known[1](*given))


def _true(value: Any) -> Any:
    return np.asarray(np.real(value)) > 0.5


def _number(value: Any) -> Any:
    return value.astype(float) if np.ndim(value) else float(value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0) else value


def _power(base: Any, exponent: Any) -> Any:
    if np.iscomplexobj(base) or np.iscomplexobj(exponent):
        return np.power(base, exponent)
    if np.any(np.asarray(base) < 0):
        return _plain(np.real(np.power(np.asarray(base, dtype=complex), exponent)))
    return _plain(np.power(np.asarray(base, dtype=float), exponent))


def _divide(left: Any, right: Any) -> Any:
    return left / right if np.ndim(right) == 0 and np.ndim(left) == 0 else np.divide(left, right)


def _compare(decide: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: _number(np.asarray(decide(np.real(left), np.real(right))))


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "%": lambda left, right: _plain(np.fmod(left, right)),
    "**": _power,
    "<": _compare(np.less),
    ">": _compare(np.greater),
    "<=": _compare(np.less_equal),
    ">=": _compare(np.greater_equal),
    "==": _compare(np.equal),
    "!=": _compare(np.not_equal),
    "&": lambda left, right: _number(_true(left) & _true(right)),
    "|": lambda left, right: _number(_true(left) | _true(right)),
    "^": lambda left, right: _number(_true(left) ^ _true(right)),
}


def _real_root(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of which LTspice takes the real part outside of its domain."""
    return lambda x: np.real(function(np.asarray(x, dtype=complex))) if not np.iscomplexobj(x) else function(x)


def _reduce(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda first, *rest: first if not rest else function(first, _reduce(function)(*rest))


_ANY = range(1, 20)
FUNCTIONS: dict[str, tuple[Any, Callable[..., Any]]] = {
    **{name: ((1,), getattr(np, name)) for name in ("abs", "sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "floor", "ceil")},
    **{name: ((1,), _real_root(getattr(np, code))) for name, code in (("sqrt", "sqrt"), ("asin", "arcsin"), ("acos", "arccos"), ("acosh", "arccosh"))},
    **{name: ((1,), _real_root(np.log)) for name in ("ln", "log")},
    "log10": ((1,), _real_root(np.log10)),
    "atan": ((1,), np.arctan),
    "asinh": ((1,), np.arcsinh),
    "atanh": ((1,), _real_root(np.arctanh)),
    "arctan": ((1,), np.arctan),
    "arcsin": ((1,), _real_root(np.arcsin)),
    "arccos": ((1,), _real_root(np.arccos)),
    "atan2": ((2,), np.arctan2),
    "hypot": ((2,), np.hypot),
    "cbrt": ((1,), np.cbrt),
    "square": ((1,), np.square),
    "fabs": ((1,), np.abs),
    "sgn": ((1,), np.sign),
    "int": ((1,), np.trunc),
    "round": ((1,), lambda x: np.floor(x + 0.5)),
    "nint": ((1,), lambda x: np.floor(x + 0.5)),
    "u": ((1,), lambda x: np.where(np.real(x) > 0, 1.0, 0.0)),
    "stp": ((1,), lambda x: np.where(np.real(x) > 0, 1.0, 0.0)),
    "uramp": ((1,), lambda x: np.maximum(x, 0.0)),
    "buf": ((1,), lambda x: _number(_true(x))),
    "inv": ((1,), lambda x: _number(~_true(x))),
    "limit": ((3,), lambda x, y, z: np.maximum(np.minimum(x, y), np.minimum(np.maximum(x, y), z))),
    "uplim": ((3,), lambda x, y, z: np.minimum(x, y - z) + (1 - (np.minimum(np.maximum(0, x - y + z), 2 * z) / 2 / z - 1) ** 2) * z),
    "dnlim": ((3,), lambda x, y, z: np.maximum(x, y + z) - (1 - (np.minimum(np.maximum(0, -x + y + z), 2 * z) / 2 / z - 1) ** 2) * z),
    "pow": ((2,), _power),
    "pwr": ((2,), lambda x, y: np.abs(x) ** y),
    "pwrs": ((2,), lambda x, y: np.sign(x) * np.abs(x) ** y),
    "min": (_ANY, _reduce(np.minimum)),
    "max": (_ANY, _reduce(np.maximum)),
    "mag": ((1,), np.abs),
    "ph": ((1,), lambda x: np.degrees(np.angle(x))),
    "phase": ((1,), lambda x: np.degrees(np.angle(x))),
    "re": ((1,), np.real),
    "im": ((1,), np.imag),
    "db": ((1,), lambda x: 20 * np.log10(np.abs(x))),
    "conj": ((1,), np.conj),
}
