"""Eqs. 6-9: transfer curves of single transistors, and what they predict of a unit beside its simulation."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.circuits.neuron.card import VARIANTS, CurrentBiasedCard, GateBiasedCard, load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.neuron.bench import Run, respond
from cosim.codesign.neuron.equations import Prediction, Transfer, cell_current, predict, thermal_voltage, transfer
from cosim.devices.mosfet import load_mosfet
from cosim.errors import InputError
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAB = Lab(engine=find_engine("ngspice"), workers=1)
PARTS = Parts()
EXPONENTIAL = Transfer(np.linspace(0.0, 1.0, 101), 1e-12 * np.exp(np.linspace(0.0, 1.0, 101) / (1.5 * thermal_voltage())))


def test_the_thermal_voltage_is_that_of_the_temperature():
    assert thermal_voltage() == pytest.approx(25.865e-3, rel=1e-4)
    assert thermal_voltage(85.0) / thermal_voltage() == pytest.approx(358.15 / 300.15)


def test_an_exponential_transistor_has_its_slope_factor_and_its_currents():
    assert EXPONENTIAL.current(0.305) == pytest.approx(1e-12 * np.exp(0.305 / (1.5 * thermal_voltage())), rel=1e-9)
    assert EXPONENTIAL.slope(1e-9) == pytest.approx(1.5, rel=1e-6)
    assert EXPONENTIAL.slope(1e-9, 85.0) == pytest.approx(1.5 * 300.15 / 358.15, rel=1e-6)


@pytest.mark.parametrize("gate", [-0.1, 1.2, float("nan")])
def test_a_gate_outside_of_the_sweep_is_refused(gate: float):
    with pytest.raises(InputError) as caught:
        EXPONENTIAL.current(gate)
    assert str(caught.value) == f"transfer curve, gate={gate:g}: must be within 0..1 V"


@pytest.mark.parametrize("name", ["c5n_nmos", "c5n_pmos"])
def test_a_swept_transistor_has_a_weak_and_a_strong_inversion(name: str):
    curve = transfer(load_mosfet(name), LAB, width=65e-6, length=1e-6)
    assert np.all(np.diff(curve.drain) > 0)
    assert 1.1 < curve.slope(1e-9) < 1.9
    assert curve.slope(1e-4) > 2.0
    assert curve.current(1.2) > 1e5 * curve.current(0.4)


def test_the_current_of_a_sweep_grows_with_the_width():
    narrow, wide = (transfer(load_mosfet("c5n_nmos"), LAB, width=width, length=5e-6) for width in (50e-6, 200e-6))
    assert wide.current(0.9) / narrow.current(0.9) == pytest.approx(4.0, rel=0.1)


def test_the_current_of_a_cell_is_its_conductance_times_the_read_voltage():
    card = load_neuron("robust")
    assert cell_current(card, PARTS) == pytest.approx(50e-3 * 200e-6, rel=0.05)
    assert cell_current(replace(card, read_voltage=25e-3), PARTS) == pytest.approx(cell_current(card, PARTS) / 2.0, rel=0.01)
    assert cell_current(card, PARTS, 0.25) < 0.35 * cell_current(card, PARTS)


@pytest.mark.parametrize("name", VARIANTS)
def test_predictions_are_finite_and_positive(name: str):
    card = load_neuron(name)
    found = predict(card, PARTS, LAB)
    assert isinstance(found, Prediction)
    values = np.array([getattr(found, each) for each in ("fall", "leak", "input_current", "current_gain", "gain", "slope")])
    assert np.all(np.isfinite(values))
    assert np.all(values > 0)
    assert found.rise == card.inverter_resistance * card.rise_capacitance
    assert 1.2 < found.slope < 1.7


@pytest.mark.parametrize("name", ["robust", "board"])
def test_the_equations_hold_for_the_variants_with_currents(name: str):
    card = load_neuron(name)
    assert isinstance(card, CurrentBiasedCard)
    found, (simulated,) = predict(card, PARTS, LAB), respond([Run(card=card)], LAB)
    assert found.rise == pytest.approx(simulated.rise, rel=0.15)
    assert found.fall == pytest.approx(simulated.fall, rel=0.1)
    assert found.leak == pytest.approx(simulated.leak, rel=0.15)
    assert found.current_gain == pytest.approx(simulated.current_gain, rel=0.15)
    assert found.gain == pytest.approx(simulated.gain, rel=0.25)


@pytest.mark.parametrize("name", ["linear", "two_pole"])
def test_the_equations_of_the_printed_variants_are_within_half(name: str):
    card = load_neuron(name)
    assert isinstance(card, GateBiasedCard)
    found, (simulated,) = predict(card, PARTS, LAB), respond([Run(card=card)], LAB)
    assert found.fall == pytest.approx(simulated.fall, rel=0.2)
    assert found.leak == pytest.approx(simulated.leak, rel=0.5)
    assert found.current_gain == pytest.approx(simulated.current_gain, rel=0.5)
    assert found.gain == pytest.approx(simulated.gain, rel=0.5)


def test_the_equations_scale_as_they_are_written():
    card = load_neuron("robust")
    assert isinstance(card, CurrentBiasedCard)
    base = predict(card, PARTS, LAB)
    other = predict(
        replace(card, synapse_capacitance=2 * card.synapse_capacitance, membrane_capacitance=3 * card.membrane_capacitance, mirror_ratio=4), PARTS, LAB
    )
    assert (other.fall, other.leak, other.gain) == pytest.approx((2 * base.fall, 3 * base.leak, 2 * base.gain))
    assert (other.rise, other.current_gain) == pytest.approx((base.rise, base.current_gain))
