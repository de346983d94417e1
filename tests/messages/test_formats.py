"""How values are written in French, compared by code points (section 7 of the rules' facts, CLDR 48)."""

from datetime import date

import pytest

from creance_pay import Euros
from creance_pay.errors import MessageError
from creance_pay.messages import format_euros
from creance_pay.messages.formats import format_bound, format_long_date, format_short_date, format_value
from samples import numbered


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0,00\u00a0€"),
        (1, "0,01\u00a0€"),
        (380, "3,80\u00a0€"),
        (2000, "20,00\u00a0€"),
        (99999, "999,99\u00a0€"),
        (123450, "1\u202f234,50\u00a0€"),
        (100000000, "1\u202f000\u202f000,00\u00a0€"),
        (999999999999, "9\u202f999\u202f999\u202f999,99\u00a0€"),
    ],
)
def test_amount_has_its_cents(cents: int, text: str) -> None:
    """Two decimals after a comma, narrow spaces between thousands, a no-break one before the sign."""
    assert text == format_euros(Euros(cents))


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (1600, "16\u00a0€"),
        (5000, "50\u00a0€"),
        (1650, "16,50\u00a0€"),
        (1601, "16,01\u00a0€"),
        (100000, "1\u202f000\u00a0€"),
        (0, "0\u00a0€"),
    ],
)
def test_bound_drops_no_cents_but_zero(cents: int, text: str) -> None:
    """A bound is written as the service writes it."""
    assert text == format_bound(Euros(cents), "fr")


@pytest.mark.parametrize(
    ("day", "text"),
    [(date(2018, 7, 5), "05/07/2018"), (date(2019, 12, 31), "31/12/2019"), (date(999, 1, 1), "01/01/0999")],
)
def test_short_date_has_four_digits_of_year(day: date, text: str) -> None:
    """The date in a letter's text."""
    assert text == format_short_date(day)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2018, 7, 5), "5 juillet 2018"),
        (date(2018, 8, 1), "1er août 2018"),
        (date(2018, 2, 11), "11 février 2018"),
        (date(2019, 12, 21), "21 décembre 2019"),
        (date(2021, 1, 31), "31 janvier 2021"),
    ],
)
def test_long_date_has_the_first_of_a_month(day: date, text: str) -> None:
    """French says « 1er », for the first alone."""
    assert text == format_long_date(day, "fr")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Euros(2000), "20,00\u00a0€"),
        (date(2018, 7, 5), "05/07/2018"),
        (numbered(1), "6311 7054 9000 0001 F"),
        ((numbered(1), numbered(2)), "6311 7054 9000 0001 F, 6311 7054 9000 0002 F"),
        ((), ""),
        ("texte", "texte"),
        (24, 24),
    ],
    ids=["amount", "day", "reference", "references", "none of them", "text", "number"],
)
def test_type_chooses_the_format(value: object, text: object) -> None:
    """A template has nothing to say about it."""
    assert text == format_value(value, "fr")


def test_nothing_is_not_written() -> None:
    """A missing value is an error, not a word."""
    with pytest.raises(MessageError):
        format_value(None, "fr")
