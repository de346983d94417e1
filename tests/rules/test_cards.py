"""The check of a masked card number (R16): at most six digits, signs, at most four digits; no number is quoted."""

from typing import Any

import pytest

from creance_pay.errors import InvalidValueError
from creance_pay.rules import check_card_mask


def test_masked_numbers() -> None:
    """A masked number of thirteen to nineteen characters passes, the guide's own misprint too."""
    texts = [
        *("5017##########00", "5017#########00", "4100#######00", "4100#############00"),
        *("501767######1800", "501767***1800", "501767#########1800", "5017**********00"),
        *("############0600", "************4675"),  # Sips and Worldline Direct
    ]

    assert [("CARD_MASK_OK", True)] * len(texts) == [
        (check_card_mask(text).code, check_card_mask(text).ok) for text in texts
    ]


def test_full_numbers() -> None:
    """A full number is refused, with separators or inside a sentence too."""
    texts = [
        *("5017670000001800", "5017 6700 0000 1800", "5017-6700-0000-1800", "5017.6700.0000.1800"),
        *("4" * 13, "4" * 19, "card 4100000000000005."),
    ]

    assert [("CARD_FULL_NUMBER_REFUSED", False)] * len(texts) == [
        (check_card_mask(text).code, check_card_mask(text).ok) for text in texts
    ]


def test_other_values() -> None:
    """The error gives the type of another value or the length of another text, and contains no part of it."""
    wrong: list[tuple[Any, str]] = [
        ("", "a masked number such as 5017##########00, got a text of 0 characters"),
        ("501767", "a masked number such as 5017##########00, got a text of 6 characters"),
        ("####", "a masked number such as 5017##########00, got a text of 4 characters"),
        ("5017##00", "a masked number such as 5017##########00, got a text of 8 characters"),
        ("5017##########0", "a masked number such as 5017##########00, got a text of 15 characters"),
        (
            "\uff15\uff10\uff11\uff17##########00",
            "a masked number such as 5017##########00, got a text of 16 characters",
        ),
        ("5017670#####1800", "a masked number such as 5017##########00, got a text of 16 characters"),
        ("501767######18000", "a masked number such as 5017##########00, got a text of 17 characters"),
        ("501767##1800", "a masked number such as 5017##########00, got a text of 12 characters"),
        ("501767##########1800", "a masked number such as 5017##########00, got a text of 20 characters"),
        ("501767######1800\n", "a masked number such as 5017##########00, got a text of 17 characters"),
        (None, "text to be a str, got NoneType"),
        (5017, "text to be a str, got int"),
    ]
    for text, found in wrong:
        with pytest.raises(InvalidValueError, match=f"^expected {found}$"):
            check_card_mask(text)
