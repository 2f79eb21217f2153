"""The section of a design file that is about the network: its defaults are those of the paper, and what cannot be is refused in one line."""

from dataclasses import fields
from pathlib import Path

import pytest

from cosim.circuits.neuron.card import load_neuron
from cosim.design import SECTIONS, Design, NetworkSection, load_design
from cosim.errors import DesignError


def refusal(folder: Path, text: str) -> str:
    """What reading says of a section, the folder left out."""
    path = folder / "a.toml"
    path.write_text(f"format = 1\n[network]\n{text}", encoding="utf-8")
    with pytest.raises(DesignError) as caught:
        load_design(path)
    return str(caught.value).replace(f"{folder}/", "")


def test_the_section_is_part_of_a_design():
    assert "network" in SECTIONS
    assert Design().network == NetworkSection()


def test_the_defaults_name_cards_that_are_there_and_the_images_of_the_paper():
    section = NetworkSection()
    assert {load_neuron(each).name for each in (section.variant, section.built)} == {"two_pole", "robust_array"}
    assert (section.images, section.seeds, section.chips) == (1124, 5, 100)
    assert section.chosen_bits in section.bits


def test_every_key_of_the_shipped_design_is_the_default():
    shipped = load_design(Path(__file__).parents[1] / "designs" / "lim2025_synapse.toml").network
    assert {each.name: getattr(shipped, each.name) for each in fields(NetworkSection)} == {
        each.name: getattr(NetworkSection(), each.name) for each in fields(NetworkSection)
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("bits = [1, 2]", "[network] chosen_bits=3: must be one of bits=[1, 2]"),
        ("bits = [1, 2.5, 3]", "[network] bits=[1.0, 2.5, 3.0]: must be whole numbers"),
        ("bits = [3, 3]", "[network] bits=[3.0, 3.0]: must be values that differ"),
        ('tuning_errors = ["3 %"]', "[network] tuning_errors=[0.03]: must be with 0 among them, which the others are compared with"),
        ('noises = ["7 %"]', "[network] noises=[0.07]: must be with 0 among them, which the others are compared with"),
        ('window = "30m"', "[network] window="),
        ('data = "letters"', "[network] data="),
        ("seeds = 1", "[network] seeds=1"),
        ("imges = 3", "unknown"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, text: str, line: str):
    said = refusal(tmp_path, text)
    assert "\n" not in said
    assert line in said or ("unknown" in line and "imges" in said)
