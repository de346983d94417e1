"""Read a file of debts or notices in parts, and apply a rule to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import polars as pl

from ..errors import InvalidValueError
from ..rules import Policy, columns
from .csv_rows import CENTS, BlockReader, Dialect, Layout, OpenQuoteError, Reject, guess_separator, read_header
from .disk import translated
from .sources import Source, SourceFile, find_source, named


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
        rule: The rule that reads the columns.
        dialect: The text format of CSV, and the spellings.
        columns: For each operand, the name of its column.
        schema: The columns and their types.
        rows: The number of rows of each file of Parquet.
        layouts: The layout of each file of CSV, with the position and the number of its first line.
        notes: Sentences for the result.
    """

    source: Source
    rule: Rule
    dialect: Dialect
    columns: Mapping[str, str]
    schema: Mapping[str, Any]
    rows: tuple[int, ...] = ()
    layouts: tuple[tuple[Layout, int, int], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """The size: rows of Parquet, bytes of CSV."""
        return sum(self.rows) if self.source.is_parquet else self.source.size

    def is_end(self, at: tuple[int, int, int]) -> bool:
        """Return whether a position is the end of the source."""
        number, offset, _ = at
        files = len(self.source.files)
        return number == files - 1 and offset == self.rows[-1] if self.source.is_parquet else number == files

    @classmethod
    def open(cls, path: Path, *, rule: Rule, dialect: Dialect, names: Mapping[str, str]) -> Input:
        """Find the files, and check their columns.

        Args:
            path: The file, folder or standard input.
            rule: The rule that reads the columns.
            dialect: The text format of CSV, and the spellings.
            names: For some operands, the name of the column, if it is another one.
        """
        source = find_source(path)
        build = cls._open_parquet if source.is_parquet else cls._open_csv
        return build(source, rule, dialect, names)

    @classmethod
    def _open_csv(cls, source: Source, rule: Rule, dialect: Dialect, wanted: Mapping[str, str]) -> Input:
        layouts: list[tuple[Layout, int, int]] = []
        for each in source.files:
            default = "\t" if ".tsv" in each.path.name.lower() else ","
            with each.opened() as (file, _), named(each.path):
                names, separator, offset, line = read_header(file, dialect, default)
                found = _columns(rule, wanted, [*names, *each.keys], guess_separator(names, separator))
                if layouts and {*names} != {*layouts[0][0].names}:
                    raise InvalidValueError(f"header: expected the columns of {source.files[0].path}")
                layout = Layout(
                    names=tuple(names), keys={name: each.keys[name] for name in each.keys if name not in names},
                    columns=found, separator=separator, dialect=dialect, amount=rule.amount,
                    boolean=rule.boolean,
                )  # fmt: skip
                layouts.append((layout, offset, line))
        first = layouts[0][0]
        return cls(
            source=source,
            rule=rule,
            dialect=dialect,
            columns=first.columns,
            schema=first.schema,
            layouts=tuple(layouts),
        )

    @classmethod
    def _open_parquet(cls, source: Source, rule: Rule, dialect: Dialect, wanted: Mapping[str, str]) -> Input:
        schema: dict[str, Any] = {}
        rows = []
        for number, file in enumerate(source.files):
            with translated(file.path, file.path):
                found = {**pl.read_parquet_schema(file.path)}
                rows.append(int(pl.scan_parquet(file.path, hive_partitioning=False).select(pl.len()).collect().item()))
            found |= {name: pl.String() for name in file.keys if name not in found}
            schema = _unified(schema, found, file.path) if number else found
        with named(source.path):
            operands = _columns(rule, wanted, [*schema], "")
        floats = [name for name in operands.values() if schema[name].is_float()]
        notes = [f"column {name}: floats, each of which must be a whole number of cents" for name in floats]
        schema |= {operands[name]: _type_of_nulls(rule, name) for name in operands if schema[operands[name]] == pl.Null}
        return cls(
            source=source,
            rule=rule,
            dialect=dialect,
            columns=operands,
            schema=schema,
            rows=tuple(rows),
            notes=tuple(notes),
        )

    def parts(self, at: tuple[int, int, int], size: int) -> Iterator[Part]:
        """Yield the parts of at most so many rows from a position on; at least one, perhaps without rows."""
        return self._parquet_parts(at, size) if self.source.is_parquet else self._csv_parts(at, size)

    def _parquet_parts(self, at: tuple[int, int, int], size: int) -> Iterator[Part]:
        number, offset, _ = at
        last = len(self.rows) - 1
        while True:
            pieces: list[pl.LazyFrame] = []
            rows, first = 0, number
            while True:
                file, count = self.source.files[number], min(size - rows, self.rows[number] - offset)
                pieces.append(self._scan(file).slice(offset, count))
                rows, offset = rows + count, offset + count
                if number == last or rows == size:
                    break
                number, offset = number + 1, 0
            if offset == self.rows[number] and number < last:
                number, offset = number + 1, 0
            frame = pieces[0] if len(pieces) == 1 else pl.concat(pieces)
            yield Part(frame=frame, rejects=(), at=(number, offset, 0), size=rows, file=self.source.files[first])
            if number == last and offset == self.rows[last]:
                return

    def _scan(self, file: SourceFile) -> pl.LazyFrame:
        rows = pl.scan_parquet(file.path, hive_partitioning=False)
        with translated(file.path, file.path):
            found = rows.collect_schema()
        keys = {name: pl.lit(value, pl.String) for name, value in file.keys.items() if name not in found}
        casts = {
            name: pl.col(name).cast(dtype) for name, dtype in self.schema.items() if found.get(name, dtype) != dtype
        }
        return (
            rows.with_columns(**keys, **casts).select(*self.schema)
            if keys or casts or [*found] != [*self.schema]
            else rows
        )

    def _csv_parts(self, at: tuple[int, int, int], most: int) -> Iterator[Part]:
        for number, source in enumerate(self.source.files):
            if number < at[0]:
                continue
            layout, offset, line = self.layouts[number]
            if number == at[0] and at[1]:
                offset, line = at[1:]
            with source.opened() as (file, raw), named(source.path):
                reader = BlockReader(file, offset=offset, line=line)
                fresh = offset == self.layouts[number][1]
                before = 0 if fresh else raw.tell() if source.compression else offset
                lines = most
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
                    lines = most
                    reader.advance(rows)
                    position = raw.tell() if source.compression else reader.offset
                    at_end = block.at_end and rows.size == block.size
                    if at_end:
                        position = source.path.stat().st_size
                    after = (number + 1, 0, 0) if at_end else (number, reader.offset, reader.line)
                    frame = rows.frame.lazy().select(*self.schema)
                    yield Part(frame=frame, rejects=rows.rejects, at=after, size=position - before, file=source)
                    before = position
                    if at_end:
                        break

    def decide(self, rows: pl.LazyFrame, *, policy: Policy, prefix: str) -> pl.LazyFrame:
        """Apply the rule to rows."""
        dialect = self.dialect
        names = dict(self.columns)
        options: dict[str, Any] = {}
        if self.source.is_parquet:
            options = {"unit": dialect.unit, "booleans": dialect.booleans}
            read = (self.schema[names[self.rule.amount]], self.schema[names[self.rule.boolean]])
            if pl.String in read:  # a program of text wrote the file; elsewhere a null is a null
                options["nulls"] = [word for word in dialect.nulls if word.lower() not in dialect.booleans]
        elif dialect.unit == "euros":
            names[self.rule.amount] = CENTS
        taken = {name.lower() for name in self.schema} & {f"{prefix}{name}".lower() for name in self.rule.added}
        if taken:
            raise InvalidValueError(
                f"{self.source.path}: columns of these names, in any case, would be lost: {', '.join(sorted(taken))}: "
                "choose a prefix for the added ones"
            )
        with named(self.source.path):
            decided = self.rule.decide(rows, policy=policy, prefix=prefix, enum=True, **names, **options)
        return decided.drop(CENTS, strict=False)


def _columns(rule: Rule, renamed: Mapping[str, str], names: list[str], advice: str) -> dict[str, str]:
    """Find the column of each operand, without regard to case and outer spaces."""
    found, missing = {}, []
    for operand in rule.operands:
        wanted = renamed.get(operand, operand)
        same = [name for name in names if name == wanted] or [
            name for name in names if name.strip().lower() == wanted.strip().lower()
        ]
        if len(same) > 1:
            raise InvalidValueError(f"header: expected one column {wanted}, got {len(same)}")
        found.update(dict.fromkeys([operand], same[0]) if same else {})
        missing += [] if same else [wanted]
    if missing:
        listed = ", ".join(name[:120] for name in names[:20]) + (", ..." if len(names) > 20 else "")  # noqa: PLR2004 - as many as a line shows
        raise InvalidValueError(
            f"header: missing columns: {', '.join(missing)}; found: {listed or 'an empty line'}"
            f"{advice or '; name the columns'}"
        )
    if len({*names}) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidValueError(f"header: expected each column name once, got {twice!r} twice")
    return found


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
