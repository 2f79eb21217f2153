"""The studies on the phase-change cells: a small plan for the shipped moments, the measurements where they are."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.channels.channel import discretize
from cosim.channels.gaussian import GaussianChannel
from cosim.channels.named import named
from cosim.claims import judge
from cosim.design import Design, StorageSection
from cosim.errors import DataError
from cosim.spice.engines import find_engine
from cosim.studies.zarcone2020 import pcm, surrogate
from cosim.studies.zarcone2020.pcm import study as pcm_study
from cosim.studies.zarcone2020.pcm.claims import COMPARED, PRINTED, READS, device_bandwidth, equal_cost, excess
from cosim.studies.zarcone2020.storing import Stored, bound, store_in
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

PLAN = StorageSection(bins=200, starts=4, centers=40, writes=(2.0, 4.0), reads=(2.0, 8.0), bandwidths=(1.0, 2.0))
LAB = Lab(engine=find_engine())


def few(channel: GaussianChannel) -> GaussianChannel:
    """The channel at each tenth voltage only, so that a study takes a second."""
    chosen = np.arange(0, len(channel.inputs), 10)
    return replace(channel, inputs=channel.inputs[chosen], means=channel.means[chosen], deviations=channel.deviations[chosen])


@pytest.fixture(scope="module")
def stored() -> Stored:
    return store_in(few(named("pcm-zarcone2020-gaussian")), PLAN, LAB, seed=1)


def test_every_part_stays_below_the_capacity_and_every_code_below_the_bound(stored: Stored):
    assert stored.capacity.bits <= stored.capacity.upper < stored.capacity.bits + 1e-8
    assert 0.0 < stored.states.bits.max() <= stored.capacity.upper
    assert 0.0 < stored.equal.bits.max() <= stored.capacity.upper
    assert stored.equal.support <= stored.capacity.upper
    for code in (stored.scalar, *stored.smooth.values()):
        assert 5.0 < code.snr <= code.best_decoder_snr + 1e-9 < stored.opta
        assert code.information < stored.capacity.upper
        assert code.distribution.sum() == pytest.approx(1.0)


def test_more_states_hold_more(stored: Stored):
    assert stored.states.at(2, 8) <= 1.0 + 1e-12
    assert stored.states.at(4, 8) > stored.states.at(4, 2) + 0.5


def test_what_is_recalled_is_as_far_off_as_the_code_says(stored: Stored):
    for recalled, code in ((stored.recalled, stored.scalar), (stored.recalled_smooth, stored.smooth["exact"])):
        snr = -10.0 * np.log10(np.mean((recalled - stored.samples) ** 2))
        assert snr == pytest.approx(code.snr, abs=0.3)


def test_the_encoder_on_its_grid_writes_levels_of_the_channel(stored: Stored):
    assert set(np.unique(stored.scalar.written)) <= set(stored.matrix.inputs)
    assert stored.scalar.levels <= len(stored.matrix.inputs)


def test_a_capacity_comes_back_from_the_store(tmp_path):
    matrix = discretize(few(named("pcm-zarcone2020-gaussian")), bins=50)
    with Store.open(tmp_path) as store:
        first = bound(matrix, replace(LAB, store=store))
        again = bound(matrix, replace(LAB, store=store))
    assert again.bits == first.bits
    assert again.distribution.tolist() == first.distribution.tolist()


def test_the_claims_on_the_shipped_moments_are_met():
    found = surrogate.run(Design(storage=StorageSection(starts=12, centers=100)), LAB)
    verdicts = judge(surrogate.CLAIMS, found)
    assert {each.id.rsplit(".", 1)[1]: each.verdict for each in verdicts} == dict.fromkeys(
        ("capacity", "certificate", "opta", "scalar", "sum_of_gaussians"), "met"
    )


def test_without_the_measurements_the_study_says_so(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"pcm_20140605\.npz: no such file$"):
        pcm.run(Design(), LAB)


def test_the_printed_table_has_fifteen_cells_that_are_compared():
    assert len(COMPARED) == 15
    assert all(len(row) == len(READS) for row in PRINTED.values())
    assert max(PRINTED[2]) > 1.0  # which no channel with two inputs can have


@pytest.mark.slow
@pytest.mark.data
def test_the_claims_on_the_measurements_are_met(data_file, monkeypatch: pytest.MonkeyPatch):
    data_file("pcm_zarcone")
    monkeypatch.setattr(pcm_study, "block_codes", lambda *_, **__: ())
    plan = StorageSection(starts=12, centers=100, writes=(2.0, 4.0, 8.0), reads=(2.0, 4.0, 8.0), bandwidths=(1.0, 2.0))
    found = pcm.run(Design(storage=plan), LAB)
    verdicts = {each.id.rsplit(".", 1)[1]: each.verdict for each in judge(pcm.CLAIMS, found)}
    assert {name for name, verdict in verdicts.items() if verdict != "met"} == {
        "states",
        "two_devices",
        "together",
    }  # not run: this plan has few cells and no blocks
    assert min(excess(found).values()) > 0.05  # of the cells that this plan has
    assert 0.06 < equal_cost(found) < 0.07
    assert 1.9 < device_bandwidth(found) < 2.0 + 1e-9
    wider = replace(found, widened={**found.widened, "device": np.array([2.8, 2.7])})
    assert device_bandwidth(wider) == np.inf
