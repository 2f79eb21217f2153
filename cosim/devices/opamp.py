"""Op-amps as subcircuits: an ideal one, and a one-pole one with rails, output resistance and quiescent current."""

import math
from dataclasses import dataclass

from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Behavioral, Capacitor, CurrentSource, Resistor, Vccs, Vcvs
from cosim.circuits.expression import Param
from cosim.devices.cards import read_card
from cosim.params import check_params, param

TRANSCONDUCTANCE = 1e-3  # [S] of the one-pole stage: sets its impedance level, not its gain


@dataclass(frozen=True, kw_only=True)
class OpampCard:
    """Parameters of a one-pole op-amp."""

    name: str
    description: str = ""
    gain: float = param("open-loop gain", "1", above=1.0)
    bandwidth: float = param("gain-bandwidth product", "Hz", above=0.0)
    output_resistance: float = param("output resistance", "ohm", above=0.0)
    offset: float = param("input offset voltage", "V")
    quiescent_current: float = param("quiescent supply current", "A", least=0.0)
    sources: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_params(self, where=f"op-amp {self.name}")


def load_opamp(name: str) -> OpampCard:
    """The card ``device_data/opamp/<name>.toml``, or the card file at that path."""
    return read_card(OpampCard, "opamp", name)


def ideal(gain: float = 1e5) -> Circuit:
    """Ports ``p n o``: a voltage-controlled source, without poles, rails or supply."""
    return Circuit(
        name="opamp_ideal",
        description="ideal op-amp: gain only",
        ports=("p", "n", "o"),
        elements=(Vcvs("1", "o", "0", "p", "n", Param("gain")),),
        parameters={"gain": Parameter(gain, "1", "open-loop gain")},
    )


def one_pole(card: OpampCard) -> Circuit:
    """Ports ``p n o vp vn``: one pole, output held between the rails, quiescent current drawn from them."""
    resistance = Param("gain") / TRANSCONDUCTANCE
    capacitance = TRANSCONDUCTANCE / (2 * math.pi) / Param("gbw")
    middle, half = "0.5*(V(vp)+V(vn))", "(0.5*(V(vp)-V(vn))+1e-06)"
    return Circuit(
        name=card.name,
        description=card.description,
        ports=("p", "n", "o", "vp", "vn"),
        elements=(
            Vccs("1", "0", "x", "p", "i", TRANSCONDUCTANCE),
            Behavioral(name="os", positive="i", negative="n", voltage="vos"),
            Resistor("1", "x", "0", resistance),
            Capacitor("1", "x", "0", capacitance),
            Behavioral(name="o", positive="y", negative="0", voltage=f"{middle}+{half}*tanh((V(x)-{middle})/{half})"),
            Resistor("o", "y", "o", Param("ro")),
            CurrentSource("q", "vp", "vn", Param("iq")),
        ),
        parameters={
            "gain": Parameter(card.gain, "1", "open-loop gain"),
            "gbw": Parameter(card.bandwidth, "Hz", "gain-bandwidth product"),
            "ro": Parameter(card.output_resistance, "ohm", "output resistance"),
            "vos": Parameter(card.offset, "V", "input offset voltage"),
            "iq": Parameter(card.quiescent_current, "A", "quiescent supply current"),
        },
    )
