"""Two services over one ledger while two banks are open; the page about a change of bank shows it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from creance_pay.gateways import RequestsTransport, from_file
from creance_pay.ledger import Effect, Ledger
from creance_pay.payments import PaymentService

FILE = "/etc/portal/gateway.toml"
CHANGED_AT = datetime(2026, 12, 1, 6, tzinfo=UTC)  # when the line was changed


def services(ledger: Ledger, effects: Iterable[Effect]) -> tuple[PaymentService, PaymentService]:
    """Build the service of the bank in use, and that of the bank before."""
    transport, effects = RequestsTransport(), list(effects)
    new = PaymentService(from_file(FILE), ledger, transport=transport, effects=effects)
    old = PaymentService(from_file(FILE, gateway="sips"), ledger, transport=transport, effects=effects)
    return new, old


def reconcile(new: PaymentService, old: PaymentService, now: datetime) -> None:
    """Ask each bank about its own payments: the old one about those from before the change."""
    since = now - CHANGED_AT
    new.reconcile(poll_window=min(since, timedelta(days=7)))
    old.reconcile(older_than=since)
