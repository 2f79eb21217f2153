"""What ``docs/errata.md`` says of the papers, computed."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import norm

from cosim.analysis import Dc, Op
from cosim.circuits.cells import loaded_bench, transistor_bench
from cosim.codesign.cellbench import positive_drive
from cosim.codesign.sizing import bisect
from cosim.devices.memristor.card import load_memristor
from cosim.devices.memristor.static import conductance
from cosim.devices.mosfet import load_mosfet
from cosim.measure import threshold_voltage
from cosim.simulation import simulate

NMOS = load_mosfet("c5n_nmos")


@cache
def on_resistance(w_over_l: float) -> float:
    waves = simulate(transistor_bench(NMOS, drain=0.1, gate=3.0, w_over_l=w_over_l), Op()).require()
    return 0.1 / -float(waves["i(vd)"][0])


def test_the_divider_takes_10_7_percent_and_not_12():
    assert pytest.approx(0.107, abs=5e-4) == 120 / (120 + 1000)


def test_an_on_resistance_of_a_tenth_of_a_kiloohm_needs_a_w_over_l_of_about_79():
    found = bisect(lambda sizes: np.array([on_resistance(float(size)) for size in sizes]), np.array([100.0]), 40.0, 160.0)
    assert found[0] == pytest.approx(79, abs=2)
    assert on_resistance(65.0) > 100.0


def test_a_reset_to_half_a_volt_reconciles_a_kiloohm_with_200_microsiemens():
    card = load_memristor("lim2025_full_window")
    full = float(conductance(card, np.array([1.0]), voltage=2.0)[0])
    assert full == pytest.approx(1e-3, rel=1e-3)
    assert full > 4 * 200e-6


def threshold(source: float, drain: float) -> float:
    circuit = transistor_bench(NMOS, drain=drain, gate=source, source=source)
    waves = simulate(circuit, Dc("vg", source, source + 1.5, 0.01)).require()
    return threshold_voltage(waves.axis - source, -waves["i(vd)"], w_over_l=65.0)


def test_two_volts_between_source_and_body_raise_the_threshold_from_0_6_to_above_0_8_volts():
    assert threshold(0.0, 0.1) == pytest.approx(0.60, abs=0.01)
    assert 0.80 < threshold(2.0, 2.1) < 0.87


@pytest.mark.parametrize(("load", "least", "most"), [(1e3, -1.0, -0.5), (175e3, -0.05, 0.0), (1e6, 0.02, 0.07)])
def test_what_reaches_the_memristor_behind_a_follower_depends_on_its_resistance(load: float, least: float, most: float):
    circuit = loaded_bench("mos", NMOS, resistance=load, drive=positive_drive("set", supply=3.0, gate=3.0), w_over_l=65.0)
    reached = float(simulate(circuit, Op()).require()["v(mid)"][0])
    assert least < reached - (3.0 - threshold(reached, 3.0)) < most


def test_a_gaussian_of_50_percent_is_negative_in_37_percent_of_20_draws():
    once = norm.cdf(0.0, loc=1.0, scale=0.5)
    assert 1 / once == pytest.approx(44, abs=0.5)
    assert 1 - (1 - once) ** 20 == pytest.approx(0.37, abs=0.005)


def test_the_digits_have_17_levels_and_not_16():
    from sklearn.datasets import load_digits

    assert sorted(set(np.unique(load_digits().data).tolist())) == list(range(17))
