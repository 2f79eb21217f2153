"""A layer in steps of `dt`, in NumPy: synaptic current, membrane, spikes.

The order within a step is that of snnTorch's `Leaky`: a membrane that was above the threshold one step ago is reset, then decays, then takes the current,
then fires if it is above the threshold. The torch form is `cosim.snn.layer`; a test holds them equal.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cosim._types import Array
from cosim.snn.psp import discrete_current, discrete_peak, kept
from cosim.snn.timing import TimeConstants

Reset = Literal["zero", "subtract"]


@dataclass(frozen=True)
class LayerWaves:
    """What a layer does, ``(steps, images, outputs)`` each.

    Attributes:
        current: synaptic, in units of the peak of one spike through a full weight.
        membrane: in spikes of full weight.
        spikes: 1 where a neuron fires.
    """

    current: Array
    membrane: Array
    spikes: Array


def step_layer(drive: Array, weights: Array, taus: TimeConstants, *, dt: float, threshold: float | None, reset: Reset = "zero") -> LayerWaves:
    """Run a layer.

    Args:
        drive: ``(steps, images, inputs)`` spikes.
        weights: ``(inputs, outputs)``, signed.
        taus: time constants.
        dt: one step [s].
        threshold: in spikes of full weight; None for membranes that do not fire.
        reset: of the membrane after a spike.
    """
    from scipy.signal import lfilter

    current = discrete_current(drive @ weights, taus, dt)
    beta = kept(taus.membrane, dt)
    inflow = current / discrete_peak(taus, dt)
    if threshold is None:
        return LayerWaves(current, np.asarray(lfilter([1.0], [1.0, -beta], inflow, axis=0)), np.zeros_like(current))
    membrane, spikes = np.empty_like(current), np.zeros_like(current)
    value = np.zeros(current.shape[1:])
    for index, input_ in enumerate(inflow):
        fired = value > threshold
        value = beta * np.where(fired, 0.0, value) + input_ if reset == "zero" else beta * value + input_ - fired * threshold
        membrane[index], spikes[index] = value, value > threshold
    return LayerWaves(current, membrane, spikes)
