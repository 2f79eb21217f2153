"""Limits of one run: wall time, memory, size of the files that it writes. Set in the engine's own process, never by a shell."""

import shutil
import sys
from dataclasses import dataclass, replace

from cosim.errors import InputError
from cosim.spice.engines import Engine

LAUNCHER = (  # where util-linux's `prlimit` is missing, Python sets the limits and becomes the engine
    "import os,resource,sys\n"
    "for kind,most in ((resource.RLIMIT_AS,int(sys.argv[1])),(resource.RLIMIT_FSIZE,int(sys.argv[2]))):\n"
    "    resource.setrlimit(kind,(most,most))\n"
    "os.execvp(sys.argv[3],sys.argv[3:])\n"
)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a run may take.

    Attributes:
        seconds: wall time.
        memory: address space [bytes]; an empty ngspice takes 100 to 300 MB of it.
        file_size: of each file that it writes [bytes].
    """

    seconds: float = 60.0
    memory: float = 4e9
    file_size: float = 2e9

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise InputError(f"limits, seconds={self.seconds:g}: must be > 0")
        for name, least in (("memory", 100e6), ("file_size", 1e4)):
            if not getattr(self, name) >= least:
                raise InputError(f"limits, {name}={getattr(self, name):g}: must be >= {least:g} bytes")


def confined(engine: Engine, limits: Limits) -> Engine:
    """The engine with a command that sets the limits before it begins.

    LTspice runs under Wine or Windows, which reserve more address space than they use: it has the limit of time only.
    """
    if engine.kind != "ngspice" or sys.platform == "win32":
        return engine
    memory, size = str(int(limits.memory)), str(int(limits.file_size))
    program = shutil.which(engine.command[0]) or engine.command[0]
    prlimit = shutil.which("prlimit") if sys.platform == "linux" else None
    before = (prlimit, f"--as={memory}", f"--fsize={size}", "--") if prlimit else (sys.executable, "-c", LAUNCHER, memory, size)
    return replace(engine, command=(*before, program, *engine.command[1:]))
