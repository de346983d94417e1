"""Write the letters of a file as PDF files: a killed job is resumed and writes the same bytes.

The output is a folder::

    OUT/
        index.csv                                the line, the letter, the file and its SHA-256, a row a letter
        00000/avis-de-sommes-a-payer-....pdf     a thousand letters a folder, in the order of the rows

Two rows may make letters of one name: the number of the row comes first in the name of the file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import attrs
import polars as pl

from .._text import inert_cell
from ..errors import ConfigurationError, InvalidValueError, MessageError, MissingExtraError
from ..messages import Overrides, Wording, letter_pdf
from ..messages.formats import LOCALES
from ..messages.letters import Document
from ..rules import Policy
from .csv_rows import LONGEST_ROW, Dialect, Reject, UnreadableRowError, guess_separator, read_header, split
from .disk import translated
from .file_job import FileJob
from .letter_rows import FIELDS, LANG, LETTER, RECIPIENT, kind_named, letter_of, required
from .result import BatchResult
from .sources import Source, SourceFile, find_source, named
from .work import Position, Totals, WorkFolder

#: The number of letters of a part, and of a folder of the output.
PART_ROWS, FOLDER_ROWS = 250, 1000
_MOST_LINES = 1000  # of one row
_INDEX = "index.csv"


@attrs.frozen(kw_only=True)
class LetterPart:
    """Consecutive rows of the source.

    Attributes:
        rows: The number of the line, and the cells by column, of each row.
        rejects: The lines that are no rows.
        at: The position after the part: number of the file, offset in it (a row of Parquet), number of the next line.
        size: The size of the part, in the units of the progress.
        file: The file.
    """

    rows: Sequence[tuple[int, Mapping[str, object]]]
    rejects: Sequence[Reject]
    at: Position
    size: int
    file: SourceFile


@attrs.frozen(kw_only=True)
class LetterInput:
    """The opened source.

    Attributes:
        source: The files.
        names: The columns of each file.
        columns: The name of the column of each field.
        headers: The separator, and the offset and the number of the first row, of each file of CSV.
        rows: The number of rows of each file of Parquet.
    """

    source: Source
    names: tuple[tuple[str, ...], ...]
    columns: Mapping[str, str]
    headers: tuple[tuple[str, int, int], ...] = ()
    rows: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """The size: rows of Parquet, bytes of CSV."""
        return sum(self.rows) if self.source.is_parquet else self.source.size


@attrs.frozen(kw_only=True)
class LetterJob(FileJob):
    """A job that writes a PDF file for every row of a file.

    The arguments are those of :func:`creance_pay.batch.write_letters`.
    """

    phase: ClassVar[str] = "writing"

    policy: Policy
    dialect: Dialect
    letter: str
    columns: Mapping[str, str]
    values: Mapping[str, str]
    lang: str
    wording: Wording
    overrides: Overrides
    part_rows: int = PART_ROWS

    def __attrs_post_init__(self) -> None:
        """Check the arguments that need no file."""
        kind_named(self.letter)
        if unknown := sorted({*self.columns, *self.values}.difference(FIELDS)):
            raise ConfigurationError(f"expected fields of letters, got {', '.join(unknown)}: see {', '.join(FIELDS)}")
        if self.target.suffix:
            raise ConfigurationError(f"expected a target folder without suffix, got {self.target.name!r}")
        if self.part_rows < 1:
            raise ConfigurationError(f"expected one row or more in a part, got {self.part_rows}")
        self.limit(0)

    def check(self) -> BatchResult:
        """Write the letters of the first part in memory only."""
        start, given, totals = time.monotonic(), self._open(), Totals()
        part = next(self._parts(given, (0, 0, 0)))
        made = [self.made(given, line, cells) for line, cells in part.rows]
        totals.add(counts(made, part.rejects))
        record = {**totals.values(), "rejected": totals.rejected}
        return self._summary(given, record, start, resumed=0, target=None, rejects_file=None)

    # -- what is read

    def _open(self) -> LetterInput:
        _typst_version()  # no row is rejected because typst is absent
        source = find_source(self.source)
        names, headers, rows = [], [], []
        for file in source.files:
            if source.is_parquet:
                with translated(file.path, self.target):
                    found = [*pl.read_parquet_schema(file.path)]
                    rows.append(int(pl.scan_parquet(file.path).select(pl.len()).collect().item()))
                advice = ""
            else:
                found, header = self._read_header(file)
                headers.append(header)
                advice = guess_separator(found, header[0])
            names.append((*found,))
            if {*found} != {*names[0]}:
                raise InvalidValueError(f"{file.path}: header: expected the columns of {source.files[0].path}")
            self._require_columns(file, found, advice)
        return LetterInput(
            source=source, names=tuple(names), columns=self._columns(names[0]), headers=tuple(headers), rows=tuple(rows)
        )

    def _read_header(self, file: SourceFile) -> tuple[list[str], tuple[str, int, int]]:
        """Read the names of a file of CSV, its separator, and the position and the number of its next line."""
        default = "\t" if ".tsv" in file.path.name.lower() else ","
        with file.opened() as (opened, _), named(file.path):
            found, separator, offset, line = read_header(opened, self.dialect, default)
        return found, (separator, offset, line)

    def _columns(self, names: Sequence[str]) -> dict[str, str]:
        """Find the column of each field that a letter may have, without regard to case and outer spaces."""
        found = {name.strip().lower(): name for name in names}
        wanted = {**{name: name for name in FIELDS}, **self.columns}
        return {field: found[name.strip().lower()] for field, name in wanted.items() if name.strip().lower() in found}

    def _require_columns(self, file: SourceFile, names: Sequence[str], advice: str) -> None:
        """Raise when no row can make a letter, because a field has neither a column nor a value."""
        columns = self._columns(names)
        missing = [name for name in required(kind_named(self.letter)) if name not in {**columns, **self.values}]
        absent = [name for name in self.columns if name not in columns]
        if (missing and LETTER not in columns) or absent:
            wanted = ", ".join(self.columns.get(name, name) for name in missing or absent)
            raise InvalidValueError(
                f"{file.path}: header: missing columns: {wanted}{advice or '; or give a value for all'}"
            )

    def _parts(self, given: LetterInput, at: Position) -> Iterator[LetterPart]:
        """Yield the parts of the source from a position on; at least one, perhaps without rows."""
        read = self._parquet_parts if given.source.is_parquet else self._csv_parts
        for number in range(at[0], len(given.source.files)):
            yield from read(given, at if number == at[0] else (number, 0, 0))

    def _parquet_parts(self, given: LetterInput, at: Position) -> Iterator[LetterPart]:
        number, offset, _ = at
        file, is_last = given.source.files[number], False
        while not is_last:
            with translated(file.path, self.target):
                frame = pl.scan_parquet(file.path).slice(offset, self.part_rows).collect()
            rows = [*enumerate(frame.iter_rows(named=True), offset + 1)]
            offset += len(rows)
            is_last = offset >= given.rows[number]
            after = (number + 1, 0, 0) if is_last else (number, offset, 0)
            yield LetterPart(rows=rows, rejects=(), at=after, size=len(rows), file=file)

    def _csv_parts(self, given: LetterInput, at: Position) -> Iterator[LetterPart]:
        number, offset, line = at
        file, is_last = given.source.files[number], False
        separator, first, first_line = given.headers[number]
        with file.opened() as (opened, raw):
            reader = LineReader(opened, offset or first, line or first_line)
            before = 0 if not offset else raw.tell() if file.compression else offset
            while not is_last:
                rows, rejects = read_rows(reader, self.part_rows, separator, self.dialect.encoding, given.names[number])
                is_last = reader.at_end
                position = raw.tell() if file.compression else reader.offset
                position = file.path.stat().st_size if is_last else position
                after = (number + 1, 0, 0) if is_last else (number, reader.offset, reader.line)
                yield LetterPart(rows=rows, rejects=rejects, at=after, size=position - before, file=file)
                before = position

    # -- what is written

    def made(self, given: LetterInput, line: int, cells: Mapping[str, object]) -> tuple[Document, bytes] | Reject:
        """Build the letter of a row and its PDF, or the rejection of the row."""
        found = {field: _cell(cells.get(name), self.dialect) for field, name in given.columns.items()}
        row = {**self.values, **{field: cell for field, cell in found.items() if cell is not None}}
        try:
            kind, lang = kind_named(row.get(LETTER, self.letter)), self._lang_of(given, row)
            letter = letter_of(kind, row, given.columns, unit=self.dialect.unit or "cents", policy=self.policy)
            content = letter_pdf(
                letter, lang=lang, wording=self.wording, overrides=self.overrides,
                recipient=str(row.get(RECIPIENT, "")),
            )  # fmt: skip
        except (InvalidValueError, MessageError) as error:
            return Reject(line, str(error), inert_cell(json.dumps(cells, default=str, ensure_ascii=False)))
        return letter, content

    def _lang_of(self, given: LetterInput, row: Mapping[str, object]) -> str:
        """Return the language of a row."""
        lang = str(row.get(LANG, self.lang))
        if lang not in LOCALES:
            raise InvalidValueError(f"{given.columns.get(LANG, LANG)}: expected {' or '.join(LOCALES)}")
        return lang

    def _write(self, given: LetterInput, work: WorkFolder, part: LetterPart) -> None:
        """Write the letters of a part, their rows of the index and the rejected lines, then the mark."""
        made = [self.made(given, line, cells) for line, cells in part.rows]
        rejects = [*part.rejects, *(each for each in made if isinstance(each, Reject))]
        self._write_rejects(given, work, part.file, sorted(rejects, key=lambda each: each.line))
        index = io.StringIO()
        rows = csv.writer(index, lineterminator="\n")
        if work.is_empty:
            rows.writerow(["source", "line", "letter", "file", "sha256"])
        number = work.totals.rows
        for (line, _), each in zip(part.rows, made, strict=True):
            if not isinstance(each, Reject):
                letter, content = each
                number += 1
                name = f"{(number - 1) // FOLDER_ROWS:05}/{number:08}-{letter.file_name}"
                work.write_file(name, content)
                rows.writerow([part.file.name, line, letter.key, name, hashlib.sha256(content).hexdigest()])
        with work.appending_output() as file:
            file.write(index.getvalue().encode())
        is_last = part.at[0] == len(given.source.files)
        work.finish(counts(made, rejects), rejects=bool(rejects), at=part.at, size=part.size, last=is_last)

    def _complete_output(self, work: WorkFolder) -> None:
        work.add_output(_INDEX)

    def _is_own(self, name: str) -> bool:
        return name == _INDEX or re.fullmatch("[0-9]{5,}", name) is not None

    def _identity(self, given: LetterInput) -> dict[str, Any]:
        stats = [(file.name, file.path.stat()) for file in given.source.files]
        policy = json.dumps(attrs.asdict(self.policy), default=str, sort_keys=True)
        overrides = json.dumps(self.overrides.layers)
        return {
            "creance_pay": version("creance-pay"),
            "typst": _typst_version(),
            "rule": "letters",
            "source": [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats],
            "policy_digest": hashlib.sha256(policy.encode()).hexdigest(),
            "overrides_digest": hashlib.sha256(overrides.encode()).hexdigest(),
            "columns": dict(given.columns),
            "values": dict(self.values),
            "letter": self.letter,
            "lang": self.lang,
            "wording": self.wording,
            "part_rows": self.part_rows,
            "separator": self.dialect.separator,
            "encoding": self.dialect.encoding,
            "unit": self.dialect.unit,
            "nulls": sorted(self.dialect.nulls),
        }

    def _summary(
        self, given: LetterInput, record: Mapping[str, Any], start: float, *, resumed: int, target: Path | None,
        rejects_file: Path | None,
    ) -> BatchResult:  # fmt: skip
        return BatchResult(
            rule="letters",
            source=self.source,
            target=target,
            rejects_file=rejects_file,
            policy=self.policy.name,
            rows=record["rows"],
            rejected=record["rejected"],
            codes=record["codes"],
            payable=None,
            reasons=record["reasons"],
            files=len(given.source.files),
            passed_over=given.source.passed_over,
            notes=(),
            seconds=time.monotonic() - start,
            resumed_rows=resumed,
        )


def counts(made: Sequence[tuple[Document, bytes] | Reject], rejects: Sequence[Reject]) -> dict[str, Any]:
    """Count the letters by their key, and the rejected lines by their reason."""
    codes = Counter(each[0].key for each in made if not isinstance(each, Reject))
    return {"codes": codes, "payable": 0, "reasons": Counter(each.reason for each in rejects)}


class LineReader:
    """Read lines of a file, some of which may be given back.

    Attributes:
        offset: The position of the next line.
        line: The number of the next line.
    """

    def __init__(self, file: BinaryIO, offset: int, line: int) -> None:
        """Begin at a line."""
        self._file, self.offset, self.line = file, offset, line
        self._back: deque[bytes] = deque()
        file.seek(offset)

    @property
    def at_end(self) -> bool:
        """Whether there is no further line."""
        found = self.read()
        self.give_back([found] if found else [])
        return not found

    def read(self) -> bytes:
        """Read a line; nothing at the end.  A line that is too long for a row is cut, and read whole all the same."""
        found = self._back.popleft() if self._back else self._read_line()
        self.offset += len(found)
        self.line += bool(found)
        return found

    def _read_line(self) -> bytes:
        line = self._file.readline(LONGEST_ROW + 1)
        while len(line) > LONGEST_ROW and not line.endswith(b"\n") and (rest := self._file.readline(LONGEST_ROW)):
            line += rest
        return line

    def give_back(self, lines: Sequence[bytes]) -> None:
        """Return lines to the reader that were read last."""
        self._back.extendleft(reversed(lines))
        self.offset -= sum(map(len, lines))
        self.line -= len(lines)


def read_rows(
    reader: LineReader, most: int, separator: str, encoding: str, names: Sequence[str]
) -> tuple[list[tuple[int, dict[str, object]]], list[Reject]]:
    """Read rows of CSV, and reject each line that is none.

    A row may continue on the next lines between quotation marks.  Where these do not end, or enclose what looks like
    another row, the first line alone is rejected.
    """
    rows: list[tuple[int, dict[str, object]]] = []
    rejects: list[Reject] = []
    while len(rows) + len(rejects) < most and (line := reader.read()):
        number, taken = reader.line - 1, [line]
        while sum(part.count(b'"') for part in taken) % 2 and _may_continue(taken) and (more := reader.read()):
            taken.append(more)
        try:
            rows.append((number, _row(b"".join(taken), separator, encoding, names)))
        except UnreadableRowError as error:
            reader.give_back(taken[1:])
            text = line[:LONGEST_ROW].decode(encoding, errors="backslashreplace").strip("\r\n").replace("\0", "\\x00")
            if text.strip():
                rejects.append(Reject(number, str(error), inert_cell(text)))
    return rows, rejects


def _may_continue(taken: Sequence[bytes]) -> bool:
    return len(taken) < _MOST_LINES and sum(map(len, taken)) <= LONGEST_ROW


def _row(line: bytes, separator: str, encoding: str, names: Sequence[str]) -> dict[str, object]:
    """Split a row into its cells by column."""
    cells = split(line, separator, encoding)
    inside = (part for cell in cells for part in cell.split("\n")[1:])
    if any(part.count(separator) >= len(names) - 1 > 0 for part in inside):
        raise UnreadableRowError("quotation marks that do not match")
    if len(cells) < len(names) or any(cells[len(names) :]):
        raise UnreadableRowError(f"{len(cells)} fields instead of {len(names)}")
    return dict(zip(names, cells, strict=False))


def _typst_version() -> str:
    try:
        return version("typst")
    except PackageNotFoundError as error:
        raise MissingExtraError("a PDF needs the extra pdf: pip install 'creance-pay[pdf]'", extra="pdf") from error


def _cell(value: object, dialect: Dialect) -> object:
    """Return a cell, or ``None`` for a null."""
    return None if isinstance(value, str) and (not value.strip() or value in dialect.nulls) else value
