"""Raw files of LTspice and ngspice, read through spicelib.

Guards against spicelib's traps: the length of a file is held against its header first, so that a truncated one is found;
a stepped file without its log is read (spicelib raises IndexError); complex frequencies and negative times become plain ones.
Not here: names and meaning of the signals, and how a raw file is written (`waves.py`).
"""

import logging
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cosim._types import Array
from cosim.errors import DataError
from cosim.waves import canonical

if TYPE_CHECKING:
    from spicelib.raw.plot_data import PlotData


def read_raw(path: Path, dialect: str | None = None) -> tuple[str, Array, dict[str, Array]]:
    """The signals of a raw file.

    Of several plots in one file the last one with an axis is read, so the noise spectrum and not its integral.

    Args:
        path: of the file, binary or ASCII.
        dialect: ``ngspice`` or ``ltspice``; None takes the one that the header names, ngspice if it names none.

    Returns:
        The name of the axis, the axis ``(points,)`` and the signals ``(points,)`` by canonical name. An operating point has an
        axis of length 1 without a name. Sweeps that repeat one axis (a nested dc sweep, LTspice's ``.step``) have signals
        ``(rounds, points)``.

    Raises:
        DataError: the file is missing, truncated, without data, or its rounds have different axes.
    """
    named = _check(path)
    plot = _plot(path, dialect or named)
    traces = [(trace.name, trace.data) for trace in map(plot.get_trace, range(plot.nVariables))]
    name, axis = "", np.zeros(1)
    if plot.has_axis or plot.nPoints > 1:  # a stepped operating point carries the stepped value first
        name, axis = canonical(traces[0][0]), _plain(traces.pop(0)[1])
        axis = np.abs(axis) if name == "time" else axis.real  # LTspice marks compressed points by negative times
    signals = {canonical(each): _plain(data) for each, data in traces}
    return name, *_rounds(path, axis, signals, stepped="stepped" in plot.flags or plot.get_plot_name().lower().startswith("dc"))


def _plot(path: Path, dialect: str) -> "PlotData":
    """The last plot with an axis, else the last one, its data read."""
    from spicelib.raw.raw_read import RawRead, SpiceReadException

    logger = logging.getLogger("spicelib")
    if not logger.handlers:  # keep its remarks on missing logs off the terminal unless the user asks for them
        logger.addHandler(logging.NullHandler())
    try:
        plots = RawRead(path, None, dialect=dialect, verbose=False).plots
        plot = next((each for each in reversed(plots) if each.has_axis), plots[-1])
        plot._steps = None  # spicelib counts 0 steps without LTspice's log, and fails on them: `_rounds` finds them in the axis
        plot.read_trace_data(plot.get_trace_names())
    except (SpiceReadException, ValueError, IndexError, KeyError) as error:
        raise DataError(f"{path}: not a raw file of {dialect} ({error})") from error
    return plot


def _plain(data: Array) -> Array:
    return np.ascontiguousarray(data, dtype=np.complex128 if np.iscomplexobj(data) else np.float64)


def _rounds(path: Path, axis: Array, signals: dict[str, Array], *, stepped: bool) -> tuple[Array, dict[str, Array]]:
    """Cut signals where the axis begins again: ``(rounds * points,)`` becomes ``(rounds, points)``."""
    starts = np.flatnonzero(axis == axis[0]) if stepped else np.zeros(1, dtype=int)
    rounds = len(starts)
    if rounds < 2:
        return axis, signals
    points = len(axis) // rounds
    if points * rounds != len(axis) or np.any(axis.reshape(rounds, points) != axis[:points]):
        raise DataError(f"{path}: its {rounds} steps have different axes; simulate them one by one")
    return axis[:points].copy(), {name: each.reshape(rounds, points) for name, each in signals.items()}


def _check(path: Path) -> str:
    """Hold the length of the file against its headers; the dialect that they name.

    Raises:
        DataError: missing, truncated, or no raw file.
    """
    if not path.exists() or path.stat().st_size == 0:
        raise DataError(f"{path}: {'empty' if path.exists() else 'no such file'}")
    dialect = "ngspice"
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for header, there in _headers(path, data):
            dialect, promised = _dialect(header), _data_bytes(path, header)
            if there is not None and there < promised:
                raise DataError(f"{path}: truncated; its header promises {promised} bytes of data, {there} are there")
    return dialect


def _headers(path: Path, data: mmap.mmap) -> Iterator[tuple[dict[str, str], int | None]]:
    """The fields of each header and the bytes behind it; None for values in ASCII, which spicelib counts itself."""
    start = 0
    while start < len(data):
        code = "utf-16-le" if data[start : start + 2] == b"T\0" else "ascii"
        binary = "Binary:\n".encode(code)
        end = data.find(binary, start)
        in_ascii = end < 0
        if in_ascii:
            end = data.find("Values:".encode(code), start)
        if end < 0 and start > 0:
            return  # what follows the last plot is no plot
        if end < 0:
            raise DataError(f"{path}: truncated inside of its header")
        lines = data[start:end].decode(code, "replace").partition("Variables:\n")[0].splitlines()
        header = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        yield header, None if in_ascii else len(data) - end - len(binary)
        if in_ascii:
            return
        start = end + len(binary) + _data_bytes(path, header)


def _dialect(header: dict[str, str]) -> str:
    return "ltspice" if "ltspice" in header.get("command", "").lower() else "ngspice"


def _data_bytes(path: Path, header: dict[str, str]) -> int:
    """Bytes of data that a header promises: 16 a complex value, 8 a real one, 4 in LTspice's files but for the axis."""
    try:
        variables, points = int(header["no. variables"]), int(header["no. points"])
        flags = header["flags"].lower().split()
    except (KeyError, ValueError) as error:
        raise DataError(f"{path}: not a raw file; its header lacks the number of variables, of points or the flags") from error
    if points == 0 or variables == 0:
        raise DataError(f"{path}: holds no points; the analysis was cut short")
    if "complex" in flags:
        return 16 * variables * points
    single = _dialect(header) == "ltspice" and "double" not in flags
    return (8 + 4 * (variables - 1) if single else 8 * variables) * points
