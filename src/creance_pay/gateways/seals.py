"""Seals: the keyed digest that proves that a message comes from who holds the key.

This module holds the one comparison of seals in the package, and it takes the same time whatever the difference.
Which algorithm and which key apply is our configuration; no message chooses them.

>>> from creance_pay.gateways import SecretKey
>>> key = SecretKey(version="1", secret="superSafeSecretKey")
>>> seal("This is a test!", key, SealAlgorithm.HMAC_SHA_256)
'198e5f278e3f8548e174e84492953c4871732278b7e2aa2cbf20bb1ab85914ea'
"""

from __future__ import annotations

import hashlib
import hmac
import re
from enum import StrEnum
from typing import NoReturn

from ..errors import InvalidValueError, SealMismatchError
from .keys import SecretKey

_HEX = re.compile(r"[0-9a-fA-F]+")


class SealAlgorithm(StrEnum):
    """How a seal is made; the values are the vendor's words."""

    #: HMAC over the text, the secret as key; the recommended one.
    HMAC_SHA_256 = "HMAC-SHA-256"
    #: The same with SHA-512.
    HMAC_SHA_512 = "HMAC-SHA-512"
    #: Legacy: a plain digest of the text followed by the secret; a gateway takes it by explicit opt-in only.
    SHA_256 = "SHA-256"

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        """Refuse another word, with an error of this package's family."""
        del value
        raise InvalidValueError(f"expected one of {', '.join(cls)}")

    @property
    def length(self) -> int:
        """The number of hexadecimal digits of a seal."""
        return 128 if self is SealAlgorithm.HMAC_SHA_512 else 64


def seal(text: str, key: SecretKey, algorithm: SealAlgorithm | str) -> str:
    """Seal a text.

    Args:
        text: Exactly what is sent, encoded if it is sent encoded.
        key: The key; its text is used as it is.
        algorithm: The algorithm of our configuration, or the vendor's word for it.

    Returns:
        The seal in lower-case hexadecimal digits.

    Raises:
        InvalidValueError: for a word that names no algorithm.
    """
    algorithm = _known(algorithm)
    # Half a surrogate pair cannot travel as UTF-8; whatever it gives here, no bank has sealed it.
    sealed = text.encode(errors="surrogatepass")
    # The secret never is a local variable: a traceback may show them.
    if algorithm is SealAlgorithm.SHA_256:
        return hashlib.sha256(sealed + key.get_secret_value().encode()).hexdigest()
    digest = "sha512" if algorithm is SealAlgorithm.HMAC_SHA_512 else "sha256"
    return hmac.new(key.get_secret_value().encode(), sealed, digest).hexdigest()


def verify_seal(received: str, text: str, key: SecretKey, algorithm: SealAlgorithm | str) -> None:
    """Prove that a text was sealed with a key, or raise.

    Args:
        received: The seal as it arrived; hexadecimal digits have no case, and nothing else is forgiven.
        text: Exactly what arrived.
        key: The key that the message's version names.
        algorithm: The algorithm of our configuration, or the vendor's word for it.

    Raises:
        InvalidValueError: for a word that names no algorithm.
        SealMismatchError: when the seal is ill-formed or another one; the text of the error never says which digit.
    """
    if len(received) != _known(algorithm).length or _HEX.fullmatch(received) is None:
        raise SealMismatchError("the seal is not of the expected form")
    # Our seal never is a local variable either: who reads it in a traceback can forge this message.
    if not hmac.compare_digest(received.lower(), seal(text, key, algorithm)):
        raise SealMismatchError("the seal is not ours")


def _known(algorithm: SealAlgorithm | str) -> SealAlgorithm:
    return algorithm if isinstance(algorithm, SealAlgorithm) else SealAlgorithm(algorithm)
