"""Energy of storing a sample: the paper's totals from the constants, sources, growth with precision, crossover, bad input."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.coding.storage_energy import compare, conversion, crossover, load_storage, mean_write, sweep
from cosim.errors import CosimError, DeviceError, InputError
from cosim.params import described
from cosim.resources import device_data

PICO = 1e-12
CARDS = tuple(sorted(path.stem for path in (device_data() / "storage").glob("*.toml")))
PAPER = load_storage()


@pytest.mark.parametrize("name", CARDS)
def test_the_totals_of_the_paper_come_out(name: str):
    found = compare(card=load_storage(name))
    assert found.separate_total == pytest.approx(128 * PICO, rel=1e-12)
    assert found.joint_total == pytest.approx(40 * PICO, rel=1e-12)
    rows = {row.name: row.energy / PICO for row in found.separate}
    assert (rows["writes"], rows["LDPC decoding"]) == (pytest.approx(70), pytest.approx(44))
    assert next(row.energy for row in found.joint if row.name == "writes") == pytest.approx(35 * PICO)


def test_what_the_paper_does_not_itemize_is_14_and_5_pj():
    assert PAPER.separate_rest == pytest.approx(14 * PICO)
    assert PAPER.joint_rest == pytest.approx(5 * PICO)


def test_the_rest_is_split_into_converters_by_the_survey_and_a_remainder():
    assert conversion(PAPER, 4) == pytest.approx(1.39 * PICO, rel=0.01)
    assert PAPER.encoder == pytest.approx(11.74 * PICO, rel=0.01)
    assert PAPER.tables == pytest.approx(0.83 * PICO, rel=0.01)
    assert PAPER.tables + 3 * conversion(PAPER, 4) == pytest.approx(PAPER.joint_rest)


@pytest.mark.parametrize("name", CARDS)
def test_every_row_says_where_it_is_from(name: str):
    found = compare(3.0, card=load_storage(name))
    assert all(len(row.source) > 20 for row in (*found.separate, *found.joint))
    marked = [row.name for row in (*found.separate, *found.joint) if row.source.startswith("not itemized: ")]
    assert marked == ["source code, LDPC encoder, control", "look-up tables, control"]


def test_the_two_cards_differ_in_their_converters_only():
    first, second = (load_storage(name) for name in CARDS)
    assert {each.name for each in described(first) if getattr(first, each.name) != getattr(second, each.name)} == {"conversion", "doublings"}


@given(bits=st.floats(1.0, 17.9), more=st.floats(0.01, 0.1))
def test_more_bits_never_take_less_energy(bits: float, more: float):
    found = sweep(np.array([bits, bits + more]))
    assert np.all(np.diff([found.conversion, found.separate, found.joint]) > 0)


def test_separate_coding_grows_in_proportion_and_joint_coding_by_whole_devices():
    assert PAPER.separate_cells(3.0) == 3.0
    assert [PAPER.joint_cells(bits) for bits in (1.0, 2.0, 2.1, 4.0, 4.1)] == [1.0, 1.0, 2.0, 2.0, 3.0]


@pytest.mark.parametrize(("name", "bits"), [("zarcone2020", 10.48), ("walden", 9.62)])
def test_joint_coding_takes_less_up_to_the_crossover_and_more_beyond(name: str, bits: float):
    card = load_storage(name)
    found = crossover(card=card)
    assert found == pytest.approx(bits, abs=0.02)
    below, above = compare(found - 0.05, card=card), compare(found + 0.05, card=card)
    assert below.joint_total < below.separate_total
    assert above.joint_total > above.separate_total


def test_converters_of_three_and_a_half_times_less_energy_move_the_crossover_up():
    assert crossover(card=replace(PAPER, conversion=PAPER.conversion / 3.5)) == pytest.approx(13.64, abs=0.02)


def test_a_dearer_write_makes_joint_coding_better_for_longer():
    assert crossover(write=300 * PICO) > crossover() + 1.0
    found = compare(write=100 * PICO)
    assert found.separate_total == pytest.approx((128 + 2 * 65) * PICO)
    assert found.joint_total == pytest.approx((40 + 65) * PICO)
    assert next(row.source for row in found.joint if row.name == "writes") == "given by the caller"


def test_the_mean_write_weighs_each_level_by_its_probability():
    assert mean_write(np.array([1.0, 3.0]), np.array([0.25, 0.75])) == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("bits", "write", "message"),
    [
        (0.5, None, "storage energy, bits=0.5: must be within 1..18"),
        (19.0, None, "storage energy, bits=19: must be within 1..18"),
        (float("nan"), None, "storage energy, bits=nan: must be within 1..18"),
        (2.0, 0.0, "storage energy, write=0: must be finite and > 0 J"),
        (2.0, float("inf"), "storage energy, write=inf: must be finite and > 0 J"),
    ],
)
def test_a_precision_or_a_write_that_cannot_be_is_named(bits: float, write: float | None, message: str):
    with pytest.raises(InputError) as caught:
        compare(bits, write=write)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"conversion": 1 * PICO}, "storage card zarcone2020, joint_total=4e-11: must be >= 5.314e-11 J, the sum of its parts"),
        ({"separate_total": 100 * PICO}, "storage card zarcone2020, separate_total=1e-10: must be >= 1.163e-10 J, the sum of its parts"),
        ({"joint_bits": 1.0}, "storage card zarcone2020, joint_bits=1: must be >= separate_bits=2"),
        ({"code_rate": 1.5}, "storage card zarcone2020, code_rate=1.5: must be > 0 and <= 1"),
    ],
)
def test_constants_that_do_not_fit_together_are_named(changes: dict[str, float], message: str):
    with pytest.raises(DeviceError) as caught:
        replace(PAPER, **changes)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("costs", "distribution", "message"),
    [
        ([1.0, 2.0], [1.0], "storage energy, shape of the distribution=(1,): must be (2,), one probability for each cost"),
        ([1.0, 2.0], [0.5, 0.6], "storage energy, sum of the distribution=1.1: must be 1, of probabilities"),
        ([1.0, 2.0], [1.5, -0.5], "storage energy, sum of the distribution=1: must be 1, of probabilities"),
    ],
)
def test_what_is_no_distribution_is_named(costs: list[float], distribution: list[float], message: str):
    with pytest.raises(InputError) as caught:
        mean_write(np.array(costs), np.array(distribution))
    assert str(caught.value) == message


def test_without_a_crossover_it_is_said_which_coding_is_ahead():
    cheap = replace(PAPER, conversion=1e-18, doublings=0.01)
    with pytest.raises(InputError, match=r"^storage energy, card zarcone2020: no crossover within 1\.\.18 bits; joint coding takes less at its end$"):
        crossover(card=cheap)


def test_a_card_that_is_not_there_is_told_with_those_that_are(tmp_path: Path):
    with pytest.raises(CosimError, match=r"^card 'murmann': must be the path of a \.toml file or one of walden, zarcone2020$"):
        load_storage("murmann")
