"""The error budget: what a loss and its interval are, and a small network through every source."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.circuits.corners import Mismatch
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.budget import BudgetRow, Sources, Subject, budget, paired_loss
from cosim.codesign.network.columns import measure_columns
from cosim.codesign.network.noise import ReadNoisePlan
from cosim.devices.opamp import load_opamp
from cosim.snn.data import Examples
from cosim.snn.encoding import LatencyCard
from cosim.snn.network import Layer, TrainedNetwork
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

ROWS, OUTPUTS = 9, 3
SOURCES = Sources(
    bits=1,
    gain=1.0,
    rates=(),
    tuning_error=0.5,
    variation=0.3,
    noise=ReadNoisePlan(deviation=0.3, correlation_time=10.0),
    wire_resistance=500.0,
    offset=20e-3,
    mismatch=Mismatch(a_vt=60e-9),
    temperatures=(-40.0, 85.0),
    chips=4,
    seed=1,
)


def test_the_loss_is_that_of_the_same_images():
    without = np.array([True, True, True, False])
    loss, half = paired_loss(without, np.array([[True, False, True, True]]))
    assert loss == 0.0
    assert half == pytest.approx(1.96 * np.sqrt(3.0) / 6.0, rel=1e-3)  # one lost, one won, and one more of both together


def test_nothing_lost_of_a_hundred_does_not_mean_that_nothing_can_be():
    without = np.ones(100, dtype=bool)
    loss, half = paired_loss(without, without[None])
    assert loss == 0.0
    assert 0.015 < half < 0.03


@pytest.mark.parametrize("flipped", [0.005, 0.02, 0.1])
def test_the_interval_holds_the_loss_of_the_whole(flipped: float):
    """Images that are flipped at random, seldom or often: the true mean lies in the interval in at least some 95 % of the cases."""
    rng, inside = np.random.default_rng(1), 0
    for _ in range(600):
        without = rng.random(100) < 0.9
        right = np.where(rng.random((1, 100)) < flipped, ~without, without)
        loss, half = paired_loss(without, right)
        inside += abs(loss - flipped * (0.9 - 0.1)) <= half
    assert inside / 600 > 0.935


def test_chips_that_differ_widen_the_interval():
    without = np.ones(100, dtype=bool)
    bad = np.arange(100) >= 10
    alike, unlike = np.stack([bad, bad]), np.stack([np.ones(100, dtype=bool), np.arange(100) >= 20])
    assert paired_loss(without, alike)[0] == paired_loss(without, unlike)[0] == pytest.approx(0.1)
    assert paired_loss(without, unlike)[1] > 1.5 * paired_loss(without, alike)[1]


def test_a_row_holds_images_and_chips():
    row = BudgetRow.of("wires", "1 ohm", "circuit", without=np.array([True, True]), right=np.array([[True, False]]))
    assert (row.images, row.chips, row.base, row.loss) == (2, 1, 1.0, 0.5)
    assert row.low < 0.5 < row.high


def subject() -> Subject:
    """Three patterns of nine pixels, and images near them."""
    rng = np.random.default_rng(3)
    patterns = rng.uniform(0.2, 1.0, (OUTPUTS, ROWS))
    labels = np.arange(120) % OUTPUTS
    pixels = np.clip(patterns[labels] + 0.12 * rng.standard_normal((120, ROWS)), 0.0, 1.0)
    weights = (patterns / np.linalg.norm(patterns, axis=1)[:, None]).T
    network = TrainedNetwork(layers=(Layer(plus=weights / weights.max()),), encoding=LatencyCard(), dt=1e-3, duration=0.06)
    images = Examples("patterns", pixels, labels)
    parts = Parts()
    return Subject(
        network=network,
        card=load_neuron("robust_array"),
        parts=replace(parts, opamp=load_opamp("opamp_micropower")),
        ideal=load_neuron("two_pole"),
        ideal_parts=parts,
        test=images,
        few=images.pick(np.arange(3)),
    )


@pytest.mark.slow
def test_every_source_is_in_the_budget_and_large_ones_cost():
    lab, found = Lab(engine=find_engine()), subject()
    drawn = measure_columns(found.card, found.parts, lab, chips=2, outputs=OUTPUTS, mismatch=SOURCES.mismatch, seed=1)
    rows = {(each.source, each.setting): each for each in budget(found, SOURCES, drawn, lab)}
    assert [source for source, _ in rows] == [
        "quantization", "tuning error", "device variation", "read noise", "op-amp offset", "transistor mismatch", "temperature", "temperature", "wires",
        "all together",
    ]  # fmt: skip
    lost = {source: each.loss for (source, _), each in rows.items()}
    assert min(lost[each] for each in ("quantization", "tuning error", "device variation", "transistor mismatch", "op-amp offset")) > 0.01
    assert "mismatch, 85 degC" in next(setting for source, setting in rows if source == "all together")
    assert {each.how for each in rows.values()} == {"model", "units", "circuit"}
    assert rows["temperature", "85 degC"].loss < 0.05  # all columns move alike
    assert rows["wires", "500 ohm a segment"].images == 3
    assert all(each.low <= each.loss <= each.high for each in rows.values())
