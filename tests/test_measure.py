"""Measures from waves against signals that have a formula, and their lines for LTspice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim import measure
from cosim.errors import InputError
from cosim.measure import At, Over, When, compute, crossings, energy, interpolate, signal, spell, spike_times, threshold_voltage
from cosim.spice.dialect import check
from cosim.status import Status
from cosim.waves import Waves

TIME = np.linspace(0.0, 1.0, 4001)
SINE = np.sin(2 * np.pi * 2 * TIME)


def waves(axis: np.ndarray = TIME, name: str = "time", **signals: np.ndarray) -> Waves:
    """Waves with ``v(a)`` and so on."""
    named = {f"v({key})": value for key, value in signals.items()}
    return Waves(axis_name=name, axis=axis, signals=named, engine="ngspice", version="39", digest="", status=Status.ok)


RUN = waves(a=SINE, b=TIME, c=3.0 - TIME)
EXPECTED = {
    At(name="m", of="v(a)", position=0.0625): np.sqrt(0.5),
    At(name="m", of="v(b)-v(c)", position=1.0): -1.0,
    At(name="m", of="v(b,c)", position=1.0): -1.0,
    At(name="m", of="2*time", position=0.3): 0.6,
    Over(name="m", of="v(a)", how="MAX"): 1.0,
    Over(name="m", of="v(a)", how="MIN"): -1.0,
    Over(name="m", of="v(a)", how="PP"): 2.0,
    Over(name="m", of="v(a)", how="AVG"): 0.0,
    Over(name="m", of="v(a)", how="RMS"): np.sqrt(0.5),
    Over(name="m", of="v(a)", how="INTEG", stop=0.25): 1 / (2 * np.pi),
    Over(name="m", of="v(a)", how="AVG", stop=0.25): 2 / np.pi,
    Over(name="m", of="v(a)", how="MAX", start=0.2, stop=0.25): np.sin(0.8 * np.pi),
    Over(name="m", of="v(b)", how="MAX", start=0.11111, stop=0.33333): 0.33333,
    Over(name="m", of="v(b)", how="RMS", start=0.5): np.sqrt((1 - 0.125) / 3 / 0.5),
    When(name="m", signal="v(a)", level=0.5, edge="rise"): 1 / 24,
    When(name="m", signal="v(a)", level=0.5, edge="fall"): 5 / 24,
    When(name="m", signal="v(a)", level=0.5, edge="rise", count=2): 0.5 + 1 / 24,
    When(name="m", signal="v(a)", level=0.5, count=3): 0.5 + 1 / 24,
    When(name="m", signal="v(a)", level=0.5, edge="fall", of="v(c)"): 3 - 5 / 24,
    When(name="m", signal="v(b)-v(c)", level=-2.0): 0.5,
}
LINES = {
    At(name="i_read", of="-i(vte)", position=3.95): ".meas TRAN i_read FIND -I(vte) AT=3.95",
    At(name="m", of="v(x1.mid)/2", position=1e-9): ".meas TRAN m FIND V(x1:mid)/2 AT=1e-09",
    Over(name="m", of="v(a)", how="MAX"): ".meas TRAN m MAX V(a)",
    Over(name="m", of="v(a,b)", how="RMS", start=1e-3, stop=2e-3): ".meas TRAN m RMS V(a,b) FROM 0.001 TO 0.002",
    Over(name="m", of="v(a)", how="INTEG", stop=2.0): ".meas TRAN m INTEG V(a) TO 2",
    When(name="m", signal="v(a)", level=0.5): ".meas TRAN m WHEN V(a)=0.5 CROSS=1",
    When(name="m", signal="v(a)", level=0.5, edge="rise", count=3, of="i(v1)"): ".meas TRAN m FIND I(v1) WHEN V(a)=0.5 RISE=3",
}


@pytest.mark.parametrize("wanted", EXPECTED, ids=lambda each: each.meas("TRAN"))
def test_a_measure_of_a_known_signal_is_the_known_number(wanted: measure.Measure):
    assert wanted.compute(RUN) == pytest.approx(EXPECTED[wanted], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("each", LINES, ids=lambda each: each.meas("TRAN"))
def test_a_measure_is_spelled_for_ltspice_within_the_portable_subset(each: measure.Measure):
    assert each.meas("TRAN") == LINES[each]
    assert check(f"* t\n{each.meas('TRAN')}\n") == []


def test_a_crossing_that_never_happens_is_no_number():
    assert np.isnan(When(name="m", signal="v(a)", level=2.0).compute(RUN))
    assert np.isnan(When(name="m", signal="v(a)", level=0.5, edge="rise", count=3).compute(RUN))


def test_all_measures_of_a_run_come_by_name():
    assert compute([At(name="x", of="v(b)", position=0.5), Over(name="y", of="v(b)", how="MAX")], RUN) == {"x": pytest.approx(0.5), "y": 1.0}


@pytest.mark.parametrize("each", EXPECTED, ids=lambda each: each.meas("TRAN"))
def test_a_batch_gives_one_number_a_run(each: measure.Measure):
    batch = waves(a=np.stack([SINE, SINE]), b=np.stack([TIME, TIME]), c=np.stack([3.0 - TIME, 3.0 - TIME]))
    found = each.compute(batch)
    if "time" not in getattr(each, "of", ""):
        assert found == pytest.approx([each.compute(RUN)] * 2)


def test_each_run_of_a_batch_has_its_own_number():
    batch = waves(a=np.array([1.0, 2.0, -3.0])[:, None] * SINE)
    assert Over(name="m", of="v(a)", how="MAX").compute(batch) == pytest.approx([1.0, 2.0, 3.0], rel=1e-5)
    assert At(name="m", of="v(a)", position=0.125).compute(batch) == pytest.approx([1.0, 2.0, -3.0], rel=1e-5)
    crossed = When(name="m", signal="v(a)", level=1.5, edge="rise").compute(batch)
    assert np.isnan(crossed[0])
    assert crossed[1] < 0.125 < crossed[2]
    assert energy(batch, "v(a)", "v(a)") == pytest.approx(np.array([1.0, 4.0, 9.0]) / 2, rel=1e-4)


def test_of_complex_signals_the_magnitude_counts():
    frequency = np.geomspace(1.0, 1e4, 401)
    low_pass = waves(frequency, "frequency", a=1 / (1 + 1j * frequency / 100.0))
    assert At(name="m", of="v(a)", position=100.0).compute(low_pass) == pytest.approx(np.sqrt(0.5), rel=1e-4)
    assert When(name="m", signal="v(a)", level=float(np.sqrt(0.5)), edge="fall").compute(low_pass) == pytest.approx(100.0, rel=1e-3)
    assert Over(name="m", of="v(a)", how="MAX").compute(low_pass) == pytest.approx(1.0, rel=1e-4)


def test_a_sweep_downward_is_measured_as_one_upward():
    falling = waves(-TIME, "vg", a=TIME**2)
    assert Over(name="m", of="v(a)", how="MAX", start=-0.5, stop=-0.25).compute(falling) == pytest.approx(0.25)
    assert At(name="m", of="v(a)", position=-0.5).compute(falling) == pytest.approx(0.25)
    assert Over(name="m", of="v(a)", how="INTEG").compute(falling) == pytest.approx(1 / 3, rel=1e-6)


@given(position=st.floats(0, 1))
@settings(deadline=None, max_examples=50)
def test_between_points_a_straight_line_is_read(position: float):
    axis = np.array([0.0, 0.1, 0.15, 0.7, 1.0])
    assert interpolate(axis, 2 * axis - 1, position) == pytest.approx(2 * position - 1, abs=1e-12)


@given(level=st.floats(-0.99, 0.99))
@settings(deadline=None, max_examples=50)
def test_crossings_lie_where_the_signal_has_the_level_and_edges_alternate(level: float):
    rises, falls, both = (crossings(TIME, SINE, level, edge=edge) for edge in ("rise", "fall", "cross"))
    assert len(both) == len(rises) + len(falls)
    assert np.sin(4 * np.pi * both) == pytest.approx(np.full(len(both), level), abs=1e-5)
    assert np.all(np.cos(4 * np.pi * rises) > 0)
    assert np.all(np.cos(4 * np.pi * falls) < 0)


def test_spike_times_are_the_rises_through_a_threshold():
    assert spike_times(RUN, "v(a)", threshold=0.0) == pytest.approx([0.0, 0.5], abs=1e-9)


def test_the_threshold_voltage_is_read_on_a_logarithmic_scale():
    gate = np.arange(0.0, 3.0, 0.05)
    drain = 1e-12 * 10 ** (gate / 0.1)
    assert threshold_voltage(gate, drain, w_over_l=10.0) == pytest.approx(0.6, abs=1e-9)
    with pytest.raises(InputError, match=r"^threshold voltage: the current never rises through 1e-06 A$"):
        threshold_voltage(gate, np.full(gate.shape, 1e-9), w_over_l=10.0)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (At(name="m", of="v(a)", position=1.5), "measure at 1.5: must be within 0..1"),
        (Over(name="m", of="v(a)", how="MAX", start=0.5, stop=2.0), "measure at 2: must be within 0..1"),
        (Over(name="m", of="v(a)", how="MAX", start=0.5, stop=0.5), "measure from 0.5: must end behind it, not at 0.5"),
        (At(name="m", of="v(a)+", position=0.5), "signal 'v(a)+', s0+: only numbers, parameters and + - * / ** may stand in a value"),
    ],
)
def test_a_measure_that_cannot_be_taken_says_why(wanted: measure.Measure, message: str):
    with pytest.raises(InputError) as caught:
        wanted.compute(RUN)
    assert str(caught.value) == message


def test_an_unknown_signal_is_named_with_near_ones():
    with pytest.raises(InputError, match=r"^waves, signal=v\(q\): must be one of v\("):
        signal(RUN, "v(a)+v(q)")


def test_signals_are_spelled_with_colons_and_capitals():
    assert spell("v(x1.x)-I(vte)*time") == "V(x1:x)-I(vte)*time"
