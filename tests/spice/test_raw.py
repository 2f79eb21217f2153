"""Raw files: real ones of LTspice and ngspice, round trips, truncation."""

import struct
from pathlib import Path

import numpy as np
import pytest

from cosim.errors import DataError, InputError, SimulationError
from cosim.spice.raw import read_raw
from cosim.status import Status
from cosim.waves import Waves

EXAMPLES = ("ltspice_spicelib", "examples", "testfiles")
DC = np.array([0.0, 0.5, 1.0])
KINDS = {
    "time": ("time", np.array([0.0, 1e-9, 3e-9]), {"v(x1.n)": np.array([0.1, 1 / 3, -2e-12]), "i(v1)": np.array([1e-3, 0.0, 5.0]), "id(m1)": DC}),
    "dc": ("v1", DC, {"v(out)": DC**2}),
    "nested_dc": ("v1", DC, {"v(out)": np.array([DC, 2 * DC]), "i(v1)": np.array([-DC, 3 * DC])}),
    "ac": ("frequency", np.array([1.0, 10.0, 100.0]), {"v(out)": np.array([1.0, 0.5 - 0.5j, 0.1j])}),
    "noise": ("frequency", np.array([1.0, 10.0, 100.0]), {"v(onoise)": np.array([3e-9, 2e-9, 1e-9])}),
    "op": ("", np.zeros(1), {"v(out)": np.array([1 / 7]), "i(v1)": np.array([-1e-12])}),
}


def _waves(name: str, axis: np.ndarray, signals: dict[str, np.ndarray]) -> Waves:
    return Waves(axis_name=name, axis=axis, signals=signals, engine="ngspice", version="39", digest="", status=Status.ok)


def _ngspice_file(path: Path, *, points: int = 2, flags: str = "real", kept: int | None = None, plot: str = "Transient Analysis") -> Path:
    """A binary raw file as ngspice 39 writes it, `kept` of its data bytes left."""
    header = f"Title: * t\nPlotname: {plot}\nFlags: {flags}\nNo. Variables: 2\nNo. Points: {points}\n"
    data = struct.pack("<4d", 0.0, 1.0, 1e-9, 2.0)
    path.write_bytes(f"{header}Variables:\n\t0\ttime\ttime\n\t1\tv(out)\tvoltage\nBinary:\n".encode() + data[:kept])
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_reads_back_equal(kind, tmp_path):
    name, axis, signals = KINDS[kind]
    path = tmp_path / "out.raw"
    _waves(name, axis, signals).to_raw(path)
    read_name, read_axis, read = read_raw(path)
    assert read_name == name
    assert np.array_equal(read_axis, axis)
    assert list(read) == list(signals)
    assert all(np.array_equal(read[each], signals[each]) for each in signals)


def test_the_written_header_is_that_of_ltspice(tmp_path):
    path = tmp_path / "out.raw"
    _waves(*KINDS["time"]).to_raw(path)
    header = path.read_bytes().partition("Binary:\n".encode("utf-16-le"))[0].decode("utf-16-le")
    assert header.startswith("Title: *")
    assert "Plotname: Transient Analysis\nFlags: real double forward\nNo. Variables: 4\n" in header
    assert "\nCommand: Linear Technology Corporation LTspice" in header
    assert "\t0\ttime\ttime\n\t1\tV(x1:n)\tvoltage\n\t2\tI(v1)\tdevice_current\n\t3\tId(m1)\tdevice_current\n" in header


def test_a_batch_of_transients_is_not_written_into_one_file(tmp_path):
    waves = _waves("time", DC, {"v(out)": np.array([DC, DC])})
    with pytest.raises(InputError, match=r"^raw file, batch of 2 runs: must be one run; write one file each$"):
        waves.to_raw(tmp_path / "out.raw")


def test_a_failed_run_is_not_written(tmp_path):
    failed = Waves(axis_name="", axis=np.zeros(0), signals={}, engine="ngspice", version="39", digest="", status=Status.timeout)
    with pytest.raises(SimulationError, match=r"^ngspice 39, timeout; "):
        failed.to_raw(tmp_path / "out.raw")
    assert not (tmp_path / "out.raw").exists()


def test_a_whole_file_of_ngspice_is_read(tmp_path):
    name, axis, signals = read_raw(_ngspice_file(tmp_path / "deck.raw"), "ngspice")
    assert (name, axis.tolist(), signals["v(out)"].tolist()) == ("time", [0.0, 1e-9], [1.0, 2.0])


def test_a_file_cut_inside_of_its_data_is_found(tmp_path):
    path = _ngspice_file(tmp_path / "deck.raw", kept=31)
    with pytest.raises(DataError, match=r"deck\.raw: truncated; its header promises 32 bytes of data, 31 are there$"):
        read_raw(path, "ngspice")


def test_a_file_cut_inside_of_its_header_is_found(tmp_path):
    path = tmp_path / "deck.raw"
    path.write_bytes(_ngspice_file(path).read_bytes()[:60])
    with pytest.raises(DataError, match=r"deck\.raw: truncated inside of its header$"):
        read_raw(path, "ngspice")


def test_a_file_of_an_aborted_run_is_found(tmp_path):
    with pytest.raises(DataError, match=r"deck\.raw: holds no points; the analysis was cut short$"):
        read_raw(_ngspice_file(tmp_path / "deck.raw", points=0), "ngspice")


def test_a_header_without_counts_is_refused(tmp_path):
    path = tmp_path / "deck.raw"
    path.write_text("Title: * t\nFlags: real\nBinary:\n")
    with pytest.raises(DataError, match=r"not a raw file; its header lacks the number of variables, of points or the flags$"):
        read_raw(path, "ngspice")


@pytest.mark.parametrize(("content", "reason"), [(None, "no such file"), (b"", "empty")])
def test_a_missing_and_an_empty_file_are_told_apart(content, reason, tmp_path):
    path = tmp_path / "deck.raw"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=rf"deck\.raw: {reason}$"):
        read_raw(path, "ngspice")


def test_of_several_plots_the_one_with_an_axis_is_read(tmp_path):
    path, first = tmp_path / "deck.raw", tmp_path / "op.raw"
    point = _ngspice_file(first, points=1, plot="Operating Point", kept=16).read_bytes()
    path.write_bytes(point + _ngspice_file(path).read_bytes() + point)
    assert read_raw(path, "ngspice")[0] == "time"


def test_a_truncated_second_plot_is_found(tmp_path):
    path = tmp_path / "deck.raw"
    path.write_bytes(_ngspice_file(path).read_bytes() + _ngspice_file(path, kept=20).read_bytes())
    with pytest.raises(DataError, match=r"promises 32 bytes of data, 20 are there$"):
        read_raw(path, "ngspice")


@pytest.mark.data
@pytest.mark.parametrize("name", ["ac_ltspice", "dc_ltspice"])
def test_binary_and_ascii_files_of_ltspice_hold_the_same(name, data_file):
    name_b, axis_b, binary = read_raw(data_file(*EXAMPLES, f"{name}.bin.raw"))
    name_a, axis_a, ascii_ = read_raw(data_file(*EXAMPLES, f"{name}.ascii.raw"))
    assert name_a == name_b
    assert axis_a == pytest.approx(axis_b, rel=1e-9)
    assert ascii_.keys() == binary.keys()
    for key, signal in binary.items():
        peak = np.abs(signal).max()
        assert peak > 0
        assert np.abs(signal - ascii_[key]).max() < 1e-6 * peak


@pytest.mark.data
def test_a_fast_access_file_of_ltspice_holds_the_same_as_a_normal_one(data_file):
    _, time, normal = read_raw(data_file(*EXAMPLES, "tran_ltspice.bin.raw"))
    _, fast_time, fast = read_raw(data_file(*EXAMPLES, "tran_ltspice.fast.bin.raw"))
    assert np.array_equal(time, fast_time)
    assert time[-1] == pytest.approx(0.005)
    assert all(np.array_equal(normal[each], fast[each]) for each in normal)


@pytest.mark.data
def test_a_compressed_transient_of_ltspice_follows_the_full_one(data_file):
    _, time, signals = read_raw(data_file(*EXAMPLES, "tran_ltspice.bin.raw"))
    _, full_time, full = read_raw(data_file(*EXAMPLES, "tran_ltspice.ascii.raw"))
    assert np.all(np.diff(time) > 0)
    peak = np.abs(full["v(out)"]).max()
    assert peak > 0.1
    assert np.abs(np.interp(time, full_time, full["v(out)"]) - signals["v(out)"]).max() < 0.01 * peak


@pytest.mark.data
def test_an_operating_point_of_ltspice_has_one_point(data_file):
    name, axis, signals = read_raw(data_file(*EXAMPLES, "DC op point_1.raw"))
    assert (name, axis.tolist()) == ("", [0.0])
    assert signals["i(r1)"].shape == (1,)
    assert abs(signals["i(r1)"][0]) == pytest.approx(abs(signals["i(vin)"][0]), rel=1e-6)


@pytest.mark.data
def test_noise_of_ltspice_is_real_over_frequency(data_file):
    name, axis, signals = read_raw(data_file(*EXAMPLES, "Noise.raw"))
    assert name == "frequency"
    assert not np.iscomplexobj(axis)
    assert signals["v(onoise)"].min() > 0


@pytest.mark.data
def test_the_noise_spectrum_of_ngspice_is_read_and_not_its_integral(data_file):
    name, axis, signals = read_raw(data_file(*EXAMPLES, "noise_multi.bin.raw"), "ngspice")
    assert (name, axis.shape) == ("frequency", (401,))
    assert signals["onoise_spectrum"].shape == (401,)


@pytest.mark.data
def test_a_nested_sweep_of_ltspice_without_its_log_has_a_batch_axis(data_file):
    name, axis, signals = read_raw(data_file("ltspice_c5_bsim3", "NMOS_IV.raw"))
    assert (name, axis.shape, signals["id(mnmos-4@0)"].shape) == ("vd", (5001,), (6, 5001))
    assert signals["v(g)"][:, 0] == pytest.approx([0, 1, 2, 3, 4, 5], abs=1e-6)
    assert signals["id(mnmos-4@0)"][5, -1] == pytest.approx(1.1375131e-3, rel=1e-6)  # W 3u, L 0.6u, VG = VD = 5 V


@pytest.mark.data
def test_steps_of_different_length_are_refused(data_file):
    with pytest.raises(DataError, match=r"TRAN - STEP\.raw: its 4 steps have different axes; simulate them one by one$"):
        read_raw(data_file(*EXAMPLES, "TRAN - STEP.raw"))


@pytest.mark.data
def test_what_ltspice_wrote_survives_writing(data_file, tmp_path):
    name, axis, signals = read_raw(data_file("ltspice_c5_bsim3", "NMOS_IV.raw"))
    kept = {each: signals[each][:, ::500] for each in ("v(d)", "id(mnmos-4@0)")}
    _waves(name, axis[::500], kept).to_raw(tmp_path / "iv.raw")
    _, again, read = read_raw(tmp_path / "iv.raw")
    assert np.array_equal(again, axis[::500])
    assert np.array_equal(read["id(mnmos-4@0)"], kept["id(mnmos-4@0)"])
