"""Quantities: what is read, what is refused and why, what is written."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.errors import UnitError
from cosim.units import UNIT_SPELLINGS, engineering, parse, plain

READ = {
    ("260p", "F"): 260e-12,
    ("1.44 V", "V"): 1.44,
    ("10k", "ohm"): 1e4,
    ("1Meg", "ohm"): 1e6,
    ("65", "1"): 65.0,
    ("-3.3V", "V"): -3.3,
    (".5", "V"): 0.5,
    ("2.", "V"): 2.0,
    ("+4.7e-6", "A"): 4.7e-6,
    ("50m", "V"): 0.05,
    ("260pF", "F"): 260e-12,
    ("1mF", "F"): 1e-3,
    ("1000mF", "F"): 1.0,
    ("10 kOhm", "ohm"): 1e4,
    ("1 MHz", "Hz"): 1e6,
    ("2 Mohm", "ohm"): 2e6,
    ("10 MEG", "1"): 1e7,
    ("5 µS", "S"): 5e-6,
    ("5 μS", "S"): 5e-6,
    ("1 kΩ", "ohm"): 1e3,
    ("3.6u", "m"): 3.6e-6,
    ("3.6 mm", "m"): 3.6e-3,
    ("5 m", "m"): 5.0,
    ("12 %", "%"): 0.12,
    ("85 degC", "degC"): 85.0,
    ("27 °C", "degC"): 27.0,
    ("1e3k", "1"): 1e6,
    (3, "V"): 3.0,
    (2.5, "V"): 2.5,
}
REFUSED = {
    ("1M", "ohm"): "supply='1M': a bare M is milli in SPICE and mega elsewhere; write m or Meg",
    ("1 M", "1"): "supply='1 M': a bare M is milli in SPICE and mega elsewhere; write m or Meg",
    ("1F", "F"): "supply='1F': a bare F is femto in SPICE and farad elsewhere; write f, or 1000mF for a farad",
    ("5m", "m"): "supply='5m': a bare m is milli in SPICE and meter elsewhere; write mm or meter",
    ("2n5", "F"): "supply='2n5': digits behind a suffix are read as 2n by ngspice and as 2.5n by LTspice; write 2.5n",
    ("-1k5", "ohm"): "supply='-1k5': digits behind a suffix are read as -1k by ngspice and as -1.5k by LTspice; write -1.5k",
    ("3meg3", "ohm"): "supply='3meg3': digits behind a suffix are read as 3meg by ngspice and as 3.3meg by LTspice; write 3.3meg",
    ("3 A", "V"): "supply='3 A': must be a quantity in V, not in 'A'",
    ("3 mA", "V"): "supply='3 mA': must be a quantity in V, not in 'mA'",
    ("65 V", "1"): "supply='65 V': must be a bare number, not in 'V'",
    ("1mil", "m"): "supply='1mil': must be a quantity in m, not in 'mil'",
    ("1,5", "V"): "supply='1,5': must be a number, with a suffix or a unit at most",
    ("1_000", "V"): "supply='1_000': must be a number, with a suffix or a unit at most",
    ("0x1F", "1"): "supply='0x1F': must be a number, with a suffix or a unit at most",
    ("", "V"): "supply='': must be a number, with a suffix or a unit at most",
    ("V", "V"): "supply='V': must be a number, with a suffix or a unit at most",
    ("nan", "V"): "supply='nan': must be a number, with a suffix or a unit at most",
    ("1e400", "V"): "supply=1e400: must be finite",
    (math.nan, "V"): "supply=nan: must be finite",
    (math.inf, "V"): "supply=inf: must be finite",
    (True, "1"): "supply=True: must be a number or a quantity in 1",
    (None, "V"): "supply=None: must be a number or a quantity in V",
    ((3,), "V"): "supply=(3,): must be a number or a quantity in V",
}
numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15).filter(lambda value: value == 0 or abs(value) > 1e-15)


@pytest.mark.parametrize(("text", "unit"), READ)
def test_a_quantity_is_read_as_people_and_spice_mean_it(text: str | float, unit: str):
    assert parse(text, unit) == pytest.approx(READ[text, unit], rel=1e-15)


@pytest.mark.parametrize(("text", "unit"), REFUSED)
def test_what_is_ambiguous_or_of_another_unit_is_refused_with_the_reason(text: str, unit: str):
    with pytest.raises(UnitError) as caught:
        parse(text, unit, where="supply")
    assert str(caught.value) == REFUSED[text, unit]


@given(value=numbers)
@settings(deadline=None, max_examples=100)
def test_what_goes_into_a_netlist_reads_back_equal(value: float):
    text = plain(value)
    assert parse(text, "1") == pytest.approx(value, rel=1e-11)
    assert float(text) == parse(text, "1")  # no suffix: any program reads it alike
    assert text.isascii()


@given(value=numbers, unit=st.sampled_from(sorted(set(UNIT_SPELLINGS) - {"1", "%", "degC", "K"})))
@settings(deadline=None, max_examples=200)
def test_what_people_are_shown_reads_back_within_its_digits(value: float, unit: str):
    text = engineering(value, unit, digits=6)
    if not text.endswith(" F"):  # refused on input: femto or farad
        assert parse(text, unit) == pytest.approx(value, rel=1e-5)


def test_numbers_for_people_have_a_suffix_and_at_most_three_digits():
    assert [engineering(value, "F") for value in (2.6e-10, 1.23456e-6, 0.0)] == ["260 pF", "1.23 uF", "0 F"]
    assert [engineering(value, "ohm") for value in (999.9996, 1e3, 2.2e6, 0.05)] == ["1 kohm", "1 kohm", "2.2 Mohm", "50 mohm"]
    assert engineering(-4.7e-6) == "-4.7 u"
    assert engineering(math.inf, "V") == "inf V"


def test_netlist_numbers_have_no_minus_zero_and_are_finite():
    assert plain(-0.0) == "0"
    with pytest.raises(UnitError, match=r"^netlist value=inf: must be finite$"):
        plain(math.inf)
