"""Claims: requirements, verdicts, the registry, and files that stay the same."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim import claims
from cosim.claims import Verdict, at_least, at_most, between, equals, from_json, judge, not_run, passed, registered, to_json, within, write_results
from cosim.errors import Cancelled, DataError, InputError, SimulationError
from tests.cli.demo_study import CLAIMS, RESULT, claim

KEYS = ("id", "kind", "source", "statement", "paper", "value", "unit", "must_be", "verdict", "reason", "seed", "seconds")


@pytest.fixture(autouse=True)
def demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration study is the only one that is registered."""
    monkeypatch.setattr(claims, "STUDIES", {"demo.study": "tests.cli.demo_study"})


def outcome(requirement: claims.Requirement, value: float | str) -> tuple[bool, float | None]:
    return requirement.holds(value), requirement.margin(value)


def test_within_holds_between_both_ends_and_gives_the_distance_to_the_nearest():
    assert outcome(within(120.0, 3.0), 121.0) == (True, 2.0)
    assert outcome(within(120.0, 3.0), 123.0) == (True, 0.0)
    assert outcome(within(120.0, 3.0), 113.0) == (False, -4.0)


def test_limits_on_one_side_hold_on_that_side():
    assert outcome(at_least(23.0), 24.0) == (True, 1.0)
    assert outcome(at_least(23.0), 22.0) == (False, -1.0)
    assert outcome(at_most(0.5), 0.25) == (True, 0.25)
    assert outcome(between(1.0, 2.0), 2.5) == (False, -0.5)


def test_a_word_is_met_by_itself_and_has_no_margin():
    assert outcome(equals("MOD"), "MOD") == (True, None)
    assert outcome(equals("MOD"), "MOS") == (False, None)


def test_text_never_meets_a_number():
    assert outcome(within(1.0, 1.0), "1.0") == (False, None)


@given(value=st.floats(allow_nan=False), limits=st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)).filter(lambda pair: pair[0] < pair[1]))
def test_a_margin_is_negative_exactly_when_the_requirement_does_not_hold(value: float, limits: tuple[float, float]):
    holds, margin = outcome(between(*limits), value)
    assert margin is not None
    assert holds == (margin >= 0)


def test_requirements_read_as_a_person_writes_them():
    assert [str(each) for each in (within(120.0, 3.0), at_least(23.0), at_most(0.5), between(5.4, 6.0), equals("MOD"))] == [
        "120 +- 3",
        ">= 23",
        "<= 0.5",
        "5.4..6",
        "MOD",
    ]


def test_impossible_requirements_and_kinds_are_refused():
    with pytest.raises(InputError, match=r"^claim, tolerance=0: must be > 0$"):
        within(1.0, 0.0)
    with pytest.raises(InputError, match=r"^claim, most=1: must be > least=2$"):
        between(2.0, 1.0)
    with pytest.raises(InputError, match=r"^claim demo\.study\.a, kind=guess: must be calibration, reproduction, prediction$"):
        claim("a", lambda result: 1.0, at_least(0.0), kind="guess")  # type: ignore[arg-type]


def test_a_verdict_says_what_was_claimed_and_what_was_found():
    verdict = judge(CLAIMS, RESULT, seed=7, seconds=1.5, versions={"ngspice": "39"})[0]
    assert (verdict.id, verdict.verdict, verdict.value, verdict.must_be) == ("demo.study.resistance", "met", 119.1234567, "120 +- 3")
    assert verdict.margin == pytest.approx(2.1234567)
    assert (verdict.seed, verdict.seconds, verdict.versions, verdict.surrogate) == (7, 1.5, {"ngspice": "39"}, False)


def test_a_value_outside_is_not_met():
    verdict = judge(CLAIMS, {**RESULT, "resistance": 130.0})[0]
    assert (verdict.verdict, verdict.margin) == ("not_met", -7.0)


def test_nan_is_not_met_and_says_so():
    verdict = judge(CLAIMS, {**RESULT, "resistance": math.nan})[0]
    assert (verdict.verdict, verdict.reason, verdict.margin) == ("not_met", "the value is nan", None)


def test_a_missing_measure_is_not_run():
    verdict = judge(CLAIMS, {"orientation": "MOD", "levels": None})
    assert [(each.verdict, each.reason) for each in verdict] == [
        ("not_run", "the result has no 'resistance'"),
        ("met", ""),
        ("not_run", "the result has no value"),
    ]


def test_a_failed_simulation_is_not_run_with_its_reason():
    def fails(result: object) -> float:
        raise SimulationError("ngspice 39, timeout")

    verdict = judge([claim("a", fails, at_least(0.0))], None)[0]
    assert (verdict.verdict, verdict.reason, verdict.value) == ("not_run", "ngspice 39, timeout", None)


def test_an_interruption_is_no_verdict():
    def stops(result: object) -> float:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        judge([claim("a", stops, at_least(0.0))], None)


def test_a_bug_in_a_claim_is_no_verdict():
    with pytest.raises(TypeError):
        judge([claim("a", lambda result: result + 1, at_least(0.0))], "text")


def test_only_all_met_is_a_pass():
    verdicts = judge(CLAIMS, RESULT)
    assert passed(verdicts)
    assert not passed([*verdicts, *not_run(CLAIMS[:1], "no engine")])


def test_the_json_holds_the_promised_keys_and_six_digits():
    rows = json.loads(to_json(judge(CLAIMS, RESULT, seconds=0.123456789)))
    assert all(set(KEYS) <= set(row) for row in rows)
    assert (rows[0]["value"], rows[0]["seconds"]) == (119.123, 0.123457)
    assert [row["verdict"] for row in rows] == ["met", "met", "met"]


def test_nan_is_null_in_json():
    text = to_json(judge(CLAIMS, {**RESULT, "resistance": math.nan}))
    assert json.loads(text)[0]["value"] is None
    assert "NaN" not in text


def test_verdicts_come_back_from_json():
    verdicts = judge(CLAIMS, {**RESULT, "resistance": 121.0}, seed=3, seconds=2.0, versions={"cosim": "0.1.0"})
    assert from_json(to_json(verdicts)) == verdicts


@pytest.mark.parametrize("text", ["", "{}x", '[{"id": "a"}]', '[{"colour": 1}]', "[1]"])
def test_what_is_no_list_of_verdicts_is_refused(text: str):
    with pytest.raises(DataError, match=r"^r\.json: is not a list of verdicts \("):
        from_json(text, where="r.json")


def test_the_results_file_is_the_same_whenever_the_figures_are(tmp_path: Path):
    for folder, seconds in (("one", 1.0), ("two", 9.0)):
        (tmp_path / folder).mkdir()
        write_results(judge(CLAIMS, {**RESULT, "resistance": 120.0 + seconds * 1e-9}, seconds=seconds), tmp_path / folder / "results.json")
    one, two = ((tmp_path / folder / "results.json").read_bytes() for folder in ("one", "two"))
    assert one == two
    assert json.loads(one)[0]["seconds"] is None
    assert json.loads((tmp_path / "two" / "times.json").read_text())["demo.study.resistance"] == 9.0


def test_no_prefix_gives_every_claim():
    (study,) = registered()
    assert study.claims == CLAIMS


@pytest.mark.parametrize(("prefix", "count"), [("demo", 3), ("demo.study", 3), ("demo.study.levels", 1), ("demo.study.levels.count", 1)])
def test_a_prefix_picks_claims_by_whole_words(prefix: str, count: int):
    assert [len(study.claims) for study in registered(prefix)] == [count]


@pytest.mark.parametrize("prefix", ["lim", "dem", "demo.study.lev", "demo.study.levels.count.more"])
def test_a_prefix_of_no_claim_is_refused(prefix: str):
    with pytest.raises(InputError, match=rf"^claims: none begins with '{prefix}'; studies are demo\.study$"):
        registered(prefix)


def test_two_claims_of_one_id_are_refused():
    with pytest.raises(InputError, match=r"^claims: two have the id 'demo\.study\.a'$"):
        claims.check_unique([claim("a", lambda result: 1.0, at_least(0.0)), claim("a", lambda result: 2.0, at_least(0.0))])


def test_a_verdict_cannot_be_changed():
    verdict: Verdict = judge(CLAIMS, RESULT)[0]
    with pytest.raises(AttributeError):
        verdict.verdict = "not_met"  # type: ignore[misc]
