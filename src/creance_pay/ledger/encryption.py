"""Encryption at rest of the messages of banks, which contain personal data.

The keys are Fernet keys, 32 bytes in URL-safe base64 (``cryptography.fernet.Fernet.generate_key()``).  The first
one encrypts, each of them decrypts.  To change the key, put the new one first, run
:meth:`SqlLedger.rekey <creance_pay.ledger.SqlLedger.rekey>`, and remove the old one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from .._secret import Secret, as_secret
from ..errors import ConfigurationError

_VARIABLE = "CREANCE_PAY_LEDGER_KEYS"


def secret_keys(given: Sequence[str] | None) -> list[Secret]:
    """Return the given keys, or those of the environment, separated by commas, as secrets."""
    found = list(filter(None, os.environ.get(_VARIABLE, "").split(","))) if given is None else given
    return [as_secret(key) for key in found]


class PayloadCipher:
    """Encrypts payloads; without a key, the ledger stores only their hashes.

    Args:
        keys: The keys; the first one encrypts.

    Raises:
        ConfigurationError: for an invalid key.
    """

    def __init__(self, keys: Sequence[Secret]) -> None:
        """Check the keys."""
        try:
            self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys]) if keys else None
        except ValueError:
            valid = False
        else:
            valid = True
        if not valid:  # outside the handler, so that no secret stays in the error's context
            raise ConfigurationError("expected each key of payloads to be 32 bytes in URL-safe base64")

    def encrypt(self, text: str | None) -> bytes | None:
        """Encrypt a payload; return ``None`` without a payload or without a key."""
        return self._fernet.encrypt(text.encode()) if self._fernet and text is not None else None

    def decrypt(self, encrypted: bytes | None) -> str | None:
        """Decrypt a payload.

        Raises:
            ConfigurationError: when no key decrypts it.
        """
        return None if encrypted is None else self._decrypted(encrypted).decode()

    def rotate(self, encrypted: bytes) -> bytes:
        """Encrypt a payload again, with the first key; errors as :meth:`decrypt`."""
        self._decrypted(encrypted)
        return self._fernet.rotate(encrypted) if self._fernet else encrypted

    def _decrypted(self, encrypted: bytes) -> bytes:
        try:
            if self._fernet:
                return self._fernet.decrypt(encrypted)
        except InvalidToken:
            pass
        raise ConfigurationError("no given key decrypts a payload of the ledger")
