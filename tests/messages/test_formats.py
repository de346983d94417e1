"""The formats of values, compared by code points (section 7 of the rules' facts, CLDR 48)."""

from datetime import date, datetime

import pytest

from creance_pay import Euros
from creance_pay.errors import MessageError
from creance_pay.messages import contact_line, format_euros, render
from creance_pay.messages.catalogue import AmountAboveRemaining
from creance_pay.messages.formats import (
    format_bound,
    format_long_date,
    format_short_date,
    format_value,
    is_singular,
)
from samples import numbered


class TestEuros:
    """French: two decimals after a comma, narrow spaces between thousands, a no-break space before the sign."""

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
    def test_french(self, cents: int, text: str) -> None:
        """French is the default."""
        assert (text, text) == (format_euros(Euros(cents)), format_euros(Euros(cents), lang="fr"))

    @pytest.mark.parametrize(
        ("text", "cents"), [("€20.00", 2000), ("€1,234.50", 123450), ("€0.01", 1), ("€1,000,000.00", 10**8)]
    )
    def test_english(self, text: str, cents: int) -> None:
        """The sign comes first, without a space."""
        assert text == format_euros(Euros(cents), lang="en")

    def test_is_the_form_of_the_messages(self) -> None:
        """A portal's own text and a sentence of the catalogue show one amount in one form."""
        amount = Euros(2000)

        assert f"Il reste {format_euros(amount)} à payer." == render(AmountAboveRemaining(total=amount)).body

    @pytest.mark.parametrize(
        ("amount", "lang", "text"),
        [
            (2000, "fr", "expected amount to be Euros, got int"),
            ("20,00", "fr", "expected amount to be Euros, got str"),
            ([], "fr", "expected amount to be Euros, got list"),
            (Euros(2000), "de", "expected lang to be one of fr, en, got 'de'"),
            (Euros(2000), None, "expected lang to be one of fr, en, got 'None'"),
            (Euros(2000), ["fr"], r"expected lang to be one of fr, en, got \"\['fr'\]\""),
            (Euros(2000), "x" * 90, f"expected lang to be one of fr, en, got '{'x' * 40}'"),
        ],
    )
    def test_refusals(self, amount: Euros, lang: str, text: str) -> None:
        """The error names the type or the language that came."""
        with pytest.raises(MessageError, match=f"^{text}$"):
            format_euros(amount, lang=lang)


@pytest.mark.parametrize(
    ("cents", "french", "english"),
    [
        (1600, "16\u00a0€", "€16"),
        (5000, "50\u00a0€", "€50"),
        (1650, "16,50\u00a0€", "€16.50"),
        (1601, "16,01\u00a0€", "€16.01"),
        (100000, "1\u202f000\u00a0€", "€1,000"),
        (0, "0\u00a0€", "€0"),
    ],
)
def test_bound_drops_zero_cents(cents: int, french: str, english: str) -> None:
    """A bound is written as the service writes it."""
    assert (french, english) == (format_bound(Euros(cents), "fr"), format_bound(Euros(cents), "en"))


@pytest.mark.parametrize(
    ("day", "text"),
    [(date(2018, 7, 5), "05/07/2018"), (date(2019, 12, 31), "31/12/2019"), (date(999, 1, 1), "01/01/0999")],
)
def test_short_date_has_four_digits_of_year(day: date, text: str) -> None:
    """The date in the text of a French letter."""
    assert text == format_short_date(day)


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2018, 7, 5), "5 juillet 2018", "5 July 2018"),
        (date(2018, 8, 1), "1er août 2018", "1 August 2018"),
        (date(2018, 2, 11), "11 février 2018", "11 February 2018"),
        (date(2019, 12, 21), "21 décembre 2019", "21 December 2019"),
        (date(2021, 1, 31), "31 janvier 2021", "31 January 2021"),
    ],
)
def test_long_date(day: date, french: str, english: str) -> None:
    """French writes « 1er », for the first alone."""
    assert (french, english) == (format_long_date(day, "fr"), format_long_date(day, "en"))


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [
        (Euros(2000), "20,00\u00a0€", "€20.00"),
        (date(2018, 7, 5), "05/07/2018", "5 July 2018"),
        (numbered(1), "6311 7054 9000 0001 F", "6311 7054 9000 0001 F"),
        ((numbered(1), numbered(2)), *["6311 7054 9000 0001 F, 6311 7054 9000 0002 F"] * 2),
        ((), "", ""),
        ("texte", "texte", "texte"),
        (24, 24, 24),
        (
            contact_line(date(2026, 11, 23)),
            "36 46 (service gratuit + prix de l’appel)",
            "36 46 (free service + price of the call)",
        ),
    ],
    ids=["amount", "day", "reference", "references", "none of them", "text", "number", "telephone"],
)
def test_type_chooses_the_format(value: object, french: object, english: object) -> None:
    """English writes a date in full, since 05/07 is the 7 May of some readers."""
    assert (french, english) == (format_value(value, "fr"), format_value(value, "en"))


@pytest.mark.parametrize("value", [None, 1.5, datetime(2018, 7, 5, 8, 59), b"x", True])  # noqa: DTZ001 - to be refused
def test_other_types_are_refused(value: object) -> None:
    """A float is no amount, a moment has no day without a place, and ``None`` is no word."""
    with pytest.raises(MessageError, match=f"^no format for a value of type {type(value).__name__}$"):
        format_value(value, "fr")


def test_singular() -> None:
    """Zero is singular in French (CLDR plural rules)."""
    french, english = ([number for number in range(30) if is_singular(number, lang)] for lang in ("fr", "en"))

    assert ([0, 1], [1]) == (french, english)
