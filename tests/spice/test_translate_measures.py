"""``.meas`` lines computed from the waves: values worked by hand on a ramp, a triangle and an RC."""

import math
from pathlib import Path

import pytest

from cosim.errors import DialectError
from tests.spice.translated import deck, run

TRIANGLE = ("V1 a 0 PWL(0 0 1m 2 2m 0 3m 2 4m 0)", "R1 a 0 1k", "B1 b 0 V=v(a)/2", ".tran 0 4m 0 10u")
MEASURED = {
    "FIND V(a) AT=0.5m": 1.0,
    "FIND V(a) AT 0.5m": 1.0,
    "FIND 2*V(a)-V(b) AT={half}": 1.5,
    "FIND V(b) WHEN V(a)=1 FALL=1": 0.5,
    "FIND time WHEN V(a)=1 RISE=2": 2.5e-3,
    "WHEN V(a)=1": 0.5e-3,
    "WHEN V(a)=1 CROSS=3": 2.5e-3,
    "WHEN V(a)=1 CROSS=LAST": 3.5e-3,
    "WHEN V(a)=1 RISE=LAST": 2.5e-3,
    "WHEN V(a)=1 TD=1m": 1.5e-3,
    "WHEN V(a)=V(b)+0.5": 0.5e-3,
    "WHEN V(a)=3": math.nan,
    "WHEN V(a)=1 RISE=9": math.nan,
    "MAX V(a)": 2.0,
    "MIN V(a) FROM 0.25m TO 0.75m": 0.5,
    "PP V(a) FROM=0.25m TO=0.75m": 1.0,
    "AVG V(a)": 1.0,
    "RMS V(a)": 2 / math.sqrt(3),
    "INTEG V(a) TO 1m": 1e-3,
    "INTEG V(a)*I(R1)": 4 * 4 / 3 * 1e-6,
    "MAX abs(V(a)-1)": 1.0,
    "AVG V(a) TRIG V(a)=1 RISE=1 TARG V(a)=1 FALL=1": 1.5,
    "TRIG V(a) VAL=1 RISE=1 TARG V(a) VAL=1 RISE=2": 2e-3,
    "TRIG AT=1m TARG V(a)=1 FALL=1": 0.5e-3,
    "TRIG V(a)=0.5 RISE=1 TARG V(b)=0.5 FALL=1 TD=0.2m": 1.25e-3,
    "DERIV V(a) AT=0.5m": 2000.0,
    "PARAM half*1000": 0.5,
    "PARAM sqrt(16)": 4.0,
}


def test_every_form_gives_the_value_worked_by_hand(tmp_path: Path):
    lines = [f".meas TRAN m{index} {text}" for index, text in enumerate(MEASURED)]
    found = run(tmp_path, *TRIANGLE, ".param half=0.5m", *lines).measures[0]
    assert {text: found[f"m{index}"] for index, text in enumerate(MEASURED)} == pytest.approx(MEASURED, rel=2e-3, abs=1e-9, nan_ok=True)


def test_later_measures_use_earlier_ones(tmp_path: Path):
    found = run(
        tmp_path, *TRIANGLE, ".meas top MAX V(a)", ".measure tran mean AVG V(a)", ".meas crest PARAM top/mean", ".meas at_top WHEN V(a)=top/2"
    ).measures[0]
    assert found["crest"] == pytest.approx(2.0, rel=1e-3)
    assert found["at_top"] == pytest.approx(0.5e-3, rel=1e-3)


def test_measures_of_an_ac_sweep_have_magnitude_and_phase(tmp_path: Path):
    lines = ("V1 a 0 AC 1", "R1 a o 1k", "C1 o 0 159.1549n", ".ac dec 100 10 100k", ".meas AC corner FIND V(o) AT=1k")
    found = run(tmp_path, *lines, ".meas AC f3 WHEN mag(V(o))=1/sqrt(2)", ".meas AC top MAX mag(V(o))", ".meas AC low FIND db(V(o)) AT=10k").measures[0]
    assert found["corner"] == pytest.approx(math.sqrt(0.5), rel=1e-4)
    assert found["corner.phase"] == pytest.approx(-45, rel=1e-4)
    assert found["f3"] == pytest.approx(1000, rel=1e-3)
    assert found["low"] == pytest.approx(-20.043, rel=1e-3)


def test_measures_over_a_sweep_use_its_source_as_the_axis(tmp_path: Path):
    lines = ("V1 a 0 0", "R1 a o 1k", "R2 o 0 1k", ".dc V1 0 4 0.5", ".meas DC half FIND V(o) AT=3", ".meas DC at WHEN V(o)=1.25", ".meas DC i MIN I(V1)")
    assert run(tmp_path, *lines).measures[0] == pytest.approx({"half": 1.5, "at": 2.5, "i": -2e-3}, rel=1e-6)


def test_measures_of_an_operating_point(tmp_path: Path):
    lines = ("V1 a 0 4", "R1 a o 1k", "R2 o 0 1k", ".op", ".meas OP half PARAM V(o)/V(a)", ".meas OP p FIND V(a)*I(R1) AT=0")
    assert run(tmp_path, *lines).measures[0] == pytest.approx({"half": 0.5, "p": 8e-3})


def test_measures_of_another_analysis_are_left_alone(tmp_path: Path):
    assert run(tmp_path, *TRIANGLE, ".meas AC x MAX V(a)", ".meas TRAN y MAX V(a)").measures[0] == pytest.approx({"y": 2.0})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x FIND V(a)", "`.meas x`: FIND must have WHEN or AT"),
        ("x TRIG V(a)=1", "`.meas x`: TRIG must have TARG"),
        ("x WHEN V(a) RISE=1", "`.meas`: `V(a)` must be written expression=value"),
        ("x WHEN V(a)=1 RISE=soon", "`.meas`: RISE=soon must be a number or LAST"),
        ("x", "`.meas` must have a name and what it measures"),
    ],
)
def test_a_measure_that_is_none_is_refused_by_line(text: str, said: str):
    with pytest.raises(DialectError) as error:
        deck(*TRIANGLE, f".meas {text}")
    assert str(error.value) == f"amp.cir, line 6: {said}"


def test_a_measure_of_an_unknown_signal_is_refused_by_line(tmp_path: Path):
    with pytest.raises(DialectError, match=r"amp\.cir, line 6: waves, signal=v\(nowhere\): must be one of v\(a\), "):
        run(tmp_path, *TRIANGLE, ".meas x MAX V(nowhere)")


@pytest.mark.parametrize("resistance", ["1k", "5k", "10k"])
def test_the_noise_in_all_is_the_root_of_kt_over_c(tmp_path: Path, resistance: str):
    lines = ("V1 a 0 AC 1", f"R1 a o {resistance}", "C1 o 0 159n", ".noise V(o) V1 dec 100 10m 10Meg")
    measured = (".meas NOISE total INTEG V(onoise)", ".meas NOISE rms RMS V(onoise)", ".meas NOISE mean AVG V(onoise)", ".meas NOISE low FIND V(onoise) AT=10m")
    found = run(tmp_path, *lines, *measured).measures[0]
    total = math.sqrt(1.380649e-23 * 300.15 / 159e-9)
    assert found["total"] == pytest.approx(total, rel=2e-3)
    assert found["rms"] == pytest.approx(total / math.sqrt(1e7), rel=2e-3)
    assert 0 < found["mean"] < found["rms"] < found["low"]


def test_the_integral_of_what_is_no_noise_density_is_refused(tmp_path: Path):
    with pytest.raises(DialectError, match=r"line 5: `\.meas x`: INTEG of noise must be of a signal alone, V\(onoise\) or V\(inoise\)"):
        run(tmp_path, "V1 a 0 AC 1", "R1 a 0 1k", ".noise V(a) V1 dec 1 1 10", ".meas NOISE x INTEG V(onoise)**2")


def test_measures_of_a_nested_sweep_are_refused_by_line():
    for outer in ("V2 0 2 1", "temp 0 50 25"):
        lines = ("V1 a 0 1", "V2 b 0 1", "R1 a b 1k", f".dc V1 0 3 1 {outer}")
        with pytest.raises(DialectError, match=r"line 6: `\.meas m` of a \.dc over two sources has no single value; sweep the outer one with \.step"):
            deck(*lines, ".meas m MAX V(a)")
        assert deck(*lines, ".meas TRAN m MAX V(a)").points == 12


def test_the_first_stored_point_serves_the_beginning(tmp_path: Path):
    lines = ("C1 a 0 1u IC=5", "R1 a 0 1k", "L1 b 0 1m IC=2m", "R2 b 0 1", ".tran 1m uic", ".meas va FIND V(a) AT=0", ".meas il FIND I(L1) AT=0")
    assert run(tmp_path, *lines).measures[0] == pytest.approx({"va": 5.0, "il": 2e-3}, rel=1e-3)


def test_positions_are_absolute_where_the_data_begin_late(tmp_path: Path):
    lines = ("V1 a 0 PWL(0 0 20m 20)", "R1 a 0 1k", ".tran 0 20m 10m 10u", ".meas early FIND V(a) AT=1m", ".meas late FIND V(a) AT=11m")
    found = run(tmp_path, *lines)
    assert found.measures[0]["late"] == pytest.approx(11)
    assert found.failed[0]["early"].startswith("0.001 is outside of 0.0100")
    assert [each.became for each in found.notes if each.line == 5] == ["its positions are absolute times of the simulation"]


FAILED = {
    "FIND V(a) AT=5m": "0.005 is outside of 0..0.004",
    "WHEN V(a)=3": "there are no crossings",
    "FIND V(b) WHEN V(a)=1 RISE=9": "asks for rising crossing 9, of 2",
    "MAX V(a) FROM 3m TO 2m": "ends at 0.002, before it begins at 0.003",
    "AVG V(a) FROM 5m TO 6m": "0.005..0.006 is outside of 0..0.004",
    "PARAM 2*m0": "uses m0, which failed",
    "PARAM 1/(m0-m0)": "uses m0, which failed",
}


def test_a_measure_that_fails_says_why(tmp_path: Path):
    found = run(tmp_path, *TRIANGLE, *(f".meas TRAN m{index} {text}" for index, text in enumerate(FAILED)))
    assert {text: found.failed[0][f"m{index}"] for index, text in enumerate(FAILED)} == FAILED


@pytest.mark.parametrize(
    ("signal", "said"),
    [
        ("I(M1)", "`i(m1)` is no current of one pin that can be read; write Id(m1), Ig(m1), Is(m1), Ib(m1)"),
        ("Id(R1)", "`id(r1)` is no current of one pin that can be read; write I(r1)"),
        ("I(X1)", "`i(x1)` is no current of one pin that can be read; put a source of 0 V in series and read its current"),
        ("@m1[id]", "`@m1[id]`: `@m1[id]` cannot be read; the current of a device is written I(R1), Id(M1), Ic(Q1)"),
    ],
)
def test_a_current_that_cannot_be_read_names_the_spelling_that_can(signal: str, said: str):
    lines = ("V1 a 0 1", "R1 a b 1k", "M1 b a 0 0 n", ".model n nmos", "X1 b s", ".subckt s q", "R1 q 0 1k", ".ends", ".op")
    with pytest.raises(DialectError) as error:
        deck(*lines, f".meas x MAX {signal}")
    assert str(error.value) == f"amp.cir, line 11: {said}"
