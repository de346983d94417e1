"""Debts and their kinds (rules R21 and R22)."""

import csv
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from creance_pay import Debt, DebtKind, Euros
from creance_pay.errors import InvalidValueError
from samples import COPIES, a_debt, numbered

DATA = Path(__file__).parents[1] / "data" / "debt_types.csv"

# Numbers of nobody: born in commune 999 of department 99.  The key is 97 minus the rest of the number modulo 97.
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


def test_kinds_are_those_of_the_table() -> None:
    """The codes are those of the CNAM's table, no more and no less."""
    rows = csv.DictReader(DATA.read_text(encoding="utf-8").splitlines())

    assert {row["code"] for row in rows} == set(DebtKind)


@pytest.mark.parametrize(
    ("alias", "code"), [(DebtKind.PARTICIPATION_FORFAITAIRE, "PFR"), (DebtKind.FRANCHISE, "FRR")], ids=["PFR", "FRR"]
)
def test_readable_name_is_the_code(alias: DebtKind, code: str) -> None:
    """The two kinds of the service have a name to read."""
    assert DebtKind(code) is alias


class TestDebtor:
    """The debtor is opaque, and never a social security number (R22)."""

    @pytest.mark.parametrize("number", NUMBERS)
    def test_refuses_a_social_security_number(self, number: str) -> None:
        """With or without key, in groups or not, Corsica included, the number is not taken."""
        with pytest.raises(InvalidValueError):
            a_debt(debtor=number)

    @pytest.mark.parametrize("number", NUMBERS)
    def test_quotes_no_number(self, number: str) -> None:
        """The error has no digit of it."""
        with pytest.raises(InvalidValueError) as caught:
            a_debt(debtor=number)

        assert not any(character.isdigit() for character in str(caught.value))

    @pytest.mark.parametrize("debtor", OPAQUE)
    def test_takes_an_opaque_identifier(self, debtor: str) -> None:
        """What has another shape or a wrong key is kept."""
        assert debtor == a_debt(debtor=debtor).debtor

    def test_is_not_shown(self) -> None:
        """The representation says nothing of the person, and masks the reference."""
        shown = repr(a_debt(debtor="person-1"))

        assert not [secret for secret in ("person-1", str(numbered(1))) if secret in shown]


class TestDebt:
    """A debt is checked once, when it is made."""

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("reference", "6311705490000001F"),
            ("kind", "FRR"),
            ("initial", 6000),
            ("remaining", 60.0),
            ("remaining", None),
            ("issued_on", "2017-02-23"),
            ("issued_on", datetime(2017, 2, 23)),  # noqa: DTZ001 - to be refused with or without a zone
            ("open_online", 1),
            ("open_online", "no"),
            ("debtor", 12),
        ],
    )
    def test_refuses_a_field_of_another_type(self, field: str, value: object) -> None:
        """The error names the field."""
        values = {
            "reference": numbered(1),
            "kind": DebtKind.FRR,
            "initial": Euros(1),
            "remaining": Euros(1),
            "issued_on": None,
            "open_online": True,
        }

        with pytest.raises(InvalidValueError, match=f"expected {field} to be"):
            Debt(**{**values, field: value})  # type: ignore[arg-type]

    @pytest.mark.parametrize("day", [None, date(2017, 2, 23)])
    def test_takes_a_day_or_none(self, day: date | None) -> None:
        """The day of the notice may be unknown."""
        assert day == a_debt(issued_on=day).issued_on

    @pytest.mark.parametrize("travel", COPIES)
    def test_survives_travel(self, travel: Callable[[Debt], Debt]) -> None:
        """A copy and a pickle are the same debt."""
        assert a_debt() == travel(a_debt())
