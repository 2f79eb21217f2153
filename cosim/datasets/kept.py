"""Fetched sets on the disk: one npz each, believed only with the right checksums."""

import hashlib
import io
import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cosim.datasets.folders import searched_folders
from cosim.datasets.formats import Arrays, from_rows
from cosim.datasets.sources import ARRAYS, Source
from cosim.errors import DataError
from cosim.files import write_file


@dataclass(frozen=True, eq=False)
class Kept:
    """A set that is there.

    Attributes:
        path: its file, or the folder of the files of the UCI repository.
        arrays: the four of `ARRAYS`.
    """

    path: Path
    arrays: Arrays


def find(origin: Source) -> Kept | None:
    """The set in the first folder that holds an undamaged one; None when no folder holds any.

    Raises:
        DataError: there are only damaged ones; names the first.
    """
    problem = None
    for folder in searched_folders():
        try:
            kept = _read_npz(origin, folder) or _read_uci(origin, folder)
        except DataError as error:
            problem = problem or error
            continue
        if kept is not None:
            return kept
    if problem is not None:
        raise problem
    return None


def keep(origin: Source, arrays: Arrays, folder: Path) -> Kept:
    """Write a set, completely or not at all.

    Raises:
        DataError: the arrays are not those of the set.
        InputError: the folder cannot be written.
        StoreError: the disk is full.
    """
    path = folder / f"{origin.name}.npz"
    check(origin, arrays, where=origin.name)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, train_images=arrays[ARRAYS[0]], train_labels=arrays[ARRAYS[1]], test_images=arrays[ARRAYS[2]], test_labels=arrays[ARRAYS[3]])
    write_file(path, buffer.getvalue())
    return Kept(path, arrays)


def check(origin: Source, arrays: Arrays, *, where: str) -> None:
    """Refuse arrays that are not those of the set.

    Raises:
        DataError: names the first one that differs.
    """
    for name, facts in origin.arrays.items():
        array = arrays[name]
        if array.dtype != np.uint8 or array.shape != facts.shape:
            raise DataError(f"{where}, {name}: {array.dtype} {array.shape}, must be uint8 {facts.shape}")
        if hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest() != facts.sha256:
            raise DataError(f"{where}, {name}: wrong checksum")


def _read_npz(origin: Source, folder: Path) -> Kept | None:
    path = folder / f"{origin.name}.npz"
    if not os.path.exists(path):  # False also where it may not be looked at
        return None
    remedy = f"`cosim data get {origin.name}`"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ARRAYS}
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, OSError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: cannot be read ({type(error).__name__}); {remedy}") from None
    try:
        check(origin, arrays, where=str(path))
    except DataError as error:
        raise DataError(f"{error}; {remedy}") from None
    return Kept(path, arrays)


def _read_uci(origin: Source, folder: Path) -> Kept | None:
    """The digits from the two files of the UCI repository itself."""
    files = [folder / "optdigits" / name for name in ("optdigits.tra", "optdigits.tes")]
    if origin.layout != "rows" or not all(map(os.path.isfile, files)):
        return None
    try:
        text = b"\n".join(each.read_bytes() for each in files)
    except OSError as error:
        raise DataError(f"{files[0].parent}: cannot be read ({type(error).__name__})") from None
    arrays = from_rows(text, columns=origin.image_shape[1], train=origin.arrays["train_labels"].shape[0])
    check(origin, arrays, where=str(files[0].parent))
    return Kept(files[0].parent, arrays)
