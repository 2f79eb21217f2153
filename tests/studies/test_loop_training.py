"""The study of training that knows the channel: its shares by hand, its claims, and a small one from beginning to end and from the store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.claims import check_unique, judge
from cosim.codesign.circuit_channel.measure import MeasuredCells
from cosim.design import Design
from cosim.errors import DataError
from cosim.spice.engines import find_engine
from cosim.studies.loop import training
from cosim.studies.loop.training import CLAIMS, StagedAudit, TrainingResult, read_cells
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

SMALL = replace(Design(), network=replace(Design().network, data="digits", epochs=3), loop=replace(Design().loop, chips=2, stages=2, error=0.15, audited=2))
TABLE = {"error": "<= 5", "recovered": ">= 50", "significant": ">= 50", "aware": ">= 50"}
LABELS = np.arange(4)


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
        longer=arrays[0],
        circuit=StagedAudit(labels=LABELS, circuit=np.array([0, 1, -1, 3]), model=np.array([0, 1, 2, 2])),
        reads=16,
        read_time=3072.0,
    )


def measured(design: Design, lab: Lab) -> SimpleNamespace:
    """A channel of two delays, whose later reads are off by 1 % of their targets, up or down."""
    written = np.geomspace(design.loop.low, design.loop.high, 4)
    level = np.tile(np.arange(4), 10)
    off = np.where(np.arange(40) < 20, 0.99, 1.01)
    one = np.ones(40)
    reads = written[level] * np.stack([2.0 * one, off])
    cells = MeasuredCells(
        written=written, level=level, true=one, quiet=one, reads=reads, delays=np.array([1.0, 2.0]), pulses=one, time=one, energy=one, inside=one
    )
    return SimpleNamespace(cells=cells)


KNOWN = result([0.89, 0.91], [0.90, 0.92], [0.93, 0.93])


def few(patch: pytest.MonkeyPatch) -> None:
    """Cells, where the study takes many, and a channel of the closed loop that takes no time."""
    patch.setattr(training.channel, "run", measured)
    for name, value in (("LEVELS", 6), ("CELLS", 60), ("COPIES", 1)):
        patch.setattr(training, name, value)


@pytest.fixture(scope="module")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small study is kept."""
    return tmp_path_factory.mktemp("training") / "store"


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, list[np.ndarray]]]:
    """Lines that devices were drawn with, and seeds of the channels of the study."""
    found: dict[str, list[np.ndarray]] = {"wire": [], "seed": []}
    lanes, layer = training.Writer.lanes, training.ChannelLayer

    def drawn(self: training.Writer, cells: int, *, rng: np.random.Generator, wire: np.ndarray | None = None, spread: float | None = None) -> object:
        found["wire"].append(np.zeros(cells) if wire is None else wire)
        return lanes(self, cells, rng=rng, wire=wire, spread=spread)

    def seeded(cells: object, window: object, *, seed: int) -> object:
        found["seed"].append(np.array(seed).item())
        return layer(cells, window, seed=seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.Writer, "lanes", drawn)
        patch.setattr(training, "ChannelLayer", seeded)
        yield found


@pytest.fixture(scope="module")
def small(store_folder: Path, seen: dict[str, list[np.ndarray]]) -> TrainingResult:
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


@pytest.mark.parametrize(
    "found",
    [result([0.94, 0.95], [0.9, 0.9], [0.9, 0.9]), result([0.936, 0.937], [0.94, 0.94], [0.938, 0.938]), result([0.9, 0.9], [0.95, 0.94], [0.95, 0.94])],
    ids=["nothing lost", "hardly anything lost", "more than was lost"],
)
def test_a_share_of_nothing_or_more_than_all_is_not_stated(found: TrainingResult):
    assert np.isnan(found.recovered("staged"))
    assert np.isnan(found.interval("aware")).all()
    verdicts = {each.id.removeprefix("loop.training."): each.verdict for each in judge(CLAIMS, found)}
    assert verdicts == {"error": "met", "recovered": "not_run", "significant": "not_run", "aware": "not_run"}


def test_the_error_is_held_against_that_of_the_design():
    one, other = (judge(CLAIMS, replace(KNOWN, error=0.196, design=replace(Design(), loop=replace(Design().loop, error=each))))[0] for each in (0.2, 0.1))
    assert (one.value, one.verdict) == (pytest.approx(2.0), "met")
    assert (other.value, other.verdict) == (pytest.approx(96.0), "not_met")


def test_the_closed_loop_is_trained_through_the_reads_after_the_longest_delay():
    cells = read_cells(measured(Design(), None))
    assert cells.levels.tolist() == pytest.approx(np.geomspace(7.5e-6, 140e-6, 4).tolist())
    assert cells.conductance.shape == (4, 10)
    assert cells.conductance / cells.levels[:, None] == pytest.approx(np.tile([0.99] * 5 + [1.01] * 5, (4, 1)))


def test_a_run_that_failed_is_no_agreement():
    assert KNOWN.circuit.agreement == (2, 4)


def test_the_figures_that_are_to_be_met_are_claims():
    check_unique(CLAIMS)
    assert {claim.id.removeprefix("loop.training."): str(claim.must_be) for claim in CLAIMS} == TABLE
    assert {claim.kind for claim in CLAIMS} == {"calibration"}


def test_claims_read_the_result():
    values = {verdict.id.removeprefix("loop.training."): verdict.value for verdict in judge(CLAIMS, KNOWN)}
    assert values == pytest.approx({"error": 0.0, "recovered": 75.0, "significant": 100.0 * 0.02 / 0.03, "aware": 25.0})


def test_a_study_that_was_stopped_goes_on_and_every_figure_is_there(small: TrainingResult):
    assert small.plain.shape == small.aware.shape == small.staged.shape == small.tuned_plain.shape == small.tuned_aware.shape == (2,)
    assert small.longer.shape == (2,)
    assert not np.array_equal(small.longer, small.plain)
    assert small.error == pytest.approx(0.15, rel=0.15)
    assert small.spread == pytest.approx(0.15, rel=0.3)
    assert 0.002 < small.read_error < 0.02 < small.error
    assert small.tuned_error < 0.03
    assert np.all(np.abs(small.tuned_plain - small.clean) < 0.05)
    assert np.mean(small.staged) > np.mean(small.plain)
    assert (small.reads, small.read_time) == (16, pytest.approx(16 * 0.3 * 640))


def test_the_first_staged_array_stands_in_the_circuit(small: TrainingResult):
    agreed, images = small.circuit.agreement
    assert images == len(small.circuit.labels) == 2
    assert np.all(small.circuit.circuit >= 0)
    assert agreed >= 1


def test_every_cell_has_the_lines_of_its_row(small: TrainingResult, seen: dict[str, list[np.ndarray]]):
    array = np.repeat(2.0 * SMALL.tuning.wire_resistance * np.arange(1, 65), 10)
    assert array[0] > 0.0
    assert {len(each) for each in seen["wire"]} == {640, 6 * 60}  # arrays, one copy of which finds the spread, and the measured cells of the open loop
    for each in seen["wire"]:
        assert np.array_equal(each, array) if len(each) == 640 else set(each) <= set(array)


def test_draws_of_the_channel_follow_the_seed_of_the_design(small: TrainingResult, seen: dict[str, list[np.ndarray]]):
    assert len(seen["seed"]) == 2  # open loop, closed loop
    assert set(seen["seed"]) == {np.random.default_rng([SMALL.run.seed, training.DRAWS]).integers(2**31)}


def test_what_is_known_needs_no_torch_and_is_the_same(small: TrainingResult, store_folder: Path, monkeypatch: pytest.MonkeyPatch):
    def missing() -> None:
        raise DataError("training: the Python package torch is missing; pip install 'cosim[snn]'")

    few(monkeypatch)
    monkeypatch.setattr(training, "torch_is_there", missing)
    monkeypatch.setattr(training, "ChannelLayer", None)
    monkeypatch.setattr("cosim.codesign.network.through.ChannelLayer", None)
    with Store.open(store_folder) as store:
        lab = Lab(engine=find_engine("ngspice"), store=store)
        again = training.run(SMALL, lab)
        with pytest.raises(DataError, match="package torch is missing"):
            training.run(replace(SMALL, loop=replace(SMALL.loop, chips=3)), lab)
    assert np.array_equal(again.staged, small.staged)
    assert (again.clean, again.error) == (small.clean, small.error)
