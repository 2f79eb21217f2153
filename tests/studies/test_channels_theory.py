"""The study on capacities against what is known: its claims."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.claims import judge
from cosim.coding.capacity import capacity
from cosim.coding.information import mutual_information
from cosim.design import Design
from cosim.spice.engines import find_engine
from cosim.studies.channels import theory
from cosim.studies.channels.theory import SHARES, TEXTBOOK, TheoryResult
from cosim.sweep.lab import Lab


@pytest.fixture(scope="module")
def result() -> TheoryResult:
    return theory.run(Design(), Lab(engine=find_engine("ngspice")))


def test_every_claim_is_met(result: TheoryResult):
    verdicts = judge(theory.CLAIMS, result)
    assert {each.id: each.verdict for each in verdicts} == {f"channels.theory.{name}": "met" for name in NAMES}


NAMES = ("bsc", "bec", "z", "two_inputs", "gap_smooth", "gap_random", "blahut_arimoto")


def test_closed_forms_are_compared_over_the_whole_range(result: TheoryResult):
    assert {name: len(errors) for name, errors in result.errors.items()} == {"bsc": 101, "bec": 101, "z": 101}
    assert (SHARES[0], SHARES[-1]) == (0.0, 1.0)


def test_some_random_pairs_are_nearly_told_apart_and_some_are_not(result: TheoryResult):
    assert np.max(result.pairs) > 0.9
    assert np.min(result.pairs) < 0.3


def test_the_classical_iteration_stays_below(result: TheoryResult):
    assert np.max(result.differences) > 0.0
    assert np.min(result.differences) > -1e-9


def test_the_gap_is_that_of_the_distribution_and_not_what_a_solver_says():
    matrix = TEXTBOOK["z"](0.3).matrix
    found = capacity(matrix)
    assert theory.gap(matrix, found.distribution) < 1e-9
    assert theory.gap(matrix, np.array([0.5, 0.5])) > found.bits - mutual_information(matrix, np.array([0.5, 0.5])) > 1e-4
    assert np.isfinite(theory.gap(np.eye(3), np.array([0.5, 0.5, 0.0])))  # a bin that is not reached


def test_a_distribution_that_is_not_the_best_one_breaks_the_claims_on_gaps(monkeypatch: pytest.MonkeyPatch):
    def lazy(matrix, *, tolerance=1e-9):
        return replace(capacity(matrix, tolerance=tolerance), distribution=np.full(len(matrix), 1.0 / len(matrix)))

    for name, value in {"capacity": lazy, "SIZE": 60, "PAIRS": 3, "COMPARED": 2, "SHARES": SHARES[::50]}.items():
        monkeypatch.setattr(theory, name, value)
    verdicts = {each.id: each.verdict for each in judge(theory.CLAIMS, theory.run(Design(), Lab(engine=find_engine("ngspice"))))}
    assert [verdicts[f"channels.theory.gap_{name}"] for name in ("smooth", "random")] == ["not_met"] * 2


def test_a_wrong_capacity_breaks_the_claim(result: TheoryResult):
    wrong = TheoryResult(errors={**result.errors, "bsc": result.errors["bsc"] + 2e-9}, pairs=result.pairs, gaps=result.gaps, differences=result.differences)
    verdicts = {each.id: each.verdict for each in judge(theory.CLAIMS, wrong)}
    assert verdicts["channels.theory.bsc"] == "not_met"
    assert verdicts["channels.theory.bec"] == "met"
