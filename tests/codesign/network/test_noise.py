"""Read noise of an array: the draws, the model, and the circuit with the same traces."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cosim.circuits.corners import Corner
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.layer import NOISE_INTERVAL, layer
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.inference import START, Hardware, analysis, infer
from cosim.codesign.network.mapping import MappedLayer, MappingPlan, map_weights
from cosim.codesign.network.noise import INTERVAL, LEAST, ReadNoisePlan, draw_noise, noisy_scores, samples_of
from cosim.errors import CircuitError, DeviceError, InputError
from cosim.snn.data import digits
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.network import Layer, TrainedNetwork, margins, scores
from cosim.snn.readout import membrane_maximum
from cosim.snn.timing import Trapezoid
from cosim.spice.breakpoints import missed
from cosim.spice.deck import write_deck
from cosim.spice.dialect import check
from cosim.spice.engines import Engine, find_engine
from cosim.sweep.lab import Lab, Question
from cosim.sweep.store import Store

LAB = Lab(engine=find_engine("ngspice"), workers=2)
CARD, PARTS = load_neuron("two_pole"), Parts()
ROWS, COLUMNS, DURATION = 12, 3, 0.05
PIXELS = np.random.default_rng(11).uniform(0.0, 1.0, (4, ROWS))
TIMES = latency_times(PIXELS, LatencyCard())  # [s]
LOUD = ReadNoisePlan(deviation=0.2, correlation_time=1e-3, seed=4)


def mapped(seed: int) -> MappedLayer:
    weights = np.random.default_rng(seed).uniform(0.0, 1.0, (ROWS, COLUMNS))
    return map_weights(weights, PARTS.memristor, MappingPlan(), np.random.default_rng(0))


PLUS, MINUS = mapped(3), mapped(5)
SMALL = TrainedNetwork(layers=(Layer(plus=PLUS.weights),), encoding=LatencyCard(), dt=1e-3, duration=DURATION - START)
HARDWARE = Hardware(card=CARD, parts=PARTS, cells=PLUS.cells)


@pytest.fixture(scope="module")
def network() -> TrainedNetwork:
    """Mean images of the digits as columns, of equal length."""
    examples = digits()
    means = np.stack([examples.pixels[examples.labels == digit].mean(axis=0) for digit in range(10)], axis=1)
    columns = means / np.linalg.norm(means, axis=0)
    return TrainedNetwork(layers=(Layer(plus=columns / columns.max()),), encoding=LatencyCard(), dt=1e-3)


def changes(network: TrainedNetwork, plan: ReadNoisePlan, images: int = 300) -> np.ndarray:
    """Relative change of each peak."""
    pixels = digits().pixels[:images]
    weights = network.layers[0].weights
    return noisy_scores(network, weights, pixels, plan) / noisy_scores(network, weights, pixels, ReadNoisePlan()) - 1.0


def test_the_samples_of_a_pulse_reach_from_its_begin_to_its_end():
    assert INTERVAL == NOISE_INTERVAL
    assert samples_of() == 12
    assert (samples_of() - 1) * INTERVAL == pytest.approx(Trapezoid().corners[-1][0])
    assert samples_of(Trapezoid(top=920e-6)) == 13


def test_a_draw_has_the_deviation_and_the_correlation_of_its_plan():
    noise = draw_noise(LOUD, np.zeros(300), 40, image=0)
    assert noise.shape == (300, 40, 12)
    assert noise.std(axis=(0, 1)) == pytest.approx(np.full(12, 0.2), rel=0.03)
    assert noise.mean(axis=(0, 1)) == pytest.approx(np.zeros(12), abs=0.01)
    for lag in (1, 5, 11):
        assert np.mean(noise[..., lag:] * noise[..., : 12 - lag]) / 0.04 == pytest.approx(np.exp(-lag * 0.1), abs=0.03)


def test_no_cell_stops_to_conduct():
    noise = draw_noise(replace(LOUD, deviation=1.0), np.zeros(50), 10, image=0)
    assert noise.min() == LEAST > -1.0
    assert noise.max() > 2.0


def test_equal_seeds_give_equal_noise_and_image_array_and_seed_each_give_another():
    first = draw_noise(LOUD, TIMES[0], COLUMNS, image=1)
    assert np.array_equal(first, draw_noise(LOUD, TIMES[0], COLUMNS, image=1))
    fires = np.isfinite(TIMES[0])
    for other in (
        draw_noise(LOUD, TIMES[0], COLUMNS, image=2),
        draw_noise(LOUD, TIMES[0], COLUMNS, image=1, array=1),
        draw_noise(replace(LOUD, seed=5), TIMES[0], COLUMNS, image=1),
    ):
        assert abs(np.corrcoef(first[fires].ravel(), other[fires].ravel())[0, 1]) < 0.3


def test_the_noise_of_a_cell_does_not_depend_on_what_else_fires():
    some, all_ = draw_noise(LOUD, TIMES[0], COLUMNS, image=1), draw_noise(LOUD, np.zeros(ROWS), COLUMNS, image=1)
    fires = np.isfinite(TIMES[0])
    assert 0 < fires.sum() < ROWS
    assert np.array_equal(some[fires], all_[fires])
    assert not some[~fires].any()


def test_the_seeds_of_noise_and_of_mismatch_do_not_meet():
    """NumPy pads the words of a seed with zeros: [0, 7] and [0, 7, 0] are one stream."""
    unit = np.random.default_rng([0, 7]).standard_normal((ROWS, COLUMNS, 12))
    assert np.array_equal(unit, np.random.default_rng([0, 7, 0]).standard_normal(unit.shape))
    noise = draw_noise(ReadNoisePlan(deviation=0.01, correlation_time=1e-4), np.zeros(ROWS), COLUMNS, image=7)
    assert abs(np.corrcoef(unit[..., 0].ravel(), noise[..., 0].ravel())[0, 1]) < 0.5


def test_without_deviation_the_model_is_that_of_the_network(network: TrainedNetwork):
    pixels = digits().pixels[:300]
    assert noisy_scores(network, network.layers[0].weights, pixels, ReadNoisePlan()) == pytest.approx(scores(network, pixels), rel=1e-4)


def test_images_that_share_no_firing_times_are_computed_too():
    pixels = np.random.default_rng(0).uniform(0.0, 1.0, (40, ROWS))
    assert noisy_scores(SMALL, PLUS.weights, pixels, ReadNoisePlan()) == pytest.approx(scores(SMALL, pixels), rel=1e-4)
    whole = noisy_scores(SMALL, PLUS.weights, pixels, LOUD)
    for number in (0, 39):
        alone = noisy_scores(SMALL, PLUS.weights, pixels[number : number + 1], LOUD, numbers=[number])
        assert alone[0] == pytest.approx(whole[number], rel=1e-9)


def test_without_deviation_pairs_are_those_of_the_network_within_a_thousandth(network: TrainedNetwork):
    pixels, rng = digits().pixels[:200], np.random.default_rng(1)
    plus, minus = (rng.uniform(0.0, 1.0, (64, 10)) for _ in range(2))
    expected = membrane_maximum(network.psp, latency_times(pixels, network.encoding), plus - minus, duration=network.duration).value
    found = noisy_scores(network, plus, pixels, ReadNoisePlan(), weights_minus=minus)
    assert np.abs(found - expected).max() < 1e-3 * expected.max(axis=1).min()


def test_the_halves_of_pairs_have_noise_of_their_own():
    """Equal halves cancel without noise, and do not with it."""
    quiet = noisy_scores(SMALL, PLUS.weights, PIXELS, ReadNoisePlan(), weights_minus=PLUS.weights)
    assert quiet == pytest.approx(np.zeros((4, COLUMNS)), abs=1e-12)
    assert noisy_scores(SMALL, PLUS.weights, PIXELS, LOUD, weights_minus=PLUS.weights).mean() > 0.05


def test_noise_that_lasts_changes_the_peaks_as_factors_on_the_weights_do():
    plan = replace(LOUD, correlation_time=1e6)
    noise = draw_noise(plan, TIMES[1], COLUMNS, image=0)
    assert np.ptp(noise, axis=2).max() < 1e-3
    expected = noisy_scores(SMALL, PLUS.weights * (1.0 + noise[..., 0]), PIXELS[1:2], ReadNoisePlan())
    assert noisy_scores(SMALL, PLUS.weights, PIXELS[1:2], plan) == pytest.approx(expected, rel=1e-3)


def test_the_longer_the_noise_is_correlated_the_further_the_peaks_move(network: TrainedNetwork):
    mean = [float(np.abs(changes(network, ReadNoisePlan(deviation=0.07, correlation_time=time))).mean()) for time in (1e-4, 3e-4, 1e-3, 1e-2)]
    assert mean[0] > 0.004
    assert all(after > 1.03 * before for before, after in pairwise(mean))


def test_seven_percent_over_a_millisecond_moves_the_worst_of_ten_columns_by_two_to_four(network: TrainedNetwork):
    found = changes(network, ReadNoisePlan(deviation=0.07, correlation_time=1e-3))
    assert 0.02 < np.median(np.abs(found).max(axis=1)) < 0.04
    assert abs(found.mean()) < 2e-3


@pytest.fixture(scope="module")
def peaks() -> tuple[np.ndarray, np.ndarray]:
    """Of the circuit, without noise and with it."""
    quiet, noisy = (infer(replace(HARDWARE, noise=plan), TIMES, LAB, duration=DURATION).peaks for plan in (None, LOUD))
    return quiet, noisy


def test_the_circuit_moves_by_what_the_model_moves_by(peaks: tuple[np.ndarray, np.ndarray]):
    """The same traces: 97 % of the change, since the transistor and the series resistance share the voltage of a cell."""
    circuit = peaks[1] / peaks[0] - 1.0
    model = noisy_scores(SMALL, PLUS.weights, PIXELS, LOUD) / noisy_scores(SMALL, PLUS.weights, PIXELS, ReadNoisePlan()) - 1.0
    assert np.abs(model).max() > 0.05
    assert np.sum(circuit * model) / np.sum(model**2) == pytest.approx(0.97, abs=0.03)
    assert circuit == pytest.approx(model, abs=0.1 * np.abs(model).max())


def test_chosen_columns_and_images_have_the_noise_of_the_whole(peaks: tuple[np.ndarray, np.ndarray]):
    some = infer(replace(HARDWARE, noise=LOUD), TIMES[2:3], LAB, duration=DURATION, columns=[2, 0], numbers=[2]).peaks[0]
    quiet, noisy = (each[2, [2, 0]] for each in peaks)
    assert np.abs(noisy / quiet - 1.0).min() > 0.01
    assert some / quiet == pytest.approx(noisy / quiet, abs=3e-3)


def test_pairs_in_the_circuit_have_noise_in_both_halves():
    hardware = replace(HARDWARE, minus=MINUS.cells, noise=LOUD)
    noises = [draw_noise(LOUD, TIMES[0], COLUMNS, image=0, array=array) for array in (0, 1)]
    run = infer(hardware, TIMES[:1], LAB, duration=DURATION, numbers=[0])
    assert run.done.all()
    deck = deck_of(noise=noises, minus=MINUS.cells)
    assert deck.count("PWL(") == deck_of(minus=MINUS.cells).count("PWL(") + 2 * COLUMNS * int(np.isfinite(TIMES[0]).sum())


def test_no_corner_of_a_trace_is_passed_over():
    """The lab refuses a run that has lost one; here the corners are there to be lost."""
    circuit = layer(CARD, TIMES[0] + START, PLUS.cells, silent=False, noise=[draw_noise(LOUD, TIMES[0], COLUMNS, image=0)])
    reading = LAB.ask_one(Question(circuit=circuit, analysis=analysis(DURATION), saved=("v(mem1)",)))
    assert missed(circuit, reading.axis) == ""
    assert missed(circuit, reading.axis[::3]).startswith("the time steps passed over ")


def deck_of(**options) -> str:
    """Text of the deck of the first image."""
    return write_deck(layer(CARD, TIMES[0] + START, PLUS.cells, silent=False, **options), analysis(DURATION)).text


def test_a_deck_with_noise_is_portable_and_light():
    noise = draw_noise(LOUD, TIMES[0], COLUMNS, image=0)
    assert check(deck_of(noise=[noise])) == []
    assert len(deck_of(noise=[noise])) < 3e3 * COLUMNS * np.isfinite(TIMES[0]).sum()


def test_without_deviation_the_deck_is_that_without_noise(tmp_path: Path):
    """There is no simulator the second time: only the same deck is in the store."""
    with Store.open(tmp_path / "store") as store:
        quiet = infer(HARDWARE, TIMES[:1], replace(LAB, store=store), duration=0.03)
        nowhere = Lab(engine=Engine(LAB.engine.kind, ("/nowhere/ngspice",), LAB.engine.version), store=store)
        silent, noisy = (infer(replace(HARDWARE, noise=plan), TIMES[:1], nowhere, duration=0.03) for plan in (replace(LOUD, deviation=0.0), LOUD))
    assert np.array_equal(silent.peaks, quiet.peaks)
    assert not noisy.done.any()


def test_noise_goes_with_wires_and_with_a_process_corner():
    noise = [draw_noise(LOUD, TIMES[0], COLUMNS, image=0)]
    plain, built = (deck_of(noise=noise, **options) for options in ({}, {"wire_resistance": 1.0, "corner": Corner(threshold=0.01)}))
    assert built.count("Vn n 0 PWL(") == plain.count("Vn n 0 PWL(") == COLUMNS * np.isfinite(TIMES[0]).sum()
    assert check(built) == []


def test_samples_that_do_not_fit_the_array_are_refused():
    noise = draw_noise(LOUD, TIMES[0], COLUMNS, image=0)
    with pytest.raises(CircuitError, match=r"^layer, noise=shape \(12, 2, 12\): must be of shape \(12, 3, samples\)$"):
        deck_of(noise=[noise[:, :2]])
    with pytest.raises(CircuitError, match=r"^layer, noise=2 arrays: must be 1, the number of arrays of cells, or none$"):
        deck_of(noise=[noise, noise])
    with pytest.raises(CircuitError, match=r"^layer, noise=-1\.5: must be > -1: no memristor conducts backwards$"):
        deck_of(noise=[np.minimum(noise, -1.5)])
    twice = [np.array([1e-3, 5e-3]) for _ in range(ROWS)]
    with pytest.raises(CircuitError, match=r"^layer, noise, spikes of an input=2: must be 1 at most: the samples are of one$"):
        layer(CARD, twice, PLUS.cells, noise=[noise])


def test_numbers_are_one_for_each_image():
    with pytest.raises(InputError, match=r"^inference, numbers=2 of them: must be one for each of 4 images$"):
        infer(HARDWARE, TIMES, LAB, duration=DURATION, numbers=[0, 1])
    with pytest.raises(InputError, match=r"^read noise, numbers=2 of them: must be one for each of 4 images$"):
        noisy_scores(SMALL, PLUS.weights, PIXELS, LOUD, numbers=[0, 1])


def test_weights_of_another_shape_and_spikes_of_one_step_are_refused():
    with pytest.raises(InputError, match=r"^read noise, weights of shape=\(12, 2\): must be \(12, 3\), as the layer$"):
        noisy_scores(SMALL, PLUS.weights[:, :2], PIXELS, LOUD)
    with pytest.raises(InputError, match=r"^read noise, response=impulse: must be trapezoid: within a spike of one step there is no noise to draw$"):
        noisy_scores(replace(SMALL, response="impulse"), PLUS.weights, PIXELS, LOUD)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"deviation": 1.5}, r"^read noise, deviation=1\.5: must be within 0\.\.1$"),
        ({"correlation_time": 1e-5}, r"^read noise, correlation_time=1e-05: must be >= 0\.0001$"),
    ],
)
def test_a_plan_out_of_range_is_refused(values: dict[str, float], message: str):
    with pytest.raises(DeviceError, match=message):
        ReadNoisePlan(**values)


def test_a_seed_is_a_whole_number():
    with pytest.raises(InputError, match=r"^read noise, seed=-1: must be a whole number >= 0$"):
        ReadNoisePlan(seed=-1)


def test_an_empty_set_of_images_has_no_scores():
    assert noisy_scores(SMALL, PLUS.weights, PIXELS[:0], LOUD).shape == (0, COLUMNS)
    dark = noisy_scores(SMALL, PLUS.weights, np.zeros((2, ROWS)), LOUD)
    assert np.array_equal(dark, np.zeros((2, COLUMNS)))
    assert np.array_equal(margins(dark), [0.0, 0.0])
