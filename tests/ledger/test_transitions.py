"""The one place that decides what becomes of a payment, for every state and every message."""

from datetime import datetime, timedelta
from itertools import product

import attrs
import pytest

from creance_pay import PaymentState, Source, VerifiedPayment
from creance_pay.ledger import Change, Disposition, IncidentKind, transition
from sips_shop import NOON

S, T = PaymentState, Disposition  # said often below
SETTLED_STATES = [S.PAID, S.PARTIALLY_REFUNDED, S.REFUNDED]
FAILED_STATES = [S.REFUSED, S.CANCELLED, S.EXPIRED, S.ERROR]
TOLD = [state for state in S if state is not S.CREATED]


@attrs.frozen(kw_only=True)
class Held:
    """What a ledger holds."""

    state: PaymentState
    authorisation_number: str | None = None
    authorised_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Told(VerifiedPayment):
    """A message of any state, refunds included."""

    state: PaymentState
    outcome: PaymentState = PaymentState.UNKNOWN
    source: Source = Source.NOTIFICATION


def change(current: PaymentState, incoming: PaymentState, *, repeated: bool = False, **facts: object) -> Change:
    """Decide, of a payment without other facts."""
    return transition(Held(state=current), Told(state=incoming, **facts), repeated=repeated)  # type: ignore[arg-type]


@pytest.mark.parametrize(("current", "incoming"), [*product(PaymentState, TOLD)])
class TestEverywhere:
    """What holds for every state and every message, whichever way it came and however often (design, section 5)."""

    def test_money_stays(self, current: PaymentState, incoming: PaymentState) -> None:
        """Money that moved only goes on to refunds, and a refund to nothing else."""
        if current in SETTLED_STATES:
            assert {each.state for each in changes(current, incoming)} <= set(
                SETTLED_STATES[SETTLED_STATES.index(current) :]
            )

    def test_paid_wins(self, current: PaymentState, incoming: PaymentState) -> None:
        """Money that has moved is never overlooked, whatever was current before."""
        if incoming in SETTLED_STATES and current not in SETTLED_STATES:
            assert {incoming} == {each.state for each in changes(current, incoming)}

    def test_applied_is_a_change(self, current: PaymentState, incoming: PaymentState) -> None:
        """A message is applied exactly when the state is another one, so that an effect follows a state once."""
        assert [] == [
            each for each in changes(current, incoming) if (each.state is current) == (each.disposition is T.APPLIED)
        ]

    def test_settles(self, current: PaymentState, incoming: PaymentState) -> None:
        """The same message again changes nothing more."""
        assert [] == [
            each
            for each in changes(current, incoming)
            if change(each.state, incoming, repeated=True).state is not each.state
        ]


def changes(current: PaymentState, incoming: PaymentState) -> list[Change]:
    """Decide for every way, first and again."""
    return [change(current, incoming, source=way, repeated=known) for way, known in product(Source, [True, False])]


class TestIncidents:
    """What a person has to look at."""

    @pytest.mark.parametrize(("current", "incoming"), [*product(FAILED_STATES, SETTLED_STATES)])
    def test_money_after_no(self, current: PaymentState, incoming: PaymentState) -> None:
        """Money that moves after a no is reported."""
        assert (IncidentKind.PAID_AFTER_NO,) == change(current, incoming).incidents

    def test_wrong_request(self) -> None:
        """An error is ours, and for the operator."""
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
        """A no after PAID is another attempt, unless it stands in the bank's own store."""
        assert expected == change(S.PAID, S.CANCELLED, source=source).incidents

    def test_denied_before(self) -> None:
        """Even the store contradict nothing with what was so before."""
        current = Held(state=S.PAID, authorised_at=NOON)
        incoming = Told(state=S.REFUSED, source=Source.REPORT, authorised_at=NOON - timedelta(minutes=1))

        assert Change(state=S.PAID, disposition=T.SUPERSEDED) == transition(current, incoming)

    @pytest.mark.parametrize(("current", "number"), [(None, "2"), ("1", None), ("1", "1")])
    def test_one_authorisation(self, current: str | None, number: str | None) -> None:
        """A number that is missing on one side is no second one."""
        before = Held(state=S.PAID, authorisation_number=current)

        assert () == transition(before, Told(state=S.PAID, authorisation_number=number)).incidents


class TestWeight:
    """What weighs less than what is current."""

    @pytest.mark.parametrize("current", [S.PENDING, S.AUTHORISED])
    def test_vague(self, current: PaymentState) -> None:
        """A message that says nothing certain takes no better knowledge away."""
        assert Change(state=current, disposition=T.SUPERSEDED) == change(current, S.UNKNOWN)

    @pytest.mark.parametrize("current", [S.CREATED, *FAILED_STATES])
    def test_bank_does_not_know(self, current: PaymentState) -> None:
        """A bank that does not know a payment, when asked, says nothing of it."""
        assert current is change(current, S.UNKNOWN, source=Source.STATUS).state

    @pytest.mark.parametrize("current", [S.CREATED, *FAILED_STATES])
    def test_contradictory_message(self, current: PaymentState) -> None:
        """A sealed message that nobody understands makes the payment one to ask about."""
        assert S.UNKNOWN is change(current, S.UNKNOWN).state

    def test_older(self) -> None:
        """What is older by the bank's clock is outweighed; the answer to a question never is."""
        current, before = Held(state=S.REFUSED, authorised_at=NOON), NOON - timedelta(seconds=1)
        late = Told(state=S.PENDING, authorised_at=before)
        asked = attrs.evolve(late, source=Source.STATUS)

        assert (S.REFUSED, S.PENDING) == (transition(current, late).state, transition(current, asked).state)

    def test_repeated(self) -> None:
        """A repetition is a duplicate; the bank's answer to a question may repeat itself and be news."""
        assert T.DUPLICATE is change(S.REFUSED, S.PENDING, repeated=True).disposition
        assert T.APPLIED is change(S.PENDING, S.REFUSED, repeated=True, source=Source.STATUS).disposition
