"""The cells of a design as a sweep: what moves where, and that a run knows nothing of the others."""

import pickle
from dataclasses import fields, replace

import numpy as np
import pytest

from cosim.codesign.cellbench import Devices
from cosim.codesign.decks import loop_question
from cosim.codesign.sizing import advise, all_corners
from cosim.codesign.sweeps import MEASURES, Sweep, end_measures, measured, run_sweep
from cosim.design import Axis, CornersSection, Design, LimitsSection, MismatchSection, SweepSection
from cosim.errors import DesignError
from cosim.params import Limit, Span
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAB = Lab(engine=find_engine())
MISMATCH = MismatchSection(draws=3, a_vt=9e-9, a_mobility=1e-8, memristor=0.03)
DEVICES = Devices.of(Design())


def sweep(**keys) -> Sweep:
    """Of the paper's design with these keys in its [sweep]; `mismatch`, `limits` and `corners_` are sections."""
    sections = {name: keys.pop(f"{name}_") for name in ("mismatch", "limits", "corners", "run") if f"{name}_" in keys}
    return Sweep(Design(sweep=SweepSection(**{"bench": "share", "orientation": "mod", **keys}), **sections), devices=DEVICES)


def test_a_design_that_says_nothing_sweeps_its_widths_in_both_orientations():
    default = Sweep(Design(), devices=DEVICES)
    assert [(each.label["orientation"], each.label["w_over_l"]) for each in default] == [
        (orientation, size) for orientation in ("mod", "mos") for size in Design().transistor.w_over_l
    ]


def test_a_nominal_loop_has_the_deck_that_it_has_elsewhere():
    jobs = sweep(bench="loop", w_over_l=(65.0,))
    assert jobs[0].deck == loop_question(Design(), "mod").deck()


def test_a_job_is_the_same_whenever_it_is_asked_for():
    jobs = sweep(w_over_l=(20.0, 65.0), mismatch_=MISMATCH)
    assert len(jobs) == 6
    assert [each.deck for each in jobs] == [jobs[index].deck for index in range(6)] == [each.deck for each in jobs[:]]
    with pytest.raises(IndexError):
        jobs[6]


def test_a_point_keeps_its_cells_when_points_and_draws_are_added():
    few = sweep(method="random", points=3, w_over_l=Span(low=20.0, high=200.0), mismatch_=MISMATCH)
    many = sweep(method="random", points=5, w_over_l=Span(low=20.0, high=200.0), mismatch_=replace(MISMATCH, draws=7))
    known = {(case.point, case.draw): many._job(case).deck for case in map(many.case, range(len(many)))}
    for index in range(len(few)):
        case = few.case(index)
        assert few[index].deck == known[case.point, case.draw]


def test_another_seed_draws_other_cells():
    one, other = (sweep(w_over_l=(65.0,), mismatch_=MISMATCH, run_=replace(Design().run, seed=seed)) for seed in (1, 2))
    assert all(first.deck != second.deck for first, second in zip(one, other, strict=True))


def test_both_orientations_and_all_corners_get_the_same_cells():
    corners = CornersSection(temperature=(27.0, 85.0), supply_tolerance=0.0)
    jobs = sweep(orientation="both", corners="all", w_over_l=(65.0,), mismatch_=MISMATCH, corners_=corners)
    drawn = {}
    for case in map(jobs.case, range(len(jobs))):
        drawn.setdefault(case.draw, set()).add(case.deviation)
    assert len(jobs) == 2 * 3 * 2
    assert [len(each) for each in drawn.values()] == [1, 1, 1]


AXES = {  # an axis, two values of it, the bench, and the measure that moves with it, up or down
    "w_over_l": ((20.0, 65.0), "share", "share", -1),
    "length": ((0.5e-6, 1e-6), "share", "share", -1),  # at equal W/L the contacts of a longer transistor are wider
    "gate": ((2.5, 3.5), "share", "share", -1),
    "drain": ((2.5, 3.0), "headroom", "headroom", 1),
    "full_voltage": ((1.5, 2.0), "headroom", "headroom", -1),
    "read_voltage": ((0.05, 0.4), "loop", "on", 1),
    "temperature": ((-40.0, 85.0), "share", "share", 1),
    "supply": ((0.9, 1.1), "headroom", "headroom", 1),
    "vt_shift": ((0.0, 0.1), "share", "share", 1),
    "mobility": ((0.9, 1.1), "share", "share", -1),
    "x0": ((0.5, 1.0), "share", "share", 1),
    "i0s": ((0.9, 1.1), "share", "current", 1),
    "rss": ((0.5, 2.0), "share", "current", -1),
}


def test_every_axis_of_a_design_file_is_tried_here():
    assert set(AXES) == {each.name for each in fields(SweepSection) if each.type == Axis}


@pytest.mark.parametrize("axis", AXES)
def test_an_axis_moves_what_it_should_in_the_direction_that_it_should(axis: str):
    values, bench, measure, sign = AXES[axis]
    jobs = sweep(bench=bench, **{axis: values})
    results = run_sweep(jobs, LAB)
    low, high = measured(results, measure)
    assert [each.status for each in results] == ["ok", "ok"]
    assert [each.label[axis] for each in results] == list(values)
    assert sign * (high - low) > 1e-3 * abs(low) > 0


@pytest.mark.parametrize("bench", MEASURES)
def test_a_bench_measures_what_it_promises(bench: str):
    (result,) = run_sweep(sweep(bench=bench, w_over_l=(65.0,)), LAB)
    assert set(result.measures) == set(MEASURES[bench])
    assert all(np.isfinite(each) for each in result.measures.values())


def test_share_and_headroom_are_those_of_the_sizing_advice():
    design = Design(transistor=replace(Design().transistor, w_over_l=(65.0,)), corners=CornersSection(temperature=(27.0,), supply_tolerance=0.0))
    advice = advise(design, LAB)
    (share,) = run_sweep(sweep(w_over_l=(65.0,)), LAB)
    (headroom,) = run_sweep(sweep(bench="headroom", w_over_l=(65.0,)), LAB)
    assert share.measures["share"] == advice.chosen.share
    assert headroom.measures["headroom"] == advice.headroom


def test_corners_of_the_process_stand_in_the_sizing_advice():
    skewed = CornersSection(temperature=(27.0,), supply_tolerance=0.0, threshold_skew=0.05, mobility_skew=0.1)
    corners = all_corners(Design(corners=skewed))
    assert [(each.threshold, each.mobility) for each in corners] == [(0.0, 1.0), (0.05, 0.9), (-0.05, 1.1)]
    nominal, slow, fast = (share for _, share in advise(Design(corners=skewed), LAB).corner_shares)
    assert slow > nominal > fast > 0


def test_the_summary_stands_for_each_point_where_cells_were_drawn_at_chosen_points():
    jobs = sweep(w_over_l=(40.0, 130.0), mismatch_=MISMATCH, limits_=LimitsSection(share=Limit(most=0.12)))
    narrow, wide = (each for each in jobs.summary(run_sweep(jobs, LAB)) if each.measure == "share")
    assert (narrow.group, wide.group) == ({"orientation": "mod", "w_over_l": 40.0}, {"orientation": "mod", "w_over_l": 130.0})
    assert (narrow.within, wide.within) == (0, 3)
    assert wide.interval is not None
    assert wide.least < wide.typical < wide.most


def test_a_limit_on_what_the_bench_does_not_measure_is_refused():
    with pytest.raises(DesignError, match=r"^\[limits\] on: must be one of share, memristor, .*, which bench 'share' measures$"):
        sweep(limits_=LimitsSection(on=Limit(least=1e-3)))


def test_an_extractor_with_arguments_travels_to_workers_and_has_a_key_of_its_own():
    given = end_measures.given(orientation="mod", gate=3.0, operation="set", needed=2.0)
    back = pickle.loads(pickle.dumps(given))  # noqa: S301
    assert (back.name, back.version, back.arguments) == (given.name, given.version, given.arguments)
    assert back.function is end_measures.function
    assert given.name != end_measures.given(orientation="mod", gate=2.5, operation="set", needed=2.0).name != end_measures.name


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"sweep": {"method": "random", "points": 10**9}}, r"\[sweep\] points=1000000000 with \[mismatch\] draws=1: must be at most 1000000 cells together"),
        (
            {"mismatch": {"draws": 10**12, "a_vt": "9 mV um"}},
            r"\[sweep\] points=6 with \[mismatch\] draws=1000000000000: must be at most 1000000 cells together",
        ),
    ],
)
def test_a_sweep_that_nobody_can_wait_for_is_refused_at_once(section: dict[str, dict[str, object]], said: str):
    made = Design()
    for name, values in section.items():
        made = made.replaced(name, values, where="test")
    with pytest.raises(DesignError, match=f"^{said}$"):
        Sweep(made)
