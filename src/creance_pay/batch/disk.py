"""The acts of a job on the disk: locks, atomic writes, and errors of the system without the text of a library."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from ..errors import ConfigurationError, InvalidValueError

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows has no such lock
    fcntl = None

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux
_AT_CWD = -100


@contextmanager
def translated(reading: Path, writing: Path) -> Iterator[None]:
    """Raise an error of Polars as one of this package or of the system, without its text, which may quote a cell."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        found = re.search(r"os error ([0-9]+)", str(error))
        if isinstance(error, OSError) and error.errno is not None:
            number = error.errno
        elif found:
            number = int(found[1])
        else:
            kind = type(error).__name__
            raise InvalidValueError(
                f"{reading} cannot be read ({kind}): damaged, cut off, or changed during the job"
            ) from None
        if number in _FULL:
            text = f"{os.strerror(number)}; the finished parts are kept: free space and run the same command again"
            raise OSError(number, text, str(writing)) from None
        raise OSError(number, os.strerror(number), str(getattr(error, "filename", None) or reading)) from None


def lock(folder: Path, target: Path) -> int:
    """Lock a folder, and return its open handle, or -1 when it was removed meanwhile.

    Raises:
        ConfigurationError: when another process has locked it.
    """
    if fcntl is None:
        return os.open(os.devnull, os.O_RDONLY)
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return -1
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder.exists() and folder.stat().st_ino == os.fstat(handle).st_ino:
            return handle
    except BlockingIOError:
        os.close(handle)
        raise ConfigurationError(f"another run is writing {target}: wait for it, or end it") from None
    os.close(handle)
    return -1


def exchange(one: Path, other: Path) -> None:
    """Exchange two folders: in one step where the system can, else by renames that a next run completes."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    if rename and rename(_AT_CWD, os.fsencode(one), _AT_CWD, os.fsencode(other), _EXCHANGE) == 0:
        return
    old = one.with_name("old")
    other.rename(old)
    one.rename(other)


def is_recorded_in(path: Path, identity: Mapping[str, Any]) -> bool:
    """Return whether a file exists and records this job, and no other."""
    if not path.exists():
        return False
    recorded = read_json(path)
    return bool({**recorded, **json.loads(json.dumps(identity))} == recorded)


def read_json(path: Path) -> Any:  # noqa: ANN401 - of several shapes
    """Read a file of a job.

    Raises:
        ConfigurationError: when it is damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict | int):
        raise ConfigurationError(f"{path}: damaged; delete it, or choose overwrite or another target")
    return found


@contextmanager
def appending(path: Path, offset: int) -> Iterator[BinaryIO]:
    """Open a file at an offset, cut off the rest, and synchronise the file at the end."""
    with path.open("r+b" if path.exists() else "wb") as file:
        file.truncate(offset)
        file.seek(offset)
        yield file
        file.flush()
        os.fsync(file.fileno())


def atomic_write(path: Path, text: str) -> None:
    """Write a small file whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8", newline="")
    atomic_replace(temporary, path)


def atomic_replace(temporary: Path, path: Path) -> None:
    """Synchronise a finished file, then rename it: after a power cut no half file has the final name."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
