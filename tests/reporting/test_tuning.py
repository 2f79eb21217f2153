"""The chapter on closed-loop tuning: figures and tables with the computed numbers, and what stands there when it could not be run."""

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosim.claims import judge, not_run
from cosim.codesign.tuning.arrays import Disturbance
from cosim.codesign.tuning.tune import Outcome
from cosim.reporting import figures_tuning, tables_tuning, verdict
from cosim.reporting.document import build
from cosim.reporting.figures_tuning import FIGURES, PAPER, SLOPE, draw
from cosim.reporting.style import FULL, HALF, MILLIMETER, Drawing, band, measured, percent, quantity
from cosim.studies.lim2025 import neuron, synapse, tuning

POINTS = 1500  # of one line, at most
REASON = "cell_mod_bench: timeout, took too long"


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def rows(table: dict[str, Any]) -> list[list[str]]:
    return [[plain(cell["text"] if isinstance(cell, dict) else cell) for cell in row] for row in table["rows"]]


def chapter(document: Any) -> dict[str, Any]:
    return next(each for each in document.content["sections"] if each["title"] == "Closed-loop tuning")


def blocks(document: Any) -> list[dict[str, Any]]:
    found = chapter(document)["blocks"]
    return [inner for each in found for inner in (each["blocks"] if each["kind"] == "pair" else [each])]


@pytest.fixture(scope="module")
def drawings(tuned) -> dict[str, Drawing]:
    return {name: draw(name, tuned) for name in FIGURES}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_vector_graphics_of_its_width_in_print(drawings, name):
    svg = drawings[name].svg.decode()
    assert drawings[name].width in (FULL, HALF)
    assert float(re.search(r'width="([\d.]+)pt"', svg)[1]) == pytest.approx(drawings[name].width * MILLIMETER * 72, rel=1e-3)
    assert "<image" not in svg


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_of_a_figure_is_smaller_than_seven_points(drawings, name):
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:\w+ )*?([\d.]+)px", drawings[name].svg.decode())]
    assert len(sizes) > 5
    assert min(sizes) >= 7.0


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_lean_and_says_what_it_shows(drawings, name):
    drawing = drawings[name]
    paths = re.findall(r'<path d="([^"]*)"', drawing.svg.decode())
    assert max(len(re.findall(r"[ML]", path)) for path in paths) <= POINTS
    assert drawing.title
    assert drawing.alt.endswith(".")
    assert drawing.caption.endswith(".")
    assert "nan" not in drawing.caption


def test_figures_are_the_same_bytes_every_time(tuned, drawings):
    assert [name for name, drawing in drawings.items() if draw(name, tuned).svg != drawing.svg] == []


def test_the_traces_say_how_many_were_reached_with_how_many_pulses(tuned, drawings):
    caption = drawings["tuned_targets"].caption
    for name, case in (("Paper's controller", PAPER), ("Our controller", SLOPE)):
        traces = tuned.examples[case]
        assert f"{name} brings {int(traces.inside.sum())} of 3 truly inside with {traces.pulses.min()}" in caption
        assert measured(float(traces.time.max()), "s") in caption
    assert drawings["tuned_targets"].title.startswith("Three targets tuned in SPICE, band ±3")


def test_a_false_success_of_a_trace_is_not_counted_as_reached(tuned):
    traces = tuned.examples[SLOPE]
    wrong = replace(traces, outcome=(Outcome.false_success, *traces.outcome[1:]))
    caption = draw("tuned_targets", replace(tuned, examples={**tuned.examples, SLOPE: wrong})).caption
    assert "Our controller brings 2 of 3 truly inside" in caption


def test_the_resolvable_band_is_said_for_both_ends_and_counted(tuned, drawings):
    caption = drawings["resolvable"].caption
    assert f"±{percent(tuned.resolvable[0], digits=2)} at {quantity(40e-6, 'S')}" in caption
    assert f"that of {band(0.01)} at 3 of 3 targets, that of {band(0.03)} at 0." in caption
    assert "not resolvable" in caption


def test_the_bound_marks_our_controller_and_says_the_wait(tuned, drawings):
    caption, rates = drawings["waiting_bound"].caption, tuned.cases["slope, wide, correlated"]
    waited = float(np.median(rates.time / rates.pulses - 11e-3))
    needed = float(np.interp(0.9, tuned.bound, tuned.waiting))
    assert f"90 % inside of {band(0.01)} needs {measured(needed, 's')}" in caption
    assert f"Ours waits {measured(waited, 's')}" in caption
    assert f"for {percent(rates.share(Outcome.reached))} within {band(0.03)}" in caption


def test_the_reset_curve_ends_at_the_window_of_the_cell(tuned, drawings):
    assert f"{measured(tuned.curve.conductance[0], 'S')} to {measured(tuned.curve.conductance[-1], 'S')}" in drawings["reset_curve"].caption


def test_cells_beyond_the_axes_are_counted(tuned):
    traces = tuned.array.traces
    lost = replace(traces, conductance=np.where(np.arange(24) < 2, 10 * traces.target, traces.conductance))
    assert draw("array_errors", replace(tuned, array=replace(tuned.array, traces=lost))).caption.endswith("2 more lie outside of the axes.")


def test_every_case_of_the_rates_has_its_interval_pulses_and_time(tuned):
    shown = {tuple(row[:3]): row[3:] for row in rows(tables_tuning.rates(tuned))}
    assert len(shown) == len(tuned.cases) == 11
    case = tuned.cases[PAPER]
    low, high = (100 * each for each in case.interval(Outcome.false_success))
    assert shown["±3 %", "white", "paper's"][1] == f"{100 * case.share(Outcome.false_success):.1f} ({low:.1f} to {high:.1f})"
    assert shown["±3 %", "white", "paper's"][3] == f"{np.percentile(case.pulses, 50):.0f}, {np.percentile(case.pulses, 95):.0f}"
    assert {key[1] for key in shown} == {"white", "correlated", "none (control)"}


def test_wide_bands_come_first_and_both_controllers_stand_beside_each_other(tuned):
    shown = rows(tables_tuning.rates(tuned))
    assert [row[:3] for row in shown[:2]] == [["±3 %", "white", "paper's"], ["±3 %", "white", "ours"]]
    assert [row[0] for row in shown] == ["±3 %"] * 6 + ["±1 %"] * 5


def test_the_acceptance_rule_and_the_step_are_those_of_the_design(tuned):
    design = replace(tuned.design, tuning=replace(tuned.design.tuning, reads=7, step=5e-3))
    shown = {row[0]: row[1:] for row in rows(tables_tuning.controllers(replace(tuned, design=design)))}
    assert shown["next amplitude"][0] == "5 mV more"
    assert shown["accepted"][0] == "all 7 reads lie inside of the band"
    assert shown["knows beforehand"][1].startswith("the nominal curve; deviation and correlation time")


def test_the_array_says_time_energy_and_audit(tuned):
    shown = dict(rows(tables_tuning.array(tuned)))
    assert shown["cells"] == "8 \N{MULTIPLICATION SIGN} 3 = 24"
    assert shown["time, one cell after another"] == plain(measured(float(tuned.array.traces.time.sum()), "s"))
    assert shown["energy of all pulses"] == plain(measured(tuned.array.energy, "J"))
    assert shown["both lines up to the last row"] == "16 Ω"
    assert shown["largest difference of their conductance"] == plain(percent(float(np.max(np.abs(tuned.audited[1] / tuned.audited[0] - 1))), digits=2))


def test_the_cell_beside_is_reset_unless_its_word_line_is_held(tuned):
    table = tables_tuning.disturbances(tuned)
    assert [row[-1] for row in rows(table)] == ["reset too", "kept"]
    assert "unselected word lines must be held at the reset voltage (−2 V)" in plain(table["caption"])


@pytest.mark.parametrize(
    ("after", "said"),
    [((0.999, 1.0), "A grounded word line keeps the cell as well."), ((0.1, 0.2), "Neither way of holding its word line keeps the cell.")],
)
def test_the_conclusion_follows_the_simulation(tuned, after, said):
    found = tuple(Disturbance(word, 1.0, state) for word, state in zip((0.0, -2.0), after, strict=True))
    assert tables_tuning.conclusion(replace(tuned, disturbances=found)).endswith(said)


def test_the_chapter_holds_every_figure_and_table(document):
    found = blocks(document)
    assert [each["file"] for each in found if each["kind"] == "figure"] == [f"{name}.svg" for name in figures_tuning.FIGURES]
    assert [each["kind"] for each in found].count("table") == 4
    assert all(f"{name}" in document.pictures for name in FIGURES)


def test_the_assumptions_of_tuning_are_listed(document):
    text = plain(json.dumps(document.content, ensure_ascii=False))
    for title in ("Tuned devices differ in I0 and Rs only.", "Controllers know what they are told.", "Rates are computed in Python."):
        assert title in text


def test_the_first_page_counts_the_claims_of_all_studies(document, verdicts):
    remark = next(each for each in document.content["verdict"]["remarks"] if each["title"].startswith("Claims"))
    counts = [len(each.CLAIMS) for each in (synapse, tuning, neuron)]
    assert remark["title"] == f"Claims: {sum(each.verdict == 'met' for each in verdicts)} of {sum(counts)} met"
    assert "(synapse: {}, tuning: {} and neuron: {})".format(*counts) in remark["text"]


def test_the_claims_table_names_the_study_of_each_claim(document):
    found = next(each for each in document.content["sections"] if each["title"] == "Claims")
    labels = [row[0]["label"] for each in found["blocks"] if each["kind"] == "table" for row in each["rows"]]
    assert {"synapse.device.levels", "tuning.study.paper_wide", "tuning.arrays.audit"} <= set(labels)
    assert len(labels) == sum(len(each.CLAIMS) for each in (synapse, tuning, neuron))


def test_a_study_that_failed_is_said_in_its_place_and_on_the_first_page(result, engine):
    verdicts = judge(synapse.CLAIMS, result) + not_run(tuning.CLAIMS, REASON)
    document = build(result, verdicts, engine, tuning=None, failure=REASON)
    assert chapter(document)["blocks"] == [{"kind": "missing", "title": "Closed-loop tuning", "reason": REASON}]
    assert f"{len(tuning.CLAIMS)} could not be run." in verdict.page(result, verdicts, [])["remarks"][1]["text"]
    text = plain(json.dumps(document.content, ensure_ascii=False))
    assert f"tuning: {REASON}" in text
    assert text.count(REASON) >= len(tuning.CLAIMS)
    assert "key_picture" in document.pictures
    assert "Tuned devices differ" not in text
