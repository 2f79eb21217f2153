"""MOSFET cards: against real LTspice runs, their layout, and libraries of the user's own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosim.analysis import Dc, Op, Options
from cosim.circuits.cells import transistor_bench
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Mosfet, Resistor, VoltageSource
from cosim.circuits.expression import Param
from cosim.devices.mosfet import MosfetCard, from_library, load_mosfet
from cosim.errors import CosimError, DeviceError
from cosim.resources import device_data
from cosim.simulation import simulate
from cosim.spice.deck import write_deck
from cosim.spice.raw import read_raw

NMOS, PMOS = load_mosfet("c5n_nmos"), load_mosfet("c5n_pmos")
LIBRARY = """* a library with two models
.MODEL slow NMOS (LEVEL=1 VTO=0.9 KP=50u)
.model  fast nmos level=1 vto=0.5
+ kp=200u
  .model pull pmos (level=1 vto=-0.8)
* .model hidden nmos level=1
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of the user's own."""
    path = tmp_path / "fab.lib"
    path.write_text(LIBRARY, encoding="utf-8")
    return path


@pytest.mark.data
def test_the_nmos_card_is_that_of_a_real_ltspice_run(data_file: Callable[..., Path]):
    _, axis, signals = read_raw(data_file("ltspice_c5_bsim3", "NMOS_IV.raw"))
    theirs = -signals["i(vd)"][:, ::50]
    circuit = transistor_bench(replace(NMOS, contact_length=0.0), drain=0.0, gate=0.0, w_over_l=5.0, length=0.6e-6)
    ours = -simulate(circuit, Dc("vd", 0.0, 5.0, 0.05, outer=("vg", 0.0, 5.0, 1.0)), saved=("i(vd)",)).require()["i(vd)"]
    assert ours.shape == theirs.shape == (6, 101)
    for gate in range(1, 6):
        peak = theirs[gate].max()
        assert peak > 1e-6
        assert np.abs(ours[gate] - theirs[gate]).max() < 1e-3 * peak
    assert ours[5, -1] == pytest.approx(1.1375131e-3, rel=1e-5)
    assert axis[-1] == 5.0


@pytest.mark.data
def test_the_pmos_card_is_that_of_a_real_ltspice_run_whose_well_floats(data_file: Callable[..., Path]):
    _, axis, signals = read_raw(data_file("ltspice_c5_bsim3", "PMOS_IV.raw"))
    pins = {"d": "vdrain", "g": "vgate", "b": "vwell"}
    circuit = Circuit(
        name="pmos",
        elements=(
            *(VoltageSource(node, node, "0", Param(name)) for node, name in pins.items()),
            Mosfet(name="1", drain="d", gate="g", source="0", bulk="b", card=replace(PMOS, contact_length=0.0), width=3e-6, length=0.6e-6),
        ),
        parameters={name: Parameter(0.0, "V", name) for name in pins.values()},
    )
    for gate, index in ((2, 1000), (3, 200), (3, 5000), (4, 2500), (5, 100), (5, 5000)):
        values = {"vdrain": axis[index], "vgate": signals["v(g)"][gate, index], "vwell": signals["v(vdd)"][gate, index]}
        waves = simulate(circuit, Op(options=Options(reltol=1e-6)), values=values).require()
        theirs = signals["id(mpmos@0)"][gate, index]
        assert abs(theirs) > 1e-7
        assert -waves["i(vd)"][0] == pytest.approx(theirs, rel=1e-3)


def test_the_default_squares_of_the_programs_would_differ():
    """The trap that NRD and NRS guard against: 82 ohm a square at each end."""
    analysis = Dc("vd", 0.0, 5.0, 1.0)
    bare, square = (
        -simulate(transistor_bench(replace(NMOS, contact_length=length), drain=0.0, gate=5.0, w_over_l=5.0, length=0.6e-6), analysis).require()["i(vd)"][-1]
        for length in (0.0, 3e-6)
    )
    assert 0.02 < 1 - square / bare < 0.15


def test_the_on_resistance_is_that_of_the_paper():
    waves = simulate(transistor_bench(NMOS, drain=0.1, gate=3.0), Op()).require()
    assert 0.1 / -waves["i(vd)"][0] == pytest.approx(120.0, abs=3.0)


def test_layout_follows_from_the_width():
    line = next(each for each in write_deck(transistor_bench(NMOS, drain=0.1, gate=3.0, w_over_l=20.0), Op()).text.splitlines() if each.startswith("M1"))
    assert line.startswith("M1 d g s 0 c5n_nmos W={w_over_l*5e-07} L=5e-07 NRD={3.6e-06/(w_over_l*5e-07)}")
    fixed = Circuit(
        name="c",
        elements=(VoltageSource("d", "d", "0", 1.0), Mosfet(name="1", drain="d", gate="d", source="0", bulk="0", card=NMOS, width=10e-6, length=0.5e-6)),
    )
    text = write_deck(fixed, Op()).text.replace("\n+ ", " ")
    assert "W=1e-05 L=5e-07 NRD=0.36 NRS=0.36 AD=1.5e-11 AS=1.5e-11 PD=2.3e-05 PS=2.3e-05" in text


def test_a_library_of_ones_own_takes_the_place_of_the_card(library: Path):
    fast, slow = (from_library(library, name, kind="nmos", like=NMOS) for name in ("fast", "SLOW"))
    assert (fast.name, fast.model, fast.contact_length) == ("fast", None, NMOS.contact_length)
    currents = [-simulate(transistor_bench(card, drain=3.0, gate=2.0, w_over_l=10.0), Op()).require()["i(vd)"][0] for card in (fast, slow)]
    assert currents[0] == pytest.approx(0.5 * 200e-6 * 10 * 1.5**2, rel=0.05)
    assert currents[1] == pytest.approx(0.5 * 50e-6 * 10 * 1.1**2, rel=0.05)


def test_the_library_lies_beside_the_deck_as_it_is(library: Path):
    deck = write_deck(transistor_bench(from_library(library, "fast", kind="nmos", like=NMOS), drain=1.0, gate=1.0), Op())
    assert deck.files == (("fab.lib", LIBRARY),)
    assert ".include fab.lib" in deck.text
    assert ".model" not in deck.text.lower()


def test_two_models_of_one_library_are_included_once(library: Path):
    fast, pull = from_library(library, "fast", kind="nmos", like=NMOS), from_library(library, "pull", kind="pmos", like=PMOS)
    inverter = Circuit(
        name="inverter",
        elements=(
            VoltageSource("dd", "vdd", "0", 3.0),
            VoltageSource("in", "a", "0", 0.0),
            Mosfet(name="n", drain="y", gate="a", source="0", bulk="0", card=fast, width=5e-6, length=0.5e-6),
            Mosfet(name="p", drain="y", gate="a", source="vdd", bulk="vdd", card=pull, width=15e-6, length=0.5e-6),
            Resistor("load", "y", "0", 1e9),
        ),
    )
    deck = write_deck(inverter, Op())
    assert deck.text.count(".include") == 1
    assert simulate(inverter, Op()).require()["v(y)"][0] == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize(
    ("model", "kind", "message"),
    [
        ("quick", "nmos", "has no nmos model 'quick'; it has slow, fast"),
        ("fast", "pmos", "has no pmos model 'fast'; it has pull"),
        ("hidden", "nmos", "has no nmos model 'hidden'; it has slow, fast"),
        ("", "nmos", "has no nmos model ''; it has slow, fast"),
    ],
)
def test_a_model_that_is_not_there_is_told_with_those_that_are(library: Path, model: str, kind: str, message: str):
    with pytest.raises(DeviceError) as caught:
        from_library(library, model, kind=kind, like=NMOS)
    assert str(caught.value) == f"library {library}: {message}"


def test_a_library_without_models_or_without_a_file_is_named(tmp_path: Path):
    (tmp_path / "empty.lib").write_text("* nothing\n", encoding="utf-8")
    with pytest.raises(DeviceError, match=r"empty\.lib: has no nmos model 'n'; it has none$"):
        from_library(tmp_path / "empty.lib", "n", kind="nmos", like=NMOS)
    with pytest.raises(DeviceError, match=r"^library .*nowhere\.lib: no such file$"):
        from_library(tmp_path / "nowhere.lib", "n", kind="nmos", like=NMOS)


@pytest.mark.data
def test_models_are_found_in_the_library_of_a_foundry(data_file: Callable[..., Path]):
    card = from_library(data_file("ltspice_c5_bsim3", "C5_models.txt"), "mynmos", kind="nmos", like=replace(NMOS, contact_length=0.0))
    ours, theirs = (
        -simulate(transistor_bench(each, drain=5.0, gate=5.0, w_over_l=5.0, length=0.6e-6), Op()).require()["i(vd)"][0]
        for each in (replace(NMOS, contact_length=0.0), card)
    )
    assert theirs == pytest.approx(ours, rel=0.01)  # VERSION=3.1 there, 3.3.0 here


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "nmos"', 'kind = "jfet"', "mosfet c5n_nmos, kind=jfet: must be nmos or pmos"),
        ('kind = "nmos"', "", "mine.toml: kind is missing"),
        ('kind = "nmos"', 'kind = "nmos"\nlength = 1', "mine.toml: unknown key 'length'; "),
        ('contact_length = "3.6u"', 'contact_length = "-3.6u"', "mosfet c5n_nmos, contact_length=-3.6e-06: must be >= 0"),
        ('contact_length = "3.6u"', 'contact_length = "3.6 V"', "mine.toml, contact_length='3.6 V': must be a quantity in m, not in 'V'"),
    ],
)
def test_what_is_wrong_in_a_card_is_named(tmp_path: Path, old: str, new: str, message: str):
    text = (device_data() / "mosfet" / "c5n_nmos.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "mine.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CosimError) as caught:
        load_mosfet(str(tmp_path / "mine.toml"))
    assert str(caught.value).startswith(message)


def test_numbers_of_the_model_line_are_written_plain():
    card = MosfetCard(name="n", kind="nmos", contact_length=0.0, diffusion_length=0.0, parameters={"level": "8"})
    assert card.model is not None
    assert dict(card.model.parameters) == {"level": "8"}
    assert NMOS.parameters["tox"] == "1.39e-08"
    assert all(float(value) == float(value) for key, value in NMOS.parameters.items() if key != "version")
