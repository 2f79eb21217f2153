"""Parameters of frozen device cards: description, unit and range said once, checked once.

A card is a frozen dataclass whose fields are made by `param` and whose ``__post_init__`` calls `check_params`.
Errors, the report's device tables and the reference page are printed from the same metadata.
"""

import math
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Literal

from cosim.errors import DeviceError, reject


@dataclass(frozen=True)
class Range:
    """What a parameter may be; the ends of `above` and `below` are excluded, those of `least` and `most` are not."""

    above: float = -math.inf
    below: float = math.inf
    least: float = -math.inf
    most: float = math.inf

    def __contains__(self, value: float) -> bool:
        return self.above < value < self.below and self.least <= value <= self.most

    def __str__(self) -> str:
        if self.least > -math.inf and self.most < math.inf:
            return f"within {self.least:g}..{self.most:g}"
        words = {">": self.above, ">=": self.least, "<": self.below, "<=": self.most}
        return " and ".join(f"{sign} {end:g}" for sign, end in words.items() if math.isfinite(end)) or "finite"


@dataclass(frozen=True, kw_only=True)
class Span:
    """A quantity that moves between two ends; `points` are needed where it is cut into a grid."""

    low: float
    high: float
    points: int | None = None
    scale: Literal["linear", "log"] = "linear"

    def __str__(self) -> str:
        steps = f", {self.points} points" if self.points else ""
        return f"{self.low:g}..{self.high:g}{steps}{', log' if self.scale == 'log' else ''}"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What a measure must be: at least `least`, at most `most`; None for an open end."""

    least: float | None = None
    most: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a value is inside, ends included; NaN never is."""
        return value == value and (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        ends = ((">=", self.least), ("<=", self.most))
        return " and ".join(f"{sign} {end:.6g}" for sign, end in ends if end is not None)


def param(description: str, unit: str, *, default: Any = MISSING, **ends: float) -> Any:
    """A field of a card.

    Args:
        description: what it is, in the words of the field.
        unit: SI unit, ``1`` for a pure number.
        default: left out if the card must give it.
        ends: `above`, `below` (excluded), `least`, `most` (included).
    """
    metadata = {"description": description, "unit": unit, "range": Range(**ends)}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


def described(card: Any) -> list[Field[Any]]:
    """The fields of a card (class or instance) that were made by `param`."""
    return [each for each in fields(card) if "unit" in each.metadata]


def check_params(card: Any, *, where: str | None = None) -> None:
    """Refuse a card with a value that is not finite or out of its range.

    Raises:
        DeviceError: names the card, the parameter, the value and the range.
    """
    name = where or getattr(card, "name", None) or type(card).__name__
    for each in described(card):
        value = getattr(card, each.name)
        if not isinstance(value, int | float) or not math.isfinite(value) or value not in each.metadata["range"]:
            raise reject(DeviceError, name, each.name, value, str(each.metadata["range"]))
