"""Rows that each have their own policy, by day and kind, and the comparison of two policies: on every engine."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import attrs
import polars as pl
import pytest

from columns_table import ANSWER, DEBT, GOOD, Row, answer, as_columns
from creance_pay import DebtKind, Euros
from creance_pay.codes import Reason
from creance_pay.errors import InvalidValueError, NoPolicyError, UnsupportedError
from creance_pay.rules import Policy, columns, policy_on
from frames import ENGINES, TYPES, Engine, polars
from samples import POLICY, a_policy

ENGINE = pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
#: Two periods of the guide's kinds, and another kind of debt in the second one.
POLICIES = (
    a_policy(name="early", valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)),
    a_policy(name="late", valid_from=date(2027, 1, 1), online_min=Euros(1000), stranding="refuse"),
    a_policy(
        name="indus",
        valid_from=date(2027, 1, 1),
        open_debt_kinds=["IND"],
        online_min=Euros(2000),
        online_max_per_payment=Euros(20_000),
    ),
)
DAYS = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1), date(2099, 1, 1), None]
CENTS = [0, 999, 1000, 1599, 1600, 1999, 2000, 5000, 5001, 6000, 20_001, -1, None]


def rows(engine: Engine) -> list[Row]:
    """List the debts near the bounds of each policy, with a day."""
    found = [*product([GOOD, "x", None], ["FRR", "IND", "ASP", None], CENTS, [True, None])]
    return [row for row in found if engine.holds(row)]


def chosen(day: date | None, kind: str | None, policies: tuple[Policy, ...]) -> Policy | None:
    """Choose the policy of a row by the rule for one debt."""
    known = POLICY.open_debt_kinds[0] if kind is None else DebtKind(kind)
    if day is None:  # every policy applies
        return next((policy for policy in policies if known in policy.open_debt_kinds), policies[0])
    try:
        return policy_on(day, kind=known, policies=policies)
    except NoPolicyError:
        return None


def expected(row: Row, day: date | None, policies: tuple[Policy, ...] = POLICIES) -> tuple[Any, ...]:
    """Decide a row by the rules on one debt, under the policy of its day and kind."""
    policy = chosen(day, row[1], policies)
    found = answer(row, policy or POLICY)
    if policy is None:
        # No policy decides: the kind and the amount are not tested.
        read = Reason.INPUT_MISSING | Reason.INPUT_INVALID | Reason.REFERENCE_BAD_FORMAT | Reason.REFERENCE_NOT_OPEN
        reasons = Reason(found[1]) & read | Reason.INPUT_INVALID
    else:
        reasons = Reason(found[1]) | (Reason.INPUT_MISSING if day is None else Reason(0))
    code = str(next(iter(reasons)).name) if reasons else "PAYABLE"
    return (code, int(reasons), *(found[2:] if not reasons else [None] * 3), policy.name if policy else "")


def with_days(engine: Engine, table: list[Row], day: date | None) -> Any:  # noqa: ANN401 - a frame
    """Build a frame whose rows all have one day."""
    return engine.make({**as_columns(DEBT, table), "day": [day] * len(table)})


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the column of days to the types of the tests' frames."""
    monkeypatch.setitem(TYPES, "day", pl.Date)


class TestPolicyOfRow:
    """Each row has the policy of its kind and its day."""

    @ENGINE
    def test_kinds(self, engine: Engine) -> None:
        """Each row has the answer of the policy that opens its kind; a kind that none opens has the first policy's."""
        policies, table = POLICIES[1:], rows(engine)

        decided = engine.read(columns.assess(engine.make(as_columns(DEBT, table)), policy=policies))

        assert [*DEBT, *ANSWER, "policy"] == [*decided]
        found = [*zip(*(decided[name] for name in (*ANSWER, "policy")), strict=True)]
        day = date(2027, 1, 1)
        wanted = [expected(row, day, policies) for row in table]
        assert [] == [each for each in zip(table, wanted, found, strict=True) if each[1] != each[2]]

    @pytest.mark.parametrize("name", ["Polars", "Polars, lazy", "PyArrow", "DuckDB"])
    def test_days(self, name: str) -> None:
        """Each row has the answer of the policy of its day, the first and the last day of each period included."""
        engine = ENGINES[name]
        for day in DAYS:
            table = rows(engine)
            decided = engine.read(columns.assess(with_days(engine, table, day), policy=POLICIES, day="day"))
            found = [*zip(*(decided[each] for each in (*ANSWER, "policy")), strict=True)]
            wanted = [expected(row, day) for row in table]
            assert [] == [each for each in zip(table, wanted, found, strict=True) if each[1] != each[2]], day

    def test_one_policy_by_day(self) -> None:
        """A single policy decides the days on which it applies, and adds no column of its name."""
        table = [(GOOD, "FRR", 6000, True)]
        codes = [
            columns.assess(with_days(ENGINES["Polars"], table, day), policy=POLICIES[0], day="day")["code"].item()
            for day in (date(2026, 6, 1), date(2027, 1, 1))
        ]

        assert ["PAYABLE", "INPUT_INVALID"] == codes

    def test_policy_without_a_day(self) -> None:
        """A policy whose first day is not known applies on no day."""
        frame = with_days(ENGINES["Polars"], [(GOOD, "FRR", 6000, True)], date(2026, 6, 1))

        assert ["INPUT_INVALID"] == columns.assess(frame, policy=[POLICY], day="day")["code"].to_list()

    def test_refusals(self) -> None:
        """No policy at all, a policy that needs more than a row, a day that is no date, a column named policy."""
        frame = polars(as_columns(DEBT, [(GOOD, "FRR", 6000, True)]))
        with pytest.raises(InvalidValueError, match=r"^expected at least one policy, got none$"):
            columns.assess(frame, policy=[])
        with pytest.raises(UnsupportedError, match="min_basis"):
            columns.assess(frame, policy=[POLICY, a_policy(min_basis="selection")])
        with pytest.raises(InvalidValueError, match=r"^column day: expected dates, got Datetime$"):
            columns.assess(frame.with_columns(day=pl.lit(date(2026, 1, 1)).cast(pl.Datetime)), policy=POLICY, day="day")
        with pytest.raises(InvalidValueError, match=r"would be lost: policy$"):
            columns.assess(frame.with_columns(policy=pl.lit("x")), policy=[POLICY])


class TestCompare:
    """Two policies over the same rows."""

    @ENGINE
    def test_equality(self, engine: Engine) -> None:
        """The codes are those of both policies, and a row differs iff its answer does."""
        table, others = rows(engine), [a_policy(online_min=Euros(1000)), a_policy(max_basis="payment"), POLICIES[2]]
        for other in others:
            decided = engine.read(columns.compare(engine.make(as_columns(DEBT, table)), before=POLICY, after=other))
            found = [*zip(*(decided[name] for name in ("before", "after", "differs")), strict=True)]
            both = [(answer(row, POLICY), answer(row, other)) for row in table]
            wanted = [(old[0], new[0], old != new) for old, new in both]
            assert [] == [each for each in zip(table, wanted, found, strict=True) if each[1] != each[2]]

    def test_several(self) -> None:
        """Several policies can be compared with one; the day chooses among both."""
        table = [(GOOD, kind, 1500, True) for kind in ("FRR", "IND")]
        frame = with_days(ENGINES["Polars"], table, date(2027, 1, 1))
        today = attrs.evolve(POLICIES[1], online_min=POLICY.online_min)

        decided = columns.compare(frame, before=today, after=POLICIES[1:], day="day")

        assert [*DEBT, "day", "before", "after", "differs"] == decided.columns
        assert [("BELOW_ONLINE_MINIMUM", "PAYABLE", True), ("KIND_NOT_OPEN", "BELOW_ONLINE_MINIMUM", True)] == [
            row[-3:] for row in decided.rows()
        ]

    def test_columns_taken(self) -> None:
        """A column with the name of an answer is refused."""
        frame = polars(as_columns(DEBT, [(GOOD, "FRR", 6000, True)])).with_columns(After=pl.lit(1))

        with pytest.raises(InvalidValueError, match=r"would be lost: after$"):
            columns.compare(frame, before=POLICY, after=POLICY)
