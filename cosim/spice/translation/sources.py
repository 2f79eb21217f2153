"""Independent sources: dc, ac, waveforms, ``PWL file=``, series resistance.

What differs: LTspice takes relative times and files in PWL, counts the cycles of SINE and PULSE, stretches a period that is too
short, and knows Rser and Cpar.
"""

import re
from collections.abc import Sequence

from cosim.spice.translation.numbers import number
from cosim.spice.translation.place import Place, node_name
from cosim.spice.translation.statements import Statement, option, unquoted, words
from cosim.units import plain

WAVES = {"pulse": (7, 8), "sine": (3, 6), "sin": (3, 6), "exp": (6, 6), "sffm": (5, 5)}  # least and most numbers
MOST_POINTS = 1_000_000
_WAVE = re.compile(r"(pulse|sine|sin|exp|sffm|pwl)\s*(\(|\s|$)", re.I)
_REPEATS = ("repeat", "for", "forever", "endrepeat", "trigger")
_DROPPED = ("mfg", "pn", "type")


def write_source(place: Place, statement: Statement) -> str:
    """The line of a V or I element."""
    head, wave = _split(statement)
    name, nodes, rest = head[0], head[1:3], head[3:]
    if len(nodes) < 2:
        statement.refuse("a source must have two nodes")
    shown, rest = _dc_and_ac(place, statement, rest)
    if wave:
        text, tail = _waveform(place, statement, wave)
        shown.append(text)
        more, left = _dc_and_ac(place, statement, tail)
        shown += more
        rest += left
    if place.shared.noise_source == name.lower() and not any(each.startswith("AC") for each in shown):
        shown.append("AC 1")
        place.note(statement, "source of .noise without AC", "AC 1, which ngspice asks for; the noise is the same")
    outer = [node_name(node) for node in nodes]
    inner = _parasitics(place, statement, name, outer, rest)
    return f"{name} {' '.join(place.through_sensors(name, inner))} {' '.join(shown) or '0'}"


def _split(statement: Statement) -> tuple[list[str], str]:
    """The words before the waveform, and the waveform with all behind it."""
    parts = statement.text.split(None, 3)
    if len(parts) < 4:
        return parts, ""
    hit = next((each for each in _WAVE.finditer(parts[3]) if each.start() == 0 or parts[3][each.start() - 1].isspace()), None)
    if hit is None:
        return [*parts[:3], *words(parts[3])], ""
    return [*parts[:3], *words(parts[3][: hit.start()])], parts[3][hit.start() :]


def _dc_and_ac(place: Place, statement: Statement, rest: Sequence[str]) -> tuple[list[str], list[str]]:
    """Dc value and ac magnitude for ngspice; the words that are left."""
    shown: list[str] = []
    left: list[str] = []
    pending = list(rest)
    while pending:
        word = pending.pop(0)
        given = option(word)
        if given and given[0] in ("dc", "ac"):
            word, pending = given[0], [given[1], *pending]
        if word.lower() == "dc" and pending:
            shown.append(place.value(statement, pending.pop(0)))
        elif word.lower() == "ac":
            numbers = [pending.pop(0) for _ in range(2) if pending and _is_value(pending[0])]
            shown.append(" ".join(["AC", *(place.value(statement, each) for each in (numbers or ["1"]))]))
        elif given is None and _is_value(word) and not shown:
            shown.append(place.value(statement, word))
        else:
            left.append(word)
    return shown, left


def _is_value(word: str) -> bool:
    return number(word) is not None or word[:1] in ("{", "'", '"')


def _parasitics(place: Place, statement: Statement, name: str, nodes: list[str], rest: Sequence[str]) -> list[str]:
    """Rser and Cpar as elements; the nodes of the source itself. Every other word is refused."""
    given: dict[str, str] = {}
    for word in rest:
        pair = option(word)
        if pair and pair[0] in ("rser", "cpar"):
            given[pair[0]] = place.value(statement, pair[1])
        elif not pair or pair[0] not in _DROPPED:
            statement.refuse(f"`{word}` of a source is not in ngspice")
    if "cpar" in given:
        place.add(f"C{name}_cpar {' '.join(nodes)} {given['cpar']}")
        place.note(statement, "Cpar of a source", "a capacitor of its own")
    if given.get("rser", "0") in ("0", "0.0"):
        return nodes
    if name[0] in "iI":
        statement.refuse("`Rser` of a current source is not in ngspice")
    place.add(f"R{name}_rser {nodes[0]} {name.lower()}_rser {given['rser']}")
    place.note(statement, "Rser of a source", "a resistor of its own")
    return [f"{name.lower()}_rser", nodes[1]]


def _waveform(place: Place, statement: Statement, text: str) -> tuple[str, list[str]]:
    """The waveform for ngspice, and the words behind it."""
    kind, inside, behind = _unwrapped(statement, text)
    if kind == "pwl":
        return _pwl(place, statement, inside), words(behind)
    numbers = words(inside)
    least, most = WAVES[kind]
    if kind == "sine" and len(numbers) == 7 and (place.constant(statement, numbers[6]) or 0) == 0:
        numbers = numbers[:6]
    if kind in ("sine", "sin") and len(numbers) > most:
        statement.refuse("`SINE` with a number of cycles is not in ngspice; write a PWL")
    if not least <= len(numbers) <= most and not (kind == "pulse" and len(numbers) >= 2):
        statement.refuse(f"`{kind.upper()}` must have {least} to {most} numbers, not {len(numbers)}")
    if kind == "pulse":
        return _pulse(place, statement, numbers), words(behind)
    frequency = place.constant(statement, numbers[2]) if kind in ("sine", "sin", "sffm") else None
    place.shared.fastest = max(place.shared.fastest, frequency or 0.0)
    shown = " ".join(place.value(statement, each) for each in numbers)
    return f"{'SIN' if kind == 'sine' else kind.upper()}({shown})", words(behind)


def _unwrapped(statement: Statement, text: str) -> tuple[str, str, str]:
    """Kind, what stands in its brackets, and what follows; without brackets all numbers belong to it."""
    hit = re.match(r"(\w+)\s*", text)
    assert hit is not None
    kind, rest = hit[1].lower(), text[hit.end() :]
    if kind == "pwl" or not rest.startswith("("):
        parts = words(rest)
        end = next((index for index, word in enumerate(parts) if not _belongs(kind, word)), len(parts))
        return kind, " ".join(parts[:end]), " ".join(parts[end:])
    depth = 0
    for position, character in enumerate(rest):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return kind, rest[1:position], rest[position + 1 :]
    statement.refuse(f"`{kind.upper()}(` is not closed")


def _belongs(kind: str, word: str) -> bool:
    """Whether a word behind the name of a waveform without brackets is part of it."""
    if _is_value(word):
        return True
    if kind == "pwl" and (word[0] == "(" or word.lower() in _REPEATS):
        return True
    given = option(word)
    return kind == "pwl" and (number(word.lstrip("+")) is not None or (given is not None and given[0] != "ac" and given[0] not in ("rser", "cpar")))


def _pulse(place: Place, statement: Statement, numbers: list[str]) -> str:
    """PULSE with all of its times; zero edges are refused, since each program puts others in their place."""
    shown = [place.value(statement, each) for each in numbers]
    times = [place.constant(statement, each) for each in numbers]
    if len(numbers) < 5:
        if len(numbers) == 2:
            statement.refuse("`PULSE` without times never begins; write delay, rise, fall, width and period")
        statement.refuse("`PULSE` must name rise and fall time: the programs differ in their defaults")
    for index, edge in ((3, "rise"), (4, "fall")):
        if times[index] == 0.0:
            statement.refuse(f"`PULSE` with a {edge} time of 0: each program puts another edge in its place; write the {edge} time")
    if len(numbers) >= 7 and None not in (known := times[3:7]):
        rise, fall, width, period = (float(each or 0.0) for each in known)
        if 0 < period < rise + fall + width:
            shown[6] = plain(rise + fall + width)
            place.note(statement, "PULSE whose period is shorter than the pulse", f"period {shown[6]} s, as LTspice stretches it")
    if len(numbers) == 8 and times[7] == 0.0:
        shown = shown[:7]
    return f"PULSE({' '.join(shown)})"


def _pwl(place: Place, statement: Statement, inside: str) -> str:
    parts = words(inside.replace("(", " ").replace(")", " "))
    scale = {"time_scale_factor": 1.0, "value_scale_factor": 1.0}
    while parts and (given := option(parts[0])) and given[0] in scale:
        scale[given[0]] = place.constant(statement, given[1]) or 1.0
        parts = parts[1:]
    if parts and (given := option(parts[0])) and given[0] == "file":
        parts = _from_file(place, statement, unquoted(given[1])) + parts[1:]
    for word in parts:
        if not _is_value(word) and number(word.lstrip("+")) is None:
            statement.refuse(f"`PWL` with `{word}` is not in ngspice; write the points")
    if len(parts) < 2 or len(parts) % 2 or len(parts) > 2 * MOST_POINTS:
        statement.refuse(f"`PWL` must have pairs of time and value, at most {MOST_POINTS}")
    times = _times(place, statement, parts[::2], scale["time_scale_factor"])
    values = [place.value(statement, each) for each in parts[1::2]]
    if scale["value_scale_factor"] != 1.0:
        values = [plain(scale["value_scale_factor"] * (place.constant(statement, each) or 0.0)) for each in parts[1::2]]
    if scale != dict.fromkeys(scale, 1.0):
        place.note(statement, "scale factors of a PWL", "written into its points")
    place.shared.corners.append((statement.text.split()[0], tuple(times)))
    if len(times) == 1:
        times, values = [times[0], times[0] + 1.0], values * 2
    return "PWL(" + " ".join(f"{plain(time)} {value}" for time, value in zip(times, values, strict=True)) + ")"


def _times(place: Place, statement: Statement, parts: Sequence[str], scale: float) -> list[float]:
    """The times of a PWL; ``+2n`` counts from the point before."""
    times: list[float] = []
    for part in parts:
        value = place.constant(statement, part)
        if value is None:
            statement.refuse("`PWL` whose times depend on parameters of a subcircuit cannot be checked; write numbers")
        relative = part.startswith("+")
        times.append(scale * value + (times[-1] if relative and times else 0.0))
        if len(times) > 1 and times[-1] <= times[-2]:
            if times[-1] < times[-2]:
                statement.refuse(f"`PWL` goes back in time at {times[-1]:g} s")
            statement.refuse(f"`PWL` has two values at {times[-1]:g} s; write an edge")
    if any(part.startswith("+") for part in parts):
        place.note(statement, "relative times of a PWL", "absolute times")
    return times


def _from_file(place: Place, statement: Statement, name: str) -> list[str]:
    text = place.shared.tables.get(name)
    if text is None:
        statement.refuse(f"`PWL file={name}`: no such file beside the netlist")
    lines = (line.split(";")[0].split("*")[0] for line in text.splitlines())
    parts = " ".join(lines).replace(",", " ").split()
    if not parts or any(number(part) is None for part in parts):
        statement.refuse(f"`PWL file={name}` must hold pairs of numbers")
    place.note(statement, "PWL file=", f"{len(parts) // 2} points, written into the netlist")
    return parts
