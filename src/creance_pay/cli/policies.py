"""The policies that a person names on the command line: one of this package, or those of a caisse's file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from .._clock import utc_now
from ..debts import DebtKind
from ..errors import ConfigurationError
from ..rules import Policy, load_policies, policy_named, policy_on


def policies_of(name: str) -> Sequence[Policy]:
    """Return the policies of a file that ends with ``.toml``, or the policy of this package with a name."""
    if name.endswith(".toml"):
        return load_policies(Path(name).read_text(encoding="utf-8"), origin=name)
    return [policy_named(name)]


def all_policies(names: Iterable[str]) -> list[Policy]:
    """Return the policies of several names and files, for the watch over their values."""
    return [policy for name in names for policy in policies_of(name)]


def policy_of(name: str, *, kind: DebtKind | None = None, on: date | None = None) -> Policy:
    """Return the one policy that decides on a day.

    Of a file, it is the one that applies on the day and opens the kind; where none applies, the latest documented one.

    Args:
        name: The name of a policy of this package, or a file.
        kind: The kind of the debt; ``None`` for a file of debts of every kind.
        on: The day; by default today.

    Raises:
        ConfigurationError: without a kind, when several policies of the file apply on the day.
    """
    if not name.endswith(".toml"):
        return policy_named(name)
    known, day = policies_of(name), on or utc_now().date()
    applying = [policy.name for policy in known if policy.applies_on(day)]
    if kind is None and len(applying) > 1:
        raise ConfigurationError(
            f"{name}: expected one policy on {day}, got {', '.join(applying)}: write a file with one of them,"
            " or decide in Python, where each row has the policy of its kind"
        )
    return policy_on(day, kind=kind, undocumented="latest", policies=known)
