"""DPI synapse and membrane with bare gate voltages as biases, as in Lim 2025, Fig. 6.

The differential-pair integrator is that of C. Bartolozzi and G. Indiveri, Neural Computation 19 (2007) 2581. Its decay is
tau = Csyn UT / (kappa Itau), with Itau the current of MP1; the leak of the membrane is exponential only while Vmem << UT.
"""

from typing import Any

from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Capacitor, Mosfet
from cosim.circuits.neuron.card import GateBiasedCard
from cosim.devices.mosfet import MosfetCard


def synapse(card: GateBiasedCard, nmos: MosfetCard, pmos: MosfetCard) -> Circuit:
    """Ports ``in out vdd vthr vtau``: the current pulled from `in` discharges Csyn; MP2 sends Isyn out of `out`."""
    pair: dict[str, Any] = {"width": card.pair_width, "length": card.pair_length, "card": nmos, "bulk": "0"}
    return Circuit(
        name="dpi_synapse",
        description="differential-pair integrator (Bartolozzi and Indiveri 2007)",
        ports=("in", "out", "vdd", "vthr", "vtau"),
        elements=(
            Mosfet(name="n2", drain="vs", gate="vs", source="in", **pair),
            Mosfet(name="n4", drain="vdd", gate="vthr", source="in", **pair),
            Mosfet(name="p1", drain="vs", gate="vtau", source="vdd", bulk="vdd", card=pmos, width=card.decay_width, length=card.decay_length),
            Capacitor("syn", "vdd", "vs", card.synapse_capacitance, card.capacitor_tempco),
            Mosfet(name="p2", drain="out", gate="vs", source="vdd", bulk="vdd", card=pmos, width=card.output_width, length=card.output_length),
        ),
    )


def membrane(card: GateBiasedCard, nmos: MosfetCard) -> Circuit:
    """Ports ``mem vtau``: Cmem, and MN5 that leaks its charge."""
    return Circuit(
        name="membrane",
        description="membrane capacitor with the leak of a transistor",
        ports=("mem", "vtau"),
        elements=(
            Capacitor("mem", "mem", "0", card.membrane_capacitance, card.capacitor_tempco),
            Mosfet(name="n5", drain="mem", gate="vtau", source="0", bulk="0", card=nmos, width=card.leak_width, length=card.leak_length),
        ),
    )
