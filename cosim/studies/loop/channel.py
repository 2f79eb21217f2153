"""The tuned cell as a channel: how much one read of it holds after a delay, what the tuned conductance itself holds, and which models describe it.

Capacities are those of the levels that were written, so that none exceeds log2 of their number, and of the amplifiers of one chip: the offset that auto-zero
leaves to each column is part of what a read is off by, with noise and without. An interval is that of the devices on this chip; how much other chips differ
stands beside it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.gaussian import load_gaussian
from cosim.channels.measured import MeasuredChannel
from cosim.channels.pcm import load_pcm
from cosim.channels.population import population
from cosim.channels.rram import load_relaxing
from cosim.claims import Claim, Kind, Requirement, at_least, at_most
from cosim.codesign.circuit_channel.drift import AssumedDrift, assumed_drift, drift_law
from cosim.codesign.circuit_channel.drift_models import no_drift, pcm_drift, population_drift, relaxation
from cosim.codesign.circuit_channel.measure import MeasuredCells, check_reads, columns_of, measure, remembered_capacity, touching_levels
from cosim.codesign.circuit_channel.models import ModelFit
from cosim.codesign.circuit_channel.pilot import check_samples
from cosim.codesign.circuit_channel.readpath import ReadPath, chip_offsets
from cosim.codesign.circuit_channel.spread_models import fitted_gaussian, gaussian_by_level, paper_gaussian, pcm_spread
from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.levels import separable_levels
from cosim.coding.estimate import CapacityEstimate
from cosim.design import Design
from cosim.sweep.lab import Lab
from cosim.units import engineering

FOLDS, MODELS = 705, 708  # last words of the seeds
CHIPS = 5  # with other amplifiers
WITHOUT_NOISE = "without noise"


@dataclass(frozen=True, kw_only=True)
class ReadCapacity:
    """Capacity of one read.

    Attributes:
        name: the delay in words, or "without noise".
        delay: [s]; None without noise.
        estimate: with its interval.
    """

    name: str
    delay: float | None
    estimate: CapacityEstimate


@dataclass(frozen=True, kw_only=True, eq=False)
class ChannelResult:
    """What was found.

    Attributes:
        cells: written and read.
        channel: of the single reads at all delays, in decades.
        capacities: one for each delay, then one for reads without noise.
        uniform_levels: equally spaced levels of the window whose bands do not touch.
        touching_levels: levels whose relative bands touch one another, end to end.
        fits: models held against the measurement, condition by condition.
        assumed: beyond the retention; empty without an assumed drift.
        tuned: capacity of the tuned conductance itself, which no amplifier reads.
        chips: ``(chips,)`` bits of one read after the longest delay, of the same cells behind the amplifiers of other chips.
    """

    design: Design
    cells: MeasuredCells
    channel: MeasuredChannel
    capacities: Sequence[ReadCapacity]
    uniform_levels: int
    touching_levels: int
    fits: Sequence[ModelFit]
    assumed: Sequence[AssumedDrift]
    tuned: CapacityEstimate | None = None
    chips: Array | None = None

    @property
    def longest(self) -> CapacityEstimate:
        """Of one read after the longest delay."""
        return self.capacities[-2].estimate

    @property
    def quiet(self) -> CapacityEstimate:
        """Of one read without noise."""
        return self.capacities[-1].estimate


def run(design: Design, lab: Lab) -> ChannelResult:
    """The study of one design.

    Raises:
        DesignError: an assumed drift that is no law of drift, or cells that are tuned and read at different voltages.
        InputError: too few samples for the interval that is asked; by a pilot where they are clearly too few, or by the measurement.
    """
    drift_law(design)
    writer = Writer.of(design, lab)
    check_samples(writer, lab)
    cells = measure(writer, lab)
    window, band = writer.window, writer.controller.band
    found = capacities(writer.design, cells, lab)
    widest = max((each.estimate for each in found), key=lambda each: each.width)
    widest.require(design.loop.interval, where="[loop]")
    return ChannelResult(
        design=writer.design,
        cells=cells,
        channel=cells.channel(),
        capacities=found,
        uniform_levels=separable_levels(window, band),
        touching_levels=touching_levels(window, band),
        fits=held_models(writer, cells),
        assumed=assumed_drift(writer.design, cells, lab),
        tuned=remembered_capacity(cells, cells.true, seed=[design.run.seed, FOLDS], lab=lab),
        chips=other_chips(writer, cells, lab),
    )


def capacities(design: Design, cells: MeasuredCells, lab: Lab) -> list[ReadCapacity]:
    """Of one read after each delay, then without noise."""
    names: list[tuple[str, float | None, Array]] = [(engineering(float(t), "s"), float(t), row) for t, row in zip(cells.delays, cells.reads, strict=True)]
    names.append((WITHOUT_NOISE, None, cells.quiet))
    seed = [design.run.seed, FOLDS]
    return [ReadCapacity(name=name, delay=delay, estimate=remembered_capacity(cells, read, seed=seed, lab=lab)) for name, delay, read in names]


def other_chips(writer: Writer, cells: MeasuredCells, lab: Lab) -> Array:
    """``(CHIPS,)`` bits of one read after the longest delay, behind amplifiers whose offsets are drawn anew."""
    design, path = writer.design, ReadPath.of(writer.design, writer.devices)
    found = []
    for chip in range(1, CHIPS + 1):
        moved = path.behind(cells.reads[-1], columns_of(design), chip_offsets(design, chip))
        check_reads(moved, design)
        found.append(remembered_capacity(cells, moved, seed=[design.run.seed, FOLDS], lab=lab).bits)
        if lab.progress is not None:
            lab.progress(chip, CHIPS)
    return np.array(found)


def held_models(writer: Writer, cells: MeasuredCells) -> list[ModelFit]:
    """Every model that is held against the measurement; those of time need two delays."""
    rng, noise = np.random.default_rng([writer.design.run.seed, MODELS]), writer.noise
    spread = [
        *paper_gaussian(cells, writer.controller.band),
        *fitted_gaussian(cells, rng=rng),
        *gaussian_by_level(cells, noise, rng=rng),
        *pcm_spread(cells, load_gaussian()),
    ]
    if len(cells.delays) < 2:
        return spread
    return [
        *spread,
        *no_drift(cells, noise),
        *pcm_drift(cells, load_pcm("pcm-joshi2020")),
        *population_drift(cells, population("drift500k")),
        *relaxation(cells, load_relaxing("A")),
        *relaxation(cells, load_relaxing("B")),
    ]


PREFIX, SOURCE = "loop.channel", "ours: tuned in a closed loop, read through transistor, lines and amplifier in SPICE"


def _claim(name: str, statement: str, unit: str, must_be: Requirement, value: Callable[[ChannelResult], float | None], *, kind: Kind = "prediction") -> Claim:
    return Claim(id=f"{PREFIX}.{name}", kind=kind, source=SOURCE, statement=statement, paper=None, unit=unit, must_be=must_be, value=value)


def _above_uniform(result: ChannelResult) -> float | None:
    return None if result.chips is None else min(result.longest.bits, float(np.min(result.chips))) - math.log2(result.uniform_levels)


def _above_touching(result: ChannelResult) -> float | None:
    return None if result.tuned is None else result.tuned.bits - math.log2(result.touching_levels)


CLAIMS = (
    _claim(
        "interval",
        "width of the 95 % interval of the capacity of one read after the longest delay, by the amplifiers of one chip",
        "bit",
        at_most(0.05),
        lambda result: result.longest.width,
    ),
    _claim(
        "above_uniform",
        f"capacity of one read after the longest delay, on the worst of {1 + CHIPS} chips, less log2 of the number of equally spaced levels whose bands do not "
        "touch",
        "bit",
        at_least(0.0),
        _above_uniform,
    ),
    _claim(
        "tuned_above_touching",
        "capacity of the tuned conductance itself, without read noise and offsets of amplifiers, less log2 of the number of levels whose bands touch end to "
        "end",
        "bit",
        at_least(0.0),
        _above_touching,
        kind="calibration",  # of the tuned conductance alone, since what a read shows, even one without noise, depends on the offsets of the chip
    ),
    _claim(
        "inside",
        "cells whose true conductance is within the band when their tuning has ended",
        "%",
        at_least(99.0),
        lambda result: 100.0 * float(np.mean(result.cells.inside)),
    ),
    _claim(
        "gaussian_p",
        "p-value (Kolmogorov-Smirnov) of tuned conductances under the target plus a Gaussian whose deviation is the band",
        "1",
        at_most(0.01),
        lambda result: result.fits[0].p_value,
    ),
)
