"""The price of an SMS, by the tables of 3GPP TS 23.038."""

import pytest

from creance_pay.messages import SmsText


def price(text: str) -> tuple[str, int]:
    """Return the alphabet and the units of a text."""
    sms = SmsText.of(text)
    return sms.alphabet, sms.units


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "segments"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("ê" * 70, "UCS-2", 70, 1),
        ("ê" * 71, "UCS-2", 71, 2),
        ("ê" * 134, "UCS-2", 134, 2),
        ("ê" * 135, "UCS-2", 135, 3),
        ("😀", "UCS-2", 2, 1),
        ("\ud83d", "UCS-2", 1, 1),
        ("\n", "GSM-7", 1, 1),
    ],
    ids=lambda value: ascii(value)[:12],
)
def test_price(text: str, alphabet: str, units: int, segments: int) -> None:
    """160 septets alone or 153 a part, 70 words of sixteen bits alone or 67 a part."""
    found = SmsText.of(text)

    assert (alphabet, units, segments) == (found.alphabet, found.units, found.segments)


@pytest.mark.parametrize(
    ("characters", "expected"),
    [
        ("éèàùÉÇäöüñ£¥§¿¡_@", ("GSM-7", 1)),
        ("^{}\\[~]|€", ("GSM-7", 2)),
        ("êëâîïôûçÀÈ`", ("UCS-2", 1)),
    ],
    ids=["basic table", "extension table", "neither"],
)
def test_alphabet(characters: str, expected: tuple[str, int]) -> None:
    """The characters of French and its neighbours, by the table that has them."""
    assert [] == [each for each in characters if price(each) != expected]


def test_tables_have_their_size() -> None:
    """The basic table has 128 places, less the escape and the carriage return; the extension has nine characters.

    The form feed of the extension is no character of a sentence.
    """
    every = [each for each in map(chr, range(0x2500)) if SmsText.of(each).text == each]
    prices = [price(each) for each in every]

    assert (126, 9) == (prices.count(("GSM-7", 1)), prices.count(("GSM-7", 2)))


def test_typography_is_made_plain() -> None:
    """Typographic spaces, quotes, dashes and ligatures become characters of the alphabet."""
    assert 'L\'avis "Ma Messagerie" : 1 234,50 € ? oeuvre... - "a" "b"' == (
        SmsText.of("L’avis «\u00a0Ma Messagerie\u00a0»\u00a0: 1\u202f234,50\u00a0€\u202f? œuvre… – “a” «b»").text
    )
