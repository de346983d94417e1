"""Secret keys by version: they seal our requests and authenticate the bank's answers.

A merchant has one current key.  During a rotation it also has an older key, which seals the answers to earlier
requests.  The bank names or numbers its keys; a key is chosen by that name.

Every ``repr``, text and log hides the secret; to pickle a key raises an error:

>>> key = SecretKey(version="2", secret="a-key-made-up-for-this-page")
>>> key
SecretKey(version='2', secret=<hidden>, not_after=None)
>>> KeyRing([key], current="2").current.version
'2'
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from os import PathLike

import attrs

from .._secret import Secret, as_secret
from .._validators import of_type
from ..errors import ConfigurationError, UnknownKeyError
from .keyfile import FileKey, read_secret, write_secret

_VERSION = re.compile(r"[\x21-\x7e]{1,64}")
_PLACEHOLDER = re.compile(
    r"(?:(?:[x*]|none|null|todo|test|secret|password|placeholder|your|key|change[-_ ]?me)[-_ ]*)+"
)
_MIN_SECRET_CHARACTERS = 16
# Each key that this package prints, in code or documentation, has these words.
_MADE_UP = re.compile(r"made[-_ ]?up")
_SIMULATOR = re.compile(r"[0-9]{15}_KEY[0-9]+")  # the keys that the vendor prints for its simulators
# The key of the vendor's test of seals, and those of the public test merchants of Mercanet and Sherlock's.
_PUBLISHED = {
    "superSafeSecretKey",
    "S9i8qClCnb2CZU3y3Vn0toIOgz3z_aBi79akR30vM9o",
    "mA1c6hfBFX-tk9Pi1KQzQwnq9daF8rfOtclnRaIRc20",
}


def _validate_secret(key: SecretKey, _: attrs.Attribute[Secret], secret: Secret) -> None:
    if secret.get_secret_value() == key.version:  # a version is printed: a secret in its place would be too
        raise ConfigurationError("expected a key version that is not the secret, got the secret")
    if not secret.get_secret_value():  # as_secret has made an empty text of anything else
        raise ConfigurationError("expected a secret as text, printable, not empty, without blank at either end")


def _validate_version(_: SecretKey, __: attrs.Attribute[str], version: object) -> None:
    if not isinstance(version, str) or _VERSION.fullmatch(version) is None:
        found = f"{len(version)} characters" if isinstance(version, str) else type(version).__name__
        raise ConfigurationError(f"expected a key version of 1 to 64 printable ASCII characters, got {found}")


def _validate_not_after(_: SecretKey, __: attrs.Attribute[datetime | None], moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise ConfigurationError("expected not_after to have a time zone, got a datetime without one")


@attrs.frozen(kw_only=True, init=False)
class SecretKey:
    """One version of a merchant's secret.

    Args:
        version: The bank's name or number of this key, 1 to 64 printable ASCII characters; ``1`` and ``01`` differ.  A
            gateway accepts the versions that its bank issues: Sips, digits alone.
        secret: The key as the bank gave it; it looks like base64 and must not be decoded.
        not_after: The last moment, with its time zone, at which this key authenticates answers; ``None`` for no end.

    Raises:
        ConfigurationError: for a secret that is empty or has blanks at an end, a version that is ill-formed or the
            secret, or a
            last moment without time zone.
    """

    version: str = attrs.field(validator=_validate_version)
    secret: Secret = attrs.field(validator=_validate_secret)
    not_after: datetime | None = attrs.field(
        default=None, validator=[of_type(datetime, type(None), error=ConfigurationError), _validate_not_after]
    )

    def __init__(self, *, version: str, secret: str | Secret, not_after: datetime | None = None) -> None:
        """Wrap the secret before any check can fail: a traceback may show the arguments of each call."""
        hidden, secret = as_secret(secret), ""
        self.__attrs_init__(version=version, secret=hidden, not_after=not_after)

    def get_secret_value(self) -> str:
        """Return the secret's text, for seals and the key file."""
        return self.secret.get_secret_value()

    @property
    def weakness(self) -> str | None:
        """The reason why the key cannot protect real payments, or ``None``: too short, published, or a placeholder."""
        secret = self.get_secret_value()
        if len(secret) < _MIN_SECRET_CHARACTERS:
            return f"shorter than {_MIN_SECRET_CHARACTERS} characters"
        if _SIMULATOR.fullmatch(secret):
            return "the public key of a simulator"
        if secret in _PUBLISHED:
            return "a published key of a test merchant"
        if _MADE_UP.search(secret.lower()):
            return "a key made up for an example"
        return "a placeholder" if _PLACEHOLDER.fullmatch(secret.lower()) else None

    def retired(self, now: datetime) -> bool:
        """Return whether the key is past its last moment.

        >>> from datetime import UTC
        >>> last = datetime(2026, 11, 23, 12, tzinfo=UTC)
        >>> key = SecretKey(version="1", secret="a-key-made-up-for-this-page", not_after=last)
        >>> key.retired(last), key.retired(datetime(2026, 11, 24, tzinfo=UTC))
        (False, True)
        """
        return self.not_after is not None and now > self.not_after


class KeyRing:
    """The keys of one merchant, by version.

    Args:
        keys: The keys; no two of one version.
        current: The version of the key that seals our requests.

    Raises:
        ConfigurationError: for an item that is not a :class:`SecretKey`, for two keys of one version, or when no key
            has the current version.
    """

    def __init__(self, keys: Iterable[SecretKey], current: str) -> None:
        """Index the keys by version."""
        listed = list(keys)
        others = [type(key).__name__ for key in listed if not isinstance(key, SecretKey)]
        if others:
            raise ConfigurationError(f"expected a key ring of SecretKey, got {others[0]}")
        self._keys = {key.version: key for key in listed}
        if len(self._keys) < len(listed):
            raise ConfigurationError("expected one key for each version, got two keys of the same version")
        if current not in self._keys:
            raise ConfigurationError(f"expected the current version among {', '.join(self._keys)}, got another")
        self._current = current

    @classmethod
    def from_file(cls, path: str | PathLike[str], *, passphrase: str | None = None, key: str | None = None) -> KeyRing:
        """Decrypt a key file and return its key ring.

        Args:
            path: The file, readable by its owner alone.
            passphrase: The passphrase of the file; by default the environment variable ``CREANCE_PAY_PASSPHRASE``.
            key: The key of a file that was encrypted by a key, 32 bytes in base64; by default the environment variable
                ``CREANCE_PAY_KEY``.

        Raises:
            ConfigurationError: when neither or both of passphrase and key are given; when other users may read the
                file; when the passphrase or the key is wrong, or the file was changed; when it contains no key ring.

        The command ``creance-pay keys create`` writes the file::

            keys = KeyRing.from_file("/etc/portal/keys.json")
        """
        # A traceback may show the arguments of each call: wrap them before anything can fail.
        given = [None if text is None else as_secret(text) for text in (passphrase, key)]
        passphrase = key = None
        return cls.opened(path, FileKey.given(*given))

    @classmethod
    def opened(cls, path: str | PathLike[str], file_key: FileKey) -> KeyRing:
        """Decrypt a key file by a passphrase or key that was chosen before; errors as :meth:`from_file`."""
        ring = _parse_ring(read_secret(path, file_key))
        if ring is None:
            raise ConfigurationError("expected a key ring in the key file, got another content")
        return ring

    def to_file(self, path: str | PathLike[str], file_key: FileKey, *, new: bool = False) -> None:
        """Encrypt the ring into a key file, which replaces an existing one unless it must be ``new``.

        Raises:
            ConfigurationError: when the file cannot be written, or exists and must not; it is then unchanged.
        """
        write_secret(path, Secret(json.dumps(self._content())), file_key, new=new)

    def _content(self) -> dict[str, object]:
        keys = [
            {"version": key.version, "secret": key.get_secret_value(), "not_after": _iso(key.not_after)} for key in self
        ]
        return {"current": self._current, "keys": keys}

    @property
    def current(self) -> SecretKey:
        """The key that seals our requests."""
        return self._keys[self._current]

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of the keys, in the order given."""
        return tuple(self._keys)

    def __iter__(self) -> Iterator[SecretKey]:
        """Iterate over the keys."""
        return iter(self._keys.values())

    def find(self, version: str, *, now: datetime) -> SecretKey:
        """Return the key of a version.

        Args:
            version: The version that a message names.
            now: The current time, with its time zone.

        Raises:
            UnknownKeyError: when the ring has no key of this version, or the key is past its last moment.

        >>> from datetime import UTC
        >>> old, new = (SecretKey(version=each, secret=f"key-{each}-made-up-for-this-page") for each in "12")
        >>> KeyRing([old, new], current="2").find("1", now=datetime(2026, 11, 23, tzinfo=UTC)).version
        '1'
        """
        key = self._keys.get(version)
        if key is None:
            raise UnknownKeyError(f"expected a key version among {', '.join(self._keys)}, got another")
        if key.retired(now):
            raise UnknownKeyError(f"key {key.version} is retired")
        return key

    def __repr__(self) -> str:
        """Show the versions."""
        return f"KeyRing(versions={self.versions}, current={self._current!r})"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _parse_ring(text: Secret) -> KeyRing | None:
    """Parse the text of a key file; ``None`` for no ring, since the traceback of an error would show the secrets."""
    try:
        content = json.loads(text.get_secret_value())
        return KeyRing(map(_parse_key, content["keys"]), current=content["current"])
    except (ConfigurationError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None


def _parse_key(entry: dict[str, str | None]) -> SecretKey:
    """Parse one key; :class:`SecretKey` or Python refuses a value that is missing, surplus or of another type."""
    last = entry.pop("not_after")
    return SecretKey(**entry, not_after=last and datetime.fromisoformat(last))  # type: ignore[arg-type]
