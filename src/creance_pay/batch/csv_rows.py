"""The lines of a CSV file of debts, one line a row whatever the line holds: what cannot be read harms no other.

A quotation mark that is never closed, a byte of another encoding or a missing field is the fault of its own line.  That
is why a field holds no line break here, which the grammar of CSV would allow between quotation marks.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import attrs

from ..errors import InvalidValueError

#: The longest line that can be a debt's, in bytes; what reads CSV elsewhere takes no more in a field either.
LONGEST_LINE = 100_000
_READ = ("reference", "kind", "remaining", "open_online")
_CHUNK_BYTES = 1 << 26  # no more lines in a chunk than memory bears, however long they are
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_TRUTHS = {"": None, **dict.fromkeys(("true", "True", "TRUE", "1"), True)}
_TRUTHS |= dict.fromkeys(("false", "False", "FALSE", "0"), False)

Row = list[str | int | bool | None]


class UnreadableRowError(ValueError):
    """A line that is no row; the error says why, without any of its values, and never leaves this module."""


@attrs.frozen
class Chunk:
    """Lines that follow one another.

    Attributes:
        first: The number of the first one, counted from 1 in the file.
        lines: Their bytes; of a line that is too long, the beginning, longer than any good line.
        size: How many bytes they take in the file, the header's included where they are the first.
    """

    first: int
    lines: list[bytes] = attrs.field(repr=False)
    size: int


def chunks(file: BinaryIO, most: int) -> Iterator[Chunk]:
    """Gather the lines after the header, so many at a time; what a line has beyond the longest is never in memory.

    There is one chunk at least, of no line perhaps.
    """
    first, start = 2, 0
    while True:
        gathered = list(_some(file, most))
        end = file.tell()
        if gathered or not start:
            yield Chunk(first, gathered, end - start)
        if not gathered:
            return
        first, start = first + len(gathered), end


def _some(file: BinaryIO, most: int) -> Iterator[bytes]:
    """Read lines until they are as many as is wanted, or as long together as memory bears."""
    size = 0
    while most and size < _CHUNK_BYTES and (line := file.readline(LONGEST_LINE + 1)):
        yield line
        most, size = most - 1, size + len(line)
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE + 1)


@attrs.frozen(kw_only=True)
class Layout:
    """How the lines of a file are to be read.

    Attributes:
        names: The names of its fields, in their order.
        columns: The names of those that the rules read, by the rules' own names for them.
        separator: What stands between fields.
        encoding: The encoding of its text.
    """

    names: tuple[str, ...]
    columns: Mapping[str, str]
    separator: str
    encoding: str

    @classmethod
    def of(cls, header: bytes, columns: Mapping[str, str], *, separator: str, encoding: str) -> Layout:
        """Read the first line.

        Raises:
            InvalidValueError: when it cannot be read, repeats a name, or lacks one that is needed.
        """
        try:
            names = tuple(_fields(header.removeprefix(codecs.BOM_UTF8), separator, encoding, None))
        except UnreadableRowError as error:
            raise InvalidValueError(str(error)) from None
        if len({*names}) < len(names):
            raise InvalidValueError("expected each name of a column once")
        if missing := [name for name in columns.values() if name not in names]:
            raise InvalidValueError(f"missing columns: {', '.join(missing)}")
        return cls(names=names, columns=columns, separator=separator, encoding=encoding)

    def read(self, chunk: Chunk) -> tuple[list[Row], list[tuple[int, str, str]]]:
        """Read rows: what the rules read as what it is, everything else as text; empty lines are none.

        Returns:
            The rows; and of each line that is none its number, the reason, and its text in such a way that it can be
            read.
        """
        place = {name: self.names.index(column) for name, column in self.columns.items()}
        reference, kind, remaining, open_online = (place[name] for name in _READ)
        rows: list[Row] = []
        rejected: list[tuple[int, str, str]] = []
        for number, line in enumerate(chunk.lines, chunk.first):
            try:
                row: Row = [*_fields(line, self.separator, self.encoding, len(self.names))]
                row[reference], row[kind] = row[reference] or None, row[kind] or None
                row[remaining] = _whole(row[remaining], self.columns["remaining"])
                row[open_online] = _truth(row[open_online], self.columns["open_online"])
            except UnreadableRowError as error:
                if line.strip():
                    rejected.append((number, str(error), _shown(line, self.encoding)))
            else:
                rows.append(row)
        return rows, rejected


def _fields(line: bytes, separator: str, encoding: str, expected: int | None) -> list[str]:
    """Take a line apart into as many fields as are expected."""
    if len(line) > LONGEST_LINE:
        raise UnreadableRowError(f"longer than {LONGEST_LINE} bytes")
    try:
        text = line.decode(encoding).rstrip("\r\n")
    except UnicodeDecodeError:
        raise UnreadableRowError(f"not in {encoding}") from None
    if "\0" in text:
        raise UnreadableRowError("a character NUL")
    fields = _quoted(text, separator) if '"' in text else text.split(separator)
    if expected is not None and len(fields) != expected:
        raise UnreadableRowError(f"{len(fields)} fields instead of {expected}")
    return fields


def _quoted(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        raise UnreadableRowError("quotation marks that do not match") from None


def _whole(text: Any, name: str) -> int | None:  # noqa: ANN401 - a text, in a row of anything
    if not text:
        return None
    if _WHOLE.fullmatch(text) is None:
        raise UnreadableRowError(f"{name}: expected whole cents")
    return int(text)


def _truth(text: Any, name: str) -> bool | None:  # noqa: ANN401 - a text, in a row of anything
    if text not in _TRUTHS:
        raise UnreadableRowError(f"{name}: expected true or false, or 1 or 0")
    return _TRUTHS[text]


def _shown(line: bytes, encoding: str) -> str:
    text = line.rstrip(b"\r\n").decode(encoding, errors="backslashreplace").replace("\0", "\\x00")
    return text[:LONGEST_LINE]
