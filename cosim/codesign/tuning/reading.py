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
    if correlation_time <= 0:
        return 1.0 / np.sqrt(count)
    share = np.exp(-spacing / correlation_time)
    total = count + 2 * share / (1 - share) * (count - (1 - share**count) / (1 - share))
    return np.sqrt(total) / count


def inside_bound(band: float, *, deviation: float, correlation_time: float, waiting: Array) -> Array:
    """Largest share of cells that can be known to lie within `band` after `waiting` [s] for the reads of one decision.

    A controller that sees a cell for this time knows its conductance no better than the mean of the process allows; even one that
    aims at the middle is inside by chance only: ``P(|error| <= band)`` with the error of that mean.
    """
    over = np.asarray(waiting) / correlation_time
    variance = 2.0 / over**2 * (over - 1.0 + np.exp(-over))
    return 2.0 * norm.cdf(band / (deviation * np.sqrt(variance))) - 1.0
