"""The simulators on this machine: where they lie and which version they are.

Found through PyLTSpice and spicelib, which look for executables when they are imported: they are imported inside the functions.
``COSIM_NGSPICE`` names the ngspice to use, ``COSIM_ENGINE`` the kind that is taken when none is asked for.
Not here: how an engine is started (`run.py`).
"""

import mmap
import os
import plistlib
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cosim.errors import EngineMissingError, InputError, reject
from cosim.status import REMEDIES, Status

KINDS = ("ngspice", "ltspice")
_INSTALL = {
    "ngspice": REMEDIES[Status.engine_missing],
    "ltspice": "install LTspice (on Linux under Wine), or set LTSPICEFOLDER and LTSPICEEXECUTABLE",
}
_VERSION_SECONDS = 10.0
_PE_VERSION = b"\xbd\x04\xef\xfe"  # signature of VS_FIXEDFILEINFO in a Windows executable


@dataclass(frozen=True)
class Engine:
    """A simulator that was found.

    Attributes:
        kind: ``ngspice`` or ``ltspice``.
        command: the executable, with its loader before it (``wine``) where it needs one.
        version: ``39`` for ngspice, ``24.1.9.0`` for LTspice; ``unknown`` if it cannot be told.
    """

    kind: str
    command: tuple[str, ...]
    version: str

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


def find_engine(kind: str | None = None) -> Engine:
    """The engine to simulate with.

    Args:
        kind: ``ngspice`` or ``ltspice``; None takes ``COSIM_ENGINE``, else ngspice, else LTspice.

    Raises:
        EngineMissingError: none of that kind, or ``COSIM_NGSPICE`` is not an ngspice; the message says what to do.
        InputError: another kind.
    """
    wanted = kind or os.environ.get("COSIM_ENGINE") or None
    if wanted is not None and wanted not in KINDS:
        raise reject(InputError, "engine" if kind else "environment", "kind" if kind else "COSIM_ENGINE", wanted, " or ".join(KINDS))
    for each in (wanted,) if wanted else KINDS:
        found = _find(each)
        if found is not None:
            return found
    raise EngineMissingError(f"engine {wanted or KINDS[0]}: not found; {_INSTALL[wanted or KINDS[0]]}")


def engines() -> list[Engine]:
    """All engines on this machine, ngspice first.

    Raises:
        EngineMissingError: ``COSIM_NGSPICE`` is set and is not an ngspice.
    """
    return [found for found in map(_find, KINDS) if found is not None]


def _find(kind: str) -> Engine | None:
    return _find_ngspice() if kind == "ngspice" else _find_ltspice()


def _find_ngspice() -> Engine | None:
    named = os.environ.get("COSIM_NGSPICE")
    if named:
        path = shutil.which(named)
        if path is None:
            raise reject(EngineMissingError, "environment", "COSIM_NGSPICE", named, "the path of an ngspice that can be run")
    else:
        path = _on_this_machine()
    if path is None:
        return None
    version = _ngspice_version(path, _stamp(path))
    if not version and named:
        raise reject(EngineMissingError, "environment", "COSIM_NGSPICE", named, "the path of an ngspice; `--version` of this one names none")
    return Engine("ngspice", (path,), version or "unknown")


def _on_this_machine() -> str | None:
    """The ngspice that spicelib finds, as an absolute path."""
    from spicelib.simulators.ngspice_simulator import NGspiceSimulator

    candidates = [*NGspiceSimulator.spice_exe, "ngspice"]  # spicelib looked when it was imported; PATH may differ now
    return next((path for path in map(shutil.which, candidates) if path is not None), None)


def _find_ltspice() -> Engine | None:
    from PyLTSpice import LTspice

    command = tuple(LTspice.spice_exe)
    if not command or shutil.which(command[0]) is None or not Path(command[-1]).exists():
        return None  # spicelib asks for the loader only: a Wine without LTspice would pass
    return Engine("ltspice", command, ltspice_version(Path(command[-1])) or "unknown")


def _stamp(path: str) -> int:
    return os.stat(path).st_mtime_ns


@lru_cache(maxsize=16)
def _ngspice_version(path: str, stamp: int) -> str:
    """What ``ngspice --version`` says, read once for each state (`stamp`) of the file; empty if it is no ngspice."""
    try:
        said = subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_VERSION_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(rb"ngspice-(\S+)", said.stdout + said.stderr)
    return found[1].decode("ascii", "replace") if found else ""


def ltspice_version(executable: Path) -> str:
    """Version of an LTspice executable, read from the file without starting it; empty if it carries none.

    Args:
        executable: the Windows program, or the one inside of ``LTspice.app`` on macOS.
    """
    listing = executable.parent.parent / "Info.plist"
    if listing.exists():
        return str(plistlib.loads(listing.read_bytes()).get("CFBundleShortVersionString", ""))
    with executable.open("rb") as file:
        if executable.stat().st_size == 0:
            return ""
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            start = data.find(_PE_VERSION)
            if start < 0 or start + 16 > len(data):
                return ""
            minor_major, revision_build = struct.unpack_from("<II", data, start + 8)
    return ".".join(str(half) for word in (minor_major, revision_build) for half in (word >> 16, word & 0xFFFF))
