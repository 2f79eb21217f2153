"""``cosim loop``: the table, files, exit codes; the studies are quick ones but where bad input must be refused by the real ones."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cosim.claims import Claim, at_least, at_most
from cosim.design import Design
from cosim.errors import AbsentError, Cancelled, DesignError, SimulationError, StoreError
from cosim.reporting import loop
from cosim.sweep.lab import Lab
from tests.cli.program import engine_script, invoke

CSV = "written target [S],read conductance [S]\n1e-05,1.1e-05\n"
REAL = dict(loop.STAGES)


def claim(stage: str) -> Claim:
    return Claim(
        id=f"loop.{stage}.demo",
        kind="prediction",
        source="-",
        statement=f"a number of {stage}",
        paper=None,
        unit="bits",
        must_be=at_least(1),
        value=lambda r: r.value,
    )


def stage(name: str, value: float = 2.0, error: Exception | None = None) -> tuple[loop.Run, list[Claim]]:
    """A study that gives a number, or an error."""

    def run(design: Design, lab: Lab) -> Any:
        assert lab.store is not None
        if error is not None:
            raise error
        return SimpleNamespace(value=value, cells=SimpleNamespace(to_csv=lambda: CSV))

    return run, [claim(name)]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test in a folder of its own, with a design and an engine that is never run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIM_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("COSIM_NGSPICE", str(engine_script(tmp_path, "exit 1")))
    (tmp_path / "mine.toml").write_text("format = 1\n")
    return tmp_path


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Quick studies in the place of the four, some of them another one."""

    def place(**others: tuple[loop.Run, list[Claim]]) -> None:
        monkeypatch.setattr(loop, "STAGES", {name: others.get(name, stage(name)) for name in REAL})

    return place


def test_each_claim_has_a_line_and_all_met_is_0(put: Callable[..., None]):
    put()
    result = invoke("loop", "mine.toml")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].split() == ["stage", "value", "unit", "must", "be", "verdict", "what", "was", "measured"]
    assert lines[1] == "channel   2      bits  >= 1     met      a number of channel"
    assert [line.split()[0] for line in lines[1:5]] == ["channel", "tuned", "levels", "training"]
    assert lines[-1] == "4 of 4 stages run, 4 of 4 claims met"


def test_a_claim_that_is_not_met_is_1_and_named(put: Callable[..., None]):
    put(levels=stage("levels", 0.5))
    result = invoke("loop", "mine.toml")
    assert result.exit_code == 1
    assert result.stderr == "cosim: loop: 1 of 4 claims not met, first loop.levels.demo (not met)\n"
    assert result.stdout.splitlines()[-1] == "4 of 4 stages run, 3 of 4 claims met"


def test_data_that_are_not_there_do_not_keep_the_other_stages_back(put: Callable[..., None]):
    put(tuned=stage("tuned", error=AbsentError("optdigits: not found; fetch it with `cosim data get optdigits`")))
    result = invoke("loop", "mine.toml")
    assert result.exit_code == 1
    assert "tuned: not run: optdigits: not found; fetch it with `cosim data get optdigits`" in result.stdout
    assert result.stdout.splitlines()[-1] == "3 of 4 stages run, 3 of 4 claims met"
    assert result.stderr == "cosim: loop: 1 of 4 claims not met, first loop.tuned.demo (not run)\n"


def test_a_simulation_that_failed_is_4_and_the_others_are_run(put: Callable[..., None]):
    put(channel=stage("channel", error=SimulationError("cell: timeout, took too long")), levels=stage("levels", 0.5))
    result = invoke("loop", "mine.toml")
    assert result.exit_code == 4
    assert result.stderr == "cosim: loop: 1 of 4 stages failed, first channel: cell: timeout, took too long\n"
    assert "3 of 4 stages run, 2 of 4 claims met" in result.stdout


def test_bad_input_of_a_stage_stops_at_once(put: Callable[..., None]):
    put(tuned=stage("tuned", error=DesignError("[loop], low=1e-07: must be within 1e-06..1e-04 S")))
    result = invoke("loop", "mine.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "cosim: [loop], low=1e-07: must be within 1e-06..1e-04 S\n"


def test_ctrl_c_is_130(put: Callable[..., None]):
    put(levels=stage("levels", error=Cancelled("interrupted; what was computed is kept")))
    assert invoke("loop", "mine.toml").exit_code == 130


def test_json_takes_the_place_of_the_table_or_goes_to_a_file(put: Callable[..., None], own_folder: Path):
    put(training=stage("training", error=AbsentError("torch is not installed")))
    values = json.loads(invoke("loop", "mine.toml", "--json", "-").stdout)
    assert (values["design"], values["passed"]) == ("mine", False)
    assert [(each["stage"], each["run"]) for each in values["stages"]] == [("channel", True), ("tuned", True), ("levels", True), ("training", False)]
    assert values["stages"][-1]["reason"] == "torch is not installed"
    assert [each["verdict"] for each in values["claims"]] == ["met", "met", "met", "not_run"]
    assert "3 of 4 stages run" in invoke("loop", "mine.toml", "--json", "all.json").stdout
    assert json.loads((own_folder / "all.json").read_text())["claims"][0]["value"] == 2.0


def test_the_channel_goes_to_a_table(put: Callable[..., None], own_folder: Path):
    put()
    assert invoke("loop", "mine.toml", "--channel", "cells.csv").exit_code == 0
    assert (own_folder / "cells.csv").read_text() == CSV


def test_a_channel_that_was_not_measured_is_said(put: Callable[..., None], own_folder: Path):
    put(channel=stage("channel", error=AbsentError("no table")))
    result = invoke("loop", "mine.toml", "--channel", "cells.csv")
    assert result.exit_code == 2
    assert result.stderr == "cosim: loop, --channel=cells.csv: not written, as the channel was not measured: no table\n"
    assert not (own_folder / "cells.csv").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "no/a.pdf"], "no/a.pdf: cannot be written, there is no folder no"),
        (["--channel", "no/a.csv"], "no/a.csv: cannot be written, there is no folder no"),
        (["-o", "a.txt"], "--output=a.txt: must end in .pdf"),
        (["--picture", "a.jpg"], "--picture=a.jpg: must end in .png"),
        (["--channel", "a.npz"], "--channel=a.npz: must end in .csv"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_runs(put: Callable[..., None], own_folder: Path, options: list[str], message: str):
    put()
    result = invoke("loop", "mine.toml", *options)
    assert (result.exit_code, result.stderr) == (2, f"cosim: {message}\n")
    assert not (own_folder / "store").exists()


def test_a_missing_design_is_refused():
    result = invoke("loop", "none.toml")
    assert result.exit_code == 2
    assert "none.toml" in result.stderr


def test_a_report_that_fails_comes_after_the_table(put: Callable[..., None], monkeypatch: pytest.MonkeyPatch):
    def refuse(*args: Any, **options: Any) -> None:
        raise StoreError("disk full")

    put()
    monkeypatch.setattr("cosim.reporting.pdf.write_loop_report", refuse)
    result = invoke("loop", "mine.toml", "-o", "a.pdf")
    assert result.exit_code != 0
    assert "4 of 4 stages run, 4 of 4 claims met" in result.stdout


def test_a_p_value_at_its_floor_is_printed_as_less_than_it(put: Callable[..., None]):
    run, (known,) = stage("channel", 1e-300)
    put(channel=(run, [replace(known, unit="1", must_be=at_most(0.01))]))
    assert "< 1e-300" in invoke("loop", "mine.toml").stdout


def test_a_missing_package_of_the_report_says_how_to_install_it(put: Callable[..., None], monkeypatch: pytest.MonkeyPatch):
    put()
    monkeypatch.setattr("cosim.cli.loop.REPORT_PACKAGES", ("cosim_no_such_package",))
    result = invoke("loop", "mine.toml", "-o", "a.pdf")
    assert (result.exit_code, result.stderr) == (2, "cosim: loop: the Python package cosim_no_such_package is missing; pip install 'cosim[report]'\n")
    assert invoke("loop", "mine.toml").exit_code == 0


def test_a_delay_beyond_the_measured_retention_is_refused_by_the_first_stage(own_folder: Path):
    (own_folder / "late.toml").write_text('format = 1\n[loop]\ndelays = ["10m", "200 s"]\n')
    result = invoke("loop", "late.toml")
    assert result.exit_code == 2
    assert "[loop], delays=200: must be <= 100 s, the retention measured on card lim2025_read_noise" in result.stderr


@pytest.fixture
def real_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator of this machine, for the table of the transistor."""
    monkeypatch.delenv("COSIM_NGSPICE")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("[loop]\nbits = [2, 8]", "[loop], bits=8: must be <= "),
        ("[transistor]\nw_over_l = [20, 30]\nchosen = 20", "[transistor], chosen=20: must be "),
        ('[loop]\nassumed_drift = "flash-qlc"\nassumed_delays = ["1e4 s"]', "[loop], assumed_drift=flash-qlc: must be "),
    ],
)
def test_what_a_late_stage_cannot_use_is_refused_before_the_first(put: Callable[..., None], own_folder: Path, lines: str, message: str):
    put(channel=stage("channel", error=SimulationError("the first stage was begun")))
    (own_folder / "bad.toml").write_text(f"format = 1\n{lines}\n")
    result = invoke("loop", "bad.toml")
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.usefixtures("real_engine")
def test_too_few_samples_are_refused_with_the_number_that_is_needed(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loop, "STAGES", {"channel": REAL["channel"]})
    (own_folder / "few.toml").write_text('format = 1\n[loop]\nlevels = 4\nsamples = 10\ndelays = ["10m"]\ninterval = 0.001\n')
    result = invoke("loop", "few.toml")
    assert result.exit_code == 2
    assert "samples=10: must be >= " in result.stderr
