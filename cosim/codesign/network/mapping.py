"""Weights to conductances to filament states, exact at the read voltage, with everything that a real array adds.

A weight w of 0..1 becomes the conductance G = Gmin + w (Gmax - Gmin) of the card at the read voltage, and that the state x by the exact inverse
of the card's law. The lowest conductance is not 0: every input that fires adds the same pedestal to all columns. That moves no class where the maxima of the
columns fall at the same time, and little otherwise; it does move the membrane of a unit against its threshold, so that layers that fire need pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cosim._types import Array
from cosim.circuits.neuron.layer import Cells
from cosim.devices.memristor.card import MemristorCard
from cosim.devices.memristor.static import conductance_range, current_scale, state_of_conductance
from cosim.devices.memristor.variability import Spread
from cosim.errors import DataError, DeviceError, InputError, reject
from cosim.params import check_params, param

ErrorOf = Literal["target", "full_scale"]
SHIFTS = tuple(sorted((step / 100.0 for step in range(-40, 41)), key=abs))  # of a step between levels, tried in this order
READ_VOLTAGE = 50e-3  # [V] Lim 2025, section 3.3


@dataclass(frozen=True, kw_only=True)
class MappingPlan:
    """What happens to the weights on their way onto the chip.

    Attributes:
        gain: more than 1 gives the small weights more levels at the cost of the largest ones; `cosim.codesign.network.gain` finds the best.
        bits: of uniform levels between the lowest and the highest conductance; 0 for none.
        rates: how often each input fires, or how bright it is on average; rounding then keeps the mean of each column. Empty for the nearest level each.
        levels: the conductances that there are [S]; empty for those of `bits`.
        thresholds: between the levels [S]; empty for the middles.
        error_of: what the tuning error is relative to.
        errors: measured relative errors of tuned cells, drawn from in the place of a Gaussian; empty for none.
    """

    gain: float = param("factor on the weights, which are then cut off at 1", "1", default=1.0, above=0.0, most=1000.0)
    bits: int = param("bits of a weight; 0 for analog weights", "1", default=0, least=0, most=16)
    rates: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()
    tuning_error: float = param("standard deviation of a tuned conductance", "%", default=0.0, least=0.0, most=1.0)
    error_of: ErrorOf = "target"
    errors: tuple[float, ...] = ()
    variation: float = param("device-to-device spread of I0 and Rs that tuning has not taken away", "%", default=0.0, least=0.0, most=1.0)
    stuck_low: float = param("share of cells that stay at the lowest conductance", "%", default=0.0, least=0.0, most=1.0)
    stuck_high: float = param("share of cells that stay at the highest conductance", "%", default=0.0, least=0.0, most=1.0)

    def __post_init__(self) -> None:
        check_params(self, where="mapping")
        if self.error_of not in ("target", "full_scale"):
            raise reject(InputError, "mapping", "error_of", self.error_of, "target or full_scale")
        if self.stuck_low + self.stuck_high > 1.0:
            raise reject(InputError, "mapping", "stuck_high", self.stuck_high, f"<= {1.0 - self.stuck_low:g}, what the cells that are stuck low leave")
        if self.bits and self.levels:
            raise InputError("mapping, levels: must be left out where bits are given")
        if self.thresholds and (len(self.thresholds) != len(self.levels) - 1 or list(self.thresholds) != sorted(self.thresholds)):
            raise reject(InputError, "mapping", "thresholds", f"{len(self.thresholds)} values", f"one less than the {len(self.levels)} levels, and rise")


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """Lowest and highest conductance that weights 0 and 1 become [S]."""

    low: float
    high: float

    @classmethod
    def of(cls, card: MemristorCard, read_voltage: float = READ_VOLTAGE) -> "Window":
        """The whole range of a card."""
        low, high = conductance_range(card, voltage=read_voltage)
        return cls(low=low, high=high)

    def conductance(self, weights: Array) -> Array:
        """Of weights of any shape, 0..1 [S]."""
        return self.low + weights * (self.high - self.low)

    def weight(self, conductances: Array) -> Array:
        """The weights that conductances stand for: over the highest one, the pedestal included."""
        return conductances / self.high


@dataclass(frozen=True, kw_only=True, eq=False)
class MappedLayer:
    """One array of a chip.

    Attributes:
        target: ``(inputs, outputs)`` conductances that are wanted [S].
        conductance: those that are there [S].
        cells: states and factors of the devices.
        window: of the mapping.
        gain: that the weights were multiplied by.
    """

    target: Array
    conductance: Array
    cells: Cells
    window: Window
    gain: float = 1.0

    @property
    def weights(self) -> Array:
        """``(inputs, outputs)`` what the array multiplies with, over the highest conductance."""
        return self.window.weight(self.conductance)


def quantized(weights: Array, window: Window, plan: MappingPlan) -> Array:
    """Target conductances of weights: the nearest level of those that there are, or the one between whose thresholds it lies, behind the gain.

    Raises:
        DeviceError: a level lies outside of the window.
    """
    target = window.conductance(np.minimum(plan.gain * weights, 1.0))
    if plan.levels:
        levels = np.sort(np.array(plan.levels))
        outside = (levels < window.low * (1 - 1e-9)) | (levels > window.high * (1 + 1e-9))
        if outside.any():
            raise reject(DeviceError, "mapping", "levels", float(levels[outside][0]), f"within {window.low:.4g}..{window.high:.4g} S, the window of the card")
    elif plan.bits:
        levels = np.linspace(window.low, window.high, 2**plan.bits)
    else:
        return target
    middles = 0.5 * (levels[1:] + levels[:-1])
    return _rounded(target, levels, np.array(plan.thresholds) if plan.thresholds else middles, plan.rates)


def _rounded(target: Array, levels: Array, thresholds: Array, rates: Sequence[float]) -> Array:
    """The level between whose thresholds each target lies. With rates a column is first shifted by the part of a step that best keeps what it carries."""
    if not rates:
        return np.asarray(levels[np.searchsorted(thresholds, target)])
    if target.ndim != 2 or len(rates) != len(target):
        raise reject(InputError, "mapping", "rates", f"{len(rates)} values", f"as many as inputs, {len(target)}")
    step = float(np.mean(np.diff(levels)))
    tried = np.stack([levels[np.searchsorted(thresholds, target + shift * step)] for shift in SHIFTS])  # (shifts, inputs, outputs)
    missed = np.abs(np.einsum("i,sio->so", np.asarray(rates), tried - target))
    best = missed.argmin(axis=0)
    return np.asarray(np.take_along_axis(tried, best[None, None, :], axis=0)[0])


def map_weights(weights: Array, card: MemristorCard, plan: MappingPlan, rng: np.random.Generator, *, read_voltage: float = READ_VOLTAGE) -> MappedLayer:
    """One chip of a layer.

    Args:
        weights: ``(inputs, outputs)``, 0..1.
        card: of the memristor; its whole window is used.
        plan: what is added.
        rng: source of the draws.
        read_voltage: at which conductances are meant [V].

    Raises:
        DataError: a weight lies outside of 0..1.
    """
    if weights.ndim != 2 or not (np.min(weights) >= 0 and np.max(weights) <= 1):
        raise DataError(f"mapping: weights of shape {np.shape(weights)} within {np.min(weights):g}..{np.max(weights):g}: must be (inputs, outputs) within 0..1")
    window = Window.of(card, read_voltage)
    target = quantized(weights, window, plan)
    reached = np.clip(target + _tuning(target, window, plan, rng), window.low, window.high)
    draw = rng.uniform(size=target.shape)
    reached = np.where(draw < plan.stuck_low, window.low, np.where(draw > 1.0 - plan.stuck_high, window.high, reached))
    states = state_of_conductance(card, reached, voltage=read_voltage)
    if not plan.variation:
        return MappedLayer(target=target, conductance=reached, cells=Cells(states=states), window=window, gain=plan.gain)
    scale, series = (each[:, 0].reshape(target.shape) for each in Spread(device=plan.variation).draw(rng, devices=target.size, cycles=1))
    cells = Cells(states=states, current_scale=scale, series_scale=series)
    there = device_conductance(card, cells, read_voltage=read_voltage)
    return MappedLayer(target=target, conductance=there, cells=cells, window=window, gain=plan.gain)


def _tuning(target: Array, window: Window, plan: MappingPlan, rng: np.random.Generator) -> Array:
    """What tuning leaves between target and conductance [S]."""
    if plan.errors:
        return target * rng.choice(np.array(plan.errors), size=target.shape)
    scale = target if plan.error_of == "target" else window.high
    return np.asarray(plan.tuning_error * scale * rng.standard_normal(target.shape))


def device_conductance(card: MemristorCard, cells: Cells, *, read_voltage: float = READ_VOLTAGE) -> Array:
    """Conductances ``(inputs, outputs)`` of devices that differ from their card [S], by Newton's method on the card's law."""
    scale = current_scale(card, cells.states) * (1.0 if cells.current_scale is None else cells.current_scale)
    series = card.series_resistance * (np.ones_like(cells.states) if cells.series_scale is None else cells.series_scale)
    across = np.full_like(cells.states, read_voltage)
    for _ in range(8):
        excess = across + series * scale * np.sinh(card.slope * across) - read_voltage
        across = across - excess / (1.0 + series * scale * card.slope * np.cosh(card.slope * across))
    return np.asarray(scale * np.sinh(card.slope * across) / read_voltage)


def without_errors(plan: MappingPlan) -> MappingPlan:
    """The plan with its levels alone."""
    return replace(plan, tuning_error=0.0, errors=(), variation=0.0, stuck_low=0.0, stuck_high=0.0)
