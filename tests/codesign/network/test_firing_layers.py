"""Layers that fire as circuits: spikes of each layer against the network, counts and maxima behind them, runs that fail."""

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cosim.circuits.corners import Corner
from cosim.circuits.neuron.card import CurrentBiasedCard, load_neuron
from cosim.circuits.neuron.drive import firing_transient
from cosim.circuits.neuron.layer import Cells, layer
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.chip import Chip, map_network
from cosim.codesign.network.firing import (
    STEP,
    FiringScores,
    SpikeAgreement,
    Spikes,
    apart,
    compare_spikes,
    fired,
    infer_layers,
    last_membranes,
    network_spikes,
    on_chips,
    threshold_voltage,
)
from cosim.codesign.network.inference import START, Hardware
from cosim.codesign.network.mapping import MappingPlan
from cosim.codesign.network.noise import ReadNoisePlan
from cosim.errors import CircuitError, InputError
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.network import Layer, TrainedNetwork, scores
from cosim.snn.network import waves as waves_of
from cosim.spice.deck import write_deck
from cosim.spice.engines import Engine, find_engine
from cosim.status import Status
from cosim.sweep.lab import Lab, Question
from cosim.sweep.store import Store
from cosim.waves import Waves
from tests.cli.program import engine_script

ENGINE = find_engine("ngspice")
NOWHERE = Engine(ENGINE.kind, ("/nowhere/ngspice",), ENGINE.version)
LAB = Lab(engine=ENGINE, workers=2)
PARTS = Parts()
DURATION = 0.03  # [s]
PIXELS = np.array([[0.9, 0.8, 0.35, 0.1], [0.1, 0.35, 0.95, 0.7], [0.2, 0.4, 0.6, 0.9]])


def spiking() -> CurrentBiasedCard:
    card = load_neuron("robust_pairs")
    assert isinstance(card, CurrentBiasedCard)
    return card


CARD = spiking()


def halves(signed: list[list[float]]) -> dict[str, np.ndarray]:
    return {"plus": np.maximum(signed, 0.0), "minus": np.maximum(-np.array(signed), 0.0)}


HIDDEN = Layer(**halves([[0.9, -0.4], [0.8, 0.3], [-0.5, 0.9], [-0.4, 0.8]]), threshold=0.4)
LAST = Layer(**halves([[0.9, -0.6], [-0.5, 0.8]]))
NETWORK = TrainedNetwork(layers=(HIDDEN, LAST), encoding=LatencyCard(), dt=1e-3, duration=DURATION, signs="pairs", response="impulse")
COUNTED = replace(NETWORK, layers=(replace(HIDDEN),), readout="spike_count")


@cache
def wired(network: TrainedNetwork) -> tuple[TrainedNetwork, tuple[Hardware, ...]]:
    """The network with the weights of its chips, and what it runs on."""
    chips = map_network(network, PARTS.memristor, MappingPlan(), seed=0)
    return on_chips(network, chips), tuple(hardware_of(each) for each in chips)


def hardware_of(chip: Chip) -> Hardware:
    return Hardware(card=CARD, parts=PARTS, cells=chip.plus.cells, minus=None if chip.minus is None else chip.minus.cells)


def run(network: TrainedNetwork, pixels: np.ndarray = PIXELS, lab: Lab = LAB) -> FiringScores:
    real, hardware = wired(network)
    return infer_layers(real, hardware, latency_times(pixels, network.encoding), lab, duration=DURATION + START)


@pytest.fixture(scope="module")
def found() -> FiringScores:
    return run(NETWORK)


def test_hidden_neurons_fire_when_those_of_the_network_do(found: FiringScores):
    real, _ = wired(NETWORK)
    (expected,) = network_spikes(real, PIXELS)
    assert sum(len(train) for image in expected for train in image) >= 8
    agreed = compare_spikes(expected, found.spikes[0])
    assert abs(agreed.lag) < 0.4e-3
    assert agreed.median < 0.5e-3
    assert agreed.missing <= 0.1
    assert agreed.extra == 0.0
    assert not found.failures


def test_a_step_of_100_us_is_enough(found: FiringScores):
    real, hardware = wired(NETWORK)
    fine = infer_layers(real, hardware, latency_times(PIXELS[:1], NETWORK.encoding), LAB, duration=DURATION + START, step=20e-6)
    assert STEP == 100e-6
    for ours, theirs in zip(found.spikes[0][0], fine.spikes[0][0], strict=True):
        assert len(ours) >= 1
        assert ours == pytest.approx(theirs, abs=0.01e-3)
    assert found.peaks[0] == pytest.approx(fine.peaks[0], rel=0.005, abs=1e-5)
    assert not np.array_equal(found.peaks[0], fine.peaks[0])


def test_the_last_membranes_follow_the_network(found: FiringScores):
    real, _ = wired(NETWORK)
    expected = scores(real, PIXELS)
    assert np.array_equal(found.classes, expected.argmax(axis=1))
    assert len(set(found.classes.tolist())) == 2
    rows = np.arange(len(PIXELS))
    swings = found.peaks[rows, found.classes] / expected[rows, found.classes]
    assert 13e-3 < swings.min() < swings.max() < 21e-3  # about the volts of one spike through a full weight; a spike is missing in the second image
    assert found.seconds > 0
    traces = last_membranes(real, PIXELS, found.time - START)
    assert traces.max(axis=1) == pytest.approx(np.maximum(expected, 0.0), rel=0.02)
    left = found.traces[[0, 2]] / swings[0] - traces[[0, 2]]
    assert np.sqrt(np.mean(left**2)) < 0.1 * traces.max()


def test_spikes_of_the_last_layer_are_counted():
    real, _ = wired(COUNTED)
    counted = run(COUNTED, PIXELS[:2])
    assert counted.peaks.tolist() == [[len(train) for train in image] for image in counted.spikes[0]]
    assert np.abs(counted.peaks - scores(real, PIXELS[:2])).max() <= 1
    assert counted.peaks.max() >= 2


def test_the_threshold_is_met_by_a_spike_that_is_just_larger():
    one, times = Cells(states=np.ones((1, 1))), np.array([2e-3])
    spikes = {}
    for share in (0.93, 1.07):
        threshold = threshold_voltage(Hardware(card=CARD, parts=PARTS, cells=one), share, LAB)
        assert threshold == pytest.approx(share * 19.4e-3, rel=0.1)
        circuit = layer(CARD, times, one, threshold=threshold)
        answer = LAB.ask_one(Question(circuit=circuit, analysis=firing_transient(0.02), saved=("v(spike1)", "v(mem1)", "v(rest_mem)")))
        spikes[share] = answer["v(spike1)"].max() > CARD.supply / 2
        rest = answer["v(rest_mem)"][0]
        assert answer["v(mem1)"][0] == pytest.approx(rest, abs=1e-4)
        assert answer["v(mem1)"].min() > rest - 20e-3  # it is reset to its rest of 1 V, not to zero
    assert spikes == {0.93: True, 1.07: False}


def test_a_threshold_follows_the_rest_over_temperature():
    one = Cells(states=np.ones((1, 1)))
    circuit = layer(CARD, np.array([2e-3]), one, threshold=10e-3, corner=Corner(temperature=85.0))
    plain = firing_transient(0.01)
    warm = replace(plain, options=replace(plain.options, temperature=85.0))
    answer = LAB.ask_one(Question(circuit=circuit, analysis=warm, saved=("v(spike1)", "v(rest_mem)")))
    assert answer["v(rest_mem)"][0] > 1.02  # 30 mV and more above that at 27 degC, three times the threshold
    assert answer["v(spike1)"][0] < 0.1
    assert answer["v(spike1)"].max() > CARD.supply / 2


def test_one_spike_an_input_is_the_same_deck_in_both_forms():
    times, cells = np.array([2e-3, np.inf, 4e-3]), Cells(states=np.full((3, 1), 0.5))
    trains = [np.array([2e-3]), np.empty(0), np.array([4e-3])]
    first, second = (write_deck(layer(CARD, each, cells), firing_transient(0.01), saved=("v(mem1)",)) for each in (times, trains))
    assert first.text == second.text


def test_an_input_may_fire_several_times():
    cells = Cells(states=np.full((2, 1), 0.5))
    circuit = layer(CARD, [np.array([5e-3, 2e-3]), np.empty(0)], cells, silent=False)
    text = write_deck(circuit, firing_transient(0.01), saved=("v(mem1)",)).text
    assert "Vwl_1 " not in text
    (line,) = [each for each in text.splitlines() if each.startswith("Vwl_0 ")]
    assert line.count(" 3") >= 4  # two pulses of 3 V
    with pytest.raises(CircuitError, match="the end of the spike before it"):
        layer(CARD, [np.array([2e-3, 2.5e-3]), np.empty(0)], cells)


def test_noise_of_cells_follows_one_spike_only():
    cells = Cells(states=np.full((1, 1), 0.5))
    with pytest.raises(CircuitError, match=r"^layer, noise, spikes of an input=2: must be 1 at most"):
        layer(CARD, [np.array([2e-3, 5e-3])], cells, noise=[np.zeros((1, 1, 10))])


def test_trains_of_another_number_than_rows_are_refused():
    with pytest.raises(CircuitError, match=r"^layer, times=shape \(1,\): must be of shape \(2,\), one for each row of the cells$"):
        layer(CARD, [np.empty(0)], Cells(states=np.full((2, 1), 0.5)))


def test_thresholds_shrink_as_weights_do():
    chips = map_network(NETWORK, PARTS.memristor, MappingPlan(), seed=0)
    real = on_chips(NETWORK, chips)
    share = real.layers[0].weights / HIDDEN.weights
    assert share == pytest.approx(np.full((4, 2), share[0, 0]))
    assert real.layers[0].threshold == pytest.approx(0.4 * share[0, 0])
    assert 0.9 < share[0, 0] < 1.0
    assert real.layers[1].threshold is None


@pytest.mark.parametrize("network", [NETWORK, COUNTED], ids=["hidden", "counted"])
def test_a_gain_changes_no_spike_where_no_weight_is_cut_off(network: TrainedNetwork):
    quiet = replace(network, layers=tuple(replace(each, plus=0.9 * each.plus, minus=0.9 * each.minus) for each in network.layers))
    plain, gained = (on_chips(quiet, map_network(quiet, PARTS.memristor, MappingPlan(gain=gain), seed=0)) for gain in (1.0, 1.2))
    assert max(each.plus.max() for each in quiet.layers) * 1.2 < 1.0
    assert gained.layers[0].weights == pytest.approx(1.2 * plain.layers[0].weights)
    assert gained.layers[0].threshold == pytest.approx(1.2 * plain.layers[0].threshold)
    ours, theirs = network_spikes(plain, PIXELS), network_spikes(gained, PIXELS)
    assert sum(len(train) for layer_ in ours for image in layer_ for train in image) >= 8
    assert listed(ours) == listed(theirs)
    without = replace(gained, layers=(replace(gained.layers[0], threshold=plain.layers[0].threshold), *gained.layers[1:]))
    assert listed(network_spikes(without, PIXELS)) != listed(ours)


def listed(spikes: tuple[Spikes, ...]) -> list[list[list[list[float]]]]:
    return [[[train.tolist() for train in image] for image in layer_] for layer_ in spikes]


def test_between_its_steps_a_membrane_is_a_straight_line():
    real, _ = wired(NETWORK)
    on_steps = np.arange(31) * NETWORK.dt
    traces = last_membranes(real, PIXELS, on_steps)
    assert traces == pytest.approx(np.moveaxis(waves_of(real, PIXELS)[-1].membrane, 0, 1), rel=1e-12)
    assert np.abs(np.diff(traces, axis=1)).max() > 0.1
    for share in (0.25, 0.5, 0.9):
        between = last_membranes(real, PIXELS, on_steps[:-1] + share * NETWORK.dt)
        assert between == pytest.approx((1.0 - share) * traces[:, :-1] + share * traces[:, 1:], abs=1e-9)


def test_before_the_first_step_and_behind_the_last_a_membrane_is_constant():
    real, _ = wired(NETWORK)
    traces = last_membranes(real, PIXELS, np.array([-2e-3, 0.0, DURATION, DURATION + 2e-3]))
    assert np.array_equal(traces[:, 0], traces[:, 1])
    assert np.array_equal(traces[:, 3], traces[:, 2])
    assert np.abs(traces[:, 2]).max() > 0.1


def picky_engine(folder: Path, input_: int) -> Engine:
    """The simulator, which dies on decks whose input fires, but for those of single units."""
    choose = f'for word in "$@"; do if [ -f "$word" ] && grep -q "^Vwl_{input_} " "$word"; then kill -SEGV $$; fi; done'
    real = " ".join(shutil.which(each) or each for each in ENGINE.command)
    return Engine(ENGINE.kind, (str(engine_script(folder, f'{choose}\nexec {real} "$@"')),), ENGINE.version)


def test_an_image_whose_run_fails_leaves_the_others(tmp_path: Path):
    pixels = np.array([[0.9, 0.8, 0.0, 0.0], [0.9, 0.8, 0.0, 0.7]])
    lab = Lab(engine=picky_engine(tmp_path, 3), workers=2)
    ran = run(NETWORK, pixels, lab)
    assert list(ran.failures) == [1]
    assert ran.failures[1].startswith(f"layer 1, {Status.crashed}, ")
    assert ran.done.tolist() == [True, False]
    assert ran.classes[1] == -1
    assert sum(len(train) for train in ran.spikes[0][0]) >= 1
    assert [len(train) for train in ran.spikes[0][1]] == [0, 0]


def test_all_layers_come_back_from_the_store(tmp_path: Path):
    with Store.open(tmp_path / "store") as store:
        first = run(NETWORK, PIXELS[:1], Lab(engine=ENGINE, store=store, workers=2))
    with Store.open(tmp_path / "store") as store:
        again = run(NETWORK, PIXELS[:1], Lab(engine=NOWHERE, store=store))
    assert first.done.all()
    assert np.array_equal(again.peaks, first.peaks)
    assert [train.tolist() for train in again.spikes[0][0]] == [train.tolist() for train in first.spikes[0][0]]


def test_what_has_no_circuit_is_refused():
    real, hardware = wired(NETWORK)
    times = latency_times(PIXELS, NETWORK.encoding)
    subtract = replace(real, layers=(replace(real.layers[0], reset="subtract"), real.layers[1]))
    with pytest.raises(InputError, match=r"^inference, layer 1, reset=subtract: must be zero; the circuit empties its membrane$"):
        infer_layers(subtract, hardware, times, LAB, duration=DURATION)
    with pytest.raises(InputError, match=r"^inference, hardware=1: must be 2, one for each layer$"):
        infer_layers(real, hardware[:1], times, LAB, duration=DURATION)
    with pytest.raises(InputError, match=r"^inference, times=shape \(3, 3\): must be of shape \(images, 4\)$"):
        infer_layers(real, hardware, times[:, :3], LAB, duration=DURATION)
    with pytest.raises(InputError, match=r"^inference, layer 1, cells=shape \(2, 2\): must be of shape \(4, 2\)$"):
        infer_layers(real, hardware[::-1], times, LAB, duration=DURATION)
    noisy = replace(hardware[1], noise=ReadNoisePlan())
    with pytest.raises(InputError, match=r"^inference, layer 2, noise=given: must be left out; its samples follow one spike of an input"):
        infer_layers(real, (hardware[0], noisy), times, LAB, duration=DURATION)
    silent = replace(hardware[0], card=load_neuron("two_pole"))
    with pytest.raises(InputError, match=r"^neuron two_pole, block=spikes: must be one that the variant has"):
        infer_layers(real, (silent, hardware[1]), times, LAB, duration=DURATION)


def waves(time: np.ndarray, signal: np.ndarray) -> Waves:
    return Waves(axis_name="time", axis=time, signals={"v(spike1)": signal}, engine="ngspice", version="39", digest="", status=Status.ok)


def test_a_spike_is_the_begin_of_the_pulse_that_it_makes():
    time = np.linspace(0.0, 10e-3, 10001)
    signal = np.interp(time, [2e-3, 2.1e-3, 3e-3, 3.1e-3], [0.0, 3.3, 3.3, 0.0])
    assert fired.given(level=1.65)(waves(time, signal))["times"] == pytest.approx([2e-3], abs=2e-6)
    assert len(np.asarray(fired.given(level=1.65)(waves(time, 0.0 * signal))["times"])) == 0
    assert np.asarray(fired.given(level=1.65)(waves(time, np.minimum(1e5 * time, 3.3)))["times"]).tolist() == [0.0]  # a unit that fires at once


def test_pulses_of_a_word_line_wait_for_the_last_one():
    assert apart(np.array([1e-3, 1.5e-3, 5e-3])) == pytest.approx([1e-3, 2.6e-3 - 0.5e-3, 5e-3])
    assert apart(np.empty(0)).tolist() == []


def trains(*times: list[float]) -> Spikes:
    """One image."""
    return (tuple(1e-3 * np.array(each) for each in times),)


def test_a_lag_is_told_from_errors():
    agreed = compare_spikes(trains([3.0, 8.0], [20.0]), trains([3.5, 8.5], [20.9]))
    assert agreed == SpikeAgreement(
        expected=3, lag=pytest.approx(0.5e-3), median=pytest.approx(0.0, abs=1e-12), tail=pytest.approx(0.36e-3), missing=0.0, extra=0.0
    )


def test_spikes_without_a_partner_are_counted():
    agreed = compare_spikes(trains([3.0, 8.0, 20.0], [5.0]), trains([3.0, 20.0], [5.0, 40.0]))
    assert (agreed.missing, agreed.extra, agreed.median) == (0.25, 0.25, 0.0)


def test_a_spike_that_is_too_far_away_is_another_one():
    near, far = (compare_spikes(trains([3.0, 10.0]), trains([3.0, 10.0 + away])) for away in (4.0, 6.0))
    assert (near.missing, near.extra) == (0.0, 0.0)
    assert (far.missing, far.extra) == (0.5, 0.5)


def test_pairs_keep_their_order():
    agreed = compare_spikes(trains([3.0, 4.0, 5.0]), trains([3.0, 5.0]))
    assert (agreed.lag, agreed.tail) == (0.0, 0.0)
    assert agreed.missing == pytest.approx(1 / 3)


def test_silence_agrees_with_silence():
    silent = compare_spikes(trains([], []), trains([], []))
    assert silent == SpikeAgreement(expected=0, lag=0.0, median=0.0, tail=0.0, missing=0.0, extra=0.0)


def test_spikes_of_other_images_are_refused():
    with pytest.raises(InputError, match=r"^spikes, circuit=2 images: must be 1, with as many neurons each as in the network$"):
        compare_spikes(trains([1.0]), trains([1.0]) * 2)
