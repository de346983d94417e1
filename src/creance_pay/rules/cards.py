"""The check of a masked card number (R16).

>>> check_card_mask("5017##########00").code
<CardCode.CARD_MASK_OK: 'CARD_MASK_OK'>
"""

from __future__ import annotations

import re

from ..codes import CardCode
from ..errors import InvalidValueError

_MASK = re.compile(r"[0-9]{4}#{7,13}[0-9]{2}")
_FULL_NUMBER = re.compile(r"[0-9]{13,19}")


def check_card_mask(text: str) -> CardCode:
    """Tell a masked card number, four digits and two around number signs, from a full one (R16).

    Args:
        text: What is about to be shown or kept.

    Returns:
        ``CARD_MASK_OK``, or ``CARD_FULL_NUMBER_REFUSED`` for thirteen to nineteen digits, with or without separators.

    Raises:
        InvalidValueError: for anything else; like the refusal, it quotes nothing.

    >>> check_card_mask("5017##########00").ok
    True
    """
    if not isinstance(text, str):
        raise InvalidValueError(f"expected a masked card number as text, got a {type(text).__name__}")
    if _MASK.fullmatch(text):
        return CardCode.CARD_MASK_OK
    if _FULL_NUMBER.search(re.sub(r"[\s.\-]", "", text)):
        return CardCode.CARD_FULL_NUMBER_REFUSED
    raise InvalidValueError("expected four digits, number signs, two digits")
