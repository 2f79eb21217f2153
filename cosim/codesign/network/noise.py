"""Read noise of the memristors of an array: one trace a cell, in the circuit and in the model alike.

A cell conducts only while its input spikes, so its noise is drawn for that pulse alone: samples `INTERVAL` apart from the begin of the pulse to its end,
straight lines between, a Gauss-Markov process with a correlation time. The circuit gets the samples as stimuli; in the model each sample multiplies one hat of
the pulse, and the potentials of the hats, which together are that of the pulse, are summed with weights and noise. Peaks of the circuit move by 97 % of what
the model's do: transistor and series resistance share the voltage of a cell.
Not here: noise that depends on the conductance (`cosim.devices.memristor.read_noise`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.layer import NOISE_INTERVAL as INTERVAL
from cosim.devices.memristor.read_noise import flat
from cosim.errors import InputError, reject
from cosim.params import check_params, param
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork
from cosim.snn.psp import continuous_psp
from cosim.snn.readout import levels
from cosim.snn.timing import TimeConstants, Trapezoid

PULSE = Trapezoid()
LEAST = -0.95  # relative deviation, so that a cell goes on to conduct
DIGITS = 6  # of a deviation; the same number reaches the deck
STEP = 2e-6  # [s] on which the potentials of the hats are computed
GRID = 0.125e-3  # [s] on which membranes are looked at; maxima are within 1e-4 of those of `membrane_maximum`, 1e-3 of the highest with signed weights
CHUNK = 64  # images at a time
SHARED_LEVELS = 64  # firing times of all images together up to which images are computed together


@dataclass(frozen=True, kw_only=True)
class ReadNoisePlan:
    """Read noise of every cell, at each sample of its own; equal seeds give equal noise."""

    deviation: float = param("standard deviation of a cell's current over the current", "%", default=0.0, least=0.0, most=1.0)
    correlation_time: float = param("time over which the deviation of a cell is forgotten", "s", default=1e-3, least=1e-4)
    seed: int = 0

    def __post_init__(self) -> None:
        check_params(self, where="read noise")
        if not self.seed >= 0:
            raise reject(InputError, "read noise", "seed", self.seed, "a whole number >= 0")


def samples_of(pulse: Trapezoid = PULSE) -> int:
    """Number of samples over a pulse."""
    return int(np.ceil(pulse.corners[-1][0] / INTERVAL - 1e-9)) + 1


def draw_noise(plan: ReadNoisePlan, times: Array, outputs: int, *, image: int, array: int = 0, pulse: Trapezoid = PULSE) -> Array:
    """Noise of the cells of an array while one image is read.

    Args:
        plan: how much.
        times: ``(inputs,)`` spikes [s], not finite where an input is silent.
        outputs: number of columns of the whole array; pick from the result to simulate fewer.
        image: its number; with the seed of the plan and `array` it says which noise this is.
        array: 0 for plus, 1 for minus.
        pulse: of a spike.

    Returns:
        ``(inputs, outputs, samples)`` relative deviations, `INTERVAL` apart from the begin of the spike on; 0 for inputs that are silent.
    """
    at = np.arange(samples_of(pulse)) * INTERVAL
    rng = np.random.default_rng([plan.seed, image, 1 + array])  # never the words of another draw, even padded with zeros
    process = flat(plan.deviation, correlation_time=plan.correlation_time)
    noise = process.trace(np.full((len(times), outputs), process.conductance[0]), at, rng=rng)
    noise[~np.isfinite(times)] = 0.0
    return np.maximum(np.round(noise, DIGITS), LEAST)


def noisy_scores(
    network: TrainedNetwork,
    weights: Array,
    pixels: Array,
    plan: ReadNoisePlan,
    *,
    weights_minus: Array | None = None,
    numbers: Sequence[int] | None = None,
) -> Array:
    """Maxima of the membranes of one layer whose every cell has read noise.

    Args:
        network: one layer that is read by the maxima of its membranes, a spike being a trapezoid; its own weights are not used.
        weights: ``(inputs, outputs)`` in conductances over the highest one, or signed where one cell stands for a weight.
        pixels: ``(images, inputs)``, 0..1.
        plan: of the noise; the traces are those that the circuit gets.
        weights_minus: of the second half of pairs, whose devices have noise of their own.
        numbers: of the images, for the draws; 0, 1, ... if left out.

    Returns:
        ``(images, outputs)`` in spikes of full weight.

    Raises:
        InputError: a network, weights or numbers that do not fit.
    """
    numbers = range(len(pixels)) if numbers is None else numbers
    _refuse(network, weights, weights_minus, len(pixels), numbers)
    times = latency_times(pixels, network.encoding)
    hats = _hats(network.layers[0].taus, network.pulse)
    halves = (weights,) if weights_minus is None else (weights, -weights_minus)
    chunk = CHUNK if len(levels(times[:CHUNK])[0]) <= SHARED_LEVELS else 1  # firing times that images do not share are cheaper one by one
    found = [np.zeros((0, weights.shape[1]))]
    for start in range(0, len(times), chunk):
        part = slice(start, start + chunk)
        sums = _level_sums(halves, times[part], plan, numbers[part], network.pulse)
        found.append(_maxima(hats, levels(times[part])[0], sums, duration=network.duration))
    return np.concatenate(found)


def _refuse(network: TrainedNetwork, weights: Array, weights_minus: Array | None, images: int, numbers: Sequence[int]) -> None:
    """What has no such model, and arrays that do not fit."""
    if network.response != "trapezoid":
        raise reject(InputError, "read noise", "response", network.response, "trapezoid: within a spike of one step there is no noise to draw")
    for name, array in (("weights", weights), ("weights_minus", weights_minus)):
        if array is not None and np.shape(array) != network.layers[0].plus.shape:
            raise reject(InputError, "read noise", f"{name} of shape", np.shape(array), f"{network.layers[0].plus.shape}, as the layer")
    if len(numbers) != images:
        raise reject(InputError, "read noise", "numbers", f"{len(numbers)} of them", f"one for each of {images} images")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Hats:
    """Potentials of the hats of a pulse, which together are the potential of the pulse.

    Attributes:
        table: ``(points, samples)`` while the pulse lasts, `STEP` apart.
        modes: ``(poles, samples)`` at its end, from which each pole decays alone.
        poles: ``(poles,)`` time constants [s].
    """

    table: Array
    modes: Array
    poles: Array

    def at(self, since: Array) -> Array:
        """``(..., samples)`` at times ``since (...)`` [s] after the spike; 0 before it."""
        end = (len(self.table) - 1) * STEP
        found = np.exp(-np.maximum(since - end, 0.0)[..., None] / self.poles) @ self.modes
        found[since <= 0.0] = 0.0
        during = (since > 0.0) & (since < end)
        index, share = np.divmod(since[during] / STEP, 1.0)
        low = self.table[index.astype(int)]
        found[during] = low + share[:, None] * (self.table[np.minimum(index.astype(int) + 1, len(self.table) - 1)] - low)
        return np.asarray(found)


def _hats(taus: TimeConstants, pulse: Trapezoid) -> _Hats:
    """In closed form but for the pulse itself, which is cut into steps."""
    from cosim.codesign.neuron.model import low_pass

    psp, samples = continuous_psp(taus, pulse), samples_of(pulse)
    time = np.arange(round((samples - 1) * INTERVAL / STEP) + 1) * STEP
    hats = np.maximum(1.0 - np.abs(time[:, None] / INTERVAL - np.arange(samples)), 0.0)
    corners = np.array(pulse.corners)
    drive = hats * np.interp(time, corners[:, 0], corners[:, 1])[:, None]
    shares = [np.prod([pole / (pole - other) for other in psp.poles if other != pole]) / psp.unscaled_peak for pole in psp.poles]
    modes = np.array([[share * low_pass(each, pole, STEP) for each in drive.T] for share, pole in zip(shares, psp.poles, strict=True)])
    return _Hats(table=modes.sum(axis=0).T, modes=modes[:, :, -1], poles=psp.poles)


def _level_sums(halves: Sequence[Array], times: Array, plan: ReadNoisePlan, numbers: Sequence[int], pulse: Trapezoid) -> Array:
    """``(images, levels, samples, outputs)`` sums over the inputs of a level of weights with noise; `halves` have their signs."""
    _, members = levels(times)
    outputs, found = halves[0].shape[1], np.zeros(())
    for array, half in enumerate(halves):
        noise = np.stack([draw_noise(plan, each, outputs, image=int(number), array=array, pulse=pulse) for each, number in zip(times, numbers, strict=True)])
        noisy = half[..., None] * (1.0 + noise)  # (images, inputs, outputs, samples)
        found = found + (members @ noisy.reshape(*noise.shape[:2], outputs * noise.shape[3])).reshape(*members.shape[:2], *noise.shape[2:])
    return np.swapaxes(found, 2, 3)


def _maxima(hats: _Hats, distinct: Array, sums: Array, *, duration: float) -> Array:
    """``(images, outputs)``: the highest point of a grid and its neighbors, joined by a parabola."""
    at = np.arange(round(duration / GRID) + 1) * GRID
    images, count, samples, outputs = sums.shape
    potentials = hats.at(at[:, None] - distinct).reshape(len(at), count * samples)
    traces = potentials @ np.moveaxis(sums, 0, 2).reshape(count * samples, images * outputs)
    best = np.argmax(traces, axis=0)
    middle, column = np.clip(best, 1, len(at) - 2), np.arange(traces.shape[1])
    low, high, top = traces[middle - 1, column], traces[middle + 1, column], traces[middle, column]
    bend = 2.0 * top - low - high
    vertex = top + (high - low) ** 2 / (8.0 * np.where(bend > 0.0, bend, np.inf))
    return np.where(best == middle, vertex, traces[best, column]).reshape(images, outputs)
