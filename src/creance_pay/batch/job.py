"""Apply the rules to a file of debts, in parts: a job killed at any moment is resumed and writes the same bytes.

Unfinished output is kept in a work folder beside the target::

    OUT.unfinished/
        job.json              identity of the job: version, source, policy, columns, format
        parts/part-00000.*    output of each part
        rejects/00000.csv     rejected lines of each part
        marks/00000.json      counts of each finished part
        record.json           record of the job, once all parts are finished

Each file is written under a temporary name, synchronised, and renamed.  A part is finished when its mark exists; a part
without its mark is processed again.  After the last part the output is published: the target appears in one step, then
its record ``OUT.job.json``.  A job that finds its own record beside the target has nothing to do.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from itertools import repeat
from pathlib import Path
from typing import Any

import attrs

from ..errors import ConfigurationError, InvalidValueError, MissingExtraError
from ..rules import Policy, columns
from .csv_rows import Chunk, Layout, Reject, read_chunks

try:
    import polars as pl
except ImportError as error:
    raise MissingExtraError("files of debts need Polars: pip install 'creance-pay[batch]'", extra="batch") from error

#: The default number of rows of a part, which a machine of 400 MB can process.  Parquet rows are stored in groups,
#: mostly of a power of two rows; a group that two parts share is read twice.
PARQUET_ROWS, CSV_LINES = 1 << 20, 200_000
_PART = re.compile(r"part-[0-9]{5}\.parquet")
_REJECTED = ""  # the key of rejected lines among the counts of a part; no code is empty

#: A part of the source: its size in the units of :meth:`Job.total`, its rows, its rejected lines.
Part = tuple[int, pl.LazyFrame, Sequence[Reject]]


@attrs.frozen(kw_only=True)
class Job:
    """A job that applies the rules to every debt of a file.

    Args:
        source: A file ``.csv`` or ``.parquet``, or a folder of Parquet files.
        target: A file ``.csv``, or the name of the folder of Parquet files to create.
        policy: The policy to apply.
        columns: For each operand of the rules, the name of its column.
        part_rows: The number of rows of a part; ``None`` for the default of the format.
        separator: The character between two fields of CSV, in the source and the target.
        encoding: The encoding of a CSV source; a CSV target is UTF-8.
        strict: Whether an unreadable line stops the job.

    Raises:
        ConfigurationError: when the source or the target has another format, the two are the same, the separator is not
            one character, or the encoding does not extend ASCII.
    """

    source: Path
    target: Path
    policy: Policy
    columns: Mapping[str, str]
    part_rows: int | None = None
    separator: str = ","
    encoding: str = "utf-8"
    strict: bool = False

    def __attrs_post_init__(self) -> None:
        """Check the formats, the separator, the encoding, and that the target does not replace the source."""
        if self.source.suffix not in {".csv", ".parquet"} and not self.source.is_dir():
            raise ConfigurationError(
                f"expected a source .csv or .parquet, or a folder of Parquet files, got {self.source.name!r}"
            )
        if self.target.suffix not in {".csv", ".parquet", ""}:
            raise ConfigurationError(
                f"expected a target .csv, or a folder named .parquet or without suffix, got {self.target.name!r}"
            )
        if len(self.separator) != 1 or self.separator in '"\r\n':
            raise ConfigurationError(
                f"expected a separator of one character, no quotation mark or line break, got {self.separator!r}"
            )
        if not _extends_ascii(self.encoding):
            raise ConfigurationError(
                f"expected an encoding that extends ASCII, such as utf-8 or cp1252, got {self.encoding!r}"
            )
        if self.source.resolve() == self.target.resolve():
            raise ConfigurationError(f"expected a target other than the source, got {self.target.name!r} for both")

    @property
    def record_file(self) -> Path:
        """The path of the record of the finished job."""
        return self.target.with_name(f"{self.target.name}.job.json")

    @property
    def rejects_file(self) -> Path:
        """The path of the rejected lines; the file exists when there are any."""
        return self.target.with_name(f"{self.target.name}.rejects.csv")

    @property
    def work_folder(self) -> Path:
        """The path of the unfinished output."""
        return self.target.with_name(f"{self.target.name}.unfinished")

    def total(self) -> int:
        """Return the size of the source: rows of Parquet, bytes of CSV.

        Raises:
            InvalidValueError: when the source is no Parquet file, or a folder without any.
        """
        if self._from_csv:
            return self.source.stat().st_size
        with self._polars_errors():
            return int(self._scan().select(pl.len()).collect().item())

    def run(self, advance: Callable[[int], object]) -> dict[str, Any]:
        """Process the parts that are not finished, publish the output, and return the record.

        Args:
            advance: Called after each part with its size, in the units of :meth:`total`.

        Returns:
            The record: source, policy and options, the number of ``rows`` and ``rejected`` lines, and the number of
            rows of each code.

        Raises:
            ConfigurationError: when the target or the unfinished output belongs to another job.
            InvalidValueError: when the source cannot be read; with ``strict``, when one of its lines cannot be read.
        """
        if self._is_published():
            shutil.rmtree(self.work_folder, ignore_errors=True)
        else:
            if not self._is_recorded_in(self._unpublished_record):
                self._process(advance)
            self._publish()
        record: dict[str, Any] = json.loads(self.record_file.read_text(encoding="utf-8"))
        return record

    def discard_output(self) -> None:
        """Delete the output of any job on this target, finished or not.

        Raises:
            ConfigurationError: when the target is a folder with other files than parts.
        """
        if self.target.is_dir() and not all(_PART.fullmatch(each.name) for each in self.target.iterdir()):
            raise ConfigurationError(f"{self.target} holds other files than the parts of a job and is not deleted")
        for path in (self.work_folder, self.target):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        self.record_file.unlink(missing_ok=True)
        self.rejects_file.unlink(missing_ok=True)

    @property
    def _from_csv(self) -> bool:
        return self.source.suffix == ".csv"

    @property
    def _to_csv(self) -> bool:
        return self.target.suffix == ".csv"

    @property
    def _unpublished_record(self) -> Path:
        """The path of the record between the last part and its publication."""
        return self.work_folder / "record.json"

    @property
    def _part_size(self) -> int:
        return self.part_rows or (CSV_LINES if self._from_csv or self._to_csv else PARQUET_ROWS)

    def _source_files(self) -> list[Path]:
        return sorted(self.source.glob("*.parquet")) if self.source.is_dir() else [self.source]

    def _identity(self) -> dict[str, Any]:
        """Return the values on which the output depends."""
        stats = [(path.name, path.stat()) for path in self._source_files()]
        return {
            "creance_pay": version("creance-pay"),
            "source": [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats],
            "policy": self.policy.name,
            "columns": {**self.columns},
            "part_rows": self._part_size,
            "separator": self.separator,
            "encoding": self.encoding,
        }

    def _is_recorded_in(self, path: Path) -> bool:
        """Return whether a file exists and records this job, and no other."""
        if not path.exists():
            return False
        recorded = json.loads(path.read_text(encoding="utf-8"))
        return bool({**recorded, **self._identity()} == recorded)

    def _is_published(self) -> bool:
        """Return whether the output of this job is complete.

        Raises:
            ConfigurationError: when the target belongs to another job.
        """
        if self._unpublished_record.exists() or not self.target.exists():
            return False
        if not self._is_recorded_in(self.record_file):
            raise ConfigurationError(
                f"{self.target} exists, and is not the output of this job (same source, policy and options); "
                "--overwrite replaces it"
            )
        return True

    def _process(self, advance: Callable[[int], object]) -> None:
        """Process every part without a mark, then write the record."""
        identity, marks = self.work_folder / "job.json", self.work_folder / "marks"
        if identity.exists() and not self._is_recorded_in(identity):
            raise ConfigurationError(f"{self.work_folder} belongs to another job; --overwrite deletes it")
        for name in ("parts", "rejects", "marks"):
            (self.work_folder / name).mkdir(parents=True, exist_ok=True)
        _atomic_write(identity, json.dumps(self._identity()))
        finished = {int(path.stem) for path in marks.glob("*.json")}
        counts: Counter[str] = Counter()
        with self._polars_errors():
            for number, (size, rows, rejected) in enumerate(self._parts(finished)):
                mark = marks / f"{number:05}.json"
                if number not in finished:
                    _atomic_write(mark, json.dumps(self._process_part(number, rows, rejected)))
                counts.update(json.loads(mark.read_text(encoding="utf-8")))
                advance(size)
        lines = counts.pop(_REJECTED, 0)
        # The most frequent code first, equal counts by name: the order does not depend on the run.
        codes = dict(sorted(counts.items(), key=lambda counted: (-counted[1], counted[0])))
        record = {**self._identity(), "rows": counts.total(), "rejected": lines, "codes": codes}
        _atomic_write(self._unpublished_record, json.dumps(record, indent=1))

    def _process_part(self, number: int, rows: pl.LazyFrame, rejected: Sequence[Reject]) -> dict[str, int]:
        """Write the output of a part, and return the number of rows of each code and of rejected lines."""
        if rejected and self.strict:
            line, reason, _ = rejected[0]
            raise InvalidValueError(f"line {line}: {reason}")
        if rejected:
            _atomic_write(self.work_folder / "rejects" / f"{number:05}.csv", _format_csv(rejected))
        decided = columns.assess(rows, policy=self.policy, **self.columns)
        path = self.work_folder / "parts" / f"part-{number:05}{'.csv' if self._to_csv else '.parquet'}"
        temporary = path.with_suffix(".tmp")
        if self._to_csv:
            output = decided.collect()
            output.write_csv(temporary, include_header=not number, separator=self.separator)
            written = output.lazy()
        else:
            decided.sink_parquet(temporary)
            written = pl.scan_parquet(temporary)
        counted = written.group_by("code").len().collect(engine="streaming")
        _atomic_replace(temporary, path)
        return {_REJECTED: len(rejected), **dict(counted.iter_rows())}

    def _publish(self) -> None:
        """Move the output to the target.  A publication that was killed is completed."""
        parts, rejects = self.work_folder / "parts", sorted((self.work_folder / "rejects").glob("*.csv"))
        if rejects:
            _concatenate(rejects, self.rejects_file, header="line,reason,text\n")
        if self._to_csv:
            _concatenate(sorted(parts.glob("*.csv")), self.target)
        elif parts.exists():
            parts.rename(self.target)
        self._unpublished_record.replace(self.record_file)
        shutil.rmtree(self.work_folder)

    def _parts(self, finished: Collection[int]) -> Iterator[Part]:
        """Yield every part of the source in order; a finished part of CSV is not parsed again and has no rows."""
        return self._csv_parts(finished) if self._from_csv else self._parquet_parts()

    def _parquet_parts(self) -> Iterator[Part]:
        rows, total, size = self._scan(), self.total(), self._part_size
        for start in range(0, max(total, 1), size):
            yield min(size, total - start), rows.slice(start, size), ()

    def _csv_parts(self, finished: Collection[int]) -> Iterator[Part]:
        with self.source.open("rb") as file:
            layout = Layout.from_header(file.readline(), self.columns, separator=self.separator, encoding=self.encoding)
            for number, chunk in enumerate(read_chunks(file, self._part_size)):
                rows, rejected = (pl.LazyFrame(), ()) if number in finished else _parse(layout, chunk)
                yield chunk.size, rows, rejected

    def _scan(self) -> pl.LazyFrame:
        files = self._source_files()
        if not files:
            raise InvalidValueError(f"expected files .parquet in the folder {self.source}, got none")
        return pl.scan_parquet(files)

    @contextmanager
    def _polars_errors(self) -> Iterator[None]:
        """Raise an error of Polars as one of this package, without its text, which may quote a cell."""
        try:
            yield
        except pl.exceptions.PolarsError as error:
            raise InvalidValueError(f"{self.source} cannot be read ({type(error).__name__})") from None


def _parse(layout: Layout, chunk: Chunk) -> tuple[pl.LazyFrame, Sequence[Reject]]:
    """Parse lines into a frame, and return the rejected ones too."""
    rows, rejected = layout.parse(chunk)
    cells = zip(*rows, strict=True) if rows else repeat(())
    types = {layout.columns["remaining"]: pl.Int64, layout.columns["open_online"]: pl.Boolean}
    named = zip(layout.names, cells, strict=False)
    return pl.LazyFrame([pl.Series(name, each, types.get(name, pl.String)) for name, each in named]), rejected


def _format_csv(rows: Sequence[Reject]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _atomic_write(path: Path, text: str) -> None:
    """Write a small file whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8", newline="")
    _atomic_replace(temporary, path)


def _atomic_replace(temporary: Path, path: Path) -> None:
    """Synchronise a finished file, then rename it: after a power cut no half file has the final name."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def _concatenate(paths: Sequence[Path], target: Path, *, header: str = "") -> None:
    """Write the contents of files one after the other into one file."""
    temporary = target.with_name(f"{target.name}.tmp")
    with temporary.open("wb") as whole:
        whole.write(header.encode())
        for path in paths:
            with path.open("rb") as part:
                shutil.copyfileobj(part, whole)
    _atomic_replace(temporary, target)


def _extends_ascii(encoding: str) -> bool:
    try:
        return "0\n".encode(encoding) == b"0\n"
    except LookupError:
        return False
