"""A designer's own netlist: read, translated, stepped, run in limits, measured."""

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import product
from os import cpu_count
from pathlib import Path
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.errors import DialectError, InputError
from cosim.simulation import stack
from cosim.spice.deck import Deck
from cosim.spice.engines import Engine, find_engine
from cosim.spice.foreign import Netlist, read_netlist
from cosim.spice.limits import Limits, confined
from cosim.spice.log import read_log
from cosim.spice.run import Halt, run_deck
from cosim.spice.translation import Edits, Note, Statement, Translation, translate
from cosim.spice.translation.edits import UNITS
from cosim.spice.translation.measures import Computation
from cosim.spice.translation.statements import statements
from cosim.spice.translation.steps import Step
from cosim.status import Status
from cosim.units import engineering, parse
from cosim.waves import Waves, canonical

ENDINGS = (".net", ".cir", ".sp", ".spi")
_PLACE = re.compile(r"deck\.cir, line (\d+)")
_UNKNOWN = re.compile(r"unrecognized parameter \((\S+?)\)", re.I)
_NO_MEMORY = re.compile(r"can't allocate|out of memory|bad_alloc|Cannot allocate memory", re.I)
_ADDED = re.compile(r"v\((?:.*\.)?(?:vsense_\S+_n|\w+_(?:rser|lser))\)|i\((?:.*\.)?vsense_\S+\)")
_NOISE = {"onoise_spectrum": "v(onoise)", "inoise_spectrum": "v(inoise)"}


@dataclass(frozen=True, kw_only=True)
class NetlistRun:
    """What a netlist gave.

    Attributes:
        steps: of its ``.step`` lines, the fastest first; empty if nothing is stepped.
        points: name -> value of each run.
        runs: waves of each run, a failed one with its status.
        measures: results of its ``.meas`` lines, one mapping a run; empty for a run that failed. One that failed is NaN.
        failed: measure -> why it failed, one mapping a run.
        notes: what was translated.
    """

    steps: tuple[Step, ...]
    points: tuple[Mapping[str, float], ...]
    runs: tuple[Waves, ...]
    measures: tuple[Mapping[str, Any], ...]
    notes: tuple[Note, ...] = field(default=())
    failed: tuple[Mapping[str, str], ...] = field(default=())

    @property
    def waves(self) -> Waves:
        """All runs as one: a leading axis for each step, the slowest first. The first run that failed gives the status.

        Raises:
            InputError: the runs have different axes, and are no transients.
        """
        shape = tuple(len(step.values) for step in reversed(self.steps))
        return stack(self.runs, shape) if self.steps else self.runs[0]


def simulate_netlist(
    path: Path | str,
    *,
    engine: str | Engine | None = None,
    components: Mapping[str, str | float] | None = None,
    parameters: Mapping[str, str | float] | None = None,
    steps: Sequence[str] = (),
    trust: bool = False,
    limits: Limits | None = None,
    workers: int | None = None,
) -> NetlistRun:
    """Run a netlist that somebody else wrote, for LTspice.

    Args:
        path: ``.net``, ``.cir``, ``.sp`` or ``.spi``; a schematic ``.asc`` needs LTspice as the engine.
        engine: ``ngspice``, ``ltspice``, an `Engine`, or None for the first one found.
        components: values of R, C, L, V and I of the top circuit, ``{"R1": "10k"}``.
        parameters: values of ``.param``.
        steps: like ``.step`` lines without the word: ``param R 1k 10k 1k``, ``temp list 0 27 85``.
        trust: allow ``.control`` blocks and files from anywhere.
        limits: of each run.
        workers: runs at a time; None for one a processor.

    Raises:
        DataError: the file cannot be read.
        DialectError: by file, line and construct, what it may not do or the engine cannot.
        InputError: an unknown component or parameter, with near ones.
        UnitError: a value is ambiguous.
        EngineMissingError: no such engine.
    """
    chosen = engine if isinstance(engine, Engine) else find_engine(engine)
    limits = limits or Limits()
    source = Path(path)
    if source.suffix.lower() == ".asc":
        from cosim.spice.schematic import netlist_of

        return _from_schematic(netlist_of, source, chosen, limits, components, parameters, steps, trust, workers)
    netlist = read_netlist(source, trust=trust)
    return _Runner(netlist, chosen, limits).run(_edits(components or {}, parameters or {}, steps), workers)


def _from_schematic(netlist_of: Any, source: Path, engine: Engine, limits: Limits, *rest: Any) -> NetlistRun:
    components, parameters, steps, trust, workers = rest
    with tempfile.TemporaryDirectory(prefix="cosim-") as folder:
        path = netlist_of(source, engine, Path(folder), timeout=limits.seconds)
        return simulate_netlist(path, engine=engine, components=components, parameters=parameters, steps=steps, trust=trust, limits=limits, workers=workers)


def _edits(components: Mapping[str, str | float], parameters: Mapping[str, str | float], steps: Sequence[str]) -> Edits:
    for name, text in components.items():
        if isinstance(text, str) and re.search(r"[{}()]", text):
            raise InputError(f"--set {name}={text}: takes a number only; write the expression into the netlist and use --param")
    values = {name: parse(text, UNITS.get(name[:1].lower(), "1"), where=f"--set {name}") for name, text in components.items()}
    given = {name: _bare(text, f"--param {name}") for name, text in parameters.items()}
    lines = [line for text in steps for line in statements(f".step {text}", "--step")]
    return Edits(components=values, parameters=given, steps=tuple(lines))


def _bare(text: str | float, where: str) -> float:
    """A value in whatever unit: a parameter has none that is known."""
    if isinstance(text, str) and (hit := re.fullmatch(r"(.*?[\d.](?:meg|[tgkmunpf])?)\s*(V|A|ohm|F|H|s|Hz|m|S)", text.strip(), re.I)):
        text = hit[1]
    return parse(text, "1", where=where)


class _Runner:
    """Runs a netlist once for each combination of its steps."""

    def __init__(self, netlist: Netlist, engine: Engine, limits: Limits) -> None:
        self.netlist, self.engine, self.limits = netlist, engine, limits
        self.command = confined(engine, limits)

    def run(self, edits: Edits, workers: int | None) -> NetlistRun:
        """All runs; the first step moves fastest."""
        first = self._translate(edits)
        _check_once(edits, first.steps)
        points = [
            dict(zip([step.name for step in reversed(first.steps)], values, strict=True))
            for values in product(*(step.values for step in reversed(first.steps)))
        ]
        jobs = [self._translate(_at(edits, first.steps, point)) for point in points]
        halt = Halt()
        with ThreadPoolExecutor(min(workers or cpu_count() or 1, len(jobs))) as pool:
            try:
                results = list(pool.map(lambda job: self._one(job, halt), jobs))
            except KeyboardInterrupt:
                halt.set()
                raise
        runs = tuple(waves for waves, *_ in results)
        notes = first.notes if self.engine.kind == "ltspice" else (*self.netlist.notes, *first.notes)
        return NetlistRun(
            steps=first.steps,
            points=tuple(points),
            runs=runs,
            measures=tuple(found for _, found, _ in results),
            notes=notes,
            failed=tuple(failed for *_, failed in results),
        )

    def _translate(self, edits: Edits) -> Translation:
        dialect = "ltspice" if self.engine.kind == "ltspice" else "ngspice"
        return translate(
            self.netlist.statements,
            dialect_of_engine=dialect,  # type: ignore[arg-type]
            edits=edits,
            tables=self.netlist.tables,
            missing=self.netlist.missing,
        )

    def _one(self, job: Translation, halt: Halt) -> tuple[Waves, dict[str, Any], dict[str, str]]:
        """Waves, measures, and why some of them failed."""
        text = job.text
        if self.netlist.controls:
            text = text.removesuffix(".end\n") + "\n".join([*self.netlist.controls, ".end", ""])
        tables = [(re.sub(r"\W", "_", name), table) for name, table in self.netlist.tables.items()] if self.engine.kind == "ltspice" else []
        deck = Deck(text, tuple(tables), job.analysis)
        folder = Path(tempfile.mkdtemp(prefix="cosim-"))
        try:
            waves = run_deck(deck, self.command, timeout=self.limits.seconds, keep=folder, halt=halt)
            log = read_log(folder / "deck.log") + read_log(folder / "deck.exe.log")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        waves = replace(_explained(waves, log, self.limits, job), log_path="")
        if waves.status is not Status.ok:
            return waves, {}, {}
        computation = Computation(waves, job.parameters, job.functions)
        measures = computation.run(job.measures)
        return _kept(waves, job.saved, self.netlist.path), measures, computation.failed


def _check_once(edits: Edits, steps: Sequence[Step]) -> None:
    """Refuse a value for what is stepped.

    Raises:
        InputError: names the option and the step.
    """
    stepped = {(step.kind, step.name): step for step in steps}
    for option, kind, names in (("--param", "param", edits.parameters), ("--set", "source", edits.components)):
        for name in names:
            if step := stepped.get((kind, name.lower())):
                raise InputError(f"{option} {name}: {step.statement.where} steps it; give --step with the values instead")


def _at(edits: Edits, steps: Sequence[Step], point: Mapping[str, float]) -> Edits:
    """The edits of one run: what is stepped has its value."""
    kinds = {step.name: step.kind for step in steps}
    of = {kind: {name: value for name, value in point.items() if kinds[name] == kind} for kind in ("param", "source", "model")}
    return replace(
        edits,
        parameters={**edits.parameters, **of["param"]},
        components={**edits.components, **of["source"]},
        models={**edits.models, **of["model"]},
        temperature=point.get("temp", edits.temperature),
    )


def _explained(waves: Waves, log: str, limits: Limits, job: Translation) -> Waves:
    """Waves under the netlist's own names; messages about its own lines; a limit that was passed is named."""
    if waves.status is not Status.ok:
        if _NO_MEMORY.search(log + waves.log + waves.message):
            return replace(waves, status=Status.crashed, message=f"needs more memory than {engineering(limits.memory, 'B')}; raise --memory")
        return replace(waves, message=_PLACE.sub(lambda hit: _origin(job, hit), waves.message))
    unknown = _UNKNOWN.search(log)
    if unknown:
        return _failed(waves, Status.rejected_netlist, f"the model parameter {unknown[1]} is not in {waves.engine}")
    names = {canonical(name): canonical(shown) for name, shown in job.names.items()} | _NOISE
    signals = {names.get(name, name): values for name, values in waves.signals.items() if name in names or not _ADDED.fullmatch(name)}
    lost = _missed(job.corners, waves.axis) if waves.axis_name == "time" else ""
    return _failed(waves, Status.corrupt_output, lost) if lost else replace(waves, signals=signals)


def _failed(waves: Waves, status: Status, message: str) -> Waves:
    """A run that ended well, judged otherwise."""
    return replace(waves, status=status, message=message, signals={}, axis=np.zeros(0))


def _origin(job: Translation, hit: re.Match[str]) -> str:
    statement = job.origins.get(int(hit[1]))
    return statement.where if statement else hit[0]


def _missed(corners: Sequence[tuple[str, tuple[float, ...]]], time: Array) -> str:
    """The first corner of a PWL source that no time step met; empty if all were met. See `cosim.spice.breakpoints`."""
    for name, times in corners:
        wanted = np.array([each for each in times if time[0] <= each <= time[-1]])
        if len(wanted) < 2:
            continue
        right = np.clip(np.searchsorted(time, wanted), 1, len(time) - 1)
        distance = np.minimum(np.abs(time[right] - wanted), np.abs(time[right - 1] - wanted))
        lost = wanted[distance > 1e-6 * np.maximum(np.gradient(wanted), 1e-15) + 1e-9 * time[-1]]
        if len(lost):
            return f"the time steps passed over {len(lost)} corners of {name}, the first at {lost[0]:.6g} s; write another largest step in .tran"
    return ""


def _kept(waves: Waves, saved: Sequence[str], path: Path) -> Waves:
    """The signals that the netlist keeps.

    Raises:
        DialectError: it keeps none.
    """
    if not saved:
        return waves
    patterns = [canonical(each) for each in saved]
    signals = {name: values for name, values in waves.signals.items() if any(fnmatchcase(name, pattern) for pattern in patterns)}
    if not signals:
        raise DialectError(f"{path}: `.save` keeps nothing: {', '.join(saved)} is no signal of this netlist")
    return replace(waves, signals=signals)


def table(run: NetlistRun) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Columns and rows of the measures, or of operating points where nothing is measured: one row a run, what was stepped first.

    Raises:
        InputError: no run ended well.
    """
    names = list(dict.fromkeys(name for measures in run.measures for name in measures))
    stepped = [step.name for step in reversed(run.steps)]
    if not any(waves.status is Status.ok for waves in run.runs):
        raise InputError("no run ended well")
    shown = [] if names else list(dict.fromkeys(name for waves in run.runs for name in operating_point(waves)))
    rows = [
        (
            *(point[name] for name in stepped),
            str(waves.status),
            *("failed" if name in failed else measures.get(name) for name in names),
            *(operating_point(waves).get(name) for name in shown),
        )
        for point, waves, measures, failed in zip(run.points, run.runs, run.measures, run.failed or [{}] * len(run.runs), strict=True)
    ]
    return (*stepped, "status", *names, *shown), rows


def operating_point(waves: Waves) -> dict[str, float]:
    """Node voltages [V] and currents [A] of an operating point; empty for another analysis."""
    if waves.status is not Status.ok or waves.axis_name:
        return {}
    return {name: float(np.real(values[0])) for name, values in waves.signals.items() if name.startswith(("v(", "i"))}


__all__ = ["ENDINGS", "NetlistRun", "Statement", "operating_point", "simulate_netlist", "table"]
