"""The gate that every included file passes: allowed lines are listed, everything else is refused."""

import re
import subprocess
from pathlib import Path

import pytest

from cosim.analysis import Op
from cosim.circuits.cells import transistor_bench
from cosim.design import Design
from cosim.devices.mosfet import from_library, load_mosfet
from cosim.errors import DialectError
from cosim.resources import netlists
from cosim.simulation import simulate
from cosim.spice.deck import write_deck
from cosim.spice.engines import find_engine
from cosim.spice.foreign import read_netlist
from cosim.spice.libraries import check_library

MODEL = ".model mine nmos level=1 vto=0.7 kp=100u\n"
NMOS = load_mosfet("c5n_nmos")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (".control\nshell touch owned\n.endc", "line 3: `.control` must not stand in a library: models, subcircuits, parameters and functions may"),
        ("*#shell touch owned", "line 3: `*#shell touch owned` is a command to ngspice; refused"),
        ("* ng_script", "line 3: `* ng_script` is a command to ngspice; refused"),
        (".param a=`touch owned`", "line 3: `.param a=`touch owned`` is a command to ngspice; refused"),
        ('.include "/tmp/evil x.lib"', "line 3: `.include` must not stand in a library: put the content of that file here"),
        (".lib tt\n.endl", "line 3: `.lib` must not stand in a library: sections are not read; give a file that holds one corner"),
        ("shell touch owned", "line 3: `shell` must not stand in a library outside of a subcircuit"),
        (".options reltol=1", "line 3: `.options` must not stand in a library: models, subcircuits, parameters and functions may"),
    ],
)
def test_more_than_a_library_is_refused_by_line(line: str, said: str):
    with pytest.raises(DialectError, match=f"^{re.escape(f'my.lib, {said}')}$"):
        check_library(f"* mine\n{MODEL}{line}\n", where="my.lib")


def test_models_subcircuits_parameters_and_functions_pass():
    check_library(
        f"* mine; a `backquote` in a comment\n{MODEL}.param p=1\n.func f(x) {{x}}\n.subckt s a b params: r=1\nR1 a b {{r}}\n.ic V(a)=0\n.ends s\n",
        where="my.lib",
    )


def test_a_hostile_library_reaches_no_simulator(tmp_path: Path):
    library = tmp_path / "evil.lib"
    library.write_text(f"* evil\n.control\nshell touch {tmp_path / 'owned'}\n.endc\n{MODEL}")
    card = from_library(library, "mine", kind="nmos", like=NMOS)
    with pytest.raises(DialectError, match=r"evil\.lib, line 2: `\.control` must not stand in a library"):
        simulate(transistor_bench(card, drain=0.1, gate=3.0), Op())
    assert not (tmp_path / "owned").exists()


def test_a_quoted_include_with_a_blank_is_no_way_around(tmp_path: Path):
    (tmp_path / "m.lib").write_text(f'* m\n.include "{tmp_path}/evil x.lib"\n')
    (tmp_path / "evil x.lib").write_text(f"* evil\n.control\nshell touch {tmp_path / 'owned'}\n.endc\n")
    (tmp_path / "a.cir").write_text("* a\nV1 a 0 1\nR1 a 0 1000\n.include m.lib\n.op\n.end\n")
    with pytest.raises(DialectError, match=r"evil x\.lib|m\.lib, line 2"):
        read_netlist(tmp_path / "a.cir")


def test_a_library_whose_path_has_blanks_and_other_letters_is_read(tmp_path: Path):
    library = tmp_path / "mein mös.lib"
    library.write_text(f"* mine\n{MODEL}")
    deck = write_deck(transistor_bench(from_library(library, "mine", kind="nmos", like=NMOS), drain=0.1, gate=3.0), Op())
    assert ".include mein_m_s.lib" in deck.text
    assert simulate(deck).require()["i(vd)"][0] < 0


@pytest.mark.parametrize("deck", sorted(netlists().glob("*.cir")), ids=lambda path: path.stem)
def test_a_shipped_deck_runs_by_the_command_in_its_header(deck: Path, tmp_path: Path):
    (tmp_path / "FILE").write_bytes(deck.read_bytes())
    command = re.search(r"ngspice: ngspice (.*)", deck.read_text())
    assert command is not None
    done = subprocess.run([find_engine("ngspice").command[0], *command[1].split()], cwd=tmp_path, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0
    assert (tmp_path / "waves.raw").stat().st_size > 500


def test_no_home_is_no_reason_to_crash(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HOME", raising=False)
    assert simulate(transistor_bench(NMOS, drain=0.1, gate=3.0), Op()).require()["i(vd)"][0] < 0


def test_no_line_of_a_deck_is_too_long_for_a_page():
    from cosim.codesign.decks import cell_deck

    assert max(len(line) for line in cell_deck(Design(), "mod").text.splitlines()) <= 120
