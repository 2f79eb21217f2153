"""The phase-change element: line above the holding voltage, low-field resistance below the threshold, one law in Python and in SPICE."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.analysis import Dc
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Instance, VoltageSource
from cosim.devices.phase_change import PhaseChangeCard, element, load_phase_change, on_current
from cosim.errors import DeviceError
from cosim.simulation import simulate

CARD = load_phase_change("gst_mushroom")


def swept(**values: float) -> tuple[np.ndarray, np.ndarray]:
    """Voltage and current of the element alone in ngspice, 0..2 V."""
    circuit = Circuit(name="bench", elements=(VoltageSource("te", "te", "0", 0.0), Instance("1", element(CARD), ("te", "0"), values)))
    waves = simulate(circuit, Dc("vte", 0.0, 2.0, 0.02), saved=("i(vte)",)).require()
    return waves.axis, -waves["i(vte)"]


def test_the_current_well_above_the_holding_voltage_is_the_value_worked_by_hand():
    card = PhaseChangeCard(name="sharp", holding_voltage=0.5, on_resistance=3e3, knee=1e-6, reset_current=3e-4, least_resistance=3e4, most_resistance=5e5)
    assert on_current(card, np.array([1.4])) == pytest.approx([0.9 / 3e3], rel=1e-9)


def test_the_rounded_corner_moves_the_line_by_less_than_a_millivolt():
    voltage = np.array([1.0, 1.4, 2.0])
    assert on_current(CARD, voltage) * CARD.on_resistance == pytest.approx(voltage - CARD.holding_voltage, abs=1e-3)


@given(low=st.floats(0.0, 3.0), more=st.floats(1e-3, 3.0))
def test_the_on_state_takes_power_and_its_current_rises(low: float, more: float):
    below, above = on_current(CARD, np.array([low, low + more]))
    assert below >= -1e-18
    assert above > below


def test_no_current_flows_without_voltage():
    assert on_current(CARD, np.array([0.0]))[0] == 0.0


def test_ngspice_has_the_same_on_state():
    voltage, current = swept()
    assert current.max() > 1e-4
    assert current == pytest.approx(on_current(CARD, voltage), abs=2e-5 * current.max())


def test_ngspice_reads_the_low_field_resistance_before_threshold_switching():
    voltage, current = swept(switched=0.0, resistance=2e5)
    assert current[-1] == pytest.approx(2.0 / 2e5, rel=1e-6)
    assert current == pytest.approx(voltage / 2e5, abs=1e-6 * current[-1])


def test_resistances_the_wrong_way_round_are_named():
    with pytest.raises(DeviceError, match=r"^phase-change element gst_mushroom, most_resistance=1000: must be > 26800 ohm$"):
        replace(CARD, most_resistance=1e3)


def test_a_holding_voltage_of_zero_is_named():
    with pytest.raises(DeviceError, match=r"^phase-change element gst_mushroom, holding_voltage=0: must be > 0$"):
        replace(CARD, holding_voltage=0.0)


def test_every_constant_says_where_it_is_from():
    sources = dict(CARD.sources)
    assert len(sources) == 6
    assert all("; valid " in text for text in sources.values())
    assert "assumed" in sources["holding_voltage"]
    assert "assumed" in sources["on_resistance"]
