"""Elements for ngspice, one function a kind; what ngspice has not becomes elements of its own, or is refused by name."""

import re
from collections.abc import Callable, Sequence
from itertools import combinations

from cosim.spice.translation.instances import write_instance
from cosim.spice.translation.models import BSIM3, KINDS, read_model
from cosim.spice.translation.numbers import number
from cosim.spice.translation.place import Place, node_name
from cosim.spice.translation.sources import write_source
from cosim.spice.translation.statements import Statement, joined_equals, option, words

INFORMATION = {"tol", "pwr", "mfg", "pn", "type", "irms", "ipk", "isat", "v", "power", "manufacturer"}  # ratings: simulate nothing
SERIES_RESISTANCE = "0.001"  # of an inductor, where LTspice's netlist names none [ohm]
_BEHAVIOR = re.compile(r"\s([vir])\s*=(?!=)\s*(.*)$", re.I | re.S)
_TAIL = re.compile(r"\s(tripdv|tripdt|ic|rpar|cpar|delay|laplace|window|nfft|mtol|freq|tc1|tc2|temp|m|nojacob|vprxover)\s*(?:=(?!=)\s*|$)", re.I)
_OWN_OPTIONS = {
    "r": {"temp", "tc1", "tc2", "m"},
    "c": {"ic", "m", "temp", "tc1", "tc2"},
    "l": {"ic", "m", "temp", "tc1", "tc2"},
    "d": {"area", "m", "temp", "ic"},
    "q": {"area", "m", "temp", "ic"},
    "j": {"area", "m", "temp", "ic"},
    "z": {"area", "m", "temp", "ic"},
    "m": {"l", "w", "ad", "as", "pd", "ps", "nrd", "nrs", "m", "temp", "ic", "delvto"},
    "t": {"td", "z0", "zo", "ic", "f", "nl"},
    "u": {"l", "len", "n"},
}


def write_element(place: Place, statement: Statement) -> str:
    """The line of an element for ngspice; others that it needs are added to `place`.

    Raises:
        DialectError: the element, or something of it, is not in ngspice.
    """
    letter = statement.text[0].lower()
    write = WRITERS.get(letter)
    if write is None:
        statement.refuse(f"`{statement.text.split()[0]}`: {FOREIGN.get(letter, 'is no element that is translated')}")
    return write(place, statement)


def _values(place: Place, statement: Statement, rest: Sequence[str], *, dropped: frozenset[str] | set[str] = frozenset()) -> dict[str, str]:
    """Options of an element by name; what is only information is left out, what is unknown refused."""
    letter = statement.text[0].lower()
    found: dict[str, str] = {}
    for word in rest:
        given = option(word)
        if word.lower() == "noiseless":
            if place.shared.noise and letter != "r":
                statement.refuse("`noiseless` is not in ngspice")
            place.note(statement, "noiseless", "noisy=0" if letter == "r" else "left out: no noise is analyzed")
            found |= {"noisy": "0"} if letter == "r" else {}
        elif given is None:
            statement.refuse(f"`{word}` is not expected here")
        elif given[0] == "tc":
            found |= {f"tc{index}": place.value(statement, each) for index, each in enumerate(given[1].split(","), 1)}
        elif given[0] in _OWN_OPTIONS[letter] or given[0] in dropped:
            found[given[0]] = _option_value(place, statement, *given)
        elif given[0] not in INFORMATION:
            statement.refuse(f"`{given[0]}=` of this element is not in ngspice")
    return found


def _option_value(place: Place, statement: Statement, key: str, text: str) -> str:
    if key == "ic" and not place.shared.uic:
        statement.refuse("`ic=` without `uic` is honored by LTspice only; write .ic")
    return ",".join(place.value(statement, each) for each in text.split(",")) if key == "ic" else place.value(statement, text)


def _line(name: str, nodes: Sequence[str], value: str, options: dict[str, str]) -> str:
    return " ".join([name, *nodes, value, *(f"{key}={text}" for key, text in options.items())]).replace("  ", " ").strip()


def _two_nodes(statement: Statement) -> tuple[str, list[str], list[str]]:
    parts = words(statement.text)
    if len(parts) < 4:
        statement.refuse(f"`{parts[0]}` must have two nodes and a value")
    return parts[0], [node_name(node) for node in parts[1:3]], parts[3:]


def _resistor(place: Place, statement: Statement) -> str:
    name, nodes, rest = _two_nodes(statement)
    nodes = place.through_sensors(name, nodes)
    given = option(rest[0])
    text = given[1] if given and given[0] == "r" else rest[0]
    if given and given[0] != "r":
        statement.refuse(f"`{rest[0]}` is no resistance")
    options = _values(place, statement, rest[1:])
    if _holds_signals(statement, text):
        return _line(name, nodes, f"R={{{place.source_expression(statement, text)}}}", options)
    return _line(name, nodes, place.value(statement, text), options)


def _holds_signals(statement: Statement, text: str) -> bool:
    if number(text) is not None:
        return False
    return bool(re.search(r"\b(?:v|i[a-z]?)\s*\(|\btime\b", text, re.I))


def _capacitor(place: Place, statement: Statement) -> str:
    return _reactance(place, statement, "c", "a capacitance")


def _inductor(place: Place, statement: Statement) -> str:
    return _reactance(place, statement, "l", "an inductance")


def _reactance(place: Place, statement: Statement, letter: str, what: str) -> str:
    """C or L, with its parasitic elements: Rser (and Lser) in series, Rpar and Cpar across both."""
    name, outer, rest = _two_nodes(statement)
    outer = place.through_sensors(name, outer) if letter == "c" else outer
    given = option(rest[0])
    text = given[1] if given and given[0] == letter else rest[0]
    if (given and given[0] != letter) or _holds_signals(statement, text) or re.search(r"\bx\b", text):
        statement.refuse(f"`{rest[0]}` is not {what} that is constant; nonlinear ones are not translated")
    parasitic = {"rser", "rpar", "cpar", "lser"} if letter == "c" else {"rser", "rpar", "cpar"}
    options = _values(place, statement, rest[1:], dropped=parasitic)
    extra = {key: options.pop(key) for key in sorted(parasitic) if key in options}
    if letter == "l" and "rser" not in extra and name.lower() not in place.coupled:
        extra["rser"] = SERIES_RESISTANCE
        place.note(statement, "L without Rser", f"Rser={SERIES_RESISTANCE}, LTspice's default, as a resistor")
    elif real := [key.capitalize() for key, value in extra.items() if value not in ("0", "0.0")]:
        place.note(statement, f"{', '.join(real)} of {name[0].upper()}", "elements of their own")
    units = f" m={options['m']}" if "m" in options else ""  # in parallel: ngspice scales R, C and L that are not coupled
    nodes = list(outer)
    for key, kind in (("rser", "R"), ("lser", "L")):
        if extra.get(key, "0") not in ("0", "0.0"):
            inner = f"{name.lower()}_{key}"
            place.add(f"{kind}{name}_{key} {nodes[0]} {inner} {extra[key]}{units}")
            nodes = [inner, nodes[1]]
    for key, kind in (("rpar", "R"), ("cpar", "C")):
        if key in extra:
            place.add(f"{kind}{name}_{key} {' '.join(outer)} {extra[key]}{units}")
    if letter == "l" and "m" in options:  # written into the value, since ngspice's K leaves m out
        units = options.pop("m").strip("{}")
        return _line(name, nodes, place.value(statement, f"({text})/({units})"), options)
    return _line(name, nodes, place.value(statement, text), options)


def _coupling(place: Place, statement: Statement) -> str:
    parts = words(statement.text)
    if len(parts) < 4:
        statement.refuse("`K` must name two inductors and a coefficient")
    name, inductors, value = parts[0], parts[1:-1], place.value(statement, parts[-1])
    pairs = list(combinations(inductors, 2))
    if len(pairs) > 1:
        place.note(statement, f"K of {len(inductors)} inductors", f"{len(pairs)} pairs")
        for index, (first, second) in enumerate(pairs[1:], 2):
            place.add(f"{name}_{index} {first} {second} {value}")
    return f"{name} {pairs[0][0]} {pairs[0][1]} {value}"


def _behavioral(place: Place, statement: Statement) -> str:
    parts = statement.text.split(None, 3)
    hit = _BEHAVIOR.match(f" {parts[3]}") if len(parts) == 4 else None
    if hit is None:
        statement.refuse("a behavioral source must be written V=, I= or R=")
    kind, text = hit[1].lower(), hit[2]
    tail = _TAIL.search(text)
    nodes = place.through_sensors(parts[0], [node_name(node) for node in parts[1:3]])
    if tail:
        text, options = text[: tail.start()], words(text[tail.start() :])
        _behavior_options(place, statement, parts[0], nodes, options)
    found = place.source_expression(statement, text)
    if kind == "r":
        place.note(statement, "B source with R=", "a current V/R")
        return f"{parts[0]} {' '.join(nodes)} I=V({','.join(nodes)})/({found})"
    return f"{parts[0]} {' '.join(nodes)} {kind.upper()}={found}"


def _behavior_options(place: Place, statement: Statement, name: str, nodes: list[str], options: Sequence[str]) -> None:
    for word in options:
        given = option(word) or (word.lower(), "")
        if given[0] in ("tripdv", "tripdt"):
            place.note(statement, f"{given[0]} of a behavioral source", "left out: it only controls LTspice's time step")
        elif given[0] in ("rpar", "cpar"):
            place.add(f"{given[0][0].upper()}{name}_{given[0]} {' '.join(nodes)} {place.value(statement, given[1])}")
            place.note(statement, f"{given[0]} of a behavioral source", "an element of its own")
        else:
            statement.refuse(f"`{word}` of a behavioral source is not in ngspice")


def _controlled(place: Place, statement: Statement) -> str:
    """E and G: gain, value=, poly, table; laplace is refused."""
    parts = words(re.sub(r"\b(poly|table|value|laplace)\s+(?=[({=])", r"\1", joined_equals(statement.text), flags=re.I))
    if len(parts) < 4:
        statement.refuse("a controlled source must have two nodes and what controls it")
    if re.search(r"\blaplace\b", statement.text, re.I):
        statement.refuse("`laplace` is not in ngspice")
    name, rest = parts[0], parts[3:]
    nodes = place.through_sensors(name, [node_name(node) for node in parts[1:3]])
    kind = re.match(r"(value|poly|table|freq|chebyshev)", rest[0], re.I)
    if kind and kind[1].lower() == "value":
        text = rest[0][5:].lstrip("=") + "".join(rest[1:])
        return _as_behavior(place, statement, name, nodes, place.source_expression(statement, text))
    if kind and kind[1].lower() == "poly":
        return f"{name} {' '.join(nodes)} {rest[0]} " + " ".join(_controls(place, statement, rest[1:]))
    if kind:
        return _tabulated(place, statement, name, nodes, rest)
    if len(rest) >= 3 and re.match(r"table=", rest[2], re.I):
        control = f"V({node_name(rest[0])},{node_name(rest[1])})"
        return _as_behavior(place, statement, name, nodes, place.source_expression(statement, f"table({control},{rest[2][6:].strip('()')})"))
    if len(rest) != 3:
        statement.refuse("a controlled source must have two nodes, two controlling nodes and a gain, or value={...}")
    return f"{name} {' '.join(nodes)} {node_name(rest[0])} {node_name(rest[1])} {place.value(statement, rest[2])}"


def _controls(place: Place, statement: Statement, rest: Sequence[str]) -> list[str]:
    return [place.value(statement, word) if number(word) is not None or word[0] in "{'" else node_name(word) for word in rest]


def _tabulated(place: Place, statement: Statement, name: str, nodes: list[str], rest: Sequence[str]) -> str:
    """``table {expression} = (0,0) (4,8)``."""
    hit = re.match(r"table\s*=?\s*(\{.*?\}|\(.*?\))\s*=?\s*(.*)$", " ".join(rest), re.I)
    if hit is None:
        statement.refuse(f"`{re.match('[a-z]+', rest[0], re.I)[0].lower()}` is not in ngspice")  # type: ignore[index]
    points = " ".join(re.split(r"[\s(),]+", hit[2])).split()
    text = f"table({hit[1]},{','.join(points)})"
    return _as_behavior(place, statement, name, nodes, place.source_expression(statement, text))


def _as_behavior(place: Place, statement: Statement, name: str, nodes: list[str], found: str) -> str:
    return f"{name} {' '.join(nodes)} {'vol' if name[0] in 'eE' else 'cur'}='{found}'"


def _current_controlled(place: Place, statement: Statement) -> str:
    parts = words(statement.text)
    if len(parts) < 5 or option(parts[3]):
        statement.refuse("`F` and `H` must have two nodes, a voltage source and a gain")
    nodes = place.through_sensors(parts[0], [node_name(node) for node in parts[1:3]])
    rest = [place.value(statement, word) if number(word) is not None or word[0] in "{'" else word for word in parts[3:]]
    return f"{parts[0]} {' '.join(nodes)} {' '.join(rest)}"


def _model_at(place: Place, statement: Statement, parts: Sequence[str], counts: Sequence[int]) -> int:
    """Where the name of the model stands, behind one of `counts` of nodes."""
    for count in counts:
        if len(parts) > count + 1 and place.block.model(parts[count + 1]) is not None:
            return count + 1
    shown = parts[counts[-1] + 1] if len(parts) > counts[-1] + 1 else parts[-1]
    statement.refuse(f"model `{shown}` is not defined{place.missing_hint()}")


def _semiconductor(place: Place, statement: Statement) -> str:
    letter = statement.text[0].lower()
    parts = words(statement.text)
    at = _model_at(place, statement, parts, {"d": (2,), "q": (3, 4), "j": (3,), "z": (3,), "m": (4, 3)}[letter])
    nodes = place.through_sensors(parts[0], [node_name(node) for node in parts[1:at]])
    rest = list(parts[at + 1 :])
    area = [place.value(statement, rest.pop(0))] if rest and option(rest[0]) is None and number(rest[0]) is not None else []
    off = [rest.pop(rest.index(word)) for word in list(rest) if word.lower() == "off"]
    options = _values(place, statement, rest)
    if letter == "m":
        _mosfet(place, statement, parts[at], len(nodes), options)
    return _line(parts[0], nodes, " ".join([parts[at], *area, *off]), options)


def _mosfet(place: Place, statement: Statement, model_name: str, nodes: int, options: dict[str, str]) -> None:
    """LTspice gives a BSIM3 device no squares of drain and source where the line names none; ngspice takes one of each."""
    card = place.block.model(model_name)
    if card is None or nodes != 4:
        statement.refuse("a MOSFET must have four nodes")
    model = read_model(card, place.block)
    if model.level not in BSIM3:
        return
    if not {"l", "w"} <= options.keys():
        statement.refuse("a BSIM3 device must name L and W: the programs differ in their defaults")
    if missing := [key for key in ("nrd", "nrs") if key not in options]:
        options |= dict.fromkeys(missing, "0")
        place.note(statement, f"BSIM3 device without {' and '.join(key.upper() for key in missing)}", " ".join(f"{key.upper()}=0" for key in missing))


def _switch(place: Place, statement: Statement) -> str:
    parts = words(statement.text)
    count = 4 if parts[0][0] in "sS" else 2
    at = count + (2 if count == 2 else 1)
    if len(parts) <= at or place.block.model(parts[at]) is None:
        statement.refuse(f"model `{parts[min(at, len(parts) - 1)]}` is not defined{place.missing_hint()}")
    if rest := [word for word in parts[at + 1 :] if word.lower() not in ("on", "off")]:
        statement.refuse(f"`{rest[0]}` is not expected here")
    nodes = place.through_sensors(parts[0], [node_name(node) for node in parts[1 : count + 1]])
    return " ".join([parts[0], *nodes, *parts[count + 1 :]])


def _line_element(place: Place, statement: Statement) -> str:
    """T, O and U: transmission lines."""
    letter = statement.text[0].lower()
    parts = words(statement.text)
    count = 3 if letter == "u" else 4
    nodes = [node_name(node) for node in parts[1 : count + 1]]
    if letter == "t":
        options = _values(place, statement, parts[count + 1 :])
        options = {("z0" if key == "zo" else key): value for key, value in options.items()}
        return _line(parts[0], nodes, "", options)
    if len(parts) <= count + 1 or place.block.model(parts[count + 1]) is None:
        statement.refuse(f"model `{parts[-1]}` is not defined")
    options = _values(place, statement, parts[count + 2 :]) if letter == "u" else {}
    return _line(parts[0], nodes, parts[count + 1], {("l" if key == "len" else key): value for key, value in options.items()})


WRITERS: dict[str, Callable[[Place, Statement], str]] = {
    "r": _resistor,
    "c": _capacitor,
    "l": _inductor,
    "k": _coupling,
    "v": write_source,
    "i": write_source,
    "b": _behavioral,
    "e": _controlled,
    "g": _controlled,
    "f": _current_controlled,
    "h": _current_controlled,
    **dict.fromkeys("dqjzm", _semiconductor),
    "s": _switch,
    "w": _switch,
    **dict.fromkeys("tou", _line_element),
    "x": write_instance,
}
FOREIGN = {
    "a": "LTspice's special functions (A-devices) are not in ngspice",
    "n": "Verilog-A devices are not translated",
    "p": "ports are not translated",
    "y": "is no element of LTspice that is translated",
}
MODEL_KINDS = KINDS
