"""`Channel`: the protocol of everything that stores a value and gives it back changed, and `Discretized`, a channel as a matrix.

Not here: the channels themselves (one module each), and what a code makes of them (`cosim.coding`).
"""

import contextlib
import math
import warnings
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from cosim._types import Array
from cosim.errors import InputError, reject

MOST_CELLS = 20_000_000  # of a matrix: inputs times bins
ROW_ERROR = 1e-9  # of a sum of probabilities that must be one


class ChannelWarning(UserWarning):
    """A result of a channel stands, but not without a word."""


class DelayWarning(ChannelWarning):
    """A channel is asked for a delay outside of the range that it was measured or fitted in."""


class ReadsWarning(ChannelWarning):
    """A few reads of a table spoil the grid of all."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A quantity that is written or read.

    Attributes:
        name: in the words of the field ("word-line voltage").
        unit: SI unit, ``1`` for a pure number.
        least, most: what may be written, or where reads lie; reads may be outside.
        scale: how figures draw it.
    """

    name: str
    unit: str
    least: float
    most: float
    scale: Literal["linear", "log"] = "linear"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.least) and math.isfinite(self.most) and self.least < self.most):
            raise InputError(f"axis {self.name}: {self.least:g}..{self.most:g} must be finite and rise")


@runtime_checkable
class Channel(Protocol):
    """What stores a value: written once, read after a delay.

    Attributes:
        name: by which `cosim.channels.named` finds it, or the file that it came from.
        written, read: the two quantities.
        delays: shortest and longest delay that the law was measured or fitted for [s]; ``(0, inf)`` if it holds at any, ``(0, 0)`` if it has no time.
    """

    @property
    def name(self) -> str: ...

    @property
    def written(self) -> Axis: ...

    @property
    def read(self) -> Axis: ...

    @property
    def delays(self) -> tuple[float, float]: ...

    def sample(self, written: Array, *, delay: float = 0.0, rng: np.random.Generator) -> Array:
        """One read of each write: ``(...)`` in units of `read`, for ``(...)`` `written`."""

    def transition(self, inputs: Array, edges: Array, *, delay: float = 0.0) -> Array:
        """``(levels, bins)`` probabilities of the read bins, for ``(levels,)`` inputs; every row sums to one.

        ``edges`` ``(bins + 1,)`` rise; the first is ``-inf`` and the last ``inf``, so that nothing is left out.
        """

    def energy(self, written: Array) -> Array:
        """``(...)`` energy of writing each [J].

        Raises:
            InputError: the channel has none.
        """

    def levels(self, count: int | None = None) -> Array:
        """``(levels,)`` inputs that represent the range: `count` of them, or those that the channel was measured at."""

    def edges(self, bins: int, *, delay: float = 0.0) -> Array:
        """``(bins + 1,)`` edges for `transition` that resolve the reads at this delay."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Discretized:
    """A channel with finitely many inputs and outputs.

    Attributes:
        name: of the channel.
        written, read: the two quantities.
        inputs: ``(levels,)``.
        edges: ``(bins + 1,)``, the outer ones infinite.
        matrix: ``(levels, bins)``, rows sum to one.
        delay: between write and read [s].
    """

    name: str
    written: Axis
    read: Axis
    inputs: Array
    edges: Array
    matrix: Array
    delay: float = 0.0

    @property
    def centers(self) -> Array:
        """``(bins,)`` a value of the read quantity in each bin: the middle; an outer bin is given the width of its neighbor."""
        inner = self.edges[1:-1]
        if len(inner) < 2:
            return np.linspace(self.read.least, self.read.most, len(self.edges) - 1)
        return np.concatenate([[1.5 * inner[0] - 0.5 * inner[1]], (inner[1:] + inner[:-1]) / 2.0, [1.5 * inner[-1] - 0.5 * inner[-2]]])


def discretize(channel: Channel, *, levels: int | Array | None = None, bins: int = 1000, delay: float = 0.0, strict: bool = False) -> Discretized:
    """A channel as a matrix.

    Args:
        channel: any.
        levels: how many inputs, or ``(levels,)`` the inputs; None for those of the channel.
        bins: of the reads; fewer bins never give a larger capacity.
        delay: between write and read [s].
        strict: refuse a delay outside of the range of the channel.

    Raises:
        InputError: too few levels or bins, too many of both together, an input out of range, a delay that `check_delay` refuses.
    """
    check_delay(channel, delay, strict=strict)
    if bins < 2:
        raise reject(InputError, f"channel {channel.name}", "bins", bins, ">= 2")
    if isinstance(levels, int):
        _check_size(channel, levels, bins)
    inputs = channel.levels(levels) if levels is None or isinstance(levels, int) else np.asarray(levels, dtype=float)
    if inputs.ndim != 1 or len(inputs) < 2:
        raise reject(InputError, f"channel {channel.name}", "levels", inputs.size, ">= 2")
    _check_size(channel, len(inputs), bins)
    check_inputs(channel, inputs)
    edges = channel.edges(bins, delay=delay)
    matrix = channel.transition(inputs, edges, delay=delay)
    check_matrix(matrix, where=f"channel {channel.name}")
    return Discretized(name=channel.name, written=channel.written, read=channel.read, inputs=inputs, edges=edges, matrix=matrix, delay=delay)


def refined(channel: Channel, coarse: Discretized) -> Discretized | None:
    """The channel on a grid twice as fine: twice the bins, and levels in between unless they are those that it was measured at, or all that it has.

    Returns:
        None where the matrix would be too large.
    """
    inputs, bins = coarse.inputs, 2 * (len(coarse.edges) - 1)
    own = getattr(channel, "inputs", None)
    if own is None or not np.array_equal(own, inputs):
        with contextlib.suppress(InputError):  # it has no more
            inputs = channel.levels(2 * len(inputs) - 1)
    if len(inputs) * bins > MOST_CELLS:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DelayWarning)  # said of the coarse one
        return discretize(channel, levels=inputs, bins=bins, delay=coarse.delay)


def _check_size(channel: Channel, levels: int, bins: int) -> None:
    if levels * bins > MOST_CELLS:
        raise reject(InputError, f"channel {channel.name}", "levels x bins", f"{levels} x {bins}", f"at most {MOST_CELLS:g} cells")


def check_delay(channel: Channel, delay: float, *, strict: bool = False) -> None:
    """Refuse a delay that is no time; warn of one outside of the range that the channel is known in, or refuse it too.

    Raises:
        InputError: it is negative or not finite; or, with `strict`, outside of the range.
    """
    where, (least, most) = f"channel {channel.name}", channel.delays
    if not (math.isfinite(delay) and delay >= 0.0):
        raise reject(InputError, where, "delay", delay, "finite and >= 0 s")
    if least <= delay <= most:
        return
    allowed = f"within {least:g}..{most:g} s, where it was measured or fitted" if most > least else f"{least:g} s, its only one"
    if strict:
        raise reject(InputError, where, "delay", delay, allowed)
    warnings.warn(f"{where}, delay={delay:g}: is not {allowed}; the law is continued", DelayWarning, stacklevel=2)


def check_inputs(channel: Channel, inputs: Array) -> None:
    """Refuse inputs that cannot be written.

    Raises:
        InputError: one is not finite, or outside of the range.
    """
    written, slack = channel.written, 1e-9 * (channel.written.most - channel.written.least)
    for value in np.ravel(inputs):
        if not written.least - slack <= value <= written.most + slack:
            raise reject(InputError, f"channel {channel.name}", written.name, float(value), f"within {written.least:g}..{written.most:g} {written.unit}")


def check_matrix(matrix: Array, *, where: str) -> None:
    """Refuse what is no matrix of transition probabilities ``(levels, bins)``.

    Raises:
        InputError: a wrong shape, an entry that is negative or no number, a row that does not sum to one.
    """
    if np.ndim(matrix) != 2 or min(np.shape(matrix)) < 1:
        raise reject(InputError, where, "shape of the transition matrix", np.shape(matrix), "(levels, bins)")
    bad = ~np.isfinite(matrix) | (matrix < 0.0)
    if np.any(bad):
        row, column = (int(each[0]) for each in np.nonzero(bad))
        raise reject(InputError, where, f"transition[{row}, {column}]", float(matrix[row, column]), "a probability")
    off = np.abs(np.sum(matrix, axis=1) - 1.0)
    if np.max(off) > ROW_ERROR:
        row = int(np.argmax(off))
        raise reject(InputError, where, f"sum of transition[{row}]", float(np.sum(matrix[row])), "1")
