"""Block codes: the exact encoder, the product of scalar codes, what blocks gain, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.coding.blocks import BlockPlan, _nearest, _through, design_block, product_code
from cosim.coding.scalar import design_scalar
from cosim.coding.sources import gaussian
from cosim.errors import DeviceError, InputError
from tests.coding.additive import additive

SMALL = {"starts": 3, "levels": 14, "groups": 24, "points": 10, "fine_levels": 20, "fine_groups": 40, "fine_points": 13}
CHANNEL = additive(levels=25, bins=60)


def test_through_maps_each_axis():
    rng = np.random.default_rng(0)
    operator, tensor = rng.random((4, 3)), rng.random((3, 3, 3))
    assert _through(operator, tensor).ravel() == pytest.approx(np.kron(np.kron(operator, operator), operator) @ tensor.ravel())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), samples=st.integers(1, 3))
def test_the_encoder_takes_the_candidate_of_least_expected_error(seed, samples):
    rng = np.random.default_rng(seed)
    means, blocks = rng.standard_normal((50, samples)), rng.standard_normal((80, samples))
    squares = np.sum(means**2, axis=1) + rng.exponential(size=50)
    errors = squares - 2.0 * blocks @ means.T
    assert errors[np.arange(80), _nearest(means, squares, blocks)] == pytest.approx(errors.min(axis=1), abs=1e-9)


def test_the_product_of_scalar_codes_scores_as_the_scalar_code():
    scalar = design_scalar(CHANNEL, gaussian(), starts=6, rng=np.random.default_rng(0))
    product = product_code(CHANNEL, scalar, gaussian(), devices=2)
    assert product.evaluate(CHANNEL, gaussian(), rng=np.random.default_rng(1)).snr == pytest.approx(scalar.snr, abs=0.01)
    samples = np.random.default_rng(2).standard_normal((500, 2))
    assert np.mean(product.encode(samples) == scalar.encode(samples)) > 0.999
    bins = np.array([[0, 5], [30, 59]])
    assert product.decode(bins) == pytest.approx(scalar.decode(bins))


def test_a_block_of_one_is_the_scalar_code():
    plan = BlockPlan(samples=1, devices=1, starts=1, levels=25, groups=60, points=12, fine_levels=25, fine_groups=60, fine_points=14)
    code = design_block(CHANNEL, gaussian(), rng=np.random.default_rng(0), plan=plan)
    assert code.snr == pytest.approx(code.product_snr, abs=0.05)


def test_a_pair_is_coded_at_least_as_well_as_its_samples_alone():
    plan = BlockPlan(**{**SMALL, "fine_levels": 25, "fine_groups": 60})
    code = design_block(CHANNEL, gaussian(), rng=np.random.default_rng(0), plan=plan)
    assert code.snr > code.product_snr - 0.01
    assert code.snr == pytest.approx(code.design_snr, abs=0.1)


@pytest.fixture(scope="module")
def on_two():
    """One sample on two devices, anywhere on the line."""
    plan = BlockPlan(samples=1, **SMALL)
    return design_block(CHANNEL, gaussian(mean=5.0, deviation=2.0), rng=np.random.default_rng(0), plan=plan)


def test_a_second_device_adds_more_than_reading_twice(on_two):
    alone = design_scalar(CHANNEL, gaussian(), starts=6, rng=np.random.default_rng(0))
    assert on_two.product_snr is None
    assert on_two.snr > alone.snr + 4.0


def test_blocks_are_written_and_read_back(on_two):
    rng = np.random.default_rng(3)
    samples = gaussian(mean=5.0, deviation=2.0).sample((100_000, 1), rng=rng)
    written = on_two.encode(samples)
    reads = np.sum(rng.random(written.shape)[..., None] > np.cumsum(CHANNEL, axis=1)[:, :-1][written], axis=-1)
    assert written.shape == (100_000, 2)
    snr = 10 * np.log10(4.0 / np.mean((samples - on_two.decode(reads)) ** 2))
    assert snr == pytest.approx(on_two.snr, abs=0.3)  # a few large errors make most of it


def test_a_noisier_channel_costs_a_code_signal(on_two):
    noisier = additive(levels=25, bins=60, noise=0.2)
    source = gaussian(mean=5.0, deviation=2.0)
    same, other = (on_two.evaluate(each, source, rng=np.random.default_rng(4), points=12).snr for each in (CHANNEL, noisier))
    assert same == pytest.approx(on_two.snr, abs=0.1)
    assert other < same - 1.0


def test_the_same_seed_gives_the_same_block_code():
    plan = BlockPlan(samples=1, **{**SMALL, "starts": 1, "fine_points": 10})
    one, other = (design_block(CHANNEL, gaussian(), rng=np.random.default_rng(7), plan=plan) for _ in range(2))
    assert np.array_equal(one.reconstruction, other.reconstruction)


def test_a_channel_of_other_bins_is_refused(on_two):
    with pytest.raises(InputError, match=r"^block code, shape of the matrix=\(2, 2\): must be \(25 or more, 60\)$"):
        on_two.evaluate(np.eye(2), gaussian(), rng=np.random.default_rng(0))


def test_a_block_on_channels_without_noise_is_a_quantizer():
    plan = BlockPlan(samples=1, devices=2, starts=8, points=10, fine_points=14)
    code = design_block(np.eye(2), gaussian(), rng=np.random.default_rng(0), plan=plan)
    assert code.snr == pytest.approx(9.30, abs=0.02)  # four levels, as by Lloyd and Max


def test_what_cannot_be_a_block_code_is_refused():
    with pytest.raises(DeviceError, match=r"^BlockPlan, devices=5: must be within 1\.\.4$"):
        BlockPlan(devices=5)
    with pytest.raises(InputError, match=r"^block code, sum of transition\[0\]=0\.9: must be 1$"):
        design_block(np.array([[0.5, 0.4], [0.5, 0.5]]), gaussian(), rng=np.random.default_rng(0))
