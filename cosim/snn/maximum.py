"""Maxima of latency-coded membranes with gradients: the torch form of `cosim.snn.readout`, for training.

The time of a maximum moves with the weights, but the potential there does not change with it to first order: the gradient of the maximum with respect to a
weight is the potential of its spike at that time, exactly. So the time is found without gradients, on the grid, by a parabola through its three highest points
and by steps of Newton's method, and only the sum at that time is differentiated.
"""

import numpy as np
import torch

from cosim._types import Array
from cosim.snn.psp import ContinuousPsp, Psp
from cosim.snn.readout import grid_of, on_steps

MOST_LEVELS = 512  # distinct firing times; more are moved to a grid of `SNAP`
ROUNDS = 2  # of Newton's method
SNAP = 20e-6  # [s]; a potential moves by 0.4 % of its peak at most in half of it


class MaximumReadout:
    """Maxima of the membranes of the images that it was made for.

    Args:
        psp: potential of one spike.
        times: ``(images, inputs)`` firing times [s], infinite where an input is silent.
        duration: end of the time that is looked at [s].
    """

    def __init__(self, psp: Psp, times: Array, *, duration: float) -> None:
        times = on_steps(psp, times)
        distinct = np.unique(times[np.isfinite(times)])
        if len(distinct) > MOST_LEVELS:
            times = np.rint(times / SNAP) * SNAP
            distinct = np.unique(times[np.isfinite(times)])
        self.psp = psp
        self.distinct = torch.as_tensor(distinct, dtype=torch.float64)
        self.grid = torch.as_tensor(grid_of(psp, duration=duration), dtype=torch.float64)
        self.level = torch.as_tensor(np.where(np.isfinite(times), np.searchsorted(distinct, times), -1))
        self.kernel = psp.at(self.grid[:, None] - self.distinct).float()

    def __call__(self, images: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Maxima ``(images, outputs)`` of some of the images, named by their index, for ``weights (inputs, outputs)``; differentiable in the weights."""
        members = (self.level[images][:, None, :] == torch.arange(len(self.distinct))[:, None]).to(weights.dtype)
        sums = members @ weights  # (images, levels, outputs)
        with torch.no_grad():
            potential = self.psp.at(self._when(sums.detach())[..., None] - self.distinct)
        return torch.einsum("bol,blo->bo", potential.to(sums.dtype), sums)

    def _when(self, sums: torch.Tensor) -> torch.Tensor:
        """Times of the maxima, ``(images, outputs)`` [s]."""
        images, count, outputs = sums.shape
        flat = sums.to(self.kernel.dtype).permute(1, 0, 2).reshape(count, images * outputs)
        traces = self.kernel @ flat  # (points, images * outputs)
        best = traces.argmax(dim=0)
        when = self.grid[best]
        if isinstance(self.psp, ContinuousPsp):
            middle = best.clamp(1, len(self.grid) - 2)
            before, here, after = (traces.gather(0, (middle + shift)[None])[0].double() for shift in (-1, 0, 1))
            bend = before - 2 * here + after
            shift = torch.where(bend < 0, 0.5 * (before - after) / bend.clamp(max=-1e-12), 0.0).clamp(-1, 1)
            when = torch.where(best == middle, self.grid[middle] + shift * (self.grid[1] - self.grid[0]), when)
            return self._newton(self.psp, when.reshape(images, outputs), sums.transpose(1, 2))
        return when.reshape(images, outputs)

    def _newton(self, psp: ContinuousPsp, when: torch.Tensor, sums: torch.Tensor) -> torch.Tensor:
        """Times ``(images, outputs)`` nearer to where the derivative is 0; those that would leave the neighborhood stay."""
        near = self.grid[1] - self.grid[0]
        for _ in range(ROUNDS):
            since = when[..., None] - self.distinct
            slope, bend = ((psp.at(since, derivative=order) * sums).sum(dim=2) for order in (1, 2))
            step = -slope / bend.clamp(max=-1e-12)
            when = torch.where((bend < 0) & (step.abs() <= near), when + step, when)
        return when
