"""Auto-zeroed op-amp: in one phase it measures its own offset onto a capacitor, in the other that capacitor takes it away.

While the clock is high the inputs are joined and a second input pair drives the output to zero through the capacitor; the clock
falls, and the capacitor holds. What is left is the offset over the gain of that loop, the charge that the switch injects and
the droop of the capacitor. The unit is zeroed between two images; for its runs the residual offset takes the place of this circuit.
"""

import math

from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Behavioral, Capacitor, CurrentSource, Instance, ModelCard, Resistor, Switch, Vccs, Vcvs, VoltageSource
from cosim.circuits.expression import Param
from cosim.circuits.stimuli import PiecewiseLinear
from cosim.devices.opamp import TRANSCONDUCTANCE, OpampCard

NULLING = 0.1  # of the second pair's transconductance over that of the first
STORAGE = 10e-12  # [F]
INJECTION = 5e-15  # [F] of the switch's gate to the capacitor: 1/2000 of the clock's swing gets onto it
LEAKAGE = 1e-13  # [A] of the switch, assumed for 27 degC; it grows with temperature, which is not modeled
CLOCK = 3.3  # [V]
ZEROED, READ_AT = 1e-3, 20e-3  # [s] the clock falls; the offset is read


def auto_zeroed(card: OpampCard) -> Circuit:
    """Ports ``p n o az``: as the one-pole op-amp of the card, without rails; zeroed while ``az`` is high."""
    low, high = ModelCard("az_low", "SW", {"ron": 1e3, "roff": 1e14, "vt": -CLOCK / 2, "vh": 0.0}), _closed_when_high()
    gain = card.gain
    return Circuit(
        name=f"{card.name}_auto_zeroed",
        description="op-amp with an auto-zero phase",
        ports=("p", "n", "o", "az"),
        elements=(
            Switch("1", "n", "i", "0", "az", low),
            Switch("2", "p", "i", "az", "0", high),
            Behavioral(name="os", positive="j", negative="i", voltage="vos"),
            Vccs("1", "0", "x", "p", "j", TRANSCONDUCTANCE),
            Vccs("2", "0", "x", "0", "hold", NULLING * TRANSCONDUCTANCE),
            Resistor("1", "x", "0", gain / TRANSCONDUCTANCE, exact=True),
            Capacitor("1", "x", "0", TRANSCONDUCTANCE / (2 * math.pi * card.bandwidth), exact=True),
            Vcvs("b", "y", "0", "x", "0", 1.0),
            Switch("3", "y", "hold", "az", "0", high),
            Capacitor("az", "hold", "0", STORAGE),
            Capacitor("inj", "az", "hold", INJECTION),
            CurrentSource("leak", "hold", "0", LEAKAGE),
            Resistor("o", "y", "o", card.output_resistance, exact=True),
        ),
        parameters={"vos": Parameter(0.0, "V", "offset of the first pair")},
    )


def bench(card: OpampCard) -> Circuit:
    """The op-amp as a follower of 0 V, zeroed once: ``v(o)`` is its offset; parameter ``vos``."""
    clock = PiecewiseLinear(((0.0, CLOCK), (ZEROED, CLOCK), (ZEROED + 1e-6, 0.0)))
    return Circuit(
        name="auto_zero_bench",
        description="auto-zeroed op-amp as a follower of 0 V",
        elements=(
            VoltageSource("az", "az", "0", CLOCK, clock),
            Instance("1", auto_zeroed(card), ("0", "o", "o", "az"), {"vos": Param("vos")}),
            Resistor("load", "o", "0", 1e6, exact=True),
        ),
        parameters={"vos": Parameter(0.0, "V", "offset before zeroing")},
    )


def _closed_when_high() -> ModelCard:
    return ModelCard("az_high", "SW", {"ron": 1e3, "roff": 1e14, "vt": CLOCK / 2, "vh": 0.0})
