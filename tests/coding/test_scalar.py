"""The scalar code: the exact encoder, the alternation, closed forms, a budget, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.coding.capacity import capacity
from cosim.coding.envelope import lower_envelope
from cosim.coding.opta import opta
from cosim.coding.scalar import ScalarCode, _alternate, _random_starts, design_scalar
from cosim.coding.sources import gaussian, of_samples
from cosim.errors import InputError
from tests.coding.additive import additive

NORMAL = gaussian()


def random_channel(seed: int, levels: int, bins: int) -> np.ndarray:
    """Any channel."""
    matrix = np.random.default_rng(seed).dirichlet(np.full(bins, 0.3), levels)
    return matrix / matrix.sum(axis=1, keepdims=True)


def designed(matrix: np.ndarray, *, seed: int = 0, **options) -> ScalarCode:
    return design_scalar(matrix, options.pop("source", NORMAL), rng=np.random.default_rng(seed), **options)


LINES = st.lists(st.tuples(st.integers(-20, 20), st.integers(0, 40)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(sets=st.lists(LINES, min_size=1, max_size=3), sample=st.floats(-30, 30))
def test_the_envelope_is_the_lowest_line_at_every_sample(sets, sample):
    size = max(map(len, sets))
    lines = np.array([each + [each[-1]] * (size - len(each)) for each in sets], dtype=float)
    cells, thresholds = lower_envelope(lines[..., 0], lines[..., 1])
    for row, line in enumerate(lines):
        chosen = cells[row, np.searchsorted(thresholds[row], sample)]
        values = line[:, 1] - 2.0 * sample * line[:, 0]
        assert values[chosen] == pytest.approx(values.min(), abs=1e-9)
        assert np.all(np.diff(thresholds[row][np.isfinite(thresholds[row])]) > 0.0)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), levels=st.integers(2, 12), bins=st.integers(2, 12))
def test_the_distortion_never_rises_over_an_alternation(seed, levels, bins):
    matrix = random_channel(seed, levels, bins)
    masses, moments = _random_starts(levels, NORMAL, 3, np.random.default_rng(seed))
    distortions = np.full(3, np.inf)
    for _ in range(8):
        masses, moments, reached = _alternate(matrix, masses, moments, NORMAL, None, steps=1, settled=0.0)
        assert np.all(reached <= distortions + 1e-12)
        distortions = reached


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), levels=st.integers(2, 8), bins=st.integers(2, 8))
def test_no_code_is_better_than_the_capacity_allows(seed, levels, bins):
    matrix = random_channel(seed, levels, bins)
    code = designed(matrix, seed=seed, starts=5)
    assert 0.0 <= code.snr <= opta(capacity(matrix).upper) + 1e-9
    assert code.information <= capacity(matrix).upper + 1e-9


@pytest.mark.parametrize(("levels", "snr"), [(2, 4.3965), (4, 9.3001), (8, 14.6157)])
def test_without_noise_the_code_is_the_quantizer_of_lloyd_and_max(levels, snr):
    code = designed(np.eye(levels))
    assert code.snr == pytest.approx(snr, abs=2e-3)
    assert len(code.levels) == levels


def test_two_levels_without_noise_decode_to_the_means_of_the_halves():
    code = designed(np.eye(2))
    assert sorted(code.reconstruction) == pytest.approx([-math.sqrt(2 / math.pi), math.sqrt(2 / math.pi)], abs=1e-4)
    assert code.thresholds == pytest.approx([0.0], abs=1e-4)
    assert code.information == pytest.approx(1.0, abs=1e-6)


def test_a_useless_channel_gives_nothing():
    code = designed(np.tile([0.2, 0.5, 0.3], (4, 1)))
    assert code.snr == pytest.approx(0.0, abs=1e-9)
    assert code.information == pytest.approx(0.0, abs=1e-9)
    assert code.reconstruction == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


def test_relaxed_starts_end_better_than_others_on_average():
    matrix = additive()
    relaxed, plain = designed(matrix, starts=12), designed(matrix, starts=12, relaxed=False)
    assert len(relaxed.starts) == 12
    assert np.median(relaxed.starts) > np.median(plain.starts) + 0.3
    assert relaxed.snr >= plain.snr - 0.01
    assert relaxed.snr == pytest.approx(relaxed.starts.max())


def test_a_power_limit_on_additive_noise_gives_the_linear_code_of_that_power():
    noise, power = 0.5, 1.0
    inputs = np.linspace(-4.0, 4.0, 81)
    code = designed(additive(levels=81, bins=240, reach=4.0, noise=noise), starts=1, costs=inputs**2, budget=power)
    assert code.cost == pytest.approx(power, rel=1e-6)
    assert code.snr == pytest.approx(10 * math.log10(1 + power / noise**2), abs=0.02)
    slopes = np.abs(inputs[code.encode(np.array([-1.0, 1.0]))])
    assert slopes == pytest.approx([1.0, 1.0], abs=0.1)


@settings(max_examples=10, deadline=None)
@given(budget=st.floats(0.0, 1.0), seed=st.integers(0, 1000))
def test_a_budget_is_kept_and_costs_signal(budget, seed):
    matrix, costs = random_channel(seed, 5, 6), np.linspace(0.0, 1.0, 5)
    limited, free = (designed(matrix, starts=3, costs=costs, budget=each) for each in (budget, None))
    assert limited.cost <= budget + 1e-12
    assert limited.snr <= opta(capacity(matrix).upper) + 1e-9
    assert free.cost == pytest.approx(free.distribution @ costs)


def test_a_budget_that_is_only_rounded_below_the_lowest_cost_is_met():
    costs = np.array([0.1 + 0.2, 1.0, 2.0])  # 0.30000000000000004
    assert designed(np.eye(3), costs=costs, budget=0.3, starts=3).cost == pytest.approx(0.3)
    with pytest.raises(InputError, match=r"budget=0\.29999999: must be at least 0\.3, "):
        designed(np.eye(3), costs=costs, budget=0.29999999, starts=3)


def test_a_budget_that_only_the_cheapest_input_keeps_leaves_nothing_to_tell():
    code = designed(np.eye(3), costs=np.array([1.0, 2.0, 3.0]), budget=1.0, starts=3)
    assert code.cost == pytest.approx(1.0, abs=1e-6)
    assert code.snr == pytest.approx(0.0, abs=1e-3)


def test_equal_costs_limit_nothing():
    matrix = additive(levels=9, bins=40)
    limited = designed(matrix, costs=np.full(9, 0.1), budget=0.1, starts=2)
    assert limited.snr == designed(matrix, starts=2).snr
    assert limited.cost == pytest.approx(0.1)


def test_one_input_and_one_bin_store_nothing():
    code = designed(np.ones((1, 1)))
    assert (code.snr, code.information, len(code.levels)) == (0.0, 0.0, 1)


def test_the_source_may_lie_anywhere_and_have_any_unit():
    matrix = additive()
    plain, moved = designed(matrix, starts=6), designed(matrix, starts=6, source=gaussian(mean=-40.0, deviation=1e-3))
    assert moved.snr == pytest.approx(plain.snr, abs=1e-6)
    assert moved.distortion == pytest.approx(1e-6 * plain.distortion, rel=1e-6)
    assert moved.reconstruction == pytest.approx(-40.0 + 1e-3 * plain.reconstruction, abs=1e-9)


def test_a_source_of_samples_is_coded_as_well_as_its_law():
    matrix = additive()
    sampled = of_samples(np.random.default_rng(3).standard_normal(40_000))
    code = designed(matrix, starts=6, source=sampled)
    assert code.snr == pytest.approx(designed(matrix, starts=6).snr, abs=0.1)
    assert code.evaluate(matrix, NORMAL).snr == pytest.approx(code.snr, abs=0.1)


def test_samples_sent_one_by_one_give_the_expected_error():
    matrix = additive()
    code = designed(matrix, starts=6)
    sent = code.monte_carlo(matrix, NORMAL, count=200_000, rng=np.random.default_rng(5))
    assert sent.snr == pytest.approx(code.snr, abs=0.08)


def test_a_code_is_scored_on_another_channel_as_it_is():
    matrix, noisier = additive(), additive(noise=0.3)
    code = designed(matrix, starts=6)
    assert code.evaluate(matrix, NORMAL).snr == pytest.approx(code.snr, abs=1e-9)
    assert code.evaluate(noisier, NORMAL).snr < designed(noisier, starts=6).snr < code.snr


def test_the_same_seed_gives_the_same_code():
    matrix = additive()
    one, other = designed(matrix, seed=4, starts=3), designed(matrix, seed=4, starts=3)
    assert np.array_equal(one.reconstruction, other.reconstruction)
    assert np.array_equal(one.levels, other.levels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"starts": 0}, "scalar code, starts=0: must be >= 1"),
        ({"costs": np.ones(3)}, "scalar code, costs: must be 2 finite numbers, one for each input"),
        ({"costs": np.array([1.0, np.nan])}, "scalar code, costs: must be 2 finite numbers, one for each input"),
        ({"budget": 1.0}, "scalar code, budget=1: needs the costs of the inputs"),
        ({"costs": np.array([2.0, 3.0]), "budget": 1.5}, "scalar code, budget=1.5: must be at least 2, the cost of the cheapest input (0): infeasible"),
        ({"costs": np.array([2.0, 3.0]), "budget": math.nan}, "scalar code, budget=nan: must be at least 2, the cost of the cheapest input (0): infeasible"),
    ],
)
def test_what_cannot_be_designed_is_named(options, message):
    with pytest.raises(InputError) as caught:
        designed(np.eye(2), **options)
    assert str(caught.value) == message


def test_a_channel_of_another_shape_is_refused():
    code = designed(np.eye(2))
    with pytest.raises(InputError, match=r"^scalar code, shape of the matrix=\(3, 3\): must be \(2, 2\)$"):
        code.evaluate(np.eye(3), NORMAL)
    with pytest.raises(InputError, match=r"^scalar code, transition\[0, 0\]=nan: must be a probability$"):
        designed(np.array([[math.nan, 1.0]]))
