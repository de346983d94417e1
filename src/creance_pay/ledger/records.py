"""The records of a ledger: payments, which change by version, and payment events, which never change."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from ..http import HttpMessage
from ..money import Euros
from ..payment import PaymentOrder, PaymentState, Source, VerifiedPayment

# Headers of a person's browser, useless as evidence.
_PRIVATE_HEADERS = {"authorization", "cookie"}


#: Money has moved; a payment advances from left to right.
SETTLED_STATES = (PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED)
#: The merchant holds money of the person.
FUNDED_STATES = frozenset({PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED})
#: The attempt is over, and no money has moved.
FAILED_STATES = frozenset({PaymentState.REFUSED, PaymentState.CANCELLED, PaymentState.EXPIRED, PaymentState.ERROR})
#: The bank knows the attempt and has not decided.
IN_FLIGHT_STATES = frozenset({PaymentState.PENDING, PaymentState.AUTHORISED})
#: The bank has reported nothing, or nothing certain.
UNCONFIRMED_STATES = frozenset({PaymentState.CREATED, PaymentState.UNKNOWN})


class Disposition(StrEnum):
    """The way the ledger disposed of a message."""

    #: The payment has a new state.
    APPLIED = "APPLIED"
    #: It reports a known state.
    DUPLICATE = "DUPLICATE"
    #: It is authentic, and the recorded state takes precedence.
    SUPERSEDED = "SUPERSEDED"
    #: It is authentic, and not about the recorded order.
    MISMATCH = "MISMATCH"
    #: It is authentic, about an order that is not recorded, and waits for it.
    PARKED = "PARKED"
    #: It is not authentic or not readable; only its hash is recorded.
    REFUSED = "REFUSED"


@attrs.frozen(kw_only=True)
class Payment:
    """A payment of one order: a row of the ledger, rewritten at each change under the next version.

    Attributes:
        order: The order.
        state: The state.
        created_at: The time of recording; times are the ledger's own unless stated otherwise, with their zone.
        changed_at: The time of the last change of state.
        paid_at: The time when it became PAID.
        display_by: The time until when it may not show in the person's account yet (rule R17).
        authorisation_number: The bank's number of the authorisation.
        authorised_at: The bank's time of the message that the state comes from.
        masked_card: The card number with its middle hidden, until it is erased.
        version: The number of times it was written.
    """

    order: PaymentOrder
    state: PaymentState = PaymentState.CREATED
    created_at: datetime
    changed_at: datetime
    paid_at: datetime | None = None
    display_by: datetime | None = None
    authorisation_number: str | None = None
    authorised_at: datetime | None = None
    masked_card: str | None = attrs.field(default=None, repr=False)
    version: int = 1

    @property
    def transaction_reference(self) -> str:
        """The reference of the order."""
        return self.order.transaction_reference

    @property
    def amount(self) -> Euros:
        """The amount of the order."""
        return self.order.amount

    def shown_by(self, now: datetime) -> bool:
        """Return whether the time for the payment to show in the person's account has passed."""
        return self.display_by is not None and self.display_by <= now

    def awaiting_display(self, now: datetime) -> bool:
        """Return whether it is accepted and may not show yet, so that it has to be subtracted (rule R25)."""
        if self.state is PaymentState.AUTHORISED:
            return True
        return self.state is PaymentState.PAID and not self.shown_by(now)

    def blocks(self, now: datetime, attempt_life: timedelta) -> bool:
        """Return whether another payment of the same notices could be a second payment of the debt.

        Args:
            now: The time.
            attempt_life: How long an attempt without an answer of the bank may still be open.
        """
        if self.state in UNCONFIRMED_STATES:
            return now < self.created_at + attempt_life
        return self.state in IN_FLIGHT_STATES or self.awaiting_display(now)


@attrs.frozen(kw_only=True)
class Evidence:
    """The evidence of a message, an answer or a report line.

    Attributes:
        source: The way it came.
        at: The time of arrival.
        digest: Its SHA-256, in hexadecimal.
        payload: Its content, as text; encrypted at rest.
        retry_of: The number of the parked event that is processed again.
    """

    source: Source
    at: datetime
    digest: str
    payload: str | None = attrs.field(default=None, repr=False)
    retry_of: int | None = None

    @classmethod
    def message(cls, message: HttpMessage, source: Source, at: datetime) -> Evidence:
        """Build the evidence of a message, without the headers that identify a person's browser."""
        headers = {name: text for name, text in message.headers.items() if name.lower() not in _PRIVATE_HEADERS}
        payload = json.dumps({"body": b64encode(message.body).decode(), "headers": headers})
        return cls(source=source, at=at, digest=hashlib.sha256(message.body).hexdigest(), payload=payload)

    @classmethod
    def fields(cls, fields: Mapping[str, object], source: Source, at: datetime) -> Evidence:
        """Build the evidence of an answer to a question, or of a report line."""
        payload = json.dumps({"fields": {name: fields[name] for name in sorted(fields)}})
        return cls(source=source, at=at, digest=hashlib.sha256(payload.encode()).hexdigest(), payload=payload)


@attrs.frozen(kw_only=True)
class PaymentEvent:
    """One message and its disposition.  An event never changes; only its payload may be erased.

    Attributes:
        number: Its number, increasing; there may be gaps.
        transaction_reference: The payment; empty where no authentic message named one.
        evidence: The evidence.
        disposition: The disposition.
        state: The state that it reports, or ``None``.
        fingerprint: The digest of its meaning, equal for two messages that report the same; empty for no report.
        detail: The reason, in English: the type of an error, the names of fields; never a value.
    """

    number: int = 0
    transaction_reference: str
    evidence: Evidence
    disposition: Disposition
    state: PaymentState | None = None
    fingerprint: str = ""
    detail: str = ""

    @property
    def message(self) -> HttpMessage | None:
        """The message, to process it again; ``None`` for an answer or a report line, or after erasure."""
        kept = json.loads(self.evidence.payload or "{}")
        return HttpMessage(b64decode(kept["body"]), kept["headers"]) if "body" in kept else None


def fingerprint_of(payment: VerifiedPayment) -> str:
    """Digest the meaning of a message: equal for equal reports, whatever their form, seal and source."""
    when = payment.authorised_at.timestamp() if payment.authorised_at else None
    cents = payment.amount.cents if payment.amount else None
    meaning = [payment.state, cents, payment.authorisation_number, payment.response_code, when]
    return hashlib.sha256(json.dumps(meaning).encode()).hexdigest()
