"""Numbers as LTspice reads them: ``1Meg``, ``10uF``, ``1M`` (milli), ``1F`` (femto), ``4K7`` (4700)."""

import math
import re

from cosim.units import plain

SCALE = {"t": 1e12, "g": 1e9, "meg": 1e6, "k": 1e3, "mil": 25.4e-6, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}
_SUFFIX = "meg|mil|[tgkmunpf]"
_PLAIN = re.compile(rf"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)({_SUFFIX})?([a-z%]*)", re.I)
_SPELLED = re.compile(rf"([+-]?\d+)({_SUFFIX})(\d+)([a-z]*)", re.I)
_SAME = re.compile(rf"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:{_SUFFIX})?", re.I)


def number(text: str) -> float | None:
    """The value of a number, None if `text` is none."""
    if spelled := _SPELLED.fullmatch(text):
        return float(f"{spelled[1]}.{spelled[3]}") * SCALE[spelled[2].lower()]
    hit = _PLAIN.fullmatch(text)
    if hit is None:
        return None
    if hit[2] is None and hit[3] == "%":
        return float(hit[1]) / 100
    value = float(hit[1]) * SCALE.get((hit[2] or "").lower(), 1.0)
    return value if math.isfinite(value) else None


def common(text: str) -> str:
    """A number in a spelling that every program reads alike: as it is, or plain where digits or letters follow the suffix."""
    if _SAME.fullmatch(text):
        return text
    value = number(text)
    return text if value is None else plain(value)
