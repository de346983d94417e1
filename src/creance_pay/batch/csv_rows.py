"""Parse a CSV file of debts line by line: one line is one row, and a bad line is rejected alone.

An unclosed quotation mark, a byte of another encoding or a missing field rejects its own line and no other.  The price
is that no field holds a line break, which the CSV grammar allows between quotation marks.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import attrs

from ..errors import InvalidValueError

#: The longest accepted line, in bytes.  The ``csv`` module has a similar limit on a field.
LONGEST_LINE = 100_000
_RULE_COLUMNS = ("reference", "kind", "remaining", "open_online")
_CHUNK_BYTES = 1 << 26  # bounds the memory of a chunk, however long its lines are
_CENTS = re.compile(r"-?[0-9]{1,18}")
_BOOLEANS = {"": None, **dict.fromkeys(("true", "True", "TRUE", "1"), True)}
_BOOLEANS |= dict.fromkeys(("false", "False", "FALSE", "0"), False)

Row = list[str | int | bool | None]
#: A rejected line: its number, the reason, and its text in printable form.
Reject = tuple[int, str, str]


class UnreadableRowError(ValueError):
    """A line that is not a row.  The text gives the reason without any value of the line.

    :meth:`Layout.parse` catches it; it never leaves this module.
    """


@attrs.frozen
class Chunk:
    """Consecutive lines of a file.

    Attributes:
        first: The number of the first line, counted from 1 in the file.
        lines: The bytes of each line.  A line over :data:`LONGEST_LINE` is cut just above that length.
        size: The number of bytes that the lines take in the file; the first chunk includes the header.
    """

    first: int
    lines: list[bytes] = attrs.field(repr=False)
    size: int


def read_chunks(file: BinaryIO, max_lines: int) -> Iterator[Chunk]:
    """Yield the lines after the header in chunks.  Memory is bounded, whatever the length of a line.

    A file without lines yields one empty chunk.

    Args:
        file: A file positioned after its header.
        max_lines: The largest number of lines of a chunk.
    """
    first, start = 2, 0
    while True:
        lines = list(_read_lines(file, max_lines))
        end = file.tell()
        if lines or not start:
            yield Chunk(first, lines, end - start)
        if not lines:
            return
        first, start = first + len(lines), end


def _read_lines(file: BinaryIO, max_lines: int) -> Iterator[bytes]:
    """Yield lines up to a number of lines or bytes; skip the excess of a line that is too long."""
    size = 0
    while max_lines and size < _CHUNK_BYTES and (line := file.readline(LONGEST_LINE + 1)):
        yield line
        max_lines, size = max_lines - 1, size + len(line)
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE + 1)


@attrs.frozen(kw_only=True)
class Layout:
    """The columns and the text format of a CSV file.

    Attributes:
        names: The column names, in the order of the file.
        columns: For each operand of the rules, the name of its column.
        separator: The character between two fields.
        encoding: The encoding of the text.
    """

    names: tuple[str, ...]
    columns: Mapping[str, str]
    separator: str
    encoding: str

    @classmethod
    def from_header(cls, header: bytes, columns: Mapping[str, str], *, separator: str, encoding: str) -> Layout:
        """Parse the first line of a file.

        Raises:
            InvalidValueError: when the line cannot be read, repeats a name, or lacks a column of the rules.
        """
        try:
            names = tuple(_split(header.removeprefix(codecs.BOM_UTF8), separator, encoding, None))
        except UnreadableRowError as error:
            raise InvalidValueError(f"header: {error}") from None
        if len({*names}) < len(names):
            raise InvalidValueError("header: expected each column name once")
        if missing := [name for name in columns.values() if name not in names]:
            raise InvalidValueError(f"header: missing columns: {', '.join(missing)}")
        return cls(names=names, columns=columns, separator=separator, encoding=encoding)

    def parse(self, chunk: Chunk) -> tuple[list[Row], list[Reject]]:
        """Parse lines into rows: typed cells for the rules' columns, text for the others.  Skip empty lines.

        Returns:
            The rows, and the rejected lines.
        """
        place = {name: self.names.index(column) for name, column in self.columns.items()}
        reference, kind, remaining, open_online = (place[name] for name in _RULE_COLUMNS)
        rows: list[Row] = []
        rejected: list[Reject] = []
        for number, line in enumerate(chunk.lines, chunk.first):
            try:
                row: Row = [*_split(line, self.separator, self.encoding, len(self.names))]
                row[reference], row[kind] = row[reference] or None, row[kind] or None
                row[remaining] = _parse_cents(row[remaining], self.columns["remaining"])
                row[open_online] = _parse_boolean(row[open_online], self.columns["open_online"])
            except UnreadableRowError as error:
                if line.strip():
                    rejected.append((number, str(error), _printable(line, self.encoding)))
            else:
                rows.append(row)
        return rows, rejected


def _split(line: bytes, separator: str, encoding: str, expected: int | None) -> list[str]:
    """Split a line into its fields; check their number unless ``expected`` is ``None``."""
    if len(line) > LONGEST_LINE:
        raise UnreadableRowError(f"longer than {LONGEST_LINE} bytes")
    try:
        text = line.decode(encoding).rstrip("\r\n")
    except UnicodeDecodeError:
        raise UnreadableRowError(f"not in {encoding}") from None
    if "\0" in text:
        raise UnreadableRowError("a character NUL")
    fields = _split_quoted(text, separator) if '"' in text else text.split(separator)
    if expected is not None and len(fields) != expected:
        raise UnreadableRowError(f"{len(fields)} fields instead of {expected}")
    return fields


def _split_quoted(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        raise UnreadableRowError("quotation marks that do not match") from None


def _parse_cents(text: Any, column: str) -> int | None:  # noqa: ANN401 - a text, in a row of mixed types
    if not text:
        return None
    if _CENTS.fullmatch(text) is None:
        raise UnreadableRowError(f"{column}: expected whole cents")
    return int(text)


def _parse_boolean(text: Any, column: str) -> bool | None:  # noqa: ANN401 - a text, in a row of mixed types
    if text not in _BOOLEANS:
        raise UnreadableRowError(f"{column}: expected true or false, or 1 or 0")
    return _BOOLEANS[text]


def _printable(line: bytes, encoding: str) -> str:
    """Decode a line for the file of rejects: escape undecodable bytes and NUL, and cut a line that is too long."""
    text = line.rstrip(b"\r\n").decode(encoding, errors="backslashreplace").replace("\0", "\\x00")
    return text[:LONGEST_LINE]
