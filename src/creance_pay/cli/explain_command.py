"""``creance-pay explain REFERENCE KIND REMAINING``: decide one debt, and list the rules and sources."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from ..debts import Debt, DebtKind
from ..money import Euros
from ..references import NoticeReference
from ..rules import Verdict, assess
from .arguments import add_json, add_policy, values
from .output import print_values
from .policies import policy_of


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    command.add_argument("reference", help="the notice reference, in quotation marks if it has spaces")
    command.add_argument("kind", choices=values(DebtKind), metavar="kind", help="the code of the kind: PFR, FRR, ...")
    command.add_argument("remaining", help="the remaining amount in euros, such as 60,00")
    command.add_argument("--amount", help="an amount to pay, in euros")
    command.add_argument("--not-open", action="store_true", help="the caisse has not opened the reference to payment")
    add_policy(command)
    add_json(command)
    command.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Print the explanation of a verdict; return 0 when the debt, or the amount, can be paid online."""
    reference, remaining = NoticeReference.parse(options.reference), Euros.parse(options.remaining)
    debt = Debt(
        reference=reference,
        kind=DebtKind(options.kind),
        initial=remaining,
        remaining=remaining,
        issued_on=reference.issued_on,
        open_online=not options.not_open,
    )
    assessment = assess(debt, policy=policy_of(options.policy, kind=debt.kind))
    verdict: Verdict = assessment if options.amount is None else assessment.check(options.amount)
    if options.json:
        print_values(options, {"code": verdict.code, "ok": verdict.ok, "because": "\n".join(verdict.explain())})
    else:
        print(*verdict.explain(), sep="\n")
    return 0 if verdict else 1
