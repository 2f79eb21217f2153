"""Sizing advisor: which orientation, which W/L, and what the answer rests on.

Orientation: the one that leaves the memristor more voltage at the end of the operation that must complete, under positive
supplies. W/L: the smallest at which the transistor takes no more than the allowed share of the cell's voltage at full set;
the crossing is found by bisection over simulated operating points. Source of the rules: Lim 2025, section 3.2 and Table 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from cosim.circuits.cells import ORIENTATIONS, Drive, Orientation
from cosim.circuits.corners import NOMINAL, Corner
from cosim.codesign.cellbench import Devices, Point, operating_point, polar_voltage, positive_drive
from cosim.codesign.window import Window, windows
from cosim.design import Design
from cosim.devices.memristor.card import MemristorCard
from cosim.sweep.lab import Lab

OPERATIONS = ("set", "reset")
TOLERANCE = 1e-4  # relative, of a crossing
END_STATE = {"set": 1.0, "reset": 0.0}


@dataclass(frozen=True, kw_only=True)
class Margin:
    """Voltage left over for one operation in one orientation.

    Attributes:
        available: across the memristor at the end of the operation [V].
        required: by the memristor [V].
    """

    orientation: Orientation
    operation: str
    available: float
    required: float
    deck: str

    @property
    def volts(self) -> float:
        """Available less required [V]."""
        return self.available - self.required


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """The cell at full set, at one W/L."""

    w_over_l: float
    memristor: float
    transistor: float
    overdrive: float
    current: float
    share: float
    power: float
    area: float
    deck: str


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """The W/L at which the share falls to `limit`; NaN when it does not within the range."""

    limit: float
    corner: Corner
    w_over_l: float


@dataclass(frozen=True, kw_only=True)
class Check:
    """A rule, the value that was simulated, and whether it holds; only the required ones decide the verdict."""

    name: str
    value: float
    unit: str
    allowed: str
    passed: bool
    required: bool

    @classmethod
    def of(cls, name: str, value: float, unit: str, allowed: str, *, holds: bool, required: bool = False) -> "Check":
        """A check; the verdict as a plain bool."""
        return cls(name=name, value=float(value), unit=unit, allowed=allowed, passed=bool(holds), required=required)

    def __str__(self) -> str:
        shown = f"{self.value:.2%}" if self.unit == "%" else f"{self.value:.3g}{'' if self.unit == '1' else ' ' + self.unit}"
        verdict = "pass" if self.passed else "fail" if self.required else "does not hold"
        return f"{shown}, {self.allowed}: {verdict}"


@dataclass(frozen=True, kw_only=True)
class SizingAdvice:
    """The advisor's answer.

    Attributes:
        orientation: to build.
        margins: both orientations, both operations.
        crossings: of the limit and of the strict limit at every corner, the nominal one first.
        points: operating points over the W/L of the design.
        chosen: operating point at the W/L that the design chose.
        corner_shares: share of the transistor at the chosen W/L at every corner.
        corner_margins: margin of the full operation at the chosen W/L at every corner [V].
        windows: conductance after set and reset under positive drive, of both orientations, and of the memristor alone.
    """

    design: Design
    orientation: Orientation
    margins: tuple[Margin, ...]
    crossings: tuple[Crossing, ...]
    points: tuple[OperatingPoint, ...]
    chosen: OperatingPoint
    corner_shares: tuple[tuple[Corner, float], ...]
    corner_margins: tuple[tuple[Corner, float], ...]
    windows: tuple[Window, ...]

    def margin(self, orientation: Orientation, operation: str | None = None) -> Margin:
        """The margin of an operation, by default of the one that must complete."""
        wanted = operation or self.design.cell.full_operation
        return next(each for each in self.margins if each.orientation == orientation and each.operation == wanted)

    @property
    def headroom(self) -> float:
        """Volts left over for the full operation in the recommended orientation."""
        return self.margin(self.orientation).volts

    def crossing(self, limit: float, corner: Corner | None = None) -> float:
        """The W/L at which the share falls to `limit`, nominal by default."""
        wanted = corner or self.crossings[0].corner
        return next(each.w_over_l for each in self.crossings if each.limit == limit and each.corner == wanted)

    def size_words(self, limit: float) -> str:
        """The smallest W/L for a limit in words, also where there is none."""
        low, high = self.design.rule.w_over_l_range
        found = self.crossing(limit)
        return f"none within {low:g}..{high:g}" if np.isnan(found) else f"{found:.1f}"

    @property
    def smallest(self) -> float:
        """The smallest W/L that the rule allows, nominal."""
        return self.crossing(self.design.rule.share)

    @property
    def on_off(self) -> float:
        """On/off ratio of the chosen cell over that of the memristor alone."""
        alone = next(each for each in self.windows if each.orientation is None)
        cell = next(each for each in self.windows if each.orientation == self.orientation)
        return cell.ratio / alone.ratio

    @property
    def checks(self) -> tuple[Check, ...]:
        """The rules, each with the value behind it."""
        rule, share = self.design.rule, self.chosen.share
        worst_share = max(value for _, value in self.corner_shares)
        worst_margin = min(value for _, value in self.corner_margins)
        needed = max((each.w_over_l for each in self.crossings if each.limit == rule.share), key=lambda size: np.inf if np.isnan(size) else size)
        return (
            Check.of(f"headroom of the full {self.design.cell.full_operation}", self.headroom, "V", "> 0", holds=self.headroom > 0, required=True),
            Check.of("share of the transistor at full set", share, "%", f"<= {rule.share:.0%}", holds=share <= rule.share, required=True),
            Check.of("the same, strict rule", share, "%", f"<= {rule.strict_share:.0%}", holds=share <= rule.strict_share),
            Check.of("share at the worst corner", worst_share, "%", f"<= {rule.share:.0%}", holds=worst_share <= rule.share),
            Check.of("headroom at the worst corner", worst_margin, "V", "> 0", holds=worst_margin > 0),
            Check.of(
                "W/L against what the worst corner needs",
                self.chosen.w_over_l,
                "1",
                f">= {needed:.3g}" if np.isfinite(needed) else "not reached within the range",
                holds=self.chosen.w_over_l >= needed,
            ),
        )

    @property
    def passed(self) -> bool:
        """Whether every required rule holds."""
        return all(check.passed for check in self.checks if check.required)

    def to_dict(self) -> dict[str, Any]:
        """The answer as numbers and text, for JSON."""
        rule = self.design.rule
        return {
            "orientation": self.orientation.upper(),
            "headroom": self.headroom,
            "w_over_l": self.smallest,
            "w_over_l_strict": self.crossing(rule.strict_share),
            "share_limit": rule.share,
            "strict_share_limit": rule.strict_share,
            "chosen": vars(self.chosen),
            "on_off_relative_to_device": self.on_off,
            "margins": [{**vars(each), "margin": each.volts} for each in self.margins],
            "crossings": [{"limit": each.limit, **vars(each.corner), "w_over_l": each.w_over_l} for each in self.crossings],
            "operating_points": [vars(each) for each in self.points],
            "corners": [
                {**vars(corner), "share": share, "headroom": margin}
                for (corner, share), (_, margin) in zip(self.corner_shares, self.corner_margins, strict=True)
            ],
            "checks": [vars(each) for each in self.checks],
            "passed": self.passed,
        }

    def rows(self) -> list[tuple[str, str]]:
        """The answer as label and text, for a terminal."""
        rule, chosen = self.design.rule, self.chosen
        other = next(each for each in ORIENTATIONS if each != self.orientation)
        return [
            ("orientation", f"{self.orientation.upper()} (headroom {self.headroom:+.3f} V; {other.upper()} {self.margin(other).volts:+.3f} V)"),
            *((f"smallest W/L, share <= {limit:.0%}", self.size_words(limit)) for limit in (rule.share, rule.strict_share)),
            (f"W/L {chosen.w_over_l:g}: share at full set", f"{chosen.share:.2%}"),
            (f"W/L {chosen.w_over_l:g}: memristor, transistor", f"{chosen.memristor:.3f} V, {chosen.transistor:.3f} V at {chosen.current * 1e3:.3f} mA"),
            (f"W/L {chosen.w_over_l:g}: on/off over the device alone", f"{self.on_off:.1%}"),
            (f"W/L {chosen.w_over_l:g}: area", f"{chosen.area * 1e12:.1f} um2"),
            *((check.name, str(check)) for check in self.checks),
        ]


def advise(design: Design, lab: Lab, *, memristor: MemristorCard | None = None) -> SizingAdvice:
    """Orientation and W/L for a design.

    Args:
        design: supplies, rule, corners and the W/L of interest.
        lab: where to simulate.
        memristor: takes the place of the design's card (for example its mirrored twin).

    Raises:
        SimulationError: a run failed.
    """
    devices = Devices.of(design)
    if memristor is not None:
        devices = replace(devices, memristor=memristor)
    nominal, *corners = all_corners(design)
    margins = _margins(design, devices, lab)
    orientation = max(ORIENTATIONS, key=lambda each: _find(margins, each, design.cell.full_operation).volts)
    points = _points(design, devices, lab, orientation, (*design.transistor.w_over_l, design.transistor.chosen))
    everywhere = [nominal, *corners]
    at_corners = [(design.transistor.chosen, each) for each in everywhere]
    return SizingAdvice(
        design=design,
        orientation=orientation,
        margins=tuple(margins),
        crossings=tuple(_crossings(design, devices, lab, orientation, everywhere)),
        points=tuple(points[:-1]),
        chosen=points[-1],
        corner_shares=tuple(zip(everywhere, _shares(design, devices, lab, orientation, at_corners), strict=True)),
        corner_margins=tuple(zip(everywhere, _corner_margins(design, devices, lab, orientation, everywhere), strict=True)),
        windows=tuple(windows(design, devices, lab)),
    )


def all_corners(design: Design) -> list[Corner]:
    """The nominal corner (27 degC), then every combination of temperature, supply and process (typical, slow, fast)."""
    tolerance = design.corners.supply_tolerance
    factors = (1.0 - tolerance, 1.0, 1.0 + tolerance) if tolerance else (1.0,)
    threshold, mobility = design.corners.threshold_skew, design.corners.mobility_skew
    processes = ((0.0, 1.0), (threshold, 1.0 - mobility), (-threshold, 1.0 + mobility))[: 3 if threshold or mobility else 1]
    combined = [
        Corner(temperature=temperature, supply=supply, threshold=shift, mobility=factor)
        for (shift, factor), temperature, supply in product(processes, design.corners.temperature, factors)
    ]
    return [NOMINAL, *(each for each in combined if each != NOMINAL)]


def _find(margins: Sequence[Margin], orientation: Orientation, operation: str) -> Margin:
    return next(each for each in margins if each.orientation == orientation and each.operation == operation)


def _margins(design: Design, devices: Devices, lab: Lab) -> list[Margin]:
    """Both orientations and operations, each at the end of the operation: set at full set, reset at full reset."""
    cases = list(product(ORIENTATIONS, OPERATIONS))
    questions = [
        operating_point(
            devices,
            orientation,
            positive_drive(operation, supply=design.supply.drain, gate=design.supply.gate),
            w_over_l=design.transistor.chosen,
            state=END_STATE[operation],
            length=design.transistor.length,
        )
        for orientation, operation in cases
    ]
    return [
        Margin(
            orientation=orientation,
            operation=operation,
            available=polar_voltage(operation, Point.of(reading, orientation, gate=design.supply.gate).memristor),
            required=design.cell.full_voltage,
            deck=reading.deck,
        )
        for (orientation, operation), reading in zip(cases, lab.ask(questions), strict=True)
    ]


def full_drive(design: Design, corner: Corner) -> Drive:
    """The cell at the voltage of the full operation, which the memristor needs at every corner; the gate follows the supply."""
    return positive_drive(design.cell.full_operation, supply=design.cell.full_voltage, gate=design.supply.gate * corner.supply)


def _points(design: Design, devices: Devices, lab: Lab, orientation: Orientation, sizes: Sequence[float]) -> list[OperatingPoint]:
    drive = full_drive(design, NOMINAL)
    length = design.transistor.length
    readings = lab.ask([operating_point(devices, orientation, drive, w_over_l=size, state=1.0, length=length) for size in sizes])
    points = []
    for size, reading in zip(sizes, readings, strict=True):
        point = Point.of(reading, orientation, gate=design.supply.gate)
        points.append(
            OperatingPoint(
                w_over_l=size,
                memristor=abs(point.memristor),
                transistor=point.transistor,
                overdrive=point.overdrive,
                current=abs(point.current),
                share=point.share,
                power=point.power,
                area=size * length * (length + 2 * devices.mosfet.diffusion_length),
                deck=reading.deck,
            )
        )
    return points


def _shares(design: Design, devices: Devices, lab: Lab, orientation: Orientation, cases: Sequence[tuple[float, Corner]]) -> list[float]:
    """Share of the transistor at full set, for pairs of W/L and corner."""
    questions = [
        operating_point(
            devices,
            orientation,
            full_drive(design, corner),
            w_over_l=size,
            state=1.0,
            length=design.transistor.length,
            temperature=corner.temperature,
            values=corner.values,
        )
        for size, corner in cases
    ]
    gates = [design.supply.gate * corner.supply for _, corner in cases]
    return [Point.of(reading, orientation, gate=gate).share for reading, gate in zip(lab.ask(questions), gates, strict=True)]


def _corner_margins(design: Design, devices: Devices, lab: Lab, orientation: Orientation, corners: Sequence[Corner]) -> list[float]:
    operation = design.cell.full_operation
    questions = [
        operating_point(
            devices,
            orientation,
            positive_drive(operation, supply=design.supply.drain * corner.supply, gate=design.supply.gate * corner.supply),
            w_over_l=design.transistor.chosen,
            state=END_STATE[operation],
            length=design.transistor.length,
            temperature=corner.temperature,
            values=corner.values,
        )
        for corner in corners
    ]
    found = [Point.of(reading, orientation, gate=design.supply.gate * corner.supply) for reading, corner in zip(lab.ask(questions), corners, strict=True)]
    return [polar_voltage(operation, point.memristor) - design.cell.full_voltage for point in found]


def _crossings(design: Design, devices: Devices, lab: Lab, orientation: Orientation, corners: Sequence[Corner]) -> list[Crossing]:
    """All crossings at once, so that each step of the bisection is one batch of runs."""
    cases = list(product(corners, (design.rule.share, design.rule.strict_share)))

    def share(sizes: np.ndarray) -> np.ndarray:
        return np.array(_shares(design, devices, lab, orientation, [(float(size), corner) for size, (corner, _) in zip(sizes, cases, strict=True)]))

    limits = np.array([limit for _, limit in cases])
    found = bisect(share, limits, *design.rule.w_over_l_range)
    return [Crossing(limit=limit, corner=corner, w_over_l=float(size)) for (corner, limit), size in zip(cases, found, strict=True)]


def bisect(falling: Callable[[np.ndarray], np.ndarray], levels: np.ndarray, low: float, high: float) -> np.ndarray:
    """Where falling functions cross their levels, by bisection over the logarithm.

    Args:
        falling: ``(n,)`` positions -> ``(n,)`` values, each falling with its position.
        levels: ``(n,)``.
        low, high: positive ends of the search.

    Returns:
        ``(n,)`` positions, the upper end of the last interval (there the level holds); NaN where even `high` does not
        reach the level; `low` where it holds already.
    """
    at_low, at_high = falling(np.full(len(levels), low)), falling(np.full(len(levels), high))
    below, above = np.full(len(levels), np.log(low)), np.full(len(levels), np.log(high))
    while np.max(above - below) > TOLERANCE:
        middle = 0.5 * (below + above)
        holds = falling(np.exp(middle)) <= levels
        above, below = np.where(holds, middle, above), np.where(holds, below, middle)
    found = np.where(at_low <= levels, low, np.exp(above))
    return np.where(at_high <= levels, found, np.nan)
