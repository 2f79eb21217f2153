"""Arrays with units behind their columns, and the front end that reads a pair of columns.

Small arrays, at a tolerance (1e-5) at which the simulator's own error is far below what is looked at.
"""

from functools import cache

import numpy as np
import pytest

from cosim.analysis import Op, Options, Tran
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import CurrentSource, Instance, Resistor, VoltageSource
from cosim.circuits.neuron import frontend
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.layer import Cells, layer
from cosim.circuits.neuron.unit import Parts, shared_sources, wired_unit
from cosim.devices.opamp import load_opamp
from cosim.errors import CircuitError
from cosim.simulation import simulate
from cosim.spice.deck import write_deck
from cosim.spice.dialect import check

CARD, PARTS = load_neuron("two_pole"), Parts()
ROWS, COLUMNS = 8, 3
STATES = np.random.default_rng(3).uniform(0.2, 1.0, (ROWS, COLUMNS))
CELLS, WEAKER = Cells(states=STATES), Cells(states=0.4 * STATES)
TIMES = np.array([2e-3, 3e-3, np.inf, 4.5e-3, 6e-3, np.inf, 8e-3, 9e-3])  # [s]
NO_SPIKE = np.full(ROWS, np.inf)
FINE = Options(reltol=1e-5, abstol=1e-15, gmin=1e-15, method="trap")


def swings(circuit: Circuit) -> np.ndarray:
    """Highest potential of each membrane over its baseline [V]."""
    waves = simulate(circuit, Tran(stop=0.03, max_step=200e-6, options=FINE)).require()
    names = sorted(name for name in waves.signals if name.startswith("v(mem"))
    return np.array([waves[name].max() - waves[name][0] for name in names])


@cache
def whole() -> np.ndarray:
    """Of the full array."""
    return swings(layer(CARD, TIMES, CELLS))


def test_a_layer_has_a_membrane_for_each_column_and_a_word_line_for_each_row():
    assert whole().shape == (COLUMNS,)
    assert whole().min() > 1e-3
    names = [each.name for each in layer(CARD, TIMES, CELLS).elements]
    assert [name for name in names if name.startswith("wl_")] == [f"wl_{row}" for row in range(ROWS)]
    assert sum(name.startswith("c") and "_" in name for name in names) == ROWS * COLUMNS


@pytest.mark.parametrize("variant", ["as_printed", "linear", "two_pole", "robust", "board"])
@pytest.mark.parametrize("paired", [False, True])
def test_decks_of_layers_are_portable(variant: str, paired: bool):
    circuit = layer(load_neuron(variant), TIMES, CELLS, minus=WEAKER if paired else None, wire_resistance=2.0, silent=False)
    assert check(write_deck(circuit, Tran(stop=0.03, max_step=200e-6)).text) == []


def test_pairs_with_amplifiers_of_a_supply_cancel_too():
    parts = Parts(opamp=load_opamp("opamp_one_pole"))
    alone, pair = (swings(layer(CARD, TIMES, CELLS.columns([0]), minus=minus, parts=parts))[0] for minus in (None, CELLS.columns([0])))
    assert alone == pytest.approx(whole()[0], rel=0.03)
    assert abs(pair) < 0.03 * alone


def test_a_column_alone_is_the_column_of_the_full_array():
    alone = [swings(layer(CARD, TIMES, CELLS.columns([column])))[0] for column in range(COLUMNS)]
    assert alone == pytest.approx(whole(), rel=5e-4)


def test_cells_of_silent_inputs_may_be_left_out():
    circuit = layer(CARD, TIMES, CELLS, silent=False)
    assert not any(each.name in ("wl_2", "c2_1", "c5_3") for each in circuit.elements)
    assert swings(circuit) == pytest.approx(whole(), rel=1e-3)


def test_rows_that_are_left_out_leave_their_wires():
    circuit = layer(CARD, TIMES, CELLS, silent=False, wire_resistance=1.5)
    ladder = {each.name: each.value for each in circuit.elements if isinstance(each, Resistor) and each.name.endswith("_2")}
    segments = {0: 1, 1: 1, 3: 2, 4: 1, 6: 2, 7: 1}  # rows 2 and 5 are silent
    assert ladder == {f"{line}{row}_2": 1.5 * number for row, number in segments.items() for line in "bl"}


def test_with_wires_too_cells_of_silent_inputs_may_be_left_out():
    left_out, kept = (swings(layer(CARD, TIMES, CELLS, silent=silent, wire_resistance=20.0)) for silent in (False, True))
    assert kept.max() < 0.99 * whole().max()
    assert left_out == pytest.approx(kept, rel=1e-3)


def test_equal_arrays_of_a_pair_cancel():
    assert np.abs(swings(layer(CARD, TIMES, CELLS, minus=CELLS))).max() < 0.03 * whole().min()


def test_a_pair_gives_the_difference_of_its_arrays():
    difference = whole() - swings(layer(CARD, TIMES, WEAKER))
    assert difference.min() > 0.3 * whole().min()
    assert swings(layer(CARD, TIMES, CELLS, minus=WEAKER)) == pytest.approx(difference, rel=0.03)


def test_wires_lower_the_peaks_the_more_the_higher_their_resistance():
    lost = [1.0 - swings(layer(CARD, TIMES, CELLS, wire_resistance=each)) / whole() for each in (1.0, 5.0, 20.0)]
    assert lost[0].min() > 0.0005
    assert (lost[1] > 2 * lost[0]).all()
    assert (lost[2] > 2 * lost[1]).all()


def test_wires_cost_more_the_farther_the_row_that_fires():
    equal = Cells(states=np.full((ROWS, 1), 0.6))
    lost = []
    for row in (0, 3, 7):
        times = np.where(np.arange(ROWS) == row, 2e-3, np.inf)
        without, wired = (swings(layer(CARD, times, equal, wire_resistance=each))[0] for each in (0.0, 20.0))
        lost.append(1.0 - wired / without)
    assert 0 < lost[0] < lost[1] < lost[2]
    assert lost[2] == pytest.approx(8 * lost[0], rel=0.1)  # one segment to the first row, eight to the last


@pytest.mark.parametrize("paired", [False, True])
def test_an_image_without_a_spike_gives_nothing(paired: bool):
    found = swings(layer(CARD, NO_SPIKE, CELLS, minus=WEAKER if paired else None))
    assert found.shape == (COLUMNS,)
    assert np.abs(found).max() < 1e-6 * whole().min()


@pytest.mark.parametrize("paired", [False, True])
def test_an_image_without_a_spike_gives_nothing_where_silent_cells_are_left_out(paired: bool):
    found = swings(layer(CARD, NO_SPIKE, CELLS, minus=WEAKER if paired else None, silent=False))
    assert np.abs(found).max() < 1e-6 * whole().min()


def test_a_device_with_factors_gives_them_to_its_cell():
    scales = np.full((ROWS, COLUMNS), 1.1)
    circuit = layer(CARD, TIMES, Cells(states=STATES, current_scale=scales, series_scale=2 * scales))
    first = next(each for each in circuit.elements if each.name == "c0_1")
    assert isinstance(first, Instance)
    assert first.values == {"x0": STATES[0, 0], "i0s": 1.1, "rss": 2.2}


def test_columns_of_cells_keep_their_factors():
    picked = Cells(states=STATES, current_scale=2 * STATES).columns([2, 0])
    assert np.array_equal(picked.states, STATES[:, [2, 0]])
    assert picked.current_scale is not None
    assert np.array_equal(picked.current_scale, 2 * STATES[:, [2, 0]])
    assert picked.series_scale is None


@pytest.mark.parametrize(
    ("states", "words"),
    [(STATES[0], r"^layer, states=shape \(3,\): must be of shape \(inputs, columns\)$"), (STATES - 1.0, r"within 0\.\.1$"), (STATES + 1.0, r"within 0\.\.1$")],
)
def test_states_that_are_none_are_refused(states: np.ndarray, words: str):
    with pytest.raises(CircuitError, match=words):
        Cells(states=states)


def test_a_state_that_is_not_a_number_is_refused():
    with pytest.raises(CircuitError, match=r"within 0\.\.1$"):
        Cells(states=np.where(np.eye(ROWS, COLUMNS) > 0, np.nan, STATES))


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(CircuitError, match=r"^layer, times=shape \(3,\): must be of shape \(8,\), one for each row of the cells$"):
        layer(CARD, TIMES[:3], CELLS)
    with pytest.raises(CircuitError, match=r"^layer, "):
        layer(CARD, TIMES, CELLS, minus=CELLS.columns([0]))
    with pytest.raises(CircuitError, match=r"^layer, wire_resistance=-1: must be >= 0 ohm$"):
        layer(CARD, TIMES, CELLS, wire_resistance=-1.0)


def front_end(plus: float, minus: float | None) -> dict[str, float]:
    """Operating point of a unit whose columns give these currents [A]."""
    sources = [CurrentSource("p", "te", "col1", plus), *([] if minus is None else [CurrentSource("m", "te", "neg1", minus)])]
    unit = wired_unit(CARD, PARTS, "1", None, paired=minus is not None)
    circuit = Circuit(name="front_end", description="a unit alone", elements=(*shared_sources(CARD, PARTS, 1.0), *sources, *unit))
    waves = simulate(circuit, Op(options=FINE)).require()
    return {name: float(values[-1]) for name, values in waves.signals.items()}


def test_both_columns_of_a_pair_end_in_a_virtual_ground():
    found = front_end(10e-6, 4e-6)
    assert (found["v(col1)"], found["v(neg1)"]) == pytest.approx((0.0, 0.0), abs=1e-6)


@pytest.mark.parametrize(("plus", "minus"), [(10e-6, 0.0), (10e-6, 4e-6), (4e-6, 4e-6), (4e-6, 3e-6)])
def test_a_pair_senses_the_difference_of_its_currents(plus: float, minus: float):
    rest = front_end(0.0, 0.0)["v(sense1)"]
    assert front_end(plus, minus)["v(sense1)"] - rest == pytest.approx(CARD.feedback_resistance * (plus - minus), rel=1e-3, abs=1e-6)


def test_the_second_column_is_inverted_before_it_is_added():
    found = front_end(0.0, 4e-6)
    assert found["v(neg_out1)"] == pytest.approx(-CARD.feedback_resistance * 4e-6, rel=1e-3)
    assert found["v(neg_inv1)"] == pytest.approx(CARD.feedback_resistance * 4e-6, rel=1e-3)


def test_a_pair_rests_where_a_single_column_rests():
    single, pair = (simulate(layer(CARD, NO_SPIKE, CELLS, minus=minus), Op(options=FINE)).require()["v(sense1)"][-1] for minus in (None, WEAKER))
    assert single > 1e-3
    assert pair == pytest.approx(single, rel=0.01)


def test_a_single_front_end_has_no_summing_node():
    assert frontend.inverter(CARD, None).ports == ("in", "ref", "sense", "out")
    assert frontend.inverter(CARD, None, summing=True).ports == ("in", "ref", "sense", "out", "minus")
    assert not any(each.name in ("1n1", "tian1", "invn1") for each in wired_unit(CARD, PARTS, "1", None))


@pytest.mark.parametrize("signal", [-0.05, 0.02])
def test_the_plain_inverter_has_a_gain_of_minus_one(signal: float):
    inner = frontend.plain_inverter(CARD, None)
    circuit = Circuit(
        name="plain",
        description="plain inverter alone",
        elements=(
            VoltageSource("in", "in", "0", signal),
            VoltageSource("ref", "ref", "0", 0.0),
            Instance("1", inner, ("in", "ref", "out")),
            Resistor("load", "out", "0", 1e6),
        ),
    )
    assert simulate(circuit, Op()).require()["v(out)"][-1] == pytest.approx(-signal, rel=1e-4)
