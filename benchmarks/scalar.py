"""Measure one decision beside rule engines: part of ``python3 dev.py bench``.

The engines receive plain cells with a validated reference.  Ours is measured on a debt; on a debt with the values that
the engines return; and from the cells alone: then it parses the reference and the amount, as a portal does.  Before the
measurement all results are compared: the code, the sum of the reasons, and the largest payment.  zen is measured in its
fastest form, a model compiled once.  The two other engines execute a decision table of DMN, the standard of the OMG.
"""

import argparse
from importlib.metadata import version
from itertools import cycle, product
from types import SimpleNamespace
from typing import Any

import pyDMNrules
import zen
from rounds import Contender, best, demand, machine, publish, table
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
from SpiffWorkflow.dmn.specs.model import DecisionTable, HitPolicy, Input, InputEntry, Output, OutputEntry, Rule

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


#: The refusals of SpiffWorkflow's decision table: the cell, and the Python test of a refusal; ? is the cell.
REFUSALS = {
    Reason.REFERENCE_NOT_OPEN: ("open_online", "? == False"),
    Reason.KIND_NOT_OPEN: ("kind", f"? not in {KINDS}"),
    Reason.NOTHING_DUE: ("remaining", "? <= 0"),
    Reason.BELOW_ONLINE_MINIMUM: ("remaining", f"? < {LEAST}"),
}


def decision_table() -> DecisionTable:
    """Build the table for SpiffWorkflow: a row for each reason; all rows that apply are collected."""
    found, output = DecisionTable("debt", "debt", HitPolicy.COLLECT.value), Output("reason", "", "reason", "number")
    for reason, (cell, test) in REFUSALS.items():
        row, entry, result = (
            Rule(reason.name),
            InputEntry(cell, Input(cell, "", cell, cell, "")),
            OutputEntry("", output),
        )
        entry.lhs, result.text = [test], str(int(reason))
        row.inputEntries, row.outputEntries = [entry], [result]
        found.rules.append(row)
    return found


SPIFF, WORKFLOW = DMNEngine(decision_table()), SimpleNamespace(script_engine=PythonScriptEngine())


def by_spiff(row: Row) -> Answer:
    """Decide by SpiffWorkflow."""
    cells = dict(zip(("kind", "remaining", "open_online"), row, strict=True))
    return answer_of(SPIFF.result(SimpleNamespace(data=cells, workflow=WORKFLOW)).get("reason", []), row)


def answer_of(reasons: list[int], row: Row) -> Answer:
    """Build an answer from the reasons that an engine collected."""
    if reasons:
        return str(Reason(min(reasons)).name), sum(reasons), None
    return "PAYABLE", 0, min(row[1], MOST)


def row_of(reason: Reason, *tests: str) -> str:
    """Write a row of the table in DMN: a test for each input, and the number of the reason."""
    cells = "".join(f"<inputEntry><text>{test}</text></inputEntry>" for test in tests)
    return f"<rule id='row-{int(reason)}'>{cells}<outputEntry><text>{int(reason)}</text></outputEntry></rule>"


SEPARATOR = '","'
#: The table for pyDMNrules, in DMN: the same rows in FEEL, and a row for no reason.  The reasons are summed.
TABLE = f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="debt" name="debt" namespace="debt">
 <inputData id="a" name="open_online"><variable name="open_online" typeRef="boolean"/></inputData>
 <inputData id="b" name="kind"><variable name="kind" typeRef="string"/></inputData>
 <inputData id="c" name="remaining"><variable name="remaining" typeRef="number"/></inputData>
 <decision id="decide" name="reasons"><variable name="reasons" typeRef="number"/>
  <informationRequirement id="needs-a"><requiredInput href="#a"/></informationRequirement>
  <informationRequirement id="needs-b"><requiredInput href="#b"/></informationRequirement>
  <informationRequirement id="needs-c"><requiredInput href="#c"/></informationRequirement>
  <decisionTable id="table" hitPolicy="COLLECT" aggregation="SUM" outputLabel="reasons">
   <input id="in-a" label="open_online">
    <inputExpression typeRef="boolean"><text>open_online</text></inputExpression>
   </input>
   <input id="in-b" label="kind">
    <inputExpression typeRef="string"><text>kind</text></inputExpression>
   </input>
   <input id="in-c" label="remaining">
    <inputExpression typeRef="number"><text>remaining</text></inputExpression>
   </input>
   <output id="out" name="reasons" typeRef="number"/>
   {row_of(Reason.REFERENCE_NOT_OPEN, "false", "-", "-")}
   {row_of(Reason.KIND_NOT_OPEN, "-", f'not("{SEPARATOR.join(KINDS)}")', "-")}
   {row_of(Reason.NOTHING_DUE, "-", "-", "&lt;=0")}
   {row_of(Reason.BELOW_ONLINE_MINIMUM, "-", "-", f"&lt;{LEAST}")}
   {row_of(Reason(0), "-", "-", "-")}
  </decisionTable>
 </decision>
</definitions>"""

DMN = pyDMNrules.DMN()
demand(not DMN.useXML(TABLE), "pyDMNrules reads its table")


def by_pydmnrules(row: Row) -> Answer:
    """Decide by pyDMNrules."""
    _, found = DMN.decide(dict(zip(("kind", "remaining", "open_online"), row, strict=True)))
    flags = int(found["Result"]["reasons.reasons"])
    return answer_of([int(reason) for reason in Reason(flags)], row)


def check() -> None:
    """Compare all answers."""
    for row in ROWS:
        answer = ours(assess(debt_of(row), policy=POLICY))
        demand(answer == by_zen(row), f"zen on {row}")
        demand(answer == by_spiff(row), f"SpiffWorkflow on {row}")
        demand(answer == by_pydmnrules(row), f"pyDMNrules on {row}")


def contenders() -> dict[str, Contender]:
    """Return the contenders; each decides the same rows in a cycle."""
    debts, values = cycle([debt_of(row) for row in ROWS]), cycle([debt_of(row) for row in ROWS])
    cells, zen_rows, spiff_rows, dmn_rows = cycle(ROWS), cycle(ROWS), cycle(ROWS), cycle(ROWS)
    return {
        "creance-pay, a debt": lambda: assess(next(debts), policy=POLICY),
        "creance-pay, a debt, to the engines' three values": lambda: ours(assess(next(values), policy=POLICY)),
        "creance-pay, from its cells": lambda: assess(debt_of(next(cells)), policy=POLICY),
        f"zen-engine {version('zen-engine')}": lambda: by_zen(next(zen_rows)),
        f"SpiffWorkflow {version('spiffworkflow')}, DMN": lambda: by_spiff(next(spiff_rows)),
        f"pyDMNrules {version('pydmnrules')}": lambda: by_pydmnrules(next(dmn_rows)),
    }


def main() -> None:
    """Check, measure, and write the results."""
    parser = argparse.ArgumentParser(description="Measure one decision beside rule engines.")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--calls", type=int, default=42)
    options = parser.parse_args()
    check()
    times: dict[str, Any] = best(contenders(), options.rounds, options.calls)
    peer = next(spent for name, spent in times.items() if name.startswith("zen"))
    rows = [("decide", name, f"{spent:.1f}", f"{spent / peer:.2f}") for name, spent in times.items()]
    publish(
        "One decision beside rule engines",
        [
            f"CPU time of one decision, the best of {options.rounds} rounds of {options.calls} decisions in turns.",
            f"Machine: {machine()}.",
            "Answers were compared first.  Ours includes reasons and explanation; the engines return three values.",
            "*Times zen* is the row's time divided by that of zen-engine.",
            "",
            *table(("task", "contender", "microseconds", "times zen"), rows),
        ],
    )


if __name__ == "__main__":
    main()
