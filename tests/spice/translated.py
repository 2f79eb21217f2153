"""What the tests of the translation share: a netlist as a file, run in ngspice."""

from pathlib import Path

from cosim.netlist import NetlistRun, simulate_netlist
from cosim.spice.translation import Translation, translate
from cosim.waves import Waves

TRAN = ".tran 0 2m 0 10u"


def netlist(*lines: str) -> str:
    """A netlist with a title before its lines and an end behind."""
    return "\n".join(["* by a designer", *lines, ".end", ""])


def deck(*lines: str, **options: object) -> Translation:
    """The translation of a netlist of these lines."""
    return translate(netlist(*lines), file="amp.cir", **options)  # type: ignore[arg-type]


def run(folder: Path, *lines: str, **options: object) -> NetlistRun:
    """Run a netlist of these lines in ngspice."""
    path = folder / "amp.cir"
    path.write_text(netlist(*lines), encoding="utf-8")
    return simulate_netlist(path, engine="ngspice", **options)  # type: ignore[arg-type]


def waves(folder: Path, *lines: str, **options: object) -> Waves:
    """The waves of a netlist of these lines, which must end well."""
    return run(folder, *lines, **options).waves.require()


def last(folder: Path, *lines: str, signal: str = "v(o)", **options: object) -> float:
    """A signal at the end of the run; of the middle of a complex one, its magnitude."""
    return float(abs(found)) if isinstance(found := waves(folder, *lines, **options)[signal][-1], complex) else float(found)
