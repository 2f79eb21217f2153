"""What a netlist may not do, however it is translated: run commands, write files, or grow beyond all bounds.

Sources: each construct below was seen to work in ngspice 39 (`tests/spice/test_foreign.py` tries them).
"""

import re

from cosim.spice.translation.blocks import Block
from cosim.spice.translation.statements import Statement, option, words

MOST_ELEMENTS = 200_000
DEEPEST = 40  # subcircuits in subcircuits
HOSTILE = (  # construct, pattern of a raw line, reason
    ("*#", r"\s*\*#", "is a command to ngspice, not a comment"),
    ("*ng_script", r"\s*\*\s*ng_script", "makes ngspice run the file as commands"),
    (".control", r"\s*\.(control|endc)\b", "runs commands"),
    ("`", r"[^;*]*`", "runs commands"),
    ("shell", r"\s*(shell|system|codemodel|quit|source|setcs|osdi|pre_\w+)(\s|$)", "runs commands"),
    ("write", r"\s*(write|wrdata|wrs2p|hardcopy|snsave)\s", "writes files"),
    ("filesource", r"[^*;]*\bfilesource\b", "reads any file"),
    (".csparam", r"\s*\.csparam\b", "hands values to commands"),
)


def hostile(line: str) -> tuple[str, str] | None:
    """The construct of a raw line that could run or write anything, and why it is refused; None for a harmless line."""
    for construct, pattern, reason in HOSTILE:
        if re.match(pattern, line, re.I):
            return construct, reason
    return None


def check_size(top: Block) -> int:
    """How many elements a netlist has once its subcircuits are expanded.

    Raises:
        DialectError: more than `MOST_ELEMENTS`, or a subcircuit that holds itself.
    """
    known: dict[int, int] = {}

    def count(block: Block, above: tuple[Block, ...]) -> int:
        if id(block) in known:
            return known[id(block)]
        total = 0
        for statement in block.elements:
            inner = _inner(block, statement)
            if inner is not None and (inner in above or inner is block or len(above) > DEEPEST):
                statement.refuse(f"subcircuit `{inner.name}` holds itself, or is nested more than {DEEPEST} deep")
            total += 1 if inner is None else count(inner, (*above, block))
            if total > MOST_ELEMENTS and block.parent is None:
                break
        known[id(block)] = total
        return total

    total = count(top, ())
    if total > MOST_ELEMENTS:
        biggest = max(top.elements, key=lambda each: known.get(id(_inner(top, each)), 0), default=top.statement)
        biggest.refuse(f"the netlist expands to {total:.3g} elements or more; must be at most {MOST_ELEMENTS}")
    return total


def _inner(block: Block, statement: Statement) -> Block | None:
    if statement.text[0] not in "xX":
        return None
    plain = [word for word in words(statement.text) if option(word) is None and word.lower() not in ("params:", "params")]
    return block.subcircuit(plain[-1]) if len(plain) > 1 else None
