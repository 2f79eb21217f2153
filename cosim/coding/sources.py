"""What a code stores: a memoryless source of real numbers, with a closed law (`gaussian`) or given by samples (`of_samples`, `read_source`).

A code cuts the line into cells. All it needs of a source are the probability of each cell and the first moment over it, here exact in both cases.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from cosim._types import Array
from cosim.errors import DataError, InputError, reject

LEAST_SAMPLES = 100
VARIANCES = (1e-200, 1e200)  # least and most
FARTHEST = 40.0  # deviations; nothing of a Gaussian lies beyond in double precision


class Source(Protocol):
    """A memoryless source.

    Attributes:
        name: for reports.
        mean, variance: of one sample.
    """

    @property
    def name(self) -> str: ...

    @property
    def mean(self) -> float: ...

    @property
    def variance(self) -> float: ...

    def cells(self, thresholds: Array) -> tuple[Array, Array]:
        """Probabilities and moments about the mean of the cells between thresholds.

        Args:
            thresholds: ``(..., cells - 1)``, not falling along the last axis; infinite ones are allowed.

        Returns:
            ``(..., cells)`` the probability of each, and the expectation of ``sample - mean`` over each (not divided by its probability).
        """

    def quantile(self, probability: Array) -> Array:
        """``(...)`` the value below which a sample lies with the given probabilities, 0..1."""

    def sample(self, count: int | tuple[int, ...], *, rng: np.random.Generator) -> Array:
        """So many independent samples."""


@dataclass(frozen=True, kw_only=True)
class Gaussian:
    """A Gaussian source; see `Source`."""

    mean: float = 0.0
    deviation: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean):
            raise reject(InputError, "gaussian source", "mean", self.mean, "finite")
        if not (math.isfinite(self.deviation) and self.deviation > 0.0):
            raise reject(InputError, "gaussian source", "deviation", self.deviation, "finite and > 0")

    @property
    def name(self) -> str:
        return "gaussian"

    @property
    def variance(self) -> float:
        return self.deviation**2

    def cells(self, thresholds: Array) -> tuple[Array, Array]:
        from scipy.special import ndtr

        standard = np.clip((_bounded(thresholds) - self.mean) / self.deviation, -FARTHEST, FARTHEST)
        density = np.exp(-0.5 * standard**2) / math.sqrt(2.0 * math.pi)
        return np.diff(ndtr(standard), axis=-1), -self.deviation * np.diff(density, axis=-1)

    def quantile(self, probability: Array) -> Array:
        from scipy.special import ndtri

        return self.mean + self.deviation * ndtri(np.asarray(probability, dtype=float))

    def sample(self, count: int | tuple[int, ...], *, rng: np.random.Generator) -> Array:
        return self.mean + self.deviation * rng.standard_normal(count)


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """A source that draws one of finitely many values; see `Source`.

    Attributes:
        name: for reports.
        values: ``(samples,)`` in rising order.
        sums: ``(samples + 1,)`` of ``values - mean``, from the first.
    """

    name: str
    values: Array
    sums: Array
    mean: float
    variance: float

    def cells(self, thresholds: Array) -> tuple[Array, Array]:
        count: Array = np.searchsorted(self.values, _bounded(thresholds), side="right")  # a value on a threshold belongs to the cell below it
        count[..., 0] = 0
        return np.diff(count, axis=-1) / len(self.values), np.diff(self.sums[count], axis=-1) / len(self.values)

    def quantile(self, probability: Array) -> Array:
        return np.quantile(self.values, np.asarray(probability, dtype=float))

    def sample(self, count: int | tuple[int, ...], *, rng: np.random.Generator) -> Array:
        return rng.choice(self.values, size=count)


def gaussian(*, mean: float = 0.0, deviation: float = 1.0) -> Gaussian:
    """The Gaussian source.

    Raises:
        InputError: the mean is not finite, or the deviation is not finite and positive.
    """
    return Gaussian(mean=mean, deviation=deviation)


def of_samples(samples: Array, *, name: str = "samples") -> Samples:
    """The source that draws one of the samples.

    Args:
        samples: any shape; all are taken.
        name: for reports and errors.

    Raises:
        InputError: fewer than 100, one that is no finite number, all equal, or so large or close together that their variance is no number.
    """
    values = np.sort(np.ravel(np.asarray(samples, dtype=float)))
    if len(values) < LEAST_SAMPLES:
        raise reject(InputError, name, "samples", len(values), f">= {LEAST_SAMPLES}")
    if not np.all(np.isfinite(values)):
        raise reject(InputError, name, "samples that are no finite number", int(np.sum(~np.isfinite(values))), "0")
    if values[0] == values[-1]:
        raise reject(InputError, name, "different samples", 1, ">= 2")
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean = float(np.mean(values))
        centered = values - mean
        variance = float(np.mean(centered**2))
    if not VARIANCES[0] <= variance <= VARIANCES[1]:
        raise reject(InputError, name, "variance of the samples", variance, f"within {VARIANCES[0]:g}..{VARIANCES[1]:g}; scale them")
    return Samples(name=name, values=values, sums=np.concatenate([[0.0], np.cumsum(centered)]), mean=mean, variance=variance)


def read_source(path: Path | str) -> Samples:
    """The source given by a file: text with one number a line, `.npy`, or `.npz` with one array.

    Raises:
        DataError: the file cannot be read, or is not of its format.
        InputError: `of_samples` refuses what it holds.
    """
    path = Path(path)
    try:
        values = _stored(path) if path.suffix in (".npy", ".npz") else _lines(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    if values.dtype.kind not in "iuf":
        raise DataError(f"{path}: holds {values.dtype}, not real numbers")
    return of_samples(values, name=str(path))


def _stored(path: Path) -> Array:
    from zipfile import BadZipFile

    try:
        stored = np.load(path, allow_pickle=False)
        if isinstance(stored, np.ndarray):
            return stored
        with stored:
            if len(stored.files) != 1:
                raise DataError(f"{path}: holds {len(stored.files)} arrays ({', '.join(stored.files[:5])}), not one")
            return stored[stored.files[0]]
    except (ValueError, EOFError, BadZipFile) as error:
        raise DataError(f"{path}: no NumPy array of numbers ({str(error).splitlines()[0]})") from None


def _lines(path: Path) -> Array:
    values = []
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            text = line.partition("#")[0].strip()
            if text:
                values.append(_number(text, where=f"{path}, line {number}"))
    except UnicodeDecodeError:
        raise DataError(f"{path}: no text; numbers, one a line, are read, and .npy or .npz") from None
    return np.asarray(values, dtype=float)


def _number(text: str, *, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError(f"{where}: `{text[:40]}` is no number") from None


def _bounded(thresholds: Array) -> Array:
    """Thresholds with an infinite one on either side."""
    inner = np.asarray(thresholds, dtype=float)
    ends = np.full((*inner.shape[:-1], 1), np.inf)
    return np.concatenate([-ends, inner, ends], axis=-1)
