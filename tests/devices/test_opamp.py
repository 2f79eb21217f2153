"""Op-amps: gain, bandwidth, rails, offset and supply current, as the card says."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.analysis import Ac, Dc, Op, Tran
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Instance, Resistor, VoltageSource
from cosim.circuits.stimuli import PiecewiseLinear
from cosim.devices.opamp import ideal, load_opamp, one_pole
from cosim.errors import DeviceError
from cosim.simulation import simulate

CARD = load_opamp("opamp_one_pole")
RAIL = 3.3


def bench(*, source: VoltageSource, feedback: bool, card=CARD, load: float = 1e6) -> Circuit:
    """The op-amp between rails; as a follower, or open-loop."""
    return Circuit(
        name="opamp_bench",
        elements=(
            source,
            VoltageSource("p", "vp", "0", RAIL),
            VoltageSource("n", "vn", "0", -RAIL),
            Instance("1", one_pole(card), ("in", "out" if feedback else "0", "out", "vp", "vn")),
            Resistor("load", "out", "0", load),
        ),
    )


def test_a_follower_follows_with_the_bandwidth_of_the_card():
    waves = simulate(bench(source=VoltageSource("in", "in", "0", 0.0, ac=1.0), feedback=True), Ac(points=20, start=1e3, stop=1e9), saved=("v(out)",)).require()
    gain = np.abs(waves["v(out)"])
    assert gain[0] == pytest.approx(1.0, rel=1e-4)
    corner = np.interp(-np.sqrt(0.5), -gain, np.abs(waves.axis))
    assert corner == pytest.approx(CARD.bandwidth, rel=0.01)


def test_the_open_loop_has_the_gain_of_the_card():
    source = VoltageSource("in", "in", "0", 0.0)
    waves = simulate(bench(source=source, feedback=False), Dc("vin", -1e-6, 1e-6, 1e-6)).require()
    assert (waves["v(out)"][2] - waves["v(out)"][0]) / 2e-6 == pytest.approx(CARD.gain, rel=0.01)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_output_stays_between_the_rails(sign: float):
    waves = simulate(bench(source=VoltageSource("in", "in", "0", sign), feedback=False), Op()).require()
    assert waves["v(out)"][0] == pytest.approx(sign * RAIL, abs=1e-3)


def test_the_output_resistance_divides_with_the_load():
    waves = simulate(bench(source=VoltageSource("in", "in", "0", 1.0), feedback=False, load=CARD.output_resistance), Op()).require()
    assert waves["v(out)"][0] == pytest.approx(RAIL / 2, rel=1e-3)


def test_the_offset_is_what_the_inputs_differ_by():
    waves = simulate(bench(source=VoltageSource("in", "in", "0", 0.5), feedback=True, card=replace(CARD, offset=2.5e-3)), Op()).require()
    assert 0.5 - waves["v(out)"][0] == pytest.approx(2.5e-3, rel=0.02)


def test_the_quiescent_current_flows_from_rail_to_rail():
    waves = simulate(bench(source=VoltageSource("in", "in", "0", 0.0), feedback=True), Op()).require()
    assert -waves["i(vp)"][0] == pytest.approx(CARD.quiescent_current, rel=1e-6)
    assert waves["i(vn)"][0] == pytest.approx(CARD.quiescent_current, rel=1e-6)


def test_a_step_settles_with_the_time_constant_of_the_bandwidth():
    step = PiecewiseLinear(((0.0, 0.0), (1e-9, 0.1)))
    waves = simulate(bench(source=VoltageSource("in", "in", "0", 0.0, step), feedback=True), Tran(stop=200e-9, max_step=0.5e-9)).require()
    tau = 1 / (2 * np.pi * CARD.bandwidth)
    assert waves.at("v(out)", 0.5e-9 + tau) == pytest.approx(0.1 * (1 - np.exp(-1)), rel=0.01)


def test_the_ideal_one_has_gain_only():
    circuit = Circuit(
        name="c",
        elements=(
            VoltageSource("in", "in", "0", 1.0),
            Instance("1", ideal(gain=1e4), ("in", "m", "out")),
            Resistor("1", "out", "m", 9e3),
            Resistor("2", "m", "0", 1e3),
        ),
    )
    assert simulate(circuit, Op()).require()["v(out)"][0] == pytest.approx(10.0 / (1 + 10.0 / 1e4), rel=1e-6)


def test_an_impossible_card_is_named():
    with pytest.raises(DeviceError, match=r"^op-amp opamp_one_pole, gain=1: must be > 1$"):
        replace(CARD, gain=1.0)
