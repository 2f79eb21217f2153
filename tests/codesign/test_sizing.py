"""The sizing advisor: the crossing really crosses, the orientation follows the device, corners and libraries count."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.analysis import Op
from cosim.circuits.cells import Drive, bench, cell
from cosim.codesign.cellbench import Devices, Point, operating_point, polar_voltage, positive_drive
from cosim.codesign.sizing import TOLERANCE, Corner, SizingAdvice, advise, all_corners, bisect
from cosim.design import Design
from cosim.devices.memristor.card import load_memristor
from cosim.devices.mosfet import load_mosfet
from cosim.errors import DesignError, DeviceError, SimulationError
from cosim.simulation import simulate
from cosim.spice.engines import Engine, find_engine
from cosim.sweep.lab import Lab

DESIGN = Design()
NOMINAL = Corner(temperature=27.0, supply=1.0)
FEW = replace(DESIGN, corners=replace(DESIGN.corners, temperature=(27.0,), supply_tolerance=0.0))


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Nothing is remembered between tests."""
    return Lab(engine=find_engine("ngspice"))


@pytest.fixture(scope="module")
def advice(lab: Lab) -> SizingAdvice:
    """The answer for the design of the paper, over all corners."""
    return advise(DESIGN, lab)


def share_of(w_over_l: float, *, supply: float = 1.0) -> float:
    """Share of the transistor at full set in MOD, by a simulation that knows nothing of the advisor."""
    circuit = bench(cell("mod", load_memristor("lim2025_full_window"), load_mosfet("c5n_nmos"), frozen=True), Drive(bit=2.0, word=3.0 * supply), state=1.0)
    waves = simulate(circuit, Op(), values={"w_over_l": w_over_l}).require()
    return float(waves["v(x1.mid)"][0] / waves["v(bit)"][0])


@given(
    crossing=st.lists(st.floats(1.01, 999.0), min_size=1, max_size=5),
    power=st.floats(0.2, 3.0),
)
@settings(deadline=None, max_examples=60)
def test_bisection_finds_where_a_falling_function_reaches_its_level(crossing: list[float], power: float):
    wanted = np.array(crossing)
    found = bisect(lambda sizes: sizes**-power, wanted**-power, 1.0, 1000.0)
    assert found == pytest.approx(wanted, rel=2 * TOLERANCE)
    assert np.all(found**-power <= wanted**-power * (1 + 1e-12))  # there the level holds


def test_bisection_tells_what_holds_everywhere_and_nowhere():
    found = bisect(lambda sizes: 1.0 / sizes, np.array([2.0, 1.0, 1e-3, 5e-4]), 1.0, 1000.0)
    assert found[:2].tolist() == [1.0, 1.0]
    assert found[2] == pytest.approx(1000.0, rel=TOLERANCE)
    assert np.isnan(found[3])


def test_bisection_asks_for_all_levels_at_once():
    asked = []

    def falling(sizes: np.ndarray) -> np.ndarray:
        asked.append(len(sizes))
        return 1.0 / sizes

    bisect(falling, np.array([0.1, 0.01, 0.5]), 1.0, 1000.0)
    assert set(asked) == {3}
    assert len(asked) < 25


def test_the_crossing_really_crosses(advice: SizingAdvice):
    for limit in (0.12, 0.10):
        crossing = advice.crossing(limit)
        assert share_of(crossing) <= limit
        assert share_of(crossing * (1 - 5 * TOLERANCE)) > limit


def test_the_crossing_of_a_corner_crosses_at_its_supply(advice: SizingAdvice):
    low = Corner(temperature=27.0, supply=0.9)
    crossing = advice.crossing(0.12, low)
    assert share_of(crossing, supply=0.9) <= 0.12 < share_of(crossing * (1 - 5 * TOLERANCE), supply=0.9)


def test_65_meets_the_rule_and_not_the_strict_one(advice: SizingAdvice):
    assert advice.smallest < 65.0 < advice.crossing(0.10)
    assert advice.chosen.share == pytest.approx(share_of(65.0), rel=1e-6)
    assert advice.chosen.share == pytest.approx(0.107, abs=0.005)


def test_a_wider_transistor_takes_less_and_passes_more(advice: SizingAdvice):
    assert [point.w_over_l for point in advice.points] == list(DESIGN.transistor.w_over_l)
    assert np.all(np.diff([point.share for point in advice.points]) < 0)
    assert np.all(np.diff([point.current for point in advice.points]) > 0)
    assert np.all(np.diff([point.area for point in advice.points]) > 0)


def test_an_operating_point_adds_up(advice: SizingAdvice):
    for point in (*advice.points, advice.chosen):
        assert point.memristor + point.transistor == pytest.approx(2.0, rel=1e-6)
        assert point.share == pytest.approx(point.transistor / 2.0, rel=1e-6)
        assert point.power == pytest.approx(2.0 * point.current, rel=1e-6)
        assert point.overdrive == pytest.approx(3.0, abs=1e-6)


def test_the_paper_s_device_goes_on_the_drain_and_its_mirror_on_the_source(advice: SizingAdvice, lab: Lab):
    turned = replace(FEW, cell=replace(FEW.cell, full_operation="reset"))
    mirrored = advise(turned, lab, memristor=load_memristor("lim2025_full_window").mirrored())
    assert (advice.orientation, mirrored.orientation) == ("mod", "mos")
    assert mirrored.headroom == pytest.approx(mirrored.margin("mos", "reset").volts)
    assert mirrored.headroom > mirrored.margin("mod").volts + 0.5
    assert mirrored.passed


def test_the_margin_is_what_a_simulation_of_its_own_leaves(advice: SizingAdvice):
    for orientation in ("mod", "mos"):
        inner = cell(orientation, load_memristor("lim2025_full_window"), load_mosfet("c5n_nmos"), frozen=True)
        waves = simulate(bench(inner, Drive(bit=3.0, word=3.0), state=1.0), Op()).require()
        left = waves["v(bit)"] - waves["v(x1.mid)"] if orientation == "mod" else waves["v(x1.mid)"] - waves["v(sl)"]
        assert advice.margin(orientation).available == pytest.approx(float(left[0]), rel=1e-6)
        assert advice.margin(orientation).volts == pytest.approx(float(left[0]) - 2.0, rel=1e-5)


def test_corners_are_all_combinations_with_the_nominal_one_first(advice: SizingAdvice):
    corners = all_corners(DESIGN)
    assert corners[0] == NOMINAL
    assert {(each.temperature, each.supply) for each in corners} == {(t, s) for t in (-40.0, 27.0, 85.0) for s in (0.9, 1.0, 1.1)}
    assert len(corners) == 9
    assert [corner for corner, _ in advice.corner_shares] == [corner for corner, _ in advice.corner_margins] == corners
    assert {each.corner for each in advice.crossings} == set(corners)


def test_the_nominal_corner_is_there_even_if_the_design_leaves_it_out():
    cold = replace(DESIGN, corners=replace(DESIGN.corners, temperature=(-40.0,), supply_tolerance=0.0))
    assert all_corners(cold) == [NOMINAL, Corner(temperature=-40.0, supply=1.0)]


def test_heat_and_a_low_supply_need_a_wider_transistor(advice: SizingAdvice):
    hot, cold, low = (Corner(temperature=t, supply=s) for t, s in ((85.0, 1.0), (-40.0, 1.0), (27.0, 0.9)))
    assert advice.crossing(0.12, cold) < advice.crossing(0.12) < advice.crossing(0.12, hot)
    assert advice.crossing(0.12, low) > advice.crossing(0.12)
    margins = dict(advice.corner_margins)
    assert margins[NOMINAL] == pytest.approx(advice.headroom)
    assert margins[low] < margins[NOMINAL]


def test_only_the_required_rules_decide(advice: SizingAdvice):
    assert advice.passed
    assert [check.passed for check in advice.checks if check.required] == [True, True]
    assert any(not check.passed for check in advice.checks)
    narrow = replace(advice, chosen=replace(advice.chosen, share=0.2))
    assert not narrow.passed


def test_the_answer_is_json_and_rows_for_people(advice: SizingAdvice):
    answer = json.loads(json.dumps(advice.to_dict()))
    assert (answer["orientation"], answer["passed"]) == ("MOD", True)
    assert answer["w_over_l"] == advice.smallest
    assert len(answer["corners"]) == 9
    rows = dict(advice.rows())
    assert rows["smallest W/L, share <= 12%"] == f"{advice.smallest:.1f}"
    assert rows["orientation"].startswith("MOD (headroom +")


def test_a_crossing_out_of_range_is_no_number_and_fails_nothing_else(lab: Lab):
    short = replace(FEW, rule=replace(FEW.rule, w_over_l_range=(1.0, 20.0)))
    found = advise(short, lab)
    assert np.isnan(found.smallest)
    assert found.passed  # 65 itself meets the rule
    assert next(check for check in found.checks if check.name.startswith("W/L against")).allowed == "not reached within the range"


def test_on_off_is_relative_to_the_memristor_alone(advice: SizingAdvice):
    alone, mod, mos = advice.windows
    assert (alone.orientation, mod.orientation, mos.orientation) == (None, "mod", "mos")
    assert advice.on_off == pytest.approx(mod.ratio / alone.ratio)
    assert 0.8 < advice.on_off < 0.9
    assert mos.ratio < mod.ratio < alone.ratio


def test_a_library_of_the_users_own_is_simulated(tmp_path: Path, lab: Lab):
    (tmp_path / "fab.lib").write_text("* fab\n.model wide nmos level=1 vto=0.4 kp=400u\n", encoding="utf-8")
    mine = replace(FEW, transistor=replace(FEW.transistor, library=str(tmp_path / "fab.lib"), model="wide"))
    found = advise(mine, lab)
    assert 1.0 < found.smallest < 20.0
    wanted = simulate(
        bench(
            cell("mod", load_memristor("lim2025_full_window"), Devices.of(mine).mosfet, frozen=True),
            Drive(bit=2.0, word=3.0),
            state=1.0,
            w_over_l=found.smallest,
        ),
        Op(),
    ).require()
    assert float(wanted["v(x1.mid)"][0]) / 2.0 == pytest.approx(0.12, rel=1e-3)


def test_a_library_without_the_model_is_named(tmp_path: Path, lab: Lab):
    (tmp_path / "fab.lib").write_text("* fab\n.model wide nmos level=1\n", encoding="utf-8")
    mine = replace(FEW, transistor=replace(FEW.transistor, library=str(tmp_path / "fab.lib"), model="narrow"))
    with pytest.raises(DeviceError, match=r"fab\.lib: has no nmos model 'narrow'; it has wide$"):
        advise(mine, lab)


def test_a_pmos_in_the_place_of_the_nmos_is_refused(lab: Lab):
    wrong = replace(FEW, transistor=replace(FEW.transistor, nmos="c5n_pmos"))
    with pytest.raises(DesignError, match=r"^\[transistor\] nmos=c5n_pmos: must be an nmos card, not pmos$"):
        advise(wrong, lab)


def test_a_simulation_that_fails_is_named_with_the_circuit():
    with pytest.raises(SimulationError, match=r"^circuit=cell_mod_bench: engine_missing"):
        advise(FEW, Lab(engine=Engine("ngspice", ("/nowhere/ngspice",), "39")))


def test_a_point_is_read_from_its_answer(lab: Lab):
    devices = Devices.of(DESIGN)
    for orientation, operation in (("mod", "set"), ("mod", "reset"), ("mos", "set"), ("mos", "reset")):
        drive = positive_drive(operation, supply=3.0, gate=3.0)
        question = operating_point(devices, orientation, drive, w_over_l=65.0, state=1.0, length=0.5e-6)
        point = Point.of(lab.ask_one(question), orientation, gate=3.0)
        assert polar_voltage(operation, point.memristor) > 0
        assert point.transistor + abs(point.memristor) == pytest.approx(3.0, rel=1e-6)
        assert point.current * point.memristor > 0
        assert (point.overdrive < 2.99) == ((orientation, operation) in (("mod", "reset"), ("mos", "set")))
