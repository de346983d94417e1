"""What banks sent, encrypted wherever it is written down: it tells who paid, and with which card.

The keys are those of Fernet, 32 bytes in URL-safe base64 (``cryptography.fernet.Fernet.generate_key()``).  The first
one encrypts, each of them decrypts: to change the key, put the new one in front, run
:meth:`SqlLedger.rekey <creance_pay.ledger.SqlLedger.rekey>`, and take the old one away.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from .._secret import Secret, as_secret
from ..errors import ConfigurationError

_VARIABLE = "CREANCE_PAY_LEDGER_KEYS"


def secret_keys(given: Sequence[str] | None) -> list[Secret]:
    """Hide the given keys, or else those of the environment, which commas separate."""
    found = list(filter(None, os.environ.get(_VARIABLE, "").split(","))) if given is None else given
    return [as_secret(key) for key in found]


class PayloadCipher:
    """What encrypts payloads; without any key they are not kept at all, and never in clear.

    Args:
        keys: The keys, the one that encrypts first.

    Raises:
        ConfigurationError: for a key that is not one.
    """

    def __init__(self, keys: Sequence[Secret]) -> None:
        """Take the keys."""
        try:
            self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys]) if keys else None
        except ValueError:
            sound = False
        else:
            sound = True
        if not sound:  # and out of the handler, so that the error drags nothing along
            raise ConfigurationError("expected each key of payloads to be 32 bytes in URL-safe base64")

    def seal(self, text: str | None) -> bytes | None:
        """Encrypt a payload; ``None`` when there is nothing to keep, or nothing to keep it with."""
        return self._fernet.encrypt(text.encode()) if self._fernet and text is not None else None

    def open(self, sealed: bytes | None) -> str | None:
        """Decrypt a payload.

        Raises:
            ConfigurationError: when none of the keys opens it.
        """
        return None if sealed is None else self._opened(sealed).decode()

    def again(self, sealed: bytes) -> bytes:
        """Encrypt a payload again, with the first key; errors as :meth:`open`."""
        self._opened(sealed)
        return self._fernet.rotate(sealed) if self._fernet else sealed

    def _opened(self, sealed: bytes) -> bytes:
        try:
            if self._fernet:
                return self._fernet.decrypt(sealed)
        except InvalidToken:
            pass
        raise ConfigurationError("no key given opens a payload of the ledger")
