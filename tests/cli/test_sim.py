"""``cosim sim`` and ``cosim plot``: run a netlist, keep its waves, draw them; refuse what a netlist must not do."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.program import invoke

DIVIDER = """* divider
V1 a 0 PWL(0 0 1 2)
R1 a b 1000
R2 b 0 1000
.options reltol=0.0001
.tran 0.01 1 0 0.01
.meas TRAN top MAX V(b)
.meas TRAN half FIND V(b) AT=0.5
.meas TRAN when_half WHEN V(b)=0.5 RISE=1
.meas TRAN charge INTEG -I(V1) FROM 0 TO 1
.end
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test in a folder of its own, with a divider in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "divider.cir").write_text(DIVIDER)
    return tmp_path


def aimed(line: str, folder: Path) -> str:
    """A hostile line that would leave ``owned`` in `folder`, wherever the engine runs."""
    return line.replace("owned", str(folder / "owned"))


def test_measures_are_computed_from_the_waves():
    result = invoke("sim", "divider.cir", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["status"] == "ok"
    assert found["measures"] == pytest.approx({"top": 1.0, "half": 0.5, "when_half": 0.5, "charge": 0.5e-3}, rel=1e-4)


def test_a_table_is_printed_for_people():
    lines = invoke("sim", "divider.cir").output.splitlines()
    assert lines[0].startswith("divider.cir: ok, ")
    assert [line.split()[0] for line in lines[1:]] == ["measure", "top", "half", "when_half", "charge"]


def test_waves_are_kept_as_csv(own_folder: Path):
    assert invoke("sim", "divider.cir", "-o", "waves.csv").exit_code == 0
    with (own_folder / "waves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["time"]) == pytest.approx(1.0)
    assert float(rows[-1]["v(b)"]) == pytest.approx(1.0)


def test_waves_are_kept_as_a_raw_file_that_plot_draws(own_folder: Path):
    assert invoke("sim", "divider.cir", "-o", "waves.raw").exit_code == 0
    assert invoke("plot", "waves.raw").output.split() == ["v(a)", "v(b)", "i(v1)"]
    result = invoke("plot", "waves.raw", "V(a)", "v(b)", "I(V1)", "-o", "one.svg")
    assert result.exit_code == 0
    invoke("plot", "waves.raw", "V(a)", "v(b)", "I(V1)", "-o", "two.svg")
    assert (own_folder / "one.svg").read_bytes() == (own_folder / "two.svg").read_bytes()
    assert b"<svg" in (own_folder / "one.svg").read_bytes()


def test_a_signal_that_is_not_there_is_named_with_near_ones(own_folder: Path):
    invoke("sim", "divider.cir", "-o", "waves.raw")
    result = invoke("plot", "waves.raw", "v(bb)")
    assert (result.exit_code, result.stderr) == (2, "cosim: waves, signal=v(bb): must be one of v(b), v(a), ...\n")


def test_a_truncated_raw_file_is_refused(own_folder: Path):
    invoke("sim", "divider.cir", "-o", "waves.raw")
    whole = (own_folder / "waves.raw").read_bytes()
    (own_folder / "cut.raw").write_bytes(whole[: len(whole) - 100])
    result = invoke("plot", "cut.raw", "v(a)")
    assert result.exit_code == 2
    assert result.stderr.startswith("cosim: cut.raw: truncated; ")
    assert result.stderr.count("\n") == 1


def test_a_drawing_of_an_unknown_kind_is_refused():
    result = invoke("plot", "waves.raw", "v(a)", "-o", "a.gif")
    assert (result.exit_code, result.stderr) == (2, "cosim: --output=a.gif: must end in .svg, .pdf or .png\n")


def test_the_cell_of_a_design_is_simulated(own_folder: Path):
    (own_folder / "a.toml").write_text("format = 1\n")
    measures = {orientation: json.loads(invoke("sim", "a.toml", "--orientation", orientation, "--json").stdout)["measures"] for orientation in ("mod", "mos")}
    assert 0.5e-3 < measures["mos"]["g_positive"] < measures["mod"]["g_positive"] < 1e-3
    assert 0 < measures["mod"]["g_negative"] < 20e-6
    assert measures["mod"]["i_min"] < 0 < measures["mod"]["i_max"]


def test_a_file_beside_the_netlist_is_included(own_folder: Path):
    (own_folder / "r.lib").write_text("* values\n.param r=3000\n")
    (own_folder / "divider.cir").write_text(DIVIDER.replace("R2 b 0 1000", "R2 b 0 {r}\n.include r.lib"))
    assert json.loads(invoke("sim", "divider.cir", "--json").stdout)["measures"]["top"] == pytest.approx(1.5, rel=1e-4)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (".control\nshell touch owned\n.endc", "line 5: `.control` runs commands; not a netlist line"),
        ("shell touch owned", "line 5: `shell` runs commands; refused"),
        ("system touch owned", "line 5: `shell` runs commands; refused"),
        ("R9 a 0 `touch owned`", "line 5: `shell` runs commands; refused"),
        ("*#shell touch owned", "line 5: `*#` is a command to ngspice, not a comment; refused"),
        ("wrdata owned v(a)", "line 5: `write` writes files; refused"),
        (".include /etc/passwd", "line 5: `.include /etc/passwd` must be a file beside the netlist, not an absolute path or a parent folder"),
        (".include ../r.lib", "line 5: `.include ../r.lib` must be a file beside the netlist, not an absolute path or a parent folder"),
        ("V9 c 0 PWL file=/etc/passwd", "line 5: `PWL file=` is not in ngspice; write the points"),
    ],
)
def test_a_hostile_line_is_refused_before_anything_runs(own_folder: Path, line: str, said: str):
    (own_folder / "divider.cir").write_text(DIVIDER.replace(".options", f"{aimed(line, own_folder)}\n.options"))
    result = invoke("sim", "divider.cir")
    assert (result.exit_code, result.stderr) == (2, f"cosim: divider.cir, {said}\n")
    assert not (own_folder / "owned").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (".control\nshell touch owned\n.endc\n", "a.lib, line 2: `.control` must not stand in a library: models, subcircuits, parameters and functions may"),
        ("*#quit\n", "a.lib, line 2: `*#quit` is a command to ngspice; refused"),
        (".include /etc/passwd\n", "a.lib, line 2: `.include` must not stand in a library: put the content of that file here"),
        ('.inc"x" /etc/passwd\n', 'a.lib, line 2: `.inc"x"` must not stand in a library: put the content of that file here'),
        (".inc ../r.lib\n", "a.lib, line 2: `.inc` must not stand in a library: put the content of that file here"),
        ("Q9 a b c d\n", "a.lib, line 2: `Q9` must not stand in a library outside of a subcircuit"),
    ],
)
def test_a_hostile_line_in_an_included_file_is_refused(own_folder: Path, content: str, said: str):
    (own_folder / "a.lib").write_text(f"* library\n{aimed(content, own_folder)}")
    (own_folder / "divider.cir").write_text(DIVIDER.replace(".options", ".include a.lib\n.options"))
    result = invoke("sim", "divider.cir")
    assert (result.exit_code, result.stderr) == (2, f"cosim: {said}\n")
    assert not (own_folder / "owned").exists()


def test_a_link_that_leads_out_of_the_folder_is_refused(own_folder: Path):
    (own_folder / "inner").mkdir()
    (own_folder / "r.lib").write_text("* out of the folder\n.param r=3000\n")
    (own_folder / "inner" / "r.lib").symlink_to(own_folder / "r.lib")
    (own_folder / "inner" / "a.cir").write_text(DIVIDER.replace(".options", ".include r.lib\n.options"))
    result = invoke("sim", "inner/a.cir")
    assert result.exit_code == 2
    assert result.stderr == "cosim: inner/a.cir, line 5: `r.lib` must be a file beside the netlist, not an absolute path or a parent folder\n"


def test_an_ambiguous_number_in_a_measure_is_refused(own_folder: Path):
    (own_folder / "divider.cir").write_text(DIVIDER.replace("AT=0.5", "AT=1M"))
    result = invoke("sim", "divider.cir")
    assert (result.exit_code, result.stderr) == (
        2,
        "cosim: divider.cir, line 8, .meas='1M': a bare M is milli in SPICE and mega elsewhere; write m or Meg\n",
    )
