"""From the bytes of a set to its four arrays: rows of text (optdigits), IDX files (MNIST and its like). Only numbers are read, never objects."""

import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cosim.datasets.sources import ARRAYS, Source
from cosim.errors import DataError

Arrays = dict[str, NDArray[np.uint8]]


def parsed(origin: Source, contents: Sequence[bytes]) -> Arrays:
    """The arrays of a set, shapes and values not yet checked.

    Args:
        origin: which set.
        contents: the files of `origin.members`, in their order.

    Raises:
        DataError: a file is not of its format.
    """
    if origin.layout == "rows":
        return from_rows(contents[0], columns=origin.image_shape[1], train=origin.arrays["train_labels"].shape[0])
    return {name: from_idx(content, where=member) for name, member, content in zip(ARRAYS, origin.members, contents, strict=True)}


def from_rows(text: bytes, *, columns: int, train: int) -> Arrays:
    """Rows of pixels, row by row of the image, and a label; the first `train` of them are for training.

    Raises:
        DataError: something else than small whole numbers stands there.
    """
    try:
        table = np.loadtxt(io.BytesIO(text), delimiter=",", dtype=np.uint8, ndmin=2)
        images = table[:, :-1].reshape(len(table), -1, columns)
    except (ValueError, OverflowError) as error:
        raise DataError(f"rows of digits: cannot be read ({error})") from None
    labels = table[:, -1]
    return {"train_images": images[:train], "train_labels": labels[:train], "test_images": images[train:], "test_labels": labels[train:]}


def from_idx(content: bytes, *, where: str) -> NDArray[np.uint8]:
    """The array of an IDX file of unsigned bytes.

    Raises:
        DataError: it is none, or its length is not what its header says.
    """
    header = 4 + 4 * content[3] if len(content) > 3 else 4
    if content[:3] != b"\0\0\x08" or len(content) < header:
        raise DataError(f"{where}: no IDX file of unsigned bytes")
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, header, 4))
    array = np.frombuffer(content, np.uint8, offset=header) if len(content) > header else np.empty(0, np.uint8)
    size = math.prod(shape)
    if size != array.size:
        raise DataError(f"{where}: {array.size} bytes where its header says {size}")
    return array.reshape(shape)
