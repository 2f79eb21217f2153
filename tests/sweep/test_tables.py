"""Tables of results and their files."""

import io
import sys

import numpy as np
import pandas as pd
import pytest

from cosim.errors import InputError
from cosim.status import Status
from cosim.sweep.jobs import Result
from cosim.sweep.progress import progress_bar
from cosim.sweep.tables import exploded, export_csv, export_parquet, table

RESULTS = [
    Result({"w_over_l": 65.0, "card": "nmos"}, Status.ok, {"ron": 0.1 + 0.2, "trace": np.array([1.0, 2.0])}, seconds=0.25, key="a"),
    Result({"w_over_l": 20.0, "card": ("a", 1)}, Status.no_convergence, {}, "timestep, too small", 1.5, reused=True, key="b"),
    Result({"w_over_l": 20.0, "corner": None}, Status.ok, {"ron": float("inf"), "trace": np.array([3.0])}, key="c"),
]


def test_a_row_holds_label_scalars_and_status():
    frame = table(RESULTS)
    assert list(frame) == ["w_over_l", "card", "corner", "ron", "status", "relaxed", "message", "seconds", "reused", "key"]
    assert frame["w_over_l"].tolist() == [65.0, 20.0, 20.0]
    assert frame["status"].tolist() == ["ok", "no_convergence", "ok"]
    assert frame["card"].tolist()[:2] == ["nmos", "('a', 1)"]
    assert frame["ron"].tolist()[0] == 0.1 + 0.2
    assert np.isnan(frame["ron"][1])


def test_no_results_make_an_empty_table():
    assert len(table([])) == 0
    assert len(exploded([], "trace")) == 0


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (Result({"ron": 1.0}, Status.ok, {"ron": 2.0}), "table, column=ron: must be a label or a measure, not both"),
        (Result({"status": 1.0}, Status.ok, {}), "table, column=status: must be something else than status, relaxed, message, seconds, reused, key"),
    ],
    ids=["twice", "own"],
)
def test_a_name_used_twice_is_named(result, line):
    with pytest.raises(InputError) as caught:
        table([result])
    assert str(caught.value) == line


def test_arrays_are_exploded_to_a_row_an_element():
    frame = exploded(RESULTS, "trace")
    assert frame["trace"].tolist() == [1.0, 2.0, 3.0]
    assert frame["point"].tolist() == [0, 1, 0]
    assert frame["w_over_l"].tolist() == [65.0, 65.0, 20.0]


def test_arrays_of_two_lengths_are_refused():
    result = Result({}, Status.ok, {"a": np.zeros(2), "b": np.zeros(3)})
    with pytest.raises(InputError, match=r"^table, arrays=\{'a': \(2,\), 'b': \(3,\)\}: must be one-dimensional and of one length$"):
        exploded([result], "a", "b")


def test_csv_keeps_every_digit(tmp_path):
    export_csv(RESULTS, tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text()
    assert text.splitlines()[1] == "65.0,nmos,,0.30000000000000004,ok,False,,0.25,False,a"
    assert pd.read_csv(io.StringIO(text))["ron"].tolist()[2] == float("inf")


def test_parquet_reads_back_as_the_table(tmp_path):
    export_parquet(RESULTS, tmp_path / "out.parquet")
    read = pd.read_parquet(tmp_path / "out.parquet")
    assert read["ron"].tolist()[0] == 0.1 + 0.2
    assert read["status"].tolist() == ["ok", "no_convergence", "ok"]


def test_a_column_of_several_types_becomes_text_in_parquet(tmp_path):
    export_parquet([Result({"level": value}, Status.ok, {}) for value in (1.5, "high", None)], tmp_path / "out.parquet")
    assert pd.read_parquet(tmp_path / "out.parquet")["level"].tolist()[:2] == ["1.5", "high"]


@pytest.mark.parametrize("export", [export_csv, export_parquet])
def test_a_file_that_cannot_be_written_is_named(tmp_path, export):
    path = tmp_path / "missing" / "out"
    with pytest.raises(InputError, match=rf"^{path}: cannot be written, no such file or directory$"):
        export(RESULTS, path)


def test_the_progress_bar_is_silent_without_a_terminal(capsys):
    with progress_bar("w_over_l") as progress:
        progress(1, 2)
    assert capsys.readouterr() == ("", "")


def test_the_progress_bar_counts_on_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress_bar("w_over_l") as progress:
        progress(3, 7)
    assert "w_over_l" in screen.getvalue()
    assert "3/7" in screen.getvalue()
