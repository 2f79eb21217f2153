"""Capacity by the iteration of Blahut and Arimoto, plain or over-relaxed: the reference that `capacity` is held to and timed against.

p_x <- p_x exp(relaxation D(W_x||pW)) / sum, with D in nats. Relaxation 1 is the iteration of the papers, which never loses; up to 2 it needs
about as many times fewer rounds. The value of p and the largest D enclose the capacity at any p, whatever the relaxation.
Source: R. Blahut, IEEE Trans. Inf. Theory 18, 460 (1972); S. Arimoto, ibid. 14.
"""

import math

import numpy as np

from cosim._types import Array
from cosim.coding.capacity import Capacity, check_tolerance
from cosim.coding.information import conditional_entropies, divergences, stochastic
from cosim.errors import InputError, reject


def blahut_arimoto(matrix: Array, *, tolerance: float = 1e-3, relaxation: float = 1.0, rounds: int = 100_000) -> Capacity:
    """Iterate until value and bound are as close as `tolerance`, or for so many rounds; the gap is what it then is.

    Args:
        matrix: ``(levels, bins)`` probabilities of the reads, rows sum to one.
        tolerance: gap to stop at [bits].
        relaxation: exponent of the factor of a round, within 0..2.
        rounds: most of them.

    Raises:
        InputError: no matrix of probabilities, a relaxation or a tolerance out of range.
    """
    matrix = stochastic(matrix, where="blahut_arimoto")
    check_tolerance(tolerance, where="blahut_arimoto")
    if not 0.0 < relaxation <= 2.0:
        raise reject(InputError, "blahut_arimoto", "relaxation", relaxation, "above 0 and at most 2")
    entropies = conditional_entropies(matrix)
    distribution = np.full(len(matrix), 1.0 / len(matrix))
    for taken in range(rounds + 1):
        found = divergences(matrix, distribution @ matrix, entropies=entropies)
        bits, upper = float(distribution @ found), float(np.max(found))
        if upper - bits <= tolerance or taken == rounds:
            break
        distribution = distribution * np.exp(relaxation * math.log(2.0) * (found - upper))
        distribution /= distribution.sum()
    return Capacity(bits=bits, upper=max(upper, bits), distribution=distribution, iterations=taken, touched=len(matrix))
