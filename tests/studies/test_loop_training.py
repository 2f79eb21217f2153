"""The study of training that knows the channel: its shares by hand, its claims, and a small one from beginning to end and from the store."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.claims import check_unique, judge
from cosim.design import Design
from cosim.errors import DataError
from cosim.spice.engines import find_engine
from cosim.studies.loop import training
from cosim.studies.loop.training import CLAIMS, TrainingResult
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

SMALL = replace(Design(), network=replace(Design().network, data="digits", epochs=3), loop=replace(Design().loop, chips=2, stages=2, error=0.15))
TABLE = {"error": "9.5..10.5", "recovered": ">= 50", "significant": ">= 50", "aware": ">= 0"}


def result(plain: list[float], aware: list[float], staged: list[float], *, clean: float = 0.94, error: float = 0.1) -> TrainingResult:
    arrays = [np.array(each) for each in (plain, aware, staged)]
    return TrainingResult(
        design=Design(),
        spread=0.1,
        error=error,
        read_error=0.005,
        clean=clean,
        plain=arrays[0],
        aware=arrays[1],
        staged=arrays[2],
        tuned_error=0.01,
        tuned_plain=arrays[0],
        tuned_aware=arrays[0],
    )


KNOWN = result([0.89, 0.91], [0.90, 0.92], [0.93, 0.93])


def few(patch: pytest.MonkeyPatch) -> None:
    """Cells, where the study takes many."""
    for name, value in (("LEVELS", 6), ("CELLS", 60), ("COPIES", 1)):
        patch.setattr(training, name, value)


@pytest.fixture(scope="module")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small study is kept."""
    return tmp_path_factory.mktemp("training") / "store"


@pytest.fixture(scope="module")
def small(store_folder: Path) -> TrainingResult:
    """Two arrays, two stages, few cells; Ctrl-C after the first array, and again from there."""
    pytest.importorskip("snntorch")

    def stop(done: int, everything: int) -> None:
        if (done, everything) == (1, 2):  # arrays; a training has three epochs
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        few(patch)
        with Store.open(store_folder) as store:
            lab = Lab(engine=find_engine("ngspice"), store=store)
            with pytest.raises(KeyboardInterrupt):
                training.run(SMALL, replace(lab, progress=stop))
            return training.run(SMALL, lab)


def test_shares_worked_by_hand():
    assert KNOWN.recovered("aware") == pytest.approx(0.01 / 0.04)
    assert KNOWN.recovered("staged") == pytest.approx(0.03 / 0.04)


def test_the_interval_is_over_arrays_with_both_of_their_accuracies():
    low, high = KNOWN.interval("staged")  # the extremes: the first or the second array twice
    assert (low, high) == pytest.approx((0.02 / 0.03, 0.04 / 0.05))
    assert KNOWN.interval("staged") == (low, high)


@given(st.lists(st.floats(0.8, 0.9), min_size=2, max_size=10))
def test_what_is_as_good_as_plain_recovers_nothing_and_what_is_clean_everything(plain: list[float]):
    found = result(plain, plain, [0.94] * len(plain))
    assert (found.recovered("aware"), found.recovered("staged")) == pytest.approx((0.0, 1.0), abs=1e-12)
    assert found.interval("staged") == pytest.approx((1.0, 1.0))


def test_where_nothing_is_lost_no_share_is_stated():
    found = result([0.94, 0.95], [0.9, 0.9], [0.9, 0.9])
    assert np.isnan(found.recovered("staged"))
    assert {each.id: each.verdict for each in judge(CLAIMS, found)}["loop.training.recovered"] == "not_met"


def test_the_figures_that_are_to_be_met_are_claims():
    check_unique(CLAIMS)
    assert {claim.id.removeprefix("loop.training."): str(claim.must_be) for claim in CLAIMS} == TABLE
    assert {claim.kind for claim in CLAIMS} == {"calibration"}


def test_claims_read_the_result():
    values = {verdict.id.removeprefix("loop.training."): verdict.value for verdict in judge(CLAIMS, KNOWN)}
    assert values == pytest.approx({"error": 10.0, "recovered": 75.0, "significant": 100.0 * 0.02 / 0.03, "aware": 25.0})


def test_a_study_that_was_stopped_goes_on_and_every_figure_is_there(small: TrainingResult):
    assert small.plain.shape == small.aware.shape == small.staged.shape == small.tuned_plain.shape == small.tuned_aware.shape == (2,)
    assert small.error == pytest.approx(0.15, rel=0.15)
    assert small.spread == pytest.approx(0.15, rel=0.3)
    assert 0.002 < small.read_error < 0.02 < small.error
    assert small.tuned_error < 0.03
    assert np.all(np.abs(small.tuned_plain - small.clean) < 0.05)
    assert np.mean(small.staged) > np.mean(small.plain)


def test_what_is_known_needs_no_torch_and_is_the_same(small: TrainingResult, store_folder: Path, monkeypatch: pytest.MonkeyPatch):
    def missing() -> None:
        raise DataError("training: the Python package torch is missing; pip install 'cosim[snn]'")

    few(monkeypatch)
    monkeypatch.setattr(training, "torch_is_there", missing)
    monkeypatch.setattr("cosim.codesign.network.through.ChannelLayer", None)
    with Store.open(store_folder) as store:
        lab = Lab(engine=find_engine("ngspice"), store=store)
        again = training.run(SMALL, lab)
        with pytest.raises(DataError, match="package torch is missing"):
            training.run(replace(SMALL, loop=replace(SMALL.loop, chips=3)), lab)
    assert np.array_equal(again.staged, small.staged)
    assert (again.clean, again.error) == (small.clean, small.error)
