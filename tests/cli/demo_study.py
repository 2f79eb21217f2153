"""A study of three claims that needs no simulator; `RAISES` makes it fail."""

from collections.abc import Mapping
from typing import Any

from cosim.claims import Claim, Kind, at_least, equals, within
from cosim.design import Design
from cosim.sweep.lab import Lab


def claim(name: str, value: Any, must_be: Any, *, kind: Kind = "reproduction", paper: float | str | None = None, unit: str = "ohm") -> Claim:
    """A claim of this study."""
    return Claim(id=f"demo.study.{name}", kind=kind, source="nobody 2025", statement=name, paper=paper, unit=unit, must_be=must_be, value=value)


CLAIMS = (
    claim("resistance", lambda result: result["resistance"], within(120.0, 3.0), kind="calibration", paper=120.0),
    claim("orientation", lambda result: result["orientation"], equals("MOD"), paper="MOD", unit=""),
    claim("levels.count", lambda result: result["levels"], at_least(23.0), kind="prediction", unit="1"),
)
RESULT = {"resistance": 119.1234567, "orientation": "MOD", "levels": 24}
RAISES: list[Exception] = []


def run(design: Design, lab: Lab) -> Mapping[str, Any]:
    """The result, or the error in `RAISES`."""
    assert lab.progress is not None
    lab.progress(1, 1)
    if RAISES:
        raise RAISES[0]
    return RESULT
