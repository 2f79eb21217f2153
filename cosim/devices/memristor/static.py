"""Static current of the memristor, and the exact relation between conductance and state.

``I = (1 + noise) I0(x) sinh(a (V - I Rs))`` with ``I0(x) = I0min + x (I0max - I0min)``.
Source of the form: Miranda 2015 (memdiode); of the values: the card.
Not here: switching (`switching.py`), read noise (`read_noise.py`).
"""

from array_api_compat import array_namespace

from cosim._types import Array
from cosim.devices.memristor.card import MemristorCard
from cosim.errors import DeviceError, reject

CLAMP = 4.0  # [V] across the sinh element: beyond it the law is continued flat, in SPICE as here
NEWTON_STEPS = 12  # from a start that lies above the root the error is below 1e-12 after at most 9 (measured over all cards)


def current_scale(card: MemristorCard, state: Array) -> Array:
    """I0(x) [A] for `state` of any shape."""
    return card.i0_min + state * (card.i0_max - card.i0_min)


def current(card: MemristorCard, voltage: Array, state: Array, *, noise: Array | float = 0.0) -> Array:
    """Current into the top electrode.

    Args:
        card: parameters of one device.
        voltage: ``(..., points)`` [V], top electrode positive.
        state: ``(..., points)`` filament state, 0..1.
        noise: relative deviation of the current, broadcast against both.

    Returns:
        ``(..., points)`` [A] in the array library of `voltage`; differentiable in torch.

    Raises:
        DeviceError: a state lies outside of 0..1.
    """
    xp = array_namespace(voltage, state)  # one formula for NumPy and torch; SPICE: `netlists/memristor.lib`
    inside = (state >= 0) & (state <= 1)
    if not bool(xp.all(inside)):
        raise reject(DeviceError, "memristor", "state", float(state[~inside][0]), "within 0..1")
    scale = (1.0 + noise) * current_scale(card, state)
    drop = card.series_resistance * scale  # across the series resistance, over sinh
    guess = xp.asinh(voltage / drop) / card.slope
    across = xp.clip(xp.where(xp.abs(guess) < xp.abs(voltage), guess, voltage), min=-CLAMP, max=CLAMP)
    for _ in range(NEWTON_STEPS):
        bent = card.slope * xp.clip(across, min=-CLAMP, max=CLAMP)
        excess = across + drop * xp.sinh(bent) - voltage
        across = across - excess / (1.0 + drop * card.slope * xp.cosh(bent))
    return scale * xp.sinh(card.slope * xp.clip(across, min=-CLAMP, max=CLAMP))


def conductance(card: MemristorCard, state: Array, *, voltage: float) -> Array:
    """G(x) = I/V [S] at the read `voltage` [V], for `state` of any shape.

    Raises:
        DeviceError: the voltage is 0, or a state lies outside of 0..1.
    """
    if voltage == 0:
        raise reject(DeviceError, f"memristor {card.name}", "voltage", voltage, "other than 0 V")
    return current(card, state * 0.0 + voltage, state) / voltage


def state_of_conductance(card: MemristorCard, conductance: Array, *, voltage: float) -> Array:
    """x(G), the exact inverse of `conductance` at the same read `voltage` [V].

    G is not linear in x, because the series resistance takes its part (2.6 % at the peak for the analog-window card).

    Raises:
        DeviceError: a conductance [S] lies outside of what the card can reach at this voltage.
    """
    xp = array_namespace(conductance)
    drawn = conductance * voltage
    scale = drawn / xp.sinh(card.slope * (voltage - drawn * card.series_resistance))
    state = (scale - card.i0_min) / (card.i0_max - card.i0_min)
    inside = (state >= -1e-9) & (state <= 1 + 1e-9)
    if not bool(xp.all(inside)):
        low, high = conductance_range(card, voltage=voltage)
        raise reject(DeviceError, f"memristor {card.name}", "conductance", float(conductance[~inside][0]), f"within {low:.4g}..{high:.4g} S at {voltage:g} V")
    return xp.clip(state, min=0.0, max=1.0)


def conductance_range(card: MemristorCard, *, voltage: float) -> tuple[float, float]:
    """Smallest and largest conductance [S] at the read `voltage` [V]."""
    import numpy as np

    low, high = conductance(card, np.array([0.0, 1.0]), voltage=voltage)
    return float(low), float(high)
