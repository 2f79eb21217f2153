"""``cosim netlist``: decks on stdout and in files, the library, the dialect checker."""

import json
from pathlib import Path

import pytest

from cosim import resources
from cosim.spice.dialect import check
from cosim.spice.library import files
from tests.cli.program import invoke


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("orientation", ["mod", "mos"])
def test_the_deck_of_a_cell_is_portable_and_has_the_size_asked_for(orientation: str):
    result = invoke("netlist", "cell", "--orientation", orientation, "--w-over-l", "42")
    assert result.exit_code == 0
    assert check(result.output) == []
    assert ".param w_over_l=42 ;" in result.output
    assert f"({orientation.upper()})" in result.output.splitlines()[0]


def test_stdout_and_file_are_the_same_text(own_folder: Path):
    assert invoke("netlist", "cell", "-o", "cell.cir").output == ""
    assert (own_folder / "cell.cir").read_text() == invoke("netlist", "cell").output


def test_the_deck_of_a_design_takes_its_voltages(own_folder: Path):
    (own_folder / "a.toml").write_text('format = 1\n[supply]\ngate = "2.5 V"\n[cell]\nfull_voltage = "1.5 V"\nbody = "lowest"\n')
    text = invoke("netlist", "cell", "a.toml").output
    assert "Vword word 0 2.5\n" in text
    assert "Vbit bit 0 PWL(0 0 1.5 1.5 3 0 4.5 -1.5 6 0)\n" in text
    assert "min(V(bit),min(V(sl),0))" in text


def test_a_library_of_the_users_own_lies_beside_the_deck(own_folder: Path):
    (own_folder / "foundry").mkdir()
    (own_folder / "foundry" / "my.lib").write_text("* foundry\n.model n18 nmos level=1 vto=0.5\n")
    (own_folder / "a.toml").write_text('format = 1\n[transistor]\nlibrary = "foundry/my.lib"\nmodel = "n18"\n')
    assert invoke("netlist", "cell", "a.toml", "-o", "cell.cir").exit_code == 0
    assert ".include my.lib" in (own_folder / "cell.cir").read_text()
    assert (own_folder / "my.lib").read_text() == (own_folder / "foundry" / "my.lib").read_text()


def test_the_deck_of_an_array_has_every_cell_and_line():
    text = invoke("netlist", "array", "--rows", "3", "--columns", "2").output
    cells = [line for line in text.splitlines() if line.lower().startswith(("x_", "xx_"))]
    assert len(cells) == 6
    assert check(text) == []
    assert all(f"wl_{row}" in text for row in range(3))
    assert "bl_2" not in text


def test_wire_resistance_carries_its_unit():
    assert invoke("netlist", "array", "--rows", "2", "--columns", "2", "--wire-resistance", "1.5 ohm").output.count(" 1.5\n") == 12
    result = invoke("netlist", "array", "--rows", "2", "--columns", "2", "--wire-resistance", "1 V")
    assert (result.exit_code, result.stderr) == (2, "cosim: --wire-resistance='1 V': must be a quantity in ohm, not in 'V'\n")


def test_the_library_is_written_as_the_generator_gives_it(own_folder: Path):
    result = invoke("netlist", "library", "-o", "out/lib")
    assert result.output == f"{len(files())} files in out/lib\n"
    assert {path.name: path.read_text() for path in (own_folder / "out" / "lib").iterdir()} == files()


def test_a_portable_file_passes_the_check(own_folder: Path):
    invoke("netlist", "cell", "-o", "cell.cir")
    result = invoke("netlist", "--check", "cell.cir")
    assert (result.exit_code, result.output) == (0, "cell.cir: portable\n")


def test_the_check_names_line_and_construct_and_fails(own_folder: Path):
    (own_folder / "a.cir").write_text("* a\nR1 a 0 2n5\nV1 a 0 1\n.step param x 1 2 1\n.op\n.end\n")
    result = invoke("netlist", "--check", "a.cir")
    assert result.exit_code == 1
    assert [line.split("`")[0] for line in result.stdout.splitlines()] == ["a.cir, line 2: ", "a.cir, line 4: "]
    assert result.stderr == "cosim: a.cir: 2 lines outside of the portable subset\n"


def test_the_check_gives_json(own_folder: Path):
    (own_folder / "a.cir").write_text("* a\nV1 a 0 1\n.step param x 1 2 1\n.op\n.end\n")
    result = invoke("netlist", "--json", "--check", "a.cir")
    (finding,) = json.loads(result.stdout)
    assert (finding["line"], finding["construct"]) == (3, ".step")


def test_a_file_of_bytes_is_refused(own_folder: Path):
    (own_folder / "a.cir").write_bytes(b"\x7f\xff\xfe" * 80 + bytes(9))
    assert invoke("netlist", "--check", "a.cir").stderr == "cosim: a.cir: is no text\n"


def test_a_netlist_as_ltspice_saves_it_is_checked_like_others(own_folder: Path):
    (own_folder / "a.cir").write_bytes("* a\nR1 a 0 10µ\n.end\n".encode("utf-16"))
    assert "a.cir, line 2: `non-ASCII character` must be ASCII; write u for micro" in invoke("netlist", "--check", "a.cir").output


def test_the_shipped_netlists_are_what_the_command_writes():
    assert {path.name: path.read_text() for path in resources.netlists().iterdir()} == files()
