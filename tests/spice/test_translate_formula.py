"""Expressions: what LTspice means by them, computed here and by ngspice from the text that it is given."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import DialectError
from cosim.spice.translation.evaluate import Evaluator
from cosim.spice.translation.formula import parse
from cosim.spice.translation.numbers import common, number
from cosim.spice.translation.write import Writer
from tests.spice.translated import deck, netlist, run

VALUES = {"a": 2.0, "b": -3.0, "c": 0.25}
MEANT = {  # expression over V(a)=2, V(b)=-3, V(c)=0.25 -> what LTspice's help says it is
    "if(v(a)>1,5,6)": 5,
    "if(v(c),5,6)": 6,
    "if(v(a)>1, if(v(b)>0,1,2), 3)": 2,
    "v(a)>3 ? 1 : v(a)>1 ? 5 : 7": 5,
    "v(a) < {0} ? {0} : v(a) > {1.5} ? {1.5} : v(a)": 1.5,
    "limit(v(a),0,1)": 1,
    "limit(0,1,v(a))": 1,
    "limit(v(b),1,0)": 0,
    "table(v(a),0,0,4,8)": 4,
    "table(10*v(a),0,0,4,8)": 8,
    "table(v(b),0,1,4,8)": 1,
    "pwr(v(b),2)": 9,
    "pwrs(v(b),2)": -9,
    "pow(v(b),3)": -27,
    "v(b)**2": 9,
    "v(b)**1.5": 0,
    "buf(v(a))+10*buf(v(c))": 1,
    "inv(v(a))+10*inv(v(c))": 10,
    "!v(c)": 1,
    "stp(v(a))+u(v(b))": 1,
    "u(0)+2*u(v(a)-2)+4*stp(v(a)-2)+8*u(1u)": 8,
    "uramp(v(a))+uramp(v(b))": 2,
    "int(1.4*v(b))": -4,
    "round(1.4*v(b))": -4,
    "floor(1.4*v(a))+ceil(1.4*v(a))": 5,
    "v(a)>1 & v(b)<0": 1,
    "v(a)>1 && v(b)>0": 0,
    "v(a)>3 | v(b)<0": 1,
    "(v(a)>1)^(v(b)<0)": 0,
    "(v(a)>1)^(v(b)>0)": 1,
    "hypot(v(a),1.5)": 2.5,
    "cbrt(4*v(a))": 2,
    "log10(50*v(a))": 2,
    "ln(v(a))+log(v(a))": 2 * math.log(2),
    "sgn(v(b))*fabs(v(b))": -3,
    "min(v(a),v(b))+max(v(a),v(c))": -1,
    "arctan(v(a))+arcsin(v(c))+arccos(v(c))": math.atan(2) + math.pi / 2,
    "asinh(v(a))+acosh(2)+atanh(v(c))": math.asinh(2) + math.acosh(2) + math.atanh(0.25),
    "2*-v(a)": -4,
    "1k5*v(a)": 3000,
    "v(a,b)": 5,
    "pi*v(a)": 2 * math.pi,
    "uplim(10*v(a),1,0.1)": 1,
    "dnlim(10*v(b),1,0.1)": 1,
}


def meant(text: str) -> float:
    """The value that `Evaluator` finds."""
    signals = lambda signal: VALUES[signal.of[0]] - (VALUES[signal.of[1]] if len(signal.of) > 1 else 0.0)  # noqa: E731
    return float(Evaluator("t", VALUES.__getitem__, {}, signals).value(parse(text, where="t")))


@pytest.mark.parametrize("text", MEANT)
def test_the_value_is_the_one_of_the_help(text: str):
    assert meant(text) == pytest.approx(MEANT[text], rel=1e-9)


def test_ngspice_computes_the_same_of_every_expression(tmp_path: Path):
    lines = [f"B{index} o{index} 0 V={text}" for index, text in enumerate(MEANT)]
    waves = run(tmp_path, "Va a 0 2", "Vb b 0 -3", "Vc c 0 0.25", *lines, ".op").waves.require()
    found = {text: waves[f"v(o{index})"][0] for index, text in enumerate(MEANT)}
    assert found == pytest.approx(MEANT, rel=1e-6, abs=1e-9)


PARAMETERS = {text: value for text, value in MEANT.items() if "table" not in text and "v(a,b)" not in text}


def test_ngspice_computes_the_same_of_parameters_of_a_subcircuit(tmp_path: Path):
    texts = {text.replace("v(a)", "a").replace("v(b)", "b").replace("v(c)", "c"): value for text, value in PARAMETERS.items()}
    subcircuits = [line for index, text in enumerate(texts) for line in (f".subckt s{index} o a=1 b=1 c=1", f"V1 o 0 {{{text}}}", ".ends")]
    instances = [f"X{index} o{index} s{index} a=2 b=-3 c=0.25" for index in range(len(texts))]
    waves = run(tmp_path, *instances, *subcircuits, ".op").waves.require()
    assert {text: waves[f"v(o{index})"][0] for index, text in enumerate(texts)} == pytest.approx(texts, rel=1e-6, abs=1e-9)


def test_ngspice_computes_the_same_of_parameters_of_the_top(tmp_path: Path):
    lines = [f"V{index} o{index} 0 {{{text.replace('v(a)', 'a').replace('v(b)', 'b').replace('v(c)', 'c')}}}" for index, text in enumerate(PARAMETERS)]
    waves = run(tmp_path, ".param a=2 b=-3 c={a/8}", *lines, ".op").waves.require()
    assert {text: waves[f"v(o{index})"][0] for index, text in enumerate(PARAMETERS)} == pytest.approx(PARAMETERS, rel=1e-6, abs=1e-9)


REFUSED = {
    "-v(a)**2": "the sign before a power is read differently by the programs; write brackets",
    "v(a)**2**3": "a power of a power is read differently by the programs; write brackets",
    "v(a)>1 & v(b)>1 | v(c)>1": "`&` beside `|` is read differently by the programs; write brackets",
    "(v(a)": "a bracket is not closed",
    "v(a)+": "ends too early",
    "v(a)>1 ? 2": "`?` has no `:`",
    "3 4": "`4` is not expected",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_expression_or_ambiguous_is_refused_by_line(text: str):
    with pytest.raises(DialectError) as error:
        deck(f"B1 o 0 V={text}", ".op")
    assert str(error.value).startswith("amp.cir, line 2: `")
    assert str(error.value).endswith(REFUSED[text])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("v(a)^2", "`^` is the exclusive or to LTspice and a power to ngspice; write ** for a power"),
        ("idt(v(a))", "`idt()` is not in ngspice"),
        ("delay(v(a),1u)", "`delay()` is not in ngspice"),
        ("white(1e6*time)", "`white()` draws random numbers, which no two programs draw alike; give a PWL or a parameter"),
        ("v(a)*k", "`k` has no value: it is no parameter here"),
        ("twice(v(a))", "`twice()` is no function that ngspice has"),
        ("table(v(a),0,0,0,1)", "`table()` must have rising abscissas"),
    ],
)
def test_what_ngspice_has_not_is_refused_by_line_and_construct(text: str, said: str):
    with pytest.raises(DialectError) as error:
        deck(f"B1 o 0 V={text}", ".op")
    assert str(error.value) == f"amp.cir, line 2: {said}"


def test_an_odd_power_behind_a_sign_means_the_same_to_all(tmp_path: Path):
    assert run(tmp_path, "Va a 0 2", "B1 o 0 V=-v(a)**3", ".op").waves.require()["v(o)"][0] == pytest.approx(-8)


def test_a_very_deep_or_long_expression_is_refused_and_not_followed():
    with pytest.raises(DialectError, match="is nested more than 60 deep"):
        parse("(" * 5000 + "1" + ")" * 5000, where="t")
    with pytest.raises(DialectError, match="has more than 800 words"):
        parse("+".join(["1"] * 5000), where="t")


def test_functions_of_the_netlist_are_kept_with_their_meaning(tmp_path: Path):
    waves = run(tmp_path, ".func f(x,y) {if(x>1, x*y, 0)}", ".func g(x)={f(x,3)+k}", ".param k=1", "V1 a 0 2", "B1 o 0 V=g(v(a))", "V2 p 0 {g(2)}", ".op").waves
    assert (waves.require()["v(o)"][0], waves["v(p)"][0]) == (pytest.approx(7), pytest.approx(7))


def test_a_function_that_calls_itself_is_refused():
    with pytest.raises(DialectError, match=r"`\.func f\(\)` calls itself through g\(\)$"):
        deck(".func f(x) {g(x)}", ".func g(x) {f(x)}", "V1 o 0 1", ".op")


def test_functions_that_grow_beyond_bounds_are_refused():
    lines = [".func f0(x) {x+x}", *(f".func f{index}(x) {{f{index - 1}(x)+f{index - 1}(x)}}" for index in range(1, 40))]
    with pytest.raises(DialectError, match="words when written out; must be at most 20000"):
        deck(*lines, "V1 o 0 {f39(1)}", ".op")


def test_parameters_may_stand_in_any_order_and_must_not_turn_in_circles(tmp_path: Path):
    assert run(tmp_path, ".param a={b*2}", ".param b = 1 + c  c=3", "V1 o 0 {a}", ".op").waves.require()["v(o)"][0] == pytest.approx(8)
    with pytest.raises(DialectError, match="parameter `a` depends on itself"):
        deck(".param a={b}", ".param b={a}", "V1 o 0 {a}", ".op")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1k5", 1500),
        ("4K7", 4700),
        ("2k5R", 2500),
        ("1Meg", 1e6),
        ("1M", 1e-3),
        ("1F", 1e-15),
        ("10uF", 1e-5),
        ("10V", 10),
        ("1mil", 25.4e-6),
        ("10%", 0.1),
        ("1e3k", 1e6),
    ],
)
def test_numbers_are_read_as_ltspice_reads_them(text: str, value: float, tmp_path: Path):
    assert number(text) == pytest.approx(value, rel=1e-12)
    assert run(tmp_path, f"V1 o 0 {text}", ".op").waves.require()["v(o)"][0] == pytest.approx(value, rel=1e-9)


def test_what_is_no_number_has_no_value():
    assert [number(text) for text in ("", "k", "1k5k6", "{r}", "1.2.3")] == [None] * 5


@given(st.floats(-1e6, 1e6), st.sampled_from(["", "k", "u", "Meg", "mV"]))
def test_a_number_in_the_common_spelling_keeps_its_value(value: float, suffix: str):
    text = f"{value:.9g}{suffix}"
    assert number(common(text)) == pytest.approx(number(text), rel=1e-11, abs=1e-300)


@given(
    st.recursive(
        st.sampled_from(["a", "b", "c", "1.5", "2"]),
        lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "<", ">"]), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        max_leaves=12,
    )
)
def test_what_is_written_means_what_was_read(text: str):
    tree = parse(text, where="t")
    written = Writer("t", dict.fromkeys("abc"), {}).text(tree)
    again = Evaluator("t", VALUES.__getitem__, {}).value(parse(written, where="t"))
    assert np.isclose(again, Evaluator("t", VALUES.__getitem__, {}).value(tree))


def test_the_netlist_of_the_tests_ends_where_it_should():
    assert netlist("R1 a 0 1").splitlines() == ["* by a designer", "R1 a 0 1", ".end"]
