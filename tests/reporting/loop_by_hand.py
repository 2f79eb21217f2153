"""Results of the studies of the loop, put together by hand: few cells, plausible random numbers, nothing simulated."""

from functools import cache

import numpy as np

from cosim.claims import judge
from cosim.codesign.circuit_channel.drift import AssumedDrift
from cosim.codesign.circuit_channel.measure import MeasuredCells
from cosim.codesign.circuit_channel.models import ModelFit
from cosim.codesign.network.chip import Chip
from cosim.codesign.network.levels import Kind, LevelDesign
from cosim.codesign.network.mapping import MappedLayer, Window
from cosim.codesign.network.tuned import TunedChip
from cosim.codesign.tuning.arrays import TunedArray
from cosim.codesign.tuning.pulses import nominal
from cosim.codesign.tuning.tune import Outcome, Traces
from cosim.coding.estimate import CapacityEstimate
from cosim.design import Design
from cosim.design.sections import LoopSection
from cosim.devices.memristor.read_noise import load_read_noise
from cosim.reporting.loop import STAGES, LoopFindings
from cosim.studies.loop.channel import ChannelResult, ReadCapacity
from cosim.studies.loop.levels import LevelsAudit, LevelsResult, LevelsRow
from cosim.studies.loop.training import StagedAudit, TrainingResult
from cosim.studies.loop.tuned import TunedResult

LOOP = LoopSection(levels=32, samples=30, bits=(1.0, 2.0, 3.0), networks=3, draws=6, chips=6, images=500, assumed_drift="pcm-joshi2020")
DESIGN = Design(name="small", loop=LOOP)
SHAPE = (64, 10)


def cells_by_hand() -> MeasuredCells:
    """Tuned to within 0.85 %, read under the noise of the card."""
    rng = np.random.default_rng(1)
    written = np.geomspace(LOOP.low, LOOP.high, LOOP.levels)
    level = np.tile(np.arange(LOOP.levels), LOOP.samples)
    true = written[level] * (1.0026 + 0.0085 * rng.standard_normal(len(level)))
    noise = load_read_noise(LOOP.noise).deviation(true) * rng.standard_normal((len(LOOP.delays), len(level)))
    return MeasuredCells(
        written=written,
        level=level,
        true=true,
        quiet=true * 0.999,
        reads=true * (1.0 + noise),
        delays=np.array(LOOP.delays),
        pulses=rng.integers(2, 6, len(level)),
        time=rng.uniform(0.3, 0.6, len(level)),
        energy=rng.uniform(1e-6, 3e-6, len(level)),
        inside=np.abs(true / written[level] - 1.0) < 0.03,
    )


def capacity_by_hand(bits: float) -> CapacityEstimate:
    return CapacityEstimate(bits=bits, low=bits - 0.018, high=bits + 0.018, kernel_bits=bits + 0.12, samples=LOOP.samples)


@cache
def channel_by_hand() -> ChannelResult:
    """Bits, models and an assumed drift as they might be."""
    cells = cells_by_hand()
    found = {"10 ms": (10e-3, 3.72), "1 s": (1.0, 3.55), "100 s": (100.0, 3.54), "without noise": (None, 4.61)}
    fits = [
        ModelFit(
            model=model,
            source=source,
            condition=condition,
            statistic=("KS", distance),
            p_value=p_value,
            accepted=p_value > 0.01,
            bits=4.1,
            remark="three times too wide; a closed loop ends inside of its band" if p_value < 0.01 else "the card of the read noise, seen through the circuit",
        )
        for model, source, condition, distance, p_value in (
            ("Gaussian of 3 %, relative", "Lim 2025, section 3.2", "tuned conductance", 0.31, 1e-300),
            ("Gaussian of 3 %, relative", "Lim 2025, section 3.2", "read after 1 s", 0.083, 3e-4),
            ("tuning error and read noise, independent", "card of the read noise", "read after 1 s", 0.011, 0.42),
        )
    ]
    assumed = [
        AssumedDrift(model="pcm-joshi2020", delay=delay, bits=capacity_by_hand(bits), mean_shift=shift, deviation=0.05)
        for delay, bits, shift in ((1e4, 2.4, -0.2), (1e6, 1.8, -0.41))
    ]
    return ChannelResult(
        design=DESIGN,
        cells=cells,
        channel=cells.channel(),
        capacities=[ReadCapacity(name=name, delay=delay, estimate=capacity_by_hand(bits)) for name, (delay, bits) in found.items()],
        uniform_levels=9,
        touching_levels=21,
        fits=fits,
        assumed=assumed,
        tuned=capacity_by_hand(4.72),
        chips=np.array([3.52, 3.55, 3.50]),
    )


def traces_by_hand(target: np.ndarray, *, rng: np.random.Generator) -> Traces:
    """Tuned cells, all but one inside of the band."""
    count = len(target)
    conductance = target * (1.0026 + 0.0085 * rng.standard_normal(count))
    conductance[7] = 1.036 * target[7]
    pulses = 2 + rng.poisson(1.5, count)
    return Traces(
        target=target,
        conductance=conductance,
        outcome=tuple(Outcome.false_success if cell == 7 else Outcome.reached for cell in range(count)),
        pulses=pulses,
        sets=np.ones(count, dtype=int),
        time=0.1 * pulses,
        energy=1e-6 * pulses,
        state=np.full(count, 0.5),
        noise=np.zeros(count),
        amplitudes=np.ones((1, count)),
        conductances=conductance[None],
    )


@cache
def tuned_by_hand() -> TunedResult:
    """A network whose tuned array differs from the ideal one by one image."""
    rng = np.random.default_rng(2)
    window = Window(low=LOOP.low, high=LOOP.high)
    target = window.conductance(np.minimum(rng.exponential(0.12, SHAPE), 1.0))
    traces = traces_by_hand(target.ravel(), rng=rng)
    layer = MappedLayer(target=target, conductance=traces.conductance.reshape(SHAPE), cells=None, window=window)  # type: ignore[arg-type]
    labels = np.arange(LOOP.images) % 10
    ideal = np.where(np.arange(LOOP.images) % 17 == 3, (labels + 1) % 10, labels)
    tuned = ideal.copy()
    tuned[11] = (labels[11] + 1) % 10
    return TunedResult(
        design=DESIGN,
        chip=TunedChip(array=TunedArray(SHAPE, nominal(640), traces), chip=Chip(plus=layer), target=target, stuck=np.zeros(SHAPE, dtype=bool)),
        labels=labels,
        ideal=ideal,
        tuned=tuned,
        model_ideal=0.942,
        model_tuned=0.941,
        network=0.942,
        shortcut=0.9345 + 0.002 * rng.standard_normal(LOOP.draws),
        tuned_draws=0.941 + 0.001 * rng.standard_normal(LOOP.draws),
        audited=(traces.conductance[:20], traces.conductance[:20] * 1.0012),
        seconds=1.0,
    )


def design_by_hand(kind: Kind, bits: int) -> LevelDesign:
    """Evenly spaced levels, or levels that crowd where small weights are."""
    share = np.linspace(0.0, 1.0, 2**bits)
    levels = LOOP.low + (LOOP.high - LOOP.low) * (share**2.2 if kind == "designed" else share)
    return LevelDesign(
        kind=kind,
        bits=bits,
        levels=levels,
        thresholds=0.5 * (levels[1:] + levels[:-1]),
        gain=1.6 if kind == "uniform" else 1.0,
        distortion=4.0**-bits * 1e-9,
        loss=0.9 / bits if kind == "uniform" else 0.7 / bits,
    )


def audit_by_hand() -> LevelsAudit:
    """Ten images, of which the uniform array has two wrong and the designed one none."""
    labels = np.arange(10)
    classes = {"uniform": np.where(labels < 2, 9, labels), "designed": labels}
    return LevelsAudit(images=labels, labels=labels, differing=14, circuit=classes, model=classes, seconds=1.0, tests=500)


@cache
def levels_by_hand() -> LevelsResult:
    """Designed levels better by 10, 2 and 0.1 points."""
    rng = np.random.default_rng(3)
    rows = []
    for bits, uniform, gain in ((1, 0.76, 0.10), (2, 0.90, 0.02), (3, 0.931, 0.001)):
        means: dict[Kind, float] = {"uniform": uniform, "searched": uniform + 0.3 * gain, "designed": uniform + gain}
        accuracy = {kind: mean + 0.002 * rng.standard_normal(LOOP.draws) for kind, mean in means.items()}
        designs = {kind: design_by_hand(kind, bits) for kind in means}
        rows.append(LevelsRow(bits=bits, **designs, accuracy=accuracy, conductance={}, audit=audit_by_hand(), networks=3))
    return LevelsResult(design=DESIGN, rows=rows, analog=0.942)


@cache
def training_by_hand() -> TrainingResult:
    """Half and three quarters of a loss of four points come back."""
    rng = np.random.default_rng(4)
    means = {"plain": 0.904, "longer": 0.907, "aware": 0.924, "staged": 0.935, "tuned_plain": 0.939, "tuned_aware": 0.940}
    chips = {name: mean + 0.003 * rng.standard_normal(LOOP.chips) for name, mean in means.items()}
    labels = np.arange(20) % 10
    circuit = StagedAudit(labels=labels, circuit=np.where(labels == 3, 5, labels), model=labels)
    known = {"spread": 0.104, "error": 0.099, "read_error": 0.006, "clean": 0.941, "tuned_error": 0.0084}
    return TrainingResult(design=DESIGN, **known, **chips, circuit=circuit, reads=16, read_time=3072.0)


def findings_by_hand() -> LoopFindings:
    """All stages run."""
    results = {"channel": channel_by_hand(), "tuned": tuned_by_hand(), "levels": levels_by_hand(), "training": training_by_hand()}
    verdicts = [verdict for stage, (_, claims) in STAGES.items() for verdict in judge(claims, results[stage])]
    return LoopFindings(design=DESIGN, results=results, failures={}, failed=[], verdicts=verdicts, seconds=dict.fromkeys(results, 1.0))
