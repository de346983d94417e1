"""The output of a command: lines for a person, or one JSON object a line for a program."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from typing import TextIO

from .._text import printable


def print_values(options: Namespace, values: Mapping[str, object], file: TextIO | None = None) -> None:
    """Print values by name, one a line, or as one JSON object with ``--json``.  A list has texts.

    ``file`` is the standard output by default.
    """
    plain = (int, float, list, dict, type(None))
    shown = {name: value if isinstance(value, plain) else str(value) for name, value in values.items()}
    if options.json:
        print(printable(json.dumps(shown, ensure_ascii=False)), file=file)
        return
    for name, value in shown.items():
        text = " ".join(value) if isinstance(value, list) else "" if value is None else value
        print(f"{name:16} {printable(str(text))}", file=file)


def print_row(options: Namespace, values: Mapping[str, object]) -> None:
    """Print values on one line, ``-`` for an absent one, or as one JSON object with ``--json``."""
    if options.json:
        print_values(options, values)
    else:
        print("  ".join("-" if value in {None, ""} else printable(str(value)) for value in values.values()))
