"""The part of SPICE that means the same in LTspice and in ngspice (mode ``lta``), and a checker for it.

`check` names the line and the construct that leaves the subset; `constructs` says which of the listed constructs a netlist
uses. A construct is *verified* when a netlist that LTspice itself wrote holds it; the others stand in LTspice's manual and
work in ngspice, but no LTspice run of them was at hand: they are listed as unverified in ``docs/dialect.md``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:[fpnumkgt]|meg)?[a-z]*"
ITEM = rf"(?:{NUMBER}|\{{[^{{}}]*\}}|[\w+-]+)"


@dataclass(frozen=True)
class Construct:
    """A construct of the subset: its name, the pattern of its logical line, and whether LTspice itself was seen to use it."""

    name: str
    pattern: str
    verified: bool


@dataclass(frozen=True)
class Finding:
    """A line outside of the subset."""

    line: int
    construct: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: `{self.construct}` {self.reason}"


LINES = (  # each logical line of a portable netlist matches one of these
    Construct("comment line", r"\*", True),
    Construct("resistor, capacitor, inductor with a number", rf"[rcl]\S* \S+ \S+ {NUMBER}$", True),
    Construct("resistor, capacitor, inductor with a {parameter}", r"[rcl]\S* \S+ \S+ \{[^{}]+\}$", True),
    Construct("resistor with tc=", rf"r\S* \S+ \S+ (?:{NUMBER}|\{{[^{{}}]+\}}) tc={NUMBER}$", False),
    Construct("source with a dc value", rf"[vi]\S* \S+ \S+ (?:{NUMBER}|\{{[^{{}}]+\}})$", True),
    Construct("source with an ac magnitude", rf"[vi]\S* \S+ \S+ (?:.* )?ac {NUMBER}", True),
    Construct("PWL(...) source", r"[vi]\S* \S+ \S+ pwl\([^()]*\)$", True),
    Construct("PULSE(...) source", r"[vi]\S* \S+ \S+ pulse\([^()]*\)$", True),
    Construct("controlled source E, G with four nodes", rf"[eg]\S* \S+ \S+ \S+ \S+ {ITEM}$", True),
    Construct("controlled source F, H", rf"[fh]\S* \S+ \S+ v\S* {ITEM}$", False),
    Construct("behavioral source V= or I=", r"b\S* \S+ \S+ [vi]=", True),
    Construct("MOSFET with W, L, NRD, NRS, AD, AS, PD, PS", r"m\S* \S+ \S+ \S+ \S+ \S+ w=\S+ l=\S+( \w+=\S+)*$", False),
    Construct("diode", r"d\S* \S+ \S+ \w+$", True),
    Construct("voltage-controlled switch", r"s\S* \S+ \S+ \S+ \S+ \w+$", True),
    Construct("subcircuit instance", r"x\S*( [\w.]+)+( \w+=\S+)*$", True),
    Construct(".subckt without parameters", r"\.subckt( \w+)+$", True),
    Construct(".subckt with params:", r"\.subckt( \w+)+ params:( \w+=\S+)+$", False),
    Construct(".ends", r"\.ends( \w+)?$", True),
    Construct(".model with a {parameter}", r"\.model \w+ \w+ .*\{[^{}]+\}", False),
    Construct(".model", r"\.model \w+ \w+( |$|\()", True),
    Construct(".param", r"\.param( \w+ ?= ?\S+)+$", True),
    Construct(".func", r"\.func \w+\([^()]*\) \{.*\}$", False),
    Construct(".ic", r"\.ic v\(\w+\)=\S+$", False),
    Construct(".include", r"\.include \S+$", True),
    Construct(".lib without a section", r"\.lib \S+$", True),
    Construct(".options", r"\.options?( \w+=\S+)+$", True),
    Construct(".temp", r"\.temp \S+$", False),
    Construct(".op", r"\.op$", True),
    Construct(".dc", r"\.dc( \S+){4}(( \S+){4})?$", True),
    Construct(".tran with four numbers", r"\.tran (?!0+(?:\.0*)?(?:e\S*)?s? )\S+( \S+){3}$", False),
    Construct(".ac dec", r"\.ac dec( \S+){3}$", True),
    Construct(".noise", r"\.noise v\(\w+\) \S+ (dec|oct)( \S+){3}$", True),
    Construct(".save", r"\.save( \S+)+$", False),
    Construct(".meas FIND ... AT", r"\.meas \w+ \w+ find \S+ at ?=? ?\S+$", True),
    Construct(".meas FIND ... WHEN", r"\.meas \w+ \w+ (find \S+ )?when \S+=\S+ (rise|fall|cross)=\d+$", True),
    Construct(".meas MAX, MIN, PP, AVG, RMS, INTEG", r"\.meas \w+ \w+ (max|min|pp|avg|rms|integ) \S+( from \S+)?( to \S+)?$", True),
    Construct(".end", r"\.end$", True),
)
FUNCTIONS = {  # of behavioral expressions; True where a netlist by LTspice holds it
    "max": False,
    "min": False,
    "uramp": False,
    "u": False,
    "abs": False,
    "sinh": False,
    "cosh": False,
    "tanh": False,
    "atan": False,
    "cos": False,
    "sin": False,
    "exp": False,
    "ln": False,
    "sqrt": False,
    "v": True,
    "i": False,
}
EXPRESSIONS = (Construct("** as the power", r"\*\*", False), Construct("? : as the choice", r"\?.*:", False))
TRAPS = (  # construct, pattern on a logical line, reason
    (".control", r"^\.(control|endc)\b", "runs commands; not a netlist line"),
    ("shell", r"^(shell|system|codemodel|quit|source)\b|`", "runs commands; refused"),
    ("write", r"^(write|wrdata|print)\b", "writes files; refused"),
    (".step", r"^\.step\b", "is outside of the portable subset; sweep with `cosim sweep`"),
    (".backanno", r"^\.(backanno|machine|probe|wave|net)\b", "is known to LTspice only"),
    ("PWL file=", r"\bfile\s*=", "is not in ngspice; write the points"),
    ("^", r"\^", "is XOR in LTspice; write **"),
    ("$ comment", r"\s\$", "is not a comment in LTspice; write ;"),
    ("Rser=", r"\b(rser|rpar|cpar|lser)\s*=", "is known to LTspice only; add a resistor"),
    ("laplace", r"\blaplace\b", "is not in ngspice"),
    ("random function", r"\b(white|random|rand|gauss|mc|flat)\s*\(", "draws differ between programs; draw in Python"),
    ("table()", r"\btable\s*\(", "is not in ngspice; use pwl points"),
    ("if()", r"\b(if|limit|stp|buf|inv|idt|sdt|delay|pwrs?|log)\s*\(", "is read differently by the programs, or by one only"),
    ("A-device", r"^a\w*\s", "is known to LTspice only"),
    (".ic V(x1:n)", r"^\.ic\s+v\(\w+[:.]", "is spelled differently by the programs; put .ic inside of the subcircuit"),
    ("IC=", r"^c\S*\s.*\bic\s*=", "needs uic in ngspice; write .ic"),
)
_SPELLED = re.compile(r"(?<![\w.])\d+(?:\.\d+)?([fpnumkgt]|meg)\d", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_CALL = re.compile(r"([a-z_]\w*)\s*\(", re.I)
_SIGNAL = re.compile(r"\b[vi]\([^()]*\)", re.I)
_NAMES = {**dict.fromkeys("rclvib", 3), **dict.fromkeys("eg", 5), **dict.fromkeys("fh", 4), "m": 6, ".model": 2}  # words before the values
_NO_VALUES = ("d", "s", ".include", ".lib", ".save")


def check(text: str, *, where: str = "netlist") -> list[Finding]:
    """The lines of a netlist that leave the portable subset.

    Args:
        text: the whole netlist.
        where: not used in the findings; kept for callers that collect many files.

    Returns:
        Findings in the order of the lines; empty for a portable netlist.
    """
    lines = _lines(text)
    found: list[Finding] = []
    if not lines[0].startswith("* "):
        found.append(Finding(1, lines[0][:40], 'must be a comment that starts with "* ": the first line is the title'))
    if not text.isascii():
        number = next(index for index, line in enumerate(lines, 1) if not line.isascii())
        found.append(Finding(number, "non-ASCII character", "must be ASCII; write u for micro"))
    if hit := _CONTROL.search(text):
        found.append(Finding(text.count("\n", 0, hit.start()) + 1, repr(hit[0]).strip("'"), "is a control character; refused"))
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("*#"):
            found.append(Finding(number, "*#", "is a command to ngspice, not a comment; refused"))
    functions = _own_functions(text)
    for number, line in logical_lines(text):
        found += _check_line(number, line, functions)
    return found


def constructs(text: str) -> dict[str, bool]:
    """Names of the constructs that a netlist uses, with True for those verified in netlists by LTspice."""
    used: dict[str, bool] = {}
    for _, line in logical_lines(text, comments=True):
        for known in LINES:
            if re.match(known.pattern, line, re.I):
                used[known.name] = known.verified
                break
        for formula in formulas(line):
            used |= {f"{name.lower()}()": FUNCTIONS[name.lower()] for name in _CALL.findall(formula) if name.lower() in FUNCTIONS}
            used |= {known.name: known.verified for known in EXPRESSIONS if re.search(known.pattern, formula)}
    return used


def logical_lines(text: str, *, comments: bool = False) -> Iterator[tuple[int, str]]:
    """``(number, line)``: continuation lines joined, trailing comments cut, blanks folded; comment lines on request."""
    joined: list[tuple[int, str]] = []
    for number, raw in enumerate(_lines(text), 1):
        line = " ".join(raw.split(";")[0].split())
        last = next((index for index in reversed(range(len(joined))) if not joined[index][1].startswith("*")), None)
        if line.startswith("+") and last is not None:
            joined[last] = (joined[last][0], f"{joined[last][1]} {line[1:].strip()}")
        elif line and (comments or not line.startswith("*")):
            joined.append((number, line))
    yield from joined


def _check_line(number: int, line: str, functions: frozenset[str]) -> Iterator[Finding]:
    for construct, pattern, reason in TRAPS:
        if re.search(pattern, line, re.I):
            yield Finding(number, construct, reason)
            return
    if hit := _SPELLED.search(_values(line)):
        yield Finding(number, hit[0], "has digits behind a suffix: 2 in ngspice, 2.5 in LTspice")
    elif include := re.match(r"\.(?:include|lib)\s+(\"[^\"]+\"|'[^']+'|[^\s\"']+)$", line, re.I):
        yield from _check_include(number, include[1])
    elif not any(re.match(known.pattern, line, re.I) for known in LINES):
        yield Finding(number, line.split()[0], "is outside of the portable subset, or is written in another form than it allows")
    elif re.match(r"m", line, re.I) and not re.search(r"nrd=.*nrs=", line, re.I):
        yield Finding(number, line.split()[0], "must give NRD and NRS: the programs differ in their default")
    else:
        for name in (name for formula in formulas(line) for name in _CALL.findall(formula)):
            if name.lower() not in FUNCTIONS and name.lower() not in functions:
                yield Finding(number, f"{name}()", "is not a function that both programs have")


def _check_include(number: int, path: str) -> Iterator[Finding]:
    bare = path.strip("\"'")
    if bare.startswith(("/", "\\", "~")) or ":" in bare or ".." in re.split(r"[/\\]", bare):
        yield Finding(number, f".include {bare}", "must be a file beside the netlist, not an absolute path or a parent folder")


def formulas(line: str) -> list[str]:
    """The expressions of a logical line: what stands in braces, and what a behavioral source is."""
    behavioral = re.match(r"b\S* \S+ \S+ [vi] ?=(.*)", line, re.I)
    return [behavioral[1]] if behavioral else re.findall(r"\{([^{}]*)\}", line)


def _values(line: str) -> str:
    """The part of a logical line in which numbers stand; names may look like ``1n4``."""
    words = _SIGNAL.sub("", line).split()
    if not words:  # a line that is nothing but a signal
        return ""
    kind = words[0].lower() if words[0].startswith(".") else words[0][0].lower()
    if kind in _NO_VALUES:
        return ""
    if kind in ("x", ".subckt"):
        return " ".join(word for word in words if "=" in word)
    return " ".join(words[_NAMES.get(kind, 1) :])


def _lines(text: str) -> list[str]:
    """The lines as SPICE programs count them: `str.splitlines` breaks at more characters than they do."""
    return text.replace("\r\n", "\n").split("\n")


def _own_functions(text: str) -> frozenset[str]:
    return frozenset(name.lower() for name in re.findall(r"(?im)^\.func\s+(\w+)", text))
