"""``cosim check``: the table, the JSON, the verdicts with their exit codes, and what is refused."""

import json
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("safetensors")

from cosim.circuits.corners import NOMINAL
from cosim.codesign.network import check as network_check
from cosim.codesign.network import realization
from cosim.codesign.network.inference import CircuitScores, Hardware, infer
from cosim.codesign.network.mapping import MappingPlan
from cosim.snn.encoding import LatencyCard
from cosim.snn.network import Layer, TrainedNetwork
from cosim.snn.storage import save_network
from cosim.snn.timing import TimeConstants
from cosim.sweep.lab import Lab
from tests.cli.networks import templates
from tests.cli.program import invoke, process

pytestmark = pytest.mark.slow
SEED = 0  # where no other is asked for
FEW = ("--images", "3", "--calibration", "20")
BRIEF = replace(templates(), duration=0.05)  # the code ends at 20 ms; no image peaks later than 12 ms in the model


@pytest.fixture(scope="session")
def kept_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all tests of this file."""
    return tmp_path_factory.mktemp("check") / "store"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, kept_runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test with a folder of its own and a network in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIM_STORE", str(kept_runs))
    save_network(BRIEF, tmp_path / "net.safetensors")
    return tmp_path


def test_the_table_says_accuracies_bound_and_agreement():
    result = invoke("check", "net.safetensors", *FEW)
    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert lines[1].split("  ")[-1].strip() == "3, 3"
    assert [line.split("  ")[0] for line in lines[2:5]] == ["accuracy of the network", "accuracy with the weights of the array", "accuracy of the circuit"]
    assert "100.0 %, 95 % interval 29.2 .. 100.0 %" in lines[2]
    assert "% of the highest output, from 20 other images" in lines[5]
    assert " an image; variant two_pole; ngspice " in lines[-1]


def test_the_json_holds_the_whole_verdict():
    result = invoke("check", "net.safetensors", *FEW, "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0, result.stderr
    assert (found["passed"], found["failures"], found["images"], found["seed"]) == (True, {}, 3, SEED)
    assert (found["mapping"]["bits"], found["mapping"]["tuning_error"]) == (0, 0.0)
    assert 0.001 < found["bound"]["error"] < 0.1
    assert found["accuracy"]["circuit"]["of"] == 3
    assert len(found["classes"]["circuit"]) == len(found["classes"]["label"]) == 3
    assert found["circuit_taus"]["membrane"] == pytest.approx(15e-3, rel=0.02)


def crossed(hardware: Hardware, times: np.ndarray, lab: Lab, *, duration: float, numbers: list[int]) -> CircuitScores:
    """The circuit with its columns in the wrong order, for the images of the verdict."""
    ran = infer(hardware, times, lab, duration=duration, numbers=numbers)
    return replace(ran, peaks=np.roll(ran.peaks, 1, axis=1)) if len(times) == 3 else ran


def test_a_circuit_with_crossed_columns_is_exit_1_and_its_images_are_listed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(realization, "infer", crossed)
    result = invoke("check", "net.safetensors", *FEW)
    assert result.exit_code == 1
    assert result.stderr.startswith("cosim: check: ")
    assert "decided images differ, first image " in result.stderr
    head = next(index for index, line in enumerate(result.stdout.splitlines()) if line.startswith("image "))
    rows = [line.split() for line in result.stdout.splitlines()[head + 1 :]]
    assert [row[0] for row in rows] == ["0", "1", "2"]
    assert [(int(row[2]) + 1) % 10 for row in rows] == [int(row[3]) for row in rows]


def test_runs_that_fail_are_exit_4(tmp_path: Path):
    result = invoke("check", "net.safetensors", *FEW, "--timeout", "1 ms", "--store", tmp_path / "empty")
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.startswith("cosim: circuit=neuron_two_pole, w=1.0: timeout, killed after 0.001 s; ")  # the unit alone, before any image


def all_crossed(hardware: Hardware, times: np.ndarray, lab: Lab, *, duration: float, numbers: list[int]) -> CircuitScores:
    """The columns in the wrong order whatever is run: the bound is measured on a wrong circuit too."""
    ran = infer(hardware, times, lab, duration=duration, numbers=numbers)
    return replace(ran, peaks=np.roll(ran.peaks, 1, axis=1))


def test_a_circuit_that_is_wrong_from_the_start_decides_nothing_and_is_exit_1(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(realization, "infer", all_crossed)
    result = invoke("check", "net.safetensors", *FEW)
    assert result.exit_code == 1
    assert result.stderr.startswith("cosim: check: 100 % of the images are undecided, so that nothing is shown; the bound is ")


def test_conditions_reach_the_check_and_are_in_the_output(monkeypatch: pytest.MonkeyPatch):
    """The runs themselves are the nominal ones, which are kept already."""
    real, asked = network_check.check, []

    def nominal(*given: Any, **options: Any) -> network_check.Check:
        asked.append({name: options[name] for name in ("plan", "corner", "wire_resistance", "noise")})
        return real(*given, **{**options, "plan": MappingPlan(), "corner": NOMINAL, "wire_resistance": 0.0, "noise": None})

    monkeypatch.setattr(network_check, "check", nominal)
    away = ("--bits", "3", "--tuning-error", "3 %", "--temperature", "40", "--wires", "2 ohm", "--noise", "5 %", "--noise-time", "3 ms")
    table, values = invoke("check", "net.safetensors", *FEW, *away), invoke("check", "net.safetensors", *FEW, *away, "--json")
    assert (table.exit_code, values.exit_code) == (0, 0), table.stderr
    assert (asked[0]["plan"].bits, asked[0]["plan"].tuning_error) == (3, 0.03)
    assert asked[0]["corner"].temperature == 40.0
    assert asked[0]["wire_resistance"] == 2.0
    assert (asked[0]["noise"].deviation, asked[0]["noise"].correlation_time) == (0.05, 3e-3)
    assert "conditions" in table.stdout.splitlines()[1]
    assert table.stdout.splitlines()[1].endswith("40 degC; wires 2 ohm a segment; read noise 5 %, 3 ms")
    assert json.loads(values.stdout)["conditions"] == {
        "temperature": 40.0, "supply": None, "a_vt": 0.0, "wire_resistance": 2.0, "noise": 0.05, "noise_correlation_time": 3e-3,
    }  # fmt: skip


def failing(hardware: Hardware, times: np.ndarray, lab: Lab, *, duration: float, numbers: list[int]) -> CircuitScores:
    """The run of image 1 of the verdict fails."""
    ran = infer(hardware, times, lab, duration=duration, numbers=numbers)
    if len(times) != 3:
        return ran
    peaks = np.where(np.arange(3)[:, None] == 1, np.nan, ran.peaks)
    return replace(ran, peaks=peaks, failures={1: "no_convergence, timestep too small"})


def test_one_failed_run_is_exit_4_and_the_others_are_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(realization, "infer", failing)
    result = invoke("check", "net.safetensors", *FEW)
    assert result.exit_code == 4
    assert result.stderr == "cosim: check: 1 of 23 runs failed, first image 1: no_convergence, timestep too small\n"
    assert "3, 2" in result.stdout.splitlines()[1]
    assert result.stdout.splitlines()[-1] == "image 1: no_convergence, timestep too small"


def test_time_constants_that_the_circuit_does_not_have_are_said_with_the_remedy(own_folder: Path):
    (layer,) = BRIEF.layers
    save_network(replace(BRIEF, layers=(replace(layer, taus=TimeConstants(membrane=30e-3)),)), own_folder / "slow.safetensors")
    result = invoke("check", "slow.safetensors", *FEW)
    first = result.stderr.splitlines()[0]
    assert first.startswith("cosim: check: membrane of two_pole is 15 ms, of the network 30 ms; `cosim fit neuron --tau-mem 30m -o card.toml`")


def test_a_check_that_is_interrupted_ends_with_130_and_says_what_is_kept(own_folder: Path):
    store = own_folder / "store"
    running = process("check", "net.safetensors", *FEW, "--workers", "1", COSIM_STORE=store)
    while not list(store.glob("index.sqlite")) and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "kept" in said


REFUSED = (
    (("check", "none.safetensors"), "none.safetensors: no such file or directory"),
    (("check", "text.safetensors"), "text.safetensors: damaged, or not a safetensors file"),
    (("check", "net.safetensors", "--data", "letters"), "data set letters: must be one of digits, optdigits, mnist, fashion"),
    (("check", "wide.safetensors"), "check, pixels of digits=64: must be 9, the inputs of the network"),
    (
        ("check", "net.safetensors", "--images", "341", "--calibration", "20"),
        "check, images=341: must be within 1..340, 360 test images of digits less 20 of the calibration",
    ),
    (("check", "net.safetensors", "--calibration", "5"), "check, calibration=5: must be >= 20 images, to measure the error bound on"),
    (
        ("check", "net.safetensors", "--variant", "foo"),
        "card 'foo': must be the path of a .toml file or one of as_printed, board, linear, robust, robust_array, robust_pairs, two_pole",
    ),
    (("check", "net.safetensors", "--gain", "0"), "--gain=0: must be > 0, or auto"),
    (("check", "net.safetensors", "--gain", "much"), "--gain='much': must be a number, with a suffix or a unit at most"),
    (("check", "net.safetensors", "--noise-time", "1 us"), "read noise, correlation_time=1e-06: must be >= 0.0001"),
    (("check", "net.safetensors", "--temperature", "-300"), "corner, temperature=-300: must be > -273.15 and < 1000"),
    (("check", "net.safetensors", "--wires", "-1"), "layer, wire_resistance=-1: must be >= 0 ohm"),
    (("check", "net.safetensors", "--bits", "17"), "mapping, bits=17: must be within 0..16"),
    (("check", "net.safetensors", "--tuning-error", "3 V"), "--tuning-error='3 V': must be a quantity in %, not in 'V'"),
    (("check", "net.safetensors", "--stuck-low", "120 %"), "mapping, stuck_low=1.2: must be within 0..1"),
    (
        ("check", "deep.safetensors", "--variant", "two_pole"),
        "neuron two_pole, block=spikes: must be one that the variant has; a spike output stands in robust, board, robust_array, robust_pairs",
    ),
    (
        ("check", "deep.safetensors", "--mismatch", "9 mV um"),
        "check, mismatch=9e-09: must be 0 for layers that fire: their thresholds lie 7 to 20 mV over the membrane at rest, "
        "and would have to be trimmed unit by unit",
    ),
)


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=lambda each: " ".join(each) if isinstance(each, tuple) else "")
def test_bad_input_gets_one_line_and_exit_code_2(arguments: tuple[str, ...], message: str, own_folder: Path):
    (own_folder / "text.safetensors").write_text("no network")
    save_network(TrainedNetwork(layers=(Layer(plus=np.eye(9, 10)),), encoding=LatencyCard(), dt=1e-3), own_folder / "wide.safetensors")
    halves = [(np.full((64, 5), 0.1), 1.0), (np.full((5, 10), 0.1), None)]
    layers = tuple(Layer(plus=plus, minus=np.zeros_like(plus), threshold=threshold) for plus, threshold in halves)
    save_network(TrainedNetwork(layers=layers, encoding=LatencyCard(), dt=1e-3, response="impulse", signs="pairs"), own_folder / "deep.safetensors")
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"cosim: {message}\n")


def test_a_network_trained_by_plain_snntorch_gets_a_verdict(own_folder: Path):
    """No code of this package in the training: a linear layer and snntorch's Synaptic, weights kept positive, spikes on steps of 1 ms."""
    torch, snntorch = pytest.importorskip("torch"), pytest.importorskip("snntorch")
    from sklearn.datasets import load_digits

    torch.manual_seed(0)
    found = load_digits()
    pixels, labels = found.data / 16.0, torch.tensor(found.target)
    late = np.full(pixels.shape, np.inf)
    bright = pixels > 0.3
    late[bright] = np.minimum(5.0 * np.log(pixels[bright] / (pixels[bright] - 0.3)), 20.0)  # [ms]
    spikes = torch.tensor((np.rint(late)[None] == np.arange(60)[:, None, None]).astype(np.float32))
    linear = torch.nn.Linear(64, 10, bias=False)
    neurons = snntorch.Synaptic(alpha=float(np.exp(-1 / 2)), beta=float(np.exp(-1 / 15)), reset_mechanism="none", threshold=1e9)
    network = torch.nn.Sequential(linear, neurons)
    linear.weight.data.abs_()
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-2)
    for start in [*range(0, 1400, 100)] * 2:
        synapse, membrane = neurons.init_synaptic()
        seen = []
        for step in spikes[:, start : start + 100]:
            _, synapse, membrane = neurons(linear(step), synapse, membrane)
            seen.append(membrane)
        loss = torch.nn.functional.cross_entropy(torch.stack(seen).amax(dim=0), labels[start : start + 100])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        linear.weight.data.clamp_(min=0.0)
    torch.save(network.state_dict(), own_folder / "mine.pt")
    assert invoke("snn", "import", "mine.pt", "--dt", "1m", "--duration", "60m", "-o", "mine.safetensors").exit_code == 0
    result = invoke("check", "mine.safetensors", "--images", "5", "--calibration", "20", "--json")
    verdict = json.loads(result.stdout)
    assert (result.exit_code, verdict["passed"], verdict["failures"]) == (0, True, {})
    assert verdict["bound"]["error"] < 0.06
    assert verdict["accuracy"]["circuit"]["right"] == verdict["accuracy"]["network"]["right"] >= 3
    assert 0.5e-3 < verdict["lag"] < 2.4e-3  # a step against a pulse
