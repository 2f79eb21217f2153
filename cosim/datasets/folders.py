"""Where data lie that the package does not ship: ``COSIM_DATA``, then ``../shared/data`` beside the checkout; what was fetched, also in the user's cache."""

import contextlib
import os
from pathlib import Path

from cosim.errors import AbsentError, DataError
from cosim.resources import PACKAGE


def data_folder() -> Path | None:
    """The folder of the data sets, or None when there is none."""
    if os.environ.get("COSIM_DATA"):
        return _named_folder()
    beside = PACKAGE.parent.parent / "shared" / "data"
    return beside if beside.is_dir() else None


def data_file(*parts: str) -> Path:
    """A file of a data set.

    Raises:
        AbsentError: no data folder, or no such file in it.
        DataError: ``COSIM_DATA`` is no folder.
    """
    folder = data_folder()
    if folder is None:
        raise AbsentError("data sets: not found; set COSIM_DATA to their folder")
    path = folder.joinpath(*parts)
    if not path.exists():
        raise AbsentError(f"{path}: no such file")
    return path


def fetched_folder() -> Path:
    """The folder that fetched sets go to: ``COSIM_DATA``, else ``cosim/data`` in the user's cache, which may not be there yet."""
    return _named_folder() if os.environ.get("COSIM_DATA") else _cache_folder()


def searched_folders() -> list[Path]:
    """The folders that a set of images may lie in, the first one first."""
    named = data_folder()
    folders = [named] if named else []
    with contextlib.suppress(DataError):  # a user without a home
        folders.append(_cache_folder())
    return folders


def _named_folder() -> Path:
    named = os.environ["COSIM_DATA"]
    if not os.path.isdir(named):  # also where it may not be looked at
        raise DataError(f"COSIM_DATA={named}: must be a folder")
    return Path(named)


def _cache_folder() -> Path:
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cosim" / "data"
    except RuntimeError:
        raise DataError("data sets: the user has no home folder; set COSIM_DATA to a folder for them") from None
