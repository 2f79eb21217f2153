"""Units of drawn chips as potentials: the draws of the array, superposition against the closed form and against the circuit, refusals."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosim.circuits.corners import NOMINAL, Corner, Mismatch
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.layer import Cells
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.columns import DURATION, Columns, column_scores, measure_columns, potentials, unit_response
from cosim.codesign.network.inference import Hardware, infer
from cosim.codesign.network.mapping import MappedLayer, MappingPlan, map_weights
from cosim.devices.opamp import load_opamp
from cosim.errors import CosimError, InputError, SimulationError
from cosim.snn.data import digits, split
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.psp import continuous_psp
from cosim.snn.readout import GRID, membrane_maximum
from cosim.snn.timing import TimeConstants, Trapezoid
from cosim.spice.engines import Engine, find_engine
from cosim.status import Status
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store
from cosim.waves import Waves

ENGINE = find_engine("ngspice")
NOWHERE = Engine(ENGINE.kind, ("/nowhere/ngspice",), ENGINE.version)
LAB = Lab(engine=ENGINE, workers=2)
CARD, PARTS = load_neuron("robust_array"), Parts(opamp=load_opamp("opamp_micropower"))
SPREAD = Mismatch(a_vt=9e-9)
SEED, CHIPS, OUTPUTS = 5, 2, 3


def measured(*, lab: Lab = LAB, chips: int = CHIPS, outputs: int = OUTPUTS, mismatch: Mismatch = SPREAD, seed: int = SEED) -> Columns:
    return measure_columns(CARD, PARTS, lab, chips=chips, outputs=outputs, mismatch=mismatch, seed=seed)


@pytest.fixture(scope="module")
def drawn() -> Columns:
    return measured()


@pytest.fixture(scope="module")
def nominal() -> Columns:
    return unit_response(CARD, PARTS, NOMINAL, LAB, outputs=OUTPUTS)


def made(waves: np.ndarray, baselines: np.ndarray | None = None) -> Columns:
    """Columns of potentials that are given."""
    waves = np.asarray(waves, dtype=float)
    return Columns(time=np.arange(waves.shape[2]) * GRID, waves=waves, baselines=np.zeros(waves.shape[:2]) if baselines is None else baselines)


def test_a_chip_has_a_potential_and_a_baseline_for_each_column(drawn: Columns):
    assert drawn.waves.shape == (CHIPS, OUTPUTS, round(DURATION / GRID) + 1)
    assert drawn.baselines.shape == drawn.gains.shape == drawn.decays.shape == (CHIPS, OUTPUTS)
    assert (len(drawn), drawn.seeds) == (CHIPS, (SEED, SEED + 1))
    assert (drawn.time[0], drawn.time[-1]) == pytest.approx((0.0, DURATION))
    assert drawn.seconds > 0
    assert np.abs(drawn.waves[:, :, 0]).max() < 1e-3 * drawn.gains.min()


def test_the_nominal_unit_has_the_numbers_of_its_card(nominal: Columns):
    assert nominal.gains == pytest.approx(np.full((1, OUTPUTS), 37e-3), rel=0.02)
    assert nominal.baselines == pytest.approx(np.full((1, OUTPUTS), 188e-3), rel=0.02)
    assert nominal.decays == pytest.approx(np.full((1, OUTPUTS), 15e-3), rel=0.03)
    assert nominal.seeds == ()


def test_mismatch_moves_gain_decay_and_baseline_of_every_column(drawn: Columns, nominal: Columns):
    for name in ("gains", "decays", "baselines"):
        moved = getattr(drawn, name) / getattr(nominal, name) - 1
        assert 1e-3 < np.std(moved) < 0.05
        assert len(np.unique(moved)) == CHIPS * OUTPUTS


def test_the_next_chip_has_the_next_seed(drawn: Columns):
    second = measured(chips=1, seed=SEED + 1)
    assert second.waves[0] == pytest.approx(drawn.waves[1], abs=1e-12)
    assert np.array_equal(drawn.chip(1).waves, drawn.waves[1:])
    assert drawn.chip(1).seeds == (SEED + 1,)


def test_a_column_is_drawn_by_its_number_whatever_stands_beside_it(drawn: Columns):
    alone = measured(chips=1, outputs=1)
    assert alone.gains[0, 0] == pytest.approx(drawn.gains[0, 0], rel=1e-4)
    assert np.abs(alone.gains[0, 0] / drawn.gains[0, 1:] - 1).max() > 5e-3


def test_without_spread_every_column_is_the_nominal_unit(nominal: Columns):
    assert measured(chips=1, mismatch=Mismatch()).waves == pytest.approx(nominal.waves, abs=1e-4 * nominal.gains.max())


def test_temperature_and_offset_reach_the_nominal_unit(nominal: Columns):
    warm = unit_response(CARD, PARTS, Corner(temperature=60.0), LAB)
    assert 1.01 < warm.gains[0, 0] / nominal.gains[0, 0] < 1.06
    moved = unit_response(CARD, replace(PARTS, offsets=(0.0, 1e-3)), NOMINAL, LAB)
    assert moved.baselines[0, 0] - nominal.baselines[0, 0] > 5e-3
    assert moved.gains[0, 0] == pytest.approx(nominal.gains[0, 0], rel=0.02)


def test_results_come_back_from_the_store(tmp_path: Path, drawn: Columns):
    with Store.open(tmp_path / "store") as store:
        first = measured(lab=Lab(engine=ENGINE, store=store, workers=2))
    with Store.open(tmp_path / "store") as store:
        again = measured(lab=Lab(engine=NOWHERE, store=store))
    assert np.array_equal(again.waves, first.waves)
    assert np.array_equal(again.baselines, first.baselines)


def test_a_chip_whose_run_fails_is_named():
    with pytest.raises(SimulationError, match=rf"^columns, chip={SEED}: {Status.engine_missing}, "):
        measured(lab=Lab(engine=NOWHERE), chips=1, outputs=1)


def test_the_potential_begins_with_the_spike_and_lies_over_the_baseline():
    time = np.linspace(0.0, 5e-3, 51)
    ramp = np.maximum(time - 1e-3, 0.0)
    signals = {"v(mem10)": 1.0 + 2.0 * ramp, "v(mem2)": 3.0 + ramp}
    found = potentials(Waves(axis_name="time", axis=time, signals=signals, engine="ngspice", version="39", digest="", status=Status.ok))
    assert found["baseline"] == pytest.approx([3.0, 1.0])
    assert found["wave"].shape == (2, 17)
    assert found["wave"][:, -1] == pytest.approx([4e-3, 8e-3])


def test_a_sum_of_two_spikes_is_the_one_worked_by_hand():
    """A triangle of height 1 at step 1, and a plateau of 2 up to step 2; spikes at step 0 through 0.5, and at step 1 through 1."""
    columns = made([[[0.0, 1.0, 0.0, 0.0], [2.0, 2.0, 2.0, 0.0]]])
    times = np.array([[0.0, GRID], [np.inf, 0.0], [0.0, 0.0], [np.inf, np.inf]])
    weights = np.array([[0.5, 0.5], [1.0, 1.0]])
    assert column_scores(columns, times, weights) == pytest.approx(np.array([[1.0, 3.0], [1.0, 2.0], [1.5, 3.0], [0.0, 0.0]]))
    assert column_scores(columns, times[3:], weights).tolist() == [[0.0, 0.0]]


def test_a_sum_of_closed_potentials_has_the_maximum_of_the_network():
    psp = continuous_psp(TimeConstants(), Trapezoid())
    gains = np.array([0.02, 0.03, 0.05])
    columns = made(gains[None, :, None] * psp.at(np.arange(241) * GRID))
    rng = np.random.default_rng(0)
    times = latency_times(rng.uniform(0.0, 1.0, (70, 16)), LatencyCard())
    weights = rng.uniform(0.0, 1.0, (16, 3))
    expected = gains * membrane_maximum(psp, times, weights, duration=0.06).value
    assert expected.min() > 0.01
    assert column_scores(columns, times, weights) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: measured(chips=0), "columns, chips=0: must be >= 1"),
        (lambda: measured(outputs=0), "columns, outputs=0: must be >= 1"),
        (lambda: column_scores(made(np.ones((2, 1, 4))), np.zeros((1, 1)), np.ones((1, 1))), "column scores, chips=2: must be 1; take one with `Columns.chip`"),
        (
            lambda: column_scores(made(np.ones((1, 2, 4))), np.zeros((1, 3)), np.ones((3, 1))),
            "column scores, weights=shape (3, 1): must be of shape (inputs, 2), for times of shape (1, 3)",
        ),
        (
            lambda: column_scores(made(np.ones((1, 1, 4))), np.zeros((1, 1)), -np.ones((1, 1))),
            "column scores, weights=-1: must be >= 0; the units of pairs carry no negative current in full",
        ),
        (
            lambda: column_scores(made([[[0.0, 1.0, 0.0]]]), np.array([[0.5 * GRID, 2 * GRID]]), np.ones((2, 1))),
            "column scores, times=0.0005: must be <= 0.00025 s, from where on a potential ends before its peak",
        ),
        (
            lambda: made(np.ones((1, 1, 4)), np.ones((1, 2))),
            "columns, shapes of time, waves and baselines=(4,), (1, 1, 4) and (1, 2): must be (points,), (chips, outputs, points) and (chips, outputs)",
        ),
    ],
)
def test_what_is_no_chip_is_refused_in_one_line(make, line: str):
    with pytest.raises(CosimError, match=f"^{re.escape(line)}$") as caught:
        make()
    assert isinstance(caught.value, InputError)


TRAIN, TEST = split(digits(), seed=1)
IMAGES = 3


def mean_digits() -> MappedLayer:
    """An array whose columns are the mean images of three digits."""
    means = np.stack([TRAIN.pixels[TRAIN.labels == digit].mean(axis=0) for digit in range(OUTPUTS)], axis=1)
    columns = means / np.linalg.norm(means, axis=0)
    return map_weights(columns / columns.max(), PARTS.memristor, MappingPlan(), np.random.default_rng(0))


@pytest.mark.slow
def test_a_chip_simulated_whole_has_the_peaks_of_its_columns(drawn: Columns, nominal: Columns):
    """Drawn and nominal chip lose proportionality alike: a common scale, 3 % about it; what mismatch adds is right within 0.4 %."""
    layer, times = mean_digits(), latency_times(TEST.pixels[:IMAGES], LatencyCard())
    plain = Hardware(card=CARD, parts=PARTS, cells=layer.cells)
    peaks, ideal = (infer(each, times, LAB, duration=DURATION).peaks for each in (replace(plain, mismatch=SPREAD, seed=SEED), plain))
    sums, equal = (column_scores(each, times, layer.weights) for each in (drawn.chip(0), nominal))
    scale = np.sum(peaks * sums) / np.sum(sums**2)
    assert 1.03 < scale < 1.12
    assert np.abs(peaks - scale * sums).max() < 0.035 * peaks.max()
    assert np.std(peaks / ideal) > 5e-3
    assert peaks / ideal == pytest.approx(sums / equal, rel=4e-3)


def together(name: str, corner: Corner = NOMINAL) -> dict[int, float]:
    """Cells of full weight that conduct at once -> peak over their number [V]."""
    found = {}
    for rows in (4, 8):
        hardware = Hardware(card=load_neuron(name), parts=PARTS, cells=Cells(states=np.ones((rows, 1))), corner=corner)
        found[rows] = float(infer(hardware, np.zeros((1, rows)), LAB, duration=0.03).peaks[0, 0]) / rows
    return found


def test_the_card_of_the_array_follows_eight_full_weights_where_that_of_one_input_clips():
    array, single = together("robust_array"), together("robust")
    assert 1.0 < array[8] / array[4] < 1.05
    assert single[8] / single[4] < 0.9


def test_the_lowest_supply_of_the_card_of_the_array_bears_eight_full_weights():
    low = together("robust_array", Corner(supply=CARD.least_supply / CARD.supply))
    assert low[8] == pytest.approx(together("robust_array")[8], rel=3e-3)
