"""Secret keys, by version: what seals our requests and proves the bank's answers.

A shop has one current key, and during a rotation an older one that answers in flight still bear.  The vendor numbers
them; so do we, and never by position.

The secret itself appears in no ``repr``, text, log, pickle or copy:

>>> key = SecretKey(version="2", secret="a-secret-of-the-shop")
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

_VERSION = re.compile(r"[0-9]{1,10}")
_PLACEHOLDER = re.compile(
    r"(?:(?:[x*]|none|null|todo|test|secret|password|placeholder|your|key|change[-_ ]?me)[-_ ]*)+"
)
_SHORTEST = 16
_PUBLIC = re.compile(r"[0-9]{15}_KEY[0-9]+")  # the keys that the vendor prints for its simulator


def _something(_: SecretKey, __: attrs.Attribute[Secret], secret: Secret) -> None:
    if not secret.get_secret_value():
        raise ConfigurationError("expected a secret as text, not empty, without blank at either end")


def _digits(_: SecretKey, __: attrs.Attribute[str], version: object) -> None:
    if not isinstance(version, str) or _VERSION.fullmatch(version) is None:
        raise ConfigurationError("expected a key version of one to ten digits, as text")


def _aware(_: SecretKey, __: attrs.Attribute[datetime | None], moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise ConfigurationError("expected not_after to have a time zone")


@attrs.frozen(kw_only=True, init=False)
class SecretKey:
    """One version of a shop's secret.

    Args:
        version: The number that the bank gave to this key, as text; ``1`` and ``01`` differ.
        secret: The key as the bank gave it; it looks like base64 and must not be decoded.
        not_after: The moment, with its time zone, after which answers sealed by this key are refused; or ``None``.

    Raises:
        ConfigurationError: for an empty or padded secret, or a version that is not a number.
    """

    version: str = attrs.field(validator=_digits)
    secret: Secret = attrs.field(validator=_something)
    not_after: datetime | None = attrs.field(
        default=None, validator=[of_type(datetime, type(None), error=ConfigurationError), _aware]
    )

    def __init__(self, *, version: str, secret: str | Secret, not_after: datetime | None = None) -> None:
        """Hide the secret before anything can fail: tracebacks may show the arguments of every call."""
        hidden, secret = as_secret(secret), ""
        self.__attrs_init__(version=version, secret=hidden, not_after=not_after)

    def get_secret_value(self) -> str:
        """Give the secret's text: for seals alone."""
        return self.secret.get_secret_value()

    @property
    def weakness(self) -> str | None:
        """Why the key cannot protect real money, or ``None``: too short, public, or a placeholder."""
        secret = self.get_secret_value()
        if len(secret) < _SHORTEST:
            return f"shorter than {_SHORTEST} characters"
        if _PUBLIC.fullmatch(secret):
            return "the public key of a simulator"
        return "a placeholder" if _PLACEHOLDER.fullmatch(secret.lower()) else None

    def retired(self, now: datetime) -> bool:
        """Tell whether the key is past its last moment."""
        return self.not_after is not None and now > self.not_after


class KeyRing:
    """The keys of one shop, chosen by version.

    Args:
        keys: The keys; no two of one version.
        current: The version that seals our requests.

    Raises:
        ConfigurationError: for anything but keys, for two keys of one version, or a ring without the current one.
    """

    def __init__(self, keys: Iterable[SecretKey], current: str) -> None:
        """Keep the keys by version."""
        listed = list(keys)
        if not all(isinstance(key, SecretKey) for key in listed):
            raise ConfigurationError("expected a ring of SecretKey")
        self._keys = {key.version: key for key in listed}
        if len(self._keys) < len(listed):
            raise ConfigurationError("two keys of the ring have the same version")
        if current not in self._keys:
            raise ConfigurationError("the current key is not in the ring")
        self._current = current

    @classmethod
    def from_file(cls, path: str | PathLike[str], *, passphrase: str | None = None, key: str | None = None) -> KeyRing:
        """Read the ring that a key file holds.

        Args:
            path: The file, readable by its owner alone.
            passphrase: What opens it; by default the environment's ``CREANCE_PAY_PASSPHRASE``.
            key: What opens a file that has a key instead, 32 bytes in base64; by default ``CREANCE_PAY_KEY``.

        Raises:
            ConfigurationError: when there is nothing to open it with, when others may read it, when it was changed or
                has another passphrase or key, or when what it holds is no ring.
        """
        # A traceback may show the arguments of every call: nothing may fail before they are hidden.
        given = [None if text is None else as_secret(text) for text in (passphrase, key)]
        passphrase = key = None
        return cls.opened(path, FileKey.given(*given))

    @classmethod
    def opened(cls, path: str | PathLike[str], file_key: FileKey) -> KeyRing:
        """Read the ring that a key file holds, with what opens it; :meth:`from_file` finds that out by itself."""
        ring = _ring(read_secret(path, file_key))
        if ring is None:
            raise ConfigurationError("the key file holds no key ring")
        return ring

    def to_file(self, path: str | PathLike[str], file_key: FileKey) -> None:
        """Write the ring into a key file, in the place of an older one if there is one."""
        write_secret(path, Secret(json.dumps(self._content())), file_key)

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
        """The versions in the ring."""
        return tuple(self._keys)

    def __iter__(self) -> Iterator[SecretKey]:
        """Go through the keys."""
        return iter(self._keys.values())

    def find(self, version: str, *, now: datetime) -> SecretKey:
        """Choose a key by the version that a message names.

        Raises:
            UnknownKeyError: when the ring has no such version, or the key is past its last moment.
        """
        key = self._keys.get(version)
        if key is None:
            raise UnknownKeyError("no key of this version in the ring")
        if key.retired(now):
            raise UnknownKeyError(f"key {key.version} is retired")
        return key

    def __repr__(self) -> str:
        """Name the versions."""
        return f"KeyRing(versions={self.versions}, current={self._current!r})"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _ring(text: Secret) -> KeyRing | None:
    """Read the text of a key file; an error from in here would show it among its locals, so that there is none."""
    try:
        content = json.loads(text.get_secret_value())
        return KeyRing(map(_key, content["keys"]), current=content["current"])
    except (ConfigurationError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None


def _key(entry: dict[str, str | None]) -> SecretKey:
    """Read one key; whatever is missing, surplus or of another type is refused by :class:`SecretKey`, or by Python."""
    last = entry.pop("not_after")
    return SecretKey(**entry, not_after=last and datetime.fromisoformat(last))  # type: ignore[arg-type]
