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
from cosim.design import Design
from cosim.errors import DesignError
from cosim.snn.data import Examples, digits, split
from cosim.snn.encoding import LatencyCard
from cosim.snn.network import Layer, TrainedNetwork
from cosim.spice.engines import find_engine
from cosim.studies.loop import levels
from cosim.studies.loop.levels import CLAIMS, LevelsResult, LevelsRow, audited_images
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


def compared(row: LevelsRow, uniform: list[float], designed: list[float]) -> LevelsRow:
    return replace(row, accuracy={"uniform": np.array(uniform), "designed": np.array(designed)})


def test_each_number_of_bits_has_a_row_of_pairs(result: LevelsResult):
    assert [row.bits for row in result.rows] == [1, 2]
    for row in result.rows:
        assert row is result.row(row.bits)
        assert (len(row.uniform.levels), len(row.designed.levels)) == (2**row.bits, 2**row.bits)
        assert row.designed.loss <= row.uniform.loss
        for kind in ("uniform", "designed"):
            assert row.conductance[kind].shape == (DRAWS, 16, CLASSES)
            assert row.accuracy[kind].shape == (NETWORKS * DRAWS,)
            assert np.all((row.accuracy[kind] > 0.5) & (row.accuracy[kind] <= 1.0))
    assert 0.6 < result.analog <= 1.0


def test_cells_are_tuned_to_the_levels(result: LevelsResult):
    row = result.row(2)
    for kind, design in (("uniform", row.uniform), ("designed", row.designed)):
        nearest = np.abs(row.conductance[kind][..., None] / design.levels - 1.0).min(axis=-1)
        assert np.mean(nearest <= DESIGN.tuning.band) > 0.97
        assert np.ptp(row.conductance[kind], axis=0).max() > 0.0


def test_circuit_and_model_say_the_same_of_most_images(result: LevelsResult):
    for row in result.rows:
        equal, runs = row.audit.agreement
        assert runs == 2 * IMAGES
        assert equal >= runs - 1
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


def test_bits_that_the_band_cannot_tell_apart_are_refused_before_anything_runs(lab: Lab):
    wide = replace(DESIGN, loop=replace(DESIGN.loop, bits=(1.0, 6.0)))
    with pytest.raises(DesignError, match=r"^\[loop\], bits=6: must be <= 4, as bands of 3 % around more than 17 equal levels in 7\.5\.\.140 uS touch$"):
        levels.run(wide, lab)


def test_arrays_that_do_not_differ_have_a_p_value_of_one(result: LevelsResult):
    row = compared(result.row(1), [0.8, 0.9], [0.8, 0.9])
    assert (row.gain, row.p_value, row.interval) == (0.0, 1.0, (0.0, 0.0))


def test_a_difference_that_is_the_same_in_all_pairs_has_a_p_value_of_nil(result: LevelsResult):
    row = compared(result.row(1), [0.5, 0.75], [0.625, 0.875])
    assert (row.gain, row.p_value, row.interval) == (12.5, 0.0, (12.5, 12.5))


@given(seed=st.integers(0, 1000), shift=st.floats(-0.02, 0.02))
def test_the_interval_leaves_out_nil_where_the_p_value_is_below_a_twentieth(result: LevelsResult, seed: int, shift: float):
    rng = np.random.default_rng(seed)
    uniform = rng.uniform(0.7, 0.9, 8)
    row = compared(result.row(1), uniform.tolist(), (uniform + shift + 0.01 * rng.standard_normal(8)).tolist())
    low, high = row.interval
    assert low < row.gain < high
    assert (low > 0 or high < 0) == (row.p_value < 0.05)


def test_the_interval_of_networks_is_over_their_means(result: LevelsResult):
    row = replace(compared(result.row(1), [0.5] * 4, [0.51, 0.53, 0.55, 0.57]), networks=2)
    low, high = row.interval_of_networks
    assert (low + high) / 2 == pytest.approx(row.gain)
    assert high - row.gain == pytest.approx(12.706 * 2.0, rel=1e-4)  # Student's t of one degree of freedom, means of 2 and 6 points
    assert np.isnan(replace(row, networks=1).interval_of_networks).all()


def test_images_that_differ_are_audited_first():
    differ = np.zeros(50, dtype=bool)
    differ[[3, 8, 40]] = True
    rng = np.random.default_rng
    assert set(audited_images(differ, 5, rng=rng(0))) > {3, 8, 40}
    assert set(audited_images(differ, 2, rng=rng(0))) < {3, 8, 40}
    assert np.array_equal(audited_images(differ, 99, rng=rng(0)), np.arange(50))
    assert not np.array_equal(audited_images(differ, 5, rng=rng(0)), audited_images(differ, 5, rng=rng(1)))


def test_claims_read_the_worst_and_the_best_row(result: LevelsResult):
    worse = compared(result.row(1), [0.80, 0.81, 0.82], [0.79, 0.80, 0.8101])
    better = compared(result.row(2), [0.80, 0.81, 0.82], [0.83, 0.84, 0.8501])
    chance = compared(result.row(2), [0.80, 0.81, 0.82], [0.80, 0.95, 0.99])
    verdicts = {each.id: each for each in judge(CLAIMS, replace(result, rows=(worse, better, chance)))}
    assert verdicts["loop.levels.never_worse"].value == pytest.approx(worse.interval[1])
    assert verdicts["loop.levels.never_worse"].verdict == "not_met"
    assert verdicts["loop.levels.gain"].value == pytest.approx(better.gain)
    assert chance.gain > better.gain
    assert chance.p_value > 0.05
    assert 50.0 <= verdicts["loop.levels.circuit"].value <= 100.0


def test_without_a_significant_row_nothing_is_gained(result: LevelsResult):
    chance = compared(result.row(2), [0.80, 0.81, 0.82], [0.80, 0.95, 0.99])
    (gain,) = [each for each in CLAIMS if each.id.endswith(".gain")]
    assert gain.value(replace(result, rows=(chance,))) == 0.0


def test_contested_images_are_counted_where_one_kind_alone_is_right(result: LevelsResult):
    audit = replace(
        result.row(1).audit,
        labels=np.array([0, 1, 2, 0]),
        circuit={"designed": np.array([0, 1, 2, -1]), "uniform": np.array([0, 2, 1, 0])},
    )
    found = replace(result, rows=[replace(result.row(1), audit=audit)])
    assert found.contested == (2, 0)
    assert found.circuit_p_value == pytest.approx(0.25)
    assert replace(found, rows=[]).circuit_p_value == 1.0
