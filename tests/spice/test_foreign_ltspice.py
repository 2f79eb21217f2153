"""Netlists and schematics for LTspice itself, with a program in its place: LTspice cannot be installed where the tests run."""

from pathlib import Path

import pytest

from cosim.errors import DialectError, SimulationError
from cosim.netlist import simulate_netlist
from cosim.spice.engines import Engine
from tests.spice.translated import netlist

RAW = """Title: * t
Plotname: Operating Point
Flags: real
No. Variables: 2
No. Points: 1
Command: Linear Technology Corporation LTspice
Variables:
\t0\tV(o)\tvoltage
\t1\tI(R1)\tdevice_current
Values:
0\t5.0e-01
\t1.0e-03
"""
LINES = ("V1 a 0 1 Rser=1", "R1 a o {r}", "A1 o 0 0 0 0 0 q 0 BUF", ".lib standard.bjt", ".step param r list 1k 3k", ".meas OP half PARAM V(o)", ".op")


def ltspice(folder: Path) -> Engine:
    """A program that keeps the netlists that it is given, and answers with one result; ``-netlist`` writes a netlist."""
    (folder / "answer.raw").write_text(RAW)
    script = folder / "ltspice"
    script.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = -netlist ]; then [ -e {folder}/refuse ] || printf "* made\\nR1 a o 1k\\nR2 o 0 1k\\nV1 a 0 1\\n.op\\n" > "${{2%.asc}}.net"; exit 0; fi\n'
        f"cat deck.cir >> {folder}/given.txt\n"
        f'cp {folder}/answer.raw deck.raw\nprintf "Circuit" > deck.log\n'
    )
    script.chmod(0o755)
    return Engine("ltspice", (str(script),), "24.1.9.0")


def test_ltspice_is_given_its_netlist_as_it_is_once_for_each_step(tmp_path: Path):
    (tmp_path / "amp.cir").write_text(netlist(*LINES))
    made = simulate_netlist(tmp_path / "amp.cir", engine=ltspice(tmp_path), workers=1)
    given = (tmp_path / "given.txt").read_text()
    assert made.waves.require()["v(o)"].shape == (2, 1)
    assert given.count("V1 a 0 1 Rser=1\n") == given.count("A1 o 0 0 0 0 0 q 0 BUF\n") == given.count(".lib standard.bjt\n") == 2
    assert ".param r=1000\n" in given
    assert ".param r=3000\n" in given
    assert ".step" not in given
    assert made.measures == ({"half": 0.5}, {"half": 0.5})
    assert made.notes == ()


def test_a_netlist_for_ltspice_is_confined_too(tmp_path: Path):
    (tmp_path / "amp.cir").write_text(netlist(*LINES, ".include /etc/hostname"))
    with pytest.raises(DialectError, match=r"must be a file beside the netlist"):
        simulate_netlist(tmp_path / "amp.cir", engine=ltspice(tmp_path))


def test_a_schematic_becomes_a_netlist_by_ltspice_and_its_folder_stays_clean(tmp_path: Path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "amp.asc").write_text("Version 4\n")
    assert simulate_netlist(folder / "amp.asc", engine=ltspice(tmp_path)).waves.require()["v(o)"][0] == pytest.approx(0.5)
    assert [each.name for each in folder.iterdir()] == ["amp.asc"]


def test_a_schematic_of_which_ltspice_makes_nothing_fails(tmp_path: Path):
    (tmp_path / "amp.asc").write_text("Version 4\n")
    (tmp_path / "refuse").touch()
    with pytest.raises(SimulationError, match=r"amp\.asc: LTspice wrote no netlist; open the schematic in LTspice and look for errors$"):
        simulate_netlist(tmp_path / "amp.asc", engine=ltspice(tmp_path))
