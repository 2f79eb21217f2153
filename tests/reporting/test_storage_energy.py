"""Figures of the energy of storing a sample: vector graphics that can be read, captions with the numbers of the result, the schematic of the cell."""

import re
from dataclasses import replace
from itertools import combinations

import pytest

from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Behavioral, Instance, VoltageSource
from cosim.design import Design
from cosim.errors import CircuitError
from cosim.reporting import schematics
from cosim.reporting.figures_storage_energy import FIGURES, PARTS, draw
from cosim.reporting.style import FULL, HALF, MILLIMETER, Drawing, measured, percent
from cosim.spice.engines import Engine
from cosim.studies.zarcone2020 import energy
from cosim.studies.zarcone2020.energy import EnergyResult
from cosim.sweep.lab import Lab


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture(scope="module")
def stored(engine: Engine) -> EnergyResult:
    """The study of the paper's design."""
    return energy.run(Design(), Lab(engine=engine, workers=1))


@pytest.fixture(scope="module")
def drawings(stored: EnergyResult) -> dict[str, Drawing]:
    return {name: draw(name, stored) for name in FIGURES}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_vector_graphics_of_its_width_in_print(drawings: dict[str, Drawing], name: str):
    svg = drawings[name].svg.decode()
    assert drawings[name].width in (FULL, HALF)
    assert float(re.search(r'width="([\d.]+)pt"', svg)[1]) == pytest.approx(drawings[name].width * MILLIMETER * 72, rel=1e-3)
    assert "<image" not in svg


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_of_a_figure_is_smaller_than_seven_points(drawings: dict[str, Drawing], name: str):
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:\w+ )*?([\d.]+)px", drawings[name].svg.decode())]
    assert len(sizes) > 5
    assert min(sizes) >= 7.0


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_what_it_shows_and_is_the_same_every_time(stored: EnergyResult, drawings: dict[str, Drawing], name: str):
    drawing = drawings[name]
    assert drawing.title
    assert drawing.source.startswith("Zarcone 2020, ")
    assert drawing.alt.endswith(".")
    assert drawing.caption.endswith(".")
    assert "nan" not in drawing.caption
    assert draw(name, stored).svg == drawing.svg


def test_the_word_line_says_currents_energies_and_their_distance_from_the_paper(stored: EnergyResult, drawings: dict[str, Drawing]):
    caption = drawings["word_line"].caption
    assert f"{measured(stored.cell.reset_current, 'A')} at RESET" in caption
    assert f"RESET takes {measured(stored.cell.reset.sources, 'J')}" in caption
    assert f"{measured(stored.write, 'J')} on average: {stored.write / 35e-12:.1f} times the paper's" in caption
    assert f"differs by {percent(stored.line_error, digits=3)} at most" in caption


def test_the_captions_follow_the_result(stored: EnergyResult):
    other = replace(stored, write=70e-12, cases={**stored.cases, "walden": replace(stored.cases["walden"], crossover=7.3)})
    assert "70.0 pJ on average: 2.0 times the paper's 35 pJ" in plain(draw("word_line", other).caption)
    assert "7.3 bits by Walden" in draw("precision", other).caption


def test_a_conversion_is_told_at_the_bits_of_both_ways_with_its_range(drawings: dict[str, Drawing]):
    caption = plain(drawings["conversion"].caption)
    assert "566 fJ at 2 bits, 1.39 pJ at 4" in caption
    assert "Range of the fit: 3.9..16 effective bits" in caption


def test_precision_tells_both_totals_and_every_crossover(stored: EnergyResult, drawings: dict[str, Drawing]):
    caption = plain(drawings["precision"].caption)
    assert "joint coding takes 40 pJ, separate 128 pJ" in caption
    for case in stored.cases.values():
        assert f"{case.crossover:.1f} bits" in caption


def test_without_a_crossover_precision_says_so(stored: EnergyResult):
    other = replace(stored, cases={**stored.cases, "fitted": replace(stored.cases["fitted"], crossover=None)})
    assert "joint coding takes more: nowhere with converters fitted to the survey" in draw("precision", other).caption


def test_the_bars_show_every_part_and_what_is_not_itemized(stored: EnergyResult, drawings: dict[str, Drawing]):
    comparison = stored.cases["fitted"].comparison
    svg, caption = drawings["shares"].svg.decode(), plain(drawings["shares"].caption)
    assert {row.name for row in (*comparison.separate, *comparison.joint)} == set(PARTS)
    assert all(name in svg for name in PARTS)
    assert svg.count("<pattern") == 6  # ADC, reads, DAC, encoder, tables, and the legend
    assert "89.1 % and 87.5 % of them; 14 pJ and 5 pJ (hatched)" in caption


def test_the_schematic_of_the_cell_shows_element_transistor_and_the_reset_pulse(stored: EnergyResult):
    labels = schematics.draw(stored.circuit).labels
    shown = [plain(line) for line, _ in labels]
    assert {"X1", "phase_change", "M1", "W = 2 µm", "bit", "word", "mid", "sl", "Vword", "in 80 ns"} <= set(shown)
    assert schematics.stack_of(stored.circuit).nodes == ("bit", "mid", "sl")
    assert schematics.models_of(stored.circuit) == ["M1 is c5n_nmos"]
    overlaps = [
        (one, other)
        for (one, (left, right, low, top)), (other, (left2, right2, low2, top2)) in combinations(labels, 2)
        if left < right2 - 1e-9 and left2 < right - 1e-9 and low < top2 - 1e-9 and low2 < top - 1e-9
    ]
    assert overlaps == []


def test_a_law_with_three_ports_is_refused():
    law = Circuit(name="law", ports=("a", "b", "c"), elements=tuple(Behavioral(name=port, positive=port, negative="0", current=f"V({port})") for port in "abc"))
    top = Circuit(name="top", elements=(Instance("1", law, ("p", "q", "r")), *(VoltageSource(node, node, "0", 1.0) for node in "pqr")))
    with pytest.raises(CircuitError, match=r"^top, schematic: must be one stack of elements, not 0$"):
        schematics.draw(top)
