"""One device a sample, without delay: the channel-optimized scalar code.

The encoder cuts the line into cells and writes one input for each; the decoder gives a number for each read bin. Given the encoder the best decoder is the mean
of the sources that lead to a bin, given the decoder the best encoder is exact too (`envelope`), and both in turn never raise the mean squared error. This ends
in one of many local optima. Noise relaxation finds the good ones: the same alternation for a channel with blurred reads, and with ever less blur.

Source: alternation, Farvardin and Vaishampayan, IEEE Trans. Inf. Theory 37, 155 (1991); relaxation, Gadkari and Rose, IEEE Trans. Commun. 47, 1113 (1999).
Not here: several devices for a block of samples (`blocks`), smooth encoders and decoders (`gaussians`).
"""

import math
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.channel import check_matrix
from cosim.coding.constrained import checked_budget
from cosim.coding.envelope import lower_envelope
from cosim.coding.information import mutual_information
from cosim.coding.relaxation import blurred
from cosim.coding.score import Score, score
from cosim.coding.sources import Source
from cosim.errors import InputError, reject

BLURS = (0.06, 0.04, 0.028, 0.02, 0.014, 0.01, 0.007, 0.005, 0.003, 0.002, 0.001)  # of the bins: deviations of the blur, in their order
STEPS, LAST_STEPS = 60, 1000  # alternations at one blur, and without any
SETTLED, LAST_SETTLED = 1e-6, 1e-10  # relative gain of one alternation at which it has ended
UNREACHED = 1e-14  # bins that are less probable are decoded as the mean of the source
ROUNDING = 1e-12  # of a budget, in ranges of the costs
DOUBLINGS, HALVINGS = 60, 25  # of the multiplier of the costs, until the budget holds, and between that and too little


@dataclass(frozen=True, kw_only=True, eq=False)
class ScalarCode:
    """A scalar code and what it does on the channel that it was designed for.

    Attributes:
        thresholds: ``(cells - 1,)`` between the cells of the source, rising.
        levels: ``(cells,)`` index of the input that is written in each cell.
        reconstruction: ``(bins,)`` the decoded value of each read bin.
        distortion: mean squared error.
        snr: variance of the source over the distortion [dB].
        distribution: ``(inputs,)`` how often each is written.
        information: between input and read [bits].
        cost: mean cost of a write; None without costs.
        starts: ``(starts,)`` snr that each start ended at [dB].
    """

    thresholds: Array
    levels: Array
    reconstruction: Array
    distortion: float
    snr: float
    distribution: Array
    information: float
    cost: float | None
    starts: Array

    def encode(self, samples: Array) -> Array:
        """``(...)`` index of the input to be written for ``(...)`` samples."""
        return self.levels[np.searchsorted(self.thresholds, samples)]

    def decode(self, bins: Array) -> Array:
        """``(...)`` value for ``(...)`` indices of read bins."""
        return self.reconstruction[bins]

    def evaluate(self, matrix: Array, source: Source) -> Score:
        """The exact score of this code, unchanged, on a channel ``(inputs, bins)`` and a source that may be others than those of the design.

        Raises:
            InputError: the matrix is none, or has another shape than that of the design.
        """
        check_matrix(matrix, where="scalar code")
        if np.shape(matrix) != (len(self.distribution), len(self.reconstruction)):
            raise reject(InputError, "scalar code", "shape of the matrix", np.shape(matrix), f"({len(self.distribution)}, {len(self.reconstruction)})")
        masses, moments = _gathered(self.levels[None], *source.cells(self.thresholds[None]), inputs=len(matrix))
        return score(matrix, masses[0], moments[0], self.reconstruction, source)

    def monte_carlo(self, matrix: Array, source: Source, *, count: int, rng: np.random.Generator) -> Score:
        """The score from so many samples, written and read one by one."""
        samples = source.sample(count, rng=rng)
        written, reads = self.encode(samples), np.empty(count, dtype=int)
        for level in np.unique(written):
            here = written == level
            reads[here] = np.searchsorted(np.cumsum(matrix[level])[:-1], rng.random(int(here.sum())), side="right")
        return Score.of(float(np.mean((samples - self.decode(reads)) ** 2)), source)


def design_scalar(
    matrix: Array,
    source: Source,
    *,
    rng: np.random.Generator,
    starts: int = 60,
    relaxed: bool = True,
    costs: Array | None = None,
    budget: float | None = None,
) -> ScalarCode:
    """The scalar code with the least mean squared error that any start ends at.

    Args:
        matrix: ``(inputs, bins)`` probabilities of the reads.
        source: what is to be stored.
        rng: draws the starts.
        starts: random encoders to start from.
        relaxed: anneal the blur of the reads; without, plain alternation.
        costs: ``(inputs,)`` of writing each [J].
        budget: the mean cost of a write that must not be exceeded [J]; needs `costs`.

    Raises:
        InputError: no such matrix, no start, costs of another number than the inputs or not finite, a budget without costs or below the least of them.
    """
    matrix = np.asarray(matrix, dtype=float)
    budget = _checked_budget(matrix, starts, costs, budget)
    limit = None if costs is None or budget is None or np.ptp(costs) == 0.0 else (np.asarray(costs, dtype=float), budget)
    masses, moments = _random_starts(len(matrix), source, starts, rng)
    for blur in BLURS if relaxed else ():
        if blur * matrix.shape[1] >= 0.3:  # a smaller one moves nothing
            masses, moments = _alternate(_relaxed(matrix, blur), masses, moments, source, limit, steps=STEPS, settled=SETTLED)[:2]
    masses, moments, distortions = _alternate(matrix, masses, moments, source, limit, steps=STEPS, settled=SETTLED)
    best = np.argsort(distortions)[:3]  # only these are worth the last digits
    ends = _alternate(matrix, masses[best], moments[best], source, limit, steps=LAST_STEPS, settled=LAST_SETTLED)
    distortions[best] = ends[2]
    chosen = int(np.argmin(ends[2]))
    return _finished(matrix, ends[0][chosen], ends[1][chosen], source, limit, costs, starts=-10.0 * np.log10(distortions))


def _checked_budget(matrix: Array, starts: int, costs: Array | None, budget: float | None) -> float | None:
    """The budget, where there is any; everything else is checked with it."""
    where = "scalar code"
    check_matrix(matrix, where=where)
    if starts < 1:
        raise reject(InputError, where, "starts", starts, ">= 1")
    if costs is not None and (np.shape(costs) != (len(matrix),) or not np.all(np.isfinite(costs))):
        raise InputError(f"{where}, costs: must be {len(matrix)} finite numbers, one for each input")
    if budget is None:
        return None
    if costs is None:
        raise InputError(f"{where}, budget={budget:g}: needs the costs of the inputs")
    return checked_budget(budget, np.asarray(costs, dtype=float), where=where)


def _random_starts(inputs: int, source: Source, starts: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """``(starts, inputs)`` probabilities and moments of the inputs: some of them, in any order, in cells with random borders."""
    masses, moments = np.zeros((starts, inputs)), np.zeros((starts, inputs))
    for start in range(starts):
        cells = int(rng.integers(min(4, inputs), min(20, inputs) + 1))
        levels = rng.choice(inputs, cells, replace=False)
        masses[start, levels], moments[start, levels] = source.cells(source.quantile(np.sort(rng.random(cells - 1))))
    return masses, moments / math.sqrt(source.variance)


def _relaxed(matrix: Array, blur: float) -> Array:
    """The channel with blurred reads; bins that the blur makes alike are joined."""
    joined = np.arange(0, matrix.shape[1], max(1, int(blur * matrix.shape[1] / 2.0)))
    return np.add.reduceat(blurred(matrix, blur), joined, axis=1)


def _alternate(
    matrix: Array, masses: Array, moments: Array, source: Source, limit: tuple[Array, float] | None, *, steps: int, settled: float
) -> tuple[Array, Array, Array]:
    """Decoder and encoder in turn for all starts at once, until none gains; probabilities, moments and distortions (in variances) of the last encoders."""
    masses, moments = masses.copy(), moments.copy()
    decoded = _decoder(matrix, masses, moments)
    distortions = _distortion(matrix, moments, decoded)
    active = np.arange(len(masses))
    for _ in range(steps):
        masses[active], moments[active] = _encoder(matrix, decoded, source, limit)[2:]
        decoded = _decoder(matrix, masses[active], moments[active])
        reached = _distortion(matrix, moments[active], decoded)
        gaining = distortions[active] - reached > settled * reached
        distortions[active] = reached
        active, decoded = active[gaining], decoded[gaining]
        if not len(active):
            break
    return masses, moments, distortions


def _decoder(matrix: Array, masses: Array, moments: Array) -> Array:
    """``(starts, bins)`` the mean of the source given the bin, in deviations from its mean."""
    reached = masses @ matrix
    return np.where(reached > UNREACHED, (moments @ matrix) / np.maximum(reached, UNREACHED), 0.0)


def _distortion(matrix: Array, moments: Array, decoded: Array) -> Array:
    """``(starts,)`` mean squared error with the decoder that is best for the encoder, in variances."""
    return np.maximum(1.0 - np.sum((moments @ matrix) * decoded, axis=1), np.finfo(float).eps)


def _encoder(matrix: Array, decoded: Array, source: Source, limit: tuple[Array, float] | None) -> tuple[Array, Array, Array, Array]:
    """The exact encoder for each decoder: cells, thresholds (in deviations), probabilities and moments of the inputs."""
    slopes, offsets = decoded @ matrix.T, (decoded**2) @ matrix.T
    if limit is None:
        return _cells(slopes, offsets, source)
    costs, budget = limit[0], limit[1] + ROUNDING * float(np.ptp(limit[0]))
    made = _cells(slopes, offsets, source)
    over = made[2] @ costs > budget
    if not np.any(over):
        return made

    def exceeded(multiplier: Array) -> Array:
        return _cells(slopes, offsets + multiplier[:, None] * costs, source)[2] @ costs > budget

    least, most = np.zeros(len(slopes)), np.where(over, 1.0 / np.ptp(costs), 0.0)
    for _ in range(DOUBLINGS):
        if not np.any(above := exceeded(most)):
            break
        least, most = np.where(above, most, least), np.where(above, 2.0 * most, most)
    for _ in range(HALVINGS):
        middle = (least + most) / 2.0
        above = exceeded(middle)
        least, most = np.where(above, middle, least), np.where(above, most, middle)
    return _cells(slopes, offsets + most[:, None] * costs, source)


def _cells(slopes: Array, offsets: Array, source: Source) -> tuple[Array, Array, Array, Array]:
    deviation = math.sqrt(source.variance)
    levels, thresholds = lower_envelope(slopes, offsets)
    masses, moments = source.cells(source.mean + deviation * thresholds)
    return levels, thresholds, *_gathered(levels, masses, moments / deviation, inputs=slopes.shape[1])


def _gathered(levels: Array, masses: Array, moments: Array, *, inputs: int) -> tuple[Array, Array]:
    """``(starts, inputs)`` sums over the cells of each input."""
    flat = (levels + inputs * np.arange(len(levels))[:, None]).ravel()
    size = len(levels) * inputs
    gathered = (np.bincount(flat, weights=each.ravel(), minlength=size).reshape(-1, inputs) for each in (masses, moments))
    return next(gathered), next(gathered)


def _finished(
    matrix: Array, masses: Array, moments: Array, source: Source, limit: tuple[Array, float] | None, costs: Array | None, *, starts: Array
) -> ScalarCode:
    """The code of the decoder for these cells, and the encoder for that."""
    decoded = _decoder(matrix, masses[None], moments[None])
    levels, thresholds, masses, moments = (each[0] for each in _encoder(matrix, decoded, source, limit))
    deviation = math.sqrt(source.variance)
    used = source.cells(source.mean + deviation * thresholds)[0] > 0.0
    kept = np.flatnonzero(used)
    between = thresholds[kept[:-1]]  # an empty cell has equal thresholds, or none of the source
    reconstruction = source.mean + deviation * _decoder(matrix, masses[None], moments[None])[0]
    reached = score(matrix, masses, deviation * moments, reconstruction, source)
    return ScalarCode(
        thresholds=source.mean + deviation * between,
        levels=levels[kept],
        reconstruction=reconstruction,
        distortion=reached.distortion,
        snr=reached.snr,
        distribution=masses,
        information=mutual_information(matrix, masses),
        cost=None if costs is None else float(masses @ np.asarray(costs)),
        starts=starts,
    )
