"""DPI synapse and membrane with currents as biases, read out by a second, equal pair.

The first pair and its capacitor are a differential-pair integrator. A plain one reads the capacitor through a transistor of
the other type, whose slope factor differs: its output follows the input to a power below 1. Here a second pair of the same
size and type, at the same bulk voltage, reads it: a loop holds the current of its left side at Itau, so that the right side
carries Itau exp(V/(n UT)), the very current of the integrator, and the slope factors cancel. With Itau proportional to the
absolute temperature, tau = C n UT / Itau does not depend on it. Cascodes keep the drain voltages of all four equal. Dummies
that are off copy the leakage of a pair's drain into the reference of Itau: without them tau doubles at 85 degC.
"""

from typing import Any

from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Capacitor, CurrentSource, Element, Mosfet, Resistor, Vccs
from cosim.circuits.neuron.card import CurrentBiasedCard
from cosim.devices.mosfet import MosfetCard

ABSOLUTE = 300.15  # [K] at 27 degC
LAW_CURRENT, LAW_RESISTANCE = 1e-6, 1e6  # of the resistor whose voltage is 1 V times the absolute temperature over 300.15 K


def synapse(card: CurrentBiasedCard, nmos: MosfetCard, pmos: MosfetCard) -> Circuit:
    """Ports ``in out vdd bias ref cas``: pulls from `out` the filtered copy of the current that is pulled from `in`."""
    pair = _sizes(nmos, "0", card.npair_width, card.npair_length)
    cascode = _sizes(nmos, "0", card.cascode_width, card.cascode_length)
    mirror = _sizes(pmos, "vdd", card.bias_width, card.bias_length)
    return Circuit(
        name="matched_synapse",
        description="DPI synapse, NMOS pair, read out by an equal pair",
        ports=("in", "out", "vdd", "bias", "ref", "cas"),
        elements=(
            Mosfet(name="n2", drain="k2", gate="vs", source="in", **pair),
            Mosfet(name="n4", drain="k4", gate="ref", source="in", **pair),
            Mosfet(name="nc2", drain="vs", gate="cas", source="k2", **cascode),
            Mosfet(name="nc4", drain="vdd", gate="cas", source="k4", **cascode),
            Mosfet(name="p1", drain="vs", gate="bias", source="vdd", **mirror),
            Capacitor("syn", "vs", "ref", card.synapse_capacitance, card.capacitor_tempco),
            Mosfet(name="n5", drain="k5", gate="vs", source="es", **pair),
            Mosfet(name="n6", drain="k6", gate="ref", source="es", **pair),
            Mosfet(name="nc5", drain="ds", gate="cas", source="k5", **cascode),
            Mosfet(name="nc6", drain="out", gate="cas", source="k6", **cascode),
            Mosfet(name="p2", drain="ds", gate="bias", source="vdd", **mirror),
            Mosfet(name="nf", drain="vdd", gate="ds", source="fs", **_sizes(nmos, "0", card.follower_width, card.follower_length)),
            CurrentSource("f", "fs", "0", card.follower_current),
            Mosfet(name="nt", drain="es", gate="fs", source="0", **_sizes(nmos, "0", card.ntail_width, card.ntail_length)),
            Capacitor("d", "ds", "0", card.synapse_loop_capacitance, card.capacitor_tempco),
        ),
    )


def mirror(card: CurrentBiasedCard, pmos: MosfetCard) -> Circuit:
    """Ports ``in out vdd``: sends out of `out` the current that is pulled from `in`, times the ratio."""
    unit = _sizes(pmos, "vdd", card.mirror_width, card.mirror_length)
    return Circuit(
        name="current_mirror",
        description=f"PMOS mirror 1:{card.mirror_ratio}",
        ports=("in", "out", "vdd"),
        elements=(
            Mosfet(name="pa", drain="in", gate="in", source="vdd", **unit),
            Mosfet(name="pb", drain="out", gate="in", source="vdd", **unit, parallel=card.mirror_ratio),
        ),
    )


def membrane(card: CurrentBiasedCard, nmos: MosfetCard, pmos: MosfetCard, *, resettable: bool = False) -> Circuit:
    """Ports ``in out vdd bias ref cas``: sends the filtered copy of its input current out of `out`.

    Cmem lies between `ref` and the inner node ``state``, which is a port too where the membrane has to be reset.
    """
    pair = _sizes(pmos, "vdd", card.ppair_width, card.ppair_length)
    cascode = _sizes(pmos, "vdd", card.cascode_width, card.cascode_length)
    sink = _sizes(nmos, "0", card.bias_width, card.bias_length)
    return Circuit(
        name="matched_membrane",
        description="current-mode membrane: a DPI, PMOS pair, read out by an equal pair",
        ports=("in", "out", "vdd", "bias", "ref", "cas", *(("state",) if resettable else ())),
        elements=(
            Mosfet(name="p2", drain="k2", gate="state", source="in", **pair),
            Mosfet(name="p4", drain="k4", gate="ref", source="in", **pair),
            Mosfet(name="pc2", drain="state", gate="cas", source="k2", **cascode),
            Mosfet(name="pc4", drain="0", gate="cas", source="k4", **cascode),
            Mosfet(name="n1", drain="state", gate="bias", source="0", **sink),
            Capacitor("mem", "state", "ref", card.membrane_capacitance, card.capacitor_tempco),
            Mosfet(name="p5", drain="k5", gate="state", source="em", **pair),
            Mosfet(name="p6", drain="k6", gate="ref", source="em", **pair),
            Mosfet(name="pc5", drain="dm", gate="cas", source="k5", **cascode),
            Mosfet(name="pc6", drain="out", gate="cas", source="k6", **cascode),
            Mosfet(name="n2", drain="dm", gate="bias", source="0", **sink),
            Mosfet(name="pf", drain="0", gate="dm", source="fm", **_sizes(pmos, "fm", card.follower_width, card.follower_length)),
            CurrentSource("f", "vdd", "fm", card.follower_current),
            Mosfet(name="pt", drain="em", gate="fm", source="vdd", **_sizes(pmos, "vdd", card.ptail_width, card.ptail_length)),
            Capacitor("d", "dm", "0", card.membrane_loop_capacitance, card.capacitor_tempco),
        ),
    )


def bias(card: CurrentBiasedCard, nmos: MosfetCard, pmos: MosfetCard) -> Circuit:
    """Ports ``vdd bsyn`` and, with a current-mode membrane, ``bmem``: gates of the mirrors that carry Itau.

    The currents follow the stated law I(T) = I(27 degC) T / 300.15 K; it stands in the netlist as a resistor whose temperature
    coefficient is 1/300.15 per kelvin.
    """
    dummy = _sizes(nmos, "0", card.npair_width, card.npair_length)
    elements: list[Element] = [
        CurrentSource("law", "0", "kelvin", LAW_CURRENT),
        Resistor("law", "kelvin", "0", LAW_RESISTANCE, 1.0 / ABSOLUTE, exact=True),
        Vccs("syn", "bsyn", "0", "kelvin", "0", card.synapse_current),
        Mosfet(name="pb", drain="bsyn", gate="bsyn", source="vdd", **_sizes(pmos, "vdd", card.bias_width, card.bias_length)),
        Mosfet(name="nz", drain="bsyn", gate="0", source="0", **dummy),
    ]
    if card.current_mode:
        off = _sizes(pmos, "vdd", card.ppair_width, card.ppair_length)
        elements += [
            Vccs("mem", "vdd", "bmem", "kelvin", "0", card.membrane_current),
            Mosfet(name="nb", drain="bmem", gate="bmem", source="0", **_sizes(nmos, "0", card.bias_width, card.bias_length)),
            Mosfet(name="pz", drain="bmem", gate="vdd", source="vdd", **off),
        ]
    return Circuit(
        name="bias",
        description="PTAT currents of the time constants, and dummies that copy the pairs' leakage",
        ports=("vdd", "bsyn", *(("bmem",) if card.current_mode else ())),
        elements=tuple(elements),
    )


def _sizes(card: MosfetCard, bulk: str, width: float, length: float) -> dict[str, Any]:
    return {"card": card, "bulk": bulk, "width": width, "length": length}
