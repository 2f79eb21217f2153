"""Spiking units: trip point and hold time from the circuit, spike times as predictions of the model."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cosim.circuits.neuron.card import CurrentBiasedCard, load_neuron
from cosim.circuits.neuron.drive import ONE_SPIKE, firing_transient
from cosim.circuits.neuron.unit import Parts, chain
from cosim.codesign.neuron import firing
from cosim.codesign.neuron.firing import APART, CLOSE, LARGEST_TRAIN, TRAIN_DURATION, Train, fire_chain, hold_time, membrane_model, trains, trip_point
from cosim.codesign.neuron.model import Membrane
from cosim.errors import CosimError
from cosim.measure import crossings
from cosim.snn.timing import TimeConstants
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab, Question

LAB = Lab(engine=find_engine("ngspice"), workers=1)
PARTS, TAUS = Parts(), TimeConstants()


def spiking(name: str = "robust", **changes: float) -> CurrentBiasedCard:
    card = load_neuron(name)
    assert isinstance(card, CurrentBiasedCard)
    return replace(card, **changes)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def modeled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model of a card is made once for all tests."""
    monkeypatch.setattr(firing, "membrane_model", lambda card, parts, lab, targets: _modeled(card))


@cache
def _modeled(card: CurrentBiasedCard) -> tuple[Membrane, float]:
    return membrane_model(card, PARTS, LAB, TAUS)


def train(circuit: Sequence[Sequence[float]], model: Sequence[Sequence[float]]) -> Train:
    return Train(inputs=(0.01,), circuit=tuple(np.array(each) for each in circuit), model=tuple(np.array(each) for each in model))


@pytest.mark.parametrize("threshold", [0.1097, 0.3, 1.0])
def test_the_comparator_trips_at_its_threshold(threshold: float):
    assert trip_point(spiking(), PARTS, threshold, LAB) == pytest.approx(threshold, abs=1e-3)


def test_a_unit_is_held_for_a_millisecond():
    assert hold_time(spiking(), PARTS, 0.11, LAB) == pytest.approx(1e-3, abs=0.03e-3)


def test_twice_the_refractory_capacitor_holds_twice_as_long():
    base, double = (hold_time(spiking(refractory_capacitance=farad), PARTS, 0.11, LAB) for farad in (10e-12, 20e-12))
    assert double / base == pytest.approx(2.0, rel=0.05)


def test_the_model_has_the_rest_and_the_gain_of_the_circuit():
    membrane, threshold = membrane_model(spiking(), PARTS, LAB, TAUS)
    assert membrane.rest == pytest.approx(0.0947, abs=2e-3)
    assert membrane.rest < threshold == pytest.approx(membrane.threshold, abs=1e-3)
    assert membrane.gain == pytest.approx(1.23, rel=0.05)
    assert membrane.hold == pytest.approx(1e-3, abs=0.03e-3)
    assert membrane.reset == 0.0


@pytest.mark.parametrize("name", ["robust", "board"])
def test_one_spike_goes_through_a_chain_of_two_when_the_model_says_so(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(firing, "TRAIN_DURATION", 0.03)
    (found,) = fire_chain(spiking(name), [(0.010,)], LAB)
    assert [len(each) for each in found.circuit] == [1, 1]
    assert 0.010 < found.circuit[0][0] < found.circuit[1][0] < 0.015
    assert found.deviation < 0.2e-3


def test_spikes_that_are_far_apart_go_through_one_by_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(firing, "TRAIN_DURATION", 0.08)
    (found,) = fire_chain(spiking(), [(0.010, 0.055)], LAB)
    assert [len(each) for each in found.circuit] == [2, 2]
    assert found.deviation < 0.2e-3
    gaps = [np.diff(each)[0] for each in found.circuit]
    assert gaps == pytest.approx([45e-3, 45e-3], abs=0.3e-3)


def test_the_chain_is_as_long_as_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(firing, "TRAIN_DURATION", 0.03)
    (found,) = fire_chain(spiking(), [(0.010,)], LAB, units=3)
    assert [len(each) for each in found.circuit] == [1, 1, 1]
    assert len(found.model) == 3
    assert found.deviation < 0.3e-3


def test_no_input_gives_no_spikes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(firing, "TRAIN_DURATION", 0.02)
    (found,) = fire_chain(spiking(), [()], LAB)
    assert [len(each) for each in (*found.circuit, *found.model)] == [0, 0, 0, 0]
    assert found.deviation == 0.0


def test_the_deviation_is_the_largest_and_a_missing_spike_is_infinite():
    assert train([[0.01, 0.02], [0.03]], [[0.0101, 0.02], [0.0298]]).deviation == pytest.approx(0.2e-3)
    assert train([[0.01], []], [[0.01], [0.02]]).deviation == float("inf")
    assert train([[0.01, 0.02], []], [[0.01], []]).deviation == float("inf")
    assert train([[], []], [[], []]).deviation == 0.0


@pytest.mark.parametrize("gaps", [APART, CLOSE])
def test_trains_keep_their_gaps_and_leave_time_to_answer(gaps: tuple[float, float]):
    found = trains(200, gaps, np.random.default_rng(1))
    assert len(found) == 200
    assert {len(each) for each in found} <= set(range(1, LARGEST_TRAIN + 1))
    assert max(len(each) for each in found) == LARGEST_TRAIN
    distances = np.concatenate([np.diff(each) for each in found])
    assert gaps[0] - 2e-5 <= distances.min() < distances.max() <= gaps[1] + 2e-5
    assert max(each[-1] for each in found) <= TRAIN_DURATION - 15e-3
    assert min(each[0] for each in found) >= 2e-3
    assert found == trains(200, gaps, np.random.default_rng(1))


def test_a_threshold_that_is_not_reached_is_refused_in_one_line():
    with pytest.raises(CosimError):
        hold_time(spiking(), PARTS, 0.4, LAB)


def test_a_threshold_out_of_the_comparators_range_is_refused_in_one_line():
    with pytest.raises(CosimError):
        trip_point(spiking(), PARTS, 3.2, LAB)


def test_spikes_of_a_chain_move_by_up_to_half_a_millisecond_over_temperature():
    robust = load_neuron("robust")
    circuit = chain(robust, ONE_SPIKE, threshold=0.11)
    analysis = firing_transient(0.02)
    at = {}
    for temperature in (-40.0, 27.0, 85.0):
        warm = replace(analysis, options=replace(analysis.options, temperature=temperature))
        answer = LAB.ask_one(Question(circuit=circuit, analysis=warm, saved=("v(reset1)", "v(reset2)")))
        at[temperature] = [crossings(answer.axis, answer[f"v(reset{number})"], robust.supply / 2.0, edge="rise")[0] for number in (1, 2)]
    shifts = np.array([np.subtract(at[temperature], at[27.0]) for temperature in (-40.0, 85.0)])
    assert shifts[0].min() > 0.1e-3  # later in the cold, earlier in the heat
    assert shifts[1].max() < -0.1e-3
    assert 0.3e-3 < np.abs(shifts).max() < 0.6e-3
