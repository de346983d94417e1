"""Ready-made values for tests: the shipped policy, and debts that differ from a payable one by what a test names."""

import pickle
from collections.abc import Callable, Iterable
from copy import copy, deepcopy
from typing import Any, TypeVar

import attrs

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.errors import InvalidValueError
from creance_pay.rules import Policy, policy_named

T = TypeVar("T")

POLICY: Policy = policy_named("ameli-2019-11")

#: The ways in which a value travels: to another process, or into a caller's own structures.
COPIES: tuple[Callable[[Any], Any], ...] = (
    copy,
    deepcopy,
    lambda value: pickle.loads(pickle.dumps(value)),  # noqa: S301 - written in the same line
)

_DEBT = Debt(
    reference=NoticeReference("6311705490000001F"),
    kind=DebtKind.FRANCHISE,
    initial=Euros(6000),
    remaining=Euros(6000),
    issued_on=None,
    open_online=True,
    debtor="person-1",
)


def numbered(number: int) -> NoticeReference:
    """Return one of the synthetic references of the caisse 631."""
    return NoticeReference(f"6311705490{number:06d}F")


def a_debt(cents: int = 6000, **changes: Any) -> Debt:  # noqa: ANN401 - of the fields' own types
    """Return a payable debt of an amount in cents, with some attributes changed."""
    return attrs.evolve(_DEBT, initial=Euros(cents), remaining=Euros(cents), **changes)


def a_policy(**changes: Any) -> Policy:  # noqa: ANN401 - of the fields' own types
    """Return the shipped policy with other values."""
    return attrs.evolve(POLICY, **changes)


def error_codes(call: Callable[[Any], object], values: Iterable[object], error: type[InvalidValueError]) -> list[Any]:
    """List each value with the code of the error that a call raises for it, or with ``"no error"``."""
    found: list[Any] = []
    for value in values:
        code: str | None = "no error"
        try:
            call(value)
        except error as raised:
            code = raised.code
        found.append((value, code))
    return found


def plain(text: str) -> str:
    """Undo the typography of a French text: no-break spaces and the curly apostrophe."""
    return text.replace("\u202f", " ").replace("\u00a0", " ").replace("’", "'")
