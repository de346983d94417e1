"""Key files: secrets at rest, encrypted under a passphrase or under a key.

A key file is one JSON object with five texts::

    format       creance-pay-keys-1
    protection   passphrase or key
    salt         16 random bytes, for the passphrase
    nonce        12 random bytes, new each time the file is written
    sealed       the ciphertext of AES-256-GCM with its tag, which covers format, protection and salt as well

The last three are in base64url.  scrypt derives the key from a passphrase, at a cost that belongs to the format: no
file can make its reader work for hours.  The alternatives are worse: Fernet does not authenticate the other fields, and
JSON Web Encryption derives the key by PBKDF2, which needs no memory, at a cost that the file names.

Each refusal is a :class:`~creance_pay.errors.ConfigurationError` whose text contains nothing of the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
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
_MAX_FILE_BYTES = 65_536
_MIN_PASSPHRASE_CHARACTERS = 12
_KEY_BYTES, _SALT_BYTES, _NONCE_BYTES = 32, 16, 12
_STANDARD_ALPHABET = str.maketrans("-_", "+/")
_POSIX = os.name == "posix"


def _decode(text: str) -> bytes:
    """Decode base64 in either alphabet, with or without padding; return no bytes for any other text."""
    letters = text.translate(_STANDARD_ALPHABET)
    try:
        return b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except ValueError:
        return b""


def _encode(content: bytes) -> str:
    return urlsafe_b64encode(content).decode()


def _validate_strength(file_key: FileKey, _: attrs.Attribute[Secret], text: Secret) -> None:
    length = len(text.get_secret_value())
    if file_key.protection == KEY and len(_decode(text.get_secret_value())) != _KEY_BYTES:
        raise ConfigurationError(
            f"expected the key of a key file to be {_KEY_BYTES} bytes in base64, got {length} characters that are not"
        )
    if length < _MIN_PASSPHRASE_CHARACTERS:
        # as_secret has made an empty text of one with a blank or a control character.
        raise ConfigurationError(
            f"expected a passphrase of at least {_MIN_PASSPHRASE_CHARACTERS} characters, printable, without blank at"
            f" either end, got {f'{length} characters' if length else 'no such text'}"
        )


@attrs.frozen
class FileKey:
    """The passphrase or the key of a key file.

    Args:
        protection: ``passphrase`` or ``key``.
        text: The passphrase, or the key in base64.

    Raises:
        ConfigurationError: for a passphrase under twelve characters, or a key that is not 32 bytes in base64.
    """

    protection: str
    text: Secret = attrs.field(validator=_validate_strength)

    @classmethod
    def given(cls, passphrase: Secret | None, key: Secret | None) -> FileKey:
        """Return the passphrase or the key that was given, or else that of the environment.

        Raises:
            ConfigurationError: when there is none, or both.
        """
        found = _one_of(passphrase, key) or cls.from_environment()
        if found is None:
            raise ConfigurationError(
                "expected a passphrase or a key for the key file, as an argument or in the environment as"
                " CREANCE_PAY_PASSPHRASE or CREANCE_PAY_KEY, got neither"
            )
        return found

    @classmethod
    def from_environment(cls) -> FileKey | None:
        """Return ``CREANCE_PAY_PASSPHRASE`` or ``CREANCE_PAY_KEY`` of the environment, or ``None``.

        Raises:
            ConfigurationError: when both are set.
        """
        return _one_of(_variable("CREANCE_PAY_PASSPHRASE"), _variable("CREANCE_PAY_KEY"))

    def cipher(self, salt: bytes) -> AESGCM:
        """Build the cipher.  The key is never a local variable, which a traceback may show."""
        if self.protection == KEY:
            return AESGCM(_decode(self.text.get_secret_value()))
        # Each guess of a passphrase costs 32 MiB.
        return AESGCM(
            hashlib.scrypt(
                self.text.get_secret_value().encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=_KEY_BYTES
            )
        )


def _one_of(passphrase: Secret | None, key: Secret | None) -> FileKey | None:
    if passphrase and key:
        raise ConfigurationError("expected a passphrase or a key for the key file, got both")
    if passphrase:
        return FileKey(PASSPHRASE, passphrase)
    return FileKey(KEY, key) if key else None


def _variable(name: str) -> Secret | None:
    return as_secret(os.environ[name]) if os.environ.get(name) else None


def read_secret(path: str | PathLike[str], file_key: FileKey) -> Secret:
    """Decrypt the text of a key file.

    Raises:
        ConfigurationError: when the file cannot be read, may be read by other users, is no key file, was changed, or
            has another passphrase or key.
    """
    fields = _parse(_read_private(Path(path)))
    salt, nonce, sealed = (_decode(fields[name]) for name in ("salt", "nonce", "sealed"))
    try:
        if len(nonce) == _NONCE_BYTES and fields["protection"] == file_key.protection:
            return Secret(file_key.cipher(salt).decrypt(nonce, sealed, _header(fields)).decode())
    except (InvalidTag, UnicodeDecodeError):
        pass  # raise below, outside this block: the error then has no context, whose traceback may show the text
    raise ConfigurationError(
        "the key file does not decrypt: expected its passphrase or key, and a file that was not changed"
    )


def write_secret(path: str | PathLike[str], text: Secret, file_key: FileKey, *, new: bool = False) -> None:
    """Encrypt a text into a key file that its owner alone can read.

    Args:
        path: The file.
        text: The text.
        file_key: The passphrase or key of the file.
        new: Whether the file must not exist; otherwise an existing one is replaced atomically.

    Raises:
        ConfigurationError: when the file cannot be written, or exists and must not; it is then unchanged.
    """
    _write(Path(path), encrypt(text, file_key), new=new)


@contextmanager
def locked(path: str | PathLike[str]) -> Iterator[None]:
    """Lock the key files of a folder while the block reads and changes one; another process waits.

    The lock is on the folder, since a change replaces the file.  Windows has no such lock.

    Args:
        path: The key file.

    Raises:
        ConfigurationError: when the folder cannot be opened.
    """
    if not _POSIX:
        yield
        return
    import fcntl  # noqa: PLC0415 - of POSIX alone

    try:
        folder = os.open(Path(path).parent, os.O_RDONLY)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {type(error).__name__}") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def encrypt(text: Secret, file_key: FileKey) -> str:
    """Return the content of a key file, with a new salt and a new nonce for each call."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    fields = {"format": _FORMAT, "protection": file_key.protection, "salt": _encode(salt), "nonce": _encode(nonce)}
    sealed = file_key.cipher(salt).encrypt(nonce, text.get_secret_value().encode(), _header(fields))
    return json.dumps(fields | {"sealed": _encode(sealed)}) + "\n"


def _header(fields: dict[str, str]) -> bytes:
    """Return the fields that the tag of the ciphertext covers as well."""
    return " ".join(fields[name] for name in ("format", "protection", "salt")).encode()


def _read_private(path: Path) -> bytes:
    """Read a regular file of at most 64 KiB that its owner alone can read (mode 600)."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_FILE_BYTES:
            raise ConfigurationError(f"expected {path} to be a key file: a regular file of at most 64 KiB")
        if _POSIX and stat.S_IMODE(found.st_mode) & 0o077:
            mode = stat.S_IMODE(found.st_mode)
            raise ConfigurationError(
                f"expected {path} to be accessible to its owner alone (mode 600), got mode {mode:o}"
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:  # a NUL in a path is a ValueError
        raise ConfigurationError(f"{path} cannot be read: {type(error).__name__}") from None


def _parse(content: bytes) -> dict[str, str]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    texts = (
        isinstance(found, dict) and found.keys() == _FIELDS and all(isinstance(each, str) for each in found.values())
    )
    if not texts or found["format"] != _FORMAT:
        raise ConfigurationError(f"expected a key file of the format {_FORMAT}, got another content")
    fields: dict[str, str] = found
    return fields


def _write(path: Path, text: str, *, new: bool) -> None:
    """Write a new file, or a temporary one that then replaces the old one: a reader finds the old file or the new one.

    The content and the folder are on the disk when it returns.
    """
    try:
        handle, name = _create(path) if new else mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 600
        try:
            with open(handle, "wb") as file:  # noqa: PTH123 - a handle is not a path
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            if not new:
                Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except FileExistsError:
        raise ConfigurationError(f"expected the path of a new file, got {path}, which exists") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {type(error).__name__}") from None


def _create(path: Path) -> tuple[int, str]:
    """Create a file of mode 600 that does not exist yet."""
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), str(path)


def _sync_folder(path: Path) -> None:
    """Write a folder to the disk, so that a file created or renamed in it survives a loss of power."""
    if _POSIX:
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
