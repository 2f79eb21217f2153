"""`Section`: the base of the tables of a design file; checks ranges and choices from the metadata of its fields."""

import math
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from cosim.errors import DesignError
from cosim.params import Limit, Span

Axis = tuple[float, ...] | Span | None  # values of a sweep, a span to take them from, or none: the quantity does not move
Bound = Limit | None  # on a measure of a sweep


def text(description: str, *, default: str, choices: tuple[str, ...] = (), file: str = "") -> Any:
    """A field that holds text: one of `choices`, or a name.

    With ``file="card"`` text that ends in ``.toml`` is a path, with ``file="channel"`` text that ends as a table of measurements does, with
    ``file="library"`` any text is one; relative to the design file.
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
