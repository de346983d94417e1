"""``creance-pay explain``: the decision on one debt, with its rules and sources."""

import json

import pytest

from creance_pay.cli import main

DEBT = ("explain", "6311705400000344F", "FRR", "60,00")


def test_payable(capsys: pytest.CaptureFixture[str]) -> None:
    """A debt that can be paid: status 0, with the rule, the policy and its date."""
    assert 0 == main(["explain", "6311 7054 0000 0344 F", "FRR", "60,00"])

    out = capsys.readouterr().out
    assert out.startswith("R7 PAYABLE: ")
    assert "Policy ameli-2019-11, documented on 2019-11-01." in out


def test_not_open(capsys: pytest.CaptureFixture[str]) -> None:
    """A debt that cannot be paid: status 1, and the code in JSON."""
    assert 1 == main([*DEBT, "--not-open", "--json"])

    found = json.loads(capsys.readouterr().out)
    assert ("REFERENCE_NOT_OPEN", False) == (found["code"], found["ok"])
    assert found["because"].startswith("R4 REFERENCE_NOT_OPEN: ")


@pytest.mark.parametrize(("amount", "status", "code"), [("44", 0, "AMOUNT_OK"), ("50,01", 1, "AMOUNT_ABOVE_MAXIMUM")])
def test_amount(capsys: pytest.CaptureFixture[str], amount: str, status: int, code: str) -> None:
    """An amount is checked against the debt."""
    assert status == main([*DEBT, "--amount", amount, "--json"])

    assert code == json.loads(capsys.readouterr().out)["code"]


def test_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown kind is a usage error that lists the known ones."""
    with pytest.raises(SystemExit) as stopped:
        main(["explain", "6311705400000344F", "XYZ", "60,00"])

    assert 2 == stopped.value.code
    err = capsys.readouterr().err
    assert [] == [text for text in ("argument kind: invalid choice: 'XYZ'", "PFR", "FRR", "ANV") if text not in err]
