"""The unit behind each column of a chip as one potential, and what the membranes of images come to by superposition.

A unit whose transistors differ from the others' has a gain, time constants and a baseline of its own. All three show in one run: the membrane after one spike
of full weight. Membranes of an image are then weighted sums of that potential, shifted to the times of the spikes, which takes microseconds where the circuit
takes seconds. The draw of a unit is that of `layer`, from the seed of the chip and the number of the column, so that a chip can be simulated whole as well.

Not here: what a sum cannot show. The gain of a unit grows with its current, and the transistor of a cell takes a share of the read voltage that grows with the
weight: with the card `robust_array` peaks of a whole chip are some 7 % above their sums, drawn and nominal alike, and 3 % of the highest one about that. What
mismatch does to a peak, drawn over nominal, is right within 0.4 %. Offsets of op-amps are those of the parts, the same for all columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.corners import NOMINAL, Corner, Mismatch
from cosim.circuits.neuron.card import NeuronCard
from cosim.circuits.neuron.layer import Cells, layer
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.inference import START, analysis
from cosim.errors import InputError, SimulationError, reject
from cosim.snn.readout import CHUNK, GRID, levels
from cosim.spice.deck import write_deck
from cosim.status import REMEDIES, Status
from cosim.sweep.jobs import Job, extractor
from cosim.sweep.lab import Lab
from cosim.sweep.runner import run_jobs
from cosim.waves import Waves

DURATION = 0.06  # [s] of a run: 4 time constants of the membrane, and no maximum of an image comes later
STEP = 100e-6  # [s] largest time step
DECAYED = (0.9, 0.3)  # shares of the peak between which the decay is fitted


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """The units of some chips.

    Attributes:
        time: ``(points,)`` after the spike [s], in equal steps from 0.
        waves: ``(chips, outputs, points)`` membrane after one spike of full weight, over its baseline [V].
        baselines: ``(chips, outputs)`` membrane at rest [V].
        seeds: ``(chips,)`` of the draws: ``Hardware(mismatch=..., seed=...)`` is the same chip; empty where nothing was drawn.
        seconds: of all runs [s].
    """

    time: Array
    waves: Array
    baselines: Array
    seeds: tuple[int, ...] = ()
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.waves.ndim != 3 or self.waves.shape[2:] != self.time.shape or self.baselines.shape != self.waves.shape[:2]:
            given = f"{self.time.shape}, {self.waves.shape} and {self.baselines.shape}"
            raise reject(InputError, "columns", "shapes of time, waves and baselines", given, "(points,), (chips, outputs, points) and (chips, outputs)")

    def __len__(self) -> int:
        return len(self.waves)

    def chip(self, index: int) -> "Columns":
        """One of the chips."""
        pick = slice(index, index + 1)
        return Columns(time=self.time, waves=self.waves[index][None], baselines=self.baselines[index][None], seeds=self.seeds[pick])

    @property
    def gains(self) -> Array:
        """``(chips, outputs)`` peak of each potential [V]."""
        return np.asarray(self.waves.max(axis=2))

    @property
    def decays(self) -> Array:
        """``(chips, outputs)`` time constant of the membrane: of the straight line through the logarithm of its decay [s]."""
        return np.array([[_decay(self.time, wave) for wave in chip] for chip in self.waves])


def _decay(time: Array, wave: Array) -> float:
    peak = int(wave.argmax())
    late = np.arange(len(wave)) > peak
    fitted = late & (wave < DECAYED[0] * wave[peak]) & (wave > DECAYED[1] * wave[peak])
    return float(-1.0 / np.polyfit(time[fitted], np.log(wave[fitted]), 1)[0])


@extractor(version=1)
def potentials(waves: Waves) -> dict[str, Array]:
    """Baseline of each membrane [V], and its course over it on a grid that begins with the spike."""
    names = sorted((name for name in waves.signals if name.startswith("v(mem")), key=lambda name: int(name[5:-1]))
    grid = _grid(float(waves.axis[-1]) - START)
    baselines = np.array([waves[name][0] for name in names])
    courses = np.stack([np.interp(START + grid, waves.axis, waves[name]) for name in names])
    return {"baseline": baselines, "wave": courses - baselines[:, None]}


def _grid(span: float) -> Array:
    return np.arange(int(span / GRID + 1e-6) + 1) * GRID


def measure_columns(card: NeuronCard, parts: Parts, lab: Lab, *, chips: int, outputs: int, mismatch: Mismatch, seed: int, corner: Corner = NOMINAL) -> Columns:
    """The units of drawn chips, one run for all columns of a chip.

    Args:
        card, parts: of the units.
        lab: where to simulate; with a store in it nothing is run twice, and what was stopped goes on.
        chips, outputs: how many, and how many columns each.
        mismatch: spread of the transistors.
        seed: of the first chip; the next ones have the next numbers.
        corner: temperature, supply and process of all of them.

    Raises:
        InputError: no chip or no column.
        SimulationError: a run failed; the others are in the store.
    """
    for name, value in (("chips", chips), ("outputs", outputs)):
        if not value >= 1:
            raise reject(InputError, "columns", name, value, ">= 1")
    seeds = tuple(range(seed, seed + chips))
    return _measured([_job(card, parts, outputs, corner, mismatch, each) for each in seeds], lab, seeds)


def unit_response(card: NeuronCard, parts: Parts, corner: Corner, lab: Lab, *, outputs: int = 1) -> Columns:
    """The nominal unit as all columns of one chip: at another temperature or supply, or with the op-amp offsets of `parts`.

    Raises:
        SimulationError: the run failed.
    """
    one = _measured([_job(card, parts, 1, corner, None, 0)], lab, ())
    return Columns(time=one.time, waves=one.waves.repeat(outputs, axis=1), baselines=one.baselines.repeat(outputs, axis=1), seconds=one.seconds)


def _job(card: NeuronCard, parts: Parts, outputs: int, corner: Corner, mismatch: Mismatch | None, seed: int) -> Job:
    """One spike through a cell of full weight in each column."""
    cells = Cells(states=np.ones((1, outputs)))
    circuit = layer(card, np.array([START]), cells, parts=parts, corner=corner, mismatch=mismatch, seed=seed)
    saved = tuple(f"v(mem{number})" for number in range(1, outputs + 1))
    deck = write_deck(circuit, analysis(START + DURATION, corner.temperature, step=STEP), saved=saved)
    return Job(deck, potentials, {"chip": seed}, seed)


def _measured(jobs: Sequence[Job], lab: Lab, seeds: tuple[int, ...]) -> Columns:
    results = run_jobs(jobs, engine=lab.engine, store=lab.store, workers=lab.workers, timeout=lab.timeout, progress=lab.progress)
    for result in results:
        if result.status is not Status.ok:
            raise SimulationError(f"columns, chip={result.label['chip']}: {result.status}, {result.message or 'no message'}; {REMEDIES[result.status]}")
    return Columns(
        time=_grid(DURATION),
        waves=np.stack([np.asarray(each.measures["wave"]) for each in results]),
        baselines=np.stack([np.asarray(each.measures["baseline"]) for each in results]),
        seeds=seeds,
        seconds=sum(each.seconds for each in results),
    )


def column_scores(columns: Columns, times: Array, weights: Array) -> Array:
    """Maxima of the membranes of one chip, each over its own baseline.

    Args:
        columns: of one chip.
        times: ``(images, inputs)`` spikes [s], infinite where an input does not fire.
        weights: ``(inputs, outputs)`` as `Chip.weights` of positive weights: conductances over the highest one.

    Returns:
        ``(images, outputs)`` [V]; 0 for an image without a spike.

    Raises:
        InputError: more chips than one, or shapes that do not fit; spikes too late for the potentials; weights below 0, which no unit has shown.
    """
    chips, outputs, _ = columns.waves.shape
    if chips != 1:
        raise reject(InputError, "column scores", "chips", chips, "1; take one with `Columns.chip`")
    if times.ndim != 2 or weights.shape != (times.shape[1], outputs):
        raise reject(InputError, "column scores", "weights", f"shape {weights.shape}", f"of shape (inputs, {outputs}), for times of shape {times.shape}")
    if not weights.min(initial=0.0) >= 0:
        raise reject(InputError, "column scores", "weights", float(weights.min()), ">= 0; the units of pairs carry no negative current in full")
    latest = float(np.max(times, where=np.isfinite(times), initial=0.0))
    last = float(columns.time[-1] - columns.time[columns.waves.argmax(axis=2).max()])
    if latest > last:
        raise reject(InputError, "column scores", "times", latest, f"<= {last:g} s, from where on a potential ends before its peak")
    found = [_chunk(columns, times[start : start + CHUNK], weights) for start in range(0, len(times), CHUNK)]
    return np.concatenate(found) if found else np.zeros((0, outputs))


def _chunk(columns: Columns, times: Array, weights: Array) -> Array:
    """Spikes that come at the same time are summed first."""
    distinct, members = levels(times)
    if not distinct.size:
        return np.zeros((len(times), weights.shape[1]))
    sums = np.moveaxis(members @ weights, 2, 0)  # (outputs, images, levels)
    since = columns.time - distinct[:, None]
    shifted = np.stack([np.interp(since, columns.time, wave, left=0.0) for wave in columns.waves[0]])  # (outputs, levels, points)
    return np.asarray((sums @ shifted).max(axis=2).T)
