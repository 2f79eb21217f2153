"""Figures and tables of the chapter on storage, of a small result that is put together by hand."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosim.channels.channel import Axis, Discretized
from cosim.reporting import figures_storage, figures_storage_codes, tables_storage
from cosim.reporting.figures_storage_codes import error_over_sample, recalled_law
from cosim.reporting.style import FULL, HALF, MILLIMETER, Drawing, drawing_style, percent
from cosim.studies.zarcone2020.blocks import BlockScore
from cosim.studies.zarcone2020.pcm.claims import PRINTED, excess
from cosim.studies.zarcone2020.storing import Bound, Stored
from tests.reporting.storage_by_hand import stored_by_hand, study_by_hand

MODULES = (figures_storage, figures_storage_codes)
LARGEST = 350_000  # bytes of one picture
NAMES = (*(name for module in MODULES for name in module.FIGURES), *figures_storage.STUDY_FIGURES)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def rows(table: dict[str, Any]) -> list[list[str]]:
    return [[plain(cell) for cell in row] for row in table["rows"]]


@pytest.fixture(scope="module")
def stored() -> Stored:
    return stored_by_hand()


@pytest.fixture(scope="module")
def drawings() -> dict[str, Drawing]:
    study = study_by_hand()
    of_channel = {name: module.draw(name, study.stored, study) for module in MODULES for name in module.FIGURES}
    return {**of_channel, **{name: figures_storage.draw_study(name, study) for name in figures_storage.STUDY_FIGURES}}


@pytest.fixture(scope="module")
def alone(stored) -> dict[str, Drawing]:
    return {name: module.draw(name, stored) for module in MODULES for name in module.FIGURES}


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_lean_vector_graphics_of_its_width_in_print(drawings, name):
    svg = drawings[name].svg.decode()
    assert drawings[name].width in (FULL, HALF)
    assert float(re.search(r'width="([\d.]+)pt"', svg)[1]) == pytest.approx(drawings[name].width * MILLIMETER * 72, rel=1e-3)
    assert "<image" not in svg
    assert len(svg) < LARGEST


@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_a_figure_is_smaller_than_seven_points_or_lies_outside(drawings, name):
    svg = drawings[name].svg.decode()
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:\w+ )*?([\d.]+)px", svg)]
    assert len(sizes) > 5
    assert min(sizes) >= 7.0
    width, height = (float(re.search(rf'{side}="([\d.]+)pt"', svg)[1]) for side in ("width", "height"))
    places = np.array(re.findall(r'<text[^>]* x="(-?[\d.]+)" y="(-?[\d.]+)"', svg), dtype=float)
    assert len(places) > 5
    assert np.all((places >= 0.0) & (places <= [width, height]))


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_says_what_it_shows(drawings, name):
    drawing = drawings[name]
    assert drawing.title
    assert drawing.alt.endswith(".")
    assert drawing.caption.endswith(".")
    assert "nan" not in drawing.caption
    assert drawing.source.startswith("Zarcone 2020, ")


def test_figures_of_a_channel_without_the_study_name_no_paper(alone):
    assert [name for name, drawing in alone.items() if drawing.source or "paper" in drawing.caption or b"paper" in drawing.svg] == []


@pytest.mark.parametrize(("module", "name"), [(figures_storage, "states"), (figures_storage_codes, "recalled")])
def test_figures_are_the_same_bytes_every_time(stored, alone, module, name):
    assert module.draw(name, stored).svg == alone[name].svg


def test_the_optimum_counts_its_levels_and_names_the_one_written_most(stored, drawings):
    caption, found = plain(drawings["optimum"].caption), stored.capacity
    assert f"{len(found.used)} of {len(stored.matrix.inputs)} inputs are written" in caption
    assert f"grid of {len(stored.fine.inputs)} inputs {len(stored.fine.used)} (paper: 13)" in caption
    assert f"700 mV is written most, in {plain(percent(found.distribution.max()))}" in caption
    assert "The widest gap lies between 1.40 V and 1.70 V." in caption


def test_a_peak_that_is_cut_off_is_said_in_the_picture(stored, alone):
    size = tables_storage.widths(stored.matrix)
    assert f"up to {(stored.capacity.distribution @ stored.matrix.matrix / size).max():.3g}" in alone["optimum"].svg.decode()


def test_a_channel_of_two_inputs_and_two_reads_is_drawn(stored):
    one = Axis(name="bit", unit="1", least=0.0, most=1.0)
    half = np.array([0.5, 0.5])
    binary = Discretized(
        name="binary", written=one, read=one, inputs=np.array([0.0, 1.0]), edges=np.array([-np.inf, 0.5, np.inf]), matrix=np.array([[0.9, 0.1], [0.1, 0.9]])
    )
    found = Bound(bits=0.531, upper=0.531, inputs=binary.inputs, distribution=half)
    drawing = figures_storage.draw("optimum", replace(stored, matrix=binary, capacity=found, fine=found))
    assert "2 of 2 inputs are written" in drawing.caption
    assert "gap" not in drawing.caption


def test_conductances_are_printed_with_prefix_and_unit(stored):
    read = Axis(name="conductance", unit="S", least=1e-6, most=50e-6)
    matrix = replace(stored.matrix, read=read, edges=np.concatenate([[-np.inf], np.linspace(1e-6, 50e-6, 149), [np.inf]]))
    svg = figures_storage.draw("optimum", replace(stored, matrix=matrix)).svg.decode()
    assert "µS" in svg
    assert "density (1/S)" in svg


def test_states_say_how_far_ours_lie_above_the_paper(drawings):
    above = excess(study_by_hand())
    assert f"Ours lies {min(above.values()):.3f} to {max(above.values()):.3f} above the paper in all {len(above)} cells" in drawings["states"].caption


def test_the_measured_resets_are_resistances(drawings):
    assert "the resets lie between 100 kΩ and 316 kΩ" in plain(drawings["measured"].caption).replace("ohm", "Ω")


def test_the_losses_of_equal_use_are_those_of_the_result(drawings):
    assert "lose 8.0 % (paper: about 5 %); 8 levels chosen for it lose 2.0 %" in plain(drawings["sensitivity"].caption)


def test_the_law_of_the_recalled_samples_has_all_of_its_mass(stored):
    edges = np.linspace(-5.0, 5.0, 101)
    law = recalled_law(stored, stored.scalar, edges)
    assert np.sum(law * np.diff(edges)) == pytest.approx(1.0, abs=1e-9)


def test_the_error_over_the_sample_is_that_of_the_samples_near_it():
    samples = np.repeat([-0.1, 2.1], 50)
    middle, error = error_over_sample(np.append(samples, 3.4), np.append(samples + np.repeat([0.5, -2.0], 50), 9.0))
    assert middle == pytest.approx([-0.125, 2.125])
    assert error == pytest.approx([0.5, 2.0])


def test_blocks_with_a_device_a_sample_are_added_to_the_ladder_and_others_are_not(stored):
    blocks = (
        BlockScore(samples=2, devices=2, snr=11.234, design_snr=11.3, opta=12.5),
        BlockScore(samples=1, devices=2, snr=19.876, design_snr=19.9, opta=25.0),
    )
    with drawing_style():
        svg = figures_storage_codes.ladder(stored, replace(study_by_hand(), blocks=blocks)).svg.decode()
    assert "2 devices together" in svg
    assert ">11.23<" in svg
    assert ">19.88<" not in svg


def test_the_ladder_says_the_distance_to_what_is_possible(stored, drawings):
    assert f"{stored.opta - stored.scalar.snr:.2f} dB below" in plain(drawings["ladder"].caption)
    assert "expects 10.25 dB and has 10.50 dB" in plain(drawings["ladder"].caption)
    assert ">9.40<" in drawings["ladder"].svg.decode()


def test_the_table_of_states_holds_both_numbers_where_the_paper_has_one(stored):
    shown = rows(tables_storage.states(stored, study_by_hand()))
    assert shown[1] == ["4", *(f"{ours:.3f} / {paper:.3f}" for ours, paper in zip(stored.states.bits[1], PRINTED[4], strict=False))]
    assert rows(tables_storage.states(stored))[1] == ["4", *(f"{ours:.3f}" for ours in stored.states.bits[1])]


def test_the_capacities_of_devices_are_averaged(stored):
    shown = {row[0]: row[1:3] for row in rows(tables_storage.capacities(study_by_hand()))}
    assert shown["mean of the single devices"] == [f"{stored.capacity.bits + 0.5:.3f}", "2.5"]
    assert shown["all, as they are"] == [f"{stored.capacity.bits - 0.5:.3f}", "1.54"]


def test_codes_stand_with_their_gap_to_what_is_possible(stored):
    shown = rows(tables_storage.codes(stored, study_by_hand()))
    codes = (stored.scalar, stored.coarse, *stored.smooth.values())
    assert [row[2] for row in shown] == [f"{stored.opta - snr:.2f}" for snr in (*(each.snr for each in codes), 9.4)]
    assert len(rows(tables_storage.codes(stored))) == 4


def test_equal_use_of_the_optimum_stands_below_the_sets(stored):
    shown = rows(tables_storage.equal(stored))
    assert shown[-1] == [f"the {len(stored.capacity.used)} of the optimum", f"{stored.equal.support:.3f}", "8.0 %"]
    assert [row[2] for row in shown[:-1]] == ["10.0 %", "2.0 %", "3.0 %"]


def test_the_levels_of_the_optimum_have_their_probability_and_mean_read(stored):
    shown = rows(tables_storage.levels(stored))
    means, _ = tables_storage.read_moments(stored.matrix)
    assert len(shown) == len(stored.capacity.used)
    assert shown[-1][:3] == ["1.70 V", plain(percent(stored.capacity.distribution[-1], digits=2)), f"{means[-1]:.3f}"]


def test_a_number_that_rounds_to_zero_has_no_sign():
    assert tables_storage.signed(-0.0004, 3) == "0.000"
    assert tables_storage.signed(-1.5, 1) == "\N{MINUS SIGN}1.5"
