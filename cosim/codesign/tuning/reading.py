"""Reads with noise: what a controller sees of a conductance, and how well a mean of reads is known.

The noise of a cell is a first-order Gauss-Markov process (`cosim.devices.memristor.read_noise`); it goes on between reads and
pulses. White noise (correlation time 0) averages out over reads at once; correlated noise only over waiting.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import norm

from cosim._types import Array
from cosim.devices.memristor.read_noise import ReadNoise


@dataclass
class NoisyReader:
    """Reads of many cells, each with a noise process of its own.

    Attributes:
        noise: relative deviation over conductance, and correlation time.
        rng: source of all draws.
        level: ``(lanes,)`` present value of each process, in standard deviations.
    """

    noise: ReadNoise
    rng: np.random.Generator
    lanes: int
    level: Array = field(init=False)

    def __post_init__(self) -> None:
        self.level = self.rng.standard_normal(self.lanes)

    def pass_time(self, index: Array, duration: Array | float) -> None:
        """Let `duration` [s] go by for the lanes of `index`."""
        tau = self.noise.correlation_time
        kept = np.exp(-np.asarray(duration) / tau) if tau > 0 else np.zeros(np.shape(duration))
        fresh = self.rng.standard_normal(len(index))
        self.level[index] = kept * self.level[index] + np.sqrt(1.0 - kept**2) * fresh

    def read(self, index: Array, conductance: Array, *, reads: int, spacing: float) -> Array:
        """``(lanes of index, reads)`` conductances [S], one every `spacing` [s]; the first after one spacing."""
        seen = []
        for _ in range(reads):
            self.pass_time(index, spacing)
            seen.append(conductance * (1.0 + self.noise.deviation(conductance) * self.level[index]))
        return np.stack(seen, axis=1)


def error_of_mean(reads: Array | int, *, spacing: float, correlation_time: float) -> Array:
    """Standard deviation of a mean of `reads`, over that of one read; exact for a Gauss-Markov process."""
    count = np.atleast_1d(np.asarray(reads))
    if correlation_time * 700.0 <= spacing:  # the correlation is below the smallest float
        return 1.0 / np.sqrt(count)
    share = np.exp(-spacing * np.arange(1, count.max()) / correlation_time)
    pairs = np.concatenate([[0.0], np.cumsum(np.cumsum(share))])  # summed, since the closed form cancels at long correlation times
    return np.sqrt(count + 2.0 * pairs[count - 1]) / count


def inside_bound(band: float, *, deviation: float, correlation_time: float, waiting: Array) -> Array:
    """Largest share of cells that can be known to lie within `band` after `waiting` [s] for the reads of one decision.

    No unbiased mean of a Gauss-Markov process, however densely it is read and however its reads are weighed, has a variance below
    ``2 tau / (2 tau + waiting)`` times that of one read (the plain mean is up to 14 % above). Even a controller that aims at the
    middle is then inside by chance only: ``P(|error| <= band)``.
    """
    if correlation_time == 0:
        return np.ones(np.shape(waiting))
    variance = 2.0 * correlation_time / (2.0 * correlation_time + np.asarray(waiting))
    return 2.0 * norm.cdf(band / (deviation * np.sqrt(variance))) - 1.0
