"""Nodes without a path for direct current: LTspice ties each to ground by its option ``gfloat``, 1e-12 S.

Source: LTspice's help on ``.options``; a real run with a floating well (PMOS I-V of a 0.5 um process) agrees to six digits
with the conductance and is off by 10 % without.
"""

import re
from collections.abc import Iterator

from cosim.spice.translation.blocks import Block
from cosim.spice.translation.place import GROUND, node_name
from cosim.spice.translation.statements import Statement, option, words

GFLOAT = 1e-12  # [S]
_PINS = {  # "1": direct current may flow through the pin, "0": it may not
    **dict.fromkeys("rlvdhw", "11"),
    **dict.fromkeys("cif", "00"),
    "e": "1100",
    "g": "0000",
    "s": "1100",
    "m": "1010",
    "q": "1111",
    **dict.fromkeys("jz", "111"),
    **dict.fromkeys("to", "1111"),
    "u": "111",
}


def floating_nodes(block: Block) -> list[str]:
    """The nodes of a block, as ngspice names them, through whose pins no direct current can flow; ports left out."""
    conducts: dict[str, bool] = {}
    for statement in block.elements:
        for node, pin in _pins(statement):
            conducts[node] = conducts.get(node, False) or pin
    known = {*GROUND, *(node_name(port) for port in block.ports)}
    return [node for node, conducting in conducts.items() if not conducting and node not in known and not node.startswith("_d_g_")]


def _pins(statement: Statement) -> Iterator[tuple[str, bool]]:
    parts = words(statement.text)
    letter = parts[0][0].lower()
    if letter == "x":
        plain = [word for word in parts if option(word) is None and word.lower() not in ("params:", "params")]
        yield from ((node_name(node), True) for node in plain[1:-1])
        return
    if letter == "b":
        conducting = re.match(r"\S+ \S+ \S+ [vr]=", " ".join(parts[:4]), re.I) is not None
        yield from ((node_name(node), conducting) for node in parts[1:3])
        return
    pins = _PINS.get(letter, "")
    if letter in "eg" and len(parts) > 3 and (re.match(r"(value|table|poly|laplace|vol|cur)\b", parts[3], re.I) or option(parts[3])):
        pins = pins[:2]
    if letter == "q" and len(parts) > 4:
        pins = "111"
    yield from ((node_name(node), pin == "1") for node, pin in zip(parts[1:], pins, strict=False))
