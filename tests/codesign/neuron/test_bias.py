"""Bias design: knobs and their ends, the way back from wrong biases, and what cannot be had with its reason."""

import math
from dataclasses import replace

import numpy as np
import pytest

from cosim.circuits.neuron.card import CurrentBiasedCard, GateBiasedCard, NeuronCard, load_neuron
from cosim.codesign.neuron import bias
from cosim.codesign.neuron.bias import BiasFit, Knob, fit_biases, knobs
from cosim.codesign.neuron.equations import thermal_voltage
from cosim.snn.timing import TimeConstants
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAB = Lab(engine=find_engine("ngspice"), workers=1)
TAUS = TimeConstants()


def two_pole(**changes: float) -> GateBiasedCard:
    """The variant with other biases."""
    card = load_neuron("two_pole")
    assert isinstance(card, GateBiasedCard)
    return replace(card, **changes)  # type: ignore[arg-type]


ROBUST, LINEAR, BOARD = load_neuron("robust"), load_neuron("linear"), load_neuron("board")


def knob(card: NeuronCard, sets: str) -> Knob:
    return next(each for each in knobs(card) if each.sets == sets)


def reasons(fit: BiasFit) -> dict[str, str]:
    return {each.name: each.reason for each in fit.unreached}


@pytest.fixture(scope="module")
def mended() -> BiasFit:
    """From a card whose three biases are wrong."""
    return fit_biases(two_pole(rise_capacitance=130e-12, synapse_voltage=1.43, membrane_voltage=0.215), TAUS, LAB)


# --- knobs


def test_each_variant_has_a_knob_for_each_time_constant_that_it_can_set():
    names = {card.name: [(each.name, each.sets) for each in knobs(card)] for card in (ROBUST, LINEAR, BOARD, two_pole())}
    assert names == {
        "robust": [("rise_capacitance", "rise"), ("synapse_current", "fall"), ("membrane_current", "leak")],
        "linear": [("synapse_voltage", "fall"), ("membrane_voltage", "leak")],
        "board": [("rise_capacitance", "rise"), ("synapse_current", "fall"), ("output_resistance", "leak")],
        "two_pole": [("rise_capacitance", "rise"), ("synapse_voltage", "fall"), ("membrane_voltage", "leak")],
    }


def test_a_knob_turns_a_value_by_a_factor_and_a_gate_voltage_by_a_step():
    turned = knob(ROBUST, "fall").moved(ROBUST, math.log(2.0))
    assert isinstance(turned, CurrentBiasedCard)
    assert turned.synapse_current == pytest.approx(2.0 * ROBUST.synapse_current)  # type: ignore[union-attr]
    lifted = knob(LINEAR, "leak").moved(LINEAR, 1.0)
    assert lifted.membrane_voltage - LINEAR.membrane_voltage == pytest.approx(1.5 * thermal_voltage())  # type: ignore[attr-defined,union-attr]
    lowered = knob(LINEAR, "fall").moved(LINEAR, 1.0)
    assert lowered.synapse_voltage - LINEAR.synapse_voltage == pytest.approx(-1.5 * thermal_voltage())  # type: ignore[attr-defined,union-attr]


@pytest.mark.parametrize("card", [ROBUST, LINEAR, BOARD], ids=["robust", "linear", "board"])
def test_a_knob_ends_at_its_bounds_and_says_why(card: NeuronCard):
    for each in knobs(card):
        assert each.bound(card) == ""
        assert each.low < getattr(card, each.name) < each.high
        ends = [each.moved(card, by) for by in (-50.0, 50.0)] if not (each.volts or 1.0) < 0 else [each.moved(card, by) for by in (50.0, -50.0)]
        assert [getattr(end, each.name) for end in ends] == [each.low, each.high]
        assert [each.bound(end) for end in ends] == [each.why_low, each.why_high]


def test_the_fit_begins_where_the_equations_put_it():
    begun = bias._begin(ROBUST, knobs(ROBUST), TimeConstants(rise=1e-3, fall=4e-3, membrane=7.5e-3))
    assert isinstance(begun, CurrentBiasedCard)
    assert isinstance(ROBUST, CurrentBiasedCard)
    assert begun.rise_capacitance == pytest.approx(1e-3 / ROBUST.inverter_resistance)
    assert begun.synapse_current == pytest.approx(0.5 * ROBUST.synapse_current)
    assert begun.membrane_current == pytest.approx(2.0 * ROBUST.membrane_current)


# --- what can be had


def test_wrong_biases_come_back_to_the_time_constants(mended: BiasFit):
    assert mended.found == pytest.approx({"rise": 0.5e-3, "fall": 2e-3, "leak": 15e-3}, rel=0.02)
    assert mended.unreached == ()
    assert mended.response.continuous_errors()[1] < 0.006


def test_wrong_biases_come_back_to_the_biases_of_the_card(mended: BiasFit):
    card, shipped = mended.card, two_pole()
    assert isinstance(card, GateBiasedCard)
    assert card.rise_capacitance == pytest.approx(shipped.rise_capacitance, rel=0.02)
    assert (card.synapse_voltage, card.membrane_voltage) == pytest.approx((shipped.synapse_voltage, shipped.membrane_voltage), abs=1e-3)
    assert replace(card, rise_capacitance=0.0, synapse_voltage=1.0, membrane_voltage=1.0) == two_pole(
        rise_capacitance=0.0, synapse_voltage=1.0, membrane_voltage=1.0
    )


def test_the_fit_counts_its_runs_and_brings_the_prediction(mended: BiasFit):
    assert mended.runs <= 4 * bias.STEPS + 1
    assert (mended.runs - 1) % 4 == 0  # a base and three derivatives a step, and the last answer
    assert mended.prediction.rise == pytest.approx(5e6 * mended.card.rise_capacitance)
    assert mended.knobs == knobs(two_pole())


def test_other_time_constants_are_reached_as_well(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bias, "STEPS", 3)
    wanted = TimeConstants(rise=0.8e-3, fall=4e-3, membrane=10e-3)
    found = fit_biases(two_pole(), wanted, LAB)
    assert found.found == pytest.approx({"rise": 0.8e-3, "fall": 4e-3, "leak": 10e-3}, rel=0.03)
    assert found.unreached == ()


def test_a_membrane_twice_as_slow_gets_a_longer_run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bias, "STEPS", 2)
    found = fit_biases(two_pole(), TimeConstants(membrane=30e-3), LAB)
    assert found.found["leak"] == pytest.approx(30e-3, rel=0.02)
    assert found.response.duration == pytest.approx(0.5)
    assert found.response.times == pytest.approx((0.02, 0.22, 0.3, 0.4))


# --- what cannot be had


def test_a_variant_without_a_low_pass_says_that_it_has_no_rise(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bias, "STEPS", 1)
    monkeypatch.setattr(bias, "POLISH", 4)
    found = fit_biases(LINEAR, TAUS, LAB)
    (missing,) = found.unreached
    assert (missing.name, missing.target, missing.reached) == ("tau_rise", 0.5e-3, 0.0)
    assert missing.reason == "variant linear has no low-pass: its current follows the pulse; two_pole, robust and board have one"
    assert found.response.discrete_errors()[1][0] < 0.03


def test_a_rise_that_asks_for_a_nanofarad_is_reported_with_its_reason(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bias, "_begin", lambda card, turned, targets: replace(card, rise_capacitance=1e-9))
    monkeypatch.setattr(bias._Fitter, "step", lambda fitter, card: (1.0, np.zeros(3)))
    found = fit_biases(two_pole(), TimeConstants(rise=8e-3, fall=9e-3), LAB)
    assert reasons(found)["tau_rise"] == "rise_capacitance ends at 1 nF: more than 1 nF does not fit on a chip; a larger R2 is needed"
    assert found.unreached[0].target == 8e-3


def test_an_unreachable_membrane_is_reported_with_its_reason(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bias._Fitter, "step", lambda fitter, card: (1.0, np.zeros(3)))
    found = fit_biases(ROBUST, TimeConstants(membrane=0.12), LAB)
    line = "membrane_current ends at 100 pA: Itau would be < 0.1 nA: leakage of the pair's drains at 85 degC is larger than 1/5 of it"
    assert reasons(found)["tau_mem"] == line
    missing = next(each for each in found.unreached if each.name == "tau_mem")
    assert missing.reached < 0.11 < missing.target == 0.12


def test_a_knob_that_is_not_turned_far_enough_is_told_by_the_waves(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bias._Fitter, "step", lambda fitter, card: (1.0, np.zeros(3)))
    found = fit_biases(two_pole(membrane_voltage=0.24), TAUS, LAB)
    assert reasons(found)["tau_mem"].startswith("the waves are no double exponential with these time constants: the membrane is ")
    assert found.runs == 1


@pytest.mark.parametrize("changes", [{"rise_capacitance": 1e-12}, {"synapse_voltage": 1.75}], ids=["low", "high"])
def test_a_fit_leaves_the_end_of_a_knob(changes: dict[str, float], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bias, "STEPS", 2)
    found = fit_biases(two_pole(**changes), TAUS, LAB)
    (name,) = changes
    assert getattr(found.card, name) != pytest.approx(changes[name], rel=1e-6)
