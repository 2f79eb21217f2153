"""What ``docs/errata.md`` says of the papers, computed."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import norm

from cosim.analysis import Dc, Op
from cosim.circuits.cells import loaded_bench, transistor_bench
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.drive import options
from cosim.codesign.cellbench import positive_drive
from cosim.codesign.network.mapping import MappingPlan, map_weights
from cosim.codesign.neuron.bench import Run, respond
from cosim.codesign.neuron.equations import thermal_voltage
from cosim.codesign.neuron.model import discrete, scaled_error
from cosim.codesign.sizing import bisect
from cosim.datasets.sources import source
from cosim.devices.memristor.card import load_memristor
from cosim.devices.memristor.static import conductance
from cosim.devices.mosfet import load_mosfet
from cosim.measure import threshold_voltage
from cosim.simulation import simulate
from cosim.snn.data import digits
from cosim.snn.encoding import LatencyCard, latency_times, raster, sparsity
from cosim.snn.timing import TimeConstants
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

NMOS = load_mosfet("c5n_nmos")
LAB = Lab(engine=find_engine())


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


def sub_threshold(voltage: float, *, w_over_l: float, length: float, card: str = "c5n_nmos") -> float:
    """Drain current [A] of a transistor in saturation at a small gate-source voltage, by magnitudes."""
    mosfet = load_mosfet(card)
    sign = 1.0 if mosfet.kind == "nmos" else -1.0
    circuit = transistor_bench(mosfet, drain=sign * 0.5, gate=sign * voltage, w_over_l=w_over_l, length=length)
    return abs(float(simulate(circuit, Op(options=options())).require()["i(vd)"][0]))


def test_the_printed_leak_of_the_membrane_has_a_time_constant_of_minutes():
    leak = sub_threshold(0.1, w_over_l=65.0, length=0.5e-6)
    assert 60.0 < 260e-9 * thermal_voltage() / leak < 600.0
    assert 5e-3 < 260e-12 * thermal_voltage() / sub_threshold(0.22, w_over_l=65.0, length=0.5e-6) < 40e-3


@pytest.mark.parametrize(("w_over_l", "supply"), [(1.0, 2.33), (300.0, 2.05)])
def test_the_printed_gate_voltage_of_the_synapse_gives_5_nanoamperes_at_a_supply_between_2_and_2_4_volts(w_over_l: float, supply: float):
    length = 3e-6 if w_over_l == 1.0 else 1e-6
    assert sub_threshold(supply - 1.44, w_over_l=w_over_l, length=length, card="c5n_pmos") == pytest.approx(5e-9, rel=0.25)


def test_half_a_conductance_gives_little_more_than_a_third_of_the_peak_when_the_gate_is_driven_open_loop():
    card, conductances = load_neuron("as_printed"), conductance(load_memristor("lim2025_analog_window"), np.array([0.5, 1.0]), voltage=0.05)
    half, full = (each.current.max() - each.current[0] for each in respond([Run(card=card, weight=weight) for weight in (0.5, 1.0)], LAB))
    assert 0.3 < half / full < 0.42
    assert conductances[0] / conductances[1] > 0.5


def test_the_first_order_synapse_is_off_by_a_fifth_without_a_lag_and_within_2_4_percent_with_one():
    found = respond([Run(card=load_neuron("linear"))], LAB)[0]
    assert found.continuous_errors()[1] > 0.2
    (_, _), (error, lag) = found.discrete_errors()
    assert error < 0.024
    assert 0.2e-3 < lag < 0.4e-3


def test_no_common_lag_meets_the_membrane_and_the_synaptic_current():
    found = respond([Run(card=load_neuron("linear"))], LAB)[0]
    model, current = discrete(found.times, TimeConstants(), duration=found.duration), found.current - found.current[0]
    (_, early), (_, late) = found.discrete_errors()
    assert early < 0.0 < late
    at_the_lag_of_the_membrane = np.interp(model.time + late, found.time, current)
    assert scaled_error(at_the_lag_of_the_membrane, model.current) > 0.3


def test_1124_images_are_a_fifth_of_the_set_and_not_a_part_of_the_training():
    arrays = source("optdigits").arrays
    images = sum(arrays[f"{part}_images"].shape[0] for part in ("train", "test"))
    assert (images, round(0.2 * images)) == (5620, 1124)
    assert 1124 not in {arrays[f"{part}_images"].shape[0] for part in ("train", "test")}


def test_an_input_that_fires_once_is_busy_in_a_hundredth_of_the_steps():
    """Inputs counted as the hidden layer would have to be: 40 % of them are 0.4 %."""
    pixels = digits().pixels
    times = latency_times(pixels, LatencyCard())
    share = sparsity(times)
    steps = raster(times, dt=1e-3, duration=0.1).mean()
    assert 0.38 < share < 0.40
    assert steps == pytest.approx(share / 101, rel=1e-9)


def test_the_same_tuning_error_moves_small_weights_more_when_it_is_of_full_scale():
    card, weights = load_memristor("lim2025_analog_window"), np.full((400, 10), 0.1)
    moved = {}
    for of in ("target", "full_scale"):
        found = map_weights(weights, card, MappingPlan(tuning_error=0.05, error_of=of), np.random.default_rng(1))
        moved[of] = float(np.std(found.conductance / found.target))
    assert moved["target"] == pytest.approx(0.05, rel=0.05)
    assert moved["full_scale"] > 5 * moved["target"]
