"""Images through the circuit: against the continuous model, with runs that fail, and from the store."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosim.circuits.corners import Corner, Mismatch
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.inference import START, STEP, TRACE_POINTS, CircuitScores, Hardware, analysis, infer, membranes
from cosim.codesign.network.mapping import MappedLayer, MappingPlan, map_weights
from cosim.errors import InputError
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.psp import continuous_psp
from cosim.snn.readout import membrane_maximum
from cosim.snn.timing import TimeConstants, Trapezoid
from cosim.spice.engines import Engine, find_engine
from cosim.status import Status
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store
from cosim.waves import Waves
from tests.cli.program import engine_script

ENGINE = find_engine("ngspice")
NOWHERE = Engine(ENGINE.kind, ("/nowhere/ngspice",), ENGINE.version)
LAB = Lab(engine=ENGINE, workers=2)
CARD, PARTS = load_neuron("two_pole"), Parts()
ROWS, COLUMNS, DURATION = 12, 3, 0.05
TIMES = latency_times(np.random.default_rng(11).uniform(0.0, 1.0, (4, ROWS)), LatencyCard())  # [s]


def mapped(outputs: int = COLUMNS) -> MappedLayer:
    weights = np.random.default_rng(3).uniform(0.0, 1.0, (ROWS, outputs))
    return map_weights(weights, PARTS.memristor, MappingPlan(), np.random.default_rng(0))


LAYER = mapped()
HARDWARE = Hardware(card=CARD, parts=PARTS, cells=LAYER.cells)


@pytest.fixture(scope="module")
def found() -> CircuitScores:
    return infer(HARDWARE, TIMES, LAB, duration=DURATION)


def model(times: np.ndarray) -> np.ndarray:
    psp = continuous_psp(TimeConstants(), Trapezoid())
    return membrane_maximum(psp, times, LAYER.weights, duration=DURATION - START).value


def test_peaks_are_those_of_the_continuous_model_but_for_one_scale(found: CircuitScores):
    expected = model(TIMES)
    assert expected.min() > 1.0
    scale = np.sum(expected * found.peaks) / np.sum(found.peaks**2)
    assert scale * found.peaks == pytest.approx(expected, rel=0.03)
    assert np.array_equal(found.classes, np.argmax(expected, axis=1))


def test_a_step_of_200_us_is_enough(found: CircuitScores):
    assert STEP == 200e-6
    fine = infer(HARDWARE, TIMES[:2], LAB, duration=DURATION, step=20e-6)
    assert np.abs(found.peaks[:2] - fine.peaks).max() < 8e-3 * fine.peaks.max()
    assert not np.array_equal(found.peaks[:2], fine.peaks)


def test_a_trace_is_kept_of_every_membrane(found: CircuitScores):
    assert found.traces.shape == (len(TIMES), TRACE_POINTS, COLUMNS)
    assert (found.time[0], found.time[-1]) == (0.0, DURATION)
    assert found.traces.max(axis=1) == pytest.approx(found.peaks, rel=0.01)
    assert found.traces[:, 0] == pytest.approx(np.zeros((len(TIMES), COLUMNS)), abs=1e-9)
    assert found.seconds > 0


def test_spikes_begin_after_the_start(found: CircuitScores):
    first = float(np.min(TIMES[0]))
    before = found.time < START + first
    assert np.abs(found.traces[0][before]).max() < 1e-3 * found.peaks[0].max()


def test_chosen_columns_are_those_of_the_whole(found: CircuitScores):
    some = infer(HARDWARE, TIMES[:1], LAB, duration=DURATION, columns=[2, 0])
    assert some.peaks.shape == (1, 2)
    assert some.peaks[0] == pytest.approx(found.peaks[0, [2, 0]], rel=0.01)


def test_ten_columns_and_more_keep_their_order():
    """``v(mem10)`` comes behind ``v(mem9)``, not behind ``v(mem1)``."""
    many = Hardware(card=CARD, parts=PARTS, cells=mapped(11).cells)
    whole = infer(many, TIMES[:1], LAB, duration=0.03).peaks[0]
    last = infer(many, TIMES[:1], LAB, duration=0.03, columns=[9, 10]).peaks[0]
    assert whole[9:] == pytest.approx(last, rel=0.01)
    assert abs(whole[9] / whole[1] - 1) > 0.03


def only_image_1() -> tuple[np.ndarray, str]:
    """Images of which only number 1 fires input 5, and the line of its deck."""
    times = np.full((3, ROWS), np.inf)
    times[:, 0], times[:, 1] = 2e-3, [3e-3, 4e-3, 5e-3]
    times[1, 5] = 6e-3
    return times, "^Vwl_5 "


def picky_engine(folder: Path, body: str) -> Engine:
    """The simulator, which does `body` in the place of a deck with input 5."""
    choose = f'for word in "$@"; do if [ -f "$word" ] && grep -q "{only_image_1()[1]}" "$word"; then {body}; fi; done'
    real = " ".join(shutil.which(each) or each for each in ENGINE.command)
    return Engine(ENGINE.kind, (str(engine_script(folder, f'{choose}\nexec {real} "$@"')),), ENGINE.version)


@pytest.mark.parametrize(("body", "status"), [("kill -SEGV $$", Status.crashed), ("sleep 60", Status.timeout)])
def test_a_run_that_fails_leaves_out_its_image_alone(tmp_path: Path, body: str, status: Status):
    times, _ = only_image_1()
    lab = Lab(engine=picky_engine(tmp_path, body), workers=2, timeout=3.0)
    scores = infer(HARDWARE, times, lab, duration=0.02)
    assert scores.done.tolist() == [True, False, True]
    assert np.isnan(scores.peaks[1]).all()
    assert np.isnan(scores.traces[1]).all()
    assert np.isfinite(scores.peaks[[0, 2]]).all()
    assert list(scores.failures) == [1]
    assert scores.failures[1].startswith(f"{status}, ")
    assert len(scores.failures[1]) > len(f"{status}, ")
    assert scores.classes.tolist() == [int(np.argmax(scores.peaks[0])), -1, int(np.argmax(scores.peaks[2]))]


def test_results_come_back_from_the_store(tmp_path: Path):
    with Store.open(tmp_path / "store") as store:
        first = infer(HARDWARE, TIMES[:2], Lab(engine=ENGINE, store=store, workers=2), duration=0.03)
    with Store.open(tmp_path / "store") as store:
        lab = Lab(engine=NOWHERE, store=store)
        again = infer(HARDWARE, TIMES[:2], lab, duration=0.03)
        other = infer(HARDWARE, TIMES[:2], lab, duration=0.03, step=100e-6)
    assert np.array_equal(again.peaks, first.peaks)
    assert np.array_equal(again.traces, first.traces)
    assert not other.done.any()  # another step is another run, and there is no simulator
    assert other.failures[0].startswith(f"{Status.engine_missing}, ")


def test_images_of_another_width_are_refused():
    with pytest.raises(InputError, match=r"^inference, times=shape \(4, 5\): must be of shape \(images, 12\)$"):
        infer(HARDWARE, TIMES[:, :5], LAB, duration=DURATION)


def test_the_analysis_is_made_for_currents_below_threshold():
    options = analysis(DURATION, 85.0).options
    assert (options.gmin, options.abstol, options.method, options.temperature) == (1e-15, 1e-15, "trap", 85.0)


def test_the_peak_is_counted_from_the_baseline():
    time = np.linspace(0.0, 1.0, 11)
    signals = {"v(mem2)": 5.0 + np.minimum(time, 0.5), "v(mem10)": 1.0 + 0 * time, "v(mem1)": 2.0 + 3.0 * time}
    waves = Waves(axis_name="time", axis=time, signals=signals, engine="ngspice", version="39", digest="", status=Status.ok)
    assert membranes(waves)["peak"] == pytest.approx([3.0, 0.5, 0.0])


def test_a_corner_reaches_the_circuit():
    hot = infer(replace(HARDWARE, corner=Corner(temperature=60.0)), TIMES[:1], LAB, duration=0.03)
    plain = infer(HARDWARE, TIMES[:1], LAB, duration=0.03)
    assert np.abs(hot.peaks / plain.peaks - 1).min() > 0.05


def gains(hardware: Hardware, columns: list[int] | None = None) -> np.ndarray:
    """Peaks with mismatch over those without, of two images."""
    plain = replace(hardware, mismatch=None)
    drawn, nominal = (infer(each, TIMES[:2], LAB, duration=0.03, columns=columns).peaks for each in (hardware, plain))
    return np.asarray(drawn / nominal)


SPREAD = Mismatch(a_vt=9e-9)


def test_mismatch_moves_the_columns_and_a_seed_is_a_chip():
    first = gains(replace(HARDWARE, mismatch=SPREAD, silent=True, seed=1))
    assert np.ptp(first[0]) > 0.02
    assert first[0] == pytest.approx(first[1], abs=0.02)
    assert np.abs(gains(replace(HARDWARE, mismatch=SPREAD, silent=True, seed=2)) - first).max() > 0.02


def test_a_chip_is_the_same_for_all_images_where_silent_cells_are_left_out():
    found = gains(replace(HARDWARE, mismatch=SPREAD, silent=False, seed=1))
    assert found[0] == pytest.approx(found[1], abs=0.02)


def test_a_column_simulated_alone_has_the_unit_of_the_whole_chip():
    hardware = replace(HARDWARE, mismatch=SPREAD, silent=True, seed=1)
    assert gains(hardware, columns=[2])[:, 0] == pytest.approx(gains(hardware)[:, 2], abs=0.02)


def test_an_image_without_a_spike_has_peaks_of_zero():
    times = TIMES[:2].copy()
    times[1] = np.inf
    peaks = infer(HARDWARE, times, LAB, duration=0.03).peaks
    assert peaks[0].min() > 5e-4
    assert peaks[1] == pytest.approx(np.zeros(COLUMNS), abs=1e-8)
