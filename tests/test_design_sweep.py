"""The sections [sweep], [mismatch] and [limits]: what they read, what they write, what they refuse."""

from pathlib import Path

import pytest

from cosim.design import Design, load_design
from cosim.errors import DesignError
from cosim.params import Limit, Span

FULL = """format = 1
[corners]
threshold_skew = "50m"
[sweep]
method = "random"
points = 7
bench = "headroom"
orientation = "mos"
w_over_l = { low = 20, high = 200, scale = "log" }
gate = ["2.5 V", 3]
drain = { low = "2.5 V", high = "3 V", points = 3 }
[mismatch]
draws = 5
a_vt = "9 mV um"
a_mobility = "1 % um"
memristor = "3 %"
[limits]
headroom = { min = "-0.1 V" }
power = { min = "1m", max = "4 mW" }
least_yield = "99 %"
"""


def read(folder: Path, text: str) -> Design:
    (folder / "a.toml").write_text(text)
    return load_design(folder / "a.toml")


def test_the_sections_are_read_in_si_units(tmp_path: Path):
    design = read(tmp_path, FULL)
    assert design.sweep.axes == {"w_over_l": Span(low=20.0, high=200.0, scale="log"), "gate": (2.5, 3.0), "drain": Span(low=2.5, high=3.0, points=3)}
    assert (design.mismatch.a_vt, design.mismatch.a_mobility, design.mismatch.memristor) == (9e-9, 1e-8, 0.03)
    assert design.limits.bounds == {"headroom": Limit(least=-0.1), "power": Limit(least=1e-3, most=4e-3)}
    assert (design.limits.least_yield, design.corners.threshold_skew) == (0.99, 0.05)


def test_what_is_written_reads_back_equal(tmp_path: Path):
    design = read(tmp_path, FULL)
    again = read(tmp_path, design.to_toml())
    assert again == design
    assert again.digest() == design.digest() != Design().digest()


def test_what_is_not_given_is_neither_written_nor_shown():
    assert "\nrss" not in Design().to_toml()
    assert not any(key == "rss" for _, key, _ in Design().describe())


def test_tables_and_matching_coefficients_are_shown_to_people_in_their_units(tmp_path: Path):
    shown = {(section, key): value for section, key, value in read(tmp_path, FULL).describe()}
    assert shown["sweep", "drain"] == "low 2.5 V, high 3 V, points 3, scale linear"
    assert (shown["mismatch", "a_vt"], shown["mismatch", "a_mobility"]) == ("9 mV um", "1 % um")
    assert shown["limits", "power"] == "min 1 mW, max 4 mW"


REFUSED = {
    "[sweep]\nw_over_l = 5": "[sweep] w_over_l=5: must be a list, or a table with low and high",
    "[sweep]\nw_over_l = { low = 5 }": "[sweep] w_over_l.high: is missing",
    "[sweep]\nw_over_l = { low = 5, hihg = 9 }": "[sweep] w_over_l.hihg: must be one of low, high, points, scale",
    "[sweep]\nw_over_l = { low = 5, high = 2, points = 3 }": "[sweep] w_over_l.high=2: must be > low=5",
    "[sweep]\nw_over_l = { low = -5, high = 2, points = 3 }": "[sweep] w_over_l.low=-5: must be > 0",
    '[sweep]\nvt_shift = { low = -1, high = 1, points = 3, scale = "log" }': "[sweep] vt_shift.low=-1: must be > 0 on a log scale",
    '[sweep]\ngate = { low = 1, high = 2, points = 2, scale = "lg" }': "[sweep] gate.scale='lg': must be 'linear' or 'log'",
    "[sweep]\ngate = { low = 1, high = 2, points = 1 }": "[sweep] gate.points=1: must be >= 2",
    "[sweep]\ngate = { low = 1, high = 2, points = 2.5 }": "[sweep] gate.points=2.5: must be a whole number",
    "[sweep]\ngate = { low = 1, high = 2 }": "[sweep] gate=1..2: must be given `points` too in a grid",
    '[sweep]\nmethod = "list"\nw_over_l = [5, 6]\ngate = [3]': "[sweep] gate=1 values: must be as many values as w_over_l has, 2",
    '[sweep]\nmethod = "list"\ngate = { low = 1, high = 2 }': "[sweep] gate=1..2: must be a list of values where method is 'list'",
    "[sweep]\ngate = []": "[sweep] gate=[]: must be a list of at least one value",
    '[sweep]\nw_over_l = [5, "6 V"]': "[sweep] w_over_l[1]='6 V': must be a bare number, not in 'V'",
    "[sweep]\nx0 = [0, 2]": "[sweep] x0[1]=2: must be within 0..1",
    "[sweep]\nw_over_1 = [5]": "[sweep]: unknown key 'w_over_1'; did you mean w_over_l?",
    '[sweep]\ncorners = "all"\ntemperature = [27]': "[sweep] corners='all': must be 'nominal' where temperature is swept",
    "[sweep]\ndrain = [3]": "[sweep] bench='loop': must be 'headroom' where drain is swept",
    '[limits]\nshare = "12 %"': "[limits] share='12 %': must be a table with min, max or both",
    "[limits]\nshare = {}": "[limits] share={}: must be a table with min, max or both",
    '[limits]\nshare = { max = "3 V" }': "[limits] share.max='3 V': must be a quantity in %, not in 'V'",
    "[limits]\non_off = { min = 9, max = 5 }": "[limits] on_off.max=5: must be >= min=9",
    '[mismatch]\na_vt = "9m"': "[mismatch] a_vt=0.009: must be within 0..1e-06",
    '[mismatch]\na_vt = "9 mV"': "[mismatch] a_vt='9 mV': must be a quantity in V*m, written as 9 mV um, not in 'mV'",
    "[mismatch]\ndraws = 5": "[mismatch] draws=5: must be 0 where a_vt, a_mobility and memristor are all 0",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, text: str):
    with pytest.raises(DesignError) as caught:
        read(tmp_path, f"format = 1\n{text}\n")
    assert str(caught.value) == f"{tmp_path / 'a.toml'}, {REFUSED[text]}"
