"""How many chips are good enough: accuracy of each drawn chip under several ways to read its membranes, and the yield of each way.

absolute: membranes are compared as they are, so that a column whose baseline is higher has a head start.
baseline: each over its own baseline, as correlated double sampling or an auto-zeroed comparator gives it.
trimmed: also, the gain of each column is set to the mean of its chip by a trim DAC. It is found with one spike through a reference cell of full weight, one
more row of the array, and a binary search of the code. In the circuit the DAC is a part of `output_resistance`: a fixed part of 1 - span, and binary segments
that switches short. Trimming in units of the output side of the mirror would do as well, with transistors of its own length in the place of resistors. Time
constants are not trimmed.
trimmed_absolute: trimmed, and then compared as they are. The DAC scales the baseline with the gain, and what moves the one mostly moves the other alike.

Not here: noise of the measurement of a gain, offsets of op-amps that differ between columns, spread of the memristors (`MappingPlan`).
"""

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from cosim._types import Array
from cosim.codesign.network.columns import Columns, column_scores
from cosim.errors import InputError, reject
from cosim.params import check_params, param
from cosim.sweep.yields import clopper_pearson

Way = Literal["absolute", "baseline", "trimmed_absolute", "trimmed"]
WAYS: tuple[Way, ...] = get_args(Way)
TOLERANCE = 0.01  # of accuracy that a good chip may have lost


@dataclass(frozen=True, kw_only=True)
class Trim:
    """The trim DAC of each column: factors on its gain, in equal steps from 1 - span to 1 + span."""

    bits: int = param("bits of the trim DAC", "1", default=5, least=1, most=16)
    span: float = param("largest correction of a gain", "%", default=0.1, above=0.0, below=1.0)

    def __post_init__(self) -> None:
        check_params(self, where="trim")

    def factors(self, gains: Array) -> Array:
        """What each of ``gains (..., outputs)`` is multiplied by, to come near the mean of its chip: the nearest step."""
        steps = np.linspace(1.0 - self.span, 1.0 + self.span, 2**self.bits)
        wanted = gains.mean(axis=-1, keepdims=True) / gains
        return np.asarray(steps[np.abs(wanted[..., None] - steps).argmin(axis=-1)])


@dataclass(frozen=True, kw_only=True, eq=False)
class ChipYield:
    """Accuracies of chips, and how many of them are good.

    Attributes:
        goal: accuracy of a good chip, at least.
        accuracies: way to read -> ``(chips,)``.
        trim: of the trimmed ways.
    """

    goal: float
    accuracies: dict[Way, Array]
    trim: Trim = field(default_factory=Trim)

    def good(self, way: Way) -> tuple[int, int]:
        """Chips that reach the goal, of how many."""
        found = self.accuracies[way]
        return int(np.sum(found >= self.goal - 1e-12)), len(found)

    def share(self, way: Way) -> float:
        """The yield."""
        good, chips = self.good(way)
        return good / chips

    def interval(self, way: Way) -> tuple[float, float]:
        """The 95 % interval of the yield (Clopper and Pearson)."""
        return clopper_pearson(*self.good(way))


def accuracy_of(scores: Array, labels: Array) -> float:
    """Share of the images whose highest one of ``scores (images, outputs)`` is that of the label."""
    return float(np.mean(np.argmax(scores, axis=1) == labels))


def goal_of(scores: Array, labels: Array, *, tolerance: float = TOLERANCE) -> float:
    """Accuracy that a good chip has: that of the mapped network without mismatch, whose ``scores (images, outputs)`` these are, less a tolerance.

    Raises:
        InputError: a tolerance out of 0..1.
    """
    if not 0.0 <= tolerance <= 1.0:
        raise reject(InputError, "chip yield", "tolerance", tolerance, "within 0..1")
    return accuracy_of(scores, labels) - tolerance


def readings(columns: Columns, times: Array, weights: Array, *, trim: Trim | None = None) -> dict[Way, Array]:
    """What each way to read makes of one chip: ``(images, outputs)`` [V]; arguments as in `column_scores`."""
    over = column_scores(columns, times, weights)
    whole, factors = over + columns.baselines, (trim or Trim()).factors(columns.gains)
    return {"absolute": whole, "baseline": over, "trimmed_absolute": whole * factors, "trimmed": over * factors}


def chip_yield(columns: Columns, weights: Array, times: Array, labels: Array, *, goal: float, trim: Trim | None = None) -> ChipYield:
    """The accuracy of each chip, each way.

    Args:
        columns: units of the chips.
        weights: ``(inputs, outputs)`` as in `column_scores`, or ``(chips, inputs, outputs)`` where arrays differ too.
        times: ``(images, inputs)`` spikes [s], infinite where an input does not fire.
        labels: ``(images,)``.
        goal: accuracy of a good chip, as from `goal_of`.
        trim: the DAC; the default one if left out.

    Raises:
        InputError: a goal out of 0..1, or shapes that do not fit.
    """
    if not 0.0 <= goal <= 1.0:
        raise reject(InputError, "chip yield", "goal", goal, "within 0..1")
    if not len(labels) or labels.shape != times.shape[:1]:
        raise reject(InputError, "chip yield", "labels", f"shape {labels.shape}", f"of shape {times.shape[:1]}, one for each image, at least one")
    if weights.ndim == 3 and len(weights) != len(columns):
        raise reject(InputError, "chip yield", "weights", f"of {len(weights)} chips", f"of {len(columns)}, as the columns, or one array for all")
    trim = trim or Trim()
    found: dict[Way, list[float]] = {way: [] for way in WAYS}
    for index in range(len(columns)):
        one = readings(columns.chip(index), times, weights if weights.ndim == 2 else weights[index], trim=trim)
        for way in WAYS:
            found[way].append(accuracy_of(one[way], labels))
    return ChipYield(goal=goal, accuracies={way: np.array(each) for way, each in found.items()}, trim=trim)
