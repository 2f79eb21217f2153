"""1T1R cells and the benches that drive them.

MOD: memristor on drain, its bottom electrode at the drain, the top one at the bit line.
MOS: memristor on source, its top electrode at the source, the bottom one at the source line.
A bench holds one cell and its sources ``vbit``, ``vword``, ``vsl``; parameters ``w_over_l`` and ``x0`` can be swept.
"""

from dataclasses import dataclass
from typing import Literal

from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Behavioral, Element, Instance, Memristor, Mosfet, Resistor, VoltageSource
from cosim.circuits.expression import Param
from cosim.circuits.stimuli import Stimulus
from cosim.devices.memristor.card import MemristorCard
from cosim.devices.mosfet import MosfetCard
from cosim.errors import CircuitError, reject

Orientation = Literal["mod", "mos"]
Body = Literal["grounded", "lowest"]
ORIENTATIONS: tuple[Orientation, ...] = ("mod", "mos")
LENGTH = 0.5e-6  # [m] channel length of the 0.5 um class
WORDS = {"mod": "memristor on drain", "mos": "memristor on source"}


@dataclass(frozen=True, kw_only=True)
class Drive:
    """What the three terminals of a cell see [V]: a number or a stimulus each."""

    bit: float | Stimulus
    word: float | Stimulus
    source: float | Stimulus = 0.0


def cell(
    orientation: Orientation,
    memristor: MemristorCard,
    mosfet: MosfetCard,
    *,
    w_over_l: float = 65.0,
    length: float = LENGTH,
    frozen: bool = False,
    noise: float | Stimulus = 0.0,
) -> Circuit:
    """A 1T1R cell as a subcircuit.

    Args:
        orientation: ``mod`` or ``mos``.
        memristor, mosfet: device cards.
        w_over_l: default of the parameter of that name.
        length: channel length [m].
        frozen: the memristor keeps its state.
        noise: relative deviation of the memristor's current.

    Returns:
        Ports ``bit word source body``; parameters ``w_over_l``, ``x0``, ``i0s``, ``rss``. The inner node is ``mid``.
    """
    if orientation not in ORIENTATIONS:
        raise reject(CircuitError, "1T1R cell", "orientation", orientation, "mod or mos")
    if not w_over_l > 0:
        raise reject(CircuitError, "1T1R cell", "w_over_l", w_over_l, "> 0")
    if not length > 0:
        raise reject(CircuitError, "1T1R cell", "length", length, "> 0 m")
    top, bottom, drain, source = ("bit", "mid", "mid", "source") if orientation == "mod" else ("mid", "source", "bit", "mid")
    return Circuit(
        name=f"cell_{orientation}",
        description=f"1T1R cell, {WORDS[orientation]} ({orientation.upper()})",
        ports=("bit", "word", "source", "body"),
        elements=(
            Memristor(
                name="r",
                top=top,
                bottom=bottom,
                card=memristor,
                state=Param("x0"),
                current_scale=Param("i0s"),
                series_scale=Param("rss"),
                noise=noise,
                frozen=frozen,
            ),
            Mosfet(name="1", drain=drain, gate="word", source=source, bulk="body", card=mosfet, width=Param("w_over_l") * length, length=length),
        ),
        parameters={
            "w_over_l": Parameter(w_over_l, "1", "width over length of the transistor"),
            "x0": Parameter(0.0, "1", "initial filament state, 0..1"),
            "i0s": Parameter(1.0, "1", "factor on the current scale of the memristor"),
            "rss": Parameter(1.0, "1", "factor on the series resistance of the memristor"),
        },
    )


def bench(inner: Circuit, drive: Drive, *, body: Body = "grounded", state: float = 0.0, w_over_l: float | None = None) -> Circuit:
    """A cell with its sources, ready to simulate.

    Args:
        inner: a `cell`.
        drive: voltages of bit line, word line and source line.
        body: grounded, or held at the lower one of bit and source line (what keeps the body diode off).
        state: initial filament state.
        w_over_l: of the transistor; default that of the cell.

    Returns:
        A circuit with the sources ``vbit``, ``vword``, ``vsl``, ``vbody`` or ``b_body``, the cell ``x1`` (inner node ``x1.mid``).
    """
    _check_state("1T1R bench", state)
    if body not in ("grounded", "lowest"):
        raise reject(CircuitError, "1T1R bench", "body", body, "grounded or lowest")
    sources = [_source("bit", "bit", drive.bit), _source("word", "word", drive.word), _source("sl", "sl", drive.source)]
    holder: Element = VoltageSource("body", "body", "0", 0.0)
    if body == "lowest":
        holder = Behavioral(name="b_body", positive="body", negative="0", voltage="min(V(bit),min(V(sl),0))")
    used = inner.parameters["w_over_l"].default if w_over_l is None else w_over_l
    if not used > 0:
        raise reject(CircuitError, "1T1R bench", "w_over_l", used, "> 0")
    return Circuit(
        name=f"{inner.name}_bench",
        description=inner.description,
        elements=(
            *sources,
            holder,
            Instance("1", inner, ("bit", "word", "sl", "body"), {name: Param(name) for name in inner.parameters}),
        ),
        parameters={
            **inner.parameters,
            "w_over_l": Parameter(used, "1", "width over length of the transistor"),
            "x0": Parameter(state, "1", "initial filament state, 0..1"),
        },
    )


def device_bench(memristor: MemristorCard, stimulus: float | Stimulus, *, state: float = 0.0, frozen: bool = False) -> Circuit:
    """The memristor alone between the source ``vte`` and ground; parameters ``x0``, ``i0s``, ``rss``."""
    _check_state("device bench", state)
    return Circuit(
        name="device_bench",
        description="memristor alone, bottom electrode grounded",
        elements=(
            VoltageSource("te", "te", "0", *((0.0, stimulus) if isinstance(stimulus, Stimulus) else (stimulus,))),
            Memristor(
                name="1",
                top="te",
                bottom="0",
                card=memristor,
                state=Param("x0"),
                current_scale=Param("i0s"),
                series_scale=Param("rss"),
                frozen=frozen,
            ),
        ),
        parameters={
            "x0": Parameter(state, "1", "initial filament state, 0..1"),
            "i0s": Parameter(1.0, "1", "factor on the current scale"),
            "rss": Parameter(1.0, "1", "factor on the series resistance"),
        },
    )


def transistor_bench(mosfet: MosfetCard, *, drain: float, gate: float, source: float = 0.0, w_over_l: float = 65.0, length: float = LENGTH) -> Circuit:
    """The transistor alone: sources ``vd``, ``vg``, ``vs``, body grounded; parameter ``w_over_l``."""
    if not w_over_l > 0:
        raise reject(CircuitError, "transistor bench", "w_over_l", w_over_l, "> 0")
    return Circuit(
        name="transistor_bench",
        description="transistor alone, body grounded",
        elements=(
            VoltageSource("d", "d", "0", drain),
            VoltageSource("g", "g", "0", gate),
            VoltageSource("s", "s", "0", source),
            Mosfet(name="1", drain="d", gate="g", source="s", bulk="0", card=mosfet, width=Param("w_over_l") * length, length=length),
        ),
        parameters={"w_over_l": Parameter(w_over_l, "1", "width over length of the transistor")},
    )


def loaded_bench(orientation: Orientation, mosfet: MosfetCard, *, resistance: float, drive: Drive, w_over_l: float, length: float = LENGTH) -> Circuit:
    """A 1T1R cell whose memristor is a resistor [ohm]: what Table 1 of Lim 2025 speaks of. Nodes ``bit``, ``mid``, ``sl``."""
    if orientation not in ORIENTATIONS:
        raise reject(CircuitError, "loaded bench", "orientation", orientation, "mod or mos")
    if not w_over_l > 0:
        raise reject(CircuitError, "loaded bench", "w_over_l", w_over_l, "> 0")
    if not resistance > 0:
        raise reject(CircuitError, "loaded bench", "resistance", resistance, "> 0 ohm")
    top, bottom, drain, source = ("bit", "mid", "mid", "sl") if orientation == "mod" else ("mid", "sl", "bit", "mid")
    return Circuit(
        name=f"loaded_{orientation}",
        description=f"1T1R cell with a resistor in the place of the memristor ({orientation.upper()})",
        elements=(
            _source("bit", "bit", drive.bit),
            _source("word", "word", drive.word),
            _source("sl", "sl", drive.source),
            Resistor("load", top, bottom, Param("resistance")),
            Mosfet(name="1", drain=drain, gate="word", source=source, bulk="0", card=mosfet, width=Param("w_over_l") * length, length=length),
        ),
        parameters={
            "w_over_l": Parameter(w_over_l, "1", "width over length of the transistor"),
            "resistance": Parameter(resistance, "ohm", "in the place of the memristor"),
        },
    )


def _check_state(where: str, state: float) -> None:
    if not 0 <= state <= 1:
        raise reject(CircuitError, where, "state", state, "within 0..1")


def _source(name: str, node: str, value: float | Stimulus) -> VoltageSource:
    return VoltageSource(name, node, "0", 0.0, value) if isinstance(value, Stimulus) else VoltageSource(name, node, "0", value)
