"""The grids of the study: bits, tuning error and read noise in the model of each chip, computed network by network and then remembered."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from cosim._types import Array
from cosim.codesign.network.ann import perceptron_noise_grid, perceptron_tuning_grid
from cosim.codesign.network.gain import GAINS, best_gain, best_perceptron_gain, firing_rates
from cosim.codesign.network.grids import CORRELATION_TIMES, Gains, Grid, NoiseCurve, NoiseGrid, Sampled, correlation_curve, noise_grid, tuning_grid
from cosim.codesign.network.mapping import SHIFTS, ErrorOf, MappingPlan
from cosim.design import Design
from cosim.devices.memristor.card import MemristorCard
from cosim.snn.network import TrainedNetwork
from cosim.snn.perceptron import Perceptron
from cosim.studies.lim2025.inference.training import Trained, digest
from cosim.sweep.lab import Lab

VERSION = 3  # of the computations
CURVE_DRAWS = 2  # chips of each network on the curve over correlation times
ANALOG = 0  # bits of weights without levels


@dataclass(frozen=True, kw_only=True, eq=False)
class Grids:
    """The grids of a design.

    Attributes:
        found: networks and images.
        errors: of a tuned array, relative to the targets.
    """

    design: Design
    found: Trained
    memristor: MemristorCard
    errors: tuple[float, ...]
    lab: Lab

    @cached_property
    def bits(self) -> tuple[int, ...]:
        """Those of the design, and weights without levels."""
        return (*(int(each) for each in self.design.network.bits), ANALOG)

    @cached_property
    def rates(self) -> tuple[float, ...]:
        """How often each input fires in the images of the training; the code is the same for all networks."""
        return firing_rates(self.found.network, self.found.train)

    @cached_property
    def brightness(self) -> tuple[float, ...]:
        """Mean of each pixel in the images of the training."""
        return tuple(self.found.train.pixels.mean(axis=0).tolist())

    @cached_property
    def gains(self) -> Gains:
        """Of the mapping of the networks, found on the images that they were trained on."""

        def compute(index: int) -> Mapping[str, Array]:
            return self._best(self.rates, lambda plan: best_gain(self.found.networks[index], self.memristor, plan, self.found.train))

        return self._of_gains(self._each("gains", self.found.networks, [digest(self.found.train), GAINS, SHIFTS], compute))

    @cached_property
    def ann_gains(self) -> Gains:
        """Of the perceptrons."""

        def compute(index: int) -> Mapping[str, Array]:
            return self._best(self.brightness, lambda plan: best_perceptron_gain(self.found.perceptrons[index], self.memristor, plan, self.found.train))

        return self._of_gains(self._each("gains", self.found.perceptrons, [digest(self.found.train), GAINS, SHIFTS], compute))

    def tuning(self, error_of: ErrorOf) -> Grid:
        """Bits and tuning error, with the measured errors beside."""
        errors = self.design.network.tuning_errors

        def compute(index: int) -> Mapping[str, Array]:
            made = tuning_grid(
                [self.found.networks[index]],
                self.found.test,
                self.memristor,
                bits=self.bits,
                errors=errors,
                error_of=error_of,
                draws=self.design.network.draws,
                seed=self._seed(index),
                errors_measured=self.errors,
                gains=[self.gains[index]],
                rates=self.rates,
            )
            assert made.measured is not None
            return {"accuracy": made.accuracy, "measured": made.measured.accuracy}

        arrays = self._each("tuning", self.found.networks, [errors, error_of, self.errors, self._gains_of(self.gains)], compute)
        measured = Sampled(accuracy=_joined(arrays, "measured"))
        return Grid(accuracy=_joined(arrays, "accuracy"), bits=self.bits, errors=errors, error_of=error_of, measured=measured)

    def ann(self) -> Grid:
        """The perceptrons over bits and tuning error, relative to the target."""
        errors = self.design.network.tuning_errors

        def compute(index: int) -> Mapping[str, Array]:
            made = perceptron_tuning_grid(
                [self.found.perceptrons[index]],
                self.found.test,
                self.memristor,
                bits=self.bits,
                errors=errors,
                draws=self.design.network.draws,
                seed=self._seed(index),
                gains=[self.ann_gains[index]],
                rates=self.brightness,
            )
            return {"accuracy": made.accuracy}

        arrays = self._each("ann", self.found.perceptrons, [errors, self._gains_of(self.ann_gains)], compute)
        return Grid(accuracy=_joined(arrays, "accuracy"), bits=self.bits, errors=errors, error_of="target")

    def noise(self) -> NoiseGrid:
        """Bits and read noise at the tuning error of the chip."""
        wanted, time = self.design.network, self.design.neuron.correlation_time

        def compute(index: int) -> Mapping[str, Array]:
            made = noise_grid(
                [self.found.networks[index]],
                self.found.test,
                self.memristor,
                bits=self.bits,
                deviations=wanted.noises,
                tuning_error=wanted.tuning_error,
                correlation_time=time,
                draws=wanted.draws,
                seed=self._seed(index),
                gains=[self.gains[index]],
                rates=self.rates,
            )
            return {"accuracy": made.accuracy}

        arrays = self._each("noise", self.found.networks, [wanted.noises, wanted.tuning_error, time, self._gains_of(self.gains)], compute)
        return self._noise_grid(arrays, time)

    def ann_noise(self) -> NoiseGrid:
        """The same of the perceptrons, whose cells are read once, without time."""
        wanted = self.design.network

        def compute(index: int) -> Mapping[str, Array]:
            made = perceptron_noise_grid(
                [self.found.perceptrons[index]],
                self.found.test,
                self.memristor,
                bits=self.bits,
                deviations=wanted.noises,
                tuning_error=wanted.tuning_error,
                draws=wanted.draws,
                seed=self._seed(index),
                gains=[self.ann_gains[index]],
                rates=self.brightness,
            )
            return {"accuracy": made.accuracy}

        arrays = self._each("ann_noise", self.found.perceptrons, [wanted.noises, wanted.tuning_error, self._gains_of(self.ann_gains)], compute)
        return self._noise_grid(arrays, 0.0)

    def _noise_grid(self, arrays: Sequence[Mapping[str, Array]], time: float) -> NoiseGrid:
        wanted = self.design.network
        return NoiseGrid(
            accuracy=_joined(arrays, "accuracy"),
            bits=self.bits,
            deviations=wanted.noises,
            tuning_error=wanted.tuning_error,
            error_of="target",
            correlation_time=time,
        )

    def curve(self) -> NoiseCurve:
        """Correlation times at the largest noise."""
        wanted, deviation = self.design.network, max(self.design.network.noises)
        bits, error = wanted.chosen_bits, wanted.tuning_error

        def compute(index: int) -> Mapping[str, Array]:
            made = correlation_curve(
                [self.found.networks[index]],
                self.found.test,
                self.memristor,
                bits=bits,
                deviation=deviation,
                tuning_error=error,
                draws=min(CURVE_DRAWS, wanted.draws),
                seed=self._seed(index),
                gains=[self.gains[index]],
                rates=self.rates,
            )
            return {"accuracy": made.accuracy}

        arrays = self._each("curve", self.found.networks, [bits, deviation, error, CORRELATION_TIMES, CURVE_DRAWS, self._gains_of(self.gains)], compute)
        accuracy = _joined(arrays, "accuracy")
        return NoiseCurve(accuracy=accuracy, times=CORRELATION_TIMES, bits=bits, tuning_error=error, error_of="target", deviation=deviation)

    def _seed(self, index: int) -> int:
        """Of the chips of one network: no two have the same."""
        return int(np.random.SeedSequence([self.design.run.seed, index, 6]).generate_state(1)[0])

    def _each(
        self, name: str, networks: Sequence[TrainedNetwork | Perceptron], more: Sequence[object], compute: Callable[[int], Mapping[str, Array]]
    ) -> list[dict[str, Array]]:
        """One computation for each network; those that were done before a stop are in the store."""
        found = []
        for index, network in enumerate(networks):
            key = [
                self._network_key(network),
                self.memristor,
                digest(self.found.test),
                digest(self.found.train),
                list(self.bits),
                self.design.network.draws,
                self._seed(index),
                *more,
            ]
            found.append(self.lab.remember(f"{__name__}.{name}", VERSION, key, partial(compute, index)))
            if self.lab.progress is not None:
                self.lab.progress(index + 1, len(networks))
        return found

    def _network_key(self, network: TrainedNetwork | Perceptron) -> list[object]:
        if isinstance(network, Perceptron):
            return ["perceptron", _digest(*network.weights, *network.biases)]
        (layer,) = network.layers
        return ["network", _digest(layer.plus), layer.taus, network.encoding, network.pulse, network.response, network.dt, network.duration]

    def _gains_of(self, gains: Gains) -> list[list[float]]:
        return [[each[bits] for bits in self.bits] for each in gains]

    def _best(self, rates: tuple[float, ...], best: Callable[[MappingPlan], float]) -> dict[str, Array]:
        return {"gain": np.array([best(MappingPlan(bits=bits, rates=rates)) for bits in self.bits])}

    def _of_gains(self, arrays: Sequence[Mapping[str, Array]]) -> list[dict[int, float]]:
        return [dict(zip(self.bits, each["gain"].tolist(), strict=True)) for each in arrays]


def _joined(arrays: Sequence[Mapping[str, Array]], name: str) -> Array:
    """Networks one behind the other on the first axis."""
    return np.concatenate([each[name] for each in arrays])


def _digest(*arrays: Array) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(each).tobytes() for each in arrays)).hexdigest()
