"""Engines: found, overridden, missing; versions."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from PyLTSpice import LTspice
from spicelib.simulators.ngspice_simulator import NGspiceSimulator

from cosim.errors import EngineMissingError, InputError
from cosim.spice.engines import Engine, engines, find_engine, ltspice_version


@pytest.fixture(autouse=True)
def _no_wishes(monkeypatch):
    for name in ("COSIM_NGSPICE", "COSIM_ENGINE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """A machine without any engine: an empty PATH, and nothing that spicelib found when it was imported."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(NGspiceSimulator, "spice_exe", [])
    monkeypatch.setattr(LTspice, "spice_exe", [])


def _program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def _ltspice(folder: Path, version: tuple[int, int, int, int] | None = (24, 1, 9, 0)) -> Path:
    """A Windows program with the version resource that LTspice's carries."""
    major, minor, build, revision = version or (0, 0, 0, 0)
    resource = struct.pack("<IIII", 0xFEEF04BD, 0x10000, major << 16 | minor, build << 16 | revision) if version else b""
    path = folder / "LTspice.exe"
    path.write_bytes(b"MZ" + bytes(100) + resource + bytes(50))
    return path


def test_ngspice_is_found_with_its_version():
    engine = find_engine()
    said = subprocess.run([*engine.command, "--version"], capture_output=True, text=True, check=True).stdout
    assert engine.kind == "ngspice"
    assert Path(engine.command[0]).is_absolute()
    assert f"ngspice-{engine.version} " in said
    assert re.match(r"\d+", engine.version)


def test_ngspice_is_listed_first():
    assert engines()[0] == find_engine("ngspice")


def test_an_engine_is_shown_with_its_version():
    assert str(Engine("ngspice", ("/usr/bin/ngspice",), "39")) == "ngspice 39"


@pytest.mark.usefixtures("bare_machine")
def test_a_machine_without_engines_is_told_what_to_install():
    with pytest.raises(
        EngineMissingError,
        match=r"^engine ngspice: not found; install ngspice \(apt-get install ngspice, brew install ngspice\) or set COSIM_NGSPICE$",
    ) as caught:
        find_engine()
    assert caught.value.exit_code == 3
    assert engines() == []


@pytest.mark.usefixtures("bare_machine")
def test_a_machine_without_ltspice_is_told_how_to_get_it():
    with pytest.raises(
        EngineMissingError,
        match=r"^engine ltspice: not found; install LTspice \(on Linux under Wine\), or set LTSPICEFOLDER and LTSPICEEXECUTABLE$",
    ):
        find_engine("ltspice")


def test_another_kind_of_engine_is_refused():
    with pytest.raises(InputError, match=r"^engine, kind=hspice: must be ngspice or ltspice$"):
        find_engine("hspice")


def test_another_kind_in_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv("COSIM_ENGINE", "hspice")
    with pytest.raises(InputError, match=r"^environment, COSIM_ENGINE=hspice: must be ngspice or ltspice$"):
        find_engine()


@pytest.mark.parametrize("name", ["/nowhere/ngspice", "/"])
def test_a_wish_that_cannot_be_run_is_named(name, monkeypatch):
    monkeypatch.setenv("COSIM_NGSPICE", name)
    with pytest.raises(EngineMissingError, match=rf"^environment, COSIM_NGSPICE={name}: must be the path of an ngspice that can be run$") as caught:
        find_engine()
    assert caught.value.exit_code == 3


def test_a_wish_that_is_no_ngspice_is_named(monkeypatch, tmp_path):
    other = _program(tmp_path / "other", "echo other-7")
    monkeypatch.setenv("COSIM_NGSPICE", str(other))
    with pytest.raises(EngineMissingError, match=r"other: must be the path of an ngspice; `--version` of this one names none$"):
        find_engine("ngspice")


def test_a_wish_is_taken_even_where_path_holds_another(monkeypatch, tmp_path):
    mine = _program(tmp_path / "mine", "echo '** ngspice-45.2 : Circuit level simulation program'")
    monkeypatch.setenv("COSIM_NGSPICE", str(mine))
    assert find_engine() == Engine("ngspice", (str(mine),), "45.2")


def test_the_version_is_read_once_and_again_when_the_program_changes(monkeypatch, tmp_path):
    calls = tmp_path / "calls"
    mine = _program(tmp_path / "mine", f"echo x >> {calls}; echo ngspice-45")
    monkeypatch.setenv("COSIM_NGSPICE", str(mine))
    assert [find_engine().version for _ in range(3)] == ["45"] * 3
    assert calls.read_text() == "x\n"
    _program(mine, f"echo y >> {calls}; echo ngspice-46")
    os.utime(mine, (1, 1))
    assert find_engine().version == "46"
    assert calls.read_text() == "x\ny\n"


def test_ltspice_is_found_behind_its_loader(monkeypatch, tmp_path):
    loader, program = _program(tmp_path / "wine", "exit 0"), _ltspice(tmp_path)
    monkeypatch.setattr(LTspice, "spice_exe", [str(loader), str(program)])
    assert find_engine("ltspice") == Engine("ltspice", (str(loader), str(program)), "24.1.9.0")


def test_the_environment_chooses_the_kind(monkeypatch, tmp_path):
    program = _ltspice(tmp_path)
    monkeypatch.setattr(LTspice, "spice_exe", [str(_program(tmp_path / "wine", "exit 0")), str(program)])
    monkeypatch.setenv("COSIM_ENGINE", "ltspice")
    assert find_engine().kind == "ltspice"
    assert find_engine("ngspice").kind == "ngspice"


@pytest.mark.usefixtures("bare_machine")
def test_ltspice_stands_in_where_there_is_no_ngspice(monkeypatch, tmp_path):
    monkeypatch.setattr(LTspice, "spice_exe", [str(_program(tmp_path / "wine", "exit 0")), str(_ltspice(tmp_path))])
    assert find_engine().kind == "ltspice"


def test_a_loader_without_ltspice_behind_it_is_no_engine(monkeypatch, tmp_path):
    monkeypatch.setattr(LTspice, "spice_exe", [str(_program(tmp_path / "wine", "exit 0")), str(tmp_path / "LTspice.exe")])
    assert [engine.kind for engine in engines()] == ["ngspice"]


def test_the_version_of_ltspice_is_read_from_the_file(tmp_path):
    assert ltspice_version(_ltspice(tmp_path, (17, 0, 37, 0))) == "17.0.37.0"


def test_the_version_of_ltspice_on_macos_is_read_from_its_bundle(tmp_path):
    program = tmp_path / "LTspice.app" / "Contents" / "MacOS" / "LTspice"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"macho")
    keys = "<key>CFBundleShortVersionString</key><string>17.2.4</string>"
    (program.parent.parent / "Info.plist").write_text(f'<?xml version="1.0"?><plist version="1.0"><dict>{keys}</dict></plist>')
    assert ltspice_version(program) == "17.2.4"


def test_an_ltspice_without_a_version_is_unknown(monkeypatch, tmp_path):
    program = _ltspice(tmp_path, None)
    assert ltspice_version(program) == ""
    monkeypatch.setattr(LTspice, "spice_exe", [str(_program(tmp_path / "wine", "exit 0")), str(program)])
    assert find_engine("ltspice").version == "unknown"


def test_importing_the_module_does_not_import_spicelib():
    code = "import sys, cosim.spice.engines, cosim.spice.run, cosim.waves; print([n for n in ('spicelib', 'PyLTSpice', 'pandas') if n in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert said.stdout == "[]\n"
