"""The price of a text as an SMS: its alphabet, its units, its segments (3GPP TS 23.038, section 6.2.1).

One character outside the alphabet of seven bits, and every character takes sixteen bits: the first segment has 70 in
place of 160.  French loses ê ë â î ï ô û ç À È œ and the curly apostrophe; it keeps é è à ù É Ç.
"""

from __future__ import annotations

import re

import attrs

# One septet each.  The control characters are left out, except for the line feed.
_BASIC = (
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\n"
)
# Two septets each: an escape, then the character.
_EXTENSION = "^{}\\[~]|€"
_COSTS = dict.fromkeys(_BASIC, 1) | dict.fromkeys(_EXTENSION, 2)
# The units of a message alone, and of each part of a longer one, whose header takes the rest.
_SEGMENTS = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
# Typography that an SMS does without; French quotes come with the spaces inside them, the longer texts first.
_PLAIN = {
    "\u00ab\u00a0": '"',
    "\u00a0\u00bb": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u201c": '"',
    "\u201d": '"',
    "\u00a0": " ",
    "\u202f": " ",
    "\u2019": "'",
    "\u2013": "-",
    "\u2026": "...",
    "\u0153": "oe",
}
_TYPOGRAPHY = re.compile("|".join(_PLAIN))


def plain(text: str) -> str:
    """Replace typographic spaces, quotes and ligatures by characters of the alphabet of seven bits."""
    return _TYPOGRAPHY.sub(lambda found: _PLAIN[found[0]], text)


@attrs.frozen(kw_only=True)
class SmsText:
    """A text as it is sent.

    Attributes:
        text: The text, with plain spaces and quotes.
        alphabet: ``GSM-7``, or ``UCS-2`` where one character needs it.
        units: The length: septets in GSM-7, words of sixteen bits in UCS-2.
        segments: The number of messages that are paid.
    """

    text: str
    alphabet: str
    units: int
    segments: int

    @classmethod
    def of(cls, text: str) -> SmsText:
        r"""Replace the typography of a text, and compute its price.

        >>> SmsText.of("Payé\u202f: 20,00\u00a0€")
        SmsText(text='Payé : 20,00 €', alphabet='GSM-7', units=15, segments=1)
        >>> SmsText.of("ê").alphabet
        'UCS-2'
        """
        text = plain(text)
        gsm7 = _COSTS.keys() >= set(text)
        alphabet = "GSM-7" if gsm7 else "UCS-2"
        units = sum(map(_COSTS.__getitem__, text)) if gsm7 else len(text.encode("utf-16-be", "surrogatepass")) // 2
        alone, part = _SEGMENTS[alphabet]
        return cls(text=text, alphabet=alphabet, units=units, segments=1 if units <= alone else -(-units // part))
