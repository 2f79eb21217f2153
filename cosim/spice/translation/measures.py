"""``.meas`` lines, computed from the waves: FIND, WHEN, AT, DERIV, PARAM, MAX, MIN, PP, AVG, RMS, INTEG, TRIG and TARG.

A crossing that does not happen gives NaN and a reason, as LTspice's log says FAILED. Of complex signals (ac) magnitude and phase are
kept. Of a noise density INTEG is the root of the integral of its square, the noise in all, as LTspice gives it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.analysis import Tran
from cosim.errors import DialectError, InputError
from cosim.measure import crossings, interpolate
from cosim.spice.translation.analyses import Request
from cosim.spice.translation.blocks import Globals, names_in
from cosim.spice.translation.evaluate import Evaluator, Function
from cosim.spice.translation.formula import Signal, Tree, parse, walk
from cosim.spice.translation.statements import Statement
from cosim.waves import Waves

WORDS_OF_A_SWEEP = 5  # .dc, source, start, stop, step
KINDS = ("ac", "dc", "op", "tran", "tf", "noise")
OVER = ("avg", "max", "min", "pp", "rms", "integ")
_HEAD = re.compile(r"\.meas(?:ure)?\s+(?:(ac|dc|op|tran|tf|noise)\s+)?([a-z_]\w*)\s+(.*)$", re.I)
_WORDS = r"(?:find|deriv|when|at|trig|targ|from|to|td|rise|fall|cross|val|param)"
_EDGE = re.compile(r"\s*\b(td|rise|fall|cross)\s*=\s*(\{[^}]*\}|\S+)\s*$", re.I)


@dataclass(frozen=True)
class Moment:
    """A place on the axis: a value (`at`), or the crossing of two expressions."""

    at: Tree | None = None
    left: Tree | None = None
    right: Tree | None = None
    edge: str = "cross"
    count: int = 1  # 0 is the last one
    after: Tree | None = None


@dataclass(frozen=True)
class Meas:
    """A measurement.

    Attributes:
        how: ``find``, ``deriv``, ``when``, ``param``, ``delta`` or one of `OVER`.
        of: what is read.
        begin, end: moments; `begin` alone for find and when.
    """

    name: str
    how: str
    statement: Statement
    kind: str = ""
    of: Tree | None = None
    begin: Moment | None = None
    end: Moment | None = None

    def signals(self) -> set[Signal]:
        """The signals that it reads."""
        trees = [self.of, *(part for each in (self.begin, self.end) if each for part in (each.at, each.left, each.right, each.after))]
        return {node for tree in trees if tree is not None for node in walk(tree) if isinstance(node, Signal)}


def read_measure(statement: Statement) -> Meas:
    """The measurement of a ``.meas`` line.

    Raises:
        DialectError: a form that is not computed.
    """
    head = _HEAD.match(statement.text)
    if head is None:
        statement.refuse("`.meas` must have a name and what it measures")
    kind, name, rest = (head[1] or "").lower(), head[2].lower(), head[3].strip()
    word, _, text = rest.partition(" ")
    how = word.lower()
    where = statement.where
    if how == "param":
        return Meas(name, "param", statement, kind, parse(text, where=where))
    if how in ("find", "deriv"):
        what, place = _cut(text, r"\b(?:when\b|at\b)")
        if not place:
            statement.refuse(f"`.meas {name}`: {how.upper()} must have WHEN or AT")
        return Meas(name, how, statement, kind, parse(what, where=where), _moment(statement, place))
    if how == "when":
        return Meas(name, "when", statement, kind, None, _moment(statement, rest))
    if how in OVER:
        what, window = _cut(text, r"\b(?:from|to|trig|targ)\b")
        begin, end = _window(statement, window)
        return Meas(name, how, statement, kind, parse(what, where=where), begin, end)
    if how == "trig":
        begin, end = _window(statement, rest)
        if begin is None or end is None:
            statement.refuse(f"`.meas {name}`: TRIG must have TARG")
        return Meas(name, "delta", statement, kind, None, begin, end)
    statement.refuse(f"`.meas {name}`: `{word}` is not computed")


def check_measures(measures: tuple[Meas, ...], request: Request) -> Meas | None:
    """The first measure of a transient whose data begin late: its positions may surprise.

    Raises:
        DialectError: measures of a nested sweep, which have no single value.
    """
    mine = [each for each in measures if each.kind in ("", request.kind)]
    if mine and request.kind == "dc" and len(request.line.split()) > WORDS_OF_A_SWEEP:
        mine[0].statement.refuse(f"`.meas {mine[0].name}` of a .dc over two sources has no single value; sweep the outer one with .step")
    return mine[0] if mine and isinstance(request.analysis, Tran) and request.analysis.start > 0 else None


def _cut(text: str, pattern: str) -> tuple[str, str]:
    """The text before and from the first keyword on, outside of brackets."""
    for hit in re.finditer(pattern, text, re.I):
        before = text[: hit.start()]
        if before.count("(") == before.count(")") and before.count("{") == before.count("}"):
            return before.strip(), text[hit.start() :].strip()
    return text.strip(), ""


def _window(statement: Statement, text: str) -> tuple[Moment | None, Moment | None]:
    """``FROM a TO b`` or ``TRIG ... TARG ...``."""
    if not text:
        return None, None
    first, second = _cut(text, r"\b(?:to|targ)\b")
    begin = _moment(statement, re.sub(r"^(from|trig)\b\s*=?\s*", "at " if re.match("from", first, re.I) else "", first, flags=re.I)) if first else None
    end = _moment(statement, re.sub(r"^(to|targ)\b\s*=?\s*", "at " if re.match("to", second, re.I) else "", second, flags=re.I)) if second else None
    return begin, end


def _moment(statement: Statement, text: str) -> Moment:
    """``AT=1m``, ``WHEN V(a)=1 RISE=2 TD=1u``, ``V(a) VAL=1 RISE=1``, ``V(a)=1 CROSS=LAST``."""
    edges: dict[str, str] = {}
    while hit := _EDGE.search(text):
        edges[hit[1].lower()] = hit[2]
        text = text[: hit.start()]
    where = statement.where
    if at := re.match(r"at\b\s*=?\s*(.+)$", text, re.I):
        return Moment(at=parse(at[1], where=where))
    text = re.sub(r"^when\b\s*", "", text.strip(), flags=re.I)
    level = re.split(r"\s+val\s*=\s*|(?<![<>=!])=(?!=)", text, maxsplit=1, flags=re.I)
    if len(level) != 2:
        statement.refuse(f"`.meas`: `{text}` must be written expression=value")
    edge = next((name for name in ("rise", "fall", "cross") if name in edges), "cross")
    count = edges.get(edge, "1").lower()
    if count != "last" and not re.fullmatch(r"\d+", count):
        statement.refuse(f"`.meas`: {edge.upper()}={count} must be a number or LAST")
    after = parse(edges["td"], where=where) if "td" in edges else None
    return Moment(None, parse(level[0], where=where), parse(level[1], where=where), edge, 0 if count == "last" else int(count), after)


@dataclass
class Computation:
    """The measures of one run, one after the other; later ones may use the results of earlier ones."""

    waves: Waves
    values: Globals
    functions: Mapping[str, Function]
    results: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)  # measure -> why it has no value
    _reason: str = ""

    def run(self, measures: tuple[Meas, ...]) -> dict[str, Any]:
        """All results by name; of a complex one the magnitude, and its phase [degree] under ``name.phase``."""
        for measure in measures:
            if measure.kind in ("", _kind_of(self.waves)) or (measure.kind == "tf"):
                self._reason = ""
                self.results[measure.name] = found = self._one(measure)
                if not np.isfinite(found):
                    self.failed[measure.name] = self._reason or self._unnamed(measure)
        shown: dict[str, Any] = {}
        for name, value in self.results.items():
            if isinstance(value, complex):
                shown |= {name: abs(value), f"{name}.phase": float(np.degrees(np.angle(value)))}
            else:
                shown[name] = float(value)
        return shown

    def _unnamed(self, measure: Meas) -> str:
        lost = sorted(names_in(measure.of) & self.failed.keys()) if measure.of is not None else []
        return f"uses {lost[0]}, which failed" if lost else "has no value there"

    def _nan(self, reason: str) -> float:
        self._reason = self._reason or reason
        return float("nan")

    def _one(self, measure: Meas) -> Any:
        where, axis = measure.statement.where, self.waves.axis
        if measure.how == "param" and measure.of is not None:
            return _single(self._evaluate(measure.of, where), where)
        if measure.how == "delta" and measure.begin and measure.end:
            return self._position(measure.end, where) - self._position(measure.begin, where)
        if measure.how == "when" and measure.begin:
            return self._position(measure.begin, where)
        if measure.of is None:
            return float("nan")
        values = np.broadcast_to(np.asarray(self._evaluate(measure.of, where)), axis.shape)
        if measure.how in ("find", "deriv") and measure.begin:
            position = self._served(self._position(measure.begin, where))
            slack = 1e-9 * max(abs(axis[0]), abs(axis[-1]))
            if np.isnan(position) or not min(axis) - slack <= position <= max(axis) + slack:
                return self._nan(f"{position:g} is outside of {min(axis):g}..{max(axis):g}")
            values = np.gradient(values, axis) if measure.how == "deriv" else values
            return interpolate(axis, values, position).item()
        return self._over(measure, values)

    def _over(self, measure: Meas, values: Array) -> Any:
        axis, where = self.waves.axis, measure.statement.where
        begin = self._position(measure.begin, where) if measure.begin else min(axis)
        end = self._position(measure.end, where) if measure.end else max(axis)
        if np.isnan(begin) or np.isnan(end) or end < begin:
            return self._nan(f"ends at {end:g}, before it begins at {begin:g}")
        if axis[-1] < axis[0]:
            axis, values = axis[::-1], values[::-1]
        if begin > axis[-1] or end < axis[0]:
            return self._nan(f"{begin:g}..{end:g} is outside of {axis[0]:g}..{axis[-1]:g}")
        begin, end = max(begin, axis[0]), min(end, axis[-1])
        inside = (axis > begin) & (axis < end)
        xs = np.concatenate([[begin], axis[inside], [end]])
        ys = np.concatenate([[interpolate(axis, values, begin)], values[inside], [interpolate(axis, values, end)]])
        if measure.how == "integ" and _kind_of(self.waves) == "noise":
            return _total_noise(measure, xs, ys)
        return _reduced(measure.how, xs, ys)

    def _served(self, position: float) -> float:
        """A time before the first stored point, but within a step of it, is that point: ngspice stores none at 0 with `uic`."""
        axis = self.waves.axis
        if self.waves.axis_name == "time" and len(axis) > 1 and axis[0] - np.max(np.diff(axis)) <= position < axis[0]:
            return float(axis[0])
        return position

    def _position(self, moment: Moment, where: str) -> float:
        axis = self.waves.axis
        if moment.at is not None:
            return float(np.real(_single(self._evaluate(moment.at, where), where)))
        assert moment.left is not None
        assert moment.right is not None
        difference = np.real(np.asarray(self._evaluate(moment.left, where)) - self._evaluate(moment.right, where))
        found = crossings(axis, np.broadcast_to(difference, axis.shape), 0.0, edge=moment.edge)  # type: ignore[arg-type]
        if moment.after is not None:
            found = found[found >= float(np.real(_single(self._evaluate(moment.after, where), where)))]
        if len(found) < max(moment.count, 1):
            kinds = {"rise": "rising crossings", "fall": "falling crossings", "cross": "crossings"}[moment.edge]
            return self._nan(f"asks for {kinds[:-1]} {moment.count}, of {len(found)}" if found.size else f"there are no {kinds}")
        return float(found[moment.count - 1])

    def _evaluate(self, tree: Tree, where: str) -> Any:
        return Evaluator(where, self._lookup, self.functions, lambda signal: self._signal(signal, where)).value(tree)

    def _lookup(self, name: str) -> Any:
        if name in self.results:
            return self.results[name]
        if name in (self.waves.axis_name, *{"frequency": ("freq",)}.get(self.waves.axis_name, ())):
            return self.waves.axis
        if name in self.waves.signals:
            return self.waves.signals[name]
        return self.values[name]

    def _signal(self, signal: Signal, where: str) -> Array:
        if signal.kind == "v" and len(signal.of) == 2:
            return self._signal(Signal("v", signal.of[:1]), where) - self._signal(Signal("v", signal.of[1:]), where)
        name = f"{signal.kind}({signal.of[0]})"
        if name in ("v(0)", "v(gnd)"):
            return np.zeros(self.waves.axis.shape)
        try:
            return self.waves[name]
        except InputError as error:
            raise DialectError(f"{where}: {error}") from None


def _kind_of(waves: Waves) -> str:
    if waves.axis_name == "time":
        return "tran"
    if waves.axis_name == "frequency":
        return "noise" if any("onoise" in name for name in waves.signals) else "ac"
    return "dc" if waves.axis_name else "op"


def _single(value: Any, where: str) -> Any:
    array = np.asarray(value)
    if array.size != 1:
        raise DialectError(f"{where}: must be one number, not a signal over the axis")
    return array.ravel()[0].item()


def _total_noise(measure: Meas, xs: Array, ys: Array) -> float:
    """The noise in all over a band, from its density.

    Raises:
        DialectError: of what is no density: whether LTspice squares it is not known.
    """
    if not isinstance(measure.of, Signal):
        measure.statement.refuse(f"`.meas {measure.name}`: INTEG of noise must be of a signal alone, V(onoise) or V(inoise)")
    return float(np.sqrt(np.trapezoid(np.abs(ys) ** 2, xs)))


def _reduced(how: str, xs: Array, ys: Array) -> Any:
    """One number for a stretch of a signal; a mean over a stretch of no length is the value there."""
    span = xs[-1] - xs[0]
    if how in ("max", "min", "pp"):
        real = np.abs(ys) if np.iscomplexobj(ys) else ys
        return float(np.max(real) if how == "max" else np.min(real) if how == "min" else np.ptp(real))
    integral = np.trapezoid(np.abs(ys) ** 2 if how == "rms" else ys, xs)
    if how == "integ":
        return integral.item()
    mean = integral / span if span > 0 else (np.abs(ys[0]) ** 2 if how == "rms" else ys[0])
    return float(np.sqrt(mean)) if how == "rms" else mean.item()
