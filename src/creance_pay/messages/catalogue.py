"""Every message about a verdict, an error or an outcome, as a class whose fields are what its sentences need.

A message knows what it answers (codes of the rules, outcomes of a payment), how grave it is, and what is known about
the money.  Its sentences are in ``fr.toml`` and ``en.toml``, under its key: a new message is one class here, and one
table in each of them.
"""

from __future__ import annotations

import attrs

from ..codes import ReferenceCode, VerdictCode, WarningCode
from ..errors import GatewayUnavailableError, OrderMismatchError, PaymentInProgressError, ResponseRefusedError
from ..money import Euros
from ..payment import PaymentState
from ..references import NoticeReference
from .message import Audience, Message, Money, Retry, Severity


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

    key, retry = "no_notice", Retry.LATER
    answers = (VerdictCode.NO_NOTICE,)


@attrs.frozen(kw_only=True)
class BelowBand(Message):
    """The balance is under the band (R6)."""

    key, retry = "below_band", Retry.LATER
    answers = (VerdictCode.BELOW_BAND,)

    band_min: Euros


@attrs.frozen(kw_only=True)
class AboveBand(Message):
    """The balance is over the band (R6)."""

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

    key, retry = "payment_already_made", Retry.NO
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

    key, severity, retry = "nothing_due", Severity.INFO, Retry.NO
    answers = (VerdictCode.NOTHING_DUE,)


@attrs.frozen(kw_only=True)
class BelowOnlineMinimum(Message):
    """What remains is too little to be paid online (R7)."""

    key, retry = "below_online_minimum", Retry.NO
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
class StrandedRemainder(Message):
    """The amount is accepted, and would leave too little to be paid online (R11)."""

    key, field, severity = "stranded_remainder", "amount", Severity.WARNING
    answers = (WarningCode.STRANDED_REMAINDER,)

    stranded: Euros
    suggested_max: Euros


@attrs.frozen(kw_only=True)
class PaymentAccepted(Message):
    """The bank has accepted the payment (R14).

    Attributes:
        display_delay_hours: Within how many hours it shows in the account: the policy's (R17), where the caller has it.
    """

    key, severity, money, retry = "payment_accepted", Severity.SUCCESS, Money.YES, Retry.NO
    answers = (PaymentState.PAID,)

    display_delay_hours: int | None = None


@attrs.frozen(kw_only=True)
class PaymentPending(Message):
    """The bank has not answered, or its answer is not final (R14).  A second payment could charge the person twice."""

    key, severity, money, retry = "payment_pending", Severity.WARNING, Money.UNKNOWN, Retry.NO
    answers = (PaymentState.CREATED, PaymentState.PENDING, PaymentState.AUTHORISED, PaymentState.UNKNOWN)
    errors = (ResponseRefusedError, OrderMismatchError, PaymentInProgressError)


@attrs.frozen(kw_only=True)
class PaymentRefused(Message):
    """The bank has refused the payment (R14)."""

    key = "payment_refused"
    answers = (PaymentState.REFUSED,)


@attrs.frozen(kw_only=True)
class PaymentCancelled(Message):
    """The bank says that the person has left its page: an abandon is not a failure (R14)."""

    key, severity = "payment_cancelled", Severity.INFO
    answers = (PaymentState.CANCELLED,)


@attrs.frozen(kw_only=True)
class PaymentExpired(Message):
    """The bank says that its page was left open too long (R14)."""

    key, severity = "payment_expired", Severity.WARNING
    answers = (PaymentState.EXPIRED,)


@attrs.frozen(kw_only=True)
class PaymentFailed(Message):
    """The request was wrong, or nobody answered, by no fault of the person's."""

    key, money, retry = "payment_failed", Money.UNKNOWN, Retry.NO
    answers = (PaymentState.ERROR,)
    errors = (GatewayUnavailableError,)


# Refund and chargeback: ``money`` is YES, because the amount was debited before it was returned, and no sentence may deny
# that.  ``retry`` is NO, because only the caisse knows whether the debt is due: a refund often corrects a double payment,
# and a payment that was charged back may be presented to the bank again.


@attrs.frozen(kw_only=True)
class PaymentRefunded(Message):
    """The whole amount was returned to the person.  INFO: the person has nothing to correct."""

    key, severity, money, retry = "payment_refunded", Severity.INFO, Money.YES, Retry.NO
    answers = (PaymentState.REFUNDED,)


@attrs.frozen(kw_only=True)
class PaymentPartiallyRefunded(Message):
    """A part of the amount was returned to the person.  INFO: the person has nothing to correct.

    Attributes:
        refunded: The amount that was returned, where the caller knows it.
    """

    key, severity, money, retry = "payment_partially_refunded", Severity.INFO, Money.YES, Retry.NO
    answers = (PaymentState.PARTIALLY_REFUNDED,)

    refunded: Euros | None = None


@attrs.frozen(kw_only=True)
class PaymentChargedBack(Message):
    """The cardholder's bank took the money back, so that the debt is due again.  WARNING: the person has to act."""

    key, severity, money, retry = "payment_charged_back", Severity.WARNING, Money.YES, Retry.NO
    answers = (PaymentState.CHARGED_BACK,)


@attrs.frozen(kw_only=True)
class ReferenceHint(Message):
    """How a reference is typed, said before anything is wrong (RGAA 11.10)."""

    key, field, severity = "reference_hint", "reference", Severity.INFO


@attrs.frozen(kw_only=True)
class AmountHint(Message):
    """How an amount is typed and which are accepted, said before anything is wrong (RGAA 11.10)."""

    key, field, severity = "amount_hint", "amount", Severity.INFO

    minimum: Euros
    maximum: Euros


@attrs.frozen(kw_only=True)
class ErrorSummary(Message):
    """What stands at the top of a page with errors, above the links to their fields."""

    key, audience = "error_summary", Audience.FRAME

    count: int


@attrs.frozen(kw_only=True)
class Letter(Message):
    """What stands around a message on paper: greeting and signature."""

    key, audience, severity, money = "letter", Audience.FRAME, Severity.INFO, Money.UNKNOWN

    text: str
