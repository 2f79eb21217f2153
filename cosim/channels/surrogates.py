"""Differentiable stand-ins for channels, for training in torch: what is drawn has a gradient with respect to what was written.

A population of switches has no gradient, since numbers of switches are whole. Its mean and variance are smooth in the conductance that was written, so a law
of the same mean and variance is drawn by a fixed random number (`gaussian`, `gamma`, `log_normal`), or the exact draw goes forward and the gradient of the
Gaussian one backward (`straight_through`). `TableSurrogate` is the same for any channel given by mean and deviation of its reads at some levels.
`compare` and `gradient_errors` say how far they are from the exact law.

Not here: learned stand-ins; noise in NumPy (the channels themselves).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.population import SwitchPopulation
from cosim.errors import InputError, reject

Surrogate = Callable[..., Array]  # (population, conductance, delay, generator) -> reads, all torch
RESISTANCES = (100.0, 1e3, 1e4, 5e4, 1e5, 2e5, 4e5, 5e5, 6e5, 7.5e5)  # [ohm]
DELAYS = (1.0, 10.0, 100.0, 300.0, 500.0, 1000.0)  # [s]
GRADIENTS = ((20, 100.0), (20, 500.0), (100, 300.0), (400, 500.0))  # numbers of switches, delays [s]
AIM = 12.0  # of ln R in the loss whose gradient is compared: about half way between the ends


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How far a stand-in is from the exact law, over conditions.

    Attributes:
        ks: ``(conditions,)`` Kolmogorov-Smirnov distance of ln R.
        distance: ``(conditions,)`` mean distance of sorted ln R (Wasserstein-1).
    """

    ks: Array
    distance: Array


def moments(population: SwitchPopulation, conductance: Array, delay: Array | float) -> tuple[Array, Array]:
    """Mean [S] and variance [S^2] of a read in torch, for ``(...)`` conductances [S] that need be no whole number of switches; read noise included.

    Raises:
        InputError: the population has a threshold, below which its readout is flat and the mean is no straight line.
    """
    import torch

    if population.threshold > 0.0:
        raise reject(InputError, population.name, "threshold", population.threshold, "0 for a surrogate")
    delay = torch.as_tensor(delay, dtype=conductance.dtype, device=conductance.device)
    share = population.equilibrium / population.switches
    gone = -torch.expm1(-population.rate * delay)
    stay, enter = 1.0 - (1.0 - share) * gone, share * gone
    number = ((conductance - population.parallel) / population.step).clamp(0.0, population.switches)
    rest = population.switches - number
    mean = population.parallel + population.step * (number * stay + rest * enter)
    variance = number * stay * (1.0 - stay) + rest * enter * (1.0 - enter) + population.read_noise**2
    return mean, population.step**2 * variance


def gaussian(population: SwitchPopulation, conductance: Array, delay: Array | float, *, generator: Array | None = None) -> Array:
    """Reads [S] from a normal law of the exact mean and variance; they may be negative, as reads with noise may."""
    mean, variance = moments(population, conductance, delay)
    return mean + variance.sqrt() * _normal(mean, generator)


def log_normal(population: SwitchPopulation, conductance: Array, delay: Array | float, *, generator: Array | None = None) -> Array:
    """Reads [S] from a log-normal law of the exact mean and variance: never negative."""
    import torch

    mean, variance = moments(population, conductance, delay)
    width = torch.log1p(variance / mean**2)
    return torch.exp(torch.log(mean) - width / 2.0 + width.sqrt() * _normal(mean, generator))


def gamma(population: SwitchPopulation, conductance: Array, delay: Array | float, *, generator: Array | None = None) -> Array:
    """Reads [S] from a gamma law of the exact mean and variance, by the cube of a normal number (Wilson and Hilferty): never negative."""
    mean, variance = moments(population, conductance, delay)
    shape = mean**2 / variance
    root = 1.0 - 1.0 / (9.0 * shape) + _normal(mean, generator) / (3.0 * shape.sqrt())
    return mean * root.clamp(min=0.0) ** 3


def straight_through(population: SwitchPopulation, conductance: Array, delay: float, *, generator: Array | None = None, rng: np.random.Generator) -> Array:
    """Exact reads [S] forward, the gradient of `gaussian` backward."""
    import torch

    smooth = gaussian(population, conductance, delay, generator=generator)
    with np.errstate(divide="ignore"):
        resistance = 1.0 / conductance.detach().cpu().numpy()
    exact = torch.as_tensor(population.sample(resistance, delay=delay, rng=rng), dtype=conductance.dtype, device=conductance.device)
    return smooth + (exact - smooth).detach()


SURROGATES: dict[str, Surrogate] = {"gaussian": gaussian, "gamma": gamma, "log_normal": log_normal}


class TableSurrogate:
    """Normal reads whose mean and deviation are given at some levels and straight lines between; constant outside.

    Args:
        inputs: ``(levels,)`` that rise.
        means, deviations: ``(levels,)`` of the reads.
    """

    def __init__(self, inputs: Array, means: Array, deviations: Array) -> None:
        import torch

        inputs, means, deviations = (np.asarray(each, dtype=float) for each in (inputs, means, deviations))
        if inputs.ndim != 1 or len(inputs) < 2 or not inputs.shape == means.shape == deviations.shape:
            raise reject(InputError, "surrogate", "shape of the inputs", inputs.shape, "(levels,) with levels >= 2, as means and deviations")
        if np.any(np.diff(inputs) <= 0.0):
            raise InputError("surrogate, inputs: must rise")
        if np.any(deviations < 0.0):
            raise reject(InputError, "surrogate", "deviation", float(np.min(deviations)), ">= 0")
        self.inputs, self.means, self.deviations = (torch.as_tensor(each) for each in (inputs, means, deviations))

    def moments(self, written: Array) -> tuple[Array, Array]:
        """Mean and deviation of the read of each of ``(...)`` inputs."""
        import torch

        grid = self.inputs.to(written)
        written = torch.minimum(torch.maximum(written, grid[0]), grid[-1])
        left = (torch.searchsorted(grid, written.detach().contiguous(), right=True) - 1).clamp(0, len(grid) - 2)
        share = (written - grid[left]) / (grid[left + 1] - grid[left])
        values = [each.to(written) for each in (self.means, self.deviations)]
        mean, deviation = (value[left] + share * (value[left + 1] - value[left]) for value in values)
        return mean, deviation

    def __call__(self, written: Array, *, generator: Array | None = None) -> Array:
        """One read of each of ``(...)`` inputs, in torch."""
        mean, deviation = self.moments(written)
        return mean + deviation * _normal(mean, generator)


def compare(
    population: SwitchPopulation,
    surrogate: Surrogate,
    *,
    resistances: Sequence[float] = RESISTANCES,
    delays: Sequence[float] = DELAYS,
    samples: int = 40_000,
    rng: np.random.Generator,
) -> Comparison:
    """Distances of ln R between a stand-in and the exact law, at every resistance and delay; conductances below one switch count as one."""
    import torch

    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    ks, distance = [], []
    for resistance in population.resistance(population.state(np.array(resistances))):
        for delay in delays:
            exact = population.sample(np.full(samples, resistance), delay=delay, rng=rng)
            conductance = torch.full((samples,), 1.0 / float(resistance), dtype=torch.float64)
            drawn = surrogate(population, conductance, delay, generator=generator).numpy()
            one, two = (np.sort(-np.log(np.maximum(each, population.step))) for each in (exact, drawn))
            ks.append(_ks(one, two))
            distance.append(float(np.mean(np.abs(one - two))))
    return Comparison(ks=np.array(ks), distance=np.array(distance))


def gradient_errors(population: SwitchPopulation, surrogate: Surrogate, *, samples: int = 400_000, rng: np.random.Generator) -> Array:
    """``(cases,)`` relative error of the gradient of the mean of (ln R - `AIM`)^2 with respect to the written conductance, against the exact law."""
    import torch

    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    errors = []
    for number, delay in GRADIENTS:
        exact = (_exact_loss(population, number + 1, delay) - _exact_loss(population, number - 1, delay)) / 2.0
        conductance = torch.full((samples,), float(population.conductance(number)), dtype=torch.float64, requires_grad=True)
        drawn = surrogate(population, conductance, delay, generator=generator)
        loss = (-torch.log(drawn.clamp(min=population.step)) - AIM) ** 2
        (gradient,) = torch.autograd.grad(loss.sum(), conductance)
        errors.append(float(gradient.mean()) * population.step / exact - 1.0)
    return np.array(errors)


def _exact_loss(population: SwitchPopulation, number: int, delay: float) -> float:
    """Mean of (ln R - `AIM`)^2 over the exact law, read noise by quadrature."""
    node, weight = np.polynomial.hermite_e.hermegauss(31)
    first, masses = population.pmf(number, delay)
    state = np.arange(first, first + len(masses))
    conductance = population.conductance(state)[:, None] + population.step * population.read_noise * node
    loss = (-np.log(np.maximum(conductance, population.step)) - AIM) ** 2
    return float(masses @ loss @ weight) / math.sqrt(2.0 * math.pi)


def _ks(one: Array, two: Array) -> float:
    both = np.concatenate([one, two])
    return float(np.max(np.abs(np.searchsorted(one, both, "right") / len(one) - np.searchsorted(two, both, "right") / len(two))))


def _normal(like: Array, generator: Array | None) -> Array:
    import torch

    return torch.randn(like.shape, dtype=like.dtype, device=like.device, generator=generator)
