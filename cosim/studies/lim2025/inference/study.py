"""Run the inference study: training, all test images in the circuit, grids by the model with points of them in the circuit, error budget, yield, energy.

The circuit with ideal biases is that of the paper; what is built, with op-amps and mismatch, is in the budget and the yield. Grids are computed by the model
of each chip: the network with the conductances that the chip has.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from cosim._types import Array
from cosim.circuits.corners import Mismatch
from cosim.circuits.neuron.card import NeuronCard, load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.ann import perceptron_noise_grid, perceptron_tuning_grid
from cosim.codesign.network.budget import BudgetRow, Sources, Subject, budget
from cosim.codesign.network.check import Check, check
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.columns import Columns, measure_columns
from cosim.codesign.network.efficiency import Efficiency, active_conductance, inference_energy
from cosim.codesign.network.gain import best_gain, best_perceptron_gain
from cosim.codesign.network.grids import CORRELATION_TIMES, Gains, Grid, NoiseCurve, NoiseGrid, Sampled, correlation_curve, noise_grid, tuning_grid
from cosim.codesign.network.mapping import ErrorOf, MappingPlan
from cosim.codesign.network.noise import ReadNoisePlan
from cosim.codesign.network.sparse import Activity, hidden_sparsity, input_sparsity
from cosim.codesign.network.yields import ChipYield, chip_yield
from cosim.codesign.neuron.energy import energy
from cosim.datasets import available
from cosim.design import Design
from cosim.devices.memristor.card import load_memristor
from cosim.devices.mosfet import load_mosfet
from cosim.devices.opamp import load_opamp
from cosim.snn.data import Examples
from cosim.snn.encoding import LatencyCard, latency_times, sparsity
from cosim.snn.network import TrainedNetwork, accuracy
from cosim.studies.lim2025.inference.points import Point, Setting, run_points
from cosim.studies.lim2025.inference.training import Trained, digest, trained
from cosim.studies.lim2025.tuning.study import tuned_array
from cosim.sweep.lab import Lab

VERSION = 1  # of the grids
SETS = ("optdigits", "mnist", "fashion")  # of the sparsity
CURVE_DRAWS = 2  # chips of each network on the curve over correlation times
ANALOG = 0  # bits of weights without levels


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
    grids = _Grids(design, found, parts["ideal"], tuple(errors.tolist()), lab)
    drawn = measure_columns(
        cards["built"], parts["built"], lab, chips=wanted.chips, outputs=network.shape[-1], mismatch=Mismatch(a_vt=design.neuron.a_vt), seed=design.run.seed
    )
    subject = Subject(network=network, card=cards["built"], parts=parts["built"], ideal=cards["ideal"], ideal_parts=parts["ideal"], test=found.test, few=few)
    run_one = partial(run_points, network, cards["ideal"], parts["ideal"], lab=lab, gains=grids.gains[0], seed=design.run.seed)
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
        ann_noise=grids.noise(ann=True),
        curve=grids.curve(),
        gains=grids.gains,
        errors=errors,
        points={each.setting: each for each in run_one(settings_of(design), few, correlation_time=design.neuron.correlation_time)},
        sparsity={name: sparsity_of(name, lab) for name in SETS if available(name)},
        hidden=hidden,
        efficiency=_efficiency(found, hidden, cards["built"], parts["built"], lab),
        budget=budget(subject, sources_of(design, grids.gains[0]), drawn, lab),
        drawn=drawn,
        chips=_yield(design, subject, drawn),
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


def sources_of(design: Design, gains: Mapping[int, float]) -> Sources:
    """Sizes of the sources of error of a design; `gains` of the mapping by bits."""
    wanted, neuron = design.network, design.neuron
    return Sources(
        bits=wanted.chosen_bits,
        gain=gains[wanted.chosen_bits],
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


def _yield(design: Design, subject: Subject, drawn: Columns) -> ChipYield:
    """Chips with mismatch and weights without errors, so that mismatch alone decides."""
    goal = accuracy(subject.network, subject.test.pixels, subject.test.labels) - design.network.goal
    return chip_yield(drawn, subject.chip(MappingPlan()).weights, subject.times(subject.test), subject.test.labels, goal=goal)


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
    key = [digest(images), first.weights, first.threshold, first.taus, network.dt, network.duration]
    arrays = lab.remember(f"{__name__}.activity", VERSION, key, compute)
    return Activity(**{name: float(arrays[name]) for name in ("firing", "spikes", "steps")})


def _efficiency(found: Trained, hidden: Mapping[str, Activity], card: NeuronCard, parts: Parts, lab: Lab) -> list[Efficiency]:
    """Of the layer that is simulated, and of those with a hidden layer; cells as the mean cell that conducts in the first one."""
    measured, network = energy(card, parts, lab), found.network
    (chip,) = map_network(network, parts.memristor, MappingPlan(), seed=0, read_voltage=card.read_voltage)
    times = latency_times(found.test.pixels, network.encoding)
    conductance, full = active_conductance(chip.plus.conductance, times), chip.plus.window.high
    cost = partial(inference_energy, conductance=conductance, full_conductance=full, read_voltage=card.read_voltage, window=network.duration)
    rows = [cost(network.shape, measured, spikes=(sparsity(times),))]
    for each, images in found.deep:
        inputs = sparsity(latency_times(images.pixels, each.encoding))
        rows.append(cost(each.shape, measured, spikes=(inputs, hidden[_shape(each)].spikes), pairs=True))
    return rows


@dataclass(frozen=True, eq=False)
class _Grids:
    """The grids of a design, each computed once and then remembered."""

    design: Design
    found: Trained
    parts: Parts
    errors: tuple[float, ...]
    lab: Lab

    @cached_property
    def gains(self) -> Gains:
        """Of the networks, found on the images that they were trained on."""
        return self._gains("gains", self.found.networks, [each.layers[0].plus for each in self.found.networks], best_gain)

    @cached_property
    def ann_gains(self) -> Gains:
        """Of the perceptrons."""
        return self._gains("ann_gains", self.found.perceptrons, [each.weights[0] for each in self.found.perceptrons], best_perceptron_gain)

    def _gains(self, name: str, networks: Sequence[object], weights: Sequence[Array], best: Callable[..., float]) -> list[dict[int, float]]:
        memristor, train = self.parts.memristor, self.found.train

        def compute() -> Mapping[str, Array]:
            return {"gain": np.array([[best(each, memristor, MappingPlan(bits=bits), train) for bits in self._bits] for each in networks])}

        key = [digest(train), weights, memristor, self.found.network.layers[0].taus, self._bits]
        found = self.lab.remember(f"{__name__}.{name}", VERSION, key, compute)["gain"]
        return [dict(zip(self._bits, row.tolist(), strict=True)) for row in found]

    def _remember(self, name: str, more: Sequence[object], compute: Callable[[], Mapping[str, Array]]) -> dict[str, Array]:
        wanted, found = self.design.network, self.found
        weights = [each.layers[0].plus for each in found.networks]
        ann = [each.weights[0] for each in found.perceptrons]
        key = [
            digest(found.test),
            weights,
            ann,
            self.parts.memristor,
            found.network.layers[0].taus,
            wanted.draws,
            self.design.run.seed,
            self.gains,
            self.ann_gains,
            *more,
        ]
        return self.lab.remember(f"{__name__}.{name}", VERSION, key, compute)

    @property
    def _bits(self) -> tuple[int, ...]:
        return (*(int(each) for each in self.design.network.bits), ANALOG)

    def tuning(self, error_of: ErrorOf) -> Grid:
        """Bits and tuning error, with the measured errors beside."""
        wanted, found = self.design.network, self.found

        def compute() -> Mapping[str, Array]:
            made = tuning_grid(
                found.networks,
                found.test,
                self.parts.memristor,
                bits=self._bits,
                errors=wanted.tuning_errors,
                error_of=error_of,
                draws=wanted.draws,
                seed=self.design.run.seed,
                gains=self.gains,
                errors_measured=self.errors,
            )
            assert made.measured is not None
            return {"accuracy": made.accuracy, "measured": made.measured.accuracy}

        arrays = self._remember("tuning", [wanted.tuning_errors, error_of, self.errors], compute)
        measured = Sampled(accuracy=arrays["measured"])
        return Grid(accuracy=arrays["accuracy"], bits=self._bits, errors=wanted.tuning_errors, error_of=error_of, measured=measured)

    def ann(self) -> Grid:
        """The perceptrons over bits and tuning error, relative to the target."""
        wanted, found = self.design.network, self.found

        def compute() -> Mapping[str, Array]:
            made = perceptron_tuning_grid(
                found.perceptrons,
                found.test,
                self.parts.memristor,
                bits=self._bits,
                errors=wanted.tuning_errors,
                draws=wanted.draws,
                seed=self.design.run.seed,
                gains=self.ann_gains,
            )
            return {"accuracy": made.accuracy}

        arrays = self._remember("ann", [wanted.tuning_errors], compute)
        return Grid(accuracy=arrays["accuracy"], bits=self._bits, errors=wanted.tuning_errors, error_of="target")

    def noise(self, *, ann: bool = False) -> NoiseGrid:
        """Bits and read noise at the tuning error of the chip; `ann` for the perceptrons, whose cells are read once, without time."""
        wanted, found, time = self.design.network, self.found, 0.0 if ann else self.design.neuron.correlation_time

        def compute() -> Mapping[str, Array]:
            if ann:
                made = perceptron_noise_grid(
                    found.perceptrons,
                    found.test,
                    self.parts.memristor,
                    bits=self._bits,
                    deviations=wanted.noises,
                    tuning_error=wanted.tuning_error,
                    draws=wanted.draws,
                    seed=self.design.run.seed,
                    gains=self.ann_gains,
                )
            else:
                made = noise_grid(
                    found.networks,
                    found.test,
                    self.parts.memristor,
                    bits=self._bits,
                    deviations=wanted.noises,
                    tuning_error=wanted.tuning_error,
                    correlation_time=time,
                    draws=wanted.draws,
                    seed=self.design.run.seed,
                    gains=self.gains,
                )
            return {"accuracy": made.accuracy}

        arrays = self._remember("noise", [wanted.noises, wanted.tuning_error, time, ann], compute)
        return NoiseGrid(
            accuracy=arrays["accuracy"],
            bits=self._bits,
            deviations=wanted.noises,
            tuning_error=wanted.tuning_error,
            error_of="target",
            correlation_time=time,
        )

    def curve(self) -> NoiseCurve:
        """Correlation times at the largest noise."""
        wanted, found, deviation = self.design.network, self.found, max(self.design.network.noises)
        draws = min(CURVE_DRAWS, wanted.draws)

        def compute() -> Mapping[str, Array]:
            made = correlation_curve(
                found.networks,
                found.test,
                self.parts.memristor,
                bits=wanted.chosen_bits,
                deviation=deviation,
                tuning_error=wanted.tuning_error,
                draws=draws,
                seed=self.design.run.seed,
                gains=self.gains,
            )
            return {"accuracy": made.accuracy}

        arrays = self._remember("curve", [wanted.chosen_bits, deviation, wanted.tuning_error, CORRELATION_TIMES, draws], compute)
        return NoiseCurve(
            accuracy=arrays["accuracy"],
            times=CORRELATION_TIMES,
            bits=wanted.chosen_bits,
            tuning_error=wanted.tuning_error,
            error_of="target",
            deviation=deviation,
        )
