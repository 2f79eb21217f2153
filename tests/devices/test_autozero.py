"""The auto-zeroed op-amp: what of the offset is left, for how long, and that it still is an op-amp."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.analysis import Tran
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Instance, Resistor, VoltageSource
from cosim.circuits.stimuli import PiecewiseLinear
from cosim.devices.autozero import CLOCK, READ_AT, ZEROED, auto_zeroed, bench
from cosim.devices.opamp import load_opamp
from cosim.simulation import simulate
from cosim.spice.deck import write_deck
from cosim.spice.dialect import check

CARD = load_opamp("opamp_micropower")
RUN = Tran(stop=25e-3, max_step=1e-4)


def left(offset: float, at: float = READ_AT) -> float:
    """The offset of the follower at a moment [V]."""
    return float(simulate(bench(CARD), RUN, values={"vos": offset}, saved=("v(o)",)).require().at("v(o)", at))


@pytest.mark.parametrize("offset", [-5e-3, -1e-3, 0.0, 1e-3, 5e-3])
def test_what_is_left_of_an_offset_is_below_a_fifth_of_a_millivolt(offset: float):
    assert abs(left(offset)) <= 0.2e-3


def test_what_is_left_is_injection_and_loop_gain():
    found = np.array([left(offset) for offset in (-5e-3, 0.0, 5e-3)])
    assert found[1] != 0.0  # the charge of the switch does not depend on the offset
    assert abs(found[2] - found[0]) < 0.05 * 10e-3  # ten times less than the offsets differ by, and more


def test_the_capacitor_holds_between_two_images():
    early, late = (left(5e-3, at) for at in (2e-3, 24e-3))
    assert abs(late - early) < 0.05e-3


def test_an_offset_twice_as_large_leaves_twice_as_much_beside_the_injection():
    base = left(0.0)
    assert (left(4e-3) - base) == pytest.approx(2.0 * (left(2e-3) - base), rel=0.1, abs=2e-7)


def test_after_zeroing_it_follows_its_input():
    clock = PiecewiseLinear(((0.0, CLOCK), (ZEROED, CLOCK), (ZEROED + 1e-6, 0.0)))
    signal = PiecewiseLinear(((0.0, 0.0), (5e-3, 0.0), (5.1e-3, 0.5), (20e-3, 0.5)))
    circuit = Circuit(
        name="follower",
        elements=(
            VoltageSource("az", "az", "0", CLOCK, clock),
            VoltageSource("in", "in", "0", 0.0, signal),
            Instance("1", auto_zeroed(CARD), ("in", "o", "o", "az"), {"vos": -5e-3}),
            Resistor("load", "o", "0", 1e6),
        ),
    )
    waves = simulate(circuit, RUN, saved=("v(o)",)).require()
    assert waves.at("v(o)", 10e-3) == pytest.approx(0.5, abs=0.3e-3)


def test_it_is_portable():
    assert check(write_deck(bench(CARD), RUN, saved=("v(o)",)).text) == []


def test_less_gain_leaves_more():
    weak = replace(CARD, name="weak", gain=300.0)
    waves = simulate(bench(weak), RUN, values={"vos": 5e-3}, saved=("v(o)",)).require()
    assert abs(waves.at("v(o)", READ_AT) - left(0.0)) > 1.5 * abs(left(5e-3) - left(0.0))
