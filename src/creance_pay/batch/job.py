"""Apply the rules to a file of debts or notices, in parts: a killed job is resumed and writes the same bytes.

The unfinished output is in a work folder: see :mod:`~creance_pay.batch.work`.  After the last part the output is
published: the target appears or is replaced in one step, then its record ``OUT.job.json``.  Nothing that exists is
deleted before.  The work folder is locked while a process works in it.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import polars as pl

from ..errors import ConfigurationError, CreancePayError, InvalidValueError
from ..money import Euros
from ..rules import Policy
from .csv_rows import Dialect, Reject
from .disk import is_recorded_in, lock, read_json, translated
from .inputs import Input, Part, Rule
from .result import BatchProgress, BatchResult, TooManyRejectsError
from .sources import CSV_NAMES, has_name
from .work import Totals, WorkFolder

#: The default number of rows of a part, which a machine of 400 MB can process.  Parquet rows are stored in groups,
#: mostly of a power of two rows; a group that two parts share is read twice.  A part of CSV has at most 8 MiB.
PARQUET_ROWS, CSV_ROWS = 1 << 20, 1 << 19
_ZSTD_LEVEL = 1  # digits shrink no further at a higher level, which costs a quarter more time
_PART = re.compile(r"part-[0-9]{5}\.parquet")
_LONGEST_NAME = 200

Progress = Callable[[BatchProgress], object]


@attrs.frozen(kw_only=True)
class Job:
    """A job that applies a rule to every row of a file.

    The arguments are those of :func:`creance_pay.batch.assess_file`.
    """

    rule: Rule
    source: Path
    target: Path
    policy: Policy
    dialect: Dialect
    columns: Mapping[str, str]
    prefix: str = ""
    part_rows: int | None = None
    strict: bool = False
    max_rejects: int | str | None = None
    overwrite: bool = False

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

    @property
    def record_file(self) -> Path:
        """The path of the record of the finished job."""
        return self._beside(".job.json")

    @property
    def rejects_file(self) -> Path:
        """The path of the rejected lines; the file exists when there are any."""
        return self._beside(".rejects.csv")

    @property
    def work_folder(self) -> Path:
        """The path of the unfinished output."""
        return self._beside(".unfinished")

    def limit(self, lines: int) -> int | None:
        """Return the largest accepted number of rejected lines among so many lines."""
        if self.max_rejects is None or isinstance(self.max_rejects, int):
            return self.max_rejects
        found = re.fullmatch(r"([0-9]{1,18})|([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%", self.max_rejects)
        if found is None:
            raise ConfigurationError(
                f"expected a number of lines or a percentage, such as 10 or 0.5%, got {self.max_rejects!r}"
            )
        return int(found[1]) if found[1] else int(lines * float(found[2]) / 100)

    def run(self, progress: Progress) -> BatchResult:
        """Process the parts that are not finished, publish the output, and return the result."""
        start = time.monotonic()
        self._check_paths()
        given = self._open()
        if not self.overwrite and not self.work_folder.exists() and self._is_published(given):
            return self._result(given, self.record_file, start, resumed=None)
        if not self.overwrite:
            self._require_free(given)
        with self._locked():
            work = WorkFolder(self.work_folder)
            if (not self.overwrite or work.is_published) and self._is_published(given):
                shutil.rmtree(self.work_folder)
                return self._result(given, self.record_file, start, resumed=None)
            work.begin(self._identity(given), overwrite=self.overwrite)
            try:
                self._process(given, work, progress)
            except TooManyRejectsError:
                raise
            except CreancePayError:
                shutil.rmtree(self.work_folder)  # the same command would fail in the same way
                raise
            except BaseException:
                if work.is_empty:
                    shutil.rmtree(self.work_folder)  # nothing to resume
                raise
            return self._result(given, self.record_file, start, resumed=work.resumed_rows)

    def check(self) -> BatchResult:
        """Decide the first part in memory, and write nothing."""
        start = time.monotonic()
        given = self._open()
        first = next(given.parts((0, 0, 0), self._part_size(given)))
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

    def _decide(self, given: Input, rows: pl.LazyFrame) -> pl.LazyFrame:
        return given.decide(rows, policy=self.policy, prefix=self.prefix)

    # -- the output

    @property
    def _to_csv(self) -> bool:
        return has_name(self.target, CSV_NAMES)

    def _part_size(self, given: Input) -> int:
        return self.part_rows or (PARQUET_ROWS if given.source.is_parquet and not self._to_csv else CSV_ROWS)

    def _process(self, given: Input, work: WorkFolder, progress: Progress) -> None:
        """Process every part without a mark, then publish."""
        if not work.is_complete:
            done = work.done
            for part in given.parts(work.next, self._part_size(given)) if work.next else ():
                with translated(part.file.path, self.work_folder):
                    self._write(given, work, part)
                done += part.size
                progress(BatchProgress(phase="deciding", done=done, total=given.total, rows=work.totals.rows))
                self._require_few_rejects(work.totals.rejected, None)
            work.complete(self._identity(given))
        self._require_few_rejects(work.totals.rejected, work.totals.rows + work.totals.rejected)
        progress(BatchProgress(phase="publishing", done=given.total, total=given.total, rows=work.totals.rows))
        work.publish(self.target, to_csv=self._to_csv, record_file=self.record_file, rejects_file=self.rejects_file)

    def _write(self, given: Input, work: WorkFolder, part: Part) -> None:
        """Write the output of a part, then its mark."""
        if part.rejects and self.strict:
            raise InvalidValueError(f"{part.file.path}: line {part.rejects[0].line}: {part.rejects[0].reason}")
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
        if part.rejects:
            with work.appending_rejects() as file:
                file.write(self._rejects_csv(given, part, header=not work.has_rejects))
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

    def _rejects_csv(self, given: Input, part: Part, *, header: bool) -> bytes:
        """Format rejected lines: the file, if there are several, then number, reason and text."""
        several = len(given.source.files) > 1
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        if header:
            rows.writerow([*(("file",) if several else ()), "line", "reason", "text"])
        rows.writerows(
            [*((part.file.name,) if several else ()), each.line, each.reason, each.text] for each in part.rejects
        )
        return text.getvalue().encode(errors="backslashreplace")

    def _require_few_rejects(self, rejected: int, lines: int | None) -> None:
        """Raise when too many lines are rejected; a percentage is judged when all lines are known."""
        if lines is None and isinstance(self.max_rejects, str) and "%" in self.max_rejects:
            return
        limit = self.limit(lines or 0)
        if limit is not None and rejected > limit:
            path = self.work_folder / "rejects.csv"
            raise TooManyRejectsError(
                f"{rejected} lines are rejected, more than {self.max_rejects}: see {path}; nothing was published",
                rejected=rejected, rejects_file=path,
            )  # fmt: skip

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

    def _result(self, given: Input, record: Path, start: float, *, resumed: int | None) -> BatchResult:
        """Read the record of the finished job; check what the caller demands of it."""
        found = read_json(record)
        rejects_file = self.rejects_file if found["rejected"] else None
        if found["rejected"] and self.strict:
            with self.rejects_file.open(encoding="utf-8", newline="") as file:
                *place, reason, _ = [*csv.reader(file)][1]
            raise InvalidValueError(f"{self.source}: line {place[-1]}: {reason}")
        if resumed is None:
            lines = found["rows"] + found["rejected"]
            limit = self.limit(lines)
            if limit is not None and found["rejected"] > limit:
                raise TooManyRejectsError(
                    f"{found['rejected']} lines are rejected, more than {self.max_rejects}: see {rejects_file}",
                    rejected=found["rejected"], rejects_file=rejects_file,
                )  # fmt: skip
            resumed = found["rows"]
        return self._summary(given, found, start, resumed=resumed, target=self.target, rejects_file=rejects_file)

    def _summary(
        self, given: Input, record: Mapping[str, Any], start: float, *, resumed: int, target: Path | None,
        rejects_file: Path | None,
    ) -> BatchResult:  # fmt: skip
        notes = [*given.notes]
        if any(reason.startswith("not in ") for reason in record["reasons"]):
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

    # -- the paths

    def _beside(self, ending: str) -> Path:
        return self.target.with_name(f"{self.target.name}{ending}")

    def _check_paths(self) -> None:
        """Raise when the target would replace or contain the source, or cannot be written."""
        source, target = self.source.resolve(), self.target.resolve()
        if source == target:
            raise ConfigurationError(f"expected a target other than the source, got {self.target.name!r} for both")
        own = {each.resolve() for each in (self.record_file, self.rejects_file, self.work_folder)}
        if target in source.parents or {source, *source.parents} & own:
            raise ConfigurationError(f"expected a source outside the target, got {self.source} in {self.target}")
        if source in target.parents:
            raise ConfigurationError(f"expected a target outside the source, got {self.target} in {self.source}")
        if len(os.fsencode(self.target.name)) > _LONGEST_NAME:
            raise ConfigurationError(f"expected a target name of at most {_LONGEST_NAME} bytes, got a longer one")
        if not self.target.parent.is_dir():
            raise ConfigurationError(f"expected an existing folder for the target, got {self.target.parent}")
        if self.overwrite and self.target.is_dir():
            foreign = sorted(each.name for each in self.target.iterdir() if not _PART.fullmatch(each.name))
            if foreign or self._to_csv:
                raise ConfigurationError(f"{self.target} holds other files than the parts of a job and is not replaced")

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

    def _is_published(self, given: Input) -> bool:
        """Return whether the output of this very job is complete."""
        return self.target.exists() and is_recorded_in(self.record_file, self._identity(given))

    def _require_free(self, given: Input) -> None:
        """Raise when the target, or the file of rejects, belongs to another job or to nobody."""
        if (self.work_folder / "publication.json").exists() and is_recorded_in(
            self.work_folder / "job.json", self._identity(given)
        ):
            return  # this job's publication was stopped
        what = "is not the output of this job (same source, policy and options); overwrite replaces it"
        if self.target.exists() and not self._is_published(given):
            raise ConfigurationError(f"{self.target} exists, and {what}")
        if self.rejects_file.exists() and not self.target.exists():
            raise ConfigurationError(f"{self.rejects_file} exists, and {what}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock the work folder, which is created; raise when another process works in it."""
        handle = -1
        while handle < 0:
            self.work_folder.mkdir(exist_ok=True)
            handle = lock(self.work_folder, self.target)
        try:
            yield
        finally:
            os.close(handle)
