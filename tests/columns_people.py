"""The boundary table of several debts of each person, with the answers of the rule on debts and those of columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any

from columns_table import DEBT, GOOD, as_columns, is_reference
from creance_pay import Debt, DebtKind, NoticeReference
from creance_pay.caisses import managing_caisse
from creance_pay.codes import Reason
from creance_pay.rules import Policy, access, columns, plan_debts
from frames import Engine
from samples import a_debt

#: The changes of a policy that the tests of several debts use.
CHANGES: dict[str, dict[str, Any]] = {
    "shipped": {},
    "selection": {"min_basis": "selection"},
    "several caisses": {"several_caisses": True},
}
PLANNED = ("debtor", "caisse", "debts", "total", "code", "reasons", "payments", "next_payment")


def people(engine: Engine, policy: Policy) -> list[tuple[Any, ...]]:
    """List the debts of the boundary table of several debts: those of each person differ by amounts and caisses."""
    least, most = policy.online_min.cents, policy.online_max_per_payment.cents
    amounts = [1, least - 1, least, most, most + 1, 3 * most]
    selections = [cents for count in (1, 2, 3) for cents in combinations_with_replacement(amounts, count)]
    caisses = [("631", "631", "631"), ("631", "021", "022"), ("021", "022", "632")]
    rows: list[tuple[Any, ...]] = [
        (f"person {number}-{which}", f"{caisse} 17054 {place:08d} f", "FRR", cents, True)
        for number, selection in enumerate(selections)
        for which, codes in enumerate(caisses)
        for place, (cents, caisse) in enumerate(zip(selection, codes, strict=False))
    ]
    apart = [("IND", 6000, True), ("FRR", 6000, False), ("FRR", 0, True), ("FRR", -1, True)]
    rows += [("person 0-0", f"6311705499{number:06d}F", *each) for number, each in enumerate(apart)]
    rows += [("person 0-0", "6311705499", "FRR", 6000, True), ("person x", GOOD, "FRR", 0, True)]
    return [row for row in [*rows, (None, GOOD, "FRR", 6000, True)] if engine.holds(row)]


def planned_one_by_one(rows: Sequence[tuple[Any, ...]], policy: Policy) -> set[tuple[Any, ...]]:
    """Plan the debts of each person by the rule on debts, and list the answers as columns do."""
    found: set[tuple[Any, ...]] = set()
    owed: dict[tuple[str, str], list[Debt]] = defaultdict(list)
    for debtor, reference, kind, cents, open_online in rows:
        if debtor is None or not is_reference(reference) or cents <= 0:
            continue
        debt = a_debt(cents, reference=NoticeReference.parse(reference), kind=DebtKind(kind), open_online=open_online)
        if access(debt, policy=policy):
            caisse = "" if policy.several_caisses else managing_caisse(debt.reference.caisse_code)
            owed[debtor, caisse].append(debt)
    for (debtor, caisse), debts in owed.items():
        plan = plan_debts(debts, policy=policy)
        total = sum(debt.remaining.cents for debt in debts)
        first = plan.payments[0].amount.cents if plan.payments else None
        code, reason = ("PAYABLE", 0) if plan.payments else ("BELOW_ONLINE_MINIMUM", int(Reason.BELOW_ONLINE_MINIMUM))
        found.add((debtor, caisse, len(debts), total, code, reason, len(plan.payments) or None, first))
    return found


def planned_by_columns(rows: Sequence[tuple[Any, ...]], policy: Policy, engine: Engine) -> list[tuple[Any, ...]]:
    """Plan the debts of each person by columns."""
    frame = engine.make(as_columns(("debtor", *DEBT), rows))
    read = engine.read(columns.plan_debts(frame, policy=policy))
    return [*zip(*(read[name] for name in PLANNED), strict=True)]
