"""Small signals: the poles of a unit, and the noise of its own devices."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.neuron.smallsignal import NOISE_BAND, Bode, OwnNoise, bode, own_noise
from cosim.devices.opamp import load_opamp
from cosim.snn.timing import TimeConstants
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAB = Lab(engine=find_engine("ngspice"), workers=1)
IDEAL, REAL = Parts(), Parts(opamp=load_opamp("opamp_micropower"))
ROBUST = load_neuron("robust")
TAUS = TimeConstants()
SWING = 60e-3


@pytest.fixture(scope="module")
def robust() -> Bode:
    """The built unit."""
    return bode(ROBUST, IDEAL, LAB, TAUS)


def pole(frequency: np.ndarray, response: np.ndarray) -> float:
    """Where the response has fallen by the root of two [Hz]."""
    return float(np.interp(-np.sqrt(0.5), -np.abs(response), frequency))


@pytest.mark.parametrize(("name", "tolerance"), [("two_pole", 0.03), ("robust", 0.02), ("board", 0.02)])
def test_below_a_kilohertz_a_unit_has_the_poles_of_the_model(name: str, tolerance: float):
    found = bode(load_neuron(name), IDEAL, LAB, TAUS)
    below = found.frequency < 1e3
    assert below.sum() > 60
    assert np.max(np.abs(np.abs(found.current) - np.abs(found.model_current))[below]) < tolerance
    assert np.max(np.abs(np.abs(found.membrane) - np.abs(found.model_membrane))[below]) < tolerance
    assert np.max(np.abs(found.membrane - found.model_membrane)[below]) < tolerance  # the phase, too


def test_responses_begin_at_one_and_fall(robust: Bode):
    assert robust.current[0] == robust.membrane[0] == 1.0
    assert np.abs(robust.model_membrane[0]) == pytest.approx(1.0, abs=1e-3)
    assert pole(robust.frequency, robust.membrane) == pytest.approx(1.0 / (2 * np.pi * 15e-3), rel=0.05)
    assert np.abs(robust.membrane[-1]) < 1e-4


def test_the_model_is_three_poles_in_a_row(robust: Bode):
    at = 1.0 / (2 * np.pi * 15e-3)
    index = int(np.argmin(np.abs(robust.frequency - at)))
    s = 2j * np.pi * robust.frequency[index]
    assert robust.model_membrane[index] == pytest.approx(1 / (1 + s * 0.5e-3) / (1 + s * 2e-3) / (1 + s * 15e-3))
    assert robust.model_current[index] == pytest.approx(1 / (1 + s * 0.5e-3) / (1 + s * 2e-3))


def test_a_variant_without_a_low_pass_has_a_model_without_it():
    found = bode(load_neuron("linear"), IDEAL, LAB, TAUS)
    assert found.model_current == pytest.approx(1 / (1 + 2j * np.pi * found.frequency * 2e-3))
    assert pole(found.frequency, found.current) == pytest.approx(1.0 / (2 * np.pi * 2e-3), rel=0.25)


def test_a_slower_synapse_moves_its_pole(robust: Bode):
    slow = bode(replace(ROBUST, synapse_capacitance=2 * ROBUST.synapse_capacitance), IDEAL, LAB, TimeConstants(fall=4e-3))
    assert pole(slow.frequency, slow.model_current) < 0.7 * pole(robust.frequency, robust.model_current)
    assert pole(slow.frequency, slow.current) == pytest.approx(pole(slow.frequency, slow.model_current), rel=0.05)


@pytest.mark.parametrize("parts", [IDEAL, REAL], ids=["ideal", "real"])
@pytest.mark.parametrize("name", ["two_pole", "robust", "board"])
def test_a_unit_at_rest_is_quieter_than_one_that_conducts(name: str, parts: Parts):
    rest, conducting = (own_noise(load_neuron(name), parts, LAB, swing=SWING, conducting=each) for each in (False, True))
    assert (rest.conducting, conducting.conducting) == (False, True)
    assert 0.0 < rest.rms < conducting.rms
    if name != "two_pole":  # whose membrane leaks noise of its own, at rest as well
        assert rest.rms < 0.5 * conducting.rms


def test_the_band_of_the_noise_is_the_stated_one():
    found = own_noise(ROBUST, IDEAL, LAB, swing=SWING, conducting=False)
    assert (found.frequency[0], found.frequency[-1]) == pytest.approx(NOISE_BAND)
    assert np.all(found.density > 0)


def test_flicker_noise_shows_at_low_frequency():
    found = own_noise(ROBUST, IDEAL, LAB, swing=SWING, conducting=True)
    slope = np.polyfit(np.log(found.frequency[:20]), np.log(found.density[:20]), 1)[0]
    assert -0.6 < slope < -0.3  # 1/f in power, from the transistors, beside a white floor


def test_the_noise_of_the_op_amps_is_part_of_it():
    opamp = REAL.opamp
    assert opamp is not None
    loud = Parts(opamp=replace(opamp, name="loud", noise=6e-6))
    plain, much = (own_noise(ROBUST, parts, LAB, swing=SWING, conducting=False) for parts in (REAL, loud))
    assert much.rms > 1.05 * plain.rms
    assert much.density[0] > 20.0 * plain.density[0]


def test_the_cumulative_noise_grows_to_the_rms():
    frequency = np.geomspace(1.0, 1e4, 400)
    found = OwnNoise(frequency=frequency, density=np.full(400, 1e-6), conducting=True, swing=0.05)
    assert np.all(np.diff(found.cumulative) > 0)
    assert found.cumulative[0] == 0.0
    assert found.rms == pytest.approx(1e-6 * np.sqrt(1e4 - 1.0), rel=1e-9)
    assert found.weight == pytest.approx(found.rms / 0.05)


def test_a_pole_of_white_noise_is_integrated_right():
    frequency = np.geomspace(1e-2, 1e6, 161)
    found = OwnNoise(frequency=frequency, density=1e-6 / np.sqrt(1 + (frequency / 100.0) ** 2), conducting=True, swing=0.05)
    assert found.rms == pytest.approx(1e-6 * np.sqrt(100.0 * np.pi / 2), rel=0.02)


def test_the_read_out_of_the_built_membrane_does_not_ring():
    found = bode(ROBUST, IDEAL, LAB, TimeConstants())
    over = np.abs(found.membrane) / np.abs(found.model_membrane)
    assert over[(found.frequency > 100.0) & (found.frequency < 20e3)].max() < 10 ** (1.5 / 20)
