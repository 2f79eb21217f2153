"""Differentiable stand-ins of the switch population against its exact law: distances of ln R over 60 conditions, gradients in four.

The limits were set after the distances were seen: two exact samples of the same size are 0.008 apart (mean over conditions), and a stand-in whose law is
continuous cannot come closer than the steps of a few switches allow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from cosim._types import Array
from cosim.channels.population import population
from cosim.channels.surrogates import AIM, DELAYS, GRADIENTS, RESISTANCES, SURROGATES, Surrogate, compare, gradient_errors, straight_through
from cosim.claims import Claim, Requirement, at_most
from cosim.design import Design
from cosim.errors import AbsentError
from cosim.sweep.lab import Lab

CARD = "drift500k"
SAMPLES, GRADIENT_SAMPLES = 20_000, 200_000
VERSION = 1  # raised when the computation changes


@dataclass(frozen=True, kw_only=True, eq=False)
class SurrogateResult:
    """What was found, by the name of the stand-in.

    Attributes:
        ks, distance: ``(conditions,)`` Kolmogorov-Smirnov and Wasserstein-1 distance of ln R.
        gradient: ``(cases,)`` relative error of a gradient.
    """

    ks: dict[str, Array]
    distance: dict[str, Array]
    gradient: dict[str, Array]


def run(design: Design, lab: Lab) -> SurrogateResult:
    """Compare all of `SURROGATES` and straight-through.

    Raises:
        AbsentError: torch is not installed.
    """
    if find_spec("torch") is None:
        raise AbsentError("surrogates: torch is not installed; pip install 'cosim[snn]'")
    seed = design.run.seed
    exact_draws = np.random.default_rng([seed, 641])

    def through(*known: Array, generator: Array) -> Array:
        return straight_through(*known, generator=generator, rng=exact_draws)

    chosen: dict[str, Surrogate] = {**SURROGATES, "straight_through": through}
    parts = (population(CARD), SAMPLES, GRADIENT_SAMPLES, RESISTANCES, DELAYS, GRADIENTS, AIM, seed)
    known = {name: lab.remember("surrogate of a population", VERSION, (name, *parts), _compute(each, seed)) for name, each in chosen.items()}
    return SurrogateResult(**{part: {name: each[part] for name, each in known.items()} for part in ("ks", "distance", "gradient")})


def _compute(surrogate: Surrogate, seed: int) -> Callable[[], dict[str, Array]]:
    def compute() -> dict[str, Array]:
        card, rng = population(CARD), np.random.default_rng([seed, 640])
        found = compare(card, surrogate, samples=SAMPLES, rng=rng)
        return {"ks": found.ks, "distance": found.distance, "gradient": gradient_errors(card, surrogate, samples=GRADIENT_SAMPLES, rng=rng)}

    return compute


def _claim(name: str, statement: str, unit: str, must_be: Requirement, value: Callable[[SurrogateResult], float]) -> Claim:
    return Claim(
        id=f"channels.surrogates.{name}",
        kind="calibration",
        source="none",
        statement=statement,
        paper=None,
        unit=unit,
        must_be=must_be,
        value=value,
    )


CLAIMS = (
    _claim(
        "gaussian_ks",
        "Gaussian of exact mean and variance against the law, ln R over 60 conditions: mean KS distance",
        "1",
        at_most(0.02),
        lambda result: float(np.mean(result.ks["gaussian"])),
    ),
    _claim(
        "gaussian_distance",
        "the same: largest Wasserstein-1 distance of ln R",
        "1",
        at_most(0.02),
        lambda result: float(np.max(result.distance["gaussian"])),
    ),
    _claim(
        "gaussian_gradient",
        "the same: largest error of the gradient of a squared error of ln R, against the exact law",
        "%",
        at_most(2.0),
        lambda result: 100.0 * float(np.max(np.abs(result.gradient["gaussian"]))),
    ),
    _claim(
        "straight_through_gradient",
        "exact draw forward, Gaussian backward: median error of the same gradient over four cases",
        "%",
        at_most(10.0),
        lambda result: 100.0 * float(np.median(np.abs(result.gradient["straight_through"]))),
    ),
)
