"""The devices of a design, and the questions about a cell that sizing and studies ask alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cosim.analysis import Op, Options, Tran
from cosim.circuits.cells import Body, Drive, Orientation, bench, cell
from cosim.circuits.circuit import Circuit
from cosim.circuits.corners import SKEW, skewable
from cosim.circuits.stimuli import Stimulus, triangular_sweep
from cosim.design import Design
from cosim.devices.memristor.card import MemristorCard, load_memristor
from cosim.devices.mosfet import MosfetCard, from_library, load_mosfet
from cosim.errors import DesignError
from cosim.sweep.lab import Question, Reading

SWEEP_RATE = 1.0  # [V/s] of quasi-static sweeps, as the cards are fitted to
SWEEP_POINTS = 2000  # at least, in a loop
RELTOL = 1e-5  # of transients in which a state moves: at 1e-4 the first level is 0.6 % off
CELL_SIGNALS = ("v(bit)", "v(sl)", "v(body)", "v(x1.mid)", "i(vbit)", "i(vsl)")


@dataclass(frozen=True)
class Devices:
    """The devices of a design."""

    memristor: MemristorCard
    mosfet: MosfetCard

    @classmethod
    def of(cls, design: Design) -> "Devices":
        """The cards that a design names; a library of the user's own takes the place of the NMOS card."""
        nmos = load_mosfet(design.transistor.nmos)
        if nmos.kind != "nmos":
            raise DesignError(f"[transistor] nmos={design.transistor.nmos}: must be an nmos card, not {nmos.kind}")
        if design.transistor.library:
            nmos = from_library(Path(design.transistor.library), design.transistor.model, kind="nmos", like=nmos)
        _check_range(design, nmos)
        return cls(load_memristor(design.device.memristor), nmos)


def _check_range(design: Design, nmos: MosfetCard) -> None:
    """Refuse supplies and temperatures at which the transistor's card says nothing.

    Raises:
        DesignError: names the value and the range of the card.
    """
    largest, (coldest, hottest) = nmos.largest_voltage, nmos.temperature
    voltages = (("supply", "drain", design.supply.drain), ("supply", "gate", design.supply.gate), ("cell", "full_voltage", design.cell.full_voltage))
    for section, key, value in voltages:
        if value * (1 + design.corners.supply_tolerance) > largest:
            raise DesignError(f"[{section}] {key}={value:g}: must be <= {largest:g} V with its tolerance, the range of card {nmos.name}")
    for value in design.corners.temperature:
        if not coldest <= value <= hottest:
            raise DesignError(f"[corners] temperature={value:g}: must be within {coldest:g}..{hottest:g} degC, the range of card {nmos.name}")


def operating_point(
    devices: Devices,
    orientation: Orientation,
    drive: Drive,
    *,
    w_over_l: float,
    state: float,
    length: float,
    body: Body = "grounded",
    temperature: float = 27.0,
    values: Mapping[str, float] | None = None,
) -> Question:
    """The cell at a fixed state under fixed voltages; read the answer with `Point.of`.

    `values` are further parameters of the bench; ``vt_shift`` and ``mobility`` make the transistor differ from its card.
    """
    inner = with_skew(cell(orientation, devices.memristor, devices.mosfet, length=length, frozen=True), values)
    return Question(
        circuit=bench(inner, drive, body=body, state=state, w_over_l=w_over_l),
        analysis=Op(options=Options(temperature=temperature)),
        saved=CELL_SIGNALS,
        values=dict(values) if values else None,
    )


def with_skew(inner: Circuit, values: Mapping[str, float] | None) -> Circuit:
    """The cell, made skewable where the values of its parameters need it: decks of nominal cells stay as they are."""
    return skewable(inner) if values and SKEW.keys() & values.keys() else inner


@dataclass(frozen=True)
class Point:
    """An operating point of a cell.

    Attributes:
        memristor: voltage of top over bottom electrode [V].
        transistor: voltage between drain and source of the transistor, as a magnitude [V].
        overdrive: gate voltage over the lower one of drain and source [V].
        current: into the bit line [A].
    """

    memristor: float
    transistor: float
    overdrive: float
    current: float

    @classmethod
    def of(cls, reading: Reading, orientation: Orientation, *, gate: float) -> "Point":
        """From the answer to an `operating_point`."""
        bit, middle, line = (reading.last(name) for name in ("v(bit)", "v(x1.mid)", "v(sl)"))
        top, bottom, upper, lower = (bit, middle, middle, line) if orientation == "mod" else (middle, line, bit, middle)
        return cls(top - bottom, abs(upper - lower), gate - min(upper, lower), -reading.last("i(vbit)"))

    @property
    def share(self) -> float:
        """Part of the cell's voltage that the transistor takes."""
        return self.transistor / (self.transistor + abs(self.memristor))

    @property
    def power(self) -> float:
        """Drawn by the cell [W]."""
        return abs(self.current) * (self.transistor + abs(self.memristor))


def positive_drive(operation: str, *, supply: float, gate: float) -> Drive:
    """Only positive supplies: set drives the bit line, reset the source line (Lim 2025, Table 1)."""
    return Drive(bit=supply, word=gate) if operation == "set" else Drive(bit=0.0, word=gate, source=supply)


def polar_voltage(operation: str, voltage: float) -> float:
    """Sign of an operation: positive over top and bottom electrode for set, negative for reset."""
    return voltage if operation == "set" else -voltage


def loop(voltage: float) -> Stimulus:
    """Full set and full reset by one triangular sweep, 0, +V, 0, -V, 0."""
    return triangular_sweep([0.0, voltage, 0.0, -voltage, 0.0], rate=SWEEP_RATE)


def loop_analysis(voltage: float, *, temperature: float = 27.0) -> Tran:
    """The transient of a `loop`."""
    end = 4.0 * voltage / SWEEP_RATE
    return Tran(stop=end, max_step=end / SWEEP_POINTS, options=Options(reltol=RELTOL, temperature=temperature))
