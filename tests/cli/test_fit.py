"""``cosim fit neuron`` and ``cosim netlist neuron``: biases from time constants, decks of the unit, and what is refused."""

import json
import signal
from pathlib import Path

import pytest

from cosim.circuits.neuron.card import load_neuron
from cosim.spice.dialect import check
from tests.cli.program import invoke, process

REFUSED = (
    (
        ("fit", "neuron", "--tau-rise", "3m"),
        "cosim: --tau-rise, [neuron] tau_rise=0.003: must be < tau_fall=0.002 s: a current cannot rise slower than it decays",
    ),
    (("fit", "neuron", "--tau-mem", "5V"), "cosim: --tau-mem, [neuron] tau_mem='5V': must be a quantity in s, not in 'V'"),
    (("fit", "neuron", "--supply", "1.5"), "cosim: neuron robust, supply=1.5: must be >= 2.7 V, the need of its stack"),
    (("fit", "neuron", "--supply", "0"), "cosim: --supply=0: must be > 0 V"),
    (
        ("fit", "neuron", "--variant", "foo"),
        "cosim: card 'foo': must be the path of a .toml file or one of as_printed, board, linear, robust, robust_array, robust_pairs, two_pole",
    ),
    (("fit", "neuron", "-o", "none/card.toml"), "cosim: none/card.toml: cannot be written, there is no folder none"),
    (("netlist", "neuron", "--weight", "-0.1"), "cosim: unit robust, weight=-0.1: must be within 0..1"),
    (("netlist", "neuron", "--spikes", "10m,10.5m"), "cosim: spike train, time=0.0105: must be >= 0.0111, the end of the spike before it"),
    (
        ("netlist", "neuron", "--variant", "linear", "--threshold", "0.1"),
        "cosim: neuron linear, block=spikes: must be one that the variant has; a spike output stands in robust, board, robust_array, robust_pairs",
    ),
    (("netlist", "neuron", "--supply", "1 V"), "cosim: neuron robust, supply=1: must be >= 2.7 V, the need of its stack"),
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test with a folder and a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIM_STORE", str(tmp_path / "store"))
    return tmp_path


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=lambda each: " ".join(each) if isinstance(each, tuple) else "")
def test_bad_input_gets_one_line_and_exit_code_2(arguments: tuple[str, ...], message: str):
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{message}\n")


def test_the_fit_shows_bias_time_constant_and_equation_beside_each_other():
    result = invoke("fit", "neuron", "--variant", "two_pole")
    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert lines[0].split("  ")[0] == "time constant"
    assert [line.split()[0] for line in lines[1:4]] == ["tau_rise", "tau_fall", "tau_mem"]
    assert ["rise_capacitance" in lines[1], "synapse_voltage" in lines[2], "membrane_voltage" in lines[3]] == [True] * 3
    assert [line.split()[-1] for line in lines[1:4]] == ["yes"] * 3
    assert lines[-1].startswith("variant two_pole: synaptic current 1.5")


def test_what_a_variant_cannot_have_is_said_with_its_reason_and_exit_code_1():
    result = invoke("fit", "neuron", "--variant", "linear", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [each["name"] for each in found["unreached"]] == ["tau_rise"]
    reason = "variant linear has no low-pass: its current follows the pulse; two_pole, robust and board have one"
    assert result.stderr == f"cosim: fit neuron linear, tau_rise: 500 us is not reached: {reason}\n"
    assert found["reached"]["leak"] == pytest.approx(15e-3, rel=0.02)


def test_a_fitted_card_is_written_and_read_again_and_gives_a_deck(own_folder: Path):
    fitted = invoke("fit", "neuron", "--variant", "two_pole", "--tau-mem", "10m", "-o", "mine.toml", "--json")
    assert fitted.exit_code == 0, fitted.stderr
    card = load_neuron("mine.toml")
    assert card.name == "mine"
    assert card.membrane_voltage == pytest.approx(json.loads(fitted.stdout)["biases"]["membrane_voltage"], rel=1e-9)
    assert card.reasons()["membrane_voltage"].startswith("fitted: time constant of 10 ms")
    deck = invoke("netlist", "neuron", "--variant", "mine.toml", "--spikes", "10m", "--weight", "0.5", "-o", "mine.cir")
    assert deck.exit_code == 0, deck.stderr
    text = (own_folder / "mine.cir").read_text(encoding="utf-8")
    assert check(text) == []
    assert "* membrane_voltage = " in text
    assert "fitted: time constant of 10 ms" in text
    assert ".param w=0.5 ;" in text


def test_a_deck_of_a_unit_that_fires_simulates_and_fires(own_folder: Path):
    assert invoke("netlist", "neuron", "--threshold", "0.11", "--spikes", "10m", "-o", "firing.cir").exit_code == 0
    found = invoke("sim", "firing.cir", "-o", "waves.csv")
    assert found.exit_code == 0, found.stderr
    lines = (own_folder / "waves.csv").read_text(encoding="utf-8").splitlines()
    spike = lines[0].split(",").index("v(spike)")
    assert max(float(line.split(",")[spike]) for line in lines[1:]) > 3.2


def test_a_fit_that_is_interrupted_ends_with_130_and_goes_on_from_the_store(own_folder: Path):
    running = process("fit", "neuron", COSIM_STORE=own_folder / "store")
    while not list((own_folder / "store").glob("index.sqlite")) and running.poll() is None:
        pass
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "kept" in said
    assert invoke("fit", "neuron").exit_code == 0
