"""Measure one decision beside rule engines: part of ``python3 dev.py bench``.

The engines receive plain cells with a validated reference.  Ours is measured on a debt, and from the cells alone: then
it parses the reference and the amount, as a portal does.  Before the measurement all results are compared: the code,
the sum of the reasons, and the largest payment.  zen is measured in its fastest form, a model compiled once.
"""

import argparse
from importlib.metadata import version
from itertools import cycle, product
from typing import Any

import zen
from business_rules import run_all
from business_rules.actions import BaseActions, rule_action
from business_rules.fields import FIELD_NUMERIC
from business_rules.variables import BaseVariables, boolean_rule_variable, numeric_rule_variable, select_rule_variable
from rounds import Contender, best, demand, machine, publish, table

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.codes import Reason
from creance_pay.rules import Assessment, assess, policy_named

POLICY = policy_named("ameli-2019-11")
REFERENCE = "6311705400000344F"
LEAST, MOST = POLICY.online_min.cents, POLICY.online_max_per_payment.cents
KINDS = tuple(kind.value for kind in POLICY.open_debt_kinds)
# A row: kind, remaining amount in cents, whether the caisse has opened the reference.
Row = tuple[str, int, bool]
ROWS: list[Row] = list(product(("FRR", "PFR", "IND"), (0, 1, 1599, 1600, 5000, 5001, 20000), (True, False)))
# An answer: the code, the sum of the reasons, the largest payment in cents or None.
Answer = tuple[str, int, int | None]
TESTS = {
    Reason.REFERENCE_NOT_OPEN: "open_online",
    Reason.KIND_NOT_OPEN: f"kind in {list(KINDS)}",
    Reason.NOTHING_DUE: "remaining > 0",
    Reason.BELOW_ONLINE_MINIMUM: f"remaining >= {LEAST}",
}


def debt_of(row: Row) -> Debt:
    """Build a debt from the cells of a row."""
    kind, remaining, open_online = row
    reference, cents = NoticeReference.parse(REFERENCE), Euros(remaining)
    return Debt(
        reference=reference,
        kind=DebtKind(kind),
        initial=cents,
        remaining=cents,
        issued_on=reference.issued_on,
        open_online=open_online,
    )


def ours(verdict: Assessment) -> Answer:
    """Convert our verdict to an answer."""
    most = verdict.payable_max
    return str(verdict.code), int(verdict.reasons), most.cents if most else None


def model() -> dict[str, object]:
    """Build the rules for zen: one node of expressions."""
    word = "".join(f"not ({test}) ? '{reason.name}' : " for reason, test in TESTS.items())
    flags = " + ".join(f"(({test}) ? 0 : {int(reason)})" for reason, test in TESTS.items())
    expressions = {
        "code": f"{word}'PAYABLE'",
        "reasons": flags,
        "most": f"({' and '.join(f'({test})' for test in TESTS.values())}) ? min([remaining, {MOST}]) : null",
    }
    listed = [{"id": key, "key": key, "value": value} for key, value in expressions.items()]
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "do", "name": "do", "type": "expressionNode", "content": {"expressions": listed}},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = [{"id": a + b, "sourceId": a, "targetId": b} for a, b in (("in", "do"), ("do", "out"))]
    return {"nodes": nodes, "edges": edges}


ENGINE = zen.ZenEngine({"loader": {"type": "static", "content": {"debt": model()}}})


def by_zen(row: Row) -> Answer:
    """Decide by zen."""
    cells = dict(zip(("kind", "remaining", "open_online"), row, strict=True))
    found = ENGINE.evaluate("debt", cells)["result"]
    return found["code"], found["reasons"], found.get("most")


class Cells(BaseVariables):  # type: ignore[misc]  # of a library without types
    """The cells of a row, for business-rules."""

    def __init__(self, row: Row) -> None:
        """Store the row."""
        self.row = row

    @select_rule_variable()  # type: ignore[untyped-decorator]
    def kind(self) -> list[str]:
        """Return the kind as a list of one: only this type of variable has a test of inequality for text."""
        return [self.row[0]]

    @numeric_rule_variable()  # type: ignore[untyped-decorator]
    def remaining(self) -> int:
        """Return the remaining amount in cents."""
        return self.row[1]

    @boolean_rule_variable()  # type: ignore[untyped-decorator]
    def open_online(self) -> bool:
        """Return whether the reference is open."""
        return self.row[2]


class Refusals(BaseActions):  # type: ignore[misc]  # of a library without types
    """The actions of business-rules: record a reason."""

    def __init__(self) -> None:
        """Start without reasons."""
        self.reasons: list[int] = []

    @rule_action(params={"reason": FIELD_NUMERIC})  # type: ignore[untyped-decorator]
    def refuse(self, reason: int) -> None:
        """Record a reason."""
        self.reasons.append(int(reason))


def refusal(reason: Reason, *conditions: dict[str, object]) -> dict[str, object]:
    """Build a rule for business-rules: a reason when all conditions are met."""
    return {"conditions": {"all": [*conditions]}, "actions": [{"name": "refuse", "params": {"reason": int(reason)}}]}


def condition(name: str, operator: str, value: object) -> dict[str, object]:
    """Build a condition for business-rules."""
    return {"name": name, "operator": operator, "value": value}


RULES = [
    refusal(Reason.REFERENCE_NOT_OPEN, condition("open_online", "is_false", value=True)),
    refusal(Reason.KIND_NOT_OPEN, *(condition("kind", "does_not_contain", kind) for kind in KINDS)),
    refusal(Reason.NOTHING_DUE, condition("remaining", "less_than_or_equal_to", 0)),
    refusal(Reason.BELOW_ONLINE_MINIMUM, condition("remaining", "less_than", LEAST)),
]


def by_business_rules(row: Row) -> Answer:
    """Decide by business-rules."""
    refusals = Refusals()
    run_all(RULES, Cells(row), refusals)
    if refusals.reasons:
        return str(Reason(min(refusals.reasons)).name), sum(refusals.reasons), None
    return "PAYABLE", 0, min(row[1], MOST)


def check() -> None:
    """Compare all answers."""
    for row in ROWS:
        answer = ours(assess(debt_of(row), policy=POLICY))
        demand(answer == by_zen(row), f"zen on {row}")
        demand(answer == by_business_rules(row), f"business-rules on {row}")


def contenders() -> dict[str, Contender]:
    """Return the contenders; each decides the same rows in a cycle."""
    debts, rows = cycle([debt_of(row) for row in ROWS]), {name: cycle(ROWS) for name in ("cells", "zen", "business")}
    return {
        "creance-pay, a debt": lambda: assess(next(debts), policy=POLICY),
        "creance-pay, from its cells": lambda: assess(debt_of(next(rows["cells"])), policy=POLICY),
        f"business-rules {version('business-rules')}": lambda: by_business_rules(next(rows["business"])),
        f"zen-engine {version('zen-engine')}": lambda: by_zen(next(rows["zen"])),
    }


def main() -> None:
    """Check, measure, and write the results."""
    parser = argparse.ArgumentParser(description="Measure one decision beside rule engines.")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--calls", type=int, default=42)
    options = parser.parse_args()
    check()
    times: dict[str, Any] = best(contenders(), options.rounds, options.calls)
    first = next(iter(times.values()))
    rows = [("decide", name, f"{spent:.1f}", f"{spent / first:.2f}") for name, spent in times.items()]
    publish(
        "One decision beside rule engines",
        [
            f"CPU time of one decision, the best of {options.rounds} rounds of {options.calls} decisions in turns.",
            f"Machine: {machine()}.",
            "Answers were compared first.  Ours includes reasons and explanation; the engines return three values.",
            "*Times the cost* is the row's time divided by that of a decision on a debt.",
            "",
            *table(("task", "contender", "microseconds", "times the cost"), rows),
        ],
    )


if __name__ == "__main__":
    main()
