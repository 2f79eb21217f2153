"""The program `cosim` as the tests run it: in this process for speed, as a process of its own where signals, pipes and disks matter."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from cosim.cli import cli

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from cosim.cli import main; main()"]
SMALL = """format = 1
[transistor]
w_over_l = [20, 65]
[corners]
temperature = [27]
supply_tolerance = 0
"""


def invoke(*arguments: str | Path) -> Result:
    """Run in this process."""
    return CliRunner().invoke(cli, [str(each) for each in arguments])


def environment(**variables: str | Path) -> dict[str, str]:
    """The environment of a process of its own."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]), **{key: str(each) for key, each in variables.items()}}


def process(*arguments: str | Path, stdout: int = subprocess.PIPE, **variables: str | Path) -> "subprocess.Popen[str]":
    """Start a process of its own, which Ctrl-C interrupts even where the tests run in the background."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def engine_script(folder: Path, body: str, *, version: str = "39") -> Path:
    """An executable that calls itself ngspice and does `body` when it is given a netlist."""
    path = folder / "ngspice"
    path.write_text(f'#!/bin/sh\ncase "$*" in *--version*) echo "** ngspice-{version}"; exit 0;; esac\n{body}\n')
    path.chmod(0o755)
    return path
