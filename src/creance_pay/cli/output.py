"""How a command answers: lines for a person, or one JSON object for a program."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping


def answer(options: Namespace, values: Mapping[str, object]) -> None:
    """Print values by name, as JSON with ``--json``."""
    shown = {name: value if isinstance(value, int | None | bool) else str(value) for name, value in values.items()}
    if options.json:
        print(json.dumps(shown, ensure_ascii=False))
        return
    for name, value in shown.items():
        print(f"{name:16} {'' if value is None else value}")
