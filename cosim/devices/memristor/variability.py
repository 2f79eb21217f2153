"""Cycle-to-cycle and device-to-device variation of the memristor.

I0 and Rs are multiplied by Gaussian factors (Lim 2025, section 2.3), truncated at 5 % of nominal: a plain Gaussian of 50 %
spread makes one of them negative in 37 % of runs of 20 draws.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.params import check_params, param

FLOOR = 0.05  # of nominal


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Relative standard deviations of the factors on I0 and Rs: between devices, and between cycles of one device."""

    device: float = param("device-to-device relative spread", "1", default=0.0, least=0.0)
    cycle: float = param("cycle-to-cycle relative spread", "1", default=0.0, least=0.0)

    def __post_init__(self) -> None:
        check_params(self, where="spread")

    def draw(self, rng: np.random.Generator, *, devices: int, cycles: int) -> tuple[Array, Array]:
        """Factors on I0 and on Rs, each ``(devices, cycles)``; a device keeps its own factor over all cycles."""
        scale, series = (truncated(rng, self.device, (devices, 1)) * truncated(rng, self.cycle, (devices, cycles)) for _ in range(2))
        return np.maximum(scale, FLOOR), np.maximum(series, FLOOR)


def truncated(rng: np.random.Generator, spread: float, shape: tuple[int, ...]) -> Array:
    """Gaussian factors around 1, drawn again until they are at least 5 % of nominal."""
    factors = 1.0 + spread * rng.standard_normal(shape)
    while np.any(low := factors < FLOOR):
        factors[low] = 1.0 + spread * rng.standard_normal(int(low.sum()))
    return factors
