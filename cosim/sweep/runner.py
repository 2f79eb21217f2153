"""Run many jobs: in parallel, each key once, from the store where it has them; failures are results too.

SPICE runs in processes of its own, so a thread pool is enough; any `concurrent.futures.Executor` may take its place, also one of
a cluster. Only the calling thread touches the store. Jobs are taken from their iterator as there is room for them, so 100,000 of
them need the memory of a few decks.

Not here: one run (`cosim/spice/run.py`), the files (`store.py`), tables of results (`tables.py`).
"""

import contextlib
import dataclasses
import functools
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Protocol

from cosim.errors import Cancelled, CosimError, InputError, SimulationError, reject
from cosim.status import REMEDIES, Status
from cosim.sweep.jobs import Extractor, Job, Measures, Result, job_key
from cosim.sweep.progress import Progress
from cosim.sweep.store import BATCH_AGE, Store

if TYPE_CHECKING:
    from cosim.spice.deck import Deck
    from cosim.spice.engines import Engine
    from cosim.waves import Waves

DETERMINISTIC = (Status.ok, Status.rejected_netlist, Status.no_convergence)  # kept; the others may end otherwise the next time
AHEAD = 4  # jobs in flight for each worker, so that none waits while the store is written


class Run(Protocol):
    """How one deck is simulated; `cosim.spice.run.run_deck` unless a test or a cluster brings its own."""

    def __call__(self, deck: "Deck", engine: "Engine", *, timeout: float) -> "Waves": ...


def run_jobs(
    jobs: Iterable[Job],
    *,
    engine: "Engine | None" = None,
    store: Store | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    timeout: float = 60.0,
    keep_waves: bool = False,
    retry_failed: bool = False,
    progress: Progress | None = None,
    run: Run | None = None,
) -> list[Result]:
    """Simulate jobs and measure them.

    Args:
        jobs: in any number; an iterator is read as the work goes on.
        engine: None for the one that `find_engine` finds.
        store: where results are looked up and kept; None for neither.
        workers: simulations at once; None for one a processor core.
        executor: runs them instead of the built-in thread pool; it is not shut down. Give `workers` too, so that it stays fed.
        timeout: of one simulation [s].
        keep_waves: keep the waves in the store too (``store.waves(result.key)``).
        retry_failed: run again what is in the store as failed (rejected netlist, no convergence).
        progress: called in this thread with (jobs done, jobs in all; 0 if `jobs` has no length).
        run: instead of `cosim.spice.run.run_deck`.

    Returns:
        One result a job, in the order of the jobs; a failed one has its status and message.

    Raises:
        InputError: `workers`, `timeout`, or `keep_waves` without a store.
        EngineMissingError: no engine is given and none is found.
        Cancelled: Ctrl-C or a termination signal; running engines are killed, what was computed is in the store.
        StoreError: the disk is full or failing; what was computed before is in the store.
        SimulationError: a worker process of `executor` died.
    """
    _check(workers, timeout, keep_waves, store)
    count = workers or _cores()
    pool = executor or ThreadPoolExecutor(count, "cosim-sweep")
    run, kill = (run, _nothing) if run is not None else _run_deck(in_threads=isinstance(pool, ThreadPoolExecutor))
    setup = _Setup(run, engine or _engine(), timeout, keep_waves, retry_failed)
    sweep = _Sweep(setup, store, pool, AHEAD * count, progress, len(jobs) if isinstance(jobs, Sized) else 0)
    try:
        with _signals_to(sweep.stop):
            return sweep.go(jobs)
    except KeyboardInterrupt:
        raise Cancelled(f"sweep: {sweep.how_far()}") from None
    except BrokenExecutor as error:
        raise SimulationError(f"sweep: a worker process died ({error}); {sweep.how_far()}") from error
    finally:
        sweep.abandon()
        kill()
        if executor is None:
            pool.shutdown()


@dataclass(frozen=True)
class _Setup:
    """What all jobs of a sweep share."""

    run: Run
    engine: "Engine"
    timeout: float
    keep_waves: bool
    retry_failed: bool


@dataclass(frozen=True)
class _Outcome:
    """What a worker hands back; picklable."""

    status: Status
    measures: Measures
    message: str
    seconds: float
    relaxed: bool
    waves: "Waves | None"


@dataclass(frozen=True)
class _Slot:
    """The place that waits for an outcome."""

    index: int
    key: str
    label: Mapping[str, object]


@dataclass(eq=False)
class _Sweep:
    """The state of one sweep; lives in the calling thread, except for `_finished` and `_stopping`."""

    setup: _Setup
    store: Store | None
    pool: Executor
    window: int
    progress: Progress | None
    total: int
    _results: list[Result | None] = field(default_factory=list)
    _first: dict[str, int] = field(default_factory=dict)  # key -> index of the first job that has it
    _twins: dict[str, list[_Slot]] = field(default_factory=dict)  # later jobs with the key of a running one
    _running: dict["Future[_Outcome]", _Slot] = field(default_factory=dict)
    _finished: "queue.SimpleQueue[Future[_Outcome] | None]" = field(default_factory=queue.SimpleQueue)
    _stopping: bool = False
    _done: int = 0
    _kept: int = 0

    def go(self, jobs: Iterable[Job]) -> list[Result]:
        """All results, in order."""
        for job in jobs:
            self._take(job)
            while self._collect(wait=len(self._running) >= self.window):
                pass
        while self._running:
            self._collect(wait=True)
        if self.store is not None:
            self.store.flush()
        return [each for each in self._results if each is not None]

    def stop(self) -> None:
        """Let `go` raise KeyboardInterrupt at its next step; safe in a signal handler."""
        self._stopping = True
        self._finished.put(None)

    def abandon(self) -> None:
        """Cancel what has not begun, keep what has ended, forget what still runs; a second call finds nothing to do."""
        self.progress = None
        begun = [future for future in self._running if not future.cancel()]
        ended = [future for future in begun if future.done() and future.exception() is None]
        with contextlib.suppress(CosimError):  # of the store: the first one is on its way already
            for future in ended:
                self._settle(future)
            if self.store is not None:
                self.store.flush()
        self._running.clear()  # what ends from here on is not kept, so that `how_far` stays true

    def how_far(self) -> str:
        """One line on what was done and what is kept."""
        self.abandon()
        of = f" of {self.total}" if self.total else ""
        kept = f"{self._kept} are kept in {self.store.path}; {REMEDIES[Status.cancelled]}" if self.store is not None else "none is kept: there was no store"
        return f"stopped after {self._done}{of} jobs; {kept}"

    def _take(self, job: Job) -> None:
        """Answer a job from an earlier one or from the store, or hand it to the pool."""
        slot = _Slot(len(self._results), job_key(job, self.setup.engine), job.label)
        self._results.append(None)
        if slot.key in self._first:
            known = self._results[self._first[slot.key]]
            if known is None:
                self._twins.setdefault(slot.key, []).append(slot)
            else:
                self._fill(slot, dataclasses.replace(known, reused=True))
            return
        self._first[slot.key] = slot.index
        kept = self._look_up(slot.key)
        if kept is not None:
            self._kept += 1
            self._fill(slot, kept)
            return
        setup = self.setup
        future = self.pool.submit(_simulate, setup.run, job.deck, setup.engine, setup.timeout, job.extract, setup.keep_waves)
        self._running[future] = slot
        future.add_done_callback(self._finished.put)

    def _look_up(self, key: str) -> Result | None:
        kept = self.store.get(key) if self.store is not None else None
        if kept is None or self.store is None or (self.setup.retry_failed and kept.status is not Status.ok):
            return None
        return None if self.setup.keep_waves and self.store.waves(key) is None else kept

    def _collect(self, *, wait: bool) -> bool:
        """Settle one ended job; whether there was one."""
        if self._stopping:
            raise KeyboardInterrupt
        try:
            future = self._finished.get(timeout=BATCH_AGE) if wait else self._finished.get_nowait()
        except queue.Empty:
            if wait and self.store is not None:
                self.store.flush()  # nothing ends just now: a good moment
            return wait
        if future is None:
            raise KeyboardInterrupt
        self._settle(future)
        return True

    def _settle(self, future: "Future[_Outcome]") -> None:
        outcome = future.result()
        slot = self._running.pop(future)
        result = Result(slot.label, outcome.status, outcome.measures, outcome.message, outcome.seconds, key=slot.key, relaxed=outcome.relaxed)
        if self.store is not None and result.status in DETERMINISTIC:
            self.store.put(result, outcome.waves)
            self._kept += 1
        self._fill(slot, result)
        for twin in self._twins.pop(slot.key, ()):
            self._fill(twin, dataclasses.replace(result, reused=True))

    def _fill(self, slot: _Slot, result: Result) -> None:
        self._results[slot.index] = dataclasses.replace(result, label=slot.label)
        self._done += 1
        if self.progress is not None:
            self.progress(self._done, self.total)


def _simulate(run: Run, deck: "Deck", engine: "Engine", timeout: float, extract: Extractor, keep_waves: bool) -> _Outcome:
    """One job, in a worker: a failed run and waves that cannot be measured both give a status."""
    waves = run(deck, engine, timeout=timeout)
    kept = waves if keep_waves else None
    if waves.status is not Status.ok:
        return _Outcome(waves.status, {}, waves.message or REMEDIES[waves.status], waves.seconds, waves.relaxed, kept)
    try:
        return _Outcome(Status.ok, extract(waves), waves.message, waves.seconds, waves.relaxed, kept)
    except (CosimError, ArithmeticError, LookupError, ValueError) as error:  # of the data; a TypeError is a bug and stops the sweep
        return _Outcome(Status.out_of_range, {}, f"{extract.name}: {type(error).__name__}: {error}", waves.seconds, waves.relaxed, kept)


def _check(workers: int | None, timeout: float, keep_waves: bool, store: Store | None) -> None:
    if workers is not None and workers < 1:
        raise reject(InputError, "sweep", "workers", workers, ">= 1")
    if not timeout > 0:
        raise reject(InputError, "sweep", "timeout", timeout, "> 0 s")
    if keep_waves and store is None:
        raise reject(InputError, "sweep", "keep_waves", keep_waves, "used with a store")


@contextlib.contextmanager
def _signals_to(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and termination call `stop` instead of breaking into a commit; the second Ctrl-C breaks in."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        stop()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))}
    ours = [number for number, handler in before.items() if handler in (signal.default_int_handler, signal.SIG_DFL)]
    for number in ours:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _engine() -> "Engine":
    from cosim.spice.engines import find_engine

    return find_engine()


def _run_deck(*, in_threads: bool) -> tuple[Run, Callable[[], None]]:
    """`run_deck`, and what kills the engines that it has started; those of other processes end with these or by their timeout."""
    from cosim.spice.run import Halt, run_deck

    if not in_threads:
        return run_deck, _nothing
    halt = Halt()
    return functools.partial(run_deck, halt=halt), halt.set


def _nothing() -> None:
    """There is nothing to kill."""
