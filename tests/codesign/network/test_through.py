"""Weights through the channel that holds them: its draws, cells that are already written, and arrays written in stages."""

from dataclasses import replace
from math import nan

import numpy as np
import pytest

from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.grids import FastMembranes
from cosim.codesign.network.mapping import Window
from cosim.codesign.network.through import (
    ChannelLayer,
    StagePlan,
    WrittenCells,
    open_cells,
    read_back,
    spread_of_error,
    write_in_stages,
    write_open_loop,
)
from cosim.design import Design
from cosim.devices.memristor.read_noise import flat
from cosim.errors import DesignError, InputError
from cosim.snn.data import digits, split
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork
from cosim.snn.plan import TrainingPlan
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

torch = pytest.importorskip("torch")
pytest.importorskip("snntorch")
from cosim.snn.training import train_network  # noqa: E402

TRAIN, TEST = split(digits(), seed=0)
FEW = TRAIN.pick(np.arange(400))
SPREAD = 0.25
WINDOW = Window(low=1e-5, high=1e-4)
NOMINAL = WrittenCells(levels=np.array([1e-5, 1e-4]), conductance=np.array([[0.9e-5, 1.1e-5], [1.0e-4, 1.2e-4]]))
STILL = TrainingPlan(epochs=1, rate=1e-12, batch=400)


@pytest.fixture(scope="module")
def writer() -> Writer:
    """Of the default design."""
    return Writer.of(Design(), Lab(engine=find_engine("ngspice")))


@pytest.fixture(scope="module")
def network() -> TrainedNetwork:
    """A few epochs of one layer."""
    return train_network(FEW, TEST, plan=TrainingPlan(epochs=8, seed=0))


def stages(number: int, *, order: str = "important", training: TrainingPlan = STILL) -> StagePlan:
    return StagePlan(stages=number, training=training, order=order, reads=4, interval=0.3)


def test_draws_have_the_mean_and_deviation_that_were_measured():
    layer = ChannelLayer(NOMINAL, WINDOW, seed=1)
    drawn = torch.stack([layer(torch.tensor([[0.0, 0.5, 1.0]], dtype=torch.float64)) for _ in range(2000)])[:, 0]
    assert drawn.mean(dim=0).numpy() == pytest.approx([0.1, 0.6, 1.1], rel=5e-3)
    assert drawn.std(dim=0).numpy() == pytest.approx([0.01, 0.055, 0.1], rel=0.06)


def test_each_call_draws_anew_and_an_equal_seed_the_same():
    weights = torch.full((4, 3), 0.5)
    first, again = (ChannelLayer(NOMINAL, WINDOW, seed=1) for _ in range(2))
    one, two = first(weights), first(weights)
    assert not torch.equal(one, two)
    assert torch.equal(one, again(weights))
    assert not torch.equal(one, ChannelLayer(NOMINAL, WINDOW, seed=2)(weights))


def test_cells_that_are_written_stand_with_what_they_hold_and_have_no_gradient():
    weights = torch.full((2, 2), 0.5, requires_grad=True)
    found = ChannelLayer(NOMINAL, WINDOW, seed=1, held=np.array([[3e-5, nan], [nan, 9e-5]]))(weights)
    found.sum().backward()
    assert found.detach().numpy()[[0, 1], [0, 1]] == pytest.approx([0.3, 0.9])
    assert weights.grad is not None
    assert weights.grad.numpy()[[0, 1], [0, 1]].tolist() == [0.0, 0.0]
    assert np.all(np.abs(weights.grad.numpy()[[0, 1], [1, 0]]) > 0.5)


def test_one_pulse_on_devices_of_the_spread_that_was_found_leaves_the_error_on_others_too(writer: Writer):
    target = np.repeat(np.linspace(writer.window.low, writer.window.high, 10), 200)
    spread = spread_of_error(writer, 0.1, target=target, rng=np.random.default_rng(1))
    other = writer.write_open(target, writer.lanes(len(target), rng=np.random.default_rng(2), spread=spread)).conductance
    assert 0.09 < spread < 0.11
    assert np.std(other / target) == pytest.approx(0.1, rel=0.06)


def test_an_error_that_no_spread_leaves_is_refused(writer: Writer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cosim.codesign.network.through.SPREAD_ROUNDS", 1)
    with pytest.raises(DesignError, match=r"^\[loop\], error=0\.3: must be one that a pulse without a read can leave; a spread of 0\.\d+ leaves 0\.\d+$"):
        spread_of_error(writer, 0.3, target=np.full(20, 5e-5), rng=np.random.default_rng(1))


def test_cells_of_the_open_loop_stand_by_level_and_lose_by_their_lines(writer: Writer):
    near, far = (
        open_cells(writer, levels=4, cells=20, spread=0.1, rng=np.random.default_rng(1), wire=None if wire is None else np.full(80, wire))
        for wire in (None, 100.0)
    )
    assert near.conductance.shape == far.conductance.shape == (4, 20)
    assert near.levels.tolist() == pytest.approx(np.linspace(writer.window.low, writer.window.high, 4).tolist())
    assert 0.05 < near.deviation < 0.2
    assert np.all(near.conductance != far.conductance)


def test_reading_back_often_tells_more_than_once():
    noise, held = flat(0.02, correlation_time=0.3), np.full(4000, 5e-5)
    once, often = (read_back(noise, held, reads=reads, interval=0.3, rng=np.random.default_rng(1)) / held for reads in (1, 16))
    assert np.mean(often) == pytest.approx(1.0, abs=1e-3)
    assert np.std(once) == pytest.approx(0.02, rel=0.05)
    assert 0.25 * np.std(once) < np.std(often) < 0.4 * np.std(once)  # a correlation time apart they are not independent


@pytest.mark.parametrize("plan", [stages(1), stages(3), stages(3, order="random")])
def test_a_training_that_moves_nothing_gives_the_array_of_one_go(plan: StagePlan, writer: Writer, network: TrainedNetwork):
    lanes = writer.lanes(640, rng=np.random.default_rng(1), spread=SPREAD)
    cells = open_cells(writer, levels=8, cells=50, spread=SPREAD, rng=np.random.default_rng(2))
    found = write_in_stages(network, FEW, writer, lanes, cells, plan, rng=np.random.default_rng(3))
    assert found.conductance == pytest.approx(write_open_loop(writer, network.layers[0].plus, lanes), rel=1e-4)
    assert 0.005 < np.std(found.known / found.conductance) < 0.03
    again = writer.twin.apply(lanes, found.state.ravel(), np.zeros(640)).conductance
    assert again == pytest.approx(found.conductance.ravel(), rel=1e-9)


def test_written_in_stages_an_array_is_better_on_the_images_it_was_trained_on(writer: Writer, network: TrainedNetwork):
    lanes = writer.lanes(640, rng=np.random.default_rng(1), spread=SPREAD)
    cells = open_cells(writer, levels=8, cells=50, spread=SPREAD, rng=np.random.default_rng(2))
    plan = stages(4, training=TrainingPlan(epochs=2, rate=1e-2))
    ready = FastMembranes.of(network, latency_times(FEW.pixels, network.encoding))
    at_once = write_open_loop(writer, network.layers[0].plus, lanes)
    staged, again = (write_in_stages(network, FEW, writer, lanes, cells, plan, rng=np.random.default_rng(3)).conductance for _ in range(2))
    assert np.array_equal(staged, again)
    assert ready.accuracy(staged / writer.window.high, FEW.labels) > ready.accuracy(at_once / writer.window.high, FEW.labels) + 0.02


def test_a_plan_of_stages_names_what_is_wrong():
    for change, message in (
        ({"stages": 0}, "writing in stages, stages=0: must be >= 1"),
        ({"order": "last"}, "writing in stages, order=last: must be important or random"),
        ({"reads": 0}, "writing in stages, reads=0: must be >= 1"),
    ):
        with pytest.raises(InputError) as caught:
            replace(stages(2), **change)
        assert str(caught.value) == message
