"""The scenarios of group E that go through a bank, on each test bank: the same tests, and no bank's own words.

The scenarios by Sips's own messages, on each kind of ledger, are in ``test_group_e.py``.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import attrs
import pytest

from creance_pay import Euros, HttpMessage, PaymentState
from creance_pay.errors import PaymentInProgressError
from creance_pay.ledger import ActState, MemoryLedger
from creance_pay.testing import Fault, GatewayConformance, Subject, TrialCard, trial_banks, trial_merchant
from trial_desk import NOTICE, OTHER, TrialDesk, trial_subject

BOTH = ["acknowledgement", "display"]
WHO = {"by": "an operator", "reason": "paid twice"}


@pytest.fixture(params=trial_banks())
def bank(request: pytest.FixtureRequest) -> str:
    """Return the name of a bank, of each in turn."""
    name: str = request.param
    return name


@pytest.fixture
def desk(bank: str) -> TrialDesk:
    """Open a portal with a bank."""
    return TrialDesk(MemoryLedger(), bank)


class TestConformance(GatewayConformance):
    """The gateway of each bank, with messages of its test bank."""

    @pytest.fixture
    def subject(self, bank: str) -> Subject:
        """Return the gateway of the bank's merchant."""
        return trial_subject(trial_merchant(bank))


class TestOrderOfMessages:
    """Repetition and order (E1 to E13, E18)."""

    def test_e1_same_notification_twice(self, desk: TrialDesk) -> None:
        """The same notification twice pays once, and acknowledges once (E1)."""
        started = desk.start()
        message = desk.pay(started).notifications[0].message

        assert [200, 200] == [desk.notify(message).http_status, desk.notify(message).http_status]
        assert ["APPLIED", "DUPLICATE"] == desk.dispositions(started)
        assert BOTH == desk.effects_of(started)

    def test_e2_in_many_threads(self, desk: TrialDesk) -> None:
        """The same notification thirty times, in ten threads, has one effect (E2)."""
        started = desk.start()
        message = desk.pay(started).notifications[0].message
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: desk.notify(message).http_status, range(30)))

        assert [200] * 30 == answers
        assert ["APPLIED", *["DUPLICATE"] * 29] == sorted(desk.dispositions(started))
        assert BOTH == desk.effects_of(started)

    def test_e3_return_and_notification_at_once(self, desk: TrialDesk) -> None:
        """A notification and a return at the same instant are both answered, and have one effect (E3)."""
        started = desk.start()
        ending, together = desk.pay(started), Barrier(2)

        def come(way: str) -> int:
            together.wait()
            if way == "return":
                return desk.bring_back(started, ending).http_status
            return desk.notify(ending.notifications[0].message).http_status

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(come, ["notification", "return"]))

        assert [200, 200] == answers
        assert BOTH == desk.effects_of(started)

    def test_e5_return_first(self, desk: TrialDesk) -> None:
        """The person's page shows the payment before the notification, which then changes nothing (E5)."""
        started = desk.start()
        ending = desk.pay(started)
        desk.bring_back(started, ending)
        first = desk.state(started)
        desk.later(hours=1)
        desk.notify(ending.notifications[0].message)

        assert ("PAID", "PAID") == (first, desk.state(started))
        assert ["APPLIED", "DUPLICATE"] == desk.dispositions(started)

    def test_e6_return_never_comes(self, desk: TrialDesk) -> None:
        """The notification alone settles the payment (E6)."""
        started = desk.start()
        desk.notify(desk.pay(started).notifications[0].message)

        assert ("PAID", BOTH) == (desk.state(started), desk.effects_of(started))

    @pytest.mark.parametrize(
        ("card", "state"), [(TrialCard.REFUSED, "REFUSED"), (None, "CANCELLED"), (TrialCard.PENDING, "PENDING")]
    )
    def test_not_paid(self, desk: TrialDesk, card: str | None, state: str) -> None:
        """A refusal, a person who leaves and an open decision have no effect."""
        started = desk.start()
        desk.notify(desk.pay(started, card).notifications[0].message)

        assert (state, []) == (desk.state(started), desk.effects_of(started))

    @pytest.mark.parametrize("card", [TrialCard.REFUSED, None, TrialCard.PENDING])
    def test_e10_after_paid(self, desk: TrialDesk, card: str | None) -> None:
        """A refusal, a cancellation or a pending message after PAID changes nothing (E10 to E12)."""
        started = desk.start()
        desk.notify(desk.pay(started).notifications[0].message)
        answer = desk.notify(desk.message(started, card))

        assert (200, "PAID", []) == (answer.http_status, desk.state(started), desk.incidents())

    @pytest.mark.parametrize(("card", "state"), [(TrialCard.REFUSED, "REFUSED"), (None, "CANCELLED")])
    def test_e13_paid_after_no(self, desk: TrialDesk, card: str | None, state: str) -> None:
        """PAID after a no wins, with an incident (E13)."""
        started = desk.start()
        desk.notify(desk.message(started, card))
        before = desk.state(started)
        desk.notify(desk.pay(started).notifications[0].message)

        assert (state, "PAID", ["PAID_AFTER_NO"]) == (before, desk.state(started), desk.incidents())
        assert BOTH == desk.effects_of(started)

    def test_e18_pending_then_paid(self, desk: TrialDesk) -> None:
        """PENDING, then PAID by the late notification (E18)."""
        started = desk.start()
        ending = desk.pay(started, fault=Fault.PENDING_FIRST)
        desk.notify(ending.immediate[0].message)
        before = desk.state(started)
        desk.later(minutes=6)
        for late in desk.bank.due():
            desk.notify(late.message)

        assert ("PENDING", "PAID") == (before, desk.state(started))

    def test_e14_paid_after_settlement(self, desk: TrialDesk) -> None:
        """PAID after the debt was settled elsewhere is recorded, with an incident (E14)."""
        started = desk.start()
        desk.ledger.settled_elsewhere([NOTICE], at=desk.now)
        desk.notify(desk.pay(started).notifications[0].message)

        assert ("PAID", ["PAID_AFTER_SETTLEMENT"]) == (desk.state(started), desk.incidents())


class TestFaults:
    """The faults of a bank (groups A, C and E)."""

    @pytest.mark.parametrize("fault", [Fault.FORGED, Fault.EMPTY_SEAL])
    def test_not_authentic(self, desk: TrialDesk, fault: Fault) -> None:
        """A forged notification and one without seal are refused, and nothing is recorded but an incident."""
        started = desk.start()
        answer = desk.notify(desk.pay(started, TrialCard.REFUSED, fault).notifications[0].message)

        assert (400, "CREATED", ["NOT_AUTHENTIC"]) == (answer.http_status, desk.state(started), desk.incidents())
        assert [started.transaction_reference] == [each.transaction_reference for each in desk.service.incidents()]

    def test_wrong_amount(self, desk: TrialDesk) -> None:
        """An authentic amount of one cent more is answered 200, with an incident (C1)."""
        started = desk.start()
        answer = desk.notify(desk.pay(started, fault=Fault.WRONG_AMOUNT).notifications[0].message)

        assert (200, "CREATED", ["ORDER_MISMATCH"]) == (answer.http_status, desk.state(started), desk.incidents())

    def test_old_key(self, desk: TrialDesk) -> None:
        """A notification under another key of the ring is believed."""
        started = desk.start()
        desk.notify(desk.pay(started, fault=Fault.OLD_KEY).notifications[0].message)

        assert "PAID" == desk.state(started)

    def test_changed(self, desk: TrialDesk) -> None:
        """A notification whose amount was changed on its way is refused."""
        started = desk.start()
        message = desk.pay(started).notifications[0].message
        changed = attrs.evolve(message, body=message.body.replace(b"1600", b"0001"))

        assert (400, "CREATED") == (desk.notify(changed).http_status, desk.state(started))

    def test_another_portal(self, bank: str, desk: TrialDesk, monkeypatch: pytest.MonkeyPatch) -> None:
        """A payment of another portal with the same reference pays no order of this one (C, 5.1)."""
        other = TrialDesk(MemoryLedger(), bank)
        monkeypatch.setattr("creance_pay.ledger.ledger.Ledger.chance", _SameNumber())
        mine, theirs = desk.start(), other.start()
        answer = desk.notify(other.pay(theirs).notifications[0].message)

        assert mine.transaction_reference == theirs.transaction_reference
        assert (200, "CREATED", ["FOREIGN_TRANSACTION"]) == (
            answer.http_status,
            desk.state(mine),
            desk.incidents(),
        )


class _SameNumber:
    """Numbers that are always the same, and nonces that are not."""

    def __init__(self) -> None:
        self.drawn = 0

    def randrange(self, *_: object) -> int:
        """Return zero."""
        return 0

    def randbytes(self, count: int) -> bytes:
        """Return other bytes at each call."""
        self.drawn += 1
        return self.drawn.to_bytes(count)


class TestQuestions:
    """The bank is asked (E7, E8, E29)."""

    def test_e8_paid(self, desk: TrialDesk) -> None:
        """Reconciling asks the bank after some minutes, and not before (E8)."""
        started = desk.start()
        desk.pay(started, fault=Fault.LOST)
        desk.later(minutes=19)
        desk.service.reconcile()
        early = desk.state(started)
        desk.later(minutes=2)
        desk.service.reconcile()

        assert ("CREATED", "PAID", BOTH) == (early, desk.state(started), desk.effects_of(started))

    def test_e8_silence(self, desk: TrialDesk) -> None:
        """A bank that does not answer changes nothing, is named, and is asked again (E8)."""
        started = desk.start()
        desk.pay(started, fault=Fault.LOST)
        desk.later(hours=1)
        desk.line.cut = True
        cut = desk.service.reconcile()
        desk.line.cut = False

        assert (started.transaction_reference,) == cut.unanswered
        assert [started.transaction_reference] == [
            each.transaction_reference for each in desk.service.reconcile().changed
        ]

    def test_html(self, desk: TrialDesk) -> None:
        """A bank that answers with an HTML page has given no answer."""
        started = desk.start()
        desk.pay(started, fault=Fault.HTML_ERROR)
        desk.later(hours=1)

        assert (started.transaction_reference,) == desk.service.reconcile().unanswered
        assert "CREATED" == desk.state(started)

    def test_confirmed_once(self, desk: TrialDesk) -> None:
        """The page after the return asks once while the bank has not decided, however often it is reloaded (E7)."""
        started = desk.start()
        ending = desk.pay(started, TrialCard.PENDING, Fault.LOST)
        desk.bring_back(started, ending)
        asked = desk.line.asked
        for _ in range(3):
            desk.service.confirm(started.transaction_reference)

        assert "PENDING" == desk.state(started)
        assert asked + 1 >= desk.line.asked

    def test_e29_refused(self, desk: TrialDesk) -> None:
        """A second payment of the same notice is refused while the first is open (E29)."""
        first = desk.start(NOTICE, OTHER)
        with pytest.raises(PaymentInProgressError) as caught:
            desk.start(OTHER)

        assert (first.transaction_reference,) == caught.value.references

    def test_e29_paid_meanwhile(self, desk: TrialDesk) -> None:
        """When the bank reports that the first was paid there is no second one (E29)."""
        first = desk.start()
        desk.pay(first, fault=Fault.LOST)
        with pytest.raises(PaymentInProgressError):
            desk.start(replace=True)

        assert "PAID" == desk.state(first)

    def test_e29_left(self, desk: TrialDesk) -> None:
        """When the bank reports that the person has left there is a second one (E29)."""
        first = desk.start()
        desk.pay(first, None, Fault.LOST)
        desk.start(replace=True)

        assert "CANCELLED" == desk.state(first)

    def test_e29_bank_away(self, desk: TrialDesk) -> None:
        """When the bank does not answer, an open payment stays open (E29)."""
        desk.start()
        desk.line.cut = True
        with pytest.raises(PaymentInProgressError):
            desk.start(replace=True)

    def test_closed_page(self, desk: TrialDesk) -> None:
        """An old page cannot be paid: it closes before another payment of the notice may start (design 5.6)."""
        first = desk.start()
        request = desk.request(first)
        desk.later(minutes=30)
        ending = desk.bank.settle(request, desk.bank.pay(request, TrialCard.ACCEPTED))

        assert ending is not None
        assert (None, False) == (ending.return_fields, ending.decision.accepted)


class TestMoney:
    """Refunds and chargebacks."""

    @pytest.fixture
    def paid(self, desk: TrialDesk) -> str:
        """Return the reference of a payment that is paid and debited."""
        started = desk.start()
        desk.notify(desk.pay(started).notifications[0].message)
        desk.later(hours=1)
        desk.bank.run_nightly_batch()
        return started.transaction_reference

    def deliver(self, desk: TrialDesk) -> None:
        """Deliver what the bank notifies by itself."""
        for each in desk.bank.due():
            assert 200 == desk.notify(each.message).http_status

    def test_refund(self, desk: TrialDesk, paid: str) -> None:
        """Two equal refunds are two movements, at the bank and in the ledger."""
        acts = [desk.service.refund(paid, Euros(500), **WHO).state for _ in range(2)]
        self.deliver(desk)
        payment = desk.ledger.find(paid)

        assert payment is not None
        assert [ActState.DONE] * 2 == acts
        assert (PaymentState.PARTIALLY_REFUNDED, Euros(1000)) == (payment.state, payment.sums.refunded)
        assert Euros(600) == desk.bank.account(paid)[1].remaining

    def test_lost_answer(self, desk: TrialDesk, paid: str) -> None:
        """A refund whose answer is lost is ended by the bank's records, once."""
        desk.line.cut = True
        act = desk.service.refund(paid, Euros(500), **WHO)
        desk.line.cut = False
        desk.later(minutes=5)
        desk.service.reconcile()

        assert ActState.REQUESTED is act.state
        assert [ActState.FAILED] == [each.state for each in desk.ledger.acts(paid)]  # the bank has never received it
        assert Euros(1600) == desk.bank.account(paid)[1].remaining

    def test_reported_refund(self, desk: TrialDesk, paid: str) -> None:
        """A refund from the bank's own screens is recorded once, by notification and report."""
        desk.bank.operate("refund", paid, Euros(500))
        desk.bank.run_nightly_batch()
        self.deliver(desk)
        desk.service.reconcile(reports=desk.bank.reports(desk.now.date()))
        payment = desk.ledger.find(paid)

        assert payment is not None
        assert (PaymentState.PARTIALLY_REFUNDED, Euros(500)) == (payment.state, payment.sums.refunded)

    def test_charge_back(self, desk: TrialDesk, paid: str) -> None:
        """A chargeback is an incident, an effect and a state; its return is another movement."""
        desk.bank.charge_back(paid)
        self.deliver(desk)
        desk.service.reconcile(reports=desk.bank.reports(desk.now.date()))
        taken = desk.ledger.find(paid)
        desk.bank.represent(paid)
        self.deliver(desk)
        desk.service.reconcile(reports=desk.bank.reports(desk.now.date()))
        returned = desk.ledger.find(paid)

        assert taken is not None
        assert returned is not None
        assert (PaymentState.CHARGED_BACK, Euros(0)) == (taken.state, taken.sums.held)
        assert Euros(1600) == returned.sums.held
        assert 1 == desk.incidents().count("CHARGED_BACK")

    def test_repeated_delivery(self, desk: TrialDesk, paid: str) -> None:
        """A notification of a refund that comes twice is one movement."""
        desk.bank.operate("refund", paid, Euros(500))
        desk.bank.run_nightly_batch()
        messages = [each.message for each in desk.bank.due()]
        for message in messages * 2:
            desk.notify(message)
        payment = desk.ledger.find(paid)

        assert payment is not None
        assert payment.sums.refunded == Euros(500 * bool(messages))


def test_gateway_needs_no_secret_elsewhere(bank: str) -> None:
    """The settings that a test bank prints are those of its merchant."""
    merchant = trial_merchant(bank)

    assert merchant.merchant_id == merchant.settings["merchant_id"]
    assert timedelta(minutes=30) > (merchant.gateway().page_life or timedelta(0))


def test_unreadable(desk: TrialDesk) -> None:
    """A text that is no message is refused without an incident."""
    assert (400, []) == (desk.notify(HttpMessage(b"x")).http_status, desk.incidents())
