"""The one path by which messages, answers and report lines enter the ledger: authenticate, find, match, record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta

import attrs

from ..errors import (
    CreancePayError,
    GatewayUnavailableError,
    MalformedResponseError,
    NothingToRecordError,
    OrderMismatchError,
    ResponseRefusedError,
    UnknownKeyError,
)
from ..gateways.base import Gateway
from ..gateways.transport import Transport
from ..http import HttpMessage
from ..ledger.incidents import Incident, IncidentKind
from ..ledger.ledger import Ledger, RecordResult
from ..ledger.outbox import Effect
from ..ledger.records import Evidence, Payment, PaymentEvent
from ..ledger.transitions import transition
from ..payment import PaymentState, Source, VerifiedPayment

_LOG = logging.getLogger("creance_pay.payments")
_SEND_AGAIN = 503
_CLOCK_TOLERANCE = timedelta(hours=1)


@attrs.frozen(kw_only=True)
class Inbox:
    """Records messages, answers and report lines.

    Args:
        gateway: The bank's gateway, which authenticates them.
        ledger: The ledger.
        effects: The effects of a payment.
        clock: Returns the time.
        display_delay: How long a payment may not show in the person's account yet.
    """

    gateway: Gateway
    ledger: Ledger
    effects: Collection[Effect]
    clock: Callable[[], datetime]
    display_delay: timedelta

    def take(self, message: HttpMessage, evidence: Evidence) -> RecordResult | CreancePayError:
        """Authenticate a message, match it with its order and record it; record a refusal otherwise.

        Returns:
            The result, or the error that kept the message from being recorded.
        """
        try:
            return self._recorded(message, evidence)
        except ResponseRefusedError as error:
            known = True
            with suppress(GatewayUnavailableError):
                known = self.ledger.refuse(evidence, reference=error.unverified_reference, error=error)
            if known and isinstance(error, UnknownKeyError):  # the operator may have forgotten to add the key
                error.http_status = _SEND_AGAIN
            return error
        except NothingToRecordError as error:
            _LOG.info("nothing_to_record %s", error)
            return error
        except (GatewayUnavailableError, OrderMismatchError) as error:
            return error

    def _recorded(self, message: HttpMessage, evidence: Evidence) -> RecordResult:
        sealed = self.gateway.authenticate(message, source=evidence.source)
        reference = sealed.transaction_reference
        if not reference:
            raise MalformedResponseError("the message names no single transaction reference")
        if sealed.evidence is not None:
            reduced = Evidence.message(sealed.evidence, evidence.source, evidence.at)
            evidence = attrs.evolve(reduced, retry_of=evidence.retry_of)
        return self._record(
            lambda payment: sealed.match(payment.order, bank_reference=payment.bank_reference), evidence, reference
        )

    def record(self, verified: VerifiedPayment, evidence: Evidence, payment: Payment) -> RecordResult:
        """Record a verified payment."""
        return self._record(lambda _: verified, evidence, payment.transaction_reference)

    def _record(self, match: Callable[[Payment], VerifiedPayment], evidence: Evidence, reference: str) -> RecordResult:
        """Record a message; a bank's time ahead of ours is a warning, never a refusal."""

        def matched(payment: Payment) -> VerifiedPayment:
            verified = match(payment)
            if verified.authorised_at and verified.authorised_at > evidence.at + _CLOCK_TOLERANCE:
                warnings = (*verified.warnings, "the bank's time is in the future")
                verified = attrs.evolve(verified, warnings=warnings)
            return verified

        display_by = evidence.at + self.display_delay
        return self.ledger.record(matched, evidence, reference=reference, display_by=display_by, effects=self.effects)

    def ask(self, payment: Payment, transport: Transport, *, known: bool = False) -> RecordResult | None:
        """Ask the bank for the state of a payment; ``None`` when it gives no answer about this payment.

        An answer that changes nothing is not recorded: the next question is due later.

        Args:
            payment: The payment.
            transport: The transport to the bank.
            known: Whether the bank knows the payment, so that UNKNOWN is no answer.
        """
        now = self.clock()
        try:
            verified = self.gateway.fetch_status(payment.order, transport, bank_reference=payment.bank_reference)
        except OrderMismatchError as error:
            evidence = Evidence.fields({}, Source.STATUS, now)
            self.ledger.mismatch(evidence, error, reference=payment.transaction_reference)
            self.ledger.asked(payment, now=now)
            return None
        except Exception:  # noqa: BLE001 - a transport of one's own may raise anything, and must not stop the others
            return None
        if known and verified.state is PaymentState.UNKNOWN:
            return None
        change = transition(payment, verified, repeated=True)
        if change.state is payment.state and change.sums == payment.sums and not change.incidents:
            self.ledger.asked(payment, now=now)
            return RecordResult(payment=payment, disposition=change.disposition)
        return self.record(verified, Evidence.fields(verified.raw, Source.STATUS, now), payment)

    def retry(self, event: PaymentEvent) -> RecordResult | CreancePayError | None:
        """Process a parked message again; ``None`` when its payload was erased or cannot be decrypted."""
        if not event.readable:
            kind = IncidentKind.PAYLOAD_UNREADABLE  # a key is missing: one incident, however many messages need it
            self.ledger.raise_incident(Incident(kind=kind, transaction_reference="", at=self.clock()))
        if event.message is None:
            return None
        evidence = Evidence.message(event.message, event.evidence.source, self.clock())
        result = self.take(event.message, attrs.evolve(evidence, retry_of=event.number))
        if isinstance(result, RecordResult):
            found = Incident(
                kind=IncidentKind.UNKNOWN_ORDER, transaction_reference=event.transaction_reference, at=evidence.at
            )
            self.ledger.close_incident(found, at=evidence.at)
        return result
