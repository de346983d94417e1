"""``creance-pay messages``: list, render and measure the messages, check a caisse's own sentences."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import attrs

from ..errors import MessageError
from ..messages import MESSAGES, Medium, Message, Overrides, Wording, read_overrides, render, sample
from ..messages.readability import measure_message
from .arguments import add_acts, add_json, values
from .output import print_values

LANGUAGES = ("fr", "en")


def declare(command: ArgumentParser) -> None:
    """Declare the acts and their arguments."""
    acts = add_acts(
        command,
        {
            "list": (list_messages, "list every message"),
            "render": (render_sample, "render a message with sample values"),
            "measure": (measure_all, "measure the length of sentences and words of every message"),
            "check": (check, "check the sentences by which a caisse replaces the shipped ones"),
        },
    )
    rendering = acts["render"]
    rendering.add_argument("key", help="the key of the message, such as payment_pending")
    rendering.add_argument("--medium", choices=values(Medium), default="text", help="default: %(default)s")
    rendering.add_argument(
        "--details", action="store_true", help="show amounts of the person and references in an SMS or an e-mail"
    )
    for command_ in (rendering, acts["measure"]):
        add_sentences(command_)
        add_json(command_)
    acts["check"].add_argument("directory", type=Path, help="the folder of fr.toml and en.toml")


def add_sentences(command: ArgumentParser) -> None:
    """Declare the options that choose the sentences."""
    command.add_argument("--lang", choices=LANGUAGES, default="fr", help="default: %(default)s")
    command.add_argument("--wording", choices=values(Wording), default="guide", help="default: %(default)s")
    command.add_argument("--overrides", type=Path, metavar="DIR", help="the folder of a caisse's own sentences")


def chosen_sentences(options: Namespace) -> dict[str, Any]:
    """Return the arguments of the functions of messages that choose the sentences."""
    overrides = read_overrides(options.overrides) if options.overrides else Overrides()
    return {"lang": options.lang, "wording": Wording(options.wording), "overrides": overrides}


def measure_all(options: Namespace) -> int:
    """Print the measure of each message: words, words of the longest sentence, long words, LIX."""
    for kind in MESSAGES:
        found = measure_message(sample(kind), **chosen_sentences(options))
        if options.json:
            print_values(options, {"message": kind.key, **attrs.asdict(found), "lix": found.lix})
        else:
            counts = f"{found.words:4} words, longest sentence {found.longest_sentence:2}"
            print(f"{kind.key:24} {counts}, long words {found.long_words / found.words:4.0%}, LIX {found.lix}")
    return 0


def list_messages(_: Namespace) -> int:
    """Print one line a message: key, severity, whether money was debited, fields."""
    for kind in MESSAGES:
        fields = ", ".join(field.name for field in attrs.fields(kind))
        print(f"{kind.key:24} {kind.severity:8} money {kind.money:8} {fields}".rstrip())
    return 0


def _find_message(key: str) -> type[Message]:
    """Return the message of a key.

    Raises:
        MessageError: when no message has this key.
    """
    found = [kind for kind in MESSAGES if kind.key == key]
    if not found:
        raise MessageError(f"expected the key of a message (see creance-pay messages list), got {key!r}")
    return found[0]


def render_sample(options: Namespace) -> int:
    """Print the slots of a message, rendered with the values of the guide's screens."""
    rendered = render(
        sample(_find_message(options.key)),
        medium=Medium(options.medium),
        details=options.details,
        **chosen_sentences(options),
    )
    print_values(options, {name: value for name, value in attrs.asdict(rendered).items() if value is not None})
    return 0


def check(options: Namespace) -> int:
    """Check a folder of sentences; an error names the file and the key."""
    found = read_overrides(options.directory)
    print(f"{len(found.layers)} file(s) checked, nothing to correct")
    return 0
