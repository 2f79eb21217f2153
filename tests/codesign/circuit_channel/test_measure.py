"""The tuned cell measured: a few cells through the whole path, and what the measurement says of itself."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.channels.tables import read_measurements
from cosim.codesign.circuit_channel.measure import check_reads, measure, noise_after, touching_levels
from cosim.codesign.circuit_channel.writer import Writer
from cosim.codesign.network.mapping import Window
from cosim.design import Design
from cosim.devices.memristor.read_noise import flat
from cosim.errors import DesignError
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

DESIGN = replace(Design(), loop=replace(Design().loop, levels=4, samples=12))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """With a store of its own."""
    with Store.open(tmp_path_factory.mktemp("cells") / "store") as store:
        yield Lab(engine=find_engine("ngspice"), store=store)


@pytest.fixture(scope="module")
def cells(lab):
    """Four levels, twelve devices each."""
    return measure(Writer.of(DESIGN, lab), lab)


def test_reads_lie_around_the_targets_that_were_written(cells):
    assert cells.reads.shape == (3, 48)
    assert np.mean(cells.inside) > 0.9
    assert np.max(np.abs(cells.true / cells.target - 1.0)) < 0.06
    assert np.max(np.abs(cells.reads / cells.target - 1.0)) < 0.2
    assert [len(each) for each in cells.groups(cells.true)] == [12] * 4


def test_a_read_without_noise_is_nearer_than_one_with_noise(cells):
    quiet, noisy = (np.std(np.log(each / cells.true)) for each in (cells.quiet, cells.reads[-1]))
    assert 0.0 < quiet < noisy


def test_a_read_soon_after_sees_the_noise_that_the_cell_was_accepted_with():
    noise, rng = flat(0.02, correlation_time=0.3), np.random.default_rng(1)
    left = rng.standard_normal(20_000)
    found = noise_after(noise, left, (10e-3, 0.3, 100.0), rng=rng)
    kept = [float(np.corrcoef(left, each)[0, 1]) for each in found]
    assert kept == pytest.approx([np.exp(-1 / 30), np.exp(-1.0), 0.0], abs=0.03)
    assert np.std(found, axis=1) == pytest.approx(1.0, abs=0.03)


def test_white_noise_keeps_nothing():
    found = noise_after(flat(0.02), np.full(1000, 9.0), (1e-3,), rng=np.random.default_rng(0))
    assert np.max(np.abs(found)) < 6.0


def test_the_table_is_read_back_as_it_was_measured(cells, tmp_path):
    (tmp_path / "cells.csv").write_text(cells.to_csv(), encoding="utf-8")
    table, wanted = read_measurements(tmp_path / "cells.csv"), cells.measurements()
    assert table.quantities[1] == ("conductance", "S")
    for name in ("written", "read", "delay", "device", "energy"):
        assert getattr(table, name) == pytest.approx(getattr(wanted, name), rel=1e-4)


def test_the_channel_has_the_levels_and_delays_of_the_design(cells):
    channel = cells.channel()
    assert channel.inputs == pytest.approx(np.geomspace(7.5e-6, 140e-6, 4), rel=1e-5)
    assert channel.times == pytest.approx([0.01, 1.0, 100.0])
    assert channel.moments(delay=100.0)[0] == pytest.approx(np.log10(channel.inputs), abs=0.05)


def test_a_second_measurement_comes_from_the_store(cells, lab):
    asked = []
    again = measure(Writer.of(DESIGN, lab), replace(lab, progress=lambda done, among: asked.append(done)))
    assert np.array_equal(cells.reads, again.reads)
    assert not asked


def test_bands_that_touch_are_counted_by_hand():
    window = Window(low=1e-6, high=8e-6)  # a band of a third: neighbors are a factor of two apart, 1, 2, 4 and 8
    assert touching_levels(window, 1.0 / 3.0) == 4
    assert touching_levels(Window(low=1e-6, high=7.9e-6), 1.0 / 3.0) == 3


def test_an_offset_that_swallows_the_lowest_level_is_refused():
    design = replace(DESIGN, neuron=replace(DESIGN.neuron, offset=5e-3))
    with pytest.raises(DesignError, match=r"^\[neuron\], offset=0\.005: must be smaller: cells of 7\.5e-06 S are read as -2e-06 S$"):
        check_reads(np.array([1e-5, -2e-6]), design)
