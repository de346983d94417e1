"""The choice of a message: by the state of a payment, by a code with its warnings, or by the type of an error."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given

from creance_pay import Euros, NoticeReference, PaymentOrder, PaymentState, Source, VerifiedPayment
from creance_pay.codes import CaisseStatus, ReferenceCode, TransactionCode, VerdictCode, WarningCode
from creance_pay.errors import (
    CreancePayError,
    GatewayUnavailableError,
    InvalidAmountError,
    InvalidReferenceError,
    InvalidValueError,
    MalformedResponseError,
    MessageError,
    OrderMismatchError,
    PaymentInProgressError,
    SealMismatchError,
)
from creance_pay.ledger import Payment
from creance_pay.messages import message_for, messages_for, render
from creance_pay.messages.catalogue import (
    AmountOutOfRange,
    AmountRequired,
    PaymentAccepted,
    PaymentChargedBack,
    PaymentFailed,
    PaymentPartiallyRefunded,
    PaymentPending,
    PaymentRefunded,
    ReferenceSuggested,
    StrandedRemainder,
)
from creance_pay.rules import access, after_payment, assess, check_amount, notice_scope, policy_on
from samples import POLICY, a_debt, plain
from strategies import notice_references

STRANDING = check_amount("50", total=Euros(6000), policy=POLICY)
MOMENT = datetime(2018, 7, 5, 8, 59, tzinfo=UTC)
ORDER = PaymentOrder(
    transaction_reference="PCLCB181860000004",
    amount=Euros(2000),
    return_url="https://portal.example/return",
    notification_url="https://portal.example/notification",
)
#: A yes of each rule.
YES = (
    access(a_debt(), policy=POLICY),
    assess(a_debt(), policy=POLICY),
    check_amount("20", total=Euros(6000), policy=POLICY),
    notice_scope(Euros(6000), notice_received=True, policy=POLICY),
    SimpleNamespace(code=CaisseStatus.CAISSE_OK),
)


def error_of(text: str) -> InvalidReferenceError:
    """Return the error that a reference raises."""
    with pytest.raises(InvalidReferenceError) as caught:
        NoticeReference.parse(text)
    return caught.value


class TestState:
    """The state of a payment chooses the message, whatever the object that carries it."""

    @pytest.mark.parametrize(
        "payment",
        [
            Payment(order=ORDER, state=PaymentState.PAID, created_at=MOMENT, changed_at=MOMENT),
            VerifiedPayment(state=PaymentState.PAID, source=Source.NOTIFICATION),
            SimpleNamespace(state=PaymentState.PAID),
            SimpleNamespace(state=PaymentState.PAID, code=VerdictCode.AMOUNT_REQUIRED),
            SimpleNamespace(state=PaymentState.PAID, values=dict),
        ],
        ids=["ledger", "verified", "any object", "state and code", "values that are no mapping"],
    )
    def test_payment(self, payment: object) -> None:
        """The hours come from the caller (R17)."""
        assert PaymentAccepted(display_delay_hours=24) == message_for(payment, display_delay_hours=24)

    def test_created_is_pending(self) -> None:
        """A payment that the bank has not reported on yet may still be paid."""
        payment = Payment(order=ORDER, created_at=MOMENT, changed_at=MOMENT)

        assert PaymentPending() == message_for(payment, display_delay_hours=24)

    @pytest.mark.parametrize(
        ("values", "action"),
        [
            ({"display_delay_hours": 24}, "Consultez votre compte : le paiement y apparaît sous 24 h."),
            ({"display_delay_hours": None}, "Consultez votre compte : le paiement y apparaît bientôt."),
            ({}, "Consultez votre compte : le paiement y apparaît bientôt."),
        ],
    )
    def test_display_delay_is_optional(self, values: dict[str, object], action: str) -> None:
        """Without a number of hours the sentence promises none."""
        assert action == plain(render(message_for(SimpleNamespace(state=PaymentState.PAID), **values)).action)

    @pytest.mark.parametrize(
        ("state", "values", "message", "body"),
        [
            (PaymentState.REFUNDED, {}, PaymentRefunded(), "Votre paiement vous a été remboursé."),
            (
                PaymentState.PARTIALLY_REFUNDED,
                {},
                PaymentPartiallyRefunded(),
                "Une partie de votre paiement vous a été remboursée.",
            ),
            (
                PaymentState.PARTIALLY_REFUNDED,
                {"refunded": Euros(800)},
                PaymentPartiallyRefunded(refunded=Euros(800)),
                "Une partie de votre paiement vous a été remboursée : 8,00 €.",
            ),
            (
                PaymentState.CHARGED_BACK,
                {},
                PaymentChargedBack(),
                "La banque de la carte a repris la somme payée. Votre créance est de nouveau à payer.",
            ),
        ],
    )
    def test_money_that_came_back(
        self, state: PaymentState, values: dict[str, object], message: object, body: str
    ) -> None:
        """A refund and a chargeback have their own sentences; the amount is optional."""
        found = message_for(SimpleNamespace(state=state), **values)

        assert (message, body) == (found, plain(render(found).body))

    def test_charged_back_leads_to_the_caisse(self) -> None:
        """The caisse decides how the person pays again."""
        assert "Contact your health insurance fund before you pay." == render(PaymentChargedBack(), lang="en").action

    def test_other_states_are_none(self) -> None:
        """The state of a debt after a payment is not the state of a payment."""
        with pytest.raises(MessageError, match="no message answers AfterPayment with state SETTLED"):
            message_for(after_payment(Euros(2000), Euros(2000), policy=POLICY))


class TestErrors:
    """After an error of a gateway the result is not known: the message asks the person not to pay again."""

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
        """The type of the error chooses."""
        assert kind() == message_for(error)

    @pytest.mark.parametrize("text", ["631170549000001F", "6311 7054 9000 0001: F", "631163120000297F"])
    def test_suggestion(self, text: str) -> None:
        """A reference that was probably meant is proposed, whatever was wrong (RGAA 11.11)."""
        error = error_of(text)
        assert error.suggestions
        message = ReferenceSuggested(suggestions=tuple(map(NoticeReference, error.suggestions)))

        assert (message, (message,)) == (message_for(error), messages_for(error))

    @given(notice_references)
    def test_suggestion_is_written_in_groups(self, reference: NoticeReference) -> None:
        """The person compares it with the letter, group by group."""
        error = InvalidReferenceError(code=ReferenceCode.REFERENCE_BAD_LENGTH, suggestions=(str(reference),))

        assert f"s'agit-il de {reference.grouped} ?" in plain(render(message_for(error)).action)

    def test_missing_value_comes_from_the_caller(self) -> None:
        """An error of an amount knows no bounds."""
        error = InvalidAmountError(code=VerdictCode.AMOUNT_REQUIRED)

        assert AmountRequired(minimum=Euros(1600)) == message_for(error, minimum=Euros(1600))

    @pytest.mark.parametrize(
        ("answer", "text"),
        [
            (InvalidAmountError(code=VerdictCode.AMOUNT_REQUIRED), "amount_required needs minimum; got no values$"),
            (
                SimpleNamespace(code=VerdictCode.BELOW_BAND, values={"total": 5, "band_min": None}),
                "below_band needs band_min; got total$",
            ),
        ],
    )
    def test_missing_value_is_named(self, answer: object, text: str) -> None:
        """No sentence is written with a gap."""
        with pytest.raises(MessageError, match=text):
            message_for(answer)


class TestRefusals:
    """Both functions refuse an object without a message, and name its type."""

    @pytest.mark.parametrize(
        ("answer", "came"),
        [
            (None, "NoneType"),
            ("PAYABLE", "str"),
            (5, "int"),
            (PaymentState.PAID, "PaymentState"),
            (CreancePayError("x"), "CreancePayError"),
            (InvalidAmountError("x"), "InvalidAmountError"),
            (InvalidValueError("an address"), "InvalidValueError"),
            (SimpleNamespace(state="PAID"), "SimpleNamespace with state of type str"),
            (SimpleNamespace(code=5), "SimpleNamespace with code of type int"),
            (SimpleNamespace(code=["PAYABLE"]), "SimpleNamespace with code of type list"),
            (
                InvalidReferenceError(code=TransactionCode.TRANSACTION_BAD),
                "InvalidReferenceError with code TRANSACTION_BAD",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_type_is_named(self, answer: object, came: str) -> None:
        """The text says what came and what was expected; an error stays as the cause."""
        for choose in (message_for, messages_for):
            with pytest.raises(MessageError) as caught:
                choose(answer)

            expected = (
                f"no message answers {came}: expected an object with a PaymentState in .state, a public code in .code, "
                "or an error that has a message"
            )
            cause = answer if isinstance(answer, Exception) else None
            assert (expected, cause) == (str(caught.value), caught.value.__cause__)

    def test_a_yes_has_no_message(self) -> None:
        """For a yes the one function raises, and the other returns an empty tuple."""
        for answer in YES:
            with pytest.raises(MessageError, match=r"no message answers [A-Za-z]+ with code [A-Z_]+:"):
                message_for(answer)

        assert [()] * len(YES) == [messages_for(answer) for answer in YES]


class TestMessagesFor:
    """The message of the code, if it has one, then those of the warnings."""

    def test_warning_of_a_yes(self) -> None:
        """The stranded remainder has a message with its values (R11), though the amount is accepted."""
        assert (StrandedRemainder(stranded=Euros(1000), suggested_max=Euros(4400)),) == messages_for(STRANDING)

    def test_warning_reads(self) -> None:
        """The sentences show the remainder, and the largest amount that strands none."""
        (message,) = messages_for(STRANDING)
        rendered = render(message)

        assert (
            "Après ce paiement, il resterait 10,00 €. Cette somme ne pourrait pas être payée en ligne.",
            "Confirmez votre montant, ou saisissez plutôt 44,00 €.",
        ) == (plain(rendered.body), plain(rendered.action))

    def test_answer_of_a_no(self) -> None:
        """A refusal has its message, and it alone."""
        refused = check_amount("15,99", total=Euros(6000), policy=POLICY)

        assert (AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000)),) == messages_for(refused)

    def test_warning_of_a_no(self) -> None:
        """The message of the code comes first."""
        values = {"minimum": Euros(1600), "stranded": Euros(1000), "suggested_max": Euros(4400)}
        answer = SimpleNamespace(
            code=VerdictCode.AMOUNT_REQUIRED, warnings=(WarningCode.STRANDED_REMAINDER,), values=values
        )

        assert ["amount_required", "stranded_remainder"] == [message.key for message in messages_for(answer)]

    def test_values_come_from_the_caller(self) -> None:
        """The message of the code takes them, and so do those of the warnings."""
        answer = SimpleNamespace(code=VerdictCode.AMOUNT_REQUIRED, warnings=(WarningCode.STRANDED_REMAINDER,))
        values = {"minimum": Euros(1600), "stranded": Euros(1000), "suggested_max": Euros(4400)}

        assert (
            AmountRequired(minimum=Euros(1600)),
            StrandedRemainder(stranded=Euros(1000), suggested_max=Euros(4400)),
        ) == messages_for(answer, **values)

    def test_warning_that_is_not_public(self) -> None:
        """A policy that is not documented for the day does not concern the person."""
        latest = policy_on(STRANDING.policy.documented_on.replace(year=2026), undocumented="latest")

        assert () == messages_for(check_amount("20", total=Euros(6000), policy=latest))

    def test_payment(self) -> None:
        """A payment has the message of its state; its own warnings, in English, are for the operator."""
        payment = VerifiedPayment(state=PaymentState.UNKNOWN, source=Source.RETURN, warnings=("a field is unknown",))

        assert (PaymentPending(),) == messages_for(payment)


def test_code_can_be_quoted() -> None:
    """The code is the key in capitals, in the message and in its rendered form."""
    assert ("PAYMENT_PENDING", "PAYMENT_PENDING") == (PaymentPending().code, render(PaymentPending()).code)
