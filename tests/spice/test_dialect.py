"""The portable subset: what leaves it is named by line, what stays in it is let through, and what is called verified is."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cosim.resources import netlists
from cosim.spice.dialect import EXPRESSIONS, FUNCTIONS, LINES, TRAPS, check, constructs, formulas, logical_lines

DECKS = sorted(netlists().glob("*.cir"))
LIBRARIES = sorted(netlists().glob("*.lib"))
FOUND = {
    ".step param r list 1 2": "`.step` is outside of the portable subset; sweep with `cosim sweep`",
    ".control": "`.control` runs commands; not a netlist line",
    "  .CONTROL": "`.control` runs commands; not a netlist line",
    ".endc": "`.control` runs commands; not a netlist line",
    "shell rm -r .": "`shell` runs commands; refused",
    "R1 a 0 `id`": "`shell` runs commands; refused",
    "wrdata out v(a)": "`write` writes files; refused",
    ".backanno": "`.backanno` is known to LTspice only",
    "V1 a 0 PWL file=wave.txt": "`PWL file=` is not in ngspice; write the points",
    "V1 a 0 PWL(file = wave.txt)": "`PWL file=` is not in ngspice; write the points",
    "B1 a 0 V=V(b)^2": "`^` is XOR in LTspice; write **",
    "R1 a 0 1k $ comment": "`$ comment` is not a comment in LTspice; write ;",
    "V1 a 0 1 Rser=3": "`Rser=` is known to LTspice only; add a resistor",
    "E1 a 0 b 0 laplace=1/(1+s)": "`laplace` is not in ngspice",
    "B1 a 0 V=white(time)": "`random function` draws differ between programs; draw in Python",
    "R1 a 0 {gauss(1)}": "`random function` draws differ between programs; draw in Python",
    "B1 a 0 I=table(V(b),0,0,1,1)": "`table()` is not in ngspice; use pwl points",
    "B1 a 0 I=if(V(b)>0,1,0)": "`if()` is read differently by the programs, or by one only",
    "B1 a 0 I=limit(V(b),0,1)": "`if()` is read differently by the programs, or by one only",
    "A1 a b 0 0 0 0 c 0 OTA": "`A-device` is known to LTspice only",
    ".ic V(x1:n)=1": "`.ic V(x1:n)` is spelled differently by the programs; put .ic inside of the subcircuit",
    ".ic V(x1.n)=1": "`.ic V(x1:n)` is spelled differently by the programs; put .ic inside of the subcircuit",
    "C1 a 0 1u ic=1": "`IC=` needs uic in ngspice; write .ic",
    "R1 a 0 1k5": "`1k5` has digits behind a suffix: 2 in ngspice, 2.5 in LTspice",
    ".param c=2n2": "`2n2` has digits behind a suffix: 2 in ngspice, 2.5 in LTspice",
    "X1 a b pad r=4meg7": "`4meg7` has digits behind a suffix: 2 in ngspice, 2.5 in LTspice",
    "V1 a 0 PWL(0 0 1m5 1)": "`1m5` has digits behind a suffix: 2 in ngspice, 2.5 in LTspice",
    ".include /etc/passwd": "`.include /etc/passwd` must be a file beside the netlist, not an absolute path or a parent folder",
    ".include ../a.lib": "`.include ../a.lib` must be a file beside the netlist, not an absolute path or a parent folder",
    ".lib C:\\models\\a.lib": "`.include C:\\models\\a.lib` must be a file beside the netlist, not an absolute path or a parent folder",
    '.include "~/a.lib"': "`.include ~/a.lib` must be a file beside the netlist, not an absolute path or a parent folder",
    ".include a.lib /etc/passwd": "`.include` is outside of the portable subset, or is written in another form than it allows",
    ".lib cmos.lib tt": "`.lib` is outside of the portable subset, or is written in another form than it allows",
    "M1 d g s 0 nmos W=1u L=1u": "`M1` must give NRD and NRS: the programs differ in their default",
    ".tran 5m": "`.tran` is outside of the portable subset, or is written in another form than it allows",
    "V1 a 0 SINE(0 1 1k)": "`V1` is outside of the portable subset, or is written in another form than it allows",
    "Q1 c b e bjt": "`Q1` is outside of the portable subset, or is written in another form than it allows",
    ".global vdd": "`.global` is outside of the portable subset, or is written in another form than it allows",
    "B1 a 0 V=dnlim(V(b),0,1)": "`dnlim()` is not a function that both programs have",
    "R1 a 0 {foo(r)}": "`foo()` is not a function that both programs have",
    "*#shell id": "`*#` is a command to ngspice, not a comment; refused",
}
ALLOWED = (
    "* .step, .control, PWL file=x, 1k5, V(a)^2, $ and `shell` in a comment are text",
    "R1 a 0 1000 ; .step, ^2, 1k5 and $ behind a semicolon are text too",
    "V1 a 0 PWL(0 0 1e-3 1)",
    "V1 a 0 PWL(0 {low} {tau} 1)",
    "V1 a 0 PULSE(0 1 0 1n 1n 1u 2u) AC 1",
    "I1 a 0 AC 1",
    "R1 1n1 2k2x 5",
    "D1 a k 1N4148",
    ".model 1N4148 D(Is=2.5n N=1.7)",
    ".model sw1 SW(Ron={r} Roff=1e9)",
    ".include 3k3.lib",
    ".lib models.lib",
    '.include "my models.lib"',
    "X1 a b 1n4sub r=2.2n k={r*max(1,2)}",
    ".subckt pad a b params: r=50 c=1e-12",
    ".func twice(x) {2*x}",
    "B1 a 0 V=V(1n1)>0 ? ln(1+V(b)) : -V(b)**2",
    "M1 d g s 0 nmos W=1u L=1u NRD=0 NRS=0 AD=1p",
    ".options reltol=1e-4 method=gear",
    ".ic V(x)={x0}",
    ".tran 1e-6 1 0 1e-6",
    ".noise V(out) vin dec 10 1 1e6",
    ".meas TRAN m FIND V(x1:mid) AT=1e-3",
)


@pytest.mark.parametrize("line", FOUND)
def test_what_leaves_the_subset_is_named_with_its_line(line: str):
    findings = check(f"* title\nV9 z 0 1\n{line}\n.end\n")
    assert [str(each) for each in findings] == [f"line 3: {FOUND[line]}"]


@pytest.mark.parametrize("line", ALLOWED)
def test_what_both_programs_read_alike_is_let_through(line: str):
    assert check(f"* title\n{line}\n.end\n") == []


def test_a_trap_behind_a_continuation_is_named_with_the_line_that_it_continues():
    text = "* title\nV1 a 0 PWL(0 0\n* a comment in between\n+ 1 1\n+ 2 1k5)\nR1 a 0 1\n"
    assert [str(each) for each in check(text)] == ["line 2: `1k5` has digits behind a suffix: 2 in ngspice, 2.5 in LTspice"]


def test_a_long_waveform_is_let_through():
    points = "\n".join(f"+ {index} {index % 3}" for index in range(20000))
    assert check(f"* title\nV1 a 0 PWL(\n{points}\n+ )\n") == []


def test_the_first_line_must_be_a_comment():
    assert [str(each) for each in check("V1 a 0 1\n")] == ['line 1: `V1 a 0 1` must be a comment that starts with "* ": the first line is the title']
    assert [each.line for each in check("*ng_script\n")] == [1]
    assert [each.line for each in check("")] == [1]


def test_a_micro_sign_is_named_with_its_line():
    assert str(check("* title\nR1 a 0 1\nC1 a 0 1µ\n")[0]) == "line 3: `non-ASCII character` must be ASCII; write u for micro"


@pytest.mark.parametrize("character", ["\x0b", "\x0c", "\x1c", "\x00", "\r"])
def test_a_control_character_is_refused_where_it_stands(character: str):
    findings = check(f"* title\nR1 a 0 1\n* a{character}.control\n.end\n")
    assert [str(each) for each in findings] == [f"line 3: `{repr(character)[1:-1]}` is a control character; refused"]


def test_lines_may_end_as_on_windows():
    assert check("* title\r\nV1 a 0 PWL(0 0\r\n+ 1 1)\r\n.end\r\n") == []


def test_functions_of_the_netlist_itself_are_known():
    assert check("* t\n.func twice(x) {2*x}\nB1 a 0 V=twice(V(b))\n") == []


@example("V()")
@given(text=st.text(max_size=200))
@settings(deadline=None, max_examples=200)
def test_any_text_is_answered_with_findings_and_never_with_an_error(text: str):
    findings = check(text)
    assert all(1 <= each.line <= text.count("\n") + 1 for each in findings)
    assert findings or text.startswith("* ")


def test_formulas_are_what_stands_in_braces_or_behind_a_behavioral_source():
    assert formulas("R1 a b {r*2}") == ["r*2"]
    assert formulas("B1 a b I=V(a)*{k}") == ["V(a)*{k}"]
    assert formulas("V1 a 0 PWL(0 {a} 1 {b})") == ["a", "b"]


@pytest.mark.parametrize("path", [*DECKS, *LIBRARIES], ids=lambda path: path.name)
def test_every_shipped_netlist_is_portable_and_every_line_of_it_a_listed_construct(path: Path):
    text = path.read_text(encoding="utf-8")
    assert check(text) == []
    known = {each.name for each in (*LINES, *EXPRESSIONS)} | {f"{name}()" for name in FUNCTIONS}
    assert set(constructs(text)) <= known
    for _, line in logical_lines(text):
        assert any(re.match(each.pattern, line, re.I) for each in LINES), line


def test_constructs_of_a_netlist_are_told_with_whether_they_are_verified():
    assert constructs("* t\nR1 a 0 {2*r}\n.func f(x) {abs(x)**2}\n.op\n") == {
        "comment line": True,
        "resistor, capacitor, inductor with a {parameter}": True,
        ".func": False,
        "abs()": False,
        "** as the power": False,
        ".op": True,
    }


def test_names_of_constructs_and_traps_are_unique():
    assert len({each.name for each in LINES}) == len(LINES)
    assert len({name for name, _, _ in TRAPS}) == len(TRAPS)


def decoded(path: Path) -> str:
    """The text of a file by LTspice: UTF-16 in newer versions, one byte a character in older ones."""
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    if data[1:2] == b"\0":
        return data.decode("utf-16-le")
    return data.decode("utf-8", errors="replace") if b"\xc2\xb5" in data else data.decode("latin-1")


def by_ltspice(folder: Path) -> dict[str, str]:
    """The netlists that LTspice wrote or ran: name -> text.

    A netlist that LTspice wrote ends with ``.backanno``; of schematics the directives count. Left out: netlists for ngspice, QSPICE and
    Xyce, and ``all_elements_lt.net``, which was made by hand and never run.
    """
    ran = {"tran_rawtest.net", "dc_rawtest.net", "ad820_alt.net"}
    found = {path.name: decoded(path) for path in (folder / "ltspice_c5_bsim3").iterdir() if path.suffix in (".spi", ".txt")}
    for path in (folder / "ltspice_spicelib" / "examples").rglob("*"):
        if path.suffix == ".asc":
            directives = re.findall(r"(?m)^TEXT .*?!(.*)$", decoded(path))
            found[path.name] = "\n".join(text.replace("\\n", "\n") for text in directives)
        elif path.suffix == ".net" and path.name not in ("all_elements_lt.net", "ngsteps.net"):
            text = decoded(path)
            if ".backanno" in text or path.name in ran:
                found[path.name] = text
    return found


@pytest.fixture
def corpus(data_file: Callable[..., Path]) -> list[str]:
    """Every logical line of the netlists by LTspice."""
    texts = by_ltspice(data_file("ltspice_spicelib").parent)
    assert len(texts) > 30
    return [line for text in texts.values() for _, line in logical_lines(text, comments=True)]


@pytest.mark.data
@pytest.mark.parametrize("construct", LINES, ids=lambda each: each.name)
def test_a_line_is_called_verified_exactly_when_ltspice_itself_used_it(construct, corpus: list[str]):
    assert any(re.match(construct.pattern, line, re.I) for line in corpus) == construct.verified


@pytest.mark.data
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_called_verified_exactly_when_ltspice_itself_used_it(name: str, corpus: list[str]):
    used = any(re.search(rf"(?<!\w){name}\s*\(", formula, re.I) for line in corpus for formula in formulas(line))
    assert used == FUNCTIONS[name]


@pytest.mark.data
@pytest.mark.parametrize("construct", EXPRESSIONS, ids=lambda each: each.name)
def test_an_operator_is_called_verified_exactly_when_ltspice_itself_used_it(construct, corpus: list[str]):
    assert any(re.search(construct.pattern, formula) for line in corpus for formula in formulas(line)) == construct.verified
