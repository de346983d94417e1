"""The telephone line by date (rule R24)."""

from datetime import date, datetime

import pytest

from creance_pay.errors import MessageError
from creance_pay.messages import contact_line
from samples import plain

ABROAD = ("+33 811 70 36 46", "tarif variable selon l'opérateur téléphonique")
SHORT = ("36 46", "service gratuit + prix de l'appel")


@pytest.mark.parametrize(
    ("day", "line"),
    [
        (date(2009, 1, 1), ABROAD),
        (date(2018, 7, 5), ABROAD),
        (date(2020, 6, 30), ABROAD),
        (date(2020, 7, 1), SHORT),
        (date(2026, 11, 23), SHORT),
        (date(9999, 12, 31), SHORT),
    ],
)
def test_line_changes_on_its_day(day: date, line: tuple[str, str]) -> None:
    """Until 30 June 2020 the number from abroad, from 1 July the free service; each with its own price and source."""
    found = contact_line(day)

    assert (*line, True) == (found.number, plain(found.tariff), bool(found.source.strip()))


def test_line_is_written_with_its_price() -> None:
    """A letter shows the number and the price together."""
    assert "36 46 (service gratuit + prix de l'appel)" == plain(str(contact_line(date(2026, 11, 23))))


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2008, 12, 31), "expected a date from 2009-01-01 on, got 2008-12-31"),
        (datetime(2018, 7, 5, 8, 59), "expected a date, got datetime"),  # noqa: DTZ001 - to be refused
        ("2018-07-05", "expected a date, got str"),
    ],
)
def test_refusals(day: date, text: str) -> None:
    """A day before the first known line, and a value that is no day."""
    with pytest.raises(MessageError, match=f"^{text}$"):
        contact_line(day)
