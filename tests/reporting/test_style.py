"""Numbers as they are printed, and pictures that do not change from run to run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.reporting.style import canvas, decades, drawing_style, listing, measured, percent, pretty, quantity, scientific, shades, size_colors, to_svg, volts


@pytest.mark.parametrize(
    ("plain", "printed"),
    [
        ("200 uS", "200 µS"),
        ("1 kohm at 2 V", "1 kΩ at 2 V"),
        ("113.7 um2", "113.7 µm²"),
        ("a reset to -0.5 V", "a reset to −0.5 V"),
        ("5.7..200 uS", "5.7 to 200 µS"),
        ("-40..85 degC", "−40 to 85 °C"),
        ("120 +- 3 ohm", "120 ± 3 Ω"),
        (">= 95 %", "≥ 95 %"),
        ("25 1/s", "25 s⁻¹"),
        ("VDD - Vth", "VDD − Vth"),
        ("W/L 65", "W/L 65"),
        ("c5n_nmos-2", "c5n_nmos-2"),
        ("status", "status"),
    ],
)
def test_units_and_signs_are_printed_as_such(plain, printed):
    assert pretty(plain) == printed


def test_a_given_value_is_short_and_a_simulated_one_keeps_three_digits():
    assert quantity(50e-3, "V") == "50\N{NO-BREAK SPACE}mV"
    assert measured(1.3004e-3, "A") == "1.30\N{NO-BREAK SPACE}mA"
    assert measured(-2e-6, "A") == "−2.00\N{NO-BREAK SPACE}µA"
    assert measured(121.12, "ohm") == "121\N{NO-BREAK SPACE}Ω"


@given(value=st.floats(1e-14, 1e12))
def test_a_printed_value_is_within_half_a_percent_of_the_simulated_one(value):
    number, unit = measured(value, "V").split("\N{NO-BREAK SPACE}")
    scale = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "µ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[unit.removesuffix("V")]
    assert float(number) * scale == pytest.approx(value, rel=5.1e-3)


def test_small_pure_numbers_are_printed_in_powers_of_ten():
    assert scientific(2.168e-8).replace("\N{NO-BREAK SPACE}", " ") == "2.2 \N{MULTIPLICATION SIGN} 10⁻⁸"


def test_shares_and_voltages_carry_their_unit():
    assert (percent(0.1079), volts(-0.428, sign=True), volts(0.6277, sign=True)) == (
        "10.8\N{NO-BREAK SPACE}%",
        "−0.43\N{NO-BREAK SPACE}V",
        "+0.63\N{NO-BREAK SPACE}V",
    )


def test_words_are_joined_as_people_join_them():
    assert (listing(["a"]), listing(["a", "b"]), listing(["a", "b", "c"])) == ("a", "a and b", "a, b and c")


def test_limits_lie_around_the_positive_values_and_not_below_the_least():
    low, high = decades(np.array([0.0, 1e-9, 1e-3]), least=1e-7)
    assert (low, high) == (pytest.approx(6.25e-4), pytest.approx(1.6e-3))


def test_shades_are_apart_and_the_chosen_size_stands_out():
    colors = size_colors([5.0, 65.0, 330.0], 65.0)
    assert len(set(shades(6))) == 6
    assert colors[1] not in shades(3)
    assert (colors[0], colors[2]) == (shades(3)[0], shades(3)[2])


def test_the_same_drawing_gives_the_same_bytes():
    def drawn() -> bytes:
        with drawing_style():
            figure, axes = canvas(84, 60)
            axes.plot([0, 1], [0, 1], marker="o")
            return to_svg(figure)

    assert drawn() == drawn()
    assert b"date" not in drawn()
