"""Analyses: what is asked of a simulator, with every option that can move a result.

Each option is part of the key of a run: gmin alone moves the baseline of a sub-threshold membrane by 25 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cosim.errors import CircuitError, reject


@dataclass(frozen=True, kw_only=True)
class Options:
    """Tolerances and temperature of a run.

    Attributes:
        reltol: relative tolerance of currents and voltages.
        abstol: absolute current tolerance [A].
        gmin: conductance across every junction [S].
        method: integration method of transients.
        temperature: of every device [degC].
    """

    reltol: float = 1e-4
    abstol: float = 1e-12
    gmin: float = 1e-12
    method: Literal["gear", "trap"] = "gear"
    temperature: float = 27.0

    def __post_init__(self) -> None:
        for name in ("reltol", "abstol", "gmin"):
            if not getattr(self, name) > 0:
                raise reject(CircuitError, "options", name, getattr(self, name), "> 0")
        if self.method not in ("gear", "trap"):
            raise reject(CircuitError, "options", "method", self.method, "gear or trap")
        if not -273.15 < self.temperature < 1000:
            raise reject(CircuitError, "options", "temperature", self.temperature, "within -273..1000 degC")


@dataclass(frozen=True, kw_only=True)
class Op:
    """Operating point."""

    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Dc:
    """Sweep of one source, or of two (`outer` moves once a round of the inner one).

    Attributes:
        source: name of the voltage or current source.
        start, stop, step: of the source [V or A].
        outer: a second sweep as ``(source, start, stop, step)``.
    """

    source: str
    start: float
    stop: float
    step: float
    outer: tuple[str, float, float, float] | None = None
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        for name, start, stop, step in ((self.source, self.start, self.stop, self.step), *((self.outer,) if self.outer else ())):
            if step == 0 or (stop - start) * step < 0:
                raise reject(CircuitError, f"dc sweep of {name}", "step", step, f"a step from {start:g} towards {stop:g}")


@dataclass(frozen=True, kw_only=True)
class Tran:
    """Transient.

    Attributes:
        stop: end [s].
        max_step: largest time step [s].
        start: waves are kept from here [s].
        initial: node -> voltage [V] held while the operating point is found.
    """

    stop: float
    max_step: float
    start: float = 0.0
    initial: Mapping[str, float] = field(default_factory=dict)
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        if not self.stop > self.start >= 0:
            raise reject(CircuitError, "transient", "stop", self.stop, f"> start={self.start:g} >= 0")
        if not 0 < self.max_step <= self.stop:
            raise reject(CircuitError, "transient", "max_step", self.max_step, f"> 0 and <= stop={self.stop:g}")


@dataclass(frozen=True, kw_only=True)
class Ac:
    """Small-signal sweep, `points` a decade from `start` to `stop` [Hz]."""

    points: int
    start: float
    stop: float
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        _check_decades("ac sweep", self)


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Small-signal noise at `output` (a node) referred to `source`, as `Ac` in frequency."""

    output: str
    source: str
    points: int
    start: float
    stop: float
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        _check_decades("noise sweep", self)


Analysis = Op | Dc | Tran | Ac | Noise


def _check_decades(where: str, swept: Ac | Noise) -> None:
    if not 0 < swept.start < swept.stop or swept.points < 1:
        raise reject(CircuitError, where, "start", swept.start, f"> 0 and < stop={swept.stop:g}, with points >= 1")
