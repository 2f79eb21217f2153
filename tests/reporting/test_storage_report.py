"""The report on storage: first page, chapters, what is missing and said, the file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cosim.channels.named import open_channel
from cosim.claims import judge, not_run
from cosim.design import Design, StorageSection
from cosim.errors import DataError, InputError
from cosim.reporting import chapter_storage, storage, verdict_storage
from cosim.reporting.document_storage import build_storage
from cosim.reporting.pdf import write_storage_report
from cosim.reporting.storage import Findings, find
from cosim.reporting.verdict_storage import Rule
from cosim.spice.engines import find_engine
from cosim.studies.zarcone2020 import energy
from cosim.sweep.lab import Lab
from tests.reporting.storage_by_hand import study_by_hand

ENGINE = find_engine()
STUDY = study_by_hand()


@pytest.fixture(scope="module")
def spent() -> energy.EnergyResult:
    return energy.run(Design(), Lab(engine=ENGINE))


@pytest.fixture(scope="module")
def findings(spent: energy.EnergyResult) -> Findings:
    """The measurements by hand, the cell really simulated, no drift."""
    return Findings(
        design=Design(),
        channel=open_channel("pcm-zarcone2020-gaussian"),
        stored=STUDY.stored,
        wanted="",
        results={"zarcone2020.pcm": STUDY, "zarcone2020.energy": spent},
        failures={"channels.tio2": "tio2_drift.npz: no such file"},
        absent=["channels.tio2"],
        verdicts=judge(energy.CLAIMS, spent) + not_run([replace(energy.CLAIMS[0], id="channels.tio2.loss")], "no such file"),
    )


def plain(words: str) -> str:
    return words.replace("\N{NO-BREAK SPACE}", " ")


def words_of(section: dict[str, Any]) -> str:
    return plain(" ".join(each.get("text", "") or each.get("reason", "") for each in section["blocks"] if isinstance(each.get("text", ""), str)))


def test_the_first_page_passes_when_the_sample_comes_back_with_the_converters_of_the_design(findings: Findings):
    page = verdict_storage.page(findings, [])
    assert STUDY.stored.coarse.snr > findings.design.storage.snr
    assert (page["word"], page["headline"]) == ("PASS", "Store a real number in one cell")
    assert f"{STUDY.stored.coarse.snr:.2f} dB from one device" in page["explanation"]
    assert f"it is {STUDY.stored.scalar.snr:.2f} dB" in page["explanation"]


def test_the_first_page_fails_with_what_is_not_met(findings: Findings):
    page = verdict_storage.page(replace(findings, design=Design(storage=StorageSection(snr=50.0))), [])
    assert (page["word"], page["headline"]) == ("FAIL", "Not met: a sample comes back, 4-bit converters")
    assert [row[-1]["text"] for row in page["checks"]["rows"]].count("fail") == 1


def rule(findings: Findings, name: str) -> Rule:
    return next(each for each in verdict_storage.rules(findings) if name in each.name)


def test_the_energy_decides_only_where_the_channel_knows_what_its_writes_cost(findings: Findings):
    assert not any(each.decides for each in verdict_storage.rules(findings) if "energy" in each.name)
    assert rule(findings, "write of the paper").holds
    assert not rule(findings, "simulated cell").holds
    inputs = STUDY.stored.matrix.inputs
    dear = replace(findings.channel, inputs=inputs, means=np.zeros(len(inputs)), deviations=np.ones(len(inputs)), costs=np.full(len(inputs), 1e-9))
    own = rule(replace(findings, channel=dear), "writes of the channel")
    assert own.decides
    assert not own.holds
    assert plain(own.computed) == "1.00 nJ"  # one write, and the 5 pJ that are left of the paper's 40 pJ without its own


def test_a_device_that_the_design_has_not_seen_is_named_with_its_worst(findings: Findings):
    assert rule(findings, "on a device").computed == f"{STUDY.left_out.min():.2f} dB"


def test_a_stand_in_is_named_on_the_first_page(findings: Findings):
    page = verdict_storage.page(replace(findings, wanted="COSIM_DATA is not set", results={}), [])
    assert "stands in for pcm-zarcone2020, whose data are not there" in page["remarks"][0]["text"]
    assert page["headline"] == "Store a real number in one cell (stand-in)"


def test_every_chapter_has_text_from_the_results(findings: Findings):
    made = chapter_storage.sections(findings, lambda name: {"kind": "figure", "file": name}, lambda: {"kind": "figure", "file": "schematic"})
    assert [each["title"] for each in made] == ["Channel", "Capacity", "Joint coding", "Cell", "Energy", "Drift"]
    capacity, coding, cell = (words_of(made[index]) for index in (1, 2, 3))
    assert f"{STUDY.stored.capacity.bits:.4f} bits a device" in capacity
    assert f"{STUDY.unseen.scored:.2f} dB on the others" in coding
    assert f"the worst has {STUDY.left_out.min():.2f} dB" in coding
    assert "304 pJ" in cell


def test_a_study_that_failed_says_why_in_the_place_of_its_chapter(findings: Findings):
    broken = replace(findings, results={"zarcone2020.pcm": STUDY}, failures={"zarcone2020.energy": "pcm_cell: timeout"})
    made = chapter_storage.sections(broken, lambda name: {"kind": "figure", "file": name}, lambda: {"kind": "figure", "file": "schematic"})
    assert "pcm_cell: timeout" in words_of(made[3])
    assert "pcm_cell: timeout" in words_of(made[4])


def test_claims_whose_data_are_not_there_are_excused_and_said(findings: Findings):
    excused = [each for each in findings.verdicts if findings.excused(each)]
    assert [each.id for each in excused] == ["channels.tio2.loss"]
    items = chapter_storage.assumptions(findings, ENGINE)["blocks"][0]["items"]
    assert "no such file" in items[-1]["text"]


def test_the_document_names_every_picture_that_it_holds(findings: Findings):
    document = build_storage(findings, ENGINE, command="cosim report a.toml --storage")
    named = str(document.content)
    assert len(document.pictures) > 10
    assert all(f"{name}.svg" in named for name in document.pictures)


def test_a_channel_without_data_has_its_stand_in_and_an_own_channel_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    channel, why = storage._channel(Design())
    assert channel.name == "pcm-zarcone2020-gaussian"
    assert "pcm_20140605.npz: no such file" in why
    with pytest.raises(DataError, match=r"pcm_20140605\.npz: no such file"):
        storage._channel(Design(storage=StorageSection(stand_in="")))
    with pytest.raises(InputError, match="did you mean drift500k"):
        storage._channel(Design(storage=StorageSection(channel="drift500")))


@pytest.mark.parametrize(("content", "message"), [(None, "cells.csv: no such file or directory"), ("", "cells.csv: is empty"), ("V,R\n1,a\n", "line 2")])
def test_nothing_stands_in_for_a_table_of_ones_own(tmp_path: Path, content: str | None, message: str):
    if content is not None:
        (tmp_path / "cells.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        storage._channel(Design(storage=StorageSection(channel=str(tmp_path / "cells.csv"))))


def test_nothing_stands_in_for_damaged_measurements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    (tmp_path / "pcm_zarcone").mkdir()
    (tmp_path / "pcm_zarcone" / "pcm_20140605.npz").write_bytes(b"no zip")
    with pytest.raises(DataError, match="damaged"):
        storage._channel(Design())


def test_a_study_with_damaged_measurements_is_not_excused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    (tmp_path / "tio2_drift").mkdir()
    (tmp_path / "tio2_drift" / "tio2_drift.npz").write_bytes(b"no zip")
    monkeypatch.setattr(storage, "STUDIES", {"channels.tio2": storage.STUDIES["channels.tio2"]})
    monkeypatch.setattr(storage, "store_in", lambda *_, **__: STUDY.stored)
    found = find(Design(), Lab(engine=ENGINE))
    assert found.absent == []
    assert "damaged" in found.failures["channels.tio2"]
    assert not any(found.excused(each) for each in found.verdicts)


@pytest.mark.slow
def test_a_report_on_cells_of_ones_own_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The studies that do not depend on the channel are left out; they have tests of their own."""
    rng = np.random.default_rng(5)
    rows = [f"{voltage:.1f},{1e4 * 10 ** (voltage + 0.1 * rng.standard_normal()):.1f}" for voltage in np.linspace(0, 1, 6) for _ in range(20)]
    (tmp_path / "cells.csv").write_text("\n".join(["V,R", *rows]) + "\n")
    lines = [
        "format = 1",
        "[storage]",
        'channel = "cells.csv"',
        "bins = 100",
        "writes = [2, 4]",
        "reads = [2, 4]",
        "starts = 3",
        "centers = 20",
        'snr = "5 dB"',
    ]
    (tmp_path / "mine.toml").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(storage, "STUDIES", {name: storage.STUDIES[name] for name in ("zarcone2020.pcm", "zarcone2020.energy")})
    outcome = write_storage_report(tmp_path / "mine.toml", tmp_path / "mine.pdf", Lab(engine=ENGINE), picture=tmp_path / "first.png")
    assert (tmp_path / "mine.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "first.png").read_bytes().startswith(b"\x89PNG")
    assert {each.id.split(".")[1] for each in outcome.verdicts} == {"energy"}
    assert all(each.verdict == "met" for each in outcome.verdicts)
    assert outcome.failed == ()


def test_a_design_without_data_is_found_with_its_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    monkeypatch.setattr(storage, "STUDIES", {"zarcone2020.pcm": storage.STUDIES["zarcone2020.pcm"]})
    plan = StorageSection(bins=60, starts=2, centers=10, writes=(2.0,), reads=(2.0,))
    found = find(Design(storage=plan), Lab(engine=ENGINE))
    assert found.pcm is None
    assert found.absent == ["zarcone2020.pcm"]
    assert all(found.excused(each) for each in found.verdicts)
    assert {each.verdict for each in found.verdicts} == {"not_run"}
    assert found.stored.matrix.name == "pcm-zarcone2020-gaussian"
