"""The bench: what is asked about a unit, and what is read from the answer."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.analysis import Tran
from cosim.circuits.corners import Corner, Mismatch
from cosim.circuits.neuron.card import VARIANTS, load_neuron
from cosim.circuits.neuron.drive import CAPTION_SPIKES, ONE_SPIKE, TEXT_SPIKES
from cosim.codesign.neuron.bench import SAVED, Response, Run, respond
from cosim.codesign.neuron.model import continuous, discrete
from cosim.errors import CircuitError
from cosim.snn.timing import TimeConstants
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAB = Lab(engine=find_engine("ngspice"), workers=1)
TWO_POLE, ROBUST = load_neuron("two_pole"), load_neuron("robust")
TAUS = TimeConstants()


def planted(taus: TimeConstants = TAUS, *, lag: float = 0.0, current: float = 2e-9, membrane: float = 0.5, rest: float = 0.1) -> Response:
    """A response that is the model itself, over a baseline."""
    model = continuous(ONE_SPIKE, taus, duration=0.1)
    late = (np.interp(model.time - lag, model.time, each) for each in (model.current, model.membrane))
    one, two = late
    return Response(time=model.time, current=1e-10 + current * one, membrane=rest + membrane * two, times=ONE_SPIKE, targets=TAUS)


def test_baseline_swing_and_duration_are_read_from_the_membrane():
    found = planted()
    assert found.baseline == pytest.approx(0.1)
    assert found.swing == pytest.approx(0.5 * continuous(ONE_SPIKE, TAUS, duration=0.1).membrane.max())
    assert found.duration == pytest.approx(0.1)


def test_the_model_itself_has_no_error_and_its_own_time_constants():
    found = planted()
    assert found.continuous_errors() == pytest.approx((0.0, 0.0), abs=1e-9)
    assert (found.rise, found.fall, found.leak) == pytest.approx((0.5e-3, 2e-3, 15e-3), rel=5e-3)
    assert (found.current_gain, found.gain) == pytest.approx((2e-9, 0.5), rel=5e-3)


def test_other_time_constants_are_an_error_and_are_found():
    found = planted(TimeConstants(rise=0.7e-3, fall=3e-3, membrane=12e-3))
    assert min(found.continuous_errors()) > 0.05
    assert (found.rise, found.fall, found.leak) == pytest.approx((0.7e-3, 3e-3, 12e-3), rel=5e-3)


def test_a_lag_is_an_error_against_the_continuous_model_and_none_against_the_discrete_one():
    plain, late = planted(), planted(lag=0.4e-3)
    assert late.continuous_errors()[1] > 10.0 * plain.continuous_errors()[1]
    (first, first_lag), (second, second_lag) = plain.discrete_errors(), late.discrete_errors()
    assert second[0] == pytest.approx(first[0], abs=0.01)
    assert second[1] - first[1] == pytest.approx(0.4e-3, abs=2.1e-5)
    assert second_lag[1] - first_lag[1] == pytest.approx(0.4e-3, abs=2.1e-5)


def test_the_discrete_model_has_no_error_against_itself():
    model = discrete(ONE_SPIKE, TAUS, duration=0.1)
    time = np.arange(0.0, 0.1001, 2e-5)
    current, membrane = (np.interp(time, model.time, each) for each in (model.current, model.membrane))
    (current_error, _), (membrane_error, lag) = Response(time=time, current=current, membrane=membrane, times=ONE_SPIKE, targets=TAUS).discrete_errors()
    assert (current_error, membrane_error) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert lag == pytest.approx(0.0, abs=1e-9)


def test_a_question_carries_supply_temperature_weight_and_seed():
    run = Run(card=ROBUST, weight=0.3, corner=Corner(temperature=85.0, supply=0.9), draw=2, mismatch=Mismatch(a_vt=9e-9), seed=7, duration=0.05)
    question = run.question()
    assert isinstance(question.analysis, Tran)
    assert (question.analysis.stop, question.analysis.options.temperature, question.analysis.options.gmin) == (0.05, 85.0, 1e-15)
    assert (question.values, question.seed, question.saved) == ({"w": 0.3}, 7, SAVED)
    text = question.deck().text
    assert "Vdd vdd 0 2.97\n" in text
    assert ".param w=0.3 " in text


def test_a_draw_is_its_number_and_its_seed():
    runs = [Run(card=ROBUST, draw=draw, seed=seed, mismatch=Mismatch(a_vt=9e-9)) for draw, seed in ((0, 1), (0, 1), (1, 1), (0, 2))]
    first, again, other, reseeded = (each.question().deck().digest() for each in runs)
    assert first == again
    assert len({first, other, reseeded}) == 3


def test_nominal_devices_have_the_models_of_their_cards():
    text = Run(card=ROBUST).question().deck().text
    assert text.count(".model c5n_nmos") == text.count(".model c5n_pmos") == 1


@pytest.mark.parametrize("name", VARIANTS)
def test_units_answer_in_the_order_of_the_runs(name: str):
    card = load_neuron(name)
    runs = [Run(card=card, times=ONE_SPIKE, duration=0.04, weight=weight) for weight in (1.0, 0.25, 0.5)]
    full, quarter, half = (each.swing for each in respond(runs, LAB))
    assert 0.0 < quarter < half < full
    if card.has("linear_input"):
        assert [quarter / full, half / full] == pytest.approx([0.25, 0.5], abs=0.04)
    else:
        assert quarter / full < 0.2


@pytest.mark.parametrize(("name", "current", "membrane"), [("two_pole", 0.02, 0.006), ("robust", 0.03, 0.01), ("board", 0.03, 0.006)])
def test_the_variants_with_a_low_pass_follow_the_model_without_a_lag(name: str, current: float, membrane: float):
    found = respond([Run(card=load_neuron(name), times=each) for each in (TEXT_SPIKES, CAPTION_SPIKES)], LAB)
    assert found[0].continuous_errors()[0] < current
    assert found[0].continuous_errors()[1] < membrane
    assert found[1].continuous_errors()[1] < 2.5 * membrane
    assert (found[0].fall, found[0].leak) == pytest.approx((2e-3, 15e-3), rel=0.05)
    assert found[0].rise == pytest.approx(0.5e-3, rel=0.1)


def test_the_linear_variant_needs_the_discrete_model_and_a_lag():
    (found,) = respond([Run(card=load_neuron("linear"))], LAB)
    _, (error, lag) = found.discrete_errors()
    assert error < 0.03 < 0.15 < found.continuous_errors()[1]
    assert lag == pytest.approx(0.27e-3, abs=0.05e-3)


def test_half_the_time_step_gives_the_same_waves():
    run = Run(card=ROBUST, times=ONE_SPIKE, duration=0.05)
    question = run.question()
    assert isinstance(question.analysis, Tran)
    coarse, fine = (LAB.ask_one(replace(question, analysis=replace(question.analysis, max_step=step))) for step in (50e-6, 10e-6))
    reference = fine["v(mem)"] - fine["v(mem)"][0]
    found = np.interp(fine.axis, coarse.axis, coarse["v(mem)"]) - coarse["v(mem)"][0]
    assert reference.max() > 0.05
    assert np.max(np.abs(found - reference)) < 5e-3 * reference.max()


def test_the_deck_behind_a_response_is_named():
    (found,) = respond([Run(card=TWO_POLE, times=ONE_SPIKE, duration=0.02)], LAB)
    assert len(found.deck) == 12
    assert found.deck == Run(card=TWO_POLE, times=ONE_SPIKE, duration=0.02).question().deck().digest()[:12]


def test_a_supply_below_the_need_of_the_stack_is_refused():
    with pytest.raises(CircuitError) as caught:
        Run(card=ROBUST, corner=Corner(supply=0.7)).question()
    assert str(caught.value) == "unit robust, supply=2.31: must be >= 2.7 V, the need of its stack of transistors"


def test_a_weight_out_of_range_is_refused():
    with pytest.raises(CircuitError, match=r"weight=1\.2: must be within 0\.\.1"):
        Run(card=ROBUST, weight=1.2).question()
