"""What a ledger holds: the payments, and every message about them."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs

from ..http import HttpMessage
from ..money import Euros
from ..payment import PaymentOrder, PaymentState, Source, VerifiedPayment
from .transitions import IN_FLIGHT_STATES, SETTLED_STATES, UNCONFIRMED_STATES, Change, Disposition

# Of a person's browser, and of no use as evidence.
_PRIVATE_HEADERS = {"authorization", "cookie"}


@attrs.frozen(kw_only=True)
class Payment:
    """A payment, from before the browser leaves until long after.

    Attributes:
        order: What was ordered.
        state: What became of it.
        created_at: When it was recorded; every time here is the ledger's own unless said otherwise, with its zone.
        changed_at: When its state last changed.
        paid_at: When it became PAID.
        display_by: Until when it may not show in the person's account yet (rule R17).
        authorisation_number: The bank's number of the authorisation.
        authorised_at: The bank's time of what the state was taken from.
        masked_card: The card number with its middle hidden, until it is erased.
        version: How often it was written.
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
        """Tell whether what was accepted has had its time to show in the person's account."""
        return self.display_by is not None and self.display_by <= now

    def awaiting_display(self, now: datetime) -> bool:
        """Tell whether it is accepted and may not show yet, so that it still has to be subtracted (rule R25)."""
        if self.state is PaymentState.AUTHORISED:
            return True
        return self.state is PaymentState.PAID and not self.shown_by(now)

    def blocks(self, now: datetime, attempt_life: timedelta) -> bool:
        """Tell whether another payment of the same notices would be a second one.

        Args:
            now: The time.
            attempt_life: How long an attempt of which nothing was heard may still be going on.
        """
        if self.state in UNCONFIRMED_STATES:
            return now < self.created_at + attempt_life
        return self.state in IN_FLIGHT_STATES or self.awaiting_display(now)

    def after(self, change: Change, told: VerifiedPayment, *, now: datetime, display_by: datetime) -> Payment:
        """Take over what a message told, as far as the change says; the same entry when there is nothing new."""
        number = self.authorisation_number or (told.authorisation_number if told.state in SETTLED_STATES else None)
        facts: dict[str, object] = {"authorisation_number": number}
        if change.disposition is Disposition.APPLIED:
            facts |= {
                "state": change.state,
                "changed_at": now,
                "authorised_at": told.authorised_at or self.authorised_at,
                "masked_card": told.masked_card or self.masked_card,
            }
            if change.state is PaymentState.PAID:
                facts |= {"paid_at": now, "display_by": display_by}
        changed = attrs.evolve(self, **facts)  # type: ignore[arg-type]
        return self if changed == self else attrs.evolve(changed, version=self.version + 1)


@attrs.frozen(kw_only=True)
class Evidence:
    """How something came, and the evidence of it.

    Attributes:
        source: The way it came.
        at: When.
        digest: SHA-256 of what came, in hexadecimal.
        payload: What came, as text, encrypted wherever it is written down.
        retry_of: The number of the parked message that this is, again.
    """

    source: Source
    at: datetime
    digest: str
    payload: str | None = attrs.field(default=None, repr=False)
    retry_of: int | None = None

    @classmethod
    def message(cls, message: HttpMessage, source: Source, at: datetime) -> Evidence:
        """Keep a message as it came, without what its sender's browser says of the person."""
        headers = {name: text for name, text in message.headers.items() if name.lower() not in _PRIVATE_HEADERS}
        payload = json.dumps({"body": b64encode(message.body).decode(), "headers": headers})
        return cls(source=source, at=at, digest=hashlib.sha256(message.body).hexdigest(), payload=payload)

    @classmethod
    def fields(cls, fields: Mapping[str, object], source: Source, at: datetime) -> Evidence:
        """Keep the fields of an answer to a question, or of a line of a report."""
        payload = json.dumps({"fields": {name: fields[name] for name in sorted(fields)}})
        return cls(source=source, at=at, digest=hashlib.sha256(payload.encode()).hexdigest(), payload=payload)


@attrs.frozen(kw_only=True)
class PaymentEvent:
    """One message, as it was treated; a record is never changed, and only its payload is ever erased.

    Attributes:
        number: Its number, counting up; there may be gaps.
        transaction_reference: The payment; empty where nothing authentic said which.
        received: How it came.
        disposition: What was done with it.
        state: What it tells about the payment; ``None`` where it tells nothing.
        fingerprint: What two messages have in common that say the same; empty where there is nothing to compare.
        detail: Why, in English: the type of an error, the names of fields; never a value.
    """

    number: int = 0
    transaction_reference: str
    received: Evidence
    disposition: Disposition
    state: PaymentState | None = None
    fingerprint: str = ""
    detail: str = ""

    @property
    def message(self) -> HttpMessage | None:
        """What came, to try it again; ``None`` when it was no message, or its payload is gone."""
        kept = json.loads(self.received.payload or "{}")
        return HttpMessage(b64decode(kept["body"]), kept["headers"]) if "body" in kept else None


def fingerprint_of(payment: VerifiedPayment) -> str:
    """Digest what a message says, whatever its form, its seal and the way it came."""
    when = payment.authorised_at.timestamp() if payment.authorised_at else None
    cents = payment.amount.cents if payment.amount else None
    said = [payment.state, cents, payment.authorisation_number, payment.response_code, when]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
