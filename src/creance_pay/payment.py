"""A payment in the library's own words: the order, its state, and the verified message that reports a state.

The vocabulary is independent of every bank.  A gateway translates response codes, acquirer codes and capture modes into
:class:`PaymentState`, a closed list.
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


class PaymentState(StrEnum):
    """The state of a payment: one list for the bank's messages, the ledger and the insured person's messages."""

    #: Recorded before the browser leaves for the bank; no message has arrived.  No message reports it.
    CREATED = "CREATED"
    #: The bank has not decided.
    PENDING = "PENDING"
    #: The bank holds the money, and transfers it when the merchant asks.
    AUTHORISED = "AUTHORISED"
    #: The money is or will be transferred.
    PAID = "PAID"
    #: The bank has refused the payment.
    REFUSED = "REFUSED"
    #: The person has left the payment page.
    CANCELLED = "CANCELLED"
    #: The payment page was left open too long.
    EXPIRED = "EXPIRED"
    #: The request was wrong: the operator has to act, not the person.
    ERROR = "ERROR"
    #: Contradictory, unreadable or of unknown code.  It is never taken for a payment: the bank has to be asked.
    UNKNOWN = "UNKNOWN"
    #: A part of the amount was given back.
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    #: The whole amount was given back.
    REFUNDED = "REFUNDED"
    #: The cardholder's bank has taken the money back.
    CHARGED_BACK = "CHARGED_BACK"


class PaymentProgress(StrEnum):
    """A fact about a payment beside its state, which changes the message to the person."""

    #: The caisse has posted every part of an accepted payment to its debts.
    POSTED = "POSTED"
    #: The caisse cannot post a part of an accepted payment.
    POSTING_REJECTED = "POSTING_REJECTED"
    #: The caisse has asked the bank for a refund or a cancellation; the bank has not confirmed it.
    REFUND_REQUESTED = "REFUND_REQUESTED"


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
    #: A decision of a person, with name and reason.
    PERSON = "PERSON"


class MovementKind(StrEnum):
    """A kind of money movement of a payment."""

    #: The cardholder was debited for the merchant.
    CAPTURED = "CAPTURED"
    #: The merchant gave money back.
    REFUNDED = "REFUNDED"
    #: The cardholder's bank took money back.
    CHARGED_BACK = "CHARGED_BACK"
    #: The cardholder's bank returned what it had taken back.
    REPRESENTED = "REPRESENTED"


def _text_of(reference: str | TransactionReference) -> str:
    return str(reference) if isinstance(reference, TransactionReference) else reference


def _own_copy(notices: Mapping[NoticeReference, Euros]) -> Mapping[NoticeReference, Euros]:
    """Copy a mapping, so that the split cannot change afterwards; the validator refuses any other value."""
    return dict(notices) if isinstance(notices, Mapping) else notices


def _with_zone(_: PaymentOrder, attribute: attrs.Attribute[datetime | None], moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise InvalidValueError(f"expected {attribute.name} to have a time zone, got none")


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
    """One attempt to pay, recorded before the browser leaves for the bank.

    Args:
        transaction_reference: The merchant's reference of this attempt, used once; a text, or a
            :class:`~creance_pay.TransactionReference`.  The gateway checks its alphabet and length.
        amount: The amount to debit, above zero.
        return_url: Where the browser comes back to; the gateway checks it.
        notification_url: Where the bank's server posts the result; the gateway checks it.
        notices: The amount of each notice; when given, it sums to ``amount``.
        nonce: A random value of this order alone.  A gateway sends it to the bank in a field that the bank returns,
            and demands it back; empty for an order without ledger.
        expires_at: The time, with its zone, until which the bank may start the payment; ``None`` for an unlimited time.

    Raises:
        InvalidValueError: when a field is of another type.
        InvalidAmountError: when the amount is zero, or is not the sum of what the notices receive.

    >>> notices = {NoticeReference("6311705400000344F"): Euros(1500), NoticeReference("6311632600000408F"): Euros(500)}
    >>> order = PaymentOrder(
    ...     transaction_reference="PCLCB172540000004", amount=Euros(2000), notices=notices,
    ...     return_url="https://portal.example/return", notification_url="https://portal.example/notification",
    ... )
    >>> attrs.evolve(order, amount=Euros(2001))
    Traceback (most recent call last):
    creance_pay.errors.InvalidAmountError: expected what the notices receive to sum to the amount
    """

    transaction_reference: str = attrs.field(converter=_text_of, validator=of_type(str))
    amount: Euros = attrs.field(validator=[of_type(Euros), _above_zero])
    return_url: str = attrs.field(validator=of_type(str))
    notification_url: str = attrs.field(validator=of_type(str))
    notices: Mapping[NoticeReference, Euros] = attrs.field(
        factory=dict, converter=_own_copy, validator=_sums_to_amount, hash=False
    )
    nonce: str = attrs.field(default="", repr=False, validator=of_type(str))
    expires_at: datetime | None = attrs.field(
        default=None, repr=False, validator=[of_type(datetime, type(None)), _with_zone]
    )


@attrs.frozen(kw_only=True)
class Movement:
    """A movement of money that a bank reports.

    Attributes:
        kind: Its kind.
        amount: Its amount, above zero.
        identifier: The bank's identifier, unique among the movements of its payment, kind and series.
        series: The list that reports it, such as the refunds or the remittances of a bank.  Two series report the same
            money, each completely: the larger of their sums counts.  A movement of no series (an empty text) belongs to
            each of them.
        at: The bank's time, with its zone.
    """

    kind: MovementKind
    amount: Euros
    identifier: str
    series: str = ""
    at: datetime | None = None


@attrs.frozen(kw_only=True)
class VerifiedPayment:
    """The content of a message that is authentic and about our order.  It exists only when every check has passed.

    Attributes:
        state: The state that the message reports.
        source: The way the message came.
        amount: The amount, equal to the order's; ``None`` where the message has none, which PAID never lacks.
        transaction_reference: The order's reference.
        authorisation_number: The bank's number of the authorisation.
        merchant_id: The merchant's number at the bank.
        response_code: The bank's own code, as it came.
        masked_card: The card number with its middle hidden.
        authorised_at: The bank's time, with its time zone.
        key_version: The version of the key that authenticated the message.
        remaining: The amount that is left after refunds and cancellations, where the bank reports it.  Zero beside
            CANCELLED: the merchant cancelled an accepted payment before its debit.
        bound: Whether the message repeated the order's own nonce.
        reference_used: Whether the bank refuses the order because it knew the transaction reference before.
        movement: The one movement that the message reports, where it reports movements in the place of states.
        bank_reference: The bank's own identifier of the payment, where later calls need it.
        operating: Whether the bank has accepted a refund, a capture or a cancellation that is still in progress: the
            result of an open act is still unknown.
        disputed: Whether the message reports a chargeback and lacks a proof of its amount: a person has to look.
        warnings: Oddities that are less than errors, in English; values stay out.
        raw: Every field of the sealed text, in the vendor's spelling, each with all its values.

    Raises:
        InvalidValueError: for a state or a source that is a text, and no member of its list.

    >>> bool(VerifiedPayment(state=PaymentState.PENDING, source=Source.STATUS))
    False
    """

    state: PaymentState = attrs.field(validator=of_type(PaymentState))
    source: Source = attrs.field(validator=of_type(Source))
    amount: Euros | None = None
    transaction_reference: str | None = None
    authorisation_number: str | None = None
    merchant_id: str | None = None
    response_code: str | None = None
    masked_card: str | None = attrs.field(default=None, repr=False)
    authorised_at: datetime | None = None
    key_version: str | None = None
    remaining: Euros | None = None
    bound: bool = False
    reference_used: bool = False
    movement: Movement | None = None
    bank_reference: str | None = attrs.field(default=None, repr=False)
    operating: bool = False
    disputed: bool = False
    warnings: tuple[str, ...] = ()
    raw: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, repr=False)

    def __bool__(self) -> bool:
        """Return ``True`` for PAID only, so that a careless condition is a safe one."""
        return self.state is PaymentState.PAID
