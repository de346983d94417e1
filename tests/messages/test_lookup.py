"""Every message of a verdict, warnings included, and the messages of errors without a code."""

from types import SimpleNamespace

import pytest

from creance_pay import Euros, NoticeReference, PaymentState
from creance_pay.codes import VerdictCode
from creance_pay.errors import (
    GatewayUnavailableError,
    InvalidAmountError,
    InvalidReferenceError,
    MalformedResponseError,
    MessageError,
    OrderMismatchError,
    PaymentInProgressError,
    SealMismatchError,
)
from creance_pay.messages import message_for, messages_for, render
from creance_pay.messages.catalogue import (
    AmountOutOfRange,
    AmountRequired,
    PaymentAccepted,
    PaymentFailed,
    PaymentPending,
    ReferenceSuggested,
    StrandedRemainder,
)
from creance_pay.rules import assess, check_amount, policy_on
from samples import POLICY, a_debt, plain

STRANDING = check_amount("50", total=Euros(6000), policy=POLICY)


class TestMessagesFor:
    """The message of the answer, if it has one, and those of its warnings."""

    def test_warning_of_a_yes(self) -> None:
        """The stranded remainder is told with its values (R11), though the amount is accepted."""
        assert (StrandedRemainder(stranded=Euros(1000), suggested_max=Euros(4400)),) == messages_for(STRANDING)

    def test_warning_reads(self) -> None:
        """What would remain, and what strands nothing."""
        (message,) = messages_for(STRANDING)
        rendered = render(message)

        assert (
            "Après ce paiement, il resterait 10,00 €. Cette somme serait trop faible pour un paiement en ligne.",
            "Saisissez plutôt 44,00 €, ou confirmez votre montant.",
        ) == (plain(rendered.body), plain(rendered.action))

    def test_answer_of_a_no(self) -> None:
        """A refusal has its message, and it alone."""
        refused = check_amount("15,99", total=Euros(6000), policy=POLICY)

        assert (AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000)),) == messages_for(refused)

    def test_a_yes_without_warning(self) -> None:
        """There is nothing to say."""
        assert () == messages_for(assess(a_debt(), policy=POLICY))

    def test_warning_that_is_not_public(self) -> None:
        """A policy that is not documented for the day is no concern of the person's."""
        latest = policy_on(STRANDING.policy.documented_on.replace(year=2026), undocumented="latest")

        assert () == messages_for(check_amount("20", total=Euros(6000), policy=latest))

    def test_suggestion(self) -> None:
        """An error with a suggestion has the message that asks."""
        with pytest.raises(InvalidReferenceError) as caught:
            NoticeReference.parse("631163120000297F")

        assert (ReferenceSuggested(suggestion=NoticeReference("6311631200000297F")),) == messages_for(caught.value)

    def test_outcome(self) -> None:
        """A result has that of its outcome."""
        assert (PaymentPending(),) == messages_for(SimpleNamespace(outcome=PaymentState.UNKNOWN))


class TestValues:
    """What an answer does not know can be given beside it."""

    def test_fills_what_is_missing(self) -> None:
        """An error of an amount knows no bounds."""
        error = InvalidAmountError(code=VerdictCode.AMOUNT_REQUIRED)

        assert AmountRequired(minimum=Euros(1600)) == message_for(error, minimum=Euros(1600))

    @pytest.mark.parametrize(
        ("values", "action"),
        [
            ({"display_delay_hours": 24}, "Consultez votre compte : le paiement y apparaît sous 24 h."),
            ({"display_delay_hours": None}, "Consultez votre compte : le paiement y apparaît bientôt."),
            ({}, "Consultez votre compte : le paiement y apparaît bientôt."),
        ],
    )
    def test_display_delay_is_the_policy_s(self, values: dict[str, object], action: str) -> None:
        """The number of hours comes from the caller, or is not said (R17)."""
        message = message_for(SimpleNamespace(outcome=PaymentState.PAID), **values)

        assert action == plain(render(message).action)

    def test_optional_value_is_a_field(self) -> None:
        """It is there for whoever builds the message."""
        assert PaymentAccepted(display_delay_hours=24) == message_for(
            SimpleNamespace(outcome=PaymentState.PAID), display_delay_hours=24
        )


class TestErrors:
    """An error of a gateway is told as what it is for the person: nobody knows yet."""

    @pytest.mark.parametrize(
        ("kind", "error"),
        [
            (PaymentFailed, GatewayUnavailableError("no answer")),
            (PaymentPending, SealMismatchError("not ours")),
            (PaymentPending, MalformedResponseError("no seal")),
            (PaymentPending, OrderMismatchError("another amount")),
            (PaymentPending, PaymentInProgressError("another payment is open")),
        ],
    )
    def test_error_has_a_message(self, kind: type, error: Exception) -> None:
        """None of them invites a second payment."""
        assert kind() == message_for(error)


def test_code_can_be_quoted() -> None:
    """The word is the key, in capitals, and is rendered too."""
    assert ("PAYMENT_PENDING", "PAYMENT_PENDING") == (PaymentPending().code, render(PaymentPending()).code)


@pytest.mark.parametrize("code", [5, ["PAYABLE"], VerdictCode.PAYABLE])
def test_unknown_code_has_no_message(code: object) -> None:
    """Whatever it is."""
    with pytest.raises(MessageError, match="no message answers"):
        message_for(SimpleNamespace(code=code))
