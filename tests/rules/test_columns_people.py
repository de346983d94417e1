"""The plans of many people over columns: on every engine, those of the rule on debts."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from columns_people import CHANGES, PLANNED, people, planned_by_columns, planned_one_by_one
from columns_table import DEBT, GOOD, as_columns
from creance_pay.errors import InvalidValueError, UnsupportedError
from creance_pay.rules import columns
from frames import ENGINES
from samples import POLICY, a_policy


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_plans(name: str, changes: dict[str, Any]) -> None:
    """The plan of each person's debts is that of the rule on debts, each once."""
    policy, engine = a_policy(**changes), ENGINES[name]
    rows = people(engine, policy)
    found = planned_by_columns(rows, policy, engine)

    assert planned_one_by_one(rows, policy) == set(found)
    assert len(found) == len(set(found))


def test_columns_of_a_plan() -> None:
    """The frame has the columns of the plan, and no other."""
    frame = ENGINES["Polars"].make(as_columns(("debtor", *DEBT), [("p", GOOD, "FRR", 6000, True)]))

    assert [*PLANNED] == columns.plan_debts(frame, policy=POLICY).columns


def test_debts_together() -> None:
    """A policy under which each debt is planned alone is refused, with the names of its values."""
    alone: dict[str, Any] = {
        "several_references": False, "several_payments": False, "total_basis": "selected", "band_checked_at": "access",
    }  # fmt: skip
    with pytest.raises(UnsupportedError, match=", ".join(alone)):
        columns.plan_debts(pl.DataFrame(), policy=a_policy(**alone))


def test_name_of_the_debtor() -> None:
    """A column of the debtor with the name of a column of the plan would be lost."""
    frame = ENGINES["Polars"].make(as_columns(("debtor", *DEBT), [("p", GOOD, "FRR", 6000, True)]))

    with pytest.raises(InvalidValueError, match="would be lost: total"):
        columns.plan_debts(frame.rename({"debtor": "total"}), policy=POLICY, debtor="total")
