"""Waves: names, look-up, interpolation, errors, tables."""

import pickle
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import Cancelled, EngineMissingError, InputError, SimulationError
from cosim.status import REMEDIES, Status
from cosim.waves import Waves, canonical

TIME = np.array([0.0, 1.0, 3.0])
WAVES = Waves(
    axis_name="time",
    axis=TIME,
    signals={"v(out)": np.array([0.0, 2.0, 4.0]), "v(x1.n)": np.array([[1.0, 1.0, 1.0], [2.0, 4.0, 8.0]]), "i(v1)": -TIME},
    engine="ngspice",
    version="39",
    digest="d1",
    status=Status.ok,
)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,4}", fullmatch=True)
PATHS = st.builds(lambda levels, last: ".".join([*("x" + level for level in levels), last]), st.lists(NAMES, max_size=3), NAMES)
ODD = st.text(alphabet="aAvViIxXmd.:#@[]()19 ", max_size=14)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("V(N001)", "v(n001)"),
        ("V(X1:N)", "v(x1.n)"),
        ("x1:n", "x1.n"),
        ("v1#branch", "i(v1)"),
        ("v.x1.v1#branch", "i(x1.v1)"),
        ("i(l.x1.xi.l1)", "i(x1.xi.l1)"),
        ("I(R9)", "i(r9)"),
        ("i(@r9[i])", "i(r9)"),
        ("@i1[current]", "i(i1)"),
        ("@m1[id]", "id(m1)"),
        ("i(@m.x1.m1[id])", "id(x1.m1)"),
        ("Id(M1)", "id(m1)"),
        ("@d1[id]", "i(d1)"),
        ("@q1[ic]", "ic(q1)"),
        ("@m1[gm]", "@m1[gm]"),
        ("v(v-sweep)", "v-sweep"),
        ("i(i-sweep)", "i-sweep"),
        ("Ix(u1:1)", "ix(u1.1)"),
        ("v( a , b )", "v(a,b)"),
        ("Time", "time"),
    ],
)
def test_each_spelling_of_a_signal_has_one_name(written, name):
    assert canonical(written) == name


@given(text=ODD)
def test_the_canonical_name_is_its_own_canonical_name(text):
    assert canonical(canonical(text)) == canonical(text)


@given(path=PATHS)
def test_case_and_separator_do_not_matter(path):
    assert canonical(f"V({path.upper()})") == canonical(f"v({path.replace('.', ':')})") == f"v({path.lower()})"


@given(path=PATHS, letter=st.sampled_from("vleh"))
def test_branch_currents_are_named_alike_however_ngspice_flattens_them(path, letter):
    levels, _, last = path.rpartition(".")
    flat, device = (f"{letter}.{levels}.{letter}{last}", f"{levels}.{letter}{last}") if levels else (letter + last, letter + last)
    assert canonical(f"{flat}#branch") == canonical(f"i({flat})") == f"i({device.lower()})"


def test_a_signal_is_found_under_every_spelling():
    assert WAVES["V(OUT)"] is WAVES["out"] is WAVES.signals["v(out)"]
    assert WAVES["x1:n"] is WAVES["V(X1:N)"] is WAVES.signals["v(x1.n)"]
    assert WAVES["V1#branch"] is WAVES.signals["i(v1)"]


def test_the_axis_is_found_by_its_name():
    assert WAVES["time"] is WAVES["Time"] is TIME
    assert "time" in WAVES
    assert "out" in WAVES
    assert "v(te)" not in WAVES


def test_an_unknown_signal_is_refused_with_near_names():
    with pytest.raises(InputError, match=r"^waves, signal=v\(oit\): must be one of v\(out\), \.\.\.$"):
        WAVES["v(oit)"]


def test_an_unknown_signal_without_near_names_is_refused_with_the_first_ones():
    with pytest.raises(InputError, match=r"^waves, signal=drain: must be one of v\(out\), v\(x1\.n\), i\(v1\)$"):
        WAVES["drain"]


def test_a_signal_of_a_failed_run_is_refused_with_the_status():
    failed = replace(WAVES, signals={}, axis=np.zeros(0), status=Status.timeout)
    with pytest.raises(InputError, match=r"^waves, signal=v\(out\): must be asked of a run that ended well; this one is timeout$"):
        failed["v(out)"]


def test_values_between_points_are_interpolated_by_hand():
    assert WAVES.at("out", 2.0) == pytest.approx(3.0)
    assert WAVES.at("out", np.array([0.0, 0.5, 3.0])) == pytest.approx([0.0, 1.0, 4.0])


def test_interpolation_keeps_the_batch_axes():
    assert WAVES.at("x1:n", 2.0) == pytest.approx([1.0, 6.0])
    assert WAVES.at("x1:n", np.array([0.5, 3.0])) == pytest.approx(np.array([[1.0, 1.0], [3.0, 8.0]]))


def test_interpolation_follows_a_sweep_downwards():
    down = replace(WAVES, axis_name="vin", axis=np.array([3.0, 1.0, 0.0]), signals={"v(out)": np.array([9.0, 1.0, 0.0])})
    assert down.at("out", 2.0) == pytest.approx(5.0)


def test_interpolation_of_an_operating_point_gives_its_value():
    point = replace(WAVES, axis_name="", axis=np.zeros(1), signals={"v(out)": np.array([1.5])})
    assert point.at("out", 0.0) == 1.5


@given(position=st.floats(0, 3))
def test_interpolation_agrees_with_numpy(position):
    assert WAVES.at("out", position) == pytest.approx(np.interp(position, TIME, WAVES["out"]), abs=1e-12)


@pytest.mark.parametrize(("position", "shown"), [(3.5, "3.5"), (-1e-3, "-0.001"), (float("nan"), "nan")])
def test_a_position_outside_of_the_axis_is_refused(position, shown):
    with pytest.raises(InputError, match=rf"^waves, time={shown}: must be within 0\.\.3$"):
        WAVES.at("out", position)


def test_require_returns_good_waves():
    assert WAVES.require() is WAVES


@pytest.mark.parametrize(
    ("status", "error", "exit_code"),
    [
        (Status.timeout, SimulationError, 4),
        (Status.no_convergence, SimulationError, 4),
        (Status.corrupt_output, SimulationError, 4),
        (Status.no_space, SimulationError, 4),
        (Status.crashed, SimulationError, 4),
        (Status.rejected_netlist, InputError, 2),
        (Status.engine_missing, EngineMissingError, 3),
        (Status.cancelled, Cancelled, 130),
    ],
)
def test_require_raises_status_reason_and_remedy(status, error, exit_code):
    failed = replace(WAVES, status=status, message="because")
    with pytest.raises(error, match=f"^ngspice 39, {status}: because; {re.escape(REMEDIES[status])}$") as caught:
        failed.require()
    assert caught.value.exit_code == exit_code


def test_require_names_a_file_that_holds_the_log(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SimulationError) as caught:
        replace(WAVES, status=Status.crashed, log="Error: it broke").require()
    assert Path(str(caught.value).rpartition("; log: ")[2]).read_text() == "Error: it broke"


def test_require_names_the_log_that_was_kept():
    failed = replace(WAVES, status=Status.timeout, message="killed after 1 s", log="...", log_path="/kept/deck.log")
    with pytest.raises(SimulationError, match=r"; log: /kept/deck\.log$"):
        failed.require()


def test_a_table_has_the_axis_as_index():
    table = replace(WAVES, signals={"v(out)": WAVES["out"]}).to_pandas()
    assert table.index.name == "time"
    assert table["v(out)"].to_dict() == {0.0: 0.0, 1.0: 2.0, 3.0: 4.0}


def test_a_table_of_a_batch_has_a_level_for_it():
    table = WAVES.to_pandas()
    assert table.index.names == ["batch", "time"]
    assert table.loc[(1, 3.0)].to_dict() == {"v(out)": 4.0, "v(x1.n)": 8.0, "i(v1)": -3.0}


def test_waves_travel_between_processes():
    copy = pickle.loads(pickle.dumps(WAVES))  # noqa: S301
    assert np.array_equal(copy["v(x1.n)"], WAVES["v(x1.n)"])
    assert copy.status is Status.ok
