"""Columns out of a pickle, without running anything: the tables of old pandas (Python 2, before 0.20) and dictionaries of NumPy arrays.

A pickle may name any function and have it called. Here every name that it may use leads to a stand-in that keeps what it is given and calls nothing;
any other name is refused. The stand-ins know no more of a type than is needed to find its numbers.
"""

import math
import pickle
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np

from cosim._types import Array
from cosim.errors import DataError

_DAMAGE = (EOFError, AttributeError, TypeError, ValueError, IndexError, KeyError, OverflowError, MemoryError, ImportError, RecursionError, struct.error)
_CODE = re.compile(r"([<>=|]?)([biufO])(\d*)")


def read_pickle_columns(path: Path | str) -> dict[str, Array]:
    """Columns by name, each ``(rows,)``.

    Args:
        path: of a DataFrame that an old pandas pickled, or of a dictionary of one-dimensional NumPy arrays.

    Raises:
        DataError: not such a pickle, damaged, or it names a type outside of the allowed ones; nothing of it has run then.
    """
    where = shorten(str(path), 120)
    try:
        with open(path, "rb") as file:
            found = _Reader(file, encoding="latin1").load()
        if isinstance(found, _Frame):
            return found.columns()
        if isinstance(found, dict) and found and all(isinstance(each, _Array) for each in found.values()):
            return {str(name): each.array() for name, each in found.items()}
    except OSError as error:
        raise DataError(f"{where}: {(error.strerror or 'cannot be read').lower()}") from None
    except _Refused as error:
        raise DataError(f"{where}: {error}") from None
    except (pickle.UnpicklingError, *_DAMAGE):
        raise DataError(f"{where}: damaged, or not a pickled table") from None
    raise DataError(f"{where}: must be a pickled DataFrame of old pandas or a dictionary of NumPy arrays; save the table as CSV or npz")


class _Refused(Exception):
    """A pickle names a type that is not allowed."""


class _StandIn:
    """What stands for a type of the pickle. A state given to the class itself, not to an instance, fails for want of an argument."""

    def __init__(self, *given: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        raise ValueError("has no state")


class _Dtype(_StandIn):
    """`numpy.dtype` of numbers and, for the names of columns, of objects."""

    def __init__(self, code: str, *_: Any) -> None:
        match = _CODE.fullmatch(code)
        if match is None:
            raise _Refused(f"holds values of type {shorten(code)!r}; must be numbers")
        self.order, self.kind, self.size = match.groups()

    def __setstate__(self, state: Any) -> None:
        self.order = state[1] if state[1] in ("<", ">") else self.order

    def numpy(self) -> "np.dtype[Any]":
        return np.dtype(f"{self.order}{self.kind}{self.size}")


class _Array(_StandIn):
    """`numpy.ndarray`, or an index of pandas, which is one with a name."""

    def __init__(self, *_: Any) -> None:
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: Any) -> None:
        self.state = state[0] if isinstance(state[0], tuple) else state

    def array(self) -> Array:
        """The numbers, or the names."""
        _, shape, dtype, fortran, data = self.state
        if dtype.kind == "O":
            if not isinstance(data, list) or not all(isinstance(each, str | int | float) for each in data):
                raise _Refused("holds a column of objects; must be numbers")
            flat = np.array(data, dtype=object)
        else:
            flat = np.frombuffer(data.encode("latin1") if isinstance(data, str) else data, dtype=dtype.numpy())
        if len(flat) != math.prod(shape):
            raise ValueError("shape")
        return flat.reshape(shape, order="F" if fortran else "C")


class _Reconstruct(_StandIn):
    """``numpy.core.multiarray._reconstruct``: an empty array that a state follows."""

    def __new__(cls, *_: Any) -> Any:
        return _Array()


class _FromBuffer(_StandIn):
    """``numpy._core.numeric._frombuffer``: an array of protocol 5."""

    def __new__(cls, data: Any, dtype: Any, shape: Any, order: Any) -> Any:
        if not isinstance(data, bytes | bytearray):
            raise TypeError("buffer")
        array = _Array()
        array.state = (1, shape, dtype, order == "F", bytes(data))
        return array


class _Encode(_StandIn):
    """``_codecs.encode``, by which Python 3 writes bytes for Python 2."""

    def __new__(cls, text: Any, encoding: Any) -> Any:
        if encoding != "latin1":
            raise ValueError("encoding")
        return text.encode("latin1")


class _Manager(_StandIn):
    """The blocks of a DataFrame: axes, values, and the names of the rows of each block."""

    def __setstate__(self, state: Any) -> None:
        self.values, self.names = state[1], state[2]


class _Frame(_StandIn):
    """A DataFrame."""

    def __setstate__(self, state: Any) -> None:
        self.manager = state["_data"] if isinstance(state, dict) else state

    def columns(self) -> dict[str, Array]:
        """Each column under its name."""
        found: dict[str, Array] = {}
        for values, names in zip(self.manager.values, self.manager.names, strict=True):
            for name, row in zip(names.array(), values.array(), strict=True):
                if str(name) in found:
                    raise _Refused(f"two columns are named {shorten(str(name))!r}")
                found[str(name)] = row
        return found


_ALLOWED: dict[tuple[str, str], type[_StandIn]] = {
    ("pandas.core.frame", "DataFrame"): _Frame,
    ("pandas.core.internals", "BlockManager"): _Manager,
    ("pandas.core.index", "Index"): _Array,
    ("pandas.core.index", "Int64Index"): _Array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _Reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _Reconstruct,
    ("numpy.core.numeric", "_frombuffer"): _FromBuffer,
    ("numpy._core.numeric", "_frombuffer"): _FromBuffer,
    ("_codecs", "encode"): _Encode,
}


class _Reader(pickle.Unpickler):
    """Knows the allowed names only."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise _Refused(f"names {shorten(module)}.{shorten(name)}, which is not allowed in a table; save the table as CSV or npz")
        return _ALLOWED[module, name]


def shorten(text: str, length: int = 40) -> str:
    """One printable line of at most `length` characters."""
    line = "".join(each if each.isprintable() else "?" for each in text)
    return line if len(line) <= length else f"{line[: length - 3]}..."
