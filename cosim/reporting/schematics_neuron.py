"""The schematics of the neuron chapter: the unit as blocks, and each block down to its transistors."""

from dataclasses import dataclass

from cosim.circuits.circuit import Circuit
from cosim.circuits.neuron import dpi, matched, spiking
from cosim.circuits.neuron.card import CurrentBiasedCard, GateBiasedCard
from cosim.reporting.schematics_blocks import draw_blocks
from cosim.reporting.schematics_sheet import draw_sheet
from cosim.studies.lim2025.neuron import NeuronResult
from cosim.studies.lim2025.neuron.study import BUILT


@dataclass(frozen=True)
class Sheet:
    """A drawn circuit with its words."""

    name: str
    svg: bytes
    title: str
    caption: str
    alt: str


def sheets(result: NeuronResult) -> list[tuple[Sheet, ...]]:
    """The unit that is built as blocks, the printed synapse, and the blocks of the built one; those that stand beside each other together."""
    card, parts, printed = result.cards[BUILT], result.parts[BUILT], result.cards["linear"]
    assert isinstance(card, CurrentBiasedCard)
    assert isinstance(printed, GateBiasedCard)
    nmos, pmos = parts.nmos, parts.pmos
    alt = "Block diagram of the neuron-synapse-neuron unit, variant robust."
    whole = Sheet("neuron_blocks", draw_blocks(card, parts, spiking=True).svg, "The unit that is built", "Names are those of the netlist.", alt)
    membrane = matched.membrane(card, nmos, pmos, resettable=True)
    bias = "PTAT currents by a stated law; Mnz and Mpz are off and copy the leakage of a pair"
    comparator = "fired goes low when the membrane is above the threshold"
    refractory = "a capacitor that is charged at once and discharged by a current"
    return [
        (whole,),
        (
            _sheet(
                dpi.synapse(printed, nmos, pmos),
                "The synapse of Fig. 6",
                "gate voltages set its current and its gain; its sizes are ours, the paper prints none",
            ),
            _sheet(dpi.membrane(printed, nmos), "The membrane of Fig. 6, in linear", "its leak is exponential far below 26 mV only; the paper prints 260 nF"),
        ),
        (_sheet(matched.synapse(card, nmos, pmos), "The synapse that is built", "Mn5 and Mn6 read the capacitor as Mn2 and Mn4 write it"),),
        (_sheet(membrane, "The membrane that is built", "the same cell in PMOS; its output current makes the voltage"),),
        (_sheet(matched.bias(card, nmos, pmos), "The biases", bias),),
        (_sheet(spiking.comparator(card, nmos, pmos), "The comparator", comparator),),
        (_sheet(spiking.refractory(card, nmos, pmos), "The refractory time", refractory),),
        (
            _sheet(matched.mirror(card, pmos), "The mirror behind the synapse", "the gain stands here"),
            _sheet(spiking.driver(card, nmos, pmos), "The spike driver", "its currents make the edges"),
        ),
    ]


def _sheet(circuit: Circuit, title: str, words: str) -> Sheet:
    description = f"Schematic of {circuit.name}: {circuit.description}; {words}."
    return Sheet(f"neuron_{circuit.name}", draw_sheet(circuit).svg, title, f"{circuit.name}: {words}.", description)
