"""``creance-pay ledger``: look into a portal's ledger, find out what nobody incoming, erase what is personal and old.

The ledger is a file (``--file``) or what ``CREANCE_PAY_LEDGER`` of the environment names, as in
:class:`~creance_pay.ledger.SqlLedger`; its URL is no argument, since other users of the machine would see a password.
Neither cards nor messages are shown.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, TypeVar

from .._clock import utc_now
from ..errors import ConfigurationError
from ..gateways.sips import read_reports
from ..ledger import Payment, PaymentEvent, SqlLedger
from ..payment import PaymentState
from ..payments import PaymentService
from .bar import progress
from .output import answer

if TYPE_CHECKING:
    from argparse import _SubParsersAction

T = TypeVar("T")
_VARIABLE = "CREANCE_PAY_LEDGER"


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command and what it can do."""
    top = commands.add_parser("ledger", help="look into a portal's ledger, reconcile it, erase what is old")
    acts = top.add_subparsers(required=True, metavar="ACT")
    listing = _declare(acts, show_all, "list payments", name="list")
    listing.add_argument("--state", action="append", choices=[*PaymentState], default=[], help="only these, repeatable")
    listing.add_argument("--since", type=_moment, help="only those recorded since: 2026-12-31T00:00+01:00")
    listing.add_argument("--before", type=_moment, help="only those recorded before")
    showing = _declare(acts, show, "show a payment and what came about it")
    showing.add_argument("reference", help="its transaction reference")
    _declare(acts, incidents, "list what a person has to look at; status 1 when there is anything")
    erasing = _declare(acts, erase, "erase messages and card masks that are old; the accounts stay")
    erasing.add_argument("--days", type=_days, required=True, help="keep those of so many days")
    asking = acts.add_parser(
        "reconcile", help="ask the bank about what nobody incoming; status 1 when it did not answer"
    )
    asking.add_argument("service", help="the portal's PaymentService, as MODULE:NAME, such as portal.payment:service")
    asking.add_argument("--minutes", type=int, default=20, help="the age from which to ask (default: %(default)s)")
    asking.add_argument("--report", type=Path, action="append", default=[], help="a daily report of Sips, repeatable")
    asking.add_argument("--json", action="store_true", help="answer in JSON")
    asking.set_defaults(run=reconcile)


def _declare(
    acts: _SubParsersAction[argparse.ArgumentParser],
    act: Callable[[argparse.Namespace, SqlLedger], int],
    text: str,
    *,
    name: str = "",
) -> argparse.ArgumentParser:
    """Declare an act on a ledger, which is closed after it."""

    def run(options: argparse.Namespace) -> int:
        """Open the ledger for the act."""
        with closing(SqlLedger(_url(options.file), merchant_id=options.merchant)) as ledger:
            return act(options, ledger)

    command = acts.add_parser(name or act.__name__, help=text)
    command.add_argument("--file", type=Path, help=f"a ledger in SQLite; without it, {_VARIABLE} of the environment")
    command.add_argument("--merchant", default="", help="the shop, as its ledger was opened with")
    command.add_argument("--json", action="store_true", help="answer in JSON, one object a line")
    command.set_defaults(run=run)
    return command


def show_all(options: argparse.Namespace, ledger: SqlLedger) -> int:
    """Print the payments one by one as they are read, however many there are."""
    states = [PaymentState(each) for each in options.state]
    with ledger.transaction(write=False) as store:
        for payment in store.payments(states, options.since, options.before):
            _print(options, _payment(payment))
    return 0


def show(options: argparse.Namespace, ledger: SqlLedger) -> int:
    """Print a payment and its records; one that is not there is a no."""
    payment = ledger.find(options.reference)
    if payment is None:
        raise ConfigurationError("no payment of this shop has this transaction reference")
    notices = ", ".join(f"{notice} {part}" for notice, part in payment.order.notices.items())
    facts = {"notices": notices, "authorisation": payment.authorisation_number, "display_by": _text(payment.display_by)}
    answer(options, _payment(payment) | facts)
    for event in ledger.events(payment.transaction_reference):
        _print(options, _record(event))
    return 0


def incidents(options: argparse.Namespace, ledger: SqlLedger) -> int:
    """Print the open incidents, the oldest first."""
    found = ledger.incidents()
    for each in found:
        reference = each.transaction_reference
        values = {"at": _text(each.at), "kind": each.kind, "transaction_reference": reference, "detail": each.detail}
        _print(options, values)
    return 1 if found else 0


def erase(options: argparse.Namespace, ledger: SqlLedger) -> int:
    """Erase, and print how much."""
    answer(options, {"erased": ledger.erase(before=utc_now() - options.days, progress=_watched)})
    return 0


def reconcile(options: argparse.Namespace) -> int:
    """Reconcile by the portal's own service: another one would not know what has to follow a payment."""
    service, reports = _service(options.service), [read_reports(path) for path in options.report]
    found = service.reconcile(
        older_than=timedelta(minutes=options.minutes),
        reports=[line for report in reports for line in report],
        progress=_watched,
    )
    unread = sum(len(report.bad) for report in reports)
    incoming = {"recorded": len(found.recorded), "changed": len(found.changed), "unanswered": len(found.unanswered)}
    answer(options, incoming | {"unread_lines": unread, "incidents": len(service.incidents())})
    return 1 if found.unanswered or unread else 0


def _watched(steps: Sequence[T]) -> Iterator[T]:
    """Show a bar while one step after the other is done: payments asked about, pages erased."""
    with progress(len(steps)) as advance:
        for step in steps:
            yield step
            advance(1)


def _url(file: Path | None) -> str:
    """Name the ledger; a file that is not there would be made, empty, for a name that was mistyped."""
    if file is None:
        return os.environ.get(_VARIABLE) or _refuse(f"expected --file, or {_VARIABLE} in the environment")
    return f"sqlite:///{file}" if file.exists() else _refuse(f"{file} is not there")


def _refuse(why: str) -> str:
    raise ConfigurationError(why)


def _service(name: str) -> PaymentService:
    """Import a portal's service, from the current folder too, as servers of portals do."""
    sys.path.insert(0, "")
    try:
        found = resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"{name!r} cannot be imported: {type(error).__name__}") from error
    if not isinstance(found, PaymentService):
        raise ConfigurationError(f"expected {name!r} to be a PaymentService, as MODULE:NAME")
    return found


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _days(text: str) -> timedelta:
    days = timedelta(days=int(text))
    if days < timedelta(0):
        raise ValueError(text)
    return days


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _payment(payment: Payment) -> dict[str, object]:
    return {
        "transaction_reference": payment.transaction_reference,
        "state": payment.state,
        "amount": payment.amount,
        "created_at": _text(payment.created_at),
        "paid_at": _text(payment.paid_at),
    }


def _record(event: PaymentEvent) -> Mapping[str, object]:
    evidence = event.evidence
    return {
        "record": event.number,
        "at": _text(evidence.at),
        "source": evidence.source,
        "disposition": event.disposition,
        "state": event.state,
        "detail": event.detail,
    }


def _print(options: argparse.Namespace, values: Mapping[str, object]) -> None:
    """Print a line of a list."""
    if options.json:
        answer(options, values)
    else:
        print("  ".join("-" if value in {None, ""} else str(value) for value in values.values()))
