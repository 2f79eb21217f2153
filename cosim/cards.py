"""Reading device cards: TOML files in which every constant has value, unit, source and range of validity.

.. code-block:: toml

    i0_max = { value = "4.21m", unit = "A", source = "fitted to Lim 2025, Fig. 2A", valid = "0.05..2 V" }
"""

from dataclasses import MISSING
from pathlib import Path
from typing import Any, TypeVar

from cosim.design import read_toml, unknown_key
from cosim.errors import DesignError, DeviceError
from cosim.params import described
from cosim.resources import device_data
from cosim.units import parse

Card = TypeVar("Card")
ENTRY = ("value", "unit", "source", "valid")


def read_card(kind: type[Card], folder: str, name: str) -> Card:
    """A card of class `kind` from ``device_data/<folder>/<name>.toml``, or from the file that `name` is the path of.

    Raises:
        DeviceError: no such card.
        DesignError: a key that is unknown or missing, an entry without unit or source, a wrong unit.
    """
    path = find_card(folder, name)
    content = read_toml(path)
    known = {each.name: each for each in described(kind)}
    values: dict[str, Any] = {"name": content.get("name", path.stem), "description": content.get("description", "")}
    sources = []
    for key, entry in content.items():
        if key in ("name", "description"):
            continue
        if key not in known:
            raise unknown_key(path.name, key, ["name", "description", *known])
        values[key] = _value(path.name, key, entry, known[key].metadata["unit"])
        sources.append((key, f"{entry['source']}; valid {entry['valid']}"))
    missing = [key for key, each in known.items() if key not in values and each.default is each.default_factory is MISSING]
    if missing:
        raise DesignError(f"{path.name}: {missing[0]} is missing")
    return kind(**values, sources=tuple(sources))  # type: ignore[call-arg]


def find_card(folder: str, name: str) -> Path:
    """The file of a card, by name or by path."""
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise DeviceError(f"card {name}: no such file")
        return Path(name)
    path = device_data() / folder / f"{name}.toml"
    if not path.is_file() or "/" in name or "\\" in name:
        available = ", ".join(sorted(each.stem for each in (device_data() / folder).glob("*.toml")))
        raise DeviceError(f"card {name!r}: must be the path of a .toml file or one of {available}")
    return path


def _value(file: str, key: str, entry: Any, unit: str) -> float:
    where = f"{file}, {key}"
    if not isinstance(entry, dict) or any(part not in entry for part in ENTRY):
        raise DesignError(f"{where}: must be a table with {', '.join(ENTRY)}")
    for part in entry:
        if part not in ENTRY:
            raise unknown_key(where, part, list(ENTRY))
    if entry["unit"] != unit:
        raise DesignError(f"{where}: unit {entry['unit']!r} must be {unit!r}")
    return parse(entry["value"], unit, where=where)
