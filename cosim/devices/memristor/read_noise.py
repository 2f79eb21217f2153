"""Read noise of the memristor: relative deviation of the current against conductance, with a correlation time.

The relative deviation rises as the conductance falls (Lim 2025, Fig. 2D). A trace is a first-order Gauss-Markov process;
its correlation time decides what averaging can do: white noise averages out over reads, noise that is correlated over a
whole trace does not. All draws are made here and handed to the simulator as values or as a stimulus, because the noise
sources of SPICE programs do not repeat.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.cards import find_card
from cosim.circuits.stimuli import PiecewiseLinear
from cosim.design import check_keys, read_toml
from cosim.errors import DesignError, DeviceError, reject
from cosim.units import parse

KEYS = ("name", "description", "source", "valid", "conductance", "relative_deviation", "correlation_time", "retention")


@dataclass(frozen=True, kw_only=True)
class ReadNoise:
    """Relative deviation by conductance.

    Attributes:
        conductance: rising table of conductances [S].
        relative_deviation: standard deviation over mean at each of them.
        correlation_time: of the process [s]; 0 for white noise (independent reads).
        retention: longest time after programming over which reads were measured to stay [s].
    """

    name: str
    conductance: tuple[float, ...]
    relative_deviation: tuple[float, ...]
    correlation_time: float
    retention: float = math.inf
    description: str = ""
    source: str = ""
    valid: str = ""

    def __post_init__(self) -> None:
        where = f"read noise {self.name}"
        if len(self.conductance) != len(self.relative_deviation) or not self.conductance:
            raise reject(
                DeviceError, where, "relative_deviation", f"{len(self.relative_deviation)} values", f"as many as conductances, {len(self.conductance)}"
            )
        if any(after <= before for before, after in zip(self.conductance, self.conductance[1:], strict=False)) or self.conductance[0] <= 0:
            raise reject(DeviceError, where, "conductance", str(list(self.conductance)), "positive and rising")
        if not min(self.relative_deviation) >= 0:
            raise reject(DeviceError, where, "relative_deviation", str(list(self.relative_deviation)), ">= 0")
        if not self.correlation_time >= 0:
            raise reject(DeviceError, where, "correlation_time", self.correlation_time, ">= 0 s")
        if not self.retention > 0:
            raise reject(DeviceError, where, "retention", self.retention, "> 0 s")

    def deviation(self, conductance: Array) -> Array:
        """Relative deviation at `conductance` [S] of any shape: linear over the logarithm, constant outside of the table."""
        return np.interp(np.log(np.asarray(conductance)), np.log(self.conductance), self.relative_deviation)

    def trace(self, conductance: Array, times: Array, *, rng: np.random.Generator) -> Array:
        """Relative deviations over time.

        Args:
            conductance: ``(...)`` [S].
            times: ``(reads,)`` rising [s].
            rng: source of the draws.

        Returns:
            ``(..., reads)``, each with standard deviation `deviation` and correlation ``exp(-dt / correlation_time)``.
        """
        conductance = np.asarray(conductance, dtype=float)
        draws = rng.standard_normal((*conductance.shape, len(times)))
        if self.correlation_time > 0:
            kept = np.exp(-np.diff(times) / self.correlation_time)
            for index, share in enumerate(kept, 1):
                draws[..., index] = share * draws[..., index - 1] + np.sqrt(1 - share**2) * draws[..., index]
        return self.deviation(conductance)[..., None] * draws

    def stimulus(self, conductance: float, *, duration: float, interval: float, rng: np.random.Generator) -> PiecewiseLinear:
        """A trace as a stimulus for `Memristor.noise`; straight lines between draws every `interval` [s]."""
        times = np.arange(0.0, duration + interval, interval)
        return PiecewiseLinear(tuple(zip(times.tolist(), self.trace(np.asarray(conductance), times, rng=rng).tolist(), strict=True)))


def flat(relative_deviation: float, *, correlation_time: float = 0.0) -> ReadNoise:
    """The same relative deviation at every conductance."""
    return ReadNoise(name=f"flat_{relative_deviation:g}", conductance=(1e-6,), relative_deviation=(relative_deviation,), correlation_time=correlation_time)


def load_read_noise(name: str) -> ReadNoise:
    """The card ``device_data/read_noise/<name>.toml``, or the card file at that path."""
    path = find_card("read_noise", name)
    content = read_toml(path)
    check_keys(path.name, content, KEYS, optional=(*KEYS[:2], "retention"))
    return ReadNoise(
        name=content.get("name", path.stem),
        description=content.get("description", ""),
        source=content["source"],
        valid=content["valid"],
        conductance=_list(path.name, content, "conductance", "S"),
        relative_deviation=_list(path.name, content, "relative_deviation", "%"),
        correlation_time=parse(content["correlation_time"], "s", where=f"{path.name}, correlation_time"),
        retention=parse(content["retention"], "s", where=f"{path.name}, retention") if "retention" in content else math.inf,
    )


def _list(file: str, content: Mapping[str, Any], key: str, unit: str) -> tuple[float, ...]:
    if not isinstance(content[key], list):
        raise DesignError(f"{file}, {key}: must be a list")
    return tuple(parse(each, unit, where=f"{file}, {key}[{index}]") for index, each in enumerate(content[key]))
