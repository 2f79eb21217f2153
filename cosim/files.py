"""Writing files: completely or not at all, and one error for each reason that they cannot be written."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cosim.errors import InputError, StoreError

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to be written to; it takes the place of `path` when the block ends well.

    Raises:
        InputError: the folder is missing or cannot be written.
        StoreError: the disk is full. In both cases an older file is left as it was.
    """
    if path.exists() and not path.is_file():  # a device or a pipe is written to, not replaced
        try:
            yield path
        except OSError as error:
            raise unwritten(str(path), error) from None
        return
    temporary = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix)
        temporary = Path(name)
        os.close(handle)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise unwritten(str(path), error) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file completely or not at all; text in UTF-8.

    Raises:
        InputError: the folder is missing or cannot be written.
        StoreError: the disk is full.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def unwritten(where: str, error: OSError) -> InputError | StoreError:
    """The error for something that could not be written."""
    if error.errno in NO_SPACE:
        return StoreError(f"{where}: no space left on the disk; free some, or write to another one")
    return InputError(f"{where}: cannot be written, {(error.strerror or 'unknown reason').lower()}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
