"""The acts of ``creance-pay policy``: list, check and prove, compare and count."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from creance_pay.cli import main
from creance_pay.rules import proofs, theorems
from creance_pay.rules.proofs import Theorem

#: A lower minimum, a wider band, and a second kind with values of its own.
OWN = """
[sources.note]
document = "Note"
publisher = "a caisse"
seen_on = 2026-11-01
places.values = "values of 2027"

[own-2027]
title = "Own values"
based_on = "ameli-2019-11"
documented_on = 2026-11-01
valid_from = 2027-01-01

[own-2027.values]
online_min = { value = 1000, unit = "cents", source = "note.values", since = 2027-01-01 }
notice_band_min = { value = 3000, unit = "cents", source = "note.values", since = 2027-01-01 }
notice_band_max = { value = 20000, unit = "cents", source = "note.values", since = 2027-01-01 }

[own-2027-indus]
title = "Own values for indus"
based_on = "own-2027"
documented_on = 2026-11-01
valid_from = 2027-01-01
values.open_debt_kinds = { value = ["IND"], unit = "codes of IR_NDT_V", source = "note.values", since = 2027-01-01 }
"""


@pytest.fixture(name="own")
def _own(tmp_path: Path) -> str:
    """Write the caisse's file; return its path."""
    path = tmp_path / "caisse.toml"
    path.write_text(OWN, encoding="utf-8")
    return str(path)


@pytest.fixture(name="debts")
def _debts(tmp_path: Path) -> str:
    """Write a file of debts of four people; return its path."""
    path = tmp_path / "debts.parquet"
    rows = [
        ("6311705400000344F", "FRR", 1200, True, "a"),
        ("6311705400000345F", "FRR", 1300, True, "b"),
        ("6311705400000346F", "FRR", 700, True, "b"),
        ("6311705400000347F", "FRR", 6000, True, "b"),
        ("6311705400000348F", "IND", 2000, True, "c"),
        ("6311705400000349F", "IND", None, True, "d"),
        ("6311705400000350F", "ASP", 2000, True, "d"),
    ]
    names = ["reference", "kind", "remaining", "open_online", "person"]
    pl.DataFrame(rows, schema=names, orient="row").write_parquet(path)
    return str(path)


def lines(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> list[str]:
    """Run the command, and return the lines of its output."""
    assert status == main(["policy", *words])
    return capsys.readouterr().out.splitlines()


def objects(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    """Run the command with --json, and return the objects."""
    return [json.loads(line) for line in lines(capsys, *words, "--json")]


class TestShow:
    """The values of a policy."""

    def test_default(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Each value of the shipped policy has its source, and is overdue."""
        found = lines(capsys)

        assert "ameli-2019-11" == found[0]
        start = "  online_min = 16.00 EUR, documented on 2019-11-01: guide, annex, screen of a debt of less than 16 EUR"
        (line,) = [line for line in found if line.startswith("  online_min ")]
        assert (True, True) == (line.startswith(start), line.endswith("(overdue: last confirmed on 2019-11-01)"))

    def test_day(self, capsys: pytest.CaptureFixture[str]) -> None:
        """On a day of 2021 no value is overdue."""
        assert [] == [line for line in lines(capsys, "show", "--on", "2021-11-01") if "overdue" in line]

    def test_file(self, capsys: pytest.CaptureFixture[str], own: str) -> None:
        """A file shows each of its policies."""
        found = lines(capsys, "show", own, "--on", "2027-01-01")

        assert ["own-2027", "own-2027-indus"] == [line for line in found if not line.startswith(" ")]
        assert "  online_min = 10.00 EUR, since 2027-01-01: note, values of 2027" in found

    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        """JSON has the values by name."""
        (found,) = objects(capsys, "show")

        assert ("ameli-2019-11", 24, "16.00") == (
            found["policy"],
            found["display_delay_hours"],
            found["online_min"],
        )

    def test_wrong_day(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A day that is none is a usage error."""
        with pytest.raises(SystemExit, match="2"):
            main(["policy", "show", "--on", "tomorrow"])

        assert "expected a day such as 2026-12-31, got 'tomorrow'" in capsys.readouterr().err


class TestCheck:
    """A caisse's own file is checked, and proved."""

    def test_proved(self, capsys: pytest.CaptureFixture[str], own: str) -> None:
        """Each theorem is proved for each policy of the file."""
        found = objects(capsys, "check", own, "--on", "2027-01-01")

        policies = [each for each in found if "policy" in each]
        assert [("own-2027", "PFR, FRR", "ameli-2019-11"), ("own-2027-indus", "IND", "own-2027")] == [
            (each["policy"], each["kinds"], each["based_on"]) for each in policies
        ]
        assert "online_min" not in policies[0]["overdue"]
        assert "online_max_per_payment" in policies[0]["overdue"]
        assert {"proved"} == {each["result"] for each in found if "theorem" in each}
        assert 2 * len(theorems.THEOREMS) == len(found) - 2

    def test_nothing_overdue(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """A policy whose values are all confirmed has none overdue."""
        names = ", ".join(f'"{name}"' for name in objects(capsys, "show")[0] if name != "policy")
        confirmed = f'confirmed = {{ on = 2026-11-01, source = "note.values", values = [{names}] }}\n'
        path = tmp_path / "caisse.toml"
        path.write_text(OWN.partition("[own-2027-indus]")[0].replace("title =", f"{confirmed}title =", 1), "utf-8")

        assert "overdue          no value" in lines(capsys, "check", str(path), "--on", "2028-11-01")

    def test_lines(self, capsys: pytest.CaptureFixture[str], own: str) -> None:
        """For a person, each fact of a policy has a line with its name."""
        found = lines(capsys, "check", own, "--on", "2027-01-01")

        names = ["policy", "kinds", "from", "to", "based_on", "overdue"]
        assert names == [line.split()[0] for line in found[:6]]
        assert "from             2027-01-01" in found

    def test_invalid(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """A file that is not valid is an error with its name and the policy."""
        path = tmp_path / "caisse.toml"
        path.write_text(OWN.replace("value = 1000", "value = 2501"), encoding="utf-8")

        assert 1 == main(["policy", "check", str(path)])

        text = f"creance-pay: {path}: policy own-2027: online_max_per_payment is below twice online_min: "
        assert capsys.readouterr().err.startswith(text)

    def test_counterexample(
        self, capsys: pytest.CaptureFixture[str], own: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A theorem that does not hold has a counterexample in euros, and the status is 1."""
        false = Theorem(
            name="false",
            rule="R10",
            statement="",
            functions=(),
            claim=lambda policy, x: x.total != policy.online_min.cents,
        )
        monkeypatch.setattr(theorems, "THEOREMS", (false,))

        found = lines(capsys, "check", own, status=1)

        results = [line for line in found if line.startswith("false  R10  ")]
        assert [True, True] == ["does not hold" in line and "total = 10.00" in line for line in results]

    def test_without_z3(self, capsys: pytest.CaptureFixture[str], own: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without Z3 the file is checked, and the line names the extra that proves it."""
        for module in (proofs, theorems):
            monkeypatch.delitem(sys.modules, module.__name__)
        monkeypatch.setitem(sys.modules, "z3", None)

        found = lines(capsys, "check", own)

        assert "not proved: proofs need an extra: pip install 'creance-pay[proofs]'" in found


class TestDiff:
    """Two policies side by side."""

    def test_regions(self, capsys: pytest.CaptureFixture[str], own: str) -> None:
        """The values and the regions that differ are listed for each group of kinds."""
        found = lines(capsys, "diff", "ameli-2019-11", own, "--on", "2027-06-01")

        assert "PFR, FRR  online_min: 16.00 EUR -> 10.00 EUR" in found
        assert "PFR, FRR  debt, total 10.00 to 15.99: BELOW_ONLINE_MINIMUM -> PAYABLE" in found
        assert "IND  debt, total from 10.00 on: KIND_NOT_OPEN -> PAYABLE" in found
        assert [] == [line for line in found if "ASP" in line]

    def test_counts(self, capsys: pytest.CaptureFixture[str], own: str, debts: str) -> None:
        """Over a file, debts, people and euros are counted: all of them, then by change."""
        words = ("diff", "ameli-2019-11", own, debts, "--debtor", "person", "--on", "2027-06-01")
        counts = [each for each in objects(capsys, *words) if "change" in each]

        assert [
            ("all changes", 4, 3, "105.00 EUR"),
            ("BELOW_ONLINE_MINIMUM -> PAYABLE", 2, 2, "25.00 EUR"),
            ("KIND_NOT_OPEN -> PAYABLE", 1, 1, "20.00 EUR"),
            ("PAYABLE -> PAYABLE", 1, 1, "60.00 EUR"),
        ] == [(each["change"], each["debts"], each["people"], each["remaining"]) for each in counts]

    def test_no_people(self, capsys: pytest.CaptureFixture[str], own: str, debts: str) -> None:
        """Without a column of people, none are counted; a folder of files is read too."""
        folder = str(Path(debts).parent)
        found = lines(capsys, "diff", "ameli-2019-11", own, folder, "--on", "2027-06-01")

        assert "all changes  4  105.00 EUR" in found

    def test_one_payment(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """Where only one policy allows several payments, a debt that was paid in part is compared too."""
        path = tmp_path / "caisse.toml"
        head, _, _ = OWN.partition("[own-2027.values]")
        path.write_text(
            head + "[own-2027.values]\nseveral_payments = "
            '{ value = false, unit = "choice", source = "note.values", since = 2027-01-01 }\n',
            encoding="utf-8",
        )  # fmt: skip
        found = lines(capsys, "diff", "ameli-2019-11", str(path))

        assert (
            "PFR, FRR  debt, total 0.01 to 15.99: BELOW_ONLINE_MINIMUM -> PAYMENT_ALREADY_MADE, paid in part before"
            in found
        )

    def test_faults(self, capsys: pytest.CaptureFixture[str], own: str, debts: str, tmp_path: Path) -> None:
        """A file without a column, or that is no Parquet, is an error that names the column or the file."""
        other = tmp_path / "text.parquet"
        other.write_text("text", encoding="utf-8")

        assert 1 == main(["policy", "diff", "ameli-2019-11", own, debts, "--kind", "nature"])
        assert "creance-pay: missing columns: nature\n" == capsys.readouterr().err
        assert 1 == main(["policy", "diff", "ameli-2019-11", own, str(other)])
        assert f"creance-pay: {other} cannot be read as Parquet (ComputeError)\n" == capsys.readouterr().err
