"""The programming pulse, the read that follows it, and what programs a batch of cells with them.

Lanes are cells that are tuned at the same time: a `Programmer` takes ``(lanes,)`` states and amplitudes. Two of them obey one
contract: `spice.SpiceProgrammer` simulates every pulse in the cell, `twin.TwinProgrammer` integrates the Python face of the card
behind the tabulated transistor, for thousands of traces; each result of the second is audited by the first.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cosim._types import Array
from cosim.params import check_params, param


@dataclass(frozen=True, kw_only=True)
class PulseShape:
    """Trapezoid and read; all times [s]."""

    width: float = param("flat top of a pulse", "s", default=10e-3, above=0.0)
    edge: float = param("rise and fall of a pulse", "s", default=0.5e-3, above=0.0)
    read_time: float = param("one read", "s", default=10e-3, above=0.0)

    def __post_init__(self) -> None:
        check_params(self, where="pulse shape")

    @property
    def duration(self) -> float:
        """From the begin of the rise to the end of the fall [s]."""
        return self.width + 2 * self.edge


@dataclass(frozen=True)
class Lanes:
    """Cells that are tuned together.

    Attributes:
        current_scale, series_scale: ``(lanes,)`` factors on I0 and Rs of each device.
        wire: ``(lanes,)`` resistance of bit and source line up to the cell [ohm].
        stuck: ``(lanes,)`` state that no pulse moves; NaN for a cell that works. None if all do.
    """

    current_scale: Array
    series_scale: Array
    wire: Array
    stuck: Array | None = None

    def __len__(self) -> int:
        return len(self.current_scale)

    def pick(self, index: Array) -> "Lanes":
        """Some of the lanes."""
        stuck = None if self.stuck is None else self.stuck[index]
        return Lanes(self.current_scale[index], self.series_scale[index], self.wire[index], stuck)

    def held(self, state: Array) -> Array:
        """``(lanes,)`` the states, those of stuck cells in their place."""
        return state if self.stuck is None else np.where(np.isnan(self.stuck), state, self.stuck)

    def moved(self, rate: Array) -> Array:
        """``(lanes,)`` the rates of the states [1/s], none in stuck cells: what steps in time follow from."""
        return rate if self.stuck is None else np.where(np.isnan(self.stuck), rate, 0.0)


def nominal(count: int) -> Lanes:
    """Devices without spread, at the driven end of their lines."""
    return Lanes(np.ones(count), np.ones(count), np.zeros(count))


@dataclass(frozen=True)
class Step:
    """What a pulse leaves: ``(lanes,)`` state, conductance through the cell at the read voltage [S], energy drawn [J]."""

    state: Array
    conductance: Array
    energy: Array


class Programmer(Protocol):
    """Applies one pulse to each lane and reads it without noise."""

    @property
    def shape(self) -> PulseShape:
        """Of every pulse."""
        ...

    def apply(self, lanes: Lanes, state: Array, amplitude: Array) -> Step:
        """One pulse a lane: `amplitude` on the bit line ``(lanes,)`` [V], positive sets; 0 only reads."""
        ...
