"""The list of messages: one for every public word and every outcome, each with what is known about the money."""

from collections import Counter
from importlib import resources
from types import SimpleNamespace

import attrs
import pytest

from creance_pay import Euros, PaymentState
from creance_pay.codes import Code
from creance_pay.errors import MessageError
from creance_pay.messages import MESSAGES, Message, Money, Severity, acknowledgements, catalogue, message_for, render
from creance_pay.messages.catalogue import AmountOutOfRange, PaymentAccepted
from creance_pay.messages.sentences import Overrides, Wording, read_catalogue, sentences_of
from samples import plain

SHIPPED = resources.files("creance_pay.messages").joinpath("fr.toml").read_text(encoding="utf-8")
PUBLIC: list[Code] = [code for kind in Code.__subclasses__() for code in kind if code.public]
GUIDE = sentences_of("fr", Wording.GUIDE, Overrides())
ANSWERED = Counter(word for kind in MESSAGES for word in kind.answers)

each_message = pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.key)


def test_every_public_word_and_outcome_is_answered() -> None:
    """What a person has to be told can be told, and nothing else is."""
    assert {*PUBLIC, *PaymentState} == set(ANSWERED)


def test_no_word_is_answered_twice() -> None:
    """The choice of a message depends on no order."""
    assert {1} == set(ANSWERED.values())


@each_message
def test_every_message_has_its_own_key(kind: type[Message]) -> None:
    """A key leads to one message."""
    assert [kind] == [other for other in MESSAGES if other.key == kind.key]


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
    (kind,) = [kind for kind in MESSAGES if state in kind.answers]
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


class TestList:
    """The catalogue is a list, not the subclasses that happen to be imported."""

    def test_lists_every_class_of_the_package(self) -> None:
        """A message class that nobody listed would have no sentences."""
        defined = {
            name
            for module in (catalogue, acknowledgements)
            for name, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, Message) and value is not Message
        }

        assert defined == {kind.__name__ for kind in MESSAGES}

    def test_subclass_of_a_portal_changes_nothing(self) -> None:
        """A portal may derive a class of its own; the catalogue is read as before, and ours are rendered."""

        @attrs.frozen(kw_only=True)
        class Welcome(Message):
            """A message of a portal."""

            key = "welcome"
            answers = (PaymentState.PAID,)

        read = read_catalogue(SHIPPED, origin="fr.toml")

        assert {kind.key for kind in MESSAGES} == read.keys()
        assert PaymentAccepted() == message_for(SimpleNamespace(state=PaymentState.PAID))
        with pytest.raises(MessageError, match=r"expected a message of the catalogue, got Welcome$"):
            render(Welcome())

    def test_only_messages_are_rendered(self) -> None:
        """Another object is named by its type."""
        with pytest.raises(MessageError, match=r"expected a message of the catalogue, got NoneType$"):
            render(None)  # type: ignore[arg-type]
