"""Sums of Gaussians: gradients, what training reaches, and what is refused."""

import numpy as np
import pytest

from cosim.coding.gaussians import SumOfGaussians, Training, _between, _Model, _spread_over, design_gaussians, design_on_surrogate
from cosim.coding.scalar import design_scalar
from cosim.coding.sources import gaussian
from cosim.errors import DeviceError, InputError

NOISE = 0.12
INPUTS = np.linspace(0.5, 2.5, 21)
OUTPUTS = np.linspace(-1.5, 1.5, 100)
SHORT = Training(kernels=30, steps=600)


def channel() -> np.ndarray:
    """Additive noise about a mean read that rises to 1.9 and then falls."""
    from scipy.special import ndtr

    edges = np.concatenate([[-np.inf], (OUTPUTS[1:] + OUTPUTS[:-1]) / 2, [np.inf]])
    return np.diff(ndtr((edges - means()[:, None]) / NOISE), axis=1)


def means() -> np.ndarray:
    return np.sin(np.linspace(-np.pi / 2, np.pi * 0.8, len(INPUTS)))


def trained(training: Training = SHORT, source=None):
    return design_gaussians(channel(), source or gaussian(), inputs=INPUTS, outputs=OUTPUTS, training=training)


def test_equal_weights_give_a_constant_between_the_centers():
    flat = SumOfGaussians(centers=np.linspace(-3.0, 3.0, 40), width=0.15, weights=np.full(40, 2.0), offset=1.0)
    assert flat(np.linspace(-2.0, 2.0, 50)) == pytest.approx(np.full(50, 3.0), abs=1e-3)


def test_the_gradient_is_that_of_the_expected_error():
    model, matrix = _Model.of(gaussian(), INPUTS, OUTPUTS, Training(kernels=12)), channel()

    def loss(weights: np.ndarray) -> float:
        decoded, part = model.bases[1] @ weights[1], model.bases[0] @ weights[0]
        below, fraction, _ = _between(part, model.parts)
        masses, moments = _spread_over(below, fraction, model.shares, model.samples, levels=len(INPUTS))
        out = np.maximum(part - 1.0, 0.0) + np.maximum(-part, 0.0)
        return float(masses @ (matrix @ decoded**2) - 2.0 * moments @ (matrix @ decoded) + model.penalty * model.shares @ out)

    weights = model.start(matrix) + 0.05 * np.random.default_rng(0).standard_normal((2, 12))
    found = model.gradient(matrix, weights)
    for place in [(0, 2), (0, 6), (0, 11), (1, 1), (1, 6)]:
        step = np.zeros_like(weights)
        step[place] = 1e-6
        assert found[place] == pytest.approx((loss(weights + step) - loss(weights - step)) / 2e-6, rel=1e-4, abs=1e-7)


def test_the_gradient_of_samples_is_that_of_their_mean_error():
    model, rng = _Model.of(gaussian(), INPUTS, OUTPUTS, Training(kernels=12)), np.random.default_rng(3)
    samples, noise, deviations = rng.standard_normal(50), rng.standard_normal(50), np.linspace(0.1, 0.2, len(INPUTS))
    code = {"means": means(), "deviations": deviations}

    def loss(weights: np.ndarray) -> float:
        encoder = SumOfGaussians(centers=model.centers[0], width=model.widths[0], weights=weights[0])
        decoder = SumOfGaussians(centers=model.centers[1], width=model.widths[1], weights=weights[1])
        part = encoder(samples)
        read = np.interp(part, model.parts, means()) + np.interp(part, model.parts, deviations) * noise
        out = np.maximum(part - 1.0, 0.0) + np.maximum(-part, 0.0)
        return float(np.mean((decoder(np.clip(read, OUTPUTS[0], OUTPUTS[-1])) - samples) ** 2 + model.penalty * out))

    weights = model.start(channel()) + 0.05 * rng.standard_normal((2, 12))
    found = model.sampled_gradient(weights, samples, noise, **code)
    for place in [(0, 3), (0, 6), (1, 4), (1, 8)]:
        step = np.zeros_like(weights)
        step[place] = 1e-6
        assert found[place] == pytest.approx((loss(weights + step) - loss(weights - step)) / 2e-6, rel=1e-4, abs=1e-7)


def test_training_comes_near_the_best_scalar_code_and_not_above():
    best = design_scalar(channel(), gaussian(), starts=8, rng=np.random.default_rng(0))
    code, start = trained(), trained(Training(kernels=30, steps=1, rate=1e-9))
    assert start.snr + 0.5 < code.snr <= code.best_decoder_snr <= best.snr + 0.02
    assert code.snr > best.snr - 0.6


def test_the_surrogate_trains_as_well_where_the_channel_is_gaussian():
    deviations = np.full(len(INPUTS), NOISE)
    arguments = {"inputs": INPUTS, "outputs": OUTPUTS, "means": means(), "deviations": deviations, "training": SHORT}
    code = design_on_surrogate(channel(), gaussian(), rng=np.random.default_rng(0), **arguments)
    assert code.snr == pytest.approx(trained().snr, abs=0.3)


def test_a_code_writes_within_the_range_and_scores_as_designed():
    code = trained(source=gaussian(mean=10.0, deviation=4.0))
    written = code.encode(10.0 + 4.0 * np.linspace(-6.0, 6.0, 101))
    assert written.min() >= INPUTS[0]
    assert written.max() <= INPUTS[-1]
    assert code.distribution.sum() == pytest.approx(1.0)
    assert code.evaluate(channel(), gaussian(mean=10.0, deviation=4.0)).snr == pytest.approx(code.snr)
    assert code.decode(np.array([-99.0, 99.0])) == pytest.approx(code.decoder(OUTPUTS[[0, -1]]))


def test_sent_one_by_one_the_error_is_the_expected_one():
    code, rng = trained(), np.random.default_rng(4)
    samples = rng.standard_normal(100_000)
    below, fraction, _ = _between(code.encode(samples), INPUTS)
    level = below + (rng.random(len(samples)) < fraction)  # the law between two inputs is the mixture of theirs
    read = means()[level] + NOISE * rng.standard_normal(len(samples))
    assert 10 * np.log10(1 / np.mean((samples - code.decode(read)) ** 2)) == pytest.approx(code.snr, abs=0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": INPUTS[:-1]}, r"^sum of Gaussians, shapes of inputs and outputs=\(\(20,\), \(100,\)\): must be those of the matrix, \(21, 100\)$"),
        ({"inputs": INPUTS[::-1]}, r"^sum of Gaussians, inputs: must rise$"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        design_gaussians(channel(), gaussian(), **{"inputs": INPUTS, "outputs": OUTPUTS, **change})


def test_a_training_without_steps_is_refused():
    with pytest.raises(DeviceError, match=r"^Training, steps=0: must be >= 1$"):
        Training(steps=0)
