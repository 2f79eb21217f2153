"""Arrays against a nodal analysis of their own: linear cells, so that a matrix gives every current."""

import numpy as np
import pytest

from cosim.analysis import Op
from cosim.circuits.arrays import array, read_bench
from cosim.circuits.cells import cell
from cosim.circuits.circuit import Circuit, Parameter
from cosim.circuits.elements import Instance, Memristor, Resistor
from cosim.circuits.expression import Param
from cosim.devices.memristor.card import load_memristor
from cosim.devices.memristor.static import conductance
from cosim.devices.mosfet import load_mosfet
from cosim.errors import CircuitError
from cosim.simulation import simulate

DEVICE, NMOS = load_memristor("lim2025_full_window"), load_mosfet("c5n_nmos")
READ = 1e-3  # [V] so small that a memristor is a resistor, to 1e-7
ON, LEAK = 100.0, 1e4  # [ohm] of the transistor and of its gate
LINEAR = Circuit(
    name="linear_cell",
    description="a cell with resistors for a transistor",
    ports=("bit", "word", "source", "body"),
    elements=(
        Memristor(name="r", top="bit", bottom="mid", card=DEVICE, state=Param("x0"), frozen=True),
        Resistor("on", "mid", "source", ON / (Param("w_over_l") / 65.0)),
        Resistor("gate", "word", "body", LEAK),
    ),
    parameters={"w_over_l": Parameter(65.0, "1", "width over length"), "x0": Parameter(0.0, "1", "state")},
)


def solved(states: np.ndarray, *, wire: float, word: np.ndarray, on: float = ON) -> tuple[np.ndarray, np.ndarray]:
    """Currents out of the source lines and into the word lines [A], by nodal analysis of the whole array."""
    rows, columns = states.shape
    index = {(line, row, column): number for number, (line, row, column) in enumerate(np.ndindex(3, rows, columns))}
    matrix, known = np.zeros((len(index), len(index))), np.zeros(len(index))

    def stamp(first: int, second: int | None, conductance_: float, driven: float = 0.0) -> None:
        matrix[first, first] += conductance_
        if second is None:
            known[first] += conductance_ * driven
            return
        matrix[second, second] += conductance_
        matrix[first, second] -= conductance_
        matrix[second, first] -= conductance_

    for row in range(rows):
        for column in range(columns):
            bit, source, gate = (index[line, row, column] for line in range(3))
            stamp(bit, index[0, row - 1, column] if row else None, 1 / wire, READ)
            stamp(source, index[1, row - 1, column] if row else None, 1 / wire)
            stamp(gate, index[2, row, column - 1] if column else None, 1 / wire, float(word[row]))
            stamp(bit, source, 1 / (1 / float(conductance(DEVICE, states[row, column], voltage=READ)) + on))
            stamp(gate, None, 1 / LEAK)
    voltage = np.linalg.solve(matrix, known)
    out = np.array([voltage[index[1, 0, column]] / wire for column in range(columns)])
    into = np.array([(word[row] - voltage[index[2, row, 0]]) / wire for row in range(rows)])
    return out, into


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1), (3, 5), (5, 3)])
def test_currents_with_wire_resistance_are_those_of_the_nodal_analysis(shape: tuple[int, int]):
    rng = np.random.default_rng(shape)
    states, word = rng.uniform(0, 1, shape), rng.uniform(1, 3, shape[0])
    waves = simulate(read_bench(array(LINEAR, states, wire_resistance=20.0), word=word, read_voltage=READ), Op()).require()
    out, into = solved(states, wire=20.0, word=word)
    assert out.min() > 0
    assert [waves[f"i(vsl_{column})"][0] for column in range(shape[1])] == pytest.approx(out, rel=1e-5)
    assert [-waves[f"i(vwl_{row})"][0] for row in range(shape[0])] == pytest.approx(into, rel=1e-6)


def test_wires_cost_more_current_the_farther_a_cell_is_from_the_driver():
    far, near = np.zeros((4, 1)), np.zeros((4, 1))
    far[3], near[0] = 1.0, 1.0
    first, last = (solved(states, wire=20.0, word=np.zeros(4))[0][0] for states in (near, far))
    found = [
        simulate(read_bench(array(LINEAR, states, wire_resistance=20.0), word=np.zeros(4), read_voltage=READ), Op()).require()["i(vsl_0)"][0]
        for states in (near, far)
    ]
    assert first > last
    assert found == pytest.approx([first, last], rel=1e-5)


def test_ideal_lines_give_the_sum_of_the_cells():
    states = np.random.default_rng(1).uniform(0, 1, (3, 2))
    waves = simulate(read_bench(array(LINEAR, states), word=np.zeros(3), read_voltage=READ), Op()).require()
    alone = READ / (1 / conductance(DEVICE, states, voltage=READ) + ON)
    assert [waves[f"i(vsl_{column})"][0] for column in range(2)] == pytest.approx(alone.sum(axis=0), rel=1e-6)


def test_w_over_l_reaches_every_cell():
    states = np.full((2, 2), 0.5)
    waves = simulate(read_bench(array(LINEAR, states, w_over_l=6.5, wire_resistance=1.0), word=np.zeros(2), read_voltage=READ), Op()).require()
    out, _ = solved(states, wire=1.0, word=np.zeros(2), on=10 * ON)
    assert [waves[f"i(vsl_{column})"][0] for column in range(2)] == pytest.approx(out, rel=1e-5)


def test_a_word_line_selects_its_row():
    states = np.array([[1.0, 0.0], [0.0, 1.0]])
    inner = cell("mod", DEVICE, NMOS, frozen=True)
    waves = simulate(read_bench(array(inner, states), word=np.array([3.0, 0.0]), read_voltage=0.05), Op()).require()
    full, empty = conductance(DEVICE, np.array([1.0, 0.0]), voltage=0.05) * 0.05
    assert waves["i(vsl_0)"][0] == pytest.approx(full, rel=0.15)  # behind 120 ohm
    assert waves["i(vsl_1)"][0] == pytest.approx(empty, rel=0.01)


@pytest.mark.parametrize("wire", [0.0, 1.0])
def test_lines_are_ports_and_cells_are_named_by_row_and_column(wire: float):
    made = array(cell("mos", DEVICE, NMOS), np.zeros((2, 3)), wire_resistance=wire)
    assert made.ports == ("wl_0", "wl_1", "bl_0", "bl_1", "bl_2", "sl_0", "sl_1", "sl_2", "body")
    assert [each.name for each in made.elements if isinstance(each, Instance)] == ["x_0_0", "x_0_1", "x_0_2", "x_1_0", "x_1_1", "x_1_2"]
    assert sum(isinstance(each, Resistor) for each in made.elements) == (3 * 6 if wire else 0)
    assert "2 x 3 array" in made.description


def test_the_first_port_of_each_line_is_at_row_or_column_zero():
    made = array(LINEAR, np.zeros((2, 2)), wire_resistance=1.0)
    wires = {each.name: each.nodes for each in made.elements if isinstance(each, Resistor)}
    assert wires["bl_r0_c1"] == ("bl_1", "bl_1_r0_c1")
    assert wires["bl_r1_c1"] == ("bl_1_r0_c1", "bl_1_r1_c1")
    assert wires["wl_r1_c0"] == ("wl_1", "wl_1_r1_c0")
    assert wires["wl_r1_c1"] == ("wl_1_r1_c0", "wl_1_r1_c1")


INNER = cell("mod", DEVICE, NMOS)
REFUSED = {
    "a line of states": (lambda: array(INNER, np.zeros(3)), "array, states=shape (3,): must be of shape (rows, columns)"),
    "no states": (lambda: array(INNER, np.zeros((0, 3))), "array, states=shape (0, 3): must be of shape (rows, columns)"),
    "a state above 1": (lambda: array(INNER, np.array([[0.0, 1.5]])), "array, states=1.5: must be within 0..1"),
    "a state below 0": (lambda: array(INNER, np.array([[-0.5, 0.0]])), "array, states=-0.5: must be within 0..1"),
    "no number": (lambda: array(INNER, np.array([[np.nan]])), "array, states=nan: must be within 0..1"),
    "negative wires": (lambda: array(INNER, np.zeros((1, 1)), wire_resistance=-1.0), "array, wire_resistance=-1: must be >= 0 ohm"),
    "a negative size": (lambda: array(INNER, np.zeros((1, 1)), w_over_l=-5.0), "array, w_over_l=-5: must be > 0"),
    "a size of zero": (lambda: array(INNER, np.zeros((1, 1)), w_over_l=0.0), "array, w_over_l=0: must be > 0"),
    "too many gates": (
        lambda: read_bench(array(INNER, np.zeros((2, 1))), word=np.zeros(3), read_voltage=0.05),
        "read bench, word=shape (3,): must be of shape (2,)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_built_is_named(case: str):
    make, message = REFUSED[case]
    with pytest.raises(CircuitError) as caught:
        make()
    assert str(caught.value) == message
