"""``creance-pay messages``: list the messages, render one with sample values, check a caisse's own sentences."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

import attrs

from ..errors import MessageError
from ..messages import MESSAGES, Medium, Message, Overrides, Wording, read_overrides, render, sample
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
            "check": (check, "check the sentences by which a caisse replaces the shipped ones"),
        },
    )
    rendering = acts["render"]
    rendering.add_argument("key", help="the key of the message, such as payment_pending")
    rendering.add_argument("--lang", choices=LANGUAGES, default="fr", help="default: %(default)s")
    rendering.add_argument("--medium", choices=values(Medium), default="text", help="default: %(default)s")
    rendering.add_argument("--wording", choices=values(Wording), default="guide", help="default: %(default)s")
    rendering.add_argument("--overrides", type=Path, metavar="DIR", help="the folder of a caisse's own sentences")
    add_json(rendering)
    acts["check"].add_argument("directory", type=Path, help="the folder of fr.toml and en.toml")


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
    overrides = read_overrides(options.overrides) if options.overrides else Overrides()
    rendered = render(
        sample(_find_message(options.key)),
        medium=Medium(options.medium),
        lang=options.lang,
        wording=Wording(options.wording),
        overrides=overrides,
    )
    print_values(options, {name: value for name, value in attrs.asdict(rendered).items() if value is not None})
    return 0


def check(options: Namespace) -> int:
    """Check a folder of sentences; an error names the file and the key."""
    found = read_overrides(options.directory)
    print(f"{len(found.layers)} file(s) checked, nothing to correct")
    return 0
