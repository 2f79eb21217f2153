"""An archive from its public address: resumed where an earlier download stopped, and checked when it is complete."""

import hashlib
import http.client
import io
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO

from cosim.datasets.sources import Source
from cosim.datasets.ways import Progress, Unavailable
from cosim.errors import DataError
from cosim.files import unwritten

TIMEOUT = 30.0  # without a byte [s]
CHUNK = 1 << 18
MEGABYTE = 1e6


def download(origin: Source, work: Path, progress: Progress) -> Path:
    """The archive of a set, complete and with the right checksum.

    Raises:
        Unavailable: the address is out of reach, or the connection broke; what came is kept for the next time.
        DataError: something else lies there.
        InputError: the folder cannot be written.
        StoreError: the disk is full.
    """
    part = work / f"{origin.archive}.part"
    resumed = part.exists()
    try:
        _complete(origin, part, progress)
    except DataError:
        part.unlink(missing_ok=True)
        if not resumed:
            raise
        _complete(origin, part, progress)  # what lay there was of something else: once more from the beginning
    return part.replace(work / origin.archive)


def _complete(origin: Source, part: Path, progress: Progress) -> None:
    """Fetch what is missing of a file, then check it."""
    have = part.stat().st_size if part.exists() else 0
    if have < origin.archive_bytes:
        request = urllib.request.Request(origin.url, headers={"User-Agent": "cosim", **({"Range": f"bytes={have}-"} if have else {})})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                _append(origin, answer, part, answer.status == http.client.PARTIAL_CONTENT, progress)
        except (OSError, http.client.HTTPException) as error:
            if have and getattr(error, "code", None) == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise DataError(f"{origin.url}: shorter than what is here") from None
            raise Unavailable(_reason(origin, error)) from None
    with part.open("rb") as file:
        right = hashlib.file_digest(file, "sha256").hexdigest() == origin.archive_sha256
    if not right:
        part.unlink()
        raise DataError(f"{origin.url}: wrong checksum; it is not the {origin.archive} that it was")


def _append(origin: Source, answer: IO[bytes], part: Path, goes_on: bool, progress: Progress) -> None:
    try:
        file = part.open("ab" if goes_on else "wb", buffering=0)
    except OSError as error:
        raise unwritten(str(part.parent), error) from None
    with file:
        while chunk := answer.read(CHUNK):
            _write(file, chunk, part.parent)
            progress(file.tell(), origin.archive_bytes)
            if file.tell() > origin.archive_bytes:
                raise DataError(f"{origin.url}: larger than {origin.archive_bytes} bytes; it is not the {origin.archive} that it was")
        have = file.tell()
    if have < origin.archive_bytes:
        stopped = f"{have / MEGABYTE:.1f} of {origin.archive_bytes / MEGABYTE:.1f} MB"
        raise Unavailable(f"{_host(origin)}: the connection broke after {stopped}, which are kept")


def _write(file: io.FileIO, chunk: bytes, folder: Path) -> None:
    rest = memoryview(chunk)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise unwritten(str(folder), error) from None


def _reason(origin: Source, error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    text = " ".join((getattr(reason, "strerror", None) or str(reason) or type(reason).__name__).split())
    code = f"{error.code} " if isinstance(error, urllib.error.HTTPError) else ""
    return f"{_host(origin)}: {code}{text[:120]}"


def _host(origin: Source) -> str:
    return urllib.parse.urlsplit(origin.url).hostname or origin.url
