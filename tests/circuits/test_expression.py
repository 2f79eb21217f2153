"""Values of elements: one text that Python and ngspice read alike."""

import operator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.circuits.expression import Expression, Param, evaluate, evaluate_arrays, names
from cosim.errors import CircuitError
from cosim.spice.deck import Deck
from cosim.spice.engines import find_engine
from cosim.spice.run import run_deck

VALUES = {"a": 3.0, "b_1": -0.25, "w_over_l": 65.0}
OPERATORS = (operator.add, operator.sub, operator.mul, operator.truediv)
leaves = st.sampled_from([Param(name) for name in VALUES]) | st.floats(-100, 100).filter(lambda number: abs(number) > 1e-3).map(
    lambda number: float(f"{number:.4g}")
)
trees = st.recursive(
    leaves.filter(lambda leaf: isinstance(leaf, Expression)), lambda inner: st.tuples(st.sampled_from(OPERATORS), inner | leaves, inner), max_leaves=8
)


def built(tree: object) -> Expression:
    """The expression of a tree, made by Python's operators."""
    if not isinstance(tree, tuple):
        return tree
    return tree[0](built(tree[1]), built(tree[2]))


def worked(tree: object) -> float:
    """The number of a tree, worked out without any text."""
    if isinstance(tree, Expression):
        return VALUES[tree.text]
    return tree if isinstance(tree, float) else tree[0](worked(tree[1]), worked(tree[2]))


def denominators(tree: object) -> list[float]:
    """Every number that a tree divides by, and every sum or difference, which may cancel."""
    if not isinstance(tree, tuple):
        return []
    here = [worked(tree[2])] if tree[0] is operator.truediv else [worked(tree)]
    return [*here, *denominators(tree[1]), *denominators(tree[2])]


def tame(tree: object) -> bool:
    """Whether no division by (nearly) zero and no cancellation hides in a tree."""
    try:
        return all(1e-3 < abs(each) < 1e9 for each in (worked(tree), *denominators(tree)))
    except ZeroDivisionError:
        return False


def in_ngspice(texts: list[str]) -> list[float]:
    """What ngspice makes of the texts, as voltages of sources."""
    parameters = [f".param {name}={value!r}" for name, value in VALUES.items()]
    sources = [f"V{index} n{index} 0 {{{text}}}\nR{index} n{index} 0 1" for index, text in enumerate(texts)]
    waves = run_deck(Deck("\n".join(["* values", *parameters, *sources, ".options numdgt=15", ".op", ".end"])), find_engine("ngspice")).require()
    return [float(waves[f"v(n{index})"][-1]) for index in range(len(texts))]


@given(tree=trees.filter(tame))
@settings(deadline=None, max_examples=150)
def test_the_text_of_an_expression_has_the_value_of_the_arithmetic(tree: object):
    assert evaluate(built(tree), VALUES) == pytest.approx(worked(tree), rel=1e-9)


def grown(rng: np.random.Generator, depth: int) -> object:
    """A tree of random operators, names and numbers, with a name at its right end."""
    if depth == 0:
        return Param(str(rng.choice(list(VALUES))))
    left = grown(rng, depth - 1) if rng.random() < 0.6 else float(f"{rng.uniform(-100, 100):.4g}")
    return OPERATORS[rng.integers(4)], left, grown(rng, int(rng.integers(depth)))


def test_ngspice_reads_the_same_value_from_the_same_text():
    rng = np.random.default_rng(1)
    batch = [tree for tree in (grown(rng, 1 + index % 5) for index in range(400)) if tame(tree)]
    expressions = [built(tree) for tree in batch]
    assert len(expressions) > 200
    assert in_ngspice([each.text for each in expressions]) == pytest.approx([evaluate(each, VALUES) for each in expressions], rel=1e-9)


def test_the_width_of_a_transistor_is_written_as_a_person_would():
    width = Param("w_over_l") * 0.5e-6
    assert width.text == "w_over_l*5e-07"
    assert (3.6e-6 / width).text == "3.6e-06/(w_over_l*5e-07)"
    assert evaluate(width, {"w_over_l": 65.0}) == pytest.approx(32.5e-6)


def test_negative_operands_are_put_in_parentheses():
    a = Param("a")
    assert [each.text for each in (a * -2.0, a - -2.0, 2 / -a, -(a - 1), 1 - a * a)] == ["a*(-2)", "(a-(-2))", "2/(-a)", "(-(a-1))", "(1-(a*a))"]


def test_a_sum_that_was_given_as_text_is_subtracted_as_a_whole():
    assert evaluate(1 - Expression("a+b_1"), VALUES) == 1 - (3.0 - 0.25)


def test_powers_are_read_alike():
    texts = ["a**2", "(a*b_1)**2", "a**2*b_1**2", "w_over_l**0.5"]
    assert in_ngspice(texts) == pytest.approx([evaluate(Expression(text), VALUES) for text in texts], rel=1e-9)


@pytest.mark.parametrize(("text", "form"), [("2*-a", "*-"), ("a**-1", "*-"), ("a--b", "--"), ("a**b**c", "**b**")])
def test_forms_that_the_programs_read_differently_are_refused(text: str, form: str):
    with pytest.raises(CircuitError) as caught:
        Expression(text)
    assert str(caught.value) == f"value, {text}: `{form}` is read differently by Python and by SPICE; write parentheses"


@pytest.mark.parametrize("text", ["a+", "import os", "", "a=1", "1k"])
def test_what_is_no_arithmetic_is_refused(text: str):
    with pytest.raises(CircuitError, match=r": only numbers, parameters and \+ - \* / \*\* may stand in a value$"):
        Expression(text)


@pytest.mark.parametrize("text", ["sin(a)", "a.real", "[a]", "a if a else a", "'x'", "True+a[0]"])
def test_nothing_but_arithmetic_is_evaluated(text: str):
    with pytest.raises(CircuitError, match=r"^gate: only numbers, parameters and \+ - \* / \*\* may stand in a value$"):
        evaluate(Expression(text), VALUES, where="gate")


def test_an_unknown_parameter_is_named_with_those_that_are_known():
    with pytest.raises(CircuitError, match=r"^m1: parameter 'w' has no value; known are a, b_1, w_over_l$"):
        evaluate(Param("w"), VALUES, where="m1")


def test_a_division_by_zero_is_named_with_the_values():
    with pytest.raises(CircuitError, match=r"^m1: 1/\(a-3\) has no finite value at a=3$"):
        evaluate(1 / (Param("a") - 3.0), VALUES, where="m1")


@pytest.mark.parametrize("name", ["W", "1a", "a-b", "", "lambda", "is", "ä"])
def test_a_name_that_spice_or_python_cannot_read_is_refused(name: str):
    with pytest.raises(CircuitError, match=r"must be lower-case letters, digits and _, a letter first, and no word of Python$"):
        Param(name)


def test_names_are_those_of_the_parameters_only():
    assert names(Param("a") * 1e-6 + Param("b_1") / 2e3) == {"a", "b_1"}
    assert names(1.0) == frozenset()


def test_arrays_follow_the_same_rules():
    assert evaluate_arrays("2*a-b", {"a": 3.0, "b": 1.0}, where="signal") == 5.0
    with pytest.raises(CircuitError, match=r"^signal, 2\*: only numbers"):
        evaluate_arrays("2*", {}, where="signal")


def test_expressions_are_values_that_compare_and_hash():
    twice = [Param("a") * 2.0 for _ in range(2)]
    assert all(first == second and hash(first) == hash(second) for first, second in pairwise(twice))
