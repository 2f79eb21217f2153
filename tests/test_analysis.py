"""Analyses refuse what no simulator can do."""

from typing import Any

import pytest

from cosim.analysis import Ac, Dc, Noise, Op, Options, Tran
from cosim.errors import CircuitError

REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (Options, {"reltol": 0.0}, "options, reltol=0: must be > 0"),
    (Options, {"gmin": -1e-12}, "options, gmin=-1e-12: must be > 0"),
    (Options, {"abstol": float("nan")}, "options, abstol=nan: must be > 0"),
    (Options, {"method": "euler"}, "options, method=euler: must be gear or trap"),
    (Options, {"temperature": -300.0}, "options, temperature=-300: must be within -273..1000 degC"),
    (Tran, {"stop": 0.0, "max_step": 1.0}, "transient, stop=0: must be > start=0 >= 0"),
    (Tran, {"stop": 1.0, "max_step": 0.0}, "transient, max_step=0: must be > 0 and <= stop=1"),
    (Tran, {"stop": 1.0, "max_step": 2.0}, "transient, max_step=2: must be > 0 and <= stop=1"),
    (Tran, {"stop": 1.0, "max_step": 0.1, "start": 1.0}, "transient, stop=1: must be > start=1 >= 0"),
    (Dc, {"source": "vg", "start": 0.0, "stop": 1.0, "step": 0.0}, "dc sweep of vg, step=0: must be a step from 0 towards 1"),
    (Dc, {"source": "vg", "start": 0.0, "stop": -1.0, "step": 0.1}, "dc sweep of vg, step=0.1: must be a step from 0 towards -1"),
    (
        Dc,
        {"source": "vd", "start": 0.0, "stop": 1.0, "step": 0.1, "outer": ("vg", 0.0, 5.0, -1.0)},
        "dc sweep of vg, step=-1: must be a step from 0 towards 5",
    ),
    (Ac, {"points": 10, "start": 0.0, "stop": 1e3}, "ac sweep, start=0: must be > 0 and < stop=1000, with points >= 1"),
    (Ac, {"points": 0, "start": 1.0, "stop": 1e3}, "ac sweep, start=1: must be > 0 and < stop=1000, with points >= 1"),
    (
        Noise,
        {"output": "out", "source": "vin", "points": 1, "start": 1e3, "stop": 1e3},
        "noise sweep, start=1000: must be > 0 and < stop=1000, with points >= 1",
    ),
]


@pytest.mark.parametrize(("kind", "values", "message"), REFUSED)
def test_an_impossible_analysis_is_named(kind: Any, values: dict[str, Any], message: str):
    with pytest.raises(CircuitError) as caught:
        kind(**values)
    assert str(caught.value) == message


def test_sweeps_down_and_single_points_are_allowed():
    assert Dc("vd", 0.0, -5.0, -0.1).step == -0.1
    assert Dc("vd", 1.0, 1.0, 0.1).stop == 1.0


def test_analyses_that_ask_for_the_same_are_equal():
    assert Op() == Op(options=Options())
    assert Tran(stop=1.0, max_step=0.1) != Tran(stop=1.0, max_step=0.1, options=Options(gmin=1e-15))
