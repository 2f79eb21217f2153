"""Pickles: tables come out of them, and nothing runs."""

import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cosim.channels.pickles import read_pickle_columns
from cosim.errors import DataError

GLOBAL_FRAME = b"\x80\x02cpandas.core.frame\nDataFrame\n)\x81cpandas.core.internals\nBlockManager\n)\x81"


class Command:
    """Pickles as a call of `os.system`."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, (self.command,)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "table.pkl"
    path.write_bytes(content)
    return path


def old_frame(values: np.ndarray, names: list[str]) -> bytes:
    """A DataFrame as the pandas of 2014 pickled it in Python 2."""
    out = bytearray(GLOBAL_FRAME + b"(]")  # no axes

    def array(kind: str, shape: tuple[int, ...], code: str, data: bytes) -> None:
        size = b"".join(b"J" + length.to_bytes(4, "little") for length in shape)
        out.extend(b"cnumpy.core.multiarray\n_reconstruct\n" + kind.encode() + b"K\0\x85U\x01b\x87R(K\x01(" + size + b"t")
        out.extend(
            b"cnumpy\ndtype\nU\x02"
            + code.encode()
            + b"K\0K\x01\x87R(K\x03U\x01"
            + (b"<" if code != "O8" else b"|")
            + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
        )
        out.extend(b"\x89" + data + b"t")

    out.extend(b"](")
    array("cnumpy\nndarray\n", values.shape, "f8", b"T" + values.nbytes.to_bytes(4, "little") + values.astype("<f8").tobytes())
    out.extend(b"be](")
    array("cpandas.core.index\nIndex\n", (len(names),), "O8", b"](" + b"".join(b"U" + bytes([len(each)]) + each.encode() for each in names) + b"e")
    out.extend(b"N\x85\x86be" + b"tbb.")
    return bytes(out)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_dictionary_of_arrays_is_read_in_every_protocol(tmp_path: Path, protocol: int):
    arrays = {"V": np.array([0.7, 0.8]), "R": np.array([3, 4], dtype=np.int16)}
    found = read_pickle_columns(written(tmp_path, pickle.dumps(arrays, protocol=protocol)))
    assert {name: each.tolist() for name, each in found.items()} == {"V": [0.7, 0.8], "R": [3, 4]}


def test_a_frame_of_an_old_pandas_is_read(tmp_path: Path):
    content = old_frame(np.array([[0.7, 0.8, 0.9], [1e5, 2e5, 3e5]]), ["V", "R"])
    assert sum(1 for _ in pickletools.genops(content)) > 20
    found = read_pickle_columns(written(tmp_path, content))
    assert {name: each.tolist() for name, each in found.items()} == {"V": [0.7, 0.8, 0.9], "R": [1e5, 2e5, 3e5]}


def test_a_column_that_stands_twice_in_a_frame_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"table\.pkl: two columns are named 'V'$"):
        read_pickle_columns(written(tmp_path, old_frame(np.ones((2, 3)), ["V", "V"])))


@pytest.mark.data
def test_the_measurements_of_2014_are_read(data_file: Callable[..., Path]):
    found = read_pickle_columns(data_file("pcm_zarcone", "PCM_20140605.pkl"))
    with np.load(data_file("pcm_zarcone", "pcm_20140605.npz")) as same:
        assert np.array_equal(found["R"], same["R"])
        assert np.array_equal(found["Device"], same["device"])
        assert found["V"] == pytest.approx(same["V"], abs=1e-6)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_command_in_a_pickle_is_not_run(tmp_path: Path, protocol: int):
    proof = tmp_path / "proof"
    for hidden in (Command(f"touch {proof}"), {"V": np.ones(3), "R": Command(f"touch {proof}")}):
        with pytest.raises(DataError, match=r"names (posix|nt|os)\.system, which is not allowed in a table; save the table as CSV or npz$"):
            read_pickle_columns(written(tmp_path, pickle.dumps(hidden, protocol=protocol)))
    assert not proof.exists()
    pickle.loads(pickle.dumps(Command(f"touch {proof}"), protocol=protocol))  # noqa: S301 - it would have
    assert proof.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"c__builtin__\neval\n(S'1'\ntR.",
        b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.",
        b"cnumpy\nload\n.",
        b"cpandas.io.pickle\nread_pickle\n.",
        b"cnumpy.core.multiarray\nscalar\n.",
    ],
)
def test_other_names_are_refused(tmp_path: Path, content: bytes):
    with pytest.raises(DataError, match=r"which is not allowed in a table"):
        read_pickle_columns(written(tmp_path, content))


@pytest.mark.parametrize("target", [b"cnumpy\nndarray\n", b"cnumpy\ndtype\n", b"cpandas.core.frame\nDataFrame\n", b"c_codecs\nencode\n"])
def test_a_state_for_a_type_itself_changes_nothing(tmp_path: Path, target: bytes):
    for state in (b"}U\x07harmfulK\x01s", b"N}U\x07harmfulK\x01s\x86"):
        with pytest.raises(DataError, match=r"damaged, or not a pickled table$"):
            read_pickle_columns(written(tmp_path, b"\x80\x02" + target + state + b"b."))
    arrays = pickle.dumps({"V": np.arange(3.0)}, protocol=2)
    assert read_pickle_columns(written(tmp_path, arrays))["V"].tolist() == [0.0, 1.0, 2.0]


def test_a_damaged_pickle_is_refused_at_every_length(tmp_path: Path):
    content = pickle.dumps({"V": np.arange(3.0), "R": np.arange(3)}, protocol=2)
    for length in range(len(content)):
        with pytest.raises(DataError, match=r"^[^\n]*table\.pkl: [^\n]*$"):
            read_pickle_columns(written(tmp_path, content[:length]))


def test_a_changed_byte_never_runs_into_another_error(tmp_path: Path):
    content, rng = bytearray(pickle.dumps({"V": np.arange(3.0), "R": np.arange(3)}, protocol=4)), np.random.default_rng(3)
    refused = 0
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] = rng.integers(256)
        try:
            read_pickle_columns(written(tmp_path, bytes(changed)))
        except DataError:
            refused += 1
    assert refused > len(content) / 4


@pytest.mark.parametrize("value", [[1, 2], {"V": 3}, {}, "text", OrderedDict(), {"V": np.array(["a"])}, {"V": np.array([object], dtype=object)}])
def test_a_pickle_of_something_else_is_refused(tmp_path: Path, value: object):
    with pytest.raises(DataError, match=r"^[^\n]*table\.pkl: [^\n]*$"):
        read_pickle_columns(written(tmp_path, pickle.dumps(value)))


def test_a_pickle_that_is_not_there_is_said_so(tmp_path: Path):
    with pytest.raises(DataError, match=r"no such file or directory$"):
        read_pickle_columns(tmp_path / "none.pkl")
