"""Tables of measurements: what is read, what is dropped, and what is refused in one line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.channels.tables import COLUMNS, read_measurements, written_levels
from cosim.errors import DataError

NAN = float("nan")


def file(folder: Path, content: str | bytes, name: str = "lab.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def npz(folder: Path, **arrays: object) -> Path:
    np.savez(folder / "lab.npz", **arrays)  # type: ignore[arg-type]
    return folder / "lab.npz"


@pytest.mark.parametrize(
    "content",
    [
        "V,R\n0.7,1e5\n0.8,2e5\n",
        "V;R\n0,7;1e5\n0,8;200000,0\n",
        "V\tR\r\n0.7\t1e5\r\n0.8\t2e5\r\n",
        "\ufeffvoltage [V], R (ohm)\n0.7, 1e5\n0.8, 2e5\n",
        "# cell 3, 25 degC\nwritten,read,operator\n\n0.7,1e5,me\n# a pause\n0.8,2e5,you\n",
        "# V,R\n0.7,1e5\n0.8,2e5\n",
        "V [mV],R [kohm],R_note\n700,100,\n800,200,x\n",
        "V_mV,R_kohm,\n700,100,\n800,200,\n",
        '"Word line voltage","resistance"\n"0.7","1e5"\n"0.8","2e5"\n',
    ],
)
def test_two_columns_of_a_lab_are_read_in_every_form(tmp_path: Path, content: str):
    found = read_measurements(file(tmp_path, content))
    assert found.written.tolist() == pytest.approx([0.7, 0.8], rel=1e-12)
    assert found.read.tolist() == pytest.approx([1e5, 2e5], rel=1e-12)
    assert found.dropped == {}
    assert (found.delay, found.device, found.energy) == (None, None, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_of_any_windows_program_is_read(tmp_path: Path, encoding: str):
    found = read_measurements(file(tmp_path, "V,R [kohm],t [µs]\n0.7,100,5\n".encode(encoding)))
    assert (found.read.tolist(), found.delay.tolist()) == ([1e5], pytest.approx([5e-6]))


@given(rows=st.lists(st.tuples(st.floats(-10, 10), st.floats(1e-12, 1e12), st.floats(0, 1e6), st.integers(0, 9)), min_size=1, max_size=20))
def test_csv_npz_and_pandas_give_the_same(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float, float, int]]):
    folder = tmp_path_factory.mktemp("tables")
    frame = pd.DataFrame(rows, columns=["V", "G", "t", "device"])
    frame.to_csv(folder / "lab.csv", index=False)
    sources = (frame, folder / "lab.csv", npz(folder, **{name: frame[name].to_numpy() for name in frame}))
    found = [read_measurements(source) for source in sources]
    for each in found:
        assert np.array_equal(each.written, frame["V"])
        assert np.array_equal(each.read, frame["G"])
        assert np.array_equal(each.delay, frame["t"])
        assert np.array_equal(each.device, frame["device"])
        assert each.quantities == (("voltage", "V"), ("conductance", "S"))


def test_rows_without_a_number_or_a_positive_read_are_dropped_and_counted(tmp_path: Path):
    content = "V,R\n1,10\n1,\nnan,11\n1,0\n1,-3\n1,NA\n" + "2,20\n" * 6
    found = read_measurements(file(tmp_path, content))
    assert found.dropped == {"no number": 3, "not positive": 2}
    assert found.read.tolist() == [10.0] + [20.0] * 6
    assert read_measurements(file(tmp_path, content), positive=False).dropped == {"no number": 3}


def test_a_row_without_an_energy_keeps_its_read(tmp_path: Path):
    found = read_measurements(file(tmp_path, "V,R,energy\n1,10,1e-12\n1,11,\n1,12,nan\n"))
    assert found.read.tolist() == [10.0, 11.0, 12.0]
    assert np.isnan(found.energy).tolist() == [False, True, True]
    assert found.dropped == {}


def test_megaohms_are_read(tmp_path: Path):
    assert read_measurements(file(tmp_path, "V,R [Mohm]\n1,2\n")).read.tolist() == [2e6]


def test_names_of_devices_are_numbered_in_their_order(tmp_path: Path):
    found = read_measurements(file(tmp_path, "V,R,device\n1,2,B7\n1,2,A3\n1,2,B7\n"))
    assert found.device.tolist() == [1, 0, 1]
    assert read_measurements(file(tmp_path, "V,R,device\n1,2,4\n1,2,11.0\n")).device.tolist() == [4, 11]


def test_the_plain_name_of_a_column_wins(tmp_path: Path):
    found = read_measurements(file(tmp_path, "V,level,written,R,read\n1,2,3,4,5\n"))
    assert (found.written.tolist(), found.read.tolist()) == ([3.0], [5.0])


def test_every_spelling_of_a_column_belongs_to_one_role():
    spellings = [name for known in COLUMNS.values() for name in known]
    assert len(spellings) == len(set(spellings)) > 40


def test_values_that_differ_by_the_noise_of_single_precision_are_one_level():
    steps = np.round(np.arange(0.7, 1.7005, 0.01), 2)
    levels, which = written_levels(np.concatenate([steps.astype(np.float32), steps]))
    assert levels.tolist() == steps.tolist()
    assert np.array_equal(which, np.tile(np.arange(101), 2))


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), scale=st.sampled_from([1.0, 1e-30, 1e30]))
def test_levels_rise_and_lie_by_the_values_that_they_stand_for(values: list[float], scale: float):
    written = np.array(values) * scale
    levels, which = written_levels(written)
    assert np.all(np.diff(levels) > 0)
    assert np.array_equal(np.unique(which), np.arange(len(levels)))
    assert np.all(np.abs(levels[which] - written) <= 1e-6 * len(values) * np.ptp(written) + 1e-12 * np.abs(written))


CSV_FAULTS = {
    "V,R\n1,2\n1,abc\n": r"lab\.csv, line 3, R='abc': must be a number",
    "V,R\n1,2\n1,1_000\n": r"lab\.csv, line 3, R='1_000': must be a number",
    "# a\n\nV,R\n1,2\n\n1,2,3\n": r"lab\.csv, line 6, cells=3: must be 2, separated by comma as in the header",
    "V;R\n1\n": r"lab\.csv, line 2, cells=1: must be 2, separated by semicolon as in the header",
    "V,R\n1,inf\n": r"lab\.csv, line 2, read=inf: must be finite, below 1e\+100",
    "V,R\n1e101,1\n": r"lab\.csv, line 2, written=1e\+101: must be finite, below 1e\+100",
    "V,R,t\n1,2,0\n1,2,-1\n": r"lab\.csv, line 3, delay=-1: must be finite, below 1e\+100 and >= 0",
    "V,R,energy\n1,2,-1\n": r"lab\.csv, line 2, energy=-1: must be finite, below 1e\+100 and >= 0",
    "V,R,device\n1,2,0.5\n": r"lab\.csv, line 2, device=0\.5: must be a whole number or a name",
    "V,R,V\n1,2,3\n": r"lab\.csv, line 1, columns=twice 'V': must be of different names",
    "V,R,voltage\n1,2,3\n": r"lab\.csv, columns=V, voltage: must be one, not several, for written; name it written",
    "V,Q\n1,2\n": r"lab\.csv, columns=V, Q: must be such that one is read, read_value, output, measured, reading, r, \.\.\. \(read\)",
    "V R\n1 2\n": r"lab\.csv, columns=V R: must be such that one is written, .*\(written\)",
    "V,R [furlong]\n1,2\n": r"lab\.csv, column=R \[furlong\]: must be in a unit that is known, such as V, ohm, kohm, S, uS, s, ms or J",
    "V,R [mohm]\n1,2\n": r"lab\.csv, column=R \[mohm\]: must be in ohm, kohm or Mohm; mohm is milliohm by its letters, and hardly what was meant",
    "V,R_mOhm\n1,2\n": r"lab\.csv, column=R_mOhm: must be in ohm, kohm or Mohm; .*",
    "1,2\n3,4\n": r"lab\.csv, line 1: must be a header with the names of the columns, such as written,read",
    "V,R\n": r"lab\.csv: holds no rows",
    "# only\n": r"lab\.csv: holds no header and no rows",
    "": r"lab\.csv: is empty",
    " \n\n": r"lab\.csv: is empty",
    "V,R\n1,0\n1,-1\n1,\n1,5\n": r"lab\.csv, rows dropped=3 of 4 \(1 no number, 2 not positive\): must be at most half",
}


@pytest.mark.parametrize(("content", "message"), CSV_FAULTS.items())
def test_what_is_wrong_in_a_csv_file_is_told_in_one_line(tmp_path: Path, content: str, message: str):
    with pytest.raises(DataError, match=rf"^[^\n]*{message}$"):
        read_measurements(file(tmp_path, content))


@pytest.mark.parametrize("content", [b"PK\x03\x04\x00\x00", bytes(range(256)), b"\x93NUMPY\x01\x00", b"\xff\xfe\x00"])
def test_a_binary_file_is_refused(tmp_path: Path, content: bytes):
    with pytest.raises(DataError, match=r"lab\.csv: must be text"):
        read_measurements(file(tmp_path, content))


def test_what_is_no_file_is_refused_in_one_short_line(tmp_path: Path):
    for suffix in ("", ".csv", ".npz", ".pkl"):
        for path in (tmp_path, tmp_path / f"none{suffix}", f"{'a' * 5000}{suffix}", f"zero\0{suffix}"):
            with pytest.raises(DataError) as caught:
                read_measurements(path)
            assert "\n" not in str(caught.value)
            assert len(str(caught.value)) < 250


def test_columns_of_an_npz_file_must_be_of_one_length(tmp_path: Path):
    with pytest.raises(DataError, match=r"lab\.npz, rows=V 3, R 2: must be one row of cells for each read, in all columns as many$"):
        read_measurements(npz(tmp_path, V=np.ones(3), R=np.ones(2), note=np.ones((4, 4))))
    with pytest.raises(DataError, match=r"rows=V 3x1, R 3:"):
        read_measurements(npz(tmp_path, V=np.ones((3, 1)), R=np.ones(3)))
    with pytest.raises(DataError, match=r"rows=V single, R 3:"):
        read_measurements(npz(tmp_path, V=1.0, R=np.ones(3)))
    with pytest.raises(DataError, match=r"lab\.npz: holds no rows$"):
        read_measurements(npz(tmp_path, V=np.ones(0), R=np.ones(0)))


def test_objects_in_an_npz_file_are_not_read(tmp_path: Path):
    path = npz(tmp_path, V=np.ones(3), R=np.array([1, "a", None], dtype=object))
    with pytest.raises(DataError, match=r"damaged, or not an npz file of numbers \(objects are not read\)$"):
        read_measurements(path)


def test_a_damaged_npz_file_is_refused_wherever_it_ends(tmp_path: Path):
    content = npz(tmp_path, V=np.ones(3), R=np.ones(3)).read_bytes()
    for length in range(0, len(content), 7):
        with pytest.raises(DataError, match=r"^[^\n]*lab\.npz: [^\n]*$"):
            read_measurements(file(tmp_path, content[:length], "lab.npz"))
    np.save(tmp_path / "one.npy", np.ones(3))
    with pytest.raises(DataError, match=r"lab\.npz: must be an npz file of named arrays$"):
        read_measurements(file(tmp_path, (tmp_path / "one.npy").read_bytes(), "lab.npz"))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame([[1, 2, 3]], columns=["V", "R", "V"]), r"table, columns=twice 'V': must be of different names"),
        (pd.DataFrame({"V": [1, 2], "R": ["5", "five"]}), r"table, row 2, R=five: must be a number"),
        (pd.DataFrame({"V": [1.0, 2.0], "R": [1j, 2]}), r"table, row 1, R=1j: must be a number"),
        (pd.DataFrame({"V": [1, 2], "R": [1, 2], "t": pd.to_datetime(["2020-01-01", "2020-01-02"])}), r"table, row 1, t=2020-01-01.*: must be a number"),
        (pd.DataFrame({"V": [1, 2], "R": [1, np.inf]}), r"table, row 2, read=inf: must be finite, below 1e\+100"),
        (pd.DataFrame({"V": [], "R": []}), r"table: holds no rows"),
        (pd.DataFrame({"V\nx": [1], "R": [1]}), r"table, columns=V\?x, R: must be such that one is .*"),
    ],
)
def test_what_is_wrong_in_a_frame_is_told_in_one_line(frame: pd.DataFrame, message: str):
    with pytest.raises(DataError, match=rf"^(?:{message})$"):
        read_measurements(frame)


def test_missing_cells_of_pandas_are_dropped():
    frame = pd.DataFrame({"V": [1, 2, 3, 4], "R": pd.array([5, None, 7, 8], dtype="Int64"), "device": ["a", "b", "a", "b"]})
    found = read_measurements(frame)
    assert (found.written.tolist(), found.device.tolist(), found.dropped) == ([1.0, 3.0, 4.0], [0, 0, 1], {"no number": 1})


@given(content=st.text(alphabet='VRt0123456789.,;\t\n\r"#- einfa', max_size=60))
def test_no_text_ends_in_another_error(tmp_path_factory: pytest.TempPathFactory, content: str):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(f"V,R\n{content}".encode())
    message, read = "", np.ones(1)
    try:
        read = read_measurements(path).read
    except DataError as error:
        message = str(error)
    assert "\n" not in message
    assert len(read) > 0
    assert np.all(read > 0)


@pytest.mark.data
def test_a_pickle_and_an_npz_file_of_the_same_measurements_agree(data_file: Callable[..., Path]):
    pickled, arrays = (read_measurements(data_file("pcm_zarcone", name)) for name in ("PCM_20140605.pkl", "pcm_20140605.npz"))
    assert np.array_equal(pickled.read, arrays.read)
    assert np.array_equal(pickled.device, arrays.device)
    for one, other in zip(written_levels(pickled.written), written_levels(arrays.written), strict=True):
        assert np.array_equal(one, other)
