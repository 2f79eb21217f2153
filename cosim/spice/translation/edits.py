"""Values from outside: components, parameters, sources, models, temperature, steps."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cosim.errors import InputError
from cosim.spice.translation.blocks import mentioned
from cosim.spice.translation.statements import Statement, option, words
from cosim.units import plain

UNITS = {"r": "ohm", "c": "F", "l": "H", "v": "V", "i": "A"}  # of the components whose value can be set


@dataclass(frozen=True)
class Edits:
    """What a run changes in a netlist.

    Attributes:
        components: name -> value of a resistor, capacitor, inductor or source of the top circuit.
        parameters: name -> value of a ``.param``.
        models: ``model(parameter)`` -> value.
        temperature: [degC]; None for the netlist's own.
        steps: ``.step`` statements; one of a name that the netlist steps too takes its place.
    """

    components: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
    models: Mapping[str, float] = field(default_factory=dict)
    temperature: float | None = None
    steps: tuple[Statement, ...] = ()


def edit(lines: Sequence[Statement], edits: Edits) -> list[Statement]:
    """The statements with the values of components and models set.

    Raises:
        InputError: no such component, parameter or model; near ones are named.
    """
    known = mentioned(each.text for each in lines)
    for name in edits.parameters:
        if name.lower() not in known:
            raise InputError(f"--param {name}: the netlist uses no parameter of this name{_near(name, _parameters(lines))}")
    components = {name.lower(): value for name, value in edits.components.items()}
    models = {name.lower(): value for name, value in edits.models.items()}
    found, depth = [], 0
    for statement in lines:
        word = statement.text.split()[0].lower()
        depth += (word == ".subckt") - (word == ".ends")
        if depth == 0 and word in components:
            statement = _with_value(statement, components.pop(word))
        if depth == 0 and word == ".model" and len(statement.text.split()) > 1:
            statement = _with_model(statement, models)
        found.append(statement)
    if components:
        name = next(name for name in edits.components if name.lower() in components)
        raise InputError(f"--set {name}: there is no such component in the top circuit{_near(name, [each.text.split()[0] for each in lines])}")
    return found


def _with_value(statement: Statement, value: float) -> Statement:
    parts = words(statement.text)
    letter = parts[0][0].lower()
    if letter not in UNITS or len(parts) < 3:
        raise InputError(f"--set {parts[0]}: only the values of R, C, L, V and I can be set")
    rest = parts[3:]
    if rest and rest[0].lower() == "dc":
        rest = rest[1:]
    if letter in "vi":
        if any(re.match(r"(pulse|sine?|exp|sffm|pwl)\b", word, re.I) for word in rest):
            raise InputError(f"--set {parts[0]}: the source has a waveform; put a parameter into it and use --param")
        rest = rest[1:] if rest and not rest[0].lower().startswith("ac") and option(rest[0]) is None else rest
    else:
        rest = rest[1:]
    return statement.with_text(" ".join([*parts[:3], plain(value), *rest]))


def _with_model(statement: Statement, models: Mapping[str, float]) -> Statement:
    name = statement.text.split()[1].lower()
    for key, value in models.items():
        model, _, parameter = key.rstrip(")").partition("(")
        if model == name:
            text = statement.text.rstrip()
            closed = text.endswith(")")
            statement = statement.with_text(f"{text[:-1] if closed else text} {parameter}={plain(value)}{')' if closed else ''}")
    return statement


def _parameters(lines: Iterable[Statement]) -> list[str]:
    """Names that the ``.param`` lines define."""
    return [name for each in lines if each.text.lower().startswith(".param") for name in re.findall(r"(\w+)\s*=", each.text)]


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name.lower(), [each.lower() for each in known], n=3, cutoff=0.5)
    return f"; near: {', '.join(close)}" if close else ""
