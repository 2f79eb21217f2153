"""Flash cells: states as mixtures of normal laws."""

import math
from pathlib import Path

import numpy as np
import pytest

from cosim.channels.channel import discretize
from cosim.channels.flash import FlashChannel, equal_states, flash_channel, load_flash, qlc
from cosim.coding.capacity import capacity
from cosim.errors import DeviceError, InputError

MIXED = FlashChannel(
    name="mixed",
    weights=np.array([[0.8, 0.2], [1.0, 0.0]]),
    means=np.array([[0.0, -1.0], [3.0, 3.0]]),
    deviations=np.array([[0.2, 0.5], [0.1, 0.1]]),
    costs=np.array([0.0, 2e-10]),
)


def test_a_hard_read_half_way_errs_as_the_tail_of_the_normal_law():
    cell = equal_states(4, window_over_deviation=12.0)
    matrix = cell.transition(cell.levels(), np.array([-math.inf, 2.0, 6.0, 10.0, math.inf]))
    tail = 0.5 * math.erfc(2.0 / math.sqrt(2.0))
    far = 0.5 * math.erfc(6.0 / math.sqrt(2.0))
    assert matrix[0, 1] == pytest.approx(tail - far, rel=1e-12)
    assert matrix[1, 1] == pytest.approx(1.0 - 2.0 * tail, rel=1e-12)


def test_only_the_window_over_the_deviation_matters():
    cell = qlc(40.0)
    wider = FlashChannel(name="wider", weights=cell.weights, means=0.1 * cell.means - 1.0, deviations=0.1 * cell.deviations)
    bits = [capacity(discretize(each, bins=400).matrix).bits for each in (cell, wider)]
    assert bits[0] == pytest.approx(bits[1], abs=1e-6)
    assert 3.0 < bits[0] < capacity(discretize(qlc(60.0), bins=400).matrix).bits < 4.0


def test_a_state_of_two_components_has_their_mean_and_spread():
    drawn = MIXED.sample(np.zeros(40000), rng=np.random.default_rng(2))
    assert np.mean(drawn) == pytest.approx(-0.2, abs=0.01)
    assert np.var(drawn) == pytest.approx(0.8 * 0.04 + 0.2 * (0.25 + 1.0) - 0.04, rel=0.03)


def test_energies_are_those_of_the_states():
    assert MIXED.energy(np.array([[0, 1], [1, 0]])).tolist() == [[0.0, 2e-10], [2e-10, 0.0]]
    with pytest.raises(InputError, match=r"^channel flash-qlc-equal: has no energies$"):
        qlc(40.0).energy(np.zeros(2))


def test_the_shipped_cell_has_a_wide_erased_state():
    cell = flash_channel(load_flash())
    assert len(cell.levels()) == 16
    assert cell.means[[0, -1], 0].tolist() == [-1.0, 5.0]
    assert cell.deviations[0, 0] == pytest.approx(3.0 * cell.deviations[1, 0])
    assert np.ptp(cell.deviations[1:]) == 0.0
    assert {name for name, _ in load_flash().sources} == {"states", "erased", "window", "deviation", "erased_deviation"}


def test_some_of_the_states_are_spread_evenly():
    assert qlc(40.0).levels(4).tolist() == [0.0, 5.0, 10.0, 15.0]
    with pytest.raises(InputError, match=r"levels=17: must be within 1\.\.16, as many as it has$"):
        qlc(40.0).levels(17)


@pytest.mark.parametrize("state", [-1.0, 2.0, 0.5, math.nan, math.inf])
def test_a_state_that_there_is_not_is_refused(state: float):
    with pytest.raises(InputError, match=r"^channel mixed, state=[^\n]*: must be a whole number within 0\.\.1$"):
        MIXED.sample(np.array([0.0, state]), rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weights": np.array([[0.8, 0.1], [1.0, 0.0]])}, r"channel mixed, weights=\[0\.9, 1\.0\]: must be >= 0, with the sum 1 for each state"),
        ({"deviations": np.zeros((2, 2))}, r"channel mixed, deviation=0: must be > 0 V"),
        ({"means": np.full((2, 2), math.nan)}, r"channel mixed, means=nan: must be finite"),
        ({"means": np.ones((1, 2))}, r"channel mixed, shape of the means=\(1, 2\): must be .*"),
        ({"costs": np.array([1.0])}, r"channel mixed, costs=shape \(1,\): must be 2 energies >= 0 J"),
        ({"costs": np.array([1.0, math.nan])}, r"channel mixed, costs=shape \(2,\): must be 2 energies >= 0 J"),
    ],
)
def test_values_that_make_no_cell_are_refused(changed: dict[str, object], message: str):
    values = {name: getattr(MIXED, name) for name in ("name", "weights", "means", "deviations", "costs")} | changed
    with pytest.raises(InputError, match=rf"^{message}$"):
        FlashChannel(**values)


def test_a_card_with_half_a_state_or_no_window_is_refused(tmp_path: Path):
    from cosim.resources import device_data

    text = (device_data() / "channel" / "flash_qlc.toml").read_text(encoding="utf-8")
    for old, new, message in (("value = 16,", "value = 2.5,", r"states=2\.5: must be a whole number"), ("value = 6.0", "value = 0", r"window=0: must be > 0")):
        (tmp_path / "mine.toml").write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(InputError, match=rf"^flash_qlc, {message}$"):
            load_flash(str(tmp_path / "mine.toml"))
    with pytest.raises(DeviceError, match=r"states=1: must be within 2\.\.4096$"):
        equal_states(1, window_over_deviation=10.0)
