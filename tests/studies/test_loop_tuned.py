"""The study of the tuned array on an array of eight cells: its result, its claims, the store, and what it refuses."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cosim.circuits.neuron.card import load_neuron
from cosim.claims import check_unique, judge
from cosim.design import Design
from cosim.errors import DesignError, SimulationError
from cosim.snn.data import Examples
from cosim.snn.encoding import LatencyCard
from cosim.snn.network import Layer, TrainedNetwork
from cosim.spice.engines import Engine, find_engine
from cosim.studies.loop import tuned
from cosim.studies.loop.tuned import CLAIMS, Difference, TunedResult, check_read_path, run
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

DESIGN = replace(Design(), loop=replace(Design().loop, networks=1, draws=3))
WEIGHTS = np.array([[1.0, 0.0], [0.8, 0.1], [0.0, 0.9], [0.2, 1.0]])
NETWORK = TrainedNetwork(layers=(Layer(plus=WEIGHTS),), encoding=LatencyCard(), dt=1e-3)
IMAGES = Examples("few", np.array([[1.0, 0.9, 0.0, 0.0], [0.0, 0.0, 0.8, 1.0], [0.9, 1.0, 0.1, 0.0]]), np.array([0, 1, 0]))
ENGINE = find_engine("ngspice")


@pytest.fixture(scope="module")
def known() -> list[tuple[int, int]]:
    """What was reported as progress."""
    return []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the store."""
    return tmp_path_factory.mktemp("tuned") / "store"


def found_in(folder: Path, engine: Engine, known: list[tuple[int, int]]) -> TunedResult:
    """The study with a network of four inputs in the place of the trained one."""
    with pytest.MonkeyPatch.context() as patch, Store.open(folder) as store:
        patch.setattr(tuned, "first", lambda design, lab: ((NETWORK,), IMAGES, IMAGES))
        return run(DESIGN, Lab(engine=engine, store=store, workers=1, progress=lambda done, of: known.append((done, of))))


@pytest.fixture(scope="module")
def found(folder: Path, known: list[tuple[int, int]]) -> TunedResult:
    """Simulated."""
    return found_in(folder, ENGINE, known)


def test_every_weight_is_written_in_spice_and_its_images_run_through_both_circuits(found: TunedResult):
    assert found.chip.target.shape == (4, 2)
    assert found.chip.inside == 1.0
    assert found.ideal.tolist() == found.tuned.tolist() == found.labels.tolist() == [0, 1, 0]
    assert found.accuracy("ideal") == found.accuracy("tuned") == found.model_ideal == found.model_tuned == found.network == 1.0
    assert found.pulses == found.chip.array.traces.pulses.sum() >= 16
    assert found.energy > 8 * 20e-6
    assert found.time > 8 * 2 * 0.011
    assert found.seconds > 0


def test_the_twin_repeats_the_pulses_of_spice(found: TunedResult):
    ours, theirs = found.audited
    assert sorted(ours) == sorted(found.chip.array.traces.conductance)
    assert 0 < found.audit == np.max(np.abs(theirs / ours - 1.0)) <= 0.01


def test_shortcut_and_tuned_arrays_are_drawn_as_often_as_asked(found: TunedResult, known: list[tuple[int, int]]):
    assert found.shortcut.shape == found.tuned_draws.shape == (3,)
    assert known.count((3, 3)) >= 2


def test_a_second_run_takes_everything_from_the_store(found: TunedResult, folder: Path):
    again = found_in(folder, Engine(ENGINE.kind, ("/nowhere/ngspice",), ENGINE.version), [])
    assert np.array_equal(again.chip.chip.weights, found.chip.chip.weights)
    assert np.array_equal(again.tuned_draws, found.tuned_draws)
    assert again.tuned.tolist() == found.tuned.tolist()


def test_the_figures_that_are_to_be_met_are_claims():
    check_unique(CLAIMS)
    assert {each.id: str(each.must_be) for each in CLAIMS} == {
        "loop.tuned.inside": ">= 99",
        "loop.tuned.accuracy": "<= 1",
        "loop.tuned.audit": "<= 1",
        "loop.tuned.shortcut": "<= 0",
    }
    assert {(each.kind, each.paper) for each in CLAIMS} == {("prediction", None)}


def test_the_claim_on_500_images_stays_open_with_fewer(found: TunedResult):
    verdicts = {each.id: each.verdict for each in judge(CLAIMS, found)}
    assert (verdicts["loop.tuned.inside"], verdicts["loop.tuned.accuracy"], verdicts["loop.tuned.audit"]) == ("met", "not_run", "met")


def test_an_image_whose_membrane_still_rises_at_the_end_is_an_error(folder: Path, found: TunedResult):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuned, "MORE_TIME", 0.3)
        with pytest.raises(SimulationError, match=r"^image \d: its highest membrane still rises after .* s; \d of 3 images need longer$"):
            found_in(folder, ENGINE, [])


def test_claims_read_the_whole_array_and_the_images_whose_runs_passed(found: TunedResult):
    labels = np.arange(503) % 10
    ideal, array = labels.copy(), labels.copy()
    ideal[0], array[1], array[2], array[3:10] = -1, -1, -1, 10  # three failed, seven are wrong
    chip = SimpleNamespace(target=np.zeros((64, 10)), inside=0.98)
    shortcut, draws = np.array([0.93, 0.94, 0.92]), np.array([0.95, 0.94, 0.96])
    whole = replace(found, chip=chip, labels=labels, ideal=ideal, tuned=array, shortcut=shortcut, tuned_draws=draws)
    verdicts = {each.id.rpartition(".")[2]: each for each in judge(CLAIMS, whole)}
    assert whole.done.sum() == 500
    assert (verdicts["inside"].value, verdicts["inside"].verdict) == (98.0, "not_met")
    assert (verdicts["accuracy"].value, verdicts["accuracy"].verdict) == (pytest.approx(1.4), "not_met")
    assert (verdicts["shortcut"].value, verdicts["shortcut"].verdict) == (pytest.approx(-2.0), "met")


def test_a_difference_of_means_has_the_interval_of_welch():
    shown = Difference.of(np.array([0.90, 0.92, 0.94]), np.array([0.91, 0.95, 0.99]))
    assert shown.points == pytest.approx(-3.0)
    assert (shown.low, shown.high) == pytest.approx((-11.31, 5.31), abs=0.005)  # -3 -+ 3.219 * sqrt((4 + 16) / 3), Student's t at 2.94
    assert shown.p_value == pytest.approx(0.332, abs=0.005)


def test_means_of_draws_that_are_all_alike_differ_by_one_value():
    shown = Difference.of(np.full(3, 0.9), np.full(3, 0.95))
    assert shown.points == shown.low == shown.high == pytest.approx(-5.0)
    assert np.isnan(shown.p_value)


@pytest.mark.parametrize(
    ("section", "name", "value", "words"),
    [
        ("transistor", "chosen", 40.0, r"^\[transistor\], chosen=40: must be 65, W/L of the cells that units read$"),
        ("transistor", "length", 1e-6, r"^\[transistor\], length=1e-06: must be 5e-07, channel length of the cells that units read \[m\]$"),
        ("supply", "gate", 2.5, r"^\[supply\], gate=2\.5: must be 3, height of the spikes on the gates of the cells \[V\]$"),
        ("cell", "read_voltage", 0.1, r"^\[cell\], read_voltage=0\.1: must be 0\.05, read voltage of the unit two_pole \[V\]$"),
        ("tuning", "wire_resistance", 2.0, r"^\[tuning\], wire_resistance=2: must be 1, wire_resistance of \[network\]$"),
    ],
)
def test_cells_that_are_tuned_and_read_in_different_ways_are_refused(section: str, name: str, value: float, words: str):
    changed = replace(DESIGN, **{section: replace(getattr(DESIGN, section), **{name: value})})
    with pytest.raises(DesignError, match=words):
        check_read_path(changed, load_neuron(DESIGN.network.variant))


def test_the_design_of_the_loop_tunes_cells_as_units_read_them():
    check_read_path(DESIGN, load_neuron(DESIGN.network.variant))
    assert DESIGN.tuning.wire_resistance == DESIGN.network.wire_resistance > 0
