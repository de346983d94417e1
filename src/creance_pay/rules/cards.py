"""The check of a masked card number (R16).

>>> check_card_mask("5017##########00").code
<CardCode.CARD_MASK_OK: 'CARD_MASK_OK'>
"""

from __future__ import annotations

import re

from .._validators import describe
from ..codes import CardCode
from ..errors import InvalidValueError

# The guide's mask shows four digits and two, most payment pages show six and four, and some show the last four only.
_MASK = re.compile(r"(?=.{13,19}\Z)(?:[0-9]{4}[#*]+[0-9]{2}|(?:[0-9]{6})?[#*]+[0-9]{4})")
_FULL_NUMBER = re.compile(r"[0-9]{13,19}")


def check_card_mask(text: str) -> CardCode:
    """Check that a card number is masked before it is displayed or stored (R16).

    A masked number has thirteen to nineteen characters: four digits, number signs or asterisks, and two digits, as the
    guide shows; or six digits, signs and four digits; or signs and four digits.  PCI DSS v4, 3.4.1, allows no more.

    Args:
        text: The card number.

    Returns:
        ``CARD_MASK_OK``; or ``CARD_FULL_NUMBER_REFUSED`` for a text with thirteen to nineteen successive digits, which
        spaces, dots and hyphens may separate.

    Raises:
        InvalidValueError: for any other value.  The error text hides the value.

    >>> check_card_mask("5017##########00").ok
    True
    """
    if not isinstance(text, str):
        raise InvalidValueError(f"expected text to be a str, got {type(text).__name__}")
    if _MASK.fullmatch(text):
        return CardCode.CARD_MASK_OK
    if _FULL_NUMBER.search(re.sub(r"[\s.\-]", "", text)):
        return CardCode.CARD_FULL_NUMBER_REFUSED
    raise InvalidValueError(f"expected a masked number such as 5017##########00, got {describe(text)}")
