"""Levels of weights designed on the measured channel, against equally spaced ones: tuned arrays, all test images in the model, some in the circuit.

Of each kind of levels (`cosim.codesign.network.levels`) there is an array of the same devices with the same seeds of the noise; networks of several trainings
have their own levels and as many arrays each. Arrays of one network share its levels and all of them the test images, so that intervals and p-values are over
the means of the networks. "searched" levels tell what levels bring from what the search of the gain brings.

The circuit is asked where it matters: on images that the first uniform and the first designed array of a number of bits, of the first network, put into
different classes in the model. Arrays of this stage have no stuck cells, whatever [loop] says of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.layer import Cells
from cosim.claims import Claim, at_least
from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.gain import firing_rates
from cosim.codesign.network.grids import FastMembranes
from cosim.codesign.network.inference import Hardware
from cosim.codesign.network.levels import (
    Kind,
    LevelDesign,
    LevelLaw,
    LevelTask,
    check_separable,
    designed_levels,
    search_constants,
    searched_levels,
    uniform_levels,
)
from cosim.codesign.network.mapping import quantized
from cosim.codesign.tuning.pulses import Lanes
from cosim.design import Design
from cosim.snn.data import Examples
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork
from cosim.studies.lim2025.inference.points import run_images
from cosim.studies.lim2025.inference.study import parts_of
from cosim.studies.lim2025.inference.training import digest, first
from cosim.studies.loop import channel
from cosim.studies.loop.tuned import long_enough
from cosim.sweep.lab import Lab

VERSION = 3  # of the computations
KINDS: tuple[Kind, ...] = ("uniform", "searched", "designed")
PAIR: tuple[Kind, ...] = ("uniform", "designed")  # in the circuit
DEVICES, TUNING, AUDITED, ERRORS = 720, 721, 722, 723  # last words of the seeds
FIGURES = ("levels", "thresholds", "gain", "distortion", "loss")  # of a design that are stored
LEVEL, SIGNIFICANT = 0.95, 0.05  # of intervals, and of p-values
NORMAL = 1.959964  # standard deviations on either side of a normal 95 % interval
PREFIX, SOURCE = "loop.levels", "ours: levels, gain and thresholds from images of the training alone"


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelsAudit:
    """The first uniform and the first designed array in the circuit.

    Attributes:
        images: ``(images,)`` numbers of the test images.
        labels: ``(images,)`` of them.
        differing: how many test images the two arrays put into different classes in the model; as many of them as fit are among the images.
        circuit: kind -> ``(images,)`` classes; -1 where a run failed.
        model: kind -> ``(images,)`` classes.
        seconds: of the runs [s].
        tests: how many test images there are.
    """

    images: Array
    labels: Array
    differing: int
    circuit: Mapping[Kind, Array]
    model: Mapping[Kind, Array]
    seconds: float
    tests: int

    @property
    def differ(self) -> Array:
        """``(images,)`` whether the model puts an image into different classes with the two arrays."""
        return np.asarray(self.model["uniform"] != self.model["designed"])

    def right(self, where: str, kind: Kind) -> float:
        """Share of the images that ``circuit`` or ``model`` puts into the right class with the array of a kind, among those whose runs passed."""
        done = self.circuit[kind] >= 0
        return float(np.mean(getattr(self, where)[kind][done] == self.labels[done]))

    @property
    def agreement(self) -> tuple[int, int]:
        """On images that differ: on how many runs circuit and model say the same class, and how many runs there were, those that failed among them."""
        return sum(int(np.sum((self.circuit[kind] == self.model[kind])[self.differ])) for kind in PAIR), len(PAIR) * int(self.differ.sum())

    @property
    def circuit_gain(self) -> tuple[float, float, float]:
        """Accuracy of the designed array over the uniform one on all test images [points], and its 95 % interval.

        From images that differ, whose runs passed: how much more of them the circuit classes right with the designed array, times the share of such images
        among the test images; the others bring nothing. Normal interval from the variance of the paired differences, NaN for fewer than two.
        """
        if not self.differing:
            return 0.0, 0.0, 0.0
        chosen = self.differ & np.all([self.circuit[kind] >= 0 for kind in PAIR], axis=0)
        more = np.diff([(self.circuit[kind] == self.labels)[chosen].astype(float) for kind in PAIR], axis=0)[0]
        points = 100.0 * self.differing / self.tests
        gain = points * float(more.mean()) if len(more) else float("nan")
        half = points * NORMAL * float(more.std(ddof=1)) / len(more) ** 0.5 if len(more) > 1 else float("nan")
        return gain, gain - half, gain + half


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelsRow:
    """One number of bits.

    Attributes:
        bits: of a weight.
        uniform: equal levels of the first network, gain by the accuracy.
        searched: equal levels of the first network, gain by the search of the designed ones.
        designed: levels of the first network that are designed.
        accuracy: kind -> ``(draws,)`` of arrays in the model, on all test images; those of one network stand together.
        conductance: kind -> ``(draws of a network, inputs, outputs)`` true conductances of the arrays of the first network [S].
        audit: in the circuit.
        networks: whose arrays these are.
    """

    bits: int
    uniform: LevelDesign
    searched: LevelDesign
    designed: LevelDesign
    accuracy: Mapping[Kind, Array]
    conductance: Mapping[Kind, Array]
    audit: LevelsAudit
    networks: int = 1

    @property
    def gained(self) -> Array:
        """``(draws,)`` accuracy of the designed levels over that of the uniform ones [points]."""
        return 100.0 * np.asarray(self.accuracy["designed"] - self.accuracy["uniform"])

    @property
    def over_searched(self) -> Array:
        """``(draws,)`` accuracy of the designed levels over that of equal ones whose gain was searched [points]: what the levels bring."""
        return 100.0 * np.asarray(self.accuracy["designed"] - self.accuracy["searched"])

    @property
    def gain(self) -> float:
        """Mean of `gained` [points]."""
        return float(self.gained.mean())

    @property
    def p_value(self) -> float:
        """Two-sided paired t test of the means of the networks; 1 where none differs, 0 where all differ by the same, NaN for one array."""
        from scipy.stats import ttest_1samp

        means = self._means
        if len(means) < 2:
            return float("nan")
        if np.ptp(means) == 0.0:
            return 1.0 if means[0] == 0.0 else 0.0
        return float(ttest_1samp(means, 0.0).pvalue)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of `gain` over the means of the networks [points]: what to expect of another training; over the arrays where there is one network."""
        return _interval(self._means)

    @property
    def circuit_gain(self) -> tuple[float, float, float]:
        """`LevelsAudit.circuit_gain` [points]: estimate, lower and upper end."""
        return self.audit.circuit_gain

    @property
    def _means(self) -> Array:
        """``(networks,)`` means of `gained`; ``(draws,)`` of one network."""
        return self.gained if self.networks == 1 else np.asarray(self.gained.reshape(self.networks, -1).mean(axis=1))


def _interval(values: Array) -> tuple[float, float]:
    """95 % interval of the mean of ``(values,)``, by Student's t."""
    from scipy.stats import t

    if len(values) < 2:
        return float("nan"), float("nan")
    half = float(t.ppf(0.5 + LEVEL / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return float(values.mean()) - half, float(values.mean()) + half


def holm(p_values: Array) -> Array:
    """``(tests,)`` p-values corrected for their number: the chance of one false alarm among all tests stays below what each is held against."""
    order = np.argsort(p_values)
    rising = np.maximum.accumulate(np.arange(len(order), 0, -1) * np.asarray(p_values)[order])
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(rising, 1.0)
    return corrected


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelsResult:
    """What was found.

    Attributes:
        design: as it was run.
        rows: one for each number of bits.
        analog: accuracy of weights without levels that are exactly there, mean of the networks.
    """

    design: Design
    rows: Sequence[LevelsRow]
    analog: float

    @property
    def p_values(self) -> dict[int, float]:
        """Bits -> p-value of the row, corrected over all numbers of bits (Holm)."""
        return dict(zip([row.bits for row in self.rows], holm(np.array([row.p_value for row in self.rows])).tolist(), strict=True))

    @property
    def best(self) -> LevelsRow:
        """The row with the largest mean gain."""
        return max(self.rows, key=lambda row: row.gain)

    @property
    def significant(self) -> LevelsRow | None:
        """The row with the largest mean gain among those that differ significantly after the correction; None without one."""
        p_values = self.p_values
        return max((row for row in self.rows if p_values[row.bits] < SIGNIFICANT), key=lambda row: row.gain, default=None)

    def row(self, bits: int) -> LevelsRow:
        """That of a number of bits; `KeyError` if there is none."""
        return {each.bits: each for each in self.rows}[bits]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bench:
    """What arrays of one network are written by and tried on.

    Attributes:
        writer: of the arrays.
        lab: with the store.
        network: whose weights are written.
        number: of the network.
        train: images that decide.
        test: images that arrays are tried on.
        law: of the channel.
        ready: the test images.
    """

    writer: Writer
    lab: Lab
    network: TrainedNetwork
    number: int
    train: Examples
    test: Examples
    law: LevelLaw
    ready: FastMembranes

    @property
    def design(self) -> Design:
        """With the memristor of [neuron]."""
        return self.writer.design

    @property
    def draws(self) -> int:
        """Arrays of each kind of levels."""
        return self.design.loop.draws // self.design.loop.networks

    def rng(self, purpose: int) -> np.random.Generator:
        """A source of draws that belongs to one purpose of one network."""
        return np.random.default_rng([self.design.run.seed, self.number, purpose])

    def accuracies(self, conductances: Array) -> Array:
        """``(draws,)`` of arrays ``(draws, inputs, outputs)`` [S]."""
        return np.array([self.ready.accuracy(self.writer.window.weight(each), self.test.labels) for each in conductances])

    def key(self, bits: int) -> list[object]:
        """What levels follow from, for the store."""
        network = self.network
        known = [network.layers[0].plus, network.psp, network.encoding, network.duration, network.readout]
        return [*self.writer.key(), digest(self.train), *known, self.law, *search_constants(), bits, self.number]


def run(design: Design, lab: Lab) -> LevelsResult:
    """The study of one design.

    Raises:
        DesignError: the band cannot tell as many levels apart as the bits ask for.
        DataError: the set of images is not there, or a package to train with.
        Cancelled: Ctrl-C; what was computed is in the store.
    """
    writer = Writer.of(design, lab)
    for bits in design.loop.bits:
        check_separable(int(bits), writer.window, writer.controller.band)
    networks, train, test = first(design, lab, networks=design.loop.networks)
    law = law_of(channel.run(design, lab))
    benches = []
    for number, network in enumerate(networks):
        ready = FastMembranes.of(network, latency_times(test.pixels, network.encoding))
        benches.append(_Bench(writer=writer, lab=lab, network=network, number=number, train=train, test=test, law=law, ready=ready))
    analog = [each.ready.accuracy(each.network.layers[0].plus, test.labels) for each in benches]
    return LevelsResult(design=design, rows=[_row(benches, int(bits)) for bits in design.loop.bits], analog=float(np.mean(analog)))


def law_of(measured: channel.ChannelResult) -> LevelLaw:
    """Mean and spread of the true conductances at each written level: an inference reads each cell in many noisy moments, all cells together."""
    cells = measured.cells
    return LevelLaw.of(cells.written, [cells.true[cells.level == level] for level in range(len(cells.written))])


def levels_of(bench: _Bench, bits: int) -> dict[Kind, LevelDesign]:
    """All kinds, from images of the training alone."""

    def compute() -> dict[str, Array]:
        window, band = bench.writer.window, bench.writer.controller.band
        task = LevelTask.of(bench.network, bench.train, window=window, band=band, law=bench.law, rng=bench.rng(ERRORS))
        uniform = uniform_levels(task, bits)
        searched = searched_levels(task, bits, uniform=uniform, progress=bench.lab.progress)
        designed = designed_levels(task, bits, equal=(uniform, searched), progress=bench.lab.progress)
        return {f"{each.kind}_{name}": np.asarray(getattr(each, name)) for each in (uniform, searched, designed) for name in FIGURES}

    arrays = bench.lab.remember(f"{__name__}.levels", VERSION, bench.key(bits), compute)
    return {kind: _design_of(arrays, kind, bits) for kind in KINDS}


def _design_of(arrays: Mapping[str, Array], kind: Kind, bits: int) -> LevelDesign:
    gain, distortion, loss = (float(arrays[f"{kind}_{name}"]) for name in ("gain", "distortion", "loss"))
    levels, thresholds = arrays[f"{kind}_levels"], arrays[f"{kind}_thresholds"]
    return LevelDesign(kind=kind, bits=bits, levels=levels, thresholds=thresholds, gain=gain, distortion=distortion, loss=loss)


def _row(benches: Sequence[_Bench], bits: int) -> LevelsRow:
    """One number of bits."""
    made = [levels_of(each, bits) for each in benches]
    written = [{kind: _written(bench, each) for kind, each in designs.items()} for bench, designs in zip(benches, made, strict=True)]
    found = {kind: [bench.accuracies(arrays[kind].conductance) for bench, arrays in zip(benches, written, strict=True)] for kind in KINDS}
    return LevelsRow(
        bits=bits,
        uniform=made[0]["uniform"],
        searched=made[0]["searched"],
        designed=made[0]["designed"],
        accuracy={kind: np.concatenate(each) for kind, each in found.items()},
        conductance={kind: each.conductance for kind, each in written[0].items()},
        audit=_audit(benches[0], written[0], bits),
        networks=len(benches),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Written:
    """Arrays of one kind.

    Attributes:
        conductance: ``(draws, inputs, outputs)`` true ones [S].
        state: ``(draws, inputs, outputs)`` of the filaments.
        lanes: the devices, draw by draw and row by row.
    """

    conductance: Array
    state: Array
    lanes: Lanes

    def cells(self) -> Cells:
        """Of the first draw."""
        states, count = self.state[0], self.state[0].size
        return Cells(
            states=np.clip(states, 0.0, 1.0),
            current_scale=self.lanes.current_scale[:count].reshape(states.shape),
            series_scale=self.lanes.series_scale[:count].reshape(states.shape),
        )


def _written(bench: _Bench, wanted: LevelDesign) -> _Written:
    """All draws, tuned side by side by the twin; devices and seed of the noise are those of the other kinds."""
    writer, draws, weights = bench.writer, bench.draws, bench.network.layers[0].plus
    inputs, outputs = weights.shape
    wire = 2.0 * bench.design.tuning.wire_resistance * np.repeat(np.arange(1, inputs + 1), outputs)
    lanes = writer.lanes(draws * weights.size, rng=bench.rng(DEVICES), wire=np.tile(wire, draws))

    def compute() -> dict[str, Array]:
        target = quantized(weights, writer.window, wanted.plan(firing_rates(bench.network, bench.train)))
        traces = writer.write(np.tile(target.ravel(), draws), lanes, rng=bench.rng(TUNING))
        return {name: getattr(traces, name).reshape(draws, inputs, outputs) for name in ("conductance", "state")}

    key = [*bench.key(wanted.bits), wanted.levels, wanted.thresholds, wanted.gain, draws]
    return _Written(**bench.lab.remember(f"{__name__}.written", VERSION, key, compute), lanes=lanes)


def _audit(bench: _Bench, arrays: Mapping[Kind, _Written], bits: int) -> LevelsAudit:
    """The first draws of `PAIR`, on images that tell them apart as far as there are enough."""
    design, test = bench.design, bench.test
    classes = {kind: bench.ready.scores(bench.writer.window.weight(arrays[kind].conductance[0])).argmax(axis=1) for kind in PAIR}
    differ = classes["uniform"] != classes["designed"]
    images = audited_images(differ, design.loop.audited, rng=np.random.default_rng([design.run.seed, AUDITED, bits]))
    card, parts = load_neuron(design.network.variant), parts_of(design)["ideal"]
    circuit, seconds = {}, 0.0
    for kind in PAIR:
        hardware = Hardware(card=card, parts=parts, cells=arrays[kind].cells(), wire_resistance=design.network.wire_resistance, seed=design.run.seed)
        found = run_images(hardware, bench.network, test.pick(images), bench.lab, duration=long_enough(bench.ready))
        circuit[kind], seconds = found.classes, seconds + found.seconds
    return LevelsAudit(
        images=images,
        labels=test.labels[images],
        differing=int(differ.sum()),
        circuit=circuit,
        model={kind: each[images] for kind, each in classes.items()},
        seconds=seconds,
        tests=len(test),
    )


def audited_images(differ: Array, count: int, *, rng: np.random.Generator) -> Array:
    """``(images,)`` numbers, rising: drawn from those that differ ``(all images,)``, then from the others if these are too few."""
    order = rng.permutation(len(differ))
    first_those = np.concatenate([order[differ[order]], order[~differ[order]]])
    return np.sort(first_those[:count])


def _agreement(result: LevelsResult) -> float | None:
    equal, runs = np.sum([row.audit.agreement for row in result.rows], axis=0)
    return 100.0 * float(equal / runs) if runs else None


def _gain(result: LevelsResult) -> float:
    row = result.significant
    return 0.0 if row is None else row.gain


def _gain_of_levels(result: LevelsResult) -> float | None:
    row = result.significant
    return None if row is None else float(row.over_searched.mean())


def _circuit_gain(result: LevelsResult) -> float | None:
    gain = result.best.circuit_gain[0]
    return None if np.isnan(gain) else gain


CLAIMS = (
    Claim(
        id=f"{PREFIX}.never_worse",
        kind="calibration",
        source=SOURCE,
        statement="designed less uniform levels of as many bits, accuracy of tuned arrays in the model on all test images: least mean difference of all widths",
        paper=None,
        unit="points",
        must_be=at_least(0.0),
        value=lambda result: min(row.gain for row in result.rows),
    ),
    Claim(
        id=f"{PREFIX}.gain",
        kind="calibration",
        source=SOURCE,
        statement="the same: largest mean difference of the widths whose p is below .05 (t test over the means of the networks, Holm over the widths), else 0",
        paper=None,
        unit="points",
        must_be=at_least(1.0),
        value=_gain,
    ),
    Claim(
        id=f"{PREFIX}.gain_of_levels",
        kind="calibration",
        source=SOURCE,
        statement="designed levels less equal ones whose gain is searched by the same loss, in the model, at the width of the gain: mean difference",
        paper=None,
        unit="points",
        must_be=at_least(0.0),
        value=_gain_of_levels,
    ),
    Claim(
        id=f"{PREFIX}.circuit_gain",
        kind="calibration",
        source=SOURCE,
        statement="designed less uniform levels in the circuit, one array each, at the width with the largest mean difference in the model: estimate from "
        "audited images that the model puts into different classes with both arrays",
        paper=None,
        unit="points",
        must_be=at_least(1.0),
        value=_circuit_gain,
    ),
    Claim(
        id=f"{PREFIX}.circuit",
        kind="prediction",
        source=SOURCE,
        statement="audited images that the model puts into different classes with both arrays: runs in the circuit with the class of the model",
        paper=None,
        unit="%",
        must_be=at_least(90.0),
        value=_agreement,
    ),
)
