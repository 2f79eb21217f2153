"""The structure of a netlist: the top circuit and its subcircuits, with parameters, functions and models in their scope."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cosim.errors import DialectError
from cosim.spice.translation.evaluate import Evaluator, Function
from cosim.spice.translation.formula import Call, Name, Tree, parse, walk
from cosim.spice.translation.numbers import number
from cosim.spice.translation.statements import Statement, joined_equals, option, unquoted, words

MOST_FUNCTION_WORDS = 20_000  # that a call may grow to, once all functions are written out
_FUNCTION = re.compile(r"\.func\s+([a-z_]\w*)\s*\(([^()]*)\)\s*=?\s*(.+)$", re.I)
_ASSIGNED = re.compile(r"([a-z_]\w*)\s*=(?!=)", re.I)


@dataclass
class Block:
    """The top circuit (`name` empty) or a subcircuit.

    Attributes:
        ports: node names.
        defaults: parameters of the ``.subckt`` line.
        parameters: of ``.param`` lines, in their order.
        functions: name -> (arguments, body).
        elements: statements of elements.
        models: name -> its statement.
        others: directives that are left.
    """

    name: str
    statement: Statement
    ports: tuple[str, ...] = ()
    parent: "Block | None" = None
    defaults: dict[str, tuple[Tree, Statement]] = field(default_factory=dict)
    parameters: dict[str, tuple[Tree, Statement]] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    elements: list[Statement] = field(default_factory=list)
    models: dict[str, Statement] = field(default_factory=dict)
    subcircuits: dict[str, "Block"] = field(default_factory=dict)
    others: list[Statement] = field(default_factory=list)

    def scopes(self) -> Iterator["Block"]:
        """This block and those around it."""
        block: Block | None = self
        while block is not None:
            yield block
            block = block.parent

    def model(self, name: str) -> Statement | None:
        """The model that a name means here."""
        return next((block.models[name.lower()] for block in self.scopes() if name.lower() in block.models), None)

    def subcircuit(self, name: str) -> "Block | None":
        """The subcircuit that a name means here."""
        return next((block.subcircuits[name.lower()] for block in self.scopes() if name.lower() in block.subcircuits), None)

    def owner(self, name: str) -> "Block | None":
        """The block whose parameter a name means here; None if it is no parameter."""
        return next((block for block in self.scopes() if name in block.defaults or name in block.parameters), None)

    def all_functions(self) -> dict[str, Function]:
        """The functions that are known here; the inner ones hide the outer ones."""
        return {name: function for block in reversed(list(self.scopes())) for name, function in block.functions.items()}

    def tree(self) -> Iterator["Block"]:
        """This block and all subcircuits below it."""
        yield self
        for block in self.subcircuits.values():
            yield from block.tree()


def arrange(statements: Iterable[Statement], title: Statement) -> Block:
    """The blocks of a netlist.

    Raises:
        DialectError: a ``.subckt`` without ``.ends``, a parameter or function that cannot be read.
    """
    top = block = Block("", title)
    for statement in statements:
        word = statement.text.split(None, 1)[0].lower()
        if word == ".subckt":
            block = _open(block, statement)
        elif word in (".ends", ".eom"):
            if block.parent is None:
                statement.refuse("`.ends` without `.subckt`")
            block = block.parent
        elif word in (".param", ".params", ".parameter"):
            block.parameters.update(_assignments(statement, statement.text.split(None, 1)[1] if " " in statement.text else ""))
        elif word == ".func":
            _define(block, statement)
        elif word == ".model":
            _model(block, statement)
        elif word.startswith("."):
            block.others.append(statement)
        else:
            block.elements.append(statement)
    if block.parent is not None:
        block.statement.refuse(f"`.subckt {block.name}` has no `.ends`")
    for each in top.tree():
        _check_functions(each)
    return top


def _open(block: Block, statement: Statement) -> Block:
    parts = [word for word in words(statement.text)[1:] if word.lower() not in ("params:", "params")]
    parts = [word[7:] if word.lower().startswith("params:") else word for word in parts]
    if not parts:
        statement.refuse("`.subckt` has no name")
    names = [word for word in parts[1:] if option(word) is None]
    inner = Block(parts[0].lower(), statement, tuple(names), block)
    for word in parts[1:]:
        if given := option(word):
            inner.defaults[given[0]] = (parse(given[1], where=statement.where), statement)
    block.subcircuits[inner.name] = inner
    return inner


def _assignments(statement: Statement, text: str) -> dict[str, tuple[Tree, Statement]]:
    """``a=1 b = {a*2} c = 1 + 2`` as trees; ``a 1`` and ``a {1}`` too."""
    text = joined_equals(text)
    found = [hit for hit in _ASSIGNED.finditer(text) if _at_top(text, hit.start())]
    if not found:
        parts = words(text)
        if len(parts) != 2:
            statement.refuse(f"`{statement.text.split()[0]}` must be written name=value")
        return {parts[0].lower(): (parse(parts[1], where=statement.where), statement)}
    ends = [hit.start() for hit in found[1:]] + [len(text)]
    return {hit[1].lower(): (parse(text[hit.end() : end].strip().rstrip(","), where=statement.where), statement) for hit, end in zip(found, ends, strict=True)}


def _at_top(text: str, position: int) -> bool:
    before = text[:position]
    inside = any(before.count(opening) > before.count(closing) for opening, closing in ("{}", "()", "[]"))
    return not inside and before.count("'") % 2 == 0 and before.count('"') % 2 == 0 and (position == 0 or before[-1] in " ,}'\"")


def _define(block: Block, statement: Statement) -> None:
    hit = _FUNCTION.match(statement.text)
    if hit is None:
        statement.refuse("`.func` must be written name(arguments) {expression}")
    arguments = tuple(part.strip().lower() for part in hit[2].split(",") if part.strip())
    block.functions[hit[1].lower()] = (arguments, parse(unquoted(hit[3].strip()), where=statement.where))


def _model(block: Block, statement: Statement) -> None:
    parts = statement.text.split(None, 2)
    if len(parts) < 3:
        statement.refuse("`.model` must have a name and a type")
    block.models[parts[1].lower()] = statement


def _check_functions(block: Block) -> None:
    """Refuse functions that call themselves, or that grow beyond all bounds when written out."""
    known = block.all_functions()
    sizes: dict[str, int] = {}

    def size(name: str, above: tuple[str, ...]) -> int:
        if name in above:
            raise DialectError(f"{_place(block, name).where}: `.func {name}()` calls itself" + (f" through {above[-1]}()" if above[-1] != name else ""))
        if name not in sizes:
            nodes = list(walk(known[name][1]))
            sizes[name] = len(nodes) + sum(size(node.name, (*above, name)) for node in nodes if isinstance(node, Call) and node.name in known)
            if sizes[name] > MOST_FUNCTION_WORDS:
                where = _place(block, name).where
                raise DialectError(f"{where}: `.func {name}()` grows to {sizes[name]} words when written out; must be at most {MOST_FUNCTION_WORDS}")
        return sizes[name]

    for name in known:
        size(name, ())


def _place(block: Block, name: str) -> Statement:
    return block.statement if block.name else block.statement.with_text(name)


class Globals:
    """Values of the top circuit's parameters, with those that are set from outside.

    Args:
        top: the top circuit.
        given: values from outside, in lower case; they win over ``.param``.
        temperature: what ``temp`` means [degC].
    """

    def __init__(self, top: Block, given: Mapping[str, float], temperature: float) -> None:
        self._top, self._given, self._temperature = top, dict(given), temperature
        self._known: dict[str, float] = {}
        self._open: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._given or name in self._top.parameters

    def names(self) -> set[str]:
        """All parameters that have a value."""
        return {*self._given, *self._top.parameters}

    def __getitem__(self, name: str) -> float:
        if name in self._given:
            return self._given[name]
        if name in self._known:
            return self._known[name]
        if name not in self._top.parameters:
            if name in ("temp", "temper"):
                return self._temperature
            raise KeyError(name)
        tree, statement = self._top.parameters[name]
        if name in self._open:
            statement.refuse(f"parameter `{name}` depends on itself")
        self._open.append(name)
        try:
            self._known[name] = self.number(tree, statement.where)
        finally:
            self._open.pop()
        return self._known[name]

    def number(self, tree: Tree, where: str) -> float:
        """The value of an expression of the top circuit."""
        return Evaluator(where, self.__getitem__, self._top.functions).number(tree)

    def read(self, text: str, where: str) -> float:
        """The number that a word stands for: ``10k``, ``{2*r}``, ``'2*r'``, ``2*r``."""
        value = number(text)
        return value if value is not None else self.number(parse(text, where=where), where)


def mentioned(statement_texts: Iterable[str]) -> set[str]:
    """Every word that could be the name of a parameter, in lower case."""
    return {word.lower() for text in statement_texts for word in re.findall(r"[A-Za-z_]\w*", text)}


def names_in(tree: Tree) -> set[str]:
    """The names in a tree."""
    return {node.name for node in walk(tree) if isinstance(node, Name)}
