"""The design file: what a designer decides, and the only reader of it.

TOML, versioned (``format = 1``), strict: an unknown key is refused with the nearest allowed one, a quantity with a wrong
unit or out of its range with file, section and key. Every key has a default, so a file may be short.
The functions that read TOML and name unknown keys serve the device cards too.
Not here: whether a card or a model of that name exists (`cosim.devices`).
"""

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from cosim.errors import DesignError, UnitError
from cosim.params import Limit, Span, param
from cosim.units import PER_ROOT_AREA, engineering, parse, plain

FORMAT = 1
Axis = tuple[float, ...] | Span | None  # values of a sweep, a span to take them from, or none: the quantity does not move
Bound = Limit | None  # on a measure of a sweep
MOST_STOPS = 20_000  # of the staircase


def _text(description: str, *, default: str, choices: tuple[str, ...] = (), file: str = "") -> Any:
    """A field that holds text: one of `choices`, or a name.

    With ``file="card"`` text that ends in ``.toml`` is a path, with ``file="library"`` any text is one; relative to the design file.
    """
    return field(default=default, metadata={"description": description, "choices": choices, "file": file})


@dataclass(frozen=True, kw_only=True)
class Section:
    """Base of the sections: every number inside its range, every text among its choices.

    Raises:
        DesignError: names section, key and what is allowed.
    """

    title: ClassVar[str]

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is None:
                continue
            if isinstance(value, Span):
                self._check_span(each.name, value, each.metadata)
            elif isinstance(value, Limit):
                self._check_limit(each.name, value)
            elif each.type is str:
                if each.metadata["choices"] and value not in each.metadata["choices"]:
                    raise self._reject(each.name, repr(value), " or ".join(map(repr, each.metadata["choices"])))
            else:
                self._check_numbers(each.name, value, each.metadata)

    def _check_numbers(self, key: str, value: Any, metadata: Any) -> None:
        if value == ():
            raise self._reject(key, "[]", "a list of at least one value")
        allowed = f"{metadata['range']}{' (1 is 100 %)' if metadata['unit'] == '%' else ''}"
        for index, number in enumerate(value if isinstance(value, tuple) else (value,)):
            if not math.isfinite(number) or number not in metadata["range"]:
                raise self._reject(f"{key}[{index}]" if isinstance(value, tuple) else key, number, allowed)

    def _check_span(self, key: str, span: Span, metadata: Any) -> None:
        for name, end in (("low", span.low), ("high", span.high)):
            self._check_numbers(f"{key}.{name}", end, metadata)
        if not span.low < span.high:
            raise self._reject(f"{key}.high", span.high, f"> low={span.low:g}")
        if span.scale not in ("linear", "log"):
            raise self._reject(f"{key}.scale", repr(span.scale), "'linear' or 'log'")
        if span.scale == "log" and not span.low > 0:
            raise self._reject(f"{key}.low", span.low, "> 0 on a log scale")
        if span.points is not None and span.points < 2:
            raise self._reject(f"{key}.points", span.points, ">= 2")

    def _check_limit(self, key: str, limit: Limit) -> None:
        if limit.least is None and limit.most is None:
            raise self._reject(key, "{}", "a table with min, max or both")
        if limit.least is not None and limit.most is not None and not limit.least <= limit.most:
            raise self._reject(f"{key}.max", limit.most, f">= min={limit.least:g}")

    def _reject(self, key: str, given: object, allowed: str) -> DesignError:
        shown = f"{given:.6g}" if isinstance(given, float) else f"{given}"
        return DesignError(f"[{self.title}] {key}={shown}: must be {allowed}")


@dataclass(frozen=True, kw_only=True)
class DeviceSection(Section):
    """Which memristor."""

    title = "device"
    memristor: str = _text("card of the memristor", default="lim2025_full_window", file="card")
    comparison: str = _text("card that stands beside it in the report", default="lim2025_analog_window", file="card")


@dataclass(frozen=True, kw_only=True)
class TransistorSection(Section):
    """Which transistors, and the widths that are compared."""

    title = "transistor"
    nmos: str = _text("card of the NMOS", default="c5n_nmos", file="card")
    pmos: str = _text("card of the PMOS", default="c5n_pmos", file="card")
    length: float = param("drawn channel length", "m", default=0.5e-6, above=0.0, most=1e-3)
    w_over_l: tuple[float, ...] = param("widths over length that are compared", "1", default=(5.0, 10.0, 20.0, 65.0, 130.0, 330.0), above=0.0, most=1e5)
    chosen: float = param("width over length of the design", "1", default=65.0, above=0.0, most=1e5)
    library: str = _text("the user's own model library, relative to the design file", default="", file="library")
    model: str = _text("name of the NMOS model in that library", default="")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.library and not self.model:
            raise self._reject("model", "''", f"the name of an NMOS model in {self.library}")
        if self.model and not self.library:
            raise self._reject("library", "''", f"the file that holds the model {self.model}")


@dataclass(frozen=True, kw_only=True)
class SupplySection(Section):
    """Voltages that are there to drive a cell."""

    title = "supply"
    drain: float = param("supply of the cell's upper end", "V", default=3.0, above=0.0)
    gate: float = param("voltage of the word line", "V", default=3.0, above=0.0)


@dataclass(frozen=True, kw_only=True)
class CellSection(Section):
    """How the cell is driven."""

    title = "cell"
    full_operation: str = _text("the operation that must complete at full voltage; the other one is gradual", default="set", choices=("set", "reset"))
    full_voltage: float = param("voltage that this operation needs across the memristor", "V", default=2.0, above=0.0)
    read_voltage: float = param("voltage at which conductance is read", "V", default=50e-3, above=0.0)
    body: str = _text("where the body of the transistor goes", default="lowest", choices=("grounded", "lowest"))


@dataclass(frozen=True, kw_only=True)
class RuleSection(Section):
    """The sizing rule: how much of the cell's voltage the transistor may take at full set."""

    title = "rule"
    share: float = param("largest share of the transistor in the cell's voltage at full set", "%", default=0.12, above=0.0, below=1.0)
    strict_share: float = param("the stricter limit that is answered beside it", "%", default=0.10, above=0.0, below=1.0)
    w_over_l_range: tuple[float, ...] = param("widths over length between which the crossing is searched", "1", default=(1.0, 1000.0), above=0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.w_over_l_range) != 2 or not self.w_over_l_range[0] < self.w_over_l_range[1]:
            raise self._reject("w_over_l_range", [float(f"{end:g}") for end in self.w_over_l_range], "two numbers, the smaller one first")


@dataclass(frozen=True, kw_only=True)
class CornersSection(Section):
    """Over what the answer must hold."""

    title = "corners"
    temperature: tuple[float, ...] = param("temperatures of all devices", "degC", default=(-40.0, 27.0, 85.0), above=-273.15, below=1000.0)
    supply_tolerance: float = param("deviation of the supplies, up and down", "%", default=0.10, least=0.0, below=1.0)
    threshold_skew: float = param("deviation of the threshold voltages in the slow (up) and the fast (down) process", "V", default=0.0, least=0.0, most=1.0)
    mobility_skew: float = param("deviation of the mobilities in the slow (down) and the fast (up) process", "%", default=0.0, least=0.0, below=1.0)


@dataclass(frozen=True, kw_only=True)
class LevelsSection(Section):
    """The staircase of conductance levels, and how they are told apart."""

    title = "levels"
    first_stop: float = param("magnitude of the first reset-stop voltage", "V", default=0.5, above=0.0)
    last_stop: float = param("magnitude of the last reset-stop voltage", "V", default=2.0, above=0.0)
    step: float = param("smallest step between two stop voltages", "V", default=1e-3, above=0.0)
    gap: float = param("smallest distance between two levels", "S", default=0.2e-6, least=0.0)
    reads: int = param("reads of each level", "1", default=30, least=2)
    noise: float = param("relative deviation of a read", "%", default=0.02, least=0.0, below=1.0)
    seeds: int = param("repetitions with other noise", "1", default=100, least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.last_stop > self.first_stop:
            raise self._reject("last_stop", self.last_stop, f"> first_stop={self.first_stop:g}")
        if (self.last_stop - self.first_stop) / self.step > MOST_STOPS:
            raise self._reject("step", self.step, f">= {(self.last_stop - self.first_stop) / MOST_STOPS:g}, for {MOST_STOPS} stops at most")


@dataclass(frozen=True, kw_only=True)
class VariabilitySection(Section):
    """Cycle-to-cycle and device-to-device spread."""

    title = "variability"
    spreads: tuple[float, ...] = param("relative deviations that are compared", "%", default=(0.01, 0.03, 0.05, 0.10, 0.30, 0.50), least=0.0, most=1.0)
    cycles: int = param("cycles at each of them", "1", default=10, least=1)


@dataclass(frozen=True, kw_only=True)
class NoiseSection(Section):
    """Read noise over time."""

    title = "noise"
    card: str = _text("card of the read noise", default="lim2025_read_noise", file="card")
    duration: float = param("length of the trace", "s", default=100.0, above=0.0)
    interval: float = param("time between two samples", "s", default=0.1, above=0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.interval < self.duration:
            raise self._reject("interval", self.interval, f"< duration={self.duration:g}")


@dataclass(frozen=True, kw_only=True)
class SweepSection(Section):
    """Which cells `cosim sweep` simulates: how the points are laid, what moves, and what is asked of each."""

    title = "sweep"
    method: str = _text("how the points are laid", default="grid", choices=("grid", "list", "random", "latin_hypercube"))
    points: int = param("points of a random plan or of a Latin hypercube", "1", default=100, least=1)
    bench: str = _text(
        "what is simulated: the I-V loop, the share at full voltage, or the headroom under the supply", default="loop", choices=("loop", "share", "headroom")
    )
    orientation: str = _text("memristor on drain, on source, or both", default="both", choices=("both", "mod", "mos"))
    corners: str = _text("at which corners every point is simulated", default="nominal", choices=("nominal", "all"))
    w_over_l: Axis = param("width over length", "1", default=None, above=0.0)
    length: Axis = param("drawn channel length", "m", default=None, above=0.0, most=1e-3)
    gate: Axis = param("voltage of the word line", "V", default=None, above=0.0)
    drain: Axis = param("supply of the cell's upper end", "V", default=None, above=0.0)
    full_voltage: Axis = param("voltage of the full operation", "V", default=None, above=0.0)
    read_voltage: Axis = param("voltage at which conductance is read", "V", default=None, above=0.0)
    temperature: Axis = param("of all devices", "degC", default=None, above=-273.15, below=1000.0)
    supply: Axis = param("factor on all supplies", "1", default=None, above=0.0)
    vt_shift: Axis = param("added to the magnitude of the threshold voltage", "V", default=None, least=-5.0, most=5.0)
    mobility: Axis = param("factor on the mobility", "1", default=None, above=0.0)
    x0: Axis = param("initial filament state", "1", default=None, least=0.0, most=1.0)
    i0s: Axis = param("factor on the current scale of the memristor", "1", default=None, above=0.0)
    rss: Axis = param("factor on the series resistance of the memristor", "1", default=None, above=0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method == "grid":
            for name, axis in self.axes.items():
                if isinstance(axis, Span) and axis.points is None:
                    raise self._reject(name, str(axis), "given `points` too in a grid")
        if self.method == "list":
            self._check_list()
        for name in ("temperature", "supply", "vt_shift", "mobility"):
            if self.corners == "all" and name in self.axes:
                raise self._reject("corners", "'all'", f"'nominal' where {name} is swept")
        for name, bench in (("drain", "headroom"), ("read_voltage", "loop")):
            if name in self.axes and self.bench != bench:
                raise self._reject("bench", repr(self.bench), f"{bench!r} where {name} is swept")

    @property
    def axes(self) -> dict[str, tuple[float, ...] | Span]:
        """What moves, in the order of the section."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.type == Axis and getattr(self, each.name) is not None}

    def _check_list(self) -> None:
        lengths = {}
        for name, axis in self.axes.items():
            if isinstance(axis, Span):
                raise self._reject(name, str(axis), "a list of values where method is 'list'")
            lengths[name] = len(axis)
        for name, length in lengths.items():
            if length != next(iter(lengths.values())):
                raise self._reject(name, f"{length} values", f"as many values as {next(iter(lengths))} has, {next(iter(lengths.values()))}")


@dataclass(frozen=True, kw_only=True)
class MismatchSection(Section):
    """Spread of single devices, drawn anew for every point of a sweep."""

    title = "mismatch"
    draws: int = param("cells that are drawn at each point; 0 for none", "1", default=0, least=0)
    a_vt: float = param("deviation of one transistor's threshold times the root of W L", "V*m", default=0.0, least=0.0, most=1e-6)
    a_mobility: float = param("relative deviation of one transistor's mobility times the root of W L", "%*m", default=0.0, least=0.0, most=1e-6)
    memristor: float = param("relative spread of the memristor's current scale and series resistance", "%", default=0.0, least=0.0, most=1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.draws and not (self.a_vt or self.a_mobility or self.memristor):
            raise self._reject("draws", self.draws, "0 where a_vt, a_mobility and memristor are all 0")


@dataclass(frozen=True, kw_only=True)
class LimitsSection(Section):
    """What a cell of a sweep must do, and how many of them must."""

    title = "limits"
    least_yield: float = param("smallest share of the cells that must be within all limits", "%", default=0.0, least=0.0, most=1.0)
    on: Bound = param("conductance after set, at the read voltage", "S", default=None)
    off: Bound = param("conductance after reset, at the read voltage", "S", default=None)
    on_off: Bound = param("their ratio", "1", default=None)
    share: Bound = param("share of the transistor in the cell's voltage", "%", default=None)
    memristor_max: Bound = param("largest voltage across the memristor", "V", default=None)
    memristor_min: Bound = param("smallest voltage across the memristor", "V", default=None)
    headroom: Bound = param("voltage that the memristor has more than it needs", "V", default=None)
    memristor: Bound = param("voltage across the memristor at the end of the full operation", "V", default=None)
    transistor: Bound = param("voltage across the transistor then", "V", default=None)
    current: Bound = param("through the cell then", "A", default=None)
    power: Bound = param("drawn by the cell then", "W", default=None)

    @property
    def bounds(self) -> dict[str, Limit]:
        """Measure -> limit, in the order of the section."""
        return {each.name: getattr(self, each.name) for each in fields(self) if isinstance(getattr(self, each.name), Limit)}


@dataclass(frozen=True, kw_only=True)
class TuningSection(Section):
    """Closed-loop tuning of conductances by pulses (ISPP)."""

    title = "tuning"
    targets: tuple[float, ...] = param(
        "conductances that are tuned", "S", default=(20e-6, 40e-6, 60e-6, 80e-6, 100e-6, 120e-6, 140e-6, 160e-6, 180e-6), above=0.0
    )
    band: float = param("relative half-width around a target", "%", default=0.03, above=0.0, below=1.0)
    strict_band: float = param("the narrower one beside it", "%", default=0.01, above=0.0, below=1.0)
    step: float = param("step of the amplitude, the paper's controller", "V", default=10e-3, above=0.0)
    back_off: float = param("where a descent begins below the nominal voltage, the paper's controller", "V", default=0.05, least=0.0)
    reads: int = param("reads that must all lie inside, the paper's controller", "1", default=5, least=1)
    resolution: float = param("resolution of the amplitude, the slope controller", "V", default=1e-3, above=0.0)
    noise: float = param("relative deviation of a read", "%", default=0.02, above=0.0, below=1.0)
    correlation_time: float = param("of the correlated noise", "s", default=3.0, above=0.0)
    spread: float = param("device-to-device spread of the current scale and of the series resistance", "%", default=0.05, least=0.0, most=1.0)
    pulse_width: float = param("flat top of a pulse", "s", default=10e-3, above=0.0)
    pulse_edge: float = param("rise and fall of a pulse", "s", default=0.5e-3, above=0.0)
    seeds: int = param("repetitions with other devices and noise", "1", default=100, least=2)
    most_pulses: int = param("pulses after which a trace ends, wide band", "1", default=60, least=1)
    most_pulses_strict: int = param("pulses after which a trace ends, narrow band", "1", default=150, least=1)
    rows: int = param("rows of the array", "1", default=64, least=1)
    columns: int = param("columns of the array", "1", default=10, least=1)
    wire_resistance: float = param("one segment of a bit or source line", "ohm", default=1.0, least=0.0)


@dataclass(frozen=True, kw_only=True)
class RunSection(Section):
    """How it is run."""

    title = "run"
    seed: int = param("of all random draws", "1", default=1, least=0)
    engine: str = _text("simulator; empty is any", default="", choices=("", "ngspice", "ltspice"))


@dataclass(frozen=True, kw_only=True)
class Design:
    """A design: all values in SI units, shares as fractions, temperatures in degC.

    Attributes:
        name: the design file's name without its ending; the report is named after it.
    """

    name: str = "lim2025_synapse"
    device: DeviceSection = field(default_factory=DeviceSection)
    transistor: TransistorSection = field(default_factory=TransistorSection)
    supply: SupplySection = field(default_factory=SupplySection)
    cell: CellSection = field(default_factory=CellSection)
    rule: RuleSection = field(default_factory=RuleSection)
    corners: CornersSection = field(default_factory=CornersSection)
    levels: LevelsSection = field(default_factory=LevelsSection)
    variability: VariabilitySection = field(default_factory=VariabilitySection)
    noise: NoiseSection = field(default_factory=NoiseSection)
    sweep: SweepSection = field(default_factory=SweepSection)
    mismatch: MismatchSection = field(default_factory=MismatchSection)
    limits: LimitsSection = field(default_factory=LimitsSection)
    tuning: TuningSection = field(default_factory=TuningSection)
    run: RunSection = field(default_factory=RunSection)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections, in the order of the file."""
        return tuple(getattr(self, each) for each in SECTIONS)

    def digest(self) -> str:
        """sha256 over every value and over the content of the files that the design names; the place of them does not count."""
        values = {section.title: {each.name: _portable(each, getattr(section, each.name)) for each in _set(section)} for section in self.sections}
        return hashlib.sha256(json.dumps([FORMAT, values], sort_keys=True).encode()).hexdigest()

    def replaced(self, section: str, values: Mapping[str, object], *, where: str) -> Self:
        """The design with some values of a section set, as options of the command line do.

        Args:
            section: which one.
            values: key -> value as it would stand in a design file ("3 V", 65, [5, 10]); paths are relative to the current folder.
            where: named in errors, for example ``--supply``.

        Raises:
            DesignError: a value cannot stand there.
        """
        old = getattr(self, section)
        return replace(self, **{section: _read_section(type(old), dict(values), where=where, base=old, folder=Path())})

    def describe(self) -> list[tuple[str, str, str]]:
        """Rows for the report: section, key, value with its unit."""
        return [(section.title, each.name, _shown(each, getattr(section, each.name))) for section in self.sections for each in _set(section)]

    def to_toml(self) -> str:
        """The whole design as a file that `load` reads back equal; defaults are written too."""
        lines = [f"format = {FORMAT}"]
        for section in self.sections:
            lines += ["", f"[{section.title}]", *(f"{each.name} = {_written(each, getattr(section, each.name))}" for each in _set(section))]
        return "\n".join(lines) + "\n"


SECTIONS: dict[str, type[Section]] = {each.name: each.default_factory for each in fields(Design) if each.name != "name"}  # type: ignore[misc]


def _set(section: Section) -> list[Any]:
    """The fields of a section that have a value."""
    return [each for each in fields(section) if getattr(section, each.name) is not None]


def load_design(path: Path | str) -> Design:
    """The design in a file.

    Raises:
        DesignError: no such file, broken TOML, another format, an unknown key, a value of the wrong type, unit or range.
    """
    path = Path(path)
    content = read_toml(path)
    version = content.pop("format", None)
    if version is None:
        raise DesignError(f"{path}: format is missing; write `format = {FORMAT}` above the sections")
    if version != FORMAT or isinstance(version, bool):
        raise DesignError(f"{path}, format={version!r}: must be {FORMAT}; this cosim reads no other")
    for key in content:
        if key not in SECTIONS:
            raise unknown_key(str(path), key, ["format", *SECTIONS])
    sections = {key: _read_section(SECTIONS[key], content[key], where=str(path), base=SECTIONS[key](), folder=path.parent) for key in content}
    return Design(name=path.stem, **sections)


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file; a syntax error names file, line and column."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DesignError(f"{path}: no such file") from error
    except OSError as error:
        raise DesignError(f"{path}: cannot be read, {(error.strerror or 'unknown reason').lower()}") from error
    except UnicodeDecodeError as error:
        raise DesignError(f"{path}: byte {error.start} is no UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise DesignError(f"{path}: {error}") from error


def unknown_key(where: str, key: str, allowed: list[str]) -> DesignError:
    """The error for a key that nobody reads, with the nearest one that somebody does."""
    near = get_close_matches(key, allowed, n=1)
    hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(allowed)}"
    return DesignError(f"{where}: unknown key {key!r}; {hint}")


def _read_section(kind: type[Section], content: object, *, where: str, base: Section, folder: Path) -> Any:
    """`base` with the values of a table of the file; paths in it are made relative to `folder`."""
    from pydantic import ValidationError  # late: 0.1 s that `cosim --help` does not need

    if not isinstance(content, dict):
        raise DesignError(f"{where}, {kind.title}={content!r}: must be a table, [{kind.title}]")
    try:
        read = _model(kind).model_validate(content)
    except ValidationError as error:
        raise _explain(kind, f"{where}, [{kind.title}]", error.errors()[0]) from None
    values = {each.name: _settled(each, getattr(read, each.name), folder) for each in fields(kind) if each.name in content}
    try:
        return replace(base, **values)
    except DesignError as error:
        raise DesignError(f"{where}, {error}") from None


def _model(kind: type[Section]) -> Any:
    """The pydantic model of a section: the types of its fields, read strictly, quantities through `cosim.units.parse`."""
    from pydantic import BeforeValidator, ConfigDict, create_model

    def annotation(each: Any) -> Any:
        if each.type in (str, int):
            return each.type
        quantity = Annotated[float, BeforeValidator(lambda given: _quantity(given, each.metadata["unit"]))]
        if each.type in (Axis, Bound):
            return Annotated[Any, BeforeValidator(lambda given: (_axis if each.type == Axis else _bound)(given, each.metadata["unit"]))]
        return quantity if each.type is float else list[quantity]

    made: dict[str, Any] = {each.name: (annotation(each), None) for each in fields(kind)}
    return create_model(kind.__name__, __config__=ConfigDict(extra="forbid", strict=True), **made)


def _quantity(given: Any, unit: str) -> float:
    return _element(given, unit, "")


def _axis(given: Any, unit: str) -> tuple[float, ...] | Span:
    """``[1, 2]`` or ``{ low = 1, high = 2, points = 5, scale = "log" }``."""
    if isinstance(given, list):
        return tuple(_element(each, unit, f"[{index}]") for index, each in enumerate(given))
    if not isinstance(given, dict):
        raise ValueError(f"={given!r}: must be a list, or a table with low and high")
    _check_keys(given, ("low", "high", "points", "scale"), needed=("low", "high"))
    points, scale = given.get("points"), given.get("scale", "linear")
    if points is not None and (isinstance(points, bool) or not isinstance(points, int)):
        raise ValueError(f".points={points!r}: must be a whole number")
    return Span(low=_element(given["low"], unit, ".low"), high=_element(given["high"], unit, ".high"), points=points, scale=scale)


def _bound(given: Any, unit: str) -> Limit:
    """``{ min = 1, max = 2 }``."""
    if not isinstance(given, dict):
        raise ValueError(f"={given!r}: must be a table with min, max or both")
    _check_keys(given, ("min", "max"))
    ends = {key: _element(value, unit, f".{key}") for key, value in given.items()}
    return Limit(least=ends.get("min"), most=ends.get("max"))


def _element(given: Any, unit: str, where: str) -> float:
    try:
        return parse(given, unit, where=where)
    except UnitError as error:
        raise ValueError(str(error)) from None


def _check_keys(given: dict[str, Any], allowed: tuple[str, ...], *, needed: tuple[str, ...] = ()) -> None:
    for key in given:
        if key not in allowed:
            raise ValueError(f".{key}: must be one of {', '.join(allowed)}")
    for key in needed:
        if key not in given:
            raise ValueError(f".{key}: is missing")


def _explain(kind: type[Section], where: str, error: Any) -> DesignError:
    """The first complaint of pydantic in the grammar of the package."""
    key, *index = error["loc"]
    name = f"{where} {key}{''.join(f'[{position}]' for position in index)}"
    if error["type"] == "extra_forbidden":
        return unknown_key(where, str(key), [each.name for each in fields(kind)])
    if error["type"] == "value_error":
        return DesignError(f"{name}{error['ctx']['error']}")
    allowed = {"string_type": "text in quotes", "int_type": "a whole number", "list_type": "a list, in brackets"}
    return DesignError(f"{name}={error['input']!r}: must be {allowed.get(error['type'], error['msg'])}")


def _settled(each: Any, value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if _is_path(each, value):
        return str(folder / value)
    return value


def _is_path(each: Any, value: Any) -> bool:
    kind: str = each.metadata.get("file", "")
    return (kind == "library" and value != "") or (kind == "card" and str(value).endswith(".toml"))


def _portable(each: Any, value: Any) -> Any:
    if _is_path(each, value):
        path = Path(value)
        return [path.name, hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None]
    return _written(each, value)


def _written(each: Any, value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_written(each, number) for number in value)}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Span | Limit):
        return f"{{ {', '.join(f'{key} = {_written(each, end)}' for key, end in _parts(value).items())} }}"
    unit = each.metadata["unit"]
    if unit == "1" or isinstance(value, int):
        return plain(value)
    return f'"{plain(value * 100)} {unit}"' if unit.startswith("%") else f'"{plain(value)} {unit}"'


def _parts(value: Span | Limit) -> dict[str, Any]:
    """The keys of a table as a design file writes them."""
    ends = {"min": value.least, "max": value.most} if isinstance(value, Limit) else vars(value)
    return {key: end for key, end in ends.items() if end is not None}


def _shown(each: Any, value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_shown(each, number) for number in value)
    if isinstance(value, str):
        return value or "-"
    if isinstance(value, Span | Limit):
        return ", ".join(f"{key} {_shown(each, end)}" for key, end in _parts(value).items())
    unit = each.metadata["unit"]
    if unit in PER_ROOT_AREA:
        return f"{engineering(value * 1e6, 'V') if unit == 'V*m' else f'{value * 1e8:.6g} %'} um"
    if isinstance(value, int):
        return f"{value}"
    if unit in ("%", "1", "degC"):
        return f"{value * 100 if unit == '%' else value:.6g}{'' if unit == '1' else f' {unit}'}"
    return engineering(value, unit, digits=6)
