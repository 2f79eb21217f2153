"""Every exit code, provoked for real, with its one line on stderr."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from cosim import claims, design
from cosim.errors import StoreError
from tests.cli.program import SMALL, engine_script, invoke, process

HANGS = "sleep 60"
DIVIDER = "* divider\nV1 a 0 1\nR1 a b 1000\nR2 b 0 1000\n{line}\n.op\n.end\n"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test in a folder, and with a store, of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIM_STORE", str(tmp_path / "store"))
    return tmp_path


def test_help_and_version_are_a_pass():
    assert invoke("--help").exit_code == 0
    assert invoke("--version").output == "cosim 0.1.0\n"


def test_no_command_prints_the_help():
    result = invoke()
    assert result.exit_code == 0
    assert "Commands:" in result.output


def test_a_broken_rule_is_1(own_folder: Path):
    (own_folder / "a.toml").write_text(SMALL)
    result = invoke("size", "a.toml", "--share", "5 %")
    assert result.exit_code == 1
    assert re.fullmatch(r"cosim: size, W/L 65, share of the transistor at full set=0\.1[01]\d+: must be <= 5%\n", result.stderr)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sise"], "No such command 'sise'"),
        (["sweep"], "Missing argument 'DESIGN'; see `cosim sweep --help`"),
        (["size", "--fast"], "No such option '--fast'"),
        (["size", "none.toml"], "none.toml: no such file"),
        (["size", "--supply", "3 A"], "--supply, [supply] drain='3 A': must be a quantity in V, not in 'A'"),
        (["size", "--supply", "3M"], "--supply, [supply] drain='3M': a bare M is milli in SPICE and mega elsewhere; write m or Meg"),
        (["size", "--memristor", "lim2026"], "card 'lim2026': must be the path of a .toml file or one of lim2025_analog_window, lim2025_full_window"),
        (["size", "--lib", "my.lib"], "--lib: needs --nmos, the name of the model in it"),
        (["size", "--lib", "my.lib", "--nmos", "n18"], "library my.lib: no such file"),
        (["netlist", "cell", "--w-over-l", "0"], "--w-over-l, [transistor] chosen=0: must be > 0"),
        (["netlist", "cell", "-o", "no/cell.cir"], "no/cell.cir: cannot be written, no such file or directory"),
        (["sim", "none.cir"], "none.cir: no such file or directory"),
        (["sim", "a.cir", "--timeout", "0"], "--timeout=0: must be > 0 s"),
        (["sim", "a.cir", "-o", "waves.txt"], "--output=waves.txt: must end in .raw or .csv"),
        (["sim", "a.cir", "-o", "no/waves.csv"], "no/waves.csv: cannot be written, there is no folder no"),
        (["plot", "none.raw"], "none.raw: no such file"),
        (["reproduce", "lim2026"], "claims: none begins with 'lim2026'; studies are lim2025.synapse"),
    ],
)
def test_bad_input_is_2(arguments: list[str], message: str):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"cosim: {message}")
    assert result.stderr.count("\n") == 1


def test_a_design_with_a_wrong_key_is_2(own_folder: Path):
    (own_folder / "a.toml").write_text("format = 1\n[transistor]\nw_over_l = [5, 10, -5]\n")
    result = invoke("sweep", "a.toml")
    assert (result.exit_code, result.stderr) == (2, "cosim: a.toml, [transistor] w_over_l[2]=-5: must be > 0 and <= 100000\n")


def test_a_library_without_the_model_is_2_and_names_those_it_has(own_folder: Path):
    (own_folder / "my.lib").write_text("* foundry\n.model n25 nmos level=8\n.model p25 pmos level=8\n")
    result = invoke("size", "--lib", "my.lib", "--nmos", "n18")
    assert (result.exit_code, result.stderr) == (2, "cosim: library my.lib: has no nmos model 'n18'; it has n25\n")


def test_a_netlist_that_ngspice_rejects_is_2_with_its_own_message(own_folder: Path):
    (own_folder / "a.cir").write_text(DIVIDER.format(line="D1 b 0 dx\n.model dx d(is=1e-14 zzz=1)"))
    result = invoke("sim", "a.cir", "--engine", "ngspice")
    assert result.exit_code == 2
    assert "rejected_netlist: the model parameter zzz is not in ngspice" in result.stderr
    assert result.stderr.count("\n") == 1


def test_no_engine_is_3(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_NGSPICE", str(own_folder / "nowhere"))
    monkeypatch.setattr(claims, "STUDIES", {"demo.study": "tests.cli.demo_study"})
    (own_folder / "a.cir").write_text(DIVIDER.format(line=""))
    (own_folder / "a.toml").write_text(SMALL)
    line = f"cosim: environment, COSIM_NGSPICE={own_folder / 'nowhere'}: must be the path of an ngspice that can be run\n"
    for arguments in (["sim", "a.cir"], ["sim", "a.toml"], ["size", "a.toml"], ["sweep", "a.toml"], ["report", "a.toml"], ["reproduce"]):
        result = invoke(*arguments)
        assert (arguments, result.exit_code, result.stderr) == (arguments, 3, line)


def test_a_timeout_is_4(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_NGSPICE", str(engine_script(own_folder, HANGS)))
    (own_folder / "a.cir").write_text(DIVIDER.format(line=""))
    begin = time.monotonic()
    result = invoke("sim", "a.cir", "--timeout", "300m")
    assert result.exit_code == 4
    assert result.stderr.startswith("cosim: ngspice 39, timeout")
    assert "raise --timeout" in result.stderr
    assert time.monotonic() - begin < 10


def test_a_circuit_without_a_solution_is_4(own_folder: Path):
    (own_folder / "a.cir").write_text(DIVIDER.format(line="V2 a 0 2"))
    result = invoke("sim", "a.cir", "--engine", "ngspice")
    assert result.exit_code == 4
    assert result.stderr.startswith("cosim: ngspice")
    assert result.stderr.count("\n") == 1


def test_an_engine_that_dies_is_4(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_NGSPICE", str(engine_script(own_folder, "kill -SEGV $$")))
    (own_folder / "a.cir").write_text(DIVIDER.format(line=""))
    result = invoke("sim", "a.cir")
    assert result.exit_code == 4
    assert result.stderr.startswith("cosim: ngspice 39, crashed")


def test_a_sweep_with_failed_runs_is_4_and_still_shows_its_table(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_NGSPICE", str(engine_script(own_folder, HANGS)))
    (own_folder / "a.toml").write_text(SMALL)
    result = invoke("sweep", "a.toml", "--w-over-l", "65", "--orientation", "mod", "--timeout", "300m")
    assert result.exit_code == 4
    assert result.stderr.startswith("cosim: sweep: 1 of 1 runs failed, first orientation=mod, w_over_l=65.0, gate=3.0: timeout")
    assert result.stdout.splitlines()[1].endswith("timeout")


def test_a_bug_is_70_and_leaves_its_traceback_in_a_file(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(path: Path) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(design, "load_design", broken)
    monkeypatch.setattr("tempfile.tempdir", str(own_folder))
    result = invoke("size", "a.toml")
    (log,) = own_folder.glob("cosim-crash-*.log")
    assert (result.exit_code, result.stderr) == (70, f"cosim: internal error, ZeroDivisionError: division by zero; traceback in {log}\n")
    assert "in broken\n" in log.read_text()
    assert "cosim size a.toml" in log.read_text()


def test_debug_shows_the_traceback_wherever_it_stands(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(path: Path) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(design, "load_design", broken)
    monkeypatch.setattr("tempfile.tempdir", str(own_folder))
    assert "Traceback" in invoke("size", "a.toml", "--debug").stderr
    assert "Traceback" in invoke("--debug", "size", "a.toml").stderr
    assert "Traceback" not in invoke("size", "a.toml").stderr


def test_ctrl_c_is_130_and_no_engine_stays_behind(own_folder: Path):
    engine = engine_script(own_folder, "exec sleep 60")
    (own_folder / "a.toml").write_text(SMALL)
    running = process("sweep", "a.toml", "--workers", "1", COSIM_NGSPICE=engine)
    started = wait_for_pid(running)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert said.startswith("cosim: sweep: stopped after 0 of 4 jobs; 0 are kept in ")
    assert said.count("\n") == 1
    assert not alive(started)


def test_ctrl_c_in_a_single_run_is_130_too(own_folder: Path):
    (own_folder / "a.cir").write_text(DIVIDER.format(line=""))
    running = process("sim", "a.cir", COSIM_NGSPICE=engine_script(own_folder, "exec sleep 60"))
    started = wait_for_pid(running)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert (running.returncode, said) == (130, "cosim: interrupted; start the same command again: what was computed is kept\n")
    assert not alive(started)


def wait_for_pid(running: "subprocess.Popen[str]") -> int:
    """The process number of the engine, once there is one."""
    for _ in range(200):
        found = children(running.pid)
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"no engine was started: {running.communicate(timeout=5)}")


def alive(process_number: int) -> bool:
    """Whether a process runs; a dead one that nobody has asked for does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process_number)], capture_output=True, text=True, check=False).stdout.strip()
    return state != "" and not state.startswith("Z")


def children(parent: int) -> list[int]:
    """The ``sleep`` processes below a process."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [int(pid) for pid, above, name in rows if int(above) == parent and name == "sleep"]


def test_a_reader_that_leaves_is_no_failure():
    reading, writing = os.pipe()
    os.close(reading)
    running = process("netlist", "cell", stdout=writing)
    os.close(writing)
    _, said = running.communicate(timeout=20)
    assert (running.returncode, said) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line():
    with open("/dev/full", "w") as full:
        running = process("netlist", "cell", stdout=full.fileno())
        _, said = running.communicate(timeout=20)
    assert running.returncode == StoreError.exit_code
    assert said == "cosim: stdout: no space left on the disk; free some, or write to another one\n"
    result = invoke("netlist", "cell", "-o", "/dev/full")
    assert result.exit_code == StoreError.exit_code
    assert result.stderr.startswith("cosim: /dev/full: no space left on the disk")


def test_the_help_comes_within_a_third_of_a_second():
    def seconds() -> float:
        begin = time.perf_counter()
        assert process("--help").wait(timeout=20) == 0
        return time.perf_counter() - begin

    assert min(seconds() for _ in range(5)) < 0.3
