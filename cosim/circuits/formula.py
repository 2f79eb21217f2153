"""The text of a behavioral source: which nodes, sources and parameters it names, and how they are renamed.

Not here: values of elements, which are arithmetic over parameters only (`expression.py`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_TOKEN = re.compile(r"(?<![\w.])(?:[vV]\((?P<nodes>[^()]*)\)|[iI]\((?P<source>[^()]*)\)|(?P<name>[A-Za-z_]\w*)(?!\w*\s*\())")
KNOWN = frozenset({"time", "temp", "pi"})  # names that both programs know


@dataclass(frozen=True)
class References:
    """What a formula names: nodes, voltage sources (for their currents) and parameters, each in order of first use."""

    nodes: tuple[str, ...]
    sources: tuple[str, ...]
    parameters: tuple[str, ...]


def references(text: str) -> References:
    """Everything that a formula such as ``gain*V(a,b)+I(vx)`` names."""
    nodes: dict[str, None] = {}
    sources: dict[str, None] = {}
    parameters: dict[str, None] = {}
    for hit in _TOKEN.finditer(text):
        if hit["nodes"] is not None:
            nodes |= dict.fromkeys(part.strip() for part in hit["nodes"].split(","))
        elif hit["source"] is not None:
            sources[hit["source"].strip()] = None
        elif hit["name"].lower() not in KNOWN:
            parameters[hit["name"]] = None
    return References(tuple(nodes), tuple(sources), tuple(parameters))


def renamed(text: str, *, node: Callable[[str], str], source: Callable[[str], str], parameter: Callable[[str], str]) -> str:
    """The formula with every node, source and parameter passed through its function."""

    def token(hit: re.Match[str]) -> str:
        if hit["nodes"] is not None:
            return f"V({','.join(node(part.strip()) for part in hit['nodes'].split(','))})"
        if hit["source"] is not None:
            return f"I({source(hit['source'].strip())})"
        return hit[0] if hit[0].lower() in KNOWN else parameter(hit[0])

    return _TOKEN.sub(token, text)
