"""Expressions of LTspice as ngspice (mode ``lta``) must be given them, so that the value stays LTspice's.

LTspice takes more than 0.5 as true; ``^`` is the exclusive or; ``limit`` is the middle of three, ``table`` stops at its ends,
``if``, ``buf``, ``inv``, ``pwr``, ``pwrs``, ``int``, ``round`` are not in ngspice or differ. Brackets are written everywhere.
Sources: LTspice's help; every function was tried in ngspice 39 (`tests/spice/test_translate_formula.py`).
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

from cosim.errors import DialectError
from cosim.spice.translation.formula import COMPARISONS, Binary, Call, Choice, Name, Number, Signal, Tree, Unary, is_boolean
from cosim.units import plain

KEPT = {"abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "exp", "floor", "ln", "log", "log10", "max", "min"}
KEPT |= {"sgn", "sin", "sinh", "sqrt", "tan", "tanh", "uplim", "dnlim"}
ONLY_IN_SOURCES = {"ddt", "uramp"}
RENAMED = {"arccos": "acos", "arcsin": "asin", "arctan": "atan", "fabs": "abs"}
RANDOM = {"rand", "random", "white", "gauss", "mc", "flat", "normal"}
MEMORY = {"idt", "sdt", "idtmod", "delay", "absdelay", "laplace"}
_PI = 3.14159265358979323846


class Writer:
    """Writes trees of one statement.

    Args:
        where: named in errors.
        values: what names stand for: a number, or None for a name that ngspice itself knows (a parameter of the subcircuit).
        functions: names of the user's functions.
        signal: the text of a signal, for example with a sensing source in the place of a device; None where no signal may stand.
    """

    def __init__(
        self,
        where: str,
        values: Mapping[str, float | None],
        functions: Mapping[str, int],
        signal: Callable[[Signal], str] | None = None,
    ) -> None:
        self.where, self.values, self.functions, self.signal = where, values, functions, signal
        self.rewritten: dict[str, str] = {}  # construct -> what it became

    def text(self, tree: Tree) -> str:
        """The expression for ngspice.

        Raises:
            DialectError: it holds what ngspice has not.
        """
        match tree:
            case Number(value=value):
                return plain(value) if value >= 0 else f"({plain(value)})"
            case Name(name=name):
                return self._name(name)
            case Signal():
                if self.signal is None:
                    self._refuse(f"{tree.kind}({','.join(tree.of)})", "has no value before the simulation; a parameter needs numbers")
                return self.signal(tree) if self.signal else ""
            case Call():
                return self._call(tree)
            case Unary(operator="!", operand=operand):
                return f"(!{self.truth(operand)})"
            case Unary(operator=operator, operand=operand):
                return f"({operator}{self.text(operand)})" if operator == "-" else self.text(operand)
            case Binary():
                return self._binary(tree)
            case Choice(condition=condition, yes=yes, no=no):
                return f"({self.truth(condition)} ? {self.text(yes)} : {self.text(no)})"

    def truth(self, tree: Tree) -> str:
        """A condition: more than 0.5 is true."""
        return self.text(tree) if is_boolean(tree) else f"({self.text(tree)}>0.5)"

    def _refuse(self, construct: str, reason: str) -> None:
        raise DialectError(f"{self.where}: `{construct}` {reason}")

    def _name(self, name: str) -> str:
        if name in self.values:
            value = self.values[name]
            return name if value is None else self.text(Number(value))
        if name == "pi":
            return plain(_PI)
        if name == "time" and self.signal is not None:
            return name
        if name in ("temp", "temper") and self.signal is not None:
            return "temper"
        self._refuse(name, "has no value: it is no parameter here")
        return ""

    def _binary(self, tree: Binary) -> str:
        left, right, operator = tree.left, tree.right, tree.operator
        if operator in ("&", "|"):
            return f"({self.truth(left)} {operator * 2} {self.truth(right)})"
        if operator == "^":
            if not (is_boolean(left) and is_boolean(right)):
                self._refuse("^", "is the exclusive or to LTspice and a power to ngspice; write ** for a power")
            self.rewritten["^"] = "exclusive or, as in LTspice"
            return f"({self.text(left)}!={self.text(right)})"
        if operator == "%":
            self._refuse("%", "is not in ngspice")
        if operator in COMPARISONS or operator in ("+", "-", "*", "/", "**"):
            return f"({self.text(left)}{operator}{self.text(right)})"
        raise AssertionError(operator)

    def _call(self, tree: Call) -> str:
        name, given = tree.name, len(tree.arguments)
        if name in self.functions:
            if self.functions[name] != given:
                self._refuse(f"{name}()", f"takes {self.functions[name]} arguments, not {given}")
            return f"{name}({self._list(tree)})"
        if name in RANDOM:
            self._refuse(f"{name}()", "draws random numbers, which no two programs draw alike; give a PWL or a parameter")
        if name in MEMORY:
            self._refuse(f"{name}()", "is not in ngspice")
        if name in ONLY_IN_SOURCES and self.signal is not None:
            return f"{name}({self._list(tree)})"
        if name in KEPT:
            return f"{name}({self._list(tree)})"
        if name in RENAMED:
            return f"{RENAMED[name]}({self._list(tree)})"
        return self._expanded(tree)

    def _list(self, tree: Call) -> str:
        return ",".join(self.text(each) for each in tree.arguments)

    def _expanded(self, tree: Call) -> str:
        """A function that ngspice lacks, or has with another meaning, in operators and functions that it has."""
        name, given = tree.name, [self.text(each) for each in tree.arguments]
        if name == "if" and len(given) == 3:
            self.rewritten["if()"] = "? :"
            return f"({self.truth(tree.arguments[0])} ? {given[1]} : {given[2]})"
        if name == "table":
            return self._table(tree)
        form = EXPANSIONS.get((name, len(given)))
        if form is None:
            self._refuse(f"{name}()", "is no function that ngspice has" + (f" with {len(given)} arguments" if name in _KNOWN else ""))
            return ""
        self.rewritten[f"{name}()"] = form.format("x", "y", "z")
        return f"({form.format(*given)})"

    def _table(self, tree: Call) -> str:
        """``table(x, x1, y1, ...)``: ngspice's pwl() goes on in a straight line behind its ends, LTspice's table stops there."""
        points = tree.arguments[1:]
        corners = [each.value for each in points if isinstance(each, Number)]
        if len(points) < 4 or len(points) % 2 or len(corners) != len(points):
            self._refuse("table()", "must have two or more points, all of them plain numbers")
        if self.signal is None:
            self._refuse("table()", "is not in ngspice's parameters")
        abscissas = corners[::2]
        if any(after <= before for before, after in pairwise(abscissas)):
            self._refuse("table()", "must have rising abscissas")
        self.rewritten["table()"] = "pwl() of a limited argument"
        inside = f"max({plain(abscissas[0])},min({self.text(tree.arguments[0])},{plain(abscissas[-1])}))"
        return f"pwl({inside},{','.join(plain(each) for each in corners)})"


EXPANSIONS = {  # (function, number of arguments) -> the same in ngspice
    ("buf", 1): "({0}>0.5 ? 1 : 0)",
    ("inv", 1): "({0}>0.5 ? 0 : 1)",
    ("u", 1): "({0}>0 ? 1 : 0)",
    ("stp", 1): "({0}>0 ? 1 : 0)",
    ("uramp", 1): "max({0},0)",
    ("limit", 3): "max(min({0},{1}),min(max({0},{1}),{2}))",
    ("pow", 2): "({0})**({1})",
    ("pwr", 2): "abs({0})**({1})",
    ("pwrs", 2): "sgn({0})*abs({0})**({1})",
    ("int", 1): "({0}<0 ? ceil({0}) : floor({0}))",
    ("round", 1): "floor(({0})+0.5)",
    ("nint", 1): "floor(({0})+0.5)",
    ("hypot", 2): "sqrt(({0})*({0})+({1})*({1}))",
    ("square", 1): "({0})*({0})",
    ("cbrt", 1): "sgn({0})*abs({0})**(1/3)",
}
_KNOWN = {name for name, _ in EXPANSIONS} | {"if"}
