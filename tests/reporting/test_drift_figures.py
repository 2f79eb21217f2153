"""Figures and tables of drift: results put together by hand, pictures that can be read, captions and cells with the numbers of the result."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosim.channels.pcm import load_pcm
from cosim.channels.population import population
from cosim.reporting import figures_drift, tables_drift
from cosim.reporting.figures import NotDrawn
from cosim.reporting.figures_drift import FIGURES, STARTS, draw, far_changes, quantiles, reads_over_time
from cosim.reporting.style import FULL, MILLIMETER, Drawing, pretty
from cosim.studies.channels.drift import DriftResult
from cosim.studies.channels.population import CONDITIONS, STEPS, PopulationResult
from cosim.studies.channels.tio2 import Tio2Result

LARGEST = 150_000  # bytes of one picture
LOWER = np.array([[8.0, 3.0, 0.7], [6.0, 1.0, 0.1]])
LEVELS = np.array([100.0, 1e3, 1e4, 1e5, 5e5])
POPULATION = PopulationResult(
    event_p=np.linspace(0.21, 0.9, len(CONDITIONS)),
    step_p=np.linspace(0.34, 0.8, len(STEPS)),
    starts=np.array([100.0, 1e4, 5e5]),
    soon=np.array([4.0e5, 4.95e5, 5.1e5]),
    late=np.array([4.98e5, 5.02e5, 5.0e5]),
    equilibrium=5e5,
    spread_starts=LEVELS,
    spread=np.sqrt(LEVELS) * np.array([[1e-5], [1e-4], [3e-4]]),
)
DRIFT = DriftResult(
    pcm_mean=8.25e-6,
    pcm_deviation=1.04e-6,
    delays=np.array([2.0, 1000.0]),
    budgets=np.array([np.inf, 0.01, 0.001]),
    lower=LOWER,
    upper=LOWER / 0.987,
    energy=np.array([[0.2, 0.01, 0.001], [0.25, 0.01, 0.001]]),
    moved=np.array([[0.001, 0.002, 0.0], [-0.004, 0.001, 0.0]]),
)
CHANGE = np.concatenate([np.linspace(-4.0, 2.0, 40), [-60.0]])
TRACES = Tio2Result(
    loss=3.7,
    activation=0.4631,
    slopes=np.array([[8.0, 1.0], [4.0, -0.8], [6.0, 0.5]]),
    change=CHANGE,
    scores={"ours": np.array([-20.0, -21.0, -22.0]), "published": np.full(3, -61.0), "moments": np.full(3, -41.0), "refitted": np.array([-19.0, -25.0, -22.0])},
    pairs=np.array([10, 10, 21]),
)
RESULTS: dict[str, Any] = {"channels.population": POPULATION, "channels.drift": DRIFT, "channels.tio2": TRACES}


def plain(text: str) -> str:
    return pretty(text).replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


def cells(table: dict[str, Any]) -> list[list[str]]:
    return [[plain(cell) for cell in row] for row in table["rows"]]


@pytest.fixture(scope="module")
def drawings() -> dict[str, Drawing]:
    drawn = {name: draw(name, RESULTS) for name in FIGURES}
    assert [name for name, each in drawn.items() if isinstance(each, NotDrawn)] == []
    return drawn


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_lean_vector_graphics_of_its_width_in_print(drawings: dict[str, Drawing], name: str):
    svg = drawings[name].svg.decode()
    assert drawings[name].width == FULL
    assert float(re.search(r'width="([\d.]+)pt"', svg)[1]) == pytest.approx(FULL * MILLIMETER * 72, rel=1e-3)
    assert "<image" not in svg
    assert len(svg) < LARGEST


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_of_a_figure_is_smaller_than_seven_points_or_lies_outside(drawings: dict[str, Drawing], name: str):
    svg = drawings[name].svg.decode()
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:\w+ )*?([\d.]+)px", svg)]
    assert len(sizes) > 5
    assert min(sizes) >= 7.0
    width, height = (float(re.search(rf'{side}="([\d.]+)pt"', svg)[1]) for side in ("width", "height"))
    places = np.array(re.findall(r'<text[^>]* x="(-?[\d.]+)" y="(-?[\d.]+)"', svg), dtype=float)
    assert len(places) > 5
    assert np.all((places >= 0.0) & (places <= [width, height]))


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_what_it_shows(drawings: dict[str, Drawing], name: str):
    drawing = drawings[name]
    assert drawing.title
    assert drawing.alt.endswith(".")
    assert drawing.caption.endswith(".")
    assert "nan" not in drawing.caption


def test_a_figure_is_the_same_every_time(drawings: dict[str, Drawing]):
    assert draw("tio2", RESULTS) == drawings["tio2"]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_whose_study_gave_no_result_keeps_the_reason(name: str):
    study, _ = FIGURES[name]
    rest = {each: result for each, result in RESULTS.items() if each != study}
    assert draw(name, rest) == NotDrawn(name, f"the study {study} gave no result")


def test_the_law_tells_its_checks(drawings: dict[str, Drawing]):
    caption = plain(drawings["drift_law"].caption)
    assert "runs event by event 0.21, of two delays against their sum 0.34" in caption
    assert "within 2.0 % of the equilibrium after 10 time constants from 1 kΩ up, within 0.4 % after 13" in caption
    assert "τ = 500 s" in caption


def test_the_band_of_the_law_holds_nine_tenths_of_draws():
    card, times = population("drift500k"), np.array([300.0])
    low, median, high = quantiles(card, 1e4, times)[:, 0]
    state = np.full(20_000, card.state(1e4))
    drawn = card.resistance(card.series(state, times, rng=np.random.default_rng(1))[:, 0])
    assert np.mean((drawn >= low) & (drawn <= high)) == pytest.approx(0.9, abs=0.012)
    assert np.mean(drawn <= median) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("start", STARTS)
def test_every_start_begins_at_itself_and_ends_at_the_equilibrium(start: float):
    _, (first, last), _ = quantiles(population("drift500k"), start, np.array([1e-6, 1e4]))
    assert first == pytest.approx(start, rel=0.03)
    assert last == pytest.approx(5e5, rel=0.03)


def test_capacity_tells_its_ends_the_distance_of_its_bounds_and_what_refining_moves(drawings: dict[str, Drawing]):
    caption = plain(drawings["drift_capacity"].caption)
    assert "8.00 bits after 2 s and 6.00 after 1000 s without a limit; 0.70 and 0.10 at 1 mJ" in caption
    assert "1.3 % apart at most" in caption
    assert "moves the lower one by 0.4 % at most" in caption


def test_labels_of_lines_that_end_at_one_place_stand_apart(drawings: dict[str, Drawing]):
    close = replace(DRIFT, lower=np.full((2, 3), 1.0), upper=np.full((2, 3), 1.01))
    places = re.findall(
        r'<text[^>]* y="([\d.]+)"[^>]*>(?:no limit|10\N{NO-BREAK SPACE}mJ|1\N{NO-BREAK SPACE}mJ)<',
        draw("drift_capacity", {"channels.drift": close}).svg.decode(),
    )
    heights = sorted({round(float(each), 2) for each in places})
    assert len(heights) >= 3
    assert np.min(np.diff(heights)) >= 7.0


def test_reads_of_phase_change_memory_are_those_of_its_samples():
    card = load_pcm("pcm-joshi2020")
    means, deviations, factors = reads_over_time(np.array([10.0, 3600.0]))
    half = figures_drift.WRITTEN.index(0.5)
    reads = card.sample(np.full(20_000, 0.5), delay=3600.0, rng=np.random.default_rng(2))
    assert means[half, 1] == pytest.approx(np.mean(reads), rel=0.01)
    assert deviations[half, 1] == pytest.approx(np.std(reads), rel=0.03)
    assert np.all(np.diff(factors) > 0.0)


def test_phase_change_memory_tells_what_was_sampled_and_what_a_day_leaves(drawings: dict[str, Drawing]):
    caption = plain(drawings["pcm_drift"].caption)
    card, aim = load_pcm("pcm-joshi2020"), np.array([0.1])
    left = float(card.moments(aim, 86400.0)[0][0] / card.moments(aim, 0.0)[0][0])
    assert "mark: 8.25 µS ± 1.04 µS, sampled at g = 0.5" in caption
    assert f"a day leaves {100 * left:.0f} % at g = 0.1" in caption
    assert f"it is {100 * left * card.compensation(86400.0):.0f} %," in caption


def test_traces_tell_tails_slowing_and_gains(drawings: dict[str, Drawing]):
    caption = plain(drawings["tio2"].caption)
    assert "3 traces, 41 pairs" in caption
    assert "more than 3 standard deviations from the mean: 1, where it expects 0.1" in caption
    assert f"kurtosis {TRACES.kurtosis:.1f}" in caption
    assert "the medians (6.00, 0.50)" in caption
    assert "2.93 over the published law with read noise, 1.46 over the same law at our moments and 0.07 over a population refitted" in caption


def test_far_changes_of_a_normal_law_are_as_many_as_it_expects():
    count, expected = far_changes(np.random.default_rng(3).standard_normal(100_000))
    assert expected == pytest.approx(269.98, abs=0.01)
    assert count == pytest.approx(expected, abs=4.0 * np.sqrt(expected))


def test_the_table_of_capacities_has_delays_in_rows_and_limits_in_columns():
    table = tables_drift.capacities(DRIFT)
    assert [plain(column["name"]) for column in table["columns"]] == ["delay", "no limit", "10 mJ", "1 mJ"]
    assert cells(table)[1] == ["1000 s", "6.000 to 6.079", "1.000 to 1.013", "0.100 to 0.101"]
    assert "1.3 % apart" in plain(table["caption"])


def test_the_table_of_the_law_has_every_condition_and_what_is_needed():
    found = cells(tables_drift.population(POPULATION))
    assert len(found) == len(CONDITIONS) + len(STEPS) + 3
    assert found[4] == ["law against events: 100 kΩ, 100 s, 20 mV", "p = 0.90", "≥ 0.01"]
    assert found[5] == ["two delays against their sum: 1 kΩ, 30 s and 70 s", "p = 0.34", "≥ 0.01"]
    assert [row[1:] for row in found[-3:-1]] == [["2.00 %", "≤ 3 %"], ["0.40 %", "≤ 3 %"]]
    assert found[-1][1] == "2.2 × 10⁻⁴"


def test_the_table_of_traces_stands_beside_the_paper_and_gives_each_gain_its_interval():
    found = {row[0]: row[1:] for row in cells(tables_drift.tio2(TRACES))}
    assert found["activation from the fit formula"] == ["0.4631 V", "0.4639 V", "0.464 ± 0.003 V"]
    assert found["median drift of the second half of a trace over that of the first"][0] == "0.08"
    low, high = TRACES.interval("published")
    assert found["gain over the published law with read noise (nat a pair)"][0] == f"2.93 ({low:.2f} to {high:.2f})"
    assert found["gain over the same law at our moments (nat a pair)"][2] == "\N{EN DASH}"
