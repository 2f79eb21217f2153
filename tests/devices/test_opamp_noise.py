"""Op-amps: where the output current comes from, and the input noise of the card at the output of a follower."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.analysis import Dc, Noise, Op, Options
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import CurrentSource, Instance, Resistor, VoltageSource
from cosim.devices.opamp import OpampCard, load_opamp, one_pole
from cosim.errors import DesignError, DeviceError, UnitError
from cosim.simulation import simulate
from cosim.spice.deck import write_deck
from cosim.spice.dialect import check
from cosim.units import parse

MICRO = load_opamp("opamp_micropower")
FAST = replace(MICRO, name="opamp_fast", bandwidth=10e6, noise=60e-9, noise_corner=300.0)
RAIL = 3.3


def follower(card: OpampCard, load: float, voltage: float = 0.0, other: float = 0.0) -> Circuit:
    """The op-amp as a follower between rails, with a load to a voltage `other`."""
    return Circuit(
        name="follower",
        elements=(
            VoltageSource("in", "in", "0", voltage, ac=1.0),
            VoltageSource("p", "vp", "0", RAIL),
            VoltageSource("n", "vn", "0", -RAIL),
            Instance("1", one_pole(card), ("in", "out", "out", "vp", "vn")),
            VoltageSource("other", "far", "0", other),
            Resistor("load", "out", "far", load, exact=True),
        ),
    )


def density(card: OpampCard, frequency: np.ndarray, temperature: float = 27.0) -> np.ndarray:
    """Noise at the output of the follower [V/sqrt(Hz)]."""
    analysis = Noise(output="out", source="Vin", points=20, start=1.0, stop=1e6, options=Options(gmin=1e-15, temperature=temperature))
    waves = simulate(follower(card, 1e6), analysis).require()
    (name,) = [each for each in waves.signals if "onoise" in each]
    return np.interp(frequency, np.real(waves.axis), np.abs(waves[name]))


# --- supply current


@pytest.mark.parametrize("voltage", [1.0, -1.0, 0.3])
def test_the_rails_give_the_output_current(voltage: float):
    waves = simulate(follower(MICRO, 10e3, voltage), Op()).require()
    load = waves["i(vother)"][0]
    plus, minus = -waves["i(vp)"][0] - MICRO.quiescent_current, waves["i(vn)"][0] - MICRO.quiescent_current
    assert load == pytest.approx(waves["v(out)"][0] / 10e3, rel=1e-6)
    assert plus - minus == pytest.approx(load, rel=1e-6)
    assert min(plus, minus) == pytest.approx(0.0, abs=1e-12)
    assert max(plus, minus) == pytest.approx(abs(load), rel=1e-6)


def test_a_sinking_output_is_fed_by_the_lower_rail():
    waves = simulate(follower(MICRO, 10e3, 0.0, other=2.0), Op()).require()
    assert waves["i(vother)"][0] == pytest.approx(-2.0 / 10e3, rel=1e-2)
    assert -waves["i(vp)"][0] == pytest.approx(MICRO.quiescent_current, rel=1e-6)
    assert waves["i(vn)"][0] == pytest.approx(MICRO.quiescent_current + 2.0 / 10e3, rel=1e-2)


def test_the_supplies_give_what_the_op_amp_and_its_load_take():
    waves = simulate(follower(MICRO, 10e3), Dc("vin", -2.0, 2.0, 0.25)).require()
    given = RAIL * (-waves["i(vp)"] + waves["i(vn)"])
    assert np.all(given > RAIL * 2 * MICRO.quiescent_current * (1 - 1e-9))
    load = waves["v(out)"] ** 2 / 10e3
    assert np.all(given >= load)
    assert given - 2 * RAIL * MICRO.quiescent_current == pytest.approx(RAIL * np.abs(waves["v(out)"]) / 10e3, abs=1e-9)


def test_the_output_current_flows_also_between_rails_that_are_not_symmetric():
    circuit = Circuit(
        name="single",
        elements=(
            VoltageSource("in", "in", "0", 1.0),
            VoltageSource("p", "vp", "0", RAIL),
            Instance("1", one_pole(MICRO), ("in", "out", "out", "vp", "0")),
            CurrentSource("load", "out", "0", 1e-5),
        ),
    )
    waves = simulate(circuit, Op()).require()
    assert waves["v(out)"][0] == pytest.approx(1.0, abs=2e-3)
    assert -waves["i(vp)"][0] == pytest.approx(MICRO.quiescent_current + 1e-5, rel=1e-6)


# --- noise


def test_the_noise_at_high_frequency_is_the_white_noise_of_the_card():
    assert density(FAST, np.array([30e3, 100e3, 300e3])) == pytest.approx(np.full(3, 60e-9), rel=0.03)


@pytest.mark.parametrize("corner", [300.0, 3e3])
def test_the_noise_at_its_corner_is_the_root_of_two_larger(corner: float):
    found = density(replace(FAST, noise_corner=corner), np.array([corner / 100.0, corner, 100.0 * corner]))
    assert found[1] == pytest.approx(np.sqrt(2.0) * 60e-9, rel=0.03)
    assert found[0] == pytest.approx(np.sqrt(101.0) * 60e-9, rel=0.03)
    assert found[2] == pytest.approx(60e-9, rel=0.03)


def test_the_noise_is_proportional_to_the_cards():
    frequency = np.array([100.0, 1e5])
    assert density(replace(FAST, noise=600e-9), frequency) == pytest.approx(10.0 * density(FAST, frequency), rel=0.01)


def test_the_bandwidth_of_the_follower_cuts_its_noise():
    found = density(MICRO, np.array([20e3, MICRO.bandwidth]))
    assert found[1] / found[0] == pytest.approx(np.sqrt(0.5), rel=0.03)


def test_noise_costs_no_voltage_and_no_current():
    loud, quiet = (simulate(follower(card, 10e3, 0.5), Op()).require() for card in (MICRO, replace(MICRO, noise=0.0)))
    for name in ("v(out)", "i(vp)", "i(vn)", "i(vin)"):
        assert loud[name][0] == pytest.approx(quiet[name][0], rel=1e-6, abs=1e-12)


def test_without_noise_the_op_amp_is_quiet_and_has_no_diodes():
    quiet = replace(FAST, noise=0.0)
    assert not [each for each in one_pole(quiet).elements if each.letter == "D"]
    assert density(quiet, np.array([1e4]))[0] < 5e-9  # its output resistance and the load


def test_a_noisy_op_amp_is_portable():
    assert check(write_deck(follower(MICRO, 1e6), Op()).text) == []


def test_two_op_amps_of_one_card_share_a_model():
    circuit = follower(MICRO, 1e6)
    two = replace(circuit, elements=(*circuit.elements, Instance("2", one_pole(MICRO), ("in", "b", "b", "vp", "vn")), Resistor("b", "b", "0", 1e6)))
    text = write_deck(two, Op()).text
    assert text.count(f".model {MICRO.name}_noise") == 1
    assert simulate(two, Op()).require()["v(b)"][0] == pytest.approx(0.0, abs=1e-6)


# --- the card


@pytest.mark.parametrize(("text", "value"), [("60n", 60e-9), ("60 nV/sqrt(Hz)", 60e-9), ("1.5uV/sqrt(Hz)", 1.5e-6), (2e-8, 2e-8)])
def test_a_noise_density_is_read_in_its_unit(text: str | float, value: float):
    assert parse(text, "V/sqrt(Hz)", where="noise") == pytest.approx(value)


@pytest.mark.parametrize("text", ["60 nV", "60 nV/Hz", "60 nA/sqrt(Hz)"])
def test_a_noise_density_in_another_unit_is_refused(text: str):
    with pytest.raises((UnitError, DesignError)):
        parse(text, "V/sqrt(Hz)", where="noise")


def test_the_cards_say_what_noise_they_have():
    assert (MICRO.noise, MICRO.noise_corner) == pytest.approx((60e-9, 300.0))
    assert {"noise", "noise_corner"} <= {name for name, _ in MICRO.sources}
    assert load_opamp("opamp_one_pole").noise == 0.0


@pytest.mark.parametrize("name", ["noise", "noise_corner", "quiescent_current"])
def test_negative_noise_is_refused(name: str):
    with pytest.raises(DeviceError) as caught:
        OpampCard(**{**{each: getattr(MICRO, each) for each in vars(MICRO)}, name: -1.0})
    assert str(caught.value) == f"op-amp opamp_micropower, {name}=-1: must be >= 0"
