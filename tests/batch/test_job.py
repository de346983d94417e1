"""Jobs over files of debts: decided in parts, unreadable lines rejected, resumed after a kill."""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import attrs
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from creance_pay import Euros
from creance_pay.batch import BatchProgress, BatchResult, csv_rows, disk
from creance_pay.batch.csv_rows import Dialect
from creance_pay.batch.inputs import ASSESS
from creance_pay.batch.job import Job
from creance_pay.codes import Reason
from creance_pay.errors import ConfigurationError, CreancePayError, InvalidValueError, MissingExtraError
from creance_pay.rules import columns, policy_named
from creance_pay.rules.columns import BOOLEANS, NULLS
from file_styles import zstandard
from stopped import Stopped, output, record_acts

POLICY = policy_named("ameli-2019-11")
HEADER = "id,reference,kind,remaining,open_online"
# A debt of 60,00 that is open: from 16,00 to 50,00, and 44,00 first so that 16,00 are left.
GOOD = "6311705400000344F,FRR,6000,true"


def debts(count: int) -> pl.DataFrame:
    """Build debts with every code; the pattern does not repeat at the bounds of the parts."""
    numbers = range(count)
    return pl.DataFrame(
        {
            "id": numbers,
            "reference": [f"631170540000{n % 9973:04}{'Ff!'[n % 17 // 8]}" for n in numbers],
            "kind": [("FRR", "PFR", "IND")[n % 7 // 3] for n in numbers],
            "remaining": [(n * 7919) % 12007 - 3 for n in numbers],
            "open_online": [n % 11 > 0 for n in numbers],
        }
    )


def contents(target: Path) -> dict[str, bytes]:
    """Read a target alone."""
    files = [target] if target.is_file() else sorted(target.glob("*"))
    return {path.name: path.read_bytes() for path in files}


def job(source: Path, target: Path, **changes: Any) -> Job:  # noqa: ANN401 - any argument of a job
    """Build a job."""
    spelling = {"booleans": BOOLEANS, "nulls": NULLS, "separator": None, "encoding": "utf-8", "unit": None}
    dialect = Dialect(**{name: changes.pop(name, value) for name, value in spelling.items()})
    return Job(
        rule=ASSESS, source=source, target=target, dialect=dialect, **{"policy": POLICY, "columns": {}, **changes}
    )


def nothing(_: BatchProgress) -> None:
    """Ignore the progress."""


def run(source: Path, target: Path, **changes: Any) -> BatchResult:  # noqa: ANN401 - any argument of a job
    """Run a job, and return its result."""
    return job(source, target, **changes).run(nothing)


def csv_file(path: Path, *lines: str | bytes, header: str = HEADER) -> Path:
    """Write lines below a header."""
    encoded = [line if isinstance(line, bytes) else line.encode() for line in (header, *lines)]
    path.write_bytes(b"".join(line + b"\n" for line in encoded))
    return path


def rejects(target: Path) -> list[list[str]]:
    """Read the rejected lines: number, reason, text."""
    text = target.with_name(f"{target.name}.rejects.csv").read_text(encoding="utf-8")
    head, *lines = csv.reader(io.StringIO(text))
    assert ["line", "reason", "text"] == head
    return lines


class TestParquet:
    """A source in Parquet."""

    def test_decisions(self, tmp_path: Path) -> None:
        """Each row has the decision of the columns, in the order of the file, across parts."""
        frame = debts(1000)
        frame.write_parquet(tmp_path / "in.parquet")

        run(tmp_path / "in.parquet", tmp_path / "out", part_rows=300)

        assert 4 == len(list((tmp_path / "out").iterdir()))
        assert_frame_equal(columns.assess(frame, policy=POLICY, enum=True), pl.read_parquet(tmp_path / "out"))

    def test_folder(self, tmp_path: Path) -> None:
        """The files of a folder are read in the order of their names."""
        (tmp_path / "in").mkdir()
        frame = debts(20)
        frame[:10].write_parquet(tmp_path / "in" / "part-0.parquet")
        frame[10:].write_parquet(tmp_path / "in" / "part-1.parquet")

        run(tmp_path / "in", tmp_path / "out")

        assert frame["id"].to_list() == pl.read_parquet(tmp_path / "out")["id"].to_list()

    def test_no_row(self, tmp_path: Path) -> None:
        """A file without rows gives one part without rows, with every column."""
        debts(1)[:0].write_parquet(tmp_path / "in.parquet")

        run(tmp_path / "in.parquet", tmp_path / "out")

        assert (0, 10) == pl.read_parquet(tmp_path / "out").shape

    def test_to_csv(self, tmp_path: Path) -> None:
        """A CSV target is one file with one header."""
        debts(25).write_parquet(tmp_path / "in.parquet")

        run(tmp_path / "in.parquet", tmp_path / "out.csv", part_rows=10)

        assert debts(25)["id"].to_list() == pl.read_csv(tmp_path / "out.csv")["id"].to_list()

    def test_record(self, tmp_path: Path) -> None:
        """The record counts the rows of each code, the most frequent first and equal counts by name."""
        pl.DataFrame(
            {
                "reference": ["6311705400000344F"] * 4,
                "kind": ["FRR", "FRR", "IND", "FRR"],
                "remaining": [6000, 5000, 6000, 1599],
                "open_online": [True] * 4,
            }
        ).write_parquet(tmp_path / "in.parquet")

        record = run(tmp_path / "in.parquet", tmp_path / "out", part_rows=3)

        codes = {"PAYABLE": 2, "BELOW_ONLINE_MINIMUM": 1, "KIND_NOT_OPEN": 1}
        assert (4, 0, [*codes.items()]) == (record.rows, record.rejected, [*record.codes.items()])
        assert "ameli-2019-11" == record.policy


class TestCsv:
    """A source in CSV."""

    def test_cells(self, tmp_path: Path) -> None:
        """The cells of the rules are typed; the other cells are unchanged."""
        csv_file(tmp_path / "in.csv", f"007,{GOOD}", '"a,""b""",6311705400000344f,FRR,0700,0', "", "c,,,,")

        run(tmp_path / "in.csv", tmp_path / "out.csv")

        low, closed = int(Reason.BELOW_ONLINE_MINIMUM), int(Reason.REFERENCE_NOT_OPEN)
        assert [
            f"{HEADER},code,reasons,payable_min,payable_max,next_payment",
            f"007,{GOOD},PAYABLE,0,1600,5000,4400",
            f'"a,""b""",6311705400000344f,FRR,700,false,REFERENCE_NOT_OPEN,{low + closed},,,',
            f"c,,,,,INPUT_MISSING,{int(Reason.INPUT_MISSING)},,,",
        ] == (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()  # fmt: skip

    def test_dialect(self, tmp_path: Path) -> None:
        """A spreadsheet writes semicolons, another encoding, and the line ends of Windows."""
        lines = ["id;reference;kind;remaining;open_online;nom", "1;6311705400000344F;FRR;6000;TRUE;créance"]
        (tmp_path / "in.csv").write_bytes("\r\n".join([*lines, ""]).encode("cp1252"))

        run(tmp_path / "in.csv", tmp_path / "out.csv", separator=";", encoding="cp1252")

        last = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[-1]
        assert "1;6311705400000344F;FRR;6000;true;créance;PAYABLE;0;1600;5000;4400" == last

    def test_byte_order_mark(self, tmp_path: Path) -> None:
        """A byte order mark is no part of the first column name."""
        csv_file(tmp_path / "in.csv", GOOD, header="\ufeffreference,kind,remaining,open_online")

        run(tmp_path / "in.csv", tmp_path / "out")

        assert ["PAYABLE"] == pl.read_parquet(tmp_path / "out")["code"].to_list()

    @pytest.mark.parametrize("encoding", ["cp1252", "iso-8859-1"])
    def test_mark_of_another_encoding(self, tmp_path: Path, encoding: str) -> None:
        """A file that begins with the mark of UTF-8 is not read in another encoding, which would garble its texts."""
        csv_file(tmp_path / "in.csv", GOOD, header="\ufeffreference,kind,remaining,open_online")

        with pytest.raises(InvalidValueError, match=f"in.csv: a byte order mark of UTF-8: .*, got {encoding}$"):
            run(tmp_path / "in.csv", tmp_path / "out", encoding=encoding)
        run(tmp_path / "in.csv", tmp_path / "out", encoding="UTF8")

    def test_euro_sign_of_windows(self, tmp_path: Path) -> None:
        """In ISO 8859-1 the euro sign of Windows is no sign: its lines are rejected, and a note names the encoding."""
        (tmp_path / "in.csv").write_bytes(
            "reference;kind;remaining;open_online\n6311705400000344F;FRR;60,00 €;oui\n".encode("cp1252")
        )
        results = {
            encoding: run(tmp_path / "in.csv", tmp_path / encoding, separator=";", encoding=encoding, unit="euros")
            for encoding in ("latin1", "cp1252")
        }

        note = "lines of another encoding: if the file is of Windows, name the encoding cp1252"
        assert {"latin1": (1, (note,)), "cp1252": (0, ())} == {
            encoding: (result.rejected, result.notes) for encoding, result in results.items()
        }

    def test_no_row(self, tmp_path: Path) -> None:
        """Empty lines are no rows; a file without rows gives a header."""
        csv_file(tmp_path / "in.csv", "", "  ")

        run(tmp_path / "in.csv", tmp_path / "out.csv")

        assert 1 == len((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines())

    def test_unreadable(self, tmp_path: Path) -> None:
        """An unreadable line is rejected with its number, the reason and its text; the lines beside it are decided."""
        bad: list[tuple[str | bytes, str, str | None]] = [
            ("1,6311705400000344F,FRR", "3 fields instead of 5", None),
            (f"1,{GOOD},6", "6 fields instead of 5", None),
            ("1,6311705400000344F,FRR,60.00,true", "remaining: expected whole cents", None),
            ("1,6311705400000344F,FRR,6e3,true", "remaining: expected whole cents", None),
            ("1,6311705400000344F,FRR,٦٠٠٠,true", "remaining: expected whole cents", None),
            ("1,6311705400000344F,FRR,9999999999999999999,true", "remaining: expected whole cents", None),
            ("1,6311705400000344F,FRR,6000,peut", "open_online: expected true or false, or 1 or 0", None),
            (f"\x00,{GOOD}", "a character NUL", rf"\x00,{GOOD}"),
            (b"\xe9," + GOOD.encode(), "not in utf-8", rf"\xe9,{GOOD}"),
            (f'"1,{GOOD}', "quotation marks that do not match", None),
            *((f"{sign}SUM(1+1)", "1 fields instead of 5", f"'{sign}SUM(1+1)") for sign in "=+-@\t"),
            ("x" * (10 << 20) + f",{GOOD}", "longer than 100000 bytes", "x" * 100_000),
        ]
        lines = [each for number, (line, _, _) in enumerate(bad) for each in (f"{number},{GOOD}", line)]
        csv_file(tmp_path / "in.csv", *lines, f"{len(bad)},{GOOD}")

        run(tmp_path / "in.csv", tmp_path / "out.csv", unit="cents")

        assert [*range(len(bad) + 1)] == pl.read_csv(tmp_path / "out.csv")["id"].to_list()
        assert [
            [str(3 + 2 * number), reason, line if text is None else text]
            for number, (line, reason, text) in enumerate(bad)
        ] == rejects(tmp_path / "out.csv")

    def test_one_in_a_hundred(self, tmp_path: Path) -> None:
        """A file with one damaged line in a hundred loses no good line."""
        damages: list[Callable[[str], str | bytes]] = [
            lambda line: line[: len(line) // 3],
            lambda line: line.replace("6000", "6O00"),
            lambda line: b"\xff" + line.encode(),
            lambda line: line.replace("FRR", "F\x00R"),
            lambda line: '"' + line,
        ]
        lines: list[str | bytes] = [f"{number},{GOOD}" for number in range(20_000)]
        damaged = random.Random(5).sample(range(20_000), 200)  # noqa: S311 - no secret
        for place, number in enumerate(damaged):
            lines[number] = damages[place % 5](str(lines[number]))
        lines[damaged[0]] = "9" * (10 << 20)
        csv_file(tmp_path / "in.csv", *lines)

        record = run(tmp_path / "in.csv", tmp_path / "out.csv", part_rows=3000)

        assert sorted({*range(20_000)} - {*damaged}) == pl.read_csv(tmp_path / "out.csv")["id"].to_list()
        assert sorted(number + 2 for number in damaged) == [int(line[0]) for line in rejects(tmp_path / "out.csv")]
        assert (19_800, 200, {"PAYABLE": 19_800}) == (record.rows, record.rejected, record.codes)

    def test_strict(self, tmp_path: Path) -> None:
        """A strict job stops at the first unreadable line, and publishes nothing."""
        csv_file(tmp_path / "in.csv", f"1,{GOOD}", f"2,{GOOD},3")

        with pytest.raises(InvalidValueError, match=r"/in\.csv: line 3: 6 fields instead of 5$"):
            run(tmp_path / "in.csv", tmp_path / "out.csv", strict=True)

        assert not (tmp_path / "out.csv").exists()

    def test_header(self, tmp_path: Path) -> None:
        """A wrong header is an error: every line would be unreadable.  The error shows the header that was found."""
        missing = "header: missing columns: reference, kind, remaining, open_online; found:"
        expected = {
            "id,reference,kind,remaining": "header: missing columns: open_online; found: id, reference, kind, "
            "remaining; name the columns",
            f"{HEADER},id": "header: expected each column name once, got 'id' twice",
            f"{HEADER}\0": "header: a character NUL",
            f"{HEADER},code": "columns of these names, in any case, would be lost: code: "
            "choose a prefix for the added ones",
            "": f"{missing} an empty line; name the columns",
            "Titre": f"{missing} Titre; name the columns",
            HEADER.replace(",", ";"): f"{missing} {HEADER.replace(',', ';')}; the separator may be ';': name it",
            HEADER.replace(",", "\t"): f"{missing} {HEADER.replace(',', chr(9))}; the separator may be tab: name it",
        }
        errors = {}
        for header in expected:
            csv_file(tmp_path / "in.csv", f"1,{GOOD}", header=header)
            with pytest.raises(CreancePayError) as raised:
                run(tmp_path / "in.csv", tmp_path / "out")
            errors[header] = str(raised.value).removeprefix(f"{tmp_path}/in.csv: ")

        assert expected == errors
        assert ["in.csv"] == [each.name for each in tmp_path.iterdir()]  # nothing is left that stops the next run

    def test_line_breaks(self, tmp_path: Path) -> None:
        """A quoted field may hold line breaks, also at the end of a part; a quotation mark too few rejects its line."""
        header = f"{HEADER},note"
        lines = [
            f'1,{GOOD},"a\nb\n\nc"',
            f'2,{GOOD},"not closed',
            f'3,{GOOD},"x"',
            f'4,{GOOD},"a whole row:\n5,{GOOD},y\nand more"',
            f'6,{GOOD},"not closed\n{"x" * 100_000}"',
            f'7,{GOOD},"{chr(10).join("x" * 2000)}',
            '8,NULL,FRR,\\N,true,"last\nline"',
        ]
        for rows in (1, 2, 1000):
            csv_file(tmp_path / "in.csv", *lines, header=header)

            result = run(tmp_path / "in.csv", tmp_path / f"out{rows}", part_rows=rows)

            out = pl.read_parquet(tmp_path / f"out{rows}")
            assert [1, 3, 5, 8] == out["id"].cast(pl.Int64).to_list()
            assert ["a\nb\n\nc", "x", "y", "last\nline"] == out["note"].to_list()
            assert ["PAYABLE"] * 3 + ["INPUT_MISSING"] == out["code"].cast(pl.String).to_list()
            assert ["6", "8", "10", "11", "12"] == [line for line, *_ in rejects(tmp_path / f"out{rows}")][:5]
            assert result.rejected == len(rejects(tmp_path / f"out{rows}"))

    def test_balanced_lines(self, tmp_path: Path) -> None:
        """A line with a field too many beside one with a field too few: both are rejected."""
        csv_file(tmp_path / "in.csv", f"1,{GOOD},x", "2,6311705400000344F,FRR,6000", f"3,{GOOD}")

        run(tmp_path / "in.csv", tmp_path / "out.csv")

        assert [["2", "6 fields instead of 5"], ["3", "4 fields instead of 5"]] == [
            line[:2] for line in rejects(tmp_path / "out.csv")
        ]

    def test_encodings(self, tmp_path: Path) -> None:
        """Text of several bytes a character is read line by line; a byte of another encoding rejects its line."""
        for encoding, name in (("shift_jis", "テスト"), ("iso2022_jp", "テスト"), ("cp1252", "é€"), ("utf-8", "é€")):
            csv_file(tmp_path / "in.csv", f"{name},{GOOD}".encode(encoding), b"\x81," + GOOD.encode())

            result = run(tmp_path / "in.csv", tmp_path / "out", encoding=encoding, overwrite=True)

            assert [name] == pl.read_parquet(tmp_path / "out")["id"].to_list()
            assert {f"not in {encoding}": 1} == result.reasons
            assert ("lines of another encoding: if the file is of Windows, name the encoding cp1252",) == result.notes

    def test_empty_boolean(self, tmp_path: Path) -> None:
        """An empty cell may mean false, if the caller says so."""
        csv_file(tmp_path / "in.csv", f"1,{GOOD.replace('true', 'X')}", f"2,{GOOD.replace('true', '')}")

        run(tmp_path / "in.csv", tmp_path / "out", booleans={"x": True, "": False})

        assert [True, False] == pl.read_parquet(tmp_path / "out")["open_online"].to_list()

    def test_long_header(self, tmp_path: Path) -> None:
        """A header that is too long is an error."""
        csv_file(tmp_path / "in.csv", GOOD, header="x" * 200_000)

        with pytest.raises(InvalidValueError, match=r"header: longer than 100000 bytes$"):
            run(tmp_path / "in.csv", tmp_path / "out")

    @pytest.mark.parametrize("ending", [".csv.gz", ".csv.zst", ".TXT"])
    def test_targets(self, tmp_path: Path, ending: str) -> None:
        """A target may be compressed; its parts are one stream."""
        csv_file(tmp_path / "in.csv", *(f"{number},{GOOD}" for number in range(5)))

        run(tmp_path / "in.csv", tmp_path / f"out{ending}", part_rows=2)

        assert [*range(5)] == pl.read_csv(tmp_path / f"out{ending}")["id"].to_list()

    def test_folder(self, tmp_path: Path) -> None:
        """A folder of CSV is resumed in its second file, and rejects name the file; other columns are refused."""
        (tmp_path / "in").mkdir()
        for name in ("a", "b", "c"):
            csv_file(tmp_path / "in" / f"{name}.csv", f"{name},{GOOD}", f"{name}{name},{GOOD}", "bad")
        stopped = job(tmp_path / "in", tmp_path / "out.csv", part_rows=1)
        with pytest.raises(Stopped):
            stopped.run(stop_at(0.5))

        result = stopped.run(nothing)

        assert (6, 3, 3) == (result.rows, result.rejected, result.files)
        assert ["a", "aa", "b", "bb", "c", "cc"] == pl.read_csv(tmp_path / "out.csv")["id"].to_list()
        text = (tmp_path / "out.csv.rejects.csv").read_text(encoding="utf-8")
        expected = ["file,line,reason,text", *(f"{name}.csv,4,1 fields instead of 5,bad" for name in "abc")]
        assert expected == text.splitlines()
        csv_file(tmp_path / "in" / "d.csv", header=f"{HEADER},more")
        with pytest.raises(InvalidValueError, match=r"/in/d\.csv: header: expected the columns of \S*/in/a\.csv"):
            run(tmp_path / "in", tmp_path / "other")

    def test_hidden(self, tmp_path: Path) -> None:
        """Hidden files are counted; folders with other names of columns are refused."""
        (tmp_path / "in" / "kind=FRR").mkdir(parents=True)
        csv_file(
            tmp_path / "in" / "kind=FRR" / "a.csv", "6311705400000344F,6000,1", header="reference,remaining,open_online"
        )
        (tmp_path / "in" / "_SUCCESS").write_bytes(b"")

        result = run(tmp_path / "in", tmp_path / "out")

        assert (1, {"PAYABLE": 1}) == (result.passed_over, result.codes)
        (tmp_path / "in" / "part=1").mkdir()
        csv_file(tmp_path / "in" / "part=1" / "b.csv")
        with pytest.raises(InvalidValueError, match="expected folders of the same names NAME=VALUE"):
            run(tmp_path / "in", tmp_path / "other")

    @pytest.mark.parametrize("kind", ["gz", "zst"])
    @pytest.mark.parametrize("damage", ["cut in the header", "cut", "changed", "followed by others"])
    def test_damaged(self, tmp_path: Path, kind: str, damage: str) -> None:
        """A compressed file that is damaged or cut off is named, and no part of it counts as the whole."""
        csv_file(
            tmp_path / "in.csv", *(f"{number},{GOOD}" for number in (n * n * 7919 % 999_983 for n in range(5_000)))
        )
        data = (tmp_path / "in.csv").read_bytes()
        packed = gzip.compress(data, mtime=0) if kind == "gz" else zstandard(data)
        middle = len(packed) // 2
        source = tmp_path / f"in.csv.{kind}"
        source.write_bytes(
            {
                "cut in the header": packed[:6],
                "cut": packed[:middle],
                "changed": packed[:middle] + bytes(200) + packed[middle + 200 :],
                "followed by others": packed + b"other bytes",
            }[damage]
        )

        with pytest.raises(InvalidValueError, match=rf"in\.csv\.{kind} cannot be read \(\w+\): damaged or cut off$"):
            run(source, tmp_path / "out.csv")
        assert not (tmp_path / "out.csv").exists()

    def test_no_zstd(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without the package for zstd, the error names the extra."""
        (tmp_path / "in.csv.zst").write_bytes(b"\x28\xb5\x2f\xfd")
        monkeypatch.delattr("backports.zstd", raising=False)
        monkeypatch.setitem(sys.modules, "backports.zstd", None)
        monkeypatch.setitem(sys.modules, "compression.zstd", None)

        with pytest.raises(MissingExtraError, match=r"creance-pay\[batch\]"):
            run(tmp_path / "in.csv.zst", tmp_path / "out")

    def test_many_long_lines(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A part of long lines has fewer lines, so that its memory is bounded."""
        monkeypatch.setattr(csv_rows, "_BLOCK_BYTES", 100)
        csv_file(tmp_path / "in.csv", *(f"{number},{GOOD}" for number in range(10)))

        run(tmp_path / "in.csv", tmp_path / "out")

        assert 5 == len(list((tmp_path / "out").iterdir()))  # 33 or 34 bytes a line, in blocks of at most 100 bytes
        assert 10 == len(pl.read_parquet(tmp_path / "out"))


class TestParts:
    """Files of a folder of Parquet that differ."""

    def test_types(self, tmp_path: Path) -> None:
        """Types that one type holds are read as that; columns of nulls have the type that the rule needs."""
        (tmp_path / "in").mkdir()
        frame = debts(40)
        first = frame[:20].with_columns(
            kind=pl.lit(None), open_online=pl.lit(None), more=pl.lit(1.0, pl.Float32), text=pl.lit("a")
        )
        second = frame[20:].with_columns(
            pl.col("remaining").cast(pl.Int32), more=pl.lit(2.0, pl.Float64), text=pl.lit("b", pl.Categorical)
        )
        first.write_parquet(tmp_path / "in" / "a.parquet")
        second.write_parquet(tmp_path / "in" / "b.parquet")

        run(tmp_path / "in", tmp_path / "out", part_rows=10)

        found = pl.read_parquet(tmp_path / "out")
        expected = frame.with_columns(
            pl.when(pl.col("id") >= 20).then("kind").alias("kind"),
            pl.when(pl.col("id") >= 20).then("open_online").alias("open_online"),
        )
        answers = ["code", "reasons", "payable_max"]
        assert_frame_equal(columns.assess(expected, policy=POLICY, enum=True).select(answers), found.select(answers))
        assert ["a"] * 20 + ["b"] * 20 == found["text"].to_list()
        assert 4 == len([*(tmp_path / "out").iterdir()])

    def test_nulls_only(self, tmp_path: Path) -> None:
        """A file whose columns have no value at all is decided."""
        pl.DataFrame({name: [None] for name in ("reference", "kind", "remaining", "open_online")}).write_parquet(
            tmp_path / "in.parquet"
        )

        assert {"INPUT_MISSING": 1} == run(tmp_path / "in.parquet", tmp_path / "out").codes

    def test_text_of_nulls(self, tmp_path: Path) -> None:
        """In a file of text, the spellings of a null count."""
        pl.DataFrame({
            "reference": ["NULL"], "kind": ["FRR"], "remaining": ["60,00"], "open_online": ["t"]
        }).write_parquet(tmp_path / "in.parquet")  # fmt: skip

        assert {"INPUT_MISSING": 1} == run(tmp_path / "in.parquet", tmp_path / "out", unit="euros").codes

    def test_floats(self, tmp_path: Path) -> None:
        """A column of floats is mentioned in the result."""
        debts(1).with_columns(remaining=pl.lit(60.5)).write_parquet(tmp_path / "in.parquet")

        result = run(tmp_path / "in.parquet", tmp_path / "out", unit="euros")

        assert ("column remaining: floats, each of which must be a whole number of cents",) == result.notes

    def test_removed_file(self, tmp_path: Path) -> None:
        """A file that disappears during the job is named, and the parts that are finished stay."""
        (tmp_path / "in").mkdir()
        for name in ("a", "b"):
            debts(5).write_parquet(tmp_path / "in" / f"{name}.parquet")

        with pytest.raises(FileNotFoundError) as raised:
            job(tmp_path / "in", tmp_path / "out", part_rows=5).run(
                lambda _: (tmp_path / "in" / "b.parquet").unlink(missing_ok=True)
            )

        assert f"{tmp_path}/in/b.parquet" == raised.value.filename


def stop_at(share: float) -> Callable[[BatchProgress], None]:
    """Return a function that ends the process once a job has done a share of its work."""

    def advance(step: BatchProgress) -> None:
        if step.done >= share * step.total:
            raise Stopped

    return advance


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """Write a file of each format; the CSV file has a damaged line."""
    frame = debts(90)
    frame.write_parquet(tmp_path / "in.parquet")
    frame.write_csv(tmp_path / "in.csv")
    with (tmp_path / "in.csv").open("ab") as file:
        file.write(b"damaged\n")
    return {each.suffix: each for each in tmp_path.iterdir()}


class TestResume:
    """A job that was killed is resumed, and writes the same bytes."""

    @pytest.mark.parametrize(
        ("suffix", "name"),
        [
            (".csv", "out"),
            pytest.param(".csv", "out.csv", marks=pytest.mark.slow),
            pytest.param(".parquet", "out", marks=pytest.mark.slow),
            pytest.param(".parquet", "out.csv", marks=pytest.mark.slow),
        ],
    )
    def test_every_moment(
        self, sources: dict[str, Path], tmp_path: Path, suffix: str, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Killed before or after any rename, removal or new folder, the job writes the same files."""
        (tmp_path / "whole").mkdir()
        with monkeypatch.context() as patch:
            acts = record_acts(patch)
            run(sources[suffix], tmp_path / "whole" / name, part_rows=40)
        expected = output(tmp_path / "whole" / name)

        for moment, after in product(range(1, len(acts) + 1), (False, True)):
            folder = tmp_path / f"{moment}{after}"
            folder.mkdir()
            killed = job(sources[suffix], folder / name, part_rows=40)
            with monkeypatch.context() as patch:
                record_acts(patch, moment, after=after)
                with pytest.raises(Stopped):
                    killed.run(nothing)
            killed.run(nothing)
            assert expected == output(folder / name), (acts[moment - 1], moment, after)

    @pytest.mark.parametrize(
        ("suffix", "name"),
        [(".csv", "out.csv"), (".parquet", "out"), pytest.param(".csv", "out", marks=pytest.mark.slow)],
    )
    @pytest.mark.parametrize("at_once", [True, False])
    def test_every_moment_of_overwrite(  # noqa: PLR0917 - fixtures and cases
        self, sources: dict[str, Path], tmp_path: Path, suffix: str, name: str, at_once: bool,  # noqa: FBT001 - a case
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """Killed while it replaces an output, the job leaves the old output or the new one, whole; then it goes on."""
        if not at_once:
            monkeypatch.setattr("ctypes.CDLL", lambda _: object())
        (tmp_path / "old.csv").write_text(f"{HEADER}\n1,{GOOD}\ndamaged\n", encoding="utf-8")
        (tmp_path / "whole").mkdir()
        run(tmp_path / "old.csv", tmp_path / "whole" / name)
        old = contents(tmp_path / "whole" / name)
        with monkeypatch.context() as patch:
            acts = record_acts(patch)
            run(sources[suffix], tmp_path / "whole" / name, part_rows=40, overwrite=True)
        new, expected = contents(tmp_path / "whole" / name), output(tmp_path / "whole" / name)

        for moment, after in product(range(1, len(acts) + 1), (False, True)):
            folder = tmp_path / f"{moment}{after}"
            folder.mkdir()
            run(tmp_path / "old.csv", folder / name)
            killed = job(sources[suffix], folder / name, part_rows=40, overwrite=True)
            with monkeypatch.context() as patch:
                record_acts(patch, moment, after=after)
                with pytest.raises(Stopped):
                    killed.run(nothing)
            assert contents(folder / name) in ([old, new] if at_once else [old, new, {}]), (
                acts[moment - 1],
                moment,
                after,
            )
            killed.run(nothing)
            assert expected == output(folder / name), (acts[moment - 1], moment, after)

    @pytest.mark.parametrize(
        ("suffix", "part"), [(".csv", "output"), (".parquet", "parts/part-00000.parquet")], ids=["csv", "parquet"]
    )
    def test_finished_part(self, sources: dict[str, Path], tmp_path: Path, suffix: str, part: str) -> None:
        """A finished part is not processed again, and is in the output."""
        stopped = job(sources[suffix], tmp_path / f"out{suffix}", part_rows=40)
        with pytest.raises(Stopped):
            stopped.run(stop_at(0.25))
        path, text = stopped.work_folder / part, b"not written again"
        path.write_bytes(text + path.read_bytes()[len(text) :])

        result = stopped.run(nothing)

        assert (90, 40) == (result.rows, result.resumed_rows)
        assert any(text in content for content in output(stopped.target).values())

    @pytest.mark.slow
    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_killed(self, tmp_path: Path, suffix: str) -> None:
        """Killed at a random moment and run again, twenty times of twenty, the files are the same byte for byte."""
        source, chance = tmp_path / f"in{suffix}", random.Random(suffix)  # noqa: S311 - no secret
        count = 300_000 if suffix == ".csv" else 3_000_000
        frame = pl.concat([debts(100_000)] * (count // 100_000))
        frame.write_csv(source) if suffix == ".csv" else frame.write_parquet(source)
        name = f"out{suffix}"

        def begin(folder: Path) -> subprocess.Popen[bytes]:
            folder.mkdir(exist_ok=True)
            words = ["assess", str(source), str(folder / name), "--part-rows", str(count // 20)]
            command = [sys.executable, "-m", "creance_pay", *words]
            return subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program

        start = time.monotonic()
        assert 0 == begin(tmp_path / "whole").wait()
        usual, expected = time.monotonic() - start, output(tmp_path / "whole" / name)
        killed = 0
        for attempt in range(20):
            folder = tmp_path / str(attempt)
            process = begin(folder)
            try:
                process.wait(chance.uniform(0.2, usual))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
            assert 0 == begin(folder).wait()
            assert expected == output(folder / name), attempt
        assert killed > 10


class TestFaults:
    """Faults of the disk, and two runs at once."""

    @pytest.mark.parametrize(("suffix", "name"), [(".csv", "out.csv"), (".parquet", "out"), (".parquet", "out.csv")])
    def test_full_disk(self, tmp_path: Path, suffix: str, name: str) -> None:
        """A file that cannot grow is an error of the disk; with space, the job goes on to the same bytes."""
        source = tmp_path / f"in{suffix}"
        frame = debts(30_000)
        frame.write_csv(source) if suffix == ".csv" else frame.write_parquet(source)
        (tmp_path / "whole").mkdir()
        run(source, tmp_path / "whole" / name, part_rows=10_000)

        done = self.limited(tmp_path, source, name, 60_000)

        assert 1 == done.returncode
        assert done.stderr.startswith(f"creance-pay: {tmp_path}/{name}.unfinished")
        assert "File too large; the finished parts are kept: free space and run the same command again" in done.stderr
        run(source, tmp_path / name, part_rows=10_000)
        assert output(tmp_path / "whole" / name) == output(tmp_path / name)

    def limited(
        self, folder: Path, source: Path, name: str, size: int, *options: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command with a limit for the size of a file, in bytes: the kernel's own error, as of a full disk."""
        program = (
            f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}));"
            "from creance_pay.cli import main; sys.exit(main(sys.argv[1:]))"
        )
        words = ["assess", str(source), str(folder / name), *(options or ("--part-rows", "10000"))]
        return subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)  # noqa: S603 - our own program

    def test_two_at_once(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """The second run on a target is refused while the first one works, and changes nothing."""
        errors = []

        def second(_: BatchProgress) -> None:
            for overwrite in (False, True):
                with pytest.raises(ConfigurationError) as refused:
                    run(sources[".csv"], tmp_path / "out", part_rows=40, overwrite=overwrite)
                errors.append(str(refused.value))

        (tmp_path / "whole").mkdir()
        run(sources[".csv"], tmp_path / "whole" / "out", part_rows=40)
        job(sources[".csv"], tmp_path / "out", part_rows=40).run(second)

        assert {f"another run is writing {tmp_path}/out: wait for it, or end it"} == {*errors}
        assert output(tmp_path / "whole" / "out") == output(tmp_path / "out")

    def test_without_locks(self, sources: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A system without locks of files runs the job all the same."""
        monkeypatch.setattr("creance_pay.batch.disk", disk)  # the attribute of the package, which an import replaces
        monkeypatch.delitem(sys.modules, "creance_pay.batch.disk")
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "fcntl", None)
            assert importlib.import_module("creance_pay.batch.disk").fcntl is None
        monkeypatch.setattr(disk, "fcntl", None)

        assert 90 == run(sources[".csv"], tmp_path / "out").rows

    def test_removed_folder(self, sources: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A work folder that another run removes, before or after it is opened, is created again."""
        opened = os.open
        removals = iter([0, 1])

        def removing(path: Any, flags: int, **options: Any) -> int:  # noqa: ANN401 - any path
            moment = next(removals, None) if str(path).endswith(".unfinished") else None
            if moment == 0:
                Path(path).rmdir()
            handle = opened(path, flags, **options)
            if moment == 1:
                Path(path).rmdir()
            return handle

        monkeypatch.setattr(os, "open", removing)

        assert 90 == run(sources[".csv"], tmp_path / "out").rows

    def test_interrupted_before_a_part(
        self, sources: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A job that is stopped before its first part is finished leaves nothing."""

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("creance_pay.batch.work.appending", interrupt)

        with pytest.raises(KeyboardInterrupt):
            run(sources[".csv"], tmp_path / "out.csv")

        assert {"in.csv", "in.parquet"} == {each.name for each in tmp_path.iterdir()}

    def test_damaged_file_of_a_job(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """A broken record or mark is a sentence."""
        run(sources[".csv"], tmp_path / "out")
        for content in ("", "[]", "{"):
            (tmp_path / "out.job.json").write_text(content, encoding="utf-8")
            with pytest.raises(ConfigurationError, match=r"/out\.job\.json: damaged; delete it, or choose overwrite"):
                run(sources[".csv"], tmp_path / "out")

    @pytest.mark.slow
    def test_forty_moments(self, tmp_path: Path) -> None:
        """Kills, the end by SIGTERM, full disks and two runs at 40 moments: old or new, and the same bytes at last."""
        source, chance = tmp_path / "in.csv", random.Random(40)  # noqa: S311 - no secret
        debts(60_000).write_csv(source)
        csv_file(tmp_path / "old.csv", f"1,{GOOD}")
        run(source, tmp_path / "whole.csv", part_rows=2_000)
        run(tmp_path / "old.csv", tmp_path / "old_whole.csv")
        old, new = ((tmp_path / name).read_bytes() for name in ("old_whole.csv", "whole.csv"))

        options = ("--part-rows", "2000", "--overwrite")

        def begin(folder: Path) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "creance_pay", "assess", str(source), str(folder / "out.csv"), *options]
            return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own program

        for number in range(40):
            folder = tmp_path / str(number)
            folder.mkdir()
            run(tmp_path / "old.csv", folder / "out.csv")
            match number % 4:
                case 0 | 1:
                    process = begin(folder)
                    time.sleep(chance.uniform(0.3, 2))
                    process.send_signal(signal.SIGKILL if number % 4 else signal.SIGTERM)
                    process.wait()
                case 2:
                    size = chance.randrange(200, len(new))
                    done = self.limited(folder, source, "out.csv", size, *options)
                    assert (1, True) == (done.returncode, "File too large" in done.stderr)
                case _:
                    pair = [begin(folder), begin(folder)]
                    assert 0 in [process.wait() for process in pair]
            assert (folder / "out.csv").read_bytes() in (old, new), number
            assert begin(folder).wait() == 0
            assert new == (folder / "out.csv").read_bytes(), number


class TestPaths:
    """What lies in the way of a target is never deleted."""

    def test_source_in_target(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """A source in the target, or among the job's own files, is refused, and stays; so is a target in the source."""
        run(sources[".parquet"], tmp_path / "out")
        run(sources[".csv"], tmp_path / "out.csv")
        before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
        cases = [
            (tmp_path / "out" / "part-00000.parquet", tmp_path / "out", "a source outside the target"),
            (tmp_path / "out.csv.rejects.csv", tmp_path / "out.csv", "a source outside the target"),
            (tmp_path / "out", tmp_path / "out" / "again", "a target outside the source"),
        ]

        for source, target, text in cases:
            with pytest.raises(ConfigurationError, match=f"^expected {text}, got"):
                run(source, target, overwrite=True)
        with pytest.raises(FileNotFoundError):
            run(tmp_path / "mistyped.csv", tmp_path / "out.csv", overwrite=True)

        assert before == {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}

    def test_foreign_rejects(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """A file with the name of the rejects that no job wrote is refused, and stays; overwrite replaces it."""
        (tmp_path / "out.rejects.csv").write_text("mine", encoding="utf-8")

        with pytest.raises(ConfigurationError, match=r"/out\.rejects\.csv exists, and is not the output of this job"):
            run(sources[".csv"], tmp_path / "out")

        assert "mine" == (tmp_path / "out.rejects.csv").read_text(encoding="utf-8")
        run(sources[".parquet"], tmp_path / "out", overwrite=True)
        assert not (tmp_path / "out.rejects.csv").exists()

    def test_unfinished_of_nothing(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """A folder of unfinished output without a finished part stops nobody."""
        (tmp_path / "out.unfinished" / "parts").mkdir(parents=True)
        (tmp_path / "out.unfinished" / "job.json").write_text("{}", encoding="utf-8")

        assert 90 == run(sources[".csv"], tmp_path / "out").rows

    def test_other_policy(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """The values of a policy are part of a job, and not its name alone."""
        run(sources[".csv"], tmp_path / "out")

        with pytest.raises(ConfigurationError, match="not the output of this job"):
            run(sources[".csv"], tmp_path / "out", policy=attrs.evolve(POLICY, online_min=Euros(1700)))


class TestAnotherJob:
    """The output of two jobs is never mixed, and no other file is replaced."""

    def test_finished(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """The output of a job on another source is refused."""
        run(sources[".parquet"], tmp_path / "out")

        with pytest.raises(ConfigurationError, match="not the output of this job"):
            run(sources[".csv"], tmp_path / "out")

    def test_unfinished(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """The unfinished output of a job with other options is refused."""
        with pytest.raises(Stopped):
            job(sources[".parquet"], tmp_path / "out", part_rows=40).run(stop_at(0.4))

        with pytest.raises(ConfigurationError, match="belongs to another job"):
            run(sources[".parquet"], tmp_path / "out", part_rows=41)

    def test_changed_source(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """The output from an earlier version of the source is refused."""
        run(sources[".parquet"], tmp_path / "out")
        os.utime(sources[".parquet"], (1, 1))

        with pytest.raises(ConfigurationError, match="not the output of this job"):
            run(sources[".parquet"], tmp_path / "out")

    def test_no_job(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """A folder that no job has written is refused."""
        (tmp_path / "out").mkdir()

        with pytest.raises(ConfigurationError, match="not the output of this job"):
            run(sources[".parquet"], tmp_path / "out")

    def test_other_files(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """A folder that holds other files is never deleted."""
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "notes").write_text("keep", encoding="utf-8")

        with pytest.raises(ConfigurationError, match="other files than the parts of a job"):
            run(sources[".parquet"], tmp_path / "out", overwrite=True)

        assert (tmp_path / "out" / "notes").exists()


class TestRefusals:
    """A job that cannot run is refused with the value that was received."""

    def test_arguments(self, tmp_path: Path) -> None:
        """Formats, separators, encodings and options that a job cannot use."""
        csv_file(tmp_path / "in.csv", f"1,{GOOD}")
        (tmp_path / "in.xlsx").write_bytes(b"x")
        separator = (
            "expected a separator of one ASCII character or tab, no letter, digit, quotation mark or line break, got"
        )
        encoding = "expected an encoding that extends ASCII, such as utf-8 or cp1252, got"
        target = (
            "expected a target .csv, .txt or .tsv (also .gz, .zst), or a folder named .parquet or without suffix, got"
        )
        source = "expected a source .csv, .txt, .tsv (also .gz or .zst) or .parquet, or a folder of them, got"
        limit = "expected a number of lines or a percentage, such as 10 or 0.5%, got"
        wrong: list[tuple[str, str, dict[str, Any], str]] = [
            ("in.xlsx", "out", {}, f"{source} 'in.xlsx'"),
            ("in.csv", "b.doc", {}, f"{target} 'b.doc'"),
            ("in.csv", "in.csv", {}, "expected a target other than the source, got 'in.csv' for both"),
            ("in.csv", "x" * 201, {}, "expected a target name of at most 200 bytes, got a longer one"),
            ("in.csv", "no/out", {}, f"expected an existing folder for the target, got {tmp_path}/no"),
            (
                "in.csv",
                "out",
                {"columns": {"rest": "x"}},
                "expected columns for reference, kind, remaining, open_online, got rest",
            ),
            ("in.csv", "out", {"part_rows": 0}, "expected one row or more in a part, got 0"),
            *[("in.csv", "out", {"max_rejects": text}, f"{limit} {text!r}") for text in ("1O", "-1", "%", "0,5%")],
            *[
                ("in.csv", "out", {"separator": text}, f"{separator} {text!r}")
                for text in (";;", '"', "§", "\0", "a", "")
            ],
            *[
                ("in.csv", "out", {"encoding": text}, f"{encoding} {text!r}")
                for text in (
                    *(
                        "utf-16",
                        "klingon",
                        "idna",
                        "undefined",
                        "punycode",
                        "base64",
                        "",
                        "utf_7",
                        "unicode_escape",
                        "hz",
                    ),
                    *("raw_unicode_escape", "cp500", "utf-8\0"),
                )
            ],
        ]

        for source_name, target_name, changes, error in wrong:
            with pytest.raises(ConfigurationError) as raised:
                run(tmp_path / source_name, tmp_path / target_name, **changes)
            assert error == str(raised.value)
        assert {"in.csv", "in.xlsx"} == {each.name for each in tmp_path.iterdir()}

    def test_no_parquet(self, tmp_path: Path) -> None:
        """A file that is not Parquet is refused without a word of its content."""
        damaged = "cannot be read (ComputeError): damaged, cut off, or changed during the job"
        contents = {
            b"": "empty (0 bytes), as a stopped job may leave it: write it again",
            b"reference": "expected Parquet, which begins with PAR1, got another format",
            b"PAR1": damaged,
            b"PAR1" + b"x" * 100 + b"PAR1": damaged,
        }
        errors = {}
        for content in contents:
            (tmp_path / "in.parquet").write_bytes(content)
            with pytest.raises(InvalidValueError) as raised:
                run(tmp_path / "in.parquet", tmp_path / "out")
            errors[content] = re.sub(r"^\S*/in\.parquet:? ", "", str(raised.value))

        assert contents == errors

    def test_damaged_parquet(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """A Parquet file with damaged data is refused without a word of its content."""
        content = bytearray(sources[".parquet"].read_bytes())
        content[40:400] = bytes(360)
        sources[".parquet"].write_bytes(content)

        with pytest.raises(InvalidValueError, match=r"^\S*/in\.parquet cannot be read \(\w+\): damaged, cut off"):
            run(sources[".parquet"], tmp_path / "out")

    def test_empty_folder(self, tmp_path: Path) -> None:
        """A folder without Parquet files is refused."""
        (tmp_path / "in").mkdir()

        with pytest.raises(
            InvalidValueError, match=r"^expected files \.parquet or \.csv in the folder \S*/in, got none$"
        ):
            run(tmp_path / "in", tmp_path / "out")


class TestProgress:
    """The reported progress."""

    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_total(self, sources: dict[str, Path], tmp_path: Path, suffix: str) -> None:
        """A resumed job goes on where it stopped, and comes to the total, with the header of CSV."""
        steps: list[BatchProgress] = []
        resumed = job(sources[suffix], tmp_path / "out", part_rows=7)
        with pytest.raises(Stopped):
            resumed.run(stop_at(0.5))

        resumed.run(steps.append)

        total = sources[".csv"].stat().st_size if suffix == ".csv" else 90
        assert steps[0].done > total / 2
        assert {total} == {step.total for step in steps}
        assert [("deciding", total, 90), ("publishing", total, 90)] == [(s.phase, s.done, s.rows) for s in steps[-2:]]

    def test_long_line(self, tmp_path: Path) -> None:
        """The skipped end of a line that is too long counts, longer than a block or not."""
        csv_file(tmp_path / "in.csv", "x" * (3 << 20), f"1,{GOOD}", "x" * (20 << 20), f"2,{GOOD}", "x" * (9 << 20))
        content = (tmp_path / "in.csv").read_bytes()
        (tmp_path / "in.csv").write_bytes(content.removesuffix(b"\n"))
        steps: list[BatchProgress] = []

        job(tmp_path / "in.csv", tmp_path / "other").run(steps.append)
        assert (tmp_path / "in.csv").stat().st_size == steps[-1].done
