"""Every message, as a class whose fields are the values that its sentences need.

A message knows what it answers (codes of the rules, outcomes of a payment), how grave it is, and what is known about
the money.  Its sentences are in ``fr.toml``, under its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import ClassVar

import attrs

from ..codes import ReferenceCode, VerdictCode
from ..errors import MessageError
from ..money import Euros
from ..payment import Outcome
from ..references import NoticeReference


class Severity(StrEnum):
    """How grave a message is; screen readers announce the graver ones at once."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"

    @property
    def role(self) -> str:
        """The ARIA role of the element that shows it (RGAA 7.5)."""
        return "status" if self in {Severity.INFO, Severity.SUCCESS} else "alert"


class Money(StrEnum):
    """Whether anything was debited, as far as is *known*."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class Message:
    """A message to the insured person; its subclasses have the fields.

    Attributes:
        key: The name of its sentences.
        answers: The codes and outcomes that it answers.
        severity: How grave it is.
        money: Whether anything was debited.
        field: The form's field that it is about, or ``None``.
    """

    key: ClassVar[str]
    answers: ClassVar[tuple[StrEnum, ...]] = ()
    severity: ClassVar[Severity] = Severity.ERROR
    money: ClassVar[Money] = Money.NO
    field: ClassVar[str | None] = None

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Message:
        """Make the message from the values of what it answers, taking those that it needs.

        Raises:
            MessageError: when one is missing.
        """
        names = [field.name for field in attrs.fields(cls)]
        if missing := [name for name in names if values.get(name) is None]:
            raise MessageError(f"{cls.key} needs {', '.join(missing)}")
        return cls(**{name: values[name] for name in names})


@attrs.frozen(kw_only=True)
class ReferenceRequired(Message):
    """Nothing was typed in the field of the reference."""

    key, field = "reference_required", "reference"
    answers = (ReferenceCode.REFERENCE_REQUIRED,)


@attrs.frozen(kw_only=True)
class ReferenceUnreadable(Message):
    """What was typed is not a reference, and nothing close to one is."""

    key, field = "reference_unreadable", "reference"
    answers = (
        ReferenceCode.REFERENCE_BAD_CHARACTER,
        ReferenceCode.REFERENCE_BAD_LENGTH,
        ReferenceCode.REFERENCE_BAD_FORMAT,
    )


@attrs.frozen(kw_only=True)
class ReferenceSuggested(Message):
    """What was typed is not a reference, but something close to it is (RGAA 11.11)."""

    key, field = "reference_suggested", "reference"

    suggestion: NoticeReference


@attrs.frozen(kw_only=True)
class ReferenceNotOpen(Message):
    """The reference leads to nothing that can be paid online (R4, R21)."""

    key, field = "reference_not_open", "reference"
    answers = (VerdictCode.REFERENCE_NOT_OPEN, VerdictCode.KIND_NOT_OPEN)


@attrs.frozen(kw_only=True)
class NoNotice(Message):
    """No notice was received (R5)."""

    key = "no_notice"
    answers = (VerdictCode.NO_NOTICE,)


@attrs.frozen(kw_only=True)
class BelowBand(Message):
    """The balance is under the band (R6)."""

    key = "below_band"
    answers = (VerdictCode.BELOW_BAND,)

    band_min: Euros


@attrs.frozen(kw_only=True)
class AboveBand(Message):
    """The balance is over the band (R6)."""

    key = "above_band"
    answers = (VerdictCode.ABOVE_BAND,)

    band_max: Euros


@attrs.frozen(kw_only=True)
class SelectionDuplicate(Message):
    """A reference is selected twice (R8)."""

    key, field = "selection_duplicate", "references"
    answers = (VerdictCode.SELECTION_DUPLICATE,)


@attrs.frozen(kw_only=True)
class SelectionOtherDebtor(Message):
    """The selected references are not one person's (R8)."""

    key, field = "selection_other_debtor", "references"
    answers = (VerdictCode.SELECTION_OTHER_DEBTOR,)


@attrs.frozen(kw_only=True)
class SelectionNotAllowed(Message):
    """Several references are selected, and the policy takes one (R8, Q8)."""

    key, field = "selection_not_allowed", "references"
    answers = (VerdictCode.SELECTION_NOT_ALLOWED,)


@attrs.frozen(kw_only=True)
class PaymentAlreadyMade(Message):
    """The notice was paid in part, and the policy takes one payment (R7, Q11)."""

    key = "payment_already_made"
    answers = (VerdictCode.PAYMENT_ALREADY_MADE,)


@attrs.frozen(kw_only=True)
class AmountStrandsRemainder(Message):
    """The amount would leave too little to be paid online, and the policy refuses it (R11, Q12)."""

    key, field = "amount_strands_remainder", "amount"
    answers = (VerdictCode.AMOUNT_STRANDS_REMAINDER,)

    stranded: Euros
    suggested_max: Euros


@attrs.frozen(kw_only=True)
class NothingDue(Message):
    """Nothing remains to be paid (R7)."""

    key, severity = "nothing_due", Severity.INFO
    answers = (VerdictCode.NOTHING_DUE,)


@attrs.frozen(kw_only=True)
class BelowOnlineMinimum(Message):
    """What remains is too little to be paid online (R7)."""

    key = "below_online_minimum"
    answers = (VerdictCode.BELOW_ONLINE_MINIMUM,)


@attrs.frozen(kw_only=True)
class AmountRequired(Message):
    """Nothing was typed in the field of the amount (R9)."""

    key, field = "amount_required", "amount"
    answers = (VerdictCode.AMOUNT_REQUIRED,)

    minimum: Euros


@attrs.frozen(kw_only=True)
class AmountUnreadable(Message):
    """What was typed is not an amount (R9)."""

    key, field = "amount_unreadable", "amount"
    answers = (VerdictCode.AMOUNT_BAD_FORMAT,)

    minimum: Euros


@attrs.frozen(kw_only=True)
class AmountOutOfRange(Message):
    """The amount is under the smallest or over the largest online payment (R10)."""

    key, field = "amount_out_of_range", "amount"
    answers = (VerdictCode.AMOUNT_BELOW_MINIMUM, VerdictCode.AMOUNT_ABOVE_MAXIMUM)

    minimum: Euros
    maximum: Euros


@attrs.frozen(kw_only=True)
class AmountAboveRemaining(Message):
    """The amount is more than what remains due (R10)."""

    key, field = "amount_above_remaining", "amount"
    answers = (VerdictCode.AMOUNT_ABOVE_REMAINING,)

    total: Euros


@attrs.frozen(kw_only=True)
class PaymentAccepted(Message):
    """The bank has accepted the payment (R14)."""

    key, severity, money = "payment_accepted", Severity.SUCCESS, Money.YES
    answers = (Outcome.PAID,)


@attrs.frozen(kw_only=True)
class PaymentPending(Message):
    """Nobody knows yet: a second payment now would be the worst (R14)."""

    key, severity, money = "payment_pending", Severity.WARNING, Money.UNKNOWN
    answers = (Outcome.PENDING, Outcome.AUTHORISED, Outcome.UNKNOWN)


@attrs.frozen(kw_only=True)
class PaymentRefused(Message):
    """The bank has refused the payment (R14)."""

    key = "payment_refused"
    answers = (Outcome.REFUSED,)


@attrs.frozen(kw_only=True)
class PaymentCancelled(Message):
    """The bank says that the person has left its page: an abandon is not a failure (R14)."""

    key, severity = "payment_cancelled", Severity.INFO
    answers = (Outcome.CANCELLED,)


@attrs.frozen(kw_only=True)
class PaymentExpired(Message):
    """The bank says that its page was left open too long (R14)."""

    key, severity = "payment_expired", Severity.WARNING
    answers = (Outcome.EXPIRED,)


@attrs.frozen(kw_only=True)
class PaymentFailed(Message):
    """The request was wrong, by no fault of the person's."""

    key, money = "payment_failed", Money.UNKNOWN
    answers = (Outcome.ERROR,)


@attrs.frozen(kw_only=True)
class Acknowledgement(Message):
    """The acknowledgement of an online payment, with what CRPA R112-11-1 requires (R18).

    Attributes:
        received_on: The day of receipt, where the caisse is.
        amount: What was paid.
        notice_references: The notices that receive it, grouped as letters print them; without any, no line of them.
        transaction_reference: The reference of the payment.
        caisse: The service in charge, by name.
        address: Its electronic or postal address.
        contact: Its telephone number, with the price of the call.
        display_delay_hours: Within how many hours the payment shows in the account.
        delete_on: The day on which the message leaves the mailbox.
    """

    key, severity, money = "acknowledgement", Severity.SUCCESS, Money.YES

    received_on: date
    amount: Euros
    notice_references: tuple[NoticeReference, ...]
    transaction_reference: str
    caisse: str
    address: str
    contact: str
    display_delay_hours: int
    delete_on: date


def every_message() -> tuple[type[Message], ...]:
    """List the messages, in the order of this module.

    To give a class slots, attrs builds a second one; the first, without fields, lives on until it is collected.
    """
    return tuple(kind for kind in Message.__subclasses__() if "__attrs_attrs__" in vars(kind))
