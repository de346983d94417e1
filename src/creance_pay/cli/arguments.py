"""Arguments that several commands share: acts, ``--json``, ``--policy``, times and numbers.

A converter raises :class:`argparse.ArgumentTypeError` with the expected form and the text that was received; argparse
prints it as a usage error.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

Run = Callable[[Namespace], int]

DEFAULT_POLICY = "ameli-2019-11"
_OPERANDS = ("reference", "kind", "remaining", "open_online")
_PARIS = ZoneInfo("Europe/Paris")
_YEARS = range(1900, 3000)  # hours can be added to any of their days


def add_acts(
    command: ArgumentParser, acts: Mapping[str, tuple[Run, str]], *, required: bool = True
) -> dict[str, ArgumentParser]:
    """Declare the acts of a command.

    Args:
        command: The parser of the command.
        acts: The function and the help text of each act by its name.
        required: Whether one of them has to be given.

    Returns:
        The parser of each act.
    """
    group = command.add_subparsers(required=required, metavar="ACT")
    parsers = {name: group.add_parser(name, help=text, description=text) for name, (_, text) in acts.items()}
    for name, (run, _) in acts.items():
        parsers[name].set_defaults(run=run, parser=parsers[name])
    return parsers


def add_json(command: ArgumentParser) -> None:
    """Declare the option ``--json``."""
    command.add_argument("--json", action="store_true", help="print JSON, one object a line")


def add_policy(command: ArgumentParser) -> None:
    """Declare the option ``--policy``, for a command that decides by one policy."""
    command.add_argument(
        "--policy", default=DEFAULT_POLICY, help="the name of a policy, or a caisse's file .toml (default: %(default)s)"
    )


def add_policies(command: ArgumentParser) -> None:
    """Declare the option ``--policy``, for a command that watches the values of several policies."""
    command.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="NAME",
        help="a policy in use, or a caisse's file .toml; repeatable",
    )


def add_operands(command: ArgumentParser) -> None:
    """Declare the options that name the columns of a file of debts."""
    for name in _OPERANDS:
        option = f"--{name.replace('_', '-')}"
        command.add_argument(
            option, default=name, metavar="COLUMN", help="the name of this column (default: %(default)s)"
        )


def operands(options: Namespace) -> dict[str, str]:
    """Return the names of the columns, by the operand of the rules."""
    return {name: getattr(options, name) for name in _OPERANDS}


def values(words: type[StrEnum]) -> list[str]:
    """List the values of an enumeration as ``choices``; argparse shows its members by ``repr`` in an error."""
    return [word.value for word in words]


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return a converter of whole numbers between two bounds, both included."""

    def convert(text: str) -> int:
        """Convert a text, or raise ``ArgumentTypeError``."""
        if re.fullmatch("[0-9]{1,18}", text) is None or not least <= int(text) <= most:
            raise ArgumentTypeError(f"expected a whole number from {least} to {most}, got {text!r}")
        return int(text)

    return convert


def seconds(text: str) -> timedelta:
    """Convert a number of seconds, up to a day."""
    if re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,6})?", text) is None or float(text) > timedelta(days=1).total_seconds():
        raise ArgumentTypeError(f"expected a number of seconds from 0 to 86400, got {text!r}")
    return timedelta(seconds=float(text))


def day(text: str) -> date:
    """Convert a day, in ISO 8601."""
    found = _parse_day(text)
    if found is None:
        raise ArgumentTypeError(f"expected a day such as 2026-12-31, got {text!r}")
    return found


def aware_time(text: str) -> datetime:
    """Convert a time with its zone, in ISO 8601."""
    found = _parse_time(text)
    if found is None:
        raise ArgumentTypeError(f"expected a time with its zone, such as 2026-12-31T23:59:59+01:00, got {text!r}")
    return found


def day_or_time(text: str) -> datetime:
    """Convert a day or a time with its zone, in ISO 8601; a day alone means its first moment in Paris."""
    midnight = _parse_day(text)
    found = datetime.combine(midnight, time(), _PARIS) if midnight else _parse_time(text)
    if found is None:
        raise ArgumentTypeError(
            f"expected a day or a time with its zone, such as 2026-12-31 or 2026-12-31T00:00+01:00, got {text!r}"
        )
    return found


def _parse_time(text: str) -> datetime | None:
    """Parse a time; return ``None`` for another text, and for a time without zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo and found.year in _YEARS else None


def _parse_day(text: str) -> date | None:
    """Parse a day; return ``None`` for another text."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in _YEARS else None
