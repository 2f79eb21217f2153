"""The analysis of a netlist: LTspice's forms read, its values computed, the line for ngspice, and how many points it will write."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cosim.analysis import Analysis, Dc, Op, Tran
from cosim.spice.breakpoints import STEP_SHARE
from cosim.spice.translation.blocks import Globals
from cosim.spice.translation.statements import Statement, words
from cosim.units import plain

KINDS = (".tran", ".ac", ".dc", ".op", ".noise")
POINTS_OF_A_TRANSIENT = 1000  # steps at least, where the netlist sets no largest step: what LTspice takes on a line
STEPS_OF_A_PERIOD = 40  # of the fastest sine
MOST_POINTS = 5_000_000
FORM_WITH_STEP = 4  # numbers of a .tran that says the largest step
_MODIFIERS = ("startup", "steady", "nodiscard", "step")


@dataclass(frozen=True)
class Request:
    """What is asked of the simulator.

    Attributes:
        kind: ``tran``, ``ac``, ``dc``, ``op`` or ``noise``.
        line: for ngspice.
        analysis: as cosim knows it, where it does.
        points: that it will write, at least.
        note: what was translated, empty if nothing.
    """

    kind: str
    line: str
    analysis: Analysis | None
    points: int
    note: tuple[str, str] = ("", "")


def read_analysis(statement: Statement, values: Globals, *, fastest: float, largest: float | None) -> Request:
    """The analysis of a statement.

    Args:
        values: of the parameters.
        fastest: highest frequency of a sine source [Hz].
        largest: time step that ``.options maxstep`` allows [s].

    Raises:
        DialectError: a form that ngspice has not, or more points than `MOST_POINTS`.
    """
    word, _, rest = statement.text.partition(" ")
    kind = word.lower()[1:]
    request = {"tran": _tran, "ac": _ac, "dc": _dc, "noise": _noise, "op": _op}[kind](statement, words(rest), values)
    if kind == "tran":
        request = _stepped(statement, request, fastest, largest)
    if request.points > MOST_POINTS:
        statement.refuse(f"`{word}` asks for {request.points} points; must be at most {MOST_POINTS}")
    return request


def _op(statement: Statement, rest: Sequence[str], values: Globals) -> Request:
    return Request("op", ".op", Op(), 1)


def _tran(statement: Statement, rest: Sequence[str], values: Globals) -> Request:
    flags = [word.lower() for word in rest if word.lower() in (*_MODIFIERS, "uic")]
    if refused := [flag for flag in flags if flag != "uic"]:
        statement.refuse(f"`{refused[0]}` of .tran is not in ngspice")
    numbers = [values.read(word, statement.where) for word in rest if word.lower() not in flags]
    if not 1 <= len(numbers) <= 4:
        statement.refuse("`.tran` must have one to four numbers")
    stop = abs(numbers[0] if len(numbers) == 1 else numbers[1])
    start = numbers[2] if len(numbers) > 2 else 0.0
    step = numbers[3] if len(numbers) > 3 else 0.0
    if not 0 <= start < stop or step < 0:
        statement.refuse(f"`.tran` must end behind its start: stop={stop:g}, start={start:g}, largest step={step:g}")
    form = FORM_WITH_STEP if step > 0 else 1
    return Request("tran", "uic" if "uic" in flags else "", Tran(stop=stop, max_step=min(step, stop) or stop, start=start), form)


def _stepped(statement: Statement, request: Request, fastest: float, largest: float | None) -> Request:
    """A transient with its largest step: as asked for, else so that the waves are resolved."""
    asked = request.analysis
    assert isinstance(asked, Tran)
    step = (asked.stop - asked.start) / POINTS_OF_A_TRANSIENT
    if fastest > 0:
        step = min(step, 1 / (STEPS_OF_A_PERIOD * fastest))
    given = request.points == FORM_WITH_STEP
    step = min(asked.max_step if given else step, largest or math.inf)
    crooked = given and float(f"{step:.4g}") != step  # no round fraction of anything, as cosim's own decks write it
    written = plain(step if crooked else float(f"{STEP_SHARE * step:.6g}"))
    line = f".tran {written} {plain(asked.stop)} {plain(asked.start)} {written}{' uic' if request.line else ''}"
    note = ("", "") if given and step == asked.max_step else (".tran", f"{line} (largest step written out)")
    analysis = Tran(stop=asked.stop, max_step=min(step, asked.stop), start=asked.start)
    return Request("tran", line, analysis, int((asked.stop - asked.start) / step), note)


def _ac(statement: Statement, rest: Sequence[str], values: Globals) -> Request:
    kind, points, start, stop = _frequencies(statement, rest, values)
    return Request("ac", f".ac {kind} {points} {plain(start)} {plain(stop)}", None, _count(kind, points, start, stop))


def _frequencies(statement: Statement, rest: Sequence[str], values: Globals) -> tuple[str, int, float, float]:
    kind = rest[0].lower() if rest else ""
    if kind not in ("dec", "oct", "lin") or len(rest) < 4:
        statement.refuse(f"`{statement.text.split()[0]}` must be written dec, oct or lin, points, start, stop")
    points, start, stop = (values.read(word, statement.where) for word in rest[1:4])
    if not 0 < start <= stop or points < 1:
        statement.refuse(f"`{statement.text.split()[0]}` must have points >= 1 and 0 < start <= stop")
    return kind, int(points), start, stop


def _count(kind: str, points: int, start: float, stop: float) -> int:
    return points if kind == "lin" else int(points * math.log(stop / start) / math.log(10 if kind == "dec" else 2)) + 1


def _noise(statement: Statement, rest: Sequence[str], values: Globals) -> Request:
    if len(rest) < 6:
        statement.refuse("`.noise` must be written V(out) source dec, points, start, stop")
    kind, points, start, stop = _frequencies(statement, rest[2:], values)
    return Request("noise", f".noise {rest[0]} {rest[1]} {kind} {points} {plain(start)} {plain(stop)}", None, _count(kind, points, start, stop))


def _dc(statement: Statement, rest: Sequence[str], values: Globals) -> Request:
    """Nested sweeps of sources; the sign of a step follows from its ends, as LTspice takes it."""
    if any(word.lower() in ("list", "dec", "oct", "lin") for word in rest):
        statement.refuse("`.dc` with list, dec or oct is not in ngspice; step a parameter with `.step`")
    if len(rest) not in (4, 8):
        statement.refuse("`.dc` must have one or two sources, each with start, stop and step")
    sweeps, total, turned = [], 1, False
    for source, *ends in (rest[index : index + 4] for index in range(0, len(rest), 4)):
        start, stop, step = (values.read(word, statement.where) for word in ends)
        if step == 0 and start != stop:
            statement.refuse(f"`.dc` of {source}: step must not be 0")
        right = abs(step) if stop >= start else -abs(step)
        turned = turned or right != step
        sweeps.append((source, start, stop, right))
        total *= int(abs((stop - start) / step) + 1.000001) if step else 1
    line = ".dc " + " ".join(f"{name} {plain(start)} {plain(stop)} {plain(step)}" for name, start, stop, step in sweeps)
    sources = all(name[0] in "vViI" for name, *_ in sweeps)
    proper = sources and all(step != 0 for *_, step in sweeps)
    analysis = Dc(*sweeps[0], outer=sweeps[1] if len(sweeps) > 1 else None) if proper else None
    return Request("dc", line, analysis, total, (".dc whose step points away from its end", line) if turned else ("", ""))
