"""The unit and its blocks: every variant builds, is portable and simulates, and each block does in SPICE what its text says."""

import re
from dataclasses import replace

import numpy as np
import pytest

from cosim.analysis import Ac, Analysis, Dc, Op, Tran
from cosim.circuits.circuit import Circuit
from cosim.circuits.corners import mosfets
from cosim.circuits.elements import Capacitor, CurrentSource, Element, Instance, Resistor, VoltageSource
from cosim.circuits.flatten import flatten
from cosim.circuits.neuron import dpi, frontend, matched, spiking
from cosim.circuits.neuron.card import VARIANTS, CurrentBiasedCard, GateBiasedCard, load_neuron
from cosim.circuits.neuron.drive import firing_transient, options, transient
from cosim.circuits.neuron.unit import MEMBRANE, SPIKE, SYNAPTIC_CURRENT, Parts, chain, columns, supplies, unit
from cosim.circuits.stimuli import PiecewiseLinear
from cosim.devices.memristor.card import load_memristor
from cosim.devices.opamp import load_opamp
from cosim.errors import CircuitError, InputError
from cosim.measure import crossings
from cosim.simulation import simulate
from cosim.spice.deck import write_deck
from cosim.spice.dialect import check
from cosim.waves import Waves

IDEAL = Parts()
REAL = Parts(opamp=load_opamp("opamp_micropower"))
SPIKING = ("robust", "board")
ROBUST = load_neuron("robust")
assert isinstance(ROBUST, CurrentBiasedCard)
SHORT = transient(20e-3)


def waves_of(circuit: Circuit, analysis: Analysis, *saved: str) -> Waves:
    """The waves of a run that has to end well."""
    return simulate(circuit, analysis, saved=saved).require()


def circuit(name: str, *elements: Element) -> Circuit:
    """A bench."""
    return Circuit(name=name, elements=elements)


def held(name: str, value: float, node: str, other: str = "0") -> VoltageSource:
    """A voltage source."""
    return VoltageSource(name, node, other, value)


def loads(name: str, *nodes: str) -> list[Element]:
    """Something to hang nodes on that a bench leaves open."""
    return [Resistor(f"{name}{number}", node, "0", 1e12, exact=True) for number, node in enumerate(nodes)]


# --- every variant


@pytest.mark.parametrize("parts", [IDEAL, REAL], ids=["ideal", "real"])
@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_portable(name: str, parts: Parts):
    text = write_deck(unit(name, (0.01,), parts=parts), SHORT, saved=(SYNAPTIC_CURRENT, MEMBRANE)).text
    assert check(text) == []
    assert "w=1 " in text


@pytest.mark.parametrize("parts", [IDEAL, REAL], ids=["ideal", "real"])
@pytest.mark.parametrize("name", SPIKING)
def test_units_with_a_spike_output_and_chains_are_portable(name: str, parts: Parts):
    for made in (unit(name, (0.01,), parts=parts, threshold=0.1), chain(name, (0.01,), parts=parts, threshold=0.1, units=3)):
        assert check(write_deck(made, firing_transient(20e-3), saved=("v(mem1)",) if "chain" in made.name else (SPIKE,)).text) == []


@pytest.mark.parametrize("parts", [IDEAL, REAL], ids=["ideal", "real"])
@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_answers_a_spike(name: str, parts: Parts):
    waves = waves_of(unit(name, (5e-3,), parts=parts), SHORT, SYNAPTIC_CURRENT, MEMBRANE, "v(tia_out)", "v(gate_in)")
    card = load_neuron(name)
    current, membrane = waves[SYNAPTIC_CURRENT], waves[MEMBRANE]
    assert waves["v(gate_in)"].max() == pytest.approx(3.0)
    assert waves["v(tia_out)"].min() == pytest.approx(-card.feedback_resistance * card.read_voltage * 200e-6, rel=0.03)
    assert current.max() > 1.5 * abs(current[0])
    assert 5e-3 < waves.axis[np.argmax(current)] < 8e-3 < waves.axis[np.argmax(membrane)] < 14e-3 or name == "as_printed"
    assert membrane.max() > membrane[0]


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_has_the_supplies_that_it_names(name: str):
    card = load_neuron(name)
    spiking_output = isinstance(card, CurrentBiasedCard)
    for parts in (IDEAL, REAL):
        made = unit(card, (0.01,), parts=parts, threshold=0.1 if spiking_output else None)
        sources = {each.removeprefix("vdd_") for each in made.sources if each.startswith("vdd_")}
        assert sources == set(supplies(card, parts, spiking_output=spiking_output))


def test_a_flat_unit_has_the_transistors_of_the_hierarchical_one():
    made = unit("robust", (0.01,), threshold=0.1)
    flat = [each for each in flatten(made).elements if each.letter == "M"]
    assert len(flat) == len(mosfets(made)) > 40
    assert {each.parallel for each in flat} == {each.parallel for each in mosfets(made).values()} == {1, 2, 5}  # type: ignore[union-attr]


def test_the_blocks_have_the_ports_that_their_texts_say():
    linear, parts = load_neuron("linear"), IDEAL
    assert isinstance(linear, GateBiasedCard)
    n, p = parts.nmos, parts.pmos
    made = [
        (frontend.tia(ROBUST, None), "in ref out"),
        (frontend.tia(ROBUST, REAL.opamp), "in ref out vp vn"),
        (frontend.inverter(ROBUST, None), "in ref sense out"),
        (frontend.transconductor(ROBUST, n), "gate sense out"),
        (dpi.synapse(linear, n, p), "in out vdd vthr vtau"),
        (dpi.membrane(linear, n), "mem vtau"),
        (matched.synapse(ROBUST, n, p), "in out vdd bias ref cas"),
        (matched.mirror(ROBUST, p), "in out vdd"),
        (matched.membrane(ROBUST, n, p), "in out vdd bias ref cas"),
        (matched.membrane(ROBUST, n, p, resettable=True), "in out vdd bias ref cas state"),
        (matched.bias(ROBUST, n, p), "vdd bsyn bmem"),
        (spiking.spike_bias(ROBUST, n, p), "vdd bp bn br"),
        (spiking.comparator(ROBUST, n, p), "mem threshold fired vdd bp"),
        (spiking.refractory(ROBUST, n, p), "fired rest reset vdd bp br"),
        (spiking.driver(ROBUST, n, p), "rest spike vdd bp bn"),
        (spiking.reset_switch(ROBUST, n), "state rest reset"),
    ]
    for block, ports in made:
        assert " ".join(block.ports) == ports
        words = re.findall(r"``([a-z ]+)``", FUNCTIONS[block.name].__doc__ or "")
        assert words[0].split() == ports.split()[: len(words[0].split())]


FUNCTIONS = {
    "tia": frontend.tia, "inverting_amplifier": frontend.inverter, "transconductor": frontend.transconductor, "dpi_synapse": dpi.synapse,
    "membrane": dpi.membrane, "matched_synapse": matched.synapse, "current_mirror": matched.mirror, "matched_membrane": matched.membrane,
    "bias": matched.bias, "spike_bias": spiking.spike_bias, "comparator": spiking.comparator, "refractory": spiking.refractory,
    "spike_driver": spiking.driver, "reset_switch": spiking.reset_switch,
}  # fmt: skip


# --- what is refused


@pytest.mark.parametrize(
    ("make", "error", "line"),
    [
        (lambda: unit("robust", weight=-0.1), CircuitError, "unit robust, weight=-0.1: must be within 0..1"),
        (lambda: unit("robust", weight=1.2), CircuitError, "unit robust, weight=1.2: must be within 0..1"),
        (lambda: unit("robust", weight=float("nan")), CircuitError, "unit robust, weight=nan: must be within 0..1"),
        (lambda: unit("robust", supply=0.8), CircuitError, "unit robust, supply=2.64: must be >= 2.7 V, the need of its stack of transistors"),
        (lambda: unit("linear", (0.01,), threshold=0.01), InputError,
         "neuron linear, block=spikes: must be one that the variant has; a spike output stands in robust, board, robust_array, robust_pairs"),
        (lambda: chain("two_pole", (0.01,), threshold=0.01), InputError,
         "neuron two_pole, block=spikes: must be one that the variant has; a spike output stands in robust, board, robust_array, robust_pairs"),
        (lambda: unit("robust", (0.01, 0.0105)), CircuitError, "spike train, time=0.0105: must be >= 0.0111, the end of the spike before it"),
        (lambda: unit("robust", (-0.01,)), CircuitError, "spike train, time=-0.01: must be >= 0 s"),
        (lambda: chain("robust", (0.01,), threshold=0.1, units=1), CircuitError, "chain, units=1: must be >= 2"),
        (lambda: chain("robust", (0.01,), threshold=0.1, weight=1.01), CircuitError, "unit robust, weight=1.01: must be within 0..1"),
        (lambda: unit("sturdy"), InputError,
         "card 'sturdy': must be the path of a .toml file or one of as_printed, board, linear, robust, robust_array, robust_pairs, two_pole"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(make, error: type[Exception], line: str):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == line


def test_spikes_may_touch_and_may_come_in_any_order():
    first, second = (write_deck(unit("robust", times), SHORT).text for times in ((0.0111, 0.01), (0.01, 0.0111)))
    assert first == second


# --- front end


@pytest.mark.parametrize("weight", [0.05, 0.5, 1.0])
def test_the_transimpedance_amplifier_gives_the_current_of_the_cell_times_its_resistance(weight: float):
    waves = waves_of(unit("robust", held=3.0, weight=weight), Op(options=options()), "v(tia_out)", "i(vread)", "v(col)")
    current = -waves["i(vread)"][0]
    assert current > 1e-7
    assert waves["v(tia_out)"][0] == pytest.approx(-ROBUST.feedback_resistance * current, rel=1e-3)
    assert abs(waves["v(col)"][0]) < 1e-5


def test_a_real_transimpedance_amplifier_is_off_by_its_loop_gain_only():
    waves = waves_of(unit("robust", held=3.0, parts=REAL), Op(options=options()), "v(tia_out)", "i(vread)")
    assert waves["v(tia_out)"][0] == pytest.approx(ROBUST.feedback_resistance * waves["i(vread)"][0], rel=2e-3)


def test_offsets_stand_at_the_inputs_of_the_amplifiers():
    shifted = waves_of(unit("robust", held=0.0, parts=Parts(offsets=(1e-3, 2e-3))), Op(options=options()), "v(tia_out)", "v(col)", "v(sense)")
    plain = waves_of(unit("robust", held=0.0), Op(options=options()), "v(tia_out)", "v(col)", "v(sense)")
    assert shifted["v(col)"][0] - plain["v(col)"][0] == pytest.approx(1e-3, rel=1e-3)
    moved = 2 * 2e-3 - (shifted["v(tia_out)"][0] - plain["v(tia_out)"][0])  # 1 + R2/R1 times the one, -R2/R1 times the other
    assert shifted["v(sense)"][0] - plain["v(sense)"][0] == pytest.approx(moved, rel=1e-3)


@pytest.mark.parametrize("name", ["two_pole", "robust", "board"])
def test_the_inverting_amplifier_has_its_pole_at_r2_and_its_capacitor(name: str):
    card = load_neuron(name)
    made = circuit(
        "inverter_bench",
        VoltageSource("in", "in", "0", 0.0, ac=1.0),
        Instance("1", frontend.inverter(card, None), ("in", "0", "out", "out")),
        *loads("load", "out"),
    )
    waves = waves_of(made, Ac(points=100, start=10.0, stop=1e4), "v(out)")
    gain = np.abs(waves["v(out)"])
    assert gain[0] == pytest.approx(card.inverter_resistance / card.input_resistance, rel=1e-3)
    pole = 1.0 / (2.0 * np.pi * card.inverter_resistance * card.rise_capacitance)
    assert np.interp(-gain[0] * np.sqrt(0.5), -gain, np.real(waves.axis)) == pytest.approx(pole, rel=0.01)


@pytest.mark.parametrize("name", ["linear", "two_pole", "robust", "board"])
def test_the_linear_transconductor_has_the_slope_of_its_two_resistors(name: str):
    card = load_neuron(name)
    made = circuit(
        "transconductor_bench",
        held("in", 0.0, "in"),
        Instance("inv", frontend.inverter(replace(card, rise_capacitance=0.0), None), ("in", "0", "sense", "gate")),
        Instance("n3", frontend.transconductor(card, IDEAL.nmos), ("gate", "sense", "out")),
        held("out", 1.5, "out"),
    )
    full = 1e-6 * card.source_resistance
    waves = waves_of(made, Dc("vin", -full, -0.05 * full, 0.05 * full, options=options()), "i(vout)")
    slope, _ = np.polyfit(-waves.axis, -waves["i(vout)"], 1)
    assert slope == pytest.approx(1.0 / card.source_resistance + 1.0 / card.inverter_resistance, rel=0.01)


# --- synapse, mirror, membrane


@pytest.mark.parametrize("name", SPIKING)
def test_the_mirror_multiplies_by_its_ratio(name: str):
    card = load_neuron(name)
    assert isinstance(card, CurrentBiasedCard)
    for current in (1e-7, 1e-6):
        made = circuit(
            "mirror_bench",
            held("dd", card.supply, "vdd"),
            CurrentSource("in", "a", "0", current),
            Instance("1", matched.mirror(card, IDEAL.pmos), ("a", "b", "vdd")),
            held("out", card.supply - 1.3, "b"),  # the drain where the input's is
        )
        waves = waves_of(made, Op(options=options()), "i(vout)")
        assert waves["i(vout)"][0] == pytest.approx(card.mirror_ratio * current, rel=0.01)


def exponent(currents: np.ndarray, out: np.ndarray) -> float:
    """Slope of the logarithms."""
    assert np.all(out > 0)
    return float(np.polyfit(np.log(currents), np.log(out), 1)[0])


def test_the_matched_synapse_is_proportional_and_the_printed_one_is_not():
    currents = np.geomspace(50e-9, 1e-6, 14)
    card = ROBUST
    bench = [held("dd", 3.3, "vdd"), held("tn", card.npair_reference, "tn"), held("cn", card.cascode_shift, "cn", "tn"), held("out", 2.2, "out")]
    blocks = [
        Instance("b", matched.bias(card, IDEAL.nmos, IDEAL.pmos), ("vdd", "bsyn", "bmem")), *loads("b", "bmem"),
        Instance("1", matched.synapse(card, IDEAL.nmos, IDEAL.pmos), ("in", "out", "vdd", "bsyn", "tn", "cn")),
    ]  # fmt: skip
    printed = load_neuron("linear")
    assert isinstance(printed, GateBiasedCard)
    other = [
        held("dd", printed.supply, "vdd"), held("thr", printed.threshold_voltage, "vthr"), held("tau", printed.synapse_voltage, "vtau"),
        held("out", 0.0, "out"),
        Instance("1", dpi.synapse(printed, IDEAL.nmos, IDEAL.pmos), ("in", "out", "vdd", "vthr", "vtau")),
    ]  # fmt: skip
    found = []
    for elements, sign in (([*bench, *blocks], -1.0), (other, 1.0)):
        out = [
            sign * waves_of(circuit("synapse_bench", *elements, CurrentSource("in", "in", "0", float(each))), Op(options=options()), "i(vout)")["i(vout)"][0]
            for each in currents
        ]
        found.append(exponent(currents - card.synapse_current, np.array(out)))  # Itau, some 5 nA in both, is taken from the input
    assert found[0] == pytest.approx(1.0, abs=0.01)
    assert found[1] < 0.95


def ptat(temperature: float) -> tuple[float, float]:
    """Itau of synapse and membrane at a temperature, without the leakage dummies, which add that of a pair's drain."""
    card = ROBUST
    made = Circuit(
        name="bias_bench",
        elements=(
            held("dd", card.supply, "vdd"),
            Instance("b", without(matched.bias(card, IDEAL.nmos, IDEAL.pmos), "nz", "pz"), ("vdd", "bsyn", "bmem")),
            replace(next(each for each in mosfets(matched.synapse(card, IDEAL.nmos, IDEAL.pmos)).values() if each.name == "p1"), drain="s", gate="bsyn"),
            held("s", 1.5, "s"),
            replace(next(each for each in mosfets(matched.membrane(card, IDEAL.nmos, IDEAL.pmos)).values() if each.name == "n1"), drain="m", gate="bmem"),
            held("m", 1.5, "m"),
        ),
    )  # fmt: skip
    waves = waves_of(made, Op(options=options(temperature)), "i(vs)", "i(vm)")
    return float(waves["i(vs)"][0]), float(-waves["i(vm)"][0])


def without(block: Circuit, *names: str) -> Circuit:
    """A block without some of its elements."""
    kept = tuple(each for each in block.elements if each.name not in names)
    assert len(kept) == len(block.elements) - len(names)
    return replace(block, elements=kept)


def test_the_currents_of_the_time_constants_follow_the_absolute_temperature():
    cold, nominal, hot = (ptat(each) for each in (-40.0, 27.0, 85.0))
    assert nominal == pytest.approx((ROBUST.synapse_current, ROBUST.membrane_current), rel=0.01)
    for there, kelvin in ((cold, 233.15), (hot, 358.15)):
        assert np.array(there) / np.array(nominal) == pytest.approx([kelvin / 300.15] * 2, rel=0.01)


# --- spike output


def trip(threshold: float, offset: float) -> float:
    """``fired`` with the membrane so far above the threshold [V]."""
    made = circuit(
        "comparator_bench",
        held("dd", ROBUST.supply, "vdd"), held("mem", threshold + offset, "mem"), held("threshold", threshold, "threshold"),
        Instance("sb", spiking.spike_bias(ROBUST, IDEAL.nmos, IDEAL.pmos), ("vdd", "bp", "bn", "br")),
        Instance("cmp", spiking.comparator(ROBUST, IDEAL.nmos, IDEAL.pmos), ("mem", "threshold", "fired", "vdd", "bp")),
        *loads("load", "bn", "br", "fired"),
    )  # fmt: skip
    return float(waves_of(made, Op(options=options()), "v(fired)")["v(fired)"][0])


@pytest.mark.parametrize("threshold", [0.11, 0.5])
def test_the_comparator_trips_within_a_millivolt_of_its_threshold(threshold: float):
    assert trip(threshold, -1e-3) > 0.9 * ROBUST.supply
    assert trip(threshold, 1e-3) < 0.1 * ROBUST.supply


@pytest.fixture(scope="module", params=SPIKING)
def fired(request: pytest.FixtureRequest) -> tuple[CurrentBiasedCard, Waves]:
    """A unit that fires once."""
    card = load_neuron(str(request.param))
    assert isinstance(card, CurrentBiasedCard)
    return card, waves_of(unit(card, (5e-3,), threshold=0.115 if card.current_mode else 0.13), firing_transient(15e-3), MEMBRANE, SPIKE, "v(reset)", "v(fired)")


@pytest.mark.parametrize("fired", SPIKING, indirect=True)
def test_one_input_spike_makes_one_output_spike_of_a_millisecond(fired: tuple[CurrentBiasedCard, Waves]):
    card, waves = fired
    up, down = (crossings(waves.axis, waves["v(reset)"], card.supply / 2.0, edge=edge) for edge in ("rise", "fall"))
    assert len(up) == len(down) == 1
    assert 5e-3 < up[0] < 8e-3
    assert down[0] - up[0] == pytest.approx(1e-3, abs=0.03e-3)


def test_the_edges_of_the_spike_are_those_of_the_input_spikes(fired: tuple[CurrentBiasedCard, Waves]):
    card, waves = fired
    spike = waves[SPIKE]
    assert spike.max() == pytest.approx(card.supply, rel=0.01)
    assert abs(spike[0]) < 0.01
    for edge in ("rise", "fall"):
        low, up = (crossings(waves.axis, spike, share * card.supply, edge=edge)[0] for share in (0.1, 0.9))
        assert abs(up - low) == pytest.approx(0.8 * 100e-6, rel=0.2)


@pytest.mark.parametrize("threshold", [0.11, 0.14])
@pytest.mark.parametrize("name", SPIKING)
def test_the_length_of_the_spike_does_not_depend_on_the_threshold(name: str, threshold: float):
    card = load_neuron(name)
    waves = waves_of(unit(name, (5e-3,), threshold=threshold + (0.005 if name == "board" else 0.0)), firing_transient(12e-3), SPIKE)
    up, down = (crossings(waves.axis, waves[SPIKE], card.supply / 2.0, edge=edge) for edge in ("rise", "fall"))
    assert len(up) == len(down) == 1
    assert down[0] - up[0] == pytest.approx(1e-3, abs=0.05e-3)


def test_the_membrane_is_at_zero_while_it_is_refractory(fired: tuple[CurrentBiasedCard, Waves]):
    card, waves = fired
    up = crossings(waves.axis, waves["v(reset)"], card.supply / 2.0, edge="rise")[0]
    inside = (waves.axis > up + 0.2e-3) & (waves.axis < up + 0.9e-3)
    assert inside.sum() > 20
    assert np.max(np.abs(waves[MEMBRANE][inside])) < 5e-3
    assert waves[MEMBRANE][waves.axis > up + 4e-3].max() > 10e-3


def test_a_threshold_above_the_peak_is_silent():
    waves = waves_of(unit("robust", (5e-3,), threshold=0.4), firing_transient(15e-3), MEMBRANE, SPIKE)
    assert waves[MEMBRANE].max() > 0.12
    assert waves[SPIKE].max() < 0.05


# --- columns


def test_columns_side_by_side_answer_each_to_its_own_current():
    pulses = [PiecewiseLinear(((0.0, 0.0), (2e-3, 0.0), (2.1e-3, scale * 10e-6), (3e-3, scale * 10e-6), (3.1e-3, 0.0))) for scale in (1.0, 0.5, 0.0)]
    made = columns("robust", pulses)
    assert check(write_deck(made, SHORT, saved=("v(mem1)",)).text) == []
    waves = waves_of(made, SHORT, "v(mem1)", "v(mem2)", "v(mem3)")
    swings = np.array([waves[f"v(mem{number})"].max() - waves[f"v(mem{number})"][0] for number in (1, 2, 3)])
    assert swings[0] > 0.04
    assert swings / swings[0] == pytest.approx([1.0, 0.5, 0.0], abs=0.03)


# --- leakage dummies


def test_without_the_leakage_dummies_the_membrane_is_wrong_at_85_degrees():
    hot = transient(0.1, temperature=85.0)
    made = unit("robust", (5e-3,))
    bare = tuple(
        replace(each, circuit=without(each.circuit, "nz", "pz")) if isinstance(each, Instance) and each.name == "bias" else each for each in made.elements
    )
    taus = []
    for each in (made, replace(made, elements=bare)):
        waves = waves_of(each, hot, MEMBRANE)
        time = np.linspace(0.03, 0.06, 60)
        tail = np.interp(time, waves.axis, waves[MEMBRANE]) - waves[MEMBRANE][0]
        taus.append(-1.0 / np.polyfit(time, np.log(tail), 1)[0])
    assert taus[0] == pytest.approx(15e-3, rel=0.1)
    assert abs(taus[1] / taus[0] - 1.0) > 0.2


def test_a_board_has_its_membrane_in_two_parts():
    elements = {each.name: each for each in unit("board").elements if isinstance(each, Resistor | Capacitor)}
    assert {type(each).__name__ for each in elements.values()} <= {"Resistor", "Capacitor"}
    values = [each.value for each in unit("board").elements if isinstance(each, Resistor | Capacitor)]
    card = load_neuron("board")
    assert isinstance(card, CurrentBiasedCard)
    assert values == [card.output_resistance, card.membrane_capacitance]


def test_the_analyses_of_units_ask_for_currents_of_picoamperes():
    assert isinstance(SHORT, Tran)
    assert (SHORT.options.gmin, SHORT.options.abstol, SHORT.options.method) == (1e-15, 1e-15, "trap")
    assert firing_transient().options.method == "gear"


@pytest.mark.parametrize(("threshold", "said"), [(-1.0, "-1"), (0.0, "0"), (3.3, "3.3"), (1e9, "1e+09")])
def test_a_threshold_outside_of_the_supply_is_refused(threshold: float, said: str):
    message = f"unit robust, threshold={said}: must be > 0 and < 3.3 V, the supply"
    with pytest.raises(CircuitError, match=f"^{re.escape(message)}$"):
        unit("robust", (0.01,), threshold=threshold)


def test_a_supply_beyond_the_transistor_is_refused():
    with pytest.raises(CircuitError, match=r"^unit robust, supply=6\.6: must be <= 5\.5 V, the range of card c5n_nmos$"):
        unit("robust", (0.01,), supply=2.0)


def test_a_memristor_that_overdrives_the_front_end_is_refused():
    parts = Parts(memristor=load_memristor("lim2025_full_window"))
    with pytest.raises(
        CircuitError, match=r"^unit robust, voltage behind the transimpedance amplifier=1\.3\d+: must be <= 0\.5 V; a full weight of lim2025_full"
    ):
        unit("robust", (0.01,), parts=parts)
