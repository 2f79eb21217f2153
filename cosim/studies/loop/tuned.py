"""Run the study of the tuned array: every weight of the network written by simulated pulses, then images through its circuit.

Beside it stand the ideal mapping of the same network (the whole window of the device, no wires, no errors), and the shortcut that most simulators take: the
target plus a Gaussian error as wide as the band. What the shortcut is worth is measured against arrays that the twin tunes, on the same targets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.cells import LENGTH
from cosim.circuits.neuron.card import NeuronCard, load_neuron
from cosim.circuits.neuron.unit import CELL_W_OVER_L, SPIKE_HEIGHT, Parts
from cosim.claims import Claim, Requirement, at_least, at_most
from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.chip import Chip, map_network
from cosim.codesign.network.grids import FastMembranes
from cosim.codesign.network.inference import Hardware
from cosim.codesign.network.mapping import MappingPlan, Window
from cosim.codesign.network.tuned import TunedChip, tune_chip
from cosim.codesign.tuning.arrays import audit
from cosim.design import Design
from cosim.errors import DesignError, reject
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork
from cosim.studies.lim2025.inference.points import run_images
from cosim.studies.lim2025.inference.study import parts_of
from cosim.studies.lim2025.inference.training import digest, first
from cosim.sweep.lab import Lab

VERSION = 1  # of the draws: raised when tuning or the model changes
ARRAY_DRAWS, TUNED_DRAWS, SHORTCUT_DRAWS, AUDIT_DRAWS = 710, 711, 712, 713  # last words of seeds
AUDITED = 40  # cells whose pulses the twin repeats
MORE_TIME = 1.35  # than the latest maximum of the model takes
STATED_IMAGES = 500  # that the claim on the accuracy asks for


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Of two means [points], the first less the second, with its 95 % interval and the p-value of no difference (Welch, two-sided)."""

    points: float
    low: float
    high: float
    p_value: float

    @classmethod
    def of(cls, one: Array, other: Array) -> "Difference":
        """Of accuracies ``(draws,)`` each."""
        from scipy.stats import ttest_ind

        points = 100.0 * float(one.mean() - other.mean())
        if np.ptp(one) == 0.0 == np.ptp(other):
            return cls(points=points, low=points, high=points, p_value=float("nan"))  # nothing that chance could be told from
        found = ttest_ind(100.0 * one, 100.0 * other, equal_var=False)
        interval = found.confidence_interval(0.95)
        return cls(points=points, low=float(interval.low), high=float(interval.high), p_value=float(found.pvalue))


@dataclass(frozen=True, kw_only=True, eq=False)
class TunedResult:
    """Everything that figures, tables and claims of the study read.

    Attributes:
        design: of cells, array, units and network.
        chip: the array, each pulse in SPICE.
        labels: ``(images,)``.
        ideal, tuned: ``(images,)`` classes in the circuit of the ideal mapping and of the tuned array; -1 where the run failed.
        network, model_ideal, model_tuned: accuracies on all test images: of the network as it was trained, and in the model of both chips.
        shortcut: ``(draws,)`` accuracies in the model of the targets with a Gaussian error as wide as the band.
        tuned_draws: ``(draws,)`` of arrays tuned by the twin, to the same targets.
        audited: ``(cells,)`` conductances by SPICE, and by the twin that repeats its pulses [S].
        seconds: of the runs of images [s].
    """

    design: Design
    chip: TunedChip
    labels: Array
    ideal: Array
    tuned: Array
    network: float
    model_ideal: float
    model_tuned: float
    shortcut: Array
    tuned_draws: Array
    audited: tuple[Array, Array]
    seconds: float

    @property
    def done(self) -> Array:
        """``(images,)`` whether both runs passed."""
        return np.asarray((self.ideal >= 0) & (self.tuned >= 0))

    def accuracy(self, which: str) -> float:
        """In the circuit of the ``ideal`` mapping or of the ``tuned`` array, on the images whose runs passed; NaN if none did."""
        done = self.done
        return float(np.mean(getattr(self, which)[done] == self.labels[done])) if done.any() else float("nan")

    @property
    def audit(self) -> float:
        """Largest relative difference of a final conductance between SPICE and the twin."""
        ours, theirs = self.audited
        return float(np.max(np.abs(theirs / ours - 1.0)))

    @property
    def difference(self) -> Difference:
        """Accuracy that the shortcut gives, less that of arrays really tuned."""
        return Difference.of(self.shortcut, self.tuned_draws)

    @property
    def pulses(self) -> int:
        """Of the whole array."""
        return self.chip.pulses

    @property
    def time(self) -> float:
        """Writing the array, cell after cell [s]."""
        return self.chip.time

    @property
    def energy(self) -> float:
        """Drawn by all pulses [J]."""
        return self.chip.energy


@dataclass(frozen=True, kw_only=True, eq=False)
class _Task:
    """The network, where its weights are to go, and its test images in the model."""

    writer: Writer
    network: TrainedNetwork
    target: Array
    ready: FastMembranes
    labels: Array
    test_digest: str

    def accuracy(self, weights: Array) -> float:
        """In the model, on all test images."""
        return self.ready.accuracy(weights, self.labels)


def run(design: Design, lab: Lab) -> TunedResult:
    """The study of one design.

    Raises:
        DesignError: cells are tuned and read in different ways.
        DeviceError: more cells are stuck than [loop] allows.
        DataError: the set of images is not there, or a package to train with.
        Cancelled: Ctrl-C; what was computed is in the store.
    """
    card, parts, seed = load_neuron(design.network.variant), parts_of(design)["ideal"], design.run.seed
    check_read_path(design, card)
    writer = Writer.of(design, lab)
    (network,), _, test = first(design, lab)
    ready = FastMembranes.of(network, latency_times(test.pixels, network.encoding))
    target = writer.window.conductance(network.layers[0].plus)
    task = _Task(writer=writer, network=network, target=target, ready=ready, labels=test.labels, test_digest=digest(test))
    if design.loop.stuck_low or design.loop.stuck_high:  # the same cells by the twin, which finds too many of them in a second
        tune_chip(writer, target, rng=np.random.default_rng([seed, ARRAY_DRAWS]))
    chip = tune_chip(writer, target, rng=np.random.default_rng([seed, ARRAY_DRAWS]), in_spice=True)
    (ideal,) = map_network(network, parts.memristor, MappingPlan(), seed=seed, read_voltage=card.read_voltage)
    few = test.pick(test.stratified(min(design.loop.images, len(test))))
    ran = [
        run_images(_hardware(card, parts, each, wire_resistance=wires), network, few, lab, duration=long_enough(ready))
        for each, wires in ((ideal, 0.0), (chip.chip, design.network.wire_resistance))
    ]
    return TunedResult(
        design=design,
        chip=chip,
        labels=few.labels,
        ideal=ran[0].classes,
        tuned=ran[1].classes,
        network=task.accuracy(network.layers[0].plus),
        model_ideal=task.accuracy(ideal.weights),
        model_tuned=task.accuracy(chip.chip.weights),
        shortcut=shortcut_accuracies(task),
        tuned_draws=tuned_accuracies(task),
        audited=audit(chip.array, writer.twin, cells=AUDITED, rng=np.random.default_rng([seed, AUDIT_DRAWS])),
        seconds=sum(each.seconds for each in ran),
    )


def long_enough(ready: FastMembranes) -> float:
    """How long an image must run in the circuit [s]: until all membranes have had their maxima, which alone count, and more for the delay of units."""
    return MORE_TIME * ready.latest


def check_read_path(design: Design, card: NeuronCard) -> None:
    """Refuse cells that are tuned behind one transistor, voltage or wire and read behind another: it is one array.

    Raises:
        DesignError: names the value and what the units read with.
    """
    read = (
        ("[transistor]", "chosen", design.transistor.chosen, CELL_W_OVER_L, "W/L of the cells that units read"),
        ("[transistor]", "length", design.transistor.length, LENGTH, "channel length of the cells that units read [m]"),
        ("[supply]", "gate", design.supply.gate, SPIKE_HEIGHT, "height of the spikes on the gates of the cells [V]"),
        ("[cell]", "read_voltage", design.cell.read_voltage, card.read_voltage, f"read voltage of the unit {card.name} [V]"),
        ("[tuning]", "wire_resistance", design.tuning.wire_resistance, design.network.wire_resistance, "wire_resistance of [network]"),
    )
    for where, name, given, allowed, words in read:
        if given != allowed:
            raise reject(DesignError, where, name, given, f"{allowed:g}, {words}")


def shortcut_accuracies(task: _Task) -> Array:
    """``(draws,)`` in the model of the targets with a Gaussian error as wide as the band, within what the device reaches."""
    writer, band = task.writer, task.writer.controller.band
    whole = Window.of(writer.devices.memristor, writer.design.cell.read_voltage)

    def draw(rng: np.random.Generator) -> Array:
        found = task.target * (1.0 + band * rng.standard_normal(task.target.shape))
        return writer.window.weight(np.clip(found, whole.low, whole.high))

    return _accuracies(task, "shortcut", SHORTCUT_DRAWS, draw)


def tuned_accuracies(task: _Task) -> Array:
    """``(draws,)`` in the model of arrays that the twin tunes."""
    return _accuracies(task, "tuned", TUNED_DRAWS, lambda rng: tune_chip(task.writer, task.target, rng=rng).chip.weights)


def _accuracies(task: _Task, name: str, number: int, weights: Callable[[np.random.Generator], Array]) -> Array:
    """Of arrays that are drawn, from the store if they were drawn before."""
    writer, loop, lab = task.writer, task.writer.design.loop, task.writer.lab
    network = task.network

    def compute() -> Mapping[str, Array]:
        found = []
        for index in range(loop.draws):
            found.append(task.accuracy(weights(np.random.default_rng([writer.design.run.seed, number, index]))))
            if lab.progress is not None:
                lab.progress(index + 1, loop.draws)
        return {"accuracy": np.array(found)}

    stuck = [loop.stuck_low, loop.stuck_high, loop.most_stuck]
    key = [*writer.key(), task.target, task.test_digest, network.encoding, network.duration, network.psp, number, loop.draws, *stuck]
    return lab.remember(f"{__name__}.{name}", VERSION, key, compute)["accuracy"]


def _hardware(card: NeuronCard, parts: Parts, chip: Chip, *, wire_resistance: float) -> Hardware:
    return Hardware(card=card, parts=parts, cells=chip.plus.cells, wire_resistance=wire_resistance)


def _claim(name: str, statement: str, must_be: Requirement, value: Callable[[TunedResult], float | None], *, unit: str) -> Claim:
    return Claim(id=f"loop.tuned.{name}", kind="prediction", source="ours", statement=statement, paper=None, unit=unit, must_be=must_be, value=value)


def _accuracy(result: TunedResult) -> float | None:
    return 100.0 * abs(result.accuracy("tuned") - result.accuracy("ideal")) if len(result.labels) >= STATED_IMAGES else None


CLAIMS = (
    _claim(
        "inside",
        "every weight written into a cell in SPICE, with device spread, read noise and wires: cells truly inside of the band",
        at_least(99.0),
        lambda result: 100.0 * result.chip.inside,
        unit="%",
    ),
    _claim(
        "accuracy",
        "the tuned array against the ideal mapping of the same network, both in the circuit, at least 500 test images: difference of the accuracies",
        at_most(1.0),
        _accuracy,
        unit="points",
    ),
    _claim(
        "audit",
        "the twin repeats every pulse of 40 cells that SPICE tuned: largest relative difference of a final conductance",
        at_most(1.0),
        lambda result: 100.0 * result.audit,
        unit="%",
    ),
    _claim(
        "shortcut",
        "target plus a Gaussian as wide as the band, less arrays really tuned: mean accuracies in the model, all test images",
        at_most(0.0),
        lambda result: result.difference.points,
        unit="points",
    ),
)
