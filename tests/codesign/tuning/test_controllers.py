"""Controllers: what they decide from reads, and the amplitudes that follow; worked by hand on a curve that falls two e-folds a volt."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.codesign.tuning.controllers import ABOVE, ACCEPT, BELOW, Controller, PaperController, SlopeController
from cosim.errors import DeviceError
from tests.codesign.tuning.cells import LINE

ONE = np.array([0])
PAPER = PaperController(band=0.03, back_off=0.05, reads=3)
SLOPE = SlopeController(band=0.04, deviation=0.02, most=40)
CONTROLLERS: dict[str, Controller] = {"paper": PAPER, "slope": SLOPE}


@dataclass
class Script:
    """A reader that shows these relative errors, over and over; `asked` notes (reads, spacing)."""

    errors: list[float]
    asked: list[tuple[int, float]] = field(default_factory=list)

    def read(self, index: np.ndarray, conductance: np.ndarray, *, reads: int, spacing: float) -> np.ndarray:
        """The same for all lanes."""
        self.asked.append((reads, spacing))
        return conductance[:, None] * (1.0 + np.resize(self.errors, reads))


def decided(controller: Controller, *errors: float) -> tuple[int, float, float]:
    """Verdict, relative error of the estimate, and seconds for reads of a target of 50 uS."""
    verdict, estimate, time = controller.decide(Script(list(errors)), ONE, np.array([5e-5]), np.array([5e-5]))
    return int(verdict[0]), float(estimate[0] / 5e-5 - 1.0), float(time[0])


def test_the_curve_and_its_inverse():
    assert LINE.voltage(np.array([1e-4, 1e-4 * np.exp(-1.0)])) == pytest.approx([0.5, 1.0])
    assert LINE.after(np.array([0.5, 1.0])) == pytest.approx([1e-4, 1e-4 * np.exp(-1.0)])
    assert LINE.sensitivity(np.array([1e-4, 5e-5, 2e-5])) == pytest.approx([2.0, 2.0, 2.0])


def test_the_paper_begins_below_the_nominal_voltage_steps_evenly_and_begins_there_again():
    target = np.array([1e-4 * np.exp(-1.0), 9.9e-5])
    memory, both = PAPER.begin(target, LINE), np.arange(2)
    seen = [PAPER.descend(memory, both, target * 1.5, target, LINE) for _ in range(3)]
    assert np.stack(seen)[:, 0] == pytest.approx([0.95, 0.96, 0.97])
    assert np.stack(seen)[:, 1] == pytest.approx([0.50, 0.51, 0.52])  # the curve has no lower voltage
    PAPER.restart(memory, ONE, target[:1], target[:1], LINE)
    assert PAPER.descend(memory, both, target * 1.5, target, LINE) == pytest.approx([0.95, 0.53])


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ((0.0, 0.0, 0.0), ACCEPT),
        ((0.029, -0.029, 0.029), ACCEPT),
        ((0.0, 0.0, 0.031), ABOVE),  # one read outside: not accepted, though the mean is inside
        ((0.0, 0.0, -0.031), BELOW),
        ((0.2, -0.05, 0.0), ABOVE),
        ((-0.2, 0.05, 0.0), BELOW),
    ],
)
def test_the_paper_accepts_only_when_all_reads_lie_inside(errors: tuple[float, ...], verdict: int):
    assert decided(PAPER, *errors) == (verdict, pytest.approx(np.mean(errors), abs=1e-12), pytest.approx(0.03))


def test_one_read_is_a_rule_too():
    assert decided(PaperController(band=0.03, reads=1), 0.02)[0] == ACCEPT
    assert decided(PaperController(band=0.03, reads=1), 0.04)[0] == ABOVE


@pytest.mark.parametrize(
    ("error", "verdict", "reads"),
    [
        (0.0, ACCEPT, 4),  # 3 errors of 2 % / sqrt(4) are 3 %
        (0.02, ACCEPT, 12),
        (0.0299, ACCEPT, 36),
        (0.08, ABOVE, 4),
        (-0.08, BELOW, 4),
        (0.06, ABOVE, 12),
        (0.039, ABOVE, 40),  # never sure: in the outer half of the band it goes on
        (-0.039, BELOW, 40),
    ],
)
def test_the_slope_controller_reads_until_it_is_sure(error: float, verdict: int, reads: int):
    assert decided(SLOPE, error) == (verdict, pytest.approx(error), pytest.approx(reads * 0.01))


def test_at_the_last_read_the_inner_half_of_the_band_is_accepted():
    unsure = SlopeController(band=0.01, deviation=0.02, most=8)
    assert decided(unsure, 0.004) == (ACCEPT, pytest.approx(0.004), pytest.approx(0.08))
    assert decided(unsure, 0.006)[0] == ABOVE


def test_correlated_noise_makes_it_read_more_and_wait_between_reads():
    waiting = SlopeController(band=0.04, deviation=0.02, correlation_time=3.0, spacing=3.0, most=400)
    verdict, _, time = decided(waiting, 0.02)
    assert verdict == ACCEPT
    assert time == pytest.approx(20 * 3.0)  # white noise: 12 reads
    assert decided(SlopeController(band=0.04, deviation=0.02, correlation_time=3.0, most=40), 0.0)[2] == pytest.approx(0.4)  # close reads never convince


def test_lanes_are_decided_each_by_its_own_reads():
    target = np.full(3, 5e-5)
    verdict, estimate, time = SLOPE.decide(Script([0.0]), np.arange(3), np.array([5e-5, 5.4e-5, 4.9e-5]), target)  # 0, 8 and -2 %
    assert verdict.tolist() == [ACCEPT, ABOVE, ACCEPT]
    assert time == pytest.approx([0.04, 0.04, 0.12])
    assert estimate == pytest.approx([5e-5, 5.4e-5, 4.9e-5])


def test_the_second_pulse_knows_the_device():
    target, factor = np.array([4e-5]), 0.9
    memory = SLOPE.begin(target, LINE)
    first = SLOPE.descend(memory, ONE, target, target, LINE)
    assert first == pytest.approx(LINE.voltage(target * 1.25), abs=5e-4)
    seen = factor * LINE.after(first)
    assert seen > target
    second = SLOPE.descend(memory, ONE, seen, target, LINE)
    assert factor * LINE.after(second) == pytest.approx(target * (1 + 0.2 * 0.04), rel=1.5e-3)  # 0.2 bands above, within half of 1 mV


def test_after_an_overshoot_the_next_descent_begins_above_the_target():
    target, factor = np.array([4e-5]), 0.5
    memory = SLOPE.begin(target, LINE)
    first = SLOPE.descend(memory, ONE, target, target, LINE)
    seen = factor * LINE.after(first)
    assert seen < 0.96 * target
    SLOPE.restart(memory, ONE, seen, target, LINE)
    again = SLOPE.descend(memory, ONE, np.array([2e-4]), target, LINE)
    assert factor * LINE.after(again) == pytest.approx(target * (1 + 1.5 * 0.04), rel=1.5e-3)


def test_a_set_that_ends_below_changes_nothing_of_the_next_descent():
    target = np.array([4e-5])
    memory = SLOPE.begin(target, LINE)
    first = memory.first.copy()
    SLOPE.restart(memory, ONE, target * 0.5, target, LINE)
    assert np.array_equal(memory.first, first)
    assert memory.fresh.all()


@given(
    target=st.floats(1.5e-5, 9e-5),
    factors=st.lists(st.floats(0.3, 3.0), min_size=1, max_size=12),
    resolution=st.sampled_from([1e-3, 2e-3, 10e-3, 50e-3]),
)
def test_within_a_descent_amplitudes_only_rise_and_are_multiples_of_the_resolution(target: float, factors: list[float], resolution: float):
    controller, wanted = SlopeController(band=0.03, resolution=resolution), np.array([target])
    memory = controller.begin(wanted, LINE)
    seen = [float(controller.descend(memory, ONE, wanted * factor, wanted, LINE)[0]) for factor in factors]
    assert np.all(np.diff(seen) > 0.99 * resolution)
    assert np.array(seen) / resolution == pytest.approx(np.round(np.array(seen) / resolution), abs=1e-6)


@pytest.mark.parametrize("name", CONTROLLERS)
def test_every_controller_leaves_the_other_lanes_alone(name: str):
    controller, target = CONTROLLERS[name], np.array([4e-5, 5e-5, 6e-5])
    memory = controller.begin(target, LINE)
    assert memory.fresh.all()
    controller.descend(memory, np.array([1]), target[1:2] * 1.2, target[1:2], LINE)
    assert memory.fresh.tolist() == [True, False, True]
    last = memory.last.copy()
    controller.restart(memory, np.array([1]), target[1:2] * 0.5, target[1:2], LINE)
    assert memory.fresh.all()
    assert np.array_equal(memory.last, last)
    assert np.array_equal(memory.first[[0, 2]], controller.begin(target, LINE).first[[0, 2]])


REFUSED = {
    "band": (lambda: PaperController(band=0.0), "controller, band=0: must be > 0 and < 1"),
    "no band": (lambda: SlopeController(band=float("nan")), "controller, band=nan: must be > 0 and < 1"),
    "reads": (lambda: PaperController(band=0.1, reads=0), "controller, reads=0: must be >= 1"),
    "batch": (lambda: SlopeController(band=0.1, batch=0), "controller, reads=0: must be >= 1"),
    "step": (lambda: PaperController(band=0.1, step=0.0), "paper's controller, step=0: must be > 0 V"),
    "resolution": (lambda: SlopeController(band=0.1, resolution=0.0), "slope controller, resolution=0: must be > 0"),
    "confidence": (lambda: SlopeController(band=0.1, confidence=-1.0), "slope controller, confidence=-1: must be > 0"),
    "spacing": (lambda: SlopeController(band=0.1, spacing=0.0), "slope controller, spacing=0: must be > 0"),
    "deviation": (lambda: SlopeController(band=0.1, deviation=-0.1), "slope controller, deviation=-0.1: must be >= 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_impossible_controller_is_named(case: str):
    make, message = REFUSED[case]
    with pytest.raises(DeviceError) as caught:
        make()
    assert str(caught.value) == message
