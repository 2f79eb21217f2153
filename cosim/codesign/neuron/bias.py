"""Bias design: the gate voltages, currents and capacitors that give a unit the time constants that are asked for.

Least squares over SPICE runs: the synaptic current and the membrane of the text's four spikes are brought onto the model by
Gauss-Newton steps, each with one run for every knob. A variant with a low-pass is fitted to the continuous model without a
lag; one without is fitted to the 1 ms model after its best lag, and a simplex search then lowers the largest deviation of
the membrane, which is the figure that the paper gives.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from cosim._types import Array
from cosim.circuits.neuron.card import CurrentBiasedCard, GateBiasedCard, NeuronCard
from cosim.circuits.neuron.drive import DURATION, TEXT_SPIKES
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.neuron.bench import Response, Run, respond
from cosim.codesign.neuron.equations import Prediction, predict, thermal_voltage
from cosim.codesign.neuron.model import continuous, discrete
from cosim.snn.timing import TimeConstants
from cosim.sweep.lab import Lab
from cosim.units import engineering

STEPS = 8  # Gauss-Newton steps at most
SETTLED = 2e-3  # largest move of a knob, in its own measure, at which the fit ends
DIFFERENCE = 0.03  # move of a knob for its derivative: 3 % of a current, 0.03 n UT of a gate voltage; 1 % drowns in the step control
MOST_MOVE = 0.5  # of one step
POLISH = 40  # runs of the simplex search
SPREAD = 0.05  # its first moves
LONGEST = 4.0  # times the paper's duration: a slower membrane is told from its first second
GAIN = 1e-3  # share by which a step must lower the sum of squares, or the fit ends
TAU_WEIGHT = 2.0  # of the logarithm of a fitted time constant over its target, beside the waves
WEIGHT = 3.0  # of the membrane against the synaptic current: the readout is on the membrane
TOLERANCE = 0.05  # of a time constant, fitted to the waves, beyond which it counts as not reached
NAMES = {"rise": "tau_rise", "fall": "tau_fall", "leak": "tau_mem"}


@dataclass(frozen=True, kw_only=True)
class Knob:
    """A parameter of the card that the fit turns.

    Attributes:
        name: of the parameter.
        sets: the time constant that it sets: ``rise``, ``fall`` or ``leak``.
        unit: of its value.
        low, high: bounds.
        why_low, why_high: what stands behind them.
        volts: None where the time constant follows a power of the value; else what a factor e of the current moves the gate [V].
    """

    name: str
    sets: str
    unit: str
    low: float
    high: float
    why_low: str
    why_high: str
    volts: float | None = None

    def moved(self, card: NeuronCard, by: float) -> NeuronCard:
        """The card with the knob turned by `by`: nepers of a value, n UT of a gate voltage; held at the bounds."""
        value = getattr(card, self.name)
        new = value * math.exp(by) if self.volts is None else value + by * self.volts
        turned: dict[str, Any] = {self.name: float(np.clip(new, self.low, self.high))}
        return replace(card, **turned)

    def bound(self, card: NeuronCard) -> str:
        """Why the knob cannot go on, or empty."""
        value = getattr(card, self.name)
        return self.why_low if value <= self.low * (1 + 1e-9) else self.why_high if value >= self.high * (1 - 1e-9) else ""


@dataclass(frozen=True, kw_only=True)
class Unreached:
    """A time constant that the variant cannot have."""

    name: str
    target: float
    reached: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class BiasFit:
    """A fitted unit.

    Attributes:
        card: with the fitted values.
        knobs: what was turned.
        response: of the fitted unit to the text's spikes, stretched where the time constants ask for it.
        runs: simulations that the fit took.
        settled: whether the last step moved the knobs and lowered the deviation by next to nothing.
        unreached: time constants that it could not give.
        prediction: of Eqs. 6-9 for the fitted card.
    """

    card: NeuronCard
    knobs: tuple[Knob, ...]
    response: Response
    runs: int
    settled: bool
    unreached: tuple[Unreached, ...]
    prediction: Prediction

    @property
    def found(self) -> dict[str, float]:
        """The time constants of the simulated unit [s]."""
        return {"rise": self.response.rise, "fall": self.response.fall, "leak": self.response.leak}


def knobs(card: NeuronCard) -> tuple[Knob, ...]:
    """The knobs of a variant, one for each time constant that it can set."""
    rise = Knob(
        name="rise_capacitance", sets="rise", unit="F", low=1e-12, high=1e-9,
        why_low="below 1 pF the wires decide", why_high="more than 1 nF does not fit on a chip; a larger R2 is needed",
    )  # fmt: skip
    found = (rise,) if card.has("rise") else ()
    if isinstance(card, CurrentBiasedCard):
        return (*found, *_current_knobs(card))
    assert isinstance(card, GateBiasedCard)
    return (*found, *_gate_knobs(card))


def _current_knobs(card: CurrentBiasedCard) -> tuple[Knob, ...]:
    floor, ceiling = "leakage of the pair's drains at 85 degC is larger than 1/5 of it", "the pairs leave weak inversion, where the loop of gates is exact"
    fall = Knob(
        name="synapse_current",
        sets="fall",
        unit="A",
        low=0.3e-9,
        high=50e-9,
        why_low=f"Itau would be < 0.3 nA: {floor}",
        why_high=f"Itau would be > 50 nA: {ceiling}",
    )
    if card.current_mode:
        low, high = f"Itau would be < 0.1 nA: {floor}", "Itau would be > 5 nA: the read-out loop, which is made for 0.6 nA, rings"
        return fall, Knob(name="membrane_current", sets="leak", unit="A", low=0.1e-9, high=5e-9, why_low=low, why_high=high)
    low, high = "a membrane of less than 1 kohm has no swing", "above 10 Mohm the mirror's output resistance leaks as much"
    return fall, Knob(name="output_resistance", sets="leak", unit="ohm", low=1e3, high=10e6, why_low=low, why_high=high)


def _gate_knobs(card: GateBiasedCard) -> tuple[Knob, ...]:
    step = 1.5 * thermal_voltage()
    low, high = "MP1 would leave weak inversion", "MP1's current would fall below its leakage"
    fall = Knob(name="synapse_voltage", sets="fall", unit="V", low=card.supply - 1.0, high=card.supply - 0.45, why_low=low, why_high=high, volts=-step)
    low, high = "MN5's current would fall below its leakage", "MN5 would leave weak inversion"
    return fall, Knob(name="membrane_voltage", sets="leak", unit="V", low=0.02, high=0.5, why_low=low, why_high=high, volts=step)


def fit_biases(card: NeuronCard, targets: TimeConstants, lab: Lab, *, parts: Parts | None = None) -> BiasFit:
    """The card with the knobs at which a unit has the time constants of `targets`.

    Raises:
        SimulationError: a run of the fit failed.
    """
    parts = parts or Parts()
    turned = knobs(card)
    card = _begin(card, turned, targets)
    fitter = _Fitter(turned, targets, lab, parts)
    card, settled = _descend(card, turned, fitter)
    if not card.has("rise"):
        card = fitter.polish(card)
    answer = fitter.responses([card])[0]
    fit = BiasFit(card=card, knobs=turned, response=answer, runs=fitter.runs, settled=settled, unreached=(), prediction=predict(card, parts, lab))
    return replace(fit, unreached=tuple(_unreached(fit, targets)))


def _descend(card: NeuronCard, turned: tuple[Knob, ...], fitter: "_Fitter") -> tuple[NeuronCard, bool]:
    """Gauss-Newton steps from a card to the best one, and whether they came to rest."""
    best, least = card, math.inf
    for _ in range(STEPS):
        cost, moves = fitter.step(card)
        if cost > (1.0 - GAIN) * least:
            return (card if cost < least else best), True
        best, least, before = card, cost, card
        for knob, move in zip(turned, moves, strict=True):
            card = knob.moved(card, float(np.clip(move, -MOST_MOVE, MOST_MOVE)))
        if card == before or max(abs(moves)) < SETTLED:
            return card, True
    return best, False


def _begin(card: NeuronCard, turned: tuple[Knob, ...], targets: TimeConstants) -> NeuronCard:
    """The knobs where the equations put them; currents and gate voltages from the paper's time constants, which the cards are made for."""
    if card.has("rise"):
        card = replace(card, rise_capacitance=TimeConstants().rise / card.inverter_resistance)
    ratios = {
        name: getattr(targets, "membrane" if name == "leak" else name) / getattr(TimeConstants(), "membrane" if name == "leak" else name) for name in NAMES
    }
    for knob in turned:
        follows = knob.name in ("rise_capacitance", "output_resistance")  # the others are currents: a longer time constant is a smaller one
        card = knob.moved(card, math.log(ratios[knob.sets]) * (1.0 if follows else -1.0))
    return card


@dataclass
class _Fitter:
    """Residuals and derivatives by simulation."""

    knobs: tuple[Knob, ...]
    targets: TimeConstants
    lab: Lab
    parts: Parts
    runs: int = 0

    def responses(self, cards: list[NeuronCard]) -> list[Response]:
        """The runs of these cards; time stretches with the membrane's time constant."""
        stretch = min(max(1.0, self.targets.membrane / TimeConstants().membrane), LONGEST)
        times = tuple(round(stretch * each, 3) for each in TEXT_SPIKES)  # on the steps of the 1 ms model
        self.runs += len(cards)
        return respond([Run(card=card, parts=self.parts, times=times, duration=stretch * DURATION) for card in cards], self.lab, self.targets)

    def step(self, card: NeuronCard) -> tuple[float, Array]:
        """The sum of squares at a card, and the Gauss-Newton move of every knob, ``(knobs,)``."""
        turned = [(knob.moved(card, DIFFERENCE), DIFFERENCE) for knob in self.knobs]
        turned = [(knob.moved(card, -DIFFERENCE), -DIFFERENCE) if each == card else (each, move) for knob, (each, move) in zip(self.knobs, turned, strict=True)]
        base, *others = (self._residual(each) for each in self.responses([card, *(each for each, _ in turned)]))
        slopes = np.stack([(other - base) / move for (_, move), other in zip(turned, others, strict=True)], axis=1)
        return float(base @ base), self._moves(card, slopes, base)

    def _moves(self, card: NeuronCard, slopes: Array, base: Array) -> Array:
        """The least-squares move; a knob that it would push beyond its bound stays there, and the others are solved for again."""
        free = np.ones(len(self.knobs), dtype=bool)
        while True:
            moves = np.zeros(len(self.knobs))
            moves[free] = np.linalg.lstsq(slopes[:, free], -base, rcond=None)[0]
            stuck = [index for index, knob in enumerate(self.knobs) if free[index] and moves[index] and knob.moved(card, float(moves[index])) == card]
            if not stuck:
                return moves
            free[stuck] = False
            if not free.any():
                return np.zeros(len(self.knobs))

    def polish(self, card: NeuronCard) -> NeuronCard:
        """The card near this one whose membrane deviates least from the 1 ms model."""

        def at(moves: Array) -> NeuronCard:
            turned = card
            for knob, move in zip(self.knobs, moves, strict=True):
                turned = knob.moved(turned, float(move))
            return turned

        def cost(moves: Array) -> float:
            return self.responses([at(moves)])[0].discrete_errors()[1][0]

        corners = np.vstack([np.zeros(len(self.knobs)), SPREAD * np.eye(len(self.knobs))])
        found = minimize(cost, corners[0], method="Nelder-Mead", options={"maxfev": POLISH, "initial_simplex": corners, "xatol": 1e-3, "fatol": 1e-5})
        return at(np.asarray(found.x))

    def _residual(self, found: Response) -> Array:
        """Scaled deviations of current and membrane from the model, over their peaks."""
        lags = (0.0, 0.0)
        if any(knob.sets == "rise" for knob in self.knobs):
            model = continuous(found.times, self.targets, duration=found.duration, step=1e-4)
        else:
            model = discrete(found.times, self.targets, duration=found.duration)
            (_, first), (_, second) = found.discrete_errors()
            lags = (first, second)
        parts = []
        for wave, goal, lag, weight in ((found.current, model.current, lags[0], 1.0), (found.membrane, model.membrane, lags[1], WEIGHT)):
            values = np.interp(model.time + lag, found.time, wave - wave[0])
            energy = float(values @ values)
            scale = float(values @ goal) / energy if energy else 0.0
            parts.append(weight * (scale * values - goal) / np.max(goal))
        if any(knob.sets == "rise" for knob in self.knobs):
            wanted = (self.targets.rise, self.targets.fall, self.targets.membrane)
            parts.append(TAU_WEIGHT * np.log(np.array([found.rise, found.fall, found.leak]) / wanted))
        return np.concatenate(parts)


def _unreached(fit: BiasFit, targets: TimeConstants) -> list[Unreached]:
    """What was asked for and is not there, each with its reason."""
    missing = []
    for name, reached in fit.found.items():
        target = getattr(targets, "membrane" if name == "leak" else name)
        knob = next((each for each in fit.knobs if each.sets == name), None)
        if knob is None:
            reason = f"variant {fit.card.name} has no low-pass: its current follows the pulse; two_pole, robust and board have one"
            missing.append(Unreached(name=NAMES[name], target=target, reached=0.0, reason=reason))
            continue
        off = abs(reached / target - 1.0) > (TOLERANCE if fit.card.has("rise") else 3.0 * TOLERANCE)
        bound = knob.bound(fit.card)
        if off and bound:
            missing.append(
                Unreached(
                    name=NAMES[name],
                    target=target,
                    reached=reached,
                    reason=f"{knob.name} ends at {engineering(getattr(fit.card, knob.name), knob.unit)}: {bound}",
                )
            )
        elif off:
            error = fit.response.continuous_errors()[1]
            reason = f"the waves are no double exponential with these time constants: the membrane is {100 * error:.2g} % off the model"
            missing.append(Unreached(name=NAMES[name], target=target, reached=reached, reason=reason))
    return missing
