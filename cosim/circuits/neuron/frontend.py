"""Front end of the unit: transimpedance amplifier, inverting amplifier, and MN3, which makes a current of a voltage.

The read-out holds the source line of the cells at ground, so that each conducting cell gives its conductance times Vread.
Feedback of the inverting amplifier comes from its own output (as printed: MN3's gate is driven open-loop, so that its
current follows a square or an exponential law) or from MN3's source over Rs (then the current is linear in the weight). A
capacitor across R2 makes a first-order low-pass of the inverting amplifier: the rise of the double exponential.
"""

from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Capacitor, CurrentSource, Element, Instance, Mosfet, Resistor, VoltageSource
from cosim.circuits.neuron.card import CurrentBiasedCard, GateBiasedCard, NeuronCard
from cosim.devices.mosfet import MosfetCard
from cosim.devices.opamp import OpampCard, ideal, one_pole

RAILS = ("vp", "vn")  # further ports of a block whose op-amp has a supply


def amplifier(name: str, card: OpampCard | None, plus: str, minus: str, out: str) -> Instance:
    """An op-amp between these nodes: ideal without a card, else with its rails at the ports `RAILS`."""
    return Instance(name, ideal(), (plus, minus, out)) if card is None else Instance(name, one_pole(card), (plus, minus, out, *RAILS))


def tia(card: NeuronCard, opamp: OpampCard | None) -> Circuit:
    """Transimpedance amplifier; ports ``in ref out``: the input is held at `ref`, the output is lower by the current times Rf."""
    return Circuit(
        name="tia",
        description="transimpedance amplifier: holds the source line, gives -Rf times its current",
        ports=("in", "ref", "out", *(RAILS if opamp else ())),
        elements=(amplifier("a", opamp, "ref", "in", "out"), Resistor("f", "in", "out", card.feedback_resistance, card.resistor_tempco)),
    )


def inverter(card: NeuronCard, opamp: OpampCard | None, *, summing: bool = False) -> Circuit:
    """Inverting amplifier; ports ``in ref sense out``: drives `out` until `sense` is -R2/R1 times the input; R2 with its capacitor is a pole.

    With `summing` the inner node ``minus`` is a port too, behind the others: a second input goes there over its own resistor.
    """
    rise = (Capacitor("rise", "minus", "sense", card.rise_capacitance, card.capacitor_tempco),) if card.rise_capacitance else ()
    return Circuit(
        name="inverting_amplifier",
        description="inverting amplifier with low-pass" if rise else "inverting amplifier",
        ports=("in", "ref", "sense", "out", *(RAILS if opamp else ()), *(("minus",) if summing else ())),
        elements=(
            Resistor("1", "in", "minus", card.input_resistance, card.resistor_tempco),
            Resistor("2", "minus", "sense", card.inverter_resistance, card.resistor_tempco),
            *rise,
            amplifier("a", opamp, "ref", "minus", "out"),
        ),
    )


def plain_inverter(card: NeuronCard, opamp: OpampCard | None) -> Circuit:
    """Inverting amplifier of gain 1 with resistors of R1; ports ``in ref out``: for the second column of a pair."""
    return Circuit(
        name="plain_inverter",
        description="inverting amplifier of gain 1",
        ports=("in", "ref", "out", *(RAILS if opamp else ())),
        elements=(
            Resistor("1", "in", "minus", card.input_resistance, card.resistor_tempco),
            Resistor("2", "minus", "out", card.input_resistance, card.resistor_tempco),
            amplifier("a", opamp, "ref", "minus", "out"),
        ),
    )


def transconductor(card: NeuronCard, nmos: MosfetCard) -> Circuit:
    """MN3; ports ``gate sense out``: pulls its current from `out`. `sense` is what the inverting amplifier's feedback comes from."""
    linear = card.source_resistance > 0
    source = "sense" if linear else "0"
    elements: list[Element] = [
        Mosfet(name="n3", drain="out", gate="gate", source=source, bulk="0", card=nmos, width=card.input_width, length=card.input_length)
    ]
    if linear:
        elements.append(Resistor("s", "sense", "0", card.source_resistance, card.resistor_tempco))
    else:
        elements.append(VoltageSource("sense", "gate", "sense", 0.0))  # the feedback comes from the gate itself
    if isinstance(card, CurrentBiasedCard):
        elements.append(CurrentSource("ofs", "sense", "0", card.offset_current))
    return Circuit(
        name="transconductor",
        description="MN3 as a linear transconductor of 1/Rs" if linear else "MN3, its gate driven open-loop",
        ports=("gate", "sense", "out"),
        elements=tuple(elements),
    )


def inverter_reference(card: NeuronCard, *, paired: bool = False) -> float:
    """Voltage at the + input that gives the card's offset at the output of the inverting amplifier, with one or two inputs [V]."""
    if isinstance(card, GateBiasedCard):
        return card.inverter_offset / (1.0 + (2 if paired else 1) * card.inverter_resistance / card.input_resistance)
    return 0.0
