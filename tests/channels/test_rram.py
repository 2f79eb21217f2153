"""Levels of RRAM that relax: counts over time, and their shipped stand-in."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cosim.channels.channel import DelayWarning, discretize
from cosim.channels.gaussian import read_card_table
from cosim.channels.rram import CARD, COLUMNS, TECHNOLOGIES, ConfusionChannel, RelaxingLevels, load_relaxing, load_rram, normal_steps, rram_card
from cosim.coding.capacity import capacity
from cosim.errors import DataError, InputError
from cosim.resources import device_data

FILE = device_data() / "channel" / f"{CARD}.csv"
COUNTS = np.array([[[9, 2, 0], [1, 8, 1], [0, 0, 9]], [[5, 3, 0], [5, 4, 2], [0, 3, 8]]])  # rows read, columns written
MADE = ConfusionChannel(name="made", times=np.array([1.0, 100.0]), counts=COUNTS)
BITS = {("A", 0.01): 3.4503, ("A", 1e5): 2.7970, ("B", 1.0): 2.7952, ("B", 1e5): 2.4716}


def bits(channel: ConfusionChannel | RelaxingLevels, delay: float) -> float:
    return capacity(discretize(channel, delay=delay).matrix).bits


def test_columns_of_the_counts_are_what_was_written():
    assert discretize(MADE, delay=1.0).matrix.tolist() == [pytest.approx([0.9, 0.1, 0.0]), pytest.approx([0.2, 0.8, 0.0]), pytest.approx([0.0, 0.1, 0.9])]


def test_between_two_delays_the_laws_are_mixed_in_the_logarithm():
    first, last = (discretize(MADE, delay=delay).matrix for delay in (1.0, 100.0))
    assert discretize(MADE, delay=10.0).matrix == pytest.approx((first + last) / 2.0, abs=1e-12)
    assert MADE.delays == (1.0, 100.0)
    for outside, nearest in ((0.0, first), (1e9, last)):
        with pytest.warns(DelayWarning, match=r"is not within 1\.\.100 s"):
            assert np.array_equal(discretize(MADE, delay=outside).matrix, nearest)


def test_fewer_bins_merge_neighboring_levels():
    edges = MADE.edges(2)
    merged = MADE.transition(MADE.levels(), edges, delay=1.0)
    assert edges.tolist() == [-math.inf, 1.5, math.inf]
    assert merged == pytest.approx(np.array([[1.0, 0.0], [1.0, 0.0], [0.1, 0.9]]))


def test_a_normal_step_gives_back_the_shares_above_and_below():
    counts = np.array([[60, 20, 1], [30, 50, 9], [10, 30, 90]]).astype(float)
    shifts, deviations = normal_steps(1e6 * counts)
    matrix = RelaxingLevels(name="made", times=np.ones(1), shifts=shifts[None], deviations=deviations[None]).matrix(1.0)
    assert np.diag(matrix) == pytest.approx([0.6, 0.5, 0.9], abs=1e-5)
    assert (matrix[1, 0], matrix[1, 2]) == (pytest.approx(0.2, abs=1e-5), pytest.approx(0.3, abs=1e-5))


def test_the_stand_in_errs_as_often_as_the_card_says():
    _, columns = read_card_table(FILE, COLUMNS)
    for technology in TECHNOLOGIES:
        channel = load_relaxing(technology)
        own = columns["technology"] == technology
        errors = columns["error_rate"][own].reshape(len(channel.times), 16)
        made = np.stack([1.0 - np.diag(channel.matrix(time)) for time in channel.times])
        assert np.max(np.abs(made - errors)) < 2e-3


def test_levels_hold_less_the_longer_they_wait():
    for technology in TECHNOLOGIES:
        channel = load_relaxing(technology)
        kept = [bits(channel, delay) for delay in (0.01, 0.3, 30.0, 3e3, 1e5)]
        assert np.all(np.diff(kept) < 0.0)
        assert kept[0] < 4.0


@pytest.mark.data
@pytest.mark.parametrize(("technology", "delay"), BITS)
def test_the_capacity_of_the_counts(data_file: Callable[..., Path], technology: str, delay: float):
    data_file("rram_relaxation", "confmats")
    assert bits(load_rram(technology), delay) == pytest.approx(BITS[technology, delay], abs=2e-4)  # type: ignore[arg-type]


@pytest.mark.data
def test_the_card_is_what_the_counts_give(data_file: Callable[..., Path]):
    data_file("rram_relaxation", "confmats")
    assert rram_card() == FILE.read_text(encoding="utf-8")


@pytest.mark.data
@pytest.mark.parametrize(("technology", "most"), [("A", 0.05), ("B", 0.12)])
def test_the_stand_in_holds_a_little_more_than_the_counts(data_file: Callable[..., Path], technology: str, most: float):
    data_file("rram_relaxation", "confmats")
    counted, relaxing = load_rram(technology), load_relaxing(technology)  # type: ignore[arg-type]
    assert np.array_equal(counted.times, relaxing.times)
    excess = [bits(relaxing, delay) - bits(counted, delay) for delay in counted.times]
    assert 0.0 < min(excess) < max(excess) < most


@pytest.mark.parametrize(
    ("times", "counts", "message"),
    [
        ([1.0, 1.0], COUNTS, r"channel made, times=\[1\.0, 1\.0\]: must be > 0 s and rising"),
        ([0.0, 1.0], COUNTS, r"channel made, times=\[0\.0, 1\.0\]: must be > 0 s and rising"),
        ([1.0], COUNTS, r"channel made, shape of the counts=\(2, 3, 3\): must be \(times, levels read, levels written\)"),
        ([1.0, 2.0], -COUNTS, r"channel made, counts=-9: must be finite and >= 0"),
        ([1.0, 2.0], COUNTS * np.array([1, 0, 1]), r"channel made, reads of level 1 at 1 s=0: must be >= 1"),
    ],
)
def test_counts_that_make_no_channel_are_refused(times: list[float], counts: np.ndarray, message: str):
    with pytest.raises(InputError, match=rf"^{message}$"):
        ConfusionChannel(name="made", times=np.array(times), counts=counts)


def test_steps_that_make_no_channel_are_refused():
    with pytest.raises(InputError, match=r"deviation=0: must be > 0 levels$"):
        RelaxingLevels(name="made", times=np.ones(1), shifts=np.zeros((1, 3)), deviations=np.zeros((1, 3)))
    with pytest.raises(InputError, match=r"shape of the shifts=\(1, 3\): must be \(times, levels\), as of the deviations$"):
        RelaxingLevels(name="made", times=np.ones(1), shifts=np.zeros((1, 3)), deviations=np.ones((1, 4)))


def test_an_unknown_technology_and_damaged_counts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(InputError, match=r"^rram, technology=C: must be one of A, B$"):
        load_relaxing("C")  # type: ignore[arg-type]
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    folder = tmp_path / "rram_relaxation" / "confmats" / "techA"
    with pytest.raises(DataError, match=r"no such file; docs/data\.md says where it goes, rram-a-levels stands in for it$"):
        load_rram("A")
    folder.mkdir(parents=True)
    with pytest.raises(DataError, match=r"techA: holds no counts$"):
        load_rram("A")
    (folder / "1.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(DataError, match=r"1\.npy: damaged, or not an array of counts$"):
        load_rram("A")
    np.save(folder / "1.npy", np.ones((2, 3)))
    with pytest.raises(DataError, match=r"1\.npy: must be a square array of counts$"):
        load_rram("A")
