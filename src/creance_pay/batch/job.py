"""Apply the rules to a file of debts or notices, in parts: a killed job is resumed and writes the same bytes.

Unfinished output is kept in a work folder beside the target::

    OUT.unfinished/
        job.json              identity of the job: everything that decides the output
        marks/00000.json      position and counts of each finished part
        parts/part-00000.*    output of each part, for a target of Parquet
        output                output of all parts, for a target of CSV
        rejects.csv           rejected lines
        record.json           record of the job, once all parts are finished
        publication.json      the number that the file system has for the folder parts

A part is finished when its mark exists; the output after the last mark is cut off and written again.  After the last
part the output is published: the target appears or is replaced in one step, then its record ``OUT.job.json``.  Nothing
that exists is deleted before.  The work folder is locked while a process works in it.
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
from typing import Any

import attrs
import polars as pl

from ..errors import ConfigurationError, CreancePayError, InvalidValueError
from ..money import Euros
from ..rules import Policy, columns
from .csv_rows import CENTS, BlockReader, Dialect, Layout, OpenQuoteError, Reject, guess_separator, read_header
from .disk import append, atomic_replace, atomic_write, exchange, is_recorded_in, lock, read_json, translated
from .result import BatchProgress, BatchResult, TooManyRejectsError
from .sources import CSV_NAMES, Source, SourceFile, find_source, has_name

#: The default number of rows of a part, which a machine of 400 MB can process.  Parquet rows are stored in groups,
#: mostly of a power of two rows; a group that two parts share is read twice.  A part of CSV has at most 8 MiB.
PARQUET_ROWS, CSV_ROWS = 1 << 20, 1 << 19
_ZSTD_LEVEL = 1  # digits shrink no further at a higher level, which costs a quarter more time
_PART = re.compile(r"part-[0-9]{5}\.parquet")
_LONGEST_NAME = 200

Progress = Callable[[BatchProgress], object]


@attrs.frozen(kw_only=True)
class Rule:
    """A rule over the rows of a file.

    Attributes:
        name: The name of the command.
        texts: The operands that are texts.
        amount: The operand that is an amount.
        boolean: The operand that is a boolean.
        answer: The added column that contains the code.
        payable: The added column whose sum is payable, if there is one.
        decide: The function over columns.
        added: The columns that it adds.
    """

    name: str
    texts: tuple[str, ...]
    amount: str
    boolean: str
    answer: str
    payable: str | None
    decide: Callable[..., pl.LazyFrame]
    added: tuple[str, ...]

    @property
    def operands(self) -> tuple[str, ...]:
        """The operands, by the names of their columns."""
        return (*self.texts, self.amount, self.boolean)


ASSESS = Rule(
    name="assess", texts=("reference", "kind"), amount="remaining", boolean="open_online", answer="code",
    payable="payable_max", decide=columns.assess,
    added=("code", "reasons", "payable_min", "payable_max", "next_payment"),
)  # fmt: skip
SCOPE = Rule(
    name="scope", texts=(), amount="balance", boolean="notice_received", answer="scope", payable=None,
    decide=columns.notice_scope, added=("scope",),
)  # fmt: skip


@attrs.frozen(kw_only=True)
class Part:
    """Consecutive rows of the source.

    Attributes:
        frame: The rows, as the rule reads them.
        rejects: The rejected lines.
        at: The position after the part: number of the file, offset in it, number of the next line.
        size: The size of the part, in the units of the progress.
        file: The file, for errors.
    """

    frame: pl.LazyFrame
    rejects: Sequence[Reject]
    at: tuple[int, int, int]
    size: int
    file: SourceFile


@attrs.frozen(kw_only=True)
class Input:
    """The opened source: its files, its columns, and the columns of the rule.

    Attributes:
        source: The files.
        columns: For each operand, the name of its column.
        schema: The columns and their types.
        rows: The number of rows of each file of Parquet.
        layouts: The layout of each file of CSV, with the position and the number of its first line.
        notes: Sentences for the result.
    """

    source: Source
    columns: Mapping[str, str]
    schema: Mapping[str, Any]
    rows: tuple[int, ...] = ()
    layouts: tuple[tuple[Layout, int, int], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """The size: rows of Parquet, bytes of CSV."""
        return sum(self.rows) if self.source.is_parquet else self.source.size


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
            state = _State(self, given)
            if (not self.overwrite or state.is_published) and self._is_published(given):
                shutil.rmtree(self.work_folder)
                return self._result(given, self.record_file, start, resumed=None)
            state.begin()
            try:
                self._process(given, state, progress)
            except TooManyRejectsError:
                raise
            except CreancePayError:
                shutil.rmtree(self.work_folder)  # the same command would fail in the same way
                raise
            except BaseException:
                if not state.marks:
                    shutil.rmtree(self.work_folder)  # nothing to resume
                raise
            return self._result(given, self.record_file, start, resumed=state.resumed_rows)

    def check(self) -> BatchResult:
        """Decide the first part in memory, and write nothing."""
        start = time.monotonic()
        given = self._open()
        first = next(self._parts(given, (0, 0, 0)))
        with translated(first.file.path, self.target):
            decided = self._decide(given, first.frame).collect(engine="streaming")
        totals = _Totals()
        totals.add(self._mark(decided.lazy(), first.rejects))
        record = {**totals.values(), "rejected": totals.rejected}
        return self._summary(given, record, start, resumed=0, target=None, rejects_file=None)

    # -- what is read

    def _open(self) -> Input:
        """Find the files, and check their columns."""
        source = find_source(self.source)
        given = self._open_parquet(source) if source.is_parquet else self._open_csv(source)
        empty = self._decide(given, pl.LazyFrame(schema=given.schema)).collect_schema()
        if self._to_csv:
            for name, dtype in empty.items():
                if dtype.is_nested() or dtype in {pl.Binary, pl.Object}:
                    raise InvalidValueError(
                        f"{source.path}: column {name} ({dtype.base_type()}) cannot be written as CSV: "
                        "choose a target of Parquet"
                    )
        return given

    def _open_csv(self, source: Source) -> Input:
        layouts: list[tuple[Layout, int, int]] = []
        for each in source.files:
            file, raw = each.open()
            default = "\t" if ".tsv" in each.path.name.lower() else ","
            with raw, file, self._named(each.path):
                names, separator, offset, line = read_header(file, self.dialect, default)
                found = self._columns([*names, *each.keys], guess_separator(names, separator))
                if layouts and {*names} != {*layouts[0][0].names}:
                    raise InvalidValueError(f"header: expected the columns of {source.files[0].path}")
                layout = Layout(
                    names=tuple(names), keys={name: each.keys[name] for name in each.keys if name not in names},
                    columns=found, separator=separator, dialect=self.dialect, amount=self.rule.amount,
                    boolean=self.rule.boolean,
                )  # fmt: skip
                layouts.append((layout, offset, line))
        first = layouts[0][0]
        return Input(source=source, columns=first.columns, schema=first.schema, layouts=tuple(layouts))

    def _open_parquet(self, source: Source) -> Input:
        schema: dict[str, Any] = {}
        rows = []
        for number, file in enumerate(source.files):
            with translated(file.path, self.target):
                found = {**pl.read_parquet_schema(file.path)}
                rows.append(int(pl.scan_parquet(file.path, hive_partitioning=False).select(pl.len()).collect().item()))
            found |= {name: pl.String() for name in file.keys if name not in found}
            schema = _unified(schema, found, file.path) if number else found
        with self._named(source.path):
            columns = self._columns([*schema], "")
        floats = [name for name in columns.values() if schema[name].is_float()]
        notes = [f"column {name}: floats, each of which must be a whole number of cents" for name in floats]
        schema |= {
            columns[name]: _type_of_nulls(self.rule, name) for name in columns if schema[columns[name]] == pl.Null
        }
        return Input(source=source, columns=columns, schema=schema, rows=tuple(rows), notes=tuple(notes))

    def _columns(self, names: list[str], advice: str) -> dict[str, str]:
        """Find the column of each operand, without regard to case and outer spaces."""
        found, missing = {}, []
        for operand in self.rule.operands:
            wanted = self.columns.get(operand, operand)
            same = [name for name in names if name == wanted] or [
                name for name in names if name.strip().lower() == wanted.strip().lower()
            ]
            if len(same) > 1:
                raise InvalidValueError(f"header: expected one column {wanted}, got {len(same)}")
            found.update(dict.fromkeys([operand], same[0]) if same else {})
            missing += [] if same else [wanted]
        if missing:
            listed = ", ".join(name[:120] for name in names[:20]) + (", ..." if len(names) > 20 else "")  # noqa: PLR2004
            raise InvalidValueError(
                f"header: missing columns: {', '.join(missing)}; found: {listed or 'an empty line'}"
                f"{advice or '; name the columns'}"
            )
        if len({*names}) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidValueError(f"header: expected each column name once, got {twice!r} twice")
        return found

    @contextmanager
    def _named(self, path: Path) -> Iterator[None]:
        """Name the file in an error about its content."""
        try:
            yield
        except InvalidValueError as error:
            raise InvalidValueError(f"{path}: {error}") from None

    # -- the parts

    @property
    def _to_csv(self) -> bool:
        return has_name(self.target, CSV_NAMES)

    def _part_size(self, given: Input) -> int:
        return self.part_rows or (PARQUET_ROWS if given.source.is_parquet and not self._to_csv else CSV_ROWS)

    def _parts(self, given: Input, at: tuple[int, int, int]) -> Iterator[Part]:
        """Yield the parts of the source from a position on; at least one, perhaps without rows."""
        return self._parquet_parts(given, at) if given.source.is_parquet else self._csv_parts(given, at)

    def _parquet_parts(self, given: Input, at: tuple[int, int, int]) -> Iterator[Part]:
        number, offset, _ = at
        size, last = self._part_size(given), len(given.rows) - 1
        while True:
            pieces: list[pl.LazyFrame] = []
            rows, first = 0, number
            while True:
                file, count = given.source.files[number], min(size - rows, given.rows[number] - offset)
                pieces.append(self._scan(given, file).slice(offset, count))
                rows, offset = rows + count, offset + count
                if number == last or rows == size:
                    break
                number, offset = number + 1, 0
            if offset == given.rows[number] and number < last:
                number, offset = number + 1, 0
            frame = pieces[0] if len(pieces) == 1 else pl.concat(pieces)
            yield Part(frame=frame, rejects=(), at=(number, offset, 0), size=rows, file=given.source.files[first])
            if number == last and offset == given.rows[last]:
                return

    def _scan(self, given: Input, file: SourceFile) -> pl.LazyFrame:
        rows = pl.scan_parquet(file.path, hive_partitioning=False)
        with translated(file.path, self.target):
            found = rows.collect_schema()
        keys = {name: pl.lit(value, pl.String) for name, value in file.keys.items() if name not in found}
        casts = {
            name: pl.col(name).cast(dtype) for name, dtype in given.schema.items() if found.get(name, dtype) != dtype
        }
        return (
            rows.with_columns(**keys, **casts).select(*given.schema)
            if keys or casts or [*found] != [*given.schema]
            else rows
        )

    def _csv_parts(self, given: Input, at: tuple[int, int, int]) -> Iterator[Part]:
        for number, source in enumerate(given.source.files):
            if number < at[0]:
                continue
            layout, offset, line = given.layouts[number]
            if number == at[0] and at[1]:
                offset, line = at[1:]
            file, raw = source.open()
            with raw, file, self._named(source.path):
                reader = BlockReader(file, offset=offset, line=line)
                fresh = offset == given.layouts[number][1]
                before = 0 if fresh else raw.tell() if source.compression else offset
                lines = self._part_size(given)
                while True:
                    block = reader.read(lines)
                    try:
                        rows = layout.parse(block)
                    except OpenQuoteError:
                        lines *= 2
                        more = reader.read(lines)
                        if more.size > block.size:
                            continue
                        rows = layout.parse(attrs.evolve(more, at_end=True))  # the next line is too long for a row
                    lines = self._part_size(given)
                    reader.advance(rows)
                    position = raw.tell() if source.compression else reader.offset
                    at_end = block.at_end and rows.size == block.size
                    if at_end:
                        position = source.path.stat().st_size
                    after = (number + 1, 0, 0) if at_end else (number, reader.offset, reader.line)
                    frame = rows.frame.lazy().select(*given.schema)
                    yield Part(frame=frame, rejects=rows.rejects, at=after, size=position - before, file=source)
                    before = position
                    if at_end:
                        break

    def _decide(self, given: Input, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Apply the rule to rows."""
        dialect = self.dialect
        names = dict(given.columns)
        options: dict[str, Any] = {}
        if given.source.is_parquet:
            options = {"unit": dialect.unit, "booleans": dialect.booleans}
            read = (given.schema[names[self.rule.amount]], given.schema[names[self.rule.boolean]])
            if pl.String in read:  # a program of text wrote the file; elsewhere a null is a null
                options["nulls"] = [word for word in dialect.nulls if word.lower() not in dialect.booleans]
        elif dialect.unit == "euros":
            names[self.rule.amount] = CENTS
        taken = {name.lower() for name in given.schema} & {f"{self.prefix}{name}".lower() for name in self.rule.added}
        if taken:
            raise InvalidValueError(
                f"{given.source.path}: columns of these names, in any case, would be lost: {', '.join(sorted(taken))}: "
                "choose a prefix for the added ones"
            )
        with self._named(given.source.path):
            decided = self.rule.decide(rows, policy=self.policy, prefix=self.prefix, enum=True, **names, **options)
        return decided.drop(CENTS, strict=False)

    # -- the output

    def _process(self, given: Input, state: _State, progress: Progress) -> None:
        """Process every part without a mark, then publish."""
        if not state.is_complete:
            done = state.done
            for part in state.remaining_parts():
                with translated(part.file.path, self.work_folder):
                    state.write(part)
                done += part.size
                progress(BatchProgress(phase="deciding", done=done, total=given.total, rows=state.totals.rows))
                self._require_few_rejects(state.totals.rejected, None)
            state.complete()
        self._require_few_rejects(state.totals.rejected, state.totals.rows + state.totals.rejected)
        progress(BatchProgress(phase="publishing", done=given.total, total=given.total, rows=state.totals.rows))
        state.publish()

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

    def _mark(self, written: pl.LazyFrame, rejects: Sequence[Reject]) -> dict[str, Any]:
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


@attrs.define
class _Totals:
    """The sums of the marks."""

    codes: Counter[str] = attrs.field(factory=Counter)
    payable: int = 0
    reasons: Counter[str] = attrs.field(factory=Counter)

    @property
    def rows(self) -> int:
        return self.codes.total()

    @property
    def rejected(self) -> int:
        return self.reasons.total()

    def add(self, mark: Mapping[str, Any]) -> None:
        """Add the counts of a part."""
        self.codes.update(mark["codes"])
        self.payable += mark["payable"]
        self.reasons.update(mark["reasons"])

    def values(self) -> dict[str, Any]:
        """Return the counts, the most frequent first and equal ones by name, so that the order is always the same."""
        return {
            "rows": self.rows,
            "rejected": self.rejected,
            "codes": _ordered(self.codes),
            "payable": self.payable,
            "reasons": _ordered(self.reasons),
        }


class _State:
    """The work folder of a job."""

    def __init__(self, job: Job, given: Input) -> None:
        """Read nothing yet: see :meth:`begin`."""
        self._job, self._given, self._folder = job, given, job.work_folder
        self.marks: list[dict[str, Any]] = []
        self.totals = _Totals()
        self.resumed_rows = 0

    @property
    def is_complete(self) -> bool:
        """Whether all parts are finished."""
        return (self._folder / "publication.json").exists()

    @property
    def is_published(self) -> bool:
        """Whether the publication was stopped after its last act, and before the work folder was removed."""
        return self.is_complete and not (self._folder / "record.json").exists()

    @property
    def done(self) -> int:
        """The size of the finished parts."""
        return sum(mark["size"] for mark in self.marks)

    def begin(self) -> None:
        """Resume the unfinished job, or begin one.

        Raises:
            ConfigurationError: when the unfinished output belongs to another job and may not be deleted.
        """
        identity = self._job._identity(self._given)  # noqa: SLF001 - one mechanism in two classes
        job_file, marks = self._folder / "job.json", self._folder / "marks"
        if not is_recorded_in(job_file, identity):
            has_work = job_file.exists() and any(marks.glob("*.json"))
            if has_work and not self._job.overwrite:
                raise ConfigurationError(f"{self._folder} belongs to another job; overwrite deletes it")
            for each in self._folder.iterdir():
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
            for name in ("parts", "marks"):
                (self._folder / name).mkdir()
            atomic_write(job_file, json.dumps(identity))
        while (path := marks / f"{len(self.marks):05}.json").exists():
            self.marks.append(read_json(path))
            self.totals.add(self.marks[-1])
        self.resumed_rows = self.totals.rows

    def remaining_parts(self) -> Iterator[Part]:
        """Yield the parts without a mark."""
        at = tuple(self.marks[-1]["at"]) if self.marks else (0, 0, 0)
        if self.marks and self.marks[-1]["last"]:
            return
        parts = self._job._parts(self._given, at)  # noqa: SLF001 - one mechanism in two classes
        yield from parts

    def write(self, part: Part) -> None:
        """Write the output of a part, then its mark."""
        job, number = self._job, len(self.marks)
        if part.rejects and job.strict:
            raise InvalidValueError(f"{part.file.path}: line {part.rejects[0].line}: {part.rejects[0].reason}")
        before = self.marks[-1] if self.marks else {"output": 0, "rejects": 0}
        mark: dict[str, Any] = {"at": part.at, "size": part.size, "last": self._is_last(part)}
        decided = job._decide(self._given, part.frame)  # noqa: SLF001 - one mechanism in two classes
        if job._to_csv:  # noqa: SLF001 - the same
            frame = decided.collect(engine="streaming")
            mark["output"] = append(self._folder / "output", before["output"], self._csv(frame, header=not number))
            written = frame.lazy()
        else:
            path = self._folder / "parts" / f"part-{number:05}.parquet"
            temporary = path.with_suffix(".tmp")
            decided.sink_parquet(temporary, compression_level=_ZSTD_LEVEL)
            atomic_replace(temporary, path)
            mark["output"], written = 0, pl.scan_parquet(path)
        text = self._rejects_csv(part, header=not before["rejects"])
        mark["rejects"] = (
            append(self._folder / "rejects.csv", before["rejects"], text) if part.rejects else before["rejects"]
        )
        mark |= job._mark(written, part.rejects)  # noqa: SLF001 - the same
        atomic_write(self._folder / "marks" / f"{number:05}.json", json.dumps(mark))
        self.marks.append(mark)
        self.totals.add(mark)

    def _is_last(self, part: Part) -> bool:
        number, offset, _ = part.at
        files = len(self._given.source.files)
        if self._given.source.is_parquet:
            return number == files - 1 and offset == self._given.rows[-1]
        return number == files

    def _csv(self, frame: pl.DataFrame, *, header: bool) -> bytes:
        separator = self._given.layouts[0][0].separator if self._given.layouts else self._job.dialect.separator or ","
        data = io.BytesIO()
        frame.write_csv(data, include_header=header, separator=separator)
        name = self._job.target.name.lower()
        if name.endswith(".gz"):
            return gzip.compress(data.getvalue(), mtime=0)
        if name.endswith(".zst"):
            packed = io.BytesIO()
            frame.write_csv(
                packed, include_header=header, separator=separator, compression="zstd", check_extension=False
            )
            return packed.getvalue()
        return data.getvalue()

    def _rejects_csv(self, part: Part, *, header: bool) -> bytes:
        """Format rejected lines: the file, if there are several, then number, reason and text."""
        several = len(self._given.source.files) > 1
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        if header:
            rows.writerow([*(("file",) if several else ()), "line", "reason", "text"])
        rows.writerows(
            [*((part.file.name,) if several else ()), each.line, each.reason, each.text] for each in part.rejects
        )
        return text.getvalue().encode(errors="backslashreplace")

    def complete(self) -> None:
        """Write the record."""
        identity = self._job._identity(self._given)  # noqa: SLF001 - one mechanism in two classes
        record = {**identity, **self.totals.values()}
        atomic_write(self._folder / "record.json", json.dumps(record, indent=1))
        atomic_write(self._folder / "publication.json", json.dumps((self._folder / "parts").stat().st_ino))

    def publish(self) -> None:
        """Move the output to the target.  A publication that was killed is completed."""
        job, parts, output = self._job, self._folder / "parts", self._folder / "output"
        rejects = self._folder / "rejects.csv"
        if self.totals.rejected:
            if rejects.exists():
                rejects.replace(job.rejects_file)
        else:
            job.rejects_file.unlink(missing_ok=True)
        if job._to_csv:  # noqa: SLF001 - one mechanism in two classes
            if output.exists():
                output.replace(job.target)
        elif not job.target.exists():
            parts.rename(job.target)
        elif job.target.stat().st_ino != read_json(self._folder / "publication.json"):
            exchange(parts, job.target)
        (self._folder / "record.json").replace(job.record_file)
        shutil.rmtree(self._folder)


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda counted: (-counted[1], counted[0])))


def _unified(schema: Mapping[str, Any], found: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return the types that hold the columns of two files.

    Raises:
        InvalidValueError: when a column is absent from one of them, or has a type that does not fit.
    """
    if odd := sorted({*schema} ^ {*found}):
        raise InvalidValueError(f"{path}: expected the columns of the first file, got another set: {', '.join(odd)}")
    return {name: _wider(name, dtype, found[name], path) for name, dtype in schema.items()}


def _wider(name: str, one: Any, other: Any, path: Path) -> Any:  # noqa: ANN401 - types of Polars
    if other in (one, pl.Null):
        return one
    if one == pl.Null:
        return other
    wide = {pl.UInt64, pl.Int128, pl.UInt128}
    if one.is_integer() and other.is_integer() and not {one, other} & wide:
        return pl.Int64()
    if one.is_float() and other.is_float():
        return pl.Float64()
    texts = (pl.String, pl.Categorical, pl.Enum)
    if one in texts and other in texts:
        return pl.String()
    raise InvalidValueError(
        f"{path}: column {name}: expected {one.base_type()} as in the first file, got {other.base_type()}"
    )


def _type_of_nulls(rule: Rule, operand: str) -> Any:  # noqa: ANN401 - a type of Polars
    """Return the type of a column without any value."""
    return pl.Int64() if operand == rule.amount else pl.Boolean() if operand == rule.boolean else pl.String()
