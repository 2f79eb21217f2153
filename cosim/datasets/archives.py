"""Single files read out of a wheel, an npm tarball or a Debian package: by name, into memory, never more than a limit.

Nothing is written to the disk and no link is followed, so that no name in an archive can lead anywhere.
"""

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from cosim.errors import DataError

DAMAGE = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError, ValueError, OSError)
AR_MAGIC = b"!<arch>\n"
AR_HEADER = 60  # bytes before each member of an ar archive


def read_members(archive: Path, names: Iterable[str], *, limit: int) -> dict[str, bytes]:
    """The content of some files of an archive; those that end in ``.gz`` are unpacked.

    Args:
        archive: ``.whl``, ``.tgz`` or ``.deb``.
        names: exactly as in the archive.
        limit: most bytes that one of them may have [bytes].

    Raises:
        DataError: the archive is damaged, or a file in it is missing or too large.
    """
    wanted = set(names)
    reader = {".whl": _from_zip, ".tgz": _from_tarball, ".deb": _from_deb}.get(archive.suffix)
    if reader is None:
        raise DataError(f"{archive}: must be a .whl, .tgz or .deb")
    try:
        found = {name: _unzipped(name, data, archive, limit) for name, data in reader(archive, wanted, limit).items()}
    except DAMAGE as error:
        raise DataError(f"{archive}: damaged archive ({str(error) or type(error).__name__})") from None
    missing = sorted(wanted - found.keys())
    if missing:
        raise DataError(f"{archive}: no file {missing[0]} in it")
    return found


def _from_zip(path: Path, wanted: set[str], limit: int) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        found = {}
        for name in wanted & set(archive.namelist()):
            with archive.open(name) as member:
                found[name] = _limited(member, f"{path}, {name}", limit)
        return found


def _from_tarball(path: Path, wanted: set[str], limit: int) -> dict[str, bytes]:
    with path.open("rb") as file:
        return _from_tar(file, "r|gz", path, wanted, limit)


def _from_deb(path: Path, wanted: set[str], limit: int) -> dict[str, bytes]:
    with path.open("rb") as file:
        if file.read(len(AR_MAGIC)) != AR_MAGIC:
            raise DataError(f"{path}: damaged archive (no Debian package)")
        while len(header := file.read(AR_HEADER)) == AR_HEADER:
            name, size = header[:16].decode("ascii", "replace").strip().rstrip("/"), int(header[48:58])
            if size < 0:
                raise DataError(f"{path}: damaged archive (a size below 0)")
            if name == "data.tar.xz":
                return _from_tar(file, "r|xz", path, wanted, limit)
            file.seek(size + size % 2, 1)
    raise DataError(f"{path}: damaged archive (no data.tar.xz in it)")


def _from_tar(file: IO[bytes], mode: str, path: Path, wanted: set[str], limit: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]  # the mode is one of two literals
        passed = 0
        for member in archive:
            passed += member.size
            if passed > limit * (len(wanted) + 1):
                raise DataError(f"{path}: holds more than it should")
            if member.name in wanted - found.keys() and member.isreg():
                content = archive.extractfile(member)
                found[member.name] = _limited(content, f"{path}, {member.name}", limit)
            if len(found) == len(wanted):
                break  # what comes behind is not unpacked
    return found


def _unzipped(name: str, data: bytes, path: Path, limit: int) -> bytes:
    if not name.endswith(".gz"):
        return data
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as member:
        return _limited(member, f"{path}, {name}", limit)


def _limited(member: IO[bytes] | gzip.GzipFile, where: str, limit: int) -> bytes:
    data = member.read(limit + 1)
    if len(data) > limit:
        raise DataError(f"{where}: larger than {limit} bytes")
    return data
