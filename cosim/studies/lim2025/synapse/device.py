"""The memristor alone: pinched I-V, reset-stop sweeps, staircase of levels, read noise, variability (Lim 2025, Fig. 2, S3).

Levels are formed by the paper's rule (section 3.1): the first level after a reset to -0.5 V; for the next one the reset
voltage grows by -1 mV, again and again, until the smallest read of the level before exceeds the largest read of the new one
by the gap. The stop voltages that the rule tries are therefore always the same staircase in 1 mV, whatever the noise: one
transient holds them all, and only the reads differ from seed to seed.
"""

from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.analysis import Options, Tran
from cosim.circuits.cells import device_bench
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Memristor, VoltageSource
from cosim.circuits.stimuli import PiecewiseLinear
from cosim.codesign.cellbench import RELTOL, SWEEP_RATE, Devices, loop, loop_analysis
from cosim.codesign.window import device_loop, device_window
from cosim.design import Design
from cosim.devices.memristor.card import MemristorCard, load_memristor
from cosim.devices.memristor.read_noise import flat, load_read_noise
from cosim.devices.memristor.static import state_of_conductance
from cosim.devices.memristor.variability import Spread
from cosim.sweep.lab import Lab, Question, Reading

READ_EDGE = 1e-3  # [s] up to the read voltage
READ_FLAT = 20e-3  # [s] at the read voltage
SHOWN_STOPS = 7  # reset-stop sweeps drawn in Fig. 2A
FIXED_LEVELS = 23  # the number of levels that the paper reports
SURVIVAL_SEEDS = 1000  # offset of the seeds of the second reading


@dataclass(frozen=True, kw_only=True)
class Loop:
    """A full set and reset: ``(points,)`` voltage [V], current [A], state."""

    name: str
    voltage: Array
    current: Array
    state: Array
    on: float
    off: float


@dataclass(frozen=True, kw_only=True)
class Staircase:
    """Conductance after each reset stop.

    Attributes:
        stops: ``(stops,)`` magnitudes of the reset voltages, rising [V].
        conductance: ``(stops,)`` read after each [S].
        sweeps: I-V of a few of the reset sweeps: ``(stop [V], voltage, current)``.
    """

    stops: Array
    conductance: Array
    sweeps: tuple[tuple[float, Array, Array], ...]


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Levels by the paper's rule, over many seeds of the read noise.

    Attributes:
        counts: ``(seeds,)`` levels formed.
        survivors: ``(seeds,)`` gaps between neighbors that hold at a second, independent reading, as a share.
        conductance: of the levels of the first seed [S].
        stops: their reset voltages [V].
        fixed: ``(23,)`` levels at fixed stops [S].
        fixed_held: ``(seeds,)`` whether all gaps of the fixed levels hold.
    """

    counts: Array
    survivors: Array
    conductance: Array
    stops: Array
    fixed: Array
    fixed_held: Array


@dataclass(frozen=True, kw_only=True)
class NoiseTraces:
    """Reads over time at each level (Fig. 2C, D).

    Attributes:
        time: ``(reads,)`` [s].
        conductance: ``(levels, reads)`` [S], simulated.
        deviation: ``(levels,)`` standard deviation over mean of each trace.
        drift: ``(levels,)`` change of the state over the trace, simulated.
    """

    time: Array
    conductance: Array
    deviation: Array
    drift: Array


@dataclass(frozen=True, kw_only=True)
class Variability:
    """Loops with spread on I0 and Rs (Fig. S3).

    Attributes:
        spreads: ``(spreads,)`` relative.
        voltage, current: ``(spreads, cycles, points)`` [V], [A].
        on, off: ``(spreads, cycles)`` conductance after set and reset [S].
    """

    spreads: Array
    voltage: Array
    current: Array
    on: Array
    off: Array


def pinched_loops(design: Design, devices: Devices, lab: Lab) -> tuple[Loop, ...]:
    """The design's memristor and the one beside it."""
    cards = (devices.memristor, load_memristor(design.device.comparison))
    voltage, read = design.cell.full_voltage, design.cell.read_voltage
    readings = lab.ask([device_loop(replace(devices, memristor=card), voltage) for card in cards])
    loops = []
    for card, reading in zip(cards, readings, strict=True):
        window = device_window(reading, voltage=voltage, read=read)
        loops.append(Loop(name=card.name, voltage=reading["v(te)"], current=-reading["i(vte)"], state=reading["v(x1.x)"], on=window.on, off=window.off))
    return tuple(loops)


def staircase(design: Design, card: MemristorCard, lab: Lab) -> Staircase:
    """One transient: full set, then a reset sweep to every stop voltage without a set, each followed by a read."""
    levels = design.levels
    count = round((levels.last_stop - levels.first_stop) / levels.step) + 1
    stops = np.linspace(levels.first_stop, levels.last_stop, count)
    stimulus, reads = _staircase_stimulus(stops, full=design.cell.full_voltage, read=design.cell.read_voltage)
    reading = lab.ask_one(
        Question(
            circuit=device_bench(card, stimulus),
            analysis=Tran(stop=stimulus.end, max_step=0.1, options=Options(reltol=RELTOL)),
            saved=("v(te)", "i(vte)"),
        )
    )
    current = -reading["i(vte)"]
    shown = np.linspace(0, count - 1, min(SHOWN_STOPS, count)).astype(int)
    sweeps = tuple((float(stops[index]), *_sweep_before(reading, reads[index], float(stops[index]))) for index in shown)
    return Staircase(stops=stops, conductance=np.interp(reads, reading.axis, current) / design.cell.read_voltage, sweeps=sweeps)


def _staircase_stimulus(stops: Array, *, full: float, read: float) -> tuple[PiecewiseLinear, Array]:
    """The stimulus, and the times in the middle of the reads."""
    points = [(0.0, 0.0), (full / SWEEP_RATE, full), (2 * full / SWEEP_RATE, 0.0)]
    reads = []
    for stop in stops.tolist():
        start = points[-1][0]
        down, up = start + stop / SWEEP_RATE, start + 2 * stop / SWEEP_RATE
        begin, end = up + READ_EDGE, up + READ_EDGE + READ_FLAT
        points += [(down, -stop), (up, 0.0), (begin, read), (end, read), (end + READ_EDGE, 0.0)]
        reads.append(0.5 * (begin + end))
    return PiecewiseLinear(tuple(points)), np.array(reads)


def _sweep_before(reading: Reading, read_time: float, stop: float) -> tuple[Array, Array]:
    end = read_time - READ_EDGE - 0.5 * READ_FLAT
    inside = (reading.axis >= end - 2 * stop / SWEEP_RATE) & (reading.axis <= end)
    return reading["v(te)"][inside], -reading["i(vte)"][inside]


def form_levels(design: Design, stairs: Staircase) -> Levels:
    """The paper's rule over all seeds, and what a second reading and fixed stops give."""
    levels = design.levels
    fixed = _fixed_levels(stairs.conductance, levels.noise)
    counts, survivors, held = [], [], []
    first: Array = np.array([], dtype=int)
    for seed in range(design.run.seed, design.run.seed + levels.seeds):
        rng = np.random.default_rng(seed)
        index = accepted_stops(stairs.conductance, noise=levels.noise, reads=levels.reads, gap=levels.gap, rng=rng)
        first = index if seed == design.run.seed else first
        counts.append(len(index))
        again = np.random.default_rng(seed + SURVIVAL_SEEDS)
        survivors.append(np.mean(gaps(stairs.conductance[index], noise=levels.noise, reads=levels.reads, rng=again) >= levels.gap))
        held.append(np.all(gaps(fixed, noise=levels.noise, reads=levels.reads, rng=again) >= levels.gap))
    return Levels(
        counts=np.array(counts),
        survivors=np.array(survivors),
        conductance=stairs.conductance[first],
        stops=stairs.stops[first],
        fixed=fixed,
        fixed_held=np.array(held),
    )


def accepted_stops(conductance: Array, *, noise: float, reads: int, gap: float, rng: np.random.Generator) -> Array:
    """The paper's rule: indices of the stops at which a new level is accepted.

    Args:
        conductance: ``(stops,)`` after each stop of the staircase, falling [S].
        noise: relative deviation of one read; reads are independent.
        reads: of each level.
        gap: smallest read of a level less largest read of the next, at least [S].
    """
    seen = conductance[:, None] * (1.0 + noise * rng.standard_normal((len(conductance), reads)))
    lowest, highest = seen.min(axis=1), seen.max(axis=1)
    index = [0]
    for stop in range(1, len(conductance)):
        if lowest[index[-1]] - highest[stop] >= gap:
            index.append(stop)
    return np.array(index)


def gaps(conductance: Array, *, noise: float, reads: int, rng: np.random.Generator) -> Array:
    """``(levels - 1,)`` smallest read of each level less largest read of the next one [S]; `conductance` falls."""
    seen = conductance[:, None] * (1.0 + flat(noise).trace(conductance, np.arange(reads, dtype=float), rng=rng))
    return seen.min(axis=1)[:-1] - seen.max(axis=1)[1:]


def _fixed_levels(conductance: Array, noise: float) -> Array:
    """The 23 of the simulated conductances whose gaps, in units of the noise at their place, are as equal as can be.

    The gap between G1 and G2 is G1 (1 - z noise) - G2 (1 + z noise); levels spread evenly in ln(G + offset) widen the gaps of
    the low levels, where the smallest allowed gap weighs most.
    """
    offset = 2e-6 / max(noise, 1e-3) * 0.02
    scale = np.log(conductance + offset)
    wanted = np.linspace(scale[0], scale[-1], FIXED_LEVELS)
    index = np.abs(scale[:, None] - wanted[None, :]).argmin(axis=0)
    return conductance[index]


def noise_traces(design: Design, card: MemristorCard, conductance: Array, lab: Lab) -> NoiseTraces:
    """Each level read for the duration of the design through a memristor whose current carries the noise of the noise card."""
    noise, read = load_read_noise(design.noise.card), design.cell.read_voltage
    states = state_of_conductance(card, conductance, voltage=read)
    questions = []
    for index, (level, state) in enumerate(zip(conductance.tolist(), states.tolist(), strict=True)):
        rng = np.random.default_rng([design.run.seed, index])
        trace = noise.stimulus(level, duration=design.noise.duration, interval=design.noise.interval, rng=rng)
        questions.append(
            Question(
                circuit=_noisy_bench(card, trace, state=state, read=read),
                analysis=Tran(stop=design.noise.duration, max_step=design.noise.interval),
                saved=("i(vte)", "v(x1.x)"),
                seed=design.run.seed,
            )
        )
    readings = lab.ask(questions)
    time = np.arange(0.0, design.noise.duration, design.noise.interval)
    traces = np.stack([np.interp(time, reading.axis, -reading["i(vte)"]) / read for reading in readings])
    return NoiseTraces(
        time=time,
        conductance=traces,
        deviation=traces.std(axis=1) / traces.mean(axis=1),
        drift=np.array([reading["v(x1.x)"][-1] - reading["v(x1.x)"][0] for reading in readings]),
    )


def _noisy_bench(card: MemristorCard, trace: PiecewiseLinear, *, state: float, read: float) -> Circuit:
    return Circuit(
        name="noisy_device_bench",
        description="memristor alone at the read voltage, with read noise",
        elements=(VoltageSource("te", "te", "0", read), Memristor(name="1", top="te", bottom="0", card=card, state=state, noise=trace)),
    )


def variability(design: Design, card: MemristorCard, lab: Lab) -> Variability:
    """Loops at every spread; each cycle draws its own factors on I0 and Rs."""
    spreads, cycles = design.variability.spreads, design.variability.cycles
    voltage, read = design.cell.full_voltage, design.cell.read_voltage
    circuit = device_bench(card, loop(voltage))
    questions = []
    for index, spread in enumerate(spreads):
        rng = np.random.default_rng([design.run.seed, index])
        scale, series = Spread(cycle=spread).draw(rng, devices=1, cycles=cycles)
        questions += [
            Question(
                circuit=circuit,
                analysis=loop_analysis(voltage),
                saved=("v(te)", "i(vte)", "v(x1.x)"),
                values={"i0s": float(first), "rss": float(second)},
                seed=design.run.seed,
            )
            for first, second in zip(scale[0], series[0], strict=True)
        ]
    readings = lab.ask(questions)
    time = np.linspace(0.0, 4.0 * voltage / SWEEP_RATE, 801)
    found = [device_window(reading, voltage=voltage, read=read) for reading in readings]
    shape = (len(spreads), cycles)
    return Variability(
        spreads=np.array(spreads),
        voltage=np.stack([np.interp(time, reading.axis, reading["v(te)"]) for reading in readings]).reshape(*shape, -1),
        current=np.stack([np.interp(time, reading.axis, -reading["i(vte)"]) for reading in readings]).reshape(*shape, -1),
        on=np.array([window.on for window in found]).reshape(shape),
        off=np.array([window.off for window in found]).reshape(shape),
    )
