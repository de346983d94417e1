"""``creance-pay assess``: its options, its output, its progress bar.  The jobs have their own tests."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from creance_pay.batch import BatchProgress, disk
from creance_pay.cli import bar, batch_files, main

HEADER = "id,reference,kind,remaining,open_online"
GOOD = "6311705400000344F,FRR,6000,true"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Write a CSV file with three good lines and a damaged one."""
    path = tmp_path / "in.csv"
    path.write_text(f"{HEADER}\n1,{GOOD}\n2,{GOOD}\ndamaged\n3,{GOOD.replace('6000', '1599')}\n", encoding="utf-8")
    return path


def test_json(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints the counts; status 3 reports the rejected line."""
    assert 3 == main(["assess", str(source), f"{tmp_path}/out", "--json"])

    found = json.loads(capsys.readouterr().out)
    assert found.pop("seconds") > 0
    assert found.pop("rows_per_second") > 0
    assert {
        "rows": 3, "rejected": 1, "PAYABLE": 2, "BELOW_ONLINE_MINIMUM": 1, "payable": "100.00",
        "reasons": {"1 fields instead of 5": 1}, "rejects_file": f"{tmp_path}/out.rejects.csv", "files": 1,
        "passed_over": 0, "notes": [], "checked": False,
    } == found  # fmt: skip


def test_lines(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for a person; nothing goes to the standard error, which is no terminal."""
    assert 3 == main(["assess", str(source), f"{tmp_path}/out"])

    out, err = capsys.readouterr()
    assert [
        "rows 3", "PAYABLE 2", "BELOW_ONLINE_MINIMUM 1", "payable 100.00 euros", "rejected 1",
        "1 fields instead of 5 1", f"rejects in {tmp_path}/out.rejects.csv",
    ] == [" ".join(line.split()) for line in out.splitlines()[:-1]]  # fmt: skip
    assert out.splitlines()[-1].startswith("seconds")
    assert "" == err


class TestStatus:
    """The exit status and what it reports."""

    def test_nothing_decided(self, tmp_path: Path) -> None:
        """A night in which every line was rejected, or without any line, is no success."""
        for lines in ("bad\n", ""):
            (tmp_path / "in.csv").write_text(f"{HEADER}\n{lines}", encoding="utf-8")

            assert 4 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out", "--overwrite"])

    @pytest.mark.parametrize(("limit", "status"), [("1", 0), ("0", 5), ("25%", 0), ("24.9%", 5), ("30 %", 0)])
    def test_max_rejects(
        self, source: Path, tmp_path: Path, limit: str, status: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Within the limit the job is a success; beyond it nothing is published, and the same command can go on."""
        words = ["assess", str(source), f"{tmp_path}/out", "--max-rejects", limit]

        assert status == main(words)

        assert (status == 0) == (tmp_path / "out").exists()
        if status:
            error = capsys.readouterr().err
            assert f"1 lines are rejected, more than {limit}: see {tmp_path}/out.unfinished/rejects.csv" in error
            assert 3 == main(words[:-2])
            assert 5 == main(words)

    def test_strict_when_finished(self, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A finished job with a rejected line does not satisfy --strict."""
        words = ["assess", str(source), f"{tmp_path}/out"]
        assert 3 == main(words)

        assert 1 == main([*words, "--strict"])
        assert "line 4: 1 fields instead of 5\n" in capsys.readouterr().err


def test_check(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A check decides the first part, and writes nothing."""
    assert 0 == main(["assess", str(source), f"{tmp_path}/out", "--check", "--part-rows", "2"])

    assert ["in.csv"] == [each.name for each in tmp_path.iterdir()]
    out = capsys.readouterr().out
    assert "PAYABLE   2\n" in out
    assert "check     the first part only; nothing was written\n" in out


def test_report(source: Path, tmp_path: Path) -> None:
    """The report is one page with the answers, the reasons of rejects, and bars; nothing of it is loaded elsewhere."""
    assert 3 == main(["assess", str(source), f"{tmp_path}/out", "--report", f"{tmp_path}/<b>.html"])

    page = (tmp_path / "<b>.html").read_text(encoding="utf-8")
    assert all(text in page for text in ("PAYABLE", "66.7%", "1 fields instead of 5", "100.00 €", f"{tmp_path}/out"))
    assert not any(text in page for text in ("<script", "http", "<link", "<img"))


def test_spellings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unit, spellings and prefix reach the job."""
    text = f'{HEADER},code\n1,6311705400000344F,FRR,"60,00",X,631\n2,NEANT,FRR,"60,00",-,631\n'
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    options = ["--unit", "euros", "--true", "X", "--false=-", "--null", "NEANT", "--prefix", "p_"]

    assert 0 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out.csv", *options])

    out = [line.rsplit(",", 5)[1] for line in (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()]
    assert ["p_code", "PAYABLE", "INPUT_MISSING"] == [
        out[0].replace("p_reasons", "p_code"),
        *["PAYABLE", "INPUT_MISSING"],
    ]
    assert "payable        50.00 euros" in capsys.readouterr().out


class TestStandardStreams:
    """``-`` for the source and the target."""

    @pytest.fixture
    def stdin(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
        """Return a function that sets the standard input."""

        def set_to(data: bytes) -> None:
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

        return set_to

    def test_both(
        self, tmp_path: Path, stdin: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch,
        capsysbinary: pytest.CaptureFixture[bytes],
    ) -> None:  # fmt: skip
        """CSV goes through, the summary to the standard error; no file is left."""
        monkeypatch.chdir(tmp_path)
        stdin(b"balance,notice_received\n6000,t\n4999,f\n")

        assert 0 == main(["scope", "-", "-"])

        out, err = capsysbinary.readouterr()
        assert b"balance,notice_received,scope\n6000,true,IN_SCOPE\n4999,false,NO_NOTICE\n" == out
        assert b"IN_SCOPE" in err
        assert [] == [*tmp_path.iterdir()]

    def test_rejects(
        self, tmp_path: Path, stdin: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch,
        capsysbinary: pytest.CaptureFixture[bytes], source: Path,
    ) -> None:  # fmt: skip
        """Rejected lines are kept in a file, which is never replaced."""
        monkeypatch.chdir(tmp_path)
        for given, kept in (("-", "rejects.csv"), ("in.csv", "in.csv.rejects.csv")):
            stdin(source.read_bytes())
            assert 3 == main(["assess", given, "-"])
            assert b"damaged" in (tmp_path / kept).read_bytes()
            assert f"see {kept}" in capsysbinary.readouterr().err.decode()

            stdin(source.read_bytes())
            assert 1 == main(["assess", given, "-"])
            out, err = capsysbinary.readouterr()
            assert (b"", True) == (out, f"1 lines are rejected, and {kept} exists: move it away" in err.decode())

    def test_parquet(self, tmp_path: Path, stdin: Callable[[bytes], None]) -> None:
        """The content of the standard input decides its format."""
        data = io.BytesIO()
        pl.DataFrame({"balance": [6000], "notice_received": [True]}).write_parquet(data)
        stdin(data.getvalue())

        assert 0 == main(["scope", "-", f"{tmp_path}/out"])

        assert ["IN_SCOPE"] == pl.read_parquet(tmp_path / "out")["scope"].to_list()


def test_options(tmp_path: Path) -> None:
    """Each option reaches the job: columns, separator, encoding, rows of a part."""
    lines = ["é;ref;art;rest;open", *[f"{number};{GOOD.replace(',', ';')}" for number in range(5)], ""]
    (tmp_path / "in.csv").write_bytes("\n".join(lines).encode("cp1252"))
    columns = [f"--column={name}" for name in ("reference=ref", "kind=art", "remaining=rest", "open_online=OPEN")]

    options = ["--separator", ";", "--encoding", "cp1252", "--part-rows", "2", *columns]
    assert 0 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out", *options])

    assert 3 == len([*(tmp_path / "out").iterdir()])
    assert ["0", "1", "2", "3", "4"] == pl.read_parquet(tmp_path / "out")["é"].to_list()


def test_column_of_no_operand(capsys: pytest.CaptureFixture[str]) -> None:
    """A column for an operand that the rule does not have is a usage error."""
    for text in ("balance=x", "kind", "kind="):
        with pytest.raises(SystemExit):
            main(["assess", "in.csv", "out", "--column", text])
        assert f"expected OPERAND=NAME with an operand of reference, kind, remaining, open_online, got {text!r}" in (
            capsys.readouterr().err
        )


def test_hidden_files_and_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary counts hidden files, and mentions floats."""
    (tmp_path / "in").mkdir()
    pl.DataFrame({"balance": [60.0], "notice_received": [True]}).write_parquet(tmp_path / "in" / "a.parquet")
    (tmp_path / "in" / "_SUCCESS").write_bytes(b"")

    assert 0 == main(["scope", f"{tmp_path}/in", f"{tmp_path}/out", "--unit", "euros"])

    out = capsys.readouterr().out
    assert "hidden files  1 passed over\n" in out
    assert "note          column balance: floats, each of which must be a whole number of cents\n" in out


def test_strict(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --strict an unreadable line is an error."""
    assert 1 == main(["assess", str(source), f"{tmp_path}/out", "--strict"])

    assert f"creance-pay: {source}: line 4: 1 fields instead of 5\n" == capsys.readouterr().err


def test_finished(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A finished job prints the same again but for its seconds, and writes nothing."""
    words = ["assess", str(source), f"{tmp_path}/out.csv"]
    assert 3 == main(words)
    first, written_at = capsys.readouterr().out.splitlines(), (tmp_path / "out.csv").stat().st_mtime_ns

    assert 3 == main(words)

    again = capsys.readouterr().out.splitlines()
    assert (first[:-1], written_at) == (again[:-1], (tmp_path / "out.csv").stat().st_mtime_ns)
    assert again[-1].endswith(", 0 rows a second")


@pytest.mark.parametrize("name", ["out", "out.csv"])
def test_overwrite(source: Path, tmp_path: Path, name: str) -> None:
    """With --overwrite the output of an earlier job is deleted, rejects and unfinished parts too, if there is any."""
    words = ["assess", str(source), f"{tmp_path}/{name}", "--overwrite"]
    assert 3 == main(words)
    (tmp_path / f"{name}.unfinished").mkdir()
    source.write_text(f"{HEADER}\n1,{GOOD}\n", encoding="utf-8")

    assert 0 == main(words)

    assert {f"{name}.job.json", name} == {each.name for each in tmp_path.glob("out*")}


def test_absent_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A source that does not exist is named."""
    assert 1 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out"])

    assert f"creance-pay: {tmp_path}/in.csv: No such file or directory\n" == capsys.readouterr().err


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """A part without rows is a usage error."""
    with pytest.raises(SystemExit) as stopped:
        main(["assess", "in.csv", "out", "--part-rows", "0"])

    assert 2 == stopped.value.code
    assert "--part-rows: expected a whole number from 1 to 1000000000, got '0'" in capsys.readouterr().err


def test_interrupted(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends the command with status 130; the same command resumes the job."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(disk, "atomic_replace", interrupt)
        assert 130 == main(["assess", str(source), f"{tmp_path}/out"])

    assert "creance-pay: interrupted\n" == capsys.readouterr().err
    assert 3 == main(["assess", str(source), f"{tmp_path}/out"])


@pytest.mark.parametrize("module", ["polars", "rich.console"])
def test_extra(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    """Without a package of the extra, the error names the extra."""
    monkeypatch.setitem(sys.modules, module, None)
    for name in [each for each in sys.modules if each.startswith("creance_pay.batch")]:
        monkeypatch.delitem(sys.modules, name)

    assert 1 == main(["assess", str(source), f"{tmp_path}/out"])

    assert capsys.readouterr().err.endswith(": pip install 'creance-pay[batch]'\n")


def test_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the bar shows the progress."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")

    with bar.progress(200) as advance:
        advance(50)

    assert "25%" in capsys.readouterr().err


def test_bar_of_files(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar of a file shows the phase, the count and the rate."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")

    with batch_files.progress() as advance:
        advance(BatchProgress(phase="deciding", done=50, total=200, rows=12_345))

    err = capsys.readouterr().err
    assert all(text in err for text in ("deciding", "25%", "12,345 rows", "a second"))
