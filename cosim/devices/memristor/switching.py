"""How the filament state of the memristor moves, and what a voltage history leaves behind.

Set: ``k (1-u) ((V - vs0 - vs1 u)/vs)^3``; reset: ``k u/(u + 0.01) ((-V - Vr(u))/vr)^3`` with
``Vr(u) = vr0 + vsl ln(1 + rc ((1 + xm)/(u + xm) - 1))``; each power only above its threshold, V across the whole device.
u is the state x, or 1 - x under reversed voltage for the mirrored device (`MemristorCard.polarity`).
A power law converges where an exponential one fails in 4 to 20 % of random 1T1R pulses ("timestep too small").
"""

from typing import Any

import numpy as np
from array_api_compat import array_namespace

from cosim._types import Array
from cosim.circuits.stimuli import PiecewiseLinear
from cosim.devices.memristor.card import MemristorCard
from cosim.errors import DeviceError

POWER = 3  # of both power laws
DEPLETION = 0.01  # filament below which the reset rate fades


def reset_threshold(card: MemristorCard, filament: Array) -> Array:
    """Vr(u) [V] for `filament` of any shape: the reset voltage at which this filament begins to shrink."""
    xp = array_namespace(filament)
    shrunk = (1.0 + card.reset_floor) / (filament + card.reset_floor) - 1.0
    return card.reset_threshold + card.reset_slope * xp.log(1.0 + card.reset_knee * shrunk)


def rate(card: MemristorCard, voltage: Array, state: Array) -> Array:
    """dx/dt [1/s] for `voltage` [V] across the device and `state` 0..1, both ``(..., points)``."""
    xp = array_namespace(voltage, state)
    state = xp.clip(state, min=0.0, max=1.0)
    filament = state if card.polarity > 0 else 1.0 - state
    drive = card.polarity * voltage
    grow = xp.clip((drive - card.set_threshold - card.set_shift * filament) / card.set_scale, min=0.0) ** POWER
    shrink = xp.clip((-drive - reset_threshold(card, filament)) / card.reset_scale, min=0.0) ** POWER
    return card.polarity * card.rate * ((1.0 - filament) * grow - filament / (filament + DEPLETION) * shrink)


def evolve(card: MemristorCard, stimulus: PiecewiseLinear, state: float, *, series: float = 0.0, rtol: float = 1e-6) -> Any:
    """The state under a stimulus, by an implicit solver (SciPy's Radau): the twin of the SPICE model without SPICE.

    Args:
        card: parameters.
        stimulus: voltage over device and series resistor [V].
        state: at the beginning, 0..1.
        series: an outer resistor [ohm], for example the transistor's on-resistance.
        rtol: relative tolerance of the solver.

    Returns:
        ``(time [s], state)``, two arrays of one length.
    """
    from scipy.integrate import solve_ivp

    times, states = [np.array([stimulus.points[0][0]])], [np.array([float(state)])]
    for (start, _), (stop, _) in zip(stimulus.points, stimulus.points[1:], strict=False):

        def slope(time: float, x: Array) -> Array:
            across = voltage_across(card, stimulus(np.array([time])), np.clip(x, 0.0, 1.0), series=series)
            return rate(card, across, x)

        part = solve_ivp(slope, (start, stop), states[-1][-1:], method="Radau", rtol=rtol, atol=1e-9)
        if not part.success:
            raise DeviceError(f"memristor {card.name}, evolve at {start:g} s: {part.message}")
        times.append(part.t[1:])
        states.append(np.clip(part.y[0, 1:], 0.0, 1.0))
    return np.concatenate(times), np.concatenate(states)


def voltage_across(card: MemristorCard, voltage: Array, state: Array, *, series: float) -> Array:
    """Voltage left for the device [V] behind an outer resistor of `series` [ohm]; shapes broadcast."""
    from dataclasses import replace

    from cosim.devices.memristor.static import current

    if series == 0.0:
        return voltage
    behind = replace(card, series_resistance=card.series_resistance + series)
    return voltage - current(behind, voltage, state) * series
