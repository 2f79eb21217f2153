"""``cosim reproduce`` and ``cosim doctor``: verdicts as table and JSON, what is installed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cosim import claims
from cosim.errors import DataError, SimulationError
from tests.cli import demo_study
from tests.cli.program import engine_script, invoke


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Each test in a folder, and with a store, of its own; the demonstration study is the only one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIM_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("COSIM_NGSPICE", str(engine_script(tmp_path, "exit 1")))
    monkeypatch.setattr(claims, "STUDIES", {"demo.study": "tests.cli.demo_study"})
    yield tmp_path
    demo_study.RAISES.clear()


def test_a_table_shows_paper_value_and_verdict():
    result = invoke("reproduce")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["claim", "kind", "paper", "ours", "unit", "must", "be", "verdict"],
        ["demo.study.resistance", "calibration", "120", "119.123", "ohm", "120", "+-", "3", "met"],
        ["demo.study.orientation", "reproduction", "MOD", "MOD", "MOD", "met"],
        ["demo.study.levels.count", "prediction", "-", "24", "1", ">=", "23", "met"],
    ]


def test_json_on_stdout_is_nothing_but_json():
    rows = json.loads(invoke("reproduce", "demo.study", "--json", "-").stdout)
    assert [row["id"] for row in rows] == [claim.id for claim in demo_study.CLAIMS]
    assert all(row["seconds"] > 0 and row["seed"] == 1 for row in rows)
    assert rows[0]["versions"] == {"cosim": "0.1.0", "ngspice": "39"}


def test_a_claim_that_is_not_met_is_1(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(demo_study.RESULT, "levels", 20)
    result = invoke("reproduce", "--json", "-")
    assert result.exit_code == 1
    assert result.stderr == "cosim: reproduce: 1 of 3 claims not met, first demo.study.levels.count (not_met)\n"
    assert json.loads(result.stdout)[2]["verdict"] == "not_met"


def test_a_study_that_fails_is_not_run_and_1():
    demo_study.RAISES.append(SimulationError("ngspice 39, timeout"))
    result = invoke("reproduce")
    assert result.exit_code == 1
    assert result.stderr == "cosim: reproduce: 3 of 3 claims not met, first demo.study.resistance (not_run)\n"
    assert "demo.study.resistance: ngspice 39, timeout" in result.stdout


def test_images_that_were_not_fetched_leave_the_claims_of_their_study_open():
    demo_study.RAISES.append(DataError("data set optdigits: not on this machine; `cosim data get optdigits`"))
    result = invoke("reproduce")
    assert result.exit_code == 1
    assert "demo.study.resistance: data set optdigits: not on this machine; `cosim data get optdigits`" in result.stdout


def test_without_an_engine_every_claim_is_not_run_and_the_code_is_3(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_NGSPICE", str(own_folder / "nowhere"))
    result = invoke("reproduce", "--json", "out.json")
    assert result.exit_code == 3
    rows = json.loads((own_folder / "out.json").read_text())
    assert {row["verdict"] for row in rows} == {"not_run"}
    assert "COSIM_NGSPICE" in rows[0]["reason"]


def test_the_results_file_keeps_times_apart(own_folder: Path):
    invoke("reproduce", "--results", "results.json")
    first = (own_folder / "results.json").read_bytes()
    invoke("reproduce", "--results", "results.json")
    assert (own_folder / "results.json").read_bytes() == first
    assert {row["seconds"] for row in json.loads(first)} == {None}
    assert json.loads((own_folder / "times.json").read_text())["demo.study.resistance"] > 0


def test_a_prefix_runs_only_what_begins_with_it():
    rows = json.loads(invoke("reproduce", "demo.study.levels", "--json", "-").stdout)
    assert [row["id"] for row in rows] == ["demo.study.levels.count"]


def test_doctor_names_engine_version_and_path(own_folder: Path):
    result = invoke("doctor")
    assert result.exit_code == 0
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("ngspice")]
    assert line.split(None, 2) == ["ngspice", "ok", f"39, {own_folder / 'ngspice'}"]


def test_doctor_without_an_engine_is_3(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_NGSPICE", str(own_folder / "nowhere"))
    result = invoke("doctor", "--json")
    assert result.exit_code == 3
    assert result.stderr.startswith("cosim: no simulator was found: install ngspice (apt-get install ngspice")
    found = {each["subject"]: each for each in json.loads(result.stdout)}
    assert found["simulator"]["state"] == "missing"
    assert {"cosim", "python", "store", "data sets", "packages"} <= set(found)


def test_doctor_says_that_the_data_folder_is_none(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_DATA", str(own_folder / "nowhere"))
    found = {each["subject"]: each for each in json.loads(invoke("doctor", "--json").stdout)}
    assert found["data sets"] == {"subject": "data sets", "state": "missing", "detail": f"COSIM_DATA={own_folder / 'nowhere'}: must be a folder"}
