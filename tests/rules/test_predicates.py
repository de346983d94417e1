"""The tables of predicates: every reason of a verdict has one, and the lowest flag is tested first."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from creance_pay.codes import Reason
from creance_pay.rules.predicates import (
    ACCESS,
    SCOPE,
    Predicate,
    amount_predicates,
    due_predicates,
    failed,
    selection_predicates,
)
from samples import POLICY, a_policy

ACCESS_POLICY = a_policy(band_checked_at="access")
TABLES: dict[str, Mapping[Reason, Predicate[Any]]] = {
    "scope": SCOPE,
    "access": ACCESS,
    "selection": selection_predicates(POLICY),
    "one reference": selection_predicates(a_policy(several_references=False)),
    "due": due_predicates(POLICY),
    "due at access": due_predicates(ACCESS_POLICY),
    "one payment": due_predicates(a_policy(several_payments=False, band_checked_at="access")),
    "amount": amount_predicates(POLICY),
    "amount that may strand nothing": amount_predicates(a_policy(stranding="refuse")),
}
#: The reasons without a predicate, which columns, the parser of amounts and a schedule give.
READING = {
    Reason.INPUT_MISSING,
    Reason.INPUT_INVALID,
    Reason.REFERENCE_BAD_FORMAT,
    Reason.AMOUNT_REQUIRED,
    Reason.AMOUNT_BAD_FORMAT,
    Reason.SCHEDULE_TOO_LONG,
}


def test_order() -> None:
    """A table lists its reasons in the order of the flags."""
    assert [] == [name for name, table in TABLES.items() if sorted(table) != list(table)]


def test_every_reason_has_a_predicate() -> None:
    """A reason is in a table, or is given by columns or the parser."""
    assert set(Reason) - READING == {reason for table in TABLES.values() for reason in table}


def test_selection_includes_access() -> None:
    """The tests of a selection begin with those of access."""
    assert list(ACCESS) == list(TABLES["selection"])[: len(ACCESS)]


def test_band_at_access() -> None:
    """The band is tested after nothing due and before the minimum, where the policy tests it at access (Q3)."""
    at_access = [Reason.NOTHING_DUE, Reason.BELOW_BAND, Reason.ABOVE_BAND, Reason.BELOW_ONLINE_MINIMUM]

    assert [Reason.NOTHING_DUE, Reason.BELOW_ONLINE_MINIMUM] == list(due_predicates(POLICY))
    assert at_access == list(due_predicates(ACCESS_POLICY))


def test_failed() -> None:
    """Every test runs, and the reasons of all that fail are returned."""
    neither, both = (SimpleNamespace(open_online=value, kind_open=value) for value in (False, True))

    assert Reason.REFERENCE_NOT_OPEN | Reason.KIND_NOT_OPEN == failed(ACCESS, neither, POLICY)
    assert Reason(0) == failed(ACCESS, both, POLICY)
