"""The lab: questions in, readings out, one store behind it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cosim.analysis import Dc, Op, Tran
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Behavioral, Resistor, VoltageSource
from cosim.circuits.expression import Param
from cosim.errors import InputError, SimulationError
from cosim.spice.engines import Engine, find_engine
from cosim.sweep.lab import Lab, Question
from cosim.sweep.store import Store

ENGINE = find_engine("ngspice")
NOWHERE = Engine(ENGINE.kind, ("/nowhere/ngspice",), ENGINE.version)
DIVIDER = Circuit(
    name="divider",
    elements=(VoltageSource("in", "a", "0", 1.0), Resistor("1", "a", "b", Param("r")), Resistor("2", "b", "0", 1e3)),
    parameters={"r": Parameter(1e3, "ohm", "upper resistance")},
)
FRAGILE = Circuit(
    name="fragile",
    elements=(VoltageSource("in", "a", "0", 1.0), Resistor("1", "a", "b", 1e3), Behavioral(name="1", positive="b", negative="0", current="1e-6*ln(k)")),
    parameters={"k": Parameter(-1.0, "1", "below 0 it has no logarithm")},
)


def divider(resistance: float, **changes: object) -> Question:
    """The voltage of the divider."""
    return Question(**{"circuit": DIVIDER, "analysis": Op(), "saved": ("v(b)",), "values": {"r": resistance}, **changes})


def test_answers_come_in_the_order_of_the_questions():
    resistances = [1e3, 3e3, 1e3, 9e3]
    found = Lab(engine=ENGINE).ask([divider(each) for each in resistances])
    assert [reading.last("v(b)") for reading in found] == pytest.approx([0.5, 0.25, 0.5, 0.1])


def test_sweeps_and_transients_bring_their_axis():
    lab = Lab(engine=ENGINE)
    swept, run = lab.ask([divider(1e3, analysis=Dc("vin", 0.0, 2.0, 0.5)), divider(1e3, analysis=Tran(stop=1e-3, max_step=1e-4))])
    assert swept.axis == pytest.approx(np.arange(0.0, 2.1, 0.5))
    assert swept["v(b)"] == pytest.approx(swept.axis / 2)
    assert swept.last("v(b)") == pytest.approx(1.0)
    assert run.axis[-1] == pytest.approx(1e-3)


def test_what_was_asked_before_comes_from_the_store(tmp_path: Path):
    with Store.open(tmp_path / "store") as store:
        first = Lab(engine=ENGINE, store=store).ask_one(divider(2e3))
    with Store.open(tmp_path / "store") as store:
        lab = Lab(engine=NOWHERE, store=store)
        assert lab.ask_one(divider(2e3)).last("v(b)") == first.last("v(b)")
        with pytest.raises(SimulationError):
            lab.ask_one(divider(2e3, seed=1))


def test_a_run_that_fails_is_named_and_the_others_are_kept(tmp_path: Path):
    broken = Question(circuit=FRAGILE, analysis=Op(), saved=("v(b)",), values={"k": -2.0})
    with Store.open(tmp_path / "store") as store:
        with pytest.raises(SimulationError, match=r"^circuit=fragile, k=-2\.0: no_convergence, "):
            Lab(engine=ENGINE, store=store).ask([divider(4e3), broken])
        assert Lab(engine=NOWHERE, store=store).ask_one(divider(4e3)).last("v(b)") == pytest.approx(0.2)


def test_progress_is_told_for_each_batch():
    seen: list[tuple[int, int]] = []
    Lab(engine=ENGINE, progress=lambda done, total: seen.append((done, total))).ask([divider(1e3), divider(2e3)])
    assert seen[-1] == (2, 2)


def test_the_seed_stands_in_the_deck():
    assert "* seed 7" in divider(1e3, seed=7).deck().text
    assert "seed" not in divider(1e3).deck().text


class Counted:
    """A computation that counts how often it is done."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, np.ndarray]:
        self.times += 1
        return {"count": np.array([self.times, 2]), "share": np.linspace(0.0, 1.0, 5)}


@dataclass(frozen=True)
class Part:
    """Something that a result follows from."""

    size: float
    steps: tuple[float, ...] = (1.0, 2.0)


def test_what_is_remembered_is_computed_once_also_by_the_next_process(tmp_path: Path):
    compute = Counted()
    for _ in range(2):
        with Store.open(tmp_path / "store") as store:
            lab = Lab(engine=NOWHERE, store=store)
            for _ in range(2):
                found = lab.remember("test.count", 1, [Part(3.0), "word", np.arange(3.0)], compute)
                assert found["count"].tolist() == [1, 2]
                assert found["share"] == pytest.approx(np.linspace(0.0, 1.0, 5), abs=0)
    assert compute.times == 1


OTHERS = {
    "name": ("test.other", 1, [Part(3.0), "word"]),
    "version": ("test.count", 2, [Part(3.0), "word"]),
    "a number in a part": ("test.count", 1, [Part(3.0 + 1e-15), "word"]),
    "a list in a part": ("test.count", 1, [Part(3.0, (1.0, 2.5)), "word"]),
    "another word": ("test.count", 1, [Part(3.0), "words"]),
    "one part less": ("test.count", 1, [Part(3.0)]),
    "one part more": ("test.count", 1, [Part(3.0), "word", None]),
    "another order": ("test.count", 1, ["word", Part(3.0)]),
}


@pytest.mark.parametrize("case", OTHERS)
def test_whatever_the_result_follows_from_is_part_of_its_key(tmp_path: Path, case: str):
    compute = Counted()
    with Store.open(tmp_path / "store") as store:
        lab = Lab(engine=NOWHERE, store=store)
        lab.remember("test.count", 1, [Part(3.0), "word"], compute)
        assert lab.remember(*OTHERS[case], compute)["count"][0] == 2
        assert lab.remember("test.count", 1, [Part(3), "word"], compute)["count"][0] == 1  # 3 and 3.0 mean the same


def test_without_a_store_it_is_computed_every_time():
    compute, lab = Counted(), Lab(engine=NOWHERE)
    assert [lab.remember("test.count", 1, [], compute)["count"][0] for _ in range(2)] == [1, 2]


def test_a_computation_that_fails_is_not_remembered(tmp_path: Path):
    def fail() -> dict[str, np.ndarray]:
        raise SimulationError("the power is off")

    with Store.open(tmp_path / "store") as store:
        lab = Lab(engine=NOWHERE, store=store)
        with pytest.raises(SimulationError, match="the power is off"):
            lab.remember("test.count", 1, [], fail)
        assert len(store) == 0
        assert lab.remember("test.count", 1, [], Counted())["count"][0] == 1


def test_a_part_without_a_lasting_text_is_refused():
    with pytest.raises(InputError, match="made of numbers, text, sequences and mappings"):
        Lab(engine=NOWHERE).remember("test.count", 1, [object()], Counted())
