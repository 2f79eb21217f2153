"""What stands on the pages: the verdict first, every table with the simulated numbers, failures in their place."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cosim.claims import judge
from cosim.reporting import tables_cell, tables_device, verdict
from cosim.reporting.document import Document, build
from cosim.studies.lim2025 import synapse

ORDER = [
    "Devices",
    "Schematics",
    "The memristor alone",
    "The transistor alone",
    "How much voltage reaches the memristor",
    "The 1T1R cell over W/L",
    "Sizing",
    "Closed-loop tuning",
    "Neuron: the unit",
    "Neuron: waves",
    "Neuron: weights and input range",
    "Neuron: temperature and supply",
    "Neuron: mismatch",
    "Neuron: noise and offset",
    "Neuron: energy",
    "Neuron: spiking chain",
    "Neuron: why each part has its size",
    "Claims",
    "Assumptions",
    "Provenance",
    "Netlist",
]


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def said(cell: Any) -> str:
    return plain(cell["text"] if isinstance(cell, dict) else cell)


def rows(table: dict[str, Any]) -> list[list[str]]:
    return [[said(cell) for cell in row] for row in table["rows"]]


def everything(document: Document) -> str:
    return plain(json.dumps(document.content, ensure_ascii=False))


def section(document: Document, title: str) -> dict[str, Any]:
    return next(each for each in document.content["sections"] if each["title"] == title)


def test_the_sections_stand_in_order(document):
    assert [each["title"] for each in document.content["sections"]] == ORDER


def test_the_first_page_says_what_to_build(document, result):
    page = document.content["verdict"]
    assert (page["headline"], page["word"], page["mark"]) == ("Build MOD with W/L 65", "PASS", "good")
    tiles = {each["label"]: (plain(each["value"]), plain(each["note"])) for each in page["tiles"]}
    assert tiles["smallest W/L"] == (f"{result.advice.smallest:.1f}", "for the 12 % rule")
    assert tiles["strict answer"] == (f"{result.advice.crossing(0.10):.1f}", "for the 10 % rule")
    assert tiles["headroom"] == (f"+{result.advice.headroom:.2f} V", "MOS −0.43 V")
    assert tiles["transistor area"][0] == "114 µm²"


def test_required_rules_decide_and_the_others_hold_or_do_not(result):
    shown = rows(tables_cell.checks(result.advice))
    assert [row[3:] for row in shown[:3]] == [["decides", "pass"], ["decides", "pass"], ["for information", "does not hold"]]


def test_a_design_that_misses_a_rule_is_not_to_be_built(result, verdicts):
    chosen = replace(result.advice.chosen, share=0.30)
    page = verdict.page(replace(result, advice=replace(result.advice, chosen=chosen)), verdicts, [])
    assert (page["headline"], page["word"], page["mark"]) == ("Do not build W/L 65", "FAIL", "bad")
    assert plain(page["explanation"]).startswith("Not met: share of the transistor at full set. MOD: the memristor is on the drain of the transistor.")


def test_the_worst_corner_is_said_in_plain_words(result, verdicts):
    remark = verdict.page(result, verdicts, [])["remarks"][0]
    assert plain(remark["text"]).startswith(
        "At 85 °C and supplies 10 % low the transistor takes 12.34 %, more than the 12 % allowed: W/L 67.0 would hold there."
    )


def test_open_claims_are_counted_and_named(result, verdicts):
    missed = [replace(each, verdict="not_met") if each.id.endswith("sizing.share") else each for each in verdicts]
    remark = verdict.page(result, missed, [])["remarks"][1]
    met = sum(each.verdict == "met" for each in missed)
    assert remark["title"] == f"Claims: {met} of {len(missed)} met"
    assert "sizing.share" in remark["text"]


def test_the_device_card_has_every_constant_with_source_and_validity(result):
    card = result.devices.memristor
    shown = rows(tables_device.memristor(card))
    assert len(shown) == len(card.sources)
    assert all(all(row) for row in shown)
    assert next(row for row in shown if row[0] == "alpha")[:3] == ["alpha", "slope of the sinh law", "0.5 V⁻¹"]


def test_the_comparison_shows_only_what_differs(result):
    shown = rows(tables_device.comparison(result.devices.memristor, result.comparison))
    assert ["i0max", "1.819 mA", "86.8 µA"] in [row[:3] for row in shown]
    assert all(row[1] != row[2] for row in shown)


def test_the_layout_of_the_transistor_follows_its_width(result):
    shown = dict(rows(tables_device.mosfet(result.devices.mosfet, result.design)))
    assert shown["width W at W/L 65"] == "32.5 µm"
    assert shown["NRD = NRS, contact to gate edge over W"] == "0.111"


def test_table_one_stands_beside_the_bipolar_drive(result):
    positive, bipolar = rows(tables_cell.positive_drive(result)), tables_cell.bipolar_drive(result)
    assert [row[0] for row in positive] == ["MOD set", "MOD reset", "MOS set", "MOS reset"]
    assert [row[1] for row in positive] == ["VDD", "VDD − Vth", "VDD − Vth", "VDD"]
    assert [row[7] for row in positive] == ["enough", "too little", "too little", "enough"]
    assert ["MOS", "grounded", "1.488 V", "−0.681 V", "132 mA"] in rows(bipolar)
    assert "clamped at −0.68 V by the body diode, which carries 132 mA" in plain(bipolar["caption"])


def test_the_mirrored_device_asks_for_the_other_orientation(document):
    texts = [plain(each["text"]) for each in section(document, "Sizing")["blocks"] if each["kind"] == "text"]
    assert len(texts) == 1
    assert texts[0].startswith("The rule turned around: a device that needs the full voltage for its reset asks for MOS, with +")


def test_every_operating_point_carries_the_hash_of_its_deck(result):
    shown = rows(tables_cell.operating_points(result.advice))
    assert [row[0] for row in shown] == ["20", "65", "130"]
    assert [row[-1] for row in shown] == [each.deck[:12] for each in result.advice.points]
    assert [row[8:10] for row in shown] == [["fail", "fail"], ["pass", "fail"], ["pass", "pass"]]


def test_all_corners_are_listed_and_the_nominal_one_is_bold(result):
    table = tables_cell.corner_rows(result.advice)
    assert len(table["rows"]) == 6
    assert [said(row[0]) for row in table["rows"] if isinstance(row[0], dict) and row[0].get("bold")] == ["27 °C"]


def test_calibrations_stand_apart_from_reproductions_and_predictions(document, verdicts):
    tables = [each for each in section(document, "Claims")["blocks"] if each["kind"] == "table"]
    assert [each["title"].split(":")[0] for each in tables] == ["Reproductions", "Predictions", "Calibrations"]
    assert sum(len(each["rows"]) for each in tables) == len(verdicts)
    assert "the model was fitted to it" in tables[2]["title"]


def test_claims_keep_their_numbers_and_units(document):
    text = everything(document)
    assert "120 ± 3 Ω" in text
    assert "10.7 ± 0.5 %" in text


def test_the_netlist_is_the_deck_of_the_recommended_cell(document, result):
    blocks = section(document, "Netlist")["blocks"]
    assert blocks[1]["text"] == "cell_mod_loop.cir"
    assert blocks[2]["text"].splitlines()[0] == "* 1T1R cell, memristor on drain (MOD)"
    chosen = next(each for each in result.cells.cells if (each.orientation, each.w_over_l) == ("mod", 65.0))
    assert chosen.window.deck[:12] in everything(document)


def test_provenance_names_versions_seed_digest_and_command(document, result, engine):
    shown = dict(rows(section(document, "Provenance")["blocks"][1]))
    assert shown["simulator"] == f"{engine.kind} {engine.version}"
    assert shown["seed of all random draws"] == "1"
    assert shown["digest of the design"] == result.design.digest()
    assert shown["command"] == "cosim report small.toml"
    assert shown["parts that failed"] == "none"


def test_assumptions_say_what_is_not_known(document):
    text = plain(json.dumps(section(document, "Assumptions"), ensure_ascii=False))
    assert "ngspice ran, LTspice did not." in text
    assert "No temperature in the memristor." in text
    assert "The switching constants hold for sweeps of 0.01 to 100 V/s and are fitted at 1 V/s." in text
    assert "20, 130 are our choice" in text


def test_every_picture_that_is_named_is_there(document):
    text = json.dumps(document.content)
    assert all(f'"{name}.svg"' in text for name in document.pictures)
    assert text.count('.svg"') >= len(document.pictures)


def test_a_study_that_failed_says_so_in_every_place(broken, engine):
    verdicts = judge(synapse.CLAIMS, broken)
    document = build(broken, verdicts, engine)
    page = document.content["verdict"]
    assert (page["headline"], page["word"]) == ("Not decided", "NOT RUN")
    assert page["explanation"] == "The sizing did not run: device_bench: timeout, took too long"
    assert {each.verdict for each in verdicts} == {"not_run"}
    assert everything(document).count('"kind": "missing"') >= 15
    assert "parts that failed" in everything(document)


@pytest.mark.parametrize("part", ["cells", "levels", "table", "advice"])
def test_one_part_that_failed_leaves_the_others(result, engine, part):
    document = build(replace(result, **{part: None}, failures={part: "no convergence"}), judge(synapse.CLAIMS, result), engine)
    assert "no convergence" in everything(document)
    assert "pinched_loops" in document.pictures
