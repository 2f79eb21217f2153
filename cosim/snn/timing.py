"""The times of a neuron: three time constants and the pulse that stands for a spike.

Source: Lim 2025, section 3.4 (0.5, 2 and 15 ms; 100 us rise, 900 us top, 100 us fall).
"""

from dataclasses import dataclass

from cosim.errors import DeviceError, reject
from cosim.params import check_params, param


@dataclass(frozen=True, kw_only=True)
class TimeConstants:
    """Time constants of synapse and membrane. A rise of 0 is a synapse of one exponential, a fall of 0 one that passes spikes on as they are."""

    rise: float = param("rise of the synaptic current, 0 for none", "s", default=0.5e-3, least=0.0, most=10.0)
    fall: float = param("decay of the synaptic current, 0 for none", "s", default=2e-3, least=0.0, most=10.0)
    membrane: float = param("decay of the membrane potential", "s", default=15e-3, above=0.0, most=100.0)

    def __post_init__(self) -> None:
        check_params(self, where="time constants")
        if self.rise > 0 and self.rise >= self.fall:
            raise reject(DeviceError, "time constants", "rise", self.rise, f"< fall={self.fall:g} s: a current cannot rise slower than it decays")

    @property
    def present(self) -> tuple[float, ...]:
        """Those that are not 0, from the synapse to the membrane [s]."""
        return tuple(each for each in (self.rise, self.fall, self.membrane) if each > 0)


@dataclass(frozen=True, kw_only=True)
class Trapezoid:
    """The pulse of height 1 that stands for a spike; it begins to rise when the spike falls."""

    rise: float = param("rising edge", "s", default=100e-6, above=0.0, most=1.0)
    top: float = param("flat top", "s", default=900e-6, least=0.0, most=1.0)
    fall: float = param("falling edge", "s", default=100e-6, above=0.0, most=1.0)

    def __post_init__(self) -> None:
        check_params(self, where="pulse")

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Time [s] and height of the four corners."""
        top = self.rise + self.top
        return ((0.0, 0.0), (self.rise, 1.0), (top, 1.0), (top + self.fall, 0.0))
