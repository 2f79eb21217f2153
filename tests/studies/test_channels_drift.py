"""The studies on drift: their claims, bounds against a dense solution, and what is said where data or packages are missing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosim.channels.population import population
from cosim.channels.traces import Traces
from cosim.claims import check_unique, judge
from cosim.coding.constrained import constrained_capacity
from cosim.design import Design
from cosim.errors import DataError
from cosim.studies.channels import drift, surrogates, tio2
from cosim.studies.channels import population as population_study
from cosim.sweep.jobs import canonical
from cosim.sweep.lab import Lab

ROOT = Path(__file__).resolve().parents[2]
DELAYS, BUDGETS = (300.0, 1000.0), (np.inf, 0.05, 0.01, 0.001)


@pytest.fixture(scope="module")
def bounds(lab: Lab) -> drift.DriftResult:
    return drift.run(Design(), lab, delays=DELAYS, budgets=BUDGETS)


def _outcomes(claims: tuple, result: object) -> dict[str, str]:
    return {each.id.split(".")[-1]: each.verdict for each in judge(claims, result)}


def test_ids_are_those_of_the_modules_and_distinct():
    modules = {"population": population_study, "drift": drift, "tio2": tio2, "surrogates": surrogates}
    check_unique(claim for module in modules.values() for claim in module.CLAIMS)
    assert all(claim.id.startswith(f"channels.{name}.") for name, module in modules.items() for claim in module.CLAIMS)


def test_the_population_study_is_met(monkeypatch: pytest.MonkeyPatch, lab: Lab):
    monkeypatch.setattr(population_study, "DRAWS", 20_000)
    result = population_study.run(Design(), lab)
    assert set(_outcomes(population_study.CLAIMS, result).values()) == {"met"}
    assert result.soon[0] == pytest.approx(410e3, rel=0.02)  # from 100 ohm ten time constants are too short
    assert len(result.event_p) == 5


def test_bounds_enclose_and_refining_moves_them_little(bounds: drift.DriftResult):
    assert set(_outcomes(drift.CLAIMS, bounds).values()) == {"met"}
    assert np.all(bounds.lower <= bounds.upper)
    assert np.all(bounds.moved > -1e-3)
    assert np.all(bounds.energy <= np.array(BUDGETS) * (1 + 1e-9))
    assert np.all(np.diff(bounds.upper, axis=1) < 0.0)
    assert np.all(np.diff(bounds.upper, axis=0) < 0.0)


def test_bounds_meet_what_coarser_grids_gave(bounds: drift.DriftResult):
    assert bounds.lower[1] == pytest.approx([5.88, 2.10, 0.59, 0.085], rel=0.02)  # their grid holds all that is left after 1000 s
    assert bounds.lower[0, 0] > 7.11 + 0.2  # but not after 300 s
    assert bounds.lower[0, 3] == pytest.approx(0.161, abs=0.004)


def test_the_sum_of_shapes_loses_nothing_against_every_state_on_its_own(bounds: drift.DriftResult):
    card = population("drift500k")
    states, passed = drift.distinct_states(card, 1000.0, distance=0.7, single=60)
    matrix = drift.sparse_transition(card, states, card.edges(int(passed[-1] / 0.35) + 24, delay=1000.0), delay=1000.0).toarray()
    costs = card.energy(card.resistance(states))
    for budget, lower, upper in zip(BUDGETS[1:], bounds.lower[1, 1:], bounds.upper[1, 1:], strict=True):
        dense = constrained_capacity(matrix, costs, budget, tolerance=1e-4)
        assert dense.bits == pytest.approx(lower, rel=0.01)
        assert dense.bits <= upper * 1.001


def test_states_between_those_of_the_grid_leave_the_upper_bound_as_it_is():
    card = population("drift500k")
    between = np.random.default_rng(0).integers(14, 100_000, 2000)
    alone, together = (drift.bounds(card, 300.0, BUDGETS, also=also) for also in (None, between))
    assert np.array_equal(alone.lower, together.lower)
    assert together.upper == pytest.approx(alone.upper, rel=1e-4)
    assert np.all(together.upper >= alone.upper - 1e-9)


def test_the_sparse_matrix_is_that_of_the_channel():
    card = population("drift500k")
    states = np.array([20, 300, 5000])
    edges = card.edges(80, delay=100.0)
    sparse = drift.sparse_transition(card, states, edges, delay=100.0).toarray()
    assert sparse == pytest.approx(card.transition(card.resistance(states), edges, delay=100.0), abs=1e-15)


@pytest.mark.data
def test_the_traces_say_what_is_claimed(lab: Lab, data_file: Callable[..., Path]):
    data_file("tio2_drift")
    result = tio2.run(Design(), lab, folds=2)
    assert set(_outcomes(tio2.CLAIMS, result).values()) == {"met"}
    assert result.gain("ours") == 0.0
    assert result.gain("published") > result.gain("moments") > result.gain("refitted") > 0.4
    assert np.sum(result.pairs) == len(result.change) == 445


@pytest.mark.data
def test_a_fold_holds_all_traces_whose_names_end_alike(data_file: Callable[..., Path]):
    data_file("tio2_drift")
    traces = tio2.tio2_traces()
    folds = tio2.grouped_folds(traces, 7, rng=np.random.default_rng(0))
    ends = [{traces.names[each].rsplit("/", 1)[-1] for each in fold} for fold in folds]
    assert sorted(np.concatenate(folds)) == list(range(98))
    assert not any(ends[one] & ends[two] for one in range(7) for two in range(one))


def test_without_the_traces_the_reason_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lab: Lab):
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"tio2_drift\.npz: no such file"):
        tio2.run(Design(), lab)


def test_surrogates_are_as_close_as_claimed(monkeypatch: pytest.MonkeyPatch, lab: Lab):
    pytest.importorskip("torch")
    monkeypatch.setattr(surrogates, "SAMPLES", 8000)
    monkeypatch.setattr(surrogates, "GRADIENT_SAMPLES", 50_000)
    result = surrogates.run(Design(), lab)
    assert set(_outcomes(surrogates.CLAIMS, result).values()) == {"met"}
    assert sorted(result.ks) == ["gamma", "gaussian", "log_normal", "straight_through"]


def keys_of(run: Callable[[Lab], object], lab: Lab, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a study remembers its computations by, none of which is done."""
    keys: list[str] = []

    def remember(self: Lab, name: str, version: int, parts: Sequence[object], compute: Callable[[], object]) -> dict[str, np.ndarray]:
        keys.append(canonical([name, version, *parts]))
        return dict.fromkeys(("ks", "distance", "gradient", "lower", "upper", "energy", "ours"), np.ones(1))

    monkeypatch.setattr(Lab, "remember", remember)
    run(lab)
    return keys


def test_surrogates_are_remembered_by_card_and_conditions(monkeypatch: pytest.MonkeyPatch, lab: Lab):
    pytest.importorskip("torch")
    card = population("drift500k")
    first = keys_of(lambda lab: surrogates.run(Design(), lab), lab, monkeypatch)
    for name, value in {"population": lambda _: replace(card, read_noise=2.0 * card.read_noise), "DELAYS": (1.0,), "AIM": 11.0}.items():
        with monkeypatch.context() as changed:
            changed.setattr(surrogates, name, value)
            assert not set(first) & set(keys_of(lambda lab: surrogates.run(Design(), lab), lab, changed))


def test_bounds_are_remembered_by_their_tolerance(monkeypatch: pytest.MonkeyPatch, lab: Lab):
    def run(lab: Lab) -> drift.DriftResult:
        return drift.run(Design(), lab, delays=(1.0,), budgets=(0.1,))

    monkeypatch.setattr(drift, "DEVICES", 10)
    first = keys_of(run, lab, monkeypatch)
    monkeypatch.setattr(drift, "TOLERANCE", 1e-3)
    assert not set(first) & set(keys_of(run, lab, monkeypatch))


def test_scores_of_traces_are_remembered_by_all_that_they_follow_from(monkeypatch: pytest.MonkeyPatch, lab: Lab):
    time, rng = np.linspace(0.0, 3e4, 3000), np.random.default_rng(0)
    traces = Traces(names=("a/1", "b/2"), times=(time, time), resistances=tuple(2e3 + rng.random((2, 3000))))

    def run(lab: Lab) -> tio2.Tio2Result:
        return tio2.run(Design(), lab, folds=2)

    monkeypatch.setattr(tio2, "tio2_traces", lambda: traces)
    first = keys_of(run, lab, monkeypatch)
    later = replace(traces, times=(1.1 * time, time))
    renamed = replace(traces, names=("a/1", "b/1"))
    for each in (later, renamed):
        monkeypatch.setattr(tio2, "tio2_traces", lambda each=each: each)
        assert not set(first) & set(keys_of(run, lab, monkeypatch))
    monkeypatch.setattr(tio2, "tio2_traces", lambda: traces)
    monkeypatch.setattr(tio2, "population", lambda name: replace(population(name), offset=0.01) if name == "tio2-mm" else population(name))
    assert not set(first) & set(keys_of(run, lab, monkeypatch))


def test_the_pages_say_how_many_time_constants_a_start_at_100_ohm_takes():
    card = population("drift500k")
    start, end = float(card.state(100.0)), card.equilibrium
    taken = np.log((start - end) / (0.03 * end))
    assert f"{taken:.1f}" == "12.0"
    assert population_study.LATE - 1.0 < taken < population_study.LATE
    for page in ("drift", "errata"):
        assert f"from 100 ohm it takes {taken:.1f}" in (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")


def test_without_torch_the_reason_is_given(monkeypatch: pytest.MonkeyPatch, lab: Lab):
    monkeypatch.setattr(surrogates, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"^surrogates: torch is not installed; pip install 'cosim\[snn\]'$"):
        surrogates.run(Design(), lab)
