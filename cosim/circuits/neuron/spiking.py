"""Spike output of the unit: comparator, refractory time, reset, and a driver whose pulse the next layer reads cells with.

When the membrane passes the threshold, the comparator charges the refractory capacitor at once; a constant current discharges
it. Until it is empty the reset switch holds the membrane at zero and the output is high, with edges made by a current into
a capacitor: a trapezoid like the input spikes. So one circuit gives the reset, the refractory time and the spike.
"""

from typing import Any

from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Capacitor, CurrentSource, Mosfet
from cosim.circuits.neuron.card import CurrentBiasedCard
from cosim.devices.mosfet import MosfetCard

WIRE = 100e-15  # [F] of a logic node: a few hundred micrometers of wire; without it edges of picoseconds stop the simulator


def spike_bias(card: CurrentBiasedCard, nmos: MosfetCard, pmos: MosfetCard) -> Circuit:
    """Ports ``vdd bp bn br``: gates of PMOS and NMOS mirrors of the edge current, and of an NMOS mirror of the refractory current."""
    psize, nsize = _mirror(card, pmos, "vdd"), _mirror(card, nmos, "0")
    return Circuit(
        name="spike_bias",
        description="bias currents of comparator, refractory time and spike edges",
        ports=("vdd", "bp", "bn", "br"),
        elements=(
            CurrentSource("p", "bp", "0", card.edge_current),
            Mosfet(name="p1", drain="bp", gate="bp", source="vdd", **psize),
            CurrentSource("n", "vdd", "bn", card.edge_current),
            Mosfet(name="n1", drain="bn", gate="bn", source="0", **nsize),
            CurrentSource("r", "vdd", "br", card.refractory_current),
            Mosfet(name="n2", drain="br", gate="br", source="0", **nsize),
        ),
    )


def comparator(card: CurrentBiasedCard, nmos: MosfetCard, pmos: MosfetCard) -> Circuit:
    """Ports ``mem threshold fired vdd bp``: `fired` goes low when `mem` is above `threshold`."""
    width, length = card.comparator_width, card.comparator_length
    tail = max(1, round(card.comparator_current / card.edge_current))
    pair: dict[str, Any] = {"card": pmos, "bulk": "vdd", "width": width, "length": length}
    load: dict[str, Any] = {"card": nmos, "bulk": "0", "width": width, "length": length}
    return Circuit(
        name="comparator",
        description="comparator: PMOS pair and a common-source stage",
        ports=("mem", "threshold", "fired", "vdd", "bp"),
        elements=(
            Mosfet(name="p0", drain="tail", gate="bp", source="vdd", **_mirror(card, pmos, "vdd"), parallel=tail),
            Mosfet(name="p1", drain="d", gate="mem", source="tail", **pair),
            Mosfet(name="p2", drain="c", gate="threshold", source="tail", **pair),
            Mosfet(name="n3", drain="d", gate="d", source="0", **load),
            Mosfet(name="n4", drain="c", gate="d", source="0", **load),
            Mosfet(name="n5", drain="fired", gate="c", source="0", **_logic(card, nmos, pmos)[0]),
            Mosfet(name="p5", drain="fired", gate="bp", source="vdd", **_mirror(card, pmos, "vdd")),
            Capacitor("c", "c", "0", WIRE),
            Capacitor("fired", "fired", "0", WIRE),
        ),
    )


def refractory(card: CurrentBiasedCard, nmos: MosfetCard, pmos: MosfetCard) -> Circuit:
    """Ports ``fired rest reset vdd bp br``: after `fired` went low, `reset` is high and `rest` low until the capacitor is empty."""
    n, p = _logic(card, nmos, pmos)
    return Circuit(
        name="refractory",
        description="refractory time: a capacitor charged by the comparator and discharged by a current",
        ports=("fired", "rest", "reset", "vdd", "bp", "br"),
        elements=(
            Mosfet(name="p6", drain="ref", gate="fired", source="vdd", **p),
            Capacitor("ref", "ref", "0", card.refractory_capacitance, card.capacitor_tempco),
            Mosfet(name="n6", drain="ref", gate="br", source="0", **_mirror(card, nmos, "0")),
            Mosfet(name="n7", drain="rest", gate="ref", source="0", **n),
            Mosfet(name="p7", drain="rest", gate="bp", source="vdd", **_mirror(card, pmos, "vdd")),
            Mosfet(name="n8", drain="reset", gate="rest", source="0", **n),
            Mosfet(name="p8", drain="reset", gate="rest", source="vdd", **p),
            Capacitor("rest", "rest", "0", WIRE),
            Capacitor("reset", "reset", "0", 2.0 * WIRE),
        ),
    )


def driver(card: CurrentBiasedCard, nmos: MosfetCard, pmos: MosfetCard) -> Circuit:
    """Ports ``rest spike vdd bp bn``: a pulse of the supply's height while `rest` is low, its edges set by the edge current."""
    n, p = _logic(card, nmos, pmos)
    return Circuit(
        name="spike_driver",
        description="spike driver: an inverter whose currents are limited, into a capacitor",
        ports=("rest", "spike", "vdd", "bp", "bn"),
        elements=(
            Mosfet(name="p9", drain="up", gate="bp", source="vdd", **_mirror(card, pmos, "vdd")),
            Mosfet(name="p10", drain="spike", gate="rest", source="up", **p),
            Mosfet(name="n10", drain="spike", gate="rest", source="down", **n),
            Mosfet(name="n9", drain="down", gate="bn", source="0", **_mirror(card, nmos, "0")),
            Capacitor("edge", "spike", "0", card.edge_capacitance, card.capacitor_tempco),
        ),
    )


def reset_switch(card: CurrentBiasedCard, nmos: MosfetCard) -> Circuit:
    """Ports ``state rest reset``: joins `state` and `rest` while `reset` is high."""
    return Circuit(
        name="reset_switch",
        description="empties the membrane capacitor",
        ports=("state", "rest", "reset"),
        elements=(Mosfet(name="n11", drain="state", gate="reset", source="rest", bulk="0", card=nmos, width=card.reset_width, length=card.reset_length),),
    )


def _mirror(card: CurrentBiasedCard, mosfet: MosfetCard, bulk: str) -> dict[str, Any]:
    """A mirror of the spike part: a narrow strip, as the mirrors of the time constants, of a tenth of their length."""
    return {"card": mosfet, "bulk": bulk, "width": card.bias_width, "length": card.bias_length / 10.0}


def _logic(card: CurrentBiasedCard, nmos: MosfetCard, pmos: MosfetCard) -> tuple[dict[str, Any], dict[str, Any]]:
    n: dict[str, Any] = {"card": nmos, "bulk": "0", "width": card.logic_width, "length": card.logic_length}
    return n, {"card": pmos, "bulk": "vdd", "width": 2.0 * card.logic_width, "length": card.logic_length}
