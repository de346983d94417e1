"""``creance-pay bank trigger``: post a notification of the test bank to a portal on this machine, without a click.

The order is read from the portal's ledger.  Sips reports a refund or a chargeback in its daily reports alone, so these
two write the reports of a day.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs

from .._clock import utc_now
from ..errors import ConfigurationError
from ..gateways import KeyRing, RequestsTransport
from ..ledger import SqlLedger
from ..payment import PaymentOrder, PaymentState
from ..testing import Fault, TrialCard
from ..testing.delivery import deliver
from ..testing.sips import SipsBank, SipsTrialMerchant, write_daily_reports
from .arguments import add_acts, day, seconds
from .ledger_command import add_ledger, on_ledger

_PARIS = ZoneInfo("Europe/Paris")
#: The card and the fault of the bank of each message.
MESSAGES = {
    "paid": (TrialCard.ACCEPTED, Fault.NONE),
    "refused": (TrialCard.REFUSED, Fault.NONE),
    "doubled": (TrialCard.ACCEPTED, Fault.DOUBLED),
    "late": (TrialCard.ACCEPTED, Fault.LATE),
    "forged": (TrialCard.REFUSED, Fault.FORGED),
}
#: The movements that Sips writes into its daily reports, and notifies nobody of.
REPORTED = ("refund", "chargeback")


def declare(command: ArgumentParser) -> None:
    """Declare ``trigger`` below the command ``bank``."""
    text = "post a notification about an order of the portal's ledger, or write the daily reports of a movement"
    trigger = add_acts(command, {"trigger": (on_ledger(run), text)}, required=False)["trigger"]
    trigger.add_argument("message", choices=[*MESSAGES, *REPORTED], help="the message")
    trigger.add_argument("--to", metavar="URL", help="the address of the portal (default: that of the order)")
    trigger.add_argument("--reference", help="the transaction reference (default: the newest order)")
    trigger.add_argument("--wait", type=seconds, default=timedelta(seconds=5), help="the delay of a late notification")
    trigger.add_argument("--day", type=day, help="the day of the reports (default: today)")
    trigger.add_argument("--reports", type=Path, default=Path(), metavar="FOLDER", help="the folder of the reports")
    add_ledger(trigger)
    add_keys(trigger)


def add_keys(command: ArgumentParser) -> None:
    """Declare the option that names the keys of a merchant of your own."""
    command.add_argument(
        "--key-file", type=Path, metavar="FILE", help="the merchant's key file (default: the keys of the test merchant)"
    )


def merchant_of(options: Namespace, merchant_id: str | None) -> SipsTrialMerchant:
    """Build the merchant of the options; the default is the test merchant."""
    given = SipsTrialMerchant()
    keys = KeyRing.from_file(options.key_file) if options.key_file else given.keys
    return SipsTrialMerchant(merchant_id=merchant_id or given.merchant_id, keys=keys)


def run(options: Namespace, ledger: SqlLedger) -> int:
    """Post the notifications, or write the reports; return 1 when the portal did not answer, or with an error."""
    order = _order(options, ledger)
    merchant = merchant_of(options, ledger.merchant_id)
    if options.message in REPORTED:
        return _write_reports(options, merchant, order)
    card, fault = MESSAGES[options.message]
    bank = SipsBank({merchant.merchant_id: merchant.keys}, delay=options.wait)
    request = bank.receive(merchant.gateway().initiate(order).fields)
    ending = bank.settle(request, bank.pay(request, card), fault=fault)
    sender, statuses = RequestsTransport(direct=True), list[int | None]()
    for each in ending.notifications if ending else ():
        time.sleep(each.delay.total_seconds())
        (status,) = deliver([each], sender)
        print(f"{order.transaction_reference}  {options.message}  {each.url}  {status or 'no answer'}")
        statuses.append(status)
    return 0 if statuses and None not in statuses else 1


def _order(options: Namespace, ledger: SqlLedger) -> PaymentOrder:
    """Return the order of the options, to which the bank answers at any time.

    Raises:
        ConfigurationError: when the ledger has no such order.
    """
    waiting = {PaymentState.CREATED} if options.reference is None and options.message in MESSAGES else set()
    found = [each for each in ledger.payments(waiting) if options.reference in {None, each.transaction_reference}]
    if not found:
        raise ConfigurationError("expected an order that waits for its notification, or --reference of a payment")
    order = max(found, key=lambda each: each.created_at).order
    return attrs.evolve(order, expires_at=None, notification_url=options.to or order.notification_url)


def _write_reports(options: Namespace, merchant: SipsTrialMerchant, order: PaymentOrder) -> int:
    """Write the reports of a day on which the order was paid, debited, and given or taken back."""
    chosen = options.day or utc_now().astimezone(_PARIS).date()
    noon = datetime.combine(chosen, datetime.min.time(), _PARIS) + timedelta(hours=12)
    bank = SipsBank({merchant.merchant_id: merchant.keys}, clock=lambda: noon)
    request = bank.receive(merchant.gateway().initiate(order).fields)
    bank.settle(request, bank.pay(request, TrialCard.ACCEPTED))
    bank.run_nightly_batch()
    if options.message == "refund":
        bank.operate("refund", order.transaction_reference)
        bank.run_nightly_batch()
    else:
        bank.charge_back(order.transaction_reference)
    for path in write_daily_reports(bank, chosen, options.reports):
        print(path)
    return 0
