"""What an SMS costs, by the tables of 3GPP TS 23.038."""

import pytest

from creance_pay.messages import SmsText


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
        ("\n", "GSM-7", 1, 1),
    ],
)
def test_cost(text: str, alphabet: str, units: int, segments: int) -> None:
    """160 septets alone or 153 a part, 70 words of sixteen bits alone or 67 a part."""
    found = SmsText.of(text)

    assert (alphabet, units, segments) == (found.alphabet, found.units, found.segments)


@pytest.mark.parametrize("character", "éèàùÉÇäöüñ£¥§¿¡_@")
def test_one_septet(character: str) -> None:
    """The characters of French and its neighbours that the basic table has."""
    assert ("GSM-7", 1) == (SmsText.of(character).alphabet, SmsText.of(character).units)


@pytest.mark.parametrize("character", "^{}\\[~]|€")
def test_two_septets(character: str) -> None:
    """The extension table, behind an escape."""
    assert ("GSM-7", 2) == (SmsText.of(character).alphabet, SmsText.of(character).units)


@pytest.mark.parametrize("character", "êëâîïôûçÀÈ`")
def test_not_in_seven_bits(character: str) -> None:
    """What French has and the tables have not."""
    assert "UCS-2" == SmsText.of(character).alphabet


def test_basic_table_has_its_size() -> None:
    """128 places, less the escape and the carriage return."""
    everything = map(chr, range(0x2500))

    assert 126 == len(
        [
            each
            for each in everything
            if (SmsText.of(each).alphabet, SmsText.of(each).units) == ("GSM-7", 1) and SmsText.of(each).text == each
        ]
    )


def test_typography_is_made_plain() -> None:
    """Spaces and quotes that only look better cost nothing."""
    assert 'L\'avis "Ma Messagerie" : 1 234,50 € ? oeuvre...' == (
        SmsText.of("L’avis «\u00a0Ma Messagerie\u00a0»\u00a0: 1\u202f234,50\u00a0€\u202f? œuvre…").text
    )
