"""Keys, extractors and what they may give."""

import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.analysis import Op, Options, Tran
from cosim.errors import InputError
from cosim.spice.deck import Deck
from cosim.sweep.jobs import Extractor, Job, canonical, extractor, job_key
from tests.sweep.sweeps import ENGINE, ROOT, job, level, level_and_trace, waves_of

BASE = job(1.0)


def changed(**parts: object) -> Job:
    return replace(BASE, deck=replace(BASE.deck, **parts))


@pytest.mark.parametrize(
    "other",
    [
        changed(text="* 1.00\n.end\n"),
        changed(files=(("a.lib", ""),)),
        changed(analysis=Tran(stop=2.0, max_step=0.1)),
        changed(analysis=Tran(stop=1.0, max_step=0.1, options=Options(gmin=1e-13))),
        changed(saved=("v(out)",)),
        replace(BASE, seed=1),
        replace(BASE, extract=level_and_trace),
        replace(BASE, extract=replace(level, version=2)),
    ],
    ids=["text", "include", "analysis", "gmin", "saved", "seed", "extractor", "extractor version"],
)
def test_whatever_can_move_a_result_changes_the_key(other):
    assert job_key(other, ENGINE) != job_key(BASE, ENGINE)


@pytest.mark.parametrize("engine", [replace(ENGINE, version="40"), replace(ENGINE, kind="ltspice")], ids=["version", "kind"])
def test_another_engine_changes_the_key(engine):
    assert job_key(BASE, engine) != job_key(BASE, ENGINE)


def test_label_and_path_of_the_engine_do_not_change_the_key():
    assert job_key(replace(BASE, label={}), replace(ENGINE, command=("/opt/ngspice",))) == job_key(BASE, ENGINE)


def test_the_key_is_the_same_in_every_process():
    program = "from tests.sweep.sweeps import *; from cosim.sweep.jobs import job_key; print(job_key(job(1.0), ENGINE))"
    other = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert other.stdout.strip() == job_key(BASE, ENGINE)


def test_one_meaning_has_one_text():
    assert canonical(Tran(stop=1, max_step=np.float64(0.5), initial={"b": 0.0, "a": 1})) == canonical(
        Tran(stop=1.0, max_step=0.5, initial={"a": 1.0, "b": -0.0})
    )


@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=2, unique=True))
def test_two_numbers_have_two_texts(pair):
    assert canonical(pair[0]) != canonical(pair[1])


def test_an_analysis_that_has_no_text_is_named():
    with pytest.raises(InputError, match=r"^run, analysis=\{1\}: must be made of numbers, text, sequences and mappings$"):
        canonical({1})


def test_an_extractor_travels_to_a_worker_as_the_same_object():
    assert pickle.loads(pickle.dumps(level)) is level  # noqa: S301


def test_an_extractor_without_a_lasting_name_is_refused():
    with pytest.raises(InputError, match=r"^extractor, function=.*<lambda>: must be a function at the top level of a module$"):
        extractor(version=1)(lambda waves: {})


def test_a_version_below_one_is_refused():
    with pytest.raises(InputError, match=r"^extractor, version=0: must be >= 1$"):
        extractor(version=0)


def test_scripts_in_two_places_do_not_share_results(tmp_path):
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    program = path + "from cosim.sweep.jobs import extractor\n@extractor(version=1)\ndef f(waves): return {}\nprint(f.name)\n"
    names = []
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(program)
        names.append(subprocess.run([sys.executable, tmp_path / name], capture_output=True, text=True, check=True, timeout=60).stdout.strip())
    assert names == [f"{tmp_path / 'a.py'}:f", f"{tmp_path / 'b.py'}:f"]


def given_by(value: object) -> object:
    return Extractor(lambda waves: {"a": value}, "test", 1)(waves_of(np.zeros(1)))["a"]


@pytest.mark.parametrize("value", [1, True, np.float32(1.0), np.int8(1), np.array(1.0), np.array(1)])
def test_every_real_number_becomes_a_float(value):
    assert type(given_by(value)) is float
    assert given_by(value) == 1.0


def test_lists_and_complex_numbers_become_arrays():
    assert given_by([1, 2]).tolist() == [1, 2]
    assert given_by(1j).tolist() == 1j


@pytest.mark.parametrize("value", ["one", None, [[1], [1, 2]], {"b": 1}])
def test_a_measure_that_is_no_number_is_named(value):
    with pytest.raises(InputError, match=r"^test, a=.*: must be a number or an array of numbers$"):
        given_by(value)


def test_a_deck_without_analysis_has_a_key():
    assert len(job_key(Job(Deck("* x\n.end\n"), level, {}), ENGINE)) == 64
    assert canonical(Op()).startswith("Op(options=Options(reltol=0.0001,")


@extractor(version=1)
def scaled(waves, *, factor: float, word: str = "") -> dict[str, float]:
    """The last value of ``v(out)`` times a factor."""
    return {"level": factor * float(waves["v(out)"][-1])}


def test_arguments_of_an_extractor_reach_it_and_its_key_and_travel_to_workers():
    twice, thrice = scaled.given(factor=2.0, word="a"), scaled.given(word="a", factor=3.0)
    assert twice(waves_of(np.array([0.0, 5.0]))) == {"level": 10.0}
    assert twice.name == f'{__name__}.scaled(factor=2.0,word="a")'
    assert job_key(replace(BASE, extract=twice), ENGINE) != job_key(replace(BASE, extract=thrice), ENGINE)
    assert scaled.given(word="a", factor=2.0) == twice
    again = pickle.loads(pickle.dumps(twice))  # noqa: S301
    assert (again, again.arguments) == (twice, (("factor", 2.0), ("word", "a")))


def test_an_argument_that_is_neither_a_number_nor_text_is_named():
    with pytest.raises(InputError, match=r"scaled, factor=\[1\]: must be a float or text$"):
        scaled.given(factor=[1])
