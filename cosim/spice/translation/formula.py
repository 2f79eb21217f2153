"""Expressions of LTspice: text to tree.

Nodes are `Number`, `Name`, `Signal` (``V(a,b)``, ``Id(M1)``), `Call`, `Unary`, `Binary` and `Choice`. Precedence as in LTspice's
help: ``& | ^``, comparisons, ``+ -``, ``* / %``, ``**``. What is ambiguous between programs is refused and not guessed.
Not here: the text for ngspice (`write.py`), values (`evaluate.py`).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from cosim.errors import DialectError
from cosim.spice.translation.numbers import number

DEEPEST = 60  # brackets in brackets
SHOWN = 80  # characters of an expression in a message
LONGEST = 800  # words of one expression
_SIGNALS = re.compile(r"(?:v|i[bcdegsx]?)\(", re.I)  # not "if("
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:[a-z]+\d*[a-z]*)?)|(?P<name>[a-z_][\w.]*)"
    r"|(?P<operator>\*\*|&&|\|\||<=|>=|==|!=|[-+*/%<>&|^!~?:(),]))",
    re.I,
)
COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
LOGICAL = ("&", "|", "^")
_SAME_AS = {"&&": "&", "||": "|", "~": "!"}


@dataclass(frozen=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True)
class Name:
    """A parameter, ``time``, or a measure; lower case."""

    name: str


@dataclass(frozen=True)
class Signal:
    """A voltage ``V(a)``, ``V(a,b)``, or a current ``I(R1)``, ``Id(M1)``; kind and arguments in lower case."""

    kind: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A function of arguments; the name in lower case."""

    name: str
    arguments: "tuple[Tree, ...]"


@dataclass(frozen=True)
class Unary:
    """``-x``, ``+x`` or ``!x``."""

    operator: str
    operand: "Tree"


@dataclass(frozen=True)
class Binary:
    """Two operands."""

    operator: str
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True)
class Choice:
    """``condition ? yes : no``."""

    condition: "Tree"
    yes: "Tree"
    no: "Tree"


Tree = Number | Name | Signal | Call | Unary | Binary | Choice


def parse(text: str, *, where: str) -> Tree:
    """The tree of an expression; braces and quotes are brackets like others.

    Raises:
        DialectError: no expression, nested too deeply, or one that programs read differently.
    """
    parser = _Parser(text, where)
    tree = parser.choice(0)
    if parser.kind:
        parser.fail(f"`{parser.text}` is not expected")
    return tree


def walk(tree: Tree) -> Iterator[Tree]:
    """A tree and all below it."""
    yield tree
    match tree:
        case Call(arguments=arguments):
            below: tuple[Tree, ...] = arguments
        case Unary(operand=operand):
            below = (operand,)
        case Binary(left=left, right=right):
            below = (left, right)
        case Choice(condition=condition, yes=yes, no=no):
            below = (condition, yes, no)
        case _:
            below = ()
    for each in below:
        yield from walk(each)


def substituted(tree: Tree, meaning: "Callable[[str], Tree]") -> Tree:
    """A tree with what `meaning` gives in the place of every name."""
    match tree:
        case Name(name=name):
            return meaning(name)
        case Call(name=name, arguments=arguments):
            return Call(name, tuple(substituted(each, meaning) for each in arguments))
        case Unary(operator=operator, operand=operand):
            return Unary(operator, substituted(operand, meaning))
        case Binary(operator=operator, left=left, right=right):
            return Binary(operator, substituted(left, meaning), substituted(right, meaning))
        case Choice(condition=condition, yes=yes, no=no):
            return Choice(substituted(condition, meaning), substituted(yes, meaning), substituted(no, meaning))
    return tree


def is_boolean(tree: Tree) -> bool:
    """Whether a tree can only be 0 or 1."""
    match tree:
        case Binary(operator=operator):
            return operator in COMPARISONS or operator in LOGICAL
        case Unary(operator="!") | Call(name="buf" | "inv" | "u" | "stp"):
            return True
    return False


class _Parser:
    """Recursive descent, one method a level of precedence."""

    def __init__(self, text: str, where: str) -> None:
        self.source, self.where = text.translate(str.maketrans("{}'\"", "()  ")), where
        self.position = self.count = 0
        self.kind, self.text = "", ""
        self.step()

    def fail(self, reason: str) -> NoReturn:
        """Refuse the expression."""
        shown = " ".join(self.source.split())
        raise DialectError(f"{self.where}: `{shown if len(shown) <= SHOWN else shown[:SHOWN] + ' ...'}`: {reason}")

    def step(self) -> None:
        """Read the next token into `kind` and `text`."""
        hit = _TOKEN.match(self.source, self.position)
        if hit is None:
            rest = self.source[self.position :].split()
            if rest:
                hint = "; the current of a device is written I(R1), Id(M1), Ic(Q1)" if rest[0].startswith("@") else ""
                self.fail(f"`{rest[0]}` cannot be read{hint}")
            self.kind, self.text = "", ""
            return
        self.count += 1
        if self.count > LONGEST:
            self.fail(f"has more than {LONGEST} words")
        start = hit.start(hit.lastgroup or 0)
        signal = _SIGNALS.match(self.source, start)
        self.kind, self.text = hit.lastgroup or "", hit[hit.lastgroup or 0]
        self.position = hit.end()
        if signal is not None and self.kind == "name" and self.text.lower() == signal[0][:-1].lower():
            self.kind, self.text = "signal", self._signal(start)

    def _signal(self, start: int) -> str:
        end = self.source.find(")", start)
        if end < 0:
            self.fail("a bracket is not closed")
        self.position = end + 1
        return self.source[start : end + 1]

    def take(self, *wanted: str) -> str:
        """The operator at hand, if it is one of `wanted`, and step on; else empty."""
        found = _SAME_AS.get(self.text, self.text)
        if self.kind != "operator" or found not in wanted:
            return ""
        self.step()
        return found

    def choice(self, depth: int) -> Tree:
        """``a ? b : c``."""
        if depth > DEEPEST:
            self.fail(f"is nested more than {DEEPEST} deep")
        condition = self.logic(depth)
        if not self.take("?"):
            return condition
        yes = self.choice(depth + 1)
        if not self.take(":"):
            self.fail("`?` has no `:`")
        return Choice(condition, yes, self.choice(depth + 1))

    def logic(self, depth: int) -> Tree:
        """``& | ^``: equal in rank to some programs, not to others, so a mixture needs brackets."""
        tree, before = self.comparison(depth), ""
        while operator := self.take(*LOGICAL):
            if before and operator != before:
                self.fail(f"`{before}` beside `{operator}` is read differently by the programs; write brackets")
            tree, before = Binary(operator, tree, self.comparison(depth)), operator
        return tree

    def comparison(self, depth: int) -> Tree:
        tree = self.sum(depth)
        while operator := self.take(*COMPARISONS):
            tree = Binary(operator, tree, self.sum(depth))
        return tree

    def sum(self, depth: int) -> Tree:
        tree = self.product(depth)
        while operator := self.take("+", "-"):
            tree = Binary(operator, tree, self.product(depth))
        return tree

    def product(self, depth: int) -> Tree:
        tree = self.signed(depth)
        while operator := self.take("*", "/", "%"):
            tree = Binary(operator, tree, self.signed(depth))
        return tree

    def signed(self, depth: int) -> Tree:
        """A sign, then a power. ``-a**2`` is (-a)**2 to LTspice and -(a**2) to ngspice: refused unless both agree."""
        operator = self.take("-", "+", "!")
        if not operator:
            return self.power(depth)
        if depth > DEEPEST:
            self.fail(f"is nested more than {DEEPEST} deep")
        inner = self.signed(depth + 1)
        if operator == "-" and isinstance(inner, Binary) and inner.operator == "**" and not self.bracketed and not _odd(inner.right):
            self.fail("the sign before a power is read differently by the programs; write brackets")
        self.bracketed = False
        return Unary(operator, inner)

    def power(self, depth: int) -> Tree:
        tree = self.atom(depth)
        if not self.take("**"):
            return tree
        right = self.exponent(depth)
        if self.take("**"):
            self.fail("a power of a power is read differently by the programs; write brackets")
        self.bracketed = False
        return Binary("**", tree, right)

    def exponent(self, depth: int) -> Tree:
        operator = self.take("-", "+")
        inner = self.atom(depth)
        return Unary(operator, inner) if operator else inner

    bracketed = False  # whether the last atom stood in brackets

    def atom(self, depth: int) -> Tree:
        kind, text = self.kind, self.text
        self.bracketed = False
        if kind == "number":
            value = number(text)
            if value is None:
                self.fail(f"`{text}` is no number")
            self.step()
            return Number(value)
        if kind == "signal":
            self.step()
            head, _, inside = text[:-1].partition("(")
            return Signal(head.lower(), tuple(part.strip().lower() for part in inside.split(",")))
        if kind == "name":
            self.step()
            return self.call(text.lower(), depth) if self.take("(") else Name(text.lower())
        if self.take("("):
            tree = self.choice(depth + 1)
            if not self.take(")"):
                self.fail("a bracket is not closed")
            self.bracketed = True
            return tree
        self.fail(f"`{text}` is not expected" if text else "ends too early")

    def call(self, name: str, depth: int) -> Call:
        arguments: list[Tree] = []
        while not self.take(")"):
            arguments.append(self.choice(depth + 1))
            if not self.take(",") and not (self.kind == "operator" and self.text == ")"):
                self.fail(f"`{name}(` is not closed")
        self.bracketed = False
        return Call(name, tuple(arguments))


def _odd(exponent: Tree) -> bool:
    return isinstance(exponent, Number) and exponent.value == int(exponent.value) and int(exponent.value) % 2 == 1
