"""The text of decks: made for people, the same for the same circuit, and within what both programs read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosim.analysis import Ac, Dc, Noise, Op, Options, Tran
from cosim.circuits.arrays import array, read_bench
from cosim.circuits.cells import ORIENTATIONS, Drive, bench, cell, device_bench
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import (
    Behavioral,
    Capacitor,
    Cccs,
    Ccvs,
    CurrentSource,
    Diode,
    Include,
    Inductor,
    Instance,
    ModelCard,
    Resistor,
    Switch,
    Vccs,
    Vcvs,
    VoltageSource,
)
from cosim.circuits.expression import Param
from cosim.circuits.stimuli import PiecewiseLinear, Pulse, pulses, spikes, triangular_sweep
from cosim.devices.memristor.card import load_memristor
from cosim.devices.memristor.read_noise import load_read_noise
from cosim.devices.mosfet import load_mosfet
from cosim.errors import CircuitError
from cosim.measure import At, Over, When
from cosim.simulation import simulate
from cosim.spice.deck import Deck, wrap, write_deck
from cosim.spice.dialect import check, constructs, logical_lines

DEVICE, NMOS = load_memristor("lim2025_full_window"), load_mosfet("c5n_nmos")
DIODE = ModelCard("d1n", "D", {"Is": 1e-14, "N": 1.05})
SWITCH = ModelCard("sw1", "SW", {"Ron": 10.0, "Roff": 1e9, "Vt": 0.5, "Vh": 0.0})
PULSE = Pulse(low=0.0, high=1.0, delay=1e-3, rise=1e-5, fall=2e-5, width=3e-3, period=10e-3)
EVERYTHING = Circuit(
    name="everything",
    description="one of each",
    elements=(
        VoltageSource("in", "a", "0", 0.0, PULSE, ac=0.5),
        CurrentSource("bias", "0", "b", 1e-6, PiecewiseLinear(((0.0, 0.0), (1e-3, 1e-6)))),
        Resistor("1", "a", "b", Param("r")),
        Capacitor("1", "b", "0", 1e-9),
        Inductor("1", "b", "c", 1e-3),
        Vcvs("1", "d", "0", "a", "b", 2.0),
        Vccs("1", "c", "0", "a", "b", Param("r") * 1e-6),
        Cccs("1", "c", "0", "Vin", 0.5),
        Ccvs("1", "e", "0", "Vin", 10.0),
        Behavioral(name="1", positive="f", negative="0", voltage="tanh(V(a,b))*r/1e3+0.1*I(Vin)"),
        Diode("1", "d", "c", DIODE),
        Switch("1", "e", "f", "a", "0", SWITCH),
    ),
    parameters={"r": Parameter(1e3, "ohm", "between a and b")},
    initial={"c": Param("r") * 1e-4},
)
RUN = Tran(stop=10e-3, max_step=1e-4)


def lines(deck: Deck) -> list[str]:
    """The logical lines of a deck, without comments."""
    return [line for _, line in logical_lines(deck.text)]


def test_every_kind_of_element_is_written_in_the_form_that_both_programs_read():
    assert lines(write_deck(EVERYTHING, RUN))[:16] == [
        ".param r=1000",
        "Vin a 0 PULSE(0 1 0.001 1e-05 2e-05 0.003 0.01) AC 0.5",
        "Ibias 0 b PWL(0 0 0.001 1e-06)",
        "R1 a b {r}",
        "C1 b 0 1e-09",
        "L1 b c 0.001",
        "E1 d 0 a b 2",
        "G1 c 0 a b {r*1e-06}",
        "F1 c 0 Vin 0.5",
        "H1 e 0 Vin 10",
        "B1 f 0 V=tanh(V(a,b))*r/1e3+0.1*I(Vin)",
        "D1 d c d1n",
        "S1 e f a 0 sw1",
        ".ic V(c)={r*0.0001}",
        ".model d1n D Is=1e-14 N=1.05",
        ".model sw1 SW Ron=10 Roff=1000000000 Vt=0.5 Vh=0",
    ]


def test_a_deck_with_every_kind_of_element_is_portable_and_runs():
    deck = write_deck(EVERYTHING, RUN)
    assert check(deck.text) == []
    waves = simulate(EVERYTHING, RUN).require()
    assert waves.at("v(a)", 2.5e-3) == pytest.approx(1.0)
    assert waves.at("v(d)", 2.5e-3) == pytest.approx(2 * (waves.at("v(a)", 2.5e-3) - waves.at("v(b)", 2.5e-3)), abs=1e-6)


def test_the_head_is_for_people():
    text = write_deck(EVERYTHING, RUN, notes=("seed 7",)).text.splitlines()
    assert text[0] == "* one of each"
    assert text[1].startswith("* Circuit everything, written by cosim ")
    assert text[2].startswith("* LTspice: open and run. ngspice: ngspice -n ")
    assert text[3:5] == ["* seed 7", ".param r=1000 ; [ohm] between a and b"]
    assert text[-1] == ".end"


def test_analyses_are_written_with_all_their_options():
    cases = {
        Op(): [".op"],
        Dc("vin", 0.0, 1.0, 0.1): [".dc vin 0 1 0.1"],
        Dc("vin", 0.0, 1.0, 0.1, outer=("ibias", 0.0, 1e-6, 1e-7)): [".dc vin 0 1 0.1 ibias 0 1e-06 1e-07"],
        Ac(points=10, start=1.0, stop=1e6): [".ac dec 10 1 1000000"],
        Noise(output="c", source="vin", points=10, start=1.0, stop=1e6): [".noise V(c) vin dec 10 1 1000000"],
    }
    for analysis, wanted in cases.items():
        deck = write_deck(EVERYTHING, analysis)
        assert lines(deck)[-2:-1] == wanted
        assert check(deck.text) == []


def test_options_stand_in_the_deck_and_move_its_digest():
    options = Options(reltol=1e-6, abstol=1e-15, gmin=1e-15, method="trap", temperature=85.0)
    hot = write_deck(EVERYTHING, replace(RUN, options=options))
    assert ".options reltol=1e-06 abstol=1e-15 gmin=1e-15 method=trap plotwinsize=0 numdgt=15" in hot.text
    assert ".temp 85" in hot.text
    assert hot.digest() != write_deck(EVERYTHING, RUN).digest()


def test_a_transient_has_four_numbers_and_its_initial_voltages():
    deck = write_deck(EVERYTHING, replace(RUN, start=1e-3, initial={"b": 0.5}))
    assert lines(deck)[-3:-1] == [".ic V(b)=0.5", ".tran 9.9731e-05 0.01 0.001 9.9731e-05"]


def test_measures_and_saved_signals_are_spelled_for_ltspice():
    measures = (At(name="m", of="v(c)", position=1e-3), Over(name="p", of="i(vin)", how="RMS"), When(name="w", signal="v(a)", level=0.5))
    deck = write_deck(EVERYTHING, RUN, saved=("v(a)", "v(c)", "i(vin)"), measures=measures)
    assert lines(deck)[-5:-1] == [".save V(a) V(c) I(vin)", ".meas TRAN m FIND V(c) AT=0.001", ".meas TRAN p RMS I(vin)", ".meas TRAN w WHEN V(a)=0.5 CROSS=1"]
    assert (deck.saved, deck.measures) == (("v(a)", "v(c)", "i(vin)"), measures)


def test_values_change_the_parameter_lines_only():
    base, changed = (write_deck(EVERYTHING, RUN, values=values).text.splitlines() for values in ({}, {"r": 2e3}))
    assert [(one, other) for one, other in zip(base, changed, strict=True) if one != other] == [
        (".param r=1000 ; [ohm] between a and b", ".param r=2000 ; [ohm] between a and b")
    ]


def test_the_same_circuit_gives_the_same_deck():
    first, second = (write_deck(bench(cell("mod", DEVICE, NMOS), Drive(bit=1.0, word=3.0)), RUN) for _ in range(2))
    assert first == second
    assert first.digest() == second.digest()
    assert replace(first, files=(("a.lib", "* a\n"),)).digest() != first.digest()


def test_subcircuits_models_and_includes_are_written_once():
    both = Circuit(
        name="two_cells",
        elements=(
            VoltageSource("b", "bit", "0", 0.1),
            VoltageSource("w", "word", "0", 3.0),
            *(Instance(f"{index}", cell("mod", DEVICE, NMOS), ("bit", "word", "0", "0")) for index in range(3)),
        ),
    )
    text = write_deck(both, RUN).text
    assert [text.count(f".subckt {name} ") for name in ("cell_mod", DEVICE.name)] == [1, 1]
    assert text.count(".model c5n_nmos") == 1


def test_two_models_of_one_name_are_refused_in_any_case():
    other = ModelCard("D1N", "D", {"Is": 2e-14})
    circuit = Circuit(name="c", elements=(VoltageSource("in", "a", "0", 1.0), Diode("1", "a", "0", DIODE), Diode("2", "a", "0", other)))
    with pytest.raises(CircuitError, match=r"^two different models, subcircuits or files are named 'D1N'$"):
        write_deck(circuit, Op())


def test_two_devices_of_one_name_and_other_values_are_refused():
    circuit = Circuit(
        name="c",
        elements=(
            VoltageSource("in", "a", "0", 1.0),
            Instance("1", cell("mod", DEVICE, NMOS), ("a", "a", "0", "0")),
            Instance("2", cell("mod", replace(DEVICE, slope=0.6), NMOS), ("a", "a", "0", "0")),
        ),
    )
    with pytest.raises(CircuitError, match=r"^two different models, subcircuits or files are named "):
        write_deck(circuit, RUN)


def test_files_of_ones_own_are_carried_along(tmp_path: Path):
    (tmp_path / "mine.lib").write_bytes("* caf\xe9\n.subckt pad a b\nR1 a b 50\n.ends\n".encode("latin-1"))
    deck = write_deck(replace(EVERYTHING, includes=(Include(tmp_path / "mine.lib", ("pad",)),)), RUN)
    assert ".include mine.lib" in deck.text
    assert [name for name, _ in deck.files] == ["mine.lib"]
    assert ".subckt pad a b" in deck.files[0][1]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.lib").write_text("* another\n", encoding="utf-8")
    both = replace(EVERYTHING, includes=(Include(tmp_path / "mine.lib"), Include(tmp_path / "other" / "mine.lib")))
    with pytest.raises(CircuitError, match=r"^two different models, subcircuits or files are named 'mine\.lib'$"):
        write_deck(both, RUN)


def test_what_people_write_into_descriptions_stays_a_comment_in_ascii():
    odd = replace(
        EVERYTHING,
        description="2 µm, 5 Ω\nR9 a 0 1",
        parameters={"r": Parameter(1e3, "Ω", "between a\nand b")},
    )
    deck = write_deck(odd, RUN, notes=("seed\n.control",))
    assert deck.text.splitlines()[:4:3] == ["* 2 um, 5 ohm R9 a 0 1", "* seed .control"]
    assert check(deck.text) == []
    assert lines(deck) == lines(write_deck(EVERYTHING, RUN))


@pytest.mark.parametrize("size", [3, 400, 5000])
def test_long_lines_are_continued_and_read_back_as_they_were(size: int):
    line = f"V1 a 0 PWL({' '.join(f'{index} {index % 7}' for index in range(size))})"
    parts = list(wrap(line))
    assert max(map(len, parts)) <= 116
    assert [text for _, text in logical_lines("\n".join(parts))] == [line]


def test_a_word_longer_than_a_line_is_left_whole():
    line = f"B1 a 0 V={'1+' * 100}1"
    assert list(wrap(line)) == ["B1 a 0 V=" + "1+" * 100 + "1"]


SHAPES = {
    "loop": lambda: write_deck(device_bench(DEVICE, triangular_sweep([0.0, 2.0, 0.0], rate=1.0)), Tran(stop=4.0, max_step=1e-2)),
    "mirrored": lambda: write_deck(device_bench(DEVICE.mirrored(), 1.0), RUN),
    "noise": lambda: write_deck(device_bench(DEVICE, 0.05).with_elements(*noisy().elements[1:]), Tran(stop=10.0, max_step=0.1)),
    "spikes": lambda: write_deck(device_bench(DEVICE, spikes(np.arange(1, 200) * 2e-3), frozen=True), Tran(stop=0.4, max_step=1e-3)),
    "pulses": lambda: write_deck(bench(cell("mos", DEVICE, NMOS), Drive(bit=pulses([1.0, -1.0], width=1e-3, edge=1e-5, gap=1e-3), word=3.0)), RUN),
    "array": lambda: write_deck(
        read_bench(array(cell("mod", DEVICE, NMOS, frozen=True), np.eye(5), wire_resistance=2.5), word=np.ones(5), read_voltage=0.05), Op()
    ),
    "ideal array": lambda: write_deck(read_bench(array(cell("mos", DEVICE, NMOS, frozen=True), np.eye(3)), word=np.ones(3), read_voltage=0.05), Op()),
    **{
        orientation: (lambda orientation=orientation: write_deck(bench(cell(orientation, DEVICE, NMOS), Drive(bit=1.0, word=3.0), body="lowest"), RUN))
        for orientation in ORIENTATIONS
    },
}


def noisy() -> Circuit:
    """A memristor with a long trace of read noise."""
    from cosim.circuits.elements import Memristor

    trace = load_read_noise("lim2025_read_noise").stimulus(5e-5, duration=100.0, interval=0.1, rng=np.random.default_rng(1))
    return Circuit(
        name="noisy",
        elements=(VoltageSource("te", "te", "0", 0.05), Memristor(name="noisy", top="te", bottom="0", card=DEVICE, noise=trace)),
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_every_deck_stays_within_the_portable_subset(shape: str):
    deck = SHAPES[shape]()
    assert check(deck.text) == []
    assert deck.text.isascii()
    assert max(map(len, deck.text.splitlines())) < 400  # only a formula without blanks is longer than a line
    assert {".subckt with params:", ".model"} & set(constructs(deck.text))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: write_deck(cell("mod", DEVICE, NMOS), RUN),
            "cell_mod: a circuit with ports cannot be simulated; put an instance of it into a circuit without",
        ),
        (lambda: write_deck(EVERYTHING, RUN, values={"q": 1.0}), "everything: has no parameter 'q'; it has r"),
        (lambda: write_deck(device_bench(DEVICE, 1.0), Op()), "device_bench, X1: a memristor keeps its state only in a transient; make it frozen for op"),
    ],
)
def test_what_cannot_be_written_is_named(call, message: str):
    with pytest.raises(CircuitError) as caught:
        call()
    assert str(caught.value) == message
