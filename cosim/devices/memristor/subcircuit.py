"""The memristor as a two-terminal `Circuit`: the SPICE form of `static.py` and `switching.py`.

State and noise are inside. The state is the voltage of node ``x`` on 1 uF (1 F makes ngspice's time step collapse).
Everything is clamped inside the expressions; no `exp`, no `limit`, no `if`: the portable subset of LTspice and ngspice.
A frozen device has the same current and no state equation.
"""

import hashlib

from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Behavioral, Capacitor, Element, Resistor, VoltageSource
from cosim.circuits.expression import Param
from cosim.circuits.stimuli import Stimulus
from cosim.devices.memristor.card import MemristorCard
from cosim.devices.memristor.static import CLAMP
from cosim.devices.memristor.switching import DEPLETION, POWER
from cosim.params import described

STATE = "max(min(V(x),1),0)"
SYMBOLS = {  # field of the card -> parameter of the subcircuit, in the words of the papers
    "i0_min": "i0min",
    "i0_max": "i0max",
    "slope": "alpha",
    "series_resistance": "rs",
    "rate": "kr",
    "set_threshold": "vs0",
    "set_shift": "vs1",
    "set_scale": "vs",
    "reset_threshold": "vr0",
    "reset_slope": "vsl",
    "reset_knee": "rc",
    "reset_floor": "xm",
    "reset_scale": "vr",
}
STATIC = ("i0_min", "i0_max", "slope", "series_resistance")


def subcircuit(card: MemristorCard, *, frozen: bool = False, noise: Stimulus | None = None) -> Circuit:
    """The two-terminal subcircuit of a card.

    Args:
        card: its parameters become defaults of the subcircuit's parameters.
        frozen: keep the state.
        noise: a trace of the relative deviation; without it the parameter ``nz`` is a constant one.

    Returns:
        Ports ``te`` and ``be``; parameters ``x0`` (initial state), ``i0s``, ``rss`` (factors on I0 and Rs), ``nz``.
    """
    shown = STATIC if frozen else tuple(SYMBOLS)
    fields = {each.name: each for each in described(card)}
    parameters = {
        "x0": Parameter(0.0, "1", "initial filament state, 0..1"),
        "i0s": Parameter(1.0, "1", "factor on the current scale"),
        "rss": Parameter(1.0, "1", "factor on the series resistance"),
        **({} if noise else {"nz": Parameter(0.0, "1", "relative deviation of the current")}),
        **{SYMBOLS[name]: Parameter(getattr(card, name), fields[name].metadata["unit"], fields[name].metadata["description"]) for name in shown},
    }
    state = "x0" if frozen else STATE
    deviation = "V(n)" if noise else "nz"
    elements: list[Element] = [
        Resistor("se", "te", "d", Param("rs") * Param("rss")),
        Behavioral(
            name="m",
            positive="d",
            negative="be",
            current=f"(1+{deviation})*i0s*(i0min+(i0max-i0min)*{state})*sinh(alpha*max(min(V(d,be),{CLAMP:g}),-{CLAMP:g}))",
        ),
    ]
    if noise:
        elements += [VoltageSource("n", "n", "0", wave=noise), Resistor("n", "n", "0", 1e6)]
    if not frozen:
        elements += [
            Capacitor("x", "x", "0", 1e-6),
            Resistor("x", "x", "0", 1e15),
            Behavioral(name="x", positive="0", negative="x", current=_rate(card.polarity)),
        ]
    return Circuit(
        name=_name(card, frozen=frozen, noise=noise),
        description=card.description,
        ports=("te", "be"),
        elements=tuple(elements),
        parameters=parameters,
        initial={} if frozen else {"x": Param("x0")},
    )


def _name(card: MemristorCard, *, frozen: bool, noise: Stimulus | None) -> str:
    traced = f"_{hashlib.sha256(repr(noise).encode()).hexdigest()[:12]}" if noise else ""
    return f"{card.name}{'_frozen' if frozen else ''}{traced}"


def _rate(polarity: int) -> str:
    """1 uF times dx/dt, as a current into the state node."""
    filament = STATE if polarity > 0 else f"(1-{STATE})"
    drive, back = ("V(te,be)", "-V(te,be)") if polarity > 0 else ("-V(te,be)", "V(te,be)")
    grow = f"(1-{filament})*uramp(({drive}-vs0-vs1*{filament})/vs)**{POWER}"
    threshold = f"vr0+vsl*ln(1+rc*((1+xm)/({filament}+xm)-1))"
    shrink = f"{filament}/({filament}+{DEPLETION:g})* uramp(({back}-({threshold}))/vr)**{POWER}"  # blanks: a long line breaks there
    sign = "" if polarity > 0 else "-"
    return f"{sign}1e-06*kr*( {grow} - {shrink} )"
