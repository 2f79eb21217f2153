"""Where measured data lie that the package does not ship: ``COSIM_DATA``, then ``../shared/data`` beside the checkout."""

import os
from pathlib import Path

from cosim.errors import DataError
from cosim.resources import PACKAGE


def data_folder() -> Path | None:
    """The folder of the data sets, or None when there is none."""
    named = os.environ.get("COSIM_DATA")
    if named:
        if not Path(named).is_dir():
            raise DataError(f"COSIM_DATA={named}: must be a folder")
        return Path(named)
    beside = PACKAGE.parent.parent / "shared" / "data"
    return beside if beside.is_dir() else None


def data_file(*parts: str) -> Path:
    """A file of a data set.

    Raises:
        DataError: no data folder, or no such file in it.
    """
    folder = data_folder()
    if folder is None:
        raise DataError("data sets: not found; set COSIM_DATA to their folder")
    path = folder.joinpath(*parts)
    if not path.exists():
        raise DataError(f"{path}: no such file")
    return path
