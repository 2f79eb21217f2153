"""Cards of the unit: every variant reads, every value has a reason, and what cannot be is refused in one line."""

from dataclasses import replace
from pathlib import Path

import pytest

from cosim.circuits.neuron.card import COLUMN_VARIANTS, VARIANTS, CurrentBiasedCard, GateBiasedCard, card_text, load_neuron, require
from cosim.errors import CosimError, DesignError, DeviceError, InputError
from cosim.params import described
from cosim.resources import device_data

FOLDER = device_data() / "neuron"
KINDS = {"as_printed": GateBiasedCard, "linear": GateBiasedCard, "two_pole": GateBiasedCard, "robust": CurrentBiasedCard, "board": CurrentBiasedCard}


def changed(folder: Path, name: str, old: str, new: str) -> str:
    """The path of a copy of a card file in which `old` is `new`."""
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    assert old in text
    path = folder / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return str(path)


def refused(make) -> str:
    """What the error says, the folder of the test left out."""
    with pytest.raises(CosimError) as caught:
        make()
    return str(caught.value)


def test_the_variants_are_the_files():
    assert sorted((*VARIANTS, *COLUMN_VARIANTS)) == sorted(each.stem for each in FOLDER.glob("*.toml"))
    assert {name: type(load_neuron(name)) for name in VARIANTS} == KINDS


@pytest.mark.parametrize("name", VARIANTS)
def test_every_value_has_a_reason(name: str):
    card = load_neuron(name)
    assert set(card.reasons()) == {each.name for each in described(card)}
    assert all(len(reason.split(";")[0]) > 5 for reason in card.reasons().values())
    assert card.name == name
    assert card.description


@pytest.mark.parametrize("name", VARIANTS)
def test_what_the_paper_prints_is_in_the_cards(name: str):
    card = load_neuron(name)
    assert card.read_voltage == pytest.approx(50e-3)
    assert card.synapse_capacitance == pytest.approx(260e-12)


def test_the_printed_biases_are_those_of_the_paper():
    card = load_neuron("as_printed")
    assert isinstance(card, GateBiasedCard)
    assert (card.synapse_voltage, card.membrane_voltage, card.membrane_capacitance) == pytest.approx((1.44, 0.1, 260e-9))


def test_the_variants_have_the_blocks_that_they_are_made_for():
    blocks = {name: tuple(load_neuron(name).has(block) for block in ("rise", "linear_input", "spikes")) for name in VARIANTS}
    assert blocks == {
        "as_printed": (False, False, False),
        "linear": (False, True, False),
        "two_pole": (True, True, False),
        "robust": (True, True, True),
        "board": (True, True, True),
    }
    assert (load_neuron("robust").current_mode, load_neuron("board").current_mode) == (True, False)


def test_the_ratio_of_the_mirror_is_a_whole_number():
    assert load_neuron("robust").mirror_ratio == 2
    assert isinstance(load_neuron("board").mirror_ratio, int)


def test_an_unknown_variant_is_refused_with_the_known_ones():
    known = ", ".join(sorted((*VARIANTS, *COLUMN_VARIANTS)))
    assert refused(lambda: load_neuron("sturdy")) == f"card 'sturdy': must be the path of a .toml file or one of {known}"
    assert refused(lambda: load_neuron("nowhere/mine.toml")) == "card nowhere/mine.toml: no such file"


def test_a_card_of_the_users_own_is_read_from_its_path(tmp_path: Path):
    card = load_neuron(changed(tmp_path, "robust", 'feedback_resistance = { value = "30k"', 'feedback_resistance = { value = "5k"'))
    assert replace(card, feedback_resistance=30e3, sources=()) == replace(load_neuron("robust"), sources=())


@pytest.mark.parametrize(
    ("name", "old", "new", "error", "line"),
    [
        ("robust", "mirror_width =", "miror_width =", DesignError, "mine.toml: unknown key 'miror_width'; did you mean mirror_width?"),
        ("linear", "leak_width =", "leek_width =", DesignError, "mine.toml: unknown key 'leek_width'; did you mean leak_width?"),
        ("linear", 'unit = "ohm"', 'unit = "V"', DesignError, "mine.toml, feedback_resistance: unit 'V' must be 'ohm'"),
        ("linear", 'value = "50m"', 'value = "600m"', DeviceError, "neuron linear, read_voltage=0.6: must be > 0 and <= 0.5"),
        ("robust", "mirror_ratio = { value = 2,", "mirror_ratio = { value = 0,", DeviceError, "neuron robust, mirror_ratio=0: must be >= 1"),
    ],
)
def test_a_wrong_card_file_is_refused_in_one_line(tmp_path: Path, name: str, old: str, new: str, error: type[CosimError], line: str):
    path = changed(tmp_path, name, old, new)
    with pytest.raises(error) as caught:
        load_neuron(path)
    assert str(caught.value) == line


@pytest.mark.parametrize("name", VARIANTS)
def test_a_supply_below_the_need_of_the_stack_is_refused(name: str):
    card = load_neuron(name)
    line = f"neuron {name}, supply=1.1: must be >= {card.least_supply:g} V, the need of its stack"
    assert refused(lambda: replace(card, supply=1.1)) == line


def test_a_card_that_lacks_a_value_is_refused(tmp_path: Path):
    text = (FOLDER / "linear.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text("\n".join(line for line in text.splitlines() if not line.startswith("leak_length")), encoding="utf-8")
    assert refused(lambda: load_neuron(str(path))) == "mine.toml: leak_length is missing"


def test_a_block_that_a_variant_lacks_is_refused_with_those_that_have_it():
    require(load_neuron("robust"), "spikes", "a spike output")
    with pytest.raises(InputError) as caught:
        require(load_neuron("linear"), "spikes", "a spike output")
    assert (
        str(caught.value) == "neuron linear, block=spikes: must be one that the variant has; a spike output stands in robust, board, robust_array, robust_pairs"
    )


def test_a_ratio_between_two_whole_numbers_is_refused(tmp_path: Path):
    path = changed(tmp_path, "robust", "mirror_ratio = { value = 2,", "mirror_ratio = { value = 2.7,")
    assert refused(lambda: load_neuron(path)).startswith("neuron robust, mirror_ratio=2.7: must be a whole number")


def test_a_card_with_currents_as_biases_needs_a_source_resistance():
    with pytest.raises(DeviceError, match=r"^neuron robust, source_resistance=0: must be > 0 ohm where currents are the biases$"):
        replace(load_neuron("robust"), source_resistance=0.0)


def test_quotes_and_backslashes_survive_being_written(tmp_path):
    card = replace(load_neuron("linear"), description='a "quoted" C:\\path')
    path = tmp_path / "mine.toml"
    path.write_text(card_text(card, {"supply": 'said "so"'}), encoding="utf-8")
    found = load_neuron(str(path))
    assert found.description == card.description
    assert found.reasons()["supply"].startswith('said "so"')
