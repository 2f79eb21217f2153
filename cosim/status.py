"""How a run ended, and what to do about it."""

from enum import StrEnum


class Status(StrEnum):
    """How a run ended. Every member has a remedy in `REMEDIES`; a test holds the two equal."""

    ok = "ok"
    timeout = "timeout"
    no_convergence = "no_convergence"
    rejected_netlist = "rejected_netlist"
    out_of_range = "out_of_range"
    crashed = "crashed"
    corrupt_output = "corrupt_output"
    no_space = "no_space"
    cancelled = "cancelled"
    engine_missing = "engine_missing"


REMEDIES: dict[Status, str] = {
    Status.ok: "nothing to do",
    Status.timeout: "raise --timeout, shorten the analysis or allow a larger max_step",
    Status.no_convergence: "loosen reltol; help an operating point with .nodeset, a transient with method=gear or softer edges of the stimulus",
    Status.rejected_netlist: "mend the line that the simulator names",
    Status.out_of_range: "widen the table or keep the named voltage inside its range",
    Status.crashed: "look at the end of the log; run `cosim doctor` to check the engine",
    Status.corrupt_output: "run again; if it stays, check the disk and the engine's version",
    Status.no_space: "free disk space, or point TMPDIR and COSIM_STORE to a disk that has room",
    Status.cancelled: "start the same command again: what was computed is kept",
    Status.engine_missing: "install ngspice (apt-get install ngspice, brew install ngspice) or set COSIM_NGSPICE",
}
