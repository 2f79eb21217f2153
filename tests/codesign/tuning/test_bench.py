"""The bench: a design's numbers in the controllers, and its targets tuned either way."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.codesign.tuning.bench import Bench
from cosim.codesign.tuning.controllers import PaperController, SlopeController
from cosim.codesign.tuning.tune import Outcome
from cosim.design import Design
from cosim.errors import DeviceError
from tests.codesign.tuning.cells import DESIGN, LAB


def design(**changes: object) -> Design:
    """The paper's, with three targets and whatever else."""
    return replace(DESIGN, tuning=replace(DESIGN.tuning, **{"targets": (30e-6, 90e-6, 150e-6), **changes}))  # type: ignore[arg-type]


def test_the_controllers_carry_the_numbers_of_the_design():
    chosen = design(band=0.05, step=20e-3, back_off=0.02, reads=7, resolution=2e-3, noise=0.01)
    paper, slope = (Bench.of(chosen, LAB, controller=name, twin=True) for name in ("paper", "slope"))
    assert paper.controller == PaperController(band=0.05, step=20e-3, back_off=0.02, reads=7)
    assert slope.controller == SlopeController(band=0.05, resolution=2e-3, deviation=0.01)
    assert (paper.step, slope.step) == (20e-3, 2e-3)
    assert paper.most_pulses == DESIGN.tuning.most_pulses
    assert Bench.of(design(band=0.01), LAB, twin=True).most_pulses == DESIGN.tuning.most_pulses_strict


def test_under_correlated_noise_the_controller_knows_it_and_waits():
    made = Bench.of(design(correlation_time=5.0), LAB, correlated=True, twin=True)
    assert made.noise.correlation_time == 5.0
    assert isinstance(made.controller, SlopeController)
    assert (made.controller.correlation_time, made.controller.spacing) == (5.0, 5.0)
    assert Bench.of(design(), LAB, twin=True).noise.correlation_time == 0.0


def test_the_most_reads_of_a_decision_may_be_less_than_a_batch():
    made = Bench.of(design(), LAB, most_reads=3, twin=True).controller
    assert isinstance(made, SlopeController)
    assert (made.batch, made.most) == (3, 3)


def test_targets_end_alike_by_the_twin_and_by_spice():
    fast, slow = (Bench.of(design(), LAB, twin=twin) for twin in (True, False))
    assert (fast.by_twin, slow.by_twin) == (True, False)
    one, other = fast.tune(), slow.tune()
    assert one.outcome == other.outcome == (Outcome.reached,) * 3
    assert one.conductance == pytest.approx(other.conductance, rel=0.01)
    assert (str(slow), str(fast)[:4]) == (f"{LAB.engine}, band 3 %, white noise of 2 %, seed 1", "twin")


def test_an_array_is_tuned_and_audited():
    made = Bench.of(design(wire_resistance=2.0), LAB, twin=True)
    array = made.tune_array(3, 2)
    assert array.traces.outcome == (Outcome.reached,) * 6
    assert 30e-6 <= array.traces.target.min() < array.traces.target.max() <= 150e-6
    assert 0.0 < made.audit(array, cells=3) <= 0.01


def test_the_resolvable_band_follows_the_step():
    made, finer = (Bench.of(design(step=step), LAB, controller="paper", twin=True) for step in (10e-3, 5e-3))
    assert [target for target, _ in made.resolvable()] == [30e-6, 90e-6, 150e-6]
    assert np.array(made.resolvable())[:, 1] == pytest.approx(2.0 * np.array(finer.resolvable())[:, 1])


def test_mos_is_tuned_in_spice():
    lowest = replace(design(targets=(100e-6, 200e-6)), cell=replace(DESIGN.cell, body="lowest"))
    made = Bench.of(lowest, LAB, orientation="mos")
    assert made.curve.conductance[0] > 200e-6
    assert made.tune().outcome == (Outcome.reached,) * 2


def test_a_target_outside_of_the_window_is_refused_before_the_tuning():
    with pytest.raises(DeviceError, match=r"^tuning, target=0\.0009: must be within 5\.7e-06\.\.0\.000756 S, the window of the cell$"):
        Bench.of(design(targets=(30e-6, 900e-6)), LAB, twin=True)
