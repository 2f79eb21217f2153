"""Channels by name and from files."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cosim.channels.channel import Channel, discretize
from cosim.channels.gaussian import GaussianChannel
from cosim.channels.measured import MeasuredChannel
from cosim.channels.named import NAMES, named, open_channel
from cosim.coding.capacity import capacity
from cosim.errors import DataError, InputError

SHIPPED = [name for name, each in NAMES.items() if not each.needs_data]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Six levels of two devices, of which the second reads twice as high."""
    rng = np.random.default_rng([0, 65])
    level, device = np.repeat(np.arange(6), 60), np.tile([0, 1], 180)
    frame = pd.DataFrame({"V": 1.0 + 0.1 * level, "R": 1e5 * 0.6**level * 2.0**device * np.exp(0.1 * rng.standard_normal(360)), "device": device})
    frame.to_csv(tmp_path / "lab.csv", index=False)
    return tmp_path / "lab.csv"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_name_opens_a_channel_of_that_name(name: str):
    channel = open_channel(name)
    assert isinstance(channel, Channel)
    assert channel.name == name
    assert NAMES[name].description
    assert "\n" not in NAMES[name].description


def test_a_name_whose_measurements_are_not_there_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    wanting = [name for name, each in NAMES.items() if each.needs_data]
    assert wanting == ["pcm-zarcone2020", "pcm-zarcone2020-raw", "rram-a", "rram-b"]
    for name, stand_in in zip(wanting, ("pcm-zarcone2020-gaussian",) * 2 + ("rram-a-levels", "rram-b-levels"), strict=True):
        with pytest.raises(DataError, match=rf"no such file; docs/data\.md says where it goes, {stand_in} stands in for it$"):
            open_channel(name)
        assert open_channel(stand_in).name == stand_in


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name, each in NAMES.items() if each.needs_data])
def test_every_measured_name_opens_a_channel_of_that_name(data_file: Callable[..., Path], name: str):
    data_file("pcm_zarcone", "pcm_20140605.npz")
    assert open_channel(name).name == name


def test_a_table_that_nobody_has_seen_has_a_capacity(table: Path):
    pooled, normalized = open_channel(table), open_channel(str(table), normalize=True)
    assert isinstance(pooled, MeasuredChannel)
    assert (pooled.name, pooled.written.name, pooled.written.unit, pooled.read.name) == (str(table), "voltage", "V", "log10 of resistance in ohm")
    bits = [capacity(discretize(each, bins=300).matrix) for each in (pooled, normalized)]
    assert 0.5 < bits[0].bits < bits[1].bits < np.log2(6)
    assert max(each.gap for each in bits) < 1e-8


def test_reads_of_a_table_may_be_taken_as_they_are(tmp_path: Path):
    rng = np.random.default_rng([0, 66])
    frame = pd.DataFrame({"written": np.repeat([0.0, 1.0], 20), "read": rng.standard_normal(40)})
    frame.to_csv(tmp_path / "lab.csv", index=False)
    channel = open_channel(tmp_path / "lab.csv", raw_reads=True)
    assert (channel.read.name, channel.read.least < np.min(frame["read"]) < 0.0) == ("read value", True)
    with pytest.raises(DataError, match=r"rows dropped=|channel"):
        open_channel(_shifted(tmp_path, frame))


def _shifted(folder: Path, frame: pd.DataFrame) -> Path:
    frame.assign(read=frame["read"] - 10.0).to_csv(folder / "low.csv", index=False)
    return folder / "low.csv"


def test_a_file_called_like_a_channel_is_given_with_its_folder(table: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(table.parent)
    table.rename("flash-qlc")
    assert isinstance(open_channel("./flash-qlc"), MeasuredChannel)
    assert not isinstance(open_channel("flash-qlc"), MeasuredChannel)
    Path("flash-qlc").rename("mine")
    assert open_channel("mine").name == "mine"


def test_a_wrong_name_is_told_with_the_nearest_ones():
    with pytest.raises(InputError, match=r"^channel 'pcm-zarcone': must be a name or the path of a table; did you mean pcm-zarcone2020 or "):
        open_channel("pcm-zarcone")
    with pytest.raises(InputError, match=r"^channel 'q': must be a name or the path of a table; the names are pcm-zarcone2020, .*, pcm-hermes-pair$"):
        named("q")
    with pytest.raises(InputError, match=r"^channel 'a{80}': [^\n]*$"):
        open_channel("a" * 5000)


@pytest.mark.parametrize("what", ["none.csv", "nowhere/table", "..", "a\0.npz"])
def test_a_file_that_there_is_not_is_refused_in_one_line(what: str):
    with pytest.raises(DataError, match=r"^[^\n]+$"):
        open_channel(what)


def test_options_that_do_not_go_with_a_channel_are_refused(table: Path, tmp_path: Path):
    with pytest.raises(InputError, match=r"^channel flash-qlc, bandwidth=2: must be left out, as it has no kernels$"):
        open_channel("flash-qlc", bandwidth=2.0)
    with pytest.raises(InputError, match=r"^channel tio2, normalize=True: must be left out; it goes with a table in a file$"):
        open_channel("tio2", normalize=True)
    with pytest.raises(InputError, match=r"^channel tio2, raw_reads=True: must be left out"):
        open_channel("tio2", raw_reads=True)
    pd.read_csv(table).drop(columns="device").to_csv(tmp_path / "alone.csv", index=False)
    with pytest.raises(InputError, match=r"alone\.csv: normalization needs a column device and reads in decades$"):
        open_channel(tmp_path / "alone.csv", normalize=True)
    with pytest.raises(InputError, match=r"bandwidth=-1: must be within 0\.01\.\.100, in units of Scott's$"):
        open_channel(table, bandwidth=-1.0)


def test_the_list_of_names_loads_no_channel():
    program = "import sys, cosim.channels.named\nprint([each for each in ('scipy', 'pandas', 'torch', 'cosim.channels.population') if each in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == "[]"


def test_the_stand_in_of_the_phase_change_cells_is_shipped():
    assert isinstance(named("pcm-zarcone2020-gaussian"), GaussianChannel)
