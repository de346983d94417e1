"""Files of debts in the styles of the programs that write them: the same rows, or a file that must be refused.

Each style has a writer, the options that read it, and the expected refusal, if there is one.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

GOOD = "6311705400000344F"
Row = tuple[str | None, str | None, int | None, bool | None]
#: Debts with each kind of answer; the last one has a null in each column.
ROWS: Sequence[Row] = (
    (GOOD, "FRR", 6000, True), (GOOD, "PFR", 123456, True), (GOOD, "FRR", 1600, False), (GOOD, "IND", 4450, True),
    (GOOD, "FRR", 1599, True), (GOOD, "FRR", 0, True), ("6311705400000344", "PFR", 5001, True),
    (None, None, None, None),
)  # fmt: skip
NAMES = ("reference", "kind", "remaining", "open_online")
EUROS: Mapping[str, Any] = {"unit": "euros"}
SEMICOLON: Mapping[str, Any] = {"separator": ";"}


@attrs.frozen
class Style:
    """A file, the options that read it, and the refusal: a part of its text; empty where each row is decided."""

    write: Callable[[Path], Path]
    options: Mapping[str, Any] = attrs.field(factory=dict)
    refusal: str = ""


def plain(cents: int | None) -> str:
    """Format euros with a point."""
    return "" if cents is None else f"{cents / 100:.2f}"


def comma(cents: int | None) -> str:
    """Format euros as Excel does in French."""
    return plain(cents).replace(".", ",")


def thousands(space: str) -> Callable[[int | None], str]:
    """Return a format of euros with groups of three digits."""
    return lambda cents: (
        "" if cents is None else f"{cents / 100:,.2f}".replace(",", " ").replace(".", ",").replace(" ", space)
    )


def cents(amount: int | None) -> str:
    """Format whole cents."""
    return "" if amount is None else str(amount)


def text(
    name: str = "in.csv", *, amount: Callable[[int | None], str] = cents, words: tuple[str, str] = ("true", "false"),
    separator: str = ",", end: str = "\n", encoding: str = "utf-8", null: str = "", quoting: Any = csv.QUOTE_MINIMAL,  # noqa: ANN401
    header: Sequence[str] = NAMES, before: str = "", after: str = "", change: Callable[[bytes], bytes] = bytes,
) -> Callable[[Path], Path]:  # fmt: skip
    """Return a writer of CSV."""

    def write(folder: Path) -> Path:
        data = io.StringIO(newline="")
        rows = csv.writer(data, delimiter=separator, lineterminator=end, quoting=quoting)
        rows.writerow(header)
        for reference, kind, due, is_open in ROWS:
            flag = None if is_open is None else words[0] if is_open else words[1]
            cells = (reference, kind, None if due is None else amount(due), flag)
            rows.writerow([null if cell is None else cell for cell in cells])
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(change((before + data.getvalue() + after).encode(encoding)))
        return path

    return write


def raw(content: bytes, name: str = "in.csv") -> Callable[[Path], Path]:
    """Return a writer of bytes."""

    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def table(**arrays: Any) -> pa.Table:  # noqa: ANN401 - arrays
    """Build the rows as a table, with other columns."""
    cells = dict(zip(NAMES, map(list, zip(*ROWS, strict=True)), strict=True))
    return pa.table({**cells, **arrays})


def amounts(dtype: Any, scale: int) -> Any:  # noqa: ANN401 - a type and an array of PyArrow
    """Build the amounts as decimals or floats."""
    whole = [None if row[2] is None else Decimal(row[2]).scaleb(-scale) for row in ROWS]
    return pa.array([value if value is None or pa.types.is_decimal(dtype) else float(value) for value in whole], dtype)


def parquet(name: str = "in.parquet", **arrays: Any) -> Callable[[Path], Path]:  # noqa: ANN401 - arrays
    """Return a writer of Parquet."""

    def write(folder: Path) -> Path:
        pq.write_table(table(**arrays), folder / name)
        return folder / name

    return write


def renamed(names: Sequence[str], name: str = "in.parquet") -> Callable[[Path], Path]:
    """Return a writer of Parquet with other column names."""

    def write(folder: Path) -> Path:
        pq.write_table(table().rename_columns(list(names)), folder / name)
        return folder / name

    return write


def folder_of(*parts: tuple[str, Any]) -> Callable[[Path], Path]:
    """Return a writer of a folder: each file with bytes, a table, or rows of the table by a slice."""

    def write(folder: Path) -> Path:
        for name, content in parts:
            path = folder / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                pq.write_table(table()[content] if isinstance(content, slice) else content, path)
        return folder / "in"

    return write


def by_pandas(folder: Path) -> Path:
    """Write by pandas with its defaults: an index without name, floats for integers with a null, True and False."""
    table().to_pandas().to_csv(folder / "in.csv")
    return folder / "in.csv"


def by_duckdb(folder: Path) -> Path:
    """Write by DuckDB: a sum is a DOUBLE in Parquet."""
    given = table()  # noqa: F841 - DuckDB finds it by its name
    query = "select reference, kind, sum(remaining) as remaining, bool_and(open_online) as open_online, n from"
    numbered = "(select row_number() over () as n, * from given)"
    ordered = f"{query} {numbered} group by all order by n"
    duckdb.sql(f"copy ({ordered}) to '{folder}/in.parquet' (format parquet)")
    return folder / "in.parquet"


def by_polars(folder: Path) -> Path:
    """Write by Polars, compressed by zstd."""
    pl.DataFrame(pl.from_arrow(table())).write_csv(folder / "in.csv.zst", compression="zstd")
    return folder / "in.csv.zst"


def hive(folder: Path) -> Path:
    """Write a folder by Spark's rules: the kind is in the names of the folders only."""
    for number, (reference, kind, due, is_open) in enumerate(ROWS):
        below = folder / "in" / f"kind={kind or '__HIVE_DEFAULT_PARTITION__'}"
        below.mkdir(parents=True, exist_ok=True)
        row = {
            "reference": [reference],
            "remaining": pa.array([due], pa.int64()),
            "open_online": pa.array([is_open], pa.bool_()),
        }
        pq.write_table(
            pa.table({**row, "reference": pa.array([reference], pa.string())}), below / f"part-{number}.parquet"
        )
    (folder / "in" / "_SUCCESS").write_bytes(b"")
    return folder / "in"


def csv_folder(*names: str, header: Sequence[str] = NAMES) -> Callable[[Path], Path]:
    """Return a writer of a folder of CSV, one row a file; the first file has the usual order of columns."""

    def write(folder: Path) -> Path:
        for number, row in enumerate(ROWS):
            path = folder / "in" / names[0].format(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            cells = dict(zip(NAMES, ("" if cell is None else str(cell) for cell in row), strict=True))
            order = NAMES if not number else header
            path.write_text(f"{','.join(order)}\n{','.join(cells[name] for name in order)}\n", encoding="utf-8")
        return folder / "in"

    return write


def with_addresses(folder: Path) -> Path:
    """Write a column of addresses, some with a line break, a quotation mark, or a separator."""
    texts = ("12 rue X\nBat B", 'dit "le Grand"', "a, b", "\n\n", "", "x", "CRLF\r\ny", "z")
    lines = [
        [*("" if cell is None else cell for cell in row), address] for row, address in zip(ROWS, texts, strict=True)
    ]
    with (folder / "in.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*NAMES, "adresse"], *lines])
    return folder / "in.csv"


def zstandard(data: bytes) -> bytes:
    """Compress by zstd."""
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - one style needs it
    else:
        from backports import zstd  # noqa: PLC0415 - the same
    packed: bytes = zstd.compress(data)
    return packed


_INT32 = table(remaining=pa.array([row[2] for row in ROWS], pa.int32()))
_NULLS = table(kind=pa.nulls(len(ROWS)))[7:]
_HALVES = (slice(0, 4), slice(4, 8))
_CAPITALS = [name.upper() for name in NAMES]

STYLES: Mapping[str, Style] = {
    # Excel
    "excel, French": Style(
        text(amount=comma, words=("VRAI", "FAUX"), separator=";", end="\r\n", encoding="cp1252"),
        {**EUROS, **SEMICOLON, "encoding": "cp1252"},
    ),
    "excel, UTF-8": Style(
        text(amount=comma, words=("VRAI", "FAUX"), separator=";", end="\r\n", encoding="utf-8-sig"),
        {**EUROS, **SEMICOLON},
    ),
    "excel, utf-8-sig named": Style(
        text(amount=comma, words=("VRAI", "FAUX"), separator=";", encoding="utf-8-sig"),
        {**EUROS, **SEMICOLON, "encoding": "utf-8-sig"},
    ),
    "excel, thousands": Style(
        text(amount=thousands("\u202f"), words=("vrai", "faux"), separator=";"), {**EUROS, **SEMICOLON}
    ),
    "excel, no-break spaces": Style(
        text(amount=thousands("\u00a0"), words=("Oui", "Non"), separator=";", encoding="cp1252"),
        {**EUROS, **SEMICOLON, "encoding": "cp1252"},
    ),
    "excel, groups of dots": Style(
        text(amount=thousands("."), words=("O", "N"), separator=";"), {**EUROS, **SEMICOLON}
    ),
    "excel, sep=": Style(text(before="sep=;\r\n", separator=";", end="\r\n")),
    "excel, sign of the euro": Style(
        text(amount=lambda due: f"{comma(due)} €", separator=";", encoding="cp1252"),
        {**EUROS, **SEMICOLON, "encoding": "cp1252"},
    ),
    "excel, whole euros beside decimals": Style(
        text(amount=lambda due: comma(due).removesuffix(",00"), separator=";"),
        SEMICOLON,
        "in.csv: line 3, column remaining: an amount with decimals, and no unit: name the unit, euros or cents",
    ),
    "excel, empty columns at the end": Style(text(header=[*NAMES, "", ""], separator=";"), SEMICOLON),
    "excel, workbook renamed": Style(
        raw(b"PK\x03\x04" + bytes(40)), {}, "an Excel workbook or a ZIP archive: save the sheet as CSV"
    ),
    "excel, old workbook renamed": Style(
        raw(b"\xd0\xcf\x11\xe0" + bytes(40)), {}, "an old Excel workbook: save the sheet as CSV"
    ),
    "excel, UTF-16": Style(text(encoding="utf-16"), {}, "text in UTF-16"),
    "excel, tabs": Style(text("in.txt", separator="\t"), {"separator": "tab"}),
    "excel, semicolons not named": Style(text(separator=";"), {}, "the separator may be ';': name it"),
    "excel, title above the header": Style(
        text(before="Extraction du 31/12/2017\n"),
        {},
        "missing columns: reference, kind, remaining, open_online; found: Extraction",
    ),
    "excel, accents in the header": Style(
        text(header=("référence", *NAMES[1:]), encoding="cp1252"),
        {},
        "header: not in utf-8; it can be read as cp1252: name the encoding",
    ),
    # PostgreSQL
    "postgresql, COPY CSV": Style(text(words=("t", "f"))),
    "postgresql, COPY text": Style(text("in.tsv", words=("t", "f"), separator="\t", null=r"\N")),
    "postgresql, numeric(12,4)": Style(text(amount=lambda due: f"{plain(due)}00", words=("t", "f")), EUROS),
    "postgresql, force quote": Style(text(words=("t", "f"), quoting=csv.QUOTE_ALL)),
    "postgresql, addresses": Style(with_addresses),
    # Oracle, SAP, mainframe
    "oracle, capitals": Style(text(header=_CAPITALS)),
    "oracle, spaces around names": Style(text(header=[f" {name} " for name in _CAPITALS])),
    "oracle, no leading zero": Style(text(amount=lambda due: plain(due).removeprefix("0"), words=("1", "0")), EUROS),
    "oracle, other names": Style(
        text(header=("NUM_COURRIER", "NATURE", "RESTE", "OUVERT")),
        {"columns": {"reference": "num_courrier", "kind": "nature", "remaining": "reste", "open_online": "ouvert"}},
    ),
    "oracle, NUMBER": Style(parquet(remaining=amounts(pa.decimal128(38, 10), 2)), EUROS),
    "oracle, NUMBER(38,0)": Style(parquet(remaining=amounts(pa.decimal128(38, 0), 0)), {"unit": "cents"}),
    "oracle, NUMBER without a unit": Style(
        parquet(remaining=amounts(pa.decimal128(38, 0), 0)), {}, "or a unit, cents or euros, got Decimal"
    ),
    "sap, minus and plus": Style(
        text(amount=lambda due: f"+{comma(due)}", words=("X", "-"), separator="|"),
        {**EUROS, "separator": "|", "booleans": {"x": True, "-": False}},
    ),
    "sap, ISO 8859-15": Style(
        text(amount=comma, separator=";", encoding="iso8859-15"), {**EUROS, **SEMICOLON, "encoding": "latin9"}
    ),
    "mainframe, zeros before": Style(text(amount=lambda due: cents(due).zfill(12))),
    "mainframe, EBCDIC": Style(text(encoding="cp500"), {}, "header: "),
    "mainframe, EBCDIC named": Style(
        text(encoding="cp500"), {"encoding": "cp500"}, "expected an encoding that extends ASCII"
    ),
    "mainframe, capital extension": Style(text("EXPORT.CSV")),
    "mac, CR alone": Style(text(end="\r"), {}, "line ends are CR alone"),
    "end of file of DOS": Style(text(after="\x1a"), {"rejected": 1}),
    # pandas
    "pandas, defaults": Style(by_pandas, {"unit": "cents"}),
    "pandas, floats without a unit": Style(by_pandas, {}, "an amount with decimals, and no unit"),
    "pandas, floats of euros": Style(parquet(remaining=amounts(pa.float64(), 2)), EUROS),
    "pandas, floats of cents": Style(parquet(remaining=amounts(pa.float64(), 0)), {"unit": "cents"}),
    "pandas, float32": Style(parquet(remaining=amounts(pa.float32(), 2)), EUROS),
    "pandas, categories": Style(parquet(kind=pa.array([row[1] for row in ROWS]).dictionary_encode())),
    "pandas, booleans as int8": Style(parquet(open_online=pa.array([row[3] for row in ROWS]).cast(pa.int8()))),
    "pandas, booleans as text": Style(
        parquet(open_online=pa.array([None if row[3] is None else "NO"[row[3]] for row in ROWS]))
    ),
    "pandas, index column": Style(parquet(__index_level_0__=pa.array(range(len(ROWS))))),
    # DuckDB, Polars, PyArrow
    "duckdb, sums": Style(by_duckdb, {"unit": "cents"}),
    "duckdb, sums without a unit": Style(by_duckdb, {}, "or a unit, cents or euros, got Float64"),
    "polars, zstd": Style(by_polars),
    "pyarrow, views": Style(parquet(reference=pa.array([row[0] for row in ROWS], pa.string_view()))),
    "pyarrow, int32": Style(parquet(remaining=_INT32["remaining"])),
    "pyarrow, capital extension": Style(parquet("IN.PARQUET")),
    "pyarrow, column code": Style(
        parquet(Code=pa.array(["631"] * len(ROWS))), {}, "would be lost: code: choose a prefix"
    ),
    "pyarrow, column code and a prefix": Style(parquet(Code=pa.array(["631"] * len(ROWS))), {"prefix": "a_"}),
    "pyarrow, capitals": Style(renamed(_CAPITALS)),
    "pyarrow, lists beside": Style(parquet(history=pa.array([[1, 2]] * len(ROWS)))),
    "pyarrow, bytes for text": Style(
        parquet(reference=pa.array([b"x"] * len(ROWS))), {}, "column reference: expected text, got Binary"
    ),
    "pyarrow, cut off": Style(
        raw(b"PAR1" + bytes(100), "in.parquet"), {}, "in.parquet cannot be read (ComputeError): damaged, cut off"
    ),
    "pyarrow, Arrow IPC renamed": Style(
        raw(b"ARROW1\0\0" + bytes(50), "in.parquet"), {}, "a file Arrow: write it as Parquet"
    ),
    # Spark and folders
    "spark, folder": Style(
        folder_of(
            ("part-0.snappy.parquet", _HALVES[0]),
            ("part-1.snappy.parquet", _HALVES[1]),
            ("_SUCCESS", b""),
            (".part-0.crc", b"x"),
        )
    ),
    "spark, hive": Style(hive, {"sorted": True}),
    "spark, folders in folders": Style(folder_of(("a.parquet", _HALVES[0]), ("sub/b.PARQUET", _HALVES[1]))),
    "spark, widths differ": Style(folder_of(("a.parquet", _INT32[:4]), ("b.parquet", _HALVES[1]))),
    "spark, a column of nulls": Style(folder_of(("a.parquet", slice(0, 7)), ("b.parquet", _NULLS))),
    "spark, other order of columns": Style(
        folder_of(("a.parquet", _HALVES[0]), ("b.parquet", table().select(NAMES[::-1])[4:]))
    ),
    "spark, a part of 0 bytes": Style(
        folder_of(("a.parquet", _HALVES[0]), ("b.parquet", b"")), {}, "/in/b.parquet: empty (0 bytes)"
    ),
    "spark, a part without footer": Style(
        folder_of(("a.parquet", _HALVES[0]), ("b.parquet", b"PAR1" + bytes(9))), {}, "/in/b.parquet cannot be read"
    ),
    "spark, one column more": Style(
        folder_of(("a.parquet", _HALVES[0]), ("b.parquet", table(more=pa.nulls(8)))),
        {},
        "/in/b.parquet: expected the columns of the first file, got another set: more",
    ),
    "spark, a type that does not fit": Style(
        folder_of(("a.parquet", _HALVES[0]), ("b.parquet", table(remaining=["1"] * 8))),
        {},
        "/in/b.parquet: column remaining: expected Int64 as in the first file, got String",
    ),
    "spark, other files": Style(
        folder_of(("a.parquet", _HALVES[0]), ("b.orc", b"ORC")), {}, "/in/b.orc: expected data files only"
    ),
    "spark, two formats": Style(
        folder_of(("a.parquet", _HALVES[0]), ("b.csv", b"x")), {}, "expected files of one format in the folder"
    ),
    "spark, no data": Style(folder_of(("_SUCCESS", b"")), {}, "expected files .parquet or .csv in the folder"),
    "spark, folder of CSV": Style(csv_folder("part-{}.csv")),
    "spark, CSV with other order of columns": Style(csv_folder("part-{}.csv", header=NAMES[::-1])),
    # Compressed, and the rest
    "gzip": Style(text("in.csv.gz", change=gzip.compress)),
    "gzip under .csv": Style(text("in.csv", change=gzip.compress)),
    "zstd": Style(text("in.txt.zst", change=zstandard)),
    "not compressed under .gz": Style(text("in.csv.gz"), {}, "expected a compressed file, got another format"),
    "empty file": Style(raw(b""), {}, "empty (0 bytes)"),
    "trailing separators": Style(
        text(change=lambda data: data.replace(b"\n", b",\n").replace(b"open_online,\n", b"open_online\n"))
    ),
    "no final newline": Style(text(change=lambda data: data.rstrip(b"\n"))),
    "blank lines": Style(text(change=lambda data: data.replace(b"\n", b"\n\n"))),
    "fields with spaces": Style(text(change=lambda data: data.replace(b",6000,true", b", 6000 , true "))),
    "a column is missing": Style(
        text(header=("reference", "kind", "remaining", "ouvert")),
        {},
        "missing columns: open_online; found: reference, kind, remaining, ouvert",
    ),
    "a column twice": Style(
        text(header=("reference", "kind", "remaining", "open_online", "kind")), {}, "expected one column kind, got 2"
    ),
}
