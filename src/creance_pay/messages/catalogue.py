"""The catalogue: one class a message, listed in :data:`MESSAGES`.

A class states which codes and payment states the message answers, its severity, and whether money was debited.  Its
fields are the values that its sentences need.  The sentences are in ``fr.toml`` and ``en.toml``, under its key.

To add a message, write its class, list it in ``MESSAGES``, and write its table in both files.
"""

from __future__ import annotations

import attrs

from ..codes import ReferenceCode, VerdictCode, WarningCode
from ..errors import GatewayUnavailableError, OrderMismatchError, PaymentInProgressError, ResponseRefusedError
from ..money import Euros
from ..payment import PaymentProgress, PaymentState
from ..references import NoticeReference
from .acknowledgements import Acknowledgement, Registration
from .letters import InstalmentSchedule, MissedInstalment, Notice, Refund, RejectedPosting, Reminder
from .message import Message, Money, Retry, Severity


@attrs.frozen(kw_only=True)
class ReferenceRequired(Message):
    """The field of the reference is empty."""

    key, field = "reference_required", "reference"
    answers = (ReferenceCode.REFERENCE_REQUIRED,)


@attrs.frozen(kw_only=True)
class ReferenceUnreadable(Message):
    """The text is not a reference, and no reference is close to it."""

    key, field = "reference_unreadable", "reference"
    answers = (
        ReferenceCode.REFERENCE_BAD_CHARACTER,
        ReferenceCode.REFERENCE_BAD_LENGTH,
        ReferenceCode.REFERENCE_BAD_FORMAT,
    )


@attrs.frozen(kw_only=True)
class ReferenceSuggested(Message):
    """The text is not a plausible reference, and there are suggestions (RGAA 11.11).

    Attributes:
        suggestions: The references, the most plausible first.

    >>> from datetime import date
    >>> typed = NoticeReference("6131705400000344F")
    >>> [str(each) for each in ReferenceSuggested(suggestions=typed.suggestions(today=date(2026, 11, 26))).suggestions]
    ['6311705400000344F']
    """

    key, field = "reference_suggested", "reference"

    suggestions: tuple[NoticeReference, ...]


@attrs.frozen(kw_only=True)
class ReferenceNotOpen(Message):
    """The reference is unknown, or its debt is closed to online payment (R4, R21)."""

    key, field = "reference_not_open", "reference"
    answers = (VerdictCode.REFERENCE_NOT_OPEN, VerdictCode.KIND_NOT_OPEN)


@attrs.frozen(kw_only=True)
class NoNotice(Message):
    """The person has received no notice (R5)."""

    key, retry = "no_notice", Retry.LATER
    answers = (VerdictCode.NO_NOTICE,)


@attrs.frozen(kw_only=True)
class BelowBand(Message):
    """The balance is below the band (R6)."""

    key, retry = "below_band", Retry.LATER
    answers = (VerdictCode.BELOW_BAND,)

    band_min: Euros


@attrs.frozen(kw_only=True)
class AboveBand(Message):
    """The balance is above the band (R6)."""

    key, retry = "above_band", Retry.NO
    answers = (VerdictCode.ABOVE_BAND,)

    band_max: Euros


@attrs.frozen(kw_only=True)
class SelectionDuplicate(Message):
    """A reference is selected twice (R8)."""

    key, field = "selection_duplicate", "references"
    answers = (VerdictCode.SELECTION_DUPLICATE,)


@attrs.frozen(kw_only=True)
class SelectionOtherDebtor(Message):
    """The selected references belong to several people (R8)."""

    key, field = "selection_other_debtor", "references"
    answers = (VerdictCode.SELECTION_OTHER_DEBTOR,)


@attrs.frozen(kw_only=True)
class SelectionOtherCaisse(Message):
    """The selected references belong to several caisses (R8, Q23)."""

    key, field = "selection_other_caisse", "references"
    answers = (VerdictCode.SELECTION_OTHER_CAISSE,)


@attrs.frozen(kw_only=True)
class SelectionNotAllowed(Message):
    """Several references are selected, and the policy accepts one (R8, Q8)."""

    key, field = "selection_not_allowed", "references"
    answers = (VerdictCode.SELECTION_NOT_ALLOWED,)


@attrs.frozen(kw_only=True)
class PaymentAlreadyMade(Message):
    """The notice is partly paid, and the policy accepts one payment (R7, Q11)."""

    key, retry = "payment_already_made", Retry.NO
    answers = (VerdictCode.PAYMENT_ALREADY_MADE,)


@attrs.frozen(kw_only=True)
class AmountStrandsRemainder(Message):
    """The remainder would be too small for an online payment, and the policy refuses that (R11, Q12).

    Attributes:
        suggested_max: The largest amount that strands none, if there is one.
    """

    key, field = "amount_strands_remainder", "amount"
    answers = (VerdictCode.AMOUNT_STRANDS_REMAINDER,)

    stranded: Euros
    suggested_max: Euros | None = None


@attrs.frozen(kw_only=True)
class NothingDue(Message):
    """The debt is paid in full (R7)."""

    key, severity, retry = "nothing_due", Severity.INFO, Retry.NO
    answers = (VerdictCode.NOTHING_DUE,)


@attrs.frozen(kw_only=True)
class BelowOnlineMinimum(Message):
    """The amount due is below the smallest online payment (R7)."""

    key, retry = "below_online_minimum", Retry.NO
    answers = (VerdictCode.BELOW_ONLINE_MINIMUM,)


@attrs.frozen(kw_only=True)
class AmountRequired(Message):
    """The field of the amount is empty (R9)."""

    key, field = "amount_required", "amount"
    answers = (VerdictCode.AMOUNT_REQUIRED,)

    minimum: Euros


@attrs.frozen(kw_only=True)
class AmountUnreadable(Message):
    """The text is not an amount (R9)."""

    key, field = "amount_unreadable", "amount"
    answers = (VerdictCode.AMOUNT_BAD_FORMAT,)

    minimum: Euros


@attrs.frozen(kw_only=True)
class AmountOutOfRange(Message):
    """The amount is below the smallest or above the largest online payment (R10)."""

    key, field = "amount_out_of_range", "amount"
    answers = (VerdictCode.AMOUNT_BELOW_MINIMUM, VerdictCode.AMOUNT_ABOVE_MAXIMUM)

    minimum: Euros
    maximum: Euros


@attrs.frozen(kw_only=True)
class AmountAboveRemaining(Message):
    """The amount is more than the person owes (R10)."""

    key, field = "amount_above_remaining", "amount"
    answers = (VerdictCode.AMOUNT_ABOVE_REMAINING,)

    total: Euros


@attrs.frozen(kw_only=True)
class ScheduleTooLong(Message):
    """The payments need more months than the policy allows (R12).

    Attributes:
        months: The largest number of months of a schedule.
    """

    key, retry = "schedule_too_long", Retry.NO
    answers = (VerdictCode.SCHEDULE_TOO_LONG,)

    months: int


@attrs.frozen(kw_only=True)
class StrandedRemainder(Message):
    """The amount is accepted; the remainder would be too small for a payment online (R11).

    Attributes:
        suggested_max: The largest amount that strands none, if there is one.
    """

    key, field, severity = "stranded_remainder", "amount", Severity.WARNING
    answers = (WarningCode.STRANDED_REMAINDER,)

    stranded: Euros
    suggested_max: Euros | None = None


@attrs.frozen(kw_only=True)
class PaymentAccepted(Message):
    """The bank accepted the payment (R14).

    Attributes:
        display_delay_hours: The number of hours within which the account shows the payment: the policy's (R17), where
            the caller knows it.
    """

    key, severity, money, retry = "payment_accepted", Severity.SUCCESS, Money.YES, Retry.NO
    answers = (PaymentState.PAID,)

    display_delay_hours: int | None = None


@attrs.frozen(kw_only=True)
class PaymentPosted(Message):
    """The caisse has posted the accepted payment: the remaining amount of the debt contains it (R25)."""

    key, severity, money, retry = "payment_posted", Severity.SUCCESS, Money.YES, Retry.NO
    answers = (PaymentProgress.POSTED,)


@attrs.frozen(kw_only=True)
class PaymentNotPosted(Message):
    """The payment is accepted, and the caisse has rejected its posting (R25): the person must not pay again."""

    key, severity, money, retry = "payment_not_posted", Severity.WARNING, Money.YES, Retry.NO
    answers = (PaymentProgress.POSTING_REJECTED,)


@attrs.frozen(kw_only=True)
class PaymentPending(Message):
    """The bank has not answered, or its answer is not final (R14).  A second payment could debit the person twice."""

    key, severity, money, retry = "payment_pending", Severity.WARNING, Money.UNKNOWN, Retry.NO
    answers = (PaymentState.CREATED, PaymentState.PENDING, PaymentState.AUTHORISED, PaymentState.UNKNOWN)
    errors = (ResponseRefusedError, OrderMismatchError, PaymentInProgressError)


@attrs.frozen(kw_only=True)
class PaymentRefused(Message):
    """The bank refused the payment (R14)."""

    key = "payment_refused"
    answers = (PaymentState.REFUSED,)


@attrs.frozen(kw_only=True)
class PaymentCancelled(Message):
    """The bank reports that the person left its page (R14).  INFO: an abandon is not a failure."""

    key, severity = "payment_cancelled", Severity.INFO
    answers = (PaymentState.CANCELLED,)


@attrs.frozen(kw_only=True)
class PaymentExpired(Message):
    """The bank reports that its page was open for too long (R14)."""

    key, severity = "payment_expired", Severity.WARNING
    answers = (PaymentState.EXPIRED,)


@attrs.frozen(kw_only=True)
class PaymentFailed(Message):
    """The request to the bank was wrong, or its systems did not answer: a fault outside the person's control."""

    key, money, retry = "payment_failed", Money.UNKNOWN, Retry.NO
    answers = (PaymentState.ERROR,)
    errors = (GatewayUnavailableError,)


@attrs.frozen(kw_only=True)
class ServiceUnavailable(Message):
    """The bank or the ledger did not answer before the browser left for the bank: the card was not debited.

    Only the portal has the information that the browser is still there.  When ``PaymentService.start`` raises
    :class:`~creance_pay.errors.GatewayUnavailableError`, choose it by :func:`~creance_pay.web.message_for_start`.
    """

    key, retry = "service_unavailable", Retry.LATER


@attrs.frozen(kw_only=True)
class AttemptOpen(Message):
    """An attempt was started, and the bank's answer is missing: the person is at the bank, or has left its page.

    Offer to resume: ``PaymentService.start(replace=True)`` asks the bank about the attempt, and replaces it unless it
    was paid.
    """

    key, severity, money, retry = "attempt_open", Severity.WARNING, Money.UNKNOWN, Retry.NO


# Refund and chargeback: ``money`` is YES, because the amount was debited before it was returned, and no sentence may
# deny the debit.  ``retry`` is NO, because only the caisse knows whether the debt is due: a refund often corrects a
# double payment, and the bank may debit a charged-back payment again.


@attrs.frozen(kw_only=True)
class RefundRequested(Message):
    """The caisse has asked the bank for a refund.  INFO: the person can wait."""

    key, severity, money, retry = "refund_requested", Severity.INFO, Money.YES, Retry.NO
    answers = (PaymentProgress.REFUND_REQUESTED,)


@attrs.frozen(kw_only=True)
class PaymentRefunded(Message):
    """The whole amount was returned to the person.  INFO: nothing has to be corrected."""

    key, severity, money, retry = "payment_refunded", Severity.INFO, Money.YES, Retry.NO
    answers = (PaymentState.REFUNDED,)


@attrs.frozen(kw_only=True)
class PaymentPartiallyRefunded(Message):
    """A part of the amount was returned to the person.  INFO: nothing has to be corrected.

    Attributes:
        refunded: The amount that was returned, where the caller knows it.
    """

    key, severity, money, retry = "payment_partially_refunded", Severity.INFO, Money.YES, Retry.NO
    answers = (PaymentState.PARTIALLY_REFUNDED,)

    refunded: Euros | None = None


@attrs.frozen(kw_only=True)
class PaymentChargedBack(Message):
    """The cardholder's bank took the money back: the debt is due again.  WARNING: the person has to call the caisse."""

    key, severity, money, retry = "payment_charged_back", Severity.WARNING, Money.YES, Retry.NO
    answers = (PaymentState.CHARGED_BACK,)


@attrs.frozen(kw_only=True)
class ReferenceHint(Message):
    """The format of a reference, shown beside the empty field (RGAA 11.10)."""

    key, field, severity = "reference_hint", "reference", Severity.INFO


@attrs.frozen(kw_only=True)
class AmountHint(Message):
    """The format of an amount and its bounds, shown beside the empty field (RGAA 11.10).

    >>> from creance_pay.messages import Medium, render
    >>> render(AmountHint(minimum=Euros(1600), maximum=Euros(5000)), medium=Medium.SMS).short
    'Montant entre 16 € et 50 € par paiement.'
    """

    key, field, severity = "amount_hint", "amount", Severity.INFO

    minimum: Euros
    maximum: Euros


@attrs.frozen(kw_only=True)
class ErrorSummary(Message):
    """The heading above the links to the errors of a page.  Part of a page, around messages."""

    key = "error_summary"

    count: int


@attrs.frozen(kw_only=True)
class Letter(Message):
    """The greeting and the signature around a message on paper.  Part of a letter, around a message.

    ``money`` is UNKNOWN: the frame surrounds every message, so that its words leave money out.
    """

    key, severity, money, retry = "letter", Severity.INFO, Money.UNKNOWN, Retry.NO

    text: str


@attrs.frozen(kw_only=True)
class Email(Message):
    """The greeting and the signature around a message in an e-mail.  Part of an e-mail, around a message.

    ``money`` is UNKNOWN, as for :class:`Letter`.
    """

    key, severity, money, retry = "email", Severity.INFO, Money.UNKNOWN, Retry.NO

    text: str


#: The messages that surround another one.
FRAMES = (Letter, Email)

#: Every message class.  The catalogue is this list: a subclass of :class:`Message` elsewhere changes nothing.
MESSAGES: tuple[type[Message], ...] = (
    ReferenceRequired,
    ReferenceUnreadable,
    ReferenceSuggested,
    ReferenceNotOpen,
    NoNotice,
    BelowBand,
    AboveBand,
    SelectionDuplicate,
    SelectionOtherDebtor,
    SelectionOtherCaisse,
    SelectionNotAllowed,
    PaymentAlreadyMade,
    NothingDue,
    BelowOnlineMinimum,
    AmountRequired,
    AmountUnreadable,
    AmountOutOfRange,
    AmountAboveRemaining,
    AmountStrandsRemainder,
    ScheduleTooLong,
    StrandedRemainder,
    PaymentAccepted,
    PaymentPosted,
    PaymentNotPosted,
    PaymentPending,
    PaymentRefused,
    PaymentCancelled,
    PaymentExpired,
    PaymentFailed,
    ServiceUnavailable,
    AttemptOpen,
    RefundRequested,
    PaymentRefunded,
    PaymentPartiallyRefunded,
    PaymentChargedBack,
    ReferenceHint,
    AmountHint,
    ErrorSummary,
    *FRAMES,
    Acknowledgement,
    Registration,
    Notice,
    Reminder,
    InstalmentSchedule,
    MissedInstalment,
    Refund,
    RejectedPosting,
)
