"""Any text at all is translated or refused in one line: never an internal error, never a hang."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.errors import CosimError
from cosim.spice.translation import translate

TOKENS = (
    "R1 C1 L1 K1 V1 I1 E1 G1 F1 H1 B1 D1 Q1 J1 M1 S1 W1 T1 O1 U1 X1 A1 Z1 .param .func .model .subckt .ends .step .meas .save .ic .nodeset .tran .ac .dc .op "
    ".noise .options .temp .lib .include .global .end a o 0 s 1k 1 {k} {k*2} k=1 V=v(a) I= R= value={v(a)} PWL(0 0 1 1) PULSE(0 1) SINE( file=x ic=1 "
    "list param temp dec lin FIND WHEN V(o)=1 AT=1m TRIG TARG MAX V(o) RISE=1 f(x) {x+1} D(Is=1) nmos( level=8 ( ) { } ' , = ** ^ ? : & -1 1e999 x "
    "params: uic TO FROM + v( i(R1) table(v(a),0,0,1,1) if(v(a),1,2) K2 L2"
)
LINES = st.lists(st.lists(st.sampled_from(TOKENS.split()), min_size=1, max_size=9).map(" ".join), max_size=8)


def answer(text: str) -> str:
    """The deck, or the refusal."""
    try:
        return translate(text).text
    except CosimError as error:
        return str(error)


@settings(max_examples=1500, deadline=None)
@given(LINES)
def test_lines_of_spice_words_are_answered(lines: list[str]):
    found = answer("\n".join(["* t", *lines]))
    assert found.endswith(".end\n") or "\n" not in found


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_answered(text: str):
    found = answer(f"* t\n{text}\nV1 a 0 1\n.op\n")
    assert found.endswith(".end\n") or "\n" not in found


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="vi()ab01+-*/?:<>&|^!{}'\"=,. ekpowfint", max_size=40))
def test_any_expression_is_answered(text: str):
    found = answer(f"* t\nB1 a 0 V={text}\n.param k={text}\n.op\n")
    assert found.endswith(".end\n") or "\n" not in found
