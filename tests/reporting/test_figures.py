"""Every figure: drawn, vector, legible, with captions that say the computed numbers; and its place when it cannot be drawn."""

import re
from dataclasses import replace

import numpy as np
import pytest

from cosim.circuits.corners import Corner
from cosim.reporting import figures
from cosim.reporting.figures import FIGURES, NotDrawn, draw
from cosim.reporting.figures_cell import corner_words
from cosim.reporting.style import FULL, HALF, MILLIMETER, Drawing, measured, percent

POINTS = 1500  # of one line, at most


@pytest.fixture(scope="module")
def drawings(result) -> dict[str, Drawing]:
    made = {name: draw(name, result) for name in FIGURES}
    assert all(isinstance(each, Drawing) for each in made.values())
    return made


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_vector_graphics_of_its_width_in_print(drawings, name):
    drawing = drawings[name]
    svg = drawing.svg.decode()
    assert drawing.width in (FULL, HALF)
    assert float(re.search(r'width="([\d.]+)pt"', svg)[1]) == pytest.approx(drawing.width * MILLIMETER * 72, rel=1e-3)
    assert "<image" not in svg


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_of_a_figure_is_smaller_than_seven_points(drawings, name):
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:\w+ )*?([\d.]+)px", drawings[name].svg.decode())]
    assert len(sizes) > 5
    assert min(sizes) >= 7.0


@pytest.mark.parametrize("name", FIGURES)
def test_no_line_of_a_figure_has_more_points_than_print_can_show(drawings, name):
    paths = re.findall(r'<path d="([^"]*)"', drawings[name].svg.decode())
    assert max(len(re.findall(r"[ML]", path)) for path in paths) <= POINTS


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_what_it_shows_in_words(drawings, name):
    drawing = drawings[name]
    assert drawing.title
    assert drawing.alt.endswith(".")
    assert drawing.caption.endswith(".")
    assert "nan" not in drawing.caption


def test_figures_are_the_same_bytes_every_time(result, drawings):
    assert [name for name, drawing in drawings.items() if draw(name, result).svg != drawing.svg] == []


def test_captions_hold_the_computed_numbers(result, drawings):
    chosen = result.advice.chosen
    assert percent(chosen.share, digits=2) in drawings["shares"].caption
    assert f"from W/L {result.advice.smallest:.1f} on" in drawings["shares"].caption
    assert measured(result.loops[0].on, "S") in drawings["pinched_loops"].caption
    assert measured(result.transistors.resistance_at(65.0, 3.0), "ohm") in drawings["transistor"].caption
    assert percent(result.cells.on_off("mod", 65.0)) in drawings["on_off"].caption
    assert f"{result.levels.counts.min()} to {result.levels.counts.max()} levels" in drawings["staircase"].caption


def test_a_caption_follows_the_result(result):
    narrow = replace(result.levels, counts=np.array([20, 21, 22]))
    assert "20 to 22 levels over 3 seeds (0\N{NO-BREAK SPACE}% reach 23)" in draw("staircase", replace(result, levels=narrow)).caption


def test_a_rule_that_is_never_met_is_said_to_be(result):
    crossings = tuple(replace(each, w_over_l=float("nan")) for each in result.advice.crossings)
    drawing = draw("key_picture", replace(result, advice=replace(result.advice, crossings=crossings)))
    assert "12\N{NO-BREAK SPACE}% rule is met at no W/L that was searched" in drawing.caption


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_whose_simulation_failed_keeps_the_reason(broken, name):
    assert draw(name, broken) == NotDrawn(name, "device_bench: timeout, took too long")


def test_the_transistor_is_drawn_without_the_sizing(result):
    drawing = draw("transistor", replace(result, advice=None))
    assert "At full set" not in drawing.caption
    assert measured(result.transistors.resistance_at(65.0, 3.0), "ohm") in drawing.caption


def test_a_corner_is_said_in_words():
    assert corner_words(Corner(temperature=-40.0, supply=0.9)) == "−40 °C and supplies 10 % low"
    assert corner_words(Corner(temperature=27.0, supply=1.0)) == "27 °C and nominal supplies"
    assert corner_words(Corner(threshold=0.05, mobility=0.9)) == "27 °C and nominal supplies, slow process"


def test_every_figure_of_the_paper_has_its_counterpart(drawings):
    sources = " ".join(each.source for each in drawings.values())
    assert all(name in sources for name in ("Fig. 1C-E", "Fig. 2A", "Fig. 2B", "Fig. 2C", "Fig. 2D", "Fig. S3", "Fig. S4", "Fig. 4C, S5, S6", "Table S2"))
    assert set(drawings) == set(figures.FIGURES)
