"""The one path by which messages, answers and report lines enter the ledger: authenticate, find, match, record."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta

import attrs

from .._log import log
from ..errors import (
    CreancePayError,
    GatewayUnavailableError,
    MalformedResponseError,
    NothingToRecordError,
    OrderMismatchError,
    ResponseRefusedError,
    UnknownKeyError,
)
from ..gateways.base import Gateway, SealedMessage
from ..gateways.transport import Transport
from ..http import HttpMessage
from ..ledger.incidents import Incident, IncidentKind
from ..ledger.ledger import Ledger
from ..ledger.outbox import Effect
from ..ledger.recording import RecordResult
from ..ledger.records import Evidence, Payment, PaymentEvent
from ..ledger.transitions import transition
from ..payment import PaymentState, Source, VerifiedPayment
from .telemetry import count, spanned

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

    @spanned("message")
    def take(self, message: HttpMessage, evidence: Evidence) -> RecordResult | CreancePayError:
        """Authenticate a message, match it with its order and record it; record a refusal otherwise.

        Returns:
            The result, or the error that kept the message from being recorded.
        """
        source = evidence.source
        try:
            result = self._recorded(message, evidence)
        except ResponseRefusedError as error:
            known = True
            with suppress(GatewayUnavailableError):
                known = self.ledger.refuse(evidence, reference=error.unverified_reference, error=error)
            if known and isinstance(error, UnknownKeyError):  # the operator may have forgotten to add the key
                error.http_status = _SEND_AGAIN
            log("message_refused", source=source, error=type(error).__name__, known=known)
            return _counted(source, error)
        except NothingToRecordError as error:
            log("nothing_to_record", source=source)
            return _counted(source, error)
        except OrderMismatchError as error:
            return _counted(source, error)
        except GatewayUnavailableError as error:
            log("message_waiting", source=source, error=error)
            return _counted(source, error)
        count("messages", source=source, result=result.disposition)
        return result

    def _recorded(self, message: HttpMessage, evidence: Evidence) -> RecordResult:
        sealed = self._authenticated(message, evidence.source)
        reference = sealed.transaction_reference
        if not reference:
            raise MalformedResponseError("the message names no single transaction reference")
        if sealed.evidence is not None:
            reduced = Evidence.message(sealed.evidence, evidence.source, evidence.at)
            evidence = attrs.evolve(reduced, retry_of=evidence.retry_of, by=evidence.by, reason=evidence.reason)
        return self._record(
            lambda payment: sealed.match(payment.order, bank_reference=payment.bank_reference), evidence, reference
        )

    @spanned("verify")
    def _authenticated(self, message: HttpMessage, source: Source) -> SealedMessage:
        return self.gateway.authenticate(message, source=source)

    def record(self, verified: VerifiedPayment, evidence: Evidence, payment: Payment) -> RecordResult:
        """Record a verified payment."""
        return self._record(lambda _: verified, evidence, payment.transaction_reference)

    @spanned("record")
    def _record(self, match: Callable[[Payment], VerifiedPayment], evidence: Evidence, reference: str) -> RecordResult:
        """Record a message; a bank's time ahead of ours is a warning, never a refusal."""

        def matched(payment: Payment) -> VerifiedPayment:
            """Match the message, and warn of a time in the future."""
            verified = match(payment)
            if verified.authorised_at and verified.authorised_at > evidence.at + _CLOCK_TOLERANCE:
                warnings = (*verified.warnings, "the bank's time is in the future")
                verified = attrs.evolve(verified, warnings=warnings)
                log("clock_behind", transaction_reference=reference)
            return verified

        display_by = evidence.at + self.display_delay
        try:
            result = self.ledger.record(
                matched, evidence, reference=reference, display_by=display_by, effects=self.effects
            )
        except OrderMismatchError as error:
            names = ",".join(error.fields)
            log("message_mismatch", transaction_reference=reference, source=evidence.source, names=names)
            raise
        log(
            "message_recorded",
            transaction_reference=reference,
            source=evidence.source,
            disposition=result.disposition,
            state=result.state,
        )
        return result

    @spanned("question")
    def ask(self, payment: Payment, transport: Transport, *, known: bool = False) -> RecordResult | None:
        """Ask the bank for the state of a payment; ``None`` when it gives no answer about this payment.

        After an answer that changes nothing, the next question is due later; it is recorded when it raises an incident.

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
            _note_unanswered(payment, error)
            return None
        except Exception as error:  # noqa: BLE001 - a transport of one's own may raise anything, and must not stop the others
            _note_unanswered(payment, error)
            return None
        count("questions", result="answered")
        if known and verified.state is PaymentState.UNKNOWN:
            return None
        change = transition(payment, verified, repeated=True)
        if change.state is payment.state and change.sums == payment.sums:
            self.ledger.asked(payment, now=now)
            if not change.incidents:
                return RecordResult(payment=payment, disposition=change.disposition, operating=verified.operating)
        result = self.record(verified, Evidence.fields(verified.raw, Source.STATUS, now), payment)
        return attrs.evolve(result, operating=verified.operating)

    def again(self, event: PaymentEvent, *, by: str = "", reason: str = "") -> RecordResult | CreancePayError:
        """Process the message of an event again; the event must have one."""
        message = event.message or HttpMessage(b"")
        evidence = Evidence.message(message, event.evidence.source, self.clock())
        return self.take(message, attrs.evolve(evidence, retry_of=event.number, by=by, reason=reason))

    def retry(self, event: PaymentEvent) -> RecordResult | CreancePayError | None:
        """Process a parked message again; ``None`` when its payload was erased or cannot be decrypted."""
        if not event.readable:
            kind = IncidentKind.PAYLOAD_UNREADABLE  # a key is missing: one incident, however many messages need it
            self.ledger.raise_incident(Incident(kind=kind, transaction_reference="", at=self.clock()))
        result = self.again(event) if event.message else None
        if isinstance(result, RecordResult):
            found = Incident(
                kind=IncidentKind.UNKNOWN_ORDER, transaction_reference=event.transaction_reference, at=self.clock()
            )
            self.ledger.close_incident(found, at=self.clock())
        return result


def _counted(source: Source, error: CreancePayError) -> CreancePayError:
    """Count a message that was not recorded."""
    count("messages", source=source, result=type(error).__name__)
    return error


def _note_unanswered(payment: Payment, error: Exception) -> None:
    """Log and count a question without an answer; the text of an error that is not ours may hold anything."""
    count("questions", result="unanswered")
    shown = f"{type(error).__name__}: {error}" if isinstance(error, CreancePayError) else type(error).__name__
    log("question_failed", transaction_reference=payment.transaction_reference, error=shown)
