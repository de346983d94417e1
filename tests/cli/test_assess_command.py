"""``creance-pay assess``: its options, its output, its progress bar.  The jobs have their own tests."""

import json
import sys
from pathlib import Path

import polars as pl
import pytest

from creance_pay.batch import job as jobs
from creance_pay.cli import bar, main

HEADER = "id,reference,kind,remaining,open_online"
GOOD = "6311705400000344F,FRR,6000,true"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Write a CSV file with three good lines and a damaged one."""
    path = tmp_path / "in.csv"
    path.write_text(f"{HEADER}\n1,{GOOD}\n2,{GOOD}\ndamaged\n3,{GOOD.replace('6000', '1599')}\n", encoding="utf-8")
    return path


def test_json(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints the numbers of rows, of rejected lines, and of each code."""
    assert 0 == main(["assess", str(source), f"{tmp_path}/out", "--json"])

    assert {"rows": 3, "rejected": 1, "PAYABLE": 2, "BELOW_ONLINE_MINIMUM": 1} == json.loads(capsys.readouterr().out)


def test_lines(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for a person; nothing goes to the standard error, which is no terminal."""
    assert 0 == main(["assess", str(source), f"{tmp_path}/out"])

    out, err = capsys.readouterr()
    assert (["rows", "3", "rejected", "1", "PAYABLE", "2", "BELOW_ONLINE_MINIMUM", "1"], "") == (out.split(), err)


def test_options(tmp_path: Path) -> None:
    """Each option reaches the job: columns, separator, encoding, rows of a part."""
    lines = ["é;ref;art;rest;open", *[f"{number};{GOOD.replace(',', ';')}" for number in range(5)], ""]
    (tmp_path / "in.csv").write_bytes("\n".join(lines).encode("cp1252"))
    columns = ["--reference", "ref", "--kind", "art", "--remaining", "rest", "--open-online", "open"]

    options = ["--separator", ";", "--encoding", "cp1252", "--part-rows", "2", *columns]
    assert 0 == main(["assess", f"{tmp_path}/in.csv", f"{tmp_path}/out", *options])

    assert 3 == len([*(tmp_path / "out").iterdir()])
    assert ["0", "1", "2", "3", "4"] == pl.read_parquet(tmp_path / "out")["é"].to_list()


def test_strict(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --strict an unreadable line is an error."""
    assert 1 == main(["assess", str(source), f"{tmp_path}/out", "--strict"])

    assert "creance-pay: line 4: 1 fields instead of 5\n" == capsys.readouterr().err


def test_finished(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A finished job prints the same again, and writes nothing."""
    words = ["assess", str(source), f"{tmp_path}/out.csv"]
    assert 0 == main(words)
    first, written_at = capsys.readouterr().out, (tmp_path / "out.csv").stat().st_mtime_ns

    assert 0 == main(words)

    assert (first, written_at) == (capsys.readouterr().out, (tmp_path / "out.csv").stat().st_mtime_ns)


@pytest.mark.parametrize("name", ["out", "out.csv"])
def test_overwrite(source: Path, tmp_path: Path, name: str) -> None:
    """With --overwrite the output of an earlier job is deleted, rejects and unfinished parts too, if there is any."""
    words = ["assess", str(source), f"{tmp_path}/{name}", "--overwrite"]
    assert 0 == main(words)
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
        patch.setattr(jobs, "_atomic_replace", interrupt)
        assert 130 == main(["assess", str(source), f"{tmp_path}/out"])

    assert "creance-pay: interrupted\n" == capsys.readouterr().err
    assert 0 == main(["assess", str(source), f"{tmp_path}/out"])


@pytest.mark.parametrize("module", ["polars", "rich.console"])
def test_extra(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    """Without a package of the extra, the error names the extra."""
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "creance_pay.batch.job")

    assert 1 == main(["assess", str(source), f"{tmp_path}/out"])

    assert capsys.readouterr().err.endswith(": pip install 'creance-pay[batch]'\n")


def test_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the bar shows the progress."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")

    with bar.progress(200) as advance:
        advance(50)

    assert "25%" in capsys.readouterr().err
