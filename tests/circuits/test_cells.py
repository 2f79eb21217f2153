"""1T1R cells: who sits where, what the drive reaches, what the body does."""

import numpy as np
import pytest

from cosim.analysis import Dc, Op, Tran
from cosim.circuits.cells import ORIENTATIONS, Drive, bench, cell, device_bench, loaded_bench, transistor_bench
from cosim.circuits.elements import Memristor, Mosfet
from cosim.circuits.stimuli import triangular_sweep
from cosim.devices.memristor.card import load_memristor
from cosim.devices.memristor.static import current
from cosim.devices.mosfet import load_mosfet
from cosim.errors import CircuitError
from cosim.measure import threshold_voltage
from cosim.simulation import simulate

DEVICE, NMOS = load_memristor("lim2025_full_window"), load_mosfet("c5n_nmos")
SUPPLY = 3.0


def part(orientation: str, kind: type):
    """The one element of that kind in a cell."""
    return next(each for each in cell(orientation, DEVICE, NMOS).elements if isinstance(each, kind))


def on_load(orientation: str, operation: str, *, resistance: float = 1e5) -> float:
    """Voltage on the resistor in the place of the memristor [V], positive supplies only."""
    drive = Drive(bit=SUPPLY, word=SUPPLY) if operation == "set" else Drive(bit=0.0, word=SUPPLY, source=SUPPLY)
    waves = simulate(loaded_bench(orientation, NMOS, resistance=resistance, drive=drive, w_over_l=65.0), Op()).require()
    far = waves["v(bit)"] if orientation == "mod" else waves["v(sl)"]
    return abs(float((far - waves["v(mid)"])[0]))


def test_the_memristor_sits_on_the_drain_or_on_the_source():
    assert part("mod", Memristor).nodes == ("bit", "mid")
    assert part("mod", Mosfet).nodes == ("mid", "word", "source", "body")
    assert part("mos", Memristor).nodes == ("mid", "source")
    assert part("mos", Mosfet).nodes == ("bit", "word", "mid", "body")


def test_the_width_follows_w_over_l_at_the_given_length():
    deck_width = simulate(bench(cell("mod", DEVICE, NMOS, length=1e-6, frozen=True), Drive(bit=0.1, word=SUPPLY), w_over_l=30.0, state=1.0), Op()).require()
    twice = simulate(
        bench(cell("mod", DEVICE, NMOS, length=1e-6, frozen=True), Drive(bit=0.1, word=SUPPLY), state=1.0), Op(), values={"w_over_l": 30.0}
    ).require()
    assert deck_width["i(vbit)"] == pytest.approx(twice["i(vbit)"], rel=1e-9)
    assert -deck_width["i(vbit)"][0] > 1e-5


@pytest.mark.parametrize("resistance", [1e3, 1e5, 1e7])
def test_mod_set_and_mos_reset_are_one_circuit_turned_around(resistance: float):
    assert on_load("mod", "set", resistance=resistance) == pytest.approx(on_load("mos", "reset", resistance=resistance), rel=1e-6)
    assert on_load("mod", "reset", resistance=resistance) == pytest.approx(on_load("mos", "set", resistance=resistance), rel=1e-6)


def test_a_follower_loses_the_threshold_voltage_that_is_measured_at_its_body_voltage():
    left = on_load("mod", "reset", resistance=175e3)
    source = SUPPLY - 0.8
    sweep = simulate(transistor_bench(NMOS, drain=SUPPLY, gate=0.0, source=source), Dc("vg", source, source + 2.0, 0.01)).require()
    threshold = threshold_voltage(sweep.axis - source, -sweep["i(vd)"], w_over_l=65.0)
    grounded = simulate(transistor_bench(NMOS, drain=0.1, gate=0.0), Dc("vg", 0.0, 2.0, 0.01)).require()
    assert left == pytest.approx(SUPPLY - threshold, abs=0.05)
    assert threshold > threshold_voltage(grounded.axis, -grounded["i(vd)"], w_over_l=65.0) + 0.1  # the body effect
    assert on_load("mod", "set", resistance=175e3) == pytest.approx(SUPPLY, abs=0.02)


def test_a_body_at_the_lowest_node_keeps_the_diode_of_mos_off():
    found = {}
    for body, source in (("grounded", "i(vbody)"), ("lowest", "i(b_body)")):
        circuit = bench(cell("mos", DEVICE, NMOS, frozen=True), Drive(bit=-2.0, word=SUPPLY), body=body, state=0.0)
        waves = simulate(circuit, Op(), saved=("v(bit)", "v(sl)", "v(body)", "v(x1.mid)", source)).require()
        found[body] = (abs(float(waves[source][0])), float((waves["v(x1.mid)"] - waves["v(sl)"])[0]), float(waves["v(body)"][0]))
    assert found["grounded"][0] > 1e-2
    assert found["grounded"][1] > -0.9  # clamped
    assert found["lowest"][0] < 1e-8
    assert found["lowest"][1] < -1.95
    assert found["lowest"][2] == pytest.approx(-2.0)


@pytest.mark.parametrize("source", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("bit", [-2.0, 0.5])
def test_the_lowest_body_is_the_lowest_of_bit_source_and_ground(bit: float, source: float):
    waves = simulate(bench(cell("mod", DEVICE, NMOS, frozen=True), Drive(bit=bit, word=0.0, source=source), body="lowest"), Op()).require()
    assert waves["v(body)"][0] == pytest.approx(min(bit, source, 0.0), abs=1e-12)


def test_the_device_bench_measures_the_memristor_alone():
    loop = triangular_sweep([0.0, 0.3, 0.0, -0.3, 0.0], rate=1.0)
    waves = simulate(device_bench(DEVICE, loop, state=0.4, frozen=True), Tran(stop=loop.end, max_step=5e-3)).require()
    peak = np.abs(waves["i(vte)"]).max()
    assert peak > 1e-5
    assert -waves["i(vte)"] == pytest.approx(current(DEVICE, waves["v(te)"], np.full(waves.axis.shape, 0.4)), abs=1e-5 * peak)


def test_the_parameters_of_a_bench_scale_current_and_series_resistance():
    base = device_bench(DEVICE, 1.0, state=1.0, frozen=True)
    waves = simulate(base, Op(), values={"i0s": np.array([1.0, 2.0]), "rss": np.array([1.0, 1e-6])}).require()
    flowing = -waves["i(vte)"][..., 0]
    assert flowing[1, 1] == pytest.approx(2.0 * flowing[0, 1], rel=1e-6)
    assert flowing[0, 0] < flowing[0, 1]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_wider_transistor_leaves_more_current(orientation: str):
    circuit = bench(cell(orientation, DEVICE, NMOS, frozen=True), Drive(bit=2.0, word=SUPPLY), state=1.0)
    flowing = -simulate(circuit, Op(), values={"w_over_l": np.array([5.0, 20.0, 65.0, 330.0])}).require()["i(vbit)"][:, 0]
    assert np.all(np.diff(flowing) > 0)


REFUSED = {
    "orientation": (lambda: cell("drain", DEVICE, NMOS), "1T1R cell, orientation=drain: must be mod or mos"),
    "w_over_l": (lambda: cell("mod", DEVICE, NMOS, w_over_l=-5.0), "1T1R cell, w_over_l=-5: must be > 0"),
    "no w_over_l": (lambda: cell("mod", DEVICE, NMOS, w_over_l=float("nan")), "1T1R cell, w_over_l=nan: must be > 0"),
    "length": (lambda: cell("mod", DEVICE, NMOS, length=0.0), "1T1R cell, length=0: must be > 0 m"),
    "bench": (lambda: bench(cell("mod", DEVICE, NMOS), Drive(bit=0.0, word=0.0), w_over_l=0.0), "1T1R bench, w_over_l=0: must be > 0"),
    "body": (lambda: bench(cell("mod", DEVICE, NMOS), Drive(bit=0.0, word=0.0), body="floating"), "1T1R bench, body=floating: must be grounded or lowest"),
    "transistor": (lambda: transistor_bench(NMOS, drain=0.1, gate=1.0, w_over_l=0.0), "transistor bench, w_over_l=0: must be > 0"),
    "load": (
        lambda: loaded_bench("mod", NMOS, resistance=0.0, drive=Drive(bit=1.0, word=1.0), w_over_l=1.0),
        "loaded bench, resistance=0: must be > 0 ohm",
    ),
    "loaded w_over_l": (
        lambda: loaded_bench("mod", NMOS, resistance=1.0, drive=Drive(bit=1.0, word=1.0), w_over_l=-1.0),
        "loaded bench, w_over_l=-1: must be > 0",
    ),
    "loaded orientation": (
        lambda: loaded_bench("mop", NMOS, resistance=1.0, drive=Drive(bit=1.0, word=1.0), w_over_l=1.0),
        "loaded bench, orientation=mop: must be mod or mos",
    ),
    "state": (
        lambda: bench(cell("mod", DEVICE, NMOS), Drive(bit=0.0, word=0.0), state=1.2),
        "1T1R bench, state=1.2: must be within 0..1",
    ),
    "device state": (lambda: device_bench(DEVICE, 0.0, state=-0.1), "device bench, state=-0.1: must be within 0..1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_built_is_named(case: str):
    make, message = REFUSED[case]
    with pytest.raises(CircuitError) as caught:
        make()
    assert str(caught.value) == message
