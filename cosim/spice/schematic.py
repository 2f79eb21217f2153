"""Schematics of LTspice: only LTspice itself turns them into netlists."""

import shutil
import subprocess
from pathlib import Path

from cosim.errors import InputError, SimulationError
from cosim.spice.engines import Engine

SIBLINGS = (".asc", ".asy", ".lib", ".sub", ".inc", ".mod", ".txt")


def netlist_of(schematic: Path, engine: Engine, folder: Path, *, timeout: float) -> Path:
    """Let LTspice write the netlist of a schematic; the schematic's own folder stays as it is.

    Args:
        schematic: ``.asc`` file.
        engine: must be LTspice.
        folder: gets a copy of the schematic, its symbols and libraries, and the netlist.
        timeout: of LTspice [s].

    Raises:
        InputError: another engine, or no such file.
        SimulationError: LTspice wrote no netlist.
    """
    if engine.kind != "ltspice":
        raise InputError(f"{schematic}: a schematic needs LTspice; in LTspice choose View > SPICE Netlist, save it, and give the .net to cosim")
    if not schematic.is_file():
        raise InputError(f"{schematic}: no such file")
    for each in schematic.resolve().parent.iterdir():
        if each.is_file() and not each.is_symlink() and each.suffix.lower() in SIBLINGS:
            shutil.copy(each, folder / each.name)
    copied = folder / schematic.name
    try:
        subprocess.run([*engine.command, "-netlist", str(copied)], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False, cwd=folder)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SimulationError(f"{schematic}: LTspice wrote no netlist ({type(error).__name__})") from None
    made = copied.with_suffix(".net")
    if not made.is_file():
        raise SimulationError(f"{schematic}: LTspice wrote no netlist; open the schematic in LTspice and look for errors")
    return made
