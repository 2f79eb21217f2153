"""Eqs. 6-9 of Lim 2025 evaluated from the devices: what they predict of a unit, to be set beside its simulation.

The equations are those of the DPI (C. Bartolozzi and G. Indiveri, Neural Computation 19 (2007) 2581): the synaptic current
decays with tau = Csyn UT / (kappa Itau) and settles at Igain Iw / Itau; the membrane leaks with tau = Cmem UT / ID0, as
long as Vmem << UT. Itau, ID0 and kappa come from DC sweeps of the single transistors. UT is the thermal voltage.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.analysis import Dc
from cosim.circuits.cells import transistor_bench
from cosim.circuits.neuron.card import CurrentBiasedCard, GateBiasedCard, NeuronCard
from cosim.circuits.neuron.drive import options
from cosim.circuits.neuron.unit import Parts
from cosim.devices.memristor.static import conductance
from cosim.devices.mosfet import MosfetCard
from cosim.errors import InputError, reject
from cosim.sweep.lab import Lab, Question

BOLTZMANN_OVER_CHARGE = 8.617333e-5  # [V/K]
SATURATED = 0.5  # [V] between drain and source of the sweeps
GATE_STEP = 5e-3  # [V]


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What the equations say of a unit.

    Attributes:
        rise, fall, leak: time constants [s]; `rise` is 0 without a low-pass, since the first-order DPI has none.
        input_current: Iw of a full pulse at full weight [A].
        current_gain: Isyn that such a pulse would settle at [A].
        gain: membrane potential that it would settle at [V].
        slope: factor n = 1/kappa of the transistor that the decay is reckoned with.
    """

    rise: float
    fall: float
    leak: float
    input_current: float
    current_gain: float
    gain: float
    slope: float


@dataclass(frozen=True)
class Transfer:
    """Drain current of a transistor in saturation over its gate-source voltage; ``(points,)`` magnitudes [V], [A]."""

    gate: Array
    drain: Array

    def current(self, gate: float) -> float:
        """Drain current at a gate-source voltage [A]; between the points along the logarithm."""
        if not self.gate[0] <= gate <= self.gate[-1]:
            raise reject(InputError, "transfer curve", "gate", gate, f"within {self.gate[0]:g}..{self.gate[-1]:g} V")
        return float(np.exp(np.interp(gate, self.gate, np.log(self.drain))))

    def slope(self, current: float, temperature: float = 27.0) -> float:
        """Slope factor n at a drain current [A]: dV/d(ln I) over UT."""
        logs = np.log(self.drain)
        local = np.gradient(self.gate, logs)
        return float(np.interp(np.log(current), logs, local)) / thermal_voltage(temperature)


def thermal_voltage(temperature: float = 27.0) -> float:
    """UT [V] at a temperature [degC]."""
    return BOLTZMANN_OVER_CHARGE * (temperature + 273.15)


def transfer(mosfet: MosfetCard, lab: Lab, *, width: float, length: float, highest: float = 1.5) -> Transfer:
    """Sweep of one transistor, source and bulk grounded, drain at 0.5 V (NMOS) or -0.5 V (PMOS)."""
    sign = 1.0 if mosfet.kind == "nmos" else -1.0
    circuit = transistor_bench(mosfet, drain=sign * SATURATED, gate=0.0, w_over_l=width / length, length=length)
    answer = lab.ask_one(Question(circuit=circuit, analysis=Dc("vg", 0.0, sign * highest, sign * GATE_STEP, options=options()), saved=("v(g)", "i(vd)")))
    drain = np.abs(answer["i(vd)"])
    rising = np.flatnonzero(np.diff(drain) <= 0)
    first = int(rising[-1]) + 1 if rising.size else 0  # leakage below
    return Transfer(np.abs(answer["v(g)"])[first:], np.maximum(drain[first:], 1e-30))


def cell_current(card: NeuronCard, parts: Parts, weight: float = 1.0) -> float:
    """Current of a conducting cell at this weight [A], its transistor neglected."""
    found = conductance(parts.memristor, np.array([weight]), voltage=card.read_voltage)
    return float(found[0]) * card.read_voltage


def predict(card: NeuronCard, parts: Parts, lab: Lab) -> Prediction:
    """The equations for a variant."""
    if isinstance(card, CurrentBiasedCard):
        return _current_biased(card, parts, lab)
    assert isinstance(card, GateBiasedCard)
    return _gate_biased(card, parts, lab)


def _gate_biased(card: GateBiasedCard, parts: Parts, lab: Lab) -> Prediction:
    decay = transfer(parts.pmos, lab, width=card.decay_width, length=card.decay_length)
    output = transfer(parts.pmos, lab, width=card.output_width, length=card.output_length)
    leak = transfer(parts.nmos, lab, width=card.leak_width, length=card.leak_length)
    drawn = transfer(parts.nmos, lab, width=card.input_width, length=card.input_length)
    tau_current, leak_current = decay.current(card.supply - card.synapse_voltage), leak.current(card.membrane_voltage)
    voltage = cell_current(card, parts) * card.feedback_resistance * card.inverter_resistance / card.input_resistance
    linear = card.source_resistance > 0
    load = (1.0 / card.source_resistance + 1.0 / card.inverter_resistance) if linear else 0.0  # MN3 feeds R2 too
    input_current = voltage * load if linear else drawn.current(card.inverter_offset + voltage) - drawn.current(card.inverter_offset)
    gain_current = output.current(card.supply - card.threshold_voltage)  # of MP2 with Vthr at its gate
    slope = output.slope(gain_current)
    current_gain = gain_current * input_current / tau_current
    thermal = thermal_voltage()
    return Prediction(
        rise=card.inverter_resistance * card.rise_capacitance,
        fall=card.synapse_capacitance * slope * thermal / tau_current,
        leak=card.membrane_capacitance * thermal / leak_current,
        input_current=input_current,
        current_gain=current_gain,
        gain=current_gain * thermal / leak_current,
        slope=slope,
    )


def _current_biased(card: CurrentBiasedCard, parts: Parts, lab: Lab) -> Prediction:
    npair = transfer(parts.nmos, lab, width=card.npair_width, length=card.npair_length)
    ppair = transfer(parts.pmos, lab, width=card.ppair_width, length=card.ppair_length)
    slope, thermal = npair.slope(card.synapse_current), thermal_voltage()
    input_current = cell_current(card, parts) * card.feedback_resistance * (1.0 / card.source_resistance + 1.0 / card.inverter_resistance)
    leak = card.output_resistance * card.membrane_capacitance
    if card.current_mode:
        leak = card.membrane_capacitance * ppair.slope(card.membrane_current) * thermal / card.membrane_current
    return Prediction(
        rise=card.inverter_resistance * card.rise_capacitance,
        fall=card.synapse_capacitance * slope * thermal / card.synapse_current,
        leak=leak,
        input_current=input_current,
        current_gain=input_current,
        gain=input_current * card.mirror_ratio * card.output_resistance,
        slope=slope,
    )
