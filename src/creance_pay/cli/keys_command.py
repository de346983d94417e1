"""``creance-pay keys``: create and change the encrypted file of a merchant's keys, without showing a secret.

Secrets are read from the terminal, or from the standard input, one a line.  They are never arguments, which other users
of the machine can read.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from getpass import getpass
from pathlib import Path

import attrs

from .._secret import Secret, as_secret
from ..errors import ConfigurationError
from ..gateways import KeyRing, SecretKey
from ..gateways.keyfile import KEY, PASSPHRASE, FileKey, locked, read_secret, write_secret
from .arguments import add_acts, add_json, aware_time
from .output import print_values


def declare(command: ArgumentParser) -> None:
    """Declare the acts and their arguments."""
    acts = add_acts(
        command,
        {
            "create": (create, "create a key file with one key"),
            "add": (add, "add the key that seals from now on; older keys still authenticate answers"),
            "retire": (retire, "set the last moment of an older key"),
            "list": (list_keys, "list the keys without their secrets"),
            "rekey": (rekey, "change the passphrase or the key that decrypts the file"),
        },
    )
    for act in acts.values():
        act.add_argument("file", type=Path, help="the key file")
    for name in ("create", "add", "retire"):
        acts[name].add_argument("version", help="the version number that the bank gave to the key")
    acts["retire"].add_argument(
        "--after", type=aware_time, required=True, metavar="TIME", help="the last moment: 2026-12-31T23:59:59+01:00"
    )
    add_json(acts["list"])
    acts["rekey"].add_argument("--key", action="store_true", help="encrypt with a key instead of a passphrase")


def create(options: Namespace) -> int:
    """Create a file with one key; never replace a file."""
    if options.file.exists():
        raise ConfigurationError(f"expected the path of a new file, got {options.file}, which exists")
    file_key = _read_file_key(_ask_twice)
    KeyRing([_ask_key(options)], current=options.version).to_file(options.file, file_key, new=True)
    return 0


def add(options: Namespace) -> int:
    """Add a key and make it the current one."""
    file_key = _read_file_key()
    KeyRing.opened(options.file, file_key)  # a wrong passphrase is refused before the secret is asked
    key = _ask_key(options)
    with locked(options.file):
        ring = KeyRing.opened(options.file, file_key)
        KeyRing([*ring, key], current=options.version).to_file(options.file, file_key)
    return 0


def retire(options: Namespace) -> int:
    """Set the last moment of a key that is not the current one."""
    file_key = _read_file_key()
    with locked(options.file):
        _retire(options, file_key)
    return 0


def _retire(options: Namespace, file_key: FileKey) -> None:
    ring = KeyRing.opened(options.file, file_key)
    if options.version not in ring.versions:  # the received text may be a secret typed in the wrong place
        raise ConfigurationError(f"expected the version of a key of the file: {', '.join(ring.versions)}")
    if options.version == ring.current.version:
        raise ConfigurationError("the current key cannot retire: add its successor first")
    keys = [attrs.evolve(key, not_after=options.after) if key.version == options.version else key for key in ring]
    KeyRing(keys, current=ring.current.version).to_file(options.file, file_key)


def list_keys(options: Namespace) -> int:
    """Print the version of each key, whether it is current, its last moment, its weakness."""
    ring = KeyRing.opened(options.file, _read_file_key())
    for key in ring:
        print_values(
            options,
            {
                "version": key.version,
                "current": key is ring.current,
                "not_after": key.not_after and key.not_after.isoformat(),
                "weakness": key.weakness,
            },
        )
    return 0


def rekey(options: Namespace) -> int:
    """Encrypt the file again, with another passphrase or key."""
    file_key = _read_file_key()
    read_secret(options.file, file_key)  # a wrong passphrase is refused before the new one is asked
    kind, label = (KEY, "new key of the file") if options.key else (PASSPHRASE, "new passphrase of the file")
    new_key = FileKey(kind, _ask_twice(label))
    with locked(options.file):
        write_secret(options.file, read_secret(options.file, file_key), new_key)
    return 0


def _read_file_key(ask: Callable[[str], Secret] | None = None) -> FileKey:
    """Read the passphrase or key of the file from the environment; otherwise ask for a passphrase."""
    return FileKey.from_environment() or FileKey(PASSPHRASE, (ask or _ask)("passphrase of the file"))


def _ask_key(options: Namespace) -> SecretKey:
    return SecretKey(version=options.version, secret=_ask(f"secret of key {options.version}"))


def _ask(label: str) -> Secret:
    """Ask for a secret, and wrap it at once: a traceback may show the value of a variable."""
    if sys.stdin.isatty():
        return as_secret(getpass(f"{label}: "))
    return as_secret(sys.stdin.readline().rstrip("\r\n"))


def _ask_twice(label: str) -> Secret:
    """Ask for a new secret, at a terminal twice: a file encrypted with a mistyped one is lost."""
    first = _ask(label)
    if sys.stdin.isatty() and _ask(f"{label}, again").get_secret_value() != first.get_secret_value():
        raise ConfigurationError(f"expected the {label} twice, got two different answers")
    return first
