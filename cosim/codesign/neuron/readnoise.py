"""Read noise of the memristors through the unit: which part of it reaches the peak of the membrane, over its correlation time.

Columns of cells as in the network of Lim 2025: 64 inputs, those that fire send one spike each at the time of their latency code,
every cell has its own trace of noise. The current of a column is the sum of its cells; units are simulated behind such columns.
The same traces through the time constants fitted to the unit give the curve over correlation times.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.card import NeuronCard
from cosim.circuits.neuron.drive import transient
from cosim.circuits.neuron.unit import Parts, columns
from cosim.circuits.stimuli import PiecewiseLinear
from cosim.codesign.neuron.equations import cell_current
from cosim.codesign.neuron.model import low_pass
from cosim.devices.memristor.read_noise import flat
from cosim.snn.timing import TimeConstants
from cosim.sweep.lab import Lab, Question

COLUMNS = 10
DURATION = 0.06  # [s] inputs fire within 20 ms
SAMPLE = 1e-4  # [s] of the traces
LATEST, THRESHOLD, LATENCY = 20e-3, 0.3, 5e-3  # [s], pixel, [s]: T = tau ln(x / (x - threshold)), Lim 2025, section 3.4 (tau is not printed)
START = 1e-3  # [s] before the first spike can come
CORRELATION_TIMES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1, 1.0, 10.0)  # [s]


@dataclass(frozen=True, kw_only=True)
class PeakNoise:
    """How far noise moves the peaks.

    Attributes:
        correlation_time: [s].
        difference: ``(draws, columns)`` relative change of the peak.
    """

    correlation_time: float
    difference: Array

    @property
    def worst(self) -> Array:
        """``(draws,)`` the column that moved most."""
        return np.asarray(np.max(np.abs(self.difference), axis=1))

    @property
    def typical_worst(self) -> float:
        """Median over the draws of the worst of ten columns."""
        return float(np.median(self.worst))

    @property
    def mean(self) -> float:
        """Mean over draws and columns of the magnitude."""
        return float(np.mean(np.abs(self.difference)))


@dataclass(frozen=True, kw_only=True)
class Images:
    """Input spikes and weights of columns.

    Attributes:
        times: ``(draws, inputs)`` [s]; NaN where an input does not fire.
        weights: ``(columns, inputs)`` 0..1.
    """

    times: Array
    weights: Array


def images(draws: int, rng: np.random.Generator) -> Images:
    """Handwritten digits of 8 x 8 pixels in latency code, and columns of random weights."""
    from sklearn.datasets import load_digits

    pixels = load_digits().data / 16.0
    chosen = pixels[rng.permutation(len(pixels))[:draws]]
    with np.errstate(divide="ignore", invalid="ignore"):
        late = LATENCY * np.log(chosen / (chosen - THRESHOLD))
    times = np.where(chosen > THRESHOLD, START + np.minimum(late, LATEST), np.nan)
    return Images(times=times, weights=rng.uniform(0.0, 1.0, (COLUMNS, pixels.shape[1])))


def column_currents(found: Images, draw: int, *, full: float, deviation: float, correlation_time: float, rng: np.random.Generator) -> Array:
    """Currents of the columns over time for one image.

    Args:
        full: current of a conducting cell of full weight [A].
        deviation: relative standard deviation of each cell; 0 for none.
        correlation_time: of its trace [s].

    Returns:
        ``(columns, points)`` [A], `SAMPLE` apart.
    """
    time = np.arange(round(DURATION / SAMPLE) + 1) * SAMPLE
    fires = np.flatnonzero(np.isfinite(found.times[draw]))
    pulse = np.stack([np.interp(time - found.times[draw, each], [0.0, 1e-4, 1e-3, 1.1e-3], [0.0, 1.0, 1.0, 0.0], 0.0, 0.0) for each in fires])
    noise = np.zeros((COLUMNS, len(fires), len(time)))
    if deviation:
        noise = flat(deviation, correlation_time=correlation_time).trace(np.full(noise.shape[:2], 100e-6), time, rng=rng)
    cells = found.weights[:, fires, None] * pulse[None] * (1.0 + noise)
    return np.asarray(full * cells.sum(axis=1))


def through_model(currents: Array, taus: TimeConstants) -> Array:
    """Peaks ``(columns,)`` of the membrane for currents ``(columns, points)``, by the model's low-passes; arbitrary units."""
    filtered = [low_pass(low_pass(low_pass(each, taus.rise, SAMPLE), taus.fall, SAMPLE), taus.membrane, SAMPLE) for each in currents]
    return np.array([each.max() for each in filtered])


def by_model(found: Images, taus: TimeConstants, *, deviation: float, correlation_time: float, seed: int) -> PeakNoise:
    """All images through the model, with and without noise."""
    rows = []
    for draw in range(len(found.times)):
        rng = np.random.default_rng([seed, draw])
        quiet = through_model(column_currents(found, draw, full=1.0, deviation=0.0, correlation_time=1.0, rng=rng), taus)
        noisy = through_model(column_currents(found, draw, full=1.0, deviation=deviation, correlation_time=correlation_time, rng=rng), taus)
        rows.append(noisy / quiet - 1.0)
    return PeakNoise(correlation_time=correlation_time, difference=np.array(rows))


def by_circuit(card: NeuronCard, parts: Parts, found: Images, lab: Lab, *, deviation: float, correlation_time: float, seed: int) -> PeakNoise:
    """All images through simulated units, ten columns a run, with the same traces as `by_model`."""
    full = cell_current(card, parts)
    questions = []
    for draw in range(len(found.times)):
        rng = np.random.default_rng([seed, draw])
        for noise in (0.0, deviation):
            currents = column_currents(found, draw, full=full, deviation=noise, correlation_time=correlation_time, rng=rng)
            questions.append(_question(card, parts, currents))
    answers = lab.ask(questions)
    peaks = np.array([[np.max(answer[f"v(mem{number})"]) - answer[f"v(mem{number})"][0] for number in range(1, COLUMNS + 1)] for answer in answers])
    return PeakNoise(correlation_time=correlation_time, difference=peaks[1::2] / peaks[0::2] - 1.0)


def column_pulses(card: NeuronCard, parts: Parts, amplitudes: Array, lab: Lab) -> Array:
    """Swing of the membrane ``(pulses,)`` [V] for one spike of each current ``(pulses,)`` [A] into a column."""
    time = np.arange(round(DURATION / SAMPLE) + 1) * SAMPLE
    pulse = np.interp(time - 0.01, [0.0, 1e-4, 1e-3, 1.1e-3], [0.0, 1.0, 1.0, 0.0], 0.0, 0.0)
    answer = lab.ask_one(_question(card, parts, amplitudes[:, None] * pulse))
    signals = [answer[f"v(mem{number})"] for number in range(1, len(amplitudes) + 1)]
    return np.array([each.max() - each[0] for each in signals])


def _question(card: NeuronCard, parts: Parts, currents: Array) -> Question:
    stimuli = [PiecewiseLinear(tuple(zip((np.arange(len(each)) * SAMPLE).tolist(), each.tolist(), strict=True))) for each in currents]
    circuit = columns(card, stimuli, parts=parts)
    return Question(
        circuit=circuit,
        analysis=transient(DURATION),
        saved=tuple(f"v(mem{number})" for number in range(1, len(currents) + 1)),
    )
