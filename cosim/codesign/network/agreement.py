"""Does the circuit compute what the network computes? A verdict with numbers, and a list of the images on which it does not.

The error bound is measured first, on images of its own, and frozen: the 99th percentile of how far the circuit moves the lead of the
network's best output over the best of the others, its peaks brought to the network's scale by one factor. An image whose lead is smaller
than that in the network is undecided: no circuit of this accuracy can be held to it. On all others the classes must be equal.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from cosim._types import Array
from cosim.errors import InputError, reject

PERCENTILE = 99.0  # of the differences, that the bound is taken at
LARGEST_UNDECIDED = 0.5  # share of the images, above which nothing is shown
FEWEST = 20  # images that a bound is measured on


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Frozen before the verdict.

    Attributes:
        scale: network's units for one volt of the circuit.
        error: bound on how far the lead of the best output moves, relative to the highest score of its image.
        images: number that it was measured on.
    """

    scale: float
    error: float
    images: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Agreement:
    """What became of each image.

    Attributes:
        network, circuit: ``(images,)`` classes; -1 where the circuit's run failed.
        decided: ``(images,)`` the network's margin is above the bound.
        differences: ``(images,)`` of `moved`; NaN where the run failed.
        waves: ``(images,)`` of `wave_errors`; NaN where the run failed or no membrane of the network rises, empty where no waves were compared.
        labels: ``(images,)`` true classes.
        bound: that was used.
    """

    network: Array
    circuit: Array
    decided: Array
    differences: Array
    labels: Array
    bound: Bound
    waves: Array = field(default_factory=lambda: np.empty(0))

    @property
    def failed(self) -> Array:
        """Images whose run failed."""
        return np.flatnonzero(self.circuit < 0)

    @property
    def disagreements(self) -> Array:
        """Decided images on which the classes differ."""
        return np.flatnonzero(self.decided & (self.circuit >= 0) & (self.circuit != self.network))

    @property
    def undecided(self) -> float:
        """Share of the images that are not held against the circuit."""
        return float(np.mean(~self.decided))

    @property
    def equal(self) -> float:
        """Share of all images on which the classes are equal, the undecided ones too."""
        return float(np.mean(self.circuit == self.network))

    @property
    def passed(self) -> bool:
        """Most images are decided, every one of them agrees, and every run passed. A bound that decides little shows little: so do crossed columns end."""
        return self.undecided <= LARGEST_UNDECIDED and not self.disagreements.size and not self.failed.size

    def accuracy(self, which: str) -> float:
        """Share of the images whose label the ``network`` or the ``circuit`` gives."""
        return float(np.mean(getattr(self, which) == self.labels))


def measure_bound(scores: Array, peaks: Array) -> Bound:
    """The bound from images of its own.

    Args:
        scores: ``(images, outputs)`` of the network.
        peaks: ``(images, outputs)`` of the circuit [V]; NaN where a run failed.

    Raises:
        InputError: fewer than 20 images passed.
    """
    passed = np.isfinite(peaks).all(axis=1) & (np.max(scores, axis=1) > 0)  # an image without a spike says nothing
    if passed.sum() < FEWEST:
        raise reject(InputError, "agreement", "images", int(passed.sum()), f">= {FEWEST} whose runs passed, to measure the error bound on")
    scores, peaks = scores[passed], peaks[passed]
    scale = float(np.sum(scores * peaks) / np.sum(peaks**2))
    return Bound(scale=scale, error=float(np.percentile(moved(scores, peaks, scale), PERCENTILE)), images=len(scores))


def moved(scores: Array, peaks: Array, scale: float) -> Array:
    """How far the circuit moves the lead of the network's best output over the best of the others: ``(images,)``, over the highest score."""
    best = np.argmax(scores, axis=1)
    highest = np.max(scores, axis=1)
    return np.asarray(np.abs(scale * _lead(peaks, best) - _lead(scores, best)) / highest)


def _lead(values: Array, best: Array) -> Array:
    """What one output of ``values (images, outputs)`` has over the highest of the others, ``(images,)``."""
    rows = np.arange(len(values))
    others = values.copy()
    others[rows, best] = -np.inf
    return np.asarray(values[rows, best] - np.max(others, axis=1))


def wave_errors(model: Array, circuit: Array, scale: float) -> Array:
    """Largest deviation of any membrane of an image from its model, over the highest point of the model: ``(images,)``.

    NaN where the run failed, and where the model is nowhere above 0, since nothing is there to relate it to.

    Args:
        model: ``(images, points, outputs)`` membranes of the network.
        circuit: the same of the circuit [V]; NaN where a run failed.
        scale: network's units for one volt, that of the `Bound`.
    """
    highest = np.max(model, axis=(1, 2))
    return np.asarray(np.max(np.abs(scale * circuit - model), axis=(1, 2)) / np.where(highest > 0, highest, np.nan))


def compare(scores: Array, peaks: Array, labels: Array, bound: Bound, waves: Array | None = None) -> Agreement:
    """The verdict on other images.

    Args:
        scores: ``(images, outputs)`` of the network.
        peaks: ``(images, outputs)`` of the circuit [V]; NaN where a run failed.
        labels: ``(images,)``.
        bound: of `measure_bound`.
        waves: ``(images,)`` of `wave_errors`, if waves were compared.
    """
    if scores.shape != peaks.shape or labels.shape != scores.shape[:1]:
        raise reject(InputError, "agreement", "peaks", f"shape {peaks.shape}", f"of shape {scores.shape}, as the scores of the network")
    done = np.isfinite(peaks).all(axis=1)
    highest = np.max(scores, axis=1)
    ordered = np.sort(scores, axis=1)
    differences = moved(scores, peaks, bound.scale)
    classes = np.where(done, np.argmax(np.where(np.isfinite(peaks), peaks, -np.inf), axis=1), -1)
    decided = (ordered[:, -1] - ordered[:, -2]) > bound.error * highest
    found = Agreement(network=np.argmax(scores, axis=1), circuit=classes, decided=decided, differences=differences, labels=labels, bound=bound)
    return found if waves is None else replace(found, waves=waves)
