"""Results of sweeps on disk: measures always, waves on request.

Layout of the folder: ``index.sqlite`` (WAL; one row a result, written by the process that runs the sweep, in batches) and
``objects/ab/abcd....npy`` (an array; several arrays of one result, and waves, are one .npz; the name is the SHA-256 of the content).
A file is written under a temporary name in ``tmp/``, synced and moved into place before its row is committed; row and files carry
checksums, and what does not match them is computed again. So a kill at any moment, or two processes at once, never leads to a wrong
or a partial answer.

Not here: what a key is made of (`jobs.py`), what is kept and when (`runner.py`).
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cosim._types import Array
from cosim.errors import CosimError, InputError, StoreError, reject
from cosim.status import REMEDIES, Status
from cosim.sweep.jobs import FORMAT, Result

if TYPE_CHECKING:
    from cosim.waves import Waves

APPLICATION = 0x636F7369  # "cosi": what `file` and SQLite show
BATCH = 64  # rows
BATCH_AGE = 0.1  # s
BUSY = 30.0  # s that one process waits for another's commit

_SCHEMA = """create table results (
    key text primary key, status text not null, message text not null, seconds real not null, relaxed integer not null,
    measures text not null, arrays text not null, waves text not null, checksum text not null) without rowid"""
_Row = tuple[str, str, str, float, int, str, str, str, str]
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LEFTOVER_AGE = 3600.0  # s after which a temporary file belongs to a killed process


class Store:
    """A folder of results. Use it in one thread at a time, close it at the end; any number of processes may share the folder."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """See `open`."""
        self.path = path
        self._connection = connection
        self._pending: dict[str, _Row] = {}
        self._since = 0.0

    @classmethod
    def open(cls, path: Path | str | None = None) -> "Store":
        """The store in a folder, made if it is not there.

        Args:
            path: the folder; None for ``COSIM_STORE``, or ``.cosim/store`` under the current folder.

        Raises:
            InputError: the folder cannot be made or written to.
            StoreError: the index is damaged, has a newer format, or the disk is full.
        """
        folder = Path(path or os.environ.get("COSIM_STORE") or Path(".cosim", "store"))
        with _explained(folder):
            for part in ("objects", "tmp"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            _sweep_out(folder / "tmp")
            connection = sqlite3.connect(folder / "index.sqlite", timeout=BUSY, isolation_level=None, check_same_thread=False)
            try:
                _prepare(connection, folder)
            except BaseException:
                connection.close()
                raise
        return cls(folder, connection)

    def get(self, key: str) -> Result | None:
        """The result kept under a key, without label; None if there is none or if it is damaged."""
        row = self._row(key)
        if row is None:
            return None
        measures: dict[str, float | Array] = json.loads(row[5])
        places = {name: place.partition("#") for name, place in json.loads(row[6]).items()}
        files = {file: self._load(file) for file in {file for file, _, _ in places.values()}}
        for name, (file, _, index) in places.items():
            arrays = files[file]
            if arrays is None:
                return None
            measures[name] = arrays[int(index or 0)]
        return Result({}, Status(row[1]), measures, row[2], row[3], reused=True, key=key, relaxed=bool(row[4]))

    def waves(self, key: str) -> "Waves | None":
        """The waves kept under a key; None if only the measures were kept, or if they are damaged."""
        row = self._row(key)
        if row is None or not row[7]:
            return None
        header = json.loads(row[7])
        arrays = self._load(header.pop("file"))
        if arrays is None:
            return None
        return _unpacked(header, arrays)

    def put(self, result: Result, waves: "Waves | None" = None) -> None:
        """Keep a result, and its waves if given; in place of what lies under the same key. On disk after the next `flush`, at most 64 results later.

        Raises:
            StoreError: the disk is full or failing; what was flushed is kept.
        """
        arrays = self._places({name: value for name, value in result.measures.items() if isinstance(value, np.ndarray)})
        scalars = {name: value for name, value in result.measures.items() if name not in arrays}
        header = json.dumps({"file": self._save(_npz(_parts(waves)), ".npz"), **_header(waves)}) if waves is not None else ""
        message = result.message.encode(errors="replace").decode()  # SQLite refuses half characters
        values = (
            result.key, str(result.status), message, float(result.seconds), int(result.relaxed), json.dumps(scalars), json.dumps(arrays), header
        )  # fmt: skip
        self._since = self._since if self._pending else time.monotonic()
        self._pending[result.key] = (*values, _checksum(values))
        if len(self._pending) >= BATCH or time.monotonic() - self._since > BATCH_AGE:
            self.flush()

    def flush(self) -> None:
        """Commit what `put` has gathered.

        Raises:
            StoreError: the disk is full or failing, or another process held the store for 30 s; what was flushed before is kept.
        """
        if not self._pending:
            return
        rows, self._pending = list(self._pending.values()), {}
        with _explained(self.path):
            self._connection.execute("begin immediate")
            try:
                self._connection.executemany("insert or replace into results values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
                self._connection.execute("commit")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                raise

    def close(self) -> None:
        """Flush and close."""
        try:
            self.flush()
        finally:
            with _explained(self.path):
                self._connection.close()

    def __len__(self) -> int:
        with _explained(self.path):
            self.flush()
            return int(self._connection.execute("select count(*) from results").fetchone()[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _row(self, key: str) -> _Row | None:
        row: _Row | None = self._pending.get(key)
        if row is not None:
            return row
        with _explained(self.path):
            try:
                row = self._connection.execute("select * from results where key = ?", (key,)).fetchone()
            except sqlite3.OperationalError as error:
                if "Could not decode" in str(error):  # bytes that are no text any more
                    return None
                raise
        return row if row is not None and row[-1] == _checksum(row[:-1]) else None

    def _save(self, content: bytes, suffix: str) -> str:
        """Write an object; its name, which is the digest of its content."""
        name = hashlib.sha256(content).hexdigest() + suffix
        target = self._object(name)
        with _explained(self.path):
            target.parent.mkdir(exist_ok=True)
            write_atomically(target, content, scratch=self.path / "tmp")
        return name

    def _places(self, arrays: Mapping[str, Array]) -> dict[str, str]:
        """Write the arrays of one result, as one file; where each lies: ``abcd.npy``, or ``abcd.npz#1``."""
        if not arrays:
            return {}
        if len(arrays) == 1:
            return {name: self._save(_npy(value), ".npy") for name, value in arrays.items()}
        file = self._save(_npz(list(arrays.values())), ".npz")
        return {name: f"{file}#{index}" for index, name in enumerate(arrays)}

    def _load(self, name: str) -> list[Array] | None:
        """The arrays of a file; None if it is missing or is not what its name says."""
        try:
            content = self._object(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"store {self.path}: cannot be read ({error.strerror})") from error
        if hashlib.sha256(content).hexdigest() != name.partition(".")[0]:
            return None
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        return [loaded] if isinstance(loaded, np.ndarray) else [loaded[each] for each in loaded.files]

    def _object(self, name: str) -> Path:
        return self.path / "objects" / name[:2] / name


def write_atomically(target: Path, content: bytes, *, scratch: Path | None = None) -> None:
    """Write a file so that, whatever happens, `target` is the old one or the whole new one.

    Args:
        target: the file.
        content: all of it.
        scratch: folder of the temporary file, on the same disk; None for the folder of `target`.

    Raises:
        OSError: as from writing; nothing is left behind.
    """
    name = (scratch or target.parent) / f".tmp-{secrets.token_hex(8)}"
    try:
        with name.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        name.unlink(missing_ok=True)
        raise


def _sweep_out(folder: Path) -> None:
    """Remove what killed processes left."""
    for name in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process does the same
            if time.time() - name.stat().st_mtime > _LEFTOVER_AGE:
                name.unlink()


def _prepare(connection: sqlite3.Connection, folder: Path) -> None:
    """Write-ahead log, schema and format of the index."""
    connection.execute(f"pragma busy_timeout = {int(BUSY * 1000)}")
    _switch_to_wal(connection)
    connection.execute("pragma synchronous = normal")  # with WAL: a power cut may lose the last batch, never the rest
    if _format(connection, folder) == 0:
        connection.execute("begin immediate")
        try:
            if _format(connection, folder) == 0:  # no other process was quicker
                _create(connection, folder)
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
    connection.execute("select key from results limit 1").fetchone()


def _format(connection: sqlite3.Connection, folder: Path) -> int:
    """The format of an index; 0 for one that is yet empty."""
    version = int(connection.execute("pragma user_version").fetchone()[0])
    if version not in (0, FORMAT):
        raise _other_format(folder, version)
    return version


def _create(connection: sqlite3.Connection, folder: Path) -> None:
    if connection.execute("select count(*) from sqlite_master").fetchone()[0]:
        raise _other_format(folder, "unknown")
    connection.execute(_SCHEMA)
    connection.execute(f"pragma application_id = {APPLICATION}")
    connection.execute(f"pragma user_version = {FORMAT}")


def _other_format(folder: Path, version: object) -> StoreError:
    return reject(StoreError, f"store {folder}", "format", version, f"{FORMAT}; use another folder, or the version of cosim that wrote it")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait here for another process that does the same, so this does."""
    end = time.monotonic() + BUSY
    while True:
        try:
            connection.execute("pragma journal_mode = wal").fetchone()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or time.monotonic() > end:
                raise
            time.sleep(0.02)


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turn what the disk and SQLite raise into one line."""
    try:
        yield
    except OSError as error:
        raise _from_system(folder, error) from error
    except sqlite3.ProgrammingError:  # a store used after `close` is a mistake of the caller
        raise
    except sqlite3.Error as error:
        raise _from_sqlite(folder, error) from error


def _from_system(folder: Path, error: OSError) -> CosimError:
    if error.errno in _NO_SPACE:
        return StoreError(f"store {folder}: no space left on the disk; what was computed is kept; {REMEDIES[Status.no_space]}")
    if error.errno == errno.EIO:
        return StoreError(f"store {folder}: cannot be written ({error.strerror})")
    return InputError(f"store {folder}: must be a folder that can be written to ({error.strerror})")


def _from_sqlite(folder: Path, error: sqlite3.Error) -> CosimError:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return StoreError(f"store {folder}: no space left on the disk; what was computed is kept; {REMEDIES[Status.no_space]}")
    if name.startswith("SQLITE_IOERR"):
        return StoreError(f"store {folder}: cannot be read or written ({error}); what was computed is kept; {REMEDIES[Status.no_space]}")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return InputError(f"store {folder}: must be a folder that can be written to ({error})")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")):
        return StoreError(f"store {folder}: another process has held it for more than {BUSY:g} s; wait for it or use another folder")
    return StoreError(f"store {folder}: index.sqlite is damaged ({error}); delete the folder, or set COSIM_STORE to another, and run again")


def _checksum(values: tuple[object, ...]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _npy(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _npz(arrays: Sequence[Array]) -> bytes:
    """Arrays under numbers: names of signals need no escaping."""
    buffer = io.BytesIO()
    np.savez(buffer, *arrays)
    return buffer.getvalue()


def _parts(waves: "Waves") -> list[Array]:
    """Axis first, then the signals in their order."""
    return [np.asarray(each) for each in (waves.axis, *waves.signals.values())]


def _header(waves: "Waves") -> dict[str, object]:
    plain = {name: getattr(waves, name) for name in ("axis_name", "engine", "version", "digest", "message", "log", "seconds", "relaxed")}
    return {**plain, "status": str(waves.status), "signals": list(waves.signals)}


def _unpacked(header: Mapping[str, Any], arrays: Sequence[Array]) -> "Waves":
    from cosim.waves import Waves

    axis, *values = arrays
    rest = {name: value for name, value in header.items() if name not in ("signals", "status")}
    return Waves(axis=axis, signals=dict(zip(header["signals"], values, strict=True)), status=Status(header["status"]), **rest)
