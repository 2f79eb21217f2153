"""The points of a sweep: grids, lists, random plans and Latin hypercubes, and the seeds of whatever is drawn at a point.

Every draw comes from a child of one seed that is counted, as by `numpy.random.SeedSequence.spawn`: point k gets the same
numbers however many points there are, in whatever order they run, and after any interruption. A Latin hypercube alone is laid
as a whole: another number of points moves all of them.
Not here: what a quantity of that name means to a circuit (`cosim.codesign.sweeps`).
"""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from cosim._types import Array
from cosim.errors import InputError, reject
from cosim.params import Span

Axes = Mapping[str, Sequence[float] | Span]
Plan = list[dict[str, float]]
METHODS = ("grid", "list", "random", "latin_hypercube")
PLAN, DRAW = 0, 1  # streams of a seed: one for the points, one for what is drawn at them


def plan(method: str, axes: Axes, *, points: int, seed: int) -> Plan:
    """The points of a sweep.

    Args:
        method: one of `METHODS`.
        axes: name of the quantity -> its values, or a span.
        points: of a random plan and of a Latin hypercube; a grid and a list have as many as their axes say.
        seed: of the design.

    Returns:
        Name -> value for every point, in order; one empty point if there are no axes.

    Raises:
        InputError: an unknown method, `points` below 1, an empty axis, a grid over a span without points, or a list of axes of different lengths.
    """
    if method not in METHODS:
        raise reject(InputError, "plan", "method", method, " or ".join(METHODS))
    if points < 1:
        raise reject(InputError, "plan", "points", points, ">= 1")
    for name, axis in axes.items():
        if not isinstance(axis, Span) and len(axis) == 0:
            raise reject(InputError, "plan", name, "[]", "a list of at least one value")
    if not axes:
        return [{}]
    if method == "grid":
        return grid(axes)
    if method == "list":
        return listed(axes)
    uniform = latin_hypercube(points, len(axes), seed) if method == "latin_hypercube" else scattered(points, len(axes), seed)
    columns = {name: placed(axis, uniform[:, column]) for column, (name, axis) in enumerate(axes.items())}
    return [{name: float(values[index]) for name, values in columns.items()} for index in range(points)]


def grid(axes: Axes) -> Plan:
    """Every combination; the last axis moves fastest."""
    values = [_cut(name, axis) for name, axis in axes.items()]
    return [dict(zip(axes, point, strict=True)) for point in product(*values)]


def listed(axes: Axes) -> Plan:
    """The first value of every axis, the second of every axis, and so on."""
    for name, axis in axes.items():
        if isinstance(axis, Span):
            raise reject(InputError, "plan", name, axis, "a list of values")
    lengths = {name: len(axis) for name, axis in axes.items() if not isinstance(axis, Span)}
    if len(set(lengths.values())) > 1:
        raise reject(InputError, "plan", "lengths", ", ".join(f"{name} {length}" for name, length in lengths.items()), "equal in a list")
    rows = zip(*(axis for axis in axes.values() if not isinstance(axis, Span)), strict=True)
    return [dict(zip(axes, map(float, row), strict=True)) for row in rows]


def scattered(points: int, dimensions: int, seed: int) -> Array:
    """``(points, dimensions)`` independent uniform numbers in 0..1; a point keeps its numbers when there are more points."""
    return np.stack([generator(seed, PLAN, index).random(dimensions) for index in range(points)])


def latin_hypercube(points: int, dimensions: int, seed: int) -> Array:
    """``(points, dimensions)`` uniform numbers in 0..1; each of `points` equal strata of every dimension holds exactly one."""
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(dimensions, rng=generator(seed, PLAN)).random(points))


def placed(axis: Sequence[float] | Span, uniform: Array) -> Array:
    """Values of an axis at uniform numbers in 0..1: along a span, linear or logarithmic, or one of a list, each equally often."""
    if not isinstance(axis, Span):
        chosen = np.minimum((uniform * len(axis)).astype(int), len(axis) - 1)
        return np.asarray(axis, dtype=float)[chosen]
    if axis.scale == "log":
        return np.asarray(axis.low * (axis.high / axis.low) ** uniform)
    return np.asarray(axis.low + (axis.high - axis.low) * uniform)


def generator(seed: int, *place: int) -> np.random.Generator:
    """The random numbers of a place in a sweep: the child of `seed` that `spawn` gives last when it is asked for ``place[0] + 1``, and so on."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=place))


def _cut(name: str, axis: Sequence[float] | Span) -> list[float]:
    if not isinstance(axis, Span):
        return [float(each) for each in axis]
    if axis.points is None:
        raise reject(InputError, "plan", name, axis, "given points too in a grid")
    cut = np.geomspace if axis.scale == "log" else np.linspace
    return [float(f"{each:.12g}") for each in cut(axis.low, axis.high, axis.points)]  # 0.1, not 0.1 and a last bit
