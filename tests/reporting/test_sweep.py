"""The chapter on sweeps and Monte Carlo: yields against limits, the figure, runs that failed, and a design that asks for none of it."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosim.design import Design, LimitsSection, MismatchSection, SweepSection
from cosim.errors import DesignError, SimulationError
from cosim.params import Limit
from cosim.reporting import figures_sweep, pdf, swept, tables_sweep
from cosim.reporting.assumptions import assumptions
from cosim.reporting.document import Document, build
from cosim.reporting.figures import NotDrawn
from cosim.reporting.pdf import to_pdf, write_report
from cosim.reporting.style import Drawing
from cosim.reporting.swept import Swept
from cosim.status import Status
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store
from cosim.sweep.yields import ALL, clopper_pearson

TITLE = "Sweeps and Monte Carlo"
SWEEP = SweepSection(bench="share", orientation="mod", corners="all", w_over_l=(65.0,))
MISMATCH = MismatchSection(draws=12, a_vt=9e-9, memristor=0.05)
LIMITS = LimitsSection(least_yield=0.9, share=Limit(most=0.12))


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def rows(table: dict[str, Any]) -> list[list[str]]:
    return [[plain(cell["text"] if isinstance(cell, dict) else cell) for cell in row] for row in table["rows"]]


def chapter(document: Document) -> list[dict[str, Any]]:
    return [block for each in document.content["sections"] if each["title"] == TITLE for block in each["blocks"]]


def with_share(found: Swept, values: Any) -> Swept:
    """The sweep as if these shares had been simulated, one after the other."""
    return replace(found, results=[replace(each, measures={**each.measures, "share": float(value)}) for each, value in zip(found.results, values, strict=True)])


def with_failure(found: Swept, index: int) -> Swept:
    lost = replace(found.results[index], status=Status.no_convergence, measures={}, message="no convergence in DC operating point")
    return replace(found, results=[*found.results[:index], lost, *found.results[index + 1 :]])


@pytest.fixture(scope="module")
def small(result) -> Design:
    return replace(result.design, sweep=SWEEP, mismatch=MISMATCH, limits=LIMITS)


@pytest.fixture(scope="module")
def found(small, engine, store_folder) -> Swept:
    """Twelve cells at six corners, really simulated."""
    with Store.open(store_folder) as store:
        done = swept.run(small, Lab(engine=engine, store=store))
    assert done is not None
    assert (len(done.results), done.failed, len(done.sweep.corners)) == (72, [], 6)
    return done


@pytest.fixture(scope="module")
def document(result, tuned, verdicts, engine, found) -> Document:
    return build(result, verdicts, engine, tuning=tuned, swept=found)


def test_a_design_without_a_sweep_has_no_chapter(bare, engine):
    assert swept.run(Design(), Lab(engine=engine)) is None
    assert chapter(bare) == []


def test_the_chapter_stands_behind_the_sizing_with_tables_and_figure(document):
    titles = [each["title"] for each in document.content["sections"]]
    assert titles[titles.index(TITLE) - 1] == "Sizing"
    assert [each["kind"] for each in chapter(document)] == ["text", "table", "figure", "table", "text"]
    assert chapter(document)[-1]["text"] == "All 72 runs passed, none of them with looser options."
    assert figures_sweep.NAME in document.pictures


def test_it_says_what_was_swept_and_drawn(document):
    words = plain(chapter(document)[0]["text"])
    assert "W/L 65 × 12 drawn cells × 6 corners, 72 runs." in words
    assert "A_VT 9 mV µm and I0 and Rs of the memristor 5 %. A threshold deviates by 2.23 mV at W/L 65." in words
    assert "over the cell stay" in words


def test_the_yield_counts_cells_that_hold_at_every_corner_with_its_interval(found):
    shares = found.values()
    held = int((shares <= 0.12).all(axis=1).sum())
    ends = [f"{100 * each:.2f} %" for each in (shares.min(), np.median(shares), shares.max())]
    low, high = clopper_pearson(held, 12)
    table = rows(tables_sweep.limits(found))
    assert table[0][1:5] == ["share of the transistor", *ends]
    assert table[0][5:9] == ["≤ 12 %", f"{held} of 12", f"{100 * held / 12:.1f} %", f"{100 * low:.1f} to {100 * high:.1f} %"]
    assert table[-1][1] == ALL


@pytest.mark.parametrize(("within", "word"), [(12, "held"), (11, "held"), (10, "not held")])
def test_a_yield_below_the_least_one_is_not_held(found, within, word):
    shares = np.where(np.arange(12) < within, 0.10, 0.13).repeat(6)
    table = tables_sweep.limits(with_share(found, shares))
    assert rows(table)[-1][-1] == word
    assert table["rows"][-1][-1]["mark"] == ("good" if word == "held" else "bad")
    assert ("is not held by MOD, W/L 65" in plain(table["caption"])) == (word == "not held")


def test_without_limits_there_is_no_yield(found):
    free = replace(found, sweep=swept.Sweep(replace(found.design, limits=LimitsSection())))
    table = tables_sweep.limits(free)
    assert [each["name"] for each in table["columns"]] == ["cells", "measure", "min", "typ", "max"]
    assert isinstance(figures_sweep.draw(free), Drawing)


def test_the_worst_corner_is_the_one_nearest_to_the_limit_or_beyond_it(found):
    assert found.worst() == int(np.argmax(np.median(found.values(), axis=0)))
    shares = np.full((12, 6), 0.10)
    shares[:, 3] = 0.119
    assert with_share(found, shares.ravel()).worst() == 3


def test_each_corner_has_its_own_yield(found):
    shares = np.full((12, 6), 0.10)
    shares[:9, 3] = 0.13
    table = tables_sweep.corners(with_share(found, shares.ravel()))
    assert [row[4] for row in rows(table)] == ["12 of 12"] * 3 + ["3 of 12"] + ["12 of 12"] * 2
    assert table["rows"][0][0]["bold"]


def test_the_figure_says_both_yields_and_is_the_same_bytes_every_time(found):
    drawing = figures_sweep.draw(found)
    _, within, cells, interval = found.corner(0)
    assert f"{within} of {cells} hold the limit (yield {100 * within / cells:.1f} %, 95 % interval {100 * interval[0]:.1f}" in plain(drawing.caption)
    assert "At 85 °C and supplies" in plain(drawing.caption)
    assert figures_sweep.draw(found).svg == drawing.svg


def test_a_failed_run_is_listed_and_its_cell_counted_apart(found):
    lost = with_failure(found, 7)
    table = tables_sweep.troubles(lost)
    assert rows(table)[0][1:] == ["no_convergence", "no convergence in DC operating point"]
    assert "(1) or passed with looser options only (0), of 72" in table["title"]
    assert rows(tables_sweep.limits(lost))[0][6].endswith("of 11")
    assert isinstance(figures_sweep.draw(lost), Drawing)


def test_a_relaxed_run_is_listed(found):
    loose = replace(found.results[0], relaxed=True, message="passed with larger gmin")
    assert rows(tables_sweep.troubles(replace(found, results=[loose, *found.results[1:]])))[0][1:] == ["relaxed", "passed with larger gmin"]


def test_a_sweep_in_which_nothing_passed_is_still_printed(result, verdicts, engine, found):
    lost = found
    for index in range(len(found.results)):
        lost = with_failure(lost, index)
    drawn = figures_sweep.draw(lost)
    assert isinstance(drawn, NotDrawn)
    assert drawn.reason == "Monte Carlo: 0 of 12 cells passed at the nominal corner; needs 5"
    printed = build(result, verdicts, engine, swept=lost)
    assert [each["kind"] for each in chapter(printed)] == ["text", "table", "missing", "table", "table"]
    assert "60 more are not listed." in chapter(printed)[-1]["caption"]
    assert to_pdf(printed).startswith(b"%PDF")


def test_a_grid_without_draws_has_yields_per_orientation_and_no_figure(result, verdicts, engine, store_folder):
    design = replace(result.design, sweep=SweepSection(bench="share", w_over_l=(20.0, 130.0)), limits=LimitsSection(share=Limit(most=0.12)))
    with Store.open(store_folder) as store:
        grid = swept.run(design, Lab(engine=engine, store=store))
    assert [each["kind"] for each in chapter(build(result, verdicts, engine, swept=grid))] == ["text", "table", "text"]
    assert [(row[0], row[8]) for row in rows(tables_sweep.limits(grid)) if row[1] == ALL] == [("MOD", "-"), ("MOS", "-")]


@pytest.mark.usefixtures("remembered")
def test_a_sweep_that_cannot_run_leaves_the_rest_of_the_report(small, tmp_path, engine, store_folder, monkeypatch):
    path = tmp_path / "small.toml"
    path.write_text(replace(small, limits=LimitsSection(on_off=Limit(least=5.0))).to_toml())
    kept: list[Document] = []
    monkeypatch.setattr(pdf, "to_pdf", lambda document: kept.append(document) or b"%PDF")
    with Store.open(store_folder) as store:
        outcome = write_report(path, tmp_path / "a.pdf", Lab(engine=engine, store=store))
    assert {each.verdict for each in outcome.verdicts} <= {"met", "not_met"}
    assert chapter(kept[0])[0]["kind"] == "missing"
    assert chapter(kept[0])[0]["reason"].startswith("[limits] on_off: must be one of share, ")
    assert "sweep: [limits] on_off" in json.dumps(kept[0].content)


@pytest.mark.parametrize("error", [SimulationError("engine gone"), DesignError("bad limit")])
def test_the_reason_of_a_failed_sweep_is_kept(error, small, engine, monkeypatch):
    def failing(*_):
        raise error

    monkeypatch.setattr(swept, "run_sweep", failing)
    assert pdf._swept(small, Lab(engine=engine)) == (None, str(error))


def test_the_assumptions_say_where_mismatch_enters_and_that_it_is_assumed(document, result, engine, small):
    text = plain(json.dumps(document.content, ensure_ascii=False))
    assert "In lim2025_synapse they are assumed" in text
    assert dict(assumptions(result, engine))["No process corners."].endswith("the sections sweep and mismatch of a design file ask for it.")
    drawn = dict(assumptions(replace(result, design=small), engine))
    assert drawn["No process corners."].endswith("only the Monte Carlo does.")


def test_a_skewed_process_is_said(result, engine):
    design = replace(result.design, corners=replace(result.design.corners, threshold_skew=0.05, mobility_skew=0.1))
    said = plain(dict(assumptions(replace(result, design=design), engine))["A process corner is a skew."])
    assert "threshold by 50 mV and mobility by 10.0 %" in said
