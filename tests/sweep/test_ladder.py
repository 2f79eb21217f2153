"""The ladder of looser options: gentlest first, each rung on top of the others, what passed on one is marked."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.analysis import Op, Options, Tran
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Resistor, VoltageSource
from cosim.errors import CircuitError
from cosim.spice.deck import Deck, with_analysis, write_deck
from cosim.status import Status
from cosim.sweep.jobs import Job, Result
from cosim.sweep.ladder import LADDER, RETRIED, climb, rungs
from cosim.sweep.runner import run_jobs
from cosim.sweep.store import Store
from tests.sweep.sweeps import level, waves_of

DIVIDER = Circuit(name="divider", elements=(VoltageSource("in", "a", "0", 1.0), Resistor("1", "a", "out", 1e3), Resistor("2", "out", "0", 1e3)))
RUN = Tran(stop=1e-3, max_step=1e-5)


def deck_of(number: float, analysis: Tran | Op = RUN) -> Deck:
    return write_deck(replace(DIVIDER, description=f"{number:g}"), analysis)


def jobs_of(*numbers: float) -> list[Job]:
    return [Job(deck_of(each), level, {"number": each}) for each in numbers]


def needs(rung: int):
    """A simulator in which a deck converges from a rung of the ladder on; the number in its title is the rung."""

    def run(deck: Deck, engine, *, timeout: float):
        wanted = int(deck.text.split()[1])
        reached = [deck_of(wanted).text, *(looser.text for _, looser in rungs(deck_of(wanted)))].index(deck.text)
        return waves_of(np.array([1.0])) if reached >= wanted else waves_of(np.zeros(0), Status.no_convergence, "timestep too small")

    return run


def test_the_rungs_change_one_option_each_and_keep_what_the_lower_ones_changed():
    found = [(name, deck.analysis) for name, deck in rungs(deck_of(1))]
    assert [name for name, _ in found] == [rung.name for rung in LADDER] == ["smaller steps", "other method", "larger gmin", "larger reltol"]
    assert found[0][1] == replace(RUN, max_step=2.5e-6)
    assert found[-1][1] == Tran(stop=1e-3, max_step=2.5e-6, options=Options(method="trap", gmin=1e-10, reltol=1e-3))


def test_an_operating_point_has_no_rungs_of_time():
    assert [name for name, _ in rungs(deck_of(1, Op()))] == ["larger gmin", "larger reltol"]
    assert list(rungs(Deck("* foreign\n.op\n.end\n"))) == []


def test_the_text_of_a_rung_asks_for_what_its_analysis_says():
    for _, deck in rungs(deck_of(1)):
        assert deck == deck_of(1, deck.analysis)


def test_a_deck_that_was_not_written_here_is_not_changed():
    with pytest.raises(CircuitError, match=r"^deck: its text does not hold the lines of its analysis; only decks that cosim wrote can be changed$"):
        with_analysis(Deck("* foreign\n.op\n.end\n", analysis=Op()), Op(options=Options(gmin=1e-10)))
    with pytest.raises(CircuitError, match=r"^deck, analysis=Op: must be of the kind of the deck, Tran$"):
        with_analysis(deck_of(1), Op())


def climbed(*numbers: float) -> list[Result]:
    jobs = jobs_of(*numbers)
    return climb(jobs, run_jobs(jobs, run=needs(0)), lambda again: run_jobs(again, run=needs(0)))


def test_what_converges_on_a_rung_is_marked_and_says_which():
    plain, first, third = climbed(0, 1, 3)
    assert (plain.status, plain.relaxed, plain.message) == (Status.ok, False, "")
    assert (first.status, first.relaxed, first.measures) == (Status.ok, True, {"level": 1.0})
    assert first.message == "passed with smaller steps; at first no_convergence: timestep too small"
    assert third.message.startswith("passed with larger gmin; at first no_convergence")
    assert [each.label for each in (plain, first, third)] == [{"number": 0}, {"number": 1}, {"number": 3}]


def test_what_never_converges_keeps_its_first_failure():
    never, good = climbed(9, 0)
    assert (never.status, never.relaxed, never.message) == (Status.no_convergence, False, "timestep too small")
    assert good.status is Status.ok


def test_a_refused_netlist_is_not_tried_again():
    assert Status.rejected_netlist not in RETRIED
    asked = []
    result = Result({}, Status.rejected_netlist, {}, "unknown subckt")
    assert climb(jobs_of(1), [result], lambda jobs: asked.append(jobs) or []) == [result]
    assert asked == []


def test_a_resumed_sweep_takes_the_rungs_from_the_store(tmp_path):
    jobs = jobs_of(2, 0)
    with Store.open(tmp_path) as store:
        first = climb(jobs, run_jobs(jobs, store=store, run=needs(0)), lambda again: run_jobs(again, store=store, run=needs(0)))
        second = climb(jobs, run_jobs(jobs, store=store, run=refuse), lambda again: run_jobs(again, store=store, run=refuse))
    assert [(each.status, each.measures, each.relaxed, each.message, each.key) for each in first] == [
        (each.status, each.measures, each.relaxed, each.message, each.key) for each in second
    ]
    assert all(each.reused for each in second)


def refuse(deck: Deck, engine, *, timeout: float):
    raise AssertionError("nothing is left to simulate")
