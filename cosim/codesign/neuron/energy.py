"""Energy of a unit, block by block, from the currents of its supplies: what rests, and what one spike adds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.card import NeuronCard
from cosim.circuits.neuron.drive import ONE_SPIKE, firing_transient, transient
from cosim.circuits.neuron.unit import Parts, supplies, unit
from cosim.sweep.lab import Lab, Question

DURATION = 0.11  # [s] one spike, and more than six time constants of the membrane after it
RESTING = (2e-3, 9e-3)  # [s] before the spike


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Where the energy goes.

    Attributes:
        quiescent: block -> power without spikes [W].
        spike: block -> energy that one spike of full weight adds [J].
        supply_quiescent, supply_spike: of the supplies themselves [W], [J].
        read: energy that Vread gives to the cell in one spike [J].
        gate: that the input spike gives to the cell's gate [J].
    """

    quiescent: Mapping[str, float]
    spike: Mapping[str, float]
    supply_quiescent: float
    supply_spike: float
    read: float
    gate: float

    @property
    def imbalance(self) -> float:
        """Difference between the sum of the blocks and the supply, over the supply; the larger one of power and energy."""
        quiet = abs(sum(self.quiescent.values()) / self.supply_quiescent - 1.0)
        return max(quiet, abs(sum(self.spike.values()) / self.supply_spike - 1.0))


def energy(card: NeuronCard, parts: Parts, lab: Lab, *, threshold: float | None = None) -> Energy:
    """One spike of full weight through a unit; with `threshold` the unit fires."""
    blocks = supplies(card, parts, spiking_output=threshold is not None)
    split = [each for each in blocks if each in ("tia", "inverter")]
    saved = [
        "i(vdd)",
        "i(vread)",
        "i(vin)",
        "v(gate_in)",
        *(["i(vss)"] if split else []),
        *(f"i(vdd_{each})" for each in blocks),
        *(f"i(vss_{each})" for each in split),
    ]
    circuit = unit(card, ONE_SPIKE, parts=parts, threshold=threshold)
    analysis = transient(DURATION) if threshold is None else firing_transient(DURATION)
    answer = lab.ask_one(Question(circuit=circuit, analysis=analysis, saved=tuple(saved)))
    volts, time = card.supply, answer.axis
    power = {each: volts * (answer[f"i(vdd_{each})"] + (answer[f"i(vss_{each})"] if each in split else 0.0)) for each in blocks}
    whole = volts * (-answer["i(vdd)"] + (answer["i(vss)"] if split else 0.0))
    resting = {each: _mean(time, values, RESTING) for each, values in power.items()}
    rest = _mean(time, whole, RESTING)
    return Energy(
        quiescent=resting,
        spike={each: float(np.trapezoid(values - resting[each], time)) for each, values in power.items()},
        supply_quiescent=rest,
        supply_spike=float(np.trapezoid(whole - rest, time)),
        read=float(np.trapezoid(-card.read_voltage * answer["i(vread)"], time)),
        gate=float(np.trapezoid(np.maximum(-answer["v(gate_in)"] * answer["i(vin)"], 0.0), time)),
    )


def _mean(time: Array, values: Array, window: tuple[float, float]) -> float:
    inside = (time >= window[0]) & (time <= window[1])
    return float(np.trapezoid(values[inside], time[inside]) / (time[inside][-1] - time[inside][0]))
