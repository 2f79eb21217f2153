"""Where shipped folders and measured data lie."""

from pathlib import Path

import pytest

from cosim import datasets, resources
from cosim.errors import DataError


def test_cosim_data_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.csv").write_text("1\n", encoding="utf-8")
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    assert datasets.data_folder() == tmp_path
    assert datasets.data_file("set", "a.csv").read_text(encoding="utf-8") == "1\n"
    with pytest.raises(DataError, match=r"set/b\.csv: no such file$"):
        datasets.data_file("set", "b.csv")


def test_a_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_DATA", "/nowhere")
    with pytest.raises(DataError, match=r"^COSIM_DATA=/nowhere: must be a folder$"):
        datasets.data_folder()


def test_without_any_data_the_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("COSIM_DATA", raising=False)
    monkeypatch.setattr(datasets, "PACKAGE", tmp_path / "project" / "cosim")
    assert datasets.data_folder() is None
    with pytest.raises(DataError, match=r"^data sets: not found; set COSIM_DATA to their folder$"):
        datasets.data_file("a")


def test_shipped_folders_are_found_inside_of_the_package_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for folder in ("cosim/netlists", "netlists", "designs"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "cosim")
    assert resources.netlists() == tmp_path / "cosim" / "netlists"
    assert resources.designs() == tmp_path / "designs"
    with pytest.raises(DataError, match=r"^folder device_data: not found in .*; install cosim again$"):
        resources.device_data()
