"""A perceptron on cells: exact without errors, noise as one sample of every cell, grids."""

import numpy as np
import pytest

from cosim.codesign.network.ann import map_perceptron, mapped_scores, perceptron_accuracy_on_chip, perceptron_noise_grid, perceptron_tuning_grid
from cosim.codesign.network.grids import chip_seed
from cosim.codesign.network.mapping import MappingPlan, Window
from cosim.devices.memristor.card import load_memristor
from cosim.errors import DataError, InputError
from cosim.snn.data import digits, split
from cosim.snn.perceptron import Perceptron, perceptron_accuracy, perceptron_scores

CARD = load_memristor("lim2025_analog_window")
WINDOW = Window.of(CARD)
TRAIN, TEST = split(digits(), seed=1)
MEANS = np.stack([TRAIN.pixels[TRAIN.labels == each].mean(axis=0) for each in range(10)], axis=1)
NORMED = MEANS / np.linalg.norm(MEANS, axis=0)
POSITIVE = Perceptron(weights=(NORMED / NORMED.max(),), biases=(np.zeros(10),))
SIGNED = Perceptron(weights=(3.0 * (MEANS - MEANS.mean(axis=1, keepdims=True)),), biases=(-1.5 * np.sum(MEANS**2, axis=0),))  # the nearest mean image
HIDDEN = Perceptron(
    weights=(np.concatenate([SIGNED.weights[0], -SIGNED.weights[0]], axis=1), np.concatenate([np.eye(10), -np.eye(10)])),
    biases=(np.concatenate([SIGNED.biases[0], -SIGNED.biases[0]]), np.zeros(10)),
)
ALL = {"positive": POSITIVE, "signed": SIGNED, "hidden": HIDDEN}


@pytest.mark.parametrize("name", ALL)
def test_without_errors_the_cells_give_the_scores_of_the_perceptron(name: str):
    mapped = map_perceptron(ALL[name], CARD, MappingPlan(), seed=0)
    expected = perceptron_scores(ALL[name], TEST.pixels)
    assert np.abs(mapped_scores(mapped, TEST.pixels) - expected).max() < 1e-9 * np.abs(expected).max()
    assert perceptron_accuracy(ALL[name], TEST.pixels, TEST.labels) > 0.85


def test_positive_weights_take_one_device_and_signed_ones_two():
    assert [map_perceptron(ALL[name], CARD, MappingPlan(), seed=0).devices for name in ALL] == [640, 1280, 2560 + 400]


def test_signed_weights_use_the_whole_window():
    mapped = map_perceptron(SIGNED, CARD, MappingPlan(), seed=0)
    (chip,) = mapped.chips
    assert chip.minus is not None
    assert max(each.conductance.max() for each in chip.arrays.values()) == pytest.approx(WINDOW.high)
    assert mapped.scales == (float(np.abs(SIGNED.weights[0]).max()),)


def test_positive_weights_go_where_those_of_the_spiking_network_go():
    (chip,) = map_perceptron(POSITIVE, CARD, MappingPlan(), seed=0).chips
    assert chip.plus.conductance == pytest.approx(WINDOW.conductance(POSITIVE.weights[0]))
    assert chip.minus is None


def test_one_seed_is_one_chip_and_layers_and_halves_are_drawn_apart():
    plan = MappingPlan(bits=4, tuning_error=0.05)
    one, again, other = (map_perceptron(HIDDEN, CARD, plan, seed=seed) for seed in (1, 1, 2))
    for chip, same, different in zip(one.chips, again.chips, other.chips, strict=True):
        assert np.array_equal(chip.weights, same.weights)
        assert not np.array_equal(chip.weights, different.weights)
    assert one.chips[0].minus is not None
    errors = [each.conductance / each.target - 1 for each in (one.chips[0].plus, one.chips[0].minus)]
    assert abs(np.corrcoef(errors[0].ravel(), errors[1].ravel())[0, 1]) < 0.2


@pytest.mark.parametrize("name", ["positive", "signed"])
def test_noise_is_that_of_a_sample_of_every_cell(name: str):
    """The spread of 4000 reads of 3 images equals that of reads in which every cell is drawn by itself."""
    mapped, pixels, rng = map_perceptron(ALL[name], CARD, MappingPlan(), seed=0), TEST.pixels[:3], np.random.default_rng(1)
    quiet = mapped_scores(mapped, pixels)
    found = mapped_scores(mapped, np.repeat(pixels, 4000, axis=0), noise=0.05, rng=rng).reshape(3, 4000, 10) - quiet[:, None]
    (chip,), single = mapped.chips, 0.0
    for sign, array in zip((1, -1), chip.arrays.values(), strict=False):
        cells = array.conductance * 0.05 * rng.standard_normal((4000, 64, 10))
        single = single + sign * np.einsum("bi,dio->bdo", pixels, cells)
    expected = mapped.scales[0] * np.asarray(single) / (WINDOW.high - WINDOW.low)
    assert found.std(axis=1) == pytest.approx(expected.std(axis=1), rel=0.06)
    assert np.abs(found.mean(axis=1)).max() < 5 * found.std() / np.sqrt(4000)
    assert abs(np.corrcoef(found[0, :, 0], found[0, :, 1])[0, 1]) < 0.06  # columns share no cell


def test_every_image_has_noise_of_its_own():
    mapped = map_perceptron(POSITIVE, CARD, MappingPlan(), seed=0)
    twice = mapped_scores(mapped, np.repeat(TEST.pixels[:1], 2, axis=0), noise=0.05, rng=np.random.default_rng(0))
    assert not np.allclose(twice[0], twice[1], rtol=1e-6)


def test_noise_of_a_hidden_layer_goes_through_the_rectifiers():
    mapped = map_perceptron(HIDDEN, CARD, MappingPlan(), seed=0)
    pixels = np.repeat(TEST.pixels[:1], 2000, axis=0)
    noisy = mapped_scores(mapped, pixels, noise=0.02, rng=np.random.default_rng(0))
    assert noisy.std(axis=0).min() > 0
    assert noisy.mean(axis=0) == pytest.approx(mapped_scores(mapped, TEST.pixels[:1])[0], abs=5 * noisy.std() / np.sqrt(2000))


def test_accuracy_on_a_chip_falls_with_noise():
    quiet, loud = (perceptron_accuracy_on_chip(POSITIVE, TEST, CARD, MappingPlan(bits=3), noise=each, seed=0) for each in (0.0, 0.5))
    assert quiet > 0.8
    assert loud < quiet - 0.1


def test_the_grid_holds_the_accuracies_of_the_chips():
    found = perceptron_tuning_grid([POSITIVE], TEST, CARD, bits=(1, 3), errors=(0.0, 0.2), draws=2, seed=5, errors_measured=(0.0,))
    expected = perceptron_accuracy_on_chip(POSITIVE, TEST, CARD, MappingPlan(bits=3, tuning_error=0.2), seed=chip_seed(5, 0, 1))
    assert found.accuracy[0, 1, 1, 1] == expected
    assert found.at(3, 0.2)[0] < found.at(3, 0.0)[0]
    assert found.measured is not None
    assert found.measured.accuracy[..., 0].tolist() == found.accuracy[..., 0].tolist()


def test_the_noise_grid_holds_them_too():
    found = perceptron_noise_grid([POSITIVE, SIGNED], TEST, CARD, bits=(3,), deviations=(0.0, 0.3), tuning_error=0.05, draws=2, seed=5)
    assert found.accuracy.shape == (2, 2, 1, 2)
    plan = MappingPlan(bits=3, tuning_error=0.05)
    assert found.accuracy[1, 0, 0, 1] == perceptron_accuracy_on_chip(SIGNED, TEST, CARD, plan, noise=0.3, seed=chip_seed(5, 1, 0))
    assert found.correlation_time == 0.0
    assert found.at(3, 0.3)[0] < found.at(3, 0.0)[0]


@pytest.mark.parametrize(("noise", "rng"), [(-0.1, np.random.default_rng(0)), (0.1, None), (np.nan, np.random.default_rng(0))])
def test_noise_needs_a_size_and_a_source(noise: float, rng: np.random.Generator | None):
    with pytest.raises(InputError, match=r"^perceptron, noise=.*: must be >= 0, with an rng where it is above 0$"):
        mapped_scores(map_perceptron(POSITIVE, CARD, MappingPlan(), seed=0), TEST.pixels, noise=noise, rng=rng)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.array([[0.5, 1.5]]), r"^perceptron, layer 1, weights=1\.5: must be within 0\.\.1, or signed$"),
        (np.array([[0.5, np.nan]]), r"^perceptron, layer 1, weights: must be numbers, 1 of 2 are not$"),
    ],
)
def test_weights_that_have_no_cells_are_refused(weights: np.ndarray, words: str):
    with pytest.raises(DataError, match=words):
        map_perceptron(Perceptron(weights=(weights,), biases=(np.zeros(2),)), CARD, MappingPlan(), seed=0)
