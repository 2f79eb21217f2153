"""Fits of drift to traces: what was put in comes out, on traces that were drawn; the published constants on those that were measured."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.channels.channel import Channel, check_matrix, discretize
from cosim.channels.population import population
from cosim.channels.population_fit import (
    activation_from_loss,
    fit_population,
    fit_slowing_drift,
    held_out,
    linear_loss,
    log_densities,
    population_scores,
    slowing_drift,
    trace_log_densities,
)
from cosim.channels.traces import Pairs, tio2_traces
from cosim.errors import InputError

TIO2, FITTED = population("tio2"), slowing_drift("tio2-fitted")


def _pairs(before: np.ndarray, after: np.ndarray, *, delay: float = 1e4, trace: np.ndarray | None = None, start: np.ndarray | None = None) -> Pairs:
    """Pairs from conductances [S]."""
    none = np.zeros(len(before))
    return Pairs(
        trace=np.arange(len(before)) if trace is None else trace,
        start=none if start is None else start,
        delay=none + delay,
        before=1.0 / before,
        after=1.0 / after,
    )


def test_the_fit_formula_gives_the_published_activation():
    assert activation_from_loss(3.62426514, over=1e4, card=TIO2) == pytest.approx(0.4639, abs=5e-5)
    assert activation_from_loss(3.62426514, over=1e4, card=TIO2) == pytest.approx(TIO2.activation, rel=1e-9)
    mean, _ = TIO2.moments(TIO2.threshold, 1e4)
    assert TIO2.threshold - mean == pytest.approx(3.624, rel=1e-3)


@settings(deadline=None, max_examples=30)  # the first one imports scipy.optimize
@given(loss=st.floats(0.1, 50.0))
def test_a_loss_that_all_pairs_share_is_found(loss: float):
    before = np.linspace(1e-4, 2e-4, 20)
    assert linear_loss(_pairs(before, before - loss * 1e-7), step=1e-7) == pytest.approx(loss, rel=1e-5)


def test_the_density_integrates_to_one_and_has_the_moments_of_the_law():
    before, change = 2e-5, np.arange(-60.0, 40.0, 0.1)
    density = np.exp(log_densities(TIO2, _pairs(np.full(len(change), before), before + change * 1e-7))) * 0.1
    mean, variance = TIO2.moments(TIO2.state(1.0 / before), 1e4)
    assert np.sum(density) == pytest.approx(1.0, abs=1e-6)
    assert density @ change == pytest.approx(mean - TIO2.state(1.0 / before), rel=1e-5)
    assert density @ change**2 - (density @ change) ** 2 == pytest.approx(variance + 2.0 * TIO2.read_noise**2, rel=1e-5)


def test_rates_and_read_noise_of_drawn_traces_are_found_again():
    rng, true = np.random.default_rng(5), replace(population("tio2-mm"), read_noise=1.5)
    start = TIO2.state(rng.uniform(5e3, 5e4, 120))
    after = true.series(start, np.array([1e5]), rng=rng)[:, 0]
    reads = [true.conductance(each) + 1e-7 * true.read_noise * rng.standard_normal(120) for each in (start, after)]
    found = fit_population(_pairs(*reads, delay=1e5), TIO2)
    wanted, ours = true.moments(start, 1e5), found.moments(start, 1e5)
    assert np.mean(ours[0] - start) == pytest.approx(np.mean(wanted[0] - start), rel=0.05)
    assert np.mean(ours[1] + 2 * found.read_noise**2) == pytest.approx(np.mean(wanted[1] + 2 * true.read_noise**2), rel=0.25)
    assert np.sum(log_densities(found, _pairs(*reads, delay=1e5))) >= np.sum(log_densities(true, _pairs(*reads, delay=1e5)))


def test_a_slowing_drift_that_was_drawn_is_found_again():
    rng, traces = np.random.default_rng(6), 150
    start = np.arange(6) * 1e4
    rate = FITTED.rate + FITTED.rate_spread * rng.standard_normal(traces)
    passed = np.log((FITTED.onset + start + 1e4) / (FITTED.onset + start))
    change = -rate[:, None] * passed + FITTED.scale * rng.standard_t(FITTED.freedom, (traces, 6))
    before = np.full(traces * 6, 5e-5)
    pairs = _pairs(before, before + 1e-7 * change.ravel(), trace=np.repeat(np.arange(traces), 6), start=np.tile(start, traces))
    found = fit_slowing_drift(pairs, step=1e-7, read_noise=FITTED.read_noise)
    assert found.rate == pytest.approx(FITTED.rate, abs=1.0)
    assert found.rate_spread == pytest.approx(FITTED.rate_spread, rel=0.25)
    assert found.scale == pytest.approx(FITTED.scale, rel=0.15)
    assert np.log(found.onset / FITTED.onset) == pytest.approx(0.0, abs=0.8)
    assert np.sum(trace_log_densities(found, pairs)[1]) >= np.sum(trace_log_densities(replace(FITTED, delay_fitted=1e4), pairs)[1]) - 0.1


def test_the_density_of_a_trace_integrates_to_one():
    change = np.arange(-400.0, 400.0, 0.05)
    before = np.full(len(change), 2e-4)
    _, logs = trace_log_densities(FITTED, _pairs(before, before + change * 1e-7, delay=FITTED.delay_fitted))
    assert np.sum(np.exp(logs)) * 0.05 == pytest.approx(1.0, abs=1e-4)


@settings(max_examples=20)
@given(delay=st.floats(1e4, 1.2e5))
def test_the_fitted_model_is_a_channel(delay: float):
    assert isinstance(FITTED, Channel)
    check_matrix(FITTED.transition(FITTED.levels(5), FITTED.edges(50, delay=delay), delay=delay), where="tio2-fitted")


def test_samples_of_the_fitted_model_fall_into_the_bins_as_its_matrix_says():
    rng = np.random.default_rng(4)
    channel = discretize(FITTED, levels=3, bins=30, delay=5e4)
    for value, row in zip(channel.inputs, channel.matrix, strict=True):
        counts = np.histogram(FITTED.sample(np.full(40_000, value), delay=5e4, rng=rng), np.clip(channel.edges, -1.0, 1.0))[0]
        assert counts / 40_000 == pytest.approx(row, abs=6.0 * np.sqrt(0.25 / 40_000))


def test_a_held_out_trace_is_scored_by_what_was_fitted_without_it():
    seen = []
    pairs = _pairs(np.full(9, 1e-5), np.full(9, 1e-5), trace=np.repeat(np.arange(3), 3))

    def fit(rest: Pairs) -> set[int]:
        seen.append(set(rest.trace.tolist()))
        return seen[-1]

    def score(model: set[int], rest: Pairs) -> tuple[np.ndarray, np.ndarray]:
        traces = np.unique(rest.trace)
        assert not model & set(traces.tolist())
        return traces, traces * 10.0

    folds = [np.array([0, 2]), np.array([1]), np.array([7])]
    assert held_out(pairs, folds, fit=fit, score=score) == {0: 0.0, 2: 20.0, 1: 10.0}
    assert seen == [{1}, {0, 2}]


def test_what_is_wrong_is_named():
    few = _pairs(np.full(3, 1e-5), np.full(3, 1e-5))
    with pytest.raises(InputError, match=r"^fit of drift, pairs=3: must be >= 20$"):
        fit_population(few, TIO2)
    with pytest.raises(InputError, match=r"^tio2, read_noise=0: must be > 0 for a density$"):
        log_densities(replace(TIO2, read_noise=0.0), few)
    with pytest.raises(InputError, match=r"^tio2, loss=-1: must be > 0 switches$"):
        activation_from_loss(-1.0, over=1e4, card=TIO2)
    with pytest.raises(InputError, match=r"^channel tio2-fitted, energy: traces give none$"):
        FITTED.energy(np.array([1e4]))


@pytest.mark.data
def test_the_shipped_fit_is_what_the_traces_give(data_file: Callable[..., Path]):
    data_file("tio2_drift")
    pairs = tio2_traces().pairs(1000)
    found = fit_slowing_drift(pairs, step=1e-7, read_noise=FITTED.read_noise)
    for name in ("rate", "rate_spread", "onset", "scale", "freedom", "delay_fitted", "longest", "least", "most"):
        assert getattr(FITTED, name) == pytest.approx(getattr(found, name), rel=0.02), name
    assert np.sum(trace_log_densities(FITTED, pairs)[1]) > np.sum(population_scores(TIO2, pairs)[1]) + 400.0
