"""Yield of chips: ways to read that each take one kind of spread away, the trim DAC worked by hand, intervals, refusals."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.circuits.corners import Mismatch
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.columns import Columns, column_scores, measure_columns
from cosim.codesign.network.yields import WAYS, ChipYield, Trim, accuracy_of, chip_yield, goal_of, readings
from cosim.devices.opamp import load_opamp
from cosim.errors import CosimError
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.psp import continuous_psp
from cosim.snn.readout import GRID
from cosim.snn.timing import TimeConstants, Trapezoid
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

CHIPS, OUTPUTS, IMAGES, INPUTS = 2, 3, 40, 12
RNG = np.random.default_rng(4)
WEIGHTS = RNG.dirichlet(np.ones(INPUTS), OUTPUTS).T  # columns of one sum, so that each class comes up
TIMES = latency_times(RNG.uniform(0.0, 1.0, (IMAGES, INPUTS)), LatencyCard())
WAVE = 40e-3 * continuous_psp(TimeConstants(), Trapezoid()).at(np.arange(241) * GRID)
EQUAL = np.ones((CHIPS, OUTPUTS))


def chips(gains: np.ndarray = EQUAL, baselines: np.ndarray = EQUAL) -> Columns:
    """Chips of one potential, with factors on its gain, and on a baseline of 0.2 V."""
    return Columns(time=np.arange(len(WAVE)) * GRID, waves=gains[:, :, None] * WAVE, baselines=0.2 * baselines)


LABELS = np.argmax(column_scores(chips().chip(0), TIMES, WEIGHTS), axis=1)  # what equal columns say


def found(columns: Columns, trim: Trim | None = None) -> ChipYield:
    return chip_yield(columns, WEIGHTS, TIMES, LABELS, goal=0.99, trim=trim)


def test_equal_columns_lose_nothing_in_any_way():
    result = found(chips())
    assert list(result.accuracies) == list(WAYS)
    assert all(result.accuracies[way].tolist() == [1.0, 1.0] for way in ("absolute", "baseline"))
    assert result.accuracies["trimmed"].shape == (CHIPS,)
    assert np.bincount(LABELS).min() >= IMAGES / 8


def test_baselines_that_differ_cost_the_absolute_reading_alone():
    result = found(chips(baselines=np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 2.0]])))
    assert result.accuracies["absolute"][0] == 1.0
    assert result.accuracies["absolute"][1] == np.mean(LABELS == 2)
    assert result.accuracies["baseline"].tolist() == [1.0, 1.0]
    assert result.accuracies["trimmed_absolute"][1] == np.mean(LABELS == 2)


def test_gains_that_differ_are_trimmed_back():
    result = found(chips(gains=np.array([[1.0, 1.0, 1.0], [1.07, 0.93, 1.0]])), Trim(bits=10))
    assert result.accuracies["baseline"][1] < 0.9
    assert result.accuracies["trimmed"].tolist() == [1.0, 1.0]


def test_a_baseline_that_goes_with_the_gain_is_trimmed_with_it():
    factors = np.array([[1.0, 1.0, 1.0], [1.07, 0.93, 1.0]])
    result = found(chips(gains=factors, baselines=factors), Trim(bits=10))
    assert result.accuracies["absolute"][1] < 0.9
    assert result.accuracies["trimmed_absolute"].tolist() == [1.0, 1.0]


def test_a_gain_out_of_the_range_of_the_trim_stays_wrong():
    result = found(chips(gains=np.array([[1.0, 1.0, 1.0], [1.6, 0.7, 0.7]])))
    assert result.accuracies["trimmed"][1] < 0.9
    assert result.good("trimmed") == (1, 2)


def test_the_steps_of_the_trim_are_those_worked_by_hand():
    """Two bits: 0.9, 0.9667, 1.0333, 1.1; the mean of the gains is 1, so that 1.0417, 0.9804 and 0.9804 are wanted, and 1.25 in the other chip."""
    factors = Trim(bits=2, span=0.1).factors(np.array([[0.96, 1.02, 1.02], [0.8, 1.1, 1.1]]))
    assert factors == pytest.approx(np.array([[3.1 / 3, 2.9 / 3, 2.9 / 3], [1.1, 0.9, 0.9]]))


@given(gains=st.lists(st.floats(0.95, 1.04), min_size=2, max_size=6), bits=st.integers(3, 10))
def test_what_a_trim_leaves_is_at_most_half_of_a_step(gains: list[float], bits: int):
    values = np.array(gains)
    trim = Trim(bits=bits, span=0.15)
    left = trim.factors(values) - values.mean() / values
    assert np.abs(left).max() <= 0.5 * 0.3 / (2**bits - 1) + 1e-12


def test_the_yield_is_the_share_of_the_good_chips_with_its_interval():
    result = ChipYield(goal=0.9, accuracies={"absolute": np.array([0.9, 0.85, 0.95, 0.89])})
    assert result.good("absolute") == (2, 4)
    assert result.share("absolute") == 0.5
    assert result.interval("absolute") == pytest.approx((0.0676, 0.9324), abs=1e-4)


def test_a_good_chip_may_lose_one_point():
    scores = np.eye(4)[[0, 1, 2, 3, 0]]
    labels = np.array([0, 1, 2, 3, 3])
    assert accuracy_of(scores, labels) == 0.8
    assert goal_of(scores, labels) == pytest.approx(0.79)
    assert goal_of(scores, labels, tolerance=0.0) == 0.8


def test_each_chip_may_have_weights_of_its_own():
    swapped = np.stack([WEIGHTS, WEIGHTS[:, ::-1]])
    result = chip_yield(chips(), swapped, TIMES, LABELS, goal=0.99)
    assert result.accuracies["baseline"].tolist() == [1.0, np.mean(LABELS == 1)]


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: chip_yield(chips(), WEIGHTS, TIMES, LABELS, goal=93.0), "chip yield, goal=93: must be within 0..1"),
        (
            lambda: chip_yield(chips(), WEIGHTS, TIMES, LABELS[:-1], goal=0.9),
            "chip yield, labels=shape (39,): must be of shape (40,), one for each image, at least one",
        ),
        (
            lambda: chip_yield(chips(), np.stack([WEIGHTS] * 3), TIMES, LABELS, goal=0.9),
            "chip yield, weights=of 3 chips: must be of 2, as the columns, or one array for all",
        ),
        (lambda: goal_of(np.eye(2), np.arange(2), tolerance=1.5), "chip yield, tolerance=1.5: must be within 0..1"),
        (lambda: Trim(bits=0), "trim, bits=0: must be within 1..16"),
        (lambda: Trim(span=1.0), "trim, span=1: must be > 0 and < 1"),
    ],
)
def test_what_has_no_yield_is_refused_in_one_line(make, line: str):
    with pytest.raises(CosimError, match=f"^{re.escape(line)}$"):
        make()


def test_drawn_units_are_trimmed_to_one_gain():
    parts = Parts(opamp=load_opamp("opamp_micropower"))
    lab = Lab(engine=find_engine("ngspice"), workers=2)
    drawn = measure_columns(load_neuron("robust_array"), parts, lab, chips=CHIPS, outputs=OUTPUTS, mismatch=Mismatch(a_vt=9e-9), seed=5)
    trimmed = drawn.gains * Trim().factors(drawn.gains)
    before, after = (np.ptp(each, axis=1) / each.mean(axis=1) for each in (drawn.gains, trimmed))
    assert before.max() > 0.01
    assert after.max() < 0.0075
    read = readings(drawn.chip(0), TIMES, WEIGHTS)
    assert read["absolute"] - read["baseline"] == pytest.approx(np.tile(drawn.baselines[0], (IMAGES, 1)))
    assert read["trimmed"] / read["baseline"] == pytest.approx(np.tile(trimmed[0] / drawn.gains[0], (IMAGES, 1)))
