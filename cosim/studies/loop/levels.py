"""Levels of weights designed on the measured channel, against equally spaced ones: tuned arrays, all test images in the model, some in the circuit.

Arrays come in pairs of equal devices and equal seeds of the noise, one for each kind; networks of several trainings have their own levels and as many pairs
each. The circuit is asked where it matters: on images that the two first arrays of a number of bits, of the first network, put into different classes in the
model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.layer import Cells
from cosim.claims import Claim, at_least, at_most
from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.gain import firing_rates
from cosim.codesign.network.grids import FastMembranes
from cosim.codesign.network.inference import Hardware
from cosim.codesign.network.levels import Kind, LevelDesign, LevelLaw, LevelTask, check_separable, designed_levels, uniform_levels
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

VERSION = 2  # of the computations
KINDS: tuple[Kind, ...] = ("uniform", "designed")
DEVICES, TUNING, AUDITED, ERRORS = 720, 721, 722, 723  # last words of the seeds
FIGURES = ("levels", "thresholds", "gain", "distortion", "loss")  # of a design that are stored
LEVEL, SIGNIFICANT = 0.95, 0.05  # of intervals, and of p-values
PREFIX, SOURCE = "loop.levels", "ours: levels, gain and thresholds from images of the training alone"


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelsAudit:
    """The first array of each kind in the circuit.

    Attributes:
        images: ``(images,)`` numbers of the test images.
        labels: ``(images,)``.
        differing: how many test images the two arrays put into different classes in the model; as many of them as fit are among the images.
        circuit, model: kind -> ``(images,)`` classes; -1 where a run failed.
        seconds: of the runs [s].
    """

    images: Array
    labels: Array
    differing: int
    circuit: Mapping[Kind, Array]
    model: Mapping[Kind, Array]
    seconds: float

    def right(self, where: str, kind: Kind) -> float:
        """Share of the images that ``circuit`` or ``model`` puts into the right class with the array of a kind, among those whose runs passed."""
        done = self.circuit[kind] >= 0
        return float(np.mean(getattr(self, where)[kind][done] == self.labels[done]))

    @property
    def agreement(self) -> tuple[int, int]:
        """On how many runs of both arrays circuit and model say the same class, and how many runs there were, those that failed among them."""
        return sum(int(np.sum(self.circuit[kind] == self.model[kind])) for kind in KINDS), len(KINDS) * len(self.images)


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelsRow:
    """One number of bits.

    Attributes:
        bits: of a weight.
        uniform, designed: the levels of the first network.
        accuracy: kind -> ``(draws,)`` of arrays in the model, on all test images; those of one network stand together.
        conductance: kind -> ``(draws, inputs, outputs)`` true conductances of the arrays of the first network [S].
        audit: in the circuit.
        networks: whose arrays these are.
    """

    bits: int
    uniform: LevelDesign
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
    def gain(self) -> float:
        """Its mean [points]."""
        return float(self.gained.mean())

    @property
    def p_value(self) -> float:
        """Two-sided, paired t test; 1 for arrays that do not differ, 0 for a difference that is the same in all pairs."""
        from scipy.stats import ttest_rel

        if np.ptp(self.gained) == 0.0:
            return 1.0 if self.gained[0] == 0.0 else 0.0
        return float(ttest_rel(self.accuracy["designed"], self.accuracy["uniform"]).pvalue)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the mean difference over all pairs of arrays [points]; the test images are the same for all."""
        return _interval(self.gained)

    @property
    def interval_of_networks(self) -> tuple[float, float]:
        """The same over the means of the networks, which differ more than the arrays of one: what to expect of another training; NaN for one network."""
        return _interval(self.gained.reshape(self.networks, -1).mean(axis=1))


def _interval(values: Array) -> tuple[float, float]:
    """95 % interval of the mean of ``(values,)``, by Student's t."""
    from scipy.stats import t

    if len(values) < 2:
        return float("nan"), float("nan")
    half = float(t.ppf(0.5 + LEVEL / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return float(values.mean()) - half, float(values.mean()) + half


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelsResult:
    """What was found: a row for each number of bits, and the accuracy of weights without levels that are exactly there, mean of the networks."""

    design: Design
    rows: Sequence[LevelsRow]
    analog: float

    @property
    def contested(self) -> tuple[int, int]:
        """Audited images that the circuit classes right with one kind of levels alone, all numbers of bits together: designed, uniform."""
        designed = uniform = 0
        for each in (row.audit for row in self.rows):
            done = (each.circuit["designed"] >= 0) & (each.circuit["uniform"] >= 0)
            right = {kind: (each.circuit[kind] == each.labels) & done for kind in KINDS}
            designed += int(np.sum(right["designed"] & ~right["uniform"]))
            uniform += int(np.sum(right["uniform"] & ~right["designed"]))
        return designed, uniform

    @property
    def circuit_p_value(self) -> float:
        """One-sided sign test of `contested`: how likely designed levels would be so far ahead in the circuit if neither kind were better."""
        from scipy.stats import binomtest

        designed, uniform = self.contested
        return float(binomtest(designed, designed + uniform, alternative="greater").pvalue) if designed + uniform else 1.0

    def row(self, bits: int) -> LevelsRow:
        """That of a number of bits; `KeyError` if there is none."""
        return {each.bits: each for each in self.rows}[bits]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bench:
    """What arrays of one network are written by and tried on."""

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
        known = [network.layers[0].plus, network.layers[0].taus, network.encoding, network.dt, network.duration, network.response]
        law = [self.law.targets, self.law.means, self.law.deviations]
        return [*self.writer.key(), digest(self.train), *known, *law, bits, self.number]


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
    """Both kinds, from images of the training alone."""

    def compute() -> dict[str, Array]:
        window, band = bench.writer.window, bench.writer.controller.band
        task = LevelTask.of(bench.network, bench.train, window=window, band=band, law=bench.law, rng=bench.rng(ERRORS))
        uniform = uniform_levels(task, bits)
        designed = designed_levels(task, bits, uniform=uniform, progress=bench.lab.progress)
        return {f"{each.kind}_{name}": np.asarray(getattr(each, name)) for each in (uniform, designed) for name in FIGURES}

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
        designed=made[0]["designed"],
        accuracy={kind: np.concatenate(each) for kind, each in found.items()},
        conductance={kind: each.conductance for kind, each in written[0].items()},
        audit=_audit(benches[0], written[0], bits),
        networks=len(benches),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Written:
    """Arrays of one kind: ``(draws, inputs, outputs)`` true conductances [S] and states, and the devices, draw by draw and row by row."""

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
    """All draws, tuned side by side by the twin; devices and seed of the noise are those of the other kind."""
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
    """The first draw of both kinds, on images that tell them apart as far as there are enough."""
    design, test = bench.design, bench.test
    classes = {kind: bench.ready.scores(bench.writer.window.weight(each.conductance[0])).argmax(axis=1) for kind, each in arrays.items()}
    differ = classes["uniform"] != classes["designed"]
    images = audited_images(differ, design.loop.audited, rng=np.random.default_rng([design.run.seed, AUDITED, bits]))
    card, parts = load_neuron(design.network.variant), parts_of(design)["ideal"]
    circuit, seconds = {}, 0.0
    for kind, each in arrays.items():
        hardware = Hardware(card=card, parts=parts, cells=each.cells(), wire_resistance=design.network.wire_resistance, seed=design.run.seed)
        found = run_images(hardware, bench.network, test.pick(images), bench.lab, duration=long_enough(bench.ready))
        circuit[kind], seconds = found.classes, seconds + found.seconds
    model = {kind: each[images] for kind, each in classes.items()}
    return LevelsAudit(images=images, labels=test.labels[images], differing=int(differ.sum()), circuit=circuit, model=model, seconds=seconds)


def audited_images(differ: Array, count: int, *, rng: np.random.Generator) -> Array:
    """``(images,)`` numbers, rising: drawn from those that differ ``(all images,)``, then from the others if these are too few."""
    order = rng.permutation(len(differ))
    first_those = np.concatenate([order[differ[order]], order[~differ[order]]])
    return np.sort(first_those[:count])


def _agreement(result: LevelsResult) -> float | None:
    equal, runs = np.sum([row.audit.agreement for row in result.rows], axis=0)
    return 100.0 * float(equal / runs)


def _largest_gain(result: LevelsResult) -> float:
    return max((row.gain for row in result.rows if row.p_value < SIGNIFICANT), default=0.0)


CLAIMS = (
    Claim(
        id=f"{PREFIX}.never_worse",
        kind="calibration",
        source=SOURCE,
        statement="designed against uniform levels of as many bits, 20 pairs of arrays of five networks: least upper end of the intervals of the difference",
        paper=None,
        unit="points",
        must_be=at_least(0.0),
        value=lambda result: min(row.interval[1] for row in result.rows),
    ),
    Claim(
        id=f"{PREFIX}.gain",
        kind="calibration",
        source=SOURCE,
        statement="designed over uniform levels, 20 pairs of arrays of five networks, since one was known: largest mean difference with p < .05",
        paper=None,
        unit="points",
        must_be=at_least(1.0),
        value=_largest_gain,
    ),
    Claim(
        id=f"{PREFIX}.circuit",
        kind="prediction",
        source=SOURCE,
        statement="images that the model puts into different classes with both kinds of levels: runs in the circuit with the class of the model",
        paper=None,
        unit="%",
        must_be=at_least(90.0),
        value=_agreement,
    ),
    Claim(
        id=f"{PREFIX}.circuit_ahead",
        kind="calibration",
        source=SOURCE,
        statement="the same images, right in the circuit with one kind of levels alone: one-sided sign test that designed ones are right more often, p",
        paper=None,
        unit="1",
        must_be=at_most(0.05),
        value=lambda result: result.circuit_p_value,
    ),
)
