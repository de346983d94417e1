"""``creance-pay assess``: files of debts, what is wrong with them, and a job that is killed and started again."""

from __future__ import annotations

import argparse
import csv
import importlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from creance_pay.batch import csv_rows as rows
from creance_pay.batch import job as jobs
from creance_pay.cli import bar, main
from creance_pay.codes import Reason
from creance_pay.errors import ConfigurationError, InvalidValueError, MissingExtraError
from creance_pay.rules import columns, policy_named

POLICY = policy_named("ameli-2019-11")
NAMES = {name: name for name in ("reference", "kind", "remaining", "open_online")}
HEADER = "id,reference,kind,remaining,open_online"
# A debt of 60,00 that is open: from 16,00 to 50,00, and 44,00 first so that 16,00 are left.
GOOD = "6311705400000344F,FRR,6000,true"


def debts(count: int) -> pl.DataFrame:
    """Make debts of every answer, in an order that repeats after a number that divides no part."""
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


def written(path: Path) -> dict[str, bytes]:
    """Read everything that a job left."""
    folder, name = path.parent, path.name
    return {str(each.relative_to(folder)): each.read_bytes() for each in sorted(folder.rglob("*"))
            if each.is_file() and str(each.relative_to(folder)).startswith(name)}  # fmt: skip


def job(source: Path, target: Path, **changes: Any) -> jobs.Job:  # noqa: ANN401 - any field of a job
    """Describe a job."""
    return jobs.Job(source=source, target=target, **{"policy": POLICY, "columns": NAMES, **changes})


def csv_file(path: Path, *lines: str | bytes, header: str = HEADER) -> Path:
    """Write lines under a header."""
    encoded = [line if isinstance(line, bytes) else line.encode() for line in (header, *lines)]
    path.write_bytes(b"".join(line + b"\n" for line in encoded))
    return path


def rejects(target: Path) -> list[list[str]]:
    """Read the lines that were rejected: number, reason, text."""
    text = target.with_name(f"{target.name}.rejects.csv").read_text(encoding="utf-8")
    head, *lines = csv.reader(io.StringIO(text))
    assert ["line", "reason", "text"] == head
    return lines


class TestParquet:
    """From Parquet to a folder of parts."""

    def test_answers(self, tmp_path: Path) -> None:
        """Each row gets the answer of the columns, in the order of the file, whatever the parts."""
        frame = debts(1000)
        frame.write_parquet(tmp_path / "in.parquet")

        assert 0 == main(["assess", f"{tmp_path}/in.parquet", f"{tmp_path}/out", "--part-rows", "300"])

        assert 4 == len(list((tmp_path / "out").iterdir()))
        assert_frame_equal(columns.assess(frame, policy=POLICY), pl.read_parquet(tmp_path / "out"))

    def test_folder(self, tmp_path: Path) -> None:
        """What one job wrote, another one reads: files of a folder in the order of their names."""
        (tmp_path / "in").mkdir()
        frame = debts(20)
        frame[:10].write_parquet(tmp_path / "in" / "part-0.parquet")
        frame[10:].write_parquet(tmp_path / "in" / "part-1.parquet")

        assert 0 == main(["assess", f"{tmp_path}/in", f"{tmp_path}/out"])

        assert frame["id"].to_list() == pl.read_parquet(tmp_path / "out")["id"].to_list()

    def test_no_row(self, tmp_path: Path) -> None:
        """A file of no row gives one part of none, with its columns."""
        debts(1)[:0].write_parquet(tmp_path / "in.parquet")

        assert 0 == main(["assess", f"{tmp_path}/in.parquet", f"{tmp_path}/out"])

        assert (0, 10) == pl.read_parquet(tmp_path / "out").shape

    def test_columns(self, tmp_path: Path) -> None:
        """Columns may have names of their own."""
        frame = debts(10).rename({"reference": "ref", "open_online": "open"})
        frame.write_parquet(tmp_path / "in.parquet")

        options = ["--reference", "ref", "--open-online", "open"]
        assert 0 == main(["assess", f"{tmp_path}/in.parquet", f"{tmp_path}/out", *options])

        assert 10 == len(pl.read_parquet(tmp_path / "out"))

    def test_to_csv(self, tmp_path: Path) -> None:
        """Parquet can become CSV: one file with one header."""
        debts(25).write_parquet(tmp_path / "in.parquet")

        assert 0 == main(["assess", f"{tmp_path}/in.parquet", f"{tmp_path}/out.csv", "--part-rows", "10"])

        assert debts(25)["id"].to_list() == pl.read_csv(tmp_path / "out.csv")["id"].to_list()

    def test_summary(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The summary counts every row under its answer, and the record keeps it."""
        pl.DataFrame(
            {
                "reference": ["6311705400000344F"] * 4,
                "kind": ["FRR", "FRR", "IND", "FRR"],
                "remaining": [6000, 5000, 6000, 1599],
                "open_online": [True] * 4,
            }
        ).write_parquet(tmp_path / "in.parquet")

        assert 0 == main(["assess", f"{tmp_path}/in.parquet", f"{tmp_path}/out", "--json", "--part-rows", "3"])

        codes = {"PAYABLE": 2, "KIND_NOT_OPEN": 1, "BELOW_ONLINE_MINIMUM": 1}
        assert {"rows": 4, "rejected": 0, **codes} == json.loads(capsys.readouterr().out)
        record = json.loads((tmp_path / "out.job.json").read_text(encoding="utf-8"))
        assert (codes, "ameli-2019-11") == (record["codes"], record["policy"])


class TestCsv:
    """From CSV, which anything may be wrong with."""

    def test_answers(self, tmp_path: Path) -> None:
        """The rules read typed cells; what they do not read stays as it was."""
        csv_file(tmp_path / "in.csv", f"007,{GOOD}", '"a,""b""",6311705400000344f,FRR,0700,0', "", "c,,,,")

        assert 0 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out.csv"])

        low, closed = int(Reason.BELOW_ONLINE_MINIMUM), int(Reason.REFERENCE_NOT_OPEN)
        assert [
            f"{HEADER},code,reasons,payable_min,payable_max,next_payment",
            f"007,{GOOD},PAYABLE,0,1600,5000,4400",
            f'"a,""b""",6311705400000344f,FRR,700,false,REFERENCE_NOT_OPEN,{low + closed},,,',
            f"c,,,,,INPUT_MISSING,{int(Reason.INPUT_MISSING)},,,",
        ] == (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()  # fmt: skip

    def test_dialect(self, tmp_path: Path) -> None:
        """Semicolons, another encoding, line ends and mark of Windows: what a spreadsheet writes."""
        lines = ["id;reference;kind;remaining;open_online;nom", "1;6311705400000344F;FRR;6000;TRUE;créance"]
        (tmp_path / "in.csv").write_bytes("\r\n".join([*lines, ""]).encode("cp1252"))

        options = ["--separator", ";", "--encoding", "cp1252"]
        assert 0 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out.csv", *options])

        last = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[-1]
        assert "1;6311705400000344F;FRR;6000;true;créance;PAYABLE;0;1600;5000;4400" == last

    def test_mark(self, tmp_path: Path) -> None:
        """The mark that some programs put before UTF-8 is no part of a name."""
        csv_file(
            tmp_path / "in.csv", "6311705400000344F,FRR,6000,true", header="\ufeffreference,kind,remaining,open_online"
        )

        assert 0 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out"])

        assert ["PAYABLE"] == pl.read_parquet(tmp_path / "out")["code"].to_list()

    def test_nothing(self, tmp_path: Path) -> None:
        """A header alone gives a header alone, and lines that are empty give no more."""
        csv_file(tmp_path / "in.csv", "", "  ")

        assert 0 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out.csv"])

        assert 1 == len((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines())

    @pytest.mark.parametrize(
        ("line", "reason", "shown"),
        [
            ("1,6311705400000344F,FRR", "3 fields instead of 5", None),
            (f"1,{GOOD},6", "6 fields instead of 5", None),
            ("1,6311705400000344F,FRR,60.00,true", "remaining: expected whole cents", None),
            ("1,6311705400000344F,FRR,6e3,true", "remaining: expected whole cents", None),
            ("1,6311705400000344F,FRR,٦٠٠٠,true", "remaining: expected whole cents", None),
            ("1,6311705400000344F,FRR,9999999999999999999,true", "remaining: expected whole cents", None),
            ("1,6311705400000344F,FRR,6000,oui", "open_online: expected true or false, or 1 or 0", None),
            (f"\x00,{GOOD}", "a character NUL", rf"\x00,{GOOD}"),
            (b"\xe9," + GOOD.encode(), "not in utf-8", rf"\xe9,{GOOD}"),
            (f'"1,{GOOD}', "quotation marks that do not match", None),
            ("x" * (10 << 20) + f",{GOOD}", "longer than 100000 bytes", "x" * 100_000),
        ],
    )  # fmt: skip
    def test_unreadable(self, tmp_path: Path, line: str | bytes, reason: str, shown: str | None) -> None:
        """A line that is no row goes to the rejects with its number and the reason; its neighbours are decided."""
        csv_file(tmp_path / "in.csv", f"1,{GOOD}", line, f"2,{GOOD}")

        assert 0 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out.csv"])

        assert [1, 2] == pl.read_csv(tmp_path / "out.csv")["id"].to_list()
        assert [["3", reason, line if shown is None else shown]] == rejects(tmp_path / "out.csv")

    def test_one_in_a_hundred(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A file with one damaged line in a hundred loses none of the good ones."""
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

        assert 0 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out.csv", "--part-rows", "3000", "--json"])

        assert sorted({*range(20_000)} - {*damaged}) == pl.read_csv(tmp_path / "out.csv")["id"].to_list()
        assert sorted(number + 2 for number in damaged) == [int(line[0]) for line in rejects(tmp_path / "out.csv")]
        assert {"rows": 19_800, "rejected": 200, "PAYABLE": 19_800} == json.loads(capsys.readouterr().out)

    def test_strict(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """With --strict the first line that is no row ends the job, and nothing appears."""
        csv_file(tmp_path / "in.csv", f"1,{GOOD}", f"2,{GOOD},3")

        assert 1 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out.csv", "--strict"])

        assert "creance-pay: line 3: 6 fields instead of 5\n" == capsys.readouterr().err
        assert not (tmp_path / "out.csv").exists()

    @pytest.mark.parametrize(
        ("header", "error"),
        [
            ("id,reference,kind,remaining", "missing columns: open_online"),
            (f"{HEADER},id", "expected each name of a column once"),
            (f"{HEADER}\0", "a character NUL"),
            (f"{HEADER},code", "columns of these names, in any case, would be lost: code"),
            ("", "missing columns: reference, kind, remaining, open_online"),
        ],
    )
    def test_header(self, tmp_path: Path, capsys: pytest.CaptureFixture[str], header: str, error: str) -> None:
        """A header that does not do is an error: every line would be."""
        csv_file(tmp_path / "in.csv", f"1,{GOOD}" + header.removeprefix(HEADER).replace("\0", ""), header=header)

        assert 1 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out.csv"])

        assert f"creance-pay: {error}\n" == capsys.readouterr().err

    def test_many_long_lines(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A part ends where memory would, before it has its lines."""
        monkeypatch.setattr(rows, "_CHUNK_BYTES", 100)
        csv_file(tmp_path / "in.csv", *(f"{number},{GOOD}" for number in range(10)))

        assert 0 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out"])

        assert 4 == len(list((tmp_path / "out").iterdir()))
        assert 10 == len(pl.read_parquet(tmp_path / "out"))


class Stopped(BaseException):
    """What a killed process does not survive."""


def watch(patch: pytest.MonkeyPatch, fatal: int = 0, *, after: bool = False) -> list[str]:
    """List the acts on the disk from now on; the one of a number stops the process, before or after it is done."""
    acts: list[str] = []

    def watched(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def acting(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - any act
            acts.append(name)
            number = len(acts)
            if number == fatal and not after:
                raise Stopped
            given = act(*arguments, **options)
            if number == fatal:
                raise Stopped
            return given

        return acting

    for owner, name in ((Path, "replace"), (Path, "rename"), (Path, "mkdir"), (shutil, "rmtree")):
        patch.setattr(owner, name, watched(name, getattr(owner, name)))
    return acts


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """Write a file of each form, a damaged line in the CSV one."""
    frame = debts(90)
    frame.write_parquet(tmp_path / "in.parquet")
    frame.write_csv(tmp_path / "in.csv")
    with (tmp_path / "in.csv").open("ab") as file:
        file.write(b"damaged\n")
    return {each.suffix: each for each in tmp_path.iterdir()}


class TestRestart:
    """A job that is killed goes on where it stopped, and writes what it would have written."""

    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    @pytest.mark.parametrize("name", ["out.csv", "out"])
    def test_every_moment(
        self, sources: dict[str, Path], tmp_path: Path, suffix: str, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Stopped before or after any name that is given, or anything that is removed, the job ends the same."""
        (tmp_path / "whole").mkdir()
        with monkeypatch.context() as patch:
            acts = watch(patch)
            job(sources[suffix], tmp_path / "whole" / name, part_rows=40).run(lambda _: None)
        expected = written(tmp_path / "whole" / name)

        for moment, after in product(range(1, len(acts) + 1), (False, True)):
            folder = tmp_path / f"{moment}{after}"
            folder.mkdir()
            todo = job(sources[suffix], folder / name, part_rows=40)
            with monkeypatch.context() as patch:
                watch(patch, moment, after=after)
                with pytest.raises(Stopped):
                    todo.run(lambda _: None)
            todo.run(lambda _: None)
            assert expected == written(folder / name), (acts[moment - 1], moment, after)

    def test_parts_that_are_done(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """A part that is marked as done is not made again."""
        todo = job(sources[".parquet"], tmp_path / "out", part_rows=40)
        with pytest.raises(Stopped):
            todo.run(stop_at(80))
        first = tmp_path / "out.unfinished" / "parts" / "part-00000.parquet"
        before = first.stat().st_mtime_ns

        todo.run(lambda _: None)

        assert before == (tmp_path / "out" / first.name).stat().st_mtime_ns

    def test_finished(self, sources: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A job that is finished has nothing to do but to say so."""
        words = ["assess", str(sources[".csv"]), f"{tmp_path}/out.csv"]
        assert 0 == main(words)
        told, before = capsys.readouterr().out, (tmp_path / "out.csv").stat().st_mtime_ns

        assert 0 == main(words)

        assert (told, before) == (capsys.readouterr().out, (tmp_path / "out.csv").stat().st_mtime_ns)

    def test_another_job(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """What another job has made is not mixed with this one's."""
        job(sources[".parquet"], tmp_path / "out").run(lambda _: None)

        with pytest.raises(ConfigurationError, match="not of this very job"):
            job(sources[".csv"], tmp_path / "out").run(lambda _: None)

    def test_no_job(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """What no job has made is not replaced."""
        (tmp_path / "out").mkdir()

        with pytest.raises(ConfigurationError, match="not of this very job"):
            job(sources[".parquet"], tmp_path / "out").run(lambda _: None)

    def test_another_unfinished_job(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """Nor is what another job has begun."""
        with pytest.raises(Stopped):
            job(sources[".parquet"], tmp_path / "out", part_rows=40).run(stop_at(40))

        with pytest.raises(ConfigurationError, match="of another job"):
            job(sources[".parquet"], tmp_path / "out", part_rows=41).run(lambda _: None)

    def test_changed_source(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """A source that has changed since makes another job."""
        job(sources[".parquet"], tmp_path / "out").run(lambda _: None)
        os.utime(sources[".parquet"], (1, 1))

        with pytest.raises(ConfigurationError, match="not of this very job"):
            job(sources[".parquet"], tmp_path / "out").run(lambda _: None)

    @pytest.mark.parametrize("name", ["out", "out.csv"])
    def test_overwrite(self, sources: dict[str, Path], tmp_path: Path, name: str) -> None:
        """With --overwrite all of it is replaced, the rejects that there no longer are included."""
        assert 0 == main(["assess", str(sources[".csv"]), f"{tmp_path}/{name}"])
        (tmp_path / f"{name}.unfinished").mkdir()

        assert 0 == main(["assess", str(sources[".parquet"]), f"{tmp_path}/{name}", "--overwrite"])

        assert {f"{name}.job.json", name} == {each.name for each in tmp_path.glob("out*")}

    def test_overwrite_nothing(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """With --overwrite there need be nothing to replace."""
        assert 0 == main(["assess", str(sources[".parquet"]), f"{tmp_path}/out", "--overwrite"])

    def test_precious_folder(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """A folder that holds anything else is never removed."""
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "notes").write_text("keep", encoding="utf-8")

        with pytest.raises(ConfigurationError, match="more than parts"):
            job(sources[".parquet"], tmp_path / "out").forget()

    @pytest.mark.long
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
        usual, expected = time.monotonic() - start, written(tmp_path / "whole" / name)
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
            assert expected == written(folder / name), attempt
        assert killed > 10


def stop_at(place: int) -> Callable[[int], None]:
    """Stop a job once it has come so far."""
    gone = 0

    def advance(step: int) -> None:
        nonlocal gone
        gone += step
        if gone >= place:
            raise Stopped

    return advance


class TestRefusals:
    """What cannot be begun is one line of error."""

    @pytest.mark.parametrize(
        ("words", "error"),
        [
            (["in.txt", "out"], "expected what is read to end in .csv or .parquet, or to be a folder of Parquet"),
            (["in.csv", "out.txt"], "expected what is written to end in .csv, or in .parquet or nothing for a folder"),
            (["in.csv", "in.csv"], "expected to write elsewhere than to read"),
            (["in.csv", "out", "--separator", ";;"], "expected one character between fields"),
            (["in.csv", "out", "--separator", '"'], "expected one character between fields"),
            (["in.csv", "out", "--encoding", "utf-16"], "expected an encoding that writes ASCII as ASCII does"),
            (["in.csv", "out", "--encoding", "klingon"], "expected an encoding that writes ASCII as ASCII does"),
            (["in.csv", "out"], "in.csv: No such file or directory"),
            (["in.csv", "out", "--policy", "ameli-1999"], "no policy of that name; known: ameli-2019-11"),
        ],
    )
    def test_words(
        self,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        words: list[str],
        error: str,
    ) -> None:
        """Names, dialects and policies that do not do."""
        monkeypatch.chdir(tmp_path)

        assert 1 == main(["assess", *words])

        assert f"creance-pay: {error}\n" == capsys.readouterr().err

    @pytest.mark.parametrize("rows_of_a_part", ["0", "-1", "many"])
    def test_usage(self, rows_of_a_part: str) -> None:
        """A part of no row is a usage that is not one."""
        with pytest.raises(SystemExit) as stopped:
            main(["assess", "in.csv", "out", "--part-rows", rows_of_a_part])

        assert 2 == stopped.value.code

    @pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1"])
    def test_no_parquet(self, tmp_path: Path, content: bytes) -> None:
        """A file that is no Parquet is refused without a word of what it holds."""
        (tmp_path / "in.parquet").write_bytes(content)

        with pytest.raises(InvalidValueError, match=r"in\.parquet cannot be read \("):
            job(tmp_path / "in.parquet", tmp_path / "out").size()

    def test_damaged_parquet(self, sources: dict[str, Path], tmp_path: Path) -> None:
        """Nor does the error of a file that is damaged further on say a word of it."""
        content = bytearray(sources[".parquet"].read_bytes())
        content[40:400] = bytes(360)
        sources[".parquet"].write_bytes(content)

        with pytest.raises(InvalidValueError, match=r"in\.parquet cannot be read \("):
            job(sources[".parquet"], tmp_path / "out").run(lambda _: None)

    def test_interrupted(
        self,
        sources: dict[str, Path],
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Ctrl-C ends with the status that shells give, and what is done stays done."""
        with monkeypatch.context() as patch:
            patch.setattr(jobs, "_settle", interrupted)
            assert 130 == main(["assess", str(sources[".parquet"]), f"{tmp_path}/out"])

        assert "creance-pay: interrupted\n" == capsys.readouterr().err
        assert 0 == main(["assess", str(sources[".parquet"]), f"{tmp_path}/out"])

    @pytest.mark.parametrize(("module", "name"), [("polars", "batch.job"), ("rich.console", "cli.bar")])
    def test_extra(
        self, sources: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str
    ) -> None:
        """Without the extra, the error names it."""
        monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.delitem(sys.modules, f"creance_pay.{name}")
        monkeypatch.delitem(sys.modules, "creance_pay.cli.assess_command")
        command = importlib.import_module("creance_pay.cli.assess_command")
        options = ["assess", str(sources[".csv"]), f"{tmp_path}/out"]
        top = argparse.ArgumentParser()
        command.register(top.add_subparsers())

        with pytest.raises(MissingExtraError, match=r"creance-pay\[batch\]"):
            command.run(top.parse_args(options))


def interrupted(*_: object) -> None:
    """Do what Ctrl-C does."""
    raise KeyboardInterrupt


class TestProgress:
    """The bar: exact, and silent where nobody looks."""

    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_exact(self, sources: dict[str, Path], tmp_path: Path, suffix: str) -> None:
        """The steps sum up to the length of the way, the header of CSV too; so do those of what is begun again."""
        steps: list[int] = []
        todo = job(sources[suffix], tmp_path / "out", part_rows=7)
        with pytest.raises(Stopped):
            todo.run(stop_at(todo.size() // 2))

        todo.run(steps.append)

        assert todo.size() == sum(steps)

    def test_long_line(self, tmp_path: Path) -> None:
        """What is passed over of a line that is too long counts."""
        csv_file(tmp_path / "in.csv", "x" * (3 << 20), f"1,{GOOD}")
        steps: list[int] = []

        todo = job(tmp_path / "in.csv", tmp_path / "out")
        todo.run(steps.append)

        assert todo.size() == sum(steps)

    def test_silent(self, sources: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Where the standard error is no terminal nothing is written to it."""
        assert 0 == main(["assess", str(sources[".parquet"]), f"{tmp_path}/out"])

        assert "" == capsys.readouterr().err

    def test_terminal(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """At a terminal it shows how far the command is."""
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        monkeypatch.setenv("TERM", "xterm")

        with bar.progress(200) as advance:
            advance(50)

        assert "25%" in capsys.readouterr().err


class TestExplain:
    """``creance-pay explain``: one debt, and every rule that spoke."""

    def test_payable(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A debt that can be paid is a yes, with the policy and its sources."""
        assert 0 == main(["explain", "6311 7054 0000 0344 F", "FRR", "60,00"])

        out = capsys.readouterr().out
        assert out.startswith("R7 PAYABLE: ")
        assert "Policy ameli-2019-11, documented on 2019-11-01." in out

    def test_not_open(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A debt that cannot is a no, for a program too."""
        assert 1 == main(["explain", "6311705400000344F", "FRR", "60,00", "--not-open", "--json"])

        found = json.loads(capsys.readouterr().out)
        assert ("REFERENCE_NOT_OPEN", False) == (found["code"], found["ok"])
        assert found["because"].startswith("R4 REFERENCE_NOT_OPEN: ")

    @pytest.mark.parametrize(
        ("amount", "status", "code"), [("44", 0, "AMOUNT_OK"), ("50,01", 1, "AMOUNT_ABOVE_MAXIMUM")]
    )
    def test_amount(self, capsys: pytest.CaptureFixture[str], amount: str, status: int, code: str) -> None:
        """An amount is checked against the debt."""
        assert status == main(["explain", "6311705400000344F", "FRR", "60,00", "--amount", amount, "--json"])

        assert code == json.loads(capsys.readouterr().out)["code"]
