"""Networks whose layers fire, on circuits: layer by layer, and held against the network spike by spike.

Each layer is a deck of its own, since an ideal buffer stands between the output of a unit and the word line that it drives: the spikes of a layer are read
from its deck, and drive the next one. Thresholds are voltages over the membrane at rest, from one run of a unit: a spike through a full weight is what its
peak is. In pairs the net current of two columns must not fall below zero at any time: see `pairs`.

Not here: the maxima of a layer that is read alone (`inference`), single units and chains (`cosim.codesign.neuron.firing`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.card import CurrentBiasedCard, require
from cosim.circuits.neuron.drive import ONE_SPIKE, firing_transient
from cosim.circuits.neuron.layer import layer
from cosim.codesign.network.chip import Chip
from cosim.codesign.network.inference import START, TRACE_POINTS, CircuitScores, Hardware, analysis, membranes
from cosim.codesign.network.mapping import MappedLayer
from cosim.codesign.neuron.bench import Run, respond
from cosim.codesign.neuron.firing import PULSE, trip_point
from cosim.errors import InputError, reject
from cosim.measure import crossings
from cosim.snn.network import TrainedNetwork, waves
from cosim.spice.deck import write_deck
from cosim.status import Status
from cosim.sweep.jobs import Job, Result, extractor
from cosim.sweep.lab import Lab
from cosim.sweep.runner import run_jobs
from cosim.waves import Waves

STEP = 100e-6  # [s] largest time step of units that fire; their spikes come within 0.01 ms of those at 20 us, in half the time
WINDOW = 5e-3  # [s] that two spikes may lie apart and still be the same one
Spikes = tuple[tuple[Array, ...], ...]  # of one layer: for each image, for each neuron, when it fires [s]


@dataclass(frozen=True, kw_only=True, eq=False)
class FiringScores(CircuitScores):
    """What a circuit with layers that fire gave: peaks and traces of the last membranes, or numbers of spikes in the place of peaks, and NaN for traces.

    Attributes:
        spikes: of each layer that fires, on the time axis of the network; none for an image whose run failed.
    """

    spikes: tuple[Spikes, ...]


@extractor(version=1)
def fired(waves: Waves, level: float) -> dict[str, Array]:
    """Spikes of a unit: the begin of the pulse whose rising edge passes `level` [V] when its own does, not before the run."""
    return {"times": np.maximum(crossings(waves.axis, waves["v(spike1)"], level, edge="rise") - PULSE[0] / 2.0, 0.0)}


def on_chips(network: TrainedNetwork, chips: Sequence[Chip]) -> TrainedNetwork:
    """The network with the weights that its arrays have, and thresholds on their scale.

    A weight of a pair is multiplied by the gain of the mapping and by the share of the window in the highest conductance, and so is the threshold.
    """
    layers = [
        replace(
            each,
            plus=chip.plus.weights,
            minus=None if chip.minus is None else chip.minus.weights,
            threshold=None if each.threshold is None else each.threshold * _scale(chip.plus),
        )
        for each, chip in zip(network.layers, chips, strict=True)
    ]
    return replace(network, layers=tuple(layers))


def _scale(array: MappedLayer) -> float:
    return array.gain * (1.0 - array.window.low / array.window.high)


def threshold_voltage(hardware: Hardware, threshold: float, lab: Lab) -> float:
    """What the comparators of a layer are given, over the membrane at rest [V].

    It is a reference voltage that is set once, at 27 degC and nominal supply: the corner of the hardware does not change it.

    Args:
        hardware: of the layer.
        threshold: in spikes through the highest conductance, as in `on_chips`.
        lab: where one spike through one unit is simulated, and the trip point of its comparator.

    Raises:
        InputError: the variant has no spike output.
        SimulationError: the unit does not run, or the comparator does not trip near the threshold.
    """
    card = _spiking(hardware)
    (answer,) = respond([Run(card=card, parts=hardware.parts, times=ONE_SPIKE, duration=0.1)], lab)
    wanted = answer.baseline + threshold * answer.swing
    return 2.0 * wanted - trip_point(card, hardware.parts, wanted, lab) - answer.baseline


def _spiking(hardware: Hardware) -> CurrentBiasedCard:
    require(hardware.card, "spikes", "a spike output")
    assert isinstance(hardware.card, CurrentBiasedCard)
    return hardware.card


def infer_layers(network: TrainedNetwork, hardware: Sequence[Hardware], times: Array, lab: Lab, *, duration: float, step: float = STEP) -> FiringScores:
    """Run images through the circuits of all layers, with thresholds that were set at 27 degC and nominal supply whatever the corner: `threshold_voltage`.

    Args:
        network: `on_chips`: its thresholds and its readout are used.
        hardware: array and units of each layer.
        times: ``(images, inputs)`` spikes of the input [s], infinite where it does not fire.
        lab: where to simulate; with a store in it nothing is run twice.
        duration: of one image [s].
        step: largest time step of units that fire [s].

    Raises:
        InputError: shapes that do not fit, a variant without spike output, a reset other than to zero, read noise.
        SimulationError: a unit alone does not run.
    """
    _refuse(network, hardware, times)
    trains: dict[int, list[Array]] = {index: [np.atleast_1d(each) + START for each in image] for index, image in enumerate(times)}
    peaks, traces = np.full((len(times), network.shape[-1]), np.nan), np.full((len(times), TRACE_POINTS, network.shape[-1]), np.nan)
    spikes: list[Spikes] = []
    failures: dict[int, str] = {}
    seconds = 0.0
    for number, (each, wired) in enumerate(zip(network.layers, hardware, strict=True), start=1):
        threshold = None if each.threshold is None else threshold_voltage(wired, each.threshold, lab)
        ran = _run(wired, trains, threshold, duration, step, lab)
        seconds += sum(result.seconds for results in ran.values() for result in results)
        failed = {image: bad for image, results in ran.items() if (bad := [result for result in results if result.status is not Status.ok])}
        failures |= {image: f"layer {number}, {bad[0].status}, {bad[0].message}" for image, bad in failed.items()}
        passed = {image: results for image, results in ran.items() if image not in failed}
        if threshold is None:
            for image, (result,) in passed.items():
                peaks[image], traces[image] = np.asarray(result.measures["peak"]), np.asarray(result.measures["trace"])
            break
        found = {image: [np.asarray(result.measures["times"]) for result in results] for image, results in passed.items()}
        silent = [np.empty(0)] * wired.outputs
        spikes.append(tuple(tuple(train - START for train in found.get(image, silent)) for image in range(len(times))))
        trains = {image: [apart(train) for train in counted] for image, counted in found.items()}
    if network.readout == "spike_count":
        for image, counted in trains.items():
            peaks[image] = [len(train) for train in counted]
    grid = np.linspace(0.0, duration, TRACE_POINTS)
    return FiringScores(peaks=peaks, time=grid, traces=traces, spikes=tuple(spikes), failures=failures, seconds=seconds)


def _refuse(network: TrainedNetwork, hardware: Sequence[Hardware], times: Array) -> None:
    """Shapes and resets that have no circuit."""
    if len(hardware) != len(network.layers):
        raise reject(InputError, "inference", "hardware", len(hardware), f"{len(network.layers)}, one for each layer")
    if times.ndim != 2 or times.shape[1] != network.shape[0]:
        raise reject(InputError, "inference", "times", f"shape {times.shape}", f"of shape (images, {network.shape[0]})")
    for number, (each, wired) in enumerate(zip(network.layers, hardware, strict=True), start=1):
        if wired.cells.states.shape != each.plus.shape:
            raise reject(InputError, f"inference, layer {number}", "cells", f"shape {wired.cells.states.shape}", f"of shape {each.plus.shape}")
        if wired.noise is not None:
            raise reject(
                InputError, f"inference, layer {number}", "noise", "given", "left out; its samples follow one spike of an input, and layers fire more often"
            )
        if each.threshold is not None:
            _spiking(wired)
            if each.reset != "zero":
                raise reject(InputError, f"inference, layer {number}", "reset", each.reset, "zero; the circuit empties its membrane")


def apart(times: Array) -> Array:
    """Pulses of a word line: one that would begin before the last one has ended begins at its end."""
    found: list[float] = []
    for each in times:
        found.append(max(float(each), found[-1] + sum(PULSE)) if found else float(each))
    return np.array(found)


def _run(hardware: Hardware, trains: Mapping[int, Sequence[Array]], threshold: float | None, duration: float, step: float, lab: Lab) -> dict[int, list[Result]]:
    """Runs of one layer by image: one deck for membranes that are read; one for each unit that fires, since edges of one unit slow all others of its deck."""
    groups = [list(range(hardware.outputs))] if threshold is None else [[column] for column in range(hardware.outputs)]
    jobs = [_job(hardware, train, pick, threshold, duration, step, image) for image, train in trains.items() for pick in groups]
    results = run_jobs(jobs, engine=lab.engine, store=lab.store, workers=lab.workers, timeout=lab.timeout, progress=lab.progress)
    return {image: results[index * len(groups) : (index + 1) * len(groups)] for index, image in enumerate(trains)}


def _job(hardware: Hardware, trains: Sequence[Array], pick: list[int], threshold: float | None, duration: float, step: float, image: int) -> Job:
    circuit = layer(
        hardware.card,
        trains,
        hardware.cells.columns(pick),
        minus=None if hardware.minus is None else hardware.minus.columns(pick),
        parts=hardware.parts,
        silent=hardware.silent,
        wire_resistance=hardware.wire_resistance,
        corner=hardware.corner,
        mismatch=hardware.mismatch,
        seed=hardware.seed,
        numbers=pick,
        threshold=threshold,
    )
    label = {"image": image, "unit": pick[0]}
    temperature = hardware.corner.temperature
    if threshold is None:
        saved = tuple(f"v(mem{number})" for number in range(1, len(pick) + 1))
        return Job(write_deck(circuit, analysis(duration, temperature), saved=saved), membranes, label, hardware.seed)
    plain = firing_transient(duration)
    warm = replace(plain, max_step=step, options=replace(plain.options, temperature=temperature))
    extract = fired.given(level=hardware.card.supply * hardware.corner.supply / 2.0)
    return Job(write_deck(circuit, warm, saved=("v(spike1)",)), extract, label, hardware.seed)


def last_membranes(network: TrainedNetwork, pixels: Array, at: Array) -> Array:
    """Membranes ``(images, points, outputs)`` of the last layer of a network at times ``at (points,)`` [s], for ``pixels (images, inputs)``.

    Between the steps of the network they are straight lines, before the first and behind the last one constant.
    """
    membrane = waves(network, pixels)[-1].membrane
    places = np.clip(at / network.dt, 0.0, len(membrane) - 1.0)
    before = np.minimum(places.astype(int), len(membrane) - 2)
    share = (places - before)[:, None, None]
    return np.moveaxis((1.0 - share) * membrane[before] + share * membrane[before + 1], 0, 1)


def network_spikes(network: TrainedNetwork, pixels: Array) -> tuple[Spikes, ...]:
    """Spikes of the layers of a network that fire, for ``pixels (images, inputs)``; of the first step at which a membrane is above its threshold."""
    ran = waves(network, pixels)
    firing = [each.spikes for each, layer in zip(ran, network.layers, strict=True) if layer.threshold is not None]
    return tuple(
        tuple(tuple(np.flatnonzero(spikes[:, image, neuron]) * network.dt for neuron in range(spikes.shape[2])) for image in range(spikes.shape[1]))
        for spikes in firing
    )


@dataclass(frozen=True, kw_only=True)
class SpikeAgreement:
    """How the spikes of one layer of a circuit stand to those of the network.

    Attributes:
        expected: spikes of the network.
        lag: median of circuit less network [s].
        median, tail: median and 95th percentile of what is left of each difference without the lag, its sign dropped [s].
        missing, extra: spikes of the network without one of the circuit, and the reverse, over those of the network.
    """

    expected: int
    lag: float
    median: float
    tail: float
    missing: float
    extra: float


def compare_spikes(network: Spikes, circuit: Spikes) -> SpikeAgreement:
    """Spikes of one layer, paired in order so that most find a partner within `WINDOW`, and of those pairings the closest.

    Args:
        network: for each image and neuron, when it fires [s].
        circuit: the same of the circuit, on the same time axis; images whose run failed left out of both.

    Raises:
        InputError: other images or neurons.
    """
    if [len(each) for each in network] != [len(each) for each in circuit]:
        raise reject(InputError, "spikes", "circuit", f"{len(circuit)} images", f"{len(network)}, with as many neurons each as in the network")
    rows = [(mine, theirs) for before, after in zip(network, circuit, strict=True) for mine, theirs in zip(before, after, strict=True)]
    expected, found = (sum(len(row[side]) for row in rows) for side in (0, 1))
    lag = float(np.median(differences)) if (differences := _differences(rows, 0.0)).size else 0.0
    left = _differences(rows, lag)
    median, tail = (float(np.percentile(np.abs(left), share)) for share in (50.0, 95.0)) if left.size else (0.0, 0.0)
    whole = max(expected, 1)
    return SpikeAgreement(expected=expected, lag=lag, median=median, tail=tail, missing=(expected - left.size) / whole, extra=(found - left.size) / whole)


def _differences(rows: Sequence[tuple[Array, Array]], lag: float) -> Array:
    """Circuit less network and lag, of all spikes that have a partner [s]."""
    return np.array([theirs[after] - mine[before] - lag for mine, theirs in rows for before, after in _paired(mine + lag, theirs)])


def _paired(network: Array, circuit: Array) -> list[tuple[int, int]]:
    """Pairs of indices: the pairing in order with the least cost, a difference costing itself and a spike without a partner half of `WINDOW`."""
    cost = np.zeros((len(network) + 1, len(circuit) + 1))
    cost[:, 0], cost[0, :] = np.arange(len(network) + 1) * WINDOW / 2, np.arange(len(circuit) + 1) * WINDOW / 2
    apart_by = np.abs(network[:, None] - circuit[None, :])
    for row in range(1, len(network) + 1):
        for column in range(1, len(circuit) + 1):
            alone = min(cost[row - 1, column], cost[row, column - 1]) + WINDOW / 2
            cost[row, column] = min(alone, cost[row - 1, column - 1] + apart_by[row - 1, column - 1])
    row, column, found = len(network), len(circuit), []
    while row and column:
        if cost[row, column] == cost[row - 1, column - 1] + apart_by[row - 1, column - 1]:
            row, column = row - 1, column - 1
            found.append((row, column))
        elif cost[row, column] == cost[row - 1, column] + WINDOW / 2:
            row -= 1
        else:
            column -= 1
    return found[::-1]
