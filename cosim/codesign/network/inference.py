"""Inference in SPICE: one transient for each image, the peak of each membrane; a run that fails leaves its image out, not the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.analysis import Options, Tran
from cosim.circuits.corners import NOMINAL, Corner, Mismatch
from cosim.circuits.neuron.card import NeuronCard
from cosim.circuits.neuron.layer import Cells, layer
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.noise import ReadNoisePlan, draw_noise
from cosim.errors import InputError, reject
from cosim.spice.deck import write_deck
from cosim.status import Status
from cosim.sweep.jobs import Job, extractor
from cosim.sweep.lab import Lab
from cosim.sweep.runner import run_jobs
from cosim.waves import Waves

START = 1e-3  # [s] before the first spike of the code
STEP = 200e-6  # [s] largest time step; with reltol 1e-4 peaks are within 0.2 % of a run with 20 us (at 1e-3 0.4 %)
TRACE_POINTS = 200  # of a membrane that is kept for audit


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """What a network runs on.

    Attributes:
        card: of the units.
        parts: devices.
        cells: the array; `minus` the second half of pairs.
        wire_resistance: of one segment of a column [ohm].
        corner: temperature, supply and process.
        mismatch: spread of the transistors of the units, drawn with `seed`.
        silent: cells of inputs that do not fire are simulated too.
        noise: of the reads, drawn anew for each image; None for none.
    """

    card: NeuronCard
    parts: Parts
    cells: Cells
    minus: Cells | None = None
    wire_resistance: float = 0.0
    corner: Corner = NOMINAL
    mismatch: Mismatch | None = None
    seed: int = 0
    silent: bool = False
    noise: ReadNoisePlan | None = None

    @property
    def outputs(self) -> int:
        """Number of columns."""
        return int(self.cells.states.shape[1])


@dataclass(frozen=True, kw_only=True, eq=False)
class CircuitScores:
    """What the circuit gave.

    Attributes:
        peaks: ``(images, outputs)`` of each membrane over its baseline [V]; NaN for an image whose run failed.
        time, traces: ``(points,)`` [s] and ``(images, points, outputs)`` [V] membranes over their baseline.
        failures: image -> why its run failed.
        seconds: of all runs [s].
    """

    peaks: Array
    time: Array
    traces: Array
    failures: dict[int, str]
    seconds: float

    @property
    def done(self) -> Array:
        """``(images,)`` whether the run of an image passed."""
        return np.isfinite(self.peaks).all(axis=1)

    @property
    def classes(self) -> Array:
        """``(images,)`` the column with the highest peak; -1 where the run failed."""
        return np.where(self.done, np.argmax(np.where(np.isfinite(self.peaks), self.peaks, -np.inf), axis=1), -1)


@extractor(version=1)
def membranes(waves: Waves) -> dict[str, Array]:
    """Peak of each membrane over its baseline, and its course on a grid."""
    names = sorted((name for name in waves.signals if name.startswith("v(mem")), key=lambda name: int(name[5:-1]))
    time = np.linspace(0.0, float(waves.axis[-1]), TRACE_POINTS)
    courses = [waves[name] - waves[name][0] for name in names]
    return {
        "peak": np.array([each.max() for each in courses]),
        "time": time,
        "trace": np.stack([np.interp(time, waves.axis, each) for each in courses], axis=1),
    }


def analysis(duration: float, temperature: float = 27.0, *, step: float = STEP) -> Tran:
    """Of one image: sub-threshold currents, but peaks only."""
    return Tran(stop=duration, max_step=step, options=Options(reltol=1e-4, abstol=1e-15, gmin=1e-15, method="trap", temperature=temperature))


def infer(
    hardware: Hardware,
    times: Array,
    lab: Lab,
    *,
    duration: float,
    step: float = STEP,
    columns: Sequence[int] | None = None,
    numbers: Sequence[int] | None = None,
) -> CircuitScores:
    """Run images through the circuit.

    Args:
        hardware: array and units.
        times: ``(images, inputs)`` spikes [s], infinite where an input does not fire.
        lab: where to simulate; with a store in it nothing is run twice.
        duration: of one image [s].
        step: largest time step [s].
        columns: those to simulate; None for all of them in one deck.
        numbers: of the images, for the draws of read noise; 0, 1, ... if left out.

    Raises:
        InputError: the images have another number of inputs than the array has rows, or there are not as many numbers as images.
    """
    if times.ndim != 2 or times.shape[1] != hardware.cells.states.shape[0]:
        raise reject(InputError, "inference", "times", f"shape {times.shape}", f"of shape (images, {hardware.cells.states.shape[0]})")
    if numbers is not None and len(numbers) != len(times):
        raise reject(InputError, "inference", "numbers", f"{len(numbers)} of them", f"one for each of {len(times)} images")
    jobs = [_job(hardware, each, duration, step, columns, index, index if numbers is None else int(numbers[index])) for index, each in enumerate(times)]
    results = run_jobs(jobs, engine=lab.engine, store=lab.store, workers=lab.workers, timeout=lab.timeout, progress=lab.progress)
    wanted = hardware.outputs if columns is None else len(columns)
    peaks, traces = np.full((len(times), wanted), np.nan), np.full((len(times), TRACE_POINTS, wanted), np.nan)
    failures = {}
    for index, result in enumerate(results):
        if result.status is Status.ok:
            peaks[index], traces[index] = np.asarray(result.measures["peak"]), np.asarray(result.measures["trace"])
        else:
            failures[index] = f"{result.status}, {result.message}"
    return CircuitScores(
        peaks=peaks, time=np.linspace(0.0, duration, TRACE_POINTS), traces=traces, failures=failures, seconds=sum(each.seconds for each in results)
    )


def _job(hardware: Hardware, times: Array, duration: float, step: float, columns: Sequence[int] | None, index: int, image: int) -> Job:
    pick = range(hardware.outputs) if columns is None else columns
    cells = hardware.cells.columns(pick)
    minus = None if hardware.minus is None else hardware.minus.columns(pick)
    circuit = layer(
        hardware.card,
        times + START,
        cells,
        minus=minus,
        parts=hardware.parts,
        silent=hardware.silent,
        wire_resistance=hardware.wire_resistance,
        corner=hardware.corner,
        mismatch=hardware.mismatch,
        seed=hardware.seed,
        numbers=list(pick),
        noise=_noise(hardware, times, image, pick),
    )
    saved = tuple(f"v(mem{number})" for number in range(1, len(pick) + 1))
    deck = write_deck(circuit, analysis(duration, hardware.corner.temperature, step=step), saved=saved)
    return Job(deck, membranes, {"image": index}, hardware.seed)


def _noise(hardware: Hardware, times: Array, image: int, pick: Sequence[int]) -> list[Array]:
    """Read noise of the chosen columns: one array, or two of pairs; empty where there is none."""
    plan = hardware.noise
    if plan is None or plan.deviation == 0.0:
        return []
    arrays = 1 if hardware.minus is None else 2
    return [draw_noise(plan, times, hardware.outputs, image=image, array=array)[:, list(pick)] for array in range(arrays)]
