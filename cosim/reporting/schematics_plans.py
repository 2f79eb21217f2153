"""Where the elements of the neuron's blocks stand, and how they are wired: one table for each block, and columns for any other.

A plan only places. Which nodes meet comes from the circuit, and what a plan leaves unwired is joined by name. Elements and ports
that a variant lacks are passed over with the wires that begin or end at them.

Wires are written ``Mn2.g -| (20, 8) -- Mn5.g``: points are terminals or places, ``--`` runs straight, ``-|`` runs level first and then
upright, ``|-`` upright first. Places are in steps of a tenth of an inch, y upward.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cosim.circuits.circuit import Circuit, spice_name
from cosim.circuits.elements import Element, Instance, Mosfet
from cosim.reporting.schematics_symbols import BOX, REACH, Spot, is_pmos

Place = tuple[float, float] | tuple[float, float, str]
ROW, GAP = 2 * REACH, 6.0  # of the elements of a column, and of what is apart
ROOM, LETTER = 66.0, 0.62  # largest width of a row of columns, and of a letter


@dataclass(frozen=True)
class Plan:
    """A placement.

    Attributes:
        places: element -> x, y and, where it is turned, the words of `Spot.turn`.
        wires: paths; each begins at a terminal.
        ports: port -> path to it or its place, and on which side its name stands; of several, the first that the circuit has.
        names: node, place and side of the name of a node that is drawn as one wire.
    """

    places: Mapping[str, Place]
    wires: tuple[str, ...] = ()
    ports: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    names: tuple[tuple[str, tuple[float, float], str], ...] = ()

    def spot(self, name: str) -> Spot:
        """Where an element stands."""
        return Spot(*self.places[name])


def plan_of(circuit: Circuit) -> Plan:
    """The plan of a block; columns for a circuit that has none, and beside the plan for elements that it does not know."""
    plan = PLANS.get(circuit.name, Plan({}))
    unknown = [each for each in circuit.elements if spice_name(each) not in plan.places]
    if not unknown:
        return plan
    right = max((place[0] for place in plan.places.values()), default=-2.0 * GAP) + 2.0 * GAP
    top = max((place[1] for place in plan.places.values()), default=0.0)
    return replace(plan, places={**plan.places, **columns(unknown, right, top)})


def columns(elements: list[Element], left: float, top: float) -> dict[str, Place]:
    """Current paths side by side, each from its highest node down; instances below them."""
    rest: list[Element] = [each for each in elements if not isinstance(each, Instance)]
    paths: list[list[Element]] = []
    while rest:
        lower = {_span(each)[1] for each in rest}
        path = [min(rest, key=lambda each: (_span(each)[0] != "vdd", _span(each)[0] in lower))]
        rest.remove(path[0])
        while following := [each for each in rest if _span(each)[0] == _span(path[-1])[1] != "0"]:
            path.append(following[0])
            rest.remove(following[0])
        paths.append(path)
    return _stood(paths, [each for each in elements if isinstance(each, Instance)], left, top)


def _stood(paths: list[list[Element]], instances: list[Instance], left: float, top: float) -> dict[str, Place]:
    """Paths in rows, op-amps and boxes in rows of three below them."""
    places: dict[str, Place] = {}
    x, deepest = left, 0
    for path in paths:
        before, after = _room(path)
        if x + before + after > left + ROOM:
            x, top, deepest = left, top - ROW * deepest - GAP, 0
        for level, each in enumerate(path):
            turn = "up" if _span(each) != each.nodes[:2] and not isinstance(each, Mosfet) else ""
            places[spice_name(each)] = (x + before, top - ROW * level, turn)
        x, deepest = x + before + after, max(deepest, len(path))
    top -= ROW * deepest + GAP
    for start in range(0, len(instances), 3):
        trio = instances[start : start + 3]
        for index, each in enumerate(trio):
            places[spice_name(each)] = (left + 10.5 + 22.0 * index, top)
        top -= max(BOX[1] * (len(each.nodes) + 1) / 2 for each in trio) + GAP
    return places


def _room(path: list[Element]) -> tuple[float, float]:
    """Width that a path takes for the names of gates and controls at its left, and for its words at its right."""
    gates = [each.nodes[1] for each in path if isinstance(each, Mosfet)] + [each.nodes[2] for each in path if not isinstance(each, Mosfet) and each.nodes[2:]]
    words = [*(spice_name(each) for each in path), *(node for each in path for node in _span(each)), "100 mV"]
    return 3.5 + LETTER * max(map(len, gates), default=0), 2.0 + LETTER * max(map(len, [*words, "2.5/400 x2"][: len(words) + bool(gates)]))


def _span(element: Element) -> tuple[str, str]:
    """Upper and lower node of a current path."""
    if isinstance(element, Mosfet):
        return (element.source, element.drain) if is_pmos(element) else (element.drain, element.source)
    first, second = element.nodes[0], element.nodes[1]
    return (second, first) if first == "0" or (second == "vdd" and first != "vdd") else (first, second)


TIA = Plan(
    places={"Xa": (13, 8), "Rf": (13, 14.5, "right")},
    wires=("Xa.n -- (8, 9.25) |- Rf.a", "Rf.b -| (18, 8)", "Xa.o -- (18, 8)"),
    ports={
        "in": (("Xa.n -- (5, 9.25)", "left"),),
        "ref": (("Xa.p -- (5, 6.75)", "left"),),
        "out": (("Xa.o -- (21, 8)", "right"),),
        "vp": (("Xa.vp", "up"),),
        "vn": (("Xa.vn", "down"),),
    },
)
INVERTER = Plan(
    places={"R1": (8.5, 9.25, "right"), "Xa": (19, 8), "R2": (19, 15, "right"), "Crise": (19, 20, "right")},
    wires=("R1.b -- Xa.n", "R2.a -| (13, 9.25)", "Crise.a -| (13, 15)", "Crise.b -| (25, 15)", "R2.b -- (25, 15)"),
    ports={
        "in": (("R1.a -- (4.5, 9.25)", "left"),),
        "ref": (("Xa.p -- (13, 6.75)", "left"),),
        "sense": (("R2.b -- (28, 15)", "right"),),
        "out": (("Xa.o -- (28, 8)", "right"),),
        "vp": (("Xa.vp", "up"),),
        "vn": (("Xa.vn", "down"),),
    },
    names=(("minus", (13.0, 12.0), "w"),),
)
TRANSCONDUCTOR = Plan(
    places={"Mn3": (12, 12), "Rs": (12, 5), "Iofs": (21, 5), "Vsense": (5, 8.5)},
    wires=("Mn3.s -- Rs.a", "Rs.a -- Iofs.p", "Mn3.g -| Vsense.p"),
    ports={
        "gate": (("Mn3.g -- (3, 12)", "left"),),
        "out": (("Mn3.d -- (12, 16)", "up"),),
        "sense": (("Rs.a -- (3, 7.5)", "left"), ("Vsense.n -- (5, 5)", "down")),
    },
)
DPI = Plan(
    places={"Mn4": (7, 8), "Mn2": (15.5, 8, "flip"), "Mp1": (15.5, 19), "Csyn": (25, 17), "Mp2": (35, 13.5)},
    wires=(
        "Mn4.s -- Mn2.s",
        "Mn4.d |- Mp1.s",
        "Mp1.s -| Mp2.s",
        "Csyn.a -- (25, 21.5)",
        "Csyn.b -- (25, 13.5)",
        "Mp1.d -- Mn2.d",
        "Mn2.g -| (20, 13.5)",
        "Mp2.g -- (15.5, 13.5)",
    ),
    ports={
        "in": (("Mn4.s -| (11.25, 3.5)", "down"),),
        "out": (("Mp2.d -- (35, 9)", "down"),),
        "vdd": (("Mp1.s -- (4, 21.5)", "left"),),
        "vthr": (("Mn4.g", "left"),),
        "vtau": (("Mp1.g", "left"),),
    },
    names=(("vs", (20.0, 13.5), "ne"),),
)
MEMBRANE = Plan(
    places={"Cmem": (8, 5), "Mn5": (20, 5)},
    wires=("Cmem.a |- (8, 9)", "Mn5.d |- (8, 9)"),
    ports={"mem": (("Cmem.a |- (5, 9)", "left"),), "vtau": (("Mn5.g", "left"),)},
)
SYNAPSE = Plan(
    places={
        "Mn4": (7, 12),
        "Mnc4": (7, 17),
        "Mn2": (15.5, 12, "flip"),
        "Mnc2": (15.5, 17, "flip"),
        "Mp1": (15.5, 26),
        "Csyn": (24.5, 8.5),
        "Mn5": (31, 12),
        "Mnc5": (31, 17),
        "Mp2": (31, 26),
        "Mn6": (39.5, 12, "flip"),
        "Mnc6": (39.5, 17, "flip"),
        "Mnt": (35.25, 5.5, "flip"),
        "Cd": (49, 18.5),
        "Mnf": (58, 22),
        "If": (58, 5),
    },
    wires=(
        "Mn4.s -- Mn2.s",
        "Mn5.s -- Mn6.s",
        "Mnt.d -- (35.25, 9.5)",
        "Mnc4.d |- Mp1.s",
        "Mp1.s -- Mp2.s",
        "Mp2.s -| Mnf.d",
        "Mp1.d -- Mnc2.d",
        "Mp2.d -- Mnc5.d",
        "Mn2.g -- Mn5.g",
        "Mp1.d -- (15.5, 22) -| (21.5, 12)",
        "Csyn.a -- (24.5, 12)",
        "Mnf.g -- (31, 22)",
        "Cd.a -- (49, 22)",
        "Mnf.s -- If.p",
        "Mnt.g -| (44, 9.5) -- (58, 9.5)",
    ),
    ports={
        "in": (("Mn4.s -| (11.25, 7.5)", "down"),),
        "out": (("Mnc6.d -- (43.5, 19.5)", "right"),),
        "vdd": (("Mp1.s -- (4, 28.5)", "left"),),
        "bias": (("Mp1.g", "left"),),
        "ref": (("Mn4.g", "left"),),
        "cas": (("Mnc4.g", "left"),),
    },
    names=(
        ("vs", (21.5, 12.0), "ne"),
        ("ds", (31.0, 22.0), "ne"),
        ("fs", (44.0, 9.5), "ne"),
        ("es", (35.25, 8.8), "e"),
        ("k2", (15.5, 14.5), "w"),
        ("k4", (7.0, 14.5), "e"),
        ("k5", (31.0, 14.5), "e"),
        ("k6", (39.5, 14.5), "w"),
    ),
)
MIRROR = Plan(
    places={"Mpa": (8, 10, "flip"), "Mpb": (18, 10)},
    wires=("Mpa.s -- Mpb.s", "Mpa.g -- Mpb.g", "Mpa.g -- (13, 10) |- (8, 6.5)"),
    ports={"in": (("Mpa.d -- (8, 5)", "down"),), "out": (("Mpb.d -- (18, 5)", "down"),), "vdd": (("Mpa.s -- (4, 12.5)", "left"),)},
)
MATCHED_MEMBRANE = Plan(
    places={
        "Mp4": (7, 17),
        "Mpc4": (7, 12),
        "Mp2": (15.5, 17, "flip"),
        "Mpc2": (15.5, 12, "flip"),
        "Mn1": (15.5, 3),
        "Cmem": (24.5, 20.5, "up"),
        "Mp5": (31, 17),
        "Mpc5": (31, 12),
        "Mn2": (31, 3),
        "Mp6": (39.5, 17, "flip"),
        "Mpc6": (39.5, 12, "flip"),
        "Mpt": (35.25, 23.5, "flip"),
        "Cd": (49, 3.5),
        "Mpf": (58, 7),
        "If": (58, 23.5),
    },
    wires=(
        "Mp4.s -- Mp2.s",
        "Mp5.s -- Mp6.s",
        "Mpt.d -- (35.25, 19.5)",
        "Mpt.s -- If.p",
        "Mn1.d -- Mpc2.d",
        "Mn2.d -- Mpc5.d",
        "Mp2.g -- Mp5.g",
        "Mn1.d -- (15.5, 7) -| (21.5, 17)",
        "Cmem.a -- (24.5, 17)",
        "Mpf.g -- (31, 7)",
        "Cd.a -- (49, 7)",
        "Mpf.s -- If.n",
        "Mpt.g -| (44, 19.5) -- (58, 19.5)",
    ),
    ports={
        "in": (("Mp4.s -| (11.25, 21.5)", "up"),),
        "out": (("Mpc6.d -- (43.5, 9.5)", "right"),),
        "vdd": (("Mpt.s -- (30, 26)", "left"),),
        "bias": (("Mn1.g", "left"),),
        "ref": (("Mp4.g", "left"),),
        "cas": (("Mpc4.g", "left"),),
        "state": (("Mn1.d -- (15.5, 7) -- (24, 7)", "right"),),
    },
    names=(
        ("state", (21.5, 17.0), "se"),
        ("dm", (31.0, 7.0), "ne"),
        ("fm", (44.0, 19.5), "ne"),
        ("em", (35.25, 20.2), "e"),
        ("k2", (15.5, 14.5), "w"),
        ("k4", (7.0, 14.5), "e"),
        ("k5", (31.0, 14.5), "e"),
        ("k6", (39.5, 14.5), "w"),
    ),
)
BIAS = Plan(
    places={
        "Ilaw": (5, 5, "up flip"),
        "Rlaw": (9, 5),
        "Mpb": (26, 15, "flip"),
        "Gsyn": (26, 5),
        "Mnz": (36, 5),
        "Gmem": (49, 15),
        "Mnb": (49, 5, "flip"),
        "Mpz": (60, 15),
    },
    wires=(
        "Ilaw.n -- Rlaw.a",
        "Mpb.d -- Gsyn.p",
        "Mpb.g |- (26, 10)",
        "Mnz.d |- (26, 10)",
        "Mpb.s -- Gmem.p",
        "Gmem.p -- Mpz.s",
        "Mpz.g |- Mpz.s",
        "Gmem.n -- Mnb.d",
        "Mnb.g |- (49, 10)",
        "Mpz.d |- (49, 10)",
    ),
    ports={
        "vdd": (("Mpb.s -- (20, 17.5)", "left"),),
        "bsyn": (("Mnz.d |- (39, 10)", "right"),),
        "bmem": (("Mpz.d |- (63, 10)", "right"),),
    },
    names=(("kelvin", (7.0, 7.5), "up"),),
)
SPIKE_BIAS = Plan(
    places={"Mp1": (8, 15, "flip"), "Ip": (8, 5), "In": (22, 15), "Mn1": (22, 5, "flip"), "Ir": (36, 15), "Mn2": (36, 5, "flip")},
    wires=(
        "Mp1.s -- In.p",
        "In.p -- Ir.p",
        "Mp1.d -- Ip.p",
        "Mp1.g |- (8, 10)",
        "In.n -- Mn1.d",
        "Mn1.g |- (22, 10)",
        "Ir.n -- Mn2.d",
        "Mn2.g |- (36, 10)",
    ),
    ports={
        "vdd": (("Mp1.s -- (4, 17.5)", "left"),),
        "bp": (("Mp1.g |- (13, 10)", "right"),),
        "bn": (("Mn1.g |- (27, 10)", "right"),),
        "br": (("Mn2.g |- (41, 10)", "right"),),
    },
)
COMPARATOR = Plan(
    places={
        "Mp0": (13, 20),
        "Mp1": (8, 14),
        "Mp2": (18, 14, "flip"),
        "Mn3": (8, 5, "flip"),
        "Mn4": (18, 5),
        "C": (24, 7),
        "Mn5": (38, 5),
        "Mp5": (38, 20),
        "Cfired": (44, 9.5),
    },
    wires=(
        "Mp1.s -- Mp2.s",
        "Mp0.d -- (13, 16.5)",
        "Mp0.s -- Mp5.s",
        "Mp1.d -- Mn3.d",
        "Mp2.d -- Mn4.d",
        "Mn3.g -- Mn4.g",
        "Mn3.g -- (13, 5) |- (8, 9.5)",
        "Mn5.g -| (31, 9.5) -- (18, 9.5)",
        "Mp5.d -- Mn5.d",
    ),
    ports={
        "mem": (("Mp1.g", "left"),),
        "threshold": (("Mp2.g", "right"),),
        "fired": (("Mn5.d -- (38, 12) -- (49, 12)", "right"),),
        "vdd": (("Mp0.s -- (8, 22.5)", "left"),),
        "bp": (("Mp0.g", "left"),),
    },
    names=(("tail", (13.0, 17.1), "e"), ("d", (10.5, 9.5), "up"), ("c", (20.0, 9.5), "up")),
)
REFRACTORY = Plan(
    places={
        "Mp6": (8, 18),
        "Mn6": (8, 5),
        "Cref": (15.5, 8),
        "Mn7": (27, 5),
        "Mp7": (27, 18),
        "Crest": (31.5, 9),
        "Mn8": (45, 5),
        "Mp8": (45, 18),
        "Creset": (51, 9),
    },
    wires=(
        "Mp6.s -- Mp7.s",
        "Mp7.s -- Mp8.s",
        "Mp6.d -- Mn6.d",
        "Cref.a |- (8, 11.5)",
        "Mn7.g -| (22, 11.5) -- (8, 11.5)",
        "Mp7.d -- Mn7.d",
        "Mp8.g -| (38, 11.5)",
        "Mn8.g -| (38, 11.5) -- (27, 11.5)",
        "Mp8.d -- Mn8.d",
    ),
    ports={
        "fired": (("Mp6.g", "left"),),
        "br": (("Mn6.g", "left"),),
        "bp": (("Mp7.g", "left"),),
        "rest": (("Mn8.g -| (38, 11.5) -- (40, 11.5)", "right"),),
        "reset": (("Mn8.d -- (45, 11.5) -- (56, 11.5)", "right"),),
        "vdd": (("Mp6.s -- (4, 20.5)", "left"),),
    },
    names=(("ref", (18.0, 11.5), "up"),),
)
DRIVER = Plan(
    places={"Mp9": (13, 23), "Mp10": (13, 18), "Mn10": (13, 9), "Mn9": (13, 4), "Cedge": (22, 10)},
    wires=("Mp9.d -- Mp10.s", "Mp10.d -- Mn10.d", "Mn10.s -- Mn9.d", "Mp10.g -| (8, 13.5)", "Mn10.g -| (8, 13.5)", "Cedge.a |- (13, 13.5)"),
    ports={
        "rest": (("Mn10.g -| (8, 13.5) -- (6, 13.5)", "left"),),
        "spike": (("Cedge.a |- (26, 13.5)", "right"),),
        "vdd": (("Mp9.s -- (13, 26.5)", "up"),),
        "bp": (("Mp9.g", "left"),),
        "bn": (("Mn9.g", "left"),),
    },
    names=(("up", (13.0, 20.5), "e"), ("down", (13.0, 6.5), "e")),
)
RESET = Plan(
    places={"Mn11": (8, 5)},
    ports={"state": (("Mn11.d -- (8, 8.5)", "up"),), "rest": (("Mn11.s -- (8, 1.5)", "down"),), "reset": (("Mn11.g", "left"),)},
)
PLANS: Mapping[str, Plan] = {
    "tia": TIA,
    "inverting_amplifier": INVERTER,
    "transconductor": TRANSCONDUCTOR,
    "dpi_synapse": DPI,
    "membrane": MEMBRANE,
    "matched_synapse": SYNAPSE,
    "current_mirror": MIRROR,
    "matched_membrane": MATCHED_MEMBRANE,
    "bias": BIAS,
    "spike_bias": SPIKE_BIAS,
    "comparator": COMPARATOR,
    "refractory": REFRACTORY,
    "spike_driver": DRIVER,
    "reset_switch": RESET,
}
