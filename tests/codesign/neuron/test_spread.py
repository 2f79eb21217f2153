"""Spread of units: corners, one step of each influence, draws, and what each transistor adds."""

from dataclasses import fields, replace

import numpy as np
import pytest

from cosim.circuits.corners import Corner, Mismatch, mosfets
from cosim.circuits.neuron.card import NeuronCard, load_neuron
from cosim.circuits.neuron.unit import Parts, unit
from cosim.codesign.neuron.spread import (
    Contribution,
    Draws,
    InputRange,
    Moved,
    at_corners,
    contributions,
    corners,
    draw_alike,
    draw_units,
    scale_areas,
    sensitivities,
)
from cosim.snn.timing import TimeConstants
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAB = Lab(engine=find_engine("ngspice"), workers=1)
PARTS = Parts()
LINEAR, ROBUST = load_neuron("linear"), load_neuron("robust")
MISMATCH = Mismatch(a_vt=9e-9)


def areas(card: NeuronCard) -> dict[str, float]:
    """Gate area [m2] of each kind of transistor."""
    names = [each.name.removesuffix("_width") for each in fields(card) if each.name.endswith("_width")]
    return {name: getattr(card, f"{name}_width") * getattr(card, f"{name}_length") for name in names}


@pytest.fixture(scope="module")
def printed() -> dict[str, Contribution]:
    """What each transistor of the linear variant adds."""
    return {each.name: each for each in contributions(LINEAR, PARTS, LAB, MISMATCH)}


@pytest.fixture(scope="module")
def steps() -> dict[str, Moved]:
    """One step of each influence on the built unit."""
    return {each.what: each for each in sensitivities(ROBUST, PARTS, LAB, TimeConstants(), offset=0.2e-3)}


# --- single transistors


def test_every_transistor_behind_the_cell_is_there_the_largest_first(printed: dict[str, Contribution]):
    assert set(printed) == {name for name in mosfets(unit("linear", (0.01,))) if not name.startswith("cell")}
    shares = [each.share for each in printed.values()]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.01


def test_the_two_of_a_pair_move_the_peak_apart(printed: dict[str, Contribution]):
    assert printed["syn.n2"].slope * printed["syn.n4"].slope < 0
    assert abs(printed["syn.n2"].slope) == pytest.approx(abs(printed["syn.n4"].slope), rel=0.1)
    assert abs(printed["syn.n2"].slope) == pytest.approx(1.0 / (1.5 * 25.9e-3), rel=0.1)  # an exponential


def test_the_transistor_inside_of_a_loop_adds_nothing(printed: dict[str, Contribution]):
    assert printed["n3.n3"].share < 0.01 * printed["syn.n4"].share


def test_the_deviation_of_a_transistor_is_that_of_its_area(printed: dict[str, Contribution]):
    for name, device in (("syn.p2", 3e-6 * 3e-6), ("syn.n2", 65e-6 * 1e-6)):
        each = printed[name]
        assert each.width * each.length == pytest.approx(device)
        assert each.deviation == pytest.approx(9e-9 / np.sqrt(device))
        assert each.share == pytest.approx(abs(each.slope) * each.deviation)


def test_in_the_matched_pairs_each_transistor_has_its_opposite():
    found = {each.name: each for each in contributions(ROBUST, PARTS, LAB, MISMATCH)}
    for one, other in (("syn.n2", "syn.n4"), ("syn.n5", "syn.n6"), ("mem.p2", "mem.p4"), ("mem.p5", "mem.p6"), ("mir.pa", "mir.pb")):
        assert found[one].slope * found[other].slope < 0, (one, other)
    assert found["mir.pb"].width == pytest.approx(2 * found["mir.pa"].width)
    assert found["syn.nc2"].share < 0.05 * found["syn.n2"].share
    assert sum(each.share**2 for each in found.values()) ** 0.5 < 0.03


# --- draws


def test_a_draw_is_its_seed_and_number():
    first, again, other = (draw_units(ROBUST, PARTS, LAB, number=3, mismatch=MISMATCH, seed=seed) for seed in (1, 1, 2))
    assert first.swing == pytest.approx(again.swing, rel=1e-12)
    assert len(set(first.swing)) == 3
    assert not set(first.swing) & set(other.swing)
    longer = draw_units(ROBUST, PARTS, LAB, number=4, mismatch=MISMATCH, seed=1)
    assert longer.swing[:3] == pytest.approx(first.swing, rel=1e-12)


def test_smaller_areas_spread_more():
    found = [draw_units(ROBUST, PARTS, LAB, number=8, mismatch=MISMATCH, seed=1, area=area) for area in (1.0, 0.125)]
    assert [each.area for each in found] == [1.0, 0.125]
    assert 0.003 < found[0].deviation < 0.04
    assert found[1].deviation > 1.7 * found[0].deviation


def test_without_mismatch_all_draws_are_equal():
    found = draw_units(LINEAR, PARTS, LAB, number=2, mismatch=Mismatch(), seed=1)
    assert found.swing[0] == found.swing[1] > 0
    assert found.deviation == 0.0


def test_alike_deviations_spread_the_printed_unit_much():
    found = draw_alike(LINEAR, PARTS, LAB, number=6, deviation=5e-3, seed=1)
    assert 0.05 < found.deviation < 0.6
    none = draw_alike(LINEAR, PARTS, LAB, number=2, deviation=0.0, seed=1)
    assert none.deviation == 0.0


def test_draws_are_counted_within_a_tolerance():
    found = Draws(area=1.0, swing=np.array([0.9, 1.0, 1.04, 1.2]), baseline=np.zeros(4))
    assert found.share_within(0.05, 1.0) == (2, 4)
    assert found.share_within(0.1001, 1.0) == (3, 4)
    assert found.deviation == pytest.approx(np.std([0.9, 1.0, 1.04, 1.2], ddof=1) / 1.035)


@pytest.mark.parametrize(("name", "kinds"), [("robust", {"npair", "ppair", "bias", "mirror"}), ("linear", {"pair", "decay", "output", "leak"})])
def test_a_factor_on_the_areas_keeps_the_shape_of_the_matched_transistors(name: str, kinds: set[str]):
    card = load_neuron(name)
    small, full = areas(scale_areas(card, 0.25)), areas(card)
    for kind, area in full.items():
        assert small[kind] == pytest.approx(0.25 * area if kind in kinds else area)
    for kind in kinds:
        scaled = scale_areas(card, 0.25)
        assert getattr(scaled, f"{kind}_width") / getattr(scaled, f"{kind}_length") == pytest.approx(
            getattr(card, f"{kind}_width") / getattr(card, f"{kind}_length")
        )
    assert scale_areas(card, 1.0) == card


# --- corners and steps


def test_the_corners_are_temperatures_supplies_and_the_outer_of_both():
    found = corners((-40.0, 27.0, 85.0), 0.1)
    assert [(each.temperature, round(each.supply, 6)) for each in found] == [
        (-40.0, 1.0), (27.0, 1.0), (85.0, 1.0), (27.0, 0.9), (27.0, 1.1), (-40.0, 0.9), (-40.0, 1.1), (85.0, 0.9), (85.0, 1.1)
    ]  # fmt: skip


def test_the_built_unit_stands_its_corners():
    found = {each.what: each for each in at_corners(ROBUST, PARTS, corners((-40.0, 85.0), 0.1), LAB, TimeConstants())}
    assert len(found) == 8
    for each in found.values():
        assert abs(each.change("leak")) < 0.04
        assert abs(each.change("swing")) < 0.07
        assert each.response.continuous_errors()[1] < 0.03
    assert abs(found["27 degC, supply -10 %"].change("swing")) < 0.003


def test_the_printed_unit_does_not_stand_ten_degrees_and_five_percent():
    found = at_corners(LINEAR, PARTS, [Corner(temperature=37.0), Corner(supply=0.95)], LAB, TimeConstants())
    assert found[0].change("leak") < -0.25
    assert found[1].change("swing") < -0.3


def test_the_nominal_corner_changes_nothing():
    (found,) = at_corners(ROBUST, PARTS, [Corner()], LAB, TimeConstants())
    assert [found.change(measure) for measure in ("gain", "fall", "leak", "baseline", "swing")] == [0.0] * 5


def test_resistors_make_the_gain_and_capacitors_the_time_constants(steps: dict[str, Moved]):
    assert steps["all capacitors +1 %"].change("leak") == pytest.approx(0.01, abs=1e-3)
    assert steps["all capacitors +1 %"].change("fall") == pytest.approx(0.01, abs=1e-3)
    assert steps["all resistors +1 %"].change("baseline") == pytest.approx(0.01, abs=1e-3)  # of the output resistor
    assert steps["all resistors +1 %"].change("gain") == pytest.approx(0.01, abs=3e-3)
    assert abs(steps["all resistors +1 %"].change("leak")) < 1e-3


def test_the_built_unit_knows_little_of_thresholds_supply_and_temperature(steps: dict[str, Moved]):
    for name in ("all thresholds +1 mV", "supply +1 %", "all mobilities +1 %"):
        assert abs(steps[name].change("gain")) < 2e-3
        assert abs(steps[name].change("leak")) < 2e-3
    assert abs(steps["temperature +10 K"].change("leak")) < 5e-3


def test_an_offset_of_the_inverter_moves_the_baseline_by_both_its_paths(steps: dict[str, Moved]):
    (name,) = [each for each in steps if each.startswith("offset of the inverter")]
    moved = steps[name].response.baseline - steps[name].nominal.baseline
    assert moved == pytest.approx(2 * 0.2e-3 / 300e3 * 2 * 500e3, rel=0.1)  # 1 + R2/R1, over Rs, mirror 2, into 500 kohm


def test_offsets_that_are_there_already_are_kept():
    shifted = replace(PARTS, offsets=(0.1e-3, 0.3e-3))
    found = {each.what: each for each in sensitivities(load_neuron("two_pole"), shifted, LAB, TimeConstants(), offset=0.2e-3)}
    (name,) = [each for each in found if each.startswith("offset of the TIA")]
    assert found[name].nominal.deck != found[name].response.deck
    assert len({each.response.deck for each in found.values()}) + 1 >= len(found)


def test_the_linearity_of_an_input_range_is_relative_to_its_smallest_current():
    found = InputRange(feedback=5e3, current=np.array([1.0, 2.0, 4.0]), swing=np.array([0.1, 0.2, 0.3]))
    assert found.linearity == pytest.approx([1.0, 1.0, 0.75])
