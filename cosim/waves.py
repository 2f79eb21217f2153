"""What a simulation leaves: signals over one axis, who computed them, and how it ended.

Signals are in SI units under canonical names: `canonical` makes one name of the spellings of LTspice and ngspice.
Not here: raw files read (`spice/raw.py`), measurements (`measure.py`).
"""

import difflib
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cosim._types import Array
from cosim.errors import Cancelled, CosimError, EngineMissingError, InputError, SimulationError, reject
from cosim.files import replacing
from cosim.status import REMEDIES, Status

if TYPE_CHECKING:
    import pandas as pd

_ERRORS: dict[Status, type[CosimError]] = {
    Status.rejected_netlist: InputError,
    Status.engine_missing: EngineMissingError,
    Status.cancelled: Cancelled,
}
_SWEEP = re.compile(r"[vi]\(([vi]-sweep)\)")
_BRANCH = re.compile(r"([^@()\[\]]+)#branch")
_PARAMETER = re.compile(r"(?:[vi]\()?@([^\[\]()]+)\[(\w+)\]\)?")
_CURRENT = re.compile(r"(i\w?)\(([^()]+)\)")
_TERMINAL_CURRENTS = {"m": ("id", "ig", "is", "ib"), "j": ("id", "ig", "is"), "q": ("ic", "ib", "ie", "is")}
_LISTED = 4
_SPELLED = re.compile(r"(v|i\w?)\((.+)\)")
_PLOT_NAMES = {
    ("time", False): "Transient Analysis",
    ("frequency", True): "AC Analysis",
    ("frequency", False): "Noise Spectral Density - (V/Hz½ or A/Hz½)",
    ("", False): "Operating Point",
}


def canonical(name: str) -> str:
    """The one name of a signal, whichever engine wrote it.

    Lower case, `.` between the levels of the hierarchy; ``v(...)`` a node voltage, ``i(...)`` the current into the first pin of
    a device, ``id(m1)`` a terminal current. ``V(X1:N)`` is ``v(x1.n)``, ``v1#branch`` is ``i(v1)``, ``i(v.x1.v1)`` is ``i(x1.v1)``,
    ``@m.x1.m1[id]`` is ``id(x1.m1)``, ``@m1[gm]`` stays what it is. Applied twice it changes nothing more.
    """
    text = "".join(name.split()).lower().replace(":", ".")
    sweep = _SWEEP.fullmatch(text)
    if sweep:
        return sweep[1]
    branch = _BRANCH.fullmatch(text)
    if branch:
        return f"i({_path(branch[1])})"
    parameter = _PARAMETER.fullmatch(text)
    if parameter:
        return _parameter(_path(parameter[1]), parameter[2])
    current = _CURRENT.fullmatch(text)
    return f"{current[1]}({_path(current[2])})" if current else text


def _path(device: str) -> str:
    """``v.x1.v1``, as ngspice names a device inside of a subcircuit, without its leading letter."""
    letter, _, rest = device.partition(".")
    flattened = len(letter) == 1 and letter != "x" and rest.startswith("x") and rest.rpartition(".")[2].startswith(letter)
    return rest if flattened else device


def _parameter(device: str, quantity: str) -> str:
    letter = device.rpartition(".")[2][:1]
    if quantity in _TERMINAL_CURRENTS.get(letter, ()):
        return f"{quantity}({device})"
    if quantity in ("i", "current") or (letter == "d" and quantity == "id"):
        return f"i({device})"
    return f"@{device}[{quantity}]"


@dataclass(frozen=True, kw_only=True, eq=False)
class Waves:
    """Signals of one run, or of a batch of runs over one axis.

    Attributes:
        axis_name: ``time``, ``frequency``, the swept source of a dc sweep, or empty for an operating point.
        axis: ``(points,)`` [s, Hz, V or A]; of length 1 for an operating point, 0 if the run failed.
        signals: canonical name -> ``(..., points)`` [V or A], complex for an ac sweep. Leading axes are batches; a nested dc
            sweep has one, the outer source.
        engine, version: who computed it.
        digest: of the deck.
        status, message: how the run ended; the engine's own line when it failed.
        log: the end of the engine's log.
        log_path: where the whole log lies, if it was kept.
        seconds: wall time of the run [s].
        relaxed: it passed with looser options than were asked for.
    """

    axis_name: str
    axis: Array
    signals: Mapping[str, Array]
    engine: str
    version: str
    digest: str
    status: Status
    message: str = ""
    log: str = field(default="", repr=False)
    log_path: str = ""
    seconds: float = 0.0
    relaxed: bool = False

    def __getitem__(self, name: str) -> Array:
        """A signal, ``(..., points)``, or the axis.

        Args:
            name: in any spelling; a bare node name (``x1:n``) means its voltage.

        Raises:
            InputError: no such signal; the message names near ones.
        """
        wanted = canonical(name)
        if wanted == self.axis_name:
            return self.axis
        for key in (wanted, f"v({wanted})"):
            if key in self.signals:
                return self.signals[key]
        raise reject(InputError, "waves", "signal", name, self._choice(wanted))

    def __contains__(self, name: str) -> bool:
        wanted = canonical(name)
        return wanted == self.axis_name or wanted in self.signals or f"v({wanted})" in self.signals

    def _choice(self, wanted: str) -> str:
        if not self.signals:
            return f"asked of a run that ended well; this one is {self.status}"
        near = difflib.get_close_matches(wanted, self.signals, n=_LISTED) or difflib.get_close_matches(f"v({wanted})", self.signals, n=_LISTED)
        shown = near or list(self.signals)[:_LISTED]
        more = ", ..." if len(shown) < len(self.signals) else ""
        return f"one of {', '.join(shown)}{more}"

    def at(self, name: str, position: Array) -> Array:
        """A signal between the points of the axis, by linear interpolation.

        Args:
            name: of the signal.
            position: on the axis, a number or ``(positions,)``.

        Returns:
            ``(...)``, or ``(..., positions)`` for an array.

        Raises:
            InputError: a position outside of the axis, or no such signal.
        """
        signal, axis, wanted = np.asarray(self[name]), np.asarray(self.axis), np.asarray(position, dtype=float)
        if len(axis) > 1 and axis[-1] < axis[0]:
            signal, axis = signal[..., ::-1], axis[::-1]
        outside = ~((wanted >= axis[0]) & (wanted <= axis[-1]))
        if outside.any():
            raise reject(InputError, "waves", self.axis_name or "axis", float(wanted[outside].flat[0]), f"within {axis[0]:.6g}..{axis[-1]:.6g}")
        right = np.clip(np.searchsorted(axis, wanted, side="left"), 1, max(len(axis) - 1, 1))
        left = right - 1
        right = np.minimum(right, len(axis) - 1)
        width = axis[right] - axis[left]
        share = np.divide(wanted - axis[left], width, out=np.zeros_like(wanted), where=width > 0)
        return signal[..., left] + share * (signal[..., right] - signal[..., left])

    def require(self) -> "Waves":
        """These waves, if the run ended well.

        Raises:
            InputError: the engine refused the netlist.
            EngineMissingError: there was no engine.
            Cancelled: it was stopped.
            SimulationError: it failed in another way. Every message holds status, reason, remedy and the path of the log.
        """
        if self.status is Status.ok:
            return self
        log = f"; log: {self.log_path or _kept(self.log)}" if self.log else ""
        reason = f": {self.message}" if self.message else ""
        raise _ERRORS.get(self.status, SimulationError)(f"{self.engine} {self.version}, {self.status}{reason}; {REMEDIES[self.status]}{log}")

    def to_pandas(self) -> "pd.DataFrame":
        """A table: one column a signal, the axis as index; leading batch axes become index levels ``batch``, ``batch_1`` ..."""
        import pandas as pd

        shape = np.broadcast_shapes((len(self.axis),), *(np.shape(each) for each in self.signals.values()))
        columns = {name: np.broadcast_to(each, shape).ravel() for name, each in self.signals.items()}
        levels = ["batch" if i == 0 else f"batch_{i}" for i in range(len(shape) - 1)]
        if not levels:
            return pd.DataFrame(columns, index=pd.Index(self.axis, name=self.axis_name))
        indices = [grid.ravel() for grid in np.indices(shape)[:-1]]
        points = np.broadcast_to(self.axis, shape).ravel()
        return pd.DataFrame(columns, index=pd.MultiIndex.from_arrays([*indices, points], names=[*levels, self.axis_name]))

    def to_raw(self, path: Path | str) -> None:
        """Write a binary raw file that LTspice opens: UTF-16 header, 8-byte values (LTspice's form for ``.options numdgt=15``).

        Read again it gives equal arrays under equal names.

        Raises:
            InputError: a batch other than of dc sweeps.
            CosimError: the run failed, as `require` says.
        """
        from spicelib.raw.raw_write import RawWrite

        self.require()
        axis, signals = self._flat()
        is_complex = any(np.iscomplexobj(each) for each in signals.values())
        plot_name = _PLOT_NAMES.get((self.axis_name, is_complex), "DC transfer characteristic")
        raw = RawWrite(plot_name=plot_name, fastacces=False, numtype="complex" if is_complex else "real double")
        raw.flag_forward, raw.flag_log = self.axis_name != "", self.axis_name == "frequency"
        if self.axis_name:
            raw.add_trace(_trace(self.axis_name, axis, is_complex))
        for name, signal in signals.items():
            raw.add_trace(_trace(name, signal, is_complex))
        with replacing(Path(path)) as temporary:
            raw.save(temporary)

    def _flat(self) -> tuple[Array, dict[str, Array]]:
        """Axis and signals of one dimension: the rounds of a nested dc sweep one after the other."""
        rounds = max((int(np.prod(np.shape(each)[:-1])) for each in self.signals.values()), default=1)
        if rounds > 1 and self.axis_name in ("time", "frequency", ""):
            raise InputError(f"raw file, batch of {rounds} runs: must be one run; write one file each")
        full = (rounds, len(self.axis))
        signals = {name: np.broadcast_to(np.reshape(each, (-1, full[1])), full).ravel() for name, each in self.signals.items()}
        return np.tile(self.axis, rounds), signals


def _trace(name: str, data: Array, is_complex: bool) -> Any:
    """A trace for spicelib, its name spelled as LTspice does: ``V(x1:n)``."""
    from spicelib.raw.raw_write import Trace

    spelled = _SPELLED.fullmatch(name)
    kind = "voltage" if spelled is None or spelled[1] == "v" else "device_current"
    shown = f"{spelled[1].capitalize()}({spelled[2].replace('.', ':')})" if spelled else name
    return Trace(shown, np.asarray(data), whattype=kind, numerical_type="complex" if is_complex else "double")


def _kept(log: str) -> str:
    """Path of a file that holds the log, so that an error can name it."""
    try:
        with tempfile.NamedTemporaryFile("w", prefix="cosim-", suffix=".log", delete=False, encoding="utf-8") as file:
            file.write(log)
    except OSError:
        return "could not be written"
    return file.name
