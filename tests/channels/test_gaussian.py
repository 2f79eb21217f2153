"""The normal stand-in of a channel, and the card of the phase-change cells."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cosim.channels.channel import Axis, discretize
from cosim.channels.gaussian import COLUMNS, PCM, GaussianChannel, load_gaussian, pcm_card, read_card_table
from cosim.channels.measured import MeasuredChannel, zarcone
from cosim.channels.tables import Measurements
from cosim.coding.capacity import capacity
from cosim.errors import DataError, InputError
from cosim.resources import device_data

AXES = {"written": Axis(name="x", unit="1", least=0.0, most=2.0), "read": Axis(name="y", unit="1", least=-3.0, most=5.0)}
CARD = device_data() / "channel" / f"{PCM}.csv"


def channel(**changed: object) -> GaussianChannel:
    values = {"inputs": np.array([0.0, 1.0, 2.0]), "means": np.array([0.0, 1.0, 3.0]), "deviations": np.array([0.1, 0.2, 0.4]), **changed}
    return GaussianChannel(name="made", **AXES, **values)  # type: ignore[arg-type]


def test_mean_and_deviation_are_straight_between_inputs():
    means, deviations = channel().moments(np.array([0.5, 1.5]))
    assert (means.tolist(), deviations.tolist()) == (pytest.approx([0.5, 2.0]), pytest.approx([0.15, 0.3]))
    drawn = channel().sample(np.full(20000, 1.5), rng=np.random.default_rng(1))
    assert (np.mean(drawn), np.std(drawn)) == (pytest.approx(2.0, abs=0.01), pytest.approx(0.3, rel=0.02))


def test_two_inputs_far_apart_hold_one_bit():
    made = channel(means=np.array([0.0, 0.0, 5.0]), deviations=np.array([0.1, 0.1, 0.1]))
    bits = capacity(discretize(made, levels=np.array([0.0, 2.0]), bins=100).matrix).bits
    assert bits == pytest.approx(1.0, abs=1e-9)
    assert bits <= 1.0 + 1e-12


def test_the_stand_in_has_the_moments_of_the_reads():
    rng = np.random.default_rng([0, 64])
    reads = 10.0 ** (np.repeat([5.0, 4.5], 40) + 0.1 * rng.standard_normal(80))
    energy = np.repeat([1e-12, 2e-12], 40)
    measured = MeasuredChannel.from_measurements(Measurements(source="made", written=np.repeat([1.0, 2.0], 40), read=reads, energy=energy))
    stand_in = GaussianChannel.of(measured)
    assert stand_in.means == pytest.approx([np.mean(np.log10(reads[:40])), np.mean(np.log10(reads[40:]))], rel=1e-12)
    assert stand_in.deviations[0] == pytest.approx(np.std(np.log10(reads[:40]), ddof=1), rel=1e-12)
    assert stand_in.energy(1.5) == pytest.approx(1.5e-12)
    assert (stand_in.name, stand_in.read) == ("made-gaussian", measured.read)


def test_the_stand_in_of_the_phase_change_cells_has_its_capacity():
    bits = capacity(discretize(load_gaussian(), bins=1000).matrix).bits
    assert bits == pytest.approx(2.1066, abs=1e-4)
    assert 20.0 * math.log10(2.0) * bits == pytest.approx(12.68, abs=0.01)
    assert capacity(discretize(load_gaussian(raw=True), bins=1000).matrix).bits == pytest.approx(1.4791, abs=1e-4)


def test_quantiles_of_the_card_rise_and_lie_about_the_mean():
    header, columns = read_card_table(CARD, COLUMNS)
    quantiles = np.stack([columns[name] for name in COLUMNS if name.startswith("quantile")])
    assert quantiles.shape == (5, 101)
    assert np.all(np.diff(quantiles, axis=0) > 0)
    assert np.max(np.abs(quantiles[2] - columns["mean"]) / columns["deviation"]) < 0.5
    assert "10, 6831" in header["source"]
    assert header["valid"].startswith("0.7..1.7 V in 101 steps")


@pytest.mark.data
def test_the_card_is_what_the_measurements_give(data_file: Callable[..., Path]):
    data_file("pcm_zarcone", "pcm_20140605.npz")
    assert pcm_card() == CARD.read_text(encoding="utf-8")


@pytest.mark.data
def test_the_card_and_the_stand_in_of_the_measurements_are_one_channel(data_file: Callable[..., Path]):
    data_file("pcm_zarcone", "pcm_20140605.npz")
    made, shipped = GaussianChannel.of(zarcone()), load_gaussian()
    assert (made.name, made.written) == (shipped.name, shipped.written)
    assert np.max(np.abs(made.means - shipped.means)) < 1e-5


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"deviations": np.array([0.1, 0.0, 0.1])}, r"channel made, deviation=0: must be > 0"),
        ({"inputs": np.array([0.0, 2.0, 1.0])}, r"channel made, inputs=3: must be >= 2 values that rise"),
        ({"means": np.ones(2)}, r"channel made, means=shape \(2,\): must be 3 finite values, one for each input"),
        ({"means": np.array([0.0, math.nan, 1.0])}, r"channel made, means=shape \(3,\): must be 3 finite values, one for each input"),
        ({"costs": np.array([-1.0, 0.0, 0.0])}, r"channel made, cost=-1: must be >= 0 J"),
    ],
)
def test_values_that_make_no_normal_channel_are_refused(changed: dict[str, object], message: str):
    with pytest.raises(InputError, match=rf"^{message}$"):
        channel(**changed)


def test_a_damaged_card_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"^card none\.csv: no such file or directory$"):
        load_gaussian("none")
    for content in ("", "# name: x\n", "a,b\n1,2\n", ",".join(COLUMNS) + "\n1,2\n"):
        (tmp_path / "card.csv").write_text(content, encoding="utf-8")
        with pytest.raises(DataError, match=r"^card\.csv: must be a table of input, mean, deviation"):
            read_card_table(tmp_path / "card.csv", COLUMNS)
