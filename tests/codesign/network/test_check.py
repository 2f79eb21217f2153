"""A network of three columns on a simulated circuit: what is compared, what is refused, and what becomes of runs that fail."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

import cosim
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network import realization
from cosim.codesign.network.check import Check, check
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.firing import FiringScores, last_membranes, network_spikes
from cosim.codesign.network.inference import START, CircuitScores, Hardware, infer
from cosim.codesign.network.mapping import MappingPlan
from cosim.devices.opamp import load_opamp
from cosim.errors import InputError, SimulationError
from cosim.snn.data import Examples, digits, split
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.network import Layer, TrainedNetwork, predict, scores
from cosim.snn.readout import membrane_maximum
from cosim.snn.timing import TimeConstants
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

CLASSES, CALIBRATION, IMAGES = 3, 20, 3


def small(examples: Examples) -> Examples:
    """Zeros, ones and twos as 4 x 4 pixels."""
    kept = examples.pick(np.flatnonzero(examples.labels < CLASSES))
    return Examples("small digits", kept.pixels.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16), kept.labels)


TRAIN, TEST = (small(each) for each in split(digits(), seed=1))
MEANS = np.stack([TRAIN.pixels[TRAIN.labels == each].mean(axis=0) for each in range(CLASSES)], axis=1)
TEMPLATES = MEANS / np.linalg.norm(MEANS, axis=0)
WEIGHTS = TEMPLATES / TEMPLATES.max()
NETWORK = TrainedNetwork(layers=(Layer(plus=WEIGHTS),), encoding=LatencyCard(), dt=1e-3, duration=0.06)  # the code ends at 20 ms
SIGNED = MEANS - MEANS.mean(axis=1, keepdims=True)
PAIRS = replace(NETWORK, layers=(Layer(plus=np.maximum(SIGNED, 0) / np.abs(SIGNED).max(), minus=np.maximum(-SIGNED, 0) / np.abs(SIGNED).max()),), signs="pairs")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One store for all tests of this file."""
    with Store.open(tmp_path_factory.mktemp("check")) as store:
        yield Lab(engine=find_engine("ngspice"), store=store)


def checked(lab: Lab, network: TrainedNetwork = NETWORK, *, plan: MappingPlan | None = None, images: int = IMAGES, calibration: int = CALIBRATION) -> Check:
    """A check of a few images."""
    card = load_neuron("two_pole")
    return check(network, TEST, lab, plan=plan or MappingPlan(), card=card, parts=Parts(), images=images, calibration=calibration, seed=0)


@pytest.fixture(scope="session")
def found(lab: Lab) -> Check:
    """The check of the nominal network."""
    return checked(lab)


def test_the_circuit_gives_the_classes_of_the_network(found: Check):
    assert found.passed
    assert found.agreement.equal == 1.0
    assert found.differing == []
    assert 0.001 < found.bound.error < 0.05
    assert found.right("circuit") == found.right("network")
    assert found.right("network")[1] == IMAGES


def test_the_model_has_the_weights_of_the_array_and_the_trained_ones_stand_beside(lab: Lab):
    coarse = checked(lab, plan=MappingPlan(bits=1))
    times = latency_times(TEST.pixels[:IMAGES], NETWORK.encoding)
    assert coarse.scores == pytest.approx(membrane_maximum(NETWORK.psp, times, coarse.chip.weights, duration=NETWORK.duration).value)
    assert np.abs(coarse.scores / scores(NETWORK, TEST.pixels[:IMAGES]) - 1).max() > 0.05
    assert coarse.ideal.tolist() == predict(NETWORK, TEST.pixels[:IMAGES]).tolist()
    assert len(np.unique(coarse.chip.plus.conductance)) == 2
    assert coarse.agreement.equal == 1.0


def test_bound_and_verdict_are_of_different_images(found: Check):
    assert found.images.tolist() == [0, 1, 2]
    assert found.calibration_images.tolist() == list(range(len(TEST) - CALIBRATION, len(TEST)))
    assert found.bound.images == CALIBRATION


def test_a_check_takes_its_runs_from_the_store_and_only_adds_what_is_missing(found: Check, lab: Lab):
    no_time = replace(lab, timeout=1e-3)  # a run that is not in the store fails
    again = checked(no_time)
    assert (again.failures, again.bound) == ({}, found.bound)
    assert again.circuit.peaks.tolist() == found.circuit.peaks.tolist()
    assert list(checked(no_time, images=IMAGES + 1).failures) == [IMAGES]
    assert checked(lab, images=IMAGES + 1).circuit.peaks[:IMAGES].tolist() == found.circuit.peaks.tolist()


def test_the_unit_is_measured_and_a_network_with_other_times_is_told_apart(found: Check, lab: Lab):
    assert found.taus.membrane == pytest.approx(15e-3, rel=0.02)
    assert found.detuned == {}
    slow = replace(NETWORK, layers=(Layer(plus=WEIGHTS, taus=TimeConstants(membrane=30e-3)),))
    other = checked(lab, slow)
    assert list(other.detuned) == ["membrane"]
    assert other.detuned["membrane"] == pytest.approx((15e-3, 30e-3), rel=0.02)
    assert other.bound.error > found.bound.error


def test_pairs_run_on_two_arrays(lab: Lab):
    pairs = checked(lab, PAIRS)
    assert pairs.chip.minus is not None
    assert pairs.chip.weights == pytest.approx(pairs.chip.plus.weights - pairs.chip.minus.weights)
    assert pairs.chip.weights.min() < -0.5
    assert pairs.agreement.disagreements.size == 0
    assert pairs.agreement.network.tolist() == predict(PAIRS, TEST.pixels[:IMAGES]).tolist()


def test_an_equal_seed_gives_an_equal_chip_and_the_halves_of_a_pair_are_drawn_apart():
    plan = MappingPlan(tuning_error=0.05)
    (one,), (again,), (other,) = (map_network(PAIRS, Parts().memristor, plan, seed=seed) for seed in (4, 4, 5))
    assert one.weights.tolist() == again.weights.tolist()
    assert np.abs(one.weights - other.weights).max() > 0.01
    assert one.minus is not None
    errors = [each.conductance / each.target - 1 for each in (one.plus, one.minus)]
    assert abs(np.corrcoef(errors[0].ravel(), errors[1].ravel())[0, 1]) < 0.5


def crossed(hardware: Hardware, times: np.ndarray, lab: Lab, *, duration: float, numbers: list[int]) -> CircuitScores:
    """The circuit with its columns in the wrong order, for the images of the verdict."""
    ran = infer(hardware, times, lab, duration=duration, numbers=numbers)
    return replace(ran, peaks=np.roll(ran.peaks, 1, axis=1)) if len(times) == IMAGES else ran


def test_crossed_columns_are_found_and_the_images_are_listed(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(realization, "infer", crossed)
    wrong = checked(lab)
    assert not wrong.passed
    first = wrong.differing[0]
    assert (first.image, first.circuit) == (0, (first.network + 1) % CLASSES)
    assert first.margin > wrong.bound.error
    assert [each.image for each in wrong.differing] == [0, 1, 2]
    assert all(each.decided for each in wrong.differing)


def failing(hardware: Hardware, times: np.ndarray, lab: Lab, *, duration: float, numbers: list[int]) -> CircuitScores:
    """The run of image 1 of the verdict fails."""
    ran = infer(hardware, times, lab, duration=duration, numbers=numbers)
    if len(times) != IMAGES:
        return ran
    peaks = ran.peaks.copy()
    peaks[1] = np.nan
    return replace(ran, peaks=peaks, failures={1: "timeout, stopped after 1 s"})


def test_an_image_whose_run_failed_is_named_and_left_out_of_the_accuracy(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(realization, "infer", failing)
    broken = checked(lab)
    assert not broken.passed
    assert broken.failures == {1: "timeout, stopped after 1 s"}
    assert broken.differing == []
    assert [broken.right(which)[1] for which in ("ideal", "network", "circuit")] == [IMAGES - 1] * 3


def test_too_few_passed_runs_for_a_bound_are_a_failed_simulation(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    def late(*arguments: object, **named: object) -> CircuitScores:
        none = np.full((CALIBRATION, CLASSES), np.nan)
        return CircuitScores(peaks=none, time=np.zeros(1), traces=none[:, None], failures=dict.fromkeys(range(CALIBRATION), "timeout, too slow"), seconds=1.0)

    monkeypatch.setattr(realization, "infer", late)
    with pytest.raises(SimulationError, match=r"^check: 0 of 20 calibration images passed, 20 are needed; timeout, too slow$"):
        checked(lab)


def test_a_unit_that_does_not_run_is_said_before_any_image():
    with pytest.raises(SimulationError, match=r"neuron_two_pole, .*timeout"):
        checked(Lab(engine=find_engine("ngspice"), timeout=1e-3))


FIRING = Layer(plus=WEIGHTS, minus=np.zeros_like(WEIGHTS), threshold=1.0)
HIDDEN = replace(NETWORK, layers=(FIRING, Layer(plus=np.eye(3), minus=np.zeros((3, 3)))), response="impulse", signs="pairs")
COUNTED = replace(NETWORK, layers=(FIRING,), response="impulse", readout="spike_count", signs="pairs")


@pytest.mark.parametrize(
    ("network", "examples", "images", "calibration", "message"),
    [
        (HIDDEN, TEST, 3, 20, r"neuron two_pole, block=spikes: must be one that the variant has; .*"),
        (COUNTED, TEST, 3, 20, r"neuron two_pole, block=spikes: must be one that the variant has; .*"),
        (NETWORK, split(digits(), seed=1)[1], 3, 20, r"check, pixels of digits=64: must be 16, the inputs of the network"),
        (NETWORK, Examples("four", TEST.pixels, np.minimum(TEST.labels, 1) * 3), 3, 20, r"check, classes of four=4: must be <= 3, the outputs of the network"),
        (NETWORK, TEST, 3, 19, r"check, calibration=19: must be >= 20 images, to measure the error bound on"),
        (NETWORK, TEST, 0, 20, r"check, images=0: must be within 1\.\.87, 107 test images of small digits less 20 of the calibration"),
        (NETWORK, TEST, 88, 20, r"check, images=88: must be within 1\.\.87, .*"),
        (NETWORK, Examples("dark", 0.1 * TEST.pixels, TEST.labels), 3, 20, r"check, image 0 of dark: no pixel is above the threshold of the code, .*"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_one_line(network: TrainedNetwork, examples: Examples, images: int, calibration: int, message: str):
    with pytest.raises(InputError, match=f"^{message}$"):
        check(
            network,
            examples,
            Lab(engine=find_engine("ngspice")),
            plan=MappingPlan(),
            card=load_neuron("two_pole"),
            parts=Parts(),
            images=images,
            calibration=calibration,
            seed=0,
        )


def test_pairs_on_units_with_currents_as_biases_are_in_class_a_and_held_to_a_small_bound(lab: Lab):
    """The same pairs on a card that pulls one way only have a bound that holds them to little."""
    card, parts = load_neuron("robust_pairs"), replace(Parts(), opamp=load_opamp("opamp_micropower"))
    biased = check(PAIRS, TEST, lab, plan=MappingPlan(), card=card, parts=parts, images=IMAGES, calibration=CALIBRATION, seed=0)
    plain = checked(lab, PAIRS)
    assert biased.passed
    assert biased.bound.error < 0.08
    assert plain.bound.error > 2.0 * biased.bound.error


def fired(network: TrainedNetwork, hardware: Sequence[Hardware], times: np.ndarray, lab: Lab, *, duration: float) -> FiringScores:
    """A circuit that fires as the network does, 0.3 ms late and on images of the verdict once less; its membranes are those of the network, in millivolts."""
    pixels = TEST.pixels[:IMAGES] if len(times) == IMAGES else TEST.pixels[-len(times) :]
    assert np.array_equal(times, latency_times(pixels, network.encoding))
    time = np.linspace(0.0, duration, 200)
    spikes = [[[train + 0.3e-3 for train in image] for image in layer] for layer in network_spikes(network, pixels)]
    if len(times) == IMAGES:
        neuron = next(index for index, train in enumerate(spikes[0][0]) if len(train))
        spikes[0][0][neuron] = spikes[0][0][neuron][:-1]
    found = tuple(tuple(tuple(train for train in image) for image in layer) for layer in spikes)
    traces = 1e-3 * last_membranes(network, pixels, time - START)
    return FiringScores(peaks=1e-3 * scores(network, pixels), time=time, traces=traces, failures={}, seconds=1.0, spikes=found)


@pytest.mark.parametrize("network", [HIDDEN, COUNTED], ids=["hidden", "counted"])
def test_layers_that_fire_are_compared_spike_by_spike(network: TrainedNetwork, lab: Lab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(realization, "infer_layers", fired)
    found = check(network, TEST, lab, plan=MappingPlan(), card=load_neuron("robust_array"), parts=Parts(), images=IMAGES, calibration=CALIBRATION, seed=0)
    (spikes,) = found.spikes
    assert found.bound.error == pytest.approx(0.0, abs=1e-9)
    assert spikes.lag == pytest.approx(0.3e-3)
    assert spikes.missing == pytest.approx(1.0 / spikes.expected)
    assert (spikes.extra, spikes.tail) == (0.0, pytest.approx(0.0, abs=1e-9))
    assert found.agreement.waves.size == (IMAGES if network is HIDDEN else 0)


def test_agree_is_a_check_with_usual_values(lab: Lab, found: Check):
    again = cosim.agree(NETWORK, "two_pole", TEST.pick(np.r_[:IMAGES, -CALIBRATION:0]), lab=lab, calibration=CALIBRATION)
    assert again.agreement.circuit.tolist() == found.agreement.circuit.tolist()
    assert again.bound == found.bound


def test_the_membranes_follow_their_model(found: Check):
    assert found.lag == pytest.approx(0.0, abs=2.1e-4)
    assert found.agreement.waves.shape == (IMAGES,)
    assert found.agreement.waves.max() < 0.04
