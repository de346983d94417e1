"""``creance-pay ledger``: read a portal's ledger, reconcile it with the bank, erase old personal data.

The ledger is a SQLite file (``--file``) or the URL in the environment variable ``CREANCE_PAY_LEDGER``, as in
:class:`~creance_pay.ledger.SqlLedger`.  The URL is never an argument: other users of the machine could read its
password.  No act prints a card or the content of a message.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from pkgutil import resolve_name
from typing import TypeVar

from .._clock import utc_now
from ..errors import ConfigurationError
from ..gateways.sips import read_reports
from ..ledger import Act, Payment, PaymentEvent, SqlLedger
from ..payment import Movement, PaymentState
from ..payments import PaymentService
from .arguments import Run, add_acts, add_json, day_or_time, values, whole_number
from .bar import progress
from .output import print_row, print_values
from .posting_file import read_posted, read_rejected, write_postings

T = TypeVar("T")
_VARIABLE = "CREANCE_PAY_LEDGER"
_CENTURY_DAYS, _YEAR_MINUTES, _MOST_EVENTS = 36_525, 527_040, 10**18


def declare(command: ArgumentParser) -> None:
    """Declare the acts and their arguments."""
    acts = add_acts(
        command,
        {
            "list": (_on_ledger(list_payments), "list payments"),
            "show": (_on_ledger(show), "show a payment: its money, events, movements and acts"),
            "incidents": (_on_ledger(list_incidents), "list the open incidents; status 1 when there is one"),
            "erase": (_on_ledger(erase), "erase old messages and card masks; payments and events stay"),
            "postings": (_on_ledger(write_postings), "write the money that moved for the caisse, as CSV"),
            "posted": (
                _on_ledger(read_posted),
                "record the notices that the caisse has posted; status 1 for a bad line",
            ),
            "rejected": (
                _on_ledger(read_rejected),
                "record the notices that the caisse cannot post; status 1 likewise",
            ),
            "reconcile": (reconcile, "ask the bank about open payments; status 1 when an answer is missing"),
        },
    )
    for name in acts.keys() - {"reconcile"}:
        acts[name].add_argument(
            "--file", type=Path, help=f"a ledger in SQLite (default: the URL in the environment's {_VARIABLE})"
        )
        acts[name].add_argument(
            "--merchant", required=True, metavar="ID", help="the merchant id of the portal's ledger"
        )
    for act in acts.values():
        add_json(act)
    listing, asking = acts["list"], acts["reconcile"]
    states = values(PaymentState)
    listing.add_argument(
        "--state", action="append", choices=states, default=[], metavar="STATE", help=f"repeatable: {', '.join(states)}"
    )
    listing.add_argument("--since", type=day_or_time, metavar="TIME", help="recorded at or after this day or time")
    listing.add_argument("--before", type=day_or_time, metavar="TIME", help="recorded before this day or time")
    acts["show"].add_argument("reference", help="the transaction reference of the payment")
    acts["erase"].add_argument(
        "--days", type=whole_number(0, _CENTURY_DAYS), required=True, help="the age in days from which data are erased"
    )
    acts["postings"].add_argument(
        "--after",
        type=whole_number(0, _MOST_EVENTS),
        default=0,
        metavar="NUMBER",
        help="the last number of the file before (default: %(default)s)",
    )
    for name in ("posted", "rejected"):
        acts[name].add_argument("answer", type=Path, metavar="FILE", help="the answer of the caisse, as CSV")
        acts[name].add_argument("--by", required=True, help="the person or job")
        acts[name].add_argument("--reason", required=name == "rejected", default="", help="the reason")
    asking.add_argument("service", help="the portal's PaymentService as MODULE:NAME, such as portal.payment:service")
    asking.add_argument(
        "--minutes",
        type=whole_number(0, _YEAR_MINUTES),
        default=20,
        help="the age in minutes from which to ask about a payment (default: %(default)s)",
    )
    asking.add_argument(
        "--report", type=Path, action="append", default=[], metavar="FILE", help="a daily report of Sips, repeatable"
    )


def _on_ledger(act: Callable[[Namespace, SqlLedger], int]) -> Run:
    """Return a function that opens the ledger, runs an act on it, and closes it."""

    def run(options: Namespace) -> int:
        """Run the act on the ledger of the options."""
        with closing(SqlLedger(ledger_url(options.file), merchant_id=options.merchant)) as ledger:
            return act(options, ledger)

    return run


def list_payments(options: Namespace, ledger: SqlLedger) -> int:
    """Print payments one by one as they are read: memory is bounded, whatever their number."""
    states = [PaymentState(each) for each in options.state]
    with ledger.transaction(write=False) as store:
        for payment in store.payments(states, options.since, options.before):
            print_row(options, _payment_values(payment))
    return 0


def show(options: Namespace, ledger: SqlLedger) -> int:
    """Print a payment with its money, its events, the movements that the bank reported, and the acts of people.

    Raises:
        ConfigurationError: when the merchant has no payment of this reference.
    """
    payment = ledger.find(options.reference)
    if payment is None:
        raise ConfigurationError("no payment of this merchant has this transaction reference")
    notices = ", ".join(f"{notice} {part}" for notice, part in payment.order.notices.items())
    postings = ", ".join(f"{notice} {state}" for notice, state in payment.postings.items())
    sums = {name: getattr(payment.sums, name) for name in ("held", "refunded", "charged_back", "represented")}
    details = {"authorisation": payment.authorisation_number, "display_by": _format_time(payment.display_by)}
    print_values(options, _payment_values(payment) | {"notices": notices, "postings": postings} | sums | details)
    for event in ledger.events(payment.transaction_reference):
        print_row(options, _event_values(event))
    for movement in ledger.movements(payment.transaction_reference):
        print_row(options, _movement_values(movement))
    for act in ledger.acts(payment.transaction_reference):
        print_row(options, _act_values(act))
    return 0


def list_incidents(options: Namespace, ledger: SqlLedger) -> int:
    """Print the open incidents, the oldest first; return 1 when there is one, so that a monitor can raise an alarm."""
    found = ledger.incidents()
    for each in found:
        details = {"kind": each.kind, "transaction_reference": each.transaction_reference, "detail": each.detail}
        counted = {"times": each.times, "last_at": _format_time(each.last_at)}
        print_row(options, {"at": _format_time(each.at), **details, **counted})
    return 1 if found else 0


def erase(options: Namespace, ledger: SqlLedger) -> int:
    """Erase old personal data, and print the number of changed payments and events."""
    before = utc_now() - timedelta(days=options.days)
    print_values(options, {"erased": ledger.erase(before=before, progress=_with_bar)})
    return 0


def reconcile(options: Namespace) -> int:
    """Reconcile by the portal's own service, which knows the effects of a payment."""
    service, reports = _import_service(options.service), [read_reports(path) for path in options.report]
    found = service.reconcile(
        older_than=timedelta(minutes=options.minutes),
        reports=reports,
        progress=_with_bar,
    )
    unread = sum(len(report.bad) for report in reports)
    counts = {"recorded": len(found.recorded), "changed": len(found.changed), "unanswered": len(found.unanswered)}
    lines = {"unread_lines": unread, "foreign_lines": found.foreign}
    print_values(options, counts | lines | {"incidents": len(service.incidents())})
    return 1 if found.unanswered or unread else 0


def _with_bar(steps: Sequence[T]) -> Iterator[T]:
    """Yield steps one by one, and show on a progress bar how many are done."""
    with progress(len(steps)) as advance:
        for step in steps:
            yield step
            advance(1)


def ledger_url(file: Path | None) -> str:
    """Return the URL of the ledger.

    Raises:
        ConfigurationError: for a file that does not exist, which SQLite would create, and without file and variable.
    """
    if file is None:
        url = os.environ.get(_VARIABLE)
        if not url:
            raise ConfigurationError(f"expected --file, or {_VARIABLE} in the environment")
        return url
    if not file.exists():
        raise ConfigurationError(f"expected the file of a ledger, {file} does not exist")
    return f"sqlite:///{file}"


def _import_service(name: str) -> PaymentService:
    """Import the service of a portal; like web servers, search the current folder too."""
    sys.path.insert(0, "")
    try:
        found = resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"{name!r} cannot be imported: {type(error).__name__}: {error}") from error
    if not isinstance(found, PaymentService):
        raise ConfigurationError(
            f"expected {name!r} to be a PaymentService, as MODULE:NAME, got {type(found).__name__}"
        )
    return found


def _format_time(time: datetime | None) -> str | None:
    return time.isoformat(timespec="seconds") if time else None


def _payment_values(payment: Payment) -> dict[str, object]:
    return {
        "transaction_reference": payment.transaction_reference,
        "state": payment.state,
        "amount": payment.amount,
        "created_at": _format_time(payment.created_at),
        "paid_at": _format_time(payment.paid_at),
    }


def _movement_values(movement: Movement) -> dict[str, object]:
    return {
        "movement": movement.kind,
        "amount": movement.amount,
        "at": _format_time(movement.at),
        "identifier": movement.identifier,
    }


def _act_values(act: Act) -> dict[str, object]:
    return {
        "act": act.kind,
        "amount": act.amount,
        "at": _format_time(act.requested_at),
        "state": act.state,
        "by": act.by,
        "reason": act.reason,
        "detail": act.detail,
    }


def _event_values(event: PaymentEvent) -> dict[str, object]:
    return {
        "event": event.number,
        "at": _format_time(event.evidence.at),
        "source": event.evidence.source,
        "disposition": event.disposition,
        "state": event.state,
        "detail": event.detail,
    }
