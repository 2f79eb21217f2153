"""Points of the paper's grids in the circuit: some stratified images through one chip, beside the model of the same chip on the same images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.card import NeuronCard
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.inference import START, CircuitScores, Hardware, infer
from cosim.codesign.network.mapping import MappingPlan
from cosim.codesign.network.noise import ReadNoisePlan, noisy_scores
from cosim.errors import SimulationError
from cosim.snn.data import Examples
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork
from cosim.sweep.lab import Lab


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where in the grids: bits (0 for analog weights), tuning error, read noise."""

    bits: int = 0
    tuning_error: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Point:
    """One chip in the circuit.

    Attributes:
        setting: of the chip.
        labels: ``(images,)``.
        circuit, model: ``(images,)`` classes; -1 where the run failed.
        seconds: of the runs [s].
    """

    setting: Setting
    labels: Array
    circuit: Array
    model: Array
    seconds: float

    @property
    def done(self) -> Array:
        """``(images,)`` whether the run passed."""
        return np.asarray(self.circuit >= 0)

    def right(self, which: str) -> tuple[int, int]:
        """Images that ``circuit`` or ``model`` put into the right class, of how many whose runs passed."""
        return int(np.sum((getattr(self, which) == self.labels) & self.done)), int(self.done.sum())

    @property
    def equal(self) -> int:
        """Images on which both say the same."""
        return int(np.sum((self.circuit == self.model) & self.done))


def run_points(
    network: TrainedNetwork,
    card: NeuronCard,
    parts: Parts,
    settings: Sequence[Setting],
    images: Examples,
    lab: Lab,
    *,
    gains: Mapping[int, float],
    rates: tuple[float, ...],
    correlation_time: float,
    seed: int,
) -> list[Point]:
    """Every setting on the same images; equal seeds give chips whose draws are alike. `gains` are those of the mapping by bits, `rates` those of the inputs.

    Raises:
        Cancelled: Ctrl-C; the runs that were done are in the store.
    """

    def point(setting: Setting) -> Point:
        plan = MappingPlan(bits=setting.bits, gain=gains[setting.bits], rates=rates, tuning_error=setting.tuning_error)
        (chip,) = map_network(network, parts.memristor, plan, seed=seed, read_voltage=card.read_voltage)
        noise = ReadNoisePlan(deviation=setting.noise, correlation_time=correlation_time, seed=seed)
        hardware = Hardware(card=card, parts=parts, cells=chip.plus.cells, noise=noise if setting.noise else None, seed=seed)
        found = run_images(hardware, network, images, lab)
        model = noisy_scores(network, chip.weights, images.pixels, noise).argmax(axis=1)
        return Point(setting=setting, labels=images.labels, circuit=found.classes, model=model, seconds=found.seconds)

    return [point(each) for each in settings]


def run_images(hardware: Hardware, network: TrainedNetwork, images: Examples, lab: Lab, *, duration: float | None = None) -> CircuitScores:
    """Images through a chip, for `duration` [s] each; as long as the network looks at them if left out.

    Raises:
        SimulationError: the highest membrane of an image still rose at the end, so that its maximum is not known.
    """
    duration = network.duration if duration is None else duration
    found = infer(hardware, latency_times(images.pixels, network.encoding), lab, duration=duration + START)
    done = np.flatnonzero(found.done)
    highest = found.traces[done, :, found.classes[done]]
    rising = done[highest.argmax(axis=1) == highest.shape[1] - 1]
    if len(rising):
        raise SimulationError(f"image {rising[0]}: its highest membrane still rises after {duration:g} s; {len(rising)} of {len(done)} images need longer")
    return found
