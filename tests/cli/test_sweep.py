"""``cosim sweep`` with sections of a design file: plans, mismatch, limits; stopped, shared, and out of disk."""

import csv
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.program import engine_script, environment, invoke, process

MONTE_CARLO = """format = 1
[sweep]
bench = "share"
orientation = "mod"
w_over_l = [65]
[mismatch]
draws = 12
a_vt = "9 mV um"
a_mobility = "1 % um"
memristor = "5 %"
[limits]
share = { max = "12 %" }
current = { min = "1.5m" }
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test in a folder, and with a store, of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIM_STORE", str(tmp_path / "store"))
    (tmp_path / "a.toml").write_text(MONTE_CARLO)
    return tmp_path


def rows(*arguments: str) -> list[dict]:
    result = invoke("sweep", "a.toml", "--json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def changed(folder: Path, old: str, new: str) -> None:
    assert MONTE_CARLO.count(old) == 1
    (folder / "a.toml").write_text(MONTE_CARLO.replace(old, new))


def test_a_monte_carlo_has_a_row_for_every_cell_with_what_was_drawn():
    found = rows()
    assert [row["draw"] for row in found] == list(range(12))
    assert all(len({row[name] for row in found}) == 12 for name in ("vt_shift", "mobility", "i0s", "rss", "share"))
    assert rows() == found


def test_more_draws_leave_the_first_ones_as_they_are():
    assert rows("--draws", "4") == rows()[:4]


def test_the_table_against_the_limits_gives_the_yield_and_its_interval(own_folder: Path):
    result = invoke("sweep", "a.toml", "--summary", "s.json")
    lines = [line.split() for line in result.output.splitlines()]
    assert ["mod", "65", "share"] in [line[:3] for line in lines]
    summary = json.loads((own_folder / "s.json").read_text())
    together = next(row for row in summary if row["measure"] == "all limits")
    assert (together["cells"], together["failed"]) == (12, 0)
    assert 0 <= together["low"] <= together["yield"] <= together["high"] <= 1
    share = next(row for row in summary if row["measure"] == "share")
    assert 0.09 < share["min"] < share["typ"] < share["max"] < 0.13
    assert share["limit"] == "<= 0.12"


def test_the_summary_is_written_as_csv_too(own_folder: Path):
    assert invoke("sweep", "a.toml", "--summary", "s.csv").exit_code == 0
    with (own_folder / "s.csv").open() as file:
        assert [row["measure"] for row in csv.DictReader(file)] == ["share", "memristor", "transistor", "current", "power", "all limits"]
    result = invoke("sweep", "a.toml", "--summary", "s.pdf")
    assert (result.exit_code, result.stderr) == (2, "cosim: --summary=s.pdf: must end in .csv or .json\n")


def test_a_yield_below_the_one_asked_for_is_a_failed_check(own_folder: Path):
    changed(own_folder, 'share = { max = "12 %" }', 'share = { max = "9 %" }\nleast_yield = "90 %"')
    result = invoke("sweep", "a.toml")
    assert (result.exit_code, result.stderr) == (1, "cosim: sweep, orientation=mod, w_over_l=65.0: 0 of 12 cells are within all limits; must be >= 0.9\n")


def test_a_latin_hypercube_over_four_quantities(own_folder: Path):
    plan = 'method = "latin_hypercube"\npoints = 9\nw_over_l = { low = 20, high = 200, scale = "log" }\ngate = { low = "2.5 V", high = "3.5 V" }'
    changed(own_folder, "w_over_l = [65]", f"{plan}\ntemperature = {{ low = -40, high = 85 }}\nlength = [0.5e-6, 0.6e-6]")
    found = rows("--draws", "1")
    assert sorted(int((row["gate"] - 2.5) * 9) for row in found) == list(range(9))
    assert {row["length"] for row in found} == {0.5e-6, 0.6e-6}
    assert {row["status"] for row in found} == {"ok"}


def test_options_take_the_place_of_axes_and_add_others():
    found = rows("--w-over-l", "65,130", "--axis", "temperature=-40,85", "--draws", "0", "--orientation", "both")
    assert [(row["orientation"], row["w_over_l"], row["temperature"]) for row in found] == [
        (orientation, size, temperature) for orientation in ("mod", "mos") for size in (65.0, 130.0) for temperature in (-40.0, 85.0)
    ]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--axis", "gate"], "--axis=gate: must be NAME=LIST, for example temperature=-40,27,85"),
        (["--axis", "gat=2"], "--axis gat, [sweep]: unknown key 'gat'; did you mean gate?"),
        (["--axis", "temperature=-300"], "--axis temperature, [sweep] temperature[0]=-300: must be > -273.15 and < 1000"),
        (["--axis", "drain=3"], "--axis drain, [sweep] bench='share': must be 'headroom' where drain is swept"),
    ],
)
def test_an_axis_that_cannot_be_is_refused_in_one_line(arguments: list[str], line: str):
    result = invoke("sweep", "a.toml", *arguments)
    assert (result.exit_code, result.stderr) == (2, f"cosim: {line}\n")


def test_a_long_table_is_cut_on_a_terminal_and_whole_in_a_file(own_folder: Path):
    result = invoke("sweep", "a.toml", "--draws", "70")
    assert "10 more rows; write all of them with -o FILE.csv" in result.output
    assert invoke("sweep", "a.toml", "--draws", "70", "-o", "t.csv").output.startswith("t.csv: 70 rows\n")
    assert len((own_folder / "t.csv").read_text().splitlines()) == 71


def test_runs_that_never_converge_stand_in_the_table_and_give_exit_code_4(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    script = engine_script(own_folder, "echo 'doAnalyses: iteration limit reached' > deck.log; exit 1")
    monkeypatch.setenv("COSIM_NGSPICE", str(script))
    result = invoke("sweep", "a.toml", "-o", "t.csv", "--draws", "2")
    assert result.exit_code == 4
    assert result.stderr.startswith("cosim: sweep: 2 of 2 runs failed, first orientation=mod, w_over_l=65.0, gate=3.0, ")
    with (own_folder / "t.csv").open() as file:
        assert [(row["relaxed"], row["status"]) for row in csv.DictReader(file)] == [("False", "no_convergence")] * 2


def test_a_run_that_passes_on_a_rung_is_flagged(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    real = shutil.which("ngspice")
    fails = "grep -q 'gmin=1e-12' deck.cir && { echo 'doAnalyses: iteration limit reached' > deck.log; exit 1; }"
    monkeypatch.setenv("COSIM_NGSPICE", str(engine_script(own_folder, f'{fails}\nexec {real} "$@"')))
    (row,) = rows("--draws", "1")
    assert (row["status"], row["relaxed"]) == ("ok", True)
    assert row["message"].startswith("passed with larger gmin; at first ")
    assert "1 of 1 runs passed with relaxed options only" in invoke("sweep", "a.toml", "--draws", "1").output
    assert invoke("sweep", "a.toml", "--draws", "1", "--no-retry").exit_code == 4


def test_an_interrupted_sweep_goes_on_where_it_was(own_folder: Path):
    sweep = process("sweep", "a.toml", "--draws", "400", "--json")
    index = own_folder / "store" / "index.sqlite"
    wait_for_rows(index, 20)
    sweep.send_signal(signal.SIGINT)
    _, line = sweep.communicate(timeout=30)
    assert sweep.returncode == 130
    assert "are kept in" in line
    kept = count(index)
    assert 20 <= kept < 400
    resumed = rows("--draws", "400")
    shutil.rmtree(own_folder / "store")
    assert rows("--draws", "400") == resumed


def test_two_sweeps_of_the_same_points_share_a_store(own_folder: Path):
    both = [process("sweep", "a.toml", "--draws", "40", "--json") for _ in range(2)]
    ended = [each.communicate(timeout=60) for each in both]
    assert [each.returncode for each in both] == [0, 0]
    first, second = (json.loads(out) for out, _ in ended)
    assert first == second
    assert count(own_folder / "store" / "index.sqlite") == len({row["key"] for row in first}) == 40


def test_a_store_of_another_version_is_refused_and_left_alone(own_folder: Path):
    (own_folder / "store").mkdir()
    index = own_folder / "store" / "index.sqlite"
    with sqlite3.connect(index) as connection:
        connection.execute("create table results (key text primary key, measures text)")
        connection.execute("insert into results values ('a', '{}')")
    connection.close()
    result = invoke("sweep", "a.toml")
    assert result.exit_code == 4
    assert result.stderr.startswith("cosim: store ")
    assert result.stderr.endswith(", format=unknown: must be 1; use another folder, or the version of cosim that wrote it\n")
    with sqlite3.connect(index) as connection:
        assert connection.execute("select * from results").fetchall() == [("a", "{}")]
    connection.close()


NAMESPACE = ["unshare", "--map-root-user", "--mount"]


def may_mount() -> bool:
    try:
        return subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not may_mount(), reason="needs a user namespace to mount a small disk")
def test_a_disk_that_fills_in_the_middle_stops_the_sweep_and_keeps_what_was_done(own_folder: Path):
    small, copy = own_folder / "store", own_folder / "copy"
    small.mkdir()
    command = [sys.executable, "-c", "from cosim.cli import main; main()", "sweep", "a.toml", "--draws", "300"]
    script = f'mount -t tmpfs -o size=190k none {small} && "$@"; code=$?; cp -r {small} {copy}; exit $code'
    done = subprocess.run([*NAMESPACE, "sh", "-c", script, "sh", *command], env=environment(), cwd=own_folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"cosim: store {small}: no space left on the disk; what was computed is kept; ")
    kept = count(copy / "index.sqlite")
    assert 10 < kept < 300
    found = invoke("sweep", "a.toml", "--draws", "300", "--store", copy, "-o", "t.csv")
    assert found.exit_code == 0
    with (own_folder / "t.csv").open() as file:
        assert sum(row["reused"] == "True" for row in csv.DictReader(file)) == kept


def count(index: Path) -> int:
    with sqlite3.connect(index) as connection:
        number = connection.execute("select count(*) from results").fetchone()[0]
    connection.close()
    return number


def wait_for_rows(index: Path, number: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            if index.exists() and count(index) >= number:
                return
        except sqlite3.OperationalError:  # it is being made just now
            pass
        assert time.monotonic() < end
        time.sleep(0.02)
