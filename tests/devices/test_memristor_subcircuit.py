"""The two written forms of the memristor are one device: SPICE against Python, within stated tolerances."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.analysis import Dc, Op, Options, Tran
from cosim.circuits.cells import Drive, bench, cell, device_bench
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Memristor, VoltageSource
from cosim.circuits.stimuli import PiecewiseLinear, pulses, triangular_sweep
from cosim.devices.memristor.card import MemristorCard, load_memristor
from cosim.devices.memristor.static import current
from cosim.devices.memristor.subcircuit import SYMBOLS, subcircuit
from cosim.devices.memristor.switching import evolve, rate
from cosim.devices.mosfet import load_mosfet
from cosim.errors import CircuitError
from cosim.params import described
from cosim.simulation import simulate
from cosim.spice.deck import write_deck
from cosim.spice.engines import find_engine
from cosim.status import Status
from cosim.sweep.jobs import Job
from cosim.sweep.lab import saved_signals
from cosim.sweep.runner import run_jobs

STATIC_TOLERANCE = 1e-6  # relative, of a current
STATE_TOLERANCE = 2e-4  # of the state after pulses, steps of 1 % of their width
LOOP_TOLERANCE = 5e-3  # of the state at any time of a quasi-static loop of 2,000 steps
TIGHT = Options(reltol=1e-8, abstol=1e-16, gmin=1e-18)
CARDS = tuple(load_memristor(name) for name in ("lim2025_full_window", "lim2025_analog_window"))
FULL, ANALOG = CARDS
MIRRORED = tuple(card.mirrored() for card in CARDS)


def named(card: MemristorCard) -> str:
    """For the names of tests."""
    return card.name


@pytest.mark.parametrize("card", CARDS, ids=named)
def test_static_currents_of_the_frozen_device_are_those_of_the_formula(card: MemristorCard):
    levels = np.array([0.0, 1e-3, 0.03, 0.2, 0.5, 0.9, 1.0])
    waves = simulate(device_bench(card, 0.0, frozen=True), Dc("vte", -2.5, 2.5, 0.05, options=TIGHT), values={"x0": levels}).require()
    flowing = -waves["i(vte)"]
    wanted = current(card, waves.axis, levels[:, None])
    assert flowing.shape == wanted.shape == (7, 101)
    assert flowing == pytest.approx(wanted, rel=STATIC_TOLERANCE, abs=STATIC_TOLERANCE * 1e-9)


@pytest.mark.parametrize("card", [*CARDS, *MIRRORED], ids=named)
def test_currents_of_the_dynamic_device_follow_its_state(card: MemristorCard):
    loop = triangular_sweep([0.0, 1.5, 0.0, -1.0, 0.0], rate=1.0)
    waves = simulate(device_bench(card, loop, state=0.1), Tran(stop=loop.end, max_step=loop.end / 1000, options=Options(reltol=1e-7, gmin=1e-18))).require()
    state = np.clip(waves["v(x1.x)"], 0.0, 1.0)
    assert np.ptp(state) > 0.3
    assert -waves["i(vte)"] == pytest.approx(current(card, waves["v(te)"], state), rel=1e-5, abs=1e-12)


@pytest.mark.parametrize("card", [*CARDS, *MIRRORED], ids=named)
def test_the_state_after_random_pulses_is_that_of_the_solver(card: MemristorCard):
    amplitudes = np.random.default_rng(7).uniform(-2, 2, 16).round(3).tolist()
    train = pulses(amplitudes, width=10e-3, edge=1e-3, gap=2e-3)
    resting = 14e-3 * np.arange(1, 17)
    waves = simulate(device_bench(card, train, state=0.3), Tran(stop=train.end, max_step=1e-4)).require()
    wanted = np.interp(resting, *evolve(card, train, 0.3))
    assert np.ptp(wanted) > 0.5
    assert waves.at("v(x1.x)", resting) == pytest.approx(wanted, abs=STATE_TOLERANCE)


@pytest.mark.parametrize("card", [*CARDS, *MIRRORED], ids=named)
def test_the_state_in_a_loop_is_that_of_the_solver_at_every_time(card: MemristorCard):
    loop = triangular_sweep([0.0, 2.0, 0.0, -2.0, 0.0], rate=1.0)
    waves = simulate(device_bench(card, loop), Tran(stop=loop.end, max_step=loop.end / 2000)).require()
    times, states = evolve(card, loop, 0.0, rtol=1e-8)
    assert waves.at("v(x1.x)", times) == pytest.approx(states, abs=LOOP_TOLERANCE)


def test_the_tolerance_of_the_default_step_is_known():
    train = pulses([1.0, -0.8, 1.2, -1.4], width=10e-3, edge=1e-3, gap=2e-3)
    wanted = np.interp(train.end, *evolve(FULL, train, 0.0))
    found = {step: simulate(device_bench(FULL, train), Tran(stop=train.end, max_step=step)).require()["v(x1.x)"][-1] for step in (5e-4, 1e-4)}
    assert abs(found[5e-4] - wanted) < 2e-3
    assert abs(found[1e-4] - wanted) < STATE_TOLERANCE


def test_the_mirrored_subcircuit_is_the_exact_mirror():
    train = pulses([1.4, -0.7, 1.1], width=10e-3, edge=1e-3, gap=2e-3)
    upside = PiecewiseLinear(tuple((time, -value) for time, value in train.points))
    analysis = Tran(stop=train.end, max_step=1e-4)
    plain = simulate(device_bench(FULL, train, state=0.2), analysis).require()
    mirror = simulate(device_bench(FULL.mirrored(), upside, state=0.8), analysis).require()
    resting = 14e-3 * np.arange(1, 4)
    assert np.ptp(plain["v(x1.x)"]) > 0.4
    assert 1.0 - mirror.at("v(x1.x)", resting) == pytest.approx(plain.at("v(x1.x)", resting), abs=STATE_TOLERANCE)


def test_a_cell_never_takes_its_memristor_out_of_range_nor_gives_energy_back():
    loop = triangular_sweep([0.0, 2.5, 0.0, -2.5, 0.0], rate=1.0)
    circuit = bench(cell("mod", FULL, load_mosfet("c5n_nmos")), Drive(bit=loop, word=3.0), body="lowest")
    waves = simulate(circuit, Tran(stop=loop.end, max_step=5e-3)).require()
    across, flowing, state = waves["v(bit)"] - waves["v(x1.mid)"], -waves["i(vbit)"], waves["v(x1.xr.x)"]
    assert np.abs(flowing).max() > 1e-3
    assert (across * flowing).min() > -1e-12
    assert state.min() > -1e-3
    assert state.max() < 1 + 1e-3
    assert np.trapezoid(across * flowing, waves.axis) > 0


def test_random_pulses_on_random_cells_always_converge():
    rng, nmos, jobs = np.random.default_rng(40), load_mosfet("c5n_nmos"), []
    for number in range(40):
        card = (*CARDS, *MIRRORED)[number % 4]
        train = pulses(rng.uniform(-2.5, 2.5, 4).tolist(), width=float(10 ** rng.uniform(-4, -2)), edge=float(10 ** rng.uniform(-7, -4)), gap=1e-4)
        inner = cell("mod" if rng.random() < 0.5 else "mos", card, nmos, w_over_l=float(10 ** rng.uniform(0.3, 2.6)))
        circuit = bench(inner, Drive(bit=train, word=float(rng.uniform(1.0, 4.0))), body="lowest", state=float(rng.random()))
        jobs.append(Job(write_deck(circuit, Tran(stop=train.end, max_step=train.end / 200)), saved_signals, {"number": number}))
    results = run_jobs(jobs, engine=find_engine("ngspice"), workers=2)
    assert [result.message for result in results if result.status is not Status.ok] == []
    states = np.concatenate([np.ravel(result.measures["v(x1.xr.x)"]) for result in results])
    assert states.min() > -0.01
    assert states.max() < 1.01


def test_factors_and_noise_act_on_the_sinh_element_and_the_series_resistance():
    base = Memristor(name="1", top="te", bottom="0", card=ANALOG, state=0.4, frozen=True)
    for changes, card, noise in (
        ({"current_scale": 1.3}, replace(ANALOG, i0_min=ANALOG.i0_min * 1.3, i0_max=ANALOG.i0_max * 1.3), 0.0),
        ({"series_scale": 0.5}, replace(ANALOG, series_resistance=ANALOG.series_resistance * 0.5), 0.0),
        ({"noise": 0.02}, ANALOG, 0.02),
    ):
        circuit = Circuit(name="c", elements=(VoltageSource("te", "te", "0", 1.0), replace(base, **changes)))
        flowing = -simulate(circuit, Op(options=TIGHT)).require()["i(vte)"]
        assert flowing == pytest.approx(current(card, np.array([1.0]), np.array([0.4]), noise=noise), rel=STATIC_TOLERANCE)


def test_a_noise_trace_moves_the_current_as_it_is_drawn():
    trace = PiecewiseLinear(((0.0, 0.0), (1e-3, 0.05), (2e-3, -0.05), (3e-3, 0.0)))
    circuit = Circuit(
        name="c",
        elements=(VoltageSource("te", "te", "0", 0.05), Memristor(name="1", top="te", bottom="0", card=FULL, state=0.3, frozen=True, noise=trace)),
    )
    waves = simulate(circuit, Tran(stop=3e-3, max_step=1e-4, options=Options(reltol=1e-6))).require()
    wanted = current(FULL, np.full(waves.axis.shape, 0.05), np.full(waves.axis.shape, 0.3), noise=trace(waves.axis))
    assert np.ptp(wanted) > 0.09 * wanted.mean()
    assert -waves["i(vte)"] == pytest.approx(wanted, rel=1e-6)


def test_every_parameter_of_the_card_is_one_of_the_subcircuit():
    made = subcircuit(FULL)
    assert set(SYMBOLS) == {each.name for each in described(FULL)} - {"full_voltage", "polarity"}
    assert all(made.parameters[symbol].default == getattr(FULL, name) for name, symbol in SYMBOLS.items())
    assert made.ports == ("te", "be")
    assert set(subcircuit(FULL, frozen=True).parameters) == {"x0", "i0s", "rss", "nz", "i0min", "i0max", "alpha", "rs"}


def test_devices_that_differ_have_names_that_differ():
    traces = [PiecewiseLinear(((0.0, level),)) for level in (0.0, 0.1)]
    made = [
        subcircuit(FULL),
        subcircuit(FULL, frozen=True),
        subcircuit(ANALOG),
        subcircuit(FULL.mirrored()),
        *(subcircuit(FULL, noise=each) for each in traces),
    ]
    assert len({each.name for each in made}) == 6


def test_a_device_that_moves_is_refused_outside_of_transients():
    with pytest.raises(CircuitError, match=r"^device_bench, X1: a memristor keeps its state only in a transient; make it frozen for dc$"):
        simulate(device_bench(FULL, 0.0), Dc("vte", 0.0, 1.0, 0.1))


def test_rates_in_spice_are_those_of_the_formula_at_the_start_of_a_step():
    step = 1e-7
    for card, voltage, state in ((FULL, 1.2, 0.1), (FULL, -0.8, 0.7), (ANALOG, -1.1, 0.3), (FULL.mirrored(), -1.2, 0.9)):
        waves = simulate(device_bench(card, voltage, state=state), Tran(stop=step, max_step=step / 10, options=Options(reltol=1e-9))).require()
        moved = (waves["v(x1.x)"][-1] - waves["v(x1.x)"][0]) / waves.axis[-1]
        wanted = float(rate(card, np.array([voltage]), np.array([state]))[0])
        assert abs(wanted) > 10
        assert moved == pytest.approx(wanted, rel=1e-2)
