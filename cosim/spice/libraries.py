"""The gate that every included file passes before it reaches a simulator, whoever names it.

A library may hold models, subcircuits, parameters and functions, and nothing else: ngspice runs commands in ``.control``
blocks, in backquotes and behind ``*#``, also when they stand in an included file, and ``.include`` reads any file. What is
allowed is listed; everything else is refused with its line.
"""

import re

from cosim.errors import DialectError
from cosim.spice.dialect import logical_lines

ALLOWED = re.compile(r"\.(model|param|func|subckt|ends|end)\b", re.I)
INSIDE = re.compile(r"[a-z]|\.ic\b", re.I)  # elements, between .subckt and .ends
COMMANDS = re.compile(r"\s*\*\s*(#|ng_script)", re.I)
SECTION = re.compile(r"\.(lib|endl)\b", re.I)
REFERENCE = re.compile(r"\.(include|inc)\b", re.I)


def check_library(text: str, *, where: str) -> None:
    """Refuse a file that is more than a library.

    Args:
        text: its content.
        where: its name, for the error.

    Raises:
        DialectError: names line, construct and reason.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if COMMANDS.match(line) or ("`" in line.split(";")[0] and not line.lstrip().startswith("*")):
            raise DialectError(f"{where}, line {number}: `{line.strip()[:40]}` is a command to ngspice; refused")
    depth = 0
    for number, line in logical_lines(text):
        word = line.split()[0]
        depth += bool(re.match(r"\.subckt\b", line, re.I)) - bool(re.match(r"\.ends\b", line, re.I))
        if ALLOWED.match(line) or (depth > 0 and INSIDE.match(line)):
            continue
        raise DialectError(f"{where}, line {number}: `{word}` {_reason(line)}")


def _reason(line: str) -> str:
    if SECTION.match(line):
        return "must not stand in a library: sections are not read; give a file that holds one corner"
    if REFERENCE.match(line):
        return "must not stand in a library: put the content of that file here"
    if line.startswith("."):
        return "must not stand in a library: models, subcircuits, parameters and functions may"
    return "must not stand in a library outside of a subcircuit"
