"""``creance-pay keys``: make and change the encrypted file of a shop's keys, without ever showing one.

Secrets are asked for at the terminal, or read from the standard input, one a line; never from an argument, which other
users of the machine can see.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from .._secret import Secret, as_secret
from ..errors import ConfigurationError
from ..gateways import KeyRing, SecretKey
from ..gateways.keyfile import KEY, PASSPHRASE, FileKey, read_secret, write_secret
from .output import answer

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and what it can do."""
    top = commands.add_parser("keys", help="keep a shop's secret keys in an encrypted file")
    acts = top.add_subparsers(required=True, metavar="ACT")
    _declare(acts, create, "make a file with one key")
    _declare(acts, add, "add the key that seals from now on; the others still prove answers")
    retire_command = _declare(acts, retire, "give a key a last moment")
    retire_command.add_argument(
        "--after", required=True, help="the last moment, with its zone: 2026-12-31T23:59:59+01:00"
    )
    list_command = _declare(acts, show, "list the keys, without showing them", name="list", version=False)
    list_command.add_argument("--json", action="store_true", help="answer in JSON")
    rekey_command = _declare(acts, rekey, "change what opens the file", version=False)
    rekey_command.add_argument("--key", action="store_true", help="open it with a key in future, not with a passphrase")


def _declare(
    acts: _SubParsersAction[argparse.ArgumentParser],
    run: Callable[[argparse.Namespace], int],
    text: str,
    *,
    name: str = "",
    version: bool = True,
) -> argparse.ArgumentParser:
    command = acts.add_parser(name or run.__name__, help=text)
    command.add_argument("file", type=Path, help="the key file")
    if version:
        command.add_argument("version", help="the number that the bank gave to the key")
    command.set_defaults(run=run)
    return command


def create(options: argparse.Namespace) -> int:
    """Make a file with one key; an older file stays."""
    if options.file.exists():
        raise ConfigurationError(f"{options.file} exists")
    file_key = _opening(_ask_twice)
    KeyRing([_asked_key(options)], current=options.version).to_file(options.file, file_key)
    return 0


def add(options: argparse.Namespace) -> int:
    """Add a key and make it the current one."""
    file_key = _opening()
    ring = KeyRing.opened(options.file, file_key)
    KeyRing([*ring, _asked_key(options)], current=options.version).to_file(options.file, file_key)
    return 0


def retire(options: argparse.Namespace) -> int:
    """Give a key a last moment; the current one has to be replaced first."""
    last, file_key = _moment(options.after), _opening()
    ring = KeyRing.opened(options.file, file_key)
    if options.version not in ring.versions:
        raise ConfigurationError("no key of this version in the file")
    if options.version == ring.current.version:
        raise ConfigurationError("the current key cannot retire: add the one that follows it first")
    keys = [attrs.evolve(key, not_after=last) if key.version == options.version else key for key in ring]
    KeyRing(keys, current=ring.current.version).to_file(options.file, file_key)
    return 0


def show(options: argparse.Namespace) -> int:
    """Print a line for each key: its version, whether it is current, its last moment, its weakness."""
    ring = KeyRing.opened(options.file, _opening())
    for key in ring:
        answer(
            options,
            {
                "version": key.version,
                "current": key is ring.current,
                "not_after": key.not_after and key.not_after.isoformat(),
                "weakness": key.weakness,
            },
        )
    return 0


def rekey(options: argparse.Namespace) -> int:
    """Encrypt the file anew, for another passphrase or key."""
    text = read_secret(options.file, _opening())
    kind, what = (KEY, "new key of the file") if options.key else (PASSPHRASE, "new passphrase of the file")
    write_secret(options.file, text, FileKey(kind, _ask_twice(what)))
    return 0


def _opening(ask: Callable[[str], Secret] | None = None) -> FileKey:
    """Take what opens the file from the environment, or ask for a passphrase."""
    return FileKey.from_environment() or FileKey(PASSPHRASE, (ask or _ask)("passphrase of the file"))


def _asked_key(options: argparse.Namespace) -> SecretKey:
    return SecretKey(version=options.version, secret=_ask(f"secret of key {options.version}"))


def _ask(what: str) -> Secret:
    """Ask for a secret; hidden at once, since a traceback may show what is in a variable."""
    if sys.stdin.isatty():
        return as_secret(getpass(f"{what}: "))
    return as_secret(sys.stdin.readline().rstrip("\r\n"))


def _ask_twice(what: str) -> Secret:
    """Ask a person twice for what nothing could bring back if it were mistyped."""
    asked = _ask(what)
    if sys.stdin.isatty() and _ask(f"{what}, again").get_secret_value() != asked.get_secret_value():
        raise ConfigurationError("the two are not the same")
    return asked


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError("expected a moment such as 2026-12-31T23:59:59+01:00") from None
