"""Parse CSV in blocks of whole lines: ordinary blocks by Polars at once, other lines one by one.

A line that cannot be a row is rejected alone: an unclosed quotation mark, a byte of another encoding or a missing field
affects no other line.  A field between quotation marks may contain line breaks; its row has the number of its first
line.  A quotation mark that is opened, and closed only after what looks like another row, is a damaged line.

A block is parsed in three ways, the next one where the one before does not suffice:

1. Without quotation marks, and with as many separators as its lines need: Polars parses the block.
2. Polars parses the lines that match one pattern: the right number of fields, each quoted as a whole or not at all.
3. Python parses each other line, with the lines that follow it inside quotation marks.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import BinaryIO

import attrs
import narwhals.stable.v2 as nw
import polars as pl

from .._text import inert_cell
from ..errors import ConfigurationError, InvalidValueError
from ..rules.cells import Cells, Unit

#: The longest accepted row, in bytes.  The ``csv`` module has a similar limit on a field.
LONGEST_ROW = 100_000
_MOST_LINES = 1000  # of one row
_BLOCK_BYTES = 1 << 23  # bounds the memory, however long the lines are
_MOST_CENTS = 10**18
#: The hidden column of amounts in cents, beside a column of another unit that stays as it is.
CENTS = "creance_pay cents"
_NUMBER = "creance_pay line"
_GUESSES = (";", "\t", ",", "|")
_REPLACEMENT = "\ufffd"


class UnreadableRowError(ValueError):
    """A line that is not a row.  The text gives the reason without any value of the line.

    It never leaves this module.
    """


class OpenQuoteError(UnreadableRowError):
    """A row that may continue in a line that is not in the block."""


@attrs.frozen
class Reject:
    """A rejected line.

    Attributes:
        line: Its number, counted from 1 in its file.
        reason: The reason, without any value of the line.
        text: The line in printable form.
    """

    line: int
    reason: str
    text: str = attrs.field(repr=False)


@attrs.frozen(slots=False)
class Block:
    """Consecutive whole lines of a file.

    Attributes:
        first: The number of the first line, counted from 1 in the file.
        data: The lines.  A line that fills a block is cut, and too long to be a row.
        newlines: The number of newlines in the data.
        size: The number of bytes that the lines take in the file.
        at_end: Whether the file has no further line.
    """

    first: int
    data: bytes = attrs.field(repr=False)
    newlines: int
    size: int
    at_end: bool

    @cached_property
    def lines(self) -> list[bytes]:
        """The lines, each without its final newline."""
        lines = self.data.split(b"\n")
        return lines if lines[-1] else lines[:-1]


@attrs.frozen
class Rows:
    """The content of a block.

    Attributes:
        frame: The rows, the columns of the rules typed.
        rejects: The rejected lines, by number.
        lines: The number of lines of the block that were parsed; the others continue in the next block.
        size: The number of bytes of these lines.
    """

    frame: pl.DataFrame
    rejects: list[Reject]
    lines: int
    size: int


class BlockReader:
    """Read a file in blocks; a block may be given back in part.

    Args:
        file: The decompressed bytes of the file.
        offset: The position of the next line.
        line: The number of the next line.
    """

    def __init__(self, file: BinaryIO, *, offset: int, line: int) -> None:
        """Begin at a line."""
        self._file, self.offset, self.line = file, offset, line
        self._rest = b""
        file.seek(offset)

    def read(self, max_lines: int) -> Block:
        """Read whole lines, up to a number of lines or bytes.  The block is not consumed: see :meth:`advance`."""
        wanted = max(_BLOCK_BYTES - len(self._rest), 0)
        self._rest += (got := self._file.read(wanted))
        at_end = len(got) < wanted
        size = len(self._rest) if at_end else self._rest.rfind(b"\n") + 1
        if not size and not at_end:
            return self._read_long_line()
        data = self._rest[:size]
        newlines = data.count(b"\n")
        if newlines > max_lines:
            data = b"\n".join([*data.split(b"\n", max_lines)[:max_lines], b""])
            newlines = max_lines
        return Block(self.line, data, newlines, len(data), at_end and len(data) == len(self._rest))

    def _read_long_line(self) -> Block:
        """Skip the end of a line that fills a block; keep its beginning, which is too long for a row."""
        begin, size = self._rest[: LONGEST_ROW + 1], len(self._rest)
        self._rest = b""
        while piece := self._file.readline(_BLOCK_BYTES):
            size += len(piece)
            if piece.endswith(b"\n"):
                break
        return Block(self.line, begin, 0, size, at_end=False)

    def advance(self, rows: Rows) -> None:
        """Consume the lines that were parsed."""
        self._rest = self._rest[rows.size :]
        self.offset += rows.size
        self.line += rows.lines


def _read_separator(text: str | None) -> str | None:
    """Convert the name of a separator."""
    return None if text is None else {"tab": "\t", r"\t": "\t"}.get(text, text)


@attrs.frozen(kw_only=True)
class Dialect:
    """The text format of CSV files, and the spellings of their cells.

    Attributes:
        separator: The character between two fields; ``None`` for a comma, or a tab in a file ``.tsv``, or the one that
            the first line ``sep=`` of a spreadsheet names.
        encoding: The encoding of the text: one that extends ASCII.
        unit: The unit of amounts; ``None`` for whole cents, if no amount has decimals.
        booleans: The spellings of true and false, in lower case.
        nulls: The texts that mean a null, in the columns of the rules.
    """

    separator: str | None = attrs.field(default=None, converter=_read_separator)
    encoding: str = "utf-8"
    unit: Unit | None = None
    booleans: Mapping[str, bool]
    nulls: Collection[str]

    def __attrs_post_init__(self) -> None:
        """Check the separator and the encoding."""
        text = self.separator
        if text is not None and (len(text) != 1 or not text.isascii() or text.isalnum() or text in '"\r\n\0'):
            raise ConfigurationError(
                "expected a separator of one ASCII character or tab, no letter, digit, quotation mark or line break, "
                f"got {text!r}"
            )
        if not extends_ascii(self.encoding):
            raise ConfigurationError(
                f"expected an encoding that extends ASCII, such as utf-8 or cp1252, got {self.encoding!r}"
            )


@attrs.frozen(kw_only=True, slots=False)
class Layout:
    """The columns and the text format of one CSV file.

    Attributes:
        names: The column names, in the order of the file.
        columns: For each operand of the rules, the name of its column.
        separator: The character between two fields.
        dialect: The spellings.
        amount: The operand that is an amount.
        boolean: The operand that is a boolean.
        keys: Further columns with one value, from the names of the folders.
    """

    names: tuple[str, ...]
    columns: Mapping[str, str]
    separator: str
    dialect: Dialect
    amount: str
    boolean: str
    keys: Mapping[str, str | None]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The columns of the rows, with their types."""
        types: dict[str, pl.DataType] = {name: pl.String() for name in (*self.names, *self.keys)}
        amount = CENTS if self.dialect.unit == "euros" else self.columns[self.amount]
        return types | {self.columns[self.boolean]: pl.Boolean(), amount: pl.Int64()}

    @property
    def encoding(self) -> str:
        """The encoding of the text."""
        return self.dialect.encoding

    def parse(self, block: Block) -> Rows:
        """Parse a block.

        Raises:
            InvalidValueError: when no unit is declared and an amount has decimals.
        """
        if not block.data:
            return Rows(self._typed(self._empty())[0], [], 0, 0)
        whole = self._parse_whole(block)
        if whole is not None:
            typed, unreadable = self._typed(whole)
            if not unreadable:
                return Rows(typed, [], typed.height, block.size)
        return self._parse_lines(block)

    def _parse_whole(self, block: Block) -> pl.DataFrame | None:
        """Parse a block without quotation marks, if each line has its fields; else return ``None``."""
        data = block.data
        count = block.newlines + (not data.endswith(b"\n"))
        odd = b'"' in data or b"\0" in data or data.startswith(codecs.BOM_UTF8) or _has_long_line(data)
        if odd or data.count(self.separator.encode()) != count * (len(self.names) - 1):
            return None
        utf8 = self._to_utf8(data)
        if _REPLACEMENT.encode() in utf8:
            return None
        try:
            frame = self._scan(utf8, quote=None).collect(engine="streaming")
        except pl.exceptions.PolarsError:
            return None  # a line has more fields, and another one fewer
        return frame if frame.height == count else None

    def _scan(self, utf8: bytes, *, quote: str | None) -> pl.LazyFrame:
        flag = self.columns[self.boolean]
        nulls = {name: [text for text in self.dialect.nulls if text] for name in self.columns.values()}
        nulls[flag] = [text for text in nulls[flag] if not self._is_boolean(text)]
        nulls = {name: ["", *texts] for name, texts in nulls.items() if name in self.names}
        others = [name for name in self.names if name not in nulls]
        return pl.scan_csv(
            utf8,
            has_header=False,
            separator=self.separator,
            quote_char=quote,
            schema=dict.fromkeys(self.names, pl.String),
            truncate_ragged_lines=quote is not None,
            extra_columns="ignore" if quote else "raise",
        ).with_columns(
            *(pl.when(pl.col(name).is_in(texts).not_()).then(name).alias(name) for name, texts in nulls.items()),
            *((pl.when(pl.col(name) != "").then(name).alias(name) for name in others) if quote else ()),
        )

    def _parse_lines(self, block: Block) -> Rows:
        """Parse the lines of a block that match the pattern together, and each other line by itself."""
        utf8 = self._to_utf8(block.data)
        lines = pl.read_lines(utf8, row_index_name=_NUMBER, row_index_offset=block.first)
        short = pl.col("line").str.len_bytes() <= LONGEST_ROW
        plain = lines.select(_NUMBER, "line", plain=pl.col("line").str.contains(self._pattern) & short)
        odd = plain.filter(~pl.col("plain"))[_NUMBER].to_list()
        rejects: list[Reject] = []
        found: dict[int, list[str | None]] = {}
        inside: set[int] = set()
        end = block.first + len(block.lines)
        for number in odd:
            if number in inside:
                continue
            try:
                fields, count = self._row(block, number)
            except OpenQuoteError:
                if number > block.first:
                    end = number
                    break
                raise
            except UnreadableRowError as error:
                if block.lines[number - block.first].strip():
                    rejects.append(Reject(number, str(error), self._printable(block, number)))
            else:
                found[number] = fields
                inside.update(range(number + 1, number + count))
        kept = plain.filter(pl.col("plain") & (pl.col(_NUMBER) < end) & ~pl.col(_NUMBER).is_in(inside))
        text = "\n".join(kept["line"]).encode()
        frame = self._scan(text, quote='"').collect() if text else self._empty()
        frame = frame.with_columns(kept[_NUMBER].cast(pl.Int64))
        if found:
            cells = {name: [row[place] for row in found.values()] for place, name in enumerate(self.names)}
            more = pl.DataFrame(cells, schema=dict.fromkeys(self.names, pl.String))
            frame = pl.concat([frame, more.with_columns(pl.Series(_NUMBER, [*found], pl.Int64))]).sort(_NUMBER)
        typed, unreadable = self._typed(frame)
        for number, reason in unreadable:
            rejects.append(Reject(number, reason, self._printable(block, number)))
        lines_read = end - block.first
        size = block.size if lines_read == len(block.lines) else sum(len(line) + 1 for line in block.lines[:lines_read])
        return Rows(typed.drop(_NUMBER), sorted(rejects, key=lambda each: each.line), lines_read, size)

    def _row(self, block: Block, number: int) -> tuple[list[str | None], int]:
        """Parse the row that begins at a line; return its fields and the number of its lines."""
        place = number - block.first
        text = block.lines[place] if block.size <= len(block.data) else block.data
        if len(text) > LONGEST_ROW:
            raise UnreadableRowError(f"longer than {LONGEST_ROW} bytes")
        count = 1
        if text.count(b'"') % 2:
            text, count = self._joined(block, place)
        return self._fields(text), count

    def _joined(self, block: Block, place: int) -> tuple[bytes, int]:
        """Join a line to those that follow it, up to the end of the quotation; the line alone if there is none."""
        alone = block.lines[place]
        text = alone
        for count, line in enumerate(block.lines[place + 1 : place + _MOST_LINES], 2):
            text = b"\n".join([text, line])
            if len(text) > LONGEST_ROW:
                return alone, 1
            if line.count(b'"') % 2:
                try:
                    fields = self._fields(text)
                except UnreadableRowError:
                    return alone, 1
                # A field with a whole row in it shows that a quotation mark is missing, and not a line break.
                parts = (part for field in fields for part in (field or "").split("\n")[1:])
                if any(part.count(self.separator) >= len(self.names) - 1 for part in parts):
                    return alone, 1
                return text, count
        if not block.at_end and place + _MOST_LINES > len(block.lines):
            raise OpenQuoteError
        return alone, 1

    def _fields(self, line: bytes) -> list[str | None]:
        """Split a row into its fields; the fields beyond the columns must be empty."""
        fields = split(line, self.separator, self.encoding)
        count = len(self.names)
        if len(fields) < count or any(fields[count:]):
            raise UnreadableRowError(f"{len(fields)} fields instead of {count}")
        nulls = {*self.dialect.nulls, ""}
        read = {*self.columns.values()}
        flag = self.columns[self.boolean]
        for place, name in enumerate(self.names):
            word = fields[place]
            if not word or (name in read and word in nulls and (name != flag or not self._is_boolean(word))):
                fields[place] = ""
        return [field or None for field in fields[:count]]

    def _is_boolean(self, word: str) -> bool:
        return word.strip().lower() in self.dialect.booleans

    def _typed(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
        """Convert the columns of the rules, and drop the rows with an unreadable cell.

        Returns:
            The rows, and the number and the reason of each unreadable one.  Without the numbers of the lines, the
            number is 0.
        """
        frame = frame.with_columns(**{name: pl.lit(value, pl.String) for name, value in self.keys.items()})
        amount, flag = self.columns[self.amount], self.columns[self.boolean]
        cents, good_amount = self._amounts(frame)
        truth, good_truth = self._booleans(frame)
        typed = frame.with_columns(cents.alias(CENTS if self.dialect.unit == "euros" else amount), truth.alias(flag))
        good = good_amount & good_truth
        if good.all():
            return typed, []
        if _NUMBER not in frame.columns:
            return typed, [(0, "")]
        unreadable = dict.fromkeys(frame.filter(~good_truth)[_NUMBER], f"{flag}: expected true or false, or 1 or 0")
        unreadable |= dict.fromkeys(frame.filter(~good_amount)[_NUMBER], self._amount_reason)
        return typed.filter(good), [*unreadable.items()]

    def _amounts(self, frame: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        """Read the amounts, and whether each is null or readable; plain integers at once."""
        texts, unit = frame[self.columns[self.amount]], self.dialect.unit
        cents = texts.cast(pl.Int64, strict=False)
        if unit != "euros" and cents.null_count() == texts.null_count() and _small(cents):
            return cents, _all(frame)
        if unit is None:
            if _NUMBER not in frame.columns:
                return cents, pl.repeat(value=False, n=frame.height, eager=True)  # to be read again, by numbered lines
            self._check_unit(frame)
        return _read_amounts(texts, unit or "cents")

    def _booleans(self, frame: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        """Read the booleans, and whether each is null or readable; usual spellings at once."""
        texts, booleans = frame[self.columns[self.boolean]], self.dialect.booleans
        if "" in booleans:
            texts = texts.fill_null("")
        exact = {word: value for each, value in booleans.items() for word in (each, each.upper(), each.capitalize())}
        truth = texts.replace_strict(exact, default=None, return_dtype=pl.Boolean)
        return (truth, _all(frame)) if truth.null_count() == texts.null_count() else _read_booleans(texts, booleans)

    @property
    def _amount_reason(self) -> str:
        expected = "euros, such as 60,00 or 60.00" if self.dialect.unit == "euros" else "whole cents"
        return f"{self.columns[self.amount]}: expected {expected}"

    def _check_unit(self, frame: pl.DataFrame) -> None:
        """Raise when an amount has decimals, which whole cents do not have."""
        amount = self.columns[self.amount]
        rows = frame.filter(pl.col(amount).str.contains("[.,][0-9]"))
        _, in_euros = _read_amounts(rows[amount], "euros")
        for row in rows.filter(in_euros).head(1).iter_rows(named=True):
            raise InvalidValueError(
                f"line {row[_NUMBER]}, column {amount}: an amount with decimals, and no unit: "
                "name the unit, euros or cents"
            )

    def _empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema=dict.fromkeys(self.names, pl.String))

    def _to_utf8(self, data: bytes) -> bytes:
        """Convert lines to UTF-8, with U+FFFD for each undecodable byte."""
        if codecs.lookup(self.encoding).name == "utf-8":
            return data if data.isascii() else data.decode(errors="replace").encode()
        table = bytes(range(256)).decode(self.encoding, errors="replace")
        if len(table) == 256:  # noqa: PLR2004 - one character a byte
            return data if data.isascii() else data.decode(self.encoding, errors="replace").encode()
        return f"{_REPLACEMENT}\n".encode() * (data.count(b"\n") + (not data.endswith(b"\n")))

    @cached_property
    def _pattern(self) -> str:
        """The pattern of an ordinary line: its fields, each without quotation marks or between two of them."""
        other = re.escape(self.separator)
        field = rf'(?:[^"{other}\x00\r\n\x{{FEFF}}\x{{FFFD}}]*|"[^"\x00\r\n\x{{FEFF}}\x{{FFFD}}]*")'
        return rf"\A{field}(?:{other}{field}){{{len(self.names) - 1}}}{other}*\r?\z"

    def _printable(self, block: Block, number: int) -> str:
        """Decode a line for the file of rejects: escape undecodable bytes and NUL, and cut a line that is too long."""
        line = block.lines[number - block.first].removesuffix(b"\r")[:LONGEST_ROW]
        return inert_cell(line.decode(self.encoding, errors="backslashreplace").replace("\0", "\\x00"))


def _has_long_line(data: bytes) -> bool:
    start = 0
    while start + LONGEST_ROW < len(data):
        end = data.rfind(b"\n", start, start + LONGEST_ROW + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def _all(frame: pl.DataFrame) -> pl.Series:
    return pl.repeat(value=True, n=frame.height, eager=True)


def _small(cents: pl.Series) -> bool:
    """Return whether every amount has at most eighteen digits."""
    low, high = cents.min(), cents.max()
    return low is None or max(-int(str(low)), int(str(high))) < _MOST_CENTS


def _read_amounts(texts: pl.Series, unit: Unit) -> tuple[pl.Series, pl.Series]:
    """Read texts as amounts: the cents, null for a null, and whether each text is null or readable."""
    cells = _cells(texts, unit=unit)
    cell = cells.amount("cell", 0)
    assert cell.readable is not None  # noqa: S101 - of a column of text
    found = cells.frame.select(value=nw.when(cell.present).then(cell.value), readable=cell.readable).to_native()
    return found["value"], found["readable"]


def _read_booleans(texts: pl.Series, booleans: Mapping[str, bool]) -> tuple[pl.Series, pl.Series]:
    """Read texts as booleans: the values, null for a null, and whether each text is null or readable."""
    cells = _cells(texts, booleans=booleans)
    cell = cells.boolean("cell")
    assert cell.readable is not None  # noqa: S101 - of a column of text
    found = cells.frame.select(value=nw.when(cell.present).then(cell.value), readable=cell.readable).to_native()
    return found["value"], found["readable"]


def _cells(texts: pl.Series, unit: Unit | None = None, booleans: Mapping[str, bool] | None = None) -> Cells:
    frame = nw.from_native(texts.alias("cell").to_frame())
    return Cells(frame=frame, types=frame.schema, unit=unit, booleans=booleans)


def split(line: bytes, separator: str, encoding: str) -> list[str]:
    """Split a row into its fields.

    Raises:
        UnreadableRowError: when it is too long, has a NUL or another encoding, or unmatched quotation marks.
    """
    if len(line) > LONGEST_ROW:
        raise UnreadableRowError(f"longer than {LONGEST_ROW} bytes")
    try:
        text = line.decode(encoding).rstrip("\r\n")
    except UnicodeDecodeError:
        raise UnreadableRowError(f"not in {encoding}") from None
    if "\0" in text:
        raise UnreadableRowError("a character NUL")
    if '"' not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        raise UnreadableRowError("quotation marks that do not match") from None


def read_header(file: BinaryIO, dialect: Dialect, default_separator: str) -> tuple[list[str], str, int, int]:
    """Read the header of a file.

    Returns:
        The names, without empty ones at the end; the separator; the position and the number of the next line.

    Raises:
        InvalidValueError: when the line cannot be read, or the file begins with the mark of another encoding.
    """
    line = file.readline(LONGEST_ROW + 1)
    number, offset = 1, len(line)
    bare = line.removeprefix(codecs.BOM_UTF8)
    if len(bare) < len(line) and not codecs.lookup(dialect.encoding).name.startswith("utf-8"):
        raise InvalidValueError(f"a byte order mark of UTF-8: expected the encoding utf-8, got {dialect.encoding}")
    separator = dialect.separator
    if found := re.fullmatch(rb'"?sep=(.)"?\r?\n', bare):
        separator = separator or found[1].decode("latin-1")
        bare = file.readline(LONGEST_ROW + 1)
        number, offset = 2, offset + len(bare)
    separator = separator or default_separator
    if b"\r" in bare.rstrip(b"\r\n"):
        raise InvalidValueError("line ends are CR alone: convert them to LF, for example by tr '\\r' '\\n'")
    try:
        names = split(bare, separator, dialect.encoding)
    except UnreadableRowError as error:
        raise InvalidValueError(f"header: {error}{_advice(bare, dialect.encoding)}") from None
    while len(names) > 1 and not names[-1].strip():
        names.pop()
    return names, separator, offset, number + 1


def _advice(header: bytes, encoding: str) -> str:
    """Name an encoding that reads the header."""
    try:
        header.decode(encoding)
    except UnicodeDecodeError:
        readable = [each for each in ("utf-8", "cp1252") if _decodes(header, each)]
        return f"; it can be read as {readable[0]}: name the encoding" if readable else ""
    return ""


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        return bool(line.decode(encoding))
    except UnicodeDecodeError:
        return False


def guess_separator(names: list[str], separator: str) -> str:
    """Return advice for a header that is one name and contains another separator, or an empty text."""
    if len(names) > 1:
        return ""
    found = [each for each in _GUESSES if each != separator and each in names[0]]
    best = max(found, key=names[0].count, default=None)
    return f"; the separator may be {'tab' if best == chr(9) else repr(best)}: name it" if best else ""


def extends_ascii(encoding: str) -> bool:
    """Return whether an encoding reads and writes each ASCII character as its own byte."""
    plain = bytes(range(1, 128)).replace(b"\x1b", b"")
    samples = (rb"\u0041 \x41 +AGE- ~{!~}", b"\n", plain)
    try:
        b"\xff".decode(encoding, errors="replace")  # some codecs of Python replace nothing
        return all(sample.decode(encoding) == sample.decode("ascii") for sample in samples) and (
            "a\n0".encode(encoding).removeprefix(codecs.BOM_UTF8) == b"a\n0"
        )
    except (LookupError, ValueError):
        return False
