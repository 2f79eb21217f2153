"""The study as a whole: every claim judged, and what becomes of it when an engine dies."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from cosim.claims import judge
from cosim.design import Design
from cosim.errors import CosimError, InputError, SimulationError
from cosim.spice.engines import Engine
from cosim.studies.lim2025 import synapse
from cosim.studies.lim2025.synapse import CLAIMS, SynapseResult
from cosim.studies.lim2025.synapse.study import MIRROR
from cosim.sweep.lab import Lab, Question, Reading

PARTS = {each.name for each in fields(SynapseResult)} - {"design", "devices", "comparison", "noise", "failures"}
NEED_TRANSISTOR = {
    "lim2025.synapse.transistor.on_resistance",
    "lim2025.synapse.drive.direct",
    "lim2025.synapse.drive.follower",
    "lim2025.synapse.drive.low_resistance",
}


@dataclass(frozen=True, kw_only=True)
class Broken(Lab):
    """A lab in which nothing can be simulated."""

    def ask(self, questions: list[Question]) -> list[Reading]:
        """Nothing."""
        raise SimulationError(f"{questions[0].circuit.name}: the power is off")


@pytest.mark.slow
def test_every_claim_is_met(paper: SynapseResult):
    assert paper.failures == {}
    assert [(verdict.id, verdict.value) for verdict in judge(CLAIMS, paper) if verdict.verdict != "met"] == []


@pytest.mark.slow
def test_an_engine_that_dies_in_one_part_leaves_its_claims_not_run_and_the_others_met(crippled: SynapseResult):
    verdicts = {verdict.id: verdict for verdict in judge(CLAIMS, crippled)}
    assert set(crippled.failures) == {"transistors", "table"}
    assert {name for name, verdict in verdicts.items() if verdict.verdict == "not_run"} == NEED_TRANSISTOR
    assert {verdict.verdict for name, verdict in verdicts.items() if name not in NEED_TRANSISTOR} == {"met"}
    for name in NEED_TRANSISTOR:
        assert "transistor_bench: crashed" in verdicts[name].reason
        assert "SIGSEGV" in verdicts[name].reason
        assert verdicts[name].value is None


@pytest.mark.slow
def test_the_dead_runs_are_asked_again_and_the_rest_comes_from_the_store(paper: SynapseResult, crippled: SynapseResult):
    assert crippled.transistors is None
    assert paper.transistors is not None
    assert np.array_equal(paper.part("stairs").conductance, crippled.part("stairs").conductance)
    assert paper.part("advice").to_dict() == crippled.part("advice").to_dict()


def test_with_no_simulation_at_all_every_part_has_its_reason():
    result = synapse.run(Design(), Broken(engine=Engine("ngspice", ("none",), "0")))
    assert set(result.failures) == PARTS
    assert all(getattr(result, name) is None for name in PARTS)
    assert result.failures["stairs"] == "device_bench: the power is off"
    assert result.failures["levels"].startswith("levels needs a part that failed: device_bench: the power is off")
    assert result.failures["traces"].startswith("traces needs a part that failed: ")
    with pytest.raises(SimulationError, match=r"^device_bench: the power is off$"):
        result.part("loops")
    assert {verdict.verdict for verdict in judge(CLAIMS, result)} == {"not_run"}


def test_a_result_that_cannot_be_read_is_a_part_that_failed(monkeypatch: pytest.MonkeyPatch):
    def unreadable(*_: object) -> None:
        raise InputError("threshold voltage: the current never rises through 1e-06 A")

    monkeypatch.setattr("cosim.studies.lim2025.synapse.study.transistors", unreadable)
    result = synapse.run(Design(), Broken(engine=Engine("ngspice", ("none",), "0")))
    assert result.failures["transistors"] == "threshold voltage: the current never rises through 1e-06 A"


@pytest.mark.slow
def test_claims_on_sizes_that_a_design_lacks_are_not_run_and_say_so(paper: SynapseResult):
    curves, cells = paper.part("transistors"), paper.part("cells")
    other = replace(
        paper,
        transistors=replace(curves, w_over_l=curves.w_over_l + 1.0),
        cells=replace(cells, cells=tuple(replace(each, w_over_l=each.w_over_l + 1.0) for each in cells.cells)),
    )
    missing = {verdict.id: verdict.reason for verdict in judge(CLAIMS, other) if verdict.verdict == "not_run"}
    assert missing["lim2025.synapse.transistor.on_resistance"] == "transistors, w_over_l=65: must be one of 6, 11, 21, 66, 131, 331"
    assert missing["lim2025.synapse.loops.on_off_20"] == "cells, w_over_l=20: must be one of 6, 11, 21, 66, 131, 331"
    assert len(missing) == 4


@pytest.mark.slow
def test_the_mirrored_device_is_asked_for_the_other_operation(paper: SynapseResult):
    advice = paper.part("mirrored")
    assert (paper.design.cell.full_operation, advice.design.cell.full_operation) == ("set", MIRROR["set"])
    assert advice.orientation == "mos"


def test_a_part_that_was_never_computed_says_so():
    with pytest.raises(CosimError, match=r"^loops was not computed$"):
        replace(synapse.run(Design(), Broken(engine=Engine("ngspice", ("none",), "0"))), failures={}).part("loops")
