"""Read noise: its size, its memory, and the way into a simulator."""

from pathlib import Path

import numpy as np
import pytest

from cosim.analysis import Tran
from cosim.circuits.circuit import Circuit
from cosim.circuits.elements import Memristor, VoltageSource
from cosim.devices.memristor.card import load_memristor
from cosim.devices.memristor.read_noise import ReadNoise, flat, load_read_noise
from cosim.devices.memristor.static import conductance, state_of_conductance
from cosim.errors import CosimError, DeviceError
from cosim.resources import device_data
from cosim.simulation import simulate

PAPER = load_read_noise("lim2025_read_noise")
DEVICE = load_memristor("lim2025_full_window")


def test_the_deviation_rises_as_the_conductance_falls():
    grid = np.geomspace(5.7e-6, 1e-3, 50)
    assert np.all(np.diff(PAPER.deviation(grid)) < 0)
    assert PAPER.deviation(PAPER.conductance) == pytest.approx(PAPER.relative_deviation)
    assert PAPER.deviation(50e-6) == pytest.approx(0.02)


def test_outside_of_the_table_the_deviation_is_that_of_its_end():
    assert PAPER.deviation(np.array([1e-7, 1.0])) == pytest.approx([PAPER.relative_deviation[0], PAPER.relative_deviation[-1]])


def test_traces_have_the_deviation_of_their_conductance():
    levels = np.array([5.7e-6, 50e-6, 200e-6])
    found = PAPER.trace(levels, np.arange(20000) * 0.3, rng=np.random.default_rng(1))
    assert found.shape == (3, 20000)
    assert found.std(axis=1) == pytest.approx(PAPER.deviation(levels), rel=0.03)
    assert np.abs(found.mean(axis=1) / PAPER.deviation(levels)).max() < 0.05


@pytest.mark.parametrize("lag", [1, 3, 10])
def test_the_correlation_fades_with_the_correlation_time(lag: int):
    interval = 0.05
    found = PAPER.trace(np.array(50e-6), np.arange(100000) * interval, rng=np.random.default_rng(2))
    assert np.corrcoef(found[:-lag], found[lag:])[0, 1] == pytest.approx(np.exp(-lag * interval / PAPER.correlation_time), abs=0.03)


def test_uneven_times_keep_the_deviation_and_the_correlation():
    times = np.cumsum(np.tile([0.01, 1.0], 20000))
    found = PAPER.trace(np.array(50e-6), times, rng=np.random.default_rng(3))
    assert found.std() == pytest.approx(0.02, rel=0.03)
    assert np.corrcoef(found[1::2][:-1], found[2::2])[0, 1] == pytest.approx(np.exp(-0.01 / 0.3), abs=0.02)
    assert np.corrcoef(found[::2], found[1::2])[0, 1] == pytest.approx(np.exp(-1.0 / 0.3), abs=0.03)


def test_white_noise_has_no_memory_and_averages_out():
    found = flat(0.02).trace(np.full(2000, 1e-4), np.arange(30.0), rng=np.random.default_rng(4))
    assert np.corrcoef(found[:, :-1].ravel(), found[:, 1:].ravel())[0, 1] == pytest.approx(0.0, abs=0.02)
    assert found.mean(axis=1).std() == pytest.approx(0.02 / np.sqrt(30), rel=0.05)


def test_noise_of_long_memory_does_not_average_out():
    found = flat(0.02, correlation_time=1e6).trace(np.full(2000, 1e-4), np.arange(30.0), rng=np.random.default_rng(5))
    assert found.mean(axis=1).std() == pytest.approx(0.02, rel=0.05)


def test_the_same_seed_draws_the_same_trace():
    first, second = (PAPER.trace(np.array([1e-5]), np.arange(10.0), rng=np.random.default_rng(6)) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_simulated_read_shows_the_draws_of_the_stimulus():
    state = state_of_conductance(DEVICE, np.array([50e-6]), voltage=0.05)
    trace = PAPER.stimulus(50e-6, duration=20.0, interval=0.1, rng=np.random.default_rng(7))
    drawn = PAPER.trace(np.asarray(50e-6), np.arange(0.0, 20.1, 0.1), rng=np.random.default_rng(7))
    assert [value for _, value in trace.points] == drawn.tolist()
    circuit = Circuit(
        name="noisy",
        elements=(VoltageSource("te", "te", "0", 0.05), Memristor(name="1", top="te", bottom="0", card=DEVICE, state=float(state[0]), noise=trace)),
    )
    waves = simulate(circuit, Tran(stop=20.0, max_step=0.1), saved=("i(vte)",)).require()
    seen = -waves.at("i(vte)", np.arange(0.0, 20.0, 0.1)) / 0.05
    base = float(conductance(DEVICE, state, voltage=0.05)[0])
    assert seen / base - 1 == pytest.approx(drawn[:200], abs=1e-3 * np.abs(drawn).max() + 0.005 * np.abs(drawn).max())
    assert (seen.std() / seen.mean()) == pytest.approx(drawn[:200].std(), rel=0.02)


REFUSED = {
    "lengths": ({"relative_deviation": (0.1,)}, "read noise n, relative_deviation=1 values: must be as many as conductances, 2"),
    "falling": ({"conductance": (2e-6, 1e-6)}, "read noise n, conductance=[2e-06, 1e-06]: must be positive and rising"),
    "zero": ({"conductance": (0.0, 1e-6)}, "read noise n, conductance=[0.0, 1e-06]: must be positive and rising"),
    "negative": ({"relative_deviation": (0.1, -0.1)}, "read noise n, relative_deviation=[0.1, -0.1]: must be >= 0"),
    "memory": ({"correlation_time": -1.0}, "read noise n, correlation_time=-1: must be >= 0 s"),
    "no number": ({"correlation_time": float("nan")}, "read noise n, correlation_time=nan: must be >= 0 s"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_impossible_noise_is_named(case: str):
    changes, message = REFUSED[case]
    with pytest.raises(DeviceError) as caught:
        ReadNoise(**{"name": "n", "conductance": (1e-6, 2e-6), "relative_deviation": (0.1, 0.1), "correlation_time": 1.0, **changes})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("correlation_time", "memory", "mine.toml: unknown key 'memory'; allowed are "),
        ('correlation_time = "0.3"', "", "mine.toml: correlation_time is missing"),
        ('"2.4 %"', '"2.4 V"', "mine.toml, relative_deviation[1]='2.4 V': must be a quantity in %, not in 'V'"),
        ('["5.7u", "20u", "50u", "100u", "200u", "1m"]', '"5.7u"', "mine.toml, conductance: must be a list"),
    ],
)
def test_what_is_wrong_in_a_noise_card_is_named(tmp_path: Path, old: str, new: str, message: str):
    text = (device_data() / "read_noise" / "lim2025_read_noise.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "mine.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CosimError) as caught:
        load_read_noise(str(tmp_path / "mine.toml"))
    assert str(caught.value).startswith(message)
