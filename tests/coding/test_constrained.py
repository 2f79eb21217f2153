"""Capacity under a budget: within it, certified, and the same as without where it does not bind."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.coding.capacity import capacity
from cosim.coding.constrained import constrained_capacity, energy_curve
from cosim.coding.information import entropy, mutual_information
from cosim.errors import InputError


@st.composite
def priced_channels(draw, most: int = 30):
    """A channel, costs of its inputs over few or many decades (negative ones, equal ones), and a budget that can be met."""
    levels, bins = draw(st.integers(2, most)), draw(st.integers(2, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    matrix = rng.dirichlet(np.full(bins, 10.0 ** draw(st.floats(-2.0, 1.0))), levels)
    kinds = (
        rng.random(levels),
        1e-12 * rng.exponential(size=levels),
        np.round(3.0 * rng.random(levels)),
        10.0 ** rng.uniform(-6.0, 0.0, levels),
        -rng.random(levels),
    )
    costs = draw(st.sampled_from(kinds))
    return matrix, costs, costs.min() + (costs.max() - costs.min()) * 10.0 ** draw(st.floats(-5.0, 0.2))


@settings(max_examples=150, deadline=None)
@given(problem=priced_channels())
def test_value_and_bound_meet_within_the_budget(problem):
    matrix, costs, budget = problem
    found = constrained_capacity(matrix, costs, budget)
    assert found.gap <= 1e-9
    assert found.cost <= budget
    assert found.cost == pytest.approx(found.distribution @ costs, rel=1e-9, abs=1e-9 * np.max(np.abs(costs)))
    assert found.bits == pytest.approx(mutual_information(matrix, found.distribution), abs=1e-12)
    assert found.bits <= capacity(matrix).upper + 1e-12


@settings(max_examples=60, deadline=None)
@given(problem=priced_channels(most=10), seed=st.integers(0, 2**32))
def test_no_distribution_within_the_budget_exceeds_the_bound(problem, seed):
    matrix, costs, budget = problem
    upper = constrained_capacity(matrix, costs, budget).upper
    cheapest = np.eye(len(costs))[np.argmin(costs)]
    for concentration in (0.1, 1.0):
        tried = np.random.default_rng(seed).dirichlet(np.full(len(costs), concentration))
        room, more = budget - costs.min(), tried @ costs - costs.min()
        share = 1.0 if more <= room else room / more
        assert mutual_information(matrix, share * tried + (1.0 - share) * cheapest) <= upper + 1e-9


@settings(max_examples=60, deadline=None)
@given(problem=priced_channels())
def test_a_budget_above_the_cost_of_the_optimum_does_not_bind(problem):
    matrix, costs, _ = problem
    free = capacity(matrix)
    found = constrained_capacity(matrix, costs, float(np.max(costs)))
    assert found.multiplier == 0.0
    assert found.bits == pytest.approx(free.bits, abs=2e-9)


def test_a_noiseless_bit_that_costs_one_joule_has_the_entropy_of_its_share():
    for budget in (1e-4, 0.01, 0.2, 0.5):
        found = constrained_capacity(np.eye(2), np.array([0.0, 1.0]), budget)
        assert found.bits == pytest.approx(entropy(np.array([budget, 1.0 - budget])), abs=1e-9)


def test_the_multiplier_is_the_slope():
    found = constrained_capacity(np.eye(2), np.array([0.0, 2e-12]), 0.4e-12, tolerance=1e-11)
    assert found.multiplier == pytest.approx(math.log2(0.8 / 0.2) / 2e-12, rel=1e-6)


def test_capacity_per_budget_rises_and_is_concave():
    matrix = np.random.default_rng(0).dirichlet(np.full(12, 0.3), 9)
    costs = np.linspace(0.0, 1.0, 9)
    bits = np.array([each.bits for each in energy_curve(matrix, costs, np.linspace(0.0, 0.5, 11))])
    assert np.all(np.diff(bits) >= -1e-9)
    assert np.all(np.diff(bits, 2) <= 1e-8)
    assert bits[-1] > bits[0] + 0.5


def test_at_the_lowest_cost_only_the_cheapest_inputs_are_used():
    found = constrained_capacity(np.eye(4), np.array([1.0, 2.0, 1.0, 5.0]), 1.0)
    assert found.bits == pytest.approx(1.0, abs=1e-9)
    assert np.flatnonzero(found.distribution).tolist() == [0, 2]
    assert (found.cost, found.multiplier) == (1.0, math.inf)


def test_equal_costs_do_not_bind():
    found = constrained_capacity(np.eye(4), np.full(4, 3.0), 3.0)
    assert (found.bits, found.multiplier) == (pytest.approx(2.0, abs=1e-9), 0.0)


def test_a_kink_between_two_prices_is_met_by_mixing():
    matrix = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.5, 0.5]])
    found = constrained_capacity(matrix, np.array([0.0, 1.0, 3.0]), 0.25)
    assert found.bits == pytest.approx(entropy(np.array([0.25, 0.75])), abs=1e-9)
    assert found.distribution[2] < 1e-6


def test_hundreds_of_narrow_inputs_at_a_tight_budget():
    inputs = np.linspace(0.0, 40.0, 200)
    masses = np.exp(-0.5 * ((np.arange(-3.0, 43.0, 0.2) - inputs[:, None]) / 0.4) ** 2)
    found = constrained_capacity(masses / masses.sum(axis=1, keepdims=True), inputs**2, 0.01)
    assert found.gap <= 1e-9
    assert found.cost <= 0.01


def test_a_budget_that_is_only_rounded_below_the_lowest_cost_is_met():
    costs = np.array([0.1 + 0.2, 1.0, 2.0])  # 0.30000000000000004
    found = constrained_capacity(np.eye(3), costs, 0.3)
    assert (found.bits, found.cost, found.multiplier) == (0.0, costs[0], math.inf)
    with pytest.raises(InputError, match=r"budget=0\.29999999: must be at least 0\.3, the cost of the cheapest input"):
        constrained_capacity(np.eye(3), costs, 0.29999999)


def test_a_budget_below_the_cheapest_input_is_infeasible():
    message = r"^constrained capacity, budget=0\.5: must be at least 1, the cost of the cheapest input \(1\): infeasible$"
    with pytest.raises(InputError, match=message):
        constrained_capacity(np.eye(2), np.array([2.0, 1.0]), 0.5)


def test_a_budget_that_is_no_number_is_refused():
    with pytest.raises(InputError, match=r"^constrained capacity, budget=nan: "):
        constrained_capacity(np.eye(2), np.array([2.0, 1.0]), math.nan)


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ([1.0], r"^constrained capacity, shape of the costs=\(1,\): must be \(2,\), one for each input$"),
        ([1.0, math.inf], r"^constrained capacity, costs\[1\]=inf: must be finite$"),
    ],
)
def test_costs_that_do_not_fit_are_named(costs, message):
    with pytest.raises(InputError, match=message):
        constrained_capacity(np.eye(2), np.array(costs), 1.0)
