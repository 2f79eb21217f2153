"""The memristor alone: levels by the paper's rule, noise traces, variability."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.codesign.cellbench import Devices
from cosim.design import Design
from cosim.devices.memristor.card import load_memristor
from cosim.devices.memristor.read_noise import load_read_noise
from cosim.devices.memristor.static import conductance, state_of_conductance
from cosim.devices.memristor.switching import evolve
from cosim.studies.lim2025.synapse import SynapseResult
from cosim.studies.lim2025.synapse.device import (
    FIXED_LEVELS,
    Staircase,
    accepted_stops,
    form_levels,
    gaps,
    noise_traces,
    pinched_loops,
    staircase,
    variability,
)
from cosim.sweep.lab import Lab

DESIGN, DEVICE = Design(), load_memristor("lim2025_full_window")
COARSE = replace(DESIGN, levels=replace(DESIGN.levels, step=0.1, seeds=5))


def by_hand(conductance_: np.ndarray, *, noise: float, reads: int, gap: float, seed: int) -> list[int]:
    """The paper's rule, told step by step: lower the stop until the reads are apart, then take the level."""
    rng = np.random.default_rng(seed)
    taken, lowest = [0], None
    for stop, level in enumerate(conductance_):
        reads_ = [level * (1 + noise * draw) for draw in rng.standard_normal(reads)]
        if lowest is not None and lowest - max(reads_) >= gap:
            taken.append(stop)
            lowest = min(reads_)
        lowest = min(reads_) if lowest is None else lowest
    return taken


@given(seed=st.integers(0, 10000), noise=st.floats(0, 0.05), reads=st.integers(2, 40), gap=st.floats(0, 5e-6))
@settings(deadline=None, max_examples=50)
def test_levels_are_taken_by_the_rule_of_the_paper(seed: int, noise: float, reads: int, gap: float):
    falling = np.geomspace(200e-6, 5.7e-6, 80)
    found = accepted_stops(falling, noise=noise, reads=reads, gap=gap, rng=np.random.default_rng(seed))
    assert found.tolist() == by_hand(falling, noise=noise, reads=reads, gap=gap, seed=seed)


def test_without_noise_only_the_gap_counts():
    falling = np.array([10.0, 9.5, 9.0, 8.9, 8.0, 7.0]) * 1e-6
    assert accepted_stops(falling, noise=0.0, reads=2, gap=0.99e-6, rng=np.random.default_rng(1)).tolist() == [0, 2, 4, 5]
    assert gaps(falling, noise=0.0, reads=2, rng=np.random.default_rng(1)) == pytest.approx(-np.diff(falling))


def test_more_noise_leaves_fewer_levels():
    falling = np.geomspace(200e-6, 5.7e-6, 400)
    counts = [len(accepted_stops(falling, noise=noise, reads=30, gap=0.2e-6, rng=np.random.default_rng(2))) for noise in (0.005, 0.02, 0.05)]
    assert counts[0] > counts[1] > counts[2] > 1


def test_gaps_are_between_the_smallest_read_and_the_largest_of_the_next():
    found = np.array([gaps(np.array([2e-5, 1e-5]), noise=0.02, reads=30, rng=np.random.default_rng(seed))[0] for seed in range(300)])
    extreme = 2.04  # expected largest of 30 standard normal draws
    assert found.mean() == pytest.approx(1e-5 - extreme * 0.02 * 3e-5, rel=0.02)


def test_levels_of_all_seeds_are_counted_and_the_first_is_shown():
    stairs = Staircase(stops=np.linspace(0.5, 2.0, 400), conductance=np.geomspace(200e-6, 5.7e-6, 400), sweeps=())
    found = form_levels(COARSE, stairs)
    assert found.counts.shape == found.survivors.shape == found.fixed_held.shape == (5,)
    assert len(found.conductance) == len(found.stops) == found.counts[0]
    assert np.all(np.diff(found.conductance) < 0)
    assert len(found.fixed) == FIXED_LEVELS == 23
    assert set(found.fixed) <= set(stairs.conductance)
    assert (found.fixed[0], found.fixed[-1]) == (stairs.conductance[0], stairs.conductance[-1])
    again = form_levels(COARSE, stairs)
    assert np.array_equal(found.counts, again.counts)


def test_a_staircase_is_what_the_solver_of_its_own_leaves(lab: Lab):
    from cosim.circuits.stimuli import triangular_sweep

    stairs = staircase(COARSE, DEVICE, lab)
    assert stairs.stops == pytest.approx(np.linspace(0.5, 2.0, 16))
    corners = [0.0, 2.0, *(corner for stop in stairs.stops for corner in (0.0, -stop)), 0.0]
    history = triangular_sweep(corners, rate=1.0)
    times, states = evolve(DEVICE, history, 0.0)
    bottoms = np.array([time for time, value in history.points if value < 0])
    left = np.interp(bottoms + stairs.stops, times, states)
    assert stairs.conductance == pytest.approx(conductance(DEVICE, left, voltage=0.05), rel=1e-2)  # steps of 0.1 s
    assert stairs.conductance[[0, -1]] == pytest.approx([200e-6, 5.7e-6], rel=0.03)
    assert len(stairs.sweeps) == 7
    for stop, voltage, current in stairs.sweeps:
        assert voltage.min() == pytest.approx(-stop, rel=1e-6)
        assert np.all(current[voltage < -1e-3] < 0)


def test_noise_traces_show_the_deviation_of_the_card_and_no_drift(lab: Lab):
    levels = np.array([200e-6, 50e-6, 5.7e-6])
    found = noise_traces(DESIGN, DEVICE, levels, lab)
    assert found.conductance.shape == (3, 1000)
    assert found.conductance.mean(axis=1) == pytest.approx(levels, rel=0.005)
    assert found.deviation == pytest.approx(load_read_noise("lim2025_read_noise").deviation(levels), rel=0.2)
    assert np.all(np.diff(found.deviation) > 0)
    assert np.abs(found.drift).max() < 1e-4


def test_variability_grows_with_the_spread_and_repeats_with_the_seed(lab: Lab):
    small = replace(DESIGN, variability=replace(DESIGN.variability, spreads=(0.0, 0.05, 0.5), cycles=4))
    found, again = variability(small, DEVICE, lab), variability(small, DEVICE, lab)
    assert found.current.shape == (3, 4, 801)
    assert found.on.shape == (3, 4)
    spread = found.on.std(axis=1) / found.on.mean(axis=1)
    assert spread[0] < 1e-9
    assert 0.01 < spread[1] < 0.1 < spread[2]
    assert np.array_equal(found.current, again.current)
    other = variability(replace(small, run=replace(small.run, seed=2)), DEVICE, lab)
    assert not np.allclose(found.on[1:], other.on[1:])


def test_loops_are_pinched_and_belong_to_their_cards(lab: Lab):
    loops = pinched_loops(DESIGN, Devices.of(DESIGN), lab)
    assert [loop.name for loop in loops] == ["lim2025_full_window", "lim2025_analog_window"]
    for loop in loops:
        peak = np.abs(loop.current).max()
        assert peak > 1e-4
        assert np.abs(loop.current[np.abs(loop.voltage) < 1e-9]).max() < 1e-6 * peak
        assert (loop.voltage * loop.current).min() > -1e-12
        assert loop.state.min() >= -1e-3
        assert loop.on > 10 * loop.off


@pytest.mark.slow
def test_the_levels_of_the_paper_lie_where_its_states_can_be_mapped(paper: SynapseResult):
    levels = paper.part("levels").fixed
    states = state_of_conductance(DEVICE, levels, voltage=0.05)
    assert np.all(np.diff(states) < 0)
    assert conductance(DEVICE, states, voltage=0.05) == pytest.approx(levels, rel=1e-9)
