"""The chapter on the neuron: figures and tables with the computed numbers, and conclusions that follow the result."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from cosim.circuits.corners import Mismatch
from cosim.codesign.neuron.firing import Train
from cosim.codesign.neuron.smallsignal import OwnNoise
from cosim.codesign.neuron.spread import Contribution, Draws, InputRange, Moved
from cosim.params import described
from cosim.reporting import chapter_neuron, tables_neuron
from cosim.reporting.blocks import Column, figure, table, text
from cosim.reporting.document import Document
from cosim.reporting.figures_neuron import FIGURES, draw
from cosim.reporting.pdf import to_pdf
from cosim.reporting.style import FULL, HALF, MILLIMETER, MINUS, Drawing, measured, percent
from cosim.studies.lim2025.neuron import NeuronResult
from cosim.sweep.yields import clopper_pearson

POINTS = 1500  # of one line, at most
SLOPES = {"mem.n2": -20.0, "syn.n4": 27.0, "syn.n5": 26.0, "mem.p4": 26.0, "mem.p5": 26.0, "bias.nb": 17.0, "mir.pa": 3.5, "syn.nc6": -0.1, "n3.n3": 0.04}


def train() -> Train:
    """Of two units as `fire_chain` gives it, made by hand."""
    first = np.array([0.0113, 0.0412])
    return Train(inputs=(0.01, 0.04), circuit=(first, first + 1.5e-3), model=(first - 5e-5, first + 1.4e-3))


def contributed(mismatch: Mismatch) -> list[Contribution]:
    """Those of a few transistors, as `contributions` gives them, made by hand."""
    deviation = mismatch.deviations(width=1e-3, length=1e-6)[0]
    return [Contribution(name=name, width=1e-3, length=1e-6, slope=slope, deviation=deviation) for name, slope in SLOPES.items()]


def at(rows: Sequence[Moved], *temperatures: str) -> list[Moved]:
    """The corners at these temperatures."""
    return [each for each in rows if each.what.startswith(temperatures)]


@pytest.fixture(scope="module")
def neuron(neuron_study: NeuronResult) -> NeuronResult:
    """The study, really simulated, at two of its temperatures; the chain and the contributions by hand."""
    return replace(
        neuron_study,
        corners={name: at(each, "27 degC", "85 degC") for name, each in neuron_study.corners.items()},
        untempered=at(neuron_study.untempered, "27 degC", "85 degC"),
        trains=[train()],
        close=[train()],
        contributions=contributed(Mismatch(a_vt=neuron_study.design.neuron.a_vt)),
    )


@pytest.fixture(scope="module")
def drawings(neuron) -> dict[str, Drawing]:
    return {name: draw(name, neuron) for name in FIGURES}


@pytest.fixture(scope="module")
def sections(neuron, drawings) -> list[dict[str, Any]]:
    return chapter_neuron.sections(neuron, lambda name: figure(name, drawings[name]), schematics=[text("here are the circuits")])


def plain(words: str) -> str:
    return words.replace("\N{NO-BREAK SPACE}", " ")


def rows(made: dict[str, Any]) -> list[list[str]]:
    return [[plain(cell["text"] if isinstance(cell, dict) else cell) for cell in row] for row in made["rows"]]


def words_of(result: NeuronResult, title: str) -> str:
    """The paragraph of a section."""
    found = chapter_neuron.sections(result, lambda name: {"kind": "figure", "file": name})
    return plain(next(each["blocks"][0]["text"] for each in found if each["title"] == f"Neuron: {title}"))


def flattened(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for each in blocks for inner in (each["blocks"] if each["kind"] == "pair" else [each])]


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


def test_figures_are_the_same_bytes_every_time(neuron, drawings):
    assert [name for name, drawing in drawings.items() if draw(name, neuron).svg != drawing.svg] == []


def test_the_waves_say_what_is_left_of_each_variant(neuron, drawings):
    current, membrane = neuron.waves["robust", "text"].continuous_errors()
    assert f"robust {100 * membrane:.2g} and {100 * current:.2g} %" in drawings["waves"].caption
    assert "linear: up to 21 %" in drawings["waves"].svg.decode()


def test_the_comparison_of_the_paper_says_its_lag(neuron, drawings):
    error, lag = neuron.waves["linear", "text"].discrete_errors()[1]
    assert f"the membrane is {percent(error)} off at {measured(lag, 's')} (paper: 2.1 %, no lag stated)" in drawings["paper"].caption


def test_the_weights_name_the_deviation_that_leaves_the_axes(neuron, drawings):
    printed = neuron.linearity["as_printed"] / neuron.linearity["as_printed"][-1] - neuron.ideal
    lowest = float(printed.min())
    assert f"as_printed {abs(100 * lowest):.1f} %" in drawings["weights"].caption
    assert f"as_printed: to {MINUS}{abs(100 * lowest):.0f}" in drawings["weights"].svg.decode()


def test_the_temperature_has_both_taus_of_both_units(neuron, drawings):
    cold, hot = (neuron.corners["linear"][index].response.leak for index in (0, 1))
    assert f"linear goes from {measured(cold, 's')} to {measured(hot, 's')}" in drawings["temperature"].caption


def test_the_mismatch_counts_the_units_within_the_tolerance(neuron):
    far = replace(neuron.draws["robust"], swing=neuron.single["robust"].swing * np.array([1.0, 1.02, 1.06]))
    caption = plain(draw("mismatch", replace(neuron, draws={**neuron.draws, "robust": far})).caption)
    assert "2 of 3 units lie within ±5 %" in caption


def test_the_read_noise_shows_the_circuit_beside_the_model(neuron, drawings):
    caption = drawings["read_noise"].caption
    assert f"{percent(neuron.noise.mean, digits=2)} on average, the worst of ten by {percent(neuron.noise.typical_worst, digits=2)}" in caption


def test_a_lost_spike_is_said_everywhere(neuron):
    train = neuron.trains[0]
    short = replace(train, circuit=(train.circuit[0], train.circuit[1][:-1]))
    broken = replace(neuron, trains=[short])
    assert draw("chain", broken).caption.endswith("Trains of a unit with a spike lost or too many: 1.")
    assert [row[-1] for row in rows(tables_neuron.chain(broken))] == ["0", "1", "0", "0"]
    assert "no bound, since a spike is lost or one too many" in words_of(broken, "spiking chain")


def test_a_deviation_belongs_to_the_time_since_the_previous_input():
    train = Train(inputs=(0.01, 0.03, 0.07), circuit=(np.array([0.0115, 0.0312, 0.0713]),), model=(np.array([0.0114, 0.0313, 0.0713]),))
    since, apart = tables_neuron.deviations([train], 0)
    assert since == pytest.approx([np.nan, 0.02, 0.04], nan_ok=True)
    assert apart == pytest.approx([1e-4, -1e-4, 0.0], abs=1e-12)


def test_the_interval_of_a_deviation_is_that_of_chi_square():
    draws = Draws(area=1.0, swing=np.linspace(0.9, 1.1, 10), baseline=np.ones(10))
    low, high = tables_neuron.deviation_interval(draws)
    assert (low / draws.deviation, high / draws.deviation) == pytest.approx((0.688, 1.826), abs=1e-3)
    assert high / draws.deviation == pytest.approx(np.sqrt(9 / chi2.ppf(0.025, 9)))


def test_the_octave_with_most_of_the_noise_is_found():
    frequency = np.logspace(0, 6, 601)
    noise = OwnNoise(frequency=frequency, density=np.where(abs(np.log2(frequency / 1e4)) < 0.4, 10.0, 0.01), conducting=False, swing=1.0)
    middle, share = tables_neuron.loudest(noise)
    assert middle == pytest.approx(1e4, rel=0.15)
    assert share > 0.9


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0"), (4e-5, "0"), (-0.0531, f"{MINUS}5.31 %"), (0.2469, "+24.7 %"), (14.4, "\N{MULTIPLICATION SIGN} 15.4"), (-0.9997, f"{MINUS}100.0 %")],
)
def test_a_change_is_short_to_read(share, shown):
    assert plain(tables_neuron.change(share)) == shown


def test_errors_stand_for_every_variant_and_train(neuron):
    shown = {tuple(row[:2]): row[2:] for row in rows(tables_neuron.errors(neuron))}
    assert len(shown) == 10
    (_, _), (error, lag) = neuron.waves["board", "caption"].discrete_errors()
    assert shown["board", "caption"][3] == f"{100 * error:.2f} at +{1e3 * lag:.2f} ms"
    assert shown["two_pole", "text"][1] == f"{100 * neuron.waves['two_pole', 'text'].continuous_errors()[1]:.2f}"


def test_the_equations_stand_beside_the_simulation(neuron):
    shown = rows(tables_neuron.predictions(neuron))
    index = next(number for number, row in enumerate(shown) if row[0] == "robust")
    expected, found = neuron.predictions["robust"].fall, neuron.waves["robust", "text"].fall
    assert [row[3] for row in shown[index : index + 3]] == [
        plain(measured(expected, "s")),
        plain(measured(found, "s")),
        f"{100 * (expected / found - 1):+.1f} %",
    ]


def test_a_membrane_slower_than_its_run_is_not_given_a_time_constant(neuron):
    shown = rows(tables_neuron.predictions(neuron))
    assert [row[4] for row in shown[:3]] == ["231 s", "beyond 250 ms", "\N{EN DASH}"]
    assert [row[2] for row in shown[:3]] == ["none", "none", "\N{EN DASH}"]


def test_corners_hold_both_units_with_all_measures(neuron):
    shown = rows(tables_neuron.corners(neuron))
    assert len(shown) == len(neuron.corners["robust"]) + len(neuron.corners["linear"])
    row = next(row for row in shown if row[:2] == ["robust", "85 °C, nominal"])
    moved = next(each for each in neuron.corners["robust"] if each.what == "85 degC, supply +0 %")
    assert row[4] == plain(tables_neuron.change(moved.change("leak")))
    assert row[-1] == plain(percent(moved.response.continuous_errors()[1], digits=2))


def test_tolerances_name_what_is_off(neuron):
    shown = rows(tables_neuron.tolerances(neuron))
    moved = neuron.tolerances["robust"]
    assert ["robust", "C +10 %"] in [row[:2] for row in shown]
    assert shown[0][3] == plain(tables_neuron.change(moved[0].change("fall")))


def test_the_spread_has_temperature_and_supply_of_each_variant(neuron):
    shown = rows(tables_neuron.spread(neuron))
    assert [row[1] for row in shown] == ["temperature", "supply ±5 %"] * 2 + ["temperature", "supply ±10 %"] * 2
    changes = [100 * each.change("swing") for each in tables_neuron.over_supply(neuron.corners["linear"])]
    assert shown[1][5] == f"{min(changes):+.1f} to {max(changes):+.1f}".replace("-", MINUS)


def test_sensitivities_have_four_measures_of_each_unit(neuron):
    made = tables_neuron.sensitivities(neuron)
    assert len(made["columns"]) == 13
    assert len(made["rows"]) == len(neuron.sensitivities["robust"])
    step = next(row for row in rows(made) if row[0] == "all capacitors +1 %")
    assert step[2] == f"{100 * neuron.sensitivities['linear'][5].change('fall'):+.2f}"


def test_the_share_of_drawn_units_has_its_interval(neuron):
    row = next(row for row in rows(tables_neuron.mismatch(neuron)) if row[0] == "robust")
    inside, count = neuron.draws["robust"].share_within(0.05, neuron.single["robust"].swing)
    low, high = clopper_pearson(inside, count)
    assert row[4] == f"{inside} of {count}: {100 * inside / count:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def test_every_parameter_of_the_card_has_a_reason(neuron):
    shown = rows(tables_neuron.sizes(neuron))
    card = neuron.cards["robust"]
    assert [row[0] for row in shown] == [each.name for each in described(card)]
    assert all(row[3] and "valid" not in row[3] for row in shown)
    assert next(row for row in shown if row[0] == "npair_length")[2] == plain("6 µm")
    assert next(row for row in shown if row[0] == "resistor_tempco")[2] == "0.1 %/K"


def test_the_blocks_of_a_unit_add_up_to_its_supply(neuron):
    shown = rows(tables_neuron.energy(neuron))
    column = [float(row[3].replace(MINUS, "-")) for row in shown if row[3] != "\N{EN DASH}"]
    assert sum(column[:-1]) == pytest.approx(column[-1], abs=5e-3)
    assert column[-1] == pytest.approx(1e6 * neuron.energy["robust"].supply_quiescent, abs=1e-3)


def test_auto_zero_shows_each_offset_before_and_after(neuron):
    shown = rows(tables_neuron.auto_zero(neuron))
    assert [row[0] for row in shown] == ["+1 mV", "+5 mV", f"{MINUS}5 mV"]
    assert shown[0][1] == f"{1e3 * neuron.auto_zero[1, 0]:+.3f} mV".replace("-", MINUS)


def test_own_noise_is_referred_to_a_weight(neuron):
    shown = rows(tables_neuron.own_noise(neuron))
    assert [row[-1] for row in shown] == [plain(percent(each.weight)) for each in neuron.own_noise]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("syn.n5", "syn.n"), ("mem.p2", "mem.p"), ("syn.p2", "bias"), ("mem.n1", "bias"), ("mir.pa", "mir"), ("syn.nc4", "other"), ("mem.pt", "other")],
)
def test_a_transistor_belongs_to_its_kind(name, kind):
    assert tables_neuron.family(Contribution(name=name, width=1e-6, length=1e-6, slope=1.0, deviation=1e-3)) == kind


def test_the_causes_of_the_spread_add_up_and_the_largest_is_named(neuron):
    found = tables_neuron.causes(neuron)
    assert sum(part for _, part in found) == pytest.approx(1.0)
    grown = [replace(each, slope=100 * each.slope) if each.name.startswith("mir") else each for each in neuron.contributions]
    many = replace(neuron.draws["robust"], swing=np.linspace(0.99, 1.01, 50))
    said = words_of(replace(neuron, contributions=grown, draws={**neuron.draws, "robust": many}), "mismatch")
    assert "comes from the mirror between synapse and membrane (" in said
    assert "lies outside of the 95 % interval" in said


def test_the_chapter_holds_every_figure_once_and_the_schematics_first(sections):
    found = [block for each in sections for block in flattened(each["blocks"])]
    assert sorted(each["file"] for each in found if each["kind"] == "figure") == sorted(f"{name}.svg" for name in FIGURES)
    assert [each["kind"] for each in found].count("table") == 14
    assert sections[0]["blocks"][-1] == text("here are the circuits")
    assert len(sections) == 9
    assert re.search(r"\b(nan|inf)\b", json.dumps(sections, ensure_ascii=False)) is None


def test_bare_gate_voltages_are_said_to_survive_only_what_they_survive(neuron):
    assert "does not survive a change of the temperature or a change of the supply" in words_of(neuron, "temperature and supply")
    kept = replace(neuron, corners={**neuron.corners, "linear": neuron.corners["robust"]})
    assert words_of(kept, "temperature and supply").split(". ")[0].endswith("it survives both")


def test_a_ringing_loop_is_named_only_where_the_noise_has_a_peak(neuron):
    quiet = [replace(each, density=1e-6 / np.sqrt(each.frequency)) for each in neuron.own_noise]
    assert "a loop with little damping" in words_of(neuron, "noise and offset")
    assert "damping" not in words_of(replace(neuron, own_noise=quiet), "noise and offset")


def test_the_input_range_ends_where_the_gain_first_leaves_ten_percent(neuron):
    current = np.array([1e-5, 2e-5, 4e-5])
    found = InputRange(feedback=5e3, current=current, swing=current * np.array([1.0, 1.2, 1.05]))
    assert "up to 10.0 µA with 5 kΩ" in words_of(replace(neuron, ranges=[found]), "weights and input range")


def test_assumptions_name_what_is_ideal_or_assumed(neuron):
    found = dict(tables_neuron.assumptions(neuron))
    assert "T / 300.15 K" in found["PTAT currents are a stated law."]
    assert "A_VT of 9 mV µm" in found["Matching is assumed."]
    assert "tau of 5 ms" in plain(found["Read noise comes from random columns."])
    assert {"References are ideal.", "Small current sources are ideal.", "Op-amps have two supplies and an assumed card."} <= set(found)


def test_the_template_prints_the_chapter(sections, drawings):
    checks = table("checks", [Column("check")], [["none"]])
    first = {
        "mark": "good",
        "headline": "neuron",
        "explanation": "",
        "word": "",
        "tiles": [],
        "checks": checks,
        "pictures": [],
        "remarks": [{"title": "remark", "text": ""}],
    }
    content = {"title": "Neuron", "product": "cosim", "design": "small", "verdict": first, "sections": sections}
    made = to_pdf(Document(content, {name: each.svg for name, each in drawings.items()}))
    assert made.startswith(b"%PDF")
    assert len(made) > 100_000
