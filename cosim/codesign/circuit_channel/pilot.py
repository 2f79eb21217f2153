"""`check_samples`: how many devices a level the interval of the capacity needs, before any cell is read in SPICE.

A pilot: a few devices at each level, tuned by the twin and read in the model, the true conductance times one plus the noise of the card. Offsets of amplifiers
are not in it, and its interval is that of few devices, so that it refuses only what is clearly too little; the measurement itself decides the rest.
"""

import numpy as np

from cosim._types import Array
from cosim.codesign.circuit_channel.measure import noise_after, written_levels
from cosim.codesign.circuit_channel.writer import Writer
from cosim.coding.estimate import LEAST_SAMPLES, CapacityEstimate, estimate_capacity, too_few
from cosim.sweep.lab import Lab

VERSION = 1  # of the computation
PILOT = 709  # last word of the seed
MOST_DEVICES = 40  # at each level
MOST_CELLS = 5000  # in all, where there are many levels
CLEARLY = 0.7  # of the samples that the pilot asks for: fewer are refused


def check_samples(writer: Writer, lab: Lab) -> None:
    """Refuse so few samples that the interval which [loop] asks for is out of reach.

    Raises:
        InputError: says how many samples a level it needs.
    """
    loop = writer.design.loop
    needed = pilot(writer, lab).needed(loop.interval)
    if loop.samples < CLEARLY * needed:
        raise too_few(loop.samples, needed, width=loop.interval, where="[loop]")


def pilot(writer: Writer, lab: Lab) -> CapacityEstimate:
    """Capacity of one read after the longest delay, in the model, by a few devices a level."""
    design = writer.design
    loop, tuning = design.loop, design.tuning
    devices = min(MOST_DEVICES, max(MOST_CELLS // loop.levels, LEAST_SAMPLES))

    def compute() -> dict[str, Array]:
        rng = np.random.default_rng([design.run.seed, PILOT])
        level = np.tile(np.arange(loop.levels), devices)
        lanes = writer.lanes(len(level), rng=rng, wire=2.0 * tuning.wire_resistance * rng.integers(1, tuning.rows + 1, len(level)))
        traces = writer.write(written_levels(design)[level], lanes, rng=rng)
        noise = writer.noise.deviation(traces.conductance) * noise_after(writer.noise, traces.noise, loop.delays[-1:], rng=rng)[0]
        read = np.log10(traces.conductance * (1.0 + noise))
        found = estimate_capacity([read[level == each] for each in range(loop.levels)], rng=rng)
        return {"estimate": np.array([found.bits, found.low, found.high, found.kernel_bits])}

    parts = [*writer.key(), loop.levels, devices, loop.delays[-1], tuning.rows]
    bits, low, high, kernel_bits = lab.remember(f"{__name__}.pilot", VERSION, parts, compute)["estimate"].tolist()
    return CapacityEstimate(bits=bits, low=low, high=high, kernel_bits=kernel_bits, samples=devices)
