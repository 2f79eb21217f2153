"""One simulation: a deck in, waves out, nothing left behind.

spicelib builds the command line; its `run_function` is replaced by `_Guard`, since the original leaves the engine running after
a timeout. Each run has a process group of its own, one thread, a hard time limit, no input, and no ``.spiceinit``.
Not here: many runs (`sweep/runner.py`), what the log says (`log.py`), the raw file (`raw.py`).
"""

import contextlib
import errno
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.analysis import Dc, Tran
from cosim.errors import DataError, InputError
from cosim.spice.deck import Deck
from cosim.spice.engines import Engine
from cosim.spice.log import DECK_NAME, Finding, diagnose, read_log
from cosim.spice.raw import read_raw
from cosim.status import Status
from cosim.waves import Waves, canonical

MODE = "lta"  # of ngspice: LTspice's netlists; `kiltpsa`, spicelib's default, reads MOSFET level 8 as BSIM4
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CANNOT_START = (errno.ENOENT, errno.EACCES, errno.ENOEXEC)
_LOG_CHARACTERS = 4000
_ROOM = 1 << 20  # a disk with less than this left [bytes] explains an incomplete file
_OUTPUTS = (".raw", ".log", ".exe.log")


class Halt:
    """Stops the engines that were started under it, from any thread.

    Only the main thread sees Ctrl-C; it calls `set`, and every run under this halt, present or to come, ends as
    `Status.cancelled`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def set(self) -> None:
        """Kill what runs, refuse what comes."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill_group(process)

    def is_set(self) -> bool:
        """Whether `set` was called."""
        return self._stopped

    @contextlib.contextmanager
    def over(self, process: "subprocess.Popen[bytes]") -> Iterator[None]:
        """The time in which a process can be stopped."""
        with self._lock:
            self._running.add(process)
            if self._stopped:
                _kill_group(process)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(process)


@dataclass
class _Guard:
    """What is called in place of spicelib's `run_function`: runs the command in its own group and lets nothing outlive it."""

    timeout: float
    halt: Halt
    timed_out: bool = False

    def __call__(self, command: list[str], timeout: float | None = None, stdout: Any = None, stderr: Any = None, cwd: Any = None) -> int:
        environment = {
            "HOME": tempfile.gettempdir(),
            **os.environ,
            "OMP_THREAD_LIMIT": "1",
        }  # no HOME: ngspice 39 crashes; its threads spin, 18 s for 0.75 s
        process = subprocess.Popen(
            [*_tether(), *command],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=cwd,
            env=environment,
            start_new_session=True,
        )
        try:
            with self.halt.over(process):
                self.timed_out = not _ends_within(process, self.timeout)
        finally:
            _kill_group(process)
        return process.wait()


@dataclass(frozen=True)
class _Outcome:
    """How an attempt ended, and what it brought."""

    status: Status
    message: str = ""
    log: str = ""
    axis_name: str = ""
    axis: Array = field(default_factory=lambda: np.zeros(0))
    signals: dict[str, Array] = field(default_factory=dict)


def run_deck(deck: Deck, engine: Engine, *, timeout: float = 60.0, keep: Path | None = None, halt: Halt | None = None) -> Waves:
    """Simulate a deck. A run that fails is an answer, not an exception: see `Waves.status` and `Waves.require`.

    Args:
        deck: its text goes to ``deck.cir``, its files beside it.
        engine: from `find_engine`.
        timeout: wall time after which the engine and its children are killed [s].
        keep: folder for netlist, log and raw file; None takes a temporary one and removes it.
        halt: lets another thread stop the run.

    Returns:
        Waves with status `ok` and every saved signal, or with another status, the engine's own message and no signals.

    Raises:
        InputError: `timeout` is not above 0, or `keep` cannot be written to.
    """
    if not timeout > 0:
        raise InputError(f"run, timeout={timeout:g}: must be > 0")
    started = time.perf_counter()
    try:
        with _folder(keep) as folder:
            outcome = _attempt(deck, engine, folder, _Guard(timeout, halt or Halt()))
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise InputError(f"run, keep={keep}: must be a folder that can be written to ({error.strerror})") from error
        outcome = _Outcome(Status.no_space, f"{error.filename or 'run'}: {error.strerror}")
    return Waves(
        axis_name=outcome.axis_name,
        axis=outcome.axis,
        signals=outcome.signals,
        engine=engine.kind,
        version=engine.version,
        digest=deck.digest(),
        status=outcome.status,
        message=outcome.message,
        log=outcome.log[-_LOG_CHARACTERS:],
        log_path=str(Path(keep).resolve() / "deck.log") if keep else "",
        seconds=time.perf_counter() - started,
    )


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="cosim-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    keep = Path(keep).resolve()
    keep.mkdir(parents=True, exist_ok=True)
    yield keep


def _attempt(deck: Deck, engine: Engine, folder: Path, guard: _Guard) -> _Outcome:
    if guard.halt.is_set():
        return _Outcome(Status.cancelled, "stopped before it began")
    if shutil.which(engine.command[0]) is None:
        return _Outcome(Status.engine_missing, f"{engine.command[0]}: not found")
    refused = _unwritable(deck)
    if refused:
        return _Outcome(Status.rejected_netlist, refused)
    netlist = _write(deck, folder)
    try:
        code = _simulator(engine, guard)(netlist, list(_switches(engine)), cwd=folder, exe_log=True)
    except OSError as error:
        if error.errno not in _CANNOT_START:
            raise
        return _Outcome(Status.engine_missing, f"{engine.command[0]}: {error.strerror}")
    return _judged(deck, engine, folder, guard, code)


def _unwritable(deck: Deck) -> str:
    """Why a deck must not be written to disk; empty if it may."""
    for number, line in enumerate(deck.text.splitlines(), start=1):
        if not line.isascii():
            odd = next(character for character in line if not character.isascii())
            return f"{DECK_NAME}, line {number}: {odd!r} is not ASCII; write u for micro"
    taken = {f"deck{suffix}" for suffix in (".cir", *_OUTPUTS)}
    for name, _ in deck.files:
        if not name or Path(name).name != name or "\\" in name or name.startswith(".") or name.lower() in taken:
            return f"deck, file={name}: must be a plain file name, without folders or a leading dot, and not one of {', '.join(sorted(taken))}"
    return ""


def _write(deck: Deck, folder: Path) -> Path:
    netlist = folder / DECK_NAME
    for suffix in _OUTPUTS:  # what an earlier run left in a kept folder is no result of this one
        netlist.with_suffix(suffix).unlink(missing_ok=True)
    for name, text in ((DECK_NAME, deck.text), *deck.files):
        (folder / name).write_bytes((text.rstrip("\n") + "\n").encode("utf-8"))
    return netlist


def _simulator(engine: Engine, guard: _Guard) -> Callable[..., int]:
    """spicelib's own `run` for this engine, with `guard` where it would call its `run_function`."""
    if engine.kind == "ngspice":
        from spicelib.simulators import ngspice_simulator as module

        base: Any = module.NGspiceSimulator
    else:
        from spicelib.simulators import ltspice_simulator as module

        base = module.LTspice
    original = base.run.__func__
    guarded = FunctionType(original.__code__, {**vars(module), "run_function": guard}, original.__name__, original.__defaults__)
    simulator: Any = type("Guarded", (base,), {"spice_exe": list(engine.command), "_compatibility_mode": MODE, "run": classmethod(guarded)})
    run: Callable[..., int] = simulator.run
    return run


@lru_cache(maxsize=4)
def _switches(engine: Engine) -> tuple[str, ...]:
    """``-n`` keeps ngspice from reading a ``.spiceinit``, which could run any command."""
    if engine.kind != "ngspice":
        return ()
    from spicelib.simulators.ngspice_simulator import NGspiceSimulator

    return tuple(NGspiceSimulator.valid_switch("-n"))


def _judged(deck: Deck, engine: Engine, folder: Path, guard: _Guard, code: int) -> _Outcome:
    """Status of a run that ended, and its waves if it ended well."""
    log, said = read_log(folder / "deck.log"), read_log(folder / "deck.exe.log")
    if guard.timed_out:
        return _Outcome(Status.timeout, f"killed after {guard.timeout:g} s", log)
    if guard.halt.is_set():
        return _Outcome(Status.cancelled, "stopped while it ran", log)
    finding = None
    if code or _interrupted(log):
        finding = _by_signal(code) or diagnose(log, _sources(deck)) or Finding(Status.crashed, _last_words(code, said))
    if finding is not None:
        return _Outcome(finding.status, finding.message, log or said)
    return _read(deck, engine, folder, log)


def _sources(deck: Deck) -> dict[str, str]:
    return {DECK_NAME: deck.text, **dict(deck.files)}


def _last_words(code: int, said: str) -> str:
    last = said.rpartition("\n")[2]
    return f"exit code {code}: {last}" if code and last else f"exit code {code}" if code else "the run was aborted, its log does not say why"


def _by_signal(code: int) -> Finding | None:
    if code >= 0:
        return None
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    if name == "SIGXFSZ":
        return Finding(Status.no_space, "the engine passed the limit on the size of a file")
    return Finding(Status.crashed, f"ended by signal {name}")


def _interrupted(log: str) -> bool:
    """Whether a run stopped early although its exit code is 0, as ngspice does on a full disk and LTspice on most errors."""
    return any(mark in log for mark in ("run simulation interrupted", "run simulation(s) aborted", "rawfile write error", "Fatal Error"))


def _read(deck: Deck, engine: Engine, folder: Path, log: str) -> _Outcome:
    path = folder / "deck.raw"
    try:
        axis_name, axis, signals = read_raw(path, engine.kind)
    except DataError as error:
        if shutil.disk_usage(folder).free < _ROOM:
            return _Outcome(Status.no_space, "the disk is full", log)
        if not path.exists():
            finding = diagnose(log, _sources(deck)) or Finding(Status.rejected_netlist, f"{DECK_NAME}: no analysis was run")
            return _Outcome(finding.status, finding.message, log)
        return _Outcome(Status.corrupt_output, str(error).removeprefix(f"{folder}{os.sep}"), log)
    flaw = _flaw(deck, axis_name, axis, signals)
    if flaw is not None:
        return _Outcome(flaw.status, flaw.message, log)
    if isinstance(deck.analysis, Dc):
        axis_name = canonical(deck.analysis.source)  # ngspice writes "v-sweep", LTspice the source
    return _Outcome(Status.ok, "", log, axis_name, axis, signals)


def _flaw(deck: Deck, axis_name: str, axis: Array, signals: dict[str, Array]) -> Finding | None:
    """What makes readable waves unfit: an end before the time asked for, a signal left out, or values that are not numbers."""
    if isinstance(deck.analysis, Tran) and axis[-1] < deck.analysis.stop * (1 - 1e-6):
        return Finding(Status.corrupt_output, f"deck.raw: ends at {axis[-1]:.6g} s, before stop={deck.analysis.stop:.6g} s")
    absent = [name for name in deck.saved if canonical(name) not in signals]
    if absent:  # ngspice drops without a word what it cannot save
        return Finding(Status.rejected_netlist, f"{DECK_NAME}: {absent[0]} is to be saved and is no signal of this circuit")
    if axis_name == "frequency":  # noise referred to an input without gain is infinite
        return None
    for name, signal_ in signals.items():
        if not np.isfinite(signal_).all():
            return Finding(Status.no_convergence, f"{name} is not a finite number at every point")
    return None


@lru_cache(maxsize=1)
def _tether() -> tuple[str, ...]:
    """Words before a command that let it die with this process, also on ``kill -9``; empty where the system has none.

    util-linux's `setpriv`: a `preexec_fn` may deadlock beside threads, and forks in place of vfork (1.8 ms in place of 1.2 ms).
    """
    path = shutil.which("setpriv") if sys.platform == "linux" else None
    if path is None:
        return ()
    said = subprocess.run([path, "--help"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return (path, "--pdeathsig", "KILL") if b"pdeathsig" in said.stdout else ()


def _ends_within(process: "subprocess.Popen[bytes]", timeout: float) -> bool:
    """Wait for a process; False when it still runs after `timeout` [s].

    On Linux the kernel wakes us: `Popen.wait` with a timeout polls, and comes up to 50 ms late.
    """
    pidfd_open = getattr(os, "pidfd_open", None)
    if pidfd_open is not None:
        descriptor = pidfd_open(process.pid)
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(min(1000.0 * timeout, 2.0**31 - 1)))
        finally:
            os.close(descriptor)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout)
        return True
    return False


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process that still runs and all of its group; never by name."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
