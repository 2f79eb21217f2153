"""A network on a circuit, image by image: mapped, simulated, held against its own model, with a verdict.

The model is the network with the conductances that the array has, so that the verdict speaks of the circuit; what the mapping costs shows in the accuracy of
the network as it was trained, which stands beside. The error bound is measured on images of their own, before the others are run. Layers that fire are held
against the network spike by spike too.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.corners import NOMINAL, Corner, Mismatch
from cosim.circuits.neuron.card import NeuronCard, load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.agreement import FEWEST, Agreement, Bound, compare, measure_bound, wave_errors
from cosim.codesign.network.chip import Chip, map_network
from cosim.codesign.network.firing import SpikeAgreement, on_chips
from cosim.codesign.network.inference import START, CircuitScores, Hardware
from cosim.codesign.network.mapping import MappingPlan
from cosim.codesign.network.noise import ReadNoisePlan
from cosim.codesign.network.realization import Realization
from cosim.codesign.neuron.bench import Run, respond
from cosim.errors import InputError, SimulationError, reject
from cosim.snn.data import Examples
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork, margins, predict
from cosim.snn.timing import TimeConstants
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAGS = np.arange(-5, 26) * 1e-4  # [s] that are tried
SIZED_ON = 1000  # images of the set, from the first one on, that the bias of pairs is sized for
LAG_IMAGES = 20  # of the calibration
LARGEST_DETUNING = 0.1  # of a time constant of the circuit against that of the network, from which on it is said


@dataclass(frozen=True, kw_only=True)
class Row:
    """One image on which the circuit gives another class than the network: number, classes, margin of the network, whether it is held against the circuit."""

    image: int
    label: int
    network: int
    circuit: int
    margin: float
    decided: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Check:
    """What became of a network on a circuit.

    Attributes:
        network: as it was trained.
        chips: the arrays of each layer.
        plan: of the mapping.
        variant: of the units.
        images, calibration_images: numbers of the images of verdict and bound in their set.
        ideal: ``(images,)`` classes of the network as it was trained.
        scores: ``(images, outputs)`` of the network with the weights of the arrays.
        agreement: the verdict, and the bound it was given with.
        circuit, calibration: what was simulated.
        taus: decay of the synapse and of the membrane that the unit was measured to have [s].
        lag: of the circuit behind the network, measured with the bound, before membranes are compared [s]; a spike of one step has no pulse to wait for.
        spikes: of each layer that fires, circuit against network.
    """

    network: TrainedNetwork
    chips: tuple[Chip, ...]
    plan: MappingPlan
    variant: str
    images: Array
    calibration_images: Array
    ideal: Array
    scores: Array
    agreement: Agreement
    circuit: CircuitScores
    calibration: CircuitScores
    taus: TimeConstants
    lag: float = 0.0
    spikes: tuple[SpikeAgreement, ...] = ()

    @property
    def chip(self) -> Chip:
        """The arrays of the first layer."""
        return self.chips[0]

    @property
    def bound(self) -> Bound:
        """Frozen before the verdict."""
        return self.agreement.bound

    @property
    def passed(self) -> bool:
        """Every decided image agrees, and every run passed."""
        return self.agreement.passed and not self.calibration.failures

    @property
    def failures(self) -> dict[int, str]:
        """Number of an image -> why its run failed, those of the calibration too."""
        parts = ((self.images, self.circuit), (self.calibration_images, self.calibration))
        return {int(numbers[index]): why for numbers, ran in parts for index, why in ran.failures.items()}

    @property
    def seconds(self) -> float:
        """Of all runs, one after the other; runs that the store held count as when they were made [s]."""
        return self.circuit.seconds + self.calibration.seconds

    @property
    def differing(self) -> list[Row]:
        """The images on which the classes differ, in the order of their numbers."""
        found, above = self.agreement, margins(self.scores)
        differ = np.flatnonzero((found.circuit >= 0) & (found.circuit != found.network))
        return [
            Row(
                image=int(self.images[index]),
                label=int(found.labels[index]),
                network=int(found.network[index]),
                circuit=int(found.circuit[index]),
                margin=float(above[index]),
                decided=bool(found.decided[index]),
            )
            for index in differ
        ]

    @property
    def detuned(self) -> dict[str, tuple[float, float]]:
        """Time constants in which circuit and network differ by more than a tenth: name -> that of the circuit, that of the network [s]."""
        wanted = self.network.layers[0].taus
        pairs = {name: (getattr(self.taus, name), getattr(wanted, name)) for name in ("fall", "membrane")}
        return {name: (circuit, network) for name, (circuit, network) in pairs.items() if abs(circuit - network) > LARGEST_DETUNING * network}

    def right(self, which: str) -> tuple[int, int]:
        """Images that the ``ideal`` network, the ``network`` on its arrays or the ``circuit`` puts into the right class, of how many whose runs passed."""
        done = self.agreement.circuit >= 0
        classes = self.ideal if which == "ideal" else getattr(self.agreement, which)
        return int(np.sum((classes == self.agreement.labels) & done)), int(done.sum())


def check(
    network: TrainedNetwork,
    examples: Examples,
    lab: Lab,
    *,
    plan: MappingPlan,
    card: NeuronCard,
    parts: Parts,
    images: int,
    calibration: int,
    seed: int,
    corner: Corner = NOMINAL,
    mismatch: Mismatch | None = None,
    wire_resistance: float = 0.0,
    noise: ReadNoisePlan | None = None,
) -> Check:
    """Map a network, measure the error bound, run other images, and compare.

    Args:
        network: of any number of layers; those that fire need a card with a spike output.
        examples: images that it was not trained on; the first ones are checked, the last ones measure the bound.
        lab: where to simulate; with a store in it nothing is run twice, and a check that was stopped goes on.
        plan: of the mapping.
        card, parts: of the units.
        images, calibration: how many of each.
        seed: of the draws of devices and transistors.
        corner, mismatch, wire_resistance, noise: as in `Hardware`.

    Raises:
        InputError: a network that has no circuit, or images that do not fit it.
        SimulationError: too few images passed for a bound, or the unit alone does not run.
        Cancelled: Ctrl-C; what was computed is in the store.
    """
    _refuse(network, examples, images, calibration)
    chips = map_network(network, parts.memristor, plan, seed=seed, read_voltage=card.read_voltage)
    first, last = np.arange(images), np.arange(len(examples) - calibration, len(examples))
    common = Hardware(
        card=card,
        parts=parts,
        cells=chips[0].plus.cells,
        wire_resistance=wire_resistance,
        corner=corner,
        mismatch=mismatch,
        noise=noise,
        seed=seed,
    )
    real = Realization.of(network, chips, common, examples.pixels[:SIZED_ON])
    taus = _measured(card, parts, corner, lab)
    pixels = examples.pixels[last]
    expected, ran = real.scores(pixels), real.run(pixels, last.tolist(), lab)
    if ran.done.sum() < FEWEST:
        reason = next(iter(ran.failures.values()), "no image has a spike")
        raise SimulationError(f"check: {int(ran.done.sum())} of {calibration} calibration images passed, {FEWEST} are needed; {reason}")
    bound = measure_bound(expected, ran.peaks)
    lag = _lag(real, pixels, ran, bound.scale) if _traced(network) else 0.0
    pixels = examples.pixels[first]
    scores, circuit = real.scores(pixels), real.run(pixels, first.tolist(), lab)
    waves = wave_errors(real.membranes(pixels, circuit.time - START - lag), circuit.traces, bound.scale) if _traced(network) else None
    return Check(
        network=network,
        chips=chips,
        plan=plan,
        variant=card.name,
        images=first,
        calibration_images=last,
        ideal=predict(network, examples.pixels[first]),
        scores=scores,
        agreement=compare(scores, circuit.peaks, examples.labels[first], bound, waves),
        circuit=circuit,
        calibration=ran,
        taus=taus,
        lag=lag,
        spikes=real.spikes(pixels, circuit),
    )


def _traced(network: TrainedNetwork) -> bool:
    """Whether the membranes of the last layer can be compared: they are read, and so they are not reset."""
    return network.readout == "membrane_maximum"


def agree(
    network: TrainedNetwork,
    circuit: NeuronCard | str,
    inputs: Examples,
    *,
    lab: Lab | None = None,
    parts: Parts | None = None,
    plan: MappingPlan | None = None,
    images: int | None = None,
    calibration: int = 50,
    seed: int = 0,
) -> Check:
    """Does a circuit compute what a network computes? `check` with usual values for all that is left out.

    Args:
        network: that was trained, or imported.
        circuit: card of the units, or its name.
        inputs: images that the network was not trained on; the last `calibration` ones measure the error bound.
        lab: where to simulate; the simulator of this machine, and nothing stored, if left out.
        parts: devices of the units; op-amps are ideal if left out.
        plan: of the mapping; exact if left out.
        images: how many are checked, from the first one on; all that are not of the calibration if left out.
        seed: of the draws of devices.

    Raises:
        As `check`.
    """
    card = load_neuron(circuit) if isinstance(circuit, str) else circuit
    number = len(inputs) - calibration if images is None else images
    place = lab or Lab(engine=find_engine())
    return check(network, inputs, place, plan=plan or MappingPlan(), card=card, parts=parts or Parts(), images=number, calibration=calibration, seed=seed)


def _refuse(network: TrainedNetwork, examples: Examples, images: int, calibration: int) -> None:
    """Networks without a circuit, and images that do not fit."""
    if examples.pixels.shape[1] != network.shape[0]:
        raise reject(InputError, "check", f"pixels of {examples.name}", examples.pixels.shape[1], f"{network.shape[0]}, the inputs of the network")
    if examples.classes > network.shape[-1]:
        raise reject(InputError, "check", f"classes of {examples.name}", examples.classes, f"<= {network.shape[-1]}, the outputs of the network")
    if calibration < FEWEST:
        raise reject(InputError, "check", "calibration", calibration, f">= {FEWEST} images, to measure the error bound on")
    if not 1 <= images <= len(examples) - calibration:
        left = f"{len(examples)} test images of {examples.name} less {calibration} of the calibration"
        raise reject(InputError, "check", "images", images, f"within 1..{max(len(examples) - calibration, 0)}, {left}")
    silent = ~np.isfinite(latency_times(examples.pixels, network.encoding)).any(axis=1)
    silent[images : len(examples) - calibration] = False
    if silent.any():
        raise InputError(f"check, image {int(np.argmax(silent))} of {examples.name}: no pixel is above the threshold of the code, so nothing spikes")


def membranes_of(network: TrainedNetwork, chip: Chip, pixels: Array, at: Array) -> Array:
    """Membranes ``(images, points, outputs)`` of one layer with the weights of its arrays at times ``at (points,)`` [s], for ``pixels (images, inputs)``."""
    return Realization(network=on_chips(network, [chip]), hardware=()).membranes(pixels, at)


def _lag(real: Realization, pixels: Array, ran: CircuitScores, scale: float) -> float:
    """The lag [s], one for all images, with the smallest median of the wave errors."""
    done = np.flatnonzero(ran.done)[:LAG_IMAGES]
    waves = [wave_errors(real.membranes(pixels[done], ran.time - START - lag), ran.traces[done], scale) for lag in LAGS]
    compared = np.isfinite(waves[0])  # not an image whose outputs are never above 0
    errors = [np.median(each[compared]) for each in waves] if compared.any() else []
    return float(LAGS[int(np.argmin(errors))]) if errors else 0.0


def _measured(card: NeuronCard, parts: Parts, corner: Corner, lab: Lab) -> TimeConstants:
    """Decay of the synapse and of the membrane of one unit."""
    (found,) = respond([Run(card=card, parts=parts, corner=corner)], lab)
    return TimeConstants(rise=0.0, fall=found.fall, membrane=found.leak)
