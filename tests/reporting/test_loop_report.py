"""The report on the loop: first page, chapters, what is missing and said, the file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cosim.claims import not_run
from cosim.codesign.circuit_channel.drift_models import NO_DRIFT
from cosim.design import Design
from cosim.errors import AbsentError, DataError, InputError, SimulationError
from cosim.reporting import chapter_loop, figures_loop, figures_loop_ring, loop, tables_loop, verdict_loop
from cosim.reporting.document import Document
from cosim.reporting.document_loop import build_loop
from cosim.reporting.figures import NotDrawn
from cosim.reporting.loop import STAGES, LoopFindings, find
from cosim.reporting.pdf import to_pdf, write_loop_report
from cosim.reporting.tables_loop import delay_name, probability, right, signed_points
from cosim.spice.engines import find_engine
from cosim.studies.loop.channel import ReadCapacity
from cosim.studies.loop.tuned import Difference
from cosim.sweep.lab import Lab
from tests.reporting.loop_by_hand import DESIGN, channel_by_hand, findings_by_hand, levels_by_hand, training_by_hand, tuned_by_hand

FOUND = findings_by_hand()
ENGINE = find_engine()
STAND_IN = {"kind": "figure", "file": "stand-in.svg"}


@pytest.fixture(scope="module")
def document() -> Document:
    """All pages of it, every figure drawn once."""
    return build_loop(FOUND, ENGINE, command="cosim loop small.toml -o small.pdf")


def without(*stages: str) -> LoopFindings:
    """The findings without some stages."""
    failures = dict.fromkeys(stages, "cell: timeout, took too long")
    results = {name: each for name, each in FOUND.results.items() if name not in stages}
    verdicts = [each for each in FOUND.verdicts if each.id.split(".")[1] not in stages]
    verdicts += [each for stage in stages for each in not_run(STAGES[stage][1], "cell: timeout, took too long")]
    return replace(FOUND, results=results, failures=failures, failed=list(stages), verdicts=verdicts)


def sections(found: LoopFindings) -> dict[str, str]:
    """Title -> every word of each chapter, figures left out."""
    return {each["title"]: str(each["blocks"]).replace("\\xa0", " ") for each in chapter_loop.sections(found, lambda name: {**STAND_IN, "name": name})}


def words(document: Document) -> str:
    return str(document.content).replace("\\xa0", " ")


def test_every_rule_of_the_first_page_is_a_claim():
    claims = {claim.id for _, each in STAGES.values() for claim in each}
    assert set(verdict_loop.RULES) <= claims
    assert {each.split(".")[1] for each in verdict_loop.RULES} == set(STAGES)


def test_the_first_page_passes_when_all_claims_are_met():
    page = verdict_loop.page(FOUND, STAND_IN)
    assert {each.verdict for each in FOUND.verdicts} == {"met"}
    assert (page["word"], page["headline"]) == ("PASS", "The loop closes")
    assert [row[-1]["text"] for row in page["checks"]["rows"]] == ["met"] * len(verdict_loop.RULES)
    assert "3.54 bits on this chip, 3.50 to 3.55 on 4" in page["explanation"]


def test_the_first_page_fails_with_the_stage_whose_claim_is_not_met():
    verdicts = [replace(each, verdict="not_met") if each.id == "loop.levels.gain" else each for each in FOUND.verdicts]
    page = verdict_loop.page(replace(FOUND, verdicts=verdicts), STAND_IN)
    assert (page["word"], page["headline"]) == ("FAIL", "Not met: levels for the measured channel")


def test_a_claim_that_is_no_rule_of_the_first_page_is_named_there_when_it_is_open():
    missed = ("loop.levels.circuit", "loop.training.aware")
    found = replace(FOUND, verdicts=[replace(each, verdict="not_met") if each.id in missed else each for each in FOUND.verdicts])
    page = verdict_loop.page(found, STAND_IN)
    assert (page["word"], page["headline"]) == ("PASS", f"The loop closes; 2 of {len(FOUND.verdicts)} claims are open")
    assert "Open beside the rules above: levels.circuit, training.aware." in str(page["remarks"])
    assert "Open: loop.levels.circuit (" in sections(found)[loop.TITLES["levels"]]
    assert "Open: loop.training.aware (" in sections(found)[loop.TITLES["training"]]


def test_a_failed_page_counts_the_other_open_claims():
    missed = ("loop.levels.gain", "loop.levels.circuit")
    verdicts = [replace(each, verdict="not_met") if each.id in missed else each for each in FOUND.verdicts]
    page = verdict_loop.page(replace(FOUND, verdicts=verdicts), STAND_IN)
    assert page["headline"] == f"Not met: levels for the measured channel; 1 other of {len(FOUND.verdicts)} claims is open"


@pytest.mark.parametrize(
    ("low", "high", "said"), [(-0.7, -0.2, "The shortcut is pessimistic."), (0.1, 0.4, "The shortcut is optimistic."), (-0.1, 0.2, "No difference is shown.")]
)
def test_the_shortcut_is_judged_by_the_interval_of_the_difference(low: float, high: float, said: str):
    assert verdict_loop.shortcut_words(Difference(points=0.5 * (low + high), low=low, high=high, p_value=0.5)) == said


def test_levels_are_called_better_by_the_corrected_test_alone():
    result = levels_by_hand()
    swapped = [replace(row, accuracy={**row.accuracy, "designed": row.accuracy["uniform"] + [1e-3, -1e-3] * (len(row.gained) // 2)}) for row in result.rows]
    text = sections(replace(FOUND, results={**FOUND.results, "levels": replace(result, rows=swapped)}))[loop.TITLES["levels"]]
    assert "not shown to be better at any width" in text
    assert "which the test does not tell from chance" in text


def test_the_page_and_the_assumptions_say_how_images_run():
    for text in (str(verdict_loop.page(FOUND, STAND_IN)["remarks"]), str(chapter_loop.assumptions(FOUND, ENGINE))):
        assert "units with ideal op-amps, without read noise and offsets" in text.lower().replace("images run through ", "")


def test_drift_is_judged_as_the_model_without_it_is():
    channel = channel_by_hand()
    fit = replace(channel.fits[0], model=NO_DRIFT, condition="from 10 ms to 1 s")
    texts = []
    for accepted in (True, False):
        moved = replace(channel, fits=[*channel.fits, replace(fit, accepted=accepted)])
        texts.append(str(chapter_loop.assumptions(replace(FOUND, results={**FOUND.results, "channel": moved}), ENGINE)))
    assert "No drift of the mean is seen" in texts[0]
    assert "without drift is rejected from 10 ms to 1 s" in texts[1]


def test_the_ceiling_of_the_written_levels_is_said():
    words = str(tables_loop.capacities(channel_by_hand()))
    assert "32 written levels" in words
    assert "within 0.1 bit" not in words
    near = replace(channel_by_hand(), tuned=replace(channel_by_hand().quiet, bits=4.95))
    assert "within 0.1 bit" in str(tables_loop.capacities(near))


def test_no_share_of_a_loss_is_said_in_words():
    result = training_by_hand()
    nothing = replace(result, plain=np.full(len(result.plain), result.clean))
    assert tables_loop.share_back(nothing, "staged") == tables_loop.NO_SHARE
    text = sections(replace(FOUND, results={**FOUND.results, "training": nothing}))[loop.TITLES["training"]]
    assert "No share: less than half a point was lost" in text


@pytest.mark.parametrize("delays", [(0.0,), tuple(np.geomspace(10e-3, 10.0, 10))])
def test_any_number_of_delays_is_drawn(delays: tuple[float, ...]):
    channel = channel_by_hand()
    reads = np.resize(channel.cells.reads, (len(delays), len(channel.cells.level)))
    capacities = [ReadCapacity(name=delay_name(each), delay=each, estimate=channel.longest) for each in delays]
    result = replace(channel, cells=replace(channel.cells, delays=np.array(delays), reads=reads), capacities=[*capacities, channel.capacities[-1]])
    found = replace(FOUND, results={**FOUND.results, "channel": result})
    drawn = [figures_loop.draw(name, found) for name in ("errors", "spread", "assumed")]
    assert not any(isinstance(each, NotDrawn) for each in drawn)
    shown = figures_loop_ring.ring(found).svg.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert ("10 delays, 10 ms to 10 s" in shown) == (len(delays) == 10)
    assert sections(found)


def test_a_p_value_at_its_floor_is_less_than_that_everywhere(document: Document):
    assert "1.0 \N{MULTIPLICATION SIGN} 10\N{SUPERSCRIPT MINUS}³⁰⁰" in words(document)
    tables = [str(verdict_loop.page(FOUND, STAND_IN)["checks"]), str(document.content["sections"][-3])]
    assert all("'< 1e-300'" in each for each in tables)


def test_a_stage_that_was_not_run_is_no_pass():
    page = verdict_loop.page(without("training"), STAND_IN)
    assert (page["word"], page["headline"]) == ("NOT RUN", "Not run: training that knows the channel")
    assert "recovers" not in page["explanation"]


def test_the_picture_of_the_loop_holds_the_numbers_of_every_station():
    drawn = figures_loop_ring.ring(FOUND)
    tuned = tuned_by_hand()
    shown = drawn.svg.decode()
    for number in ("639 of 640", f"{channel_by_hand().longest.bits:.2f} bits", "18 of 20", f"{levels_by_hand().rows[0].gain:+.1f} points"):
        assert number in shown
        assert number in drawn.alt
    assert f"{100 * tuned.accuracy('tuned'):.1f}" in shown
    for station in ("1T1R array, tuned by pulses", "measured channel", "levels and training", "network in the circuit"):
        assert station in shown


def test_the_picture_of_the_loop_says_what_was_not_run():
    assert figures_loop_ring.ring(without(*STAGES)).alt.count("not run") == 4


def test_every_chapter_has_its_numbers_from_the_results():
    made = sections(FOUND)
    assert list(made) == [*loop.TITLES.values(), chapter_loop.BEYOND]
    cells, training = channel_by_hand().cells, training_by_hand()
    channel, tuned, levels, trained, beyond = made.values()
    assert f"{len(cells.target)} devices" in channel
    assert "Rejected on every condition: Gaussian of 3 %, relative" in channel
    assert "of 3 others, each with offsets of its own, the same cells hold 3.50 to 3.55 bits on 4 chips" in channel
    assert "3.522 to 3.558" in channel  # the interval of a read after 100 s
    assert f"{tuned_by_hand().pulses:,} pulses" in tuned
    assert "0.120 %" in tuned  # twin against SPICE
    assert "better at 1 and 2 bits (paired t over 3 networks" in levels
    assert f"{100 * training.recovered('staged'):.0f} %" in trained
    assert "ASSUMES the drift of pcm-joshi2020" in beyond
    assert "1,000,000 s" in beyond


@pytest.mark.parametrize("stage", ["channel", "tuned", "levels", "training"])
def test_a_stage_that_failed_says_why_in_the_place_of_its_chapter(stage: str):
    made = sections(without(stage))
    assert "cell: timeout, took too long" in made[loop.TITLES[stage]]
    assert sum("cell: timeout" in each for each in made.values()) == 1


@pytest.mark.parametrize(("name", "stage"), [("errors", "channel"), ("array", "tuned"), ("levels", "levels"), ("training", "training")])
def test_a_figure_of_a_stage_that_failed_keeps_its_reason(name: str, stage: str):
    drawn = figures_loop.draw(name, without(stage))
    assert isinstance(drawn, NotDrawn)
    assert drawn.reason == "cell: timeout, took too long"


def test_nothing_is_said_beyond_the_retention_without_an_assumed_drift():
    design = replace(DESIGN, loop=replace(DESIGN.loop, assumed_drift=""))
    found = replace(FOUND, design=design, results={**FOUND.results, "channel": replace(channel_by_hand(), assumed=())})
    assert "names no drift to be assumed" in sections(found)[chapter_loop.BEYOND]
    assert "'ASSUMED drift" not in sections(found)[chapter_loop.BEYOND]


def test_whatever_is_assumed_says_so_in_its_title(document: Document):
    titles = [each["title"] for section in document.content["sections"] for each in section["blocks"] if "title" in each]
    assert [each for each in titles if "pcm-joshi2020" in each or "drift" in each.lower()] == [each for each in titles if "ASSUMED" in each]
    assert sum("ASSUMED" in each for each in titles) == 2


def test_the_document_names_every_picture_that_it_holds(document: Document):
    assert len(document.pictures) == 8
    assert all(f"{name}.svg" in words(document) for name in document.pictures)


def test_only_sections_that_the_loop_reads_are_printed(document: Document):
    assert "assumed_drift" in words(document)
    assert "converter_bits" not in words(document)


def test_the_pages_become_a_tagged_pdf(document: Document):
    assert to_pdf(document).startswith(b"%PDF-1.7")


def test_a_report_whose_folder_is_missing_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="there is no folder"):
        write_loop_report(FOUND, ENGINE, output=tmp_path / "no" / "a.pdf")


def run_of(error: Exception | None) -> Any:
    def run(design: Design, lab: Lab) -> Any:
        if error is not None:
            raise error
        return FOUND.results["training"]

    return run


def found_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> LoopFindings:
    """The loop with a first stage that fails and a last one that does not."""
    stages = {"channel": (run_of(error), STAGES["channel"][1]), "training": (run_of(None), STAGES["training"][1])}
    monkeypatch.setattr(loop, "STAGES", stages)
    return find(DESIGN, Lab(engine=ENGINE))


@pytest.mark.parametrize(("error", "failed"), [(SimulationError("cell: timeout"), ["channel"]), (AbsentError("optdigits: not on this machine"), [])])
def test_a_stage_that_cannot_be_run_does_not_keep_the_others_back(monkeypatch: pytest.MonkeyPatch, error: Exception, failed: list[str]):
    found = found_with(monkeypatch, error)
    assert found.failures == {"channel": str(error)}
    assert found.failed == failed
    assert list(found.results) == ["training"]
    assert {each.verdict for each in found.verdicts if each.id.startswith("loop.channel.")} == {"not_run"}
    assert {each.verdict for each in found.verdicts if each.id.startswith("loop.training.")} == {"met"}


def test_bad_input_of_a_stage_stops_the_loop(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(InputError, match="samples=10"):
        found_with(monkeypatch, InputError("[loop], samples=10: must be >= 100"))


def test_damaged_images_stop_the_loop(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(DataError, match="damaged"):
        found_with(monkeypatch, DataError("optdigits.npz: damaged"))


def test_numbers_are_printed_as_people_read_them():
    assert delay_name(10e-3).replace("\N{NO-BREAK SPACE}", " ") == "10 ms"
    assert delay_name(1e6).replace("\N{NO-BREAK SPACE}", " ") == "1,000,000 s"
    assert signed_points(-1.234) == "\N{MINUS SIGN}1.23"
    assert signed_points(-0.001) == "0.00"
    assert probability(0.0421) == "0.042"
    assert probability(1e-300).startswith("< 1.0")


def test_images_that_did_not_run_are_left_out_of_a_share():
    share, (low, high) = right(np.array([0, 1, -1, 2]), np.array([0, 1, 2, 3]))
    assert share == pytest.approx(2 / 3)
    assert low < share < high


def test_cells_that_tuning_lost_are_counted():
    chip = replace(FOUND.tuned.chip, stuck=np.arange(640).reshape(64, 10) < 3)
    rows = {row[0]: row[1] for row in tables_loop.costs(replace(FOUND.tuned, chip=chip))["rows"]}
    assert rows["accepted although outside; not reached; stuck"] == f"{chip.false_successes}; {chip.not_reached}; 3"
