"""Levels of weights for a channel that was measured: equally spaced ones, and those that are designed on it.

Designed levels begin as the exact quantizer of the wanted conductances (`cosim.coding.quantizer`): what is read of a level multiplies as it is, so that its
mean should be near the weights that it stands for, and its variance small. Squared errors of weights are not what an image is lost by. So the gain, and a
mixture of these levels and equally spaced ones, are those with the least cross-entropy of the images of the training, with errors of the cells drawn from the
channel; from there gain and levels are moved one by one while it falls. It never ends above that of equally spaced levels. Test images decide nothing.
Equally spaced levels are of two kinds: "uniform" with the gain of the highest accuracy on a grid, and "searched", whose gain alone is looked for as that of
designed ones is, so that what the levels do and what the search of the gain does can be told apart.

Neighboring levels keep their bands apart, so that a tuned cell can be told from those of the next level. Rounding keeps the mean of each column for all kinds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np

from cosim._types import Array
from cosim.codesign.network.gain import GAINS, firing_rates
from cosim.codesign.network.grids import FastMembranes
from cosim.codesign.network.mapping import MappingPlan, Window, quantized
from cosim.coding.quantizer import best_quantizer, thresholds_of
from cosim.errors import DesignError, InputError, reject
from cosim.snn.data import Examples
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork

Kind = Literal["uniform", "searched", "designed"]
Progress = Callable[[int, int], None]
CANDIDATES = 200  # levels that the quantizer chooses from
SHARES = (0.0, 0.5, 1.0)  # of the quantizer's levels in those that the search may begin with
GAIN_STEP, LEVEL_STEP = 0.08, 0.25  # first steps of the search: of the gain, and of a step between equal levels
FINEST = 0.05  # of the first steps, at which the search ends
TRIALS = 80  # of a search at most
ROUGH = 1500  # images, classes equal in number, on which the starts of a search are compared
BEST = 10  # of them, of which all images say where the search begins
SHARPNESS, NEWTON = 8.0, 8  # scale of the scores that the cross-entropy begins with, and steps to the best one


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelLaw:
    """What is read of a tuned cell, linear between the targets that were measured.

    Attributes:
        targets: ``(targets,)`` rising [S].
        means: ``(targets,)`` of the reads [S].
        deviations: ``(targets,)`` of the reads, relative to the target.
    """

    targets: Array
    means: Array
    deviations: Array

    @classmethod
    def of(cls, targets: Array, groups: Sequence[Array]) -> "LevelLaw":
        """From the reads of each target.

        Raises:
            InputError: fewer than two targets, targets that do not rise, or fewer than two reads of one.
        """
        targets = np.asarray(targets, dtype=float)
        fewest = min((len(each) for each in groups), default=0)
        if len(targets) < 2 or len(groups) != len(targets) or not np.all(np.diff(targets) > 0):
            raise reject(InputError, "levels", "targets", f"{len(targets)} with {len(groups)} groups of reads", "two at least that rise, with one group each")
        if fewest < 2:
            raise reject(InputError, "levels", "reads of a target", fewest, ">= 2")
        deviations = np.array([np.std(each, ddof=1) for each in groups]) / targets
        return cls(targets=targets, means=np.array([np.mean(each) for each in groups]), deviations=deviations)

    def mean(self, levels: Array) -> Array:
        """``(...)`` of the reads of each target [S]."""
        return np.asarray(np.interp(levels, self.targets, self.means))

    def variance(self, levels: Array) -> Array:
        """``(...)`` of the reads of each target [S^2]."""
        return np.asarray((levels * np.interp(levels, self.targets, self.deviations)) ** 2)


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelDesign:
    """Levels of the weights, and how weights become them.

    Attributes:
        kind: "uniform" and "searched" are equally spaced, "designed" are designed on the channel.
        bits: of a weight.
        levels: ``(levels,)`` targets, rising [S].
        thresholds: ``(levels - 1,)`` between them, of the conductances that weights would have without levels [S].
        gain: on the weights.
        distortion: mean squared difference between what is read of a cell and what its weight wants [S^2].
        loss: cross-entropy of the images of the training in nats, errors drawn from the channel.
    """

    kind: Kind
    bits: int
    levels: Array
    thresholds: Array
    gain: float
    distortion: float
    loss: float

    def plan(self, rates: tuple[float, ...]) -> MappingPlan:
        """The mapping with these levels, which keeps the column means for inputs that fire at `rates`."""
        return level_plan(self.gain, self.levels, self.thresholds, rates)


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelTask:
    """What levels are looked for.

    Attributes:
        weights: ``(inputs, outputs)`` of the network, 0..1.
        window: of the targets.
        band: relative half-width around a target that tuning leaves.
        law: of the channel.
        rates: ``(inputs,)`` shares of the images in which an input fires.
        ready: images that the network was trained on.
        labels: ``(images,)`` of them.
        rough: some of these images.
        rough_labels: ``(rough images,)`` of them.
        errors: ``(inputs, outputs)`` standard normal ones, the same in all trials.
    """

    weights: Array
    window: Window
    band: float
    law: LevelLaw
    rates: tuple[float, ...]
    ready: FastMembranes
    labels: Array
    rough: FastMembranes
    rough_labels: Array
    errors: Array

    @classmethod
    def of(cls, network: TrainedNetwork, images: Examples, *, window: Window, band: float, law: LevelLaw, rng: np.random.Generator) -> "LevelTask":
        """For a network of one layer of positive weights, on images that it was trained on.

        Raises:
            InputError: another network.
        """
        some = images.pick(images.stratified(min(ROUGH, len(images))))
        ready, rough = (FastMembranes.of(network, latency_times(each.pixels, network.encoding)) for each in (images, some))
        layer = network.layers[0]
        if layer.minus is not None:
            raise reject(InputError, "levels", "network", "pairs of memristors", "of positive weights")
        return cls(
            weights=layer.plus,
            window=window,
            band=band,
            law=law,
            rates=firing_rates(network, images),
            ready=ready,
            labels=images.labels,
            rough=rough,
            rough_labels=some.labels,
            errors=rng.standard_normal(layer.plus.shape),
        )

    def targets(self, gain: float, levels: Array, thresholds: Array) -> Array:
        """``(inputs, outputs)`` levels of the weights [S]."""
        return quantized(self.weights, self.window, level_plan(gain, levels, thresholds, self.rates))

    def accuracy(self, targets: Array) -> float:
        """Of the images of the training, cells being as they should."""
        return self.ready.accuracy(self.window.weight(targets), self.labels)

    def loss(self, targets: Array) -> float:
        """Cross-entropy of the images of the training [nats], with the errors of the cells."""
        return cross_entropy(self.ready.scores(self._read(targets)), self.labels)

    def rough_loss(self, targets: Array) -> float:
        """The same of some of these images, to compare starts with."""
        return cross_entropy(self.rough.scores(self._read(targets)), self.rough_labels)

    def _read(self, targets: Array) -> Array:
        """``(inputs, outputs)`` weights that are read of the cells."""
        read = self.law.mean(targets) + self.errors * np.sqrt(self.law.variance(targets))
        return self.window.weight(np.maximum(read, 0.0))

    def design(self, kind: Kind, bits: int, gain: float, levels: Array, thresholds: Array) -> LevelDesign:
        """With its figures."""
        targets = self.targets(gain, levels, thresholds)
        wanted = self.window.conductance(np.minimum(gain * self.weights, 1.0))
        distortion = float(np.mean((self.law.mean(targets) - wanted) ** 2 + self.law.variance(targets)))
        return LevelDesign(kind=kind, bits=bits, levels=levels, thresholds=thresholds, gain=gain, distortion=distortion, loss=self.loss(targets))


def level_plan(gain: float, levels: Array, thresholds: Array, rates: tuple[float, ...]) -> MappingPlan:
    """A mapping to levels, without errors."""
    return MappingPlan(gain=gain, levels=tuple(levels.tolist()), thresholds=tuple(thresholds.tolist()), rates=rates)


def separable_levels(window: Window, band: float) -> int:
    """How many equally spaced levels keep their relative bands apart: those of the highest two are the widest."""
    step = 2.0 * band * window.high / (1.0 + band)  # (high - step) (1 + band) = high (1 - band)
    return 1 + int((window.high - window.low) / step * (1.0 + 1e-12))


def check_separable(bits: int, window: Window, band: float) -> None:
    """Refuse more levels than the band can tell apart.

    Raises:
        DesignError: names the most bits.
    """
    most = separable_levels(window, band)
    if 2**bits > most:
        around = f"bands of {100 * band:g} % around more than {most} equal levels in {1e6 * window.low:g}..{1e6 * window.high:g} uS touch"
        raise reject(DesignError, "[loop]", "bits", bits, f"<= {most.bit_length() - 1}, as {around}")


def uniform_levels(task: LevelTask, bits: int) -> LevelDesign:
    """Equally spaced over the window, thresholds halfway between; the gain is that of `GAINS` with the highest accuracy on the images of the training.

    Raises:
        DesignError: bands of neighbors touch.
    """
    check_separable(bits, task.window, task.band)
    levels = np.linspace(task.window.low, task.window.high, 2**bits)
    thresholds = 0.5 * (levels[1:] + levels[:-1])
    found = np.array([task.accuracy(task.targets(float(gain), levels, thresholds)) for gain in GAINS])
    best = GAINS[found >= found.max() - 1e-12]
    return task.design("uniform", bits, float(best[np.argmin(np.abs(np.log(best)))]), levels, thresholds)


def searched_levels(task: LevelTask, bits: int, *, uniform: LevelDesign | None = None, progress: Progress | None = None) -> LevelDesign:
    """Equally spaced over the window, thresholds where neighbors cost the same; the gain is looked for as `designed_levels` looks for gain and levels.

    Args:
        task: channel, network and images.
        bits: of a weight.
        uniform: of `uniform_levels`, which the result never loses more than; looked for if left out.
        progress: called with the trials that are done, and the most there may be.

    Raises:
        DesignError: bands of neighbors touch.
    """
    uniform = uniform_levels(task, bits) if uniform is None else uniform
    starts = [_point(float(gain), uniform.levels) for gain in GAINS]
    searched = _design(task, "searched", bits, _searched(task, starts, gain_alone=True, progress=progress))
    return min(searched, replace(uniform, kind="searched"), key=lambda each: each.loss)


def designed_levels(task: LevelTask, bits: int, *, equal: Sequence[LevelDesign] | None = None, progress: Progress | None = None) -> LevelDesign:
    """Levels and gain with the least loss that was found: a search from the best mixture of equally spaced levels and those of the quantizer, at any gain.

    Args:
        task: channel, network and images.
        bits: of a weight.
        equal: equally spaced levels, none of which the result loses more than; those of `uniform_levels` if left out.
        progress: called with the trials that are done, and the most there may be.

    Raises:
        DesignError: bands of neighbors touch.
    """
    equal = (uniform_levels(task, bits),) if equal is None else equal
    starts = [point for gain in GAINS for point in _starts(task, bits, float(gain), equal[0].levels)]
    designed = _design(task, "designed", bits, _searched(task, starts, gain_alone=False, progress=progress))
    return min((designed, *(replace(each, kind="designed") for each in equal)), key=lambda each: each.loss)


def search_constants() -> list[object]:
    """What levels follow from beside their task, for a store."""
    return [GAINS, CANDIDATES, SHARES, GAIN_STEP, LEVEL_STEP, FINEST, TRIALS, ROUGH, BEST, SHARPNESS, NEWTON]


def _starts(task: LevelTask, bits: int, gain: float, equal: Array) -> list[Array]:
    """Gain and levels of the mixtures; the bands of a mixture do not touch where those of neither do."""
    best = quantizer_levels(task, bits, gain)
    if len(best) < len(equal):
        return [_point(gain, equal), _point(gain, best)]
    return [_point(gain, share * best + (1.0 - share) * equal) for share in SHARES]


def quantizer_levels(task: LevelTask, bits: int, gain: float) -> Array:
    """``(levels,)`` targets of the exact quantizer of the weights behind a gain [S]; fewer than the bits allow if the weights need fewer."""
    wanted = task.window.conductance(np.minimum(gain * task.weights, 1.0)).ravel()
    candidates = np.linspace(task.window.low, task.window.high, CANDIDATES)
    means = task.law.mean(candidates)
    bands = (candidates * (1.0 - task.band), candidates * (1.0 + task.band))
    return np.asarray(candidates[best_quantizer(wanted, means, task.law.variance(candidates), levels=2**bits, bands=bands).chosen])


def cross_entropy(scores: Array, labels: Array) -> float:
    """Of ``scores (images, outputs)`` [nats], at the scale of the scores that makes it smallest: the highest one wins at any scale."""
    above = scores - scores[np.arange(len(scores)), labels][:, None]
    largest = above.max(axis=1, keepdims=True)
    sharpness, spread = SHARPNESS, float(np.std(above)) or 1.0
    above, largest = above / spread, largest / spread
    for _ in range(NEWTON):
        shares = np.exp(sharpness * (above - largest))
        shares /= shares.sum(axis=1, keepdims=True)
        slope = np.sum(shares * above, axis=1)
        bend = float(np.mean(np.sum(shares * above**2, axis=1) - slope**2))
        if bend <= 0.0:
            break
        sharpness = float(np.clip(sharpness - np.mean(slope) / bend, sharpness / 3.0, 3.0 * sharpness))
    return float(np.mean(sharpness * largest[:, 0] + np.log(np.exp(sharpness * (above - largest)).sum(axis=1))))


def _point(gain: float, levels: Array) -> Array:
    """What the search moves."""
    return np.concatenate([[gain], levels])


def _thresholds(task: LevelTask, levels: Array) -> Array:
    """Where neighbors cost the same."""
    return thresholds_of(task.law.mean(levels), task.law.variance(levels))


def _targets(task: LevelTask, point: Array) -> Array:
    """``(inputs, outputs)`` of the weights at a point [S]."""
    return task.targets(float(point[0]), point[1:], _thresholds(task, point[1:]))


def _design(task: LevelTask, kind: Kind, bits: int, point: Array) -> LevelDesign:
    """That of a point."""
    return task.design(kind, bits, float(point[0]), point[1:], _thresholds(task, point[1:]))


def _allowed(task: LevelTask, point: Array) -> bool:
    """Levels within the window, whose bands do not touch, and a gain of the mapping."""
    levels, tiny = point[1:], 1e-9 * task.window.high
    apart = np.all(levels[1:] * (1.0 - task.band) >= levels[:-1] * (1.0 + task.band) - tiny)
    return bool(apart and levels[0] >= task.window.low and levels[-1] <= task.window.high and point[0] > GAINS[0] / 2.0)


def _searched(task: LevelTask, starts: Sequence[Array], *, gain_alone: bool, progress: Progress | None) -> Array:
    """The point at which a search ends.

    It begins at the best start: some of the images say which ones are good, all of them which one is the best. Gain and levels, or the gain alone, take
    a step up or down while the loss falls, one after the other; then steps of half the length.
    """
    tried = 0

    def count() -> None:
        nonlocal tried
        tried += 1
        if progress is not None:
            progress(tried, len(starts) + min(BEST, len(starts)) + TRIALS)

    def rough(point: Array) -> float:
        count()
        return task.rough_loss(_targets(task, point))

    def loss(point: Array) -> float:
        count()
        return task.loss(_targets(task, point))

    least, point = min(((loss(each), each) for each in sorted(starts, key=rough)[:BEST]), key=lambda each: each[0])
    steps = _point(GAIN_STEP * point[0], np.full(len(point) - 1, LEVEL_STEP * (task.window.high - task.window.low) / max(len(point) - 2, 1)))
    moved = range(1 if gain_alone else len(point))
    trials, length = 0, 1.0
    while length > FINEST and trials < TRIALS:
        fell = False
        for place, sign in product(moved, (1.0, -1.0)):
            other = point.copy()
            other[place] += sign * length * steps[place]
            if trials == TRIALS or not _allowed(task, other):
                continue
            trials, found = trials + 1, loss(other)
            if found < least:
                point, least, fell = other, found, True
        length = length if fell else length / 2.0
    return point
