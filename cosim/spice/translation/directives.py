"""Directives other than elements and analyses: what is kept for ngspice, what is left out and said, what is refused."""

import re

from cosim.spice.translation.place import Place, node_name
from cosim.spice.translation.statements import Statement, joined_equals, option, words

KEPT_OPTIONS = {"reltol", "abstol", "vntol", "chgtol", "gmin", "itl1", "itl2", "itl4", "pivrel", "pivtol", "tnom", "method", "maxord", "trtol"}
KEPT_OPTIONS |= {"defl", "defw", "defad", "defas", "cshunt"}
REFUSED_OPTIONS = {"scale", "autognd", "delvto"}
SILENT_OPTIONS = {"plotwinsize", "numdgt", "measdgt", "nomarch", "fastaccess"}  # how LTspice writes its files
LEFT_OUT = {  # directive -> what is lost without it
    ".backanno": "",
    ".protect": "",
    ".unprotect": "",
    ".endc": "",
    ".title": "",
    ".width": "",
    ".print": "all signals are kept",
    ".plot": "all signals are kept",
    ".probe": "all signals are kept",
    ".wave": "no sound file is written",
    ".four": "no Fourier analysis; compute it from the waves",
    ".net": "no network parameters; compute them from the waves",
    ".savebias": "no file of node voltages is written",
}
REFUSED = {
    ".loadbias": "starts from a file of node voltages; write .ic or .nodeset",
    ".machine": "LTspice's state machines are not in ngspice",
    ".ferret": "fetches a file from the network",
    ".tf": "the small-signal transfer function is not computed; write .ac",
    ".pz": "poles and zeros are not computed",
    ".sens": "sensitivities are not computed; write .step",
    ".disto": "distortion is not computed",
    ".fra": "LTspice's frequency response analyzer is not in ngspice",
    ".text": "is not translated",
}
_INITIAL = re.compile(r"([vi])\(([^()]*)\)=(\{[^{}]*\}|'[^']*'|\S+)", re.I)


def write_directive(place: Place, statement: Statement) -> str:
    """The line for ngspice; empty if it is left out.

    Raises:
        DialectError: it would change the result and ngspice has it not.
    """
    word = statement.text.split()[0].lower()
    if word in (".ic", ".nodeset"):
        return _initial(place, statement, word)
    if word == ".global":
        nodes = [node_name(node) for node in words(statement.text)[1:] if node.lower() not in ("0", "gnd")]
        return f".global {' '.join(nodes)}" if nodes else ""
    if word in LEFT_OUT:
        if LEFT_OUT[word]:
            place.note(statement, word, f"left out: {LEFT_OUT[word]}")
        return ""
    statement.refuse(f"`{word}` {REFUSED.get(word, 'is no directive that is translated')}")


def _initial(place: Place, statement: Statement, word: str) -> str:
    text = joined_equals(statement.text.split(None, 1)[1] if " " in statement.text else "")
    found = list(_INITIAL.finditer(text))
    if not found or _INITIAL.sub("", text).replace(",", "").strip():
        statement.refuse(f"`{word}` must be written V(node)=value")
    parts = []
    for hit in found:
        if hit[1].lower() == "i":
            statement.refuse(f"`{word} I({hit[2]})` is not in ngspice; write ic= on the inductor and uic")
        if ":" in hit[2]:
            place.note(statement, f"{word} V({hit[2]})", f"V({node_name(hit[2].replace(':', '.'))})")
        parts.append(f"V({node_name(hit[2].strip().replace(':', '.'))})={place.value(statement, hit[3])}")
    return f"{word} {' '.join(parts)}"


def read_options(place: Place, statement: Statement) -> tuple[list[str], dict[str, float]]:
    """Of an ``.options`` line: what is kept for ngspice, and ``temp`` and ``maxstep``, which are used elsewhere."""
    kept: list[str] = []
    used: dict[str, float] = {}
    lost: list[str] = []
    for word in words(statement.text)[1:]:
        given = option(word)
        key = given[0] if given else word.lower()
        if key in REFUSED_OPTIONS:
            statement.refuse(f"option `{key}` changes the circuit and is not translated")
        if given and key in ("temp", "maxstep"):
            used[key] = place.shared.globals.read(given[1], statement.where)
        elif given and key == "gshunt":
            conductance = place.shared.globals.read(given[1], statement.where)
            kept += [f"rshunt={1 / conductance:.12g}"] if conductance > 0 else []
        elif given and key in KEPT_OPTIONS:
            kept.append(f"{key}={given[1] if key == 'method' else place.value(statement, given[1])}")
        elif key not in SILENT_OPTIONS:
            lost.append(key)
    if lost:
        place.note(statement, f"option {', '.join(lost)}", "left out: it is LTspice's own and does not change the circuit")
    return kept, used
