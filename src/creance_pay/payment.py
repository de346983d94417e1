"""A payment, in our own words: what was ordered, what became of it, how we know.

No bank's vocabulary enters here.  What a bank calls response code, acquirer code or capture mode is translated at the
edge (:mod:`creance_pay.gateways`) into one closed :class:`Outcome`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import attrs

from ._validators import of_type
from .codes import VerdictCode
from .errors import InvalidAmountError, InvalidValueError
from .money import Euros
from .references import NoticeReference, TransactionReference


class Outcome(StrEnum):
    """What one authentic message says about a payment; a closed list."""

    #: The money is or will be transferred.
    PAID = "PAID"
    #: The bank holds the money; nothing is transferred until the merchant asks.
    AUTHORISED = "AUTHORISED"
    #: The bank has not decided yet.
    PENDING = "PENDING"
    #: The bank has said no.
    REFUSED = "REFUSED"
    #: The person has left the payment page.
    CANCELLED = "CANCELLED"
    #: The payment page was left open too long.
    EXPIRED = "EXPIRED"
    #: The request itself was wrong: for the operator, not for the person.
    ERROR = "ERROR"
    #: Contradictory, unreadable or of unknown code: never paid, never lost, ask the bank.
    UNKNOWN = "UNKNOWN"


class PaymentState(StrEnum):
    """What the ledger holds about a payment: recorded, then an outcome, then perhaps refunded."""

    #: Recorded before the browser left for the bank; nothing has come back.
    CREATED = "CREATED"
    PAID = "PAID"
    AUTHORISED = "AUTHORISED"
    PENDING = "PENDING"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    ERROR = "ERROR"
    UNKNOWN = "UNKNOWN"
    #: The whole amount was given back.
    REFUNDED = "REFUNDED"
    #: A part of the amount was given back.
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"


class Source(StrEnum):
    """The way a message came."""

    #: Carried by the person's browser: may never come, may come twice.
    RETURN = "RETURN"
    #: Sent by the bank's server: may come late, twice, or never.
    NOTIFICATION = "NOTIFICATION"
    #: The bank's answer to our question.
    STATUS = "STATUS"
    #: A line of the bank's daily report.
    REPORT = "REPORT"


def _text_of(reference: str | TransactionReference) -> str:
    return str(reference) if isinstance(reference, TransactionReference) else reference


def _own_copy(notices: Mapping[NoticeReference, Euros]) -> Mapping[NoticeReference, Euros]:
    """Keep a copy, so that nobody changes the split afterwards; what is not a mapping is left to the validator."""
    return dict(notices) if isinstance(notices, Mapping) else notices


def _above_zero(_: PaymentOrder, __: attrs.Attribute[Euros], amount: Euros) -> None:
    if not amount.cents:
        raise InvalidAmountError("expected an amount above zero", code=VerdictCode.AMOUNT_BAD_FORMAT)


def _sums_to_amount(order: PaymentOrder, _: attrs.Attribute[Mapping[NoticeReference, Euros]], notices: object) -> None:
    """Check the split once the types are known; no split at all is allowed."""
    if not isinstance(notices, Mapping) or not all(
        isinstance(key, NoticeReference) and isinstance(part, Euros) for key, part in notices.items()
    ):
        raise InvalidValueError("expected notices to map NoticeReference to Euros")
    if notices and sum(notices.values(), Euros(0)) != order.amount:
        raise InvalidAmountError(
            "expected what the notices receive to sum to the amount", code=VerdictCode.AMOUNT_BAD_FORMAT
        )


@attrs.frozen(kw_only=True)
class PaymentOrder:
    """What the person is about to pay, as it is recorded before the browser leaves for the bank.

    Args:
        transaction_reference: The merchant's reference of this attempt, unique for ever; a text, or a
            :class:`~creance_pay.TransactionReference`.  The gateway checks its alphabet and length.
        amount: What is asked from the bank, above zero.
        return_url: Where the browser comes back to; the gateway checks it.
        notification_url: Where the bank's server posts the result; the gateway checks it.
        notices: What each notice receives; when given, it sums to ``amount``.

    Raises:
        InvalidValueError: when a field is of another type.
        InvalidAmountError: when the amount is zero, or is not the sum of what the notices receive.
    """

    transaction_reference: str = attrs.field(converter=_text_of, validator=of_type(str))
    amount: Euros = attrs.field(validator=[of_type(Euros), _above_zero])
    return_url: str = attrs.field(validator=of_type(str))
    notification_url: str = attrs.field(validator=of_type(str))
    notices: Mapping[NoticeReference, Euros] = attrs.field(
        factory=dict, converter=_own_copy, validator=_sums_to_amount, hash=False
    )


@attrs.frozen(kw_only=True)
class VerifiedPayment:
    """What an authentic message says about our order; it exists only when every check has passed.

    Attributes:
        outcome: What became of the payment, in our words.
        source: The way the message came.
        amount: The amount, equal to the order's; ``None`` where the message has none, which PAID never has.
        transaction_reference: The order's reference.
        authorisation_number: The bank's number of the authorisation.
        merchant_id: The shop.
        response_code: The bank's own code, as it came.
        masked_card: The card number with its middle hidden.
        authorised_at: The bank's time, with its time zone.
        key_version: The version of the key that proved the message.
        warnings: What is odd without being wrong, in English, without values.
        raw: Every field of the sealed text, in the vendor's spelling, each with all its values.
    """

    outcome: Outcome
    source: Source
    amount: Euros | None = None
    transaction_reference: str | None = None
    authorisation_number: str | None = None
    merchant_id: str | None = None
    response_code: str | None = None
    masked_card: str | None = attrs.field(default=None, repr=False)
    authorised_at: datetime | None = None
    key_version: str | None = None
    warnings: tuple[str, ...] = ()
    raw: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, repr=False)

    @property
    def state(self) -> PaymentState:
        """What to hold about the payment; an answer to a question may tell of refunds, which are no outcome."""
        return PaymentState(self.outcome.value)

    def __bool__(self) -> bool:
        """Be true for a payment alone, so that a careless condition is a safe one."""
        return self.outcome is Outcome.PAID
