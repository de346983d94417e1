"""The option ``--policy`` takes the name of a shipped policy, or a caisse's file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from creance_pay.cli import main

#: The minimum of a debt payable online is 10 EUR under the caisse's own values, 16 EUR under the shipped ones.
OWN = """
[sources.note]
document = "Note"
publisher = "a caisse"
seen_on = 2026-11-01
places.values = "values"

[own]
title = "Own values"
based_on = "ameli-2019-11"
documented_on = 2026-11-01
valid_from = 2026-11-01
values.online_min = { value = 1000, unit = "cents", source = "note.values", since = 2026-11-01 }
"""
INDUS = """
[own-indus]
title = "Own values for indus"
based_on = "own"
documented_on = 2026-11-01
valid_from = 2026-11-01
values.open_debt_kinds = { value = ["IND"], unit = "codes of IR_NDT_V", source = "note.values", since = 2026-11-01 }
"""
TWELVE_EUROS = "reference,kind,remaining,open_online\n6311705400000344F,FRR,1200,true\n"


@pytest.fixture(name="write")
def _write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with the caisse's files and a file of one debt."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "caisse.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "two.toml").write_text(OWN + INDUS, encoding="utf-8")
    (tmp_path / "debts.csv").write_text(TWELVE_EUROS, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("write")
class TestExplain:
    """One debt under the policy of its kind."""

    @pytest.mark.parametrize(
        ("kind", "file", "code"),
        [
            ("FRR", "caisse.toml", "PAYABLE"),
            ("IND", "caisse.toml", "KIND_NOT_OPEN"),
            ("IND", "two.toml", "PAYABLE"),
            ("FRR", "two.toml", "PAYABLE"),
        ],
    )
    def test_file(self, capsys: pytest.CaptureFixture[str], kind: str, file: str, code: str) -> None:
        """Of a file, the policy that opens the kind decides."""
        main(["explain", "6311705400000344F", kind, "12,00", "--policy", file, "--json"])

        assert code == json.loads(capsys.readouterr().out)["code"]

    def test_no_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A file that does not exist is an error with its name."""
        assert 1 == main(["explain", "6311705400000344F", "FRR", "12,00", "--policy", "other.toml"])

        assert "creance-pay: other.toml: No such file or directory\n" == capsys.readouterr().err


class TestFiles:
    """A file of debts under one policy."""

    def test_file(self, write: Path) -> None:
        """The policy of a caisse's file decides, and its name is in the record of the job."""
        assert 0 == main(["assess", "debts.csv", "decided.csv", "--policy", "caisse.toml"])

        assert "PAYABLE" in (write / "decided.csv").read_text(encoding="utf-8")
        assert "own" == json.loads((write / "decided.csv.job.json").read_text(encoding="utf-8"))["policy"]

    def test_several(self, write: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Several policies of one day are refused by their names, and nothing is written."""
        assert 1 == main(["assess", "debts.csv", "decided.csv", "--policy", "two.toml"])

        assert "two.toml: expected one policy on " in (error := capsys.readouterr().err)
        assert ", got own, own-indus: " in error
        assert ["caisse.toml", "debts.csv", "two.toml"] == sorted(path.name for path in write.iterdir())
