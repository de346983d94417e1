"""The list of messages: one for each public code and each payment state, with the facts about money."""

from collections import Counter
from importlib import resources
from types import SimpleNamespace

import attrs
import pytest

from creance_pay import Euros, PaymentProgress, PaymentState
from creance_pay.codes import Code
from creance_pay.errors import MessageError
from creance_pay.messages import (
    MESSAGES,
    Message,
    Money,
    Retry,
    acknowledgements,
    catalogue,
    letters,
    message_for,
    render,
    sample,
)
from creance_pay.messages.catalogue import AmountOutOfRange, PaymentAccepted
from creance_pay.messages.sentences import Overrides, Wording, read_catalogue, sentences_of, unanswered
from samples import plain

SHIPPED = resources.files("creance_pay.messages").joinpath("fr.toml").read_text(encoding="utf-8")
GUIDE = sentences_of("fr", Wording.GUIDE, Overrides())
#: What the bank's answer proves in each state.  After a refund or a chargeback the person was debited before.
MONEY = {
    PaymentState.CREATED: Money.UNKNOWN,
    PaymentState.PENDING: Money.UNKNOWN,
    PaymentState.AUTHORISED: Money.UNKNOWN,
    PaymentState.UNKNOWN: Money.UNKNOWN,
    PaymentState.ERROR: Money.UNKNOWN,
    PaymentState.PAID: Money.YES,
    PaymentState.PARTIALLY_REFUNDED: Money.YES,
    PaymentState.REFUNDED: Money.YES,
    PaymentState.CHARGED_BACK: Money.YES,
    PaymentState.REFUSED: Money.NO,
    PaymentState.CANCELLED: Money.NO,
    PaymentState.EXPIRED: Money.NO,
}


def states_with_body(body: str) -> set[PaymentState]:
    """Return the payment states whose French message has this body, in plain typography."""
    messages = {state: message_for(SimpleNamespace(state=state)) for state in PaymentState}
    return {state for state, message in messages.items() if plain(GUIDE[message.key].body) == body}


class TestList:
    """The catalogue is a list, not the subclasses that happen to be imported."""

    def test_lists_every_class_of_the_package(self) -> None:
        """A message class that is not listed has no sentences."""
        defined = {
            name
            for module in (catalogue, acknowledgements, letters)
            for name, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, Message) and value not in {Message, letters.Document}
        }

        assert defined == {kind.__name__ for kind in MESSAGES}

    def test_keys_are_unique(self) -> None:
        """A key names one message."""
        assert {1} == set(Counter(kind.key for kind in MESSAGES).values())

    def test_samples_keep_the_class(self) -> None:
        """Every message has sample values."""
        assert list(MESSAGES) == [type(sample(kind)) for kind in MESSAGES]

    def test_sample_values(self) -> None:
        """A sample has the bounds of the guide's screens, or the largest amount of a bank: twelve digits of cents."""
        largest = Euros(999_999_999_999)

        assert (
            AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000)),
            AmountOutOfRange(minimum=largest, maximum=largest),
        ) == (sample(AmountOutOfRange), sample(AmountOutOfRange, longest=True))

    def test_subclass_of_a_portal_changes_nothing(self) -> None:
        """A portal derives a class of its own: the catalogue is read as before, and only ours are rendered."""

        @attrs.frozen(kw_only=True)
        class Welcome(Message):
            """A message of a portal."""

            key = "welcome"
            answers = (PaymentState.PAID,)

        read = read_catalogue(SHIPPED, origin="fr.toml")

        assert {kind.key for kind in MESSAGES} == read.keys()
        assert PaymentAccepted() == message_for(SimpleNamespace(state=PaymentState.PAID))
        with pytest.raises(MessageError, match=r"^expected a message of the catalogue, got Welcome$"):
            render(Welcome())


class TestAnswers:
    """Each public code, each payment state and each fact of progress has exactly one message."""

    def test_every_word_is_answered_once(self) -> None:
        """The enumerations give the words, no list by hand."""
        words = [
            *(code for kind in Code.__subclasses__() for code in kind if code.public),
            *PaymentState,
            *PaymentProgress,
        ]

        assert Counter(words) == Counter(word for kind in MESSAGES for word in kind.answers)

    def test_nothing_is_unanswered(self) -> None:
        """The check of the loader agrees."""
        assert [] == unanswered()

    def test_bank_has_not_answered_only_where_true(self) -> None:
        """The sentence of a pending payment belongs to the states without a final answer of the bank."""
        waiting = {PaymentState.CREATED, PaymentState.PENDING, PaymentState.AUTHORISED, PaymentState.UNKNOWN}

        assert waiting == states_with_body("Nous n'avons pas encore la réponse de la banque.")

    def test_failure_belongs_to_a_refusal(self) -> None:
        """The guide's sentence of a failed payment answers a refusal: an abandon is no failure (R14)."""
        assert {PaymentState.REFUSED} == states_with_body("Votre transaction de paiement a échoué.")


class TestMoney:
    """The facts about money follow from the state."""

    def test_money_follows_the_state(self) -> None:
        """Each state has the fact that the bank's answer proves."""
        assert MONEY == {state: message_for(SimpleNamespace(state=state)).money for state in PaymentState}

    def test_no_retry_where_money_may_have_moved(self) -> None:
        """Only a person who was not debited may try again."""
        assert [] == [kind.key for kind in MESSAGES if kind.money is not Money.NO and kind.retry is not Retry.NO]
