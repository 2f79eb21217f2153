"""``cosim snn``: networks trained, imported, mapped and run from the command line."""

import importlib.util
import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("safetensors")

from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.chip import map_network
from cosim.codesign.network.mapping import MappingPlan
from cosim.snn.data import digits, split
from cosim.snn.network import predict
from cosim.snn.storage import load_network, save_network
from tests.cli.networks import templates
from tests.cli.program import invoke, process


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test with a folder of its own and a network in it."""
    monkeypatch.chdir(tmp_path)
    save_network(templates(), tmp_path / "net.safetensors")
    return tmp_path


def test_the_accuracy_is_that_of_the_test_images_with_its_interval():
    found = json.loads(invoke("snn", "infer", "net.safetensors", "--json").stdout)
    test = split(digits(), seed=1)[1]
    right = int((predict(templates(), test.pixels) == test.labels).sum())
    assert (found["accuracy"]["right"], found["accuracy"]["of"]) == (right, 360)
    low, high = found["accuracy"]["interval"]
    assert low < right / 360 < high
    assert 0.05 < high - low < 0.08
    shown = invoke("snn", "infer", "net.safetensors").stdout.splitlines()
    assert len(shown) == 13
    assert sum(int(line.split()[1]) for line in shown[1:11]) == 360
    assert sum(int(line.split()[2]) for line in shown[1:11]) == right


def test_a_chip_holds_states_and_conductances_and_is_that_of_the_check(own_folder: Path):
    result = invoke("snn", "map", "net.safetensors", "--bits", "4", "--tuning-error", "3%", "--stuck-low", "5 %", "--seed", "3", "-o", "chip.npz", "--json")
    assert result.exit_code == 0, result.stderr
    chip = np.load(own_folder / "chip.npz")
    assert sorted(chip) == ["layer1.plus.conductance", "layer1.plus.state", "layer1.plus.target"]
    (expected,) = map_network(templates(), Parts().memristor, MappingPlan(bits=4, tuning_error=0.03, stuck_low=0.05), seed=3)
    assert chip["layer1.plus.conductance"].tolist() == expected.plus.conductance.tolist()
    assert chip["layer1.plus.state"].tolist() == expected.plus.cells.states.tolist()
    assert len(np.unique(chip["layer1.plus.target"])) <= 16
    (row,) = json.loads(result.stdout)["arrays"]
    assert (row["rows"], row["columns"]) == (64, 10)
    assert row["deviation [S]"] == pytest.approx(float(np.std(expected.plus.conductance - expected.plus.target)))


def test_a_network_is_trained_and_its_file_runs(own_folder: Path):
    pytest.importorskip("torch")
    result = invoke("snn", "train", "--epochs", "3", "--seed", "5", "-o", "mine.safetensors", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0, result.stderr
    assert (found["shape"], found["signs"], found["devices"], found["seed"]) == ([64, 10], "positive", 640, 5)
    assert 0.6 < found["accuracy"]["share"] < 0.95
    assert load_network(own_folder / "mine.safetensors").accuracy == pytest.approx(found["accuracy"]["share"])
    again = json.loads(invoke("snn", "infer", "mine.safetensors", "--json").stdout)
    assert again["accuracy"] == found["accuracy"]
    assert [each.name for each in own_folder.iterdir() if "training" in each.name] == []


def test_pairs_and_hidden_layers_are_trained_when_asked_for():
    pytest.importorskip("torch")
    pairs = json.loads(invoke("snn", "train", "--epochs", "1", "--signs", "pairs", "-o", "a.safetensors", "--json").stdout)
    assert (pairs["signs"], pairs["devices"]) == ("pairs", 1280)
    deep = json.loads(invoke("snn", "train", "--epochs", "1", "--hidden", "12", "--readout", "spike_count", "-o", "b.safetensors", "--json").stdout)
    assert (deep["shape"], deep["readout"]) == ([64, 12, 10], "spike_count")


@pytest.mark.slow
def test_a_training_that_is_interrupted_ends_with_130_and_goes_on_with_the_same_command(own_folder: Path):
    pytest.importorskip("torch")
    asked = ("snn", "train", "--epochs", "12", "-o", str(own_folder / "mine.safetensors"))
    kept = own_folder / "mine.safetensors.training"
    running = process(*asked)
    while not kept.exists() and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert said.startswith("cosim: training: interrupted after epoch ")
    assert f"{kept} holds it, the same call goes on from there" in said
    assert invoke(*asked).exit_code == 0
    whole = invoke(*asked[:-1], str(own_folder / "whole.safetensors"))
    assert whole.exit_code == 0
    resumed, straight = (load_network(own_folder / f"{name}.safetensors").layers[0].plus for name in ("mine", "whole"))
    assert resumed.tolist() == straight.tolist()
    assert not kept.exists()


def test_a_state_dict_is_imported_and_what_is_lost_is_said(own_folder: Path):
    torch, snntorch = pytest.importorskip("torch"), pytest.importorskip("snntorch")
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(64, 10), snntorch.Leaky(beta=0.9))
    torch.save(net.state_dict(), own_folder / "net.pt")
    result = invoke("snn", "import", "net.pt", "--dt", "1m", "--tau", "4 ms", "-o", "imported.safetensors")
    assert result.exit_code == 0, result.stderr
    assert "\n1, bias: up to " in result.stdout
    assert "not kept: no device gives a current without a spike" in result.stdout
    assert "imported.safetensors: 64 - 10, pairs, 1280 memristors, read by membrane_maximum; " in result.stdout
    network = load_network(own_folder / "imported.safetensors")
    assert network.layers[0].taus.membrane == pytest.approx(-1e-3 / np.log(0.9), rel=1e-6)
    assert network.encoding.tau == 4e-3


def test_a_nir_file_is_imported(own_folder: Path):
    nir = pytest.importorskip("nir")
    weights = np.random.default_rng(0).uniform(size=(10, 64))
    ten = np.ones(10)
    nodes = {
        "input": nir.Input(np.array([64])),
        "linear": nir.Linear(weights),
        "leaky": nir.LI(tau=0.015 * ten, r=ten, v_leak=0 * ten),
        "output": nir.Output(np.array([10])),
    }
    nir.write(own_folder / "net.nir", nir.NIRGraph(nodes, [("input", "linear"), ("linear", "leaky"), ("leaky", "output")]))
    result = invoke("snn", "import", "net.nir", "--dt", "1m", "-o", "imported.safetensors", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0, result.stderr
    assert (found["exact"], found["signs"], found["shape"]) == (True, "positive", [64, 10])
    assert load_network(own_folder / "imported.safetensors").layers[0].taus.membrane == pytest.approx(0.015)


@pytest.mark.parametrize(
    ("missing", "arguments"),
    [
        ("torch", ("snn", "train", "-o", "a.safetensors")),
        ("torch", ("snn", "import", "net.pt", "--dt", "1m", "-o", "a.safetensors")),
        ("nir", ("snn", "import", "net.nir", "--dt", "1m", "-o", "a.safetensors")),
        ("safetensors", ("snn", "infer", "net.safetensors")),
        ("safetensors", ("snn", "map", "net.safetensors", "-o", "a.npz")),
    ],
)
def test_a_package_that_is_missing_is_named_with_its_extra(missing: str, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None if name == missing else there(name, package))
    result = invoke(*arguments)
    message = f"cosim: {arguments[0]} {arguments[1]}: the Python package {missing} is missing; pip install 'cosim[snn]'\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", message)


REFUSED = (
    (
        ("snn", "import", "net.pt", "-o", "a.safetensors"),
        "snn import, --dt: must be given, the step that the network was trained with, for example 1m; the file does not tell",
    ),
    (("snn", "import", "net.pt", "--dt", "0", "-o", "a.safetensors"), "--dt=0: must be > 0 s"),
    (("snn", "import", "net.pt", "--dt", "1m", "-o", "no/a.safetensors"), "no/a.safetensors: cannot be written, there is no folder no"),
    (("snn", "map", "net.safetensors", "-o", "a.csv"), "--output=a.csv: must end in .npz"),
    (("snn", "map", "none.safetensors", "-o", "a.npz"), "none.safetensors: no such file or directory"),
    (("snn", "infer", "net.safetensors", "--images", "361"), "snn infer, images=361: must be within 1..360, the test images of digits"),
    (("snn", "infer", "net.safetensors", "--data", "letters"), "data set letters: must be one of digits, optdigits, mnist, fashion"),
    (("snn", "infer", "damaged.safetensors"), "damaged.safetensors: network, layer 1, weights=-0.1: must be within 0..1; give negative weights as pairs"),
)


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=lambda each: " ".join(each) if isinstance(each, tuple) else "")
def test_bad_input_gets_one_line_and_exit_code_2(arguments: tuple[str, ...], message: str, own_folder: Path):
    if "damaged" in " ".join(arguments):
        network = templates()
        network.layers[0].plus[3, 4] = -0.1
        save_network(network, own_folder / "damaged.safetensors")
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"cosim: {message}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("net.pt", "--dt", "1m"), "cosim: net.pt: no such file or directory\n"),
        (("text.pt", "--dt", "1m"), "cosim: text.pt: must be a state dict, torch.save(net.state_dict(), ...); a file with code in it is not run\n"),
        (
            ("net.pt", "--dt", "1m", "--writer-step", "0.1m"),
            "cosim: --writer-step=0.1m: must be left out for net.pt, which is no NIR file (.nir, .h5, .hdf5)\n",
        ),
        (("net.pt", "--dt", "1m", "--threshold", "1.2"), "cosim: latency code, threshold=1.2: must be >= 0 and < 1\n"),
    ],
)
def test_what_cannot_be_imported_is_refused_in_one_line(arguments: tuple[str, ...], message: str, own_folder: Path):
    pytest.importorskip("torch")
    (own_folder / "text.pt").write_text("no network")
    result = invoke("snn", "import", *arguments, "-o", "a.safetensors")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == message


def test_the_gain_and_the_rounding_of_few_levels_are_found_on_the_training_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    save_network(templates(), tmp_path / "net.safetensors")
    found = {}
    for gain in ("1", "auto"):
        result = invoke("snn", "map", "net.safetensors", "--bits", "1", "--gain", gain, "-o", "chip.npz", "--json")
        assert result.exit_code == 0, result.stderr
        found[gain] = json.loads(result.stdout)["gain"], np.load("chip.npz")["layer1.plus.target"]
    assert found["1"][0] == 1.0 != found["auto"][0]
    assert len(np.unique(found["auto"][1])) == 2
    assert np.sum(found["auto"][1] != found["1"][1]) > 5  # cells that were rounded the other way
