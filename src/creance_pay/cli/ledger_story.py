"""``creance-pay ledger list``, ``find`` and ``show``: which payment a person means, and all that happened to it."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .._clock import utc_now
from ..errors import ConfigurationError, CreancePayError
from ..gateways.direct.statuses import MEANINGS as DIRECT
from ..gateways.sips.response_codes import MEANINGS as SIPS
from ..ledger import Act, EffectTask, Incident, Payment, PaymentEvent, SqlLedger
from ..messages import message_for, render
from ..money import Euros
from ..payment import Movement, PaymentState
from ..references import NoticeReference
from .arguments import day, day_or_time, values
from .output import print_row, print_values

_PARIS = ZoneInfo("Europe/Paris")
#: The meanings of each bank's response codes.
MEANINGS: Mapping[str, Mapping[str, str]] = {"sips": SIPS, "direct": DIRECT}
_KNOWN = ("notice", "amount", "day", "card_end", "authorisation", "reference")


def declare_list(act: ArgumentParser) -> None:
    """Declare the arguments of ``list``."""
    states = values(PaymentState)
    act.add_argument(
        "--state", action="append", choices=states, default=[], metavar="STATE", help=f"repeatable: {', '.join(states)}"
    )
    act.add_argument("--since", type=day_or_time, metavar="TIME", help="recorded at or after this day or time")
    act.add_argument("--before", type=day_or_time, metavar="TIME", help="recorded before this day or time")


def declare_find(act: ArgumentParser) -> None:
    """Declare the arguments of ``find``."""
    act.add_argument("--notice", type=_notice, metavar="REFERENCE", help="the reference of a notice")
    act.add_argument("--amount", type=euros, metavar="EUROS", help="the amount of the payment, such as 20,00")
    act.add_argument("--day", type=day, metavar="DAY", help="the day of the payment in Paris, such as 2026-12-31")
    act.add_argument("--card-end", type=_digits, metavar="DIGITS", help="the last digits of the card, one to four")
    act.add_argument("--authorisation", metavar="NUMBER", help="the bank's number of the authorisation")
    act.add_argument("--reference", metavar="REFERENCE", help="the transaction reference")
    add_bank(act)


def add_bank(act: ArgumentParser) -> None:
    """Declare the option that names the bank whose codes are explained."""
    act.add_argument(
        "--bank",
        choices=sorted(MEANINGS),
        help="the bank whose response codes are explained (default: direct for a payment with the bank's identifier,"
        " otherwise sips)",
    )


def list_payments(options: Namespace, ledger: SqlLedger) -> int:
    """Print payments one by one as they are read: memory is bounded, whatever their number."""
    states = [PaymentState(each) for each in options.state]
    with ledger.transaction(write=False) as store:
        for payment in store.payments(states, options.since, options.before):
            print_row(options, payment_values(payment))
    return 0


def find(options: Namespace, ledger: SqlLedger) -> int:
    """Print the payments that fit all that the caller knows, the latest last; return 1 when none does.

    Raises:
        ConfigurationError: when nothing is given to search by.
    """
    if not any(getattr(options, name) for name in _KNOWN):
        named = ", ".join(f"--{name.replace('_', '-')}" for name in _KNOWN)
        raise ConfigurationError(f"expected at least one of {named}")
    since = before = None
    if options.day:
        # A payment may be opened before midnight and accepted after it.
        since = datetime.combine(options.day, datetime.min.time(), _PARIS) - timedelta(hours=1)
        before = since + timedelta(hours=25)
    found = ledger.payments(
        notice=options.notice,
        since=since,
        before=before,
        amount=options.amount,
        card_end=options.card_end,
        authorisation=options.authorisation,
    )
    shown = [each for each in found if options.reference in {None, each.transaction_reference}]
    for number, payment in enumerate(sorted(shown, key=lambda each: each.created_at)):
        if number and not options.json:
            print()
        _print_explained(options, ledger, payment)
    return 0 if shown else 1


def show(options: Namespace, ledger: SqlLedger) -> int:
    """Print a payment with its money, and its story in the order of time: messages, acts, incidents, effects, money.

    Raises:
        ConfigurationError: when the merchant has no payment of this reference.
    """
    payment = ledger.find(options.reference)
    if payment is None:
        raise ConfigurationError("no payment of this merchant has this transaction reference")
    reference = payment.transaction_reference
    _print_explained(options, ledger, payment)
    rows: list[tuple[datetime, dict[str, object]]] = []
    rows += [(event.evidence.at, _event_values(options, payment, event)) for event in ledger.events(reference)]
    rows += [(each.requested_at, act_values(each)) for each in ledger.acts(reference)]
    rows += [row for each in ledger.incidents(reference) for row in _incident_rows(each)]
    rows += [(each.due_at, task_values(each)) for each in ledger.tasks() if each.transaction_reference == reference]
    rows += [(each.at or payment.created_at, _movement_values(each)) for each in ledger.movements(reference)]
    for at, row in sorted(rows, key=lambda row: row[0]):
        if options.json:
            print_values(options, {"at": format_time(at), **row})
        else:
            shown = {name: value for name, value in row.items() if value not in {None, ""}}
            print_row(options, {"at": format_time(at), "row": next(iter(row)), **shown})
    return 0


def format_time(time: datetime | None) -> str | None:
    """Format a time in ISO 8601, to the second."""
    return time.isoformat(timespec="seconds") if time else None


def payment_values(payment: Payment) -> dict[str, object]:
    """Return what a line about a payment shows."""
    return {
        "transaction_reference": payment.transaction_reference,
        "state": payment.state,
        "amount": payment.amount,
        "created_at": format_time(payment.created_at),
        "paid_at": format_time(payment.paid_at),
    }


def act_values(act: Act) -> dict[str, object]:
    """Return what a line about an act of a person shows."""
    return {
        "act": act.kind,
        "amount": act.amount,
        "state": act.state,
        "by": act.by,
        "reason": act.reason,
        "detail": act.detail,
    }


def task_values(task: EffectTask) -> dict[str, object]:
    """Return what a line about a waiting effect shows."""
    return {"effect": task.name or "(none is registered)", "attempts": task.attempts, "error": task.error}


def _print_explained(options: Namespace, ledger: SqlLedger, payment: Payment) -> None:
    """Print a payment; for a person, without the lines that are empty."""
    found = _explained(options, ledger, payment)
    print_values(options, {name: value for name, value in found.items() if options.json or value not in {None, ""}})


def _explained(options: Namespace, ledger: SqlLedger, payment: Payment) -> dict[str, object]:
    """Return what an agent needs about a payment: its state and why, its money, its notices, what is open."""
    code, notices = payment.response_code, payment.order.notices
    incidents = [each.kind for each in ledger.incidents(payment.transaction_reference) if not each.closed_at]
    sums = {name: getattr(payment.sums, name) for name in ("held", "refunded", "charged_back", "represented")}
    return {
        **payment_values(payment),
        "response_code": code,
        "meaning": _meaning(options, payment, code),
        "person_reads": _sentence(payment, utc_now()),
        "notices": ", ".join(f"{notice} {part}" for notice, part in notices.items()),
        "postings": ", ".join(f"{notice} {state}" for notice, state in payment.postings.items()),
        "display_by": format_time(payment.display_by),
        **sums,
        "authorisation": payment.authorisation_number,
        "incidents": ", ".join(incidents),
    }


def _meaning(options: Namespace, payment: Payment, code: str | None) -> str | None:
    bank = options.bank or ("direct" if payment.bank_reference else "sips")
    return None if code is None else MEANINGS[bank].get(code, "not a documented code")


def _sentence(payment: Payment, now: datetime) -> str:
    """Return the title of the message that the portal shows to the person, in French."""
    try:
        return render(message_for(payment, **payment.message_values(now))).title
    except CreancePayError as error:
        return type(error).__name__


def _event_values(options: Namespace, payment: Payment, event: PaymentEvent) -> dict[str, object]:
    return {
        "event": event.number,
        "source": event.evidence.source,
        "disposition": event.disposition,
        "state": event.state,
        "response_code": event.response_code,
        "meaning": _meaning(options, payment, event.response_code),
        "by": event.evidence.by,
        "reason": event.evidence.reason,
        "detail": event.detail,
    }


def _incident_rows(incident: Incident) -> Iterator[tuple[datetime, dict[str, object]]]:
    yield incident.at, {"incident": incident.kind, "times": incident.times, "detail": incident.detail}
    if incident.closed_at:
        yield incident.closed_at, {"closed": incident.kind, "by": incident.by, "reason": incident.reason}


def _movement_values(movement: Movement) -> dict[str, object]:
    return {"movement": movement.kind, "amount": movement.amount, "identifier": movement.identifier}


def _notice(text: str) -> NoticeReference:
    try:
        return NoticeReference.parse(text)
    except CreancePayError as error:
        raise ArgumentTypeError(str(error)) from None


def euros(text: str) -> Euros:
    """Convert an amount in euros."""
    try:
        return Euros.parse(text)
    except CreancePayError as error:
        raise ArgumentTypeError(str(error)) from None


def _digits(text: str) -> str:
    if re.fullmatch("[0-9]{1,4}", text) is None:
        raise ArgumentTypeError(f"expected one to four digits, got {len(text)} characters")
    return text
