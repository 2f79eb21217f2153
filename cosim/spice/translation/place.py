"""Where an element stands: its block, what its names mean, and what is noted and added while it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cosim.spice.translation.blocks import Block, Globals, names_in
from cosim.spice.translation.evaluate import Evaluator
from cosim.spice.translation.formula import Call, Name, Number, Signal, Tree, parse, walk
from cosim.spice.translation.numbers import common, number
from cosim.spice.translation.statements import Note, Statement, unquoted
from cosim.spice.translation.write import Writer
from cosim.units import plain

PINS = {"m": {"d": 0, "g": 1, "s": 2, "b": 3}, "q": {"c": 0, "b": 1, "e": 2, "s": 3}, "j": {"d": 0, "g": 1, "s": 2}, "z": {"d": 0, "g": 1, "s": 2}}
BRANCHES = "vl"  # elements whose current ngspice keeps as an unknown of its own
GROUND = ("0", "gnd")


@dataclass
class Shared:
    """What all blocks of one translation share."""

    globals: Globals
    notes: dict[Note, None] = field(default_factory=dict)  # in their order, each once
    corners: list[tuple[str, tuple[float, ...]]] = field(default_factory=list)  # of PWL sources, to be met by time steps
    fastest: float = 0.0  # highest frequency of a sine at the top [Hz]
    uic: bool = False
    noise: bool = False
    noise_source: str = ""
    missing: tuple[str, ...] = ()  # libraries that were left out, because they are LTspice's own
    tables: Mapping[str, str] = field(default_factory=dict)  # files that sources read: name -> text


class Place:
    """A block while it is written."""

    def __init__(self, block: Block, shared: Shared) -> None:
        self.block, self.shared = block, shared
        self.added: list[str] = []
        self.sensed: dict[str, set[int]] = {}  # device -> pins whose current is wanted
        self.coupled = {word.lower() for each in block.elements if each.text[0] in "kK" for word in each.text.split()[1:-1]}
        self.letters = {each.text.split()[0].lower(): each for each in block.elements}

    @property
    def top(self) -> bool:
        """Whether this is the top circuit."""
        return self.block.parent is None

    def note(self, statement: Statement, what: str, became: str) -> None:
        """Say what was translated; the same said twice of a line counts once."""
        self.shared.notes[Note(statement.file, statement.line, what, became)] = None

    def add(self, line: str) -> None:
        """Write another line beside the element."""
        self.added.append(line)

    def missing_hint(self) -> str:
        """What may define a name that is not defined."""
        return f"; LTspice's own {self.shared.missing[0]} is not at hand: put it beside the netlist" if self.shared.missing else ""

    def values(self) -> dict[str, float | None]:
        """What names stand for here: numbers, or None for the parameters of the subcircuits around."""
        own = [name for block in self.block.scopes() if block.parent is not None for name in (*block.defaults, *block.parameters)]
        known: dict[str, float | None] = {name: self.shared.globals[name] for name in self.shared.globals.names() if name not in own}
        return known | dict.fromkeys(own)

    def writer(self, statement: Statement, *, in_source: bool = False) -> Writer:
        """A writer of expressions of this block."""
        functions = {name: len(arguments) for name, (arguments, _) in self.block.all_functions().items()}
        return Writer(statement.where, self.values(), functions, (lambda signal: self.signal(statement, signal)) if in_source else None)

    def signal(self, statement: Statement, signal: Signal) -> str:
        """A signal of a behavioral source, with the current of a device read through a source of no voltage."""
        if signal.kind == "v":
            return f"V({','.join(node_name(each) for each in signal.of)})"
        return f"I({self.sensor(statement, signal)})"

    def sensor(self, statement: Statement, signal: Signal) -> str:
        """The source whose current is the one that `signal` asks for."""
        device, pin = signal.of[0], signal.kind[1:]
        owner = self.letters.get(device) or self.letters.get(f"x{device}")
        if len(signal.of) != 1 or owner is None:
            statement.refuse(f"`{signal.kind}({','.join(signal.of)})`: there is no element {device} here")
        letter = device[0]
        index = PINS.get(letter, {}).get(pin) if pin else 0
        if letter == "x" or index is None or (not pin and letter in PINS) or (pin and letter not in PINS):
            pins = ", ".join(f"I{pin}({device})" for pin in PINS.get(letter, {}))
            right = f"write {pins}" if pins else "put a source of 0 V in series and read its current" if letter == "x" else f"write I({device})"
            statement.refuse(f"`{signal.kind}({device})` is no current of one pin that can be read; {right}")
        if letter in BRANCHES:
            return device
        self.sensed.setdefault(device, set()).add(index)
        return sense_name(device, index)

    def through_sensors(self, name: str, nodes: list[str]) -> list[str]:
        """The nodes of an element, behind the sources that sense the currents wanted."""
        behind = list(nodes)
        for pin in sorted(self.sensed.get(name.lower(), ())):
            if pin < len(nodes):
                behind[pin] = f"{sense_name(name, pin)}_n"
                self.add(f"{sense_name(name, pin)} {nodes[pin]} {behind[pin]} 0")
        return behind

    def value(self, statement: Statement, text: str) -> str:
        """A value without signals: a number, or in a subcircuit ``{expression}``."""
        if number(text) is not None:
            return common(text)
        tree = parse(unquoted(text), where=statement.where)
        return self.written(statement, tree)

    def written(self, statement: Statement, tree: Tree) -> str:
        """A tree without signals as a number or ``{expression}``."""
        self.check_functions(statement, tree)
        if not self.depends(tree):
            return plain(self._number(statement, tree))
        writer = self.writer(statement)
        text = writer.text(tree)
        self.note_rewritten(statement, writer)
        return f"{{{text}}}"

    def _number(self, statement: Statement, tree: Tree) -> float:
        return Evaluator(statement.where, self.shared.globals.__getitem__, self.block.all_functions()).number(tree)

    def depends(self, tree: Tree) -> bool:
        """Whether a tree needs parameters of a subcircuit, itself or in the functions that it calls."""
        functions = self.block.all_functions()
        for node in walk(tree):
            if isinstance(node, Name) and self.is_local(node.name):
                return True
            if isinstance(node, Call) and node.name in functions and self.depends(functions[node.name][1]):
                return True
        return False

    def check_functions(self, statement: Statement, tree: Tree) -> None:
        """Refuse a function that uses a parameter which is another one here than where the function is defined.

        LTspice's help does not say which of the two it takes, and ngspice takes the one of the place where it is called.
        """
        for node in walk(tree):
            home = next((block for block in self.block.scopes() if isinstance(node, Call) and node.name in block.functions), None)
            if home is None or not isinstance(node, Call):
                continue
            arguments, body = home.functions[node.name]
            for name in sorted(names_in(body) - set(arguments)):
                if self.block.owner(name) is not home.owner(name):
                    statement.refuse(f"`{node.name}()` uses `{name}`, which is a parameter here and where the function is defined; make it an argument")
            self.check_functions(statement, body)

    def is_local(self, name: str) -> bool:
        """Whether a name is a parameter of a subcircuit, known only when the circuit is expanded."""
        return any(name in block.defaults or name in block.parameters for block in self.block.scopes() if block.parent is not None)

    def note_rewritten(self, statement: Statement, writer: Writer) -> None:
        """Note the functions that a writer had to write in another form."""
        for construct, became in writer.rewritten.items():
            self.note(statement, construct, became)

    def source_expression(self, statement: Statement, text: str) -> str:
        """An expression that may hold signals, for a behavioral element."""
        writer = self.writer(statement, in_source=True)
        tree = parse(unquoted(text), where=statement.where)
        self.check_functions(statement, tree)
        found = writer.text(tree)
        self.note_rewritten(statement, writer)
        return found

    def constant(self, statement: Statement, text: str) -> float | None:
        """The number that a value is, None if it depends on parameters of a subcircuit."""
        value = number(text)
        if value is not None:
            return value
        tree = parse(unquoted(text), where=statement.where)
        if isinstance(tree, Number):
            return tree.value
        return None if self.depends(tree) else self._number(statement, tree)


def node_name(name: str) -> str:
    """A node as ngspice can read it: lower case, without ``$`` and ``=``, which it takes for something else."""
    return name.lower().replace("$", "_d_").replace("=", "_eq_")


def sense_name(device: str, pin: int) -> str:
    """The source that senses the current of a pin."""
    return f"vsense_{device.lower()}_{pin}"
