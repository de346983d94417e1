"""``creance-pay letters``: its options, its output, its exit status.  The jobs have their own tests."""

import json
from pathlib import Path

import pytest

from creance_pay.cli import main

VALUES = [
    "--value", "sent_on=2026-11-26", "--value", "address=63031 Clermont-Ferrand",
    "--value", "appeal_address=CRA, 63031 Clermont-Ferrand",
]  # fmt: skip
TEXT = "ref|years\n6311705400000344F|2024=30;2025=28,50\n6311705400000345F|2024=30\nx\n"


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Write a CSV file with two good lines and a damaged one, and return the words of a command."""
    (tmp_path / "in.csv").write_text(TEXT, encoding="utf-8")
    options = ["--unit", "euros", "--column", "notice_reference=ref", "--separator", "|"]
    return ["letters", str(tmp_path / "in.csv"), str(tmp_path / "out"), *VALUES, *options]


def test_json(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints the counts; status 3 reports the rejected line."""
    assert 3 == main([*words, "--json"])

    found = json.loads(capsys.readouterr().out)
    assert (2, 1, 2, None) == (found["rows"], found["rejected"], found["notice"], found["payable"])
    assert f"{tmp_path}/out.rejects.csv" == found["rejects_file"]
    names = sorted(path.name for path in (tmp_path / "out" / "00000").iterdir())
    assert [
        "00000001-avis-de-sommes-a-payer-2026-11-26-6311705400000344F.pdf",
        "00000002-avis-de-sommes-a-payer-2026-11-26-6311705400000345F.pdf",
    ] == names


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ([], 3),
        (["--max-rejects", "1"], 0),
        (["--max-rejects", "0"], 5),
        (["--strict"], 1),
        (["--check"], 3),
        (["--letter", "refund"], 1),
        (["--value", "sent_on=yesterday"], 4),
        (["--lang", "en", "--wording", "plain", "--part-rows", "1"], 3),
    ],
)
def test_status(words: list[str], more: list[str], status: int) -> None:
    """The statuses are those of assess."""
    assert status == main([*words, *more])


def test_overrides(words: list[str], tmp_path: Path) -> None:
    """A folder of sentences is read before anything is written."""
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "fr.toml").write_text('[notice]\nbody = "L\'avis"', encoding="utf-8")

    assert 1 == main([*words, "--overrides", str(ours)])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", [["--value", "name=x"], ["--column", "x"], ["--letter", "invoice"]])
def test_usage(words: list[str], option: list[str]) -> None:
    """An unknown field or letter is a usage error."""
    with pytest.raises(SystemExit) as caught:
        main([*words, *option])
    assert 2 == caught.value.code


def test_progress(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar is told that letters are written."""
    seen: list[tuple[str, int]] = []

    class Bar:
        def __enter__(self) -> object:
            return lambda step: seen.append((step.phase, step.rows))

        def __exit__(self, *_: object) -> None:
            """Nothing to close."""

    monkeypatch.setattr("creance_pay.cli.batch_files.progress", Bar)
    assert 3 == main([*words, "--part-rows", "1"])

    assert [("writing", 1), ("writing", 2), ("writing", 2), ("publishing", 2)] == seen
