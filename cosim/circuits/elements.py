"""Elements of a circuit, as the netlist knows them.

Nodes are lower-case names, ``0`` is ground. Values are floats in SI units or an `Expression` over parameters.
Not here: SPICE text (`cosim.spice.deck`), hierarchy (`cosim.circuits.circuit`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from cosim.circuits.expression import Value
from cosim.circuits.stimuli import Stimulus
from cosim.errors import CircuitError

if TYPE_CHECKING:
    from cosim.circuits.circuit import Circuit
    from cosim.devices.memristor.card import MemristorCard
    from cosim.devices.mosfet import MosfetCard


@dataclass(frozen=True)
class Passive:
    """Base of the two-terminal elements with one value.

    Attributes:
        tempco: relative change of the value for each kelvin above 27 degC [1/K].
        exact: it stands for a law, not for a part, so that it has no tolerance.
    """

    name: str
    a: str
    b: str
    value: Value
    tempco: float = 0.0
    exact: bool = False

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes in netlist order."""
        return (self.a, self.b)


class Resistor(Passive):
    """Resistance [ohm]; its `tempco` stands in the netlist, so that it follows the temperature of the analysis."""

    letter: ClassVar[str] = "R"


class Capacitor(Passive):
    """Capacitance [F]; LTspice knows no temperature coefficient of a capacitor, so that `corners.deviated` puts `tempco` into the value."""

    letter: ClassVar[str] = "C"


class Inductor(Passive):
    """Inductance [H]."""

    letter: ClassVar[str] = "L"


@dataclass(frozen=True)
class Source:
    """Base of the independent sources.

    Attributes:
        dc: value at the operating point [V or A]; a `wave` takes its place in a transient.
        wave: what it does over time.
        ac: small-signal magnitude.
    """

    name: str
    positive: str
    negative: str
    dc: Value = 0.0
    wave: Stimulus | None = None
    ac: float = 0.0

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes in netlist order."""
        return (self.positive, self.negative)


class VoltageSource(Source):
    """Voltage of `positive` over `negative` [V]; its current is counted from `positive` through it to `negative`."""

    letter: ClassVar[str] = "V"


class CurrentSource(Source):
    """Current from `positive` through the source to `negative` [A]."""

    letter: ClassVar[str] = "I"


@dataclass(frozen=True)
class VoltageControlled:
    """Base of the sources that a node voltage steers: gain times the voltage of the control pair."""

    name: str
    positive: str
    negative: str
    control_positive: str
    control_negative: str
    gain: Value

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes in netlist order."""
        return (self.positive, self.negative, self.control_positive, self.control_negative)


class Vcvs(VoltageControlled):
    """Voltage-controlled voltage source; gain in V/V."""

    letter: ClassVar[str] = "E"


class Vccs(VoltageControlled):
    """Voltage-controlled current source; gain in S."""

    letter: ClassVar[str] = "G"


@dataclass(frozen=True)
class CurrentControlled:
    """Base of the sources that the current of the voltage source `control` steers."""

    name: str
    positive: str
    negative: str
    control: str
    gain: Value

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes in netlist order."""
        return (self.positive, self.negative)


class Cccs(CurrentControlled):
    """Current-controlled current source; gain in A/A."""

    letter: ClassVar[str] = "F"


class Ccvs(CurrentControlled):
    """Current-controlled voltage source; gain in ohm."""

    letter: ClassVar[str] = "H"


@dataclass(frozen=True, kw_only=True)
class Behavioral:
    """A source given by an expression over node voltages and parameters, in the portable SPICE subset.

    Attributes:
        voltage: the expression [V], or None.
        current: the expression [A], from `positive` through the source to `negative`, or None. One of the two is given.
    """

    name: str
    positive: str
    negative: str
    voltage: str | None = None
    current: str | None = None
    letter: ClassVar[str] = "B"

    def __post_init__(self) -> None:
        if bool(self.voltage) == bool(self.current):
            raise CircuitError(f"behavioral source {self.name}: must have either a voltage or a current")

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes in netlist order."""
        return (self.positive, self.negative)


@dataclass(frozen=True)
class ModelCard:
    """A ``.model`` line: SPICE type and parameters, as numbers, as words, or as arithmetic over parameters of the circuit around it."""

    name: str
    kind: str
    parameters: Mapping[str, Value | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Include:
    """A file of the user's own, with the models or subcircuits that `names` lists (lower case). SPICE only."""

    path: Path
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diode:
    """A junction diode with a `ModelCard` of kind ``D``."""

    name: str
    anode: str
    cathode: str
    model: ModelCard
    letter: ClassVar[str] = "D"

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes in netlist order."""
        return (self.anode, self.cathode)


@dataclass(frozen=True)
class Switch:
    """A voltage-controlled switch with a `ModelCard` of kind ``SW``."""

    name: str
    a: str
    b: str
    control_positive: str
    control_negative: str
    model: ModelCard
    letter: ClassVar[str] = "S"

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes in netlist order."""
        return (self.a, self.b, self.control_positive, self.control_negative)


@dataclass(frozen=True, kw_only=True)
class Mosfet:
    """A MOSFET: model card of the foundry (SPICE only), drawn width and length [m].

    Squares of the diffusions (NRD, NRS), areas and perimeters follow from the card's contact length, because the
    default of one square would add 82 ohm at each end.

    Attributes:
        threshold_shift: added to the magnitude of the threshold voltage [V]; positive weakens NMOS and PMOS alike.
        mobility: factor on the mobility. If one of the two is not neutral, the MOSFET gets a model card of its own.
        parallel: how many equal ones stand side by side; a mirror's ratio is exact in this number, not in the drawn width.
    """

    name: str
    drain: str
    gate: str
    source: str
    bulk: str
    card: MosfetCard
    width: Value
    length: Value
    threshold_shift: Value = 0.0
    mobility: Value = 1.0
    parallel: int = 1
    letter: ClassVar[str] = "M"

    def __post_init__(self) -> None:
        if self.parallel < 1:
            raise CircuitError(f"MOSFET {self.name}, parallel={self.parallel}: must be >= 1")

    @property
    def skewed(self) -> bool:
        """Whether it differs from its card."""
        return self.threshold_shift != 0.0 or self.mobility != 1.0

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes in netlist order."""
        return (self.drain, self.gate, self.source, self.bulk)


@dataclass(frozen=True, kw_only=True)
class Memristor:
    """A two-terminal memristor; in the netlist an instance of the subcircuit of its card.

    Attributes:
        top, bottom: nodes of the electrodes; current is positive into the top one.
        state: initial filament state, 0..1.
        current_scale, series_scale: factors on I0 and Rs (variability).
        noise: relative deviation of the current, constant, or a `Stimulus` over time.
        frozen: keep the state (a read-out); cheaper, and exact while nothing switches.
    """

    name: str
    top: str
    bottom: str
    card: MemristorCard
    state: Value = 0.0
    current_scale: Value = 1.0
    series_scale: Value = 1.0
    noise: Value | Stimulus = 0.0
    frozen: bool = False
    letter: ClassVar[str] = "X"

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes in netlist order."""
        return (self.top, self.bottom)


@dataclass(frozen=True)
class Instance:
    """A subcircuit in its place: nodes in the order of its ports, values for some of its parameters."""

    name: str
    circuit: Circuit
    nodes: tuple[str, ...]
    values: Mapping[str, Value] = field(default_factory=dict)
    letter: ClassVar[str] = "X"


Element = (
    Resistor | Capacitor | Inductor | VoltageSource | CurrentSource | Vcvs | Vccs | Cccs | Ccvs | Behavioral | Diode | Switch | Mosfet | Memristor | Instance
)
