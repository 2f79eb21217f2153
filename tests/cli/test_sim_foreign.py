"""``cosim sim`` on a designer's own netlist: what is printed, kept, set, stepped and refused."""

import csv
import json
from pathlib import Path

import pytest

from cosim.spice.raw import read_raw
from tests.cli.program import invoke

RC = """by a designer
V1 a 0 PWL(0 0 1n {amplitude})
R1 a o 1k5 tol=1%
C1 o 0 1µ Rser=0
L1 o p 1m
R2 p 0 1Meg
.param amplitude=2
.tran 3m
.meas TRAN end FIND V(o) AT=1.5m
.meas TRAN ratio PARAM end/amplitude
.backanno
.end
"""
END = 2 * 0.63212


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test in a folder of its own, with a designer's netlist in it, as LTspice saves it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "amp.net").write_bytes(RC.encode("utf-16"))
    return tmp_path


def test_measures_are_printed_below_what_was_translated():
    lines = invoke("sim", "amp.net").output.splitlines()
    assert lines[:2] == [
        "amp.net, line 5: L without Rser: Rser=0.001, LTspice's default, as a resistor",
        "amp.net, line 8: .tran: .tran 2.99193e-06 0.003 0 2.99193e-06 (largest step written out)",
    ]
    assert lines[2].startswith("amp.net: ok, ")
    assert [line.split()[0] for line in lines[3:]] == ["measure", "end", "ratio"]


def test_the_same_as_json():
    found = json.loads(invoke("sim", "amp.net", "--json").stdout)
    assert found["measures"] == pytest.approx({"end": END, "ratio": END / 2}, rel=2e-3)
    assert found["notes"][0] == {"file": "amp.net", "line": 5, "what": "L without Rser", "became": "Rser=0.001, LTspice's default, as a resistor"}
    assert "v(o)" in found["signals"]


def test_components_and_parameters_are_set():
    found = json.loads(invoke("sim", "amp.net", "--set", "R1=750", "--param", "amplitude=4", "--json").stdout)
    assert found["measures"]["end"] == pytest.approx(4 * 0.864665, rel=2e-3)


def test_steps_give_a_table_and_waves_with_an_axis_more(own_folder: Path):
    result = invoke("sim", "amp.net", "--step", "param amplitude list 1 2 4", "-o", "waves.csv")
    assert result.exit_code == 0
    table = result.output.splitlines()[-4:]
    assert table[0].split() == ["amplitude", "status", "end", "ratio"]
    assert [float(row.split()[2]) for row in table[1:]] == pytest.approx([END / 2, END, 2 * END], rel=2e-3)
    with (own_folder / "waves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted({row["batch"] for row in rows}) == ["0", "1", "2"]
    assert float(rows[-1]["v(a)"]) == pytest.approx(4)


def test_steps_as_json_and_as_raw_files(own_folder: Path):
    found = json.loads(invoke("sim", "amp.net", "--step", "param amplitude 1 3 1", "--json", "-o", "waves.raw").stdout)
    assert found["steps"] == {"amplitude": [1, 2, 3]}
    assert [each["point"] for each in found["runs"]] == [{"amplitude": 1}, {"amplitude": 2}, {"amplitude": 3}]
    assert [read_raw(own_folder / f"waves-{index}.raw")[2]["v(a)"][-1] for index in (1, 2, 3)] == pytest.approx([1, 2, 3])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "R9=1k"), "--set R9: there is no such component in the top circuit; near: r2, r1"),
        (("--set", "R1"), "--set=R1: must be written name=value"),
        (("--param", "gain=2"), "--param gain: the netlist uses no parameter of this name"),
        (("--step", "param gain 1 2 1"), "--step, line 1: `.step param gain`: no parameter of this name is used in the netlist"),
        (("--memory", "1 kB"), "limits, memory=1000: must be >= 1e+08 bytes"),
        (("--memory", "much"), "--memory='much': must be a number, with a suffix or a unit at most"),
        (("-o", "waves.mat"), "--output=waves.mat: must end in .raw or .csv"),
    ],
)
def test_an_option_that_cannot_be_is_refused_in_one_line(arguments: tuple[str, ...], said: str):
    result = invoke("sim", "amp.net", *arguments)
    assert (result.exit_code, result.stderr) == (2, f"cosim: {said}\n")


def test_a_step_of_the_netlist_over_an_unknown_parameter_is_refused_by_line(own_folder: Path):
    (own_folder / "amp.net").write_text(RC.replace(".backanno", ".step param amplitud 1 2 1"))
    result = invoke("sim", "amp.net")
    assert (result.exit_code, result.stderr) == (
        2,
        "cosim: amp.net, line 11: `.step param amplitud`: no parameter of this name is used in the netlist; near: amplitude\n",
    )


def test_a_netlist_without_analysis_is_refused_in_one_line(own_folder: Path):
    (own_folder / "amp.net").write_text(RC.replace(".tran 3m", "* no analysis"))
    result = invoke("sim", "amp.net")
    assert (result.exit_code, result.stderr) == (2, "cosim: amp.net: asks for no analysis; write .tran, .ac, .dc, .noise or .op\n")


def test_commands_need_trust(own_folder: Path):
    (own_folder / "amp.net").write_text(RC.replace(".backanno", f".control\nshell touch {own_folder / 'owned'}\n.endc"))
    result = invoke("sim", "amp.net")
    assert (result.exit_code, result.stderr) == (2, "cosim: amp.net, line 11: `.control` runs commands; refused without --trust\n")
    assert not (own_folder / "owned").exists()
    assert invoke("sim", "amp.net", "--trust").exit_code == 0
    assert (own_folder / "owned").exists()


def test_a_schematic_is_for_ltspice(own_folder: Path):
    (own_folder / "amp.asc").write_text("Version 4\n")
    result = invoke("sim", "amp.asc", "--engine", "ngspice")
    assert result.exit_code == 2
    assert result.stderr == "cosim: amp.asc: a schematic needs LTspice; in LTspice choose View > SPICE Netlist, save it, and give the .net to cosim\n"


def test_a_run_of_the_steps_that_fails_is_printed_with_the_others_and_ends_with_4(own_folder: Path):
    (own_folder / "amp.net").write_text("* t\nV1 a 0 {v}\nB1 o 0 V=sqrt(v(a))\nR1 o 0 1k\n.step param v list 4 -4\n.op\n.meas OP r PARAM V(o)\n.end\n")
    result = invoke("sim", "amp.net")
    assert result.exit_code == 4
    assert [line.split()[:3] for line in result.stdout.splitlines()[-3:]] == [["v", "status", "r"], ["4", "ok", "2"], ["-4", "no_convergence", "-"]]


def test_a_design_takes_no_options_of_netlists(own_folder: Path):
    (own_folder / "a.toml").write_text("format = 1\n")
    result = invoke("sim", "a.toml", "--set", "R1=1k")
    assert (result.exit_code, result.stderr) == (2, "cosim: a.toml: --set, --param and --step are for netlists; change the design, or use `cosim sweep`\n")


DIVIDER = "* t\nV1 a 0 {v}\nR1 a o 1k\nR2 o 0 1k\n.param v=4\n.op\n.end\n"


def test_an_operating_point_is_printed_and_given_as_json(own_folder: Path):
    (own_folder / "op.net").write_text(DIVIDER)
    rows = [line.split() for line in invoke("sim", "op.net").stdout.splitlines()]
    assert rows[-4:] == [["signal", "value"], ["v(a)", "4"], ["v(o)", "2"], ["i(v1)", "-0.002"]]
    assert json.loads(invoke("sim", "op.net", "--json").stdout)["values"] == pytest.approx({"v(a)": 4, "v(o)": 2, "i(v1)": -2e-3})


def test_operating_points_of_steps_are_a_table(own_folder: Path):
    (own_folder / "op.net").write_text(DIVIDER)
    rows = [line.split() for line in invoke("sim", "op.net", "--step", "param v 2 4 2").stdout.splitlines()]
    assert rows[-3:] == [["v", "status", "v(a)", "v(o)", "i(v1)"], ["2", "ok", "2", "1", "-0.001"], ["4", "ok", "4", "2", "-0.002"]]


def test_a_measure_that_failed_is_said_and_is_no_failed_run(own_folder: Path):
    (own_folder / "amp.net").write_text(RC.replace("AT=1.5m", "AT=9m"))
    result = invoke("sim", "amp.net")
    said = "cosim: amp.net: measures that failed: end (0.009 is outside of 0..0.003), ratio (uses end, which failed)\n"
    assert (result.exit_code, result.stderr) == (0, said)
    assert [" ".join(line.split()) for line in result.stdout.splitlines()[-2:]] == [
        "end failed: 0.009 is outside of 0..0.003",
        "ratio failed: uses end, which failed",
    ]
    found = json.loads(invoke("sim", "amp.net", "--json").stdout)
    assert found["measures"] == {"end": None, "ratio": None}
    assert [each["measure"] for each in found["failed"]] == ["end", "ratio"]
    stepped = invoke("sim", "amp.net", "--step", "param amplitude 1 2 1")
    assert (stepped.exit_code, stepped.stderr) == (0, said)
    assert stepped.stdout.splitlines()[-1].split() == ["2", "ok", "failed", "failed"]


@pytest.mark.parametrize(
    ("step", "arguments", "said"),
    [
        (".step param amplitude 1 2 1", ("--param", "Amplitude=5"), "--param Amplitude: amp.net, line 11 steps it; give --step with the values instead"),
        (".step V2 1 2 1\nV2 q 0 1", ("--set", "V2=5"), "--set V2: amp.net, line 11 steps it; give --step with the values instead"),
        ("* none", ("--set", "R1={r}"), "--set R1={r}: takes a number only; write the expression into the netlist and use --param"),
    ],
)
def test_a_value_that_cannot_be_set_is_refused_in_one_line(own_folder: Path, step: str, arguments: tuple[str, ...], said: str):
    (own_folder / "amp.net").write_text(RC.replace(".backanno", step))
    result = invoke("sim", "amp.net", *arguments)
    assert (result.exit_code, result.stderr) == (2, f"cosim: {said}\n")
