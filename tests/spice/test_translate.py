"""Elements, models and directives of LTspice's netlists in ngspice: values worked by hand, refusals by line and construct."""

import math
from pathlib import Path

import numpy as np
import pytest

from cosim.errors import DialectError
from cosim.spice.translation import translate
from cosim.spice.translation.statements import decode, statements, words
from tests.spice.translated import TRAN, deck, last, netlist, run, waves

DIVIDER = ("V1 a 0 2", "R1 a o 1k", "R2 o 0 1k")


def noted(*lines: str) -> list[str]:
    """What is said of a netlist, without its file."""
    return [str(note).removeprefix("amp.cir, ") for note in deck(*lines).notes]


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_a_netlist_is_read_whatever_it_was_written_in(coding: str):
    assert decode("* µ\nC1 a 0 10µ\n".encode(coding)) == "* µ\nC1 a 0 10µ\n"


def test_micro_signs_and_section_signs_are_read_as_ltspice_means_them(tmp_path: Path):
    text = netlist("I1 0 o 10µ", "R1 o 0 100k", "X§U1 o half", ".subckt half a", "R1 a 0 100kΩ", ".ends", ".op").encode("utf-16")
    (tmp_path / "amp.cir").write_bytes(text)
    from cosim.netlist import simulate_netlist

    assert simulate_netlist(tmp_path / "amp.cir", engine="ngspice").waves.require()["v(o)"][0] == pytest.approx(0.5)


def test_a_letter_without_meaning_in_spice_is_refused():
    with pytest.raises(DialectError, match=r"^amp\.cir, line 3: 'Ã' is not ASCII and has no meaning in SPICE$"):
        deck("R1 a 0 1", "Ã1 a b c", ".op")


def test_continued_lines_comments_and_blanks_are_joined_and_cut():
    found = list(statements("* c\nR1 a 0 ; rest\n* between\n+ 1k\n\n  C1   a 0 1u\n", "f"))
    assert [(each.line, each.text) for each in found] == [(2, "R1 a 0 1k"), (6, "C1 a 0 1u")]


def test_words_stay_together_in_brackets_and_around_equal_signs():
    assert words("M1 d g s b nm W = 3u L={a + b} ic=1, 2 PWL(0 0 1 1)") == ["M1", "d", "g", "s", "b", "nm", "W=3u", "L={a + b}", "ic=1,2", "PWL(0 0 1 1)"]


def test_the_first_line_is_the_title_even_if_it_looks_like_an_element():
    assert "R0" not in translate("R0 a 0 1\nR1 a 0 1\nV1 a 0 1\n.op\n").text


def test_nothing_behind_the_end_counts():
    assert "R9" not in translate("* t\nR1 a 0 1\nV1 a 0 1\n.op\n.end\nR9 a 0 1\n").text


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("R1 a o {r}", 1.0),
        ("R1 a o R=1k tol=1% pwr=0.1", 1.0),
        ("R1 a o '2*500'", 1.0),
        ("R1 a o 1k m=2", 4 / 3),
        ("R1 a o 1k tc=0.1,0 temp=37", 2 / 3),
        ("R1 a o R=V(o)*500+500", 1.0),
        ("R1 a o 1k noiseless", 1.0),
    ],
)
def test_resistors(tmp_path: Path, line: str, value: float):
    assert last(tmp_path, "V1 a 0 2", line, "R2 o 0 1k", ".param r=1k", TRAN) == pytest.approx(value, rel=1e-4)


def test_series_and_parallel_resistance_of_a_capacitor(tmp_path: Path):
    found = waves(tmp_path, "V1 a 0 0 AC 1", "C1 a o 1u Rser=100 Rpar=1k V=16 Irms=1 mfg=x", "R2 o 0 1k", ".ac lin 1 1591.549431 1591.549431")
    branch = 1 / (1 / 1000 + 1 / (100 + 1 / (1j * 1e4 * 1e-6)))
    assert found["v(o)"][0] == pytest.approx(1000 / (1000 + branch), rel=1e-6)
    assert noted("V1 a 0 1", "C1 a 0 1u Rser=100 Rpar=1k", ".op") == ["line 3: Rpar, Rser of C: elements of their own"]


def test_an_inductor_has_ltspices_milliohm_unless_it_says_another(tmp_path: Path):
    assert last(tmp_path, "I1 0 o 2", "L1 o 0 1m", ".op") == pytest.approx(2e-3, rel=1e-6)
    assert last(tmp_path, "I1 0 o 2", "L1 o 0 1m Rser=3", ".op") == pytest.approx(6, rel=1e-6)
    assert last(tmp_path, "I1 0 o 2", "L1 o 0 1m Rser=0", ".op") == pytest.approx(0, abs=1e-9)
    assert noted("V1 a 0 1", "R1 a o 1", "L1 o 0 1m", ".op") == ["line 4: L without Rser: Rser=0.001, LTspice's default, as a resistor"]


def test_capacitance_and_resistance_across_an_inductor(tmp_path: Path):
    found = waves(tmp_path, "V1 a 0 0 AC 1", "L1 a o 10m Rser=1 Rpar=1k Cpar=1u", "R2 o 0 100", ".ac lin 1 1591.549431 1591.549431")
    omega = 2 * math.pi * 1591.549431
    branch = 1 / (1 / 1000 + 1j * omega * 1e-6 + 1 / (1 + 1j * omega * 10e-3))
    assert found["v(o)"][0] == pytest.approx(100 / (100 + branch), rel=1e-6)


def test_inductors_coupled_by_one_line(tmp_path: Path):
    lines = ["V1 a 0 0 AC 1", "L1 a 0 1m", "L2 b 0 4m", "L3 o 0 9m", "K1 L1 L2 L3 1", "R2 b 0 1Meg", "R3 o 0 1Meg", ".ac lin 1 1k 1k"]
    found = waves(tmp_path, *lines)
    assert (abs(found["v(b)"][0]), abs(found["v(o)"][0])) == (pytest.approx(2, rel=1e-3), pytest.approx(3, rel=1e-3))
    assert noted(*lines) == ["line 6: K of 3 inductors: 3 pairs"]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("V1 o 0 PWL(0 0 +1m 2 +1m 4)", 4.0),
        ("V1 o 0 PWL 0 0 2m {k}", 3.0),
        ("V1 o 0 PWL value_scale_factor=2 time_scale_factor=1m (0 0 2 1.5)", 3.0),
        ("V1 o 0 PWL (0,0) (1m,1) (2m,5)", 5.0),
        ("V1 o 0 SINE(1 2 250)", 1 + 2 * math.sin(2 * math.pi * 250 * 2e-3)),
        ("V1 o 0 SINE(1 2 125 0 0 90)", 1.0),
        ("V1 o 0 EXP(0 1 0 1m 10m 1)", 1 - math.exp(-2)),
        ("V1 o 0 PULSE(0 1 1u 1u 1u 0.1m 0.5m 2)", 0.0),
        ("V1 o 0 PULSE(-1 1 0 1u 1u 5m 1m)", 1.0),
        ("V1 o 0 DC 3 AC 1", 3.0),
        ("V1 o 0 {k} AC={k} 45", 3.0),
        ("V1 o 0 10V", 10.0),
        ("V1 o 0", 0.0),
    ],
)
def test_sources(tmp_path: Path, source: str, value: float):
    assert last(tmp_path, source, "R1 o 0 1k", ".param k=3", ".tran 0 2m 0 1u") == pytest.approx(value, rel=1e-3, abs=1e-6)


def test_series_resistance_and_capacitance_of_a_source(tmp_path: Path):
    found = waves(tmp_path, "V1 o 0 0 AC 2 Rser=1k Cpar=1u", "R2 o 0 1k", ".ac lin 1 159.1549431 159.1549431")
    assert found["v(o)"][0] == pytest.approx(2 * 0.5 / (1 + 0.5j), rel=1e-6)
    assert [name for name in found.signals if "rser" in name] == []


def test_the_file_of_a_pwl_source_is_written_into_the_netlist(tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "wave.txt").write_text("0 0\n1m, 1 ; corner\n2m\t3\n")
    assert last(tmp_path, 'V1 o 0 PWL file="in/wave.txt"', "R1 o 0 1", TRAN) == pytest.approx(3)
    made = deck("V1 o 0 PWL file=w.txt", "R1 o 0 1", TRAN, tables={"w.txt": "0 0 1m 1"})
    assert "PWL(0 0 0.001 1)" in made.text
    assert str(made.notes[0]) == "amp.cir, line 2: PWL file=: 2 points, written into the netlist"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("E1 o 0 a 0 2", 4.0),
        ("E1 o 0 value={v(a)*2}", 4.0),
        ("E1 o 0 VALUE {if(v(a)>1,4,0)}", 4.0),
        ("E1 o 0 poly(1) a 0 1 2", 5.0),
        ("E1 o 0 table {v(a)} = (0,0) (1,8)", 8.0),
        ("E1 o 0 a 0 table=(0,0,4,8)", 4.0),
        ("G1 0 o a 0 1m", 2.0),
        ("G1 0 o value={v(a)*1m}", 2.0),
        ("F1 0 o V1 -1", 2.0),
        ("H1 o 0 V1 -1k", 2.0),
        ("B1 o 0 V={k}*v(a)", 6.0),
        ("B1 o 0 V=v(a) tripdv=1 tripdt=1u", 2.0),
        ("B1 0 o I=v(a)*1m rpar=1k", 1.0),
        ("B1 o 0 R=1k", 0.0),
        ("B1 o 0 V=I(Ra)*1k", 2.0),
        ("B1 o 0 V=I(V1)*1k", -2.0),
        ("B1 o 0 V=time*1k", 2.0),
        ("B1 o 0 V=temp", 27.0),
    ],
)
def test_controlled_and_behavioral_sources(tmp_path: Path, line: str, value: float):
    assert last(tmp_path, "V1 a 0 2", "Ra a 0 1k", line, "R2 o 0 1k", ".param k=3", TRAN) == pytest.approx(value, rel=1e-4)


def test_the_current_of_a_device_can_control_a_source_in_a_subcircuit(tmp_path: Path):
    lines = ["V1 a 0 2", "X1 a o s", ".subckt s i q", "D1 i m dd", "R1 m 0 1k", "B1 q 0 V=1k*I(D1)", ".ends", ".model dd D(Is=1e-14)", "R2 o 0 1k", ".op"]
    found = waves(tmp_path, *lines)
    assert found["v(o)"][0] == pytest.approx(found["v(x1.m)"][0], rel=1e-6)
    assert 1.2 < found["v(o)"][0] < 1.4


@pytest.mark.parametrize(
    "lines",
    [
        (".subckt s i q params: k=3", "B1 q 0 V=v(i)*{m}", ".param m={k*2}", ".ends", "X1 a o s k=4"),
        (".subckt s i q k=3", "E1 q 0 i 0 {2*k}", ".ends", "X1 a o s params: k={2*two}"),
        (".subckt s i q", "E1 q 0 i 0 {2*k}", ".ends", "X1 a o s k=4"),  # LTspice's own form: the header names no parameter
        (".subckt s i q", "E1 q 0 i 0 {2*four}", ".ends", "X1 a o s"),
        (".subckt s i q", ".func f(x) {x*four}", "B1 q 0 V=f(2*v(i))", ".ends", "X1 a o s"),
        (".subckt s i q", "X1 i q t", ".subckt t i q", "E1 q 0 i 0 8", ".ends", ".ends", "X1 a o s"),
    ],
)
def test_subcircuits_and_their_parameters(tmp_path: Path, lines: tuple[str, ...]):
    assert last(tmp_path, "V1 a 0 1", *lines, ".param two=2 four={2*two}", "R1 o 0 1k", TRAN) == pytest.approx(8)


def test_a_bsim3_device_gets_ltspices_squares_and_code():
    lines = ("V1 d 0 1", "M1 d d 0 0 nm W=3u L=0.6u", "M2 d d 0 0 nm W=3u L=0.6u NRD=1 NRS=1", ".model nm NMOS(level=8 version=3.1 rsh=80)", ".op")
    text = deck(*lines).text
    assert "M1 d d 0 0 nm w=3u l=0.6u nrd=0 nrs=0" in text
    assert "nrd=1 nrs=1" in text
    assert noted(*lines) == [
        "line 3: BSIM3 device without NRD and NRS: NRD=0 NRS=0",
        "line 5: BSIM3 VERSION=3.1: 3.3.0, the code that LTspice runs for every BSIM3 card",
    ]


def test_a_simple_mosfet_keeps_its_squares():
    assert noted("V1 d 0 1", "M1 d d 0 0 nm W=3u L=1u", ".model nm NMOS(rsh=80)", ".op") == []


def test_a_well_that_nothing_holds_has_ltspices_leak(tmp_path: Path):
    lines = ["I1 0 o 1p", "C1 o 0 1p", ".op"]
    assert last(tmp_path, *lines) == pytest.approx(1.0, rel=1e-3)
    assert noted(*lines) == ["line 1: node o without a path for direct current: 1e-12 S to ground, LTspice's gfloat"]


def test_models_that_stand_on_others_and_ratings(tmp_path: Path):
    diode = ".model d1 D(Is=1e-14 N=1 mfg=Acme Iave=1 Vpk=100 type=silicon)"
    base = waves(tmp_path, "I1 0 o 1m", "D1 o 0 d1", diode, ".op")["v(o)"][0]
    twice = waves(tmp_path, "I1 0 o 1m", "D1 o 0 d2", diode, ".model d2 ako:d1 D(N=2)", ".op")["v(o)"][0]
    assert twice == pytest.approx(2 * base, rel=1e-4)


def test_switches_and_transistors(tmp_path: Path):
    assert last(tmp_path, "V1 a 0 2", "R1 a o 1k", "S1 o 0 c 0 sw", "Vc c 0 1", ".model sw SW(Ron=1k Roff=1G Vt=.5 Vh=.1)", ".op") == pytest.approx(1, rel=1e-3)
    gain = waves(tmp_path, "V1 c 0 5", "I1 0 b 1u", "Q1 c b 0 qn", ".model qn NPN(bf=100 Vceo=40 mfg=Acme)", ".op")["i(v1)"][0]
    assert gain == pytest.approx(-100e-6, rel=1e-3)
    assert last(tmp_path, "V1 a 0 5", "R1 a o 1k", "J1 o 0 0 jn", ".model jn NJF(beta=1m vto=-1)", ".op") == pytest.approx(4, rel=1e-2)


def test_initial_conditions_of_inner_nodes(tmp_path: Path):
    lines = ["X1 o s", ".subckt s q", "C1 x 0 1", "R1 x 0 1g", "E1 q 0 x 0 1", ".ends", "R2 o 0 1k", ".ic V(x1:x)=0.7", TRAN]
    assert last(tmp_path, *lines) == pytest.approx(0.7, rel=1e-6)
    assert "line 9: .ic V(x1:x): V(x1.x)" in noted(*lines)


@pytest.mark.parametrize(("tran", "value"), [(".tran 1m", 1 - math.exp(-1)), (".tran 1u 1m", 1 - math.exp(-1)), (".tran 0 1m 0.5m", 1 - math.exp(-1))])
def test_transients_in_every_form(tmp_path: Path, tran: str, value: float):
    found = waves(tmp_path, "V1 a 0 PWL(0 0 1n 1)", "R1 a o 1k", "C1 o 0 1u", tran)
    assert found["v(o)"][-1] == pytest.approx(value, rel=1e-4)
    assert len(found.axis) >= 450


def test_a_transient_without_operating_point(tmp_path: Path):
    assert last(tmp_path, "V1 a 0 1", "R1 a o 1k", "C1 o 0 1u ic=0.5", ".tran 1m uic") == pytest.approx(1 - 0.5 * math.exp(-1), rel=1e-4)


def test_a_fast_sine_is_resolved_though_nothing_says_so(tmp_path: Path):
    found = waves(tmp_path, "V1 o 0 SINE(0 1 100k)", "R1 o 0 1", ".tran 1m")
    assert np.sqrt(np.trapezoid(found["v(o)"] ** 2, found.axis) / 1e-3) == pytest.approx(math.sqrt(0.5), rel=2e-3)


def test_a_sweep_goes_towards_its_end_whatever_the_sign_of_its_step(tmp_path: Path):
    found = waves(tmp_path, *DIVIDER, ".dc V1 0 -5 1")
    assert found.axis.tolist() == [0, -1, -2, -3, -4, -5]
    assert found["v(o)"] == pytest.approx(found.axis / 2)
    assert noted(*DIVIDER, ".dc V1 0 -5 1") == ["line 5: .dc whose step points away from its end: .dc V1 0 -5 -1"]


def test_the_temperature_comes_from_the_netlist(tmp_path: Path):
    lines = ("V1 a 0 2", "R1 a o 1k tc=0.1", "R2 o 0 1k", ".op")
    assert last(tmp_path, *lines, ".temp 37") == pytest.approx(2 / 3)
    assert last(tmp_path, *lines, ".options temp=37") == pytest.approx(2 / 3)
    assert last(tmp_path, *lines, ".param t=37", ".temp {t}") == pytest.approx(2 / 3)


def test_options_of_the_solver_are_kept_and_others_said():
    made = deck(*DIVIDER, ".options reltol=1e-5 method=gear plotwinsize=0 maxstep=1u topologycheck=0", ".tran 1m")
    assert ".options reltol=1e-5 method=gear" in made.text
    assert ".tran 9.9731e-07 0.001 0 9.9731e-07" in made.text
    assert str(made.notes[0]) == "amp.cir, line 5: option topologycheck: left out: it is LTspice's own and does not change the circuit"


def test_currents_that_are_saved_are_sensed_and_only_what_is_saved_is_kept(tmp_path: Path):
    found = waves(tmp_path, *DIVIDER, ".save V(o) I(R1) I(V*)", ".op")
    assert sorted(found.signals) == ["i(r1)", "i(v1)", "v(o)"]
    assert (found["i(r1)"][0], found["i(v1)"][0]) == (pytest.approx(1e-3), pytest.approx(-1e-3))


def test_terminal_currents_of_a_transistor(tmp_path: Path):
    found = waves(tmp_path, "V1 c 0 5", "I1 0 b 1u", "Q1 c b 0 qn", ".model qn NPN(bf=100)", ".save Ic(Q1) Ib(Q1) Ie(Q1)", ".op")
    currents = [found[name][0] for name in ("ic(q1)", "ib(q1)", "ie(q1)")]
    assert currents == [pytest.approx(100e-6, rel=1e-3), pytest.approx(1e-6, rel=1e-3), pytest.approx(-101e-6, rel=1e-3)]


def test_names_with_signs_that_ngspice_takes_for_something_else(tmp_path: Path):
    found = waves(tmp_path, "V1 +V 0 2", "R1 +V $G_o 1k", "X1 s", ".subckt s", "R1 $G_o 0 1k", ".ends", ".op")
    assert (found["v(+v)"][0], found["v($g_o)"][0]) == (pytest.approx(2), pytest.approx(1))


REFUSED = [
    ("A1 a 0 0 0 0 0 o 0 BUF", "`A1`: LTspice's special functions (A-devices) are not in ngspice"),
    ("D1 o 0 nothing", "model `nothing` is not defined"),
    ("X1 o nothing", "subcircuit `nothing` is not defined"),
    ("C1 o 0 Q=x*1u", "`Q=x*1u` is not a capacitance that is constant; nonlinear ones are not translated"),
    ("C1 o 0 1u ic=1", "`ic=` without `uic` is honored by LTspice only; write .ic"),
    ("I9 o 0 2p load", "`load` of a source is not in ngspice"),
    ("V9 c 0 PULSE(0 1 0 0 0 .5u 1u)", "`PULSE` with a rise time of 0: each program puts another edge in its place; write the rise time"),
    ("V9 c 0 SINE(0 1 1k 0 0 0 5)", "`SINE` with a number of cycles is not in ngspice; write a PWL"),
    ("V9 c 0 PWL(0 0 1m 1 0.5m 2)", "`PWL` goes back in time at 0.0005 s"),
    ("V9 c 0 PWL repeat for 5 (0 0 1m 1) endrepeat", "`PWL` with `repeat` is not in ngspice; write the points"),
    ("V9 c 0 wavefile=a.wav", "`wavefile=a.wav` of a source is not in ngspice"),
    ("E9 c 0 a 0 1 2", "a controlled source must have two nodes, two controlling nodes and a gain, or value={...}"),
    ("E9 c 0 laplace {v(a)}={1/(1+1u*s)}", "`laplace` is not in ngspice"),
    ("B9 c 0 V=v(a) laplace=1/(1+s)", "`laplace=1/(1+s)` of a behavioral source is not in ngspice"),
    ("B9 c 0 V=Ix(u1:a)", "`ix(u1:a)`: there is no element u1:a here"),
    (".loadbias a.txt", "`.loadbias` starts from a file of node voltages; write .ic or .nodeset"),
    (".machine", "`.machine` LTspice's state machines are not in ngspice"),
    (".tf V(o) V1", "`.tf` the small-signal transfer function is not computed; write .ac"),
    (".ic I(L1)=1m", "`.ic I(L1)` is not in ngspice; write ic= on the inductor and uic"),
    (".strange", "`.strange` is no directive that is translated"),
    (".options scale=1u", "option `scale` changes the circuit and is not translated"),
    (".tran 1m startup", "`startup` of .tran is not in ngspice"),
    (".tran 0 5 0 1f", "`.tran` asks for 5000000000000000 points; must be at most 5000000"),
    (".ac list 1 2 3", "`.ac` must be written dec, oct or lin, points, start, stop"),
    (".dc V1 list 1 2", "`.dc` with list, dec or oct is not in ngspice; step a parameter with `.step`"),
    (".dc V1 0 1 1n", "`.dc` asks for 1000000001 points; must be at most 5000000"),
    (".save V(nowhere)", "V(nowhere) is no node of this netlist"),
    (".meas TRAN x SLEW V(o)", "`.meas x`: `SLEW` is not computed"),
]


@pytest.mark.parametrize(("line", "said"), REFUSED, ids=[line for line, _ in REFUSED])
def test_what_cannot_be_translated_is_refused_by_line_and_construct(line: str, said: str):
    analysis = () if line.startswith((".tran", ".ac", ".dc")) else (".tran 0 1m 0 1u",)
    with pytest.raises(DialectError) as error:
        deck("V1 a 0 2", "R1 a o 1k", "R2 o 0 1k", line, *analysis)
    assert str(error.value) == f"amp.cir, line 5: {said}"


MODELS = [
    ("D(Ron=1 Roff=1G Vfwd=.5)", "`roff` makes LTspice's diode of straight lines, which is not in ngspice; give Is, N and Rs"),
    ("SW(Ron=1 Roff=1G Vt=1 Vh=-.5)", "a switch with negative hysteresis turns smoothly in LTspice and not in ngspice; write a behavioral source"),
    ("SW(Ron=1 Roff=1G Ilimit=1)", "`ilimit` of a switch is not in ngspice"),
    ("NMOS(level=12)", "MOSFET level 12 (EKV in LTspice) is another model in ngspice, or none"),
    ("NMOS(level=9)", "MOSFET level 9 (BSIM3SOI in LTspice) is another model in ngspice, or none"),
    ("NPN(level=4)", "level 4 of npn is another model in ngspice"),
    ("VDMOS(Vto=1)", "`VDMOS` is LTspice's own power MOSFET; give the .subckt of its maker, or a level 1 to 8 model"),
    ("ako:nothing", "`ako:nothing`: there is no such model"),
]


@pytest.mark.parametrize(("model", "said"), MODELS, ids=[model for model, _ in MODELS])
def test_a_model_that_means_another_thing_is_refused(model: str, said: str):
    with pytest.raises(DialectError) as error:
        deck("V1 a 0 2", f".model x {model}", ".op")
    assert str(error.value) == f"amp.cir, line 3: {said}"


def test_a_model_parameter_that_ngspice_does_not_know_fails_the_run(tmp_path: Path):
    found = run(tmp_path, "I1 0 o 1m", "D1 o 0 d1", ".model d1 D(Is=1e-14 Vp=1)", ".op").waves
    assert (str(found.status), found.message) == ("rejected_netlist", "the model parameter vp is not in ngspice")


def test_no_analysis_or_two_are_refused():
    with pytest.raises(DialectError, match=r"^amp\.cir: asks for no analysis; write \.tran, \.ac, \.dc, \.noise or \.op$"):
        deck(*DIVIDER)
    with pytest.raises(DialectError, match=r"^amp\.cir, line 6: a second analysis beside line 5; LTspice runs one at a time, so keep one$"):
        deck(*DIVIDER, ".tran 1m", ".ac dec 1 1 10")


def test_an_operating_point_beside_another_analysis_is_left_out_and_said():
    assert noted(*DIVIDER, ".op", ".dc V1 0 1 1") == ["line 5: .op: left out: .dc is the analysis"]


def test_everything_that_is_left_out_without_effect_is_said():
    lines = (*DIVIDER, ".op", ".backanno", ".four 1k V(o)", ".wave a.wav 16 1k V(o)", ".savebias a.txt")
    assert noted(*lines) == [
        "line 7: .four: left out: no Fourier analysis; compute it from the waves",
        "line 8: .wave: left out: no sound file is written",
        "line 9: .savebias: left out: no file of node voltages is written",
    ]
    assert "wav" not in deck(*lines).text.replace("waves", "")


def test_a_message_of_the_engine_names_the_line_of_the_netlist(tmp_path: Path):
    found = run(tmp_path, "V1 o 0 1", "V2 o 0 2", "R1 o 0 {1}", ".op").waves
    assert str(found.status) == "no_convergence"


def test_for_ltspice_every_element_stays_as_it_is():
    lines = (
        "A1 a 0 0 0 0 0 o 0 BUF",
        "X1 a level2",
        ".lib ADI1.lib",
        ".tran 1m startup",
        ".step param k list 1 2",
        ".param k=1",
        ".meas x MAX V(o)",
        "R1 a o {k}",
    )
    with pytest.raises(DialectError, match="is not in ngspice"):
        deck(*lines, dialect_of_engine="ltspice")
    made = deck(*[line.replace(" startup", "") for line in lines], dialect_of_engine="ltspice")
    assert made.text.splitlines()[1:4] == ["A1 a 0 0 0 0 0 o 0 BUF", "X1 a level2", ".lib ADI1.lib"]
    assert ".step" not in made.text
    assert ".meas" not in made.text
