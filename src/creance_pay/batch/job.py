"""Apply the rules to a file of debts or notices, in parts: a killed job is resumed and writes the same bytes."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import polars as pl

from ..errors import ConfigurationError, InvalidValueError
from ..money import Euros
from ..rules import Policy
from .csv_rows import Dialect, Reject
from .disk import translated
from .file_job import FileJob
from .inputs import Input, Part, Rule
from .result import BatchProgress, BatchResult
from .sources import CSV_NAMES, has_name
from .work import Position, Totals, WorkFolder

#: The default number of rows of a part, which a machine of 400 MB can process.  Parquet rows are stored in groups,
#: mostly of a power of two rows; a group that two parts share is read twice.  A part of CSV has at most 8 MiB.
PARQUET_ROWS, CSV_ROWS = 1 << 20, 1 << 19
_ZSTD_LEVEL = 1  # digits shrink no further at a higher level, which costs a quarter more time
_PART = re.compile(r"part-[0-9]{5}\.parquet")
_LONGEST_NAME = 200

Progress = Callable[[BatchProgress], object]


@attrs.frozen(kw_only=True)
class Job(FileJob):
    """A job that applies a rule to every row of a file.

    The arguments are those of :func:`creance_pay.batch.assess_file`.
    """

    rule: Rule
    policy: Policy
    dialect: Dialect
    columns: Mapping[str, str]
    prefix: str = ""
    part_rows: int | None = None

    def __attrs_post_init__(self) -> None:
        """Check the arguments that need no file."""
        if not has_name(self.target, (*CSV_NAMES, ".parquet")) and self.target.suffix:
            raise ConfigurationError(
                "expected a target .csv, .txt or .tsv (also .gz, .zst), or a folder named .parquet or without suffix, "
                f"got {self.target.name!r}"
            )
        if unknown := sorted({*self.columns} - {*self.rule.operands}):
            raise ConfigurationError(f"expected columns for {', '.join(self.rule.operands)}, got {', '.join(unknown)}")
        if self.part_rows is not None and self.part_rows < 1:
            raise ConfigurationError(f"expected one row or more in a part, got {self.part_rows}")
        self.limit(0)

    def check(self) -> BatchResult:
        """Decide the first part in memory, and write nothing."""
        start = time.monotonic()
        given = self._open()
        first = next(self._parts(given, (0, 0, 0)))
        with translated(first.file.path, self.target):
            decided = self._decide(given, first.frame).collect(engine="streaming")
        totals = Totals()
        totals.add(self._counts(decided.lazy(), first.rejects))
        record = {**totals.values(), "rejected": totals.rejected}
        return self._summary(given, record, start, resumed=0, target=None, rejects_file=None)

    def _open(self) -> Input:
        """Open the source, and check that its columns can be written to the target."""
        given = Input.open(self.source, rule=self.rule, dialect=self.dialect, names=self.columns)
        empty = self._decide(given, pl.LazyFrame(schema=given.schema)).collect_schema()
        if self._to_csv:
            for name, dtype in empty.items():
                if dtype.is_nested() or dtype in {pl.Binary, pl.Object}:
                    raise InvalidValueError(
                        f"{given.source.path}: column {name} ({dtype.base_type()}) cannot be written as CSV: "
                        "choose a target of Parquet"
                    )
        return given

    def _parts(self, given: Input, at: Position) -> Iterator[Part]:
        return given.parts(at, self._part_size(given))

    def _is_own(self, name: str) -> bool:
        return _PART.fullmatch(name) is not None

    def _decide(self, given: Input, rows: pl.LazyFrame) -> pl.LazyFrame:
        return given.decide(rows, policy=self.policy, prefix=self.prefix)

    # -- the output

    @property
    def _to_csv(self) -> bool:
        return has_name(self.target, CSV_NAMES)

    def _part_size(self, given: Input) -> int:
        return self.part_rows or (PARQUET_ROWS if given.source.is_parquet and not self._to_csv else CSV_ROWS)

    def _write(self, given: Input, work: WorkFolder, part: Part) -> None:
        """Write the output of a part, then its mark."""
        self._write_rejects(given, work, part.file, part.rejects)
        decided = self._decide(given, part.frame)
        if self._to_csv:
            frame = decided.collect(engine="streaming")
            with work.appending_output() as file:
                self._write_csv(given, file, frame, header=work.is_empty)
            written = frame.lazy()
        else:
            # Without the statistics of Parquet a job takes a tenth less CPU time.
            options: dict[str, Any] = {"compression_level": _ZSTD_LEVEL, "statistics": False}
            written = pl.scan_parquet(work.write_part(lambda path: decided.sink_parquet(path, **options)))
        counts = self._counts(written, part.rejects)
        position = {"at": part.at, "size": part.size, "last": given.is_end(part.at)}
        work.finish(counts, rejects=bool(part.rejects), **position)

    def _write_csv(self, given: Input, file: BinaryIO, frame: pl.DataFrame, *, header: bool) -> None:
        separator = given.layouts[0][0].separator if given.layouts else self.dialect.separator or ","
        options: dict[str, Any] = {"include_header": header, "separator": separator}
        name = self.target.name.lower()
        if name.endswith(".gz"):
            data = io.BytesIO()
            frame.write_csv(data, **options)
            file.write(gzip.compress(data.getbuffer(), mtime=0))
        elif name.endswith(".zst"):
            frame.write_csv(file, **options, compression="zstd", check_extension=False)
        else:
            frame.write_csv(file, **options)

    def _counts(self, written: pl.LazyFrame, rejects: Sequence[Reject]) -> dict[str, Any]:
        """Count the rows of each code, the sum payable, and the reasons of rejects."""
        answer = f"{self.prefix}{self.rule.answer}"
        payable = pl.col(f"{self.prefix}{self.rule.payable}").sum() if self.rule.payable else pl.lit(0)
        counted = written.group_by(answer).agg(pl.len().alias("\0rows"), payable.alias("\0payable"))
        found = sorted(counted.collect(engine="streaming").iter_rows())
        return {
            "codes": {str(code): rows for code, rows, _ in found},
            "payable": sum(cents or 0 for _, _, cents in found),
            "reasons": dict(Counter(each.reason for each in rejects)),
        }

    def _summary(
        self, given: Input, record: Mapping[str, Any], start: float, *, resumed: int, target: Path | None,
        rejects_file: Path | None,
    ) -> BatchResult:  # fmt: skip
        notes = [*given.notes]
        # ISO 8859-1 reads every byte, and the euro sign of Windows as a control character.
        latin = codecs.lookup(self.dialect.encoding).name == "iso8859-1"
        if any(reason.startswith("not in ") or (latin and "euros" in reason) for reason in record["reasons"]):
            notes.append("lines of another encoding: if the file is of Windows, name the encoding cp1252")
        return BatchResult(
            rule=self.rule.name,
            source=self.source,
            target=target,
            rejects_file=rejects_file,
            policy=self.policy.name,
            rows=record["rows"],
            rejected=record["rejected"],
            codes=record["codes"],
            payable=Euros(record["payable"]) if self.rule.payable else None,
            reasons=record["reasons"],
            files=len(given.source.files),
            passed_over=given.source.passed_over,
            notes=tuple(notes),
            seconds=time.monotonic() - start,
            resumed_rows=resumed,
        )

    def _identity(self, given: Input) -> dict[str, Any]:
        """Return the values on which the output depends."""
        stats = [(file.name, file.path.stat()) for file in given.source.files]
        policy = json.dumps(attrs.asdict(self.policy), default=str, sort_keys=True)
        dialect = self.dialect
        return {
            "creance_pay": version("creance-pay"),
            "polars": version("polars"),
            "rule": self.rule.name,
            "source": [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats],
            "policy": self.policy.name,
            "policy_digest": hashlib.sha256(policy.encode()).hexdigest(),
            "columns": dict(given.columns),
            "prefix": self.prefix,
            "part_rows": self._part_size(given),
            "separator": dialect.separator,
            "encoding": dialect.encoding,
            "unit": dialect.unit,
            "booleans": dict(dialect.booleans),
            "nulls": sorted(dialect.nulls),
        }
