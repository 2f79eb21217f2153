"""Cards of the unit: every part of a variant with its unit, range, and the reason for its value.

Values live in ``device_data/neuron/<variant>.toml``; the ``source`` of an entry says why the part has that size, and reports
print it. Variants whose time constants are set by bare gate voltages are `GateBiasedCard`, as in Lim 2025, Fig. 6; those whose
time constants are set by currents are `CurrentBiasedCard`.
"""

import json
from dataclasses import dataclass, replace
from typing import ClassVar

from cosim.cards import find_card, read_card
from cosim.design import read_toml
from cosim.errors import DeviceError, InputError, reject
from cosim.params import check_params, described, param
from cosim.units import engineering, plain

VARIANTS = ("as_printed", "linear", "two_pole", "robust", "board")
COLUMN_VARIANTS = ("robust_array", "robust_pairs")  # `robust` behind a column of an array, and behind two


@dataclass(frozen=True, kw_only=True)
class NeuronCard:
    """What all variants have: supply, cell read-out, transimpedance amplifier, inverting amplifier, transconductor."""

    name: str
    description: str = ""
    supply: float = param("supply voltage VDD", "V", above=0.0, most=20.0)
    least_supply: float = param("smallest supply that the stack of transistors needs", "V", above=0.0)
    read_voltage: float = param("across a cell that conducts, Vread", "V", above=0.0, most=0.5)
    feedback_resistance: float = param("feedback of the transimpedance amplifier, Rf", "ohm", above=0.0)
    input_resistance: float = param("input resistor of the inverting amplifier, R1", "ohm", above=0.0)
    inverter_resistance: float = param("feedback resistor of the inverting amplifier, R2", "ohm", above=0.0)
    rise_capacitance: float = param("across R2: the pole that makes the synaptic current rise; 0 for none", "F", least=0.0)
    source_resistance: float = param("at the source of MN3, Rs; 0 for a grounded source, MN3's gate then driven open-loop", "ohm", least=0.0)
    input_width: float = param("width of MN3, the transconductor", "m", above=0.0, most=1e-2)
    input_length: float = param("length of MN3", "m", above=0.0, most=1e-2)
    synapse_capacitance: float = param("capacitor of the synapse, Csyn", "F", above=0.0)
    membrane_capacitance: float = param("capacitor of the membrane, Cmem", "F", above=0.0)
    resistor_tempco: float = param("temperature coefficient of all resistors on the chip", "1/K", least=-0.01, most=0.01)
    capacitor_tempco: float = param("temperature coefficient of all capacitors on the chip", "1/K", least=-0.01, most=0.01)
    sources: tuple[tuple[str, str], ...] = ()
    blocks: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        check_params(self, where=f"neuron {self.name}")
        if self.supply < self.least_supply:
            raise reject(DeviceError, f"neuron {self.name}", "supply", self.supply, f">= {self.least_supply:g} V, the need of its stack")

    def reasons(self) -> dict[str, str]:
        """Parameter -> why it has its value."""
        return dict(self.sources)

    def has(self, block: str) -> bool:
        """Whether the variant has a block: ``rise``, ``spikes``, ``linear_input``."""
        return {"rise": self.rise_capacitance > 0, "linear_input": self.source_resistance > 0, "spikes": isinstance(self, CurrentBiasedCard)}[block]


@dataclass(frozen=True, kw_only=True)
class GateBiasedCard(NeuronCard):
    """Time constants set by the gate voltages of MP1 and MN5, as in Lim 2025, Fig. 6."""

    inverter_offset: float = param("offset at the output of the inverting amplifier: keeps a current in the synapse", "V", least=-1.0, most=1.0)
    threshold_voltage: float = param("gate of MN4, Vthr: sets the gain of the synapse", "V", above=0.0)
    synapse_voltage: float = param("gate of MP1, Vsyn,tau: sets the decay", "V", above=0.0)
    membrane_voltage: float = param("gate of MN5, Vmem,tau: sets the leak", "V", above=0.0)
    pair_width: float = param("width of MN2 and MN4, the differential pair", "m", above=0.0, most=1e-2)
    pair_length: float = param("length of MN2 and MN4", "m", above=0.0, most=1e-2)
    decay_width: float = param("width of MP1, the decay current", "m", above=0.0, most=1e-2)
    decay_length: float = param("length of MP1", "m", above=0.0, most=1e-2)
    output_width: float = param("width of MP2, the output current", "m", above=0.0, most=1e-2)
    output_length: float = param("length of MP2", "m", above=0.0, most=1e-2)
    leak_width: float = param("width of MN5, the leak", "m", above=0.0, most=1e-2)
    leak_length: float = param("length of MN5", "m", above=0.0, most=1e-2)


@dataclass(frozen=True, kw_only=True)
class CurrentBiasedCard(NeuronCard):
    """Time constants set by currents that are proportional to the absolute temperature; synapse read out by a matched pair."""

    offset_current: float = param("pulled at the source of MN3: keeps a current in the synapse", "A", above=0.0, most=1e-3)
    synapse_current: float = param("Itau of the synapse at 27 degC, PTAT", "A", above=0.0, most=1e-3)
    membrane_current: float = param("Itau of the current-mode membrane at 27 degC, PTAT; 0 for an RC membrane", "A", least=0.0, most=1e-3)
    follower_current: float = param("of the followers in the read-out loops", "A", above=0.0, most=1e-3)
    npair_reference: float = param("gate of the reference side of the NMOS pairs, over ground", "V", above=0.0)
    ppair_reference: float = param("gate of the reference side of the PMOS pairs, below the supply", "V", above=0.0)
    cascode_shift: float = param("gate of the cascodes beyond the reference of their pair", "V", above=0.0)
    npair_width: float = param("width of the four NMOS of the synapse's two pairs", "m", above=0.0, most=1e-2)
    npair_length: float = param("length of the four NMOS", "m", above=0.0, most=1e-2)
    ppair_width: float = param("width of the four PMOS of the membrane's two pairs", "m", above=0.0, most=1e-2)
    ppair_length: float = param("length of the four PMOS", "m", above=0.0, most=1e-2)
    cascode_width: float = param("width of the cascodes", "m", above=0.0, most=1e-2)
    cascode_length: float = param("length of the cascodes", "m", above=0.0, most=1e-2)
    bias_width: float = param("width of the mirrors that carry the Itau currents", "m", above=0.0, most=1e-2)
    bias_length: float = param("length of these mirrors", "m", above=0.0, most=1e-2)
    mirror_width: float = param("width of one unit of the mirror between synapse and membrane", "m", above=0.0, most=1e-2)
    mirror_length: float = param("length of one unit of this mirror", "m", above=0.0, most=1e-2)
    mirror_ratio: int = param("units on the output side of this mirror", "1", least=1)
    follower_width: float = param("width of the followers", "m", above=0.0, most=1e-2)
    follower_length: float = param("length of the followers", "m", above=0.0, most=1e-2)
    ntail_width: float = param("width of the tail that closes the synapse's read-out loop", "m", above=0.0, most=1e-2)
    ntail_length: float = param("length of this tail", "m", above=0.0, most=1e-2)
    ptail_width: float = param("width of the tail that closes the membrane's read-out loop", "m", above=0.0, most=1e-2)
    ptail_length: float = param("length of this tail", "m", above=0.0, most=1e-2)
    synapse_loop_capacitance: float = param("steadies the synapse's read-out loop", "F", above=0.0)
    membrane_loop_capacitance: float = param("steadies the membrane's read-out loop", "F", above=0.0)
    output_resistance: float = param("turns the output current into the membrane voltage; of an RC membrane also its leak", "ohm", above=0.0)
    output_tempco: float = param("temperature coefficient of this resistor", "1/K", least=-0.01, most=0.01)
    comparator_current: float = param("tail of the comparator", "A", above=0.0, most=1e-3)
    comparator_width: float = param("width of the comparator's input pair and of its load", "m", above=0.0, most=1e-2)
    comparator_length: float = param("length of the comparator's input pair and of its load", "m", above=0.0, most=1e-2)
    refractory_capacitance: float = param("capacitor of the refractory time", "F", above=0.0)
    refractory_current: float = param("discharges this capacitor", "A", above=0.0, most=1e-3)
    edge_capacitance: float = param("at the spike output: sets the edges with the edge current", "F", above=0.0)
    edge_current: float = param("charges and discharges the spike output", "A", above=0.0, most=1e-3)
    reset_width: float = param("width of the switch that resets the membrane", "m", above=0.0, most=1e-2)
    reset_length: float = param("length of this switch", "m", above=0.0, most=1e-2)
    logic_width: float = param("width of the NMOS of the spike logic; its PMOS are twice as wide", "m", above=0.0, most=1e-2)
    logic_length: float = param("length of the transistors of the spike logic", "m", above=0.0, most=1e-2)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.source_resistance > 0:
            raise reject(DeviceError, f"neuron {self.name}", "source_resistance", self.source_resistance, "> 0 ohm where currents are the biases")

    @property
    def current_mode(self) -> bool:
        """Whether the membrane is a DPI like the synapse, and not an RC."""
        return self.membrane_current > 0


def load_neuron(name: str) -> GateBiasedCard | CurrentBiasedCard:
    """The card ``device_data/neuron/<name>.toml``, or the card file at that path.

    Raises:
        DeviceError: no such card.
        DesignError: a key that is unknown or missing, or a wrong unit.
    """
    content = read_toml(find_card("neuron", name))
    own = {each.name for each in described(CurrentBiasedCard)} - {each.name for each in described(GateBiasedCard)}
    if not own & set(content):
        return read_card(GateBiasedCard, "neuron", name)
    card = read_card(CurrentBiasedCard, "neuron", name)
    if card.mirror_ratio != int(card.mirror_ratio):
        raise reject(DeviceError, f"neuron {card.name}", "mirror_ratio", card.mirror_ratio, "a whole number, units of the mirror")
    return replace(card, mirror_ratio=int(card.mirror_ratio))


def card_text(card: NeuronCard, fitted: dict[str, str]) -> str:
    """The card as a file that `load_neuron` reads; `fitted` gives the source of those values that a fit has changed."""
    lines = [f"name = {json.dumps(card.name)}", f"description = {json.dumps(card.description)}", ""]
    for each in described(card):
        source, _, valid = card.reasons().get(each.name, "default; valid any").rpartition("; valid ")
        value, source = plain(getattr(card, each.name)), fitted.get(each.name, source)
        words = {"unit": each.metadata["unit"], "source": source, "valid": valid}
        lines.append(f"{each.name} = {{ value = {value}, {', '.join(f'{key} = {json.dumps(text)}' for key, text in words.items())} }}")
    return "\n".join(lines) + "\n"


def sizes(card: NeuronCard) -> list[str]:
    """One line for each part: name, value with its unit, and why it has that value; for the head of a netlist."""
    found = []
    for each in described(card):
        source = card.reasons().get(each.name, "default; valid any").rpartition("; valid ")[0]
        value, unit = getattr(card, each.name), each.metadata["unit"]
        shown = f"{plain(value)} {unit}".removesuffix(" 1") if unit in ("1", "1/K") else engineering(value, unit, digits=4)
        found.append(f"{each.name} = {shown}: {source}")
    return found


def require(card: NeuronCard, block: str, words: str) -> None:
    """Refuse a variant that lacks a block.

    Raises:
        InputError: names the variants that have it.
    """
    if not card.has(block):
        having = [each for each in (*VARIANTS, *COLUMN_VARIANTS) if load_neuron(each).has(block)]
        raise reject(InputError, f"neuron {card.name}", "block", block, f"one that the variant has; {words} stands in {', '.join(having)}")
