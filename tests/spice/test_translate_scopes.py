"""Parameters of subcircuits: what a name means in a header, at an instance and in a function. Each circuit shows a value as 1 A through it."""

from pathlib import Path

import pytest

from cosim.errors import DialectError
from tests.spice.translated import deck, waves

BLOCK = (".subckt t n w=1 q={w*10}", "R1 n 0 {q}", ".ends")


def value(folder: Path, *lines: str) -> float:
    """The resistance at node a."""
    return float(waves(folder, "I1 0 a 1", *lines, ".op")["v(a)"][0])


@pytest.mark.parametrize(
    ("instance", "resistance"), [("X1 a t w=7", 70), ("X1 a t", 10), ("X1 a t w=7 q=3", 3), ("X1 a t w={w}", 20), ("X1 a t params: w={w*3}", 60)]
)
@pytest.mark.parametrize("outside", [(".param w=2",), (".param w=2 q=5",)])
def test_a_default_takes_what_the_instance_gives_then_what_the_header_says(tmp_path: Path, instance: str, resistance: float, outside: tuple[str, ...]):
    assert value(tmp_path, *outside, instance, *BLOCK) == pytest.approx(resistance)


def test_defaults_stand_on_each_other_and_on_parameters_outside(tmp_path: Path):
    lines = (".param k=3", "X1 a t w=2", ".subckt t n q={r+k} r={w*10} w=1", "R1 n 0 {q}", ".ends")
    assert value(tmp_path, *lines) == pytest.approx(23)


@pytest.mark.parametrize(("inner", "resistance"), [("X2 n t w={w+1}", 70), ("X2 n t", 10), ("X2 n t w={v} v={w}", 40), ("X2 n t w=3", 30)])
def test_an_instance_in_a_subcircuit_reads_the_names_around_it(tmp_path: Path, inner: str, resistance: float):
    lines = (".param w=2", "X1 a s w={w*3}", ".subckt s n w=9 v=4", inner, ".ends", ".subckt t n w=1 v=1 q={w*10}", "R1 n 0 {q}", ".ends")
    assert value(tmp_path, *lines) == pytest.approx(resistance)


def test_values_that_are_exchanged_at_an_instance_are_both_read_before(tmp_path: Path):
    lines = ("X1 a s w=6 v=4", ".subckt s n w=9 v=4", "X2 n t w={v} v={w}", ".ends", ".subckt t n w=1 v=1", "R1 n 0 {w*10+v}", ".ends")
    assert value(tmp_path, *lines) == pytest.approx(46)


def test_a_parameter_of_the_body_takes_what_the_instance_gives(tmp_path: Path):
    assert value(tmp_path, ".param w=2", "X1 a t w=7", ".subckt t n w=1", ".param q=w*10", "R1 n 0 {q}", ".ends") == pytest.approx(70)


REFUSED = [
    ((".func f(x) {x*w}", ".subckt t n w=1", "R1 n 0 {f(10)}"), 6, "`f()` uses `w`, which is a parameter here and where the function is defined"),
    ((".func f(x) {x*w}", ".func g(x) {f(x)}", ".subckt t n w=1", "R1 n 0 {g(10)}"), 7, "`f()` uses `w`, which is a parameter here"),
    ((".func f(x) {x*w}", ".subckt t n w=1", "B1 n 0 I=f(V(n))"), 6, "`f()` uses `w`, which is a parameter here"),
    ((".subckt t n w={q} q={w}", "R1 n 0 {q}"), 4, "parameter `w` of subcircuit `t` depends on itself"),
    ((".subckt t n w=1 q={w*k}", ".param k=2", "R1 n 0 {q}"), 4, "the default of a parameter of `t` uses `k`, which its body defines; move it to the body"),
]


@pytest.mark.parametrize(("lines", "line", "said"), REFUSED, ids=[lines[0] + lines[-1] for lines, *_ in REFUSED])
def test_a_name_of_two_meanings_is_refused(lines: tuple[str, ...], line: int, said: str):
    with pytest.raises(DialectError) as error:
        deck(".param w=2", "X1 a t", *lines, ".ends", ".op")
    assert str(error.value).startswith(f"amp.cir, line {line}: {said}")


def test_a_function_may_use_its_arguments_and_what_has_one_meaning(tmp_path: Path):
    lines = (".param w=2 k=3", ".func f(w) {w*k}", "X1 a t w=7", ".subckt t n w=1", ".func g(x) {x+w}", "R1 n 0 {f(10)+g(1)}", ".ends")
    assert value(tmp_path, *lines) == pytest.approx(38)
