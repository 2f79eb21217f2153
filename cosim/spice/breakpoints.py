"""Guard against a trap of ngspice: a time step that lands next to a corner of a PWL source, without meeting it.

ngspice 39 announces the next corner of a source when a step meets the present one to the last bits. Equal steps of a round
size come so close to a corner that it is neither met nor stepped over, and from there on the source has no corners at all:
pulses shorter than a step vanish without a warning (a staircase of 1,501 sweeps lost 6,751 of 10,508 corners at 0.1 s).
Decks therefore ask for steps that are no round fraction of anything (`STEP_SHARE`), and `missed` looks at every run.
"""

from collections.abc import Iterator

import numpy as np

from cosim._types import Array
from cosim.circuits.circuit import Circuit, spice_name
from cosim.circuits.elements import Instance, Memristor, Source
from cosim.circuits.stimuli import PiecewiseLinear

STEP_SHARE = 0.99731  # of the largest step that is asked for; lost corners were 0 of 10,508 at steps of 0.02 to 0.2 s


def missed(circuit: Circuit, time: Array) -> str:
    """The first corner of a PWL source that no time step met, in words; empty if all were met.

    Args:
        circuit: the top circuit; sources and noise traces inside of its subcircuits count too.
        time: ``(points,)`` of a transient [s].
    """
    for name, wave in _waves(circuit, {}):
        corners = np.array([corner for corner, _ in wave.points])
        corners = corners[(corners >= time[0]) & (corners <= time[-1])]
        if len(corners) < 2:
            continue
        right = np.clip(np.searchsorted(time, corners), 1, len(time) - 1)
        distance = np.minimum(np.abs(time[right] - corners), np.abs(time[right - 1] - corners))
        lost = corners[distance > 1e-6 * np.maximum(np.gradient(corners), 1e-15) + 1e-9 * time[-1]]
        if len(lost):
            return f"the time steps passed over {len(lost)} corners of {name}, the first at {lost[0]:.6g} s; change max_step"
    return ""


def _waves(circuit: Circuit, seen: dict[int, Circuit]) -> Iterator[tuple[str, PiecewiseLinear]]:
    """Every PWL of a circuit with the name of its owner; a subcircuit that is used often counts once."""
    seen[id(circuit)] = circuit
    for element in circuit.elements:
        if isinstance(element, Instance) and id(element.circuit) not in seen:
            yield from _waves(element.circuit, seen)
        wave = element.wave if isinstance(element, Source) else element.noise if isinstance(element, Memristor) else None
        if isinstance(wave, PiecewiseLinear):
            yield spice_name(element), wave
