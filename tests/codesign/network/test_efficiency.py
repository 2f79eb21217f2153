"""Energy of an inference: cells against the circuit, sums worked by hand, and what is counted."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.drive import ONE_SPIKE, transient
from cosim.circuits.neuron.unit import SPIKE_HEIGHT, Parts, unit
from cosim.codesign.network.efficiency import (
    BOUNDS,
    DECISION,
    GATE_THRESHOLD,
    WINDOW,
    Efficiency,
    active_conductance,
    array_energy,
    assumptions,
    conduction_time,
    inference_energy,
)
from cosim.codesign.network.mapping import READ_VOLTAGE
from cosim.codesign.neuron.energy import Energy, energy
from cosim.devices.memristor.static import conductance
from cosim.errors import InputError
from cosim.snn.encoding import LatencyCard
from cosim.snn.psp import continuous_psp
from cosim.snn.timing import TimeConstants, Trapezoid
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab, Question

LAB = Lab(engine=find_engine("ngspice"), workers=1)
CARD, PARTS = load_neuron("two_pole"), Parts()
FULL = 200e-6  # [S]
UNIT = Energy(quiescent={}, spike={}, supply_quiescent=20e-6, supply_spike=30e-9, read=0.5e-9, gate=0.25e-12)


def conducting(state: float) -> float:
    """Conductance of a cell [S]."""
    return float(conductance(PARTS.memristor, np.array([state]), voltage=READ_VOLTAGE)[0])


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_the_energy_of_a_cell_is_within_3_percent_of_the_circuit(weight: float):
    answer = LAB.ask_one(Question(circuit=unit(CARD, ONE_SPIKE, parts=PARTS, weight=weight), analysis=transient(0.02), saved=("i(vread)",)))
    measured = float(np.trapezoid(-CARD.read_voltage * answer["i(vread)"], answer.axis))
    assert measured > 1e-12
    assert array_energy(np.array([[conducting(weight)]]), np.array([[0.0]]), read_voltage=CARD.read_voltage)[0] == pytest.approx(measured, rel=0.03)


def test_it_is_the_read_energy_that_the_unit_was_measured_to_have():
    measured = energy(CARD, PARTS, LAB)
    assert array_energy(np.array([[conducting(1.0)]]), np.array([[0.0]]))[0] == pytest.approx(measured.read, rel=0.05)


def test_a_cell_conducts_longer_than_the_top_of_the_pulse_and_shorter_than_the_whole():
    pulse = Trapezoid()
    assert pulse.top < conduction_time(pulse) < pulse.rise + pulse.top + pulse.fall
    assert conduction_time(pulse) == pytest.approx(0.9e-3 + 0.2e-3 * (1 - GATE_THRESHOLD / SPIKE_HEIGHT))


def test_the_energy_of_an_array_is_the_sum_over_the_inputs_that_fire():
    conductances = np.array([[100e-6, 50e-6], [20e-6, 30e-6], [200e-6, 200e-6]])
    times = np.array([[0.0, 5e-3, np.inf], [np.inf, np.inf, np.inf]])
    cell = (50e-3) ** 2 * conduction_time(Trapezoid())
    assert array_energy(conductances, times) == pytest.approx([200e-6 * cell, 0.0])
    assert active_conductance(conductances, times) == pytest.approx(50e-6)


def test_silent_images_have_no_active_cell():
    assert active_conductance(np.full((2, 3), FULL), np.full((4, 2), np.inf)) == 0.0


def found(**values: object) -> Efficiency:
    """Of 64-21-10."""
    return inference_energy((64, 21, 10), UNIT, spikes=(0.25, 0.5), conductance=80e-6, full_conductance=FULL, **values)  # type: ignore[arg-type]


def test_synapses_and_events_are_those_worked_by_hand():
    result = found()
    assert result.synapses == 64 * 21 + 21 * 10 == 1554
    assert result.events == 16 * 21 + 10.5 * 10 == 441
    assert result.units == 31
    assert (result.operations("dense"), result.operations("events")) == (3108, 882)


def test_every_bound_takes_in_the_one_before():
    result = found()
    array = 441 * 80e-6 * 2.5e-3 * conduction_time(Trapezoid())
    spiking = 441 * 30e-9 * 0.4
    assert result.energy("array") == pytest.approx(array)
    assert result.energy("array and word lines") == pytest.approx(array + 441 * 0.25e-12)
    assert result.energy("all, window") == pytest.approx(array + 441 * 0.25e-12 + spiking + 31 * 20e-6 * 0.1)
    assert result.energy("all, decision") == pytest.approx(array + 441 * 0.25e-12 + spiking + 31 * 20e-6 * 0.04)
    assert result.per_watt("all, window", "dense") == pytest.approx(3108 / result.energy("all, window"))


def test_one_layer_takes_what_its_array_takes():
    rng = np.random.default_rng(0)
    conductances = rng.uniform(6e-6, FULL, (64, 10))
    times = np.where(rng.uniform(size=(50, 64)) < 0.4, 1e-3, np.inf)
    spikes, mean = float(np.isfinite(times).mean()), active_conductance(conductances, times)
    result = inference_energy((64, 10), UNIT, spikes=(spikes,), conductance=mean, full_conductance=FULL)
    assert result.array == pytest.approx(array_energy(conductances, times).mean())


def test_pairs_have_two_cells_but_the_operations_of_one():
    one, two = found(), found(pairs=True)
    assert two.array == pytest.approx(2 * one.array)
    assert two.word_lines == pytest.approx(2 * one.word_lines)
    assert (two.operations("dense"), two.events, two.resting) == (one.operations("dense"), one.events, one.resting)


def test_efficiency_falls_as_bounds_widen():
    array, lines, window, decision = (found().per_watt(bound, "dense") for bound in BOUNDS)
    assert array > lines > decision > window


def test_nothing_spent_has_no_efficiency():
    silent = inference_energy((64, 10), UNIT, spikes=(0.0,), conductance=80e-6, full_conductance=FULL)
    assert np.isnan(silent.per_watt("array", "dense"))
    assert silent.energy("all, window") == pytest.approx(10 * 20e-6 * 0.1)


def test_the_decision_comes_after_the_last_maximum_and_within_the_window():
    after = np.linspace(0.0, 0.05, 5001)
    peak = after[np.argmax(continuous_psp(TimeConstants(), Trapezoid()).at(after))]
    assert peak == pytest.approx(6e-3, abs=0.5e-3)
    assert LatencyCard().latest + peak < DECISION < WINDOW


def test_the_assumptions_carry_the_numbers_of_the_result():
    text = " ".join(assumptions(found()).values())
    for each in (
        "64-21-10",
        "1554 synapses of one cell",
        "0.25 and 0.5 spikes",
        "441 synapses conduct",
        "50 mV",
        "1.053 ms",
        "100 ms (window)",
        "40 ms (decision)",
    ):
        assert each in text
    assert "two cells" in assumptions(found(pairs=True))["Synapses"]
    assert "20 ms (decision)" in assumptions(found(decision=0.02))["Power at rest"]
    assert all(each.endswith(".") for each in assumptions(found()).values())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"shape": (64,)}, r"shape=\(64,\): must be inputs, hidden neurons if any, outputs; >= 1 each"),
        ({"spikes": (0.4, 0.1)}, r"spikes=\(0\.4, 0\.1\): must be 1 numbers >= 0, of the inputs and each hidden layer"),
        ({"spikes": (-0.4,)}, r"spikes=\(-0\.4,\): must be 1 numbers >= 0, .*"),
        ({"conductance": 300e-6}, r"conductance=0\.0003: must be > 0 and <= 0\.0002 S, that of a full weight"),
        ({"read_voltage": 0.0}, r"read_voltage=0: must be > 0 V"),
        ({"decision": 0.2}, r"decision=0\.2: must be > 0 and <= window=0\.1 s"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(values: dict, words: str):
    given = {"shape": (64, 10), "spikes": (0.4,), "conductance": 80e-6, "full_conductance": FULL, **values}
    with pytest.raises(InputError, match=f"^inference energy, {words}$"):
        inference_energy(given.pop("shape"), UNIT, **given)


def test_unknown_bounds_and_countings_and_images_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"^efficiency, bound=chip: must be array or array and word lines or all, window or all, decision$"):
        found().energy("chip")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^efficiency, counting=spikes: must be dense or events$"):
        found().operations("spikes")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^array energy, times=shape \(1, 2\): must be of shape \(images, 3\)$"):
        array_energy(np.ones((3, 2)), np.zeros((1, 2)))


def test_units_of_more_power_cost_in_the_bounds_with_units_alone():
    hungry = replace(UNIT, supply_quiescent=40e-6)
    more = inference_energy((64, 21, 10), hungry, spikes=(0.25, 0.5), conductance=80e-6, full_conductance=FULL)
    assert more.energy("array and word lines") == found().energy("array and word lines")
    assert more.energy("all, window") - found().energy("all, window") == pytest.approx(31 * 20e-6 * 0.1)
