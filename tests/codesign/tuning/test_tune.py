"""The loop: how traces end, what is counted, and that noise is never off."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from cosim.codesign.tuning.controllers import ABOVE, ACCEPT, BELOW, Memory, NominalCurve, PaperController, SlopeController
from cosim.codesign.tuning.pulses import Lanes, nominal
from cosim.codesign.tuning.reading import NoisyReader
from cosim.codesign.tuning.tune import Outcome, Traces, nominal_curve, resolvable_band, tune
from cosim.devices.memristor.read_noise import ReadNoise, flat
from cosim.errors import DeviceError
from tests.codesign.tuning.cells import DESIGN, LINE, SHAPE, Stub, curve, drawn, spice, twin

QUIET = flat(0.0)
TARGETS = np.array([2e-5, 4e-5, 6e-5, 8e-5])


@dataclass(frozen=True)
class Scripted:
    """Pulses and verdicts by lane, whatever it reads; a lane whose script is over is accepted, one without a script never."""

    scripts: tuple[tuple[float, ...], ...]
    band: float = 0.03

    def begin(self, target: np.ndarray, curve: NominalCurve) -> Memory:
        """`last` counts the pulses of each lane."""
        return Memory(np.zeros(len(target)), self.done, np.ones(len(target), dtype=bool))

    def decide(self, reader: NoisyReader, index: np.ndarray, conductance: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A quarter of a second each."""
        left = [self.scripts[lane][int(self.done[lane]) :] for lane in index]
        verdict = np.array(
            [BELOW if not self.scripts[lane] or (rest and rest[0] > 0) else ABOVE if rest else ACCEPT for lane, rest in zip(index, left, strict=True)]
        )
        return verdict, conductance, np.full(len(index), 0.25)

    def descend(self, memory: Memory, index: np.ndarray, estimate: np.ndarray, target: np.ndarray, curve: NominalCurve) -> np.ndarray:
        """The magnitude that the script names."""
        chosen = np.array([-self.scripts[lane][int(self.done[lane])] for lane in index])
        self.done[index] += 1
        return chosen

    def restart(self, memory: Memory, index: np.ndarray, estimate: np.ndarray, target: np.ndarray, curve: NominalCurve) -> None:
        """On to the next pulse."""
        self.done[index] += 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "done", np.zeros(len(self.scripts)))


def tuned(controller: object, target: np.ndarray, *, noise: ReadNoise = QUIET, lanes: Lanes | None = None, seed: int = 1, most: int = 60) -> Traces:
    """On the stub."""
    lanes = lanes or nominal(len(target))
    return tune(Stub(), controller, target, noise=noise, curve=LINE, lanes=lanes, rng=np.random.default_rng(seed), most_pulses=most)  # type: ignore[arg-type]


def test_traces_are_classified_by_the_true_conductance():
    volts = LINE.voltage(np.full(4, 5e-5))
    scripts = ((-volts[0],), (-volts[1],), (-volts[2],), ())
    found = tuned(Scripted(scripts), np.array([5e-5, 5e-5 * 0.98, 5e-5 * 0.96, 5e-5]), most=7)
    assert found.outcome == (Outcome.reached, Outcome.reached, Outcome.false_success, Outcome.not_reached)
    assert found.inside.tolist() == [True, True, False, False]
    assert [found.share(each) for each in Outcome] == [0.5, 0.25, 0.25]
    assert found.conductance == pytest.approx([5e-5, 5e-5, 5e-5, 2e-4])


def test_pulses_sets_time_and_energy_add_up():
    scripts = ((-0.6,), (-0.6, -0.7, 2.0, -0.8), ())
    found = tuned(Scripted(scripts), np.full(3, 5e-5), most=9)
    assert found.pulses.tolist() == [2, 5, 9]  # the first set among them
    assert found.sets.tolist() == [1, 2, 9]
    assert found.energy == pytest.approx([2e-6, 5e-6, 9e-6])
    assert found.time == pytest.approx(found.pulses * SHAPE.duration + 0.25 * found.pulses)
    assert np.isfinite(found.amplitudes).sum(axis=0).tolist() == [2, 5, 9]
    assert found.amplitudes[:5, 1].tolist() == [2.0, -0.6, -0.7, 2.0, -0.8]
    assert found.conductances[:5, 1] == pytest.approx([2e-4, *LINE.after(np.array([0.6, 0.7])), 2e-4, LINE.after(np.array([0.8]))[0]])
    assert np.array_equal(np.isfinite(found.amplitudes), np.isfinite(found.conductances))


def test_a_trace_that_is_inside_but_was_never_accepted_is_not_reached():
    found = tuned(PaperController(band=1e-9, reads=1, step=1e-2), np.array([1e-4 * np.exp(-1.0)]), noise=flat(0.02), most=6)
    assert found.outcome == (Outcome.not_reached,)
    assert found.pulses.tolist() == [6]


@pytest.mark.parametrize("controller", [PaperController(band=0.03), SlopeController(band=0.03, deviation=0.0)])
def test_without_noise_the_true_conductance_of_every_lane_is_reached(controller: object):
    lanes = Lanes(np.array([0.9, 0.95, 1.0, 1.05]), np.ones(4), np.zeros(4))
    found = tuned(controller, TARGETS, lanes=lanes)
    assert found.outcome == (Outcome.reached,) * 4
    assert np.max(np.abs(found.conductance / TARGETS - 1.0)) <= 0.03


def test_lanes_that_end_at_different_times_do_not_disturb_each_other():
    lanes = Lanes(np.array([0.93, 1.0, 1.3, 1.6]), np.ones(4), np.zeros(4))
    together = tuned(PaperController(band=0.03), TARGETS, lanes=lanes)
    assert len(set(together.pulses.tolist())) > 2
    for lane in range(4):
        alone = tuned(PaperController(band=0.03), TARGETS[[lane]], lanes=lanes.pick(np.array([lane])))
        for name in ("conductance", "pulses", "sets", "time", "energy", "state"):
            assert getattr(alone, name)[0] == getattr(together, name)[lane]


def test_a_device_far_from_nominal_is_learned_from_its_first_overshoot():
    lanes = Lanes(np.array([0.5, 0.7, 1.5, 2.0]), np.ones(4), np.zeros(4))
    found = tuned(SlopeController(band=0.03), TARGETS, noise=flat(0.02), lanes=lanes)
    assert found.outcome == (Outcome.reached,) * 4
    assert found.sets.tolist() == [2, 2, 1, 1]
    assert found.pulses.max() <= 6


def test_a_controller_that_takes_one_noisy_read_has_false_successes_and_averaging_removes_them():
    target = np.full(400, 4e-5)
    one, many = (
        tuned(PaperController(band=0.03, reads=1), target, noise=flat(0.03)),
        tuned(SlopeController(band=0.03, deviation=0.03), target, noise=flat(0.03)),
    )
    assert one.share(Outcome.false_success) > 0.1
    assert many.share(Outcome.false_success) <= 0.005
    assert many.share(Outcome.reached) >= 0.99


def test_noise_must_be_handed_in_and_is_seen():
    with pytest.raises(TypeError, match="noise"):
        tune(Stub(), PaperController(band=0.03), TARGETS, curve=LINE, lanes=nominal(4), rng=np.random.default_rng(1))  # type: ignore[call-arg]
    quiet, white, slow = (tuned(PaperController(band=0.01), TARGETS, noise=noise) for noise in (QUIET, flat(0.02), flat(0.02, correlation_time=3.0)))
    assert not np.array_equal(quiet.conductance, white.conductance)
    assert not np.array_equal(slow.conductance, white.conductance)
    assert DESIGN.tuning.noise > 0


def test_a_seed_repeats_a_tuning_and_another_one_does_not():
    first, second, other = (tuned(PaperController(band=0.03), TARGETS, noise=flat(0.02), seed=seed) for seed in (1, 1, 2))
    for each in fields(Traces):
        assert np.array_equal(getattr(first, each.name), getattr(second, each.name), equal_nan=each.name in ("amplitudes", "conductances"))
    assert not np.array_equal(first.pulses, other.pulses)


@pytest.mark.parametrize(("target", "shown"), [(2e-4, "0.0002"), (1e-6, "1e-06"), (float("nan"), "nan")])
def test_a_target_outside_of_the_window_is_refused_before_any_pulse(target: float, shown: str):
    stub = Stub()
    with pytest.raises(DeviceError) as caught:
        tune(stub, PaperController(band=0.03), np.array([5e-5, target]), noise=QUIET, curve=LINE, lanes=nominal(2), rng=np.random.default_rng(1))
    assert str(caught.value) == f"tuning, target={shown}: must be within 1.35e-05..0.0001 S, the window of the cell"
    assert stub.noted == []


def test_the_nominal_curve_falls_over_the_whole_window():
    made = curve()
    assert np.all(np.diff(made.amplitude) > 0)
    assert np.all(np.diff(made.conductance) < 0)
    assert made.conductance[0] > 5e-4 > 6e-6 > made.conductance[-1]


def test_voltage_and_conductance_of_the_nominal_curve_are_inverse():
    wanted = np.geomspace(6e-6, 5e-4, 40)
    assert curve().after(curve().voltage(wanted)) == pytest.approx(wanted, rel=1e-9)
    step = twin().apply(nominal(40), twin().apply(nominal(40), np.zeros(40), np.full(40, 2.0)).state, -curve().voltage(wanted))
    assert step.conductance == pytest.approx(wanted, rel=0.02)


def test_the_resolvable_band_is_half_of_what_a_step_changes():
    assert resolvable_band(LINE, 5e-5, 10e-3) == pytest.approx(0.01)  # half of 2 / V times 10 mV
    target = 1e-4
    volts = curve().voltage(np.array([target]))
    full = twin().apply(nominal(1), np.zeros(1), np.array([2.0])).state
    ends = [twin().apply(nominal(1), full, -(volts + shift)).conductance[0] for shift in (-5e-3, 5e-3)]
    assert resolvable_band(curve(), target, 10e-3) == pytest.approx(0.5 * (ends[0] - ends[1]) / target, rel=0.03)


def test_a_rise_in_the_measured_curve_is_left_out():
    @dataclass
    class Bumpy(Stub):
        def apply(self, lanes, state, amplitude):  # type: ignore[no-untyped-def]
            step = super().apply(lanes, state, amplitude)
            return replace(step, conductance=np.where(np.arange(len(lanes)) == 40, 9.9e-5, step.conductance))

    assert np.all(np.diff(nominal_curve(Bumpy()).conductance) < 0)


def test_nine_targets_are_tuned_in_spice_and_end_as_in_the_twin():
    target = np.array(DESIGN.tuning.targets)
    noise, controller = flat(DESIGN.tuning.noise), SlopeController(band=0.03)
    both = [
        tune(programmer, controller, target, noise=noise, curve=curve(), lanes=drawn(9, wire=0.0), rng=np.random.default_rng(1))
        for programmer in (spice(), twin())
    ]
    assert len(target) == 9
    assert both[0].outcome == both[1].outcome == (Outcome.reached,) * 9
    assert np.median(both[0].pulses) <= 15
    assert both[0].conductance == pytest.approx(both[1].conductance, rel=0.01)
