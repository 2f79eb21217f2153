"""Run the inference study: training, all test images in the circuit, grids by the model with points of them in the circuit, error budget, yield, energy.

The circuit with ideal biases is that of the paper; what is built, with op-amps and mismatch, is in the budget and the yield. Grids are computed by the model
of each chip: the network with the conductances that the chip has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from cosim._types import Array
from cosim.circuits.corners import NOMINAL, Mismatch
from cosim.circuits.neuron.card import NeuronCard, load_neuron
from cosim.circuits.neuron.drive import ONE_SPIKE
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.budget import BudgetRow, Sources, Subject, budget
from cosim.codesign.network.check import Check, check
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.columns import Columns, column_scores, measure_columns, unit_response
from cosim.codesign.network.efficiency import Efficiency, active_conductance, inference_energy
from cosim.codesign.network.grids import Gains, Grid, NoiseCurve, NoiseGrid
from cosim.codesign.network.inference import Hardware
from cosim.codesign.network.mapping import MappingPlan
from cosim.codesign.network.noise import ReadNoisePlan
from cosim.codesign.network.sparse import Activity, hidden_sparsity, input_sparsity
from cosim.codesign.network.yields import ChipYield, chip_yield, goal_of
from cosim.codesign.neuron.bench import Run, respond
from cosim.codesign.neuron.energy import Energy, energy
from cosim.codesign.neuron.firing import THRESHOLD_SHARE
from cosim.datasets import available
from cosim.design import Design
from cosim.devices.memristor.card import load_memristor
from cosim.devices.mosfet import load_mosfet
from cosim.devices.opamp import load_opamp
from cosim.snn.data import Examples
from cosim.snn.encoding import LatencyCard, latency_times, sparsity
from cosim.snn.network import TrainedNetwork
from cosim.studies.lim2025.inference.grids import ANALOG, Grids
from cosim.studies.lim2025.inference.points import Point, Setting, run_images, run_points
from cosim.studies.lim2025.inference.training import Trained, digest, trained
from cosim.studies.lim2025.tuning.study import tuned_array
from cosim.sweep.lab import Lab

__all__ = ["ANALOG", "InferenceResult", "WholeChip", "run"]

VERSION = 1  # of the sparsities
SETS = ("optdigits", "mnist", "fashion")  # of the sparsity
WHOLE_CHIPS, WHOLE_IMAGES = 2, 25  # with mismatch, simulated whole


@dataclass(frozen=True, kw_only=True, eq=False)
class WholeChip:
    """A chip with drawn transistors, simulated whole on some images.

    Attributes:
        seed: of its draws.
        labels: ``(images,)``.
        superposed, whole: ``(images,)`` classes by superposition of its units' potentials, and by the circuit; -1 where the run failed.
    """

    seed: int
    labels: Array
    superposed: Array
    whole: Array

    @property
    def done(self) -> Array:
        """``(images,)`` whether the run passed."""
        return np.asarray(self.whole >= 0)


@dataclass(frozen=True, kw_only=True, eq=False)
class InferenceResult:
    """Everything that figures, tables and claims of the study read.

    Attributes:
        design: of units and arrays.
        trained: networks, perceptrons, and the images.
        cards, parts: "ideal" (biases and op-amps are) and "built".
        check: the network of seed 0, weights without levels, on all its test images.
        grids: "target", "full_scale" -> accuracy over bits and tuning error; ``ann`` that of the perceptrons, relative to the target.
        noise: accuracy over bits and read noise; `ann_noise` that of the perceptrons.
        curve: accuracy over the correlation time of the noise.
        gains: of the mapping, for each network: bits -> factor on the weights.
        errors: ``(cells,)`` relative errors of a tuned array, which ``measured`` of the grids were drawn from.
        points: chips of the grids in the circuit, on a part of the images.
        sparsity: set of images -> share of inputs that fire; those that are there.
        hidden: shape of a network ("64-21-10") -> how often its hidden neurons fire on its test images.
        budget: what each source of error costs.
        drawn: units of the chips with mismatch; `chips` what became of their accuracy.
        whole: some of these chips simulated whole, beside the superposition.
        efficiency: energy of an inference of each network, with the unit that is built.
    """

    design: Design
    trained: Trained
    cards: Mapping[str, NeuronCard]
    parts: Mapping[str, Parts]
    check: Check
    grids: Mapping[str, Grid]
    ann: Grid
    noise: NoiseGrid
    ann_noise: NoiseGrid
    curve: NoiseCurve
    gains: Gains
    errors: Array
    points: Mapping[Setting, Point]
    sparsity: Mapping[str, float]
    hidden: Mapping[str, Activity]
    efficiency: Sequence[Efficiency]
    budget: Sequence[BudgetRow]
    drawn: Columns
    chips: ChipYield
    whole: Sequence[WholeChip]


def cards_of(design: Design) -> dict[str, NeuronCard]:
    """The unit of the paper and the one that is built."""
    return {"ideal": load_neuron(design.network.variant), "built": load_neuron(design.network.built)}


def parts_of(design: Design) -> dict[str, Parts]:
    """Their devices: ideal op-amps, and those of the design."""
    ideal = Parts(memristor=load_memristor(design.neuron.memristor), nmos=load_mosfet(design.transistor.nmos), pmos=load_mosfet(design.transistor.pmos))
    return {"ideal": ideal, "built": replace(ideal, opamp=load_opamp(design.neuron.opamp))}


def run(design: Design, lab: Lab) -> InferenceResult:
    """The study of one design.

    Raises:
        DataError: the set of images is not there, or a package to train with.
        SimulationError: too few images passed; the others are in the store.
        Cancelled: Ctrl-C; what was computed is in the store.
    """
    cards, parts, found = cards_of(design), parts_of(design), trained(design, lab)
    network, wanted = found.network, design.network
    few = found.test.pick(found.test.stratified(min(wanted.few_images, len(found.test))))
    array = tuned_array(design, lab)
    errors = array.traces.conductance / array.traces.target - 1.0
    grids = Grids(design=design, found=found, memristor=parts["ideal"].memristor, errors=tuple(errors.tolist()), lab=lab)
    drawn = measure_columns(
        cards["built"], parts["built"], lab, chips=wanted.chips, outputs=network.shape[-1], mismatch=Mismatch(a_vt=design.neuron.a_vt), seed=design.run.seed
    )
    subject = Subject(network=network, card=cards["built"], parts=parts["built"], ideal=cards["ideal"], ideal_parts=parts["ideal"], test=found.test, few=few)
    run_one = partial(run_points, network, cards["ideal"], parts["ideal"], lab=lab, gains=grids.gains[0], rates=grids.rates, seed=design.run.seed)
    hidden = {_shape(each): _activity(each, images, lab) for each, images in found.deep}
    return InferenceResult(
        design=design,
        trained=found,
        cards=cards,
        parts=parts,
        check=_check(design, found, cards["ideal"], parts["ideal"], lab),
        grids={"target": grids.tuning("target"), "full_scale": grids.tuning("full_scale")},
        ann=grids.ann(),
        noise=grids.noise(),
        ann_noise=grids.ann_noise(),
        curve=grids.curve(),
        gains=grids.gains,
        errors=errors,
        points={each.setting: each for each in run_one(settings_of(design), few, correlation_time=design.neuron.correlation_time)},
        sparsity={name: sparsity_of(name, lab) for name in SETS if available(name)},
        hidden=hidden,
        efficiency=_efficiency(found, hidden, cards["built"], parts["built"], lab),
        budget=budget(subject, sources_of(design, grids.gains[0], grids.rates), drawn, lab),
        drawn=drawn,
        chips=_yield(design, subject, drawn, lab),
        whole=_whole(subject, drawn, Mismatch(a_vt=design.neuron.a_vt), lab),
    )


def settings_of(design: Design) -> list[Setting]:
    """Points of Figs. 9A to 9C that are simulated: bits alone, the corners of bits and tuning error, and of bits and noise, and the chosen chip."""
    wanted, noise = design.network, design.neuron.noise
    few, many = int(min(wanted.bits)), int(max(wanted.bits))
    chosen, error = wanted.chosen_bits, wanted.tuning_error
    worst = max(wanted.tuning_errors)
    bits = [Setting(bits=int(each)) for each in wanted.bits]
    tuned = [Setting(bits=each, tuning_error=worst) for each in (few, chosen, many)]
    middle = [Setting(bits=chosen, tuning_error=each) for each in wanted.tuning_errors if each in (0.05, 0.10)]
    noisy = [Setting(bits=each, tuning_error=error, noise=level) for each in (few, chosen, many) for level in (0.0, noise)]
    return list(dict.fromkeys([*bits, *tuned, *middle, *noisy]))


def sources_of(design: Design, gains: Mapping[int, float], rates: tuple[float, ...]) -> Sources:
    """Sizes of the sources of error of a design; `gains` of the mapping by bits, `rates` of the inputs."""
    wanted, neuron = design.network, design.neuron
    return Sources(
        bits=wanted.chosen_bits,
        gain=gains[wanted.chosen_bits],
        rates=rates,
        tuning_error=wanted.tuning_error,
        variation=wanted.variation,
        noise=ReadNoisePlan(deviation=neuron.noise, correlation_time=neuron.correlation_time, seed=design.run.seed),
        wire_resistance=wanted.wire_resistance,
        offset=neuron.offset,
        mismatch=Mismatch(a_vt=neuron.a_vt),
        temperatures=(min(neuron.temperature), max(neuron.temperature)),
        chips=wanted.draws * wanted.seeds,
        seed=design.run.seed,
    )


def _check(design: Design, found: Trained, card: NeuronCard, parts: Parts, lab: Lab) -> Check:
    """All test images; the bound from images of the training part, so that none of the test is lost to it."""
    wanted = design.network
    number = min(wanted.images, len(found.test))
    others = found.train.pick(found.train.stratified(min(wanted.calibration, len(found.train))))
    images = found.test.pick(np.arange(number)).followed_by(others)
    return check(found.network, images, lab, plan=MappingPlan(), card=card, parts=parts, images=number, calibration=len(others), seed=design.run.seed)


def _yield(design: Design, subject: Subject, drawn: Columns, lab: Lab) -> ChipYield:
    """Chips with mismatch and weights without errors, held against the same unit without mismatch, so that mismatch alone decides."""
    weights, times, labels = subject.chip(MappingPlan()).weights, subject.times(subject.test), subject.test.labels
    nominal = unit_response(subject.card, subject.parts, NOMINAL, lab, outputs=subject.network.shape[-1])
    goal = goal_of(column_scores(nominal, times, weights), labels, tolerance=design.network.goal)
    return chip_yield(drawn, weights, times, labels, goal=goal)


def _whole(subject: Subject, drawn: Columns, mismatch: Mismatch, lab: Lab) -> list[WholeChip]:
    """The first chips, image by image in the circuit."""
    images = subject.few.pick(np.arange(min(WHOLE_IMAGES, len(subject.few))))
    chip, times = subject.chip(MappingPlan()), subject.times(images)
    found = []
    for index, seed in enumerate(drawn.seeds[:WHOLE_CHIPS]):
        hardware = Hardware(card=subject.card, parts=subject.parts, cells=chip.plus.cells, mismatch=mismatch, seed=seed)
        ran = run_images(hardware, subject.network, images, lab)
        superposed = column_scores(drawn.chip(index), times, chip.weights).argmax(axis=1)
        found.append(WholeChip(seed=seed, labels=images.labels, superposed=superposed, whole=ran.classes))
    return found


def sparsity_of(name: str, lab: Lab) -> float:
    """Share of the inputs of a set that fire."""

    def compute() -> Mapping[str, Array]:
        return {"share": np.array(input_sparsity(name))}

    return float(lab.remember(f"{__name__}.sparsity", VERSION, [name, LatencyCard()], compute)["share"])


def _shape(network: TrainedNetwork) -> str:
    return "-".join(str(each) for each in network.shape)


def _activity(network: TrainedNetwork, images: Examples, lab: Lab) -> Activity:
    """Of the hidden layer."""

    def compute() -> Mapping[str, Array]:
        (found,) = hidden_sparsity(network, images.pixels)
        return {"firing": np.array(found.firing), "spikes": np.array(found.spikes), "steps": np.array(found.steps)}

    first = network.layers[0]
    key = [digest(images), first.weights, first.threshold, first.taus, first.reset, network.encoding, network.dt, network.duration]
    arrays = lab.remember(f"{__name__}.activity", VERSION, key, compute)
    return Activity(**{name: float(arrays[name]) for name in ("firing", "spikes", "steps")})


def _efficiency(found: Trained, hidden: Mapping[str, Activity], card: NeuronCard, parts: Parts, lab: Lab) -> list[Efficiency]:
    """Of the layer that is simulated, and of those with a hidden layer; cells as the mean cell that conducts in the first one."""
    (nominal,) = respond([Run(card=card, parts=parts, times=ONE_SPIKE, duration=0.1)], lab)
    read = energy(card, parts, lab)
    fires = energy(card, parts, lab, threshold=nominal.baseline + THRESHOLD_SHARE * nominal.swing)
    network = found.network
    (chip,) = map_network(network, parts.memristor, MappingPlan(), seed=0, read_voltage=card.read_voltage)
    times = latency_times(found.test.pixels, network.encoding)
    conductance, full = active_conductance(chip.plus.conductance, times), chip.plus.window.high
    cost = partial(inference_energy, conductance=conductance, full_conductance=full, read_voltage=card.read_voltage, window=network.duration)
    rows = [cost(network.shape, read, spikes=(sparsity(times),))]
    for each, images in found.deep:
        inputs = sparsity(latency_times(images.pixels, each.encoding))
        rows.append(cost(each.shape, _paired(fires), spikes=(inputs, hidden[_shape(each)].spikes), pairs=True))
    return rows


def _paired(unit: Energy) -> Energy:
    """With the amplifiers of the second column, which rest as those of the first do."""
    second = {name: unit.quiescent[name] for name in ("tia", "inverter") if name in unit.quiescent}
    quiescent = {name: power + second.get(name, 0.0) for name, power in unit.quiescent.items()}
    return replace(unit, quiescent=quiescent, supply_quiescent=unit.supply_quiescent + sum(second.values()))
