"""The boundary table of the rules over columns, with the answers of the rules on one debt and those of columns.

A rule compares amounts with those of the policy and with each other, so that its answer changes at these amounts only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from itertools import product
from typing import Any

from creance_pay import DebtKind, Euros
from creance_pay.codes import Reason
from creance_pay.errors import NoPolicyError
from creance_pay.rules import Policy, columns, plan, policy_on
from creance_pay.rules import assess as assess_one
from creance_pay.rules import notice_scope as scope_of_one
from creance_pay.rules.verdicts import code_of
from frames import Columns, Engine
from samples import POLICY, a_debt, a_policy

Row = tuple[Any, ...]
Answer = tuple[Any, ...]

DEBT = ("reference", "kind", "remaining", "open_online")
NOTICE = ("balance", "notice_received")
ANSWER = ("code", "reasons", "payable_min", "payable_max", "next_payment")

#: Together, both readings of every question that concerns a row, and bounds as close as possible.
POLICIES: Mapping[str, Policy] = {
    "shipped": POLICY,
    "bounds left out": a_policy(band_inclusive=False),
    "a credit allowed": a_policy(max_basis="payment"),
    "stranding refused": a_policy(stranding="refuse"),
    "stranding refused, a credit allowed": a_policy(stranding="refuse", max_basis="payment"),
    "readings that change nothing for one debt": a_policy(
        several_references=False,
        total_basis="selected",
        min_basis="selection",
        several_caisses=True,
        pending_subtracted=False,
        cents_typed=False,
    ),
    "other kinds, tight bounds": a_policy(
        open_debt_kinds=["IND", "ERR", "FHR"], online_min=Euros(2000), online_max_per_payment=Euros(3999)
    ),
    "no kinds, one cent": a_policy(open_debt_kinds=[], online_min=Euros(1), online_max_per_payment=Euros(1)),
}

LARGEST, SMALLEST = 2**63 - 1, -(2**63)
SMALL = 10**6  # cents: below it a plan is short enough to compute

GOOD, BAD = "6311705400000344F", "6311705400000344"
_LINE_ENDS = [*"\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\r\n", "\n\n", "\n\r"]
_NO_SPACES = "\n\t\u00a0\u202f\u2009\u3000\u200b\u00ad-."
#: Texts that parsers of references confuse: spaces, line ends and similar characters, digits of other scripts, letters
#: whose capital is an ASCII letter, the ASCII neighbours of the letters, NUL, and days.
REFERENCES = [
    *(GOOD, GOOD.lower(), "6311 7054 0000 0344 F", f"  {GOOD}  ", " ".join(GOOD), f"{' ' * 40}{GOOD}", "0" * 16 + "z"),
    *(f"63117{day}00000344F" for day in ("000", "001", "054", "365", "366", "367", "999")),
    *("63116366" + "00000344F", "", " ", BAD, BAD[1:] + "F", "0" + GOOD, f"{GOOD}F", f"F{BAD}", "F" + GOOD[1:]),
    *(f"{BAD}{letter}" for letter in "Éé\u0131\u017f\u212a\uff26_@[`{7"),
    *(GOOD.replace("1", one) for one in ("\u0661", "\uff11", "²", "O", "-1", "\x00")),
    *(f"{GOOD}\x00", f"\x00{GOOD}", f"\ufeff{GOOD}", f"-{GOOD}", f"+{GOOD}", f"{GOOD}$", "^", f"{GOOD} {GOOD}"),
    *(f"{GOOD}{end}" for end in _LINE_ENDS),
    *(f"{start}{GOOD}" for start in _LINE_ENDS),
    *(f"{GOOD[:4]}{inside}{GOOD[4:]}" for inside in _NO_SPACES),
    *(f"{GOOD}\n{GOOD}", f"x\n{GOOD}", f"{GOOD}\nx", f"{GOOD} \n", f" {GOOD}\n "),
    # Lone surrogates, which only a Python text can contain.
    *(f"{GOOD}\ud800", f"{BAD}\udc46", "\udfff"),
]
KINDS = ["PFR", "FRR", "IND", "ANV", "frr", "FRR ", " FRR", "FR", "FRRR", "", "FRR\n", "?", None]


def is_reference(text: str) -> bool:
    """Return whether a machine text is a notice reference, by Python's own methods."""
    return re.fullmatch("[0-9]{16}[A-Za-z]", text.replace(" ", "")) is not None


def _unread(row: Row, amount: int | None) -> Reason:
    """Return the reasons that only columns give."""
    missing = Reason.INPUT_MISSING if None in row else Reason(0)
    return missing | (Reason.INPUT_INVALID if amount is not None and amount < 0 else Reason(0))


@cache
def answer(row: Row, policy: Policy) -> Answer:
    """Decide one row by the rules on one debt.  A null or invalid cell is replaced by one that passes."""
    reference, kind, remaining, open_online = row
    reasons = _unread(row, remaining)
    if reference is not None and not is_reference(reference):
        reasons |= Reason.REFERENCE_BAD_FORMAT
    passing = next(iter(policy.open_debt_kinds), DebtKind.APR)
    debt = a_debt(
        policy.online_max_per_payment.cents if remaining is None or remaining < 0 else remaining,
        kind=passing if kind is None else DebtKind(kind) if kind in {*DebtKind} else DebtKind.APR,
        open_online=open_online is not False,
    )
    assessment = assess_one(debt, policy=policy)
    reasons |= assessment.reasons
    if reasons:
        return (str(code_of(next(iter(reasons)))), int(reasons), None, None, None)
    assert assessment.payable_min is not None
    assert assessment.payable_max is not None
    few = debt.remaining.cents < SMALL  # the first of many payments is the largest there is
    first = plan(debt.remaining, policy=policy)[0] if few else policy.online_max_per_payment
    return (str(assessment.code), 0, assessment.payable_min.cents, assessment.payable_max.cents, first.cents)


def scope(row: Row, policy: Policy) -> str:
    """Decide one row by the rule on one notice."""
    balance, received = row
    if unread := _unread(row, balance):
        return str(code_of(next(iter(unread))))
    return str(scope_of_one(Euros(balance), notice_received=received, policy=policy).code)


def amounts(points: set[int]) -> list[int | None]:
    """List the amounts around some points, very large ones, and a null."""
    around = {point + cent for point in points | {0} for cent in (-1, 0, 1)}
    return [*sorted(around), 2**31, 2**32, LARGEST - 1, LARGEST, SMALLEST, None]


def debts(policy: Policy, engine: Engine) -> list[Row]:
    """List the debts of the boundary table: every amount with every flag, every kind, every reference."""
    least, most = policy.online_min.cents, policy.online_max_per_payment.cents
    points = {most * times + least * more for times, more in product(range(4), range(3))}
    rows = [
        *product([GOOD, BAD, None], ["FRR", "IND", None], amounts(points), [True, False, None]),
        *product([GOOD], KINDS, [6000, 700, -1, None], [True, False, None]),
        *product(REFERENCES, ["FRR", "IND"], [6000, 700], [True]),
    ]
    return [row for row in rows if engine.holds(row)]


def balances(policy: Policy, engine: Engine) -> list[Row]:
    """List the balances of the boundary table, with a notice, without one, and unknown."""
    points = {policy.notice_band_min.cents, policy.notice_band_max.cents}
    return [row for row in product(amounts(points), [True, False, None]) if engine.holds(row)]


def as_columns(names: Sequence[str], rows: Sequence[Row]) -> Columns:
    """Convert rows to columns."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def assessed(rows: Sequence[Row], policy: Policy, engine: Engine) -> list[Answer]:
    """Decide debts by columns."""
    read = engine.read(columns.assess(engine.make(as_columns(DEBT, rows)), policy=policy))
    return [*zip(*(read[name] for name in ANSWER), strict=True)]


def scoped(rows: Sequence[Row], policy: Policy, engine: Engine) -> list[str]:
    """Decide notices by columns."""
    return engine.read(columns.notice_scope(engine.make(as_columns(NOTICE, rows)), policy=policy))["scope"]


def differing(rows: Sequence[Row], expected: Sequence[Any], actual: Sequence[Any]) -> list[tuple[Any, ...]]:
    """List the rows whose two answers differ, with both."""
    return [each for each in zip(rows, expected, actual, strict=True) if each[1] != each[2]]


#: Two periods of the guide's kinds, and another kind of debt in the second one.
BY_DAY = (
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
CENTS_BY_POLICY = [0, 999, 1000, 1599, 1600, 1999, 2000, 5000, 5001, 6000, 20_001, -1, None]


def rows_by_policy(engine: Engine) -> list[Row]:
    """List the debts near the bounds of each policy, with a day."""
    found = [*product([GOOD, "x", None], ["FRR", "IND", "ASP", None], CENTS_BY_POLICY, [True, None])]
    return [row for row in found if engine.holds(row)]


def policy_of(day: date | None, kind: str | None, policies: tuple[Policy, ...]) -> Policy | None:
    """Choose the policy of a row by the rule for one debt."""
    known = POLICY.open_debt_kinds[0] if kind is None else DebtKind(kind)
    if day is None:  # every policy applies
        return next((policy for policy in policies if known in policy.open_debt_kinds), policies[0])
    try:
        return policy_on(day, kind=known, policies=policies)
    except NoPolicyError:
        return None


def answer_by_policy(row: Row, day: date | None, policies: tuple[Policy, ...] = BY_DAY) -> tuple[Any, ...]:
    """Decide a row by the rules on one debt, under the policy of its day and kind."""
    policy = policy_of(day, row[1], policies)
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
