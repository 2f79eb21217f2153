"""Delays beyond the measured retention: reads moved by the law of a drift model. That the model holds for this device is assumed, not measured.

The reads at the last measured delay are multiplied, cell by cell, by what a device of the model keeps of its conductance between that delay and a longer
one. The read noise stays that of the reads: the model's own is not added.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.named import NAMES, named
from cosim.channels.pcm import PcmDrift
from cosim.channels.population import SwitchPopulation, draw
from cosim.codesign.circuit_channel.measure import MeasuredCells, remembered_capacity
from cosim.coding.estimate import CapacityEstimate
from cosim.design import Design
from cosim.errors import DesignError, reject
from cosim.sweep.lab import Lab

DRIFT, FOLDS = 706, 707  # last words of the seeds
Kept = Callable[[Array, float, float, np.random.Generator], Array]  # conductances, two delays: what is kept of each


@dataclass(frozen=True, kw_only=True)
class AssumedDrift:
    """What reads would be under an assumed model.

    Attributes:
        model: name of the channel whose law is assumed.
        delay: after the end of tuning [s].
        bits: capacity of one read.
        mean_shift: of ln G since the last measured delay.
        deviation: of that shift over the cells.
    """

    model: str
    delay: float
    bits: CapacityEstimate
    mean_shift: float
    deviation: float


def drift_law(design: Design) -> Kept | None:
    """The law that [loop] assumes; None without one.

    Raises:
        InputError: no channel of that name.
        DesignError: the channel has no law of how a conductance moves in time.
    """
    name = design.loop.assumed_drift
    if not name:
        return None
    channel = None if name in NAMES and NAMES[name].needs_data else named(name)
    if isinstance(channel, PcmDrift):
        return lambda conductance, before, after, rng: _pcm_kept(channel, conductance / design.loop.high, before, after, rng)
    if isinstance(channel, SwitchPopulation):
        return lambda conductance, before, after, rng: _population_kept(channel, conductance, after - before, rng)
    raise reject(DesignError, "[loop]", "assumed_drift", name, f"a channel with a law of drift: {', '.join(drifting())}")


def drifting() -> list[str]:
    """Names of the channels with a law of how a conductance moves in time."""
    return [name for name, each in NAMES.items() if not each.needs_data and isinstance(each.load(1.0), PcmDrift | SwitchPopulation)]


def assumed_drift(design: Design, cells: MeasuredCells, lab: Lab) -> list[AssumedDrift]:
    """One for each assumed delay; empty without a model."""
    law = drift_law(design)
    if law is None:
        return []
    last, reads = float(cells.delays[-1]), cells.reads[-1]
    found = []
    for delay in design.loop.assumed_delays:
        kept = law(reads, last, delay, np.random.default_rng([design.run.seed, DRIFT]))
        bits = remembered_capacity(cells, reads * kept, seed=[design.run.seed, FOLDS], lab=lab)
        shift = np.log(kept)
        found.append(AssumedDrift(model=design.loop.assumed_drift, delay=delay, bits=bits, mean_shift=float(shift.mean()), deviation=float(shift.std(ddof=1))))
    return found


def _pcm_kept(channel: PcmDrift, share: Array, before: float, after: float, rng: np.random.Generator) -> Array:
    """By an exponent that each device keeps, drawn for its share of full scale."""
    mean, spread = channel.exponents(np.clip(share, 0.0, 1.0))
    exponent = np.abs(mean + spread * rng.standard_normal(len(share)))
    return np.asarray(np.exp(-exponent * (channel.decades(after) - channel.decades(before))))


def _population_kept(channel: SwitchPopulation, conductance: Array, duration: float, rng: np.random.Generator) -> Array:
    """By the switches that conduct still; at least one step is kept, so that a logarithm can be taken."""
    state = np.maximum(channel.state(1.0 / conductance), int(channel.threshold) + 1)
    later = draw(channel.chain(duration), state, int(channel.switches), rng=rng)
    return np.asarray(np.maximum(channel.conductance(later), channel.step) / channel.conductance(state))
