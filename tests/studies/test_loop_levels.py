"""Designed against equal levels on a network of three columns: pairs of tuned arrays, a few images in the circuit, and the arithmetic of the comparison."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.claims import judge
from cosim.codesign.network import levels as searching
from cosim.codesign.network.grids import FastMembranes
from cosim.design import Design
from cosim.errors import DesignError
from cosim.snn.data import Examples, digits, split
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.network import Layer, TrainedNetwork
from cosim.spice.engines import find_engine
from cosim.studies.loop import levels
from cosim.studies.loop.levels import CLAIMS, KINDS, PAIR, LevelsAudit, LevelsResult, LevelsRow, audited_images, holm
from cosim.sweep.jobs import canonical
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

CLASSES, NETWORKS, DRAWS, IMAGES = 3, 2, 3, 2  # draws of each network


def small(examples: Examples) -> Examples:
    """Zeros, ones and twos as 4 x 4 pixels."""
    kept = examples.pick(np.flatnonzero(examples.labels < CLASSES)[:150])
    return Examples("small digits", kept.pixels.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16), kept.labels)


TRAIN, TEST = (small(each) for each in split(digits(), seed=1))
MEANS = np.stack([TRAIN.pixels[TRAIN.labels == each].mean(axis=0) for each in range(CLASSES)], axis=1)
TEMPLATES = MEANS / np.linalg.norm(MEANS, axis=0)
NETWORK = TrainedNetwork(layers=(Layer(plus=TEMPLATES / TEMPLATES.max()),), encoding=LatencyCard(), dt=1e-3)
OTHER = replace(NETWORK, layers=(Layer(plus=(TEMPLATES / TEMPLATES.max()) ** 1.5),))
DESIGN = Design()
DESIGN = replace(DESIGN, loop=replace(DESIGN.loop, bits=(1.0, 2.0), networks=NETWORKS, draws=NETWORKS * DRAWS, audited=IMAGES))


def measured(design: Design, lab: Lab) -> SimpleNamespace:
    """A channel whose cells are off by +-1 % of their targets."""
    written = np.geomspace(design.loop.low, design.loop.high, 8)
    level = np.repeat(np.arange(8), 4)
    return SimpleNamespace(cells=SimpleNamespace(written=written, level=level, true=written[level] * np.tile([0.99, 1.01, 0.99, 1.01], 8)))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Store.open(tmp_path_factory.mktemp("levels")) as store:
        yield Lab(engine=find_engine("ngspice"), store=store)


@pytest.fixture(scope="module")
def here() -> Iterator[pytest.MonkeyPatch]:
    """A network that is there, a channel that takes no time, and a short search."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "first", lambda design, lab, *, networks: ((NETWORK, OTHER)[:networks], TRAIN, TEST))
        patch.setattr(levels.channel, "run", measured)
        patch.setattr(searching, "TRIALS", 10)
        yield patch


@pytest.fixture(scope="module")
def result(lab: Lab, here: pytest.MonkeyPatch) -> LevelsResult:
    return levels.run(DESIGN, lab)


def compared(row: LevelsRow, uniform: list[float], designed: list[float], *, searched: list[float] | None = None, networks: int = 1) -> LevelsRow:
    accuracy = {"uniform": uniform, "searched": uniform if searched is None else searched, "designed": designed}
    return replace(row, networks=networks, accuracy={kind: np.array(each) for kind, each in accuracy.items()})


def audited(uniform: list[int], designed: list[int], *, labels: list[int], differing: int, tests: int, model: tuple[list[int], list[int]]) -> LevelsAudit:
    """Classes of the circuit, and of the model with the uniform and the designed array."""
    return LevelsAudit(
        images=np.arange(len(labels)),
        labels=np.array(labels),
        differing=differing,
        circuit={"uniform": np.array(uniform), "designed": np.array(designed)},
        model=dict(zip(PAIR, (np.array(each) for each in model), strict=True)),
        seconds=0.0,
        tests=tests,
    )


def claim(name: str, result: LevelsResult) -> float | str | None:
    """Its value."""
    return {each.id.rpartition(".")[2]: each.value(result) for each in CLAIMS}[name]


def test_each_number_of_bits_has_a_row_of_pairs(result: LevelsResult):
    assert [row.bits for row in result.rows] == [1, 2]
    for row in result.rows:
        assert row is result.row(row.bits)
        assert [len(each.levels) for each in (row.uniform, row.searched, row.designed)] == [2**row.bits] * 3
        assert row.designed.loss <= row.searched.loss <= row.uniform.loss
        for kind in KINDS:
            assert row.conductance[kind].shape == (DRAWS, 16, CLASSES)
            assert row.accuracy[kind].shape == (NETWORKS * DRAWS,)
            assert np.all((row.accuracy[kind] > 0.5) & (row.accuracy[kind] <= 1.0))
    assert 0.6 < result.analog <= 1.0


def test_cells_are_tuned_to_the_levels(result: LevelsResult):
    row = result.row(2)
    for kind, design in zip(KINDS, (row.uniform, row.searched, row.designed), strict=True):
        nearest = np.abs(row.conductance[kind][..., None] / design.levels - 1.0).min(axis=-1)
        assert np.mean(nearest <= DESIGN.tuning.band) > 0.97
        assert np.ptp(row.conductance[kind], axis=0).max() > 0.0


def test_circuit_and_model_say_the_same_of_most_images(result: LevelsResult):
    for row in result.rows:
        same = [row.audit.circuit[kind] == row.audit.model[kind] for kind in PAIR]
        assert np.sum(same) >= 2 * IMAGES - 1
        assert row.audit.tests == len(TEST)
        assert np.array_equal(row.audit.labels, TEST.labels[row.audit.images])
        assert row.audit.right("circuit", "uniform") == np.mean(row.audit.circuit["uniform"] == row.audit.labels)


def test_a_second_run_takes_everything_from_the_store(result: LevelsResult, lab: Lab, here: pytest.MonkeyPatch):
    def never(*given: object, **named: object) -> None:
        raise AssertionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "designed_levels", never)
        patch.setattr(levels.Writer, "write", never)
        again = levels.run(DESIGN, lab)
    assert np.array_equal(again.row(2).accuracy["designed"], result.row(2).accuracy["designed"])
    assert np.array_equal(again.row(2).audit.circuit["designed"], result.row(2).audit.circuit["designed"])


def bench_of(network: TrainedNetwork, lab: Lab) -> levels._Bench:
    """Of the first network."""
    law = levels.law_of(measured(DESIGN, lab))
    ready = FastMembranes.of(network, latency_times(TEST.pixels, network.encoding))
    return levels._Bench(writer=levels.Writer.of(DESIGN, lab), lab=lab, network=network, number=0, train=TRAIN, test=TEST, law=law, ready=ready)


def test_another_search_is_not_taken_for_the_one_that_was_stored(result: LevelsResult, lab: Lab, here: pytest.MonkeyPatch):
    class SearchedAgainError(Exception):
        pass

    def asked(*given: object, **named: object) -> None:
        raise SearchedAgainError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "designed_levels", asked)
        patch.setattr(searching, "TRIALS", 9)
        with pytest.raises(SearchedAgainError):
            levels.run(DESIGN, lab)


def test_a_network_with_another_pulse_is_not_taken_for_the_one_that_was_stored(result: LevelsResult, lab: Lab, here: pytest.MonkeyPatch):
    written: list[list[object]] = []
    other = replace(NETWORK, pulse=replace(NETWORK.pulse, top=500e-6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels.Lab, "remember", lambda self, name, version, parts, compute: written.append(parts))
        patch.setattr(levels, "_design_of", lambda arrays, kind, bits: None)
        for network in (NETWORK, other):
            levels.levels_of(bench_of(network, lab), 1)
    one, another = ([canonical(part) for part in parts] for parts in written)
    assert [first == second for first, second in zip(one, another, strict=True)].count(False) == 1


def test_bits_that_the_band_cannot_tell_apart_are_refused_before_anything_runs(lab: Lab):
    wide = replace(DESIGN, loop=replace(DESIGN.loop, bits=(1.0, 6.0)))
    with pytest.raises(DesignError, match=r"^\[loop\], bits=6: must be <= 4, as bands of 3 % around more than 17 equal levels in 7\.5\.\.140 uS touch$"):
        levels.run(wide, lab)


def test_arrays_that_do_not_differ_have_a_p_value_of_one(result: LevelsResult):
    row = compared(result.row(1), [0.8, 0.9], [0.8, 0.9])
    assert (row.gain, row.p_value, row.interval) == (0.0, 1.0, (0.0, 0.0))


def test_a_difference_that_is_the_same_in_all_networks_has_a_p_value_of_nil(result: LevelsResult):
    row = compared(result.row(1), [0.5, 0.75], [0.625, 0.875], networks=2)
    assert (row.gain, row.p_value, row.interval) == (12.5, 0.0, (12.5, 12.5))


@given(seed=st.integers(0, 1000), shift=st.floats(-0.02, 0.02), networks=st.sampled_from([1, 2, 4]))
def test_the_interval_leaves_out_nil_where_the_p_value_is_below_a_twentieth(result: LevelsResult, seed: int, shift: float, networks: int):
    rng = np.random.default_rng(seed)
    uniform = rng.uniform(0.7, 0.9, 8)
    row = compared(result.row(1), uniform.tolist(), (uniform + shift + 0.01 * rng.standard_normal(8)).tolist(), networks=networks)
    low, high = row.interval
    assert low < row.gain < high
    assert (low > 0 or high < 0) == (row.p_value < 0.05)


def test_interval_and_p_value_are_over_the_means_of_the_networks(result: LevelsResult):
    row = compared(result.row(1), [0.5] * 4, [0.51, 0.53, 0.55, 0.57], networks=2)
    low, high = row.interval
    assert (low + high) / 2 == pytest.approx(row.gain)
    assert high - row.gain == pytest.approx(12.706 * 2.0, rel=1e-4)  # Student's t of one degree of freedom, means of 2 and 6 points
    assert row.p_value == pytest.approx(0.2952, abs=1e-4)  # of t = 2
    arrays = replace(row, networks=1)
    assert arrays.interval == pytest.approx((-0.1085, 8.1085), abs=1e-3)  # Student's t of three degrees, deviation 2.582 points
    assert arrays.p_value == pytest.approx(0.0534, abs=1e-4)  # of four arrays


def test_more_arrays_of_the_same_networks_make_nothing_more_certain(result: LevelsResult):
    row = compared(result.row(1), [0.5] * 2, [0.51, 0.53], networks=2)
    more = compared(result.row(1), [0.5] * 8, [0.51] * 4 + [0.53] * 4, networks=2)
    assert (row.p_value, *row.interval) == pytest.approx((more.p_value, *more.interval))


def test_what_levels_bring_is_held_against_the_searched_gain(result: LevelsResult):
    row = compared(result.row(1), [0.80, 0.81], [0.85, 0.86], searched=[0.82, 0.86])
    assert row.over_searched == pytest.approx([3.0, 0.0])


def test_p_values_are_corrected_for_their_number():
    assert holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])
    assert holm(np.array([0.9, 0.6])) == pytest.approx([1.0, 1.0])


@given(p_values=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6))
def test_a_correction_keeps_the_order_and_lies_between_the_p_value_and_bonferroni(p_values: list[float]):
    found, given_ones = holm(np.array(p_values)), np.array(p_values)
    assert np.all((found >= given_ones) & (found <= np.minimum(1.0, len(given_ones) * given_ones) + 1e-12))
    assert np.all(np.diff(found[np.argsort(given_ones)]) >= 0.0)


def test_the_rows_of_a_result_are_corrected_together(result: LevelsResult):
    rows = [compared(each, [0.80] * 3, [0.83, 0.84, 0.8501]) for each in result.rows]
    assert replace(result, rows=rows).p_values == pytest.approx({each.bits: 2.0 * each.p_value for each in rows})


def test_images_that_differ_are_audited_first():
    differ = np.zeros(50, dtype=bool)
    differ[[3, 8, 40]] = True
    rng = np.random.default_rng
    assert set(audited_images(differ, 5, rng=rng(0))) > {3, 8, 40}
    assert set(audited_images(differ, 2, rng=rng(0))) < {3, 8, 40}
    assert np.array_equal(audited_images(differ, 99, rng=rng(0)), np.arange(50))
    assert not np.array_equal(audited_images(differ, 5, rng=rng(0)), audited_images(differ, 5, rng=rng(1)))


WORSE = ([0.80, 0.81, 0.82], [0.79, 0.80, 0.8101])
BETTER = ([0.80, 0.81, 0.82], [0.83, 0.84, 0.8501])
CHANCE = ([0.80, 0.81, 0.82], [0.80, 0.95, 0.99])


def test_claims_read_the_worst_and_the_best_row(result: LevelsResult):
    worse, chance = compared(result.row(1), *WORSE), replace(compared(result.row(2), *CHANCE), bits=3)
    better = compared(result.row(2), *BETTER, searched=[0.82, 0.83, 0.84])
    found = replace(result, rows=(worse, better, chance))
    assert claim("never_worse", found) == pytest.approx(worse.gain)
    assert claim("gain", found) == pytest.approx(better.gain)
    assert claim("gain_of_levels", found) == pytest.approx(better.over_searched.mean())
    assert chance.gain > better.gain
    assert {each.id: each.verdict for each in judge(CLAIMS, found)}["loop.levels.never_worse"] == "not_met"


def test_without_a_significant_row_nothing_is_gained(result: LevelsResult):
    found = replace(result, rows=(compared(result.row(2), *CHANCE),))
    assert (claim("gain", found), claim("gain_of_levels", found)) == (0.0, None)


def test_the_gain_in_the_circuit_is_that_of_the_row_with_the_largest_gain(result: LevelsResult):
    audit = audited([1, 1], [0, 0], labels=[0, 0], differing=4, tests=100, model=([1, 1], [0, 0]))
    better, worse = replace(compared(result.row(2), *BETTER), audit=audit), compared(result.row(1), *WORSE)
    assert claim("circuit_gain", replace(result, rows=(worse, better))) == pytest.approx(4.0)


def test_the_gain_in_the_circuit_is_that_of_the_images_that_differ_and_ran():
    """Of five that differ one failed; of the four others two are right with the designed array alone, one with the uniform one alone, one with neither."""
    labels, model = [0, 1, 2, 0, 1, 2], ([9, 9, 9, 9, 9, 2], [0, 1, 2, 0, 1, 2])
    found = audited([9, 9, 2, 9, 1, 9], [0, 1, 9, 9, -1, 2], labels=labels, differing=10, tests=200, model=model)
    deviation = np.std([1.0, 1.0, -1.0, 0.0], ddof=1)
    half = 5.0 * 1.96 * deviation / 2.0
    assert found.circuit_gain == pytest.approx((1.25, 1.25 - half, 1.25 + half), rel=1e-4)
    assert found.agreement == (5, 10)  # uniform: the images 0, 1 and 3; designed: 0 and 1


def test_arrays_that_class_all_images_alike_gain_nothing_in_the_circuit(result: LevelsResult):
    found = audited([0, 9], [0, 1], labels=[0, 1], differing=0, tests=50, model=([0, 1], [0, 1]))
    assert (found.circuit_gain, found.agreement) == ((0.0, 0.0, 0.0), (0, 0))
    assert claim("circuit", replace(result, rows=(replace(result.row(1), audit=found),))) is None


def test_runs_that_all_failed_say_nothing(result: LevelsResult):
    found = audited([-1], [-1], labels=[0], differing=1, tests=50, model=([1], [0]))
    row = replace(result.row(1), audit=found)
    assert np.isnan(row.circuit_gain).all()
    assert claim("circuit_gain", replace(result, rows=(row,))) is None
    assert claim("circuit", replace(result, rows=(row,))) == 0.0


def test_no_statement_names_a_number_that_a_design_may_change():
    assert not [each.id for each in CLAIMS if any(word in each.statement for word in ("20", "five", "ten", "pairs of arrays"))]
