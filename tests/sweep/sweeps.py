"""What the tests of the sweep share: decks, extractors, a simulator without a process, and a sweep that can be killed.

Run as a program (``python -m tests.sweep.sweeps STORE COUNT STOP``) it sweeps COUNT decks with ngspice into STORE, a dot a result.
"""

import sys
from pathlib import Path

import numpy as np

from cosim.analysis import Tran
from cosim.errors import CosimError
from cosim.spice.deck import Deck
from cosim.spice.engines import Engine
from cosim.status import Status
from cosim.sweep.jobs import Job, extractor
from cosim.sweep.runner import run_jobs
from cosim.sweep.store import Store
from cosim.waves import Waves

ROOT = Path(__file__).resolve().parents[2]
ENGINE = Engine("ngspice", ("ngspice",), "39")


@extractor(version=1)
def level(waves: Waves) -> dict[str, float]:
    """The last value of ``v(out)``."""
    return {"level": float(waves["v(out)"][-1])}


@extractor(version=1)
def level_and_trace(waves: Waves) -> dict[str, object]:
    """The last value and the whole of ``v(out)``."""
    return {"level": float(waves["v(out)"][-1]), "trace": waves["v(out)"]}


@extractor(version=1)
def first_spike(waves: Waves) -> dict[str, float]:
    """An IndexError unless ``v(out)`` goes above 10."""
    return {"first_spike": float(np.flatnonzero(waves["v(out)"] > 10)[0])}


@extractor(version=1)
def misspelled(waves: Waves) -> dict[str, float]:
    """A mistake in the program."""
    return {"level": waves.no_such_attribute}


def job(number: float, extract=level, *, seed: int = 0) -> Job:
    """A deck for `simulated`, which reads the number in its title."""
    return Job(Deck(f"* {number}\n.end\n", analysis=Tran(stop=1.0, max_step=0.1)), extract, {"number": number}, seed)


def waves_of(values: np.ndarray, status: Status = Status.ok, message: str = "") -> Waves:
    """Waves with one signal, ``v(out)``."""
    return Waves(
        axis_name="time",
        axis=np.arange(float(len(values))),
        signals={"v(out)": values},
        engine="ngspice",
        version="39",
        digest="",
        status=status,
        message=message,
        seconds=0.25,
    )


def simulated(deck: Deck, engine: Engine, *, timeout: float) -> Waves:
    """``v(out)`` rises from 0 to the number in the deck's title; negative numbers fail."""
    number = float(deck.text.split()[1])
    if number < 0:
        status = {-1: Status.rejected_netlist, -2: Status.no_convergence, -3: Status.timeout, -4: Status.crashed}[int(number)]
        return waves_of(np.zeros(0), status, f"the engine says {number:g}")
    return waves_of(np.linspace(0.0, number, 5))


def rc_job(resistance: float, *, stop: float = 1e-2, extract=level_and_trace) -> Job:
    """An RC step (1 uF) for a real engine: about 20 ms of work at the usual `stop`."""
    text = f"* rc\nv1 in 0 1\nr1 in out {resistance!r}\nc1 out 0 1e-6 ic=0\n.tran 1e-6 {stop!r} 0 1e-6 uic\n.save v(out)\n.end\n"
    return Job(Deck(text, analysis=Tran(stop=stop, max_step=1e-6), saved=("v(out)",)), extract, {"resistance": resistance})


def rc_jobs(count: int, stop: float) -> list[Job]:
    """`count` resistances."""
    return [rc_job(100.0 + index, stop=stop) for index in range(count)]


def dot(done: int, total: int) -> None:
    """Progress that a test can follow through a pipe."""
    sys.stdout.write(".")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        with Store.open(sys.argv[1]) as opened:
            run_jobs(rc_jobs(int(sys.argv[2]), float(sys.argv[3])), store=opened, progress=dot, workers=2)
    except CosimError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
