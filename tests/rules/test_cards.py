"""The check of a masked card number (R16): four digits, number signs, two digits; a full number is never quoted."""

import pytest

from creance_pay.errors import InvalidValueError
from creance_pay.rules import check_card_mask


@pytest.mark.parametrize("text", ["5017##########00", "5017#########00", "4100#######00", "4100#############00"])
def test_masked(text: str) -> None:
    """A masked number of thirteen to nineteen signs passes, the guide's own misprint included."""
    assert ("CARD_MASK_OK", True) == (check_card_mask(text).code, check_card_mask(text).ok)


@pytest.mark.parametrize(
    "text",
    [
        "5017670000001800",
        "5017 6700 0000 1800",
        "5017-6700-0000-1800",
        "4" * 13,
        "4" * 19,
        "card 4100000000000005.",
    ],
)
def test_full(text: str) -> None:
    """A full number is refused, with separators or inside a sentence too."""
    assert ("CARD_FULL_NUMBER_REFUSED", False) == (check_card_mask(text).code, check_card_mask(text).ok)


@pytest.mark.parametrize(
    "text",
    ["", "501767", "####", "5017##00", "5017##########0", "\uff15\uff10\uff11\uff17##########00", None, 5017],
)
def test_neither(text: str) -> None:
    """What is neither is no mask; the error does not quote it."""
    with pytest.raises(InvalidValueError) as refused:
        check_card_mask(text)

    assert "5017" not in str(refused.value)
