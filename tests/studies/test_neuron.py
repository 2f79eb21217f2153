"""The neuron study on a design with few draws: every claim is judged, and those that need no statistics are met."""

from dataclasses import replace

import pytest

from cosim.claims import judge
from cosim.design import Design, NeuronSection
from cosim.errors import DesignError
from cosim.studies.lim2025 import neuron
from cosim.studies.lim2025.neuron import NeuronResult
from cosim.studies.lim2025.neuron.study import CORRELATION_TIMES, VARIANTS

STATISTICAL = ("printed_mismatch", "robust_mismatch", "robust_mismatch_predicted", "read_noise", "read_noise_mean")


@pytest.fixture(scope="module")
def found(neuron_study: NeuronResult) -> NeuronResult:
    """The study, really simulated."""
    return neuron_study


@pytest.mark.slow
def test_every_claim_is_judged_and_those_without_statistics_are_met(found: NeuronResult):
    verdicts = {each.id.rsplit(".", 1)[-1]: each for each in judge(neuron.CLAIMS, found)}
    assert [each for each in verdicts.values() if each.verdict == "not_run"] == []
    assert {name: each.value for name, each in verdicts.items() if each.verdict != "met" and name not in STATISTICAL} == {}


@pytest.mark.slow
def test_the_result_holds_what_figures_and_tables_read(found: NeuronResult):
    assert set(found.waves) == {(name, train) for name in VARIANTS for train in ("text", "caption")}
    assert found.targets.membrane == 15e-3
    assert len(found.draws["robust"].swing) == 4
    assert {len(each.swing) for each in found.areas} == {4}
    assert [each.correlation_time for each in found.noise_curve] == sorted(CORRELATION_TIMES)
    assert found.noise.difference.shape == (3, 10)
    assert len(found.trains) == 2
    assert max(each.deviation for each in found.trains) < 0.2e-3


@pytest.mark.slow
def test_the_circuit_and_the_model_see_the_same_read_noise(found: NeuronResult):
    assert 0.0 < found.noise_difference < 0.02


def test_a_card_that_cannot_be_built_is_refused(lab):
    message = r"^\[neuron\] card=two_pole: must be a card with currents as biases and a current-mode membrane, such as robust$"
    with pytest.raises(DesignError, match=message):
        neuron.run(Design(neuron=NeuronSection(card="two_pole")), lab)


@pytest.mark.slow
def test_a_design_that_does_not_look_at_a_temperature_leaves_its_claims_open(found: NeuronResult):

    shorter = replace(found, corners={name: [each for each in rows if not each.what.startswith("17 degC")] for name, rows in found.corners.items()})
    verdicts = {each.id.rsplit(".", 1)[-1]: each for each in judge(neuron.CLAIMS, shorter)}
    assert (verdicts["printed_cold"].verdict, verdicts["printed_cold"].reason) == ("not_run", "the result has no value")
