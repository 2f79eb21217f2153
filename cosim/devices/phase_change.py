"""Phase-change element: on-state after threshold switching, and low-field resistance.

On-state: ``I = (V - V_h) / R_on`` with a rounded corner (form: Rajendran et al., VLSI Technology 2008, ``R_d = A / I + B``). A read below the threshold sees
the low-field resistance alone. `switched` says which of the two holds.
Not here: heat, melting and crystallization, thus what resistance a pulse leaves: that is the measured channel (`cosim.channels`); the switching itself; below
the holding voltage the on-state still carries the small current of its corner, where a real element turns off.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.cards import read_card
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Behavioral
from cosim.errors import DeviceError, reject
from cosim.params import check_params, param


@dataclass(frozen=True, kw_only=True)
class PhaseChangeCard:
    """Parameters of one phase-change element."""

    name: str
    description: str = ""
    holding_voltage: float = param("voltage that the line of the on-state meets at zero current", "V", above=0.0)
    on_resistance: float = param("slope of the on-state, heater and contacts included", "ohm", above=0.0)
    knee: float = param("voltage over which the corner at the holding voltage is rounded", "V", above=0.0, most=0.1)
    reset_current: float = param("current that melts the cell", "A", above=0.0)
    least_resistance: float = param("lowest low-field resistance", "ohm", above=0.0)
    most_resistance: float = param("highest low-field resistance", "ohm", above=0.0)
    sources: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_params(self, where=f"phase-change element {self.name}")
        if not self.most_resistance > self.least_resistance:
            raise reject(DeviceError, f"phase-change element {self.name}", "most_resistance", self.most_resistance, f"> {self.least_resistance:g} ohm")


def load_phase_change(name: str) -> PhaseChangeCard:
    """The card ``device_data/pcm/<name>.toml``, or the card file at that path."""
    return read_card(PhaseChangeCard, "pcm", name)


def on_current(card: PhaseChangeCard, voltage: Array) -> Array:
    """Current of the on-state ``(...)`` [A] at ``voltage (...)`` [V]; zero at zero, rising, and the line far above the holding voltage."""
    return (_corner(voltage - card.holding_voltage, card.knee) - _corner(-card.holding_voltage, card.knee)) / card.on_resistance


def element(card: PhaseChangeCard) -> Circuit:
    """Ports ``top bottom``; parameters ``resistance`` (low-field) and ``switched`` (1: on-state; 0: low-field)."""
    over = f"(V(top,bottom)-{card.holding_voltage!r})"
    rest = float(_corner(-card.holding_voltage, card.knee))
    on = f"(({over}+sqrt({over}*{over}+{card.knee**2!r}))/2-{rest!r})/{card.on_resistance!r}"
    return Circuit(
        name="phase_change",
        description=card.description,
        ports=("top", "bottom"),
        elements=(Behavioral(name="1", positive="top", negative="bottom", current=f"switched*{on}+(1-switched)*V(top,bottom)/resistance"),),
        parameters={
            "resistance": Parameter(card.most_resistance, "ohm", "low-field resistance"),
            "switched": Parameter(1.0, "1", "1: on-state, 0: low-field resistance"),
        },
    )


def _corner(over: Array | float, knee: float) -> Array:
    """Zero far below zero, `over` far above."""
    return (over + np.sqrt(np.square(over) + knee**2)) / 2.0
