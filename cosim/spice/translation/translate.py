"""From the statements of LTspice's netlist to the deck of one run: pure, every change noted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cosim.analysis import Analysis
from cosim.errors import DialectError
from cosim.spice.deck import wrap
from cosim.spice.translation.analyses import KINDS, Request, read_analysis
from cosim.spice.translation.blocks import Block, Globals, arrange, mentioned
from cosim.spice.translation.directives import read_options, write_directive
from cosim.spice.translation.edits import Edits, edit
from cosim.spice.translation.elements import write_element
from cosim.spice.translation.evaluate import Function
from cosim.spice.translation.floating import GFLOAT, floating_nodes
from cosim.spice.translation.formula import Name, Signal
from cosim.spice.translation.guard import check_size
from cosim.spice.translation.instances import is_dependent
from cosim.spice.translation.measures import Meas, check_measures, read_measure
from cosim.spice.translation.models import write_model
from cosim.spice.translation.place import Place, Shared, node_name
from cosim.spice.translation.statements import Note, Statement, option, statements, words
from cosim.spice.translation.steps import Step, check_steps, read_step
from cosim.units import plain

Dialect = Literal["ngspice", "ltspice"]
ROOM_TEMPERATURE = 27.0
_TOP_ONLY = {".step", ".meas", ".measure", ".save", ".temp", ".option", ".options", *KINDS}
_SAVED = re.compile(r"(v|i[a-z]?)\(([^()]*)\)", re.I)


@dataclass(frozen=True)
class Translation:
    """One run of a netlist.

    Attributes:
        text: the deck for the engine.
        notes: what was read as LTspice does and written as the engine needs it.
        steps: of the netlist's ``.step`` lines; this is the run with their present values.
        measures: of its ``.meas`` lines.
        kind: ``tran``, ``ac``, ``dc``, ``op`` or ``noise``.
        analysis: the same as cosim knows it, where it does.
        points: that the run will write, at least.
        saved: patterns of the signals that the netlist keeps; empty for all.
        origins: line of the deck -> statement of the netlist.
        corners: times of PWL sources, by the name of the source.
        names: signal as the engine calls it -> as the netlist does.
        parameters: values of the top circuit's parameters.
        functions: of ``.func`` lines.
    """

    text: str
    notes: tuple[Note, ...]
    steps: tuple[Step, ...]
    measures: tuple[Meas, ...]
    kind: str
    analysis: Analysis | None
    points: int
    saved: tuple[str, ...]
    origins: Mapping[int, Statement]
    corners: tuple[tuple[str, tuple[float, ...]], ...]
    names: Mapping[str, str]
    parameters: Globals
    functions: Mapping[str, Function]


def translate(
    source: str | Sequence[Statement],
    *,
    dialect_of_engine: Dialect = "ngspice",
    edits: Edits | None = None,
    tables: Mapping[str, str] | None = None,
    missing: Sequence[str] = (),
    file: str = "netlist",
) -> Translation:
    """The deck of a netlist for an engine.

    Args:
        source: the text of a netlist, its title first, or its statements without title, includes resolved.
        dialect_of_engine: ``ltspice`` keeps every element as it is.
        edits: values from outside; the run of one step is asked for through them.
        tables: contents of the files that PWL sources read, by name.
        missing: libraries of LTspice's own that were left out, named where a model is missing.
        file: the name of the netlist in errors, where `source` is text.

    Raises:
        DialectError: by file, line and construct, what the engine has not, or what has no sense.
        InputError: an edit names what is not there.
    """
    given = edits or Edits()
    lines = list(_statements(source, file))
    lines = edit(lines, given)
    top = arrange(_before_end(lines), Statement(lines[0].file if lines else file, 1, ""))
    check_size(top)
    return _Run(top, lines, given, dict(tables or {}), tuple(missing), dialect_of_engine).translation()


def _statements(source: str | Sequence[Statement], file: str) -> Sequence[Statement]:
    if not isinstance(source, str):
        return source
    return list(statements("*\n" + source.partition("\n")[2], file))


def _before_end(lines: Sequence[Statement]) -> list[Statement]:
    end = next((index for index, each in enumerate(lines) if each.text.lower() == ".end"), len(lines))
    return list(lines[:end])


@dataclass
class _Lines:
    """The lines of the deck with the statements that they come from."""

    lines: list[str] = field(default_factory=list)
    origins: dict[int, Statement] = field(default_factory=dict)

    def put(self, text: str, statement: Statement | None = None) -> None:
        """Append a line, wrapped."""
        for line in wrap(text):
            self.lines.append(line)
            if statement is not None:
                self.origins[len(self.lines)] = statement


class _Run:
    """One translation."""

    def __init__(self, top: Block, lines: Sequence[Statement], edits: Edits, tables: Mapping[str, str], missing: tuple[str, ...], dialect: Dialect) -> None:
        self.top, self.all_lines, self.edits, self.dialect = top, lines, edits, dialect
        self.groups = {word: [each for each in top.others if each.text.split()[0].lower() == word] for word in _TOP_ONLY}
        self.measured = tuple(read_measure(each) for each in top.others if each.text.split()[0].lower() in (".meas", ".measure"))
        self.temperature = edits.temperature if edits.temperature is not None else ROOM_TEMPERATURE
        self.shared = Shared(Globals(top, self._given(), self.temperature), tables=tables, missing=missing)
        self.place = Place(top, self.shared)
        self.names: dict[str, str] = {}
        self.given = self._given()
        self._join_passed()

    def _given(self) -> dict[str, float]:
        return {name.lower(): value for name, value in self.edits.parameters.items()}

    def translation(self) -> Translation:
        """Everything."""
        steps = self._steps()
        first = {step.name: step.values[0] for step in steps if step.kind == "param" and step.name not in self.shared.globals}
        self.given = first | self._given()  # a parameter that only `.step` defines has its first value
        self.shared.globals = Globals(self.top, self.given, self.temperature)
        options, used = self._options()
        self._temperatures(used, steps)
        request_statement = self._analysis_statement()
        self.shared.uic = "uic" in request_statement.text.lower().split()
        self.shared.noise = request_statement.text.lower().startswith(".noise")
        self.shared.noise_source = words(request_statement.text)[2].lower() if self.shared.noise and len(words(request_statement.text)) > 2 else ""
        saved = self._saved()
        body = _Lines()
        self._write_top(body)
        request = read_analysis(request_statement, self.shared.globals, fastest=self.shared.fastest, largest=used.get("maxstep"))
        if what := check_measures(self.measured, request):
            self.place.note(what.statement, ".meas of a .tran whose data begin late", "its positions are absolute times of the simulation")
        self._finish(body, options, request, request_statement, saved)
        return Translation(
            text="\n".join(body.lines) + "\n",
            notes=tuple(self.shared.notes),
            steps=steps,
            measures=self.measured,
            kind=request.kind,
            analysis=request.analysis,
            points=request.points,
            saved=saved,
            origins=body.origins,
            corners=tuple(self.shared.corners),
            names=self.names,
            parameters=self.shared.globals,
            functions=self.top.functions,
        )

    def _steps(self) -> tuple[Step, ...]:
        given = [read_step(each, self.shared.globals) for each in self.edits.steps]
        taken = {step.name for step in given}
        steps = [*given, *(step for step in (read_step(each, self.shared.globals) for each in self.groups[".step"]) if step.name not in taken)]
        temperatures = [each for each in self.groups[".temp"] if len(each.text.split()) > 2]
        for each in temperatures:
            steps.append(Step("temp", "temp", tuple(self.shared.globals.read(word, each.where) for word in each.text.split()[1:]), each))
        check_steps(steps)
        used = mentioned(each.text for each in self.all_lines if not re.match(r"\.(step|meas)", each.text, re.I))
        for step in steps:
            self._check_step(step, used)
        return tuple(steps)

    def _check_step(self, step: Step, used: set[str]) -> None:
        if step.kind == "param" and step.name not in used:
            step.refuse(f"`.step param {step.name}`: no parameter of this name is used in the netlist{near(step.name, self.shared.globals.names())}")
        if step.kind == "source" and step.name not in self.place.letters:
            step.refuse(f"`.step {step.name}`: there is no such source{near(step.name, self.place.letters)}")
        if step.kind == "model":
            name = step.name.partition("(")[0]
            if self.top.model(name) is None:
                step.refuse(f"`.step {step.name}`: there is no model {name}{near(name, self.top.models)}")

    def _options(self) -> tuple[list[str], dict[str, float]]:
        kept: list[str] = []
        used: dict[str, float] = {}
        for each in (*self.groups[".option"], *self.groups[".options"]):
            more, special = read_options(self.place, each)
            kept += more
            used |= special
        return kept, used

    def _temperatures(self, used: Mapping[str, float], steps: Sequence[Step]) -> None:
        """The temperature of this run, from edits, ``.temp``, ``.options temp``."""
        if "temp" in self.top.parameters and not any(step.name == "temp" for step in steps):
            self.top.parameters["temp"][1].refuse("`.param temp` is not the temperature to every program; write .temp")
        singles = [each for each in self.groups[".temp"] if len(each.text.split()) == 2]
        if self.edits.temperature is not None:
            self.temperature = self.edits.temperature
        elif singles:
            self.temperature = self.shared.globals.read(singles[-1].text.split()[1], singles[-1].where)
        elif "temp" in used:
            self.temperature = used["temp"]
        self.shared.globals = Globals(self.top, self.given, self.temperature)

    def _analysis_statement(self) -> Statement:
        found = sorted((each for kind in KINDS for each in self.groups[kind]), key=lambda each: (each.file, each.line))
        real = [each for each in found if each.text.split()[0].lower() != ".op"]
        if len(real) > 1:
            real[1].refuse(f"a second analysis beside line {real[0].line}; LTspice runs one at a time, so keep one")
        if not found:
            raise DialectError(f"{self.top.statement.file}: asks for no analysis; write .tran, .ac, .dc, .noise or .op")
        if real and len(found) > len(real):
            self.place.note(next(each for each in found if each not in real), ".op", f"left out: {real[0].text.split()[0]} is the analysis")
        return (real or found)[0]

    def _saved(self) -> tuple[str, ...]:
        """Patterns of the signals to keep; currents that ngspice does not compute get a source that senses them."""
        wanted: list[str] = []
        for each in self.groups[".save"]:
            parts = [word.lower() for word in words(each.text)[1:] if word.lower() not in ("dialogbox", "all")]
            if any(_SAVED.fullmatch(word) is None for word in parts):
                each.refuse(f"`{next(word for word in parts if _SAVED.fullmatch(word) is None)}` is no signal that can be saved")
            wanted += parts
            self._check_saved(each, parts)
        if self.dialect == "ngspice":
            for measure in self.measured:
                for signal in measure.signals():
                    self._sense(measure.statement, signal)
        return tuple(wanted)

    def _check_saved(self, statement: Statement, parts: Sequence[str]) -> None:
        nodes = self._nodes()
        for word in parts:
            hit = _SAVED.fullmatch(word)
            assert hit is not None
            if "*" in word or "?" in word or ":" in word or "." in hit[2]:
                continue
            if hit[1] == "v":
                for node in (part.strip() for part in hit[2].split(",")):
                    if node not in nodes:
                        statement.refuse(f"V({node}) is no node of this netlist{near(node, nodes)}")
            elif self.dialect == "ngspice":
                self._sense(statement, Signal(hit[1], (hit[2],)))

    def _nodes(self) -> set[str]:
        """Every word of the top circuit's elements that may be a node."""
        return {"0", "gnd"} | {word.lower() for each in self.top.elements for word in words(each.text)[1:] if option(word) is None}

    def _sense(self, statement: Statement, signal: Signal) -> None:
        if signal.kind == "v" or any(mark in signal.of[0] for mark in ".:"):
            return
        source = self.place.sensor(statement, signal)
        if source != signal.of[0]:
            self.names[f"i({source})"] = f"{signal.kind}({signal.of[0]})"

    def _write_top(self, body: _Lines) -> None:
        body.put(f"* {self.top.statement.file}, translated by cosim")
        if self.dialect == "ltspice":
            self._keep(body)
            return
        self._write_block(body, self.place)
        for block in self.top.subcircuits.values():
            self._write_subcircuit(body, block)
        hidden = {word.lower() for each in self.top.elements for word in words(each.text)[1:] if "$" in word and option(word) is None}
        self.names |= {f"v({node_name(word)})": f"v({word})" for word in hidden}
        for word in sorted(word for word in hidden if word.startswith("$g_")):
            body.put(f".global {node_name(word)}")

    def _write_subcircuit(self, body: _Lines, block: Block) -> None:
        """A ``.subckt`` block."""
        place = Place(block, self.shared)
        shown = []
        for name, (tree, statement) in block.defaults.items():
            outer = Place(block.parent, self.shared) if block.parent else place
            own = isinstance(tree, Name) and tree.name == name
            place.check_functions(statement, tree)
            known = (not own or name in self.shared.globals) and not is_dependent(block, name)  # else each instance gives it
            shown.append(f"{name}={outer.written(statement, tree) if known else '0'}")
        body.put(" ".join([f".subckt {block.name}", *map(node_name, block.ports), *shown]), block.statement)
        self._write_block(body, place)
        for inner in block.subcircuits.values():
            self._write_subcircuit(body, inner)
        body.put(f".ends {block.name}")

    def _join_passed(self) -> None:
        """Parameters that only the instances of a subcircuit name join its header."""
        passed = self._passed()
        for block in self.top.tree():
            for name in sorted(passed.get(block.name, set()) - set(block.defaults) - set(block.parameters)):
                block.defaults[name] = (Name(name), block.statement)

    def _passed(self) -> dict[str, set[str]]:
        """Names of the parameters that instances give, by the name of their subcircuit."""
        found: dict[str, set[str]] = {}
        for each in self.all_lines:
            parts = [word.removeprefix("params:") for word in words(each.text)] if each.text[0] in "xX" else []
            names = [word for word in parts if option(word) is None and word.lower() not in ("", "params")]
            if names:
                found.setdefault(names[-1].lower(), set()).update(pair[0] for pair in map(option, parts) if pair)
        return found

    def _write_block(self, body: _Lines, place: Place) -> None:
        block = place.block
        if block.parent is not None:
            for name, (tree, statement) in block.parameters.items():
                body.put(f".param {name}={place.written(statement, tree)}", statement)
        for name, (arguments, tree) in block.functions.items():
            writer = place.writer(block.statement)
            writer.values = {**writer.values, **dict.fromkeys(arguments)}
            body.put(f".func {name}({','.join(arguments)}) {{{writer.text(tree)}}}")
        lines = self._element_lines(place)
        for line, statement in lines:
            body.put(line, statement)
        for node in floating_nodes(block):
            body.put(f"Rgfloat_{len(body.lines)} {node} 0 {plain(1 / GFLOAT)}")
            place.note(block.statement, f"node {node} without a path for direct current", f"{GFLOAT:g} S to ground, LTspice's gfloat")
        for name, statement in block.models.items():
            body.put(write_model(place, name, statement), statement)
        for statement in block.others:
            word = statement.text.split()[0].lower()
            if word in _TOP_ONLY and block.parent is None:
                continue
            if line := write_directive(place, statement):
                body.put(line, statement)

    def _element_lines(self, place: Place) -> list[tuple[str, Statement]]:
        """Behavioral sources first: they ask for the currents that other elements then let be sensed."""
        order = sorted(range(len(place.block.elements)), key=lambda index: place.block.elements[index].text[0].lower() not in "begr")
        written: dict[int, list[tuple[str, Statement]]] = {}
        sensed = -1
        while sensed != sum(map(len, place.sensed.values())):  # until no element asks for a current that was written without
            sensed = sum(map(len, place.sensed.values()))
            for index in order:
                statement = place.block.elements[index]
                place.added.clear()
                line = write_element(place, statement)
                written[index] = [(each, statement) for each in (line, *place.added)]
        return [line for index in sorted(written) for line in written[index]]

    def _keep(self, body: _Lines) -> None:
        """The netlist for LTspice itself: as it is, without what is computed here."""
        given = self.given
        depth = 0
        for statement in _before_end(self.all_lines):
            word = statement.text.split()[0].lower()
            depth += (word == ".subckt") - (word == ".ends")
            if word in (".step", ".meas", ".measure", ".temp") or (word.startswith(".param") and depth == 0 and given):
                continue
            text = statement.text
            for name, table in self.shared.tables.items():
                text = text.replace(f"file={name}", "file=" + re.sub(r"\W", "_", name)) if table else text
            body.put(text, statement)
        for library in dict.fromkeys(self.shared.missing):  # LTspice has its own
            body.put(f".lib {library}")
        if given:
            known = sorted(self.shared.globals.names())
            body.put(".param " + " ".join(f"{name}={plain(self.shared.globals[name])}" for name in known))

    def _finish(self, body: _Lines, options: Sequence[str], request: Request, statement: Statement, saved: Sequence[str]) -> None:
        if self.dialect == "ltspice":
            body.put(f".temp {plain(self.temperature)}")
            body.put(".end")
            return
        if options:
            body.put(f".options {' '.join(options)}")
        body.put(f".temp {plain(self.temperature)}")
        body.put(request.line, statement)
        if request.note[0]:
            self.place.note(statement, *request.note)
        body.put(".end")


def near(wanted: str, known: "Sequence[str] | set[str] | Mapping[str, object]") -> str:
    """``; near: a, b`` for names that look like `wanted`; else empty."""
    import difflib

    found = difflib.get_close_matches(wanted, sorted(known), n=3, cutoff=0.5)
    return f"; near: {', '.join(found)}" if found else ""
