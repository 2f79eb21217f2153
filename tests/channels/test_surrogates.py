"""Differentiable stand-ins: moments, gradients, and their distance from the exact law."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cosim.channels.population import population  # noqa: E402
from cosim.channels.surrogates import SURROGATES, TableSurrogate, compare, gradient_errors, moments, straight_through  # noqa: E402
from cosim.errors import InputError  # noqa: E402

DRIFT = population("drift500k")


def _full(number: int, count: int = 50_000):
    return torch.full((count,), float(DRIFT.conductance(number)), dtype=torch.float64)


@pytest.mark.parametrize("delay", [1.0, 300.0, 5000.0])
def test_moments_are_those_of_the_law_and_of_read_noise(delay: float):
    mean, variance = moments(DRIFT, _full(400, 1), delay)
    exact = DRIFT.moments(400, delay)
    assert float(mean) / DRIFT.step == pytest.approx(float(exact[0]), rel=1e-9)
    assert float(variance) / DRIFT.step**2 == pytest.approx(float(exact[1]) + DRIFT.read_noise**2, rel=1e-9)


@pytest.mark.parametrize("name", sorted(SURROGATES))
def test_draws_have_the_mean_and_the_variance(name: str):
    drawn = SURROGATES[name](DRIFT, _full(100), 300.0, generator=torch.Generator().manual_seed(1))
    mean, variance = moments(DRIFT, _full(100, 1), 300.0)
    assert float(drawn.mean()) == pytest.approx(float(mean), rel=5e-3)
    assert float(drawn.var()) == pytest.approx(float(variance), rel=0.03)


def test_the_same_generator_gives_the_same_draws_and_a_gradient():
    written = _full(50, 10).requires_grad_(True)
    one, two = (SURROGATES["gaussian"](DRIFT, written, 100.0, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, two)
    (gradient,) = torch.autograd.grad(one.sum(), written)
    assert float(gradient.mean()) == pytest.approx(np.exp(-0.2), rel=0.3)


def test_straight_through_draws_exactly_and_passes_the_gaussian_gradient():
    written = _full(20, 30).requires_grad_(True)
    quiet = replace(DRIFT, read_noise=0.0)
    reads = straight_through(quiet, written, 100.0, generator=torch.Generator().manual_seed(0), rng=np.random.default_rng(0))
    smooth = SURROGATES["gaussian"](quiet, written, 100.0, generator=torch.Generator().manual_seed(0))
    assert (reads.detach().numpy() / 1e-7) == pytest.approx(np.rint(reads.detach().numpy() / 1e-7), abs=1e-6)
    passed, wanted = (torch.autograd.grad(each.sum(), written)[0] for each in (reads, smooth))
    assert torch.allclose(passed, wanted)


def test_the_gaussian_is_near_the_law_and_its_gradient_is_right():
    found = compare(DRIFT, SURROGATES["gaussian"], resistances=(1e3, 1e5, 5e5), delays=(10.0, 300.0), samples=10_000, rng=np.random.default_rng(0))
    assert found.ks.shape == (6,)
    assert np.max(found.ks) < 0.05
    assert np.max(found.distance) < 0.02
    errors = gradient_errors(DRIFT, SURROGATES["gaussian"], samples=50_000, rng=np.random.default_rng(0))
    assert np.max(np.abs(errors)) < 0.03


def test_a_wrong_spread_is_seen():
    def wide(card, conductance, delay, *, generator=None):
        mean, variance = moments(card, conductance, delay)
        return mean + 2.0 * variance.sqrt() * torch.randn(mean.shape, dtype=mean.dtype, generator=generator)

    found = compare(DRIFT, wide, resistances=(1e4,), delays=(100.0,), samples=10_000, rng=np.random.default_rng(0))
    assert found.ks[0] > 0.1


def test_a_table_is_a_straight_line_between_levels_and_flat_outside():
    table = TableSurrogate(np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 0.0]), np.array([0.1, 0.2, 0.4]))
    mean, deviation = table.moments(torch.tensor([-1.0, 0.5, 2.0, 3.0, 9.0], dtype=torch.float64))
    assert mean.tolist() == pytest.approx([0.0, 1.0, 1.0, 0.0, 0.0])
    assert deviation.tolist() == pytest.approx([0.1, 0.15, 0.3, 0.4, 0.4])
    written = torch.full((20_000,), 2.0, dtype=torch.float64, requires_grad=True)
    drawn = table(written, generator=torch.Generator().manual_seed(0))
    assert float(drawn.detach().std()) == pytest.approx(0.3, rel=0.03)
    (gradient,) = torch.autograd.grad(drawn.mean(), written)
    assert float(gradient.sum()) == pytest.approx(-1.0, abs=0.01)


def test_what_is_wrong_is_named():
    with pytest.raises(InputError, match=r"^tio2, threshold=10000: must be 0 for a surrogate$"):
        moments(population("tio2"), torch.tensor([1e-4]), 1.0)
    with pytest.raises(InputError, match=r"^surrogate, inputs: must rise$"):
        TableSurrogate(np.array([1.0, 0.0]), np.zeros(2), np.zeros(2))
    with pytest.raises(InputError, match=r"^surrogate, deviation=-1: must be >= 0$"):
        TableSurrogate(np.arange(2.0), np.zeros(2), -np.ones(2))
    with pytest.raises(InputError, match=r"^surrogate, shape of the inputs=\(2,\): must be \(levels,\)"):
        TableSurrogate(np.arange(2.0), np.zeros(3), np.ones(2))
