"""Debts and their kinds (rules R21 and R22)."""

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from creance_pay import Debt, DebtKind, Euros
from creance_pay.errors import InvalidValueError
from samples import COPIES, a_debt, numbered

DATA = Path(__file__).parents[1] / "data" / "debt_types.csv"

# Numbers of no person: born in commune 999 of department 99.  The key is 97 minus the number modulo 97.
BODY = "1000199999999"
CORSICAN = {"100012A999999": 1000119999999, "100012B999999": 1000118999999}


def with_key(text: str, number: int) -> str:
    """Add the two digits of its key to a social security number."""
    return f"{text}{97 - number % 97:02d}"


FULL = with_key(BODY, int(BODY))
NUMBERS = [
    BODY,
    FULL,
    f"{BODY[:1]} {BODY[1:3]} {BODY[3:5]} {BODY[5:7]} {BODY[7:10]} {BODY[10:]} {FULL[13:]}",
    f"{BODY[:1]}-{BODY[1:3]}-{BODY[3:5]}-{BODY[5:7]}-{BODY[7:10]}-{BODY[10:]}",
    f"{BODY[:1]}.{BODY[1:]}",
    f"{BODY[:5]}\u00a0{BODY[5:]}",
    "8" + BODY[1:],
    BODY[:3] + "20" + BODY[5:],
    BODY[:3] + "12" + BODY[5:],
    *CORSICAN,
    *(with_key(text, number) for text, number in CORSICAN.items()),
    with_key("100012a999999", CORSICAN["100012A999999"]),
]
OPAQUE = [
    "",
    "person-1",
    "0b7e9c1a-4b7e-4c52-9a55-3f0f5d1c2e77",
    BODY[:-1],
    BODY + "0",
    f"{BODY}{(int(FULL[13:]) + 1) % 97:02d}",
    "5" + BODY[1:],
    BODY[:3] + "13" + BODY[5:],
    BODY[:3] + "00" + BODY[5:],
    "\u0661" + BODY[1:],
    "\ud800",
]


def test_kinds() -> None:
    """The codes are those of the CNAM's table, and the two kinds of the guide have a readable name."""
    rows = csv.DictReader(DATA.read_text(encoding="utf-8").splitlines())

    assert {row["code"] for row in rows} == set(DebtKind)
    assert ["PFR", "FRR"] == [DebtKind.PARTICIPATION_FORFAITAIRE, DebtKind.FRANCHISE]


class TestDebtor:
    """The debtor is an opaque identifier, and never a social security number (R22)."""

    def test_social_security_number(self) -> None:
        """With or without key, in groups or not, of Corsica too, the number is refused and not quoted."""
        for number in NUMBERS:
            with pytest.raises(InvalidValueError) as caught:
                a_debt(debtor=number)

            assert "expected debtor to be an opaque identifier, got a social security number" == str(caught.value)

    def test_opaque_identifier(self) -> None:
        """A text of another shape, or with another key, is accepted."""
        assert OPAQUE == [a_debt(debtor=debtor).debtor for debtor in OPAQUE]

    def test_representation(self) -> None:
        """The representation contains neither the debtor nor the whole reference."""
        shown = repr(a_debt(debtor="person-1"))

        assert [] == [secret for secret in ("person-1", str(numbered(1))) if secret in shown]


class TestDebt:
    """A debt is validated when it is created."""

    def test_other_types(self) -> None:
        """The error names the field and the type."""
        values = {
            "reference": numbered(1),
            "kind": DebtKind.FRR,
            "initial": Euros(1),
            "remaining": Euros(1),
            "issued_on": None,
            "open_online": True,
        }
        wrong: list[tuple[str, Any, str]] = [
            ("reference", "6311705490000001F", "NoticeReference, got str"),
            ("kind", "FRR", "DebtKind, got str"),
            ("initial", 6000, "Euros, got int"),
            ("remaining", 60.0, "Euros, got float"),
            ("remaining", None, "Euros, got NoneType"),
            ("issued_on", "2017-02-23", "date or None, got str"),
            ("issued_on", datetime(2017, 2, 23), "date or None, got datetime"),  # noqa: DTZ001 - with or without a zone
            ("open_online", 1, "bool, got int"),
            ("open_online", "no", "bool, got str"),
            ("debtor", 12, "str or None, got int"),
        ]
        for field, value, text in wrong:
            with pytest.raises(InvalidValueError, match=f"^expected {field} to be {text}$"):
                Debt(**{**values, field: value})

    def test_day(self) -> None:
        """The day of the notice may be unknown."""
        days = [None, date(2017, 2, 23)]

        assert days == [a_debt(issued_on=day).issued_on for day in days]

    def test_copies(self) -> None:
        """A copy and an unpickled pickle equal the debt."""
        assert [a_debt()] * len(COPIES) == [travel(a_debt()) for travel in COPIES]
