"""The transitions of a payment, for every state and every message."""

from datetime import timedelta
from itertools import product
from typing import Any

import attrs
import pytest

from creance_pay import Euros, PaymentState, Source, VerifiedPayment
from creance_pay.ledger import Change, Disposition, IncidentKind, Payment, Sums, transition
from sips_merchant import NOON, order

S, D = PaymentState, Disposition  # both names are used often below
SETTLED = [S.PAID, S.PARTIALLY_REFUNDED, S.REFUNDED, S.CHARGED_BACK]
FAILED = [S.REFUSED, S.CANCELLED, S.EXPIRED, S.ERROR]
REPORTED = [state for state in S if state is not S.CREATED]
EVERY_PAIR = [*product(PaymentState, REPORTED)]
AMOUNT, PART = order().amount, Euros(100)
SUMS = {
    S.PAID: Sums(captured=AMOUNT),
    S.PARTIALLY_REFUNDED: Sums(captured=AMOUNT, refunded=PART),
    S.REFUNDED: Sums(captured=AMOUNT, refunded=AMOUNT),
    S.CHARGED_BACK: Sums(captured=AMOUNT, charged_back=AMOUNT),
}


def payment(state: PaymentState, **details: Any) -> Payment:  # noqa: ANN401 - any field of a payment
    """Make a recorded payment in a state."""
    return Payment(
        order=order(), state=state, sums=SUMS.get(state, Sums()), created_at=NOON, changed_at=NOON, **details
    )


def message(state: PaymentState, source: Source = Source.NOTIFICATION, **details: Any) -> VerifiedPayment:  # noqa: ANN401 - any field
    """Make a message that reports a state."""
    if state is S.PARTIALLY_REFUNDED:
        details = {"remaining": AMOUNT - PART, **details}
    return VerifiedPayment(state=state, source=source, **details)


def change(
    current: PaymentState, incoming: PaymentState, source: Source = Source.NOTIFICATION, *, repeated: bool = False
) -> Change:
    """Decide on a message, without other details."""
    return transition(payment(current), message(incoming, source), repeated=repeated)


def changes(current: PaymentState, incoming: PaymentState) -> list[Change]:
    """Decide on a message of every source, first and repeated."""
    return [change(current, incoming, source, repeated=known) for source, known in product(Source, [True, False])]


class TestEverywhere:
    """The rules that hold for every state and every message, of every source, first and repeated."""

    def test_money_stays(self) -> None:
        """Money that moved advances to refunds and chargebacks only, and never back."""
        pairs = [(current, incoming) for current, incoming in EVERY_PAIR if current in SETTLED]
        later = {current: SETTLED[SETTLED.index(current) :] for current in SETTLED}
        assert [] == [(pair, each) for pair in pairs for each in changes(*pair) if each.state not in later[pair[0]]]

    def test_paid_wins(self) -> None:
        """A message that money has moved replaces every state in which none had."""
        pairs = [pair for pair in EVERY_PAIR if pair[1] in SETTLED and pair[0] not in SETTLED]
        assert [] == [(pair, each) for pair in pairs for each in changes(*pair) if each.state is not pair[1]]

    def test_applied_is_a_change(self) -> None:
        """A message is applied exactly when the state or the money changes, so that an effect follows a state once."""
        assert [] == [
            (pair, each)
            for pair in EVERY_PAIR
            for each in changes(*pair)
            if ((each.state, each.sums) == (pair[0], payment(pair[0]).sums)) == (each.disposition is D.APPLIED)
        ]

    def test_settles(self) -> None:
        """The same message again changes nothing."""
        assert [] == [
            (current, incoming, each)
            for current, incoming in EVERY_PAIR
            for each in changes(current, incoming)
            if change(each.state, incoming, repeated=True).state is not each.state
        ]


class TestIncidents:
    """The incidents of transitions."""

    def test_money_after_no(self) -> None:
        """Money that moves after a refusal raises an incident."""
        found = [(pair, change(*pair).incidents) for pair in product(FAILED, SETTLED[:3])]

        assert [] == [each for each in found if each[1] != (IncidentKind.PAID_AFTER_NO,)]

    def test_wrong_request(self) -> None:
        """A wrong request raises an incident for the operator."""
        assert (IncidentKind.REQUEST_WRONG,) == change(S.CREATED, S.ERROR).incidents

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            (Source.STATUS, (IncidentKind.CONTRADICTED,)),
            (Source.REPORT, (IncidentKind.CONTRADICTED,)),
            (Source.NOTIFICATION, ()),
            (Source.RETURN, ()),
        ],
    )
    def test_denied(self, source: Source, expected: tuple[IncidentKind, ...]) -> None:
        """A refusal after PAID is about another attempt, unless the bank's own records report it."""
        assert expected == change(S.PAID, S.CANCELLED, source=source).incidents

    def test_denied_before(self) -> None:
        """A refusal that is older than the payment contradicts nothing."""
        current = payment(S.PAID, authorised_at=NOON)
        incoming = message(S.REFUSED, source=Source.REPORT, authorised_at=NOON - timedelta(minutes=1))

        assert Change(state=S.PAID, sums=SUMS[S.PAID], disposition=D.SUPERSEDED) == transition(current, incoming)

    @pytest.mark.parametrize(("current", "number"), [(None, "2"), ("1", None), ("1", "1")])
    def test_one_authorisation(self, current: str | None, number: str | None) -> None:
        """A number that is missing on one side is no second authorisation."""
        before = payment(S.PAID, authorisation_number=current)

        assert () == transition(before, message(S.PAID, authorisation_number=number)).incidents


class TestWeight:
    """The messages that the recorded state supersedes."""

    @pytest.mark.parametrize("current", [S.PENDING, S.AUTHORISED])
    def test_vague(self, current: PaymentState) -> None:
        """UNKNOWN never replaces a state that the bank has reported."""
        assert Change(state=current, disposition=D.SUPERSEDED) == change(current, S.UNKNOWN)

    @pytest.mark.parametrize("current", [S.CREATED, *FAILED])
    def test_bank_does_not_know(self, current: PaymentState) -> None:
        """The answer that the bank does not know the payment changes nothing."""
        assert current is change(current, S.UNKNOWN, source=Source.STATUS).state

    @pytest.mark.parametrize("current", [S.CREATED, *FAILED])
    def test_contradictory_message(self, current: PaymentState) -> None:
        """A sealed message that is contradictory makes the state UNKNOWN, so that the bank is asked."""
        assert S.UNKNOWN is change(current, S.UNKNOWN).state

    def test_older(self) -> None:
        """A message that is older by the bank's clock is superseded; the answer to a question never is."""
        current, before = payment(S.REFUSED, authorised_at=NOON), NOON - timedelta(seconds=1)
        late = message(S.PENDING, authorised_at=before)
        asked = attrs.evolve(late, source=Source.STATUS)

        assert (S.REFUSED, S.PENDING) == (transition(current, late).state, transition(current, asked).state)

    def test_repeated(self) -> None:
        """A repeated message is a duplicate; a repeated answer to a question may change the state."""
        assert D.DUPLICATE is change(S.REFUSED, S.PENDING, repeated=True).disposition
        assert D.APPLIED is change(S.PENDING, S.REFUSED, repeated=True, source=Source.STATUS).disposition
