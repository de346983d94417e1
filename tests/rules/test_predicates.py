"""The table of requirements: every reason of a verdict has one, and its lowest flag is tested first."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from creance_pay.codes import Reason
from creance_pay.rules import Policy
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
#: Reasons that are found while reading, before any requirement: by the columns, and by the parser of amounts.
READING = {
    Reason.INPUT_MISSING,
    Reason.INPUT_INVALID,
    Reason.REFERENCE_BAD_FORMAT,
    Reason.AMOUNT_REQUIRED,
    Reason.AMOUNT_BAD_FORMAT,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_order_is_that_of_the_tests(table: Mapping[Reason, Predicate[Any]]) -> None:
    """A table lists its reasons in the order of the flags."""
    assert sorted(table) == list(table)


def test_every_reason_has_a_requirement() -> None:
    """A reason comes from a table, or from reading."""
    assert set(Reason) - READING == {reason for table in TABLES.values() for reason in table}


@pytest.mark.parametrize(
    ("policy", "reasons"),
    [
        (POLICY, [Reason.NOTHING_DUE, Reason.BELOW_ONLINE_MINIMUM]),
        (ACCESS_POLICY, [Reason.NOTHING_DUE, Reason.BELOW_BAND, Reason.ABOVE_BAND, Reason.BELOW_ONLINE_MINIMUM]),
    ],
    ids=["notice", "access"],
)
def test_band_is_tested_where_the_policy_says(policy: Policy, reasons: list[Reason]) -> None:
    """The band stands between nothing due and the minimum, or nowhere (Q3)."""
    assert reasons == list(due_predicates(policy))


def test_all_failures_are_gathered() -> None:
    """Testing goes on after the first failure."""
    facts = SimpleNamespace(open_online=False, kind_open=False)

    assert Reason.REFERENCE_NOT_OPEN | Reason.KIND_NOT_OPEN == failed(ACCESS, facts, POLICY)


def test_nothing_failed_is_no_reason() -> None:
    """Requirements that are met leave no flag."""
    assert Reason(0) == failed(ACCESS, SimpleNamespace(open_online=True, kind_open=True), POLICY)
