"""The switch population: its exact law, its cards, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.channels.channel import Channel, check_matrix, discretize
from cosim.channels.population import Chain, SwitchPopulation, draw, driven, pmf, population, rates
from cosim.errors import DeviceError, InputError

DRIFT = population("drift500k")
SMALL = replace(DRIFT, switches=40.0, least=250e3, most=5e6)
states = st.integers(0, 40)
delays = st.floats(1e-3, 1e4)
chances = st.sampled_from([0.0, 1.0]) | st.floats(1e-9, 1.0 - 1e-9)


def _laid_out(first: int, masses: np.ndarray, length: int) -> np.ndarray:
    whole = np.zeros(length)
    whole[first : first + len(masses)] = masses
    return whole


@settings(deadline=None, max_examples=50)
@given(state=states, first=delays, second=delays)
def test_two_delays_give_the_law_of_their_sum(state: int, first: float, second: float):
    after = _laid_out(*SMALL.pmf(state, first), 41)
    then = sum(chance * _laid_out(*SMALL.pmf(between, second), 41) for between, chance in enumerate(after))
    assert then == pytest.approx(_laid_out(*SMALL.pmf(state, first + second), 41), abs=1e-11)


@given(state=st.integers(0, 200_000), delay=st.floats(1e-3, 1e5))
def test_the_law_sums_to_one_and_has_the_moments(state: int, delay: float):
    first, masses = DRIFT.pmf(state, delay)
    number = np.arange(first, first + len(masses))
    mean, variance = DRIFT.moments(state, delay)
    assert np.sum(masses) == pytest.approx(1.0, abs=1e-12)
    assert masses @ number == pytest.approx(mean, rel=1e-10, abs=1e-12)
    assert masses @ (number - mean) ** 2 == pytest.approx(variance, rel=1e-8, abs=1e-9)


@settings(deadline=None)  # the first one imports scipy.stats
@given(state=st.integers(0, 30), switches=st.integers(30, 60), stay=chances, enter=chances)
def test_the_law_is_that_of_scipy_convolved(state: int, switches: int, stay: float, enter: float):
    from scipy.stats import binom

    both = np.convolve(binom.pmf(np.arange(state + 1), state, stay), binom.pmf(np.arange(switches - state + 1), switches - state, enter))
    assert _laid_out(*pmf(Chain(stay, enter), state, switches), switches + 1) == pytest.approx(both, abs=1e-12)


@settings(deadline=None, max_examples=30)  # the first one imports scipy.stats
@given(delay=delays)
def test_the_equilibrium_stays_and_is_in_detailed_balance(delay: float):
    from scipy.stats import binom

    share = SMALL.equilibrium / SMALL.switches
    weight = binom.pmf(np.arange(41), 40, share)
    moves = np.array([_laid_out(*SMALL.pmf(state, delay), 41) for state in range(41)])
    assert weight @ moves == pytest.approx(weight, abs=1e-11)
    assert weight[:, None] * moves == pytest.approx((weight[:, None] * moves).T, abs=1e-12)


def test_the_matrix_is_the_law_blurred_by_read_noise():
    from scipy.stats import norm

    edges = np.concatenate([[-np.inf], np.linspace(0.0, 45.0, 60), [np.inf]]) * 1e-7
    for state in (0, 3, 20, 40):
        first, masses = SMALL.pmf(state, 200.0)
        number = np.arange(first, first + len(masses))
        exact = masses @ np.diff(norm.cdf((edges / 1e-7 - number[:, None]) / SMALL.read_noise), axis=1)
        ours = _laid_out(*next(SMALL.rows(np.array([state]), edges, delay=200.0)), len(edges) - 1)
        assert ours == pytest.approx(exact, abs=1e-12)
        assert np.sum(ours) == pytest.approx(1.0, abs=1e-12)


def test_without_read_noise_the_bins_hold_whole_switches():
    quiet = replace(SMALL, read_noise=0.0)
    edges = np.concatenate([[-np.inf], (np.arange(41) + 0.5) * 1e-7, [np.inf]])
    law = quiet.transition(np.array([500e3]), edges, delay=100.0)[0]
    assert law[:41] == pytest.approx(_laid_out(*quiet.pmf(20, 100.0), 41), abs=1e-13)


def test_the_states_below_the_threshold_are_read_as_one():
    card = replace(SMALL, threshold=15.0, parallel=1e-9, most=1e7)
    edges = np.concatenate([[-np.inf], card.parallel + (np.arange(26) + 0.5) * 1e-7, [np.inf]])
    law = replace(card, read_noise=0.0).transition(np.array([1.0 / card.conductance(18)]), edges, delay=300.0)[0]
    whole = _laid_out(*card.pmf(18, 300.0), 41)
    assert law[0] == pytest.approx(np.sum(whole[:16]), abs=1e-12)
    assert law[1:26] == pytest.approx(whole[16:], abs=1e-12)


def test_samples_fall_into_the_bins_as_the_matrix_says():
    rng = np.random.default_rng(1)
    channel = discretize(DRIFT, levels=np.array([1e3, 1e5, 7e5]), bins=40, delay=300.0)
    for value, row in zip(channel.inputs, channel.matrix, strict=True):
        counts = np.histogram(DRIFT.sample(np.full(40_000, value), delay=300.0, rng=rng), np.clip(channel.edges, -1.0, 1.0))[0]
        assert counts / 40_000 == pytest.approx(row, abs=6.0 * np.sqrt(0.25 / 40_000))


@pytest.mark.parametrize("name", ["drift500k", "tio2", "tio2-mm"])
def test_every_card_is_a_channel_whose_matrix_sums_to_one(name: str):
    card = population(name)
    assert isinstance(card, Channel)
    check_matrix(discretize(card, levels=20, bins=50, delay=1000.0).matrix, where=name)
    assert card.delays == (0.0, np.inf)


def test_drift500k_is_what_its_targets_give():
    made = SwitchPopulation.from_targets(DRIFT, equilibrium=20.0, rate=2e-3)
    assert (made.activation, made.offset) == pytest.approx((DRIFT.activation, DRIFT.offset), rel=1e-9)
    assert DRIFT.equilibrium == pytest.approx(20.0, rel=1e-6)
    assert DRIFT.rate == pytest.approx(2e-3, rel=1e-6)


def test_the_medians_are_those_of_the_table():
    rng = np.random.default_rng(2)
    for start, delay, median, spread in ((1e4, 10.0, 10.2e3, 0.0046), (1e4, 1000.0, 65.8e3, 0.076), (5e5, 1000.0, 500e3, 0.23)):
        reads = 1.0 / DRIFT.conductance(DRIFT.series(np.full(20_000, DRIFT.state(start)), np.array([delay]), rng=rng)[:, 0])
        assert np.median(reads) == pytest.approx(median, rel=0.01)
        assert np.std(np.log(reads)) == pytest.approx(spread, rel=0.06)


def test_a_low_state_drifts_and_spreads_as_the_closed_form_says():
    first, masses = DRIFT.pmf(50_000, 100.0)
    logs = np.log(np.arange(first, first + len(masses)))
    mean = masses @ logs
    assert np.log(50_000) - mean == pytest.approx(DRIFT.rate * 100.0, rel=2e-3)
    assert masses @ (logs - mean) ** 2 == pytest.approx(np.expm1(DRIFT.rate * 100.0) / 50_000, rel=5e-3)


@given(first=st.floats(0.1, 1e3), second=st.floats(0.1, 1e3), voltage=st.floats(-0.05, 0.05))
def test_constant_drives_add_up(first: float, second: float, voltage: float):
    whole = DRIFT.chain(first + second, voltage=voltage)
    parts = driven(DRIFT, durations=[first, second], voltages=[voltage, voltage])
    assert (parts.stay, parts.enter) == pytest.approx((whole.stay, whole.enter), rel=1e-9, abs=1e-15)


def test_a_positive_voltage_and_warmth_raise_the_resistance():
    calm, driven_up = DRIFT.chain(100.0), DRIFT.chain(100.0, voltage=0.02)
    warm = driven(DRIFT, durations=[100.0], voltages=[0.0], temperatures=[330.0])
    assert driven_up.stay < calm.stay
    assert warm.stay < calm.stay
    assert rates(DRIFT, volatility=2.0)[0] > rates(DRIFT)[0]


def test_a_series_begins_where_it_is_and_never_leaves_the_range():
    found = DRIFT.series(np.array([20, 100_000]), np.array([0.0, 1.0, 5.0, 5.0]), rng=np.random.default_rng(0))
    assert found[:, 0].tolist() == [20, 100_000]
    assert np.array_equal(found[:, 2], found[:, 3])
    assert found.shape == (2, 4)
    assert np.all((found >= 0) & (found <= 200_000))


def test_energies_are_those_worked_by_hand():
    assert DRIFT.energy(np.array([100.0, 750e3, 500e3])) == pytest.approx([0.34062, 0.016215, 0.0], rel=1e-4)
    assert DRIFT.compliance_energy(np.array([100.0])) == pytest.approx(DRIFT.energy(np.array([100.0])))
    assert DRIFT.compliance_energy(np.array([1e4]))[0] < 0.02 * DRIFT.energy(np.array([1e4]))[0]


@settings(max_examples=20)
@given(count=st.integers(2, 2000))
def test_levels_are_as_many_as_asked_distinct_and_within_the_range(count: int):
    levels = DRIFT.levels(count)
    assert len(levels) == count
    assert np.all(np.diff(levels) > 0.0)
    assert DRIFT.least * (1 - 1e-9) <= levels[0] <= levels[-1] <= DRIFT.most
    assert len(np.unique(DRIFT.state(levels))) == count


def test_what_is_wrong_is_named():
    with pytest.raises(InputError, match=r"^channel tio2, energy: its card has no write_time and write_gain$"):
        population("tio2").energy(np.array([5e4]))
    with pytest.raises(DeviceError, match=r"^drift500k, switches, threshold=2\.5, 0: must be whole numbers$"):
        replace(DRIFT, switches=2.5)
    with pytest.raises(DeviceError, match=r"^drift500k, threshold=200000: must be < switches=200000$"):
        replace(DRIFT, threshold=200_000.0)
    with pytest.raises(InputError, match=r"^channel drift500k, levels=0: must be within 1\.\.99987$"):
        DRIFT.levels(0)
    with pytest.raises(InputError, match=r"^drift500k, times: must rise from 0 s$"):
        DRIFT.series(np.array([20]), np.array([2.0, 1.0]), rng=np.random.default_rng(0))
    with pytest.raises(InputError, match=r"^drift500k, equilibrium=0: must be within"):
        SwitchPopulation.from_targets(DRIFT, equilibrium=0.0, rate=1.0)


def test_draws_of_a_chain_have_its_moments():
    drawn = draw(Chain(0.7, 0.2), np.full(100_000, 100), 300, rng=np.random.default_rng(0))
    assert np.mean(drawn) == pytest.approx(110.0, abs=0.1)
    assert np.var(drawn) == pytest.approx(100 * 0.21 + 200 * 0.16, rel=0.03)
