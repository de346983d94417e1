"""``creance-pay ledger refund``, ``cancel``, ``correct``, ``replay``, ``reconcile``: acts by the portal's service.

The service knows the bank and the effects of a payment.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from ..gateways import OperationOutcome
from ..gateways.sips import read_reports
from ..ledger import Act, ActKind, ActState, RecordResult
from ..payment import PaymentState
from .arguments import values, whole_number
from .ledger_story import act_values, euros
from .ledger_upkeep import add_person, with_bar
from .output import print_row, print_values
from .portal_service import import_service

#: The other operation, where the bank finds one impossible.
_OTHER = {ActKind.REFUND: "before the debit, cancel it", ActKind.CANCEL: "after the debit, refund it"}
_YEAR_MINUTES, _MOST_EVENTS = 527_040, 10**18


def declare_operation(act: ArgumentParser) -> None:
    """Declare the arguments of ``refund`` and ``cancel``."""
    act.add_argument("reference", help="the transaction reference of the payment")
    act.add_argument("--amount", type=euros, metavar="EUROS", help="the amount (default: all that the merchant holds)")
    add_person(act)


def declare_correct(act: ArgumentParser) -> None:
    """Declare the arguments of ``correct``."""
    act.add_argument("reference", help="the transaction reference of the payment")
    act.add_argument("state", choices=values(PaymentState), metavar="STATE", help="the state that a person has found")
    add_person(act)


def declare_replay(act: ArgumentParser) -> None:
    """Declare the arguments of ``replay``."""
    act.add_argument("reference", help="the transaction reference of the payment")
    act.add_argument(
        "--event", type=whole_number(0, _MOST_EVENTS), metavar="NUMBER", help="one event (default: each with a message)"
    )
    add_person(act)


def declare_reconcile(act: ArgumentParser) -> None:
    """Declare the arguments of ``reconcile``."""
    act.add_argument(
        "--minutes",
        type=whole_number(0, _YEAR_MINUTES),
        default=20,
        help="the age in minutes from which to ask about a payment (default: %(default)s)",
    )
    act.add_argument(
        "--report", type=Path, action="append", default=[], metavar="FILE", help="a daily report of Sips, repeatable"
    )


def refund(options: Namespace) -> int:
    """Refund a payment, and print the act; return 1 when the bank refused or has not answered."""
    return _operate(options, import_service(options.service).refund)


def cancel(options: Namespace) -> int:
    """Cancel a payment, and print the act; return 1 when the bank refused or has not answered."""
    return _operate(options, import_service(options.service).cancel)


def _operate(options: Namespace, operate: Callable[..., Act]) -> int:
    act = operate(options.reference, options.amount, by=options.by, reason=options.reason)
    print_values(options, act_values(act))
    if act.detail.startswith(OperationOutcome.IMPOSSIBLE):
        print(f"creance-pay: the payment's state at the bank does not allow it: {_OTHER[act.kind]}", file=sys.stderr)
    return 0 if act.state is ActState.DONE else 1


def correct(options: Namespace) -> int:
    """Record a person's decision about the state of a payment; return 1 when another state takes precedence."""
    service, state = import_service(options.service), PaymentState(options.state)
    result = service.correct(options.reference, state, by=options.by, reason=options.reason)
    print_values(options, {"state": result.state, "disposition": result.disposition})
    return 0 if result.state is state else 1


def replay(options: Namespace) -> int:
    """Process recorded messages again, and print the result of each; return 1 when one is not recorded."""
    service = import_service(options.service)
    results = service.replay(options.reference, options.event, by=options.by, reason=options.reason)
    for result in results:
        if isinstance(result, RecordResult):
            print_row(options, {"disposition": result.disposition, "state": result.state, "error": None})
        else:
            print_row(options, {"disposition": None, "state": None, "error": f"{type(result).__name__}: {result}"})
    return 0 if all(isinstance(result, RecordResult) for result in results) else 1


def reconcile(options: Namespace) -> int:
    """Reconcile by the portal's own service, which knows the effects of a payment."""
    service, reports = import_service(options.service), [read_reports(path) for path in options.report]
    found = service.reconcile(older_than=timedelta(minutes=options.minutes), reports=reports, progress=with_bar)
    unread = sum(len(report.bad) for report in reports)
    counts = {"recorded": len(found.recorded), "changed": len(found.changed), "unanswered": len(found.unanswered)}
    lines = {"unread_lines": unread, "foreign_lines": found.foreign}
    print_values(options, counts | lines | {"incidents": len(service.incidents())})
    return 1 if found.unanswered or unread else 0
