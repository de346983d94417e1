"""Errors of files as errors of the system or of this package."""

import errno
from pathlib import Path

import polars as pl
import pytest

from creance_pay.batch.disk import translated
from creance_pay.errors import InvalidValueError

IN, OUT = Path("in.parquet"), Path("out")


@pytest.mark.parametrize(
    ("error", "number", "name", "expected"),
    [
        (OSError(errno.ENOSPC, "text"), errno.ENOSPC, "out", "free space"),
        (OSError("Permission denied (os error 13)"), errno.EACCES, "in.parquet", "denied"),
        (pl.exceptions.ComputeError("a cell (os error 28)"), errno.ENOSPC, "out", "free space"),
    ],
)
def test_system(error: Exception, number: int, name: str, expected: str) -> None:
    """An error of the system has its number and the file, and of a full disk the advice."""
    with pytest.raises(OSError, match=expected) as found, translated(IN, OUT):
        raise error

    assert (number, name) == (found.value.errno, found.value.filename)


def test_damaged() -> None:
    """Another error of Polars is a damaged file; its text, which may quote a cell, is hidden."""
    named = r"in\.parquet cannot be read \(ComputeError\)"
    with pytest.raises(InvalidValueError, match=named) as found, translated(IN, OUT):
        raise pl.exceptions.ComputeError("a cell")

    assert "a cell" not in str(found.value)
