"""The chapter on the network: figures and tables with the numbers of the result, and conclusions that follow it."""

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosim.claims import Claim, at_least, at_most, judge
from cosim.codesign.network.efficiency import assumptions as of_energy
from cosim.codesign.network.grids import Grid
from cosim.errors import DataError
from cosim.reporting import chapter_network, tables_network, verdict
from cosim.reporting.blocks import Column, figure, table
from cosim.reporting.document import Document, build
from cosim.reporting.figures_network import FIGURES, as_picture, draw
from cosim.reporting.figures_network_grids import bit_looks
from cosim.reporting.pdf import _inferred, to_pdf
from cosim.reporting.style import FULL, HALF, MILLIMETER, MINUS, Drawing, percent, pretty
from cosim.studies.lim2025.inference import InferenceResult
from cosim.studies.lim2025.inference.claims import loss
from cosim.studies.lim2025.inference.training import MNIST_EPOCHS, MNIST_IMAGES
from cosim.sweep.lab import Lab
from cosim.sweep.yields import clopper_pearson
from tests.reporting.inference_by_hand import DESIGN, FEW, IMAGES, SCALE, TOGETHER, grid_of, inferred_by_hand

POINTS = 1500  # of one line, at most


@pytest.fixture(scope="module")
def network() -> InferenceResult:
    return inferred_by_hand()


@pytest.fixture(scope="module")
def drawings(network) -> dict[str, Drawing]:
    return {name: draw(name, network) for name in FIGURES}


@pytest.fixture(scope="module")
def sections(network, drawings) -> list[dict[str, Any]]:
    return chapter_network.sections(network, lambda name: figure(name, drawings[name]))


def plain(words: str) -> str:
    return words.replace("\N{NO-BREAK SPACE}", " ").replace("\N{EN SPACE}", " ")


def rows(made: dict[str, Any]) -> list[list[str]]:
    return [[plain(cell["text"] if isinstance(cell, dict) else cell) for cell in row] for row in made["rows"]]


def words_of(result: InferenceResult, title: str) -> str:
    """All paragraphs of a section."""
    found = chapter_network.sections(result, lambda name: {"kind": "figure", "file": name})
    blocks = next(each["blocks"] for each in found if each["title"] == f"Network: {title}")
    return plain(" ".join(each["text"] for each in blocks if each["kind"] == "text"))


def texts(drawing: Drawing) -> list[str]:
    """The words that stand in a picture."""
    return [plain(each) for each in re.findall(r"<text[^>]*>([^<]*)</text>", drawing.svg.decode())]


def with_grid(result: InferenceResult, name: str, found: Grid) -> InferenceResult:
    return replace(result, grids={**result.grids, name: found})


def agreed(result: InferenceResult) -> InferenceResult:
    """The circuit says what the network says."""
    found = result.check.agreement
    return replace(result, check=replace(result.check, agreement=replace(found, circuit=found.network)))


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
    assert re.search(r"\b(nan|inf)\b", drawing.caption) is None


def test_figures_are_the_same_bytes_every_time(network, drawings):
    assert [name for name, drawing in drawings.items() if draw(name, network).svg != drawing.svg] == []


def test_the_image_that_is_shown_is_one_that_both_get_right(network):
    found, row = network.check.agreement, tables_network.shown_image(network)
    assert found.circuit[row] == found.network[row] == found.labels[row]
    right = (found.circuit == found.labels) & (found.network == found.labels)
    assert found.waves[row] <= np.median(found.waves[right])
    assert np.sum(found.waves[right] < found.waves[row]) == (right.sum() - 1) // 2


def test_the_image_names_the_winner_and_the_second_with_their_peaks(network, drawings):
    row = tables_network.shown_image(network)
    peaks = SCALE * network.check.circuit.peaks[row]
    second, first = np.argsort(peaks)[-2:]
    shown = texts(drawings["image"])
    assert f"highest: {first}, {peaks[first]:.1f}" in shown
    assert f"second: {second}, {peaks[second]:.1f}" in shown
    assert f"a image {row}, a {network.check.agreement.labels[row]}" in shown


def test_the_image_is_moved_by_the_lag_of_the_circuit(network, drawings):
    late = draw("image", replace(network, check=replace(network.check, lag=1.2e-3)))
    assert "The circuit comes 1.2 ms later, which is taken off." in plain(late.caption)
    assert "later" not in drawings["image"].caption
    assert plain(tables_network.moved_by(-1e-4)) == "100 µs earlier"


def test_the_spikes_of_the_image_are_counted(network, drawings):
    pixels = network.trained.test.pixels[tables_network.shown_image(network)]
    assert f" {np.sum(pixels > 0.3)} of 64 inputs fire." in drawings["image"].caption


def test_the_image_says_how_it_was_chosen(network, drawings):
    assert drawings["image"].caption.startswith("Of the images that circuit and network both get right, the one with the median error (")
    wrong = replace(network.check.agreement, labels=np.full(IMAGES, -2))
    other = replace(network, check=replace(network.check, agreement=wrong))
    assert draw("image", other).caption.startswith("Of the images that were run, the one with")


def test_pixels_are_a_square_where_their_number_is_one():
    assert as_picture(np.arange(64.0)).shape == (8, 8)
    assert as_picture(np.arange(64.0))[1, 0] == 8
    assert as_picture(np.arange(10.0)).shape == (1, 10)


def test_the_weights_have_a_map_for_each_output(network, drawings):
    assert [each for each in texts(drawings["weights"]) if each in "0123456789"] == list("0123456789")
    window = network.check.chip.plus.window
    upper = network.check.chip.plus.conductance > (window.low + window.high) / 2
    assert f"{100 * upper.mean():.0f} % of the cells lie in the upper half" in plain(drawings["weights"].caption)


def test_the_confusion_has_every_image_once(network, drawings):
    found = network.check.agreement
    right = int(np.sum(found.circuit == found.labels))
    assert f"a: {right} images lie on the diagonal" in drawings["verdict"].caption
    assert "most often label 2 is given class 3 (4 times)" in drawings["verdict"].caption


def test_the_leads_count_what_is_undecided_and_where_classes_differ(network, drawings):
    undecided = int(np.sum(~network.check.agreement.decided))
    assert f"{undecided} images lie below the bound of 2.50 %" in plain(drawings["verdict"].caption)
    assert {"classes differ, decided: 1", "classes differ, undecided: 2"} <= set(texts(drawings["verdict"]))
    calm = draw("verdict", agreed(network))
    assert "on none of the others circuit and network differ." in calm.caption
    assert not [each for each in texts(calm) if "differ" in each]


def test_the_verdict_has_accuracies_with_their_intervals(network):
    shown = {row[0]: row[1:] for row in rows(tables_network.verdict(network))}
    right, of = network.check.right("circuit")
    low, high = clopper_pearson(right, of)
    assert shown["accuracy, circuit"] == [f"{100 * right / of:.1f} % ({100 * low:.1f} to {100 * high:.1f})", "60 images"]
    assert shown["decided images that agree"] == ["47 of 48", "fail"]
    assert shown["time of one image"][0] == "600 ms"
    assert shown["decay of synapse and membrane"] == ["2.02 ms and 15.1 ms", "trained with 2 ms and 15 ms"]


def test_images_whose_run_failed_are_in_no_count(network):
    found = network.check.agreement
    circuit, waves = found.circuit.copy(), found.waves.copy()
    circuit[:5], waves[:5] = -1, np.nan
    ran = replace(network.check.circuit, failures=dict.fromkeys(range(5), "timeout, took too long"))
    broken = replace(network, check=replace(network.check, agreement=replace(found, circuit=circuit, waves=waves), circuit=ran))
    shown = {row[0]: row[1:] for row in rows(tables_network.verdict(broken))}
    assert shown["runs that failed"] == ["5 of 60", "left out of all rows above"]
    assert shown["accuracy, circuit"][1] == "55 images"
    assert "5 runs failed, the first one for this reason: timeout, took too long." in words_of(broken, "does the circuit compute the network?")
    assert sum(tables_network.agreeing(broken)[1::2]) == 55


def test_images_that_differ_are_listed_up_to_ten(network):
    shown = rows(tables_network.differing(network))
    assert [row[0] for row in shown] == [str(each.image) for each in network.check.differing]
    assert [row[-1] for row in shown].count("fail") == 1
    found = network.check.agreement
    turned = replace(network, check=replace(network.check, agreement=replace(found, circuit=(found.network + 1) % 10)))
    long = tables_network.differing(turned)
    assert len(long["rows"]) == 10
    assert long["title"].startswith("Images on which the classes differ: 60")


def test_no_image_that_differs_is_a_line(network):
    assert tables_network.differing(agreed(network))["text"] == "There is no image on which circuit and network give different classes."


def test_the_answer_to_the_check_follows_the_result(network):
    said = words_of(network, "does the circuit compute the network?")
    assert said.startswith("No: 47 of 48 decided images get the same class")
    right, of = network.check.right("circuit")
    assert f"The circuit is right in {100 * right / of:.1f} % of the images{plain(pretty(chapter_network.asked(network, 'circuit')))};" in said
    assert words_of(agreed(network), "does the circuit compute the network?").startswith("Yes: 48 of 48 decided")


@pytest.mark.parametrize("name", ["snn", "ann", "tuning_5", "sparsity_mnist", "yield_trimmed", "trim", "superposition"])
def test_what_is_asked_is_what_the_claims_say(network, name):
    (judged,) = judge([tables_network.claim(name)], network)
    word = "met" if judged.verdict == "met" else "not met"
    assert chapter_network.asked(network, name).endswith(f"asked: {judged.must_be} {judged.unit}, {word})")


def claimed(name: str, must_be: Any, value: float | None, paper: float | str | None) -> Claim:
    return Claim(id=f"a.{name}", kind="prediction", source="ours", statement="", paper=paper, unit="%", must_be=must_be, value=lambda result: value)


def test_what_is_asked_has_the_value_of_the_paper_and_nothing_where_no_claim_was_run(network, monkeypatch):
    known = (claimed("high", at_least(95.0), 96.0, 95.0), claimed("low", at_most(3.0), 4.0, "slight"), claimed("ours", at_least(1.0), 2.0, None))
    monkeypatch.setattr(chapter_network, "CLAIMS", (*known, claimed("open", at_least(1.0), None, 1.0)))
    asked = [chapter_network.asked(network, name) for name in ("high", "low", "ours", "open", "dropped")]
    assert asked == [" (paper: 95 %; asked: >= 95 %, met)", " (paper: slight; asked: <= 3 %, not met)", " (asked: >= 1 %, met)", "", ""]


def test_a_chip_with_other_bits_than_the_paper_is_not_held_against_its_claims(network):
    other = replace(network, design=replace(DESIGN, network=replace(DESIGN.network, chosen_bits=4)))
    said = words_of(other, "bits, tuning error, read noise, sparsity")
    accuracy = network.grids["target"]
    assert f"4 bits {100 * (accuracy.at(0, 0.0)[0] - accuracy.at(4, 0.0)[0]):.1f}. From" in said
    assert "At 4 bits a tuning error of 5 % of the target costs" in said
    assert "notable reduction" not in said
    assert "asked: ≤ 2 points" not in said


def test_bits_have_the_gains_of_their_mapping(drawings):
    assert "by 4.00, 1.60, 1.30, 1.10 and 1.00 for 1, 2, 3, 4 and 6 bits" in drawings["bits"].caption
    assert "from 20 images, at none from all 60" in drawings["bits"].caption


def test_the_loss_to_bits_is_that_of_the_grid(network):
    grid = network.grids["target"]
    lost = 100 * (grid.at(0, 0.0)[0] - grid.at(3, 0.0)[0])
    said = words_of(network, "bits, tuning error, read noise, sparsity")
    assert f"3 bits {lost:.1f} (paper: saturates at 3 bits; asked:" in said
    assert "From 4 bits on the loss is below one point." in said


def test_no_number_of_bits_is_enough_where_all_lose(network):
    accuracy = network.grids["target"].accuracy.copy()
    accuracy[:, :, -1] += 0.05
    poor = with_grid(network, "target", replace(network.grids["target"], accuracy=accuracy))
    assert "No number of bits comes within one point." in words_of(poor, "bits, tuning error, read noise, sparsity")


def test_the_loss_to_tuning_stands_in_text_and_caption(network, drawings):
    target, full = (loss(network.grids[name], 3, 0.1) for name in ("target", "full_scale"))
    said = words_of(network, "bits, tuning error, read noise, sparsity")
    assert re.search(rf"10 % of the target costs {target:.1f} points \(paper: notable reduction; asked: [^()]*, met\)", said)
    assert f"10 % of full scale costs {full:.1f} points" in said
    assert f"{target:.1f} at 10 %" in plain(drawings["tuning"].caption)


def test_a_loss_of_the_paper_that_is_not_there_is_said(network):
    calm = with_grid(network, "target", grid_of("target", 0.01, measured=True))
    said = words_of(calm, "bits, tuning error, read noise, sparsity")
    assert re.search(r"10 % of the target costs 0.4 points \(paper: notable reduction; asked: [^()]*, not met\)", said)


def test_one_bit_is_said_to_lose_less_more_or_as_much(network):
    title = "bits, tuning error, read noise, sparsity"
    assert "1 bit loses as much" in words_of(network, title)
    for change, word in ((-0.05, "more"), (0.05, "less")):
        accuracy = network.grids["target"].accuracy.copy()
        accuracy[:, :, 0, -1] += change
        moved = with_grid(network, "target", replace(network.grids["target"], accuracy=accuracy))
        assert f"1 bit loses {word}:" in words_of(moved, title)


def test_the_tuned_array_stands_at_its_root_mean_square(network, drawings):
    assert tables_network.tuned_error(network) == pytest.approx(np.sqrt((2 * 9e-4 + 2 * 1e-4) / 4))
    assert "tuned array, rms 2.2 %" in texts(drawings["tuning"])
    assert "2.2 % of the target (rms), cost 1.0 points" in words_of(network, "bits, tuning error, read noise, sparsity")
    without = with_grid(network, "target", grid_of("target", 0.06, measured=False))
    assert not [each for each in texts(draw("tuning", without)) if "tuned array" in each]


def test_points_of_the_circuit_stand_beside_their_model(network):
    shown = rows(tables_network.points(network))
    assert len(shown) == len(network.points)
    assert [row[3:] for row in shown] == [["85.0 % (62.1 to 96.8)", "90.0 %", "19 of 20"]] * len(shown)
    assert ["3 bits", "3 %", "7 %"] in [row[:3] for row in shown]


def test_points_without_a_run_are_left_out_of_figures_and_said_in_the_table(network):
    failed = {setting: replace(each, circuit=np.full(FEW, -1)) for setting, each in network.points.items()}
    broken = replace(network, points=failed)
    assert {row[3] for row in rows(tables_network.points(broken))} == {"no run passed"}
    assert "circuit" not in texts(draw("tuning", broken))
    assert "circuit" in texts(draw("tuning", network))
    assert tables_network.simulated(broken, noisy=True) == []


def test_every_number_of_bits_has_a_look_of_its_own():
    looks = bit_looks((6, 1, 2, 3, 4, 5, 0))
    assert list(looks) == [1, 2, 3, 4, 5, 6, 0]
    assert len({(each["color"], each["marker"]) for each in looks.values()}) == 7


def test_the_noise_says_what_it_costs_both_networks(network, drawings):
    costs_ = [100 * (grid.at(3, 0.0)[0] - grid.at(3, 0.07)[0]) for grid in (network.noise, network.ann_noise)]
    said = words_of(network, "bits, tuning error, read noise, sparsity")
    assert f"7 % costs the network {costs_[0]:.1f} points at 3 bits (paper: slight; asked: ≤ 2 points, met), the perceptron {costs_[1]:.1f}" in said
    assert f"the perceptron {costs_[1]:.1f}" in drawings["noise"].caption


def with_noise(result: InferenceResult, level: float) -> InferenceResult:
    return replace(result, design=replace(DESIGN, neuron=replace(DESIGN.neuron, noise=level)))


def test_the_cost_of_noise_is_that_of_the_design_and_not_of_the_largest_one(network):
    other = with_noise(network, 0.03)
    cost = 100 * (network.noise.at(3, 0.0)[0] - network.noise.at(3, 0.03)[0])
    said = words_of(other, "bits, tuning error, read noise, sparsity")
    assert f"Read noise of 3 % costs the network {cost:.1f} points at 3 bits, the perceptron" in said
    assert f"a noise of 3 % costs the network {cost:.1f} points" in plain(draw("noise", other).caption)


def test_a_noise_that_the_grid_does_not_have_is_said(network):
    other = with_noise(network, 0.05)
    assert tables_network.noise_costs(other) is None
    assert "The grid of the noise has no 5 % at 3 bits. Noise that is" in words_of(other, "bits, tuning error, read noise, sparsity")
    assert "costs the network" not in draw("noise", other).caption


def test_points_of_the_noise_have_noise_and_those_of_tuning_have_none(network):
    noisy, tuned = (tables_network.simulated(network, noisy=each) for each in (True, False))
    assert {each.setting.noise for each in noisy} == {0.07}
    assert {(each.setting.noise, each.setting.tuning_error) for each in tuned} == {(0.0, error) for error in (0.03, 0.05, 0.1, 0.2)}


def test_sets_that_were_not_fetched_are_named(network):
    title = "bits, tuning error, read noise, sparsity"
    assert "Not fetched, and so not counted: Fashion-MNIST (fashion)." in words_of(network, title)
    whole = replace(network, sparsity={**network.sparsity, "fashion": 0.45})
    assert "Not fetched" not in words_of(whole, title)
    assert "Above the paper's 40 %: Fashion-MNIST." in plain(draw("sparsity", whole).caption)
    assert "45.0 % of the inputs of Fashion-MNIST (paper: < 40; asked: ≤ 40 %, not met)" in words_of(whole, title)


def test_a_chapter_without_sets_and_hidden_layers_is_drawn_too(network):
    bare = replace(network, sparsity={}, hidden={}, trained=replace(network.trained, deep=()))
    said = words_of(bare, "bits, tuning error, read noise, sparsity")
    assert "reduced MNIST (optdigits), MNIST (mnist) and Fashion-MNIST (fashion)" in said
    assert "No network with a hidden layer was run." in said
    assert "none" in draw("sparsity", bare).caption
    assert not [title for title, _ in tables_network.assumptions(bare) if "MNIST" in title]


def test_a_network_with_a_hidden_layer_says_how_it_was_trained_and_how_good_it_is(network):
    said = words_of(network, "bits, tuning error, read noise, sparsity")
    train, test = (len(each) for each in (network.trained.train, network.trained.test))
    assert f"In 64-21-10 (trained on {train} images in {DESIGN.network.epochs} epochs, right in 94.3 % of {test} others), 42.0 % of the hidden" in said
    mnist = f"trained on {MNIST_IMAGES} images in {MNIST_EPOCHS} epochs only, right in 92.1 % of 50 others"
    assert f"In 784-256-10 ({mnist}), 5.5 % of the hidden neurons fire for an image, 0.06 % in a step of 1 ms." in said
    found = {title: plain(words) for title, words in tables_network.assumptions(network)}
    assert mnist in found["784-256-10 is trained on a part of MNIST."]


def test_the_budget_names_what_is_above_zero_and_what_is_not(network, drawings):
    said = words_of(network, "error budget")
    assert "transistor mismatch (9 mV µm): 6.5 points" in said
    assert "For transistor mismatch and quantization the 95 % interval lies above zero." in said
    assert f"The others (read noise, temperature at {MINUS}40 °C, temperature at 85 °C and wires) cannot be told" in said
    assert "The largest single loss, 6.50 points, comes from transistor mismatch." in drawings["budget"].caption
    vague = replace(network, budget=[replace(each, low=-0.1) for each in network.budget])
    assert "No single source has a 95 % interval above zero." in words_of(vague, "error budget")
    assert "No interval lies above 0." in draw("budget", vague).caption


def test_the_budget_has_a_row_for_each_source(network):
    shown = rows(tables_network.budget(network))
    assert [row[0] for row in shown] == [each.source for each in network.budget]
    assert shown[2] == ["transistor mismatch", "9 mV µm", "units, superposed", "60", "8", "92.0 %", "6.50", "5.50 to 7.50"]


def test_all_that_is_in_the_last_row_is_printed(network, drawings):
    printed = plain(pretty(TOGETHER))
    assert rows(tables_network.budget(network))[-1][1] == printed
    assert f"All together ({printed}), on 60 images," in words_of(network, "error budget")
    assert f"all together, {printed}" in " ".join(texts(drawings["budget"]))
    assert max(len(each) for each in texts(drawings["budget"])) < 80
    assert "device variation is left out of it, since tuning takes it away" in tables_network.budget(network)["caption"]


def test_a_loss_that_rounds_to_zero_has_no_sign():
    assert tables_network.points_lost(-1e-5) == "0.0"
    assert tables_network.points_lost(-0.012) == f"{MINUS}1.2"


def test_yields_have_their_intervals(network):
    shown = rows(tables_network.yields(network))
    good, of = network.chips.good("baseline")
    low, high = clopper_pearson(good, of)
    assert [row[0] for row in shown] == ["as they are", "over their baselines", "over their baselines, gains trimmed"]
    assert shown[1][3:] == [f"{good} of {of}", f"{100 * good / of:.0f} % ({100 * low:.0f} to {100 * high:.0f})"]
    assert "over their baselines, gains trimmed 100 % (asked: ≥ 90 %, met)" in words_of(network, "chips with mismatch")


def test_the_trim_adds_what_lies_between_the_two_yields(network):
    added = 100 * (network.chips.share("trimmed") - network.chips.share("baseline"))
    assert f"adds {added:.0f} points{plain(pretty(chapter_network.asked(network, 'trim')))}." in words_of(network, "chips with mismatch")


def test_chips_simulated_whole_stand_beside_their_superposition(network):
    said = words_of(network, "chips with mismatch")
    claim = plain(pretty(chapter_network.asked(network, "superposition")))
    assert f"2 of the chips were simulated whole too, without a trim: on 17 of 19 images they give the class of the superposition{claim};" in said
    assert "the whole circuit is right in 89.5 %, the superposition in 89.5 %. 1 of the runs failed and is in no count." in said


def test_without_chips_simulated_whole_nothing_is_said_of_them(network):
    bare = replace(network, whole=[])
    assert "whole" not in words_of(bare, "chips with mismatch")
    dead = replace(network, whole=[replace(each, whole=np.full(10, -1)) for each in network.whole[:1]])
    assert "1 of the chips was simulated whole too, without a trim; none of the 10 runs passed." in words_of(dead, "chips with mismatch")


def test_the_spread_in_a_chip_leaves_out_what_all_its_columns_have_in_common(network):
    apart = np.arange(8.0)[:, None]
    assert tables_network.within_chips(network.drawn.gains + apart) == pytest.approx(tables_network.within_chips(network.drawn.gains))
    shown = rows(tables_network.spreads(network))
    peak = network.drawn.gains.mean()
    assert shown[2][3] == plain(percent(tables_network.within_chips(network.drawn.baselines) / peak, digits=2))
    assert [row[0] for row in shown] == ["peak", "decay of the membrane", "baseline"]


def test_chips_far_below_the_goal_are_counted_instead_of_drawn(network, drawings):
    assert "8 accuracies lie left of the axis." in drawings["chips"].caption
    near = replace(network, chips=replace(network.chips, accuracies={"baseline": np.linspace(0.86, 0.91, 8)}))
    assert "left of the axis" not in draw("chips", near).caption


def test_energies_stand_for_every_network_and_bound(network):
    shown = rows(tables_network.efficiency(network))
    assert len(shown) == 4 * len(network.efficiency)
    first = network.efficiency[0]
    assert shown[2][2:] == ["all, window", plain(tables_network.joules(first.energy("all, window")))] + [
        f"{first.per_watt('all, window', each) / 1e9:#.3g}" for each in ("dense", "events")
    ]
    assert plain(tables_network.joules(100e-6)) == "100 µJ"


def test_all_assumptions_of_the_energies_are_there_once(network):
    listed = [each["text"] for each in tables_network.energy_assumptions(network)["items"]]
    wanted = {sentence for each in network.efficiency for sentence in of_energy(each).values()}
    assert len(listed) == len(wanted)
    assert set(listed) == wanted


def test_assumptions_name_what_is_ideal_or_assumed(network):
    found = {title: plain(words) for title, words in tables_network.assumptions(network)}
    assert "2 networks, 4 chips of each" in found["Grids are computed by the model of each chip."]
    assert "with tau of 5 ms" in found["The latency code is completed."]
    assert "on two_pole with ideal op-amps" in found["The check has ideal biases."]
    assert "each of 8 chips" in found["Drawn chips are superposed."]


def test_the_chapter_holds_every_figure_once(sections):
    blocks = [inner for each in sections for block in each["blocks"] for inner in (block["blocks"] if block["kind"] == "pair" else [block])]
    assert sorted(each["file"] for each in blocks if each["kind"] == "figure") == sorted(f"{name}.svg" for name in FIGURES)
    assert [each["kind"] for each in blocks].count("table") == 7
    assert len(sections) == 6
    assert re.search(r"\b(nan|inf)\b", json.dumps(sections, ensure_ascii=False)) is None


def test_the_template_prints_the_chapter(sections, drawings):
    checks = table("checks", [Column("check")], [["none"]])
    first = {
        "mark": "good",
        "headline": "network",
        "explanation": "",
        "word": "",
        "tiles": [],
        "checks": checks,
        "pictures": [],
        "remarks": [{"title": "remark", "text": ""}],
    }
    content = {"title": "Network", "product": "cosim", "design": "small", "verdict": first, "sections": sections}
    made = to_pdf(Document(content, {name: each.svg for name, each in drawings.items()}))
    assert made.startswith(b"%PDF")
    assert len(made) > 100_000


def test_the_first_page_says_what_the_network_is_worth(network):
    (remark,) = verdict._network_remark(network)
    chips = network.chips
    words = plain(remark["text"])
    assert remark["title"] == "The network on it"
    assert f"of {network.check.right('circuit')[1]} test images" in words
    assert f"{chips.good('baseline')[0]} lose at most 1 point, {chips.good('trimmed')[0]} with trimmed columns" in words
    assert verdict._network_remark(None) == []


def titles(document: Document) -> list[str]:
    """Of all sections."""
    return [each["title"] for each in document.content["sections"]]


def test_the_chapter_stands_behind_the_neuron_where_it_was_asked_for(result, verdicts, engine, network, bare):
    plain_report = titles(bare)
    asked = build(result, verdicts, engine, network=network)
    added = [each for each in titles(asked) if each.startswith(chapter_network.TITLE)]
    assert len(added) == 6
    assert [each for each in titles(asked) if each not in added] == plain_report
    assert {f"network_{name}" for name in FIGURES} <= set(asked.pictures)


def test_a_study_that_could_not_run_says_why_in_the_place_of_the_chapter(result, verdicts, engine, monkeypatch):
    def missing(design, lab):
        raise DataError("data set optdigits: not on this machine; `cosim data get optdigits`")

    monkeypatch.setattr("cosim.reporting.pdf.inference.run", missing)
    found, why = _inferred(result.design, Lab(engine=engine))
    text = json.dumps(build(result, verdicts, engine, network=found, uninferred=why).content, ensure_ascii=False)
    assert found is None
    assert "cosim data get optdigits" in text
