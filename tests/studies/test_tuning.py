"""The tuning study: its list of claims, its result on a few seeds, and what becomes of it when the engine is gone."""

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosim.claims import STUDIES, check_unique, judge, not_run, registered
from cosim.codesign.tuning.tune import Outcome
from cosim.design import Design
from cosim.errors import SimulationError
from cosim.spice.engines import Engine, find_engine
from cosim.studies.lim2025 import tuning
from cosim.studies.lim2025.tuning import CLAIMS, TuningResult, study
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

SMALL = replace(Design(), tuning=replace(Design().tuning, seeds=4, rows=6, columns=2))
TABLE = {  # claim -> must be
    "study.paper_wide": ">= 90",
    "study.paper_narrow": "<= 25",
    "study.slope_wide": ">= 99",
    "study.slope_wide_pulses": "<= 15",
    "study.slope_wide_false": "<= 1",
    "study.slope_correlated": ">= 95",
    "study.slope_narrow": ">= 90",
    "arrays.audit": "<= 1",
}


@pytest.fixture(scope="module")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small study is kept."""
    return tmp_path_factory.mktemp("tuning") / "store"


@pytest.fixture(scope="module")
def small(store_folder: Path) -> TuningResult:
    """Four seeds, and an array of twelve cells."""
    with Store.open(store_folder) as store:
        return tuning.run(SMALL, Lab(engine=find_engine("ngspice"), store=store))


def test_ids_are_unique_and_begin_with_the_path_of_the_module_that_computes_them():
    check_unique(CLAIMS)
    assert all(claim.id.startswith("lim2025.tuning.") for claim in CLAIMS)
    assert STUDIES["lim2025.tuning"] == "cosim.studies.lim2025.tuning"
    for section in {claim.id.split(".")[2] for claim in CLAIMS}:
        package = "cosim.codesign.tuning" if section == "arrays" else "cosim.studies.lim2025.tuning"
        assert importlib.import_module(f"{package}.{section}")
    assert [each.claims for each in registered("lim2025.tuning")] == [CLAIMS]


@pytest.mark.parametrize("name", TABLE)
def test_the_figures_that_are_to_be_met_are_claims(name: str):
    assert str(next(each for each in CLAIMS if each.id == f"lim2025.tuning.{name}").must_be) == TABLE[name]


def test_every_claim_says_where_it_stands():
    assert all(claim.statement and claim.source.startswith(("Lim 2025", "ours")) for claim in CLAIMS)
    assert {claim.kind for claim in CLAIMS} == {"calibration", "prediction"}


@pytest.mark.slow
def test_every_claim_gets_a_number(small: TuningResult):
    verdicts = {verdict.id.removeprefix("lim2025.tuning."): verdict for verdict in judge(CLAIMS, small)}
    assert {verdict.verdict for verdict in verdicts.values()} <= {"met", "not_met"}
    assert all(np.isfinite(verdict.value) for verdict in verdicts.values())
    for name in ("study.slope_wide", "study.slope_wide_pulses", "arrays.inside", "arrays.audit", "arrays.half_selected", "arrays.half_selected_grounded"):
        assert verdicts[name].verdict == "met"


@pytest.mark.slow
def test_both_noises_and_none_stand_beside_each_other(small: TuningResult):
    assert {name.rpartition(", ")[2] for name in small.cases} == {"white", "correlated", "none"}
    for rates in small.cases.values():
        assert rates.outcome.shape == rates.pulses.shape == rates.time.shape == rates.error.shape == (4, 9)
        assert sum(rates.share(each) for each in Outcome) == pytest.approx(1.0)
    assert small.cases["slope, wide, none"].share(Outcome.reached) == 1.0
    assert {case.name: float(case.noise.relative_deviation[0]) for case in study.all_cases(SMALL) if "none" not in case.name} == {
        name: 0.02 for name in small.cases if "none" not in name
    }


@pytest.mark.slow
def test_outcomes_follow_from_the_errors(small: TuningResult):
    for case in study.all_cases(SMALL):
        rates = small.cases[case.name]
        outside = np.abs(rates.error) > case.controller.band
        assert np.all(outside[rates.outcome == 1])
        assert not np.any(outside[rates.outcome == 0])
        assert np.all(rates.pulses[rates.outcome == 2] == case.most_pulses)


@pytest.mark.slow
def test_a_second_run_computes_nothing_again(small: TuningResult, store_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(study, "tune", None)
    twin, curve, case = None, small.curve, study.all_cases(SMALL)[0]
    with Store.open(store_folder) as store:
        lab = Lab(engine=Engine("ngspice", ("/nowhere/ngspice",), find_engine("ngspice").version), store=store)
        twin = _twin(lab)
        again = study.rates(SMALL, case, twin, curve, lab)
        assert np.array_equal(again.error, small.cases[case.name].error)
        with pytest.raises(TypeError):  # another seed is another key
            study.rates(replace(SMALL, run=replace(SMALL.run, seed=2)), case, twin, curve, lab)


@pytest.mark.slow
def test_the_examples_are_nine_targets_in_spice_and_the_audit_twenty_cells_at_most(small: TuningResult):
    assert set(small.examples) == {"paper, wide, white", "slope, wide, white"}
    assert small.examples["slope, wide, white"].target == pytest.approx(SMALL.tuning.targets)
    assert len(small.audited[0]) == len(small.audited[1]) == 12
    assert small.resolvable.shape == (9,)
    assert np.all(np.diff(small.bound) >= 0)


def test_the_interval_of_a_rate_is_that_of_wilson():
    rates = study.Rates(name="n", outcome=np.array([[0, 0, 0, 1]]), pulses=np.ones((1, 4)), time=np.ones((1, 4)), error=np.zeros((1, 4)))
    assert (rates.share(Outcome.reached), rates.share(Outcome.false_success), rates.share(Outcome.not_reached)) == (0.75, 0.25, 0.0)
    assert rates.interval(Outcome.reached) == pytest.approx((0.3006, 0.9544), abs=1e-4)


def test_with_a_failing_engine_every_claim_is_not_run_and_says_why(tmp_path: Path):
    script = tmp_path / "ngspice"
    script.write_text("#!/bin/sh\nkill -SEGV $$\n", encoding="utf-8")
    script.chmod(0o755)
    with pytest.raises(SimulationError) as caught:
        tuning.run(SMALL, Lab(engine=Engine("ngspice", (str(script),), "39")))
    verdicts = not_run(CLAIMS, str(caught.value), seed=1)
    assert {verdict.verdict for verdict in verdicts} == {"not_run"}
    assert all(verdict.reason.startswith("circuit=transistor_bench: crashed, ") for verdict in verdicts)


def _twin(lab: Lab) -> study.TwinProgrammer:
    devices = study.Devices.of(SMALL)
    table = study.TransistorTable.of(SMALL, devices, lab, w_over_l=SMALL.transistor.chosen)
    shape = study.PulseShape(width=SMALL.tuning.pulse_width, edge=SMALL.tuning.pulse_edge)
    return study.TwinProgrammer(devices.memristor, table, shape, SMALL.cell.read_voltage)
