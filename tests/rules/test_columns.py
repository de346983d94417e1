"""The rules over columns: each row has the answer of the rules on one debt, on every engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import DebtKind, Euros, InvalidReferenceError, NoticeReference, Reason
from creance_pay.rules import Policy, assess, columns, notice_scope, plan
from creance_pay.rules.verdicts import code_of
from frames import ENGINES, Columns, Engine
from samples import POLICY, a_debt, a_policy
from strategies import TRICKY, any_texts, notice_texts, separated, spoiled

Row = tuple[Any, ...]
Answer = tuple[Any, ...]
DEBT = ("reference", "kind", "remaining", "open_online")
NOTICE = ("balance", "notice_received")
ANSWER = ("code", "reasons", "payable_min", "payable_max", "next_payment")
GOOD, BAD = "6311705400000344F", "6311705400000344"
#: Between them, both readings of every question that a row can answer, and bounds that touch.
POLICIES: dict[str, Policy] = {
    "shipped": POLICY,
    "bounds left out": a_policy(band_inclusive=False),
    "a credit allowed": a_policy(max_basis="payment"),
    "stranding refused": a_policy(stranding="refuse"),
    "stranding refused, a credit allowed": a_policy(stranding="refuse", max_basis="payment"),
    "readings that change nothing for one debt": a_policy(
        several_references=False, total_basis="selected", pending_subtracted=False, cents_typed=False
    ),
    "other kinds, tight bounds": a_policy(
        open_debt_kinds=["IND", "ERR", "FHR"], online_min=Euros(2000), online_max_per_payment=Euros(3999)
    ),
    "no kinds, one cent": a_policy(open_debt_kinds=[], online_min=Euros(1), online_max_per_payment=Euros(1)),
}
LARGEST, SMALLEST = 2**63 - 1, -(2**63)
#: What a reader of references has been fooled by: line ends of every kind, other scripts' digits, letters that become
#: ASCII in capitals or without regard to case, NUL, spaces that are none.
REFERENCES = [
    GOOD, GOOD.lower(), "6311 7054 0000 0344 F", f"  {GOOD}  ", " ".join(GOOD), f"{' ' * 40}{GOOD}", "0" * 16 + "z",
    "6311700000000344F", "6311700100000344F", "6311736600000344F", "6311736700000344F", "6311799900000344F",
    "6311636600000344F", "", " ", BAD, BAD[1:] + "F", "0" + GOOD, f"{GOOD}F", f"F{BAD}", f"{BAD}É", f"{BAD}é", f"{BAD}ı",
    f"{BAD}ſ", f"{BAD}\u212a", f"{BAD}\uff26", f"{BAD}_", f"{BAD}@", f"{BAD}[", f"{BAD}`", f"{BAD}{{",
    GOOD.replace("1", "١"), GOOD.replace("1", "\uff11"), GOOD.replace("3", "³"), f"{GOOD}\x00", f"\x00{GOOD}",
    GOOD.replace("0", "\x00", 1), f"\ufeff{GOOD}", GOOD.replace("0", "O", 1), f"-{GOOD}", f"+{GOOD}", "^", f"{GOOD}$",
    f"{GOOD[:8]}-{GOOD[8:]}", f"{GOOD[:8]}.{GOOD[8:]}",
    *(f"{GOOD}{end}" for end in ("\n", "\r", "\r\n", "\n\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")),
    *(f"{start}{GOOD}" for start in ("\n", "\r", "\u2028")),
    *(f"{GOOD[:4]}{inside}{GOOD[4:]}" for inside in ("\n", "\t", "\u00a0", "\u202f", "\u2009", "\u3000", "\u200b", "\u00ad")),
    f"{GOOD}\n{GOOD}", f"x\n{GOOD}", f"{GOOD}\nx", f"{GOOD} \n",
]  # fmt: skip
SURROGATES = [f"{GOOD}\ud800", f"{BAD}\udc46", "\udfff"]
KINDS = ["PFR", "FRR", "IND", "ANV", "frr", "FRR ", "FR", "", "FRR\n", "?", None]


def is_reference(text: str) -> bool:
    """Tell machine text that is a notice reference, in Python's words."""
    return re.fullmatch("[0-9]{16}[A-Za-z]", text.replace(" ", "")) is not None


def answer(row: Row, policy: Policy) -> Answer:
    """Decide one row by the rules on one debt, what cannot be read being replaced by what passes."""
    reference, kind, remaining, open_online = row
    reasons = Reason.INPUT_MISSING if None in row else Reason(0)
    if remaining is not None and remaining < 0:
        reasons |= Reason.INPUT_INVALID
    if reference is not None and not is_reference(reference):
        reasons |= Reason.REFERENCE_BAD_FORMAT
    passing = [*policy.open_debt_kinds, DebtKind.APR][0] if kind is None else DebtKind.APR
    due = policy.online_max_per_payment.cents if remaining is None or remaining < 0 else remaining
    debt = a_debt(
        due,
        kind=DebtKind(kind) if kind in {*DebtKind} else passing,
        open_online=True if open_online is None else open_online,
    )
    assessment = assess(debt, policy=policy)
    reasons |= assessment.reasons
    if reasons:
        return (str(code_of(next(iter(reasons)))), int(reasons), None, None, None)
    assert assessment.payable_min is not None
    assert assessment.payable_max is not None
    first = plan(debt.remaining, policy=policy)[0] if due < 10**6 else policy.online_max_per_payment
    return ("PAYABLE", 0, assessment.payable_min.cents, assessment.payable_max.cents, first.cents)


def amounts(policy: Policy) -> list[int | None]:
    """List every amount at which a rule can change its answer: bounds, their sums and multiples, a cent either way."""
    least, most = policy.online_min.cents, policy.online_max_per_payment.cents
    points = {0, LARGEST, *(most * times + least * more for times, more in product(range(4), range(3)))}
    around = {point + cent for point in points for cent in (-1, 0, 1)} - {LARGEST + 1}
    return [*sorted(around), 2**31, 2**32, SMALLEST, None]


def debts(policy: Policy, *, nulls: bool = True, surrogates: bool = False) -> list[Row]:
    """List the rows of the boundary table."""
    cells = product([GOOD, BAD, None], KINDS, amounts(policy), [True, False, None])
    texts = [*REFERENCES, *(SURROGATES if surrogates else [])]
    rows: list[Row] = [*cells, *product(texts, ["FRR", "IND"], [6000, 700], [True])]
    return [row for row in rows if nulls or None not in row]


def as_columns(names: Sequence[str], rows: Sequence[Row]) -> Columns:
    """Turn rows into columns."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def decide(engine: Engine, rows: Sequence[Row], policy: Policy) -> list[Answer]:
    """Decide rows by columns."""
    read = engine.read(columns.assess(engine.make(as_columns(DEBT, rows)), policy=policy))
    return [*zip(*(read[name] for name in ANSWER), strict=True)]


def differing(rows: Sequence[Row], expected: Sequence[Answer], actual: Sequence[Answer]) -> list[tuple[Any, ...]]:
    """List the rows whose answers differ, with both."""
    return [each for each in zip(rows, expected, actual, strict=True) if each[1] != each[2]]


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_boundaries(engine: Engine, policy: Policy) -> None:
    """Each row of the boundary table has the answer of the rules on one debt."""
    rows = debts(policy, nulls=engine.nulls, surrogates=engine.surrogates)

    assert [] == differing(rows, [answer(row, policy) for row in rows], decide(engine, rows, policy))
