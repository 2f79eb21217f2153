"""The phase-change cell: operating point by its load line, conservation of charge and energy, energies of the paper's pulses."""

import numpy as np
import pytest

from cosim.analysis import Dc
from cosim.circuits.cells import transistor_bench
from cosim.codesign.pcm_cell import (
    BIT_LINE,
    LENGTH,
    PARTIAL_SET,
    RESET,
    W_OVER_L,
    WordLineSweep,
    WritePulse,
    cell_bench,
    pulse_energy,
    pulse_question,
    word_line_sweep,
)
from cosim.devices.mosfet import load_mosfet
from cosim.devices.phase_change import load_phase_change, on_current
from cosim.errors import InputError
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab, Question

CARD, MOSFET = load_phase_change("gst_mushroom"), load_mosfet("c5n_nmos")
LAB = Lab(engine=find_engine("ngspice"), workers=1)
PAPER = 35e-12  # [J] a write


@pytest.fixture(scope="module")
def cell() -> WordLineSweep:
    """The cell of the cards, simulated once."""
    return word_line_sweep(CARD, MOSFET, LAB)


def solved_by_hand(word: float) -> float:
    """Current where the element's line meets the output curve of the transistor alone [A], by bisection on the drain voltage."""
    bench = transistor_bench(MOSFET, drain=0.0, gate=word, w_over_l=W_OVER_L, length=LENGTH)
    curve = LAB.ask_one(Question(circuit=bench, analysis=Dc("vd", 0.0, BIT_LINE, 0.005), saved=("i(vd)",)))
    low, high = 0.0, BIT_LINE
    for _ in range(50):
        middle = (low + high) / 2
        through = float(on_current(CARD, np.array([BIT_LINE - middle]))[0])
        low, high = (middle, high) if through > np.interp(middle, curve.axis, -curve["i(vd)"]) else (low, middle)
    return float(on_current(CARD, np.array([BIT_LINE - low]))[0])


@pytest.mark.parametrize("word", [1.2, 1.7, 3.0])
def test_the_current_is_where_the_two_curves_meet(cell: WordLineSweep, word: float):
    index = int(np.argmin(np.abs(cell.voltage - word)))
    assert cell.current[index] == pytest.approx(solved_by_hand(word), rel=1e-3)


def test_the_current_rises_with_the_word_line_and_bends_towards_the_limit_of_the_element(cell: WordLineSweep):
    slope = np.gradient(cell.current, cell.voltage)
    assert np.all(np.diff(cell.current) > 0)
    assert slope[-1] < 0.95 * slope.max()
    assert cell.current[-1] < (BIT_LINE - CARD.holding_voltage) / CARD.on_resistance


def test_a_wide_transistor_saturates_at_the_element(cell: WordLineSweep):
    wide = word_line_sweep(CARD, MOSFET, LAB, w_over_l=65.0)
    limit = (BIT_LINE - CARD.holding_voltage) / CARD.on_resistance
    assert 0.9 * limit < wide.reset_current < limit
    assert np.gradient(wide.current, wide.voltage)[-1] < 0.05 * np.gradient(wide.current, wide.voltage).max()


def test_the_transistor_gives_reset_the_current_of_the_card(cell: WordLineSweep):
    assert cell.reset_current == pytest.approx(CARD.reset_current, rel=0.05)


def test_the_power_in_the_element_is_a_part_of_what_the_bit_line_gives(cell: WordLineSweep):
    share = cell.power[cell.current > 1e-6] / (BIT_LINE * cell.current[cell.current > 1e-6])
    assert np.all((share > 0.1) & (share < 0.6))


def test_charge_and_energy_of_a_write_are_conserved():
    answer = LAB.ask_one(pulse_question(CARD, MOSFET, PARTIAL_SET, top=1.3))
    currents = [answer[f"i({name})"] for name in ("vbit", "vword", "vsl", "vbody")]
    peak = np.abs(currents[0]).max()
    assert peak > 1e-5
    assert np.abs(np.sum(currents, axis=0)).max() < 1e-9 * peak  # Kirchhoff
    over, drain = answer["v(bit)"] - answer["v(mid)"], -currents[0]
    element = np.trapezoid(over * on_current(CARD, over), answer.axis)  # by the law in Python
    transistor = np.trapezoid(answer["v(mid)"] * drain - answer["v(word)"] * currents[1], answer.axis)
    energy = pulse_energy(answer)
    assert element + transistor == pytest.approx(energy.sources, rel=1e-4)
    assert element == pytest.approx(energy.element, rel=1e-4)


def test_the_energy_of_a_long_pulse_is_that_of_its_flat_top_and_edges(cell: WordLineSweep):
    slow = WritePulse(rise=1e-9, width=1e-6, fall=1e-9)
    energy = pulse_energy(LAB.ask_one(pulse_question(CARD, MOSFET, slow, top=1.7)))
    assert energy.sources == pytest.approx(BIT_LINE * np.interp(1.7, cell.voltage, cell.current) * 1e-6, rel=0.01)


def test_reset_takes_more_and_partial_set_up_to_twenty_times_more_than_the_paper_says(cell: WordLineSweep):
    assert cell.reset.sources / PAPER == pytest.approx(1.66, abs=0.02)
    assert cell.reset.element / PAPER == pytest.approx(0.78, abs=0.02)
    assert cell.set_energy.max() / PAPER == pytest.approx(19.5, abs=0.2)
    writes = cell.write_energy(np.linspace(0.7, 1.7, 101))
    assert writes.mean() / PAPER == pytest.approx(8.67, abs=0.1)
    assert PAPER / (BIT_LINE * (PARTIAL_SET.width + (PARTIAL_SET.rise + PARTIAL_SET.fall) / 2)) < 5e-6  # the current that 35 pJ would leave


def test_the_write_energy_rises_and_holds_the_reset(cell: WordLineSweep):
    voltages = np.linspace(0.7, 1.7, 101)
    writes = cell.write_energy(voltages)
    assert writes.shape == (101,)
    assert np.all(np.diff(writes) > 0)
    assert writes - cell.write_energy(voltages, reset=False) == pytest.approx(np.full(101, cell.reset.sources))


@pytest.mark.parametrize("top", [0.825, 1.275])
def test_interpolated_energies_are_within_one_percent_of_a_simulated_write(cell: WordLineSweep, top: float):
    simulated = cell.reset.sources + pulse_energy(LAB.ask_one(pulse_question(CARD, MOSFET, PARTIAL_SET, top=top))).sources
    assert float(cell.write_energy(np.array(top))) == pytest.approx(simulated, rel=0.01)


def test_a_read_sees_the_low_field_resistance_and_a_little_of_the_transistor(cell: WordLineSweep):
    seen = 0.1 / cell.read_current - cell.resistance
    assert np.all(np.diff(cell.read_current) < 0)
    assert np.all((seen > 0) & (seen < 5e3))


def test_the_pulses_are_those_of_the_paper():
    assert (RESET.rise, RESET.width, RESET.fall) == (5e-9, 60e-9, 5e-9)
    assert (PARTIAL_SET.rise, PARTIAL_SET.width, PARTIAL_SET.fall) == (500e-9, 2000e-9, 500e-9)
    assert max(value for _, value in RESET.stimulus(3.0).points) == 3.0


def test_a_word_line_out_of_range_is_named(cell: WordLineSweep):
    with pytest.raises(InputError, match=r"^phase-change cell, word-line voltage=1\.8: must be within 0\.7\.\.1\.7 V$"):
        cell.write_energy(np.array([1.0, 1.8]))


def test_a_transistor_without_width_is_named():
    with pytest.raises(InputError, match=r"^phase-change cell, w_over_l=0: must be > 0$"):
        cell_bench(CARD, MOSFET, bit=3.0, word=0.0, w_over_l=0.0)
