"""One device a sample through coarse converters: a scalar code with few write levels, whose reads are told apart in few intervals.

The thresholds of the encoder are free, so that each cell of the source is one code of the write converter; the edges of the intervals are those of the
read converter. Both steps of the alternation are exact. Given the encoder, dynamic programming over the edges finds the intervals and their means. Given
the decoder, every input costs a straight line in the sample (`envelope`); a cell is served best by a line of the lower envelope, and a choice of lines
of it has its cells in the same order, so that the least error of so many lines is a shortest path over their crossings. Both in turn never raise the error
and end in a local optimum, of which noise relaxation finds the good ones, as in `scalar`.

Not here: levels and intervals that carry most information (`states`), converters finer than the channel (`scalar`).
"""

import math
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.channel import check_matrix
from cosim.coding.envelope import lower_envelope
from cosim.coding.information import mutual_information, stochastic
from cosim.coding.relaxation import blurred
from cosim.coding.scalar import design_scalar
from cosim.coding.score import Score, score
from cosim.coding.sources import Source
from cosim.coding.states import merged_columns
from cosim.errors import InputError, reject

BLURS = (0.12, 0.06, 0.028, 0.014, 0.007, 0.003)  # of the bins: deviations of the blur, in their order
CANDIDATES = 256  # intervals end at as many edges at most while the search goes on, and at `LAST_CANDIDATES` in the end
LAST_CANDIDATES = 1000
MANY = 64  # with more intervals only the code without limits is a start: its reads are fine enough, and a step takes long
STEPS, LAST_STEPS = 30, 100  # alternations at one blur, and in the end
SETTLED, LAST_SETTLED = 1e-5, 1e-9  # relative gain of one alternation at which it has ended
FINE_STARTS = 8  # of the code without limits
UNREACHED = 1e-14  # bins that are less probable are decoded as the mean of the source


@dataclass(frozen=True, kw_only=True, eq=False)
class CoarseScalarCode:
    """A scalar code of few write levels and read intervals, and what it does on the channel that it was designed for.

    Attributes:
        thresholds: ``(cells - 1,)`` between the cells of the source, rising.
        levels: ``(cells,)`` index of the input that is written in each cell.
        edges: ``(intervals + 1,)`` bins at which the intervals begin, and the number of bins.
        reconstruction: ``(intervals,)`` the decoded value of each.
        distortion: mean squared error.
        snr: variance of the source over the distortion [dB].
        distribution: ``(inputs,)`` how often each is written.
        information: between input and interval [bits].
        starts: ``(starts,)`` snr that each start ended at, on the candidate edges [dB].
    """

    thresholds: Array
    levels: Array
    edges: Array
    reconstruction: Array
    distortion: float
    snr: float
    distribution: Array
    information: float
    starts: Array

    def encode(self, samples: Array) -> Array:
        """``(...)`` index of the input to be written for ``(...)`` samples."""
        return self.levels[np.searchsorted(self.thresholds, samples)]

    def decode(self, bins: Array) -> Array:
        """``(...)`` value for ``(...)`` indices of read bins."""
        return self.reconstruction[np.searchsorted(self.edges[1:-1], bins, side="right")]

    def evaluate(self, matrix: Array, source: Source) -> Score:
        """The exact score of this code, unchanged, on a channel ``(inputs, bins)`` and a source that may be others than those of the design.

        Raises:
            InputError: the matrix is none, or has another shape than that of the design.
        """
        check_matrix(matrix, where="coarse code")
        if np.shape(matrix) != (len(self.distribution), int(self.edges[-1])):
            raise reject(InputError, "coarse code", "shape of the matrix", np.shape(matrix), f"({len(self.distribution)}, {self.edges[-1]})")
        encoder = _Encoder.of(self.levels, *source.cells(self.thresholds), inputs=len(matrix))
        return score(matrix, encoder.masses, encoder.moments, self.decode(np.arange(self.edges[-1])), source)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Encoder:
    """``(inputs,)`` probabilities of the inputs, and moments of the source where they are written; by `levels` and `thresholds` if it came from a decoder."""

    masses: Array
    moments: Array
    levels: Array
    thresholds: Array

    @classmethod
    def of(cls, levels: Array, masses: Array, moments: Array, *, inputs: int, thresholds: Array | None = None) -> "_Encoder":
        gathered = [np.bincount(levels, weights=each, minlength=inputs) for each in (masses, moments)]
        return cls(masses=gathered[0], moments=gathered[1], levels=levels, thresholds=np.zeros(0) if thresholds is None else thresholds)


def design_coarse(matrix: Array, source: Source, *, writes: int, reads: int, rng: np.random.Generator, starts: int = 8) -> CoarseScalarCode:
    """The scalar code with the least mean squared error that was found, under limits on what is written and told apart.

    Args:
        matrix: ``(inputs, bins)`` probabilities of the reads, bins in their order.
        source: what is to be stored.
        writes: inputs that are used, at most, one a cell of the source.
        reads: intervals of the bins, at most.
        rng: draws the starts.
        starts: random encoders to start from, beside the code without limits.

    Raises:
        InputError: no such matrix, less than one start, or less than one write or read.
    """
    matrix = stochastic(matrix, where="coarse code")
    for name, value in (("writes", writes), ("reads", reads), ("starts", starts)):
        if value < 1:
            raise reject(InputError, "coarse code", name, value, ">= 1")
    columns = merged_columns(matrix, max(CANDIDATES, 2 * reads))
    encoders = [_fine(matrix, source, rng)] + [_random(len(matrix), source, rng) for _ in range(starts if reads <= MANY else 0)]
    for blur in BLURS if reads <= MANY else ():
        relaxed = _relaxed(matrix, blur, columns)
        encoders = [_alternate(relaxed, each, source, writes, reads, steps=STEPS, settled=SETTLED)[0] for each in encoders]
    merged = np.add.reduceat(matrix, columns[:-1], axis=1)
    ends = [_alternate(merged, each, source, writes, reads, steps=LAST_STEPS, settled=LAST_SETTLED) for each in encoders]
    best = min(ends, key=lambda end: end[1])[0]
    if reads <= MANY:
        columns = merged_columns(matrix, LAST_CANDIDATES)
        merged = np.add.reduceat(matrix, columns[:-1], axis=1)
        best = _alternate(merged, best, source, writes, reads, steps=STEPS, settled=SETTLED)[0]
    return _finished(matrix, merged, columns, best, source, writes, reads, starts=-10.0 * np.log10(np.array([end[1] for end in ends])))


def best_means(masses: Array, moments: Array, reads: int) -> tuple[float, Array]:
    """Intervals of the bins whose means keep most of the variance of the source: that variance, and ``(intervals + 1,)`` where they begin and end.

    Dynamic programming over the edges, hence exact; a bin of mean g and probability p that is decoded as the mean of its interval costs p times the square
    of the difference.

    Args:
        masses: ``(bins,)`` probability of each.
        moments: ``(bins,)`` moment of the source about its mean over each.
        reads: intervals, at most.
    """
    bins = len(masses)
    if reads >= bins:
        return float(np.sum(_power(masses, moments))), np.arange(bins + 1)
    sums = [np.concatenate([[0.0], np.cumsum(each)]) for each in (masses, moments)]
    worth = _power(*(each[None, :] - each[:, None] for each in sums))
    worth[np.tril_indices(bins + 1, -1)] = -np.inf  # an empty interval is worth nothing and allowed
    best, ends, origins = worth[0].copy(), np.arange(bins + 1), []
    for _ in range(reads - 1):
        totals = best[:, None] + worth
        origins.append(np.argmax(totals, axis=0))
        best = totals[origins[-1], ends]
    cuts = [bins]
    for origin in reversed(origins):
        cuts.append(int(origin[cuts[-1]]))
    return float(best[bins]), np.unique([0, *cuts])


def best_lines(slopes: Array, offsets: Array, source: Source, writes: int) -> tuple[Array, Array]:
    """The `writes` lines ``offset - 2 s slope``, at most, whose lowest one is least on average over the source.

    Args:
        slopes, offsets: ``(lines,)``, for a source in deviations from its mean.
        source: of the samples ``s``.
        writes: lines, at most.

    Returns:
        ``(cells,)`` the lines by rising slope, and ``(cells - 1,)`` the thresholds between them, in deviations.
    """
    lines, between = (each[0] for each in lower_envelope(slopes[None], offsets[None]))
    lines = lines[np.concatenate([[True], np.isfinite(between)])]
    if len(lines) > writes:
        lines = lines[_shortest(slopes[lines], offsets[lines], source, writes)]
    return lines, np.diff(offsets[lines]) / (2.0 * np.diff(slopes[lines]))


def _shortest(slopes: Array, offsets: Array, source: Source, writes: int) -> Array:
    """Which lines of an envelope to keep: the mean of the lowest is a sum over crossings of neighbors, plus the mean of the last line."""
    crossing = (offsets - offsets[:, None]) / (2.0 * np.where(slopes == slopes[:, None], 1.0, slopes - slopes[:, None]))
    deviation = math.sqrt(source.variance)
    masses, moments = (each[..., 0] for each in source.cells(source.mean + deviation * crossing[..., None]))
    step = (offsets[:, None] - offsets) * masses - 2.0 * (slopes[:, None] - slopes) * moments / deviation
    step[np.tril_indices(len(slopes))] = np.inf
    best, origins, totals = np.zeros(len(slopes)), [], [offsets]  # with m lines the mean is best[last] + offset[last], as the mean of s is zero
    for _ in range(writes - 1):
        reached = best[:, None] + step
        origins.append(np.argmin(reached, axis=0))
        best = np.min(reached, axis=0)
        totals.append(best + offsets)
    count = int(np.argmin([np.min(total) for total in totals]))
    chosen = [int(np.argmin(totals[count]))]
    for origin in reversed(origins[:count]):
        chosen.append(int(origin[chosen[-1]]))
    return np.array(chosen[::-1])


def _power(masses: Array, moments: Array) -> Array:
    """Variance that the mean of each cell keeps."""
    return np.where(masses > UNREACHED, moments**2 / np.maximum(masses, UNREACHED), 0.0)


def _alternate(matrix: Array, encoder: _Encoder, source: Source, writes: int, reads: int, *, steps: int, settled: float) -> tuple[_Encoder, float]:
    """Decoder and encoder in turn until none gains; the encoder, and the distortion of the one before [variances]."""
    distortion = math.inf
    for _ in range(steps):
        kept, cuts = best_means(encoder.masses @ matrix, encoder.moments @ matrix, reads)
        reached = max(1.0 - kept, np.finfo(float).eps)
        if distortion - reached <= settled * reached:
            return encoder, reached
        distortion = reached
        encoder = _encoder(np.add.reduceat(matrix, cuts[:-1], axis=1), encoder, source, writes)
    return encoder, distortion


def _encoder(grouped: Array, before: _Encoder, source: Source, writes: int) -> _Encoder:
    """The exact encoder for the means of these intervals under the encoder before."""
    decoded = _means(grouped, before)
    deviation = math.sqrt(source.variance)
    levels, thresholds = best_lines(grouped @ decoded, grouped @ decoded**2, source, writes)
    masses, moments = source.cells(source.mean + deviation * thresholds)
    return _Encoder.of(levels, masses, moments / deviation, inputs=len(grouped), thresholds=thresholds)


def _means(grouped: Array, encoder: _Encoder) -> Array:
    """``(intervals,)`` the mean of the source, in deviations from its own, in each."""
    reached = encoder.masses @ grouped
    return np.where(reached > UNREACHED, (encoder.moments @ grouped) / np.maximum(reached, UNREACHED), 0.0)


def _relaxed(matrix: Array, blur: float, columns: Array) -> Array:
    """The channel with blurred reads; bins that the blur makes alike are joined, at most to the candidates."""
    joined = np.arange(0, matrix.shape[1], max(1, int(blur * matrix.shape[1] / 2.0)))
    return np.add.reduceat(blurred(matrix, blur), joined if len(joined) < len(columns) else columns[:-1], axis=1)


def _fine(matrix: Array, source: Source, rng: np.random.Generator) -> _Encoder:
    """The encoder of the code without limits."""
    code = design_scalar(matrix, source, rng=rng, starts=FINE_STARTS)
    masses, moments = source.cells(code.thresholds)
    return _Encoder.of(code.levels, masses, moments / math.sqrt(source.variance), inputs=len(matrix))


def _random(inputs: int, source: Source, rng: np.random.Generator) -> _Encoder:
    """Some of the inputs, in any order, in cells with random borders."""
    cells = int(rng.integers(min(4, inputs), min(20, inputs) + 1))
    levels = rng.choice(inputs, cells, replace=False)
    masses, moments = source.cells(source.quantile(np.sort(rng.random(cells - 1))))
    return _Encoder.of(levels, masses, moments / math.sqrt(source.variance), inputs=inputs)


def _finished(matrix: Array, merged: Array, columns: Array, encoder: _Encoder, source: Source, writes: int, reads: int, *, starts: Array) -> CoarseScalarCode:
    """The code of the intervals for this encoder, and the encoder for them."""
    _, cuts = best_means(encoder.masses @ merged, encoder.moments @ merged, reads)
    grouped = np.add.reduceat(merged, cuts[:-1], axis=1)
    encoder = _encoder(grouped, encoder, source, writes)
    deviation = math.sqrt(source.variance)
    thresholds = source.mean + deviation * encoder.thresholds
    kept = np.flatnonzero(source.cells(thresholds)[0] > 0.0)  # an empty cell has equal thresholds, or none of the source
    reconstruction = source.mean + deviation * _means(grouped, encoder)
    reached = score(grouped, encoder.masses, deviation * encoder.moments, reconstruction, source)
    return CoarseScalarCode(
        thresholds=thresholds[kept[:-1]],
        levels=encoder.levels[kept],
        edges=columns[cuts],
        reconstruction=reconstruction,
        distortion=reached.distortion,
        snr=reached.snr,
        distribution=encoder.masses,
        information=mutual_information(grouped, encoder.masses),
        starts=starts,
    )
