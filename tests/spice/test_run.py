"""Runs of ngspice: what comes back, and every fault made for real."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cosim.analysis import Dc, Tran
from cosim.errors import InputError
from cosim.spice.deck import Deck
from cosim.spice.engines import Engine, find_engine
from cosim.spice.run import Halt, run_deck
from cosim.status import Status

ROOT = Path(__file__).parents[2]
RC = "* rc\nv1 in 0 pulse(0 1 0 1n 1n 1 2)\nr1 in out 1k\nc1 out 0 1n\n.tran 10n 5u 0 10n\n.end\n"
LONG = "* long, and writes nothing\nv1 in 0 1\nr1 in out 1k\nc1 out 0 1n\n.tran 1n 100 99.9 1n\n.end\n"
OP = "* op\nv1 in 0 1\nr1 in 0 1k\n{line}\n.op\n.end\n"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
SCRIPT = """
import sys
from cosim.spice.deck import Deck
from cosim.spice.engines import Engine
from cosim.spice.run import run_deck
print(run_deck(Deck(sys.argv[1]), Engine("ngspice", (sys.argv[2],), "39"), timeout=60).status)
"""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return find_engine("ngspice")


def _wrapped(engine: Engine, folder: Path, script: str) -> Engine:
    """An engine that is a shell script around ngspice; ``$NGSPICE`` stands for the real one."""
    path = folder / "wrapped"
    path.write_text(f"#!/bin/sh\nNGSPICE={engine.command[0]}\n{script}\n")
    path.chmod(0o755)
    return Engine("ngspice", (str(path),), engine.version)


def _alive(group: int) -> list[str]:
    """Commands of the processes of a group that still live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition(" (")[2].rpartition(") ")
        except OSError:  # ended meanwhile
            continue
        state, _, its_group = rest.split()[:3]
        if int(its_group) == group and state != "Z":
            found.append(name)
    return found


def _wait_for(path: Path) -> int:
    """The number that a wrapped engine wrote there: its process group."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if path.exists() and path.read_text().endswith("\n"):
            return int(path.read_text())
        time.sleep(0.01)
    raise AssertionError(f"{path} was not written")


def _gone(group: int) -> bool:
    end = time.monotonic() + 5
    while _alive(group) and time.monotonic() < end:
        time.sleep(0.01)
    return not _alive(group)


def test_a_transient_follows_the_closed_form(engine):
    waves = run_deck(Deck(RC), engine).require()
    expected = 1 - np.exp(-(waves["time"] - 0.5e-9) / 1e-6)
    assert waves["time"][-1] == pytest.approx(5e-6)
    assert np.abs(waves["out"] - expected)[waves["time"] > 2e-9].max() < 1e-4
    assert np.abs(waves["i(v1)"] + (waves["in"] - waves["out"]) / 1e3).max() < 1e-9


def test_waves_say_who_made_them(engine):
    deck = Deck(RC)
    waves = run_deck(deck, engine)
    assert (waves.engine, waves.version, waves.digest) == ("ngspice", engine.version, deck.digest())
    assert 0 < waves.seconds < 10
    assert "No. of Data Rows" in waves.log


def test_an_operating_point_has_one_point_and_no_axis_name(engine):
    waves = run_deck(Deck(OP.format(line="")), engine).require()
    assert (waves.axis_name, len(waves.axis)) == ("", 1)
    assert waves["i(v1)"] == pytest.approx([-1e-3])


def test_a_sweep_is_named_after_its_source(engine):
    deck = Deck("* dc\nv1 in 0 0\nr1 in 0 2k\n.dc v1 0 1 0.5\n.end\n", analysis=Dc("V1", 0, 1, 0.5))
    waves = run_deck(deck, engine).require()
    assert waves["v1"] == pytest.approx([0, 0.5, 1])
    assert waves["i(v1)"] == pytest.approx([0, -0.25e-3, -0.5e-3])


def test_a_nested_sweep_has_a_leading_axis(engine):
    waves = run_deck(Deck("* dc\nv1 d 0 0\nv2 g 0 0\nr1 d g 1k\n.dc v1 0 1 0.25 v2 0 2 1\n.end\n"), engine).require()
    assert waves["i(v1)"].shape == (3, 5)
    assert waves["g"][:, 0] == pytest.approx([0, 1, 2])
    assert waves["i(v1)"][2] == pytest.approx((2 - waves["v-sweep"]) / 1e3)


def test_a_small_signal_sweep_is_complex_over_a_real_frequency(engine):
    waves = run_deck(Deck("* ac\nv1 in 0 0 ac 1\nr1 in out 1k\nc1 out 0 1n\n.ac dec 5 1k 1meg\n.end\n"), engine).require()
    assert not np.iscomplexobj(waves["frequency"])
    assert waves["out"] == pytest.approx(1 / (1 + 2j * np.pi * waves["frequency"] * 1e-6), rel=1e-6)


def test_noise_is_that_of_the_resistor(engine):
    waves = run_deck(Deck("* noise\nv1 in 0 0 ac 1\nr1 in out 1k\nc1 out 0 1p\n.noise v(out) v1 dec 5 1k 10k\n.end\n"), engine).require()
    assert waves["onoise_spectrum"][0] == pytest.approx(np.sqrt(4 * 1.380649e-23 * 300.15 * 1e3), rel=1e-3)


def test_inner_nodes_and_inner_currents_have_dotted_names(engine):
    text = "* x\n.subckt cell a b\nv1 a n 0\nr1 n b 1k\n.ends\nvin in 0 1\nx1 in 0 cell\n.save v(x1.n) i(v.x1.v1) @r.x1.r1[i]\n.op\n.end\n"
    waves = run_deck(Deck(text), engine).require()
    assert sorted(waves.signals) == ["i(x1.r1)", "i(x1.v1)", "v(x1.n)"]
    assert waves["x1:n"] == pytest.approx([1.0])
    assert waves["i(x1:v1)"] == pytest.approx([1e-3])
    assert waves["i(x1.r1)"] == pytest.approx([1e-3])


def test_files_lie_beside_the_deck(engine):
    deck = Deck("* inc\n.include part.lib\nv1 in 0 1\n.op\n.end\n", files=(("part.lib", "* part\nr1 in 0 4k\n"),))
    assert run_deck(deck, engine).require()["i(v1)"] == pytest.approx([-0.25e-3])


def test_level_8_is_bsim3_and_not_bsim4(engine):
    text = "* level\nv1 d 0 1\nv2 g 0 2\nm1 d g 0 0 nn w=3u l=0.6u\n.model nn nmos level=8 version=3.3.0 vth0=0.7\n.op\n.end\n"
    log = run_deck(Deck(text), engine).require().log
    assert "BSIM4" not in log
    assert "Compatibility modes selected: lt a" in log


def test_the_command_is_that_of_spicelib_without_spiceinit_in_mode_lta(engine, tmp_path):
    wrapped = _wrapped(engine, tmp_path, 'printf "%s " "$@" > args; env > env; exec $NGSPICE "$@"')
    assert run_deck(Deck(RC), wrapped, keep=tmp_path / "kept").status == "ok"
    kept = (tmp_path / "kept").resolve()
    assert (kept / "args").read_text() == f"-n -D ngbehavior=lta -b -o {kept}/deck.log -r {kept}/deck.raw {kept}/deck.cir "
    assert "OMP_THREAD_LIMIT=1\n" in (kept / "env").read_text()


def test_an_engine_that_asks_for_input_finds_none(engine, tmp_path):
    asking = _wrapped(engine, tmp_path, 'cat > input; exec $NGSPICE "$@"')
    assert run_deck(Deck(RC), asking, keep=tmp_path / "kept", timeout=10).status == "ok"
    assert (tmp_path / "kept" / "input").read_text() == ""


def test_no_spiceinit_is_read(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder in (tmp_path, tmp_path / "kept"):
        folder.mkdir(exist_ok=True)
        (folder / ".spiceinit").write_text(f"shell touch {tmp_path}/executed\nset filetype=ascii\n")
    assert run_deck(Deck(RC), engine, keep=tmp_path / "kept").status == "ok"
    assert not (tmp_path / "executed").exists()
    assert b"Binary:" in (tmp_path / "kept" / "deck.raw").read_bytes()


def test_a_temporary_folder_is_removed(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run_deck(Deck(RC), engine).status == "ok"
    assert run_deck(Deck("* no analysis\nr1 a 0 1\n.end\n"), engine).status == "rejected_netlist"
    assert list(tmp_path.iterdir()) == []


def test_a_kept_folder_holds_netlist_log_and_raw(engine, tmp_path):
    waves = run_deck(Deck(RC), engine, keep=tmp_path / "a run" / "of mine")
    assert (tmp_path / "a run" / "of mine" / "deck.cir").read_text() == RC
    assert Path(waves.log_path) == tmp_path / "a run" / "of mine" / "deck.log"
    assert (tmp_path / "a run" / "of mine" / "deck.raw").stat().st_size > 1000


def test_the_output_of_an_earlier_run_is_not_taken_for_this_one(engine, tmp_path):
    run_deck(Deck(RC), engine, keep=tmp_path / "kept").require()
    silent = _wrapped(engine, tmp_path, "exit 0")
    waves = run_deck(Deck(RC), silent, keep=tmp_path / "kept")
    assert (waves.status, dict(waves.signals)) == (Status.rejected_netlist, {})


def test_two_runs_give_the_same_bits(engine):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: run_deck(Deck(RC), engine).require(), range(2))
    assert np.array_equal(first["out"], second["out"])


@pytest.mark.parametrize(
    ("line", "engines_words"),
    [
        ("y1 in 0 whatever", "model name is not found"),
        ("d1 in 0 nosuch", "could not find a valid modelname"),
        ("x1 in 0 nosub", "unknown subckt"),
        ("r2 in 0 {nope}", r"Undefined parameter \[nope\]"),
        ("b1 in 0 i=v(in)*nofunc(3)", "no such function 'nofunc'"),
        (".include nothere.lib", "Could not find include file"),
        (".step param a 1 2 1", "unimplemented control card"),
        ("r1 in 0 2k", "device already exists"),
    ],
)
def test_an_error_in_the_netlist_comes_with_its_line(line, engines_words, engine, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    waves = run_deck(Deck(OP.format(line=line)), engine)
    assert waves.status is Status.rejected_netlist
    assert re.match(rf"^deck\.cir, line 4: .*{engines_words}.*: `{re.escape(line)}`$", waves.message)
    with pytest.raises(InputError, match=r"^ngspice \S+, rejected_netlist: deck\.cir, line 4: .*; mend the line that the simulator names; log: /"):
        waves.require()


def test_an_error_in_an_include_names_that_file(engine):
    part = "* part\n\n.subckt cell a b\nm1 a b b b nosuch\n.ends\n"
    deck = Deck(OP.format(line=".include part.lib\nx1 in 0 cell"), files=(("part.lib", part),))
    message = run_deck(deck, engine).message
    assert message.startswith("part.lib, line 4: ")
    assert message.endswith(": `m1 a b b b nosuch`")


def test_a_deck_without_analysis_is_refused(engine):
    waves = run_deck(Deck("* none\nv1 in 0 1\nr1 in 0 1k\n.end\n"), engine)
    assert (waves.status, waves.message) == (Status.rejected_netlist, "deck.cir: no analysis was run")


def test_a_signal_that_ngspice_drops_silently_is_named(engine):
    deck = Deck(OP.format(line=".save v(in) i(r1)"), saved=("v(in)", "i(r1)"))
    waves = run_deck(deck, engine)
    assert (waves.status, waves.message) == (Status.rejected_netlist, "deck.cir: i(r1) is to be saved and is no signal of this circuit")


def test_a_character_outside_of_ascii_is_refused_with_its_line(engine):
    waves = run_deck(Deck("* a\nv1 in 0 1\nr1 in 0 1µ\n.op\n.end\n"), engine)
    assert (waves.status, waves.message) == (Status.rejected_netlist, "deck.cir, line 3: 'µ' is not ASCII; write u for micro")


@pytest.mark.parametrize("name", ["../out.lib", "/etc/passwd", ".spiceinit", "a\\b", "deck.raw", "DECK.CIR", ""])
def test_a_file_of_a_deck_stays_in_its_folder(name, engine, tmp_path):
    waves = run_deck(Deck(RC, files=((name, "x"),)), engine, keep=tmp_path / "kept")
    assert waves.status is Status.rejected_netlist
    assert waves.message.startswith(f"deck, file={name}: must be a plain file name, without folders or a leading dot, and not one of deck.cir,")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_point_without_solution_is_no_convergence(engine):
    waves = run_deck(Deck("* none\nv1 in 0 5\nr1 in a 1k\nb1 a 0 i=v(a)>0.5 ? 1e6 : -1e6\n.op\n.end\n"), engine)
    assert waves.status is Status.no_convergence
    assert waves.message == 'OP: Timestep too small; trouble with node "a"'


def test_an_aborted_transient_is_never_ok_although_it_leaves_points(engine, tmp_path):
    source = "b1 a 0 i=v(a)>0.5 ? (time>1.05u ? 1e3*exp(1000*v(a)) : 0) : 0"
    text = f"* aborted\nv1 in 0 pwl(0 0 1u 0 1.1u 1)\nr1 in a 1k\n{source}\nc1 a 0 1p\n.tran 10n 5u 0 10n\n.end\n"
    waves = run_deck(Deck(text), engine, keep=tmp_path)
    assert (tmp_path / "deck.raw").stat().st_size > 1000
    assert waves.status is Status.no_convergence
    assert waves.message.startswith("TRAN: Timestep too small; time = 1.0")
    assert (len(waves.axis), dict(waves.signals)) == (0, {})


def test_a_transient_that_ends_early_is_not_taken_for_whole(engine):
    waves = run_deck(Deck(RC, analysis=Tran(stop=6e-6, max_step=1e-8)), engine)
    assert (waves.status, waves.message) == (Status.corrupt_output, "deck.raw: ends at 5e-06 s, before stop=6e-06 s")


def test_a_dying_engine_is_a_crash_with_its_signal(engine):
    waves = run_deck(Deck("* endless\n.func f(x) {f(x)+1}\nv1 in 0 {f(1)}\nr1 in 0 1\n.op\n.end\n"), engine)
    assert (waves.status, waves.message) == (Status.crashed, "ended by signal SIGSEGV")


def test_an_engine_that_cannot_start_says_why(engine, tmp_path):
    broken = _wrapped(engine, tmp_path, "echo 'error while loading shared libraries' >&2; exit 127")
    waves = run_deck(Deck(RC), broken)
    assert (waves.status, waves.message) == (Status.crashed, "exit code 127: error while loading shared libraries")


def test_a_run_that_was_aborted_is_never_ok_even_with_exit_code_zero(engine, tmp_path):
    odd = _wrapped(engine, tmp_path, '$NGSPICE "$@"; echo "run simulation(s) aborted" >> deck.log; exit 0')
    waves = run_deck(Deck(RC), odd)
    assert (waves.status, waves.message) == (Status.crashed, "the run was aborted, its log does not say why")


def test_an_engine_that_vanished_is_missing():
    waves = run_deck(Deck(RC), Engine("ngspice", ("/nowhere/ngspice",), "39"))
    assert (waves.status, waves.message) == (Status.engine_missing, "/nowhere/ngspice: not found")


def test_a_truncated_raw_file_is_corrupt_output(engine, tmp_path):
    cut = _wrapped(engine, tmp_path, '$NGSPICE "$@"; head -c 900 deck.raw > part; mv part deck.raw')
    waves = run_deck(Deck(RC), cut)
    assert waves.status is Status.corrupt_output
    assert re.match(r"^deck\.raw: truncated; its header promises \d+ bytes of data, \d+ are there$", waves.message)


@LINUX
def test_timeout_leaves_no_process(engine, tmp_path):
    group_file = tmp_path / "group"
    slow = _wrapped(engine, tmp_path, f'sleep 1000 &\necho $$ > {group_file}\n$NGSPICE "$@"')
    started = time.monotonic()
    waves = run_deck(Deck(LONG), slow, timeout=0.4)
    assert (waves.status, waves.message) == (Status.timeout, "killed after 0.4 s")
    assert time.monotonic() - started < 5
    assert _gone(_wait_for(group_file))


@pytest.mark.parametrize("timeout", [0, -1.0])
def test_a_timeout_must_be_above_zero(timeout, engine):
    with pytest.raises(InputError, match=rf"^run, timeout={timeout:g}: must be > 0$"):
        run_deck(Deck(RC), engine, timeout=timeout)


@LINUX
def test_a_halt_stops_runs_of_other_threads_and_leaves_no_process(engine, tmp_path):
    group_file, halt = tmp_path / "group", Halt()
    slow = _wrapped(engine, tmp_path, f'echo $$ > {group_file}\nexec $NGSPICE "$@"')
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_deck, Deck(LONG), slow, halt=halt)
        group = _wait_for(group_file)
        assert _alive(group) != []
        halt.set()
        waves = running.result(timeout=5)
    assert (waves.status, waves.message) == (Status.cancelled, "stopped while it ran")
    assert _gone(group)


def test_a_halt_refuses_what_comes_later(engine):
    halt = Halt()
    halt.set()
    waves = run_deck(Deck(LONG), engine, halt=halt)
    assert (waves.status, waves.message) == (Status.cancelled, "stopped before it began")


def test_a_halt_leaves_other_runs_alone(engine):
    other = Halt()
    threading.Timer(0.005, other.set).start()
    assert run_deck(Deck(RC), engine, halt=Halt()).status == "ok"


def _start(engine: Engine, tmp_path: Path) -> tuple["subprocess.Popen[str]", int]:
    """A Python process inside of a long run, and the process group of its engine."""
    group_file = tmp_path / "group"
    slow = _wrapped(engine, tmp_path, f'echo $$ > {group_file}\nexec $NGSPICE "$@"')
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, LONG, slow.command[0]], cwd=ROOT, text=True, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(scratch)}
    )
    return process, _wait_for(group_file)


@LINUX
def test_ctrl_c_leaves_no_engine_and_no_folder(engine, tmp_path):
    process, group = _start(engine, tmp_path)
    assert _alive(group) != []
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert _gone(group)
    assert list((tmp_path / "scratch").iterdir()) == []


@LINUX
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv: the engine ends with its own time limit only")
def test_kill_9_takes_the_engine_along(engine, tmp_path):
    process, group = _start(engine, tmp_path)
    process.kill()
    process.communicate(timeout=10)
    assert _gone(group)


@pytest.mark.parametrize("trap", ["", "trap '' XFSZ; "])
def test_a_raw_file_that_cannot_grow_is_no_space(trap, engine, tmp_path):
    small = _wrapped(engine, tmp_path, f'{trap}ulimit -f 8; exec $NGSPICE "$@"')
    assert run_deck(Deck(RC), small).status is Status.no_space


def test_a_deck_that_cannot_be_written_is_no_space(engine):
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n{SCRIPT}"
    said = subprocess.run([sys.executable, "-c", limited, RC, engine.command[0]], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout == "no_space\n"


@LINUX
def test_a_full_disk_is_no_space(engine, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False).returncode == 0
    try:
        small = engine if mounted else _wrapped(engine, tmp_path, "trap '' XFSZ; ulimit -f 8; exec $NGSPICE \"$@\"")
        waves = run_deck(Deck(RC.replace("10n 5u 0 10n", "1n 5u 0 1n")), small, keep=disk / "kept")
    finally:
        if mounted:
            subprocess.run(["umount", str(disk)], check=True)
    assert (waves.status, waves.message) == (Status.no_space, "the engine could not write its raw file")


def test_a_folder_that_cannot_be_made_is_bad_input(engine, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"^run, keep=.*/file/kept: must be a folder that can be written to \(Not a directory\)$"):
        run_deck(Deck(RC), engine, keep=tmp_path / "file" / "kept")


@pytest.mark.data
def test_a_run_of_ltspice_goes_through_its_own_command_line(data_file, tmp_path):
    raw = data_file("ltspice_spicelib", "examples", "testfiles", "tran_ltspice.bin.raw")
    script = tmp_path / "wine"
    script.write_text(f'#!/bin/sh\necho "$@" > args\ncp {raw} deck.raw\nprintf "C\\0i\\0" > deck.log\n')
    script.chmod(0o755)
    (tmp_path / "LTspice.exe").write_bytes(b"MZ")
    command = (str(script), str(tmp_path / "LTspice.exe"))
    waves = run_deck(Deck(RC), Engine("ltspice", command, "24.1.9.0"), keep=tmp_path / "kept").require()
    assert (tmp_path / "kept" / "args").read_text() == f"{command[1]} -Run -b Z:{(tmp_path / 'kept').resolve()}/deck.cir\n"
    assert waves["V(out)"].shape == waves["time"].shape == (21,)
    assert waves.log == "Ci"


def test_a_failed_run_of_ltspice_is_told_by_its_log_though_its_exit_code_is_zero(tmp_path):
    script = tmp_path / "LTspice"
    script.write_text("#!/bin/sh\nprintf 'Circuit: * rc\\nFatal Error: Analysis: Time step too small; time = 1e-9\\n' > deck.log\n")
    script.chmod(0o755)
    waves = run_deck(Deck(RC), Engine("ltspice", (str(script),), "24.1.9.0"))
    assert (waves.status, waves.message) == (Status.no_convergence, "Analysis: Time step too small; time = 1e-9")
