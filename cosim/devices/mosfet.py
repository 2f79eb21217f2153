"""MOSFETs: foundry cards, for SPICE only. Tables for the fast engine come from sweeps of these cards.

``device_data/mosfet/*.toml`` holds the BSIM3v3 parameters; a user's own library can take its place (`from_library`).
NRD and NRS are always written: their default of one square adds 82 ohm at each end, and LTspice and ngspice differ in
that default by 3 to 10 % of the current.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cosim.cards import find_card
from cosim.circuits.elements import Include, ModelCard
from cosim.circuits.expression import Value
from cosim.design import check_keys, read_toml
from cosim.errors import DesignError, DeviceError, UnitError
from cosim.params import check_params, param
from cosim.units import parse

THRESHOLDS = ("vth0", "vtho", "vto", "vt0")  # names of the threshold voltage in the models of SPICE programs
MOBILITIES = ("u0", "uo", "kp")  # of what the current is proportional to; a model may give two of them
TOP_KEYS = ("name", "description", "kind", "source", "valid", "contact_length", "diffusion_length", "largest_voltage", "temperature", "parameters")


@dataclass(frozen=True, kw_only=True)
class MosfetCard:
    """A MOSFET model.

    Attributes:
        name: model name in the netlist.
        kind: ``nmos`` or ``pmos``.
        contact_length: from contact to gate edge, over W the number of squares of drain and of source [m].
        diffusion_length: of drain and source, for areas and perimeters [m].
        largest_voltage, temperature: range of validity [V], [degC]; a library of the user's has none that is known.
        parameters: of the ``.model`` line, as written; empty when a library holds them.
        library: the user's file that holds the model, or None.
    """

    name: str
    kind: str
    description: str = ""
    contact_length: float = param("contact to gate edge; over W it gives NRD and NRS", "m", least=0.0)
    diffusion_length: float = param("length of drain and source diffusion", "m", least=0.0)
    largest_voltage: float = param("between any two terminals", "V", default=1e3, above=0.0)
    temperature: tuple[float, float] = (-273.0, 1e3)
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)  # a mapping has no hash; equality looks at it
    library: Include | None = None
    source: str = ""
    valid: str = ""

    def __post_init__(self) -> None:
        if self.kind not in ("nmos", "pmos"):
            raise DeviceError(f"mosfet {self.name}, kind={self.kind}: must be nmos or pmos")
        check_params(self, where=f"mosfet {self.name}")

    @property
    def model(self) -> ModelCard | None:
        """The ``.model`` line, or None when a library of the user's holds it."""
        return None if self.library else ModelCard(self.name, self.kind, dict(self.parameters))


def load_mosfet(name: str) -> MosfetCard:
    """The card ``device_data/mosfet/<name>.toml``, or the card file at that path."""
    path = find_card("mosfet", name)
    content = read_toml(path)
    check_keys(path.name, content, TOP_KEYS, optional=TOP_KEYS[:2])
    return MosfetCard(
        name=content.get("name", path.stem),
        kind=content["kind"],
        description=content.get("description", ""),
        contact_length=parse(content["contact_length"], "m", where=f"{path.name}, contact_length"),
        diffusion_length=parse(content["diffusion_length"], "m", where=f"{path.name}, diffusion_length"),
        largest_voltage=parse(content["largest_voltage"], "V", where=f"{path.name}, largest_voltage"),
        temperature=_range(path.name, content["temperature"]),
        parameters={key: _number(value) for key, value in content["parameters"].items()},
        source=content["source"],
        valid=content["valid"],
    )


def from_library(library: Path, model: str, *, kind: str, like: MosfetCard) -> MosfetCard:
    """A card whose model line stands in a file of the user's own.

    Args:
        library: the file; it is included in every deck as it is.
        model: name of the ``.model`` in it.
        kind: ``nmos`` or ``pmos``.
        like: gives the layout (contact and diffusion length).

    Raises:
        DeviceError: no such file, or no such model in it; the message names those that are there.
    """
    if not library.is_file():
        raise DeviceError(f"library {library}: no such file")
    text = library.read_bytes().decode("utf-8", errors="replace")
    found = {name.lower(): made.lower() for name, made in re.findall(r"(?im)^\s*\.model\s+(\S+)\s+(nmos|pmos)\b", text)}
    if found.get(model.lower()) != kind:
        named = ", ".join(name for name, made in found.items() if made == kind) or "none"
        raise DeviceError(f"library {library}: has no {kind} model {model!r}; it has {named}")
    return MosfetCard(
        name=model,
        kind=kind,
        description=f"{model} of {library.name}",
        contact_length=like.contact_length,
        diffusion_length=like.diffusion_length,
        library=Include(library, (model.lower(),)),
        source=str(library.name),
        valid="as the library says",
    )


def with_flicker(card: MosfetCard) -> MosfetCard:
    """The card with flicker noise: noise model 2 of BSIM3v3, with the coefficients that the model itself has by default.

    The card's own model 1 has none without ``KF``, which neither the paper nor the public card gives. A library of the user's
    own keeps what it says.
    """
    return card if card.library else replace(card, name=f"{card.name}_flicker", parameters={**card.parameters, "noimod": "2"})


def skewed_model(card: MosfetCard, name: str, *, threshold_shift: Value, mobility: Value) -> ModelCard:
    """The model of one MOSFET whose threshold and mobility differ from those of its card.

    The instance parameters ``delvto`` and ``mulu0`` of ngspice would do the same, to the last bit, but LTspice's manual knows
    neither, so the shift stands in a model card of the MOSFET's own. A model in a library of the user's is read from its text.

    Args:
        card: of the MOSFET.
        name: of the new model.
        threshold_shift: added to the magnitude of the threshold voltage [V].
        mobility: factor on the mobility.

    Raises:
        DeviceError: the model gives no threshold or no mobility, or not as a number.
    """
    words = dict(card.parameters) if card.library is None else _library_words(card)
    parameters: dict[str, Value | str] = dict(words)
    if threshold_shift != 0.0:
        key = next(_given(card, words, THRESHOLDS, "threshold"))
        parameters[key] = _base(card, key, words[key]) + (threshold_shift if card.kind == "nmos" else -threshold_shift)
    if mobility != 1.0:
        for key in _given(card, words, MOBILITIES, "mobility"):
            parameters[key] = _base(card, key, words[key]) * mobility
    return ModelCard(name, card.kind, parameters)


def _given(card: MosfetCard, words: Mapping[str, str], names: tuple[str, ...], what: str) -> Iterator[str]:
    found = [name for name in names if name in words]
    if not found:
        raise DeviceError(f"mosfet {card.name}: its model gives no {what} ({' or '.join(names)}), which cannot be shifted then")
    return iter(found)


def _base(card: MosfetCard, key: str, text: str) -> float:
    try:
        return parse(text, "1", where=key)
    except UnitError as error:
        raise DeviceError(f"mosfet {card.name}, {error}; another cannot be shifted") from None


def _library_words(card: MosfetCard) -> dict[str, str]:
    """Parameters of a model, as a library writes them: continuation lines, comments, brackets and blanks around ``=`` allowed."""
    assert card.library is not None
    text = card.library.path.read_bytes().decode("utf-8", errors="replace")
    lines = [re.split(r"[;$]", line)[0] for line in text.splitlines() if not line.lstrip().startswith("*")]
    joined = re.sub(r"\n\s*\+", " ", "\n".join(lines))
    hits = re.findall(rf"(?im)^\s*\.model\s+{re.escape(card.name)}\s+{card.kind}\b(.*)$", joined)
    if len(hits) != 1:
        raise DeviceError(f"library {card.library.path}: has {len(hits)} models {card.name!r}; only one alone can be shifted")
    return {key.lower(): value for key, value in re.findall(r"(\w+)\s*=\s*(\{[^{}]*\}|'[^']*'|[^\s()=]+)", hits[0])}


def _range(file: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise DesignError(f"{file}, temperature: must be two temperatures, the lower one first")
    low, high = (parse(each, "degC", where=f"{file}, temperature") for each in value)
    return low, high


def _number(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)
