"""The section of a design file that is about storage: names and paths, and what cannot be is refused in one line."""

from pathlib import Path

import pytest

from cosim.design import SECTIONS, Design, StorageSection, load_design
from cosim.errors import DesignError


def written(folder: Path, text: str) -> Path:
    """A design file with lines of this section."""
    path = folder / "a.toml"
    path.write_text(f"format = 1\n[storage]\n{text}", encoding="utf-8")
    return path


def test_the_section_is_part_of_a_design():
    assert "storage" in SECTIONS
    assert Design().storage == StorageSection()


def test_a_table_of_measurements_is_looked_for_beside_the_design_and_a_name_is_left_as_it_is(tmp_path: Path):
    assert load_design(written(tmp_path, 'channel = "cells.csv"')).storage.channel == str(tmp_path / "cells.csv")
    assert load_design(written(tmp_path, 'channel = "drift500k"')).storage.channel == "drift500k"


def test_the_content_of_the_table_counts_in_the_digest(tmp_path: Path):
    table, path = tmp_path / "cells.csv", written(tmp_path, 'channel = "cells.csv"')
    table.write_text("written,read\n1,2\n", encoding="utf-8")
    first = load_design(path).digest()
    table.write_text("written,read\n1,3\n", encoding="utf-8")
    assert load_design(path).digest() != first


def test_every_key_of_the_shipped_design_is_the_default():
    shipped = load_design(Path(__file__).parents[1] / "designs" / "zarcone2020_storage.toml").storage
    assert shipped == StorageSection()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("reads = [4, 2]", "[storage] reads=[4.0, 2.0]: must be whole numbers that rise"),
        ("writes = [2.5]", "[storage] writes=[2.5]: must be whole numbers that rise"),
        ("bandwidths = [0.5]", "[storage] bandwidths=[0.5]: must be with 1 among them, which the others are compared with"),
        ('snr = "9 V"', "[storage] snr='9 V': must be a quantity in dB, not in 'V'"),
        ('energy = "-1p"', "[storage] energy=-1e-12: must be > 0"),
        ("bins = 3", "[storage] bins=3: must be within 10..20000"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, text: str, line: str):
    with pytest.raises(DesignError) as caught:
        load_design(written(tmp_path, text))
    assert str(caught.value).replace(f"{tmp_path}/", "") == f"a.toml, {line}"
