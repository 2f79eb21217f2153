"""Corners and mismatch: neutral ones change nothing, the others move the transistor as they say, in the engine too."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.analysis import Op, Options
from cosim.circuits.cells import Drive, bench, cell, transistor_bench
from cosim.circuits.circuit import Circuit
from cosim.circuits.corners import NOMINAL, Corner, Deviation, Mismatch, skewable
from cosim.circuits.elements import Mosfet, Resistor, VoltageSource
from cosim.circuits.flatten import flatten
from cosim.devices.memristor.card import load_memristor
from cosim.devices.mosfet import MosfetCard, from_library, load_mosfet, skewed_model
from cosim.errors import CircuitError, DeviceError
from cosim.spice.deck import Deck, write_deck
from cosim.spice.dialect import check, constructs
from cosim.spice.engines import find_engine
from cosim.spice.run import run_deck
from cosim.sweep.jobs import Job, extractor
from cosim.sweep.plan import generator
from cosim.sweep.runner import run_jobs
from cosim.waves import Waves

NMOS, PMOS = load_mosfet("c5n_nmos"), load_mosfet("c5n_pmos")
MISMATCH = Mismatch(a_vt=9e-9, a_mobility=1e-8, memristor=0.03)
GATE, DRAIN = 1.0, 0.1


@extractor(version=1)
def drain_current(waves: Waves) -> dict[str, float]:
    """Into the drain [A]."""
    return {"current": -float(waves["i(vd)"][0])}


def deck(*, w_over_l: float = 65.0, temperature: float = 27.0, gate: float = GATE, **values: float) -> Deck:
    """The transistor alone at an operating point."""
    circuit = skewable(transistor_bench(NMOS, drain=DRAIN, gate=gate, w_over_l=w_over_l))
    return write_deck(circuit, Op(options=Options(temperature=temperature)), saved=("i(vd)",), values=values)


def currents(*decks: Deck) -> np.ndarray:
    results = run_jobs([Job(each, drain_current, {}) for each in decks])
    return np.array([each.measures["current"] for each in results])


def with_instance_parameters(text: str, parameters: str) -> Deck:
    """ngspice's own way: the card as it is, and instance parameters at the end of the MOSFET's lines."""
    lines = write_deck(transistor_bench(NMOS, drain=DRAIN, gate=GATE), Op(), saved=("i(vd)",)).text.splitlines()
    last = next(index for index, line in enumerate(lines) if line.endswith("PS={(2*(w_over_l*5e-07)+3e-06)}"))
    lines[last] += f" {parameters}"
    return Deck("\n".join(lines) + "\n", analysis=Op(), saved=("i(vd)",))


def test_a_shift_is_to_the_last_bit_what_delvto_and_mulu0_are_in_ngspice():
    ours = currents(deck(), deck(vt_shift=0.05), deck(mobility=0.9))
    theirs = currents(*(with_instance_parameters(deck().text, parameters) for parameters in ("", "delvto=0.05", "mulu0=0.9")))
    assert ours.tolist() == theirs.tolist()
    assert ours[0] > ours[2] > ours[1] > 0


def test_a_cell_that_could_be_skewed_and_is_not_has_the_current_of_the_plain_one():
    memristor = load_memristor("lim2025_full_window")
    plain = cell("mod", memristor, NMOS, frozen=True)
    drive = Drive(bit=2.0, word=3.0)
    runs = [run_deck(write_deck(bench(each, drive, state=1.0), Op()), find_engine()).require() for each in (plain, skewable(plain))]
    assert runs[0]["i(vbit)"][0] == runs[1]["i(vbit)"][0] < -1e-3


def test_a_slow_process_conducts_less_and_a_fast_one_more():
    slow, typical, fast = (currents(deck(**Corner(threshold=shift, mobility=factor).values))[0] for shift, factor in ((0.05, 0.9), (0.0, 1.0), (-0.05, 1.1)))
    assert slow < 0.95 * typical < typical < 0.95 * fast


def test_a_hot_transistor_conducts_less_when_it_is_fully_on():
    cold, hot = currents(deck(gate=4.0, temperature=-40.0), deck(gate=4.0, temperature=85.0))
    assert 0 < hot < 0.9 * cold


def test_the_spread_of_the_current_falls_with_the_root_of_the_area():
    sizes = np.array([50.0, 200.0, 800.0])  # wide enough for the edges of the channel not to matter
    draws = [[MISMATCH.draw(generator(1, 1, 0, draw), width=size * 0.5e-6, length=0.5e-6) for draw in range(60)] for size in sizes]
    decks = [deck(w_over_l=size, vt_shift=each.threshold, mobility=each.mobility) for size, drawn in zip(sizes, draws, strict=True) for each in drawn]
    measured = currents(*decks).reshape(len(sizes), -1)
    relative = measured.std(axis=1) / measured.mean(axis=1)
    assert relative[0] > 0.003
    assert relative * np.sqrt(sizes) == pytest.approx(np.full(3, relative[0] * np.sqrt(sizes[0])), rel=0.15)


@given(width=st.floats(1e-7, 1e-4), length=st.floats(1e-7, 1e-4), factor=st.floats(1.1, 100.0))
def test_the_deviation_of_a_transistor_is_worked_by_hand(width: float, length: float, factor: float):
    threshold, mobility = MISMATCH.deviations(width=width, length=length)
    assert threshold == pytest.approx(9e-9 / np.sqrt(width * length))
    assert mobility == pytest.approx(1e-8 / np.sqrt(width * length))
    assert MISMATCH.deviations(width=factor * width, length=length)[0] == pytest.approx(threshold / np.sqrt(factor))


@given(seed=st.integers(0, 2**32), factor=st.floats(1.1, 100.0))
@settings(deadline=None)
def test_the_same_dice_give_the_same_number_of_sigmas_at_any_size(seed: int, factor: float):
    small, large = (MISMATCH.draw(np.random.default_rng(seed), width=size, length=1e-6) for size in (1e-5, factor * 1e-5))
    assert large.threshold * np.sqrt(factor) == pytest.approx(small.threshold)
    assert (small.current_scale, small.series_scale) == (large.current_scale, large.series_scale)


def test_many_draws_have_the_deviations_asked_for():
    drawn = [MISMATCH.draw(generator(3, index), width=1e-6, length=1e-6) for index in range(4000)]
    assert np.std([each.threshold for each in drawn]) == pytest.approx(9e-3, rel=0.05)
    assert np.std([each.mobility for each in drawn]) == pytest.approx(1e-2, rel=0.05)
    assert np.std([each.current_scale for each in drawn]) == pytest.approx(0.03, rel=0.05)
    assert abs(np.corrcoef([each.threshold for each in drawn], [each.mobility for each in drawn])[0, 1]) < 0.06


def test_no_mismatch_draws_nominal_cells():
    assert Mismatch().none
    assert Mismatch().draw(np.random.default_rng(1), width=1e-6, length=1e-6) == Deviation()


def test_a_corner_and_a_draw_add_up():
    values = Deviation(threshold=2e-3, mobility=1.01).values(Corner(threshold=-50e-3, mobility=1.1))
    assert values == pytest.approx({"vt_shift": -48e-3, "mobility": 1.111, "i0s": 1.0, "rss": 1.0})


def test_corners_are_said_in_one_line():
    assert str(NOMINAL) == "27 degC, supply +0 %"
    assert str(Corner(temperature=85.0, supply=0.9, threshold=0.05, mobility=0.9)) == "85 degC, supply -10 %, Vth +50 mV, mobility -10 %"


def test_a_typical_corner_leaves_circuits_as_they_are():
    assert NOMINAL.values == {}
    assert Corner(threshold=0.05).values == {"vt_shift": 0.05, "mobility": 1.0}


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Corner(supply=0.0), "corner, supply=0: must be > 0"),
        (lambda: Corner(temperature=-300.0), "corner, temperature=-300: must be > -273.15 and < 1000"),
        (lambda: Mismatch(a_vt=9e-3), "mismatch, a_vt=0.009: must be within 0..1e-06"),
        (lambda: MISMATCH.deviations(width=0.0, length=1.0), "mismatch, width=0, length=1: must be > 0 m"),
    ],
)
def test_what_cannot_be_is_named(make, line: str):
    with pytest.raises((DeviceError, CircuitError)) as caught:
        make()
    assert str(caught.value) == line


def test_the_skew_of_a_pmos_moves_the_magnitude_of_its_threshold():
    model = skewed_model(PMOS, "slow", threshold_shift=0.1, mobility=0.5)
    assert float(PMOS.parameters["vth0"]) < 0
    assert model.parameters["vth0"] == pytest.approx(float(PMOS.parameters["vth0"]) - 0.1)
    assert model.parameters["u0"] == pytest.approx(0.5 * float(PMOS.parameters["u0"]))
    assert {name: value for name, value in model.parameters.items() if name not in ("vth0", "u0")} == {
        name: value for name, value in PMOS.parameters.items() if name not in ("vth0", "u0")
    }


def test_a_skewed_cell_stays_within_the_portable_subset():
    inner = skewable(cell("mos", load_memristor("lim2025_full_window"), NMOS, frozen=True))
    text = write_deck(bench(inner, Drive(bit=2.0, word=3.0)), Op(), values={"vt_shift": 0.01, "mobility": 0.99}).text
    assert check(text) == []
    assert constructs(text)[".model with a {parameter}"] is False
    assert ".model c5n_nmos_m1 nmos" in text
    assert ".model c5n_nmos nmos" not in text


def test_a_flat_cell_has_numbers_for_its_skew():
    inner = skewable(cell("mod", load_memristor("lim2025_full_window"), NMOS, frozen=True))
    (mosfet,) = [each for each in flatten(bench(inner, Drive(bit=2.0, word=3.0)), {"vt_shift": 0.01}).elements if isinstance(each, Mosfet)]
    assert (mosfet.threshold_shift, mosfet.mobility) == (0.01, 1.0)


def test_only_circuits_with_mosfets_can_be_skewed_and_only_once():
    divider = Circuit(name="divider", elements=(VoltageSource("1", "a", "0", 1.0), Resistor("1", "a", "0", 1.0)))
    twice = skewable(transistor_bench(NMOS, drain=0.1, gate=1.0))
    for circuit in (divider, twice):
        with pytest.raises(CircuitError, match=rf"^{circuit.name}: must have MOSFETs directly in it, none of them shifted already, to be made skewable$"):
            skewable(circuit)


def in_library(folder: Path, text: str) -> MosfetCard:
    (folder / "my.lib").write_text(text)
    return from_library(folder / "my.lib", "n18", kind="nmos", like=NMOS)


def test_a_model_in_a_library_of_the_users_own_is_shifted_too(tmp_path: Path):
    card = in_library(
        tmp_path, "* foundry\n.MODEL N18 NMOS (LEVEL=1 VTO = 0.5 ; typical\n* a remark\n+ KP=200u LAMBDA=0.02)\n.model n33 nmos level=1 vto=0.7\n"
    )
    model = skewed_model(card, "x", threshold_shift=0.1, mobility=0.5).parameters
    assert model == {"level": "1", "vto": 0.6, "kp": pytest.approx(1e-4), "lambda": "0.02"}
    bare = transistor_bench(card, drain=0.1, gate=1.0)
    shifted = write_deck(skewable(bare), Op(), saved=("i(vd)",), values={"vt_shift": 0.1})
    moved = write_deck(transistor_bench(card, drain=0.1, gate=0.9), Op(), saved=("i(vd)",))
    first, second = currents(shifted, moved)  # at level 1 a shift of the threshold is one of the gate
    assert first == pytest.approx(second, rel=1e-9)


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (".model n18 nmos level=1 kp=200u", "mosfet n18: its model gives no threshold (vth0 or vtho or vto or vt0), which cannot be shifted then"),
        (".model n18 nmos level=1 vto=0.5", "mosfet n18: its model gives no mobility (u0 or uo or kp), which cannot be shifted then"),
        (".model n18 nmos level=1 vto={typ} kp=1", "mosfet n18, vto='{typ}': must be a number, with a suffix or a unit at most; another cannot be shifted"),
    ],
)
def test_a_model_that_cannot_be_shifted_is_refused_in_one_line(tmp_path: Path, model: str, line: str):
    with pytest.raises(DeviceError) as caught:
        skewed_model(in_library(tmp_path, f"{model}\n"), "x", threshold_shift=0.1, mobility=0.5)
    assert str(caught.value) == line


def test_one_of_two_models_of_a_name_is_not_chosen_for_the_user(tmp_path: Path):
    card = in_library(tmp_path, ".model n18 nmos vto=0.5 kp=1\n")
    (tmp_path / "my.lib").write_text(".model n18 nmos vto=0.5 kp=1\n.model n18 nmos vto=0.6 kp=1\n")
    with pytest.raises(DeviceError, match=r"my\.lib: has 2 models 'n18'; only one alone can be shifted$"):
        skewed_model(replace(card), "x", threshold_shift=0.1, mobility=1.0)
