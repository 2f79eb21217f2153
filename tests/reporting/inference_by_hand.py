"""A result of the inference study, put together by hand: nothing is trained or simulated."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from cosim.codesign.network.agreement import Bound, compare, wave_errors
from cosim.codesign.network.budget import BudgetRow
from cosim.codesign.network.check import Check, membranes_of
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.columns import Columns
from cosim.codesign.network.efficiency import Efficiency, inference_energy
from cosim.codesign.network.grids import CORRELATION_TIMES, Grid, NoiseCurve, NoiseGrid, Sampled
from cosim.codesign.network.inference import START, CircuitScores
from cosim.codesign.network.mapping import ErrorOf, MappingPlan
from cosim.codesign.network.sparse import Activity
from cosim.codesign.network.yields import ChipYield, Trim
from cosim.codesign.neuron.energy import Energy
from cosim.design import Design, NetworkSection
from cosim.snn.data import Examples, digits, split
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.network import Layer, TrainedNetwork, accuracy, margins, predict
from cosim.snn.perceptron import Perceptron
from cosim.snn.readout import membrane_maximum
from cosim.snn.timing import TimeConstants
from cosim.studies.lim2025.inference import InferenceResult
from cosim.studies.lim2025.inference.points import Point, Setting
from cosim.studies.lim2025.inference.study import WholeChip, cards_of, parts_of, settings_of
from cosim.studies.lim2025.inference.training import Trained

BITS = (1, 2, 3, 4, 6, 0)
ERRORS = (0.0, 0.05, 0.1, 0.2)
NOISES = (0.0, 0.03, 0.07)
IMAGES, FEW, SCALE = 60, 20, 2200.0
TOGETHER = "3 bits, tuning error, noise, wires, mismatch, 85 degC, an offset that all op-amps share; tuned, so without the spread of devices"
DESIGN = Design(
    name="small",
    network=NetworkSection(data="digits", seeds=2, images=IMAGES, few_images=FEW, bits=(1.0, 2.0, 3.0, 4.0, 6.0), tuning_errors=ERRORS, noises=NOISES, chips=8),
)


def trained_by_hand() -> Trained:
    """Mean images as columns in the place of a training."""
    train, test = split(digits(), seed=1)
    means = np.stack([train.pixels[train.labels == digit].mean(axis=0) for digit in range(10)], axis=1)
    columns = means / np.linalg.norm(means, axis=0)
    networks, perceptrons = [], []
    for seed in range(2):
        plus = np.clip(columns / columns.max() + 0.03 * seed * np.random.default_rng(seed).standard_normal(columns.shape), 0.0, 1.0)
        network = TrainedNetwork(layers=(Layer(plus=plus),), encoding=LatencyCard(), dt=1e-3, seed=seed)
        networks.append(replace(network, accuracy=accuracy(network, test.pixels, test.labels)))
        perceptrons.append(Perceptron(weights=(plus,), biases=(np.zeros(10),), seed=seed, accuracy=0.95 + 0.01 * seed))
    deep = (deep_of((64, 21, 10), 0.943), test), (deep_of((784, 256, 10), 0.921), Examples("mnist", np.zeros((50, 784)), np.zeros(50, dtype=int)))
    return Trained(networks=tuple(networks), perceptrons=tuple(perceptrons), deep=deep, train=train, test=test)


def deep_of(shape: tuple[int, int, int], accuracy: float) -> TrainedNetwork:
    """A network with a hidden layer whose weights are all alike."""
    halves = [np.full(pair, 0.5) for pair in pairwise(shape)]
    layers = [Layer(plus=each, minus=each, threshold=threshold) for each, threshold in zip(halves, (1.0, None), strict=True)]
    return TrainedNetwork(layers=tuple(layers), encoding=LatencyCard(), dt=1e-3, signs="pairs", response="impulse", accuracy=accuracy)


def checked_by_hand(trained: Trained) -> Check:
    """A circuit that deviates by some percent: of two images, one decided and one not, it swaps the two best outputs."""
    network, images = trained.network, trained.test.pick(np.arange(IMAGES))
    (chip,) = map_network(network, parts_of(DESIGN)["ideal"].memristor, MappingPlan(), seed=0)
    scores = membrane_maximum(network.psp, latency_times(images.pixels, network.encoding), chip.weights, duration=network.duration).value
    time = np.linspace(0.0, network.duration + START, 200)
    model = membranes_of(network, chip, images.pixels, time - START)
    factors = 1.0 + 0.01 * np.random.default_rng(3).standard_normal((IMAGES, 1, 10))
    bound = Bound(scale=SCALE, error=0.025, images=20)
    above = margins(scores)
    for row in (int(np.argmax(above > bound.error)), int(np.argmax(above <= bound.error))):
        first, second = np.argsort(-scores[row])[:2]
        factors[row, 0, [first, second]] = [0.98, 1.02 * scores[row, first] / scores[row, second]]
    traces, peaks = model * factors / SCALE, scores * factors[:, 0] / SCALE
    agreement = compare(scores, peaks, images.labels, bound, wave_errors(model, traces, SCALE))
    ran = CircuitScores(peaks=peaks, time=time, traces=traces, failures={}, seconds=0.6 * IMAGES)
    return Check(
        network=network,
        chips=(chip,),
        plan=MappingPlan(),
        variant="two_pole",
        images=np.arange(IMAGES),
        calibration_images=np.arange(IMAGES, IMAGES + 20),
        ideal=predict(network, images.pixels),
        scores=scores,
        agreement=agreement,
        circuit=ran,
        calibration=replace(ran, seconds=12.0),
        taus=TimeConstants(rise=0.0, fall=2.02e-3, membrane=15.1e-3),
    )


def accuracies(columns: int, *, slope: float, networks: int = 2, draws: int = 3) -> np.ndarray:
    """``(networks, draws, bits, columns)``: rising with the bits, falling with the column."""
    levels = np.array([0.62, 0.85, 0.90, 0.91, 0.915, 0.917])
    falling = slope * np.linspace(0.0, 1.0, columns) ** 2
    spread = np.random.default_rng(5).normal(0.0, 0.002, (networks, draws, 1, 1)) + 0.004 * np.arange(networks)[:, None, None, None]
    return np.clip(levels[:, None] - falling + spread, 0.0, 1.0)


def grid_of(error_of: ErrorOf, slope: float, *, measured: bool) -> Grid:
    found = Sampled(accuracy=accuracies(1, slope=0.0) - 0.01) if measured else None
    return Grid(accuracy=accuracies(4, slope=slope), bits=BITS, errors=ERRORS, error_of=error_of, measured=found)


def noises_of(slope: float) -> NoiseGrid:
    return NoiseGrid(accuracy=accuracies(3, slope=slope), bits=BITS, deviations=NOISES, tuning_error=0.03, error_of="target", correlation_time=1e-3)


def points_of(test: Examples) -> dict[Setting, Point]:
    """Chips that put every tenth image into a wrong class, and every fifteenth where the model does not."""
    labels = test.pick(test.stratified(FEW)).labels
    model = np.where(np.arange(FEW) % 10 == 3, (labels + 1) % 10, labels)
    circuit = np.where(np.arange(FEW) % 15 == 7, (labels + 2) % 10, model)
    return {each: Point(setting=each, labels=labels, circuit=circuit, model=model, seconds=12.0) for each in settings_of(DESIGN)}


def drawn_by_hand() -> Columns:
    """Units whose gains differ more than their baselines."""
    draw, time = np.random.default_rng(7), np.arange(0.0, 0.06, 0.5e-3)
    gains, decays = 1e-2 * (1 + 0.03 * draw.standard_normal((8, 10))), 15e-3 * (1 + 0.01 * draw.standard_normal((8, 10)))
    waves = gains[..., None] * (np.exp(-time / decays[..., None]) - np.exp(-time / 1e-3))
    return Columns(time=time, waves=waves, baselines=0.3 + 1e-4 * draw.standard_normal((8, 10)), seeds=tuple(range(8)))


def costs() -> list[Efficiency]:
    unit = Energy(quiescent={"tia": 1e-4}, spike={"tia": 1e-9}, supply_quiescent=1e-4, supply_spike=1e-9, read=5e-10, gate=2e-14)
    cost = {"unit": unit, "conductance": 8e-5, "full_conductance": 2e-4}
    return [
        inference_energy((64, 10), spikes=(0.35,), **cost),
        inference_energy((64, 21, 10), spikes=(0.35, 0.4), pairs=True, **cost),
        inference_energy((784, 256, 10), spikes=(0.15, 0.6), pairs=True, **cost),
    ]


def budget_by_hand() -> list[BudgetRow]:
    def row(source: str, setting: str, how: str, loss: float, half: float, chips: int = 1) -> BudgetRow:
        return BudgetRow(source=source, setting=setting, how=how, images=IMAGES, chips=chips, base=0.92, loss=loss, low=loss - half, high=loss + half)

    return [
        row("quantization", "3 bits", "model", 0.012, 0.004),
        row("read noise", "7 %, 1 ms", "model", 0.002, 0.003, chips=4),
        row("transistor mismatch", "9 mV um", "units", 0.065, 0.01, chips=8),
        row("temperature", "-40 degC", "units", -0.001, 0.002),
        row("temperature", "85 degC", "units", 0.003, 0.004),
        row("wires", "1 ohm a segment", "circuit", 0.0, 0.0),
        row("all together", TOGETHER, "circuit", 0.08, 0.05),
    ]


def whole_chips() -> list[WholeChip]:
    """Two chips of ten images: the second one has a run that failed, and two images that get another class than by superposition, one of them the right one."""
    labels = np.arange(10)
    superposed = np.where(labels == 4, 7, labels)
    return [
        WholeChip(seed=0, labels=labels, superposed=superposed, whole=superposed),
        WholeChip(seed=1, labels=labels, superposed=superposed, whole=np.where(labels == 9, -1, np.where(labels == 0, 3, labels))),
    ]


def inferred_by_hand() -> InferenceResult:
    """The result."""
    trained = trained_by_hand()
    read = {"absolute": np.full(8, 0.4), "baseline": np.linspace(0.82, 0.91, 8), "trimmed": np.linspace(0.9, 0.92, 8)}
    curve = accuracies(len(CORRELATION_TIMES), slope=0.02)[:, :, 2]
    gains = [{1: 2.0, 2: 1.6, 3: 1.3, 4: 1.1, 6: 1.0, 0: 1.0}, {1: 8.0, 2: 1.6, 3: 1.3, 4: 1.1, 6: 1.0, 0: 1.0}]
    return InferenceResult(
        design=DESIGN,
        trained=trained,
        cards=cards_of(DESIGN),
        parts=parts_of(DESIGN),
        check=checked_by_hand(trained),
        grids={"target": grid_of("target", 0.06, measured=True), "full_scale": grid_of("full_scale", 0.25, measured=True)},
        ann=grid_of("target", 0.03, measured=False),
        noise=noises_of(0.01),
        ann_noise=noises_of(0.005),
        curve=NoiseCurve(accuracy=curve, times=CORRELATION_TIMES, bits=3, tuning_error=0.03, error_of="target", deviation=0.07),
        gains=gains,
        errors=np.array([0.03, -0.03, 0.01, -0.01]),
        points=points_of(trained.test),
        sparsity={"optdigits": 0.36, "mnist": 0.16},
        hidden={"64-21-10": Activity(firing=0.42, spikes=0.5, steps=0.005), "784-256-10": Activity(firing=0.055, spikes=0.06, steps=0.0006)},
        efficiency=costs(),
        budget=budget_by_hand(),
        drawn=drawn_by_hand(),
        chips=ChipYield(goal=0.90, accuracies=read, trim=Trim()),
        whole=whole_chips(),
    )
