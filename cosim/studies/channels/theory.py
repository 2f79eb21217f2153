"""Capacities against what is known of them: channels with a closed form, the limit of two inputs, the certificate on large channels, the classical iteration.

Nothing here depends on measured data. The smooth channel of 1000 x 1000 is the shipped Gaussian model of a phase-change cell.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.channel import discretize
from cosim.channels.gaussian import load_gaussian
from cosim.channels.textbook import TextbookChannel, binary_erasure, binary_symmetric, z_channel
from cosim.claims import Claim, Kind, at_most
from cosim.coding.blahut_arimoto import blahut_arimoto
from cosim.coding.capacity import capacity
from cosim.coding.information import divergences, mutual_information
from cosim.design import Design
from cosim.sweep.lab import Lab

SHARES = np.linspace(0.0, 1.0, 101)
TEXTBOOK: dict[str, Callable[[float], TextbookChannel]] = {"bsc": binary_symmetric, "bec": binary_erasure, "z": z_channel}
TIGHT = 1e-11  # tolerance where a closed form is compared [bits]
PAIRS, COMPARED = 500, 20  # random channels of two inputs; of 16 x 24, solved by both methods
SIZE = 1000
MIXED = (0.0, 1e-9, 1e-12, 1e-15)  # shares of all inputs alike in an output that bounds
AGREEMENT = 1e-5  # tolerance of the classical iteration [bits]


@dataclass(frozen=True, kw_only=True, eq=False)
class TheoryResult:
    """Differences from what is known.

    Attributes:
        errors: name of a channel -> ``(shares,)`` capacity found less the closed form, over `SHARES` [bits].
        pairs: ``(channels,)`` capacities of random channels with two inputs [bits].
        gaps: name of a channel of 1000 x 1000 -> distance of value and bound, both computed anew from the distribution [bits].
        differences: ``(channels,)`` capacity by Newton less that by Blahut-Arimoto, which stops at `AGREEMENT` below [bits].
    """

    errors: dict[str, Array]
    pairs: Array
    gaps: dict[str, float]
    differences: Array


def run(design: Design, lab: Lab) -> TheoryResult:
    """Compute all of it; of `design` only the seed matters, and `lab` does not."""
    rng = np.random.default_rng([design.run.seed, 601])
    errors = {name: np.array([_error(make(float(share))) for share in SHARES]) for name, make in TEXTBOOK.items()}
    pairs = np.array([capacity(_random(rng, 2, int(rng.integers(2, 65))), tolerance=TIGHT).bits for _ in range(PAIRS)])
    smooth = discretize(load_gaussian(), levels=SIZE, bins=SIZE).matrix
    large = {"smooth": smooth, "random": rng.dirichlet(np.ones(SIZE), SIZE)}
    gaps = {name: gap(matrix, capacity(matrix, tolerance=1e-8).distribution) for name, matrix in large.items()}
    return TheoryResult(errors=errors, pairs=pairs, gaps=gaps, differences=np.array([_difference(_random(rng, 16, 24)) for _ in range(COMPARED)]))


def gap(matrix: Array, distribution: Array) -> float:
    """How far a capacity can lie above the mutual information of a distribution, by these alone [bits].

    No capacity exceeds the largest divergence of an input from any output distribution: here from that of `distribution`, with a small share of all inputs
    mixed in so that every bin is reached.
    """
    output, every = distribution @ matrix, np.mean(matrix, axis=0)
    upper = min(float(np.max(divergences(matrix, (1.0 - share) * output + share * every))) for share in MIXED)
    return upper - mutual_information(matrix, distribution)


def _error(channel: TextbookChannel) -> float:
    return capacity(channel.matrix, tolerance=TIGHT).bits - channel.capacity()


def _random(rng: np.random.Generator, levels: int, bins: int) -> Array:
    """Rows from nearly deterministic to nearly equal."""
    return rng.dirichlet(np.full(bins, 10.0 ** rng.uniform(-1.5, 1.0)), levels)


def _difference(matrix: Array) -> float:
    return capacity(matrix).bits - blahut_arimoto(matrix, tolerance=AGREEMENT, relaxation=1.9).bits


def _claim(name: str, statement: str, limit: float, value: Callable[[TheoryResult], float], *, kind: Kind = "prediction", source: str = "own") -> Claim:
    return Claim(id=f"channels.theory.{name}", kind=kind, source=source, statement=statement, paper=None, unit="bits", must_be=at_most(limit), value=value)


def _closed(name: str, channel: str) -> Claim:
    statement = f"{channel}, 101 parameters from 0 to 1: largest difference from the closed form"
    source = "Cover and Thomas, chapter 7"
    return _claim(name, statement, 1e-9, lambda result: float(np.max(np.abs(result.errors[name]))), kind="reproduction", source=source)


CLAIMS = (
    _closed("bsc", "binary symmetric channel"),
    _closed("bec", "binary erasure channel"),
    _closed("z", "Z channel"),
    _claim("two_inputs", f"{PAIRS} random channels of two inputs: largest capacity less 1 bit", 1e-12, lambda result: float(np.max(result.pairs)) - 1.0),
    _claim("gap_smooth", "smooth channel of 1000 x 1000 (a phase-change cell): value to bound", 1e-8, lambda result: result.gaps["smooth"]),
    _claim("gap_random", "random channel of 1000 x 1000: value to bound", 1e-8, lambda result: result.gaps["random"]),
    _claim(
        "blahut_arimoto",
        f"{COMPARED} random channels of 16 x 24: largest difference from Blahut-Arimoto, whose gap is 1e-5 bits",
        AGREEMENT,
        lambda result: float(np.max(np.abs(result.differences))),
    ),
)
