"""The unit in the frequency domain: its response against the three poles of the model, and the noise of its own devices.

The cell conducts at a fixed weight and Vread carries the signal, so that a relative change of Vread is one of the weight.
"""

from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.analysis import Ac, Noise
from cosim.circuits.neuron.card import NeuronCard
from cosim.circuits.neuron.drive import options
from cosim.circuits.neuron.unit import MEMBRANE, SPIKE_HEIGHT, SYNAPTIC_CURRENT, Parts, unit
from cosim.devices.mosfet import with_flicker
from cosim.snn.timing import TimeConstants
from cosim.sweep.lab import Lab, Question

WEIGHT = 0.25  # filament state at which the unit is linearized
POINTS = 20  # a decade
BAND = (0.1, 1e6)  # [Hz] of the response
NOISE_BAND = (1e-2, 1e6)  # [Hz] over which noise is integrated: from the time between two images up


@dataclass(frozen=True, kw_only=True)
class Bode:
    """Small-signal response from Vread.

    Attributes:
        frequency: ``(points,)`` [Hz].
        current, membrane: ``(points,)`` complex, over their value at the lowest frequency.
        model_current, model_membrane: the two and the three poles of the model.
    """

    frequency: Array
    current: Array
    membrane: Array
    model_current: Array
    model_membrane: Array


@dataclass(frozen=True, kw_only=True)
class OwnNoise:
    """Noise of the unit's own devices at the membrane.

    Attributes:
        frequency: ``(points,)`` [Hz].
        density: ``(points,)`` at the membrane [V/sqrt(Hz)].
        conducting: whether the cell conducts.
        swing: of one spike of full weight [V].
    """

    frequency: Array
    density: Array
    conducting: bool
    swing: float

    @property
    def cumulative(self) -> Array:
        """``(points,)`` RMS from the lowest frequency up [V]."""
        squares = self.density**2
        steps = 0.5 * (squares[1:] + squares[:-1]) * np.diff(self.frequency)
        return np.sqrt(np.concatenate([[0.0], np.cumsum(steps)]))

    @property
    def rms(self) -> float:
        """Over the band [V]."""
        return float(self.cumulative[-1])

    @property
    def weight(self) -> float:
        """Referred to the weight: part of a full weight that one read-out is uncertain by."""
        return self.rms / self.swing


def bode(card: NeuronCard, parts: Parts, lab: Lab, targets: TimeConstants) -> Bode:
    """The response of a unit whose cell conducts."""
    circuit = unit(card, parts=parts, weight=WEIGHT, held=SPIKE_HEIGHT)
    analysis = Ac(points=POINTS, start=BAND[0], stop=BAND[1], options=options())
    answer = lab.ask_one(Question(circuit=circuit, analysis=analysis, saved=(SYNAPTIC_CURRENT, MEMBRANE)))
    frequency = np.real(answer.axis)
    poles = [1.0 / (1.0 + 2j * np.pi * frequency * tau) for tau in (targets.rise, targets.fall, targets.membrane)]
    synaptic = poles[1] * (poles[0] if card.has("rise") else 1.0)
    current, membrane = answer[SYNAPTIC_CURRENT], answer[MEMBRANE]
    return Bode(frequency=frequency, current=current / current[0], membrane=membrane / membrane[0], model_current=synaptic, model_membrane=synaptic * poles[2])


def own_noise(card: NeuronCard, parts: Parts, lab: Lab, *, swing: float, conducting: bool) -> OwnNoise:
    """Thermal, shot and flicker noise of resistors, transistors and op-amps at the membrane; `swing` [V] is what it is compared with."""
    noisy = replace(parts, nmos=with_flicker(parts.nmos), pmos=with_flicker(parts.pmos))
    circuit = unit(card, parts=noisy, weight=1.0, held=SPIKE_HEIGHT if conducting else 0.0)  # noise grows with the current
    analysis = Noise(output="mem", source="Vread", points=POINTS, start=NOISE_BAND[0], stop=NOISE_BAND[1], options=options())
    answer = lab.ask_one(Question(circuit=circuit, analysis=analysis, saved=()))
    name = next(each for each in answer.signals if "onoise" in each)
    return OwnNoise(frequency=np.real(answer.axis), density=np.abs(answer[name]), conducting=conducting, swing=swing)
