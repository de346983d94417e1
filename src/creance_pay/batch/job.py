"""A long job over a file of debts, in parts: killed at any moment and started again, it goes on where it stopped.

What is unfinished stays in a folder of its own, beside the target.  Each part is written under a temporary name, then
renamed, then marked as done by a small file with its counts: a part without its mark is made anew.  When all parts are
there the target appears at once, and beside it the record of the job: what was read, by which policy, with which
answers.  A job that finds its own record has nothing to do.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from itertools import repeat
from pathlib import Path
from typing import Any

import attrs

from ..errors import ConfigurationError, InvalidValueError, MissingExtraError
from ..rules import Policy, columns
from .csv_rows import Chunk, Layout, chunks

try:
    import polars as pl
except ImportError as error:
    raise MissingExtraError("files of debts need more: pip install 'creance-pay[batch]'", extra="batch") from error

#: How many rows, or lines, make a part: what a machine of 400 MB bears.  Rows of Parquet come in groups of a power of
#: two, as a rule, and one that two parts share is read twice.
PARQUET_ROWS, CSV_LINES = 1 << 20, 200_000
_PART_BYTES = 1 << 26  # a part of CSV has no more, however long its lines
_PART = re.compile(r"part-[0-9]{5}\.parquet")


Rejected = tuple[int, str, str]


@attrs.frozen(kw_only=True)
class _Part:
    """A piece of the source.

    Attributes:
        size: How far it brings the job on, in the units of the source.
        read: What gives its rows, and the lines that are none: number, reason, text.
    """

    size: int
    read: Callable[[], tuple[pl.LazyFrame, Sequence[Rejected]]]


@attrs.frozen(kw_only=True)
class Job:
    """Decide every debt of a file.

    Args:
        source: A file ``.csv`` or ``.parquet``, or a folder of the latter.
        target: A file ``.csv``, or the name of a folder of Parquet files to be.
        policy: The policy to apply.
        columns: The names of the columns that the rules read, by the rules' own names for them.
        part_rows: How many rows make a part; ``None`` for what suits the source.
        separator: What stands between the fields of CSV, in the source and the target.
        encoding: The encoding of a source in CSV; what is written is UTF-8.
        strict: Whether a line that cannot be read ends the job.
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
        """Refuse names that do not say what the files hold, and a target that would replace the source."""
        if self.source.suffix not in {".csv", ".parquet"} and not self.source.is_dir():
            raise ConfigurationError("expected what is read to end in .csv or .parquet, or to be a folder of Parquet")
        if self.target.suffix not in {".csv", ".parquet", ""}:
            raise ConfigurationError("expected what is written to end in .csv, or in .parquet or nothing for a folder")
        if len(self.separator) != 1 or self.separator in '"\r\n':
            raise ConfigurationError("expected one character between fields")
        if not _keeps_ascii(self.encoding):
            raise ConfigurationError("expected an encoding that writes ASCII as ASCII does")
        if self.source.resolve() == self.target.resolve():
            raise ConfigurationError("expected to write elsewhere than to read")

    @property
    def record(self) -> Path:
        """Where the record of the finished job is."""
        return self.target.with_name(f"{self.target.name}.job.json")

    @property
    def rejects(self) -> Path:
        """Where the lines are that could not be read, if there are any."""
        return self.target.with_name(f"{self.target.name}.rejects.csv")

    @property
    def unfinished(self) -> Path:
        """Where the job keeps what it has not finished."""
        return self.target.with_name(f"{self.target.name}.unfinished")

    def size(self) -> int:
        """Give the length of the way: rows of Parquet, bytes of CSV.

        Raises:
            InvalidValueError: when the source is no Parquet.
        """
        if self._from_csv:
            return self.source.stat().st_size
        with self._reading():
            return int(self._scan().select(pl.len()).collect().item())

    def run(self, advance: Callable[[int], object]) -> dict[str, Any]:
        """Do what is still to be done.

        Args:
            advance: What is told of each step on the way, in the units of :meth:`size`.

        Returns:
            The record: what was read, and how many rows have which answer.

        Raises:
            ConfigurationError: when the target is there and not of this very job, or what is unfinished is not.
            InvalidValueError: when the source cannot be read; with ``strict``, also when one of its lines cannot.
        """
        if self._complete():
            shutil.rmtree(self.unfinished, ignore_errors=True)
        else:
            if not self._same(self._made):
                self._work(advance)
            self._deliver()
        done: dict[str, Any] = json.loads(self.record.read_text(encoding="utf-8"))
        return done

    def forget(self) -> None:
        """Remove what was made for this target, finished or not.

        Raises:
            ConfigurationError: when the target is a folder that holds anything but parts.
        """
        if self.target.is_dir() and not all(_PART.fullmatch(each.name) for each in self.target.iterdir()):
            raise ConfigurationError(f"{self.target} holds more than parts of an earlier job")
        for path in (self.unfinished, self.target):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        self.record.unlink(missing_ok=True)
        self.rejects.unlink(missing_ok=True)

    @property
    def _from_csv(self) -> bool:
        return self.source.suffix == ".csv"

    @property
    def _to_csv(self) -> bool:
        return self.target.suffix == ".csv"

    @property
    def _made(self) -> Path:
        """Where the record is once all parts are made, until it has its place."""
        return self.unfinished / "record.json"

    def _files(self) -> list[Path]:
        return sorted(self.source.glob("*.parquet")) if self.source.is_dir() else [self.source]

    def _identity(self) -> dict[str, Any]:
        """Tell this job from any other that would write something else."""
        stats = [(path.name, path.stat()) for path in self._files()]
        return {
            "creance_pay": version("creance-pay"),
            "source": [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats],
            "policy": self.policy.name,
            "columns": {**self.columns},
            "part_rows": self._part_rows,
            "separator": self.separator,
            "encoding": self.encoding,
        }

    @property
    def _part_rows(self) -> int:
        return self.part_rows or (CSV_LINES if self._from_csv or self._to_csv else PARQUET_ROWS)

    def _same(self, path: Path) -> bool:
        """Tell whether what is recorded in a file is this job."""
        if not path.exists():
            return False
        recorded = json.loads(path.read_text(encoding="utf-8"))
        return bool({**recorded, **self._identity()} == recorded)

    def _complete(self) -> bool:
        if self._made.exists() or not self.target.exists():
            return False
        if not self._same(self.record):
            raise ConfigurationError(f"{self.target} is there, and not of this very job; --overwrite replaces it")
        return True

    def _work(self, advance: Callable[[int], object]) -> None:
        """Make every part that is not marked as done, then the record."""
        identity = self.unfinished / "job.json"
        if identity.exists() and not self._same(identity):
            raise ConfigurationError(f"{self.unfinished} is of another job; --overwrite drops it")
        for name in ("parts", "rejects", "marks"):
            (self.unfinished / name).mkdir(parents=True, exist_ok=True)
        _write(identity, json.dumps(self._identity()))
        counts: Counter[str] = Counter()
        with self._reading():
            for number, part in enumerate(self._csv_parts() if self._from_csv else self._parquet_parts()):
                mark = self.unfinished / "marks" / f"{number:05}.json"
                if not mark.exists():
                    _write(mark, json.dumps(self._make(number, part)))
                counts.update(json.loads(mark.read_text(encoding="utf-8")))
                advance(part.size)
        rejected = counts.pop("", 0)
        record = {"rows": counts.total(), "rejected": rejected, "codes": dict(sorted(counts.items(), key=_often))}
        _write(self._made, json.dumps({**self._identity(), **record}, indent=1))

    def _make(self, number: int, part: _Part) -> dict[str, int]:
        """Write a part, and count its answers, and under no name the lines that could not be read."""
        frame, rejected = part.read()
        if rejected and self.strict:
            number_of_line, reason, _ = rejected[0]
            raise InvalidValueError(f"line {number_of_line}: {reason}")
        if rejected:
            _write(self.unfinished / "rejects" / f"{number:05}.csv", _listed(rejected))
        decided = columns.assess(frame, policy=self.policy, **self.columns)
        path = self.unfinished / "parts" / f"part-{number:05}{'.csv' if self._to_csv else '.parquet'}"
        temporary = path.with_suffix(".tmp")
        if self._to_csv:
            rows = decided.collect()
            rows.write_csv(temporary, include_header=not number, separator=self.separator)
            made = rows.lazy()
        else:
            decided.sink_parquet(temporary)
            made = pl.scan_parquet(temporary)
        counted = made.group_by("code").len().collect(engine="streaming")
        _settle(temporary, path)
        return {"": len(rejected), **dict(counted.iter_rows())}

    def _deliver(self) -> None:
        """Bring the parts to their place; what a killed delivery has done is done again, or seen to be done."""
        parts, rejected = self.unfinished / "parts", sorted((self.unfinished / "rejects").glob("*.csv"))
        if rejected:
            _join(rejected, self.rejects, head="line,reason,text\n")
        if self._to_csv:
            _join(sorted(parts.glob("*.csv")), self.target)
        elif parts.exists():
            parts.rename(self.target)
        self._made.replace(self.record)
        shutil.rmtree(self.unfinished)

    def _scan(self) -> pl.LazyFrame:
        return pl.scan_parquet(self._files())

    def _parquet_parts(self) -> Iterator[_Part]:
        scan, size, most = self._scan(), self.size(), self._part_rows
        for start in range(0, max(size, 1), most):
            rows = scan.slice(start, most)
            yield _Part(size=min(most, size - start), read=partial(_nothing_rejected, rows))

    def _csv_parts(self) -> Iterator[_Part]:
        with self.source.open("rb") as file:
            layout = Layout.of(file.readline(), self.columns, separator=self.separator, encoding=self.encoding)
            for chunk in chunks(file, self._part_rows):
                yield _Part(size=chunk.size, read=partial(_parsed, layout, chunk))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn what Polars says of a file into an error of this package; its own words may quote a cell."""
        try:
            yield
        except pl.exceptions.PolarsError as error:
            raise InvalidValueError(f"{self.source} cannot be read ({type(error).__name__})") from None


def _often(counted: tuple[str, int]) -> tuple[int, str]:
    """Put first what is found most often, and equals in the order of their names: any run gives the same."""
    return -counted[1], counted[0]


def _nothing_rejected(rows: pl.LazyFrame) -> tuple[pl.LazyFrame, Sequence[Rejected]]:
    return rows, ()


def _parsed(layout: Layout, chunk: Chunk) -> tuple[pl.LazyFrame, Sequence[Rejected]]:
    """Read lines into a frame."""
    rows, rejected = layout.read(chunk)
    cells = zip(*rows, strict=True) if rows else repeat(())
    types = {layout.columns["remaining"]: pl.Int64, layout.columns["open_online"]: pl.Boolean}
    named = zip(layout.names, cells, strict=False)
    return pl.LazyFrame([pl.Series(name, each, types.get(name, pl.String)) for name, each in named]), rejected


def _listed(rejected: Sequence[Rejected]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rejected)
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    """Write a small file whole, or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8", newline="")
    _settle(temporary, path)


def _settle(temporary: Path, path: Path) -> None:
    """Give a finished file its name, once the disk has it: a power cut must not leave half a file under it."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def _join(paths: Sequence[Path], target: Path, *, head: str = "") -> None:
    """Put files one after the other into one."""
    temporary = target.with_name(f"{target.name}.tmp")
    with temporary.open("wb") as whole:
        whole.write(head.encode())
        for path in paths:
            with path.open("rb") as part:
                shutil.copyfileobj(part, whole)
    _settle(temporary, target)


def _keeps_ascii(encoding: str) -> bool:
    try:
        return "0\n".encode(encoding) == b"0\n"
    except LookupError:
        return False
