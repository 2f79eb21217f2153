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
