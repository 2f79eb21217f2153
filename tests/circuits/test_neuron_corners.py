"""Corners and draws of whole circuits: each transistor by itself, down to the innermost subcircuit, and parts with tolerances."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.analysis import Ac, Op, Options, Tran
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.corners import NOMINAL, Corner, Mismatch, deviated, mosfets
from cosim.circuits.elements import Capacitor, Element, Instance, Mosfet, Resistor, VoltageSource
from cosim.circuits.expression import Param
from cosim.circuits.flatten import flatten
from cosim.circuits.neuron.unit import Parts, unit
from cosim.devices.mosfet import load_mosfet, with_flicker
from cosim.devices.opamp import load_opamp
from cosim.errors import CircuitError, DeviceError
from cosim.simulation import simulate
from cosim.spice.deck import write_deck
from cosim.spice.dialect import check, constructs

NMOS, PMOS = load_mosfet("c5n_nmos"), load_mosfet("c5n_pmos")
MISMATCH = Mismatch(a_vt=9e-9, a_mobility=1e-8)
OP = Op(options=Options(reltol=1e-6))


def transistor(name: str, drain: str = "d", **changes: object) -> Mosfet:
    """An NMOS of 10/1 um."""
    given: dict[str, object] = {"drain": drain, "gate": "g", "source": "0", "bulk": "0", "card": NMOS, "width": 10e-6, "length": 1e-6}
    return Mosfet(name=name, **{**given, **changes})  # type: ignore[arg-type]


def pair(**changes: object) -> Circuit:
    """Two transistors behind a port each, their width a parameter."""
    return Circuit(
        name="pair",
        ports=("d", "e", "g"),
        elements=(transistor("1", "d", width=Param("w"), **changes), transistor("2", "e", width=Param("w"), **changes)),
        parameters={"w": Parameter(10e-6, "m", "width")},
    )


def bench(inner: Circuit, gate: float = 1.2) -> Circuit:
    """Two instances of the pair, their currents those of four sources."""
    return Circuit(
        name="bench",
        elements=(
            VoltageSource("g", "g", "0", gate),
            *(VoltageSource(name, name, "0", 1.0) for name in ("a", "b", "c", "e")),
            Instance("left", inner, ("a", "b", "g")),
            Instance("right", inner, ("c", "e", "g"), {"w": 20e-6}),
        ),
    )


def shifts(circuit: Circuit) -> dict[str, float]:
    """Name -> threshold shift [V]."""
    return {name: float(each.threshold_shift) for name, each in mosfets(circuit).items()}  # type: ignore[arg-type]


def drawn(circuit: Circuit, seed: int, mismatch: Mismatch = MISMATCH) -> Circuit:
    return deviated(circuit, mismatch=mismatch, rng=np.random.default_rng(seed))


def currents(circuit: Circuit) -> np.ndarray:
    """Of the four transistors [A]."""
    waves = simulate(circuit, OP, saved=("i(va)", "i(vb)", "i(vc)", "i(ve)")).require()
    return -np.array([waves[f"i(v{each})"][0] for each in "abce"])


# --- one transistor by itself


def test_transistors_are_named_with_the_instances_around_them():
    assert list(mosfets(bench(pair()))) == ["left.1", "left.2", "right.1", "right.2"]
    found = mosfets(unit("robust", (0.01,), parts=Parts(opamp=load_opamp("opamp_micropower")), threshold=0.1))
    assert {"cell.1", "n3.n3", "syn.n2", "syn.n6", "mir.pb", "mem.p2", "bias.nz", "cmp.p1", "rst.n11"} <= set(found)


def test_a_shift_of_one_transistor_moves_that_one_alone():
    plain = bench(pair())
    moved = deviated(plain, shifts={"right.1": 10e-3})
    assert shifts(moved) == {"left.1": 0.0, "left.2": 0.0, "right.1": 10e-3, "right.2": 0.0}
    before, after = currents(plain), currents(moved)
    assert after[[0, 1, 3]] == pytest.approx(before[[0, 1, 3]], rel=1e-6)
    assert after[2] < 0.99 * before[2]


def test_a_shift_of_the_threshold_is_one_of_the_gate():
    lifted = currents(bench(pair(), gate=1.21))
    moved = currents(deviated(bench(pair(), gate=1.21), shifts=dict.fromkeys(mosfets(bench(pair())), 10e-3)))
    assert moved == pytest.approx(currents(bench(pair())), rel=5e-3)
    assert np.all(lifted > 1.02 * moved)


def test_nothing_to_deviate_leaves_the_circuit():
    plain = bench(pair())
    assert deviated(plain) == plain
    assert deviated(plain, NOMINAL, mismatch=Mismatch(), rng=np.random.default_rng(1)) == plain
    assert deviated(plain, Corner(temperature=85.0, supply=0.9)) == plain  # both are of the analysis and of the sources


def test_subcircuits_that_were_drawn_apart_are_simulated_apart():
    deviating = drawn(bench(pair()), 3, Mismatch(a_vt=9e-8))
    assert len({each.name for each in deviating.subcircuits()}) == 2
    found = currents(deviating)
    assert len(set(np.round(found / currents(bench(pair())), 4))) == 4


# --- draws


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_seed_means_the_same_circuit(seed: int):
    plain = bench(pair())
    assert drawn(plain, seed) == drawn(plain, seed)
    assert shifts(drawn(plain, seed)) != shifts(drawn(plain, seed + 1))
    assert write_deck(drawn(plain, seed), OP).text == write_deck(drawn(plain, seed), OP).text


def test_a_seed_means_the_same_unit():
    made = unit("robust", (0.01,))
    found = shifts(drawn(made, 5))
    assert found == shifts(drawn(made, 5))
    assert len(set(found.values())) == len(found) > 20
    assert check(write_deck(drawn(made, 5), Tran(stop=1e-3, max_step=1e-5)).text) == []


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), area=st.floats(0.05, 50.0))
def test_area_lowers_the_drawn_deviation_by_its_root(seed: int, area: float):
    small = Circuit(name="c", elements=(VoltageSource("d", "d", "0", 1.0), VoltageSource("g", "g", "0", 1.0), transistor("1"), transistor("2")))
    side = float(np.sqrt(area))
    large = replace(small, elements=(*small.elements[:2], *(transistor(name, width=side * 10e-6, length=side * 1e-6) for name in ("1", "2"))))
    for name, shift in shifts(drawn(small, seed)).items():
        assert shift != 0.0
        assert shifts(drawn(large, seed))[name] == pytest.approx(shift / side, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), number=st.integers(1, 40))
def test_parallel_transistors_count_as_area(seed: int, number: int):
    one, many = (Circuit(name="c", elements=(VoltageSource("d", "d", "0", 1.0), VoltageSource("g", "g", "0", 1.0), each)) for each in (
        transistor("1"), transistor("1", parallel=number)
    ))  # fmt: skip
    assert shifts(drawn(many, seed))["1"] == pytest.approx(shifts(drawn(one, seed))["1"] / np.sqrt(number), rel=1e-9)


def test_the_width_that_an_instance_sets_counts_for_its_draw():
    found = np.array([list(shifts(drawn(bench(pair()), seed)).values()) for seed in range(600)])
    assert np.std(found, axis=0) == pytest.approx(9e-9 / np.sqrt([10e-12, 10e-12, 20e-12, 20e-12]), rel=0.12)
    assert np.abs(np.corrcoef(found.T) - np.eye(4)).max() < 0.15


def test_the_drawn_mobility_is_a_factor_with_a_floor():
    found = [float(each.mobility) for seed in range(300) for each in mosfets(drawn(bench(pair()), seed, Mismatch(a_mobility=1e-8))).values()]  # type: ignore[arg-type]
    assert np.mean(found) == pytest.approx(1.0, abs=1e-3)
    assert np.std(found) == pytest.approx(1e-8 / np.sqrt(14e-12), rel=0.15)
    wild = [float(each.mobility) for seed in range(40) for each in mosfets(drawn(bench(pair()), seed, Mismatch(a_mobility=1e-6))).values()]  # type: ignore[arg-type]
    assert min(wild) > 0.0


def test_a_draw_adds_to_a_corner_and_to_what_was_there():
    plain = bench(pair(threshold_shift=5e-3))
    both = deviated(plain, Corner(threshold=20e-3), mismatch=MISMATCH, rng=np.random.default_rng(4), shifts={"left.1": 1e-3})
    alone = shifts(drawn(bench(pair()), 4))
    expected = {name: shift + 25e-3 + (1e-3 if name == "left.1" else 0.0) for name, shift in alone.items()}
    assert shifts(both) == pytest.approx(expected, abs=1e-12)


def test_the_draws_go_from_the_top_of_the_netlist_to_its_bottom():
    plain = bench(pair())
    longer = replace(plain, elements=(*plain.elements, transistor("last", "a")))
    first, second = shifts(drawn(plain, 9)), shifts(drawn(longer, 9))
    assert {name: second[name] for name in first} == first


def test_a_mismatch_without_a_generator_is_refused():
    with pytest.raises(CircuitError, match=r"^bench, mismatch: must come with a generator of random numbers$"):
        deviated(bench(pair()), mismatch=MISMATCH)


def test_a_shift_of_a_transistor_that_is_not_there_is_refused():
    with pytest.raises(CircuitError, match="middle"):
        deviated(bench(pair()), shifts={"middle.1": 1e-3})


def test_an_instance_may_have_an_underscore_in_its_name():
    plain = bench(pair())
    renamed = replace(plain, elements=(*plain.elements[:5], Instance("far_left", pair(), ("a", "b", "g")), plain.elements[6]))
    assert next(iter(mosfets(renamed))) == "far_left.1"


# --- resistors and capacitors


def passives(circuit: Circuit) -> dict[str, float]:
    return {each.name: each.value for each in flatten(circuit).elements if isinstance(each, Resistor | Capacitor)}  # type: ignore[misc]


def filters() -> Circuit:
    """An RC with parts of every kind, one level down."""
    inner = Circuit(
        name="inner",
        ports=("a",),
        elements=(
            Resistor("1", "a", "b", 1e3, 1e-3),
            Resistor("2", "b", "0", Param("r")),
            Resistor("3", "b", "0", 1e6, exact=True),
            Capacitor("1", "b", "0", 1e-9, 2e-3),
            Capacitor("2", "b", "0", 1e-9, 2e-3, exact=True),
        ),
        parameters={"r": Parameter(2e3, "ohm", "load")},
    )
    return Circuit(name="filters", elements=(VoltageSource("in", "in", "0", 1.0, ac=1.0), Instance("1", inner, ("in",), {"r": 4e3})))


def test_a_corner_moves_the_parts_with_a_tolerance():
    found = passives(deviated(filters(), Corner(resistance=1.1, capacitance=0.8)))
    values = [found[name] for name in found]
    assert values == pytest.approx([1.1e3, 4.4e3, 1e6, 0.8e-9, 1e-9])


def test_a_capacitor_follows_the_temperature_by_its_value_and_a_resistor_in_the_netlist():
    hot = deviated(filters(), Corner(temperature=77.0))
    assert list(passives(hot).values()) == pytest.approx([1e3, 4e3, 1e6, 1.1e-9, 1e-9])
    assert deviated(hot, Corner(temperature=77.0)) == hot  # the coefficient is used up


@pytest.mark.parametrize("temperature", [-40.0, 27.0, 85.0])
def test_ngspice_gives_a_resistor_its_temperature(temperature: float):
    circuit = Circuit(
        name="tempco",
        elements=(VoltageSource("in", "a", "0", 1.0), Resistor("1", "a", "0", 1e3, 2e-3), Resistor("2", "a", "0", Param("r"), -1e-3)),
        parameters={"r": Parameter(2e3, "ohm", "other")},
    )
    text = write_deck(circuit, OP).text
    assert "R1 a 0 1000 tc=0.002" in text
    assert "R2 a 0 {r} tc=-0.001" in text
    assert check(text) == []
    assert constructs(text)["resistor with tc="] is False
    current = -simulate(circuit, Op(options=Options(temperature=temperature)), saved=("i(vin)",)).require()["i(vin)"][0]
    above = temperature - 27.0
    assert current == pytest.approx(1.0 / (1e3 * (1.0 + 2e-3 * above)) + 1.0 / (2e3 * (1.0 - 1e-3 * above)), rel=1e-6)


def test_the_corner_frequency_moves_with_r_and_c():
    circuit = Circuit(
        name="rc", elements=(VoltageSource("in", "in", "0", 0.0, ac=1.0), Resistor("1", "in", "out", 1e3, 1e-3), Capacitor("1", "out", "0", 1e-9, 1e-3))
    )
    found = []
    for corner in (NOMINAL, Corner(resistance=1.2), Corner(capacitance=1.5), Corner(temperature=127.0)):
        waves = simulate(
            deviated(circuit, corner), Ac(points=200, start=1e4, stop=1e6, options=Options(temperature=corner.temperature)), saved=("v(out)",)
        ).require()
        found.append(float(np.interp(-np.sqrt(0.5), -np.abs(waves["v(out)"]), np.real(waves.axis))))
    assert found[0] == pytest.approx(1.0 / (2.0 * np.pi * 1e-6), rel=1e-3)
    assert found[0] / np.array(found[1:]) == pytest.approx([1.2, 1.5, 1.21], rel=1e-3)


@pytest.mark.parametrize("line", ["R1 a 0 1000 tc=0.001,2", "R1 a 0 1000 tc1=0.001", "C1 a 0 1n tc=0.001", "R1 a 0 tc=0.001 1000"])
def test_other_spellings_of_a_temperature_coefficient_stay_outside_of_the_subset(line: str):
    assert check(f"* bench\nV1 a 0 1\n{line}\n.op\n.end\n") != []


# --- parallel transistors


@pytest.mark.parametrize("card", [NMOS, PMOS], ids=["nmos", "pmos"])
def test_parallel_transistors_carry_so_many_times_the_current(card):
    sign = 1.0 if card.kind == "nmos" else -1.0
    one, four, apart = (
        Circuit(
            name="parallel",
            elements=(VoltageSource("g", "g", "0", sign * 1.5), VoltageSource("d", "d", "0", sign * 1.0), *mosfet),
        )
        for mosfet in (
            (transistor("1", card=card),),
            (transistor("1", card=card, parallel=4),),
            tuple(transistor(str(number), card=card) for number in range(1, 5)),
        )
    )
    found = [abs(simulate(each, OP, saved=("i(vd)",)).require()["i(vd)"][0]) for each in (one, four, apart)]
    assert found[0] > 1e-6
    assert np.array(found[1:]) / found[0] == pytest.approx([4.0, 4.0], rel=1e-6)


def test_one_transistor_alone_has_no_multiplier_in_the_netlist():
    elements: tuple[Element, ...] = (VoltageSource("g", "g", "0", 1.0), VoltageSource("d", "d", "0", 1.0), transistor("1"), transistor("2", parallel=3))
    text = write_deck(Circuit(name="c", elements=elements), OP).text
    assert text.count(" m=") == text.count(" m=3") == 1
    assert check(text) == []


def test_parallel_transistors_also_have_so_many_times_the_capacitance():
    def pole(parallel: int) -> float:
        elements = (
            VoltageSource("in", "in", "0", 0.0, ac=1.0), Resistor("1", "in", "g", 1e9),
            transistor("1", "0", parallel=parallel, width=100e-6, length=10e-6),
        )  # fmt: skip
        waves = simulate(Circuit(name="c", elements=elements), Ac(points=50, start=1.0, stop=1e4), saved=("v(g)",)).require()
        return float(np.interp(-np.sqrt(0.5), -np.abs(waves["v(g)"]), np.real(waves.axis)))

    assert pole(1) / pole(4) == pytest.approx(4.0, rel=0.02)


# --- corners in words, and flicker


def test_r_and_c_stand_in_the_words_of_a_corner():
    assert str(Corner(resistance=1.2, capacitance=0.95)) == "27 degC, supply +0 %, R +20 %, C -5 %"
    assert str(Corner(threshold=0.05, capacitance=1.1)) == "27 degC, supply +0 %, Vth +50 mV, mobility +0 %, C +10 %"


@pytest.mark.parametrize("name", ["resistance", "capacitance"])
def test_a_factor_of_zero_is_refused(name: str):
    with pytest.raises(DeviceError) as caught:
        Corner(**{name: 0.0})
    assert str(caught.value) == f"corner, {name}=0: must be > 0"


def test_flicker_noise_changes_the_model_and_nothing_else():
    noisy = with_flicker(NMOS)
    assert (noisy.name, noisy.parameters["noimod"]) == ("c5n_nmos_flicker", "2")
    same = {name: value for name, value in noisy.parameters.items() if name != "noimod"}
    assert same == {name: value for name, value in NMOS.parameters.items() if name != "noimod"}
    plain, loud = (currents(bench(pair(card=card))) for card in (NMOS, noisy))
    assert loud == pytest.approx(plain, rel=1e-9)
