"""The one path by which everything enters the ledger: prove it, find its order, record it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta

import attrs

from ..errors import CreancePayError, GatewayUnavailableError, OrderMismatchError, ResponseRefusedError
from ..gateways.base import Gateway
from ..gateways.transport import Transport
from ..http import HttpMessage
from ..ledger.incidents import Incident, IncidentKind
from ..ledger.ledger import Ledger, RecordResult
from ..ledger.outbox import Effect
from ..ledger.records import Evidence, Payment, PaymentEvent
from ..ledger.transitions import Disposition
from ..money import Euros
from ..payment import PaymentOrder, Source, VerifiedPayment

_AHEAD = timedelta(hours=1)  # a clock may be wrong by minutes


@attrs.frozen(kw_only=True)
class Inbox:
    """What takes messages, answers and reports alike.

    Args:
        gateway: The bank, which proves them.
        ledger: Where they are recorded.
        effects: What follows a payment.
        clock: What tells the time.
        display_delay: How long a payment may not show in the person's account yet.
    """

    gateway: Gateway
    ledger: Ledger
    effects: Collection[Effect]
    clock: Callable[[], datetime]
    display_delay: timedelta

    def take(self, message: HttpMessage, received: Evidence) -> RecordResult | CreancePayError:
        """Prove a message and record it, or record why it was not."""
        try:
            return self._proved(message, received)
        except GatewayUnavailableError as error:
            return error
        except ResponseRefusedError as error:
            with suppress(GatewayUnavailableError):  # nothing is lost that could be believed
                self.ledger.refuse(received, reference=self._peeked(message), error=error)
            return error

    def _peeked(self, message: HttpMessage) -> str:
        try:
            return self.gateway.peek(message)
        except ResponseRefusedError:
            return ""

    def _proved(self, message: HttpMessage, received: Evidence) -> RecordResult | CreancePayError:
        reference = self.gateway.peek(message)
        entry = self.ledger.find(reference)
        if entry is None:
            return self._park(message, received, reference)
        try:
            payment = self.gateway.verify(message, expected=entry.order, source=received.source)
        except OrderMismatchError as error:
            self._mismatched(reference, received, error)
            return error
        return self.record(payment, received, reference)

    def _park(self, message: HttpMessage, received: Evidence, reference: str) -> GatewayUnavailableError:
        """Keep an authentic message until its order is recorded; nobody else's words are kept."""
        nothing = PaymentOrder(transaction_reference=reference, amount=Euros(1), return_url="", notification_url="")
        with suppress(OrderMismatchError):  # of course
            self.gateway.verify(message, expected=nothing, source=received.source)
        kind = IncidentKind.UNKNOWN_ORDER
        self.ledger.note(Disposition.PARKED, received, reference=reference, detail="", kind=kind)
        return GatewayUnavailableError("the order of an authentic message is not recorded yet", retryable=True)

    def _mismatched(self, reference: str, received: Evidence, error: OrderMismatchError) -> None:
        kind, fields = IncidentKind.ORDER_MISMATCH, ", ".join(error.fields)
        self.ledger.note(Disposition.MISMATCH, received, reference=reference, detail=fields, kind=kind)

    def record(self, payment: VerifiedPayment, received: Evidence, reference: str) -> RecordResult:
        """Record what is proved; a bank's time ahead of ours is worth a warning, and never a refusal."""
        if payment.authorised_at and payment.authorised_at > received.at + _AHEAD:
            warnings = (*payment.warnings, "the bank's time is in the future")
            payment = attrs.evolve(payment, warnings=warnings)
        display_by = received.at + self.display_delay
        return self.ledger.record(payment, received, reference=reference, display_by=display_by, effects=self.effects)

    def ask(self, entry: Payment, transport: Transport) -> RecordResult | None:
        """Ask the bank about a payment; ``None`` when it does not answer, or not about this payment."""
        now = self.clock()
        try:
            payment = self.gateway.fetch_status(entry.order, transport)
        except OrderMismatchError as error:
            self._mismatched(entry.transaction_reference, Evidence.fields({}, Source.STATUS, now), error)
            return None
        except CreancePayError:
            return None
        return self.record(payment, Evidence.fields(payment.raw, Source.STATUS, now), entry.transaction_reference)

    def retry(self, record: PaymentEvent) -> RecordResult | CreancePayError | None:
        """Take a parked message again; one whose payload is gone waits for the bank to be asked."""
        if record.message is None:
            return None
        received = Evidence.message(record.message, record.received.source, self.clock())
        result = self.take(record.message, attrs.evolve(received, retry_of=record.number))
        if isinstance(result, RecordResult):
            known = Incident(
                kind=IncidentKind.UNKNOWN_ORDER, transaction_reference=record.transaction_reference, at=received.at
            )
            self.ledger.close_incident(known, at=received.at)
        return result
