"""The energy study of Zarcone 2020: its claims on the real run, each failing on a wrong result, and a design's [storage] taking effect."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cosim.claims import judge
from cosim.codesign.pcm_cell import BIT_LINE, PARTIAL_SET
from cosim.coding.storage_energy import compare, conversion, load_storage
from cosim.design import Design, StorageSection
from cosim.errors import CosimError
from cosim.spice.engines import Engine
from cosim.studies.zarcone2020 import energy
from cosim.studies.zarcone2020.energy import EnergyResult
from cosim.studies.zarcone2020.energy.study import HAND_WORDS, PulseBalance, with_converters
from cosim.sweep.lab import Lab

CARD = load_storage()
DEAR = compare(card=CARD, write=100e-12)


@pytest.fixture(scope="module")
def result(engine: Engine) -> EnergyResult:
    """The study of the paper's design."""
    return energy.run(Design(), Lab(engine=engine, workers=1))


def verdicts(result: EnergyResult) -> dict[str, Any]:
    return {each.id.removeprefix("zarcone2020.energy."): each for each in judge(energy.CLAIMS, result)}


def with_case(result: EnergyResult, name: str, **changes: Any) -> EnergyResult:
    return replace(result, cases={**result.cases, name: replace(result.cases[name], **changes)})


def with_card(result: EnergyResult, **changes: float) -> EnergyResult:
    return with_case(result, "fitted", card=replace(CARD, **changes))


ROOT = Path(__file__).resolve().parents[2]
WRONG = {  # claim -> the result made wrong
    "separate": lambda result: with_case(result, "fitted", comparison=DEAR),
    "joint": lambda result: with_case(result, "fitted", comparison=DEAR),
    "itemized_separate": lambda result: with_card(result, ldpc_decode=40e-12),
    "itemized_joint": lambda result: with_card(result, write=34e-12),
    "crossover": lambda result: with_case(result, "fitted", crossover=3.9),
    "crossover_walden": lambda result: with_case(result, "walden", crossover=3.9),
    "rises": lambda result: replace(result, cell=replace(result.cell, current=np.maximum(result.cell.current, 1e-9))),
    "reset_current": lambda result: replace(result, cell=replace(result.cell, current=1.05 * result.cell.current)),
    "load_line": lambda result: replace(result, hand_currents=1.006 * result.hand_currents),
    "balance": lambda result: replace(result, balances={**result.balances, "RESET": PulseBalance(sources=1.0, element=0.5, transistor=0.49)}),
    "write": lambda result: replace(result, write=34e-12),
    "simulated": lambda result: with_case(result, "simulated", comparison=replace(DEAR, joint=DEAR.separate, separate=DEAR.joint)),
}


def test_every_claim_is_met_on_the_real_run(result: EnergyResult):
    assert {name: each.verdict for name, each in verdicts(result).items() if each.verdict != "met"} == {}


def test_the_claims_hold_the_values_worked_out(result: EnergyResult):
    found = {name: each.value for name, each in verdicts(result).items()}
    assert found["separate"] == pytest.approx(128.0)
    assert found["joint"] == pytest.approx(40.0)
    assert found["itemized_separate"] == pytest.approx(100 * (70 + 44) / 128)
    assert found["itemized_joint"] == pytest.approx(100 * 35 / 40)
    assert (found["crossover"], found["crossover_walden"]) == (pytest.approx(10.48, abs=0.02), pytest.approx(9.62, abs=0.02))
    assert found["write"] == pytest.approx(8.67, abs=0.1)


def test_the_pages_give_the_mean_current_of_35_picojoules_that_the_claim_gives():
    current = 35e-12 / BIT_LINE / (PARTIAL_SET.width + PARTIAL_SET.rise / 2 + PARTIAL_SET.fall / 2)
    words = f"{1e6 * current:.1f} uA"
    assert words == "4.7 uA"
    assert words in next(each for each in energy.CLAIMS if each.id.endswith(".write")).statement
    for page in ("storage_energy", "errata"):
        assert f"mean current of {words}" in " ".join((ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8").split())


def test_a_crossover_or_a_write_that_moves_a_little_breaks_its_claim(result: EnergyResult):
    moved = with_case(with_case(result, "fitted", crossover=10.7), "walden", crossover=9.4)
    found = verdicts(replace(moved, write=1.1 * result.write))
    assert [found[name].verdict for name in ("crossover", "crossover_walden", "write")] == ["not_met"] * 3


def test_a_wrong_result_is_listed_for_every_claim():
    assert {f"zarcone2020.energy.{name}" for name in WRONG} == {claim.id for claim in energy.CLAIMS}


@pytest.mark.parametrize("name", WRONG)
def test_a_claim_fails_on_a_wrong_result(result: EnergyResult, name: str):
    assert verdicts(WRONG[name](result))[name].verdict == "not_met"


def test_without_a_crossover_its_claim_is_not_run(result: EnergyResult):
    assert verdicts(with_case(result, "fitted", crossover=None))["crossover"].verdict == "not_run"


def test_the_load_line_is_not_the_simulated_curve_read_again(result: EnergyResult):
    assert np.all(np.isin(np.round(HAND_WORDS, 6), np.round(result.cell.voltage, 6)))
    assert 0.0 < result.line_error < 1e-4
    assert np.all(np.diff(result.hand_currents) > 0)


def test_every_case_stands_on_the_papers_totals_or_on_the_cells_write(result: EnergyResult):
    assert set(result.cases) == {"fitted", "walden", "simulated"}
    fitted, simulated = (result.cases[name].comparison for name in ("fitted", "simulated"))
    assert simulated.joint_total - fitted.joint_total == pytest.approx(result.write - CARD.write)
    assert simulated.separate_total - fitted.separate_total == pytest.approx(2 * (result.write - CARD.write))


def test_the_bit_line_the_read_voltage_and_the_converters_of_a_design_take_effect(result: EnergyResult, engine: Engine):
    plan = StorageSection(bit_line=2.0, read_voltage=0.2, converter_bits=6)
    other = energy.run(Design(storage=plan), Lab(engine=engine, workers=1))
    assert other.cell.reset_current < 0.8 * result.cell.reset_current
    assert other.cell.read_current == pytest.approx(2 * result.cell.read_current, rel=0.02)
    assert other.line_error < 1e-3
    assert verdicts(other)["reset_current"].verdict == "not_met"
    assert other.cases["fitted"].crossover < result.cases["fitted"].crossover


def test_other_converters_move_conversions_and_tables_only():
    other = with_converters(CARD, 6)
    assert other.tables == pytest.approx(1.5 * CARD.tables)
    assert other.encoder == CARD.encoder
    grown = 3 * (conversion(CARD, 6) - conversion(CARD, 4)) + 0.5 * CARD.tables
    assert compare(card=other).joint_total == pytest.approx(CARD.joint_total + grown)
    assert with_converters(CARD, 4) == CARD


def test_converters_so_costly_that_separate_coding_is_always_ahead_leave_no_crossover(engine: Engine):
    other = energy.run(Design(storage=StorageSection(converter_bits=12)), Lab(engine=engine, workers=1))
    assert other.cases["fitted"].crossover is None
    assert other.cases["fitted"].over.bits[-1] == 10.0


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"nmos": "c5n_pmos"}, "[storage] nmos=c5n_pmos: must be an nmos card, not pmos"),
        ({"bit_line": 6.0}, "[storage] bit_line=6: must be <= 5.5 V, the range of card c5n_nmos"),
        ({"read_voltage": 6.0}, "[storage] read_voltage=6: must be <= 5.5 V, the range of card c5n_nmos"),
        ({"converter_bits": 1}, "[storage] converter_bits=1: must be >= 2, the bits of separate coding"),
    ],
)
def test_what_does_not_fit_in_a_design_is_named(engine: Engine, plan: dict[str, Any], message: str):
    with pytest.raises(CosimError) as caught:
        energy.run(Design(storage=StorageSection(**plan)), Lab(engine=engine))
    assert str(caught.value) == message
