"""`simulate`: one run, a batch over parameters, and what becomes of a run that fails."""

import numpy as np
import pytest

from cosim.analysis import Ac, Dc, Op, Options, Tran
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Behavioral, Capacitor, Resistor, VoltageSource
from cosim.circuits.expression import Param
from cosim.circuits.stimuli import PiecewiseLinear
from cosim.errors import CircuitError, EngineMissingError, InputError, SimulationError
from cosim.measure import At
from cosim.simulation import simulate, stack
from cosim.spice.deck import write_deck
from cosim.spice.engines import find_engine
from cosim.status import Status

STEP = PiecewiseLinear(((0.0, 0.0), (1e-6, 1.0)))
RC = Circuit(
    name="rc",
    elements=(VoltageSource("in", "a", "0", 1.0, STEP, ac=1.0), Resistor("1", "a", "b", Param("r")), Capacitor("1", "b", "0", Param("c"))),
    parameters={"r": Parameter(1e3, "ohm", "resistance"), "c": Parameter(1e-6, "F", "capacitance")},
)
DIVIDER = Circuit(
    name="divider",
    elements=(
        VoltageSource("in", "a", "0", 1.0),
        VoltageSource("on", "g", "0", 1.0),
        Resistor("1", "a", "b", Param("r")),
        Behavioral(name="1", positive="b", negative="0", current="1e-3*V(g)*V(b)"),
    ),
    parameters={"r": Parameter(1e3, "ohm", "resistance")},
)
FRAGILE = Circuit(
    name="fragile",
    elements=(VoltageSource("in", "a", "0", 1.0), Resistor("1", "a", "b", 1e3), Behavioral(name="1", positive="b", negative="0", current="1e-6*ln(k)")),
    parameters={"k": Parameter(1.0, "1", "below 0 it has no logarithm")},
)
RUN = Tran(stop=5e-3, max_step=20e-6)


def step_answer(time: np.ndarray, tau: float) -> np.ndarray:
    """The voltage of an RC circuit after a step."""
    return 1 - np.exp(-np.maximum(time - 0.5e-6, 0.0) / tau)


def test_one_run_answers_with_waves():
    waves = simulate(RC, RUN).require()
    assert (waves.axis_name, waves.status, waves.engine) == ("time", Status.ok, "ngspice")
    assert waves["v(b)"] == pytest.approx(step_answer(waves.axis, 1e-3), abs=1e-3)


def test_numbers_in_values_change_the_parameters_and_add_no_axis():
    waves = simulate(RC, RUN, values={"r": 2e3}).require()
    assert waves["v(b)"].ndim == 1
    assert waves.at("v(b)", 2e-3) == pytest.approx(1 - np.exp(-1), abs=1e-3)


def test_arrays_in_values_add_axes_in_their_order():
    resistances, capacitances = np.array([500.0, 1e3, 2e3]), np.array([0.5e-6, 1e-6])
    waves = simulate(RC, RUN, values={"r": resistances, "c": capacitances}).require()
    assert waves["v(b)"].shape == (3, 2, len(waves.axis))
    for row, resistance in enumerate(resistances):
        for column, capacitance in enumerate(capacitances):
            assert waves["v(b)"][row, column] == pytest.approx(step_answer(waves.axis, resistance * capacitance), abs=2e-3)


def test_an_array_of_one_keeps_its_axis():
    assert simulate(DIVIDER, Op(), values={"r": np.array([1e3])}).require()["v(b)"].shape == (1, 1)


def test_transients_are_stacked_on_the_union_of_their_times():
    alone = [simulate(RC, Tran(stop=5e-3, max_step=1e-3), values={"r": resistance}).require() for resistance in (10.0, 1e4)]
    assert not np.array_equal(alone[0].axis, alone[1].axis)
    both = stack(alone, (2,))
    assert np.all(np.diff(both.axis) > 0)
    assert set(both.axis) == {*alone[0].axis, *alone[1].axis}
    for index, run in enumerate(alone):
        assert np.array_equal(both["v(b)"][index, np.isin(both.axis, run.axis)], run["v(b)"][np.unique(run.axis, return_index=True)[1]])


def test_nested_sweeps_and_small_signals_are_stacked_too():
    nested = simulate(DIVIDER, Dc("vin", 0.0, 2.0, 1.0, outer=("von", 1.0, 4.0, 1.0)), values={"r": np.array([1e3, 3e3])}).require()
    assert nested["v(b)"].shape == (2, 4, 3)
    assert nested["v(b)"][1, 3, 2] == pytest.approx(2.0 / (1 + 3 * 4), rel=1e-6)
    small = simulate(RC, Ac(points=5, start=1.0, stop=1e4), values={"r": np.array([1e3, 2e3])}).require()
    assert small["v(b)"].shape == (2, len(small.axis))
    assert small["v(b)"][1] == pytest.approx(1 / (1 + 2j * np.pi * small.axis * 2e-3), rel=1e-5)


def test_only_the_signals_asked_for_come_back():
    assert set(simulate(RC, RUN, saved=("v(b)",)).require().signals) == {"v(b)"}


def test_options_reach_the_engine():
    cold, hot = (simulate(RC, RUN, measures=(At(name="m", of="v(b)", position=1e-3),)).require() for _ in range(2))
    assert np.array_equal(cold["v(b)"], hot["v(b)"])
    assert simulate(RC, Tran(stop=5e-3, max_step=20e-6, options=Options(reltol=1e-6))).require().digest != cold.digest


def test_a_deck_runs_as_it_is():
    deck = write_deck(RC, RUN, values={"r": 2e3})
    waves = simulate(deck).require()
    assert waves.digest == deck.digest()
    assert waves.at("v(b)", 2e-3) == pytest.approx(1 - np.exp(-1), abs=1e-3)


def test_a_run_that_fails_is_an_answer_with_status_and_message():
    waves = simulate(FRAGILE, Op(), values={"k": -2.0})
    assert waves.status is not Status.ok
    assert waves.message
    with pytest.raises((SimulationError, InputError), match=rf"^ngspice .*{waves.status}"):
        waves.require()


def test_a_run_that_fails_in_a_batch_gives_its_status_to_the_batch():
    batch, alone = (simulate(FRAGILE, Op(), values={"k": values}) for values in (np.array([1.0, -2.0, 0.5]), -2.0))
    assert (batch.status, batch.message) == (alone.status, alone.message)
    assert simulate(FRAGILE, Op(), values={"k": np.array([1.0, 0.5])}).status is Status.ok


def test_a_run_that_lasts_too_long_is_ended():
    waves = simulate(RC, Tran(stop=1.0, max_step=1e-8), timeout=0.3)
    assert waves.status is Status.timeout
    assert waves.seconds < 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simulate(RC), "simulate rc: must have an analysis"),
        (lambda: simulate(RC, RUN, values={"q": 1.0}), "rc: has no parameter 'q'; it has r, c"),
        (lambda: simulate(RC, RUN, values={"r": np.ones((2, 2))}), "simulate rc: values must be numbers or one-dimensional arrays"),
        (lambda: simulate(RC, RUN, values={"r": np.array([])}), "simulate rc, r=[]: must be a number or an array of at least one"),
        (
            lambda: simulate(write_deck(RC, RUN), values={"r": 1.0}),
            "simulate: a deck brings its own analysis, values, signals and measures; give the circuit to change them",
        ),
        (
            lambda: simulate(write_deck(RC, RUN), Op()),
            "simulate: a deck brings its own analysis, values, signals and measures; give the circuit to change them",
        ),
    ],
)
def test_what_cannot_be_simulated_is_named(call, message: str):
    with pytest.raises(CircuitError) as caught:
        call()
    assert str(caught.value) == message


def test_sweeps_of_different_points_are_not_stacked():
    runs = [simulate(DIVIDER, Dc("vin", 0.0, stop, 1.0)).require() for stop in (2.0, 3.0)]
    with pytest.raises(InputError, match=r"^simulate: sweeps of different points cannot be stacked$"):
        stack(runs, (2,))


def test_the_engine_is_taken_by_name_or_as_it_is(monkeypatch: pytest.MonkeyPatch):
    assert simulate(RC, RUN, engine="ngspice").version == simulate(RC, RUN, engine=find_engine("ngspice")).version
    monkeypatch.setenv("COSIM_NGSPICE", "/nowhere/ngspice")
    with pytest.raises(EngineMissingError):
        simulate(RC, RUN, engine="ngspice")
