"""Grids of accuracy: the fast membranes against the exact ones, and what a grid keeps."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t

from cosim.codesign.network import noise as noise_module
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.grids import FastMembranes, Grid, Sampled, accuracy_of, chip_seed, correlation_curve, noise_grid, tuning_grid
from cosim.codesign.network.mapping import MappingPlan
from cosim.codesign.network.noise import ReadNoisePlan
from cosim.devices.memristor.card import load_memristor
from cosim.errors import InputError
from cosim.snn.data import Examples, digits, optdigits, split
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.network import Layer, TrainedNetwork, scores
from cosim.snn.readout import membrane_maximum

CARD = load_memristor("lim2025_analog_window")
TRAIN, TEST = split(digits(), seed=1)
MEANS = np.stack([TRAIN.pixels[TRAIN.labels == each].mean(axis=0) for each in range(10)], axis=1)


def network(power: float = 1.0) -> TrainedNetwork:
    """The mean images as columns of equal length; another power is another network."""
    columns = MEANS**power / np.linalg.norm(MEANS**power, axis=0)
    return TrainedNetwork(layers=(Layer(plus=columns / columns.max()),), encoding=LatencyCard(), dt=1e-3)


def paired() -> TrainedNetwork:
    """Distances from the mean of all digits."""
    signed = MEANS - MEANS.mean(axis=1, keepdims=True)
    plus, minus = (np.maximum(sign * signed, 0.0) / np.abs(signed).max() for sign in (1, -1))
    return replace(network(), layers=(Layer(plus=plus, minus=minus),), signs="pairs")


NETWORK, PAIRS = network(), paired()
TIMES = latency_times(TEST.pixels, NETWORK.encoding)
PLANS = (MappingPlan(), MappingPlan(bits=1), MappingPlan(bits=3), MappingPlan(bits=3, tuning_error=0.1), MappingPlan(tuning_error=0.2, error_of="full_scale"))


def differing(trained: TrainedNetwork, images: Examples) -> float:
    """Share of images and chips on which the fast membranes give a class whose exact membrane is not the highest; of equally high ones either is right."""
    times = latency_times(images.pixels, trained.encoding)
    fast, differ = FastMembranes.of(trained, times), []
    for seed, plan in enumerate(PLANS):
        (chip,) = map_network(trained, CARD, plan, seed=seed)
        exact = membrane_maximum(trained.psp, times, chip.weights, duration=trained.duration).value
        chosen = exact[np.arange(len(exact)), fast.scores(chip.weights).argmax(axis=1)]
        differ.append(chosen < exact.max(axis=1) * (1 - 1e-9))
    return float(np.mean(differ))


@pytest.mark.parametrize("trained", [NETWORK, PAIRS], ids=["positive", "pairs"])
def test_the_fast_membranes_give_the_class_of_the_exact_ones_on_999_of_1000_images(trained: TrainedNetwork):
    assert differing(trained, TEST) <= 0.001


def test_so_they_do_on_1124_images_of_optdigits(data_file: Callable[..., Path]):
    assert data_file("optdigits").exists()
    images = split(optdigits(), seed=1)[1]
    assert len(images) == 1124
    assert differing(NETWORK, images) <= 0.001


def test_their_maxima_are_within_3_of_100000_of_the_exact_ones():
    found, exact = FastMembranes.of(NETWORK, TIMES).scores(NETWORK.layers[0].weights), scores(NETWORK, TEST.pixels)
    assert found == pytest.approx(exact, rel=3e-5)
    assert np.abs(found / exact - 1).max() > 1e-9  # two computations, not one


def test_signed_weights_are_followed_to_the_end_of_the_window():
    found, exact = FastMembranes.of(PAIRS, TIMES).scores(PAIRS.layers[0].weights), scores(PAIRS, TEST.pixels)
    assert np.abs(found - exact).max() < 1e-4 * exact.max()


def test_a_network_in_steps_has_its_maxima_on_the_steps():
    stepped = replace(NETWORK, response="impulse")
    found = FastMembranes.of(stepped, TIMES).scores(stepped.layers[0].weights)
    assert found == pytest.approx(scores(stepped, TEST.pixels), rel=1e-9)


def test_images_beyond_one_chunk_keep_their_order(monkeypatch: pytest.MonkeyPatch):
    whole = FastMembranes.of(NETWORK, TIMES).scores(NETWORK.layers[0].weights)
    monkeypatch.setattr("cosim.codesign.network.grids.CHUNK", 100)
    parts = FastMembranes.of(NETWORK, TIMES)
    assert len(parts.members) == 4
    assert parts.scores(NETWORK.layers[0].weights) == pytest.approx(whole, rel=1e-12)


def test_images_without_a_spike_have_scores_of_zero():
    silent = FastMembranes.of(NETWORK, np.full((3, 64), np.inf))
    assert silent.scores(NETWORK.layers[0].weights).tolist() == np.zeros((3, 10)).tolist()


def test_the_accuracy_is_that_of_the_classes():
    weights = NETWORK.layers[0].weights
    assert accuracy_of(NETWORK, weights, TIMES, TEST.labels) == pytest.approx(np.mean(scores(NETWORK, TEST.pixels).argmax(axis=1) == TEST.labels), abs=0.003)
    assert accuracy_of(NETWORK, np.roll(weights, 1, axis=1), TIMES, TEST.labels) < 0.1


def test_a_network_that_fires_has_no_fast_membranes():
    counted = replace(NETWORK, layers=(Layer(plus=NETWORK.layers[0].plus, threshold=1.0),), response="impulse", readout="spike_count")
    with pytest.raises(InputError, match=r"^fast membranes, network=1 layers, spike_count: must be one layer that is read by membrane_maximum$"):
        FastMembranes.of(counted, TIMES)


def grid(**values: object) -> Grid:
    """Two networks, two chips each."""
    return tuning_grid([NETWORK, network(2.0)], TEST, CARD, bits=(1, 3, 0), errors=(0.0, 0.1, 0.3), draws=2, seed=3, **values)  # type: ignore[arg-type]


def test_a_cell_of_the_grid_is_the_accuracy_of_its_chip():
    found = grid()
    assert found.accuracy.shape == (2, 2, 3, 3)
    (chip,) = map_network(NETWORK, CARD, MappingPlan(bits=3, tuning_error=0.1), seed=chip_seed(3, 0, 1))
    assert found.accuracy[0, 1, 1, 1] == accuracy_of(NETWORK, chip.weights, TIMES, TEST.labels)
    assert found.at(3, 0.1)[0] == pytest.approx(found.accuracy[:, :, 1, 1].mean())


def test_chips_differ_by_their_tuning_alone():
    found = grid()
    assert np.array_equal(found.accuracy[:, 0, :, 0], found.accuracy[:, 1, :, 0])
    assert not np.array_equal(found.accuracy[:, 0, :, 2], found.accuracy[:, 1, :, 2])


def test_a_grid_of_equal_seed_is_equal():
    assert np.array_equal(grid().accuracy, grid().accuracy)


def test_errors_of_full_scale_cost_more_than_errors_of_the_target():
    assert grid(error_of="full_scale").at(0, 0.3)[0] < grid().at(0, 0.3)[0] - 0.05


def test_errors_cost_accuracy_and_one_bit_costs_more():
    found = grid()
    assert found.at(0, 0.3)[0] < found.at(0, 0.0)[0] - 0.02
    assert found.at(1, 0.0)[0] < found.at(3, 0.0)[0] - 0.05


def test_measured_errors_have_a_column_of_their_own():
    found = grid(errors_measured=(-0.4, 0.4))
    assert found.measured is not None
    assert found.measured.accuracy.shape == (2, 2, 3, 1)
    (chip,) = map_network(NETWORK, CARD, MappingPlan(bits=3, errors=(-0.4, 0.4)), seed=chip_seed(3, 0, 0))
    assert found.measured.accuracy[0, 0, 1, 0] == accuracy_of(NETWORK, chip.weights, TIMES, TEST.labels)
    assert np.array_equal(found.accuracy, grid().accuracy)
    assert grid().measured is None


def test_the_interval_is_over_the_means_of_the_networks():
    found = Sampled(accuracy=np.array([[[0.90], [0.94]], [[0.80], [0.84]], [[0.85], [0.89]]]))
    assert found.mean == pytest.approx([0.87])
    assert found.half_width == pytest.approx([t.ppf(0.975, 2) * 0.05 / np.sqrt(3)])
    assert found.interval[0] == pytest.approx(found.mean - found.half_width)


def test_one_network_has_its_interval_over_the_chips_and_one_chip_has_none():
    values = np.array([[[0.9], [0.8], [0.7]]])
    assert Sampled(accuracy=values).half_width == pytest.approx([t.ppf(0.975, 2) * 0.1 / np.sqrt(3)])
    assert np.isnan(Sampled(accuracy=values[:, :1]).half_width).all()


def test_the_interval_holds_the_true_mean_in_about_95_of_100_cases():
    rng = np.random.default_rng(0)
    inside = [abs(Sampled(accuracy=0.9 + each).mean[0] - 0.9) < Sampled(accuracy=0.9 + each).half_width[0] for each in clustered(rng, 1000)]
    assert 0.93 < np.mean(inside) < 0.97


def clustered(rng: np.random.Generator, cases: int) -> np.ndarray:
    """Networks that differ by 1 %, chips of them by 0.3 %."""
    return 0.01 * rng.standard_normal((cases, 5, 1, 1)) + 0.003 * rng.standard_normal((cases, 5, 3, 1))


def test_a_cell_that_is_not_there_is_refused():
    with pytest.raises(InputError, match=r"^grid, error=0\.2: must be one of 0, 0\.1, 0\.3$"):
        grid().at(3, 0.2)


@pytest.mark.parametrize(("networks", "draws", "words"), [([], 2, "networks=0"), ([NETWORK], 0, "draws=0")])
def test_a_grid_of_nothing_is_refused(networks: list[TrainedNetwork], draws: int, words: str):
    with pytest.raises(InputError, match=rf"^grid, {words}: must be >= 1$"):
        tuning_grid(networks, TEST, CARD, draws=draws)


FEW = TEST.pick(np.arange(60))


def test_a_cell_with_noise_is_that_of_the_noisy_membranes_of_its_chip():
    found = noise_grid([NETWORK], FEW, CARD, bits=(3,), deviations=(0.0, 0.3), tuning_error=0.05, draws=1, seed=2)
    seed = chip_seed(2, 0, 0)
    (chip,) = map_network(NETWORK, CARD, MappingPlan(bits=3, tuning_error=0.05), seed=seed)
    plan = ReadNoisePlan(deviation=0.3, correlation_time=1e-3, seed=seed)
    noisy = noise_module.noisy_scores(NETWORK, chip.plus.weights, FEW.pixels, plan)
    assert found.accuracy.shape == (1, 1, 1, 2)
    assert found.at(3, 0.3)[0] == np.mean(noisy.argmax(axis=1) == FEW.labels)
    assert found.at(3, 0.0)[0] == accuracy_of(NETWORK, chip.weights, TIMES[:60], FEW.labels)
    assert (found.correlation_time, found.tuning_error, found.error_of) == (1e-3, 0.05, "target")


def test_both_halves_of_a_pair_get_noise(monkeypatch: pytest.MonkeyPatch):
    given = {}

    def kept(trained: TrainedNetwork, weights: np.ndarray, pixels: np.ndarray, plan: ReadNoisePlan, *, weights_minus: np.ndarray) -> np.ndarray:
        given.update(plus=weights, minus=weights_minus)
        return np.eye(10)[FEW.labels]

    monkeypatch.setattr(noise_module, "noisy_scores", kept)
    found = noise_grid([PAIRS], FEW, CARD, bits=(0,), deviations=(0.05,), draws=1)
    (chip,) = map_network(PAIRS, CARD, MappingPlan(tuning_error=0.03), seed=chip_seed(0, 0, 0))
    assert chip.minus is not None
    assert np.array_equal(given["plus"], chip.plus.weights)
    assert np.array_equal(given["minus"], chip.minus.weights)
    assert found.at(0, 0.05)[0] == 1.0


def test_the_curve_runs_over_correlation_times_of_the_same_chips(monkeypatch: pytest.MonkeyPatch):
    plans = []

    def kept(trained: TrainedNetwork, weights: np.ndarray, pixels: np.ndarray, plan: ReadNoisePlan, *, weights_minus: None) -> np.ndarray:
        plans.append((plan, weights))
        return np.eye(10)[FEW.labels] if plan.correlation_time < 1.0 else np.eye(10)[(FEW.labels + 1) % 10]

    monkeypatch.setattr(noise_module, "noisy_scores", kept)
    found = correlation_curve([NETWORK], FEW, CARD, times=(1e-4, 10.0), draws=2)
    assert found.accuracy.tolist() == [[[1.0, 0.0], [1.0, 0.0]]]
    assert [plan.correlation_time for plan, _ in plans] == [1e-4, 10.0, 1e-4, 10.0]
    assert {plan.deviation for plan, _ in plans} == {0.07}
    assert np.array_equal(plans[0][1], plans[1][1])
    assert not np.array_equal(plans[0][1], plans[2][1])
