"""What a channel holds and how well a Gaussian sample is stored in it: every figure of Zarcone 2020 that needs a channel only.

Not here: which channel (`pcm`, `surrogate`), what it costs (`energy`).
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.channels.channel import Channel, Discretized, discretize
from cosim.channels.gaussian import GaussianChannel
from cosim.channels.measured import MeasuredChannel
from cosim.coding.capacity import capacity
from cosim.coding.coarse import design_coarse
from cosim.coding.equiprobable import equiprobable_sets, support_used_equally
from cosim.coding.gaussians import GaussiansCode, Training, design_gaussians, design_on_surrogate
from cosim.coding.information import mutual_information
from cosim.coding.opta import opta
from cosim.coding.scalar import design_scalar
from cosim.coding.sources import gaussian
from cosim.coding.states import StateCapacity, state_table
from cosim.design import StorageSection
from cosim.errors import InputError
from cosim.studies.channels.theory import gap
from cosim.sweep.lab import Lab

FINE = 1000  # inputs and bins of the grid that write levels are counted on, as in the paper; inputs only where the channel has as many
USED = 1e-3  # of the writes: a level that is used less is not counted
COUNTS = (4, 5, 6, 8, 9, 12, 13, 14, 16)  # of equiprobable levels
SAMPLES = 20_000  # of the Monte Carlo run behind the scatter
BEHIND = 0.1  # dB below the code trained on moments at which training on the channel itself goes on, and gain at which that is done
TRAININGS, SLOWER = 4, 10.0  # more, at most; their first step is so many times smaller, as larger ones leave what was reached
SEARCH, SETS, SCALAR, WEIGHTS, SCATTER, COARSE = 1, 2, 3, 4, 5, 10  # last words of the seeds
VERSIONS = {"bound": 1, "states": 1, "sets": 1, "scalar": 2, "coarse": 1, "gaussians": 2}  # raised when a computation changes


@dataclass(frozen=True, kw_only=True, eq=False)
class Bound:
    """A capacity between what a distribution reaches and what none exceeds [bits a device], and that distribution.

    Attributes:
        bits, upper: the two.
        inputs, distribution: ``(levels,)``.
    """

    bits: float
    upper: float
    inputs: Array
    distribution: Array

    @property
    def used(self) -> Array:
        """Rows of the inputs that are written in more than `USED` of all cases."""
        return np.flatnonzero(self.distribution > USED)


@dataclass(frozen=True, kw_only=True, eq=False)
class States:
    """Capacity against the number of states: ``bits[i, j]`` with ``writes[i]`` write and ``reads[j]`` read states."""

    writes: tuple[int, ...]
    reads: tuple[int, ...]
    bits: Array

    def at(self, writes: int, reads: int) -> float:
        """With so many states [bits]."""
        return float(self.bits[self.writes.index(writes), self.reads.index(reads)])


@dataclass(frozen=True, kw_only=True, eq=False)
class Equal:
    """Levels that are written equally often: ``bits`` of the best sets of ``counts`` levels, and `support` when those of the optimum are used so [bits]."""

    counts: tuple[int, ...]
    bits: Array
    support: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Code:
    """A code for one Gaussian sample a device.

    Attributes:
        samples, written: ``(points,)`` the encoder: what is written for a sample.
        centers, decoded: ``(bins,)`` the decoder: what a read is taken for.
        distribution: ``(levels,)`` how often each input is written.
        snr: on the channel, exact [dB].
        best_decoder_snr: of this encoder with the best decoder [dB].
        information: between what is written and what is read [bits].
        converged: False if its training still gained more than `BEHIND` when it was stopped.
    """

    samples: Array
    written: Array
    centers: Array
    decoded: Array
    distribution: Array
    snr: float
    best_decoder_snr: float
    information: float
    converged: bool = True

    @property
    def levels(self) -> int:
        """How many inputs are written at all."""
        return int(np.count_nonzero(self.distribution > 0.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class CoarseCode:
    """A scalar code through converters of few bits.

    Attributes:
        snr: on the channel, exact [dB].
        writes, reads: write levels and read intervals that the converters have; the code may use fewer.
        thresholds: ``(cells - 1,)`` between the cells of the source, in deviations.
        written: ``(cells,)`` the input that is written in each.
        edges: ``(intervals + 1,)`` of the reads, the outer ones infinite.
        decoded: ``(intervals,)`` what a read in each is taken for.
    """

    snr: float
    writes: int
    reads: int
    thresholds: Array
    written: Array
    edges: Array
    decoded: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Stored:
    """A channel and what can be stored in it.

    Attributes:
        matrix: the channel, at the delay of the design or the shortest one that the channel has.
        capacity: of `matrix`.
        fine: with `FINE` inputs and bins, where write levels are counted; the channel's own inputs if it has no more.
        states, equal: fewer states, equal probabilities.
        opta: signal-to-noise ratio that no code for one Gaussian sample a device exceeds [dB].
        scalar, coarse: the best scalar code, and that for the converters of the design.
        smooth: sums of Gaussians: "exact" trained on the channel, "surrogate" on its moments as in the paper.
        samples, recalled: ``(samples,)`` a Monte Carlo run through the scalar code; `recalled_smooth` the same samples through the smooth code.
    """

    matrix: Discretized
    capacity: Bound
    fine: Bound
    states: States
    equal: Equal
    opta: float
    scalar: Code
    coarse: CoarseCode
    smooth: Mapping[str, Code]
    samples: Array
    recalled: Array
    recalled_smooth: Array


def store_in(channel: Channel, plan: StorageSection, lab: Lab, *, seed: int) -> Stored:
    """Everything about one channel; what was computed before is taken from the store.

    Args:
        channel: any.
        plan: after which delay, how finely, how many states, starts and Gaussians.
        lab: with a store, or none.
        seed: of all draws.
    """
    delay = max(plan.delay, channel.delays[0])
    matrix = discretize(channel, bins=plan.bins, delay=delay)
    found = bound(matrix, lab)
    scalar = scalar_code(matrix, plan, lab, seed=seed)
    smooth = smooth_codes(matrix, channel, plan, lab, seed=seed)
    samples, recalled, recalled_smooth = _recall(matrix, scalar, smooth["exact"], seed)
    return Stored(
        matrix=matrix,
        capacity=found,
        fine=bound(discretize(channel, levels=_most_levels(channel), bins=FINE, delay=delay), lab),
        states=_states(matrix, plan, lab, seed),
        equal=_equal(matrix, lab, seed),
        opta=float(opta(found.upper)),
        scalar=scalar,
        coarse=coarse_code(matrix, plan, lab, seed=seed),
        smooth=smooth,
        samples=samples,
        recalled=recalled,
        recalled_smooth=recalled_smooth,
    )


def _most_levels(channel: Channel) -> int | None:
    """`FINE`, or None where the channel has fewer inputs."""
    try:
        channel.levels(FINE)
    except InputError:
        return None
    return FINE


def bound(matrix: Discretized, lab: Lab) -> Bound:
    """The capacity of a channel, certified."""

    def compute() -> dict[str, Array]:
        found = capacity(matrix.matrix)
        return {"bits": np.array(found.bits), "upper": np.array(found.upper), "distribution": found.distribution}

    known = lab.remember("storage capacity", VERSIONS["bound"], [digest(matrix)], compute)
    return Bound(bits=float(known["bits"]), upper=float(known["upper"]), inputs=matrix.inputs, distribution=known["distribution"])


def certified_gap(matrix: Discretized, found: Bound) -> float:
    """Distance of a capacity from mutual information or bound, whichever is farther, both computed anew from its distribution [bits]."""
    off = found.bits - mutual_information(matrix.matrix, found.distribution)
    return max(gap(matrix.matrix, found.distribution) - off, abs(off))


def digest(matrix: Discretized) -> str:
    """sha256 of inputs, edges and probabilities, to the last bit."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(each).tobytes() for each in (matrix.inputs, matrix.edges, matrix.matrix))).hexdigest()


def _states(matrix: Discretized, plan: StorageSection, lab: Lab, seed: int) -> States:
    writes, reads = (tuple(int(each) for each in numbers) for numbers in (plan.writes, plan.reads))
    done, cells = [0], len(writes) * len(reads)

    def count(_: StateCapacity) -> None:
        done[0] += 1
        if lab.progress is not None:
            lab.progress(done[0], cells)

    def compute() -> dict[str, Array]:
        found = state_table(matrix.matrix, writes=writes, reads=reads, rng=np.random.default_rng([seed, SEARCH]), progress=count)
        return {"bits": np.array([each.bits for each in found]).reshape(len(writes), len(reads))}

    known = lab.remember("storage states", VERSIONS["states"], [digest(matrix), writes, reads, seed], compute)
    return States(writes=writes, reads=reads, bits=known["bits"])


def _equal(matrix: Discretized, lab: Lab, seed: int) -> Equal:
    counts = tuple(each for each in COUNTS if each <= len(matrix.inputs))

    def compute() -> dict[str, Array]:
        sets = equiprobable_sets(matrix.matrix, counts, np.random.default_rng([seed, SETS]))
        return {"bits": np.array([each.bits for each in sets]), "support": np.array(support_used_equally(matrix.matrix, least=USED).bits)}

    known = lab.remember("storage equiprobable", VERSIONS["sets"], [digest(matrix), counts, USED, seed], compute)
    return Equal(counts=counts, bits=known["bits"], support=float(known["support"]))


def scalar_code(matrix: Discretized, plan: StorageSection, lab: Lab, *, seed: int) -> Code:
    """The best scalar code for a Gaussian sample a device."""
    grid = _grid()

    def compute() -> dict[str, Array]:
        made = design_scalar(matrix.matrix, gaussian(), rng=np.random.default_rng([seed, SCALAR]), starts=plan.starts)
        numbers = {"snr": made.snr, "best_decoder_snr": made.snr, "information": made.information, "converged": True}
        return {
            "written": matrix.inputs[made.encode(grid)],
            "decoded": made.reconstruction,
            "distribution": made.distribution,
            **{name: np.array(value) for name, value in numbers.items()},
        }

    return _code(matrix, lab.remember("storage scalar", VERSIONS["scalar"], [digest(matrix), plan.starts, seed], compute))


def coarse_code(matrix: Discretized, plan: StorageSection, lab: Lab, *, seed: int) -> CoarseCode:
    """The best scalar code that converters of the design can do: as many write levels and read intervals as they have codes."""
    states = 2**plan.converter_bits

    def compute() -> dict[str, Array]:
        made = design_coarse(matrix.matrix, gaussian(), writes=states, reads=states, rng=np.random.default_rng([seed, COARSE]))
        return {
            "snr": np.array(made.snr),
            "thresholds": made.thresholds,
            "written": matrix.inputs[made.levels],
            "edges": matrix.edges[made.edges],
            "decoded": made.reconstruction,
        }

    known = lab.remember("storage coarse", VERSIONS["coarse"], [digest(matrix), states, seed], compute)
    arrays = {name: known[name] for name in ("thresholds", "written", "edges", "decoded")}
    return CoarseCode(snr=float(known["snr"]), writes=states, reads=states, **arrays)


def smooth_codes(matrix: Discretized, channel: Channel, plan: StorageSection, lab: Lab, *, seed: int) -> dict[str, Code]:
    """Sums of Gaussians: "surrogate" trained on the moments of the channel, "exact" on the channel itself.

    Where "exact" ends more than `BEHIND` below "surrogate", it is trained on from there, until that gains no more than `BEHIND`.
    """
    training, (means, deviations) = Training(kernels=plan.centers), moments_of(channel, matrix)
    arrays = {"inputs": matrix.inputs, "outputs": matrix.centers, "training": training}

    def compute() -> dict[str, Array]:
        rng = np.random.default_rng([seed, WEIGHTS])
        surrogate = design_on_surrogate(matrix.matrix, gaussian(), means=means, deviations=deviations, rng=rng, **arrays)
        exact, converged = design_gaussians(matrix.matrix, gaussian(), **arrays), True
        if exact.snr < surrogate.snr - BEHIND:
            slower = {**arrays, "training": replace(training, rate=training.rate / SLOWER)}
            exact, converged = _trained_on(surrogate, lambda start: design_gaussians(matrix.matrix, gaussian(), start=start, **slower))
        made = {"exact": _parts(matrix, exact, converged), "surrogate": _parts(matrix, surrogate, True)}
        return {f"{name}.{part}": value for name, code in made.items() for part, value in code.items()}

    known = lab.remember("storage gaussians", VERSIONS["gaussians"], [digest(matrix), training, means, deviations, seed], compute)
    return {name: _code(matrix, {part.split(".")[1]: known[part] for part in known if part.startswith(f"{name}.")}) for name in ("exact", "surrogate")}


def _trained_on(code: GaussiansCode, train: Callable[[GaussiansCode], GaussiansCode]) -> tuple[GaussiansCode, bool]:
    """`code` trained again and again, and whether the last training gained no more than `BEHIND`."""
    for _ in range(TRAININGS):
        better = train(code)
        gain, code = better.snr - code.snr, max(code, better, key=lambda each: each.snr)
        if gain <= BEHIND:
            return code, True
    return code, False


def _parts(matrix: Discretized, made: GaussiansCode, converged: bool) -> dict[str, Array]:
    """What is kept of a smooth code."""
    return {
        "written": made.encode(_grid()),
        "decoded": made.decode(matrix.centers),
        "distribution": made.distribution,
        "snr": np.array(made.snr),
        "best_decoder_snr": np.array(made.best_decoder_snr),
        "information": np.array(mutual_information(matrix.matrix, made.distribution)),
        "converged": np.array(converged),
    }


def _code(matrix: Discretized, known: Mapping[str, Array]) -> Code:
    arrays = {name: known[name] for name in ("written", "decoded", "distribution")}
    numbers = {name: float(known[name]) for name in ("snr", "best_decoder_snr", "information")}
    return Code(samples=_grid(), centers=matrix.centers, converged=bool(known["converged"]), **arrays, **numbers)


def _grid() -> Array:
    """Samples that encoders are kept at, in deviations."""
    return np.linspace(-4.0, 4.0, 8001)


def moments_of(channel: Channel, matrix: Discretized) -> tuple[Array, Array]:
    """``(levels,)`` mean and deviation of the reads, those of the measurements where there are any."""
    if isinstance(channel, MeasuredChannel):
        return channel.moments(delay=matrix.delay)
    if isinstance(channel, GaussianChannel):
        return channel.means, channel.deviations
    means = matrix.matrix @ matrix.centers
    return means, np.sqrt(np.maximum(matrix.matrix @ matrix.centers**2 - means**2, 0.0))


def _recall(matrix: Discretized, scalar: Code, smooth: Code, seed: int) -> tuple[Array, Array, Array]:
    """Samples, written and read one by one through both codes."""
    rng = np.random.default_rng([seed, SCATTER])
    samples = np.clip(rng.standard_normal(SAMPLES), scalar.samples[0], scalar.samples[-1])
    return samples, *(_through(matrix, code, samples, rng) for code in (scalar, smooth))


def _through(matrix: Discretized, code: Code, samples: Array, rng: np.random.Generator) -> Array:
    """What comes back: the inputs between two levels are written as one of them, in proportion."""
    written = np.interp(samples, code.samples, code.written) if np.unique(code.written).size > len(matrix.inputs) else _stepped(code, samples)
    low = np.clip(np.searchsorted(matrix.inputs, written, side="right") - 1, 0, len(matrix.inputs) - 2)
    share = (written - matrix.inputs[low]) / (matrix.inputs[low + 1] - matrix.inputs[low])
    level = low + (rng.random(len(samples)) < share)
    sums, drawn = np.cumsum(matrix.matrix, axis=1), rng.random(len(samples))
    read = np.empty(len(samples), dtype=int)
    for each in np.unique(level):
        here = level == each
        read[here] = np.searchsorted(sums[each], drawn[here])
    return code.decoded[np.minimum(read, len(code.decoded) - 1)]


def _stepped(code: Code, samples: Array) -> Array:
    """The input of the nearest sample of the encoder's grid: a scalar code has steps, which must not be interpolated."""
    step = code.samples[1] - code.samples[0]
    return code.written[np.rint((samples - code.samples[0]) / step).astype(int)]
