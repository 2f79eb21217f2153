"""``cosim report``: path, verdicts and exit code; what the PDF holds is tested with `cosim.reporting`."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from cosim.claims import Verdict, judge
from cosim.sweep.lab import Lab
from tests.cli.demo_study import CLAIMS, RESULT
from tests.cli.program import engine_script, invoke


@dataclass(frozen=True)
class Outcome:
    """What `write_report` gives back."""

    path: Path
    verdicts: list[Verdict]
    failed: tuple[str, ...] = ()
    absent: int = 0


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test in a folder of its own, with a short design, and a report that holds the demonstration study."""

    def write_report(design_path: Path, output: Path, lab: Lab, *, command: str, picture: Path | None, network: bool) -> Outcome:
        output.write_bytes(b"%PDF-1.7\n")
        assert lab.store is not None
        assert picture is None
        assert command == f"cosim report {design_path} -o {output}{' --network' if network else ''}"
        return Outcome(output, judge(CLAIMS[: 1 if network else None], RESULT))

    def write_storage_report(design_path: Path, output: Path, lab: Lab, *, command: str, picture: Path | None) -> Outcome:
        output.write_bytes(b"%PDF-1.7\n")
        assert command == f"cosim report {design_path} -o {output} --storage"
        return Outcome(output, judge(CLAIMS[:2], RESULT), failed=("a sample comes back",) if output.name == "bad.pdf" else (), absent=7)

    module = ModuleType("cosim.reporting.pdf")
    module.write_report = write_report  # type: ignore[attr-defined]
    module.write_storage_report = write_storage_report  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cosim.reporting.pdf", module)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIM_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("COSIM_NGSPICE", str(engine_script(tmp_path, "exit 1")))
    (tmp_path / "mine.toml").write_text("format = 1\n")
    return tmp_path


def test_a_report_is_named_after_its_design(own_folder: Path):
    result = invoke("report", "mine.toml")
    assert (result.exit_code, result.output) == (0, "mine.pdf: 3 of 3 checks passed\n")
    assert (own_folder / "mine.pdf").exists()


def test_a_failed_check_is_1_and_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(RESULT, "levels", 20)
    result = invoke("report", "mine.toml", "-o", "a.pdf")
    assert (result.exit_code, result.stdout) == (1, "a.pdf: 2 of 3 checks passed\n")
    assert result.stderr == "cosim: report: 1 of 3 checks not passed, first demo.study.levels.count\n"


def test_the_outcome_is_given_as_json():
    assert json.loads(invoke("report", "mine.toml", "--json").stdout) == {
        "path": "mine.pdf",
        "passed": True,
        "not_met": [],
        "failed_rules": [],
        "absent": 0,
    }


def test_the_network_is_added_on_request():
    assert invoke("report", "mine.toml", "--network").output == "mine.pdf: 1 of 1 checks passed\n"


def test_the_report_on_storage_takes_the_place_of_the_other():
    assert json.loads(invoke("report", "mine.toml", "--storage", "--json").stdout)["path"] == "mine.pdf"
    refused = invoke("report", "mine.toml", "--storage", "--network")
    assert refused.exit_code == 2
    assert refused.stderr == "cosim: report, --storage: must be left out with --network; they are two reports\n"


def test_a_rule_of_the_design_that_fails_is_1_although_all_claims_are_met():
    result = invoke("report", "mine.toml", "--storage", "-o", "bad.pdf")
    assert (result.exit_code, result.stdout) == (1, "bad.pdf: 2 of 2 checks passed; 7 more not run, as what they need is not there\n")
    assert result.stderr == "cosim: report: the design does not meet 1 of its rules, first: a sample comes back\n"
    values = json.loads(invoke("report", "mine.toml", "--storage", "-o", "bad.pdf", "--json").stdout)
    assert (values["passed"], values["failed_rules"], values["absent"]) == (False, ["a sample comes back"], 7)


def test_a_design_of_storage_alone_asks_for_its_own_report(own_folder: Path):
    (own_folder / "cells.toml").write_text("format = 1\n[storage]\nstarts = 3\n")
    result = invoke("report", "cells.toml")
    assert result.exit_code == 2
    assert result.stderr == "cosim: report, cells.toml: has a section [storage] only; must be given --storage, or sections on a cell\n"
    assert invoke("report", "cells.toml", "--storage").exit_code == 0


def test_a_missing_folder_is_refused_before_anything_runs(own_folder: Path):
    result = invoke("report", "mine.toml", "-o", "no/a.pdf")
    assert (result.exit_code, result.stderr) == (2, "cosim: no/a.pdf: cannot be written, there is no folder no\n")
    assert not (own_folder / "store").exists()


def test_a_missing_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cosim.cli.report.REPORT_PACKAGES", ("cosim_no_such_package",))
    result = invoke("report", "mine.toml")
    assert (result.exit_code, result.stderr) == (2, "cosim: report: the Python package cosim_no_such_package is missing; pip install 'cosim[report]'\n")
