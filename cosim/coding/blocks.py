"""Several devices for a block of samples: the channel-optimized block code.

One input for each device is chosen for the whole block, and the block is decoded from all reads together. As in `scalar`, decoder and encoder are each exact
given the other: the decoder is the conditional mean over the product channel, one device after the other; the encoder takes the nearest cell of a power
diagram, which is the nearest point once every candidate is lifted by one more coordinate. Noise relaxation leads to good optima here too. The source stands as
points of a scrambled Sobol sequence; a code is scored on other points than those of its design.
Not here: one device a sample, where integrals are exact and starts cheap (`scalar`).
"""

import math
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from cosim._types import Array
from cosim.channels.channel import check_matrix
from cosim.coding.relaxation import blurred
from cosim.coding.scalar import ScalarCode, design_scalar
from cosim.coding.score import Score
from cosim.coding.sources import Source
from cosim.errors import InputError, reject
from cosim.params import check_params, param

UNREACHED = 1e-200  # groups of reads that are less probable are decoded as the mean of the source
SETTLED = 3e-5  # relative gain of one alternation at which it has ended
RARE = 1e-5  # probability that every input and every group of reads is given at least where they are chosen
SCALAR_STARTS = 20
RELAXED_STEPS, COARSE_STEPS, FINE_STEPS = 12, 80, 100  # alternations at one blur, without any, and in the fine stage, at most
NARROW, WIDE = (0.024, 0.002), (0.08, 0.002)  # of the bins: first and last deviation of the blur, from twisted products and from anywhere
TWIST = 0.8  # radians a deviation from the origin: spread of the twists
TESTED = 17  # power of two of the points that a code is scored on


@dataclass(frozen=True, kw_only=True)
class BlockPlan:
    """How a block code is searched for: a coarse stage from many starts, and a fine one from the best of them."""

    samples: int = param("samples in a block", "1", least=1, most=4, default=2)
    devices: int = param("devices for a block", "1", least=1, most=4, default=2)
    starts: int = param("starts of the coarse stage", "1", least=1, default=40)
    levels: int = param("inputs that the coarse stage chooses from", "1", least=2, default=40)
    groups: int = param("groups of reads that the coarse stage decodes", "1", least=2, default=64)
    points: int = param("power of two of the source points of the coarse stage", "1", least=8, most=20, default=12)
    fine_levels: int = param("inputs that the fine stage chooses from", "1", least=2, default=101)
    fine_groups: int = param("groups of reads that the fine stage decodes", "1", least=2, default=250)
    fine_points: int = param("power of two of the source points of the fine stage", "1", least=8, most=20, default=15)

    def __post_init__(self) -> None:
        check_params(self)


PLANS = {
    (1, 2): BlockPlan(samples=1, starts=10, points=11, fine_points=14),
    (2, 2): BlockPlan(),
    (3, 3): BlockPlan(samples=3, devices=3, starts=8, levels=20, groups=36, points=13, fine_levels=36, fine_groups=80, fine_points=16),
    (2, 3): BlockPlan(devices=3, starts=8, levels=16, groups=32, fine_levels=40, fine_groups=90),
    (2, 4): BlockPlan(devices=4, starts=6, levels=10, groups=18, fine_levels=18, fine_groups=32, fine_points=14),
}
"""For so many samples on so many devices: what ends within a minute or so for a channel of 100 inputs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BlockCode:
    """A block code and what it does on the channel that it was designed for.

    Attributes:
        levels: ``(used,)`` the inputs of the channel that may be written, as indices.
        groups: ``(bins,)`` the group of reads that each bin belongs to.
        reconstruction: ``(samples, groups, ...)`` the decoded block, one axis of groups for each device.
        means, squares: ``(candidates, samples)`` and ``(candidates,)``: what the decoder gives on average for each choice of inputs, and the square of it.
        snr: variance of the source over the mean squared error, on points that the design has not seen [dB].
        design_snr: the same on the points of the design [dB].
        product_snr: of the scalar code on each device alone [dB]; None where samples and devices differ in number.
    """

    levels: Array
    groups: Array
    reconstruction: Array
    means: Array
    squares: Array
    snr: float
    design_snr: float
    product_snr: float | None

    @property
    def devices(self) -> int:
        """For a block."""
        return int(self.reconstruction.ndim) - 1

    def encode(self, samples: Array) -> Array:
        """``(blocks, devices)`` indices of inputs for ``(blocks, samples)``."""
        chosen = _nearest(self.means, self.squares, np.asarray(samples, dtype=float))
        return self.levels[np.stack(np.unravel_index(chosen, (len(self.levels),) * self.devices), axis=-1)]

    def decode(self, bins: Array) -> Array:
        """``(blocks, samples)`` from ``(blocks, devices)`` indices of read bins."""
        return self.reconstruction[(slice(None), *np.moveaxis(self.groups[bins], -1, 0))].T

    def evaluate(self, matrix: Array, source: Source, *, rng: np.random.Generator, points: int = TESTED) -> Score:
        """The score of this code, unchanged, on a channel ``(inputs, bins)`` and a source that may be others than those of the design.

        Args:
            matrix: its reads are expected exactly.
            source: of the samples.
            rng: scrambles the points.
            points: power of two of their number.

        Raises:
            InputError: the matrix is none, or has another number of bins than that of the design, or too few inputs.
        """
        check_matrix(matrix, where="block code")
        if np.shape(matrix)[0] <= self.levels[-1] or np.shape(matrix)[1] != len(self.groups):
            raise reject(InputError, "block code", "shape of the matrix", np.shape(matrix), f"({self.levels[-1] + 1} or more, {len(self.groups)})")
        blocks = _blocks(source, self.means.shape[1], points, rng)
        channel = _grouped(np.asarray(matrix, dtype=float)[self.levels], self.groups)
        means, squares = _tables(channel, self.reconstruction)
        chosen = _nearest(self.means, self.squares, blocks)
        errors = np.sum(blocks**2, axis=1) - 2.0 * np.sum(blocks * means[chosen], axis=1) + squares[chosen]
        distortion = float(np.mean(errors)) / blocks.shape[1]
        scale = source.variance / float(np.mean((blocks - source.mean) ** 2))  # of points that are few
        return Score.of(distortion * scale, source)


def design_block(matrix: Array, source: Source, *, rng: np.random.Generator, plan: BlockPlan | None = None) -> BlockCode:
    """The block code with the least mean squared error that any start ends at.

    Args:
        matrix: ``(inputs, bins)`` probabilities of the reads of one device; devices are independent.
        source: what is to be stored.
        rng: draws starts and points.
        plan: how to search; None for a pair of samples on two devices.

    Raises:
        InputError: no such matrix.
    """
    matrix, plan = np.asarray(matrix, dtype=float), plan or BlockPlan()
    check_matrix(matrix, where="block code")
    scalar = design_scalar(matrix, source, starts=SCALAR_STARTS, rng=rng)
    coarse = _Stage.of(matrix, scalar, source, plan, rng)
    widths, starts = _starts(coarse, scalar, source, plan, rng)
    relaxed = [_grouped(blurred(matrix, width)[coarse.levels], coarse.groups) for width in widths]
    chosen = min((coarse.annealed(relaxed, start) for start in starts), key=lambda each: each[0])[1]
    fine = _Stage.of(matrix, scalar, source, _refined(plan), rng)
    tables = _tables(_grouped(matrix[fine.levels], coarse.groups), coarse.decoder(coarse.channel, chosen))
    distortion, chosen = fine.alternated(fine.channel, _nearest(*tables, fine.blocks), FINE_STEPS)
    return fine.code(distortion, chosen, source, scalar, rng, matrix)


def product_code(matrix: Array, code: ScalarCode, source: Source, *, devices: int = 2) -> BlockCode:
    """A scalar code on each of several devices, as a block code: what blocks have to beat."""
    levels, groups = np.arange(len(matrix)), np.arange(len(code.reconstruction))
    axes = np.meshgrid(*[code.reconstruction] * devices, indexing="ij")
    decoded = np.stack(axes)
    means, squares = _tables(np.asarray(matrix, dtype=float), decoded)
    return BlockCode(
        levels=levels, groups=groups, reconstruction=decoded, means=means, squares=squares, snr=code.snr, design_snr=code.snr, product_snr=code.snr
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stage:
    """Levels, groups and source points of a search; samples are in deviations from the mean."""

    levels: Array
    groups: Array
    channel: Array
    blocks: Array
    devices: int

    @classmethod
    def of(cls, matrix: Array, scalar: ScalarCode, source: Source, plan: BlockPlan, rng: np.random.Generator) -> "_Stage":
        levels = _levels(scalar.distribution, plan.levels)
        groups = _groups(scalar.distribution @ matrix, scalar.reconstruction / math.sqrt(source.variance), plan.groups)
        blocks = _blocks(source, plan.samples, plan.points, rng)
        blocks = (blocks - blocks.mean(axis=0)) / blocks.std(axis=0)
        return cls(levels=levels, groups=groups, channel=_grouped(matrix[levels], groups), blocks=blocks, devices=plan.devices)

    def decoder(self, channel: Array, chosen: Array) -> Array:
        """``(samples, groups, ...)`` the mean of the blocks that lead to each combination of reads."""
        shape, count = (len(channel),) * self.devices, len(channel) ** self.devices
        reached = _through(channel.T, np.bincount(chosen, minlength=count).reshape(shape) / len(chosen))
        there = reached > UNREACHED
        sums = (_through(channel.T, np.bincount(chosen, column, count).reshape(shape) / len(chosen)) for column in self.blocks.T)
        return np.stack([np.where(there, each / np.where(there, reached, 1.0), 0.0) for each in sums])

    def alternated(self, channel: Array, chosen: Array, steps: int) -> tuple[float, Array]:
        """Mean squared error of a sample, and the encoder, after decoder and encoder in turn until they gain no more."""
        last, energy = math.inf, float(np.sum(self.blocks**2))
        for _ in range(steps):
            means, squares = _tables(channel, self.decoder(channel, chosen))
            chosen = _nearest(means, squares, self.blocks)
            distortion = (energy - 2.0 * float(np.sum(self.blocks * means[chosen])) + float(np.sum(squares[chosen]))) / self.blocks.size
            if last - distortion < SETTLED * distortion:
                break
            last = distortion
        return distortion, chosen

    def annealed(self, relaxed: list[Array], chosen: Array) -> tuple[float, Array]:
        """The same through channels with ever less blur, at last the channel itself."""
        for channel in relaxed:
            chosen = self.alternated(channel, chosen, RELAXED_STEPS)[1]
        return self.alternated(self.channel, chosen, COARSE_STEPS)

    def code(self, distortion: float, chosen: Array, source: Source, scalar: ScalarCode, rng: np.random.Generator, matrix: Array) -> BlockCode:
        """The code of the decoder for this encoder, in the units of the source."""
        decoded = source.mean + math.sqrt(source.variance) * self.decoder(self.channel, chosen)
        means, squares = _tables(self.channel, decoded)
        code = BlockCode(
            levels=self.levels,
            groups=self.groups,
            reconstruction=decoded,
            means=means,
            squares=squares,
            snr=math.nan,
            design_snr=-10.0 * math.log10(distortion),
            product_snr=scalar.snr if self.blocks.shape[1] == self.devices else None,
        )
        return replace(code, snr=code.evaluate(matrix, source, rng=rng).snr)


def _refined(plan: BlockPlan) -> BlockPlan:
    return replace(plan, levels=plan.fine_levels, groups=plan.fine_groups, points=plan.fine_points)


def _starts(stage: _Stage, scalar: ScalarCode, source: Source, plan: BlockPlan, rng: np.random.Generator) -> tuple[Array, list[Array]]:
    """Widths of the blur, and encoders to start from.

    With one device a sample: the scalar code on each, after the planes of two samples were twisted, so that samples are no longer kept apart. Otherwise any
    inputs for any block, and so much blur at first that it does not matter which.
    """
    count = len(stage.levels) ** plan.devices
    if plan.samples != plan.devices:
        return np.geomspace(*WIDE, 14), [rng.integers(0, count, len(stage.blocks)) for _ in range(plan.starts)]
    means, squares = _tables(stage.channel, np.stack(np.meshgrid(*[_scalar_decoder(stage, scalar, source)] * plan.devices, indexing="ij")))
    planes = list(combinations(range(plan.samples), 2))
    twists = TWIST * rng.standard_normal((plan.starts if planes else 1, len(planes)))
    return np.geomspace(*NARROW, 8), [_nearest(means, squares, _twisted(stage.blocks, planes, each)) for each in twists]


def _scalar_decoder(stage: _Stage, scalar: ScalarCode, source: Source) -> Array:
    """``(groups,)`` of the scalar code, in deviations: the mean over the bins of a group."""
    values = (scalar.reconstruction - source.mean) / math.sqrt(source.variance)
    size = np.bincount(stage.groups)
    return np.bincount(stage.groups, values) / size


def _twisted(blocks: Array, planes: list[tuple[int, int]], twists: Array) -> Array:
    """Blocks turned in each plane of two samples, by an angle that grows with the distance from the origin; a Gaussian law stays what it is."""
    turned = blocks.copy()
    for (one, other), twist in zip(planes, twists, strict=True):
        angle = twist * (np.hypot(turned[:, one], turned[:, other]) - 1.0)
        cosine, sine = np.cos(angle), np.sin(angle)
        turned[:, one], turned[:, other] = cosine * turned[:, one] - sine * turned[:, other], sine * turned[:, one] + cosine * turned[:, other]
    return turned


def _through(operator: Array, tensor: Array) -> Array:
    """A tensor with every axis mapped by the same matrix ``(new, old)``."""
    for _ in range(tensor.ndim):
        tensor = np.tensordot(tensor, operator, axes=(0, 1))  # takes the first axis, adds the last: after all of them the order is the old one
    return tensor


def _tables(channel: Array, decoded: Array) -> tuple[Array, Array]:
    """``(candidates, samples)`` mean of the decoded block for each choice of inputs, and ``(candidates,)`` mean of its square."""
    means = np.stack([_through(channel, each).ravel() for each in decoded], axis=1)
    return means, _through(channel, np.sum(decoded**2, axis=0)).ravel()


def _nearest(means: Array, squares: Array, blocks: Array) -> Array:
    """``(blocks,)`` the candidate with the least ``square - 2 block . mean``, exactly."""
    from scipy.spatial import KDTree

    spread = squares - np.sum(means**2, axis=1)  # what the decoder scatters about its mean: a candidate is that much farther away
    lift = np.sqrt(np.maximum(spread - spread.min(), 0.0))
    return np.asarray(KDTree(np.column_stack([means, lift])).query(np.column_stack([blocks, np.zeros(len(blocks))]))[1])


def _blocks(source: Source, samples: int, points: int, rng: np.random.Generator) -> Array:
    """``(2**points, samples)`` that fill the law of the source evenly."""
    from scipy.stats import qmc

    cube = qmc.Sobol(samples, rng=rng).random_base2(points)
    return source.quantile(np.clip(cube, 1e-9, 1.0 - 1e-9))


def _levels(distribution: Array, count: int) -> Array:
    """Indices of inputs, first and last among them, denser where the scalar code writes often."""
    inputs = len(distribution)
    if count >= inputs:
        return np.arange(inputs)
    weight = np.cumsum(np.sqrt(distribution + RARE))
    return np.unique(np.concatenate([[0, inputs - 1], np.searchsorted(weight / weight[-1], (np.arange(count - 2) + 0.5) / (count - 2))]))


def _groups(reads: Array, decoded: Array, count: int) -> Array:
    """``(bins,)`` the group of each bin: neighbors together, narrow where the scalar code reads often and decodes steeply."""
    if count >= len(reads):
        return np.arange(len(reads))
    weight = np.cumsum(np.sqrt(reads * np.abs(np.gradient(decoded))) + RARE)
    return np.unique(np.minimum((weight / weight[-1] * count).astype(int), count - 1), return_inverse=True)[1]


def _grouped(matrix: Array, groups: Array) -> Array:
    """``(inputs, groups)`` probabilities of groups of bins."""
    return np.add.reduceat(matrix, np.flatnonzero(np.diff(groups, prepend=-1)), axis=1)
