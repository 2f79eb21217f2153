"""Instances of subcircuits for ngspice: what each parameter of the header is for this instance.

LTspice evaluates the default of a header's parameter in the subcircuit: ``q={w*10}`` takes the `w` that the instance has, given
or by default, and not a parameter of the same name outside. ngspice sets parameters one after the other, in the order
of the header, and takes what a name means by then; such defaults are therefore written out at each instance.
"""

import re

from cosim.spice.translation.blocks import Block, names_in
from cosim.spice.translation.formula import Call, Name, Number, Tree, parse, substituted, walk
from cosim.spice.translation.place import Place, node_name
from cosim.spice.translation.statements import Statement, option, unquoted, words


def write_instance(place: Place, statement: Statement) -> str:
    """The line of an X element.

    Raises:
        DialectError: no such subcircuit, another number of nodes, or a default that has no one meaning.
    """
    parts = [word for word in words(statement.text) if word.lower() not in ("params:", "params")]
    parts = [word[7:] if word.lower().startswith("params:") else word for word in parts]
    plain_words = [word for word in parts if option(word) is None]
    if len(plain_words) < 2:
        statement.refuse("`X` must name its nodes and a subcircuit")
    name, nodes, circuit = plain_words[0], plain_words[1:-1], plain_words[-1]
    block = place.block.subcircuit(circuit)
    if block is None:
        statement.refuse(f"subcircuit `{circuit}` is not defined{place.missing_hint()}")
    if len(nodes) != len(block.ports):
        statement.refuse(f"`{name}` has {len(nodes)} nodes, subcircuit `{circuit}` has {len(block.ports)}")
    given = {pair[0]: parse(unquoted(pair[1]), where=statement.where) for pair in map(option, parts) if pair}
    trees = given | _Defaults(place, block, given).trees()
    shown = [f"{key}={_given(place, statement, block, key, tree)}" for key, tree in trees.items()]
    return " ".join([name, *(node_name(node) for node in nodes), circuit.lower(), *shown])


def _given(place: Place, statement: Statement, block: Block, key: str, tree: Tree) -> str:
    """The value of a parameter of an instance.

    ngspice sets them one after the other in the order of the header, so that ``a={b} b={a}`` reads the new `a`: a value that
    names another of the header's parameters becomes a parameter beside the instance.
    """
    text = place.written(statement, tree)
    if not text.startswith("{") or not ((names_in(tree) - {key}) & block.defaults.keys()):
        return text
    name = f"cosim_{re.sub(r'[^a-z0-9_]', '_', statement.text.split()[0].lower())}_{key}"
    place.add(f".param {name}={text}")
    return f"{{{name}}}"


def is_dependent(block: Block, name: str) -> bool:
    """Whether the default of a header's parameter is made of other parameters of that header."""
    return bool((names_in(block.defaults[name][0]) - {name}) & block.defaults.keys())


class _Defaults:
    """The dependent defaults of a header, for one instance."""

    def __init__(self, place: Place, block: Block, given: dict[str, Tree]) -> None:
        self.place, self.block, self.given = place, block, given

    def trees(self) -> dict[str, Tree]:
        """Name -> tree in the names of the instance's own block."""
        return {name: self._default(name, ()) for name in self.block.defaults if name not in self.given and is_dependent(self.block, name)}

    def _default(self, name: str, above: tuple[str, ...]) -> Tree:
        tree, statement = self.block.defaults[name]
        if name in above:
            statement.refuse(f"parameter `{name}` of subcircuit `{self.block.name}` depends on itself")
        self._check_functions(tree, statement)
        return substituted(tree, lambda word: self._outside(word, statement) if word == name else self._meaning(word, (*above, name), statement))

    def _meaning(self, name: str, above: tuple[str, ...], statement: Statement) -> Tree:
        if name in self.given:
            return self.given[name]
        return self._default(name, above) if name in self.block.defaults else self._outside(name, statement)

    def _outside(self, name: str, statement: Statement) -> Tree:
        """A name of the blocks around the subcircuit, as the block of the instance must write it."""
        if name in self.block.parameters:
            statement.refuse(f"the default of a parameter of `{self.block.name}` uses `{name}`, which its body defines; move it to the body")
        outer = self.block.parent.owner(name) if self.block.parent else None
        if outer is self.place.block.owner(name):
            return Name(name)
        if outer is not None and outer.parent is not None:
            statement.refuse(f"`{name}` means another parameter where `{self.block.name}` is used; rename one")
        return Number(self.place.shared.globals[name]) if name in self.place.shared.globals else Name(name)

    def _check_functions(self, tree: Tree, statement: Statement) -> None:
        here, there = self.place.block.all_functions(), self.block.parent.all_functions() if self.block.parent else {}
        for node in walk(tree):
            if isinstance(node, Call) and here.get(node.name) is not there.get(node.name):
                statement.refuse(f"`{node.name}()` means another function where `{self.block.name}` is used; rename one")
