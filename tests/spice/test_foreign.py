"""Netlists from outside, tried for real: nothing is executed, nothing written outside, nothing read from elsewhere, limits hold."""

import os
import sys
import time
from pathlib import Path

import pytest

from cosim.errors import DataError, DialectError, InputError, SimulationError
from cosim.netlist import simulate_netlist
from cosim.spice.engines import find_engine
from cosim.spice.foreign import read_netlist
from cosim.spice.limits import LAUNCHER, Limits, confined
from tests.spice.translated import netlist, run

RC = ("V1 a 0 1", "R1 a o 1k", "R2 o 0 1k", ".op")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits of a process")
HOSTILE = {  # what was seen to work in ngspice 39 -> the construct that is named
    ".control\nshell touch OWNED\n.endc": ".control",
    ".Control\nwrite OWNED\n.endc": ".control",
    "  .control\nshell touch OWNED\n.endc": ".control",
    "*#shell touch OWNED": "*#",
    "*# wrdata OWNED v(o)": "*#",
    "R9 a 0 `touch OWNED`": "`",
    ".param x=`touch OWNED`": "`",
    "shell touch OWNED": "shell",
    "system touch OWNED": "shell",
    "codemodel OWNED": "shell",
    "pre_codemodel OWNED": "shell",
    "source OWNED": "shell",
    "wrdata OWNED v(o)": "write",
    "write OWNED v(o)": "write",
    'A1 %v([o]) fs\n.model fs filesource (file="OWNED")': "filesource",
    ".csparam x=1": ".csparam",
}


@pytest.mark.parametrize("construct", HOSTILE)
@pytest.mark.parametrize("where", ["netlist", "include", "lib", "section"])
def test_what_runs_or_writes_is_refused_and_does_nothing(tmp_path: Path, construct: str, where: str):
    lines = construct.replace("OWNED", str(tmp_path / "owned"))
    path = tmp_path / "amp.cir"
    if where == "netlist":
        path.write_text(netlist(*RC, lines))
    else:
        (tmp_path / "inner.lib").write_text(f"* library\n.lib tt\n{lines}\n.endl\n" if where == "section" else f"* library\n{lines}\n")
        path.write_text(netlist(*RC, {"include": ".include inner.lib", "lib": ".lib inner.lib", "section": ".lib inner.lib tt"}[where]))
    with pytest.raises(DialectError, match=r"line \d+: `.*refused without --trust$") as error:
        simulate_netlist(path, engine="ngspice")
    assert f": `{HOSTILE[construct]}` " in str(error.value)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("title", ["*ng_script", "* ng_script", "*#shell touch owned"])
def test_a_title_that_is_a_command_is_refused(tmp_path: Path, title: str):
    (tmp_path / "amp.cir").write_text(f"{title}\nshell touch {tmp_path / 'owned'}\n" + "\n".join(RC))
    with pytest.raises(DialectError, match=r"line 1: `\*"):
        simulate_netlist(tmp_path / "amp.cir", engine="ngspice")
    assert not (tmp_path / "owned").exists()


def test_a_spiceinit_beside_the_netlist_is_not_read(tmp_path: Path):
    (tmp_path / ".spiceinit").write_text(f"shell touch {tmp_path / 'owned'}\n")
    assert run(tmp_path, *RC).waves.require()["v(o)"][0] == pytest.approx(0.5)
    assert not (tmp_path / "owned").exists()


def test_names_do_not_smuggle_lines_into_the_deck(tmp_path: Path):
    (tmp_path / "amp.cir").write_bytes(b"* t\nV1 a 0 1\nR1 a o 1k\x0b.control\nR2 o 0 1k\n.op\n.end\n")
    with pytest.raises(DialectError, match=r"`\.control` runs commands"):
        simulate_netlist(tmp_path / "amp.cir", engine="ngspice")


@pytest.mark.parametrize(
    "line",
    [
        ".include /etc/hostname",
        ".include ../outside.lib",
        ".include inner/../../outside.lib",
        ".include ~/outside.lib",
        ".include C:\\secret.lib",
        ".include \\\\server\\share\\x.lib",
        ".include http://example.org/x.lib",
        ".lib ../outside.lib",
        ".lib /etc/hostname tt",
        ".inc '../outside.lib'",
        ".include linked.lib",
        ".include linked/outside.lib",
        "V9 c 0 PWL file=../outside.lib",
        "V9 c 0 PWL(file=/etc/hostname)",
        "V9 c 0 wavefile=/etc/hostname",
    ],
)
def test_files_elsewhere_are_not_read(tmp_path: Path, line: str):
    folder = tmp_path / "own"
    folder.mkdir()
    (tmp_path / "outside.lib").write_text("* secret\n.param secret=1\n")
    (folder / "linked.lib").symlink_to(tmp_path / "outside.lib")
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    (folder / "amp.cir").write_text(netlist(*RC, line))
    with pytest.raises(DialectError, match=r"must be a file beside the netlist, not an absolute path or a parent folder; refused without --trust$") as error:
        simulate_netlist(folder / "amp.cir", engine="ngspice")
    assert "line 6" in str(error.value)
    assert "secret=1" not in str(error.value)


def test_files_in_folders_of_the_netlist_are_read_each_from_its_own(tmp_path: Path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.lib").write_text("* a\n.include b.lib\n")
    (tmp_path / "lib" / "b.lib").write_text("* b\n.param r=3k\n.end\n")
    assert run(tmp_path, "V1 a 0 1", "R1 a o {r}", "R2 o 0 1k", '.include "lib\\a.lib"', ".op").waves.require()["v(o)"][0] == pytest.approx(0.25)


def test_a_section_of_a_library_is_taken_alone(tmp_path: Path):
    (tmp_path / "p.lib").write_text("* corners\n.lib tt\n.param r=1k\n.endl tt\n.lib ss\n.param r=3k\n.endl ss\n")
    assert run(tmp_path, "V1 a 0 1", "R1 a o {r}", "R2 o 0 1k", ".lib p.lib SS", ".op").waves.require()["v(o)"][0] == pytest.approx(0.25)
    with pytest.raises(DialectError, match=r"p\.lib: has no section ff; it has tt, ss$"):
        run(tmp_path, *RC, ".lib p.lib ff")
    with pytest.raises(DialectError, match="the library has sections; name one"):
        run(tmp_path, *RC, ".lib p.lib")


def test_files_that_include_each_other_are_refused(tmp_path: Path):
    (tmp_path / "a.lib").write_text("* a\n.include b.lib\n")
    (tmp_path / "b.lib").write_text("* b\n.include a.lib\n")
    with pytest.raises(DialectError, match=r"b\.lib, line 2: `a\.lib` includes itself$"):
        run(tmp_path, *RC, ".include a.lib")


def test_a_device_or_a_pipe_is_not_read(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.lib")
    with pytest.raises(DialectError, match=r"`pipe.lib`: no such file beside the netlist"):
        run(tmp_path, *RC, ".include pipe.lib")
    with pytest.raises(DataError, match="is no plain file"):
        simulate_netlist(tmp_path / "pipe.lib", engine="ngspice")


def test_a_library_of_ltspices_own_that_is_not_here_is_left_out_and_named(tmp_path: Path):
    made = run(tmp_path, "V1 a 0 1", "R1 a o 1k", "D1 o 0 D", ".model D D", ".lib C:\\Users\\me\\AppData\\Local\\LTspice\\lib\\cmp\\standard.dio", ".op")
    assert made.waves.require()["v(o)"][0] == pytest.approx(0.55, abs=0.1)
    assert str(made.notes[0]).endswith("line 6: .lib standard.dio: left out: LTspice's own library, not at hand")
    with pytest.raises(DialectError, match=r"subcircuit `level2` is not defined; LTspice's own UniversalOpAmp2.lib is not at hand: put it beside the netlist$"):
        run(tmp_path, "X1 a 0 o level2", ".lib UniversalOpAmp2.lib", ".op")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no netlist"),
        (b"* only\n* remarks\n", "holds comments only"),
        (b"\x7fELF" + bytes(range(256)) * 9, "is no netlist"),
        (b"one line", "is no netlist"),
    ],
)
def test_what_is_no_netlist_is_refused(tmp_path: Path, data: bytes, said: str):
    (tmp_path / "a.cir").write_bytes(data)
    with pytest.raises(InputError, match=said):
        simulate_netlist(tmp_path / "a.cir", engine="ngspice")


def test_a_netlist_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"nowhere\.cir: no such file or directory$"):
        simulate_netlist(tmp_path / "nowhere.cir", engine="ngspice")


def test_trust_lets_commands_run_and_files_be_read(tmp_path: Path):
    folder = tmp_path / "own"
    folder.mkdir()
    (tmp_path / "outside.lib").write_text("* outside\n.param r=3k\n")
    (folder / "amp.cir").write_text(
        netlist("V1 a 0 1", "R1 a o {r}", "R2 o 0 1k", ".include ../outside.lib", ".op", f".control\nshell touch {tmp_path / 'owned'}\n.endc")
    )
    assert simulate_netlist(folder / "amp.cir", engine="ngspice", trust=True).waves.require()["v(o)"][0] == pytest.approx(0.25)
    assert (tmp_path / "owned").exists()


def bomb(depth: int, width: int) -> list[str]:
    """A netlist of a kilobyte that expands to ``width ** depth`` resistors."""
    levels = [line for level in range(depth) for line in (f".subckt b{level} a", *(f"X{index} a b{level + 1}" for index in range(width)), ".ends")]
    return ["V1 a 0 1", "X1 a b0", *levels, f".subckt b{depth} a", "R1 a 0 1k", ".ends", ".op"]


def test_a_bomb_of_subcircuits_is_counted_and_not_run(tmp_path: Path):
    began = time.perf_counter()
    with pytest.raises(DialectError, match=r"amp\.cir, line 3: the netlist expands to 1e\+10 elements or more; must be at most 200000$"):
        run(tmp_path, *bomb(10, 10))
    assert time.perf_counter() - began < 2


def test_a_subcircuit_that_holds_itself_is_refused(tmp_path: Path):
    with pytest.raises(DialectError, match=r"holds itself, or is nested more than 40 deep$"):
        run(tmp_path, "V1 a 0 1", "X1 a s", ".subckt s a", "X1 a t", ".ends", ".subckt t a", "X1 a s", ".ends", ".op")
    with pytest.raises(DialectError, match=r"nested more than 40 deep$"):
        run(tmp_path, *bomb(60, 1))


@LINUX
def test_memory_is_limited(tmp_path: Path):
    made = run(tmp_path, *bomb(11, 3), limits=Limits(memory=130e6)).waves
    assert (str(made.status), made.message) == ("crashed", "needs more memory than 130 MB; raise --memory")
    with pytest.raises(SimulationError, match="needs more memory than 130 MB; raise --memory"):
        made.require()


@LINUX
def test_the_size_of_files_is_limited(tmp_path: Path):
    made = run(tmp_path, "V1 a 0 SINE(0 1 1k)", "R1 a o 1k", "C1 o 0 1n", ".tran 0 1 0 1u", limits=Limits(file_size=1e6)).waves
    assert str(made.status) == "no_space"


def test_time_is_limited(tmp_path: Path):
    began = time.perf_counter()
    made = run(tmp_path, "V1 a 0 SINE(0 1 1k)", "R1 a o 1k", "C1 o 0 1n", ".tran 0 4 3.99 1u", limits=Limits(seconds=0.5)).waves
    assert (str(made.status), made.message) == ("timeout", "killed after 0.5 s")
    assert time.perf_counter() - began < 5


@LINUX
def test_without_prlimit_python_sets_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import shutil

    real = shutil.which
    monkeypatch.setattr("cosim.spice.limits.shutil.which", lambda name: None if name == "prlimit" else real(name))
    engine = confined(find_engine("ngspice"), Limits())
    assert LAUNCHER in engine.command
    assert run(tmp_path, *RC).waves.require()["v(o)"][0] == pytest.approx(0.5)
    assert str(run(tmp_path, *bomb(11, 3), limits=Limits(memory=130e6)).waves.status) == "crashed"


@pytest.mark.parametrize(("given", "said"), [({"seconds": 0}, "seconds=0: must be > 0"), ({"memory": 1e6}, "memory=1e+06: must be >= 1e+08 bytes")])
def test_limits_that_nothing_can_keep_are_refused(given: dict[str, float], said: str):
    with pytest.raises(InputError) as error:
        Limits(**given)
    assert str(error.value) == f"limits, {said}"


def test_a_netlist_that_saves_nothing_is_refused(tmp_path: Path):
    with pytest.raises(DialectError, match=r"amp\.cir: `\.save` keeps nothing: v\(x9:\*\) is no signal of this netlist$"):
        run(tmp_path, *RC, ".save V(x9:*)")


def test_a_schematic_needs_ltspice(tmp_path: Path):
    (tmp_path / "amp.asc").write_text("Version 4\n")
    with pytest.raises(InputError, match=r"amp\.asc: a schematic needs LTspice; in LTspice choose View > SPICE Netlist, save it, and give the \.net to cosim$"):
        simulate_netlist(tmp_path / "amp.asc", engine="ngspice")


def test_the_statements_of_included_files_keep_their_places(tmp_path: Path):
    (tmp_path / "a.lib").write_text("* a\n\n.param r=3k\n")
    (tmp_path / "amp.cir").write_text(netlist(*RC, ".include a.lib"))
    found = read_netlist(tmp_path / "amp.cir").statements
    assert [(Path(each.file).name, each.line) for each in found][-2:] == [("a.lib", 3), ("amp.cir", 7)]
