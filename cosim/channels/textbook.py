"""`DiscreteChannel`, a channel given as a table of probabilities, and the channels of the textbooks with their capacities in closed form.

Source: Cover and Thomas, Elements of Information Theory, chapters 7 and 9. They check everything that computes a capacity.
A read of a discrete channel has finitely many values, so that `edges` gives at most as many bins.
"""

import math
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.channel import Axis, check_matrix
from cosim.channels.kernel import normal_masses
from cosim.channels.measured import even_edges
from cosim.errors import InputError, reject


@dataclass(frozen=True, kw_only=True, eq=False)
class DiscreteChannel:
    """Finitely many values to write and to read.

    Attributes:
        name: of the channel.
        written, read: the two quantities.
        inputs: ``(levels,)`` that can be written, rising.
        outputs: ``(outputs,)`` that can be read, rising.
        matrix: ``(levels, outputs)`` their probabilities.
        delays: as of any channel.
    """

    name: str
    written: Axis
    read: Axis
    inputs: Array
    outputs: Array
    matrix: Array
    delays: tuple[float, float] = (0.0, math.inf)

    def __post_init__(self) -> None:
        check_matrix(self.matrix, where=f"channel {self.name}")

    def sample(self, written: Array, *, delay: float = 0.0, rng: np.random.Generator) -> Array:
        """One read of each write."""
        written = np.asarray(written, dtype=float)
        drawn, row = rng.random(written.shape), self.place(written)
        place = np.zeros(written.shape, dtype=int)
        for column in np.cumsum(self.matrix, axis=1).T[:-1]:
            place += drawn >= column[row]
        return self.outputs[place]

    def transition(self, inputs: Array, edges: Array, *, delay: float = 0.0) -> Array:
        """``(levels, bins)``, see `Channel`; a read at an edge belongs to the bin above."""
        bins = np.searchsorted(edges[1:-1], self.outputs, side="right")
        return self.matrix[self.place(inputs)] @ np.eye(len(edges) - 1)[bins]

    def energy(self, written: Array) -> Array:
        """None is known."""
        raise InputError(f"channel {self.name}: has no energies")

    def levels(self, count: int | None = None) -> Array:
        """``(levels,)`` all inputs, or `count` of them, evenly spread."""
        if count is None:
            return np.array(self.inputs)
        if not 1 <= count <= len(self.inputs):
            raise reject(InputError, f"channel {self.name}", "levels", count, f"within 1..{len(self.inputs)}, as many as it has")
        return self.inputs[np.round(np.linspace(0, len(self.inputs) - 1, count)).astype(int)]

    def edges(self, bins: int, *, delay: float = 0.0) -> Array:
        """``(bins + 1,)`` edges half way between outputs, at most one bin an output."""
        between = (self.outputs[1:] + self.outputs[:-1]) / 2.0
        chosen = np.round(np.linspace(0, len(self.outputs), min(bins, len(self.outputs)) + 1)[1:-1]).astype(int)
        return np.concatenate([[-np.inf], between[chosen - 1], [np.inf]])

    def place(self, written: Array) -> Array:
        """``(...)`` rows of the matrix for ``(...)`` written values.

        Raises:
            InputError: a value that cannot be written.
        """
        written = np.asarray(written, dtype=float)
        row = np.clip(np.searchsorted((self.inputs[1:] + self.inputs[:-1]) / 2.0, written), 0, len(self.inputs) - 1)
        strange = ~(np.abs(self.inputs[row] - written) <= 1e-6 * (self.inputs[-1] - self.inputs[0]))
        if np.any(strange):
            raise reject(InputError, f"channel {self.name}", self.written.name, float(written[strange][0]), f"one of its {len(self.inputs)} levels")
        return row


@dataclass(frozen=True, kw_only=True, eq=False)
class TextbookChannel(DiscreteChannel):
    """A discrete channel whose capacity is known.

    Attributes:
        bits: the capacity in closed form.
    """

    bits: float

    def capacity(self) -> float:
        """Bits a use, in closed form."""
        return self.bits


@dataclass(frozen=True, kw_only=True, eq=False)
class GaussianNoise:
    """A value within limits, read with additive normal noise.

    Attributes:
        peak: inputs lie within ``-peak..peak``.
        deviation: of the noise.
    """

    peak: float
    deviation: float
    name: str = "gaussian-noise"

    def __post_init__(self) -> None:
        for name in ("peak", "deviation"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise reject(InputError, f"channel {self.name}", name, value, "> 0")

    @property
    def written(self) -> Axis:
        """What may be written."""
        return Axis(name="value", unit="1", least=-self.peak, most=self.peak)

    @property
    def read(self) -> Axis:
        """Where reads lie, but for one in a million."""
        return Axis(name="value", unit="1", least=-self.peak - 5.0 * self.deviation, most=self.peak + 5.0 * self.deviation)

    @property
    def delays(self) -> tuple[float, float]:
        """It holds at any delay."""
        return 0.0, math.inf

    def sample(self, written: Array, *, delay: float = 0.0, rng: np.random.Generator) -> Array:
        """One read of each write."""
        return np.asarray(written, dtype=float) + self.deviation * rng.standard_normal(np.shape(written))

    def transition(self, inputs: Array, edges: Array, *, delay: float = 0.0) -> Array:
        """``(levels, bins)``, see `Channel`."""
        return normal_masses(np.asarray(inputs, dtype=float), np.full(len(inputs), self.deviation), edges)

    def energy(self, written: Array) -> Array:
        """None is known."""
        raise InputError(f"channel {self.name}: has no energies")

    def levels(self, count: int | None = None) -> Array:
        """``(levels,)`` evenly spaced, five a deviation if not said."""
        return np.linspace(-self.peak, self.peak, count or 1 + 2 * math.ceil(5.0 * self.peak / self.deviation))

    def edges(self, bins: int, *, delay: float = 0.0) -> Array:
        """``(bins + 1,)`` evenly spaced, the outer ones infinite."""
        return even_edges(self.read, bins)

    def capacity_at_power(self, power: float) -> float:
        """Bits a use where the mean square of the inputs is limited and no peak is: an upper bound of this channel's at ``peak ** 2``."""
        return 0.5 * math.log2(1.0 + power / self.deviation**2)


def binary_symmetric(error: float) -> TextbookChannel:
    """Two values that are read as the other one with probability `error`."""
    return symmetric(2, error, name="binary-symmetric")


def symmetric(count: int, error: float, *, name: str = "symmetric") -> TextbookChannel:
    """`count` values; with probability `error` another one is read, each as likely."""
    if count < 2:
        raise reject(InputError, f"channel {name}", "values", count, ">= 2")
    _check_share(name, "error", error)
    matrix = np.full((count, count), error / (count - 1))
    np.fill_diagonal(matrix, 1.0 - error)
    return _textbook(name, np.arange(float(count)), matrix, math.log2(count) - _entropy(error) - error * math.log2(count - 1))


def binary_erasure(erasure: float) -> TextbookChannel:
    """Two values, 0 and 1; with probability `erasure` the read is lost and gives one half."""
    _check_share("binary-erasure", "erasure", erasure)
    matrix = np.array([[1.0 - erasure, erasure, 0.0], [0.0, erasure, 1.0 - erasure]])
    return _textbook("binary-erasure", np.array([0.0, 0.5, 1.0]), matrix, 1.0 - erasure)


def z_channel(error: float) -> TextbookChannel:
    """Two values: 0 is read as it is, 1 is read as 0 with probability `error`."""
    _check_share("z", "error", error)
    bits = 0.0 if error == 1.0 else math.log2(1.0 + (1.0 - error) * error ** (error / (1.0 - error)))
    return _textbook("z", np.array([0.0, 1.0]), np.array([[1.0, 0.0], [error, 1.0 - error]]), bits)


def _textbook(name: str, outputs: Array, matrix: Array, bits: float) -> TextbookChannel:
    axis = Axis(name="value", unit="1", least=float(outputs[0]), most=float(outputs[-1]))
    inputs = outputs[[0, -1]] if len(matrix) == 2 else outputs
    return TextbookChannel(name=name, written=axis, read=axis, inputs=inputs, outputs=outputs, matrix=matrix, bits=bits)


def _check_share(name: str, what: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise reject(InputError, f"channel {name}", what, value, "within 0..1")


def _entropy(share: float) -> float:
    return -sum(each * math.log2(each) for each in (share, 1.0 - share) if each > 0.0)
