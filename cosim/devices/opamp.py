"""Op-amps as subcircuits: an ideal one, and a one-pole one with rails, output resistance, supply current and input noise."""

import math
from dataclasses import dataclass

from cosim.cards import read_card
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Behavioral, Capacitor, CurrentSource, Diode, Element, ModelCard, Resistor, Vccs, Vcvs, VoltageSource
from cosim.circuits.expression import Param
from cosim.params import check_params, param

TRANSCONDUCTANCE = 1e-3  # [S] of the one-pole stage: sets its impedance level, not its gain
CHARGE, THERMAL = 1.602177e-19, 25.865e-3  # [C]; [V] at 27 degC
NOISE_BIAS = 1e-6  # [A] of the two diodes whose shot and flicker noise stand for that of the input


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
    noise: float = param("white input noise, 0 for none", "V/sqrt(Hz)", default=0.0, least=0.0)
    noise_corner: float = param("frequency at which flicker noise equals it", "Hz", default=0.0, least=0.0)
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
    """Ports ``p n o vp vn``: one pole, output held between the rails, which give the output current and a quiescent one."""
    resistance = Param("gain") / TRANSCONDUCTANCE
    capacitance = TRANSCONDUCTANCE / (2 * math.pi) / Param("gbw")
    middle, half = "0.5*(V(vp)+V(vn))", "(0.5*(V(vp)-V(vn))+1e-06)"
    return Circuit(
        name=card.name,
        description=card.description,
        ports=("p", "n", "o", "vp", "vn"),
        elements=(
            Vccs("1", "0", "x", "p", "i", TRANSCONDUCTANCE),
            *_input_noise(card),
            Behavioral(name="os", positive="m" if card.noise else "i", negative="n", voltage="vos"),
            Resistor("1", "x", "0", resistance, exact=True),
            Capacitor("1", "x", "0", capacitance, exact=True),
            Behavioral(name="o", positive="y", negative="0", voltage=f"{middle}+{half}*tanh((V(x)-{middle})/{half})"),
            VoltageSource("o", "y", "z", 0.0),
            Resistor("o", "z", "o", Param("ro"), exact=True),
            Behavioral(name="vp", positive="vp", negative="0", current="max(I(Vo),0)"),
            Behavioral(name="vn", positive="0", negative="vn", current="max(-I(Vo),0)"),
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


def _input_noise(card: OpampCard) -> tuple[Element, ...]:
    """A source between the nodes ``i`` and ``m`` with the noise of the card and no voltage: the difference of two equal diodes.

    Shot noise of both gives the white part, their flicker coefficient the corner, in every program that knows a diode.
    """
    if not card.noise:
        return ()
    density = math.sqrt(4.0 * CHARGE * NOISE_BIAS) * THERMAL / NOISE_BIAS  # of the difference of the two voltages
    model = ModelCard(f"{card.name}_noise", "D", {"is": 1e-14, "kf": 2.0 * CHARGE * card.noise_corner, "af": 1.0})
    return (
        CurrentSource("n1", "0", "d1", NOISE_BIAS),
        Diode("n1", "d1", "0", model),
        CurrentSource("n2", "0", "d2", NOISE_BIAS),
        Diode("n2", "d2", "0", model),
        Vcvs("n", "i", "m", "d1", "d2", card.noise / density),
    )
