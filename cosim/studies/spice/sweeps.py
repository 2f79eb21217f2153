"""A sweep that is killed twenty times and resumed: is its table the one of an undisturbed sweep, and is anything left behind?

A process of its own sweeps cells with mismatch into a store and is killed (``kill -9``) at a random moment, again and again on
the same store; then the sweep is finished. The seed of the moments is that of the design; where they fall in the work still
differs from machine to machine. POSIX only: processes are found by ``/proc``.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cosim.claims import Claim, at_most
from cosim.codesign.sweeps import Sweep
from cosim.design import Design, MismatchSection, SweepSection
from cosim.errors import SimulationError
from cosim.params import Span
from cosim.spice.engines import Engine, find_engine
from cosim.sweep.jobs import Result
from cosim.sweep.lab import Lab
from cosim.sweep.plan import generator
from cosim.sweep.runner import run_jobs
from cosim.sweep.store import Store

KILLS = 20
POINTS = 600
LONGEST = 0.2  # [s] from the first new result to a kill; results are committed every 0.1 s, all of them take 6 s: twice what the kills leave time for
MOMENTS = 2  # stream of the design's seed; 0 and 1 are those of `cosim.sweep.plan`
GRACE = 2.0  # [s] that the system gets to end a killed process's children


@dataclass(frozen=True, kw_only=True)
class ResumeResult:
    """What became of a sweep that was killed again and again.

    Attributes:
        points: of the sweep.
        kept: results in the store after each kill.
        reused: results that the last, undisturbed start found there.
        differing: rows that are not, to the last bit, those of a sweep that nobody disturbed.
        partial: files of the store whose content is not what their name says.
        orphans: engines that outlived their sweep by two seconds.
    """

    points: int
    kept: tuple[int, ...]
    reused: int
    differing: int
    partial: int
    orphans: int


def run(design: Design, lab: Lab) -> ResumeResult:
    """Kill and resume; only the seed of `design` counts, and only the engine of `lab`: the stores are its own.

    Raises:
        SimulationError: a run failed, or the sweep was through before it had been killed often enough.
    """
    if not Path("/proc/self/cwd").exists():
        raise SimulationError("resume: orphans are found by /proc, which this system does not have")
    with tempfile.TemporaryDirectory(prefix="cosim-resume-") as name:
        folder = Path(name)
        (folder / "scratch").mkdir()
        kept: list[int] = []
        orphans = 0
        for moment in generator(design.run.seed, MOMENTS).uniform(0.0, LONGEST, KILLS):
            _kill(folder, design.run.seed, lab.engine.kind, kept[-1] if kept else 0, float(moment))
            orphans += len(_engines_after_grace(folder / "scratch"))
            with Store.open(folder / "store") as store:
                kept.append(len(store))
        resumed, undisturbed = (_swept(design.run.seed, lab.engine, folder / place, lab.workers) for place in ("store", "other"))
        return ResumeResult(
            points=len(resumed),
            kept=tuple(kept),
            reused=sum(each.reused for each in resumed),
            differing=sum(_row(one) != _row(other) for one, other in zip(resumed, undisturbed, strict=True)),
            partial=len(_partial(folder / "store")),
            orphans=orphans,
        )


def sweep_of(seed: int) -> Sweep:
    """The sweep that is killed: cells with mismatch over W/L and gate voltage, one operating point each."""
    width, gate = Span(low=20.0, high=200.0, scale="log"), Span(low=2.5, high=3.5)
    plan = SweepSection(method="latin_hypercube", points=POINTS, bench="share", orientation="mod", w_over_l=width, gate=gate)
    design = Design(sweep=plan, mismatch=MismatchSection(draws=1, a_vt=9e-9, a_mobility=1e-8, memristor=0.03))
    return Sweep(replace(design, run=replace(design.run, seed=seed)))


def victim(store: str, seed: str, kind: str) -> None:
    """The process that is killed: a dot on stdout for each result."""
    with Store.open(store) as opened:
        run_jobs(sweep_of(int(seed)), engine=find_engine(kind), store=opened, workers=2, keep_waves=True, progress=_dot)


def _dot(done: int, total: int) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(1, b".")


def _swept(seed: int, engine: Engine, store: Path, workers: int | None) -> list[Result]:
    """The sweep to its end."""
    with Store.open(store) as opened:
        results = run_jobs(sweep_of(seed), engine=engine, store=opened, workers=workers, keep_waves=True)
    failed = [each for each in results if each.status != "ok"]
    if failed:
        raise SimulationError(f"resume: {len(failed)} of {len(results)} runs failed, first {failed[0].status}, {failed[0].message}")
    return results


def _kill(folder: Path, seed: int, kind: str, known: int, moment: float) -> None:
    """Start a sweep and kill it `moment` [s] after its first new result."""
    program = "import sys; from cosim.studies.spice.sweeps import victim; victim(*sys.argv[1:])"
    path = os.pathsep.join([str(Path(__file__).resolve().parents[3]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(folder / "scratch")}
    command = [sys.executable, "-c", program, str(folder / "store"), str(seed), kind]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            begun = process.stdout is not None and process.stdout.read(known + 1) == b"." * (known + 1)
            time.sleep(moment)
            through = process.poll() is not None
        finally:
            process.kill()
    if through or not begun:
        raise SimulationError(f"resume: the sweep {'was through' if begun else 'ended'} before it was killed; must be at work {moment:.3g} s after its start")


def _engines_after_grace(scratch: Path) -> list[int]:
    end = time.monotonic() + GRACE
    while (found := _processes_under(scratch)) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def _processes_under(folder: Path) -> list[int]:
    """Processes that work in a folder or name it in their command."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended, or is not ours to look into
                told = os.readlink(entry / "cwd") + (entry / "cmdline").read_text(errors="replace")
                if str(folder) in told:
                    found.append(int(entry.name))
    return found


def _partial(store: Path) -> list[Path]:
    """Files whose content is not what their name says; those under temporary names are never read."""
    return [path for path in (store / "objects").rglob("*.np?") if hashlib.sha256(path.read_bytes()).hexdigest() != path.stem]


def _row(result: Result) -> tuple[object, ...]:
    """A row of the table without what differs from run to run: times, and where it came from."""
    measures: Sequence[tuple[str, str]] = sorted((name, float(value).hex()) for name, value in result.measures.items() if isinstance(value, float))
    return tuple(result.label.items()), tuple(measures), result.status, result.relaxed, result.message, result.key


CLAIMS = (
    Claim(
        id="spice.sweeps.resume",
        kind="prediction",
        source="no paper; our own requirement",
        statement=f"a sweep of {POINTS} cells, {KILLS} times killed (kill -9) and resumed: rows unlike an undisturbed sweep, partial files and orphans",
        paper=None,
        unit="1",
        must_be=at_most(0),
        value=lambda result: float(result.differing + result.partial + result.orphans),
    ),
)
