"""`Lab`: a store, an engine and workers that a study takes its measurements with.

A study asks for waves; the lab writes the jobs, runs what the store does not hold, and hands back arrays.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.analysis import Analysis, Tran
from cosim.circuits.circuit import Circuit
from cosim.errors import InputError, SimulationError
from cosim.spice.breakpoints import missed
from cosim.spice.deck import Deck, write_deck
from cosim.spice.engines import Engine
from cosim.status import REMEDIES, Status
from cosim.sweep.jobs import Job, Result, canonical, extractor
from cosim.sweep.runner import run_jobs
from cosim.sweep.store import Store
from cosim.waves import Waves

AXIS = "axis"


@extractor(version=1)
def saved_signals(waves: Waves) -> dict[str, Array]:
    """The axis and every signal of a run, as they are."""
    return {AXIS: waves.axis, **waves.signals}


@dataclass(frozen=True)
class Reading:
    """One run as a study sees it: its signals, and the digest of the deck behind them.

    Attributes:
        axis: ``(points,)`` time [s] or swept value.
        signals: canonical name -> ``(points,)``.
        deck: the first digits of the deck's digest.
    """

    axis: Array
    signals: dict[str, Array]
    deck: str

    @classmethod
    def of(cls, job: Job, result: Result) -> "Reading":
        """From the result of a job that kept `saved_signals`.

        Raises:
            SimulationError: the run failed.
            InputError: the netlist was rejected, as by a model that the simulator does not know.
        """
        if result.status is not Status.ok:
            label = ", ".join(f"{name}={value}" for name, value in result.label.items())
            error = InputError if result.status is Status.rejected_netlist else SimulationError
            raise error(f"{label}: {result.status}, {result.message or 'no message'}; {REMEDIES[result.status]}")
        signals = {name: np.asarray(value) for name, value in result.measures.items()}
        return cls(signals.pop(AXIS), signals, job.deck.digest()[:12])

    def __getitem__(self, name: str) -> Array:
        return self.signals[name]

    def last(self, name: str) -> float:
        """The value of a signal at the end of the axis; for an operating point, its value."""
        return float(np.ravel(self.signals[name])[-1])


@dataclass(frozen=True, kw_only=True)
class Question:
    """A circuit, an analysis, and the signals wanted."""

    circuit: Circuit
    analysis: Analysis
    saved: tuple[str, ...]
    values: dict[str, float] | None = None
    seed: int = 0

    def deck(self) -> Deck:
        """The deck that answers it."""
        notes = (f"seed {self.seed}",) if self.seed else ()
        return write_deck(self.circuit, self.analysis, saved=self.saved, values=self.values, notes=notes)


@dataclass(frozen=True, kw_only=True)
class Lab:
    """Where a study measures.

    Attributes:
        engine: simulator.
        store: what is known already; None to run everything.
        workers: runs at once; None for one a processor.
        timeout: of one run [s].
        progress: called with (done, all) of the present batch.
    """

    engine: Engine
    store: Store | None = None
    workers: int | None = None
    timeout: float = 120.0
    progress: Callable[[int, int], None] | None = None

    def ask(self, questions: Sequence[Question]) -> list[Reading]:
        """The answers, in the order of the questions.

        Raises:
            SimulationError: one of them failed; the others are in the store.
        """
        jobs = [Job(question.deck(), saved_signals, {"circuit": question.circuit.name, **(question.values or {})}, question.seed) for question in questions]
        results = run_jobs(jobs, engine=self.engine, store=self.store, workers=self.workers, timeout=self.timeout, progress=self.progress)
        readings = [Reading.of(job, result) for job, result in zip(jobs, results, strict=True)]
        for question, reading in zip(questions, readings, strict=True):
            if isinstance(question.analysis, Tran) and (lost := missed(question.circuit, reading.axis)):
                raise SimulationError(f"{question.circuit.name}: {lost}")
        return readings

    def remember(self, name: str, version: int, parts: Sequence[object], compute: Callable[[], Mapping[str, Array]]) -> dict[str, Array]:
        """The result of a long computation without a simulator, from the store if it was done before.

        Args:
            name: of the computation; with `version` and `parts` it makes the key.
            version: raised whenever the computation changes.
            parts: everything that the result follows from: numbers, text, sequences, mappings, dataclasses of these.
            compute: gives name -> array.
        """
        key = hashlib.sha256("\0".join([name, str(version), *(canonical(each) for each in parts)]).encode()).hexdigest()
        known = self.store.get(key) if self.store is not None else None
        if known is None:
            known = Result({"computation": name}, Status.ok, {each: np.asarray(value) for each, value in compute().items()}, key=key)
            if self.store is not None:
                self.store.put(known)
                self.store.flush()
        return {each: np.asarray(value) for each, value in known.measures.items()}

    def ask_one(self, question: Question) -> Reading:
        """The answer to one question."""
        return self.ask([question])[0]
