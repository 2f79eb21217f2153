"""``.step`` lines, as values to run one after the other; the first line of a netlist moves fastest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from cosim.errors import InputError
from cosim.spice.translation.blocks import Globals
from cosim.spice.translation.statements import Statement, words

MOST_RUNS = 10_000
MOST_STEPS = 3
_SPACINGS = ("lin", "oct", "dec")


@dataclass(frozen=True)
class Step:
    """What is stepped: a parameter, a source, the temperature (``temp``), or a parameter of a model.

    Attributes:
        kind: ``param``, ``source``, ``temp`` or ``model``.
        name: lower case; ``model(parameter)`` for a model.
        values: one a run.
    """

    kind: str
    name: str
    values: tuple[float, ...]
    statement: Statement

    def refuse(self, reason: str) -> NoReturn:
        """Refuse the netlist because of this step."""
        self.statement.refuse(reason)


def read_step(statement: Statement, values: Globals) -> Step:
    """The step of a ``.step`` line.

    Raises:
        DialectError: it cannot be read, or has no values.
    """
    parts = words(statement.text)[1:]
    spacing = "lin"
    for word in list(parts[:3]):
        if word.lower() in _SPACINGS:
            spacing = word.lower()
            parts.remove(word)
            break
    kind, name, rest = _item(statement, parts)
    if rest and rest[0].lower() in _SPACINGS:
        spacing, rest = rest[0].lower(), rest[1:]
    if rest and rest[0].lower() == "list":
        found = [values.read(word, statement.where) for word in rest[1:]]
    elif rest and re.match(r"file=", rest[0], re.I):
        statement.refuse("`.step` with file= is not translated; write list and the values")
    else:
        found = _spaced(statement, spacing, [values.read(word, statement.where) for word in rest])
    if not found:
        statement.refuse("`.step` has no values")
    return Step(kind, name, tuple(found), statement)


def _item(statement: Statement, parts: Sequence[str]) -> tuple[str, str, list[str]]:
    if len(parts) < 2:
        statement.refuse("`.step` must name what it steps and its values")
    first = parts[0].lower()
    if first in ("param", "params"):
        return "param", parts[1].lower(), list(parts[2:])
    if first == "temp":
        return "temp", "temp", list(parts[1:])
    if re.fullmatch(r"\S+\(\w+\)", parts[1]):
        return "model", parts[1].lower(), list(parts[2:])
    if first[0] in "vi":
        return "source", first, list(parts[1:])
    statement.refuse(f"`.step {parts[0]}` must be a parameter (param {parts[0]}), a source, temp or a model's parameter")


def _spaced(statement: Statement, spacing: str, ends: Sequence[float]) -> list[float]:
    """LTspice's steps: from start by the increment, and the end itself."""
    if len(ends) != 3:
        statement.refuse("`.step` must have start, stop and increment, or list and values")
    start, stop, increment = ends
    if spacing == "lin":
        if increment == 0 or start == stop:
            return [start]
        count = abs((stop - start) / increment)
        if count > MOST_RUNS:
            statement.refuse(f"`.step` asks for {count:.3g} runs; must be at most {MOST_RUNS}")
        inner = start + np.arange(int(count + 1e-9) + 1) * abs(increment) * np.sign(stop - start)
        return _with_end([float(f"{each:.12g}") for each in inner], stop)
    if start <= 0 or stop <= 0 or increment < 1:
        statement.refuse(f"`.step {spacing}` must have start and stop > 0 and one point or more")
    base = 10.0 if spacing == "dec" else 2.0
    count = abs(np.log(stop / start)) / np.log(base) * increment
    if count > MOST_RUNS:
        statement.refuse(f"`.step` asks for {count:.3g} runs; must be at most {MOST_RUNS}")
    exponents = np.arange(int(count + 1e-9) + 1) / increment * (1 if stop >= start else -1)
    return _with_end([float(f"{each:.12g}") for each in start * base**exponents], stop)


def _with_end(values: list[float], stop: float) -> list[float]:
    return values if abs(values[-1] - stop) <= 1e-9 * max(abs(stop), abs(values[0])) else [*values, stop]


def check_steps(steps: Sequence[Step]) -> None:
    """Refuse more steps than LTspice nests, or more runs than are sensible.

    Raises:
        DialectError: names the line.
        InputError: too many runs in all.
    """
    if len(steps) > MOST_STEPS:
        steps[MOST_STEPS].refuse(f"more than {MOST_STEPS} `.step` lines are nested")
    runs = int(np.prod([len(step.values) for step in steps])) if steps else 1
    if runs > MOST_RUNS:
        raise InputError(f"{steps[0].statement.file}: the `.step` lines ask for {runs} runs; must be at most {MOST_RUNS}")
