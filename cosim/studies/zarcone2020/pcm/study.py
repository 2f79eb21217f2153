"""Run the study on the measurements: pooled, normalized and single devices, other bandwidths, codes on reads and on devices that their design has not seen."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.channels.channel import discretize
from cosim.channels.measured import MeasuredChannel, zarcone
from cosim.channels.tables import Measurements, read_measurements
from cosim.coding.capacity import capacity
from cosim.coding.scalar import design_scalar
from cosim.coding.score import held_out, raw_matrix
from cosim.coding.sources import gaussian
from cosim.datasets import data_file
from cosim.design import Design
from cosim.studies.zarcone2020.blocks import BlockScore, block_codes
from cosim.studies.zarcone2020.storing import Bound, Stored, bound, store_in
from cosim.sweep.lab import Lab

DEVICES = 7
SPLIT, DESIGN, LEAVE = 6, 7, 8  # last words of the seeds
LEFT_OUT = 0.4  # of the trials, for the score on unseen ones
FILE = ("pcm_zarcone", "pcm_20140605.npz")
VERSIONS = {"bandwidth": 1, "unseen": 1, "left out": 1}  # raised when a computation changes


@dataclass(frozen=True, kw_only=True, eq=False)
class Unseen:
    """A scalar code designed on a part of the reads: what its design expects, and what it does on the other reads of the same seven devices [dB]."""

    expected: float
    scored: float


@dataclass(frozen=True, kw_only=True, eq=False)
class DeviceMoments:
    """One device: ``(levels,)`` word-line voltages [V], mean and deviation of the reads, in decades of resistance and below its own reset."""

    voltage: Array
    mean: Array
    deviation: Array
    below_reset: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class PcmResult:
    """Everything that figures, tables and claims of the study read.

    Attributes:
        design: of it.
        stored: the seven devices, each relative to its own reset.
        raw: capacity of the seven devices as they are.
        devices: capacity of each device.
        moments: of each device, for Fig. 4.
        bandwidths: factors on Scott's bandwidth; ``widened["normalized"]`` the capacity of the channel with each, ``widened["raw"]`` that of the raw one,
            ``widened["device"]`` the mean of the devices [bits].
        unseen: the scalar code on reads of the same seven devices that its design has not seen.
        left_out: ``(devices,)`` the scalar code of the other six devices on the raw reads of each [dB]: a device that its design has not seen at all, but
            for the mean of its own reset.
        left_out_expected: ``(devices,)`` what these codes expect [dB].
        blocks: codes for several devices.
    """

    design: Design
    stored: Stored
    raw: Bound
    devices: tuple[Bound, ...]
    moments: tuple[DeviceMoments, ...]
    bandwidths: Array
    widened: Mapping[str, Array]
    unseen: Unseen
    left_out: Array
    left_out_expected: Array
    blocks: tuple[BlockScore, ...]


def run(design: Design, lab: Lab) -> PcmResult:
    """The study.

    Raises:
        DataError: the measurements are not there.
        Cancelled: Ctrl-C; what was computed is in the store.
    """
    plan, seed = design.storage, design.run.seed
    normalized, raw = zarcone(), zarcone(raw=True)
    single = [zarcone(device=each) for each in range(DEVICES)]
    bins = plan.bins
    stored = store_in(normalized, plan, lab, seed=seed)
    left_out = _left_out(design, lab)
    widened = {name: np.array([_mean_bits(name, factor, bins, lab) for factor in plan.bandwidths]) for name in ("normalized", "raw", "device")}
    return PcmResult(
        design=design,
        stored=stored,
        raw=bound(discretize(raw, bins=bins), lab),
        devices=tuple(bound(discretize(each, bins=bins), lab) for each in single),
        moments=tuple(_moments(each) for each in range(DEVICES)),
        bandwidths=np.array(plan.bandwidths),
        widened=widened,
        unseen=_unseen(design, lab),
        left_out=left_out["scored"],
        left_out_expected=left_out["expected"],
        blocks=block_codes(stored.matrix, stored.capacity, lab, seed=seed),
    )


def _mean_bits(name: str, factor: float, bins: int, lab: Lab) -> float:
    """Capacity with another bandwidth, of a pooled channel or the mean of the devices [bits]."""

    def compute() -> dict[str, Array]:
        devices = range(DEVICES) if name == "device" else [None]
        some = [zarcone(raw=name == "raw", device=each, bandwidth=factor) for each in devices]
        return {"bits": np.array([capacity(discretize(each, bins=bins).matrix).bits for each in some])}

    return float(np.mean(lab.remember("pcm bandwidth", VERSIONS["bandwidth"], [_data(), name, factor, bins], compute)["bits"]))


def _moments(device: int) -> DeviceMoments:
    raw, normalized = zarcone(raw=True, device=device), zarcone(device=device)
    mean, deviation = raw.moments()
    return DeviceMoments(voltage=raw.inputs, mean=mean, deviation=deviation, below_reset=normalized.moments()[0])


def _unseen(design: Design, lab: Lab) -> Unseen:
    """A scalar code for the kernel densities of some trials, scored on the raw reads of the others.

    The mean reset of each device, which reads are taken relative to, is that of the trials of the design for both.
    """
    plan, seed = design.storage, design.run.seed

    def compute() -> dict[str, Array]:
        everything = read_measurements(data_file(*FILE))
        unseen = held_out(len(everything.written), share=LEFT_OUT, rng=np.random.default_rng([seed, SPLIT]))
        known, rest = _part(everything, ~unseen), _part(everything, unseen)
        expected, scored = _designed_and_scored(known, rest, _resets(known)[rest.device], design, np.random.default_rng([seed, DESIGN]))
        return {"expected": np.array(expected), "scored": np.array(scored)}

    known = lab.remember("pcm unseen", VERSIONS["unseen"], [_data(), plan.bins, plan.starts, LEFT_OUT, seed], compute)
    return Unseen(expected=float(known["expected"]), scored=float(known["scored"]))


def _left_out(design: Design, lab: Lab) -> dict[str, Array]:
    """``(devices,)`` what a code for six devices expects, and its score on the raw reads of the seventh, relative to the mean of its own reset."""
    plan, seed = design.storage, design.run.seed

    def compute() -> dict[str, Array]:
        everything = read_measurements(data_file(*FILE))
        assert everything.device is not None
        resets, found = _resets(everything), []
        for each in range(DEVICES):
            known, rest = _part(everything, everything.device != each), _part(everything, everything.device == each)
            found.append(_designed_and_scored(known, rest, resets[rest.device], design, np.random.default_rng([seed, LEAVE, each])))
        expected, scored = np.array(found).T
        return {"expected": expected, "scored": scored}

    return lab.remember("pcm device left out", VERSIONS["left out"], [_data(), plan.bins, plan.starts, seed], compute)


def _designed_and_scored(known: Measurements, rest: Measurements, resets: Array, design: Design, rng: np.random.Generator) -> tuple[float, float]:
    """A scalar code for the kernel densities of `known`: what it expects, and its score on the raw reads of `rest` below `resets` [dB]."""
    matrix = discretize(MeasuredChannel.from_measurements(known, normalized=True), bins=design.storage.bins)
    made = design_scalar(matrix.matrix, gaussian(), rng=rng, starts=design.storage.starts)
    raw = raw_matrix(matrix.inputs, matrix.edges, written=rest.written, read=resets - np.log10(rest.read))
    return made.snr, made.evaluate(raw, gaussian()).snr


def _part(measurements: Measurements, rows: Array) -> Measurements:
    """Some rows of a table with devices."""
    assert measurements.device is not None
    return replace(measurements, written=measurements.written[rows], read=measurements.read[rows], device=measurements.device[rows])


def _resets(measurements: Measurements) -> Array:
    """``(devices,)`` mean of ``log10 R`` at the lowest word-line voltage."""
    assert measurements.device is not None
    lowest = measurements.written <= measurements.written.min() + 1e-3
    return np.array([np.mean(np.log10(measurements.read[lowest & (measurements.device == each)])) for each in range(DEVICES)])


def _data() -> str:
    """sha256 of the measurements."""
    return hashlib.sha256(data_file(*FILE).read_bytes()).hexdigest()
