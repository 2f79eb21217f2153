"""`MemristorCard`: every parameter of the compact model, with unit and range.

The form is the memdiode's: a hyperbolic-sine law whose scale follows one filament state, behind a series resistance
(E. Miranda, IEEE Trans. Nanotechnol. 14 (2015) 787), with a power-law switching rate above state-dependent thresholds.
The equations of Lim 2025's own model (its Fig. S2) are not available; the values are fitted to the figures it prints.
Values live in ``device_data/memristor/*.toml``.
"""

from dataclasses import dataclass, replace

from cosim.cards import read_card
from cosim.errors import DeviceError, reject
from cosim.params import check_params, param


@dataclass(frozen=True, kw_only=True)
class MemristorCard:
    """Parameters of one memristor; positive voltage is top over bottom electrode."""

    name: str
    description: str = ""
    i0_min: float = param("current scale of the empty filament, x = 0", "A", above=0.0)
    i0_max: float = param("current scale of the full filament, x = 1", "A", above=0.0)
    slope: float = param("slope of the sinh law", "1/V", above=0.0, most=3.5)
    series_resistance: float = param("resistance in series with the sinh element", "ohm", above=0.0)
    rate: float = param("switching rate at one scale above threshold", "1/s", above=0.0)
    set_threshold: float = param("threshold of set, empty filament", "V", above=0.0)
    set_shift: float = param("rise of the set threshold from x = 0 to 1", "V", least=0.0)
    set_scale: float = param("voltage scale of the set power law", "V", above=0.0)
    reset_threshold: float = param("threshold of reset, full filament", "V", above=0.0)
    reset_slope: float = param("rise of the reset threshold per e-fold of the filament", "V", above=0.0)
    reset_knee: float = param("softening of the reset threshold near the full filament", "1", above=0.0)
    reset_floor: float = param("filament that the logarithm of the reset threshold leaves", "1", above=0.0, below=1.0)
    reset_scale: float = param("voltage scale of the reset power law", "V", above=0.0)
    full_voltage: float = param("sweep voltage of a full set and of a full reset", "V", above=0.0)
    polarity: int = param(
        "1: positive voltage sets; -1: the mirrored device, a positive voltage acts as a negative one on 1 - x", "1", default=1, least=-1, most=1
    )
    sources: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_params(self, where=f"memristor {self.name}")
        if self.polarity not in (1, -1):
            raise reject(DeviceError, f"memristor {self.name}", "polarity", self.polarity, "1 or -1")

    def mirrored(self) -> "MemristorCard":
        """The device whose reset is what the set of this one is: abrupt and at the full voltage; its set is gradual."""
        return replace(self, name=f"{self.name}_mirrored", polarity=-self.polarity)


def load_memristor(name: str) -> MemristorCard:
    """The card ``device_data/memristor/<name>.toml``, or the card file at that path."""
    return read_card(MemristorCard, "memristor", name)
