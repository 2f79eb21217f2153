"""What the cards say of their values, simulated."""

from dataclasses import replace
from typing import Any

import pytest

from cosim.circuits.neuron.card import CurrentBiasedCard, load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.neuron.bench import Response, Run, respond
from cosim.devices.opamp import load_opamp
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAB = Lab(engine=find_engine())
PARTS = Parts(opamp=load_opamp("opamp_micropower"))
CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "supply of 2.7 V": {"supply": 2.7},
    "reference of the NMOS pairs 100 mV up": {"npair_reference": 1.55},
    "reference of the PMOS pairs 100 mV up": {"ppair_reference": 2.0},
    "2 pF in the loop of the membrane": {"membrane_loop_capacitance": 2e-12},
    "3 pF in the loop of the synapse": {"synapse_loop_capacitance": 3e-12},
}


@pytest.fixture(scope="module")
def found() -> dict[str, Response]:
    """The text's spikes through the built unit, some of its values changed."""
    card = load_neuron("robust")
    assert isinstance(card, CurrentBiasedCard)
    answers = respond([Run(card=replace(card, **change), parts=PARTS) for change in CHANGES.values()], LAB)
    return dict(zip(CHANGES, answers, strict=True))


def test_the_smallest_supply_keeps_the_peak_within_0_3_percent(found: dict[str, Response]):
    assert found["supply of 2.7 V"].swing == pytest.approx(found["as it is"].swing, rel=0.003)


@pytest.mark.parametrize(("pairs", "measure"), [("NMOS", "fall"), ("PMOS", "leak")])
def test_100_millivolts_on_a_reference_move_the_time_constant_by_less_than_a_percent(found: dict[str, Response], pairs: str, measure: str):
    moved = getattr(found[f"reference of the {pairs} pairs 100 mV up"], measure) / getattr(found["as it is"], measure)
    assert 0.0 < abs(moved - 1.0) < 0.01


@pytest.mark.parametrize(("change", "least"), [("2 pF in the loop of the membrane", 0.03), ("3 pF in the loop of the synapse", 0.012)])
def test_a_slower_loop_takes_the_membrane_off_the_model(found: dict[str, Response], change: str, least: float):
    assert found[change].continuous_errors()[1] > least > found["as it is"].continuous_errors()[1]
