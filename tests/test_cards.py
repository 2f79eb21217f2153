"""Device cards: every constant has a unit, a source and a range of validity; what is wrong in a file is named."""

import tomllib
from pathlib import Path

import pytest

from cosim.cards import ENTRY
from cosim.circuits.neuron.card import load_neuron
from cosim.coding.storage_energy import load_storage
from cosim.devices.memristor.card import load_memristor
from cosim.devices.memristor.read_noise import load_read_noise
from cosim.devices.mosfet import load_mosfet
from cosim.devices.opamp import load_opamp
from cosim.devices.phase_change import load_phase_change
from cosim.errors import CosimError, DesignError, DeviceError
from cosim.params import described
from cosim.reporting.readme import CHANNEL_CARDS
from cosim.resources import device_data
from cosim.units import parse

LOADERS = {
    "channel": lambda name: CHANNEL_CARDS[name](name),
    "memristor": load_memristor,
    "opamp": load_opamp,
    "mosfet": load_mosfet,
    "read_noise": load_read_noise,
    "neuron": load_neuron,
    "pcm": load_phase_change,
    "storage": load_storage,
}
SHIPPED = [(path.parent.name, path.stem) for path in sorted(device_data().glob("*/*.toml"))]
OPAMP = {
    "gain": '{ value = 1e5, unit = "1", source = "s", valid = "v" }',
    "bandwidth": '{ value = "10Meg", unit = "Hz", source = "s", valid = "v" }',
    "output_resistance": '{ value = 10, unit = "ohm", source = "s", valid = "v" }',
    "offset": '{ value = "1m", unit = "V", source = "s", valid = "v" }',
    "quiescent_current": '{ value = "100u", unit = "A", source = "s", valid = "v" }',
}


def card(folder: Path, **entries: str) -> str:
    """The path of an op-amp card in which some entries are others; an empty one is left out."""
    lines = {**OPAMP, **entries}
    path = folder / "mine.toml"
    path.write_text("\n".join(f"{key} = {text}" for key, text in lines.items() if text), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("folder", "name"), SHIPPED)
def test_every_shipped_card_loads_under_its_own_name(folder: str, name: str):
    assert LOADERS[folder](name).name == name
    assert LOADERS[folder](name).description


@pytest.mark.parametrize(("folder", "name"), [each for each in SHIPPED if each[0] in ("memristor", "neuron")])
def test_every_constant_of_a_card_has_its_source_and_stands_in_it_as_written(folder: str, name: str):
    made, content = LOADERS[folder](name), tomllib.loads((device_data() / folder / f"{name}.toml").read_text(encoding="utf-8"))
    sources = dict(made.sources)
    for each in described(type(made)):
        if each.name == "polarity":
            continue
        entry = content[each.name]
        assert set(entry) == set(ENTRY)
        assert getattr(made, each.name) == parse(entry["value"], entry["unit"])
        assert entry["source"] in sources[each.name]
        assert entry["valid"] in sources[each.name]


def test_a_card_of_ones_own_is_read_from_its_path(tmp_path: Path):
    made = load_opamp(card(tmp_path))
    assert (made.name, made.bandwidth, made.offset) == ("mine", 1e7, 1e-3)
    assert made.sources[0] == ("gain", "s; valid v")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"gian": OPAMP["gain"]}, "mine.toml: unknown key 'gian'; did you mean gain?"),
        ({"gain": ""}, "mine.toml: gain is missing"),
        ({"gain": "1e5"}, "mine.toml, gain: must be a table with value, unit, source, valid"),
        ({"gain": '{ value = 1e5, unit = "1", valid = "v" }'}, "mine.toml, gain: must be a table with value, unit, source, valid"),
        (
            {"gain": '{ value = 1e5, unit = "1", source = "s", valid = "v", min = 1 }'},
            "mine.toml, gain: unknown key 'min'; allowed are value, unit, source, valid",
        ),
        ({"gain": '{ value = 1e5, unit = "V", source = "s", valid = "v" }'}, "mine.toml, gain: unit 'V' must be '1'"),
        (
            {"gain": '{ value = "1M", unit = "1", source = "s", valid = "v" }'},
            "mine.toml, gain='1M': a bare M is milli in SPICE and mega elsewhere; write m or Meg",
        ),
        ({"gain": '{ value = 0.5, unit = "1", source = "s", valid = "v" }'}, "op-amp mine, gain=0.5: must be > 1"),
    ],
)
def test_what_is_wrong_in_a_card_is_named(tmp_path: Path, entries: dict[str, str], message: str):
    with pytest.raises(CosimError) as caught:
        load_opamp(card(tmp_path, **entries))
    assert str(caught.value) == message
    assert caught.value.exit_code == 2


def test_a_card_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(DeviceError, match=r"^card 'lim2026': must be the path of a .toml file or one of lim2025_analog_window, lim2025_full_window$"):
        load_memristor("lim2026")
    with pytest.raises(DeviceError, match=r"^card nowhere/a\.toml: no such file$"):
        load_memristor("nowhere/a.toml")


def test_a_broken_card_is_named_with_its_line(tmp_path: Path):
    (tmp_path / "mine.toml").write_text("gain = {\n", encoding="utf-8")
    with pytest.raises(DesignError, match=r"mine\.toml: .*line "):
        load_opamp(str(tmp_path / "mine.toml"))
