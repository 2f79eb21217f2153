"""Files that channels are read from: arrays out of npz, nothing of which is run, and measurements that are not shipped.

Not here: what the arrays mean (`tables`, `traces`).
"""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from cosim._types import Array
from cosim.datasets import data_file
from cosim.errors import AbsentError, DataError

_DAMAGE = (ValueError, EOFError, KeyError, MemoryError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_arrays(path: Path | str, where: str) -> dict[str, Array]:
    """The arrays of an npz file, by name.

    Args:
        path: of the file.
        where: what errors call it.

    Raises:
        DataError: it cannot be read, is damaged, or holds objects.
    """
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.lib.npyio.NpzFile):
            with file:
                return {name: file[name] for name in file.files}
    except OSError as error:
        raise DataError(f"{where}: {(error.strerror or 'damaged, or no npz file').lower()}") from None
    except _DAMAGE:
        raise DataError(f"{where}: damaged, or not an npz file of numbers (objects are not read)") from None
    raise DataError(f"{where}: must be an npz file of named arrays")


def measured_file(*parts: str, stand_in: str) -> Path:
    """A file of measurements that are not shipped.

    Args:
        parts: folders and name, below the folder of the data.
        stand_in: the channel that is shipped in its place.

    Raises:
        AbsentError: it is not there; says where it goes, and what stands in for it.
    """
    try:
        return data_file(*parts)
    except AbsentError as error:
        raise AbsentError(f"{error}; docs/data.md says where it goes, {stand_in} stands in for it") from None
