"""``creance-pay explain REFERENCE KIND REMAINING``: what the rules say of one debt, with their sources."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..debts import Debt, DebtKind
from ..money import Euros
from ..references import NoticeReference
from ..rules import Verdict, policy_named
from ..rules import assess as decide
from .output import answer

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser("explain", help="say what the rules make of one debt, and why")
    command.add_argument("reference", help="the reference of the notice, quoted if it has spaces")
    command.add_argument("kind", choices=[kind.value for kind in DebtKind], help="the code of the kind: PFR, FRR, ...")
    command.add_argument("remaining", help="what is still due, in euros: 60,00")
    command.add_argument("--amount", help="an amount to pay, in euros")
    command.add_argument("--not-open", action="store_true", help="the caisse has not opened the reference")
    command.add_argument("--policy", default="ameli-2019-11", help="the policy's name (default: %(default)s)")
    command.add_argument("--json", action="store_true", help="answer in JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print every line of the account; the status is 0 when the debt, or the amount, can be paid."""
    reference, remaining = NoticeReference.parse(options.reference), Euros.parse(options.remaining)
    debt = Debt(
        reference=reference,
        kind=DebtKind(options.kind),
        initial=remaining,
        remaining=remaining,
        issued_on=reference.issued_on,
        open_online=not options.not_open,
    )
    assessment = decide(debt, policy=policy_named(options.policy))
    verdict: Verdict = assessment if options.amount is None else assessment.check(options.amount)
    if options.json:
        answer(options, {"code": verdict.code, "ok": verdict.ok, "because": "\n".join(verdict.explain())})
    else:
        print(*verdict.explain(), sep="\n")
    return 0 if verdict else 1
