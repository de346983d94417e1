"""Seals: the keyed digest that authenticates the text of a message.

This module contains the only comparison of seals in the package.  It takes a constant time, so that the time of a
refusal reveals no digit of the right seal.  The configuration alone chooses the algorithm.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from enum import StrEnum
from typing import NoReturn

from ..errors import InvalidValueError, SealMismatchError
from .keys import SecretKey

_HEX = re.compile(r"[0-9a-fA-F]+")


_BASE64_SHA_256 = re.compile(r"[0-9A-Za-z+/]{43}=")


class SealAlgorithm(StrEnum):
    """The algorithms of a seal; the values are the vendor's words."""

    #: HMAC with SHA-256 of the text, the secret as key.  Recommended.
    HMAC_SHA_256 = "HMAC-SHA-256"
    #: HMAC with SHA-512.
    HMAC_SHA_512 = "HMAC-SHA-512"
    #: Legacy: the SHA-256 digest of the text followed by the secret.  In production a gateway needs explicit consent.
    SHA_256 = "SHA-256"

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        """Refuse another word, by an error of this package."""
        found = f"a text of {len(value)} characters" if isinstance(value, str) else type(value).__name__
        raise InvalidValueError(f"expected one of {', '.join(cls)}, got {found}")

    @property
    def length(self) -> int:
        """The number of hexadecimal digits of a seal."""
        return 128 if self is SealAlgorithm.HMAC_SHA_512 else 64


def seal(text: str, key: SecretKey, algorithm: SealAlgorithm | str) -> str:
    """Return the seal of a text.

    Args:
        text: The text exactly as it is sent: encoded, if it is sent encoded.
        key: The key; its text is used as it is.
        algorithm: The algorithm, or the vendor's word for it.

    Returns:
        The seal in lower-case hexadecimal digits.

    Raises:
        InvalidValueError: for a word that names no algorithm.

    The key and the text are those of a test of the vendor's own:

    >>> key = SecretKey(version="1", secret="superSafeSecretKey")
    >>> seal("This is a test!", key, SealAlgorithm.HMAC_SHA_256)
    '198e5f278e3f8548e174e84492953c4871732278b7e2aa2cbf20bb1ab85914ea'
    """
    algorithm = SealAlgorithm(algorithm)
    # Half a surrogate pair has no UTF-8, so no bank has sealed it; it gets a seal here that matches no other text.
    sealed = text.encode(errors="surrogatepass")
    # The secret is never a local variable, which a traceback may show.
    if algorithm is SealAlgorithm.SHA_256:
        return hashlib.sha256(sealed + key.get_secret_value().encode()).hexdigest()
    digest = "sha512" if algorithm is SealAlgorithm.HMAC_SHA_512 else "sha256"
    return hmac.new(key.get_secret_value().encode(), sealed, digest).hexdigest()


def verify_seal(received: str, text: str, key: SecretKey, algorithm: SealAlgorithm | str) -> None:
    """Check that a seal is that of a text under a key.

    Args:
        received: The seal as it arrived, in hexadecimal digits of either case.
        text: The text exactly as it arrived.
        key: The key whose version the message names.
        algorithm: The algorithm, or the vendor's word for it.

    Raises:
        InvalidValueError: for a word that names no algorithm.
        SealMismatchError: when the seal is ill-formed or differs; the error hides the place of the difference.
    """
    length = SealAlgorithm(algorithm).length
    if len(received) != length or _HEX.fullmatch(received) is None:
        raise SealMismatchError(f"expected a seal of {length} hexadecimal digits, got {len(received)} characters")
    # The right seal is never a local variable either: a reader of the traceback could forge this message.
    if not _same(received.lower(), seal(text, key, algorithm)):
        raise SealMismatchError("expected the seal of the text under our key, got another")


def sign(content: bytes, key: SecretKey) -> str:
    """Return the HMAC-SHA-256 of bytes in base64, the form of seals in HTTP headers."""
    return base64.b64encode(hmac.digest(key.get_secret_value().encode(), content, "sha256")).decode()


def verify_signature(received: str, content: bytes, key: SecretKey) -> None:
    """Check that a seal in base64 is the HMAC-SHA-256 of bytes under a key.

    Raises:
        SealMismatchError: when the seal is ill-formed or differs; the error hides the place of the difference.
    """
    if _BASE64_SHA_256.fullmatch(received) is None:
        raise SealMismatchError(f"expected a seal of 44 characters in base64, got {len(received)} characters")
    if not _same(received, sign(content, key)):
        raise SealMismatchError("expected the seal of the body under our key, got another")


def same_secret(one: SecretKey, other: SecretKey) -> bool:
    """Return whether two keys have the same secret, in constant time."""
    return _same(sign(b"", one), sign(b"", other))


def _same(received: str, right: str) -> bool:
    return hmac.compare_digest(received, right)
