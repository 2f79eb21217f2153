"""Traces: read from tables, cut into pairs, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cosim.channels.traces import read_traces, tio2_traces
from cosim.errors import DataError, InputError

TABLE = "trace,t,r\nb,0,1000\nb,10,1100\nb,20,1250\na,5,2000\na,15,2000\n"


def test_a_table_gives_its_traces_in_the_order_of_the_file(tmp_path: Path):
    path = tmp_path / "reads.csv"
    path.write_text(TABLE)
    traces = read_traces(path)
    assert traces.names == ("b", "a")
    assert [each.tolist() for each in traces.times] == [[0.0, 10.0, 20.0], [0.0, 10.0]]
    assert traces.resistances[0].tolist() == [1000.0, 1100.0, 1250.0]
    assert traces.dropped == 0


def test_npz_and_csv_give_the_same(tmp_path: Path):
    (tmp_path / "reads.csv").write_text(TABLE)
    rows = [line.split(",") for line in TABLE.splitlines()[1:]]
    trace, time, resistance = zip(*rows, strict=True)
    np.savez(tmp_path / "reads.npz", trace=np.array(trace), t=np.array(time, dtype=float), r=np.array(resistance, dtype=float))
    one, two = read_traces(tmp_path / "reads.csv"), read_traces(tmp_path / "reads.npz")
    assert one.names == two.names
    assert all(np.array_equal(left, right) for left, right in zip(one.resistances, two.resistances, strict=True))


def test_reads_that_are_no_resistance_are_dropped_and_counted(tmp_path: Path):
    path = tmp_path / "reads.csv"
    path.write_text(TABLE + "b,30,-5\nb,40,0\nb,50,nan\nb,60,open\nb,70,1300\n")
    traces = read_traces(path)
    assert traces.dropped == 4
    assert traces.times[0].tolist() == [0.0, 10.0, 20.0, 70.0]


def test_pairs_follow_one_another_within_a_trace(tmp_path: Path):
    path = tmp_path / "reads.csv"
    path.write_text(TABLE)
    pairs = read_traces(path).pairs(1)
    assert pairs.trace.tolist() == [0, 0, 1]
    assert pairs.start.tolist() == [0.0, 10.0, 0.0]
    assert pairs.delay.tolist() == [10.0, 10.0, 10.0]
    assert pairs.change(1e-6) == pytest.approx([1e6 / 1100 - 1e3, 1e6 / 1250 - 1e6 / 1100, 0.0])
    assert len(pairs.pick(pairs.trace == 1)) == 1
    assert read_traces(path).pick([1]).names == ("a",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t,r\n0,1\n", "has no column 'trace'; needed are trace, t, r"),
        ("trace,t,r\na,5,1\na,4,1\n", "trace a: times must not fall"),
        ("trace,t,r\na,5,1\n", "no trace has two reads"),
        ("", "is no CSV table"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, text: str, message: str):
    path = tmp_path / "reads.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_traces(path)


def test_a_missing_file_and_a_pickle_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"absent\.csv: no such file$"):
        read_traces(tmp_path / "absent.csv")
    np.savez(tmp_path / "object.npz", trace=np.array([{"a": 1}], dtype=object), t=np.zeros(1), r=np.ones(1))
    with pytest.raises(DataError, match=r"object\.npz: damaged, or not an npz file of numbers \(objects are not read\)$"):
        read_traces(tmp_path / "object.npz")
    np.savez(tmp_path / "short.npz", trace=np.zeros(3), t=np.zeros(2), r=np.ones(3))
    with pytest.raises(DataError, match=r"columns differ in length \(3, 2, 3\)$"):
        read_traces(tmp_path / "short.npz")


def test_too_short_traces_give_no_pairs(tmp_path: Path):
    path = tmp_path / "reads.csv"
    path.write_text(TABLE)
    with pytest.raises(InputError, match=r"^traces: none has more than 10 reads$"):
        read_traces(path).pairs(10)
    with pytest.raises(InputError, match=r"^traces, reads=0: must be >= 1$"):
        read_traces(path).pairs(0)


@pytest.mark.data
def test_the_published_traces_are_98_and_their_range_is_that_of_the_device(data_file: Callable[..., Path]):
    data_file("tio2_drift")
    traces = tio2_traces()
    assert len(traces) == 98
    assert sum(len(each) for each in traces.times) == 494_194
    assert len(traces.pairs(1000)) == 445
    assert 4.2e3 < min(each.min() for each in traces.resistances) < max(each.max() for each in traces.resistances) < 82e3
