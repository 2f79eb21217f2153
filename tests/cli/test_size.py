"""``cosim size`` and ``cosim sweep``: the answer of the advisor, tables over a grid, what the store gives back."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.program import SMALL, invoke


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test in a folder, and with a store, of its own; a design with one corner in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIM_STORE", str(tmp_path / "store"))
    (tmp_path / "a.toml").write_text(SMALL)
    return tmp_path


def sized(*arguments: str) -> dict:
    """The advice as JSON."""
    return json.loads(invoke("size", "a.toml", "--json", *arguments).stdout)


def test_the_design_of_the_paper_is_memristor_on_drain_and_passes(own_folder: Path):
    result = invoke("size", "a.toml")
    assert result.exit_code == 0
    assert result.output.splitlines()[1].startswith("orientation")
    assert " MOD (headroom +" in result.output


def test_the_advice_is_given_as_json():
    advice = sized()
    assert (advice["orientation"], advice["passed"]) == ("MOD", True)
    assert 50 < advice["w_over_l"] < 65 < advice["w_over_l_strict"] < 90


def test_a_stricter_share_needs_a_wider_transistor():
    assert sized("--share", "10 %")["w_over_l"] == pytest.approx(sized()["w_over_l_strict"], rel=1e-3)


def test_a_lower_gate_voltage_needs_a_wider_transistor():
    assert sized("--gate", "2.5 V")["w_over_l"] > sized()["w_over_l"] > 0


def test_a_library_of_the_users_own_takes_the_place_of_the_card(own_folder: Path):
    (own_folder / "my.lib").write_text("* foundry\n.model n18 nmos level=1 vto=0.5 kp=200u\n")
    assert sized("--lib", "my.lib", "--nmos", "n18")["w_over_l"] < 0.5 * sized()["w_over_l"]


def test_a_sweep_has_a_row_for_every_cell():
    rows = json.loads(invoke("sweep", "a.toml", "--w-over-l", "20,65", "--gate", "2.5V,3V", "--json").stdout)
    assert {(row["orientation"], row["w_over_l"], row["gate"]) for row in rows} == {
        (orientation, size, gate) for orientation in ("mod", "mos") for size in (20.0, 65.0) for gate in (2.5, 3.0)
    }
    assert {row["status"] for row in rows} == {"ok"}


def test_a_wider_transistor_leaves_the_memristor_more():
    small, large = json.loads(invoke("sweep", "a.toml", "--orientation", "mod", "--json").stdout)
    assert small["w_over_l"] < large["w_over_l"]
    assert small["share"] > large["share"] > 0
    assert small["on_off"] < large["on_off"] < 176
    assert small["memristor_max"] < large["memristor_max"] < 2.0


def test_a_sweep_is_exported_as_csv_and_parquet(own_folder: Path):
    for name in ("table.csv", "table.parquet"):
        result = invoke("sweep", "a.toml", "--orientation", "mod", "-o", name)
        assert (result.exit_code, result.output) == (0, f"{name}: 2 rows\n")
    with (own_folder / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["w_over_l"]) for row in rows] == [20.0, 65.0]
    assert 1e-4 < float(rows[1]["on"]) < 1e-3
    assert (own_folder / "table.parquet").read_bytes()[:4] == b"PAR1"


def test_the_second_sweep_comes_from_the_store(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    first = invoke("sweep", "a.toml", "--json").stdout
    invoke("sweep", "a.toml", "-o", "table.csv")
    with (own_folder / "table.csv").open() as file:
        assert {row["reused"] for row in csv.DictReader(file)} == {"True"}
    assert invoke("sweep", "a.toml", "--json").stdout == first


def test_a_table_of_an_unknown_kind_is_refused_before_anything_runs(own_folder: Path):
    result = invoke("sweep", "a.toml", "-o", "table.xlsx")
    assert (result.exit_code, result.stderr) == (2, "cosim: --output=table.xlsx: must end in .csv or .parquet\n")
    assert not (own_folder / "store").exists()
