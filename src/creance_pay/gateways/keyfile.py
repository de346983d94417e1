"""Key files: secrets at rest, encrypted under a passphrase or a key of the file's own.

A key file is one JSON object: ``format``, ``protection`` (``passphrase`` or ``key``), ``salt``, ``nonce``, ``sealed``.
``sealed`` is AES-256-GCM, which proves and hides in one step and covers the other fields as well: Fernet could not, and
its way of rotating many tokens is of no use to one small file that is written whole.  A passphrase becomes a key by
scrypt, whose cost belongs to the format and not to the file: no file can make its reader work for hours.

Every refusal is a :class:`~creance_pay.errors.ConfigurationError` that tells nothing of what the file holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from base64 import b64decode, urlsafe_b64encode
from os import PathLike
from pathlib import Path
from tempfile import mkstemp

import attrs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .._secret import Secret, as_secret
from ..errors import ConfigurationError

PASSPHRASE, KEY = "passphrase", "key"
_FORMAT = "creance-pay-keys-1"
_FIELDS = {"format", "protection", "salt", "nonce", "sealed"}
_LARGEST = 65_536
_SHORTEST = 12
_KEY_BYTES, _SALT_BYTES, _NONCE_BYTES = 32, 16, 12
_POSIX = os.name == "posix"


def _bytes(text: str) -> bytes:
    """Read base64 in either alphabet, with or without padding; what is not in it gives no bytes."""
    try:
        return b64decode(
            text.rstrip("=").translate(str.maketrans("-_", "+/")) + "=" * (-len(text.rstrip("=")) % 4), validate=True
        )
    except ValueError:
        return b""


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).decode()


def _strong(file_key: FileKey, _: attrs.Attribute[Secret], text: Secret) -> None:
    if file_key.protection == KEY and len(_bytes(text.get_secret_value())) != _KEY_BYTES:
        raise ConfigurationError("expected the key of a key file to be 32 bytes in base64")
    if len(text.get_secret_value()) < _SHORTEST:
        raise ConfigurationError(
            f"expected a passphrase of at least {_SHORTEST} characters, without blank at either end"
        )


@attrs.frozen
class FileKey:
    """What opens a key file.

    Args:
        protection: ``passphrase`` or ``key``.
        text: The one or the other.

    Raises:
        ConfigurationError: for a passphrase under twelve characters, or a key that is not 32 bytes in base64.
    """

    protection: str
    text: Secret = attrs.field(validator=_strong)

    @classmethod
    def given(cls, passphrase: Secret | None, key: Secret | None) -> FileKey:
        """Take a passphrase or a key, or else what the environment has.

        Raises:
            ConfigurationError: when there is none, or both.
        """
        found = _one(passphrase, key) or cls.from_environment()
        if found is None:
            raise ConfigurationError(
                "expected a passphrase or a key for the key file, as an argument, or as"
                " CREANCE_PAY_PASSPHRASE or CREANCE_PAY_KEY in the environment"
            )
        return found

    @classmethod
    def from_environment(cls) -> FileKey | None:
        """Take ``CREANCE_PAY_PASSPHRASE`` or ``CREANCE_PAY_KEY``, or ``None`` when neither is set.

        Raises:
            ConfigurationError: when both are set.
        """
        return _one(_variable("CREANCE_PAY_PASSPHRASE"), _variable("CREANCE_PAY_KEY"))

    def cipher(self, salt: bytes) -> AESGCM:
        """Make the cipher; the key itself never is a local variable, which a traceback may show."""
        if self.protection == KEY:
            return AESGCM(_bytes(self.text.get_secret_value()))
        # 32 MiB for each guess.
        return AESGCM(
            hashlib.scrypt(
                self.text.get_secret_value().encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=_KEY_BYTES
            )
        )


def _one(passphrase: Secret | None, key: Secret | None) -> FileKey | None:
    if passphrase and key:
        raise ConfigurationError("expected a passphrase or a key for the key file, and not both")
    if passphrase:
        return FileKey(PASSPHRASE, passphrase)
    return FileKey(KEY, key) if key else None


def _variable(name: str) -> Secret | None:
    return as_secret(os.environ[name]) if os.environ.get(name) else None


def read_secret(path: str | PathLike[str], file_key: FileKey) -> Secret:
    """Decrypt what a key file holds.

    Raises:
        ConfigurationError: when the file cannot be read, may be read by others, is no key file, was changed, or has
            another passphrase or key.
    """
    fields = _fields(_guarded(Path(path)))
    salt, nonce, sealed = (_bytes(fields[name]) for name in ("salt", "nonce", "sealed"))
    try:
        if len(nonce) == _NONCE_BYTES and fields["protection"] == file_key.protection:
            return Secret(file_key.cipher(salt).decrypt(nonce, sealed, _header(fields)).decode())
    except (InvalidTag, UnicodeDecodeError):
        pass  # and out of here, so that the error below drags nothing along
    raise ConfigurationError("the key file does not open: another passphrase or key, or the file was changed")


def write_secret(path: str | PathLike[str], text: Secret, file_key: FileKey) -> None:
    """Encrypt a text into a key file for its owner alone, whole or not at all."""
    _replace(Path(path), encrypted(text, file_key))


def encrypted(text: Secret, file_key: FileKey) -> str:
    """Write what a key file has inside, with a new salt and a new nonce each time."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    fields = {"format": _FORMAT, "protection": file_key.protection, "salt": _text(salt), "nonce": _text(nonce)}
    sealed = file_key.cipher(salt).encrypt(nonce, text.get_secret_value().encode(), _header(fields))
    return json.dumps(fields | {"sealed": _text(sealed)}) + "\n"


def _header(fields: dict[str, str]) -> bytes:
    """Join what stands beside the ciphertext and must not be changed either."""
    return " ".join(fields[name] for name in ("format", "protection", "salt")).encode()


def _guarded(path: Path) -> bytes:
    """Read a file that is one, is small, and is nobody else's business."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            raise ConfigurationError(f"{path} is not a key file")
        if _POSIX and stat.S_IMODE(found.st_mode) & 0o077:
            raise ConfigurationError(f"expected {path} to be open to its owner alone (mode 600)")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # a NUL in a path is a ValueError
        raise ConfigurationError(f"{path} cannot be read: {type(error).__name__}") from None


def _fields(content: bytes) -> dict[str, str]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    texts = (
        isinstance(found, dict) and found.keys() == _FIELDS and all(isinstance(each, str) for each in found.values())
    )
    if not texts or found["format"] != _FORMAT:
        raise ConfigurationError("expected a key file of this version")
    fields: dict[str, str] = found
    return fields


def _replace(path: Path, text: str) -> None:
    """Write beside the old file, then put the new one in its place: there never is half a file."""
    try:
        handle, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 600
        try:
            with open(handle, "wb") as file:  # noqa: PTH123 - a handle is not a path
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {type(error).__name__}") from None
