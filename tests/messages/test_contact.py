"""The telephone line by date (rule R24)."""

from datetime import date

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
    """Until 30 June 2020 the number from abroad, from 1 July the free service; the two notes are not mixed."""
    found = contact_line(day)

    assert line == (found.number, plain(found.tariff))


def test_no_line_before_the_first() -> None:
    """A day before any known line has none."""
    with pytest.raises(MessageError):
        contact_line(date(2008, 12, 31))


def test_line_is_written_with_its_price() -> None:
    """Number and price stand together."""
    assert "36 46 (service gratuit + prix de l'appel)" == plain(str(contact_line(date(2026, 11, 23))))


@pytest.mark.parametrize("day", [date(2018, 7, 5), date(2026, 11, 23)])
def test_line_has_its_source(day: date) -> None:
    """Where it was read is kept beside it."""
    assert contact_line(day).source.strip()
