"""`Deck`: a netlist as a value, and the only place that writes SPICE text.

The text is made for people and runs unchanged in LTspice and in ngspice (mode ``lta``): title and provenance on top, the
parameters that one may change as ``.param`` lines with unit and meaning, the circuit, subcircuits, models, analysis,
``.meas`` lines. Which constructs it may use: `cosim.spice.dialect`.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cosim
from cosim.analysis import Ac, Analysis, Dc, Noise, Op, Tran
from cosim.circuits.circuit import Circuit, spice_name
from cosim.circuits.elements import (
    Behavioral,
    CurrentControlled,
    Diode,
    Element,
    Include,
    Instance,
    Memristor,
    ModelCard,
    Mosfet,
    Passive,
    Resistor,
    Source,
    Switch,
    VoltageControlled,
)
from cosim.circuits.expression import Expression, Value
from cosim.circuits.stimuli import PiecewiseLinear, Stimulus
from cosim.devices.memristor.subcircuit import subcircuit
from cosim.devices.mosfet import skewed_model
from cosim.errors import CircuitError
from cosim.measure import Measure, spell
from cosim.spice.breakpoints import STEP_SHARE
from cosim.spice.libraries import check_library
from cosim.units import plain

WIDTH = 116  # longest line before it is continued with "+"
MEASURE_KIND = {Op: "OP", Dc: "DC", Tran: "TRAN", Ac: "AC", Noise: "NOISE"}


@dataclass(frozen=True)
class Deck:
    """A netlist with all that it includes.

    Attributes:
        text: the whole netlist; the first line is the title, the last one ``.end``.
        files: ``(name, content)`` of the files that must lie beside it.
        analysis: what the text asks for.
        saved: canonical names of the signals wanted; empty for all.
        measures: what is computed from the waves (in LTspice, by the ``.meas`` lines).
    """

    text: str
    files: tuple[tuple[str, str], ...] = ()
    analysis: Analysis | None = None
    saved: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()

    def digest(self) -> str:
        """SHA-256 over text and files."""
        made = hashlib.sha256(self.text.encode())
        for name, content in sorted(self.files):
            made.update(f"\0{name}\0{content}".encode())
        return made.hexdigest()


def write_deck(
    circuit: Circuit,
    analysis: Analysis,
    *,
    saved: Sequence[str] = (),
    measures: Sequence[Measure] = (),
    values: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
) -> Deck:
    """The deck of a circuit and an analysis.

    Args:
        circuit: the top circuit, without ports.
        analysis: what to simulate.
        saved: signals to keep, canonical (``v(te)``, ``i(vbit)``, ``v(x1.x)``); all when empty.
        measures: become ``.meas`` lines.
        values: parameters of the circuit that differ from their defaults.
        notes: comment lines below the title, for example a seed.

    Raises:
        CircuitError: the circuit has ports, `values` names an unknown parameter, or a memristor that is not frozen meets an
            analysis other than a transient (its state is an initial condition, which nothing else honors).
    """
    if circuit.ports:
        raise CircuitError(f"{circuit.name}: a circuit with ports cannot be simulated; put an instance of it into a circuit without")
    parts = _Parts(circuit)
    if parts.moving and not isinstance(analysis, Tran):
        raise CircuitError(
            f"{circuit.name}, {parts.moving}: a memristor keeps its state only in a transient; make it frozen for {type(analysis).__name__.lower()}"
        )
    body = [
        *_head(circuit, notes),
        *_parameters(circuit, values or {}),
        "",
        *[line for element in circuit.elements for line in wrap(_element(element))],
        *_own_models(circuit),
        *[f".ic V({node})={_value(value)}" for node, value in circuit.initial.items()],
        *[line for inner in parts.subcircuits for line in ("", *subcircuit_lines(inner))],
        *([""] if parts.models else []),
        *[line for model in parts.models for line in wrap(model_line(model))],
        *[f".include {_file_name(include)}" for include in parts.includes],
        "",
        *_analysis(analysis),
        *_save(saved),
        *[measure.meas(MEASURE_KIND[type(analysis)]) for measure in measures],
        ".end",
    ]
    files = tuple((_file_name(include), _read(include)) for include in parts.includes)
    return Deck("\n".join(body) + "\n", files, analysis, tuple(saved), tuple(measures))


def with_analysis(deck: Deck, analysis: Analysis) -> Deck:
    """A deck of `write_deck` that asks for another analysis of the same kind, all else equal.

    Raises:
        CircuitError: the deck says nothing of its analysis, or asks for one of another kind, or its text does not hold it.
    """
    if deck.analysis is None or type(deck.analysis) is not type(analysis):
        raise CircuitError(f"deck, analysis={type(analysis).__name__}: must be of the kind of the deck, {type(deck.analysis).__name__}")
    old, new = ("\n".join(["", *_analysis(each), ""]) for each in (deck.analysis, analysis))
    if deck.text.count(old) != 1:
        raise CircuitError("deck: its text does not hold the lines of its analysis; only decks that cosim wrote can be changed")
    return replace(deck, text=deck.text.replace(old, new), analysis=analysis)


class _Parts:
    """Subcircuits, models and includes that a circuit needs, each once, in the order of first use."""

    def __init__(self, circuit: Circuit) -> None:
        self._subcircuits: dict[str, Circuit] = {}
        self._models: dict[str, ModelCard] = {}
        self._includes: dict[str, Include] = {}
        self._seen: dict[int, Circuit] = {}
        self.moving = ""  # the first memristor that is not frozen
        self._visit(circuit)

    @property
    def subcircuits(self) -> Iterable[Circuit]:
        return self._subcircuits.values()

    @property
    def models(self) -> Iterable[ModelCard]:
        return self._models.values()

    @property
    def includes(self) -> Iterable[Include]:
        return self._includes.values()

    def _visit(self, circuit: Circuit) -> None:
        if id(circuit) in self._seen:
            return
        self._seen[id(circuit)] = circuit
        for include in circuit.includes:
            self._include(include)
        for element in circuit.elements:
            match element:
                case Instance():
                    if id(element.circuit) not in self._seen:
                        self._visit(element.circuit)
                        _put(self._subcircuits, element.circuit.name, element.circuit)
                case Memristor():
                    inner = memristor_circuit(element)
                    _put(self._subcircuits, inner.name, inner)
                    self.moving = self.moving or ("" if element.frozen else spice_name(element))
                case Mosfet():
                    if element.card.library:
                        self._include(element.card.library)
                    elif element.card.model and not element.skewed:
                        _put(self._models, element.card.name, element.card.model)
                case Diode() | Switch():
                    _put(self._models, element.model.name, element.model)

    def _include(self, include: Include) -> None:
        known = self._includes.setdefault(include.path.name.lower(), include)
        if known.path.resolve() != include.path.resolve():
            raise CircuitError(f"two different models, subcircuits or files are named {include.path.name!r}")


def _put(known: dict[str, Any], name: str, item: object) -> None:
    if known.setdefault(name.lower(), item) != item:  # SPICE reads names in one case
        raise CircuitError(f"two different models, subcircuits or files are named {name!r}")


def memristor_circuit(element: Memristor) -> Circuit:
    """The subcircuit that a memristor is an instance of."""
    trace = element.noise if isinstance(element.noise, Stimulus) else None
    return subcircuit(element.card, frozen=element.frozen, noise=trace)


def subcircuit_lines(circuit: Circuit) -> Iterator[str]:
    """The ``.subckt`` block of a circuit, parameters with their meaning on top."""
    yield f"* {_remark(circuit.description or circuit.name)}"
    for name, parameter in circuit.parameters.items():
        yield f"*   {name}: {_remark(parameter.description)} [{_remark(parameter.unit)}]"
    defaults = " ".join(f"{name}={plain(parameter.default)}" for name, parameter in circuit.parameters.items())
    yield from wrap(f".subckt {circuit.name} {' '.join(circuit.ports)}{' params: ' + defaults if defaults else ''}")
    for element in circuit.elements:
        yield from wrap(_element(element))
    yield from _own_models(circuit)
    for node, value in circuit.initial.items():
        yield f".ic V({node})={_value(value)}"
    yield f".ends {circuit.name}"


def model_line(model: ModelCard) -> str:
    """The ``.model`` line of a card."""
    values = (f"{name}={value if isinstance(value, str) else _value(value)}" for name, value in model.parameters.items())
    return f".model {model.name} {model.kind} {' '.join(values)}".rstrip()


def _own_models(circuit: Circuit) -> Iterator[str]:
    """The ``.model`` lines of MOSFETs that differ from their cards; they stand in the circuit whose parameters they may use."""
    for element in circuit.elements:
        if isinstance(element, Mosfet) and element.skewed:
            model = skewed_model(element.card, _model_name(element), threshold_shift=element.threshold_shift, mobility=element.mobility)
            yield from wrap(model_line(model))


def _model_name(element: Mosfet) -> str:
    return f"{element.card.name}_{spice_name(element).lower()}" if element.skewed else element.card.name


def _head(circuit: Circuit, notes: Sequence[str]) -> Iterator[str]:
    yield f"* {_remark(circuit.description or circuit.name)}"
    yield f"* Circuit {circuit.name}, written by cosim {cosim.__version__}"
    yield "* LTspice: open and run. ngspice: ngspice -n -D ngbehavior=lta -b -r waves.raw FILE"
    yield from (f"* {_remark(note)}".rstrip() for note in notes)


def _parameters(circuit: Circuit, values: Mapping[str, float]) -> Iterator[str]:
    for name in values:
        if name not in circuit.parameters:
            raise CircuitError(f"{circuit.name}: has no parameter {name!r}; it has {', '.join(circuit.parameters) or 'none'}")
    for name, parameter in circuit.parameters.items():
        yield f".param {name}={plain(values.get(name, parameter.default))} ; [{_remark(parameter.unit)}] {_remark(parameter.description)}"


def _remark(text: str) -> str:
    """Text for a comment: one line, ASCII only."""
    return " ".join(text.replace("\u00b5", "u").replace("\u03bc", "u").replace("\u03a9", "ohm").split()).encode("ascii", "replace").decode()


def _value(value: Value) -> str:
    return f"{{{value.text}}}" if isinstance(value, Expression) else plain(value)


def _element(element: Element) -> str:
    """The netlist line of an element."""
    name = spice_name(element)
    match element:
        case Instance():
            values = "".join(f" {key}={_value(value)}" for key, value in element.values.items())
            return f"{name} {' '.join(element.nodes)} {element.circuit.name}{values}"
        case Passive():
            tempco = f" tc={plain(element.tempco)}" if isinstance(element, Resistor) and element.tempco else ""
            return f"{name} {element.a} {element.b} {_value(element.value)}{tempco}"
        case Memristor():
            return _memristor(name, element)
        case Mosfet():
            return _mosfet(name, element)
        case Source():
            return f"{name} {element.positive} {element.negative} {_stimulus(element)}"
        case VoltageControlled():
            return f"{name} {' '.join(element.nodes)} {_value(element.gain)}"
        case CurrentControlled():
            return f"{name} {' '.join(element.nodes)} {element.control} {_value(element.gain)}"
        case Behavioral():
            return f"{name} {' '.join(element.nodes)} {f'V={element.voltage}' if element.voltage else f'I={element.current}'}"
        case Diode() | Switch():
            return f"{name} {' '.join(element.nodes)} {element.model.name}"


def _memristor(name: str, element: Memristor) -> str:
    values = [f"x0={_value(element.state)}"]
    for key, value, neutral in (("i0s", element.current_scale, 1.0), ("rss", element.series_scale, 1.0)):
        if value != neutral:
            values.append(f"{key}={_value(value)}")
    if not isinstance(element.noise, Stimulus) and element.noise != 0.0:
        values.append(f"nz={_value(element.noise)}")
    return f"{name} {element.top} {element.bottom} {memristor_circuit(element).name} {' '.join(values)}"


def _mosfet(name: str, element: Mosfet) -> str:
    width, card = element.width, element.card
    squares = _value(card.contact_length / width)
    area = _value(card.diffusion_length * width)
    edge = _value(2.0 * width + 2.0 * card.diffusion_length)
    size = f"W={_value(width)} L={_value(element.length)} NRD={squares} NRS={squares} AD={area} AS={area} PD={edge} PS={edge}"
    return f"{name} {' '.join(element.nodes)} {_model_name(element)} {size}{f' m={element.parallel}' if element.parallel != 1 else ''}"


def _stimulus(source: Source) -> str:
    ac = f" AC {plain(source.ac)}" if source.ac else ""
    if source.wave is None:
        return f"{_value(source.dc)}{ac}"
    if isinstance(source.wave, PiecewiseLinear):
        return f"PWL({' '.join(f'{plain(time)} {plain(value)}' for time, value in source.wave.points)}){ac}"
    wave = source.wave
    return f"PULSE({' '.join(plain(each) for each in (wave.low, wave.high, wave.delay, wave.rise, wave.fall, wave.width, wave.period))}){ac}"


def _analysis(analysis: Analysis) -> Iterator[str]:
    options = analysis.options
    yield f".options reltol={plain(options.reltol)} abstol={plain(options.abstol)} gmin={plain(options.gmin)} method={options.method} plotwinsize=0 numdgt=15"
    yield f".temp {plain(options.temperature)}"
    match analysis:
        case Op():
            yield ".op"
        case Dc(source=source, start=start, stop=stop, step=step, outer=outer):
            second = f" {outer[0]} {' '.join(plain(each) for each in outer[1:])}" if outer else ""
            yield f".dc {source} {plain(start)} {plain(stop)} {plain(step)}{second}"
        case Tran():
            yield from (f".ic V({node})={plain(voltage)}" for node, voltage in analysis.initial.items())
            largest = plain(float(f"{STEP_SHARE * analysis.max_step:.6g}"))
            yield f".tran {largest} {plain(analysis.stop)} {plain(analysis.start)} {largest}"
        case Ac():
            yield f".ac dec {analysis.points} {plain(analysis.start)} {plain(analysis.stop)}"
        case Noise():
            yield f".noise V({analysis.output}) {analysis.source} dec {analysis.points} {plain(analysis.start)} {plain(analysis.stop)}"


def _save(saved: Sequence[str]) -> Iterator[str]:
    """The ``.save`` line; none at all when a node inside of a subcircuit is wanted, whose name the programs spell differently."""
    if saved and not any("." in name for name in saved):
        yield from wrap(f".save {' '.join(spell(name) for name in saved)}")


def _read(include: Include) -> str:
    """The content of a user's file, past the gate.

    Raises:
        DialectError: it is more than a library.
    """
    text = include.path.read_bytes().decode("utf-8", errors="replace")
    check_library(text, where=str(include.path))
    return text


def _file_name(include: Include) -> str:
    """A name that both programs read without quotes; the file is copied under it, beside the deck."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", include.path.name).lstrip(".") or "library.lib"


def wrap(line: str) -> Iterator[str]:
    """A line of at most `WIDTH` characters, continued with ``+``; broken at spaces only."""
    while len(line) > WIDTH:
        cut = line.rfind(" ", 20, WIDTH)
        if cut < 0:
            cut = line.find(" ", WIDTH)
        if cut < 0:
            break
        yield line[:cut]
        line = f"+ {line[cut + 1 :]}"
    yield line
