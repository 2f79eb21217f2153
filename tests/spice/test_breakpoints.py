"""The trap of lost corners: made on purpose, named by the guard, and avoided by the decks."""

import re

import numpy as np
import pytest

from cosim.analysis import Tran
from cosim.circuits.cells import device_bench
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import CurrentSource, Instance, Memristor, Resistor, VoltageSource
from cosim.circuits.stimuli import PiecewiseLinear, Pulse
from cosim.devices.memristor.card import load_memristor
from cosim.errors import SimulationError
from cosim.simulation import simulate
from cosim.spice import breakpoints
from cosim.spice.breakpoints import STEP_SHARE, missed
from cosim.spice.deck import Deck, write_deck
from cosim.spice.engines import find_engine
from cosim.spice.run import run_deck
from cosim.status import Status
from cosim.sweep.lab import Lab, Question

CARD = load_memristor("lim2025_full_window")
STEP = 0.05


def staircase(count: int) -> PiecewiseLinear:
    """Reset sweeps to ever lower voltages with a read of 20 ms after each: corners at round and at odd times."""
    points, time = [(0.0, 0.0), (2.0, 2.0), (4.0, 0.0)], 4.0
    for index in range(count):
        stop = 0.5 + index * 1e-3
        corners_ = np.cumsum([time + stop, stop, 1e-3, 20e-3, 1e-3]).tolist()
        points += list(zip(corners_, (-stop, 0.0, 0.05, 0.05, 0.0), strict=True))
        time = corners_[-1]
    return PiecewiseLinear(tuple(points))


STAIRS = staircase(150)
BENCH = device_bench(CARD, STAIRS)


def with_round_steps(deck: Deck) -> Deck:
    """The same deck, its step exactly as asked for."""
    text = re.sub(r"(?m)^\.tran \S+ (\S+) (\S+) \S+$", rf".tran {STEP} \1 \2 {STEP}", deck.text)
    assert text != deck.text
    return Deck(text, analysis=deck.analysis, saved=deck.saved)


def test_round_steps_lose_corners_and_the_guard_names_the_first():
    deck = with_round_steps(write_deck(BENCH, Tran(stop=STAIRS.end, max_step=STEP), saved=("v(te)",)))
    waves = run_deck(deck, find_engine("ngspice")).require()  # ngspice itself says nothing
    seen, wanted = waves.at("v(te)", [time for time, _ in STAIRS.points[:-1]]), np.array([value for _, value in STAIRS.points[:-1]])
    lost = np.abs(seen - wanted) > 1e-3
    assert lost.sum() > 10
    said = re.fullmatch(r"the time steps passed over (\d+) corners of Vte, the first at (\S+) s; change max_step", missed(BENCH, waves.axis))
    assert said is not None
    assert int(said[1]) >= lost.sum()
    assert float(said[2]) <= STAIRS.points[int(np.flatnonzero(lost)[0])][0] * (1 + 1e-5)


@pytest.mark.parametrize("step", [0.02, 0.05, 0.1, 0.2])
def test_decks_ask_for_steps_that_lose_no_corner(step: float):
    waves = simulate(BENCH, Tran(stop=STAIRS.end, max_step=step), saved=("v(te)",)).require()
    times, wanted = np.array(STAIRS.points).T
    assert missed(BENCH, waves.axis) == ""
    assert waves.at("v(te)", times[:-1]) == pytest.approx(wanted[:-1], abs=1e-4)


def test_a_run_that_loses_corners_is_no_result(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cosim.spice.deck.STEP_SHARE", 1.0)
    analysis = Tran(stop=STAIRS.end, max_step=STEP)
    waves = simulate(BENCH, analysis, saved=("v(te)",))
    assert waves.status is Status.corrupt_output
    assert waves.message.startswith("the time steps passed over ")
    with pytest.raises(SimulationError, match=r"^device_bench: the time steps passed over \d+ corners of Vte"):
        Lab(engine=find_engine("ngspice")).ask([Question(circuit=BENCH, analysis=analysis, saved=("v(te)",))])


def test_the_guard_looks_at_current_sources_noise_traces_and_subcircuits_too():
    wave = PiecewiseLinear(((0.0, 0.0), (0.35, 1.0), (0.4, 0.0), (1.0, 0.0)))
    inner = Circuit(name="inner", ports=("p",), elements=(CurrentSource("deep", "0", "p", 0.0, wave), Resistor("1", "p", "0", 1.0)))
    owners = {
        "Ideep": Instance("1", inner, ("a",)),
        "Ishallow": CurrentSource("shallow", "0", "a", 0.0, wave),
        "Xnoisy": Memristor(name="noisy", top="a", bottom="0", card=CARD, noise=wave),
    }
    for name, element in owners.items():
        circuit = Circuit(name="c", elements=(VoltageSource("s", "a", "0", 1.0), element))
        assert missed(circuit, np.array([0.0, 0.35, 0.4, 1.0])) == ""
        assert missed(circuit, np.array([0.0, 0.5, 1.0])) == f"the time steps passed over 2 corners of {name}, the first at 0.35 s; change max_step"


def test_corners_outside_of_the_run_do_not_count():
    circuit = Circuit(
        name="c", elements=(VoltageSource("s", "a", "0", 0.0, PiecewiseLinear(((0.0, 0.0), (0.5, 1.0), (3.0, 0.0)))), Resistor("1", "a", "0", 1.0))
    )
    assert missed(circuit, np.array([0.0, 0.5, 1.0])) == ""


def test_the_share_is_no_round_fraction():
    assert breakpoints.STEP_SHARE == STEP_SHARE
    assert 0.99 < STEP_SHARE < 1.0
    assert all(abs(STEP_SHARE * count - round(STEP_SHARE * count)) > 1e-3 for count in range(1, 300) if count % 1000)


def test_pulses_keep_their_edges():
    pulse = Pulse(low=0.0, high=1.0, delay=0.05, rise=1e-4, fall=1e-4, width=1e-3, period=0.1)
    circuit = Circuit(name="c", elements=(VoltageSource("s", "a", "0", 0.0, pulse), Resistor("1", "a", "0", 1.0)))
    waves = simulate(circuit, Tran(stop=10.0, max_step=0.1)).require()
    tops = 0.0506 + 0.1 * np.arange(99)
    assert waves.at("v(a)", tops) == pytest.approx(np.ones(99), abs=1e-6)
