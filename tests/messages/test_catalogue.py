"""The list of messages: one for every public word and every outcome, each with what is known about the money."""

import gc
import subprocess
import sys
from collections import Counter

import attrs
import pytest

from creance_pay import Euros, PaymentState
from creance_pay.codes import Code
from creance_pay.errors import MessageError
from creance_pay.messages import Message, Money, Severity, every_message
from creance_pay.messages.catalogue import AmountOutOfRange
from creance_pay.messages.sentences import Overrides, Wording, sentences_of
from samples import plain

PUBLIC: list[Code] = [code for kind in Code.__subclasses__() for code in kind if code.public]
GUIDE = sentences_of("fr", Wording.GUIDE, Overrides())
ANSWERED = Counter(word for kind in every_message() for word in kind.answers)

each_message = pytest.mark.parametrize("kind", every_message(), ids=lambda kind: kind.key)


def test_every_public_word_and_outcome_is_answered() -> None:
    """What a person has to be told can be told, and nothing else is."""
    assert {*PUBLIC, *PaymentState} == set(ANSWERED)


def test_no_word_is_answered_twice() -> None:
    """The choice of a message depends on no order."""
    assert {1} == set(ANSWERED.values())


@each_message
def test_every_message_has_its_own_key(kind: type[Message]) -> None:
    """A key leads to one message."""
    assert [kind] == [other for other in every_message() if other.key == kind.key]


@each_message
def test_nothing_is_debited_only_where_that_is_known(kind: type[Message]) -> None:
    """« Rien n'a été débité » is said only where the money is known to be untouched."""
    sentences = " ".join(filter(None, attrs.astuple(GUIDE[kind.key])))

    assert kind.money is Money.NO or "débité" not in sentences


#: What is known about the money in each state.  After a refund or a chargeback it was debited, and returned since.
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


def kind_for(state: PaymentState) -> type[Message]:
    """Return the message of a state."""
    (kind,) = [kind for kind in every_message() if state in kind.answers]
    return kind


def test_money_follows_the_state() -> None:
    """Each state has the fact about money that the bank's answer allows."""
    assert MONEY == {state: kind_for(state).money for state in PaymentState}


def test_bank_has_not_answered_only_where_true() -> None:
    """The sentence "we do not have the bank's answer yet" belongs to the states without a final answer."""
    body = "Nous n'avons pas encore la réponse de la banque."
    waiting = {PaymentState.CREATED, PaymentState.PENDING, PaymentState.AUTHORISED, PaymentState.UNKNOWN}

    assert waiting == {state for state in PaymentState if plain(GUIDE[kind_for(state).key].body) == body}


def test_failure_belongs_to_a_refusal() -> None:
    """The guide's sentence of a failed payment answers REFUSED only: an abandon is no failure (R14)."""
    body = "Votre transaction de paiement a échoué."

    assert [PaymentState.REFUSED] == [state for state in PaymentState if plain(GUIDE[kind_for(state).key].body) == body]


@pytest.mark.parametrize(
    ("severity", "role"),
    [
        (Severity.INFO, "status"),
        (Severity.SUCCESS, "status"),
        (Severity.WARNING, "alert"),
        (Severity.ERROR, "alert"),
    ],
)
def test_role_follows_severity(severity: Severity, role: str) -> None:
    """Screen readers announce the graver ones at once (RGAA 7.5)."""
    assert role == severity.role


class TestMaking:
    """A message is made from the values of what it answers, and of no fewer."""

    def test_takes_what_it_needs(self) -> None:
        """Other values are left out."""
        values = {"minimum": Euros(1600), "maximum": Euros(5000), "total": Euros(6000)}

        assert AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000)) == AmountOutOfRange.of(values)

    @pytest.mark.parametrize("values", [{}, {"minimum": Euros(1600)}, {"minimum": Euros(1600), "maximum": None}])
    def test_refuses_a_missing_value(self, values: dict[str, object]) -> None:
        """What is missing is named, and the message too."""
        with pytest.raises(MessageError, match=r"amount_out_of_range needs (minimum, )?maximum"):
            AmountOutOfRange.of(values)


class TestListing:
    """Every message is listed once, in the order of the module, from the first moment on."""

    def test_lists_the_messages_of_the_module(self) -> None:
        """Nothing is listed twice, whatever the collector of garbage has done."""
        gc.collect()

        assert sorted({kind.__name__ for kind in Message.__subclasses__()}) == sorted(
            kind.__name__ for kind in every_message()
        )

    def test_does_not_wait_for_the_collector(self) -> None:
        """Before any collection, too, each message is listed once and has its fields."""
        script = (
            "import gc; gc.disable()\n"
            "from creance_pay.messages import every_message\n"
            "from creance_pay.messages.catalogue import AmountOutOfRange\n"
            "names = [kind.__name__ for kind in every_message()]\n"
            "print(len(names) == len(set(names)), AmountOutOfRange in every_message())"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - our own words

        assert "True True" == done.stdout.strip()
