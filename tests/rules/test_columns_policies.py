"""Rows that each have their own policy, by day and kind, and the comparison of two policies: on every engine."""

from __future__ import annotations

from datetime import date

import attrs
import polars as pl
import pytest

from columns_table import (
    ANSWER,
    BY_DAY,
    DAYS,
    DEBT,
    GOOD,
    answer,
    answer_by_policy,
    as_columns,
    rows_by_policy,
    with_days,
)
from creance_pay import Euros
from creance_pay.errors import InvalidValueError, UnsupportedError
from creance_pay.rules import columns
from frames import ENGINES, Engine, polars
from samples import POLICY, a_policy

ENGINE = pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)


class TestPolicyOfRow:
    """Each row has the policy of its kind and its day."""

    @ENGINE
    def test_kinds(self, engine: Engine) -> None:
        """Each row has the answer of the policy that opens its kind; a kind that none opens has the first policy's."""
        policies, table = BY_DAY[1:], rows_by_policy(engine)

        decided = engine.read(columns.assess(engine.make(as_columns(DEBT, table)), policy=policies))

        assert [*DEBT, *ANSWER, "policy"] == [*decided]
        found = [*zip(*(decided[name] for name in (*ANSWER, "policy")), strict=True)]
        day = date(2027, 1, 1)
        wanted = [answer_by_policy(row, day, policies) for row in table]
        assert [] == [each for each in zip(table, wanted, found, strict=True) if each[1] != each[2]]

    @pytest.mark.parametrize("name", ["Polars", "Polars, lazy", "PyArrow", "DuckDB"])
    def test_days(self, name: str) -> None:
        """Each row has the answer of the policy of its day, the first and the last day of each period included."""
        engine = ENGINES[name]
        for day in DAYS:
            table = rows_by_policy(engine)
            decided = engine.read(columns.assess(with_days(engine, table, day), policy=BY_DAY, day="day"))
            found = [*zip(*(decided[each] for each in (*ANSWER, "policy")), strict=True)]
            wanted = [answer_by_policy(row, day) for row in table]
            assert [] == [each for each in zip(table, wanted, found, strict=True) if each[1] != each[2]], day

    def test_one_policy_by_day(self) -> None:
        """A single policy decides the days on which it applies, and adds no column of its name."""
        table = [(GOOD, "FRR", 6000, True)]
        codes = [
            columns.assess(with_days(ENGINES["Polars"], table, day), policy=BY_DAY[0], day="day")["code"].item()
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
        with pytest.raises(UnsupportedError, match="several_payments"):
            columns.assess(frame, policy=[POLICY, a_policy(several_payments=False)])
        with pytest.raises(InvalidValueError, match=r"^column day: expected dates, got Datetime$"):
            columns.assess(frame.with_columns(day=pl.lit(date(2026, 1, 1)).cast(pl.Datetime)), policy=POLICY, day="day")
        with pytest.raises(InvalidValueError, match=r"would be lost: policy$"):
            columns.assess(frame.with_columns(policy=pl.lit("x")), policy=[POLICY])


class TestCompare:
    """Two policies over the same rows."""

    @ENGINE
    def test_equality(self, engine: Engine) -> None:
        """The codes are those of both policies, and a row differs iff its code or its amounts do."""
        table, others = (
            rows_by_policy(engine),
            [a_policy(online_min=Euros(1000)), a_policy(max_basis="payment"), BY_DAY[2]],
        )
        for other in others:
            decided = engine.read(columns.compare(engine.make(as_columns(DEBT, table)), before=POLICY, after=other))
            found = [*zip(*(decided[name] for name in ("before", "after", "differs")), strict=True)]
            both = [(answer(row, POLICY), answer(row, other)) for row in table]
            wanted = [(old[0], new[0], old[0] != new[0] or old[2:] != new[2:]) for old, new in both]
            assert [] == [each for each in zip(table, wanted, found, strict=True) if each[1] != each[2]]

    def test_several(self) -> None:
        """Several policies can be compared with one; the day chooses among both."""
        table = [(GOOD, kind, 1500, True) for kind in ("FRR", "IND")]
        frame = with_days(ENGINES["Polars"], table, date(2027, 1, 1))
        today = attrs.evolve(BY_DAY[1], online_min=POLICY.online_min)

        decided = columns.compare(frame, before=today, after=BY_DAY[1:], day="day")

        assert [*DEBT, "day", "before", "after", "differs"] == decided.columns
        assert [("BELOW_ONLINE_MINIMUM", "PAYABLE", True), ("KIND_NOT_OPEN", "BELOW_ONLINE_MINIMUM", True)] == [
            row[-3:] for row in decided.rows()
        ]

    def test_columns_taken(self) -> None:
        """A column with the name of an answer is refused."""
        frame = polars(as_columns(DEBT, [(GOOD, "FRR", 6000, True)])).with_columns(After=pl.lit(1))

        with pytest.raises(InvalidValueError, match=r"would be lost: after$"):
            columns.compare(frame, before=POLICY, after=POLICY)
