"""``.step``: which values, in which order, of what; and what is set from outside."""

from pathlib import Path

import numpy as np
import pytest

from cosim.errors import DialectError, InputError, UnitError
from cosim.netlist import table
from tests.spice.translated import deck, run

DIVIDER = ("V1 a 0 2", "R1 a o {r}", "R2 o 0 1k", ".param r=1k")


def values(step: str, *more: str) -> tuple[float, ...]:
    """The values of one step."""
    return deck(*DIVIDER, step, *more, ".op").steps[0].values


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (".step param r 1k 3k 1k", (1e3, 2e3, 3e3)),
        (".step param r 3k 1k -1k", (3e3, 2e3, 1e3)),
        (".step param r 1k 4k 2k", (1e3, 3e3, 4e3)),  # LTspice ends at the end
        (".step param r list 1k 10k 5k", (1e3, 1e4, 5e3)),
        (".step dec param r 1 100 1", (1, 10, 100)),
        (".step param r oct 1 8 1", (1, 2, 4, 8)),
        (".step lin param r 1 2 {half}", (1, 1.5, 2)),
        (".step V1 1 2 1", (1, 2)),
        (".step temp 0 100 50", (0, 50, 100)),
        (".step temp list -40 27", (-40, 27)),
        (".step param r 0.1 0.3 0.1", (0.1, 0.2, 0.3)),
        (".step param r 5 5 0", (5,)),
    ],
)
def test_the_values_of_a_step(step: str, expected: tuple[float, ...]):
    assert values(step, ".param half=0.5") == pytest.approx(expected)


def test_a_parameter_that_only_the_step_defines(tmp_path: Path):
    found = run(tmp_path, "V1 a 0 2", "R1 a o {rx}", "R2 o 0 1k", ".step param rx list 1k 3k", ".op").waves.require()
    assert found["v(o)"].ravel().tolist() == pytest.approx([1.0, 0.5])


def test_nested_steps_move_the_first_one_fastest(tmp_path: Path):
    made = run(tmp_path, *DIVIDER, ".step param r list 1k 3k", ".step V1 list 2 4 6", ".op")
    assert made.points[:3] == ({"v1": 2, "r": 1e3}, {"v1": 2, "r": 3e3}, {"v1": 4, "r": 1e3})
    found = made.waves.require()["v(o)"]
    assert found.shape == (3, 2, 1)
    assert found[..., 0] == pytest.approx(np.array([[1, 0.5], [2, 1], [3, 1.5]]))


def test_temperature_and_model_parameters_are_stepped(tmp_path: Path):
    hot = run(tmp_path, "V1 a 0 2", "R1 a o 1k tc=0.1", "R2 o 0 1k", ".step temp list 27 37", ".op").waves.require()
    assert hot["v(o)"].ravel() == pytest.approx([1, 2 / 3])
    lines = ("V1 c 0 5", "I1 0 b 1u", "Q1 c b 0 qn", ".model qn NPN(bf=100)", ".step NPN qn(bf) 50 150 50", ".op")
    assert run(tmp_path, *lines).waves.require()["i(v1)"].ravel() == pytest.approx([-50e-6, -100e-6, -150e-6], rel=1e-3)
    assert run(tmp_path, "V1 a 0 2", "R1 a o 1k tc=0.1", "R2 o 0 1k", ".temp 27 37", ".op").waves["v(o)"].shape == (2, 1)


def test_a_stepped_transient_has_one_time_axis(tmp_path: Path):
    lines = ("V1 a 0 PWL(0 0 1n 1)", "R1 a o 1k", "C1 o 0 {c}", ".step param c list 0.5u 1u", ".tran 1m", ".meas end FIND V(o) AT=1m")
    made = run(tmp_path, *lines)
    assert made.waves.require()["v(o)"].shape == (2, len(made.waves.axis))
    assert [found["end"] for found in made.measures] == pytest.approx([1 - np.exp(-2), 1 - np.exp(-1)], rel=1e-4)
    assert table(made) == (("c", "status", "end"), [(0.5e-6, "ok", made.measures[0]["end"]), (1e-6, "ok", made.measures[1]["end"])])


def test_a_run_of_the_steps_that_fails_leaves_the_others(tmp_path: Path):
    made = run(tmp_path, "V1 a 0 {v}", "R1 a o 1k", "R2 o 0 1k", "B1 p 0 V=sqrt(v(a))", ".step param v list 4 -4", ".op", ".meas m PARAM V(p)")
    assert [str(waves.status) for waves in made.runs] == ["ok", "no_convergence"]
    assert [row[:2] for row in table(made)[1]] == [(4.0, "ok"), (-4.0, "no_convergence")]
    assert made.measures[0]["m"] == pytest.approx(2)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (".step param q 1 2 1", "`.step param q`: no parameter of this name is used in the netlist"),
        (".step param rr 1 2 1", "`.step param rr`: no parameter of this name is used in the netlist; near: r"),
        (".step V2 1 2 1", "`.step v2`: there is no such source; near: v1, r2"),
        (".step NPN qx(bf) 1 2 1", "`.step qx(bf)`: there is no model qx"),
        (".step R1 1 2 1", "`.step R1` must be a parameter (param R1), a source, temp or a model's parameter"),
        (".step param r 1 2", "`.step` must have start, stop and increment, or list and values"),
        (".step param r", "`.step` must have start, stop and increment, or list and values"),
        (".step param r list", "`.step` has no values"),
        (".step param r 0 1 1n", "`.step` asks for 1e+09 runs; must be at most 10000"),
        (".step dec param r 0 1 1", "`.step dec` must have start and stop > 0 and one point or more"),
        (".step param r file=a.txt", "`.step` with file= is not translated; write list and the values"),
    ],
)
def test_a_step_that_cannot_be_is_refused_by_line(step: str, said: str):
    with pytest.raises(DialectError) as error:
        deck(*DIVIDER, step, ".op")
    assert str(error.value) == f"amp.cir, line 6: {said}"


def test_more_steps_than_ltspice_nests_or_too_many_runs_are_refused():
    lines = [f".param p{index}=1" for index in range(4)] + ["V2 q 0 {p0+p1+p2+p3}"]
    with pytest.raises(DialectError, match=r"more than 3 `\.step` lines are nested$"):
        deck(*DIVIDER, *lines, *(f".step param p{index} 1 2 1" for index in range(4)), ".op")
    with pytest.raises(InputError, match=r"the `\.step` lines ask for 1002001 runs; must be at most 10000$"):
        deck(*DIVIDER, *lines, ".step param p0 0 1000 1", ".step param p1 0 1000 1", ".op")


def test_components_and_parameters_are_set_from_outside(tmp_path: Path):
    lines = (*DIVIDER, "R3 o 0 1Meg tol=1%", ".op")
    assert run(tmp_path, *lines, parameters={"R": "3k"}).waves["v(o)"][0] == pytest.approx(0.5, rel=1e-2)
    assert run(tmp_path, *lines, components={"r1": "3kohm", "V1": "4 V"}).waves["v(o)"][0] == pytest.approx(1.0, rel=1e-2)
    stepped = run(tmp_path, *lines, ".step param r list 1 2", steps=["param r 1k 3k 2k"]).waves["v(o)"]
    assert stepped.ravel() == pytest.approx([1, 0.5], rel=1e-2)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"components": {"R11": "1k"}}, InputError, "--set R11: there is no such component in the top circuit; near: r1"),
        ({"components": {"R1": "1M"}}, UnitError, "--set R1='1M': a bare M is milli in SPICE and mega elsewhere; write m or Meg"),
        ({"components": {"R1": "1V"}}, UnitError, "--set R1='1V': must be a quantity in ohm, not in 'V'"),
        ({"components": {"B1": "1"}}, InputError, "--set B1: only the values of R, C, L, V and I can be set"),
        ({"components": {"V2": "1"}}, InputError, "--set V2: the source has a waveform; put a parameter into it and use --param"),
        ({"parameters": {"rr": "1k"}}, InputError, "--param rr: the netlist uses no parameter of this name; near: r"),
        ({"parameters": {"r": "2n5"}}, UnitError, "--param r='2n5': digits behind a suffix are read as 2n by ngspice and as 2.5n by LTspice; write 2.5n"),
        ({"steps": ["param q 1 2 1"]}, DialectError, "--step, line 1: `.step param q`: no parameter of this name is used in the netlist"),
    ],
)
def test_what_is_set_from_outside_and_is_not_there_is_named(tmp_path: Path, given: dict[str, object], error: type[Exception], said: str):
    with pytest.raises(error) as found:
        run(tmp_path, *DIVIDER, "V2 c 0 PULSE(0 1 0 1n 1n 1 2)", "B1 d 0 V=1", ".op", **given)
    assert str(found.value) == said
