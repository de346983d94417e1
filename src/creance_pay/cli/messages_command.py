"""``creance-pay messages``: list what can be said, say it with sample values, check what a caisse has written."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from ..errors import MessageError
from ..messages import MESSAGES, Medium, Message, Overrides, Wording, read_overrides, render, sample
from .output import answer

if TYPE_CHECKING:
    from argparse import _SubParsersAction

LANGUAGES = ("fr", "en")


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and its three verbs."""
    command = commands.add_parser("messages", help="list, show and check what the insured person reads")
    verbs = command.add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="list every message")
    listing.set_defaults(run=run_list)
    showing = verbs.add_parser("render", help="write a message with sample values")
    showing.add_argument("key", help="its key, such as payment_pending")
    showing.add_argument("--lang", choices=LANGUAGES, default="fr", help="default: %(default)s")
    showing.add_argument("--medium", choices=[*Medium], default=Medium.TEXT, help="default: %(default)s")
    showing.add_argument("--wording", choices=[*Wording], default=Wording.GUIDE, help="default: %(default)s")
    showing.add_argument("--overrides", type=Path, metavar="DIR", help="a caisse's own sentences")
    showing.add_argument("--json", action="store_true", help="answer in JSON")
    showing.set_defaults(run=run_render)
    checking = verbs.add_parser("check", help="check the sentences that a caisse lays over the shipped ones")
    checking.add_argument("directory", type=Path, help="where its fr.toml and en.toml are")
    checking.set_defaults(run=run_check)


def run_list(_: argparse.Namespace) -> int:
    """Print one line a message: key, severity, what is known about the money, fields."""
    for kind in MESSAGES:
        fields = ", ".join(field.name for field in attrs.fields(kind))
        print(f"{kind.key:24} {kind.severity:8} money {kind.money:8} {fields}".rstrip())
    return 0


def _kind(key: str) -> type[Message]:
    """Find a message by its key.

    Raises:
        MessageError: when there is none.
    """
    found = [kind for kind in MESSAGES if kind.key == key]
    if not found:
        raise MessageError("no message has this key: see creance-pay messages list")
    return found[0]


def run_render(options: argparse.Namespace) -> int:
    """Print a message with the values of the guide's screens."""
    overrides = read_overrides(options.overrides) if options.overrides else Overrides()
    message = sample(_kind(options.key))
    made = render(
        message,
        medium=Medium(options.medium),
        lang=options.lang,
        wording=Wording(options.wording),
        overrides=overrides,
    )
    shown = {name: value for name, value in attrs.asdict(made).items() if value is not None}
    answer(options, shown)
    return 0


def run_check(options: argparse.Namespace) -> int:
    """Check a directory; what is wrong is one line on the standard error, with the file and the key."""
    found = read_overrides(options.directory)
    print(f"{len(found.layers)} file(s) checked, nothing to correct")
    return 0
