"""What moves a unit away from its nominal self: corners, offsets, tolerances, and the mismatch of each transistor."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.circuits.corners import Corner, Mismatch, deviated, mosfets
from cosim.circuits.neuron.card import CurrentBiasedCard, NeuronCard
from cosim.circuits.neuron.drive import transient
from cosim.circuits.neuron.unit import Parts, unit
from cosim.codesign.neuron.bench import SAVED, Response, Run, respond, response
from cosim.snn.timing import TimeConstants
from cosim.sweep.lab import Lab, Question
from cosim.units import engineering

MEASURES = ("gain", "fall", "leak", "baseline")  # attributes of a `Response` that tables compare
SHIFT = 1e-3  # [V] of a threshold, for the sensitivity to it
A_VT = 9e-9  # [V m] assumed for the 0.5 um class: 9 mV um
TOLERANCES = (
    Corner(resistance=0.9),
    Corner(resistance=1.1),
    Corner(capacitance=0.9),
    Corner(capacitance=1.1),
    Corner(threshold=0.05, mobility=0.9),
    Corner(threshold=-0.05, mobility=1.1),
)  # assumed: 10 % for parts on a chip, 50 mV and 10 % between the slow and the typical process
DURATION = 0.1  # [s] of runs whose peak alone is wanted
DRAW_SPIKES = (0.010,)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """One response beside the nominal one.

    Attributes:
        what: the corner, offset or tolerance.
    """

    what: str
    response: Response
    nominal: Response

    def change(self, measure: str) -> float:
        """Relative change of a measure of `Response`, of ``swing`` too."""
        return float(getattr(self.response, measure) / getattr(self.nominal, measure) - 1.0)


def corners(temperatures: Sequence[float], tolerance: float) -> list[Corner]:
    """Each temperature at the nominal supply, both supplies at 27 degC, and the outer temperatures with both supplies."""
    ends = (1.0 - tolerance, 1.0 + tolerance)
    outer = [Corner(temperature=each, supply=supply) for each in (min(temperatures), max(temperatures)) for supply in ends]
    return [*(Corner(temperature=each) for each in temperatures), *(Corner(supply=each) for each in ends), *outer]


def at_corners(card: NeuronCard, parts: Parts, where: Sequence[Corner], lab: Lab, targets: TimeConstants) -> list[Moved]:
    """The text's spikes at each corner, errors against a model with the time constants `targets`."""
    nominal, *moved = respond([Run(card=card, parts=parts), *(Run(card=card, parts=parts, corner=each) for each in where)], lab, targets)
    return [Moved(what=str(corner), response=found, nominal=nominal) for corner, found in zip(where, moved, strict=True)]


def at_tolerances(card: NeuronCard, parts: Parts, lab: Lab, targets: TimeConstants) -> list[Moved]:
    """Resistors and capacitors 10 % off, all together, and a slow and a fast process; the spikes of the text."""
    return at_corners(card, parts, TOLERANCES, lab, targets)


def sensitivities(card: NeuronCard, parts: Parts, lab: Lab, targets: TimeConstants, *, offset: float) -> list[Moved]:
    """One step of each global influence: 10 K, 1 % of the supply, 1 mV of threshold, 1 % of R, C and mobility, `offset` [V] of each op-amp."""
    tia, inverter = parts.offsets
    turned: dict[str, Run] = {
        "temperature +10 K": Run(card=card, parts=parts, corner=Corner(temperature=37.0)),
        "supply +1 %": Run(card=card, parts=parts, corner=Corner(supply=1.01)),
        "all thresholds +1 mV": Run(card=card, parts=parts, corner=Corner(threshold=1e-3)),
        "all mobilities +1 %": Run(card=card, parts=parts, corner=Corner(mobility=1.01)),
        "all resistors +1 %": Run(card=card, parts=parts, corner=Corner(resistance=1.01)),
        "all capacitors +1 %": Run(card=card, parts=parts, corner=Corner(capacitance=1.01)),
        f"offset of the TIA +{engineering(offset, 'V')}": Run(card=card, parts=replace(parts, offsets=(tia + offset, inverter))),
        f"offset of the inverter +{engineering(offset, 'V')}": Run(card=card, parts=replace(parts, offsets=(tia, inverter + offset))),
    }
    nominal, *moved = respond([Run(card=card, parts=parts), *turned.values()], lab, targets)
    return [Moved(what=what, response=found, nominal=nominal) for what, found in zip(turned, moved, strict=True)]


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Units whose transistors were drawn one by one.

    Attributes:
        area: factor on the gate areas of the card.
        swing, baseline: ``(draws,)`` peak of one spike of full weight over the baseline, and the baseline [V].
    """

    area: float
    swing: Array
    baseline: Array

    @property
    def deviation(self) -> float:
        """Standard deviation of the swing over its mean."""
        return float(np.std(self.swing, ddof=1) / np.mean(self.swing))

    def share_within(self, tolerance: float, nominal: float) -> tuple[int, int]:
        """How many draws lie within `tolerance` of the nominal swing, and of how many."""
        return int(np.sum(np.abs(self.swing / nominal - 1.0) <= tolerance)), len(self.swing)


def draw_units(card: NeuronCard, parts: Parts, lab: Lab, *, number: int, mismatch: Mismatch, seed: int, area: float = 1.0) -> Draws:
    """The peak of one spike for each draw; every MOSFET of the unit is drawn, the cell's, the cascodes' and the tails' too."""
    scaled = scale_areas(card, area)
    runs = [
        Run(card=scaled, parts=parts, times=DRAW_SPIKES, duration=DURATION, mismatch=mismatch, draw=draw, seed=seed)
        for draw in range(number)
    ]  # fmt: skip
    answers = respond(runs, lab)
    return Draws(area=area, swing=np.array([each.swing for each in answers]), baseline=np.array([each.baseline for each in answers]))


def draw_alike(card: NeuronCard, parts: Parts, lab: Lab, *, number: int, deviation: float, seed: int) -> Draws:
    """As `draw_units`, each transistor behind the cell with the same threshold deviation [V], whatever its area."""
    circuit = unit(card, DRAW_SPIKES, parts=parts)
    names = [name for name in mosfets(circuit) if not name.startswith("cell")]
    draws = np.random.default_rng([seed, 9]).normal(0.0, deviation, (number, len(names)))
    analysis = transient(DURATION)
    shifted = [deviated(circuit, shifts=dict(zip(names, row, strict=True))) for row in draws.tolist()]
    answers = lab.ask([Question(circuit=each, analysis=analysis, saved=SAVED, seed=seed) for each in shifted])
    found = [response(each, DRAW_SPIKES, TimeConstants()) for each in answers]
    return Draws(area=1.0, swing=np.array([each.swing for each in found]), baseline=np.array([each.baseline for each in found]))


def scale_areas(card: NeuronCard, area: float) -> NeuronCard:
    """The card with the matched devices, pairs, bias mirrors and mirror, scaled in area at constant W/L."""
    if area == 1.0:
        return card
    matched = ("npair", "ppair", "bias", "mirror") if isinstance(card, CurrentBiasedCard) else ("pair", "decay", "output", "leak")
    factor = float(np.sqrt(area))
    sizes = {f"{name}_{side}": factor * getattr(card, f"{name}_{side}") for name in matched for side in ("width", "length")}
    return replace(card, **sizes)


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What one transistor adds to the spread of the peak.

    Attributes:
        name: of the transistor, with its block (``syn.n2``).
        width, length: of its gate [m]; all parallel ones together count.
        slope: relative change of the peak for one volt of its threshold [1/V].
        deviation: standard deviation of its threshold [V].
    """

    name: str
    width: float
    length: float
    slope: float
    deviation: float

    @property
    def share(self) -> float:
        """Standard deviation of the peak that it alone would cause."""
        return abs(self.slope) * self.deviation


def contributions(card: NeuronCard, parts: Parts, lab: Lab, mismatch: Mismatch) -> list[Contribution]:
    """One run for each transistor of the unit, its threshold 1 mV up; the largest contribution first."""
    circuit = unit(card, DRAW_SPIKES, parts=parts)
    devices = {name: each for name, each in mosfets(circuit).items() if not name.startswith("cell")}
    analysis = transient(DURATION)
    shifted = [circuit, *(deviated(circuit, shifts={name: SHIFT}) for name in devices)]
    answers = lab.ask([Question(circuit=each, analysis=analysis, saved=SAVED) for each in shifted])
    nominal, *swings = (response(each, DRAW_SPIKES, TimeConstants()).swing for each in answers)
    found = []
    for (name, device), swing in zip(devices.items(), swings, strict=True):
        width, length = float(device.width) * device.parallel, float(device.length)  # type: ignore[arg-type]
        found.append(
            Contribution(
                name=name, width=width, length=length, slope=(swing / nominal - 1.0) / SHIFT, deviation=mismatch.deviations(width=width, length=length)[0]
            )
        )
    return sorted(found, key=lambda each: -each.share)


@dataclass(frozen=True, kw_only=True)
class InputRange:
    """How far the membrane follows its input.

    Attributes:
        feedback: Rf [ohm].
        current: ``(points,)`` of the pulse into the column [A].
        swing: ``(points,)`` [V].
    """

    feedback: float
    current: Array
    swing: Array

    @property
    def linearity(self) -> Array:
        """``(points,)`` swing over current, relative to the smallest one."""
        slope = self.swing / self.current
        return slope / slope[0]
