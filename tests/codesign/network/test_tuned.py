"""Chips whose arrays are really tuned: by the twin and in SPICE, in the circuit, and with stuck cells."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.inference import Hardware, infer
from cosim.codesign.network.tuned import TunedChip, tune_chip
from cosim.codesign.tuning.tune import Outcome
from cosim.design import Design
from cosim.devices.memristor.card import load_memristor
from cosim.errors import DeviceError
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAB = Lab(engine=find_engine("ngspice"), workers=1)
DESIGN = Design()
WEIGHTS = np.array([[0.0, 1.0], [0.3, 0.7], [0.9, 0.1], [0.5, 0.2], [1.0, 0.4]])


@cache
def writer() -> Writer:
    """Of the default design."""
    return Writer.of(DESIGN, LAB)


def written(of: Writer, *, seed: int = 1, in_spice: bool = False) -> TunedChip:
    """Five inputs and two outputs."""
    return tune_chip(of, of.window.conductance(WEIGHTS), rng=np.random.default_rng(seed), in_spice=in_spice)


@cache
def chip() -> TunedChip:
    """By the twin."""
    return written(writer())


def with_stuck(*, low: float = 0.0, high: float = 0.0, most: float = 0.0) -> Writer:
    """The writer with stuck cells, which take few pulses."""
    loop, tuning = replace(DESIGN.loop, stuck_low=low, stuck_high=high, most_stuck=most), replace(DESIGN.tuning, most_pulses=12)
    return replace(writer(), design=replace(DESIGN, loop=loop, tuning=tuning))


def test_weights_are_what_the_cells_conduct_over_the_top_of_the_window():
    found = chip()
    assert found.target == pytest.approx(writer().window.low + WEIGHTS * (writer().window.high - writer().window.low))
    assert found.chip.weights * writer().window.high == pytest.approx(found.array.traces.conductance.reshape(5, 2))
    assert found.chip.weights * writer().window.high == pytest.approx(found.target, rel=0.03)
    assert np.ptp(found.error) > 1e-3
    assert not found.stuck.any()


def test_cells_lie_in_the_array_as_their_weights_do_in_the_layer():
    found = chip()
    assert found.array.shape == (5, 2)
    assert found.array.lanes.wire.reshape(5, 2)[:, 1] == pytest.approx(2.0 * DESIGN.tuning.wire_resistance * np.arange(1, 6))
    cells = found.chip.plus.cells
    assert np.array_equal(cells.states.ravel(), found.array.traces.state)
    assert np.array_equal(cells.current_scale.ravel(), found.array.lanes.current_scale)
    assert np.array_equal(cells.series_scale.ravel(), found.array.lanes.series_scale)


def test_equal_draws_give_equal_chips():
    again, other = written(writer()), written(writer(), seed=2)
    assert np.array_equal(chip().chip.weights, again.chip.weights)
    assert not np.array_equal(chip().chip.weights, other.chip.weights)


def test_costs_are_those_of_all_pulses():
    found = chip()
    traces = found.array.traces
    assert found.pulses == np.isfinite(traces.amplitudes).sum() >= 2 * WEIGHTS.size
    assert found.energy == pytest.approx(traces.energy.sum())
    assert found.time == pytest.approx(traces.time.sum())
    assert found.inside == np.mean(np.abs(found.error) <= writer().controller.band) == 1.0
    assert found.false_successes == found.not_reached == 0


def test_every_way_a_cell_can_end_is_counted():
    found = chip()
    ends = (Outcome.false_success, Outcome.not_reached, Outcome.not_reached, *found.array.traces.outcome[3:])
    changed = replace(found, array=replace(found.array, traces=replace(found.array.traces, outcome=ends)))
    assert (changed.false_successes, changed.not_reached, changed.inside) == (1, 2, pytest.approx(0.7))


def test_a_chip_written_in_spice_multiplies_in_the_circuit_with_the_conductances_that_tuning_left():
    found, card = written(writer(), in_spice=True), load_neuron(DESIGN.network.variant)
    assert found.inside == 1.0
    times = np.where(np.eye(5, dtype=bool)[[0, 2, 4]], 2e-3, np.inf)  # one input alone in each image
    parts = Parts(memristor=load_memristor(DESIGN.neuron.memristor))
    hardware = Hardware(card=card, parts=parts, cells=found.chip.plus.cells, wire_resistance=DESIGN.tuning.wire_resistance)
    peaks = infer(hardware, times, LAB, duration=0.03).peaks
    conductance = found.chip.plus.conductance[[0, 2, 4]]
    assert peaks.min() > 1e-5
    assert peaks / peaks.max() == pytest.approx(conductance / conductance.max(), rel=0.01)


def test_more_stuck_cells_than_allowed_are_refused():
    with pytest.raises(DeviceError, match=r"^array, stuck cells=1 of 10 \(the first in row \d, column \d, at .* S\): must be <= 0 %, \[loop\] most_stuck$"):
        written(with_stuck(low=0.1))


def test_with_as_many_stuck_cells_as_allowed_the_loop_goes_on():
    found = written(with_stuck(low=0.1, high=0.1, most=0.2))
    assert found.stuck.sum() == found.not_reached == 2
    assert np.array_equal(found.stuck.ravel(), ~np.isnan(found.array.lanes.stuck))
    assert np.abs(found.error[found.stuck]).min() > writer().controller.band
    assert np.abs(found.error[~found.stuck]).max() <= writer().controller.band
    assert found.inside == pytest.approx(0.8)
