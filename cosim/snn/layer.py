"""The neuron as a torch module: snnTorch's LIF with a double-exponential synapse in front of it and its times in seconds.

snnTorch conventions hold: ``U[n] = beta U[n-1] + I[n]``, a spike where U is above the threshold, surrogate gradients of `snntorch.surrogate`, a reset one step
after the spike, detached from the graph. What is added: the synapse of Lim 2025, Eqs. 1-4, and an input gain that gives one spike through a weight of 1 a peak
of 1, whatever the time constants and the step are.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from snntorch import LIF

from cosim.snn.psp import current_factor, discrete_current, discrete_peak, kept
from cosim.snn.timing import TimeConstants

Surrogate = Callable[[torch.Tensor], torch.Tensor]


class NeuronState(NamedTuple):
    """Rising and falling part of the synaptic current and the membrane, of one shape each."""

    rise: torch.Tensor
    fall: torch.Tensor
    membrane: torch.Tensor


class DoubleExponentialLeaky(LIF):  # type: ignore[misc] # snnTorch has no types
    """A layer of neurons; `forward` makes one step, `sequence` all of them.

    Args:
        taus: time constants.
        dt: one step [s].
        threshold: in spikes of full weight.
        surrogate: gradient of the spike, from `snntorch.surrogate`; its default is the arc tangent.
        reset: of the membrane after a spike; "none" for a membrane that is only looked at.
        learn_threshold: whether the threshold is a parameter.
    """

    def __init__(
        self,
        taus: TimeConstants,
        *,
        dt: float,
        threshold: float = 1.0,
        surrogate: Surrogate | None = None,
        reset: Literal["zero", "subtract", "none"] = "zero",
        learn_threshold: bool = False,
    ) -> None:
        super().__init__(kept(taus.membrane, dt), threshold, surrogate, reset_mechanism=reset, learn_threshold=learn_threshold)
        self.taus, self.dt = taus, dt
        self.factor, self.gain = current_factor(taus), 1.0 / discrete_peak(taus, dt)

    def forward(self, input_: torch.Tensor, state: NeuronState | None = None) -> tuple[torch.Tensor, NeuronState]:
        """One step.

        Args:
            input_: ``(images, outputs)``, spikes times weights.
            state: after the step before; None at rest.

        Returns:
            Spikes ``(images, outputs)`` and the new state.
        """
        rise, fall, membrane = state or NeuronState(*(torch.zeros_like(input_) for _ in range(3)))
        fall = kept(self.taus.fall, self.dt) * fall + input_
        rise = kept(self.taus.rise, self.dt) * rise + input_ if self.taus.rise else rise
        spikes, membrane = self._membrane_step(self.gain * self.factor * (fall - rise), membrane)
        return spikes, NeuronState(rise, fall, membrane)

    def sequence(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """All steps from rest: ``inputs (steps, images, outputs)`` to spikes and membranes of the same shape. The synapse is one matrix product."""
        steps = len(inputs)
        currents = self.gain * torch.einsum("ts,sbo->tbo", self._synapse(steps, inputs.dtype), inputs)
        membrane, spikes, membranes = torch.zeros_like(inputs[0]), [], []
        for current in currents:
            spike, membrane = self._membrane_step(current, membrane)
            spikes.append(spike)
            membranes.append(membrane)
        return torch.stack(spikes), torch.stack(membranes)

    def _membrane_step(self, current: torch.Tensor, membrane: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        fired = self.mem_reset(membrane)
        if self.reset_mechanism == "zero":
            membrane = (1 - fired) * membrane
        membrane = self.beta * membrane + current
        if self.reset_mechanism == "subtract":
            membrane = membrane - fired * self.threshold
        return self.fire(membrane), membrane

    def _synapse(self, steps: int, dtype: torch.dtype) -> torch.Tensor:
        """Current at each step for a spike at each step, ``(steps, steps)``."""
        pulse = torch.zeros(steps, dtype=torch.float64)
        pulse[0] = 1.0
        response = torch.as_tensor(discrete_current(pulse.numpy(), self.taus, self.dt))
        lag = torch.arange(steps)[:, None] - torch.arange(steps)
        return torch.where(lag >= 0, response[lag.clamp(min=0)], 0.0).to(dtype)
