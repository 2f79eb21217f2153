"""The section of a design file that is about the unit: its defaults are the shipped cards, and what cannot be is refused in one line."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from cosim.circuits.neuron.card import VARIANTS, load_neuron
from cosim.design import SECTIONS, Design, NeuronSection, load_design
from cosim.devices.memristor.card import load_memristor
from cosim.devices.opamp import load_opamp
from cosim.errors import DesignError
from cosim.snn.timing import TimeConstants


def written(folder: Path, text: str) -> Path:
    """A design file with a neuron section."""
    path = folder / "a.toml"
    path.write_text(f"format = 1\n[neuron]\n{text}", encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    """What reading says of it, the folder left out."""
    with pytest.raises(DesignError) as caught:
        load_design(written(folder, text))
    return str(caught.value).replace(f"{folder}/", "")


def test_the_section_is_part_of_a_design():
    assert "neuron" in SECTIONS
    assert Design().neuron == NeuronSection()


def test_the_defaults_name_cards_that_are_there():
    section = NeuronSection()
    assert section.card in VARIANTS
    assert load_neuron(section.card).has("spikes")
    assert load_memristor(section.memristor).name == section.memristor
    assert load_opamp(section.opamp).noise > 0


def test_the_default_time_constants_are_those_of_the_model():
    section, taus = NeuronSection(), TimeConstants()
    assert (section.tau_rise, section.tau_fall, section.tau_mem) == (taus.rise, taus.fall, taus.membrane)


def test_the_default_temperatures_rise_and_hold_the_nominal_one():
    found = NeuronSection().temperature
    assert list(found) == sorted(found)
    assert 27.0 in found
    assert (found[0], found[-1]) == (-40.0, 85.0)


def test_quantities_become_si_units(tmp_path: Path):
    found = load_design(
        written(tmp_path, 'card = "board"\ntau_mem = "20 ms"\ntemperature = ["27 degC", 85]\na_vt = "5n"\noffset = "100 uV"\nnoise = "5 %"\ndraws = 10\n')
    ).neuron
    assert (found.card, found.tau_mem, found.temperature) == ("board", pytest.approx(20e-3), (27.0, 85.0))
    assert (found.a_vt, found.offset, found.noise, found.draws) == (pytest.approx(5e-9), pytest.approx(100e-6), pytest.approx(0.05), 10)
    assert (
        replace(found, card="robust", tau_mem=15e-3, temperature=NeuronSection().temperature, a_vt=9e-9, offset=0.2e-3, noise=0.07, draws=200)
        == NeuronSection()
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("tau_rise = 2e-3\n", "a.toml, [neuron] tau_rise=0.002: must be < tau_fall=0.002 s: a current cannot rise slower than it decays"),
        ('tau_rise = "3 ms"\n', "a.toml, [neuron] tau_rise=0.003: must be < tau_fall=0.002 s: a current cannot rise slower than it decays"),
        ("tau_mem = 0\n", "a.toml, [neuron] tau_mem=0: must be > 0 and <= 1"),
        ("tau_mem = 2\n", "a.toml, [neuron] tau_mem=2: must be > 0 and <= 1"),
        ("temperature = [-300]\n", "a.toml, [neuron] temperature[0]=-300: must be > -273.15 and < 1000"),
        ("temperature = []\n", "a.toml, [neuron] temperature=[]: must be a list of at least one value"),
        ('supply_tolerance = "100 %"\n', "a.toml, [neuron] supply_tolerance=1: must be >= 0 and < 1 (1 is 100 %)"),
        ("a_vt = 9e-3\n", "a.toml, [neuron] a_vt=0.009: must be within 0..1e-06"),
        ("draws = 1\n", "a.toml, [neuron] draws=1: must be within 2..100000"),
        ("draws = 2.5\n", "a.toml, [neuron] draws=2.5: must be a whole number"),
        ("images = 1798\n", "a.toml, [neuron] images=1798: must be within 2..1797"),
        ("trains = 0\n", "a.toml, [neuron] trains=0: must be within 1..10000"),
        ("peak_tolerance = 0\n", "a.toml, [neuron] peak_tolerance=0: must be > 0 and < 1 (1 is 100 %)"),
        ("noise = -0.1\n", "a.toml, [neuron] noise=-0.1: must be >= 0 and < 1 (1 is 100 %)"),
        ('offset = "1 A"\n', "a.toml, [neuron] offset='1 A': must be a quantity in V, not in 'A'"),
        ("tau_ris = 1e-3\n", "a.toml, [neuron]: unknown key 'tau_ris'; did you mean tau_rise?"),
        ("card = 3\n", "a.toml, [neuron] card=3: must be text in quotes"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, text: str, line: str):
    assert refusal(tmp_path, text) == line


def test_the_path_of_a_card_is_relative_to_the_design_file(tmp_path: Path):
    found = load_design(written(tmp_path, 'card = "mine.toml"\n')).neuron
    assert Path(found.card) == tmp_path / "mine.toml"


@pytest.mark.parametrize("name", ["supply_tolerance", "a_vt", "offset", "noise"])
def test_zero_switches_an_influence_off(tmp_path: Path, name: str):
    assert getattr(load_design(written(tmp_path, f"{name} = 0\n")).neuron, name) == 0.0


def test_every_key_is_described():
    for each in fields(NeuronSection):
        if each.init and not each.name.startswith("_"):
            assert len(each.metadata.get("description", "")) > 5, each.name
