"""Networks: what they compute, what is refused, and their files."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosim.errors import DataError
from cosim.snn.encoding import LatencyCard, latency_times
from cosim.snn.network import Layer, TrainedNetwork, accuracy, margins, predict, scores, waves
from cosim.snn.readout import membrane_maximum
from cosim.snn.timing import TimeConstants

RNG = np.random.default_rng(1)
PLUS, MINUS = RNG.random((6, 3)), RNG.random((6, 3))
PIXELS = RNG.random((8, 6))
CARD = LatencyCard()
ONE = TrainedNetwork(layers=(Layer(plus=PLUS),), encoding=CARD, dt=1e-3, seed=3, accuracy=0.5, versions={"torch": "2"})
PAIRS = replace(ONE, layers=(Layer(plus=PLUS, minus=MINUS),), signs="pairs")
TWO = replace(
    ONE,
    layers=(Layer(plus=RNG.random((6, 5)), threshold=0.8), Layer(plus=RNG.random((5, 3)), threshold=0.5, reset="subtract", taus=TimeConstants(rise=0.0))),
    readout="spike_count",
    response="impulse",
)
NETWORKS = {"one": ONE, "pairs": PAIRS, "two": TWO}


def test_one_layer_is_read_by_the_maxima_of_its_membranes():
    expected = membrane_maximum(ONE.psp, latency_times(PIXELS, CARD), PLUS, duration=0.1).value
    assert scores(ONE, PIXELS) == pytest.approx(expected)
    assert predict(ONE, PIXELS).tolist() == expected.argmax(axis=1).tolist()
    assert accuracy(ONE, PIXELS, expected.argmax(axis=1)) == 1.0


def test_in_steps_the_closed_form_is_what_the_stepped_layer_reaches():
    network = replace(ONE, response="impulse")
    assert scores(network, PIXELS) == pytest.approx(waves(network, PIXELS)[0].membrane.max(axis=0), abs=1e-12)


def test_the_weight_of_a_pair_is_plus_less_minus():
    assert PAIRS.layers[0].weights == pytest.approx(PLUS - MINUS)
    assert (PAIRS.layers[0].devices, ONE.layers[0].devices) == (36, 18)


def test_spikes_of_the_last_of_two_layers_are_counted():
    hidden, output = waves(TWO, PIXELS)
    assert TWO.shape == (6, 5, 3)
    assert hidden.spikes.sum() > 0
    assert scores(TWO, PIXELS) == pytest.approx(output.spikes.sum(axis=0))
    assert scores(TWO, PIXELS).max() >= 1


def test_the_margin_is_the_distance_of_the_second_relative_to_the_first():
    assert margins(np.array([[1.0, 4.0, 3.0], [0.0, 0.0, 0.0], [2.0, 2.0, 1.0]])) == pytest.approx([0.25, 0.0, 0.0])


def test_a_network_is_run_without_torch():
    program = "import sys, cosim.snn.network, cosim.snn.storage, cosim.snn.data, cosim.snn.importing, cosim.snn.nir_files; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True).stdout == "False\n"


@pytest.mark.parametrize("name", NETWORKS)
def test_a_file_gives_back_what_was_written(name, tmp_path: Path):
    pytest.importorskip("safetensors")
    from cosim.snn.storage import load_network, save_network

    network, path = NETWORKS[name], tmp_path / "network.safetensors"
    save_network(network, path)
    found = load_network(path)
    for mine, theirs in zip(network.layers, found.layers, strict=True):
        assert np.array_equal(mine.plus, theirs.plus)
        assert mine.minus is theirs.minus is None or np.array_equal(mine.minus, theirs.minus)
        assert (mine.taus, mine.threshold, mine.reset) == (theirs.taus, theirs.threshold, theirs.reset)
    for field in ("encoding", "dt", "duration", "readout", "signs", "response", "pulse", "seed", "accuracy", "versions"):
        assert getattr(network, field) == getattr(found, field)
    assert np.array_equal(scores(network, PIXELS), scores(found, PIXELS))
    again = tmp_path / "again.safetensors"
    save_network(found, again)
    assert again.read_bytes() == path.read_bytes()


def layer(**changes):
    return (replace(ONE.layers[0], **changes),)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: replace(ONE, layers=()), "network: must have at least one layer"),
        (lambda: replace(ONE, layers=layer(plus=PLUS[0])), "network, layer 1, weights of shape=(3,): must be (inputs, outputs)"),
        (lambda: replace(ONE, layers=layer(plus=np.full((2, 2), np.nan))), "network, layer 1, weights: must be numbers, 4 of 4 are not"),
        (
            lambda: replace(ONE, layers=layer(plus=PLUS - 1)),
            f"network, layer 1, weights={PLUS.min() - 1:.6g}: must be within 0..1; give negative weights as pairs",
        ),
        (lambda: replace(ONE, layers=layer(plus=PLUS + 1)), f"network, layer 1, weights={PLUS.max() + 1:.6g}: must be within 0..1"),
        (lambda: replace(ONE, signs="pairs"), "network, layer 1: signs are pairs, so minus must be given"),
        (lambda: replace(PAIRS, signs="positive"), "network, layer 1: signs are positive, so minus must not be given"),
        (lambda: replace(PAIRS, layers=(Layer(plus=PLUS, minus=MINUS[:2]),)), "network, layer 1, minus of shape=(2, 3): must be (6, 3), as plus"),
        (lambda: replace(ONE, dt=0.0), "network, dt=0: must be a step in seconds, > 0"),
        (lambda: replace(ONE, dt=None), "network, dt=None: must be a step in seconds, > 0"),
        (lambda: replace(ONE, duration=0.01), "network, duration=0.01: must be >= 0.02 s, the latest spike of the input"),
        (lambda: replace(ONE, readout="loudest"), "network, readout=loudest: must be membrane_maximum or spike_count"),
        (lambda: replace(ONE, layers=layer(threshold=1.0)), "network, layer 1: must have no threshold, since its membranes are only looked at"),
        (lambda: replace(ONE, readout="spike_count"), "network, layer 1: must have a threshold, since its spikes are needed"),
        (lambda: replace(TWO, layers=TWO.layers[::-1]), "network, layer 2, inputs=6: must be 3, the outputs of the layer before"),
        (lambda: replace(TWO, response="trapezoid"), "network: response trapezoid is for one layer that is read by membrane_maximum; use impulse"),
        (lambda: scores(ONE, PIXELS[:, :5]), "network, pixels of shape=(8, 5): must be (images, 6)"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line(change, message):
    with pytest.raises(DataError) as caught:
        change()
    assert str(caught.value) == message


def rewritten(path: Path, **changes) -> None:
    """Change the description of a saved network; None takes a key out."""
    from cosim.snn.storage import read_tensors, write_tensors

    tensors, described = read_tensors(path)
    write_tensors(path, tensors, {name: value for name, value in (described | changes).items() if value is not None})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "no such file or directory"),
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "damaged, or not a safetensors file"),
        (lambda path: path.write_bytes(b"abc"), "damaged, or not a safetensors file"),
        (lambda path: rewritten(path, dt=None), "dt is missing, so it cannot be run"),
        (lambda path: rewritten(path, format=2), "format 2: must be 1; read it with a newer cosim"),
        (lambda path: rewritten(path, extra=2), "format 1 with extra: must be 1; read it with a newer cosim"),
        (lambda path: rewritten(path, dt=-1.0), "network, dt=-1: must be a step in seconds, > 0"),
        (lambda path: rewritten(path, layers=[]), "network: must have at least one layer"),
        (lambda path: rewritten(path, encoding={"latest": 20e-3, "threshold": 2.0, "tau": 5e-3}), "latency code, threshold=2: must be >= 0 and < 1"),
        (lambda path: rewritten(path, layers=[{"taus": {}}]), "not a network of cosim, threshold"),
    ],
)
def test_a_file_that_is_no_network_is_named_with_the_reason(spoil, message, tmp_path: Path):
    pytest.importorskip("safetensors")
    from cosim.snn.storage import load_network, save_network

    path = tmp_path / "network.safetensors"
    save_network(ONE, path)
    spoil(path)
    with pytest.raises(DataError) as caught:
        load_network(path)
    assert str(caught.value) == f"{path}: {message}"


def test_a_safetensors_file_of_another_program_is_told_from_a_network(tmp_path: Path):
    pytest.importorskip("safetensors")
    from safetensors.numpy import save_file

    from cosim.snn.storage import load_network

    path = tmp_path / "other.safetensors"
    save_file({"weight": np.zeros(3)}, path)
    with pytest.raises(DataError, match=r"other\.safetensors: a safetensors file without the description of cosim; import it from snnTorch or NIR$"):
        load_network(path)


def test_the_description_in_a_file_is_json(tmp_path: Path):
    pytest.importorskip("safetensors")
    from safetensors import safe_open

    from cosim.snn.storage import save_network

    save_network(ONE, tmp_path / "network.safetensors")
    with safe_open(tmp_path / "network.safetensors", framework="numpy") as file:
        described = json.loads(file.metadata()["cosim"])
    assert (described["dt"], described["signs"], described["seed"]) == (1e-3, "positive", 3)
