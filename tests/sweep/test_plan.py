"""Plans: every point where it should be, and every draw where it was before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.errors import InputError
from cosim.params import Span
from cosim.sweep.plan import DRAW, generator, latin_hypercube, placed, plan, scattered

SIZES = Span(low=10.0, high=1000.0, points=3, scale="log")
SEEDS = st.integers(0, 2**63)


def test_a_grid_holds_every_combination_and_moves_its_last_axis_fastest():
    points = plan("grid", {"w_over_l": SIZES, "gate": (2.0, 3.0)}, points=1, seed=1)
    assert points == [{"w_over_l": size, "gate": gate} for size in (10.0, 100.0, 1000.0) for gate in (2.0, 3.0)]


def test_a_linear_span_is_cut_into_round_numbers():
    points = plan("grid", {"gate": Span(low=0.1, high=0.7, points=7)}, points=1, seed=1)
    assert [each["gate"] for each in points] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]


def test_a_list_takes_the_axes_side_by_side():
    assert plan("list", {"w_over_l": (20, 65), "gate": (2, 3)}, points=1, seed=1) == [{"w_over_l": 20.0, "gate": 2.0}, {"w_over_l": 65.0, "gate": 3.0}]


def test_a_plan_without_axes_is_one_point():
    assert plan("grid", {}, points=5, seed=1) == [{}]


REFUSED = {
    ("sobol", "w_over_l"): "plan, method=sobol: must be grid or list or random or latin_hypercube",
    ("grid", "open"): "plan, gate=2..3: must be given points too in a grid",
    ("list", "open"): "plan, gate=2..3: must be a list of values",
    ("list", "uneven"): "plan, lengths=w_over_l 1, gate 2: must be equal in a list",
    ("grid", "empty"): "plan, gate=[]: must be a list of at least one value",
    ("random", "none"): "plan, points=0: must be >= 1",
}
AXES = {
    "w_over_l": {"w_over_l": (1.0,)},
    "open": {"gate": Span(low=2.0, high=3.0)},
    "uneven": {"w_over_l": (1.0,), "gate": (2.0, 3.0)},
    "empty": {"gate": ()},
    "none": {"gate": (2.0,)},
}


@pytest.mark.parametrize(("method", "axes"), REFUSED)
def test_a_plan_that_cannot_be_laid_is_refused_in_one_line(method: str, axes: str):
    with pytest.raises(InputError) as caught:
        plan(method, AXES[axes], points=0 if axes == "none" else 5, seed=1)
    assert str(caught.value) == REFUSED[method, axes]


@given(points=st.integers(1, 40), dimensions=st.integers(1, 5), seed=SEEDS)
@settings(deadline=None, max_examples=40)
def test_a_latin_hypercube_has_one_point_in_each_stratum_of_each_dimension(points: int, dimensions: int, seed: int):
    uniform = latin_hypercube(points, dimensions, seed)
    assert uniform.shape == (points, dimensions)
    strata = np.floor(uniform * points).astype(int)
    assert all(sorted(column) == list(range(points)) for column in strata.T)


@given(points=st.integers(1, 20), more=st.integers(1, 20), seed=SEEDS)
@settings(deadline=None, max_examples=30)
def test_a_random_plan_keeps_its_points_when_more_are_asked_for(points: int, more: int, seed: int):
    axes = {"w_over_l": SIZES, "gate": (2.0, 3.0, 4.0)}
    assert plan("random", axes, points=points + more, seed=seed)[:points] == plan("random", axes, points=points, seed=seed)


@given(points=st.integers(1, 30), index=st.data(), draw=st.integers(0, 1000), seed=SEEDS)
@settings(deadline=None, max_examples=30)
def test_the_draws_of_a_point_are_those_that_spawn_gives_it(points: int, index, draw: int, seed: int):
    point = index.draw(st.integers(0, points - 1))
    stream = np.random.SeedSequence(seed).spawn(DRAW + 1)[DRAW]
    spawned = np.random.default_rng(stream.spawn(points)[point].spawn(draw + 1)[draw])
    assert np.array_equal(generator(seed, DRAW, point, draw).standard_normal(3), spawned.standard_normal(3))


def test_neighboring_points_and_seeds_do_not_share_their_draws():
    firsts = [generator(seed, DRAW, point, draw).standard_normal() for seed in (1, 2) for point in range(20) for draw in range(20)]
    assert len(set(firsts)) == 800
    assert abs(np.mean(firsts)) < 4 / np.sqrt(800)


@given(seed=SEEDS, method=st.sampled_from(["random", "latin_hypercube"]))
@settings(deadline=None, max_examples=30)
def test_points_stay_inside_of_their_axes(seed: int, method: str):
    for point in plan(method, {"w_over_l": SIZES, "gate": (2.0, 3.0)}, points=17, seed=seed):
        assert 10.0 <= point["w_over_l"] <= 1000.0
        assert point["gate"] in (2.0, 3.0)


def test_a_logarithmic_span_is_even_in_its_logarithm_and_a_list_in_its_values():
    uniform = scattered(2000, 2, 5)
    assert np.median(placed(SIZES, uniform[:, 0])) == pytest.approx(100.0, rel=0.1)
    assert np.mean(placed((2.0, 3.0, 4.0, 5.0), uniform[:, 1]) == 5.0) == pytest.approx(0.25, abs=0.04)
    assert placed((2.0, 3.0), np.array([0.0, np.nextafter(1.0, 0.0), 1.0])).tolist() == [2.0, 3.0, 3.0]
