"""What a sweep costs on top of its simulators: 200 short ngspice jobs through `run_jobs` into a fresh store, against a bare thread pool.

The peer starts the same command lines on decks that were written beforehand and looks at nothing; the sweep writes decks, reads
waves, measures, stores and guards every process. Each round times both, one right after the other, in changing order; the ratio is
the median over the rounds. Target: overhead <= 15 %. `cpu_ratio` compares the processor time of all processes instead: it stays
usable when something else runs on the machine and `ratios` are far apart.
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from cosim.analysis import Tran
from cosim.spice.deck import Deck
from cosim.spice.engines import Engine, find_engine
from cosim.spice.raw import read_raw
from cosim.spice.run import run_deck
from cosim.sweep.jobs import Job, extractor
from cosim.sweep.runner import run_jobs
from cosim.sweep.store import Store
from cosim.waves import Waves

RESULT = Path(__file__).resolve().parent / "results" / "sweep_overhead.json"
JOBS, ROUNDS, SECTIONS, LIMIT = 200, 9, 100, 0.15


@dataclass(frozen=True)
class Cost:
    """Wall time and processor time, ended children included [s]."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> "Cost":
        """Of this process so far."""
        spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return cls(time.perf_counter(), sum(each.ru_utime + each.ru_stime for each in spent))

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


@extractor(version=1)
def last(waves: Waves) -> dict[str, float]:
    """Last value at the end of the ladder [V]."""
    return {"last": float(waves[f"v(n{SECTIONS})"][-1])}


def ladder(load: float) -> Job:
    """An RC ladder under a pulse, about 20 ms of ngspice."""
    sections = [f"r{i} n{i} n{i + 1} 100\nc{i} n{i + 1} 0 1e-09" for i in range(SECTIONS)]
    text = "\n".join(
        [
            "* RC ladder",
            "v1 n0 0 PULSE(0 1 0 1e-06 1e-06 0.0001 0.0002)",
            *sections,
            f"rload n{SECTIONS} 0 {load!r}",
            ".tran 1e-06 0.001 0 1e-06",
            f".save v(n{SECTIONS})",
            ".end",
        ]
    )
    return Job(Deck(text + "\n", analysis=Tran(stop=1e-3, max_step=1e-6), saved=(f"v(n{SECTIONS})",)), last, {"load": load})


def command_of(engine: Engine, job: Job, folder: Path) -> list[str]:
    """The arguments that a run gives to the engine, noted by a program in its place; the deck's folder becomes ``{folder}``."""
    noted, scratch = folder / "arguments", folder / "run"
    recorder = folder / "recorder"
    recorder.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{noted}"\nexec "{engine.command[0]}" "$@"\n')
    recorder.chmod(0o755)
    run_deck(job.deck, replace(engine, command=(str(recorder),)), keep=scratch).require()
    return [engine.command[0], *(argument.replace(str(scratch), "{folder}") for argument in noted.read_text().splitlines())]


def bare(command: list[str], jobs: list[Job], folder: Path, workers: int) -> Cost:
    """What the processes alone cost."""
    folders = [folder / str(index) for index in range(len(jobs))]
    for job, each in zip(jobs, folders, strict=True):
        each.mkdir(exist_ok=True)
        (each / "deck.cir").write_text(job.deck.text)
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}

    def start(each: Path) -> None:
        words = [word.replace("{folder}", str(each)) for word in command]
        subprocess.run(words, cwd=each, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    began = Cost.now()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(start, folders))
    return Cost.now() - began


def swept(engine: Engine, jobs: list[Job], folder: Path, workers: int) -> tuple[Cost, list[float]]:
    """What the whole sweep with its store costs, and what it measured."""
    began = Cost.now()
    with Store.open(folder) as store:
        results = run_jobs(jobs, engine=engine, store=store, workers=workers)
    return Cost.now() - began, [result.measures["last"] for result in results]


@dataclass(frozen=True)
class Round:
    """One round: bare pool, sweep into a fresh store, seconds for the same sweep again, and the largest difference in volts."""

    peer: Cost
    sweep: Cost
    again: float
    error: float


def measured(engine: Engine, jobs: list[Job], command: list[str], folder: Path, workers: int, turn: int) -> Round:
    """One round; the bare pool goes first in every other one."""
    store = folder / f"store{turn}"
    peer = bare(command, jobs, folder, workers) if turn % 2 == 0 else None
    sweep, values = swept(engine, jobs, store, workers)
    peer = peer or bare(command, jobs, folder, workers)
    again, _ = swept(engine, jobs, store, workers)
    expected = [float(read_raw(folder / str(index) / "deck.raw", "ngspice")[2][f"v(n{SECTIONS})"][-1]) for index in range(len(jobs))]
    return Round(peer, sweep, again.wall, max(abs(a - b) for a, b in zip(values, expected, strict=True)))


def main() -> None:
    """Measure, write the result, print it."""
    engine, jobs, workers = find_engine("ngspice"), [ladder(1e4 + index) for index in range(JOBS)], os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name:
        command = command_of(engine, jobs[0], Path(name))
        rounds = [measured(engine, jobs, command, Path(name), workers, turn) for turn in range(ROUNDS)]
    ratios = sorted(each.sweep.wall / each.peer.wall for each in rounds)
    peer = statistics.median(each.peer.wall for each in rounds)
    result = {
        "case": "sweep_overhead",
        "peer": f"thread pool around {engine}",
        "ratio": round(statistics.median(ratios), 4),
        "overhead": round(statistics.median(ratios) - 1, 4),
        "limit": LIMIT,
        "ratios": [round(each, 3) for each in ratios],
        "cpu_ratio": round(statistics.median(each.sweep.cpu / each.peer.cpu for each in rounds), 4),
        "max_error": max(each.error for each in rounds),
        "jobs": JOBS,
        "rounds": ROUNDS,
        "workers": workers,
        "time": round(statistics.median(each.sweep.wall for each in rounds), 4),
        "peer_time": round(peer, 4),
        "peer_time_per_job": round(peer / JOBS * workers, 5),
        "time_from_store": round(statistics.median(each.again for each in rounds), 4),
        "python": platform.python_version(),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
